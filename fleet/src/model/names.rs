//! Names of tenants, triggers, connectors and secrets, and what is made of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many shards there are. Each is held by one worker at a time. The same in every fleet on one engine, and for
/// ever: a trigger's shard is made of its name. 256 of them let 64 workers share evenly enough.
pub(crate) const SHARDS: u16 = 256;

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// A tenant's, a trigger's, a connector's or a secret's name: up to 64 lower-case letters, digits, `-`, `_` and `.`,
/// beginning with a letter or a digit. So it is a file's name as well, a part of a URL, and never a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Name(String);

/// Why a text is no name. The text is not repeated: where a secret's name is asked for, people write the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no name: use up to {LONGEST} lower-case letters, digits, \"-\", \"_\" and \".\", beginning with a letter \
     or a digit; a trigger is TENANT/NAME"
)]
pub(crate) struct NameError;

impl Name {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_allowed = |byte: u8| is_plain(byte) || matches!(byte, b'-' | b'_' | b'.');
        let begins_well = text.bytes().next().is_some_and(is_plain);
        if !begins_well || text.len() > LONGEST || !text.bytes().all(is_allowed) {
            return Err(NameError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A trigger of a tenant: `TENANT/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct TriggerId {
    /// Whose it is.
    pub(crate) tenant: Name,
    /// Which of the tenant's.
    pub(crate) name: Name,
}

impl TriggerId {
    /// The shard that it belongs to.
    pub(crate) fn shard(&self) -> Shard {
        let [first, second, ..]: [u8; 32] = Sha256::digest(self.to_string()).into();
        Shard(u16::from_be_bytes([first, second]) % SHARDS)
    }

    /// A number from 0 to 99 that is always the same for it, and evenly spread over all of them.
    pub(crate) fn percentile(&self) -> u8 {
        let [.., before, last]: [u8; 32] = Sha256::digest(self.to_string()).into();
        // Below 100, so that nothing is lost.
        u8::try_from(u16::from_be_bytes([before, last]) % 100).unwrap_or_default()
    }
}

impl FromStr for TriggerId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (tenant, name) = text.split_once('/').ok_or(NameError)?;
        Ok(Self { tenant: tenant.parse()?, name: name.parse()? })
    }
}

impl TryFrom<String> for TriggerId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<TriggerId> for String {
    fn from(id: TriggerId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for TriggerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.name)
    }
}

/// A part of all triggers, by name: what one worker holds as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Shard(pub(crate) u16);

impl Shard {
    /// All there are.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path_nor_a_part_of_a_query() {
        for text in ["", ".", "..", "-a", "a/b", "a b", "A", "ä", "a'b", "a%2fb", "a\n", &"a".repeat(65)] {
            assert!(text.parse::<Name>().is_err(), "{text:?}");
        }
        for text in ["a", "acme", "acme-2.eu_west", "0", &"a".repeat(64)] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
        assert!(!"whsec_CANARY".parse::<Name>().unwrap_err().to_string().contains("CANARY"));
    }

    #[test]
    fn a_trigger_is_named_by_its_tenant_and_its_name() {
        let id: TriggerId = "acme/parts".parse().unwrap();
        assert_eq!((id.tenant.as_str(), id.name.as_str(), id.to_string().as_str()), ("acme", "parts", "acme/parts"));
        for text in ["acme", "acme/", "/parts", "acme/parts/x", "acme//parts"] {
            assert!(text.parse::<TriggerId>().is_err(), "{text}");
        }
    }

    #[test]
    fn triggers_are_spread_over_all_shards_and_percentiles_and_each_keeps_its_own() {
        let ids: Vec<TriggerId> = (0..20_000).map(|n| format!("t{}/p{n}", n % 50).parse().unwrap()).collect();
        let mut shards = vec![0_u32; SHARDS.into()];
        let mut low = 0;
        for id in &ids {
            shards[usize::from(id.shard().0)] += 1;
            low += u32::from(id.percentile() < 10);
        }
        assert!(shards.iter().all(|count| (40..130).contains(count)), "{shards:?}");
        assert!((1_800..2_200).contains(&low), "{low}");
        // Written down in engines and databases: never another.
        assert_eq!("acme/parts".parse::<TriggerId>().unwrap().shard(), Shard(171));
    }
}
