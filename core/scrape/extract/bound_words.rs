//! Whether the words beside an amount leave it a price.
//!
//! `Total obligation $28,000` is no price though `total` may call one, and `Ship to you $1,299` is none though nobody knows its words.
//! Words bind to the amount of their own sentence. They leave it what it is where each is known to (`Only`, `firm`) or names the car,
//! and where the last of them calls it a price, also that of a named seller (`Smith Motors Price`). An amount with any other words is
//! of something unknown, and no price. What is deliberately not here: what known words say of an amount (`price_words`).

use std::{cell::OnceCell, sync::LazyLock};

use super::{
    card_heading::heading_within,
    dom::Dom,
    fields::PriceRank,
    heading::Heading,
    price_sentences::is_lowered_to,
    price_words::{
        Stated, asks_by_a_label, begins_an_aside, mentioned,
        thing::{AFTER, ASIDE, ASKING, ASKING_SHORT, BEFORE, CASH, CONDITION, MARKET, PRICE, RETAIL, SUGGESTED},
    },
};

/// Words that leave an amount what it is: how it is offered, what car it is, and what a visitor may do.
const NEUTRAL: [&str; 5] = [
    "a about again all also an and approx approximately are around as at available back bargain be black blowout by call can click \
     deal deals details dollars door firm for free friday from great haggle has here home hot hurry i in incredible info is it its \
     just labor low lower lowest marked me member members memorial monday more my neg negotiable nice no obo of offer offered only ono or otd our \
     out pre really s see sell starting starts steal super that the these this to tonight truly unbeatable upfront us usd very view was \
     week weekend wow yes you yours",
    "auto automatic awd cab camera car carfax certified clean convertible coupe cpo crew diesel door electric excellent extra fwd gas \
     hatchback hybrid leather like loaded manual mi mileage miles mint one owner owned pickup preowned runs rwd sedan sharp stk stock \
     sunroof suv title truck used van vehicle vin wagon wd",
    "blanco negro rojo azul gris color white silver gray grey red blue green gold brown beige tan orange yellow",
    "listed online web website tax taxes fees ttl license",
    "el la de por solo le les des du en ici seulement demand\u{e9}",
];
/// Words of deeds, which leave an amount what it is where more words follow: `Take it home for`.
const DEEDS: [&str; 5] = ["buy", "drive", "grab", "own", "take"];

static KNOWN: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut known: Vec<&str> = NEUTRAL.iter().flat_map(|words| words.split_ascii_whitespace()).collect();
    known.sort_unstable();
    known.dedup();
    known
});

/// A card and what it calls its car, looked up once where that is asked for.
pub(super) struct CarName<'n, 'd> {
    pub(super) dom: &'n Dom<'d>,
    pub(super) card: usize,
    heading: OnceCell<Option<Heading>>,
    words: OnceCell<Vec<String>>,
}

impl<'n, 'd> CarName<'n, 'd> {
    pub(super) fn of(dom: &'n Dom<'d>, card: usize) -> Self {
        Self { dom, card, heading: OnceCell::new(), words: OnceCell::new() }
    }

    fn heading(&self) -> Option<&Heading> {
        self.heading.get_or_init(|| heading_within(self.dom, self.card)).as_ref()
    }

    /// What names the card's car.
    pub(super) fn into_heading(self) -> Option<Heading> {
        let Self { dom, card, heading, .. } = self;
        heading.into_inner().unwrap_or_else(|| heading_within(dom, card))
    }

    fn has(&self, word: &str) -> bool {
        let words = self.words.get_or_init(|| {
            let named = self.heading().map(|heading| [&heading.make, &heading.model, &heading.trim]);
            named.into_iter().flatten().flatten().flat_map(|text| words(text)).map(str::to_owned).collect()
        });
        words.iter().any(|known| known.eq_ignore_ascii_case(word))
    }
}

fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// What a word makes of the amount that it is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Makes {
    /// A price, whatever else is said.
    Price,
    /// A price, where all other words are known.
    PriceAmongKnown,
    Nothing,
    SomethingUnknown,
}

fn makes(word: &str, name: &CarName<'_, '_>) -> Makes {
    let things = mentioned(word);
    // `Options total` is the total of something.
    let is_total = || ["total", "subtotal"].iter().any(|total| word.eq_ignore_ascii_case(total));
    if things & (PRICE | ASKING) != 0 && !is_total() || word.eq_ignore_ascii_case("special") {
        return Makes::Price;
    }
    if things & (PRICE | ASKING_SHORT | CASH | RETAIL | SUGGESTED | MARKET) != 0 {
        return Makes::PriceAmongKnown;
    }
    // `Price before tax`
    let is_aside = things & (ASIDE | BEFORE | AFTER | CONDITION) != 0;
    if is_aside || is_known(word) || name.has(word) { Makes::Nothing } else { Makes::SomethingUnknown }
}

