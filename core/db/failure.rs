//! What can go wrong inside a transaction, and the [`Error`] that it becomes.
//!
//! A unique violation gets no name here. A service looks for the duplicate before it inserts, and knows what to call it.
//! If another writer inserts between the two, the transaction runs again and the check finds the duplicate.

use std::fmt;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use super::connection::{ConnectError, Target};
use crate::error::{Error, ErrorCode};

/// An error of a rule, or one of the database.
#[derive(Debug)]
pub(crate) enum Failure {
    Database(DieselError),
    Refusal(Error),
}

impl Failure {
    /// Whether the whole transaction may succeed if it runs again.
    pub(crate) fn is_overtaken(&self) -> bool {
        match self {
            Self::Refusal(_) => false,
            Self::Database(DieselError::DatabaseError(kind, info)) => match kind {
                // Another writer inserted the same, or a row that refers to what is deleted here. A second run sees it.
                DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation => true,
                // Diesel has no kind of its own for SQLSTATE 40P01.
                DatabaseErrorKind::Unknown => info.message().starts_with("deadlock detected"),
                _ => false,
            },
            Self::Database(_) => false,
        }
    }

    /// Whether the database gave way to another transaction (SQLSTATE 40001).
    pub(crate) fn is_serialization_failure(&self) -> bool {
        matches!(self, Self::Database(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)))
    }

    /// Whether a statement was planned for columns that have another type now. Its transaction can be run on another connection.
    pub(crate) fn has_outdated_plan(&self) -> bool {
        matches!(self, Self::Database(DieselError::DatabaseError(DatabaseErrorKind::Unknown, info))
            if info.message().starts_with("cached plan must not change result type"))
    }

    /// Whether the connection is of no use any more.
    pub(crate) fn wants_another_connection(&self) -> bool {
        self.is_lost_connection() || self.has_outdated_plan()
    }

    /// What the database said, if it was that the role may not do it.
    #[cfg(feature = "postgres")]
    pub(super) fn missing_right(&self) -> Option<&str> {
        match self {
            Self::Database(reason @ DieselError::DatabaseError(_, info)) if is_missing_right(reason) => {
                Some(info.message())
            }
            _ => None,
        }
    }

    /// What the database said, if it was that a table does not take the values of a row: a condition of it, a trigger, a column that is
    /// too narrow.
    pub(crate) fn refused_values(&self) -> Option<&str> {
        /// What belongs to the statement, the connection or the disk instead.
        const OTHERS: [&str; 12] = [
            "deadlock detected",
            "permission denied",
            "must be owner of",
            "readonly database",
            "database is locked",
            "lock timeout",
            "statement timeout",
            "disk is full",
            "No space left",
            "malformed",
            "not a database",
            "out of memory",
        ];
        let Self::Database(DieselError::DatabaseError(kind, info)) = self else { return None };
        let is_of_a_row = match kind {
            DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation => true,
            DatabaseErrorKind::Unknown => {
                !self.is_lost_connection() && !OTHERS.iter().any(|other| info.message().contains(other))
            }
            _ => false,
        };
        is_of_a_row.then(|| info.message())
    }

    pub(crate) fn is_lost_connection(&self) -> bool {
        let Self::Database(reason) = self else { return false };
        match reason {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | DieselError::BrokenTransactionManager => true,
            DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _) => true,
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
                let message = info.message();
                message.contains("server closed the connection")
                    || message.contains("terminating connection")
                    || message.contains("no connection to the server")
            }
            _ => false,
        }
    }
}

impl From<DieselError> for Failure {
    fn from(reason: DieselError) -> Self {
        Self::Database(reason)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refusal(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refusal(error) => error,
            failure if failure.is_lost_connection() => {
                Self::new(ErrorCode::DatabaseUnavailable, "the connection to the database was lost")
                    .with_source(failure)
            }
            Failure::Database(reason) => from_database(reason),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(reason) => reason.fmt(f),
            Self::Refusal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(reason) => Some(reason),
            Self::Refusal(error) => Some(error),
        }
    }
}

