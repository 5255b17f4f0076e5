//! Resolves a host name once and hands the client only addresses that the policy lets through, so that the connection
//! goes to an address that was checked: a second look-up with another answer cannot happen.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::check_address;
use crate::origin::Origin;
use crate::refusal::{Refusal, RefusalReason};

/// A resolver for one class of calls: those with, or those without, the grant for private networks.
pub(super) struct CheckedResolver {
    pub(super) allow_private_network: bool,
}

/// A resolver for calls through a proxy: it knows the proxy, wherever that is, because the operator named it. A request
/// that came to leave around the proxy would find nothing.
pub(super) struct ProxyResolver {
    pub(super) proxy: Origin,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private_network = self.allow_private_network;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed = checked(allow_private_network, name.as_str(), found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Resolve for ProxyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_the_proxy = self.proxy.host().to_string() == name.as_str();
        let proxy = self.proxy.to_string();
        Box::pin(async move {
            if !is_the_proxy {
                let what = format!("{} is not the proxy {proxy}, through which all requests leave", name.as_str());
                return Err(Refusal::new(RefusalReason::Proxy, what).into());
            }
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be connected to; the refusal of the first when none may.
fn checked(
    allow_private_network: bool,
    host: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Refusal> {
    let mut refusal = None;
    let mut allowed = Vec::new();
    for address in found {
        match check_address(allow_private_network, host, address.ip()) {
            Ok(()) => allowed.push(address),
            Err(error) => {
                refusal.get_or_insert(error);
            }
        }
    }
    match refusal {
        Some(refusal) if allowed.is_empty() => Err(refusal),
        _ => Ok(allowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> impl Iterator<Item = SocketAddr> {
        list.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn a_name_that_leads_to_private_addresses_alone_is_refused_with_the_grant_that_allows_it() {
        let refusal = checked(false, "plm.example", addresses(&["10.0.0.1", "::1"])).unwrap_err();
        assert!(refusal.to_string().contains("plm.example leads to 10.0.0.1"), "{refusal}");
        assert!(refusal.to_string().contains("Grants::allow_private_network"), "{refusal}");
        assert_eq!(checked(true, "plm.example", addresses(&["10.0.0.1", "::1"])).unwrap().len(), 2);
    }

    #[tokio::test]
    async fn behind_a_proxy_its_own_name_is_looked_up_wherever_it_leads_and_no_other() {
        let resolver = ProxyResolver { proxy: Origin::parse("http://localhost:3128").unwrap() };
        let found: Vec<SocketAddr> = resolver.resolve("localhost".parse().unwrap()).await.unwrap().collect();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
        for other in ["plm.example", "localhost.example", "127.0.0.1"] {
            let Err(error) = resolver.resolve(other.parse().unwrap()).await else { panic!("{other} was looked up") };
            assert!(error.downcast_ref::<Refusal>().is_some(), "{error}");
        }
    }

    #[test]
    fn only_the_public_addresses_of_a_name_are_used() {
        let allowed = checked(false, "plm.example", addresses(&["127.0.0.1", "8.8.8.8", "fe80::1"])).unwrap();
        assert_eq!(allowed, addresses(&["8.8.8.8"]).collect::<Vec<_>>());
    }
}
