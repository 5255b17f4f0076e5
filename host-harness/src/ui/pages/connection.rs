//! The connection's page: the form, the test, and what the test said.

use host::Origin;
use host::contract::{ActionDefinition, ConnectionDefinition, ConnectorDefinition};
use host::text::cut;
use maud::{Markup, html};
use serde_json::Value;

use super::controls::{Form, Overridden};
use super::{Place, clock, expiry, failure, heading, page, question, segment, who};
use crate::ui::forms::{Typed, Values};
use crate::ui::held::{Held, Test, origin};
use crate::ui::shared::Shared;

/// The page of one kind of connection.
pub(in crate::ui) fn show(shared: &Shared, definition: &ConnectionDefinition) -> Markup {
    let kinds = &shared.definition().connections;
    let memory = shared.memory();
    let held = memory.connection.as_ref().filter(|held| held.connection.key() == definition.key);
    let nothing = Values::new();
    let values = held.map_or(&nothing, |held| &held.shown);
    let overridden = endpoints_overridden(definition, values);
    let form = Form { id: "connection", values, sources: &[], place: None, overridden: &overridden };
    let origin = origin(shared.definition(), definition, shown_at_first(definition, form.values));
    let content = html! {
        (heading("Connection", &definition.label, &definition.description))
        @if kinds.len() > 1 {
            nav .kinds aria-label="Kinds of connection" { ul {
                @for kind in kinds {
                    li { a href={ "/connection?kind=" (segment(&kind.key)) } aria-current=[(kind.key == definition.key).then_some("true")] { (kind.label) } }
                }
            } }
        }
        div .columns {
            form .card data-form="/connection" data-target="connection-result" data-draft="/connection/draft" data-kept[held.is_some()]
                data-storage={ (shared.definition().key) "/connection/" (definition.key) } aria-label="Connection" novalidate {
                input type="hidden" name="kind" value=(definition.key) data-extra="kind";
                @for field in &definition.fields {
                    @if field.secret {
                        (form.secret(&field.input, held.is_some_and(|held| held.has_secret(&field.input.key))))
                    } @else {
                        (form.field(&field.input))
                    }
                }
                div .actions {
                    button .primary type="submit" data-busy="Testing…" { "Test connection" }
                    button type="button" data-post="/connection/forget" data-reload="form [data-value]" hidden[held.is_none()] { "Forget it" }
                }
                p .progress data-progress="/connection/progress" hidden {}
                // Below the buttons, which must not move under the pointer when it changes.
                p #destination .notice .below role="status" data-destination="/connection/destination" {
                    (destination(definition, origin.as_ref()))
                }
            }
            section .card aria-labelledby="connection-result-title" {
                h2 #connection-result-title { "Who this connects as" }
                div #connection-result { (result(shared.definition(), held)) }
                (promises())
            }
        }
    };
    drop(memory);
    let content = html! { (content) (question::dialog("Forget what was done before?", "Go on")) };
    page(shared, Place::Connection, &definition.label, &content)
}

/// Where the key will go with the next test, before there is one.
pub(in crate::ui) fn destination(definition: &ConnectionDefinition, origin: Result<&Origin, &String>) -> Markup {
    let secrets = definition.fields.iter().filter(|field| field.secret).map(|field| field.input.label.as_str());
    let secrets = secrets.collect::<Vec<_>>().join(", ");
    html! {
        @match origin {
            Ok(origin) if secrets.is_empty() => { "Requests go to " strong .breakable { (origin) } " and nowhere else." },
            Ok(origin) => { (secrets) " will be sent to " strong .breakable { (origin) } " and nowhere else." },
            Err(problem) => { "Nothing can be sent yet: " (cut(problem, 300)) "." },
        }
        @let given: Vec<&str> = given_to_the_component(definition).collect();
        @if !given.is_empty() { " The component is given: " (given.join(", ")) "." }
    }
}

/// The keys of the fields that another one wins over, with the form as it is.
pub(in crate::ui) fn overridden(definition: &ConnectionDefinition, typed: &Values) -> Vec<String> {
    let marked = endpoints_overridden(definition, typed).into_iter();
    marked.filter(|mark| mark.is_overridden).map(|mark| mark.key.to_owned()).collect()
}

