//! Which text of a card names its vehicle, and where that text ends.
//!
//! Headings count before titles, titles before links, links before what is bold, and all of them before what only an attribute says; any
//! other text names a vehicle where none of them does. A card may be one link with everything in it: such a text ends with the block that
//! names the vehicle. What is deliberately not here: what the
//! words of a heading mean (`heading`).

use super::{
    clean,
    dom::{Dom, Element, Kind, attribute},
    heading::{self, Begins, Heading},
};

/// An element with more within it is a block, not a heading.
pub(super) const HEADING_NODES_MAX: usize = 24;
/// A longer line below a heading says more than its model and trim.
const MORE_WORDS_MAX: usize = 5;

/// Elements whose beginning and end are those of a line.
const BLOCKS: [&str; 27] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "section",
    "table",
    "td",
    "tr",
    "ul",
];

/// How much an element tells by itself that its text is a heading: the less, the more.
pub(super) fn tier(dom: &Dom<'_>, element: &Element<'_>) -> Option<u8> {
    Some(match element.name() {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => 0,
        _ if dom.look(element).is_heading => 1,
        "a" => LINK,
        "b" | "strong" => BOLD,
        "img" => 5,
        _ if attribute(element, "title").is_some() => 4,
        _ => return None,
    })
}
const LINK: u8 = 2;
pub(super) const BOLD: u8 = 3;

/// What names the card's vehicle, headings before mere titles.
pub(super) fn heading_within(dom: &Dom<'_>, card: usize) -> Option<Heading> {
    let mut best: Option<(u8, usize, Heading)> = None;
    for (at, element) in dom.elements(dom.within(card)) {
        let Some(tier) = tier(dom, element) else { continue };
        if best.as_ref().is_some_and(|(known, ..)| *known <= tier) {
            continue;
        }
        let shown = || (dom.node(at).end - at < HEADING_NODES_MAX).then(|| shown_by(dom, at, tier)).flatten();
        let labelled = || ["title", "alt"].into_iter().filter_map(|name| attribute(element, name)).find_map(named);
        let shown = if tier <= BOLD { shown() } else { None };
        best = shown.or_else(labelled).map(|heading| (tier, at, heading)).or(best);
        // Nothing stands before a heading.
        if matches!(best, Some((0, ..))) {
            break;
        }
    }
    let Some((tier, at, heading)) = best else { return in_plain_text(dom, card) };
    if heading.model.is_some() || tier > 1 {
        return Some(heading);
    }
    // `2019 Ford`, and `F-150 Lariat` in a heading of its own behind it.
    let next = Some(dom.node(at).end).filter(|next| {
        *next < dom.node(card).end
            && dom.element(*next).and_then(|next| self::tier(dom, next)).is_some_and(|tier| tier < LINK)
    });
    let whole = next.and_then(|next| with_model_of(dom, at, next)).filter(|whole| whole.model.is_some());
    Some(whole.unwrap_or(heading))
}

fn with_model_of(dom: &Dom<'_>, heading: usize, next: usize) -> Option<Heading> {
    let is_heading = dom.element(next).is_some() && dom.node(next).end - next < HEADING_NODES_MAX;
    let model = is_heading.then(|| dom.text(next)).filter(|text| text.split(' ').count() <= MORE_WORDS_MAX)?;
    named(&format!("{} {model}", dom.text(heading)))
}

/// So many texts of a card without a heading are looked through for a name.
const TEXTS_MAX: usize = 64;

