//! The short form of what a VIN says by itself: one flat object to print.

use serde::Serialize;

use super::Vin;

/// What is known of one text that should be a VIN.
///
/// Its JSON always has all nine keys, with `null` for what is unknown. For a text that is no VIN, `vin` is the text as given,
/// `reason` says why it is none, and the rest is `null`. A VIN with a wrong check digit is `valid` and has no `reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = VinReport))]
#[non_exhaustive]
pub struct Report {
    /// The VIN in upper case, or the refused text as it was given.
    pub vin: String,
    /// Whether it is 17 characters that a VIN may hold.
    pub valid: bool,
    /// Why it is not, as a sentence.
    pub reason: Option<String>,
    /// Whether the check digit at position 9 is right.
    pub check_digit_ok: Option<bool>,
    /// The model year by position 10, if it holds one. For a VIN from outside North America it holds only if the maker uses
    /// position 10 for it ([`Facts::model_year_basis`](super::Facts::model_year_basis)).
    pub model_year: Option<i32>,
    /// The other years that the code may mean, earliest first.
    pub model_year_alternatives: Option<Vec<i32>>,
    /// Whether the model year is proven; see [`Vin::model_year`].
    pub conclusive: Option<bool>,
    /// The world manufacturer identifier, three characters.
    pub wmi: Option<String>,
    /// Positions 1 to 8, 10 and 11.
    pub squish_vin: Option<String>,
}

/// Reads a text as a VIN, in a given year. A text that is no VIN gives a report too, not an error.
///
/// ```
/// let report = jpauto::vin::report("1HGCM82633A004352", 2026);
/// assert!(report.valid);
/// assert_eq!(report.model_year, Some(2003));
///
/// let too_short = jpauto::vin::report("1HGCM82633A00435", 2026);
/// assert_eq!(too_short.reason.as_deref(), Some("a VIN has 17 characters, and this has 16"));
/// ```
#[must_use]
pub fn report(text: &str, current_year: i32) -> Report {
    match Vin::parse(text) {
        Ok(vin) => {
            let model_year = vin.model_year(current_year);
            Report {
                vin: vin.to_string(),
                valid: true,
                reason: None,
                check_digit_ok: Some(vin.check_digit_ok()),
                model_year: model_year.year,
                model_year_alternatives: Some(model_year.alternatives().collect()),
                conclusive: Some(model_year.conclusive),
                wmi: Some(vin.wmi().to_owned()),
                squish_vin: Some(vin.squish().to_string()),
            }
        }
        Err(reason) => Report {
            vin: text.to_owned(),
            valid: false,
            reason: Some(reason.to_string()),
            check_digit_ok: None,
            model_year: None,
            model_year_alternatives: None,
            conclusive: None,
            wmi: None,
            squish_vin: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, json: &str) {
        assert_eq!(serde_json::to_string(&report(text, 2026)).unwrap(), json);
    }

    #[test]
    fn a_vin_is_told_in_full() {
        check(
            "5fnyf5h59hb011946",
            r#"{"vin":"5FNYF5H59HB011946","valid":true,"reason":null,"check_digit_ok":true,"model_year":2017,"model_year_alternatives":[1987],"conclusive":true,"wmi":"5FN","squish_vin":"5FNYF5H5HB"}"#,
        );
    }

    #[test]
    fn a_wrong_check_digit_leaves_a_vin_valid() {
        check(
            "1HGCM82603A004352",
            r#"{"vin":"1HGCM82603A004352","valid":true,"reason":null,"check_digit_ok":false,"model_year":2003,"model_year_alternatives":[],"conclusive":false,"wmi":"1HG","squish_vin":"1HGCM8263A"}"#,
        );
    }

    #[test]
    fn a_vin_without_a_year_says_so() {
        check(
            "WBY21CF090CU47924",
            r#"{"vin":"WBY21CF090CU47924","valid":true,"reason":null,"check_digit_ok":true,"model_year":null,"model_year_alternatives":[],"conclusive":false,"wmi":"WBY","squish_vin":"WBY21CF00C"}"#,
        );
    }

    #[test]
    fn a_text_that_is_no_vin_is_given_back_with_the_reason() {
        check(
            "1hgcm82633a00435o",
            r#"{"vin":"1hgcm82633a00435o","valid":false,"reason":"the letter O at position 17 is never used in a VIN; the digit 0 was probably meant: 1HGCM82633A004350","check_digit_ok":null,"model_year":null,"model_year_alternatives":null,"conclusive":null,"wmi":null,"squish_vin":null}"#,
        );
    }
}
