//! Draws histories at random. A weather says what may happen; each is a column of the documentation's table, and
//! `Everything` is what the promises are held against.

use crate::history::{
    Change, Cursor, Date, Expired, History, Poll, Settings, Step, Tells, Ties, Trouble, Untimed, UntimedAt, What,
    Whose, Wrong,
};
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::time::Millis;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{BoxedStrategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// What may happen in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Its name in the table.
    pub name: &'static str,
    /// The kinds of cursor.
    pub cursors: &'static [Cursor],
    /// Changes become visible up to an overlap after their time.
    pub late: bool,
    /// Many records change at the same millisecond, more than a poll delivers.
    pub bulk: bool,
    /// Changes happen between the requests of a poll.
    pub between: bool,
    /// Cursors expire, in a poll or between two.
    pub expiry: bool,
    /// Requests fail, and the process dies before it keeps the state.
    pub failures: bool,
    /// The service's clock is not the host's, its `Date` is missing or that of another clock.
    pub clocks: bool,
    /// Records are stamped in the future, by seconds or by decades.
    pub ahead: bool,
    /// Pages are shorter than asked; places in the list hold null; times are missing.
    pub holes: bool,
    /// Times are unreadable or absurd.
    pub wrong: bool,
    /// Polls use another connection; the service does not say whose the records are; the state is one of an earlier
    /// version.
    pub others: bool,
    /// The first poll delivers what was changed since a time.
    pub backfills: bool,
    /// More changes within an overlap than the state can remember. Without `late`: see `docs/polling.md`.
    pub crowds: bool,
}

const ALL_CURSORS: &[Cursor] = &[Cursor::Offset, Cursor::SortKey, Cursor::Id];

/// Nothing but changes and polls.
pub const CALM: Weather = Weather {
    name: "calm: changes and polls",
    cursors: ALL_CURSORS,
    late: false,
    bulk: false,
    between: false,
    expiry: false,
    failures: false,
    clocks: false,
    ahead: false,
    holes: false,
    wrong: false,
    others: false,
    backfills: false,
    crowds: false,
};

/// All that may happen, at once.
pub const EVERYTHING: Weather = Weather {
    name: "everything at once",
    cursors: ALL_CURSORS,
    late: true,
    bulk: true,
    between: true,
    expiry: true,
    failures: true,
    clocks: true,
    ahead: true,
    holes: true,
    wrong: true,
    others: true,
    backfills: true,
    crowds: false,
};

/// The columns of the table.
pub const WEATHERS: &[Weather] = &[
    CALM,
    Weather { name: "backlogs above the page cap, ties", bulk: true, ..CALM },
    Weather { name: "changes between requests, offset cursors", cursors: &[Cursor::Offset], between: true, ..CALM },
    Weather { name: "changes between requests, sort-key cursors", cursors: &[Cursor::SortKey], between: true, ..CALM },
    Weather { name: "changes between requests, id cursors", cursors: &[Cursor::Id], between: true, ..CALM },
    Weather { name: "changes visible up to 60 s late", late: true, ..CALM },
    Weather { name: "cursors expire", expiry: true, bulk: true, ..CALM },
    Weather { name: "requests fail, processes die", failures: true, ..CALM },
    Weather { name: "clocks apart", clocks: true, ..CALM },
    Weather { name: "records stamped in the future, clocks apart", ahead: true, clocks: true, ..CALM },
    Weather { name: "short pages, nulls, missing times", holes: true, ..CALM },
    Weather { name: "unreadable and absurd times", wrong: true, ..CALM },
    Weather { name: "other connections, states of old releases", others: true, bulk: true, ..CALM },
    Weather { name: "first polls that begin in the past", backfills: true, bulk: true, ..CALM },
    Weather {
        name: "more at once than can be remembered",
        bulk: true,
        between: true,
        expiry: true,
        crowds: true,
        ..CALM
    },
    EVERYTHING,
];

/// The weather that a seed stands for where none is named: everything at once, or each in turn.
pub fn weather_of(seed: u64) -> &'static Weather {
    if seed.is_multiple_of(2) {
        return &EVERYTHING;
    }
    let count = u64::try_from(WEATHERS.len()).unwrap_or(1);
    let index = usize::try_from(seed / 2 % count).unwrap_or_default();
    WEATHERS.get(index).unwrap_or(&EVERYTHING)
}

/// The history of a seed.
pub fn history(weather: &Weather, seed: u64) -> History {
    tree(weather, seed).current()
}

/// The history of a seed, to be shrunk.
pub fn tree(weather: &Weather, seed: u64) -> impl ValueTree<Value = History> + use<> {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng(seed));
    // A strategy of these parts, without filters, has a value for every seed.
    match histories(*weather).new_tree(&mut runner) {
        Ok(tree) => tree,
        Err(reason) => unreachable!("no history for seed {seed}: {reason}"),
    }
}