/// A text that begins with the name of a vehicle, where nothing marks it as a heading.
fn in_plain_text(dom: &Dom<'_>, card: usize) -> Option<Heading> {
    let texts = dom.within(card).filter_map(|at| match &dom.node(at).kind {
        Kind::Text(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    });
    texts.take(TEXTS_MAX).find_map(|text| named(text).filter(|heading| heading.model.is_some()))
}

/// The heading of a card whose make may be unknown: the words behind the year, as they stand.
pub(super) fn heading_as_it_stands(dom: &Dom<'_>, card: usize, begins: Begins) -> Option<Heading> {
    headings(dom, card).find_map(|at| heading::split_as_it_stands(&dom.text(at), begins))
}

/// The heading of a card that something else proves to be one of a vehicle.
pub(super) fn heading_among_cars(dom: &Dom<'_>, card: usize) -> Option<Heading> {
    let split = |at: usize| heading::split_among_cars(&dom.text(at)).filter(|heading| heading.make.is_some());
    headings(dom, card).find_map(split)
}

/// Whether the heading of a card states the make, and does not leave it to the model; `None` where none begins with a year.
pub(super) fn states_its_make(dom: &Dom<'_>, card: usize) -> Option<bool> {
    headings(dom, card).find_map(|at| heading::split(&dom.text(at))).map(|heading| heading.make.is_some())
}

/// The elements within that may be headings.
fn headings<'d>(dom: &'d Dom<'_>, card: usize) -> impl Iterator<Item = usize> + 'd {
    let may_be = |(at, element): &(usize, &Element<'_>)| {
        tier(dom, element).is_some_and(|tier| tier <= BOLD) && dom.node(*at).end - at < HEADING_NODES_MAX
    };
    dom.elements(dom.within(card)).filter(may_be).map(|(at, _)| at)
}

/// Whether a heading or a title within names a vehicle with its model.
pub(super) fn is_headed(dom: &Dom<'_>, at: usize) -> bool {
    dom.elements(dom.within(at)).any(|(at, element)| {
        let tier = tier(dom, element).filter(|tier| *tier < LINK && dom.node(at).end - at < HEADING_NODES_MAX);
        tier.and_then(|tier| shown_by(dom, at, tier)).is_some_and(|heading| heading.model.is_some())
    })
}

fn named(text: &str) -> Option<Heading> {
    heading::split_of_card(text).filter(|heading| heading.make.is_some())
}

fn named_in_heading(text: &str) -> Option<Heading> {
    heading::split_of_card_heading(text).filter(|heading| heading.make.is_some())
}

/// Whether a link stands in a heading that names a vehicle.
pub(super) fn is_in_heading(dom: &Dom<'_>, link: usize) -> bool {
    const LEVELS_MAX: usize = 3;
    let is_heading = |at: &usize| dom.element(*at).and_then(|element| tier(dom, element)) == Some(0);
    let heading = std::iter::successors(dom.parent(link), |at| dom.parent(*at)).take(LEVELS_MAX).find(is_heading);
    heading.is_some_and(|at| dom.node(at).end - at < HEADING_NODES_MAX && named_in_heading(&dom.text(at)).is_some())
}

/// Whether an element is called a title or stands in bold, and its text is the name of a vehicle.
pub(super) fn is_title(dom: &Dom<'_>, at: usize) -> bool {
    let may_be = dom.element(at).and_then(|element| tier(dom, element)).is_some_and(|tier| matches!(tier, 1 | BOLD));
    may_be && dom.node(at).end - at < HEADING_NODES_MAX && names_a_vehicle(&dom.text(at))
}

/// Whether a text is the name of a vehicle.
pub(super) fn names_a_vehicle(text: &str) -> bool {
    named(text).is_some_and(|heading| heading.model.is_some())
}

/// What the text of an element names: by the line that begins with a year and a make, with the next one where that lacks a
/// model or, below a heading, a trim.
fn shown_by(dom: &Dom<'_>, at: usize, tier: u8) -> Option<Heading> {
    let lines = lines(dom, at);
    let named = if tier == 0 { named_in_heading } else { named };
    if let [only] = &lines[..] {
        return named(only);
    }
    let Some((line, heading)) = lines.iter().enumerate().find_map(|(line, text)| Some((line, named(text)?))) else {
        // Year, make and model on lines of their own.
        return named(&lines.join(" "));
    };
    let next = lines.get(line + 1).filter(|next| next.split(' ').count() <= MORE_WORDS_MAX);
    let lacks = heading.model.is_none() || (tier < LINK && heading.trim.is_none());
    let whole = next.filter(|_| lacks).and_then(|next| named(&format!("{} {next}", lines[line])));
    whole.or(Some(heading))
}

/// The lines of an element's text, as the blocks within it cut them.
fn lines(dom: &Dom<'_>, at: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut blocks_end = Vec::new();
    let mut close = |line: &mut String| {
        let text = clean::collapse(line);
        if !text.is_empty() {
            lines.push(text);
        }
        line.clear();
    };
    for inner in dom.within(at) {
        while blocks_end.pop_if(|end| *end <= inner).is_some() {
            close(&mut line);
        }
        match &dom.node(inner).kind {
            Kind::Element(element) if inner != at && BLOCKS.contains(&element.name()) => {
                close(&mut line);
                blocks_end.push(dom.node(inner).end);
            }
            Kind::Element(_) => {}
            Kind::Text(text) => {
                line.push_str(text);
                line.push(' ');
            }
        }
    }
    close(&mut line);
    lines
}

/// The year of a heading whose make is unknown: `2024 Zeekr 009`.
pub(super) fn year_in_heading(dom: &Dom<'_>, card: usize) -> Option<i32> {
    dom.elements(dom.within(card))
        .filter(|(at, element)| {
            tier(dom, element).is_some_and(|tier| tier < LINK) && dom.node(*at).end - at < HEADING_NODES_MAX
        })
        .find_map(|(at, _)| heading::split(&dom.text(at)))
        .map(|heading| heading.year)
}
