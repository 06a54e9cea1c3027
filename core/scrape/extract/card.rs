//! What one card says of its vehicle, read from its labels, classes, attributes and links.
//!
//! What is deliberately not here: where the cards are (`cards`), and which of several amounts is the price (`price_choice`).

use super::{
    badges::Badges,
    clean,
    dom::{Dom, Element, Kind, attribute},
    fields::{Draft, Field},
    heading::{self, Heading},
    json,
    page::Page,
    price_choice::{self, Chunk, Stated},
    value::Json,
    vins::{self, Context},
};

/// Reads everything that one card says into a draft; what the draft knows already stays.
pub(crate) fn read(page: &Page<'_>, dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    read_attributes(dom, card, draft);
    read_row(dom, card, draft);
    read_texts(dom, card, draft);
    if let Some(heading) = heading_within(dom, card) {
        draft.offer_split(heading);
    } else if draft.listing.year.is_none() {
        draft.listing.year = year_in_heading(dom, card);
    }
    if draft.listing.vin.is_none() {
        draft.listing.vin = dom
            .elements(dom.within(card))
            .filter_map(|(_, element)| attribute(element, "href"))
            .find_map(|link| vins::find(link, Context::Anywhere).next());
    }
    if draft.listing.url.is_none() {
        draft.listing.url = link(page, dom, card, draft.listing.vin.as_deref()).map(|(_, url)| url);
    }
    if draft.listing.image_url.is_none() {
        draft.listing.image_url = image(page, dom, card);
    }
}

/// How far into a table and a row, and into the head of a column, is looked for what names the columns: each row looks.
const ROW_NODES: usize = 256;
const HEAD_NODES: usize = 8;
/// A longer text is no head of a column.
const HEAD_BYTES: usize = 64;

/// The cells of a row, by the heads of their columns.
fn read_row(dom: &Dom<'_>, row: usize, draft: &mut Draft) {
    let is = |at: usize, name: &str| dom.element(at).is_some_and(|element| element.name() == name);
    if !is(row, "tr") {
        return;
    }
    let table = std::iter::successors(dom.parent(row), |at| dom.parent(*at)).take(3).find(|at| is(*at, "table"));
    let head = table.and_then(|table| dom.within(table).take(ROW_NODES).find(|at| is(*at, "tr")));
    let Some(head) = head.filter(|head| *head != row) else { return };
    let cells = |row: usize| dom.children(row).take(ROW_NODES).filter(|cell| is(*cell, "td") || is(*cell, "th"));
    let is_wide = |cell: usize| dom.element(cell).is_some_and(|element| attribute(element, "colspan").is_some());
    if cells(head).chain(cells(row)).any(is_wide) {
        return;
    }
    let said = |cell: usize| {
        dom.within(cell).take(HEAD_NODES).find_map(|at| match &dom.node(at).kind {
            Kind::Text(text) if text.len() <= HEAD_BYTES => Field::named(text),
            _ => None,
        })
    };
    for (head, cell) in cells(head).zip(cells(row)) {
        let Some(field) = said(head) else { continue };
        let text = dom.text(cell);
        // A cell may name once more what it holds.
        let value = labelled(&text).filter(|(named, rest)| *named == field && !rest.is_empty());
        draft.offer(field, value.map_or(&*text, |(_, rest)| rest));
    }
}

/// `data-price`, `data-vin` and the like, and whole records in one attribute.
fn read_attributes(dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    for (at, element) in dom.elements(dom.within(card)) {
        for (name, value) in element.attrs() {
            let Some(key) = name.strip_prefix("data-") else { continue };
            if key == "id" && at == card {
                draft.offer(Field::ExternalId, value);
            } else if value.starts_with('{') && value.len() < RECORD_BYTES_MAX {
                if let Some((Json::Object(record), _)) = json::value_at_start(value) {
                    draft.offer_record(record.iter());
                }
            } else if !value.starts_with('#')
                && let Some(field) = Field::named(key)
            {
                draft.offer(field, value);
            }
        }
    }
}

/// A longer attribute is no vehicle's record.
const RECORD_BYTES_MAX: usize = 64 * 1024;

