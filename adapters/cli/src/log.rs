//! The log on standard error, one line an event.
//!
//! A command writes each line at once. A server hands its lines to a thread, so that a reader who stops (a held terminal, a full pipe, a slow
//! disk) holds up no answer and not the end. There the lines of answered requests are written many at a time, [`TOGETHER_FOR`] after the
//! first of them at the latest: under load a system call for each would be a tenth of the work of a read. Every other line is written at
//! once, behind those that wait. Deliberately not here: log files and their rotation.

use std::{
    io::{self, ErrorKind, Stderr, Write},
    mem, panic,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::configuration::LogFormat;

/// How long the line of an answered request may wait for others.
const TOGETHER_FOR: Duration = Duration::from_millis(100);

/// Lines of this many bytes are written at once.
const TOGETHER_AT_MOST: usize = 64 << 10;

/// Bytes of lines that may wait for a slow reader. What comes then is lost, and counted.
const MOST_WAITING: usize = 4 << 20;

/// What a pipe takes whole (`PIPE_BUF` of Linux), so that lines of two processes on one pipe do not mix.
const A_PIECE: usize = 4 << 10;

/// How long the end of a server waits for its last lines to be written.
const TO_THE_END: Duration = Duration::from_secs(1);

/// How soon a reader is tried again that had no room.
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// What lets the remarks of a server through, whatever else is logged.
pub(crate) const REMARKS: &str = "jpauto::remark=info";

/// The log of a server, which its remarks go to as well.
static OF_A_SERVER: OnceLock<(Log, LogFormat)> = OnceLock::new();

/// The log of a process that runs until it is told to end: all that it says on standard error goes through one thread.
pub(crate) fn of_a_server(format: LogFormat) -> Log {
    let (log, _) = OF_A_SERVER.get_or_init(|| (Log::by_a_thread(io::stderr()), format));
    panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    log.clone()
}

/// Says something on standard error; nothing is lost where nobody listens. Where the log is JSON, so is what a server says.
pub(crate) fn remark(text: &str) {
    match OF_A_SERVER.get() {
        Some((_, LogFormat::Json)) => tracing::info!(target: "jpauto::remark", "{text}"),
        Some((log, LogFormat::Text)) => log.line(format!("{text}\n").as_bytes(), false),
        None => drop(writeln!(io::stderr(), "{text}")),
    }
}

/// A place that log lines are written to. Where it takes none, lines are lost and nothing else is.
pub(crate) struct Log<W: Write = Stderr> {
    lines: Arc<Lines<W>>,
    /// Whether a thread writes them.
    has_thread: bool,
}

struct Lines<W> {
    out: Mutex<Out<W>>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

struct Out<W> {
    place: W,
    /// Whether what was written last ends within a line.
    is_within_a_line: bool,
    /// Lines that were not written since one was.
    lost: usize,
}

/// What waits for the thread.
#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Lines for which there was no room.
    lost: usize,
    is_urgent: bool,
    is_being_written: bool,
    is_ending: bool,
}

impl Waiting {
    fn may_gather(&self) -> bool {
        !self.is_urgent && !self.is_ending && self.bytes.len() < TOGETHER_AT_MOST
    }

    fn is_done(&self) -> bool {
        self.bytes.is_empty() && !self.is_being_written
    }
}

impl<W: Write> Clone for Log<W> {
    fn clone(&self) -> Self {
        Self { lines: Arc::clone(&self.lines), has_thread: self.has_thread }
    }
}

impl<W: Write> Log<W> {
    /// A log that is written at once.
    pub(crate) fn to(place: W) -> Self {
        let out = Out { place, is_within_a_line: false, lost: 0 };
        let lines = Lines { out: Mutex::new(out), waiting: Mutex::default(), changed: Condvar::new() };
        Self { lines: Arc::new(lines), has_thread: false }
    }

    /// Waits for the lines of a thread when it is dropped, but not for long.
    pub(crate) fn until_the_end(self) -> Finished<W> {
        Finished(self)
    }

    fn line(&self, line: &[u8], may_wait: bool) {
        if !self.has_thread {
            self.lines.write(line);
            return;
        }
        let mut waiting = self.lines.waiting();
        if waiting.bytes.len() + line.len() > MOST_WAITING {
            waiting.lost += 1;
            return;
        }
        let sleeps = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        waiting.is_urgent |= !may_wait;
        if sleeps || !waiting.may_gather() {
            drop(waiting);
            self.lines.changed.notify_all();
        }
    }
}

impl<W: Write + Send + 'static> Log<W> {
    /// A log that a thread writes, which ends with the process. Without one each line is written at once.
    pub(crate) fn by_a_thread(place: W) -> Self {
        let log = Self::to(place);
        let lines = Arc::clone(&log.lines);
        let thread = thread::Builder::new().name("jpauto-log".into()).spawn(move || lines.write_as_they_come());
        Self { has_thread: thread.is_ok(), ..log }
    }
}

