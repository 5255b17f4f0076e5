//! The versions of the contract that this host speaks.

/// The contract's package.
const PACKAGE: &str = "integration:connector";

/// A version of the contract. They differ in the record `connection` alone: the newer one has the endpoint, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum Contract {
    V0_1,
    V0_2,
}

impl Contract {
    /// All that are spoken, the newest first.
    pub(in crate::runtime) const ALL: [Self; 2] = [Self::V0_2, Self::V0_1];

    /// The version as the contract spells it.
    pub(in crate::runtime) fn version(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
        }
    }

    /// The full name of one of its interfaces.
    pub(in crate::runtime) fn interface(self, interface: &str) -> String {
        format!("{PACKAGE}/{interface}@{}", self.version())
    }

    /// `0.2.0 and 0.1.0`, for people.
    pub(in crate::runtime) fn spoken() -> String {
        Self::ALL.map(Self::version).join(" and ")
    }
}

/// The name of an import or an export that is of the contract's package, in whatever version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) struct Interface<'a> {
    /// For example `http`.
    pub(in crate::runtime) name: &'a str,
    /// For example `0.2.0`; empty where the name has none.
    pub(in crate::runtime) version: &'a str,
}

impl<'a> Interface<'a> {
    pub(in crate::runtime) fn of(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
        let (name, version) = rest.split_once('@').unwrap_or((rest, ""));
        Some(Self { name, version })
    }

    /// Whether it is of a version that is spoken: by semver, which before 1.0.0 asks for the same minor version.
    pub(in crate::runtime) fn is_spoken(&self) -> bool {
        let minor = |version: &'a str| version.rsplit_once('.').map(|(minor, _)| minor);
        let version = minor(self.version);
        version.is_some() && Contract::ALL.iter().any(|contract| minor(contract.version()) == version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interfaces_of_both_versions_are_spoken_and_no_others() {
        for contract in Contract::ALL {
            let name = contract.interface("http");
            let interface = Interface::of(&name).unwrap();
            assert!(interface.name == "http" && interface.is_spoken(), "{interface:?}");
        }
        assert!(Interface::of("integration:connector/http@0.2.1").unwrap().is_spoken());
        for name in ["http", "http@", "http@0", "http@0.3.0", "http@1.0.0", "http@0.10.0", "http@10.2.0"] {
            assert!(!Interface::of(&format!("{PACKAGE}/{name}")).unwrap().is_spoken(), "{name}");
        }
        assert_eq!(Interface::of("wasi:http/http@0.2.0"), None);
        assert_eq!(Contract::spoken(), "0.2.0 and 0.1.0");
    }
}
