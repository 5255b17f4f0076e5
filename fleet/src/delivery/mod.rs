//! Brings payloads to tenants' flows: an HTTP POST, signed, under an id that is the same however often it is tried.

mod resolver;
mod sender;
mod signature;

pub(crate) use sender::{DeliveryError, DeliveryGrants, PATIENCE, Sender};
