//! What the class of an element says of the amounts in it.
//!
//! What is deliberately not here: what words say (`price_words`).

use super::{
    dom::{Element, attribute},
    fields::PriceRank,
    price_words::{
        Stated,
        thing::{ASKING, DOWN, FEE, FINANCE, PRICE, RATE, RETAIL, SAVING, SUGGESTED, VALUE},
    },
};

/// What a class of an element says of the amounts in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OfClass {
    pub(super) stated: Stated,
    /// Whether it calls them a price, whatever else it says.
    pub(super) is_price: bool,
}

/// The words of classes in the order of the alphabet, what they mention, and whether they count as a part of a longer word too, as
/// in `totalmsrp`. Some are of other languages that dealers' themes use.
static CLASS_WORDS: [(&str, u32, bool); 41] = [
    ("ahorro", SAVING, false),
    ("asking", ASKING, false),
    ("current", ASKING, false),
    ("deposit", DOWN, false),
    ("discount", SAVING, false),
    ("discounts", SAVING, false),
    ("down", DOWN, false),
    ("enganche", DOWN, false),
    ("fee", FEE, false),
    ("fees", FEE, false),
    ("final", ASKING, false),
    ("incentive", SAVING, true),
    ("internet", ASKING, false),
    ("kbb", VALUE, false),
    ("lease", RATE, false),
    ("mensual", RATE, true),
    ("month", FINANCE, true),
    ("monthly", RATE, true),
    ("msrp", SUGGESTED, true),
    ("now", ASKING, false),
    ("oferta", ASKING, false),
    ("old", RETAIL, false),
    ("original", RETAIL, false),
    ("our", ASKING, false),
    ("pago", RATE, false),
    ("payment", RATE, true),
    ("precio", PRICE, true),
    ("price", PRICE, true),
    ("rebate", SAVING, true),
    ("regular", RETAIL, false),
    ("retail", RETAIL, false),
    ("sale", ASKING, false),
    ("sales", ASKING, false),
    ("saving", SAVING, true),
    ("secondary", RETAIL, false),
    ("selling", ASKING, false),
    ("special", ASKING, false),
    ("sticker", SUGGESTED, true),
    ("strike", RETAIL, false),
    ("was", RETAIL, false),
    ("weekly", FINANCE, true),
];

/// Which letters follow each letter at the beginning of a word of [`CLASS_WORDS`], a bit a letter, and the words that begin with it.
static CLASS_INITIALS: [(u32, usize, usize); 26] = {
    let mut initials = [(0, 0, 0); 26];
    let mut at = 0;
    while at < CLASS_WORDS.len() {
        let word = CLASS_WORDS[at].0.as_bytes();
        let (seconds, start, end) = &mut initials[(word[0] - b'a') as usize];
        if *end == 0 {
            *start = at;
        }
        *seconds |= 1 << (word[1] - b'a');
        at += 1;
        *end = at;
    }
    initials
};

/// What the class of an element says of the amounts in it; an attribute of one vendor says so, too.
pub(super) fn by_class(element: &Element<'_>) -> Option<OfClass> {
    let things = attribute(element, "class").map_or(0, mentioned);
    said_by(things, attribute(element, "data-action"))
}

/// The same of what its classes mention, and of that attribute.
pub(super) fn said_by(mut things: u32, action: Option<&str>) -> Option<OfClass> {
    if action == Some("priceSpecification") {
        things |= PRICE;
    }
    let is_price = things & PRICE != 0;
    let says = |thing: u32| things & thing != 0;
    let rank = |rank| Some(Stated::Price(rank));
    let stated = match () {
        // These are no words of layouts: an element so called holds no price.
        () if says(RATE) => Some(Stated::Rate),
        () if says(SAVING) => Some(Stated::Saving),
        () if says(VALUE) => Some(Stated::Value),
        () if is_price && says(FINANCE) => Some(Stated::Rate),
        () if is_price && says(DOWN) => Some(Stated::Down),
        () if is_price && says(FEE) => Some(Stated::Fee),
        () if says(SUGGESTED) => rank(PriceRank::Suggested),
        () if is_price && says(RETAIL) => rank(PriceRank::Retail),
        () if is_price && says(ASKING) => rank(PriceRank::Asking),
        () if is_price => rank(PriceRank::Plain),
        () => None,
    };
    stated.map(|stated| OfClass { stated, is_price })
}

/// What the text of a class attribute mentions.
pub(super) fn mentioned(classes: &str) -> u32 {
    let classes = classes.as_bytes();
    let mut things = 0;
    let letter = |byte: u8| usize::from(byte.to_ascii_lowercase().wrapping_sub(b'a'));
    for (at, pair) in classes.windows(2).enumerate() {
        let byte = pair[0];
        let Some((seconds, start, stop)) = CLASS_INITIALS.get(letter(byte)) else { continue };
        // Most places of a class begin none of the words, and two letters say so.
        let second = letter(pair[1]);
        if second >= 26 || seconds >> second & 1 == 0 {
            continue;
        }
        let before = at.checked_sub(1).map_or(b' ', |before| classes[before]);
        let begins = !before.is_ascii_alphabetic() || (before.is_ascii_lowercase() && byte.is_ascii_uppercase());
        for (word, thing, also_within) in &CLASS_WORDS[*start..*stop] {
            let end = at + word.len();
            if !(begins || *also_within)
                || !classes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
            {
                continue;
            }
            let behind = &classes[end..];
            // `salePrice` and `saleprice` alike.
            let ends = behind.first().is_none_or(|next| !next.is_ascii_alphabetic() || next.is_ascii_uppercase())
                || behind.get(..5).is_some_and(|next| next.eq_ignore_ascii_case(b"price"));
            if *also_within || ends {
                things |= thing;
            }
        }
    }
    things
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_say_what_their_amounts_are() {
        assert!(CLASS_WORDS.is_sorted_by_key(|(word, ..)| *word));
        let of = |classes: &str| {
            let things = mentioned(classes);
            [PRICE, ASKING, RETAIL, SUGGESTED, RATE, FINANCE, DOWN, FEE, SAVING]
                .map(|thing| u8::from(things & thing != 0))
        };
        assert_eq!(of("vehicle-price"), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(of("salePrice"), of("price sale"));
        assert_eq!(of("saleprice"), [1, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(of("totalMsrp"), [0, 0, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(of("price--old"), [1, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(of("est-payment monthly"), [0, 0, 0, 0, 1, 1, 0, 0, 0]);
        assert_eq!(of("price-savings"), [1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(of("release wholesaler feed dropdown folder hour"), [0; 9]);
    }
}
