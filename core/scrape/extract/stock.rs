//! What a website says of a car in stock: its stock number, where it stands ([`StockStatus`]), and whether somebody is buying it
//! ([`SaleStatus`]).
//!
//! The last two are read apart, for `Sale Pending - In Transit` is both.

use serde::{Deserialize as _, Deserializer, Serialize};

use super::clean;

/// Where a car is, as its website says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StockStatus {
    /// It stands on the lot.
    InStock,
    /// It is on its way there.
    InTransit,
    /// It is ordered or being built.
    InProduction,
    /// Somebody is buying it; nothing says where it stands.
    SalePending,
}

words!(StockStatus, InvalidStockStatus at "/stock_status" {
    InStock => "in_stock",
    InTransit => "in_transit",
    InProduction => "in_production",
    SalePending => "sale_pending",
});

impl StockStatus {
    /// Reads a website's own words, such as `In Transit`, `Sale Pending - In Stock` or schema.org's `PreOrder`. Unknown words are none.
    ///
    /// Where a car stands goes before that somebody is buying it.
    ///
    /// ```
    /// use jpauto::extract::StockStatus;
    ///
    /// assert_eq!(StockStatus::read("Sale Pending - In Transit"), Some(StockStatus::InTransit));
    /// assert_eq!(StockStatus::read("Great deal"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let words = Words::of(text);
        let (_, status) = WORDS.iter().find(|(phrase, _)| words.hold(phrase.as_bytes()))?;
        (!is_denied(text)).then_some(*status)
    }

    /// Whether the text says that somebody is buying the car, wherever it stands.
    fn says_pending(text: &str) -> bool {
        if text.len() > CHARS_MAX {
            return false;
        }
        let words = Words::of(text);
        let is_pending =
            |(phrase, status): &(&str, Self)| *status == Self::SalePending && words.hold(phrase.as_bytes());
        WORDS.iter().any(is_pending) && !is_denied(text)
    }

    /// The one of two readings that says more: a car on its way or being built, before one in stock, as many templates call every car
    /// in stock; and any of these before a pending sale. Of equals, the first.
    pub(crate) fn more_telling(known: Option<Self>, other: Option<Self>) -> Option<Self> {
        let rank = |status: Option<Self>| match status {
            None => 0,
            Some(Self::SalePending) => 1,
            Some(Self::InStock) => 2,
            Some(Self::InTransit | Self::InProduction) => 3,
        };
        if rank(other) > rank(known) { other } else { known }
    }
}

/// How far the sale of a car on offer has come, as its website says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SaleStatus {
    /// Anybody may buy it.
    Available,
    /// Somebody is buying it: a sale is pending, or a deposit was paid.
    Pending,
}

words!(SaleStatus, InvalidSaleStatus at "/sale_status" { Available => "available", Pending => "pending" });

impl SaleStatus {
    /// Reads a website's own words, such as `Sale Pending - In Stock` or schema.org's `Reserved`. Unknown words are none.
    ///
    /// ```
    /// use jpauto::extract::SaleStatus;
    ///
    /// assert_eq!(SaleStatus::read("Sale Pending - In Stock"), Some(SaleStatus::Pending));
    /// assert_eq!(SaleStatus::read("In Stock"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
        if is("pending") || StockStatus::says_pending(text) {
            return Some(Self::Pending);
        }
        (is("available") || is("for sale")).then_some(Self::Available)
    }

    /// Whether a text of a card says by itself that somebody is buying the car: `PENDING`, `On Hold!`.
    pub(super) fn is_pending_badge(text: &str) -> bool {
        let words = text.trim_matches(|sign: char| !sign.is_alphanumeric());
        ["pending", "hold", "on hold", "sale pending", "deposit"].iter().any(|known| words.eq_ignore_ascii_case(known))
    }

    /// Of two readings of one car, the one that says more: that somebody is buying it.
    pub(crate) fn more_telling(known: Option<Self>, other: Option<Self>) -> Option<Self> {
        if other == Some(Self::Pending) { other } else { known.or(other) }
    }
}

/// A status is a few words; prose that mentions one is none. Every letter has a bit of [`Words::starts`].
const CHARS_MAX: usize = 60;

/// What websites call each status, letters alone; the first that a text holds counts.
const WORDS: [(&str, StockStatus); 26] = [
    ("intransitatfactory", StockStatus::InProduction),
    ("intransit", StockStatus::InTransit),
    ("enroute", StockStatus::InTransit),
    ("inproduction", StockStatus::InProduction),
    ("buildphase", StockStatus::InProduction),
    ("inbuild", StockStatus::InProduction),
    ("onorder", StockStatus::InProduction),
    ("preorder", StockStatus::InProduction),
    ("presale", StockStatus::InProduction),
    ("backorder", StockStatus::InProduction),
    ("backordered", StockStatus::InProduction),
    ("madetoorder", StockStatus::InProduction),
    ("instock", StockStatus::InStock),
    ("onthelot", StockStatus::InStock),
    ("onlot", StockStatus::InStock),
    ("salepending", StockStatus::SalePending),
    ("pendingsale", StockStatus::SalePending),
    ("pendsale", StockStatus::SalePending),
    ("dealpending", StockStatus::SalePending),
    ("reserved", StockStatus::SalePending),
    ("deposittaken", StockStatus::SalePending),
    ("depositpending", StockStatus::SalePending),
    ("depositreceived", StockStatus::SalePending),
    ("onhold", StockStatus::SalePending),
    ("saleinprogress", StockStatus::SalePending),
    ("undercontract", StockStatus::SalePending),
];