/// The texts of a card in reading order, without separators and without what is struck through.
fn chunks(dom: &Dom<'_>, card: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut struck_until = 0;
    // Where what classes say of prices ends, the innermost last.
    let mut said: Vec<(usize, Stated)> = Vec::new();
    for at in dom.within(card) {
        while said.last().is_some_and(|(end, _)| *end <= at) {
            said.pop();
        }
        match &dom.node(at).kind {
            Kind::Element(element) => {
                let end = dom.node(at).end;
                if at >= struck_until && (is_struck(element) || is_hidden(element)) {
                    struck_until = end;
                }
                // A class on the whole card (`has-price`) says nothing about one text.
                if end - at < HEADING_NODES_MAX {
                    said.extend(price_choice::by_class(element).map(|stated| (end, stated)));
                }
            }
            Kind::Text(text) if at >= struck_until => {
                let text = clean::collapse(text);
                // Some themes set the sign apart from the digits; any other text without a letter or digit separates.
                if text == "$" || text.chars().any(char::is_alphanumeric) {
                    let is_none = said.iter().any(|(_, stated)| *stated == Stated::NoPrice);
                    let stated = if is_none { Some(Stated::NoPrice) } else { said.last().map(|(_, stated)| *stated) };
                    if memchr::memchr_iter(b':', text.as_bytes()).nth(1).is_none() {
                        chunks.push(Chunk { text, stated });
                    } else {
                        chunks.extend(apart(&text).map(|piece| Chunk { text: piece.to_owned(), stated }));
                    }
                }
            }
            Kind::Text(_) => {}
        }
    }
    chunks
}

/// Whether an element's own style, attribute or class hides it, the class in the words of the usual frameworks.
fn is_hidden(element: &Element<'_>) -> bool {
    const CLASSES: [&str; 4] = ["hidden", "d-none", "is-hidden", "invisible"];
    let style = attribute(element, "style").unwrap_or_default();
    attribute(element, "hidden").is_some()
        || (mentions(style, "display") && mentions(&style.replace(' ', ""), "display:none"))
        || element.classes().any(|class| CLASSES.contains(&class))
}

/// The fields that stand in one text, each from its label on; a text with fewer than two labels stays whole.
///
/// `Stock: P1 Mileage: 45,000` are two. A label is the longest run of words in front of a colon that names a field.
fn apart(text: &str) -> impl Iterator<Item = &str> {
    const LABEL_WORDS_MAX: usize = 3;
    let colons = memchr::memchr_iter(b':', text.as_bytes());
    let mut labels: Vec<usize> = colons
        .filter_map(|colon| {
            let before = text[..colon].trim_end();
            let starts = before.rmatch_indices(' ').map(|(at, _)| at + 1).chain([0]).take(LABEL_WORDS_MAX);
            // The longest label counts: `Exterior Color`, not `Color`.
            starts.filter(|start| Field::named(&before[*start..]).is_some()).last()
        })
        .collect();
    if labels.len() < 2 {
        labels.clear();
    }
    labels.insert(0, 0);
    labels.push(text.len());
    labels.dedup();
    let cuts: Vec<(usize, usize)> = labels.windows(2).map(|cut| (cut[0], cut[1])).collect();
    let is_between =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/' | '-' | '\u{2013}' | '\u{2022}' | '\u{b7}');
    cuts.into_iter().map(move |(start, end)| {
        let piece = &text[start..end];
        if end < text.len() { piece.trim_end_matches(is_between) } else { piece }
    })
}

fn is_struck(element: &Element<'_>) -> bool {
    const CLASSES: [&str; 4] = ["was", "old-price", "was-price", "oldprice"];
    matches!(element.name(), "s" | "strike" | "del")
        || attribute(element, "style").is_some_and(|style| mentions(style, "line-through"))
        || attribute(element, "class").is_some_and(|classes| {
            mentions(classes, "strike")
                || mentions(classes, "line-through")
                || classes
                    .split_ascii_whitespace()
                    .any(|class| CLASSES.iter().any(|known| class.eq_ignore_ascii_case(known)))
        })
}

