//! Exact amounts of dollars and cents.
//!
//! There are no currencies, and no arithmetic that rounds. The market rules compute statistics in `f64` dollars and come back
//! through [`Money::from_dollars_rounded`].

use std::{fmt, iter::Sum, ops, str::FromStr};

use bigdecimal::{BigDecimal, ToPrimitive as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact amount in cents, as in a column `DECIMAL(10,2)`.
///
/// As text it has two decimal places: `"13500.00"`. A JSON number is accepted if it is a whole number of cents.
///
/// ```
/// use jpauto::Money;
///
/// let price: Money = "13500.5".parse()?;
/// assert_eq!(price.cents(), 1_350_050);
/// assert_eq!(price.to_string(), "13500.50");
/// assert!("13500.505".parse::<Money>().is_err());
/// # Ok::<(), jpauto::InvalidMoney>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// The error for a text or number that is not a whole number of cents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an amount in dollars with at most two decimal places, such as 13500.00")]
pub struct InvalidMoney;

impl Money {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// The largest amount that a `DECIMAL(10,2)` column holds: 99,999,999.99.
    pub const MAX: Self = Self(9_999_999_999);

    /// An amount in cents.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// An amount in whole dollars.
    ///
    /// ```
    /// assert_eq!(jpauto::Money::from_dollars(15).to_string(), "15.00");
    /// ```
    #[must_use]
    pub const fn from_dollars(dollars: i32) -> Self {
        Self(dollars as i64 * 100)
    }

    /// A number of dollars, rounded to the nearest cent. `None` if it is not a number or is beyond ±[`Money::MAX`].
    #[must_use]
    pub fn from_dollars_rounded(dollars: f64) -> Option<Self> {
        let cents = (dollars * 100.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked on the same line")]
        (cents.abs() <= Self::MAX.0 as f64).then_some(Self(cents as i64))
    }

    /// The amount in cents.
    #[must_use]
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The amount in dollars, for statistics. It is exact below 2^53 cents.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// The amount for people, in whole dollars. Use it in sentences, not in data. An amount below one dollar keeps its cents, so
    /// that it does not read as zero.
    ///
    /// ```
    /// use jpauto::Money;
    ///
    /// assert_eq!(Money::from_cents(1_229_550).in_whole_dollars(), "$12,296");
    /// assert_eq!(Money::from_dollars(-950).in_whole_dollars(), "-$950");
    /// assert_eq!(Money::from_cents(40).in_whole_dollars(), "$0.40");
    /// ```
    #[must_use]
    pub fn in_whole_dollars(self) -> String {
        let mut text = String::from(if self.0 < 0 { "-$" } else { "$" });
        if let cents @ 1..100 = self.0.unsigned_abs() {
            return format!("{text}0.{cents:02}");
        }
        let digits = ((self.0.unsigned_abs() + 50) / 100).to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }

    /// Whether it may be stored as a price: zero to [`Money::MAX`].
    #[must_use]
    pub const fn fits_a_price(self) -> bool {
        self.0 >= 0 && self.0 <= Self::MAX.0
    }

    /// The amount as a decimal of scale two.
    #[must_use]
    pub fn to_bigdecimal(self) -> BigDecimal {
        BigDecimal::new(self.0.into(), 2)
    }
}

impl TryFrom<&BigDecimal> for Money {
    type Error = InvalidMoney;

    fn try_from(decimal: &BigDecimal) -> Result<Self, InvalidMoney> {
        let cents = decimal * BigDecimal::from(100);
        if !cents.is_integer() {
            return Err(InvalidMoney);
        }
        cents.to_i64().map(Self).ok_or(InvalidMoney)
    }
}

impl FromStr for Money {
    type Err = InvalidMoney;

    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 2 {
            return Err(InvalidMoney);
        }
        let dollars: i64 = whole.parse().map_err(|_out_of_range| InvalidMoney)?;
        let cents: i64 = fraction.parse().map_err(|_out_of_range| InvalidMoney)?;
        let cents = if fraction.len() == 1 { cents * 10 } else { cents };
        let total = dollars.checked_mul(100).and_then(|sum| sum.checked_add(cents)).ok_or(InvalidMoney)?;
        Ok(Self(if negative { -total } else { total }))
    }
}

/// Room for the text of any amount.
const LONGEST_TEXT: usize = "-92233720368547758.08".len();

impl Money {
    /// Writes the text to the end of a buffer: an answer has many amounts, and needs no memory of its own for each.
    fn text(self, buffer: &mut [u8; LONGEST_TEXT]) -> &str {
        let (mut rest, mut start) = (self.0.unsigned_abs(), buffer.len());
        let mut put = |sign: u8| {
            start -= 1;
            buffer[start] = sign;
        };
        for place in 0.. {
            match place {
                2 => put(b'.'),
                3.. if rest == 0 => break,
                _ => {}
            }
            put(b"0123456789"[(rest % 10) as usize]);
            rest /= 10;
        }
        if self.0 < 0 {
            put(b'-');
        }
        // Digits and signs are text.
        std::str::from_utf8(&buffer[start..]).unwrap_or_default()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text(&mut [0; LONGEST_TEXT]))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; LONGEST_TEXT]))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Money;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in dollars with at most two decimal places, such as \"13500.00\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Money, E> {
                text.parse().map_err(|InvalidMoney| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: de::Error>(self, dollars: i64) -> Result<Money, E> {
                dollars
                    .checked_mul(100)
                    .map(Money)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(dollars), &self))
            }

            fn visit_u64<E: de::Error>(self, dollars: u64) -> Result<Money, E> {
                i64::try_from(dollars)
                    .map_err(|_out_of_range| E::invalid_value(de::Unexpected::Unsigned(dollars), &self))
                    .and_then(|dollars| self.visit_i64(dollars))
            }

            fn visit_f64<E: de::Error>(self, dollars: f64) -> Result<Money, E> {
                // The shortest text for this number is what the sender wrote.
                format!("{dollars}")
                    .parse()
                    .map_err(|InvalidMoney| E::invalid_value(de::Unexpected::Float(dollars), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl ops::Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl ops::Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, ops::Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amount_has_its_text() {
        for (cents, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (10, "0.10"),
            (100, "1.00"),
            (-12_345, "-123.45"),
            (1_350_050, "13500.50"),
            (i64::MAX, "92233720368547758.07"),
            (i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(Money(cents).to_string(), text);
            assert_eq!(serde_json::to_string(&Money(cents)).unwrap(), format!("\"{text}\""));
        }
        assert_eq!(format!("{:>8}|{:<8}|", Money(150), Money(-150)), "    1.50|-1.50   |");
    }

    #[test]
    fn text_and_numbers_are_read_exactly_or_refused() {
        for (text, cents) in
            [("0", 0), ("13500", 1_350_000), ("13500.5", 1_350_050), ("-0.05", -5), ("99999999.99", 9_999_999_999)]
        {
            assert_eq!(text.parse(), Ok(Money(cents)), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.234", "1,000", "$5", "1e3", " 1", "+1", "NaN", "99999999999999999999"] {
            assert_eq!(text.parse::<Money>(), Err(InvalidMoney), "{text}");
        }
        for (json, cents) in [("\"12.3\"", 1_230), ("12.3", 1_230), ("12", 1_200), ("0.1", 10)] {
            assert_eq!(serde_json::from_str::<Money>(json).unwrap(), Money(cents), "{json}");
        }
        for json in ["12.345", "\"abc\"", "null", "[]", "1e300"] {
            assert!(serde_json::from_str::<Money>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn decimals_round_trip() {
        for cents in [0, 1, -1, 1_350_050, 9_999_999_999] {
            assert_eq!(Money::try_from(&Money(cents).to_bigdecimal()), Ok(Money(cents)));
        }
        assert_eq!(Money::try_from(&"0.001".parse().unwrap()), Err(InvalidMoney));
    }

    #[test]
    fn computed_dollars_round_to_the_cent_or_are_refused() {
        assert_eq!(Money::from_dollars_rounded(10.005_1), Some(Money(1_001)));
        assert_eq!(Money::from_dollars_rounded(f64::NAN), None);
        assert_eq!(Money::from_dollars_rounded(1e12), None);
    }
}
