//! Every state ever written, and what is not one.

use connector_sdk::Error;
use connector_sdk::polling::Bounds;
use connector_sdk::polling::blob::{read, signed, write};
use connector_sdk::polling::bounds::{MAX_CURSOR_BYTES, MAX_STATE_BYTES, MAX_STATE_BYTES_WITHOUT_IDS};
use connector_sdk::polling::inventory::Lists;
use connector_sdk::polling::memory::Version;
use connector_sdk::polling::state::Reach;
use connector_sdk::polling::{MAX_ORIGIN_BYTES, State, Watched};
use proptest::prelude::*;

use super::poll_changes::{NAMES, Resource};

/// The versions, each with as many shapes.
const SHAPES: usize = 4;

/// One of each shape of each version ever written. Add to them, never change one.
const WRITTEN: [(&str, Resource, bool); 3 * SHAPES] = [
    (include_str!("../../tests/states/v1-empty.json"), Resource::ChangeOrders, false),
    (include_str!("../../tests/states/v1-baseline.json"), Resource::Components, false),
    (include_str!("../../tests/states/v1-drain.json"), Resource::Components, true),
    (include_str!("../../tests/states/v1-drain-from-the-top.json"), Resource::ChangeOrders, true),
    (include_str!("../../tests/states/v2-empty.json"), Resource::ChangeOrders, false),
    (include_str!("../../tests/states/v2-baseline.json"), Resource::Components, false),
    (include_str!("../../tests/states/v2-drain.json"), Resource::Components, true),
    (include_str!("../../tests/states/v2-drain-from-the-top.json"), Resource::ChangeOrders, true),
    (include_str!("../../tests/states/v3-empty.json"), Resource::ChangeOrders, false),
    (include_str!("../../tests/states/v3-baseline.json"), Resource::Components, false),
    (include_str!("../../tests/states/v3-drain.json"), Resource::Components, true),
    (include_str!("../../tests/states/v3-drain-from-the-top.json"), Resource::ChangeOrders, true),
];

/// Members that version 3 was given later, each where it is: states that know which records there are.
const WITH_INVENTORY: [(&str, Resource); 4] = [
    (include_str!("../../tests/states/v3-inventory-over.json"), Resource::Components),
    (include_str!("../../tests/states/v3-inventory-walking.json"), Resource::Components),
    (include_str!("../../tests/states/v3-inventory-walked.json"), Resource::ChangeOrders),
    (include_str!("../../tests/states/v3-inventory-confirming.json"), Resource::Components),
];

/// What the states of version 3 were written for; one of them in a company that the service did not tell.
const ORIGIN: &str = "https://mfg.duro.app";
const COMPANY: u64 = 0x00f1_5e00_4711_0815;

const COMPONENTS: Watched<'static> = Watched { trigger: &NAMES, list: "components", origin: ORIGIN };

fn of(resource: Resource) -> Watched<'static> {
    Watched { list: resource.key(), ..COMPONENTS }
}

