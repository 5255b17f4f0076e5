//! Results and the runs that they come from: tables, trees and files; runs that outlive their page; two compared.

use std::time::Duration;

use duro_sim::{DuroSim, Resource};
use fantoccini::key::Key;

use super::bench::{Bench, on_the_page};
use super::browser::Browser;

/// Runs an action as its form stands, and waits for the end.
pub(super) async fn run(browser: &Browser) {
    browser.click("form button[type=submit]").await;
    browser
        .wait_until(
            "the run has ended",
            "return !!document.querySelector('#result .used') && \
             !document.querySelector('#result[aria-busy], form [aria-disabled]')",
        )
        .await;
}

/// The texts of a column of the table, from the top.
pub(super) async fn column(browser: &Browser, number: u32) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('.table-box tr[data-place]')].map(r => r.children[{number}].textContent)"
    );
    serde_json::from_value(browser.js(&script).await).unwrap()
}

pub(super) async fn list_of_change_orders(bench: &Bench) -> &Browser {
    bench.connect().await;
    let browser = bench.open("/actions/listChangeOrders").await;
    run(browser).await;
    browser.wait_for(".table-box tr[data-place]").await;
    browser
}

#[tokio::test]
async fn a_list_opens_as_a_table_with_the_columns_of_its_schema_through_edges_and_nodes() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let browser = list_of_change_orders(&bench).await;
        let heads =
            browser.js("return [...document.querySelectorAll('.table-box th')].map(h => h.dataset.column)").await;
        let heads: Vec<String> = serde_json::from_value(heads).unwrap();
        assert!(heads.contains(&"con.displayValue".to_owned()) && heads.contains(&"status".to_owned()), "{heads:?}");
        assert!(!heads.iter().any(|head| head.contains("node") || head.contains("cursor")), "{heads:?}");
        assert_eq!(browser.text(".tree-bar [role=status]").await, "30 rows");
        // Short, with all of it for whoever looks closer.
        let heading = "const button = document.querySelector('[data-column=\"con.displayValue\"] button'); return \
                       [button.innerText.trim(), button.title].join('|')";
        assert_eq!(browser.js(heading).await, "con|con.displayValue: The number as people read it.");

        // By keyboard alone: sorted up, down, and as it came.
        let at = |head: &str| heads.iter().position(|known| known == head).unwrap() as u32;
        let (number, name) = (at("con.displayValue"), at("name"));
        let (numbers, came) = (column(browser, number).await, column(browser, name).await);
        browser.js("document.querySelector('[data-column=\"con.displayValue\"] button').focus()").await;
        for (sorted, order) in [("ascending", 1), ("descending", -1), ("none", 1)] {
            browser.press(&[Key::Enter]).await;
            browser.wait_for(&format!("[data-column=\"con.displayValue\"][aria-sort={sorted}]")).await;
            let shown = column(browser, number).await;
            let is_sorted = shown.windows(2).all(|pair| if order > 0 { pair[0] < pair[1] } else { pair[0] > pair[1] });
            assert!(is_sorted && shown.len() > 10, "{sorted}: {shown:?}");
            assert_eq!(shown[0] == numbers[0], order > 0, "{sorted}: {shown:?}");
        }
        assert_eq!(column(browser, name).await, came);

        // Filtered to one, which Enter opens.
        browser.type_into(".views input.filter", &came[3]).await;
        browser.wait_for_text(".tree-bar [role=status]", "of 30 rows").await;
        assert!(column(browser, name).await.iter().all(|name| name.contains(&came[3])));
        browser.js("document.querySelector('.table-box table').focus()").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text(".record .row", &came[3]).await;

        // A column fewer, also after a reload.
        browser.click(".chooser summary").await;
        browser.wait_for(".chooser li:first-child input").await;
        browser.click(".chooser li:first-child input").await;
        browser
            .wait_until(
                "the column is gone",
                &format!("return document.querySelectorAll('.table-box th').length === {}", heads.len() - 1),
            )
            .await;
        browser.client.refresh().await.unwrap();
        browser.wait_for(".table-box tr[data-place]").await;
        assert_eq!(browser.count(".table-box th").await as usize, heads.len() - 1);
    })
    .await;
}

#[tokio::test]
async fn a_result_is_saved_as_csv_as_lines_and_as_json_with_all_its_records() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let browser = list_of_change_orders(&bench).await;
        let saved = async |format: &str| {
            let script = format!(
                "return fetch(document.querySelector('.downloads a[href$=\"/{format}\"]').href)\
                 .then(r => r.text().then(t => [r.headers.get('content-disposition'), t]))"
            );
            let (disposition, text): (String, String) = serde_json::from_value(browser.js(&script).await).unwrap();
            assert!(disposition.starts_with("attachment; filename=\"listChangeOrders-"), "{disposition}");
            text
        };
        let csv = saved("csv").await;
        assert_eq!(csv.matches("\r\n").count(), 31, "{csv}");
        assert!(csv.starts_with("id,con,name,"), "{csv}");
        let lines = saved("ndjson").await;
        assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].is_string()));
        assert_eq!(lines.lines().count(), 30);
        let json: serde_json::Value = serde_json::from_str(&saved("json").await).unwrap();
        assert_eq!(json["changeOrders"]["connection"]["edges"].as_array().unwrap().len(), 30);
    })
    .await;
}

