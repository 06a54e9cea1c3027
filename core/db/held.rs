//! A value as its column holds it, which may be none of its type.
//!
//! A column of SQLite holds bytes that are no text, a text where a number belongs, or a blob; a column of an adopted database holds null
//! where each row has a value, `infinity`, or `yesterday`. Such a row must not fail the list that it stands in. It reads as
//! the nearest value, `known` says whether that is what stands there, and `jpauto check` names it. A list goes on behind such a
//! row by the row itself (`Place`), because no value that is bound sorts where it does.

use chrono::{DateTime, Utc};
use diesel::{
    Queryable,
    backend::Backend,
    deserialize::{self, FromSql},
    expression::AsExpression,
    internal::derives::as_expression::Bound,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{Integer, Nullable, SingleValue, Text},
};
use serde::{Deserialize, Serialize};

use super::{
    connection::{MultiBackend, MultiRawValue},
    types::{DbInstant, DbMoney, Instant, stands_in_queries},
};
use crate::money::Money;

/// A value, or what is nearest to what its column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held<T> {
    value: T,
    /// Whether the value is what stands there.
    is_known: bool,
    /// Whether it stands there in another form than jpauto writes.
    is_odd: bool,
}

/// A text of a column. What is no UTF-8 reads with replacement characters, and null as empty where each row has a text.
pub(crate) type HeldText = Held<String>;

impl<T> Held<T> {
    const fn of(value: T) -> Self {
        Self { value, is_known: true, is_odd: false }
    }

    /// The value in another form than jpauto writes.
    #[cfg(feature = "sqlite")]
    const fn in_other_form(value: T) -> Self {
        Self { value, is_known: true, is_odd: true }
    }

    /// The nearest value to what is none.
    const fn near(value: T) -> Self {
        Self { value, is_known: false, is_odd: true }
    }

    /// The value, or the nearest.
    pub(crate) fn nearest(self) -> T {
        self.value
    }

    /// The value, if what stands there is one.
    pub(crate) fn known(self) -> Option<T> {
        self.is_known.then_some(self.value)
    }

    /// Whether the value stands there as jpauto writes it.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn is_as_written(&self) -> bool {
        self.is_known && !self.is_odd
    }

    /// Where the row stands in the order of the column.
    pub(crate) fn place(&self) -> Place<T>
    where
        T: Clone,
    {
        if self.is_odd { Place::OfRow { of_row: true } } else { Place::Of(self.value.clone()) }
    }
}

impl<T> From<T> for Held<T> {
    fn from(value: T) -> Self {
        Self::of(value)
    }
}

impl From<&str> for HeldText {
    fn from(text: &str) -> Self {
        Self::of(text.to_owned())
    }
}

impl From<HeldText> for String {
    fn from(text: HeldText) -> Self {
        text.value
    }
}

impl std::ops::Deref for HeldText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.value
    }
}

impl From<DateTime<Utc>> for Held<Instant> {
    fn from(time: DateTime<Utc>) -> Self {
        Self::of(time.into())
    }
}

impl HeldText {
    pub(crate) fn text(self) -> String {
        self.value
    }
}

/// What is read of a column that may be null.
pub(crate) trait MayBeNull<T> {
    /// Where the row stands in the order of the column; `None` where it is null.
    fn place(&self) -> Option<Place<T>>;

    fn text(self) -> Option<String>
    where
        T: Into<String>;

    /// The time, if it is known.
    fn time(self) -> Option<DateTime<Utc>>
    where
        T: Into<DateTime<Utc>>;
}

impl<T: Clone> MayBeNull<T> for Option<Held<T>> {
    fn place(&self) -> Option<Place<T>> {
        self.as_ref().map(Held::place)
    }

    fn text(self) -> Option<String>
    where
        T: Into<String>,
    {
        self.map(|held| held.value.into())
    }

    fn time(self) -> Option<DateTime<Utc>>
    where
        T: Into<DateTime<Utc>>,
    {
        self.and_then(Held::known).map(Into::into)
    }
}

/// Where a row stands in the order of a column, as a cursor says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Place<T> {
    /// Where the row with the cursor's id stands, whatever its column holds.
    OfRow { of_row: bool },
    /// At this value.
    Of(T),
}

impl<T> Place<T> {
    /// The same place as another type has it.
    pub(crate) fn map<U>(self, value: impl FnOnce(T) -> U) -> Place<U> {
        match self {
            Self::OfRow { of_row } => Place::OfRow { of_row },
            Self::Of(place) => Place::Of(value(place)),
        }
    }
}

