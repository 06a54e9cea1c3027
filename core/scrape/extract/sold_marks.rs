//! The mark of a sale on a card of a list: `SOLD`, in no other words, where it is seen.
//!
//! What is deliberately not here: a vehicle's own page that says no more than that (`sold_page`).

use super::{
    card_heading::names_a_vehicle,
    chunks::Look,
    dom::{Dom, Kind, attribute},
    phrases::Phrases,
};

/// What says of a car that it is sold, in a text of its own.
const SOLD: [&str; 6] = ["sold", "sold out", "just sold", "this vehicle has been sold", "vendu", "vendido"];
/// One of these stands in each of them.
const ANY_WORD: Phrases<2> = Phrases::new(["sold", "vend"]);
/// A longer text says more than `SOLD`.
const SOLD_BYTES: usize = 64;

/// Whether a heading says beside the name of its vehicle that it is sold: `SOLD - 2019 Ford Edge`, `2019 Ford Edge *SOLD*`.
fn is_heading_of_sold(text: &str) -> bool {
    const SOLD: &str = "sold";
    let cut = |at: usize| text.get(at..at + SOLD.len()).filter(|word| word.eq_ignore_ascii_case(SOLD));
    let is_apart = |sign: Option<char>| sign.is_some_and(|sign| !sign.is_alphanumeric());
    let end = text.len().saturating_sub(SOLD.len());
    let name = if cut(0).is_some() && is_apart(text[SOLD.len()..].chars().next()) {
        &text[SOLD.len()..]
    } else if cut(end).is_some() && is_apart(text[..end].chars().next_back()) {
        &text[..end]
    } else if let Some(at) = [" sold!", "*sold", "-sold", "(sold", "- sold"].iter().find_map(|mark| find(text, mark)) {
        // `2019 Ford Edge - SOLD! Thank you, Mike`
        &text[..at]
    } else {
        return false;
    };
    names_a_vehicle(name.trim_matches(|sign: char| !sign.is_alphanumeric()))
}

/// Whether a text thanks the buyer of the car: `SOLD! Congratulations, Mike`, `Sold - thank you John`.
fn thanks_for_the_sale(text: &str) -> bool {
    let behind = text.get(..4).filter(|word| word.eq_ignore_ascii_case("sold")).map(|_| &text[4..]);
    behind.is_some_and(|behind| {
        let words = behind.trim_start_matches(|sign: char| !sign.is_alphanumeric());
        let begins = |word: &str| words.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        words.len() < behind.len() && (begins("thank") || begins("congrat"))
    })
}

/// Where a text holds words, given in lower case, in any case.
fn find(text: &str, words: &str) -> Option<usize> {
    let is = |at: &usize| text.get(*at..at + words.len()).is_some_and(|found| found.eq_ignore_ascii_case(words));
    (0..text.len()).find(is)
}

/// Whether a card says by a text or a picture of its own that its vehicle is sold: `SOLD`, in no other words, where it is seen.
pub(super) fn is_marked_sold(dom: &Dom<'_>, card: usize) -> bool {
    let is_frame = |sign: char| sign.is_whitespace() || matches!(sign, '!' | '*' | '-');
    let says_sold = |text: &str| {
        let text = text.trim_matches(is_frame);
        text.len() < SOLD_BYTES
            && ANY_WORD.are_in(text)
            && (SOLD.iter().any(|sold| text.eq_ignore_ascii_case(sold))
                || thanks_for_the_sale(text)
                || is_heading_of_sold(text))
    };
    let says_so = |at: usize| match &dom.node(at).kind {
        Kind::Text(text) => says_sold(text),
        Kind::Element(element) => element.name() == "img" && attribute(element, "alt").is_some_and(says_sold),
    };
    // Hardly any card does, and what is seen takes longer to tell.
    if !dom.within(card).any(says_so) {
        return false;
    }
    let mut unseen_until = 0;
    let mut shown = dom.within(card).filter(|&at| {
        let look = dom.element(at).filter(|_| at >= unseen_until).map(|element| Look::of(dom, element));
        if look.is_some_and(|look| look.is_struck || look.is_hidden) {
            unseen_until = dom.node(at).end;
        }
        at >= unseen_until
    });
    shown.any(says_so)
}
