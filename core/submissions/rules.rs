//! The rules of submissions: what is accepted, and what an approval or a rejection does. No I/O.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Approval, NewSubmission, Submission, SubmissionStatus, SubmissionUpdate, SubmissionWarning};
use crate::{
    error::{Error, ErrorCode, Faults, Result},
    ids::{SubmissionId, UserId},
    inventory::{
        self, DoubtfulPrices, InventoryRules, NewVehicle, Vehicle, VehicleLimits, check_given, limits,
        pictures::thumbnail_of, with_price_warnings, with_return_warnings,
    },
    money::Money,
    submission_fields,
    users::is_plausible_email,
    vin,
};

submission_fields!(check_given Submission);

/// The numbers of the intake's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntakeRules {
    /// The limits of the fields.
    pub limits: VehicleLimits,
    /// The most submissions from one IP address of the public within `window` (5).
    pub most_in_window: u32,
    /// The time over which `most_in_window` counts (30 minutes).
    pub window: TimeDelta,
    /// The fewest and the most digits of a telephone number (7, 15: the most that E.164 allows).
    pub phone_digits: (usize, usize),
}

impl Default for IntakeRules {
    fn default() -> Self {
        Self {
            limits: VehicleLimits::default(),
            most_in_window: 5,
            window: TimeDelta::minutes(30),
            phone_digits: (7, 15),
        }
    }
}

/// Makes the submission of a customer.
pub(super) fn submit(new: &NewSubmission, rules: &IntakeRules, now: DateTime<Utc>) -> Result<Submission> {
    let submitted = Submission {
        submitted_at: Some(now),
        created_at: Some(now),
        updated_at: Some(now),
        ..new.clone().into_record(SubmissionId::new(now))
    };
    check(submitted, rules, now)
}

/// Refuses one more submission from an address that has reached its limit. `sent` are the times of its submissions within the
/// window, newest first.
pub(super) fn ensure_within_rate_limit(sent: &[DateTime<Utc>], rules: &IntakeRules, now: DateTime<Utc>) -> Result<()> {
    // The next one is accepted when the oldest of the last `most_in_window` has left the window.
    let room_at = match rules.most_in_window.checked_sub(1) {
        Some(last) => match sent.get(last as usize) {
            Some(oldest) => *oldest + rules.window,
            None => return Ok(()),
        },
        None => now + rules.window,
    };
    let minutes = rules.window.num_minutes();
    let message =
        format!("at most {} submissions in {minutes} minutes are taken from one address", rules.most_in_window);
    Err(Error::new(ErrorCode::TooManySubmissions, message)
        .with_retry_after((room_at - now).to_std().unwrap_or_default()))
}

/// Corrects fields of the pending submission.
pub(super) fn update(
    before: &Submission,
    update: &SubmissionUpdate,
    rules: &IntakeRules,
    now: DateTime<Utc>,
) -> Result<Submission> {
    ensure_pending(before)?;
    let mut changed = check(update.apply_to(before.clone()), rules, now)?;
    if let Some(asking) = changed.asking_price.filter(|_| changed.asking_price != before.asking_price) {
        let doubt = SubmissionWarning::of_price("asking_price", asking, [before.asking_price], &rules.limits);
        changed.warnings.retain(|known| known.doubtful_price().is_none());
        changed.warnings.extend(doubt);
    }
    Ok(if changed == *before { changed } else { Submission { updated_at: Some(now), ..changed } })
}

/// Makes of an earlier submission of the same car a pending one with the new offer; nothing of the earlier offer and its review
/// stays. `is_in_stock` says whether the car that was taken in then is unsold.
///
/// # Errors
/// `duplicate_vin` if the earlier submission is pending, or its car in stock.
pub(super) fn offer_again(earlier: &Submission, new: Submission, is_in_stock: bool) -> Result<Submission> {
    let is_open = match earlier.submission_status {
        // A word of another application decides nothing.
        SubmissionStatus::Pending | SubmissionStatus::Unknown => true,
        SubmissionStatus::Approved => is_in_stock,
        SubmissionStatus::Rejected => false,
    };
    if is_open {
        return Err(submitted_already());
    }
    Ok(Submission { id: earlier.id, created_at: earlier.created_at, ..new })
}

