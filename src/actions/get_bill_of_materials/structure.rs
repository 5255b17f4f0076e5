//! A structure as it is read from the service: level by level, each distinct part once, many parts a request.

use std::collections::HashMap;

use connector_sdk::Error;
use connector_sdk::graphql::{Answer, Client, misshapen};
use connector_sdk::json::{self, Problem, Scanner};

use super::quantity::Quantity;

/// The most parts that one request asks for.
const PARTS_A_REQUEST: usize = 100;

/// The most requests that one structure takes; below the 200 that a host allows a call.
const MAX_REQUESTS: usize = 150;

/// The most bytes of text that are kept of a structure. A part takes a few hundred.
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// Components by their ids, with their direct children.
mod components {
    crate::service::query!(BomComponents, "src/actions/get_bill_of_materials/bom_components.graphql");
}

/// Products by their ids, with their direct children.
mod products {
    crate::service::query!(BomProducts, "src/actions/get_bill_of_materials/bom_products.graphql");
}

/// What is asked for components and for products.
pub(in crate::actions) const QUERIES: [&str; 2] = [components::bom_components::QUERY, products::bom_products::QUERY];

/// What a structure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Component,
    Product,
}

/// JSON text as the service wrote it.
pub(super) type Raw = String;

/// One distinct part.
#[derive(Debug)]
pub(super) struct Part {
    /// Its id; empty if the service gave none.
    pub(super) id: String,
    pub(super) number: Raw,
    pub(super) name: Raw,
    pub(super) revision: Raw,
    pub(super) status: Raw,
    pub(super) known: Known,
    /// Its lines, in the service's order.
    pub(super) lines: Vec<Line>,
}

/// How much is known of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A bound was reached before it was read.
    NotRead,
    /// It was read.
    Whole,
    /// The service does not give it.
    NotFound,
    /// The line has no component, and names the revision that it stands for.
    RevisionOnly,
    /// The line has neither.
    NoComponent,
}

/// One line of a part.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) item_number: Raw,
    pub(super) notes: Raw,
    pub(super) ref_des: Raw,
    pub(super) waste: Raw,
    /// None where there is none, or none that can be read.
    pub(super) quantity: Option<Quantity>,
    /// Which part it is of, by its place among the parts.
    pub(super) part: usize,
}

/// A structure.
#[derive(Debug)]
pub(super) struct Structure {
    /// All parts, the root first.
    pub(super) parts: Vec<Part>,
    /// Why it is not whole, if it is not.
    pub(super) reasons: Vec<String>,
    by_id: HashMap<String, usize>,
    kept_bytes: usize,
    requests: usize,
    /// Lines that are null, of which nothing is known.
    null_lines: usize,
}

impl Part {
    fn new(id: String, known: Known) -> Self {
        let null = || "null".to_owned();
        Self { id, number: null(), name: null(), revision: null(), status: null(), known, lines: Vec::new() }
    }
}

impl Structure {
    /// Reads the structure below a root: parts down to `depth` levels below it, at most `most` distinct ones.
    pub(super) fn read(client: &Client<'_>, root: Root, id: &str, depth: u32, most: usize) -> Result<Self, Error> {
        let mut structure = Self {
            parts: vec![Part::new(id.to_owned(), Known::NotRead)],
            reasons: Vec::new(),
            by_id: HashMap::from([(id.to_owned(), 0)]),
            kept_bytes: 0,
            requests: 0,
            null_lines: 0,
        };
        structure.read_below_root(client, root, depth, most)?;
        if structure.null_lines > 0 {
            let reason = format!("lines that are null, of which nothing is known: {}", structure.null_lines);
            structure.reasons.push(reason);
        }
        Ok(structure)
    }

