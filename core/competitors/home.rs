//! The website that a list stands on: what is found on another is another's lot.
//!
//! What is deliberately not here: who may be asked at all, which the fetcher's guard knows, and endpoints, which vendors keep on
//! hosts of their own.

use std::collections::HashSet;

use url::Url;

/// The website of one competitor: its host with or without `www.`, what lies below that host, and its port.
#[derive(Clone, Debug)]
pub(super) struct Home {
    host: String,
    port: Option<u16>,
}

impl Home {
    /// The website of an address that has a host.
    pub(super) fn of(url: &Url) -> Option<Self> {
        Some(Self { host: bare(url.host_str()?).to_owned(), port: url.port() })
    }

    /// Whether an address is of this website. `cars.motors.example` is of `motors.example`, and not the other way round: a
    /// vendor's own front page is not of the dealer below it.
    pub(super) fn has(&self, url: &Url) -> bool {
        let Some(host) = url.host_str().map(bare) else { return false };
        let lies_below = || host.strip_suffix(self.host.as_str()).is_some_and(|rest| rest.ends_with('.'));
        url.port() == self.port && (host == self.host || (url.domain().is_some() && lies_below()))
    }

    /// As [`Home::has`], for an address as text.
    pub(super) fn has_text(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.has(&url))
    }
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Whether a redirect led away from the page of a list that was asked for: to one that its number is lost on.
///
/// What tells the page from the first one, a part of its path or the value of a parameter, must still stand in the address that
/// was reached. Else it is likelier a front page shown in place of an error.
pub(super) fn leads_away(first: &Url, asked: &Url, reached: &Url) -> bool {
    let (first, own, reached_parts) = (parts(first), parts(asked), parts(reached));
    if asked.path() == reached.path() && asked.query() == reached.query() {
        return false;
    }
    let mut telling = own.difference(&first).peekable();
    if telling.peek().is_none() {
        return asked.path().trim_end_matches('/') != reached.path().trim_end_matches('/');
    }
    !telling.all(|part| reached_parts.contains(part))
}

fn parts(url: &Url) -> HashSet<String> {
    let segments = url.path_segments().into_iter().flatten().map(str::to_owned);
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    segments.chain(values).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::itself("https://motors.example/used", "https://motors.example/used?page=2", true)]
    #[case::www("https://motors.example/used", "https://www.motors.example/used", true)]
    #[case::without_www("https://www.motors.example/used", "http://motors.example/used", true)]
    #[case::below("https://www.motors.example/", "https://cars.motors.example/", true)]
    #[case::above("https://motors.vendor.example/", "https://vendor.example/", false)]
    #[case::beside("https://motors.vendor.example/", "https://others.vendor.example/", false)]
    #[case::ends_alike("https://motors.example/", "https://othermotors.example/", false)]
    #[case::another("https://motors.example/", "https://lot.example/", false)]
    #[case::another_port("http://127.0.0.1:20101/", "http://127.0.0.1:20102/", false)]
    #[case::another_scheme("http://motors.example/", "https://motors.example/", true)]
    #[case::numbers_have_nothing_below("http://0.0.1/", "http://127.0.0.1/", false)]
    fn a_website_is_its_host(#[case] home: Url, #[case] other: Url, #[case] is_of_it: bool) {
        assert_eq!(Home::of(&home).unwrap().has(&other), is_of_it);
        assert_eq!(Home::of(&home).unwrap().has_text(other.as_str()), is_of_it);
    }

    #[rstest]
    #[case::not_at_all("/used", "/used?page=2", "/used?page=2", false)]
    #[case::a_slash("/used", "/used?page=2", "/used/?page=2", false)]
    #[case::another_form("/used", "/used?page=2", "/used/page/2", false)]
    #[case::more_parameters("/used", "/used?page=2", "/used?page=2&sort=price", false)]
    #[case::front_page("/used", "/used?page=2", "/", true)]
    #[case::first_page("/used", "/used?page=2", "/used", true)]
    #[case::another_page("/used?page=1", "/used?page=3", "/used?page=2", true)]
    #[case::error_page("/used", "/used/page/2", "/sorry?from=used", true)]
    #[case::said_in_no_part("/used/", "/used", "/used/", false)]
    fn a_page_is_known_by_its_number(
        #[case] first: &str,
        #[case] asked: &str,
        #[case] reached: &str,
        #[case] is_away: bool,
    ) {
        let url = |path: &str| Url::parse("https://motors.example").unwrap().join(path).unwrap();
        assert_eq!(leads_away(&url(first), &url(asked), &url(reached)), is_away);
    }
}
