//! What answers a label for prices: an amount, something else, or a number that is another label's.
//!
//! Some cards write `Call` over `Price` and `45,678` over `Miles`, so that the number behind `Price` is none of it. Others ask `Our
//! Price` and answer `Log in`: the price is told to those who ask, and what the maker suggests is none. What is deliberately not here:
//! captions that have an amount (`pairing`).

use std::ops::Range;

use super::{
    amounts::{Amount, Item, Kind, Wording},
    card::labelled,
    chunks::Chunk,
    dom::Dom,
    fields::{Field, PriceRank},
    label_sides::{begins_with_a_value, fits},
    miles,
    price_sentences::withholds_a_price,
    price_words::{Stated, begins_an_aside},
};

/// How far around a text is looked for what stands beside it.
const LEVELS: usize = 4;
/// More texts of an element are not looked at.
const TEXTS_MAX: usize = 32;
/// A longer text answers nothing.
const ANSWER_BYTES: usize = 48;

/// Whether a text names a price and asks nobody for anything.
pub(super) fn names_a_price(text: &str) -> bool {
    matches!(Field::named(text), Some(Field::Price(_))) && !withholds_a_price(text)
}

/// Whether a phone number stands behind `Call`, which answers no caption then.
pub(super) fn is_called(behind: Option<&Chunk<'_>>) -> bool {
    const SIGNS: [char; 8] = [' ', '(', ')', '-', '.', '+', '\u{2011}', '\u{a0}'];
    const DIGITS: Range<usize> = 7..13;
    behind.is_some_and(|next| {
        DIGITS.contains(&next.text.bytes().filter(u8::is_ascii_digit).count())
            && next.text.chars().all(|sign| sign.is_ascii_digit() || SIGNS.contains(&sign))
    })
}

/// Whether a number behind a label for prices is what the next label names: `Call`, `Price`, `45,678`, `Miles`.
pub(super) fn is_of_next_label(dom: &Dom<'_>, chunks: &[Chunk<'_>], number: usize) -> bool {
    let Some(label) = number.checked_sub(1) else { return false };
    let around = Around { dom, chunks };
    let is_labelled = || chunks.get(number + 1).is_some_and(|next| is_label(&next.text));
    let of_label = around.frame(label);
    if of_label == (label..number + 1) {
        return false;
    }
    if !of_label.contains(&number) {
        // The label ends a group of its own, so that its value stands in front of it there.
        return of_label.end == number && (is_labelled() || around.frame(number) == (number..number + 2));
    }
    if let Some(begins_with_a_value) = around.begins_with_a_value(label) {
        return begins_with_a_value;
    }
    is_labelled() && !around.stand_in_front(label..of_label.end.min(label + TEXTS_MAX))
}

/// Whether an element holds a number and the label in front of it alone, or a list of terms makes it the label's.
pub(super) fn is_bound(dom: &Dom<'_>, chunks: &[Chunk<'_>], number: usize) -> bool {
    let Some(label) = number.checked_sub(1) else { return false };
    let around = Around { dom, chunks };
    around.frame(label) == (label..number + 1) || around.begins_with_a_value(label) == Some(false)
}

/// Turns captions for the price that something without an amount answers into what says that the price is told to those who ask.
/// Answers whether there are any.
pub(super) fn note(dom: &Dom<'_>, chunks: &[Chunk<'_>], items: &mut [Item]) -> bool {
    let around = Around { dom, chunks };
    let mut any = false;
    for at in 0..items.len() {
        let caption = items[at].caption().and_then(Stated::rank).is_some_and(|rank| rank <= PriceRank::Plain);
        if caption && around.is_answered(items, at) {
            let told =
                Amount { own: Some(Stated::Price(PriceRank::Plain)), wording: Wording::Withheld, ..Amount::default() };
            items[at].kind = Kind::Amount(told);
            any = true;
        }
    }
    any
}

fn is_label(text: &str) -> bool {
    labelled(text).is_some_and(|(_, rest)| rest.is_empty()) || miles::is_short_unit(text)
}

/// Whether a label is a state of the car as well: `In transit`, `Reserved`.
fn is_state(text: &str) -> bool {
    let field = Field::named(text);
    matches!(field, Some(Field::Standing(_) | Field::Branded(_) | Field::InCondition(_)))
}

struct Around<'a, 'd> {
    dom: &'a Dom<'d>,
    chunks: &'a [Chunk<'a>],
}

impl Around<'_, '_> {
    /// The texts of the smallest element around a text that has another one.
    fn frame(&self, text: usize) -> Range<usize> {
        let row = self.dom.row_around(self.chunks[text].at, (LEVELS, 1), self.chunks, |chunk| chunk.at);
        row.map_or(text..text + 1, |(_, texts)| texts)
    }

    fn texts_of(&self, element: usize) -> Range<usize> {
        self.dom.within_of(element, self.chunks, |chunk| chunk.at)
    }

    fn is(&self, at: usize, names: &[&str]) -> bool {
        self.dom.element(at).is_some_and(|element| names.contains(&element.name()))
    }

    /// The nearest element of some names around a text.
    fn nearest(&self, text: usize, names: &[&str]) -> Option<usize> {
        let mut around = std::iter::successors(self.dom.parent(self.chunks[text].at), |at| self.dom.parent(*at));
        around.by_ref().take(LEVELS).find(|at| self.is(*at, names))
    }

