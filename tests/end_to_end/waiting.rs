//! What a person at a terminal sees of a call that is under way, and how they end it.

use crate::at_a_terminal::{GRANTS, start};
use crate::harness::{Desk, POLL};
use crate::pty::Terminal;
use duro_sim::{DuroSim, Fault};
use std::time::Duration;

#[tokio::test]
async fn a_call_says_how_far_it_is_and_counts_down_to_the_next_attempt() {
    let desk = Desk::with(DuroSim::builder().components(300)).await;
    desk.sim.fault_next(Fault::SlowHeaders(Duration::from_millis(1500)));
    desk.sim.fault_next(Fault::rate_limited(3));
    let words = ["action", "listComponents", "--input", "first=300", "--jq", ".data|length"];
    let terminal = start(&desk, 160, &[], &words);
    terminal.wait_for("Waiting for the answer to request 1, for 1 s so far.").await;
    for left in [3, 2, 1] {
        terminal.wait_for(&format!("Request 2 is sent again in {left} s; attempt 1 of 4: ")).await;
    }
    let (status, text) = terminal.end().await;
    assert!(status == 0 && text.trim_end().ends_with("300"), "{text}");
    // In pages and records, which is what somebody waits for.
    let answered = text.split("Page 1 is read: 100 records so far, ").nth(1).unwrap_or_else(|| panic!("{text}"));
    assert!(answered.contains(" KiB received."), "{text}");
}

#[tokio::test]
async fn nothing_is_said_of_it_to_a_program_or_to_whoever_wants_quiet() {
    let desk = Desk::new().await;
    let fault = || desk.sim.fault_next(Fault::rate_limited(1));
    fault();
    let (status, text) = start(&desk, 160, &[], &["action", "getCurrentUser", "--quiet", "--jq", "1"]).end().await;
    assert!(status == 0 && !text.contains("Performing") && !text.contains("attempt 1"), "{text}");
    fault();
    let ended = desk.run(&["action", "getCurrentUser"]).await;
    assert!(ended.status == 0 && !ended.messages.contains("Performing"), "{}", ended.messages);
    assert!(!ended.messages.contains("attempt 1"), "{}", ended.messages);
}

#[tokio::test]
async fn ctrl_c_cancels_a_call_says_what_was_sent_and_ends_the_loop_of_a_shell() {
    let desk = Desk::new().await;
    desk.sim.fault_next(Fault::rate_limited(25));
    let call = format!("harness {} action getCurrentUser --connection connection.json", GRANTS.join(" "));
    // A shell goes on with the next command unless this one was ended by the signal.
    let line = format!("{call} --output out.json; echo 'it went'\" on\"");
    let mut terminal = Terminal::start_program(&desk, "bash", &["-c", &line]);
    terminal.wait_for("attempt 1 of 4").await;
    terminal.type_in("\u{3}");
    let (status, text) = terminal.end().await;
    assert_ne!(status, 0, "{text}");
    assert!(text.trim_end().ends_with("Cancelled. 1 request was sent before that."), "{text}");
    assert!(!text.contains("it went on"), "{text}");
    // Neither a result nor what was to become one.
    let left: Vec<_> = std::fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("out")), "{left:?}");
}

#[tokio::test]
async fn ctrl_c_at_a_question_cancels_and_gives_the_cursor_back() {
    let desk = Desk::new().await;
    let mut terminal = start(&desk, 100, &[], &["action", "createChangeOrder"]);
    terminal.wait_for("Name ›").await;
    terminal.type_in("\u{3}");
    let (_, text) = terminal.end().await;
    assert!(text.contains("Cancelled: nothing was sent.") && !text.contains("error:"), "{text}");

    let mut terminal = start(&desk, 100, &[], &["action", "getComponentById"]);
    terminal.wait_for("(type it in)").await;
    terminal.type_in("\u{3}");
    let (_, raw) = terminal.end_raw().await;
    assert!(raw.contains("Cancelled. 1 request was sent before that."), "{raw}");
    let (shown, hidden) = (raw.rfind("\u{1b}[?25h"), raw.rfind("\u{1b}[?25l"));
    assert!(hidden.is_some() && shown > hidden, "{raw:?}");
}

#[tokio::test]
async fn a_poll_that_is_cancelled_leaves_the_state_as_it_was() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    let state = std::fs::read(desk.file("poll.state")).unwrap();
    desk.sim.fault_next(Fault::rate_limited(25));
    let mut terminal = start(&desk, 100, &[], &POLL);
    terminal.wait_for("attempt 1 of 4").await;
    terminal.type_in("\u{3}");
    let (_, text) = terminal.end().await;
    assert!(text.contains("Cancelled. "), "{text}");
    assert_eq!(std::fs::read(desk.file("poll.state")).unwrap(), state);
    assert_eq!(desk.run(&POLL).await.status, 0);
}
