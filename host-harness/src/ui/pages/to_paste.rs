//! A form, or a run of it, as something to paste elsewhere: commands, a program, a link. Secrets are in none of them,
//! and nothing is sent.

use std::time::Duration;

use host::contract::{ActionDefinition, TriggerDefinition};
use host::egress::Secrets;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{runs, segment};
use crate::flags::granted;
use crate::ui::forms::{self, Values};
use crate::ui::shared::Shared;
use crate::ui::ways::{self, Command};

/// Inputs that are longer are not pasted anywhere. In bytes.
const LONGEST_INPUTS: u64 = 64 * 1024;

/// An action with these inputs; none where they are no longer kept. `id` tells these texts from others on the page.
pub(in crate::ui) fn action(shared: &Shared, action: &ActionDefinition, values: Option<&Values>, id: &str) -> Markup {
    let Some(values) = usable(shared, values) else { return not_there() };
    let inputs = forms::read(&action.inputs, &values);
    let connection = shared.memory().connection.as_ref().map(|held| held.file());
    let connection = connection.unwrap_or_else(|| json!({"key": "", "fields": {}}));
    let grants = shared.options.grants;
    let link = runs::link(&format!("/actions/{}", segment(&action.key)), &values);
    html! {
        p .quiet { "Secrets are in none of these. " @if id == RUN { "Each request can be copied as " code { "curl" } " in the list of requests." } @else { "Nothing is sent for them." } }
        (text(id, "command", "As a command", &Command::action(&action.key).line(&inputs, &call_flags(shared))))
        (connection_file())
        (text(id, "rust", "As a program in Rust", &ways::rust(&shared.started.component(), &action.key, &inputs, &connection, grants)))
        @if let Some(flags) = ways::not_in_rust(&call_flags(shared), grants) {
            p .quiet { "The program does without " code { (flags) } ", which this page has. Limits and the network are set in " code { "RuntimeOptions" } " and " code { "CallOptions" } "; nothing in it looks at a signature or a manifest." }
        }
        (linked(&link))
    }
}

/// What the texts of a run are called on the page, and those of a form.
pub(in crate::ui) const RUN: &str = "paste";
pub(in crate::ui) const FORM: &str = "draft";

/// A trigger with these inputs, polled once and every so often.
pub(in crate::ui) fn trigger(shared: &Shared, trigger: &TriggerDefinition, values: &Values, every: Duration) -> Markup {
    let Some(values) = usable(shared, Some(values)) else { return not_there() };
    let inputs = forms::read(&trigger.inputs, &values);
    let flags = call_flags(shared);
    let line = |command: Command<'_>, inputs: &Map<String, Value>| command.line(inputs, &flags);
    let path = format!("/triggers/{}", segment(&trigger.key));
    html! {
        p .quiet { "Secrets are in none of these. Nothing is sent for them." }
        (text(FORM, "poll", "As a command that polls once", &line(Command::poll(&trigger.key), &inputs)))
        (text(FORM, "watch", "As a command that goes on polling", &line(Command::watch(&trigger.key, every), &inputs)))
        (connection_file())
        p .quiet { "They keep their state in a file of their own, and make it if it is not there. To go on where this \
                    page is, "
            a href={ (path) "/state/file" } download { "save the state" } " under its name." }
        (linked(&runs::link(&path, &values)))
    }
}

/// The flags of this program that count for a call as well; where a shell would not take them, those that are granted.
fn call_flags(shared: &Shared) -> Vec<String> {
    shared.started.call_flags.clone().unwrap_or_else(|| granted(shared.options.grants).collect())
}

/// The values without the connection's secrets, should somebody have typed one in: short ones too, because what is
/// pasted elsewhere is looked at by nobody.
fn usable(shared: &Shared, values: Option<&Values>) -> Option<Values> {
    let values = values.filter(|values| forms::held_bytes(values) <= LONGEST_INPUTS)?;
    let secrets = shared.memory().connection.as_ref().map(|held| held.redactor().clone());
    Some(forms::scrubbed(values, secrets.as_deref().unwrap_or(&Secrets::default())))
}

fn not_there() -> Markup {
    html! { p .quiet { "The inputs are no longer kept, forgotten with their connection, or too long to paste." } }
}

fn connection_file() -> Markup {
    html! { p .quiet { a href="/connection/file" download { "Save connection.json" } ", which the command reads." } }
}

fn linked(link: &str) -> Markup {
    html! { p { a href=(link) { "A link to this form, filled in" } " " button .small type="button" data-copy-link=(link) { "Copy the link" } } }
}

fn text(of: &str, name: &str, title: &str, text: &str) -> Markup {
    let id = format!("{of}-{name}");
    html! {
        h3 { (title) }
        pre .to-paste id=(id) tabindex="0" role="group" aria-label=(title) { (text) }
        button .small type="button" data-copy-of=(id) aria-label={ "Copy: " (title) } { "Copy" }
    }
}

/// The place for them beside a form, drawn when it is opened from what is typed then.
pub(super) fn beside(path: &str) -> Markup {
    html! {
        details .ways-out data-ways={ (path) "/ways" } {
            summary { "Use elsewhere" }
            div data-ways-content {}
        }
    }
}
