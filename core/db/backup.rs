//! A copy of the whole database, as it is at one moment, while others read and write.
//!
//! SQLite makes it itself (`VACUUM INTO`). For PostgreSQL there is `pg_dump`, which is not called here: its call is returned.

use serde::Serialize;

/// A backup that was made, or the command that makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Backup {
    /// The file.
    pub path: String,
    /// The size of the file; `None` if it is not made yet.
    pub bytes: Option<u64>,
    /// The program that makes it and its arguments. Empty if it is made. A password is not among them: `pg_dump` finds it in
    /// `PGPASSWORD` or `~/.pgpass`.
    pub command: Vec<String>,
}

#[cfg(feature = "sqlite")]
pub(super) mod sqlite {
    use std::{
        fs, io,
        path::{Path, PathBuf},
    };

    use diesel::{
        Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _,
        result::Error as DieselError, sql_query, sql_types::Text,
    };

    use super::Backup;
    use crate::{
        db::{
            DbConnection, DbResult, Failure,
            file::{address, beside, new_file},
            held::HeldText,
        },
        error::{Error, ErrorCode, Result},
    };

    /// Copies the database of a file. The copy bears its name only when it is whole and on the disk.
    pub(in crate::db) fn of_file(source: &Path, to: &Path) -> Result<Backup> {
        must_not_exist(to)?;
        let unfinished = Unfinished::beside(to);
        let from = source.to_str().ok_or_else(|| cannot_write(to, "its source has no valid UTF-8 as its name"))?;
        let mut conn = SqliteConnection::establish(&address(from, "mode=rw"))
            .map_err(|reason| super::super::failure::cannot_connect_to(source, reason))?;
        vacuum_into(&mut conn, &unfinished.0, to).map_err(Error::from)?;
        // Whoever may not read the database may not read its copy.
        let permissions = fs::metadata(source).map_err(|reason| cannot_write(to, reason))?.permissions();
        fs::set_permissions(&unfinished.0, permissions).map_err(|reason| cannot_write(to, reason))?;
        finish(&unfinished.0, to)
    }

    /// Copies a database in memory.
    pub(in crate::db) fn of_memory(conn: &mut DbConnection, to: &Path) -> Result<Backup> {
        must_not_exist(to)?;
        let unfinished = Unfinished::beside(to);
        match conn {
            DbConnection::Sqlite(conn) => vacuum_into(conn, &unfinished.0, to)?,
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => {}
        }
        finish(&unfinished.0, to)
    }

    /// Fills a file that will be given a name.
    fn vacuum_into(conn: &mut SqliteConnection, unfinished: &Path, to: &Path) -> DbResult<()> {
        let name = unfinished.to_str().ok_or_else(|| cannot_write(to, "its name is no valid UTF-8"))?;
        // The file must exist to be opened by an address that makes none; an empty one is filled.
        new_file(unfinished).map_err(|reason| cannot_write(to, reason))?;
        conn.batch_execute("PRAGMA busy_timeout = 5000")?;
        sql_query("VACUUM INTO ?").bind::<Text, _>(name).execute(conn).map_err(|reason| of_the_copy(reason, to))?;
        must_be_whole(name)
    }

    /// A disk that fills meanwhile is that of the copy: nothing else is written.
    fn of_the_copy(reason: DieselError, to: &Path) -> Failure {
        match &reason {
            DieselError::DatabaseError(_, info) if info.message().contains("disk is full") => {
                let message = format!("the disk of the copy is full: {} could not be written", to.display());
                Error::new(ErrorCode::DatabaseFull, message).with_source(reason).into()
            }
            _ => reason.into(),
        }
    }

