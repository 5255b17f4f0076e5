//! One delivery: what is sent, and what counts as accepted.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use host::egress::{EgressPolicy, Grants};
use serde::Serialize;
use serde_json::value::RawValue;
use url::{Host, Url};

use super::resolver::CheckedResolver;
use super::signature::sign;
use crate::http::Trust;
use crate::model::{Definition, Destination, Handler, Payload, TriggerId};
use crate::secrets::Secrets;

/// How long a flow may take to accept a payload.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Where deliveries may go beyond public addresses over https.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeliveryGrants {
    /// Over plain http as well.
    pub(crate) allow_http: bool,
    /// To loopback and private addresses as well.
    pub(crate) allow_private_network: bool,
    /// To these services of the same Restate: a definition can name no other.
    pub(crate) services: BTreeSet<String>,
}

/// Why a payload was not accepted. The destination's path and query are not in it: flows often keep a token there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DeliveryError(String);

/// Delivers payloads. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sender {
    inner: Arc<Inner>,
}

struct Inner {
    client: reqwest::Client,
    policy: EgressPolicy,
    grants: DeliveryGrants,
    secrets: Secrets,
}

/// What a flow is given.
#[derive(Serialize)]
struct Body<'a> {
    delivery: &'a str,
    tenant: &'a str,
    trigger: &'a str,
    payload: &'a RawValue,
}

impl Sender {
    pub(crate) fn new(secrets: Secrets, grants: DeliveryGrants, trust: &Trust) -> Result<Self, String> {
        let allowed = Grants {
            allow_http: grants.allow_http,
            allow_private_network: grants.allow_private_network,
            ..Grants::default()
        };
        // Only addresses are asked of it: what origin it is is each trigger's own affair.
        let policy = EgressPolicy::new(Err("deliveries have no one origin".into()), allowed);
        let resolver = Arc::new(CheckedResolver { policy: policy.clone() });
        let client = crate::http::client(trust, |client| {
            client.timeout(PATIENCE).dns_resolver(resolver).pool_idle_timeout(Duration::from_secs(50))
        })?;
        Ok(Self { inner: Arc::new(Inner { client, policy, grants, secrets }) })
    }

    /// Delivers a payload; an error means that it was not accepted, as far as is known.
    pub(crate) async fn send(
        &self,
        id: &TriggerId,
        definition: &Definition,
        payload: &Payload,
    ) -> Result<(), DeliveryError> {
        let Destination::Http { url, secret } = &definition.deliver else {
            return Err(DeliveryError("the destination is a handler of Restate, and no URL".into()));
        };
        let url = url.url();
        self.check(url)?;
        let secret = self.inner.secrets.secret(&id.tenant, secret).map_err(|error| DeliveryError(error.to_string()))?;
        let body = serde_json::to_vec(&body(id, payload)).map_err(|error| DeliveryError(error.to_string()))?;
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = sign(&secret, &payload.delivery, seconds, &body);
        let signature = signature.map_err(|text| DeliveryError(format!("{text}: see {} of {}", id.name, id.tenant)))?;
        let request = self.inner.client.post(url.clone()).body(body).header("content-type", "application/json");
        let request = request.header("webhook-id", &payload.delivery).header("webhook-timestamp", seconds);
        // The answer's body is not read: its status says all.
        let answer = request.header("webhook-signature", signature).send().await;
        let answer =
            answer.map_err(|error| DeliveryError(format!("{} {}", origin(url), described(&error.without_url()))))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(DeliveryError(format!("{} answered with the status {}", origin(url), status.as_u16()))),
        }
    }

    /// What a handler on the same Restate is called with, where deliveries may go to its service.
    pub(crate) fn message_for(
        &self,
        handler: &Handler,
        id: &TriggerId,
        payload: &Payload,
    ) -> Result<Box<RawValue>, DeliveryError> {
        let service = handler.service();
        if !self.inner.grants.services.contains(service) {
            let text = format!("nobody allows deliveries to the service {service}: --deliver-to-service {service}");
            return Err(DeliveryError(text));
        }
        serde_json::value::to_raw_value(&body(id, payload)).map_err(|error| DeliveryError(error.to_string()))
    }

    /// What can be known before a socket is opened.
    fn check(&self, url: &Url) -> Result<(), DeliveryError> {
        if url.scheme() != "https" && !self.inner.grants.allow_http {
            let text = format!("{} is plain http: deliver over https, or grant --deliver-http", origin(url));
            return Err(DeliveryError(text));
        }
        let address: IpAddr = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            _ => return Ok(()),
        };
        let checked = self.inner.policy.check_address(&origin(url), address);
        checked.map_err(|_| {
            DeliveryError(format!("{} is no public address: grant --deliver-private-network", origin(url)))
        })
    }
}

