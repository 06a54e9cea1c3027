//! The check digit at position 9, by 49 CFR 565.15(c). A wrong one is no error; see the module above.

use serde::Serialize;

use super::{LENGTH, Vin};

/// The weight of each position; the check digit itself has none.
const WEIGHTS: [u16; LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// The digit for each remainder of the weighted sum by eleven.
const DIGITS: [u8; 11] = *b"0123456789X";

/// The number that each character stands for in the sum.
const VALUES: [u16; 256] = {
    let mut table = [0; 256];
    let mut value = 0;
    while value < 10 {
        table[b'0' as usize + value as usize] = value;
        value += 1;
    }
    // The letters count up in three runs. S starts at 2, and the runs skip letters that no VIN has.
    let runs: [(&[u8], u16); 3] = [(b"ABCDEFGH", 1), (b"JKLMN.P.R", 1), (b"STUVWXYZ", 2)];
    let mut run = 0;
    while run < runs.len() {
        let (letters, first) = runs[run];
        let mut index = 0;
        while index < letters.len() {
            table[letters[index] as usize] = first + index as u16;
            index += 1;
        }
        run += 1;
    }
    table
};

/// The check digit in a VIN, and the one that its other characters give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckDigit {
    /// The one that the other sixteen characters give: a digit or X.
    pub expected: char,
    /// The character at position 9.
    pub actual: char,
}

impl CheckDigit {
    /// Whether both are the same.
    #[must_use]
    pub fn is_right(self) -> bool {
        self.expected == self.actual
    }
}

impl Vin {
    /// The check digit, expected and actual.
    ///
    /// It detects every single mistyped character, except one replaced by another of the same value, such as A for J or 1.
    ///
    /// ```
    /// let mistyped = jpauto::Vin::parse("1M8GDM9AXKP042789")?.check_digit();
    /// assert_eq!((mistyped.expected, mistyped.actual), ('1', 'X'));
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn check_digit(&self) -> CheckDigit {
        CheckDigit { expected: char::from(self.expected_check_digit()), actual: char::from(self.at(9)) }
    }

    /// Whether the check digit is right.
    #[must_use]
    pub fn check_digit_ok(&self) -> bool {
        self.expected_check_digit() == self.at(9)
    }

    fn expected_check_digit(&self) -> u8 {
        let sum: u16 =
            self.0.iter().zip(WEIGHTS).map(|(character, weight)| VALUES[usize::from(*character)] * weight).sum();
        DIGITS[usize::from(sum % 11)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VIN: &str = "[A-HJ-NPR-Z0-9]{17}";
    const CHARACTER: &str = "[A-HJ-NPR-Z0-9]";

    fn with(vin: Vin, position: usize, character: u8) -> Vin {
        let mut characters = vin.0;
        characters[position - 1] = character;
        Vin(characters)
    }

    #[test]
    fn the_transliteration_is_that_of_the_regulation() {
        let table =
            "A1 B2 C3 D4 E5 F6 G7 H8 J1 K2 L3 M4 N5 P7 R9 S2 T3 U4 V5 W6 X7 Y8 Z9 00 11 22 33 44 55 66 77 88 99";
        for pair in table.split(' ') {
            let [character, value] = pair.as_bytes() else { panic!("{pair}") };
            assert_eq!(VALUES[usize::from(*character)], u16::from(value - b'0'), "{pair}");
        }
        assert_eq!(VALUES.iter().filter(|value| **value != 0).count(), table.split(' ').count() - 1 + ".".len());
    }

    #[test]
    fn worked_examples_and_cars_on_sale_have_the_right_digit() {
        for text in [
            "1G4AH59H45G118341", // 49 CFR 565, table V of the older text
            "1J9RP1A36A1644345", // NHTSA's outline for new manufacturers
            "1M8GDM9AXKP042788",
            "11111111111111111",
            "5FNYF5H59HB011946",
            "3FAHP0JA0AR281181",
            "4T1BE46K19U856421",
            "JM3KE4BY6G0636881",
            "5YFB4MDE8PP030258",
            "YT9NN1U14KA007175",
            "1FUJGLDR69LAC9984",
        ] {
            assert!(Vin::parse(text).unwrap().check_digit_ok(), "{text}");
        }
    }

    #[test]
    fn a_wrong_digit_is_told_but_the_vin_is_read() {
        for (text, expected, actual) in
            [("1M8GDM9A0KP042788", 'X', '0'), ("WP0ZZZ99ZTS392124", '8', 'Z'), ("5FNYF5H50HB011946", '9', '0')]
        {
            let vin = Vin::parse(text).unwrap();
            assert_eq!(vin.check_digit(), CheckDigit { expected, actual }, "{text}");
            assert!(!vin.check_digit().is_right() && !vin.check_digit_ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_expected_digit_makes_any_vin_right(text in VIN) {
            let vin = Vin::parse(&text).unwrap();
            let right = with(vin, 9, vin.expected_check_digit());
            prop_assert!(right.check_digit_ok());
            prop_assert_eq!(Vin::parse(right.as_str()), Ok(right));
        }

        #[test]
        fn one_changed_character_is_found_unless_it_has_the_same_value(
            text in VIN, position in 1..=LENGTH, other in CHARACTER,
        ) {
            let vin = Vin::parse(&text).unwrap();
            let right = with(vin, 9, vin.expected_check_digit());
            let other = other.as_bytes()[0];
            let still_right = if position == 9 {
                other == right.at(9)
            } else {
                VALUES[usize::from(other)] == VALUES[usize::from(right.at(position))]
            };
            prop_assert_eq!(with(right, position, other).check_digit_ok(), still_right);
        }
    }
}
