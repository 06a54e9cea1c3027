//! What a cell of a feed may hold. The same rules decide what leaves and what `check` finds in a file.

use chrono::NaiveDate;
use url::Url;

use crate::vin::Vin;

/// What the text of a cell must be, where there is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    /// Anything.
    Any,
    /// One of these words, in any case of letters.
    OneOf(&'static [&'static str]),
    /// The same, as a mapping has them.
    OneOfThese(Vec<String>),
    /// A VIN of 17 characters, or before model year 1981 a chassis number, which the platform looks at itself.
    VinOrChassisNumber,
    /// A VIN of 17 characters.
    Vin,
    /// Four digits.
    Year,
    /// A whole number, zero or more.
    Whole,
    /// A whole number, with a unit behind it or without, such as `52,777 miles`.
    Miles,
    /// The same with its unit.
    MilesWithUnit,
    /// An amount above zero, such as `10499.00`.
    Price,
    /// The same with the currency, such as `10499.00 USD`.
    PriceInDollars,
    /// The address of a page or picture.
    Url,
    /// The address of a page with this in it.
    UrlWith(&'static str),
    /// Several addresses.
    Urls,
    /// The address of a picture that is a JPEG, PNG or GIF, as far as the address says.
    Photo,
    /// Several of them.
    Photos,
    /// One of these words of schema.org, with its address in front or without.
    SchemaOrg(&'static [&'static str]),
    /// A day, such as `2026-03-01`.
    Day,
    /// Degrees between these.
    Degrees(f64),
}

impl Rule {
    /// What is wrong with a text that is not empty; `None` where nothing is.
    pub(super) fn fault(&self, text: &str, separator: &str) -> Option<String> {
        let expected = |holds: bool, what: &str| (!holds).then(|| format!("expected {what}"));
        match self {
            Self::Any => None,
            Self::OneOf(words) => not_one_of(words.iter().copied(), text),
            Self::OneOfThese(words) => not_one_of(words.iter().map(String::as_str), text),
            Self::VinOrChassisNumber => {
                let is_one = (5..=17).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                expected(is_one, "a VIN of 17 characters, or the chassis number of a car before 1981")
            }
            Self::Vin => expected(text.len() == 17 && Vin::parse(text).is_ok(), "a VIN of 17 characters"),
            Self::Year => expected(text.len() == 4 && is_digits(text), "a year of four digits"),
            Self::Whole => expected(is_digits(text), "a whole number"),
            Self::Miles => expected(unit_of(text).is_some(), "a whole number of miles, such as 52777 miles"),
            Self::MilesWithUnit => {
                let holds = unit_of(text).is_some_and(|unit| !unit.is_empty());
                expected(holds, "a whole number with its unit, such as 52777 miles")
            }
            Self::Price => expected(is_price(text), "an amount above zero, such as 10499.00"),
            Self::PriceInDollars => {
                let holds = text.strip_suffix(" USD").is_some_and(is_price);
                expected(holds, "an amount above zero with its currency, such as 10499.00 USD")
            }
            Self::Day => {
                let day = text.get(..10).unwrap_or(text);
                expected(NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok(), "a day such as 2026-03-01")
            }
            Self::Degrees(most) => {
                let holds = text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= *most);
                expected(holds, &format!("degrees between -{most} and {most}"))
            }
            Self::Url | Self::UrlWith(_) | Self::Urls | Self::Photo | Self::Photos => {
                self.fault_of_address(text, separator)
            }
            Self::SchemaOrg(words) => {
                let word = ["https://schema.org/", "http://schema.org/"].iter().find_map(|it| text.strip_prefix(it));
                not_one_of(words.iter().copied(), word.unwrap_or(text))
            }
        }
    }

    fn fault_of_address(&self, text: &str, separator: &str) -> Option<String> {
        let are_all = |is_one: fn(&str) -> bool| text.split(separator).all(|part| is_one(part.trim()));
        let (holds, expected) = match self {
            Self::UrlWith(part) => {
                let expected = format!("expected an address of the web with {part}");
                return (!is_web_address(text) || !text.contains(part)).then_some(expected);
            }
            Self::Urls => (are_all(is_web_address), "expected addresses that begin with http:// or https://"),
            Self::Photo => (is_photo(text), "expected the address of a JPEG, PNG or GIF"),
            Self::Photos => (are_all(is_photo), "expected addresses of JPEG, PNG or GIF pictures"),
            _ => (is_web_address(text), "expected an address that begins with http:// or https://"),
        };
        (!holds).then(|| expected.to_owned())
    }
}

