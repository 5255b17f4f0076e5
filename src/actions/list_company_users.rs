//! `listCompanyUsers`: the company of the API key's owner, with its users.

use crate::duro::queries::{ListCompanyUsers, list_company_users};
use crate::duro::{Client, misshapen, missing};
use crate::error::Error;
use crate::host::Host;
use crate::json;
use list_company_users::Variables;

pub(super) fn perform(client: &Client<'_, impl Host>, (): ()) -> Result<String, Error> {
    let answer = client.run::<ListCompanyUsers>(Variables)?;
    let user = answer.member("userById")?.ok_or_else(|| missing("userById, the owner of the API key"))?;
    let company = json::member(user, "primaryCompany").map_err(misshapen)?;
    Ok(company.ok_or_else(|| missing("primaryCompany, the owner's company"))?.to_owned())
}
