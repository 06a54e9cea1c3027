//! A vehicle's own page that says no more than that its vehicle is sold.
//!
//! What it shows beside that are suggestions: no list of the website. What is deliberately not here: the mark of a sale on one card
//! of a list (`sold_marks`).

use std::ops::Range;

use super::{
    cards::{self, Card},
    chunks::Look,
    dom::{Dom, Kind, attribute},
};

/// A longer text says more than that a vehicle is sold.
const BYTES_MAX: usize = 120;

/// Whether a text says that the vehicle of its page is gone, and nothing else: `Sold!`, `Sorry, this vehicle has been sold.`
pub(super) fn says_sold(text: &str) -> bool {
    const WORDS: [&str; 48] = [
        "a",
        "already",
        "and",
        "another",
        "anymore",
        "any",
        "are",
        "available",
        "been",
        "but",
        "buyer",
        "car",
        "customer",
        "for",
        "gone",
        "happy",
        "has",
        "have",
        "in",
        "inventory",
        "is",
        "it",
        "its",
        "item",
        "just",
        "listing",
        "longer",
        "looking",
        "no",
        "now",
        "on",
        "our",
        "out",
        "recently",
        "re",
        "sale",
        "sold",
        "sorry",
        "stock",
        "suv",
        "that",
        "the",
        "this",
        "to",
        "truck",
        "unfortunately",
        "vehicle",
        "you",
    ];
    if text.len() > BYTES_MAX || text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let is_gone = words.contains(&"sold")
        || words.windows(3).any(|words| matches!(words, ["no", "longer", "available"] | ["no", "longer", "for"]));
    is_gone && words.iter().all(|word| WORDS.contains(word))
}

/// Whether a page says so beside its cards, and not as a choice or a link: in a heading, or in any text in front of the place `until`.
pub(super) fn is_said(dom: &Dom<'_>, cards: &[Card], until: usize) -> bool {
    const ELSEWHERE: [&str; 8] = ["nav", "footer", "a", "button", "option", "select", "label", "form"];
    let is = |at: usize, names: &[&str]| dom.element(at).is_some_and(|element| names.contains(&element.name()));
    let mut left_out = 0;
    let mut heading_until = 0;
    let mut is_heading = |at: usize| {
        if is(at, &["h1", "h2", "h3"]) {
            heading_until = dom.node(at).end;
        }
        at < heading_until
    };
    (0..dom.len()).any(|at| {
        let in_heading = is_heading(at);
        if at < left_out {
            return false;
        }
        match &dom.node(at).kind {
            Kind::Element(element) => {
                if is(at, &ELSEWHERE)
                    || Look::of(dom, element).is_hidden
                    || cards.iter().take(CARDS_MAX).any(|card| is_like(dom, card, at))
                {
                    left_out = dom.node(at).end;
                    return false;
                }
                let picture = attribute(element, "alt").filter(|_| element.name() == "img");
                (in_heading || at < until) && picture.is_some_and(says_sold)
            }
            Kind::Text(text) => (in_heading || at < until) && says_sold(text),
        }
    })
}

/// More suggestions make a list.
pub(super) const CARDS_MAX: usize = 48;

/// Whether an element is a card, or stands beside one and was made like it.
fn is_like(dom: &Dom<'_>, card: &Card, at: usize) -> bool {
    let beside: Option<Range<usize>> = dom.parent(card.at).map(|parent| dom.within(parent));
    card.at == at
        || (beside.is_some_and(|beside| beside.contains(&at))
            && dom.parent(at) == dom.parent(card.at)
            && cards::alike(dom, card.at, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_that_the_vehicle_is_gone_and_no_more() {
        for (text, says) in [
            ("Sold!", true),
            ("*** SOLD ***", true),
            ("This vehicle has been sold", true),
            ("Sorry, this car has already been sold.", true),
            ("This vehicle is no longer available", true),
            ("Sorry, this listing is no longer for sale", true),
            ("SOLD OUT", true),
            ("Not sold", false),
            ("Sold by Smith Motors", false),
            ("Sold: 12", false),
            ("Sold as is", false),
            ("Over 500 sold", false),
            ("Available", false),
            ("Has this vehicle been serviced?", false),
            ("", false),
        ] {
            assert_eq!(says_sold(text), says, "{text}");
        }
    }
}
