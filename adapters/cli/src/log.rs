//! The log on standard error, one line an event.
//!
//! The lines of answered requests are written many at a time, [`TOGETHER_FOR`] after the first of them at the latest: under load a system
//! call for each would be a tenth of the work of a read. Every other line is written at once, behind those that wait. What is deliberately
//! not here: files and their rotation, which are for whoever starts the process.

use std::{
    io::{self, Stderr, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError},
    thread,
    time::Duration,
};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// How long the line of an answered request may wait for others.
const TOGETHER_FOR: Duration = Duration::from_millis(100);

/// Lines of this many bytes are written at once.
const TOGETHER_AT_MOST: usize = 64 << 10;

/// A place that log lines are written to.
pub(crate) struct Log<W = Stderr>(Arc<Lines<W>>);

struct Lines<W> {
    /// Taken before `waiting`, so that lines stay in their order.
    out: Mutex<W>,
    waiting: Mutex<Vec<u8>>,
    has_waiting: Condvar,
    writer: Once,
}

impl<W> Clone for Log<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Log<W> {
    pub(crate) fn to(out: W) -> Self {
        let lines =
            Lines { out: Mutex::new(out), waiting: Mutex::default(), has_waiting: Condvar::new(), writer: Once::new() };
        Self(Arc::new(lines))
    }

    /// Writes the lines that wait.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.0.write_with(&[])
    }

    /// Keeps a line until others have come, and writes all at once where many have.
    fn keep(&self, line: &[u8]) -> io::Result<()> {
        let (was_empty, are_many) = {
            let mut waiting = self.0.waiting();
            let was_empty = waiting.is_empty();
            waiting.extend_from_slice(line);
            (was_empty, waiting.len() >= TOGETHER_AT_MOST)
        };
        if are_many {
            return self.finish();
        }
        if was_empty {
            self.0.has_waiting.notify_one();
        }
        let mut outcome = Ok(());
        self.0.writer.call_once(|| outcome = self.write_now_and_then());
        outcome
    }

    /// Starts the thread that writes what waits. It ends with the process.
    fn write_now_and_then(&self) -> io::Result<()> {
        let lines = Arc::clone(&self.0);
        let write = move || {
            loop {
                let waiting = lines.has_waiting.wait_while(lines.waiting(), |waiting| waiting.is_empty());
                drop(waiting);
                thread::sleep(TOGETHER_FOR);
                // Where the log can not be written there is no place to say so.
                let _ = lines.write_with(&[]);
            }
        };
        thread::Builder::new().name("jpauto-log".into()).spawn(write).map(|_runs_on| ())
    }
}

impl<W: Write> Lines<W> {
    /// No code panics while it holds the lock.
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the lines that wait, and this one behind them.
    fn write_with(&self, line: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = mem::take(&mut *self.waiting());
        lines.extend_from_slice(line);
        out.write_all(&lines)?;
        out.flush()
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
pub(crate) struct Line<W> {
    log: Log<W>,
    may_wait: bool,
}

impl<W: Write + Send + 'static> Write for Line<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.may_wait {
            true => self.log.keep(line)?,
            false => self.log.0.write_with(line)?,
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

    /// Each write, as one message.
    #[derive(Clone)]
    struct Written(mpsc::Sender<String>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(String::from_utf8_lossy(bytes).into_owned()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn a_log() -> (Log<Written>, mpsc::Receiver<String>) {
        let (sender, written) = mpsc::channel();
        (Log::to(Written(sender)), written)
    }

    #[test]
    fn lines_of_requests_are_written_together_and_soon() {
        let (log, written) = a_log();
        let began = Instant::now();
        for line in ["one\n", "two\n", "three\n"] {
            log.keep(line.as_bytes()).unwrap();
        }
        assert_eq!(written.recv_timeout(Duration::from_secs(20)).unwrap(), "one\ntwo\nthree\n");
        assert!(began.elapsed() >= TOGETHER_FOR);
        log.keep(b"four\n").unwrap();
        assert_eq!(written.recv_timeout(Duration::from_secs(20)).unwrap(), "four\n", "the thread goes on");
    }

    #[test]
    fn another_line_is_written_at_once_behind_those_that_wait() {
        let (log, written) = a_log();
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
    fn no_line_is_lost_or_torn_where_many_threads_write() {
        let (log, written) = a_log();
        let long = "x".repeat(500);
        thread::scope(|scope| {
            for thread in 0..4 {
                let (log, long) = (log.clone(), &long);
                scope.spawn(move || {
                    for number in 0..500 {
                        let line = format!("{thread} {number} {long}\n");
                        match number % 100 {
                            99 => log.0.write_with(line.as_bytes()).unwrap(),
                            _ => log.keep(line.as_bytes()).unwrap(),
                        }
                    }
                });
            }
        });
        log.finish().unwrap();
        let writes: Vec<String> = written.try_iter().filter(|text| !text.is_empty()).collect();
        assert!(writes.len() <= 60, "{} writes", writes.len());
        assert!(writes.iter().all(|text| text.len() <= 2 * TOGETHER_AT_MOST));
        let lines = writes.concat();
        for thread in 0..4 {
            let of_thread = lines.lines().filter_map(|line| line.strip_prefix(&format!("{thread} ")));
            let numbers: Vec<usize> = of_thread.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect();
            assert_eq!(numbers, (0..500).collect::<Vec<_>>(), "the lines of a thread stay in their order");
        }
    }
}
