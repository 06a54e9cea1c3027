//! Records: the results of the library as frozen Python objects with typed attributes.
//!
//! `record!` makes a class of fields that are written out, `record_of_fields!` makes one of a list of the library's. [`Told`] turns a
//! value of the library into the value of a field, and [`Shown`] turns that into a Python object and, for pickles, back.

mod ids_and_words;
mod lists;
mod values;

use std::hash::{DefaultHasher, Hasher as _};

use pyo3::{PyClass, exceptions::PyTypeError, prelude::*, types::PyDict};

pub(crate) use self::{
    ids_and_words::{UsuallyWord, closed_sets},
    lists::{field_type, listed, record_of_fields, record_of_public_fields},
    values::{Amount, Bytes, Coded, Document},
};
use crate::html;

/// Makes the value of a field from a value of the library.
pub(crate) trait Told<T> {
    fn told(value: T) -> Self;

    /// The type of the attribute in the stub, where `T` says more of it than the field's own type: the closed set of a word.
    fn annotation() -> Option<String> {
        None
    }
}

/// A value of a field as a Python object.
pub(crate) trait Shown {
    /// The type of the attribute in the stub.
    fn annotation() -> String
    where
        Self: Sized;

    /// The value of the attribute.
    fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;

    /// The value in `as_dict`, where a record is a dictionary.
    fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.shown(py)
    }

    /// The value that [`Shown::shown`] showed.
    fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self>
    where
        Self: Sized;

    /// Adds the value to a hash. Equal values add the same.
    fn mix(&self, hash: &mut DefaultHasher);
}

/// A class that `record!` made.
pub(crate) trait Record: PyClass {
    /// Every field with its name, in order.
    fn fields(&self) -> Vec<(&'static str, &dyn Shown)>;

    /// A dictionary of every field.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.fields() {
            dict.set_item(name, value.plain(py)?)?;
        }
        Ok(dict)
    }

    /// The name of the class and every field that is not `None`. Long values are cut: a page of them would hide the others.
    fn to_repr(&self, py: Python<'_>) -> PyResult<String> {
        let mut shown = Vec::new();
        for (name, value) in self.fields() {
            let value = value.shown(py)?;
            if !value.is_none() {
                shown.push(format!("{name}={}", html::short_repr(&value)?));
            }
        }
        Ok(format!("{}({})", Self::NAME, shown.join(", ")))
    }

    /// What pickles hold of it: each attribute by name.
    fn attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, value) in self.fields() {
            dict.set_item(name, value.shown(py)?)?;
        }
        Ok(dict)
    }

    fn to_hash(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        for (_, value) in self.fields() {
            value.mix(&mut hash);
        }
        hash.finish()
    }

    /// For notebooks: a table of the fields that are not `None`.
    fn to_html(&self, py: Python<'_>) -> PyResult<String> {
        let mut rows = Vec::new();
        for (name, value) in self.fields() {
            let value = value.shown(py)?;
            if !value.is_none() {
                rows.push((name.to_owned(), html::cell(&value)?));
            }
        }
        Ok(html::record(Self::NAME, &rows))
    }
}

/// The value of a field in a pickle. A field that the pickle does not have yet is `None`.
pub(crate) fn restored<T: Shown>(fields: &Bound<'_, PyDict>, name: &str) -> PyResult<T> {
    let value = fields.get_item(name)?.unwrap_or_else(|| fields.py().None().into_bound(fields.py()));
    T::read(&value).map_err(|reason| PyTypeError::new_err(format!("{name}: {}", reason.value(fields.py()))))
}

/// The type that a field has in the stub. `value` says what it is made of, and is not called.
pub(crate) fn annotation<F: Shown + Told<T>, C, T>(_value: fn(C) -> T) -> String {
    <F as Told<T>>::annotation().unwrap_or_else(<F as Shown>::annotation)
}

