//! Who calls: the id of the request, the client's address behind trusted proxies, and what the client proves to be somebody
//! with. The library decides who that is.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use ipnet::IpNet;
use jpauto::{Actor, Dealership, Desk, RepeatableCall, SessionConfig};
use warp::http::{
    HeaderValue,
    header::{AUTHORIZATION, HeaderMap, USER_AGENT},
};

use crate::{
    fair_queue::{Client, network_of},
    gate::Lane,
    known_sessions::KnownSessions,
    problem::Problem,
    session_cookie,
};

/// The header with the id of a request, in both directions.
pub(crate) const REQUEST_ID: &str = "x-request-id";

const FORWARDED_FOR: &str = "x-forwarded-for";
const LONGEST_REQUEST_ID: usize = 64;
const LONGEST_USER_AGENT: usize = 500;

/// The caller of one request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) request_id: String,
    pub(crate) address: IpAddr,
    user_agent: Option<String>,
    credential: Credential,
    /// The cookie of a session that was extended, for the answer. All copies of the caller share it.
    extension: Arc<Mutex<Option<HeaderValue>>>,
    /// The call that its work does once.
    pub(crate) once: Option<RepeatableCall>,
    /// The queue that its work stands in.
    pub(crate) lane: Lane,
    /// Whether only the head of the answer is asked for.
    pub(crate) asks_for_head: bool,
}

/// What a request proves its caller with.
#[derive(Clone, PartialEq, Eq)]
enum Credential {
    Nothing,
    /// The secret of an API token.
    Token(String),
    /// Cookies that may be those of a session, with their names.
    Cookies(Vec<(String, String)>),
}

/// Who asks for a read. All requests of one asker see the same, so they may be read together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Asker {
    /// Whoever sends no credential.
    Public,
    /// Who sends this secret of a token.
    Token(String),
}

impl Asker {
    /// The asker's desk. The library looks the credential up.
    ///
    /// # Errors
    /// `token_refused`.
    pub(crate) fn desk(&self, dealership: &Dealership) -> jpauto::Result<Desk> {
        let public = dealership.acting_as(Actor::public());
        match self {
            Self::Public => Ok(public),
            Self::Token(secret) => public.tokens().desk_of(secret),
        }
    }
}

impl fmt::Debug for Credential {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Token(_) => "Token",
            Self::Cookies(_) => "Cookies",
        })
    }
}

impl Caller {
    pub(crate) fn of(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpNet]) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            request_id: request_id(headers),
            address: address(headers, peer, trusted_proxies),
            user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
            once: None,
            lane: Lane::default(),
            asks_for_head: false,
            credential: credential(headers),
            extension: Arc::default(),
        }
    }

    /// The caller's desk. The library looks the credential up.
    ///
    /// # Errors
    /// `token_refused`, `user_inactive`.
    pub(crate) fn desk(&self, dealership: &Dealership, known: &KnownSessions) -> jpauto::Result<Desk> {
        match &self.credential {
            Credential::Nothing => Ok(dealership.acting_as(self.visitor())),
            Credential::Token(secret) => dealership.acting_as(self.visitor()).tokens().desk_of(secret),
            Credential::Cookies(_) => Ok(dealership.acting_as(self.resume(dealership, known)?)),
        }
    }

    /// Who asks, if it makes no difference which of the asker's requests is read. A session is extended by a request of its own.
    pub(crate) fn asker(&self) -> Option<Asker> {
        match &self.credential {
            Credential::Nothing => Some(Asker::Public),
            Credential::Token(secret) => Some(Asker::Token(secret.clone())),
            Credential::Cookies(_) => None,
        }
    }

    /// Goes on with the session of the cookie. Without one that is valid the caller is the public, not refused: a browser sends
    /// an old cookie with everything.
    fn resume(&self, dealership: &Dealership, known: &KnownSessions) -> jpauto::Result<Actor> {
        let Some(config) = &dealership.config().sessions else { return Ok(self.visitor()) };
        let Some(cookie) = self.cookie(&config.cookie_name) else { return Ok(self.visitor()) };
        let session = dealership.acting_as(self.visitor()).sessions().resume(cookie)?;
        known.note(cookie, session.is_some());
        let Some(session) = session else { return Ok(self.visitor()) };
        if let Some(end) = session.extended_to {
            *self.extension.lock().unwrap_or_else(PoisonError::into_inner) = session_cookie::set(config, cookie, end);
        }
        Ok(session.actor)
    }

    /// The value of the session's cookie. Of several with one name the first counts, as for Node.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let Credential::Cookies(cookies) = &self.credential else { return None };
        cookies.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `Set-Cookie` for a session that was extended.
    pub(crate) fn take_extension(&self) -> Option<HeaderValue> {
        self.extension.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What the caller sends to be known by, for the log. Whether it holds is not said.
    pub(crate) fn kind(&self) -> &'static str {
        match self.credential {
            Credential::Nothing => "public",
            Credential::Token(_) => "token",
            Credential::Cookies(_) => "session",
        }
    }

    /// Whether credentials were sent, right or wrong.
    pub(crate) fn proves_something(&self) -> bool {
        self.credential != Credential::Nothing
    }

    /// Whether the caller may be one of the staff: by a token, or by a cookie that these sessions have signed. A browser has other cookies,
    /// too, and a visitor can write any.
    pub(crate) fn may_be_staff(&self, sessions: Option<&SessionConfig>) -> bool {
        matches!(self.credential, Credential::Token(_)) || self.has_signed_cookie(sessions)
    }

    /// Whether the caller has a cookie that these sessions have signed.
    pub(crate) fn has_signed_cookie(&self, sessions: Option<&SessionConfig>) -> bool {
        sessions.is_some_and(|config| self.cookie(&config.cookie_name).is_some_and(|cookie| config.has_signed(cookie)))
    }

    /// Who the caller is where the gate shares its workers out: a session that was found lately, or else an address. Anybody can write any
    /// token, so a token is not somebody of its own.
    pub(crate) fn client(&self, sessions: Option<&SessionConfig>, known: &KnownSessions) -> Client {
        let cookie = sessions.and_then(|config| self.cookie(&config.cookie_name));
        match cookie.and_then(|cookie| known.find(cookie)) {
            Some(session) => Client::Session(session),
            None => Client::Network(network_of(self.address)),
        }
    }

    /// Refuses a caller who proves nothing. A route that needs a role asks this before it reads a body.
    pub(crate) fn must_prove_something(&self) -> Result<(), Problem> {
        match self.credential {
            Credential::Nothing => Err(Problem::not_signed_in()),
            Credential::Token(_) | Credential::Cookies(_) => Ok(()),
        }
    }

    /// The public, from this address and through this client.
    pub(crate) fn visitor(&self) -> Actor {
        let actor = Actor::public().from_ip(self.address);
        match &self.user_agent {
            Some(user_agent) => actor.with_user_agent(user_agent),
            None => actor,
        }
    }
}

