//! Closed sets of words: how an enum is read from and written as the word that the database and the outside use.
//!
//! What is deliberately not here: the enums themselves, which stand with their nouns.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

/// Gives an enum its words: `ALL`, `as_str`, `Display`, and a `FromStr` and a `Deserialize` that refuse any other word by name.
///
/// `words!(VehicleSort, InvalidSort at "/sort" { Price => "price", Year => "year" });`
///
/// A set that a row holds names the variant for any other word, which another application may have written:
/// `words!(Role, InvalidRole at "/role" { Viewer => "viewer", Admin => "admin" } or Unknown => "unknown");`
/// This variant is not in `ALL`, and `FromStr` refuses its word, unless it stands among the others as well.
macro_rules! words {
    (
        $name:ident, $code:ident at $pointer:literal { $($variant:ident => $word:literal),+ $(,)? }
        or $unknown:ident => $unknown_word:literal
    ) => {
        words!(@ $name, $code at $pointer { $($variant => $word),+ } { $unknown => $unknown_word });
        words!(@stored $name { $($variant => $word),+ } $unknown);
    };
    (
        $name:ident, $code:ident at $pointer:literal { $($variant:ident => $word:literal),+ $(,)? } or $unknown:ident
    ) => {
        words!(@ $name, $code at $pointer { $($variant => $word),+ } {});
        words!(@stored $name { $($variant => $word),+ } $unknown);
    };
    ($name:ident, $code:ident at $pointer:literal { $($variant:ident => $word:literal),+ $(,)? }) => {
        words!(@ $name, $code at $pointer { $($variant => $word),+ } {});
    };
    (@read $name:ident { $($variant:ident => $word:literal),+ }) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
                const ALL: &[$name] = &[$($name::$variant),+];
                $crate::words::read(given, &[$($word),+]).map(|place| ALL[place])
            }
        }
    };
    (@stored $name:ident { $($variant:ident => $word:literal),+ } $unknown:ident) => {
        impl $name {
            /// Reads the word of a row.
            pub(crate) fn stored(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    _ => Self::$unknown,
                }
            }
        }
    };
    (
        @ $name:ident, $code:ident at $pointer:literal { $($variant:ident => $word:literal),+ }
        { $($unknown:ident => $unknown_word:literal)? }
    ) => {
        impl $name {
            /// Every one of them.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word for it, in the database and outside.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    $(Self::$unknown => $unknown_word,)?
                }
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::words([$($word,)+ $($unknown_word,)?])
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}

        words!(@read $name { $($variant => $word),+ });

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(word: &str) -> Result<Self, $crate::error::Error> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::error::Error::invalid_field(
                        $crate::error::ErrorCode::$code,
                        $pointer,
                        $crate::words::expected(&Self::ALL.map(Self::as_str), word),
                    )),
                }
            }
        }
    };
}

/// Reads a text that is one of the words, and answers its place. Serde's own enums may also be written `{"word": null}`.
pub(crate) fn read<'de, D: Deserializer<'de>>(given: D, words: &'static [&'static str]) -> Result<usize, D::Error> {
    struct Reading(&'static [&'static str]);

    impl Visitor<'_> for Reading {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text, one of the words of this field")
        }

        fn visit_str<E: de::Error>(self, given: &str) -> Result<usize, E> {
            self.0.iter().position(|word| *word == given).ok_or_else(|| E::unknown_variant(given, self.0))
        }
    }

    given.deserialize_str(Reading(words))
}

/// Words less alike than this are no help.
const LEAST_LIKENESS: f64 = 0.65;

/// A longer text is no word that was mistyped.
const LONGEST_WORD: usize = 64;

/// What is said of a word that is none of a set: which there are, and which one was probably meant.
pub(crate) fn expected(words: &[&str], given: &str) -> String {
    let likeness = |word: &str| strsim::normalized_damerau_levenshtein(word, given);
    let meant = match given.len() {
        0..=LONGEST_WORD => words.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other))),
        _ => None,
    };
    let list = words.join(" ");
    match meant.filter(|word| likeness(word) >= LEAST_LIKENESS) {
        Some(word) => format!("expected one of {list}; did you mean {word}?"),
        None => format!("expected one of {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named_where_one_is_near() {
        let words = ["market_research", "clean_up", "import_vehicles"];
        for (given, meant) in [
            ("cleanup", Some("clean_up")),
            ("import_vehicle", Some("import_vehicles")),
            ("vehicles_import", None),
            ("", None),
        ] {
            let said = expected(&words, given);
            let told = said.rsplit_once("did you mean ").map(|(_, word)| word.trim_end_matches('?'));
            assert_eq!(told, meant, "{said}");
        }
        assert_eq!(
            expected(&words, &"clean_up".repeat(1_000)),
            "expected one of market_research clean_up import_vehicles"
        );
    }
}
