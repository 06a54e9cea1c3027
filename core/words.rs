//! Closed sets of words: how an enum is read from and written as the word that the database and the outside use.
//!
//! What is deliberately not here: the enums themselves, which stand with their nouns.

/// Gives an enum its words: `ALL`, `as_str`, `Display`, and a `FromStr` that refuses any other word by name.
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
