//! Tables of records: their room, their columns, their cells, what is saved of them, and how quick they are.

use duro_sim::{DuroSim, Resource};
use fantoccini::key::Key;
use serde_json::{Value, json};

use super::bench::on_the_page;
use super::browser::Browser;
use super::results::{column, list_of_change_orders, run};

/// Notes every file that the page makes, and everything that its policy forbids.
const WATCH: &str = "window.saved = []; window.violations = []; const made = URL.createObjectURL; \
                     URL.createObjectURL = blob => { saved.push(blob.text()); return made.call(URL, blob); }; \
                     addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))";

/// What was saved last.
async fn saved(browser: &Browser, format: &str) -> String {
    browser.click(&format!("[data-save={format}]")).await;
    assert_eq!(browser.js("return violations.join()").await, "");
    browser.js("return saved.at(-1)").await.as_str().unwrap().to_owned()
}

/// The names of the columns that are shown.
pub(super) async fn heads(browser: &Browser) -> Vec<String> {
    let heads = "return [...document.querySelectorAll('.table-box th')].map(head => head.dataset.column)";
    serde_json::from_value(browser.js(heads).await).unwrap()
}

#[tokio::test]
async fn what_is_shown_is_what_is_saved_with_its_columns_its_order_and_its_filter() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let browser = list_of_change_orders(&bench).await;
        browser.js(WATCH).await;
        let number = heads(browser).await.iter().position(|head| head == "con.displayValue").unwrap() as u32;
        for _ in 0..2 {
            browser.click("[data-column='con.displayValue'] button").await;
        }
        browser.wait_for("[data-column='con.displayValue'][aria-sort=descending]").await;
        browser.type_into(".views input.filter", "dco").await;
        browser.wait_for_text(".tree-bar [role=status]", "of 30 rows").await;
        let (shown, heads) = (column(browser, number).await, heads(browser).await);
        let rows = browser.text(".tree-bar [role=status]").await;
        let rows: usize = rows.split(' ').next().unwrap().parse().unwrap();
        assert!((1..30).contains(&rows), "{rows}");

        let lines = saved(browser, "ndjson").await;
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), rows);
        for (line, shown) in lines.iter().zip(&shown) {
            assert_eq!(line["con.displayValue"], json!(shown));
            assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>().len(), heads.len());
        }
        let whole: Vec<Value> = serde_json::from_str(&saved(browser, "json").await).unwrap();
        assert_eq!(whole, lines);
        let csv = saved(browser, "csv").await;
        assert!(csv.starts_with(&format!("{}\r\n", heads.join(","))), "{csv}");
        assert!(csv.matches("\r\n").count() > rows && csv.contains(&shown[0]), "{csv}");

        // Every column, a list among them: its JSON in one cell.
        browser.click(".chooser summary").await;
        browser.click(".chooser-panel button:nth-of-type(1)").await;
        let csv = saved(browser, "csv").await;
        let head = csv.lines().next().unwrap();
        assert!(head.contains("creator.email") && head.contains("documentLinks"), "{head}");
        assert!(csv.contains(",[]") || csv.contains("\"[{\"\""), "{csv}");

        // And all of it is there still.
        let all = "return fetch(document.querySelector('.downloads a[href$=\"/ndjson\"]').href).then(r => r.text())";
        assert_eq!(browser.js(all).await.as_str().unwrap().lines().count(), 30);
    })
    .await;
}

#[tokio::test]
async fn of_several_lists_the_table_opens_the_one_that_files_hold_and_any_other_is_saved_when_it_is_shown() {
    on_the_page(DuroSim::builder().change_orders(9), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/rawRequest").await;
        let document = "{ changeOrders { connection(first: 2) { edges { node { name } } } } \
                        components(libraryType: GENERAL) { connection(first: 5) { edges { node { id name } } } } }";
        browser.write_code("#input-query", document).await;
        run(browser).await;
        browser.wait_for_text(".views .tree-bar [role=status]", "2 rows").await;
        browser.js(WATCH).await;
        let all = "return fetch(document.querySelector('.downloads a[href$=\"/csv\"]').href).then(r => r.text())";
        let all = browser.js(all).await.as_str().unwrap().to_owned();
        assert!(all.starts_with("name\r\n") && all.matches("\r\n").count() == 3, "{all}");
        assert_eq!(saved(browser, "ndjson").await.lines().count(), 2);

        browser
            .js("const choice = document.querySelector('.view select'); choice.value = '1'; \
                 choice.dispatchEvent(new Event('change'))")
            .await;
        browser.wait_for_text(".views .tree-bar [role=status]", "5 rows").await;
        let lines = saved(browser, "ndjson").await;
        assert_eq!(lines.lines().count(), 5);
        assert!(lines.lines().all(|line| line.contains("\"id\":")), "{lines}");
    })
    .await;
}

