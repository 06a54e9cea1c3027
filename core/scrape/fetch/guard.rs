//! Which addresses may be fetched at all: public web servers, unless the configuration says otherwise.
//!
//! A competitor's address is typed in by people, and each redirect is written by a stranger; neither may reach the machine
//! itself, its network or the metadata service of its host. [`Guard::check_url`] looks at the address as written and
//! [`Guard::check_address`] at the addresses of a name. [`super::names`] ensures that
//! nothing else is connected to.
//!
//! What is deliberately not here: lists of names. A name is judged by the addresses behind it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use thiserror::Error;
use url::{Host, Url};

/// Why an address is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("it is no address")]
    Unreadable,
    #[error("only http:// and https:// are fetched")]
    Scheme,
    #[error("an address must not carry a user name or a password")]
    Credentials,
    #[error("only the ports 80 and 443 are fetched")]
    Port,
    #[error("it belongs to no public web server")]
    NotPublic,
}

/// Decides on addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// Private and loopback networks too; never link-local ones, where clouds keep their credentials.
    pub(crate) allow_private_networks: bool,
    /// Any port instead of 80 and 443.
    pub(crate) allow_any_port: bool,
    /// Servers that may be fetched from although their network or port is not allowed otherwise, where an address names
    /// them by number. Link-local servers never.
    pub(crate) allowed_servers: Arc<[SocketAddr]>,
}

impl Guard {
    /// The address as text, read the way browsers read it, and checked.
    pub(crate) fn parse(&self, address: &str) -> Result<Url, Refusal> {
        let mut url = Url::parse(address).map_err(|_unreadable| Refusal::Unreadable)?;
        url.set_fragment(None);
        self.check_url(&url)?;
        Ok(url)
    }

    /// Whether the address may be fetched as far as its text says; a name is yet to be looked up.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        let usual_port = match url.scheme() {
            "http" => 80,
            "https" => 443,
            _ => return Err(Refusal::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        if self.is_allowed_server(url, usual_port) {
            return Ok(());
        }
        if !self.allow_any_port && !matches!(url.port().unwrap_or(usual_port), 80 | 443) {
            return Err(Refusal::Port);
        }
        self.check_host(url.host())
    }

    /// The same for a server that speaks something else than HTTP, at its usual port.
    pub(crate) fn check_server(&self, url: &Url, usual_port: u16) -> Result<(), Refusal> {
        if matches!(url.scheme(), "http" | "https") {
            return self.check_url(url);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let (host, port) = server_of(url, usual_port)?;
        if !self.allow_any_port && port != usual_port {
            return Err(Refusal::Port);
        }
        self.check_host(Some(match &host {
            Host::Domain(name) => Host::Domain(name.as_str()),
            Host::Ipv4(address) => Host::Ipv4(*address),
            Host::Ipv6(address) => Host::Ipv6(*address),
        }))
    }

    fn check_host(&self, host: Option<Host<&str>>) -> Result<(), Refusal> {
        match host {
            // The client connects to a literal without asking the resolver, so it is judged here.
            Some(Host::Ipv4(address)) => self.check_address(address.into()),
            Some(Host::Ipv6(address)) => self.check_address(address.into()),
            Some(Host::Domain(name)) => self.check_name(name),
            None => Err(Refusal::Unreadable),
        }
    }

    fn is_allowed_server(&self, url: &Url, usual_port: u16) -> bool {
        let address: IpAddr = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            _ => return false,
        };
        let server = SocketAddr::new(address.to_canonical(), url.port().unwrap_or(usual_port));
        self.allowed_servers.contains(&server) && (is_private(server.ip()) || is_public(server.ip()))
    }

    /// Refuses `localhost` and the names below it without looking them up (RFC 6761), unless private networks are allowed.
    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return Err(Refusal::Unreadable);
        }
        let local = name == "localhost" || name.ends_with(".localhost");
        if local && !self.allow_private_networks { Err(Refusal::NotPublic) } else { Ok(()) }
    }

    /// Whether a server at this address may be spoken to.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let address = address.to_canonical();
        let allowed = is_public(address) || (self.allow_private_networks && is_private(address));
        if allowed { Ok(()) } else { Err(Refusal::NotPublic) }
    }
}

/// The server that an address names, read as browsers read one: of schemes that they do not know, they leave the host as it is
/// written, and `0x7f.1` would be a name.
pub(crate) fn server_of(url: &Url, usual_port: u16) -> Result<(Host<String>, u16), Refusal> {
    let host = url.host_str().ok_or(Refusal::Unreadable)?;
    let as_of_the_web = Url::parse(&format!("http://{host}/")).map_err(|_unreadable| Refusal::Unreadable)?;
    let host = as_of_the_web.host().ok_or(Refusal::Unreadable)?.to_owned();
    Ok((host, url.port().unwrap_or(usual_port)))
}

