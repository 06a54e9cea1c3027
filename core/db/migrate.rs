//! The schema's version: reading it, and bringing it to the one that this library knows.
//!
//! All pending migrations run in one transaction that holds a lock, so several machines may start at once and a failed
//! migration leaves nothing behind. What is deliberately not here: the SQL, which stands in `migrations/`.

use std::{collections::BTreeSet, time::Duration};

use diesel::{
    QueryableByName, RunQueryDsl as _,
    migration::{Migration, MigrationSource},
    sql_query,
    sql_types::{Bool, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

#[cfg(feature = "sqlite")]
use super::held::HeldText;
use super::{DbConnection, DbResult, Failure, connection::on_each, failure::is_missing_right};
use crate::error::{Error, ErrorCode, Result};

#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// What became of the schema.
#[derive(Clone, Debug)]
pub(crate) struct Migrated {
    /// The names of the migrations that were applied, in order; empty where the schema was current.
    pub(crate) applied: Vec<String>,
    /// The version of the schema afterwards.
    pub(crate) version: String,
}

/// Whether every known migration is applied.
///
/// # Errors
/// `database_newer` where the database holds a migration that this library does not know.
pub(super) fn is_current(conn: &mut DbConnection) -> DbResult<bool> {
    let known = known_versions(conn)?;
    let applied = applied_versions(conn)?;
    if let Some(newer) = applied.difference(&known).last() {
        return Err(newer_than_this_library(newer).into());
    }
    Ok(applied == known)
}

/// Whether a SQLite database holds nothing at all yet.
pub(super) fn has_no_tables(conn: &mut DbConnection) -> DbResult<bool> {
    let nothing = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master) AS found";
    let Found { found } = on_each!(conn, c => sql_query(nothing).get_result(c))?;
    Ok(found)
}

/// Whether any migration is applied.
pub(super) fn is_migrated(conn: &mut DbConnection) -> DbResult<bool> {
    Ok(!applied_versions(conn)?.is_empty())
}

/// The version that this library brings a schema to.
pub(super) fn known_version(conn: &DbConnection) -> Result<String> {
    Ok(latest(&known_versions(conn)?))
}

/// Writes what the migration did from the `-wal` into the file itself, so that a copy of the file alone has tables. A new file gets its
/// mode here.
pub(super) fn settle(conn: &mut DbConnection, patience: Duration) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let _ = patience;
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            if let Err(reason) = super::connection::use_write_ahead_log(conn, patience) {
                tracing::debug!(%reason, "the next connection sets the mode of the file");
            }
            // Where a reader stands in the way, the next checkpoint does it.
            diesel::connection::SimpleConnection::batch_execute(conn, "PRAGMA wal_checkpoint(TRUNCATE)")?;
        }
    }
    Ok(())
}

/// Applies what is pending, in the transaction that is open.
pub(super) fn run(conn: &mut DbConnection) -> DbResult<Migrated> {
    // SQLite's write lock is held already. The limits of everyday statements do not fit a change of the whole schema.
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => diesel::connection::SimpleConnection::batch_execute(
            conn,
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
             SELECT pg_advisory_xact_lock(hashtextextended('jpauto migrations in ' || current_schema(), 0))",
        )?,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {}
    }
    let known = known_versions(conn)?;
    if is_current(conn)? {
        return Ok(Migrated { applied: Vec::new(), version: latest(&known) });
    }
    must_not_be_of_others(conn)?;
    let applied = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => apply(conn, POSTGRES)?,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => apply(conn, SQLITE)?,
    };
    tracing::info!(?applied, "the database schema was migrated");
    Ok(Migrated { applied, version: latest(&known) })
}

fn apply<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: impl MigrationSource<DB>,
) -> DbResult<Vec<String>> {
    let mut applied = Vec::new();
    for migration in conn.pending_migrations(source).map_err(|reason| failed(reason, "the pending migrations"))? {
        let name = migration.name().to_string();
        conn.run_migration(&migration).map_err(|reason| failed(reason, &name))?;
        applied.push(name);
    }
    Ok(applied)
}

