//! What clean-up removes of the tables that have no operation of their own for it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Bool, Nullable},
};

use crate::{
    db::{
        DbConnection, DbResult, Instant, on_each,
        types::{AnyId, DbId, DbInstant},
    },
    jobs::RetentionRules,
};

/// So many rows are looked for at once.
pub(in crate::jobs) const MOST_FOUND: usize = 10_000;

/// Rows that are removed some time after they are over.
pub(in crate::jobs) struct Retention {
    /// What they are, as the report calls them.
    pub(in crate::jobs) name: &'static str,
    /// The noun under which the audit trail has their removal.
    pub(in crate::jobs) noun: &'static str,
    table: &'static str,
    /// Which of them are over, as SQL: `$1` is the time up to which they are, `KEPT` the number that stays in any case.
    is_over: &'static str,
    days: fn(&RetentionRules) -> u32,
    /// Whether 0 days keep all of them, rather than none.
    is_kept_at_zero: bool,
}

/// All of them. A table whose rows end and are of no use afterwards is one row more.
pub(in crate::jobs) const RETENTIONS: [Retention; 8] = [
    Retention {
        name: "research",
        noun: "inventory",
        table: "market_research_results",
        is_over: "EXISTS (SELECT 1 FROM inventory WHERE inventory.id = kept.inventory_id AND inventory.status = 'sold' \
                  AND inventory.sold_at < $1)",
        days: |rules| rules.research_days,
        is_kept_at_zero: false,
    },
    Retention {
        name: "price_history",
        noun: "inventory",
        table: "market_price_history",
        is_over: "kept.recorded_at < $1 AND EXISTS (SELECT 1 FROM market_price_history AS newer \
                  WHERE newer.inventory_id = kept.inventory_id AND newer.recorded_at > kept.recorded_at \
                  LIMIT 1 OFFSET KEPT)",
        days: |rules| rules.price_history_days,
        is_kept_at_zero: false,
    },
    Retention {
        name: "dismissed_alerts",
        noun: "alerts",
        table: "storage_alerts",
        is_over: "kept.dismissed AND coalesce(kept.dismissed_at, kept.created_at) < $1",
        days: |rules| rules.dismissed_alerts_days,
        is_kept_at_zero: false,
    },
    Retention {
        name: "notifications",
        noun: "notifications",
        table: "notifications",
        is_over: "coalesce(kept.ended_at, kept.raised_at) < $1",
        days: |rules| rules.notifications_days,
        is_kept_at_zero: false,
    },
    Retention {
        name: "untold_events",
        noun: "notifications",
        table: "outbox",
        is_over: "kept.raised_at < $1",
        days: |rules| rules.outbox_days,
        is_kept_at_zero: false,
    },
    Retention {
        name: "runs",
        noun: "jobs",
        table: "job_history",
        is_over: "coalesce(kept.completed_at, kept.started_at) < $1 AND (kept.status IS NULL OR kept.status <> 'running')",
        days: |rules| rules.runs_days,
        is_kept_at_zero: false,
    },
    Retention {
        name: "ended_tokens",
        noun: "tokens",
        table: "api_tokens",
        is_over: "(kept.revoked_at < $1 OR kept.expires_at < $1)",
        days: |rules| rules.ended_tokens_days,
        is_kept_at_zero: false,
    },
    // Last, so that it has the entries of the others' removal.
    Retention {
        name: "audit_trail",
        noun: "activity",
        table: "activity_logs",
        is_over: "kept.created_at < $1",
        days: |rules| rules.audit_trail_days,
        is_kept_at_zero: true,
    },
];

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = DbId)]
    id: AnyId,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

impl Retention {
    /// Whether any of these rows go.
    pub(in crate::jobs) fn is_on(&self, rules: &RetentionRules) -> bool {
        (self.days)(rules) > 0 || !self.is_kept_at_zero
    }

    fn condition(&self, rules: &RetentionRules) -> String {
        self.is_over.replace("KEPT", &rules.price_history_kept.saturating_sub(1).to_string())
    }

    fn until(&self, rules: &RetentionRules, now: DateTime<Utc>) -> Instant {
        let span = TimeDelta::try_days((self.days)(rules).into());
        Instant(span.and_then(|span| now.checked_sub_signed(span)).unwrap_or(DateTime::UNIX_EPOCH))
    }

    /// How many rows are over.
    pub(in crate::jobs) fn count(
        &self,
        conn: &mut DbConnection,
        rules: &RetentionRules,
        now: DateTime<Utc>,
    ) -> DbResult<usize> {
        let (table, condition) = (self.table, self.condition(rules));
        let sql = format!("SELECT count(*) AS rows FROM {table} AS kept WHERE {condition}");
        let until = self.until(rules, now);
        let count: Count = on_each!(conn, c => sql_query(sql).bind::<DbInstant, _>(until).get_result(c))?;
        Ok(usize::try_from(count.rows).unwrap_or_default())
    }

    /// The ids of rows that are over, at most [`MOST_FOUND`] behind a key, in their order.
    pub(in crate::jobs) fn find(
        &self,
        conn: &mut DbConnection,
        rules: &RetentionRules,
        after: Option<AnyId>,
        now: DateTime<Utc>,
    ) -> DbResult<Vec<AnyId>> {
        let (table, condition) = (self.table, self.condition(rules));
        let (until, limit) = (self.until(rules, now), i64::try_from(MOST_FOUND).unwrap_or(i64::MAX));
        let sql = format!(
            "SELECT kept.id FROM {table} AS kept WHERE {condition} AND ($2 OR kept.id > $3) ORDER BY kept.id LIMIT $4"
        );
        let found: Vec<Found> = on_each!(conn, c => sql_query(sql)
            .bind::<DbInstant, _>(until)
            .bind::<Bool, _>(after.is_none())
            .bind::<Nullable<DbId>, _>(after)
            .bind::<BigInt, _>(limit)
            .load(c))?;
        Ok(found.into_iter().map(|found| found.id).collect())
    }

    /// Removes those of the rows that are still over, and answers how many: one may have been used meanwhile. On PostgreSQL those that
    /// another session has locked stay for the next time.
    pub(in crate::jobs) fn remove(
        &self,
        conn: &mut DbConnection,
        rules: &RetentionRules,
        ids: &[AnyId],
        now: DateTime<Utc>,
    ) -> DbResult<usize> {
        let (table, condition, until) = (self.table, self.condition(rules), self.until(rules, now));
        let removed = match conn {
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(conn) => sql_query(format!(
                "WITH gone AS MATERIALIZED (SELECT kept.id FROM {table} AS kept WHERE kept.id = ANY($2) AND {condition}
                                            FOR UPDATE OF kept SKIP LOCKED)
                 DELETE FROM {table} WHERE id IN (SELECT id FROM gone)"
            ))
            .bind::<DbInstant, _>(until)
            .bind::<diesel::sql_types::Array<DbId>, _>(ids)
            .execute(conn)?,
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(conn) => {
                let ids: Vec<_> = ids.iter().map(|id| format!("x'{}'", id.0.simple())).collect();
                let sql = format!("DELETE FROM {table} AS kept WHERE kept.id IN ({}) AND {condition}", ids.join(", "));
                sql_query(sql).bind::<DbInstant, _>(until).execute(conn)?
            }
        };
        Ok(removed)
    }
}
