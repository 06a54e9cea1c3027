//! Who a provider says has signed in.

use serde_json::Value;

use super::{
    ProviderConfig, ProviderKind,
    id_token::{Claims, Profile},
};
use crate::users;

const LONGEST_NAME: usize = 255;
const LONGEST_PICTURE: usize = 2_000;

/// A person at a provider. Issuer and subject together are the account, and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) issuer: String,
    /// Google's and others' `sub`; Microsoft's `oid`, which is the same for every client of a tenant.
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    /// Whether the provider has verified that the address is the person's.
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
    pub(crate) picture: Option<String>,
    /// The organisation at Google.
    pub(crate) hosted_domain: Option<String>,
}

impl Person {
    /// `None` if Microsoft names no object.
    pub(super) fn of(provider: &ProviderConfig, claims: Claims, profile: Profile) -> Option<Self> {
        let is_microsoft = provider.kind == ProviderKind::Microsoft;
        let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let email = text(&profile.email).or_else(|| text(&profile.preferred_username).filter(|_| is_microsoft));
        let email = email.map(|email| email.to_lowercase()).filter(|email| users::is_plausible_email(email));
        let email_verified = if is_microsoft {
            // Anybody can write any address into a tenant of their own.
            is_domain_owner_verified(&profile.xms_edov) && profile.email.is_string()
        } else {
            profile.email_verified == Value::Bool(true)
        };
        let name =
            text(&profile.name).map(|name| name.chars().filter(|sign| !sign.is_control()).take(LONGEST_NAME).collect());
        let picture = text(&profile.picture).filter(|url| url.starts_with("https://") && url.len() <= LONGEST_PICTURE);
        Some(Self {
            issuer: claims.iss,
            subject: if is_microsoft { claims.oid.filter(|id| (1..=255).contains(&id.len()))? } else { claims.sub },
            email_verified: email_verified && email.is_some(),
            email,
            name: name.filter(|name: &String| !name.trim().is_empty()),
            picture,
            hosted_domain: text(&profile.hd).map(|domain| domain.to_lowercase()),
        })
    }
}

/// Microsoft writes the claim in three ways.
fn is_domain_owner_verified(claim: &Value) -> bool {
    match claim {
        Value::Bool(verified) => *verified,
        Value::Number(number) => number.as_u64() == Some(1),
        Value::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
