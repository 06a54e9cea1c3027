//! Which of the amounts on a card is the price that the dealer asks.
//!
//! `amounts` finds the amounts and what their own texts say of them, `pairing` the captions that belong to them, and classes of
//! elements say the rest. The most binding price counts. An amount of which nothing is said is the price only where it is the
//! only one of its kind. Where two readings of a card give two prices, there is none. docs/extraction.md has the whole rule.

use super::{
    amounts::{self, Amount, Column, Item, Wording},
    answers,
    bound_words::CarName,
    chunks::Texts,
    fields::{Draft, PriceRank},
    filler::is_filler,
    pairing,
    price_sentences::withholds_a_price,
    price_words::Stated,
    shown_prices::Shown,
};
use crate::Money;

/// Below this an amount of which nothing is said is likelier a fee.
const LEAST_UNSAID: Money = Money::from_dollars(1_000);
/// An amount so many times smaller than another one of the card is no price, unless words call it one.
const SHARE_UNSAID: i64 = 10;
/// An amount below [`LEAST_UNSAID`] so many times smaller than another price is none, whatever it is called.
const SHARE_SAID: i64 = 20;

/// An amount below [`LEAST_OF_A_CAR`] that is so many times smaller than one which a class calls the price is a part of it, unless a
/// caption calls it the price.
const SHARE_ASKED: i64 = 4;

/// Of a former price or the maker's an amount of something unknown is so large a part where it may be the price.
const SHARE_OF_FORMER: i64 = 3;

/// What the amounts of a card come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Choice {
    price: Option<(PriceRank, Money)>,
    /// Whether words call it the price, not a class alone.
    is_said: bool,
    /// Whether prices are stated of which none is plainly the one.
    is_unclear: bool,
}

/// What the texts of a card say of its amounts.
#[derive(Default)]
pub(super) struct Offered {
    /// Whether they state prices of which none is plainly the one.
    pub(super) is_unclear: bool,
    pub(super) shown: Shown,
}

/// Offers the price that a card's texts ask. `compares` asks for all of its amounts as well.
pub(super) fn offer(
    name: &CarName<'_, '_>,
    texts: &Texts<'_>,
    columns: &[Column],
    compares: bool,
    draft: &mut Draft,
) -> Offered {
    let (dom, card) = (name.dom, name.card);
    let mut items = amounts::find(dom, texts, columns, name);
    if items.is_empty() {
        // What an attribute says of the maker's price is none where the card says to call.
        let mut says = texts.chunks.iter().filter(|chunk| withholds_a_price(&chunk.text));
        says.next().into_iter().for_each(|_| draft.withhold_price());
        return Offered::default();
    }
    let is_answered = answers::note(dom, &texts.chunks, &mut items);
    let readings = pairing::bind(dom, card, &texts.chunks, columns, &mut items);
    let mut read: Vec<Vec<Item>> = readings
        .iter()
        .map(|pairs| {
            let mut items = items.clone();
            pairs.iter().for_each(|(caption, amount)| pairing::give(&mut items, *caption, *amount));
            items
        })
        .collect();
    if read.len() > 1 && read.iter().any(|items| is_plausible(items)) {
        read.retain(|items| is_plausible(items));
    }
    let mut choices = read.iter().map(|items| choose(items));
    let first = choices.next().unwrap_or_default();
    let amount = |choice: &Choice| choice.price.map(|(_, price)| price);
    let mut choice = if choices.all(|other| amount(&other) == amount(&first)) {
        first
    } else {
        Choice { is_unclear: true, ..Choice::default() }
    };
    if read.iter().any(|items| is_withheld(items)) {
        draft.withhold_price();
        if choice.price.is_some_and(|(rank, _)| rank > PriceRank::Plain) {
            choice = Choice { is_unclear: is_answered, ..Choice::default() };
        }
    }
    if choice.price.is_none()
        && let Some(filler) = read.iter().find_map(|items| stated_filler(items))
    {
        draft.offer_price(PriceRank::Plain, Some(filler));
    }
    // A text that states several has one that a person may tell from the others.
    if choice.price.is_none() && items.iter().filter_map(Item::amount).any(|amount| amount.is_several) {
        choice.is_unclear = true;
    }
    if let Some((rank, price)) = choice.price {
        draft.offer_price(rank, Some(price));
    }
    let asked = choice.price.filter(|(rank, _)| *rank <= PriceRank::Plain).map(|(_, price)| price);
    let is_said = choice.is_said && asked.is_some();
    let others = read.first().map(|items| others(items)).unwrap_or_default();
    let sizes = if compares && asked.is_some() { sizes(&items) } else { Vec::new() };
    Offered { is_unclear: choice.is_unclear, shown: Shown { asked, is_said, others, sizes } }
}