/// Whether the role may not do what it was asked. Diesel has no kind of its own for SQLSTATE 42501.
pub(super) fn is_missing_right(reason: &DieselError) -> bool {
    match reason {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            info.message().starts_with("permission denied") || info.message().starts_with("must be owner of")
        }
        _ => false,
    }
}

fn from_database(reason: DieselError) -> Error {
    let error = match &reason {
        DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => read_only(),
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => busy(),
        DieselError::DatabaseError(_, info) => match info.message() {
            message if message.contains("readonly database") => read_only(),
            message if message.contains("database is locked") || message.contains("lock timeout") => busy(),
            message if message.contains("statement timeout") => {
                Error::new(ErrorCode::DatabaseTimeout, "the database took too long to answer")
            }
            message if is_about_a_prepared_statement(message) => pooled("a prepared statement is another client's"),
            message if message.contains("disk is full") || message.contains("No space left") => {
                Error::new(ErrorCode::DatabaseFull, "the disk of the database is full")
            }
            // Rules refuse NUL in what is stored, but a search may contain it. PostgreSQL has no text with NUL.
            message if message.contains("invalid byte sequence") => {
                Error::new(ErrorCode::InvalidText, "a text may not hold the character NUL")
            }
            message if message.contains("not a database") => {
                Error::new(ErrorCode::NotADatabase, "the file is no SQLite database")
            }
            message if message.contains("malformed") && message.contains("database") => {
                damaged("the file of the database is damaged")
            }
            _ => Error::new(ErrorCode::DatabaseError, refused(info.as_ref())),
        },
        _ => Error::new(ErrorCode::DatabaseError, "the database gave an answer that could not be read"),
    };
    error.with_source(reason)
}

/// What is said of a statement that the database does not take. The condition may be one that another application has added.
fn refused(info: &dyn DatabaseErrorInformation) -> String {
    match (info.table_name(), info.constraint_name()) {
        (Some(table), Some(condition)) => {
            format!(
                "the database refused a statement: the condition \"{condition}\" of the table {table} does not hold"
            )
        }
        _ => "the database refused a statement".to_owned(),
    }
}

fn read_only() -> Error {
    Error::new(ErrorCode::DatabaseReadOnly, "the database can not be written: it is open or stored read-only")
}

/// The error of a SQLite file that is not as SQLite left it.
pub(super) fn damaged(what: &str) -> Error {
    let message = format!("{what}: keep the file, and put the last copy that `jpauto backup` made in its place");
    Error::new(ErrorCode::DatabaseDamaged, message)
}

/// Whether a statement that was prepared is not there, or one of its name is there already.
fn is_about_a_prepared_statement(message: &str) -> bool {
    message.starts_with("prepared statement ")
        && (message.ends_with("does not exist") || message.ends_with("already exists"))
}

/// The error of a session that is not this connection's alone.
fn pooled(what: &str) -> Error {
    let message = format!(
        "the database is behind a pooler that shares out sessions ({what}): set `pooler = \"transaction\"` in [database]"
    );
    Error::new(ErrorCode::DatabasePooled, message)
}

fn busy() -> Error {
    Error::new(ErrorCode::DatabaseBusy, "another writer holds the database")
        .with_retry_after(std::time::Duration::from_secs(1))
}

/// The error of a SQLite file that can not be opened or created.
#[cfg(feature = "sqlite")]
pub(super) fn cannot_open(path: &std::path::Path, reason: std::io::Error) -> Error {
    let advice = if reason.kind() == std::io::ErrorKind::PermissionDenied { OF_ANOTHER_USER } else { "" };
    let message = format!("cannot open the database {}: {reason}{advice}", path.display());
    Error::new(ErrorCode::DatabaseUnavailable, message).with_source(reason)
}

/// What is said of a file that this user may not read.
#[cfg(feature = "sqlite")]
const OF_ANOTHER_USER: &str = ". New files and copies are for their owner alone (mode 0600): run the command as the owner, or let a group of \
     this user read the file (`chmod 640`) and enter its folder";

