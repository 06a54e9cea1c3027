//! The SQL types that differ between the databases, and how Rust values travel through each.
//!
//! | type | PostgreSQL | SQLite |
//! |---|---|---|
//! | [`DbId`] | `uuid` | `BLOB`, 16 bytes in the same order, so ids sort alike |
//! | [`DbInstant`] | `timestamptz` | `TEXT`, RFC 3339 in UTC with six places, so instants sort as text |
//! | [`DbMoney`] | `numeric` | `INTEGER` hundredths: Diesel takes numerics on SQLite through `f64`, which is not exact |
//! | [`DbJson`] | `jsonb` | `TEXT` |
//!
//! A value that no Rust value can hold must not fail the list that it stands in: an id that is none reads as the nil UUID, a text
//! that is no instant as the one that sorts like it, PostgreSQL's `infinity` as the year 9999, `NaN` as zero, a document that
//! is too deep as null. [`Held`](super::held::Held) says which are none. `jpauto check` names them all.
//!
//! What is deliberately not here: words, numbers and texts, which are read as `held` has them.

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    internal::derives::as_expression::Bound,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{Nullable, SingleValue, SqlType},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    connection::{DbConnection, MultiBackend, MultiRawValue},
    texts::Texts,
    time,
};
use crate::{
    ids::{
        ActivityId, AlertId, AnalysisId, CompetitorId, EvaluationId, EventId, ExportId, ListingId, ListingPriceId,
        MarketPriceId, MetricsId, NotificationId, PageId, RunId, SaleId, ScrapeId, SubmissionId, TokenId, UserId,
        VehicleId,
    },
    money::Money,
};

/// A UUID.
#[derive(Clone, Copy, Debug, Default, diesel::query_builder::QueryId, SqlType)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 2950, array_oid = 2951)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Binary")))]
pub struct DbId;

/// An instant in UTC, to the microsecond.
#[derive(Clone, Copy, Debug, Default, diesel::query_builder::QueryId, SqlType)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1184, array_oid = 1185)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
pub struct DbInstant;

impl diesel::sql_types::SqlOrd for DbInstant {}

/// An exact decimal of two places.
#[derive(Clone, Copy, Debug, Default, diesel::query_builder::QueryId, SqlType)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 1700, array_oid = 1231)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Long")))]
pub struct DbMoney;

/// A JSON document, opaque to SQL.
#[derive(Clone, Copy, Debug, Default, diesel::query_builder::QueryId, SqlType)]
#[cfg_attr(feature = "postgres", diesel(postgres_type(oid = 3802, array_oid = 3807)))]
#[cfg_attr(feature = "sqlite", diesel(sqlite_type(name = "Text")))]
pub struct DbJson;

/// What the rows of a query are asked, so that those without an id are left out: SQLite takes anything for an id.
macro_rules! has_id {
    ($conn:expr, $id:expr) => {{ $crate::db::twice_between($id, $crate::db::types::id_check(&*$conn)) }};
}
pub(crate) use has_id;

/// The text of [`has_id`] around the two places of the column. PostgreSQL's ids are ids.
pub(crate) fn id_check(conn: &DbConnection) -> [&'static str; 3] {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => ["(TRUE OR (", ") IS NULL OR (", ") IS NULL)"],
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => ["(typeof(", ") = 'blob' AND length(", ") = 16)"],
    }
}

/// The text around the two places of a column that asks whether it holds a whole number.
pub(crate) fn number_check(conn: &DbConnection) -> [&'static str; 3] {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => ["(TRUE OR (", ") IS NULL OR (", ") IS NULL)"],
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => ["(typeof(", ") = 'integer' AND (", ") IS NOT NULL)"],
    }
}

macro_rules! on_the_multi_backend {
    ($sql_type:ident) => {
        impl diesel::sql_types::HasSqlType<$sql_type> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                Self::lookup_sql_type::<$sql_type>(lookup)
            }
        }
    };
}

