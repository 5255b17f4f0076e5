//! The editor of code inputs: proposals and doubts from the connector's own schema, errors in place, and the ways out of
//! it by keyboard.

use duro_sim::DuroSim;
use fantoccini::key::Key;

use super::bench::on_the_page;

/// A script that tells whether something is in the editor of a code input.
pub(super) fn editor(area: &str, selector: &str) -> String {
    format!("return !!document.querySelector('{area} + .editor').shadowRoot.querySelector('{selector}')")
}

#[tokio::test]
async fn a_document_is_written_with_the_fields_that_the_connectors_schema_has_and_ctrl_enter_runs_it() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/rawRequest").await;
        browser.write_code("#input-query", "{ userById { emai").await;
        let proposed = "return document.querySelector('#input-query + .editor').shadowRoot\
                        .querySelector('.cm-tooltip-autocomplete li')?.textContent === 'emailString'";
        browser.wait_until("the field is proposed with its type", proposed).await;
        // The list takes no key for as long as somebody types on.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        browser.press(&[Key::Enter]).await;
        let value = "return document.querySelector('#input-query').value.replace(/\\s+/g, ' ')";
        assert_eq!(browser.js(value).await, "{ userById { email}}");

        // A pure query is not asked about.
        browser.keys(&format!("{}{}", char::from(Key::Control), char::from(Key::Enter))).await;
        browser.wait_for_text("#run-panel-result .row", "email").await;
        assert_eq!(browser.count("dialog[open]").await, 0);

        browser.write_code("#input-query", "mutation {createChangeOrder(input: {name: \"Asked\"").await;
        browser.keys(")").await;
        browser.keys("{id").await;
        browser.keys(&format!("{}{}", char::from(Key::Control), char::from(Key::Enter))).await;
        browser.wait_for_text("dialog[open] [data-sends=document]", "Asked").await;
    })
    .await;
}

#[tokio::test]
async fn errors_stand_in_the_text_and_the_keyboard_leaves_the_editor_as_any_other_field() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/rawRequest").await;
        // What the schema lacks is a doubt: the service may know it.
        browser.write_code("#input-query", "{ userById { nickname").await;
        browser.wait_until("the doubt is marked", &editor("#input-query", ".cm-lintRange-warning")).await;
        browser.press(&[Key::Escape]).await;
        browser.press(&[Key::Tab]).await;
        browser.wait_until("the focus is elsewhere", "return !document.activeElement.matches('.editor')").await;
        assert_eq!(browser.js("return document.querySelector('#input-query-problem').hidden").await, true);

        browser.write_code("#input-query", "{ userById ").await;
        browser.keys("%").await;
        browser.wait_until("the error is marked", &editor("#input-query", ".cm-lintRange-error")).await;
        browser.press(&[Key::Tab]).await;
        browser.wait_for_text("#input-query-problem", "Line 1: This is not GraphQL").await;

        browser.write_code("#input-query", "{userById{id").await;
        browser.click("#input-query ~ .editor-bar button").await;
        let formatted =
            "return document.querySelector('#input-query').value === '{\\n  userById {\\n    id\\n  }\\n}\\n'";
        browser.wait_until("it is formatted", formatted).await;

        // JSON is held against the input's own schema.
        browser.write_code("#input-variablesObject", "[1]").await;
        browser.wait_until("the doubt is marked", &editor("#input-variablesObject", ".cm-lintRange-warning")).await;
    })
    .await;
}

#[tokio::test]
async fn the_editor_is_fetched_only_where_there_is_code_and_breaks_no_policy() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/actions/listComponents").await;
        let fetched = "return performance.getEntriesByType('resource').filter(e => e.name.endsWith('editor.js')).length";
        assert_eq!(browser.js(fetched).await, 0);
        let browser = bench.open("/actions/rawRequest").await;
        browser.js("window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))").await;
        browser.write_code("#input-query", "{ userById { emai").await;
        browser.wait_until("a field is proposed", &editor("#input-query", ".cm-tooltip-autocomplete li")).await;
        assert_eq!(browser.js(fetched).await, 1);
        assert_eq!(browser.js("return violations.join()").await, "");
        // Its style has come through all the same.
        let font = "return getComputedStyle(document.querySelector('#input-query + .editor').shadowRoot.querySelector('.cm-scroller')).fontFamily";
        assert!(browser.js(font).await.as_str().unwrap().contains("monospace"));
        // And the text area has what was written.
        assert_eq!(browser.js("return document.querySelector('#input-query').value.startsWith('{ userById')").await, true);
    })
    .await;
}
