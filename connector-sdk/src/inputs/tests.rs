use super::*;
use crate::contract::Error;
use proptest::prelude::*;

const DECLARED: &[Input] = &[
    Input::new("name", "Name", Kind::Text, ""),
    Input::new("count", "Count", Kind::Number, ""),
    Input::new("flag", "Flag", Kind::Boolean, ""),
    Input::new("pick", "Pick", Kind::Choice, ""),
    Input::new("body", "Body", Kind::Code("json"), ""),
    Input::new("rows", "Rows", Kind::KeyValueList, ""),
];
const PICKS: &[Choice] = &[Choice { value: "ECO", label: "" }, Choice { value: "MCO", label: "" }];

fn parse(text: &str) -> Reader {
    Reader::parse(text, DECLARED).unwrap()
}

fn problems(inputs: Reader) -> Vec<String> {
    match inputs.finish() {
        Err(Error::InvalidInput(problems)) => problems.into_iter().map(|problem| problem.input).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn numbers_booleans_and_json_are_accepted_as_strings_that_hold_them() {
    let mut inputs = parse(
        r#"{"count": " 250 ", "flag": "True", "body": "{\"a\": 1}", "rows": "[{\"key\":\"a\",\"value\":\"1\"}]"}"#,
    );
    assert_eq!(inputs.whole_number("count", 1, 1000), Some(250));
    assert_eq!(inputs.boolean("flag"), Some(true));
    assert_eq!(inputs.object("body")["a"].get(), "1");
    assert_eq!(inputs.pairs("rows")["a"].get(), "\"1\"");
    inputs.finish().unwrap();
}

#[test]
fn absent_null_and_blank_inputs_all_mean_the_default() {
    for text in ["{}", "", "null", r#"{"count": null, "flag": "", "pick": "  "}"#] {
        let mut inputs = parse(text);
        assert_eq!(inputs.whole_number("count", 1, 1000), None);
        assert_eq!(inputs.boolean("flag"), None);
        assert_eq!(inputs.choice("pick", PICKS), None);
        assert_eq!(inputs.optional_text("name"), None);
        inputs.finish().unwrap();
    }
}

#[test]
fn every_bad_input_is_named_at_once() {
    let mut inputs =
        parse(r#"{"name": [], "count": 0, "flag": "maybe", "pick": "XCO", "body": "{", "rows": 3, "nmae": 1}"#);
    inputs.required_text("name");
    inputs.whole_number("count", 1, 1000);
    inputs.boolean("flag");
    inputs.choice("pick", PICKS);
    inputs.object("body");
    inputs.pairs("rows");
    assert_eq!(problems(inputs), ["nmae", "name", "count", "flag", "pick", "body", "rows"]);
}

#[test]
fn every_word_of_a_low_code_host_for_true_and_false_is_understood() {
    let read = |value: &str| parse(&format!(r#"{{"flag": {value}}}"#)).boolean("flag");
    for yes in ["true", "1", "\"1\"", "\"yes\"", "\" Y \"", "\"T\"", "\"TRUE\""] {
        assert_eq!(read(yes), Some(true), "{yes}");
    }
    for no in ["false", "0", "\"0\"", "\"no\"", "\"N\"", "\"f\"", "\"False\""] {
        assert_eq!(read(no), Some(false), "{no}");
    }
    for neither in ["2", "1.5", "\"on off\"", "[]"] {
        assert_eq!(read(neither), None, "{neither}");
    }
}

#[test]
fn a_misspelt_input_is_met_with_the_one_that_was_meant_and_a_hosts_connection_with_nothing() {
    let says = |key: &str| match parse(&format!(r#"{{"{key}": 1, "connection": {{"key": "c"}}}}"#)).finish() {
        Err(Error::InvalidInput(problems)) => {
            assert_eq!(problems.len(), 1);
            problems[0].message.clone()
        }
        other => panic!("{other:?}"),
    };
    for (misspelt, meant) in [("nmae", "name"), ("Flag", "flag"), ("row_s", "rows"), ("cuont", "count")] {
        let said = says(misspelt);
        assert!(said.contains(&format!("did you mean {meant}?")) && said.contains("there are name, count"), "{said}");
    }
    for far in ["temperature", "x", &"name".repeat(30)] {
        assert!(!says(far).contains("did you mean"), "{far}");
    }
    parse(r#"{"connection": {"key": "c"}}"#).finish().unwrap();
}

#[test]
fn a_missing_required_text_is_one_problem_and_a_mistyped_one_is_one_too() {
    for text in ["{}", r#"{"name": "  "}"#, r#"{"name": {}}"#] {
        let mut inputs = parse(text);
        inputs.required_text("name");
        assert_eq!(problems(inputs), ["name"]);
    }
}

#[test]
fn numbers_that_are_not_whole_or_out_of_range_are_refused() {
    for bad in ["1.5", "1001", "-3", "\"12 pieces\"", "1e300", "true", "\"NaN\"", "\"inf\""] {
        let mut inputs = parse(&format!(r#"{{"count": {bad}}}"#));
        inputs.whole_number("count", 1, 1000);
        assert_eq!(problems(inputs), ["count"], "{bad}");
    }
}

#[test]
fn choices_are_found_whatever_their_capitals() {
    assert_eq!(parse(r#"{"pick": " mco "}"#).choice("pick", PICKS), Some("MCO"));
}

#[test]
fn rows_that_are_empty_are_left_out_and_rows_that_repeat_a_name_are_refused() {
    let mut inputs = parse(r#"{"rows": [{"key": "a", "value": 1}, {"key": "", "value": ""}, {}]}"#);
    assert_eq!(inputs.pairs("rows").len(), 1);
    inputs.finish().unwrap();

    let mut inputs = parse(r#"{"rows": [{"key": "a"}, {"key": "a"}, {"value": 1}, 7]}"#);
    inputs.pairs("rows");
    assert_eq!(problems(inputs).len(), 3);
}

#[test]
fn oversized_text_and_oversized_inputs_are_refused() {
    let mut inputs = parse(&format!(r#"{{"name": "{}"}}"#, "x".repeat(64 * 1024 + 1)));
    inputs.required_text("name");
    assert_eq!(problems(inputs), ["name"]);
    assert!(Reader::parse(&format!(r#"{{"name": "{}"}}"#, "x".repeat(1024 * 1024)), DECLARED).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        if let Ok(mut inputs) = Reader::parse(&text, DECLARED) {
            inputs.pairs("rows");
            let _ = inputs.finish();
        }
    }
}
