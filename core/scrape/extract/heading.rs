//! Headings such as `2023 Chevrolet Silverado 1500 LT`, split into year, make, model and trim.
//!
//! What is deliberately not here: a catalogue of every model. A model is one word unless it is known to have more, and a
//! heading whose make is unknown gives its year alone: a wrong make is worse than none.

use super::{
    car_words::{REMARK, means},
    clean, heading_forms,
    makes::{self, initial, starts_with},
    model_years, models, numbers, title_brand,
};

/// What a heading says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) year: i32,
    pub(crate) make: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) trim: Option<String>,
}

/// Models of more than one word, in lower case, the longest first where one begins another.
const MODELS: [&str; 145] = [
    "grand cherokee l",
    "grand cherokee",
    "grand wagoneer l",
    "grand wagoneer",
    "wagoneer l",
    "wagoneer s",
    "wrangler unlimited",
    "wrangler jk unlimited",
    "grand caravan",
    "town & country",
    "town and country",
    "pt cruiser",
    "grand voyager",
    "silverado 1500 ltd",
    "silverado 1500 hd",
    "silverado 1500",
    "silverado 2500hd",
    "silverado 2500 hd",
    "silverado 2500",
    "silverado 3500hd",
    "silverado 3500 hd",
    "silverado 3500",
    "silverado md",
    "silverado ev",
    "sierra 1500 limited",
    "sierra 1500 hd",
    "sierra 1500",
    "sierra 2500hd",
    "sierra 2500 hd",
    "sierra 2500",
    "sierra 3500hd",
    "sierra 3500 hd",
    "sierra 3500",
    "sierra ev",
    "hummer ev",
    "yukon xl",
    "savana 2500",
    "savana 3500",
    "express 1500",
    "express 2500",
    "express 3500",
    "express cargo van",
    "blazer ev",
    "equinox ev",
    "bolt euv",
    "bolt ev",
    "monte carlo",
    "el camino",
    "bel air",
    "encore gx",
    "park avenue",
    "escalade esv",
    "escalade ext",
    "santa fe sport",
    "santa fe xl",
    "santa fe",
    "santa cruz",
    "ioniq 5 n",
    "ioniq 5",
    "ioniq 6",
    "ioniq 9",
    "genesis coupe",
    "veloster n",
    "elantra gt",
    "elantra n",
    "grand sport",
    "range rover sport",
    "range rover evoque",
    "range rover velar",
    "range rover",
    "discovery sport",
    "land cruiser",
    "corolla cross",
    "corolla im",
    "corolla hatchback",
    "gr corolla",
    "gr supra",
    "gr86",
    "camry solara",
    "fj cruiser",
    "prius prime",
    "prius v",
    "prius c",
    "rav4 prime",
    "rav4 hybrid",
    "grand highlander",
    "crown signia",
    "civic type r",
    "civic si",
    "accord crosstour",
    "mustang mach-e",
    "mustang shelby",
    "transit connect",
    "transit cargo van",
    "transit passenger van",
    "f-150 lightning",
    "super duty f-250 srw",
    "super duty f-350 srw",
    "super duty f-350 drw",
    "crown victoria",
    "grand marquis",
    "explorer sport trac",
    "escort zx2",
    "bronco sport",
    "e-series cutaway",
    "rogue sport",
    "rogue select",
    "eclipse cross",
    "outlander sport",
    "outlander phev",
    "atlas cross sport",
    "tiguan limited",
    "golf gti",
    "golf r",
    "new beetle",
    "continental gt",
    "f 150",
    "f 250",
    "f 350",
    "super duty f-250",
    "super duty f-350",
    "super duty f-450",
    "super duty f-550",
    "super beetle",
    "super bee",
    "mx-5 miata",
    "city express",
    "promaster city",
    "grand prix",
    "grand am",
    "grand vitara",
    "town car",
    "five hundred",
    "xv crosstrek",
    "montero sport",
    "cutlass supreme",
    "cutlass ciera",
    "cr v",
    "hr v",
    "cx 5",
    "cx 9",
    "rav 4",
    "mx 5",
    "xc 60",
    "xc 90",
];

/// Second words that always belong to the model in front: `Model 3`, `3 Series`, `C Class`, `Flying Spur`.
const FOLLOWERS: [&str; 4] = ["series", "class", "spur", "countryman"];

