//! The brand on a title as a website words it: salvage, rebuilt, flood, lemon and their kin, or a clean title.
//!
//! The words stand here once, for labels, badges, headings, keys of data, and our own vehicles' title status. In a text about
//! anything, `salvage` is enough alone; any other word counts only beside `title`, for `Lemon` may be a colour, an engine may be
//! rebuilt, and a `Buyback Guarantee` is sold with clean cars.

use serde::{Deserialize as _, Deserializer, Serialize};

use super::phrases::Phrases;

/// What the title of a car says of its past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TitleBrand {
    /// The title is said to have no brand.
    Clean,
    /// It has one; which is not said, or is none of the others.
    Branded,
    /// An insurer has given the car up.
    Salvage,
    /// It was salvage, and has been repaired since.
    Rebuilt,
    /// It stood in water.
    Flood,
    /// The maker had to take it back.
    Lemon,
    /// It is fit for parts alone.
    Junk,
}

words!(TitleBrand, InvalidTitleBrand at "/title_brand" {
    Clean => "clean",
    Branded => "branded",
    Salvage => "salvage",
    Rebuilt => "rebuilt",
    Flood => "flood",
    Lemon => "lemon",
    Junk => "junk",
});

/// A longer text is prose, which speaks of titles in general as well: `We never sell cars with a salvage title`.
const CHARS_MAX: usize = 100;

impl TitleBrand {
    /// Whether it is a brand, and not the word that there is none.
    #[must_use]
    pub const fn is_brand(self) -> bool {
        !matches!(self, Self::Clean)
    }

    /// Reads the value of a field that is about the title and nothing else, such as `Salvage` or `Lemon-law buyback`.
    ///
    /// ```
    /// use jpauto::extract::TitleBrand;
    ///
    /// assert_eq!(TitleBrand::of_status("Prior salvage, rebuilt"), Some(TitleBrand::Rebuilt));
    /// assert_eq!(TitleBrand::of_status("lien"), None);
    /// ```
    #[must_use]
    pub fn of_status(text: &str) -> Option<Self> {
        let words = Words::of(text);
        words.brand(|_| true).or_else(|| words.any(|word| IS_CLEAN.contains(&word)).then_some(Self::Clean))
    }

    /// Reads a text that may be about anything, such as a trim, a heading or the path of a page.
    ///
    /// `salvage` is enough alone; the other words count beside `title`. A denial in front (`no salvage title`) makes it none.
    #[must_use]
    pub fn said_in(text: &str) -> Option<Self> {
        if !may_speak_of_titles(text) {
            return None;
        }
        let words = Words::of(text);
        words.brand(|place| words.is(place, &["salvage"]) || words.is_beside_title(place)).or_else(|| words.clean())
    }

    /// Reads a text of a card that stands by itself: a badge such as `Rebuilt Title`, or a heading such as
    /// `2019 Toyota Camry - Salvage`.
    ///
    /// `salvage` among other words may be in the name of the seller, so it is enough in a heading alone.
    pub(super) fn of_badge(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX || !may_speak_of_titles(text) {
            return None;
        }
        let words = Words::of(text);
        if words.are_of_others() {
            return None;
        }
        let is_all = |known: &[&[&str]]| words.all(|word| known.iter().any(|words| words.contains(&word)));
        let says_nothing_else = is_all(&[&ALONE, &FILLERS]);
        // Two words of brands are one badge: `Lemon Law Buyback`, `Restored Salvage`, `Certificate of Destruction`.
        let brands = (0..words.len()).filter(|place| word_brand(words.get(*place)).is_some()).count();
        let names_brands = (brands > 1 || words.any(|word| MAKES_A_BRAND.contains(&word)))
            && words.all(|word| word_brand(word).is_some() || FILLERS.contains(&word) || CONNECTORS.contains(&word));
        let is_heading = words.any(is_year);
        let last = words.len().saturating_sub(1);
        // `Rebuilt motor 2024` is about something else.
        let leads = |place: usize| place == 0 && (is_year(words.get(1)) || FILLERS.contains(&words.get(1)));
        words
            .brand(|place| {
                let is_alone = words.is(place, &ALONE);
                words.is_beside_title(place)
                    || (is_alone && says_nothing_else)
                    || names_brands
                    || (is_heading && (words.is(place, &["salvage"]) || (is_alone && (leads(place) || place == last))))
            })
            .or_else(|| words.clean())
    }

