//! Every page under axe-core: no finding that it calls serious or critical, light, dark and narrow.

use std::path::PathBuf;
use std::process::Command;

use duro_sim::DuroSim;
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::bench::on_the_page;
use super::browser::Browser;
use super::editor::editor;
use crate::support::root;

/// The rules that are held against the pages.
const PACKAGE: &str = "axe-core@4.14.1";

#[tokio::test]
async fn no_page_has_a_serious_accessibility_problem() {
    let Some(axe) = axe() else { return };
    on_the_page(DuroSim::builder(), move |bench| async move {
        let scan = Scan { axe };
        let browser = bench.open("/connection").await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-apiKey-problem", "Is missing or blank").await;
        scan.all_looks(browser, "the connection with a problem").await;
        bench.connect().await;
        scan.all_looks(browser, "the connection that works").await;

        bench.open("/actions/getComponentById").await;
        browser.click("#input-componentId").await;
        browser.wait_for("[role=option]").await;
        browser.press(&[Key::Down]).await;
        scan.all_looks(browser, "an open dropdown").await;
        browser.press(&[Key::Enter]).await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for("#run-panel-result .row").await;
        scan.all_looks(browser, "a result").await;
        browser.click("#run-tab-requests").await;
        browser.click("#run-panel-requests .exchanges summary").await;
        scan.all_looks(browser, "the requests").await;
        browser.click("#run-tab-log").await;
        scan.all_looks(browser, "the log").await;

        browser.click("#run-tab-ways").await;
        scan.all_looks(browser, "the ways out").await;

        bench.open("/actions/listChangeOrders").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for(".table-box tr[data-place]").await;
        browser.click(".chooser summary").await;
        scan.all_looks(browser, "a table and its columns").await;
        browser.click(".chooser summary").await;
        browser.click(".table-box tr[data-place]").await;
        browser.wait_for(".record .row").await;
        scan.all_looks(browser, "a table with a record").await;
        browser.click("#expected-tab-fields").await;
        browser.click(".switch-view button:nth-child(3)").await;
        scan.all_looks(browser, "fields and JSON").await;
        browser.click("form button[type=submit]").await;
        browser.wait_until("it ran again", "return document.querySelectorAll('.runs li').length === 2").await;
        scan.all_looks(browser, "the runs").await;
        for run in ["1", "2"] {
            browser.click(&format!(".runs li:nth-child({run}) input")).await;
        }
        browser.click(".runs form button[type=submit]").await;
        browser.wait_for_text("#differences", "same").await;
        scan.all_looks(browser, "a comparison").await;
        bench.open("/nowhere").await;
        scan.all_looks(browser, "a page that is not there").await;

        bench.open("/actions/rawRequest").await;
        browser.click("[data-add-pair]").await;
        browser.write_code("#input-query", "{ componentsByIds { nam").await;
        browser.wait_until("names are proposed", &editor("#input-query", ".cm-tooltip-autocomplete li")).await;
        scan.all_looks(browser, "code and pairs").await;
        bench.open("/actions/createChangeOrder").await;
        browser.type_into("#input-name", "Replace the screws").await;
        browser.click("button[type=submit]").await;
        browser.wait_for("dialog[open]").await;
        scan.all_looks(browser, "the question before a change").await;

        bench.open("/triggers/pollChangesTrigger").await;
        for number in 1..=2 {
            browser.click("[data-change='0']").await;
            browser.click("[data-trigger=poll]").await;
            browser.wait_for_text("#trigger-state", &format!("after poll {number}")).await;
        }
        browser.click("#timeline .more > summary").await;
        browser.wait_for("#timeline .row").await;
        scan.all_looks(browser, "the timeline").await;
        bench.open("/about").await;
        scan.all_looks(browser, "what the component may do").await;
        // A scan that finds nothing in a broken page would prove nothing.
        browser.js("document.querySelector('main').append(document.createElement('button'))").await;
        assert_eq!(scan.findings(browser).await.len(), 1);
    })
    .await;
}

struct Scan {
    axe: String,
}

impl Scan {
    async fn all_looks(&self, browser: &Browser, what: &str) {
        for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 400)] {
            browser.look(scheme, width, 900).await;
            let findings = self.findings(browser).await;
            assert!(findings.is_empty(), "{what}, {scheme}, {width} px: {findings:#?}");
        }
        browser.look("light", 1280, 900).await;
    }

    /// What axe-core calls serious or critical.
    async fn findings(&self, browser: &Browser) -> Vec<Value> {
        // What fades in is judged when it is there.
        browser
            .wait_until(
                "nothing moves",
                "return document.getAnimations().every(a => a.effect.getTiming().iterations === Infinity)",
            )
            .await;
        let evaluated = browser.cdp("Runtime.evaluate", json!({"expression": self.axe})).await.unwrap();
        assert!(evaluated.get("exceptionDetails").is_none(), "{evaluated}");
        let run = "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(v => \
                   ({id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary)}))))";
        let answer = browser
            .cdp("Runtime.evaluate", json!({"expression": run, "awaitPromise": true, "returnByValue": true}))
            .await
            .unwrap();
        let found: Vec<Value> =
            serde_json::from_str(answer["result"]["value"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap();
        let is_serious = |found: &Value| !matches!(found["impact"].as_str(), Some("minor" | "moderate"));
        found.into_iter().filter(is_serious).collect()
    }
}

/// The source of axe-core, fetched into the target directory by npm; none where that cannot be and need not.
fn axe() -> Option<String> {
    let folder = root().join("target").join(PACKAGE);
    match fetched(&folder) {
        Ok(source) => Some(source),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "axe-core cannot be had: {why}");
            eprintln!("\n*** NOT TESTED: accessibility, because axe-core cannot be had: {why} ***\n");
            None
        }
    }
}

fn fetched(folder: &PathBuf) -> Result<String, String> {
    let file = folder.join("node_modules").join("axe-core").join("axe.min.js");
    if !file.exists() {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let output = Command::new("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", PACKAGE])
            .current_dir(folder)
            .output()
            .map_err(|error| format!("npm cannot be started: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}
