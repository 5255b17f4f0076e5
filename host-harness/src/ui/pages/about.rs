//! What the component may do: what it asks of the host, what it was granted, and where its requests go.

use maud::{Markup, html};

use host::text::beginning;
use operator::values::shown_size;

use super::{Place, heading, page, time};
use crate::ui::shared::Shared;

/// The most bytes of the list of changes that are shown: the newest stand first.
const SHOWN_CHANGELOG: usize = 16 * 1024;

pub(in crate::ui) fn show(shared: &Shared) -> Markup {
    let (connector, definition) = (&shared.connector, shared.definition());
    let (grants, limits) = (shared.options.grants, &shared.options.limits);
    let origin = match shared.memory().connection.as_ref().map(|held| held.connection.origin().map(ToString::to_string))
    {
        Some(Ok(origin)) => origin,
        Some(Err(problem)) => problem.to_owned(),
        None => "nowhere, until there is a connection".into(),
    };
    let facts: Vec<(&str, String)> = vec![
        ("Requests go to", origin),
        ("Over plain http", if grants.allow_http { "yes, with --allow-http" } else { "no" }.into()),
        (
            "To this machine or a private network",
            if grants.allow_private_network { "yes, with --allow-private-network" } else { "no" }.into(),
        ),
        (
            "Through a proxy, which looks up addresses itself",
            if grants.allow_proxy { "yes, with --allow-proxy" } else { "no" }.into(),
        ),
        ("Files, clock, other sockets", "no: the component has none of them".into()),
        ("Secrets", "never: the host adds them to a request as it leaves".into()),
    ];
    let bounds: Vec<(&str, String)> = vec![
        ("Time", time(limits.deadline)),
        ("Memory", shown_size(limits.memory_bytes)),
        ("Requests", limits.requests.to_string()),
        ("One answer", shown_size(limits.response_bytes)),
        ("All answers", shown_size(limits.received_bytes)),
        ("The result", shown_size(limits.result_bytes)),
        ("A trigger's state", shown_size(limits.state_bytes)),
    ];
    let content = html! {
        (heading("Connector", &definition.label, &definition.description))
        div .columns .even {
            section .card aria-labelledby="facts-title" {
                h2 #facts-title { "What it may do" }
                dl .facts { @for (name, value) in &facts { dt { (name) } dd .breakable { (value) } } }
                h2 { "What one call may use" }
                dl .facts { @for (name, value) in &bounds { dt { (name) } dd { (value) } } }
            }
            section .card aria-labelledby="component-title" {
                h2 #component-title { "The component" }
                dl .facts {
                    dt { "Version" } dd { (definition.version) }
                    dt { "Size" } dd { (shown_size(connector.size() as u64)) }
                    dt { "Asks the host for" } dd { ul .bare { @for name in connector.imports() { li { code .breakable { (name) } } } } }
                    dt { "Offers" } dd { ul .bare { @for name in connector.exports() { li { code .breakable { (name) } } } } }
                    @if let Some(category) = definition.category() { dt { "Category" } dd { (category) } }
                    @if let Some(url) = &definition.documentation_url { dt { "Documentation" } dd .breakable { (url) } }
                }
                @if let Some(changelog) = definition.changelog() {
                    details { summary { "What changed" } pre { (beginning(changelog, SHOWN_CHANGELOG)) } }
                }
            }
        }
    };
    page(shared, Place::About, "What it may do", &content)
}
