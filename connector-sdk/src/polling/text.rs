//! The members of a state's text, by their names and not yet taken for anything.

use crate::json::Scanner;

#[derive(Default)]
pub(super) struct Text<'a> {
    pub(super) format: &'a str,
    pub(super) version: u32,
    pub(super) resource: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    pub(super) owner: Option<&'a str>,
    pub(super) watermark: Option<&'a str>,
    pub(super) seen_at: Option<&'a str>,
    pub(super) deep_at: Option<&'a str>,
    pub(super) floor: Option<&'a str>,
    pub(super) new_above: Option<&'a str>,
    pub(super) delivered: Option<&'a str>,
    pub(super) drain: Option<DrainText<'a>>,
    pub(super) entered: Option<&'a str>,
    pub(super) surveyed: Option<bool>,
    pub(super) inventory: Option<InventoryText<'a>>,
}

#[derive(Default)]
pub(super) struct InventoryText<'a> {
    pub(super) began_at: Option<&'a str>,
    pub(super) phase: &'a str,
    pub(super) deep_at: Option<&'a str>,
    pub(super) cursor: Option<&'a str>,
    pub(super) tail: Option<&'a str>,
    pub(super) has_holes: Option<bool>,
    pub(super) moved: Option<bool>,
    pub(super) seen: Option<&'a str>,
    pub(super) unseen: Option<&'a str>,
    pub(super) missing: Option<&'a str>,
}

#[derive(Default)]
pub(super) struct DrainText<'a> {
    pub(super) upper: Option<&'a str>,
    pub(super) upper_seen_at: Option<&'a str>,
    pub(super) witnesses: Option<&'a str>,
    pub(super) newest: Option<&'a str>,
    pub(super) began_at: Option<&'a str>,
    pub(super) zone: &'a str,
    pub(super) lowest: &'a str,
    pub(super) end_of_ties: Option<&'a str>,
    pub(super) cursor: Option<&'a str>,
    pub(super) tail: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// None if it is no JSON object, or has a member of another type.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut read = Self::default();
        let mut scanner = Scanner::new(text);
        members(&mut scanner, |name, scanner| {
            match name {
                "format" => read.format = plain(scanner)?.unwrap_or_default(),
                "version" => {
                    let place = scanner.value().ok()?;
                    read.version = scanner.part(place).parse().ok()?;
                }
                "resource" => read.resource = plain(scanner)?,
                "origin" => read.origin = plain(scanner)?,
                "company" => read.owner = plain(scanner)?,
                "watermark" => read.watermark = plain(scanner)?,
                "seenAt" => read.seen_at = plain(scanner)?,
                "deepAt" => read.deep_at = plain(scanner)?,
                "floor" => read.floor = plain(scanner)?,
                "newAbove" => read.new_above = plain(scanner)?,
                "delivered" => read.delivered = plain(scanner)?,
                "entered" => read.entered = plain(scanner)?,
                "surveyed" => read.surveyed = scanner.optional_boolean().ok()?,
                "inventory" if !scanner.is_null().ok()? => read.inventory = Some(InventoryText::read(scanner)?),
                "drain" if !scanner.is_null().ok()? => read.drain = Some(DrainText::read(scanner)?),
                _ => scanner.skip().ok()?,
            }
            Some(())
        })?;
        scanner.end().ok()?;
        Some(read)
    }
}

impl<'a> DrainText<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Option<Self> {
        let mut read = Self::default();
        members(scanner, |name, scanner| {
            match name {
                "upper" => read.upper = plain(scanner)?,
                "upperSeenAt" => read.upper_seen_at = plain(scanner)?,
                "witnesses" => read.witnesses = plain(scanner)?,
                "newest" => read.newest = plain(scanner)?,
                "beganAt" => read.began_at = plain(scanner)?,
                "zone" => read.zone = plain(scanner)?.unwrap_or_default(),
                "lowest" => read.lowest = plain(scanner)?.unwrap_or_default(),
                "endOfTies" => read.end_of_ties = plain(scanner)?,
                "cursor" => read.cursor = plain(scanner)?,
                "tail" => read.tail = plain(scanner)?,
                _ => scanner.skip().ok()?,
            }
            Some(())
        })?;
        Some(read)
    }
}

impl<'a> InventoryText<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Option<Self> {
        let mut read = Self::default();
        members(scanner, |name, scanner| {
            match name {
                "beganAt" => read.began_at = plain(scanner)?,
                "phase" => read.phase = plain(scanner)?.unwrap_or_default(),
                "deepAt" => read.deep_at = plain(scanner)?,
                "cursor" => read.cursor = plain(scanner)?,
                "tail" => read.tail = plain(scanner)?,
                "hasHoles" => read.has_holes = scanner.optional_boolean().ok()?,
                "moved" => read.moved = scanner.optional_boolean().ok()?,
                "seen" => read.seen = plain(scanner)?,
                "unseen" => read.unseen = plain(scanner)?,
                "missing" => read.missing = plain(scanner)?,
                _ => scanner.skip().ok()?,
            }
            Some(())
        })?;
        Some(read)
    }
}

/// Reads an object: `take` is given the name of each member and reads its value.
fn members<'a>(scanner: &mut Scanner<'a>, mut take: impl FnMut(&str, &mut Scanner<'a>) -> Option<()>) -> Option<()> {
    let mut first = scanner.begin_object().ok()?;
    while let Some(name) = scanner.key(&mut first).ok()? {
        take(&name, scanner)?;
    }
    Some(())
}

/// A string as it is written, or none for null. Nothing but an origin and a cursor has escapes.
#[allow(clippy::option_option, reason = "outside: whether it could be read; inside: whether it is there")]
fn plain<'a>(scanner: &mut Scanner<'a>) -> Option<Option<&'a str>> {
    if scanner.is_null().ok()? {
        scanner.skip().ok()?;
        return Some(None);
    }
    let place = scanner.raw_string().ok()?;
    Some(Some(scanner.part(place)))
}
