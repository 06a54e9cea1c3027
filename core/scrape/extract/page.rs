//! A page and the views of it that techniques share, each made once and only when asked for.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, Ref, RefCell},
    collections::HashSet,
};

use html5ever::{
    driver,
    tendril::{StrTendril, TendrilSink as _},
};
use memchr::{memchr, memchr_iter, memmem};
use scraper::{Html, HtmlTreeSink};
use url::{Position, Url};

use super::{
    clean, decoys,
    dom::Dom,
    entities,
    limits::PageLimits,
    markup::{self, Script, Token, Tokens},
    shown_prices::ShownPrices,
    tree,
};
use crate::{Error, ErrorCode, Result};

/// A decoded page.
pub(crate) struct Page<'a> {
    pub(crate) html: &'a str,
    pub(crate) url: Url,
    tokens: OnceCell<Vec<Token<'a>>>,
    scripts: OnceCell<Vec<Script<'a>>>,
    tree: &'a OnceCell<Html>,
    dom: OnceCell<Dom<'a>>,
    /// The cards that state prices of which none is plainly the one that is asked, by their places.
    unclear_prices: RefCell<HashSet<usize>>,
    /// What the words of its cards call their amounts.
    shown_prices: RefCell<Vec<ShownPrices>>,
    /// Whether data of its vehicles is held against what its cards show.
    compares_data: Cell<bool>,
    /// The cards that look like those of vehicles and say too little to be one, by their places.
    left_out: RefCell<HashSet<usize>>,
    offers_cars: OnceCell<bool>,
    is_about_others: OnceCell<bool>,
    lists_other_goods: OnceCell<bool>,
    lists_leases: OnceCell<bool>,
    names_a_dealer: OnceCell<bool>,
    /// What its links are relative to, if the page says so itself.
    base: OnceCell<Option<Url>>,
}

/// How many bytes of a page make a token, at a guess on the safe side.
const BYTES_PER_TOKEN: usize = 24;

impl<'a> Page<'a> {
    /// The caller keeps the cell of the tree, so that views may borrow from it.
    ///
    /// # Errors
    /// `page_empty`, `page_too_large` and, for more tags than any page has, `page_too_tangled`.
    pub(crate) fn new(html: &'a str, url: Url, tree: &'a OnceCell<Html>) -> Result<Self> {
        if html.trim_ascii().is_empty() {
            return Err(Error::new(ErrorCode::PageEmpty, "the page is empty"));
        }
        check_size(html.len())?;
        if memchr_iter(b'<', html.as_bytes()).count() > PageLimits::DEFAULT.tags_max {
            return Err(tree::too_tangled());
        }
        Ok(Self {
            html,
            url,
            tokens: OnceCell::new(),
            scripts: OnceCell::new(),
            tree,
            dom: OnceCell::new(),
            unclear_prices: RefCell::default(),
            shown_prices: RefCell::default(),
            compares_data: Cell::new(false),
            left_out: RefCell::default(),
            offers_cars: OnceCell::new(),
            is_about_others: OnceCell::new(),
            lists_other_goods: OnceCell::new(),
            lists_leases: OnceCell::new(),
            names_a_dealer: OnceCell::new(),
            base: OnceCell::new(),
        })
    }

    /// Notes that a card states prices of which none is plainly the one that is asked.
    pub(super) fn note_unclear_price(&self, card: usize) {
        self.unclear_prices.borrow_mut().insert(card);
    }

    /// How many such cards were read; a card may be read more than once.
    pub(super) fn unclear_prices(&self) -> usize {
        self.unclear_prices.borrow().len()
    }

    /// Notes what the words of a card call its amounts.
    pub(super) fn note_shown_prices(&self, shown: ShownPrices) {
        self.shown_prices.borrow_mut().push(shown);
    }