    /// Reads what stands under the name `title`, which is the heading of the car more often than the state of its title.
    pub(super) fn of_title(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        // No word about a title begins with a digit, as the heading of a car does.
        if text.trim_start().starts_with(|sign: char| sign.is_ascii_digit()) {
            return Self::of_badge(text);
        }
        let words = Words::of(text);
        let is_known = |word: &str| {
            word_brand(word).is_some()
                || FILLERS.contains(&word)
                || CONNECTORS.contains(&word)
                || IS_CLEAN.contains(&word)
        };
        if words.len() > 0 && words.all(is_known) { Self::of_status(text) } else { Self::of_badge(text) }
    }

    /// Of two readings of one car, the one that says more: a brand before a clean title, as most templates call every title clean,
    /// and a brand by its name before one without. Of equals, the first.
    pub(crate) fn more_telling(known: Option<Self>, other: Option<Self>) -> Option<Self> {
        let rank = |brand: Option<Self>| match brand {
            None => 0,
            Some(Self::Clean) => 1,
            Some(Self::Branded) => 2,
            Some(_) => 3,
        };
        if rank(other) > rank(known) { other } else { known }
    }
}

/// The words for each brand.
const BRANDS: [(&str, TitleBrand); 26] = [
    ("branded", TitleBrand::Branded),
    ("buyback", TitleBrand::Lemon),
    ("destruction", TitleBrand::Junk),
    ("dismantled", TitleBrand::Junk),
    ("flood", TitleBrand::Flood),
    ("flooded", TitleBrand::Flood),
    ("irreparable", TitleBrand::Junk),
    ("irrepairable", TitleBrand::Junk),
    ("junk", TitleBrand::Junk),
    ("lemon", TitleBrand::Lemon),
    ("nonrepairable", TitleBrand::Junk),
    ("rebuild", TitleBrand::Rebuilt),
    ("rebuildable", TitleBrand::Salvage),
    ("rebuilt", TitleBrand::Rebuilt),
    ("reconditioned", TitleBrand::Rebuilt),
    ("reconstructed", TitleBrand::Rebuilt),
    ("restored", TitleBrand::Rebuilt),
    ("revived", TitleBrand::Rebuilt),
    ("salvage", TitleBrand::Salvage),
    ("salvaged", TitleBrand::Salvage),
    ("scrap", TitleBrand::Junk),
    ("scrapped", TitleBrand::Junk),
    ("theft", TitleBrand::Branded),
    ("totaled", TitleBrand::Branded),
    ("totalloss", TitleBrand::Branded),
    ("unrepairable", TitleBrand::Junk),
];

/// Words that are a badge by themselves.
const ALONE: [&str; 7] = ["rebuilt", "reconstructed", "salvage", "salvaged", "branded", "flood", "flooded"];
/// Words of a badge beside them.
const FILLERS: [&str; 22] = [
    "title",
    "titled",
    "titles",
    "brand",
    "certificate",
    "prior",
    "previous",
    "previously",
    "formerly",
    "vehicle",
    "car",
    "law",
    "damage",
    "damaged",
    "water",
    "history",
    "status",
    "manufacturer",
    "insurance",
    "loss",
    "reported",
    "record",
];
/// Words beside which each word of a brand is one.
const MAKES_A_BRAND: [&str; 5] = ["certificate", "law", "manufacturer", "damage", "nonrepairable"];
/// Words between a brand and the title, and between a denial and what it denies.
const CONNECTORS: [&str; 24] = [
    "a", "an", "and", "any", "as", "be", "been", "ever", "from", "had", "has", "have", "is", "it", "its", "of", "on",
    "or", "the", "t", "s", "was", "with", "former",
];
pub(super) const DENIALS: [&str; 14] =
    ["no", "non", "not", "never", "without", "zero", "free", "isn", "doesn", "don", "hasn", "wasn", "aren", "neither"];
