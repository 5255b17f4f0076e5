//! What the variable of the environment is called that holds a secret, wherever one is proposed. Pure.

/// The name of the environment's variable for a secret field of a kind of connection: `API_KEY` of `plm` is
/// `PLM_API_KEY`, and of `plmApiKey` as well.
pub(crate) fn of_secret(kind: &str, field: &str) -> String {
    let (kind, field) = (upper_snake(kind), upper_snake(field));
    let is_named = kind == field || kind.strip_suffix(&field).is_some_and(|start| start.ends_with('_'));
    let name = if is_named { kind } else { format!("{kind}_{field}") };
    // No shell has a variable that begins with a digit.
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// `plmApiKey` as `PLM_API_KEY`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            if !snake.ends_with('_') {
                snake.push('_');
            }
            was_lower = false;
            continue;
        }
        if character.is_ascii_uppercase() && was_lower {
            snake.push('_');
        }
        was_lower = !character.is_ascii_uppercase();
        snake.push(character.to_ascii_uppercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_after_the_connection_and_its_field() {
        for (kind, field, expected) in [
            ("plmApiKey", "apiKey", "PLM_API_KEY"),
            ("k", "apiKey", "K_API_KEY"),
            ("apiKey", "apiKey", "API_KEY"),
            ("acme-things", "token", "ACME_THINGS_TOKEN"),
            ("3d", "key", "_3D_KEY"),
        ] {
            assert_eq!(of_secret(kind, field), expected);
        }
    }
}
