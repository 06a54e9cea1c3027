//! The website of a list. Pages of another website belong to another lot.
//!
//! What is deliberately not here: who may be asked at all, which the fetcher's guard knows, and endpoints, which vendors keep on
//! hosts of their own.

use std::collections::HashSet;

use url::Url;

use crate::scrape::extract::address::is_tracker;

/// The website of one competitor: its host with or without `www.`, what lies below that host, and its port.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    host: String,
    port: Option<u16>,
}

impl Home {
    /// The website of an address that has a host.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        Some(Self { host: bare(url.host_str()?).to_owned(), port: url.port() })
    }

    /// Whether an address is of this website. `cars.motors.example` is of `motors.example`, and not the other way round: a
    /// vendor's own front page is not of the dealer below it.
    pub(crate) fn has(&self, url: &Url) -> bool {
        let Some(host) = url.host_str().map(bare) else { return false };
        let lies_below = || host.strip_suffix(self.host.as_str()).is_some_and(|rest| rest.ends_with('.'));
        url.port() == self.port && (host == self.host || (url.domain().is_some() && lies_below()))
    }

    /// As [`Home::has`], for an address as text.
    pub(crate) fn has_text(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.has(&url))
    }
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Where a list stands: the address that is asked for, and the page that came back for it.
#[derive(Clone, Debug)]
pub(crate) struct ListAddress {
    asked: Url,
    reached: Url,
    home: Home,
}

impl ListAddress {
    /// The list of an address that has a host, before anything came back for it.
    pub(crate) fn of(asked: Url) -> Option<Self> {
        Some(Self { home: Home::of(&asked)?, reached: asked.clone(), asked })
    }

    /// The website that it stands on.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Where it was asked for.
    pub(crate) fn asked(&self) -> &Url {
        &self.asked
    }

    /// Where its first page was reached.
    pub(crate) fn reached(&self) -> &Url {
        &self.reached
    }

    /// Whether an address is that of the first page. It may carry the page number 0 or 1.
    pub(crate) fn begins_at(&self, url: &Url) -> bool {
        let same = |first: &Url| url.path() == first.path() && url.query() == first.query();
        let asked = [&self.asked, &self.reached];
        let is_first = |part: &String| ["0", "1", "page"].contains(&part.as_str());
        asked.iter().any(|first| {
            same(first) || (url.path().starts_with(first.path()) && parts(url).difference(&parts(first)).all(is_first))
        })
    }

    /// The list as its first page came, from where redirects led.
    ///
    /// # Errors
    /// Why that is no page of the list: another website, or the front page, which shows a few of its vehicles.
    pub(crate) fn reached_at(&mut self, reached: &Url) -> Result<(), String> {
        let Self { asked, home, .. } = self;
        if !home.has(reached) {
            return Err(format!(
                "{asked} leads to {reached}, which is another website; if the dealer has moved there, change the inventory \
                 address"
            ));
        }
        if is_front(reached) && !is_front(asked) {
            return Err(format!(
                "{asked} leads to the front page, {reached}, which is not its list; if the list has moved, change the \
                 inventory address"
            ));
        }
        self.reached = reached.clone();
        Ok(())
    }

    /// Whether what came back for a later page is a page of the list.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn has_page(&self, asked: &Url, reached: &Url) -> Result<(), String> {
        if !self.home.has(reached) {
            return Err(format!("{asked} leads to {reached}, which is another website"));
        }
        if leads_away((&self.asked, &self.reached), asked, reached) {
            return Err(format!("{asked} leads to {reached}, which is no page of the list behind the first"));
        }
        Ok(())
    }
}

/// Whether an address is that of a front page.
pub(crate) fn is_front(url: &Url) -> bool {
    places(url).iter().all(|place| place == "home")
}

/// The numbers in which an address differs from another.
pub(crate) fn numbers_beside(url: &Url, known: &Url) -> HashSet<usize> {
    parts(url).difference(&parts(known)).filter_map(|part| part.parse().ok()).collect()
}

/// Parts of a query that name a visitor, a language, an order or the length of a page: they leave no vehicle out.
const HARMLESS: [&str; 14] = [
    "hl",
    "lang",
    "language",
    "limit",
    "locale",
    "order",
    "orderby",
    "page_size",
    "pagesize",
    "per_page",
    "sid",
    "session",
    "sort",
    "view",
];

