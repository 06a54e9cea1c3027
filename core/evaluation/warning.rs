//! What to know before relying on a decoding or an evaluation: as data, and as a sentence for people.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::IdentitySource;
use crate::market::{MissingSource, Source};

/// What to know before relying on a decoding or an evaluation, as data. Its `Display` is the sentence for people, without a full stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EvaluationWarning))]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The check digit is wrong where a law requires it: a character is mistyped, or the VIN is not real.
    CheckDigitWrong {
        /// The digit that the other characters give.
        expected: char,
        /// The digit in the VIN.
        actual: char,
    },
    /// It is a filler such as `11111111111111111`.
    Placeholder,
    /// The VIN alone does not prove the model year.
    YearUncertain {
        /// The year taken.
        year: Option<i32>,
        /// The other possible years.
        alternatives: Vec<i32>,
    },
    /// No known law requires a model year in this VIN. The year holds only if the maker uses position 10 for it, so no
    /// comparables are searched by it.
    YearConditional {
        /// The year under that condition.
        year: i32,
        /// The other possible years under that condition.
        alternatives: Vec<i32>,
    },
    /// The VIN and vPIC name different years.
    YearsDiffer {
        /// By the VIN.
        vin: i32,
        /// By vPIC.
        vpic: i32,
    },
    /// vPIC has a remark about the VIN.
    VpicFinding {
        /// Its number.
        number: u16,
        /// The stable word for it.
        finding: String,
        /// The same as a sentence.
        message: String,
    },
    /// vPIC suggests that another VIN is meant.
    VpicSuggests {
        /// With `!` where a character is wrong.
        vin: String,
    },
    /// vPIC was not asked, or gave no answer.
    VpicMissing {
        /// The stable word for why, such as `vpic_timeout`, or `not_configured`.
        reason: String,
        /// The same as a sentence.
        message: String,
    },
    /// vPIC gave no new answer, so its stored one was used.
    VpicKept {
        /// The stable word for why, as of [`Warning::VpicMissing`].
        reason: String,
        /// The same as a sentence.
        message: String,
        /// When that answer was given.
        answered_at: DateTime<Utc>,
    },
    /// The model is known from listings alone.
    KnownFromListings {
        /// Which listings.
        source: IdentitySource,
        /// How many.
        listings: usize,
    },
    /// The model is unknown, so there is nothing to compare.
    ModelUnknown,
    /// A source of comparables did not answer.
    SourceMissing {
        /// Which one.
        source: Source,
        /// The stable word for why.
        reason: String,
        /// The same as a sentence.
        message: String,
    },
    /// Comparables could not be loaded.
    ComparablesMissing {
        /// The stable word for why.
        reason: String,
        /// The same as a sentence.
        message: String,
    },
    /// Stored answers could not be read or written, so the answer was made without them, or is not stored.
    CacheFailed {
        /// The stable word for why.
        reason: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CheckDigitWrong { expected, actual } => {
                write!(f, "the check digit is {actual} where {expected} would be right: a character may be mistyped")
            }
            Self::Placeholder => f.write_str("this is a filler, not the VIN of a vehicle"),
            Self::YearUncertain { year: Some(year), alternatives } if alternatives.is_empty() => {
                write!(f, "the model year {year} is not certain")
            }
            Self::YearUncertain { year: Some(year), alternatives } => {
                write!(f, "the model year {year} is not certain: it may be {}", any_of(alternatives))
            }
            Self::YearUncertain { year: None, .. } => f.write_str("the VIN holds no model year"),
            Self::YearConditional { year, alternatives } => {
                let years: Vec<i32> = std::iter::once(year).chain(alternatives).copied().collect();
                write!(
                    f,
                    "no law is known that asks this VIN for a model year: it is of {} only if its maker writes it at position 10",
                    any_of(&years)
                )
            }
            Self::YearsDiffer { vin, vpic } => write!(f, "the VIN says {vin}, vPIC {vpic}"),
            Self::VpicFinding { message, .. } => write!(f, "vPIC: {message}"),
            Self::VpicSuggests { vin } => write!(f, "vPIC takes {vin} to be meant"),
            Self::VpicMissing { message, .. } | Self::ComparablesMissing { message, .. } => f.write_str(message),
            Self::VpicKept { message, answered_at, .. } => {
                write!(f, "{message}: what it answered on {} was used", answered_at.format("%Y-%m-%d"))
            }
            Self::KnownFromListings { source, listings } => {
                let listings = if *listings == 1 { "1 listing".to_owned() } else { format!("{listings} listings") };
                match source {
                    IdentitySource::Inventory => {
                        f.write_str("the model is known from our own inventory alone, which holds this VIN")
                    }
                    IdentitySource::SameKind => {
                        write!(f, "the model is known from {listings} of vehicles of the same kind alone")
                    }
                    _ => write!(f, "the model is known from {listings} of this very vehicle alone"),
                }
            }
            Self::ModelUnknown => f.write_str("nothing says which model it is, so there is nothing to compare"),
            Self::SourceMissing { message, .. } => f.write_str(message),
            Self::CacheFailed { reason } => write!(f, "what is kept could not be read or written ({reason})"),
        }
    }
}

/// `1996 or 2026`.
fn any_of(years: &[i32]) -> String {
    years.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

impl From<MissingSource> for Warning {
    fn from(missing: MissingSource) -> Self {
        Self::SourceMissing { source: missing.source, reason: missing.code, message: missing.message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_is_known_from_is_named_for_what_it_is() {
        for (source, words) in [
            (IdentitySource::Inventory, "the model is known from our own inventory alone, which holds this VIN"),
            (IdentitySource::Listing, "the model is known from 1 listing of this very vehicle alone"),
            (IdentitySource::SameKind, "the model is known from 1 listing of vehicles of the same kind alone"),
        ] {
            assert_eq!(Warning::KnownFromListings { source, listings: 1 }.to_string(), words);
        }
    }

    #[test]
    fn years_are_named_one_by_one() {
        for (warning, words) in [
            (
                Warning::YearUncertain { year: Some(2026), alternatives: vec![1996] },
                "the model year 2026 is not certain: it may be 1996",
            ),
            (Warning::YearUncertain { year: Some(2026), alternatives: vec![] }, "the model year 2026 is not certain"),
            (Warning::YearUncertain { year: None, alternatives: vec![] }, "the VIN holds no model year"),
        ] {
            assert_eq!(warning.to_string(), words);
        }
        let conditional = Warning::YearConditional { year: 1996, alternatives: vec![2026] }.to_string();
        assert!(conditional.contains("it is of 1996 or 2026 only if"), "{conditional}");
    }

    #[test]
    fn a_source_that_is_missing_keeps_both_words() {
        let missing =
            MissingSource { source: Source::AutoDev, code: "auto_dev_unreachable".into(), message: "no".into() };
        let warning = Warning::from(missing);
        let json = serde_json::to_string(&warning).unwrap();
        assert_eq!(
            json,
            r#"{"code":"source_missing","source":"auto.dev","reason":"auto_dev_unreachable","message":"no"}"#
        );
        assert_eq!(serde_json::from_str::<Warning>(&json).unwrap(), warning);
    }
}