fn rng(seed: u64) -> TestRng {
    // XorShift needs bits in every word, and neighbouring seeds must not look alike.
    let mut bytes = [0; 16];
    let mut word = seed;
    for half in bytes.chunks_mut(8) {
        word = (word ^ (word >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        half.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    TestRng::from_seed(RngAlgorithm::XorShift, &bytes)
}

/// Histories of a weather.
pub fn histories(weather: Weather) -> BoxedStrategy<History> {
    let step = prop_oneof![
        3 => change(weather).prop_map(Step::Change),
        2 => poll(weather).prop_map(Step::Poll),
    ];
    (settings(weather), vec(step, 1..16)).prop_map(|(settings, steps)| History { settings, steps }).boxed()
}

fn settings(weather: Weather) -> BoxedStrategy<Settings> {
    let service = (
        vec(prop_oneof![Just(0), 0..2_000_i64, 0..200_000_i64], 0..14),
        select(weather.cursors),
        select(&[Ties::Inserted, Ties::Reverse, Ties::Scattered][..]),
        select(&[UntimedAt::Top, UntimedAt::Place, UntimedAt::End][..]),
        select(&[Expired::Error, Expired::Top, Expired::Nothing][..]),
        if weather.expiry { weighted_bool(3, 1) } else { Just(false).boxed() },
    );
    let clocks = if weather.clocks {
        let date = prop_oneof![
            4 => Just(Date::True),
            1 => Just(Date::Missing),
            1 => (-600_000..600_000_i64).prop_map(Date::Apart),
            1 => (-72_000_000..72_000_000_i64).prop_map(Date::Apart),
        ];
        (prop_oneof![Just(0), -600_000..600_000_i64], date).boxed()
    } else {
        Just((0, Date::True)).boxed()
    };
    let least_on_page = if weather.holes { 6_usize } else { 3 };
    let takes = if weather.crowds { 1..50_i64 } else { 0..50_i64 };
    let since = if weather.backfills { weighted(0.5, -1_000..210_000_i64).boxed() } else { Just(None).boxed() };
    (service, clocks, least_on_page..12, takes, bounds(weather), since)
        .prop_map(|(service, (clock_ahead, date), most_on_page, request_takes, mut bounds, since)| {
            let (initial, cursor, ties, untimed_at, expired, cursors_live_for_one_poll) = service;
            if bounds.requests < ENOUGH_REQUESTS {
                // What every poll reads again must be a small part of what it can read.
                bounds.unreached = bounds.witnesses;
            }
            let witnesses = match date {
                Date::True => usize::MAX,
                Date::Missing => bounds.witnesses_without_date(),
                Date::Apart(_) => bounds.witnesses,
            };
            let mut most_ahead = witnesses.min(bounds.unreached) - 1;
            if bounds.requests < ENOUGH_REQUESTS {
                // A first poll that cannot go down to where the clock is takes half a page for its witnesses.
                most_ahead = most_ahead.min(bounds.witnesses_without_date() - 1);
            }
            if cursors_live_for_one_poll {
                // A poll that begins at the top each time must be able to reach the end.
                bounds.requests = ENOUGH_REQUESTS;
                bounds.slice_pages_again = ENOUGH_REQUESTS;
            }
            Settings {
                initial,
                cursor,
                ties,
                untimed_at,
                most_ahead,
                expired,
                cursors_live_for_one_poll,
                most_on_page,
                request_takes,
                clock_ahead,
                date,
                // Neither this nor the bounds of a round are drawn, so that a seed stands for the history it stood for.
                by_ids: bounds.page_size.is_multiple_of(2),
                since,
                bounds,
            }
        })
        .boxed()
}

/// So many that a poll can begin at the top several times and reach the end with the shortest pages.
const ENOUGH_REQUESTS: u32 = 600;

fn bounds(weather: Weather) -> BoxedStrategy<Bounds> {
    let remembered = if weather.crowds { (4..20_usize).boxed() } else { Just(Bounds::STANDARD.remembered).boxed() };
    let requests = prop_oneof![3 => Just(ENOUGH_REQUESTS), 1 => 4..20_u32];
    // What is remembered must be more than what it takes to see where the clock is.
    let (witnesses, unreached) = match weather {
        Weather { crowds: true, .. } => (2, Just(2).boxed()),
        Weather { ahead: true, .. } => (Bounds::STANDARD.witnesses, (8..40_usize).boxed()),
        _ => (Bounds::STANDARD.witnesses, Just(Bounds::STANDARD.unreached).boxed()),
    };
    (4..10_u32, 1..4_u32, requests, 1..4_usize, 1..6_usize, remembered, unreached)
        .prop_map(move |(page_size, delivering_pages, requests, joint, more_tail, remembered, unreached)| Bounds {
            page_size,
            delivering_pages,
            requests,
            joint,
            tail: joint + more_tail,
            remembered,
            witnesses,
            unreached,
            round_every: 60_000 * Millis::from(delivering_pages - 1),
            slice_pages: delivering_pages,
            confirm_requests: 3 * delivering_pages,
            confirm_ids: 1,
            ..Bounds::STANDARD
        })
        .boxed()
}

fn change(weather: Weather) -> BoxedStrategy<Change> {
    let lag = if weather.late {
        prop_oneof![3 => Just(0), 1 => 0..=Bounds::STANDARD.overlap, 1 => Just(Bounds::STANDARD.overlap)].boxed()
    } else {
        Just(0).boxed()
    };
    (pause(weather), what(weather), lag).prop_map(|(after, what, lag)| Change { after, what, lag }).boxed()
}

fn pause(weather: Weather) -> BoxedStrategy<Millis> {
    // Where the state cannot remember all of a moment, two requests never fall within one millisecond.
    let least = i64::from(weather.crowds);
    prop_oneof![3 => Just(least), 2 => least..1_000, 2 => least..40_000, 1 => least..300_000].boxed()
}

fn what(weather: Weather) -> BoxedStrategy<What> {
    let any_record = 0..100_usize;
    let mut kinds = vec![
        (6, any_record.clone().prop_map(What::Edit).boxed()),
        (4, Just(What::Create).boxed()),
        (2, any_record.clone().prop_map(What::Delete).boxed()),
    ];
    if weather.bulk {
        kinds.push((
            3,
            (any_record.clone(), 2..40_usize).prop_map(|(first, count)| What::EditMany(first, count)).boxed(),
        ));
        kinds.push((2, (2..25_usize).prop_map(What::CreateMany).boxed()));
    }
    if weather.holes {
        let untimed = select(&[Untimed::Created, Untimed::Modified, Untimed::Both][..]);
        kinds.push((1, untimed.prop_map(What::CreateUntimed).boxed()));
        kinds.push((1, any_record.clone().prop_map(What::EditUntimed).boxed()));
        kinds.push((1, any_record.clone().prop_map(What::Nullify).boxed()));
    }
    if weather.wrong {
        const WRONG: [Wrong; 6] =
            [Wrong::Offset, Wrong::FirstYear, Wrong::LastYear, Wrong::NoDay, Wrong::Number, Wrong::Words];
        kinds.push((1, select(&WRONG[..]).prop_map(What::CreateWrong).boxed()));
        let edit = (any_record.clone(), select(&WRONG[..]));
        kinds.push((2, edit.prop_map(|(which, wrong)| What::EditWrong(which, wrong)).boxed()));
    }
    if weather.ahead {
        const YEAR: Millis = 365 * 86_400_000;
        let by = || prop_oneof![1..600_000_i64, 1..72_000_000_i64, 1..YEAR, 1..150 * YEAR];
        kinds.push((1, by().prop_map(What::CreateAhead).boxed()));
        kinds.push((2, (any_record, by()).prop_map(|(which, by)| What::EditAhead(which, by)).boxed()));
    }
    proptest::strategy::Union::new_weighted(kinds).boxed()
}

fn poll(weather: Weather) -> BoxedStrategy<Poll> {
    let between =
        if weather.between { vec((0..8_usize, change(weather)), 0..5).boxed() } else { Just(Vec::new()).boxed() };
    let mut kinds = Vec::new();
    if weather.failures {
        kinds.extend([Trouble::Transport, Trouble::Service, Trouble::Garbled]);
    }
    if weather.expiry {
        kinds.push(Trouble::CursorsExpire);
    }
    let troubles = if kinds.is_empty() {
        Just(Vec::new()).boxed()
    } else {
        prop_oneof![1 => Just(Vec::new()), 1 => vec((0..8_usize, select(kinds)), 1..3)].boxed()
    };
    let short_pages = if weather.holes {
        prop_oneof![2 => Just(Vec::new()), 1 => vec(prop_oneof![1 => Just(0_usize), 8 => 1..8_usize], 1..8)].boxed()
    } else {
        Just(Vec::new()).boxed()
    };
    let dies = if weather.failures { weighted_bool(5, 1) } else { Just(false).boxed() };
    let connection = if weather.others {
        let whose = prop_oneof![6 => Just(Whose::Own), 1 => Just(Whose::OtherOrigin), 1 => Just(Whose::OtherCompany)];
        let tells = prop_oneof![
            5 => Just(Tells::Company),
            1 => select(&[Tells::Nothing, Tells::AnError, Tells::Refusal][..]),
        ];
        (whose, tells, weighted(0.1, 1..3_u32)).boxed()
    } else {
        Just((Whose::Own, Tells::Company, None)).boxed()
    };
    (pause(weather), between, troubles, short_pages, dies, connection)
        .prop_map(|(after, between, troubles, short_pages, dies, (whose, tells, aged_to))| Poll {
            after,
            between,
            troubles,
            short_pages,
            dies,
            whose,
            tells,
            aged_to,
        })
        .boxed()
}

fn weighted_bool(no: u32, yes: u32) -> BoxedStrategy<bool> {
    weighted(f64::from(yes) / f64::from(no + yes), Just(())).prop_map(|value| value.is_some()).boxed()
}
