//! What may be uploaded, what counts as an orphan, how room is counted, and what follows from too little of it. No I/O.

use std::{cmp::Reverse, collections::BinaryHeap};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    NewUpload, PhotoType, StorageRules, StorageUsage, StoredObject,
    key::{PHOTOS, UPLOADS, UploadKey, WITHHELD},
    photo::ABOUT_HEIC,
};
use crate::{
    alerts::{Alert, AlertType, NewAlert, Severity},
    error::{Error, ErrorCode, Faults, Result},
    inventory::pictures::stored_photo,
};

/// The type of an upload, where it may come.
///
/// # Errors
/// `invalid_upload` with the fields at fault.
pub(super) fn check_upload(upload: &NewUpload, rules: &StorageRules) -> Result<PhotoType> {
    let mut faults = Faults::default();
    let word = upload.content_type.trim().to_ascii_lowercase();
    let photo_type: Option<PhotoType> = word.parse().ok();
    if photo_type.is_none() {
        let expected = match word.as_str() {
            "image/heic" | "image/heif" | "image/heic-sequence" | "image/heif-sequence" => ABOUT_HEIC,
            "image/svg+xml" => "an SVG can hold programs: expected image/jpeg, image/png or image/webp",
            "image/jpg" => "the type of a JPEG is image/jpeg",
            _ => "expected image/jpeg, image/png or image/webp",
        };
        faults.add("/content_type", expected);
    }
    let most = rules.most_bytes;
    let fits = (1..=most).contains(&upload.content_length);
    faults.check(fits, "/content_length", format!("expected 1 to {most} bytes"));
    match (faults.into_result(ErrorCode::InvalidUpload), photo_type) {
        (Ok(()), Some(photo_type)) => Ok(photo_type),
        (Err(error), _) => Err(error),
        (Ok(()), None) => Err(Error::new(ErrorCode::InvalidUpload, "the type of the upload is not known")),
    }
}

/// Refuses one more upload of a customer. `begun` are the times of those from the same address within the window, newest first.
///
/// # Errors
/// `too_many_uploads`, with the time to wait.
pub(super) fn ensure_within_rate_limit(
    begun: &[DateTime<Utc>],
    rules: &StorageRules,
    now: DateTime<Utc>,
) -> Result<()> {
    let window = TimeDelta::minutes(rules.customer_minutes.into());
    let most = rules.most_customer_uploads;
    let room_at = match most.checked_sub(1) {
        Some(last) => match begun.get(last as usize) {
            Some(oldest) => *oldest + window,
            None => return Ok(()),
        },
        None => now + window,
    };
    let message = format!("at most {most} uploads in {} minutes are begun from one address", rules.customer_minutes);
    let wait = (room_at - now).to_std().unwrap_or_default();
    Err(Error::new(ErrorCode::TooManyUploads, message).with_retry_after(wait))
}

/// The file names of what a folder is still writing.
const UNFINISHED: &str = ".unfinished-";

/// Whether the object is ours, old enough, and named by no row. `is_named` is asked whether a row names the photo of this number.
pub(super) fn is_orphan(
    object: &StoredObject,
    is_named: impl Fn(u128) -> bool,
    rules: &StorageRules,
    now: DateTime<Utc>,
) -> bool {
    let kept = TimeDelta::hours(rules.orphan_hours.into());
    // Where the time is not known, it may be new.
    if object.modified_at.is_none_or(|written| now - written <= kept) {
        return false;
    }
    let key = object.key.as_str();
    if UploadKey::parse(key).is_some() {
        return true;
    }
    let is_of_photos = key.starts_with(PHOTOS) || key.starts_with(WITHHELD);
    if let Some((number, _)) = stored_photo(key).filter(|_| is_of_photos) {
        return !is_named(number);
    }
    let is_ours = is_of_photos || key.starts_with(UPLOADS);
    is_ours && key.rsplit('/').next().is_some_and(|name| name.starts_with(UNFINISHED))
}

/// The largest objects that are kept in mind.
const MOST_LARGEST: usize = 10;

/// What objects are compared by: the larger one first, of equals the one whose key sorts first.
type BySize = (u64, Reverse<String>, Option<DateTime<Utc>>);

