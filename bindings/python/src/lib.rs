//! The extension module `jpauto._jpauto`: the library's nouns and verbs, handed to Python.
//!
//! Not here: rules, SQL or prices; those are the library's. The package `jpauto` in `python/` is what people import.

use pyo3::prelude::*;

/// What `import jpauto._jpauto` runs.
#[pymodule]
fn _jpauto(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
