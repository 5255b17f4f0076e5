//! The ways out of the page: a run as a command of this program, as a program in Rust, and a request as `curl`. Pure.

use std::time::Duration;

use host::egress::REDACTED;
use host::{Exchange, Grants, Origin};
use http::{HeaderName, Method};
use serde_json::{Map, Value, json};
use url::Url;

use crate::flags::granted;
use crate::input_word;
use crate::shell::{json_to_show, quoted, quoted_lines, word};
use crate::variable::{self, Part};

/// A longer body is not pasted into a terminal. In bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// An operation as a command of this program.
pub(super) struct Command<'a> {
    verb: &'static str,
    key: &'a str,
    /// What stands behind the connection, as a shell takes it.
    options: Vec<String>,
}

impl<'a> Command<'a> {
    /// Performs an action.
    pub(super) fn action(key: &'a str) -> Self {
        Self { verb: "action", key, options: Vec::new() }
    }

    /// Polls a trigger once, with its state in a file of the trigger's name.
    pub(super) fn poll(key: &'a str) -> Self {
        Self { verb: "poll", key, options: vec!["--state".into(), word_or_key(&format!("{key}.state"))] }
    }

    /// Polls a trigger every so often, with its state in the same file.
    pub(super) fn watch(key: &'a str, every: Duration) -> Self {
        let mut command = Self { verb: "watch", ..Self::poll(key) };
        command.options.push(format!("--every {}s", every.as_secs().max(1)));
        command
    }

    /// The command line with these inputs, and these flags of every call.
    pub(super) fn line(self, inputs: &Map<String, Value>, flags: &[String]) -> String {
        let mut words = vec!["harness".to_owned()];
        words.extend_from_slice(flags);
        words.extend([self.verb.to_owned(), word_or_key(self.key), "--connection connection.json".into()]);
        words.extend(self.options);
        let single = |(key, value): (&String, &Value)| quoted(&input_word::of(key, value)?);
        match inputs.iter().map(single).collect::<Option<Vec<String>>>() {
            Some(inputs) => {
                words.extend(inputs.into_iter().flat_map(|input| ["--input".to_owned(), input]));
                words.join(" ")
            }
            // One line of JSON, in which the end's word cannot stand alone.
            None => {
                let json = json_to_show(&Value::Object(inputs.clone()).to_string());
                format!("{} --inputs - <<'END'\n{json}\nEND", words.join(" "))
            }
        }
    }
}

fn word_or_key(text: &str) -> String {
    word(text).unwrap_or_else(|| "KEY".into())
}

/// A request as a command line of curl, with `variable` of the environment where a secret was, if it went to `origin`: a
/// recording may be anybody's, and name any other. None where the request cannot be written so that curl sends it.
pub(super) fn curl(exchange: &Exchange, variable: &str, origin: Option<&Origin>) -> Option<String> {
    // As it was read: curl reads some URLs otherwise, and would find another host in them.
    let url = Url::parse(&exchange.url).ok()?;
    let secret = match origin == Some(&Origin::parse(url.as_str()).ok()?) {
        true => format!("\"${variable}\""),
        false => quoted(REDACTED)?,
    };
    let method = Method::from_bytes(exchange.method.as_bytes()).ok()?;
    let mut lines =
        vec![format!("curl --globoff --request {} --url {}", word(method.as_str())?, quoted(url.as_str())?)];
    for (name, value) in &exchange.request_headers {
        // Curl reads headers from a file where the name would be no name.
        HeaderName::from_bytes(name.as_bytes()).ok()?;
        let parts: Option<Vec<String>> = format!("{name}: {value}").split(REDACTED).map(quoted).collect();
        lines.push(format!("--header {}", parts?.join(&secret)));
    }
    if !exchange.request_body.is_empty() {
        let body = std::str::from_utf8(&exchange.request_body).ok()?;
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
        let body = if is_json { json_to_show(body) } else { body.to_owned() };
        lines.push(format!("--data-raw {}", quoted_lines(&body, LONGEST_BODY)?));
    }
    Some(lines.join(" \\\n  "))
}

