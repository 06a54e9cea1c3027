//! The end of the interpreter while daemon threads still run.
//!
//! Python ends such a thread where it next takes the interpreter's lock, by unwinding its stack, and what unwinds through Rust aborts the
//! process. So code of Python that is called from here stands within [`Inside`]: before the interpreter ends, the main thread lets it
//! return, and whoever comes later waits for the end. pyo3 takes care of the lock where this package releases it itself.

use std::{
    cell::Cell,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pyo3::{prelude::*, types::PyCFunction};

/// How long the end waits for code of Python that does not return.
const LONGEST: Duration = Duration::from_secs(5);

/// How many times threads are within. It changes with the interpreter's lock held.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static IS_ENDING: AtomicBool = AtomicBool::new(false);
/// The process that the package was imported in: a fork has none of its threads.
static PROCESS: OnceLock<u32> = OnceLock::new();

thread_local! {
    /// Whether this thread runs what Python calls at its end.
    static ENDS: Cell<bool> = const { Cell::new(false) };
    /// How many times this thread is within: code of Python may call the package again.
    static INSIDE_HERE: Cell<usize> = const { Cell::new(0) };
}

/// Held while code of Python is called.
#[must_use]
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn begin(py: Python<'_>) -> Self {
        if IS_ENDING.load(Ordering::SeqCst) && !ENDS.get() && INSIDE_HERE.get() == 0 {
            py.detach(|| {
                loop {
                    thread::park();
                }
            });
        }
        INSIDE_HERE.set(INSIDE_HERE.get() + 1);
        INSIDE.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE_HERE.set(INSIDE_HERE.get() - 1);
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Has Python call [`end`] before it ends.
pub(crate) fn watch(py: Python<'_>) -> PyResult<()> {
    PROCESS.get_or_init(std::process::id);
    let end = PyCFunction::new_closure(py, None, None, |arguments, _named| end(arguments.py()))?;
    py.import("atexit")?.call_method1("register", (end,)).map(drop)
}

fn end(py: Python<'_>) {
    ENDS.set(true);
    IS_ENDING.store(true, Ordering::SeqCst);
    if PROCESS.get() != Some(&std::process::id()) {
        return;
    }
    let began = Instant::now();
    while INSIDE.load(Ordering::SeqCst) > INSIDE_HERE.get() && began.elapsed() < LONGEST {
        py.detach(|| thread::sleep(Duration::from_millis(1)));
    }
}
