//! The VIN as a value: parsed, checked and taken apart without a network and without an allocation.
//!
//! A [`Vin`] is an array of 17 bytes on the stack; its form follows 49 CFR 565.15 and ISO 3779. [`Vin::manufacturer`] looks its
//! maker up in a register that is compiled in. [`Vin::facts`] gathers all that a VIN says by itself.
//!
//! Vehicles of model years before 1981 have a [`ChassisNumber`] in its place.
//!
//! Deliberately not here: model and trim, which only a decoder knows (`evaluation`). A wrong check digit is no error: ISO 3779
//! requires none, and cars with a wrong one are on sale.

mod chassis_number;
mod check_digit;
mod country;
mod facts;
mod manufacturer;
mod model_year;
mod report;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use chassis_number::{ChassisNumber, InvalidChassisNumber};
pub(crate) use chassis_number::{has_chassis_number, number_of};
pub use check_digit::CheckDigit;
pub use country::Country;
pub use facts::Facts;
pub use manufacturer::{Makes, Manufacturer, VehicleType};
pub use model_year::{ModelYear, YearBasis};
pub use report::{Report, report};

const LENGTH: usize = 17;

/// A VIN with fewer different characters is a filler such as `11111111111111111`, whose check digit is right.
const DISTINCT_CHARACTERS_MIN: u32 = 5;

/// The upper-case form of each byte that a VIN may hold, zero for all others.
const CANONICAL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let upper = byte.to_ascii_uppercase();
        if upper.is_ascii_alphanumeric() && !matches!(upper, b'I' | b'O' | b'Q') {
            table[byte as usize] = upper;
        }
        byte += 1;
    }
    table
};

/// A vehicle identification number: 17 upper-case letters and digits without I, O and Q.
///
/// Lower case is accepted and raised. White space is not trimmed; the caller does that. serde writes and reads it as a string.
///
/// ```
/// use jpauto::Vin;
///
/// let vin: Vin = "1m8gdm9axkp042788".parse()?;
/// assert_eq!(vin.as_str(), "1M8GDM9AXKP042788");
/// assert_eq!(vin.wmi(), "1M8");
/// assert_eq!(vin.squish().as_str(), "1M8GDM9AKP");
/// assert!(vin.check_digit().is_right());
/// # Ok::<(), jpauto::vin::InvalidVin>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vin([u8; LENGTH]);

/// Why a text is no VIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVin {
    /// Nothing was given.
    #[error("a VIN is needed, and the text is empty")]
    Empty,
    /// Too short or too long; counted in characters, not in bytes.
    #[error("a VIN has 17 characters, and this has {found}")]
    WrongLength {
        /// How many characters were given.
        found: usize,
    },
    /// A VIN with something else around or in it: blanks, hyphens, or the I that a barcode of an imported car begins with.
    #[error("a VIN is 17 letters and digits and nothing else; this would be {vin}")]
    MoreThanVin {
        /// The VIN without it.
        vin: Vin,
    },
    /// I, O or Q, which VINs leave out because they are read as digits.
    #[error(
        "the letter {letter} at position {position} is never used in a VIN; the digit {digit} was probably meant{}",
        would_be(*.vin)
    )]
    LetterReadAsDigit {
        /// I, O or Q, in upper case.
        letter: char,
        /// The digit that looks like it.
        digit: char,
        /// Where it stands, from 1.
        position: usize,
        /// The VIN with the digits, if it is one then.
        vin: Option<Vin>,
    },
    /// Anything else that is neither a letter nor a digit of ASCII.
    #[error("the character {character:?} at position {position} is neither a letter A to Z nor a digit")]
    ForbiddenCharacter {
        /// The character as it was given.
        character: char,
        /// Where it stands, from 1.
        position: usize,
    },
}

/// The ten characters that name a kind of vehicle: positions 1 to 8, 10 and 11, without check digit and serial number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SquishVin([u8; 10]);

/// The maker of the vehicle: three characters, or six where the third is a 9.
///
/// By 49 CFR 565.15(a) a 9 there means that positions 12 to 14 belong to the identifier too, as the maker builds few vehicles a
/// year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManufacturerIdentifier {
    characters: [u8; 6],
    length: usize,
}

/// The part of the world whose authority assigned the manufacturer's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Region {
    /// First character A to G.
    Africa,
    /// First character H to R.
    Asia,
    /// First character S to Z.
    Europe,
    /// First character 1 to 5, and 7 but for 7A to 7E.
    NorthAmerica,
    /// First character 6.
    Oceania,
    /// First character 8 and 9.
    SouthAmerica,
}

