//! Reads a file while it is being written, behind the one who writes it: what is read is what stands in the file by then. What another
//! program changes behind the reader is not seen, but for what it appends or cuts off.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, PoisonError},
};

/// How much of a file is written.
#[derive(Debug, Default)]
pub(super) struct Growth {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    bytes: u64,
    is_over: bool,
}

impl Growth {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits until more than that is written, or nothing more will be.
    fn beyond(&self, bytes: u64) -> State {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |state: &mut State| state.bytes <= bytes && !state.is_over;
        *self.changed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the reader on every way out that nothing more will be written.
pub(super) struct EndOnDrop<'g>(pub(super) &'g Growth);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.is_over = true);
    }
}

/// A file that is written from its beginning, and that somebody may follow.
pub(super) struct Sink {
    pub(super) file: File,
    growth: Option<Arc<Growth>>,
}

impl Sink {
    pub(super) fn new(file: File, growth: Option<Arc<Growth>>) -> Self {
        Self { file, growth }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        if let Some(growth) = &self.growth {
            growth.change(|state| state.bytes += count as u64);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads the file from its beginning to its end, and waits for what is not written yet.
pub(super) struct Follower {
    file: File,
    read: u64,
    growth: Arc<Growth>,
}

impl Follower {
    pub(super) fn open(path: &Path, growth: Arc<Growth>) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, read: 0, growth })
    }
}

impl Read for Follower {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let State { bytes, is_over } = self.growth.beyond(self.read);
        let room = usize::try_from(bytes.saturating_sub(self.read)).unwrap_or(usize::MAX).min(buffer.len());
        // Whatever else stands at the end is read as well.
        let wanted = if room == 0 && is_over { buffer.len() } else { room };
        let count = self.file.read(&mut buffer[..wanted])?;
        if count == 0 && room > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than what was written"));
        }
        self.read += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    /// What a follower reads while these pieces are written, each followed by what else happens to the file.
    fn followed(pieces: &[&[u8]], then: impl Fn(&Path) + Sync) -> io::Result<Vec<u8>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let growth = Arc::new(Growth::default());
        let mut follower = Follower::open(file.path(), Arc::clone(&growth)).unwrap();
        let mut sink = Sink::new(file.reopen().unwrap(), Some(Arc::clone(&growth)));
        thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut read = Vec::new();
                follower.read_to_end(&mut read).map(|_| read)
            });
            let over = EndOnDrop(&growth);
            for piece in pieces {
                sink.write_all(piece).unwrap();
                thread::yield_now();
            }
            then(file.path());
            drop(over);
            reader.join().unwrap()
        })
    }

    #[test]
    fn all_that_stands_in_the_file_is_read_in_its_order() {
        let rows: Vec<_> = (0..2_000).map(|row| format!("{row},{}\r\n", "x".repeat(row % 300))).collect();
        let pieces: Vec<_> = rows.iter().map(String::as_bytes).collect();
        assert_eq!(followed(&pieces, |_| {}).unwrap(), rows.concat().into_bytes());
        assert_eq!(followed(&[], |_| {}).unwrap(), b"");
    }

    #[test]
    fn what_another_program_does_to_the_file_is_seen() {
        let append = |path: &Path| File::options().append(true).open(path).unwrap().write_all(b"behind").unwrap();
        assert_eq!(followed(&[b"row\n"], append).unwrap(), b"row\nbehind");
        let growth = Arc::new(Growth::default());
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut follower = Follower::open(file.path(), Arc::clone(&growth)).unwrap();
        Sink::new(file.reopen().unwrap(), Some(Arc::clone(&growth))).write_all(b"row\n").unwrap();
        fs::write(file.path(), "").unwrap();
        drop(EndOnDrop(&growth));
        let cut = follower.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }
}
