//! Every journey by keyboard alone: nothing here clicks, or gives the focus by script. After whatever changes on a page
//! the focus is where somebody can go on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duro_sim::{DuroSim, Fault, Resource};
use fantoccini::key::Key;
use serde_json::json;

use super::bench::{Bench, KEY, on_the_page};
use super::browser::Browser;
use super::keys::Keyboard;

const RUN: &str = "form[data-form] [type=submit]";

/// Fills in the connection and tests it.
async fn connect<'a>(bench: &'a Bench) -> (&'a Browser, Keyboard<'a>) {
    let browser = bench.open("/connection").await;
    let keyboard = Keyboard(browser);
    keyboard.tab_to("#connection-apiKey").await;
    keyboard.write(KEY).await;
    keyboard.tab_to("#connection-customDuroEnvironment").await;
    keyboard.write(&bench.sim.url()).await;
    keyboard.tab_to(RUN).await;
    keyboard.press(Key::Enter).await;
    browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
    keyboard.is_left_at(RUN).await;
    (browser, keyboard)
}

/// Where the browser puts what is saved.
async fn downloads(browser: &Browser, folder: &Path) {
    let parameters = json!({"behavior": "allow", "downloadPath": folder.to_str().unwrap()});
    browser.cdp("Browser.setDownloadBehavior", parameters).await.unwrap();
}

/// The file that has been saved in a folder, once all of it is there.
async fn saved(folder: &Path, ending: &str) -> PathBuf {
    let started = Instant::now();
    loop {
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        if let Some(file) = files.into_iter().find(|file| file.to_string_lossy().ends_with(ending)) {
            return file;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "no file was saved");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn from_the_connection_to_a_record_of_a_table_and_the_command_for_it() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let (browser, keyboard) = connect(&bench).await;
        keyboard.go("/actions/listChangeOrders").await;
        // The first stop of a page leads past the navigation.
        keyboard.press(Key::Tab).await;
        keyboard.is_left_at(".skip").await;
        keyboard.press(Key::Enter).await;
        keyboard.tab_to(RUN).await;
        keyboard.press(Key::Enter).await;
        browser.wait_for(".table-box tr[data-place]").await;
        keyboard.is_left_at(RUN).await;

        keyboard.tab_to(".views input.filter").await;
        let name = bench.sim.records(Resource::ChangeOrders).into_iter().find_map(|order| order.name).unwrap();
        keyboard.write(&name).await;
        browser.wait_for_text(".tree-bar [role=status]", "of 30 rows").await;
        keyboard.clear().await;
        let all = "return document.querySelector('.tree-bar [role=status]').innerText === '30 rows'";
        browser.wait_until("all rows are back", all).await;
        let columns = browser.count(".table-box th").await;
        keyboard.tab_to(".chooser summary").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for(".chooser li input").await;
        keyboard.tab_to(".chooser li input").await;
        keyboard.write(" ").await;
        let fewer = format!("return document.querySelectorAll('.table-box th').length === {}", columns - 1);
        browser.wait_until("the column is gone", &fewer).await;
        keyboard.is_left_at(".chooser li input").await;
        keyboard.press(Key::Escape).await;
        keyboard.is_left_at(".chooser summary").await;

        keyboard.tab_to(".table-box th button").await;
        for order in ["ascending", "descending", "none"] {
            keyboard.press(Key::Enter).await;
            browser.wait_for(&format!(".table-box th:first-child[aria-sort={order}]")).await;
            keyboard.is_left_at(".table-box th button").await;
        }
        keyboard.back_to(".table-box table").await;
        keyboard.press(Key::Down).await;
        keyboard.press(Key::Enter).await;
        browser.wait_for(".record .row").await;
        keyboard.press(Key::Escape).await;
        keyboard.is_left_at(".table-box table").await;

        let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        browser.cdp("Browser.grantPermissions", permissions).await.unwrap();
        keyboard.back_to("#run-tab-result").await;
        for tab in ["requests", "log", "ways"] {
            keyboard.press(Key::Right).await;
            keyboard.is_left_at(&format!("#run-tab-{tab}[aria-selected=true]")).await;
        }
        keyboard.tab_to("[data-copy-of='paste-command']").await;
        keyboard.press(Key::Enter).await;
        let copied = "return navigator.clipboard.readText().then(text => text.startsWith('harness ') \
                      && text.includes(' action listChangeOrders'))";
        browser.wait_until("the command is copied", copied).await;
        keyboard.is_left_at("[data-copy-of='paste-command']").await;
    })
    .await;
}

