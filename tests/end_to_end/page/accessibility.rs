//! Every page under axe-core, which finds nothing, not even what it calls minor: light and dark, wide and narrow. And
//! no page scrolls sideways: what is wide scrolls in its own box.

use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use duro_sim::{DuroSim, Fault};
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::bench::{Bench, KEY, on_the_page, page_with};
use super::browser::Browser;
use super::editor::editor;
use super::forms::go;
use super::trigger::poll;
use crate::support::root;

/// The rules that are held against the pages.
const PACKAGE: &str = "axe-core@4.14.1";
/// What a page is looked at in: the system's colours, and the width.
const LOOKS: [(&str, u32); 4] = [("light", 1280), ("dark", 1280), ("light", 400), ("dark", 400)];

#[tokio::test]
async fn connections_actions_and_their_runs_are_accessible() {
    scanned(|bench, scan| async move {
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
        bench.sim.fault_next(Fault::rate_limited(50));
        browser.click("form button[type=submit]").await;
        browser.wait_for_text("#result [data-progress]", "attempt 1 of 4").await;
        scan.all_looks(browser, "a run under way").await;
        browser.click("[data-cancel]").await;
        browser.wait_for_text("#result .failure", "Stopped").await;
        scan.all_looks(browser, "a run that was stopped").await;

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
        // A scan that finds nothing in a broken page would prove nothing, nor one that overlooks what is minor.
        browser.js("document.querySelector('main').append(document.createElement('button'))").await;
        browser.js("document.querySelector('main').append(document.createElement('h6'))").await;
        let findings = scan.findings(browser).await;
        let impact = |wanted: &str| findings.iter().filter(|found| found["impact"] == wanted).count();
        assert_eq!((impact("critical"), impact("minor")), (1, 1), "{findings:#?}");
        let wide = "const wide = document.createElement('p'); wide.textContent = 'wide'; wide.style.width = '5000px'; \
                    document.querySelector('main').append(wide)";
        browser.js(wide).await;
        assert!(overflow(browser).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn code_questions_and_triggers_are_accessible() {
    scanned(|bench, scan| async move {
        bench.connect().await;
        let browser = bench.open("/actions/rawRequest").await;
        browser.click("[data-add-pair]").await;
        browser.write_code("#input-query", "{ componentsByIds { nam").await;
        browser.wait_until("names are proposed", &editor("#input-query", ".cm-tooltip-autocomplete li")).await;
        scan.all_looks(browser, "code and pairs").await;
        browser.write_code("#input-query", "{ userById ").await;
        browser.keys("%").await;
        browser.wait_until("the error is marked", &editor("#input-query", ".cm-lintRange-error")).await;
        let panel = format!("{}{}m{}", char::from(Key::Control), char::from(Key::Shift), char::from(Key::Null));
        browser.keys(&panel).await;
        browser.wait_until("the message is shown", &editor("#input-query", ".cm-panel-lint li")).await;
        scan.all_looks(browser, "code with a message").await;
        bench.open("/actions/createChangeOrder").await;
        browser.type_into("#input-name", "Replace the screws").await;
        browser.click("button[type=submit]").await;
        browser.wait_for("dialog[open]").await;
        scan.all_looks(browser, "the question before a change").await;

        bench.open("/triggers/pollChangesTrigger").await;
        for number in 1..=2 {
            browser.click("[data-change='0']").await;
            poll(browser, number).await;
        }
        browser.click("#timeline .more > summary").await;
        browser.wait_for("#timeline .more[open] .table-box").await;
        scan.all_looks(browser, "the timeline").await;
        browser.click("#timeline .more > summary").await;
        for number in 3..=5 {
            poll(browser, number).await;
        }
        browser.click("#state-content summary").await;
        browser.wait_for("#state-content .row").await;
        browser.click("[data-trigger=reset]").await;
        browser.wait_for("dialog[open]").await;
        scan.all_looks(browser, "the question before a state is given up").await;
        browser.click("dialog[open] [data-answer=yes]").await;
        browser.wait_for_text("#timeline li:first-child", "Take the state from before it back").await;
        browser.click("#timeline li:first-child [data-trigger=back]").await;
        browser.wait_for_text("#trigger-state", "after poll 5").await;
        browser.wait_for_text("[data-fold]", "quiet before it").await;
        scan.all_looks(browser, "quiet polls in one line, and the state").await;
        browser.click("#timeline .more > summary").await;
        browser.wait_for("#timeline .more[open] .table-box").await;
        scan.all_looks(browser, "a quiet poll that is looked into").await;
        browser.js("const s = document.querySelector('#input-pollResourceType'); s.value = 'changeOrders'").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-error", "reset the state").await;
        scan.all_looks(browser, "a poll that failed, with its way out").await;
        bench.open("/about").await;
        scan.all_looks(browser, "what the component may do").await;
    })
    .await;
}

#[tokio::test]
async fn recordings_refusals_and_what_is_not_there_are_accessible() {
    scanned(|bench, scan| async move {
        bench.connect().await;
        let browser = bench.open("/recordings").await;
        scan.all_looks(browser, "recordings, of which there is none").await;
        browser.click("[data-post='/recordings/start']").await;
        browser.wait_for_text("#recording-status", "Recording since").await;
        scan.all_looks(browser, "a recording under way").await;
        bench.open("/actions/listComponents?first=3").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for("#result .used").await;
        bench.open("/recordings").await;
        browser.click("[data-post='/recordings/stop']").await;
        browser.wait_for_text("#recording-status", "Nothing is recorded").await;
        let saved = browser.js("return fetch('/recordings/file').then(r => r.text())").await;
        let mut saved: Value = serde_json::from_str(saved.as_str().unwrap()).unwrap();
        saved["log"]["pages"][0]["_made"]["result"][0]["name"] = "Another".into();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("saved.har");
        std::fs::write(&file, saved.to_string()).unwrap();
        browser.type_file("[data-upload]", &file).await;
        browser.wait_for("#opened .row").await;
        scan.all_looks(browser, "a recording that is opened").await;
        browser.click("[data-post='/recordings/replay']").await;
        browser.wait_for_text("#opened .fields", "Another").await;
        scan.all_looks(browser, "a recording that came to something else").await;
        std::fs::write(&file, "no recording").unwrap();
        browser.type_file("[data-upload]", &file).await;
        browser.wait_for_text(".upload-problem", "This is no recording to show").await;
        scan.all_looks(browser, "a file that is no recording").await;
        bench.open("/nowhere").await;
        scan.all_looks(browser, "a page that is not there").await;

        let (_child, link) = page_with(&["serve"]).await;
        go(&bench, &link, "/connection").await;
        browser.type_into("#connection-apiKey", KEY).await;
        browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
        browser.click("button[type=submit]").await;
        browser.wait_for("#connection-result .failure .command").await;
        scan.all_looks(browser, "a refusal with the command that ends it").await;
        let (_child, link) = page_with(&["--read-only", "serve"]).await;
        go(&bench, &link, "/actions/createChangeOrder").await;
        browser.wait_for_text(".mode", "Read-only").await;
        scan.all_looks(browser, "a page that only reads").await;
        // Somebody who has not used the link.
        browser.client.delete_all_cookies().await.unwrap();
        browser.goto(link.split("/?token=").next().unwrap()).await;
        browser.wait_for_text("h1", "Not shown").await;
        scan.all_looks(browser, "the page of whoever is not let in").await;
    })
    .await;
}

/// How far a page goes beyond the window to the right, and what in it does; nothing where all of it is in the window.
async fn overflow(browser: &Browser) -> Option<Value> {
    let script = "const most = document.documentElement.clientWidth; \
        if (document.documentElement.scrollWidth <= most) return null; \
        const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > most + 1); \
        return [document.documentElement.scrollWidth, ...wide.slice(-5).map(e => e.outerHTML.slice(0, 160))]";
    Some(browser.js(script).await).filter(|found| !found.is_null())
}

/// Looks at pages, and fails with all that was found in any of them.
async fn scanned<F>(test: impl FnOnce(Arc<Bench>, Arc<Scan>) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(axe) = axe() else { return };
    on_the_page(DuroSim::builder(), move |bench| async move {
        let scan = Arc::new(Scan { axe, wrong: Mutex::default() });
        test(bench, scan.clone()).await;
        let wrong = scan.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

struct Scan {
    axe: String,
    wrong: Mutex<Vec<String>>,
}

impl Scan {
    async fn all_looks(&self, browser: &Browser, what: &str) {
        for (scheme, width) in LOOKS {
            browser.look(scheme, width, 900).await;
            let findings = self.findings(browser).await;
            let overflow = overflow(browser).await;
            if !findings.is_empty() || overflow.is_some() {
                let found = format!("{what}, {scheme}, {width} px: {findings:#?} {overflow:#?}");
                self.wrong.lock().unwrap().push(found);
            }
        }
        browser.look("light", 1280, 900).await;
    }

    /// What axe-core has to say.
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
                   ({id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html.slice(0, 200) + ' ' + \
                   n.failureSummary)}))))";
        let answer = browser
            .cdp("Runtime.evaluate", json!({"expression": run, "awaitPromise": true, "returnByValue": true}))
            .await
            .unwrap();
        serde_json::from_str(answer["result"]["value"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
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

fn fetched(folder: &Path) -> Result<String, String> {
    let within = Path::new("node_modules").join("axe-core").join("axe.min.js");
    let file = folder.join(&within);
    if !file.exists() {
        // Several tests ask for it at a time: each fetches it aside, and the first puts it in its place.
        let aside = tempfile::tempdir_in(root().join("target")).map_err(|error| error.to_string())?;
        let output = Command::new("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", PACKAGE])
            .current_dir(&aside)
            .output()
            .map_err(|error| format!("npm cannot be started: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        std::fs::rename(aside.path(), folder).ok();
    }
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}
