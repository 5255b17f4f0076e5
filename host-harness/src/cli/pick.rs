//! Lets a person at a terminal pick the value of an input from its data source, as the picker of the page does: page by
//! page, by searching, or by hand after all.

use host::Connection;
use host::contract::{DataSourceDefinition, InputField, Item, Page};

use super::command_error::CommandError;
use super::inputs::Inputs;
use super::progress::Progress;
use super::session::Session;
use super::{ask, output};
use crate::operation::Kind;

/// What came of it.
pub(super) enum Picked {
    /// The key of an item.
    Key(String),
    /// It is to be typed in.
    ByHand,
    /// The data source failed, with the reason.
    Failed(String),
}

/// A data source that is picked from.
pub(super) struct Picker<'a> {
    pub(super) session: &'a Session,
    pub(super) connection: &'a Connection,
    pub(super) source: &'a DataSourceDefinition,
    /// Those that it heeds.
    pub(super) inputs: Inputs,
}

/// One line to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Search,
    ByHand,
    Item(usize),
    More,
}

impl Picker<'_> {
    /// Has a person pick a value for this input.
    pub(super) async fn pick(&self, input: &InputField) -> Result<Picked, CommandError> {
        let (mut search, mut items, mut next) = (None, Vec::new(), None);
        loop {
            let page = match self.page(search.as_deref(), next.as_deref()).await {
                Ok(page) => page,
                Err(CommandError::Cancelled) => return Err(CommandError::Cancelled),
                Err(failure) => return Ok(Picked::Failed(failure.message())),
            };
            // What is new stands where the choice begins.
            let first_new = items.len();
            items.extend(page.items);
            next = page.next;
            if items.len() == first_new {
                output::message(if next.is_some() { "Nothing on this page." } else { "Nothing was found." });
            }
            match choose(input, search.as_deref(), self.lines(&items, next.is_some()), &items, first_new)? {
                Line::Item(place) => match items.into_iter().nth(place) {
                    Some(item) => return Ok(Picked::Key(item.key)),
                    None => return Ok(Picked::ByHand),
                },
                Line::ByHand => return Ok(Picked::ByHand),
                Line::More => {}
                Line::Search => {
                    search = ask::text("Search for (nothing: all)", None, false, |_| Ok(()))?;
                    (items, next) = (Vec::new(), None);
                }
            }
        }
    }

    async fn page(&self, search: Option<&str>, cursor: Option<&str>) -> Result<Page, CommandError> {
        let Self { session, connection, source, inputs } = self;
        let progress = Progress::start(format!("Asking {}", source.key));
        let options = session.call_options(&progress);
        let outcome = session.connector.query(&source.key, connection, inputs, search, cursor, &options).await;
        drop(progress);
        let page = outcome
            .map_err(|failure| session.failed(connection, Kind::DataSource, &source.key, inputs, failure))?
            .value;
        if let Some(notice) = &page.notice {
            output::message(&format!("note: {notice}"));
        }
        Ok(page)
    }

    /// What can be chosen: the ways to other items stand before and after the items.
    fn lines(&self, items: &[Item], more: bool) -> Vec<Line> {
        lines(items.len(), self.source.searchable, more)
    }
}

fn lines(items: usize, is_searchable: bool, more: bool) -> Vec<Line> {
    let before = is_searchable.then_some(Line::Search).into_iter().chain([Line::ByHand]);
    before.chain((0..items).map(Line::Item)).chain(more.then_some(Line::More)).collect()
}

/// Has a person choose a line, beginning at an item; whoever leaves the question types the value in.
fn choose(
    input: &InputField,
    search: Option<&str>,
    lines: Vec<Line>,
    items: &[Item],
    at: usize,
) -> Result<Line, CommandError> {
    let prompt = match search {
        Some(search) => format!("{}, search: {}", ask::prompt(input), ask::question(search)),
        None => ask::prompt(input),
    };
    let labels: Vec<String> = lines.iter().map(|line| label(*line, items)).collect();
    let at = lines.iter().position(|line| *line == Line::Item(at)).unwrap_or_default();
    let chosen = ask::select_from(&prompt, &labels, at)?;
    Ok(chosen.and_then(|place| lines.get(place).copied()).unwrap_or(Line::ByHand))
}

fn label(line: Line, items: &[Item]) -> String {
    match line {
        Line::Search => "(search)".to_owned(),
        Line::ByHand => "(type it in)".to_owned(),
        Line::More => "(more)".to_owned(),
        Line::Item(place) => items.get(place).map_or_else(String::new, |item| {
            ask::question(if item.label.is_empty() { &item.key } else { &item.label })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_source_offers_can_be_chosen() {
        use Line::{ByHand, Item, More, Search};
        assert_eq!(lines(2, true, true), [Search, ByHand, Item(0), Item(1), More]);
        assert_eq!(lines(1, false, false), [ByHand, Item(0)]);
        assert_eq!(lines(0, true, false), [Search, ByHand]);
    }

    #[test]
    fn an_item_is_shown_by_its_label_with_nothing_that_a_terminal_obeys() {
        let item = |label: &str| host::contract::Item { key: "k".into(), label: label.into() };
        let items = [item("Bolt\n\u{1b}[2J"), item("")];
        assert_eq!(label(Line::Item(0), &items), r"Bolt \u{1b}[2J");
        assert_eq!(label(Line::Item(1), &items), "k");
    }
}
