//! The pages as HTML, drawn from the manifest alone. Everything that is shown is escaped; nothing here calls the
//! connector.

pub(super) mod about;
pub(super) mod action;
pub(super) mod chart;
pub(super) mod compare;
pub(super) mod connection;
mod controls;
pub(super) mod elsewhere;
mod expiry;
pub(super) mod outcome;
pub(super) mod question;
pub(super) mod recordings;
mod runs;
mod schema;
pub(super) mod timeline;
pub(super) mod to_paste;
mod told;
pub(super) mod trigger;

use std::time::{SystemTime, UNIX_EPOCH};

use host::text::cut;
use maud::{DOCTYPE, Markup, html};
use operator::values::decimal;

use super::assets;
use super::held::Held;
use super::memory::REFUSED;
use super::run::Failed;
use super::runs::Mark;
use super::shared::Shared;
use crate::shown;
use host::contract::Account;

/// Which page is shown, for the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    Connection,
    Action(&'a str),
    Trigger(&'a str),
    Recordings,
    About,
    /// None that the navigation has.
    Elsewhere,
}

/// A whole page around its content.
pub(super) fn page(shared: &Shared, place: Place<'_>, title: &str, content: &Markup) -> Markup {
    let definition = shared.definition();
    let head = html! {
        meta name="csrf-token" content=(shared.gate.csrf());
        link rel="icon" type="image/svg+xml" href=(assets::path("icon.svg"));
        @for style in ["base.css", "parts.css", "controls.css", "results.css"] { link rel="stylesheet" href=(assets::path(style)); }
        script type="module" src=(assets::path("app.js")) {}
    };
    let body = html! {
        a .skip href="#main" { "Skip to the content" }
        header .side {
            div .brand {
                @if definition.icon().is_some() { img .mark src="/icon.png" alt=""; } @else { span .mark aria-hidden="true" {} }
                div {
                    p .brand-name { (definition.label) }
                    p .quiet { "Version " (definition.version) }
                }
                button #menu .plain type="button" aria-expanded="false" aria-controls="nav" { "Menu" }
            }
            (navigation(shared, place))
        }
        main #main tabindex="-1" { (mode(shared)) (content) }
        noscript { p .notice { "This page needs JavaScript; all of it comes from this program." } }
        p #announcer .visually-hidden role="status" {}
        (sure())
    };
    document(&format!("{title} · {}", definition.label), &head, &body)
}

/// The question before something is deleted; the script puts in what.
fn sure() -> Markup {
    html! {
        dialog #sure aria-labelledby="sure-text" {
            p #sure-text {}
            div .actions {
                button .primary type="button" data-answer="yes" { "Delete" }
                button type="button" data-answer="no" { "Cancel" }
            }
        }
    }
}

/// A document of HTML; `head` is what its head holds beside what every one's does.
fn document(title: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                (head)
            }
            body { (body) }
        }
    }
}

fn navigation(shared: &Shared, place: Place<'_>) -> Markup {
    let definition = shared.definition();
    let entry = |href: String, label: &Markup, target: Place<'_>| {
        html! { li { a href=(href) aria-current=[(target == place).then_some("page")] { (label) } } }
    };
    // What is looked at needs no mark.
    let marked = |kind: &str, key: &str, label: &Markup, target: Place<'_>| {
        let operation = format!("{kind}/{key}");
        html! {
            li { a href={ "/" (kind) "/" (segment(key)) } aria-current=[(target == place).then_some("page")] {
                (label) span .nav-mark data-mark=(operation) { @if target != place { (mark(shared.mark(&operation))) } }
            } }
        }
    };
    html! {
        nav #nav aria-label="Connector" {
            h2 { "Connection" }
            ul { li {
                a href="/connection" aria-current=[(place == Place::Connection).then_some("page")] {
                    span #connection-state { (connection_state(shared.memory().connection.as_ref())) }
                }
            } }
            @if !definition.actions.is_empty() {
                h2 { "Actions" }
                ul {
                    @for action in &definition.actions {
                        @let label = html! { (action.label) @if action.changes_data { " " span .mark-of-change { (changes(shared)) } } };
                        (marked("actions", &action.key, &label, Place::Action(&action.key)))
                    }
                }
            }
            @if !definition.triggers.is_empty() {
                h2 { "Triggers" }
                ul {
                    @for trigger in &definition.triggers {
                        (marked("triggers", &trigger.key, &html! { (trigger.label) }, Place::Trigger(&trigger.key)))
                    }
                }
            }
            h2 { "Connector" }
            ul {
                (entry("/about".into(), &html! { "What it may do" }, Place::About))
                (entry("/recordings".into(), &html! { "Recordings" }, Place::Recordings))
            }
        }
    }
}

/// What is said, wherever it stands, of an action that may change data.
fn changes(shared: &Shared) -> &'static str {
    if shared.options.grants.read_only { "changes are off" } else { "may change data" }
}

/// What is to be said of an operation where another page is looked at.
pub(super) fn mark(mark: Option<Mark>) -> Markup {
    html! {
        @match mark {
            None => {},
            Some(Mark::UnderWay) => { " " span .dot .busy role="img" aria-label="under way" title="Under way" {} },
            Some(Mark::Ended) => { " " span .dot .good role="img" aria-label="ended, not looked at yet" title="Ended, not looked at yet" {} },
        }
    }
}

