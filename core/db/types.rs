//! The SQL types that differ between the databases, and how Rust values travel through each.
//!
//! | type | PostgreSQL | SQLite |
//! |---|---|---|
//! | [`DbId`] | `uuid` | `BLOB`, 16 bytes in the same order, so ids sort alike |
//! | [`DbInstant`] | `timestamptz` | `TEXT`, RFC 3339 in UTC with six places, so instants sort as text |
//! | [`DbMoney`] | `numeric` | `INTEGER` hundredths: Diesel takes numerics on SQLite through `f64`, which is not exact |
//! | [`DbJson`] | `jsonb` | `TEXT` |
//!
//! A value that no Rust value can hold must not fail the list that it stands in: PostgreSQL's `infinity` reads as the
//! year 9999, an instant on a 31 February as the nearest one there is, `NaN` as zero, a document that is too deep as null.
//! `jpauto check` names them.
//!
//! What is deliberately not here: words with a check constraint, numbers and texts, which Diesel's own types carry.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    internal::derives::as_expression::Bound,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{Nullable, SingleValue, SqlType},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    connection::{MultiBackend, MultiRawValue},
    texts::Texts,
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
                sqlite::read_id(value).map(Self::from_uuid)
            }
        }

        through_the_multi_backend!($id, DbId);
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, diesel::AsExpression, diesel::FromSqlRow)]
#[diesel(sql_type = DbInstant)]
pub(crate) struct Instant(pub(crate) DateTime<Utc>);

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

#[cfg(feature = "postgres")]
mod postgres {
    use std::io::Write as _;

    use chrono::{NaiveDate, NaiveTime, TimeDelta};
    use diesel::{
        data_types::{PgNumeric, PgTimestamp},
        pg::{Pg, PgValue},
        sql_types,
    };

    use super::{
        DateTime, DbInstant, DbJson, DbMoney, DeserializeOwned, FromSql, Instant, IsNull, Json, Money, Output,
        Serialize, ToSql, Utc, Uuid, deserialize, fmt, serialize,
    };

    pub(super) fn write_id(id: &Uuid, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
        out.write_all(id.as_bytes())?;
        Ok(IsNull::No)
    }

    fn epoch() -> DateTime<Utc> {
        // 2000-01-01, from which PostgreSQL counts microseconds.
        DateTime::from_timestamp(946_684_800, 0).unwrap_or_default()
    }

    /// PostgreSQL's `infinity` and `-infinity`, there and back: a cursor that names such a row finds it again.
    const END_OF_TIME: DateTime<Utc> = at_midnight(9_999);
    const START_OF_TIME: DateTime<Utc> = at_midnight(1);

    /// The start of a year.
    const fn at_midnight(year: i32) -> DateTime<Utc> {
        match NaiveDate::from_ymd_opt(year, 1, 1) {
            Some(day) => day.and_time(NaiveTime::MIN).and_utc(),
            None => DateTime::UNIX_EPOCH,
        }
    }

    impl ToSql<DbInstant, Pg> for Instant {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            let micros = match self.0 {
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
            let numeric = FromSql::<sql_types::Numeric, Pg>::from_sql(value)?;
            hundredths_of(&numeric)
                .map(Self::from_cents)
                .ok_or_else(|| "a decimal that is no exact number of hundredths".into())
        }
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
    use chrono::{NaiveDate, SecondsFormat, Utc};
    use diesel::{backend::Backend, sqlite::Sqlite};

    use super::{
        DateTime, DbInstant, DbJson, DbMoney, DeserializeOwned, FromSql, Instant, IsNull, Json, Money, Output,
        Serialize, ToSql, Uuid, deserialize, fmt, serialize,
    };

    type Raw<'a> = <Sqlite as Backend>::RawValue<'a>;

    pub(super) fn read_id(mut value: Raw<'_>) -> deserialize::Result<Uuid> {
        Ok(Uuid::from_slice(value.read_blob())?)
    }

    /// The instant nearest to one that is none, such as on a 31 February. It sorts where the text does, so a cursor goes on
    /// behind it.
    fn nearest(text: &str) -> DateTime<Utc> {
        let part = |from: usize, digits: usize, most: u32| -> u32 {
            text.get(from..from + digits).and_then(|part| part.parse().ok()).unwrap_or(0).min(most)
        };
        let (year, month) = (part(0, 4, 9_999), part(5, 2, 12).max(1));
        let day = part(8, 2, 31).max(1);
        let date = (28..=day)
            .rev()
            .chain([day])
            .find_map(|day| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day));
        date.and_then(|date| date.and_hms_opt(part(11, 2, 23), part(14, 2, 59), part(17, 2, 59)))
            .map_or(DateTime::UNIX_EPOCH, |time| time.and_utc())
    }

    impl ToSql<DbInstant, Sqlite> for Instant {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(self.0.to_rfc3339_opts(SecondsFormat::Micros, true));
            Ok(IsNull::No)
        }
    }

    impl FromSql<DbInstant, Sqlite> for Instant {
        fn from_sql(mut value: Raw<'_>) -> deserialize::Result<Self> {
            let text = value.read_text();
            Ok(Self(DateTime::parse_from_rfc3339(text).map_or_else(|_no_time| nearest(text), |time| time.to_utc())))
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
            Ok(Self::from_cents(value.read_long()))
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

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_instant_that_is_none_is_the_nearest_one() {
            for (text, expected) in [
                ("2026-02-31T10:20:30.000000Z", "2026-02-28T10:20:30Z"),
                ("2026-13-45T99:99:99.999999Z", "2026-12-31T23:59:59Z"),
                ("2026-00-00T00:00:00.000000Z", "2026-01-01T00:00:00Z"),
                ("", "0000-01-01T00:00:00Z"),
                ("\u{e9}\u{e9}\u{e9}-", "0000-01-01T00:00:00Z"),
            ] {
                assert_eq!(nearest(text), DateTime::parse_from_rfc3339(expected).unwrap(), "{text}");
            }
        }
    }
}
