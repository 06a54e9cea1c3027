//! `/api/competitors/record*`: what somebody else saw of a competitor's lot, as a scrape of ours would have.

use chrono::{DateTime, Utc};
use jpauto::{
    CompetitorId, ErrorCode, FieldError, Permission,
    competitors::{
        Competitor, CompetitorKey, RecordReport, ScrapeErrorType, ScrapeReading, ScrapedListing, ScrapedPage,
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answer,
    app::App,
    body,
    operation::{Answer, Operation, Outcome, handler, shape},
    problem::Problem,
    request::Request,
};

/// What may be wrong with a sighting.
const OF_SIGHTINGS: &[ErrorCode] = &[
    ErrorCode::CompetitorNotFound,
    ErrorCode::InvalidCompetitor,
    ErrorCode::InvalidObservedAt,
    ErrorCode::DuplicateInventoryUrl,
];

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::post("/api/competitors/record", handler!(record))
        .permission(Permission::ManageCompetitors)
        .summary("Record the listings of a competitor")
        .about(
            "They count as the whole lot at that time unless it is `partial`: what is missing often enough is sold. A \
             competitor of a name that is not known is added. The same sighting recorded again changes nothing.",
        )
        .large()
        .body(shape::<SeenListings>())
        .answers(&[Answer::ok(shape::<RecordReport>())])
        .errors(OF_SIGHTINGS),
    Operation::post("/api/competitors/record_pages", handler!(record_pages))
        .permission(Permission::ManageCompetitors)
        .summary("Record saved pages of a competitor's website")
        .about("Together they are one scrape, as with `/api/competitors/record`.")
        .large()
        .body(shape::<SeenPages>())
        .answers(&[Answer::ok(shape::<RecordReport>())])
        .errors(&[
            ErrorCode::CompetitorNotFound,
            ErrorCode::InvalidCompetitor,
            ErrorCode::InvalidObservedAt,
            ErrorCode::DuplicateInventoryUrl,
            ErrorCode::InvalidPages,
            ErrorCode::PageEmpty,
            ErrorCode::PageTooDeep,
            ErrorCode::PageTooLarge,
            ErrorCode::PageTooTangled,
            ErrorCode::InvalidUrl,
            ErrorCode::UnknownPlatform,
        ]),
    Operation::post("/api/competitors/{id}/record_failure", handler!(record_failure))
        .permission(Permission::ManageCompetitors)
        .summary("Record that a competitor's website could not be read")
        .body(shape::<SeenFailure>())
        .answers(&[Answer::ok(shape::<Competitor>())])
        .errors(&[ErrorCode::CompetitorNotFound, ErrorCode::InvalidObservedAt]),
];

/// Makes the body of sightings, whatever was seen.
macro_rules! sightings {
    ($(#[doc = $doc:literal])+ $name:ident { $(#[doc = $of_what:literal])+ $what:ident: $seen:ty }) => {
        $(#[doc = $doc])+
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// The competitor; either this or `competitor`.
            #[serde(default)]
            competitor_id: Option<CompetitorId>,
            /// The competitor's name. It is added where no competitor has it.
            #[serde(default)]
            competitor: Option<String>,
            /// Where a competitor that is added lists its vehicles.
            #[serde(default)]
            inventory_url: Option<String>,
            /// When they were seen.
            observed_at: DateTime<Utc>,
            /// Whether they are a part of the lot, so that nothing follows of what is missing.
            #[serde(default)]
            partial: bool,
            $(#[doc = $of_what])+
            #[serde(deserialize_with = "body::objects")]
            $what: $seen,
        }
    };
}

sightings! {
    /// Listings that were seen on a competitor's lot.
    SeenListings {
        /// What was seen.
        listings: Vec<ScrapedListing>
    }
}

sightings! {
    /// Pages that were saved from a competitor's website.
    SeenPages {
        /// The pages, in their order.
        pages: Vec<SeenPage>
    }
}

/// A page that was saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenPage {
    /// Where it came from.
    url: String,
    /// What it holds: HTML, or the JSON of an endpoint.
    text: String,
    /// The platform to read it by, where it is known.
    #[serde(default)]
    platform_type: Option<String>,
}

/// Why a website could not be read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenFailure {
    /// In one word.
    error_type: ScrapeErrorType,
    /// In a sentence.
    message: String,
    /// When.
    observed_at: DateTime<Utc>,
}

async fn record(app: App, request: Request) -> Outcome {
    let seen: SeenListings = request.json().await?;
    let SeenListings { competitor_id, competitor, inventory_url, observed_at, partial, listings } = seen;
    let (key, reading) = (key(competitor_id, competitor, inventory_url)?, reading(partial));
    let work = move |desk: &jpauto::Desk| desk.competitors().record(key, listings, reading, observed_at);
    answer::done(&app.at_length(&request.caller, work).await?)
}

async fn record_pages(app: App, request: Request) -> Outcome {
    let seen: SeenPages = request.json().await?;
    let SeenPages { competitor_id, competitor, inventory_url, observed_at, partial, pages } = seen;
    let key = key(competitor_id, competitor, inventory_url)?;
    let page = |page: SeenPage| ScrapedPage {
        bytes: page.text.into_bytes(),
        // JSON is UTF-8, whatever the page says of itself.
        content_type: Some("text/html; charset=utf-8".to_owned()),
        url: page.url,
        platform: page.platform_type,
    };
    let pages: Vec<_> = pages.into_iter().map(page).collect();
    let work = move |desk: &jpauto::Desk| match partial {
        true => desk.competitors().record_some_pages(key, &pages, observed_at),
        false => desk.competitors().record_pages(key, &pages, observed_at),
    };
    answer::done(&app.at_length(&request.caller, work).await?)
}

async fn record_failure(app: App, request: Request) -> Outcome {
    let id: CompetitorId = request.id()?;
    let SeenFailure { error_type, message, observed_at } = request.json().await?;
    let work = move |desk: &jpauto::Desk| desk.competitors().record_failure(id, error_type, &message, observed_at);
    let competitor = app.at_desk(&request.caller, work).await?;
    answer::done(&competitor)
}

/// Whose lot it is: a competitor by its id or by its name.
///
/// # Errors
/// `invalid_body` unless it is named in one of the two ways.
fn key(
    id: Option<CompetitorId>,
    name: Option<String>,
    inventory_url: Option<String>,
) -> Result<CompetitorKey, Problem> {
    match (id, name) {
        (Some(id), None) => Ok(id.into()),
        (None, Some(name)) => Ok(CompetitorKey::Name { name, inventory_url }),
        _ => {
            let message = "expected either competitor_id or competitor, which is its name".to_owned();
            let fault = FieldError { pointer: "/competitor".to_owned(), message };
            Err(Problem::invalid(ErrorCode::InvalidBody, vec![fault]))
        }
    }
}

fn reading(partial: bool) -> ScrapeReading {
    if partial { ScrapeReading::part_of_a_lot() } else { ScrapeReading::whole_lot() }
}
