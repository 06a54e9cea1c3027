//! A provider's public keys (JSON Web Keys, RFC 7517) and the signatures that they verify.
//!
//! What an algorithm computes is left to `ring`. Keys are public here, and only signatures of a pair of keys count: with a shared
//! secret, or with no signature at all, anybody could write an ID token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// Keys beyond this many are not looked at.
const MOST_KEYS: usize = 100;

/// What a key verifies with an algorithm.
#[derive(Clone, Copy)]
enum Scheme {
    Rsa(&'static RsaParameters),
    Ec(&'static str, &'static EcdsaVerificationAlgorithm),
    Ed25519,
}

/// The algorithms that count, by their names in JOSE (RFC 7518, RFC 8037, RFC 9864).
const ALGORITHMS: [(&str, Scheme); 10] = [
    ("RS256", Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    ("RS384", Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
    ("RS512", Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
    ("PS256", Scheme::Rsa(&RSA_PSS_2048_8192_SHA256)),
    ("PS384", Scheme::Rsa(&RSA_PSS_2048_8192_SHA384)),
    ("PS512", Scheme::Rsa(&RSA_PSS_2048_8192_SHA512)),
    ("ES256", Scheme::Ec("P-256", &ECDSA_P256_SHA256_FIXED)),
    ("ES384", Scheme::Ec("P-384", &ECDSA_P384_SHA384_FIXED)),
    ("EdDSA", Scheme::Ed25519),
    ("Ed25519", Scheme::Ed25519),
];

/// Whether the algorithm is one that counts.
pub(super) fn is_algorithm(name: &str) -> bool {
    scheme_of(name).is_some()
}

fn scheme_of(name: &str) -> Option<Scheme> {
    ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, scheme)| *scheme)
}

/// The keys that a provider signs with.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The one algorithm that the key is for, if it says so.
    algorithm: Option<String>,
    /// Whose tokens it signs, if it says so. Microsoft's says so.
    issuer: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A curve and a point, uncompressed.
    Ec {
        curve: String,
        point: Vec<u8>,
    },
    Ed25519(Vec<u8>),
}

/// Why no key has verified a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unverified {
    /// There is no such key. The provider may have a new one.
    UnknownKey,
    /// The signature is not that of the key.
    WrongSignature,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    issuer: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a JWK Set. Keys of other kinds and for other uses are passed over.
    pub(super) fn read(document: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(document).map_err(|reason| reason.to_string())?;
        let keys =
            document.keys.into_iter().take(MOST_KEYS).filter_map(|key| Key::of(serde_json::from_value(key).ok()?));
        Ok(Self(keys.collect()))
    }

    /// Whether a key of this issuer has signed the message. A key without an id fits any.
    pub(super) fn verify(
        &self,
        algorithm: &str,
        id: Option<&str>,
        issuer: &dyn Fn(&str) -> bool,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Unverified> {
        let scheme = scheme_of(algorithm).ok_or(Unverified::UnknownKey)?;
        let fits = |key: &&Key| {
            key.material.is_for(scheme)
                && key.algorithm.as_deref().is_none_or(|only| only == algorithm)
                && key.issuer.as_deref().is_none_or(issuer)
                && (id.is_none() || id == key.id.as_deref())
        };
        let mut fitting = self.0.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            return Err(Unverified::UnknownKey);
        }
        let is_signed = fitting.any(|key| key.material.verify(scheme, message, signature));
        if is_signed { Ok(()) } else { Err(Unverified::WrongSignature) }
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.r#use.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let material = match jwk.kty.as_str() {
            "RSA" => {
                // `ring` wants numbers without zeros in front.
                let number = |text| bytes(text).map(|bytes| bytes.into_iter().skip_while(|byte| *byte == 0).collect());
                Material::Rsa { n: number(jwk.n)?, e: number(jwk.e)? }
            }
            "EC" => {
                let (x, y) = (bytes(jwk.x)?, bytes(jwk.y)?);
                (x.len() == y.len())
                    .then(|| Material::Ec { curve: jwk.crv.unwrap_or_default(), point: [&[4], &*x, &*y].concat() })?
            }
            "OKP" if jwk.crv.as_deref() == Some("Ed25519") => Material::Ed25519(bytes(jwk.x)?),
            _ => return None,
        };
        Some(Self { id: jwk.kid, algorithm: jwk.alg, issuer: jwk.issuer, material })
    }
}