/// The endpoint fields that another one can win over, each with the one that wins, as the form is now.
fn endpoints_overridden<'a>(definition: &'a ConnectionDefinition, typed: &Values) -> Vec<Overridden<'a>> {
    let endpoints = || definition.fields.iter().filter_map(|field| Some((field, field.endpoint.as_ref()?.precedence)));
    let Some((winner, highest)) = endpoints().max_by_key(|(_, precedence)| *precedence) else { return Vec::new() };
    let is_filled_in = |key: &str| typed.get(key).is_some_and(|typed| !typed.text().trim().is_empty());
    let lower = endpoints().filter(|(_, precedence)| *precedence < highest);
    lower
        .map(|(field, precedence)| {
            let above = endpoints().filter(|(other, above)| *above > precedence && is_filled_in(&other.input.key));
            let wins = above.max_by_key(|(_, above)| *above).map(|(other, _)| other);
            Overridden { key: &field.input.key, by: &wins.unwrap_or(winner).input.label, is_overridden: wins.is_some() }
        })
        .collect()
}

/// The fields that neither stay with the host nor say where requests go.
fn given_to_the_component(definition: &ConnectionDefinition) -> impl Iterator<Item = &str> {
    let given = definition.fields.iter().filter(|field| !field.secret && field.endpoint.is_none());
    given.map(|field| field.input.label.as_str())
}

/// What the form's controls hold when the page opens: what was typed, and for the rest the defaults.
fn shown_at_first(definition: &ConnectionDefinition, typed: &Values) -> Values {
    let mut values = typed.clone();
    for field in &definition.fields {
        if let Some(Value::String(default)) = &field.input.default {
            values.entry(field.input.key.clone()).or_insert_with(|| Typed::Text(default.clone()));
        }
    }
    values
}

/// What the test said, or that it is under way.
pub(in crate::ui) fn result(definition: &ConnectorDefinition, held: Option<&Held>) -> Markup {
    if let Some(test) = held.and_then(|held| held.testing.as_ref()) {
        return under_way(test);
    }
    match held.map(|held| held.tested.as_ref()) {
        None => html! { p .quiet { "Fill in the form and test it. The test changes nothing in the service." } },
        Some(None) if held.is_some_and(|held| held.works) => {
            html! { p .quiet { "Not tested since, and it works: a call has succeeded with it." } (expiry::all(held)) }
        }
        Some(None) => html! { p .quiet { "Filled in, and not tested yet." } (expiry::all(held)) },
        Some(Some(Ok(account))) => html! {
            div .success role="status" {
                p .success-title { strong { (who(account)) } }
                p { "Requests go to " code .breakable { (account.endpoint) } }
                (expiry::all(held))
            }
            (next_steps(definition))
        },
        Some(Some(Err(failed))) => html! { (failure(failed)) (expiry::all(held)) },
    }
}

/// A test that is not over. The script waits for its end.
fn under_way(test: &Test) -> Markup {
    let milliseconds = test.since.elapsed().as_millis();
    html! {
        div .under-way data-run="/connection/test" data-milliseconds=(milliseconds) {
            p { span .dot .busy aria-hidden="true" {} "The test, since " (clock(test.started)) ": " span data-elapsed { (milliseconds / 1000) " s" } }
            p .quiet { "It goes on if you leave this page, and is found here again." }
            div .actions { button type="button" data-stop { "Stop" } }
        }
    }
}

/// What to do once the connection works: something that reads and asks for nothing, a trigger, and the way out.
fn next_steps(definition: &ConnectorDefinition) -> Markup {
    let asks = |action: &ActionDefinition| {
        action.inputs.iter().filter(|input| input.required && input.default.is_none()).count()
    };
    let reads = definition.actions.iter().filter(|action| !action.changes_data).min_by_key(|action| asks(action));
    html! {
        section .next-steps aria-labelledby="next-title" {
            h3 #next-title { "Next" }
            ul {
                @if let Some(action) = reads { li { a href={ "/actions/" (segment(&action.key)) } { "Try “" (action.label) "”" } ", which only reads" } }
                @if let Some(trigger) = definition.triggers.first() { li { a href={ "/triggers/" (segment(&trigger.key)) } { "Watch “" (trigger.label) "”" } } }
                li { a href="/connection/file" download { "Save connection.json" } " for the command line; it names variables in place of secrets" }
            }
        }
    }
}

fn promises() -> Markup {
    html! {
        ul .promises {
            li { "Secrets stay in the memory of this program until it ends. The page never gets them back." }
            li { "The connector does not see them either: they are added to a request as it leaves." }
            li { "A secret goes to the address that it was entered for, and to no other." }
        }
    }
}
