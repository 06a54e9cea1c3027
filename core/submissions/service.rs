//! The operations on submissions.

use super::{Approval, IntakeRules, NewSubmission, Submission, SubmissionFilter, SubmissionUpdate, repository, rules};
use crate::{
    activity::{self, Action},
    actor::Permission,
    db::functions::lock_words,
    desk::{Desk, found_by_the_desk},
    error::Result,
    ids::SubmissionId,
    inventory::{self, Vehicle},
    network::client_network,
    page::{Page, PageRequest},
};

/// Customers' submissions and their review.
#[derive(Clone, Copy, Debug)]
pub struct Submissions<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// Customers' offers.
    #[must_use]
    pub fn submissions(&self) -> Submissions<'_> {
        Submissions::at(self)
    }
}

found_by_the_desk!(IntakeRules);

impl<'a> Submissions<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// Accepts a submission for review.
    ///
    /// # Errors
    /// `invalid_submission` with the fields at fault; `duplicate_vin`; `too_many_submissions`, with the time to wait, if the
    /// public sent too many from one address.
    pub fn submit(&self, submission: &NewSubmission) -> Result<Submission> {
        self.desk.write(Permission::SendSubmissions, |conn, acting| {
            let intake: &IntakeRules = self.desk.rules();
            let submission = rules::submit(submission, intake, acting.now)?;
            if let (true, Some(ip)) = (acting.actor.is_public(), acting.actor.ip()) {
                let (client, since) = (client_network(ip), acting.now - intake.window);
                lock_words(conn, &format!("submissions from {client}"))?;
                let most = intake.most_in_window;
                let sent = activity::times_by_the_public(conn, "submissions", Action::Create, client, since, most)?;
                rules::ensure_within_rate_limit(&sent, intake, acting.now)?;
            }
            repository::ensure_vin_is_free(conn, &submission)?;
            repository::insert(conn, &submission)?;
            activity::record(conn, acting, Action::Create, None, Some(&submission))?;
            Ok(submission)
        })
    }

    /// A page of submissions.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn list(&self, filter: &SubmissionFilter, page: &PageRequest) -> Result<Page<Submission>> {
        self.desk.read(Permission::ReadSubmissions, |conn| repository::list(conn, filter, page))
    }

    /// One submission.
    ///
    /// # Errors
    /// `submission_not_found`.
    pub fn get(&self, id: SubmissionId) -> Result<Submission> {
        self.desk.read(Permission::ReadSubmissions, |conn| repository::get(conn, id))
    }

    /// Corrects the named fields of a pending submission.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `invalid_submission`; `duplicate_vin`.
    pub fn update(&self, id: SubmissionId, update: &SubmissionUpdate) -> Result<Submission> {
        self.desk.write(Permission::ReviewSubmissions, |conn, acting| {
            let before = repository::get_to_change(conn, id)?;
            let after = rules::update(&before, update, self.desk.rules(), acting.now)?;
            if after == before {
                return Ok(before);
            }
            repository::ensure_vin_is_free(conn, &after)?;
            repository::update(conn, &after)?;
            activity::record(conn, acting, Action::Update, Some(&before), Some(&after))?;
            Ok(after)
        })
    }

    /// Approves a submission: records the review, adds the vehicle and writes the audit trail, in one transaction.
    ///
    /// If two reviewers approve at once, one of them makes a vehicle and the other gets an error.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `approval_incomplete` with the missing fields; `invalid_vehicle`;
    /// `duplicate_vin` and `duplicate_stock_number` against the inventory.
    pub fn approve(&self, id: SubmissionId, approval: &Approval) -> Result<Vehicle> {
        self.desk.write(Permission::ReviewSubmissions, |conn, acting| {
            let submission = repository::get_to_change(conn, id)?;
            let by = acting.actor.user_id();
            let (reviewed, vehicle) = rules::approve(&submission, approval, self.desk.rules(), by, acting.now)?;
            repository::mark_reviewed(conn, &reviewed)?;
            inventory::ensure_vin_and_stock_number_are_free(conn, &vehicle)?;
            inventory::insert(conn, &vehicle)?;
            activity::record(conn, acting, Action::Approve, Some(&submission), Some(&reviewed))?;
            activity::record(conn, acting, Action::Create, None, Some(&vehicle))?;
            Ok(vehicle)
        })
    }

    /// Rejects a submission.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `rejection_reason_missing`.
    pub fn reject(&self, id: SubmissionId, reason: &str) -> Result<Submission> {
        self.desk.write(Permission::ReviewSubmissions, |conn, acting| {
            let submission = repository::get_to_change(conn, id)?;
            let by = acting.actor.user_id();
            let reviewed = rules::reject(&submission, reason, self.desk.rules(), by, acting.now)?;
            repository::mark_reviewed(conn, &reviewed)?;
            activity::record(conn, acting, Action::Reject, Some(&submission), Some(&reviewed))?;
            Ok(reviewed)
        })
    }

    /// Deletes a submission. A vehicle that was made of it stays.
    ///
    /// # Errors
    /// `submission_not_found`.
    pub fn delete(&self, id: SubmissionId) -> Result<()> {
        self.desk.write(Permission::DeleteSubmissions, |conn, acting| {
            let submission = repository::get_to_change(conn, id)?;
            repository::delete(conn, id)?;
            activity::record(conn, acting, Action::Delete, Some(&submission), None)
        })
    }
}
