//! Captions that nobody here knows: `Warranty` beside `$2,495`.
//!
//! They are captions by where they stand alone: a label with a colon, a `dt`, the only other text of an element, one of a column
//! or a row of captions. Their amounts are of something unknown, and no prices. What is deliberately not here: captions whose
//! words are known (`pairing`).

use std::ops::Range;

use super::{
    amounts::{Amount, Item, Kind, Wording},
    bound_words::{CarName, is_unknown_caption},
    chunks::Chunk,
    dom::Dom,
    fields::{Field, PriceRank},
    price_choice::is_plausible,
    price_words::{self, Stated},
};

/// How far around an amount is looked for what stands beside it.
const LEVELS: usize = 5;
/// Cells of a row, and what stands in front of the first row of a table, are looked at so far.
const CELLS_MAX: usize = 64;
/// More texts are no pairs.
const TEXTS_MAX: usize = 32;
/// More amounts of a card are not looked at: each looks around.
const AMOUNTS_MAX: usize = 64;
/// A longer text is no caption.
const CAPTION_BYTES: usize = 40;
const CAPTION_WORDS: usize = 4;

/// Gives amounts that nothing is said of what unknown captions say.
pub(super) fn bind(dom: &Dom<'_>, chunks: &[Chunk<'_>], items: &mut Vec<Item>, name: &CarName<'_, '_>) {
    let around = Around { dom, chunks, name };
    let open: Vec<usize> = (0..items.len()).filter(|item| is_open(&items[*item])).take(AMOUNTS_MAX).collect();
    let mut spent: Vec<usize> = Vec::new();
    for item in open {
        if is_open(&items[item]) {
            around.look(items, item, &mut spent);
        }
    }
    around.doubt_parts(items);
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

/// Whether the sentence of an amount, or how it is shown, says all of it. A caption says once more of a payment alone what it is: `Payment`, `$289/mo`.
fn says_all(item: &Item) -> bool {
    item.amount().is_some_and(|amount| match amount.own {
        Some(own) => own != Stated::Rate || amount.wording == Wording::Whole,
        None => amount.is_struck,
    })
}

/// How texts and amounts in turns are read.
enum Turns {
    None,
    /// Each caption with the amount beside it, from the first on.
    Read(Range<usize>),
    /// Each caption with the amount in front or with the one behind.
    Either(Range<usize>),
}

struct Around<'a, 'd> {
    dom: &'a Dom<'d>,
    chunks: &'a [Chunk<'a>],
    name: &'a CarName<'a, 'a>,
}

/// One text of an element, or an amount of several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Amount(usize),
    /// A text, and the caption that it is.
    Text(usize, Option<usize>),
    /// A text with several amounts, which has no caption beside it.
    Several(usize),
}

impl Around<'_, '_> {
    /// Looks around one amount.
    fn look(&self, items: &mut [Item], item: usize, spent: &mut Vec<usize>) {
        let own = items[item].chunks.clone();
        if self.stands_below_unknown_head(&items[item]) {
            say_unknown(&mut items[item]);
            return;
        }
        let Some((element, range)) = self.larger(items[item].at, &own) else { return };
        let Some(units) = self.units(items, &range) else { return };
        let Some(at) = units.iter().position(|unit| *unit == Unit::Amount(item)) else { return };
        if units.iter().all(|unit| matches!(unit, Unit::Amount(_))) {
            self.bind_columns(items, element, &units, spent);
            return;
        }
        if self.is_behind_label(&units, at) {
            say_unknown(&mut items[item]);
            return;
        }
        match self.turns_around(items, &units, element, at) {
            Turns::Read(run) => self.bind_turns(items, &units[run]),
            Turns::Either(run) => doubt_classes(items, &units[run]),
            Turns::None => self.bind_pair(items, item, element, &units),
        }
    }

    /// Takes the word of a class that it is a price from an amount beside a caption that nobody knows, where a larger one stands without a
    /// word: `Warranty`, `$3,319`.
    fn doubt_parts(&self, items: &mut [Item]) {
        let open = |item: &Item| item.amount().filter(|amount| amount.is_open() && amount.has_sign).cloned();
        let unsaid = items.iter().filter_map(open).filter(|amount| amount.class.is_none() && amount.is_short);
        let Some(largest) = unsaid.filter_map(|amount| amount.price).max() else { return };
        let is_smaller = |item: &usize| {
            open(&items[*item]).is_some_and(|amount| {
                matches!(amount.class, Some(Stated::Price(_))) && amount.price.is_some_and(|price| price < largest)
            })
        };
        let smaller: Vec<usize> = (0..items.len()).filter(is_smaller).take(AMOUNTS_MAX).collect();
        for item in smaller {
            if self.is_beside_unknown(items, item)
                && let Kind::Amount(amount) = &mut items[item].kind
            {
                amount.class = None;
                amount.is_doubtful = true;
            }
        }
    }