/// What people are told of an offer: the car and the price, and nothing of the customer.
pub(super) fn told(offered: &Submission, earlier: Option<&Submission>) -> Value {
    json!({
        "submission_id": offered.id,
        "year": offered.year,
        "make": offered.make,
        "model": offered.model,
        "trim": offered.trim,
        "vin": offered.vin,
        "mileage": offered.mileage,
        "asking_price": offered.asking_price,
        "offered_again": earlier.is_some(),
    })
}

pub(super) fn submitted_already() -> Error {
    let error = Error::new(ErrorCode::DuplicateVin, "a car with this VIN was submitted already");
    error.with_field("/vin", "was submitted already")
}

/// The warnings that need no numbers of the configuration.
pub(super) fn warnings_of_row(submission: &Submission) -> Vec<SubmissionWarning> {
    let number = submission.vin.as_deref();
    number.and_then(|number| SubmissionWarning::of_offered_number(number, submission.year)).into_iter().collect()
}

/// The submission with all its warnings.
pub(super) fn with_warnings(mut submission: Submission, limits: &VehicleLimits) -> Submission {
    submission.warnings = warnings_of_row(&submission);
    let asking = submission.asking_price;
    let doubt = asking.and_then(|asking| SubmissionWarning::of_price("asking_price", asking, [], limits));
    submission.warnings.extend(doubt);
    submission
}

/// Returns the submission in its canonical form.
///
/// # Errors
/// `invalid_submission` with every field at fault.
fn check(mut submission: Submission, rules: &IntakeRules, now: DateTime<Utc>) -> Result<Submission> {
    let limits = rules.limits;
    let mut faults = Faults::default();
    for (pointer, text) in texts_of_one_line(&submission) {
        let is_line = !text.trim().chars().any(char::is_control);
        faults.check(is_line, pointer, "expected one line, without control characters");
    }
    (submission.make, submission.model) = (limits::line_of(&submission.make), limits::line_of(&submission.model));
    submission.customer_email = limits::given_line(submission.customer_email.as_deref());
    submission.customer_phone = limits::given_line(submission.customer_phone.as_deref());
    limits.check_year(&mut faults, submission.year, now);
    limits::required_text(&mut faults, "/make", &submission.make, 100);
    limits::required_text(&mut faults, "/model", &submission.model, 100);
    // A form sends an empty text for a field that is left empty.
    submission.vin = submission.vin.filter(|vin| !vin.trim().is_empty());
    match submission.vin.as_deref().map(|number| vin::number_of(number, submission.year)) {
        None => {}
        Some(Ok(number)) => submission.vin = Some(number),
        Some(Err(reason)) => faults.add("/vin", reason),
    }
    submission.mileage.into_iter().for_each(|mileage| limits.check_mileage(&mut faults, mileage));
    if let Some(email) = &submission.customer_email {
        faults.check(
            is_plausible_email(email),
            "/customer_email",
            "expected an e-mail address of at most 255 characters",
        );
    }
    if let Some(phone) = &submission.customer_phone {
        let expected =
            format!("expected a telephone number of {} to {} digits", rules.phone_digits.0, rules.phone_digits.1);
        faults.check(is_plausible_phone(phone, rules), "/customer_phone", expected);
    }
    submission.check_given(&mut faults, &limits);
    faults.into_result(ErrorCode::InvalidSubmission)?;
    Ok(with_warnings(submission, &limits))
}

