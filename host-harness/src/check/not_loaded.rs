//! A component that is there and that no host loads, because it breaks the contract: which check that fails, and that
//! nothing else could be tried. Whoever waits for a report gets one of it too.

use host::LoadError;

use super::checks::{
    BAD_INPUTS, BOUNDS, Check, EXAMPLES, GOOD_CALLS, IMPORTS, LIVE_CALLS, LIVE_CONNECTION, LIVE_TRIGGERS, LOGS,
    LOSES_NOTHING, MANIFEST, MISSING_SECRET, OLDER_STATE, PAYLOADS, STATE_REFUSED, STATE_ROUND_TRIP, TROUBLES,
    UNKNOWN_KEYS, VERSION,
};
use super::{Done, Verdict};

/// What every component is checked for, once it is loaded.
const OF_LOADED: [Check; 12] = [
    EXAMPLES,
    UNKNOWN_KEYS,
    MISSING_SECRET,
    BAD_INPUTS,
    TROUBLES,
    GOOD_CALLS,
    LOGS,
    STATE_ROUND_TRIP,
    STATE_REFUSED,
    LOSES_NOTHING,
    PAYLOADS,
    BOUNDS,
];

/// What comes of the checks of a component that could not be loaded. None where that is not because of the contract: it
/// cannot be read, is no component, or is not the one that is wanted.
pub(crate) fn not_loaded(error: &LoadError, has_older: bool, is_live: bool) -> Option<Vec<Done>> {
    let why = Verdict::not_checked(format!("it is not loaded: {error}"));
    // A host looks at what is asked of it first.
    let no_more = Verdict::passed("none but those of the contract");
    let (imports, manifest) = match error {
        LoadError::Imports(names) => {
            let problems = names.iter().map(|name| format!("it imports {name}")).collect();
            (Verdict::of(problems, ""), why.clone())
        }
        LoadError::Contract(_) | LoadError::Describe(_) => (no_more, Verdict::of(vec![error.to_string()], "")),
        LoadError::Manifest(problems) => (no_more, Verdict::of(problems.clone(), "")),
        _ => return None,
    };
    let mut done = vec![IMPORTS.done(imports), MANIFEST.done(manifest)];
    let older = [OLDER_STATE, VERSION].into_iter().filter(|_| has_older);
    let live = [LIVE_CONNECTION, LIVE_CALLS, LIVE_TRIGGERS].into_iter().filter(|_| is_live);
    done.extend(OF_LOADED.into_iter().chain(older).chain(live).map(|check| check.done(why.clone())));
    Some(done)
}
