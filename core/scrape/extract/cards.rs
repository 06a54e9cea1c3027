//! Vehicles found by nothing but their VINs, on pages that no other technique can read.
//!
//! A VIN in a text, an attribute or a link is an anchor. The largest element that holds exactly one VIN, inside one that
//! holds several, is that vehicle's card; what stands in the card is read by its labels, classes and attributes. What is
//! deliberately not here: any knowledge of a vendor. A VIN whose surroundings say neither what the car is nor what it costs
//! (a compare form, a tracking pixel) makes no listing.

use std::collections::HashMap;

use super::{
    asking::{self, Chunk, Stated},
    clean,
    dom::{Dom, Element, Kind, attribute},
    fields::{Draft, Field},
    heading::{self, Heading},
    json,
    listing::ScrapedListing,
    page::Page,
    value::Json,
    vins::{self, Place},
};

/// Classes and ids of widgets that repeat other cars beside the list.
const SIDE_WIDGETS: [&str; 6] = ["similar", "recommend", "recently", "related", "compare", "featured"];
/// Of these, the ones that templates also write on the cards of the list itself.
const ALSO_ON_CARDS: [&str; 2] = ["compare", "featured"];

/// The vehicles of the page's cards, in document order.
pub(crate) fn listings(page: &Page<'_>, dom: &Dom<'_>) -> Vec<ScrapedListing> {
    let anchors = Anchors::find(dom);
    let mut cards: Vec<Card> = anchors.maximal(dom).into_iter().map(|card| anchors.narrowed(dom, card)).collect();
    cards.retain({
        let side = side_widgets(dom, &cards);
        move |card| !side.iter().any(|range| range.contains(&card.at))
    });
    let mut best: HashMap<usize, (usize, usize, ScrapedListing)> = HashMap::new();
    for card in cards {
        let mut draft = Draft::default();
        draft.listing.vin = Some(anchors.vins[card.vin].clone());
        if anchors.vins.len() == 1 {
            // A page with one vehicle is a list of one, which links to it, or that vehicle's own.
            let linked = link(page, dom, card.at, draft.listing.vin.as_deref()).filter(|(evidence, _)| *evidence > 0);
            draft.listing.url = Some(linked.map_or_else(|| page.url.to_string(), |(_, url)| url));
        }
        read(page, dom, card.at, &mut draft);
        let mut listing = draft.listing;
        if !says_enough(&listing) {
            continue;
        }
        listing.is_sold = is_marked_sold(dom, card.at).then_some(true);
        let score = known_fields(&listing);
        let known = best.get(&card.vin).map_or(0, |(known, ..)| *known);
        if score > known {
            best.insert(card.vin, (score, card.at, listing));
        }
    }
    let mut found: Vec<(usize, ScrapedListing)> = best.into_values().map(|(_, at, listing)| (at, listing)).collect();
    // A mark that most cards carry is a part of the template, shown by a style where it counts.
    if found.iter().filter(|(_, listing)| listing.is_sold.is_some()).count() * 2 >= found.len() {
        found.iter_mut().for_each(|(_, listing)| listing.is_sold = None);
    }
    let beside = without_vin(page, dom, &anchors, &found);
    found.extend(beside);
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, listing)| listing).collect()
}

/// A longer text says more than `SOLD`.
const SOLD_BYTES: usize = 64;

/// Whether a card says by a text or a picture of its own that its vehicle is sold: `SOLD`, in no other words, where it is seen.
fn is_marked_sold(dom: &Dom<'_>, card: usize) -> bool {
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

fn says_enough(listing: &ScrapedListing) -> bool {
    let named = listing.year.is_some() && listing.make.is_some();
    // Whose make is unknown is a vehicle by its price and what else its card says of it.
    let described = listing.stock_number.is_some()
        || listing.mileage.is_some()
        || (listing.year.is_some() && listing.url.is_some());
    let offered = listing.price.is_some() && described;
    named || offered
}

fn known_fields(listing: &ScrapedListing) -> usize {
    [
        listing.year.is_some(),
        listing.make.is_some(),
        listing.model.is_some(),
        listing.trim.is_some(),
        listing.price.is_some(),
        listing.mileage.is_some(),
        listing.stock_number.is_some(),
        listing.exterior_color.is_some(),
        listing.url.is_some(),
        listing.image_url.is_some(),
    ]
    .into_iter()
    .filter(|known| *known)
    .count()
}

/// How many VINs stand within an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Nothing,
    One(usize),
    Several,
}

