//! Recordings on the page: made, saved, opened again, replayed.

use duro_sim::DuroSim;

use super::bench::{Bench, KEY, on_the_page};
use crate::harness::Desk;

async fn text(bench: &Bench, path: &str) -> String {
    bench.browser.js(&format!("return fetch('{path}').then(r => r.text())")).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_others_wrote_into_a_recording_is_shown_and_obeyed_by_nothing() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/recordings").await;
        browser.click("[data-post='/recordings/start']").await;
        browser.wait_for_text("#recording-status", "Recording since").await;
        bench.open("/actions/getCurrentUser").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for("#result .used").await;
        bench.open("/recordings").await;
        browser.click("[data-post='/recordings/stop']").await;
        browser.wait_for_text("#recording-status", "Nothing is recorded").await;
        let mut file: serde_json::Value = serde_json::from_str(&text(&bench, "/recordings/file").await).unwrap();
        let evil = "<img>\u{1b}[31m\u{202e}evil";
        let log = &mut file["log"];
        log["_recording"]["component"]["version"] = evil.into();
        log["entries"][0]["request"]["method"] = evil.into();
        log["entries"][0]["request"]["url"] = format!("https://plm.example/{evil}").into();
        let mut other = log["pages"][0].clone();
        other["id"] = "another".into();
        other["_asked"]["key"] = evil.into();
        log["pages"].as_array_mut().unwrap().push(other);
        log["pages"][0]["_made"]["result"][evil] = evil.into();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evil.har");
        std::fs::write(&path, file.to_string()).unwrap();
        browser.type_file("[data-upload]", &path).await;
        browser.wait_for_text("#opened-title", "2 calls").await;
        browser.click("[data-post='/recordings/replay']").await;
        browser.wait_for_text("#replay-verdict", "came to something else").await;
        browser.js("for (const part of document.querySelectorAll('#opened details')) part.open = true").await;
        browser.wait_for("#opened .row").await;
        let shown = "const all = [...document.querySelectorAll('#opened, #opened *')]; return \
                     document.querySelector('#opened').textContent + all.map(e => e.ariaLabel + e.title).join()";
        let shown = browser.js(shown).await.as_str().unwrap().to_owned();
        // The key, the version, the method and what differs.
        assert!(shown.matches("u{202e}evil").count() >= 5, "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        assert_eq!(browser.count("#opened img").await, 0);

        file["log"]["_recording"]["component"]["key"] = evil.into();
        std::fs::write(&path, file.to_string()).unwrap();
        browser.type_file("[data-upload]", &path).await;
        browser.wait_for_text(".upload-problem", "u{202e}evil").await;
        let shown = "return document.querySelector('.upload-problem').textContent";
        assert!(!browser.js(shown).await.as_str().unwrap().contains(['\u{1b}', '\u{202e}']));
    })
    .await;
}

#[tokio::test]
async fn a_recording_is_made_on_the_page_saved_opened_again_and_replayed() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/recordings").await;
        browser.click("[data-post='/recordings/start']").await;
        browser.wait_for_text("#recording-status", "Recording since").await;
        bench.open("/actions/listComponents?first=3").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for("#result .used").await;
        bench.open("/triggers/pollChangesTrigger").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        bench.open("/recordings").await;
        browser.wait_for_text("#recording-status", "2 calls so far").await;
        browser.click("[data-post='/recordings/stop']").await;
        browser.wait_for_text("#recording-status", "Nothing is recorded").await;
        let saved = text(&bench, "/recordings/file").await;
        assert!(saved.contains("action listComponents") && !saved.contains(KEY), "{saved}");

        // The command replays it, and the page shows it.
        let desk = Desk::new().await;
        let file = desk.file("saved.har");
        std::fs::write(&file, &saved).unwrap();
        let replayed = desk.run_bare(&["replay", "saved.har"]).await;
        assert_eq!(replayed.status, 0, "{} {}", replayed.output, replayed.messages);
        browser.type_file("[data-upload]", &file).await;
        browser.wait_for_text("#opened-title", "2 calls").await;
        browser.wait_for_text("#opened", "action listComponents").await;
        let requests = bench.sim.request_count();
        browser.click("[data-post='/recordings/replay']").await;
        browser.wait_for_text("#replay-verdict", "Every call came to what was recorded").await;
        assert_eq!(bench.sim.request_count(), requests);

        // Another result than it was: the page says where.
        let mut other: serde_json::Value = serde_json::from_str(&saved).unwrap();
        let name = &mut other["log"]["pages"][0]["_made"]["result"][0]["name"];
        assert!(name.is_string(), "{saved}");
        *name = "Another".into();
        std::fs::write(&file, other.to_string()).unwrap();
        browser.type_file("[data-upload]", &file).await;
        browser.wait_until("the verdict is gone", "return !document.querySelector('#replay-verdict')").await;
        browser.click("[data-post='/recordings/replay']").await;
        browser.wait_for_text("#opened .fields", "Another").await;

        std::fs::write(&file, "no recording").unwrap();
        browser.type_file("[data-upload]", &file).await;
        browser.wait_for_text(".upload-problem", "This is no recording to show").await;
        // With the connection, what was done with it is forgotten.
        bench.open("/connection").await;
        browser.click("[data-post='/connection/forget']").await;
        browser.wait_for("#ask[open]").await;
        browser.click("#ask [data-answer=yes]").await;
        browser.wait_for_text("#connection-state", "Not connected yet").await;
        bench.open("/recordings").await;
        assert_eq!(browser.count("#opened").await, 0);
        assert!(text(&bench, "/recordings/file").await.contains("There is no recording yet"));
    })
    .await;
}
