//! Lists as tables: which columns, in which batches, for which library. `arrow/reading.rs` reads them.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{FieldRef, Schema, SchemaRef};
use pyo3::{
    exceptions::PyModuleNotFoundError,
    prelude::*,
    types::{PyCapsule, PyDict, PyTuple},
};

use crate::{
    arrow::{
        Row, export,
        import::requested,
        plain,
        reading::{ROWS, ReadColumns, Reading, Wanted, schema},
    },
    ending::Inside,
    error::invalid_argument,
    faults::not,
    html,
    lot::Handle,
    typed,
};

/// A list as a table that is yet to be read.
#[derive(Clone)]
pub(crate) struct Table {
    handle: Handle,
    /// All columns that the list has.
    columns: Arc<[FieldRef]>,
    /// The places of those that are wanted.
    places: Vec<usize>,
    limit: Option<usize>,
    read: Arc<ReadColumns>,
}

impl Table {
    pub(crate) fn of(handle: &Handle, columns: Vec<FieldRef>, limit: Option<usize>, read: Arc<ReadColumns>) -> Self {
        let places = (0..columns.len()).collect();
        Self { handle: handle.clone(), columns: columns.into(), places, limit, read }
    }

    /// The same, read otherwise.
    pub(crate) fn read_by(self, read: Arc<ReadColumns>) -> Self {
        Self { read, ..self }
    }

    /// The names of the columns that are wanted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.places.iter().filter_map(|place| Some(self.columns.get(*place)?.name().clone())).collect()
    }

    /// The same with these columns alone.
    pub(crate) fn select(&self, py: Python<'_>, names: Option<Vec<String>>) -> PyResult<Self> {
        let Some(names) = names else { return Ok(self.clone()) };
        let (mut places, mut faults) = (Vec::new(), Vec::new());
        for (index, name) in names.iter().enumerate() {
            let at = format!("/columns/{index}");
            match self.columns.iter().position(|column| column.name() == name) {
                Some(place) if places.contains(&place) => {
                    faults.push((at, format!("the column {name} is named twice")));
                }
                Some(place) => places.push(place),
                None => faults.push((at, self.no_column(name))),
            }
        }
        if !faults.is_empty() {
            return Err(invalid_argument(py, faults));
        }
        Ok(Self { places, ..self.clone() })
    }

    /// What is said of a name that is no column.
    fn no_column(&self, name: &str) -> String {
        let names = || self.columns.iter().map(|column| column.name().as_str());
        let distance = |known: &str| strsim::damerau_levenshtein(known, name);
        match names().min_by_key(|known| distance(known)).filter(|known| distance(known) <= 3) {
            Some(nearest) => format!("there is no column {name}; did you mean {nearest}?"),
            None => format!("there is no column {name}; there are {}", names().collect::<Vec<_>>().join(", ")),
        }
    }

    fn begin(&self, py: Python<'_>, rows: usize) -> PyResult<Reading> {
        let wanted = Wanted { places: self.places.clone(), limit: self.limit, rows };
        Reading::begin(py, self.handle.desk(py)?, &self.columns, wanted, Arc::clone(&self.read))
    }

    /// Reads all of it.
    pub(crate) fn collect(&self, py: Python<'_>) -> PyResult<Collected> {
        let (schema, batches) = self.begin(py, ROWS)?.all(py)?;
        Ok(Collected { schema, batches: Mutex::new(batches) })
    }

    pub(crate) fn batches(&self, py: Python<'_>, rows: usize) -> PyResult<Batches> {
        if rows == 0 {
            let expected = "expected one row or more".to_owned();
            return Err(invalid_argument(py, vec![("/rows".to_owned(), expected)]));
        }
        Ok(Batches { reading: Mutex::new(Some(self.begin(py, rows)?)) })
    }

    pub(crate) fn c_schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema(py, &schema(&self.columns, &self.places))
    }

    /// With the columns of the schema that is asked for, where one is.
    pub(crate) fn c_stream<'py>(&self, py: Python<'py>, wanted: Option<&Schema>) -> PyResult<Bound<'py, PyCapsule>> {
        let Some(wanted) = wanted else { return export::stream(py, Box::new(self.begin(py, ROWS)?)) };
        let names = wanted.fields().iter().map(|field| field.name().clone()).collect();
        let chosen = self.select(py, Some(names))?;
        // Before the reading begins, which takes a connection.
        plain::where_wanted(&schema(&chosen.columns, &chosen.places), wanted)
            .map_err(|faults| invalid_argument(py, faults))?;
        export::stream_as(py, Box::new(chosen.begin(py, ROWS)?), wanted)
    }
}

