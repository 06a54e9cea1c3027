//! The model year from position 10, and how far it can be trusted.
//!
//! The code repeats every 30 years. By 49 CFR 565.15(b) and the note to its table VII, position 7 tells the rounds apart: a digit
//! means 1980 to 2009, a letter 2010 to 2039. That binds makers of vehicles up to 10,000 lb for the United States. Makers of
//! heavy vehicles, buses, motorcycles and trailers use position 7 as they like. Outside North America position 10 need not hold
//! a year at all: WDD2470031J059461 was built in 2021, and its `1` means nothing. So the result is a year, the other years that
//! the code may mean, and a [`YearBasis`].

use serde::Serialize;

use super::Vin;

/// The years of one round of the code.
const ROUND: i32 = 30;
/// The first year that the code can mean.
const FIRST_YEAR: i32 = 1980;
/// The codes of one round in order. I, O, Q are in no VIN, and U, Z and 0 are never a year.
const CODES: [u8; ROUND as usize] = *b"ABCDEFGHJKLMNPRSTVWXY123456789";

/// The index of each code in its round; 255 for a character that is no year.
const PLACES: [u8; 256] = {
    let mut table = [NO_YEAR; 256];
    let mut place = 0_u8;
    while (place as usize) < CODES.len() {
        table[CODES[place as usize] as usize] = place;
        place += 1;
    }
    table
};
const NO_YEAR: u8 = u8::MAX;

/// The model year of a VIN, and whether it is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelYear {
    /// The year by the rule of position 7, `None` where position 10 holds no year at all.
    pub year: Option<i32>,
    /// Whether the year is proven: [`YearBasis::Proven`].
    pub conclusive: bool,
    /// How certain the year is.
    pub basis: YearBasis,
    latest: i32,
}

/// How certain a model year is that was read from a VIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum YearBasis {
    /// The rule of position 7 binds this maker, and the VIN follows it.
    Proven,
    /// The VIN is of the United States, Canada or Mexico, where position 10 holds the year. Which round of 30 years is not proven;
    /// the likelier one is given.
    #[serde(rename = "position_10")]
    Position10,
    /// The VIN is of another country, or tables differ over it. The year holds only if the maker uses position 10 for it, which it
    /// must only for cars for the United States.
    MakersChoice,
}

impl ModelYear {
    /// The other years from 1980 on that the code may mean, earliest first; none where there is no year.
    pub fn alternatives(self) -> impl Iterator<Item = i32> {
        let first = self.year.map(|year| FIRST_YEAR + (year - FIRST_YEAR) % ROUND);
        let rounds = first.into_iter().flat_map(move |first| (first..=self.latest).step_by(ROUND as usize));
        rounds.filter(move |year| Some(*year) != self.year)
    }
}

impl Vin {
    /// The model year, read in a given year. No vehicle has a model year later than the next.
    ///
    /// Position 7 chooses the round of 30 years. A year later than the next is taken from the round before. The year is conclusive
    /// only for a maker of cars and light trucks in the United States or Canada, with a right check digit, and where position 7
    /// holds a letter, or a digit while no later year is possible. [`ModelYear::basis`] says how certain it is otherwise.
    ///
    /// ```
    /// let accord = jpauto::Vin::parse("1HGCM82633A004352")?.model_year(2026);
    /// assert_eq!((accord.year, accord.conclusive), (Some(2003), true));
    ///
    /// // A fire engine of 1994, which the rule does not cover.
    /// let fire_engine = jpauto::Vin::parse("4ENGAAA81R1003437")?.model_year(2026);
    /// assert_eq!((fire_engine.year, fire_engine.conclusive), (Some(2024), false));
    /// assert!(fire_engine.alternatives().eq([1994]));
    ///
    /// // A Mercedes-Benz of 2021, built for Germany: its position 10 is no year.
    /// let mercedes = jpauto::Vin::parse("WDD2470031J059461")?.model_year(2026);
    /// assert_eq!(mercedes.basis, jpauto::vin::YearBasis::MakersChoice);
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn model_year(&self, current_year: i32) -> ModelYear {
        let latest = current_year.saturating_add(1);
        let place = PLACES[usize::from(self.at(10))];
        let first = FIRST_YEAR + i32::from(place);
        if place == NO_YEAR || first > latest {
            return ModelYear { year: None, conclusive: false, basis: self.year_basis(false), latest };
        }
        let by_position_7 = if self.at(7).is_ascii_digit() { first } else { first + ROUND };
        let year = if by_position_7 > latest { first } else { by_position_7 };
        // These makers used letters only once the rule required them. A digit proves less: the same plants build for markets
        // without the rule, such as the Accord 1HGCR2650HA902057 of 2017 for Mexico. The rule ends in 2039.
        let next_round = by_position_7 + ROUND;
        let conclusive = year == by_position_7
            && next_round > latest
            && self.check_digit_ok()
            && is_bound_by_position_7([self.at(1), self.at(2), self.at(3)]);
        ModelYear { year: Some(year), conclusive, basis: self.year_basis(conclusive), latest }
    }