/// Splits a heading, `None` where it does not begin with a model year.
pub(crate) fn split(raw: &str) -> Option<Heading> {
    let text = cleaned(raw)?;
    let mut words = words_of(&text).skip_while(|word| is_lead_in(word));
    let year = year_of(words.next()?)?;
    let words: Vec<&str> = words.collect();
    let rest = &*words;
    if let Some(make) = model_years::make_of(year, rest) {
        return Some(with_make(year, make.to_owned(), rest));
    }
    // A bare `Range Rover` is how owners call a Land Rover.
    let (make, used) = match makes::at_start(rest) {
        Some(found) => found,
        None if starts_with(rest, "range rover") => ("Land Rover", 0),
        None => return Some(Heading { year, make: None, model: None, trim: None }),
    };
    Some(with_make(year, make.to_owned(), &rest[used..]))
}

/// Whether [`split`] finds a year in front.
pub(super) fn begins_with_a_year(raw: &str) -> bool {
    cleaned(raw).is_some_and(|text| words_of(&text).find(|word| !is_lead_in(word)).and_then(year_of).is_some())
}

/// A text that may hold a year as it is read.
fn cleaned(raw: &str) -> Option<String> {
    // Most texts of a page have no year in them and need no cleaning to see that.
    let text = if may_hold_a_year(raw) { clean::text(raw)? } else { return None };
    // Hyphens that do not break are hyphens.
    Some(if text.is_ascii() { text } else { text.replace(['\u{2010}', '\u{2011}'], "-") })
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !matches!(*word, "-" | "|" | "–" | "—"))
}

fn year_of(word: &str) -> Option<i32> {
    numbers::year(word.trim_end_matches([',', ':']))
}

/// A heading of a year and a make, with the model and the trim that the words behind them name.
fn with_make(year: i32, make: String, rest: &[&str]) -> Heading {
    let model_words = model_length(rest);
    let model = (model_words > 0).then(|| rest[..model_words].join(" ")).and_then(|model| clean::text(&model));
    let behind = &rest[model_words..];
    let has_number = model.as_deref().is_some_and(|model| goes_on_with_a_number(model, behind));
    let words = (0..behind.len()).take_while(|at| (*at == 0 && has_number) || !begins_remark_at(behind, *at));
    let trim = words.map(|at| behind[at]).collect::<Vec<_>>().join(" ");
    let trim = clean::text(trim.trim_end_matches([',', '-', '*', '!', ' '])).filter(|_| model.is_some());
    Heading { year, make: Some(make), model, trim }
}

/// Whether the number behind a model tells which of them it is, and counts no miles or owners: `GLC 300 4MATIC`, `Transit 250`.
fn goes_on_with_a_number(model: &str, behind: &[&str]) -> bool {
    const LETTERS_MAX: usize = 3;
    const UNITS: [&str; 11] = ["day", "hp", "k", "km", "mi", "mi.", "mile", "miles", "owner", "owners", "point"];
    /// How much vans and trucks carry.
    const LOADS: [&str; 10] = ["150", "250", "350", "450", "550", "1500", "2500", "3500", "4500", "5500"];
    let is_series = |word: &&str| (2..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_unit = |word: &&str| UNITS.iter().any(|unit| word.eq_ignore_ascii_case(unit));
    let is_of_letters = || model.len() <= LETTERS_MAX && model.bytes().all(|byte| byte.is_ascii_uppercase());
    behind.first().is_some_and(|word| LOADS.contains(word) || (is_series(word) && is_of_letters()))
        && !behind.get(1).is_some_and(is_unit)
}

/// [`split_of_card`] where something else proves a vehicle: its make may be known by a model that is a word of other things as well.
pub(super) fn split_among_cars(raw: &str) -> Option<Heading> {
    let usual = split_of_card(raw);
    if usual.as_ref().is_some_and(|heading| heading.make.is_some()) {
        return usual;
    }
    usual.as_ref().and_then(|_| split_by_model(raw, models::make_among_cars)).or(usual)
}

/// What the words behind the year begin with in a heading whose make is in no table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    WithMake,
    WithModel,
}

