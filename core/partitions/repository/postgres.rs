//! The same on PostgreSQL. What changes tables stands in the files beside it.

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _,
    result::Error as DieselError,
    sql_query,
    sql_types::{Array, BigInt, Nullable},
};

use super::{State, Step};
use crate::{
    db::{DbResult, Failure, types::DbId},
    error::{Error, ErrorCode},
    ids::CompetitorId,
};

/// The tables whose rows belong to a competitor, those first that others refer to.
const TABLES: [&str; 5] = [
    "competitor_inventory",
    "competitor_price_history",
    "competitor_metrics",
    "competitor_scrapes",
    "competitor_pages",
];

/// The limits of everyday statements do not fit a change of whole tables. For the locks they do: nobody is to wait long.
const WITHOUT_LIMIT: &str = "SET LOCAL statement_timeout = 0";

pub(super) fn state(conn: &mut PgConnection) -> DbResult<State> {
    #[derive(QueryableByName)]
    struct Counts {
        #[diesel(sql_type = BigInt)]
        partitions: i64,
        #[diesel(sql_type = Nullable<BigInt>)]
        copy: Option<i64>,
    }
    let sql =
        "SELECT (SELECT count(*) FROM pg_inherits WHERE inhparent = 'competitor_inventory'::regclass) AS partitions,
                      CASE WHEN to_regclass('competitors__next') IS NOT NULL THEN
                          (SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('competitor_inventory__next'))
                      END AS copy";
    let Counts { partitions, copy } = sql_query(sql).get_result(conn)?;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(State { partitions: count(partitions), copy: copy.map(count) })
}

pub(super) fn begin(conn: &mut PgConnection, partitions: u32) -> DbResult<()> {
    conn.batch_execute(&format!("{WITHOUT_LIMIT}; SET LOCAL jpauto.partitions = '{partitions}'"))?;
    conn.batch_execute(include_str!("begin.sql")).map_err(refused)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = DbId)]
    id: CompetitorId,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    copied: i64,
    #[diesel(sql_type = BigInt)]
    competitors: i64,
}

pub(super) fn copy_some(conn: &mut PgConnection, most: i64) -> DbResult<Step> {
    conn.batch_execute(WITHOUT_LIMIT)?;
    // Whoever records a scrape holds this row, so that nothing is recorded of them meanwhile.
    let sql = "SELECT id FROM competitors
               WHERE NOT EXISTS (SELECT FROM competitors__next AS copied WHERE copied.competitor_id = competitors.id)
               ORDER BY id LIMIT $1 FOR NO KEY UPDATE";
    let some: Vec<Id> = sql_query(sql).bind::<BigInt, _>(most).load(conn)?;
    let some: Vec<CompetitorId> = some.into_iter().map(|row| row.id).collect();
    let mut rows = 0;
    for table in TABLES {
        // Another dealer's scrape may write to a listing that was transferred: `FOR SHARE` waits for it, and it for us.
        let sql = format!("INSERT INTO {table}__next SELECT * FROM {table} WHERE competitor_id = ANY ($1) FOR SHARE");
        rows += sql_query(sql).bind::<Array<DbId>, _>(&some).execute(conn)?;
    }
    sql_query("INSERT INTO competitors__next SELECT unnest($1)").bind::<Array<DbId>, _>(&some).execute(conn)?;
    let sql =
        "SELECT (SELECT count(*) FROM competitors__next) AS copied, (SELECT count(*) FROM competitors) AS competitors";
    let Count { copied, competitors } = sql_query(sql).get_result(conn)?;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Step {
        rows: rows.try_into().unwrap_or(u64::MAX),
        copied: count(copied),
        competitors: count(competitors),
        is_last: i64::try_from(some.len()).unwrap_or(most) < most,
    })
}

pub(super) fn take_the_place(conn: &mut PgConnection) -> DbResult<u64> {
    conn.batch_execute(&format!("{WITHOUT_LIMIT}; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", TABLES.join(", ")))?;
    // A competitor may have been added since the last step.
    let Step { rows, .. } = copy_some(conn, i64::MAX)?;
    // A whole table may hold prices of no listing.
    let orphans =
        "INSERT INTO competitor_price_history__next SELECT * FROM competitor_price_history WHERE competitor_id IS NULL";
    let orphans = sql_query(orphans).execute(conn)?;
    conn.batch_execute(include_str!("take_the_place.sql")).map_err(refused)?;
    Ok(rows.saturating_add(orphans.try_into().unwrap_or(u64::MAX)))
}

pub(super) fn give_up(conn: &mut PgConnection) -> DbResult<()> {
    Ok(conn.batch_execute(include_str!("give_up.sql"))?)
}

pub(super) fn analyze(conn: &mut PgConnection) -> DbResult<()> {
    Ok(conn.batch_execute(&format!("{WITHOUT_LIMIT}; ANALYZE {}", TABLES.join(", ")))?)
}

/// What the files refuse in words of their own.
fn refused(reason: DieselError) -> Failure {
    match &reason {
        DieselError::DatabaseError(_, info) if info.message().starts_with("jpauto: ") => {
            let message = info.message().trim_start_matches("jpauto: ").to_owned();
            Error::new(ErrorCode::PartitioningRefused, message).with_source(reason).into()
        }
        _ => reason.into(),
    }
}
