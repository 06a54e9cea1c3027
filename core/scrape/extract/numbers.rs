//! Prices and model years, read from what people and programs write.
//!
//! A wrong number is worse than none. So each reader answers `None` where it is not sure: a range, a monthly payment or
//! another currency is no price. What is deliberately not here: which values are plausible in the end
//! (see `ScrapedListing::check`).

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::Number;

use super::{
    clean::text,
    fields::PriceRank,
    groups::{grouped_otherwise, is_grouped_by_blanks},
    limits::TextLimits,
    price_sentences::is_lowered_to,
    price_words::{Stated, by_caption},
};
use crate::Money;

/// One number within a text.
pub(super) struct Amount {
    pub(super) start: usize,
    pub(super) end: usize,
    /// In hundredths; `None` where the digits are written as no American number is.
    pub(super) hundredths: Option<i64>,
    /// In hundredths, where dots, blanks or apostrophes set thousands apart: it holds where a sign or a unit says that it is a number of
    /// something.
    pub(super) foreign: Option<i64>,
}

impl Amount {
    /// How many dollars it is, in hundredths; `text` is the one that it stands in.
    fn cents(&self, text: &str) -> Option<i64> {
        self.hundredths.or_else(|| self.foreign.filter(|_| has_dollar_sign(text, self)))
    }
}

/// The numbers of a text that stand alone; digits inside a word (`RAV4`, `F-150`) are none.
pub(super) fn amounts(text: &str) -> Vec<Amount> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.')) {
            at += 1;
        }
        let mut end = at;
        while matches!(bytes[end - 1], b',' | b'.') {
            end -= 1;
        }
        let number = &text[start..end];
        let foreign = grouped_otherwise(&text[start..]);
        if let Some((length, _)) = foreign.filter(|(length, _)| start + length > end) {
            (at, end) = (start + length, start + length);
        }
        let thousands = end == at
            && bytes.get(end).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'k'))
            && !bytes.get(end + 1).is_some_and(|byte| byte.is_ascii_alphanumeric());
        if thousands {
            at += 1;
            end += 1;
        }
        // `$1.5M` is no price of a car that is read here, and a dollar and a half still less.
        let millions = text[end..].trim_start().as_bytes();
        let millions = millions.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'm'))
            && !millions.get(1).is_some_and(u8::is_ascii_alphanumeric);
        let within_word =
            text[..start].chars().next_back().is_some_and(|c| c.is_alphabetic() || matches!(c, '-' | '.' | ','))
                && text[..start].chars().rev().find(|c| !matches!(c, '-' | '.' | ',')).is_some_and(char::is_alphabetic)
                && !ends_with_currency(&text[..start]);
        if !within_word {
            let is_whole = end == start + number.len() || thousands;
            let is_american = is_whole && !millions && !has_group_behind(number, &text[end..]);
            let hundredths = if is_american { hundredths(number, thousands) } else { None };
            let foreign = foreign.filter(|_| !millions && !thousands).map(|(_, hundredths)| hundredths);
            found.push(Amount { start, end, hundredths, foreign });
        }
    }
    found
}

/// Whether a space sets three more digits apart, as some write thousands: `15 995`.
fn has_group_behind(number: &str, rest: &str) -> bool {
    let digits = rest.strip_prefix(' ').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    digits == 3 && number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn ends_with_currency(text: &str) -> bool {
    text.len() >= 3 && text.is_char_boundary(text.len() - 3) && text[text.len() - 3..].eq_ignore_ascii_case("usd")
}

/// `76,295.00`, `21854`, `12.5` and, in thousands, `12.5`; groups of three or none, at most cents.
pub(super) fn hundredths(number: &str, thousands: bool) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = whole.contains(',');
    if fraction.contains(['.', ','])
        || first.is_empty()
        || (grouped && first.len() > 3)
        || !groups.all(|group| group.len() == 3)
    {
        return None;
    }
    // `22.400` is twenty-two thousand to some, and nothing to others.
    if fraction.len() == 3 && whole.len() <= 3 && !thousands {
        return None;
    }
    let fraction = if thousands { fraction } else { fraction.trim_end_matches('0') };
    // Longer numbers are no price and no mileage, and would not fit.
    if whole.len() > 14 || fraction.len() > if thousands { 3 } else { 2 } {
        return None;
    }
    let number = |digits: &str| {
        digits.bytes().filter(u8::is_ascii_digit).fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    let scale = if thousands { 5 } else { 2 };
    let missing = scale - u32::try_from(fraction.len()).ok()?;
    number(whole).checked_mul(10_i64.pow(scale))?.checked_add(number(fraction) * 10_i64.pow(missing))
}

/// The text, where it is only one number as people write it: `31,995`, `31995.00`.
pub(super) fn lone_number(text: &str) -> Option<&str> {
    let (first, last) = (*text.as_bytes().first()?, *text.as_bytes().last()?);
    let is_sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b',' | b'.');
    (first.is_ascii_digit() && last.is_ascii_digit() && text.bytes().all(is_sign)).then_some(text)
}

