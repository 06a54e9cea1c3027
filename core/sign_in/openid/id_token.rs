//! ID tokens (OpenID Connect Core 1.0, section 3.1.3.7): read, verified, and their claims checked. No I/O.
//!
//! A token is three parts: a header, claims, and a signature over both. It comes from the provider itself over TLS, and it is
//! verified nevertheless.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    TENANT,
    keys::{self, Keys, Unverified},
};
use crate::secret;

/// A longer token is not looked at.
const LONGEST: usize = 32 * 1024;
/// A longer subject breaks the standard, and fits no column.
const LONGEST_SUBJECT: usize = 255;
/// How far the clocks of a provider and of this machine may be apart, in seconds.
const SKEW: f64 = 60.0;

/// What a token must say.
pub(super) struct Expected<'a> {
    /// The issuer for the tenant of a token, if it is one that is let in.
    pub(super) issuer_of: &'a dyn Fn(Option<&str>) -> Option<String>,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// The algorithms that the provider says it uses.
    pub(super) algorithms: &'a [String],
    pub(super) now: DateTime<Utc>,
}

/// Why a token is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No key that we have has signed it.
    UnknownKey,
    /// Its tenant is none of those that are let in.
    Tenant,
    Unbelievable(&'static str),
}

/// What a token says. What says nothing about who somebody is may be anything.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    pub(super) tid: Option<String>,
    pub(super) oid: Option<String>,
    #[serde(flatten)]
    pub(super) profile: Profile,
}

/// What a provider says about a person, in the ID token or at the `UserInfo` endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profile {
    pub(super) email: Value,
    pub(super) email_verified: Value,
    pub(super) name: Value,
    pub(super) picture: Value,
    pub(super) preferred_username: Value,
    /// Google: the organisation's domain.
    pub(super) hd: Value,
    /// Microsoft: whether the owner of the address's domain has been verified.
    pub(super) xms_edov: Value,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// The claims of a token that is signed by one of the keys, for us, now.
pub(super) fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, Fault> {
    let unbelievable = |what| Err(Fault::Unbelievable(what));
    if token.len() > LONGEST {
        return unbelievable("it is too long");
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return unbelievable("it does not have three parts");
    };
    let signed = &token[..header.len() + 1 + payload.len()];
    let header: Header = decoded(header).ok_or(Fault::Unbelievable("its header can not be read"))?;
    if header.crit.is_some() || header.typ.is_some_and(|kind| !kind.eq_ignore_ascii_case("jwt")) {
        return unbelievable("it is another kind of token");
    }
    if !keys::is_algorithm(&header.alg) || !expected.algorithms.contains(&header.alg) {
        return unbelievable("it is signed in a way that does not count");
    }
    let signature =
        URL_SAFE_NO_PAD.decode(signature).map_err(|_reason| Fault::Unbelievable("its signature can not be read"))?;
    // Whose key it must be is in the claims, which say nothing before the signature is verified.
    let claims: Claims = decoded(payload).ok_or(Fault::Unbelievable("its claims can not be read"))?;
    let issuer = (expected.issuer_of)(claims.tid.as_deref()).ok_or(Fault::Tenant)?;
    let is_of_issuer =
        |of: &str| of == issuer || claims.tid.as_deref().is_some_and(|tid| of.replace(TENANT, tid) == issuer);
    match keys.verify(&header.alg, header.kid.as_deref(), &is_of_issuer, signed.as_bytes(), &signature) {
        Ok(()) => {}
        Err(Unverified::UnknownKey) => return Err(Fault::UnknownKey),
        Err(Unverified::WrongSignature) => return unbelievable("its signature is wrong"),
    }
    claims.check(&issuer, expected)?;
    Ok(claims)
}

