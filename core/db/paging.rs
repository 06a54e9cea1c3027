//! Queries for pages of lists: in the order of an index, and with what PostgreSQL must see to plan them once.
//!
//! Of a statement whose `LIMIT` is a parameter PostgreSQL assumes that a tenth of the table is wanted. Each page of twenty then looks so
//! much cheaper than that plan that it is planned anew, which takes several times as long as reading it. SQLite keeps no statement whose
//! list of values may have any length. So what is asked for most stands in the statement itself: the usual sizes of pages, and
//! words of a closed set.

use diesel::{
    Column, QuerySource,
    associations::HasTable,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
    serialize::ToSql,
    sql_types::{BigInt, Bool, Nullable},
};

use super::{DbConnection, MultiBackend, types::DbId};

/// The sizes of pages that are asked for most, with the one row more that shows whether there is a next page.
const USUAL_ROWS: [i64; 7] = [11, 21, 26, 51, 101, 201, 501];

/// The query, ended after so many rows. It has no limit of its own.
pub(crate) fn at_most<Q>(query: Q, rows: i64) -> AtMost<Q> {
    AtMost { query, rows }
}

/// See [`at_most`].
pub(crate) struct AtMost<Q> {
    query: Q,
    rows: i64,
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for AtMost<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        if USUAL_ROWS.contains(&self.rows) {
            out.push_sql(&self.rows.to_string());
            return Ok(());
        }
        out.push_bind_param::<BigInt, _>(&self.rows)
    }
}

impl<Q: Query> Query for AtMost<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for AtMost<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> diesel::RunQueryDsl<DbConnection> for AtMost<Q> {}

/// Whether the column holds one of these words, which are the program's own.
pub(crate) fn is_among<C>(column: C, words: Vec<&'static str>) -> Among<C> {
    Among { column, words }
}

/// See [`is_among`].
#[derive(Clone, Debug)]
pub(crate) struct Among<C> {
    column: C,
    words: Vec<&'static str>,
}

impl<C: Expression> Expression for Among<C> {
    type SqlType = Nullable<Bool>;
}

impl<C: AppearsOnTable<T>, T> AppearsOnTable<T> for Among<C> {}

impl<C: SelectableExpression<T>, T> SelectableExpression<T> for Among<C> {}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for Among<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Among<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.words.is_empty() {
            out.push_sql("1=0");
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        for (place, word) in self.words.iter().enumerate() {
            out.push_sql(if place == 0 { " IN ('" } else { "', '" });
            // No word has an apostrophe; one that had must not end the text.
            out.push_sql(&word.replace('\'', "''"));
        }
        out.push_sql("')");
        Ok(())
    }
}

