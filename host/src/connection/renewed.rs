//! A credential that was renewed, and the renewals of one connection.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use secrecy::{ExposeSecret, SecretString};

/// A new credential. It shows itself to whoever asks for it by [`Renewed::expose`], and to nobody else.
pub struct Renewed {
    /// The secret field that it is for.
    pub field: String,
    /// When it ends, if it says.
    pub expires: Option<SystemTime>,
    pub(crate) secret: SecretString,
}

/// The renewals of one connection, of all clones of it: one at a time, and whoever waited for one gets what it brought.
#[derive(Default)]
pub(crate) struct Renewals(pub(crate) tokio::sync::Mutex<Option<(Instant, Arc<Renewed>)>>);

impl Renewed {
    /// The credential itself, for where it is to be kept.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed").field("field", &self.field).field("expires", &self.expires).finish_non_exhaustive()
    }
}
