//! The country by the first two characters of a VIN (ISO 3780).
//!
//! SAE International keeps the list for ISO. Characters were reassigned over the years, and the public tables are copies of
//! different age. Two are here: the newer copies, and where the older ones differ. Where both name different countries, the
//! answer names both.
//!
//! Deliberately not here: where a vehicle was built. The characters name the authority that assigned the maker's identifier, and
//! some makers use one identifier in several countries.

use serde::Serialize;

use super::Vin;

/// The country whose authority assigned the manufacturer's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Country {
    /// Its name in English, by the newer tables, or by the older where the newer assign the characters to nobody.
    pub name: &'static str,
    /// Another country to which older tables assign the same characters.
    pub disputed_with: Option<&'static str>,
    /// Whether the newer tables name it. Otherwise only the older do, and the present assignment is unknown.
    pub is_current: bool,
}

/// Second characters in the order in which they are assigned.
const ORDER: &[u8; 33] = b"ABCDEFGHJKLMNPRSTUVWXYZ1234567890";

/// First character, and the first and last of the second characters; the country.
type Span = (&'static [u8; 3], &'static str);

/// The newer tables.
#[rustfmt::skip]
const NEWER: &[Span] = &[
    (b"AAH", "South Africa"), (b"AJK", "Ivory Coast"), (b"ALM", "Lesotho"), (b"ANP", "Botswana"), (b"ARS", "Namibia"),
    (b"ATU", "Madagascar"), (b"AVW", "Mauritius"), (b"AXY", "Tunisia"), (b"AZ1", "Cyprus"), (b"A23", "Zimbabwe"),
    (b"A45", "Mozambique"),
    (b"BAB", "Angola"), (b"BFG", "Kenya"), (b"BLL", "Nigeria"), (b"BRR", "Algeria"), (b"B34", "Libya"),
    (b"CAB", "Egypt"), (b"CFG", "Morocco"), (b"CLM", "Zambia"),
    (b"HA0", "China"),
    (b"JA0", "Japan"),
    (b"KFH", "Israel"), (b"KLR", "South Korea"), (b"KST", "Jordan"),
    (b"LA0", "China"),
    (b"MAE", "India"), (b"MFK", "Indonesia"), (b"MLR", "Thailand"), (b"MSS", "Myanmar"), (b"MUU", "Mongolia"),
    (b"MXX", "Kazakhstan"), (b"MY0", "India"),
    (b"NAE", "Iran"), (b"NFG", "Pakistan"), (b"NJJ", "Iraq"), (b"NLR", "Turkey"), (b"NST", "Uzbekistan"),
    (b"NVV", "Azerbaijan"), (b"NYY", "Armenia"), (b"N15", "Iran"), (b"N78", "Turkey"),
    (b"PAC", "Philippines"), (b"PFG", "Singapore"), (b"PLR", "Malaysia"), (b"PST", "Bangladesh"),
    (b"RAB", "United Arab Emirates"), (b"RFK", "Taiwan"), (b"RLN", "Vietnam"), (b"RPP", "Laos"),
    (b"RST", "Saudi Arabia"), (b"RUW", "Russia"), (b"R17", "Hong Kong"),
    (b"SAM", "United Kingdom"), (b"SNT", "Germany"), (b"SUZ", "Poland"), (b"S12", "Latvia"), (b"S33", "Georgia"),
    (b"S44", "Iceland"),
    (b"TAH", "Switzerland"), (b"TJP", "Czechia"), (b"TRV", "Hungary"), (b"TW2", "Portugal"), (b"T35", "Serbia"),
    (b"T66", "Andorra"), (b"T78", "Netherlands"),
    (b"UAC", "Spain"), (b"UHM", "Denmark"), (b"UNR", "Ireland"), (b"UUW", "Romania"), (b"U12", "North Macedonia"),
    (b"U57", "Slovakia"), (b"U80", "Bosnia and Herzegovina"),
    (b"VAE", "Austria"), (b"VFR", "France"), (b"VSW", "Spain"), (b"VX2", "France"), (b"V35", "Croatia"),
    (b"V68", "Estonia"),
    (b"WA0", "Germany"),
    (b"XAC", "Bulgaria"), (b"XDE", "Russia"), (b"XFH", "Greece"), (b"XJK", "Russia"), (b"XLR", "Netherlands"),
    (b"XSW", "Russia"), (b"XXY", "Luxembourg"), (b"XZ0", "Russia"),
    (b"YAE", "Belgium"), (b"YFK", "Finland"), (b"YNN", "Malta"), (b"YSW", "Sweden"), (b"YX2", "Norway"),
    (b"Y35", "Belarus"), (b"Y68", "Ukraine"),
    (b"ZAU", "Italy"), (b"ZXZ", "Slovenia"), (b"Z11", "San Marino"), (b"Z35", "Lithuania"), (b"Z60", "Russia"),
    (b"1A0", "United States"),
    (b"2A5", "Canada"),
    (b"3AX", "Mexico"), (b"355", "Dominican Republic"), (b"366", "Honduras"), (b"377", "Panama"),
    (b"389", "Puerto Rico"),
    (b"4A0", "United States"),
    (b"5A0", "United States"),
    (b"6AX", "Australia"), (b"6Y1", "New Zealand"),
    (b"7A0", "United States"),
    (b"8AE", "Argentina"), (b"8FG", "Chile"), (b"8LN", "Ecuador"), (b"8ST", "Peru"), (b"8XZ", "Venezuela"),
    (b"822", "Bolivia"), (b"844", "Costa Rica"),
    (b"9AE", "Brazil"), (b"9FG", "Colombia"), (b"9SV", "Uruguay"), (b"910", "Brazil"),
];

