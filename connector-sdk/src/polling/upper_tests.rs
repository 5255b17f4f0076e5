//! Where the watermark goes on pages that are written out.

use super::*;
use crate::polling::page::{Item, Record};
use crate::time::LATEST;

const NOW: Millis = 1_718_377_096_000;
const YEARS: Millis = 100 * 365 * 86_400_000;
const BOUNDS: Bounds = Bounds { page_size: 6, witnesses: 2, unreached: 5, ..Bounds::STANDARD };

/// A page of records with these times, served at this one; zero stands for a record without a time.
fn page(served_at: Option<Millis>, times: &[Millis]) -> ChangePage {
    let record = |(id, time): (usize, &Millis)| Record {
        id: (id as u64 + 1) << 40,
        created: None,
        modified: *time,
        in_order: *time > 0,
        node: 0..0,
    };
    let item = |record| Item { cursor: None, record: Some(record) };
    ChangePage { served_at, items: times.iter().enumerate().map(record).map(item).collect(), ..ChangePage::default() }
}

/// What a first look at a page finds: the watermark, and the time up to which everything has come to pass.
fn looked(served_at: Option<Millis>, times: &[Millis]) -> (Option<Millis>, Option<Millis>) {
    let mut upper = Upper::default();
    let passed = upper.look(&page(served_at, times), LATEST, &BOUNDS);
    (upper.found(), passed)
}

#[test]
fn the_watermark_goes_to_a_time_that_the_date_has_reached_and_a_witness_confirms() {
    assert_eq!(looked(Some(NOW), &[NOW - 1, NOW - 2, NOW - 3]), (Some(NOW - 2), Some(NOW - 2)));
    assert_eq!(looked(Some(NOW), &[NOW + 2_000, NOW - 2, NOW - 3]), (Some(NOW - 2), Some(NOW - 2)));
    // The clock ticks in seconds.
    assert_eq!(looked(Some(NOW), &[NOW + 900, NOW + 800]), (Some(NOW + 800), Some(NOW)));
}

#[test]
fn records_that_are_stamped_in_the_future_do_not_take_it_along() {
    let (soon, far) = (NOW + 3_600_000, NOW + YEARS);
    assert_eq!(looked(Some(NOW), &[far, far - 1, far - 2, NOW - 5]), (Some(NOW - 5), Some(NOW - 5)));
    assert_eq!(looked(Some(NOW), &[far]), (None, None));
    // With a date that is hours ahead a witness is what tells.
    assert_eq!(looked(Some(NOW + 7_200_000), &[soon, NOW - 5, NOW - 6]), (Some(NOW - 5), Some(NOW - 5)));
    // Without any, half a page of witnesses.
    assert_eq!(looked(None, &[far, soon, NOW - 5, NOW - 6]), (Some(NOW - 5), Some(NOW - 5)));
    assert_eq!(looked(None, &[far, soon]), (None, None));
}

#[test]
fn a_date_that_more_records_have_passed_than_a_poll_can_go_on_remembering_does_not_count() {
    let times = [NOW + 5, NOW + 4, NOW + 3, NOW + 2, NOW + 1, NOW];
    assert_eq!(looked(Some(NOW - YEARS), &times), (Some(NOW + 1), Some(NOW + 1)));
    assert_eq!(looked(Some(NOW - YEARS), &times[..4]), (None, None));
}

#[test]
fn a_record_without_a_time_is_no_witness_and_none_counts_twice() {
    assert_eq!(looked(Some(NOW), &[0, 0, 0, NOW - 5]), (None, None));
    let mut upper = Upper::default();
    for served_at in [NOW, NOW + YEARS] {
        assert_eq!(upper.look(&page(Some(served_at), &[NOW + YEARS, 0, 0]), LATEST, &BOUNDS), None);
    }
    // What counts is the date of the first page, when the pass began.
    assert_eq!((upper.began_at(), upper.reach()), (Some(NOW), Reach::Unknown { witnesses: 1 }));
    assert_eq!(upper.look(&page(Some(NOW + YEARS), &[NOW + YEARS, NOW - 1]), LATEST, &BOUNDS), Some(NOW - 1));
}

#[test]
fn a_time_above_what_the_pass_went_by_already_does_not_count() {
    let mut upper = Upper::default();
    assert_eq!(upper.look(&page(Some(NOW), &[NOW - 10]), LATEST, &BOUNDS), None);
    assert_eq!(
        upper.look(&page(Some(NOW), &[NOW - 8, NOW - 9, NOW - 10, NOW - 20]), NOW - 10, &BOUNDS),
        Some(NOW - 10)
    );
}

#[test]
fn a_pass_that_goes_on_counts_on_and_one_that_begins_again_at_the_top_begins_to_count() {
    let drain = |joint| Drain {
        reach: Reach::Unknown { witnesses: 1 },
        newest: 0,
        began_at: Some(NOW),
        zone: 0,
        lowest: LATEST,
        end_of_ties: Vec::new(),
        joint,
    };
    let next = page(Some(NOW), &[NOW - 1]);
    let joint = super::super::walk::Joint { cursor: "c".to_owned(), tail: Vec::new() };
    assert_eq!(Upper::resume(&drain(Some(joint))).look(&next, LATEST, &BOUNDS), Some(NOW - 1));
    assert_eq!(Upper::resume(&drain(None)).look(&next, LATEST, &BOUNDS), None);
}
