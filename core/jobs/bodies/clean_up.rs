//! Clean-up: what is over goes, one kind after the other. A kind that fails keeps no other from going.

use std::ops::ControlFlow;

use serde_json::{Map, json};

use super::done;
use crate::{
    activity::{self, Action},
    actor::Permission,
    desk::{Desk, Turns},
    error::{Error, ErrorKind, Result},
    jobs::{
        CleanUpReport, OrphansReport, RetentionRules, RunProgress,
        config::Timetable,
        repository::retention::{MOST_FOUND, RETENTIONS, Retention},
        rules::Done,
        running::{Steps, as_kept},
    },
    storage::{Orphans, StorageProgress},
};

/// Rows that one transaction of clean-up removes at most.
const ROWS_A_REMOVAL: usize = 2_000;

/// What ends.
#[derive(Clone, Copy)]
enum Kind {
    Sessions,
    SignIns,
    RepeatableCalls,
    Evaluations,
    Rows(&'static Retention),
    /// They come last: a bucket that does not answer keeps no row from going.
    Orphans,
}

impl Kind {
    /// All that ends here, in their order.
    fn all(desk: &Desk, rules: &RetentionRules) -> Vec<Self> {
        let rows = RETENTIONS.iter().filter(|retention| retention.is_on(rules)).map(Self::Rows);
        let orphans = desk.storage().is_configured().then_some(Self::Orphans);
        let expired = [Self::Sessions, Self::SignIns, Self::RepeatableCalls, Self::Evaluations];
        expired.into_iter().chain(rows).chain(orphans).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::SignIns => "sign_ins",
            Self::RepeatableCalls => "repeatable_calls",
            Self::Evaluations => "evaluations",
            Self::Rows(retention) => retention.name,
            Self::Orphans => "orphans",
        }
    }
}

/// A clean-up under way.
struct CleanUp<'a> {
    desk: &'a Desk,
    rules: &'a RetentionRules,
    report: CleanUpReport,
    stopped: bool,
}

pub(super) fn clean_up(desk: &Desk, dry_run: bool, steps: &mut Steps<'_>) -> Result<Done> {
    let rules = &desk.part::<Timetable>()?.rules.retention;
    let report = CleanUpReport { dry_run, ..CleanUpReport::default() };
    let mut clean_up = CleanUp { desk, rules, report, stopped: false };
    let (mut succeeded, mut first) = (0, None);
    for kind in Kind::all(desk, rules) {
        match clean_up.remove(kind, steps) {
            Ok(()) => succeeded += 1,
            Err(error) if error.kind() == ErrorKind::Forbidden => return Err(error),
            Err(error) => {
                tracing::warn!(kind = kind.name(), %error, "a part of the clean-up failed");
                clean_up.report.failures.insert(kind.name().to_owned(), as_kept(&error));
                first.get_or_insert_with(|| format!("{}: {}", kind.name(), as_kept(&error)));
            }
        }
        clean_up.report.total = clean_up.report.removed.values().sum();
        if clean_up.stopped || clean_up.step(kind.name().to_owned(), steps).is_break() {
            clean_up.stopped = true;
            break;
        }
    }
    let CleanUp { report, stopped, .. } = clean_up;
    Ok(Done { succeeded, failed: report.failures.len(), error: first, stopped, ..done(&report)? })
}

impl CleanUp<'_> {
    fn step(&self, message: String, steps: &mut Steps<'_>) -> ControlFlow<()> {
        steps.reach(RunProgress { done: self.report.total, message: Some(message), ..RunProgress::default() })
    }

    fn note(&mut self, name: &str, rows: usize) {
        *self.report.removed.entry(name.to_owned()).or_default() += rows;
    }

    /// Removes what is over of a kind, or counts it.
    fn remove(&mut self, kind: Kind, steps: &mut Steps<'_>) -> Result<()> {
        let (desk, dry_run) = (self.desk, self.report.dry_run);
        match kind {
            Kind::Sessions => {
                let rows = if dry_run { desk.sessions().count_expired()? } else { desk.sessions().prune()? };
                self.note("sessions", rows);
            }
            Kind::SignIns => {
                let rows = if dry_run { desk.sign_in().count_expired()? } else { desk.sign_in().prune()? };
                self.note("sign_ins", rows);
            }
            Kind::RepeatableCalls => {
                let rows = if dry_run { desk.count_forgotten_calls()? } else { desk.forget_calls()? };
                self.note("repeatable_calls", rows);
            }
            Kind::Evaluations => {
                let evaluation = desk.evaluation();
                let expired =
                    if dry_run { evaluation.count_expired()? } else { evaluation.remove_expired(usize::MAX)? };
                self.note("evaluations", expired.evaluations);
                self.note("vpic_answers", expired.decodes);
            }
            Kind::Rows(retention) if dry_run => {
                let rows = desk.read(Permission::CleanUp, |conn| retention.count(conn, self.rules, desk.now()))?;
                self.note(retention.name, rows);
            }
            Kind::Rows(retention) => self.remove_rows(retention, steps)?,
            Kind::Orphans => {
                let orphans = self.remove_orphans(steps)?;
                self.stopped = orphans.stopped;
                self.report.orphans = Some(OrphansReport { objects: orphans.objects, bytes: orphans.bytes });
            }
        }
        Ok(())
    }

    /// Removes rows in turns, each with its entry in the audit trail. They are looked for outside of the turns: a large table of which
    /// little is over would keep others waiting.
    fn remove_rows(&mut self, retention: &Retention, steps: &Steps<'_>) -> Result<()> {
        let (desk, rules) = (self.desk, self.rules);
        let turns = Turns::new(desk, Permission::CleanUp, ROWS_A_REMOVAL);
        self.note(retention.name, 0);
        let mut after = None;
        loop {
            let found = desk.read(Permission::CleanUp, |conn| retention.find(conn, rules, after, desk.now()))?;
            let mut left = found.as_slice();
            while !left.is_empty() {
                let (some, rest) = left.split_at(turns.rows().min(left.len()));
                let removed = turns.write(|conn, acting| {
                    let removed = retention.remove(conn, rules, some, acting.now)?;
                    if removed > 0 {
                        let rows = json!({"from": removed, "to": 0});
                        let changes = Map::from_iter([(retention.name.to_owned(), rows)]);
                        activity::record_changes_of_many(conn, acting, Action::Delete, retention.noun, changes)?;
                    }
                    Ok(removed)
                })?;
                self.note(retention.name, removed);
                if steps.go_on().is_break() {
                    return Ok(());
                }
                left = rest;
            }
            if found.len() < MOST_FOUND {
                return Ok(());
            }
            after = found.last().copied();
        }
    }

    fn remove_orphans(&self, steps: &mut Steps<'_>) -> Result<Orphans, Error> {
        let mut observer =
            |walked: StorageProgress| self.step(format!("orphans: {} objects looked at", walked.objects), steps);
        let storage = self.desk.storage();
        if self.report.dry_run { storage.orphans(&mut observer) } else { storage.remove_orphans(&mut observer) }
    }
}
