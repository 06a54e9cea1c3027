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
    /// A whole number with a unit behind it, such as `52,777 miles`.
    Miles,
    /// An amount above zero, such as `10499.00`.
    Price,
    /// The same with the currency, such as `10499.00 USD`.
    PriceInDollars,
    /// The address of a page or picture.
    Url,
    /// Several of them.
    Urls,
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
            Self::OneOf(words) => {
                let holds = words.iter().any(|word| word.eq_ignore_ascii_case(text));
                (!holds).then(|| format!("expected one of {}", words.join(", ")))
            }
            Self::OneOfThese(words) => {
                let holds = words.iter().any(|word| word.eq_ignore_ascii_case(text));
                (!holds).then(|| format!("expected one of {}", words.join(", ")))
            }
            Self::VinOrChassisNumber => {
                let is_one = (5..=17).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                expected(is_one, "a VIN of 17 characters, or the chassis number of a car before 1981")
            }
            Self::Vin => expected(text.len() == 17 && Vin::parse(text).is_ok(), "a VIN of 17 characters"),
            Self::Year => expected(text.len() == 4 && is_digits(text), "a year of four digits"),
            Self::Whole => expected(is_digits(text), "a whole number"),
            Self::Miles => {
                let number = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic() || sign == ' ');
                expected(is_digits(&number.replace(',', "")), "a whole number of miles")
            }
            Self::Price => expected(is_price(text), "an amount above zero, such as 10499.00"),
            Self::PriceInDollars => {
                let holds = text.strip_suffix(" USD").is_some_and(is_price);
                expected(holds, "an amount above zero with its currency, such as 10499.00 USD")
            }
            Self::Url => expected(is_web_address(text), "an address that begins with http:// or https://"),
            Self::Urls => {
                let holds = text.split(separator).all(|part| is_web_address(part.trim()));
                expected(holds, "addresses that begin with http:// or https://")
            }
            Self::Day => {
                let day = text.get(..10).unwrap_or(text);
                expected(NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok(), "a day such as 2026-03-01")
            }
            Self::Degrees(most) => {
                let holds = text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= *most);
                expected(holds, &format!("degrees between -{most} and {most}"))
            }
        }
    }
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
            (Rule::Miles, &["52777", "52,777 miles"], &["miles", "many miles"]),
            (Rule::Price, &["1", "10499.00", "0.50"], &["0", "0.00", "-1.00", "1.005", "1e3", "$5"]),
            (Rule::PriceInDollars, &["10499.00 USD"], &["10499.00", "0.00 USD", "10499.00 EUR"]),
            (Rule::Url, &["https://example.com/1.jpg"], &["example.com", "javascript:alert(1)", "ftp://example.com"]),
            (Rule::Urls, &["https://a.example/1|http://b.example"], &["https://a.example/1|", "x"]),
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