#[tokio::test]
async fn a_change_with_its_question_and_a_run_that_is_stopped() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let (browser, keyboard) = connect(&bench).await;
        let orders = || bench.sim.records(Resource::ChangeOrders).len();
        let before = orders();
        keyboard.go("/actions/createChangeOrder").await;
        keyboard.tab_to("#input-name").await;
        keyboard.write("Made by keyboard").await;
        // Enter alone answers no, and Escape does.
        for no in [Key::Enter, Key::Escape] {
            keyboard.press(Key::Enter).await;
            browser.wait_for("dialog[open]").await;
            keyboard.is_left_at("[data-answer=no]").await;
            keyboard.press(no).await;
            browser.wait_until("the dialog is closed", "return !document.querySelector('dialog[open]')").await;
            keyboard.is_left_at("#input-name").await;
        }
        assert_eq!(orders(), before);
        keyboard.press(Key::Enter).await;
        browser.wait_for("dialog[open]").await;
        keyboard.back_to("[data-sends=document]").await;
        keyboard.tab_to("[data-answer=yes]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#run-panel-result .row", "DRAFT").await;
        keyboard.is_left_at("#input-name").await;
        assert_eq!(orders(), before + 1);

        // Stopped by either button, each of which goes away with what it stops.
        keyboard.go("/actions/getCurrentUser").await;
        for (stop, then) in [("[data-cancel]", RUN), ("#result [data-stop]", "#result")] {
            bench.sim.fault_next(Fault::rate_limited(25));
            keyboard.tab_to(RUN).await;
            keyboard.press(Key::Enter).await;
            browser.wait_for("#result [data-stop]").await;
            keyboard.tab_to(stop).await;
            keyboard.press(Key::Enter).await;
            browser.wait_for_text("#result .failure", "Stopped").await;
            keyboard.is_left_at(then).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_value_is_picked_and_two_runs_are_compared_and_run_again() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let (browser, keyboard) = connect(&bench).await;
        keyboard.go("/actions/getComponentById").await;
        keyboard.tab_to("#input-componentId").await;
        keyboard.press(Key::Down).await;
        browser.wait_for("#input-componentId-list [role=option]").await;
        keyboard.press(Key::Escape).await;
        browser.wait_for(".popup[hidden]").await;
        keyboard.is_left_at("#input-componentId").await;
        let mut seen = Vec::new();
        for moves in [1, 2] {
            keyboard.press(Key::Down).await;
            browser.wait_for("#input-componentId-list [role=option]").await;
            for _ in 0..moves {
                keyboard.press(Key::Down).await;
            }
            keyboard.press(Key::Enter).await;
            browser.wait_for(".popup[hidden]").await;
            seen.push(browser.text("#input-componentId-chosen code").await);
            keyboard.press(Key::Enter).await;
            let runs = format!("return document.querySelectorAll('.runs li').length === {}", seen.len());
            browser.wait_until("it has run", &runs).await;
            browser.wait_for_text("#run-panel-result .row", seen.last().unwrap()).await;
            keyboard.is_left_at("#input-componentId").await;
        }
        assert_ne!(seen[0], seen[1]);

        for run in [1, 2] {
            keyboard.tab_to(&format!(".runs li:nth-child({run}) input")).await;
            keyboard.write(" ").await;
        }
        keyboard.tab_to(".runs form [type=submit]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#differences", "difference").await;
        keyboard.tab_to("main p a").await;
        keyboard.press(Key::Enter).await;
        keyboard.arrives("/actions/getComponentById").await;
        keyboard.tab_to(".runs li:nth-child(2) [data-again]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_until("it ran again", "return document.querySelectorAll('.runs li').length === 3").await;
        browser.wait_for_text("#run-panel-result .row", &seen[0]).await;
        keyboard.is_left_at(RUN).await;
    })
    .await;
}