#[derive(Clone, Copy)]
struct Card {
    at: usize,
    vin: usize,
}

/// The VINs of a page and which elements hold them.
struct Anchors {
    vins: Vec<String>,
    holds: Vec<Holds>,
}

impl Anchors {
    fn find(dom: &Dom<'_>) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut anchors = Self { vins: Vec::new(), holds: vec![Holds::Nothing; dom.len()] };
        let mut place = Place::Anywhere;
        for at in 0..dom.len() {
            let mut note = |vin: String| {
                let next = numbers.len();
                let number = *numbers.entry(vin.clone()).or_insert(next);
                if number == next {
                    anchors.vins.push(vin);
                }
                anchors.holds[at] = joined(anchors.holds[at], Holds::One(number));
            };
            match &dom.node(at).kind {
                Kind::Text(text) => {
                    vins::find(text, place).for_each(&mut note);
                    // `VIN:` in an element of its own labels the next text.
                    let text = text.trim();
                    if !text.is_empty() {
                        place = if is_vin_label(text) { Place::Labelled } else { Place::Anywhere };
                    }
                }
                Kind::Element(element) => {
                    for (name, value) in element.attrs().filter(|(_, value)| value.len() >= 17) {
                        let place =
                            if name.to_ascii_lowercase().contains("vin") { Place::Labelled } else { Place::Anywhere };
                        vins::find(value, place).for_each(&mut note);
                    }
                }
            }
        }
        // What is within an element stands behind it, so one pass from the end sums up every element.
        for at in (1..dom.len()).rev() {
            let parent = dom.node(at).parent;
            if parent != at {
                anchors.holds[parent] = joined(anchors.holds[parent], anchors.holds[at]);
            }
        }
        anchors
    }

    /// The largest elements that hold one VIN; of a page with a single VIN, its body.
    fn maximal(&self, dom: &Dom<'_>) -> Vec<Card> {
        if self.vins.len() == 1 {
            let body = dom.elements(0..dom.len()).find(|(_, element)| element.name() == "body").map_or(0, |(at, _)| at);
            return vec![Card { at: body, vin: 0 }];
        }
        dom.elements(0..dom.len())
            .filter_map(|(at, _)| {
                let Holds::One(vin) = self.holds[at] else { return None };
                let parent = dom.parent(at)?;
                (self.holds[parent] == Holds::Several).then_some(Card { at, vin })
            })
            .collect()
    }

    /// A row that happens to hold one VIN, among rows of several cards, is left for the card within it.
    fn narrowed(&self, dom: &Dom<'_>, card: Card) -> Card {
        let mut at = card.at;
        while self.is_row(dom, at) || self.holds_another_card(dom, at) {
            let Some(inner) = dom.children(at).find(|child| self.holds[*child] == Holds::One(card.vin)) else { break };
            at = inner;
        }
        Card { at, ..card }
    }

    fn is_row(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(parent) = dom.parent(at) else { return false };
        // The siblings right before and behind are enough, and keep long lists linear.
        let near = |sibling: &usize| self.holds[*sibling] == Holds::Several && alike(dom, at, *sibling);
        dom.node(parent).end - parent > 1
            && self.holds[parent] == Holds::Several
            && neighbours(dom, parent, at).iter().any(near)
    }

    /// Whether beside the child with the VIN stands one like it that names another vehicle without a VIN.
    fn holds_another_card(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(inner) = dom.children(at).find(|child| self.holds[*child] != Holds::Nothing) else { return false };
        neighbours(dom, at, inner).into_iter().any(|sibling| {
            self.holds[sibling] == Holds::Nothing
                && alike(dom, inner, sibling)
                && has_class(dom, inner)
                && names_a_vehicle(dom, sibling)
        })
    }
}

fn joined(one: Holds, other: Holds) -> Holds {
    match (one, other) {
        (Holds::Nothing, known) | (known, Holds::Nothing) => known,
        (Holds::One(one), Holds::One(other)) if one == other => Holds::One(one),
        _ => Holds::Several,
    }
}

fn is_vin_label(text: &str) -> bool {
    Field::named(text) == Some(Field::Vin)
}

/// The elements before and behind one, below the same parent.
fn neighbours(dom: &Dom<'_>, parent: usize, at: usize) -> Vec<usize> {
    let mut before = None;
    let mut behind = None;
    // Looked for from the element outwards would need links that the flat tree has not; a bounded look from the front will do.
    for child in dom.children(parent).take(NEIGHBOURS_LOOKED_AT) {
        if child < at {
            before = Some(child);
        } else if child > at {
            behind = Some(child);
            break;
        }
    }
    before.into_iter().chain(behind).collect()
}