/// The end of the log, also where the command panics.
pub(crate) struct Finished<W: Write = Stderr>(Log<W>);

impl<W: Write> Drop for Finished<W> {
    fn drop(&mut self) {
        if !self.0.has_thread {
            return;
        }
        let lines = &self.0.lines;
        lines.waiting().is_ending = true;
        lines.changed.notify_all();
        drop(lines.changed.wait_timeout_while(lines.waiting(), TO_THE_END, |waiting| !waiting.is_done()));
    }
}

impl<W: Write> Lines<W> {
    /// No code panics while it holds the lock.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does.
    fn write_as_they_come(&self) {
        let (mut lines, mut lost) = (Vec::new(), 0);
        loop {
            let waiting = self.changed.wait_while(self.waiting(), |waiting| waiting.bytes.is_empty());
            let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let gathered = self.changed.wait_timeout_while(waiting, TOGETHER_FOR, |waiting| waiting.may_gather());
            let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
            mem::swap(&mut lines, &mut waiting.bytes);
            (waiting.is_urgent, waiting.is_being_written) = (false, true);
            drop(waiting);
            lost += self.write(&lines);
            if let Some(lines) = self.lost_to_tell(&mut lost) {
                tracing::warn!(
                    lines,
                    "lines of the log were lost: they could not be written so quickly, or not at all"
                );
            }
            lines.clear();
            lines.shrink_to(TOGETHER_AT_MOST);
            self.waiting().is_being_written = false;
            self.changed.notify_all();
        }
    }

    /// How many lines were lost, if that can be told. While lines are lost this one would be as well, and with it the number.
    fn lost_to_tell(&self, lost: &mut usize) -> Option<usize> {
        let mut waiting = self.waiting();
        *lost += mem::take(&mut waiting.lost);
        (*lost > 0 && waiting.bytes.len() <= MOST_WAITING / 2).then(|| mem::take(lost))
    }

    /// Writes lines, and returns how many were lost before, which is told once there is a place again.
    fn write(&self, lines: &[u8]) -> usize {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write(lines)
    }
}

impl<W: Write> Out<W> {
    fn write(&mut self, lines: &[u8]) -> usize {
        let mut rest = lines;
        if self.is_within_a_line && self.write_piece(b"\n") == 0 {
            self.lost += lines_of(rest);
            return 0;
        }
        while !rest.is_empty() {
            let piece = first_piece(rest);
            let written = self.write_piece(piece);
            if written < piece.len() {
                self.lost += lines_of(&rest[written..]);
                return 0;
            }
            rest = &rest[written..];
        }
        mem::take(&mut self.lost)
    }

