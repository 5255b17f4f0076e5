//! The three shapes of a structure: nested, indented and flat.

use std::collections::{BTreeMap, HashSet};

use connector_sdk::json::push_string;

use super::super::reasons::{self, MAX_RESULT_BYTES};
use super::quantity::Quantity;
use super::structure::{Known, Line, Part, Structure, deeper};

/// A structure being written.
pub(super) struct Writer<'a> {
    structure: &'a Structure,
    json: String,
    /// How many levels below the root are written.
    depth: u32,
    most_lines: usize,
    lines: usize,
    /// The parts from the root down to the one that is written.
    path: Vec<usize>,
    reasons: Vec<String>,
    /// A part was met again below itself.
    has_cycle: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(structure: &'a Structure, depth: u32, most_lines: usize) -> Self {
        let reasons = structure.reasons.clone();
        Self { structure, json: String::new(), depth, most_lines, lines: 0, path: vec![0], reasons, has_cycle: false }
    }

    /// Every line of every part, below the part that it belongs to.
    pub(super) fn nested(mut self) -> String {
        self.json.push_str("\"tree\":{");
        let parts = &self.structure.parts;
        if let Some(root) = parts.first() {
            push_part(&mut self.json, root);
            push_remark(&mut self.json, remark(root, false));
            self.push_children(root, 1);
        }
        self.json.push('}');
        self.finish("nested")
    }

    /// Every line of every part, one after the other, with its level.
    pub(super) fn indented(mut self) -> String {
        self.json.push_str("\"rows\":[{\"level\":0,\"itemNumber\":null,\"quantity\":1,\"refDes\":null,");
        if let Some(root) = self.structure.parts.first() {
            push_part(&mut self.json, root);
            self.json.push_str(",\"notes\":null,\"waste\":null");
            push_remark(&mut self.json, remark(root, false));
            self.json.push('}');
            self.push_rows(root, 1);
        }
        self.json.push(']');
        self.finish("indented")
    }

    /// Each distinct part once, with the quantity that one root needs of it.
    pub(super) fn flat(mut self) -> String {
        let totals = Totals::of(self.structure, self.depth);
        self.has_cycle = totals.has_cycle;
        totals.reasons(self.depth).into_iter().for_each(|reason| self.note(reason));
        self.json.push_str("\"rows\":[");
        let parts = self.structure.parts.iter().zip(&totals.of_parts).skip(1);
        let (rows, without): (Vec<_>, Vec<_>) =
            parts.filter(|(_, total)| total.lines > 0).partition(|(part, _)| part.known != Known::NoComponent);
        if !without.is_empty() {
            self.note(format!(
                "lines that name neither a component nor a revision, and so belong to no row: {}; indented shows them",
                without.len()
            ));
        }
        for (part, total) in rows {
            if self.is_full() {
                break;
            }
            self.begin_line();
            self.json.push('{');
            push_part(&mut self.json, part);
            self.json.push_str(",\"quantity\":");
            push_quantity(&mut self.json, total.quantity);
            self.json.push_str(&format!(",\"lines\":{}", total.lines));
            push_remark(&mut self.json, remark(part, false));
            self.json.push('}');
        }
        self.json.push(']');
        self.finish("flat")
    }

    fn push_children(&mut self, part: &Part, level: u32) {
        self.json.push_str(",\"children\":[");
        let mut first = true;
        for line in &part.lines {
            let Some((child, is_cycle)) = self.child(line, level) else { break };
            self.json.push_str(if first { "{" } else { ",{" });
            first = false;
            push_line(&mut self.json, line);
            self.json.push(',');
            push_part(&mut self.json, child);
            push_line_end(&mut self.json, line);
            push_remark(&mut self.json, remark(child, is_cycle));
            if !is_cycle {
                self.path.push(line.part);
                self.push_children(child, level + 1);
                self.path.pop();
            }
            self.json.push('}');
        }
        self.json.push(']');
    }

    fn push_rows(&mut self, part: &Part, level: u32) {
        for line in &part.lines {
            let Some((child, is_cycle)) = self.child(line, level) else { break };
            self.json.push_str(&format!(",{{\"level\":{level},"));
            push_line(&mut self.json, line);
            self.json.push(',');
            push_part(&mut self.json, child);
            push_line_end(&mut self.json, line);
            push_remark(&mut self.json, remark(child, is_cycle));
            self.json.push('}');
            if !is_cycle {
                self.path.push(line.part);
                self.push_rows(child, level + 1);
                self.path.pop();
            }
        }
    }

    /// The part of a line, and whether it stands above itself; none if no more is written.
    fn child(&mut self, line: &Line, level: u32) -> Option<(&'a Part, bool)> {
        if level > self.depth {
            self.note(deeper(self.depth));
            return None;
        }
        if self.is_full() {
            return None;
        }
        self.lines += 1;
        let is_cycle = self.path.contains(&line.part);
        self.has_cycle |= is_cycle;
        Some((self.structure.parts.get(line.part)?, is_cycle))
    }

    fn begin_line(&mut self) {
        if self.lines > 0 {
            self.json.push(',');
        }
        self.lines += 1;
    }

    /// Whether a bound is reached. The first time it is noted.
    fn is_full(&mut self) -> bool {
        let reason = if self.lines >= self.most_lines {
            format!("{} lines are given, as many as maxLines: raise it to see more", self.lines)
        } else if self.json.len() >= MAX_RESULT_BYTES {
            format!(
                "{} lines are given, and the result is as long as it may be: ask for the parts below on their own",
                self.lines
            )
        } else {
            return false;
        };
        self.note(reason);
        true
    }

    fn note(&mut self, reason: String) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn finish(self, shape: &str) -> String {
        let parts = &self.structure.parts;
        let mut json = String::with_capacity(self.json.len() + 1024);
        json.push_str("{\"root\":{");
        parts.first().into_iter().for_each(|root| push_part(&mut json, root));
        let distinct = parts.iter().filter(|part| part.known != Known::NoComponent).count();
        json.push_str(&format!(
            "}},\"shape\":\"{shape}\",\"parts\":{distinct},\"lines\":{},\"cyclic\":{},",
            self.lines, self.has_cycle
        ));
        reasons::push(&mut json, !self.reasons.is_empty(), &self.reasons);
        json.push(',');
        json.push_str(&self.json);
        json.push('}');
        json
    }
}

