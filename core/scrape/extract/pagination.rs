//! How many vehicles a page claims there are, and where its next page is.
//!
//! Read from the stream of tags, without a tree, so that the answer is the same whichever technique read the listings. What is
//! deliberately not here: fetching the next page, and building addresses that the page does not link to.

use std::borrow::Cow;

use url::Url;

use super::{
    card,
    claimed::{says_none, total},
    clean,
    data::set_query,
    entities,
    markup::{Tag, Token},
    page::Page,
};

/// What a page says about its place in the list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pagination {
    pub(crate) total: Option<u32>,
    pub(crate) next: Option<String>,
    /// Whether it says in words that nothing was found.
    pub(crate) says_none: bool,
    /// The text of a button or link with which a script shows more of the list.
    pub(crate) more_by_script: Option<String>,
}

/// The address of the page behind this one, where pages are counted from one by a parameter and a total says that it is not the
/// last; `page_size` is how many vehicles each but the last shows, if more than this one.
pub(crate) fn next_by_number(
    page: &Page<'_>,
    name: &str,
    page_size: u32,
    shown: usize,
    total: Option<u32>,
) -> Option<String> {
    let shown = u32::try_from(shown).ok().filter(|shown| *shown > 0)?;
    let number = page.url.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let number: u32 = number.and_then(|(_, number)| number.parse().ok()).unwrap_or(1).max(1);
    let reached = (number - 1).checked_mul(shown.max(page_size))?.checked_add(shown)?;
    (reached < total?).then(|| {
        let mut url = page.url.clone();
        set_query(&mut url, name, &(number + 1).to_string());
        url.into()
    })
}

/// Query parameters that count pages, in use by the vendors.
const PAGE_PARAMETERS: [&str; 12] =
    ["page", "pt", "pn", "_p", "p", "pg", "page_no", "pageno", "pagenumber", "paged", "currentpage", "pageindex"];

/// Query parameters that count the vehicles before a page.
const OFFSET_PARAMETERS: [&str; 12] = [
    "start",
    "offset",
    "skip",
    "from",
    "startrow",
    "start_row",
    "startat",
    "startindex",
    "startrecord",
    "firstrecord",
    "first",
    "limitstart",
];

/// How many bytes of a page there are for one byte of text. A safe guess.
const BYTES_PER_WORDS_BYTE: usize = 8;

/// Reads both from the page.
pub(crate) fn read(page: &Page<'_>) -> Pagination {
    let words = String::with_capacity(page.html.len() / BYTES_PER_WORDS_BYTE);
    let mut reader = Reader {
        page,
        candidates: Vec::new(),
        words,
        link: None,
        link_text: String::new(),
        item_class: "",
        says_none: false,
        more_by_script: None,
    };
    for token in page.tokens() {
        reader.take(token);
    }
    reader.close_link();
    let total = total(&reader.words);
    let more_by_script = reader.more_by_script.take();
    Pagination { total, says_none: reader.says_none, next: reader.next(), more_by_script }
}

/// How clearly a link leads to the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Plainness {
    /// Its page number is the current one plus one.
    Number,
    /// `>` or `»`.
    Arrow,
    /// `Next` in its text, label or class.
    Word,
    /// `rel="next"`.
    Relation,
}

/// The attributes of a link that matter here, undecoded.
#[derive(Default)]
struct OpenLink<'a> {
    href: &'a str,
    rel: &'a str,
    class: &'a str,
    labels: [&'a str; LABELS.len()],
    disabled: bool,
    /// Whether it is a button, which has no address.
    is_button: bool,
    /// Whether it is hidden or disabled.
    is_unseen: bool,
    /// The classes of the list item around it.
    item_class: &'a str,
}

/// Attributes that label a link for screen readers.
const LABELS: [&str; 3] = ["aria-label", "title", "data-action"];

impl<'a> OpenLink<'a> {
    fn read(tag: &Tag<'a>) -> Self {
        let mut link = Self { is_button: tag.is("button"), ..Self::default() };
        for (name, value) in tag.attributes() {
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            link.is_unseen |= is("hidden") || is("disabled") || (is("style") && hides(value));
            if is("href") {
                link.href = value;
            } else if is("class") {
                link.class = value;
            } else if is("rel") {
                link.rel = value;
            } else if is("aria-disabled") {
                link.disabled = value == "true";
            } else if let Some(at) = LABELS.iter().position(|label| is(label)) {
                link.labels[at] = value;
            }
        }
        link
    }
}

