//! Components in OCI registries: pushed and pulled in the format that the Wasm ecosystem shares (the CNCF's Wasm OCI
//! artifact), kept on disk by their digests, and signed as cosign signs, with a key pair and without a service.
//!
//! Nothing that comes from a registry or from the disk is believed: what is named by a digest must have it, and where
//! keys are trusted, one of them must have signed it.

mod address;
mod artifact;
mod blob;
mod client;
mod credentials;
mod error;
mod key;
mod signature;
mod store;
mod trust;

pub use address::{Address, SCHEME};
pub use artifact::{Description, describe};
pub use client::{Registry, Roots};
pub use error::Error;
pub use key::{KeyPair, SigningKey};
pub use store::{Fetched, Store};
pub use trust::{Trust, TrustedKey};
