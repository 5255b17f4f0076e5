//! Records by name, for dropdowns. For words there is no search of the service that can be relied on, so names are
//! filtered here, over a bounded number of pages a query.

use connector_sdk::graphql::{ListPage, MAX_PAGE_SIZE};
use connector_sdk::inputs::Reader;
use connector_sdk::{Error, Item, Page, inputs, json};

use crate::inputs::{FIRST_OF_PAGE, LIBRARY_TYPE, lower_case};
use crate::service::LibraryType;

inputs! {
    /// Where to look, and how much to give at once.
    pub(crate) struct Library {
        library_type: LibraryType = LIBRARY_TYPE,
        first: u32 = FIRST_OF_PAGE,
    }
}

/// The most pages that one query reads to find names: a thousand records, in about the time that a person waits for a
/// dropdown.
const MAX_SEARCHED_PAGES: u32 = 10;

/// The number of found names at which a query stops reading: more than a dropdown shows at once.
const ENOUGH_ITEMS: usize = 50;

/// The most bytes of a search text. Names are far shorter.
const MAX_SEARCH_BYTES: usize = 1024;

/// The most bytes of a cursor. The service's own are a few dozen.
const MAX_CURSOR_BYTES: usize = 4096;

/// What is looked for, and from where on.
#[derive(Debug)]
pub(crate) struct Place {
    pub(super) search: Search,
    pub(super) after: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Every record.
    Everything,
    /// Records whose number holds the text: the service searches.
    Number(String),
    /// Records whose name, or number where it is known, holds every one of the words, which are in lower case.
    Name(Vec<String>),
}

/// Whether the service can search numbers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// It does.
    Searched,
    /// No such search is known.
    Unsearched,
}

impl Place {
    /// Reads a search text and a cursor. What is wrong with them is noted in the reader.
    pub(super) fn read(text: &str, cursor: Option<&str>, numbers: Numbers, reader: &mut Reader) -> Self {
        let text = text.trim();
        if text.len() > MAX_SEARCH_BYTES {
            reader.problem("search", format!("is {} bytes long; at most {MAX_SEARCH_BYTES} are accepted", text.len()));
        }
        let mut place = Self { search: Search::of(text, numbers), after: None };
        if let Some(cursor) = cursor {
            match read_cursor(cursor, text, numbers) {
                Some((search, after)) => place = Self { search, after: Some(after) },
                None => reader.problem("cursor", "is not one that this search gave; leave it out to begin again"),
            }
        }
        place
    }
}

impl Search {
    fn of(text: &str, numbers: Numbers) -> Self {
        if text.is_empty() {
            Self::Everything
        } else if numbers == Numbers::Searched && looks_like_part_number(text) {
            Self::Number(text.to_owned())
        } else {
            Self::name(text)
        }
    }

    pub(super) fn name(text: &str) -> Self {
        Self::Name(text.split_whitespace().map(lower_case).collect())
    }

    /// The letter that begins our cursors of this search.
    fn letter(&self) -> char {
        match self {
            Self::Everything => 'e',
            Self::Number(_) => 'p',
            Self::Name(_) => 'n',
        }
    }

    fn accepts(&self, name: &str) -> bool {
        match self {
            Self::Everything | Self::Number(_) => true,
            Self::Name(words) => {
                let name = lower_case(name);
                words.iter().all(|word| name.contains(word))
            }
        }
    }
}

/// Whether the text is the beginning or the whole of a part number such as `410-00012` or `410-00012-01`: digits, and
/// after a dash digits or capitals, at least three characters in all.
fn looks_like_part_number(text: &str) -> bool {
    let mut groups = text.split('-');
    let first_is_number =
        groups.next().is_some_and(|group| group.len() >= 2 && group.chars().all(|c| c.is_ascii_digit()));
    text.len() >= 3
        && first_is_number
        && groups.all(|group| group.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()))
}

fn read_cursor(cursor: &str, text: &str, numbers: Numbers) -> Option<(Search, String)> {
    let (letter, after) = cursor.split_once(':')?;
    let search = match (letter, text.is_empty()) {
        ("e", true) => Search::Everything,
        ("p", false) if numbers == Numbers::Searched => Search::Number(text.to_owned()),
        ("n", false) => Search::name(text),
        _ => return None,
    };
    let good = !after.is_empty() && cursor.len() <= MAX_CURSOR_BYTES;
    good.then(|| (search, after.to_owned()))
}

/// Finds one page of items. `fetch` gets a page of the list for a search, a size and a cursor.
pub(super) fn search(
    most_items: u32,
    place: &Place,
    mut fetch: impl FnMut(&Search, u32, Option<&str>) -> Result<ListPage, Error>,
) -> Result<Page, Error> {
    // What is filtered here is read in the largest pages there are.
    let (most_pages, size) = match place.search {
        Search::Name(_) => (MAX_SEARCHED_PAGES, MAX_PAGE_SIZE),
        Search::Everything | Search::Number(_) => (1, most_items),
    };
    let most_items = usize::try_from(most_items).unwrap_or(usize::MAX);
    let mut found = Page { items: Vec::new(), next: None, notice: None, extensions: None };
    let mut numbers = Vec::new();
    let mut read = 0;
    let mut after = place.after.clone();
    for _ in 0..most_pages {
        let page = fetch(&place.search, size, after.as_deref())?;
        let last = page.edges.len().saturating_sub(1);
        after = page.next;
        for (index, edge) in page.edges.into_iter().enumerate() {
            read += 1;
            if let Some((item, number)) = edge.node.and_then(|node| item(&node, &place.search)) {
                found.items.push(item);
                numbers.push(number);
            }
            // A full page of items ends in the middle of what was read, if the list can be continued from there.
            if most_pages > 1 && found.items.len() >= most_items && index < last && edge.cursor.is_some() {
                after = edge.cursor;
                break;
            }
        }
        if after.is_none() || found.items.len() >= most_items.min(ENOUGH_ITEMS) {
            break;
        }
    }
    if after.is_some() && most_pages > 1 && found.items.len() < most_items {
        found.notice = Some(format!(
            "The search stopped after {read} records, and there are more: go on to the next page, or search with more \
             of the name or number.",
        ));
    }
    found.extensions = details(&numbers);
    found.next = after.map(|after| format!("{}:{after}", place.search.letter()));
    Ok(found)
}

/// What tells apart items of the same name: their numbers, where there are any.
fn details(numbers: &[Option<String>]) -> Option<String> {
    numbers.iter().find(|number| number.is_some())?;
    let mut members = "{\"details\":[".to_owned();
    let values: Vec<String> =
        numbers.iter().map(|number| number.as_deref().map_or_else(|| "null".to_owned(), json::quoted)).collect();
    json::push_values(&mut members, values.iter().map(String::as_str));
    Some(members + "]}")
}

/// The dropdown's item of a record, and its number if it is known; none for one without an id, or one that is not
/// searched for. A record without a name shows its id.
fn item(node: &str, search: &Search) -> Option<(Item, Option<String>)> {
    let key = json::text_member(node, "id").ok()?.filter(|id| !id.is_empty())?;
    let name = json::text_member(node, "name").ok()?.unwrap_or_default();
    let number = json::member(node, "cpn").ok()?.and_then(|cpn| json::text_member(cpn, "displayValue").ok()?);
    let number = number.filter(|number| !number.trim().is_empty());
    if !search.accepts(&format!("{name} {}", number.as_deref().unwrap_or_default())) {
        return None;
    }
    let label = if name.trim().is_empty() { key.clone() } else { name };
    Some((Item { key, label }, number))
}
