//! The country by the first two characters (ISO 3780).
//!
//! The list of who was given which characters is kept by SAE International for ISO. It was given out anew over the years, and
//! the tables that the public has are copies of different age. Two are here: what the newer copies say, and where the older say
//! otherwise. Where both name a country and not the same one, the answer is disputed and names both.
//!
//! What is deliberately not here: where a vehicle was built. The characters say whose authority gave the maker its identifier;
//! some makers use one identifier in several countries.

use serde::Serialize;

use super::Vin;

/// The country whose authority gave out the manufacturer's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Country {
    /// Its name in English, by the newer tables, or by the older where the newer leave the characters to nobody.
    pub name: &'static str,
    /// Another country to which older tables give the same characters.
    pub disputed_with: Option<&'static str>,
}

/// Second characters in the order in which they are given out.
const ORDER: &[u8; 33] = b"ABCDEFGHJKLMNPRSTUVWXYZ1234567890";

/// First character, first and last second character, country.
type Span = (u8, u8, u8, &'static str);

/// What the newer tables say; one line a first character.
#[rustfmt::skip]
const NEWER: &[Span] = &[
    (b'A', b'A', b'H', "South Africa"), (b'A', b'J', b'K', "Ivory Coast"), (b'A', b'L', b'M', "Lesotho"), (b'A', b'N', b'P', "Botswana"), (b'A', b'R', b'S', "Namibia"), (b'A', b'T', b'U', "Madagascar"), (b'A', b'V', b'W', "Mauritius"), (b'A', b'X', b'Y', "Tunisia"), (b'A', b'Z', b'1', "Cyprus"), (b'A', b'2', b'3', "Zimbabwe"), (b'A', b'4', b'5', "Mozambique"),
    (b'B', b'A', b'B', "Angola"), (b'B', b'F', b'G', "Kenya"), (b'B', b'L', b'L', "Nigeria"), (b'B', b'R', b'R', "Algeria"), (b'B', b'3', b'4', "Libya"),
    (b'C', b'A', b'B', "Egypt"), (b'C', b'F', b'G', "Morocco"), (b'C', b'L', b'M', "Zambia"),
    (b'H', b'A', b'0', "China"),
    (b'J', b'A', b'0', "Japan"),
    (b'K', b'F', b'H', "Israel"), (b'K', b'L', b'R', "South Korea"), (b'K', b'S', b'T', "Jordan"),
    (b'L', b'A', b'0', "China"),
    (b'M', b'A', b'E', "India"), (b'M', b'F', b'K', "Indonesia"), (b'M', b'L', b'R', "Thailand"), (b'M', b'S', b'S', "Myanmar"), (b'M', b'U', b'U', "Mongolia"), (b'M', b'X', b'X', "Kazakhstan"), (b'M', b'Y', b'0', "India"),
    (b'N', b'A', b'E', "Iran"), (b'N', b'F', b'G', "Pakistan"), (b'N', b'J', b'J', "Iraq"), (b'N', b'L', b'R', "Turkey"), (b'N', b'S', b'T', "Uzbekistan"), (b'N', b'V', b'V', "Azerbaijan"), (b'N', b'Y', b'Y', "Armenia"), (b'N', b'1', b'5', "Iran"), (b'N', b'7', b'8', "Turkey"),
    (b'P', b'A', b'C', "Philippines"), (b'P', b'F', b'G', "Singapore"), (b'P', b'L', b'R', "Malaysia"), (b'P', b'S', b'T', "Bangladesh"),
    (b'R', b'A', b'B', "United Arab Emirates"), (b'R', b'F', b'K', "Taiwan"), (b'R', b'L', b'N', "Vietnam"), (b'R', b'P', b'P', "Laos"), (b'R', b'S', b'T', "Saudi Arabia"), (b'R', b'U', b'W', "Russia"), (b'R', b'1', b'7', "Hong Kong"),
    (b'S', b'A', b'M', "United Kingdom"), (b'S', b'N', b'T', "Germany"), (b'S', b'U', b'Z', "Poland"), (b'S', b'1', b'2', "Latvia"), (b'S', b'3', b'3', "Georgia"), (b'S', b'4', b'4', "Iceland"),
    (b'T', b'A', b'H', "Switzerland"), (b'T', b'J', b'P', "Czechia"), (b'T', b'R', b'V', "Hungary"), (b'T', b'W', b'2', "Portugal"), (b'T', b'3', b'5', "Serbia"), (b'T', b'6', b'6', "Andorra"), (b'T', b'7', b'8', "Netherlands"),
    (b'U', b'A', b'C', "Spain"), (b'U', b'H', b'M', "Denmark"), (b'U', b'N', b'R', "Ireland"), (b'U', b'U', b'W', "Romania"), (b'U', b'1', b'2', "North Macedonia"), (b'U', b'5', b'7', "Slovakia"), (b'U', b'8', b'0', "Bosnia and Herzegovina"),
    (b'V', b'A', b'E', "Austria"), (b'V', b'F', b'R', "France"), (b'V', b'S', b'W', "Spain"), (b'V', b'X', b'2', "France"), (b'V', b'3', b'5', "Croatia"), (b'V', b'6', b'8', "Estonia"),
    (b'W', b'A', b'0', "Germany"),
    (b'X', b'A', b'C', "Bulgaria"), (b'X', b'D', b'E', "Russia"), (b'X', b'F', b'H', "Greece"), (b'X', b'J', b'K', "Russia"), (b'X', b'L', b'R', "Netherlands"), (b'X', b'S', b'W', "Russia"), (b'X', b'X', b'Y', "Luxembourg"), (b'X', b'Z', b'0', "Russia"),
    (b'Y', b'A', b'E', "Belgium"), (b'Y', b'F', b'K', "Finland"), (b'Y', b'N', b'N', "Malta"), (b'Y', b'S', b'W', "Sweden"), (b'Y', b'X', b'2', "Norway"), (b'Y', b'3', b'5', "Belarus"), (b'Y', b'6', b'8', "Ukraine"),
    (b'Z', b'A', b'U', "Italy"), (b'Z', b'X', b'Z', "Slovenia"), (b'Z', b'1', b'1', "San Marino"), (b'Z', b'3', b'5', "Lithuania"), (b'Z', b'6', b'0', "Russia"),
    (b'1', b'A', b'0', "United States"),
    (b'2', b'A', b'5', "Canada"),
    (b'3', b'A', b'X', "Mexico"), (b'3', b'5', b'5', "Dominican Republic"), (b'3', b'6', b'6', "Honduras"), (b'3', b'7', b'7', "Panama"), (b'3', b'8', b'9', "Puerto Rico"),
    (b'4', b'A', b'0', "United States"),
    (b'5', b'A', b'0', "United States"),
    (b'6', b'A', b'X', "Australia"), (b'6', b'Y', b'1', "New Zealand"),
    (b'7', b'A', b'0', "United States"),
    (b'8', b'A', b'E', "Argentina"), (b'8', b'F', b'G', "Chile"), (b'8', b'L', b'N', "Ecuador"), (b'8', b'S', b'T', "Peru"), (b'8', b'X', b'Z', "Venezuela"), (b'8', b'2', b'2', "Bolivia"), (b'8', b'4', b'4', "Costa Rica"),
    (b'9', b'A', b'E', "Brazil"), (b'9', b'F', b'G', "Colombia"), (b'9', b'S', b'V', "Uruguay"), (b'9', b'1', b'0', "Brazil"),
];

/// What the older tables say, as far as it is not the same.
#[rustfmt::skip]
const OLDER: &[Span] = &[
    (b'A', b'J', b'N', "Ivory Coast"),
    (b'B', b'A', b'E', "Angola"), (b'B', b'F', b'K', "Kenya"), (b'B', b'L', b'R', "Tanzania"),
    (b'C', b'A', b'E', "Benin"), (b'C', b'F', b'K', "Madagascar"), (b'C', b'L', b'R', "Tunisia"),
    (b'D', b'A', b'E', "Egypt"), (b'D', b'F', b'K', "Morocco"), (b'D', b'L', b'R', "Zambia"),
    (b'E', b'A', b'E', "Ethiopia"), (b'E', b'F', b'K', "Mozambique"),
    (b'F', b'A', b'E', "Ghana"), (b'F', b'F', b'K', "Nigeria"),
    (b'K', b'A', b'E', "Sri Lanka"), (b'K', b'F', b'K', "Israel"), (b'K', b'S', b'0', "Kazakhstan"),
    (b'M', b'S', b'0', "Myanmar"),
    (b'N', b'F', b'K', "Pakistan"),
    (b'P', b'A', b'E', "Philippines"), (b'P', b'F', b'K', "Singapore"),
    (b'R', b'A', b'E', "United Arab Emirates"), (b'R', b'L', b'R', "Vietnam"), (b'R', b'S', b'0', "Saudi Arabia"),
    (b'S', b'1', b'4', "Latvia"),
    (b'T', b'W', b'1', "Portugal"),
    (b'U', b'N', b'T', "Ireland"), (b'U', b'U', b'Z', "Romania"),
    (b'V', b'X', b'2', "Serbia"), (b'V', b'6', b'0', "Estonia"),
    (b'X', b'A', b'E', "Bulgaria"), (b'X', b'F', b'K', "Greece"), (b'X', b'X', b'2', "Luxembourg"),
    (b'Y', b'L', b'R', "Malta"), (b'Y', b'6', b'0', "Ukraine"),
    (b'Z', b'A', b'R', "Italy"), (b'Z', b'X', b'2', "Slovenia"),
    (b'3', b'A', b'W', "Mexico"), (b'3', b'X', b'7', "Costa Rica"), (b'3', b'8', b'0', "Cayman Islands"),
    (b'6', b'A', b'W', "Australia"),
    (b'7', b'A', b'E', "New Zealand"),
    (b'8', b'F', b'K', "Chile"), (b'8', b'L', b'R', "Ecuador"), (b'8', b'S', b'W', "Peru"), (b'8', b'X', b'2', "Venezuela"),
    (b'9', b'F', b'K', "Colombia"), (b'9', b'L', b'R', "Paraguay"), (b'9', b'S', b'W', "Uruguay"), (b'9', b'X', b'2', "Trinidad and Tobago"), (b'9', b'3', b'9', "Brazil"),
];

const NOBODY: u8 = u8::MAX;

/// For each first and second character the place in the table of spans.
const fn places(spans: &[Span]) -> [[u8; 43]; 43] {
    let mut places = [[NOBODY; 43]; 43];
    let mut span = 0;
    while span < spans.len() {
        let (first, from, to, _) = spans[span];
        let mut at = 0;
        let mut inside = false;
        while at < ORDER.len() {
            inside |= ORDER[at] == from;
            if inside {
                places[(first - b'0') as usize][(ORDER[at] - b'0') as usize] = span as u8;
            }
            inside &= ORDER[at] != to;
            at += 1;
        }
        span += 1;
    }
    places
}

static NEWER_PLACES: [[u8; 43]; 43] = places(NEWER);
static OLDER_PLACES: [[u8; 43]; 43] = places(OLDER);

impl Vin {
    /// The country by the first two characters (ISO 3780), `None` where no table gives them to anybody.
    ///
    /// ```
    /// let country = |vin: &str| jpauto::Vin::parse(vin).map(|vin| vin.country());
    /// assert_eq!(country("WP0ZZZ99ZTS392124")?.map(|country| country.name), Some("Germany"));
    ///
    /// // The newer tables give all of 7 to the United States, the older its beginning to New Zealand.
    /// let disputed = country("7A5GDM9AXKP042788")?.unwrap();
    /// assert_eq!((disputed.name, disputed.disputed_with), ("United States", Some("New Zealand")));
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        let [first, second] = [self.at(1), self.at(2)].map(|character| usize::from(character - b'0'));
        let name = |spans: &'static [Span], place: u8| spans.get(usize::from(place)).map(|(.., name)| *name);
        let newer = name(NEWER, NEWER_PLACES[first][second]);
        let older = name(OLDER, OLDER_PLACES[first][second]);
        let name = newer.or(older)?;
        Some(Country { name, disputed_with: older.filter(|older| *older != name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(first_two: &str) -> Option<Country> {
        Vin::parse(&format!("{first_two}8GDM9AXKP042788")).unwrap().country()
    }

    #[test]
    fn the_first_two_characters_name_the_country() {
        for (characters, name) in [
            ("1H", "United States"),
            ("2T", "Canada"),
            ("3V", "Mexico"),
            ("5Y", "United States"),
            ("7S", "United States"),
            ("9B", "Brazil"),
            ("93", "Brazil"),
            ("JM", "Japan"),
            ("KM", "South Korea"),
            ("LS", "China"),
            ("MA", "India"),
            ("SA", "United Kingdom"),
            ("TM", "Czechia"),
            ("VF", "France"),
            ("VS", "Spain"),
            ("WB", "Germany"),
            ("YT", "Sweden"),
            ("ZF", "Italy"),
            ("6F", "Australia"),
        ] {
            assert_eq!(country(characters), Some(Country { name, disputed_with: None }), "{characters}");
        }
    }

    #[test]
    fn where_tables_differ_both_are_named() {
        for (characters, name, other) in [
            ("7A", "United States", "New Zealand"),
            ("CA", "Egypt", "Benin"),
            ("XD", "Russia", "Bulgaria"),
            ("VX", "France", "Serbia"),
            ("3X", "Mexico", "Costa Rica"),
            ("NJ", "Iraq", "Pakistan"),
        ] {
            assert_eq!(country(characters), Some(Country { name, disputed_with: Some(other) }), "{characters}");
        }
        // Known to the older tables alone.
        assert_eq!(country("DA"), Some(Country { name: "Egypt", disputed_with: None }));
    }

    #[test]
    fn what_was_given_to_nobody_is_no_country() {
        for characters in ["0A", "GA", "26", "A0"] {
            assert_eq!(country(characters), None, "{characters}");
        }
    }

    #[test]
    fn every_span_runs_in_the_order_of_the_characters_and_none_meets_another() {
        for spans in [NEWER, OLDER] {
            let mut taken = std::collections::HashSet::new();
            for (first, from, to, name) in spans {
                let place = |character| ORDER.iter().position(|known| *known == character).unwrap();
                assert!(place(*from) <= place(*to), "{name}");
                for second in place(*from)..=place(*to) {
                    assert!(taken.insert((first, second)), "{name} meets another at {}", char::from(ORDER[second]));
                }
            }
            assert!(spans.len() < usize::from(NOBODY));
        }
    }
}
