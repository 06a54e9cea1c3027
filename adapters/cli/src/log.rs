//! The log on standard error, one line an event.
//!
//! The lines of answered requests are written many at a time, [`TOGETHER_FOR`] after the first of them at the latest: under load a system
//! call for each would be a tenth of the work of a read. Every other line is written at once, behind those that wait. What is deliberately
//! not here: files and their rotation, which are for whoever starts the process.

use std::{
    io::{self, ErrorKind, Stderr, Write},
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// How long the line of an answered request may wait for others.
const TOGETHER_FOR: Duration = Duration::from_millis(100);

/// Lines of this many bytes are written at once.
const TOGETHER_AT_MOST: usize = 64 << 10;

/// What a pipe takes whole (`PIPE_BUF` of Linux), so that lines of two processes on one pipe do not mix.
const A_PIECE: usize = 4 << 10;

/// A place that log lines are written to.
///
/// Where it takes none, lines are lost and nothing else is: there is no place to say so, and a server goes on. One that is only slow
/// (`WouldBlock`) gets them later.
pub(crate) struct Log<W: Write = Stderr>(Arc<Lines<W>>);

struct Lines<W> {
    /// Taken before `waiting`, so that lines stay in their order.
    out: Mutex<W>,
    waiting: Mutex<Vec<u8>>,
    has_waiting: Condvar,
    /// Whether a thread writes what waits.
    is_looked_after: AtomicBool,
}

impl<W: Write> Clone for Log<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Log<W> {
    pub(crate) fn to(out: W) -> Self {
        Self(Arc::new(Lines {
            out: Mutex::new(out),
            waiting: Mutex::default(),
            has_waiting: Condvar::new(),
            is_looked_after: AtomicBool::new(false),
        }))
    }

    /// Writes the lines that wait when it is dropped.
    pub(crate) fn until_the_end(self) -> Finished<W> {
        Finished(self)
    }
}

/// The end of the log, also where the command panics.
pub(crate) struct Finished<W: Write = Stderr>(Log<W>);

impl<W: Write> Drop for Finished<W> {
    fn drop(&mut self) {
        self.0.0.write_with(&[]);
    }
}

impl<W: Write + Send + 'static> Log<W> {
    /// Keeps a line until others have come, and writes all at once where many have.
    fn keep(&self, line: &[u8]) {
        let (was_empty, are_many) = {
            let mut waiting = self.0.waiting();
            let was_empty = waiting.is_empty();
            waiting.extend_from_slice(line);
            (was_empty, waiting.len() >= TOGETHER_AT_MOST)
        };
        if are_many || !self.look_after() {
            self.0.write_with(&[]);
        } else if was_empty {
            self.0.has_waiting.notify_one();
        }
    }

    /// Sees to it that a thread writes what waits. It ends with the process.
    fn look_after(&self) -> bool {
        if self.0.is_looked_after.swap(true, Ordering::AcqRel) {
            return true;
        }
        let lines = Arc::clone(&self.0);
        let write = move || {
            loop {
                drop(lines.has_waiting.wait_while(lines.waiting(), |waiting| waiting.is_empty()));
                thread::sleep(TOGETHER_FOR);
                lines.write_with(&[]);
            }
        };
        let is_looked_after = thread::Builder::new().name("jpauto-log".into()).spawn(write).is_ok();
        self.0.is_looked_after.store(is_looked_after, Ordering::Release);
        is_looked_after
    }
}

impl<W: Write> Lines<W> {
    /// No code panics while it holds the lock.
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the lines that wait, and this one behind them. What can not be written now waits on.
    fn write_with(&self, line: &[u8]) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = mem::take(&mut *self.waiting());
        lines.extend_from_slice(line);
        let mut rest = &*lines;
        while !rest.is_empty() {
            match out.write(first_piece(rest)) {
                Ok(0) => return,
                Ok(written) => rest = &rest[written.min(rest.len())..],
                Err(reason) if reason.kind() == ErrorKind::Interrupted => {}
                Err(reason) if reason.kind() == ErrorKind::WouldBlock => return self.put_back(rest),
                Err(_lost) => return,
            }
        }
    }

    /// Puts what could not be written before what came meanwhile: all of it, or what ends the first line, where that is too much.
    fn put_back(&self, rest: &[u8]) {
        let mut waiting = self.waiting();
        let is_too_much = rest.len() + waiting.len() > TOGETHER_AT_MOST;
        let kept = if is_too_much { first_line(rest) } else { rest };
        waiting.splice(..0, kept.iter().copied());
    }
}

fn first_line(lines: &[u8]) -> &[u8] {
    let end = lines.iter().position(|byte| *byte == b'\n');
    &lines[..end.map_or(lines.len(), |end| end + 1)]
}

/// As many whole lines as make a piece, or one that is longer.
fn first_piece(lines: &[u8]) -> &[u8] {
    let most = &lines[..lines.len().min(A_PIECE)];
    match most.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => &most[..=end],
        None => first_line(lines),
    }
}

impl<W: Write + Send + 'static> MakeWriter<'_> for Log<W> {
    type Writer = Line<W>;

    fn make_writer(&self) -> Line<W> {
        Line { log: self.clone(), may_wait: false }
    }

    fn make_writer_for(&self, metadata: &Metadata<'_>) -> Line<W> {
        Line { log: self.clone(), may_wait: metadata.target() == jpauto_http::ACCESS_LOG }
    }
}

