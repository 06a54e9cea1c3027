//! Rows of `job_history` and `job_schedules`. What clean-up removes is in `retention`.

pub(super) mod retention;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize as _;
use serde_json::Value;

use super::{
    Job, Run, RunFilter, RunProgress, RunStatus,
    rules::{self, End},
};
use crate::{
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        functions::as_written,
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, lock_row,
        schema::{job_history, job_history::dsl, job_schedules},
    },
    error::{Error, ErrorCode, Result},
    ids::{RunId, TokenId, UserId},
    leases,
    page::{Page, PageRequest},
    typed::{MOST_CANDIDATES, Reference},
};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = job_history, treat_none_as_default_value = false)]
struct Row {
    id: RunId,
    job_name: Option<HeldText>,
    status: Option<HeldText>,
    started_at: Option<Held<Instant>>,
    completed_at: Option<Instant>,
    duration_ms: Option<i32>,
    result: Option<Json<Value>>,
    error: Option<HeldText>,
    scheduled_for: Option<Instant>,
    requested_by: Option<UserId>,
    options: Option<Json<Value>>,
    progress: Option<Json<Value>>,
    cancel_requested_at: Option<Instant>,
    lease: Option<HeldText>,
    holder: Option<HeldText>,
    token_id: Option<TokenId>,
    user_agent: Option<HeldText>,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            job_name: row.job_name.text().unwrap_or_default(),
            status: row.status.as_deref().map_or(RunStatus::Unknown, RunStatus::stored),
            started_at: row.started_at.time(),
            completed_at: row.completed_at.map(DateTime::from),
            duration_ms: row.duration_ms,
            result: row.result.map(|result| result.0),
            error: row.error.text(),
            scheduled_for: row.scheduled_for.map(DateTime::from),
            requested_by: row.requested_by,
            options: row.options.and_then(|options| super::RunOptions::deserialize(options.0).ok()),
            progress: row.progress.and_then(|progress| RunProgress::deserialize(progress.0).ok()),
            cancel_requested_at: row.cancel_requested_at.map(DateTime::from),
            holder: row.holder.text(),
            token_id: row.token_id,
            user_agent: row.user_agent.text(),
        }
    }
}

fn document<T: serde::Serialize>(value: &T) -> Result<Json<Value>> {
    serde_json::to_value(value).map(Json).map_err(|reason| {
        Error::new(ErrorCode::DocumentNotWritten, "a run could not be written down").with_source(reason)
    })
}

/// Writes a run that begins.
pub(super) fn insert(conn: &mut DbConnection, run: &Run, lease: &str) -> DbResult<()> {
    let row = Row {
        id: run.id,
        job_name: Some(run.job_name.clone().into()),
        status: Some(run.status.as_str().into()),
        started_at: run.started_at.map(Held::from),
        completed_at: None,
        duration_ms: None,
        result: None,
        error: None,
        scheduled_for: run.scheduled_for.map(Instant),
        requested_by: run.requested_by,
        options: run.options.as_ref().map(document).transpose()?,
        progress: None,
        cancel_requested_at: None,
        lease: Some(lease.into()),
        holder: run.holder.clone().map(HeldText::from),
        token_id: run.token_id,
        user_agent: run.user_agent.clone().map(HeldText::from),
    };
    diesel::insert_into(dsl::job_history).values(&row).execute(conn)?;
    Ok(())
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::RunNotFound, "there is no such run of a job")
}

/// The row as it is stored.
pub(super) fn get(conn: &mut DbConnection, id: RunId) -> DbResult<Run> {
    let row: Option<Row> = dsl::job_history.find(id).select(Row::as_select()).first(conn).optional()?;
    Ok(row.ok_or_else(not_found)?.into())
}

/// The same. Locks the row until the transaction ends.
pub(super) fn get_to_change(conn: &mut DbConnection, id: RunId) -> DbResult<Run> {
    lock_row!(conn, dsl::job_history.find(id).select(dsl::id));
    get(conn, id)
}

/// The runs whose id begins so, at most `MOST_CANDIDATES`.
pub(super) fn candidates(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Run>> {
    let Some((first, last)) = reference.ids() else { return Ok(Vec::new()) };
    let (first, last) = (RunId::from_uuid(first), RunId::from_uuid(last));
    let rows: Vec<Row> = dsl::job_history
        .filter(dsl::id.ge(first).and(dsl::id.le(last)))
        .order(dsl::id)
        .limit(MOST_CANDIDATES)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Run::from).collect())
}

