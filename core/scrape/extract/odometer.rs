//! What a website says of an odometer: whether the miles that it shows are those that the car has gone.

use serde::{Deserialize as _, Deserializer, Serialize};

use super::phrases::Phrases;

/// What is known of an odometer, in the words of the disclosure that a seller owes in the United States.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OdometerStatus {
    /// It shows the miles that the car has gone.
    Actual,
    /// True mileage unknown: what it shows is not what the car has gone.
    #[serde(rename = "tmu")]
    TrueMileageUnknown,
    /// The car is too old, or too heavy, for a disclosure.
    Exempt,
    /// It has started again at zero.
    ExceedsLimits,
}

words!(OdometerStatus, InvalidOdometerStatus at "/odometer_status" {
    Actual => "actual",
    TrueMileageUnknown => "tmu",
    Exempt => "exempt",
    ExceedsLimits => "exceeds_limits",
});

/// A longer text is prose.
const CHARS_MAX: usize = 80;

impl OdometerStatus {
    /// Whether the miles shown are not those that the car has gone. Such a title is branded.
    #[must_use]
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::TrueMileageUnknown | Self::ExceedsLimits)
    }

    /// Reads the value of a field about the odometer's status, such as `TMU`, `Not Actual` or `EXEMPT`. Unknown words are none.
    ///
    /// ```
    /// use jpauto::extract::OdometerStatus;
    ///
    /// assert_eq!(OdometerStatus::read("Not actual mileage"), Some(OdometerStatus::TrueMileageUnknown));
    /// assert_eq!(OdometerStatus::read("48,200"), None);
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let words = Words::of(text)?;
        words.said().or_else(|| words.hold("unknown").then_some(Self::TrueMileageUnknown))
    }

    /// Reads what stands in the place of the miles or beside them: `120,345 (TMU)`, `Exempt`.
    pub(super) fn of_mileage(text: &str) -> Option<Self> {
        // Most are nothing but a number and its unit, or say something else.
        const ANY_WORD: Phrases<8> =
            Phrases::new(["actual", "discrepancy", "exce", "exempt", "inaccurate", "roll", "tmu", "unknown"]);
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        if !(3..=CHARS_MAX).contains(&letters) || (text.is_ascii() && !ANY_WORD.are_in(text)) {
            return None;
        }
        Words::of(text)?.said()
    }

    /// Reads a text of a card that stands by itself: it must speak of the odometer.
    pub(super) fn of_badge(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX || !may_speak_of_odometers(text) {
            return None;
        }
        let words = Words::of(text)?;
        let speaks = ["tmu", "mileage", "miles", "odometer", "mechanical limits"].iter().any(|word| words.hold(word));
        words.said().filter(|_| speaks)
    }
}

/// Whether a text has a word without which it says nothing of an odometer. Nearly all texts end here.
fn may_speak_of_odometers(text: &str) -> bool {
    const WORDS: Phrases<5> = Phrases::new(["actual", "exceed", "exempt", "tmu", "true mil"]);
    WORDS.are_in(text)
}

/// The words of a short text in small letters, a blank around each.
struct Words(String);

impl Words {
    fn of(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let mut words = " ".to_owned();
        let mut before = ' ';
        for sign in text.chars() {
            let begins = before.is_lowercase() && sign.is_uppercase();
            if (begins || !sign.is_alphabetic()) && !words.ends_with(' ') {
                words.push(' ');
            }
            if sign.is_alphabetic() {
                words.extend(sign.to_lowercase());
            }
            before = sign;
        }
        if !words.ends_with(' ') {
            words.push(' ');
        }
        Some(Self(words))
    }

    fn hold(&self, phrase: &str) -> bool {
        self.0
            .match_indices(phrase)
            .any(|(at, _)| self.0[..at].ends_with(' ') && self.0[at + phrase.len()..].starts_with(' '))
    }

    fn said(&self) -> Option<OdometerStatus> {
        const WORDS: [(&[&str], OdometerStatus); 4] = [
            (
                &[
                    "tmu",
                    "true mileage unknown",
                    "true miles unknown",
                    "true mileage is unknown",
                    "actual mileage unknown",
                    "actual miles unknown",
                    "not actual",
                    "non actual",
                    "not the actual",
                    "mileage discrepancy",
                    "odometer discrepancy",
                    "miles not actual",
                    "inaccurate",
                    "rolled back",
                    "rollback",
                ],
                OdometerStatus::TrueMileageUnknown,
            ),
            (&["exceeds", "exceeds limits", "exceeds mechanical limits", "in excess"], OdometerStatus::ExceedsLimits),
            (&["exempt"], OdometerStatus::Exempt),
            (&["actual"], OdometerStatus::Actual),
        ];
        let denies = |word: &str| self.hold(&format!("not {word}")) || self.hold(&format!("no {word}"));
        let said = WORDS.iter().find(|(phrases, _)| phrases.iter().any(|phrase| self.hold(phrase)));
        said.map(|(_, status)| *status).filter(|status| *status != OdometerStatus::Exempt || !denies("exempt"))
    }
}

/// Reads a status in our words or in a website's own; one that is unknown is none.
pub(super) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OdometerStatus>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| OdometerStatus::read(&text)))
}

#[cfg(test)]
mod tests {
    use super::{OdometerStatus::*, *};

    #[test]
    fn a_status_is_read_in_the_words_of_a_website() {
        for (text, status) in [
            ("TMU", Some(TrueMileageUnknown)),
            ("Not Actual", Some(TrueMileageUnknown)),
            ("notActual", Some(TrueMileageUnknown)),
            ("True Mileage Unknown", Some(TrueMileageUnknown)),
            ("unknown", Some(TrueMileageUnknown)),
            ("EXEMPT", Some(Exempt)),
            ("not exempt", None),
            ("Exceeds mechanical limits", Some(ExceedsLimits)),
            ("exceeds_limits", Some(ExceedsLimits)),
            ("Actual mileage", Some(Actual)),
            ("48,200", None),
            ("", None),
        ] {
            assert_eq!(OdometerStatus::read(text), status, "{text}");
        }
    }

    #[test]
    fn miles_and_badges_speak_of_the_odometer() {
        for (text, status) in [
            ("120,345 (TMU)", Some(TrueMileageUnknown)),
            ("Exempt", Some(Exempt)),
            ("120,345 miles, exempt", Some(Exempt)),
            ("120,345 miles", None),
            ("Unknown", None),
        ] {
            assert_eq!(OdometerStatus::of_mileage(text), status, "{text}");
        }
        for (text, status) in [
            ("TMU", Some(TrueMileageUnknown)),
            ("Not actual miles", Some(TrueMileageUnknown)),
            ("Mileage exempt", Some(Exempt)),
            ("Tax exempt", None),
            ("Actual photo", None),
            ("120,345 miles", None),
        ] {
            assert_eq!(OdometerStatus::of_badge(text), status, "{text}");
        }
    }

    #[test]
    fn words_are_written_as_they_are_read() {
        for status in OdometerStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            assert_eq!(OdometerStatus::read(status.as_str()), Some(status));
        }
    }
}