fn is_known(word: &str) -> bool {
    let is_times =
        || word.strip_suffix(['x', 'X']).is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()));
    // Numbers of stock and engines; `72x` counts payments.
    if word.bytes().any(|byte| byte.is_ascii_digit()) {
        return !is_times();
    }
    let lower = || word.bytes().map(|byte| byte.to_ascii_lowercase());
    KNOWN.binary_search_by(|known| known.bytes().cmp(lower())).is_ok()
}

fn is_deed(word: &str) -> bool {
    DEEDS.iter().any(|deed| word.eq_ignore_ascii_case(deed))
}

/// What words in front of an amount and behind it leave of what is said of it.
pub(super) fn left_of(said: Option<Stated>, front: &str, behind: &str, name: &CarName<'_, '_>) -> Option<Stated> {
    let is_price = said.is_none_or(|said| said.rank().is_some());
    if !is_price || is_lowered_to(front) || asks_by_a_label(front) {
        return said;
    }
    let front = bound_in_front(front);
    let is_bound = words(front).next().is_some();
    if is_bound && is_foreign_front(front, name) {
        return Some(Stated::Unknown);
    }
    if said.and_then(Stated::rank).is_some_and(|rank| rank >= PriceRank::Retail) && is_of_a_new_one(front) {
        return Some(Stated::Value);
    }
    let is_said_in_front = said.is_some() && is_bound;
    if !is_said_in_front && is_foreign_behind(bound_behind(behind), name) { Some(Stated::Unknown) } else { said }
}

/// Whether words say what the car cost when it was new: `Original sticker`.
fn is_of_a_new_one(front: &str) -> bool {
    words(front)
        .any(|word| ["new", "original", "originally", "orig"].iter().any(|known| word.eq_ignore_ascii_case(known)))
        && words(front).any(|word| mentioned(word) & SUGGESTED != 0)
}

/// The part of the words in front of an amount that stands in its own sentence.
fn bound_in_front(front: &str) -> &str {
    let between = [' ', ':', '-', '\u{2013}', '\u{2014}', '(', '*', '~', '$', '='];
    let front = front.trim_end_matches(between);
    // Dots lead from a caption to its amount: `Insurance ..... $2,968`.
    let leads = front.ends_with("..") || front.ends_with('\u{2026}');
    let front = if leads { front.trim_end_matches(['.', '\u{2026}']).trim_end_matches(between) } else { front };
    let start = front.rmatch_indices(ENDS).find(|(at, end)| *end != "." || ends_a_sentence(front, *at));
    start.map_or(front, |(at, end)| &front[at + end.len()..])
}

/// The part of the words behind an amount that stands in its own sentence.
fn bound_behind(behind: &str) -> &str {
    let behind = behind.trim_start_matches(['*', ' ', '\u{2020}', '\u{b9}']);
    let end = behind.match_indices(ENDS).find(|(at, end)| *end != "." || ends_a_sentence(behind, *at));
    end.map_or(behind, |(at, _)| &behind[..at])
}

const ENDS: fn(char) -> bool = |sign| {
    matches!(sign, '!' | '?' | ';' | ',' | '|' | '.' | '(' | ')' | '\u{2022}' | '\u{b7}' | '\u{2013}' | '\u{2014}')
};

/// Whether a full stop ends a sentence, and no abbreviation: `Approx.`, `J.D. Power`.
fn ends_a_sentence(text: &str, at: usize) -> bool {
    const ABBREVIATED: usize = 6;
    let word = words(&text[..at]).next_back().unwrap_or_default();
    let goes_on = text[at + 1..].starts_with(|sign: char| sign.is_alphanumeric());
    !goes_on && word.len() > ABBREVIATED
}

fn is_foreign_front(front: &str, name: &CarName<'_, '_>) -> bool {
    let mut last = words(front).next_back().is_some_and(is_deed);
    let mut needs_known = false;
    for word in words(front).rev() {
        let is_deed_before = is_deed(word) && !std::mem::replace(&mut last, false);
        match makes(word, name) {
            Makes::Price if !needs_known => return false,
            Makes::PriceAmongKnown => needs_known = true,
            Makes::Price | Makes::Nothing => {}
            Makes::SomethingUnknown if is_deed_before => {}
            Makes::SomethingUnknown => return true,
        }
    }
    false
}

fn is_foreign_behind(behind: &str, name: &CarName<'_, '_>) -> bool {
    if begins_an_aside(behind) {
        return false;
    }
    let mut is_foreign = false;
    for word in words(behind) {
        // `with approved credit`: a condition of the price in front.
        if mentioned(word) & (ASIDE | BEFORE | AFTER | CONDITION) != 0 {
            return is_foreign;
        }
        match makes(word, name) {
            Makes::Price => return false,
            Makes::SomethingUnknown => is_foreign = true,
            Makes::PriceAmongKnown | Makes::Nothing => {}
        }
    }
    is_foreign
}

/// Whether a text of its own is a caption of something that nobody here knows.
pub(super) fn is_unknown_caption(text: &str, name: &CarName<'_, '_>) -> bool {
    words(text).next().is_some() && words(text).any(|word| makes(word, name) == Makes::SomethingUnknown)
}
