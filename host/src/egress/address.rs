//! Which addresses lie on the public internet. Everything else is refused unless the embedder grants private networks,
//! in whatever spelling it comes: an IPv4 address inside an IPv6 one is judged as the IPv4 address it leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not a public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// This machine.
    Loopback,
    /// A network of one's own: RFC 1918, RFC 6598, unique-local, site-local.
    Private,
    /// The local link, where cloud machines find their metadata service.
    LinkLocal,
    /// A public address at which a cloud answers its own machines with what they are and may do.
    Metadata,
    /// Not the address of one machine: unspecified, multicast, broadcast, documentation, benchmarks, reserved. No grant
    /// opens these, because nothing that answers HTTP is there.
    Unusable,
}

impl AddressClass {
    /// What to call an address of this class.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "the address of a cloud's metadata service",
            Self::Unusable => "not an address of one machine",
        }
    }

    /// The class of an address; none for a public one.
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Option<AddressClass> {
    use AddressClass::{LinkLocal, Loopback, Metadata, Private, Unusable};
    match address.octets() {
        [127, ..] => Some(Loopback),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Private),
        // Carrier-grade NAT (RFC 6598); some clouds keep their metadata service there.
        [100, 64..=127, ..] => Some(Private),
        [169, 254, ..] => Some(LinkLocal),
        // Azure's wire server, and Oracle's metadata service in its older place.
        [168, 63, 129, 16] | [192, 0, 0, 192] => Some(Metadata),
        [0, ..] | [192, 0, 0, _] | [192, 0, 2, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Some(Unusable),
        [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => Some(Unusable),
        _ => None,
    }
}

fn of_v6(address: Ipv6Addr) -> Option<AddressClass> {
    use AddressClass::{LinkLocal, Loopback, Private, Unusable};
    if address == Ipv6Addr::LOCALHOST {
        return Some(Loopback);
    }
    if address == Ipv6Addr::UNSPECIFIED {
        return Some(Unusable);
    }
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // IPv4-compatible, IPv4-mapped, IPv4-translated and NAT64: the IPv4 address is what is reached.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => embedded(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4 carries the IPv4 address of its relay.
        [0x2002, high, low, ..] => embedded(high, low),
        // NAT64 of one's own network.
        [0x64, 0xff9b, 1, ..] => Some(Private),
        // Teredo hides an address that nobody can check.
        [0x2001, 0, ..] => Some(Unusable),
        [0x2001, 0xdb8, ..] | [0x3fff, ..] | [0x100, 0, 0, 0, ..] => Some(Unusable),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some(Private),
        [0xfe80..=0xfebf, ..] => Some(LinkLocal),
        // ISATAP hides an IPv4 address in the second half, under any prefix.
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => embedded(high, low).or(Some(Unusable)),
        // Benchmarks, and identifiers that are no addresses (ORCHID).
        [0x2001, 2, 0, ..] | [0x2001, 0x10..=0x2f, ..] => Some(Unusable),
        [0x2000..=0x3fff, ..] => None,
        // The rest has not been given out to anybody, multicast included.
        _ => Some(Unusable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_have_no_class() {
        use AddressClass::{LinkLocal, Loopback, Metadata, Private, Unusable};
        let table = [
            ("8.8.8.8", None),
            ("172.15.255.255", None),
            ("172.32.0.1", None),
            ("100.63.255.255", None),
            ("100.128.0.1", None),
            ("2606:4700::1111", None),
            ("::ffff:8.8.8.8", None),
            ("64:ff9b::808:808", None),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.254", Some(Loopback)),
            ("::1", Some(Loopback)),
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("::127.0.0.1", Some(Loopback)),
            ("64:ff9b::7f00:1", Some(Loopback)),
            ("2002:7f00:1::", Some(Loopback)),
            ("10.1.2.3", Some(Private)),
            ("172.16.0.1", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("192.168.0.1", Some(Private)),
            ("100.64.0.1", Some(Private)),
            ("100.100.100.200", Some(Private)),
            ("fd00:ec2::254", Some(Private)),
            ("fc00::1", Some(Private)),
            ("fec0::1", Some(Private)),
            ("::ffff:10.0.0.1", Some(Private)),
            ("::ffff:0:10.0.0.1", Some(Private)),
            ("64:ff9b:1::1", Some(Private)),
            ("169.254.169.254", Some(LinkLocal)),
            ("::ffff:169.254.169.254", Some(LinkLocal)),
            ("168.63.129.16", Some(Metadata)),
            ("::ffff:168.63.129.16", Some(Metadata)),
            ("192.0.0.192", Some(Metadata)),
            ("2606:4700::5efe:10.0.0.1", Some(Private)),
            ("2606:4700::200:5efe:127.0.0.1", Some(Loopback)),
            ("2001:2::1", Some(Unusable)),
            ("2001:20::1", Some(Unusable)),
            ("2001:4860:4860::8888", None),
            ("4000::1", Some(Unusable)),
            ("5f00::1", Some(Unusable)),
            ("64:ff9c::1", Some(Unusable)),
            ("fe80::1", Some(LinkLocal)),
            ("0.0.0.0", Some(Unusable)),
            ("::", Some(Unusable)),
            ("255.255.255.255", Some(Unusable)),
            ("224.0.0.1", Some(Unusable)),
            ("240.0.0.1", Some(Unusable)),
            ("192.0.2.1", Some(Unusable)),
            ("198.18.0.1", Some(Unusable)),
            ("ff02::1", Some(Unusable)),
            ("2001:db8::1", Some(Unusable)),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Some(Unusable)),
        ];
        for (text, expected) in table {
            assert_eq!(AddressClass::of(text.parse().unwrap()), expected, "{text}");
        }
    }
}