/// [`split`] of a heading whose make is in no table: that of a model which is a word of other things as well, else the words behind
/// the year, as they stand. It is asked beside other vehicles alone.
pub(super) fn split_as_it_stands(raw: &str, begins: Begins) -> Option<Heading> {
    let known = split(raw)?;
    if known.make.is_some() {
        return Some(known);
    }
    if let Some(named) = split_by_model(raw, models::make_among_cars) {
        return Some(named);
    }
    let text = clean::text(raw)?;
    let mut words =
        text.split(' ').skip_while(|word| numbers::year(word.trim_end_matches([',', ':'])) != Some(known.year)).skip(1);
    let first = words.next()?.trim_end_matches([',', ':']);
    let rest: Vec<&str> = words.collect();
    if !first.starts_with(char::is_uppercase) || begins_remark(first) || is_lead_in(first) {
        return None;
    }
    let heading = match begins {
        Begins::WithMake if rest.is_empty() => return None,
        Begins::WithMake => with_make(known.year, first.to_owned(), &rest),
        Begins::WithModel => {
            let words: Vec<&str> = [first].into_iter().chain(rest).collect();
            Heading { make: None, ..with_make(known.year, String::new(), &words) }
        }
    };
    Some(heading).filter(|heading| heading.model.is_some())
}

/// [`split`] of a text on a card, where few other texts begin with a make: `Ford F-150 XLT 2019`, `'19 Ford F-150`. The make may be
/// known by the model: `2015 Silverado 1500 LT`.
pub(super) fn split_of_card(raw: &str) -> Option<Heading> {
    let usual = split(raw);
    if usual.as_ref().is_some_and(|heading| heading.make.is_some()) {
        return usual;
    }
    if let Some(named) = usual.as_ref().and_then(|_| split_by_model(raw, models::make_of)) {
        return Some(named);
    }
    heading_forms::in_usual_order(raw).and_then(|text| split(&text)).or(usual)
}

/// [`split`] of a heading whose make its model tells.
fn split_by_model(raw: &str, make_of: fn(&[&str]) -> Option<&'static str>) -> Option<Heading> {
    // More words are a sentence about the model.
    const WORDS_MAX: usize = 12;
    let text = cleaned(raw)?;
    let mut words = words_of(&text).skip_while(|word| is_lead_in(word));
    let year = year_of(words.next()?)?;
    let rest: Vec<&str> = words.collect();
    let make = make_of(&rest).filter(|_| rest.len() <= WORDS_MAX)?;
    Some(with_make(year, make.to_owned(), &rest)).filter(|heading| heading.model.is_some())
}

/// [`split_of_card`] of a text that an element marks as a heading: the year may stand behind any words.
pub(super) fn split_of_card_heading(raw: &str) -> Option<Heading> {
    let usual = split_of_card(raw);
    if usual.as_ref().is_some_and(|heading| heading.make.is_some()) || !raw.bytes().any(|byte| byte.is_ascii_digit()) {
        return usual;
    }
    heading_forms::behind_any_words(raw).and_then(|text| split(&text)).or(usual)
}

/// Whether four digits stand in a row, or a sign of what cleaning takes out or puts in between.
pub(super) fn may_hold_a_year(raw: &str) -> bool {
    let mut digits = 0;
    raw.bytes().any(|byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        digits == 4 || matches!(byte, b'&' | b'<')
    })
}

fn is_lead_in(word: &str) -> bool {
    const LEAD_INS: [&str; 8] = ["used", "new", "certified", "pre-owned", "preowned", "cpo", "sold", "featured"];
    // `$13,250 | 2019 Ford Edge`
    if word.strip_prefix('$').is_some_and(|amount| amount.starts_with(|sign: char| sign.is_ascii_digit())) {
        return true;
    }
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    LEAD_INS.iter().any(|lead_in| word.eq_ignore_ascii_case(lead_in)) || title_brand::speaks_of_a_title(word)
}

/// How many words in front are the name of a make.
pub(super) fn words_of_make(words: &[&str]) -> Option<usize> {
    makes::at_start(words).map(|(_, length)| length)
}

fn begins_with(phrase: &str, initial: u8) -> bool {
    phrase.bytes().next().is_some_and(|letter| letter.to_ascii_lowercase() == initial)
}

