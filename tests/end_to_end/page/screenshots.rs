//! The pictures of the page in the README and for whoever looks over its design. Kept only where `PAGE_SCREENSHOTS`
//! names a folder: `PAGE_SCREENSHOTS=docs/images cargo xtask test screenshots`.

use std::fs;
use std::path::PathBuf;

use duro_sim::DuroSim;
use fantoccini::key::Key;

use super::bench::{Bench, on_the_page};
use super::editor::editor;
use super::trigger::poll;
use crate::support::root;

/// The pictures that the README shows; the others are for looking things over, and are taken where
/// `PAGE_SCREENSHOTS_ALL` is set.
const IN_README: [&str; 5] = ["page-action", "page-code", "page-table", "page-trigger", "page-connection-dark"];

#[tokio::test]
async fn the_pictures_are_taken_and_kept_where_a_folder_is_named() {
    // The way through the page is gone without a folder too: else nobody would see that it leads nowhere any more.
    let aside = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("PAGE_SCREENSHOTS").map(|folder| root().join(PathBuf::from(folder)));
    let folder = folder.unwrap_or_else(|| aside.path().to_owned());
    fs::create_dir_all(&folder).unwrap();
    on_the_page(DuroSim::builder(), |bench| async move {
        let album = Album { folder, bench: &bench };
        let browser = bench.open("/connection").await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-apiKey-problem", "Is missing or blank").await;
        album.take("page-connection-problem").await;
        bench.connect().await;
        album.take("page-connection").await;

        bench.open("/actions/getComponentById").await;
        browser.js("document.querySelector('#input-componentId').focus()").await;
        browser.keys("s").await;
        browser.wait_for("[role=option]").await;
        browser
            .wait_until(
                "the list is complete",
                "return document.querySelector('.popup-note').textContent.includes('shown')",
            )
            .await;
        browser.press(&[Key::Down]).await;
        album.take("page-dropdown").await;
        browser.press(&[Key::Enter]).await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for("#run-panel-result .row").await;
        album.take("page-action").await;
        browser.click("#run-tab-requests").await;
        browser.click("#run-panel-requests .exchanges summary").await;
        album.take("page-requests").await;
        browser.click("#run-tab-log").await;
        album.take("page-log").await;

        bench.open("/actions/listChangeOrders").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for(".table-box tr[data-place]").await;
        browser.click("[data-widen]").await;
        album.take("page-table").await;
        browser.click("[data-widen]").await;
        browser.click(".table-box tr[data-place]").await;
        browser.wait_for(".record .row").await;
        album.take("page-table-record").await;
        browser.click(".switch-view button:nth-child(2)").await;
        browser.wait_for(".view .row").await;
        browser.click("#expected-tab-fields").await;
        album.take("page-tree").await;
        browser.click("#run-tab-ways").await;
        album.take("page-ways").await;
        browser.type_into("#input-first", "3").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_until("it ran again", "return document.querySelectorAll('.runs li').length === 2").await;
        album.take("page-runs").await;
        for run in ["1", "2"] {
            browser.click(&format!(".runs li:nth-child({run}) input")).await;
        }
        browser.click(".runs form button[type=submit]").await;
        browser.wait_for_text("#differences", "difference").await;
        album.take("page-compare").await;
        bench.open("/nowhere").await;
        album.take("page-missing").await;

        bench.open("/actions/rawRequest").await;
        browser.click("[data-add-pair]").await;
        browser.write_code("#input-variablesObject", "{\"a\": }").await;
        browser.press(&[Key::Tab]).await;
        browser.write_code("#input-query", "{ componentsByIds { cpn { d").await;
        browser.wait_until("names are proposed", &editor("#input-query", ".cm-tooltip-autocomplete li")).await;
        album.take("page-code").await;
        bench.open("/actions/createChangeOrder").await;
        browser.type_into("#input-name", "Replace the M3 screws by captive ones").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for("dialog[open]").await;
        album.take("page-question").await;

        bench.open("/triggers/pollChangesTrigger").await;
        for (number, change) in [(1, None), (2, Some(0)), (3, Some(1)), (4, None)] {
            if let Some(change) = change {
                browser.click(&format!("[data-change='{change}']")).await;
                browser.wait_until("it was changed", "return !document.querySelector('[aria-disabled]')").await;
            }
            poll(browser, number).await;
        }
        album.take("page-trigger").await;
        browser.click("#timeline li:nth-child(2) .more > summary").await;
        browser.wait_for("#timeline .more[open] .table-box").await;
        album.take("page-trigger-details").await;
        bench.open("/about").await;
        album.take("page-about").await;
    })
    .await;
}

struct Album<'a> {
    folder: PathBuf,
    bench: &'a Bench,
}

impl Album<'_> {
    async fn take(&self, name: &str) {
        let all = std::env::var_os("PAGE_SCREENSHOTS_ALL").is_some();
        let browser = &self.bench.browser;
        // Wide enough for the example beside the result, or for all columns; high enough for the whole timeline.
        let (width, height) = match name {
            "page-action" => (1560, 800),
            "page-table" => (1560, 1200),
            "page-trigger" => (1280, 1200),
            _ => (1280, 800),
        };
        for (look, scheme, width, height) in
            [("", "light", width, height), ("-dark", "dark", 1280, 800), ("-narrow", "light", 400, 900)]
        {
            let name = format!("{name}{look}");
            if !all && !IN_README.contains(&name.as_str()) {
                continue;
            }
            browser.look(scheme, width, height).await;
            browser.js("scrollTo(0, 0)").await;
            let finished = "return document.getAnimations().every(a => a.playState === 'finished' || \
                            a.effect.getTiming().iterations === Infinity)";
            browser.wait_until("nothing moves", finished).await;
            fs::write(self.folder.join(format!("{name}.png")), browser.client.screenshot().await.unwrap()).unwrap();
        }
        browser.look("light", 1280, 800).await;
    }
}
