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

    /// The address without its password, to be shown. What may be part of a secret is left out.
    ///
    /// ```
    /// let shown = |url: &str| jpauto::DatabaseConfig::new(url).url_without_password();
    /// assert_eq!(shown("postgresql://me:secret@db.example/lot"), "postgresql://me@db.example/lot");
    /// assert_eq!(shown("sqlite:lot.db"), "sqlite:lot.db");
    /// ```
    #[must_use]
    pub fn url_without_password(&self) -> String {
        if self.url.starts_with("sqlite:") { self.url.clone() } else { without_password(&self.url) }
    }

    /// The address without user, password and parameters, to be shown to anybody. What may be part of a secret is left out, as all of
    /// an address that jpauto does not read.
    ///
    /// ```
    /// let shown = |url: &str| jpauto::DatabaseConfig::new(url).url_without_secrets();
    /// assert_eq!(shown("postgresql://me:secret@db.example/lot?sslmode=require"), "postgresql://db.example/lot");
    /// assert_eq!(shown("sqlite:lot.db"), "sqlite:lot.db");
    /// assert_eq!(shown("host=db.example password=secret"), "...");
    /// ```
    #[must_use]
    pub fn url_without_secrets(&self) -> String {
        if self.url.starts_with("sqlite:") {
            return self.url.clone();
        }
        match Address::of(&self.url) {
            Some(Address { scheme, hosts, path, .. }) => format!("{scheme}://{hosts}{path}"),
            None => hidden(&self.url),
        }
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

/// The parts of an address of PostgreSQL.
struct Address<'u> {
    scheme: &'u str,
    /// Who signs in, with the password.
    credentials: Option<&'u str>,
    hosts: &'u str,
    path: &'u str,
    query: &'u str,
}

impl<'u> Address<'u> {
    /// As libpq reads it; a password with `@` or `/` in it, which libpq cannot read, is recognised as one. `None` where something else than
    /// who signs in and the parameters may be part of a secret.
    fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| SCHEMES.contains(scheme))?;
        // Who signs in ends at the first `@` before a slash, and a question mark in there is one of the password.
        let end = rest.find(['@', '/']).filter(|end| rest[*end..].starts_with('@'));
        let by_libpq = Self::behind(scheme, end.map(|end| &rest[..end]), end.map_or(rest, |end| &rest[end + 1..]));
        by_libpq.or_else(|| {
            let (credentials, rest) = rest.rsplit_once('@')?;
            // That `@` may be one of a parameter.
            let is_of_a_parameter = credentials.split_once('?').is_some_and(|(_, query)| query.contains('='));
            if is_of_a_parameter { None } else { Self::behind(scheme, Some(credentials), rest) }
        })
    }

    /// The address with this behind who signs in, where each part can be nothing else.
    fn behind(scheme: &'u str, credentials: Option<&'u str>, rest: &'u str) -> Option<Self> {
        let (hosts, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A parameter with an `@` may be the end of a password, if it is none of those that have one.
        let is_parameter = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.contains('@') || ["user", "password", "options", "application_name"].contains(&name)
        };
        let is_certain = hosts.split(',').all(is_host)
            && is_name(path.strip_prefix('/').unwrap_or(path), "")
            && query.split('&').all(is_parameter);
        is_certain.then_some(Self { scheme, credentials, hosts, path, query })
    }
}

const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// Whether all signs are those of names, or among these.
fn is_name(text: &str, others: &str) -> bool {
    text.chars().all(|sign| sign.is_alphanumeric() || "-_.~%".contains(sign) || others.contains(sign))
}

/// Whether it is a host with or without a port, or none.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((address, port)) if is_name(address, ":") => ("", port.strip_prefix(':').unwrap_or(port)),
        _ => text.split_once(':').unwrap_or((text, "")),
    };
    is_name(host, "") && (port.is_empty() || port.parse::<u16>().is_ok())
}

/// An address that may be a secret in any place.
fn hidden(url: &str) -> String {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme).filter(|scheme| SCHEMES.contains(scheme));
    scheme.map_or_else(|| "...".to_owned(), |scheme| format!("{scheme}://..."))
}

/// The address without what must stand in no list of processes.
pub(super) fn without_password(url: &str) -> String {
    let Some(Address { scheme, credentials, hosts, path, query }) = Address::of(url) else { return hidden(url) };
    let user = credentials.and_then(|credentials| credentials.split(':').next()).filter(|user| is_name(user, "+$!*"));
    let authority = user.map_or_else(|| hosts.to_owned(), |user| format!("{user}@{hosts}"));
    let kept: Vec<_> = query
        .split('&')
        .filter(|pair| {
            // A name that is written in another way than it is called has something to hide.
            pair.split_once('=').is_some_and(|(name, _)| {
                let is_plain = name.chars().all(|sign| sign.is_ascii_lowercase() || sign == '_');
                is_plain && !name.ends_with("password") && !name.contains("secret")
            })
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
            ("postgres://lot:se/cret@db/lot", "postgres://lot@db/lot"),
            ("postgres://lot:se?cr=et@db/lot", "postgres://lot@db/lot"),
            ("postgres://se/cret@db/lot", "postgres://db/lot"),
            ("postgres://h/lot?user=me@azure&password=s3@cret", "postgres://h/lot?user=me@azure"),
            ("postgres://h/lot?PASSWORD=secret&oauth_client_secret=secret&secret", "postgres://h/lot"),
            ("postgres://lot:se/c?r=et@db/lot", "postgres://..."),
            ("host=db user=lot password=secret", "..."),
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
            ("sqlite://lot.db", "sqlite://lot.db"),
            ("postgres://lot:a@b?c@db/lot", "postgres://db/lot"),
            ("postgres://lot:s3?cret@db/lot", "postgres://db/lot"),
            ("postgres://lot:se/cret@db/lot", "postgres://db/lot"),
            ("postgres://lot:12/cret@db/lot", "postgres://db/lot"),
            ("postgres://lot:se#cret@db/lot", "postgres://db/lot"),
            ("postgres://lot:@@//@db:5432/lot?sslmode=require", "postgres://db:5432/lot"),
            ("postgres://lot:s@[::1]:5432,db.example/lot", "postgres://[::1]:5432,db.example/lot"),
            ("postgres://%2Frun%2Fpostgresql/lot", "postgres://%2Frun%2Fpostgresql/lot"),
            ("postgresql://db/lot?password=secret&sslpassword=secret", "postgresql://db/lot"),
            ("postgres://db/lot?password=s@cret", "postgres://db/lot"),
            ("postgres://db/lot?pass%77ord=s@cret", "postgres://..."),
            ("postgres://lot:1/2?3=4@secret/lot", "postgres://..."),
            // What is written wrongly.
            ("postgres://lot:secret", "postgres://..."),
            ("postgres://lot:se/cret", "postgres://..."),
            ("postgres://db/lot&password=secret", "postgres://..."),
            ("postgres://db/lot#secret", "postgres://..."),
            ("postgres:/lot:secret@db/lot", "..."),
            ("mysql://lot:secret@db/lot", "..."),
            ("lot:secret@db/lot", "..."),
            ("host=db user=lot password=secret", "..."),
            ("password='a b' host=db", "..."),
            ("", "..."),
        ] {
            assert_eq!(DatabaseConfig::new(url).url_without_secrets(), expected, "{url}");
        }
    }
}
