//! The rules of API tokens: what a new one may be, how its secret is written, and when one is valid. No I/O.

use chrono::{DateTime, Datelike as _, SubsecRound as _, TimeDelta, Utc};
use uuid::Uuid;

use super::{NewToken, Token};
use crate::{
    actor::{Actor, Role},
    error::{Error, ErrorCode, Faults, Result},
    ids::TokenId,
    secret,
};

/// The beginning of every secret, by which people and scanners know it.
const PREFIX: &str = "jpa_";

const LONGEST_NAME: usize = 255;

/// A later year has more than four digits in some time zone, which no text of a time has.
const LAST_YEAR: i32 = 9998;

/// How old `last_used_at` may be.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The token of a creator with this role. The program itself has none and may do everything.
pub(super) fn create(new: &NewToken, creator: &Actor, role: Option<Role>, now: DateTime<Utc>) -> Result<Token> {
    let name = new.name.trim().to_owned();
    let mut faults = Faults::default();
    faults.check(
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains('\0'),
        "/name",
        "expected 1 to 255 characters",
    );
    let is_soon = |end: DateTime<Utc>| end > now && end.year() <= LAST_YEAR;
    faults.check(
        new.expires_at.is_none_or(is_soon),
        "/expires_at",
        "expected a time in the future, in the year 9998 at the latest",
    );
    faults.into_result(ErrorCode::InvalidToken)?;
    if let Some(role) = role.filter(|role| new.role > *role) {
        let message = format!("a token that you create may have the role {role} or a lower one");
        return Err(Error::new(ErrorCode::RoleAboveOwn, message).with_field("/role", "is above your own"));
    }
    Ok(Token {
        id: TokenId::new(now),
        name,
        role: new.role,
        user_id: creator.user_id(),
        created_at: now,
        // As much as both databases keep.
        expires_at: new.expires_at.map(|end| end.trunc_subsecs(6)),
        last_used_at: None,
        revoked_at: None,
        user_email: None,
        works: true,
    })
}

/// The token, revoked. One that was revoked before stays as it is.
pub(super) fn revoke(token: &Token, now: DateTime<Utc>) -> Token {
    Token { revoked_at: token.revoked_at.or(Some(now)), works: false, ..token.clone() }
}

/// The secret of a token: the prefix, its id, and 256 random bits.
///
/// The id finds the row. So the secret itself is compared here, in a time that says nothing, and not by an index.
pub(super) fn secret_of(id: TokenId, random: [u8; 32]) -> String {
    format!("{PREFIX}{}_{}", id.as_uuid().simple(), secret::hex(&random))
}

/// The id in a secret, if the text has the form of one.
pub(super) fn id_in(text: &str) -> Option<TokenId> {
    let (id, random) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if id.len() != 32 || random.len() != 64 || !is_hex(id) || !is_hex(random) {
        return None;
    }
    Uuid::try_parse(id).ok().map(TokenId::from_uuid)
}

/// Whether the token may be used.
pub(super) fn is_valid(token: &Token, now: DateTime<Utc>) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|end| now < end)
}

/// The token with what is known of its user: whether there is one who may act, and the address.
pub(super) fn of_user(token: Token, user: Option<&(String, bool)>, now: DateTime<Utc>) -> Token {
    let may_act = token.user_id.is_none() || user.is_some_and(|(_, is_active)| *is_active);
    Token { works: may_act && is_valid(&token, now), user_email: user.map(|(email, _)| email.clone()), ..token }
}

/// What a token may do for a creator who has this role now.
pub(super) fn role_for(token: &Token, creator: Option<Role>) -> Role {
    creator.map_or(token.role, |role| role.min(token.role))
}

/// The time before which `last_used_at` is out of date.
pub(super) fn use_noted_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - USE_NOTED_EVERY
}

/// What everybody hears whose token is not valid, whatever the reason.
pub(super) fn refusal() -> Error {
    Error::new(ErrorCode::TokenRefused, "the API token is unknown, revoked or expired")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserId;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn token() -> Token {
        let new = NewToken { name: " export ".into(), role: Role::Manager, expires_at: None };
        create(&new, &Actor::system(), None, noon()).unwrap()
    }

    #[test]
    fn a_token_has_a_name_an_end_to_come_and_no_role_above_its_creators() {
        let user = Actor::user(UserId::new(noon()));
        for (name, role, ends_in, creator, outcome) in [
            ("export", Role::Viewer, None, Some(Role::Viewer), None),
            ("export", Role::Manager, Some(1), Some(Role::Admin), None),
            ("export", Role::Admin, None, None, None),
            ("", Role::Viewer, Some(0), Some(Role::Admin), Some("/name /expires_at")),
            (&"x".repeat(256), Role::Viewer, None, Some(Role::Admin), Some("/name")),
            ("a\0b", Role::Viewer, Some(-1), Some(Role::Admin), Some("/name /expires_at")),
            ("export", Role::Manager, None, Some(Role::Viewer), Some("/role")),
            ("export", Role::Viewer, Some(251_700_000_000), Some(Role::Admin), Some("/expires_at")),
        ] {
            let expires_at = ends_in.map(|seconds| noon() + TimeDelta::seconds(seconds));
            let made = create(&NewToken { name: name.into(), role, expires_at }, &user, creator, noon());
            let pointers =
                |error: Error| error.fields().iter().map(|f| f.pointer.clone()).collect::<Vec<_>>().join(" ");
            assert_eq!(made.err().map(pointers).as_deref(), outcome, "{name:.9} {role} {creator:?}");
        }
        assert_eq!((token().name.as_str(), token().user_id), ("export", None));
    }

    #[test]
    fn a_secret_names_its_token_and_nothing_else_is_one() {
        let id = token().id;
        let secret = secret_of(id, [0xab; 32]);
        assert_eq!((secret.len(), &secret[..4], id_in(&secret)), (101, "jpa_", Some(id)));
        let upper = secret.to_uppercase();
        let wrong = ["", "jpa_", "jpa__", &secret[..100], &format!("{secret}0"), &upper, &secret.replacen('_', "-", 1)];
        for text in wrong {
            assert_eq!(id_in(text), None, "{text}");
        }
        assert_eq!(id_in(&format!("jpa_{}_{}", "é".repeat(16), "0".repeat(64))), None);
    }

    #[test]
    fn a_token_is_valid_until_it_ends_or_is_revoked() {
        let second = TimeDelta::seconds(1);
        let ending = Token { expires_at: Some(noon() + second), ..token() };
        assert!(is_valid(&token(), noon()) && is_valid(&ending, noon()) && !is_valid(&ending, noon() + second));
        let revoked = revoke(&token(), noon());
        assert!(!is_valid(&revoked, noon()));
        assert_eq!(revoke(&revoked, noon() + second), revoked);
    }

    #[test]
    fn a_token_does_no_more_than_its_creator_may_now() {
        for (creator, role) in
            [(None, Role::Manager), (Some(Role::Admin), Role::Manager), (Some(Role::Viewer), Role::Viewer)]
        {
            assert_eq!(role_for(&token(), creator), role, "{creator:?}");
        }
    }
}
