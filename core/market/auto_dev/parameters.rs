//! A search in auto.dev's parameters, and names as it spells them.

use super::{AutoDevConfig, AutoDevVersion};
use crate::money::Money;

/// Which listings are searched for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ListingQuery<'a> {
    pub(super) make: &'a str,
    pub(super) model: &'a str,
    pub(super) years: (i32, i32),
    /// Fewest and most miles.
    pub(super) mileage: Option<(i32, i32)>,
    pub(super) prices: (Money, Money),
    pub(super) radius_miles: f64,
}

/// Parameters in the order in which they are sent.
pub(super) type Parameters = Vec<(String, String)>;

/// The search in auto.dev's parameters. In its names a comma means "or" and a star "any", so both are taken out.
pub(super) fn parameters(config: &AutoDevConfig, query: &ListingQuery<'_>) -> Parameters {
    let plain = |name: &str| name.replace([',', '*'], " ");
    let (first, last) = query.years;
    let dollars = |price: Money| (price.cents() / 100).max(1);
    let mut parameters = Parameters::new();
    let mut add = |name: &str, value: String| parameters.push((name.to_owned(), value));
    match config.version {
        AutoDevVersion::V2 => {
            add("vehicle.make", make_in_auto_dev(&plain(query.make)));
            add("vehicle.model", model_in_auto_dev(&plain(query.model)));
            add("vehicle.year", if first == last { first.to_string() } else { format!("{first}-{last}") });
            if let Some((fewest, most)) = query.mileage {
                // A range begins at 1, as auto.dev does not take 0 for a number.
                add("retailListing.miles", format!("{}-{}", fewest.max(1), most.max(1)));
            }
            add("retailListing.price", format!("{}-{}", dollars(query.prices.0), dollars(query.prices.1)));
            // New cars are no comparables for used ones.
            add("retailListing.used", "true".to_owned());
            if let Some(zip) = &config.zip {
                add("zip", zip.clone());
                add("distance", format!("{:.0}", query.radius_miles));
            }
            add("limit", config.plan.listings_a_page().to_string());
        }
        AutoDevVersion::V1 => {
            add("make", make_in_auto_dev(&plain(query.make)));
            add("model", model_in_auto_dev(&plain(query.model)));
            add("year_min", first.to_string());
            add("year_max", last.to_string());
            if let Some((_, most)) = query.mileage {
                add("mileage_max", most.max(1).to_string());
            }
            add("price_min", dollars(query.prices.0).to_string());
            add("price_max", dollars(query.prices.1).to_string());
            if let Some(zip) = &config.zip {
                add("zip", zip.clone());
            } else if let Some(place) = config.place {
                add("latitude", place.latitude.to_string());
                add("longitude", place.longitude.to_string());
            }
            if config.zip.is_some() || config.place.is_some() {
                add("radius", format!("{:.0}", query.radius_miles));
            }
        }
    }
    parameters
}

/// The parameters as the query of an address.
pub(super) fn encoded(parameters: &Parameters) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// A make as auto.dev spells it. Few makes are initials.
fn make_in_auto_dev(name: &str) -> String {
    const INITIALS: [&str; 4] = ["BMW", "GMC", "MINI", "AMG"];
    match INITIALS.iter().find(|initials| initials.eq_ignore_ascii_case(name.trim())) {
        Some(initials) => (*initials).to_owned(),
        None => respelled(name, 1),
    }
}

/// A model as auto.dev spells it. Short words of capitals may be initials, such as `LX` or `HR-V`.
fn model_in_auto_dev(name: &str) -> String {
    respelled(name, 4)
}

/// A name as auto.dev spells it, which compares names letter by letter: `TOYOTA` becomes `Toyota`, `cr-v` becomes `CR-V`.
///
/// Words of mixed case stay as they are, and so do words of capitals up to `longest_initials`.
fn respelled(name: &str, longest_initials: usize) -> String {
    let word = |word: &str| -> String {
        let is_all_capitals = word.len() > longest_initials && word.bytes().all(|letter| letter.is_ascii_uppercase());
        let has_no_capital = !word.chars().any(char::is_uppercase);
        let is_code = word.len() <= 2 || word.bytes().any(|letter| letter.is_ascii_digit());
        match (is_all_capitals, has_no_capital) {
            (_, true) if is_code => word.to_uppercase(),
            (true, _) | (_, true) => {
                let mut letters = word.chars();
                let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
                first + &letters.as_str().to_lowercase()
            }
            (false, false) => word.to_owned(),
        }
    };
    let words = name.split_whitespace().map(|part| part.split('-').map(word).collect::<Vec<_>>().join("-"));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_auto_dev_spells_them() {
        for (ours, theirs) in [
            ("toyota", "Toyota"),
            ("TOYOTA", "Toyota"),
            ("Toyota", "Toyota"),
            ("bmw", "BMW"),
            ("FORD", "Ford"),
            ("mercedes-benz", "Mercedes-Benz"),
            ("Land Rover", "Land Rover"),
        ] {
            assert_eq!(make_in_auto_dev(ours), theirs, "{ours}");
        }
        for (ours, theirs) in [
            ("cr-v", "CR-V"),
            ("f-150", "F-150"),
            ("rav4", "RAV4"),
            ("c-class", "C-Class"),
            ("3 series", "3 Series"),
            ("  grand   cherokee ", "Grand Cherokee"),
            ("CAMRY", "Camry"),
            ("CX-90", "CX-90"),
        ] {
            assert_eq!(model_in_auto_dev(ours), theirs, "{ours}");
        }
    }
}
