//! The amounts of a card and the captions for amounts, in reading order.
//!
//! What stands in the same text as an amount is said of it (`Sale Price: $31,630`, `$289/mo`). A text of its own that names a
//! kind of amount is a caption; which amount it belongs to, `pairing` finds. What is deliberately not here: mileages, years and
//! whatever else is a number.

use std::{borrow::Cow, ops::Range};

use super::{
    answers,
    bound_words::{self, CarName},
    card::labelled,
    chunks::{Chunk, Texts},
    clauses,
    dom::Dom,
    fields::{Field, PriceRank},
    heading, numbers,
    phrases::Phrases,
    price_sentences::{self, by_words_in_front},
    price_words::{self, Stated, by_words},
    set_aside, unknown_captions,
};
use crate::Money;

/// An amount, or a caption for one.
#[derive(Clone)]
pub(super) struct Item {
    /// Its place in the page's tree.
    pub(super) at: usize,
    /// Its texts among those of the card.
    pub(super) chunks: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone)]
pub(super) enum Kind {
    Caption(Stated),
    Amount(Amount),
}

#[derive(Clone, Default)]
pub(super) struct Amount {
    /// The price that it would be.
    pub(super) price: Option<Money>,
    /// How much it is, whatever it is.
    pub(super) size: Option<Money>,
    /// What its own text says of it.
    pub(super) own: Option<Stated>,
    /// What the caption says that belongs to it.
    pub(super) caption: Option<Stated>,
    /// What classes of elements around it say.
    pub(super) class: Option<Stated>,
    pub(super) is_struck: bool,
    /// Whether a sign or a word says that it is one of dollars.
    pub(super) has_sign: bool,
    /// Whether it stands for several amounts of one text, none of them plainly the price though one is large enough.
    pub(super) is_several: bool,
    /// Whether its text says little else, so that it may be a price without a word that says so.
    pub(super) is_short: bool,
    /// Whether a class calls it a price and a caption that nobody knows another thing.
    pub(super) is_doubtful: bool,
    pub(super) wording: Wording,
}

/// How much of what is said of an amount stands in its own sentence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wording {
    /// At most a unit: a caption beside it may say the same once more.
    #[default]
    Short,
    /// All of it: a caption beside it is another amount's.
    Whole,
    /// That the price is told to those who ask.
    Withheld,
}

impl Amount {
    /// Whether a caption may still say what it is.
    pub(super) fn is_open(&self) -> bool {
        self.own.is_none() && self.caption.is_none() && !self.is_struck
    }

    /// What is said of it: words before classes, of which only a plain price is doubted.
    pub(super) fn stated(&self) -> Option<Stated> {
        let words = self.own.or(self.caption);
        match (words, self.class) {
            (None, class) => class,
            (Some(plain @ Stated::Price(PriceRank::Plain)), Some(class)) => Some(plain.least(class)),
            (words, _) => words,
        }
    }
}

impl Item {
    pub(super) fn amount(&self) -> Option<&Amount> {
        match &self.kind {
            Kind::Amount(amount) => Some(amount),
            Kind::Caption(_) => None,
        }
    }

    pub(super) fn caption(&self) -> Option<Stated> {
        match self.kind {
            Kind::Caption(stated) => Some(stated),
            Kind::Amount(_) => None,
        }
    }
}

/// What the head of a column says of the amounts in a cell, by the cell's place.
pub(super) type Column = (Range<usize>, Stated);

/// A longer text mentions an amount, and does not ask it.
pub(super) const WORDS_BESIDE: usize = 3;
/// The same where each word is known to say nothing of the amount.
const KNOWN_BESIDE: usize = 6;
/// The digits and two groups of three follow the sign at most.
const PARTS_BEHIND: usize = 3;
/// A longer text is no caption.
const CAPTION_BYTES: usize = 40;
/// A longer text is prose: amounts in it are nobody's caption's.
pub(super) const PROSE_BYTES: usize = 100;

