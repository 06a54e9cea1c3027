//! Brands of titles in what a seller writes: a description, or a list of damages.
//!
//! Prose speaks of titles in general as well, so a clause counts only where it states a brand of this car. What is deliberately
//! not here: the words for the brands (`title_brand`).

use super::{
    TitleBrand,
    title_brand::{DENIALS, Words, may_speak_of_titles, word_brand},
};

/// A longer clause is not looked at.
const CLAUSE_BYTES: usize = 300;
/// More words of damages are prose.
const FEW_WORDS: usize = 6;
/// Words that tell what became of a part, where nothing is said of a title.
const OF_PARTS: [&str; 6] = ["reconditioned", "restored", "rebuild", "theft", "scrap", "buyback"];

/// Words of a sentence about titles in general, or about other cars.
const OF_OTHERS: [&str; 37] = [
    "if",
    "any",
    "titles",
    "vehicles",
    "cars",
    "trucks",
    "buy",
    "buying",
    "offer",
    "finance",
    "financing",
    "lenders",
    "avoid",
    "unlike",
    "guarantee",
    "guaranteed",
    "check",
    "whether",
    "may",
    "might",
    "could",
    "would",
    "should",
    "what",
    "ask",
    "about",
    "we",
    "instead",
    "versus",
    "than",
    "means",
    "mean",
    "when",
    "report",
    "reports",
    "someone",
    "require",
];

/// Those of them that even few words are not about this car beside.
const OF_SELLERS: [&str; 9] = ["we", "buy", "buying", "finance", "financing", "lenders", "request", "sell", "selling"];
/// How far behind a brand a word still denies it.
const DENIED_WORDS: usize = 4;
const FORMERLY: [&str; 4] = ["previously", "formerly", "was", "been"];

impl TitleBrand {
    /// Reads what a seller writes of a car: a brand that a clause states of this car's title, and of no others.
    ///
    /// `This car has a salvage title` is one; `No salvage title`, `We never sell salvage titles` and `Ask about salvage titles` are none.
    pub(super) fn in_prose(text: &str) -> Option<Self> {
        if !may_speak_of_titles(text) {
            return None;
        }
        let mut found = None;
        let is_end =
            |sign: char| matches!(sign, '.' | '!' | ',' | ';' | '\n' | '*' | '|' | '<' | '>' | '\u{2022}' | '\u{2014}');
        let clauses = text.split(is_end).flat_map(|part| part.split(" but ")).filter(|part| part.len() <= CLAUSE_BYTES);
        for clause in clauses.filter(|clause| may_speak_of_titles(clause)) {
            found = Self::more_telling(found, Words::of(clause).stated());
        }
        found
    }

    /// Reads what data lists as damages: the brands stand there among dents.
    pub(super) fn of_damages(text: &str) -> Option<Self> {
        let words = (text.len() <= CLAUSE_BYTES).then(|| Words::of(text)).filter(|words| words.len() <= FEW_WORDS);
        let brand = match words {
            Some(words) => words.brand(|place| !words.is(place, &OF_PARTS)),
            None => Self::in_prose(text),
        };
        brand.filter(|brand| brand.is_brand())
    }
}

impl Words {
    /// The brand that a clause of prose states of the car that it is about.
    pub(super) fn stated(&self) -> Option<TitleBrand> {
        if self.any(|word| OF_OTHERS.contains(&word)) {
            return None;
        }
        let first = (0..self.len()).find(|place| word_brand(self.get(*place)).is_some())?;
        let last = (0..self.len()).rfind(|place| word_brand(self.get(*place)).is_some()).unwrap_or(first);
        let is_denied = (0..self.len().min(last + 1 + DENIED_WORDS)).any(|place| self.is(place, &DENIALS));
        // `Previously salvaged` speaks of the car as plainly as a title does.
        let was = |place: usize| self.is(place, &["salvaged"]) && (0..place).any(|before| self.is(before, &FORMERLY));
        self.brand(|place| !is_denied && (self.is_beside_title(place) || was(place)))
    }

    /// Whether the text of a badge speaks of what a seller does, or of cars in general.
    pub(super) fn are_of_others(&self) -> bool {
        let known: &[&str] = if self.len() > FEW_WORDS { &OF_OTHERS } else { &OF_SELLERS };
        self.any(|word| known.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::{TitleBrand::*, *};

    #[test]
    fn prose_brands_the_car_that_it_is_about_and_no_other() {
        for (text, brand) in [
            ("Runs great. Salvage title. Must see!", Some(Salvage)),
            ("This car has a rebuilt title and new tires all around, priced to sell.", Some(Rebuilt)),
            ("Title is salvage", Some(Salvage)),
            ("The title is branded as rebuilt.", Some(Rebuilt)),
            ("Previously salvaged, now repaired", Some(Salvage)),
            ("It was salvaged in 2019 after hail", Some(Salvage)),
            ("R-Title", Some(Rebuilt)),
            ("Sold with an R-title, no issues", Some(Rebuilt)),
            ("Rebuilt title, priced to sell", Some(Rebuilt)),
            ("Salvage title but it drives with no problems", Some(Salvage)),
            ("No accidents, salvage title", Some(Salvage)),
            ("Vehicle comes with a Lemon Law title", Some(Lemon)),
            ("No salvage title", None),
            ("Never salvaged", None),
            ("This vehicle was never salvaged", None),
            ("Not a salvage", None),
            ("It is not a salvage title", None),
            ("This is NOT a rebuilt or salvage title!", None),
            ("Clean title, no salvage history", None),
            ("Clean title. Never had a salvage title.", None),
            ("does not have the dreaded salvage title", None),
            ("Has a clean non-salvage title", None),
            ("Salvage title? No!", None),
            ("A salvage title means that an insurer has given the car up", None),
            ("<br>No accidents<br>Salvage title<br>", Some(Salvage)),
            ("We do not sell salvage title vehicles", None),
            ("We never sell cars with a salvage title", None),
            ("Be careful if a car has a salvage title", None),
            ("Unlike a rebuilt title car, this one is clean", None),
            ("Our lenders do finance rebuilt titles", None),
            ("Rebuilt engine, new clutch", None),
            ("Smith Auto Salvage is next door", None),
            ("Buyback guarantee", None),
            ("Golf R title in hand", None),
            ("", None),
        ] {
            assert_eq!(TitleBrand::in_prose(text), brand, "{text}");
        }
    }

    #[test]
    fn damages_of_data_name_brands_among_dents() {
        for (text, brand) in [
            ("Salvage title", Some(Salvage)),
            ("Salvage", Some(Salvage)),
            ("Previously salvaged", Some(Salvage)),
            ("Flood damage", Some(Flood)),
            ("Rebuilt after collision", Some(Rebuilt)),
            ("Total loss", Some(Branded)),
            ("Hail damage, rear bumper scratched", None),
            ("No flood damage", None),
            ("No salvage title", None),
            ("None", None),
            ("Restored paint", None),
            ("Clean title", None),
            ("The car carries a salvage title after a collision at low speed", Some(Salvage)),
        ] {
            assert_eq!(TitleBrand::of_damages(text), brand, "{text}");
        }
    }
}
