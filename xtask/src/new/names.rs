//! One name in its spellings.

use anyhow::{Result, bail};

/// More than this and paths that hold the name become too long for some file systems.
const LONGEST: usize = 60;

/// Types and traits that what is written names, or that every file has.
const TYPES: &[&str] = &[
    "About",
    "Account",
    "Action",
    "ActionRow",
    "Box",
    "Call",
    "Clone",
    "Connection",
    "ConnectionKind",
    "Connector",
    "Copy",
    "DataSource",
    "DataSourceRow",
    "DateTime",
    "Debug",
    "Default",
    "Drop",
    "Err",
    "Error",
    "Fn",
    "From",
    "Id",
    "Into",
    "Item",
    "Iterator",
    "None",
    "Ok",
    "Operation",
    "Option",
    "Page",
    "Result",
    "Self",
    "Send",
    "Some",
    "String",
    "Sync",
    "ToString",
    "Trigger",
    "TriggerRow",
    "Variables",
    "Vec",
];

/// The words of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name(Vec<String>);

impl Name {
    /// Reads an action's key: `getPart`.
    pub(super) fn of_camel_case(text: &str) -> Result<Self> {
        let good = text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.chars().all(|character| character.is_ascii_alphanumeric());
        if !good {
            bail!("{text:?} is no name of an action: use camelCase of letters and digits, for example getPart");
        }
        let mut words = vec![String::new()];
        for character in text.chars() {
            if character.is_ascii_uppercase() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(character.to_ascii_lowercase());
            }
        }
        Self::checked(words, text)
    }

    /// Reads a connector's name: `acme-things`.
    pub(super) fn of_kebab_case(text: &str) -> Result<Self> {
        let words: Vec<String> = text.split('-').map(str::to_owned).collect();
        let good = words.iter().all(|word| {
            let begins = word.starts_with(|first: char| first.is_ascii_lowercase());
            begins && word.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
        });
        if !good {
            bail!("{text:?} is no name of a connector: use kebab-case of letters and digits, for example acme-things");
        }
        Self::checked(words, text)
    }

    /// Names that are words of the language do not compile.
    fn checked(words: Vec<String>, text: &str) -> Result<Self> {
        const RESERVED: &[&str] = &[
            "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const", "continue",
            "core", "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
            "in", "let", "lib", "loop", "macro", "main", "match", "mod", "move", "mut", "new", "override", "priv",
            "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "tests", "trait", "true",
            "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
        ];
        if text.len() > LONGEST {
            bail!("a name of {} characters is too long: use at most {LONGEST}", text.len());
        }
        if let [only] = words.as_slice()
            && RESERVED.contains(&only.as_str())
        {
            bail!("{text:?} means something to the compiler or to cargo: use another name");
        }
        let name = Self(words);
        if TYPES.contains(&name.pascal().as_str()) {
            bail!("{text:?} would be a type {}, which the code uses already: use another name", name.pascal());
        }
        Ok(name)
    }

    /// `get_part`
    pub(super) fn snake(&self) -> String {
        self.0.join("_")
    }

    /// `GetPart`
    pub(super) fn pascal(&self) -> String {
        self.0.iter().map(|word| capitalised(word)).collect()
    }

    /// `Get part`
    pub(super) fn label(&self) -> String {
        capitalised(&self.0.join(" "))
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_has_every_spelling() {
        let action = Name::of_camel_case("getPartV2").unwrap();
        assert_eq!((action.snake().as_str(), action.pascal().as_str()), ("get_part_v2", "GetPartV2"));
        assert_eq!(action.label(), "Get part v2");
        let connector = Name::of_kebab_case("acme-things").unwrap();
        assert_eq!((connector.snake().as_str(), connector.pascal().as_str()), ("acme_things", "AcmeThings"));
    }

    #[test]
    fn what_would_not_compile_is_refused_with_the_way_out() {
        for bad in ["", "GetPart", "get-part", "get part", "../x", "1st", "match", "operation", "option", "actionRow"] {
            let problem = Name::of_camel_case(bad).unwrap_err().to_string();
            assert!(problem.contains("use camelCase") || problem.contains("another name"), "{problem}");
        }
        for bad in ["", "Acme", "acme_things", "a--b", "-a", "../x", "2d", "test", "std"] {
            let problem = Name::of_kebab_case(bad).unwrap_err().to_string();
            assert!(problem.contains("use kebab-case") || problem.contains("another name"), "{problem}");
        }
    }
}
