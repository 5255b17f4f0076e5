//! The macros that write inputs and choices.

/// Writes a struct of inputs: each member with its type and the [`Field`](crate::inputs::Field) that declares and reads
/// it.
///
/// ```
/// use connector_sdk::inputs::{Field, Inputs as _};
///
/// connector_sdk::inputs! {
///     /// What to list.
///     pub struct ListThings {
///         /// How many.
///         first: u32 = Field::whole_number("first", "First N items", 1, 1_000, 100).help("How many to get."),
///     }
/// }
/// assert_eq!(ListThings::DECLARED[0].key, "first");
/// ```
#[macro_export]
macro_rules! inputs {
    ($(#[$about:meta])* $visible:vis struct $name:ident { $($(#[$what:meta])* $member:ident: $type:ty = $field:expr),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug)]
        $visible struct $name {
            $($(#[$what])* pub $member: $type),*
        }

        impl $crate::inputs::Inputs for $name {
            const DECLARED: &'static [$crate::inputs::Input] = &[
                $({ const FIELD: $crate::inputs::Field<$type> = $field; FIELD.input }),*
            ];

            fn read(reader: &mut $crate::inputs::Reader) -> Self {
                Self {
                    $($member: { const FIELD: $crate::inputs::Field<$type> = $field; FIELD.read(reader) }),*
                }
            }
        }
    };
}

/// Writes an enum whose values are the choices of an input: each with the text that is stored and sent, and the one
/// that is shown. It is serialised as that text, so that queries can use it (`extern_enums` of graphql_client).
///
/// ```
/// use connector_sdk::inputs::Choices as _;
///
/// connector_sdk::choices! {
///     /// The colour.
///     pub enum Colour {
///         /// Red.
///         Red = "RED" => "A warm red",
///     }
/// }
/// assert_eq!(Colour::of("RED"), Some(Colour::Red));
/// ```
#[macro_export]
macro_rules! choices {
    ($(#[$about:meta])* $visible:vis enum $name:ident { $($(#[$what:meta])* $case:ident = $value:literal => $label:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $visible enum $name {
            $($(#[$what])* #[serde(rename = $value)] $case),*
        }

        impl $crate::inputs::Choices for $name {
            const CHOICES: &'static [$crate::inputs::Choice] =
                &[$($crate::inputs::Choice { value: $value, label: $label }),*];

            fn of(value: &str) -> Option<Self> {
                match value {
                    $($value => Some(Self::$case),)*
                    _ => None,
                }
            }
        }
    };
}