    /// Writes a piece, and returns how much of it was taken.
    fn write_piece(&mut self, piece: &[u8]) -> usize {
        let mut written = 0;
        while written < piece.len() {
            match self.place.write(&piece[written..]) {
                Ok(0) => break,
                Ok(some) => {
                    written = piece.len().min(written + some);
                    self.is_within_a_line = piece[written - 1] != b'\n';
                }
                Err(reason) if reason.kind() == ErrorKind::Interrupted => {}
                Err(reason) if reason.kind() == ErrorKind::WouldBlock => thread::sleep(TRIED_AGAIN_AFTER),
                Err(_lost) => break,
            }
        }
        written
    }
}

fn lines_of(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
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
        self.log.line(line, self.may_wait);
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

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Each write, as one message. It takes nothing where it is told so, and hangs while somebody holds what it is told.
    #[derive(Clone)]
    struct Written {
        writes: mpsc::Sender<String>,
        refusal: Arc<Mutex<Option<ErrorKind>>>,
        /// How much it takes at a time.
        takes: usize,
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(kind) = *self.refusal.lock().unwrap() {
                return Err(kind.into());
            }
            let taken = &bytes[..bytes.len().min(self.takes)];
            self.writes.send(String::from_utf8_lossy(taken).into_owned()).map_err(io::Error::other)?;
            Ok(taken.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Refusal = Arc<Mutex<Option<ErrorKind>>>;

    fn a_place() -> (Written, mpsc::Receiver<String>, Refusal) {
        let ((writes, written), refusal) = (mpsc::channel(), Refusal::default());
        (Written { writes, refusal: Arc::clone(&refusal), takes: usize::MAX }, written, refusal)
    }

    /// What is written until this text was.
    fn until(text: &str, written: &mpsc::Receiver<String>) -> String {
        let mut lines = String::new();
        while !lines.ends_with(text) {
            lines.push_str(&written.recv_timeout(PATIENCE).unwrap());
        }
        lines
    }

    #[test]
    fn lines_of_requests_are_written_a_while_after_the_first() {
        let (place, written, _) = a_place();
        let (log, began) = (Log::by_a_thread(place), Instant::now());
        for line in ["one\n", "two\n", "three\n"] {
            log.line(line.as_bytes(), true);
        }
        assert_eq!(until("three\n", &written), "one\ntwo\nthree\n");
        assert!(began.elapsed() >= TOGETHER_FOR);
        log.line(b"four\n", true);
        assert_eq!(until("four\n", &written), "four\n", "the thread goes on");
    }

    #[test]
    fn another_line_is_written_at_once_behind_those_that_wait() {
        let (place, written, _) = a_place();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Log::by_a_thread(place))
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: jpauto_http::ACCESS_LOG, "answered");
            tracing::error!("failed");
        });
        assert_eq!(until("failed\n", &written), " INFO answered\nERROR failed\n");
    }

    #[test]
    fn a_command_has_written_a_line_when_it_goes_on() {
        let (place, written, _) = a_place();
        let log = Log::to(place);
        log.line(b"one\n", true);
        log.line(b"two\n", false);
        assert_eq!(written.try_iter().collect::<String>(), "one\ntwo\n");
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let (place, written, _) = a_place();
        let log = Log::by_a_thread(place);
        let end = log.clone().until_the_end();
        log.line(b"last\n", true);
        drop(end);
        assert_eq!(written.try_iter().collect::<String>(), "last\n");
    }

    #[test]
    fn the_number_of_lost_lines_is_kept_until_there_is_room_for_it() {
        let (place, _written, _) = a_place();
        let log = Log { has_thread: true, ..Log::to(place) };
        let line = [vec![b'x'; 999], b"\n".to_vec()].concat();
        let most = MOST_WAITING / line.len();
        for _ in 0..most + 7 {
            log.line(&line, true);
        }
        let mut lost = 2;
        assert_eq!((log.lines.lost_to_tell(&mut lost), lost), (None, 9));
        log.line(&line, true);
        log.lines.waiting().bytes.clear();
        assert_eq!((log.lines.lost_to_tell(&mut lost), lost), (Some(10), 0));
        assert_eq!(log.lines.lost_to_tell(&mut lost), None);
    }

    #[test]
    fn a_reader_that_stops_holds_up_neither_a_line_nor_the_end() {
        let (place, written, refusal) = a_place();
        let held = refusal.lock().unwrap();
        let (log, began) = (Log::by_a_thread(place), Instant::now());
        let end = log.clone().until_the_end();
        let line = [vec![b'x'; 999], b"\n".to_vec()].concat();
        for number in 0..12_000 {
            log.line(&line, number % 2 == 0);
        }
        drop(end);
        assert!(began.elapsed() < TO_THE_END + Duration::from_secs(20), "{:?}", began.elapsed());
        let (most, lost) = {
            let waiting = log.lines.waiting();
            (waiting.bytes.len(), waiting.lost)
        };
        assert!(most <= MOST_WAITING && lost > 1_000, "{most} bytes, {lost} lines");
        // It reads on.
        drop(held);
        let mut read = written.recv_timeout(PATIENCE).unwrap().len();
        while read / 1_000 + lost < 12_000 {
            read += written.recv_timeout(PATIENCE).unwrap().len();
        }
        assert_eq!(read / 1_000 + lost, 12_000, "what is not lost is written, and what is lost is counted");
    }

    #[test]
    fn no_line_is_lost_or_torn_where_many_threads_write() {
        let (place, written, _) = a_place();
        let (log, long, began) = (Log::by_a_thread(place), "x".repeat(500), Instant::now());
        let end = log.clone().until_the_end();
        thread::scope(|scope| {
            for thread in 0..4 {
                let (log, long) = (log.clone(), &long);
                scope.spawn(move || {
                    for number in 0..500 {
                        log.line(format!("{thread} {number} {long}\n").as_bytes(), number % 100 != 99);
                    }
                });
            }
        });
        drop(end);
        let writes: Vec<String> = written.try_iter().collect();
        // A million bytes in pieces, and one that is not full where the time is over or a line does not wait.
        let most = 2_000 * 520 / (A_PIECE - 520) + 40 + (began.elapsed().as_millis() / 100) as usize;
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
        let (place, written, refusal) = a_place();
        *refusal.lock().unwrap() = Some(ErrorKind::WouldBlock);
        let log = Log::by_a_thread(place.clone());
        log.line(b"one\n", false);
        log.line(b"two\n", true);
        *refusal.lock().unwrap() = None;
        assert_eq!(until("two\n", &written), "one\ntwo\n");
        *refusal.lock().unwrap() = Some(ErrorKind::BrokenPipe);
        let mut out = Out { place, is_within_a_line: false, lost: 0 };
        assert_eq!(out.write(b"lost\nas well\n"), 0);
        *refusal.lock().unwrap() = None;
        assert_eq!((out.write(b"four\n"), out.write(b"five\n")), (2, 0), "they are told of once");
        assert_eq!(until("five\n", &written), "four\nfive\n");
    }

    #[test]
    fn a_line_that_was_cut_off_swallows_not_the_next() {
        let (place, written, refusal) = a_place();
        let mut out = Out { place: Written { takes: 3, ..place }, is_within_a_line: false, lost: 0 };
        assert_eq!(out.write_piece(b"one"), 3);
        *refusal.lock().unwrap() = Some(ErrorKind::StorageFull);
        assert_eq!((out.write(b"two\n"), out.lost), (0, 1));
        *refusal.lock().unwrap() = None;
        assert_eq!(out.write(b"three\n"), 1);
        assert_eq!(written.try_iter().collect::<String>(), "one\nthree\n");
    }

    #[test]
    fn a_piece_ends_with_a_line() {
        assert_eq!(first_piece(b"one\ntwo\nthr"), b"one\ntwo\n");
        assert_eq!(first_piece(b"thr"), b"thr");
        let long = [vec![b'x'; A_PIECE], b"\nnext\n".to_vec()].concat();
        assert_eq!(first_piece(&long).len(), A_PIECE + 1);
    }
}