on_the_multi_backend!(DbId);
on_the_multi_backend!(DbInstant);
on_the_multi_backend!(DbMoney);
on_the_multi_backend!(DbJson);

/// Carries a Rust type that already travels through each database through the enum of both.
macro_rules! through_the_multi_backend {
    ($rust:ty, $sql_type:ident) => {
        impl ToSql<$sql_type, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql_type, self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql_type, MultiBackend> for $rust {
            fn from_sql(bytes: MultiRawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, $sql_type>()
            }

            /// Null where each row has a value: another program may have taken the condition off.
            fn from_nullable_sql(bytes: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
                bytes.map_or_else(|| Ok(Self::default()), |bytes| bytes.from_sql::<Self, $sql_type>())
            }
        }
    };
}

/// Lets a value stand in queries and come out of rows, as `#[derive(AsExpression, FromSqlRow)]` does for a type that may name its
/// SQL type itself; the values of the core know no database.
macro_rules! stands_in_queries {
    ($rust:ty, $sql_type:ident) => {
        stands_in_queries!(@ $rust, $rust, $sql_type);
        stands_in_queries!(@ &'_ $rust, $rust, $sql_type);

        impl<DB: Backend> ToSql<Nullable<$sql_type>, DB> for $rust
        where
            Self: ToSql<$sql_type, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql_type, DB>::to_sql(self, out)
            }
        }

        impl<DB: Backend, ST: SingleValue> Queryable<ST, DB> for $rust
        where
            Self: FromSql<ST, DB>,
        {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
    (@ $from:ty, $rust:ty, $sql_type:ident) => {
        impl AsExpression<$sql_type> for $from {
            type Expression = Bound<$sql_type, Self>;

            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }

        impl AsExpression<Nullable<$sql_type>> for $from {
            type Expression = Bound<Nullable<$sql_type>, Self>;

            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
    };
}

pub(super) use stands_in_queries;

/// Lets an id stand in queries: `id_in_sql!(VehicleId)`.
macro_rules! id_in_sql {
    ($($id:ident),+ $(,)?) => {$(
        #[cfg(feature = "postgres")]
        impl ToSql<DbId, diesel::pg::Pg> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
                postgres::write_id(self.as_uuid(), out)
            }
        }

        #[cfg(feature = "postgres")]
        impl FromSql<DbId, diesel::pg::Pg> for $id {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::from_uuid(Uuid::from_slice(value.as_bytes())?))
            }
        }

        #[cfg(feature = "sqlite")]
        impl ToSql<DbId, diesel::sqlite::Sqlite> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> serialize::Result {
                out.set_value(self.as_uuid().as_bytes().as_slice());
                Ok(IsNull::No)
            }
        }

        #[cfg(feature = "sqlite")]
        impl FromSql<DbId, diesel::sqlite::Sqlite> for $id {
            fn from_sql(value: <diesel::sqlite::Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::from_uuid(sqlite::read_id(value)))
            }

            fn from_nullable_sql(
                value: Option<<diesel::sqlite::Sqlite as diesel::backend::Backend>::RawValue<'_>>,
            ) -> deserialize::Result<Self> {
                Ok(Self::from_uuid(value.map_or(Uuid::nil(), sqlite::read_id)))
            }
        }

        impl ToSql<DbId, MultiBackend> for $id {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value((DbId, self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<DbId, MultiBackend> for $id {
            fn from_sql(bytes: MultiRawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, DbId>()
            }

            fn from_nullable_sql(bytes: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
                match bytes {
                    Some(bytes) => bytes.from_sql::<Self, DbId>(),
                    None => Ok(Self::from_uuid(Uuid::nil())),
                }
            }
        }

        stands_in_queries!($id, DbId);
    )+};
}

