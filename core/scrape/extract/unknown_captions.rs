//! Captions that nobody here knows: `Warranty` beside `$2,495`.
//!
//! They are captions by where they stand alone: a label with a colon, a `dt`, the only other text of an element, one of a column
//! or a row of captions. Their amounts are of something unknown, and no prices. What is deliberately not here: captions whose
//! words are known (`pairing`).

use std::ops::Range;

use super::{
    amounts::{Amount, Item, Kind},
    bound_words::{CarName, is_unknown_caption},
    chunks::Chunk,
    dom::Dom,
    fields::{Field, PriceRank},
    price_words::{self, Stated},
};

/// How far around an amount is looked for what stands beside it.
const LEVELS: usize = 5;
/// More texts are no pairs.
const TEXTS_MAX: usize = 32;
/// More amounts of a card are not looked at: each looks around.
const AMOUNTS_MAX: usize = 64;
/// A longer text is no caption.
const CAPTION_BYTES: usize = 40;
const CAPTION_WORDS: usize = 4;

/// Gives amounts that nothing is said of what unknown captions say.
pub(super) fn bind(dom: &Dom<'_>, chunks: &[Chunk], items: &mut Vec<Item>, name: &CarName<'_, '_>) {
    let around = Around { dom, chunks, name };
    let open: Vec<usize> = (0..items.len()).filter(|item| is_open(&items[*item])).take(AMOUNTS_MAX).collect();
    let mut spent: Vec<usize> = Vec::new();
    for item in open {
        if is_open(&items[item]) {
            around.look(items, item, &mut spent);
        }
    }
    if !spent.is_empty() {
        spent.sort_unstable();
        let mut at = 0;
        items.retain(|_| {
            at += 1;
            spent.binary_search(&(at - 1)).is_err()
        });
    }
}

fn is_open(item: &Item) -> bool {
    item.amount().is_some_and(|amount| amount.is_open() && amount.price.is_some())
}

struct Around<'a, 'd> {
    dom: &'a Dom<'d>,
    chunks: &'a [Chunk],
    name: &'a CarName<'a, 'a>,
}

/// One text of an element, or an amount of several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Amount(usize),
    /// A text, and the caption that it is.
    Text(usize, Option<usize>),
}

impl Around<'_, '_> {
    /// Looks around one amount.
    fn look(&self, items: &mut [Item], item: usize, spent: &mut Vec<usize>) {
        let own = items[item].chunks.clone();
        let Some((element, range)) = self.larger(items[item].at, &own) else { return };
        let Some(units) = self.units(items, &range) else { return };
        let Some(at) = units.iter().position(|unit| *unit == Unit::Amount(item)) else { return };
        if units.iter().all(|unit| matches!(unit, Unit::Amount(_))) {
            self.bind_columns(items, element, &units, spent);
            return;
        }
        if let Some(run) = self.turns_around(&units, element, at) {
            self.bind_turns(items, element, &units[run]);
        } else if self.is_behind_label(&units, at) {
            say_unknown(&mut items[item]);
        } else if let [Unit::Text(text, None), Unit::Amount(_)] | [Unit::Amount(_), Unit::Text(text, None)] = units[..]
        {
            let is_label = || Field::named(&self.chunks[text].text) == Some(Field::Other);
            if let Kind::Amount(amount) = &mut items[item].kind
                && self.may_be_caption(text, element)
            {
                match amount.class {
                    Some(Stated::Price(_)) if is_label() => amount.caption = Some(Stated::Unknown),
                    // A class that calls it a price weighs no more than the caption.
                    Some(Stated::Price(PriceRank::Plain)) => amount.class = None,
                    Some(_) => {}
                    None => amount.caption = Some(Stated::Unknown),
                }
            }
        }
    }

    /// Whether an unknown label with a colon, or a `dt`, stands right in front.
    fn is_behind_label(&self, units: &[Unit], at: usize) -> bool {
        let Some(Unit::Text(text, None)) = at.checked_sub(1).map(|before| units[before]) else { return false };
        let chunk = &self.chunks[text];
        // A list that begins with a value has its labels below.
        let is_term =
            || !matches!(units[0], Unit::Amount(_)) && (self.stands_in(text, "dt") || self.stands_in(text, "th"));
        let is_label = chunk.text.ends_with(':') || is_term();
        is_label && chunk.text.len() <= CAPTION_BYTES && is_unknown_caption(&chunk.text, self.name)
    }