fn failed(reason: Box<dyn std::error::Error + Send + Sync>, what: &str) -> Failure {
    // A migration that refuses an adopted database says why in its own words.
    match reason.downcast::<diesel::result::Error>() {
        Ok(reason) if is_missing_right(&reason) => Failure::Database(*reason),
        Ok(reason) => {
            let message = format!("the migration {what} failed and nothing was changed: {reason}");
            Error::new(ErrorCode::MigrationFailed, message).with_source(*reason).into()
        }
        Err(reason) => {
            let message = format!("the migration {what} failed and nothing was changed: {reason}");
            Error::new(ErrorCode::MigrationFailed, message).with_source(reason).into()
        }
    }
}

fn known_versions(conn: &DbConnection) -> Result<BTreeSet<String>> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => versions::<diesel::pg::Pg>(POSTGRES),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(SQLITE),
    }
}

fn versions<DB: diesel::backend::Backend>(source: impl MigrationSource<DB>) -> Result<BTreeSet<String>> {
    let migrations = source.migrations().map_err(|reason| {
        Error::new(ErrorCode::MigrationsUnreadable, "the embedded migrations can not be read").with_source(reason)
    })?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

fn latest(versions: &BTreeSet<String>) -> String {
    versions.last().cloned().unwrap_or_default()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

fn applied_versions(conn: &mut DbConnection) -> DbResult<BTreeSet<String>> {
    must_see_a_schema(conn)?;
    let exists = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found",
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations') AS found"
        }
    };
    let Found { found } = on_each!(conn, c => sql_query(exists).get_result(c))?;
    if !found {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<Version> = on_each!(conn, c => sql_query("SELECT version FROM __diesel_schema_migrations").load(c))?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// Refuses a role that may use no schema: to it every database looks as if nothing were there.
fn must_see_a_schema(conn: &mut DbConnection) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            #[derive(QueryableByName)]
            struct Seen {
                #[diesel(sql_type = Bool)]
                something: bool,
                #[diesel(sql_type = Text)]
                role: String,
                #[diesel(sql_type = Text)]
                path: String,
            }
            let sql = "SELECT current_schema() IS NOT NULL AS something, quote_ident(current_user) AS role,
                              current_setting('search_path') AS path";
            let Seen { something, role, path } = sql_query(sql).get_result(conn)?;
            if something {
                return Ok(());
            }
            let message = format!(
                "the role {role} lacks USAGE on the schema, or there is none of the search path ({path}): \
                 GRANT USAGE ON SCHEMA ... TO {role}"
            );
            Err(Error::new(ErrorCode::MissingRight, message).into())
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => Ok(()),
    }
}

/// Refuses a SQLite file in which another application has made tables of our names. PostgreSQL's are adopted.
fn must_not_be_of_others(conn: &mut DbConnection) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => Ok(()),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            #[derive(QueryableByName)]
            struct Names {
                #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
                names: Option<HeldText>,
            }
            let sql = "SELECT group_concat(name, ', ') AS names FROM sqlite_master WHERE type = 'table' AND lower(name) IN \
                       ('users', 'pending_submissions', 'inventory', 'competitors', 'competitor_inventory', 'activity_logs') \
                       AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')";
            let Names { names } = sql_query(sql).get_result(conn)?;
            let Some(names) = names.as_deref() else { return Ok(()) };
            let message = format!(
                "the file holds tables of another application ({names}), and nothing was changed: SQLite files of others are not adopted, \
                 as databases of PostgreSQL are. Take another path, and bring the rows in with `jpauto import`"
            );
            Err(Error::new(ErrorCode::MigrationFailed, message).into())
        }
    }
}

fn newer_than_this_library(version: &str) -> Error {
    Error::new(
        ErrorCode::DatabaseNewer,
        format!("the database was migrated to {version} by a newer release: install that release or a later one"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Diesel keeps one of those that share a number, and passes over the others without a word.
    #[test]
    fn each_migration_has_a_number_of_its_own() {
        #[cfg(feature = "sqlite")]
        {
            let names: Vec<_> = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).unwrap();
            let names: Vec<_> = names.iter().map(|it| it.name().to_string()).collect();
            assert_eq!(versions::<diesel::sqlite::Sqlite>(SQLITE).unwrap().len(), names.len(), "{names:?}");
        }
        #[cfg(feature = "postgres")]
        {
            let names: Vec<_> = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).unwrap();
            let names: Vec<_> = names.iter().map(|it| it.name().to_string()).collect();
            assert_eq!(versions::<diesel::pg::Pg>(POSTGRES).unwrap().len(), names.len(), "{names:?}");
        }
    }
}
