//! `selectComponent`: parts by name, for a dropdown.
//!
//! The service searches part numbers for us (`search: {cpn}` is the one search field that is known to exist). For any other
//! text there is no search that can be relied on, so names are filtered here, over a bounded number of pages a query.

use connector_sdk::graphql::{Client, MAX_PAGE_SIZE, fetch_page};
use connector_sdk::inputs::Reader;
use connector_sdk::operation::ITEMS_SCHEMA;
use connector_sdk::{Call, DataSource, Error, Item, Operation, Page, inputs, json};

use crate::inputs::{FIRST_OF_PAGE, LIBRARY_TYPE};
use crate::service::{client, query};
use select_component::{SearchFields, Variables};

query!(SelectComponent, "src/data_sources/select_component.graphql");

inputs! {
    /// Where to look, and how much to give at once.
    pub(crate) struct Library {
        library_type: LibraryType = LIBRARY_TYPE,
        first: u32 = FIRST_OF_PAGE,
    }
}

impl DataSource for SelectComponent {
    const OPERATION: Operation = Operation {
        key: "selectComponent",
        label: "Select Component",
        description: "The parts and assemblies of a library by name. Search with a part number, or with words of the name.",
        result_schema: ITEMS_SCHEMA,
        example: include_str!("select_component.example.json"),
    };
    const SEARCHABLE: bool = true;
    type Inputs = Library;
    type Search = Place;

    fn search(text: &str, cursor: Option<&str>, reader: &mut Reader) -> Place {
        let text = text.trim();
        if text.len() > MAX_SEARCH_BYTES {
            reader.problem("search", format!("is {} bytes long; at most {MAX_SEARCH_BYTES} are accepted", text.len()));
        }
        let mut place = Place { search: Search::of(text), after: None };
        if let Some(cursor) = cursor {
            match read_cursor(cursor, text) {
                Some((search, after)) => place = Place { search, after: Some(after) },
                None => reader.problem("cursor", "is not one that this search gave; leave it out to begin again"),
            }
        }
        place
    }

    fn query(call: &Call<'_>, inputs: Library, place: Place) -> Result<Page, Error> {
        let client = client(call);
        let page = search(&client, &inputs, &place)?;
        let found_nothing = page.items.is_empty() && page.next.is_none() && place.after.is_none();
        match &place.search {
            // Something like 100-220 can be in a name as well.
            Search::PartNumber(text) if found_nothing => {
                search(&client, &inputs, &Place { search: Search::name(text), after: None })
            }
            _ => Ok(page),
        }
    }
}

/// The most pages that one query reads to find names: a thousand parts, in about the time that a person waits for a dropdown.
const MAX_SEARCHED_PAGES: u32 = 10;

/// The number of found names at which a query stops reading: more than a dropdown shows at once.
const ENOUGH_ITEMS: usize = 50;

/// The most bytes of a search text. Part names are far shorter.
const MAX_SEARCH_BYTES: usize = 1024;

/// The most bytes of a cursor. The service's own are a few dozen.
const MAX_CURSOR_BYTES: usize = 4096;

/// What is looked for, and from where on.
#[derive(Debug)]
pub(crate) struct Place {
    search: Search,
    after: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Search {
    /// Every part.
    Everything,
    /// Parts whose part number holds the text: the service searches.
    PartNumber(String),
    /// Parts whose name holds every one of the words, which are in lower case.
    Name(Vec<String>),
}

impl Search {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            Self::Everything
        } else if looks_like_part_number(text) {
            Self::PartNumber(text.to_owned())
        } else {
            Self::name(text)
        }
    }

    fn name(text: &str) -> Self {
        Self::Name(text.split_whitespace().map(lower_case).collect())
    }

    /// The letter that begins our cursors of this search.
    fn letter(&self) -> char {
        match self {
            Self::Everything => 'e',
            Self::PartNumber(_) => 'p',
            Self::Name(_) => 'n',
        }
    }

    fn accepts(&self, name: &str) -> bool {
        match self {
            Self::Everything | Self::PartNumber(_) => true,
            Self::Name(words) => {
                let name = lower_case(name);
                words.iter().all(|word| name.contains(word))
            }
        }
    }
}

/// Character by character, which is what searching needs: `str::to_lowercase` looks around a final sigma, so that a word would not
/// be found at the beginning of a longer one.
fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
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

fn read_cursor(cursor: &str, text: &str) -> Option<(Search, String)> {
    let (letter, after) = cursor.split_once(':')?;
    let search = match (letter, text.is_empty()) {
        ("e", true) => Search::Everything,
        ("p", false) => Search::PartNumber(text.to_owned()),
        ("n", false) => Search::name(text),
        _ => return None,
    };
    let good = !after.is_empty() && cursor.len() <= MAX_CURSOR_BYTES;
    good.then(|| (search, after.to_owned()))
}

fn search(client: &Client<'_>, library: &Library, place: &Place) -> Result<Page, Error> {
    // What is filtered here is read in the largest pages there are.
    let (most_pages, size) = match place.search {
        Search::Name(_) => (MAX_SEARCHED_PAGES, MAX_PAGE_SIZE),
        Search::Everything | Search::PartNumber(_) => (1, library.first),
    };
    let most_items = usize::try_from(library.first).unwrap_or(usize::MAX);
    let mut found = Page { items: Vec::new(), next: None, notice: None, extensions: None };
    let mut read = 0;
    let mut after = place.after.clone();
    for _ in 0..most_pages {
        let variables = variables(library.library_type, &place.search, size, after.clone());
        let page = fetch_page::<SelectComponent>(client, &["components", "connection"], after.as_deref(), variables)?;
        let last = page.edges.len().saturating_sub(1);
        after = page.next;
        for (index, edge) in page.edges.into_iter().enumerate() {
            read += 1;
            found.items.extend(edge.node.and_then(|node| item(&node, &place.search)));
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
            "The search stopped after {read} parts, and there are more: go on to the next page, or search with a part \
             number.",
        ));
    }
    found.next = after.map(|after| format!("{}:{after}", place.search.letter()));
    Ok(found)
}

fn variables(library: LibraryType, search: &Search, first: u32, after: Option<String>) -> Variables {
    let search = match search {
        Search::PartNumber(number) => {
            Some(SearchFields { cpn: Some(number.clone()), name: None, status: None, eid: None, category: None })
        }
        Search::Everything | Search::Name(_) => None,
    };
    Variables { library_type: Some(library), search, first: Some(i64::from(first)), after }
}

/// The dropdown's item of a part; none for a part without an id, or one that is not searched for. A part without a name
/// shows its id.
fn item(node: &str, search: &Search) -> Option<Item> {
    let key = json::text_member(node, "id").ok()?.filter(|id| !id.is_empty())?;
    let name = json::text_member(node, "name").ok()?.unwrap_or_default();
    if !search.accepts(&name) {
        return None;
    }
    let label = if name.trim().is_empty() { key.clone() } else { name };
    Some(Item { key, label })
}