/// A page of runs, newest first.
pub(super) fn list(conn: &mut DbConnection, filter: &RunFilter, request: &PageRequest) -> DbResult<Page<Run>> {
    const ORDER: &str = "-started_at";
    let matching = || {
        let mut query = dsl::job_history.select(Row::as_select()).into_boxed::<MultiBackend>();
        if let Some(kind) = filter.kind {
            query = query.filter(dsl::job_name.eq(kind.as_str()));
        }
        if let Some(status) = filter.status {
            query = query.filter(dsl::status.eq(status.as_str()));
        }
        query
    };
    let position: Option<(Option<Place<Instant>>, RunId)> = request.position(ORDER)?;
    let rows: Vec<Row> = in_index_order!(conn, matching, dsl::started_at, dsl::id, desc, position, request);
    let page = Page::cut(rows, request, ORDER, |row: &Row| (row.started_at.place(), row.id))?;
    Ok(page.map(Run::from))
}

/// The last run of a job.
pub(super) fn last(conn: &mut DbConnection, job: Job) -> DbResult<Option<Run>> {
    let row: Option<Row> = dsl::job_history
        .filter(dsl::job_name.eq(job.as_str()))
        .filter(dsl::started_at.is_not_null())
        .order((dsl::started_at.desc(), dsl::id.desc()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Run::from))
}

/// The time of the schedule that the last successful run of a job answered to, within this span.
pub(super) fn last_answered(
    conn: &mut DbConnection,
    job: Job,
    (since, before): (DateTime<Utc>, DateTime<Utc>),
) -> DbResult<Option<DateTime<Utc>>> {
    let answered: Option<Option<Instant>> = dsl::job_history
        .filter(dsl::job_name.eq(job.as_str()))
        .filter(dsl::status.eq(RunStatus::Success.as_str()))
        .filter(dsl::scheduled_for.ge(Instant(since)).and(dsl::scheduled_for.lt(Instant(before))))
        .order((dsl::started_at.desc(), dsl::id.desc()))
        .select(dsl::scheduled_for)
        .first(conn)
        .optional()?;
    Ok(answered.flatten().map(DateTime::from))
}

/// As the index of what is running has it.
const IS_RUNNING: &str = "job_history.status = 'running'";

/// A run that is called running although nobody holds its lease any more.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) id: RunId,
    pub(super) job_name: String,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) options: Option<super::RunOptions>,
    pub(super) progress: Option<RunProgress>,
    lease: Option<HeldText>,
}

