//! What is taken out of what is written, beside the connection's secrets: values by the names of their members,
//! parameters and headers, and texts by patterns.

use regex::Regex;

/// Names under which nothing stands that anybody should be given.
const ALWAYS: [&str; 30] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "authorization",
    "authtoken",
    "awssecretaccesskey",
    "bearertoken",
    "cookie",
    "csrftoken",
    "idtoken",
    "jwt",
    "passphrase",
    "privatekey",
    "proxyauthorization",
    "refreshtoken",
    "secretaccesskey",
    "secretkey",
    "securitytoken",
    "sessionid",
    "sessiontoken",
    "setcookie",
    "token",
    "xaccesstoken",
    "xamzsecuritytoken",
    "xamzsignature",
    "xapikey",
    "xauthtoken",
    "xcsrftoken",
    "xsrftoken",
];

/// How further such names end: `newPassword`, `webhookSecret`. Not `token`: a page's token is none.
const ENDINGS: [&str; 4] = ["passwd", "password", "passwords", "secret"];

/// What is taken out; by default, what always is.
pub(crate) struct Redaction {
    /// In lower case, without hyphens, underscores and blanks.
    names: Vec<String>,
    pub(super) patterns: Vec<Regex>,
}

impl Default for Redaction {
    fn default() -> Self {
        Self { names: ALWAYS.into_iter().map(str::to_owned).collect(), patterns: Vec::new() }
    }
}

impl Redaction {
    /// What is taken out always, and these names and patterns.
    pub(crate) fn new(names: &[String], patterns: &[String]) -> Result<Self, String> {
        let patterns = patterns
            .iter()
            .map(|pattern| Regex::new(pattern).map_err(|error| format!("{pattern:?} is no pattern: {error}")));
        let mut redaction = Self { patterns: patterns.collect::<Result<_, _>>()?, ..Self::default() };
        redaction.names.extend(names.iter().map(|name| plain(name)));
        Ok(redaction)
    }

    /// Whether it takes out more than what always is.
    pub(crate) fn takes_more(&self) -> bool {
        self.names.len() > ALWAYS.len() || !self.patterns.is_empty()
    }

    /// Whether what stands under this name is taken out.
    pub(crate) fn names(&self, name: &str) -> bool {
        let name = plain(name);
        self.names.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
    }
}

fn plain(name: &str) -> String {
    let is_part = |character: &char| !matches!(character, '-' | '_') && !character.is_whitespace();
    name.chars().filter(is_part).flat_map(char::to_lowercase).collect()
}
