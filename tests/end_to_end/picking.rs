//! An input that has a data source, asked for at a terminal.

use crate::at_a_terminal::start;
use crate::harness::Desk;
use crate::pty::Terminal;
use duro_sim::{DuroSim, Fault, Resource};
use serde_json::Value;

const ACTION: [&str; 4] = ["action", "getComponentById", "--jq", ".data.componentsByIds[0].id"];
const UP: &str = "\u{1b}[A";

/// A page of what can be picked, as the command shows it.
async fn page(desk: &Desk, cursor: Option<&str>) -> Value {
    let cursor: Vec<String> = cursor.iter().map(|cursor| format!("--cursor={cursor}")).collect();
    let mut words = vec!["data-source", "selectComponent"];
    words.extend(cursor.iter().map(String::as_str));
    desk.run(&words).await.json()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A terminal at which the first page of choices is shown.
async fn asked(desk: &Desk) -> Terminal {
    let terminal = start(desk, 100, &[], &ACTION);
    terminal.wait_for("(type it in)").await;
    terminal
}

async fn assert_done(terminal: Terminal, id: &str) {
    let (status, text) = terminal.end().await;
    assert!(status == 0 && text.trim_end().ends_with(id), "{id} is not what was done: {text}");
}

#[tokio::test]
async fn a_choice_is_made_by_its_label_from_the_first_page_or_a_later_one() {
    let desk = Desk::with(DuroSim::builder().components(150)).await;
    let first = page(&desk, None).await;
    let mut terminal = asked(&desk).await;
    terminal.wait_for(text(&first["result"][0]["label"])).await;
    assert!(!terminal.text().contains(text(&first["result"][0]["key"])), "{}", terminal.text());
    terminal.type_in("\r");
    assert_done(terminal, text(&first["result"][0]["key"])).await;

    let second = page(&desk, Some(text(&first["next"]))).await;
    let mut terminal = asked(&desk).await;
    // The ways to other items stand before the first, and before these comes the last line.
    terminal.type_in(&format!("{UP}{UP}{UP}\r"));
    terminal.wait_for(text(&second["result"][0]["label"])).await;
    terminal.type_in("\r");
    assert_done(terminal, text(&second["result"][0]["key"])).await;
}

#[tokio::test]
async fn a_choice_is_searched_for_or_typed_in_by_hand() {
    let desk = Desk::with(DuroSim::builder().components(60)).await;
    let wanted = desk.sim.records(Resource::Components).remove(41);
    let id = format!("componentId={}", wanted.id);
    let part = desk.run(&["action", "getComponentById", "--input", &id]).await.json();
    let number = text(&part["data"]["componentsByIds"][0]["cpn"]["displayValue"]);
    let mut terminal = asked(&desk).await;
    terminal.type_in(&format!("{UP}{UP}\r"));
    terminal.wait_for("Search for").await;
    terminal.type_in(&format!("{number}\r"));
    terminal.wait_for(&format!("search: {number}")).await;
    terminal.type_in("\r");
    assert_done(terminal, &wanted.id).await;

    let mut terminal = asked(&desk).await;
    terminal.type_in(&format!("{UP}\r"));
    terminal.wait_for("Component ID ›").await;
    terminal.type_in(&format!("{}\r", wanted.id));
    assert_done(terminal, &wanted.id).await;
}

#[tokio::test]
async fn a_data_source_that_fails_says_so_once_and_leaves_the_input_to_be_typed_in() {
    let desk = Desk::new().await;
    let id = desk.sim.records(Resource::Components).remove(0).id;
    desk.sim.fault_next(Fault::HtmlPage);
    let mut terminal = start(&desk, 100, &[], &ACTION);
    terminal.wait_for("nothing can be picked from selectComponent, so type it in: unexpected-response:").await;
    terminal.wait_for("Component ID ›").await;
    assert!(!terminal.text().contains("(type it in)"), "{}", terminal.text());
    terminal.type_in(&format!("{id}\r"));
    assert_eq!(terminal.text().matches("nothing can be picked").count(), 1);
    assert_done(terminal, &id).await;
}
