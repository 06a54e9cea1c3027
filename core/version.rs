//! The version of a row, by which a change is refused that was made upon an older one.

use std::{
    fmt,
    hash::{BuildHasher as _, Hash},
    str::FromStr,
};

use foldhash::quality::FixedState;

use crate::error::{Error, ErrorCode, Result};

/// The version of a row. It changes with every column, also where another application writes the row.
///
/// ```
/// use jpauto::{Actor, Dealership, NewUser, Role};
///
/// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
/// let user = NewUser { email: "a@example.com".into(), name: "A".into(), ..NewUser::default() };
/// let seen = desk.users().add(&user)?;
/// desk.users().set_role(seen.id, Role::Manager)?;
/// let refusal = desk.users().if_version(&[seen.version()]).set_role(seen.id, Role::Admin).unwrap_err();
/// assert_eq!(refusal.code(), "version_changed");
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(u64);

/// The error for a text that is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the sixteen digits of a version")]
pub struct InvalidVersion;

impl Version {
    /// The version of a row with these columns.
    pub(crate) fn of(columns: &impl Hash) -> Self {
        // Its seed is a constant, so that all processes of one release agree. Another release may not; a client reads again.
        Self(FixedState::default().hash_one(columns))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidVersion> {
        let is_written_so = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_written_so.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or(InvalidVersion)
    }
}

/// The versions upon which a change is made. A row in another version is not changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected<'a>(Option<&'a [Version]>);

impl<'a> Expected<'a> {
    /// One of these. None of them is right for an empty list.
    pub(crate) fn one_of(versions: &'a [Version]) -> Self {
        Self(Some(versions))
    }

    /// # Errors
    /// `version_changed`.
    pub(crate) fn check(self, found: impl FnOnce() -> Version) -> Result<()> {
        match self.0 {
            Some(versions) if !versions.contains(&found()) => {
                Err(Error::new(ErrorCode::VersionChanged, "it was changed since it was read; nothing was done"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        let version = Version::of(&("Toyota", Some(1)));
        assert_eq!(version.to_string().parse(), Ok(version));
        assert_ne!(version, Version::of(&("Toyota", None::<i32>)));
        for text in ["", "1", "+123456789abcdef", "000000000000000g", "00000000000000000"] {
            assert_eq!(text.parse::<Version>(), Err(InvalidVersion), "{text}");
        }
    }

    #[test]
    fn without_an_expectation_every_version_is_right() {
        let (one, other) = (Version(1), Version(2));
        assert!(Expected::default().check(|| one).is_ok());
        assert!(Expected::one_of(&[other, one]).check(|| one).is_ok());
        for wrong in [&[other][..], &[]] {
            assert_eq!(Expected::one_of(wrong).check(|| one).unwrap_err().code(), "version_changed");
        }
    }
}
