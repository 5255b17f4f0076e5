//! Tests of what is taken out: by name, by pattern, and wherever it stands; and of how long that takes.

use serde_json::json;

use super::*;

fn redaction(names: &[&str], patterns: &[&str]) -> Redaction {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Redaction::new(&owned(names), &owned(patterns)).unwrap()
}

/// The JSON without it.
fn without(redaction: &Redaction, json: impl ToString) -> String {
    let mut json = json.to_string();
    redaction.take_out(&mut [&mut json], &mut [], &[]);
    json
}

#[test]
fn values_go_by_the_names_of_their_members_and_what_holds_none_stays_as_it_is_spelled() {
    let plain = Redaction::default();
    for (json, expected) in [
        (r#"{"Pass-Word": "x", "a": 1.0e5}"#, r#"{"Pass-Word": "[redacted]", "a": 1.0e5}"#),
        (
            r#"{"token":{"value":"x","n":12,"zero":0,"no":null,"yes":true}}"#,
            r#"{"token":{"value":"[redacted]","n":0,"zero":0,"no":null,"yes":true}}"#,
        ),
        (r#"{"name":"x","tokens":["y"],"password":""}"#, r#"{"name":"x","tokens":["y"],"password":""}"#),
        (r#""\ud800""#, r#""\ud800""#),
    ] {
        assert_eq!(without(&plain, json), expected);
    }
    assert_eq!(without(&redaction(&["Serial_No"], &[]), r#"{"serialNo":"1-2"}"#), r#"{"serialNo":"[redacted]"}"#);
}

#[test]
fn what_was_taken_out_under_its_name_is_taken_out_wherever_it_stands_and_what_is_short_is_not() {
    let json = json!({
        "name": "of hunter22, and of abc", "password": "hunter22", "secret": "abc",
        "link": "https://a.example/?p=hunter%32%32", "typed": "{\"apiKey\": \"another-key\", \"x\": \"another-key!\"}",
    });
    let (mut text, mut title, mut short, mut cut) =
        (json.to_string(), "hunter22".to_owned(), "abc".to_owned(), "hunt…".to_owned());
    let mut message = "said of hunter22".to_owned();
    let words = &mut [&mut title, &mut short, &mut cut, &mut message];
    Redaction::default().take_out(&mut [&mut text], words, &[]);
    for gone in ["hunter", "another-key", "%32"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert!(text.contains("of [redacted], and of abc") && text.contains("https://a.example/?p=[redacted]"), "{text}");
    let typed = serde_json::from_str::<Value>(&text).unwrap()["typed"].as_str().unwrap().to_owned();
    assert_eq!(typed, "{\"apiKey\": \"[redacted]\", \"x\": \"[redacted]!\"}");
    assert_eq!([title, short, cut, message].join(" "), "[redacted] [redacted] [redacted] said of [redacted]");
}

#[test]
fn what_a_pattern_matches_goes_and_what_stands_for_it_stays() {
    let redaction = redaction(&[], &["[0-9]{3}-[0-9]{5}", "red[a-z]+", "x*"]);
    let once = without(&redaction, json!({ "a": "of 410-00012, redder than \"x\"", "token": "410-00012" }));
    assert_eq!(once, r#"{"a":"of [redacted], [redacted] than \"[redacted]\"","token":"[redacted]"}"#);
    assert_eq!(without(&redaction, &once), once);
}

#[test]
fn twenty_thousand_values_are_taken_out_in_the_time_of_reading_them() {
    let record = |number: usize| {
        let token = format!("token-{number:08}-of-one");
        json!({ "token": token, "name": format!("Part {number}"), "of": token, "in": format!("is {token}") })
    };
    let records: Vec<Value> = (0..20_000).map(record).collect();
    let started = Instant::now();
    let clean = without(&redaction(&[], &["Part 1[0-9]*"]), Value::from(records));
    let took = started.elapsed();
    assert!(clean.contains("Part 2\"") && !clean.contains("Part 1"));
    // As a text of its own each of them; within another one as many as are looked for.
    assert!(!clean.contains("\"token-") && clean.matches("-of-one").count() == 20_000 - MOST_SOUGHT);
    // Half a second where what to look for is got ready once, and minutes where that is done at each value.
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}

#[test]
fn a_pattern_that_reads_to_the_end_for_each_match_is_given_up_and_what_follows_goes() {
    let redaction = redaction(&[], &["(?s)a.*b|a"]);
    let text = format!("before {}", "a,".repeat(500_000));
    let started = Instant::now();
    let work = |until: Instant| Work::until(&redaction, until).without_matches(&text);
    let clean = work(Instant::now() + Duration::from_millis(300)).unwrap();
    let took = started.elapsed();
    assert!(
        clean.starts_with("before [redacted],[redacted]") && !clean.replace("[redacted]", "").contains("a,"),
        "{}",
        clean.len()
    );
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    assert_eq!(work(Instant::now()).unwrap(), "before [redacted]");
    // What holds nothing of it stays, however late it is.
    assert_eq!(Work::until(&redaction, Instant::now()).without_matches("no more"), None);
}

#[test]
fn a_value_that_a_pattern_would_cut_is_taken_out_as_a_whole_wherever_it_stands() {
    let json = json!({"a": {"password": "begins-abc-ends"}, "b": "an echo of begins-abc-ends", "c": "an abc"});
    let clean = without(&redaction(&[], &["abc"]), json);
    assert_eq!(clean, r#"{"a":{"password":"[redacted]"},"b":"an echo of [redacted]","c":"an [redacted]"}"#);
}

#[test]
fn names_with_their_values_beside_them_and_parameters_of_addresses_count_too() {
    let json = json!({
        "pairs": [["password", "pair-value"], ["size", "9"]], "words": ["password", "stays", "here"],
        "fields": [{"key": "newPassword", "value": "field-value"}, {"name": "size", "value": "8"}],
        "apiToken": "token-value", "nextPageToken": "page-2",
        "link": "https://a.example/?token=first-value&sig=second-value&page=2",
    });
    let clean = without(&redaction(&["sig"], &[]), json);
    for gone in ["pair-value", "field-value", "token-value", "first-value", "second-value"] {
        assert!(!clean.contains(gone), "{gone}: {clean}");
    }
    for left in [r#"["size","9"]"#, r#"["password","stays","here"]"#, r#""value":"8""#, "page-2", "page=2"] {
        assert!(clean.contains(left), "{left}: {clean}");
    }
}

#[test]
fn what_stood_under_a_name_in_an_exchange_is_taken_out_of_what_came_of_it() {
    let exchange = Exchange {
        at: Duration::ZERO,
        duration: Duration::ZERO,
        attempts: 1,
        method: "POST".into(),
        url: "https://plm.example/".into(),
        request_headers: Vec::new(),
        request_body: Vec::new().into(),
        outcome: ExchangeOutcome::Answered {
            status: 200,
            headers: Vec::new(),
            body: json!({"displayValue": "900-00069"}).to_string().into_bytes().into(),
        },
    };
    let mut result = json!({"partNumber": "900-00069", "name": "A part"}).to_string();
    let mut message = "there is no 900-00069 here".to_owned();
    redaction(&["displayValue"], &[]).take_out(&mut [&mut result], &mut [&mut message], &[exchange]);
    assert_eq!(result, r#"{"partNumber":"[redacted]","name":"A part"}"#);
    assert_eq!(message, "there is no [redacted] here");
}
