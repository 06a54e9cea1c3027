//! Names of makes that were, or became, a model of another make: a `2013 Genesis Coupe` is a Hyundai, a `2008 Ram 1500` a Dodge.
//!
//! Only years in which nobody else sold a vehicle of that name stand here, and where others did, the words that tell it. What is
//! deliberately not here: models that are known without a make (`models`).

use std::ops::RangeInclusive;

use super::listing::ScrapedListing;

/// A name that is no make in some model years.
struct Name {
    name: &'static str,
    years: RangeInclusive<i32>,
    make: &'static str,
    /// Words of which one has to follow; none where any may.
    with: &'static [&'static str],
    /// Words that may not follow.
    without: &'static [&'static str],
}

const NAMES: [Name; 14] = [
    Name {
        name: "Genesis",
        years: 2009..=2016,
        make: "Hyundai",
        with: &[],
        // Trailers, and cars of the make that a dealer dates too early.
        without: &["supreme", "g70", "g80", "g90"],
    },
    Name { name: "Ram", years: 1981..=2010, make: "Dodge", with: &[], without: &[] },
    Name { name: "Hummer", years: 2022..=LAST, make: "GMC", with: &[], without: &[] },
    Name { name: "BrightDrop", years: 2025..=LAST, make: "Chevrolet", with: &[], without: &[] },
    Name { name: "Maybach", years: 2015..=LAST, make: "Mercedes-Benz", with: &[], without: &[] },
    Name { name: "LiveWire", years: 2020..=2020, make: "Harley-Davidson", with: &[], without: &[] },
    Name { name: "Imperial", years: 1926..=1954, make: "Chrysler", with: &[], without: &[] },
    Name { name: "Imperial", years: 1990..=1993, make: "Chrysler", with: &[], without: &[] },
    Name { name: "Rambler", years: 1950..=1954, make: "Nash", with: &[], without: &[] },
    Name { name: "Avanti", years: 1963..=1964, make: "Studebaker", with: &[], without: &[] },
    Name { name: "Lagonda", years: 1974..=1990, make: "Aston Martin", with: &[], without: &[] },
    Name { name: "Eagle", years: 1980..=1987, make: "AMC", with: &["sx/4", "sx4", "wagon", "kammback"], without: &[] },
    Name {
        name: "Fleetwood",
        years: 1930..=1996,
        make: "Cadillac",
        with: &["brougham", "sixty", "75", "talisman", "limousine"],
        without: &[],
    },
    Name {
        name: "Renegade",
        years: 2015..=2023,
        make: "Jeep",
        with: &["altitude", "latitude", "limited", "sport", "trailhawk", "upland"],
        without: &[],
    },
];

const LAST: i32 = i32::MAX;

/// The make of a vehicle of this model year whose name begins with words that are a make in other years.
pub(super) fn make_of(year: i32, words: &[&str]) -> Option<&'static str> {
    let (first, rest) = words.split_first()?;
    let next = rest.first().copied().unwrap_or_default();
    let is_among = |known: &[&str]| known.iter().any(|word| next.eq_ignore_ascii_case(word));
    let is_meant = |name: &&Name| {
        name.years.contains(&year)
            && name.name.eq_ignore_ascii_case(first)
            && (name.with.is_empty() || is_among(name.with))
            && !is_among(name.without)
    };
    NAMES.iter().find(is_meant).map(|name| name.make)
}

/// Gives a listing the make that its name had in its model year: the name itself is the model, or begins it.
pub(super) fn correct(listing: &mut ScrapedListing) {
    let (Some(year), Some(named)) = (listing.year, listing.make.as_deref()) else { return };
    let model = listing.model.as_deref().unwrap_or_default();
    // A model may repeat the name: `Genesis Coupe`.
    let is_repeated = model.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(named));
    let words: Vec<&str> = [named].into_iter().chain(model.split(' ').skip(usize::from(is_repeated))).collect();
    let Some(make) = make_of(year, &words) else { return };
    let whole = if is_repeated || model.is_empty() { None } else { Some(format!("{named} {model}")) };
    let model = whole.or_else(|| (!is_repeated).then(|| named.to_owned()));
    listing.model = model.or_else(|| listing.model.take());
    listing.make = Some(make.to_owned());
}

#[cfg(test)]
mod tests {
    use super::{super::heading, *};

    #[test]
    fn a_name_is_a_model_in_the_years_in_which_it_was_no_make() {
        for (text, make, model, trim) in [
            ("2013 GENESIS COUPE", "Hyundai", "GENESIS COUPE", None),
            ("2013 Genesis Coupe 2.0T", "Hyundai", "Genesis Coupe", Some("2.0T")),
            ("2015 Genesis 5.0", "Hyundai", "Genesis", Some("5.0")),
            ("2017 Genesis G80", "Genesis", "G80", None),
            ("2016 Genesis G90", "Genesis", "G90", None),
            ("2008 Ram 1500 SLT", "Dodge", "Ram 1500", Some("SLT")),
            ("2012 Ram 1500 SLT", "Ram", "1500", Some("SLT")),
            ("2023 Hummer EV SUV", "GMC", "Hummer EV", Some("SUV")),
            ("2008 Hummer H2", "Hummer", "H2", None),
            ("2018 Renegade Latitude", "Jeep", "Renegade", Some("Latitude")),
            ("2018 Renegade Verona", "Renegade", "Verona", None),
            ("1991 Imperial Sedan", "Chrysler", "Imperial", Some("Sedan")),
            ("1967 Imperial Crown", "Imperial", "Crown", None),
            ("1993 Fleetwood Brougham", "Cadillac", "Fleetwood", Some("Brougham")),
            ("1993 Fleetwood Bounder", "Fleetwood", "Bounder", None),
        ] {
            let heading = heading::split(text).unwrap();
            assert_eq!((heading.make.as_deref(), heading.model.as_deref()), (Some(make), Some(model)), "{text}");
            assert_eq!(heading.trim.as_deref(), trim, "{text}");
        }
    }

    #[test]
    fn data_and_headings_agree() {
        for (year, make, model, right) in [
            (2013, "Genesis", Some("Coupe"), ("Hyundai", Some("Genesis Coupe"))),
            (2013, "Genesis", Some("Genesis Coupe"), ("Hyundai", Some("Genesis Coupe"))),
            (2013, "Hyundai", Some("Genesis Coupe"), ("Hyundai", Some("Genesis Coupe"))),
            (2009, "RAM", Some("1500"), ("Dodge", Some("RAM 1500"))),
            (2009, "Ram", None, ("Dodge", Some("Ram"))),
            (2019, "Ram", Some("1500"), ("Ram", Some("1500"))),
            (2018, "Renegade", Some("Verona"), ("Renegade", Some("Verona"))),
        ] {
            let mut listing = ScrapedListing {
                year: Some(year),
                make: Some(make.to_owned()),
                model: model.map(str::to_owned),
                ..ScrapedListing::default()
            };
            correct(&mut listing);
            assert_eq!((listing.make.as_deref().unwrap(), listing.model.as_deref()), right, "{year} {make} {model:?}");
        }
    }
}
