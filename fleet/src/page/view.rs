//! How the page looks.

use std::time::Duration;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};
use operator::shown::one_line;
use operator::values::shown_size;

use crate::model::{Definition, Destination};
use crate::worker::{Outcome, Report, Row, Timeline};

/// More triggers than these are counted and not shown.
const MOST: usize = 500;

/// The page's style.
pub(super) const STYLE: &str = include_str!("style.css");

fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                link rel="stylesheet" href="/style.css";
            }
            body { main { (content) } }
        }
    }
}

/// A worker's triggers, the worst first.
pub(super) fn all(report: &Report, tenant: Option<&str>, engine: &str) -> Markup {
    let mut rows: Vec<&Row> =
        report.rows.iter().filter(|row| tenant.is_none_or(|tenant| row.id.tenant.as_str() == tenant)).collect();
    rows.sort_by(|one, other| {
        let badness = |row: &Row| (row.failures, row.overdue);
        badness(other).cmp(&badness(one)).then_with(|| one.id.cmp(&other.id))
    });
    let failing = rows.iter().filter(|row| row.failures > 0).count();
    page(
        "Fleet",
        &html! {
            h1 { "Triggers of this worker" }
            p {
                (rows.len()) " triggers, " (failing) " failing; " (report.waiting) " wait for their turn, " (report.under_way)
                " are polled now. Workers on " (engine) ": " (report.workers) "."
                @if let Some(tenant) = tenant { " Only " (tenant) "'s: " a href="/" { "all" } "." }
            }
            @for (origin, time) in &report.left_alone {
                p.bad { (origin) " fails for those who ask it, and is left alone for " (seconds(*time)) "." }
            }
            table {
                caption { "The worst first" }
                thead { tr {
                    th scope="col" { "Trigger" } th scope="col" { "Connector" } th scope="col" { "Every" }
                    th scope="col" { "Lag" } th scope="col" { "Next" } th scope="col" { "Not delivered" } th scope="col" { "Last outcome" }
                } }
                tbody { @for row in rows.iter().take(MOST) { tr {
                    td { a href={ "/?tenant=" (row.id.tenant) } { (row.id.tenant) } "/" a href={ "/triggers/" (row.id) } { (row.id.name) } }
                    td { (row.connector) }
                    td { (seconds(row.every)) }
                    td { @if let Some(last) = &row.last { (seconds(last.lag)) } }
                    td { (next(row)) }
                    td { (undelivered(row)) }
                    td { @if let Some(last) = &row.last { (outcome(last)) } @else { "not polled yet" } }
                } } }
            }
            @if rows.len() > MOST { p { (rows.len() - MOST) " more are not shown: choose a tenant." } }
        },
    )
}

/// One trigger with its timeline.
pub(super) fn one(row: &Row, timeline: &Timeline, definition: &Definition) -> Markup {
    page(
        &format!("{} – Fleet", row.id),
        &html! {
            p { a href="/" { "All triggers" } }
            h1 { (row.id) }
            dl {
                dt { "Connector" } dd { (row.connector) ", " (definition.trigger) }
                dt { "Every" } dd { (seconds(row.every)) }
                dt { "Next poll" } dd { (next(row)) }
                dt { "Delivers to" } dd { (destination(&definition.deliver)) }
                dt { "Not delivered" } dd { (undelivered(row)) }
                dt { "Polls by this worker" } dd { (row.polls) @if row.failures > 0 { ", the last " (row.failures) " failed" } }
            }
            table {
                caption { "Timeline, the newest first" }
                thead { tr {
                    th scope="col" { "At" } th scope="col" { "Lag" } th scope="col" { "Took" }
                    th scope="col" { "Requests" } th scope="col" { "Outcome" }
                } }
                tbody { @for past in timeline.newest_first() { tr {
                    td { (time(past)) } td { (seconds(past.lag)) } td { (seconds(past.duration)) } td { (past.requests) }
                    td { (outcome(past)) }
                } } }
            }
        },
    )
}

/// There is nothing to show.
pub(super) fn none(text: &str) -> Markup {
    page("Fleet", &html! { h1 { "Not here" } p { (text) } p { a href="/" { "All triggers" } } })
}

fn undelivered(row: &Row) -> Markup {
    html! {
        (row.undelivered.payloads)
        @if row.undelivered.bytes > 0 { " (" (shown_size(row.undelivered.bytes)) ")" }
        @if let Some(text) = &row.refused { ": " span.bad { (one_line(text)) } }
    }
}

fn outcome(outcome: &Outcome) -> Markup {
    match &outcome.text {
        Some(text) => html! { strong.bad { (outcome.kind) } " " (one_line(text)) },
        None => html! { (outcome.kind) },
    }
}

fn next(row: &Row) -> Markup {
    match (row.is_polled_now, row.next) {
        (true, _) => html! { "polled now" },
        (_, None) => html! { "paused" },
        (_, Some(time)) => html! { "in " (seconds(time)) @if let Some(what) = row.waits_for { ", waits for " (what) } },
    }
}

/// A URL's path and query can hold a token.
fn destination(destination: &Destination) -> String {
    match destination {
        Destination::Http { url, .. } => url.url().origin().ascii_serialization(),
        Destination::Handler { restate_handler } => format!("the handler {}", restate_handler.parts().join("/")),
    }
}

fn time(outcome: &Outcome) -> String {
    Timestamp::try_from(outcome.at).map_or_else(|_| "?".to_owned(), |time| format!("{time:.3}"))
}

fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        milliseconds @ 0..1_000 => format!("{milliseconds} ms"),
        milliseconds @ 1_000..10_000 if milliseconds % 1_000 > 0 => format!("{:.1} s", duration.as_secs_f64()),
        1_000..600_000 => format!("{} s", duration.as_secs()),
        _ => format!("{} min", duration.as_secs() / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_short_as_it_can_be() {
        let shown = [3, 999, 1_000, 1_500, 5_000, 30_999, 600_000].map(|time| seconds(Duration::from_millis(time)));
        assert_eq!(shown, ["3 ms", "999 ms", "1 s", "1.5 s", "5 s", "30 s", "10 min"]);
    }
}
