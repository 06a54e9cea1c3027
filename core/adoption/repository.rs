//! The statements: they count, sample and repair the rows of a fault, in any table.
//!
//! Conditions and expressions are SQL of `faults.rs`, made of constants and of the names of columns, which are quoted.

mod checks;
mod others;
mod repair;

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection as _;
use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use uuid::Uuid;

pub(super) use checks::{broken_checks, put_checks_back, take_broken_checks_off, take_checks_off};
pub(super) use others::tables_of_other_names;
pub(super) use repair::{set, set_lists, set_text, set_texts};

use super::{
    Finding,
    faults::{Dialect, Table, Twin},
};
use crate::db::{
    DbConnection, DbResult,
    held::{HeldText, MayBeNull as _},
    on_each,
    types::{AnyId, DbId},
};

/// This many lists are read and written at a time.
pub(super) const BATCH: usize = 2_000;

/// The seconds from the year 2000 to 2100, between which a number is taken for a time; a thousand times as many are milliseconds.
const EPOCH: (i64, i64) = (946_684_800, 4_102_444_800);

/// What a text is that PostgreSQL reads as a time of any year: a 29 February may be none.
#[cfg(feature = "postgres")]
const ISO_TIME: &str = r"^(19|20)\d\d-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d{1,9})?)?( ?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?))?$";

/// The blanks that are cut off at the ends of what people type.
#[cfg(feature = "sqlite")]
const BLANKS: &str = " \t\n\r\u{b}\u{c}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{200b}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// The same as a class of a regular expression. A sign that the encoding of a database lacks matches nothing there.
#[cfg(feature = "postgres")]
const POSTGRES_BLANKS: &str = r"[\\s\\u00a0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]";

#[cfg(feature = "postgres")]
const POSTGRES: Dialect = Dialect {
    is_no_id: None,
    may_be_no_text: None,
    is_no_integer: None,
    is_no_real: None,
    is_no_document: None,
    most: None,
    other_time: None,
    // With what each encoding of a database has a meaning for, and in ASCII, for the words of a statement must be in that encoding, too.
    trimmed: |column| {
        format!("regexp_replace({column} COLLATE \"C\", E'^{POSTGRES_BLANKS}+|{POSTGRES_BLANKS}+$', '', 'g')")
    },
    may_be_mangled: |column| {
        format!(
            "{column} COLLATE \"C\" ~ E'[\\\\u00c2-\\\\u00c5\\\\u00e2][\\\\u0080-\\\\u00bf\\\\u0152-\\\\u0192\\\\u02c6\\\\u02dc\\\\u2013-\\\\u203a\\\\u20ac\\\\u2122]'"
        )
    },
    is_no_list: |column| {
        format!(
            "{column} IS NOT NULL AND (jsonb_typeof({column}) <> 'array' \
             OR jsonb_path_exists({column}, '$[*] ? (@.type() <> \"string\" || @ like_regex \"^[[:space:]]*$\")'))"
        )
    },
    has_model: "make IS NOT NULL AND model IS NOT NULL",
    is_no_time: |column| format!("NOT ({column} >= '1900-01-01' AND {column} < '9999-01-01')"),
    is_no_amount: Some(|column| format!("{column} = 'NaN'")),
    is_no_vin: |text| format!("{text} !~ '^[A-HJ-NPR-Z0-9]{{17}}$'"),
    instant: |column, r#type| match r#type {
        "timestamp with time zone" => Some(column.to_owned()),
        // The old application wrote UTC.
        "timestamp without time zone" | "date" => Some(format!("({column}::timestamp AT TIME ZONE 'UTC')")),
        // A session's time zone is UTC.
        "text" | "character varying" | "character" => {
            Some(format!("(CASE WHEN {column} ~ '{ISO_TIME}' THEN {column}::timestamptz END)"))
        }
        "integer" | "bigint" | "numeric" | "double precision" => Some(format!(
            "(CASE WHEN {column} BETWEEN {} AND {} THEN to_timestamp({column}::double precision / 1000) \
              WHEN {column} BETWEEN {} AND {} THEN to_timestamp({column}::double precision) END)",
            EPOCH.0 * 1_000,
            EPOCH.1 * 1_000,
            EPOCH.0,
            EPOCH.1
        )),
        _ => None,
    },
    later: |instant| format!("{instant} + interval '2 seconds'"),
    has_no_past_vehicle: "CAST(id AS text) NOT IN (SELECT changes #>> '{source_submission_id,from}' FROM activity_logs \
                          WHERE resource_type = 'inventory' AND changes #>> '{source_submission_id,from}' IS NOT NULL)",
};

