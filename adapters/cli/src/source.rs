//! Reading what is handed in: files and standard input, whole or line by line, never more than a limit.
//!
//! What is deliberately not here: making sense of it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use jpauto::ErrorCode;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, io::stdin())));
    }
    let file = File::open(path).map_err(|reason| Failure::unreadable(path, &reason))?;
    // Some systems open a folder as a file, and read nothing of it.
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        let message = format!("{} is a folder: name a file", path.display());
        return Err(Failure::new(ErrorCode::InputUnreadable, message));
    }
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, file)))
}

const BUFFER_BYTES: usize = 128 * 1024;

/// All of it.
pub(crate) fn read_whole(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open(path)?
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|reason| Failure::unreadable(path, &reason))?;
    if bytes.len() > bytes_max {
        let most = match bytes_max / 1024 {
            most @ ..1024 => format!("{most} KiB"),
            most => format!("{} MiB", most / 1024),
        };
        let message = format!("{} is larger than {most}", path.display());
        return Err(Failure::new(ErrorCode::FileTooLarge, message));
    }
    Ok(bytes)
}

/// All of it in a temporary file, for what is read more than once. The file is removed when the answer is dropped.
pub(crate) fn spooled(path: &Path, name: &str, bytes_max: u64) -> Result<NamedTempFile, Failure> {
    let not_kept = |reason: io::Error| {
        Failure::new(ErrorCode::InputUnreadable, format!("{name} cannot be kept in a temporary file: {reason}"))
    };
    let mut spool = NamedTempFile::new().map_err(not_kept)?;
    let mut source = open(path)?.take(bytes_max + 1);
    let bytes = io::copy(&mut source, &mut spool).map_err(not_kept)?;
    if bytes > bytes_max {
        let message = format!("{name} is larger than {} MiB: split it", bytes_max / (1024 * 1024));
        return Err(Failure::new(ErrorCode::FileTooLarge, message));
    }
    Ok(spool)
}

/// The lines of a source, one at a time into one buffer.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    line_bytes_max: usize,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, line_bytes_max: usize) -> Self {
        Self { reader, line: Vec::new(), line_bytes_max, number: 0 }
    }

    /// The next line and its number from 1, without white space at its ends; `None` after the last.
    pub(crate) fn next_line(&mut self) -> Result<Option<(usize, &[u8])>, Failure> {
        self.line.clear();
        let limit = self.line_bytes_max as u64 + 1;
        let read = (&mut self.reader)
            .take(limit)
            .read_until(b'\n', &mut self.line)
            .map_err(|reason| Failure::new(ErrorCode::InputUnreadable, format!("cannot read the input: {reason}")))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.len() > self.line_bytes_max && self.line.last() != Some(&b'\n') {
            let message = format!("line {} is longer than {} KiB", self.number, self.line_bytes_max / 1024);
            return Err(Failure::new(ErrorCode::LineTooLong, message));
        }
        Ok(Some((self.number, self.line.trim_ascii())))
    }

    /// Whether the next line would have to be waited for.
    pub(crate) fn would_wait(&self) -> bool
    where
        R: Buffered,
    {
        !self.reader.holds_more()
    }
}

/// A reader that knows whether it has read ahead.
pub(crate) trait Buffered {
    fn holds_more(&self) -> bool;
}

impl<R: Read> Buffered for BufReader<R> {
    fn holds_more(&self) -> bool {
        !self.buffer().is_empty()
    }
}

/// Standard input, read ahead in large pieces.
pub(crate) fn stdin() -> BufReader<io::Stdin> {
    BufReader::with_capacity(BUFFER_BYTES, io::stdin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_trimmed_and_bounded() {
        let mut lines = Lines::new(&b" one \r\n\ntwo"[..], 8);
        assert_eq!(lines.next_line().unwrap(), Some((1, &b"one"[..])));
        assert_eq!(lines.next_line().unwrap(), Some((2, &b""[..])));
        assert_eq!(lines.next_line().unwrap(), Some((3, &b"two"[..])));
        assert_eq!(lines.next_line().unwrap(), None);
        let mut lines = Lines::new(&b"12345678\n123456789\n"[..], 8);
        assert!(lines.next_line().unwrap().is_some(), "exactly the limit");
        assert!(matches!(lines.next_line(), Err(Failure::Own { code: ErrorCode::LineTooLong, .. })));
    }
}
