//! Secrets in variables of the environment: `PREFIX__TENANT__NAME`.

use secrecy::SecretString;

use super::{LARGEST, SecretError, SecretStore, without_line_break};
use crate::model::Name;

/// The variables whose names begin with a prefix.
#[derive(Debug)]
pub(crate) struct EnvironmentSecrets {
    prefix: String,
}

impl EnvironmentSecrets {
    /// Fails where the prefix cannot begin a variable's name.
    pub(crate) fn new(prefix: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let begins_well = prefix.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
        if !begins_well || !prefix.bytes().all(is_plain) {
            return Err(format!("{prefix:?} cannot begin a variable: use upper-case letters, digits and \"_\""));
        }
        Ok(Self { prefix: prefix.to_owned() })
    }

    /// The variable of a secret. No two secrets share one: `-`, `_` and `.` become `_H`, `_U` and `_D`, so that two
    /// underscores in a row stand between the parts alone.
    fn variable(&self, tenant: &Name, name: &Name) -> String {
        let part = |name: &Name| -> String {
            let letters = name.as_str().chars().flat_map(|letter| match letter {
                '-' => vec!['_', 'H'],
                '_' => vec!['_', 'U'],
                '.' => vec!['_', 'D'],
                letter => vec![letter.to_ascii_uppercase()],
            });
            letters.collect()
        };
        format!("{}__{}__{}", self.prefix, part(tenant), part(name))
    }
}

impl SecretStore for EnvironmentSecrets {
    fn secret(&self, tenant: &Name, name: &Name) -> Result<SecretString, SecretError> {
        let variable = self.variable(tenant, name);
        let wrong = |text: String| SecretError(format!("the secret {name} of {tenant}: {text}"));
        let text = match std::env::var(&variable) {
            Ok(text) => without_line_break(text),
            Err(std::env::VarError::NotPresent) => return Err(wrong(format!("set the variable {variable}"))),
            Err(std::env::VarError::NotUnicode(_)) => return Err(wrong(format!("{variable} is not text in UTF-8"))),
        };
        match text.len() {
            0 => Err(wrong(format!("the variable {variable} is empty"))),
            1..=LARGEST => Ok(text.into()),
            _ => Err(wrong(format!("the variable {variable} has more than {LARGEST} bytes"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_secrets_share_a_variable() {
        let store = EnvironmentSecrets::new("FLEET").unwrap();
        let names = ["a", "a-b", "a_b", "a.b", "a-", "a_", "b", "h", "a-hb", "a_u", "a__b", "u-b", "a.__b"];
        let names = names.map(|name| name.parse::<Name>().unwrap());
        let variables: BTreeSet<String> =
            names.iter().flat_map(|tenant| names.iter().map(|name| store.variable(tenant, name))).collect();
        assert_eq!(variables.len(), names.len() * names.len());
        assert_eq!(store.variable(&"acme-2".parse().unwrap(), &"duro".parse().unwrap()), "FLEET__ACME_H2__DURO");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let store = EnvironmentSecrets::new("NOBODY_SETS_THIS").unwrap();
        let error = store.secret(&"acme".parse().unwrap(), &"duro".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("set the variable NOBODY_SETS_THIS__ACME__DURO"), "{error}");
        for prefix in ["", "1A", "a", "A=", "_A"] {
            assert!(EnvironmentSecrets::new(prefix).is_err(), "{prefix:?}");
        }
    }
}
