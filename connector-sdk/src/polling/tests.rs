//! The walk, the pass and the state on lists that are written out: what each does where the list changes under it.
//! Random lists are in `tests/histories/`.

use super::bounds::Bounds;
use super::classify::Class;
use super::memory::{Mark, hash};
use super::page::{ChangePage, Item, PageSource, Record};
use super::state::State;
use super::walk::{Step, Walk};
use super::{Names, Polled, Wanted, poll_pages};
use crate::contract::{Error, ServiceFailure};
use crate::json;
use crate::time::Millis;

const NAMES: Names =
    Names { format: "things pollThings", list_input: "Watch", credential: "API key", owner: "company" };

/// When the lists begin: long enough after 1970 that an overlap below it is a time as well.
const START: Millis = 1_700_000_000_000;

/// Small pages, one of which may deliver.
const BOUNDS: Bounds =
    Bounds { page_size: 4, delivering_pages: 1, requests: 40, joint: 1, tail: 4, ..Bounds::STANDARD };

/// A list with offset cursors, newest first, and what happens to it before a request.
#[derive(Default)]
struct List {
    /// Ids and times, in order. What is below zero is no time.
    records: Vec<(u32, Millis)>,
    /// Records above this id were created at their own time, all others long before.
    new_from: u32,
    /// Before the request of this number, the record at this place goes away.
    deletions: Vec<(usize, usize)>,
    /// The request of this number fails like this.
    failures: Vec<(usize, Error)>,
    /// The request of this number gets an empty page that is not the last.
    empty: Vec<usize>,
    date: Option<Millis>,
    requests: usize,
}

impl List {
    /// Records with these ids, the first the newest, a second apart.
    fn of(ids: impl Iterator<Item = u32>) -> Self {
        let records = ids.enumerate().map(|(place, id)| (id, START - 1_000 * place as Millis)).collect();
        Self { records, new_from: u32::MAX, ..Self::default() }
    }

    /// A change of a record, old or new, some time after everything else.
    fn change(&mut self, id: u32, after: Millis) {
        let newest = self.records.first().map_or(START, |(_, time)| *time);
        self.records.retain(|(known, _)| *known != id);
        self.records.insert(0, (id, newest + after));
    }

    fn poll(&mut self, state: Option<&State>) -> Polled {
        self.requests = 0;
        poll_pages(self, &NAMES, state, &BOUNDS, &Wanted::default()).unwrap()
    }
}

impl PageSource for List {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let request = self.requests;
        self.requests += 1;
        for (_, place) in self.deletions.iter().filter(|(at, _)| *at == request) {
            self.records.remove(*place);
        }
        if let Some((_, error)) = self.failures.iter().find(|(at, _)| *at == request) {
            return Err(error.clone());
        }
        let mut page = ChangePage { served_at: self.date, has_next: Some(true), ..ChangePage::default() };
        if self.empty.contains(&request) {
            return Ok(page);
        }
        let from = after.map_or(0, |cursor| cursor.parse::<usize>().unwrap() + 1);
        for (place, (id, modified)) in self.records.iter().enumerate().skip(from).take(first as usize) {
            let mut push = |part: String| {
                let start = page.text.len();
                page.text.push_str(&part);
                start..page.text.len()
            };
            let text = format!("{{\"id\":{id},\"at\":{modified}}}");
            let (cursor, node) = (push(format!("\"{place}\"")), push(text.clone()));
            let created = if *id >= self.new_from { *modified } else { START - 1_000_000_000 };
            let last_modified = Some(*modified).filter(|modified| *modified >= 0);
            let record = Record::new(hash(&id.to_le_bytes()), Some(created), last_modified, &text, node);
            page.items.push(Item { cursor: Some(cursor), record: Some(record) });
        }
        page.has_next = Some(from + page.items.len() < self.records.len());
        Ok(page)
    }

    fn id(&self, node: &str) -> Option<String> {
        json::text_member(node, "id").ok().flatten()
    }
}

