//! What a host can give in place of a state, so that the trigger begins where it says: `{"since": TIME}`, which sets it
//! back to a time; and `{"state": {…}}`, a state that was written for another service, whose records these are too.

use super::blob::{Watched, damaged, invalid, read_of_anyone};
use super::bounds::Bounds;
use super::state::State;
use crate::contract::Error;
use crate::json::{Problem, Scanner};
use crate::time::{Millis, PLAUSIBLE, parse};

/// Where a poll begins.
#[derive(Debug, PartialEq)]
pub(super) enum Begin {
    /// With what was changed from this time on.
    Since(Millis),
    /// Where this state left off.
    Where(Box<State>),
}

/// What stands in place of a state; none if nothing does that is known here.
pub(super) fn rebase(state: &[u8], watched: &Watched<'_>) -> Option<Result<Begin, Error>> {
    let text = std::str::from_utf8(state).ok()?;
    let (name, value) = only_member(text).ok()??;
    match name.as_str() {
        "since" => Some(since(value).map(Begin::Since)),
        "state" => Some(moved(value, watched).map(|state| Begin::Where(Box::new(state)))),
        _ => None,
    }
}

fn since(value: &str) -> Result<Millis, Error> {
    let text = Scanner::new(value).string().ok();
    let time = text.and_then(|text| parse(&text)).filter(|time| time <= PLAUSIBLE.end());
    time.ok_or_else(|| {
        invalid("it is to begin at what is no time with its zone from 1970 on, or is too far in the future")
    })
}

/// A state of another origin and owner, as one of those that the next poll meets: it says nothing of them.
fn moved(value: &str, watched: &Watched<'_>) -> Result<State, Error> {
    let mut state = read_of_anyone(value.as_bytes(), watched)?;
    // A cursor that this service does not know, or that leads elsewhere here, is found out by the walk that goes on
    // there.
    state.owner = None;
    // If its records are others after all, all that were known would seem to be deleted.
    let moved = state.inventory.take().map(|inventory| inventory.moved(&Bounds::STANDARD).ok_or_else(damaged));
    state.inventory = moved.transpose()?;
    Ok(state)
}

/// The member of an object that has no other.
fn only_member(text: &str) -> Result<Option<(String, &str)>, Problem> {
    let mut scanner = Scanner::new(text);
    let mut first = scanner.begin_object()?;
    let Some(name) = scanner.key(&mut first)?.map(|name| name.into_owned()) else { return Ok(None) };
    if name != "since" && name != "state" {
        return Ok(None);
    }
    let place = scanner.value()?;
    if scanner.key(&mut first)?.is_some() {
        return Ok(None);
    }
    scanner.end()?;
    Ok(Some((name, scanner.part(place))))
}

#[cfg(test)]
mod tests {
    use super::super::blob::{Names, write};
    use super::*;

    const NAMES: Names = Names { format: "x", list_input: "List", credential: "key", owner: "company" };
    const HERE: Watched<'static> = Watched { trigger: &NAMES, list: "parts", origin: "https://here.example" };
    const THERE: Watched<'static> = Watched { origin: "https://there.example", ..HERE };

    fn read(text: &str) -> Option<Result<Begin, Error>> {
        rebase(text.as_bytes(), &HERE)
    }

    #[test]
    fn a_time_is_read_and_nothing_else_is_taken_for_one() {
        let time = || parse("2026-11-01T00:00:00Z").map(Begin::Since);
        assert_eq!(read("{\"since\":\"2026-11-01T00:00:00Z\"}").map(Result::unwrap), time());
        assert_eq!(read(" { \"since\" : \"2026-11-01T01:00:00+01:00\" }\n").map(Result::unwrap), time());
        for other in [
            "",
            "{}",
            "[]",
            "{\"until\":\"2026-11-01T00:00:00Z\"}",
            "{\"since\":\"2026-11-01T00:00:00Z\",\"format\":\"x\"}",
            "{\"format\":\"x\",\"since\":\"2026-11-01T00:00:00Z\"}",
            "{\"since\":\"2026-11-01T00:00:00Z\"} {",
            "{\"since\":\"2026-11-01T00:00:00Z\"",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        for wrong in ["\"yesterday\"", "\"2026-11-01T00:00:00\"", "\"9999-12-31T00:00:00Z\"", "null", "7", "{}"] {
            let refused = read(&format!("{{\"since\":{wrong}}}"));
            assert!(matches!(refused, Some(Err(Error::InvalidState(_)))), "{wrong}: {refused:?}");
        }
    }

    #[test]
    fn a_state_of_another_service_goes_on_here_and_says_no_more_whose_it_was() {
        let state =
            State { owner: Some(7), watermark: 1_700_000_000_000, floor: 1_700_000_000_000, ..State::default() };
        let of = |watched: &Watched<'_>| String::from_utf8(write(&state, watched)).unwrap();
        let moved = format!("{{\"state\":{}}}", of(&THERE));
        let Some(Ok(Begin::Where(read_back))) = read(&moved) else { panic!("{moved}") };
        assert_eq!(*read_back, State { owner: None, ..state.clone() });
        // All else about it is as it must be.
        let other_list = of(&Watched { list: "orders", ..THERE });
        let damaged = of(&THERE).replace("\"version\":3", "\"version\":2");
        for wrong in [other_list, damaged, moved, "null".to_owned(), "{}".to_owned()] {
            let refused = read(&format!("{{\"state\":{wrong}}}"));
            assert!(matches!(refused, Some(Err(Error::InvalidState(_)))), "{wrong}: {refused:?}");
        }
    }
}