const IS_CLEAN: [&str; 3] = ["clean", "clear", "unbranded"];
const TITLE: [&str; 3] = ["title", "titled", "titles"];

pub(super) fn word_brand(word: &str) -> Option<TitleBrand> {
    BRANDS.iter().find(|(name, _)| *name == word).map(|(_, brand)| *brand)
}

/// Whether a word of a heading is about the title, and not about the car: it stands in front of the year, or ends the trim.
pub(super) fn speaks_of_a_title(word: &str) -> bool {
    const MORE: [&str; 3] = ["title", "titled", "clean"];
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    ALONE.iter().chain(&MORE).any(|known| word.eq_ignore_ascii_case(known))
}

fn is_year(word: &str) -> bool {
    word.len() == 4
        && (word.starts_with("19") || word.starts_with("20"))
        && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text has one of the beginnings without which it says nothing of a title. Nearly all texts end here.
pub(super) fn may_speak_of_titles(text: &str) -> bool {
    const BEGINNINGS: Phrases<12> = Phrases::new([
        "title",
        "flood",
        "water",
        "salvage",
        "rebuilt",
        "reconstructed",
        "branded",
        "buy",
        "destruction",
        "lemon law",
        "parts only",
        "restored",
    ]);
    BEGINNINGS.are_in(text)
}

/// Whether a text writes `R-Title` with its hyphen.
fn has_r_title(text: &str) -> bool {
    const NAME: &[u8] = b"r-title";
    let text = text.as_bytes();
    let is_there = |at: usize| at == 0 || !text[at - 1].is_ascii_alphanumeric();
    text.windows(NAME.len()).enumerate().any(|(at, found)| found.eq_ignore_ascii_case(NAME) && is_there(at))
}

/// The words of a text in small letters.
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut before = ' ';
        for sign in text.chars() {
            if sign.is_alphanumeric() {
                // `SalvageTitle` is two words.
                if !before.is_alphanumeric() || (before.is_lowercase() && sign.is_uppercase()) {
                    words.push(String::new());
                }
                match words.last_mut() {
                    Some(word) if sign.is_ascii() => word.push(sign.to_ascii_lowercase()),
                    Some(word) => word.extend(sign.to_lowercase()),
                    None => {}
                }
            }
            before = sign;
        }
        // An `R-Title` is one of a car that was rebuilt; an `R` in front of `title` alone may be a trim.
        if let Some(at) = words.windows(2).position(|pair| pair[0] == "r" && TITLE.contains(&pair[1].as_str()))
            && (words.len() == 2 || has_r_title(text))
        {
            "rebuilt".clone_into(&mut words[at]);
        }
        // Two words that are one.
        for [one, other] in [
            ["buy", "back"],
            ["total", "loss"],
            ["non", "repairable"],
            ["non", "rebuildable"],
            ["parts", "only"],
            ["water", "damage"],
            ["water", "damaged"],
        ] {
            while let Some(at) = words.windows(2).position(|pair| pair[0] == one && pair[1] == other) {
                words.remove(at + 1);
                words[at] = match one {
                    "non" | "parts" => "nonrepairable".to_owned(),
                    "water" => "flood".to_owned(),
                    _ => [one, other].concat(),
                };
            }
        }
        Self(words)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, place: usize) -> &str {
        self.0.get(place).map_or("", String::as_str)
    }

    pub(super) fn is(&self, place: usize, of: &[&str]) -> bool {
        of.contains(&self.get(place))
    }

    pub(super) fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|word| is(word))
    }

    fn all(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().all(|word| is(word))
    }

    /// The brand that the words name at a place that counts: what a car has become before what it was.
    pub(super) fn brand(&self, counts: impl Fn(usize) -> bool) -> Option<TitleBrand> {
        let named = (0..self.len()).filter_map(|place| Some((place, word_brand(self.get(place))?)));
        let mut found: Option<TitleBrand> = None;
        for (_, brand) in named.filter(|(place, _)| counts(*place) && !self.is_denied(*place)) {
            let is_repaired = brand == TitleBrand::Rebuilt && found == Some(TitleBrand::Salvage);
            found = if is_repaired { Some(brand) } else { TitleBrand::more_telling(found, Some(brand)) };
        }
        found
    }

    fn clean(&self) -> Option<TitleBrand> {
        let is_clean =
            |place: usize| self.is(place, &IS_CLEAN) && self.is_beside_title(place) && !self.is_denied(place);
        (0..self.len()).any(is_clean).then_some(TitleBrand::Clean)
    }

    /// Whether `title` stands behind or in front of a word, with nothing but other brands between them.
    pub(super) fn is_beside_title(&self, place: usize) -> bool {
        let is_between = |place: &usize| {
            word_brand(self.get(*place)).is_some()
                || CONNECTORS.contains(&self.get(*place))
                || self.is(*place, &["law"])
        };
        let behind = (place + 1..self.len()).find(|place| !is_between(place));
        let before = (0..place).rev().find(|place| !is_between(place));
        behind.into_iter().chain(before).any(|place| self.is(place, &TITLE))
    }

    /// Whether a denial is in front of a word, or the last word behind it: `never had a salvage title`, `Salvage title: no`.
    fn is_denied(&self, place: usize) -> bool {
        let is_between = |place: &usize| {
            let word = self.get(*place);
            word_brand(word).is_some() || CONNECTORS.contains(&word) || FILLERS.contains(&word)
        };
        let before = (0..place).rev().find(|place| !is_between(place));
        let behind = (place + 1..self.len()).find(|place| !is_between(place));
        before.is_some_and(|place| self.is(place, &DENIALS))
            || behind
                .is_some_and(|place| place + 1 == self.len() && self.is(place, &["no", "none", "false", "n", "never"]))
            || self.is(place + 1, &["free"])
    }
}

