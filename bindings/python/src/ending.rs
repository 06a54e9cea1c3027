//! The end of the interpreter while daemon threads still run.
//!
//! Before Python 3.14 such a thread is ended where it next takes the interpreter's lock, by unwinding its stack, and what unwinds through
//! Rust aborts the process. So what calls code of Python for long or often stands within [`Inside`]: before the interpreter ends, the main
//! thread lets it return, and whoever comes meanwhile waits. Both wait for [`LONGEST`] and no longer, since what Python calls at its end
//! after this package may need such a thread. pyo3 takes care of the lock where this package releases it itself.

use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use pyo3::{
    prelude::*,
    types::{PyCFunction, PyDict},
};

/// How long the end waits for code of Python that does not return, and such code for the end.
const LONGEST: Duration = Duration::from_secs(5);

/// How many times threads are within. It changes with the interpreter's lock held.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// Until when whoever comes waits, once an interpreter ends.
static ENDS_BY: Mutex<Option<Instant>> = Mutex::new(None);

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
        if let Some(ends_by) = ends_by()
            && !ENDS.get()
            && INSIDE_HERE.get() == 0
        {
            py.detach(|| thread::sleep(ends_by.saturating_duration_since(Instant::now())));
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

fn ends_by() -> Option<Instant> {
    *ENDS_BY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end_by(instant: Option<Instant>) {
    *ENDS_BY.lock().unwrap_or_else(PoisonError::into_inner) = instant;
}

/// Has Python call [`end`] before it ends, and [`forked`] in each new process.
pub(crate) fn watch(py: Python<'_>) -> PyResult<()> {
    let end = PyCFunction::new_closure(py, None, None, |arguments, _named| end(arguments.py()))?;
    py.import("atexit")?.call_method1("register", (end,))?;
    let os = py.import("os")?;
    // Windows has no forks.
    if os.hasattr("register_at_fork")? {
        let named = PyDict::new(py);
        named.set_item("after_in_child", PyCFunction::new_closure(py, None, None, |_arguments, _named| forked())?)?;
        os.call_method("register_at_fork", (), Some(&named))?;
    }
    Ok(())
}

fn end(py: Python<'_>) -> PyResult<()> {
    ENDS.set(true);
    let until = Instant::now() + LONGEST;
    end_by(Some(until));
    while INSIDE.load(Ordering::SeqCst) > INSIDE_HERE.get() && Instant::now() < until {
        py.detach(|| thread::sleep(Duration::from_millis(1)));
        py.check_signals()?;
    }
    Ok(())
}

/// A new process has none of the threads of the old one but the one that made it.
fn forked() {
    INSIDE.store(INSIDE_HERE.get(), Ordering::SeqCst);
    ENDS.set(false);
    end_by(None);
}