impl Claims {
    fn check(&self, issuer: &str, expected: &Expected<'_>) -> Result<(), Fault> {
        let now = expected.now.timestamp() as f64;
        let is_for_us = match &self.aud {
            Audience::One(audience) => audience == expected.client_id,
            // We trust no other audience, and a token for several could be sent here by one of them.
            Audience::Several(audiences) => matches!(audiences.as_slice(), [only] if only == expected.client_id),
        };
        let nonce = self.nonce.as_deref().unwrap_or_default();
        for (holds, fault) in [
            (self.iss == issuer, "it is of another issuer"),
            (is_for_us, "it is for another client"),
            (self.azp.as_deref().is_none_or(|party| party == expected.client_id), "another client has asked for it"),
            (self.exp > now - SKEW, "it has expired"),
            (self.iat < now + SKEW, "it was issued in the future"),
            (self.nbf.is_none_or(|start| start < now + SKEW), "it is not valid yet"),
            (secret::is_same(nonce.as_bytes(), expected.nonce.as_bytes()), "it is of another sign-in"),
            ((1..=LONGEST_SUBJECT).contains(&self.sub.len()), "its subject is empty or too long"),
        ] {
            if !holds {
                return Err(Fault::Unbelievable(fault));
            }
        }
        Ok(())
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use serde_json::json;

    use super::*;

    const CLIENT: &str = "lot";
    const ISSUER: &str = "https://id.example";

    static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
    });

    fn keys() -> Keys {
        let point = KEY.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        let document = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y}]});
        Keys::read(document.to_string().as_bytes()).unwrap()
    }

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "sub": "7", "aud": CLIENT, "exp": noon().timestamp() + 300, "iat": noon().timestamp(),
            "nonce": "n", "email": "ann@lot.example", "picture": null, "address": {"country": "US"}})
    }

    fn signed(header: &Value, claims: &str) -> String {
        let text = [header.to_string().as_str(), claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = KEY.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn outcome(token: &str) -> Result<String, Fault> {
        let expected = Expected {
            issuer_of: &|tenant| (tenant != Some("closed")).then(|| ISSUER.to_owned()),
            client_id: CLIENT,
            nonce: "n",
            algorithms: &["ES256".to_owned(), "none".to_owned(), "HS256".to_owned()],
            now: noon(),
        };
        verify(token, &keys(), &expected).map(|claims| claims.sub)
    }

    fn with(name: &str, value: Value) -> Result<String, Fault> {
        let mut claims = claims();
        claims[name] = value;
        outcome(&signed(&json!({"alg": "ES256", "kid": "k"}), &claims.to_string()))
    }

    #[test]
    fn a_good_token_is_believed() {
        let subject = Ok("7".to_owned());
        for header in [json!({"alg": "ES256"}), json!({"alg": "ES256", "kid": "k", "typ": "JWT"})] {
            assert_eq!(outcome(&signed(&header, &claims().to_string())), subject);
        }
        let now = noon().timestamp();
        for (name, value) in [
            ("aud", json!([CLIENT])),
            ("azp", json!(CLIENT)),
            ("exp", json!(now - 59)),
            ("exp", json!(now as f64 + 0.5)),
            ("iat", json!(now + 59)),
            ("nbf", json!(now + 59)),
            ("name", json!(7)),
        ] {
            assert_eq!(with(name, value.clone()), subject, "{name} {value}");
        }
    }

    #[test]
    fn claims_that_do_not_hold_are_named() {
        let now = noon().timestamp();
        for (name, value, fault) in [
            ("iss", json!("https://evil.example"), "it is of another issuer"),
            ("iss", json!("https://id.example/"), "it is of another issuer"),
            ("aud", json!("other"), "it is for another client"),
            ("aud", json!([]), "it is for another client"),
            ("aud", json!([CLIENT, "other"]), "it is for another client"),
            ("azp", json!("other"), "another client has asked for it"),
            ("exp", json!(now - 60), "it has expired"),
            ("exp", json!(-1e300), "it has expired"),
            ("iat", json!(now + 60), "it was issued in the future"),
            ("nbf", json!(now + 60), "it is not valid yet"),
            ("nonce", json!("m"), "it is of another sign-in"),
            ("nonce", Value::Null, "it is of another sign-in"),
            ("sub", json!(""), "its subject is empty or too long"),
            ("sub", json!("x".repeat(256)), "its subject is empty or too long"),
            ("exp", json!("1900000000"), "its claims can not be read"),
            ("exp", Value::Null, "its claims can not be read"),
            ("iat", json!(true), "its claims can not be read"),
            ("sub", json!(7), "its claims can not be read"),
        ] {
            assert_eq!(with(name, value.clone()), Err(Fault::Unbelievable(fault)), "{name} {value}");
        }
        assert_eq!(with("tid", json!("closed")), Err(Fault::Tenant));
        let twice = claims().to_string().replacen("{", r#"{"iss":"https://evil.example","#, 1);
        let fault = outcome(&signed(&json!({"alg": "ES256"}), &twice));
        assert_eq!(fault, Err(Fault::Unbelievable("its claims can not be read")));
    }

    #[test]
    fn a_token_that_nobody_signed_so_is_not_believed() {
        let good = signed(&json!({"alg": "ES256", "kid": "k"}), &claims().to_string());
        let unsigned = format!("{}.", &good[..good.rfind('.').unwrap()]);
        let header = |header: Value| {
            let rest = good.split_once('.').unwrap().1;
            format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
        };
        for (token, fault) in [
            (String::new(), "it does not have three parts"),
            ("a.b".to_owned(), "it does not have three parts"),
            (format!("{good}.e30"), "it does not have three parts"),
            ("a.b.c".to_owned(), "its header can not be read"),
            (header(json!({"alg": "none"})), "it is signed in a way that does not count"),
            (header(json!({"alg": "HS256"})), "it is signed in a way that does not count"),
            (header(json!({"alg": "ES384"})), "it is signed in a way that does not count"),
            (header(json!({"alg": "ES256", "crit": ["b64"]})), "it is another kind of token"),
            (header(json!({"alg": "ES256", "typ": "at+jwt"})), "it is another kind of token"),
            (header(json!({"alg": "ES256", "kid": "k", "a": 1})), "its signature is wrong"),
            (unsigned, "its signature is wrong"),
            (format!("{good}="), "its signature can not be read"),
            ("a".repeat(LONGEST + 1), "it is too long"),
        ] {
            assert_eq!(outcome(&token), Err(Fault::Unbelievable(fault)), "{token:.40}");
        }
        let other_key = signed(&json!({"alg": "ES256", "kid": "new"}), &claims().to_string());
        assert_eq!(outcome(&other_key), Err(Fault::UnknownKey));
    }
}