fn read_texts(dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    let chunks = chunks(dom, card);
    let mut badges = Badges::default();
    let mut at = 0;
    while let Some(chunk) = chunks.get(at) {
        at += 1;
        let Some((field, rest)) = labelled(&chunk.text) else {
            badges.note(&chunk.text);
            continue;
        };
        // Where it has an answer in a text of its own, that is its value.
        let answer = chunks.get(at).map(|next| &*next.text).filter(|next| rest.is_empty() && is_answer(next));
        if badges.note_named(field, answer.unwrap_or(rest)) {
            at += usize::from(answer.is_some());
            continue;
        }
        if !rest.is_empty() {
            draft.offer(field, rest);
            continue;
        }
        let Some(value) = chunks.get(at) else { break };
        if labelled(&value.text).is_some() || value.text.ends_with(':') {
            continue;
        }
        if value.text == "$"
            && let Some(digits) = chunks.get(at + 1)
        {
            draft.offer(field, &format!("${}", digits.text));
            at += 1;
        } else {
            draft.offer(field, value.text.trim_end_matches([',', ';']));
        }
        at += 1;
    }
    badges.offer(draft);
    for chunk in &chunks {
        if draft.listing.mileage.is_none() && ends_in_miles(&chunk.text) {
            draft.offer(Field::Mileage, &chunk.text);
        }
    }
    price_choice::offer(&chunks, draft);
}

/// Whether a text answers a question, such as `Certified`.
fn is_answer(text: &str) -> bool {
    ["yes", "no", "true", "false", "n/a"].iter().any(|answer| text.eq_ignore_ascii_case(answer))
}

fn ends_in_miles(text: &str) -> bool {
    let text = text.as_bytes();
    [" miles", " mi", " mi."].iter().any(|unit| {
        text.len().checked_sub(unit.len()).is_some_and(|at| text[at..].eq_ignore_ascii_case(unit.as_bytes()))
    })
}

fn class_mentions(element: &Element<'_>, word: &str) -> bool {
    attribute(element, "class").is_some_and(|classes| mentions(classes, word))
}

/// Whether a text holds a word, given in lower case, in any case.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}

/// The field that a text labels, and what of its value stands in the same text.
pub(super) fn labelled(text: &str) -> Option<(Field, &str)> {
    if let Some((label, rest)) = text.split_once(':') {
        return Field::named(label).map(|field| (field, rest.trim()));
    }
    if let Some(field) = Field::named(text) {
        return Some((field, ""));
    }
    // `Stock # P2535` and `VIN 2FMPK4K91HBB11870` do without a colon.
    let (label, rest) = text.split_once('#').or_else(|| text.split_once(' '))?;
    match Field::named(label)? {
        field @ (Field::StockNumber | Field::Vin) if !rest.trim().contains(' ') => Some((field, rest.trim())),
        _ => None,
    }
}

/// What names the card's vehicle, headings before mere titles.
pub(super) fn heading_within(dom: &Dom<'_>, card: usize) -> Option<Heading> {
    let mut best: Option<(u8, Heading)> = None;
    for (at, element) in dom.elements(dom.within(card)) {
        let tier = match element.name() {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => 0,
            _ if ["title", "heading", "name"].iter().any(|word| class_mentions(element, word)) => 1,
            "a" => 2,
            "img" => 4,
            _ if attribute(element, "title").is_some() => 3,
            _ => continue,
        };
        if best.as_ref().is_some_and(|(known, _)| *known <= tier) {
            continue;
        }
        let shown = || (dom.node(at).end - at < HEADING_NODES_MAX).then(|| dom.text(at));
        let named = |text: &str| heading::split(text).filter(|heading| heading.make.is_some());
        let labelled = || ["title", "alt"].into_iter().filter_map(|name| attribute(element, name)).find_map(named);
        let shown = (tier < 3).then(shown).flatten().and_then(|text| named(&text));
        best = shown.or_else(labelled).map(|heading| (tier, heading)).or(best);
        // Nothing stands before a heading.
        if matches!(best, Some((0, _))) {
            break;
        }
    }
    best.map(|(_, heading)| heading)
}

/// The year of a heading whose make is unknown: `2024 Zeekr 009`.
fn year_in_heading(dom: &Dom<'_>, card: usize) -> Option<i32> {
    dom.elements(dom.within(card))
        .filter(|(at, element)| {
            let is_heading = matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
                || ["title", "heading", "name"].iter().any(|word| class_mentions(element, word));
            is_heading && dom.node(*at).end - at < HEADING_NODES_MAX
        })
        .find_map(|(at, _)| heading::split(&dom.text(at)))
        .map(|heading| heading.year)
}

/// An element with more within it is a block, not a heading.
const HEADING_NODES_MAX: usize = 24;

/// Words of links that lead from a card to something else than the vehicle's page.
const OTHER_LINKS: [&str; 14] = [
    "carfax",
    "autocheck",
    "finance",
    "credit",
    "compare",
    "contact",
    "preapproval",
    "pre-approval",
    "payment",
    "trade",
    "facebook",
    "twitter",
    "share",
    "form",
];