/// The runs whose process died or lost its lease. The runs are read before the leases, which are given back with the end of a run.
pub(super) fn dead(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<Vec<Dead>> {
    let running: Vec<Row> = dsl::job_history
        .filter(as_written(IS_RUNNING))
        .filter(dsl::lease.is_not_null())
        .order(dsl::id)
        .select(Row::as_select())
        .load(conn)?;
    if running.is_empty() {
        return Ok(Vec::new());
    }
    let live = leases::live_leases(conn, rules::LEASES, now)?;
    let live: HashSet<_> = live.into_iter().map(|lease| (lease.name, lease.holder)).collect();
    let is_dead = |row: &Row| {
        let held = row.lease.clone().text().zip(row.holder.clone().text());
        held.is_none_or(|held| !live.contains(&held))
    };
    let dead = running.into_iter().filter(is_dead).map(|row| {
        let lease = row.lease.clone();
        let run = Run::from(row);
        Dead {
            id: run.id,
            job_name: run.job_name,
            started_at: run.started_at,
            options: run.options,
            progress: run.progress,
            lease,
        }
    });
    Ok(dead.collect())
}

/// When a dead run had ended at the latest: when the next one began under its lease, or now.
pub(super) fn ended_by(conn: &mut DbConnection, dead: &Dead, now: DateTime<Utc>) -> DbResult<DateTime<Utc>> {
    let Some(started_at) = dead.started_at else { return Ok(now) };
    let next: Option<Option<Instant>> = dsl::job_history
        .filter(dsl::job_name.eq(&dead.job_name))
        .filter(dsl::lease.eq(dead.lease.as_deref()))
        .filter(dsl::started_at.gt(Instant(started_at)))
        .order(dsl::started_at)
        .select(dsl::started_at)
        .first(conn)
        .optional()?;
    Ok(next.flatten().map_or(now, |next| DateTime::from(next).min(now)))
}

/// Shows runs whose process died as what they are, also where no worker has marked them yet.
pub(super) fn show_dead(conn: &mut DbConnection, runs: &mut [Run], now: DateTime<Utc>) -> DbResult<()> {
    if !runs.iter().any(Run::is_running) {
        return Ok(());
    }
    let dead: HashSet<_> = dead(conn, now)?.into_iter().map(|dead| dead.id).collect();
    for run in runs.iter_mut().filter(|run| run.is_running() && dead.contains(&run.id)) {
        let End { status, error, .. } = End::interrupted();
        (run.status, run.error, run.progress) = (status, error, rules::progress_at_end(run.progress.take(), status));
    }
    Ok(())
}

/// Writes the end of a run that is running, and answers whether it was.
pub(super) fn end(
    conn: &mut DbConnection,
    (id, started_at): (RunId, Option<DateTime<Utc>>),
    end: &End,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let millis = started_at.map(|started| (now - started).num_milliseconds().max(0));
    let running = dsl::job_history.find(id).filter(dsl::status.eq(RunStatus::Running.as_str()));
    let ended = diesel::update(running)
        .set((
            dsl::status.eq(end.status.as_str()),
            dsl::completed_at.eq(Some(Instant(now))),
            dsl::duration_ms.eq(millis.map(|millis| i32::try_from(millis).unwrap_or(i32::MAX))),
            dsl::result.eq(end.result.clone().map(Json)),
            dsl::error.eq(end.error.clone()),
            // Where it is not known how far the run had come, what was written last stands.
            end.progress.as_ref().map(document).transpose()?.map(|progress| dsl::progress.eq(Some(progress))),
        ))
        .execute(conn)?;
    Ok(ended > 0)
}

/// Writes how far a run has come.
pub(super) fn note_progress(conn: &mut DbConnection, id: RunId, progress: &RunProgress) -> DbResult<()> {
    let running = dsl::job_history.find(id).filter(dsl::status.eq(RunStatus::Running.as_str()));
    diesel::update(running).set(dsl::progress.eq(Some(document(progress)?))).execute(conn)?;
    Ok(())
}

/// Whether somebody has asked for the end of a run.
pub(super) fn is_to_end(conn: &mut DbConnection, id: RunId) -> DbResult<bool> {
    let asked: Option<Option<Instant>> =
        dsl::job_history.find(id).select(dsl::cancel_requested_at).first(conn).optional()?;
    Ok(asked.flatten().is_some())
}

/// Notes that a run is to end.
pub(super) fn ask_to_end(conn: &mut DbConnection, id: RunId, now: DateTime<Utc>) -> DbResult<()> {
    diesel::update(dsl::job_history.find(id)).set(dsl::cancel_requested_at.eq(Some(Instant(now)))).execute(conn)?;
    Ok(())
}

/// Up to when the times of each schedule are dealt with, by the job's name.
pub(super) fn done_until(conn: &mut DbConnection) -> DbResult<HashMap<String, DateTime<Utc>>> {
    let rows: Vec<(HeldText, Instant)> =
        job_schedules::table.select((job_schedules::job_name, job_schedules::done_until)).load(conn)?;
    Ok(rows.into_iter().map(|(name, until)| (name.text(), until.into())).collect())
}

/// The same of one job. Locks the row until the transaction ends.
pub(super) fn done_until_to_change(conn: &mut DbConnection, job: Job) -> DbResult<Option<DateTime<Utc>>> {
    lock_row!(conn, job_schedules::table.find(job.as_str()).select(job_schedules::job_name));
    let until: Option<Instant> =
        job_schedules::table.find(job.as_str()).select(job_schedules::done_until).first(conn).optional()?;
    Ok(until.map(DateTime::from))
}

/// Begins to count the times of a schedule. Where another process has begun first, the transaction runs again and finds it.
pub(super) fn begin_schedule(conn: &mut DbConnection, job: Job, now: DateTime<Utc>) -> DbResult<()> {
    let row = (job_schedules::job_name.eq(job.as_str()), job_schedules::done_until.eq(Instant(now)));
    diesel::insert_into(job_schedules::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn set_done_until(conn: &mut DbConnection, job: Job, until: DateTime<Utc>) -> DbResult<()> {
    diesel::update(job_schedules::table.find(job.as_str()))
        .set(job_schedules::done_until.eq(Instant(until)))
        .execute(conn)?;
    Ok(())
}
