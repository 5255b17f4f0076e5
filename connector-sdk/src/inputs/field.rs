//! A declared input together with the reading of its value.

use super::reader::{Map, Reader};
use super::{Choice, Input, Kind, Literal};
use crate::time::{self, Millis};

/// An input whose value is a `T`.
pub struct Field<T> {
    /// What the manifest says of it.
    pub input: Input,
    read: fn(&Input, &mut Reader) -> T,
}

impl<T> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Field<T> {}

impl<T> std::fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Field").field(&self.input).finish()
    }
}

/// A type whose values are the choices of an input; [`crate::choices!`] writes it.
pub trait Choices: Sized + Copy + 'static {
    /// The choices, each with its value, in the order to show them.
    const CHOICES: &'static [Choice];

    /// The value of the choice with this text.
    fn of(value: &str) -> Option<Self>;
}

impl<T> Field<T> {
    /// An input of one's own, with a reading of one's own.
    pub const fn custom(input: Input, read: fn(&Input, &mut Reader) -> T) -> Self {
        Self { input, read }
    }

    /// Reads the value. What is wrong with it is noted in the reader.
    pub fn read(&self, reader: &mut Reader) -> T {
        (self.read)(&self.input, reader)
    }

    /// What the input means, in a sentence or two.
    #[must_use]
    pub const fn help(mut self, help: &'static str) -> Self {
        self.input.help = help;
        self
    }

    /// A value to learn from.
    #[must_use]
    pub const fn example(mut self, example: Literal) -> Self {
        self.input.example = Some(example);
        self
    }

    /// What an empty control shows.
    #[must_use]
    pub const fn placeholder(mut self, placeholder: &'static str) -> Self {
        self.input.placeholder = Some(placeholder);
        self
    }

    /// The key of the data source that the value can be picked from.
    #[must_use]
    pub const fn picked_from(mut self, data_source: &'static str) -> Self {
        self.input.data_source = Some(data_source);
        self
    }

    /// Marks the input as required although it has a default: forms then show it as one that matters.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.input.required = true;
        self
    }
}

impl Field<String> {
    /// One line of text that must be given.
    pub const fn text(key: &'static str, label: &'static str) -> Self {
        let input = Input { required: true, ..Input::new(key, label, Kind::Text, "") };
        Self { input, read: |input, reader| reader.required_text(input.key) }
    }

    /// Source text in a language, which may be as long as the inputs may be; `default` when it is left out. A form
    /// begins with the default, so that one that is marked as required was emptied where it comes blank, which is a
    /// problem.
    pub const fn code(language: &'static str, key: &'static str, label: &'static str, default: &'static str) -> Self {
        let default = Some(Literal::Text(default));
        let input = Input { default, ..Input::new(key, label, Kind::Code(language), "") };
        Self {
            input,
            read: |input, reader| {
                if input.required && reader.is_blank_text(input.key) {
                    reader.problem(input.key, "is blank; fill it in, or leave it out for what the form begins with");
                }
                reader.source(input.key).unwrap_or_else(|| default_text(input).to_owned())
            },
        }
    }
}

impl Field<Option<String>> {
    /// One line of text.
    pub const fn optional_text(key: &'static str, label: &'static str) -> Self {
        Self { input: Input::new(key, label, Kind::Text, ""), read: |input, reader| reader.optional_text(input.key) }
    }

    /// Several lines of text.
    pub const fn multi_line(key: &'static str, label: &'static str) -> Self {
        let input = Input::new(key, label, Kind::MultiLine, "");
        Self { input, read: |input, reader| reader.optional_text(input.key) }
    }
}

impl Field<u32> {
    /// A whole number from `least` to `most`; `default` when it is blank.
    pub const fn whole_number(key: &'static str, label: &'static str, least: u32, most: u32, default: u32) -> Self {
        let input = Input {
            default: Some(Literal::Number(default)),
            bounds: Some((least, most)),
            ..Input::new(key, label, Kind::Number, "")
        };
        Self {
            input,
            read: |input, reader| {
                let (least, most) = input.bounds.unwrap_or((0, u32::MAX));
                let default = if let Some(Literal::Number(default)) = input.default { default } else { least };
                reader.whole_number(input.key, least, most).unwrap_or(default)
            },
        }
    }
}

impl Field<bool> {
    /// True or false; `default` when it is blank.
    pub const fn boolean(key: &'static str, label: &'static str, default: bool) -> Self {
        let default = Some(Literal::Boolean(default));
        Self {
            input: Input { default, ..Input::new(key, label, Kind::Boolean, "") },
            read: |input, reader| {
                reader.boolean(input.key).unwrap_or(matches!(input.default, Some(Literal::Boolean(true))))
            },
        }
    }
}

impl<T: Choices> Field<T> {
    /// One of the type's choices; that of `default` when it is blank. A default that is none of them does not compile.
    pub const fn choice(key: &'static str, label: &'static str, default: &'static str) -> Self {
        assert!(is_choice(default, T::CHOICES), "the default must be one of the choices");
        let input = Input {
            default: Some(Literal::Text(default)),
            choices: T::CHOICES,
            ..Input::new(key, label, Kind::Choice, "")
        };
        Self {
            input,
            read: |input, reader| {
                let chosen = reader.choice(input.key, input.choices).and_then(T::of);
                #[expect(clippy::expect_used, reason = "`choice` does not compile with another default")]
                chosen.or_else(|| T::of(default_text(input))).expect("the default is one of the choices")
            },
        }
    }
}

impl Field<Option<Millis>> {
    /// A point in time, as ISO 8601 writes it with its zone.
    pub const fn time(key: &'static str, label: &'static str) -> Self {
        Self {
            input: Input::new(key, label, Kind::Text, ""),
            read: |input, reader| {
                let text = reader.optional_text(input.key)?;
                let time = time::parse(text.trim());
                if time.is_none() {
                    let message = "expected a time with its zone from 1970 on, for example 2026-11-01T00:00:00Z";
                    reader.problem(input.key, message);
                }
                time
            },
        }
    }
}

impl Field<Vec<String>> {
    /// Several words or phrases, parted by commas, or a JSON list of them; none when it is blank.
    pub const fn words(key: &'static str, label: &'static str) -> Self {
        Self { input: Input::new(key, label, Kind::Text, ""), read: |input, reader| reader.words(input.key) }
    }
}

impl Field<Map> {
    /// A JSON object; empty when it is blank.
    pub const fn object(key: &'static str, label: &'static str) -> Self {
        let input = Input::new(key, label, Kind::Code("json"), "");
        Self { input, read: |input, reader| reader.object(input.key) }
    }

    /// Pairs of text; none when it is blank.
    pub const fn pairs(key: &'static str, label: &'static str) -> Self {
        let input = Input::new(key, label, Kind::KeyValueList, "");
        Self { input, read: |input, reader| reader.pairs(input.key) }
    }
}

fn default_text(input: &Input) -> &'static str {
    if let Some(Literal::Text(text)) = input.default { text } else { "" }
}

const fn is_choice(value: &str, choices: &[Choice]) -> bool {
    let mut rest = choices;
    while let [choice, others @ ..] = rest {
        if is_same(choice.value.as_bytes(), value.as_bytes()) {
            return true;
        }
        rest = others;
    }
    false
}

const fn is_same(mut a: &[u8], mut b: &[u8]) -> bool {
    while let ([first_a, rest_a @ ..], [first_b, rest_b @ ..]) = (a, b) {
        if *first_a != *first_b {
            return false;
        }
        (a, b) = (rest_a, rest_b);
    }
    a.is_empty() && b.is_empty()
}