/// The link to the vehicle's own page, with the evidence for it: one that names the vehicle or its VIN before any other.
pub(super) fn link(page: &Page<'_>, dom: &Dom<'_>, card: usize, vin: Option<&str>) -> Option<(u8, String)> {
    let around = dom.parent(card).filter(|parent| dom.element(*parent).is_some_and(|element| element.name() == "a"));
    let vin = vin.map(str::to_ascii_lowercase);
    let names_vin = |link: &str| vin.as_ref().is_some_and(|vin| mentions(link, vin));
    let mut best: Option<(u8, &str)> = None;
    let candidates =
        around.and_then(|at| Some((at, dom.element(at)?))).into_iter().chain(dom.elements(dom.within(card)));
    for (at, element) in candidates.filter(|(_, element)| element.name() == "a") {
        let Some(href) = attribute(element, "href").map(str::trim) else { continue };
        let elsewhere = href.is_empty() || NO_PAGES.iter().any(|start| href.starts_with(start));
        let titled = Some(at) != around && dom.node(at).end - at < HEADING_NODES_MAX;
        let by_itself = 2 * u8::from(names_vin(href)) + u8::from(Some(at) == around);
        // Most links of a card could say no more than a better one did; what they are called matters no longer.
        let is_better = |evidence: u8| best.is_none_or(|(known, _)| evidence > known);
        let most = by_itself + 4 * u8::from(titled);
        if elsewhere || !is_better(most) || OTHER_LINKS.iter().any(|word| mentions(href, word)) {
            continue;
        }
        let names_vehicle = titled && heading::split(&dom.text(at)).is_some();
        let evidence = by_itself + 4 * u8::from(names_vehicle);
        if is_better(evidence) {
            best = Some((evidence, href));
        }
    }
    best.and_then(|(evidence, href)| Some((evidence, page.absolute(href)?)))
}

/// Whether a link may lead to a vehicle's page: not to a form, a report or another website's button.
pub(super) fn may_be_a_vehicle(href: &str) -> bool {
    let leads_nowhere = href.is_empty() || NO_PAGES.iter().any(|start| href.starts_with(start));
    !leads_nowhere && !OTHER_LINKS.iter().any(|word| mentions(href, word))
}

/// Beginnings of links that lead to no page.
const NO_PAGES: [&str; 5] = ["#", "javascript:", "mailto:", "tel:", "sms:"];

/// The first picture that is neither a badge nor a stand-in.
fn image(page: &Page<'_>, dom: &Dom<'_>, card: usize) -> Option<String> {
    const STAND_INS: [&str; 12] = [
        "data:",
        ".svg",
        ".gif",
        "logo",
        "icon",
        "badge",
        "carfax",
        "placeholder",
        "loading",
        "spinner",
        "btn",
        "blank.",
    ];
    let sources =
        dom.elements(dom.within(card)).filter(|(_, element)| element.name() == "img").filter_map(|(_, element)| {
            ["data-src", "data-lazy", "data-original", "data-lazy-src", "src"]
                .iter()
                .filter_map(|name| attribute(element, name))
                .find(|source| {
                    let lower = source.to_ascii_lowercase();
                    !lower.is_empty() && !STAND_INS.iter().any(|mark| lower.contains(mark))
                })
        });
    sources.filter_map(|source| page.absolute(source)).next()
}

/// A longer text says more than `SOLD`.
const SOLD_BYTES: usize = 64;

/// Whether a card says by a text or a picture of its own that its vehicle is sold: `SOLD`, in no other words, where it is seen.
pub(super) fn is_marked_sold(dom: &Dom<'_>, card: usize) -> bool {
    let is_frame = |sign: char| sign.is_whitespace() || matches!(sign, '!' | '*' | '-');
    let says_sold = |text: &str| text.len() < SOLD_BYTES && text.trim_matches(is_frame).eq_ignore_ascii_case("sold");
    let mut unseen_until = 0;
    let mut shown = dom.within(card).filter(|&at| {
        if let Some(element) = dom.element(at).filter(|_| at >= unseen_until)
            && (is_struck(element) || is_hidden(element))
        {
            unseen_until = dom.node(at).end;
        }
        at >= unseen_until
    });
    shown.any(|at| match &dom.node(at).kind {
        Kind::Text(text) => says_sold(text),
        Kind::Element(element) => element.name() == "img" && attribute(element, "alt").is_some_and(says_sold),
    })
}
