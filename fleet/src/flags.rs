//! The flags of `fleet serve` by what they change in the library, which knows of none.

use host::egress::{Grant, Restriction};
use host::{Limit, WaysOut};

/// The flags, as the way out of what the host refuses or bounds.
pub(crate) struct Flags;

impl WaysOut for Flags {
    fn limit(&self, limit: Limit) -> Option<String> {
        // All other bounds are the same for all tenants.
        (limit == Limit::Deadline).then(|| "--deadline".to_owned())
    }

    fn grant(&self, grant: Grant) -> Option<String> {
        Some(operator::network::grant_flag(grant))
    }

    fn restriction(&self, _: Restriction) -> Option<String> {
        // A poll changes nothing, whoever would allow it.
        None
    }
}
