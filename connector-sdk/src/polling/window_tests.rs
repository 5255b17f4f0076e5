//! What a window source is asked, and what its answers become.

use super::*;
use crate::contract::Failure;
use crate::polling::classify::Class;
use crate::polling::memory::hash;

const DAY: Millis = 24 * 3_600_000;
const NOW: Millis = 20_000 * DAY + DAY / 2;

const NAMES: Names = Names { format: "tests", list_input: "", credential: "key", owner: "owner" };

/// A list in the order of its ids, whose cursors are positions.
struct List {
    records: Vec<(u32, Millis)>,
    now: Option<Millis>,
    total: Option<u64>,
    /// What is removed before the request of this number.
    deletions: Vec<(usize, usize)>,
    asked: Vec<Millis>,
}

impl List {
    fn new(records: &[(u32, Millis)]) -> Self {
        let total = u64::try_from(records.len()).ok();
        Self { records: records.to_vec(), now: Some(NOW), total, deletions: Vec::new(), asked: Vec::new() }
    }
}

impl WindowSource for List {
    fn fetch(&mut self, since: Millis, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let request = self.asked.len();
        self.asked.push(since);
        for (_, place) in self.deletions.iter().filter(|(at, _)| *at == request) {
            self.records.remove(*place);
            self.total = self.total.map(|total| total - 1);
        }
        let from = after.map_or(0, |cursor| cursor.parse::<usize>().unwrap());
        let mut page = ChangePage { served_at: self.now, total: self.total, ..ChangePage::default() };
        for (id, modified) in self.records.iter().skip(from).take(first as usize) {
            let text = format!("{{\"id\":{id},\"at\":{modified}}}");
            let node = page.text.len()..page.text.len() + text.len();
            page.text.push_str(&text);
            let record = Record::new(hash(&id.to_le_bytes()), Some(0), Some(*modified), &text, node);
            page.items.push(Item { cursor: None, record: Some(record) });
        }
        let end = from + page.items.len();
        (page.has_next, page.end_cursor) = (Some(end < self.records.len()), Some(end.to_string()));
        Ok(page)
    }

    fn now(&mut self) -> Result<Option<Millis>, Error> {
        Ok(self.now)
    }

    fn id(&self, _: &str) -> Option<String> {
        None
    }
}

fn bounds() -> WindowBounds {
    WindowBounds { pass: Bounds { page_size: 3, ..WindowBounds::STANDARD.pass }, ..WindowBounds::STANDARD }
}

fn poll(list: &mut List, state: Option<&State>) -> Result<Polled, Error> {
    poll_window_pages(list, &NAMES, state, &bounds(), &Wanted::default())
}

fn delivered(polled: &Polled) -> Vec<&str> {
    polled.deliveries.of(Class::Updated).collect()
}

/// What a first poll of a list leaves in which nothing was changed lately.
fn baseline() -> State {
    let polled = poll(&mut List::new(&[]), None).unwrap();
    assert_eq!((polled.state.floor, polled.state.watermark), (NOW - DAY, NOW - DAY));
    polled.state
}

#[test]
fn the_day_that_is_asked_for_ends_before_what_is_needed_in_whichever_zone_and_whether_it_counts_or_not() {
    let state = baseline();
    for floor in [NOW, NOW - 1, NOW - DAY / 2, NOW - DAY / 2 - 1] {
        let mut list = List::new(&[]);
        poll(&mut list, Some(&State { floor, ..state.clone() })).unwrap();
        let [since] = list.asked[..] else { panic!("{:?}", list.asked) };
        assert_eq!(since % DAY, 0);
        assert!(since + DAY + DAY / 2 <= floor + 1, "{floor}: {since}");
        assert!(since + 3 * DAY > floor, "{floor}: {since} is earlier than it need be");
    }
}

#[test]
fn what_was_changed_is_delivered_with_the_last_changed_first_whatever_the_order_of_the_list() {
    let state = baseline();
    let mut list = List::new(&[(1, NOW - 50), (2, NOW - 10), (3, NOW - 40), (4, NOW - 20), (5, NOW - 30)]);
    let polled = poll(&mut list, Some(&state)).unwrap();
    let ids: Vec<&str> = delivered(&polled).into_iter().map(|node| &node[6..7]).collect();
    assert_eq!(ids, ["2", "4", "5", "3", "1"]);
    assert!(delivered(&poll(&mut list, Some(&polled.state)).unwrap()).is_empty());
    assert_eq!(list.asked.len(), 4, "each poll reads the two pages once");
}