/// The amounts and captions of a card; none where it has no amount.
pub(super) fn find(dom: &Dom<'_>, texts: &Texts<'_>, columns: &[Column], name: &CarName<'_, '_>) -> Vec<Item> {
    let chunks = &texts.chunks;
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(chunk) = chunks.get(at) {
        let (text, mut behind) = whole_amount(dom, chunks, at);
        let mut push = |kind: Kind, behind: usize| items.push(Item { at: chunk.at, chunks: at..behind, kind });
        let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
        if chunk.is_struck {
            if has_digit {
                let size = numbers::size(&text);
                push(Kind::Amount(Amount { size, is_struck: true, ..Amount::default() }), behind);
            }
        } else if price_sentences::withholds_a_price(&text) {
            // One that answers a caption is open for it; others are whole by themselves.
            let own = if answers::is_left_open(&text) { None } else { Some(Stated::Price(PriceRank::Plain)) };
            push(Kind::Amount(Amount { own, wording: Wording::Withheld, ..Amount::default() }), behind);
        } else if has_digit && is_amount(dom, chunks, at, &text, columns) {
            let is_rate = chunks.get(behind).is_some_and(|next| begins_a_payment(&next.text));
            behind += usize::from(is_rate);
            let mut read = amounts_of(&text, is_rate, name);
            if price_sentences::leads_on(&text) && chunks.get(behind).is_some_and(|next| next.text.starts_with('$')) {
                read.iter_mut().for_each(|amount| amount.own = Some(Stated::Price(PriceRank::Retail)));
            }
            if let [only] = &mut read[..]
                && !is_rate
            {
                let sentence = Sentence::around(dom, &text, (at, behind), chunks, name);
                if sentence.tell(&text, only) {
                    only.wording = Wording::Whole;
                    // Its other words are no captions.
                    behind += usize::from(sentence.is_split_behind);
                    items.pop_if(|item| sentence.is_split && item.chunks.end == at && item.caption().is_some());
                }
            }
            let mut push = |kind: Kind, behind: usize| items.push(Item { at: chunk.at, chunks: at..behind, kind });
            if read.iter().any(|amount| amount.price.is_some()) || text.len() <= PROSE_BYTES {
                read.into_iter().for_each(|amount| push(Kind::Amount(amount), behind));
            }
        } else if let Some(stated) =
            caption(chunk, has_digit).filter(|stated| may_be_linked(*stated) || !is_link(dom, chunk))
        {
            push(Kind::Caption(stated), behind);
        } else if answers::is_left_open(&text) && !answers::is_called(chunks.get(behind)) {
            push(Kind::Amount(Amount::default()), behind);
        }
        at = behind;
    }
    if items.iter().any(|item| item.amount().is_some_and(|amount| amount.size.is_some())) {
        set_aside::history(chunks, &mut items);
        set_aside::slogans(chunks, &mut items);
        set_aside::below_others(chunks, &mut items);
        apply_classes(texts, &mut items);
        unknown_captions::bind(dom, chunks, &mut items, name);
        items
    } else {
        Vec::new()
    }
}

/// The words around an amount in its own sentence, of which some may stand in another element: `Pay <b>$1,500</b> now`.
struct Sentence<'t> {
    front: &'t str,
    behind: &'t str,
    /// Whether the words in front stand in another text, and those behind.
    is_split: bool,
    is_split_behind: bool,
    /// Whether no other amount stands right before its words or behind them.
    is_alone: bool,
    name: &'t CarName<'t, 't>,
}