/// What a form has a field of one line for. The notes may have several; an address and a number have none anyway.
fn texts_of_one_line(submission: &Submission) -> impl Iterator<Item = (&'static str, &str)> {
    let given = [
        ("/make", Some(&submission.make)),
        ("/model", Some(&submission.model)),
        ("/trim", submission.trim.as_ref()),
        ("/exterior_color", submission.exterior_color.as_ref()),
        ("/interior_color", submission.interior_color.as_ref()),
        ("/transmission", submission.transmission.as_ref()),
        ("/fuel_type", submission.fuel_type.as_ref()),
        ("/condition", submission.condition.as_ref()),
        ("/customer_name", submission.customer_name.as_ref()),
    ];
    given.into_iter().filter_map(|(pointer, text)| Some((pointer, text?.as_str())))
}

/// Accepts digits with the usual separators.
fn is_plausible_phone(text: &str, rules: &IntakeRules) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let (fewest, most) = rules.phone_digits;
    let only_usual_characters = text.chars().all(|c| c.is_ascii_digit() || " +-().x/#".contains(c));
    text.len() <= 50 && only_usual_characters && (fewest..=most).contains(&digits)
}

/// The VIN or chassis number of the vehicle that the approval makes, as it is kept; `None` where it has none that is acceptable.
pub(super) fn approved_number(submission: &Submission, approval: &Approval) -> Option<String> {
    let number = approval.overrides.vin.as_ref().or(submission.vin.as_ref())?;
    vin::number_of(number, approval.overrides.year.unwrap_or(submission.year)).ok()
}