    fn read_below_root(&mut self, client: &Client<'_>, root: Root, depth: u32, most: usize) -> Result<(), Error> {
        let mut level = vec![0];
        for below in 0..=depth {
            let mut next = Vec::new();
            for batch in level.chunks(PARTS_A_REQUEST) {
                if let Some(reason) = self.bound(most) {
                    self.reasons.push(reason);
                    return Ok(());
                }
                let kind = if below == 0 { root } else { Root::Component };
                self.ask(client, kind, batch, &mut next)?;
            }
            level = next;
            if level.is_empty() {
                return Ok(());
            }
        }
        self.reasons.push(deeper(depth));
        Ok(())
    }

    fn bound(&self, most: usize) -> Option<String> {
        let known = self.parts.iter().filter(|part| part.known != Known::NotRead).count();
        if known >= most {
            return Some(format!(
                "reading stopped after {known} different parts, because maxLines is {most}: raise it to see more"
            ));
        }
        if self.requests >= MAX_REQUESTS {
            return Some(format!(
                "{known} different parts were read in {MAX_REQUESTS} requests, the most that are made"
            ));
        }
        (self.kept_bytes >= MAX_KEPT_BYTES)
            .then(|| format!("{known} different parts were read, and their texts are as long as can be kept"))
    }

    /// Asks for parts, and notes those of their lines that were not met before.
    fn ask(&mut self, client: &Client<'_>, kind: Root, batch: &[usize], next: &mut Vec<usize>) -> Result<(), Error> {
        self.requests += 1;
        let ids: Vec<_> =
            batch.iter().filter_map(|place| self.parts.get(*place)).map(|part| Some(part.id.clone())).collect();
        let (answer, list) = match kind {
            Root::Component => {
                let variables = components::bom_components::Variables { ids: Some(ids) };
                (client.run::<components::BomComponents>(variables)?, "componentsByIds")
            }
            Root::Product => {
                let variables = products::bom_products::Variables { ids: Some(ids) };
                (client.run::<products::BomProducts>(variables)?, "productsByIds")
            }
        };
        for place in batch {
            if let Some(part) = self.parts.get_mut(*place) {
                part.known = Known::NotFound;
            }
        }
        self.take(&answer, list, next)
    }

    fn take(&mut self, answer: &Answer, list: &str, next: &mut Vec<usize>) -> Result<(), Error> {
        let Some(text) = answer.member(list)? else { return Ok(()) };
        let mut scanner = Scanner::new(text);
        let mut read = || -> Result<(), Problem> {
            let mut first = scanner.begin_array()?;
            while scanner.item(&mut first)? {
                if scanner.is_null()? {
                    scanner.skip()?;
                } else {
                    self.take_part(&mut scanner, next)?;
                }
            }
            Ok(())
        };
        read().map_err(misshapen)
    }

    /// Reads one part. The order of an answer is not relied on: a part is the one whose id it has.
    fn take_part(&mut self, scanner: &mut Scanner<'_>, next: &mut Vec<usize>) -> Result<(), Problem> {
        let mut read = Part::new(String::new(), Known::Whole);
        let mut children = None;
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.key(&mut first)? {
            match key.as_ref() {
                "id" => read.id = scanner.optional_string()?.unwrap_or_default(),
                "name" => read.name = raw(scanner)?,
                "cpn" => read.number = display_value(value(scanner)?)?,
                "revisionValue" => read.revision = raw(scanner)?,
                "status" => read.status = raw(scanner)?,
                "children" => children = Some(scanner.value()?),
                _ => scanner.skip()?,
            }
        }
        // One that was not asked for, or comes a second time, is none of ours.
        let Some(place) = self.by_id.get(&read.id).copied() else { return Ok(()) };
        if self.parts.get(place).is_none_or(|part| part.known != Known::NotFound) {
            return Ok(());
        }
        self.keep(&[&read.name, &read.number, &read.revision, &read.status]);
        if let Some(children) = children {
            read.lines = self.take_lines(&mut Scanner::new(scanner.part(children)), next)?;
        }
        if let Some(part) = self.parts.get_mut(place) {
            *part = read;
        }
        Ok(())
    }

