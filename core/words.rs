//! Closed sets of words: how an enum is read from and written as the word that the database and the outside use.
//!
//! What is deliberately not here: the enums themselves, which stand with their nouns.

/// Gives an enum its words: `ALL`, `as_str`, `Display`, and a `FromStr` that refuses any other word by name.
///
/// `words!(Role, InvalidRole at "/role" { Viewer => "viewer", Manager => "manager" });`
macro_rules! words {
    ($name:ident, $code:ident at $pointer:literal { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every one of them.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word for it, in the database and outside.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $name {
            /// Reads the word of a row. Another application may have left one that is unknown here: that is no fault of
            /// whoever asks for the row.
            #[allow(dead_code, reason = "not every set of words stands in a row")]
            pub(crate) fn stored(word: &str) -> Result<Self, $crate::error::Error> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::error::Error::new(
                        $crate::error::ErrorCode::UnreadableRow,
                        format!("a row holds {word:?}, which is none of the words known for it"),
                    )),
                }
            }
        }

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
                        concat!("expected one of" $(, " ", $word)+),
                    )),
                }
            }
        }
    };
}