/// Whether a style hides its element.
fn hides(style: &str) -> bool {
    let style: String =
        style.chars().filter(|sign| !sign.is_whitespace()).map(|sign| sign.to_ascii_lowercase()).collect();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// Whether the classes of the usual frameworks hide or disable it.
fn says_hidden(classes: &str) -> bool {
    const CLASSES: [&str; 6] = ["hidden", "hide", "d-none", "is-hidden", "invisible", "visually-hidden"];
    CLASSES.iter().any(|class| has_class(classes, class))
}

fn says_disabled(classes: &str) -> bool {
    has_class(classes, "disabled")
}

fn has_class(classes: &str, wanted: &str) -> bool {
    classes.split_ascii_whitespace().any(|class| class.eq_ignore_ascii_case(wanted))
}

struct Reader<'p, 'a> {
    page: &'p Page<'a>,
    candidates: Vec<(Plainness, String)>,
    /// The page's text, spaces collapsed piece by piece.
    words: String,
    link: Option<OpenLink<'a>>,
    /// The text of that link so far; one buffer serves all links of the page.
    link_text: String,
    /// The classes of the list item that is open.
    item_class: &'a str,
    says_none: bool,
    more_by_script: Option<String>,
}

/// A longer link is a card, not a pager.
const LINK_TEXT_MAX: usize = 60;

impl<'a> Reader<'_, 'a> {
    fn take(&mut self, token: &Token<'a>) {
        match token {
            Token::Open(tag) if tag.is("link") => self.take_relation(&OpenLink::read(tag)),
            Token::Open(tag) if tag.is("a") || (tag.is("button") && self.link.is_none()) => {
                self.close_link();
                let mut link = OpenLink::read(tag);
                self.take_relation(&link);
                link.item_class = self.item_class;
                self.link = Some(link);
                self.link_text.clear();
            }
            Token::Open(tag) if tag.is("img") && self.link.is_some() && self.link_text.len() <= LINK_TEXT_MAX => {
                // An arrow in a picture.
                let alt = tag.attributes().find(|(name, _)| name.eq_ignore_ascii_case("alt"));
                self.link_text.push_str(alt.map_or("", |(_, alt)| alt).trim_ascii());
                self.link_text.push(' ');
            }
            Token::Open(tag) if tag.is("li") => {
                // A word without references is the same undecoded.
                let classes = tag.attributes().find(|(name, _)| name.eq_ignore_ascii_case("class"));
                self.item_class = classes.map_or("", |(_, classes)| classes);
            }
            Token::Close(name) if name.eq_ignore_ascii_case("a") => self.close_link(),
            Token::Close(name)
                if name.eq_ignore_ascii_case("button") && self.link.as_ref().is_some_and(|link| link.is_button) =>
            {
                self.close_link();
            }
            Token::Close(name) if name.eq_ignore_ascii_case("li") => self.item_class = "",
            Token::Text(text) => {
                if self.link.is_some() && self.link_text.len() <= LINK_TEXT_MAX {
                    self.link_text.push_str(text.trim_ascii());
                    self.link_text.push(' ');
                }
                if !text.trim_ascii().is_empty() {
                    self.says_none |= says_none(text);
                    self.words.push_str(text);
                    self.words.push(' ');
                }
            }
            Token::Raw(tag, text) if tag.is("title") => {
                self.words.push_str(text);
                self.words.push_str(" . ");
            }
            _ => {}
        }
    }

    fn take_relation(&mut self, link: &OpenLink<'_>) {
        if has_class(link.rel, "next")
            && let Some(url) = self.page.absolute(link.href)
        {
            self.candidates.push((Plainness::Relation, url));
        }
    }

    fn close_link(&mut self) {
        let Some(link) = self.link.take().filter(|link| !link.disabled) else { return };
        if self.link_text.len() > LINK_TEXT_MAX {
            return;
        }
        // Most links of a page are none of these: their text is looked at before it is cleaned, and no address is resolved.
        if !may_lead_on(&link, &self.link_text) || [link.class, link.item_class].into_iter().any(says_disabled) {
            return;
        }
        let text = clean::collapse(&entities::decode_text(&self.link_text));
        let plainness = if says_next(&link, &text) {
            Plainness::Word
        } else if says_more(&text) || text.eq_ignore_ascii_case("show more") {
            // What is called more may be another list: it goes on here where it counts on.
            Plainness::Number
        } else if matches!(text.as_str(), ">" | "›" | "→" | "»" | ">>") {
            Plainness::Arrow
        } else if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Plainness::Number
        } else {
            return;
        };
        let url = if link.is_button { None } else { self.page.absolute(link.href) };
        let Some(url) = url else {
            self.note_more(&link, text);
            return;
        };
        let follows = || self.counts_on(&text, &url);
        if plainness > Plainness::Number || follows() {
            self.candidates.push((plainness, url));
        }
    }

    /// Notes a button or a link without an address that shows more of the list. An arrow alone turns pictures more often than pages.
    fn note_more(&mut self, link: &OpenLink<'_>, text: String) {
        let is_pager = [link.class, link.item_class].into_iter().any(|classes| card::mentions(classes, "pag"));
        let says_so =
            || link.labels.iter().copied().chain([&*text]).any(says_next_page) || (is_pager && says_next(link, &text));
        if !link.is_unseen && !says_hidden(link.class) && (says_more(&text) || says_so()) {
            self.more_by_script.get_or_insert(text);
        }
    }

    /// Whether the address of a link counts on by one page from the address of this one; `text` is the number that the link shows.
    fn counts_on(&self, text: &str, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let here = &self.page.url;
        let shown: Option<u32> = text.parse().ok();
        if let Some(number) = page_number(&url) {
            // Some count from zero: `2` leads to `?page=1`.
            let first = if shown.is_some_and(|shown| Some(number) == shown.checked_sub(1)) { 0 } else { 1 };
            return Some(number) == page_number(here).unwrap_or(first).checked_add(1);
        }
        let Some(offset) = vehicles_before(&url) else { return false };
        let from = vehicles_before(here).unwrap_or_default();
        // The offsets of pages are as far apart as those of the first and the second.
        let is_next = |shown: u32, first: u32| {
            let (offset, from) = (u64::from(offset.saturating_sub(first)), u64::from(from.saturating_sub(first)));
            offset > from && offset * u64::from(shown.saturating_sub(2)) == from * u64::from(shown.saturating_sub(1))
        };
        match shown {
            Some(shown) => shown > 1 && (is_next(shown, 0) || is_next(shown, 1)),
            None => offset > from,
        }
    }

    fn next(self) -> Option<String> {
        let here = comparable(self.page.url.as_str());
        let plainest =
            self.candidates.iter().filter(|(_, url)| comparable(url) != here).max_by(|(one, _), (other, _)| {
                // Of equal links, the first on the page.
                one.cmp(other).then(std::cmp::Ordering::Greater)
            })?;
        Some(comparable(&plainest.1).into_owned())
    }
}