/// What stands in the library's own example, and what is put in its place.
const EXAMPLE: &str = include_str!("../../../host/examples/embed.rs");
const IN_EXAMPLE: [&str; 5] = [
    "use host::{CallOptions, Runtime, RuntimeOptions};",
    "    let mut arguments = std::env::args().skip(1);\n    let mut next = || arguments.next().ok_or(\"usage: embed \
     COMPONENT CONNECTION ACTION\");\n    let (component, connection, action) = (next()?, next()?, next()?);\n\n",
    "    let connection = serde_json::from_str(&std::fs::read_to_string(connection)?)?;\n",
    "    let inputs = serde_json::json!({\"first\": 10});\n",
    "connector.perform(&action, &connection, &inputs, &CallOptions::default())",
];

/// An action with these inputs as a program in Rust, on the library: its example, filled in. `connection` is a
/// connection file whose secrets are read from the environment.
pub(super) fn rust(
    component: &str,
    action: &str,
    inputs: &Map<String, Value>,
    connection: &Value,
    grants: Grants,
) -> String {
    let mut connection = connection.clone();
    let mut secrets = Vec::new();
    for (key, value) in connection.get_mut("fields").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(text) = value.as_str() else { continue };
        let parts = variable::parts(text);
        if let [Part::Text(text)] = parts.as_slice() {
            *value = Value::from(text.as_str());
        } else if !parts.is_empty() {
            secrets.push(format!(
                "    connection[\"fields\"][{}] = {}.into();\n",
                literal(&json!(key)),
                joined(&parts)
            ));
            *value = Value::Null;
        }
    }
    let granted: Vec<String> =
        granted(grants).map(|flag| format!("{}: true", flag.replace("--", "").replace('-', "_"))).collect();
    let [uses, arguments, read, given, call] = IN_EXAMPLE;
    let (options, uses_options) = match granted.is_empty() {
        true => ("CallOptions::default()".to_owned(), "use host::{CallOptions, Runtime, RuntimeOptions};"),
        false => (
            format!(
                "CallOptions {{ grants: Grants {{ {}, ..Default::default() }}, ..Default::default() }}",
                granted.join(", ")
            ),
            "use host::{CallOptions, Grants, Runtime, RuntimeOptions};",
        ),
    };
    let body = EXAMPLE.split_once(uses).map_or(EXAMPLE, |(_, body)| body);
    let body = body.replacen(arguments, "", 1);
    let body = body.replacen("load_file(component)", &format!("load_file({component:?})"), 1);
    let read_now = format!(
        "    let {}connection: serde_json::Value = serde_json::from_str({})?;\n{}",
        if secrets.is_empty() { "" } else { "mut " },
        raw(&connection),
        secrets.concat()
    );
    let body = body.replacen(read, &read_now, 1);
    let given_now = format!(
        "    let inputs: serde_json::Value = serde_json::from_str({})?;\n",
        raw(&Value::Object(inputs.clone()))
    );
    let body = body.replacen(given, &given_now, 1);
    let call_now = format!("connector.perform({}, &connection, &inputs, &options)", literal(&json!(action)));
    let body = body.replacen(call, &call_now, 1);
    let body = body.replacen("    let result =", &format!("    let options = {options};\n    let result ="), 1);
    format!("{uses_options}{body}")
}

/// Those of the flags of every call that the program says nothing of: it has the component and the grants alone.
pub(super) fn not_in_rust(flags: &[String], grants: Grants) -> Option<String> {
    let said: Vec<String> = granted(grants).collect();
    let names = flags.iter().filter(|word| word.starts_with("--") && !said.contains(word) && *word != "--component");
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.dedup();
    (!names.is_empty()).then(|| names.join(" "))
}

