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
    redaction.take_out(&mut [&mut json], &mut []);
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
    Redaction::default().take_out(&mut [&mut text], words);
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