/// Whether a look at the raw text and labels leaves it open that a link leads to another page.
fn may_lead_on(link: &OpenLink<'_>, text: &str) -> bool {
    // An entity may stand for anything; otherwise the first letters or digits tell a pager from a menu.
    let first =
        |text: &str| text.bytes().position(|byte| byte.is_ascii_alphanumeric() || byte == b'&' || !byte.is_ascii());
    let may_say_next = |text: &str, at: usize| match &text.as_bytes()[at..] {
        [b'n' | b'N', second, ..] => b"eEaA&".contains(second) || !second.is_ascii(),
        [b'g' | b'G', second, ..] => b"oO&".contains(second),
        [b'o' | b'O', second, ..] => b"lL&".contains(second),
        [b's' | b'S', second, ..] => b"uUiI&".contains(second),
        [b'w' | b'W', second, ..] => b"eE&".contains(second),
        [b'p' | b'P', second, ..] => b"aArR&".contains(second) || !second.is_ascii(),
        [b'a' | b'A' | b'v' | b'V', second, ..] => b"vVoO&".contains(second),
        [letter, ..] => !letter.is_ascii_alphanumeric(),
        [] => false,
    };
    let shown = match first(text) {
        Some(at) => text.as_bytes()[at].is_ascii_digit() || may_say_next(text, at),
        None => text.contains('>'),
    };
    shown
        || card::mentions(text, "more")
        || link.labels.iter().any(|label| first(label).is_some_and(|at| may_say_next(label, at)))
        // Each class that says so has the word in it.
        || card::mentions(link.class, "next")
}

