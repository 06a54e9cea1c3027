//! Rows of `listed_models`: what listings are called, by which pricing finds them. Triggers of `competitor_inventory` keep it. What they
//! do not do is written here: on PostgreSQL a recording notes its names in one order, so that two do not wait for each other in a circle;
//! and a distributed database has no triggers.

#[cfg(feature = "postgres")]
use diesel::{
    PgConnection,
    sql_types::{Array, Integer, Text},
};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Bool};

#[cfg(feature = "postgres")]
use crate::db::kept;
use crate::{
    db::{DbConnection, DbResult, on_each, types::DbId},
    ids::CompetitorId,
};

/// Years that a car may have; pricing looks for no others.
pub(crate) const YEARS_OF_CARS: &str = "year BETWEEN 1900 AND 2200";

/// The triggers that keep it.
const TRIGGERS: &str = "('listed_models_of_new', 'listed_models_of_changed')";

/// Notes what the rows of a source are called: SQL that gives `seen` with a year, a make and a model.
fn noting(source: &str) -> String {
    format!(
        "INSERT INTO listed_models (year, make, model)
         SELECT DISTINCT seen.year, lower(seen.make), lower(seen.model) FROM {source}
         WHERE NOT EXISTS (SELECT 1 FROM listed_models AS known WHERE known.year = seen.year
                           AND known.make = lower(seen.make) AND known.model = lower(seen.model))
         ORDER BY 1, 2, 3
         ON CONFLICT DO NOTHING"
    )
}

/// The listings of a condition that have a year and names.
fn listings(condition: &str) -> String {
    format!(
        "(SELECT year, make, model FROM competitor_inventory
          WHERE ({condition}) AND {YEARS_OF_CARS} AND CAST(year AS integer) = year
            AND make IS NOT NULL AND model IS NOT NULL) AS seen"
    )
}

/// Notes what the listings of a condition are called.
pub(crate) fn note_models_where(conn: &mut DbConnection, condition: &str) -> DbResult<()> {
    on_each!(conn, c => sql_query(noting(&listings(condition))).execute(c))?;
    Ok(())
}

/// The same of a competitor, whose listings another program may have written where no trigger notes it.
pub(in crate::competitors) fn note_models_of(conn: &mut DbConnection, competitor: CompetitorId) -> DbResult<()> {
    let sql = noting(&listings("competitor_id = $1"));
    on_each!(conn, c => sql_query(sql).bind::<DbId, _>(competitor).execute(c))?;
    Ok(())
}

/// Notes names before any listing has them.
#[cfg(feature = "postgres")]
pub(super) fn note_models(conn: &mut PgConnection, names: &[(i32, &str, &str)]) -> DbResult<()> {
    let statement = sql_query(noting("unnest($1, $2, $3) AS seen (year, make, model)"))
        .bind::<Array<Integer>, _>(names.iter().map(|(year, ..)| *year).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(names.iter().map(|(_, make, _)| *make).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(names.iter().map(|(.., model)| *model).collect::<Vec<_>>());
    kept(statement).run(conn)?;
    Ok(())
}

/// Whether triggers note what any program writes.
pub(in crate::competitors) fn has_triggers(conn: &mut DbConnection) -> DbResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let sql = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => format!(
            "SELECT count(*) = 2 AS found FROM pg_trigger WHERE tgrelid = to_regclass('competitor_inventory') \
             AND tgname IN {TRIGGERS} AND tgenabled IN ('O', 'A')"
        ),
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            format!("SELECT count(*) = 2 AS found FROM sqlite_master WHERE type = 'trigger' AND name IN {TRIGGERS}")
        }
    };
    let Found { found } = on_each!(conn, c => sql_query(sql).get_result(c))?;
    Ok(found)
}