/// Whether a text is an instant, in any form that SQLite reads. SQLite moves a 31 February into March.
#[cfg(feature = "sqlite")]
fn is_sqlite_time(column: &str) -> String {
    format!(
        "coalesce(typeof({column}) = 'text' AND strftime('%s', {column}) IS NOT NULL \
         AND date(substr({column}, 1, 10), '+0 days') = substr({column}, 1, 10) \
         AND substr({column}, 1, 4) BETWEEN '1900' AND '9998', 0)"
    )
}

#[cfg(feature = "sqlite")]
const SQLITE: Dialect = Dialect {
    is_no_id: Some(|column| {
        format!("NOT (typeof({column}) = 'null' OR typeof({column}) = 'blob' AND length({column}) = 16)")
    }),
    // GLOB reads to the first zero byte.
    may_be_no_text: Some(|column| {
        format!(
            "(typeof({column}) NOT IN ('text', 'null') OR {column} GLOB '*[^' || char(1) || '-' || char(127) || ']*' \
             OR instr(CAST({column} AS BLOB), x'00') > 0)"
        )
    }),
    is_no_integer: Some(|column| format!("typeof({column}) NOT IN ('integer', 'null')")),
    is_no_real: Some(|column| format!("typeof({column}) NOT IN ('integer', 'real', 'null')")),
    is_no_document: Some(|column| format!("{column} IS NOT NULL AND NOT json_valid({column})")),
    most: Some(9_999_999_999),
    other_time: Some([
        |column| format!("{column} NOT GLOB '????-??-??T??:??:??.??????Z' AND {}", is_sqlite_time(column)),
        |column| format!("strftime('%Y-%m-%dT%H:%M:%f000Z', {column})"),
    ]),
    trimmed: |column| format!("trim({column}, '{BLANKS}')"),
    may_be_mangled: |column| {
        format!(
            "typeof({column}) = 'text' AND {column} GLOB '*[\u{c2}-\u{c5}\u{e2}][\u{80}-\u{bf}\u{152}-\u{192}\u{2c6}\u{2dc}\u{2013}-\u{203a}\u{20ac}\u{2122}]*'"
        )
    },
    is_no_list: |column| {
        format!(
            "{column} IS NOT NULL AND CASE WHEN json_valid({column}) THEN json_type({column}) <> 'array' \
             OR EXISTS (SELECT 1 FROM json_each({column}) AS item WHERE item.type <> 'text' OR trim(item.value) = '') ELSE 1 END"
        )
    },
    has_model: "typeof(year) = 'integer' AND typeof(make) = 'text' AND typeof(model) = 'text'",
    is_no_time: |column| format!("{column} IS NOT NULL AND NOT {}", is_sqlite_time(column)),
    is_no_amount: Some(|column| format!("typeof({column}) NOT IN ('integer', 'null')")),
    is_no_vin: |text| format!("(length({text}) <> 17 OR {text} GLOB '*[^A-HJ-NPR-Z0-9]*')"),
    // A column of any type holds values of any.
    instant: |column, _type| {
        const FORM: &str = "'%Y-%m-%dT%H:%M:%f000Z'";
        Some(format!(
            "(CASE WHEN {column} GLOB '????-??-??T??:??:??.??????Z' THEN {column} \
              WHEN typeof({column}) = 'text' AND {column} GLOB '????-??-??*' THEN strftime({FORM}, {column}) \
              WHEN typeof({column}) NOT IN ('integer', 'real') THEN NULL \
              WHEN {column} BETWEEN {} AND {} THEN strftime({FORM}, {column} / 1000.0, 'unixepoch') \
              WHEN {column} BETWEEN {} AND {} THEN strftime({FORM}, {column}, 'unixepoch') END)",
            EPOCH.0 * 1_000,
            EPOCH.1 * 1_000,
            EPOCH.0,
            EPOCH.1
        ))
    },
    later: |instant| format!("strftime('%Y-%m-%dT%H:%M:%f000Z', {instant}, '+2 seconds')"),
    has_no_past_vehicle: "lower(hex(id)) NOT IN (SELECT replace(past, '-', '') FROM (SELECT CASE WHEN json_valid(changes) \
                          THEN changes ->> '$.source_submission_id.from' END AS past FROM activity_logs \
                          WHERE resource_type = 'inventory') WHERE past IS NOT NULL)",
};

/// How this database says what differs.
pub(super) fn dialect(conn: &DbConnection) -> &'static Dialect {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => &POSTGRES,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => &SQLITE,
    }
}

/// Lifts the limit of everyday statements until the transaction ends: a large table takes longer.
pub(super) fn take_time(conn: &mut DbConnection) -> DbResult<()> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => conn.batch_execute("SET LOCAL statement_timeout = 0")?,
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {}
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: HeldText,
}

