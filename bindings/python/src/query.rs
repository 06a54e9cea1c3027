//! Lists in Python: they are read page by page while they are iterated.

use std::{sync::Arc, vec};

use jpauto::{Desk, Page, PageRequest};
use pyo3::prelude::*;

use crate::{
    lot::Handle,
    record::{Record, Told},
};

type Records = (Vec<Py<PyAny>>, Option<String>);
type ReadPage = dyn Fn(Python<'_>, &PageRequest) -> PyResult<Records> + Send + Sync;

/// The result of a `list`. Nothing is read before it is iterated, and each iteration reads again.
///
/// Rows are read page by page: a list of any length takes the memory of one page, and Ctrl-C works between pages.
/// Rows that are added meanwhile do not shift the pages. There is no length, because counting would read everything.
#[pyclass(frozen, generic, module = "jpauto")]
pub(crate) struct Query {
    read_page: Arc<ReadPage>,
    limit: Option<usize>,
    of: &'static str,
}

impl Query {
    /// A list of the library; each item becomes a record.
    pub(crate) fn of<R, T>(
        handle: &Handle,
        limit: Option<usize>,
        list: impl Fn(&Desk, &PageRequest) -> jpauto::Result<Page<T>> + Send + Sync + 'static,
    ) -> Self
    where
        R: Record + Told<T> + Into<PyClassInitializer<R>>,
        T: Send,
    {
        let handle = handle.clone();
        let read_page = move |py: Python<'_>, request: &PageRequest| {
            let page = handle.run(py, |desk| list(desk, request))?;
            let records = page.items.into_iter().map(|item| Ok(Py::new(py, R::told(item))?.into_any()));
            Ok((records.collect::<PyResult<_>>()?, page.next))
        };
        Self { read_page: Arc::new(read_page), limit, of: R::NAME }
    }

    fn rows(&self, limit: Option<usize>) -> Rows {
        Rows {
            read_page: Arc::clone(&self.read_page),
            left: limit,
            rows: Vec::new().into_iter(),
            next: Some(PageRequest::default()),
        }
    }
}

#[pymethods]
impl Query {
    fn __iter__(&self) -> Rows {
        self.rows(self.limit)
    }

    /// The first `count` records as a list. No others are read.
    fn first(&self, py: Python<'_>, count: usize) -> PyResult<Vec<Py<PyAny>>> {
        let mut rows = self.rows(Some(self.limit.map_or(count, |limit| limit.min(count))));
        let mut first = Vec::new();
        while let Some(row) = rows.__next__(py)? {
            first.push(row);
        }
        Ok(first)
    }

    fn __repr__(&self) -> String {
        format!("<jpauto.Query of {}>", self.of)
    }
}

/// Iterates over the rows of a `Query` once.
#[pyclass(module = "jpauto", name = "Rows", generic)]
pub(crate) struct Rows {
    read_page: Arc<ReadPage>,
    left: Option<usize>,
    rows: vec::IntoIter<Py<PyAny>>,
    next: Option<PageRequest>,
}

impl Rows {
    /// The first page is small, because many callers read the first rows only. The others have the largest size.
    fn read_on(&mut self, py: Python<'_>, request: PageRequest) -> PyResult<()> {
        py.check_signals()?;
        let (rows, next) = (self.read_page)(py, &request)?;
        self.rows = rows.into_iter();
        self.next = next.map(|cursor| PageRequest::first(PageRequest::MAX_LIMIT).after(cursor));
        Ok(())
    }
}

#[pymethods]
impl Rows {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.left == Some(0) {
            return Ok(None);
        }
        loop {
            if let Some(row) = self.rows.next() {
                self.left = self.left.map(|left| left.saturating_sub(1));
                return Ok(Some(row));
            }
            let Some(request) = self.next.take() else { return Ok(None) };
            self.read_on(py, request)?;
        }
    }
}