/// A table that was read, on its way to another library, which takes it once.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Collected {
    schema: SchemaRef,
    batches: Mutex<Vec<RecordBatch>>,
}

#[pymethods]
impl Collected {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = std::mem::take(&mut *self.batches.lock().unwrap_or_else(PoisonError::into_inner));
        export::stream_of(py, Arc::clone(&self.schema), batches)
    }
}

impl Collected {
    pub(crate) fn into_arrow(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let _inside = Inside::begin(py);
        needed(py, "pyarrow", "to_arrow", "arrow")?.call_method1("table", (Py::new(py, self)?,))
    }

    pub(crate) fn into_polars(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let _inside = Inside::begin(py);
        needed(py, "polars", "to_polars", "polars")?.call_method1("DataFrame", (Py::new(py, self)?,))
    }

    /// With ids and words as text, and amounts as floats.
    fn plain(self) -> PyResult<Self> {
        let schema = plain::schema(&self.schema);
        let batches = self.batches.into_inner().unwrap_or_else(PoisonError::into_inner);
        let batches = batches.iter().map(|batch| plain::batch(batch, &schema)).collect::<Result<_, _>>();
        Ok(Self { schema, batches: Mutex::new(batches.map_err(export::as_value_error)?) })
    }

    pub(crate) fn into_pandas(self, py: Python<'_>, is_plain: bool) -> PyResult<Bound<'_, PyAny>> {
        let _inside = Inside::begin(py);
        let pandas = needed(py, "pandas", "to_pandas", "pandas")?;
        needed(py, "pyarrow", "to_pandas", "pandas")?;
        let types = PyDict::new(py);
        types.set_item("types_mapper", pandas.getattr("ArrowDtype")?)?;
        let table = if is_plain { py.detach(|| self.plain())? } else { self };
        table.into_arrow(py)?.call_method("to_pandas", (), Some(&types))
    }

    pub(crate) fn into_duckdb<'py>(
        self,
        py: Python<'py>,
        connection: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _inside = Inside::begin(py);
        let duckdb = needed(py, "duckdb", "to_duckdb", "duckdb")?;
        needed(py, "pyarrow", "to_duckdb", "duckdb")?;
        if let Some(connection) = connection.filter(|given| !given.hasattr("from_arrow").unwrap_or(false)) {
            return Err(not("connection", "a connection of DuckDB", connection));
        }
        if self.schema.fields().is_empty() {
            let expected = "expected one column or more, for DuckDB has no table without any".to_owned();
            return Err(invalid_argument(py, vec![("/columns".to_owned(), expected)]));
        }
        let table = self.into_arrow(py)?;
        connection.unwrap_or(duckdb.as_any()).call_method1("from_arrow", (table,))
    }
}

/// Imports a package that this one can do without.
fn needed<'py>(py: Python<'py>, package: &str, method: &str, extra: &str) -> PyResult<Bound<'py, PyModule>> {
    py.import(package).map_err(|reason| {
        if !reason.is_instance_of::<PyModuleNotFoundError>(py) {
            return reason;
        }
        let missing = format!("{method} needs {package}, which is not installed: pip install 'jpauto[{extra}]'");
        let raised = PyModuleNotFoundError::new_err(missing);
        raised.set_cause(py, Some(reason));
        raised
    })
}

/// Iterates over the batches of a table once.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Batches {
    reading: Mutex<Option<Reading>>,
}

