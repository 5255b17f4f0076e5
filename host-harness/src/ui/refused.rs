//! What the host did not let leave, in a flow builder's words: all that is missing at once, and the one command line
//! with which whoever started the page grants it.

use std::collections::BTreeSet;
use std::time::Duration;

use host::egress::{EgressPolicy, Grant};
use host::text::cut;
use host::{Grants, Origin};
use url::{Host, Url};

use super::run::Failed;
use super::shared::Shared;
use crate::missing_grants::known;

/// A name that is not found by then is left to the next attempt.
const LONGEST_LOOK_UP: Duration = Duration::from_secs(2);

/// Completes an error that the host's refusals led to; leaves any other as it is.
pub(super) async fn complete(shared: &Shared, failed: &mut Failed) {
    if failed.grants.is_empty() {
        return;
    }
    let Some(connection) = shared.connection() else { return };
    let Ok(origin) = connection.origin() else { return };
    let mut missing: BTreeSet<&'static str> = failed.grants.iter().map(|grant| grant.field()).collect();
    missing.extend(known(origin, shared.options.grants).iter().map(|grant| grant.field()));
    if !shared.options.grants.allow_private_network && leads_inside(origin).await {
        missing.insert(Grant::AllowPrivateNetwork.field());
    }
    let grants: Vec<Grant> = Grant::ALL.into_iter().filter(|grant| missing.contains(grant.field())).collect();
    let reasons: Vec<&str> = grants.iter().map(|grant| reason(*grant)).collect();
    failed.message =
        format!("this page may not send anything to {} yet: {}", cut(&origin.to_string(), 300), reasons.join("; and "));
    failed.advice = "Nothing was sent. If this is the right address, have whoever started this page end it and start \
                     it with the line below: what you typed is kept in this browser, and only the key is asked for \
                     again.";
    failed.command = shared.started.again(&grants);
    failed.grants = grants;
}

/// Why a grant is missed, for whoever has never heard of one.
fn reason(grant: Grant) -> &'static str {
    match grant {
        Grant::AllowHttp => "it is plain http, over which anyone on the way can read the key",
        Grant::AllowPrivateNetwork => "it is on this machine or in a private network",
        Grant::AllowProxy => "requests leave through a proxy, which connects to whatever it likes",
        _ => "it needs a grant",
    }
}

/// Whether the origin's name leads into a private network: what the next refusal would be about.
async fn leads_inside(origin: &Origin) -> bool {
    let Ok(url) = Url::parse(&origin.to_string()) else { return false };
    let (Some(Host::Domain(name)), Some(port)) = (url.host(), url.port_or_known_default()) else { return false };
    let look_up = tokio::net::lookup_host((name, port));
    let Ok(Ok(mut found)) = tokio::time::timeout(LONGEST_LOOK_UP, look_up).await else { return false };
    let policy = EgressPolicy::new(Ok(origin.clone()), Grants::default());
    found.any(|address| {
        let refused = policy.check_address(name, address.ip());
        refused.is_err_and(|refusal| refusal.grant == Some(Grant::AllowPrivateNetwork))
    })
}
