//! What is held against what: two runs of the same call, and how alike they must be. Pure.

use std::borrow::Cow;

use serde_json::{Value, json};

/// One run of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The exit status; none where a signal ended it.
    pub(super) status: Option<i32>,
    pub(super) output: String,
    pub(super) messages: String,
}

/// How alike two runs must be. Their exit statuses are the same in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// Standard output, byte for byte.
    Bytes,
    /// The same, but for the value of the answer's header `date`, which is another every second.
    BytesButDate,
    /// The same JSON, however it is laid out: a manifest, which the harness prints for people.
    Json,
    /// Of an error in the host's own words: `kind`, `failure`, `limitBytes` and `endedBy`.
    Kind,
    /// The same without `endedBy`: engines in which a host cannot see why memory did not grow call that a crash.
    KindAlone,
}

impl Compared {
    /// What differs, for people; none where nothing does.
    pub(super) fn problem(self, what: &str, expected: &Run, found: &Run) -> Option<String> {
        if expected.status == found.status && self.of(&expected.output) == self.of(&found.output) {
            return None;
        }
        let shown = |run: &Run| {
            let same =
                expected.output.bytes().zip(found.output.bytes()).take_while(|(one, other)| one == other).count();
            let from =
                (0..=same.saturating_sub(60)).rev().find(|at| run.output.is_char_boundary(*at)).unwrap_or_default();
            let part: String = run.output.get(from..).unwrap_or_default().chars().take(400).collect();
            format!("status {:?}, from byte {from} on: {}", run.status, part.trim_end())
        };
        let messages = found.messages.trim_end();
        let said = if messages.is_empty() { String::new() } else { format!("\n  it said: {messages}") };
        Some(format!("{what}\n  the harness: {}\n  this host:   {}{said}", shown(expected), shown(found)))
    }

    fn of(self, output: &str) -> Value {
        match self {
            Self::Bytes => without_advice(output).into(),
            Self::BytesButDate => without_date(&without_advice(output)).into(),
            Self::Json => serde_json::from_str(output).unwrap_or_else(|error| json!([output, error.to_string()])),
            Self::Kind => parts(output, &["kind", "failure", "limitBytes", "endedBy"]),
            Self::KindAlone => parts(output, &["kind", "failure"]),
        }
    }
}

/// Members of the error; the whole output where it is none.
fn parts(output: &str, members: &[&str]) -> Value {
    let value: Value = serde_json::from_str(output).unwrap_or_default();
    match value.get("error") {
        Some(error) => members.iter().map(|member| error.get(member).cloned().unwrap_or_default()).collect(),
        None => output.into(),
    }
}

/// The text without what the harness alone says beside an error: that a change may have been made.
fn without_advice(output: &str) -> Cow<'_, str> {
    match output.trim_end().strip_suffix(",\"mayBeDone\":true}") {
        Some(error) => format!("{error}}}\n").into(),
        None => output.into(),
    }
}

/// The text with what stands behind each `date` in a list of headers left out, however deep in JSON within JSON that
/// is.
fn without_date(output: &str) -> String {
    let mut rest = output;
    let mut text = String::new();
    while let Some(at) = rest.find("\"date") {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        let end = after.find(']').unwrap_or(after.len());
        text.push_str("\"date …");
        rest = after.get(end..).unwrap_or_default();
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: i32, output: &str) -> Run {
        Run { status: Some(status), output: output.to_owned(), messages: String::new() }
    }

    fn differ(compared: Compared, one: &str, other: &str) -> bool {
        compared.problem("it", &run(1, one), &run(1, other)).is_some()
    }

    #[test]
    fn one_byte_more_less_or_other_is_a_difference_and_is_shown() {
        let line = "{\"data\":[{\"id\":\"ü1\",\"mass\":67.623}]}\n";
        assert!(!differ(Compared::Bytes, line, line));
        for other in [line.replace("623", "624"), line.replace(",\"mass", ", \"mass"), line.trim_end().to_owned()] {
            let problem = Compared::Bytes.problem("an action in node", &run(0, line), &run(0, &other)).unwrap();
            assert!(problem.contains("an action in node") && problem.contains("67.62"), "{problem}");
        }
    }

    #[test]
    fn what_the_harness_says_beside_an_error_is_no_difference_and_within_one_it_is() {
        let error = "{\"error\":{\"kind\":\"service\"}}\n";
        assert!(!differ(Compared::Bytes, "{\"error\":{\"kind\":\"service\"},\"mayBeDone\":true}\n", error));
        assert!(differ(Compared::Bytes, "{\"error\":{\"kind\":\"service\",\"mayBeDone\":true}}\n", error));
    }

    #[test]
    fn another_exit_status_is_a_difference_whatever_was_printed() {
        for compared in [Compared::Bytes, Compared::BytesButDate, Compared::Json, Compared::Kind, Compared::KindAlone] {
            assert!(compared.problem("it", &run(1, "{}"), &run(3, "{}")).is_some());
        }
    }

    #[test]
    fn of_a_date_its_value_alone_may_differ() {
        let headers = |date: &str| {
            format!("{{\"headers\":[[\"x\",\"1\"]{date},[\"y\",\"2\"]],\"in\":\"[\\\"date\\\",\\\"D\\\"]\"}}")
        };
        assert!(!differ(Compared::BytesButDate, &headers(",[\"date\",\"D\"]"), &headers(",[\"date\",\"E\"]")));
        assert!(differ(Compared::BytesButDate, &headers(",[\"date\",\"D\"]"), &headers("")));
        assert!(differ(Compared::BytesButDate, &headers(""), &headers("").replace("\"1\"", "\"3\"")));
    }

    #[test]
    fn of_a_hosts_own_words_the_kind_the_failure_and_who_ended_the_call_must_be_the_same() {
        let error = |failure: &str, ended: &str| {
            format!(
                "{{\"error\":{{\"kind\":\"transport\",\"message\":\"{ended}\",\"failure\":\"{failure}\",\"endedBy\":\"{ended}\"}}}}"
            )
        };
        assert!(!differ(
            Compared::Kind,
            &error("denied", "limit"),
            &error("denied", "limit").replace("\"message\":\"limit", "\"message\":\"a limit")
        ));
        assert!(differ(Compared::Kind, &error("denied", "limit"), &error("denied", "refusal")));
        assert!(differ(Compared::Kind, &error("denied", "limit"), &error("timeout", "limit")));
        assert!(!differ(Compared::KindAlone, &error("denied", "limit"), &error("denied", "trap")));
        assert!(differ(Compared::KindAlone, &error("denied", "limit"), "{\"data\":{}}"));
    }

    #[test]
    fn json_is_compared_by_what_it_says() {
        assert!(!differ(Compared::Json, "{\"a\": 1,\n\"b\": 2}", "{\"b\":2,\"a\":1}"));
        assert!(differ(Compared::Json, "{\"a\":1}", "{\"a\":2}"));
        assert!(differ(Compared::Json, "no", "nor"));
    }
}
