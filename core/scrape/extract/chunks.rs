//! The texts of a card in reading order, each with its place and what is seen of it.
//!
//! Left out are texts without a letter or digit, and what a style hides. What is struck through stays, marked as such: it is
//! no price, but a caption may belong to it. What is deliberately not here: what the texts mean.

use std::ops::Range;

use super::{
    card::mentions,
    card_heading::HEADING_NODES_MAX,
    clean,
    dom::{Dom, Element, Kind, attribute},
    fields::Field,
    price_words::{self, OfClass},
};

/// One text of a card.
pub(super) struct Chunk {
    pub(super) text: String,
    /// Its place in the page's tree; pieces of one text share it.
    pub(super) at: usize,
    pub(super) is_struck: bool,
    /// Whether an element around it is called a price.
    pub(super) is_priced: bool,
    /// Whether it stands on something to press.
    pub(super) is_button: bool,
}

/// The texts of a card, and what the classes of small elements say of the amounts in them, the outermost first.
pub(super) struct Texts {
    pub(super) chunks: Vec<Chunk>,
    pub(super) classes: Vec<(Range<usize>, OfClass)>,
}

/// Reads the texts of a card.
pub(super) fn texts(dom: &Dom<'_>, card: usize) -> Texts {
    let mut texts = Texts { chunks: Vec::new(), classes: Vec::new() };
    // Where what is hidden, struck through, called a price or a button ends.
    let (mut hidden_until, mut struck_until, mut priced_until, mut button_until) = (0, 0, 0, 0);
    for at in dom.within(card) {
        match &dom.node(at).kind {
            Kind::Element(element) => {
                let end = dom.node(at).end;
                let until = |known: &mut usize, holds: bool| *known = if holds { end.max(*known) } else { *known };
                until(&mut hidden_until, is_hidden(element));
                until(&mut struck_until, is_struck(element));
                until(&mut button_until, is_button(element));
                // A class on the whole card (`has-price`) says nothing about one text.
                if at != card
                    && end - at < HEADING_NODES_MAX
                    && let Some(said) = price_words::by_class(element)
                {
                    until(&mut priced_until, said.is_price);
                    texts.classes.push((at..end, said));
                }
            }
            Kind::Text(text) if at >= hidden_until => {
                let text = clean::collapse(text);
                // Some themes set the sign apart from the digits; any other text without a letter or digit separates.
                if text != "$" && !text.chars().any(char::is_alphanumeric) {
                    continue;
                }
                let mut push = |text: String| {
                    texts.chunks.push(Chunk {
                        text,
                        at,
                        is_struck: at < struck_until,
                        is_priced: at < priced_until,
                        is_button: at < button_until,
                    });
                };
                if memchr::memchr_iter(b':', text.as_bytes()).nth(1).is_none() {
                    push(text);
                } else {
                    apart(&text).for_each(|piece| push(piece.to_owned()));
                }
            }
            Kind::Text(_) => {}
        }
    }
    texts
}

/// Whether an element's own style, attribute or class hides it, the class in the words of the usual frameworks.
pub(super) fn is_hidden(element: &Element<'_>) -> bool {
    const CLASSES: [&str; 4] = ["hidden", "d-none", "is-hidden", "invisible"];
    let style = attribute(element, "style").unwrap_or_default();
    attribute(element, "hidden").is_some()
        || (mentions(style, "display") && mentions(&style.replace(' ', ""), "display:none"))
        || element.classes().any(|class| CLASSES.contains(&class))
}

pub(super) fn is_struck(element: &Element<'_>) -> bool {
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

fn is_button(element: &Element<'_>) -> bool {
    element.name() == "button"
        || attribute(element, "role").is_some_and(|role| role == "button")
        || element.classes().any(|class| matches!(class, "btn" | "button" | "cta"))
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