    fn stands_in(&self, text: usize, name: &str) -> bool {
        let around = std::iter::successors(self.dom.parent(self.chunks[text].at), |at| self.dom.parent(*at)).take(3);
        around.into_iter().any(|at| self.dom.element(at).is_some_and(|element| element.name() == name))
    }

    /// Whether the only other text of an element may be the caption of its amount: no button, no link, no state of the car.
    fn may_be_caption(&self, text: usize, element: usize) -> bool {
        let chunk = &self.chunks[text];
        let said = &*chunk.text;
        let has_digit = said.bytes().any(|byte| byte.is_ascii_digit());
        let is_state = || {
            let field = Field::named(said);
            matches!(field, Some(Field::Standing(_) | Field::Branded(_) | Field::InCondition(_)))
        };
        let is_no_label = |at: usize| {
            let named = self.dom.element(at).map_or("", |element| element.name());
            matches!(named, "a" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "button")
        };
        let mut within = std::iter::successors(self.dom.parent(chunk.at), |at| self.dom.parent(*at));
        !has_digit
            && !chunk.is_button
            && !chunk.is_asked
            && said.len() <= CAPTION_BYTES
            && said.split_whitespace().count() <= CAPTION_WORDS
            && !said.ends_with(['!', '?', '.'])
            && !is_state()
            && !within.by_ref().take(LEVELS).take_while(|at| *at != element).any(is_no_label)
            && is_unknown_caption(said, self.name)
    }

    /// The texts around an amount that take turns with amounts, some caption among them known and others like it; `None` where it
    /// cannot be told on which side they stand.
    fn turns_around(&self, units: &[Unit], element: usize, at: usize) -> Option<Range<usize>> {
        let take_turns = |one: usize, other: usize| is_amount(&units[one]) != is_amount(&units[other]);
        let (mut start, mut end) = (at, at + 1);
        while start > 0 && take_turns(start - 1, start) {
            start -= 1;
        }
        while end < units.len() && take_turns(end - 1, end) {
            end += 1;
        }
        let known =
            |unit: &Unit| if let Unit::Text(text, Some(_)) = unit { Some(self.tag_around(*text)) } else { None };
        let tags: Vec<&str> = units[start..end].iter().filter_map(known).collect();
        let is_like_known = |unit: &Unit| match unit {
            Unit::Amount(_) | Unit::Text(_, Some(_)) => true,
            Unit::Text(text, None) => {
                tags.contains(&self.tag_around(*text)) && self.may_stand_among_captions(*text, element)
            }
        };
        start += usize::from(!is_like_known(&units[start]));
        end -= usize::from(!is_like_known(&units[end - 1]));
        let run = start..end;
        (!tags.is_empty() && run.len() > 2 && run.len() % 2 == 0 && units[run.clone()].iter().all(is_like_known))
            .then_some(run)
    }

    fn tag_around(&self, text: usize) -> &str {
        let around = self.dom.parent(self.chunks[text].at).and_then(|around| self.dom.element(around));
        around.map_or("", |element| element.name())
    }

    fn may_stand_among_captions(&self, text: usize, element: usize) -> bool {
        self.may_be_caption(text, element) || praised(&self.chunks[text].text).is_some()
    }

    /// Gives the amounts of pairs whose captions are unknown what these say.
    fn bind_turns(&self, items: &mut [Item], element: usize, units: &[Unit]) {
        for pair in units.chunks(2) {
            if let [Unit::Text(text, None), Unit::Amount(amount)] | [Unit::Amount(amount), Unit::Text(text, None)] =
                pair
                && let Kind::Amount(amount) = &mut items[*amount].kind
                && amount.is_open()
            {
                let is_unknown = self.may_be_caption(*text, element);
                amount.caption = praised(&self.chunks[*text].text).or(is_unknown.then_some(Stated::Unknown));
            }
        }
    }

