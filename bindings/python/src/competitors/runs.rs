//! Runs over many competitors: how far one has come, and what it did.

use jpauto::competitors;
use pyo3::prelude::*;
use uuid::Uuid;

use super::records::ScrapeCounts;
use crate::record::{Told, record};

/// What just happened, as a word.
pub(crate) struct Event(&'static str);

impl Told<Event> for &'static str {
    fn told(event: Event) -> Self {
        event.0
    }

    fn annotation() -> Option<String> {
        Some("ScrapeEvent".to_owned())
    }
}

/// What just happened in a run, as Python sees it.
pub(crate) struct ProgressView {
    event: Event,
    competitor: Option<String>,
    page: Option<usize>,
    done: usize,
    failed: usize,
    total: usize,
    running: usize,
    listings: usize,
    seconds_left: Option<f64>,
}

impl Told<competitors::ScrapeProgress<'_>> for ProgressView {
    fn told(at: competitors::ScrapeProgress<'_>) -> Self {
        let named = |name: &str| Some(name.to_owned());
        let (event, competitor, page) = match at.event {
            competitors::ScrapeEvent::Page { competitor, page, .. } => ("page", named(competitor), Some(page)),
            competitors::ScrapeEvent::Recorded(report) => ("recorded", named(&report.competitor), None),
            competitors::ScrapeEvent::Failed(failure) => ("failed", named(&failure.competitor), None),
            competitors::ScrapeEvent::Skipped { competitor, .. } => ("skipped", named(competitor), None),
            _ => ("waiting", None, None),
        };
        Self {
            event: Event(event),
            competitor,
            page,
            done: at.done,
            failed: at.failed,
            total: at.total,
            running: at.running,
            listings: at.listings,
            seconds_left: at.time_left.map(|left| left.as_secs_f64()),
        }
    }
}

record! {
    /// What just happened in a run of scrapes, and how far the whole run has come.
    ScrapeProgress of ProgressView {
        () {
            /// What happened: `page`, `recorded`, `failed`, `skipped`, or `waiting` where nothing did for a moment.
            event: &'static str,
            /// The competitor that it happened to.
            competitor: Option<String>,
            /// Which page it is, from 1.
            page: Option<usize>,
            /// Competitors whose scrape is recorded.
            done: usize,
            /// Competitors whose scrape failed.
            failed: usize,
            /// Competitors that the run is to scrape, those done and failed included.
            total: usize,
            /// Competitors that are being scraped.
            running: usize,
            /// Listings read so far, on pages of all competitors.
            listings: usize,
            /// How long the rest will take at the pace so far; `None` before anything is known.
            seconds_left: Option<f64>,
        }
    }
}

record! {
    /// A scrape that was recorded, in brief.
    ScrapeSummary of competitors::ScrapeSummary {
        () {
            /// Whose lot it is.
            competitor_id: Uuid,
            /// The competitor's name.
            competitor: String,
            /// The scrape's id.
            scrape_id: Uuid,
            /// Whether the whole lot was seen.
            complete: bool = [completeness.is_complete()],
            /// Why not, such as `many_missing`: the gravest doubt.
            incomplete_reason: Option<&'static str> = [completeness.reason()],
            /// What changed, in numbers.
            counts: ScrapeCounts,
            /// How many warnings there are about the pages.
            warnings: usize,
        }
    }
}

/// A failed scrape with the words for why.
#[derive(Clone)]
pub(crate) struct Failed {
    competitor_id: jpauto::CompetitorId,
    competitor: String,
    code: &'static str,
    message: String,
}

impl From<&competitors::ScrapeFailure> for Failed {
    fn from(failure: &competitors::ScrapeFailure) -> Self {
        Self {
            competitor_id: failure.competitor_id,
            competitor: failure.competitor.clone(),
            code: failure.error.code(),
            message: failure.error.to_string(),
        }
    }
}

record! {
    /// A scrape that failed.
    ScrapeFailure of Failed {
        () {
            /// Whose lot it is.
            competitor_id: Uuid,
            /// The competitor's name.
            competitor: String,
            /// The stable word for what went wrong.
            code: &'static str,
            /// The same for a person.
            message: String,
        }
    }
}

record! {
    /// What a run of scrapes did.
    ScrapeReport of competitors::ScrapeReport {
        () {
            /// The scrapes that were recorded, in the order in which they ended.
            recorded: Vec<ScrapeSummary>,
            /// Those that failed.
            failed: Vec<ScrapeFailure> = [failed.iter().map(Failed::from).collect::<Vec<_>>()],
            /// Competitors that other processes took on.
            skipped: usize,
            /// Competitors that were due and not begun.
            remaining: usize,
            /// Whether it was told to end.
            stopped: bool,
        }
    }
}