/// Counts objects as they pass: sums, and the largest ones. Its size does not depend on how many there are.
#[derive(Default)]
pub(super) struct Count {
    usage: StorageUsage,
    largest: BinaryHeap<Reverse<BySize>>,
}

impl Count {
    pub(super) fn add(&mut self, object: StoredObject) {
        let usage = &mut self.usage;
        usage.objects += 1;
        usage.bytes = usage.bytes.saturating_add(object.bytes);
        if UploadKey::parse(&object.key).is_some() {
            usage.uploads += 1;
        } else if [PHOTOS, WITHHELD].iter().any(|beginning| object.key.starts_with(beginning))
            && stored_photo(&object.key).is_some()
        {
            usage.photos += 1;
        } else {
            usage.others += 1;
        }
        let is_small = self.largest.len() == MOST_LARGEST
            && self.largest.peek().is_some_and(|Reverse((smallest, ..))| *smallest >= object.bytes);
        if !is_small {
            self.largest.push(Reverse((object.bytes, Reverse(object.key), object.modified_at)));
            if self.largest.len() > MOST_LARGEST {
                self.largest.pop();
            }
        }
    }

    pub(super) fn objects(&self) -> u64 {
        self.usage.objects
    }

    pub(super) fn bytes(&self) -> u64 {
        self.usage.bytes
    }

    pub(super) fn finish(self, rules: &StorageRules) -> StorageUsage {
        let largest = self.largest.into_sorted_vec().into_iter();
        let largest =
            largest.map(|Reverse((bytes, Reverse(key), modified_at))| StoredObject { key, bytes, modified_at });
        let percent = u128::from(self.usage.bytes) * 100 / u128::from(rules.limit_bytes.max(1));
        StorageUsage {
            limit_bytes: rules.limit_bytes,
            percent: u64::try_from(percent).unwrap_or(u64::MAX),
            largest: largest.collect(),
            ..self.usage
        }
    }
}

/// How urgent it is. Exactly at a threshold there is room enough.
pub(super) fn severity(usage: &StorageUsage, rules: &StorageRules) -> Option<Severity> {
    let is_above = |percent: u32| u128::from(usage.bytes) * 100 > u128::from(rules.limit_bytes) * u128::from(percent);
    if is_above(rules.critical_percent) {
        Some(Severity::Critical)
    } else if is_above(rules.warning_percent) {
        Some(Severity::Warning)
    } else {
        None
    }
}

/// What a check does with the alert about the room.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum AlertStep {
    /// It is opened, or the open one brought up to date.
    Open(NewAlert),
    /// The trouble is over: it is closed, with these words and figures.
    End {
        message: String,
        metadata: Value,
    },
    Leave,
}

/// The mark of an alert whose trouble is over.
const OVER: &str = "over";

/// A warning that a person has dismissed stays dismissed until it becomes critical, or the trouble ends and comes again.
pub(super) fn alert_step(last: Option<&Alert>, usage: &StorageUsage, severity: Option<Severity>) -> AlertStep {
    let is_over = |alert: &Alert| alert.dismissed && alert.metadata.get(OVER) == Some(&Value::Bool(true));
    let standing = last.filter(|alert| !is_over(alert));
    match (severity, standing) {
        (None, None) => AlertStep::Leave,
        (None, Some(alert)) => {
            let mut metadata = alert.metadata.clone();
            match metadata.as_object_mut() {
                Some(fields) => {
                    fields.insert(OVER.to_owned(), Value::Bool(true));
                }
                None => metadata = json!({OVER: true}),
            }
            let message = format!("{} There is room again: {} % are taken.", alert.message, usage.percent);
            AlertStep::End { message, metadata }
        }
        (Some(severity), Some(alert)) if alert.dismissed && severity <= alert.severity => AlertStep::Leave,
        (Some(severity), _) => AlertStep::Open(alert_about(usage, severity)),
    }
}