fn says_next(link: &OpenLink<'_>, text: &str) -> bool {
    const WORDS: [&str; 24] = [
        "next",
        "next page",
        "go to next page",
        "go to the next page",
        "older",
        // French, Spanish, German, Portuguese, Italian, Dutch, Polish
        "suivant",
        "suivante",
        "page suivante",
        "suiv",
        "siguiente",
        "siguientes",
        "sig",
        "p\u{e1}gina siguiente",
        "weiter",
        "n\u{e4}chste",
        "n\u{e4}chste seite",
        "pr\u{f3}ximo",
        "pr\u{f3}xima",
        "avanti",
        "successivo",
        "successiva",
        "volgende",
        "nast\u{119}pna",
        "nast\u{119}pny",
    ];
    const CLASSES: [&str; 4] = ["next", "pagination-next", "page-next", "next-page"];
    let is_next = |words: &str| {
        let words = words.trim_matches(|c: char| !c.is_alphanumeric());
        let is_plain = words.is_ascii();
        WORDS.iter().any(|word| words.eq_ignore_ascii_case(word) || (!is_plain && words.to_lowercase() == **word))
    };
    is_next(text)
        || link.labels.iter().any(|label| is_next(label))
        || card::mentions(link.class, "next") && CLASSES.iter().any(|class| has_class(link.class, class))
}

/// Whether a text says that a page follows.
fn says_next_page(text: &str) -> bool {
    const WORDS: [&str; 3] = ["next page", "go to next page", "go to the next page"];
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    WORDS.iter().any(|words| text.eq_ignore_ascii_case(words))
}

/// Whether a text offers more of a list of vehicles: `Load more`, `Show 24 more vehicles`, `View more results`.
fn says_more(text: &str) -> bool {
    const VERBS: [&str; 4] = ["load", "show", "view", "see"];
    const LISTED: [&str; 6] = ["vehicles", "cars", "trucks", "results", "inventory", "listings"];
    if !card::mentions(text, "more") {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).collect();
    match words.as_slice() {
        ["load", "more"] => true,
        [verb, "more", .., what] => VERBS.contains(verb) && LISTED.contains(what),
        _ => false,
    }
}

/// The address without its fragment and without an empty end of its query.
fn comparable(url: &str) -> Cow<'_, str> {
    let without_fragment = url.split('#').next().unwrap_or(url);
    Cow::Borrowed(without_fragment.trim_end_matches(['&', '?']))
}

fn page_number(url: &Url) -> Option<u32> {
    number_by(url, &PAGE_PARAMETERS).or_else(|| page_number_in_path(url.path()))
}

/// How many vehicles come before those of a page, by its address.
fn vehicles_before(url: &Url) -> Option<u32> {
    number_by(url, &OFFSET_PARAMETERS)
}

/// The number that one of some parameters has in an address.
fn number_by(url: &Url, parameters: &[&str]) -> Option<u32> {
    let is_one = |name: &str| parameters.iter().any(|known| name.eq_ignore_ascii_case(known));
    url.query_pairs().find(|(name, _)| is_one(name)).and_then(|(_, value)| value.parse().ok())
}