    /// Whether the list of terms around a label begins with a value; `None` where there is no such list.
    fn begins_with_a_value(&self, label: usize) -> Option<bool> {
        let term = self.nearest(label, &["dt"])?;
        let mut around = std::iter::successors(self.dom.parent(term), |at| self.dom.parent(*at)).take(LEVELS);
        let list = around.find(|at| self.is(*at, &["dl"]))?;
        Some(begins_with_a_value(self.dom, list))
    }

    /// Whether labels and values take turns, each label in front of a value that can be its own.
    fn stand_in_front(&self, texts: Range<usize>) -> bool {
        let mut turns = 0;
        let mut may_be = true;
        for at in texts.step_by(2) {
            let label = &*self.chunks[at].text;
            let Some(value) = self.chunks.get(at + 1).filter(|value| is_label(label) && !is_label(&value.text)) else {
                // A label without a value behind it has its own in front.
                may_be &= !is_label(label);
                break;
            };
            let field = labelled(label).map_or(Field::Mileage, |(field, _)| field);
            may_be &= turns == 0 || fits(field, &value.text) != Some(false);
            turns += 1;
        }
        may_be && turns > 1
    }

    /// Whether something that is no amount answers a caption: the other text of a pair, its `dd`, the other cell of its row.
    fn is_answered(&self, items: &[Item], item: usize) -> bool {
        let own = items[item].chunks.clone();
        let text = &*self.chunks[own.start].text;
        let label = text.trim_end_matches([':', ' ', '*']).to_ascii_lowercase();
        if own.len() != 1 || !["price", "prix", "precio"].iter().any(|word| label.ends_with(word)) {
            return false;
        }
        let has_items = |texts: &Range<usize>, is_value: bool| {
            let first = items.partition_point(|item| item.chunks.start < texts.start);
            let within = items[first..].iter().take_while(|item| item.chunks.start < texts.end);
            // What stands where the value is asked for is no caption.
            within.into_iter().any(|item| !is_value || item.amount().is_some())
        };
        let mut is_value = false;
        let behind = if self.is_left_empty(&own) {
            own.end..own.end
        } else if let Some(term) = self.nearest(own.start, &["dt"]) {
            let next = self.next_element(term).filter(|next| self.is(*next, &["dd"]) && self.texts_of(term) == own);
            let Some(next) = next else { return false };
            is_value = true;
            self.texts_of(next)
        } else if let Some(cell) = self.nearest(own.start, &["td", "th"]).filter(|cell| self.texts_of(*cell) == own) {
            let Some(row) = self.dom.parent(cell) else { return false };
            let cells: Vec<usize> = self.dom.children(row).filter(|at| self.is(*at, &["td", "th"])).take(3).collect();
            let [first, second] = cells[..] else { return false };
            if first != cell || !self.is(second, &["td"]) {
                return false;
            }
            self.texts_of(second)
        } else {
            let pair = self.frame(own.start);
            if pair.len() != 2 {
                return false;
            }
            if pair.start < own.start { pair.start..own.start } else { own.end..pair.end }
        };
        if has_items(&behind, is_value) || behind.len() > 2 {
            return false;
        }
        let is_answer = |chunk: &Chunk<'_>| {
            chunk.text.len() <= ANSWER_BYTES
                && !(chunk.text.contains('$') && chunk.text.bytes().any(|byte| byte.is_ascii_digit()))
                && !chunk.text.ends_with(':')
                && (!is_label(&chunk.text) || is_state(&chunk.text))
                && (is_value || !begins_an_aside(&chunk.text))
        };
        // An amount right behind both may be the caption's.
        let end = behind.end.max(own.end);
        let is_followed = items.get(item + 1).is_some_and(|next| next.chunks.start == end && next.amount().is_some());
        self.chunks[behind].iter().all(is_answer) && !is_followed
    }

    /// Whether an element without a text stands behind that of a caption, and nothing else beside them.
    fn is_left_empty(&self, own: &Range<usize>) -> bool {
        let Some(element) = self.dom.parent(self.chunks[own.start].at) else { return false };
        let next = self.next_element(element).filter(|next| self.is(*next, &["span", "div", "b", "strong", "p"]));
        let holds_only_both = || self.dom.parent(element).is_some_and(|around| self.texts_of(around) == *own);
        next.is_some_and(|next| self.texts_of(next).is_empty()) && holds_only_both()
    }

    /// The element that stands right behind another one.
    fn next_element(&self, at: usize) -> Option<usize> {
        let end = self.dom.node(self.dom.parent(at)?).end;
        let mut next = self.dom.node(at).end;
        while next < end {
            if self.dom.element(next).is_some() {
                return Some(next);
            }
            next = self.dom.node(next).end;
        }
        None
    }
}

/// Whether a text stands where an amount would, and states none.
pub(super) fn is_left_open(text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "unavailable",
        "not available",
        "on request",
        "upon request",
        "ask us",
        "please inquire",
        "call",
        "call us",
        "call for price",
        "call for pricing",
        "call for details",
        "call dealer",
        "please call",
        "contact us",
        "contact us for price",
        "contact dealer",
        "ask",
        "inquire",
        "tbd",
        "n/a",
        "na",
        "coming soon",
    ];
    text.len() <= ANSWER_BYTES && {
        let text = text.trim_end_matches(['!', '.', ' ']);
        WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
    }
}
