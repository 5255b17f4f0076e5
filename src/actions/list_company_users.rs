//! `listCompanyUsers`: the company of the API key's owner, with its users.

use connector_sdk::graphql::{misshapen, missing};
use connector_sdk::{Action, Call, Error, Operation, json, result_schema};

use crate::service::{client, query};

query!(ListCompanyUsers, "src/actions/list_company_users.graphql");

impl Action for ListCompanyUsers {
    const OPERATION: Operation = Operation {
        key: "listCompanyUsers",
        label: "List Company Users",
        description: "Lists the users of the company that the API key's owner belongs to.",
        result_schema: result_schema!("list_company_users"),
        example: include_str!("list_company_users.example.json"),
    };
    type Inputs = ();

    fn perform(call: &Call<'_>, (): ()) -> Result<String, Error> {
        let answer = client(call).run::<Self>(list_company_users::Variables)?;
        let user = answer.member("userById")?.ok_or_else(|| missing("userById, the owner of the API key"))?;
        let company = json::member(user, "primaryCompany").map_err(misshapen)?;
        Ok(company.ok_or_else(|| missing("primaryCompany, the owner's company"))?.to_owned())
    }
}
