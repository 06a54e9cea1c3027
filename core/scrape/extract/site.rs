//! What a page says about the website that it belongs to: its name, where its list of vehicles may be, and whether the page
//! is anything without its scripts.
//!
//! What is deliberately not here: fetching what it links to.

use url::Url;

use super::{clean, json_ld, markup::Token, page::Page, value::Json};

/// A website as one of its pages shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Site {
    /// What the dealer is called.
    pub(crate) name: Option<String>,
    /// Links that may lead to the list of vehicles, the likeliest first.
    pub(crate) list_links: Vec<String>,
    /// Whether there is next to no text, and scripts to make some.
    pub(crate) is_shell: bool,
}

/// Less text than this is no page that a visitor reads.
const SHELL_TEXT_BYTES: usize = 300;
/// Names of dealers are no sentences.
const NAME_CHARS_MAX: usize = 80;
/// Longer texts of links are cards.
const LINK_TEXT_MAX: usize = 60;

impl Site {
    /// Reads it off the page's tokens, once; linear.
    pub(crate) fn of(page: &Page<'_>) -> Self {
        let (mut text_bytes, mut has_scripts) = (0, false);
        let (mut site_name, mut title) = (None, None);
        let mut links: Vec<(u32, String)> = Vec::new();
        let mut link: Option<(String, String)> = None;
        for token in page.tokens() {
            match token {
                Token::Open(tag) if tag.is("meta") => {
                    let is_name = tag.attribute("property").is_some_and(|property| property == "og:site_name");
                    site_name = site_name
                        .or_else(|| tag.attribute("content").filter(|_| is_name).and_then(|name| named(&name)));
                }
                Token::Open(tag) if tag.is("a") => {
                    link = tag.attribute("href").map(|href| (href.into_owned(), String::new()));
                }
                Token::Close(name) if name.eq_ignore_ascii_case("a") => {
                    links.extend(link.take().and_then(|(href, text)| candidate(page, &href, &text)));
                }
                Token::Text(text) => {
                    text_bytes += text.trim().len();
                    if let Some((_, label)) = link.as_mut().filter(|(_, label)| label.len() <= LINK_TEXT_MAX) {
                        label.push_str(text);
                    }
                }
                Token::Raw(tag, text) if tag.is("title") => title = title.or_else(|| clean::text(text)),
                Token::Raw(tag, _) if tag.is("script") => has_scripts = true,
                _ => {}
            }
        }
        // Of equals, the first on the page.
        links.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
        let mut list_links: Vec<String> = Vec::new();
        for (_, url) in links {
            if !list_links.contains(&url) && list_links.len() < 16 {
                list_links.push(url);
            }
        }
        let name = dealer_in_json_ld(page).or(site_name).or_else(|| title.as_deref().and_then(name_in_title));
        Self { name, list_links, is_shell: has_scripts && text_bytes < SHELL_TEXT_BYTES }
    }
}

fn named(text: &str) -> Option<String> {
    clean::text(text).filter(|name| name.chars().count() <= NAME_CHARS_MAX)
}

/// The name of the dealer, or of the business that the page says it belongs to.
fn dealer_in_json_ld(page: &Page<'_>) -> Option<String> {
    const KINDS: [&str; 6] =
        ["AutoDealer", "MotorcycleDealer", "AutomotiveBusiness", "LocalBusiness", "Organization", "Store"];
    let blocks: Vec<Json<'_>> = page
        .scripts()
        .iter()
        .filter(|script| script.is_json_ld())
        .flat_map(|script| json_ld::blocks(script.body))
        .collect();
    KINDS.iter().find_map(|kind| blocks.iter().find_map(|block| name_of_kind(block, kind, 0)))
}