/// Words that turn a status into its opposite: `Not in Stock`, `0 in stock`.
const DENIALS: [&str; 5] = ["not", "no", "never", "without", "0"];

fn is_denied(text: &str) -> bool {
    text.split(|sign: char| !sign.is_alphanumeric())
        .any(|word| DENIALS.iter().any(|denial| word.eq_ignore_ascii_case(denial)))
}

/// The letters of a short text, and where words begin: at `in_stock`, `In Stock` and `InStock` the same.
struct Words {
    letters: [u8; CHARS_MAX],
    length: usize,
    /// A bit for each letter that begins a word.
    starts: u64,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut words = Self { letters: [0; CHARS_MAX], length: 0, starts: 0 };
        let mut before = b' ';
        for byte in text.bytes() {
            if byte.is_ascii_alphabetic() {
                let begins =
                    !before.is_ascii_alphabetic() || (before.is_ascii_lowercase() && byte.is_ascii_uppercase());
                words.starts |= u64::from(begins) << words.length;
                words.letters[words.length] = byte.to_ascii_lowercase();
                words.length += 1;
            }
            before = byte;
        }
        words
    }

    /// Whether the text holds a phrase, from the beginning of a word to the end of one.
    fn hold(&self, phrase: &[u8]) -> bool {
        let is_start = |at: usize| self.starts >> at & 1 == 1;
        let ends_word = |end: usize| end == self.length || is_start(end);
        let letters = &self.letters[..self.length];
        let mut places = letters.windows(phrase.len()).enumerate();
        places.any(|(at, found)| found == phrase && is_start(at) && ends_word(at + phrase.len()))
    }
}

/// Reads how far a sale has come, in our words or in a website's own; one that is unknown is none.
pub(super) fn lenient_sale<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SaleStatus>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| SaleStatus::read(&text)))
}

/// Reads a status in our words or in a website's own; one that is unknown is none.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StockStatus>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| StockStatus::read(&text)))
}

/// A longer text holds more than a stock number.
const NUMBER_BYTES_MAX: usize = 32;

/// The stock number at the beginning of a text: what stands behind it in the same text is something else (`U4471A, 31,544 Miles`), and
/// a word is no number (`In Stock`, `Call`).
pub(super) fn number(raw: &str) -> Option<String> {
    let text = clean::text(raw)?;
    let is_end = |sign: char| matches!(sign, ',' | ';' | '|' | '(' | '[' | '\u{2022}' | '\u{b7}');
    let text = text.trim_start_matches(['#', ':', '-', ' ']);
    // An amount or the miles stand there where the number does not.
    if text.starts_with('$') || begins_with_thousands(text) {
        return None;
    }
    let text = text.split(is_end).next().unwrap_or(text);
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let first = words.next()?.trim_end_matches(['.', ':', '-', '/']);
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let is_letters = |word: &str| word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let second = words.next().unwrap_or_default();
    let number = match (has_digit(first), second) {
        // `U 4471`, `1234 A`
        (false, second) if is_letters(first) && has_digit(second) => format!("{first} {second}"),
        (true, second) if !second.is_empty() && is_letters(second) && words.next().is_none() && second.len() < 3 => {
            format!("{first} {second}")
        }
        (true, _) => first.to_owned(),
        (false, "") if is_code(first) => first.to_owned(),
        (false, _) => return None,
    };
    (number.len() <= NUMBER_BYTES_MAX).then_some(number)
}

/// Whether a text begins with a number whose thousands a comma sets apart: `71,204 miles`.
fn begins_with_thousands(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(text);
    (1..=3).contains(&first) && text[first..].strip_prefix(',').is_some_and(|rest| digits(rest) == 3)
}

/// Whether a word without digits may be a number all the same: in capitals, and none that stands in its place.
fn is_code(word: &str) -> bool {
    const WORDS: [&str; 19] = [
        "ASK",
        "AVAILABLE",
        "CALL",
        "HOLD",
        "IN",
        "INQUIRE",
        "N",
        "NEW",
        "NO",
        "NONE",
        "NUMBER",
        "OUT",
        "PENDING",
        "PHOTO",
        "SOLD",
        "STOCK",
        "TBD",
        "USED",
        "YES",
    ];
    let is_capital = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    word.len() > 1 && word.bytes().all(is_capital) && !WORDS.contains(&word)
}

