//! Closed sets of words: how an enum is read from and written as the word that the database and the outside use.
//!
//! What is deliberately not here: the enums themselves, which stand with their nouns.

/// Gives an enum with `as_str` and `ALL` the traits of a word: `Display`, `FromStr` with a clear refusal.
macro_rules! words {
    ($name:ident, $code:literal, $pointer:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(word: &str) -> Result<Self, $crate::error::Error> {
                Self::ALL.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|known| known.as_str()).collect();
                    $crate::error::Error::invalid_field($code, $pointer, format!("expected one of {}", known.join(", ")))
                })
            }
        }
    };
}