impl Vin {
    /// Reads a VIN of 17 characters in either case.
    ///
    /// # Errors
    /// [`InvalidVin`] with the first reason found: empty, then the length, then the first character at fault.
    pub fn parse(text: &str) -> Result<Self, InvalidVin> {
        let Ok(mut characters) = <[u8; LENGTH]>::try_from(text.as_bytes()) else {
            return Err(reason_for_refusal(text));
        };
        // No early exit: the loop without a branch is faster, and nearly every text that comes here is a VIN.
        let mut all_allowed = true;
        for character in &mut characters {
            *character = CANONICAL[usize::from(*character)];
            all_allowed &= *character != 0;
        }
        if all_allowed { Ok(Self(characters)) } else { Err(reason_for_refusal(text)) }
    }

    /// The 17 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The world manufacturer identifier, positions 1 to 3.
    ///
    /// For a maker of few vehicles it names only the group; see [`Vin::manufacturer_identifier`].
    #[must_use]
    pub fn wmi(&self) -> &str {
        ascii(&self.0[..3])
    }

    /// The complete identifier of the manufacturer, of three or six characters.
    ///
    /// ```
    /// let koenigsegg = jpauto::Vin::parse("YT9NN1U14KA007175")?;
    /// assert_eq!(koenigsegg.manufacturer_identifier().as_str(), "YT9007");
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn manufacturer_identifier(&self) -> ManufacturerIdentifier {
        let [a, b, c, .., d, e, f, _, _, _] = self.0;
        ManufacturerIdentifier { characters: [a, b, c, d, e, f], length: if self.is_of_small_maker() { 6 } else { 3 } }
    }

    /// What two vehicles of the same kind, year and plant have in common.
    #[must_use]
    pub fn squish(&self) -> SquishVin {
        let [a, b, c, d, e, f, g, h, _, year, plant, ..] = self.0;
        SquishVin([a, b, c, d, e, f, g, h, year, plant])
    }

    /// The serial number: positions 12 to 17, or 15 to 17 where the manufacturer's identifier takes the first three.
    #[must_use]
    pub fn serial(&self) -> &str {
        ascii(if self.is_of_small_maker() { &self.0[14..] } else { &self.0[11..] })
    }

    /// The region by the first characters (ISO 3780); `None` for 0, which is not assigned, and where tables differ.
    ///
    /// Older tables assign 7 to Oceania and A to H to Africa. Newer ones assign 7 to North America (Tesla and Rivian use it), H to
    /// Asia and D to G to nobody. This follows the newer ones, and the older for D to G. 7A to 7E are New Zealand's by the older
    /// and the United States' by the newer tables, so their region is unknown.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        match self.0[0] {
            b'7' if self.country().is_none_or(|country| country.disputed_with.is_some()) => None,
            b'A'..=b'G' => Some(Region::Africa),
            b'H'..=b'R' => Some(Region::Asia),
            b'S'..=b'Z' => Some(Region::Europe),
            b'1'..=b'5' | b'7' => Some(Region::NorthAmerica),
            b'6' => Some(Region::Oceania),
            b'8' | b'9' => Some(Region::SouthAmerica),
            _ => None,
        }
    }

    /// Whether this is a filler typed to get past a form: it has fewer than five different characters.
    ///
    /// [`Vin::parse`] accepts it, as every well-formed VIN. Code that reads VINs from pages drops it.
    ///
    /// ```
    /// assert!(jpauto::Vin::parse("11111111111111111")?.is_placeholder());
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        is_placeholder(&self.0)
    }

    /// The character at a position counted from 1, as the regulations count.
    const fn at(&self, position: usize) -> u8 {
        self.0[position - 1]
    }

    /// Whether a law requires a right check digit and a model year at position 10 of this VIN: that of the United States (49 CFR
    /// 565.15), Canada (CMVSS 115) or Mexico (NOM-001-SSP). Where tables differ over the country, this is false.
    fn is_under_north_american_law(&self) -> bool {
        let is_theirs = |name: &str| matches!(name, "United States" | "Canada" | "Mexico");
        matches!(self.at(1), b'1'..=b'5' | b'7')
            && self.country().is_some_and(|country| is_theirs(country.name) && country.disputed_with.is_none())
    }

    fn is_of_small_maker(&self) -> bool {
        self.at(3) == b'9'
    }
}

fn is_placeholder(capitals: &[u8; LENGTH]) -> bool {
    // From '0' to 'Z' are 43 places: one bit each.
    let seen = capitals.iter().fold(0_u64, |seen, character| seen | 1 << (character - b'0'));
    seen.count_ones() < DISTINCT_CHARACTERS_MIN
}