#[tokio::test]
async fn a_cell_is_copied_by_keyboard_and_mouse_and_a_record_takes_the_focus_and_gives_it_back() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let browser = list_of_change_orders(&bench).await;
        let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        browser.cdp("Browser.grantPermissions", permissions).await.unwrap();
        let copied = async |text: &str| {
            let script = format!("return navigator.clipboard.readText().then(text => text === {})", json!(text));
            browser.wait_until(&format!("{text:?} is copied"), &script).await;
        };
        browser.js("document.querySelector('.table-box table').focus()").await;
        browser.press(&[Key::Down, Key::Right]).await;
        let second = column(browser, 1).await;
        browser.keys("c").await;
        copied(&second[1]).await;
        assert_eq!(browser.text(".tree-bar.below .tree-path").await, heads(browser).await[1]);
        browser.press(&[Key::Left]).await;
        browser.keys(&format!("{}c{}", char::from(Key::Control), char::from(Key::Null))).await;
        copied(&column(browser, 0).await[1]).await;

        browser.press(&[Key::Enter]).await;
        browser.wait_until("the record has the focus", "return document.activeElement.matches('.record .tree')").await;
        browser.press(&[Key::Escape]).await;
        browser.wait_until("the table has it again", "return document.activeElement.matches('.table-box table')").await;
        assert_eq!(browser.js("return document.querySelector('.record').hidden").await, true);

        browser.click(".table-box tr[data-place='3'] td:nth-child(2)").await;
        browser.wait_until("the record has the focus", "return document.activeElement.matches('.record .tree')").await;
        browser.click(".view > div > .tree-bar.below button").await;
        copied(&second[3]).await;
        browser.click(".record > .tree-bar button").await;
        browser.wait_until("the table has it again", "return document.activeElement.matches('.table-box table')").await;
    })
    .await;
}