#[tokio::test]
async fn a_trigger_is_polled_drained_saved_reset_and_loaded() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let (browser, keyboard) = connect(&bench).await;
        let folder = tempfile::tempdir().unwrap();
        downloads(browser, folder.path()).await;
        keyboard.go("/triggers/pollChangesTrigger").await;
        keyboard.tab_to("[data-trigger=poll]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        keyboard.is_left_at("[data-trigger=poll]").await;
        bench.sim.add_many(Resource::Components, 12_000, Duration::from_millis(1));
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#trigger-status", "more waits").await;
        keyboard.tab_to("[data-trigger=drain]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for("[data-trigger=drain][hidden]").await;
        // The button is gone with what it was for.
        keyboard.is_left_at("[data-trigger=poll]").await;

        keyboard.tab_to("#state-content summary").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for("#state-content .row").await;
        keyboard.tab_to("#state-content a[download]").await;
        keyboard.press(Key::Enter).await;
        let state = saved(folder.path(), ".state").await;
        keyboard.tab_to("[data-trigger=reset]").await;
        keyboard.press(Key::Enter).await;
        gives_up(browser, &keyboard).await;
        browser.wait_for_text("#trigger-state", "No state").await;
        keyboard.is_left_at("[data-trigger=reset]").await;
        let taken_back = "#timeline .event-what > [data-trigger=back]";
        keyboard.tab_to(taken_back).await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#trigger-state", "after poll").await;
        keyboard.is_left_at(taken_back).await;
        keyboard.back_to("[data-load]").await;
        keyboard.choose_file(&state).await;
        gives_up(browser, &keyboard).await;
        browser.wait_for_text("#trigger-state", "from a file").await;
        keyboard.is_left_at("[data-load]").await;

        // A state of other inputs: the way out stands in an error that goes with it.
        keyboard.back_to("#input-pollResourceType").await;
        keyboard.press(Key::Down).await;
        keyboard.tab_to("[data-trigger=poll]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#trigger-error", "reset the state").await;
        keyboard.tab_to("#trigger-error [data-trigger=reset]").await;
        keyboard.press(Key::Enter).await;
        gives_up(browser, &keyboard).await;
        browser.wait_for_text("#trigger-state", "No state").await;
        keyboard.is_left_at("[data-trigger=poll]").await;
    })
    .await;
}

/// Agrees to the question before a state is given up.
async fn gives_up(browser: &Browser, keyboard: &Keyboard<'_>) {
    browser.wait_for("dialog[open]").await;
    keyboard.is_left_at("dialog[open] [data-answer=no]").await;
    keyboard.back_to("dialog[open] [data-answer=yes]").await;
    keyboard.press(Key::Enter).await;
}