impl<C> QueryId for Among<C> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// A condition of which the column stands twice between texts of the program. It is kept prepared; what Diesel's `sql` makes never is.
pub(crate) fn twice_between<C>(column: C, texts: [&'static str; 3]) -> TwiceBetween<C> {
    TwiceBetween { column, texts }
}

/// See [`twice_between`].
#[derive(Clone, Debug)]
pub(crate) struct TwiceBetween<C> {
    column: C,
    texts: [&'static str; 3],
}

impl<C: Expression> Expression for TwiceBetween<C> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<T>, T> AppearsOnTable<T> for TwiceBetween<C> {}

impl<C: SelectableExpression<T>, T> SelectableExpression<T> for TwiceBetween<C> {}

impl<C: ValidGrouping<G>, G> ValidGrouping<G> for TwiceBetween<C> {
    type IsAggregate = C::IsAggregate;
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for TwiceBetween<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let [start, middle, end] = self.texts;
        out.push_sql(start);
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(middle);
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(end);
        Ok(())
    }
}

impl<C> QueryId for TwiceBetween<C> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// What a column holds in the row with an id. It is compared within the database, where it is no value of the column's type.
pub(crate) fn in_row<C, K, I>(column: C, key: K, id: I) -> InRow<C, K, I, <C::Table as QuerySource>::FromClause>
where
    C: Column,
    C::Table: HasTable<Table = C::Table> + QuerySource,
{
    let table = <C::Table as HasTable>::table();
    InRow { column, table: table.from_clause(), key, id }
}

/// See [`in_row`].
pub(crate) struct InRow<C, K, I, T> {
    column: C,
    table: T,
    key: K,
    id: I,
}

impl<C: Expression, K, I, T> Expression for InRow<C, K, I, T> {
    type SqlType = C::SqlType;
}

impl<C: Expression, K, I, T, S> AppearsOnTable<S> for InRow<C, K, I, T> {}

impl<C: Expression, K, I, T, S> SelectableExpression<S> for InRow<C, K, I, T> {}

impl<C, K, I, T, G> ValidGrouping<G> for InRow<C, K, I, T> {
    type IsAggregate = is_aggregate::Never;
}

impl<C, K, I, T> QueryFragment<MultiBackend> for InRow<C, K, I, T>
where
    C: QueryFragment<MultiBackend>,
    K: QueryFragment<MultiBackend>,
    T: QueryFragment<MultiBackend>,
    I: ToSql<DbId, MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("(SELECT ");
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" FROM ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.key.walk_ast(out.reborrow())?;
        out.push_sql(" = ");
        out.push_bind_param::<DbId, _>(&self.id)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C, K, I, T> QueryId for InRow<C, K, I, T> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// Reads a page in the order of a column and then the id, after a position `Option<(Option<Place<V>>, Id)>`. Nulls come last, and
/// rows whose id is none are left out.
///
/// An index on the column and the id has the rows in this order, so the last page costs what the first does. The databases put
/// nulls in different places, and a search of an index for a pair is a search for its first half only. So a page is read in up to
/// three parts: rows with the position's value, rows beyond it, rows without a value. `$query` makes the query for each.
macro_rules! in_index_order {
    ($conn:expr, $query:expr, $column:expr, $id:expr, asc, $position:expr, $request:expr) => {
        in_index_order!(@ $conn, $query, $column, $id, gt, asc, $position, $request)
    };
    ($conn:expr, $query:expr, $column:expr, $id:expr, desc, $position:expr, $request:expr) => {
        in_index_order!(@ $conn, $query, $column, $id, lt, desc, $position, $request)
    };
    (@ $conn:expr, $query:expr, $column:expr, $id:expr, $beyond:ident, $direction:ident, $position:expr, $request:expr) => {{
        let (last, last_without) = match $position {
            Some((Some(place), id)) => (Some((place, id)), None),
            Some((None, id)) => (None, Some(id)),
            None => (None, None),
        };
        let mut rows = Vec::new();
        if let Some((place, id)) = last.clone() {
            let query = $query().filter($id.$beyond(id)).filter($crate::db::types::has_id!($conn, $id));
            let query = match place {
                $crate::db::held::Place::Of(value) => query.filter($column.eq(value)),
                $crate::db::held::Place::OfRow { .. } => query.filter($column.eq($crate::db::in_row($column, $id, id))),
            };
            rows = $crate::db::at_most(query.order($id.$direction()), $request.rows_to_read()).load($conn)?;
        }
        let missing = $request.rows_missing(rows.len());
        if missing > 0 && last_without.is_none() {
            let mut query = $query().filter($column.is_not_null()).filter($crate::db::types::has_id!($conn, $id));
            if let Some((place, id)) = last {
                query = match place {
                    $crate::db::held::Place::Of(value) => query.filter($column.$beyond(value)),
                    $crate::db::held::Place::OfRow { .. } => query.filter($column.$beyond($crate::db::in_row($column, $id, id))),
                };
            }
            let query = query.order(($column.$direction(), $id.$direction()));
            rows.append(&mut $crate::db::at_most(query, missing).load($conn)?);
        }
        let missing = $request.rows_missing(rows.len());
        if missing > 0 {
            let mut query = $query().filter($column.is_null()).filter($crate::db::types::has_id!($conn, $id));
            if let Some(id) = last_without {
                query = query.filter($id.$beyond(id));
            }
            rows.append(&mut $crate::db::at_most(query.order($id.$direction()), missing).load($conn)?);
        }
        rows
    }};
}
pub(crate) use in_index_order;
