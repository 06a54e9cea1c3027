//! Trying websites out, and adding a competitor by its address alone.
//!
//! What is deliberately not here: fetching within a transaction. A website is read first; what was learned is written then.

use super::{Competitors, add};
use crate::{
    actor::Permission,
    competitors::{
        Competitor, NewCompetitor, PlatformCertainty, ScrapingRules, TestOptions, TestReport, TestSite, probe,
        registration, repository,
    },
    error::Result,
    ids::CompetitorId,
    scrape::{fetch::Fetcher, walk::WalkLimits},
};

/// A competitor that was added by its address, and what its website showed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddedCompetitor {
    /// The competitor as it is stored.
    pub competitor: Competitor,
    /// What was found on the way.
    pub test: TestReport,
}

impl Competitors<'_> {
    /// Tries out what a scrape would see on a website: the platform, the first listings, how complete they are, and what
    /// stands against them. Fetches a few pages, politely, and writes nothing.
    ///
    /// An address may be of any page of the website: where it lists no vehicles, the list is looked for.
    ///
    /// It fetches a few pages at this process's usual pace. It writes nothing, so it takes no lease, and a read-only
    /// database is enough. Another process may therefore ask the same host at the same time.
    ///
    /// # Errors
    /// `forbidden`; `not_configured` without [`Config::fetch`](crate::Config::fetch); `invalid_url`; `unknown_platform`;
    /// `invalid_competitor` for a configuration at fault; `browser_not_available` where its pages are to be rendered and no Chromium
    /// is installed. A website that cannot be read is a report with a
    /// [`failure`](TestReport::failure).
    pub fn test(&self, site: impl Into<TestSite>, options: &TestOptions) -> Result<TestReport> {
        self.desk.must(Permission::ManageCompetitors)?;
        let (fetcher, scraping): (_, &ScrapingRules) = (self.desk.part::<Fetcher>()?, self.desk.rules());
        let limits = WalkLimits {
            most_pages: fetcher.max_pages(),
            pages_before: 0,
            data_share_percent: scraping.data_share_percent,
            follows_moves: true,
        };
        probe::run((fetcher.session(), limits), &site.into(), options, self.desk.rules())
    }

    /// Tries out what a scrape of a competitor would see, as [`Competitors::test`] does.
    ///
    /// # Errors
    /// `competitor_not_found`; otherwise as [`Competitors::test`].
    pub fn test_known(&self, id: CompetitorId, options: &TestOptions) -> Result<TestReport> {
        let competitor = self.desk.read(Permission::ManageCompetitors, |conn| repository::get(conn, id))?;
        self.test(&competitor, options)
    }

    /// Watches a dealer from now on, by the address of its website alone: `inventory_url` may be any page of it.
    ///
    /// The website is read first, as by [`Competitors::test`]: it gives the page that lists the vehicles (the whole lot where
    /// there is such a page, else the used vehicles), the platform where that is certain, the front page, and a name where
    /// none is given.
    ///
    /// # Errors
    /// As [`Competitors::add`] and [`Competitors::test`]; `Unavailable` with the code of a scrape that fails, such as
    /// `scrape_blocked`; `inventory_not_found` where no vehicle was found. Then nothing is written;
    /// [`Competitors::add`] adds without looking.
    pub fn add_at(&self, new: &NewCompetitor, options: &TestOptions) -> Result<AddedCompetitor> {
        self.desk.must(Permission::ManageCompetitors)?;
        // A fault in what was given is reported before any website is asked.
        // A name that is not given is not at fault: the website says it.
        registration::add(&named(new, Some(UNKNOWN)), self.desk.now())?;
        let test = self.test(new, options)?;
        if let Some(refusal) = test.refusal() {
            return Err(refusal);
        }
        let is_known_vendor = test.platform_certainty == PlatformCertainty::Certain;
        let mut new = named(new, test.site_name.as_deref());
        new.inventory_url.clone_from(&test.inventory_url);
        new.website_url = new.website_url.or_else(|| test.website_url.clone());
        new.platform_type = new.platform_type.or_else(|| test.platform.clone().filter(|_| is_known_vendor));
        let competitor = self.desk.write(Permission::ManageCompetitors, |conn, acting| add(conn, acting, &new))?;
        Ok(AddedCompetitor { competitor, test })
    }
}

/// Stands for the name of a dealer whose website has not been asked yet.
const UNKNOWN: &str = "?";

/// The same with a name: its own, what the website calls itself, or its host.
fn named(new: &NewCompetitor, site_name: Option<&str>) -> NewCompetitor {
    let mut new = new.clone();
    if new.name.trim().is_empty() {
        let address = registration::web_address(&new.inventory_url);
        let host = url::Url::parse(address.as_deref().unwrap_or(&new.inventory_url))
            .ok()
            .and_then(|url| url.host_str().map(ToOwned::to_owned));
        let host = host.map(|host| host.trim_start_matches("www.").to_owned());
        new.name = site_name.map(ToOwned::to_owned).or(host).unwrap_or_default();
    }
    new
}