/// The asking price that a text states, `None` where it states none, several, or something else than dollars to pay once.
///
/// Read are `$76,295.00`, `15995`, `$15K`, `Price: $8,495` and the Base64 that some pages hide a price in. A zero, a range,
/// a payment (`$299/mo`), a discount and another currency are `None`.
///
/// ```
/// use jpauto::{Money, extract};
///
/// assert_eq!(extract::price("Our Price: $12,995"), Some(Money::from_dollars(12_995)));
/// assert_eq!(extract::price("MzI5ODguMA=="), Some(Money::from_dollars(32_988)));
/// assert_eq!(extract::price("$299/mo"), None);
/// assert_eq!(extract::price("Call for price"), None);
/// ```
#[must_use]
pub fn price(raw: &str) -> Option<Money> {
    if raw.len() > TextLimits::DEFAULT.number_bytes_max {
        return None;
    }
    // Most texts are a bare number: no words around it can change what it is.
    let number = lone_number(raw.strip_prefix('$').unwrap_or(raw));
    if let Some(hundredths) = number.and_then(|number| hundredths(number, false)) {
        return price_of_cents(hundredths);
    }
    price_in_words(raw)
}

/// [`price`] of a text with anything beside the number.
fn price_in_words(raw: &str) -> Option<Money> {
    let mut text = text(raw)?;
    if let Some(hidden) = base64_number(&text) {
        text = hidden;
    }
    let lower = text.to_ascii_lowercase();
    if names_another_currency(&lower) {
        return None;
    }
    let all = amounts(&lower);
    let marked = all.iter().any(|amount| has_dollar_sign(&lower, amount));
    if !marked && !is_bare_number(&lower) {
        return None;
    }
    let mut asking: Vec<(&Amount, bool)> = Vec::new();
    let mut is_range_of_none = false;
    for amount in all.iter().filter(|amount| !marked || has_dollar_sign(&lower, amount)) {
        // What the first end of a range is, the second is as well.
        let is_end = is_range_of_none && range_before(lower[..amount.start].trim_end_matches(['$', ' ']));
        match role(&lower, amount) {
            Role::Price { preferred } if !is_end => asking.push((amount, preferred)),
            _ => is_range_of_none = true,
        }
    }
    if asking.iter().any(|(_, preferred)| *preferred) {
        asking.retain(|(_, preferred)| *preferred);
    }
    let (first, _) = asking.first()?;
    // Blanks set thousands apart in a text that is nothing but a number and its label.
    let is_alone = !marked && all.len() == 1;
    let by_blanks = || first.foreign.filter(|_| is_alone && lower[first.start..first.end].contains(' '));
    let cents = first.cents(&lower).or_else(by_blanks)?;
    let unanimous = is_alone || asking.iter().all(|(amount, _)| amount.cents(&lower) == Some(cents));
    price_of_cents(cents).filter(|_| unanimous)
}

fn price_of_cents(cents: i64) -> Option<Money> {
    Some(Money::from_cents(cents)).filter(|price| cents > 0 && price.fits_a_price())
}

/// How much the only amount of dollars in a text is, whatever it is.
pub(super) fn size(text: &str) -> Option<Money> {
    let found = amounts(text);
    let mut marked = found.iter().filter(|amount| has_dollar_sign(text, amount));
    let only =
        marked.next().filter(|_| marked.next().is_none()).or_else(|| found.first().filter(|_| found.len() == 1))?;
    price_of_cents(only.cents(text)?)
}

/// Where the amounts of dollars in a text begin and end, each with how much it is.
pub(super) fn dollars(text: &str) -> Vec<(std::ops::Range<usize>, Option<Money>)> {
    let found = amounts(text).into_iter().filter(|amount| has_dollar_sign(text, amount));
    found.map(|amount| (amount.start..amount.end, amount.cents(text).and_then(price_of_cents))).collect()
}

/// [`price`] of a number that data states.
pub(crate) fn price_of_number(number: &Number) -> Option<Money> {
    match number.as_u64() {
        Some(dollars) => price_of_cents(i64::try_from(dollars).ok()?.checked_mul(100)?),
        None => price(&number.to_string()),
    }
}

