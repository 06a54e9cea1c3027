//! Streams the rows of a list column by column, without an object for any row.
//!
//! A repository gives the columns ([`Output`]) and the query with its filters; `postgres` and `sqlite` read the cells, `build`
//! makes columns of them. What a cell says is what it says in a record: the same values, and the same word for what is missing.

mod build;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{borrow::Cow, ops::ControlFlow};

use diesel::{
    query_builder::{Query, QueryFragment, QueryId},
    sql_types::Text,
};

pub(crate) use build::{Cell, Times};

use self::build::Building;
use super::{DbConnection, DbResult, MultiBackend};
use crate::{
    columns::{Column, ColumnBatch, ColumnRequest},
    error::{Error, ErrorCode, Result},
};

/// Takes the next rows.
pub(crate) type Take<'a> = dyn FnMut(ColumnBatch) -> ControlFlow<()> + 'a;

/// A column as the database has it.
#[derive(Clone)]
pub(crate) struct Source {
    /// What tells it from others of the same list.
    pub(crate) name: &'static str,
    /// The expression that gives it, on both databases.
    pub(crate) sql: Cow<'static, str>,
    pub(crate) cell: Cell,
    /// What is missing reads as the default of its type: zero, false, nothing in it.
    pub(crate) has_default: bool,
}

impl Source {
    /// The column of this name; what is missing in it is unknown.
    pub(crate) fn column(name: &'static str, cell: Cell) -> Self {
        Self { name, sql: Cow::Owned(format!("\"{name}\"")), cell, has_default: false }
    }
}

/// Makes a column of others and of the number of rows.
pub(crate) type Make = Box<dyn Fn(&[&Column], usize) -> Column>;

/// A column of a list.
pub(crate) enum Output {
    /// As it is read.
    Read(Source),
    /// Made of others, in their order.
    Made(Vec<Source>, Make),
}

/// What is read, and what becomes of it.
pub(crate) struct Plan {
    sources: Vec<Source>,
    outputs: Vec<Planned>,
    /// The place of the id: SQLite takes anything for one, and a row whose id is none is left out.
    key: Option<usize>,
    is_sqlite: bool,
}

enum Planned {
    Read(usize),
    Made(Vec<usize>, Make),
}

impl Plan {
    /// Plans the columns of these names in a list of rows that have an id.
    ///
    /// # Errors
    /// `invalid_columns` where there is no such column.
    pub(crate) fn of(conn: &DbConnection, names: &[String], output: impl Fn(&str) -> Option<Output>) -> Result<Self> {
        let mut plan = Self { sources: Vec::new(), outputs: Vec::new(), key: None, is_sqlite: is_sqlite(conn) };
        for (index, name) in names.iter().enumerate() {
            let Some(output) = output(name) else {
                let at = format!("/columns/{index}");
                return Err(Error::invalid_field(ErrorCode::InvalidColumns, &at, format!("there is no column {name}")));
            };
            let planned = match output {
                Output::Read(source) => Planned::Read(plan.place_of(source)),
                Output::Made(sources, make) => {
                    Planned::Made(sources.into_iter().map(|source| plan.place_of(source)).collect(), make)
                }
            };
            plan.outputs.push(planned);
        }
        if plan.is_sqlite {
            plan.key = Some(plan.place_of(Source::column("id", Cell::Id)));
        }
        if plan.sources.is_empty() {
            // Rows without a column are still counted.
            plan.sources.push(Source { sql: Cow::Borrowed("1"), ..Source::column("", Cell::Number) });
        }
        Ok(plan)
    }

    fn place_of(&mut self, source: Source) -> usize {
        let known = self.sources.iter().position(|known| known.name == source.name);
        known.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        })
    }

    /// What the query selects.
    pub(crate) fn selection(&self) -> String {
        let sources = self.sources.iter().map(|source| match source.cell {
            // As bytes, because Diesel looks at a text of SQLite several times.
            Cell::Text | Cell::FewTexts | Cell::Word(_) | Cell::Time(_) | Cell::Document if self.is_sqlite => {
                format!("CAST({} AS BLOB)", source.sql)
            }
            _ => source.sql.clone().into_owned(),
        });
        sources.collect::<Vec<_>>().join(", ")
    }
}

fn is_sqlite(conn: &DbConnection) -> bool {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => false,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => true,
    }
}

/// Streams the rows of a query that selects what its plan reads.
pub(crate) fn stream<Q>(
    conn: &mut DbConnection,
    query: Q,
    plan: &Plan,
    request: &ColumnRequest,
    take: &mut Take<'_>,
) -> DbResult<ControlFlow<()>>
where
    Q: Query<SqlType = Text> + QueryFragment<MultiBackend> + QueryId,
{
    let columns = plan.sources.iter().map(|source| Building::new(source.cell, source.has_default)).collect();
    let mut sink = Sink { columns, rows: 0, most: request.rows_at_a_time.max(1), plan, take };
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => postgres::stream(conn, &query, &mut sink),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => sqlite::stream(conn, query, &mut sink),
    }
}

/// Where rows go while they are read.
struct Sink<'a> {
    columns: Vec<Building>,
    rows: usize,
    most: usize,
    plan: &'a Plan,
    take: &'a mut Take<'a>,
}

impl Sink<'_> {
    fn columns(&mut self) -> &mut [Building] {
        &mut self.columns
    }

    /// The place of the id, where it must be looked at.
    #[cfg(feature = "sqlite")]
    fn key(&self) -> Option<usize> {
        self.plan.key
    }

    /// After the last cell of a row.
    fn end_row(&mut self) -> ControlFlow<()> {
        self.rows += 1;
        if self.rows < self.most { ControlFlow::Continue(()) } else { self.hand_out() }
    }

    /// After the last row.
    fn end(&mut self) -> ControlFlow<()> {
        if self.rows == 0 { ControlFlow::Continue(()) } else { self.hand_out() }
    }

    fn hand_out(&mut self) -> ControlFlow<()> {
        let rows = std::mem::take(&mut self.rows);
        let mut read: Vec<Column> = self.columns.iter_mut().map(Building::take).collect();
        let made: Vec<Option<Column>> = self
            .plan
            .outputs
            .iter()
            .map(|output| match output {
                Planned::Read(_) => None,
                Planned::Made(places, make) => {
                    let of: Vec<&Column> = places.iter().filter_map(|place| read.get(*place)).collect();
                    Some(make(&of, rows))
                }
            })
            .collect();
        let outputs = self.plan.outputs.iter().zip(made);
        let columns = outputs.filter_map(|(output, made)| match output {
            // A column stands once in a request.
            Planned::Read(place) => read.get_mut(*place).map(Column::give_away),
            Planned::Made(..) => made,
        });
        let columns = columns.collect();
        (self.take)(ColumnBatch { rows, columns })
    }
}
