//! The editor of code inputs: proposals and doubts from the connector's own schema, errors in place, and the ways out
//! of it by keyboard.

use duro_sim::DuroSim;
use fantoccini::key::Key;

use super::bench::on_the_page;

/// A script that tells whether something is in the editor of a code input.
pub(super) fn editor(area: &str, selector: &str) -> String {
    format!("return !!document.querySelector('{area} + .editor').shadowRoot.querySelector('{selector}')")
}

/// A script that tells whether something in the editor of a code input says a text.
fn says(area: &str, selector: &str, text: &str) -> String {
    format!(
        "return !!document.querySelector('{area} + \
         .editor').shadowRoot.querySelector('{selector}')?.textContent.includes({})",
        serde_json::json!(text)
    )
}

/// A script that tells whether so many things are in the editor of a code input.
fn counts(area: &str, selector: &str, count: u32) -> String {
    format!(
        "return document.querySelector('{area} + .editor').shadowRoot.querySelectorAll('{selector}').length === {count}"
    )
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
        browser
            .wait_until("and with what it means", &says("#input-query", ".cm-completionInfo", "The e-mail address."))
            .await;
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
        // What cannot be laid out stays as it is, and it is said why.
        browser.click("#input-query ~ .editor-bar button").await;
        browser
            .wait_for_text("#input-query ~ .editor-bar [role=status]", "Not formatted. Line 1: This is not GraphQL")
            .await;

        browser.write_code("#input-query", "{userById{id").await;
        browser.click("#input-query ~ .editor-bar button").await;
        let formatted =
            "return document.querySelector('#input-query').value === '{\\n  userById {\\n    id\\n  }\\n}\\n'";
        browser.wait_until("it is formatted", formatted).await;
        browser.wait_for_text("#input-query ~ .editor-bar [role=status]", "Ctrl-Enter runs").await;

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
        let fetched = "return performance.getEntriesByType('resource').filter(e => \
                       e.name.endsWith('editor.js')).length";
        assert_eq!(browser.js(fetched).await, 0);
        let browser = bench.open("/actions/rawRequest").await;
        browser
            .js("window.violations = []; addEventListener('securitypolicyviolation', e => \
                 violations.push(e.violatedDirective))")
            .await;
        browser.write_code("#input-query", "{ userById { emai").await;
        browser.wait_until("a field is proposed", &editor("#input-query", ".cm-tooltip-autocomplete li")).await;
        assert_eq!(browser.js(fetched).await, 1);
        assert_eq!(browser.js("return violations.join()").await, "");
        // Its style has come through all the same.
        let font = "return getComputedStyle(document.querySelector('#input-query + \
                    .editor').shadowRoot.querySelector('.cm-scroller')).fontFamily";
        assert!(browser.js(font).await.as_str().unwrap().contains("monospace"));
        // And the text area has what was written.
        assert_eq!(
            browser.js("return document.querySelector('#input-query').value.startsWith('{ userById')").await,
            true
        );
    })
    .await;
}

#[tokio::test]
async fn under_the_mouse_is_what_a_field_is_and_means_and_beside_the_form_what_a_result_holds() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/actions/rawRequest").await;
        browser.write_code("#input-query", "{ userById { email ").await;
        browser.press(&[Key::Escape]).await;
        let move_there = "const root = document.querySelector('#input-query + .editor').shadowRoot; const field = \
                          [...root.querySelectorAll('.cm-line span')].find(e => e.textContent.includes('userById')); \
                          const { left, top, height } = field.getBoundingClientRect(); field.dispatchEvent(new \
                          MouseEvent('mousemove', { bubbles: true, composed: true, clientX: left + 5, clientY: top + \
                          height / 2 }))";
        browser.js(move_there).await;
        browser.wait_until("its type is told", &says("#input-query", ".cm-docs code", "Query.userById: User")).await;
        let means = says("#input-query", ".cm-docs p", "The owner of the API key");
        assert_eq!(browser.js(&means).await, true);

        let browser = bench.open("/actions/listChangeOrders").await;
        browser.click("#expected-tab-fields").await;
        let fields = "return [...document.querySelectorAll('#expected-panel-fields tbody tr')].map(row => \
                      [...row.children].map(cell => cell.innerText.trim()).join('|'))";
        let fields: Vec<String> = serde_json::from_value(browser.js(fields).await).unwrap();
        for expected in [
            "displayValue|text, or null|The number as people read it.",
            "lastModified|time, or null|When it was last changed.",
        ] {
            assert!(fields.iter().any(|field| field == expected), "{expected}: {fields:#?}");
        }
    })
    .await;
}