#[tokio::test]
async fn what_comes_in_by_schedule_takes_the_focus_from_nobody() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let (browser, keyboard) = connect(&bench).await;
        keyboard.go("/triggers/pollChangesTrigger").await;
        keyboard.tab_to("[data-trigger=poll]").await;
        for number in 1..=4 {
            let again = "return !document.querySelector('[data-trigger=poll][aria-disabled]')";
            browser.wait_until("it can poll", again).await;
            keyboard.press(Key::Enter).await;
            browser.wait_for_text("#trigger-state", &format!("after poll {number}")).await;
        }
        keyboard.tab_to("#every").await;
        // To the shortest pause.
        keyboard.press(Key::Home).await;
        keyboard.tab_to("[data-trigger=schedule]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#trigger-status", "Polls every 2 s").await;
        keyboard.is_left_at("[data-trigger=pause]").await;

        // What is unfolded stays so, and what is read stays where it is, while polls come in.
        let polls = async |more: u64| {
            let polls = "return document.querySelectorAll('#timeline > li').length";
            let wanted = browser.js(polls).await.as_u64().unwrap() + more;
            browser.wait_until("more polls have come", &format!("{polls} >= {wanted}")).await;
        };
        keyboard.tab_to("[data-fold]").await;
        keyboard.press(Key::Enter).await;
        polls(2).await;
        keyboard.is_left_at("[data-fold][aria-expanded=true]").await;
        keyboard.press(Key::Enter).await;
        keyboard.is_left_at("[data-fold][aria-expanded=false]").await;
        keyboard.back_to("[data-bar]").await;
        keyboard.press(Key::Left).await;
        let bar = browser.js("return document.activeElement.dataset.bar").await;
        polls(1).await;
        keyboard.is_left_at(&format!("[data-bar={bar}]")).await;
        // Enter leads to its poll, out of the fold.
        keyboard.press(Key::Enter).await;
        let event = format!("#event-{}", bar.as_str().unwrap());
        keyboard.is_left_at(&event).await;
        keyboard.tab_to(&format!("{event} .more > summary")).await;
        polls(1).await;
        keyboard.is_left_at(&format!("{event} .more > summary")).await;

        keyboard.back_to("#state-content summary").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for("#state-content .row").await;
        keyboard.tab_to("#state-content .tree").await;
        polls(2).await;
        keyboard.is_left_at("#state-content .tree").await;
        keyboard.back_to("[data-trigger=pause]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#trigger-status", "Paused").await;
        keyboard.is_left_at("[data-trigger=schedule]").await;
    })
    .await;
}

#[tokio::test]
async fn a_recording_is_started_stopped_saved_opened_and_replayed() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let (browser, keyboard) = connect(&bench).await;
        let folder = tempfile::tempdir().unwrap();
        downloads(browser, folder.path()).await;
        let switch = |to: &str| format!("[data-post='/recordings/{to}']");
        keyboard.go("/recordings").await;
        keyboard.tab_to(&switch("start")).await;
        keyboard.press(Key::Enter).await;
        // The page is loaded anew, and whoever pressed the button is where it was.
        keyboard.is_left_at(&switch("stop")).await;
        browser.wait_for_text("#announcer", "Recording has begun").await;
        keyboard.go("/actions/getCurrentUser").await;
        keyboard.tab_to(RUN).await;
        keyboard.press(Key::Enter).await;
        browser.wait_for("#result .used").await;
        keyboard.go("/recordings").await;
        keyboard.tab_to(&switch("stop")).await;
        keyboard.press(Key::Enter).await;
        keyboard.is_left_at(&switch("start")).await;
        keyboard.tab_to("a[download]").await;
        keyboard.press(Key::Enter).await;
        let recording = saved(folder.path(), ".har").await;

        keyboard.tab_to("[data-upload]").await;
        keyboard.choose_file(&recording).await;
        browser.wait_for_text("#opened-title", "1 call").await;
        keyboard.is_left_at(&switch("replay")).await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#replay-verdict", "Every call came to what was recorded").await;
        keyboard.is_left_at(&switch("replay")).await;
        keyboard.tab_to("#call-0-tab-result").await;
        keyboard.press(Key::Right).await;
        keyboard.is_left_at("#call-0-tab-inputs[aria-selected=true]").await;

        keyboard.go("/connection").await;
        keyboard.tab_to("[data-post='/connection/forget']").await;
        keyboard.press(Key::Enter).await;
        // What was done with it would be forgotten: that is asked about first.
        browser.wait_for("dialog[open]").await;
        keyboard.is_left_at("dialog[open] [data-answer=no]").await;
        keyboard.back_to("dialog[open] [data-answer=yes]").await;
        keyboard.press(Key::Enter).await;
        browser.wait_for_text("#connection-state", "Not connected yet").await;
        keyboard.is_left_at("#connection-apiKey, #connection-duroEnvironment").await;
    })
    .await;
}