impl<'t> Sentence<'t> {
    fn around(
        dom: &Dom<'_>,
        text: &'t str,
        (at, next): (usize, usize),
        chunks: &'t [Chunk<'_>],
        name: &'t CarName<'t, 't>,
    ) -> Self {
        let start = text.find(|sign: char| sign == '$' || sign.is_ascii_digit()).unwrap_or(0);
        let end = text.rfind(|sign: char| sign.is_ascii_digit()).map_or(text.len(), |last| last + 1);
        let (mut front, mut behind) = (text[..start].trim(), text[end..].trim());
        let is_amount = |chunk: &Chunk<'_>| memchr::memchr(b'$', chunk.text.as_bytes()).is_some();
        // The text behind another one in the same sentence.
        let beside = |of: usize, other: Option<usize>| {
            let (of, other) = (chunks.get(of)?, chunks.get(other?)?);
            Some(other).filter(|other| is_one_sentence(dom, of.at, other.at))
        };
        let words =
            |other: Option<usize>| beside(at, other).filter(|chunk| !is_amount(chunk)).map(|chunk| &*chunk.text);
        let (in_front, is_split, is_split_behind) = (at.checked_sub(1), front.is_empty(), behind.is_empty());
        if is_split {
            front = words(in_front).unwrap_or_default();
        }
        if is_split_behind {
            behind = words(Some(next)).unwrap_or_default();
        }
        // Amounts that take turns with captions are paired as a whole.
        let before = in_front.filter(|in_front| beside(at, Some(*in_front)).is_some());
        let before = before.and_then(|in_front| beside(in_front, in_front.checked_sub(1)));
        let after = beside(at, Some(next)).and_then(|_| beside(next, Some(next + 1)));
        let is_alone = ![before, after].into_iter().flatten().any(is_amount);
        let (is_split, is_split_behind) = (is_split && !front.is_empty(), is_split_behind && !behind.is_empty());
        Self { front, behind, is_split, is_split_behind, is_alone, name }
    }

    /// Says of an amount what its sentence says of it. Answers whether its words are no captions for other amounts.
    fn tell(&self, text: &str, amount: &mut Amount) -> bool {
        let is_price = amount.own.is_none_or(|own| own.rank().is_some());
        if !is_price || self.front.len() + self.behind.len() == 0 {
            return false;
        }
        // `Drive today: $1,995` may ask a part as well as an old car.
        if amount.size.is_some_and(|size| size < LEAST_FINANCED) && price_sentences::bids_to_drive(self.front) {
            amount.own = Some(Stated::Unknown);
            return true;
        }
        if price_sentences::is_paid_at_first(self.front, self.behind) {
            amount.own = Some(Stated::Down);
            return true;
        }
        if amount.own.is_some() {
            return false;
        }
        if price_sentences::is_of_something(self.behind) {
            amount.own = Some(Stated::Value);
        } else if self.is_alone {
            let front = if self.front.len() > CAPTION_BYTES { numbers::last_words(self.front) } else { self.front };
            if self.is_split && numbers::price(&[front, " ", text].concat()).is_none() {
                amount.price = None;
            }
            let behind = Some(self.behind).filter(|behind| self.is_split_behind && behind.len() <= CAPTION_BYTES);
            let behind = behind.unwrap_or_default();
            let said = said_in_sentence(front, behind);
            amount.own =
                if front.len() > CAPTION_BYTES { said } else { bound_words::left_of(said, front, behind, self.name) };
        }
        amount.own.is_some()
    }
}

/// Whether an amount is the price for those who borrow it: `$15,995 financed`.
fn is_financed(text: &str, behind: &str) -> bool {
    let is_price = || numbers::size(text).is_some_and(|size| size >= LEAST_FINANCED);
    behind.trim().eq_ignore_ascii_case("financed") && is_price()
}

/// Less is a payment.
const LEAST_FINANCED: Money = Money::from_dollars(3_000);

