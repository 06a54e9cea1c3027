//! Which of the amounts on a card is the price that the dealer asks.
//!
//! The words in front of an amount, or the class of an element around it, say what it is. An amount without either is the price
//! only where it stands in a short text and is the only one of its kind on the card. What is deliberately not here: how an
//! amount is written (`numbers`), and labels that stand for one field each (`fields`).

use super::{
    card::mentions,
    dom::{Element, attribute},
    fields::{Draft, PriceRank},
    numbers,
};
use crate::Money;

/// One text of a card.
pub(super) struct Chunk {
    pub(super) text: String,
    /// What the class of an element around it says of its amounts.
    pub(super) stated: Option<Stated>,
}

/// What is said of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated {
    Price(PriceRank),
    /// A rate, a discount, a fee or what somebody else thinks.
    NoPrice,
}

/// Below this an amount of which nothing is said is likelier a fee.
const LEAST_UNSAID: Money = Money::from_dollars(1_000);
/// A longer text mentions an amount, and does not ask it.
const WORDS_BESIDE: usize = 3;
/// The digits and two groups of three follow the sign at most.
const PARTS_BEHIND: usize = 3;
/// A longer text is no label.
const LABEL_BYTES: usize = 40;

/// What the class of an element says of the amounts in it; an attribute of one vendor says so, too.
pub(super) fn by_class(element: &Element<'_>) -> Option<Stated> {
    const NO_PRICE: [&str; 6] = ["saving", "payment", "month", "weekly", "rebate", "fee"];
    let classes = attribute(element, "class").unwrap_or_default();
    let is_price = mentions(classes, "price")
        || attribute(element, "data-action").is_some_and(|action| action == "priceSpecification");
    let says = |words: &[&str]| words.iter().any(|word| mentions(classes, word));
    is_price.then(|| {
        if says(&NO_PRICE) {
            Stated::NoPrice
        } else if says(&["msrp", "sticker"]) {
            Stated::Price(PriceRank::Suggested)
        } else {
            Stated::Price(PriceRank::Plain)
        }
    })
}

/// What words in front of an amount say of it.
fn by_words(words: &str) -> Option<Stated> {
    const NO_PRICE: [&str; 26] = [
        "bid", "book", "deposit", "discount", "doc", "down", "drop", "due", "enganche", "fee", "fees", "kbb", "lease",
        "market", "monthly", "payment", "payments", "rebate", "save", "saved", "savings", "tax", "taxes", "trade",
        "weekly", "worth",
    ];
    const SUGGESTED: [&str; 2] = ["msrp", "sticker"];
    const RETAIL: [&str; 7] = ["retail", "list", "was", "regular", "finance", "financed", "original"];
    const ASKING: [&str; 13] = [
        "asking",
        "cash",
        "clearance",
        "final",
        "internet",
        "now",
        "online",
        "our",
        "sale",
        "selling",
        "special",
        "today",
        "your",
    ];
    let lower = words.to_ascii_lowercase();
    let says = |known: &[&str]| lower.split(|sign: char| !sign.is_alphanumeric()).any(|word| known.contains(&word));
    let rank = |rank| Some(Stated::Price(rank));
    match () {
        () if says(&NO_PRICE) || lower.contains("cash back") => Some(Stated::NoPrice),
        () if says(&SUGGESTED) => rank(PriceRank::Suggested),
        () if says(&RETAIL) => rank(PriceRank::Retail),
        () if says(&ASKING) => rank(PriceRank::Asking),
        () if says(&["price"]) => rank(PriceRank::Plain),
        () => None,
    }
}

/// Offers the prices of a card's texts, each with what is said of it.
pub(super) fn offer(chunks: &[Chunk], draft: &mut Draft) {
    let mut unsaid: Vec<Money> = Vec::new();
    let mut at = 0;
    while let Some(chunk) = chunks.get(at) {
        let before = at.checked_sub(1).and_then(|before| chunks.get(before)).filter(|before| is_label(&before.text));
        let (text, behind) = whole_amount(chunks, at);
        at = behind;
        let next = chunks.get(behind);
        let is_amount = chunk.text.contains('$') || chunk.stated.is_some();
        if !is_amount || next.is_some_and(|next| begins_a_payment(&next.text)) {
            continue;
        }
        let Some(price) = numbers::price(&text) else { continue };
        let own = text.split(|sign: char| sign == '$' || sign.is_ascii_digit()).next().unwrap_or_default();
        // A badge in front of an element for prices says nothing of what is in it.
        let label = before.filter(|before| chunk.stated.is_none() || before.stated.is_some());
        let label = label.map_or("", |label| last_words(&label.text));
        match by_words(own).or_else(|| by_words(label)).or(chunk.stated) {
            Some(Stated::NoPrice) => {}
            Some(Stated::Price(rank)) => draft.offer_price(rank, Some(price)),
            None => {
                let follows = next.filter(|next| is_label(&next.text));
                let is_no_price = follows.is_some_and(|next| by_words(&next.text) == Some(Stated::NoPrice));
                // Two different amounts are enough to know that there is not one alone.
                let may_tell = unsaid.len() < 2 && !is_no_price && price >= LEAST_UNSAID;
                let beside = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
                if may_tell && beside <= WORDS_BESIDE && !unsaid.contains(&price) {
                    unsaid.push(price);
                }
            }
        }
    }
    if let [only] = unsaid[..] {
        draft.offer_price(PriceRank::Plain, Some(only));
    }
}

