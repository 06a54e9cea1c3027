//! Whether a car is offered as new, used or certified, as its website says.

use serde::{Deserialize as _, Deserializer, Serialize};

use super::{card::mentions, heading};

/// In what condition a car is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// It never had an owner.
    New,
    /// It had one.
    Used,
    /// It had one, and its maker vouches for it.
    Certified,
}

words!(Condition, InvalidCondition at "/condition" { New => "new", Used => "used", Certified => "certified" });

/// A condition is a few words.
const CHARS_MAX: usize = 60;

/// With more miles than this no car is new: a template says so of every car, or the car was a loaner.
const NEW_MILES_MAX: i32 = 5_000;

impl Condition {
    /// Reads the value of a field about the condition, such as `Pre-Owned`, `U` or schema.org's `UsedCondition`. Unknown words are none.
    ///
    /// ```
    /// use jpauto::extract::Condition;
    ///
    /// assert_eq!(Condition::read("Certified Pre-Owned"), Some(Condition::Certified));
    /// assert_eq!(Condition::read("New arrival"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let words = letters(text)?;
        match words.as_str() {
            "new" | "n" | "brandnew" | "newcondition" | "newcar" | "newvehicle" | "nuevo" => Some(Self::New),
            "used"
            | "u"
            | "preowned"
            | "usedcar"
            | "usedvehicle"
            | "preownedvehicle"
            | "usedcondition"
            | "refurbishedcondition"
            | "damagedcondition"
            | "secondhand"
            | "usado"
            | "seminuevo"
            | "notcertified"
            | "noncertified" => Some(Self::Used),
            "c" | "cpo" => Some(Self::Certified),
            words if ["not", "non", "un", "no"].iter().any(|denial| words.starts_with(denial)) => None,
            words if words.contains("certified") => Some(Self::Certified),
            _ => None,
        }
    }

    /// Reads a text of a card that stands by itself. A bare `New` says that the car arrived lately.
    pub(super) fn of_badge(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        // Most texts of a card begin and end with other letters.
        let last = last_part(text);
        let begins = || last.chars().find(|sign| sign.is_alphabetic()).is_some_and(|sign| "bcpuBCPU".contains(sign));
        let ends = || last.chars().rfind(|sign| sign.is_alphabetic()).is_some_and(|sign| "dD".contains(sign));
        let words = if begins() || ends() || mentions(text, "certified") { letters(text)? } else { return None };
        match words.as_str() {
            "brandnew" => Some(Self::New),
            "used" | "preowned" => Some(Self::Used),
            "cpo" | "certified" | "certifiedused" => Some(Self::Certified),
            words if words.ends_with("certifiedpreowned") && !words.starts_with("no") => Some(Self::Certified),
            _ => is_vouched_for(text).then_some(Self::Certified),
        }
    }

    /// Reads what stands in front of the year of a heading: `Certified Pre-Owned 2020 Honda Civic`.
    pub(super) fn of_heading(text: &str) -> Option<Self> {
        // Most texts of a card begin with something else.
        let is_vouched_for = !text.starts_with(['b', 'B', 'c', 'C', 'n', 'N', 'p', 'P', 'u', 'U']);
        if is_vouched_for && !mentions(text, "certified") {
            return None;
        }
        let (kind, rest) = text.split_at(text.find(|sign: char| sign.is_ascii_digit())?);
        let is_year = ["19", "20"].iter().any(|century| rest.starts_with(century))
            && rest.bytes().take_while(u8::is_ascii_digit).count() == 4;
        let kind = kind.trim_end().trim_end_matches([':', '-', '|']);
        let said = if is_vouched_for { Self::of_badge(kind) } else { Self::read(kind) };
        said.filter(|_| is_year)
    }

    /// Of two readings of one car, the one that says more: that a used car is certified. Of others, the first.
    pub(crate) fn more_telling(known: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (known, other) {
            (Some(Self::Used), Some(Self::Certified)) => other,
            _ => known.or(other),
        }
    }

    /// The condition where the miles allow it.
    pub(crate) fn with_miles(self, mileage: Option<i32>) -> Option<Self> {
        (self != Self::New || mileage.is_none_or(|miles| miles <= NEW_MILES_MAX)).then_some(self)
    }
}