    /// What the words of the cards that were read call their amounts.
    pub(super) fn shown_prices(&self) -> Ref<'_, Vec<ShownPrices>> {
        self.shown_prices.borrow()
    }

    /// Says that data of its vehicles will be held against what its cards show.
    pub(super) fn compare_data(&self) {
        self.compares_data.set(true);
    }

    pub(super) fn compares_data(&self) -> bool {
        self.compares_data.get()
    }

    /// Notes a card that was made like those of vehicles and says too little to be one.
    pub(super) fn note_left_out(&self, card: usize) {
        self.left_out.borrow_mut().insert(card);
    }

    pub(super) fn left_out(&self) -> usize {
        self.left_out.borrow().len()
    }

    /// Whether its title says that it is a list of vehicles for sale.
    pub(super) fn offers_cars(&self) -> bool {
        *self.offers_cars.get_or_init(|| self.title().is_some_and(decoys::offers_cars) && !self.lists_other_goods())
    }

    /// Whether its title or its first main heading has words of the name of a dealer, or heads cars for sale: `Smith Motors`, `Used
    /// Cars`.
    pub(super) fn names_a_dealer(&self) -> bool {
        *self.names_a_dealer.get_or_init(|| {
            let heading = self.main_heading();
            self.offers_cars()
                || self.title().is_some_and(decoys::names_a_dealer)
                || decoys::names_a_dealer(&heading)
                || decoys::offers_cars(&heading)
                || self.site_name().is_some_and(|name| decoys::names_a_dealer(&name))
                || self.url.host_str().is_some_and(decoys::is_host_of_a_dealer)
        })
    }

    /// The name of its website, as it tells those who link to it.
    fn site_name(&self) -> Option<Cow<'a, str>> {
        self.tokens().iter().find_map(|token| match token {
            Token::Open(tag) if tag.is("meta") && tag.attribute("property").as_deref() == Some("og:site_name") => {
                tag.attribute("content")
            }
            _ => None,
        })
    }

    fn title(&self) -> Option<&'a str> {
        self.tokens().iter().find_map(|token| match token {
            Token::Raw(tag, text) if tag.is("title") => Some(*text),
            _ => None,
        })
    }

    /// Whether its first main heading says that it lists what is done to cars, or taken out of them.
    pub(super) fn is_about_others(&self) -> bool {
        *self.is_about_others.get_or_init(|| decoys::heads_other_things(&self.main_heading()))
    }

    /// Whether its first main heading or its title names parts, work or rentals as what it lists.
    pub(super) fn lists_other_goods(&self) -> bool {
        *self.lists_other_goods.get_or_init(|| {
            let title = self.title().and_then(|title| title.split(['|', '-', '\u{2013}', '\u{2014}']).next());
            decoys::lists_other_goods(&self.main_heading(), false)
                || title.is_some_and(|title| decoys::lists_other_goods(title, true))
        })
    }

    /// Whether its first main heading says that it lists leases.
    pub(super) fn lists_leases(&self) -> bool {
        *self.lists_leases.get_or_init(|| decoys::lists_leases(&self.main_heading()))
    }

    /// The text of its first main heading.
    fn main_heading(&self) -> String {
        let behind = self.tokens().iter().skip_while(|token| !matches!(token, Token::Open(tag) if tag.is("h1")));
        let within = behind.take_while(|token| !matches!(token, Token::Close(name) if name.eq_ignore_ascii_case("h1")));
        let texts: Vec<&str> =
            within.filter_map(|token| if let Token::Text(text) = token { Some(&**text) } else { None }).collect();
        texts.join(" ")
    }

    /// The page's markup in order, without a tree.
    pub(crate) fn tokens(&self) -> &[Token<'a>] {
        self.tokens.get_or_init(|| {
            // Most pages have a token every twenty to forty bytes.
            let mut tokens = Vec::with_capacity(self.html.len() / BYTES_PER_TOKEN);
            tokens.extend(Tokens::new(self.html));
            tokens
        })
    }

    pub(crate) fn scripts(&self) -> &[Script<'a>] {
        self.scripts.get_or_init(|| markup::scripts(self.tokens()))
    }

    /// The absolute form of a link of this page, `None` for what leads to no page (`#`, `javascript:`, `mailto:`).
    pub(crate) fn absolute(&self, link: &str) -> Option<String> {
        absolute(self.base().unwrap_or(&self.url), link)
    }

    /// The address of the first `base` of the page.
    fn base(&self) -> Option<&Url> {
        let read = || {
            // Few pages have one.
            let may_be = ["<base", "<BASE", "<Base"];
            may_be.iter().find(|name| memmem::find(self.html.as_bytes(), name.as_bytes()).is_some())?;
            let href = self.tokens().iter().find_map(|token| match token {
                Token::Open(tag) if tag.is("base") => tag.attribute("href"),
                _ => None,
            })?;
            self.url.join(href.trim()).ok().filter(|base| matches!(base.scheme(), "http" | "https"))
        };
        self.base.get_or_init(read).as_ref()
    }

    /// The elements and texts of the page as a browser would nest them.
    ///
    /// # Errors
    /// `page_too_deep` and `page_too_tangled`, before they cost much.
    pub(crate) fn dom(&self) -> Result<&Dom<'a>> {
        if let Some(dom) = self.dom.get() {
            return Ok(dom);
        }
        let dom = Dom::read(self.html, &PageLimits::DEFAULT)?;
        Ok(self.dom.get_or_init(|| dom))
    }

    /// The same page for those who look for elements by selectors; [`Dom::places`] says where they stand.
    ///
    /// # Errors
    /// As [`Page::dom`].
    pub(crate) fn tree(&self) -> Result<&'a Html> {
        if self.tree.get().is_none() {
            let tree = parse(self.html, &PageLimits::DEFAULT)?;
            // Nobody else has set it: a page is read by one thread.
            let _already_set = self.tree.set(tree);
        }
        self.tree.get().ok_or_else(|| Error::new(ErrorCode::TreeMissing, "the page has no tree"))
    }
}

