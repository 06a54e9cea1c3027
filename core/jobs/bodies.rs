//! What each job does: calls of the library's operations, with their progress handed on and their reports counted.

mod clean_up;

use std::{fs, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{
    BackupReport, CheckFinding, CheckJobReport, ExportJobReport, ItemFailure, Job, MarketResearchReport, MetricsReport,
    RunOptions, RunProgress, ScrapeJobReport, StorageCheckReport,
    config::Timetable,
    report::MOST_FAILURES,
    repository,
    rules::Done,
    running::{Steps, as_kept},
};
use crate::{
    actor::Permission,
    adoption,
    competitors::{
        CountedFigures, RecordReport, ScrapeEvent, ScrapeLimits, ScrapeProgress, ScrapeReport, ScrapeSummary,
    },
    desk::Desk,
    error::{Error, ErrorCode, Result},
    exports::{Export, Platform},
    ids::CompetitorId,
    market::AnalyzeLimits,
    storage::StorageCheck,
};

/// Makes a run of a job.
pub(super) fn make(desk: &Desk, job: Job, options: &RunOptions, steps: &mut Steps<'_>) -> Result<Done> {
    match job {
        Job::MarketResearch => market_research(desk, options, steps),
        Job::CompetitorScrape => match options.competitor_id {
            Some(id) => one_scrape(desk, id, steps),
            None => competitor_scrape(desk, options, steps),
        },
        Job::CompetitorMetrics => competitor_metrics(desk, steps),
        Job::ExportJekyll => export(desk, Platform::Jekyll, steps),
        Job::ExportDealerCenter => export(desk, Platform::DealerCenter, steps),
        Job::DailyDigest => daily_digest(desk, steps.scheduled_for),
        Job::CleanUp => clean_up::clean_up(desk, options.dry_run, steps),
        Job::Check => check(desk),
        Job::Backup => backup(desk),
        Job::StorageCheck => storage_check(desk, steps),
    }
}

fn done<T: Serialize>(report: &T) -> Result<Done> {
    let report = serde_json::to_value(report).map_err(|reason| {
        Error::new(ErrorCode::DocumentNotWritten, "the result of a run could not be written down").with_source(reason)
    })?;
    Ok(Done { report, ..Done::default() })
}

fn failure(id: uuid::Uuid, name: Option<&str>, error: &Error) -> ItemFailure {
    ItemFailure { id, name: name.map(ToOwned::to_owned), code: error.code().to_owned(), message: error.to_string() }
}

fn market_research(desk: &Desk, options: &RunOptions, steps: &mut Steps<'_>) -> Result<Done> {
    let mut observer = |progress: crate::market::Progress| {
        steps.reach(RunProgress {
            done: progress.done,
            total: Some(progress.total),
            failed: progress.failed,
            message: None,
        })
    };
    let report = if options.all {
        desk.market().analyze_all(&mut observer)?
    } else {
        let limits = options.limit.map_or_else(AnalyzeLimits::default, |most| AnalyzeLimits::vehicles(most as usize));
        desk.market().analyze_due(limits, &mut observer)?
    };
    let first = report.failed.first().map(|(_, error)| as_kept(error));
    let failures = report.failed.iter().take(MOST_FAILURES).map(|(id, error)| failure((*id).into(), None, error));
    let result = MarketResearchReport {
        analyzed: report.analyzed,
        insufficient: report.insufficient,
        failed: report.failed.len(),
        remaining: report.remaining,
        without_source: report.without_source,
        failures: failures.collect(),
    };
    let stopped = steps.go_on().is_break() && report.remaining > 0;
    Ok(Done { succeeded: report.analyzed, failed: report.failed.len(), error: first, stopped, ..done(&result)? })
}

/// The step of a run of scrapes.
fn step_of(progress: &ScrapeProgress<'_>) -> RunProgress {
    let message = match &progress.event {
        ScrapeEvent::Page { competitor, page, .. } => Some(format!("{competitor}: page {page}")),
        _ => None,
    };
    let listings = match progress.listings {
        0 => None,
        listings => Some(format!("{listings} listings")),
    };
    RunProgress {
        done: progress.done + progress.failed,
        total: Some(progress.total),
        failed: progress.failed,
        message: [message, listings].into_iter().flatten().reduce(|page, listings| format!("{page}, {listings}")),
    }
}

fn competitor_scrape(desk: &Desk, options: &RunOptions, steps: &mut Steps<'_>) -> Result<Done> {
    let standard = ScrapeLimits::default();
    let competitors = options.limit.map_or(standard.competitors, |most| most as usize);
    let limits = ScrapeLimits { competitors, ..standard };
    let report = desk.competitors().scrape_due(&limits, &mut |progress| match progress.event {
        // Nothing has happened; what was said last stands.
        ScrapeEvent::Waiting => steps.go_on(),
        _ => steps.reach(step_of(&progress)),
    })?;
    scraped(&report)
}

fn one_scrape(desk: &Desk, id: CompetitorId, steps: &mut Steps<'_>) -> Result<Done> {
    let recorded: RecordReport = desk.competitors().scrape(id, &mut |progress| match progress.event {
        ScrapeEvent::Waiting => steps.go_on(),
        _ => steps.reach(step_of(&progress)),
    })?;
    scraped(&ScrapeReport { recorded: vec![ScrapeSummary::from(&recorded)], ..ScrapeReport::default() })
}

fn scraped(report: &ScrapeReport) -> Result<Done> {
    let first = report.failed.first().map(|failed| as_kept(&failed.error));
    let failures = report.failed.iter().take(MOST_FAILURES);
    let sum = |count: fn(&ScrapeSummary) -> usize| report.recorded.iter().map(count).sum();
    let result = ScrapeJobReport {
        recorded: report.recorded.len(),
        failed: report.failed.len(),
        skipped: report.skipped,
        remaining: report.remaining,
        vehicles: sum(|scrape| scrape.counts.vehicles),
        new: sum(|scrape| scrape.counts.new),
        price_changes: sum(|scrape| scrape.counts.price_changes),
        sold: sum(|scrape| scrape.counts.sold),
        failures: failures
            .map(|failed| failure(failed.competitor_id.into(), Some(&failed.competitor), &failed.error))
            .collect(),
    };
    Ok(Done {
        succeeded: result.recorded,
        failed: result.failed,
        error: first,
        stopped: report.stopped,
        ..done(&result)?
    })
}

fn competitor_metrics(desk: &Desk, steps: &mut Steps<'_>) -> Result<Done> {
    let (mut report, mut first, mut stopped) = (MetricsReport::default(), None, false);
    desk.competitors().count_metrics(&mut |competitor, figures| {
        match figures {
            CountedFigures::Counted => report.competitors += 1,
            CountedFigures::NotRead => report.not_read += 1,
            CountedFigures::Failed(error) => {
                report.failed += 1;
                first.get_or_insert_with(|| as_kept(error));
                if report.failures.len() < MOST_FAILURES {
                    report.failures.push(failure(competitor.id.into(), Some(&competitor.name), error));
                }
            }
        }
        let (counted, failed) = (report.competitors + report.not_read + report.failed, report.failed);
        let go_on = steps.reach(RunProgress { done: counted, failed, ..RunProgress::default() });
        stopped = go_on.is_break();
        go_on
    })?;
    Ok(Done { succeeded: report.competitors, failed: report.failed, error: first, stopped, ..done(&report)? })
}

/// Exports a feed to where the configuration says.
fn export(desk: &Desk, platform: Platform, steps: &mut Steps<'_>) -> Result<Done> {
    let outcome = desk.exports().run(&Export::of(platform), &mut |progress| {
        steps.reach(RunProgress {
            done: usize::try_from(progress.done).unwrap_or(usize::MAX),
            total: usize::try_from(progress.total).ok(),
            ..RunProgress::default()
        })
    });
    let report = match outcome {
        Ok(report) => report,
        // The feed before stands.
        Err(error) if error.is(ErrorCode::ExportStopped) => return Ok(Done { stopped: true, ..Done::default() }),
        Err(error) => return Err(error),
    };
    done(&ExportJobReport {
        destination: report.destination,
        vehicle_count: report.vehicle_count,
        left_out_count: report.left_out_count,
        bytes: report.bytes,
        answer: report.answer,
    })
}

/// So far back the digest before may be.
const LONGEST_DIGEST: TimeDelta = TimeDelta::days(32);

/// Tells of what came between the time of the schedule that the digest before was made for and that of this one, whenever the run is
/// made: nothing is told twice, and days without a worker are told of afterwards. The first one begins at the time of its schedule before.
fn daily_digest(desk: &Desk, scheduled_for: Option<DateTime<Utc>>) -> Result<Done> {
    let Some(due) = scheduled_for else { return done(&desk.notifications().raise_digest(None)?) };
    let since = due - LONGEST_DIGEST;
    let told_until =
        desk.read(Permission::RunJobs, |conn| repository::last_answered(conn, Job::DailyDigest, (since, due)))?;
    let timetable = desk.part::<Timetable>()?;
    let before = || timetable.of(Job::DailyDigest)?.1.latest_between(since, due - TimeDelta::seconds(1));
    done(&desk.notifications().raise_digest(told_until.or_else(before).map(|after| (after, due)))?)
}

fn storage_check(desk: &Desk, steps: &mut Steps<'_>) -> Result<Done> {
    let mut stopped = false;
    let StorageCheck { usage, severity } = desk.storage().check(&mut |counted| {
        let done = usize::try_from(counted.objects).unwrap_or(usize::MAX);
        let go_on = steps.reach(RunProgress { done, ..RunProgress::default() });
        stopped = go_on.is_break();
        go_on
    })?;
    Ok(Done { succeeded: 1, stopped, ..done(&StorageCheckReport { usage, severity })? })
}

fn check(desk: &Desk) -> Result<Done> {
    let found = adoption::check(desk.database(), desk.now())?;
    desk.write(Permission::RunJobs, |conn, acting| {
        adoption::alert_of(conn, &found.findings, acting.now)?;
        adoption::alert_of_check(conn, &found.findings, acting.now)
    })?;
    let findings = found.findings.iter().map(|finding| CheckFinding {
        kind: finding.kind.as_str().to_owned(),
        table: finding.table.to_owned(),
        column: finding.column.to_owned(),
        count: finding.count,
        remedy: finding.remedy.as_str().to_owned(),
    });
    let report =
        CheckJobReport { findings: findings.collect(), rows: found.findings.iter().map(|finding| finding.count).sum() };
    done(&report)
}

fn backup(desk: &Desk) -> Result<Done> {
    let rules = &desk.part::<Timetable>()?.rules;
    let Some(folder) = &rules.backup_folder else {
        return Err(Error::new(
            ErrorCode::NotConfigured,
            "there is no folder for backups: configure jobs.backup_folder",
        ));
    };
    fs::create_dir_all(folder).map_err(|reason| {
        let message = format!("the folder {} for backups cannot be made: {reason}", folder.display());
        Error::new(ErrorCode::BackupFailed, message).with_source(reason)
    })?;
    let made = desk.database().backup(&folder.join(name_of_backup(desk.now())))?;
    let Some(bytes) = made.bytes else {
        let message = format!("PostgreSQL makes its backups itself: have the system call {}", made.command.join(" "));
        return Err(Error::new(ErrorCode::BackupFailed, message));
    };
    let removed = remove_old_backups(folder, rules.backup_copies)?;
    done(&BackupReport { path: made.path, bytes, removed })
}

/// Before and after the time in the name of a backup.
const BACKUP_NAME: (&str, &str) = ("jpauto-", ".db");

fn name_of_backup(now: DateTime<Utc>) -> String {
    format!("{}{}{}", BACKUP_NAME.0, now.format("%Y%m%dT%H%M%S%3fZ"), BACKUP_NAME.1)
}

/// Removes all but the newest backups, and answers how many. Other files of the folder stay.
fn remove_old_backups(folder: &Path, copies: usize) -> Result<usize> {
    let unreadable = |reason| {
        let message = format!("the old backups in {} could not be removed", folder.display());
        Error::new(ErrorCode::BackupFailed, message).with_source(reason)
    };
    let mut backups = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let time = path.file_name().and_then(|name| name.to_str());
        let time = time.and_then(|name| name.strip_prefix(BACKUP_NAME.0)?.strip_suffix(BACKUP_NAME.1));
        // As long as a name of ours: 20260301T120000000Z.
        if time.is_some_and(|time| time.len() == 19 && time.ends_with('Z') && time.contains('T')) {
            backups.push(path);
        }
    }
    backups.sort();
    let over = backups.len().saturating_sub(copies);
    for path in &backups[..over] {
        fs::remove_file(path).map_err(unreadable)?;
    }
    Ok(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_backups_go_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| name_of_backup(DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap());
        let ours: Vec<_> = (0..5).map(at).collect();
        let others = ["jpauto.db", "jpauto-before-the-move.db", "notes.txt"];
        for name in ours.iter().map(String::as_str).chain(others) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(remove_old_backups(folder.path(), 2).unwrap(), 3);
        assert!(others.iter().chain(&[ours[3].as_str(), &ours[4]]).all(|name| folder.path().join(name).exists()));
        assert!(ours[..3].iter().all(|name| !folder.path().join(name).exists()));
    }
}
