//! Where VINs stand in a text.
//!
//! What is deliberately not here: what a VIN means; that is the `vin` module's. A page is full of seventeen-character words,
//! so a run of letters and digits is taken for a VIN only with evidence: its check digit, or a label that says so.

use crate::vin::Vin;

const LENGTH: usize = 17;

/// The VIN in capitals, where `text` is one and no placeholder such as 11111111111111111, which passes the check digit.
pub(crate) fn parse(text: &str) -> Option<String> {
    real(text).map(|vin| vin.to_string())
}

fn real(text: &str) -> Option<Vin> {
    Vin::parse(text.trim()).ok().filter(|vin| !vin.is_placeholder())
}

/// How much a text's place says for a VIN in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// A field called VIN: the right alphabet is enough.
    Labelled,
    /// Anywhere: the check digit must hold, or the text itself must say VIN in front.
    Anywhere,
}

/// The VINs of a text, in capitals and in order.
pub(crate) fn find(text: &str, context: Context) -> impl Iterator<Item = String> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            if !bytes[at].is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
                at += 1;
            }
            if at - start != LENGTH {
                continue;
            }
            let run = &text[start..at];
            // Serial numbers end in digits, and no maker's code is all digits: neither words nor time stamps qualify.
            let digits = run.bytes().filter(u8::is_ascii_digit).count();
            if let Some(vin) = real(run).filter(|_| (4..LENGTH - 1).contains(&digits))
                && (context == Context::Labelled || vin.check_digit_ok() || label_in_front(&text[..start]))
            {
                return Some(vin.to_string());
            }
        }
        None
    })
}

fn label_in_front(before: &str) -> bool {
    let label = before.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    before.len() - label.len() <= 4
        && label.len() >= 3
        && label.is_char_boundary(label.len() - 3)
        && label[label.len() - 3..].eq_ignore_ascii_case("vin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vin_is_found_by_its_check_digit_or_its_label() {
        for (text, vins) in [
            ("/used/2017-Ford-Edge-2fmpk4k91hbb11870/", vec!["2FMPK4K91HBB11870"]),
            ("VIN: 1FMCU9H98DUD93328, 1FMCU9H98DUD93328", vec!["1FMCU9H98DUD93328", "1FMCU9H98DUD93328"]),
            // A wrong check digit needs the label.
            ("1FMCU9H90DUD93328", vec![]),
            ("VIN # 1FMCU9H90DUD93328", vec!["1FMCU9H90DUD93328"]),
            ("VIN 11111111111111111", vec![]),
            ("a09b681c0a0e0ae7513b8f854ea6d069", vec![]),
            ("20171122123456789", vec![]),
            ("internationalists", vec![]),
            ("6T08C120641", vec![]),
        ] {
            assert_eq!(find(text, Context::Anywhere).collect::<Vec<_>>(), vins, "{text}");
        }
        assert_eq!(find("1FMCU9H90DUD93328", Context::Labelled).count(), 1);
    }

    #[test]
    fn a_placeholder_or_a_forbidden_letter_is_no_vin() {
        assert_eq!(parse(" 2fmpk4k91hbb11870 ").as_deref(), Some("2FMPK4K91HBB11870"));
        for text in ["11111111111111111", "2FMPK4K91HBB1187O", "2FMPK4K91HBB1187", "", "ü2FMPK4K91HBB118"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