/// The writer of one event, which is written as one line.
pub(crate) struct Line<W: Write> {
    log: Log<W>,
    may_wait: bool,
}

impl<W: Write + Send + 'static> Write for Line<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.may_wait {
            true => self.log.keep(line),
            false => self.log.0.write_with(line),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Instant};

    use super::*;

    /// Each write, as one message. It takes nothing where it is told so.
    #[derive(Clone)]
    struct Written {
        writes: mpsc::Sender<String>,
        refusal: Arc<Mutex<Option<ErrorKind>>>,
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(kind) = *self.refusal.lock().unwrap() {
                return Err(kind.into());
            }
            self.writes.send(String::from_utf8_lossy(bytes).into_owned()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn a_log() -> (Log<Written>, mpsc::Receiver<String>, Arc<Mutex<Option<ErrorKind>>>) {
        let ((writes, written), refusal) = (mpsc::channel(), Arc::default());
        (Log::to(Written { writes, refusal: Arc::clone(&refusal) }), written, refusal)
    }

    /// What is written until this text was.
    fn until(text: &str, written: &mpsc::Receiver<String>) -> String {
        let mut lines = String::new();
        while !lines.ends_with(text) {
            lines.push_str(&written.recv_timeout(Duration::from_secs(60)).unwrap());
        }
        lines
    }

    #[test]
    fn lines_of_requests_are_written_a_while_after_the_first() {
        let (log, written, _) = a_log();
        let began = Instant::now();
        for line in ["one\n", "two\n", "three\n"] {
            log.keep(line.as_bytes());
        }
        assert_eq!(until("three\n", &written), "one\ntwo\nthree\n");
        assert!(began.elapsed() >= TOGETHER_FOR);
        log.keep(b"four\n");
        assert_eq!(until("four\n", &written), "four\n", "the thread goes on");
    }

    #[test]
    fn another_line_is_written_at_once_behind_those_that_wait() {
        let (log, written, _) = a_log();
        let subscriber =
            tracing_subscriber::fmt().with_writer(log).with_ansi(false).without_time().with_target(false).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: jpauto_http::ACCESS_LOG, "answered");
            tracing::error!("failed");
        });
        let lines: String = written.try_iter().collect();
        assert_eq!(lines, " INFO answered\nERROR failed\n");
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let (log, written, _) = a_log();
        let end = log.clone().until_the_end();
        log.keep(b"last\n");
        drop(end);
        assert_eq!(written.try_iter().collect::<String>(), "last\n");
    }

    #[test]
    fn no_line_is_lost_or_torn_where_many_threads_write() {
        let (log, written, _) = a_log();
        let (long, began) = ("x".repeat(500), Instant::now());
        thread::scope(|scope| {
            for thread in 0..4 {
                let (log, long) = (log.clone(), &long);
                scope.spawn(move || {
                    for number in 0..500 {
                        let line = format!("{thread} {number} {long}\n");
                        match number % 100 {
                            99 => log.0.write_with(line.as_bytes()),
                            _ => log.keep(line.as_bytes()),
                        }
                    }
                });
            }
        });
        log.0.write_with(&[]);
        let writes: Vec<String> = written.try_iter().collect();
        // A million bytes in pieces, and one that is not full where the thread, or a line that does not wait, writes.
        let most = 2_000 * 520 / (A_PIECE - 520) + 21 + (began.elapsed().as_millis() / 100) as usize;
        assert!(writes.len() <= most, "{} writes", writes.len());
        assert!(writes.iter().all(|text| text.len() <= A_PIECE && text.ends_with('\n')));
        let lines = writes.concat();
        for thread in 0..4 {
            let of_thread = lines.lines().filter_map(|line| line.strip_prefix(&format!("{thread} ")));
            let numbers: Vec<usize> = of_thread.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect();
            assert_eq!(numbers, (0..500).collect::<Vec<_>>(), "the lines of a thread stay in their order");
        }
    }

    #[test]
    fn a_slow_reader_gets_the_lines_later_and_one_that_is_gone_stops_nobody() {
        let (log, written, refusal) = a_log();
        *refusal.lock().unwrap() = Some(ErrorKind::WouldBlock);
        log.0.write_with(b"one\n");
        log.keep(b"two\n");
        let much = vec![b'x'; TOGETHER_AT_MOST];
        log.0.write_with(&much);
        assert!(log.0.waiting().len() <= TOGETHER_AT_MOST, "what is too much is lost");
        *refusal.lock().unwrap() = None;
        log.0.write_with(b"three\n");
        let lines: String = written.try_iter().collect();
        assert!(lines.starts_with("one\n") && lines.ends_with("three\n"), "{lines}");
        *refusal.lock().unwrap() = Some(ErrorKind::BrokenPipe);
        log.0.write_with(b"lost\n");
        *refusal.lock().unwrap() = None;
        log.0.write_with(b"four\n");
        assert_eq!(written.try_iter().collect::<String>(), "four\n");
    }

    #[test]
    fn a_piece_ends_with_a_line() {
        assert_eq!(first_piece(b"one\ntwo\nthr"), b"one\ntwo\n");
        assert_eq!(first_piece(b"thr"), b"thr");
        let long = [vec![b'x'; A_PIECE], b"\nnext\n".to_vec()].concat();
        assert_eq!(first_piece(&long).len(), A_PIECE + 1);
    }
}