/// The ids that a poll delivers, sorted.
fn delivered(polled: &Polled) -> Vec<u32> {
    let nodes = [Class::Created, Class::Updated].into_iter().flat_map(|class| polled.deliveries.of(class));
    let id = |node: &str| node.strip_prefix("{\"id\":").unwrap().split(',').next().unwrap().parse().unwrap();
    let mut ids: Vec<u32> = nodes.map(id).collect();
    ids.sort_unstable();
    ids
}

fn expired() -> Error {
    Error::Service(ServiceFailure { status: 200, message: "no such cursor".to_owned(), errors: None, data: None })
}

/// Polls until nothing waits, and gives all that was delivered and the number of polls.
fn drain(list: &mut List, state: &State) -> (Vec<u32>, usize, State) {
    let (mut state, mut all, mut polls) = (state.clone(), Vec::new(), 0);
    loop {
        let polled = list.poll(Some(&state));
        all.extend(delivered(&polled));
        (state, polls) = (polled.state.clone(), polls + 1);
        if !polled.more {
            all.sort_unstable();
            return (all, polls, state);
        }
        assert!(polls < 20, "the drain does not end");
    }
}

#[test]
fn a_page_that_shows_none_of_the_last_ones_records_again_is_no_proof() {
    let mut list = List::of(0..12);
    let mut walk = Walk::default();
    assert!(matches!(walk.step(&mut list, &BOUNDS), Ok(Step::Read { last: false, .. })));
    // The next page begins after the cursor of the third record. With three gone above it, an offset leads past the
    // fourth.
    list.records.drain(0..3);
    assert!(matches!(walk.step(&mut list, &BOUNDS), Ok(Step::Lost)));
}

#[test]
fn the_walk_keeps_the_cursor_of_a_record_above_the_last_and_marks_of_the_page() {
    let mut list = List::of(0..12);
    let mut walk = Walk::default();
    walk.step(&mut list, &BOUNDS).unwrap();
    let joint = walk.joint().unwrap();
    assert_eq!(joint.cursor, "2");
    let marks: Vec<Mark> = list.records[..4].iter().map(|(id, at)| Mark::new(hash(&id.to_le_bytes()), *at)).collect();
    assert_eq!(joint.tail, marks);
}

#[test]
fn only_an_error_that_the_cursor_can_have_caused_loses_the_walk() {
    for (error, with_cursor, is_lost) in
        [(expired(), true, true), (expired(), false, false), (Error::RateLimited(None), true, false)]
    {
        let mut list = List::of(0..12);
        list.failures.push((usize::from(with_cursor), error));
        let mut walk = Walk::default();
        if with_cursor {
            walk.step(&mut list, &BOUNDS).unwrap();
        }
        assert_eq!(matches!(walk.step(&mut list, &BOUNDS), Ok(Step::Lost)), is_lost);
    }
}

#[test]
fn a_deletion_between_two_pages_hides_nothing() {
    let mut list = List::of(0..30);
    let state = list.poll(None).state;
    for id in 0..10 {
        list.change(id, 1_000);
    }
    // Three records of the first page go before the second is read: what was fifth is then second.
    list.deletions = vec![(1, 0), (1, 0), (1, 0)];
    let polled = drain(&mut list, &state);
    // Records 9, 8 and 7 were the newest, and were read before they went.
    assert_eq!(polled.0, (0..10).collect::<Vec<_>>());
}

#[test]
fn a_poll_stops_at_its_cap_says_that_more_waits_and_the_next_goes_on_there() {
    let mut list = List::of(0..30);
    let state = list.poll(None).state;
    for id in 0..20 {
        list.change(id, 1_000);
    }
    let first = list.poll(Some(&state));
    assert!(first.more && first.state.drain.is_some());
    // The cap is one page that delivers.
    assert_eq!(delivered(&first), [16, 17, 18, 19]);
    let (rest, polls, state) = drain(&mut list, &first.state);
    assert_eq!(rest, (0..16).collect::<Vec<_>>());
    assert!(polls <= 7, "{polls} polls");
    assert_eq!(state.drain, None);
}

