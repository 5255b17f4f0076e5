//! What a call that succeeds returns.

use serde::Serialize;
use serde_json::value::RawValue;

use super::json_text::JsonText;

/// Whose credential a connection holds: what the "Test connection" button shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The person or service account, for people: a name, or an e-mail address.
    pub user: String,
    /// The company, tenant or organisation, for people, when the service says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The endpoint that answered: the URL requests are sent to.
    pub endpoint: String,
    /// What later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<JsonText>,
}

/// One item of a dropdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What is stored and sent.
    pub key: String,
    /// What is shown.
    pub label: String,
}

/// One page of a dropdown's items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// The items in the order to show them. A page can be empty although others follow.
    pub items: Vec<Item>,
    /// The cursor of the next page; none when the list is complete.
    pub next: Option<String>,
    /// A remark to show with the items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// What later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<JsonText>,
}

/// What one poll of a trigger found.
#[derive(Debug, Clone)]
pub struct PollResult {
    /// The payload to start a flow with: JSON text, checked to be well formed.
    pub payload: Box<RawValue>,
    /// Whether the payload holds no change, so that no flow need start. The state must be kept all the same.
    pub no_changes: bool,
    /// What to pass to the next poll, to be stored only after the payload was accepted.
    pub state: Vec<u8>,
    /// Whether more changes are known to wait: poll again at once.
    pub more: bool,
    /// What later versions of the contract add.
    pub extensions: Option<Box<RawValue>>,
}
