//! Reads a connection file: JSON in which `${NAME}` stands for a variable of the environment, so that the file can be shared and the key
//! cannot.

use std::path::Path;

use serde_json::Value;

use super::failure::Failure;

/// Connections are a handful of fields; a larger file is another file.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file and fills in variables. Errors name the file and the variable, and repeat no value.
pub(super) fn read(path: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Value, Failure> {
    let failed = |text: String| Failure::usage(format!("the connection file {}: {text}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > LARGEST {
        return Err(failed(format!("{size} bytes are too many for a connection")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let mut value: Value = serde_json::from_str(&text).map_err(|error| failed(format!("it is not JSON: {error}")))?;
    fill_in(&mut value, &variable).map_err(failed)?;
    Ok(value)
}

fn fill_in(value: &mut Value, variable: &impl Fn(&str) -> Option<String>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            if text.contains("${") {
                *text = filled_in(text, variable)?;
            }
            Ok(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill_in(value, variable)),
        Value::Object(object) => object.values_mut().try_for_each(|value| fill_in(value, variable)),
        _ => Ok(()),
    }
}

/// Replaces every `${NAME}`; `$${` stands for `${` itself. What a variable holds is not looked at again.
fn filled_in(text: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = after;
            continue;
        }
        result.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err("a ${ has no } (write $${ where ${ is meant)".into());
        };
        if name.is_empty() || !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
            return Err("a name between ${ and } is not that of a variable".into());
        }
        let value = variable(name).ok_or_else(|| {
            format!("the variable {name} is not set in the environment: export it, or write the value into the file")
        })?;
        result.push_str(&value);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "KEY" => Some("secret".into()),
            "TRICKY" => Some("a${KEY}b".into()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_filled_in_wherever_a_text_stands() {
        let mut value =
            json!({"key": "k", "fields": {"a": "${KEY}", "b": ["x${KEY}y${KEY}"], "c": "$${KEY}", "d": "$1", "e": 3}});
        fill_in(&mut value, &variable).unwrap();
        let expected =
            json!({"key": "k", "fields": {"a": "secret", "b": ["xsecretysecret"], "c": "${KEY}", "d": "$1", "e": 3}});
        assert_eq!(value, expected);
    }

    #[test]
    fn what_a_variable_holds_is_not_filled_in_again() {
        assert_eq!(filled_in("${TRICKY}", &variable).unwrap(), "a${KEY}b");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = filled_in("${KEY}${MISSING}", &variable).unwrap_err();
        assert!(error.contains("MISSING") && !error.contains("secret"), "{error}");
        for bad in ["${KEY", "${}", "${a b}"] {
            assert!(filled_in(bad, &variable).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_or_is_not_json_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connection.json");
        assert!(read(&path, variable).unwrap_err().message().contains("connection.json"));
        std::fs::write(&path, "{\"key\": secret}").unwrap();
        let message = read(&path, variable).unwrap_err().message();
        assert!(message.contains("is not JSON") && !message.contains("secret"), "{message}");
    }
}