id_in_sql!(
    UserId,
    SubmissionId,
    VehicleId,
    SaleId,
    AnalysisId,
    MarketPriceId,
    EvaluationId,
    CompetitorId,
    ListingId,
    ListingPriceId,
    ScrapeId,
    MetricsId,
    PageId,
    ActivityId,
    AlertId,
    ExportId,
    EventId,
    NotificationId,
    TokenId,
    RunId,
    AnyId,
);

/// An id of a row of any table, as the audit trail names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AnyId(pub(crate) Uuid);

impl AnyId {
    const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

/// An instant as the databases keep it; [`DateTime`] itself is foreign to this crate and so is the trait.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    Serialize,
    Deserialize,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    diesel::AsExpression,
    diesel::FromSqlRow,
)]
#[diesel(sql_type = DbInstant)]
pub(crate) struct Instant(pub(crate) DateTime<Utc>);

impl Instant {
    /// The time as it is written: without the name of a leap second, and of the years that each database has. A cursor may name any.
    fn written(self) -> DateTime<Utc> {
        let micros = self
            .0
            .timestamp_micros()
            .clamp(START_OF_TIME.timestamp_micros(), at_midnight(10_000).timestamp_micros() - 1);
        DateTime::from_timestamp_micros(micros).unwrap_or(self.0)
    }

    /// The time, if a car dealership may have had it.
    pub(crate) fn known(self) -> Option<DateTime<Utc>> {
        Some(self.0).filter(|time| time::YEARS.contains(&time.year()))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(instant: Instant) -> Self {
        instant.0
    }
}

through_the_multi_backend!(Instant, DbInstant);
through_the_multi_backend!(Money, DbMoney);
through_the_multi_backend!(Texts, DbJson);
stands_in_queries!(Money, DbMoney);

impl<T: Serialize + fmt::Debug + Send + Sync + 'static> ToSql<DbJson, MultiBackend> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((DbJson, self));
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + fmt::Debug> FromSql<DbJson, MultiBackend> for Json<T> {
    fn from_sql(bytes: MultiRawValue<'_>) -> deserialize::Result<Self> {
        bytes.from_sql::<Self, DbJson>()
    }

    fn from_nullable_sql(bytes: Option<MultiRawValue<'_>>) -> deserialize::Result<Self> {
        bytes.map_or_else(|| Self::read(b"null"), |bytes| bytes.from_sql::<Self, DbJson>())
    }
}

/// A document of type `T`, kept as JSON.
#[derive(Clone, Debug, PartialEq, diesel::AsExpression, diesel::FromSqlRow)]
#[diesel(sql_type = DbJson)]
pub(crate) struct Json<T: fmt::Debug>(pub(crate) T);

impl<T: DeserializeOwned + fmt::Debug> Json<T> {
    /// Reads a document. One that is too deep or holds too large a number reads as null, where the type knows null.
    fn read(json: &[u8]) -> deserialize::Result<Self> {
        match serde_json::from_slice(json) {
            Ok(document) => Ok(Self(document)),
            Err(reason) => serde_json::from_str("null").map(Self).map_err(|_knows_no_null| reason.into()),
        }
    }
}

/// PostgreSQL's `infinity` and `-infinity`, there and back: a cursor that names such a row finds it again. Of SQLite's texts that
/// are no instants, those that sort behind and before all years.
pub(super) const END_OF_TIME: DateTime<Utc> = at_midnight(9_999);
pub(super) const START_OF_TIME: DateTime<Utc> = at_midnight(1);

/// The start of a year.
pub(super) const fn at_midnight(year: i32) -> DateTime<Utc> {
    match NaiveDate::from_ymd_opt(year, 1, 1) {
        Some(day) => day.and_time(NaiveTime::MIN).and_utc(),
        None => DateTime::UNIX_EPOCH,
    }
}

#[cfg(feature = "postgres")]
pub(super) use postgres::is_no_number;
#[cfg(feature = "sqlite")]
pub(super) use sqlite::clamped;

#[cfg(feature = "postgres")]
mod postgres {
    use std::io::Write as _;