/// Whether a text says that a maker vouches for the car: `Honda Certified`, `Toyota Gold Certified Used`, `Certified by BMW`.
fn is_vouched_for(text: &str) -> bool {
    const PROGRAMS: [&str; 15] = [
        "advantage",
        "assured",
        "blue",
        "elite",
        "gold",
        "l",
        "motor",
        "plus",
        "precision",
        "preferred",
        "premium",
        "program",
        "select",
        "silver",
        "true",
    ];
    const MAKERS: [&str; 6] = ["factory", "gm", "hondatrue", "manufacturer", "oem", "maker"];
    const CARS: [&str; 7] = ["pre-owned", "preowned", "used", "vehicle", "car", "cpo", "preferred"];
    if text.len() > CHARS_MAX || !mentions(text, "certified") {
        return false;
    }
    let is_any = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let trimmed = |word| str::trim_matches(word, |sign: char| !sign.is_alphanumeric());
    let words: Vec<&str> = text.split([' ', '/']).map(trimmed).filter(|word| !word.is_empty()).collect();
    let Some(at) = words.iter().position(|word| word.eq_ignore_ascii_case("certified")) else { return false };
    let (before, behind) = (&words[..at], &words[at + 1..]);
    let length_of_maker = |words: &[&str]| match words.first() {
        Some(first) if is_any(first, &MAKERS) => Some(1),
        _ => heading::words_of_make(words),
    };
    match (before, behind) {
        ([], [by, maker @ ..]) if by.eq_ignore_ascii_case("by") => length_of_maker(maker) == Some(maker.len()),
        (before, behind) => {
            length_of_maker(before).is_some_and(|length| before[length..].iter().all(|word| is_any(word, &PROGRAMS)))
                && behind.iter().all(|word| is_any(word, &CARS))
        }
    }
}

/// The letters of a short text in small ones, of an address those behind its last slash.
fn letters(text: &str) -> Option<String> {
    if text.len() > CHARS_MAX {
        return None;
    }
    let letters =
        last_part(text).chars().filter(|sign| sign.is_alphabetic()).flat_map(char::to_lowercase).collect::<String>();
    (!letters.is_empty()).then_some(letters)
}

fn last_part(text: &str) -> &str {
    text.trim_end_matches('/').rsplit(['/', '#']).next().unwrap_or(text)
}

/// Reads a condition in our words or in a website's own; one that is unknown is none.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Condition>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Condition::read(&text)))
}

#[cfg(test)]
mod tests {
    use super::{Condition::*, *};

    #[test]
    fn a_condition_is_read_in_the_words_of_a_website() {
        for (text, condition) in [
            ("New", Some(New)),
            ("https://schema.org/NewCondition", Some(New)),
            ("http://schema.org/UsedCondition/", Some(Used)),
            ("U", Some(Used)),
            ("PRE-OWNED", Some(Used)),
            ("Pre-Owned Vehicle", Some(Used)),
            ("Certified Pre-Owned", Some(Certified)),
            ("Certified by Volvo", Some(Certified)),
            ("certified", Some(Certified)),
            ("Non-Certified", Some(Used)),
            ("Uncertified", None),
            ("New arrival", None),
            ("SUV", None),
            ("Excellent", None),
            ("", None),
        ] {
            assert_eq!(Condition::read(text), condition, "{text}");
        }
    }

    #[test]
    fn badges_and_headings_say_it_in_fewer_words() {
        for (text, condition) in [
            ("NEW", None),
            ("Used", Some(Used)),
            ("Toyota Certified Pre-Owned", Some(Certified)),
            ("Honda Certified", Some(Certified)),
            ("TOYOTA CERTIFIED", Some(Certified)),
            ("Toyota Gold Certified", Some(Certified)),
            ("Toyota Certified Used", Some(Certified)),
            ("HondaTrue Certified+", Some(Certified)),
            ("Ford Blue Certified", Some(Certified)),
            ("Mercedes-Benz Certified", Some(Certified)),
            ("Land Rover Certified", Some(Certified)),
            ("L/Certified", Some(Certified)),
            ("Lexus L/Certified", Some(Certified)),
            ("Certified by BMW", Some(Certified)),
            ("Factory Certified", Some(Certified)),
            ("GM Certified", Some(Certified)),
            ("Not Honda Certified", None),
            ("Non-Certified", None),
            ("Honda Certified Technicians", None),
            ("Ask about Toyota Certified", None),
            ("ASE Certified", None),
            ("CARFAX Certified", None),
            ("Certified by our mechanic", None),
            ("Certified inspection", None),
        ] {
            assert_eq!(Condition::of_badge(text), condition, "{text}");
        }
        for (text, condition) in [
            ("Used 2019 Ford F-150", Some(Used)),
            ("New 2026 Ford F-150", Some(New)),
            ("Certified Pre-Owned 2020 Honda Civic", Some(Certified)),
            ("Honda Certified 2020 Honda Civic", Some(Certified)),
            ("Toyota Certified Pre-Owned 2020 Toyota Camry", Some(Certified)),
            ("Honda 2020 Civic", None),
            ("New Arrival: 2019 Ford F-150", None),
            ("New 4 tires", None),
            ("2019 Ford F-150", None),
        ] {
            assert_eq!(Condition::of_heading(text), condition, "{text}");
        }
    }

    #[test]
    fn a_new_car_has_few_miles() {
        assert_eq!(New.with_miles(Some(48_000)), None);
        assert_eq!(New.with_miles(Some(120)), Some(New));
        assert_eq!(New.with_miles(None), Some(New));
        assert_eq!(Used.with_miles(Some(48_000)), Some(Used));
    }
}
