//! Resolves the host of a destination, and gives only addresses that deliveries may go to: a tenant names the URL, and
//! must not reach this machine's neighbours by it.

use std::net::SocketAddr;

use host::egress::{EgressPolicy, Refusal};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

pub(super) struct CheckedResolver {
    pub(super) policy: EgressPolicy,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (allowed, refused): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|address| policy.check_address(name.as_str(), address.ip()).is_ok());
            match refused.first() {
                Some(address) if allowed.is_empty() => {
                    let refusal: Refusal = policy
                        .check_address(name.as_str(), address.ip())
                        .err()
                        .ok_or("the name leads nowhere that deliveries may go")?;
                    Err(refusal.into())
                }
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
