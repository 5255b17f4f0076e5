//! What a flow can do: one file an action. Each parses its inputs whole before it sends anything, and gives the service's
//! records as the service wrote them.

mod create_change_order;
mod get_component_by_id;
mod get_current_user;
mod list_change_orders;
mod list_company_users;
mod list_components;
mod raw_request;

#[cfg(test)]
mod tests;

use crate::connection::{Configured, Connection};
use crate::duro::Client;
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::json::Value;
use crate::manifest::{self, ACTIONS, Input};
#[cfg(test)]
pub(crate) use raw_request::DEFAULT_QUERY;

/// How many records a list action gives when it is not told.
const DEFAULT_FIRST: u32 = 100;

/// The most records that one list action gives: a hundred requests. Whoever wants a whole large library is better served by
/// the trigger, or by `rawRequest` with a cursor.
const MAX_FIRST: u32 = 10_000;

/// Performs the action of this key and gives its result as JSON.
pub fn perform<H: Host>(host: &H, key: &str, configured: Configured<'_>, inputs: &str) -> Result<String, Error> {
    let call = Call { host, configured, inputs };
    match key {
        "createChangeOrder" => {
            call.run(&manifest::CREATE_CHANGE_ORDER, create_change_order::read, create_change_order::perform)
        }
        "getComponentById" => {
            call.run(&manifest::GET_COMPONENT_BY_ID, get_component_by_id::read, get_component_by_id::perform)
        }
        "getCurrentUser" => call.run(&manifest::GET_CURRENT_USER, |_| (), get_current_user::perform),
        "listChangeOrders" => {
            call.run(&manifest::LIST_CHANGE_ORDERS, list_change_orders::read, list_change_orders::perform)
        }
        "listCompanyUsers" => call.run(&manifest::LIST_COMPANY_USERS, |_| (), list_company_users::perform),
        "listComponents" => call.run(&manifest::LIST_COMPONENTS, list_components::read, list_components::perform),
        "rawRequest" => call.run(&manifest::RAW_REQUEST, raw_request::read, raw_request::perform),
        _ => {
            let known: Vec<&str> = ACTIONS.iter().map(|action| action.about.key).collect();
            Err(Error::UnknownKey(format!("there is no action {key:?}; there are {}", known.join(", "))))
        }
    }
}

/// The number of records to list.
fn read_first(inputs: &mut Inputs) -> u32 {
    inputs.whole_number("first", 1, MAX_FIRST, DEFAULT_FIRST)
}

struct Call<'a, H> {
    host: &'a H,
    configured: Configured<'a>,
    inputs: &'a str,
}

impl<H: Host> Call<'_, H> {
    /// Reads the inputs, then the connection, and performs the action if both are good.
    fn run<I>(
        &self,
        action: &manifest::Action,
        read: impl FnOnce(&mut Inputs) -> I,
        perform: impl FnOnce(&Client<'_, H>, I) -> Result<String, Error>,
    ) -> Result<String, Error> {
        let (connection, input) = prepare(self.configured, self.inputs, action.about.inputs, read)?;
        let result = perform(&Client::new(self.host, &connection), input)?;
        check_result(&result, action.about.result_schema)?;
        Ok(result)
    }
}

/// Reads the connection and the inputs of a call: both, or all that is wrong with either.
pub(crate) fn prepare<I>(
    configured: Configured<'_>,
    inputs: &str,
    declared: &[Input],
    read: impl FnOnce(&mut Inputs) -> I,
) -> Result<(Connection, I), Error> {
    let (connection, mut inputs) = open(configured, inputs, declared)?;
    let values = read(&mut inputs);
    Ok((close(connection, inputs)?, values))
}

// The two halves of `prepare` that are the same for every operation, apart, so that the component holds them once.

#[inline(never)]
fn open(
    configured: Configured<'_>,
    inputs: &str,
    declared: &[Input],
) -> Result<(Result<Connection, Error>, Inputs), Error> {
    let connection = Connection::parse(configured);
    match Inputs::parse(inputs, declared) {
        Ok(inputs) => Ok((connection, inputs)),
        Err(error) => Err(joined(connection.err(), error)),
    }
}

#[inline(never)]
fn close(connection: Result<Connection, Error>, inputs: Inputs) -> Result<Connection, Error> {
    match (connection, inputs.finish()) {
        (connection, Ok(())) => connection,
        (connection, Err(error)) => Err(joined(connection.err(), error)),
    }
}

/// The problems of the connection and of the inputs in one error, where the connection has some; else its other error first.
fn joined(connection: Option<Error>, inputs: Error) -> Error {
    match (connection, inputs) {
        (Some(Error::InvalidInput(mut problems)), Error::InvalidInput(more)) => {
            problems.extend(more);
            Error::InvalidInput(problems)
        }
        (Some(error), _) | (None, error) => error,
    }
}

/// Holds the result against its schema. The generated types of graphql_client could do so too, but at five times the code.
#[inline(never)]
fn check_result(result: &str, schema: &str) -> Result<(), Error> {
    let parse = |text: &str| {
        Value::parse(text).map_err(|error| Error::UnexpectedResponse(format!("the answer is not JSON: {error}")))
    };
    match manifest::mismatch(&parse(result)?, &parse(schema)?) {
        None => Ok(()),
        Some(problem) => Err(Error::UnexpectedResponse(format!("the answer is not of the shape asked for: {problem}"))),
    }
}