/// What the words in front of an amount say of it, else those behind; the other way round where a sentence ends in front of it.
fn said_in_sentence(front: &str, behind: &str) -> Option<Stated> {
    // `Price includes $499 of fees`
    if price_words::ends_in_an_aside(front) {
        return Some(Stated::Fee);
    }
    if price_words::ends_in_a_condition(front) {
        return Some(Stated::Unknown);
    }
    if price_sentences::is_lowered_to(front) {
        return Some(Stated::Price(PriceRank::Asking));
    }
    // `\u{2193} $500`
    let is_down = front.trim_end().ends_with(['\u{2193}', '\u{25bc}', '\u{2b07}', '\u{25be}']);
    if is_down || price_sentences::is_lowered_by(front) || price_sentences::is_below_another(behind) {
        return Some(Stated::Saving);
    }
    if price_sentences::is_of_another_time(front) {
        return Some(Stated::Value);
    }
    // By how much, or to what, nobody can tell.
    if price_words::ends_lowered(front) {
        return Some(Stated::Unknown);
    }
    let in_front = || {
        let said = by_words_in_front(front).or_else(|| by_words(numbers::last_words(front)));
        said.filter(|said| *said != Stated::Value || !price_words::praises(front))
    };
    if front.trim_end().ends_with(['!', '?']) {
        by_words(behind).or_else(in_front)
    } else {
        in_front().or_else(|| price_sentences::by_condition(behind)).or_else(|| by_words(behind))
    }
}

/// Elements that stand within a sentence.
const WITHIN_SENTENCES: [&str; 11] = ["b", "big", "em", "font", "i", "mark", "small", "span", "strong", "sup", "u"];

/// Whether two texts are one sentence of which a part stands in an element of its own.
fn is_one_sentence(dom: &Dom<'_>, one: usize, other: usize) -> bool {
    let holds = |outer: usize, inner: usize| {
        let around = dom.parent(outer).filter(|around| dom.within(*around).contains(&inner));
        let Some(around) = around.filter(|around| dom.parent(inner) != Some(*around)) else { return false };
        let mut between = std::iter::successors(dom.parent(inner), |at| dom.parent(*at)).take_while(|at| *at != around);
        between
            .by_ref()
            .take(SENTENCE_LEVELS)
            .all(|at| dom.element(at).is_some_and(|element| WITHIN_SENTENCES.contains(&element.name())))
            && between.next().is_none()
    };
    holds(one, other) || holds(other, one)
}

/// How deep an element stands within a sentence.
const SENTENCE_LEVELS: usize = 3;

