//! Polls of answers in JSON that are odd: times that are none, and whatever a service may say about whose the records
//! are.

use connector_sdk::testing::{self, FakeHost};
use connector_sdk::{Connection, Connector, Error, PollResult};
use serde_json::Value;

use crate::Duro;
use crate::tests::connection;

/// When the services of these tests answer.
const DATE: (&str, &str) = ("date", "Fri, 14 Jun 2024 15:00:00 GMT");

/// What no record can have as its `lastModified`, in JSON.
const NO_TIMES: [&str; 16] = [
    "null",
    "1718377096638",
    "{\"$date\":\"2024-06-14T14:58:16.638Z\"}",
    "[]",
    "true",
    "\"\"",
    "\"yesterday\"",
    "\"2024-06-14\"",
    "\"2024-06-14T14:58:16\"",
    "\"2024-06-14T14:58Z\"",
    "\"2024-06-14T14:58:16+99:99\"",
    "\"2024-06-31T14:58:16.638Z\"",
    "\"0001-01-01T00:00:00.000Z\"",
    "\"1970-01-01T00:00:00.000Z\"",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"2024-06-14T14:58:16.638Z\\u0000\"",
];

/// A record that was created long ago.
fn record(id: u32, name: &str, last_modified: &str) -> String {
    format!(
        r#"{{"id":"{id:024x}","name":"{name}","created":"2019-03-01T08:00:00.000Z","lastModified":{last_modified}}}"#
    )
}

/// A record of this second on 14 June 2024.
fn at(id: u32, second: u32) -> String {
    record(id, "a part", &format!("\"2024-06-14T14:58:{second:02}.638Z\""))
}