pub(super) fn cannot_connect(target: &Target, reason: ConnectError) -> Error {
    match reason {
        ConnectError::Prepare(reason) => cannot_use(target, reason),
        #[cfg(feature = "postgres")]
        ConnectError::Shared(what) => pooled(&what),
        #[cfg(feature = "sqlite")]
        ConnectError::WalHeld => {
            Error::new(ErrorCode::DatabaseReadOnly, format!("cannot read the database{}: {WAL_HELD}", named(target)))
        }
        reason => {
            // The text of a connection error names the host and the user, but never the password.
            Error::new(ErrorCode::DatabaseUnavailable, format!("cannot open the database{}: {reason}", named(target)))
                .with_source(reason)
        }
    }
}

/// The error of a SQLite file that can not be copied from.
#[cfg(feature = "sqlite")]
pub(super) fn cannot_connect_to(path: &std::path::Path, reason: diesel::ConnectionError) -> Error {
    Error::new(ErrorCode::DatabaseUnavailable, format!("cannot open the database {}: {reason}", path.display()))
        .with_source(reason)
}

pub(super) fn cannot_use(target: &Target, reason: DieselError) -> Error {
    let error = from_database(reason);
    let file = named(target);
    let file = if file.is_empty() { " file" } else { &file };
    let code = match error.error_code() {
        ErrorCode::DatabaseError if is_folder_that_cannot_be_written(&error) => ErrorCode::DatabaseReadOnly,
        ErrorCode::DatabaseError => ErrorCode::DatabaseUnavailable,
        code => code,
    };
    let message = match code {
        ErrorCode::DatabaseUnavailable => format!("cannot use the database{}", named(target)),
        ErrorCode::DatabaseReadOnly => {
            format!("cannot write the database{}: {} {READ_ONLY}", named(target), what_cannot_be_written(target))
        }
        ErrorCode::DatabaseDamaged => return damaged(&format!("the database{file} is damaged")).with_source(error),
        ErrorCode::NotADatabase => format!("{} is no SQLite database: check the path", file.trim_start()),
        _ => return error,
    };
    Error::new(code, message).with_source(error)
}

/// What is said of a file that can only be read.
const READ_ONLY: &str = "cannot be written by this user: read it with `jpauto --read-only`, or let this user write the file and its folder \
     (SQLite makes two more files beside it)";

/// What is said of a file that can not even be read, because its latest changes are not in it yet.
#[cfg(feature = "sqlite")]
const WAL_HELD: &str = "its latest changes are in the `-wal` beside it, and to read them SQLite must write in the folder, which this user \
     cannot: run the command as the user of the server, or let this user read a copy that `jpauto backup` made (its mode is 0600: \
     `chmod`, or `install -m 640 -g GROUP`)";

/// Which of both it is, for a person.
fn what_cannot_be_written(target: &Target) -> &'static str {
    match target {
        #[cfg(feature = "sqlite")]
        Target::SqliteFile(path) if std::fs::OpenOptions::new().write(true).open(path).is_ok() => "its folder",
        #[cfg(feature = "sqlite")]
        Target::SqliteFile(_) => "the file",
        #[allow(unreachable_patterns, reason = "the only arm when SQLite is not compiled in")]
        _ => "it",
    }
}

/// SQLite says so where it may not make the files that it wants beside the database.
fn is_folder_that_cannot_be_written(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|reason| reason.to_string().contains(NO_FILE))
}

/// Whether it says that it must write to read.
#[cfg(feature = "sqlite")]
pub(super) fn says_it_must_write(reason: &DieselError) -> bool {
    let said = reason.to_string();
    said.contains(NO_FILE) || said.contains("readonly database")
}

const NO_FILE: &str = "unable to open database file";

fn named(target: &Target) -> String {
    match target {
        #[cfg(feature = "sqlite")]
        Target::SqliteFile(path) => format!(" {}", path.display()),
        #[allow(unreachable_patterns, reason = "the only arm when SQLite is not compiled in")]
        _ => String::new(),
    }
}
