//! What proves that an upload was allowed: a signature in the address of a folder's upload, and the token of a customer. No I/O.
//!
//! Both are HMAC-SHA256 by a key that only the servers of the storage have, over all that they allow. Neither is kept anywhere.

use chrono::{DateTime, TimeDelta, Utc};

use super::{PhotoToken, key::UploadKey, store::Announced};
use crate::{
    error::{Error, ErrorCode, Result},
    ids::SubmissionId,
    secret,
};

/// An upload that an address allows: the parts of the address, as the HTTP server reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadPermit {
    /// The key of the upload, such as `incoming/inventory/.../....jpg`.
    pub key: String,
    /// The size in bytes that was announced.
    pub length: u64,
    /// When it ends, in seconds since 1970.
    pub expires: i64,
    /// The signature, in hexadecimal.
    pub signature: String,
}

impl UploadPermit {
    /// The permit with these parts.
    #[must_use]
    pub fn new(key: impl Into<String>, length: u64, expires: i64, signature: impl Into<String>) -> Self {
        Self { key: key.into(), length, expires, signature: signature.into() }
    }

    pub(super) fn sign(signing_key: &[u8; 32], announced: &Announced<'_>) -> Self {
        let holds = TimeDelta::from_std(announced.holds).unwrap_or_default();
        let expires = (announced.now + holds).timestamp();
        let mut permit = Self::new(announced.key.to_string(), announced.length, expires, "");
        permit.signature = permit.signature_by(signing_key);
        permit
    }

    fn signature_by(&self, signing_key: &[u8; 32]) -> String {
        let Self { key, length, expires, .. } = self;
        secret::hex(&secret::hmac_sha256(signing_key, format!("upload\n{key}\n{length}\n{expires}").as_bytes()))
    }

    /// The whole address.
    pub(super) fn address(&self, public_url: &str) -> String {
        let Self { key, length, expires, signature } = self;
        format!("{public_url}/{key}?length={length}&expires={expires}&signature={signature}")
    }

    /// The key, where the permit is genuine and holds.
    ///
    /// # Errors
    /// `upload_refused`.
    pub(super) fn verify(&self, signing_key: &[u8; 32], now: DateTime<Utc>) -> Result<UploadKey> {
        let refused = |message: &'static str| Error::new(ErrorCode::UploadRefused, message);
        let key = UploadKey::parse(&self.key).ok_or_else(|| refused("the address was not made here"))?;
        if !secret::is_same(self.signature_by(signing_key).as_bytes(), self.signature.as_bytes()) {
            return Err(refused("the address was not made here, or was changed"));
        }
        if now.timestamp() >= self.expires {
            return Err(refused("the address has ended: ask for another one"));
        }
        Ok(key)
    }
}

/// Makes the token of a customer: until when, and a signature over that and the submission.
pub(super) fn token_for(signing_key: &[u8; 32], submission: SubmissionId, expires_at: DateTime<Utc>) -> PhotoToken {
    let expires = expires_at.timestamp();
    let token = format!("{expires}.{}", token_signature(signing_key, submission, expires));
    PhotoToken { token, expires_at }
}

fn token_signature(signing_key: &[u8; 32], submission: SubmissionId, expires: i64) -> String {
    secret::hex(&secret::hmac_sha256(signing_key, format!("photos\n{submission}\n{expires}").as_bytes()))
}

/// # Errors
/// `photo_token_refused`.
pub(super) fn verify_token(
    signing_key: &[u8; 32],
    token: &str,
    submission: SubmissionId,
    now: DateTime<Utc>,
) -> Result<()> {
    let refused = |message: &'static str| Error::new(ErrorCode::PhotoTokenRefused, message);
    let wrong = || refused("the token is not one for photos of this submission");
    let (expires, signature) = token.split_once('.').ok_or_else(wrong)?;
    let expires: i64 = expires.parse().map_err(|_no_number| wrong())?;
    if !secret::is_same(token_signature(signing_key, submission, expires).as_bytes(), signature.as_bytes()) {
        return Err(wrong());
    }
    if now.timestamp() >= expires {
        return Err(refused("the time for sending photos of this submission is over"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::storage::{PhotoType, key::PhotoNumber};

    const KEY: [u8; 32] = [7; 32];

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn a_permit_holds_for_what_was_signed_and_until_it_ends() {
        let owner = SubmissionId::new(now()).into();
        let (number, length) = (PhotoNumber::random().unwrap(), Some(736));
        let key = UploadKey { owner, number, length, photo_type: PhotoType::Jpeg };
        let announced = Announced { key: &key, length: 77, now: now(), holds: Duration::from_secs(60) };
        let permit = UploadPermit::sign(&KEY, &announced);
        assert_eq!(permit.verify(&KEY, now()).unwrap(), key);
        let code = |permit: &UploadPermit, key: &[u8; 32], after: i64| {
            permit.verify(key, now() + TimeDelta::seconds(after)).map(|_| ()).map_err(|error| error.code())
        };
        assert_eq!(code(&permit, &KEY, 59), Ok(()));
        let changed = |change: fn(&mut UploadPermit)| {
            let mut permit = permit.clone();
            change(&mut permit);
            permit
        };
        for (wrong, key, after) in [
            (permit.clone(), KEY, 60),
            (permit.clone(), [8; 32], 0),
            (changed(|permit| permit.length += 1), KEY, 0),
            (changed(|permit| permit.expires += 1), KEY, 0),
            (changed(|permit| permit.key = permit.key.replace(".jpg", ".png")), KEY, 0),
            (changed(|permit| permit.key = "incoming/../signing.key".into()), KEY, 0),
            (changed(|permit| permit.signature.clear()), KEY, 0),
        ] {
            assert_eq!(code(&wrong, &key, after), Err("upload_refused"), "{wrong:?} {after}");
        }
    }

    #[test]
    fn a_token_holds_for_its_submission_and_until_it_ends() {
        let submission = SubmissionId::new(now());
        let PhotoToken { token, .. } = token_for(&KEY, submission, now() + TimeDelta::minutes(60));
        assert!(verify_token(&KEY, &token, submission, now()).is_ok());
        let later = now() + TimeDelta::minutes(60);
        let longer = token.replacen("17", "18", 1);
        for (token, submission, key, at) in [
            (token.as_str(), SubmissionId::new(now()), KEY, now()),
            (&token, submission, [8; 32], now()),
            (&token, submission, KEY, later),
            (&longer, submission, KEY, now()),
            ("", submission, KEY, now()),
            (".", submission, KEY, now()),
            ("99999999999999999999.aa", submission, KEY, now()),
        ] {
            let refusal = verify_token(&key, token, submission, at).err().map(|error| error.code());
            assert_eq!(refusal, Some("photo_token_refused"), "{token}");
        }
    }
}
