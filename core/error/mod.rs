//! The one error type of the library: a kind to branch on, a stable code to name the case, and the fields at fault.
//!
//! What is deliberately not here: the errors of Diesel or of any other dependency. They become the private `source` of an
//! [`Error`], for logs, and appear in no message. Modules keep their own `thiserror` enums and turn them into an [`Error`]
//! at their door.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use serde::Serialize;

/// What went wrong, coarsely: enough to choose an HTTP status, an exit code or an exception class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller sent something that can never be accepted as it is; [`Error::fields`] says what.
    InvalidInput,
    /// The thing that was named does not exist.
    NotFound,
    /// The state of the data stands against it: a duplicate, a submission already reviewed, a write overtaken.
    Conflict,
    /// A rule or the configuration says no, whoever asks.
    Refused,
    /// This actor may not do it.
    Forbidden,
    /// Something outside does not answer now; trying again later may help.
    Unavailable,
    /// A fault of this library or of its database; nothing that the caller can mend.
    Internal,
}

/// One field of the input and what was expected of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where the value stands: a JSON pointer such as `/vin` or `/images/3`.
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
    kind: ErrorKind,
    code: &'static str,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Shorthand for what every fallible operation returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The coarse kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable word for this case, such as `duplicate_vin`; safe to match on across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The fields at fault, empty where the failure is not about a field.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// How long to wait before trying again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub(crate) fn new(kind: ErrorKind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    pub(crate) fn invalid(code: &'static str, fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(ErrorKind::InvalidInput, code, "some fields are not acceptable");
        if let [only] = fields.as_slice() {
            let field = only.pointer.trim_start_matches('/');
            let whole = || only.message.clone();
            error.0.message = Cow::Owned(if field.is_empty() { whole() } else { format!("{field}: {}", only.message) });
        }
        error.0.fields = fields;
        error
    }

    pub(crate) fn invalid_field(code: &'static str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(code, vec![FieldError { pointer: pointer.into(), message: message.into() }])
    }

    pub(crate) fn not_found(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, code, message)
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, code, message)
    }

    pub(crate) fn refused(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Refused, code, message)
    }

    pub(crate) fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable, code, message)
    }

    pub(crate) fn internal(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, code, message)
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
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
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

/// Gathers every fault of an input before it is refused, so that a person mends them all at once.
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

    /// `Ok` where nothing was found, else one error with everything that was.
    pub(crate) fn into_result(self, code: &'static str) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(code, self.0)) }
    }
}