fn body<'a>(id: &'a TriggerId, payload: &'a Payload) -> Body<'a> {
    Body { delivery: &payload.delivery, tenant: id.tenant.as_str(), trigger: id.name.as_str(), payload: &payload.body }
}

/// The part of a URL that holds no token.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn described(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("did not accept it within {} seconds", PATIENCE.as_secs());
    }
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let cause = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    format!("could not be reached: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::FileSecrets;

    fn sender(grants: DeliveryGrants) -> Sender {
        let trust = Trust::of(&host::NetworkOptions::default()).unwrap();
        Sender::new(FileSecrets::new("/nowhere").into(), grants, &trust).unwrap()
    }

    #[test]
    fn a_tenant_cannot_have_this_machines_neighbours_called() {
        let check = |grants: &DeliveryGrants, url: &str| {
            sender(grants.clone()).check(&url.parse().unwrap()).map_err(|error| error.to_string())
        };
        let strict = DeliveryGrants::default();
        assert!(check(&strict, "http://flows.example/?token=canary").unwrap_err().contains("--deliver-http"));
        for url in [
            "https://127.0.0.1/x",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert!(check(&strict, url).unwrap_err().contains("--deliver-private-network"), "{url}");
        }
        assert!(check(&strict, "https://flows.example/1").is_ok() && check(&strict, "https://8.8.8.8/").is_ok());
        let all = DeliveryGrants { allow_http: true, allow_private_network: true, ..strict.clone() };
        assert!(check(&all, "http://127.0.0.1:1/").is_ok());
        assert!(!check(&strict, "http://flows.example/?token=canary").unwrap_err().contains("canary"));
    }

    #[test]
    fn a_handler_is_called_where_its_service_was_named_and_nowhere_else() {
        let grants = DeliveryGrants { services: ["Flows".to_owned()].into(), ..DeliveryGrants::default() };
        let sender = sender(grants);
        let id = "acme/parts".parse().unwrap();
        let body = serde_json::value::to_raw_value(&1).unwrap();
        let payload = Payload { delivery: "d1".into(), body, found: 0 };
        let message = |handler: &str| {
            let handler = Handler::try_from(handler.to_owned()).unwrap();
            sender.message_for(&handler, &id, &payload).map_err(|error| error.to_string())
        };
        let expected = r#"{"delivery":"d1","tenant":"acme","trigger":"parts","payload":1}"#;
        assert_eq!(message("Flows/start").unwrap().get(), expected);
        assert_eq!(message("Flows/acme/start").unwrap().get(), expected);
        for other in ["FleetTrigger/acme/remove", "flows/start", "Flows2/start"] {
            assert!(message(other).unwrap_err().contains("--deliver-to-service"), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_not_called() {
        let sender = sender(DeliveryGrants { allow_http: true, ..DeliveryGrants::default() });
        let error = sender.inner.client.post("http://localhost:1/").send().await.unwrap_err();
        let error = described(&error.without_url());
        assert!(error.contains("localhost leads to") && error.contains("allow_private_network"), "{error}");
    }
}