/// How much the amounts of a card are.
fn sizes(items: &[Item]) -> Vec<Money> {
    items.iter().filter_map(Item::amount).filter_map(|amount| amount.size).collect()
}

/// The amounts that words call something else than the price.
fn others(items: &[Item]) -> Vec<(Money, Stated)> {
    let said = |amount: &Amount| {
        let stated =
            if amount.is_struck { Some(Stated::Price(PriceRank::Retail)) } else { amount.own.or(amount.caption) };
        let is_other = |stated: &Stated| stated.rank().is_none_or(|rank| rank > PriceRank::Plain);
        amount.size.zip(stated.filter(is_other).filter(|stated| *stated != Stated::Unknown))
    };
    items.iter().filter_map(Item::amount).filter_map(said).collect()
}

/// Whether a card says that the price is told to those who ask, in so many words or where the price would stand. An amount that
/// only fills the place of the price says so, too.
fn is_withheld(items: &[Item]) -> bool {
    let is_asked =
        |amount: &Amount| amount.stated().and_then(Stated::rank).is_some_and(|rank| rank <= PriceRank::Plain);
    items.iter().filter_map(Item::amount).any(|amount| {
        let is_empty = amount.price.is_none() && amount.size.is_none() && !amount.is_struck;
        amount.wording == Wording::Withheld || (is_empty && is_asked(amount))
    }) || stated_filler(items).is_some()
}

/// An amount that is called the price and only fills its place.
fn stated_filler(items: &[Item]) -> Option<Money> {
    items.iter().filter_map(Item::amount).find_map(|amount| {
        let is_large = |price: &Money| amount.stated().is_none() && *price > LEAST_UNSAID;
        let is_asked = amount.stated().and_then(Stated::rank).is_some_and(|rank| rank <= PriceRank::Plain);
        amount.price.filter(|price| is_filler(*price) && !amount.is_struck && (is_asked || is_large(price)))
    })
}

/// How much an amount is; one that only fills the place of another says nothing of the others.
fn size(amount: &Amount) -> Option<Money> {
    amount.size.filter(|size| *size < LEAST_UNSAID || !is_filler(*size))
}

/// A price of a card.
#[derive(Clone, Copy)]
struct Candidate {
    rank: PriceRank,
    price: Money,
    /// Whether words say so, not a class alone.
    is_said: bool,
    /// Whether these words are a sentence, which may be about the price of another car, or a part of one.
    is_prose: bool,
    /// Whether the words are a caption of their own.
    is_captioned: bool,
}