/// Reads a brand in our words or in a website's own; one that is unknown is none.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TitleBrand>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| TitleBrand::of_status(&text)))
}

#[cfg(test)]
mod tests {
    use super::{TitleBrand::*, *};

    #[test]
    fn a_field_about_the_title_is_read_by_its_words() {
        for (text, brand) in [
            ("Salvage", Some(Salvage)),
            ("REBUILT", Some(Rebuilt)),
            ("Lemon-law buyback", Some(Lemon)),
            ("Manufacturer Buy Back", Some(Lemon)),
            ("Prior Salvage", Some(Salvage)),
            ("SALVAGE/REBUILT", Some(Rebuilt)),
            ("Rebuilt Salvage", Some(Rebuilt)),
            ("SalvageTitle", Some(Salvage)),
            ("flood_damage", Some(Flood)),
            ("Total Loss", Some(Branded)),
            ("Non-Repairable", Some(Junk)),
            ("Parts only", Some(Junk)),
            ("branded", Some(Branded)),
            ("Clean", Some(Clean)),
            ("Clear title", Some(Clean)),
            ("Clean, never salvage or flood", Some(Clean)),
            ("not branded", None),
            ("lien", None),
            ("", None),
        ] {
            assert_eq!(TitleBrand::of_status(text), brand, "{text}");
        }
    }

