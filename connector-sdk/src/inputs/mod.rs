//! The inputs of operations and the fields of connections. One constant, a [`Field`], says all of an input: its key and
//! its control, its default, bounds and choices, and how a value of it is read. The manifest, the JSON Schema of the
//! inputs and the typed struct that an operation gets come from these constants ([`crate::inputs!`]), so that they
//! cannot disagree.

mod field;
mod macros;
mod reader;
mod schema;
mod values;

#[cfg(test)]
mod tests;

pub use field::{Choices, Field};
pub use reader::{Map, Reader};
pub(crate) use schema::input_schema;

use crate::json::push_string;

/// One input of an operation, or one field of a connection: what its form shows. `wit/manifest.wit` says what each part
/// means.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The name in the `inputs` object.
    pub key: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// Its control and its JSON.
    pub kind: Kind,
    /// Whether a call without it is refused, unless it has a default.
    pub required: bool,
    /// The value that counts when none is given.
    pub default: Option<Literal>,
    /// A value to learn from.
    pub example: Option<Literal>,
    /// What an empty control shows.
    pub placeholder: Option<&'static str>,
    /// What it means, in a sentence or two.
    pub help: &'static str,
    /// The values to choose from.
    pub choices: &'static [Choice],
    /// The key of the data source that it can be picked from.
    pub data_source: Option<&'static str>,
    /// The least and the greatest number that it may be.
    pub bounds: Option<(u32, u32)>,
}

impl Input {
    /// An optional input with nothing but the parts every input has; the rest is set with struct update syntax.
    pub const fn new(key: &'static str, label: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            key,
            label,
            kind,
            required: false,
            default: None,
            example: None,
            placeholder: None,
            help,
            choices: &[],
            data_source: None,
            bounds: None,
        }
    }

    /// Whether a call without it is refused.
    pub(crate) fn must_be_given(&self) -> bool {
        self.required && self.default.is_none()
    }
}

/// The kind of an input: its control and its JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text,
    /// Several lines of text.
    MultiLine,
    /// Text that is hidden while it is typed.
    Password,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// One of the choices.
    Choice,
    /// Source text in the named language.
    Code(&'static str),
    /// Pairs of text.
    KeyValueList,
    /// An absolute http or https URL.
    EndpointUrl,
}

/// One value to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What is stored and sent.
    pub value: &'static str,
    /// What is shown.
    pub label: &'static str,
}

/// A value that a constant can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(&'static str),
    /// A whole number.
    Number(u32),
    /// A boolean.
    Boolean(bool),
    /// Any other value, as JSON text.
    Json(&'static str),
}

impl Literal {
    /// The value as JSON text.
    pub fn to_json(self) -> String {
        match self {
            Self::Text(text) => {
                let mut json = String::new();
                push_string(&mut json, text);
                json
            }
            Self::Number(number) => number.to_string(),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Json(text) => text.to_owned(),
        }
    }
}

/// The inputs of an operation as a struct; [`crate::inputs!`] writes it.
pub trait Inputs: Sized {
    /// What is declared, in the order to show it.
    const DECLARED: &'static [Input];

    /// Reads the values. What is wrong is noted in the reader, and a value of the type is given all the same.
    fn read(reader: &mut Reader) -> Self;
}

/// The inputs of an operation that has none.
impl Inputs for () {
    const DECLARED: &'static [Input] = &[];

    fn read(_: &mut Reader) -> Self {}
}