/// Since when the database is jpauto's, and the oldest entry of an audit trail of which clean-up has removed some.
pub(super) fn times_of_trail(conn: &mut DbConnection) -> DbResult<(Option<String>, Option<String>)> {
    #[derive(QueryableByName)]
    struct Since {
        #[diesel(sql_type = Nullable<Text>)]
        ours: Option<HeldText>,
        #[diesel(sql_type = Nullable<Text>)]
        cut: Option<HeldText>,
    }
    const WAS_CUT: &str = "EXISTS (SELECT 1 FROM activity_logs WHERE action = 'delete' AND resource_type = 'activity')";
    let (ours, oldest) = match conn {
        // A session's time zone is UTC.
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => (
            r#"to_char(min(run_on), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#,
            r#"to_char(min(created_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#,
        ),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => ("strftime('%Y-%m-%dT%H:%M:%S.000000Z', min(run_on))", "min(created_at)"),
    };
    let sql = format!(
        "SELECT (SELECT {ours} FROM __diesel_schema_migrations) AS ours,
                CASE WHEN {WAS_CUT} THEN (SELECT {oldest} FROM activity_logs) END AS cut"
    );
    let Since { ours, cut } = on_each!(conn, c => sql_query(sql).get_result(c))?;
    Ok((ours.text(), cut.text()))
}

/// Counts the rows of each condition in one scan of the table.
pub(super) fn counts<'a>(
    conn: &mut DbConnection,
    table: &str,
    conditions: impl Iterator<Item = &'a str>,
) -> DbResult<Vec<u64>> {
    let counts: Vec<_> = conditions.map(|condition| format!("(count(*) FILTER (WHERE {condition}))")).collect();
    let sql = format!("SELECT '' || {} AS line FROM {table}", counts.join(" || ',' || "));
    let Line { line } = on_each!(conn, c => sql_query(sql).get_result(c))?;
    Ok(line.split(',').map(|count| count.parse().unwrap_or(0)).collect())
}

/// Counts the rows of one condition.
pub(super) fn count(conn: &mut DbConnection, table: &str, condition: &str) -> DbResult<u64> {
    Ok(counts(conn, table, std::iter::once(condition))?.first().copied().unwrap_or(0))
}

/// The ids of the first rows of a condition, and what stands in the place of one.
pub(super) fn sample(conn: &mut DbConnection, table: &str, condition: &str) -> DbResult<Vec<String>> {
    let line = id_line(conn);
    let sql = format!("SELECT {line} AS line FROM {table} WHERE {condition} ORDER BY id LIMIT {}", Finding::SAMPLE);
    let rows: Vec<Line> = on_each!(conn, c => sql_query(sql).load(c))?;
    Ok(rows.into_iter().map(|Line { line }| readable_id(line.into())).collect())
}

/// An id as it is written, or what stands in its place.
fn readable_id(line: String) -> String {
    Uuid::try_parse(&line).map_or(line, |id| id.to_string())
}

/// The SQL of an id as text.
fn id_line(conn: &DbConnection) -> String {
    match dialect(conn).is_no_id {
        None => "CAST(id AS text)".to_owned(),
        Some(is_none) => format!(
            "CASE WHEN id IS NULL THEN 'rowid ' || rowid WHEN {} THEN substr(quote(id), 1, 60) ELSE hex(id) END",
            is_none("id")
        ),
    }
}

/// The first words of a column in the rows of a condition.
pub(super) fn words(conn: &mut DbConnection, table: &str, column: &str, condition: &str) -> DbResult<Vec<String>> {
    let sql =
        format!("SELECT DISTINCT {column} AS line FROM {table} WHERE {condition} ORDER BY 1 LIMIT {}", Finding::SAMPLE);
    let rows: Vec<Line> = on_each!(conn, c => sql_query(sql).load(c))?;
    Ok(rows.into_iter().map(|row| row.line.into()).collect())
}

/// A value before and after its repair.
#[derive(QueryableByName)]
pub(super) struct Change {
    #[diesel(sql_type = DbId)]
    pub(super) id: AnyId,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) before: Option<HeldText>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) after: Option<HeldText>,
}

/// What setting a column to an expression would change, for a bounded number of rows.
pub(super) fn changes(
    conn: &mut DbConnection,
    table: &str,
    (column, expression): (&str, &str),
    condition: &str,
    most: usize,
) -> DbResult<Vec<Change>> {
    let sql = format!(
        "SELECT id, CAST({column} AS text) AS before, CAST({expression} AS text) AS after
         FROM {table} WHERE {condition} ORDER BY id LIMIT {most}"
    );
    Ok(on_each!(conn, c => sql_query(sql).load(c))?)
}

