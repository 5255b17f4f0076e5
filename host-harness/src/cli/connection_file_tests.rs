//! Tests of connection files: what is filled in, what of it is hidden, and of which files a person is warned.

use serde_json::json;

use super::*;

/// A connection `key` with the secret `apiKey`, the choice `environment` (Main, Europe) and the URL `customUrl`.
fn connector() -> ConnectorDefinition {
    let field = |key: &str, kind: &str| json!({"key": key, "label": key, "kind": kind, "required": false, "help": "", "choices": []});
    let mut environment = field("environment", "choice");
    environment["choices"] = json!([{"value": "Europe", "label": "Europe"}]);
    let environments = json!([{"value": "Main site", "url": "https://main.example/graphql"}]);
    let fields = json!([
        {"input": field("apiKey", "password"), "secret": true, "mayBeJwt": false},
        {"input": environment, "secret": false, "mayBeJwt": false, "endpoint": {"precedence": 1, "environments": environments}},
        {"input": field("customUrl", "endpoint-url"), "secret": false, "mayBeJwt": false, "endpoint": {"precedence": 2, "environments": []}},
        {"input": field("remark", "text"), "secret": false, "mayBeJwt": false},
    ]);
    let connection = json!({"key": "key", "label": "Key", "description": "", "fields": fields});
    serde_json::from_value(json!({
        "key": "example", "label": "Example", "description": "", "version": "1.0.0",
        "connections": [connection], "actions": [], "dataSources": [], "triggers": [],
    }))
    .unwrap()
}

fn variable(name: &str) -> Option<String> {
    let value = match name {
        "HOST" => "plm.example",
        "KEY" => "secret-of-mine",
        "TRICKY" => "a${KEY}b",
        "CHOICE" => "Europe",
        "ENVIRONMENT" => "Main site",
        "URL" => "https://own.example:8080/graphql",
        "URL_WITH_PASSWORD" => "https://me:open-sesame@own.example/",
        "URL_WITH_TOKEN" => "https://own.example/?token=open-sesame",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Reads a file of this text and these permissions.
fn read_file(text: &str, mode: u32) -> Result<Read, CommandError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connection.json");
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    read_with(&path, &connector(), variable)
}

fn read(value: &Value) -> Read {
    read_file(&value.to_string(), 0o600).unwrap()
}

#[test]
fn what_is_written_is_kept_beside_what_it_stands_for() {
    let text =
        json!({"key": "key", "fields": {"apiKey": "${KEY}", "customUrl": "https://${HOST}/", "remark": "$${x}"}});
    let read = read(&text);
    assert_eq!((read.written, &read.value["fields"]["customUrl"]), (text, &json!("https://plm.example/")));
}

#[test]
fn variables_are_filled_in_wherever_a_text_stands() {
    let read = read(
        &json!({"key": "k", "fields": {"a": "${KEY}", "b": ["x${KEY}y${KEY}"], "c": "$${KEY}", "d": "$1", "e": 3}}),
    );
    let expected = json!({
        "key": "k",
        "fields": {"a": "secret-of-mine", "b": ["xsecret-of-mineysecret-of-mine"], "c": "${KEY}", "d": "$1", "e": 3},
    });
    assert_eq!(read.value, expected);
}

#[test]
fn what_a_variable_holds_is_not_filled_in_again() {
    assert_eq!(filled_in("${TRICKY}", &variable, &mut |_| {}).unwrap(), "a${KEY}b");
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let error = read_file(r#"{"key": "${KEY}${MISSING}"}"#, 0o600).unwrap_err().message();
    assert!(error.contains("MISSING") && !error.contains("secret-of-mine"), "{error}");
    for bad in ["${KEY", "${}", "${a b}"] {
        assert!(filled_in(bad, &variable, &mut |_| {}).is_err(), "{bad}");
    }
}

fn hides(read: &Read) -> Hidden {
    Hidden::of(read.hidden.iter().map(|value| value.as_str()))
}

#[test]
fn what_came_from_a_variable_is_hidden_wherever_it_stands() {
    for value in [
        json!({"key": "${KEY}"}),
        json!({"key": "key", "fields": {"apiKey": "${KEY}"}}),
        json!({"key": "key", "fields": {"environment": "${KEY}"}}),
        json!({"key": "key", "fields": {"customUrl": "https://own.example/${KEY}"}}),
        json!({"key": "key", "fields": {"remark": [{"deep": "Bearer ${KEY}"}]}}),
        json!({"key": "nope", "fields": "${KEY}"}),
    ] {
        let hidden = hides(&read(&value));
        assert_eq!(hidden.scrub("it is secret-of-mine").as_deref(), Some("it is [redacted]"), "{value}");
    }
    let read = read(&json!({"key": "key", "fields": {"apiKey": "written-into-the-file"}}));
    assert!(hides(&read).is_empty(), "the host itself hides what is in a secret field");
}

#[test]
fn a_choice_and_an_address_without_credentials_are_shown() {
    let hidden = |field: &str, name: &str| {
        let read = read(&json!({"key": "key", "fields": {(field): format!("${{{name}}}")}}));
        !hides(&read).is_empty()
    };
    for (field, name, expected) in [
        ("environment", "CHOICE", false),
        ("environment", "ENVIRONMENT", false),
        ("customUrl", "URL", false),
        ("customUrl", "URL_WITH_PASSWORD", true),
        ("customUrl", "URL_WITH_TOKEN", true),
        // An address is no secret where the address stands, and may be one elsewhere.
        ("remark", "URL", true),
        ("apiKey", "URL", true),
    ] {
        assert_eq!(hidden(field, name), expected, "{name} in {field}");
    }
    // Host and port are what a person must be able to check; what else stands in an address is not.
    let in_url = |url: &str| !hides(&read(&json!({"key": "key", "fields": {"customUrl": url}}))).is_empty();
    assert!(!in_url("https://${HOST}:8443/graphql"));
    assert!(in_url("https://plm.example/${HOST}-secret/${KEY}"));
}

#[test]
#[cfg(unix)]
fn a_file_that_others_can_change_or_that_shows_them_a_secret_is_warned_of() {
    let with_key = json!({"key": "key", "fields": {"apiKey": "written-here", "environment": "Europe"}}).to_string();
    let with_variable = json!({"key": "key", "fields": {"apiKey": "${KEY}", "environment": "Europe"}}).to_string();
    for (text, mode, expected) in [
        (&with_key, 0o600, None),
        (&with_key, 0o640, Some("can read")),
        (&with_key, 0o604, Some("can read")),
        (&with_variable, 0o644, None),
        (&with_variable, 0o664, Some("can change")),
        (&with_variable, 0o602, Some("can change")),
    ] {
        let warning = read_file(text, mode).unwrap().warning;
        assert_eq!(warning.is_some(), expected.is_some(), "{mode:o}: {warning:?}");
        if let (Some(warning), Some(expected)) = (warning, expected) {
            assert!(warning.contains(expected) && warning.contains("chmod 600 '/"), "{mode:o}: {warning}");
            assert!(!warning.contains("written-here"), "{warning}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_json_or_has_no_end_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("connection.json");
    assert!(read_with(&missing, &connector(), variable).unwrap_err().message().contains("connection.json"));
    let message = read_file("{\"key\": secret}", 0o600).unwrap_err().message();
    assert!(message.contains("is not JSON") && !message.contains("secret"), "{message}");
    // What says of itself that it holds nothing.
    #[cfg(target_os = "linux")]
    {
        let message = read_with(Path::new("/dev/zero"), &connector(), variable).unwrap_err().message();
        assert!(message.contains("larger than 1048576 bytes"), "{message}");
    }
}