    /// Refuses a copy of damaged pages: SQLite copies those of an index without looking into them.
    fn must_be_whole(copy: &str) -> DbResult<()> {
        #[derive(QueryableByName)]
        struct Checked {
            #[diesel(sql_type = Text)]
            integrity_check: HeldText,
        }

        let mut conn = SqliteConnection::establish(&address(copy, "mode=ro"))
            .map_err(|reason| super::super::failure::cannot_connect_to(Path::new(copy), reason))?;
        let found: Vec<Checked> = sql_query("PRAGMA integrity_check(1)").load(&mut conn)?;
        match found.first().map(|found| &*found.integrity_check) {
            Some("ok") => Ok(()),
            reason => {
                let reason = reason.unwrap_or_default();
                let what = format!("the database is damaged ({reason}), so no backup is made of it");
                Err(super::super::failure::damaged(&what).into())
            }
        }
    }

    fn finish(unfinished: &Path, to: &Path) -> Result<Backup> {
        let written = || -> io::Result<u64> {
            let file = fs::File::options().write(true).open(unfinished)?;
            file.sync_all()?;
            fs::rename(unfinished, to)?;
            // The name is on the disk when its folder is.
            #[cfg(unix)]
            if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                fs::File::open(folder)?.sync_all()?;
            }
            Ok(fs::metadata(to)?.len())
        };
        let bytes = written().map_err(|reason| cannot_write(to, reason))?;
        Ok(Backup { path: to.display().to_string(), bytes: Some(bytes), command: Vec::new() })
    }

    fn must_not_exist(to: &Path) -> Result<()> {
        match fs::symlink_metadata(to) {
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => must_have_folder(to),
            Err(reason) => Err(cannot_write(to, reason)),
            Ok(_) => {
                let message = format!("{} exists already, and a backup replaces nothing", to.display());
                Err(Error::new(ErrorCode::BackupExists, message))
            }
        }
    }

    fn must_have_folder(to: &Path) -> Result<()> {
        match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) if !folder.is_dir() => {
                Err(cannot_write(to, format!("there is no folder {}; make it first", folder.display())))
            }
            _ => Ok(()),
        }
    }

    fn cannot_write(to: &Path, reason: impl std::fmt::Display) -> Error {
        Error::new(ErrorCode::BackupFailed, format!("cannot write the backup {}: {reason}", to.display()))
    }

    /// A file that is removed unless it was given its name.
    struct Unfinished(PathBuf);

    impl Unfinished {
        fn beside(to: &Path) -> Self {
            Self(beside(to, &format!(".{:08x}.unfinished", fastrand::u32(..))))
        }
    }

    impl Drop for Unfinished {
        fn drop(&mut self) {
            match fs::remove_file(&self.0) {
                Err(reason) if reason.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%reason, path = %self.0.display(), "an unfinished backup could not be removed");
                }
                _ => {}
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use diesel::result::DatabaseErrorKind;

        use super::*;

        #[test]
        fn a_disk_that_fills_while_a_copy_is_written_is_that_of_the_copy() {
            let full = "database or disk is full".to_owned();
            let reason = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(full));
            let refusal = Error::from(of_the_copy(reason, Path::new("/mnt/stick/copy.db")));
            assert_eq!(refusal.code(), "database_full");
            assert_eq!(refusal.to_string(), "the disk of the copy is full: /mnt/stick/copy.db could not be written");
        }
    }
}

#[cfg(feature = "postgres")]
pub(super) mod postgres {
    use std::path::Path;

    use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};

    use super::Backup;
    use crate::db::{DbConnection, DbResult, config::without_password, on_each};

    /// The call of `pg_dump` that saves the schema of this connection.
    pub(in crate::db) fn command(conn: &mut DbConnection, url: &str, to: &Path) -> DbResult<Backup> {
        #[derive(QueryableByName)]
        struct Schema {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let current = "SELECT quote_ident(current_schema()) AS name";
        let Schema { name } = on_each!(conn, c => sql_query(current).get_result(c))?;
        let path = to.display().to_string();
        let command = vec![
            "pg_dump".to_owned(),
            "--format=custom".to_owned(),
            format!("--schema={name}"),
            format!("--file={path}"),
            without_password(url),
        ];
        Ok(Backup { path, bytes: None, command })
    }
}
