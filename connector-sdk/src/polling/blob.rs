//! The state as text: JSON that a person can read, versioned, bound to what it was written for, and with a check value,
//! because a state that was damaged into another valid one, or is used on another list, would lose changes silently.

use super::bounds::{MAX_CURSOR_BYTES, MAX_STATE_BYTES};
use super::entered::Entered;
use super::inventory::{Inventory, Lists, Phase};
use super::memory::{content_hash, hash};
use super::origin::MAX_ORIGIN_BYTES;
use super::packed;
use super::state::{Drain, Reach, State};
use super::text::{InventoryText, Text};
use super::walk::Joint;
use crate::contract::Error;
use crate::json::{push_string, quoted, unescape};
use crate::time::{Millis, PLAUSIBLE, format as format_time, parse as parse_time};

/// The version that is written. Every version ever written is read for ever; `tests/states/` keeps one of each.
const VERSION: u32 = 3;

/// The first version that says whose records it was written for. A state of an earlier one is taken to be for whoever
/// uses it, once.
const FIRST_BOUND: u32 = 3;

/// What precedes the check value, which is a hash of all before this.
const CHECK: &str = ",\"check\":\"";

/// What a state was written for. The owner of the records, whom only the service knows, is part of the state itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched<'a> {
    /// The trigger.
    pub trigger: &'a Names,
    /// Which list, as the value of the input that chooses it.
    pub list: &'a str,
    /// The origin of the service, at most [`MAX_ORIGIN_BYTES`]: readable, because a refusal names it.
    pub origin: &'a str,
}

/// What a trigger's states and their refusals call things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// Says what a state is: the connector's and the trigger's keys, for ever the same.
    pub format: &'static str,
    /// The label of the input that chooses the list; blank where there is one list.
    pub list_input: &'static str,
    /// What the credential is called, for example `API key`.
    pub credential: &'static str,
    /// What the records belong to, for example `company`.
    pub owner: &'static str,
}

/// Writes a state, at most [`MAX_STATE_BYTES`] of it.
pub fn write(state: &State, watched: &Watched<'_>) -> Vec<u8> {
    let mut text = String::from("{\"format\":\"");
    text.push_str(watched.trigger.format);
    text.push_str("\",\"version\":");
    text.push_str(&VERSION.to_string());
    text.push_str(",\"resource\":");
    push_string(&mut text, watched.list);
    text.push_str(",\"origin\":");
    push_string(&mut text, watched.origin);
    if let Some(owner) = state.owner {
        push(&mut text, "company", &format!("{owner:016x}"));
    }
    push(&mut text, "watermark", &format_time(state.watermark));
    push_time(&mut text, "seenAt", state.seen_at);
    push_time(&mut text, "deepAt", state.deep_at.filter(|_| state.deep_at != state.seen_at));
    push(&mut text, "floor", &format_time(state.floor));
    push(&mut text, "newAbove", &format_time(state.new_above));
    push(&mut text, "delivered", &packed::write_versions(&state.known));
    if let Some(drain) = &state.drain {
        text.push_str(",\"drain\":{\"zone\":\"");
        text.push_str(&format_time(drain.zone));
        text.push('"');
        match drain.reach {
            Reach::Known { upper, seen_at } => {
                push(&mut text, "upper", &format_time(upper));
                push_time(&mut text, "upperSeenAt", seen_at.filter(|_| seen_at != drain.began_at));
            }
            Reach::Unknown { witnesses } => push(&mut text, "witnesses", &witnesses.to_string()),
        }
        push(&mut text, "newest", &format_time(drain.newest));
        push_time(&mut text, "beganAt", drain.began_at);
        push(&mut text, "lowest", &format_time(drain.lowest));
        if !drain.end_of_ties.is_empty() {
            push(&mut text, "endOfTies", &packed::write_marks(&drain.end_of_ties));
        }
        push_joint(&mut text, drain.joint.as_ref());
        text.push('}');
    }
    if let Some(entered) = &state.entered {
        push(&mut text, "entered", &packed::write_keys(&entered.keys));
        text.push_str(if entered.surveyed { ",\"surveyed\":true" } else { ",\"surveyed\":false" });
    }
    if let Some(inventory) = &state.inventory {
        push_inventory(&mut text, inventory);
    }
    let check = check(text.as_bytes(), VERSION);
    text.push_str(CHECK);
    text.push_str(&format!("{check:016x}\"}}"));
    text.into_bytes()
}

/// Reads a state that was written for this.
pub fn read(blob: &[u8], watched: &Watched<'_>) -> Result<State, Error> {
    read_state(blob, watched, |written_for| check_origin(written_for, watched.origin))
}

/// The same, whatever origin it was written for.
pub(super) fn read_of_anyone(blob: &[u8], watched: &Watched<'_>) -> Result<State, Error> {
    read_state(blob, watched, |_| Ok(()))
}