fn is_amount(dom: &Dom<'_>, chunks: &[Chunk<'_>], at: usize, text: &str, columns: &[Column]) -> bool {
    const DOLLARS: Phrases<2> = Phrases::new(["usd", "dollars"]);
    let is_word = |word: &str| ["usd", "dollars"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let names_dollars = || DOLLARS.are_in(text) && text.split(|sign: char| !sign.is_alphabetic()).any(is_word);
    if memchr::memchr(b'$', text.as_bytes()).is_some() || names_dollars() {
        return true;
    }
    let chunk = &chunks[at];
    let is_number = || numbers::price(text).is_some();
    let is_price_label = |text: &str| matches!(Field::named(text), Some(Field::Price(_)));
    let is_labelled = text.split_once(':').is_some_and(|(label, _)| is_price_label(label));
    let is_in_column = column_of(columns, chunk.at).is_some_and(|stated| stated.rank().is_some());
    // A bare number is a price behind its label, unless the label belongs to the amount in front of it.
    let is_behind_label = || {
        let label = at.checked_sub(1).filter(|label| answers::names_a_price(&chunks[*label].text));
        let label = label.filter(|_| !answers::is_of_next_label(dom, chunks, at));
        // The last label of a column stands in front of the first value of the next.
        let is_empty_label = |at: usize| labelled(&chunks[at].text).is_some_and(|(_, rest)| rest.is_empty());
        let label = label.filter(|label| !label.checked_sub(1).is_some_and(is_empty_label));
        // Its sign may stand in a text of its own.
        let in_front = |label: usize| chunks[label.saturating_sub(2)..label].iter();
        let has_sign = |label| in_front(label).any(|before| memchr::memchr(b'$', before.text.as_bytes()).is_some());
        label.is_some_and(|label| answers::is_bound(dom, chunks, at) || !has_sign(label))
    };
    let is_asked = || price_words::asks_without_a_sign(text);
    (chunk.is_priced || is_labelled || is_in_column || is_behind_label() || is_asked()) && is_number()
}

pub(super) fn column_of(columns: &[Column], at: usize) -> Option<Stated> {
    let behind = columns.partition_point(|(cell, _)| cell.start <= at);
    let (cell, stated) = columns.get(behind.checked_sub(1)?)?;
    cell.contains(&at).then_some(*stated)
}

/// The amounts of one text, each with what the text says of it.
fn amounts_of(text: &str, is_rate: bool, name: &CarName<'_, '_>) -> Vec<Amount> {
    let found = numbers::dollars(text);
    if found.len() > 1
        && let Some(without) = price_sentences::without_an_aside(text)
    {
        return amounts_of(&without, is_rate, name);
    }
    if let [(first, _), (second, _), ..] = &found[..]
        && price_words::begins_an_aside(&text[first.end..second.start])
    {
        // `$21,995 plus tax and $599 doc fee`: what comes on top is no part of the price.
        return amounts_of(&text[..first.end], is_rate, name);
    }
    if !is_rate {
        // `$15,995 cash or $2,000 down`: none of the words are about both.
        let read = if clauses::are_alternatives(text) { None } else { clauses::each_by_its_words(text, &found) };
        if let Some(read) = read {
            return read;
        }
        let clauses = clauses::of(text, &found);
        if !clauses.is_empty() {
            return clauses.into_iter().flat_map(|clause| amounts_of(clause, false, name)).collect();
        }
    }
    one_amount_of(text, &found, is_rate, name)
}

/// The amount of a text that stays whole; of several, what they come to together.
fn one_amount_of(
    text: &str,
    found: &[(Range<usize>, Option<Money>)],
    is_rate: bool,
    name: &CarName<'_, '_>,
) -> Vec<Amount> {
    let (start, end) = match found {
        [(place, _)] => (place.start, place.end),
        _ => (text.find(|sign: char| sign == '$' || sign.is_ascii_digit()).unwrap_or(0), text.len()),
    };
    let (front, behind) = (text[..start].trim_end_matches(['$', ' ']), &text[end..]);
    let lowered = found
        .last()
        .filter(|(place, _)| price_sentences::is_lowered_to(text[..place.start].trim_end_matches(['$', ' '])));
    let is_foreign = !found.is_empty() && numbers::names_another_currency(&text.to_ascii_lowercase());
    let own = match said_in_sentence(front, behind) {
        _ if is_rate => Some(Stated::Rate),
        // The same in another currency says nothing of the amount in this one.
        _ if is_foreign => Some(Stated::Value),
        // `Lower price: -$1,310`
        _ if text[..start].ends_with(": -$") => Some(Stated::Saving),
        // `Marked down from $17,995 to $15,995`
        _ if found.len() > 1 && lowered.is_some() => Some(Stated::Price(PriceRank::Asking)),
        // A part of it is no payment.
        Some(Stated::Rate) if is_financed(text, behind) => Some(Stated::Price(PriceRank::Retail)),
        said => bound_words::left_of(said, front, behind, name),
    };
    // A label is as long as it is: `Smith Motors Internet Sale Price: $15,995`.
    let is_label =
        || own.is_some() && !behind.chars().any(char::is_alphanumeric) && price_words::ends_in_a_price(front);
    // What comes on top is no part of it, and words that nobody has to know say no other thing of it.
    let beside = if price_words::begins_an_aside(behind) { front } else { text };
    let most_beside = if own.is_none() { KNOWN_BESIDE } else { WORDS_BESIDE };
    let price = numbers::price(text);
    let is_large = |(_, size): &(Range<usize>, Option<Money>)| size.is_some_and(|size| size >= LEAST_FINANCED);
    vec![Amount {
        has_sign: !found.is_empty(),
        is_several: price.is_none() && !is_rate && found.len() > 1 && found.iter().any(is_large),
        price,
        size: if is_foreign { None } else { numbers::size(text).or(price) },
        own,
        is_short: words_of(beside) <= most_beside || is_label(),
        wording: if by_words_in_front(front).is_some() { Wording::Whole } else { Wording::Short },
        ..Amount::default()
    }]
}

/// How many words a text has beside its amounts.
pub(super) fn words_of(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count()
}

/// What a text of its own says of an amount beside it.
fn caption(chunk: &Chunk, has_digit: bool) -> Option<Stated> {
    const MILES: Phrases<3> = Phrases::new(["mile", "mpg", "odometer"]);
    let text = &*chunk.text;
    // Most texts name no amount, which is known soonest.
    let whole = if text.len() > CAPTION_BYTES { None } else { price_words::by_label(text) };
    // `72 mo. Payment`
    let stated = whole.or_else(|| price_sentences::by_last_sentence(text))?;
    let stated = price_words::or_of_a_loan(stated, text);
    // `Price: Call` says all by itself.
    let is_answered = || text.split_once(':').is_some_and(|(_, rest)| !rest.trim().is_empty());
    // What names the car, or counts miles, names no amount: `2019 Ford F-150 Lease Return`, `10,000 miles a year, lease`.
    let names_a_car = || has_digit && heading::split(text).is_some_and(|heading| heading.make.is_some());
    let counts_miles = || MILES.are_in(text);
    let is_status = || {
        let is_named = matches!(Field::named(text), Some(Field::Standing(_)));
        text.len() <= CAPTION_BYTES && (is_named || price_sentences::is_status(text))
    };
    let is_none = text.len() > PROSE_BYTES
        || chunk.is_button
        || chunk.is_asked
        || (has_digit && stated != Stated::Rate)
        || is_answered();
    (!is_none && !is_status() && !names_a_car() && !counts_miles()).then_some(stated)
}

/// Whether a caption may stand in a link: one of a price, and of payments, which are told by how small they are.
fn may_be_linked(stated: Stated) -> bool {
    stated.rank().is_some() || stated == Stated::Rate
}

/// Whether a text is all of a link, or of the label of something to tick: `Save Vehicle`.
fn is_link(dom: &Dom<'_>, chunk: &Chunk<'_>) -> bool {
    const NODES: usize = 8;
    let mut around = std::iter::successors(dom.parent(chunk.at), |at| dom.parent(*at)).take(SENTENCE_LEVELS);
    around.any(|at| {
        let range = dom.within(at);
        let is = |name: &str| dom.element(at).is_some_and(|element| element.name() == name);
        let has_box = || dom.elements(range.clone()).any(|(_, element)| element.name() == "input");
        range.len() <= NODES && (is("a") || (is("label") && has_box()))
    })
}

/// The text with what belongs to its number, `$`, `15` and `,995` being one amount, and the place behind it.
fn whole_amount<'c>(dom: &Dom<'_>, chunks: &'c [Chunk<'_>], at: usize) -> (Cow<'c, str>, usize) {
    let mut text = Cow::Borrowed(&*chunks[at].text);
    let mut behind = at + 1;
    // Neither goes on from a word, nor with one.
    let is_open = |text: &str| text.ends_with(|sign: char| sign.is_ascii_digit() || matches!(sign, '$' | ','));
    let may_go_on = |text: &str| text.starts_with(|sign: char| sign.is_ascii_digit() || matches!(sign, ',' | '.'));
    for next in chunks.iter().skip(at + 1).take(PARTS_BEHIND) {
        if !is_open(&text) || !may_go_on(&next.text) {
            break;
        }
        let is_digits =
            |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let ends_in_digit = text.ends_with(|sign: char| sign.is_ascii_digit());
        // `20 095 $` has its number.
        let wants_a_number =
            text.strip_suffix('$').is_some_and(|front| !front.trim_end().ends_with(|sign: char| sign.is_ascii_digit()));
        let begins = wants_a_number
            && next.text.starts_with(|sign: char| sign.is_ascii_digit())
            && cell_around(dom, chunks[at].at) == cell_around(dom, next.at);
        let rest = next.text.strip_prefix(',').filter(|_| ends_in_digit);
        let goes_on = rest.is_some_and(|rest| is_digits(rest, 3)) || (wants_a_group(&text) && is_digits(&next.text, 3));
        let has_cents = ends_in_digit && text.contains('$') && !text.contains('.');
        let is_raised = || {
            let around = dom.parent(next.at).and_then(|around| dom.element(around));
            around.is_some_and(|around| matches!(around.name(), "sup" | "small"))
        };
        let bare = next.text.strip_prefix('.').unwrap_or(&next.text);
        let is_cents = has_cents && is_digits(bare, 2) && (bare.len() < next.text.len() || is_raised());
        // `$15<sup>995</sup>`
        let are_hundreds = has_cents && !text.contains(',') && is_digits(&next.text, 3) && is_raised();
        if !begins && !goes_on && !is_cents && !are_hundreds {
            break;
        }
        let whole = text.to_mut();
        match (is_cents, are_hundreds) {
            (true, _) => whole.extend([".", bare]),
            (_, true) => whole.extend([",", &next.text]),
            _ => whole.push_str(&next.text),
        }
        behind += 1;
    }
    (text, behind)
}