/// Says which words are taken, where the text is none of them in any case of letters.
fn not_one_of<'w>(words: impl Iterator<Item = &'w str> + Clone, text: &str) -> Option<String> {
    let holds = words.clone().any(|word| word.eq_ignore_ascii_case(text));
    (!holds).then(|| format!("expected one of {}", words.collect::<Vec<_>>().join(", ")))
}

/// Units of a mileage, in small letters.
const UNITS: &[&str] = &["mi", "mile", "miles", "km", "kilometers", "kilometres"];

/// The unit behind the whole number that a text is, in small letters; empty without one. `None` where it is anything else.
fn unit_of(text: &str) -> Option<&'static str> {
    let end = text.find(|sign: char| !sign.is_ascii_digit() && sign != ',').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let is_number = is_digits(&number.replace(',', ""));
    std::iter::once(&"").chain(UNITS).find(|known| is_number && known.eq_ignore_ascii_case(unit.trim())).copied()
}

/// Whether the address can be one of a picture that every platform takes.
fn is_photo(address: &str) -> bool {
    is_web_address(address) && !is_of_another_kind(address)
}

/// Whether the address says that its picture is neither a JPEG nor a PNG nor a GIF. One that does not say its kind may be any.
pub(super) fn is_of_another_kind(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".webp", ".svg", ".avif", ".heic"].iter().any(|kind| path.ends_with(kind))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_price(text: &str) -> bool {
    let (dollars, cents) = text.split_once('.').unwrap_or((text, "0"));
    is_digits(dollars) && is_digits(cents) && cents.len() <= 2 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// Whether the text is an address of the web.
pub(super) fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_knows_what_it_takes() {
        let words = Rule::OneOf(&["NEW", "USED"]);
        for (rule, good, bad) in [
            (words, &["NEW", "used"][..], &["", "old"][..]),
            (Rule::Vin, &["4T1B11HK5KU211111"], &["4T1B11HK5KU21111", "4T1B11HK5KU21111O"]),
            (Rule::VinOrChassisNumber, &["4T1B11HK5KU211111", "11334"], &["1133", "113 34"]),
            (Rule::Year, &["2019"], &["19", "20190", "20a9"]),
            (Rule::Whole, &["0", "52777"], &["", "-1", "52,777", "1.0"]),
            (Rule::Miles, &["52777", "52,777 miles", "9 km"], &["miles", "many miles", "5 bananas", "-5 miles", ""]),
            (Rule::MilesWithUnit, &["52777 miles", "52,777 MI", "9km"], &["52777", "5 bananas", "miles"]),
            (Rule::Price, &["1", "10499.00", "0.50"], &["0", "0.00", "-1.00", "1.005", "1e3", "$5"]),
            (Rule::PriceInDollars, &["10499.00 USD"], &["10499.00", "0.00 USD", "10499.00 EUR"]),
            (Rule::Url, &["https://example.com/1.jpg"], &["example.com", "javascript:alert(1)", "ftp://example.com"]),
            (Rule::Urls, &["https://a.example/1|http://b.example"], &["https://a.example/1|", "x"]),
            (Rule::UrlWith("{store}"), &["https://a.example/?s={store}"], &["https://a.example/", "{store}"]),
            (
                Rule::Photo,
                &["https://a.example/1.jpg", "https://a.example/1"],
                &["https://a.example/1.WebP?x", "1.jpg"],
            ),
            (
                Rule::Photos,
                &["https://a.example/1|https://a.example/2.png"],
                &["https://a.example/1|https://a.example/2.svg"],
            ),
            (
                Rule::SchemaOrg(&["InStock"]),
                &["InStock", "http://schema.org/InStock"],
                &["https://schema.org/Gone", ""],
            ),
            (Rule::Day, &["2026-03-01", "2026-03-01T12:00:00Z"], &["03/01/2026", "2026-13-01"]),
            (Rule::Degrees(90.0), &["-33.9", "90"], &["91", "north"]),
        ] {
            for text in good {
                assert_eq!(rule.fault(text, "|"), None, "{rule:?} {text}");
            }
            for text in bad {
                assert!(rule.fault(text, "|").is_some(), "{rule:?} {text}");
            }
        }
    }
}