    /// Whether a text right beside an amount may be its caption, and nobody knows it.
    fn is_beside_unknown(&self, items: &[Item], item: usize) -> bool {
        let Some((element, range)) = self.larger(items[item].at, &items[item].chunks) else { return false };
        let Some(units) = self.units(items, &range) else { return false };
        let Some(at) = units.iter().position(|unit| *unit == Unit::Amount(item)) else { return false };
        let is_unknown = |unit: Option<&Unit>| match unit {
            Some(Unit::Text(text, None)) => self.may_be_caption(*text, element),
            _ => false,
        };
        is_unknown(units.get(at + 1)) || at.checked_sub(1).is_some_and(|at| is_unknown(units.get(at)))
    }

    /// Gives an amount what the only other text of an element says.
    fn bind_pair(&self, items: &mut [Item], item: usize, element: usize, units: &[Unit]) {
        if let [Unit::Text(text, None), Unit::Amount(_)] | [Unit::Amount(_), Unit::Text(text, None)] = units[..] {
            let is_label = || Field::named(&self.chunks[text].text) == Some(Field::Other);
            if let Kind::Amount(amount) = &mut items[item].kind
                && self.may_be_caption(text, element)
            {
                match amount.class {
                    Some(Stated::Price(_)) if is_label() => amount.caption = Some(Stated::Unknown),
                    // A class that calls it a price weighs no more than the caption.
                    Some(Stated::Price(PriceRank::Plain)) => {
                        amount.class = None;
                        amount.is_doubtful = true;
                    }
                    Some(_) => {}
                    None => amount.caption = Some(Stated::Unknown),
                }
            }
        }
    }

    /// Whether a cell that holds nothing else stands in a column whose head nobody knows.
    fn stands_below_unknown_head(&self, item: &Item) -> bool {
        let is =
            |at: usize, names: &[&str]| self.dom.element(at).is_some_and(|element| names.contains(&element.name()));
        let cells = |row: usize| self.dom.children(row).take(CELLS_MAX).filter(|at| is(*at, &["td", "th"]));
        let mut around = std::iter::successors(self.dom.parent(item.at), |at| self.dom.parent(*at)).take(2 * LEVELS);
        let Some(cell) = around.find(|at| is(*at, &["td", "th"])) else { return false };
        let Some(row) = self.dom.parent(cell).filter(|row| is(*row, &["tr"]) && self.range_of(cell) == item.chunks)
        else {
            return false;
        };
        let Some(column) = cells(row).position(|other| other == cell) else { return false };
        let table = around.find(|at| is(*at, &["table"]));
        let head = table.and_then(|table| self.dom.within(table).take(CELLS_MAX).find(|at| is(*at, &["tr"])));
        let head = head.filter(|head| *head != row).and_then(|head| cells(head).nth(column));
        head.filter(|head| is(*head, &["th"])).is_some_and(|head| {
            let text = self.dom.text(head);
            let text = text.trim();
            let is_caption = text.len() <= CAPTION_BYTES && !text.bytes().any(|byte| byte.is_ascii_digit());
            is_caption && price_words::by_label(text).is_none() && is_unknown_caption(text, self.name)
        })
    }

    /// Whether an unknown label with a colon, or a `dt`, stands right in front.
    fn is_behind_label(&self, units: &[Unit], at: usize) -> bool {
        let Some(Unit::Text(text, None)) = at.checked_sub(1).map(|before| units[before]) else { return false };
        let chunk = &self.chunks[text];
        // The label of what a visitor fills in says nothing of the amount behind it.
        if chunk.is_asked {
            return false;
        }
        let is_term = || self.begins_with_terms(text) || (self.stands_in(text, "th") && !is_amount(&units[0]));
        let is_label = chunk.text.ends_with(':') || is_term();
        is_label && chunk.text.len() <= CAPTION_BYTES && is_unknown_caption(&chunk.text, self.name)
    }

