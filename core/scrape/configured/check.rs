//! A configuration checked and compiled; every fault is named by its place.
//!
//! What is deliberately not here: whether a selector matches anything, which only a page can say.

use std::{collections::BTreeMap, sync::Arc};

use regex::{Regex, RegexBuilder};
use scraper::{Selector, error::SelectorErrorKind, selector::ToCss as _};
use serde_json::Value;
use serde_path_to_error::Segment;
use url::Url;

use super::{
    Counter, DataPagination, EndpointConfig, ListingField, Method, OneOrMany, Pagination, ScraperConfig, ValuePath,
    ValueSelector, Within,
    endpoint::{self, CompiledPath, Endpoint, NextRequest, Slot},
    limits::ScraperLimits,
    path::JsonPath,
};
use crate::{
    Result,
    error::{Error, ErrorCode, Faults, FieldError},
};

/// Where the configuration stands in a competitor.
pub(crate) const ROOT: &str = "/scraper_config";

/// The code of every refusal, as of any other field of a competitor.
const CODE: ErrorCode = ErrorCode::InvalidCompetitor;

/// A configuration ready for use.
#[derive(Debug)]
pub(crate) struct Scraper {
    pub(super) cards: Option<Cards>,
    pub(super) total: Vec<CompiledSelector>,
    pub(super) next_page: Option<NextPage>,
    endpoint: Option<Arc<Endpoint>>,
    max_pages: Option<u32>,
    store: Option<String>,
}

/// The cards of a page and their fields.
#[derive(Debug)]
pub(super) struct Cards {
    pub(super) selector: Selector,
    pub(super) fields: Vec<(ListingField, Vec<CompiledSelector>)>,
}

/// A place in a page.
#[derive(Debug)]
pub(super) struct CompiledSelector {
    pub(super) selector: Option<Selector>,
    pub(super) attribute: Option<String>,
    pub(super) regex: Option<Regex>,
}

/// How to get from a page to the next.
#[derive(Debug)]
pub(super) enum NextPage {
    Link(Vec<CompiledSelector>),
    Page(Counter),
    Offset(Counter),
}

impl ScraperConfig {
    /// Reads and checks a configuration: a selector of at most 300 characters and 12 parts, a regular expression of at most
    /// 300 characters and 1 MiB compiled, at most 8 places a field, 32 headers and parameters, 32 KiB in all.
    ///
    /// # Errors
    /// `invalid_competitor` with the JSON pointer of what is wrong, from `/scraper_config` on.
    pub fn parse(document: &Value) -> Result<Self> {
        let (config, _) = read(document)?;
        Ok(config)
    }
}

impl Scraper {
    /// Reads, checks and compiles a configuration as it is stored.
    ///
    /// # Errors
    /// As [`ScraperConfig::parse`].
    pub(crate) fn of(document: &Value) -> Result<Self> {
        let (_, scraper) = read(document)?;
        Ok(scraper)
    }

    /// The endpoint to ask instead of any page.
    pub(crate) fn endpoint(&self) -> Option<&Arc<Endpoint>> {
        self.endpoint.as_ref()
    }

    /// Whether the next page is counted, not linked: the end is then known by a page that shows nothing new.
    pub(crate) fn counts_pages(&self) -> bool {
        matches!(self.next_page, Some(NextPage::Page(_) | NextPage::Offset(_)))
    }

    /// The page behind one that showed nothing new, where pages are counted; `shown` are the vehicles of a full page.
    pub(crate) fn behind(&self, url: &Url, shown: u32) -> Option<Url> {
        self.next_page.as_ref()?.behind(url, shown)
    }

    /// Whether it says how the pages themselves are read.
    pub(crate) fn reads_pages(&self) -> bool {
        self.cards.is_some() || self.next_page.is_some()
    }

    /// The one store whose vehicles are meant.
    pub(crate) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The most pages that a scrape reads.
    pub(crate) fn max_pages(&self) -> Option<usize> {
        self.max_pages.and_then(|pages| usize::try_from(pages).ok())
    }
}

