//! `jpauto scrape`: fetches and records one competitor's website, or all that are due.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use clap::{ArgGroup, Args};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use jpauto::{
    Desk, ErrorCode, FetchConfig,
    competitors::{
        ScrapeEvent, ScrapeFailure, ScrapeLimits, ScrapeProgress, ScrapeReport, ScrapeSummary, ScrapingRules,
    },
    extract::is_unseen,
};
use serde_json::{Value, json};

use crate::{
    competitor,
    configuration::Settings,
    context::Context,
    failure::Failure,
    import,
    output::{Format, Output, counted},
};

const EXAMPLES: &str = "\
robots.txt is honoured, a website is asked at most once a second, and a bot check ends its scrape: nothing is done to get
round it. Pages that fail make a scrape a part of the lot, which marks nothing sold. Ctrl-C ends it with nothing
half-recorded. Any number of machines may scrape what is due in one PostgreSQL: they share the work.

Examples:
  export JPAUTO_FETCH_CONTACT=webmaster@dealer.example       in place of --contact, each time
  jpauto scrape 'Example Motors'
  jpauto scrape --due --threads 16
  jpauto scrape --due --format jsonl >> scrapes.jsonl";

/// Which competitors, and how.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("which").required(true).args(["competitor", "due"]))]
pub(crate) struct ScrapeArgs {
    /// One competitor: name or id
    #[arg(value_name = "COMPETITOR")]
    competitor: Option<String>,
    /// All that are due: not scraped lately, or failed a while ago
    #[arg(long)]
    due: bool,
    /// Websites scraped at once, each on a host of its own
    #[arg(long, value_name = "NUMBER", default_value_t = u32::try_from(ScrapeLimits::default().threads).unwrap_or(u32::MAX), conflicts_with = "competitor", value_parser = clap::value_parser!(u32).range(1..=ScrapeLimits::THREADS_MAX as i64))]
    threads: u32,
    /// At most so many of those that are due, the longest waiting first
    #[arg(long, value_name = "NUMBER", conflicts_with = "competitor", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Hours after its last scrape from which on a competitor is due
    #[arg(long, value_name = "HOURS", default_value_t = 20, conflicts_with = "competitor")]
    due_after: u64,
    /// Minutes that the run may take; what was read by then is recorded
    #[arg(long, value_name = "MINUTES", conflicts_with = "competitor")]
    deadline: Option<u64>,
    #[command(flatten)]
    fetching: FetchOptions,
}

/// How websites are asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "Fetching")]
pub(crate) struct FetchOptions {
    /// Where webmasters reach you: an e-mail address or a web page, sent with each request
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// Seconds of pause after each request to a host; robots.txt may ask for more [default: 1]
    #[arg(long, value_name = "SECONDS", value_parser = pause)]
    pause: Option<Duration>,
    /// Fetch from private networks and unusual ports too: for an intranet, never for what strangers name
    #[arg(long)]
    allow_private_networks: bool,
    /// Seconds without a sign of life after which another machine takes a scrape over [default: 120]
    #[arg(long, value_name = "SECONDS")]
    lease: Option<u64>,
}

impl FetchOptions {
    /// The same where there is a contact. Without one, nothing is fetched.
    pub(crate) fn config_if_given(&self, settings: &Settings) -> Result<Option<(FetchConfig, ScrapingRules)>, Failure> {
        let is_given = self.contact.is_some() || !settings.fetch().contact.is_empty();
        is_given.then(|| self.config(settings)).transpose()
    }