fn name_of_kind(value: &Json<'_>, kind: &str, depth: usize) -> Option<String> {
    const DEPTH_MAX: usize = 4;
    match value {
        _ if depth > DEPTH_MAX => None,
        Json::Array(items) => items.iter().find_map(|item| name_of_kind(item, kind, depth + 1)),
        Json::Object(node) => {
            let is_kind = match node.get("@type") {
                Some(Json::String(is)) => is == kind,
                Some(Json::Array(kinds)) => kinds.iter().any(|is| is.as_str() == Some(kind)),
                _ => false,
            };
            let own = is_kind.then(|| node.get("name")?.as_str().and_then(named)).flatten();
            own.or_else(|| node.get("@graph").and_then(|graph| name_of_kind(graph, kind, depth + 1)))
        }
        _ => None,
    }
}

/// The part of a title that names the dealer: `Used Cars for Sale | Valley Motors`.
fn name_in_title(title: &str) -> Option<String> {
    const SPEAKS_OF_CARS: [&str; 14] = [
        "used",
        "new",
        "inventory",
        "for sale",
        "vehicles",
        "cars in",
        "home",
        "welcome",
        "pre-owned",
        "page",
        "search",
        "dealer in",
        "dealership in",
        "loading",
    ];
    let parts = title.split(['|', '–', '—', '·', '•', '»']).flat_map(|part| part.split(" - ")).map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let speaks_of_cars = |part: &str| SPEAKS_OF_CARS.iter().any(|words| part.to_ascii_lowercase().contains(words));
    // The name stands last where it does not stand alone.
    let plain = parts.iter().rev().find(|part| !speaks_of_cars(part));
    let named_after = parts.iter().find_map(|part| part.strip_prefix("Welcome to "));
    plain.copied().or(named_after).and_then(named)
}

/// How likely a link leads to the list of vehicles, and its address; `None` for what surely does not.
fn candidate(page: &Page<'_>, href: &str, text: &str) -> Option<(u32, String)> {
    let url = Url::parse(&page.absolute(href)?).ok()?;
    if !is_same_site(&url, &page.url) || url.path() == page.url.path() {
        return None;
    }
    let likeness = likeness_of_path(url.path()).max(likeness_of_text(text))?;
    Some((likeness, url.to_string()))
}

/// Whether two addresses are of one host, with or without `www.`.
fn is_same_site(one: &Url, other: &Url) -> bool {
    let plain = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    plain(one) == plain(other) && one.port_or_known_default() == other.port_or_known_default()
}

/// The whole lot first, used vehicles next, new ones last.
fn likeness_of_path(path: &str) -> Option<u32> {
    const NEVER: [&str; 16] = [
        "sell", "finance", "service", "parts", "sold", "blog", "about", "contact", "value", "trade", "privacy",
        "special", "career", "review", "compare", "favorite",
    ];
    const WHOLE: [&str; 7] = [
        "all-inventory",
        "searchall",
        "newandusedcars",
        "view-inventory",
        "all-vehicles",
        "full-inventory",
        "our-inventory",
    ];
    const LISTS: [&str; 5] = ["inventory", "vehicles", "cars-for-sale", "vehicles-for-sale", "cars"];
    const USED: [&str; 9] = [
        "used-inventory",
        "used-vehicles",
        "searchused",
        "used-cars",
        "inventory/used",
        "pre-owned",
        "preowned",
        "cars-for-sale",
        "search/used-",
    ];
    const NEW: [&str; 5] = ["new-inventory", "new-vehicles", "searchnew", "inventory/new", "search/new-"];
    let path = path.to_ascii_lowercase();
    let path = path.trim_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    let last = last.split('.').next().unwrap_or(last);
    let mentions = |words: &[&str]| words.iter().any(|word| path.contains(word));
    // Long numbers and VINs are of single vehicles.
    let names_a_vehicle = path.split(['/', '-', '_']).any(|word| {
        (word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit()))
            || (word.len() == 17 && word.bytes().any(|byte| byte.is_ascii_digit()))
    });
    if path.is_empty() || names_a_vehicle || mentions(&NEVER) {
        return None;
    }
    if mentions(&WHOLE) {
        Some(80)
    } else if LISTS.contains(&last) && !mentions(&USED) && !mentions(&NEW) {
        Some(70)
    } else if mentions(&USED) {
        Some(60)
    } else if mentions(&NEW) {
        Some(40)
    } else {
        None
    }
}