/// Lets a value of a SQL type come out of rows and stand in queries.
macro_rules! held {
    ($value:ty as $sql_type:ident) => {
        #[cfg(feature = "postgres")]
        impl ToSql<$sql_type, diesel::pg::Pg> for Held<$value> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
                ToSql::<$sql_type, diesel::pg::Pg>::to_sql(&self.value, out)
            }
        }

        #[cfg(feature = "sqlite")]
        impl ToSql<$sql_type, diesel::sqlite::Sqlite> for Held<$value> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> serialize::Result {
                ToSql::<$sql_type, diesel::sqlite::Sqlite>::to_sql(&self.value, out)
            }
        }

        #[cfg(feature = "postgres")]
        impl FromSql<$sql_type, diesel::pg::Pg> for Held<$value> {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
                postgres::held(value)
            }

            fn from_nullable_sql(value: Option<diesel::pg::PgValue<'_>>) -> deserialize::Result<Self> {
                value.map_or_else(|| Ok(Self::near(Default::default())), postgres::held)
            }
        }

        #[cfg(feature = "sqlite")]
        impl FromSql<$sql_type, diesel::sqlite::Sqlite> for Held<$value> {
            fn from_sql(value: sqlite::Raw<'_>) -> deserialize::Result<Self> {
                Ok(sqlite::Column::held(value))
            }

            fn from_nullable_sql(value: Option<sqlite::Raw<'_>>) -> deserialize::Result<Self> {
                Ok(value.map_or_else(|| Self::near(Default::default()), sqlite::Column::held))
            }
        }

        impl ToSql<$sql_type, MultiBackend> for Held<$value> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql_type, self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql_type, MultiBackend> for Held<$value> {
            fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
                value.from_sql::<Self, $sql_type>()
            }

            fn from_nullable_sql(value: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
                value.map_or_else(|| Ok(Self::near(Default::default())), |value| value.from_sql::<Self, $sql_type>())
            }
        }

        stands_in_queries!(Held<$value>, $sql_type);
    };
}

held!(String as Text);
held!(i32 as Integer);
held!(Money as DbMoney);
held!(Instant as DbInstant);

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::pg::PgValue;

    use super::{Held, Instant, Money, deserialize};
    use crate::db::types::{DbInstant, DbMoney, is_no_number};
    use diesel::{deserialize::FromSql, pg::Pg, sql_types::Integer};

    pub(super) trait Column: Sized {
        fn held(value: PgValue<'_>) -> deserialize::Result<Held<Self>>;
    }

    pub(super) fn held<T: Column>(value: PgValue<'_>) -> deserialize::Result<Held<T>> {
        T::held(value)
    }

    impl Column for String {
        /// A server without an encoding sends any bytes.
        fn held(value: PgValue<'_>) -> deserialize::Result<Held<Self>> {
            Ok(Held::of(Self::from_utf8_lossy(value.as_bytes()).into_owned()))
        }
    }

    impl Column for i32 {
        fn held(value: PgValue<'_>) -> deserialize::Result<Held<Self>> {
            Ok(Held::of(FromSql::<Integer, Pg>::from_sql(value)?))
        }
    }

    impl Column for Money {
        fn held(value: PgValue<'_>) -> deserialize::Result<Held<Self>> {
            let is_known = !is_no_number(value.as_bytes());
            Ok(Held { value: FromSql::<DbMoney, Pg>::from_sql(value)?, is_known, is_odd: !is_known })
        }
    }

    impl Column for Instant {
        /// `infinity` can be bound again, so it is nothing odd.
        fn held(value: PgValue<'_>) -> deserialize::Result<Held<Self>> {
            let value: Self = FromSql::<DbInstant, Pg>::from_sql(value)?;
            Ok(Held { value, is_known: value.known().is_some(), is_odd: false })
        }
    }
}

#[cfg(feature = "sqlite")]
pub(super) mod sqlite {
    use diesel::sqlite::{Sqlite, SqliteType};

    use super::{Backend, Held, Instant, Money};
    use crate::db::{time, types::clamped};

    pub(in crate::db) type Raw<'a> = <Sqlite as Backend>::RawValue<'a>;

    pub(in crate::db) trait Column: Sized {
        fn held(value: Raw<'_>) -> Held<Self>;
    }

    fn is(value: &Raw<'_>, class: SqliteType) -> bool {
        value.value_type() == Some(class)
    }

    impl Column for String {
        fn held(mut value: Raw<'_>) -> Held<Self> {
            let is_text = is(&value, SqliteType::Text);
            let text = value.read_text();
            if is_text && !text.contains(char::REPLACEMENT_CHARACTER) {
                Held::of(text.to_owned())
            } else {
                Held::in_other_form(text.to_owned())
            }
        }
    }

    impl Column for i32 {
        fn held(mut value: Raw<'_>) -> Held<Self> {
            if !is(&value, SqliteType::Long) {
                return Held::near(0);
            }
            let number = value.read_long();
            Self::try_from(number).map_or_else(|_| Held::near(if number < 0 { Self::MIN } else { Self::MAX }), Held::of)
        }
    }

    impl Column for Money {
        fn held(mut value: Raw<'_>) -> Held<Self> {
            if !is(&value, SqliteType::Long) {
                return Held::near(Self::ZERO);
            }
            let cents = value.read_long();
            let nearest = Self::from_cents(clamped(cents));
            if nearest.cents() == cents { Held::of(nearest) } else { Held::in_other_form(nearest) }
        }
    }

