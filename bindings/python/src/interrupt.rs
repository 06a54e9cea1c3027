//! Work that Ctrl-C ends, although it is no loop of Python.
//!
//! Python handles signals in its main thread, between calls. So a long call works in a thread of its own, while the one that called looks
//! for them now and then.

use std::{
    cell::Cell,
    ops::ControlFlow,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use pyo3::prelude::*;

/// How long the caller waits before it looks again.
const A_WHILE: Duration = Duration::from_millis(50);

/// For how long a thread reads objects of Python before the others have their turn. Python asks for one after 5 ms; a lock that is
/// released earlier is mostly taken again before another thread has woken up.
const A_TURN: Duration = Duration::from_millis(8);

thread_local! {
    /// When the turn of this thread began.
    static TURN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Lets other threads of Python run now and then, in a loop that reads objects of Python and so needs the interpreter's lock throughout.
/// Whether a turn has ended.
pub(crate) fn give_way(py: Python<'_>) -> bool {
    let is_over = TURN.get().is_some_and(|began| began.elapsed() >= A_TURN);
    if is_over {
        py.detach(|| ());
    }
    if is_over || TURN.get().is_none() {
        TURN.set(Some(Instant::now()));
    }
    is_over
}

/// The same in a loop that Ctrl-C ends.
///
/// # Errors
/// What a handler of signals raised.
pub(crate) fn take_turns(py: Python<'_>) -> PyResult<()> {
    if give_way(py) { py.check_signals() } else { Ok(()) }
}

/// Whether the work is to end, for the threads that do it.
pub(crate) struct Stop(AtomicBool);

impl Stop {
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Does the work with the interpreter's lock released. What it gives after it was told to stop is dropped.
///
/// # Errors
/// What a handler of signals raised, which is `KeyboardInterrupt` for Ctrl-C.
pub(crate) fn interruptible<T: Send>(py: Python<'_>, work: impl FnOnce(&Stop) -> T + Send) -> PyResult<T> {
    let stop = Stop(AtomicBool::new(false));
    thread::scope(|scope| {
        let (sender, mut done) = channel();
        let stop = &stop;
        let worker = scope.spawn(move || {
            let found = work(stop);
            // Where nobody waits any more, nobody asks for it.
            let _ = sender.send(());
            found
        });
        let mut raised = None;
        loop {
            let waiting = &mut done;
            match py.detach(move || waiting.recv_timeout(A_WHILE)) {
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(reason) = py.check_signals() {
                        stop.0.store(true, Ordering::Relaxed);
                        raised = raised.or(Some(reason));
                    }
                }
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let found = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        raised.map_or(Ok(found), Err)
    })
}
