use connector_sdk::testing::FakeHost;
use connector_sdk::{Connector, Error};
use serde_json::{Value, json};

use crate::Duro;
use crate::tests::connection;

fn run(host: &FakeHost, inputs: Value) -> Result<Value, Error> {
    let inputs = inputs.to_string();
    let result = Duro::perform(host, "getBillOfMaterials", &connection(), &inputs)?;
    Ok(serde_json::from_str(&result).unwrap())
}

fn line(id: &str, quantity: Value) -> Value {
    json!({ "quantity": quantity, "itemNumber": "10", "refDes": "", "component": { "id": id } })
}

fn part(id: &str, children: Value) -> Value {
    json!({ "id": id, "name": format!("Part {id}"), "cpn": { "displayValue": format!("410-{id}") }, "children": children })
}

fn parts(parts: &[Value]) -> String {
    json!({ "data": { "componentsByIds": parts } }).to_string()
}

/// a is made of 0.1 b and 3 c; b of 0.2 c and a revision; c of nothing.
fn small() -> FakeHost {
    let revision = json!({ "id": "r1", "cpn": { "displayValue": "410-r" }, "revisionValue": "B" });
    let revision = json!({ "quantity": 1, "component": null, "assemblyRevision": revision });
    FakeHost::answering(&[
        &parts(&[part("a", json!([line("b", json!(0.1)), null, line("c", json!("3"))]))]),
        &parts(&[part("c", json!(null)), json!(null), part("b", json!([line("c", json!(0.2)), revision, {}]))]),
    ])
}

fn column<'a>(result: &'a Value, name: &str) -> Vec<&'a Value> {
    result["rows"].as_array().unwrap().iter().map(|row| &row[name]).collect()
}

fn says(result: &Value, words: &str) -> bool {
    result["reasons"].as_array().unwrap().iter().any(|reason| reason.as_str().unwrap().contains(words))
}

#[test]
fn each_level_is_one_request_and_each_part_is_asked_for_once() {
    let host = small();
    let result = run(&host, json!({ "componentId": " a " })).unwrap();
    assert_eq!(host.requests(), 2);
    assert_eq!(host.body(0)["variables"], json!({ "ids": ["a"] }));
    assert_eq!(host.body(1)["variables"], json!({ "ids": ["b", "c"] }));
    assert_eq!(column(&result, "level"), [0, 1, 2, 2, 2, 1]);
    assert_eq!(column(&result, "id"), [&json!("a"), &json!("b"), &json!("c"), &json!("r1"), &json!(null), &json!("c")]);
    let remarks = [json!(null), json!(null), json!(null), json!("revision-only"), json!("no-component"), json!(null)];
    assert_eq!(column(&result, "remark"), remarks.iter().collect::<Vec<_>>());
    assert_eq!((&result["cyclic"], &result["parts"]), (&json!(false), &json!(4)));
    // What nobody can know is said, in place of silence.
    assert_eq!(result["reasons"], json!(["lines that are null, of which nothing is known: 1"]));
    assert_eq!(column(&result, "refDes"), [&json!(null); 6]);
}

#[test]
fn quantities_are_multiplied_and_added_exactly() {
    let result = run(&small(), json!({ "componentId": "a", "shape": "flat" })).unwrap();
    let quantities: Vec<String> = column(&result, "quantity").iter().map(ToString::to_string).collect();
    assert_eq!(column(&result, "id"), ["b", "c", "r1"]);
    assert_eq!(quantities, ["0.1", "3.02", "0.1"]);
    assert_eq!(column(&result, "lines"), [1, 2, 1]);
    assert!(says(&result, "neither a component nor a revision, and so belong to no row: 1"), "{}", result["reasons"]);
}

#[test]
fn a_tree_holds_each_part_within_the_one_that_it_belongs_to() {
    let result = run(&small(), json!({ "componentId": "a", "shape": "nested" })).unwrap();
    assert_eq!(result["tree"]["children"][0]["children"][0]["name"], "Part c");
    assert_eq!(result["tree"]["children"][1]["quantity"], json!(3));
    assert_eq!(result["tree"]["children"][1]["children"], json!([]));
}

#[test]
fn a_part_that_contains_itself_is_marked_and_not_followed() {
    let looped = || {
        FakeHost::answering(&[
            &parts(&[part("a", json!([line("b", json!(2)), line("b", json!(1))]))]),
            &parts(&[part("b", json!([line("a", json!(5)), line("b", json!(7))]))]),
        ])
    };
    let result = run(&looped(), json!({ "componentId": "a" })).unwrap();
    let remarks: Vec<&str> = column(&result, "remark").iter().map(|text| text.as_str().unwrap_or("")).collect();
    assert_eq!(remarks, ["", "", "cycle", "cycle", "", "cycle", "cycle"]);
    assert_eq!((&result["cyclic"], &result["more"]), (&json!(true), &json!(false)));
    let flat = run(&looped(), json!({ "componentId": "a", "shape": "flat" })).unwrap();
    assert_eq!((column(&flat, "quantity"), &flat["cyclic"]), (vec![&json!(3)], &json!(true)));
}

