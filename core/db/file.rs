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

use super::{CreateFile, Prepared, failure};
use crate::error::{Error, ErrorCode, Result};

/// How long another process may take between the first page of a file and the `-wal` beside it.
const WHILE_IT_IS_MADE: Duration = Duration::from_secs(1);

/// How long another process may take between the first page of a file and its last, where nothing stands beside it any more.
const WHILE_IT_IS_WRITTEN: Duration = Duration::from_millis(60);

/// What stands at the path of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileState {
    Missing,
    /// Nothing is in it yet.
    Empty,
    /// Its tables are in a `-wal` that is not there.
    Incomplete,
    /// A `-wal` with something in it is there, and what it belongs to is not. SQLite would remove it.
    WalAlone,
    /// It ends before its last page, and nothing beside it has the rest.
    CutOff {
        length: u64,
        whole: u64,
    },
    Filled,
}

/// Looks at the file, and makes it where it is missing and to be made.
///
/// # Errors
/// `database_unavailable`; `database_incomplete`; `database_damaged`.
pub(super) fn prepare(path: &Path, create: CreateFile) -> Result<Prepared> {
    let since = Instant::now();
    let state = loop {
        let state = look(path).map_err(|reason| failure::cannot_open(path, reason))?;
        let patience = match state {
            FileState::Incomplete | FileState::WalAlone => WHILE_IT_IS_MADE,
            FileState::CutOff { .. } => WHILE_IT_IS_WRITTEN,
            _ => Duration::ZERO,
        };
        if since.elapsed() >= patience {
            break state;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    match state {
        FileState::Filled => Ok(Prepared::Filled),
        FileState::Incomplete => Err(incomplete(path)),
        FileState::WalAlone => Err(wal_alone(path)),
        FileState::CutOff { length, whole } => {
            let what = format!("the database {} is cut off after {length} of {whole} bytes", path.display());
            Err(failure::damaged(&what))
        }
        FileState::Missing | FileState::Empty => match create {
            CreateFile::Never => {
                Err(missing(path, if state == FileState::Empty { "is empty" } else { "does not exist" }))
            }
            CreateFile::AtOnce => make(path).map(|()| Prepared::New),
            CreateFile::AtFirstWrite => must_have_folder(path).map(|()| Prepared::Unmade),
        },
    }
}

/// Whether nothing is in it yet.
pub(super) fn is_unmade(path: &Path) -> bool {
    is_nothing(path)
}

fn look(path: &Path) -> io::Result<FileState> {
    let unless_a_wal_is_left = |state| if has_no_wal(path) { state } else { FileState::WalAlone };
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => {
            return Ok(unless_a_wal_is_left(FileState::Missing));
        }
        Err(reason) => return Err(reason),
    };
    if !found.is_file() {
        return Ok(FileState::Filled);
    }
    if found.len() == 0 {
        return Ok(unless_a_wal_is_left(FileState::Empty));
    }
    let mut head = [0; HEAD];
    if fs::File::open(path)?.read_exact(&mut head).is_err() {
        let is_of_sqlite = fs::read(path)?.starts_with(MAGIC);
        let cut_off = FileState::CutOff { length: found.len(), whole: LEAST_PAGE };
        return Ok(if is_of_sqlite { cut_off } else { FileState::Filled });
    }
    if let Some(whole) = whole_length(&head).filter(|whole| found.len() < *whole)
        && has_no_wal(path)
        && is_nothing(&beside(path, "-journal"))
    {
        return Ok(FileState::CutOff { length: found.len(), whole });
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
fn is_one_page_without_tables(head: &[u8; HEAD], length: u64) -> bool {
    head.starts_with(MAGIC) && head[18..20] == [2, 2] && length <= page_size(head)
}

/// How SQLite's files begin.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// SQLite has no smaller pages, and so no smaller files.
const LEAST_PAGE: u64 = 512;

/// The bytes at the beginning of a file that say what it is.
const HEAD: usize = 100;

fn page_size(head: &[u8; HEAD]) -> u64 {
    match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        size => u64::from(size),
    }
}

/// How long the file was when SQLite last wrote it, where it says so.
fn whole_length(head: &[u8; HEAD]) -> Option<u64> {
    let number = |at: usize| u64::from(u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
    // The number of pages holds if it was written at the last change.
    (head.starts_with(MAGIC) && number(24) == number(92)).then(|| number(28) * page_size(head))
}

fn must_have_folder(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(has_no_folder(path)),
        _ => Ok(()),
    }
}

fn has_no_folder(path: &Path) -> Error {
    failure::cannot_open(path, io::Error::new(io::ErrorKind::NotFound, "its directory does not exist"))
}

fn make(path: &Path) -> Result<()> {
    match new_file(path) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Err(has_no_folder(path)),
        // Another process made it meanwhile.
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(reason) => Err(failure::cannot_open(path, reason)),
        Ok(_) => Ok(()),
    }
}

/// Makes a file that its owner alone may read: sessions and customers are in a database. SQLite makes the files beside it like it.
pub(super) fn new_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub(super) fn missing(path: &Path, what: &str) -> Error {
    let message = format!("there is no database at {}: it {what}; `jpauto migrate` makes a new one", path.display());
    Error::new(ErrorCode::DatabaseUnavailable, message)
}

fn incomplete(path: &Path) -> Error {
    let message = format!(
        "{} is a copy of a database that was in use, without the {}-wal that holds its tables: copy both, or make the copy \
         with `jpauto backup`. Where no database was ever finished here, remove the file",
        path.display(),
        path.file_name().unwrap_or_default().to_string_lossy()
    );
    Error::new(ErrorCode::DatabaseIncomplete, message)
}

fn wal_alone(path: &Path) -> Error {
    let wal = beside(path, "-wal");
    let message = format!(
        "{} is missing or empty, and {} beside it holds what was last written to it: put the database back where it was. Where it is \
         to be made anew, remove that file",
        path.display(),
        wal.display()
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
    is_nothing(&beside(path, "-wal"))
}

/// Whether there is no such file, or nothing in it.
fn is_nothing(path: &Path) -> bool {
    fs::metadata(path).map_or_else(|reason| reason.kind() == io::ErrorKind::NotFound, |found| found.len() == 0)
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
    fn a_file_that_ends_before_its_last_page_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let mut whole = b"SQLite format 3\0\x10\x00\x02\x02".to_vec();
        whole.resize(3 * 4_096, 0);
        whole[31] = 3;
        let cut_off = FileState::CutOff { length: 8_192, whole: 12_288 };
        for (length, beside_it, expected) in [
            (12_288, "", FileState::Filled),
            (8_192, "", cut_off),
            (4_096, "", FileState::CutOff { length: 4_096, whole: 12_288 }),
            (50, "", FileState::CutOff { length: 50, whole: 512 }),
            // A process that writes, or died, has the rest beside it.
            (8_192, "-wal", FileState::Filled),
            (8_192, "-journal", FileState::Filled),
            // The number of pages was not written at the last change.
            (8_191, "stale", FileState::Filled),
        ] {
            let mut content = whole[..length].to_vec();
            content[27] = u8::from(beside_it == "stale");
            fs::write(&path, content).unwrap();
            let other = beside(&path, beside_it);
            if beside_it.starts_with('-') {
                fs::write(&other, "frames").unwrap();
            }
            assert_eq!(look(&path).unwrap(), expected, "{length} {beside_it}");
            if beside_it.starts_with('-') {
                fs::remove_file(&other).unwrap();
            }
        }
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
