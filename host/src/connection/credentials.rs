//! What a connection says of its secrets without showing them: which there are, when they end, and what to do about it.

use std::time::SystemTime;

use super::Connection;
use crate::secrets::{EXPIRES_SOON, REDACTED};

impl Connection {
    /// The secret fields that are filled in, by name.
    pub fn filled_in_secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.filled_in()
    }

    /// Takes this connection's secrets out of text, however they are spelled, as they are taken out of answers.
    pub fn scrub(&self, text: String) -> String {
        let mut bytes = self.secrets.scrub(text).into_bytes();
        self.secrets.scrub_tokens(&mut bytes);
        String::from_utf8(bytes).unwrap_or_else(|_| REDACTED.to_owned())
    }

    /// The credential that had its end before `now`, in words that say what to do; none when all are good.
    pub fn expired(&self, now: SystemTime) -> Option<String> {
        let (name, expiry) = self.expiries.iter().find(|(_, expiry)| *expiry <= now)?;
        let date = httpdate::fmt_http_date(*expiry);
        Some(format!("the connection's {name} expired on {date}, so nothing was sent: create a new one and fill it in"))
    }

    /// The credentials that end within a week of `now`, a sentence each.
    pub fn expiring_soon(&self, now: SystemTime) -> Vec<String> {
        let soon = self.expiries.iter().filter_map(|(name, expiry)| {
            let left = expiry.duration_since(now).ok().filter(|left| *left < EXPIRES_SOON)?;
            let days = left.as_secs() / (24 * 3600);
            let left = if days == 0 { "in less than a day".to_owned() } else { format!("in {days} days or so") };
            let date = httpdate::fmt_http_date(*expiry);
            Some(format!("the connection's {name} expires {left}, on {date}: create a new one before then"))
        });
        soon.collect()
    }

    /// What the owner of the connection should know and change, a sentence each: credentials that end soon, and secrets
    /// that are too short to be told from other text.
    pub fn warnings(&self, now: SystemTime) -> Vec<String> {
        let mut warnings = self.expiring_soon(now);
        warnings.extend(self.secrets.warnings());
        warnings
    }
}