/// How far into a parent neighbours are looked for; a list page shows at most a few hundred cards.
const NEIGHBOURS_LOOKED_AT: usize = 500;

fn has_class(dom: &Dom<'_>, at: usize) -> bool {
    dom.element(at).is_some_and(|element| element.classes().next().is_some())
}

/// Whether two elements were made by the same template: same tag, same first class.
fn alike(dom: &Dom<'_>, one: usize, other: usize) -> bool {
    let (Some(one), Some(other)) = (dom.element(one), dom.element(other)) else { return false };
    one.name() == other.name() && first_class(one) == first_class(other)
}

fn first_class<'e>(element: &'e Element<'_>) -> Option<&'e str> {
    attribute(element, "class").and_then(|classes| classes.split_ascii_whitespace().next())
}

fn names_a_vehicle(dom: &Dom<'_>, at: usize) -> bool {
    heading_within(dom, at).is_some()
}

/// The ranges of widgets beside the list; none where they would leave out half of the cards or more.
fn side_widgets(dom: &Dom<'_>, cards: &[Card]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    let mut left_out = 0;
    for (at, element) in dom.elements(0..dom.len()) {
        if found.last().is_some_and(|range| range.contains(&at)) {
            continue;
        }
        let named = |word: &str| {
            ["class", "id"].iter().filter_map(|name| attribute(element, name)).any(|name| mentions(name, word))
        };
        let Some(word) = SIDE_WIDGETS.iter().find(|word| named(word)) else { continue };
        let range = dom.within(at);
        // Cards stand in document order, so the ones within are found by two cuts. The whole widget may be one card.
        let first_inside = if ALSO_ON_CARDS.contains(word) { range.start + 1 } else { range.start };
        let inside =
            cards.partition_point(|card| card.at < range.end) - cards.partition_point(|card| card.at < first_inside);
        if inside > 0 && inside * 2 < cards.len() {
            left_out += inside;
            found.push(range);
        }
    }
    if left_out * 2 < cards.len() { found } else { Vec::new() }
}

/// The cards of vehicles without a VIN that stand in the same lists as those with one.
fn without_vin(
    page: &Page<'_>,
    dom: &Dom<'_>,
    anchors: &Anchors,
    found: &[(usize, ScrapedListing)],
) -> Vec<(usize, ScrapedListing)> {
    let mut lists: Vec<(usize, usize)> = found.iter().filter_map(|(at, _)| Some((dom.parent(*at)?, *at))).collect();
    lists.sort_unstable();
    lists.dedup_by_key(|(parent, _)| *parent);
    let mut beside = Vec::new();
    for (parent, example) in lists {
        for child in dom.children(parent) {
            if anchors.holds[child] != Holds::Nothing || !alike(dom, child, example) {
                continue;
            }
            let mut draft = Draft::default();
            read(page, dom, child, &mut draft);
            let listing = draft.listing;
            let offered = listing.price.is_some() || listing.mileage.is_some() || listing.stock_number.is_some();
            // A banner has a year, an amount and a link as well, but no number of its own.
            let numbered = listing.price.is_some() && listing.external_id.is_some() && listing.url.is_some();
            if listing.year.is_some() && if listing.make.is_some() { offered } else { numbered } {
                beside.push((child, listing));
            }
        }
    }
    beside
}

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
            .find_map(|link| vins::find(link, Place::Anywhere).next());
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
                    said.extend(asking::by_class(element).map(|stated| (end, stated)));
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
/// `Stock: P1 Mileage: 45,000` are two. A label is as many words in front of a colon as name a field.
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
    let mut at = 0;
    while let Some(chunk) = chunks.get(at) {
        at += 1;
        let Some((field, rest)) = labelled(&chunk.text) else { continue };
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
    for chunk in &chunks {
        if draft.listing.mileage.is_none() && ends_in_miles(&chunk.text) {
            draft.offer(Field::Mileage, &chunk.text);
        }
    }
    asking::offer(&chunks, draft);
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
pub(crate) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}

/// The field that a text labels, and what of its value stands in the same text.
pub(crate) fn labelled(text: &str) -> Option<(Field, &str)> {
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
fn heading_within(dom: &Dom<'_>, card: usize) -> Option<Heading> {
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
fn link(page: &Page<'_>, dom: &Dom<'_>, card: usize, vin: Option<&str>) -> Option<(u8, String)> {
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
