//! The name of a vehicle in parts: a year, a make and a model in elements of their own.
//!
//! `2019` on a badge and `Ford Edge` in the heading, `Ford` over `2019 Edge SEL`, `2019 Ford` over `Edge SEL`, or a text for each of
//! the three. They are put together only where the card holds one year and one make. What is deliberately not here: names that one text states (`card_heading`).

use super::{
    card::labelled,
    card_heading::{BOLD, HEADING_NODES_MAX, tier},
    chunks::is_shown_apart,
    clean, decoys,
    dom::{Dom, Kind, attribute},
    heading::{self, Heading, is_fact},
    makes, numbers,
};

/// A larger element is no card.
const CARD_NODES_MAX: usize = 400;
/// More texts of a card are not looked at, nor longer ones.
const TEXTS_MAX: usize = 64;
const TEXT_BYTES: usize = 80;
/// A longer name is a sentence.
const NAME_WORDS_MAX: usize = 9;
/// So many texts behind a year may go on with its name.
const PARTS_MAX: usize = 3;

/// The year that a text is, or that stands in front of other facts: `2019`, `2019 \u{b7} 45,000 mi`.
pub(super) fn lone_year(text: &str) -> Option<i32> {
    let text = text.trim();
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = text[4..].trim_start();
    let is_apart = rest.is_empty() || rest.starts_with(['\u{b7}', '\u{2022}', '|', ',']);
    numbers::year(digits).filter(|_| is_apart && text.len() <= TEXT_BYTES)
}

/// Whether an element names a vehicle but for its make: `2019 Edge SEL`.
pub(super) fn lacks_a_make(dom: &Dom<'_>, at: usize) -> bool {
    let may_be = dom.element(at).and_then(|element| tier(dom, element)).is_some_and(|tier| tier < 2);
    may_be
        && dom.node(at).end - at < HEADING_NODES_MAX
        && heading::split(&dom.text(at)).is_some_and(|heading| heading.make.is_none())
}

/// The name of a card's vehicle in parts; what is known of its year and its make already counts.
pub(super) fn heading(dom: &Dom<'_>, card: usize, year: Option<i32>, make: Option<&str>) -> Option<Heading> {
    if dom.node(card).end - card > CARD_NODES_MAX {
        return None;
    }
    let parts = Parts::of(dom, card);
    let whole = parts
        .behind_year()
        .or_else(|| parts.behind_year_and_make())
        .or_else(|| parts.of_title(year))
        .or_else(|| parts.with_make(make))?;
    (whole.make.is_some() && whole.model.is_some() && year.is_none_or(|year| year == whole.year)).then_some(whole)
}

struct Parts {
    /// The short texts of the card, in order.
    texts: Vec<String>,
    /// The texts of its headings, titles, links and of what is bold, the most telling first.
    titles: Vec<String>,
}

impl Parts {
    fn of(dom: &Dom<'_>, card: usize) -> Self {
        let mut parts = Self { texts: Vec::new(), titles: Vec::new() };
        let mut titles: Vec<(u8, String)> = Vec::new();
        for at in dom.within(card) {
            match &dom.node(at).kind {
                Kind::Text(text) if parts.texts.len() < TEXTS_MAX => {
                    let text = clean::collapse(text);
                    if is_shown_apart(&text) && text.len() <= TEXT_BYTES {
                        parts.texts.push(text);
                    }
                }
                Kind::Element(element) => {
                    // The sign of a make.
                    let alt = attribute(element, "alt").filter(|_| element.name() == "img");
                    parts.texts.extend(alt.filter(|alt| is_make(alt)).map(str::to_owned));
                    let tier = tier(dom, element).filter(|tier| *tier <= BOLD && at != card);
                    let tier = tier.filter(|_| dom.node(at).end - at < HEADING_NODES_MAX && titles.len() < TEXTS_MAX);
                    titles.extend(tier.map(|tier| (tier, clean::collapse(&dom.text(at)))));
                }
                Kind::Text(_) => {}
            }
        }
        titles.sort_by_key(|(tier, _)| *tier);
        parts.titles = titles.into_iter().map(|(_, text)| text).filter(|text| text.len() <= TEXT_BYTES).collect();
        parts
    }