/// Whether the address that a list was reached at narrows the one before: the same with more in its path or its query, such as a make,
/// or another path with a query that asks for a part.
///
/// A list that has moved may say in its query what its path said before: `/used` is `/inventory?condition=used`.
pub(crate) fn narrows(before: &str, now: &str) -> bool {
    let Some((before, now)) = Url::parse(before).ok().zip(Url::parse(now).ok()) else { return false };
    let (known, there) = (places(&before), places(&now));
    let is_language = |place: &&String| place.split(['-', '_']).all(|part| part.len() == 2);
    let gains_place = there.difference(&known).any(|place| !is_language(&place));
    let asked_before = asks(&before);
    let was_said = |value: &str| {
        !value.is_empty() && known.iter().any(|place| place.split(['-', '_', '.']).any(|part| part == value))
    };
    let asks_for_part = asks(&now).iter().any(|asked| !asked_before.contains(asked) && !was_said(&asked.1));
    asks_for_part || (known.is_subset(&there) && gains_place)
}

/// What a query asks of a list: the names of its parameters, with their values where those are words.
fn asks(url: &Url) -> HashSet<(String, String)> {
    let is_harmless = |name: &str| is_tracker(name) || HARMLESS.contains(&name);
    let is_word = |value: &str| value.chars().all(char::is_alphabetic);
    let pairs = url.query_pairs().map(|(name, value)| (name.to_lowercase(), value.to_lowercase()));
    let telling = pairs.filter(|(name, value)| !is_harmless(name) && !["", "0", "1"].contains(&value.as_str()));
    telling.map(|(name, value)| (name, Some(value).filter(|value| is_word(value)).unwrap_or_default())).collect()
}

/// Whether a redirect led away from the page that was asked for: the new address lacks the page number or the path.
///
/// What tells the page from the first one, a part of its path or the value of a parameter, must still stand in the address that
/// was reached, and so must each part of its path, or of the path that the first page was reached at. Else it is likelier a front
/// page shown in place of an error, or another list.
fn leads_away((first, first_reached): (&Url, &Url), asked: &Url, reached: &Url) -> bool {
    if asked.path() == reached.path() && asked.query() == reached.query() {
        return false;
    }
    let there = places(reached);
    let stands_there = |url: &Url| places(url).is_subset(&there);
    let (first_parts, own, reached_parts) = (parts(first), parts(asked), parts(reached));
    let mut telling = own.difference(&first_parts).peekable();
    if telling.peek().is_none() {
        return asked.path().trim_end_matches('/') != reached.path().trim_end_matches('/');
    }
    let is_that_page = telling.all(|part| reached_parts.contains(part));
    !(is_that_page && (stands_there(asked) || (!is_front(first_reached) && stands_there(first_reached))))
}

/// The parts of a path, without the name of the file that a server shows for a folder.
fn places(url: &Url) -> HashSet<String> {
    let names = url.path_segments().into_iter().flatten().map(str::to_ascii_lowercase);
    names.filter(|name| !name.is_empty() && !name.starts_with("index.") && !name.starts_with("default.")).collect()
}

fn parts(url: &Url) -> HashSet<String> {
    let segments = url.path_segments().into_iter().flatten().map(str::to_owned);
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    segments.chain(values).filter(|part| !part.is_empty()).collect()
}

/// The host of a list, in the form that scrapes use to take turns. `None` for an unreadable address and for a host under
/// `.invalid`.
pub(crate) fn host(inventory_url: &str) -> Option<String> {
    let url = Url::parse(inventory_url).ok()?;
    host_of(&url).filter(|host| !host.ends_with(".invalid")).map(ToOwned::to_owned)
}

