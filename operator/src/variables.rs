//! `${NAME}` in a file that a person writes: read from the environment, so that the file can be shared and a secret
//! cannot. Pure.

/// Replaces every `${NAME}`; `$${` stands for `${` itself. What a variable holds is not looked at again. `found` is
/// told each value.
///
/// # Errors
///
/// A name is none, or its variable is not set. No value is repeated.
pub fn filled_in(
    text: &str,
    variable: &impl Fn(&str) -> Option<String>,
    found: &mut impl FnMut(&str),
) -> Result<String, String> {
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
        found(&value);
        result.push_str(&value);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}