fn choose(items: &[Item]) -> Choice {
    let amounts: Vec<&Amount> = items.iter().filter_map(Item::amount).filter(|amount| !amount.is_struck).collect();
    let mut candidates: Vec<Candidate> = amounts
        .iter()
        .filter_map(|amount| {
            let rank = amount.stated()?.rank()?;
            let price = amount.price.filter(|price| !is_filler(*price))?;
            let is_prose = amount.own.is_some() && !amount.is_short;
            let (is_said, is_captioned) = (amount.own.or(amount.caption).is_some(), amount.own.is_none());
            Some(Candidate { rank, price, is_said, is_prose, is_captioned })
        })
        .collect();
    let unsaid = unsaid(&amounts);
    drop_trifles(&mut candidates, &amounts);
    match sum(&amounts) {
        Sum::Is(price) => return Choice { price: Some((PriceRank::Asking, price)), is_said: true, is_unclear: false },
        Sum::IsNot => return Choice { is_unclear: true, ..Choice::default() },
        Sum::None => {}
    }
    if let Some(is_unclear) = set_prose_aside(&mut candidates, &unsaid)
        && is_unclear
    {
        return Choice { is_unclear, ..Choice::default() };
    }
    let Some(rank) = candidates.iter().map(|candidate| candidate.rank).min() else {
        return match unsaid[..] {
            [only] => Choice { price: Some((PriceRank::Plain, only)), ..Choice::default() },
            _ => Choice {
                price: None,
                is_said: false,
                is_unclear: unsaid.len() > 1
                    || amounts
                        .iter()
                        .any(|amount| is_of_something_unknown(amount) || may_be_asked_all_the_same(amount)),
            },
        };
    };
    // What only a maker or a former price says is less than an amount that stands there without a word.
    if let ([only], true) = (&unsaid[..], rank > PriceRank::Plain) {
        return Choice { price: Some((PriceRank::Plain, *only)), ..Choice::default() };
    }
    let least = candidates.iter().map(|candidate| candidate.price).min().unwrap_or(Money::ZERO);
    let is_other = |amount: &Amount| {
        (is_of_something_unknown(amount) || may_be_asked_all_the_same(amount))
            && amount.price.is_some_and(|price| price.cents().saturating_mul(SHARE_OF_FORMER) >= least.cents())
    };
    let may_be_less = |amount: &&Amount| is_doubted(amount) || is_other(amount) || is_saved(amount);
    if rank > PriceRank::Plain && amounts.iter().any(may_be_less) {
        return Choice { is_unclear: true, ..Choice::default() };
    }
    let best = |is_said: bool| {
        let of_rank = candidates.iter().filter(move |candidate| candidate.rank == rank && candidate.is_said == is_said);
        of_rank.map(|candidate| candidate.price)
    };
    // Words say which price it is; where classes alone do, two of them are one too many.
    let said = best(true).next();
    let by_class = || best(false).next().filter(|first| best(false).all(|other| other == *first));
    let price = said.or_else(|| by_class().filter(|price| !is_a_part(*price, &unsaid)));
    Choice { price: price.map(|price| (rank, price)), is_said: said.is_some(), is_unclear: price.is_none() }
}

/// Whether what a class alone calls a price may be for a part of the car: a `price` of $3,236 beside $15,014 without a word.
fn is_a_part(price: Money, unsaid: &[Money]) -> bool {
    unsaid.iter().any(|other| other.cents() > price.cents().saturating_mul(PRICES_APART))
}

/// Sets prices of sentences aside where another amount of the card stands by itself: `Our price is $2,300 under KBB` is about no price
/// of the car. Answers whether a sentence may be about the price all the same.
fn set_prose_aside(candidates: &mut Vec<Candidate>, unsaid: &[Money]) -> Option<bool> {
    let is_asked = |candidate: &&Candidate| candidate.rank <= PriceRank::Plain;
    let prose =
        candidates.iter().filter(is_asked).find(|candidate| candidate.is_prose).map(|candidate| candidate.price)?;
    let apart: Vec<Money> = candidates.iter().filter(is_asked).filter(|it| !it.is_prose).map(|it| it.price).collect();
    let are_said = candidates.iter().filter(is_asked).any(|it| it.is_said && !it.is_prose);
    let apart = if apart.is_empty() { unsaid.to_vec() } else { apart };
    let first = *apart.first()?;
    if apart.contains(&prose) {
        return None;
    }
    let is_near = prose.cents() <= first.cents() * PRICES_APART && first.cents() <= prose.cents() * PRICES_APART;
    if !is_near || are_said {
        candidates.retain(|candidate| !candidate.is_prose);
    }
    Some(is_near && !are_said)
}

