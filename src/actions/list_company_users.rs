//! `listCompanyUsers`: the company of the API key's owner, with its users.

use crate::duro::queries::{ListCompanyUsers, list_company_users};
use crate::duro::{Client, missing};
use crate::error::Error;
use crate::host::Host;
use list_company_users::Variables;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "userById")]
    user: Option<User<'a>>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow, rename = "primaryCompany")]
    company: Option<&'a RawValue>,
}

pub(super) fn perform(client: &Client<'_, impl Host>, (): ()) -> Result<String, Error> {
    let answer = client.run::<ListCompanyUsers>(Variables)?;
    let data: Data<'_> = answer.read_data()?;
    let user = data.user.ok_or_else(|| missing("userById, the owner of the API key"))?;
    let company = user.company.ok_or_else(|| missing("primaryCompany, the owner's company"))?;
    Ok(company.get().to_owned())
}