    /// The library's configuration; a wrong option is an error of input.
    pub(crate) fn config(&self, settings: &Settings) -> Result<(FetchConfig, ScrapingRules), Failure> {
        let mut fetch = settings.fetch().clone();
        if let Some(contact) = &self.contact {
            fetch.contact.clone_from(contact);
        }
        if fetch.contact.is_empty() {
            let message = "expected --contact ADDRESS or the variable JPAUTO_FETCH_CONTACT: websites are fetched only under an \
                           address, an e-mail address or a web page, at which their webmasters reach somebody";
            return Err(Failure::new(ErrorCode::ContactMissing, message));
        }
        fetch.pause = self.pause.unwrap_or(fetch.pause);
        if self.allow_private_networks {
            (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
        }
        let mut scraping = settings.scraping().clone();
        if let Some(seconds) = self.lease {
            scraping.lease = Duration::from_secs(seconds.max(1));
        }
        Ok((fetch, scraping))
    }
}

/// A span in seconds, of which there may be parts; how long it may be, the library says.
fn pause(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.trim().parse().map_err(|_no_number| "expected a number of seconds, such as 1 or 0.5")?;
    if seconds.is_nan() || seconds < 0.0 {
        return Err("expected a number of seconds from 0 on, such as 1 or 0.5");
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// Whether somebody pressed Ctrl-C, or the system asks the process to end.
static IS_TO_END: AtomicBool = AtomicBool::new(false);

/// Scrapes.
pub(crate) fn run(arguments: &ScrapeArgs, context: &mut Context) -> Result<(), Failure> {
    let (fetch, scraping) = arguments.fetching.config(&context.settings)?;
    context.fetch_with(fetch, scraping);
    let desk = context.desk()?;
    let heard = ctrlc::set_handler(|| {
        if IS_TO_END.swap(true, Ordering::SeqCst) {
            // The second time the process ends at once; the database takes back what is not recorded yet.
            std::process::exit(130);
        }
    });
    heard.map_err(|reason| Failure::new(ErrorCode::NoSignals, format!("cannot listen for Ctrl-C: {reason}")))?;
    match &arguments.competitor {
        Some(name) => one(&desk, name, &mut context.output),
        None => due(arguments, &desk, &mut context.output),
    }
}

fn one(desk: &Desk, name: &str, output: &mut Output) -> Result<(), Failure> {
    let known = competitor::find(desk, name)?;
    // It draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let report = desk.competitors().scrape(known.id, &mut |progress| {
        if let ScrapeEvent::Page { page, listings, total_claimed, .. } = progress.event {
            let of = total_claimed.map(|total| format!(" of {total}")).unwrap_or_default();
            bar.set_message(format!("page {page}, {listings}{of} listings{}", to_go(progress.time_left)));
        }
        go_on()
    });
    bar.finish_and_clear();
    import::print(&report?, &[], output)
}

fn due(arguments: &ScrapeArgs, desk: &Desk, output: &mut Output) -> Result<(), Failure> {
    let limits = ScrapeLimits {
        threads: usize::try_from(arguments.threads).unwrap_or(usize::MAX),
        competitors: arguments.limit.map_or(ScrapeLimits::default().competitors, |limit| limit as usize),
        deadline: arguments.deadline.map(|minutes| Duration::from_secs(minutes.saturating_mul(60))),
        due_after: Duration::from_secs(arguments.due_after.saturating_mul(3600)),
    };
    let bar = run_bar();
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut printed = Ok(());
    let report = desk.competitors().scrape_due(&limits, &mut |progress| {
        draw(&bar, &progress);
        printed = bar.suspend(|| match progress.event {
            ScrapeEvent::Recorded(report) => tell_recorded(&ScrapeSummary::from(report), output),
            ScrapeEvent::Failed(failure) => tell_failed(failure, output),
            _ => Ok(()),
        });
        // The reader of our output may have closed the pipe.
        if printed.is_ok() { go_on() } else { ControlFlow::Break(()) }
    });
    bar.finish_and_clear();
    let report = report?;
    printed?;
    finish(report, output)
}

fn go_on() -> ControlFlow<()> {
    if IS_TO_END.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn draw(bar: &ProgressBar, progress: &ScrapeProgress<'_>) {
    count_of(bar, progress.total as u64);
    bar.set_position((progress.done + progress.failed) as u64);
    if let ScrapeEvent::Page { competitor, page, .. } = progress.event {
        let name: String = competitor.chars().filter(|sign| !is_unseen(*sign)).take(30).collect();
        let listings = progress.listings;
        bar.set_message(format!("{listings} listings{}; {name} page {page}", to_go(progress.time_left)));
    }
}

fn run_bar() -> ProgressBar {
    ProgressBar::new_spinner().with_message("looking which competitors are due")
}

/// Shows of how many; before that is known there is no bar, which would be a full one.
fn count_of(bar: &ProgressBar, competitors: u64) {
    if bar.length().is_none()
        && let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} competitors, {msg}")
    {
        bar.set_style(style);
        bar.set_message("fetching");
    }
    bar.set_length(competitors);
}

fn to_go(time_left: Option<Duration>) -> String {
    time_left.map(|left| format!(", {} to go", HumanDuration(left))).unwrap_or_default()
}

/// As it happens: a line for people or an object for programs; one document waits for the end.
fn tell_recorded(summary: &ScrapeSummary, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => return Ok(()),
        Format::Jsonl => output.json_line(&outcome_of(summary))?,
        Format::Table => {
            let counts = &summary.counts;
            let seen = competitor::completeness(summary.completeness).painted(output);
            output.text(&format!(
                "{}: {}, {seen}: new {}, price changes {}, sold {}",
                summary.competitor,
                counted(counts.vehicles, "vehicle"),
                counts.new,
                counts.price_changes,
                counts.sold
            ))?;
        }
    }
    output.flush()
}