/// Returns the approved submission and its vehicle.
///
/// The price is the reviewer's, or else the asking price. Price, VIN and mileage are required; zero counts as missing. A car that
/// we sold before (`sold`) is taken back: the vehicle is its row. A price far from the asking price, or from what the car cost
/// before, is a warning of the vehicle.
pub(super) fn approve(
    submission: &Submission,
    sold: Option<&Vehicle>,
    approval: &Approval,
    rules: &InventoryRules,
    doubtful: DoubtfulPrices,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(Submission, Vehicle)> {
    ensure_pending(submission)?;
    let offered = NewVehicle {
        year: submission.year,
        make: submission.make.clone(),
        model: submission.model.clone(),
        trim: submission.trim.clone(),
        vin: submission.vin.clone().unwrap_or_default(),
        mileage: submission.mileage.unwrap_or_default(),
        price: submission.asking_price.unwrap_or_default(),
        exterior_color: submission.exterior_color.clone(),
        interior_color: submission.interior_color.clone(),
        transmission: submission.transmission.clone(),
        fuel_type: submission.fuel_type.clone(),
        condition: submission.condition.clone(),
        thumbnail: submission.images.first().and_then(|url| thumbnail_of(url)),
        images: submission.images.clone(),
        ..NewVehicle::default()
    };
    let vehicle = inventory::from_submission(offered, submission.id, by, now);
    let vehicle = match sold {
        Some(sold) => inventory::take_back(sold, vehicle),
        None => vehicle,
    };
    let vehicle = approval.overrides.apply_to(vehicle);
    let mut missing = Faults::default();
    missing.check(vehicle.price != Money::ZERO, "/price", "is missing: give a price or have the customer ask one");
    missing.check(!vehicle.vin.is_empty(), "/vin", "is missing");
    missing.check(vehicle.mileage != 0, "/mileage", "is missing");
    missing.into_result(ErrorCode::ApprovalIncomplete)?;
    let vehicle = inventory::check(vehicle, rules, now)?;
    let (price, others) = (vehicle.price, [submission.asking_price, sold.map(|sold| sold.price)]);
    let vehicle = with_price_warnings(vehicle, "price", price, &others, &rules.limits, doubtful)?;
    let vehicle = with_return_warnings(vehicle, sold);
    let reviewed = Submission {
        submission_status: SubmissionStatus::Approved,
        reviewed_at: Some(now),
        reviewed_by: by,
        updated_at: Some(now),
        ..submission.clone()
    };
    Ok((reviewed, vehicle))
}

/// Rejects the submission for a reason.
pub(super) fn reject(
    submission: &Submission,
    reason: &str,
    rules: &IntakeRules,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<Submission> {
    ensure_pending(submission)?;
    let mut faults = Faults::default();
    limits::required_text(&mut faults, "/rejection_reason", reason, rules.limits.longest_text);
    faults.into_result(ErrorCode::RejectionReasonMissing)?;
    Ok(Submission {
        submission_status: SubmissionStatus::Rejected,
        rejection_reason: Some(reason.trim().to_owned()),
        reviewed_at: Some(now),
        reviewed_by: by,
        updated_at: Some(now),
        ..submission.clone()
    })
}

pub(crate) fn ensure_pending(submission: &Submission) -> Result<()> {
    match submission.submission_status {
        // A word of another application decides nothing.
        SubmissionStatus::Pending | SubmissionStatus::Unknown => Ok(()),
        SubmissionStatus::Approved | SubmissionStatus::Rejected => Err(already_reviewed()),
    }
}

pub(super) fn already_reviewed() -> Error {
    Error::new(ErrorCode::SubmissionAlreadyReviewed, "the submission was approved or rejected already")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{change::Change, inventory::VehicleUpdate};

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn camry() -> NewSubmission {
        NewSubmission {
            year: 2019,
            make: "Toyota".into(),
            model: "Camry".into(),
            vin: Some("4t1b11hk5ku211111".into()),
            mileage: Some(52_000),
            asking_price: Some(Money::from_dollars(15_000)),
            customer_email: Some("ann@example.com".into()),
            customer_phone: Some("+1 (555) 010-2030".into()),
            images: vec!["https://example.com/1.jpg".into()],
            ..NewSubmission::default()
        }
    }

    fn submitted(new: &NewSubmission) -> Result<Submission> {
        submit(new, &IntakeRules::default(), now())
    }

    fn approved(submission: &Submission, approval: &Approval) -> Result<(Submission, Vehicle)> {
        approve(submission, None, approval, &InventoryRules::default(), DoubtfulPrices::Warn, None, now())
    }

    #[test]
    fn a_wrong_check_digit_is_a_warning_and_other_slips_are_refusals() {
        let submission = submitted(&camry()).unwrap();
        assert_eq!(submission.vin.as_deref(), Some("4T1B11HK5KU211111"));
        let wrong = NewSubmission { vin: Some("1M8GDM9A0KP042788".into()), ..camry() };
        let warnings = submitted(&wrong).unwrap().warnings;
        assert_eq!(warnings, [SubmissionWarning::VinCheckDigit { expected: 'X', found: '0' }]);
        let empty = submitted(&NewSubmission { vin: Some(" ".into()), ..camry() }).unwrap();
        assert_eq!((empty.vin, empty.warnings), (None, vec![]));
        for vin in ["4T1B11HK5KU21111", "4T1B11HK5KU2111111", "4T1B11HK5KU21111O"] {
            let refusal = submitted(&NewSubmission { vin: Some(vin.into()), ..camry() }).unwrap_err();
            assert_eq!((refusal.code(), refusal.fields()[0].pointer.as_str()), ("invalid_submission", "/vin"), "{vin}");
        }
    }

    #[test]
    fn each_field_has_its_limits() {
        let many = vec!["https://example.com/a.jpg".to_owned(); 41];
        for (pointer, new) in [
            ("/year", NewSubmission { year: 1899, ..camry() }),
            ("/year", NewSubmission { year: 2028, ..camry() }),
            ("/make", NewSubmission { make: " ".into(), ..camry() }),
            ("/make", NewSubmission { make: "Toy\r\nBcc: a@b.example".into(), ..camry() }),
            ("/trim", NewSubmission { trim: Some("L\tE".into()), ..camry() }),
            ("/model", NewSubmission { model: "x".repeat(101), ..camry() }),
            ("/mileage", NewSubmission { mileage: Some(-1), ..camry() }),
            ("/mileage", NewSubmission { mileage: Some(2_000_001), ..camry() }),
            ("/asking_price", NewSubmission { asking_price: Some("100000000".parse().unwrap()), ..camry() }),
            ("/asking_price", NewSubmission { asking_price: Some(Money::from_cents(-1)), ..camry() }),
            ("/customer_email", NewSubmission { customer_email: Some("ann".into()), ..camry() }),
            ("/customer_phone", NewSubmission { customer_phone: Some("call me".into()), ..camry() }),
            ("/customer_phone", NewSubmission { customer_phone: Some("123".into()), ..camry() }),
            ("/images", NewSubmission { images: many, ..camry() }),
            ("/images/0", NewSubmission { images: vec!["javascript:alert(1)".into()], ..camry() }),
        ] {
            let refusal = submitted(&new).unwrap_err();
            assert_eq!(refusal.fields()[0].pointer, pointer, "{refusal:?}");
        }
        assert!(submitted(&NewSubmission { mileage: Some(2_000_000), year: 1900, ..camry() }).is_ok());
    }

    #[test]
    fn an_approval_takes_the_asking_price_unless_the_reviewer_sets_one() {
        let submission = submitted(&camry()).unwrap();
        let (reviewed, vehicle) = approved(&submission, &Approval::as_offered()).unwrap();
        assert_eq!(vehicle.price, Money::from_dollars(15_000));
        assert_eq!(vehicle.source_submission_id, Some(submission.id));
        assert_eq!(vehicle.images, submission.images);
        assert_eq!((reviewed.submission_status, reviewed.reviewed_at), (SubmissionStatus::Approved, Some(now())));
        let overrides = VehicleUpdate {
            price: Some(Money::from_dollars(13_500)),
            trim: Change::Set("XSE".into()),
            ..VehicleUpdate::default()
        };
        let (_, vehicle) = approved(&submission, &Approval::with(overrides)).unwrap();
        assert_eq!((vehicle.price, vehicle.trim.as_deref()), (Money::from_dollars(13_500), Some("XSE")));
    }

    #[test]
    fn an_incomplete_approval_names_all_that_is_missing() {
        let new = NewSubmission { vin: None, mileage: None, asking_price: Some(Money::ZERO), ..camry() };
        let refusal = approved(&submitted(&new).unwrap(), &Approval::as_offered()).unwrap_err();
        assert_eq!(refusal.code(), "approval_incomplete");
        let pointers: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/price", "/vin", "/mileage"]);
    }

    #[test]
    fn a_review_happens_once() {
        let submission = submitted(&camry()).unwrap();
        let (reviewed, _) = approved(&submission, &Approval::as_offered()).unwrap();
        let rules = IntakeRules::default();
        assert_eq!(approved(&reviewed, &Approval::as_offered()).unwrap_err().code(), "submission_already_reviewed");
        assert_eq!(reject(&reviewed, "late", &rules, None, now()).unwrap_err().code(), "submission_already_reviewed");
        let correction = SubmissionUpdate::default();
        assert_eq!(update(&reviewed, &correction, &rules, now()).unwrap_err().code(), "submission_already_reviewed");
        assert_eq!(reject(&submission, "  ", &rules, None, now()).unwrap_err().code(), "rejection_reason_missing");
        assert_eq!(reject(&submission, "rust", &rules, None, now()).unwrap().rejection_reason.as_deref(), Some("rust"));
    }

    #[test]
    fn an_address_is_refused_beyond_its_limit() {
        let rules = IntakeRules::default();
        let minutes_ago = |minutes| now() - TimeDelta::minutes(minutes);
        let sent = [1, 2, 5, 20, 29].map(minutes_ago);
        assert!(ensure_within_rate_limit(&sent[..4], &rules, now()).is_ok());
        let refusal = ensure_within_rate_limit(&sent, &rules, now()).unwrap_err();
        assert_eq!(refusal.code(), "too_many_submissions");
        assert_eq!(
            refusal.retry_after(),
            Some(std::time::Duration::from_secs(60)),
            "then the oldest has left the window"
        );
        let closed = IntakeRules { most_in_window: 0, ..rules };
        assert!(ensure_within_rate_limit(&[], &closed, now()).is_err());
    }
}