#[tokio::test]
async fn a_tree_is_read_marked_copied_and_searched() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let browser = list_of_change_orders(&bench).await;
        browser
            .cdp(
                "Browser.grantPermissions",
                serde_json::json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}),
            )
            .await
            .unwrap();
        browser.click(".switch-view button:nth-child(2)").await;
        browser.wait_for(".tree .row").await;
        browser.js("document.querySelector('.tree').focus()").await;
        // The list itself, opened: its rows are called by number and name.
        browser.click(".tree-bar button:nth-of-type(2)").await;
        let order = bench.sim.records(Resource::ChangeOrders).into_iter().find(|order| order.name.is_some()).unwrap();
        let name = order.name.unwrap();
        browser.type_into(".tree-bar input.filter", &name).await;
        browser.wait_for_text(".tree .row .title", &name).await;
        browser.wait_for_text(".tree-bar [role=status]", "found").await;

        // Marking a value and clicking it leave the row as it is.
        browser
            .js("window.row = [...document.querySelectorAll('.tree .row')].find(r => r.querySelector('.string'))")
            .await;
        browser.js("getSelection().selectAllChildren(window.row.querySelector('.string')); window.row.click()").await;
        assert_eq!(browser.js("return window.row.isConnected && getSelection().toString().length > 2").await, true);
        browser.js("getSelection().removeAllRanges(); window.row.querySelector('.string').click()").await;
        assert_eq!(browser.js("return window.row.isConnected && window.row.ariaSelected").await, "true");

        browser.click(".tree-bar.below button:nth-of-type(2)").await;
        let is_path = "return navigator.clipboard.readText().then(t => t.startsWith('.'))";
        browser.wait_until("the path is copied", is_path).await;
        let path = browser.js("return navigator.clipboard.readText()").await;
        assert!(path.as_str().unwrap().starts_with(".changeOrders.connection.edges["), "{path}");
        browser.js("document.querySelector('.tree').focus()").await;
        browser.keys("c").await;
        browser
            .wait_until(
                "the value is copied",
                &format!("return navigator.clipboard.readText().then(t => t === {})", serde_json::json!(name)),
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_run_outlives_its_page_and_is_found_again_by_reload_and_by_return() {
    let slow = DuroSim::builder().latency(Duration::from_secs(8));
    on_the_page(slow, |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/createChangeOrder").await;
        let before = bench.sim.records(Resource::ChangeOrders).len();
        browser.type_into("#input-name", "Made while nobody looked").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for("dialog[open]").await;
        browser.click("[data-answer=yes]").await;
        browser.wait_for("#result [data-run]").await;
        browser.client.refresh().await.unwrap();
        browser.wait_for("#result [data-run]").await;
        // Nothing invites to do it twice.
        browser.wait_for("form button[type=submit][aria-disabled=true]").await;
        bench.open("/about").await;
        bench.open("/actions/createChangeOrder").await;
        browser.wait_for_text("#run-panel-result .row", "DRAFT").await;
        assert_eq!(bench.sim.records(Resource::ChangeOrders).len(), before + 1);
        assert_eq!(browser.count(".runs li").await, 1);
        browser.wait_for_text(".runs li", "Made while nobody looked").await;
        browser.wait_for_text(".runs li", "done").await;
    })
    .await;
}

#[tokio::test]
async fn runs_are_listed_opened_run_again_and_two_are_compared() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listComponents").await;
        for first in ["3", "4", "many"] {
            browser.type_into("#input-first", first).await;
            run(browser).await;
            browser.wait_for_text(".runs li:first-child .run-inputs", first).await;
        }
        browser.wait_for_text(".runs li:first-child .badge", "invalid-input").await;
        // The run before the last, with what it was run with.
        browser.click(".runs li:nth-child(2) a").await;
        browser.wait_for_text("#run-panel-result .tree-bar", "4 rows").await;
        assert_eq!(browser.js("return document.querySelector('#input-first').value").await, "4");
        browser.click(".runs li:nth-child(3) [data-again]").await;
        browser.wait_for_text("#run-panel-result .tree-bar", "3 rows").await;
        browser.wait_until("it ran again", "return document.querySelectorAll('.runs li').length === 4").await;
        assert_eq!(browser.js("return location.search").await, "");

        // Three records and four.
        browser.click(".runs li:nth-child(1) input").await;
        browser.click(".runs li:nth-child(3) input").await;
        browser.click(".runs form button[type=submit]").await;
        browser.wait_for_text("#differences", "difference").await;
        browser.wait_for_text("[data-differs]", "differs").await;
        browser.wait_for_text("#differences .badge", "gone").await;
    })
    .await;
}

#[tokio::test]
async fn the_requests_are_named_by_their_operations_and_read_as_lines() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listChangeOrders").await;
        run(browser).await;
        browser.click("#run-tab-requests").await;
        browser.wait_for_text("#run-panel-requests .operation", "query ").await;
        browser.click("#run-panel-requests .exchanges summary").await;
        browser.wait_for_text("#run-panel-requests .document", "\n  changeOrders").await;
        browser.wait_for_text("#run-panel-requests h4", "Variables").await;
    })
    .await;
}

#[tokio::test]
async fn a_page_weighs_no_more_than_100_kb() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listChangeOrders").await;
        let weight = "return [...performance.getEntriesByType('navigation'), \
                      ...performance.getEntriesByType('resource')].reduce((sum, entry) => sum + entry.encodedBodySize, \
                      0)";
        let weight = browser.js(weight).await.as_u64().unwrap();
        eprintln!("a page weighs {weight} bytes");
        assert!((10_000..=100_000).contains(&weight), "{weight} bytes");
        // And the second one no more than itself: the browser has the rest.
        bench.open("/actions/listComponents").await;
        let again = "return performance.getEntriesByType('resource').filter(e => \
                     e.name.includes('/assets/')).reduce((sum, e) => sum + e.transferSize, 0)";
        assert_eq!(browser.js(again).await, 0);
    })
    .await;
}