#[tokio::test]
async fn variables_are_written_and_checked_by_what_the_document_declares() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/actions/rawRequest").await;
        let variables = "#input-variablesObject";
        browser.wait_for(&format!("{variables} + .editor")).await;
        browser.write_code("#input-query", "query ($ids: [ID]!, $n: Int) { componentsByIds(ids: $ids) { id").await;
        browser.wait_until("what is missing is marked", &editor(variables, ".cm-lintPoint-warning")).await;

        browser.write_code(variables, "{\"id").await;
        let proposed = "return document.querySelector('#input-variablesObject + .editor').shadowRoot\
                        .querySelector('.cm-tooltip-autocomplete li')?.textContent === '\"ids\"[ID]!'";
        browser.wait_until("the variable is proposed with its type", proposed).await;
        browser.wait_until("and with what it is for", &says(variables, ".cm-completionInfo", "Their ids")).await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        browser.press(&[Key::Enter]).await;
        browser.keys("[\"a").await;
        let value = "return document.querySelector('#input-variablesObject').value === '{\"ids\": [\"a\"]}'";
        browser.wait_until("it is written", value).await;
        browser.wait_until("and nothing is wrong", &counts(variables, ".cm-lintRange, .cm-lintPoint", 0)).await;

        // Of another kind, and of no such name: doubts, not errors.
        browser.write_code(variables, "{\"ids\": true, \"no\": 1").await;
        browser.wait_until("both are marked", &counts(variables, ".cm-lintRange-warning", 2)).await;
        assert_eq!(browser.js(&counts(variables, ".cm-lintRange-error", 0)).await, true);
        // The document changes, and with it what is right.
        browser.write_code("#input-query", "query ($ids: Boolean, $no: Int) { userById { id").await;
        browser.wait_until("nothing is wrong any more", &counts(variables, ".cm-lintRange-warning", 0)).await;

        // What stands in the rows is not missing below them.
        browser.write_code("#input-query", "query ($name: String!) { userById { id").await;
        browser.write_code(variables, "{ ").await;
        browser.wait_until("it is missing", &counts(variables, ".cm-lintRange-warning", 1)).await;
        browser.click("[data-input=variables] [data-add-pair]").await;
        browser.keys("name").await;
        browser.wait_until("it is there", &counts(variables, ".cm-lintRange-warning", 0)).await;
    })
    .await;
}

#[tokio::test]
async fn what_the_service_says_of_a_place_in_the_document_is_marked_there_until_it_is_changed() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/rawRequest").await;
        browser.write_code("#input-query", "{ userById { nickname ").await;
        browser.press(&[Key::Escape]).await;
        browser.keys(&format!("{}{}", char::from(Key::Control), char::from(Key::Enter))).await;
        browser.wait_for("#result .failure").await;
        browser.wait_until("the place is marked", &says("#input-query", ".cm-lintRange-error", "nickname")).await;
        let told = "return document.querySelector('#result [data-told]').dataset.told";
        assert!(browser.js(told).await.as_str().unwrap().contains("The service: "));
        // It was sent: what the service says of it keeps nobody from sending it again.
        assert_eq!(browser.js("return document.querySelector('#input-query-problem').hidden").await, true);
        browser.client.refresh().await.unwrap();
        browser.wait_for("#input-query + .editor").await;
        browser.wait_until("it is marked again", &says("#input-query", ".cm-lintRange-error", "nickname")).await;
        browser.write_code("#input-query", "{ userById { name ").await;
        browser.wait_until("the mark is gone", &counts("#input-query", ".cm-lintRange-error", 0)).await;
    })
    .await;
}