#[test]
fn an_expired_cursor_begins_at_the_top_and_passes_over_what_was_delivered() {
    let mut list = List::of(0..30);
    let state = list.poll(None).state;
    for id in 0..20 {
        list.change(id, 20_000);
    }
    let first = list.poll(Some(&state));
    list.failures = vec![(0, expired())];
    let second = list.poll(Some(&first.state));
    assert!(delivered(&first).iter().all(|id| !delivered(&second).contains(id)));
    assert!(!delivered(&second).is_empty());
}

#[test]
fn a_failed_request_fails_the_poll_and_the_same_state_delivers_all_of_it_later() {
    let mut list = List::of(0..30);
    let state = list.poll(None).state;
    for id in 0..6 {
        list.change(id, 1_000);
    }
    (list.requests, list.failures) = (0, vec![(1, Error::RateLimited(Some(3)))]);
    let bounds = Bounds { delivering_pages: 9, ..BOUNDS };
    assert!(matches!(
        poll_pages(&mut list, &NAMES, Some(&state), &bounds, &Wanted::default()),
        Err(Error::RateLimited(Some(3)))
    ));
    list.failures.clear();
    assert_eq!(
        delivered(&poll_pages(&mut list, &NAMES, Some(&state), &bounds, &Wanted::default()).unwrap()),
        (0..6).collect::<Vec<_>>()
    );
}

#[test]
fn an_empty_page_that_is_not_the_last_does_not_end_the_list() {
    let mut list = List::of(0..30);
    let state = list.poll(None).state;
    list.change(7, 1_000);
    (list.requests, list.empty) = (0, vec![0]);
    assert_eq!(delivered(&poll_pages(&mut list, &NAMES, Some(&state), &BOUNDS, &Wanted::default()).unwrap()), [7]);
}

#[test]
fn a_record_is_created_once_and_updated_from_then_on() {
    let mut list = List::of(0..30);
    list.new_from = 100;
    let first = list.poll(None);
    list.change(100, 1_000);
    let second = list.poll(Some(&first.state));
    assert_eq!(second.deliveries.of(Class::Created).count(), 1);
    list.new_from = u32::MAX;
    list.change(100, 1_000);
    let third = list.poll(Some(&second.state));
    assert_eq!((third.deliveries.of(Class::Created).count(), third.deliveries.of(Class::Updated).count()), (0, 1));
}

#[test]
fn a_record_that_shows_up_an_overlap_late_is_still_delivered() {
    let mut list = List::of(0..30);
    let first = list.poll(None);
    list.change(3, BOUNDS.overlap);
    let second = list.poll(Some(&first.state));
    // Older than the newest by the whole overlap, and there only now.
    let late = list.records[0].1 - BOUNDS.overlap;
    let place = list.records.iter().position(|(_, at)| *at < late).unwrap();
    list.records.insert(place, (200, late));
    assert_eq!(delivered(&list.poll(Some(&second.state))), [200]);
}

#[test]
fn a_record_stamped_in_the_future_does_not_carry_the_watermark_with_it() {
    let mut list = List::of(0..30);
    list.date = Some(START);
    let first = list.poll(None);
    list.change(3, 86_400_000);
    list.date = Some(START + 1_000);
    let second = list.poll(Some(&first.state));
    assert_eq!(delivered(&second), [3]);
    assert!(second.state.watermark <= START + 2_000, "{}", second.state.watermark);
    // A change of now stands below the one of the future.
    list.records.retain(|(id, _)| *id != 4);
    list.records.insert(1, (4, START + 5_000));
    list.date = Some(START + 6_000);
    assert_eq!(delivered(&list.poll(Some(&second.state))), [4]);
}

#[test]
fn a_first_poll_of_nothing_but_records_of_the_future_misses_nothing_that_changes_now() {
    let years = 50 * 365 * 86_400_000;
    for (date, ahead) in [(Some(START), 3), (Some(START), 30), (None, 1)] {
        let mut list = List { date, ..List::default() };
        list.records = (0..ahead).map(|id| (id, START + years - Millis::from(id))).collect();
        let mut state = list.poll(None).state;
        for id in 100..110 {
            list.records.insert(ahead as usize, (id, START + 1_000 * Millis::from(id)));
            list.date = date.map(|date| date + 1_000 * Millis::from(id));
            let (ids, _, next) = drain(&mut list, &state);
            assert_eq!(ids, [id], "{date:?}, {ahead} ahead");
            state = next;
        }
        assert!(state.floor < START + years && state.watermark < START + years);
        assert!(state.floor > START, "{date:?}, {ahead} ahead: the floor does not rise");
    }
}

