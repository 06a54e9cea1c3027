//! The one error type of the library: a kind to branch on, a stable code that names the case, and the fields at fault.
//!
//! Every code is a row of `catalogue.rs`, which also gives its kind. Modules keep `thiserror` enums of their own inside and
//! turn them into an [`Error`] where they return to another module. What Diesel, reqwest or another dependency said
//! becomes the private `source` of the [`Error`]: it is for logs, and appears in no message.

mod catalogue;

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use serde::Serialize;

pub use catalogue::ErrorCode;

/// What went wrong, coarsely: enough to choose an HTTP status, an exit code or an exception class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is not acceptable as it is. [`Error::fields`] says what is wrong with it.
    InvalidInput,
    /// The thing that was named does not exist.
    NotFound,
    /// The state of the data is against it: a duplicate, a submission that was reviewed already.
    Conflict,
    /// A rule or the configuration does not allow it, whoever asks.
    Refused,
    /// Nobody is signed in, and this needs somebody who is.
    Unauthenticated,
    /// The actor is known and may not do it.
    Forbidden,
    /// It was asked for too often. [`Error::retry_after`] says how long to wait, where that is known.
    RateLimited,
    /// A value of the configuration is wrong. The operator must correct it.
    Misconfigured,
    /// Something outside does not answer now. It may do so later.
    Unavailable,
    /// A fault of this library or of its database. The caller can not correct it.
    Internal,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::InvalidInput,
        Self::NotFound,
        Self::Conflict,
        Self::Refused,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::RateLimited,
        Self::Misconfigured,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The word for it, such as `invalid_input`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::Misconfigured => "misconfigured",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Whether the same call may succeed later, with nothing changed: `Unavailable` and `RateLimited`.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::RateLimited)
    }
}

/// One field of the input and what was expected of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where the value is: a JSON pointer such as `/vin` or `/images/3`.
    pub pointer: String,
    /// What was expected, for a person to read.
    pub message: String,
}

/// Any failure of the library.
///
/// ```
/// use jpauto::{ErrorKind, Vin};
///
/// let error = jpauto::Error::from(Vin::parse("1M8GDM9AXKP04278").unwrap_err());
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// assert_eq!(error.code(), "invalid_vin");
/// assert_eq!(error.fields()[0].pointer, "/vin");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What every operation returns that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The coarse kind. It follows from the code.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// The stable word for this case, such as `duplicate_vin`. It stays the same across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code.as_str()
    }

    /// The row of the catalogue for this case, with its sentence and its remedy.
    #[must_use]
    pub fn error_code(&self) -> ErrorCode {
        self.0.code
    }

    /// Whether this is the case that `code` names.
    #[must_use]
    pub fn is(&self, code: ErrorCode) -> bool {
        self.0.code == code
    }

    /// Whether the same call may succeed later, with nothing changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }

    /// The fields at fault. Empty if the failure is not about a field.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// How long to wait before trying again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// An error with a message about this case. The kind follows from the code.
    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { code, message: message.into(), fields: Vec::new(), retry_after: None, source: None }))
    }

    /// An error about fields. The message names the field if there is only one.
    pub(crate) fn invalid(code: ErrorCode, fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(code, "some fields are not acceptable");
        if let [only] = fields.as_slice() {
            let field = only.pointer.trim_start_matches('/');
            let whole = || only.message.clone();
            error.0.message = Cow::Owned(if field.is_empty() { whole() } else { format!("{field}: {}", only.message) });
        }
        error.0.fields = fields;
        error
    }

    /// An error about one field.
    pub(crate) fn invalid_field(code: ErrorCode, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(code, vec![FieldError { pointer: pointer.into(), message: message.into() }])
    }

    pub(crate) fn with_field(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.fields.push(FieldError { pointer: pointer.into(), message: message.into() });
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("code", &self.code())
            .field("message", &self.0.message)
            .field("fields", &self.0.fields)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Collects every fault of an input before it is refused, so that a person can correct all of them at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), message: message.into() });
    }

    pub(crate) fn check(&mut self, holds: bool, pointer: &str, message: impl Into<String>) {
        if !holds {
            self.add(pointer, message);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// `Ok` if there is no fault, else one error with all of them.
    pub(crate) fn into_result(self, code: ErrorCode) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(code, self.0)) }
    }
}
