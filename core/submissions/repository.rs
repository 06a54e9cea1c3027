//! Rows of `pending_submissions`.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::not,
    prelude::*,
    sql_types::{Nullable, Text},
};

use super::{Submission, SubmissionFilter, SubmissionSort, SubmissionStatus, rules};
use crate::{
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        functions::{by_no_index, compared_vin, lower, lowered},
        held::{MayBeNull as _, Place},
        in_index_order, is_one_of, kept_sql, lock_row,
        row::{record_row, stored_word, unknown_word},
        schema::{inventory, pending_submissions, pending_submissions::dsl},
        twice_between,
        types::number_check,
    },
    error::{Error, ErrorCode},
    ids::{SubmissionId, UserId},
    money::Money,
    page::{Page, PageRequest, contains_patterns},
    submission_fields,
    typed::{MOST_CANDIDATES, Reference},
    vin,
};

submission_fields!(record_row Submission in pending_submissions);

stored_word!(SubmissionStatus);

pub(super) fn insert(conn: &mut DbConnection, submission: &Submission) -> DbResult<()> {
    diesel::insert_into(dsl::pending_submissions).values(&Row::from(submission)).execute(conn)?;
    Ok(())
}

/// Writes the whole row, or what differs.
///
/// # Errors
/// `unknown_word` for a status that cannot be written back.
pub(super) fn update(conn: &mut DbConnection, submission: &Submission) -> DbResult<()> {
    if submission.submission_status == SubmissionStatus::Unknown {
        return Err(unknown_word("the status of this submission is not known here: approve or reject it").into());
    }
    let row = Row::from(submission);
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            diesel::update(dsl::pending_submissions.find(row.id)).set(&row).execute(conn)?;
            Ok(())
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => Row::write_all_changes(conn, &[row]),
    }
}

/// Writes a review if nobody has reviewed the submission yet.
///
/// # Errors
/// `submission_already_reviewed`.
pub(super) fn mark_reviewed(conn: &mut DbConnection, reviewed: &Submission) -> DbResult<()> {
    // A word of another application decides nothing.
    let decided = [SubmissionStatus::Approved, SubmissionStatus::Rejected].map(SubmissionStatus::as_str);
    let still_pending = dsl::submission_status.ne_all(decided).or(dsl::submission_status.is_null());
    let rows = diesel::update(dsl::pending_submissions.filter(dsl::id.eq(reviewed.id)).filter(still_pending))
        .set((
            dsl::submission_status.eq(reviewed.submission_status.as_str()),
            dsl::reviewed_at.eq(reviewed.reviewed_at.map(Instant)),
            dsl::reviewed_by.eq(reviewed.reviewed_by),
            dsl::rejection_reason.eq(&reviewed.rejection_reason),
            dsl::updated_at.eq(reviewed.updated_at.map(Instant)),
        ))
        .execute(conn)?;
    if rows == 0 { Err(rules::already_reviewed().into()) } else { Ok(()) }
}

/// Deletes the submission. A vehicle that was made of it stays, without its reference.
pub(super) fn delete(conn: &mut DbConnection, id: SubmissionId) -> DbResult<()> {
    diesel::update(inventory::table.filter(inventory::source_submission_id.eq(id)))
        .set(inventory::source_submission_id.eq(None::<SubmissionId>))
        .execute(conn)?;
    diesel::delete(dsl::pending_submissions.find(id)).execute(conn)?;
    Ok(())
}

pub(crate) fn get(conn: &mut DbConnection, id: SubmissionId) -> DbResult<Submission> {
    let row: Option<Row> = dsl::pending_submissions.find(id).select(Row::as_select()).first(conn).optional()?;
    Ok(row.ok_or_else(not_found)?.into())
}

/// The submission, locked until the transaction ends.
pub(crate) fn get_to_change(conn: &mut DbConnection, id: SubmissionId) -> DbResult<Submission> {
    lock_row!(conn, dsl::pending_submissions.find(id).select(dsl::id));
    get(conn, id)
}

/// Refuses the VIN of another submission.
///
/// # Errors
/// `duplicate_vin`.
pub(super) fn ensure_vin_is_free(conn: &mut DbConnection, submission: &Submission) -> DbResult<()> {
    let Some(vin) = &submission.vin else { return Ok(()) };
    let others: i64 = dsl::pending_submissions
        .filter(compared_vin(conn).eq(vin::compared(vin)))
        .filter(dsl::id.ne(submission.id))
        .count()
        .get_result(conn)?;
    if others == 0 {
        return Ok(());
    }
    Err(rules::submitted_already().into())
}

