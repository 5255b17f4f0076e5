//! The page of the second connector: what a flow builder does on it, drawn from its manifest by the same program.

use std::fs;

use duro_design_sim::{DuroDesignSim, LIBRARY, ORGANIZATION};
use serde_json::json;

use super::bench::{KEY, in_a_browser, page_with};
use super::results::run;
use super::tables::heads;
use super::trigger::poll;
use crate::support::built;

#[tokio::test]
async fn the_page_of_another_connector_tests_its_connection_lists_its_records_and_finds_a_change() {
    in_a_browser(|browser| async move {
        let sim = DuroDesignSim::spawn(130, 0).await.unwrap();
        sim.set_key(KEY);
        let folder = tempfile::tempdir().unwrap();
        let changes = folder.path().join("changes.json");
        let touch = json!([{ "label": "Change a component", "url": sim.url().replace("/graphql", "/touch") }]);
        fs::write(&changes, touch.to_string()).unwrap();
        let component = built("connectors/duro_design.wasm");
        let (component, changes) = (component.to_str().unwrap(), changes.to_str().unwrap());
        let grants = ["--allow-http", "--allow-private-network", "--component", component];
        let (_harness, link) =
            page_with(&[&grants[..], &["serve", "--port", "0", "--changes", changes]].concat()).await;
        let origin = link.split("/?token=").next().unwrap().to_owned();
        browser.goto(&link).await;
        let open = async |path: &str| {
            browser.goto(&format!("{origin}{path}")).await;
            browser.wait_for("html[data-ready]").await;
        };

        open("/connection").await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-apiKey-problem", "Is missing or blank").await;
        let url = sim.url();
        for (field, value) in [("apiKey", KEY), ("organization", ORGANIZATION), ("library", LIBRARY), ("url", &url)] {
            browser.type_into(&format!("#connection-{field}"), value).await;
        }
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .success", "an API key of the library Parts").await;
        browser.wait_for_text("#connection-state", "Parts").await;

        open("/actions/listComponents?first=120").await;
        run(&browser).await;
        browser.wait_for_text(".views .tree-bar [role=status]", "120 rows").await;
        let shown = heads(&browser).await;
        assert!(["cpn", "name"].iter().all(|column| shown.contains(&(*column).to_owned())), "{shown:?}");
        open("/actions/findComponentsByPartNumber?partNumbers=212-00007").await;
        run(&browser).await;
        browser.wait_for_text(".views .tree-bar [role=status]", "1 row").await;
        browser.wait_for_text(".table-box tr[data-place]", "212-00007").await;

        open("/triggers/pollChangesTrigger").await;
        poll(&browser, 1).await;
        browser.wait_for_text("#timeline li:first-child", "counting begins here").await;
        browser.click("[data-change='0']").await;
        browser.wait_for_text("#timeline li:first-child", "Change a component").await;
        poll(&browser, 2).await;
        browser.wait_for_text("#timeline li:first-child", "1 updated").await;
        browser.click("#timeline li:first-child .more > summary").await;
        browser.wait_for_text("#timeline li:first-child .table-box tr[data-place]", "212-00001").await;
        assert!(sim.received().iter().all(|request| request.header("x-api-key").is_none_or(|key| key == KEY)));
    })
    .await;
}
