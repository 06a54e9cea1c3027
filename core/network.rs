//! Which addresses belong to one client.

use std::net::{IpAddr, Ipv6Addr};

/// Groups of 16 bits that name a subscriber's network in an IPv6 address. The subscriber chooses the other groups.
const GROUPS: usize = 4;

/// The client that an address belongs to: an IPv4 address itself, and of IPv6 the network of 64 bits, because a subscriber is given
/// one at least.
///
/// ```
/// use jpauto::client_network;
///
/// assert_eq!(client_network("192.0.2.7".parse()?).to_string(), "192.0.2.7");
/// assert_eq!(client_network("2001:db8:1:2:3:4:5:6".parse()?).to_string(), "2001:db8:1:2::");
/// assert_eq!(client_network("::ffff:192.0.2.7".parse()?).to_string(), "192.0.2.7");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

/// Patterns for `LIKE` that match the text of every address of a client. They may match a few others too.
///
/// The text of an IPv6 address leaves out its longest run of zeros, which may be one of the network.
pub(crate) fn address_patterns(client: IpAddr) -> Vec<String> {
    let IpAddr::V6(network) = client else { return vec![client.to_string()] };
    let groups = &network.segments()[..GROUPS];
    let text = |groups: &[u16]| groups.iter().map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":");
    let mut patterns = vec![format!("{}:%", text(groups))];
    let mut start = 0;
    while start < GROUPS {
        let length = groups[start..].iter().take_while(|group| **group == 0).count();
        let end = start + length;
        // A run that reaches the end may go on behind it.
        if length >= 2 || (length == 1 && end == GROUPS) {
            let (before, behind) = (text(&groups[..start]), text(&groups[end..]));
            let colon = if behind.is_empty() { "" } else { ":" };
            patterns.push(format!("{before}::{behind}{colon}%"));
        }
        start = end.max(start + 1);
    }
    patterns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `LIKE` compares: all that these patterns have is a `%` at the end.
    fn is_like(text: &str, pattern: &str) -> bool {
        pattern.strip_suffix('%').map_or(text == pattern, |start| text.starts_with(start))
    }

    proptest! {
        #[test]
        fn the_patterns_of_a_client_match_all_its_addresses(groups in prop::array::uniform8(prop_oneof![Just(0u16), Just(1), any::<u16>()])) {
            let address = IpAddr::from(Ipv6Addr::from(groups)).to_canonical();
            let patterns = address_patterns(client_network(address));
            let text = address.to_string();
            prop_assert!(patterns.iter().any(|pattern| is_like(&text, pattern)), "{text} {patterns:?}");
            prop_assert!(patterns.len() <= 3, "{patterns:?}");
        }
    }

    #[test]
    fn another_network_has_other_patterns() {
        let patterns = address_patterns(client_network("2001:db8:1:2::1".parse().unwrap()));
        assert_eq!(patterns, ["2001:db8:1:2:%"]);
        assert_eq!(address_patterns("192.0.2.1".parse().unwrap()), ["192.0.2.1"]);
    }
}
