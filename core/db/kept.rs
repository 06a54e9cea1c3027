//! Statements that a connection keeps prepared, and conditions that keep them so. What Diesel's `sql` makes is prepared anew each time, and
//! so are updates and `eq_any`, whose list may have any length; all are planned anew, too, which may take longer than reading a page.
//!
//! The text of what is kept is the program's own. What somebody typed is bound.

use std::{borrow::Cow, marker::PhantomData};

#[cfg(feature = "postgres")]
use diesel::{
    PgConnection,
    connection::{DefaultLoadingMode, LoadConnection},
    pg::Pg,
    sql_types::Untyped,
};
#[cfg(feature = "sqlite")]
use diesel::{SqliteConnection, connection::Connection as _, sqlite::Sqlite};
use diesel::{
    expression::{
        AppearsOnTable, AsExpression, Expression, SelectableExpression, TypedExpressionType, ValidGrouping,
        is_aggregate,
    },
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    query_dsl::RunQueryDsl,
    result::QueryResult,
    sql_types::{Bool, Nullable, SqlType},
};

use super::MultiBackend;

/// Makes a type a condition or value of a query whose text alone tells it from others.
macro_rules! known_by_its_text {
    ($type:ident<$($parameter:ident),+>) => {
        impl<$($parameter),+> QueryId for $type<$($parameter),+> {
            type QueryId = ();

            const HAS_STATIC_QUERY_ID: bool = false;
        }
    };
}

/// A statement that PostgreSQL keeps prepared: an update, or one that is written out, whose text is always the same. SQLite, where
/// a list has a mark a value and preparing costs little, has it as it was.
pub(crate) fn kept<S>(statement: S) -> Kept<S> {
    Kept(statement)
}

/// See [`kept`]. It is run by [`Kept::run`] or asked for rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<S>(S);

known_by_its_text!(Kept<S>);

#[cfg(feature = "postgres")]
impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Kept<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

#[cfg(feature = "sqlite")]
impl<S: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Kept<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<S: Query> Query for Kept<S> {
    type SqlType = S::SqlType;
}

impl<S, Conn> RunQueryDsl<Conn> for Kept<S> {}

impl<S> Kept<S> {
    /// Runs a statement that gives no rows.
    pub(crate) fn run<Conn>(self, conn: &mut Conn) -> QueryResult<()>
    where
        Self: Run<Conn>,
    {
        self.run_on(conn)
    }
}

/// A statement without rows that a connection runs.
pub(crate) trait Run<Conn> {
    fn run_on(self, conn: &mut Conn) -> QueryResult<()>;
}

#[cfg(feature = "postgres")]
impl<S: QueryFragment<Pg>> Run<PgConnection> for Kept<S> {
    fn run_on(self, conn: &mut PgConnection) -> QueryResult<()> {
        // `execute` hands on a reference, which knows nothing of what is kept.
        LoadConnection::<DefaultLoadingMode>::load(conn, Kept(NoRows(self.0)))?.try_for_each(|row| row.map(drop))
    }
}

#[cfg(feature = "sqlite")]
impl<S: QueryFragment<Sqlite> + QueryId> Run<SqliteConnection> for Kept<S> {
    fn run_on(self, conn: &mut SqliteConnection) -> QueryResult<()> {
        conn.execute_returning_count(&self.0).map(drop)
    }
}

/// A statement in the shape of a query.
#[cfg(feature = "postgres")]
struct NoRows<S>(S);

#[cfg(feature = "postgres")]
impl<S: QueryFragment<Pg>> QueryFragment<Pg> for NoRows<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

#[cfg(feature = "postgres")]
impl<S> Query for NoRows<S> {
    type SqlType = Untyped;
}

/// A piece of SQL of the program's own. Values stand in it by [`KeptSql::bind`].
pub(crate) fn kept_sql<ST>(text: impl Into<Cow<'static, str>>) -> KeptSql<ST> {
    KeptSql { before: Nothing, text: text.into(), of: PhantomData }
}

