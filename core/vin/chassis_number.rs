//! The number of a vehicle that was built before VINs had one form.
//!
//! VINs of 17 characters begin with model year 1981 (49 CFR 565). Before, each maker numbered chassis in its own way, so nothing
//! is read from such a number: no maker, no year, no check digit.

use std::{fmt, ops::RangeInclusive};

use serde::Serialize;

use super::Vin;

/// The model years whose vehicles have a chassis number. Of a year before them, as of zero, nothing is known.
const YEARS: RangeInclusive<i32> = 1900..=1980;
const SHORTEST: usize = 5;
const LONGEST: usize = 17;

/// The number of a vehicle of a model year before 1981: 5 to 17 upper-case letters and digits.
///
/// Blanks, hyphens, dots and slashes are left out, so that a number is the same however it was written down. Letters I, O and
/// Q are letters here.
///
/// ```
/// use jpauto::vin::ChassisNumber;
///
/// assert_eq!(ChassisNumber::parse("vc57l 123456")?.as_str(), "VC57L123456");
/// assert!(ChassisNumber::parse("1234").is_err());
/// # Ok::<(), jpauto::vin::InvalidChassisNumber>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ChassisNumber(String);

/// Why a text is no chassis number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidChassisNumber {
    /// Nothing was given.
    #[error("a chassis number is needed, and the text is empty")]
    Empty,
    /// Too short or too long, counted without what is left out.
    #[error("a chassis number, of a model year before 1981, has 5 to 17 letters and digits, and this has {found}")]
    WrongLength {
        /// How many letters and digits were given.
        found: usize,
    },
    /// Neither a letter nor a digit of ASCII.
    #[error("the character {character:?} at position {position} is neither a letter A to Z nor a digit")]
    ForbiddenCharacter {
        /// The character as it was given.
        character: char,
        /// Where it stands, from 1.
        position: usize,
    },
}

impl ChassisNumber {
    /// Reads a chassis number in either case.
    ///
    /// # Errors
    /// [`InvalidChassisNumber`] with the first reason found.
    pub fn parse(text: &str) -> Result<Self, InvalidChassisNumber> {
        if text.trim().is_empty() {
            return Err(InvalidChassisNumber::Empty);
        }
        let (mut number, mut found) = (String::with_capacity(LONGEST), 0);
        for (character, position) in text.trim().chars().zip(1..) {
            match character {
                ' ' | '-' | '.' | '/' => continue,
                sign if sign.is_ascii_alphanumeric() => found += 1,
                _ => return Err(InvalidChassisNumber::ForbiddenCharacter { character, position }),
            }
            if found <= LONGEST {
                number.push(character.to_ascii_uppercase());
            }
        }
        if (SHORTEST..=LONGEST).contains(&found) {
            Ok(Self(number))
        } else {
            Err(InvalidChassisNumber::WrongLength { found })
        }
    }

    /// The letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChassisNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether vehicles of this model year have a chassis number in place of a VIN.
pub(crate) fn has_chassis_number(model_year: i32) -> bool {
    YEARS.contains(&model_year)
}

/// The VIN of a vehicle of this model year, or its chassis number, as it is kept. The error says what is wrong with it.
pub(crate) fn number_of(text: &str, model_year: i32) -> Result<String, String> {
    if has_chassis_number(model_year) {
        return ChassisNumber::parse(text).map(|number| number.0).map_err(|reason| reason.to_string());
    }
    Vin::parse(text.trim()).map(|vin| vin.to_string()).map_err(|reason| reason.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chassis_number_is_kept_in_one_form() {
        for (text, number) in [
            ("VC57L123456", "VC57L123456"),
            (" vc57l123456 ", "VC57L123456"),
            ("113.044-10-000123", "11304410000123"),
            ("S1/12345", "S112345"),
            ("OIQ12", "OIQ12"),
            ("12345678901234567", "12345678901234567"),
        ] {
            assert_eq!(ChassisNumber::parse(text).unwrap().as_str(), number, "{text}");
        }
        let length = |found| Err(InvalidChassisNumber::WrongLength { found });
        for (text, reason) in [
            ("", Err(InvalidChassisNumber::Empty)),
            (" ", Err(InvalidChassisNumber::Empty)),
            ("1234", length(4)),
            ("1-2-3-4", length(4)),
            ("123456789012345678", length(18)),
            ("VC57L\0", Err(InvalidChassisNumber::ForbiddenCharacter { character: '\0', position: 6 })),
            ("VC57É", Err(InvalidChassisNumber::ForbiddenCharacter { character: 'É', position: 5 })),
        ] {
            assert_eq!(ChassisNumber::parse(text), reason, "{text:?}");
        }
    }

    #[test]
    fn the_model_year_says_which_number_it_is() {
        assert_eq!(number_of("vc57l123456", 1957).as_deref(), Ok("VC57L123456"));
        assert_eq!(number_of("vc57l123456", 1980).as_deref(), Ok("VC57L123456"));
        assert_eq!(number_of("vc57l123456", 1981), Err("a VIN has 17 characters, and this has 11".into()));
        assert_eq!(number_of(" 1m8gdm9axkp042788 ", 1989).as_deref(), Ok("1M8GDM9AXKP042788"));
        assert_eq!(number_of("vc57l123456", 0), Err("a VIN has 17 characters, and this has 11".into()));
        assert!(number_of("", 1957).is_err() && number_of("", 1981).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}|[ -~]{0,30}") {
            if let Ok(number) = ChassisNumber::parse(&text) {
                prop_assert!((SHORTEST..=LONGEST).contains(&number.0.len()));
                prop_assert_eq!(ChassisNumber::parse(number.as_str()).unwrap(), number);
            }
        }
    }
}
