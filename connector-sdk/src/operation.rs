//! Actions, data sources and triggers: what one declares, the trait that one implements, and its row in the connector's
//! table.

use crate::contract::{Connection, Error, Page, PollResult};
use crate::host::{Call, Host};
use crate::inputs::{Input, Inputs, Reader};
use crate::result_check;

/// What an action, a data source or a trigger says of itself; `wit/manifest.wit` says what each part means.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its key.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it does, in a sentence or two.
    pub description: &'static str,
    /// JSON Schema of its result, usually [`crate::result_schema!`].
    pub result_schema: &'static str,
    /// A result to build a flow against, JSON.
    pub example: &'static str,
}

/// The JSON Schema that the build script made of a query: of its file's name, without the ending.
#[macro_export]
macro_rules! result_schema {
    ($query:literal) => {
        include_str!(concat!(env!("OUT_DIR"), "/schemas/", $query, ".json"))
    };
}

/// One thing that a flow can do.
pub trait Action {
    /// What it says of itself.
    const OPERATION: Operation;
    /// Whether it may change something in the service.
    const CHANGES_DATA: bool = false;
    /// Its inputs.
    type Inputs: Inputs;

    /// Performs it and gives its result as JSON.
    fn perform(call: &Call<'_>, inputs: Self::Inputs) -> Result<String, Error>;
}

/// One source of a dropdown's items.
pub trait DataSource {
    /// What it says of itself; its result schema is [`ITEMS_SCHEMA`].
    const OPERATION: Operation;
    /// Whether it heeds the search text.
    const SEARCHABLE: bool;
    /// Its inputs.
    type Inputs: Inputs;
    /// What a search text and a cursor are read into.
    type Search;

    /// Reads the search text, and the cursor that an earlier page gave. What is wrong is noted in the reader, as
    /// `search` and `cursor`.
    fn search(text: &str, cursor: Option<&str>, reader: &mut Reader) -> Self::Search;

    /// Gives one page.
    fn query(call: &Call<'_>, inputs: Self::Inputs, search: Self::Search) -> Result<Page, Error>;
}

/// JSON Schema of what every data source gives.
pub const ITEMS_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","description":"The items.","type":"array","items":{"type":"object","required":["key","label"],"properties":{"key":{"type":"string","minLength":1},"label":{"type":"string","minLength":1}},"additionalProperties":false}}"#;

/// What starts a flow.
pub trait Trigger {
    /// What it says of itself.
    const OPERATION: Operation;
    /// Its inputs.
    type Inputs: Inputs;
    /// The `format` of its states, if it takes in place of one `{"since": TIME}`, and begins there; and `{"state":
    /// {…}}`, a state of its own that was written for another service. [`crate::polling::poll`] does, with
    /// [`Names::format`](crate::polling::Names::format).
    const REBASES: Option<&'static str> = None;

    /// Polls once; `state` is what the last poll gave. [`crate::polling::poll`] does it for a list that is ordered by
    /// its last change.
    fn poll(call: &Call<'_>, inputs: Self::Inputs, state: Option<&[u8]>) -> Result<PollResult, Error>;
}

/// One row of a connector's table: what is declared, and what is called for it. The table is the dispatch.
#[derive(Clone, Copy, Debug)]
pub struct Row<Run> {
    /// What it says of itself.
    pub operation: Operation,
    /// What it declares of its inputs.
    pub inputs: &'static [Input],
    /// An action: whether it changes data. A data source: whether it is searchable.
    pub flag: bool,
    /// A trigger: [`Trigger::REBASES`].
    pub(crate) rebases: Option<&'static str>,
    pub(crate) run: Run,
}

/// What a data source is asked.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The inputs, a JSON object.
    pub inputs: &'a str,
    /// What the person typed.
    pub search: Option<&'a str>,
    /// The `next` of the page before.
    pub cursor: Option<&'a str>,
}

/// A row of the table of actions.
pub type ActionRow = Row<fn(&Call<'_>, &str) -> Result<String, Error>>;
/// A row of the table of data sources.
pub type DataSourceRow = Row<fn(&Call<'_>, &Query<'_>) -> Result<Page, Error>>;
/// A row of the table of triggers.
pub type TriggerRow = Row<fn(&Call<'_>, &str, Option<&[u8]>) -> Result<PollResult, Error>>;

impl ActionRow {
    /// The row of an action.
    pub const fn of<A: Action>() -> Self {
        Self {
            operation: A::OPERATION,
            inputs: A::Inputs::DECLARED,
            flag: A::CHANGES_DATA,
            rebases: None,
            run: perform::<A>,
        }
    }
}

impl DataSourceRow {
    /// The row of a data source.
    pub const fn of<D: DataSource>() -> Self {
        Self {
            operation: D::OPERATION,
            inputs: D::Inputs::DECLARED,
            flag: D::SEARCHABLE,
            rebases: None,
            run: query::<D>,
        }
    }
}

impl TriggerRow {
    /// The row of a trigger.
    pub const fn of<T: Trigger>() -> Self {
        Self { operation: T::OPERATION, inputs: T::Inputs::DECLARED, flag: false, rebases: T::REBASES, run: poll::<T> }
    }
}

fn perform<A: Action>(call: &Call<'_>, inputs: &str) -> Result<String, Error> {
    let result = A::perform(call, read::<A::Inputs>(inputs)?)?;
    result_check::check(&result, A::OPERATION.result_schema)?;
    Ok(result)
}

fn query<D: DataSource>(call: &Call<'_>, query: &Query<'_>) -> Result<Page, Error> {
    let mut reader = Reader::parse(query.inputs, D::Inputs::DECLARED)?;
    let inputs = D::Inputs::read(&mut reader);
    let search = D::search(query.search.unwrap_or_default(), query.cursor, &mut reader);
    reader.finish()?;
    D::query(call, inputs, search)
}

fn poll<T: Trigger>(call: &Call<'_>, inputs: &str, state: Option<&[u8]>) -> Result<PollResult, Error> {
    T::poll(call, read::<T::Inputs>(inputs)?, state)
}

/// Reads the inputs of a call: all, or all that is wrong with them.
fn read<I: Inputs>(text: &str) -> Result<I, Error> {
    let mut reader = Reader::parse(text, I::DECLARED)?;
    let inputs = I::read(&mut reader);
    reader.finish()?;
    Ok(inputs)
}

/// The row of this key; the error names those there are.
pub(crate) fn find<'t, Run>(table: &'t [Row<Run>], key: &str, what: &str) -> Result<&'t Row<Run>, Error> {
    table.iter().find(|row| row.operation.key == key).ok_or_else(|| {
        let known: Vec<&str> = table.iter().map(|row| row.operation.key).collect();
        let verb = if known.len() == 1 { "is" } else { "are" };
        Error::UnknownKey(format!("there is no {what} {key:?}; there {verb} {}", known.join(", ")))
    })
}

/// What a call is made with, if the connection is of a kind that the connector has.
pub(crate) fn open<'a>(
    host: &'a dyn Host,
    connection: &'a Connection,
    known: impl Iterator<Item = &'static str>,
) -> Result<Call<'a>, Error> {
    let known: Vec<&str> = known.collect();
    if !known.contains(&connection.key.as_str()) {
        let message = format!("there is no connection {:?}; there is {}", connection.key, known.join(", "));
        return Err(Error::UnknownKey(message));
    }
    Ok(Call { host, connection })
}
