//! The hosts of `examples/hosts`, as far as that can be seen without running them; `cargo xtask hosts` runs them.

use crate::support::root;
use host::Limits;
use serde_json::{Value, json};
use std::fs;

#[test]
fn the_hosts_in_other_languages_go_by_the_limits_of_this_one() {
    let rules: Value =
        serde_json::from_str(&fs::read_to_string(root().join("examples/hosts/rules.json")).unwrap()).unwrap();
    let limits = Limits::default();
    let expected = json!({
        "deadlineSeconds": limits.deadline.as_secs(),
        "memoryBytes": limits.memory_bytes,
        "requests": limits.requests,
        "requestBytes": limits.request_bytes,
        "sentBytes": limits.sent_bytes,
        "responseBytes": limits.response_bytes,
        "receivedBytes": limits.received_bytes,
        "resultBytes": limits.result_bytes,
        "stateBytes": limits.state_bytes,
        "logLines": limits.log_lines,
        "logLineBytes": limits.log_line_bytes,
    });
    assert_eq!(rules["limits"], expected);
}