/// What one root needs of each part.
struct Totals {
    of_parts: Vec<Total>,
    has_cycle: bool,
    too_long: bool,
    /// The structure goes on below the last level that counts.
    is_deeper: bool,
}

#[derive(Clone, Copy)]
struct Total {
    /// None where a line on the way has no quantity, or the digits do not suffice.
    quantity: Option<Quantity>,
    /// On how many lines of distinct parts it stands.
    lines: usize,
}

impl Totals {
    /// Adds up level by level, so that a part that stands on a million paths is looked at once a level. A line that
    /// leads back to a part above it is left out.
    fn of(structure: &Structure, depth: u32) -> Self {
        let back = lines_back(structure);
        let none = Total { quantity: Some(Quantity::ZERO), lines: 0 };
        let count = structure.parts.len();
        let mut totals =
            Self { of_parts: vec![none; count], has_cycle: !back.is_empty(), too_long: false, is_deeper: false };
        // What stands on the level that is looked at, and how much of it.
        let mut level = BTreeMap::from([(0, Some(Quantity::ONE))]);
        let mut was_met = vec![false; count];
        for below in 0..=depth {
            let mut next: BTreeMap<usize, Option<Quantity>> = BTreeMap::new();
            for (place, above) in level {
                let Some(part) = structure.parts.get(place) else { continue };
                let is_new = was_met.get_mut(place).is_some_and(|was_met| !std::mem::replace(was_met, true));
                for (index, line) in part.lines.iter().enumerate() {
                    if back.contains(&(place, index)) {
                        continue;
                    }
                    if below == depth {
                        totals.is_deeper = true;
                        break;
                    }
                    if let Some(total) = totals.of_parts.get_mut(line.part).filter(|_| is_new) {
                        total.lines += 1;
                    }
                    let more = above.zip(line.quantity).and_then(|(above, quantity)| {
                        let product = above.times(quantity);
                        totals.too_long |= product.is_none();
                        product
                    });
                    let so_far = next.entry(line.part).or_insert(Some(Quantity::ZERO));
                    *so_far = totals.sum(*so_far, more);
                }
            }
            for (place, quantity) in &next {
                let so_far = totals.of_parts.get(*place).and_then(|total| total.quantity);
                let sum = totals.sum(so_far, *quantity);
                totals.of_parts.get_mut(*place).into_iter().for_each(|total| total.quantity = sum);
            }
            level = next;
        }
        totals
    }