/// The absolute form of a link that stands on the page `base`.
pub(crate) fn absolute(base: &Url, link: &str) -> Option<String> {
    if let Some(joined) = joined_as_written(base, link) {
        return Some(joined);
    }
    let link = clean::collapse(&entities::decode(link));
    // A fragment that scripts read as a path leads to another page.
    let stays =
        link.starts_with('#') && !["#/", "#!/"].iter().any(|start| link.len() > start.len() && link.starts_with(start));
    if link.is_empty() || stays || link.contains("{{") {
        return None;
    }
    let url = base.join(&link).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// What [`Url::join`] gives for the links that most are, found without parsing: there is nothing in them to resolve or to
/// encode. `None` leaves it to `join`.
fn joined_as_written(base: &Url, link: &str) -> Option<String> {
    let path = match link.strip_prefix("https://").or_else(|| link.strip_prefix("http://")) {
        Some(rest) => {
            let (host, path) = rest.split_at(memchr(b'/', rest.as_bytes())?);
            is_written_plainly(host).then_some(path)?
        }
        None => link,
    };
    // Two slashes begin a host, and a segment that begins with a dot may be one that leads up.
    let leads_up = || memmem::find(path.as_bytes(), b"/.").is_some();
    let is_plain = |byte: u8| IS_PLAIN[usize::from(byte)];
    if !path.starts_with('/') || path.starts_with("//") || !path.bytes().all(is_plain) || leads_up() {
        return None;
    }
    if path.len() < link.len() {
        return Some(link.to_owned());
    }
    Some([&base[..Position::BeforePath], path].concat())
}

/// Signs that mean the same wherever they stand in a path or query, and are written as they are.
static IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        is_plain[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'=' | b'?' | b'+' | b',' | b':' | b'@');
        byte += 1;
    }
    is_plain
};

/// Whether a host is a name in small letters of ASCII, which no rule of addresses writes otherwise.
fn is_written_plainly(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    // Dots and hyphens stand alone, each between two signs of another kind.
    let mut between = true;
    let is_made_of_labels = host.bytes().all(|byte| {
        let was_between = std::mem::replace(&mut between, matches!(byte, b'.' | b'-'));
        if between { !was_between } else { is_letter(byte) || byte.is_ascii_digit() }
    });
    // What ends in a number is read as one.
    let last = host.bytes().rev().take_while(|byte| *byte != b'.');
    is_made_of_labels && !between && last.into_iter().all(is_letter)
}

/// Refuses a page of this many bytes where that is too large.
///
/// # Errors
/// `page_too_large`.
pub(crate) fn check_size(bytes: usize) -> Result<()> {
    let bytes_max = PageLimits::DEFAULT.bytes_max;
    if bytes > bytes_max {
        let message = format!("the page has {bytes} bytes, at most {bytes_max} are read");
        return Err(Error::new(ErrorCode::PageTooLarge, message));
    }
    Ok(())
}