#[pymethods]
impl Batches {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Batch>> {
        // Taken out while it waits: another thread of Python then finds nothing, and no lock is held meanwhile.
        let taken = self.reading.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut reading) = taken else { return Ok(None) };
        let batch = reading.next_batch(py)?;
        if batch.is_some() {
            *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        }
        Ok(batch.map(|batch| Batch { batch }))
    }

    /// Ends the reading. What was handed out stays.
    fn close(&self) {
        drop(self.reading.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Some rows of a table, in columns. Every library that reads Arrow takes it, such as `polars.DataFrame(batch)`.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Batch {
    batch: RecordBatch,
}

impl From<RecordBatch> for Batch {
    fn from(batch: RecordBatch) -> Self {
        Self { batch }
    }
}

impl Batch {
    /// The columns that another library asks for, or all.
    fn wanted(&self, py: Python<'_>, requested_schema: Option<&Bound<'_, PyAny>>) -> PyResult<RecordBatch> {
        let Some(wanted) = requested(requested_schema)? else { return Ok(self.batch.clone()) };
        let mut faults = Vec::new();
        let own = self.batch.schema();
        let place = |field: &FieldRef| {
            let place = own.index_of(field.name());
            place.map_err(|_none| (format!("/requested_schema/{}", field.name()), "there is no such column".to_owned()))
        };
        let places: Vec<usize> =
            wanted.fields().iter().filter_map(|field| place(field).map_err(|fault| faults.push(fault)).ok()).collect();
        if !faults.is_empty() {
            return Err(invalid_argument(py, faults));
        }
        let chosen = self.batch.project(&places).map_err(export::as_value_error)?;
        let schema =
            plain::where_wanted(chosen.schema_ref(), &wanted).map_err(|faults| invalid_argument(py, faults))?;
        plain::batch(&chosen, &schema).map_err(export::as_value_error)
    }

    /// Records as rows.
    pub(crate) fn of<R: Row>(records: &[R]) -> PyResult<Self> {
        let columns = R::columns();
        let places: Vec<usize> = (0..columns.len()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        let schema = Arc::new(schema(&columns, &places));
        RecordBatch::try_new_with_options(schema, R::arrays(records, &places), &options)
            .map(Self::from)
            .map_err(export::as_value_error)
    }

    fn collected(&self) -> Collected {
        Collected { schema: self.batch.schema(), batches: Mutex::new(vec![self.batch.clone()]) }
    }
}

#[pymethods]
impl Batch {
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    /// The names of its columns, in their order.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A `pyarrow.Table`. Raises `ModuleNotFoundError` without pyarrow (`pip install 'jpauto[arrow]'`).
    fn to_arrow<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.collected().into_arrow(py)
    }

    /// A `polars.DataFrame`. Raises `ModuleNotFoundError` without polars (`pip install 'jpauto[polars]'`).
    fn to_polars<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.collected().into_polars(py)
    }

    /// A `pandas.DataFrame` of `pandas.ArrowDtype`; `plain` has ids and words as text and amounts as floats. Raises
    /// `ModuleNotFoundError` without pandas and pyarrow (`pip install 'jpauto[pandas]'`).
    #[pyo3(signature = (*, plain = false))]
    fn to_pandas<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = typed::plain)] plain: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.collected().into_pandas(py, plain)
    }

    /// A relation of `DuckDB`, of its default connection or of the one given. Raises `ModuleNotFoundError` without duckdb and pyarrow
    /// (`pip install 'jpauto[duckdb]'`).
    #[pyo3(signature = (connection = None))]
    fn to_duckdb<'py>(&self, py: Python<'py>, connection: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.collected().into_duckdb(py, connection)
    }

    /// Its columns, for libraries that read Arrow.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema(py, self.batch.schema_ref())
    }

    /// Its columns and rows, for libraries that read Arrow.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        export::array(py, &self.wanted(py, requested_schema)?)
    }

    /// The same as a stream of one batch.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let batch = self.wanted(py, requested_schema)?;
        export::stream_of(py, batch.schema(), vec![batch])
    }

    /// For notebooks: the first rows.
    fn _repr_html_(&self) -> String {
        html::batch(&self.batch, 10)
    }

    fn __repr__(&self) -> String {
        format!("<jpauto.Batch of {} rows and {} columns>", self.batch.num_rows(), self.batch.num_columns())
    }
}