/// See [`kept_sql`].
#[derive(Clone, Debug)]
pub(crate) struct KeptSql<ST, Before = Nothing> {
    before: Before,
    text: Cow<'static, str>,
    of: PhantomData<fn() -> ST>,
}

/// What stands before the first piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

/// A value after a piece of SQL.
#[derive(Clone, Debug)]
pub(crate) struct KeptValue<ST, Before, Value> {
    before: Before,
    value: Value,
    of: PhantomData<fn() -> ST>,
}

impl<ST, Before> KeptSql<ST, Before> {
    /// The same with a value behind it.
    pub(crate) fn bind<Of, V>(self, value: V) -> KeptValue<ST, Self, V::Expression>
    where
        Of: SqlType + TypedExpressionType,
        V: AsExpression<Of>,
    {
        KeptValue { before: self, value: value.as_expression(), of: PhantomData }
    }
}

impl<ST, Before, Value> KeptValue<ST, Before, Value> {
    /// The same with more of the text behind it.
    pub(crate) fn sql(self, text: impl Into<Cow<'static, str>>) -> KeptSql<ST, Self> {
        KeptSql { before: self, text: text.into(), of: PhantomData }
    }
}

impl QueryFragment<MultiBackend> for Nothing {
    fn walk_ast<'b>(&'b self, _out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        Ok(())
    }
}

impl<ST, Before: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for KeptSql<ST, Before> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        out.push_sql(&self.text);
        Ok(())
    }
}

impl<ST, Before, Value> QueryFragment<MultiBackend> for KeptValue<ST, Before, Value>
where
    Before: QueryFragment<MultiBackend>,
    Value: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.before.walk_ast(out.reborrow())?;
        self.value.walk_ast(out.reborrow())
    }
}

known_by_its_text!(KeptSql<ST, Before>);
known_by_its_text!(KeptValue<ST, Before, Value>);

impl<ST: TypedExpressionType, Before> Expression for KeptSql<ST, Before> {
    type SqlType = ST;
}

impl<ST: TypedExpressionType, Before, Value> Expression for KeptValue<ST, Before, Value> {
    type SqlType = ST;
}

// As of Diesel's `sql`, nobody but the writer knows which tables it names.
impl<T, ST, Before> AppearsOnTable<T> for KeptSql<ST, Before> where Self: Expression {}
impl<T, ST, Before> SelectableExpression<T> for KeptSql<ST, Before> where Self: Expression {}
impl<T, ST, Before, Value> AppearsOnTable<T> for KeptValue<ST, Before, Value> where Self: Expression {}
impl<T, ST, Before, Value> SelectableExpression<T> for KeptValue<ST, Before, Value> where Self: Expression {}

impl<G, ST, Before> ValidGrouping<G> for KeptSql<ST, Before> {
    type IsAggregate = is_aggregate::Never;
}

impl<G, ST, Before, Value> ValidGrouping<G> for KeptValue<ST, Before, Value> {
    type IsAggregate = is_aggregate::Never;
}

/// Longer lists than this are not kept.
const LONGEST_LIST: usize = 512;

/// Whether the column holds one of these values. The last value is repeated up to the next power of two, so that lists of all
/// lengths make few statements.
pub(crate) fn is_one_of<C, V>(column: C, values: impl IntoIterator<Item = V>) -> OneOf<C, V::Expression>
where
    C: Expression,
    C::SqlType: SqlType,
    V: AsExpression<C::SqlType>,
{
    OneOf { column, values: values.into_iter().map(<V as AsExpression<C::SqlType>>::as_expression).collect() }
}

/// See [`is_one_of`].
#[derive(Clone, Debug)]
pub(crate) struct OneOf<C, V> {
    column: C,
    values: Vec<V>,
}

impl<C: QueryFragment<MultiBackend>, V: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for OneOf<C, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let Some(last) = self.values.last() else {
            out.push_sql("1=0");
            return Ok(());
        };
        let mut length = self.values.len();
        if length > LONGEST_LIST {
            out.unsafe_to_cache_prepared();
        } else {
            length = length.next_power_of_two();
        }
        self.column.walk_ast(out.reborrow())?;
        for (place, value) in self.values.iter().chain(std::iter::repeat(last)).take(length).enumerate() {
            out.push_sql(if place == 0 { " IN (" } else { ", " });
            value.walk_ast(out.reborrow())?;
        }
        out.push_sql(")");
        Ok(())
    }
}