/// What the older tables say, as far as it is not the same.
#[rustfmt::skip]
const OLDER: &[Span] = &[
    (b"AJN", "Ivory Coast"),
    (b"BAE", "Angola"), (b"BFK", "Kenya"), (b"BLR", "Tanzania"),
    (b"CAE", "Benin"), (b"CFK", "Madagascar"), (b"CLR", "Tunisia"),
    (b"DAE", "Egypt"), (b"DFK", "Morocco"), (b"DLR", "Zambia"),
    (b"EAE", "Ethiopia"), (b"EFK", "Mozambique"),
    (b"FAE", "Ghana"), (b"FFK", "Nigeria"),
    (b"KAE", "Sri Lanka"), (b"KFK", "Israel"), (b"KS0", "Kazakhstan"),
    (b"MS0", "Myanmar"),
    (b"NFK", "Pakistan"),
    (b"PAE", "Philippines"), (b"PFK", "Singapore"),
    (b"RAE", "United Arab Emirates"), (b"RLR", "Vietnam"), (b"RS0", "Saudi Arabia"),
    (b"S14", "Latvia"),
    (b"TW1", "Portugal"),
    (b"UNT", "Ireland"), (b"UUZ", "Romania"),
    (b"VX2", "Serbia"), (b"V60", "Estonia"),
    (b"XAE", "Bulgaria"), (b"XFK", "Greece"), (b"XX2", "Luxembourg"),
    (b"YLR", "Malta"), (b"Y60", "Ukraine"),
    (b"ZAR", "Italy"), (b"ZX2", "Slovenia"),
    (b"3AW", "Mexico"), (b"3X7", "Costa Rica"), (b"380", "Cayman Islands"),
    (b"6AW", "Australia"),
    (b"7AE", "New Zealand"),
    (b"8FK", "Chile"), (b"8LR", "Ecuador"), (b"8SW", "Peru"), (b"8X2", "Venezuela"),
    (b"9FK", "Colombia"), (b"9LR", "Paraguay"), (b"9SW", "Uruguay"), (b"9X2", "Trinidad and Tobago"),
    (b"939", "Brazil"),
];

const NOBODY: u8 = u8::MAX;

/// For each first and second character the place in the table of spans.
const fn places(spans: &[Span]) -> [[u8; 43]; 43] {
    let mut places = [[NOBODY; 43]; 43];
    let mut span = 0;
    while span < spans.len() {
        let [first, from, to] = *spans[span].0;
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
        let name = |spans: &'static [Span], place: u8| spans.get(usize::from(place)).map(|(_, name)| *name);
        let newer = name(NEWER, NEWER_PLACES[first][second]);
        let older = name(OLDER, OLDER_PLACES[first][second]);
        let name = newer.or(older)?;
        Some(Country { name, disputed_with: older.filter(|older| *older != name), is_current: newer.is_some() })
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
            assert_eq!(
                country(characters),
                Some(Country { name, disputed_with: None, is_current: true }),
                "{characters}"
            );
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
            assert_eq!(
                country(characters),
                Some(Country { name, disputed_with: Some(other), is_current: true }),
                "{characters}"
            );
        }
        // Known to the older tables alone.
        assert_eq!(country("DA"), Some(Country { name: "Egypt", disputed_with: None, is_current: false }));
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
            for ([first, from, to], name) in spans {
                let place = |character| ORDER.iter().position(|known| *known == character).unwrap();
                assert!(place(*from) <= place(*to), "{name}");
                for second in &ORDER[place(*from)..=place(*to)] {
                    assert!(taken.insert((first, second)), "{name} meets another at {}", char::from(*second));
                }
            }
            assert!(spans.len() < usize::from(NOBODY));
        }
    }
}