/// A document of a column of lists, or a text.
#[derive(QueryableByName)]
pub(super) struct Document {
    #[diesel(sql_type = DbId)]
    pub(super) id: AnyId,
    #[diesel(sql_type = Text)]
    pub(super) json: HeldText,
}

/// The next documents of a condition, in the order of their ids.
pub(super) fn documents(
    conn: &mut DbConnection,
    table: &str,
    column: &str,
    condition: &str,
    after: Option<AnyId>,
) -> DbResult<Vec<Document>> {
    // A row without an id has no place in the order, so it is left as it is.
    let has_id = dialect(conn).is_no_id.map(|is_none| format!(" AND id IS NOT NULL AND NOT ({})", is_none("id")));
    let has_id = has_id.unwrap_or_default();
    let select = format!("SELECT id, CAST({column} AS text) AS json FROM {table} WHERE ({condition}){has_id}");
    let order = format!("ORDER BY id LIMIT {BATCH}");
    Ok(match after {
        None => on_each!(conn, c => sql_query(format!("{select} {order}")).load(c))?,
        Some(id) => match conn {
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(conn) => {
                sql_query(format!("{select} AND id > $1 {order}")).bind::<DbId, _>(id).load(conn)?
            }
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(conn) => {
                sql_query(format!("{select} AND id > ? {order}")).bind::<DbId, _>(id).load(conn)?
            }
        },
    })
}

/// What a column holds that may be no text.
#[derive(QueryableByName)]
pub(super) struct Bytes {
    #[diesel(sql_type = BigInt)]
    pub(super) number: i64,
    #[diesel(sql_type = Nullable<DbId>)]
    pub(super) id: Option<AnyId>,
    #[diesel(sql_type = Text)]
    line: HeldText,
    #[diesel(sql_type = Text)]
    pub(super) class: HeldText,
    #[diesel(sql_type = Binary)]
    pub(super) bytes: Vec<u8>,
}

impl Bytes {
    /// The id as a finding names it.
    pub(super) fn named(&self) -> String {
        readable_id(self.line.to_string())
    }
}

/// The next values of a condition, in the order of their rows. PostgreSQL's texts are texts.
pub(super) fn bytes(
    conn: &mut DbConnection,
    table: &str,
    column: &str,
    condition: &str,
    after: i64,
) -> DbResult<Vec<Bytes>> {
    let line = id_line(conn);
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let _ = (table, column, condition, after, line);
            Ok(Vec::new())
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            let sql = format!(
                "SELECT rowid AS number, CASE WHEN typeof(id) = 'blob' AND length(id) = 16 THEN id END AS id, {line} AS line,
                        typeof({column}) AS class, CAST({column} AS BLOB) AS bytes
                 FROM {table} WHERE {condition} AND rowid > {after} ORDER BY rowid LIMIT {BATCH}"
            );
            Ok(sql_query(sql).load(conn)?)
        }
    }
}

/// The columns of other applications that hold the times of a row.
pub(super) fn twins(conn: &mut DbConnection, tables: &[Table]) -> DbResult<Vec<Twin>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        column_name: String,
        #[diesel(sql_type = Text)]
        column_type: String,
    }
    const OURS: [(&str, &str); 3] =
        [("createdat", "created_at"), ("updatedat", "updated_at"), ("deletedat", "deleted_at")];
    let names: Vec<_> = tables.iter().map(|table| format!("'{}'", table.name)).collect();
    let names = names.join(", ");
    let sql = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => format!(
            "SELECT c.relname::text AS table_name, a.attname::text AS column_name,
                    format_type(a.atttypid, NULL) AS column_type
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname IN ({names})
               AND replace(lower(a.attname), '_', '') IN ('createdat', 'updatedat', 'deletedat') ORDER BY 1, 2"
        ),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => format!(
            "SELECT c.name AS table_name, a.name AS column_name, a.type AS column_type
             FROM sqlite_master AS c, pragma_table_info(c.name) AS a
             WHERE c.type = 'table' AND c.name IN ({names})
               AND replace(lower(a.name), '_', '') IN ('createdat', 'updatedat', 'deletedat') ORDER BY 1, 2"
        ),
    };
    let found: Vec<Found> = on_each!(conn, c => sql_query(sql).load(c))?;
    let twin = |found: Found| {
        let bare = found.column_name.to_lowercase().replace('_', "");
        let (_, ours) = OURS.into_iter().find(|(name, _)| *name == bare)?;
        let is_our_own = found.column_name == ours && ours != "deleted_at";
        (!is_our_own).then(|| Twin {
            table: found.table_name,
            ours: ours.to_owned(),
            theirs: found.column_name,
            r#type: found.column_type,
        })
    };
    Ok(found.into_iter().filter_map(twin).collect())
}
