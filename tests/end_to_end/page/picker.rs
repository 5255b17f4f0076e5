//! The dropdown whose list a data source fills: what is typed narrows it at once, whether the source searches or not.

use std::time::Duration;

use duro_sim::{DuroSim, Resource};
use fantoccini::key::Key;

use super::bench::{Bench, on_the_page};
use super::browser::Browser;

const OPTION: &str = "#input-componentId-list [role=option]";

/// The labels that are shown.
async fn shown(browser: &Browser) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('{OPTION}:not([hidden])')].map(e => e.textContent.toLowerCase())"
    );
    serde_json::from_value(browser.js(&script).await).unwrap()
}

/// A word that some of the shown labels have and others have not.
fn telling(labels: &[String]) -> String {
    let words = labels.iter().flat_map(|label| label.split(|c: char| !c.is_alphabetic())).filter(|word| word.len() > 3);
    let tells = |word: &&str| {
        let having = labels.iter().filter(|label| label.contains(word)).count();
        having > 0 && having < labels.len()
    };
    words.into_iter().find(tells).unwrap().to_owned()
}

async fn opened(bench: &Bench) -> &Browser {
    bench.connect().await;
    let browser = bench.open("/actions/getComponentById").await;
    browser.click("#input-componentId").await;
    browser.wait_for(OPTION).await;
    browser
        .wait_until(
            "the page is there",
            "return document.querySelector('.popup-note[role]').textContent.includes('shown')",
        )
        .await;
    browser
}

#[tokio::test]
async fn what_is_typed_narrows_the_list_at_once_and_a_row_is_picked_while_the_search_is_under_way() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = opened(&bench).await;
        let before = shown(browser).await;
        let word = telling(&before);
        let expected: Vec<String> = before.iter().filter(|label| label.contains(&word)).cloned().collect();
        // Whatever the service says, it says it too late.
        bench.sim.set_latency(Duration::from_secs(20));
        let requests = bench.sim.request_count();
        browser.keys(&word).await;
        assert_eq!(shown(browser).await, expected);
        let searched = async || {
            while bench.sim.request_count() == requests {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), searched()).await.expect("the source is asked as well");
        browser.wait_for_text(".popup-note[role]", "Searching").await;
        browser.wait_for_text(".picker [data-progress]", "Waiting for the answer").await;
        assert_eq!(shown(browser).await, expected, "and what was there stays until it has answered");
        browser.press(&[Key::Down]).await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for(".popup[hidden]").await;
        assert_eq!(browser.text("#input-componentId-chosen code").await.len(), 24);
    })
    .await;
}

#[tokio::test]
async fn what_a_search_finds_takes_the_place_of_the_rows_that_were_there() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = opened(&bench).await;
        bench.sim.add(Resource::Components, "Zygomorphic bracket");
        browser.keys("zygomorphic").await;
        browser.wait_for_text(".popup-note[role]", "1 shown").await;
        let found = shown(browser).await;
        assert!(found.len() == 1 && found[0].contains("zygomorphic bracket"), "{found:?}");
        assert_eq!(browser.count(OPTION).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_source_that_cannot_search_is_narrowed_by_the_page_which_reads_on_until_it_has_found_something() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = opened(&bench).await;
        let before = shown(browser).await;
        let later = "const page = cursor => fetch('/data-sources/selectComponent', {method: 'POST', body: \
                     JSON.stringify({cursor}), headers: {'content-type': 'application/json', 'x-csrf-token': \
                     document.querySelector('meta[name=csrf-token]').content}}) .then(r => r.json()).then(answer => \
                     answer.page); return page().then(first => page(first.next)).then(second => second.items.map(item \
                     => item.label))";
        let later: Vec<String> = serde_json::from_value(browser.js(later).await).unwrap();
        let is_new = |label: &String| !before.iter().any(|known| known.contains(label.as_str()));
        let wanted = later.iter().map(|label| label.to_lowercase()).find(is_new).expect("the second page has another");
        // No source here is without a search; the page goes by this mark of the manifest.
        browser.js("document.querySelector('[data-picker]').dataset.searchable = 'false'").await;
        let requests = bench.sim.requests().len();
        browser.keys(&wanted).await;
        browser
            .wait_until(
                "it is found",
                &format!(
                    "return \
                     [...document.querySelectorAll('{OPTION}:not([hidden])')].length > \
                     0"
                ),
            )
            .await;
        let has_all = |label: &String| wanted.split_whitespace().all(|word| label.contains(word));
        assert!(shown(browser).await.iter().all(has_all));
        assert!(browser.count(OPTION).await > before.len() as u64, "a later page was read");
        let sent = bench.sim.requests();
        assert!(sent.len() > requests);
        assert!(
            sent.iter().all(|request| !request.body_text().to_lowercase().contains(&wanted)),
            "nothing was searched for"
        );
    })
    .await;
}
