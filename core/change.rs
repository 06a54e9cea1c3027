//! What an update does with a field that may be empty: keep it, clear it, or set it.
//!
//! For a field that cannot be empty, an update has a plain `Option`.

use serde::{Deserialize, Deserializer};

/// What to do with a nullable field. In JSON, a missing field keeps, `null` clears, and a value sets.
///
/// ```
/// use jpauto::Change;
///
/// assert_eq!(Change::Set("LE").apply_to(Some("XLE")), Some("LE"));
/// assert_eq!(Change::Keep.apply_to(Some("XLE")), Some("XLE"));
/// assert_eq!(Change::Clear.apply_to(Some("XLE")), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leave the field as it is.
    #[default]
    Keep,
    /// Make the field empty.
    Clear,
    /// Give the field this value.
    Set(T),
}

impl<T> Change<T> {
    /// The field's value after the change.
    #[must_use]
    pub fn apply_to(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// A field of an update: `Change` or `Option`.
pub(crate) trait Apply<T> {
    /// Changes the field of the record.
    fn apply(&self, field: &mut T);
}

impl<T: Clone> Apply<Option<T>> for Change<T> {
    fn apply(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }
}

impl<T: Clone> Apply<T> for Option<T> {
    fn apply(&self, field: &mut T) {
        if let Some(value) = self {
            field.clone_from(value);
        }
    }
}

/// A field of an update as a client sends it.
pub(crate) trait Sent<'de>: Sized {
    /// Reads a field that was sent; one that was not has its default.
    fn sent<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl<'de, T: Deserialize<'de>> Sent<'de> for Change<T> {
    fn sent<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// The field can not be empty, so `null` is refused. As an `Option` reads itself, `null` would change nothing and look as if it had.
impl<'de, T: Deserialize<'de>> Sent<'de> for Option<T> {
    fn sent<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Some)
    }
}

/// For serde: [`Sent`].
pub(crate) fn sent<'de, D: Deserializer<'de>, T: Sent<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::sent(deserializer)
}

impl<T> From<Option<T>> for Change<T> {
    /// `Some` sets, `None` clears.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}
