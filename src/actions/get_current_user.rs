//! `getCurrentUser`

use crate::duro::queries::{GetCurrentUser, get_current_user};
use crate::duro::{Client, missing};
use crate::error::Error;
use crate::host::Host;
use get_current_user::Variables;

pub(super) fn perform(client: &Client<'_, impl Host>, (): ()) -> Result<String, Error> {
    let answer = client.run::<GetCurrentUser>(Variables)?;
    answer.member("userById")?.ok_or_else(|| missing("userById, the owner of the API key"))?;
    Ok(answer.data().to_owned())
}