/// What the headers prove. A token counts before a cookie, which a browser sends unasked.
fn credential(headers: &HeaderMap) -> Credential {
    if let Some(token) = bearer_token(headers) {
        return Credential::Token(token);
    }
    let cookies = session_cookie::signed(headers);
    if cookies.is_empty() { Credential::Nothing } else { Credential::Cookies(cookies) }
}

/// The token of `Authorization: Bearer`. Other schemes are for others, such as a proxy with a password of its own.
///
/// Of two headers nobody knows which holds, so no token stands in the place of both, and the library refuses it.
fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let is_bearer = |scheme: &str| scheme.eq_ignore_ascii_case("bearer");
    let mut tokens = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        let (scheme, token) = text.split_once(' ').unwrap_or((&text, ""));
        is_bearer(scheme).then(|| token.trim().to_owned())
    });
    let token = tokens.next()?;
    Some(if tokens.next().is_some() { String::new() } else { token })
}

/// The sender's own id if it is safe in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let is_harmless = |text: &&str| {
        (1..=LONGEST_REQUEST_ID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_harmless);
    given.map_or_else(new_request_id, str::to_owned)
}

/// A new id of a request, which begins with the time. It is no secret, so the system is not asked for what is random in it.
pub(crate) fn new_request_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    let milliseconds = now.as_secs() * 1_000 + u64::from(now.subsec_millis());
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid().to_string()
}

/// An address of `X-Forwarded-For`. Some balancers write the port behind it.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    address().or_else(with_port).or_else(in_brackets)
}