fn read(document: &Value) -> Result<(ScraperConfig, Scraper)> {
    let limits = &ScraperLimits::DEFAULT;
    if document.to_string().len() > limits.bytes {
        return Err(Error::invalid_field(CODE, ROOT, format!("expected at most {} bytes of JSON", limits.bytes)));
    }
    if !document.is_object() {
        return Err(Error::invalid_field(CODE, ROOT, "expected an object"));
    }
    let config: ScraperConfig =
        serde_path_to_error::deserialize(document).map_err(|fault| structural(document, &fault))?;
    let mut check = Check { faults: Faults::default(), limits };
    let scraper = check.scraper(&config);
    check.faults.into_result(CODE).map_err(|error| {
        let located = |fault: &FieldError| FieldError { pointer: located(document, &fault.pointer), ..fault.clone() };
        Error::invalid(CODE, error.fields().iter().map(located).collect())
    })?;
    // Without a fault there is nothing that could not be compiled.
    let scraper = scraper.ok_or_else(|| Error::new(ErrorCode::ScraperNotReady, "a configuration was not compiled"))?;
    Ok((config, scraper))
}

/// A fault of the document's shape. A wrong variant is named by its own key, which the path ends before.
fn structural(document: &Value, fault: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let message = fault.inner().to_string();
    let mut pointer = located(document, &pointer(fault.path().iter()));
    if let Some(message) = wrong_pagination(document, &pointer) {
        return Error::invalid_field(CODE, pointer, message);
    }
    let variant = message.strip_prefix("unknown variant `").and_then(|rest| rest.split('`').next()).map(escaped);
    let holder = document.pointer(pointer.trim_start_matches(ROOT));
    if let Some(variant) = variant.filter(|variant| holder.is_some_and(|holder| holder.get(variant).is_some())) {
        pointer = format!("{pointer}/{variant}");
    }
    Error::invalid_field(CODE, pointer, message)
}

/// What is wrong with a pagination that is not one way of going on.
fn wrong_pagination(document: &Value, pointer: &str) -> Option<String> {
    let place = pointer.strip_prefix(ROOT)?;
    let ways = match place {
        "/pagination" => "next, page or offset",
        "/endpoint/pagination" => "next, page, offset or cursor",
        _ => return None,
    };
    let is_one_way = matches!(document.pointer(place), Some(Value::Object(ways)) if ways.len() == 1);
    let example = r#"{"page": {"parameter": "page", "first": 1, "size": 24}}"#;
    (!is_one_way).then(|| format!("expected an object with exactly one of {ways}, such as {example}"))
}

/// Why a selector cannot be read, in words for its author; the parser's own words are for its developers.
fn refused(text: &str, reason: &SelectorErrorKind) -> String {
    let why = match reason {
        SelectorErrorKind::EndOfLine => "it ends too early",
        SelectorErrorKind::ExpectedColonOnPseudoElement | SelectorErrorKind::ExpectedIdentityOnPseudoElement => {
            "a name is missing behind its colon"
        }
        SelectorErrorKind::TooManyNestedBlocks => "it is nested too deeply",
        _ => "a class, an id, an attribute or a pseudo-class in it is not written as one",
    };
    format!("{text:?} is none: {why}")
}

fn pointer<'a>(segments: impl Iterator<Item = &'a Segment>) -> String {
    let mut pointer = ROOT.to_owned();
    for segment in segments {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// A key as a JSON pointer writes it (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Headers that say who asks, that log in, that ask for a part or for what is new, or that belong to the connection.
const RESERVED_HEADERS: [&str; 25] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authorization",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-for",
    "x-real-ip",
];

/// Gathers every fault of a configuration while it is compiled.
struct Check<'l> {
    faults: Faults,
    limits: &'l ScraperLimits,
}