fn read_state(
    blob: &[u8],
    watched: &Watched<'_>,
    check_origin: impl Fn(String) -> Result<(), Error>,
) -> Result<State, Error> {
    if blob.len() > MAX_STATE_BYTES {
        return Err(invalid(&format!(
            "it is {} bytes long, and no state of this trigger has more than {MAX_STATE_BYTES}",
            blob.len()
        )));
    }
    let text = std::str::from_utf8(blob).map_err(|_| invalid("it is not text"))?;
    let parsed = Text::read(text)
        .ok_or_else(|| invalid("it is not a state of this trigger, or it breaks off before its end"))?;
    if parsed.format != watched.trigger.format {
        return Err(invalid("it was written by something else"));
    }
    if parsed.version > VERSION {
        return Err(invalid(&format!(
            "it is of version {}, written by a later release of the connector; this one reads versions up to \
             {VERSION}: use the later release",
            parsed.version
        )));
    }
    if !is_intact(text, parsed.version) {
        return Err(invalid("it was damaged or changed by hand"));
    }
    let (written_for, watches) = (parsed.resource.ok_or_else(damaged)?, watched.list);
    if written_for != watches {
        return Err(Error::InvalidState(format!(
            "The trigger's state belongs to {written_for}, and the trigger now watches {watches}: set {:?} back to go \
             on where it was, or begin without a state, from when on changes of {watches} are reported.",
            watched.trigger.list_input
        )));
    }
    if parsed.version >= FIRST_BOUND {
        check_origin(parsed.origin.and_then(unescape).ok_or_else(damaged)?)?;
    }
    let state = state(&parsed).ok_or_else(damaged)?;
    if state.floor > *PLAUSIBLE.end() {
        return Err(invalid(
            "an earlier release of the connector let a record that is stamped in the far future take it there, and has \
             passed over all changes since",
        ));
    }
    Ok(state)
}

/// The error for a state that holds something else than was written.
pub fn damaged() -> Error {
    invalid("it is damaged")
}

fn check_origin(written_for: String, origin: &str) -> Result<(), Error> {
    if written_for == origin {
        return Ok(());
    }
    if written_for.len() > MAX_ORIGIN_BYTES || written_for.contains(char::is_control) {
        return Err(invalid("it names no service"));
    }
    Err(Error::InvalidState(format!(
        "The trigger's state belongs to {written_for}, and the connection now leads to {origin}: use the connection to \
         {written_for} again to go on where it was, rebase the state if the same records are now at {origin}, or begin \
         without a state, from when on changes at {origin} are reported."
    )))
}

/// The error for a state of another owner's records at the same origin.
pub fn other_owner(names: &Names) -> Error {
    let Names { owner, credential, .. } = names;
    Error::InvalidState(format!(
        "The trigger's state belongs to another {owner} than the {credential} does now: use an {credential} of that \
         {owner} again to go on where it was (another {credential} of the same {owner} will do), rebase the state if \
         that {owner} has become this one, or begin without a state, from when on changes of the present \
         {credential}'s {owner} are reported."
    ))
}

fn state(text: &Text<'_>) -> Option<State> {
    let floor = parse_time(text.floor?)?;
    let bound = text.version >= FIRST_BOUND;
    // Where an earlier release followed a record into the far future. What is too low costs no more than looking again.
    let sane = |time: Millis| if time > *PLAUSIBLE.end() { floor } else { time };
    Some(State {
        owner: match text.owner.filter(|_| bound) {
            Some(owner) => Some(u64::from_str_radix(owner, 16).ok()?),
            None => None,
        },
        watermark: sane(parse_time(text.watermark?)?),
        seen_at: optional_time(text.seen_at)?,
        // Every pass of an earlier release was a deep one.
        deep_at: optional_time(text.deep_at.or(text.seen_at))?,
        floor,
        new_above: sane(parse_time(text.new_above?)?),
        known: packed::read_versions(text.delivered?)?,
        entered: match text.entered {
            Some(keys) => Some(Entered { surveyed: text.surveyed.unwrap_or_default(), keys: packed::read_keys(keys)? }),
            None => None,
        },
        drain: match &text.drain {
            None => None,
            Some(drain) => Some(Drain {
                reach: match optional_time(drain.upper)?.filter(|upper| upper <= PLAUSIBLE.end()) {
                    Some(upper) => {
                        Reach::Known { upper, seen_at: optional_time(drain.upper_seen_at.or(drain.began_at))? }
                    }
                    None => Reach::Unknown { witnesses: drain.witnesses.map_or(Some(0), |count| count.parse().ok())? },
                },
                newest: optional_time(drain.newest.or(drain.upper))?.unwrap_or_default(),
                began_at: optional_time(drain.began_at)?,
                zone: sane(parse_time(drain.zone)?),
                lowest: parse_time(drain.lowest)?,
                end_of_ties: drain.end_of_ties.map_or(Some(Vec::new()), packed::read_marks)?,
                joint: joint(drain.cursor, drain.tail)?,
            }),
        },
        inventory: match &text.inventory {
            None => None,
            Some(text) => Some(inventory(text)?),
        },
    })
}

