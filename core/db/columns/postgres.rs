//! PostgreSQL's `COPY (SELECT ...) TO STDOUT (FORMAT binary)`: the rows stream, and no object is made for any of them.
//!
//! `COPY` takes no parameters. So the server itself first writes each as a literal (`quote_nullable`), and those go into the text.
//! <https://www.postgresql.org/docs/current/sql-copy.html> has the format; a cell is what the type's `send` function writes.

use std::{cell::RefCell, io::BufRead as _, ops::ControlFlow};

use diesel::{
    PgConnection, RunQueryDsl as _,
    backend::Backend,
    pg::{CopyFormat, CopyTarget, Pg},
    query_builder::{AstPass, Query, QueryBuilder as _, QueryFragment, QueryId},
    result::{DatabaseErrorKind, Error as DieselError, QueryResult},
    sql_types::Text,
};

use super::{
    Sink,
    build::{Building, Cell, Times, Unreadable},
};
use crate::db::{
    DbConnection, DbResult, MultiBackend,
    schema::competitor_inventory,
    time::{FIRST_TIME, LAST_TIME, is_possible},
    types::is_no_number,
};

/// What the stream begins with: a signature, no flags, and no more of a header.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// 2000-01-01, from which PostgreSQL counts microseconds, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// Streams the rows of a query.
pub(super) fn stream<Q>(conn: &mut DbConnection, query: &Q, sink: &mut Sink<'_>) -> DbResult<ControlFlow<()>>
where
    Q: QueryFragment<MultiBackend>,
{
    let sql = with_literals(conn, query)?;
    match conn {
        DbConnection::Postgres(conn) => copy(conn, sql, sink),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => Ok(ControlFlow::Continue(())),
    }
}

/// The text of the query, with literals for its parameters.
fn with_literals<Q: QueryFragment<MultiBackend>>(conn: &mut DbConnection, query: &Q) -> QueryResult<String> {
    type Builder = <MultiBackend as Backend>::QueryBuilder;
    let mut builder = Builder::Postgres(diesel::pg::PgQueryBuilder::default());
    query.to_sql(&mut builder, &MultiBackend::Postgres(Pg))?;
    let sql = builder.finish();
    let (parts, last) = parameters(&sql);
    if last == 0 {
        return Ok(sql);
    }
    let json: String = Literals { query, count: last }.get_result(conn)?;
    let literals: Vec<String> = serde_json::from_str(&json).map_err(|reason| broken(&reason.to_string()))?;
    let mut text = String::with_capacity(sql.len() + json.len());
    for part in parts {
        match part {
            Part::Text(sql) => text.push_str(sql),
            Part::Parameter(place) => {
                text.push_str(literals.get(place - 1).ok_or_else(|| broken("a parameter without a value"))?);
            }
        }
    }
    Ok(text)
}

enum Part<'a> {
    Text(&'a str),
    Parameter(usize),
}

/// Takes a statement apart at its parameters, and says the number of the last. What stands within apostrophes is text.
fn parameters(sql: &str) -> (Vec<Part<'_>>, usize) {
    let (mut parts, mut last, mut from, mut quoted) = (Vec::new(), 0, 0, false);
    let bytes = sql.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => quoted = !quoted,
            b'$' if !quoted => {
                let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                if let Ok(place) = sql[at + 1..at + 1 + digits].parse() {
                    parts.extend([Part::Text(&sql[from..at]), Part::Parameter(place)]);
                    last = last.max(place);
                    at += digits;
                    from = at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(Part::Text(&sql[from..]));
    (parts, last)
}

/// Asks for the parameters of a query as literals with their types, in an array of JSON. The query itself is not run.
struct Literals<'a, Q> {
    query: &'a Q,
    count: usize,
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Literals<'_, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("WITH asked AS (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") SELECT json_build_array(");
        for place in 1..=self.count {
            out.push_sql(if place == 1 { "" } else { ", " });
            out.push_sql(&format!("quote_nullable(${place}) || '::' || pg_typeof(${place})"));
        }
        out.push_sql(")::text");
        Ok(())
    }
}

impl<Q> QueryId for Literals<'_, Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Literals<'_, Q> {
    type SqlType = Text;
}

impl<Q> diesel::RunQueryDsl<DbConnection> for Literals<'_, Q> {}

thread_local! {
    /// The statement that this thread is about to copy from: Diesel asks the type for it, not a value.
    static COPIED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The rows of a statement.
struct Statement;

impl CopyTarget for Statement {
    type SqlType = Text;
    type Table = competitor_inventory::table;

    fn walk_target(mut pass: AstPass<'_, '_, Pg>) -> QueryResult<()> {
        COPIED.with_borrow(|sql| {
            pass.push_sql("(");
            pass.push_sql(sql);
            pass.push_sql(")");
        });
        Ok(())
    }
}

fn copy(conn: &mut PgConnection, sql: String, sink: &mut Sink<'_>) -> DbResult<ControlFlow<()>> {
    COPIED.set(sql);
    let mut stream = diesel::copy_to(Statement).with_format(CopyFormat::Binary).load_raw(conn)?;
    let mut is_first = true;
    loop {
        let message = stream.fill_buf().map_err(|reason| lost(&reason.to_string()))?;
        let whole = message.len();
        let mut rest = message;
        if is_first && whole > 0 {
            rest = rest.strip_prefix(HEADER).ok_or_else(|| broken("a stream with another header"))?;
            is_first = false;
        }
        // A statement that fails on the way ends without the end of the data.
        if whole == 0 {
            return Err(broken("the rows ended before their end").into());
        }
        while !rest.is_empty() {
            let Some(cells) = number(&mut rest).map(|[high, low]| i16::from_be_bytes([high, low])) else {
                return Err(broken("a row that is cut off").into());
            };
            if cells < 0 {
                return Ok(sink.end());
            }
            row(&mut rest, usize::from(cells.unsigned_abs()), sink.columns()).map_err(broken)?;
            if sink.end_row().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        stream.consume(whole);
    }
}

fn row(rest: &mut &[u8], cells: usize, columns: &mut [Building]) -> Result<(), Unreadable> {
    if cells != columns.len() {
        return Err("a row of another number of cells");
    }
    for column in columns {
        let length = i32::from_be_bytes(number(rest).ok_or("a cell that is cut off")?);
        let Ok(length) = usize::try_from(length) else {
            column.push_nothing();
            continue;
        };
        let (bytes, after) = rest.split_at_checked(length).ok_or("a cell that is cut off")?;
        *rest = after;
        cell(column, bytes)?;
    }
    Ok(())
}

fn number<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*number)
}

fn cell(column: &mut Building, bytes: &[u8]) -> Result<(), Unreadable> {
    let whole = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).map_err(|_length| "a number of another length");
    match column.cell {
        Cell::Id => column.push_id(bytes),
        Cell::Text | Cell::FewTexts | Cell::Word(_) => column.push_text(bytes),
        Cell::Number => {
            column
                .push_number(bytes.try_into().map(i32::from_be_bytes).map_err(|_length| "a number of another length")?);
        }
        Cell::Truth => column.push_truth(bytes == [1]),
        Cell::Amount if is_no_number(bytes) => column.push_nothing(),
        Cell::Amount => column.push_amount(cents(bytes).ok_or("a decimal that is no exact number of hundredths")?),
        Cell::Real => {
            column.push_real(bytes.try_into().map(f64::from_be_bytes).map_err(|_length| "a number of another length")?);
        }
        Cell::Time(times) => {
            let time = match whole(bytes)? {
                i64::MAX => LAST_TIME,
                i64::MIN => FIRST_TIME,
                micros => micros.saturating_add(EPOCH).clamp(FIRST_TIME, LAST_TIME),
            };
            match times {
                Times::Nearest => column.push_time(time),
                Times::OfPossibleYears if is_possible(time) => column.push_time(time),
                Times::OfPossibleYears => column.push_nothing(),
            }
        }
        // The one version of the binary form of jsonb.
        Cell::Document => column.push_text(bytes.strip_prefix(&[1]).ok_or("a jsonb value of an unknown version")?),
    }
    Ok(())
}

