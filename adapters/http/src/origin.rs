//! The origin of a web page, as browsers send it.

use std::{fmt, str::FromStr};

use warp::http::{HeaderValue, Uri, header::InvalidHeaderValue};

/// The origin of a web page: a scheme, a host, and the port if it is not the scheme's own.
///
/// ```
/// use jpauto_http::Origin;
///
/// assert!("https://console.example".parse::<Origin>().is_ok());
/// assert!("http://localhost:3000".parse::<Origin>().is_ok());
/// assert!("https://console.example/page".parse::<Origin>().is_err());
/// assert!("*".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an origin such as https://console.example, without a path")]
pub struct InvalidOrigin;

impl Origin {
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_reason| InvalidOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(InvalidOrigin) };
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(InvalidOrigin),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(InvalidOrigin);
        }
        // A pattern would stand there and never match.
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        if !authority.host().bytes().all(is_host) {
            return Err(InvalidOrigin);
        }
        // A browser leaves out the scheme's own port and writes hosts in lower case.
        let host = authority.host().to_ascii_lowercase();
        let origin = match authority.port_u16() {
            Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        HeaderValue::from_str(&origin).map(Self).map_err(|_reason: InvalidHeaderValue| InvalidOrigin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, expected) in [
            ("https://console.example", Some("https://console.example")),
            ("https://Console.Example/", Some("https://console.example")),
            ("https://console.example:443", Some("https://console.example")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://[::1]:3000", Some("http://[::1]:3000")),
            ("console.example", None),
            ("ftp://console.example", None),
            ("https://console.example/a", None),
            ("https://console.example/?a", None),
            ("https://me@console.example", None),
            ("https://", None),
            ("*", None),
            ("https://*.example", None),
            ("https://console.*", None),
            ("null", None),
        ] {
            let found = text.parse::<Origin>().ok();
            assert_eq!(found.as_ref().map(|origin| origin.header().to_str().unwrap()), expected, "{text}");
        }
    }
}
