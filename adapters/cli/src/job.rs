//! `jpauto job`: jobs and their runs. What is deliberately not here: running what is due, which is `work`.

use std::{ops::ControlFlow, time::Duration};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jpauto::{
    CompetitorId, Desk, ErrorCode,
    jobs::{Job, JobOverview, Run, RunFilter, RunKind, RunOptions, RunProgress, RunStatus},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    arguments::one_of,
    competitor,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, NOTHING, Output, Row, Tone, dash},
    paging::Paging,
    work::{JobOptions, any_job, end_on_signals},
};

const RUN: &str = "\
Examples:
  jpauto job run market_research
  jpauto job run market_research --all
  jpauto job run competitor_scrape --competitor 'Example Motors' --contact webmaster@dealer.example
  jpauto job run clean_up --dry-run                           what would go, and nothing goes

Ctrl-C interrupts it at its next step; what it did by then stands.";

const LIST: &str = "\
The times are those of the options that are given here: give the same as to the worker. They are told in the time zone of the \
schedules; --format json has UTC.";

const HISTORY: &str = "\
The times are told in the time zone of the schedules; --format json has UTC.";

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List the jobs, when they run next, and how they ran last
    #[command(after_help = LIST)]
    List {
        #[command(flatten)]
        jobs: Box<JobOptions>,
    },
    /// Run a job now, due or not
    #[command(after_help = RUN)]
    Run(Box<RunArgs>),
    /// List runs, the latest first
    #[command(after_help = HISTORY)]
    History {
        /// Of this job, or `import_vehicles`
        #[arg(value_name = "JOB", value_parser = one_of!(RunKind))]
        job: Option<RunKind>,
        /// Of this status
        #[arg(long, value_name = "STATUS", value_parser = one_of!(RunStatus))]
        status: Option<RunStatus>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a run with its result
    Show {
        /// The run's id, or its beginning
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// End a run at its next step, whichever process makes it
    Cancel {
        /// The run's id, or its beginning
        #[arg(value_name = "RUN")]
        run: String,
    },
}

/// Which job, and how.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// The job
    #[arg(value_name = "JOB", value_parser = any_job())]
    job: Job,
    /// Of `competitor_scrape`: this competitor alone, by name or id
    #[arg(long, value_name = "COMPETITOR")]
    competitor: Option<String>,
    /// Of `market_research`: every unsold vehicle, due or not
    #[arg(long)]
    all: bool,
    /// Of `market_research` and `competitor_scrape`: the most vehicles or competitors to take of those that are due
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u32>,
    /// Of `clean_up`: count what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    jobs: JobOptions,
}

/// Does it.
pub(crate) fn run(command: JobCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        JobCommand::List { jobs } => {
            jobs.apply(context)?;
            let jobs = context.desk()?.jobs().list()?;
            list(&jobs, &mut context.output)
        }
        JobCommand::Run(arguments) => run_one(&arguments, context),
        JobCommand::History { job, status, paging } => {
            let mut filter = RunFilter::default();
            (filter.kind, filter.status) = (job, status);
            let desk = context.desk()?;
            let zone = zone(&context.settings.jobs().time_zone);
            let shown = |run| Shown { row: run, zone };
            paging.print(&mut context.output, |page| Ok(desk.jobs().history(&filter, page)?.map(shown)))
        }
        JobCommand::Show { run } => {
            let run = context.desk()?.jobs().find(&run)?;
            context.output.item(&run)
        }
        JobCommand::Cancel { run } => {
            let desk = context.desk()?;
            let run = desk.jobs().cancel(desk.jobs().find(&run)?.id)?;
            context.output.done(&format!("{}: it ends at its next step", run.job_name), &run)
        }
    }
}

fn list(jobs: &[JobOverview], output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Table => {
            let shown = |job: &JobOverview| Shown { row: job.clone(), zone: zone(&job.time_zone) };
            output.table(&jobs.iter().map(shown).collect::<Vec<_>>())
        }
        Format::Json => output.json(&json!({"items": jobs, "next": null})),
        Format::Jsonl => jobs.iter().try_for_each(|job| output.json_line(job)),
    }
}

fn run_one(arguments: &RunArgs, context: &mut Context) -> Result<(), Failure> {
    arguments.jobs.apply(context)?;
    let desk = context.desk()?;
    let options = arguments.options(&desk)?;
    let started = desk.jobs().start(arguments.job, &options)?;
    let stop = end_on_signals()?;
    // It draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let run = started.work(&stop, &mut |progress| {
        draw(&bar, progress);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let run = run?;
    if context.output.format() == Format::Table {
        context.output.text(&told(&run))?;
        if let Some(result) = &run.result {
            context.output.item(result)?;
        }
    } else {
        context.output.item(&run)?;
    }
    context.output.flush()?;
    match run.status {
        RunStatus::Success => Ok(()),
        _ => Err(Failure::new(ErrorCode::RunFailed, told(&run))),
    }
}

impl RunArgs {
    fn options(&self, desk: &Desk) -> Result<RunOptions, Failure> {
        let mut options = RunOptions::default();
        let found = self.competitor.as_deref().map(|name| competitor::find(desk, name)).transpose()?;
        options.competitor_id = found.map(|competitor| -> CompetitorId { competitor.id });
        (options.all, options.limit, options.dry_run) = (self.all, self.limit, self.dry_run);
        Ok(options)
    }
}