    impl Column for Instant {
        fn held(mut value: Raw<'_>) -> Held<Self> {
            let is_text = is(&value, SqliteType::Text);
            let text = value.read_text();
            match time::parsed(text).map(Self) {
                Some(time) => {
                    let is_odd = !is_text || !time::is_as_jpauto_writes(text);
                    Held { value: time, is_known: is_text && time.known().is_some(), is_odd }
                }
                None => Held::near(Self(time::nearest(text))),
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection, dsl::sql, sql_types::SqlType, sqlite::Sqlite};

    use super::*;

    /// What SQLite holds under an expression: the value, whether it is known, and whether it stands there as jpauto writes it.
    fn held<T, S>(expression: &str) -> (T, bool, bool)
    where
        T: Clone,
        S: SqlType + SingleValue + diesel::query_builder::QueryId + 'static,
        Sqlite: diesel::sql_types::HasSqlType<S>,
        Held<T>: FromSql<S, Sqlite> + Queryable<S, Sqlite> + 'static,
    {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        let held: Held<T> = diesel::select(sql::<S>(expression)).get_result(&mut conn).unwrap();
        (held.value.clone(), held.is_known, !held.is_odd)
    }

    #[test]
    fn whatever_a_column_of_sqlite_holds_is_read() {
        for (expression, text, is_as_written) in [
            ("'Camry'", "Camry", true),
            ("''", "", true),
            ("'Citro\u{eb}n'", "Citro\u{eb}n", true),
            ("'a' || char(0) || 'b'", "a\0b", true),
            ("CAST(x'43697472ff' AS TEXT)", "Citr\u{fffd}", false),
            ("x'43616d7279'", "Camry", false),
            ("x'ff00'", "\u{fffd}\0", false),
            ("x''", "", false),
            ("7", "7", false),
            ("1.5", "1.5", false),
        ] {
            assert_eq!(held::<String, Text>(expression), (text.to_owned(), true, is_as_written), "{expression}");
        }
        assert_eq!(held::<String, Text>("NULL"), (String::new(), false, false));
        for (expression, number, is_known) in [
            ("7", 7, true),
            ("-2147483648", i32::MIN, true),
            ("2147483648", i32::MAX, false),
            ("-9223372036854775808", i32::MIN, false),
            ("'48,000'", 0, false),
            ("48000.5", 0, false),
            ("9e999", 0, false),
            ("x'01'", 0, false),
            ("NULL", 0, false),
        ] {
            assert_eq!(held::<i32, Integer>(expression), (number, is_known, is_known), "{expression}");
        }
        for (expression, cents, is_known, is_as_written) in [
            ("1500000", 1_500_000, true, true),
            ("9000000000000000000", 1_000_000_000_000_000, true, false),
            ("'$15,000'", 0, false, false),
            ("15000.99", 0, false, false),
            ("NULL", 0, false, false),
        ] {
            let expected = (Money::from_cents(cents), is_known, is_as_written);
            assert_eq!(held::<Money, DbMoney>(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_known_and_is_placed_by_its_row() {
        for (text, known, is_as_written) in [
            ("2026-03-01T10:20:30.000000Z", Some("2026-03-01T10:20:30Z"), true),
            ("2026-03-01T10:20:30+02:00", Some("2026-03-01T08:20:30Z"), false),
            ("2026-03-01 10:20:30", Some("2026-03-01T10:20:30Z"), false),
            ("2026-03-01", Some("2026-03-01T00:00:00Z"), false),
            ("2026-02-31T10:20:30.000000Z", None, false),
            ("0001-01-01T00:00:00.000000Z", None, true),
            ("9999-01-01T00:00:00.000000Z", None, true),
            ("yesterday", None, false),
            ("03/01/2026", None, false),
            ("20260301", None, false),
            ("", None, false),
        ] {
            let (nearest, is_known, as_written) = held::<Instant, DbInstant>(&format!("'{text}'"));
            let found: Option<DateTime<Utc>> = is_known.then_some(nearest.into());
            assert_eq!(found, known.map(|known| known.parse().unwrap()), "{text}");
            assert_eq!(as_written, is_as_written, "{text}");
        }
        for odd in ["x'323032362d30332d3031'", "CAST(x'ff' AS TEXT)", "1700000000", "NULL"] {
            let (_, is_known, is_as_written) = held::<Instant, DbInstant>(odd);
            assert!(!is_known && !is_as_written, "{odd}");
        }
    }

    #[test]
    fn a_place_is_a_value_or_the_row() {
        for (place, json) in [
            (Held::from(7).place(), "7"),
            (Held::near(7).place(), r#"{"of_row":true}"#),
            (Held::in_other_form(7).place(), r#"{"of_row":true}"#),
        ] {
            assert_eq!(serde_json::to_string(&place).unwrap(), json);
            assert_eq!(serde_json::from_str::<Place<i32>>(json).unwrap(), place);
        }
        assert!(serde_json::from_str::<Place<i32>>(r#""seven""#).is_err(), "a cursor of another list");
    }
}