/// The host of an address without what changes nothing about whose it is: `www.` and a dot at its end.
pub(crate) fn host_of(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    let host = host.strip_suffix('.').unwrap_or(host);
    Some(host.strip_prefix("www.").unwrap_or(host))
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
    #[case::front_page_with_the_number("/used", "/used?page=3", "/?page=3", true)]
    #[case::another_list_with_the_number("/used", "/used?page=3", "/new?page=3", true)]
    #[case::error_with_the_number("/used", "/used?page=3", "/error/3", true)]
    #[case::another_language("/used", "/used?page=3", "/es/used?page=3", false)]
    #[case::a_file_of_the_folder("/used/index.htm", "/used/index.htm?page=3", "/used/?page=3", false)]
    #[case::in_capitals("/Used", "/Used?page=3", "/used?page=3", false)]
    #[case::of_the_front_page("/", "/?page=3", "/page/3", false)]
    fn a_page_is_known_by_its_number(
        #[case] first: &str,
        #[case] asked: &str,
        #[case] reached: &str,
        #[case] is_away: bool,
    ) {
        let url = |path: &str| Url::parse("https://motors.example").unwrap().join(path).unwrap();
        assert_eq!(leads_away((&url(first), &url(first)), &url(asked), &url(reached)), is_away);
    }

    #[rstest]
    #[case::itself("/used", "/used", true)]
    #[case::has_moved("/used", "/cars/pre-owned/", true)]
    #[case::front_page("/used", "/", false)]
    #[case::front_page_by_its_file("/used?make=Ford", "/index.html?from=used", false)]
    #[case::of_the_front_page("/", "/home", true)]
    #[case::from_the_front_page("/", "/used", true)]
    fn a_first_page_is_not_the_front_page(#[case] asked: &str, #[case] reached: &str, #[case] is_list: bool) {
        let url = |path: &str| Url::parse("https://motors.example").unwrap().join(path).unwrap();
        assert_eq!(ListAddress::of(url(asked)).unwrap().reached_at(&url(reached)).is_ok(), is_list);
    }

    #[rstest]
    #[case::the_same("/used", "/used", false)]
    #[case::a_make("/used", "/used?make=Ford", true)]
    #[case::another_kind("/used?type=all", "/used/?type=suv", true)]
    #[case::a_place_below("/used", "/used/ford", true)]
    #[case::a_language("/used", "/en-us/used?lang=en", false)]
    #[case::a_visitor("/used", "/used?utm_source=x&sid=8a7f", false)]
    #[case::another_ticket("/used?t=8a7f", "/used?t=91bc", false)]
    #[case::the_first_page("/used", "/used?page=1&start=0", false)]
    #[case::has_moved("/used", "/cars", false)]
    #[case::has_moved_to_a_part("/used", "/cars?make=Ford", true)]
    #[case::says_it_in_its_query("/used-vehicles/", "/inventory?condition=used", false)]
    #[case::says_it_and_more("/used", "/inventory?type=used&make=Ford", true)]
    #[case::the_same_with_the_kind_said("/used", "/used?type=used", false)]
    #[case::longer_pages("/used", "/cars?limit=100", false)]
    #[case::wider_again("/used?make=Ford", "/used", false)]
    fn a_list_is_narrowed_by_what_is_added_to_its_address(
        #[case] before: &str,
        #[case] now: &str,
        #[case] is_so: bool,
    ) {
        let url = |path: &str| format!("https://motors.example{path}");
        assert_eq!(narrows(&url(before), &url(now)), is_so);
    }

    #[test]
    fn later_pages_may_stand_where_the_first_one_moved_to() {
        let url = |path: &str| Url::parse("https://motors.example").unwrap().join(path).unwrap();
        let mut list = ListAddress::of(url("/used")).unwrap();
        list.reached_at(&url("/cars/")).unwrap();
        assert_eq!(list.has_page(&url("/used?page=2"), &url("/cars/?page=2")), Ok(()));
        assert!(list.has_page(&url("/used?page=2"), &url("/cars/")).is_err());
        assert!(list.has_page(&url("/used?page=2"), &url("/new?page=2")).is_err());
    }

    #[test]
    fn hosts_are_told_apart_by_whose_they_are_and_nowhere_has_none() {
        assert_eq!(host("https://Motors.example:8443/used").as_deref(), Some("motors.example"));
        assert_eq!(host("https://www.motors.example./new").as_deref(), Some("motors.example"));
        assert_eq!(host("https://motors.invalid/"), None);
        assert_eq!(host("nothing"), None);
    }
}
