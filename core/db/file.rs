//! The file of a SQLite database, before and while it is opened.
//!
//! A file that is missing is made only where that is wanted. A copy of a live database that lacks the `-wal` beside it is
//! refused: it would be empty, and be filled anew.

use std::{
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::failure;
use crate::error::{Error, ErrorCode, Result};

/// How long another process may take between the first page of a file and the `-wal` beside it.
const WHILE_IT_IS_MADE: Duration = Duration::from_secs(1);

/// What stands at the path of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileState {
    Missing,
    /// Nothing is in it yet.
    Empty,
    /// Its tables are in a `-wal` that is not there.
    Incomplete,
    Filled,
}

/// Looks at the file, and makes it where it is missing and may be made. Answers whether it is to be filled.
///
/// # Errors
/// `database_unavailable`; `database_incomplete`.
pub(super) fn prepare(path: &Path, may_make: bool) -> Result<bool> {
    let until = Instant::now() + WHILE_IT_IS_MADE;
    let state = loop {
        let state = look(path).map_err(|reason| failure::cannot_open(path, reason))?;
        if state != FileState::Incomplete || Instant::now() >= until {
            break state;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    match state {
        FileState::Filled => Ok(false),
        FileState::Incomplete => Err(incomplete(path)),
        FileState::Missing if !may_make => Err(missing(path, "does not exist")),
        FileState::Empty if !may_make => Err(missing(path, "is empty")),
        FileState::Empty => Ok(true),
        FileState::Missing => make(path).map(|()| true),
    }
}

fn look(path: &Path) -> io::Result<FileState> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(FileState::Missing),
        Err(reason) => return Err(reason),
    };
    if !found.is_file() {
        return Ok(FileState::Filled);
    }
    if found.len() == 0 {
        return Ok(FileState::Empty);
    }
    let mut head = [0; 20];
    if fs::File::open(path)?.read_exact(&mut head).is_err() {
        return Ok(FileState::Filled);
    }
    Ok(if !is_one_page_without_tables(&head, found.len()) {
        FileState::Filled
    } else {
        match fs::metadata(beside(path, "-wal")) {
            Ok(wal) if wal.len() > 0 => FileState::Filled,
            Ok(_) => FileState::Empty,
            Err(_not_there) => FileState::Incomplete,
        }
    })
}

/// Whether a file has its first page alone, which holds no table, and keeps what else there is in a `-wal`.
fn is_one_page_without_tables(head: &[u8; 20], length: u64) -> bool {
    let page_size = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    head.starts_with(b"SQLite format 3\0") && head[18..20] == [2, 2] && length <= page_size
}

fn make(path: &Path) -> Result<()> {
    match fs::File::options().write(true).create_new(true).open(path) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => {
            let reason = io::Error::new(io::ErrorKind::NotFound, "its directory does not exist");
            Err(failure::cannot_open(path, reason))
        }
        // Another process made it meanwhile.
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(reason) => Err(failure::cannot_open(path, reason)),
        Ok(_) => Ok(()),
    }
}

fn missing(path: &Path, what: &str) -> Error {
    let message = format!("there is no database at {}: it {what}, and nothing here may make a new one", path.display());
    Error::new(ErrorCode::DatabaseUnavailable, message)
}

fn incomplete(path: &Path) -> Error {
    let message = format!(
        "{} is a copy of a database that was in use, without the {}-wal that holds its tables: copy both, or make the copy \
         with `jpauto backup`",
        path.display(),
        path.file_name().unwrap_or_default().to_string_lossy()
    );
    Error::new(ErrorCode::DatabaseIncomplete, message)
}

/// The path with something added to its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The address under which SQLite opens a file, with what it is told about it. It never makes one.
pub(super) fn address(path: &str, how: &str) -> String {
    let escaped = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // Two slashes at the start would begin the name of a host.
    let start = if escaped.starts_with("//") { "file://" } else { "file:" };
    format!("{start}{escaped}?{how}")
}

/// Whether a database may be read without any file beside it: nothing waits in a `-wal`.
pub(super) fn has_no_wal(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal"))
        .map_or_else(|reason| reason.kind() == io::ErrorKind::NotFound, |wal| wal.len() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_letters_is_an_address() {
        assert_eq!(address("/tmp/a b.db", "mode=rw"), "file:/tmp/a b.db?mode=rw");
        assert_eq!(address("50%?#.db", "mode=ro"), "file:50%25%3f%23.db?mode=ro");
        assert_eq!(address("//server/lot.db", "mode=rw"), "file:////server/lot.db?mode=rw");
    }

    #[test]
    fn a_file_is_what_its_head_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        assert_eq!(look(&path).unwrap(), FileState::Missing);
        let mut page = b"SQLite format 3\0\x10\x00\x02\x02".to_vec();
        page.resize(4_096, 0);
        for (content, expected) in [
            (Vec::new(), FileState::Empty),
            (b"letters".to_vec(), FileState::Filled),
            (page.clone(), FileState::Incomplete),
            ([page.clone(), page.clone()].concat(), FileState::Filled),
        ] {
            fs::write(&path, content).unwrap();
            assert_eq!(look(&path).unwrap(), expected);
        }
        fs::write(&path, page).unwrap();
        for (wal, expected) in [("", FileState::Empty), ("frames", FileState::Filled)] {
            fs::write(beside(&path, "-wal"), wal).unwrap();
            assert_eq!(look(&path).unwrap(), expected);
        }
    }
}
