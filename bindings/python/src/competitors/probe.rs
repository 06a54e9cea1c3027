//! What a website that was tried out showed: `lot.competitors.test` and `add_at`.

use jpauto::competitors::{self, TestOptions};
use pyo3::prelude::*;

use super::records::Competitor;
use crate::{
    extract::{ExtractionWarning, ScrapedListing},
    record::record,
};

record! {
    /// A page or an answer that was read.
    TestedPage of competitors::TestedPage {
        () {
            /// Its address.
            url: String,
            /// Vehicles on it.
            listings: usize,
        }
    }
}

record! {
    /// One part of a score.
    ScorePart of competitors::ScorePart {
        () {
            /// `identity`, `price`, `vehicle`, `mileage`, `url` or `image`.
            name: &'static str,
            /// What it weighs.
            weight: u32,
            /// The share of listings that have it, 0 to 1.
            share: f64,
        }
    }
}

record! {
    /// How much of what matters the listings say.
    ReadingScore of competitors::ReadingScore {
        () {
            /// 0 to 100; 0 where there is no listing.
            percent: u32,
            /// Each part with its weight and share.
            parts: Vec<ScorePart>,
        }
    }
}

record! {
    /// Why a website could not be read.
    TestFailure of competitors::TestFailure {
        () {
            /// As a scrape records it, such as `timeout`.
            error_type: &'static str,
            /// The same for a person.
            message: String,
        }
    }
}

record! {
    /// What a website that was tried out showed.
    TestReport of competitors::TestReport {
        () {
            /// The address that was tried.
            url: String,
            /// The page that lists the vehicles: the address itself, or what was found behind it.
            inventory_url: String,
            /// The front page.
            website_url: Option<String>,
            /// What the website calls the dealer.
            site_name: Option<String>,
            /// The platform, of those in `jpauto.extract.platforms()`.
            platform: Option<String>,
            /// How sure that is: `certain`, `possible`, `said` or `unknown`.
            platform_certainty: &'static str,
            /// What read the listings: a platform, `generic` for a configuration, `structured_data` or `cards`.
            technique: Option<String>,
            /// The endpoint that gave the list as data, where one did.
            endpoint: Option<String>,
            /// How many vehicles the website claims to have.
            total_claimed: Option<u32>,
            /// Where the list goes on behind the last page that was read.
            next: Option<String>,
            /// The pages or answers that were read.
            pages: Vec<TestedPage>,
            /// Vehicles on them, each once.
            listings_found: usize,
            /// The first of them, whole.
            listings: Vec<ScrapedListing>,
            /// How much of what matters they say.
            score: ReadingScore,
            /// What a person should know before trusting it.
            warnings: Vec<ExtractionWarning>,
            /// Why nothing could be read at all.
            failure: Option<TestFailure>,
        }
    }
}

record! {
    /// A competitor that was added by its address, and what its website showed.
    AddedCompetitor of competitors::AddedCompetitor {
        () {
            /// The competitor as it is kept.
            competitor: Competitor,
            /// What was found on the way.
            test: TestReport,
        }
    }
}

/// How far a website is tried out.
pub(crate) fn options(pages: Option<u32>, links: Option<u32>, listings: Option<usize>) -> TestOptions {
    let usual = TestOptions::default();
    TestOptions {
        pages: pages.unwrap_or(usual.pages),
        links: links.unwrap_or(usual.links),
        listings: listings.unwrap_or(usual.listings),
        ..usual
    }
}