/// `/used/page/2/`, `/used/page-2`, `/used/page2.html`.
fn page_number_in_path(path: &str) -> Option<u32> {
    let mut places = path.split('/');
    let behind = places.find_map(|place| {
        let place = place.split('.').next().unwrap_or(place);
        place.get(..4).filter(|word| word.eq_ignore_ascii_case("page")).map(|_| &place[4..])
    })?;
    let digits = behind.trim_start_matches(['-', '_', '=']);
    if behind.is_empty() { places.next()?.parse().ok() } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;

    use super::*;

    fn read_at(url: &str, html: &str) -> Pagination {
        let tree = OnceCell::new();
        read(&Page::new(html, Url::parse(url).unwrap(), &tree).unwrap())
    }

    #[test]
    fn a_button_may_show_more_of_the_list() {
        for (html, says) in [
            ("<button id=more>Load more</button>", Some("Load more")),
            (r#"<a href="javascript:more()" class="btn"> Show 24 More Vehicles </a>"#, Some("Show 24 More Vehicles")),
            (r##"<a href="#"><span>View more results</span></a>"##, Some("View more results")),
            ("<button aria-label='Go to next page'><svg></svg></button>", Some("")),
            (r##"<li class="page-item"><a class="page-link" href="#">Next</a></li>"##, Some("Next")),
            // Nobody sees it, or can use it.
            ("<button disabled>Load more</button><button class='btn d-none'>Load more</button>", None),
            ("<button style='display: none'>Load more</button><button hidden>Load more</button>", None),
            (r#"<li class="disabled"><a class="page-link">Next</a></li>"#, None),
            // It shows something else.
            (r##"<a href="#gallery" data-slide="next">Next</a><button>Next</button>"##, None),
            (
                "<button>Show more</button><button>Load more reviews</button><a>Learn more</a><a>View more info</a>",
                None,
            ),
            // It leads to another list, or to the next page.
            (r#"<a href="/inventory">View more inventory</a>"#, None),
        ] {
            let read = read_at("https://lot.example/used", html);
            assert_eq!((read.more_by_script.as_deref(), read.next), (says, None), "{html}");
        }
        let linked = read_at("https://lot.example/used", r#"<a href="/used?page=2">Load more</a>"#);
        assert_eq!((linked.more_by_script, linked.next.as_deref()), (None, Some("https://lot.example/used?page=2")));
        let classed =
            read_at("https://lot.example/used", r#"<a class="next" href="/used?offset=24">Load more vehicles</a>"#);
        assert_eq!(classed.next.as_deref(), Some("https://lot.example/used?offset=24"));
    }

    #[test]
    fn pages_may_be_counted_by_the_vehicles_before_them() {
        let pager = |name: &str, first: u32, step: u32| -> String {
            let link = |page: u32| format!(r#"<a href="/used?{name}={}">{page}</a>"#, first + (page - 1) * step);
            (1..=5).map(link).collect()
        };
        for (query, html, next) in [
            ("", pager("start", 0, 25), Some("start=25")),
            ("?start=0", pager("start", 0, 25), Some("start=25")),
            ("?start=25", pager("start", 0, 25), Some("start=50")),
            ("?offset=50", pager("offset", 0, 25), Some("offset=75")),
            ("?start=100", pager("start", 0, 25), None),
            ("", pager("startRow", 1, 20), Some("startRow=21")),
            ("?startrow=41", pager("startRow", 1, 20), Some("startRow=61")),
            ("?make=ford", pager("make=ford&skip", 0, 24), Some("make=ford&skip=24")),
            // Pages that are counted from zero.
            ("", pager("page", 0, 1), Some("page=1")),
            ("?page=1", pager("page", 0, 1), Some("page=2")),
            ("?page=4", pager("page", 0, 1), None),
            // Years of a calendar, and the first page alone.
            ("?start=25", r#"<a href="/used">1</a><a href="/used?start=25">2</a>"#.to_owned(), None),
            ("", r#"<a href="/used?from=2019">2019</a><a href="/used?from=2020">2020</a>"#.to_owned(), None),
            ("?offset=24", r#"<a href="?offset=48">Load more</a>"#.to_owned(), Some("offset=48")),
            ("?offset=48", r#"<a href="?offset=24">Load more</a>"#.to_owned(), None),
        ] {
            let next = next.map(|next| format!("https://lot.example/used?{next}"));
            assert_eq!(read_at(&format!("https://lot.example/used{query}"), &html).next, next, "{query} {html}");
        }
    }

    #[test]
    fn pages_may_be_counted_in_their_path() {
        let pager = r#"<li class="active"><a href="/used/page/2/">2</a></li><li><a href="/used/">1</a></li>
            <li><a href="/used/page/3/">3</a></li><li><a href="/used/page/9/">9</a></li>"#;
        for (url, html, next) in [
            ("https://lot.example/used/page/2/", pager, Some("https://lot.example/used/page/3/")),
            ("https://lot.example/used/page/9/", pager, None),
            ("https://lot.example/used/", pager, Some("https://lot.example/used/page/2/")),
            (
                "https://lot.example/used/page-2.html",
                r#"<a href="page-3.html">3</a>"#,
                Some("https://lot.example/used/page-3.html"),
            ),
            ("https://lot.example/pages/", r#"<a href="/pages/2019-ford">2</a>"#, None),
        ] {
            assert_eq!(read_at(url, html).next.as_deref(), next, "{url}");
        }
    }

    #[test]
    fn the_next_page_is_found_however_it_is_linked() {
        let url = "https://lot.example/used?page=2";
        for (html, next) in [
            (r#"<link rel="next" href="/used?page=3">"#, Some("https://lot.example/used?page=3")),
            (r#"<a href="?start=35&amp;" rel="nofollow next"><i></i></a>"#, Some("https://lot.example/used?start=35")),
            (r#"<a href="/used?page=3"> Next <span></span> → </a>"#, Some("https://lot.example/used?page=3")),
            (r#"<a href="page-3.html"> &gt;</a>"#, Some("https://lot.example/page-3.html")),
            (r#"<a href="?page=3" aria-label="Next page"><i></i></a>"#, Some("https://lot.example/used?page=3")),
            (
                r#"<a href="?page=1">1</a><a href="?page=2">2</a><a href="?page=3">3</a><a href="?page=4">4</a>"#,
                Some("https://lot.example/used?page=3"),
            ),
            // The last page: nothing behind it.
            (r#"<a href="?page=1">1</a><a href="?page=2">2</a>"#, None),
            (
                r##"<a href="#">Next</a><a href="javascript:go()">Next</a><li class="disabled"><a href="?page=3">Next</a></li>"##,
                None,
            ),
            (r#"<a href="?page=2">Next</a>"#, None),
            (r#"<a href="?page=3">Suivant</a>"#, Some("https://lot.example/used?page=3")),
            (r#"<a href="?page=3">Siguiente &raquo;</a>"#, Some("https://lot.example/used?page=3")),
            (r#"<a href="?page=3">N&auml;chste Seite</a>"#, Some("https://lot.example/used?page=3")),
            (r#"<a href="?page=3">Weiter</a>"#, Some("https://lot.example/used?page=3")),
            (r#"<a href="?page=3">Suites</a><a href="?page=3">Weitere Infos</a><a href="/sig">Signature</a>"#, None),
            (r#"<a style="cursor: default">Next</a><a href="?page=1">&lt;</a>"#, None),
        ] {
            assert_eq!(read_at(url, html).next.as_deref(), next, "{html}");
        }
    }

    #[test]
    fn a_page_says_that_nothing_was_found() {
        for (text, says) in [
            ("No vehicles found", true),
            (" No vehicles found matching your search. ", true),
            ("No results match your filters", true),
            ("no matching vehicles found!", true),
            ("No vehicles on hold", false),
            ("No accidents found on cars", false),
            ("Now 35 vehicles found", false),
            ("There are no vehicles found faster than ours", false),
        ] {
            assert_eq!(read_at("https://lot.example/", &format!("<p>{text}</p>")).says_none, says, "{text}");
        }
    }

    #[test]
    fn the_total_is_what_the_page_claims() {
        for (html, total) in [
            ("<div>1 - 30 of 35 Total</div>", Some(35)),
            ("<h4>Showing 1-25\n    of 66 vehicles</h4>", Some(66)),
            ("<span class=n>58</span> Vehicles matching", Some(58)),
            ("Displaying 8 vehicles out of 57", Some(57)),
            ("Viewing 1 to 8 (of 57)", Some(57)),
            ("88 matches out of 88 vehicles.", Some(88)),
            ("<p>Over 500 vehicles in stock</p><b>1,204</b> Used Vehicles Found", Some(1_204)),
            ("<title>66 New Vehicles for Sale</title>", Some(66)),
            ("Founded 1987. Page 2 of 3.", None),
            ("<script>var n = '12 vehicles';</script>", None),
        ] {
            assert_eq!(read_at("https://lot.example/", html).total, total, "{html}");
        }
    }
}
