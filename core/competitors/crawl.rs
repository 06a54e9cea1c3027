//! A competitor's list, fetched page after page until there is no next one.
//!
//! What is deliberately not here: how a page is fetched politely (`scrape::fetch`), how it is read (`extract`), and what is
//! recorded of it. No database.

use std::{collections::HashSet, time::Duration};

use serde_json::Value;
use url::Url;

use super::{
    Competitor, ScrapeErrorType, ScrapedPage,
    pages::{Pages, Reader},
};
use crate::{
    error::Error,
    extract::DataRequest,
    scrape::{
        configured::Scraper,
        fetch::{FetchError, PageRequest, Session},
    },
};

/// Why a scrape brought nothing that could be recorded.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error_type: ScrapeErrorType,
    pub(super) message: String,
    /// How long the website asked to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// Fetches and reads the list; what was read before a page failed is kept, as a part of the lot.
///
/// # Errors
/// Where the first page already fails, and at any page where the website has had enough: a bot check is not looked at twice.
pub(super) fn crawl(session: &Session, competitor: &Competitor, most_pages: usize) -> Result<Pages, Failed> {
    let config = competitor.scraper_config.as_ref();
    let mut reader =
        Reader::new(competitor.platform_type.as_deref(), config).map_err(|reason| Failed::reading(&reason))?;
    let most_pages = reader.scraper().and_then(Scraper::max_pages).map_or(most_pages, |most| most.min(most_pages));
    if let Some(first) = configured_request(&reader, &competitor.inventory_url) {
        return crawl_endpoint(session, reader, first, most_pages);
    }
    let mut visited = HashSet::new();
    let mut next = Some(competitor.inventory_url.clone());
    let (mut failed, mut closed) = (0, 0);
    while let Some(url) = next.take_if(|url| visited.len() < most_pages && visited.insert(url.clone())) {
        match page(session, &mut reader, &url) {
            Ok(following) => next = following,
            Err(failure) if visited.len() == 1 || failure.error_type == ScrapeErrorType::Blocked => {
                return Err(failure);
            }
            Err(failure) => {
                tracing::info!(%url, reason = failure.message, "a page of a list failed; what came before it is kept");
                match failure.error_type {
                    ScrapeErrorType::Robots => closed += 1,
                    _ => failed += 1,
                }
                next = Some(url);
                break;
            }
        }
    }
    let mut pages = reader.finish();
    // A next page that is left over was too many, failed, or leads in a circle.
    pages.reading.last_page_reached = next.is_none();
    pages.reading.pages_failed += failed;
    pages.reading.pages_closed_by_robots += closed;
    if pages.listings.is_empty() && pages.reading.pages_failed > 0 {
        let message = "the page shows no vehicle and is of no known platform".to_owned();
        return Err(Failed { error_type: ScrapeErrorType::Empty, message, retry_after: None });
    }
    Ok(pages)
}

fn page(session: &Session, reader: &mut Reader, url: &str) -> Result<Option<String>, Failed> {
    let fetched = session.get(&PageRequest::get(url)).map_err(|failure| Failed::of(&failure))?;
    let page = ScrapedPage {
        bytes: fetched.body,
        content_type: fetched.content_type,
        url: fetched.final_url.into(),
        platform: None,
    };
    reader.read(&page).map_err(|reason| Failed {
        error_type: ScrapeErrorType::Parsing,
        message: format!("{url}: {reason}"),
        retry_after: None,
    })
}

fn configured_request(reader: &Reader, inventory_url: &str) -> Option<DataRequest> {
    reader.scraper()?.endpoint()?.first_request(&Url::parse(inventory_url).ok()?)
}

/// The same where the list is had as JSON: answer after answer until there is no next one.
fn crawl_endpoint(
    session: &Session,
    mut reader: Reader,
    first: DataRequest,
    most_pages: usize,
) -> Result<Pages, Failed> {
    let mut visited = HashSet::new();
    let mut next = Some(first);
    let (mut failed, mut closed) = (0, 0);
    let asked = |request: &DataRequest| (request.url.clone(), request.body.as_ref().map(Value::to_string));
    while let Some(request) = next.take_if(|request| visited.len() < most_pages && visited.insert(asked(request))) {
        match answer(session, &mut reader, &request) {
            Ok(following) => next = following,
            Err(failure) if visited.len() == 1 || failure.error_type == ScrapeErrorType::Blocked => {
                return Err(failure);
            }
            Err(failure) => {
                tracing::info!(url = %request.url, reason = failure.message, "an answer failed; what came before is kept");
                match failure.error_type {
                    ScrapeErrorType::Robots => closed += 1,
                    _ => failed += 1,
                }
                next = Some(request);
                break;
            }
        }
    }
    let mut pages = reader.finish();
    pages.reading.last_page_reached = next.is_none();
    pages.reading.pages_failed += failed;
    pages.reading.pages_closed_by_robots += closed;
    if pages.listings.is_empty() {
        let message = "the endpoint lists no vehicle".to_owned();
        return Err(Failed { error_type: ScrapeErrorType::Empty, message, retry_after: None });
    }
    Ok(pages)
}

fn answer(session: &Session, reader: &mut Reader, request: &DataRequest) -> Result<Option<DataRequest>, Failed> {
    let fetched = session.get(&PageRequest::from(request)).map_err(|failure| Failed::of(&failure))?;
    reader.read_data(request, &fetched.body).map_err(|reason| Failed::reading(&reason))
}

impl Failed {
    /// What was fetched, or how to read it, is not what it should be.
    fn reading(reason: &Error) -> Self {
        Self { error_type: ScrapeErrorType::Parsing, message: reason.to_string(), retry_after: None }
    }

    fn of(failure: &FetchError) -> Self {
        Self { error_type: failure.category(), message: failure.to_string(), retry_after: failure.retry_after() }
    }
}