#[test]
fn a_part_on_a_million_paths_is_added_up_once() {
    // Thirty levels, each part twice in the one above: a billion paths.
    let levels: Vec<String> = (0..31)
        .map(|level| {
            let below = format!("p{}", level + 1);
            let lines = json!([line(&below, json!(1)), line(&below, json!(1))]);
            parts(&[part(&format!("p{level}"), if level < 30 { lines } else { json!([]) })])
        })
        .collect();
    let answers: Vec<&str> = levels.iter().map(String::as_str).collect();
    let asked = json!({ "componentId": "p0", "shape": "flat", "maxDepth": 50 });
    let result = run(&FakeHost::answering(&answers), asked).unwrap();
    assert_eq!(*column(&result, "quantity").last().unwrap(), &json!(1 << 30));

    let asked = json!({ "componentId": "p0", "maxDepth": 50, "maxLines": 5_000 });
    let result = run(&FakeHost::answering(&answers), asked).unwrap();
    assert_eq!((result["lines"].as_u64(), &result["more"]), (Some(5_000), &json!(true)));
    assert!(result["reasons"][0].as_str().unwrap().contains("maxLines"), "{}", result["reasons"]);
}

#[test]
fn what_is_deeper_than_asked_for_is_left_out_and_said() {
    let result = run(&small(), json!({ "componentId": "a", "maxDepth": 1 })).unwrap();
    assert_eq!(column(&result, "level"), [0, 1, 1]);
    assert!(says(&result, "below level 1: raise maxDepth"), "{}", result["reasons"]);
}

#[test]
fn what_is_deeper_than_asked_for_does_not_count_however_else_a_part_is_reached() {
    // r is made of a and b, a of two b, b of a c.
    let answers = || {
        FakeHost::answering(&[
            &parts(&[part("r", json!([line("a", json!(1)), line("b", json!(1))]))]),
            &parts(&[part("a", json!([line("b", json!(2))])), part("b", json!([line("c", json!(1))]))]),
            &parts(&[part("c", json!([]))]),
        ])
    };
    for (depth, expected, is_whole) in [
        (1, json!([["a", 1], ["b", 1]]), false),
        (2, json!([["a", 1], ["b", 3], ["c", 1]]), false),
        (3, json!([["a", 1], ["b", 3], ["c", 3]]), true),
    ] {
        let flat = run(&answers(), json!({ "componentId": "r", "shape": "flat", "maxDepth": depth })).unwrap();
        let rows: Vec<Value> =
            column(&flat, "id").iter().zip(column(&flat, "quantity")).map(|(id, of)| json!([id, of])).collect();
        assert_eq!(json!(rows), expected);
        let indented = run(&answers(), json!({ "componentId": "r", "maxDepth": depth })).unwrap();
        assert_eq!((&flat["more"], &indented["more"]), (&json!(!is_whole), &json!(!is_whole)), "{depth}");
    }
}

#[test]
fn a_quantity_that_is_not_known_makes_what_depends_on_it_unknown() {
    let host = FakeHost::answering(&[
        &parts(&[part("a", json!([line("b", json!(null)), line("c", json!(2))]))]),
        &parts(&[part("b", json!([line("d", json!(4))])), part("c", json!([line("d", json!(1))]))]),
        &parts(&[]),
    ]);
    let result = run(&host, json!({ "componentId": "a", "shape": "flat" })).unwrap();
    assert_eq!(column(&result, "quantity"), [&json!(null), &json!(2), &json!(null)]);
    assert_eq!(column(&result, "remark")[2], &json!("not-found"));
}

#[test]
fn one_root_must_be_named_and_be_there() {
    for (inputs, named) in [(json!({}), "componentId"), (json!({ "componentId": "a", "productId": "b" }), "productId")]
    {
        let host = FakeHost::default();
        let Error::InvalidInput(problems) = run(&host, inputs).unwrap_err() else { panic!() };
        assert_eq!((problems[0].input.as_str(), host.requests()), (named, 0));
    }
    for answer in [
        r#"{"data":{"productsByIds":[]}}"#,
        r#"{"data":{"productsByIds":[null]}}"#,
        r#"{"data":{"productsByIds":null}}"#,
    ] {
        let error = run(&FakeHost::answering(&[answer]), json!({ "productId": "x" })).unwrap_err();
        assert!(matches!(&error, Error::NotFound(message) if message.contains("product")), "{error:?}");
    }
}

#[test]
fn answers_of_another_shape_are_errors_and_no_panic() {
    for children in [json!({}), json!([7]), json!([{ "component": [] }]), json!([{ "component": { "id": 7 } }])] {
        let host = FakeHost::answering(&[&parts(&[part("a", children.clone())])]);
        let error = run(&host, json!({ "componentId": "a" })).unwrap_err();
        assert!(matches!(error, Error::UnexpectedResponse(_)), "{children}: {error:?}");
    }
}