fn tell_failed(failure: &ScrapeFailure, output: &mut Output) -> Result<(), Failure> {
    match output.format() {
        Format::Json => return Ok(()),
        Format::Jsonl => output.json_line(&failure_of(failure))?,
        Format::Table => {
            let told = format!("{}: failed: {}", failure.competitor, failure.error);
            // Messages may quote what a stranger wrote.
            let told: String = told.chars().map(|sign| if is_unseen(sign) { ' ' } else { sign }).collect();
            output.text(&told)?;
        }
    }
    output.flush()
}

fn outcome_of(summary: &ScrapeSummary) -> Value {
    json!({
        "outcome": "recorded",
        "competitor_id": summary.competitor_id,
        "competitor": summary.competitor,
        "scrape_id": summary.scrape_id,
        "completeness": summary.completeness,
        "counts": summary.counts,
        "warnings": summary.warnings,
    })
}

fn failure_of(failure: &ScrapeFailure) -> Value {
    json!({
        "outcome": "failed",
        "competitor_id": failure.competitor_id,
        "competitor": failure.competitor,
        "code": failure.error.code(),
        "message": failure.error.to_string(),
    })
}

/// Prints what was done in any case; the first failure then is the command's.
fn finish(report: ScrapeReport, output: &mut Output) -> Result<(), Failure> {
    let (recorded, failed) = (report.recorded.len(), report.failed.len());
    match output.format() {
        Format::Json => output.json(&json!({
            "recorded": report.recorded.iter().map(outcome_of).collect::<Vec<_>>(),
            "failed": report.failed.iter().map(failure_of).collect::<Vec<_>>(),
            "skipped": report.skipped,
            "remaining": report.remaining,
            "stopped": report.stopped,
        }))?,
        Format::Jsonl => output.json_line(&json!({
            "outcome": "run",
            "recorded": recorded,
            "failed": failed,
            "skipped": report.skipped,
            "remaining": report.remaining,
            "stopped": report.stopped,
        }))?,
        Format::Table => {
            let elsewhere = match report.skipped {
                0 => String::new(),
                skipped => format!(", {skipped} left to others at work"),
            };
            let remaining = report.remaining;
            output
                .text(&format!("{recorded} recorded, {failed} failed{elsewhere}, {remaining} left for a later run"))?;
        }
    }
    output.flush()?;
    if report.stopped {
        return Err(Failure::new(ErrorCode::ScrapeCancelled, "the run was cancelled; what was recorded before stands"));
    }
    match report.failed.into_iter().next() {
        Some(failure) => Err(failure.error.into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_it_is_known_of_how_many_there_is_no_bar() {
        let bar = run_bar();
        assert_eq!((bar.length(), bar.message().as_str()), (None, "looking which competitors are due"));
        count_of(&bar, 3);
        assert_eq!((bar.length(), bar.position(), bar.message().as_str()), (Some(3), 0, "fetching"));
        bar.set_message("12 listings");
        count_of(&bar, 3);
        assert_eq!(bar.message(), "12 listings");
    }
}
