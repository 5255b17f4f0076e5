//! What is shown where there is nothing to show: not found, and not let in. Each with the way back.

use maud::{Markup, html};

use super::{Place, document, page, segment, sentence};
use crate::ui::shared::Shared;

/// An address that leads nowhere, or to something that is gone; `why` says which.
pub(in crate::ui) fn missing(shared: &Shared, why: &str) -> Markup {
    let definition = shared.definition();
    let content = html! {
        div .heading {
            p .kind { "Not found" }
            h1 { (why) }
            p .description { "It may be of another connector, or from before this program was started." }
        }
        section .card aria-labelledby="ways-title" {
            h2 #ways-title { "Where to go from here" }
            ul .ways {
                li { a href="/connection" { "The connection" } }
                @if let Some(action) = definition.actions.first() { li { a href={ "/actions/" (segment(&action.key)) } { "The first action: " (action.label) } } }
                @if let Some(trigger) = definition.triggers.first() { li { a href={ "/triggers/" (segment(&trigger.key)) } { "The trigger: " (trigger.label) } } }
                li { a href="/about" { "What the connector may do" } }
            }
        }
    };
    page(shared, Place::Elsewhere, "Not found", &content)
}

/// Somebody who is not let in. Nothing of the connector is in it, and no style: a stranger gets no other file.
pub(in crate::ui) fn forbidden(why: &str) -> Markup {
    let body = html! {
        main {
            h1 { "Not shown" }
            p { (sentence(why.strip_prefix("Not shown: ").unwrap_or(why))) }
            p { "The way in: go to the terminal in which " code { "harness serve" } " runs and open the link that it has printed, in this browser. \
                Where it has ended, start it again." }
        }
    };
    document("Not shown", &html! {}, &body)
}