#[test]
fn a_first_poll_that_does_not_get_to_the_end_of_what_is_stamped_ahead_takes_no_time_of_it() {
    let mut list = List { date: Some(START), ..List::default() };
    list.records = vec![(1, START + 90_000_000)];
    list.records.extend((2..30).map(|id| (id, -1)));
    let bounds = Bounds { requests: 2, ..BOUNDS };
    let first = poll_pages(&mut list, &NAMES, None, &bounds, &Wanted::default()).unwrap();
    assert_eq!((first.state.floor, first.state.watermark), (0, 0));
}

#[test]
fn more_records_without_a_time_than_can_be_remembered_are_passed_over_and_hide_no_others() {
    let bounds = Bounds { untimed: 5, delivering_pages: 50, ..BOUNDS };
    let mut list = List { date: Some(START), ..List::of(0..10) };
    list.records.splice(0..0, (100..108).map(|id| (id, -1)));
    let poll = |list: &mut List, state: Option<&State>| {
        list.requests = 0;
        poll_pages(list, &NAMES, state, &bounds, &Wanted::default()).unwrap()
    };
    let first = poll(&mut list, None);
    assert!(first.passed_over > 0);
    assert_eq!(first.state.known.iter().filter(|version| !version.is_timed()).count(), 5);
    let second = poll(&mut list, Some(&first.state));
    assert_eq!(delivered(&second), [0_u32; 0], "what cannot be remembered must not come with every poll");
    // One that is remembered changes, one that is not, and one that has a time.
    list.records[0].1 = -2;
    list.records[7].1 = -2;
    list.records.retain(|(id, _)| *id != 4);
    list.records.insert(8, (4, START + 5_000));
    list.date = Some(START + 6_000);
    let third = poll(&mut list, Some(&second.state));
    assert_eq!(delivered(&third), [4, 100]);
    // The others go: what takes their place is found.
    list.records.drain(1..7);
    let fourth = poll(&mut list, Some(&third.state));
    assert_eq!((delivered(&fourth), fourth.passed_over), (vec![107], 0));
}

#[test]
fn a_pass_that_began_again_does_not_say_that_more_waits_because_of_what_it_delivered() {
    let mut list = List { date: Some(START + 10_000), ..List::of(0..30) };
    let state = list.poll(None).state;
    for id in 0..3 {
        list.change(id, 1_000);
    }
    (list.requests, list.failures) = (0, vec![(1, expired())]);
    let bounds = Bounds { delivering_pages: 9, page_size: 2, ..BOUNDS };
    let polled = poll_pages(&mut list, &NAMES, Some(&state), &bounds, &Wanted::default()).unwrap();
    assert_eq!((delivered(&polled), polled.more), (vec![0, 1, 2], false));
}

#[test]
fn what_is_remembered_stays_within_its_bound_and_the_overlap_gives_way() {
    let bounds = Bounds { remembered: 5, delivering_pages: 50, ..BOUNDS };
    let mut list = List::of(0..30);
    let first = poll_pages(&mut list, &NAMES, None, &bounds, &Wanted::default()).unwrap();
    assert!(first.state.known.len() <= 5);
    for id in 0..20 {
        list.change(id, 1);
    }
    list.requests = 0;
    let second = poll_pages(&mut list, &NAMES, Some(&first.state), &bounds, &Wanted::default()).unwrap();
    assert!(second.state.known.len() <= 5);
    assert!(second.state.floor > first.state.floor);
    list.requests = 0;
    assert!(
        poll_pages(&mut list, &NAMES, Some(&second.state), &bounds, &Wanted::default()).unwrap().deliveries.is_empty()
    );
}