/// Makes a frozen Python class for a type of the library, and the conversion to it.
///
/// Fields are in groups. Those after `()` are fields of the value, those after `(.part)` are fields of its part. A field has the name
/// of the library's field; if not, the path or method is given in brackets.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident of $core:ty {
            $($part:tt { $($(#[$field_doc:meta])* $field:ident: $type:ty $(= [$($path:tt)+])?,)* })+
        }
        $(and { $($method:tt)* })?
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, get_all, eq, module = "jpauto")]
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name {
            $($($(#[$field_doc])* $field: $type,)*)+
        }

        impl $crate::record::Told<$core> for $name {
            fn told(value: $core) -> Self {
                Self {
                    $($($field: $crate::record::Told::told(
                        record!(@ value $part $field $([$($path)+])?),
                    ),)*)+
                }
            }
        }

        impl $crate::record::Record for $name {
            fn fields(&self) -> Vec<(&'static str, &dyn $crate::record::Shown)> {
                vec![$($((stringify!($field), &self.$field as &dyn $crate::record::Shown),)*)+]
            }
        }

        impl $crate::arrow::Row for $name {
            fn columns() -> Vec<arrow_schema::FieldRef> {
                vec![$($($crate::arrow::column::<$type>(stringify!($field)),)*)+]
            }

            fn arrays(rows: &[Self], places: &[usize]) -> Vec<arrow_array::ArrayRef> {
                let rows: Vec<_> = rows.iter().map(Some).collect();
                let all = Self::array_makers();
                places.iter().filter_map(|place| Some(all.get(*place)?(&rows))).collect()
            }
        }

        impl $name {
            /// For each column, the function that makes it.
            fn array_makers() -> Vec<fn(&[Option<&Self>]) -> arrow_array::ArrayRef> {
                vec![$($(|rows| {
                    let values: Vec<_> = rows.iter().map(|row| row.map(|row| &row.$field)).collect();
                    $crate::arrow::values::<$type>(stringify!($field), &values)
                },)*)+]
            }
        }

        impl $crate::arrow::Columnar for $name {
            fn data_type() -> arrow_schema::DataType {
                $crate::arrow::struct_type(<Self as $crate::arrow::Row>::columns())
            }

            fn array(values: &[Option<&Self>]) -> arrow_array::ArrayRef {
                let columns = Self::array_makers().into_iter().map(|make| make(values)).collect();
                let fields = <Self as $crate::arrow::Row>::columns();
                $crate::arrow::structs(fields, columns, $crate::arrow::nulls(values))
            }
        }

        impl $crate::record::Shown for $name {
            fn annotation() -> String {
                stringify!($name).to_owned()
            }

            fn shown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                pyo3::IntoPyObjectExt::into_bound_py_any(self.clone(), py)
            }

            fn plain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok($crate::record::Record::to_dict(self, py)?.into_any())
            }

            fn read(shown: &Bound<'_, PyAny>) -> PyResult<Self> {
                Ok(shown.cast::<Self>()?.get().clone())
            }

            fn mix(&self, hash: &mut std::hash::DefaultHasher) {
                std::hash::Hasher::write_u64(hash, $crate::record::Record::to_hash(self));
            }
        }

        #[pymethods]
        impl $name {
            /// The fields as a dictionary; records within it are dictionaries, too.
            fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                $crate::record::Record::to_dict(self, py)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                $crate::record::Record::to_repr(self, py)
            }

            fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
                $crate::record::Record::to_html(self, py)
            }

            fn __hash__(&self) -> u64 {
                $crate::record::Record::to_hash(self)
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, pyo3::types::PyDict>,))> {
                let restore = slf.get_type().getattr("_restored")?;
                Ok((restore, ($crate::record::Record::attributes(slf.get(), slf.py())?,)))
            }

            /// The names of the fields and their types, for the stubs.
            #[staticmethod]
            fn _fields() -> Vec<(&'static str, String)> {
                vec![$($((
                    stringify!($field),
                    $crate::record::annotation::<$type, $core, _>(|value| record!(@ value $part $field $([$($path)+])?)),
                ),)*)+]
            }

            #[staticmethod]
            fn _restored(fields: &Bound<'_, pyo3::types::PyDict>) -> PyResult<Self> {
                Ok(Self { $($($field: $crate::record::restored(fields, stringify!($field))?,)*)+ })
            }

            $($($method)*)?
        }
    };
    (@ $value:ident (.$part:ident) $field:ident) => { $value.$part.$field };
    (@ $value:ident () $field:ident) => { $value.$field };
    (@ $value:ident () $field:ident [$($path:tt)+]) => { $value.$($path)+ };
}
pub(crate) use record;