fn refusal_by(watched: &Watched<'_>, blob: &[u8]) -> String {
    match read(blob, watched) {
        Err(Error::InvalidState(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn refusal(blob: &[u8]) -> String {
    refusal_by(&COMPONENTS, blob)
}

/// The text with another part in the place of one that it has, and the check value that belongs to it.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    signed(&text.replacen(from, to, 1))
}

/// What a version before the third could hold of a state.
fn as_before(mut state: State) -> State {
    state.owner = None;
    state.known.retain(Version::is_timed);
    if let Some(drain) = &mut state.drain {
        if let Reach::Unknown { witnesses } = &mut drain.reach {
            *witnesses = 0;
        }
        drain.newest = drain.reach.upper().unwrap_or_default();
    }
    state
}

#[test]
fn every_state_ever_written_is_read_and_the_newest_version_is_written_back() {
    let (older, newest) = WRITTEN.split_at(WRITTEN.len() - SHAPES);
    for (index, (text, resource, drains)) in newest.iter().enumerate() {
        let state = read(text.as_bytes(), &of(*resource)).unwrap();
        assert_eq!(state.drain.is_some(), *drains);
        assert_eq!(String::from_utf8(write(&state, &of(*resource))).unwrap(), *text);
        let before = as_before(state);
        for (old, _, _) in older.iter().skip(index).step_by(SHAPES) {
            assert_eq!(read(old.as_bytes(), &of(*resource)).unwrap(), before, "{old}");
        }
    }
    assert_eq!(read(newest[1].0.as_bytes(), &COMPONENTS).unwrap().owner, Some(COMPANY));
}

#[test]
fn states_that_know_which_records_there_are_stay_readable() {
    for (text, resource) in WITH_INVENTORY {
        let state = read(text.as_bytes(), &of(resource)).unwrap();
        assert_eq!(String::from_utf8(write(&state, &of(resource))).unwrap(), text);
        assert!(state.inventory.is_some_and(|inventory| inventory.ids != Lists::default()));
    }
    let foreign = changed(WITH_INVENTORY[1].0, "\"phase\":\"walking\"", "\"phase\":\"flying\"");
    assert!(refusal(foreign.as_bytes()).contains("damaged"));
}

#[test]
fn ids_and_all_the_rest_of_a_state_have_room_beside_one_another() {
    let most = Bounds::STANDARD.ids_bytes + MAX_STATE_BYTES_WITHOUT_IDS + 2 * MAX_CURSOR_BYTES;
    assert!(most <= MAX_STATE_BYTES, "{most}");
}

#[test]
fn a_state_that_breaks_off_anywhere_is_invalid_and_says_what_to_do() {
    for (text, resource, _) in WRITTEN {
        for length in 0..text.len() {
            let message = refusal_by(&of(resource), &text.as_bytes()[..length]);
            assert!(message.contains("Restore the state of the last poll"), "{message}");
        }
    }
}

#[test]
fn a_state_with_any_byte_changed_is_invalid() {
    for (text, _, _) in [WRITTEN[2], WRITTEN[6], WRITTEN[10]] {
        for index in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.as_bytes().to_vec();
                changed[index] ^= 1 << bit;
                refusal(&changed);
            }
        }
    }
}

#[test]
fn a_state_that_is_foreign_oversized_newer_or_of_another_resource_is_invalid_for_that_reason() {
    assert!(refusal(b"{\"cursor\":1").contains("not a state of this trigger"));
    assert!(refusal(b"{\"cursor\":1}").contains("written by something else"));
    assert!(refusal(&vec![b' '; MAX_STATE_BYTES + 1]).contains("bytes long"));
    assert!(refusal(WRITTEN[1].0.replace("\"version\":1", "\"version\":4").as_bytes()).contains("later release"));
    assert!(refusal(WRITTEN[0].0.as_bytes()).contains("belongs to changeOrders"));
    assert!(refusal(WRITTEN[8].0.as_bytes()).contains("belongs to changeOrders"));
}

#[test]
fn a_state_of_another_origin_is_invalid_and_names_both() {
    for origin in ["https://eu.duro.app", "http://mfg.duro.app", "https://mfg.duro.app:8443", "https://mfg.duro.ap", ""]
    {
        let watched = Watched { origin, ..COMPONENTS };
        for (text, _, _) in [WRITTEN[9], WRITTEN[10]] {
            let message = refusal_by(&watched, text.as_bytes());
            let names_both = message.contains(&format!("belongs to {ORIGIN}, and"))
                && message.contains(&format!("leads to {origin}:"));
            assert!(names_both && message.contains("begin without a state"), "{message}");
        }
        for (text, _, _) in [WRITTEN[1], WRITTEN[2], WRITTEN[5], WRITTEN[6]] {
            let adopted = read(text.as_bytes(), &watched).unwrap();
            let written = write(&adopted, &watched);
            assert!(read(&written, &watched).is_ok());
            assert!(refusal(&written).contains("belongs to"));
        }
    }
}

#[test]
fn an_origin_is_read_back_whatever_it_holds_and_the_longest_leaves_room() {
    let longest = "\"".repeat(MAX_ORIGIN_BYTES);
    for origin in [longest.as_str(), "https://pièces.example", "http://[::1]:8080"] {
        let watched = Watched { origin, ..COMPONENTS };
        let written = write(&State { owner: Some(u64::MAX), ..State::default() }, &watched);
        assert_eq!(read(&written, &watched).unwrap().owner, Some(u64::MAX));
        assert!(
            written.len() <= MAX_STATE_BYTES_WITHOUT_IDS - Bounds::STANDARD.remembered_bytes - 2 * MAX_CURSOR_BYTES,
            "{}",
            written.len()
        );
    }
}

#[test]
fn a_state_without_an_origin_or_with_one_that_nobody_writes_is_invalid() {
    let text = WRITTEN[9].0;
    let origin = format!(",\"origin\":\"{ORIGIN}\"");
    let with = |other: &str| changed(text, &origin, &format!(",\"origin\":\"{other}\""));
    assert!(read(with(ORIGIN).as_bytes(), &COMPONENTS).is_ok(), "the check value is made as it should be");
    assert!(refusal(changed(text, &origin, "").as_bytes()).contains("damaged"));
    assert!(refusal(changed(text, &origin, ",\"origin\":null").as_bytes()).contains("damaged"));
    assert!(refusal(with(&"x".repeat(MAX_ORIGIN_BYTES + 1)).as_bytes()).contains("names no service"));
    assert!(refusal(with("https://mfg.duro.app\\u001b[2J").as_bytes()).contains("names no service"));
    assert!(refusal(changed(text, "\"company\":\"00f1", "\"company\":\"zzzz").as_bytes()).contains("damaged"));
}

#[test]
fn a_state_whose_floor_followed_a_record_into_the_far_future_is_refused_and_one_whose_watermark_did_recovers() {
    let text = WRITTEN[10].0;
    let far = "2200-01-01T00:00:00.000Z";
    let with = |key: &str| {
        let value = |text: &str| text.split_once(&format!("\"{key}\":\"")).unwrap().1[..far.len()].to_owned();
        changed(text, &format!("\"{key}\":\"{}\"", value(text)), &format!("\"{key}\":\"{far}\""))
    };
    assert!(refusal(with("floor").as_bytes()).contains("far future"));
    let sound = read(text.as_bytes(), &COMPONENTS).unwrap();
    for key in ["watermark", "newAbove", "zone", "upper"] {
        let state = read(with(key).as_bytes(), &COMPONENTS).unwrap();
        let drain = state.drain.unwrap();
        let latest =
            [state.watermark, state.new_above, drain.zone, drain.reach.upper().unwrap_or_default()].into_iter().max();
        let sound_drain = sound.drain.as_ref().unwrap();
        let bound =
            [sound.watermark, sound.new_above, sound_drain.zone, sound_drain.reach.upper().unwrap()].into_iter().max();
        assert!(latest <= bound, "{key}");
    }
}

#[test]
fn when_a_watermark_was_first_seen_is_kept_where_that_was_not_when_the_pass_began() {
    let mut state = read(WRITTEN[10].0.as_bytes(), &COMPONENTS).unwrap();
    let drain = state.drain.as_mut().unwrap();
    let Reach::Known { seen_at, .. } = &mut drain.reach else { panic!("{:?}", drain.reach) };
    // A state that does not say was written when both were taken for the same.
    assert!(seen_at.is_some() && *seen_at == drain.began_at);
    *seen_at = drain.began_at.map(|began| began + 105_807);
    let written = write(&state, &COMPONENTS);
    assert!(String::from_utf8_lossy(&written).contains("\"upperSeenAt\":"));
    assert_eq!(read(&written, &COMPONENTS).unwrap(), state);
}

proptest! {
    #[test]
    fn no_state_makes_it_panic(blob in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..600_usize) {
        let _ = read(&blob, &COMPONENTS);
        let text = WRITTEN[10].0.as_bytes();
        let mut spliced = text[..cut.min(text.len())].to_vec();
        spliced.extend(blob);
        let _ = read(&spliced, &COMPONENTS);
    }
}