#[test]
fn a_record_that_slips_between_two_pages_is_found_by_reading_again() {
    let state = baseline();
    let records: Vec<(u32, Millis)> = (0..6).map(|id| (id, NOW - 100 + Millis::from(id))).collect();
    let mut list = List { deletions: vec![(1, 0)], ..List::new(&records) };
    let polled = poll(&mut list, Some(&state)).unwrap();
    // The one that was removed had been read.
    assert_eq!((delivered(&polled).len(), list.asked.len()), (6, 4));
    // A service that does not say how many there are is read again as often as may be.
    let mut silent = List { total: None, ..List::new(&records) };
    poll(&mut silent, Some(&state)).unwrap();
    assert_eq!(silent.asked.len(), 6);
}

#[test]
fn a_poll_that_is_the_only_one_to_see_a_record_reads_twice() {
    let records: Vec<(u32, Millis)> = (0..6).map(|id| (id, NOW - DAY - DAY / 2)).collect();
    for (floor, requests) in [(NOW - 2 * DAY - 1, 4), (NOW - 2 * DAY, 2)] {
        let mut list = List::new(&records);
        poll(&mut list, Some(&State { floor, ..baseline() })).unwrap();
        assert_eq!(list.asked.len(), requests, "{floor}");
    }
}

#[test]
fn the_watermark_stays_behind_the_clock_by_which_the_reading_began() {
    let state = baseline();
    let records: Vec<(u32, Millis)> = (0..20).map(|id| (id, NOW - 1_000 * Millis::from(id))).collect();
    let polled = poll(&mut List::new(&records), Some(&state)).unwrap();
    assert_eq!(delivered(&polled).len(), 20);
    let behind = WindowBounds::STANDARD.behind;
    assert!(polled.state.watermark <= NOW - behind + 1_000, "{}", NOW - polled.state.watermark);
    assert!(polled.state.watermark > NOW - 20_000);
}

#[test]
fn without_a_clock_a_first_poll_reads_everything_to_find_where_to_begin() {
    let mut list = List { now: None, ..List::new(&[(1, NOW - 400 * DAY), (2, NOW - 500 * DAY)]) };
    let polled = poll(&mut list, None).unwrap();
    assert_eq!(list.asked, [0]);
    assert!(delivered(&polled).is_empty());
    list.records[1].1 = NOW;
    assert_eq!(delivered(&poll(&mut list, Some(&polled.state)).unwrap()).len(), 1);
}

#[test]
fn a_list_that_is_longer_than_a_poll_can_read_is_an_error_and_a_second_reading_that_is_too_long_none() {
    let state = baseline();
    let records: Vec<(u32, Millis)> = (0..9).map(|id| (id, NOW - 100)).collect();
    let read = |requests: u32| {
        let bounds = WindowBounds { requests, ..bounds() };
        let mut list = List { total: None, ..List::new(&records) };
        poll_window_pages(&mut list, &NAMES, Some(&state), &bounds, &Wanted::default())
    };
    assert!(matches!(read(2), Err(Error::Other(message)) if message.contains("more than 6 records")));
    assert_eq!(delivered(&read(4).unwrap()).len(), 9);
}

#[test]
fn a_cursor_leads_to_the_place_after_its_record_although_that_is_gone() {
    let record = |id: u64, modified| Record::new(id, None, modified, "{}", 0..2);
    for of in [record(7, Some(NOW)), record(u64::MAX, None)] {
        let found = Found { record: of, text: 0 };
        let cursor = cursor_of(&found.record);
        assert_eq!(place_of(cursor.trim_matches('"')), Some(found.place()));
    }
    for none in ["", "t", "t.1", "t.x.1", "12", "t.1.g"] {
        assert_eq!(place_of(none), None, "{none}");
    }
}

#[test]
fn a_page_that_fails_fails_the_poll() {
    struct Failing;
    impl WindowSource for Failing {
        fn fetch(&mut self, _: Millis, _: u32, _: Option<&str>) -> Result<ChangePage, Error> {
            Err(Error::Transport(Failure::Timeout))
        }
        fn now(&mut self) -> Result<Option<Millis>, Error> {
            Ok(Some(NOW))
        }
        fn id(&self, _: &str) -> Option<String> {
            None
        }
    }
    let failed = poll_window_pages(&mut Failing, &NAMES, Some(&baseline()), &bounds(), &Wanted::default());
    assert!(matches!(failed, Err(Error::Transport(Failure::Timeout))));
}