enum Role {
    NoPrice,
    Price { preferred: bool },
}

/// Words behind an amount that is no price: a rate, a discount or a distance. A word of letters ends where it ends here.
const PAYMENT_AFTER: [&str; 64] = [
    "/mo",
    "/ mo",
    "/mos",
    "/month",
    "/ month",
    "/months",
    "/wk",
    "/ wk",
    "/week",
    "/ week",
    "/weekly",
    "/biweekly",
    "/bi-weekly",
    "/yr",
    "/year",
    "/day",
    "per",
    "p/m",
    "pm",
    "mo",
    "mos",
    "month",
    "months",
    "monthly",
    "a mo",
    "a month",
    "a week",
    "each month",
    "every month",
    "every week",
    "wk",
    "week",
    "weekly",
    "bi-weekly",
    "biweekly",
    "lease",
    "payment",
    "payments",
    "pmt",
    "est. payment",
    "est. pmt",
    "est payment",
    "estimated payment",
    "down",
    "dn",
    "deposit",
    "due",
    "off",
    "%",
    "mi",
    "mile",
    "miles",
    "km",
    "kms",
    "in savings",
    "savings",
    "saving",
    "saved",
    "discount",
    "rebate",
    "bonus",
    "cash back",
    "below",
    "under market",
];

/// Words in front of an amount that is no price.
const NO_PRICE_BEFORE: [&str; 19] = [
    "save",
    "savings",
    "savings:",
    "discount",
    "discount:",
    "rebate",
    "rebate:",
    "fee",
    "fee:",
    "fees",
    "payment",
    "payment:",
    "down",
    "cash",
    "was",
    "was:",
    "off",
    "minus",
    "-",
];

/// Words in front of the price that counts where a text states several.
const ASKING_BEFORE: [&str; 15] = [
    "now",
    "now:",
    "sale price",
    "sale price:",
    "our price",
    "our price:",
    "internet price",
    "internet price:",
    "sale",
    "sale:",
    "special",
    "special:",
    "sale for",
    "asking price",
    "asking price:",
];

/// What the words around an amount make of it.
fn role(lower: &str, amount: &Amount) -> Role {
    let after = lower[amount.end..].trim_start_matches([' ', '*', '+']);
    if PAYMENT_AFTER.iter().any(|word| begins_with_word(after, word)) || is_for_a_time(after) {
        return Role::NoPrice;
    }
    let before = lower[..amount.start].trim_end_matches(['$', ' ']);
    if is_lowered_to(before) {
        return Role::Price { preferred: true };
    }
    // `Lease for $299`: the last words in front of an amount are about it.
    let own = before.rsplit(|sign: char| sign.is_ascii_digit()).next().unwrap_or_default();
    if by_caption(last_words(own)).is_some_and(|stated| stated.rank().is_none()) {
        return Role::NoPrice;
    }
    let follows = |word: &str| before.strip_suffix(word).is_some_and(|front| !front.ends_with(char::is_alphanumeric));
    if before.ends_with(" up to")
        || before.ends_with("up to:")
        || before.ends_with("as low as")
        || ["under", "over", "above", "less than", "more than"].iter().any(|word| follows(word))
    {
        return Role::NoPrice;
    }
    // `Cash $15,995` beside what a loan costs asks for all of it, `Customer cash $500` gives some back.
    let is_price = || range_before(before) || is_behind_label(before) || before.trim() == "cash";
    if NO_PRICE_BEFORE.iter().any(|word| follows(word)) && !is_price() {
        return Role::NoPrice;
    }
    Role::Price { preferred: ASKING_BEFORE.iter().any(|word| follows(word)) }
}

/// Whether a dash stands between an amount and what calls it a price: `Price - $15,995`.
fn is_behind_label(before: &str) -> bool {
    let label = before.strip_suffix('-').filter(|label| label.ends_with(' '));
    let rank = label.and_then(by_caption).and_then(Stated::rank);
    rank.is_some_and(|rank| rank < PriceRank::Retail)
}

fn begins_with_word(text: &str, word: &str) -> bool {
    let ends = |rest: &str| !word.ends_with(char::is_alphabetic) || !rest.starts_with(char::is_alphabetic);
    text.strip_prefix(word).is_some_and(ends)
}

/// `for 36 months`, `x 72 mo`
fn is_for_a_time(after: &str) -> bool {
    let Some(rest) = ["for", "x", "@"].iter().find_map(|word| after.strip_prefix(word)) else { return false };
    let unit = rest.trim_start().trim_start_matches(|sign: char| sign.is_ascii_digit());
    let unit = unit.trim_start_matches([' ', '-']);
    unit.len() < rest.trim_start().len() && ["mo", "week", "wk", "payment"].iter().any(|word| unit.starts_with(word))
}