/// A text that reads variables, as an expression.
fn joined(parts: &[Part]) -> String {
    if let [Part::Variable(name)] = parts {
        return format!("std::env::var({name:?})?");
    }
    let (mut pattern, mut read) = (String::new(), String::new());
    for part in parts {
        match part {
            Part::Text(text) => pattern.push_str(&text.replace('{', "{{").replace('}', "}}")),
            Part::Variable(name) => {
                pattern.push_str("{}");
                read.push_str(&format!(", std::env::var({name:?})?"));
            }
        }
    }
    format!("format!({pattern:?}{read})")
}

/// A value as JSON in a raw string.
fn raw(value: &Value) -> String {
    let json = json_to_show(&value.to_string());
    let mut hashes = "#".to_owned();
    while json.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{json}\"{hashes}")
}

/// A text as a literal of Rust.
fn literal(text: &Value) -> String {
    format!("{:?}", text.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use host::ExchangeOutcome;

    use super::*;

    fn inputs(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_run_is_a_command_line_with_its_inputs_and_grants() {
        let flags = ["--allow-http".to_owned(), "--read-only".to_owned()];
        let line =
            Command::action("listThings").line(&inputs(json!({"first": "5", "name": "it's", "all": true})), &flags);
        let expected = r"harness --allow-http --read-only action listThings --connection connection.json --input 'first=5' --input 'name=it'\''s' --input 'all:=true'";
        assert_eq!(line, expected);
        let line = Command::action("a").line(&inputs(json!({"name": "@/etc/passwd"})), &[]);
        assert_eq!(line, r#"harness action a --connection connection.json --input 'name:="@/etc/passwd"'"#);
        // What would be read as another input is told apart in JSON.
        let line = Command::action("a").line(&inputs(json!({"a=b": "c"})), &[]);
        assert!(line.ends_with("--inputs - <<'END'\n{\"a=b\":\"c\"}\nEND"), "{line}");
        let line = Command::action("raw").line(&inputs(json!({"document": "query {\n a }\u{202e}"})), &[]);
        let expected = "harness action raw --connection connection.json --inputs - <<'END'\n{\"document\":\"query {\\n \
                        a }\\u202e\"}\nEND";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_trigger_is_a_command_line_with_its_state_in_a_file_whatever_its_key_holds() {
        let flags = ["--allow-http".to_owned()];
        let line = Command::poll("pollThings").line(&inputs(json!({"kind": "it's"})), &flags);
        let expected = r"harness --allow-http poll pollThings --connection connection.json --state pollThings.state --input 'kind=it'\''s'";
        assert_eq!(line, expected);
        let line = Command::watch("a; rm -rf /", Duration::from_secs(5)).line(&Map::new(), &[]);
        let expected =
            "harness watch 'a; rm -rf /' --connection connection.json --state 'a; rm -rf /.state' --every 5s";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_request_is_a_command_line_that_reads_the_secret_from_the_environment() {
        let exchange = Exchange {
            at: Duration::ZERO,
            duration: Duration::ZERO,
            attempts: 1,
            method: "POST".into(),
            url: "https://plm.example/graphql".into(),
            request_headers: vec![("authorization".into(), format!("Bearer {REDACTED}"))],
            request_body: "{\"query\":\"{ a(b: \\\"it's\\\") }\"}".into(),
            outcome: ExchangeOutcome::Failed(host::contract::Failure::Timeout),
        };
        let expected = "curl --globoff --request POST --url 'https://plm.example/graphql' \\\n  --header 'authorization: \
                        Bearer '\"$PLM_KEY\"'' \\\n  --data-raw '{\"query\":\"{ a(b: \\\"it'\\''s\\\") }\"}'";
        let own = Origin::parse("https://plm.example").unwrap();
        assert_eq!(curl(&exchange, "PLM_KEY", Some(&own)).unwrap(), expected);
        let of_bytes = Exchange { request_body: vec![0xff_u8].into(), ..exchange.clone() };
        assert_eq!(curl(&of_bytes, "PLM_KEY", Some(&own)), None);
        // The key goes nowhere else.
        for other in [None, Some(Origin::parse("https://plm.example:444").unwrap())] {
            let line = curl(&exchange, "PLM_KEY", other.as_ref()).unwrap();
            assert!(!line.contains("PLM_KEY") && line.contains(REDACTED), "{line}");
        }
        let read_otherwise = Exchange { url: "https://plm.example\\@evil.example/".into(), ..exchange.clone() };
        let line = curl(&read_otherwise, "PLM_KEY", Some(&own)).unwrap();
        assert!(line.contains("'https://plm.example/@evil.example/'"), "{line}");
        // What is no request is none for curl either, which has options and reads files.
        for url in ["-Kx.cfg", "-o/tmp/x", "file:///etc/passwd", "https://", ""] {
            assert_eq!(curl(&Exchange { url: url.into(), ..exchange.clone() }, "PLM_KEY", Some(&own)), None, "{url}");
        }
        for (name, method) in
            [("@/etc/passwd", "POST"), ("a b", "POST"), ("", "POST"), ("accept", "-X POST"), ("accept", "")]
        {
            let headers = vec![(name.to_owned(), "x".to_owned())];
            let hostile = Exchange { request_headers: headers, method: method.into(), ..exchange.clone() };
            assert_eq!(curl(&hostile, "PLM_KEY", Some(&own)), None, "{name} {method}");
        }
    }

    /// The text that the test below expects: that it is compiled here shows that it is a program.
    #[expect(dead_code, reason = "it is compiled, and would need a service to run")]
    mod program {
        include!("test_program.rs.in");
    }

    #[test]
    fn a_run_is_a_program_that_compiles_and_names_the_flags_that_it_leaves_out() {
        let fields = json!({"apiKey": "${K_API_KEY}", "url": "https://{${HOST}}/", "note": "$${x}"});
        let grants = Grants {
            allow_http: true,
            allow_private_network: true,
            allow_proxy: true,
            read_only: true,
            ..Grants::default()
        };
        let text = rust(
            "/a folder/thing.wasm",
            "listThings",
            &inputs(json!({"first": 5, "all": true})),
            &json!({"key": "k", "fields": fields}),
            grants,
        );
        assert_eq!(text, include_str!("test_program.rs.in"));
        let flags = ["--component", "x.wasm", "--allow-http", "--deadline", "2s", "--ca-file", "a", "--ca-file", "b"];
        let left_out = not_in_rust(&flags.map(str::to_owned), grants);
        assert_eq!(left_out.as_deref(), Some("--deadline --ca-file"));
        assert_eq!(not_in_rust(&flags[..3].iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), grants), None);
    }

    #[test]
    fn a_run_is_a_program_that_is_the_librarys_example_with_its_own_values() {
        for place in IN_EXAMPLE {
            assert_eq!(EXAMPLE.matches(place).count(), 1, "{place}");
        }
        let fields = json!({"apiKey": "${K_API_KEY}", "url": "https://{${HOST}}/", "note": "$${x}"});
        let connection = json!({"key": "k", "fields": fields});
        let grants = Grants { allow_private_network: true, ..Grants::default() };
        let program = rust("thing.wasm", "list\"Things", &inputs(json!({"text": "\"# \u{202e}"})), &connection, grants);
        syn::parse_file(&program).unwrap_or_else(|error| panic!("{error}: {program}"));
        for expected in [
            r#"load_file("thing.wasm")"#,
            r#"connection["fields"]["apiKey"] = std::env::var("K_API_KEY")?.into();"#,
            r#"connection["fields"]["url"] = format!("https://{{{}}}/", std::env::var("HOST")?).into();"#,
            r#""note":"${x}""#,
            r###"from_str(r##"{"text":"\"# \u202e"}"##)"###,
            r#"perform("list\"Things", &connection, &inputs, &options)"#,
            "allow_private_network: true",
        ] {
            assert!(program.contains(expected), "{expected} is not in {program}");
        }
        assert!(!program.contains("arguments") && !program.contains("usage"), "{program}");
    }
}