    fn sum(&mut self, so_far: Option<Quantity>, more: Option<Quantity>) -> Option<Quantity> {
        let (so_far, more) = so_far.zip(more)?;
        let sum = so_far.plus(more);
        self.too_long |= sum.is_none();
        sum
    }

    fn reasons(&self, depth: u32) -> Vec<String> {
        let too_long =
            self.too_long.then(|| "quantities with more digits than can be added exactly are null".to_owned());
        too_long.into_iter().chain(self.is_deeper.then(|| deeper(depth))).collect()
    }
}

/// The lines that lead back to a part above them, each by its part and its place there.
fn lines_back(structure: &Structure) -> HashSet<(usize, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        Above,
        Done,
    }
    let mut seen = vec![Seen::Never; structure.parts.len()];
    let mut back = HashSet::new();
    // Not by recursion: a path through distinct parts can be as long as there are parts.
    let mut path = vec![(0, 0)];
    while let Some((place, next)) = path.last_mut() {
        let (place, index) = (*place, *next);
        *next += 1;
        let line = structure.parts.get(place).and_then(|part| part.lines.get(index));
        seen.get_mut(place).into_iter().for_each(|seen| *seen = Seen::Above);
        match line {
            None => {
                seen.get_mut(place).into_iter().for_each(|seen| *seen = Seen::Done);
                path.pop();
            }
            Some(line) => match seen.get(line.part) {
                Some(Seen::Never) => path.push((line.part, 0)),
                Some(Seen::Above) => {
                    back.insert((place, index));
                }
                Some(Seen::Done) | None => {}
            },
        }
    }
    back
}

fn push_part(json: &mut String, part: &Part) {
    json.push_str("\"partNumber\":");
    json.push_str(&part.number);
    json.push_str(",\"name\":");
    json.push_str(&part.name);
    json.push_str(",\"revision\":");
    json.push_str(&part.revision);
    json.push_str(",\"status\":");
    json.push_str(&part.status);
    json.push_str(",\"id\":");
    if part.id.is_empty() { json.push_str("null") } else { push_string(json, &part.id) }
}

fn push_line(json: &mut String, line: &Line) {
    json.push_str("\"itemNumber\":");
    json.push_str(&line.item_number);
    json.push_str(",\"quantity\":");
    push_quantity(json, line.quantity);
    json.push_str(",\"refDes\":");
    json.push_str(&line.ref_des);
}

fn push_line_end(json: &mut String, line: &Line) {
    json.push_str(",\"notes\":");
    json.push_str(&line.notes);
    json.push_str(",\"waste\":");
    json.push_str(&line.waste);
}

fn push_quantity(json: &mut String, quantity: Option<Quantity>) {
    match quantity {
        Some(quantity) => json.push_str(&quantity.to_string()),
        None => json.push_str("null"),
    }
}

fn push_remark(json: &mut String, remark: Option<&str>) {
    json.push_str(",\"remark\":");
    match remark {
        Some(remark) => push_string(json, remark),
        None => json.push_str("null"),
    }
}

fn remark(part: &Part, is_cycle: bool) -> Option<&'static str> {
    match part.known {
        _ if is_cycle => Some("cycle"),
        Known::Whole => None,
        Known::NotRead => Some("not-read"),
        Known::NotFound => Some("not-found"),
        Known::RevisionOnly => Some("revision-only"),
        Known::NoComponent => Some("no-component"),
    }
}