/// An answer with these records, and more in its `data`.
fn answer(records: &[String], beside: &str, has_next: bool) -> String {
    let edges: Vec<String> = records.iter().map(|record| format!(r#"{{"cursor":"c","node":{record}}}"#)).collect();
    format!(
        r#"{{"data":{{{beside}"components":{{"connection":{{"edges":[{}],"pageInfo":{{"hasNextPage":{has_next}}}}}}}}}}}"#,
        edges.join(",")
    )
}

fn owner(company: &str) -> String {
    format!(r#""userById":{{"primaryCompany":{company}}},"#)
}

fn company(id: &str) -> String {
    owner(&format!(r#"{{"id":"{id}"}}"#))
}

fn poll_with(host: &FakeHost, to: &Connection, state: Option<&[u8]>) -> Result<PollResult, Error> {
    Duro::poll(host, "pollChangesTrigger", to, "{}", state)
}

/// One poll that gets one answer.
fn poll(body: &str, state: Option<&[u8]>) -> Result<PollResult, Error> {
    let host = FakeHost::default();
    host.then(200, &[DATE], body);
    poll_with(&host, &connection(), state)
}

/// The ids that a poll delivers, as they count up.
fn delivered(result: &PollResult) -> Vec<u32> {
    let payload: Value = serde_json::from_str(&result.payload).unwrap();
    let list = |name: &str| payload["body"]["data"][name].as_array().unwrap().clone();
    let ids = [list("created"), list("updated")].concat();
    let mut ids: Vec<u32> =
        ids.iter().map(|record| u32::from_str_radix(record["id"].as_str().unwrap(), 16).unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn refusal(result: Result<PollResult, Error>) -> String {
    match result {
        Err(Error::InvalidState(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_without_a_readable_time_is_delivered_once_wherever_it_stands_and_stops_nothing() {
    let old: Vec<String> = (1..=6).map(|id| at(id, 10 - id)).collect();
    for time in NO_TIMES {
        for place in 0..=old.len() {
            let first = poll(&answer(&old, "", false), None).unwrap();
            let mut records = old.clone();
            records.insert(place, record(99, "of no time", time));
            let second = poll(&answer(&records, "", false), Some(&first.state)).unwrap();
            assert_eq!(delivered(&second), [99], "{time} at {place}");
            let third = poll(&answer(&records, "", false), Some(&second.state)).unwrap();
            assert_eq!(delivered(&third), [0_u32; 0], "{time} at {place}");
            // It changes again, and so does another.
            records[place] = record(99, "of no time either", time);
            records.insert(0, at(98, 30));
            let fourth = poll(&answer(&records, "", false), Some(&third.state)).unwrap();
            assert_eq!(delivered(&fourth), [98, 99], "{time} at {place}");
            let fifth = poll(&answer(&records, "", false), Some(&fourth.state)).unwrap();
            assert_eq!(delivered(&fifth), [0_u32; 0], "{time} at {place}");
        }
    }
}

#[test]
fn a_list_of_nothing_but_records_without_a_time_is_followed_too() {
    for time in NO_TIMES {
        let mut records: Vec<String> = (1..=3).map(|id| record(id, "as it was", time)).collect();
        let first = poll(&answer(&records, "", false), None).unwrap();
        assert!(first.no_changes && !first.more);
        records[1] = record(2, "changed", time);
        let second = poll(&answer(&records, "", false), Some(&first.state)).unwrap();
        assert_eq!(delivered(&second), [2], "{time}");
        records.insert(0, at(9, 30));
        let third = poll(&answer(&records, "", false), Some(&second.state)).unwrap();
        assert_eq!(delivered(&third), [9], "{time}");
    }
}

#[test]
fn a_first_poll_takes_what_has_no_time_for_old() {
    for time in NO_TIMES {
        let records = [at(1, 9), record(2, "as it was", time), at(3, 8)];
        let first = poll(&answer(&records, "", false), None).unwrap();
        assert!(first.no_changes && !first.more, "{time}");
        assert!(poll(&answer(&records, "", false), Some(&first.state)).unwrap().no_changes, "{time}");
    }
}

#[test]
fn a_record_that_gets_a_time_or_loses_it_is_delivered_as_the_update_that_it_is() {
    let with = |record: String| answer(&[at(1, 9), record, at(3, 8)], "", false);
    let (timed, untimed) = (|second| at(2, second), record(2, "a part", "\"soon\""));
    let mut state = poll(&with(timed(8)), None).unwrap().state;
    for version in [untimed.clone(), timed(20), untimed.clone(), timed(30)] {
        let result = poll(&with(version.clone()), Some(&state)).unwrap();
        assert_eq!(delivered(&result), [2], "{version}");
        assert!(result.payload.contains("\"created\":[]"), "{version}");
        state = result.state;
    }
}

#[test]
fn pages_are_joined_by_records_without_a_time_as_by_others() {
    let untimed: Vec<String> = (10..15).map(|id| record(id, "of no time", "\"soon\"")).collect();
    let first = poll(&answer(&[at(1, 9), at(2, 8)], "", false), None).unwrap();
    let host = FakeHost::default();
    let second_page = [&untimed[3..], &[at(7, 30), at(1, 9), at(2, 8)]].concat();
    host.then(200, &[DATE], &answer(&untimed, "", true));
    host.then(200, &[DATE], &answer(&second_page, "", false));
    let second = poll_with(&host, &connection(), Some(&first.state)).unwrap();
    assert_eq!(delivered(&second), [7, 10, 11, 12, 13, 14]);
}

#[test]
fn an_unreadable_created_makes_a_record_an_update_and_fails_nothing() {
    let first = poll(&answer(&[at(1, 9)], "", false), None).unwrap();
    for time in NO_TIMES {
        let new = at(2, 20).replace("\"2019-03-01T08:00:00.000Z\"", time);
        let second = poll(&answer(&[new, at(1, 9)], "", false), Some(&first.state)).unwrap();
        assert_eq!(delivered(&second), [2], "{time}");
        assert!(second.payload.contains("\"created\":[],"), "{time}: {}", second.payload);
    }
}

#[test]
fn a_time_with_escapes_is_read_and_one_that_is_none_is_warned_of_with_its_beginning() {
    let host = FakeHost::default();
    let records = [
        record(1, "x", "\"2024-06-14T16:58:20.638\\u002B02:00\""),
        record(2, "x", &format!("\"{}\"", "no time ".repeat(1_000))),
        r#"{"name":"without an id"}"#.to_owned(),
    ];
    host.then(200, &[DATE], &answer(&records, "", false));
    poll_with(&host, &connection(), None).unwrap();
    let logged = host.logged.borrow();
    let line = logged.iter().find(|line| line.contains("times of records are none")).unwrap();
    assert!(line.starts_with("1 times") && line.contains("no time no time") && line.len() < 300, "{line}");
    assert!(logged.iter().any(|line| line.contains("1 records without an id")), "{logged:?}");
}

#[test]
fn a_state_is_of_one_company_and_a_renewed_key_of_it_goes_on() {
    let list = |beside: &str, second| answer(&[at(1, second), at(2, 8)], beside, false);
    let first = poll(&list(&company("5f1e00000000000000000001"), 9), None).unwrap();
    let again = poll(&list(&company("5f1e00000000000000000001"), 20), Some(&first.state)).unwrap();
    assert_eq!(delivered(&again), [1]);
    for state in [&first.state, &again.state] {
        let other = poll(&list(&company("5f1e00000000000000000002"), 30), Some(state));
        let message = refusal(other);
        assert!(message.contains("another company") && message.contains("begin without a state"), "{message}");
        let text = std::str::from_utf8(state).unwrap();
        assert!(!text.contains("5f1e"), "the state says who wrote it: {text}");
    }
}

#[test]
fn a_service_that_does_not_say_whose_the_records_are_fails_no_poll_and_frees_no_state() {
    let list = |beside: &str, second| answer(&[at(1, second), at(2, 8)], beside, false);
    let (ours, others) = (company("ours"), company("others"));
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    let huge = format!("\"{}\"", "x".repeat(100_000));
    let silent = [
        String::new(),
        "\"userById\":null,".to_owned(),
        "\"userById\":42,".to_owned(),
        "\"userById\":[{\"primaryCompany\":{\"id\":\"others\"}}],".to_owned(),
        format!("\"userById\":{deep},"),
        format!("\"userById\":{huge},"),
        format!("{others}\"userById\":null,"),
        owner("null"),
        owner("[]"),
        owner("{}"),
        owner("{\"id\":null}"),
        owner("{\"id\":\"\"}"),
        owner("{\"id\":true}"),
        owner("{\"id\":{\"id\":\"others\"}}"),
        owner(&format!("{{\"id\":{deep}}}")),
        owner("{\"id\":\"\\ud800\"}"),
    ];
    let bound = poll(&list(&ours, 9), None).unwrap().state;
    for beside in silent {
        let result = poll(&list(&beside, 20), Some(&bound)).unwrap();
        assert_eq!(delivered(&result), [1], "{beside:.80}");
        refusal(poll(&list(&others, 30), Some(&result.state)));
        // And a state that was never bound is bound as soon as it says.
        let unbound = poll(&list(&beside, 9), None).unwrap().state;
        assert!(!String::from_utf8(unbound.clone()).unwrap().contains("\"company\""), "{beside:.80}");
        let told = poll(&list(&others, 20), Some(&unbound)).unwrap().state;
        refusal(poll(&list(&ours, 30), Some(&told)));
    }
}

#[test]
fn an_id_is_one_company_however_it_is_written() {
    let list = |beside: &str| answer(&[at(1, 9), at(2, 8)], beside, false);
    let bound = |beside: &str| poll(&list(beside), None).unwrap().state;
    for (one, same) in [
        (owner("{\"id\":17}"), owner("{\"id\":\"17\"}")),
        (company("abc"), owner("{\"id\":\"\\u0061bc\", \"name\":\"x\"}")),
        // Of members with the same key the last counts.
        (company("abc"), format!("{}{}", company("others"), company("abc"))),
        (company("abc"), owner("{\"id\":\"others\",\"id\":\"abc\"}")),
    ] {
        assert!(poll(&list(&same), Some(&bound(&one))).is_ok(), "{one} {same}");
    }
    let huge = company(&"x".repeat(100_000));
    assert!(bound(&huge).len() < 1_000);
    assert!(poll(&list(&huge), Some(&bound(&huge))).is_ok());
    refusal(poll(&list(&company(&"x".repeat(100_001))), Some(&bound(&huge))));
}

#[test]
fn the_company_is_asked_for_with_the_first_page_alone() {
    let first = poll(&answer(&[at(1, 9), at(2, 8)], "", false), None).unwrap();
    let host = FakeHost::default();
    let page: Vec<String> = (3..8).map(|id| at(id, 40 - id)).collect();
    host.then(200, &[DATE], &answer(&page, &company("ours"), true));
    host.then(200, &[DATE], &answer(&[&page[2..], &[at(1, 9), at(2, 8)]].concat(), "", false));
    poll_with(&host, &connection(), Some(&first.state)).unwrap();
    assert_eq!(host.requests(), 2);
    let asked = [0, 1].map(|index| host.body(index)["variables"]["withCompany"].as_bool().unwrap());
    assert_eq!(asked, [true, false]);
    assert!(host.body(0)["query"].as_str().unwrap().contains("userById @include(if: $withCompany)"));
}

#[test]
fn an_error_about_the_company_alone_fails_nothing() {
    let with = |errors: &str| {
        answer(&[at(1, 9)], "\"userById\":null,", false).replacen('{', &format!("{{\"errors\":{errors},"), 1)
    };
    for errors in [
        r#"[{"message":"Unauthorized","path":["userById"]}]"#,
        r#"[{"message":"You are not authorized to do this","path":["userById","primaryCompany"]},
            {"message":"x","path":["userById",0]}]"#,
    ] {
        let host = FakeHost::answering(&[&with(errors)]);
        poll_with(&host, &connection(), None).unwrap();
        assert_eq!(host.requests(), 1);
    }
    for errors in [
        r#"[{"message":"x"}]"#,
        r#"[{"message":"x","path":[]}]"#,
        r#"[{"message":"x","path":[0,"userById"]}]"#,
        r#"[{"message":"x","path":"userById"}]"#,
        r#"[{"message":"x","path":["components","userById"]}]"#,
        r#"[{"message":"x","path":["userById"]},{"message":"y","path":["components"]}]"#,
        r#"{"path":["userById"]}"#,
    ] {
        let host = FakeHost::answering(&[&with(errors), &with(errors)]);
        assert!(matches!(poll_with(&host, &connection(), None), Err(Error::Service(_))), "{errors}");
    }
}

#[test]
fn a_service_that_refuses_all_because_of_the_company_is_asked_again_without_it() {
    let refusals = [
        (500, r#"{"errors":[{"message":"You are not authorized to perform this action."}],"success":false}"#),
        (403, r#"{"errors":[{"message":"no"}]}"#),
        (400, r#"{"errors":[{"message":"Cannot query field \"userById\" on type \"Query\"."}]}"#),
        (200, r#"{"data":null,"errors":[{"message":"x","path":["userById"]}]}"#),
    ];
    for (status, refusal) in refusals {
        let host = FakeHost::default();
        host.then(status, &[DATE], refusal);
        host.then(200, &[DATE], &answer(&[at(1, 9)], "", false));
        poll_with(&host, &connection(), None).unwrap();
        assert_eq!(host.body(1)["variables"]["withCompany"], false);
        // Where that was not the reason, the second error is the poll's.
        let host = FakeHost::default();
        host.then(status, &[DATE], refusal);
        host.then(429, &[DATE], "");
        assert!(matches!(poll_with(&host, &connection(), None), Err(Error::RateLimited(None))));
    }
    // What cannot be about the company is not tried again.
    for (status, body) in
        [(500, r#"{"errors":[{"message":"Unauthorized"}]}"#), (503, "down"), (429, ""), (200, "<html>")]
    {
        let host = FakeHost::default();
        host.then(status, &[DATE], body);
        assert!(poll_with(&host, &connection(), None).is_err());
        assert_eq!(host.requests(), 1, "{status} {body}");
    }
}

#[test]
fn another_companys_key_is_refused_even_where_the_state_goes_on_with_a_cursor_that_only_the_first_one_has() {
    // A drain that was left off: its cursor is the first company's.
    let state = include_bytes!("../../tests/states/v3-drain.json");
    let host = FakeHost::default();
    let unknown = r#"{"data":null,"errors":[{"message":"no such cursor"}]}"#;
    host.then(200, &[DATE], unknown);
    host.then(200, &[DATE], unknown);
    host.then(200, &[DATE], &answer(&[at(1, 9)], &company("others"), false));
    refusal(poll_with(&host, &connection(), Some(state)));
}

#[test]
fn a_state_of_another_origin_is_refused_before_anything_is_sent_and_an_old_one_is_adopted_once() {
    let to = |endpoint: &str| testing::connection("duroApiKey", endpoint);
    let elsewhere = &to("https://eu.duro.app/graphql");
    let secret = &to("https://MFG.duro.app:443/graphql?token=tok-4711");
    let list = answer(&[at(1, 9), at(2, 8)], "", false);
    let first = poll(&list, None).unwrap();
    let host = FakeHost::default();
    let message = refusal(poll_with(&host, elsewhere, Some(&first.state)));
    assert!(message.contains("belongs to https://mfg.duro.app, and"), "{message}");
    assert!(message.contains("leads to https://eu.duro.app:"), "{message}");
    assert_eq!(host.requests(), 0);

    // The same origin in another spelling goes on, and nothing but the origin is kept.
    let host = FakeHost::answering(&[&list]);
    let result = poll_with(&host, secret, Some(&first.state)).unwrap();
    assert!(!String::from_utf8(result.state).unwrap().contains("tok-4711"));

    for old in [
        &include_bytes!("../../tests/states/v1-baseline.json")[..],
        include_bytes!("../../tests/states/v2-baseline.json"),
        include_bytes!("../../tests/states/v2-drain.json"),
    ] {
        let host = FakeHost::answering(&[&answer(&[at(1, 9)], &company("ours"), false)]);
        // A drain that begins again at the top, and the pass after it.
        (0..2).for_each(|_| host.then(200, &[DATE], &answer(&[at(1, 9)], "", false)));
        let adopted = poll_with(&host, elsewhere, Some(old)).unwrap();
        let message = refusal(poll(&list, Some(&adopted.state)));
        assert!(message.contains("belongs to https://eu.duro.app"), "{message}");
        let host = FakeHost::answering(&[&answer(&[at(1, 9)], &company("others"), false)]);
        assert!(refusal(poll_with(&host, elsewhere, Some(&adopted.state))).contains("another company"));
    }
}