    /// The only one of several values.
    fn only<V: PartialEq>(mut values: impl Iterator<Item = V>) -> Option<V> {
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    fn year(&self) -> Option<i32> {
        Self::only(self.texts.iter().filter_map(|text| lone_year(text)))
    }

    /// `2019`, `Ford`, `Edge`, `SEL`.
    fn behind_year(&self) -> Option<Heading> {
        self.year()?;
        let place = self.texts.iter().position(|text| text.len() == 4 && lone_year(text).is_some())?;
        let is_part =
            |text: &&String| !is_fact(text) && !text.contains('$') && labelled(text).is_none() && !ends_in_a_fact(text);
        let behind: Vec<&str> =
            self.texts[place + 1..].iter().take_while(is_part).take(PARTS_MAX).map(String::as_str).collect();
        named(&format!("{} {}", self.texts[place], behind.join(" ")))
    }

    /// `2019 Ford` and `Edge SEL` in the next text.
    fn behind_year_and_make(&self) -> Option<Heading> {
        let mut places = (0..self.texts.len()).filter(|place| is_year_and_make(&self.texts[*place]));
        let place = places.next().filter(|_| places.next().is_none())?;
        let is_part = |text: &&String| {
            let begins = text.starts_with(|sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit());
            begins && !is_fact(text) && !text.contains(['$', ':']) && labelled(text).is_none() && !ends_in_a_fact(text)
        };
        let model = self.texts.get(place + 1).filter(is_part)?;
        named(&format!("{} {model}", self.texts[place]))
    }

    /// `Ford Edge SEL`, and the year elsewhere.
    fn of_title(&self, year: Option<i32>) -> Option<Heading> {
        let year = year.or_else(|| self.year())?;
        let begins_with_make = |text: &&String| {
            let words: Vec<&str> = text.split(' ').collect();
            let is_name = words.len() <= NAME_WORDS_MAX && !words.iter().any(|word| is_fact(word));
            is_name && makes::at_start(&words).is_some_and(|(_, used)| used < words.len())
        };
        let title = self.titles.iter().find(begins_with_make)?;
        named(&format!("{year} {title}"))
    }

    /// `2019 Edge SEL`, and the make elsewhere.
    fn with_make(&self, make: Option<&str>) -> Option<Heading> {
        let make = make.or_else(|| Self::only(self.texts.iter().filter(|text| is_make(text)).map(String::as_str)))?;
        let mut titles = self.titles.iter().filter_map(|title| {
            let (year, rest) = title.split_once(' ')?;
            numbers::year(year).filter(|_| year.len() == 4)?;
            named(&format!("{year} {make} {rest}"))
        });
        titles.next()
    }
}

/// A text that is the name of a vehicle, and not of a thing for one.
fn named(text: &str) -> Option<Heading> {
    let is_short = text.split(' ').count() <= NAME_WORDS_MAX + 2;
    heading::split(text).filter(|heading| is_short && heading.model.is_some() && !decoys::is_no_vehicle(text))
}

/// Whether a text is a year with a make and nothing else: `2019 Ford`.
pub(super) fn is_year_and_make(text: &str) -> bool {
    text.trim().split_once(' ').is_some_and(|(year, make)| numbers::year(year).is_some() && is_make(make.trim()))
}

/// Whether a text is a make and nothing else.
fn is_make(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    makes::at_start(&words).is_some_and(|(_, used)| used == words.len())
}

fn ends_in_a_fact(text: &str) -> bool {
    let last = text.rsplit(' ').next().unwrap_or_default();
    ["mi", "miles", "km", "mi."].iter().any(|unit| last.eq_ignore_ascii_case(unit))
}