/// The last two words of a text: what stands before them is about something else.
pub(super) fn last_words(text: &str) -> &str {
    let text = text.trim_end();
    let text = text.rsplit(['!', '?']).next().unwrap_or(text).trim_start();
    text.rmatch_indices(' ').nth(1).map_or(text, |(space, _)| &text[space + 1..])
}

/// Whether a dash before an amount joins it to an amount in front: a range, of which no end is the price.
fn range_before(before: &str) -> bool {
    before.strip_suffix('-').is_some_and(|front| front.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == 'k'))
}

fn has_dollar_sign(lower: &str, amount: &Amount) -> bool {
    let before = lower[..amount.start].trim_end();
    let behind = lower[amount.end..].trim_start();
    // `20 095 $`, unless the sign is that of the next number.
    let is_behind = || {
        let rest = behind.strip_prefix('$');
        rest.is_some_and(|rest| !rest.trim_start().starts_with(|sign: char| sign.is_ascii_digit()))
    };
    let is_named = || ["usd", "dollars"].iter().any(|name| begins_with_word(behind, name));
    before.ends_with('$') || before.ends_with("usd") || is_named() || is_behind()
}

/// A text without a dollar sign is a price only if it is a bare number, at most with its label.
fn is_bare_number(lower: &str) -> bool {
    let lower = lower.trim();
    let number = match (behind_asking(lower), lower.split_once(':')) {
        (Some(number), _) => number,
        (None, Some((label, _))) if !["price", "precio", "prix"].iter().any(|word| label.contains(word)) => {
            return false;
        }
        (None, Some((_, number))) => number.trim(),
        (None, None) => lower,
    };
    let digits = number.strip_suffix('k').unwrap_or(number);
    let is_sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b',' | b'.');
    digits.bytes().all(is_sign) || is_grouped_by_blanks(digits)
}

/// What stands behind words that ask a price without a sign of dollars: `Asking 15,995 obo`. A year is no price.
pub(super) fn behind_asking(text: &str) -> Option<&str> {
    const ASKED: [&str; 4] = ["price", "asking", "precio", "prix"];
    const REMARKS: [&str; 6] = ["obo", "firm", "or best offer", "cash", "dollars", "negotiable"];
    let start = text.find(|sign: char| sign.is_ascii_digit())?;
    let (words, number) = text.split_at(start);
    let last = words.trim_end_matches([' ', ':', '=']).rsplit(|sign: char| !sign.is_alphabetic()).next()?;
    let number = number.trim_end_matches(['!', '*', '.', ' ']);
    let remark = REMARKS.iter().find_map(|remark| {
        let end = number.len().checked_sub(remark.len())?;
        number.get(end..)?.eq_ignore_ascii_case(remark).then(|| number[..end].trim_end())
    });
    let number = remark.unwrap_or(number);
    let is_year = number.len() == 4 && number.starts_with(['1', '2']);
    (ASKED.iter().any(|word| last.eq_ignore_ascii_case(word)) && !is_year).then_some(number)
}

pub(super) fn names_another_currency(lower: &str) -> bool {
    const OTHERS: [&str; 7] = ["€", "£", "¥", "c$", "ca$", "mx$", "a$"];
    const CODES: [&str; 5] = ["cad", "eur", "gbp", "mxn", "aud"];
    OTHERS.iter().any(|sign| lower.contains(sign))
        || lower.split(|c: char| !c.is_alphabetic()).any(|word| CODES.contains(&word))
}

/// The number that a Base64 text hides: `MzI5ODguMA==` is `32988.0`.
fn base64_number(text: &str) -> Option<String> {
    let encoded = text.trim_end_matches('=');
    if encoded.len() < 3 || encoded.len() > 24 || !encoded.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let decoded = String::from_utf8(STANDARD_NO_PAD.decode(encoded).ok()?).ok()?;
    let is_number = decoded.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && decoded.starts_with(|c: char| c.is_ascii_digit());
    is_number.then_some(decoded)
}