#[tokio::test]
async fn columns_are_searched_shown_and_hidden_together_and_the_table_takes_the_width_of_the_page() {
    on_the_page(DuroSim::builder().change_orders(30), |bench| async move {
        let browser = list_of_change_orders(&bench).await;
        let first = heads(browser).await;
        browser.click(".chooser summary").await;
        let button = |number: u32| format!(".chooser-panel button:nth-of-type({number})");
        browser.type_into(".chooser-panel input[type=search]", "creator").await;
        browser.wait_until("few are listed", "return document.querySelectorAll('.chooser li').length === 4").await;
        browser.click(&button(1)).await;
        let more = heads(browser).await;
        assert!(more.len() > first.len() && more.contains(&"creator.email".to_owned()), "{more:?}");
        browser.click(&button(2)).await;
        assert!(!heads(browser).await.iter().any(|head| head.starts_with("creator.")));
        browser.type_into(".chooser-panel input[type=search]", " ").await;
        browser.click(&button(2)).await;
        browser.wait_for_text(".table-box", "No column is chosen").await;
        browser.click(&button(3)).await;
        assert_eq!(heads(browser).await, first);
        browser.click(".chooser summary").await;

        let seen = "const box = document.querySelector('.table-box').getBoundingClientRect(); return \
                    [...document.querySelectorAll('.table-box th')].filter(head => head.getBoundingClientRect().right \
                    <= box.right + 1).length";
        let narrow = browser.js(seen).await.as_u64().unwrap();
        browser.click("[data-widen]").await;
        browser.wait_for("[data-widen][aria-pressed=true]").await;
        let wide = browser.js(seen).await.as_u64().unwrap();
        eprintln!("of {} columns, {narrow} are seen beside the form and {wide} in the whole width", first.len());
        assert!(wide > narrow && wide >= 5, "{narrow}, {wide}");
        // Kept for this action, and for no other.
        browser.client.refresh().await.unwrap();
        browser.wait_for(".columns.wide .table-box tr[data-place]").await;
        bench.open("/actions/listComponents").await;
        run(browser).await;
        browser.wait_for(".columns:not(.wide) .table-box tr[data-place]").await;
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_rows_are_a_table_as_soon_as_they_are_a_tree() {
    on_the_page(DuroSim::builder().components(10_000), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", "10000").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text(".views .tree-bar [role=status]", "10,000 rows").await;
        assert!(browser.count(".table-box tr[data-place]").await < 60);
        // The tree was what opened before there was a table. Both are drawn again and again, in turn; the quickest
        // counts, because whatever else runs on the machine only ever adds.
        // What the first opening of each view costs: the others wait until somebody chooses them.
        for view in [2, 3, 1] {
            browser.click(&format!(".switch-view button:nth-child({view})")).await;
        }
        let first = "const first = name => performance.getEntriesByName(name)[0].duration; return ['result parsed', \
                     'lists found', 'columns found', 'view Table', 'view Tree', 'view JSON'].map(first)";
        let [parsed, lists, columns, table, tree, json]: [f64; 6] =
            serde_json::from_value(browser.js(first).await).unwrap();
        eprintln!(
            "10,000 rows, first opened: parsed in {parsed:.1} ms, lists found in {lists:.1} ms; the table in \
             {table:.1} ms, of which its columns {columns:.1} ms, the tree in {tree:.1} ms, JSON in {json:.1} ms"
        );
        eprintln!(
            "10,000 rows, first opened, over parsing: lists {:.2}, table {:.2}, tree {:.2}, JSON {:.2}",
            lists / parsed,
            table / parsed,
            tree / parsed,
            json / parsed
        );
        // A view that is opened once may be held up by whatever runs beside it: what its parts are is all that holds.
        assert!(
            columns <= table && [parsed, lists, tree, json].iter().all(|time| *time >= 0.0),
            "{columns} ms of {table} ms"
        );
        let script = "for (let turn = 0; turn < 25; turn++) for (const button of \
                      document.querySelectorAll('.switch-view button')) if (button.textContent !== 'JSON') \
                      button.click(); const least = name => Math.min(...performance.getEntriesByName(name).map(entry \
                      => entry.duration)); return [least('view Table'), least('view Tree')]";
        let (table, tree): (f64, f64) = serde_json::from_value(browser.js(script).await).unwrap();
        eprintln!("10,000 rows: the table in {table:.1} ms, the tree in {tree:.1} ms");
        // docs/performance.md has what it is; whatever runs beside it adds to both, and a browser's clock is coarse.
        assert!(table <= tree * 1.5 + 2.0, "the table takes {table} ms, the tree {tree} ms");

        // From the first row to the last, and sorted, in the time of a keystroke.
        browser.click(".switch-view button:first-child").await;
        browser.js("document.querySelector('.table-box table').focus()").await;
        browser.press(&[Key::End]).await;
        browser.wait_for(".table-box tr.focused[aria-rowindex='10001']").await;
        let sorted = "const times = []; for (let turn = 0; turn < 4; turn++) { const start = performance.now(); \
                      document.querySelector('[data-column=name] button').click(); times.push(performance.now() - \
                      start); } return Math.min(...times)";
        let sorted = browser.js(sorted).await.as_f64().unwrap();
        assert!(sorted < 1_000.0, "sorting took {sorted} ms");
    })
    .await;
}

/// Which view a result has opened in.
async fn view(browser: &Browser) -> String {
    browser.wait_for("#result .switch-view [aria-pressed=true]").await;
    browser.text("#result .switch-view [aria-pressed=true]").await
}

#[tokio::test]
async fn a_list_opens_as_a_table_however_long_it_is_and_a_record_with_lists_as_a_tree() {
    on_the_page(DuroSim::builder().components(30).change_orders(1), |bench| async move {
        let part = bench.sim.add(Resource::Components, "Grommet");
        bench.connect().await;
        let browser = bench.open("/actions/findComponents?name=Grommet").await;
        run(browser).await;
        assert_eq!(view(browser).await, "Table");
        browser.wait_for_text(".views .tree-bar [role=status]", "1 row").await;
        // A list of one that is said to be a list, and one that a record by its id comes in.
        bench.open("/actions/listChangeOrders").await;
        run(browser).await;
        assert_eq!(view(browser).await, "Table");
        bench.open(&format!("/actions/getComponentById?componentId={part}")).await;
        run(browser).await;
        assert_eq!(view(browser).await, "Tree");
        // Thirteen facts, and a list that is longer than they are, or shorter.
        for (length, opened) in [(20, "Table"), (5, "Tree")] {
            let facts: String = (0..13).map(|number| format!("fact{number}: __typename ")).collect();
            let list = "components(libraryType: GENERAL) { connection(first: ";
            let document = format!("{{ {facts} {list}{length}) {{ edges {{ node {{ id name }} }} }} }} }}");
            bench.open("/actions/rawRequest").await;
            browser.write_code("#input-query", &document).await;
            run(browser).await;
            assert_eq!(view(browser).await, opened, "{length} records");
        }
    })
    .await;
}