known_by_its_text!(OneOf<C, V>);

impl<C: Expression, V> Expression for OneOf<C, V> {
    type SqlType = Nullable<Bool>;
}

impl<C: AppearsOnTable<T>, V, T> AppearsOnTable<T> for OneOf<C, V> {}
impl<C: SelectableExpression<T>, V, T> SelectableExpression<T> for OneOf<C, V> {}

impl<C: ValidGrouping<G>, V, G> ValidGrouping<G> for OneOf<C, V> {
    type IsAggregate = C::IsAggregate;
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests_of_statements {
    use diesel::{prelude::*, sql_query};

    use super::*;
    use crate::db::schema::users::dsl;

    #[test]
    fn postgres_keeps_what_diesel_would_prepare_anew() {
        let inactive = || diesel::update(dsl::users).set(dsl::is_active.eq(false));
        assert_eq!(inactive().is_safe_to_cache_prepared(&Pg).ok(), Some(false));
        assert_eq!(kept(inactive()).is_safe_to_cache_prepared(&Pg).ok(), Some(true));
        assert_eq!(sql_query("SELECT 1").is_safe_to_cache_prepared(&Pg).ok(), Some(false));
        assert_eq!(kept(sql_query("SELECT 1")).is_safe_to_cache_prepared(&Pg).ok(), Some(true));
        let text = diesel::debug_query::<Pg, _>(&kept(inactive())).to_string();
        assert_eq!(text, diesel::debug_query::<Pg, _>(&inactive()).to_string());
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn sqlite_has_them_as_they_were() {
        let several =
            kept(diesel::update(dsl::users.filter(dsl::name.eq_any(["a", "b"]))).set(dsl::is_active.eq(false)));
        assert_eq!(several.is_safe_to_cache_prepared(&Sqlite).ok(), Some(false));
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use diesel::{prelude::*, sql_types::Text};

    use super::*;
    use crate::{
        db::{DbConnection, schema::users::dsl},
        ids::UserId,
    };

    /// What of the values is four, by a list in SQL.
    fn found(conn: &mut DbConnection, values: &[i32]) -> Vec<i32> {
        use diesel::sql_types::Integer;
        let wanted = kept_sql::<Integer>("length(").bind::<Text, _>("four").sql(")");
        let some = values.iter().copied();
        diesel::select((is_one_of(wanted.clone(), some.clone()), wanted))
            .load::<(Option<bool>, i32)>(conn)
            .unwrap()
            .into_iter()
            .filter_map(|(is_among, length)| is_among.unwrap_or(false).then_some(length))
            .collect()
    }

    #[test]
    fn a_list_of_any_length_has_what_it_has() {
        let mut conn = DbConnection::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        for (values, expected) in [
            (vec![], vec![]),
            (vec![4], vec![4]),
            (vec![1, 4], vec![4]),
            (vec![1, 2, 3], vec![]),
            (vec![3, 2, 4], vec![4]),
            ((10..600).collect(), vec![]),
            ((0..600).collect(), vec![4]),
        ] {
            assert_eq!(found(&mut conn, &values), expected, "{values:?}");
        }
    }

    #[test]
    fn lists_of_many_lengths_make_few_statements() {
        let backend = MultiBackend::Sqlite(Sqlite);
        let is_kept = |length: usize| {
            let query =
                dsl::users.select(dsl::id).filter(is_one_of(dsl::id, vec![UserId::new(chrono::Utc::now()); length]));
            QueryFragment::<MultiBackend>::is_safe_to_cache_prepared(&query, &backend).unwrap()
        };
        assert!(is_kept(1) && is_kept(LONGEST_LIST));
        assert!(!is_kept(LONGEST_LIST + 1));
    }
}
