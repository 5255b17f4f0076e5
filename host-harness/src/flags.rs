//! The flags of this command by what they change in the library, which knows of none.

use std::sync::LazyLock;

use host::egress::{Grant, Restriction};
use host::{Grants, Limit, LimitUnit, WaysOut};

/// The flags, as the way out of what the host refuses or bounds.
pub(crate) struct Flags;

impl WaysOut for Flags {
    fn limit(&self, limit: Limit) -> Option<String> {
        Some(format!("--{}", limit_flag(limit)))
    }

    fn grant(&self, grant: Grant) -> Option<String> {
        Some(operator::network::grant_flag(grant))
    }

    fn restriction(&self, restriction: Restriction) -> Option<String> {
        Some(format!("--{}", restriction.field().replace('_', "-")))
    }
}

/// The flag that sets a limit, without the hyphens: a time is called by its name, and of all others it is the most that
/// there may be.
pub(crate) fn limit_flag(limit: Limit) -> &'static str {
    static FLAGS: LazyLock<Vec<(Limit, String)>> = LazyLock::new(|| {
        let flag = |limit: Limit| match limit.unit() {
            LimitUnit::Time => limit.name().to_owned(),
            LimitUnit::Bytes | LimitUnit::Count => format!("max-{}", limit.name()),
        };
        Limit::ALL.map(|limit| (limit, flag(limit))).into()
    });
    FLAGS.iter().find(|(known, _)| *known == limit).map_or(limit.name(), |(_, flag)| flag)
}

/// The flags that give these grants, and the restriction to reading.
pub(crate) fn granted(grants: Grants) -> impl Iterator<Item = String> {
    let granted = move |grant: &Grant| match grant {
        Grant::AllowHttp => grants.allow_http,
        Grant::AllowPrivateNetwork => grants.allow_private_network,
        Grant::AllowProxy => grants.allow_proxy,
        // One that this program has no flag for yet.
        _ => false,
    };
    let read_only = grants.read_only.then(|| "--read-only".to_owned());
    Grant::ALL.into_iter().filter(granted).filter_map(|grant| Flags.grant(grant)).chain(read_only)
}

/// The grants that these flags give, and the restriction, without those that only a network has a use for: a proxy, and
/// a trace that is told.
pub(crate) fn granted_by(flags: &[String]) -> Grants {
    let has = |flag: Option<String>| flag.is_some_and(|flag| flags.contains(&flag));
    Grants {
        allow_http: has(Flags.grant(Grant::AllowHttp)),
        allow_private_network: has(Flags.grant(Grant::AllowPrivateNetwork)),
        read_only: has(Flags.restriction(Restriction::ReadOnly)),
        ..Grants::default()
    }
}