/// Whether an amount is too far below another one to be taken for the price, though it may be: an old car of a dear make is asked for
/// at a tenth of what its maker suggested.
fn is_doubted(amount: &Amount) -> bool {
    let is_said = amount.own.or(amount.caption).is_some();
    let is_large = amount.price.is_some_and(|price| price >= LEAST_UNSAID && !is_filler(price));
    let is_price = |class: Stated| class.rank().is_some_and(|rank| rank <= PriceRank::Plain);
    !is_said && is_large && amount.is_short && amount.class.is_none_or(is_price)
}

/// Whether an amount could be the price, but for words that nobody here knows.
fn is_of_something_unknown(amount: &Amount) -> bool {
    amount.stated() == Some(Stated::Unknown)
        && amount.price.is_some_and(|price| price >= LEAST_UNSAID && !is_filler(price))
}

/// Whether a caption beside an amount says that it is no price, though it is as much as one: a slogan may say so. So may words of its own
/// text that it is too much for, and words that make a limit of it.
fn may_be_asked_all_the_same(amount: &Amount) -> bool {
    let most = match amount.own {
        Some(Stated::Rate) => Some(MOST_A_MONTH),
        Some(Stated::Fee | Stated::Tax | Stated::Down | Stated::Saving) => Some(Money::from_dollars(MOST_BESIDE_PRICE)),
        None if amount.caption.is_none() && amount.price.is_none() && !amount.is_struck && amount.has_sign => {
            Some(LEAST_OF_A_CAR)
        }
        _ => None,
    };
    if most.is_some_and(|most| amount.size.is_some_and(|size| size > most && !is_filler(size))) {
        return true;
    }
    let is_other = amount.own.is_none() && amount.caption.is_some_and(|caption| caption.rank().is_none());
    is_other && amount.price.is_some_and(|price| price >= LEAST_OF_A_CAR && !is_filler(price))
}

/// Whether an amount is saved: it is taken off a former price or the maker's.
fn is_saved(amount: &Amount) -> bool {
    amount.caption.or(amount.own) == Some(Stated::Saving) && amount.size.is_some_and(|size| size >= LEAST_SAVED)
}

/// Less off a price is no reason to doubt that it is asked.
const LEAST_SAVED: Money = Money::from_dollars(100);
/// No payment a month is more.
const MOST_A_MONTH: Money = Money::from_dollars(3_000);
/// Hardly any car on offer costs less.
const LEAST_OF_A_CAR: Money = Money::from_dollars(2_500);

/// Drops what is too little beside other amounts of the card to be its price, whatever it is called.
fn drop_trifles(candidates: &mut Vec<Candidate>, amounts: &[&Amount]) {
    let largest = amounts.iter().filter(|amount| amount.price.is_some()).filter_map(|amount| size(amount)).max();
    let is_far_below =
        |price: Money, share| largest.is_some_and(|largest| price.cents().saturating_mul(share) < largest.cents());
    // `Wheels $2,000` beside `$38,450`: a small part of what may be asked is not asked.
    let most = |counts: &dyn Fn(&Amount) -> bool| {
        let asked = amounts.iter().filter(|amount| may_be_the_price(amount) && counts(amount));
        asked.filter_map(|amount| amount.price).max().map_or(0, Money::cents)
    };
    let (most_asked, most_by_class) = (most(&|_| true), most(&|amount| amount.class.is_some()));
    let is_part = |candidate: &Candidate| {
        let cents = candidate.price.cents();
        cents.saturating_mul(SHARE_UNSAID) < most_asked
            || (!candidate.is_captioned && cents.saturating_mul(SHARE_ASKED) < most_by_class)
    };
    candidates.retain(|candidate| {
        let is_trifle = (candidate.price < LEAST_UNSAID && is_far_below(candidate.price, SHARE_SAID))
            || (candidate.price < LEAST_OF_A_CAR && is_part(candidate));
        !is_trifle && (candidate.is_said || !is_far_below(candidate.price, SHARE_UNSAID))
    });
}