impl Material {
    fn is_for(&self, scheme: Scheme) -> bool {
        match (self, scheme) {
            (Self::Rsa { .. }, Scheme::Rsa(_)) | (Self::Ed25519(_), Scheme::Ed25519) => true,
            (Self::Ec { curve, .. }, Scheme::Ec(wanted, _)) => curve == wanted,
            _ => false,
        }
    }

    fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        match (self, scheme) {
            (Self::Rsa { n, e }, Scheme::Rsa(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            (Self::Ec { point, .. }, Scheme::Ec(_, algorithm)) => {
                UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
            }
            (Self::Ed25519(point), Scheme::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7515, appendix A.2: RSA and SHA-256.
    const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const RSA_MESSAGE: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn verify(key: Value, algorithm: &str, id: Option<&str>, message: &str, signature: &str) -> Result<(), Unverified> {
        let keys = Keys::read(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
        keys.verify(algorithm, id, &|issuer| issuer == "https://a.example", message.as_bytes(), &bytes(signature))
    }

    #[test]
    fn signatures_of_the_standards_are_verified() {
        let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "1"});
        assert_eq!(verify(rsa.clone(), "RS256", Some("1"), RSA_MESSAGE, RSA_SIGNATURE), Ok(()));
        assert_eq!(verify(rsa, "RS256", None, RSA_MESSAGE, RSA_SIGNATURE), Ok(()));
        // RFC 7515, appendix A.3.
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert_eq!(verify(ec, "ES256", None, message, signature), Ok(()));
        // RFC 8037, appendix A.4.
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(verify(ed, "EdDSA", None, message, signature), Ok(()));
    }

    #[test]
    fn what_no_key_for_it_has_signed_is_not_verified() {
        let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "1"});
        let with = |name: &str, value: &str| {
            let mut key = rsa.clone();
            key[name] = json!(value);
            key
        };
        for (key, algorithm, id, expected) in [
            (rsa.clone(), "RS256", Some("2"), Err(Unverified::UnknownKey)),
            (rsa.clone(), "RS384", Some("1"), Err(Unverified::WrongSignature)),
            (rsa.clone(), "PS256", Some("1"), Err(Unverified::WrongSignature)),
            (rsa.clone(), "ES256", Some("1"), Err(Unverified::UnknownKey)),
            (rsa.clone(), "HS256", Some("1"), Err(Unverified::UnknownKey)),
            (rsa.clone(), "none", Some("1"), Err(Unverified::UnknownKey)),
            (with("use", "enc"), "RS256", Some("1"), Err(Unverified::UnknownKey)),
            (with("use", "sig"), "RS256", Some("1"), Ok(())),
            (with("alg", "RS512"), "RS256", Some("1"), Err(Unverified::UnknownKey)),
            (with("alg", "RS256"), "RS256", Some("1"), Ok(())),
            (with("issuer", "https://b.example"), "RS256", Some("1"), Err(Unverified::UnknownKey)),
            (with("issuer", "https://a.example"), "RS256", Some("1"), Ok(())),
            (with("kty", "oct"), "RS256", Some("1"), Err(Unverified::UnknownKey)),
            (with("n", "!"), "RS256", Some("1"), Err(Unverified::UnknownKey)),
            (with("n", "AQAB"), "RS256", Some("1"), Err(Unverified::WrongSignature)),
            (json!("key"), "RS256", None, Err(Unverified::UnknownKey)),
        ] {
            assert_eq!(verify(key.clone(), algorithm, id, RSA_MESSAGE, RSA_SIGNATURE), expected, "{algorithm} {key}");
        }
        assert_eq!(verify(rsa.clone(), "RS256", None, "other", RSA_SIGNATURE), Err(Unverified::WrongSignature));
        assert_eq!(verify(rsa, "RS256", None, RSA_MESSAGE, ""), Err(Unverified::WrongSignature));
        for document in ["", "{}", "[]", r#"{"keys": {}}"#] {
            assert!(Keys::read(document.as_bytes()).is_err(), "{document}");
        }
    }
}