/// How many words the model has; none where the first is already a remark.
fn model_length(words: &[&str]) -> usize {
    let Some((first, initial)) = words.first().zip(initial(words)) else { return 0 };
    let known = MODELS.iter().filter(|model| begins_with(model, initial) && starts_with(words, model));
    if let Some(longest) = known.max_by_key(|model| model.len()) {
        return longest.split(' ').count();
    }
    if is_fact(first) || (begins_remark(first) && !first.bytes().all(|byte| byte.is_ascii_digit())) {
        return 0;
    }
    let second = words.get(1).copied().unwrap_or_default();
    let follows = FOLLOWERS.iter().any(|word| second.eq_ignore_ascii_case(word));
    // `Ram 1500`, `Model 3`, `Model S`: the first word says nothing without the second.
    let names_nothing_alone =
        ["model", "ram", "series", "amg", "cooper s"].iter().any(|word| first.eq_ignore_ascii_case(word))
            && (second.len() == 1
                || second.bytes().all(|byte| byte.is_ascii_digit()) && !second.is_empty()
                || second.eq_ignore_ascii_case("gt"));
    if follows || names_nothing_alone { 2 } else { 1 }
}

/// Whether a remark begins at a word among others: `ONE OWNER`, but not `Super Duty`.
fn begins_remark_at(words: &[&str], at: usize) -> bool {
    const IN_FRONT: [&str; 8] = ["brand", "extra", "on", "one", "two", "very", "we", "well"];
    const SUPER: [&str; 8] = ["bee", "beetle", "cab", "charged", "crew", "duty", "glide", "sport"];
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or_default());
    if word.eq_ignore_ascii_case("super") {
        return !is(next, &SUPER);
    }
    let next = next.trim_matches(|sign: char| !sign.is_alphanumeric());
    begins_remark(word) || (is(word, &IN_FRONT) && means(next.trim_end_matches(['s', 'S']), REMARK))
}

fn begins_remark(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| matches!(c, ',' | '!' | '*' | '.' | '(' | ')'));
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    // `37K`, `21k` and a lone figure (`1 OWNER`) speak of miles and owners; `2.5i` and `4WD` do not.
    let counts = digits > 0 && bare.len() <= 4 && matches!(&bare[digits..], "k" | "K" | "");
    let begins = |words: &str| bare.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words));
    counts
        || is_fact(word)
        || means(bare, REMARK)
        || title_brand::speaks_of_a_title(bare)
        || begins("only1")
        || begins("only2")
        || begins("~")
}