    fn year_basis(&self, is_proven: bool) -> YearBasis {
        if is_proven {
            YearBasis::Proven
        } else if self.is_under_north_american_law() {
            YearBasis::Position10
        } else {
            YearBasis::MakersChoice
        }
    }
}

/// Whether the rule of position 7 binds everything that a manufacturer builds under this identifier.
///
/// These are the larger makers of cars and light trucks in the United States and Canada, from the identifiers that NHTSA publishes
/// (vPIC, vehicle types passenger car, multipurpose vehicle and truck). A missing identifier only costs certainty; a wrong one
/// makes a false claim. So these are left out:
/// - pick-ups and vans whose makers build heavy ones under the same identifier (such as 1FT, 1GC, 1GT, 1C6, 1D7);
/// - Mexico (first character 3), whose plants build cars for Mexico under the same identifiers without the rule;
/// - makers of few vehicles (third character 9), and everything from overseas, where one identifier serves all markets.
fn is_bound_by_position_7(wmi: [u8; 3]) -> bool {
    match &wmi {
        // Honda, Acura
        b"19U" | b"19V" | b"19X" | b"1HG" | b"2HG" | b"2HH" | b"2HJ" | b"2HK" | b"2HN" | b"5FN" | b"5FP" | b"5FR"
        | b"5FS" | b"5J6" | b"5J7" | b"5J8" | b"5KB" | b"5KC" | b"7FA" => true,
        // Toyota, Lexus, and the plants shared with General Motors and Mazda
        b"1NX" | b"2T1" | b"2T2" | b"2T3" | b"4T1" | b"4T3" | b"4T4" | b"4TA" | b"58A" | b"5TB" | b"5TD" | b"5TE"
        | b"5TF" | b"5Y2" | b"5YF" | b"1Y1" | b"7MM" | b"7MU" | b"7SV" => true,
        // Nissan, Infiniti
        b"1N4" | b"1N6" | b"5N1" | b"5N3" => true,
        // Subaru, Isuzu, Suzuki, Mitsubishi, Mazda
        b"4S2" | b"4S3" | b"4S4" | b"4S6" | b"2S2" | b"2S3" | b"4A3" | b"4A4" | b"1YV" | b"4F2" | b"4F4" => true,
        // Hyundai, Kia
        b"5NM" | b"5NP" | b"5NT" | b"5XX" | b"5XY" => true,
        // BMW, Mercedes-Benz, Volkswagen, Volvo
        b"4US" | b"5UM" | b"5UX" | b"5YM" | b"4JG" | b"55S" | b"1V2" | b"1VW" | b"7JR" => true,
        // Tesla, Lucid, Rivian
        b"5YJ" | b"7SA" | b"50E" | b"7PD" => true,
        // Ford, Lincoln, Mercury
        b"1FA" | b"1FM" | b"2FA" | b"2FM" | b"1ZV" | b"1LN" | b"2LM" | b"2LN" | b"5LM" | b"1ME" | b"2ME" | b"2MR"
        | b"4M2" => true,
        // General Motors
        b"1G1" | b"1G2" | b"1G3" | b"1G4" | b"1G6" | b"1G8" | b"1GH" | b"1GK" | b"1GM" | b"1GN" | b"1GY" | b"2C1"
        | b"2CK" | b"2CN" | b"2CT" | b"2G1" | b"2G2" | b"2G3" | b"2G4" | b"2G6" | b"2G8" | b"2GK" | b"2GN" | b"5GA"
        | b"5GR" | b"5GT" | b"5GZ" | b"5S3" => true,
        // Chrysler, Dodge, Jeep, Plymouth
        b"1A4" | b"1A8" | b"1B3" | b"1B4" | b"1C3" | b"1C4" | b"1C8" | b"1D4" | b"1D8" | b"1J4" | b"1J8" | b"1P3"
        | b"1P4" | b"2A3" | b"2A4" | b"2A8" | b"2B3" | b"2B4" | b"2C3" | b"2C4" | b"2C8" | b"2D4" | b"2D8" | b"2P4"
        | b"4B3" | b"4C3" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i32 = 2026;

    #[track_caller]
    fn check(text: &str, year: Option<i32>, alternatives: &[i32], conclusive: bool) {
        let told = Vin::parse(text).unwrap().model_year(NOW);
        assert_eq!((told.year, told.conclusive), (year, conclusive), "{text}");
        assert_eq!(told.alternatives().collect::<Vec<_>>(), alternatives, "{text}");
    }

    #[test]
    fn cars_of_makers_that_are_bound_have_a_conclusive_year() {
        check("1HGCM82633A004352", Some(2003), &[], true);
        check("4T1BE46K19U856421", Some(2009), &[], true);
        check("5FNYF5H59HB011946", Some(2017), &[1987], true);
        check("5YFB4MDE8PP030258", Some(2023), &[1993], true);
        check("19XFC1F7XGE028370", Some(2016), &[1986], true);
        check("1C4RJEAG2EC476429", Some(2014), &[1984], true);
    }

    #[test]
    fn vehicles_that_the_rule_is_not_made_for_are_never_conclusive() {
        // A heavy truck of 2009 with a letter at position 7: 2039 has not come.
        check("1FUJGLDR69LAC9984", Some(2009), &[], false);
        // A fire engine of 1994 with a letter at position 7.
        check("4ENGAAA81R1003437", Some(2024), &[1994], false);
        // In the shape of a school bus of 2016 with a digit at position 7.
        check("4DRBUC8N8GB123456", Some(1986), &[2016], false);
        // A pick-up of 1995: right, but its maker builds heavy ones under the same identifier.
        check("2GCEC19Z0S1245490", Some(1995), &[2025], false);
        // A Nissan Tsuru of 2015, built in Mexico for Mexico.
        check("3N1EB31S3FK311461", Some(1985), &[2015], false);
    }

    #[test]
    fn a_digit_at_position_7_proves_nothing_while_a_later_year_is_possible() {
        check("1G1JF27W8GJ178227", Some(1986), &[2016], false);
        // An Accord of 2017, built in Ohio for Mexico; its check digit is right.
        check("1HGCR2650HA902057", Some(1987), &[2017], false);
    }

    #[test]
    fn vehicles_from_overseas_are_never_conclusive() {
        check("WP0ZZZ99ZTS392124", Some(1996), &[2026], false);
        check("JM3KE4BY6G0636881", Some(2016), &[1986], false);
        // Built in 2021; position 10 is no year at this maker.
        check("WDD2470031J059461", Some(2001), &[], false);
    }

    #[test]
    fn a_year_is_told_under_a_condition_where_no_law_asks_for_it() {
        for (text, basis) in [
            ("1HGCM82633A004352", YearBasis::Proven),
            // The check digit is wrong, the fire engine's maker is not bound, the Tsuru is Mexican.
            ("1HGCM82603A004352", YearBasis::Position10),
            ("4ENGAAA81R1003437", YearBasis::Position10),
            ("3N1EB31S3FK311461", YearBasis::Position10),
            ("WDD2470031J059461", YearBasis::MakersChoice),
            ("WBY21CF090CU47924", YearBasis::MakersChoice),
            ("JM3KE4BY6G0636881", YearBasis::MakersChoice),
            ("KMTGA4SCDRU000001", YearBasis::MakersChoice),
            // New Zealand by older tables, Costa Rica by older tables, the Dominican Republic, and nobody's.
            ("7A5GDM9AXKP042788", YearBasis::MakersChoice),
            ("3X8GDM9AXKP042788", YearBasis::MakersChoice),
            ("358GDM9AXKP042788", YearBasis::MakersChoice),
            ("268GDM9AXKP042788", YearBasis::MakersChoice),
        ] {
            let told = Vin::parse(text).unwrap().model_year(NOW);
            assert_eq!((told.basis, told.conclusive), (basis, basis == YearBasis::Proven), "{text}");
        }
    }

    #[test]
    fn u_z_and_0_are_no_year() {
        check("WBY21CF090CU47924", None, &[], false);
        check("WBAUD910X0P379389", None, &[], false);
        for code in ["U", "Z", "0"] {
            check(&format!("1HGCM8263{code}A004352"), None, &[], false);
        }
    }

    #[test]
    fn a_wrong_check_digit_or_a_broken_rule_takes_the_certainty() {
        check("1HGCM82603A004352", Some(2003), &[], false);
        // A letter at position 7 would mean 2033: the maker is bound, yet this VIN does not keep the rule.
        let broken = Vin::parse("1HGCM8A633A004352").unwrap();
        let digit = broken.check_digit().expected;
        check(&format!("1HGCM8A6{digit}3A004352"), Some(2003), &[], false);
    }

    #[test]
    fn the_codes_follow_the_table_of_the_regulation() {
        for (code, year) in [
            ('A', 1980),
            ('H', 1987),
            ('J', 1988),
            ('N', 1992),
            ('P', 1993),
            ('R', 1994),
            ('T', 1996),
            ('V', 1997),
            ('Y', 2000),
            ('1', 2001),
            ('9', 2009),
        ] {
            let told = |position_7| {
                let text = format!("1HGCM8{position_7}63{code}A004352");
                Vin::parse(&text).unwrap().model_year(2038).year
            };
            assert_eq!((told('2'), told('A')), (Some(year), Some(year + 30)), "{code}");
        }
    }

    #[test]
    fn what_is_possible_depends_on_the_year_it_is_read_in() {
        let truck = Vin::parse("1FUJGLDR69LAC9984").unwrap();
        assert_eq!(truck.model_year(2037).year, Some(2009));
        assert_eq!(truck.model_year(2038).year, Some(2039));

        let accord = Vin::parse("1HGCM82633A004352").unwrap();
        assert_eq!(accord.model_year(2002).year, Some(2003));
        assert_eq!(accord.model_year(2001).year, None);
        assert!(accord.model_year(2031).conclusive && !accord.model_year(2032).conclusive);

        let pilot = Vin::parse("5FNYF5H59HB011946").unwrap();
        assert!(pilot.model_year(2045).conclusive);
        let after_the_table = pilot.model_year(2046);
        assert!(!after_the_table.conclusive && after_the_table.alternatives().eq([1987, 2047]));
    }

    proptest! {
        #[test]
        fn every_year_told_is_possible_and_of_the_same_code(text in "[A-HJ-NPR-Z0-9]{17}", current_year: i32) {
            let told = Vin::parse(&text).unwrap().model_year(current_year);
            prop_assert!(!told.conclusive || told.year.is_some());
            prop_assert_eq!(told.conclusive, told.basis == YearBasis::Proven);
            for year in told.year.into_iter().chain(told.alternatives().take(3)) {
                prop_assert!(year >= FIRST_YEAR && year <= current_year.saturating_add(1));
                prop_assert_eq!(CODES[((year - FIRST_YEAR) % ROUND) as usize], text.as_bytes()[9]);
            }
        }
    }
}