/// Says once that a proxy of ours writes addresses that are none: its clients count as one.
fn say_once_that_a_hop_is_unreadable(nearest: IpAddr) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(proxy = %nearest, "a trusted proxy sends X-Forwarded-For without an address, so its clients count as one");
    }
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
        let Some(behind) = self::hop(hop) else {
            if !hop.trim().is_empty() {
                say_once_that_a_hop_is_unreadable(nearest);
            }
            break;
        };
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
            ("10.0.0.1", "203.0.113.77:1234", &trusted, "203.0.113.77"),
            ("10.0.0.1", "[2001:db8::1]:443", &trusted, "2001:db8::1"),
            ("10.0.0.1", "1.2.3.4, [2001:db8::1], 10.9.9.9:80", &trusted, "2001:db8::1"),
            ("::ffff:10.0.0.1", "::ffff:198.51.100.1", &trusted, "198.51.100.1"),
        ] {
            let found = address(&headers(&[(FORWARDED_FOR, forwarded)]), peer.parse().unwrap(), trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
        let twice = headers(&[(FORWARDED_FOR, "1.2.3.4"), (FORWARDED_FOR, "198.51.100.1")]);
        assert_eq!(address(&twice, "10.0.0.1".parse().unwrap(), &trusted).to_string(), "198.51.100.1");
    }

    #[test]
    fn a_bearer_token_is_read_and_shown_nowhere() {
        for (sent, token) in [
            (&["Bearer jpa_1"][..], Some("jpa_1")),
            (&["bearer   jpa_1 "], Some("jpa_1")),
            (&["Basic dXNlcjpwdw=="], None),
            (&["Basic dXNlcjpwdw==", "Bearer jpa_1"], Some("jpa_1")),
            (&["Bearer"], Some("")),
            (&["Bearer jpa_1", "Bearer jpa_2"], Some("")),
            (&["Bearerjpa_1"], None),
            (&[], None),
        ] {
            let pairs: Vec<_> = sent.iter().map(|value| ("authorization", *value)).collect();
            assert_eq!(bearer_token(&headers(&pairs)).as_deref(), token, "{sent:?}");
        }
        let caller = Caller::of(&headers(&[("authorization", "Bearer jpa_secret")]), [127, 0, 0, 1].into(), &[]);
        assert!(!format!("{caller:?}").contains("secret"), "{caller:?}");
    }

    #[test]
    fn only_a_token_or_a_cookie_that_we_signed_may_be_of_staff() {
        let sessions = SessionConfig::new(vec!["tobiiscool and of many letters".into(), "tobiiscool".into()]);
        // cookie-signature 1.2.2: sign("hello", "tobiiscool").
        let signed = "connect.sid=s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI";
        for (sent, expected) in [
            (&[("cookie", signed)][..], true),
            (&[("cookie", "_ga=GA1.1; connect.sid=s:hello.forged")], false),
            (&[("cookie", "_ga=GA1.1.2")], false),
            (&[("authorization", "Bearer jpa_1")], true),
            (&[("authorization", "Basic dXNlcjpwdw==")], false),
            (&[], false),
        ] {
            let caller = Caller::of(&headers(sent), [127, 0, 0, 1].into(), &[]);
            assert_eq!(caller.may_be_staff(Some(&sessions)), expected, "{sent:?}");
        }
        let caller = Caller::of(&headers(&[("cookie", signed)]), [127, 0, 0, 1].into(), &[]);
        assert!(!caller.may_be_staff(None), "nobody signs in here");
        let known = KnownSessions::default();
        let of_network = |sent: &[(&'static str, &str)]| {
            let caller = Caller::of(&headers(sent), "2001:db8:1:2::3".parse().unwrap(), &[]);
            caller.client(Some(&sessions), &known) == Client::Network("2001:db8:1::".parse().unwrap())
        };
        assert!(of_network(&[]) && of_network(&[("authorization", "Bearer jpa_1")]));
        assert!(of_network(&[("cookie", "connect.sid=s:hello.forged")]));
        assert!(of_network(&[("cookie", signed)]), "nobody has found that session");
        let value = caller.cookie("connect.sid").unwrap();
        known.note(value, true);
        assert!(matches!(caller.client(Some(&sessions), &known), Client::Session(_)));
        assert!(of_network(&[("cookie", "connect.sid=s:hello.forged")]));
        known.note(value, false);
        assert!(of_network(&[("cookie", signed)]), "it has ended");
    }

    #[test]
    fn the_clients_of_one_network_of_48_bits_are_two_at_most() {
        let clients = |addresses: &mut dyn Iterator<Item = String>| {
            let clients = addresses.map(|address| {
                Caller::of(&headers(&[]), address.parse().unwrap(), &[]).client(None, &KnownSessions::default())
            });
            clients.collect::<std::collections::HashSet<_>>().len()
        };
        assert_eq!(clients(&mut (0..=0xffff).step_by(7).map(|subnet| format!("2001:db8:77:{subnet:x}::1"))), 2);
        assert_eq!(clients(&mut (0..256).map(|subnet| format!("2001:db8:77:a5{subnet:02x}::1"))), 1, "one of 56 bits");
        assert_eq!(clients(&mut (0..64).map(|site| format!("2001:db8:{site:x}:1::1"))), 64);
        assert_eq!(clients(&mut (0..64).map(|host| format!("192.0.2.{host}"))), 64);
        assert_eq!(clients(&mut ["192.0.2.1", "::ffff:192.0.2.1"].into_iter().map(str::to_owned)), 1);
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        assert_eq!(request_id(&headers(&[(REQUEST_ID, "abc-1.2_3")])), "abc-1.2_3");
        for forged in ["", "a b", "a\tb", "{\"level\":\"error\"}", &"x".repeat(65)] {
            let made = request_id(&headers(&[(REQUEST_ID, forged)]));
            assert!(uuid::Uuid::parse_str(&made).is_ok(), "{forged:?} became {made}");
        }
    }
}
