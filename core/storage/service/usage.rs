//! The operations on the storage as a whole: how much room is taken, the alert about it, and what nobody needs any more.

use std::ops::ControlFlow;

use super::{Storage, submissions};
use crate::{
    activity::{self, Action},
    actor::Permission,
    alerts,
    error::Result,
    inventory::pictures::stored_photo,
    storage::{
        Orphans, StorageCheck, StorageProgress, StorageUsage, StoredObject,
        key::{PHOTOS, UPLOADS, WITHHELD},
        repository,
        rules::{self, AlertStep, Count},
    },
};
use serde_json::{Map, json};

/// Orphans that a report lists; the rest is counted.
const MOST_LISTED: usize = 100;

/// Is told how far a walk has come; breaking ends it.
type Observer<'o> = &'o mut dyn FnMut(StorageProgress) -> ControlFlow<()>;

impl Storage<'_> {
    /// How much room is taken, of which kinds, and the largest objects. Lists everything in pages of a thousand; the memory that it
    /// takes does not depend on how many objects there are. Breaking leaves the rest uncounted.
    ///
    /// # Errors
    /// `not_configured`; `storage_unavailable`, `storage_refused`.
    pub fn usage(&self, observer: Observer<'_>) -> Result<StorageUsage> {
        self.desk.must(Permission::ReadInventory)?;
        self.count(observer).map(|(usage, _)| usage)
    }

    /// Counts, and opens, raises or closes the alert about the room. A run that was told to end leaves the alert as it is.
    ///
    /// # Errors
    /// As [`Storage::usage`].
    pub fn check(&self, observer: Observer<'_>) -> Result<StorageCheck> {
        self.desk.must(Permission::RunJobs)?;
        let (usage, is_whole) = self.count(observer)?;
        let severity = rules::severity(&usage, self.rules());
        if is_whole {
            self.desk.write(Permission::RunJobs, |conn, acting| {
                let last = alerts::newest_about_nothing(conn, alerts::AlertType::StorageLimit)?;
                match (rules::alert_step(last.as_ref(), &usage, severity), last) {
                    (AlertStep::Open(alert), _) => alerts::open(conn, &alert, acting.now),
                    (AlertStep::End { message, metadata }, Some(last)) => {
                        alerts::end(conn, last.id, message, metadata, acting.now)
                    }
                    (AlertStep::End { .. } | AlertStep::Leave, _) => Ok(()),
                }
            })?;
        }
        Ok(StorageCheck { usage, severity })
    }

    /// The objects of ours that no row names and that are older than a day.
    ///
    /// # Errors
    /// As [`Storage::usage`].
    pub fn orphans(&self, observer: Observer<'_>) -> Result<Orphans> {
        self.desk.must(Permission::CleanUp)?;
        self.walk_orphans(observer, &mut |_orphans| Ok(()), true)
    }

    /// Removes them, a thousand at a time, each time with an entry in the audit trail.
    ///
    /// Photos in a folder that submissions alone name which were turned down are shown to staff alone from then on, if they were shown: the
    /// process that turned one down may have had no storage, or another application did.
    ///
    /// # Errors
    /// As [`Storage::usage`].
    pub fn remove_orphans(&self, observer: Observer<'_>) -> Result<Orphans> {
        self.desk.must(Permission::CleanUp)?;
        let mut remove = |orphans: &[StoredObject]| {
            let keys: Vec<_> = orphans.iter().map(|orphan| orphan.key.clone()).collect();
            self.place()?.store.remove(&keys)?;
            let bytes: u64 = orphans.iter().map(|orphan| orphan.bytes).sum();
            self.desk.write(Permission::CleanUp, |conn, acting| {
                let mut changes = Map::new();
                changes.insert("objects".to_owned(), json!({"from": orphans.len(), "to": 0}));
                changes.insert("bytes".to_owned(), json!({"from": bytes, "to": 0}));
                activity::record_changes_of_many(conn, acting, Action::Delete, super::RESOURCE, changes)
            })
        };
        self.walk_orphans(observer, &mut remove, false)
    }

    /// The figures, and whether all was counted.
    fn count(&self, observer: Observer<'_>) -> Result<(StorageUsage, bool)> {
        let place = self.place()?;
        let (mut count, mut is_whole) = (Count::default(), true);
        place.store.list("", &mut |page| {
            page.into_iter().for_each(|object| count.add(object));
            let go_on = observer(StorageProgress { objects: count.objects(), bytes: count.bytes() });
            is_whole = go_on.is_continue();
            Ok(go_on)
        })?;
        Ok((count.finish(self.rules()), is_whole))
    }

    fn walk_orphans(
        &self,
        observer: Observer<'_>,
        handle: &mut dyn FnMut(&[StoredObject]) -> Result<()>,
        dry_run: bool,
    ) -> Result<Orphans> {
        let place = self.place()?;
        let now = self.desk.now();
        // What is named later is of a photo that is younger than an orphan.
        let named = self.desk.read_snapshot(Permission::CleanUp, repository::named_photos)?;
        let mut report = Orphans { dry_run, ..Orphans::default() };
        let mut progress = StorageProgress::default();
        for beginning in [UPLOADS, PHOTOS, WITHHELD] {
            place.store.list(beginning, &mut |page| {
                progress.objects += page.len() as u64;
                progress.bytes += page.iter().map(|object| object.bytes).sum::<u64>();
                if !dry_run {
                    let numbers = page.iter().filter_map(|object| stored_photo(&object.key)).map(|(number, _)| number);
                    let misplaced = numbers.filter(|number| match beginning {
                        PHOTOS => named.is_withheld(*number),
                        WITHHELD => named.has(*number) && !named.is_withheld(*number),
                        _ => false,
                    });
                    submissions::settle(self.desk, Permission::CleanUp, misplaced.collect())?;
                }
                let is_orphan =
                    |object: &StoredObject| rules::is_orphan(object, |number| named.has(number), self.rules(), now);
                let orphans: Vec<_> = page.into_iter().filter(is_orphan).collect();
                if !orphans.is_empty() {
                    handle(&orphans)?;
                    report.objects += orphans.len() as u64;
                    report.bytes += orphans.iter().map(|orphan| orphan.bytes).sum::<u64>();
                    let room = MOST_LISTED - report.first.len();
                    report.first.extend(orphans.into_iter().take(room));
                }
                let go_on = observer(progress);
                report.stopped = go_on.is_break();
                Ok(go_on)
            })?;
            if report.stopped {
                break;
            }
        }
        Ok(report)
    }
}
