//! What the connector declares as a whole.

use connector_sdk::testing;
use connector_sdk::{Connection, Connector};
use serde_json::Value;

use crate::Duro;

/// A connection to the main environment.
pub(crate) fn connection() -> Connection {
    testing::connection("duroApiKey", "https://mfg.duro.app/graphql")
}

#[test]
fn the_declarations_are_whole_and_agree_with_each_other() {
    assert_eq!(testing::problems::<Duro>(), Vec::<String>::new());
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_example_payload_satisfies_its_result_schema() {
    let manifest = Duro::describe();
    let actions = manifest.actions.iter().map(|action| (&action.result_schema, &action.example_payload));
    let sources = manifest.data_sources.iter().map(|source| (&source.result_schema, &source.example_payload));
    let triggers = manifest.triggers.iter().map(|trigger| (&trigger.result_schema, &trigger.example_payload));
    for (schema, example) in actions.chain(sources).chain(triggers) {
        let validator = jsonschema::draft202012::new(&parse(schema)).unwrap();
        let problems: Vec<String> = validator.iter_errors(&parse(example)).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{schema}: {problems:?}");
    }
}

#[test]
fn every_input_schema_accepts_the_examples_and_the_defaults_of_its_inputs() {
    let manifest = Duro::describe();
    let actions = manifest.actions.iter().map(|action| (&action.input_schema, &action.inputs));
    let sources = manifest.data_sources.iter().map(|source| (&source.input_schema, &source.inputs));
    let triggers = manifest.triggers.iter().map(|trigger| (&trigger.input_schema, &trigger.inputs));
    for (schema, inputs) in actions.chain(sources).chain(triggers) {
        let validator = jsonschema::draft202012::new(&parse(schema)).unwrap();
        let examples = inputs.iter().filter_map(|input| Some((input.key.clone(), parse(input.example.as_deref()?))));
        assert!(validator.is_valid(&examples.clone().collect()), "{schema}");
        let defaults = inputs.iter().filter_map(|input| Some((input.key.clone(), parse(input.default.as_deref()?))));
        assert!(validator.is_valid(&examples.chain(defaults).collect()), "{schema}");
        assert!(!validator.is_valid(&serde_json::json!({ "no such input": 1 })), "{schema}");
    }
}

#[test]
fn every_query_is_among_those_that_a_live_service_is_held_against() {
    let shipped: Vec<&str> =
        Duro::GRAPHQL.unwrap().queries.iter().copied().flatten().map(|(_, query)| query.trim()).collect();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "graphql") && !path.ends_with("duro-v1.graphql") {
                let query = std::fs::read_to_string(&path).unwrap();
                assert!(shipped.contains(&query.trim()), "{} is in no table of queries", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 10);
}
