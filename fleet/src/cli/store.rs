//! Which engine keeps the triggers.

use anyhow::{Result, bail};
use clap::Args;
use host::NetworkOptions;
use url::Url;

use crate::engine::postgres::Postgres;
use crate::engine::restate::Restate;
use crate::http::Trust;

/// Where triggers are kept.
#[derive(Args)]
pub(super) struct StoreOptions {
    /// Where the triggers are kept: postgres://USER@HOST:PORT/DATABASE, or the ingress of a Restate, http://HOST:8080
    #[arg(long, env = "FLEET_STORE", hide_env_values = true, value_name = "URL")]
    store: String,
    /// The administration of the Restate [default: port 9070 of the store's host]
    #[arg(long, env = "FLEET_ADMIN", value_name = "URL")]
    admin: Option<Url>,
}

/// The engine that a command works on.
pub(super) enum Store {
    Postgres(Postgres),
    Restate(Restate),
}

/// Does the same with either engine.
macro_rules! with_engine {
    ($store:expr, $engine:ident => $body:expr) => {
        match $store {
            $crate::cli::store::Store::Postgres($engine) => $body,
            $crate::cli::store::Store::Restate($engine) => $body,
        }
    };
}
pub(super) use with_engine;

impl StoreOptions {
    /// Opens it. `network` says whom to trust on the way to a Restate.
    pub(super) async fn open(&self, network: &NetworkOptions) -> Result<Store> {
        if self.store.starts_with("postgres://") || self.store.starts_with("postgresql://") {
            return Ok(Store::Postgres(Postgres::connect(&self.store).await?));
        }
        let ingress = match self.store.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => bail!("--store: name postgres://USER@HOST:PORT/DATABASE, or a Restate's ingress, http://HOST:8080"),
        };
        let admin = match &self.admin {
            Some(admin) => admin.clone(),
            None => {
                let mut admin = ingress.clone();
                if admin.set_port(Some(9070)).is_err() {
                    bail!("--store: {ingress} has no port: name the administration with --admin");
                }
                admin
            }
        };
        Ok(Store::Restate(Restate::new(&ingress, &admin, &Trust::of(network).map_err(anyhow::Error::msg)?)?))
    }
}
