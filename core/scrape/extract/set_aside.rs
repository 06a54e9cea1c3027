//! What stands among the amounts of a card and says nothing of what it costs now: earlier prices with their dates, and slogans.
//!
//! What is deliberately not here: what the words of a caption mean (`price_words`).

use super::{
    amounts::{Amount, Item, Kind, Wording},
    chunks::Chunk,
    price_sentences::is_below_another,
    price_words::Stated,
};
use crate::Money;

/// Leaves out captions of payments, parts and savings on a card that has no amount of which they could be: `Low monthly payments` beside
/// `$15,995`.
pub(super) fn slogans(chunks: &[Chunk<'_>], items: &mut Vec<Item>) {
    let is_open = |amount: &&Amount| amount.own.is_none() && !amount.is_struck;
    let sizes: Vec<Money> =
        items.iter().filter_map(Item::amount).filter(is_open).filter_map(|amount| amount.size).collect();
    let Some(least) = sizes.iter().min().copied() else { return };
    // `Finance For` beside `$608/mo` says once more what that amount says itself.
    let mut repeated: Vec<Stated> = Vec::new();
    for amount in items.iter().filter_map(Item::amount).filter(|amount| amount.wording == Wording::Short) {
        repeated.extend(amount.own.filter(|own| !repeated.contains(own)));
    }
    let captions = items.iter().filter_map(Item::caption).filter(|said| !repeated.contains(said)).count();
    let is_priced = |item: &Item| {
        item.amount().is_some_and(|amount| is_open(&amount))
            && chunks.get(item.chunks.start).is_some_and(|chunk| chunk.is_priced)
    };
    let part = if items.iter().any(is_priced) { MOST_OF_A_PRICE } else { MOST_DOWN };
    // Where each amount has a caption, a large one may be what it says.
    let is_one_too_many = sizes.len() == 1 || captions > sizes.len();
    // `Est. Payment` right beside `$1,103 /mo` is that amount's, and no slogan.
    let says = |at: Option<usize>, said: Stated| {
        let amount = at.and_then(|at| items.get(at)).and_then(Item::amount);
        amount.is_some_and(|amount| amount.own == Some(said) && amount.wording == Wording::Short)
    };
    let is_beside = |at: usize| {
        items[at].caption().is_some_and(|said| {
            let in_columns = || amount_in_columns(items, at).is_some_and(|other| says(Some(other), said));
            says(at.checked_sub(1), said) || says(Some(at + 1), said) || in_columns()
        })
    };
    let beside: Vec<bool> = (0..items.len()).map(is_beside).collect();
    let mut beside = beside.into_iter();
    items.retain(|item| {
        if beside.next() == Some(true) {
            return true;
        }
        let (most, most_in_rows) = match item.caption() {
            Some(Stated::Rate) => (MOST_A_MONTH, MOST_A_MONTH),
            Some(Stated::Fee | Stated::Tax) => (part.min(MOST_FEE), MOST_IN_ROWS),
            Some(Stated::Down | Stated::Saving) => (part, MOST_IN_ROWS),
            _ => return true,
        };
        least <= if is_one_too_many { most } else { most_in_rows }
    });
}

/// More captions are no column.
const COLUMN_MAX: usize = 16;

/// The amount at a caption's place, where a column of captions stands in front of as many amounts.
fn amount_in_columns(items: &[Item], at: usize) -> Option<usize> {
    let is_caption = |item: &&Item| item.caption().is_some();
    let in_front = items[..at].iter().rev().take(COLUMN_MAX).take_while(is_caption).count();
    let captions = in_front + items[at..].iter().take(COLUMN_MAX).take_while(is_caption).count();
    let first = at - in_front + captions;
    let amounts = items[first..].iter().take(captions).take_while(|item| !is_caption(item)).count();
    (captions > 1 && amounts == captions).then_some(first + in_front)
}

/// Says of an amount that it is how far the price lies below another one, where the next text says so and a far larger amount stands beside
/// it: `$2,000`, `below market average`. Without the larger one the text praises the price in front.
pub(super) fn below_others(chunks: &[Chunk<'_>], items: &mut [Item]) {
    let open = |item: &Item| item.amount().filter(|amount| amount.own.is_none() && !amount.is_struck)?.size;
    let Some(largest) = items.iter().filter_map(open).max() else { return };
    for item in items {
        let is_far_less = open(item).is_some_and(|size| size.cents().saturating_mul(2) < largest.cents());
        let is_below = || {
            let behind = chunks.get(item.chunks.end);
            behind.is_some_and(|next| is_below_another(&[" ", &next.text].concat()))
        };
        if is_far_less
            && is_below()
            && let Kind::Amount(amount) = &mut item.kind
        {
            amount.own = Some(Stated::Saving);
        }
    }
}

/// No payment a month is more, and so on.
const MOST_A_MONTH: Money = Money::from_dollars(3_000);
const MOST_FEE: Money = Money::from_dollars(6_000);
const MOST_DOWN: Money = Money::from_dollars(7_500);
/// The same of an amount that a class calls a price.
const MOST_OF_A_PRICE: Money = Money::from_dollars(2_500);
const MOST_IN_ROWS: Money = Money::from_dollars(20_000);

/// Amounts each with a date of its own are what was asked at that time. The dates stand all in front of their amounts, or all behind, or
/// all in one text.
pub(super) fn history(chunks: &[Chunk<'_>], items: &mut [Item]) {
    let former = Amount { own: Some(Stated::Value), wording: Wording::Whole, ..Amount::default() };
    for item in items.iter_mut().filter(|item| item.amount().is_some()) {
        if chunks.get(item.chunks.start).is_some_and(|chunk| days_in(&chunk.text) > 1) {
            item.kind = Kind::Amount(former.clone());
        }
    }
    let is_told = |item: &&mut Item| {
        item.amount().is_some() && chunks.get(item.chunks.start).is_some_and(|chunk| begins_with_a_day(&chunk.text))
    };
    if items.iter_mut().filter(is_told).count() > 1 {
        items.iter_mut().filter(is_told).for_each(|item| item.kind = Kind::Amount(former.clone()));
    }
    let dates = chunks.iter().enumerate().filter(|(_, chunk)| is_date(&chunk.text)).map(|(at, _)| at);
    let dates: Vec<usize> = dates.take(DATES_MAX).collect();
    if dates.len() < 2 {
        return;
    }
    let is_amount = |item: &Item| item.amount().is_some_and(|amount| amount.size.is_some());
    let behind = |date: usize| items.iter().position(|item| item.chunks.start == date + 1 && is_amount(item));
    let in_front = |date: usize| items.iter().position(|item| item.chunks.end == date && is_amount(item));
    let forward: Option<Vec<usize>> = dates.iter().map(|date| behind(*date)).collect();
    let dated = forward.or_else(|| dates.iter().map(|date| in_front(*date)).collect());
    for place in dated.into_iter().flatten() {
        items[place].kind = Kind::Amount(former.clone());
    }
}

/// Whether a text says what was on a day: `Nov 12: reduced to $16,995`.
fn begins_with_a_day(text: &str) -> bool {
    let Some((day, _)) = text.split_once(": ").or_else(|| text.split_once(" - ")) else { return false };
    is_date(day) || day.split_once(' ').is_some_and(|(month, day)| is_month(month) && is_digits(day, 1, 2))
}

fn is_digits(part: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_month(part: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    part.bytes().all(|byte| byte.is_ascii_alphabetic())
        && part.get(..3).is_some_and(|start| MONTHS.iter().any(|month| start.eq_ignore_ascii_case(month)))
}

/// More dates are no history of a price.
const DATES_MAX: usize = 16;

/// How many days a text names with strokes: `10/01/2026`.
fn days_in(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let is_day = |stroke: &usize| {
        let second = stroke + 1 + digits(stroke + 1);
        *stroke > 0
            && bytes[stroke - 1].is_ascii_digit()
            && (stroke + 2..=stroke + 3).contains(&second)
            && bytes.get(second) == Some(&b'/')
            && digits(second + 1) >= 4
    };
    memchr::memchr_iter(b'/', bytes).filter(is_day).count()
}

/// Whether a text is a day and nothing else: `11/20/2026`, `2026-11-20`, `Nov 20, 2026`.
fn is_date(text: &str) -> bool {
    const LONGEST: usize = 18;
    const FEWEST_DIGITS: usize = 4;
    // `1/2/26` has the fewest digits.
    let has_digits = || text.bytes().filter(u8::is_ascii_digit).count() >= FEWEST_DIGITS;
    if text.len() > LONGEST || !has_digits() {
        return false;
    }
    let parts: Vec<&str> = text.split(['/', '-', ' ', ',', '.']).filter(|part| !part.is_empty()).collect();
    let [one, two, three] = parts[..] else { return false };
    let is_set_apart = || text.contains('/') || text.contains('-');
    (is_digits(three, 4, 4) && is_digits(two, 1, 2) && (is_month(one) || (is_digits(one, 1, 2) && is_set_apart())))
        || (is_digits(one, 4, 4) && is_digits(two, 2, 2) && is_digits(three, 2, 2) && is_set_apart())
        || (is_digits(one, 1, 2) && is_digits(two, 1, 2) && is_digits(three, 2, 2) && text.contains('/'))
}