fn alert_about(usage: &StorageUsage, severity: Severity) -> NewAlert {
    let StorageUsage { objects, bytes, limit_bytes, percent, photos, uploads, others, largest } = usage;
    let (taken, limit) = (in_units(*bytes), in_units(*limit_bytes));
    NewAlert {
        alert_type: AlertType::StorageLimit,
        severity,
        message: format!("The photo storage is {percent} % full: {objects} objects take {taken} of {limit}."),
        metadata: json!({
            "objects": objects,
            "bytes": bytes,
            "limit_bytes": limit_bytes,
            "percent": percent,
            "photos": photos,
            "uploads": uploads,
            "others": others,
            "largest": largest,
        }),
        subject_id: None,
    }
}

/// `2.35 GB`, and of less than that in the unit that says something.
fn in_units(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        ..1e6 => format!("{:.1} kB", bytes / 1e3),
        ..1e9 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.2} GB", bytes / 1e9),
    }
}

/// Refuses what is not as long as it was announced: not every bucket holds an upload to the headers that are signed.
///
/// # Errors
/// `invalid_photo`.
pub(super) fn check_length(announced: Option<u64>, found: usize) -> Result<()> {
    match announced {
        Some(announced) if announced != found as u64 => Err(super::photo::refused(format!(
            "{found} bytes have come, and {announced} were announced: upload the whole file anew"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::AlertId, storage::key::PhotoNumber};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn room_is_told_in_a_unit_that_says_something() {
        for (bytes, told) in [
            (0, "0.0 kB"),
            (36_500, "36.5 kB"),
            (10_000_000, "10.0 MB"),
            (999_000_000, "999.0 MB"),
            (10_000_000_000, "10.00 GB"),
        ] {
            assert_eq!(in_units(bytes), told);
        }
    }

    #[test]
    fn what_came_is_as_long_as_it_was_announced() {
        assert!(check_length(Some(736), 736).is_ok() && check_length(None, 736).is_ok());
        let refusal = check_length(Some(3_128_218), 736).unwrap_err();
        assert_eq!(refusal.code(), "invalid_photo");
        assert!(refusal.to_string().contains("736 bytes have come, and 3128218 were announced"), "{refusal}");
    }

    #[test]
    fn an_upload_is_refused_with_all_that_is_wrong() {
        let rules = StorageRules::default();
        let upload =
            |content_type: &str, content_length| NewUpload { content_type: content_type.into(), content_length };
        assert_eq!(check_upload(&upload("image/jpeg", 20_000_000), &rules).unwrap(), PhotoType::Jpeg);
        assert_eq!(check_upload(&upload(" Image/PNG ", 1), &rules).unwrap(), PhotoType::Png);
        for (content_type, length, pointers, says) in [
            ("image/jpeg", 0, &["/content_length"][..], "20000000"),
            ("image/jpeg", 20_000_001, &["/content_length"], "20000000"),
            ("image/heic", 5, &["/content_type"], "Most Compatible"),
            ("image/svg+xml", 5, &["/content_type"], "programs"),
            ("image/jpg", 5, &["/content_type"], "image/jpeg"),
            ("text/html", 0, &["/content_type", "/content_length"], ""),
        ] {
            let error = check_upload(&upload(content_type, length), &rules).unwrap_err();
            let found: Vec<_> = error.fields().iter().map(|field| field.pointer.as_str()).collect();
            assert_eq!((error.code(), found.as_slice()), ("invalid_upload", pointers), "{content_type} {length}");
            assert!(error.fields()[0].message.contains(says), "{error:?}");
        }
    }

    #[test]
    fn a_customer_waits_until_the_oldest_upload_has_left_the_window() {
        let rules = StorageRules { most_customer_uploads: 2, ..StorageRules::default() };
        let begun = [now() - TimeDelta::minutes(1), now() - TimeDelta::minutes(59)];
        assert!(ensure_within_rate_limit(&begun[..1], &rules, now()).is_ok());
        let refusal = ensure_within_rate_limit(&begun, &rules, now()).unwrap_err();
        assert_eq!((refusal.code(), refusal.retry_after().unwrap().as_secs()), ("too_many_uploads", 60));
    }

    #[test]
    fn an_orphan_is_ours_and_old_and_named_by_nobody() {
        let rules = StorageRules::default();
        let (known, forgotten) = (PhotoNumber(1), PhotoNumber(2));
        let is_named = |number| number == known.0;
        let upload = format!("incoming/inventory/01890a5d-ac96-774b-bcce-b302099a8057/{}.jpg", known.id());
        for (key, hours, expected) in [
            (forgotten.key(), 25, true),
            (forgotten.small_key(), 25, true),
            (forgotten.key(), 24, false),
            (known.key(), 9_000, false),
            (known.small_key(), 9_000, false),
            (upload.clone(), 25, true),
            (upload, 23, false),
            ("photos/ab/.unfinished-x7".to_owned(), 25, true),
            ("photos/notes.txt".to_owned(), 9_000, false),
            (format!("others/{}", forgotten.key()), 9_000, false),
            ("backup.db".to_owned(), 9_000, false),
        ] {
            let object =
                StoredObject { key: key.clone(), bytes: 1, modified_at: Some(now() - TimeDelta::hours(hours)) };
            assert_eq!(is_orphan(&object, is_named, &rules, now()), expected, "{key} {hours}");
        }
        let of_no_time = StoredObject { key: forgotten.key(), bytes: 1, modified_at: None };
        assert!(!is_orphan(&of_no_time, is_named, &rules, now()));
    }

    #[test]
    fn the_ten_largest_are_kept_in_mind_and_all_are_counted() {
        let mut count = Count::default();
        for number in 0..1_000_u64 {
            let key = PhotoNumber((number * 7 % 1_000).into()).key();
            count.add(StoredObject { key, bytes: number * 7 % 1_000, modified_at: None });
        }
        count.add(StoredObject { key: "notes.txt".into(), bytes: 0, modified_at: None });
        let rules = StorageRules { limit_bytes: 1_000_000, ..StorageRules::default() };
        let usage = count.finish(&rules);
        assert_eq!(
            (usage.objects, usage.photos, usage.others, usage.bytes, usage.percent),
            (1_001, 1_000, 1, 499_500, 49)
        );
        let largest: Vec<_> = usage.largest.iter().map(|object| object.bytes).collect();
        assert_eq!(largest, (990..1_000).rev().collect::<Vec<_>>());
    }

    #[test]
    fn an_alert_opens_is_raised_ends_and_respects_who_dismissed_it() {
        let rules = StorageRules { limit_bytes: 1_000, ..StorageRules::default() };
        let usage = |bytes| {
            let mut count = Count::default();
            count.add(StoredObject { key: "x".into(), bytes, modified_at: None });
            count.finish(&rules)
        };
        for (bytes, expected) in [
            (800, None),
            (801, Some(Severity::Warning)),
            (950, Some(Severity::Warning)),
            (951, Some(Severity::Critical)),
            (5_000, Some(Severity::Critical)),
        ] {
            assert_eq!(severity(&usage(bytes), &rules), expected, "{bytes}");
        }
        let alert = |severity, dismissed, is_over| Alert {
            id: AlertId::new(now()),
            alert_type: "storage_limit".into(),
            severity,
            message: "It is full.".into(),
            metadata: if is_over { json!({"over": true}) } else { json!({}) },
            subject_id: None,
            dismissed,
            dismissed_at: None,
            dismissed_by: None,
            created_at: None,
        };
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        for (last, now_is, expected) in [
            (None, None, "leave"),
            (None, Some(warning), "open"),
            (Some(alert(warning, false, false)), Some(critical), "open"),
            (Some(alert(critical, false, false)), Some(warning), "open"),
            (Some(alert(warning, false, false)), None, "end"),
            (Some(alert(warning, true, false)), Some(warning), "leave"),
            (Some(alert(critical, true, false)), Some(warning), "leave"),
            (Some(alert(warning, true, false)), Some(critical), "open"),
            (Some(alert(warning, true, false)), None, "end"),
            (Some(alert(warning, true, true)), None, "leave"),
            (Some(alert(warning, true, true)), Some(warning), "open"),
        ] {
            let step = match alert_step(last.as_ref(), &usage(700), now_is) {
                AlertStep::Open(new) => {
                    assert_eq!((Some(new.severity), new.subject_id), (now_is, None));
                    "open"
                }
                AlertStep::End { metadata, .. } => {
                    assert_eq!(metadata["over"], true);
                    "end"
                }
                AlertStep::Leave => "leave",
            };
            assert_eq!(step, expected, "{last:?} {now_is:?}");
        }
    }
}