/// Parses in pieces and looks at the tree in between: the parser's own work per tag grows with the nesting, and formatting
/// elements left open are repeated in every paragraph, so a hostile page is stopped before it is read to its end.
fn parse(html: &str, limits: &PageLimits) -> Result<Html> {
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), driver::ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let mut cut = limits.chunk_bytes.min(rest.len());
        while !rest.is_char_boundary(cut) {
            cut += 1;
        }
        let (piece, after) = rest.split_at(cut);
        parser.process(StrTendril::from_slice(piece));
        rest = after;
        let sink = parser.tokenizer.sink.sink.0.borrow();
        if sink.tree.values().len() > limits.nodes_max {
            return Err(tree::too_tangled());
        }
        let newest = sink.tree.nodes().next_back();
        let depth = newest.map_or(0, |node| node.ancestors().take(limits.depth_max + 1).count());
        if depth > limits.depth_max {
            let message = format!("the page nests elements more than {} deep", limits.depth_max);
            return Err(Error::new(ErrorCode::PageTooDeep, message));
        }
    }
    Ok(parser.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::processor_time;

    fn code(html: &str) -> &'static str {
        let tree = OnceCell::new();
        let page = Page::new(html, Url::parse("https://lot.example/").unwrap(), &tree);
        match page.and_then(|page| page.dom().map(|_| ())) {
            Ok(()) => "ok",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn hostile_nesting_is_refused_soon() {
        let started = processor_time();
        assert_eq!(code(&"<div>".repeat(100_000)), "page_too_deep");
        assert_eq!(code(&"<b><table><td>".repeat(50_000)), "page_too_deep");
        let fonts: String = (0..400).map(|size| format!("<font size={size}>")).collect();
        assert_eq!(code(&format!("<p>{fonts}{}", "<p>a".repeat(100_000))), "page_too_tangled");
        assert_eq!(code(&"<p>a</span><li>".repeat(20_000)), "ok");
        let taken = processor_time() - started;
        assert!(taken.as_secs() < 20, "{taken:?}");
    }

    #[test]
    fn a_page_of_too_many_tags_is_refused_before_any_is_kept() {
        let tree = OnceCell::new();
        let url = Url::parse("https://lot.example/").unwrap();
        for piece in ["<table><p>x", "<b><i>", "<select>", "<", "<!---->"] {
            let html = piece.repeat(PageLimits::DEFAULT.bytes_max / piece.len());
            let refused = Page::new(&html, url.clone(), &tree).err().map(|error| error.code());
            assert_eq!(refused, Some("page_too_tangled"), "{piece}");
        }
        let most = "<p>".repeat(PageLimits::DEFAULT.tags_max);
        assert!(Page::new(&most, url, &tree).is_ok());
    }

    #[test]
    fn a_link_taken_as_written_is_what_joining_would_give() {
        let bases = ["https://www.lot.example/used/index.htm?page=2#top", "http://user:key@lot.example:8080"];
        let mut plain = 0;
        for base in bases.map(|base| Url::parse(base).unwrap()) {
            for link in [
                "/used/ford-f-150_xlt~1,2.htm?id=7+8",
                "/",
                "/a//b:c@d?e?f=1",
                "http://cdn.example/1.jpg",
                "https://1.cdn-2.example/",
                "/a?b=1&amp;c=2",
                "//cdn.example/1.jpg",
                "/a/../b",
                "/a/.b",
                "/a b",
                "/\u{e9}",
                "/%e9",
                "/a\\b",
                "/{{link}}",
                "used/1",
                "?page=3",
                "https://cdn.example",
                "https://CDN.example/1.jpg",
                "https://cdn.example:443/1.jpg",
                "https://user@cdn.example/1.jpg",
                "https://1.2.3/1.jpg",
                "https://cdn.0x7f/1.jpg",
                "https://cdn.example./1.jpg",
                "https://-cdn.example/1.jpg",
                "https://xn--a.example/1.jpg",
                "https:///1.jpg",
                "https:/1.jpg",
            ] {
                if let Some(written) = joined_as_written(&base, link) {
                    assert_eq!(Some(written), base.join(link).ok().map(String::from), "{link} on {base}");
                    plain += 1;
                }
            }
        }
        assert_eq!(plain, 2 * 5);
    }

    #[test]
    fn links_are_relative_to_what_the_page_says() {
        let at = |html: &str| {
            let tree = OnceCell::new();
            Page::new(html, Url::parse("https://lot.example/used/").unwrap(), &tree).unwrap().absolute("v/1.html")
        };
        for (html, address) in [
            ("<p>a</p>", "https://lot.example/used/v/1.html"),
            (r#"<base href="https://cdn.example/cars/"><p>a</p>"#, "https://cdn.example/cars/v/1.html"),
            (r#"<base target="_blank"><base href="/stock/">"#, "https://lot.example/stock/v/1.html"),
            (r#"<base href="javascript:x">"#, "https://lot.example/used/v/1.html"),
        ] {
            assert_eq!(at(html).as_deref(), Some(address), "{html}");
        }
    }

    #[test]
    fn empty_and_huge_pages_are_refused() {
        assert_eq!(code(" \n"), "page_empty");
        assert_eq!(code(&" x".repeat(9 * 1024 * 1024)), "page_too_large");
    }
}