    /// A column of amounts beside one of as many captions, of which some are unknown: each has the one at its place.
    fn bind_columns(&self, items: &mut [Item], element: usize, units: &[Unit], spent: &mut Vec<usize>) {
        let range = self.range_of(element);
        let around = std::iter::successors(Some(element), |at| self.dom.parent(*at)).take(LEVELS);
        let Some(column) = around.take_while(|at| self.range_of(*at) == range).last() else { return };
        for beside in self.dom.neighbours(column) {
            let Some(captions) = self.units(items, &self.range_of(beside)).filter(|other| other.len() == units.len())
            else {
                continue;
            };
            let said: Option<Vec<(Option<Stated>, Option<usize>)>> =
                captions.iter().map(|unit| self.said(items, unit)).collect();
            let Some(said) = said else { continue };
            let is_mixed = said.iter().any(|(said, _)| said.is_some()) && said.iter().any(|(_, item)| item.is_none());
            if !is_mixed {
                continue;
            }
            for ((said, caption), unit) in said.into_iter().zip(units) {
                let Unit::Amount(amount) = unit else { continue };
                if let Kind::Amount(amount) = &mut items[*amount].kind {
                    amount.caption = amount.caption.or(said).or(Some(Stated::Unknown));
                }
                spent.extend(caption);
            }
            return;
        }
    }

    /// What a text of a column of captions says, and which item it is; `None` where it is no caption.
    fn said(&self, items: &[Item], unit: &Unit) -> Option<(Option<Stated>, Option<usize>)> {
        let Unit::Text(text, caption) = *unit else { return None };
        let said = &*self.chunks[text].text;
        let is_short = said.len() <= CAPTION_BYTES && !said.bytes().any(|byte| byte.is_ascii_digit());
        match caption {
            Some(item) => Some((items[item].caption(), caption)),
            None => is_short.then(|| (price_words::by_words(said), None)),
        }
    }

    /// The smallest element around an amount that holds more texts, or several amounts, and its texts.
    fn larger(&self, at: usize, own: &Range<usize>) -> Option<(usize, Range<usize>)> {
        let around = std::iter::successors(self.dom.parent(at), |at| self.dom.parent(*at)).take(LEVELS);
        around.map(|element| (element, self.range_of(element))).find(|(_, range)| range.len() > own.len())
    }

    fn range_of(&self, element: usize) -> Range<usize> {
        let range = self.dom.within(element);
        let start = self.chunks.partition_point(|chunk| chunk.at < range.start);
        start..self.chunks.partition_point(|chunk| chunk.at < range.end)
    }

    /// The texts of a range as units; `None` where they are too many, or one holds several amounts.
    fn units(&self, items: &[Item], range: &Range<usize>) -> Option<Vec<Unit>> {
        if range.len() > TEXTS_MAX {
            return None;
        }
        let mut units = Vec::with_capacity(range.len());
        let mut item = items.partition_point(|item| item.chunks.start < range.start);
        let mut at = range.start;
        while at < range.end {
            match items.get(item).filter(|item| item.chunks.start == at) {
                Some(found) if items.get(item + 1).is_some_and(|next| next.chunks.start == at) => {
                    let _several = found;
                    return None;
                }
                Some(found) => {
                    units.push(if found.amount().is_some() { Unit::Amount(item) } else { Unit::Text(at, Some(item)) });
                    at = found.chunks.end;
                    item += 1;
                }
                None => {
                    units.push(Unit::Text(at, None));
                    at += 1;
                }
            }
        }
        Some(units)
    }
}

fn is_amount(unit: &Unit) -> bool {
    matches!(unit, Unit::Amount(_))
}

/// What a text says among captions that is a badge elsewhere: `Low Price`.
fn praised(text: &str) -> Option<Stated> {
    price_words::by_words(text).filter(|stated| matches!(stated, Stated::Price(_)))
}

fn say_unknown(item: &mut Item) {
    if let Kind::Amount(amount @ Amount { own: None, caption: None, .. }) = &mut item.kind {
        amount.caption = Some(Stated::Unknown);
    }
}
