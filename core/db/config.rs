//! Which database is opened, and how long anything there may take.
//!
//! Deliberately not here: reading files or the environment.

use std::{fmt, path::PathBuf, time::Duration};

use super::connection::Target;
use crate::error::{ErrorCode, Faults, Result};

/// Which database, and how it is spoken to.
///
/// ```
/// use jpauto::{Config, Dealership};
///
/// let mut config = Config::new("sqlite::memory:");
/// config.database.lock_timeout = std::time::Duration::from_secs(1);
/// let dealership = Dealership::with_config(config)?;
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// `sqlite:PATH`, `sqlite::memory:` or `postgres://USER@HOST/DATABASE`.
    pub url: String,
    /// A standby of the PostgreSQL that `url` names, which lists and reports may be read from (none). The pooler is of both alike.
    pub read_url: Option<String>,
    /// How far a standby may be behind (10 s): a list lacks nothing that was committed longer ago. It lacks nothing that this process has
    /// written, in any case. With zero it lacks nothing at all, and each list asks the primary how far it is.
    pub read_lag_limit: Duration,
    /// What stands between this process and PostgreSQL (nothing).
    pub pooler: Pooler,
    /// Refuse every write, in the database itself. A file must exist then.
    pub read_only: bool,
    /// Whether a SQLite file that is missing is made (at once).
    pub create: CreateFile,
    /// The most connections (8). About twice the number of cores serves best. An in-memory database has one.
    pub pool_size: u32,
    /// How long an operation waits for a connection (5 s) before it is `Unavailable`.
    pub pool_timeout: Duration,
    /// PostgreSQL ends a longer statement (30 s). Keep it below the deadline of the caller.
    pub statement_timeout: Duration,
    /// How long a statement waits for another writer (5 s), on both databases.
    pub lock_timeout: Duration,
    /// PostgreSQL ends a transaction that stands idle for longer (60 s).
    pub idle_in_transaction_timeout: Duration,
}

/// What shares out PostgreSQL's connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing, or a pooler in session mode: a connection is one session of the server.
    #[default]
    None,
    /// A pooler in transaction mode, such as `PgBouncer`. Each transaction may have another session of the server: it sets its own
    /// limits and time zone, and statements are kept prepared only where the pooler keeps account of them.
    Transaction,
}

/// Whether a SQLite file that is missing is made. One that is only read is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreateFile {
    /// When the database is opened.
    #[default]
    AtOnce,
    /// When something is written first. Until then it reads as an empty database, and what is refused leaves no file behind.
    AtFirstWrite,
    /// Never: a missing file is refused.
    Never,
}

impl DatabaseConfig {
    /// The most of `pool_timeout`. The pool adds it to the time of the machine, which has an end.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

    /// The defaults for the given database.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_url: None,
            read_lag_limit: Duration::from_secs(10),
            pooler: Pooler::None,
            read_only: false,
            create: CreateFile::AtOnce,
            pool_size: 8,
            pool_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(60),
        }
    }

    /// Refuses what no database can be opened with.
    ///
    /// # Errors
    /// `invalid_database_config`, naming each field.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        faults.check(self.pool_size > 0, "/database/pool_size", "expected more than nothing");
        faults.check(!self.pool_timeout.is_zero(), "/database/pool_timeout", "expected more than nothing");
        let is_short = self.pool_timeout <= Self::LONGEST_WAIT;
        faults.check(is_short, "/database/pool_timeout", "expected at most 36,500 days");
        faults.into_result(ErrorCode::InvalidDatabaseConfig)
    }

    /// Whether a missing file is made: one that is only read is not.
    pub(super) const fn creation(&self) -> CreateFile {
        if self.read_only { CreateFile::Never } else { self.create }
    }

    /// The address without its password, to be shown.
    ///
    /// ```
    /// let shown = |url: &str| jpauto::DatabaseConfig::new(url).url_without_password();
    /// assert_eq!(shown("postgresql://me:secret@db.example/lot"), "postgresql://me@db.example/lot");
    /// assert_eq!(shown("sqlite:lot.db"), "sqlite:lot.db");
    /// ```
    #[must_use]
    pub fn url_without_password(&self) -> String {
        if self.url.contains("://") { without_password(&self.url) } else { self.url.clone() }
    }

    /// The address without user, password and parameters, to be shown to anybody.
    ///
    /// ```
    /// let shown = |url: &str| jpauto::DatabaseConfig::new(url).url_without_secrets();
    /// assert_eq!(shown("postgresql://me:secret@db.example/lot?sslmode=require"), "postgresql://db.example/lot");
    /// assert_eq!(shown("sqlite:lot.db"), "sqlite:lot.db");
    /// ```
    #[must_use]
    pub fn url_without_secrets(&self) -> String {
        if !self.url.contains("://") {
            return self.url.clone();
        }
        let Address { scheme, hosts, path, .. } = Address::of(&self.url);
        format!("{scheme}://{hosts}{path}")
    }

    /// The file of the database, where it is a file of SQLite.
    ///
    /// ```
    /// let file = |url: &str| jpauto::DatabaseConfig::new(url).sqlite_file();
    /// assert_eq!(file("sqlite:lot.db"), Some("lot.db".into()));
    /// assert_eq!(file("sqlite::memory:"), None);
    /// ```
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        match Target::parse(&self.url).ok()? {
            #[cfg(feature = "sqlite")]
            Target::SqliteFile(path) => Some(path),
            #[allow(unreachable_patterns, reason = "the only arm when SQLite is not compiled in")]
            _ => None,
        }
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may carry a password.
        f.debug_struct("DatabaseConfig")
            .field("read_only", &self.read_only)
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