/// Whether the address is one of the public internet's, by the registries of IANA for special-purpose addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]                 // this network, private, loopback
        | [100, 64..=127, ..]              // behind a provider's translation
        | [169, 254, ..]                   // link-local, metadata services
        | [168, 63, 129, 16]               // a cloud's own services, for the machines in it
        | [172, 16..=31, ..]               // private
        | [192, 0, 0 | 2, _]               // protocol assignments, documentation
        | [192, 88, 99, _]                 // relays from 6to4
        | [192, 168, ..]                   // private
        | [198, 18 | 19, ..]               // benchmarks
        | [198, 51, 100, _]                // documentation
        | [203, 0, 113, _]                 // documentation
        | [224..=255, ..] // multicast, reserved, broadcast
    )
}

/// Public addresses lie in `2000::/3`. Of the forms that hold an IPv4 address, only Teredo and 6to4 lie there, and both are
/// refused.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..=0x1ff, ..] => false, // Teredo and other protocol assignments
        [0x2001, 0xdb8, ..] => false,     // documentation
        [0x2002, ..] => false,            // 6to4
        [0x3fff, 0..=0xfff, ..] => false, // documentation
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an address at the door.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Door {
        Open,
        Shut(Refusal),
    }
    use Door::{Open, Shut};
    use Refusal::{Credentials, NotPublic, Port, Scheme, Unreadable};

    const SPELLINGS: &[(&str, Door)] = &[
        // Public servers.
        ("http://example.com", Open),
        ("https://example.com/used?page=2#top", Open),
        ("HTTPS://EXAMPLE.COM:443/", Open),
        ("http://example.com:443/", Open),
        ("https://example.com:80/", Open),
        ("https://example.com./", Open),
        ("https://bücher.example/", Open),
        ("https://xn--bcher-kva.example/", Open),
        ("http://93.184.215.14/", Open),
        ("http://1572395790/", Open),
        ("http://8.8.8.8./", Open),
        ("http://100.63.255.255/", Open),
        ("http://100.128.0.1/", Open),
        ("http://172.15.0.1/", Open),
        ("http://172.32.0.1/", Open),
        ("http://192.0.1.1/", Open),
        ("http://198.20.0.1/", Open),
        ("http://223.255.255.255/", Open),
        ("http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", Open),
        ("http://[2001:4860:4860::8888]/", Open),
        ("http://[::ffff:8.8.8.8]/", Open),
        // The machine itself, in all its spellings.
        ("http://127.0.0.1", Shut(NotPublic)),
        ("http://127.0.0.1.", Shut(NotPublic)),
        ("http://127.0.0.1:80/", Shut(NotPublic)),
        ("http://127.255.255.254/", Shut(NotPublic)),
        ("http://127.1", Shut(NotPublic)),
        ("http://127.0.1", Shut(NotPublic)),
        ("http://2130706433", Shut(NotPublic)),
        ("http://017700000001", Shut(NotPublic)),
        ("http://0x7f000001", Shut(NotPublic)),
        ("http://0X7F.1", Shut(NotPublic)),
        ("http://0x7f.0x0.0x0.0x1", Shut(NotPublic)),
        ("http://0177.0.0.1", Shut(NotPublic)),
        ("http://0177.0x0.0.1", Shut(NotPublic)),
        ("http://00000177.1", Shut(NotPublic)),
        ("http://①②⑦.⓪.⓪.①", Shut(NotPublic)),
        ("http://１２７。０。０。１", Shut(NotPublic)),
        ("http://127%2e0%2e0%2e1", Shut(NotPublic)),
        ("http://%31%32%37.0.0.1", Shut(NotPublic)),
        ("http:127.0.0.1", Shut(NotPublic)),
        ("http:/127.0.0.1", Shut(NotPublic)),
        ("http:\\\\127.0.0.1\\", Shut(NotPublic)),
        (" http://127.0.0.1 ", Shut(NotPublic)),
        ("http://127.\t0.0.1/", Shut(NotPublic)),
        ("http://localhost", Shut(NotPublic)),
        ("http://LOCALHOST.", Shut(NotPublic)),
        ("http://ｌocalhost", Shut(NotPublic)),
        ("http://lot.localhost/", Shut(NotPublic)),
        ("http://[::1]", Shut(NotPublic)),
        ("http://[0:0:0:0:0:0:0:1]", Shut(NotPublic)),
        ("http://[0000::0001]", Shut(NotPublic)),
        ("http://[::ffff:127.0.0.1]", Shut(NotPublic)),
        ("http://[::ffff:7f00:1]", Shut(NotPublic)),
        ("http://[::127.0.0.1]", Shut(NotPublic)),
        ("http://0", Shut(NotPublic)),
        ("http://0.0.0.0", Shut(NotPublic)),
        ("http://[::]", Shut(NotPublic)),
        // Private and special networks.
        ("http://10.0.0.1", Shut(NotPublic)),
        ("http://172.16.0.1", Shut(NotPublic)),
        ("http://172.31.255.255", Shut(NotPublic)),
        ("http://192.168.1.1", Shut(NotPublic)),
        ("http://3232235777", Shut(NotPublic)),
        ("http://100.64.0.1", Shut(NotPublic)),
        ("http://100.127.255.255", Shut(NotPublic)),
        ("http://169.254.169.254/latest/meta-data/", Shut(NotPublic)),
        ("http://0xa9fea9fe/", Shut(NotPublic)),
        ("http://168.63.129.16/machine", Shut(NotPublic)),
        ("http://[::ffff:169.254.169.254]/", Shut(NotPublic)),
        ("http://[fd00:ec2::254]/", Shut(NotPublic)),
        ("http://0.1.2.3", Shut(NotPublic)),
        ("http://192.0.0.8", Shut(NotPublic)),
        ("http://192.0.2.1", Shut(NotPublic)),
        ("http://192.88.99.1", Shut(NotPublic)),
        ("http://198.18.0.1", Shut(NotPublic)),
        ("http://198.19.255.255", Shut(NotPublic)),
        ("http://198.51.100.7", Shut(NotPublic)),
        ("http://203.0.113.7", Shut(NotPublic)),
        ("http://224.0.0.1", Shut(NotPublic)),
        ("http://240.0.0.1", Shut(NotPublic)),
        ("http://255.255.255.255", Shut(NotPublic)),
        ("http://4294967295", Shut(NotPublic)),
        ("http://[fc00::1]", Shut(NotPublic)),
        ("http://[fd12:3456:789a::1]", Shut(NotPublic)),
        ("http://[fe80::1]", Shut(NotPublic)),
        ("http://[febf::1]", Shut(NotPublic)),
        ("http://[fec0::1]", Shut(NotPublic)),
        ("http://[ff02::1]", Shut(NotPublic)),
        ("http://[2001::1]", Shut(NotPublic)),
        ("http://[2001:0:53aa:64c::1]", Shut(NotPublic)),
        ("http://[2001:db8::1]", Shut(NotPublic)),
        ("http://[2002:7f00:1::]", Shut(NotPublic)),
        ("http://[3fff::1]", Shut(NotPublic)),
        ("http://[64:ff9b::7f00:1]", Shut(NotPublic)),
        ("http://[64:ff9b::8.8.8.8]", Shut(NotPublic)),
        ("http://[64:ff9b:1::1]", Shut(NotPublic)),
        ("http://[100::1]", Shut(NotPublic)),
        // Ports, credentials, schemes.
        ("http://example.com:22/", Shut(Port)),
        ("http://example.com:8080/", Shut(Port)),
        ("https://example.com:5432/", Shut(Port)),
        ("http://example.com:0/", Shut(Port)),
        ("http://user@example.com/", Shut(Credentials)),
        ("http://user:word@example.com/", Shut(Credentials)),
        ("http://:word@example.com/", Shut(Credentials)),
        ("http://example.com@127.0.0.1/", Shut(Credentials)),
        ("http://example.com%40127.0.0.1/", Shut(Unreadable)),
        ("http://127.0.0.1\\@example.com/", Shut(NotPublic)),
        ("ftp://example.com/", Shut(Scheme)),
        ("file:///etc/passwd", Shut(Scheme)),
        ("gopher://example.com/", Shut(Scheme)),
        ("javascript:alert(1)", Shut(Scheme)),
        ("data:text/html,hello", Shut(Scheme)),
        ("ws://example.com/", Shut(Scheme)),
        // What is no address.
        ("", Shut(Unreadable)),
        ("example.com", Shut(Unreadable)),
        ("//example.com/", Shut(Unreadable)),
        ("http://", Shut(Unreadable)),
        ("http://./", Shut(Unreadable)),
        ("http://1.2.3.4.5/", Shut(Unreadable)),
        ("http://256.0.0.1/", Shut(Unreadable)),
        ("http://4294967296/", Shut(Unreadable)),
        ("http://0x100000000/", Shut(Unreadable)),
        ("http://127.0.0.0x100/", Shut(Unreadable)),
        ("http://[fe80::1%25eth0]/", Shut(Unreadable)),
        ("http://[::1", Shut(Unreadable)),
        ("http://[1.2.3.4]/", Shut(Unreadable)),
        ("http://exa mple.com/", Shut(Unreadable)),
        ("http://example.com:99999/", Shut(Unreadable)),
    ];

    fn door(guard: &Guard, address: &str) -> Door {
        guard.parse(address).map_or_else(Shut, |_url| Open)
    }

    #[test]
    fn only_public_web_servers_are_let_through_however_they_are_spelt() {
        assert!(SPELLINGS.len() >= 60);
        for (address, expected) in SPELLINGS {
            assert_eq!(door(&Guard::default(), address), *expected, "{address:?}");
        }
    }

    #[test]
    fn servers_of_files_are_judged_alike() {
        let (usual, intranet) =
            (Guard::default(), Guard { allow_private_networks: true, allow_any_port: true, ..Guard::default() });
        for (address, by_default, in_the_intranet) in [
            ("sftp://example.com/in.csv", Open, Open),
            ("ftps://example.com:21/in.csv", Open, Open),
            ("sftp://example.com:2222/in.csv", Shut(Port), Open),
            ("sftp://127.0.0.1/in.csv", Shut(NotPublic), Open),
            ("sftp://0x7f.1/in.csv", Shut(NotPublic), Open),
            ("sftp://2130706433/in.csv", Shut(NotPublic), Open),
            ("sftp://[::1]:22/in.csv", Shut(NotPublic), Open),
            ("ftp://LOCALHOST/in.csv", Shut(NotPublic), Open),
            ("ftps://lot.localhost/in.csv", Shut(NotPublic), Open),
            ("sftp://169.254.169.254/in.csv", Shut(NotPublic), Shut(NotPublic)),
            ("ftps://0xa9fea9fe/in.csv", Shut(NotPublic), Shut(NotPublic)),
            ("sftp://user:word@example.com/in.csv", Shut(Credentials), Shut(Credentials)),
            ("sftp:///in.csv", Shut(Unreadable), Shut(Unreadable)),
        ] {
            let url = Url::parse(address).unwrap();
            let port = if url.scheme() == "sftp" { 22 } else { 21 };
            let door = |guard: &Guard| guard.check_server(&url, port).map_or_else(Shut, |()| Open);
            assert_eq!((door(&usual), door(&intranet)), (by_default, in_the_intranet), "{address}");
        }
    }

    #[test]
    fn private_networks_open_on_demand_but_metadata_services_never() {
        let intranet = Guard { allow_private_networks: true, allow_any_port: true, ..Guard::default() };
        for (address, expected) in [
            ("http://127.0.0.1:8080/", Open),
            ("http://localhost:8080/", Open),
            ("http://[::1]:8080/", Open),
            ("http://[::ffff:127.0.0.1]:8080/", Open),
            ("http://192.168.1.20/", Open),
            ("http://[fd00::20]/", Open),
            ("http://example.com/", Open),
            ("http://169.254.169.254/", Shut(NotPublic)),
            ("http://[fe80::1]/", Shut(NotPublic)),
            ("http://0.0.0.0/", Shut(NotPublic)),
            ("http://255.255.255.255/", Shut(NotPublic)),
            ("http://[ff02::1]/", Shut(NotPublic)),
            ("http://user@127.0.0.1/", Shut(Credentials)),
            ("ftp://127.0.0.1/", Shut(Scheme)),
        ] {
            assert_eq!(door(&intranet, address), expected, "{address:?}");
        }
    }

    #[test]
    fn a_server_of_the_list_is_let_through_and_none_beside_it() {
        let list = ["127.0.0.1:8080", "[::1]:8080", "192.168.1.20:80", "169.254.169.254:80", "0.0.0.0:80"];
        let guard =
            Guard { allowed_servers: list.iter().map(|server| server.parse().unwrap()).collect(), ..Guard::default() };
        for (address, expected) in [
            ("http://127.0.0.1:8080/used", Open),
            ("https://127.0.0.1:8080/", Open),
            ("http://0x7f.1:8080/", Open),
            ("http://[::ffff:127.0.0.1]:8080/", Open),
            ("http://[::1]:8080/", Open),
            ("http://192.168.1.20/", Open),
            ("http://example.com/", Open),
            ("http://127.0.0.1/", Shut(NotPublic)),
            ("http://127.0.0.1:8081/", Shut(Port)),
            ("http://127.0.0.2:8080/", Shut(Port)),
            ("http://192.168.1.20:443/", Shut(NotPublic)),
            ("http://localhost:8080/", Shut(Port)),
            ("http://169.254.169.254/", Shut(NotPublic)),
            ("http://0.0.0.0/", Shut(NotPublic)),
            ("http://user@127.0.0.1:8080/", Shut(Credentials)),
            ("ftp://127.0.0.1:8080/", Shut(Scheme)),
        ] {
            assert_eq!(door(&guard, address), expected, "{address:?}");
        }
    }
}