fn likeness_of_text(text: &str) -> Option<u32> {
    let text = clean::text(text)?.to_ascii_lowercase();
    let text = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    let is_any = |texts: &[&str]| texts.contains(&text);
    if is_any(&[
        "all inventory",
        "view all inventory",
        "view inventory",
        "inventory",
        "our inventory",
        "browse inventory",
        "all vehicles",
        "vehicles for sale",
    ]) {
        Some(65)
    } else if is_any(&[
        "used inventory",
        "used vehicles",
        "used cars",
        "pre-owned",
        "pre-owned inventory",
        "pre-owned vehicles",
        "cars for sale",
        "shop used",
    ]) {
        Some(55)
    } else if is_any(&["new inventory", "new vehicles", "new cars", "shop new"]) {
        Some(35)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;

    use super::*;

    fn site(html: &str) -> Site {
        let tree = OnceCell::new();
        Site::of(&Page::new(html, Url::parse("https://www.lot.example/").unwrap(), &tree).unwrap())
    }

    #[test]
    fn a_dealer_is_called_what_its_pages_call_it() {
        let ld = |json: &str| format!(r#"<title>T</title><script type="application/ld+json">{json}</script>"#);
        for (html, name) in [
            (ld(r#"{"@type": "AutoDealer", "name": "Valley Motors"}"#), Some("Valley Motors")),
            (
                ld(
                    r#"{"@graph": [{"@type": "WebSite", "name": "x"}, {"@type": ["AutoDealer"], "name": "Valley &amp; Sons"}]}"#,
                ),
                Some("Valley & Sons"),
            ),
            (
                ld(r#"[{"@type": "Organization", "name": "Group"}, {"@type": "AutoDealer", "name": "Valley"}]"#),
                Some("Valley"),
            ),
            (
                r#"<meta property="og:site_name" content="Valley Motors"><title>Home</title>"#.to_owned(),
                Some("Valley Motors"),
            ),
            ("<title>Used Cars for Sale in Town | Valley Motors</title>".to_owned(), Some("Valley Motors")),
            ("<title>Valley Motors - New and Used Cars</title>".to_owned(), Some("Valley Motors")),
            ("<title>Used Cars for Sale</title>".to_owned(), None),
            (format!("<title>{}</title>", "Long ".repeat(40)), None),
            ("<p>nothing".to_owned(), None),
        ] {
            assert_eq!(site(&html).name.as_deref(), name, "{html}");
        }
    }

    #[test]
    fn links_to_the_list_are_told_from_others_and_the_whole_lot_comes_first() {
        let html = r#"<a href="/new-inventory/index.htm">New</a><a href="/used-inventory/index.htm">Used</a>
            <a href="/all-inventory/index.htm">Everything</a><a href="https://other.example/inventory">Inventory</a>
            <a href="/sell-my-car/inventory">Sell</a><a href="/inventory/used-2019-ford-1FTEW1EP6KFA10001">Ford</a>
            <a href="/stock.php"> Our <b>Inventory</b></a><a href="/">Inventory</a><a href="https://lot.example/vehicles/">Cars</a>"#;
        assert_eq!(
            site(html).list_links,
            [
                "https://www.lot.example/all-inventory/index.htm",
                "https://lot.example/vehicles/",
                "https://www.lot.example/stock.php",
                "https://www.lot.example/used-inventory/index.htm",
                "https://www.lot.example/new-inventory/index.htm"
            ]
        );
    }

    #[test]
    fn a_shell_has_scripts_and_nothing_to_read() {
        assert!(site(r#"<div id="root"></div><script src="/app.js"></script>"#).is_shell);
        assert!(!site("<p>Closed today").is_shell, "nothing would fill it");
        assert!(!site(&format!("<script>1</script><p>{}", "Come and see our cars. ".repeat(20))).is_shell);
    }
}