    /// Whether a text is a `dt` of a list that begins with one: its value stands behind it.
    fn begins_with_terms(&self, text: usize) -> bool {
        let is = |at: usize, name: &str| self.dom.element(at).is_some_and(|element| element.name() == name);
        let mut around =
            std::iter::successors(self.dom.parent(self.chunks[text].at), |at| self.dom.parent(*at)).take(LEVELS);
        let Some(_term) = around.find(|at| is(*at, "dt")) else { return false };
        let list = around.find(|at| is(*at, "dl"));
        list.and_then(|list| self.dom.within(list).take(CELLS_MAX).find(|at| is(*at, "dt") || is(*at, "dd")))
            .is_some_and(|first| is(first, "dt"))
    }

    fn stands_in(&self, text: usize, name: &str) -> bool {
        let around =
            std::iter::successors(self.dom.parent(self.chunks[text].at), |at| self.dom.parent(*at)).take(LEVELS);
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
            && !begins_a_remark(said)
            && !price_words::begins_an_aside(said)
            && !is_state()
            && !is_badge(said)
            && !within.by_ref().take(LEVELS).take_while(|at| *at != element).any(is_no_label)
            && is_unknown_caption(said, self.name)
    }

    /// The texts around an amount that take turns with amounts, some caption among them known and others like it.
    fn turns_around(&self, items: &[Item], units: &[Unit], element: usize, at: usize) -> Turns {
        // `$800 holds it` has no caption: the texts beside it are those of other amounts.
        let says_all = |at: usize| matches!(units[at], Unit::Amount(item) if says_all(&items[item]));
        let take_turns = |one: usize, other: usize| {
            is_amount(&units[one]) != is_amount(&units[other]) && !says_all(one) && !says_all(other)
        };
        let may_be_caption = |unit: &Unit| match unit {
            Unit::Amount(_) | Unit::Text(_, Some(_)) => true,
            Unit::Text(text, None) => self.may_be_caption(*text, element),
            Unit::Several(_) => false,
        };
        // A pair in an element of its own ends them.
        let goes_on = |one: usize, other: usize| {
            take_turns(one, other)
                && may_be_caption(&units[other])
                && self.stands_in_element(items, &units[other], element)
        };
        let (mut start, mut end) = (at, at + 1);
        while start > 0 && goes_on(start, start - 1) {
            start -= 1;
        }
        while end < units.len() && goes_on(end - 1, end) {
            end += 1;
        }
        let is_whole = |run: &Range<usize>| {
            run.len() > 2
                && run.len().is_multiple_of(2)
                && units[run.clone()].iter().any(|unit| matches!(unit, Unit::Text(_, Some(_))))
                && self.are_plausible(items, &units[run.clone()])
        };
        // A text at one end may be a badge beside them. An amount there may say itself what it is, or be struck through: `or $911 per month`.
        let is_unknown = |at: usize| match units.get(at) {
            Some(Unit::Text(_, caption)) => caption.is_none(),
            Some(Unit::Amount(item)) => {
                items[*item].amount().is_some_and(|amount| amount.own.is_some() || amount.is_struck)
            }
            Some(Unit::Several(_)) | None => false,
        };
        let run = start..end;
        let is_cut_at_both = is_unknown(start) && is_unknown(end.saturating_sub(1));
        let is_odd = run.len() % 2 == 1;
        let mut runs = match run.len() % 2 {
            0 if is_cut_at_both && run.len() > 2 && !is_repeated(items, &units[run.clone()]) => {
                vec![start + 1..end - 1, run]
            }
            0 => vec![run],
            _ => vec![start + 1..end, start..end.saturating_sub(1)],
        };
        runs.retain(is_whole);
        let may_be_either = runs.len() == 2 && is_odd;
        runs.retain(|run| {
            let is_told = |at: usize| run.contains(&at) || is_unknown(at);
            is_told(start) && is_told(end.saturating_sub(1))
        });
        match &runs[..] {
            [only] => Turns::Read(only.clone()),
            [] if may_be_either => Turns::Either(start..end),
            _ => Turns::None,
        }
    }

    /// Whether no smaller element holds a text with another one.
    fn stands_in_element(&self, items: &[Item], unit: &Unit, element: usize) -> bool {
        let (at, own) = match *unit {
            Unit::Amount(item) => (items[item].at, items[item].chunks.clone()),
            Unit::Text(text, _) | Unit::Several(text) => (self.chunks[text].at, text..text + 1),
        };
        self.larger(at, &own).is_some_and(|(around, _)| around == element)
    }

