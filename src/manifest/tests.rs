use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn operations() -> impl Iterator<Item = &'static About> {
    let actions = ACTIONS.iter().map(|action| &action.about);
    let sources = DATA_SOURCES.iter().map(|source| &source.about);
    actions.chain(sources).chain(TRIGGERS.iter().map(|trigger| &trigger.about))
}

fn inputs() -> impl Iterator<Item = &'static Input> {
    let fields = CONNECTIONS.iter().flat_map(|connection| connection.fields).map(|field| &field.input);
    operations().flat_map(|about| about.inputs).chain(fields)
}

#[test]
fn every_example_payload_satisfies_its_result_schema() {
    for about in operations() {
        let schema = parse(about.result_schema);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let problems: Vec<String> =
            validator.iter_errors(&parse(about.example_payload)).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{}: {problems:?}", about.key);
    }
}

/// Run with UPDATE_SCHEMAS=1 to write the files anew.
#[test]
fn the_input_schemas_are_those_of_the_declarations() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest/input_schemas");
    for about in operations() {
        let made = input_schema::input_schema(about.inputs);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            let snake_case: String =
                about.key.trim_end_matches("Trigger").chars().fold(String::new(), |mut name, c| {
                    if c.is_ascii_uppercase() {
                        name.push('_');
                    }
                    name.push(c.to_ascii_lowercase());
                    name
                });
            std::fs::write(folder.join(format!("{snake_case}.json")), format!("{made}\n")).unwrap();
        } else {
            let hint = "run the tests with UPDATE_SCHEMAS=1, then once more without";
            assert_eq!(parse(about.input_schema), parse(&made), "{}: {hint}", about.key);
        }
    }
}

#[test]
fn every_input_schema_accepts_the_examples_and_the_defaults_of_its_inputs() {
    for about in operations() {
        let schema = parse(about.input_schema);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let values = |pick: fn(&Input) -> Option<&'static str>| -> Value {
            about.inputs.iter().filter_map(|input| Some((input.key, parse(pick(input)?)))).collect()
        };
        assert!(validator.is_valid(&values(|input| input.example)), "{}", about.key);
        assert!(validator.is_valid(&values(|input| input.default.or(input.example))), "{}", about.key);
        assert!(!validator.is_valid(&serde_json::json!({ "no such input": 1 })), "{}", about.key);
    }
}

#[test]
fn every_input_has_a_label_a_help_text_and_an_example_of_its_kind() {
    for input in inputs() {
        assert!(!input.label.is_empty() && input.help.ends_with('.'), "{}", input.key);
        assert!(input.example.is_some() || input.kind == Kind::Password, "{} has no example", input.key);
        for text in [input.example, input.default].into_iter().flatten() {
            let value = parse(text);
            let fits = match input.kind {
                Kind::Number => value.is_number(),
                Kind::Boolean => value.is_boolean(),
                Kind::Choice => input.choices.iter().any(|choice| Some(choice.value) == value.as_str()),
                Kind::KeyValueList => value.is_array(),
                Kind::Code("json") => value.is_object(),
                _ => value.is_string(),
            };
            assert!(fits, "{}: {text}", input.key);
        }
        assert_eq!(input.kind == Kind::Choice, !input.choices.is_empty(), "{}", input.key);
    }
}

#[test]
fn keys_are_unique_and_inline_data_sources_exist() {
    let keys: BTreeSet<&str> = operations().map(|about| about.key).collect();
    assert_eq!(keys.len(), operations().count());
    for about in operations() {
        let inputs: BTreeSet<&str> = about.inputs.iter().map(|input| input.key).collect();
        assert_eq!(inputs.len(), about.inputs.len(), "{}", about.key);
    }
    for source in inputs().filter_map(|input| input.data_source) {
        assert!(DATA_SOURCES.iter().any(|known| known.about.key == source), "{source}");
    }
}

#[test]
fn every_choice_of_an_environment_has_a_url() {
    let field = CONNECTION.fields.iter().find(|field| field.input.key == "duroEnvironment").unwrap();
    for choice in field.input.choices {
        assert!(ENVIRONMENTS.iter().any(|known| known.value == choice.value && known.url.starts_with("https://")));
    }
}

#[test]
fn the_default_query_that_is_shown_is_the_one_that_is_sent() {
    let query = RAW_REQUEST.about.inputs.iter().find(|input| input.key == "query").unwrap();
    assert_eq!(parse(query.default.unwrap()), crate::actions::DEFAULT_QUERY);
}
