//! Who calls: the id of the request, the client's address behind trusted proxies, and the actor for the library.
//!
//! There are no sessions yet, so every caller is the public.

use std::net::IpAddr;

use ipnet::IpNet;
use jpauto::Actor;
use uuid::Uuid;
use warp::http::header::{HeaderMap, USER_AGENT};

use crate::gate::Lane;

/// The header with the id of a request, in both directions.
pub(crate) const REQUEST_ID: &str = "x-request-id";

const FORWARDED_FOR: &str = "x-forwarded-for";
const LONGEST_REQUEST_ID: usize = 64;
const LONGEST_USER_AGENT: usize = 500;

/// The caller of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) request_id: String,
    pub(crate) address: IpAddr,
    user_agent: Option<String>,
    /// The queue that its work stands in.
    pub(crate) lane: Lane,
}

impl Caller {
    pub(crate) fn of(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpNet]) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            request_id: request_id(headers),
            address: address(headers, peer, trusted_proxies),
            user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
            lane: Lane::default(),
        }
    }

    /// The actor for the library.
    pub(crate) fn actor(&self) -> Actor {
        let actor = Actor::public().from_ip(self.address);
        match &self.user_agent {
            Some(user_agent) => actor.with_user_agent(user_agent),
            None => actor,
        }
    }
}

/// The sender's own id if it is safe in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let is_harmless = |text: &&str| {
        (1..=LONGEST_REQUEST_ID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_harmless);
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The last address of `X-Forwarded-For` that is not a trusted proxy. Anybody may have written the addresses before it.
fn address(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted_proxies.iter().any(|network| network.contains(&address));
    let mut nearest = peer.to_canonical();
    let hops = headers.get_all(FORWARDED_FOR).iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    for hop in hops.collect::<Vec<_>>().into_iter().rev() {
        if !is_trusted(nearest) {
            break;
        }
        let Ok(behind) = hop.trim().parse::<IpAddr>() else { break };
        nearest = behind.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_alone() {
        let trusted: [IpNet; 2] = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        for (peer, forwarded, trusted, expected) in [
            ("203.0.113.7", "198.51.100.1", &trusted[..], "203.0.113.7"),
            ("10.0.0.1", "198.51.100.1", &[][..], "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1", &trusted, "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1", &trusted, "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.9.9.9", &trusted, "198.51.100.1"),
            ("10.0.0.1", "10.1.1.1, 10.9.9.9", &trusted, "10.1.1.1"),
            ("10.0.0.1", "", &trusted, "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, unknown", &trusted, "10.0.0.1"),
            ("::1", "2001:db8::5", &trusted, "2001:db8::5"),
            ("::ffff:10.0.0.1", "::ffff:198.51.100.1", &trusted, "198.51.100.1"),
        ] {
            let found = address(&headers(&[(FORWARDED_FOR, forwarded)]), peer.parse().unwrap(), trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
        let twice = headers(&[(FORWARDED_FOR, "1.2.3.4"), (FORWARDED_FOR, "198.51.100.1")]);
        assert_eq!(address(&twice, "10.0.0.1".parse().unwrap(), &trusted).to_string(), "198.51.100.1");
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        assert_eq!(request_id(&headers(&[(REQUEST_ID, "abc-1.2_3")])), "abc-1.2_3");
        for forged in ["", "a b", "a\tb", "{\"level\":\"error\"}", &"x".repeat(65)] {
            let made = request_id(&headers(&[(REQUEST_ID, forged)]));
            assert!(Uuid::parse_str(&made).is_ok(), "{forged:?} became {made}");
        }
    }
}