/// The cell, the value of a term or the entry of a list that a text stands in: an amount ends with it.
fn cell_around(dom: &Dom<'_>, text: usize) -> Option<usize> {
    let mut around = std::iter::successors(dom.parent(text), |at| dom.parent(*at)).take(2 * SENTENCE_LEVELS);
    around.find(|at| dom.element(*at).is_some_and(|element| matches!(element.name(), "td" | "th" | "dd" | "li")))
}

/// Whether a text ends in thousands, of which the hundreds stand in a text of their own: `$46,`.
fn wants_a_group(text: &str) -> bool {
    let Some(number) = text.strip_suffix(',').and_then(|text| text.rsplit(['$', ' ']).next()) else { return false };
    let mut groups = number.split(',');
    let is_number = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && is_number(first))
        && groups.all(|group| group.len() == 3 && is_number(group))
}

/// `/mo` and the like, set apart from the amount in front. Without the stroke it is a caption.
fn begins_a_payment(text: &str) -> bool {
    const UNITS: [&str; 10] = ["mo", "mos", "month", "months", "monthly", "wk", "week", "weekly", "biweekly", "bi"];
    let Some(rest) = text.strip_prefix('/') else { return false };
    let first = rest.split(|sign: char| !sign.is_alphanumeric()).find(|word| !word.is_empty());
    first.is_some_and(|word| UNITS.iter().any(|unit| word.eq_ignore_ascii_case(unit)))
}

/// Notes with each amount what classes of the elements around it say.
///
/// A class that says more than that it is a price speaks of one amount: an element that holds several is a frame for them.
fn apply_classes(texts: &Texts<'_>, items: &mut [Item]) {
    for (range, said) in &texts.classes {
        let start = items.partition_point(|item| item.at < range.start);
        let end = items.partition_point(|item| item.at < range.end);
        let mut open: Vec<&mut Amount> = items[start..end]
            .iter_mut()
            .filter_map(|item| match &mut item.kind {
                Kind::Amount(amount) if !amount.is_struck && amount.own.is_none_or(|own| own.rank().is_some()) => {
                    Some(amount)
                }
                _ => None,
            })
            .collect();
        let is_alone = open.len() == 1;
        let stated = match said.stated {
            stated if is_alone => stated,
            Stated::Price(_) if said.is_price => Stated::Price(PriceRank::Plain),
            stated if !said.is_price && stated.rank().is_none() => stated,
            _ => continue,
        };
        for amount in &mut open {
            amount.class = Some(amount.class.map_or(stated, |known| known.least(stated)));
        }
    }
}
