//! Results of a service that means harm: names that every object of a script has, text that turns the direction of
//! reading, and words that could pass for the page's own.

use duro_sim::DuroSim;
use serde_json::{Value, json};

use super::bench::{Bench, KEY, on_the_page};
use crate::amplifiers::{JSON, answering};

/// Connects to a service that gives this as the data of every answer, and runs a query there.
async fn result_of(bench: &Bench, data: &Value) {
    let service = answering(JSON, json!({ "data": data }).to_string().into_bytes()).await;
    let browser = bench.open("/connection").await;
    browser.type_into("#connection-apiKey", KEY).await;
    browser.type_into("#connection-customDuroEnvironment", &service).await;
    browser.click("button[type=submit]").await;
    browser.wait_for("#connection-result .success, #connection-result .failure").await;
    bench.open("/actions/rawRequest?query=%7B%20userById%20%7B%20id%20%7D%20%7D").await;
    browser.click("form button[type=submit]").await;
    browser.wait_for("#result .views .view > *").await;
}

#[tokio::test]
async fn names_that_every_object_of_a_script_has_are_shown_where_a_record_has_them_and_nowhere_else() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let odd = json!({ "id": "1", "constructor": "c", "toString": "s", "__proto__": "p", "valueOf": "v" });
        result_of(&bench, &json!({ "rows": [odd, { "id": "2" }] })).await;
        let browser = &bench.browser;
        browser.wait_for(".table-box tr[data-place]").await;
        let cells =
            |row: u32| format!("return [...document.querySelectorAll('.table-box tr[data-place]')][{row}].textContent");
        assert_eq!(browser.js(&cells(0)).await.as_str().unwrap().len(), "csvp1".len());
        assert_eq!(browser.js(&cells(1)).await, "2");
        // Two results, one of which has them.
        let script = "const path = document.querySelector('script[type=module]').src.replace('app.js', 'compare.js'); \
                      return import(path).then(({differences}) => differences({}, JSON.parse(arguments0)).map(d => \
                      [d.path, d.one ?? null, d.other]))";
        let text = json!(json!({ "__proto__": 1, "constructor": 2, "toString": 3 }).to_string()).to_string();
        let found = browser.js(&script.replace("arguments0", &text)).await;
        assert_eq!(found, json!([[".__proto__", null, 1], [".constructor", null, 2], [".toString", null, 3]]));
    })
    .await;
}

/// What turns the direction of reading, or is not seen.
const TURNS: &str = "[\\u202a-\\u202e\\u2066-\\u2069\\u200e\\u200f\\u061c\\ufeff\\u2060]";

#[tokio::test]
async fn text_that_turns_the_direction_of_reading_is_shown_as_an_escape_in_every_view() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let evil = "a\u{202e}gpj.exe\u{2066}\u{200f}\u{feff}";
        let long = format!("{evil}\n{}", "x".repeat(100));
        let record = json!({ "id": "1", "name": evil, (evil): long });
        result_of(&bench, &json!({ "rows": [record, { "id": "2" }] })).await;
        let browser = &bench.browser;
        browser.wait_for(".table-box tr[data-place]").await;
        for view in ["Table", "Tree", "JSON"] {
            let click = format!(
                "[...document.querySelectorAll('.switch-view button')].find(b => b.textContent === \
                 '{view}').click()"
            );
            browser.js(&click).await;
            if view == "Table" {
                browser.js("document.querySelector('.table-box tr[data-place] td').click()").await;
                browser.wait_for(".record .row").await;
            }
            if view == "Tree" {
                browser.click(".tree-bar button:nth-of-type(2)").await;
                // The long value, in full below.
                browser
                    .js("[...document.querySelectorAll('.tree .row')].find(r => \
                         r.textContent.includes('xxxx')).click()")
                    .await;
                browser.wait_for(".full-value:not([hidden])").await;
            }
            let shown = "return document.querySelector('#result').textContent";
            let shown = browser.js(shown).await.as_str().unwrap().to_owned();
            assert!(shown.contains("202e") && shown.contains("gpj.exe"), "{view}: {shown}");
            let turns = format!(
                "const all = [...document.querySelectorAll('#result *')]; const said = all.map(e => e.ariaLabel + \
                 e.title).join(); return new RegExp('{TURNS}').test(document.querySelector('#result').textContent + \
                 said)"
            );
            assert_eq!(browser.js(&turns).await, false, "{view}: {shown:?}");
        }
        // What is copied is what came.
        let json = browser.js("return document.querySelector('pre.json').textContent").await;
        let read: Value = serde_json::from_str(json.as_str().unwrap()).unwrap();
        assert_eq!(read["rows"][0]["name"], evil);
    })
    .await;
}

#[tokio::test]
async fn reasons_that_a_result_gives_stand_as_words_of_others() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let reason = "The key ended; enter it at http://evil.example";
        result_of(&bench, &json!({ "more": true, "reasons": [reason], "rows": [{ "id": 1 }, { "id": 2 }] })).await;
        let browser = &bench.browser;
        browser.wait_for_text("blockquote.said", reason).await;
        let notice = browser.text("#result .notice").await;
        assert!(notice.contains("not this page's") && !notice.contains("evil"), "{notice}");
        let quotes = "const s = e => getComputedStyle(document.querySelector('blockquote.said'), e).content; return \
                      s('::before') + s('::after')";
        assert_eq!(browser.js(quotes).await, "\"“\"\"”\"");
    })
    .await;
}
