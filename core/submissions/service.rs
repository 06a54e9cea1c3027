//! The operations on submissions.

use super::{Approval, IntakeRules, NewSubmission, Submission, SubmissionFilter, SubmissionUpdate, repository, rules};
use crate::{
    activity::{self, Action},
    actor::Permission,
    db::{DbConnection, DbResult, functions::lock_words},
    desk::{Acting, Desk, Part, found_by_the_desk},
    error::Result,
    ids::SubmissionId,
    inventory::{self, DoubtfulPrices, Vehicle, VehicleStatus, pictures},
    network::client_network,
    outbox::{self, Event},
    page::{Page, PageRequest},
    typed::Reference,
    version::{Expected, Version},
};

/// Customers' submissions and their review.
#[derive(Clone, Copy, Debug)]
pub struct Submissions<'a> {
    desk: &'a Desk,
    doubtful: DoubtfulPrices,
    expected: Expected<'a>,
}

impl Desk {
    /// Customers' offers.
    #[must_use]
    pub fn submissions(&self) -> Submissions<'_> {
        Submissions::at(self)
    }
}

found_by_the_desk!(IntakeRules);

/// What becomes of the photos of a submission that is turned down or deleted, after the transaction that does it.
///
/// Submissions stand below the storage, so the dealership hands them its functions.
pub(crate) struct PhotosOfSubmissions {
    pub(crate) settle: fn(&Desk, Permission, &Submission),
    pub(crate) remove: fn(&Desk, &Submission),
}

impl Part for PhotosOfSubmissions {
    const MISSING: &'static str = "nobody looks after the photos of submissions";
}