/// Whether an amount is asked, by words, by a class or by standing alone. A number without a sign may be one of miles.
fn may_be_the_price(amount: &Amount) -> bool {
    let is_asked = match amount.stated() {
        None => amount.is_short,
        Some(stated) => matches!(stated, Stated::Price(PriceRank::Asking | PriceRank::Plain)),
    };
    is_asked && amount.has_sign && amount.price.is_some_and(|price| !is_filler(price))
}

/// The different amounts that may be prices though nothing says so; two are enough to know that there is not one alone.
fn unsaid(amounts: &[&Amount]) -> Vec<Money> {
    let largest = amounts.iter().filter_map(|amount| size(amount)).max().unwrap_or(Money::ZERO);
    let mut found: Vec<Money> = Vec::new();
    for amount in amounts.iter().filter(|amount| amount.stated().is_none() && amount.is_short) {
        let Some(price) = amount.price.filter(|price| !is_filler(*price)) else { continue };
        let is_large = price >= LEAST_UNSAID && price.cents().saturating_mul(SHARE_UNSAID) >= largest.cents();
        if is_large && found.len() < 2 && !found.contains(&price) {
            found.push(price);
        }
    }
    found
}

/// What rows that are added up or taken off come to.
enum Sum {
    /// There are no such rows.
    None,
    Is(Money),
    /// There are, and the price below them is another one.
    IsNot,
}

/// Whether an amount may be a sum that is asked, or the price that it begins with.
fn may_be_asked(amount: &Amount) -> bool {
    match amount.stated() {
        None => amount.price.is_some() && !amount.is_doubtful,
        Some(stated) => matches!(stated, Stated::Price(PriceRank::Asking | PriceRank::Plain)),
    }
}

/// Rows of fees or savings right below a price, and an amount of the card that is their sum: `Selling Price`, `Handling`, `Price`.
fn sum(amounts: &[&Amount]) -> Sum {
    let mut asked: Vec<Money> =
        amounts.iter().filter(|amount| may_be_asked(amount)).filter_map(|amount| amount.price).collect();
    asked.sort_unstable();
    let said: Vec<Money> = amounts
        .iter()
        .filter(|amount| amount.stated().is_some() && may_be_asked(amount))
        .filter_map(|amount| amount.price)
        .collect();
    let mut found = Sum::None;
    let mut at = 0;
    while let Some(start) = amounts.get(at) {
        at += 1;
        let is_price = start.stated().is_none_or(|stated| stated.rank().is_some());
        let Some(price) = start.price.filter(|_| is_price) else { continue };
        let rows = amounts[at..].iter().map_while(|row| match (row.stated(), row.size) {
            (Some(Stated::Fee), Some(size)) => Some((1, size, true)),
            (Some(Stated::Saving), Some(size)) => Some((-1, size, false)),
            // What nobody here knows comes on top where the sum stands below it.
            (Some(Stated::Unknown), Some(size)) if start.stated().is_some() => Some((1, size, false)),
            _ => None,
        });
        let (mut total, mut count, mut fees) = (price.cents(), 0, 0);
        for (sign, size, is_fee) in rows {
            if fees > 0 && fees == count && !is_fee && size.cents() == total {
                break;
            }
            total = total.saturating_add(size.cents().saturating_mul(sign));
            fees += usize::from(is_fee);
            count += 1;
        }
        at += count;
        if count == 0 {
            continue;
        }
        // Whatever it is called, a row that is the price and its fees is their sum: `Amount Due`.
        let are_fees = fees == count && may_be_asked(start) && start.is_short && price >= LEAST_OF_A_CAR;
        let is_called_otherwise = |row: &&&Amount| matches!(row.stated(), Some(Stated::Unknown | Stated::Down));
        let called_otherwise = amounts.get(at).filter(is_called_otherwise).and_then(|row| row.size);
        if are_fees && start.stated().is_some() && called_otherwise.is_some_and(|size| size.cents() == total) {
            found = Sum::Is(Money::from_cents(total));
            continue;
        }
        let below = amounts.get(at).filter(|below| may_be_asked(below)).and_then(|below| below.price);
        let total = Money::from_cents(total);
        // Of what no word is said it may be chance, unless it stands below.
        let is_below = || amounts[at..].iter().any(|amount| amount.price == Some(total));
        if asked.binary_search(&total).is_ok() && (said.contains(&total) || is_below()) {
            found = Sum::Is(total);
        } else if fees == count
            && may_be_asked(start)
            && start.stated().is_some()
            && below.is_some_and(|below| below > price)
        {
            return Sum::IsNot;
        }
    }
    found
}

