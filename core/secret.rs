//! Secrets: random bytes, their hashes, and comparisons that take the same time wherever two texts differ.
//!
//! A secret of 256 random bits needs no slow hash: nobody can try them all.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::{Error, ErrorCode, Result};

/// Random bytes of the operating system.
///
/// # Errors
/// `randomness_unavailable`.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|reason| {
        Error::new(ErrorCode::RandomnessUnavailable, "the operating system gave no random bytes").with_source(reason)
    })?;
    Ok(bytes)
}

/// The SHA-256 of a secret, in hexadecimal.
pub(crate) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// The bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string can not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether both are the same. The time does not depend on where they differ.
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_known_one_and_random_bytes_differ() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_ne!(random::<32>().unwrap(), random::<32>().unwrap());
        assert!(is_same(b"ab", b"ab") && !is_same(b"ab", b"ac") && !is_same(b"ab", b"abc"));
    }
}