    use chrono::TimeDelta;
    use diesel::{
        data_types::{PgNumeric, PgTimestamp},
        pg::{Pg, PgValue},
        sql_types,
    };

    use super::{
        DateTime, DbInstant, DbJson, DbMoney, DeserializeOwned, END_OF_TIME, FromSql, Instant, IsNull, Json, Money,
        Output, START_OF_TIME, Serialize, ToSql, Utc, Uuid, deserialize, fmt, serialize,
    };

    pub(super) fn write_id(id: &Uuid, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
        out.write_all(id.as_bytes())?;
        Ok(IsNull::No)
    }

    fn epoch() -> DateTime<Utc> {
        // 2000-01-01, from which PostgreSQL counts microseconds.
        DateTime::from_timestamp(946_684_800, 0).unwrap_or_default()
    }

    impl ToSql<DbInstant, Pg> for Instant {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            let micros = match self.written() {
                time if time == END_OF_TIME => i64::MAX,
                time if time == START_OF_TIME => i64::MIN,
                time => (time - epoch()).num_microseconds().ok_or("an instant out of PostgreSQL's range")?,
            };
            ToSql::<sql_types::Timestamptz, Pg>::to_sql(&PgTimestamp(micros), &mut out.reborrow())
        }
    }

    impl FromSql<DbInstant, Pg> for Instant {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let PgTimestamp(micros) = FromSql::<sql_types::Timestamptz, Pg>::from_sql(value)?;
            Ok(Self(match micros {
                i64::MAX => END_OF_TIME,
                i64::MIN => START_OF_TIME,
                _ => epoch().checked_add_signed(TimeDelta::microseconds(micros)).unwrap_or(END_OF_TIME),
            }))
        }
    }

    impl ToSql<DbMoney, Pg> for Money {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            ToSql::<sql_types::Numeric, Pg>::to_sql(&numeric_of(self.cents()), &mut out.reborrow())
        }
    }

    impl FromSql<DbMoney, Pg> for Money {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            if is_no_number(value.as_bytes()) {
                return Ok(Self::ZERO);
            }
            let numeric = FromSql::<sql_types::Numeric, Pg>::from_sql(value)?;
            hundredths_of(&numeric)
                .map(Self::from_cents)
                .ok_or_else(|| "a decimal that is no exact number of hundredths".into())
        }
    }

    /// Whether the binary form of a numeric is that of `NaN` or of an infinity: the sign is its third number.
    pub(in crate::db) fn is_no_number(numeric: &[u8]) -> bool {
        numeric.get(4).is_some_and(|sign| sign & 0x80 != 0)
    }

    /// PostgreSQL's numeric is a row of base-10000 digits; `weight` is the power of 10000 of the first one.
    fn numeric_of(hundredths: i64) -> PgNumeric {
        let magnitude = hundredths.unsigned_abs();
        let mut whole = magnitude / 100;
        let fraction = i16::try_from(magnitude % 100 * 100).unwrap_or(0);
        let mut digits = vec![fraction];
        while whole > 0 {
            digits.push(i16::try_from(whole % 10_000).unwrap_or(0));
            whole /= 10_000;
        }
        digits.reverse();
        let weight = i16::try_from(digits.len()).unwrap_or(i16::MAX) - 2;
        if hundredths < 0 {
            PgNumeric::Negative { weight, scale: 2, digits }
        } else {
            PgNumeric::Positive { weight, scale: 2, digits }
        }
    }

    fn hundredths_of(numeric: &PgNumeric) -> Option<i64> {
        let (sign, weight, digits) = match numeric {
            PgNumeric::Positive { weight, digits, .. } => (1, *weight, digits),
            PgNumeric::Negative { weight, digits, .. } => (-1, *weight, digits),
            PgNumeric::NaN => return Some(0),
        };
        let mut total: i64 = 0;
        for (index, &digit) in digits.iter().enumerate() {
            let power = i32::from(weight) - i32::try_from(index).ok()?;
            let digit = i64::from(digit);
            let hundredths = match power {
                0.. => digit.checked_mul(100)?.checked_mul(10_000_i64.checked_pow(u32::try_from(power).ok()?)?)?,
                -1 if digit % 100 == 0 => digit / 100,
                _ if digit == 0 => 0,
                _ => return None,
            };
            total = total.checked_add(hundredths)?;
        }
        Some(sign * total)
    }

    impl<T: Serialize + fmt::Debug> ToSql<DbJson, Pg> for Json<T> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            // The one version of the binary form of jsonb.
            out.write_all(&[1])?;
            serde_json::to_writer(out, &self.0)?;
            Ok(IsNull::No)
        }
    }

    impl<T: DeserializeOwned + fmt::Debug> FromSql<DbJson, Pg> for Json<T> {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            match value.as_bytes() {
                [1, json @ ..] => Self::read(json),
                _ => Err("a jsonb value of an unknown version".into()),
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn numerics_round_trip() {
            for hundredths in [0, 1, -1, 99, 100, 1_350_050, 9_999_999_999, -9_999_999_999, 100_000_000, 1_000_000] {
                assert_eq!(hundredths_of(&numeric_of(hundredths)), Some(hundredths));
            }
            // PostgreSQL drops trailing zero digits.
            assert_eq!(hundredths_of(&PgNumeric::Positive { weight: 1, scale: 2, digits: vec![2] }), Some(2_000_000));
            assert_eq!(hundredths_of(&PgNumeric::Positive { weight: -1, scale: 3, digits: vec![10] }), None);
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use chrono::SecondsFormat;
    use diesel::{
        backend::Backend,
        sqlite::{Sqlite, SqliteType},
    };

    use super::{
        DbInstant, DbJson, DbMoney, DeserializeOwned, FromSql, Instant, IsNull, Json, Money, Output, Serialize, ToSql,
        Uuid, deserialize, fmt, serialize,
    };
    use crate::db::time;

    /// Amounts that can be reckoned with.
    pub(in crate::db) fn clamped(cents: i64) -> i64 {
        /// No sum of amounts comes near it, and a thousand of it can be added up.
        const MOST_CENTS: i64 = 1_000_000_000_000_000;
        cents.clamp(-MOST_CENTS, MOST_CENTS)
    }

    type Raw<'a> = <Sqlite as Backend>::RawValue<'a>;

    /// What is no id is the nil UUID, which no row has.
    pub(super) fn read_id(mut value: Raw<'_>) -> Uuid {
        match value.value_type() {
            Some(SqliteType::Binary) => Uuid::from_slice(value.read_blob()).unwrap_or_default(),
            _ => Uuid::nil(),
        }
    }

    impl ToSql<DbInstant, Sqlite> for Instant {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.written().to_rfc3339_opts(SecondsFormat::Micros, true));
            Ok(IsNull::No)
        }
    }

    impl FromSql<DbInstant, Sqlite> for Instant {
        fn from_sql(mut value: Raw<'_>) -> deserialize::Result<Self> {
            let text = value.read_text();
            Ok(Self(time::parsed(text).unwrap_or_else(|| time::nearest(text))))
        }
    }

    impl ToSql<DbMoney, Sqlite> for Money {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.cents());
            Ok(IsNull::No)
        }
    }

    impl FromSql<DbMoney, Sqlite> for Money {
        fn from_sql(mut value: Raw<'_>) -> deserialize::Result<Self> {
            Ok(Self::from_cents(clamped(value.read_long())))
        }
    }

    impl<T: Serialize + fmt::Debug> ToSql<DbJson, Sqlite> for Json<T> {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(serde_json::to_string(&self.0)?);
            Ok(IsNull::No)
        }
    }

    impl<T: DeserializeOwned + fmt::Debug> FromSql<DbJson, Sqlite> for Json<T> {
        fn from_sql(mut value: Raw<'_>) -> deserialize::Result<Self> {
            Self::read(value.read_text().as_bytes())
        }
    }
}