/// One line on the connection, for the navigation.
pub(super) fn connection_state(held: Option<&Held>) -> Markup {
    if held.is_some_and(|held| held.testing.is_some()) {
        return html! { span .dot .busy aria-hidden="true" {} "Testing…" };
    }
    match held.map(|held| held.tested.as_ref()) {
        None => html! { span .dot .off aria-hidden="true" {} "Not connected yet" },
        Some(None) if held.is_some_and(|held| held.works) => {
            html! { span .dot .good aria-hidden="true" {} "Works, not tested" (expiry::first(held)) }
        }
        Some(None) => html! { span .dot .idle aria-hidden="true" {} "Filled in, not tested" (expiry::first(held)) },
        Some(Some(Ok(account))) => html! { span .dot .good aria-hidden="true" {} (who(account)) (expiry::first(held)) },
        Some(Some(Err(failed))) if failed.kind == REFUSED => {
            html! { span .dot .bad aria-hidden="true" {} "The key was refused" (expiry::first(held)) }
        }
        Some(Some(Err(_))) => html! { span .dot .bad aria-hidden="true" {} "The test failed" (expiry::first(held)) },
    }
}

/// What holds for the page as a whole, where it is not as usual.
fn mode(shared: &Shared) -> Markup {
    html! {
        @if shared.options.grants.read_only {
            p .mode { strong { "Read-only. " } "What reads works as ever; what may change data does not leave. The \
                                                page was started with " code { "--read-only" } "." }
        }
    }
}

/// An account for people.
pub(super) fn who(account: &Account) -> Markup {
    html! { (shown::lines(&account.user)) @if let Some(organization) = &account.organization { ", " (shown::lines(organization)) } }
}

/// The heading of a page.
fn heading(kind: &str, label: &str, description: &str) -> Markup {
    html! {
        div .heading {
            p .kind { (kind) }
            h1 { (label) }
            @if !description.is_empty() { p .description { (description) } }
        }
    }
}

/// A note that there is no connection, with the way there.
fn needs_connection(shared: &Shared) -> Markup {
    html! {
        @if shared.memory().connection.is_none() {
            p .notice { "There is no connection yet. " a href="/connection" { "Fill in the connection" } " first." }
        }
    }
}

/// An error with the way out.
pub(super) fn failure(failed: &Failed) -> Markup {
    html! {
        div .failure role="alert" {
            @if failed.problems.is_empty() {
                p .failure-title { strong { (shown::lines(&sentence(&failed.message))) } }
            } @else {
                p .failure-title { strong { (count(failed.problems.len() as u64, "input")) " cannot be used" } }
                ul { @for problem in &failed.problems { li { code { (shown::lines(&problem.input)) } " " (shown::lines(&problem.message)) } } }
            }
            p { (failed.advice) }
            @if let Some(command) = &failed.command {
                p { code .command { (command) } " " button .small type="button" data-copy-before aria-label="Copy the command" { "Copy" } }
            }
            p .quiet { "Kind of error: " code { (failed.kind) } }
        }
    }
}

/// The beginning of a text of others. What would turn the direction of reading in it, or hide, is shown as an escape.
fn brief(text: &str, most: usize) -> String {
    shown::lines(&cut(text, most)).into_owned()
}

/// With a capital at the beginning: errors are written to stand inside sentences.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// A key as a segment of a path.
pub(super) fn segment(key: &str) -> String {
    url::form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A tree of JSON that the script draws from an address.
fn tree(label: &str, source: &str) -> Markup {
    html! { div .tree-host data-tree=(source) data-label=(label) {} }
}

/// Something as a table, a tree and JSON, which the script draws from an address; `operation` is the address of its
/// schema and of what is remembered of its looks, and `download` of the files that it can be saved as.
fn views(label: &str, source: &str, operation: &str, download: &str) -> Markup {
    html! { div .views data-views=(source) data-label=(label) data-operation=(operation) data-download=(download) {} }
}

/// Tabs; the panels are in the page, one of them shown.
fn tabs(id: &str, label: &str, tabs: &[(&str, String, Markup)]) -> Markup {
    html! {
        div .tabs data-tabs {
            div role="tablist" aria-label=(label) {
                @for (index, (key, name, _)) in tabs.iter().enumerate() {
                    button type="button" role="tab" id={ (id) "-tab-" (key) } aria-controls={ (id) "-panel-" (key) }
                        aria-selected=(if index == 0 { "true" } else { "false" }) tabindex=(if index == 0 { "0" } else { "-1" }) { (name) }
                }
            }
            @for (index, (key, _, panel)) in tabs.iter().enumerate() {
                div role="tabpanel" id={ (id) "-panel-" (key) } aria-labelledby={ (id) "-tab-" (key) } tabindex="0" hidden[index != 0] {
                    (panel)
                }
            }
        }
    }
}

/// A duration for people.
fn time(duration: std::time::Duration) -> String {
    match duration.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{} s", decimal(duration.as_secs_f64(), 2)),
    }
}

/// The time of day; the script writes it in the viewer's own zone.
fn clock(at: SystemTime) -> Markup {
    html! { time data-milliseconds=(milliseconds(at)) { (utc(at)) } }
}

fn utc(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn milliseconds(at: SystemTime) -> u128 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// A count with its noun.
fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn amounts_are_written_for_people() {
        assert_eq!(
            (time(Duration::from_millis(12)), time(Duration::from_millis(1234))),
            ("12 ms".into(), "1.23 s".into())
        );
        assert_eq!((count(1, "request"), count(2, "request")), ("1 request".into(), "2 requests".into()));
        assert_eq!(sentence("é is first"), "É is first");
    }

    #[test]
    fn a_key_is_one_segment_of_a_path_whatever_it_holds() {
        assert_eq!(segment("a b/c?d#e"), "a%20b%2Fc%3Fd%23e");
    }
}