fn inventory(text: &InventoryText<'_>) -> Option<Inventory> {
    let ids = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some(Inventory {
        began_at: optional_time(text.began_at)?,
        phase: match text.phase {
            "over" => Phase::Over,
            "walking" => Phase::Walking(joint(text.cursor, text.tail)?),
            "walked" => Phase::Walked { deep_at: optional_time(text.deep_at)? },
            "confirming" => Phase::Confirming,
            _ => return None,
        },
        has_holes: text.has_holes.unwrap_or_default(),
        moved: text.moved.unwrap_or_default(),
        ids: Lists { seen: ids(text.seen), unseen: ids(text.unseen), missing: ids(text.missing) },
    })
}

/// Where a walk goes on, if it is said.
#[allow(clippy::option_option, reason = "outside: whether it could be read; inside: whether it is there")]
fn joint(cursor: Option<&str>, tail: Option<&str>) -> Option<Option<Joint>> {
    match (cursor, tail) {
        (Some(cursor), Some(tail)) => Some(Some(Joint { cursor: unescape(cursor)?, tail: packed::read_marks(tail)? })),
        _ => Some(None),
    }
}

/// A time that may be missing but not be wrong.
#[allow(clippy::option_option, reason = "outside: whether it could be read; inside: whether it is there")]
fn optional_time(text: Option<&str>) -> Option<Option<Millis>> {
    match text {
        None => Some(None),
        Some(text) => parse_time(text).map(Some),
    }
}

fn is_intact(text: &str, version: u32) -> bool {
    let Some((checked, value)) = text.rsplit_once(CHECK) else { return false };
    value.strip_suffix("\"}") == Some(&format!("{:016x}", check(checked.as_bytes(), version)))
}

/// The check value. That of version 1 took one byte a step, which was most of what it took to read and to write a full
/// state.
fn check(text: &[u8], version: u32) -> u64 {
    if version == 1 { hash(text) } else { content_hash(text) }
}

/// The text with the check value that belongs to it, in place of the one that it has. For tests, which change states.
pub fn signed(text: &str) -> String {
    let checked = text.rsplit_once(CHECK).map_or(text, |(checked, _)| checked);
    let version = if checked.contains("\"version\":1,") { 1 } else { VERSION };
    format!("{checked}{CHECK}{:016x}\"}}", check(checked.as_bytes(), version))
}

fn push(json: &mut String, key: &str, value: &str) {
    json.push_str(",\"");
    json.push_str(key);
    json.push_str("\":\"");
    json.push_str(value);
    json.push('"');
}

fn push_joint(json: &mut String, joint: Option<&Joint>) {
    let joint = joint.map(|joint| (joint, quoted(&joint.cursor)));
    if let Some((joint, cursor)) = joint.filter(|(_, cursor)| cursor.len() <= MAX_CURSOR_BYTES) {
        json.push_str(",\"cursor\":");
        json.push_str(&cursor);
        push(json, "tail", &packed::write_marks(&joint.tail));
    }
}

fn push_inventory(json: &mut String, inventory: &Inventory) {
    let (phase, deep_at, joint) = match &inventory.phase {
        Phase::Over => ("over", None, None),
        Phase::Walking(joint) => ("walking", None, joint.as_ref()),
        Phase::Walked { deep_at } => ("walked", *deep_at, None),
        Phase::Confirming => ("confirming", None, None),
    };
    json.push_str(",\"inventory\":{\"phase\":");
    json.push_str(&quoted(phase));
    push_time(json, "beganAt", inventory.began_at);
    push_time(json, "deepAt", deep_at);
    push_joint(json, joint);
    json.push_str(if inventory.has_holes { ",\"hasHoles\":true" } else { "" });
    json.push_str(if inventory.moved { ",\"moved\":true" } else { "" });
    let Lists { seen, unseen, missing } = &inventory.ids;
    for (key, ids) in [("seen", seen), ("unseen", unseen), ("missing", missing)] {
        push(json, key, ids);
    }
    json.push('}');
}

fn push_time(json: &mut String, key: &str, time: Option<Millis>) {
    if let Some(time) = time {
        push(json, key, &format_time(time));
    }
}

pub(super) fn invalid(reason: &str) -> Error {
    Error::InvalidState(format!(
        "The trigger's state cannot be used: {reason}. Restore the state of the last poll if you have it. Otherwise \
         begin without a state: changes are then reported from that poll on, and those since the last one are not."
    ))
}