/// The parts of an address of PostgreSQL, as libpq reads it.
struct Address<'u> {
    scheme: &'u str,
    /// Who signs in, with the password.
    credentials: Option<&'u str>,
    hosts: &'u str,
    path: &'u str,
    query: &'u str,
}

impl<'u> Address<'u> {
    fn of(url: &'u str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
        // Who signs in ends at the first `@` before a slash, and a question mark in there is one of the password.
        let (credentials, rest) = match rest.find(['@', '/']).filter(|end| rest[*end..].starts_with('@')) {
            Some(end) => (Some(&rest[..end]), &rest[end + 1..]),
            None => (None, rest),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (hosts, rest) = rest.split_at(end);
        // What a password with an `@` in it leaves over is no host.
        let hosts = hosts.rsplit('@').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self { scheme, credentials, hosts, path, query }
    }
}

/// The address without what must stand in no list of processes.
pub(super) fn without_password(url: &str) -> String {
    let Address { scheme, credentials, hosts, path, query } = Address::of(url);
    let authority = match credentials {
        Some(credentials) => format!("{}@{hosts}", credentials.split(':').next().unwrap_or_default()),
        None => hosts.to_owned(),
    };
    let kept: Vec<_> = query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            // A name that is written in another way than it is called has something to hide.
            !pair.is_empty() && !name.contains('%') && !name.ends_with("password")
        })
        .collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    format!("{scheme}://{authority}{path}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_left_in_an_address() {
        for (url, expected) in [
            ("postgres://me:s3cr@t@db.example:5432/lot", "postgres://me@db.example:5432/lot"),
            ("postgresql://me@h1,h2/lot?sslmode=require", "postgresql://me@h1,h2/lot?sslmode=require"),
            ("postgres://h/lot?password=s3cret&sslpassword=x&options=-c%20a", "postgres://h/lot?options=-c%20a"),
            ("postgres://me:s3cret@h?user=x", "postgres://me@h?user=x"),
            ("postgres://me:s3?cret@h:1/lot?sslmode=require", "postgres://me@h:1/lot?sslmode=require"),
            ("postgres://h/lot?pass%77ord=s3cret&user=x", "postgres://h/lot?user=x"),
            ("postgres:///lot", "postgres:///lot"),
        ] {
            assert_eq!(without_password(url), expected, "{url}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_is_secret() {
        for (url, expected) in [
            ("sqlite:lot.db", "sqlite:lot.db"),
            ("postgres://lot:secret@db.example:5433/lot?sslmode=require", "postgres://db.example:5433/lot"),
            ("postgres:///lot?password=secret&host=/run/postgresql", "postgres:///lot"),
            ("postgres://lot:a@b?c@db/lot", "postgres://b"),
            ("postgres://lot:s3?cret@db/lot", "postgres://db/lot"),
        ] {
            assert_eq!(DatabaseConfig::new(url).url_without_secrets(), expected, "{url}");
        }
    }
}