impl Check<'_> {
    /// The compiled configuration; `None` only where a fault was noted.
    fn scraper(&mut self, config: &ScraperConfig) -> Option<Scraper> {
        let cards = config.cards.as_ref().map(|text| self.selector(text, &format!("{ROOT}/cards")));
        let fields = self.fields(&config.fields, &format!("{ROOT}/fields"), Self::selectors);
        if config.cards.is_none() && !config.fields.is_empty() {
            self.faults.add(format!("{ROOT}/cards"), "expected the selector of the cards that the fields stand in");
        }
        let total = config.total.as_ref().map(|places| self.selectors(places, &format!("{ROOT}/total")));
        let next_page = config.pagination.as_ref().map(|pagination| self.next_page(pagination));
        let endpoint = config.endpoint.as_ref().map(|endpoint| self.endpoint(endpoint));
        let page_keys =
            [("cards", config.cards.is_some()), ("total", config.total.is_some()), ("pagination", next_page.is_some())];
        if endpoint.is_some() {
            for (key, is_given) in page_keys {
                let message = "expected no endpoint beside it: with an endpoint no page is read";
                self.faults.check(!is_given, &format!("{ROOT}/{key}"), message);
            }
        }
        let names_a_store = config.store.as_deref().is_none_or(|store| !store.trim().is_empty());
        self.faults.check(names_a_store, &format!("{ROOT}/store"), "expected the name of a store");
        self.within(config.max_pages, &self.limits.pages, "max_pages");
        self.within(config.check_missing, &self.limits.check_missing, "check_missing");
        Some(Scraper {
            cards: match cards {
                Some(selector) => Some(Cards { selector: selector?, fields: fields? }),
                None => None,
            },
            total: match total {
                Some(total) => total?,
                None => Vec::new(),
            },
            next_page: match next_page {
                Some(next_page) => Some(next_page?),
                None => None,
            },
            endpoint: match endpoint {
                Some(endpoint) => Some(Arc::new(endpoint?)),
                None => None,
            },
            max_pages: config.max_pages,
            store: config.store.as_deref().map(|store| store.trim().to_owned()),
        })
    }

    fn within(&mut self, number: Option<u32>, allowed: &std::ops::RangeInclusive<u32>, key: &str) {
        let fits = number.is_none_or(|number| allowed.contains(&number));
        let message = format!("expected a whole number from {} to {}", allowed.start(), allowed.end());
        self.faults.check(fits, &format!("{ROOT}/{key}"), message);
    }

    /// The fields in the order in which they are offered: a heading speaks only where the others are silent.
    fn fields<P, S>(
        &mut self,
        fields: &BTreeMap<ListingField, OneOrMany<P>>,
        pointer: &str,
        compile: impl Fn(&mut Self, &OneOrMany<P>, &str) -> Option<Vec<S>>,
    ) -> Option<Vec<(ListingField, Vec<S>)>> {
        let compiled = |(field, places): (&ListingField, &OneOrMany<P>)| {
            Some((*field, compile(self, places, &format!("{pointer}/{}", field.as_str()))?))
        };
        // Every field is looked at, also behind one at fault.
        let compiled: Vec<_> = fields.iter().map(compiled).collect();
        compiled.into_iter().collect()
    }

    fn places_fit<P>(&mut self, places: &OneOrMany<P>, pointer: &str) {
        let fits = (1..=self.limits.places).contains(&places.0.len());
        self.faults.check(fits, pointer, format!("expected 1 to {} places", self.limits.places));
    }

    /// Compiles each place; those of a list are named by their number.
    fn each_place<P, S>(
        &mut self,
        places: &OneOrMany<P>,
        pointer: &str,
        compile: impl Fn(&mut Self, &P, &str) -> Option<S>,
    ) -> Option<Vec<S>> {
        self.places_fit(places, pointer);
        let of_list = places.0.len() > 1;
        let compiled: Vec<_> = places
            .0
            .iter()
            .enumerate()
            .map(|(at, place)| {
                let pointer = if of_list { format!("{pointer}/{at}") } else { pointer.to_owned() };
                compile(self, place, &pointer)
            })
            .collect();
        compiled.into_iter().collect()
    }

    fn selectors(&mut self, places: &OneOrMany<ValueSelector>, pointer: &str) -> Option<Vec<CompiledSelector>> {
        self.each_place(places, pointer, |check, ValueSelector { selector, attribute, regex }, pointer| {
            let says_something = selector.is_some() || attribute.is_some() || regex.is_some();
            check.faults.check(says_something, pointer, "expected a selector, an attribute or a regex");
            let selector = selector.as_ref().map(|text| check.selector(text, &format!("{pointer}/selector")));
            let regex = regex.as_ref().map(|text| check.regex(text, &format!("{pointer}/regex")));
            if let Some(attribute) = attribute {
                check.name(attribute, &format!("{pointer}/attribute"));
            }
            Some(CompiledSelector {
                selector: transposed(selector)?,
                attribute: attribute.as_ref().map(|name| name.to_ascii_lowercase()),
                regex: transposed(regex)?,
            })
        })
    }

    fn compiled_paths(&mut self, places: &OneOrMany<ValuePath>, pointer: &str) -> Option<Vec<CompiledPath>> {
        self.each_place(places, pointer, |check, ValuePath { path, regex }, pointer| {
            let path = check.path(path, &format!("{pointer}/path"));
            let regex = regex.as_ref().map(|text| check.regex(text, &format!("{pointer}/regex")));
            Some(CompiledPath { path: path?, regex: transposed(regex)? })
        })
    }

    fn selector(&mut self, text: &str, pointer: &str) -> Option<Selector> {
        let limits = self.limits;
        let parts = text.split([' ', '\t', '\n', '>', '+', '~', ',', ':']).filter(|part| !part.is_empty()).count();
        if text.chars().count() > limits.selector_chars || parts > limits.selector_parts {
            let (chars, parts) = (limits.selector_chars, limits.selector_parts);
            self.faults
                .add(pointer, format!("expected a CSS selector of at most {chars} characters and {parts} parts"));
            return None;
        }
        match Selector::parse(text) {
            // Looks through everything below every element.
            Ok(selector) if selector.to_css_string().contains(":has(") => {
                self.faults.add(pointer, "expected a CSS selector without :has(), which takes too long on large pages");
                None
            }
            Ok(selector) => Some(selector),
            Err(reason) => {
                self.faults.add(
                    pointer,
                    format!("expected a CSS selector such as div.car > a[href]; {}", refused(text, &reason)),
                );
                None
            }
        }
    }

    fn regex(&mut self, text: &str, pointer: &str) -> Option<Regex> {
        let limits = self.limits;
        if text.chars().count() > limits.regex_chars {
            self.faults
                .add(pointer, format!("expected a regular expression of at most {} characters", limits.regex_chars));
            return None;
        }
        let built = RegexBuilder::new(text)
            .size_limit(limits.regex_bytes)
            .dfa_size_limit(limits.regex_bytes)
            .nest_limit(20)
            .build();
        match built {
            Ok(regex) if regex.captures_len() <= 2 => Some(regex),
            Ok(_) => {
                self.faults.add(pointer, "expected a regular expression with one group at most; (?:...) is none");
                None
            }
            Err(regex::Error::CompiledTooBig(_)) => {
                let message = format!("expected a regular expression of at most {} bytes compiled", limits.regex_bytes);
                self.faults.add(pointer, message);
                None
            }
            Err(reason) => {
                // The last line says what is wrong; those before draw it.
                let reason = reason.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.faults.add(pointer, format!("expected a regular expression: {reason}"));
                None
            }
        }
    }

    fn path(&mut self, text: &str, pointer: &str) -> Option<JsonPath> {
        JsonPath::parse(text).map_err(|expected| self.faults.add(pointer, expected)).ok()
    }

    fn name(&mut self, text: &str, pointer: &str) {
        let fits = !text.is_empty()
            && text.chars().count() <= self.limits.text_chars
            && !text.chars().any(|sign| sign.is_whitespace() || sign.is_control());
        let message = format!("expected a name of 1 to {} characters without spaces", self.limits.text_chars);
        self.faults.check(fits, pointer, message);
    }

    fn counter(&mut self, counter: &Counter, pointer: &str) {
        self.name(&counter.parameter, &format!("{pointer}/parameter"));
        let sizes = &self.limits.page_size;
        let fits = counter.size.is_none_or(|size| sizes.contains(&size));
        let message = format!("expected a whole number from {} to {}", sizes.start(), sizes.end());
        self.faults.check(fits, &format!("{pointer}/size"), message);
    }

    fn next_page(&mut self, pagination: &Pagination) -> Option<NextPage> {
        let pointer = format!("{ROOT}/pagination");
        match pagination {
            Pagination::Next(places) => self.selectors(places, &format!("{pointer}/next")).map(|mut selectors| {
                for selector in &mut selectors {
                    selector.attribute.get_or_insert_with(|| "href".to_owned());
                }
                NextPage::Link(selectors)
            }),
            Pagination::Page(counter) | Pagination::Offset(counter) => {
                let is_page = matches!(pagination, Pagination::Page(_));
                let pointer = format!("{pointer}/{}", if is_page { "page" } else { "offset" });
                self.counter(counter, &pointer);
                let in_query = counter.within != Some(Within::Body);
                self.faults.check(in_query, &format!("{pointer}/in"), "expected query: a page is asked without a body");
                Some(if is_page { NextPage::Page(counter.clone()) } else { NextPage::Offset(counter.clone()) })
            }
        }
    }

    fn endpoint(&mut self, config: &EndpointConfig) -> Option<Endpoint> {
        let pointer = format!("{ROOT}/endpoint");
        let url_fits = !config.url.trim().is_empty()
            && config.url.chars().count() <= self.limits.text_chars
            && Url::parse("https://a.example/b/")
                .and_then(|base| base.join(&config.url))
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        let message = "expected an http or https address, or a path on the website";
        self.faults.check(url_fits, &format!("{pointer}/url"), message);
        for (name, value) in &config.headers {
            let place = format!("{pointer}/headers/{}", escaped(name));
            let is_header = reqwest::header::HeaderName::try_from(name.as_str()).is_ok();
            let may_be_set = is_header && !RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str());
            self.faults.check(
                may_be_set,
                &place,
                "expected a header that says nothing of who asks, of the connection, or of what is known already",
            );
            let fits = value.chars().count() <= self.limits.text_chars
                && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            let message = format!("expected at most {} printable ASCII characters", self.limits.text_chars);
            self.faults.check(fits, &place, message);
        }
        for (name, value) in &config.parameters {
            let place = format!("{pointer}/parameters/{}", escaped(name));
            self.faults.check(endpoint::scalar(value).is_some(), &place, "expected a text, a number, true or false");
        }
        for (count, key) in [(config.headers.len(), "headers"), (config.parameters.len(), "parameters")] {
            let message = format!("expected at most {}", self.limits.parameters);
            self.faults.check(count <= self.limits.parameters, &format!("{pointer}/{key}"), message);
        }
        let is_get = config.method == Method::Get;
        let message = "expected no body with GET; the method POST sends one";
        self.faults.check(!(is_get && config.body.is_some()), &format!("{pointer}/body"), message);
        let listings = self.path(&config.listings, &format!("{pointer}/listings"));
        let total = config.total.as_ref().map(|path| self.path(path, &format!("{pointer}/total")));
        let fields = self.fields(&config.fields, &format!("{pointer}/fields"), Self::compiled_paths);
        let next_request = config.pagination.as_ref().map(|pagination| self.next_request(pagination, config));
        Some(Endpoint {
            listings: listings?,
            total: transposed(total)?,
            fields: fields?,
            next_request: transposed(next_request)?,
            config: config.clone(),
        })
    }

    fn next_request(&mut self, pagination: &DataPagination, config: &EndpointConfig) -> Option<NextRequest> {
        let pointer = format!("{ROOT}/endpoint/pagination");
        match pagination {
            DataPagination::Next(path) => self.path(path, &format!("{pointer}/next")).map(NextRequest::Address),
            DataPagination::Page(counter) => {
                let slot = self.counted_slot(counter, config, &format!("{pointer}/page"));
                Some(NextRequest::Page { slot: slot?, first: counter.first.unwrap_or(1), size: counter.size })
            }
            DataPagination::Offset(counter) => {
                let slot = self.counted_slot(counter, config, &format!("{pointer}/offset"));
                Some(NextRequest::Offset { slot: slot?, first: counter.first.unwrap_or(0), size: counter.size })
            }
            DataPagination::Cursor(cursor) => {
                let pointer = format!("{pointer}/cursor");
                let slot = self.slot(&cursor.parameter, cursor.within, config, &pointer);
                let path = self.path(&cursor.path, &format!("{pointer}/path"));
                Some(NextRequest::Cursor { slot: slot?, path: path? })
            }
        }
    }

    fn counted_slot(&mut self, counter: &Counter, config: &EndpointConfig, pointer: &str) -> Option<Slot> {
        self.counter(counter, pointer);
        self.slot(&counter.parameter, counter.within, config, pointer)
    }

    /// Where in a request a parameter goes.
    fn slot(
        &mut self,
        parameter: &str,
        within: Option<Within>,
        config: &EndpointConfig,
        pointer: &str,
    ) -> Option<Slot> {
        let is_get = config.method == Method::Get;
        let within = within.unwrap_or(if is_get { Within::Query } else { Within::Body });
        if within == Within::Query {
            self.name(parameter, &format!("{pointer}/parameter"));
            return Some(Slot::Query(parameter.to_owned()));
        }
        self.faults.check(!is_get, &format!("{pointer}/in"), "expected query: GET has no body");
        let path = self.path(parameter, &format!("{pointer}/parameter"))?;
        let mut body = config.body.clone().unwrap_or_default();
        let has_room = !path.is_whole_document() && path.place(&mut body).is_some();
        self.faults.check(has_room, &format!("{pointer}/parameter"), "expected a place within the body");
        Some(Slot::Body(path))
    }
}

/// The pointer as the document is written: a place may be a text alone, or the only one of a list.
fn located(document: &Value, pointer: &str) -> String {
    let mut found = ROOT.to_owned();
    let mut value = Some(document);
    for key in pointer.trim_start_matches(ROOT).split('/').skip(1) {
        if value.is_some_and(Value::is_string) {
            break;
        }
        if let Some(Value::Array(items)) = value
            && key.parse::<usize>().is_err()
        {
            found.push_str("/0");
            value = items.first();
            if value.is_some_and(Value::is_string) {
                break;
            }
        }
        found.push('/');
        found.push_str(key);
        value = value.and_then(|value| value.pointer(&format!("/{key}")));
    }
    found
}

#[expect(clippy::option_option, reason = "given or not, and compiled or not")]
fn transposed<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        Some(compiled) => compiled.map(Some),
        None => Some(None),
    }
}