/// What stands behind a label for the number of a unit: `Unit # R501`, `Unit No.`.
pub(super) fn of_unit(text: &str) -> Option<&str> {
    let rest = text.trim().get(.."unit".len()).filter(|word| word.eq_ignore_ascii_case("unit"));
    let rest = rest.map(|_| text.trim()["unit".len()..].trim_start())?;
    let signs = ["number", "no.", "no", "#"];
    let sign = signs.iter().find(|sign| rest.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign)));
    let behind = sign.map_or(rest, |sign| &rest[sign.len()..]).trim_start_matches([':', '#', ' ', '.']);
    (rest.is_empty() || sign.is_some()).then_some(behind)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("P2535", Some("P2535"))]
    #[case("# P2535", Some("P2535"))]
    #[case("P2535, 41,200 Miles", Some("P2535"))]
    #[case("P2535 | Silver | Auto", Some("P2535"))]
    #[case("P2535 \u{b7} Silver", Some("P2535"))]
    #[case("P2535 (downtown)", Some("P2535"))]
    #[case("P2535 VIN 2FMPK4K91HBB11870", Some("P2535"))]
    #[case("P2535.", Some("P2535"))]
    #[case("24-118A/B", Some("24-118A/B"))]
    #[case("P 2535", Some("P 2535"))]
    #[case("2535 A", Some("2535 A"))]
    #[case("LOANER-B", Some("LOANER-B"))]
    #[case("$13,250", None)]
    #[case("13,250", None)]
    #[case("71,204 miles", None)]
    #[case("2535,411", Some("2535"))]
    #[case("In Stock", None)]
    #[case("Call", None)]
    #[case("CALL", None)]
    #[case("Photo", None)]
    #[case("wheels", None)]
    #[case("", None)]
    fn a_stock_number_ends_where_something_else_begins(#[case] text: &str, #[case] read: Option<&str>) {
        assert_eq!(number(text).as_deref(), read, "{text}");
    }

    #[rstest]
    #[case("In Stock", Some(StockStatus::InStock))]
    #[case("https://schema.org/InStock", Some(StockStatus::InStock))]
    #[case("IN-TRANSIT", Some(StockStatus::InTransit))]
    #[case("In Production", Some(StockStatus::InProduction))]
    #[case("Sale Pending - In Production", Some(StockStatus::InProduction))]
    #[case("Sale Pending", Some(StockStatus::SalePending))]
    #[case("in_stock", Some(StockStatus::InStock))]
    #[case("OutOfStock", None)]
    #[case("available", None)]
    #[case("IN_TRANSIT_AT_FACTORY", Some(StockStatus::InProduction))]
    #[case("inTransit", Some(StockStatus::InTransit))]
    #[case("In Transit: arrives 12/05", Some(StockStatus::InTransit))]
    #[case("Build Phase", Some(StockStatus::InProduction))]
    #[case("http://schema.org/PreOrder", Some(StockStatus::InProduction))]
    #[case("BackOrder", Some(StockStatus::InProduction))]
    #[case("https://schema.org/Reserved", Some(StockStatus::SalePending))]
    #[case("pend-sale", Some(StockStatus::SalePending))]
    #[case("3 in stock", Some(StockStatus::InStock))]
    #[case("0 in stock", None)]
    #[case("Not in Stock", None)]
    #[case("No longer in stock", None)]
    #[case("Main stock", None)]
    #[case("2024 Ford Transit", None)]
    #[case("Build & Price", None)]
    #[case("publish", None)]
    #[case("\u{e9}in stock\u{e9}", Some(StockStatus::InStock))]
    #[case("", None)]
    #[case("We have more cars in stock than all the other dealers of the county together", None)]
    fn a_status_is_read_in_the_words_of_a_website(#[case] text: &str, #[case] status: Option<StockStatus>) {
        assert_eq!(StockStatus::read(text), status);
    }

    #[test]
    fn that_somebody_is_buying_it_is_read_wherever_it_stands() {
        for (text, status) in [
            ("Sale Pending - In Stock", Some(SaleStatus::Pending)),
            ("SALE PENDING", Some(SaleStatus::Pending)),
            ("pending", Some(SaleStatus::Pending)),
            ("https://schema.org/Reserved", Some(SaleStatus::Pending)),
            ("Deposit Taken", Some(SaleStatus::Pending)),
            ("Available", Some(SaleStatus::Available)),
            ("In Stock", None),
            ("No sale pending", None),
            ("All rights reserved by the dealer and by the makers of the template", None),
            ("", None),
        ] {
            assert_eq!(SaleStatus::read(text), status, "{text}");
        }
    }

    #[test]
    fn what_says_more_of_a_car_wins_whichever_is_read_first() {
        use StockStatus::{InProduction, InStock, InTransit, SalePending};
        for (known, other, told) in [
            (None, Some(SalePending), Some(SalePending)),
            (Some(SalePending), Some(InStock), Some(InStock)),
            (Some(InStock), Some(InTransit), Some(InTransit)),
            (Some(InTransit), Some(InStock), Some(InTransit)),
            (Some(InTransit), Some(InProduction), Some(InTransit)),
            (Some(InStock), None, Some(InStock)),
        ] {
            assert_eq!(StockStatus::more_telling(known, other), told, "{known:?} {other:?}");
        }
    }
}