    fn take_lines(&mut self, scanner: &mut Scanner<'_>, next: &mut Vec<usize>) -> Result<Vec<Line>, Problem> {
        let mut lines = Vec::new();
        if scanner.is_null()? {
            return Ok(lines);
        }
        let mut first = scanner.begin_array()?;
        while scanner.item(&mut first)? {
            if scanner.is_null()? {
                scanner.skip()?;
                self.null_lines += 1;
            } else {
                lines.push(self.take_line(scanner, next)?);
            }
        }
        Ok(lines)
    }

    fn take_line(&mut self, scanner: &mut Scanner<'_>, next: &mut Vec<usize>) -> Result<Line, Problem> {
        let null = || "null".to_owned();
        let mut line =
            Line { item_number: null(), notes: null(), ref_des: null(), waste: null(), quantity: None, part: 0 };
        let (mut component, mut revision) = (None, None);
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.key(&mut first)? {
            match key.as_ref() {
                "quantity" => line.quantity = quantity(scanner)?,
                "itemNumber" => line.item_number = raw(scanner)?,
                "notes" => line.notes = raw(scanner)?,
                // Blank means that there are none.
                "refDes" => line.ref_des = Some(raw(scanner)?).filter(|text| text != "\"\"").unwrap_or_else(null),
                "waste" => line.waste = raw(scanner)?,
                "component" => component = component_of(value(scanner)?)?,
                "assemblyRevision" => revision = revision_of(value(scanner)?)?,
                _ => scanner.skip()?,
            }
        }
        self.keep(&[&line.item_number, &line.notes, &line.ref_des, &line.waste]);
        line.part = match (component, revision) {
            (Some(id), _) => match self.by_id.get(&id) {
                Some(place) => *place,
                None => {
                    let place = self.add(id.clone(), Part::new(id, Known::NotRead));
                    next.push(place);
                    place
                }
            },
            (None, Some(revision)) => {
                let key = format!("revision {}", revision.id);
                self.by_id.get(&key).copied().unwrap_or_else(|| self.add(key, revision))
            }
            (None, None) => {
                self.parts.push(Part::new(String::new(), Known::NoComponent));
                self.parts.len() - 1
            }
        };
        Ok(line)
    }

    fn add(&mut self, key: String, part: Part) -> usize {
        let place = self.parts.len();
        self.keep(&[&key, &part.id, &part.number, &part.revision]);
        self.parts.push(part);
        self.by_id.insert(key, place);
        place
    }

    fn keep(&mut self, texts: &[&str]) {
        self.kept_bytes += texts.iter().map(|text| text.len() + std::mem::size_of::<String>()).sum::<usize>();
    }
}

/// Why a structure is not whole that has more levels than were asked for.
pub(super) fn deeper(depth: u32) -> String {
    format!("the structure goes on below level {depth}: raise maxDepth to see more")
}

/// The id of a line's component, if it has one.
fn component_of(component: &str) -> Result<Option<String>, Problem> {
    Ok(json::text_member(component, "id")?.filter(|id| !id.is_empty()))
}

/// The revision that a line without a component stands for, as a part without lines.
fn revision_of(revision: &str) -> Result<Option<Part>, Problem> {
    let mut part = Part::new(json::text_member(revision, "id")?.unwrap_or_default(), Known::RevisionOnly);
    part.number = display_value(json::member(revision, "cpn")?.unwrap_or("null"))?;
    part.revision = json::member(revision, "revisionValue")?.unwrap_or("null").to_owned();
    Ok((!part.id.is_empty() || part.number != "null").then_some(part))
}

fn display_value(number: &str) -> Result<Raw, Problem> {
    Ok(json::member(number, "displayValue")?.unwrap_or("null").to_owned())
}

fn value<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, Problem> {
    let place = scanner.value()?;
    Ok(scanner.part(place))
}

fn raw(scanner: &mut Scanner<'_>) -> Result<Raw, Problem> {
    value(scanner).map(str::to_owned)
}

/// A quantity, written as a number or as text that holds one.
fn quantity(scanner: &mut Scanner<'_>) -> Result<Option<Quantity>, Problem> {
    Ok(Quantity::parse(value(scanner)?.trim_matches('"')))
}
