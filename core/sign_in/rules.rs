//! The rules of sign-in links. No I/O.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    error::{Error, ErrorCode},
    secret,
};

/// The beginning of a link's secret.
const PREFIX: &str = "jpl_";

/// How long a link is valid.
const VALID_FOR: TimeDelta = TimeDelta::minutes(15);

pub(super) fn secret_of(random: [u8; 32]) -> String {
    format!("{PREFIX}{}", secret::hex(&random))
}

/// Whether the text has the form of a secret.
pub(super) fn is_secret(text: &str) -> bool {
    let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    text.strip_prefix(PREFIX).is_some_and(is_hex)
}

pub(super) fn end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + VALID_FOR
}

/// What everybody hears whose link is not valid, whatever the reason.
pub(super) fn refusal() -> Error {
    Error::new(ErrorCode::LinkRefused, "the link is unknown, was used before or has expired")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_form() {
        let secret = secret_of([0xcd; 32]);
        assert!(is_secret(&secret));
        for wrong in ["", "jpl_", &secret[1..], &secret[..67], &secret.to_uppercase(), &format!("{secret}0")] {
            assert!(!is_secret(wrong), "{wrong}");
        }
    }
}