    #[test]
    fn a_text_about_anything_is_believed_where_it_is_explicit() {
        for (text, brand) in [
            ("SE *Salvage Title*", Some(Salvage)),
            ("LE REBUILT TITLE", Some(Rebuilt)),
            ("title: rebuilt", Some(Rebuilt)),
            ("Limited (branded title)", Some(Branded)),
            ("Salvage/Rebuilt Title", Some(Rebuilt)),
            ("Lemon law title", Some(Lemon)),
            ("salvage", Some(Salvage)),
            ("No accidents, salvage title", Some(Salvage)),
            ("rebuilt title, no accidents", Some(Rebuilt)),
            ("Sport, rebuilt engine", None),
            ("no salvage title", None),
            ("Non-salvage", None),
            ("never flood title", None),
            ("does not have a salvage or rebuilt title", None),
            ("never had a salvage title", None),
            ("Salvage title: No", None),
            ("Clean title", Some(Clean)),
            ("Clean title, no salvage", Some(Clean)),
            ("Lemon Yellow", None),
            ("title", None),
            ("", None),
        ] {
            assert_eq!(TitleBrand::said_in(text), brand, "{text}");
        }
    }

    #[test]
    fn a_badge_says_it_alone_and_a_sellers_name_does_not() {
        for (text, brand) in [
            ("SALVAGE", Some(Salvage)),
            ("Rebuilt motor 2024", None),
            ("Salvage titles available on request", None),
            ("Rebuilt 2017 Honda Accord", Some(Rebuilt)),
            ("Rebuilt Title", Some(Rebuilt)),
            ("** REBUILT **", Some(Rebuilt)),
            ("R-Title", Some(Rebuilt)),
            ("R Title", Some(Rebuilt)),
            ("Volkswagen Golf R, title clean", Some(Clean)),
            ("Previously salvaged", Some(Salvage)),
            ("PREVIOUS SALVAGE", Some(Salvage)),
            ("Prior salvage", Some(Salvage)),
            ("Reconstructed", Some(Rebuilt)),
            ("Never salvaged", None),
            ("Salvage-free", None),
            ("We never sell cars with a salvage title", None),
            ("We buy salvage titles", None),
            ("Financing for rebuilt titles", None),
            ("Branded Title", Some(Branded)),
            ("Clean Title", Some(Clean)),
            ("2019 Toyota Camry LE Salvage", Some(Salvage)),
            ("REBUILT 2015 Honda Civic", Some(Rebuilt)),
            ("2015 Honda Civic - flood title", Some(Flood)),
            ("2015 Honda Civic Rebuilt Transmission", None),
            ("2015 Jeep Wrangler Lemon", None),
            ("Smith Auto Salvage & Sales", None),
            ("CARFAX Buyback Guarantee", None),
            ("Rebuilt engine", None),
            ("Clean", None),
            ("Title, tax and licence extra", None),
            ("No Salvage Titles", None),
        ] {
            assert_eq!(TitleBrand::of_badge(text), brand, "{text}");
        }
    }

    #[test]
    fn a_title_is_a_heading_unless_it_says_nothing_else() {
        for (text, brand) in [
            ("Salvage", Some(Salvage)),
            ("Clean", Some(Clean)),
            ("Lemon law buyback", Some(Lemon)),
            ("2019 Jeep Wrangler Lemon", None),
            ("2019 Jeep Wrangler, salvage title", Some(Salvage)),
            ("2019 Toyota Camry LE", None),
            ("", None),
        ] {
            assert_eq!(TitleBrand::of_title(text), brand, "{text}");
        }
    }

    #[test]
    fn a_brand_says_more_than_a_clean_title() {
        for (known, other, told) in [
            (None, Some(Clean), Some(Clean)),
            (Some(Clean), Some(Salvage), Some(Salvage)),
            (Some(Salvage), Some(Clean), Some(Salvage)),
            (Some(Branded), Some(Rebuilt), Some(Rebuilt)),
            (Some(Salvage), Some(Rebuilt), Some(Salvage)),
            (Some(Salvage), None, Some(Salvage)),
        ] {
            assert_eq!(TitleBrand::more_telling(known, other), told, "{known:?} {other:?}");
        }
    }
}
