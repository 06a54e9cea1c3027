//! The rules of accounts: valid fields, and no administrator may take away their own access. No I/O.

use chrono::{DateTime, Utc};

use super::{NewUser, User};
use crate::{
    actor::{Actor, Role},
    error::{Error, ErrorCode, Faults, Result},
    ids::UserId,
};

pub(super) const LONGEST_TEXT: usize = 255;

/// The account of an invitation.
pub(super) fn invite(invitation: &NewUser, now: DateTime<Utc>) -> Result<User> {
    let email = invitation.email.trim().to_lowercase();
    let name = invitation.name.trim().to_owned();
    let mut faults = Faults::default();
    faults.check(is_plausible_email(&email), "/email", "expected an e-mail address of at most 255 characters");
    faults.check(
        !name.is_empty() && name.chars().count() <= LONGEST_TEXT && !name.contains('\0'),
        "/name",
        "expected 1 to 255 characters",
    );
    faults.into_result(ErrorCode::InvalidUser)?;
    Ok(User {
        id: UserId::new(now),
        oauth_id: format!("invited:{email}").chars().take(LONGEST_TEXT).collect(),
        email,
        name,
        oauth_provider: invitation.provider.as_str().to_owned(),
        role: invitation.role,
        avatar_url: None,
        last_login: None,
        is_active: true,
        created_at: Some(now),
    })
}

/// Refuses changes of one's own role or account, so that an administrator always remains.
pub(super) fn ensure_not_oneself(actor: &Actor, user: UserId) -> Result<()> {
    if actor.user_id() == Some(user) {
        return Err(Error::new(ErrorCode::NotOneself, "another administrator must do this for you"));
    }
    Ok(())
}

/// The user with another role.
pub(super) fn with_role(user: &User, role: Role) -> User {
    User { role, ..user.clone() }
}

/// The user, activated or deactivated.
pub(super) fn with_activity(user: &User, is_active: bool) -> User {
    User { is_active, ..user.clone() }
}

/// The user without name, address and picture. Rows that refer to the id stay valid.
pub(super) fn stripped(user: &User) -> User {
    User {
        email: format!("removed-{}@invalid", user.id),
        name: "removed".to_owned(),
        oauth_id: format!("removed:{}", user.id),
        avatar_url: None,
        is_active: false,
        ..user.clone()
    }
}

/// One `@` with text on both sides and no spaces. Only a mail can find out whether the address exists.
pub(crate) fn is_plausible_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let clean = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
    text.chars().count() <= LONGEST_TEXT
        && clean(local)
        && clean(domain)
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plausible_or_not() {
        for good in ["a@b.co", "first.last+tag@example.com", "o'neil@mail.example"] {
            assert!(is_plausible_email(good), "{good}");
        }
        for bad in ["", "a", "@b.co", "a@", "a b@c.d", "a@b@c.d", "a@.co", "a@b.", &"a".repeat(260)] {
            assert!(!is_plausible_email(bad), "{bad}");
        }
    }

    #[test]
    fn an_invitation_names_every_fault() {
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let refusal = invite(&NewUser::default(), now).unwrap_err();
        assert_eq!(refusal.fields().iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/email", "/name"]);
    }

    #[test]
    fn a_stripped_user_can_not_be_recognised() {
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let invitation = NewUser { email: "Ann@Example.com".into(), name: "Ann".into(), ..NewUser::default() };
        let user = invite(&invitation, now).unwrap();
        let json = serde_json::to_string(&stripped(&user)).unwrap().to_lowercase();
        assert!(!json.contains("ann") && !json.contains("example.com"), "{json}");
    }
}