    /// Whether the amounts of pairs can be what their captions say.
    fn are_plausible(&self, items: &[Item], units: &[Unit]) -> bool {
        let read = units.chunks(2).filter_map(|pair| {
            let ([Unit::Text(_, caption), Unit::Amount(amount)] | [Unit::Amount(amount), Unit::Text(_, caption)]) =
                pair
            else {
                return None;
            };
            let mut item = items[*amount].clone();
            if let Kind::Amount(amount) = &mut item.kind {
                let said = caption.map_or(Some(Stated::Unknown), |caption| items[caption].caption());
                amount.caption = amount.caption.or(said);
            }
            Some(item)
        });
        is_plausible(&read.collect::<Vec<_>>())
    }

    /// Gives the amounts of pairs whose captions are unknown what these say.
    fn bind_turns(&self, items: &mut [Item], units: &[Unit]) {
        for pair in units.chunks(2) {
            if let [Unit::Text(_, None), Unit::Amount(amount)] | [Unit::Amount(amount), Unit::Text(_, None)] = pair
                && is_open(&items[*amount])
            {
                say_unknown(&mut items[*amount]);
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
            // `Low Price` praises a price elsewhere.
            None => is_short.then(|| (price_words::by_words(said), None)),
        }
    }

    /// The smallest element around an amount that holds more texts, or several amounts, and its texts.
    fn larger(&self, at: usize, own: &Range<usize>) -> Option<(usize, Range<usize>)> {
        self.dom.row_around(at, (LEVELS, own.len()), self.chunks, |chunk| chunk.at)
    }

    fn range_of(&self, element: usize) -> Range<usize> {
        self.dom.within_of(element, self.chunks, |chunk| chunk.at)
    }

    /// The texts of a range as units; `None` where they are too many.
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
                    units.push(Unit::Several(at));
                    item += items[item..].iter().take_while(|next| next.chunks.start == at).count();
                    at = found.chunks.end;
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

/// Whether a text speaks of prices and is no caption of one: `Price Drop`.
fn is_badge(text: &str) -> bool {
    price_words::by_words(text).is_some() && price_words::by_caption(text).is_none()
}

/// Whether a text praises something or asks the visitor to do something: `No Doc Fees`, `Free Delivery`.
fn begins_a_remark(text: &str) -> bool {
    const WORDS: [&str; 20] = [
        "apply",
        "ask",
        "calculate",
        "call",
        "check",
        "click",
        "contact",
        "explore",
        "free",
        "get",
        "learn",
        "no",
        "print",
        "request",
        "schedule",
        "see",
        "share",
        "view",
        "without",
        "zero",
    ];
    let first = text.split(|sign: char| !sign.is_alphanumeric()).find(|word| !word.is_empty());
    first.is_some_and(|first| WORDS.iter().any(|word| first.eq_ignore_ascii_case(word)))
}

/// Whether a caption repeats the amount at one end, and is its own: `$203/mo`, `Est. Payment`. It may repeat the next one as well.
fn is_repeated(items: &[Item], units: &[Unit]) -> bool {
    let (amount, caption, next) = match units {
        [amount @ Unit::Amount(_), Unit::Text(_, Some(caption)), next, ..]
        | [.., next, Unit::Text(_, Some(caption)), amount @ Unit::Amount(_)] => (amount, *caption, next),
        _ => return false,
    };
    let is_said_by = |unit: &Unit| {
        let Unit::Amount(amount) = unit else { return false };
        let own = items[*amount].amount().and_then(|amount| amount.own);
        own.is_some() && own == items[caption].caption()
    };
    is_said_by(amount) && !is_said_by(next)
}

fn is_amount(unit: &Unit) -> bool {
    matches!(unit, Unit::Amount(_))
}

/// Takes the word of a class that they are prices from amounts beside captions that nobody knows.
fn doubt_classes(items: &mut [Item], units: &[Unit]) {
    let is_unknown = |unit: Option<&Unit>| matches!(unit, Some(Unit::Text(_, None)));
    for (at, unit) in units.iter().enumerate() {
        let is_beside =
            || is_unknown(units.get(at + 1)) || at.checked_sub(1).is_some_and(|at| is_unknown(units.get(at)));
        if let Unit::Amount(item) = unit
            && is_beside()
            && let Kind::Amount(amount @ Amount { class: Some(Stated::Price(_)), .. }) = &mut items[*item].kind
        {
            amount.class = None;
        }
    }
}

fn say_unknown(item: &mut Item) {
    if let Kind::Amount(amount @ Amount { own: None, caption: None, .. }) = &mut item.kind {
        amount.caption = Some(Stated::Unknown);
    }
}