/// The text with what belongs to its number, `$`, `15` and `,995` being one amount, and the place behind it.
fn whole_amount(chunks: &[Chunk], at: usize) -> (String, usize) {
    let mut text = chunks[at].text.clone();
    let mut behind = at + 1;
    for next in chunks.iter().skip(at + 1).take(PARTS_BEHIND) {
        let is_rest = |text: &str| {
            text.strip_prefix(',').is_some_and(|rest| rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit()))
        };
        let begins = text.ends_with('$') && next.text.starts_with(|sign: char| sign.is_ascii_digit());
        let goes_on = text.ends_with(|sign: char| sign.is_ascii_digit()) && is_rest(&next.text);
        if !begins && !goes_on {
            break;
        }
        text.push_str(&next.text);
        behind += 1;
    }
    (text, behind)
}

/// The last two words of a label: what stands before them is about something else.
fn last_words(label: &str) -> &str {
    label.rmatch_indices(' ').nth(1).map_or(label, |(space, _)| &label[space + 1..])
}

fn is_label(text: &str) -> bool {
    text.len() <= LABEL_BYTES && !text.bytes().any(|byte| byte.is_ascii_digit())
}

/// `/mo` and the like, set apart from the amount in front.
fn begins_a_payment(text: &str) -> bool {
    let lower = text.trim_start_matches(['/', ' ']).to_ascii_lowercase();
    ["mo", "per mo", "a month", "wk", "week", "per week"].iter().any(|word| {
        lower
            .strip_prefix(word)
            .is_some_and(|rest| word.len() > 2 || !rest.starts_with(char::is_alphabetic) || rest.starts_with("nth"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_amount_that_is_asked_is_told_from_the_others() {
        let plain = Some(Stated::Price(PriceRank::Plain));
        let said = |texts: &[(&str, Option<Stated>)]| {
            let chunks: Vec<_> =
                texts.iter().map(|(text, stated)| Chunk { text: (*text).to_owned(), stated: *stated }).collect();
            let mut draft = Draft::default();
            offer(&chunks, &mut draft);
            draft.listing.price.map(|price| price.cents() / 100)
        };
        for (texts, price) in [
            (&[("$15,995", None)][..], Some(15_995)),
            (&[("$15,995", None), ("$15,995", None)], Some(15_995)),
            (&[("$15,995", None), ("$39,999", None)], None),
            (&[("MSRP $39,999", None), ("$15,995", None)], Some(15_995)),
            (&[("Retail", None), ("$39,999", plain), ("Sale $15,995", plain)], Some(15_995)),
            (&[("KBB $39,999", plain), ("$15,995", plain)], Some(15_995)),
            (&[("Finance price $39,999", None), ("Cash price $15,995", None)], Some(15_995)),
            (&[("$2,500", Some(Stated::NoPrice)), ("$15,995", plain)], Some(15_995)),
            (&[("Down", plain), ("$1,500", plain)], None),
            (&[("Enganche $1,500", plain)], None),
            (&[("Cash back", plain), ("$1,500", plain)], None),
            (&[("$", plain), ("399", plain), ("/mo", plain)], None),
            (&[("Down", plain), ("$", plain), ("1,500", plain)], None),
            (&[("Retail", None), ("$15", plain), (",995", plain)], Some(15_995)),
            (&[("Price Drop", None), ("$15,995", plain)], Some(15_995)),
            (&[("Lifetime Warranty", None), ("$15,995", None)], Some(15_995)),
            (&[("Back-up Camera", None), ("$15,995", None)], Some(15_995)),
            (&[("Trade-in value $5,000", None)], None),
            (&[("Current bid $10,000", plain)], None),
            (&[("$2,500", None), ("Savings", None)], None),
            (&[("$399", plain), ("/mo", plain), ("$15,995", None)], Some(15_995)),
            (&[("$", plain), ("15", plain), (",995", plain)], Some(15_995)),
            (&[("Doc fee $1,595", None), ("$499", None)], None),
            (&[("The owner before spent some $4,500 on it in spring", None)], None),
            (&[("Call for price", plain), ("555", None)], None),
        ] {
            assert_eq!(said(texts), price, "{texts:?}");
        }
    }
}
