//! Competitors' websites fetched and recorded: real servers on loopback, a real client.

mod endpoints;
mod in_browser;
mod lists;
mod missing_cars;
mod processes;
mod runs;
mod unchanged_pages;

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use jpauto::{
    Action, ActivityFilter, Actor, AlertFilter, Change, Clock, CompetitorId, Config, Dealership, Desk, ErrorKind,
    FetchConfig, Money, PageRequest,
    competitors::{
        CompetitorFilter, CompetitorUpdate, Completeness, IncompleteReason, ListingFilter, NewCompetitor,
        ScrapeErrorType, ScrapeEvent, ScrapeLimits, ScrapeProgress, TestOptions,
    },
};

use crate::support::{
    Lot, vin,
    website::{Asked, Reply, Website, list_page},
};

/// A page that stands in place of any other.
const BOT_CHECK: &str = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>";

/// How quickly this machine's websites may be asked.
fn hasty() -> FetchConfig {
    let mut fetch = FetchConfig::new("webmaster@dealer.example");
    (fetch.allow_private_networks, fetch.allow_any_port) = (true, true);
    (fetch.pause, fetch.first_backoff, fetch.retries) = (Duration::ZERO, Duration::from_millis(1), 1);
    fetch
}

/// A dealership that may fetch from this machine, as another process would open it.
pub(crate) fn opened(lot: &Lot, change: impl FnOnce(&mut Config)) -> Desk {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    config.fetch = Some(hasty());
    change(&mut config);
    Dealership::with_config(config).unwrap().acting_as(Actor::system())
}

/// The website as a competitor of a dealership that may fetch from this machine.
pub(crate) fn competitor(website: &Website, lot: &Lot) -> (Desk, CompetitorId) {
    let desk = opened(lot, |_| {});
    let id = add(&desk, "Valley Motors", format!("{}/used", website.address));
    (desk, id)
}

pub(crate) fn add(desk: &Desk, name: &str, inventory_url: String) -> CompetitorId {
    let new = NewCompetitor { name: name.into(), inventory_url, ..NewCompetitor::default() };
    desk.competitors().add(&new).unwrap().id
}

/// An observer that lets it go on.
pub(crate) fn unwatched(_: ScrapeProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn count(desk: &Desk) -> usize {
    desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(500)).unwrap().items.len()
}

/// A website of thirty cars in two pages, whose platform gives the list as data in two answers; `answer` makes of an answer
/// what is sent.
pub(crate) fn dealer_on(
    website: &Website,
    lot: &Lot,
    answer: impl Fn(u32, String) -> Reply + Send + Sync + 'static,
) -> (Desk, CompetitorId) {
    website.answer(move |asked| {
        let part = if asked.path.contains("pt=2") { 2 } else { 1 };
        if asked.path.starts_with("/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/20001/310002?") {
            let cards: Vec<_> = (if part == 1 { 0..24 } else { 24..30 })
                .map(|number| {
                    format!(
                        r#"{{"VehicleCard": {{"VehicleVin": "{}", "VehicleYear": 2018, "VehicleMake": "Toyota",
                            "VehicleModel": "Corolla", "VehicleInternetPrice": 15000, "VehicleMileage": 40000}}}}"#,
                        vin(number)
                    )
                })
                .collect();
            let data = format!(
                r#"{{"Paging": {{"PaginationDataModel": {{"TotalCount": 30, "TotalPages": 2, "PageNumber": {part}}}}},
                    "DisplayCards": [{}]}}"#,
                cards.join(",")
            );
            let version = format!("\"data-{part}\"");
            let is_known = asked.header.contains(&format!("if-none-match: {version}"));
            let reply = if is_known { Reply::status(304) } else { answer(part, data) };
            return Some(if reply.status < 400 { reply.header("ETag", version) } else { reply });
        }
        asked.path.starts_with("/used").then(|| {
            let cars: Vec<_> = (if part == 1 { 0..15 } else { 15..30 })
                .map(|number| {
                    serde_json::json!({"@type": "ListItem", "name": "2018 Toyota Corolla", "VIN": vin(number),
                        "url": format!("/car/{number}")})
                })
                .collect();
            let list = serde_json::json!({"@type": "ItemList", "itemListElement": cars}).to_string();
            let model = serde_json::json!({"ItemListJson": list, "SearchResultsListModel": {"ResultsCount": 30}});
            Reply::html(format!(
                r#"<script type="application/json" id="dealeron_tagging_data">
                    {{"dealerId": 20001, "pageId": 310002, "itemCount": 30}}</script>
                   <script type="application/json" id="dlron-srp-model">{model}</script>"#
            ))
        })
    });
    let desk = opened(lot, |_| {});
    let id = add(&desk, &website.address, format!("{}/used", website.address));
    (desk, id)
}

/// What went wrong here with scrapes of a competitor, as the audit trail tells it, newest first.
fn failures_of_our_own(desk: &Desk, id: CompetitorId) -> Vec<String> {
    let filter = ActivityFilter::default().resource(id).action(Action::Record);
    let rows = desk.activity().list(&filter, &PageRequest::default()).unwrap().items;
    rows.iter()
        .filter_map(|row| Some(row.changes.as_ref()?.get("error_type")?.get("to")?.as_str()?.to_owned()))
        .collect()
}

pub(crate) fn open_alerts(desk: &Desk, id: CompetitorId) -> Vec<String> {
    let mut filter = AlertFilter::default();
    filter.subject_id = Some(id.into());
    let alerts = desk.alerts().list(&filter, &PageRequest::default()).unwrap().items;
    alerts.into_iter().map(|alert| alert.alert_type).collect()
}