/// The submission with this VIN, locked until the transaction ends.
pub(super) fn find_by_vin_to_change(conn: &mut DbConnection, vin: &str) -> DbResult<Option<Submission>> {
    let id: Option<SubmissionId> = dsl::pending_submissions
        .filter(compared_vin(conn).eq(vin::compared(vin)))
        .select(dsl::id)
        .first(conn)
        .optional()?;
    id.map(|id| get_to_change(conn, id)).transpose()
}

/// The submissions whose id or VIN is the text; where there is none, those of which one of them begins so.
pub(super) fn candidates(conn: &mut DbConnection, reference: &Reference<'_>) -> DbResult<Vec<Submission>> {
    let named = compared_vin(conn).eq(vin::compared(reference.as_str()));
    let mut rows: Vec<Row> =
        dsl::pending_submissions.filter(named).limit(MOST_CANDIDATES).select(Row::as_select()).load(conn)?;
    if rows.is_empty() {
        let named = compared_vin(conn).like(reference.vin_pattern()).escape('\\');
        rows = match reference.ids() {
            Some((first, last)) => {
                let (first, last) = (SubmissionId::from_uuid(first), SubmissionId::from_uuid(last));
                dsl::pending_submissions
                    .filter(named.or(dsl::id.ge(first).and(dsl::id.le(last))))
                    .order(dsl::id)
                    .limit(MOST_CANDIDATES)
                    .select(Row::as_select())
                    .load(conn)?
            }
            None => dsl::pending_submissions
                .filter(named)
                .order(dsl::id)
                .limit(MOST_CANDIDATES)
                .select(Row::as_select())
                .load(conn)?,
        };
    }
    Ok(rows.into_iter().map(Submission::from).collect())
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::SubmissionNotFound, "there is no such submission")
}

/// Selects the submissions that match the filter.
fn matching<'f>(
    (numbers, by_no_index): ([&'static str; 3], &'static str),
    filter: &'f SubmissionFilter,
) -> pending_submissions::BoxedQuery<'f, MultiBackend> {
    // What is missing in a row that another program wrote would fail the whole list.
    let has_all = dsl::year.is_not_null().and(dsl::make.is_not_null()).and(dsl::model.is_not_null());
    let has_all = has_all.and(twice_between(dsl::year, numbers));
    let mut query = dsl::pending_submissions.filter(has_all).into_boxed();
    if let Some(status) = filter.submission_status {
        let in_status = dsl::submission_status.eq(status.as_str());
        query = match status {
            SubmissionStatus::Unknown => query
                .filter(not(is_one_of(dsl::submission_status, SubmissionStatus::ALL.map(SubmissionStatus::as_str)))),
            // A null reads as the default.
            status if status == SubmissionStatus::default() => {
                let stored = kept_sql::<Nullable<Text>>(format!("{by_no_index}pending_submissions.submission_status"));
                query.filter(stored.eq(status.as_str()).or(dsl::submission_status.is_null()))
            }
            _ => query.filter(in_status),
        };
    }
    if let Some(make) = &filter.make {
        query = query.filter(is_one_of(lower(dsl::make), lowered(make.trim())));
    }
    if let Some(model) = &filter.model {
        query = query.filter(is_one_of(lower(dsl::model), lowered(model.trim())));
    }
    for word in filter.q.iter().flat_map(|words| words.split_whitespace()).take(MOST_WORDS) {
        let anywhere = |pattern: String| {
            lower(dsl::make)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(dsl::model).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::vin.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::customer_name.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::customer_email.assume_not_null()).like(pattern).escape('\\'))
        };
        let [lowered, ascii_lowered] = contains_patterns(word);
        query = query.filter(anywhere(lowered).or(anywhere(ascii_lowered)));
    }
    query
}

/// Reads a page of the submissions that match the filter, in its order.
pub(super) fn list(
    conn: &mut DbConnection,
    filter: &SubmissionFilter,
    request: &PageRequest,
) -> DbResult<Page<Submission>> {
    let of_database = (number_check(conn), by_no_index(conn));
    let query = || matching(of_database, filter).select(Row::as_select());
    let order = filter.sort.as_str();
    let position: Option<(Option<Place<Instant>>, SubmissionId)> = request.position(order)?;
    let rows: Vec<Row> = match filter.sort {
        SubmissionSort::SubmittedAt => {
            in_index_order!(conn, query, dsl::submitted_at, dsl::id, asc, position, request)
        }
        SubmissionSort::SubmittedAtDescending => {
            in_index_order!(conn, query, dsl::submitted_at, dsl::id, desc, position, request)
        }
    };
    let page = Page::cut(rows, request, order, |row: &Row| (row.submitted_at.place(), row.id))?;
    Ok(page.map(Submission::from))
}

/// More words than this in a search are ignored.
const MOST_WORDS: usize = 8;