impl<'a> Submissions<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk, doubtful: DoubtfulPrices::Warn, expected: Expected::default() }
    }

    /// The same, changing, reviewing and deleting a submission only in one of these versions, else failing with
    /// `version_changed`.
    #[must_use]
    pub fn if_version(self, versions: &'a [Version]) -> Self {
        Self { expected: Expected::one_of(versions), ..self }
    }

    /// The same, refusing with `price_doubtful` what is else a warning: a price that looks like a typing error. See
    /// [`Inventory::refusing_doubtful_prices`](crate::Inventory::refusing_doubtful_prices).
    #[must_use]
    pub fn refusing_doubtful_prices(self) -> Self {
        Self { doubtful: DoubtfulPrices::Refuse, ..self }
    }

    /// Accepts a submission for review.
    ///
    /// A car whose submission was rejected, or that was taken in and sold since, may be offered again: its submission is then
    /// pending anew with what is offered now, and its earlier review is in the audit trail.
    ///
    /// # Errors
    /// `invalid_submission` with the fields at fault; `duplicate_vin`; `too_many_submissions`, with the time to wait, if the
    /// public sent too many from one address.
    pub fn submit(&self, submission: &NewSubmission) -> Result<Submission> {
        let (submitted, action) = self.desk.write(Permission::SendSubmissions, |conn, acting| {
            let intake: &IntakeRules = self.desk.rules();
            let submission = rules::submit(submission, intake, acting.now)?;
            if let (true, Some(ip)) = (acting.actor.is_public(), acting.actor.ip()) {
                let (client, since) = (client_network(ip), acting.now - intake.window);
                lock_words(conn, &format!("submissions from {client}"))?;
                let (most, sending) = (intake.most_in_window, [Action::Create, Action::Reoffer]);
                let sent = activity::times_by_the_public(conn, "submissions", &sending, client, since, most)?;
                rules::ensure_within_rate_limit(&sent, intake, acting.now)?;
            }
            self.doubtful.ensure_none(&submission.warnings)?;
            let earlier = match &submission.vin {
                Some(vin) => repository::find_by_vin_to_change(conn, vin)?,
                None => None,
            };
            let Some(earlier) = earlier else {
                repository::insert(conn, &submission)?;
                activity::record(conn, acting, Action::Create, None, Some(&submission))?;
                outbox::raise(conn, Event::SubmissionCreated, rules::told(&submission, None), acting.now)?;
                return Ok((submission, Action::Create));
            };
            let vin = submission.vin.as_deref().unwrap_or_default();
            let is_in_stock = inventory::is_in_stock(conn, vin, earlier.id)?;
            let again = rules::offer_again(&earlier, submission, is_in_stock)?;
            repository::update(conn, &again)?;
            activity::record(conn, acting, Action::Reoffer, Some(&earlier), Some(&again))?;
            outbox::raise(conn, Event::SubmissionCreated, rules::told(&again, Some(&earlier)), acting.now)?;
            Ok((again, Action::Reoffer))
        })?;
        if action == Action::Reoffer {
            (self.desk.part::<PhotosOfSubmissions>()?.settle)(self.desk, Permission::SendSubmissions, &submitted);
        }
        Ok(submitted)
    }

    /// A page of submissions.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn list(&self, filter: &SubmissionFilter, page: &PageRequest) -> Result<Page<Submission>> {
        let submissions = self.desk.list(Permission::ReadSubmissions, |conn| repository::list(conn, filter, page))?;
        Ok(submissions.map(|submission| self.with_warnings(submission)))
    }

    /// One submission.
    ///
    /// # Errors
    /// `submission_not_found`.
    pub fn get(&self, id: SubmissionId) -> Result<Submission> {
        let submission = self.desk.read(Permission::ReadSubmissions, |conn| repository::get(conn, id))?;
        Ok(self.with_warnings(submission))
    }

    /// The submission of this id, VIN or chassis number, or the only one of which one of them begins so.
    ///
    /// # Errors
    /// `submission_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<Submission> {
        self.desk.must(Permission::ReadSubmissions)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ReadSubmissions, |conn| repository::candidates(conn, &reference))?;
        let submission = reference.only(found, repository::not_found, |submission| {
            let Submission { year, make, model, submission_status, .. } = submission;
            (submission.id.into(), format!("{year} {make} {model}, {submission_status}"))
        })?;
        Ok(self.with_warnings(submission))
    }

    /// Corrects the named fields of a pending submission.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `invalid_submission`; `duplicate_vin`.
    pub fn update(&self, id: SubmissionId, update: &SubmissionUpdate) -> Result<Submission> {
        self.desk.write(Permission::ReviewSubmissions, |conn, acting| {
            let before = self.with_warnings(self.get_to_change(conn, id)?);
            let after = rules::update(&before, update, self.desk.rules(), acting.now)?;
            if after == before {
                return Ok(before);
            }
            if after.asking_price != before.asking_price {
                self.doubtful.ensure_none(&after.warnings)?;
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
    /// A car that is in the inventory as sold comes back: its row is on sale again with the price, mileage and `listed_at` of now,
    /// and `source_submission_id` names this submission. Of the other fields, what does not change with an owner stays where
    /// the offer says nothing (trim, colours, engine, equipment, list price, stock number); what tells of the car's state is the
    /// offer's alone (condition, title, owners, accidents, reports, warranty, pictures, advertisement, cost). The earlier sale
    /// stays in the audit trail and in the statistics of sales. The market analysis is deleted, so the vehicle is due for a
    /// new one; the price history goes on.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `approval_incomplete` with the missing fields; `invalid_vehicle`;
    /// `duplicate_vin` and `duplicate_stock_number` against the inventory.
    pub fn approve(&self, id: SubmissionId, approval: &Approval) -> Result<Vehicle> {
        let approved = self.desk.write(Permission::ReviewSubmissions, |conn, acting| {
            let submission = self.get_to_change(conn, id)?;
            let known = match rules::approved_number(&submission, approval) {
                Some(number) => inventory::find_by_vin_to_change(conn, &number)?,
                None => None,
            };
            let sold = known.filter(|vehicle| vehicle.status == VehicleStatus::Sold);
            let (by, rules, doubtful) = (acting.actor.user_id(), self.desk.rules(), self.doubtful);
            let (reviewed, vehicle) =
                rules::approve(&submission, sold.as_ref(), approval, rules, doubtful, by, acting.now)?;
            let kept = sold.as_ref().and_then(|sold| sold.stock_number.clone());
            let given = approval.overrides.stock_number.clone().apply_to(kept);
            let numbers = inventory::stock_numbers_to_choose(&vehicle, given.as_deref());
            let vehicle = inventory::with_free_stock_number(conn, vehicle, numbers)?;
            repository::mark_reviewed(conn, &reviewed)?;
            inventory::ensure_vin_and_stock_number_are_free(conn, &vehicle)?;
            activity::record(conn, acting, Action::Approve, Some(&submission), Some(&reviewed))?;
            match &sold {
                Some(sold) => inventory::put_back_on_sale(self.desk, conn, acting, sold, &vehicle)?,
                None => {
                    inventory::insert(conn, &vehicle)?;
                    activity::record(conn, acting, Action::Create, None, Some(&vehicle))?;
                }
            }
            Ok(vehicle)
        })?;
        pictures::show(self.desk, approved.images.iter().chain(&approved.thumbnail))?;
        Ok(approved)
    }

    /// Rejects a submission. Its photos in a folder are from then on shown to staff alone, but for those that a vehicle has, or a
    /// submission before it.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `rejection_reason_missing`.
    pub fn reject(&self, id: SubmissionId, reason: &str) -> Result<Submission> {
        let reviewed = self.desk.write(Permission::ReviewSubmissions, |conn, acting| {
            let submission = self.with_warnings(self.get_to_change(conn, id)?);
            let by = acting.actor.user_id();
            let reviewed = rules::reject(&submission, reason, self.desk.rules(), by, acting.now)?;
            repository::mark_reviewed(conn, &reviewed)?;
            activity::record(conn, acting, Action::Reject, Some(&submission), Some(&reviewed))?;
            Ok(reviewed)
        })?;
        (self.desk.part::<PhotosOfSubmissions>()?.settle)(self.desk, Permission::ReviewSubmissions, &reviewed);
        Ok(reviewed)
    }

    /// Deletes a submission, with the photos that nothing else shows. A vehicle that was made of it stays.
    ///
    /// # Errors
    /// `submission_not_found`.
    pub fn delete(&self, id: SubmissionId) -> Result<()> {
        let deleted = self.desk.write(Permission::DeleteSubmissions, |conn, acting| {
            let submission = self.get_to_change(conn, id)?;
            repository::delete(conn, id)?;
            activity::record(conn, acting, Action::Delete, Some(&submission), None)?;
            Ok(submission)
        })?;
        (self.desk.part::<PhotosOfSubmissions>()?.remove)(self.desk, &deleted);
        Ok(())
    }

    /// Changes the pictures of a pending submission in a transaction of the caller, with its audit row.
    ///
    /// # Errors
    /// `submission_not_found`; `submission_already_reviewed`; `invalid_submission`.
    pub(crate) fn change_images(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        id: SubmissionId,
        images: &[String],
    ) -> DbResult<()> {
        let before = self.with_warnings(self.get_to_change(conn, id)?);
        let update = SubmissionUpdate { images: Some(images.to_vec()), ..SubmissionUpdate::default() };
        let after = rules::update(&before, &update, self.desk.rules(), acting.now)?;
        if after == before {
            return Ok(());
        }
        repository::update(conn, &after)?;
        activity::record(conn, acting, Action::Update, Some(&before), Some(&after))
    }

    /// The submission, locked until the transaction ends.
    fn get_to_change(&self, conn: &mut DbConnection, id: SubmissionId) -> DbResult<Submission> {
        let submission = repository::get_to_change(conn, id)?;
        self.expected.check(|| submission.version())?;
        Ok(submission)
    }

    fn with_warnings(&self, submission: Submission) -> Submission {
        let intake: &IntakeRules = self.desk.rules();
        rules::with_warnings(submission, &intake.limits)
    }
}