/// Whether amounts can be what is said of them: no payment of a month is half the price, no fee the whole.
pub(super) fn is_plausible(items: &[Item]) -> bool {
    let amounts: Vec<&Amount> = items.iter().filter_map(Item::amount).collect();
    let is_asked =
        |amount: &Amount| matches!(amount.stated(), Some(Stated::Price(PriceRank::Asking | PriceRank::Plain)));
    // Where words ask a price, what classes alone call one may be anything.
    let is_said = |amount: &Amount| amount.own.or(amount.caption).is_some();
    let are_said = amounts.iter().any(|amount| is_asked(amount) && is_said(amount));
    let prices = || {
        let of_rank = |amount: &&&Amount| is_asked(amount) && (!are_said || is_said(amount));
        amounts.iter().filter(of_rank).filter_map(|amount| amount.price).filter(|price| !is_filler(*price))
    };
    let lone = if let [only] = unsaid(&amounts)[..] { Some(only) } else { None };
    let Some(asked) = prices().min().or(lone) else {
        let most = Money::from_dollars(MOST_BESIDE_PRICE);
        return amounts.iter().all(|amount| {
            !matches!(amount.stated(), Some(Stated::Rate | Stated::Fee | Stated::Tax))
                || amount.size.is_none_or(|size| size < most)
        });
    };
    let cents = asked.cents();
    let agree = prices().max().is_none_or(|most| most.cents() / PRICES_APART <= cents);
    let has_no_larger = || {
        let far = cents.saturating_mul(SHARE_SAID);
        asked >= LEAST_UNSAID || amounts.iter().all(|amount| amount.size.is_none_or(|size| size.cents() < far))
    };
    // `Now` is not said of $3,180 beside $85,405 without a word.
    let far = cents.saturating_mul(SHARE_UNSAID);
    let is_beside_far_more = |amount: &&Amount| {
        let may_be = amount.stated().is_none_or(|stated| stated == Stated::Price(PriceRank::Plain));
        may_be && !is_said(amount) && amount.has_sign && amount.price.is_some_and(|price| price.cents() > far)
    };
    agree
        && !(are_said && amounts.iter().copied().any(|amount| is_beside_far_more(&amount)))
        && has_no_larger()
        && amounts.iter().all(|amount| {
            let (Some(stated), Some(size)) = (amount.stated(), amount.size.map(Money::cents)) else { return true };
            match stated {
                Stated::Rate => size < cents / 3 && (size <= MOST_A_MONTH.cents() || size < cents / SHARE_SAID),
                Stated::Fee | Stated::Tax => size < cents / 2,
                Stated::Down | Stated::Saving => size < cents,
                Stated::Price(PriceRank::Suggested | PriceRank::Retail) => size > cents / 2,
                // No market asks a small part of what the dealer does.
                Stated::Value => size.saturating_mul(SHARE_OF_VALUE) > cents,
                Stated::Price(_) | Stated::Unknown => true,
            }
        })
}

/// A car is worth more than this share of what is asked for it.
const SHARE_OF_VALUE: i64 = 5;

/// No payment and no fee of a car is as much, in dollars.
const MOST_BESIDE_PRICE: i32 = 10_000;
/// Two prices of one car are not so many times apart.
const PRICES_APART: i64 = 3;
