//! `getCurrentUser`

use connector_sdk::graphql::missing;
use connector_sdk::{Action, Call, Error, Operation, result_schema};

use crate::service::{client, query};

query!(GetCurrentUser, "src/actions/get_current_user.graphql");

impl GetCurrentUser {
    /// There is nothing to choose.
    pub(crate) const VARIABLES: get_current_user::Variables = get_current_user::Variables;
}

impl Action for GetCurrentUser {
    const OPERATION: Operation = Operation {
        key: "getCurrentUser",
        label: "Get Current User",
        description: "Gets the user that the API key belongs to, and the user's company.",
        result_schema: result_schema!("get_current_user"),
        example: include_str!("get_current_user.example.json"),
    };
    type Inputs = ();

    fn perform(call: &Call<'_>, (): ()) -> Result<String, Error> {
        let answer = client(call).run::<Self>(Self::VARIABLES)?;
        answer.member("userById")?.ok_or_else(|| missing("userById, the owner of the API key"))?;
        Ok(answer.data().to_owned())
    }
}