/// A number as it is compared with others, in any case and with blanks or without: in capitals, and without them.
pub(crate) fn compared(number: &str) -> String {
    let is_blank = |sign: &char| matches!(sign, ' ' | '\t' | '\n' | '\r' | '\u{a0}');
    number.chars().filter(|sign| !is_blank(sign)).map(|sign| sign.to_ascii_uppercase()).collect()
}

/// The 17 capitals that identify a listing's vehicle; `None` for a filler, which many cars would share.
///
/// Not every key is a [`Vin`]: makers' websites show unbuilt cars under provisional numbers with I, O or Q.
pub(crate) fn key(text: &str) -> Option<[u8; LENGTH]> {
    let mut key: [u8; LENGTH] = text.trim().as_bytes().try_into().ok()?;
    key.make_ascii_uppercase();
    (key.iter().all(u8::is_ascii_alphanumeric) && !is_placeholder(&key)).then_some(key)
}

impl SquishVin {
    /// The ten characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

impl ManufacturerIdentifier {
    /// The three or six characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.characters[..self.length])
    }
}

/// The slow path: finds the reason.
fn reason_for_refusal(text: &str) -> InvalidVin {
    let found = text.chars().count();
    if found == 0 {
        return InvalidVin::Empty;
    }
    let vin = probably_meant(text);
    let first_fault = text.chars().zip(1..).find(|(character, _)| !is_allowed(*character));
    match first_fault {
        Some((character, position)) if found == LENGTH => match character.to_ascii_uppercase() {
            letter @ 'I' => InvalidVin::LetterReadAsDigit { letter, digit: '1', position, vin },
            letter @ ('O' | 'Q') => InvalidVin::LetterReadAsDigit { letter, digit: '0', position, vin },
            _ => InvalidVin::ForbiddenCharacter { character, position },
        },
        _ => vin.map_or(InvalidVin::WrongLength { found }, |vin| InvalidVin::MoreThanVin { vin }),
    }
}

/// A text that holds a VIN and marks between its characters is not longer than this, in bytes.
const LONGEST_MARKED: usize = 64;

/// The VIN that a scanner or a person probably meant: without marks, without the I in front, with digits for I, O and Q.
fn probably_meant(text: &str) -> Option<Vin> {
    if text.len() > LONGEST_MARKED {
        return None;
    }
    let is_mark = |sign: char| {
        sign.is_whitespace() || matches!(sign, '-' | '.' | '*' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    let bare: String = text.chars().filter(|sign| !is_mark(*sign)).collect();
    // Barcodes of VINs may begin with an I, for imported.
    let is_imported = bare.len() == LENGTH + 1 && bare.starts_with(['I', 'i']);
    let bare = if is_imported { &bare[1..] } else { bare.as_str() };
    let with_digits: String = bare
        .chars()
        .map(|sign| match sign.to_ascii_uppercase() {
            'I' => '1',
            'O' | 'Q' => '0',
            other => other,
        })
        .collect();
    let canonical = with_digits.len() == LENGTH && with_digits.chars().all(is_allowed);
    canonical.then(|| Vin::parse(&with_digits).ok()).flatten()
}

/// The end of a sentence about a refused text.
fn would_be(vin: Option<Vin>) -> String {
    vin.map_or_else(String::new, |vin| format!(": {vin}"))
}

fn is_allowed(character: char) -> bool {
    u8::try_from(character).is_ok_and(|byte| CANONICAL[usize::from(byte)] != 0)
}

/// The text of characters from [`CANONICAL`]. They are ASCII, so the fallback is never used.
fn ascii(characters: &[u8]) -> &str {
    std::str::from_utf8(characters).unwrap_or_default()
}

impl FromStr for Vin {
    type Err = InvalidVin;

    fn from_str(text: &str) -> Result<Self, InvalidVin> {
        Self::parse(text)
    }
}

impl AsRef<str> for Vin {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

macro_rules! shown_as_text {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

shown_as_text!(Vin, SquishVin, ManufacturerIdentifier);

impl<'de> Deserialize<'de> for Vin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Vin;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a VIN of 17 characters")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Vin, E> {
                Vin::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl From<InvalidVin> for crate::Error {
    fn from(reason: InvalidVin) -> Self {
        Self::invalid_field(crate::ErrorCode::InvalidVin, "/vin", reason.to_string())
    }
}

#[cfg(test)]
mod tests;