/// Whether a word is about something else than the name: an amount, a label, or a number longer than a model's.
pub(super) fn is_fact(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    word.starts_with(['$', '#'])
        || word.ends_with(':')
        || (is_number && (digits > 4 || (digits > 0 && word.contains(','))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_split_into_what_they_say() {
        for (heading, year, make, model, trim) in [
            ("2023 Chevrolet Silverado 1500 LT", 2023, "Chevrolet", "Silverado 1500", "LT"),
            ("Used 2017 Ford Edge Titanium AWD", 2017, "Ford", "Edge", "Titanium AWD"),
            ("REBUILT TITLE: 2017 Ford Edge SEL *Salvage*", 2017, "Ford", "Edge", "SEL"),
            ("1997 Bentley Azure 21k Miles STUNNING WITH LOW LOW MILE", 1997, "Bentley", "Azure", ""),
            ("2010 Mercedes-Benz E63 AMG&#174; 37K MILES", 2010, "Mercedes-Benz", "E63", "AMG®"),
            ("2011 Range Rover 1 LOCAL OWNER ALL SERVICE", 2011, "Land Rover", "Range Rover", ""),
            (
                "2010 Land Rover Range Rover Sport Supercharged SUV",
                2010,
                "Land Rover",
                "Range Rover Sport",
                "Supercharged SUV",
            ),
            ("2005 Porsche 911 Carrera S Convertible AUTOMATIC 34K", 2005, "Porsche", "911", "Carrera S Convertible"),
            ("2019 Alfa Romeo Stelvio Ti", 2019, "Alfa Romeo", "Stelvio", "Ti"),
            ("2018 BMW 3 Series 330i xDrive", 2018, "BMW", "3 Series", "330i xDrive"),
            ("2021 Jeep Grand Cherokee L Limited", 2021, "Jeep", "Grand Cherokee L", "Limited"),
            ("2022 Tesla Model 3 Long Range", 2022, "Tesla", "Model 3", "Long Range"),
            ("2024 Mazda CX-90 3.3 Turbo S", 2024, "Mazda", "CX-90", "3.3 Turbo S"),
            ("2008 Chevy Tahoe", 2008, "Chevrolet", "Tahoe", ""),
            ("2006 MINI Cooper 37K MILES AUTOMATIC STUNNING", 2006, "MINI", "Cooper", ""),
            ("2003 Ford Thunderbird Conv ONLY17K MILES", 2003, "Ford", "Thunderbird", "Conv"),
            ("2020 Chevrolet Tahoe LT $27,000 175,000 mi", 2020, "Chevrolet", "Tahoe", "LT"),
            ("2020 Chevrolet Tahoe LT Stock: P12 175,000 mi", 2020, "Chevrolet", "Tahoe", "LT"),
            ("2020 Chevrolet Tahoe LT Exterior: Black", 2020, "Chevrolet", "Tahoe", "LT"),
            ("2020 Honda Civic Type R Touring", 2020, "Honda", "Civic Type R", "Touring"),
            ("2019 Mercedes-Benz GLC 300 4MATIC", 2019, "Mercedes-Benz", "GLC", "300 4MATIC"),
            ("2020 Lexus RX 350 F Sport 37K MILES", 2020, "Lexus", "RX", "350 F Sport"),
            ("2008 Porsche GT 34 MILES", 2008, "Porsche", "GT", ""),
            ("2015 TOYOTA CAMRY SE ONE OWNER", 2015, "Toyota", "CAMRY", "SE"),
            ("2015 TOYOTA CAMRY SE EXTRA CLEAN", 2015, "Toyota", "CAMRY", "SE"),
            ("2015 TOYOTA CAMRY SE BRAND NEW TIRES", 2015, "Toyota", "CAMRY", "SE"),
            ("2015 TOYOTA CAMRY SE ***SOLD***", 2015, "Toyota", "CAMRY", "SE"),
            ("2015 TOYOTA CAMRY SE HEATED SEATS", 2015, "Toyota", "CAMRY", "SE"),
            ("2015 TOYOTA CAMRY ON SALE", 2015, "Toyota", "CAMRY", ""),
            ("2005 NISSAN FRONTIER EXTRA CAB", 2005, "Nissan", "FRONTIER", "EXTRA CAB"),
            ("2014 FORD F-250 SUPER DUTY XLT", 2014, "Ford", "F-250", "SUPER DUTY XLT"),
            ("2014 FORD F 150 XLT", 2014, "Ford", "F 150", "XLT"),
            ("2015 Ford Super Duty F-250 XLT", 2015, "Ford", "Super Duty F-250", "XLT"),
            ("1973 VW Super Beetle", 1973, "Volkswagen", "Super Beetle", ""),
            ("2006 PONTIAC GRAND PRIX GT", 2006, "Pontiac", "GRAND PRIX", "GT"),
            ("2008 LINCOLN TOWN CAR SIGNATURE", 2008, "Lincoln", "TOWN CAR", "SIGNATURE"),
            ("2016 Ford Transit 250 Cargo", 2016, "Ford", "Transit", "250 Cargo"),
            ("2016 FORD TRANSIT 250 MILES", 2016, "Ford", "TRANSIT", ""),
        ] {
            let split = split(heading).unwrap();
            assert_eq!(split.year, year, "{heading}");
            assert_eq!(split.make.as_deref(), Some(make), "{heading}");
            assert_eq!(split.model.as_deref(), Some(model), "{heading}");
            assert_eq!(split.trim.as_deref().unwrap_or_default(), trim, "{heading}");
            assert!(begins_with_a_year(heading), "{heading}");
        }
    }

    #[test]
    fn an_unknown_make_gives_the_year_alone_and_no_year_gives_nothing() {
        assert_eq!(split("2019 Zorb Cruiser LX"), Some(Heading { year: 2019, make: None, model: None, trim: None }));
        for heading in ["Ford Edge 2017", "Save $2017 today", "", "201 Ford", "20175 Ford", "2017", "58 vehicles"] {
            assert!(split(heading).is_none_or(|heading| heading.make.is_none()), "{heading}");
            assert_eq!(begins_with_a_year(heading), split(heading).is_some(), "{heading}");
        }
    }
}
