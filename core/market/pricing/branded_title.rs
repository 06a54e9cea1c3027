//! Whether a title is branded (salvage, rebuilt, lemon), as far as a title status, a trim, an address or a page's record says.
//!
//! The words are those of [`TitleBrand`]; here stands where they are looked for. A listing that is silent about its title counts
//! as clean.

use serde_json::Value;

use super::names::folded;
use crate::extract::{OdometerStatus, TitleBrand};

/// Whether a brand, or an odometer that does not show the miles that the car has gone, makes a title branded.
pub(in crate::market) fn is_branded(brand: Option<TitleBrand>, odometer: Option<OdometerStatus>) -> bool {
    brand.is_some_and(TitleBrand::is_brand) || odometer.is_some_and(OdometerStatus::is_wrong)
}

/// Whether a title status says that the title is branded, such as `Salvage` or `Lemon-law buyback`.
pub(in crate::market) fn is_branded_title(title_status: &str) -> bool {
    TitleBrand::of_status(title_status).is_some_and(TitleBrand::is_brand)
}

/// Whether a free text, such as a trim or the path of a page, says that the title is branded.
pub(in crate::market) fn says_branded(text: &str) -> bool {
    TitleBrand::said_in(text).is_some_and(TitleBrand::is_brand)
}

/// Whether anything that a listing says of itself makes its title branded.
pub(in crate::market) fn is_branded_listing(
    brand: Option<TitleBrand>,
    odometer: Option<OdometerStatus>,
    trim: Option<&str>,
    url: Option<&str>,
) -> bool {
    is_branded(brand, odometer) || trim.is_some_and(says_branded) || url.is_some_and(path_says_branded)
}

/// Whether the path of a listing's page says that the title is branded. The host name belongs to the dealer and says nothing.
pub(in crate::market) fn path_says_branded(url: &str) -> bool {
    let after_host = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    after_host.is_some_and(says_branded)
}

/// Whether the JSON record that a page gave of a listing says that the title is branded.
///
/// A field about the title or the condition is read by its word, a yes-or-no field by its answer, any other text by
/// [`says_branded`]. Text that is no JSON says nothing.
pub(in crate::market) fn record_says_branded(record: &str) -> bool {
    const OF_THE_TITLE: [&str; 5] = ["condition", "titlebrand", "titlecondition", "titlestatus", "titletype"];
    const YES_OR_NO: [&str; 6] = ["branded", "brandedtitle", "hasbrandedtitle", "isbranded", "issalvage", "salvage"];
    fn says(name: &str, value: &Value) -> bool {
        let is_one_of = |names: &[&str]| names.contains(&name);
        match value {
            Value::Bool(yes) => *yes && is_one_of(&YES_OR_NO),
            Value::String(words) if is_one_of(&OF_THE_TITLE) => is_branded_title(words),
            Value::String(words) => says_branded(words),
            Value::Array(items) => items.iter().any(|item| says(name, item)),
            Value::Object(fields) => fields.iter().any(|(name, value)| says(&folded(name), value)),
            Value::Null | Value::Number(_) => false,
        }
    }
    serde_json::from_str::<Value>(record).is_ok_and(|record| says("", &record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_branded_by_their_words() {
        for (title, branded) in [
            ("Salvage", true),
            ("REBUILT", true),
            ("Lemon-law buyback", true),
            ("Clean", false),
            ("", false),
            ("lien", false),
        ] {
            assert_eq!(is_branded_title(title), branded, "{title}");
        }
    }

    #[test]
    fn free_texts_are_believed_where_they_are_explicit() {
        for (text, branded) in [
            ("SE *Salvage Title*", true),
            ("LE REBUILT TITLE", true),
            ("title: rebuilt", true),
            ("Limited (branded title)", true),
            ("salvage", true),
            ("Sport, rebuilt engine", false),
            ("no salvage title", false),
            ("Non-salvage", false),
            ("never flood title", false),
            ("Clean title", false),
            ("Lemon Yellow", false),
            ("title", false),
            ("", false),
        ] {
            assert_eq!(says_branded(text), branded, "{text}");
        }
        for (url, branded) in [
            ("https://x.example/used/2019-toyota-camry-salvage-title-123", true),
            ("https://salvage.example/used/2019-toyota-camry", false),
            ("https://salvage.example", false),
            ("/used/rebuilt-title", false),
        ] {
            assert_eq!(path_says_branded(url), branded, "{url}");
        }
    }

    #[test]
    fn records_are_read_by_what_their_fields_are_about() {
        for (record, branded) in [
            (r#"{"title_status": "Rebuilt"}"#, true),
            (r#"{"titleStatus": "clean"}"#, false),
            (r#"{"title": "2019 Jeep Wrangler Lemon"}"#, false),
            (r#"{"title": "2019 Jeep Wrangler, salvage title"}"#, true),
            (r#"{"is_salvage": true}"#, true),
            (r#"{"salvage": false}"#, false),
            (r#"{"notes": ["one owner", {"more": "rebuilt title"}]}"#, true),
            (r#"{"condition": "used"}"#, false),
            ("not json, salvage title", false),
        ] {
            assert_eq!(record_says_branded(record), branded, "{record}");
        }
    }
}