fn draw(bar: &ProgressBar, progress: &RunProgress) {
    if let Some(total) = progress.total {
        if bar.length().is_none()
            && let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len}, {eta} to go {msg}")
        {
            bar.set_style(style);
        }
        bar.set_length(total as u64);
    }
    bar.set_position(progress.done as u64);
    if let Some(message) = &progress.message {
        bar.set_message(message.replace(jpauto::extract::is_unseen, " "));
    }
}

/// How a run stands, in a line: `market_research: success after 1.2 s, analyzed 12`.
pub(crate) fn told(run: &Run) -> String {
    let after = run.duration_ms.map(|millis| format!(" after {}", span(millis))).unwrap_or_default();
    let what = summary(run);
    let what = if what == NOTHING { String::new() } else { format!(", {what}") };
    format!("{}: {}{after}{what}", run.job_name, run.status)
}

/// `0.4 s`, `3 min 20 s`, `2 h 5 min`.
fn span(millis: i32) -> String {
    let seconds = millis / 1_000;
    match seconds {
        ..60 => format!("{:.1} s", f64::from(millis) / 1_000.0),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// What a run does or did, in some words: its progress, its error, or the counts of its result that are not zero.
fn summary(run: &Run) -> String {
    if run.is_running() {
        let Some(progress) = &run.progress else { return NOTHING.to_owned() };
        let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
        return format!("{}{total}", progress.done);
    }
    // The counts of an import stand beside its rows.
    let counts = run.result.as_ref().map(|result| result.get("counts").unwrap_or(result));
    let counts = counts.and_then(Value::as_object).into_iter().flatten();
    let counts = counts.filter(|(_, count)| count.as_u64().is_some_and(|count| count > 0));
    let counts: Vec<_> = counts.map(|(name, count)| format!("{} {count}", name.replace('_', " "))).collect();
    let parts: Vec<_> = run.error.iter().cloned().chain((!counts.is_empty()).then(|| counts.join(", "))).collect();
    if parts.is_empty() { NOTHING.to_owned() } else { parts.join("; ") }
}

fn tone(status: RunStatus) -> Tone {
    match status {
        RunStatus::Success => Tone::Good,
        RunStatus::Partial => Tone::Warning,
        RunStatus::Failure => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// A row whose times are told in a time zone. Programs get the row.
#[derive(Serialize)]
#[serde(transparent)]
struct Shown<T> {
    row: T,
    #[serde(skip)]
    zone: Tz,
}

impl<T> Shown<T> {
    /// `2026-11-22 18:24 PST`.
    fn moment(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone).format("%Y-%m-%d %H:%M %Z").to_string()
    }
}

/// The zone of a name that was checked before.
fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Who asked for a run.
fn asked_by(run: &Run) -> String {
    match (run.scheduled_for, run.token_id, run.requested_by, &run.user_agent) {
        (Some(_), ..) => "schedule".to_owned(),
        (None, Some(token), ..) => format!("token {token}"),
        (None, None, Some(user), _) => user.to_string(),
        (None, None, None, Some(client)) => shortened(client),
        (None, None, None, None) => "the program".to_owned(),
    }
}

impl Row for Shown<Run> {
    const COLUMNS: &'static [Column] = &[
        Column::text("Job"),
        Column::text("Status"),
        Column::text("Started"),
        Column::number("Took"),
        Column::text("Result").spare(1),
        Column::text("Asked for by").spare(4),
        Column::text("Id").spare(2),
    ];

    fn cells(&self) -> Vec<Cell> {
        let run = &self.row;
        vec![
            run.job_name.as_str().into(),
            Cell::new(run.status.as_str()).tone(tone(run.status)),
            dash(run.started_at, |time| self.moment(time)).into(),
            dash(run.duration_ms, span).into(),
            shortened(&summary(run)).into(),
            Cell::new(asked_by(run)).tone(Tone::Faint),
            Cell::new(run.id.to_string()).tone(Tone::Faint),
        ]
    }
}

/// A text that leaves room for the other columns; `job show` has the whole.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        text.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}

impl Row for Shown<JobOverview> {
    const COLUMNS: &'static [Column] = &[
        Column::text("Job"),
        Column::text("Schedule"),
        Column::text("Next run"),
        Column::text("Last run"),
        Column::number("Took"),
        Column::text("Status"),
        Column::text("Result").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        let job = &self.row;
        let next = match (&job.missing, job.due_since, job.next_run_at) {
            _ if job.unavailable.is_some() => Cell::new("not here").tone(Tone::Faint),
            (Some(key), ..) => Cell::new(format!("configure {key}")).tone(Tone::Warning),
            (None, Some(since), _) => Cell::new(format!("due since {}", self.moment(since))).tone(Tone::Warning),
            (None, None, Some(next)) => self.moment(next).into(),
            (None, None, None) => Cell::new("off").tone(Tone::Faint),
        };
        let last = job.last_run.as_ref();
        let result = job.unavailable.clone().unwrap_or_else(|| shortened(&dash(last, summary)));
        let status =
            last.map_or_else(|| Cell::new(NOTHING), |run| Cell::new(run.status.as_str()).tone(tone(run.status)));
        vec![
            job.name.as_str().into(),
            job.cron.as_str().into(),
            next,
            dash(last.and_then(|run| run.started_at), |time| self.moment(time)).into(),
            dash(last.and_then(|run| run.duration_ms), span).into(),
            status,
            result.into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units() {
        for (millis, expected) in [(0, "0.0 s"), (1_234, "1.2 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min")] {
            assert_eq!(span(millis), expected);
        }
    }
}