/// PostgreSQL's numeric is a row of base-10000 digits; `weight` is the power of 10000 of the first one.
fn cents(mut bytes: &[u8]) -> Option<i64> {
    let count = usize::from(u16::from_be_bytes(number(&mut bytes)?));
    let mut power = i32::from(i16::from_be_bytes(number(&mut bytes)?));
    let sign = match u16::from_be_bytes(number(&mut bytes)?) {
        0x0000 => 1,
        0x4000 => -1,
        _ => return None,
    };
    let _scale: [u8; 2] = number(&mut bytes)?;
    let mut total: i64 = 0;
    for _ in 0..count {
        let digit = i64::from(u16::from_be_bytes(number(&mut bytes)?));
        let hundredths = match power {
            0.. => digit.checked_mul(100)?.checked_mul(10_000_i64.checked_pow(power.unsigned_abs())?)?,
            -1 if digit % 100 == 0 => digit / 100,
            _ if digit == 0 => 0,
            _ => return None,
        };
        total = total.checked_add(hundredths)?;
        power -= 1;
    }
    Some(sign * total)
}

fn broken(what: &str) -> DieselError {
    DieselError::DeserializationError(what.to_owned().into())
}

/// The connection failed while rows came.
fn lost(what: &str) -> DieselError {
    DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(what.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_to_the_cent_or_not_at_all() {
        let numeric = |weight: i16, sign: u16, digits: &[u16]| {
            let mut bytes = Vec::new();
            bytes.extend(u16::try_from(digits.len()).unwrap().to_be_bytes());
            bytes.extend(weight.to_be_bytes());
            bytes.extend(sign.to_be_bytes());
            bytes.extend([0, 2]);
            digits.iter().for_each(|digit| bytes.extend(digit.to_be_bytes()));
            bytes
        };
        for (bytes, expected) in [
            (numeric(0, 0, &[]), Some(0)),
            (numeric(1, 0, &[2]), Some(2_000_000)),
            (numeric(1, 0, &[1, 3500, 5000]), Some(1_350_050)),
            (numeric(-1, 0x4000, &[500]), Some(-5)),
            (numeric(-1, 0, &[10]), None),
            (numeric(0, 0xc000, &[]), None),
            (numeric(0, 0xd000, &[]), None),
            (numeric(1, 0, &[1, 3500])[..9].to_vec(), None),
        ] {
            assert_eq!(cents(&bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn parameters_are_found_outside_of_texts() {
        let (parts, last) = parameters("SELECT '$1', a FROM b WHERE c = $2 AND d IN ($1, $10)");
        let shown: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Parameter(place) => format!("<{place}>"),
            })
            .collect();
        assert_eq!(shown.concat(), "SELECT '$1', a FROM b WHERE c = <2> AND d IN (<1>, <10>)");
        assert_eq!(last, 10);
    }
}
