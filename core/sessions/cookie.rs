//! The value of a session's cookie, signed as npm's `cookie-signature` does: `s:<sid>.<mac>`.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use crate::{error::Result, secret};

/// A longer value is no cookie of ours. express-session makes ids of 32 letters, but an application may make its own.
const LONGEST: usize = 512;

/// A new id: 24 random bytes in 32 letters, as express-session makes them.
pub(super) fn new_id() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(secret::random::<24>()?))
}

/// The value for a session, signed with the secret.
pub(super) fn sign(id: &str, secret: &str) -> String {
    format!("s:{id}.{}", mac(id, secret))
}

/// The session's id, if one of the secrets has signed the value.
pub(super) fn verify<'v>(value: &'v str, secrets: &[String]) -> Option<&'v str> {
    if value.len() > LONGEST {
        return None;
    }
    let (id, mac_given) = value.strip_prefix("s:")?.rsplit_once('.')?;
    // Every secret is tried, so that the time does not tell which one it was.
    let is_signed = secrets
        .iter()
        .fold(false, |signed, secret| signed | secret::is_same(mac(id, secret).as_bytes(), mac_given.as_bytes()));
    (is_signed && !id.is_empty() && !id.contains('\0')).then_some(id)
}

fn mac(id: &str, secret: &str) -> String {
    STANDARD_NO_PAD.encode(secret::hmac_sha256(secret.as_bytes(), id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_signed_as_node_signs_it() {
        // cookie-signature 1.2.2: sign("hello", "tobiiscool"), from its own tests.
        assert_eq!(sign("hello", "tobiiscool"), "s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI");
    }

    #[test]
    fn what_no_secret_has_signed_is_refused() {
        let secrets = ["new".to_owned(), "old".to_owned()];
        for secret in &secrets {
            assert_eq!(verify(&sign("id", secret), &secrets), Some("id"));
            assert_eq!(verify(&sign("a.b", secret), &secrets), Some("a.b"), "the last dot counts");
        }
        let good = sign("id", "new");
        let long = sign(&"x".repeat(600), "new");
        for value in ["", "s:", "s:.", "s:id", "id", &good[2..], &good[..good.len() - 1], &sign("id", "third"), &long] {
            assert_eq!(verify(value, &secrets), None, "{value}");
        }
        assert_eq!(verify(&sign("", "new"), &secrets), None);
        assert_eq!(verify(&good.replace("s:id", "s:ie"), &secrets), None);
        assert_eq!(verify(&good, &[]), None);
    }

    #[test]
    fn an_id_is_new_and_has_the_form_of_nodes() {
        let ids = [new_id().unwrap(), new_id().unwrap()];
        assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 32), "{ids:?}");
    }
}
