//! Lists in Python: they are read page by page while they are iterated, and as a table by `tables.rs`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    vec,
};

use jpauto::{Desk, Page, PageRequest};
use pyo3::{
    prelude::*,
    sync::MutexExt as _,
    types::{PyCapsule, PyTuple},
};

use crate::{
    arrow::{
        Row,
        import::requested,
        reading::{ReadColumns, by_pages},
    },
    error, html,
    lot::Handle,
    record::{Record, Told},
    tables::{Batches, Table},
    typed,
    unicode::{self, OfText as _},
    whole,
};

/// How many rows a notebook shows.
const SHOWN_ROWS: usize = 10;

type Records = (Vec<Py<PyAny>>, Option<String>);
type ReadPage = dyn Fn(Python<'_>, &PageRequest) -> PyResult<Records> + Send + Sync;

/// The result of a `list`. Nothing is read before it is iterated, and each iteration reads again.
///
/// Rows are read page by page: a list of any length takes the memory of one page, and Ctrl-C works between pages.
/// Rows that are added meanwhile do not shift the pages. There is no length, because counting would read everything; as a condition it
/// says whether there is a record.
///
/// It is a table as well: `to_arrow`, `to_polars`, `to_pandas`, `to_duckdb` and `batches` read it in columns, and so does every library
/// that takes an object with `__arrow_c_stream__`, such as `polars.DataFrame(lot.inventory.list())`; `pandas.DataFrame` takes none, and would have one column of records. The columns are the fields of the
/// record. Amounts are exact decimals in dollars, times are UTC with microseconds, ids are UUIDs (`arrow.uuid`), documents are JSON
/// text, and make, model and words of closed sets are dictionaries.
#[pyclass(frozen, generic, module = "jpauto")]
pub(crate) struct Query {
    read_page: Arc<ReadPage>,
    limit: Option<usize>,
    of: &'static str,
    table: Table,
}

impl Query {
    /// A list of the library; each item becomes a record.
    pub(crate) fn of<R, T>(
        handle: &Handle,
        limit: Option<usize>,
        list: impl Fn(&Desk, &PageRequest) -> jpauto::Result<Page<T>> + Send + Sync + 'static,
    ) -> Self
    where
        R: Record + Row + Told<T> + Into<PyClassInitializer<R>>,
        T: Send + 'static,
    {
        let list = Arc::new(list);
        let table = Table::of(handle, R::columns(), limit, {
            let list = Arc::clone(&list);
            by_pages::<R, T>(move |desk, request| list(desk, request))
        });
        let handle = handle.clone();
        let read_page = move |py: Python<'_>, request: &PageRequest| {
            let page = handle.run(py, |desk| list(desk, request))?;
            let records = page.items.into_iter().map(|item| Ok(Py::new(py, R::told(item))?.into_any()));
            Ok((records.collect::<PyResult<_>>()?, page.next))
        };
        Self { read_page: Arc::new(read_page), limit, of: R::NAME, table }
    }

    /// A list that the library gives as a whole.
    pub(crate) fn of_all<R, T>(
        handle: &Handle,
        list: impl Fn(&Desk) -> jpauto::Result<Vec<T>> + Send + Sync + 'static,
    ) -> Self
    where
        R: Record + Row + Told<T> + Into<PyClassInitializer<R>>,
        T: Send + 'static,
    {
        Self::of::<R, T>(handle, None, move |desk, _all| list(desk).map(Page::from))
    }

    /// The same, read as a table by an operation of the library that is made for that.
    pub(crate) fn in_columns(self, read: Arc<ReadColumns>) -> Self {
        Self { table: self.table.read_by(read), ..self }
    }

    fn unread(&self, limit: Option<usize>) -> Unread {
        Unread {
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
        Rows(Mutex::new(self.unread(self.limit)))
    }

    /// Whether it has a record, so that `if lot.alerts.list():` asks what it seems to ask. One is read.
    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        let one = Some(PageRequest::first(1));
        let mut rows = Unread { next: one, ..self.unread(self.limit.map_or(Some(1), |limit| Some(limit.min(1)))) };
        Ok(rows.next(py)?.is_some())
    }

    /// The first `count` records as a list. No others are read.
    fn first(&self, py: Python<'_>, #[pyo3(from_py_with = whole::count)] count: usize) -> PyResult<Vec<Py<PyAny>>> {
        let mut rows = self.unread(Some(self.limit.map_or(count, |limit| limit.min(count))));
        let mut first = Vec::new();
        while let Some(row) = rows.next(py)? {
            first.push(row);
        }
        Ok(first)
    }

    /// The same list with these columns alone when it is read as a table. Others are not read from the database.
    ///
    /// Raises `InvalidInput` (`invalid_argument`) for a name that is no column.
    #[pyo3(signature = (*columns))]
    fn select(&self, py: Python<'_>, columns: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let columns = columns.iter().map(|column| String::of("columns", &column)).collect::<PyResult<_>>()?;
        let table = self.table.select(py, Some(columns))?;
        Ok(Self { read_page: Arc::clone(&self.read_page), limit: self.limit, of: self.of, table })
    }

    /// The names of its columns, in their order.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.table.names()
    }

    /// A `pyarrow.Table`, one chunk for each batch that was read.
    ///
    /// `columns` are the names of the columns to read, in their order; `None` reads all. Ctrl-C works between batches.
    ///
    /// Raises what iterating raises; `InvalidInput` (`invalid_argument`) for a name that is no column; `ModuleNotFoundError` without
    /// pyarrow (`pip install 'jpauto[arrow]'`).
    #[pyo3(signature = (*, columns = None))]
    fn to_arrow<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = unicode::columns)] columns: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.table.select(py, columns)?.collect(py)?.into_arrow(py)
    }

    /// A `polars.DataFrame`. Amounts are `Decimal(18, 2)`, times `Datetime("us", "UTC")`, ids `Binary` of 16 bytes.
    ///
    /// Raises as `to_arrow` does; without polars (`pip install 'jpauto[polars]'`).
    #[pyo3(signature = (*, columns = None))]
    fn to_polars<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = unicode::columns)] columns: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.table.select(py, columns)?.collect(py)?.into_polars(py)
    }

    /// A `pandas.DataFrame` whose columns are all of `pandas.ArrowDtype`, so that amounts stay exact and whole numbers whole.
    ///
    /// pandas does not sort, join or search ids and dictionaries, nor describe decimals. `plain` has ids and words as text and amounts
    /// as floats, for which it does.
    ///
    /// Raises as `to_arrow` does; without pandas and pyarrow (`pip install 'jpauto[pandas]'`).
    #[pyo3(signature = (*, columns = None, plain = false))]
    fn to_pandas<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = unicode::columns)] columns: Option<Vec<String>>,
        #[pyo3(from_py_with = typed::plain)] plain: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.table.select(py, columns)?.collect(py)?.into_pandas(py, plain)
    }

    /// A relation of `DuckDB`, of its default connection or of the one given: `cars.filter("price < 20000").aggregate("make, count(*)")`.
    ///
    /// Raises as `to_arrow` does; without duckdb and pyarrow (`pip install 'jpauto[duckdb]'`); `InvalidInput` (`invalid_argument`) for no
    /// column at all.
    #[pyo3(signature = (connection = None, *, columns = None))]
    fn to_duckdb<'py>(
        &self,
        py: Python<'py>,
        connection: Option<&Bound<'py, PyAny>>,
        #[pyo3(from_py_with = unicode::columns)] columns: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.table.select(py, columns)?.collect(py)?.into_duckdb(py, connection)
    }

    /// Reads the table in batches of `rows` rows, the last one of fewer. A table of any length takes the memory of a few batches.
    ///
    /// A list that is read page by page gives batches of at most 8,192 rows. Whoever stops iterating ends the reading.
    ///
    /// Raises as `to_arrow` does, here or while it is iterated; `InvalidInput` (`invalid_argument`), which is a `ValueError`, for less than one row.
    #[pyo3(signature = (rows = 65_536, *, columns = None))]
    fn batches(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = whole::rows)] rows: usize,
        #[pyo3(from_py_with = unicode::columns)] columns: Option<Vec<String>>,
    ) -> PyResult<Batches> {
        self.table.select(py, columns)?.batches(py, rows)
    }

    /// Its columns, for libraries that read Arrow. Nothing is read from the database.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        self.table.c_schema(py)
    }

    /// Its rows, for libraries that read Arrow. They are read from the database while the library asks for them, in one thread.
    ///
    /// What is wrong with the lot, the rights or the columns is raised here; what fails later is an exception of the library that
    /// reads. A schema that is asked for chooses columns by their names, and has ids and words as `string` and amounts as `float64` where it
    /// says so. For every other type than that of the column it is `InvalidInput` (`invalid_argument`).
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        self.table.c_stream(py, requested(requested_schema)?.as_ref())
    }

    fn __repr__(&self) -> String {
        format!("<jpauto.Query of {}>", self.of)
    }

    /// For notebooks: the first rows as a table, or why they can not be read.
    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let mut rows = match self.first(py, SHOWN_ROWS + 1) {
            Ok(rows) => rows,
            Err(reason) if error::is_ours(py, &reason)? => {
                return Ok(html::sentence(&format!(
                    "{}: {}",
                    self.__repr__(),
                    reason.value(py).str()?.to_string_lossy()
                )));
            }
            Err(reason) => return Err(reason),
        };
        let is_all = rows.len() <= SHOWN_ROWS;
        rows.truncate(SHOWN_ROWS);
        html::records(py, self.of, &self.table.names(), &rows, is_all)
    }
}

/// Iterates over the rows of a `Query` once. Threads may share it: each row goes to one of them.
#[pyclass(frozen, module = "jpauto", name = "Rows", generic)]
pub(crate) struct Rows(Mutex<Unread>);

/// What is left to be read.
struct Unread {
    read_page: Arc<ReadPage>,
    left: Option<usize>,
    rows: vec::IntoIter<Py<PyAny>>,
    next: Option<PageRequest>,
}

impl Unread {
    /// The first page is small, because many callers read the first rows only. The others have the largest size.
    fn read_on(&mut self, py: Python<'_>, request: PageRequest) -> PyResult<()> {
        py.check_signals()?;
        let (rows, next) = (self.read_page)(py, &request)?;
        self.rows = rows.into_iter();
        self.next = next.map(|cursor| PageRequest::first(PageRequest::MAX_LIMIT).after(cursor));
        Ok(())
    }

    fn next(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
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

#[pymethods]
impl Rows {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        // The interpreter is not held while another thread reads.
        self.0.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).next(py)
    }
}