/// A model year: four digits on their own, from the first motor cars to the years a maker may announce.
pub(crate) fn year(raw: &str) -> Option<i32> {
    let is_bare = raw.len() == 4 && raw.bytes().all(|byte| byte.is_ascii_digit());
    let text = if is_bare { Cow::Borrowed(raw) } else { Cow::Owned(text(raw)?) };
    // Dates (`2017-01-01`) begin with the year; a number may carry a needless fraction.
    let digits = text.get(..4)?;
    let alone = !text[4..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let year: i32 = digits.parse().ok().filter(|_| alone && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    TextLimits::DEFAULT.years.contains(&year).then_some(year)
}

/// [`year`] of a number that data states.
pub(crate) fn year_of_number(number: &Number) -> Option<i32> {
    match number.as_u64() {
        Some(year) => i32::try_from(year).ok().filter(|year| TextLimits::DEFAULT.years.contains(year)),
        None => year(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::miles::{mileage, mileage_in_words, mileage_of_number},
        *,
    };

    #[test]
    fn a_price_is_read_where_one_is_asked_and_nowhere_else() {
        for (text, dollars) in [
            ("$76,295.00", Some("76295.00")),
            ("15995", Some("15995.00")),
            ("$15K", Some("15000.00")),
            ("$15.5k", Some("15500.00")),
            ("Price: $8,495", Some("8495.00")),
            ("Internet Price:&nbsp;$&nbsp;21,495*", Some("21495.00")),
            ("USD 12,000", Some("12000.00")),
            ("MzI5ODguMA==", Some("32988.00")),
            ("Was $20,000 Now $18,500", Some("18500.00")),
            ("$20,000 Our Price $18,500", Some("18500.00")),
            ("$18,500 or $299/mo", Some("18500.00")),
            ("$18,500 $18,500", Some("18500.00")),
            ("Reduced from $17,995 to $15,995", Some("15995.00")),
            ("From $17,995 to $25,995", None),
            ("On sale for $15,995, regularly $17,995", Some("15995.00")),
            ("Price - $15,995", Some("15995.00")),
            ("Savings - $1,995", None),
            ("Under $10,000 (12)", None),
            ("$1,995 dn", None),
            ("$21,995 plus $499 doc fee", None),
            ("<span>$</span><b>9,995</b>", Some("9995.00")),
            ("0", None),
            ("$0.00", None),
            ("MC4w", None),
            ("Call for price", None),
            ("Call (555) 123-4567 for price", None),
            ("$299/mo", None),
            ("$1.5M", None),
            ("Price: $2 M", None),
            ("$299 per month", None),
            ("$1,999 down", None),
            ("Save $1,500", None),
            ("Savings up to $1,750", None),
            ("$10,000 - $12,000", None),
            ("$10,000-$12,000", None),
            ("€15,000", None),
            ("C$15,000", None),
            ("15.995,00", None),
            ("1,23,456", None),
            ("12,500 miles", None),
            ("$100,000,000", None),
            ("null", None),
            ("", None),
            ("-", None),
            ("VIP", None),
            ("2017 Ford Edge", None),
        ] {
            assert_eq!(price(text).map(|price| price.to_string()).as_deref(), dollars, "{text}");
        }
        assert_eq!(price(&"$1 ".repeat(1_000)), None);
    }

    #[test]
    fn a_rate_is_no_price_in_any_spelling() {
        for (text, dollars) in [
            ("deposit $500 - $900", None),
            ("$299 a month", None),
            ("$299 p/m", None),
            ("$299 biweekly", None),
            ("$299/wk", None),
            ("$299 per wk", None),
            ("$299 for 36 months", None),
            ("$299 x 72 mo", None),
            ("Lease for $299", None),
            ("Payments from $299", None),
            ("$2,500 Down Payment", None),
            ("$289 Est. Payment", None),
            ("$12,995 offer", Some("12995.00")),
            ("$12,995 mint condition", Some("12995.00")),
            ("$12,995 + tax & fees", Some("12995.00")),
        ] {
            assert_eq!(price(text).map(|price| price.to_string()).as_deref(), dollars, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_ways_read_what_the_long_ones_do(
            text in r"\$?[0-9]{0,9}([,.][0-9]{1,4}){0,3}( mi| miles|k| km|\.)?",
            number in proptest::prelude::any::<u64>(),
            places in 0_u32..20,
        ) {
            proptest::prop_assert_eq!(price(&text), price_in_words(&text));
            proptest::prop_assert_eq!(mileage(&text), mileage_in_words(&text));
            let number = Number::from(number / 10_u64.pow(places));
            let text = number.to_string();
            proptest::prop_assert_eq!(price_of_number(&number), price_in_words(&text));
            proptest::prop_assert_eq!(mileage_of_number(&number), mileage_in_words(&text));
            proptest::prop_assert_eq!(year_of_number(&number), year(&text));
            proptest::prop_assert_eq!(year(&text), year(&format!(" {text} ")));
        }
    }
}
