//! The client of auto.dev against a server on loopback that plays its answers, its errors and its bad days.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    client::{AutoDev, Found},
    listings::{Next, Reading, Unreadable},
    parameters::ListingQuery,
    refusal::Refusal,
    *,
};
use crate::{
    Error, ErrorCode, ErrorKind, Money, Result,
    market::Comparable,
    scrape::fetch::{
        pace::Timing as _,
        stop,
        tests::{
            TestTime,
            server::{Reply, Seen, Server},
        },
    },
};

mod errors;
mod listings;
mod search;

const KEY: &str = "sk_live_3f9a77/secret+key";
/// The key in the query of a URL.
const KEY_IN_A_QUERY: &str = "sk_live_3f9a77%2Fsecret%2Bkey";

fn now() -> DateTime<Utc> {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

fn camrys() -> ListingQuery<'static> {
    ListingQuery {
        make: "toyota",
        model: "CAMRY",
        years: (2020, 2022),
        mileage: Some((0, 60_000)),
        prices: (Money::from_dollars(1_000), Money::from_dollars(500_000)),
        radius_miles: 250.0,
    }
}

/// A listing as version 2 writes it.
fn item(number: usize) -> Value {
    json!({
        "@id": format!("https://api.auto.dev/listings/4T1B11HK{number:09}"),
        "vin": format!("4T1B11HK{number:09}"),
        "location": [-118.2437, 34.0522],
        "createdAt": "2026-03-08 00:10:31",
        "online": true,
        "vehicle": {"year": 2021, "make": "Toyota", "model": "Camry", "trim": "SE", "confidence": 0.99},
        "retailListing": {"price": 21_000 + number, "miles": 30_000, "dealer": "Example Toyota", "used": true},
        "somethingNew": {"nobody": ["knows"]},
    })
}

fn page(items: &[Value], next: Option<&str>) -> Reply {
    json_reply(200, &json!({"api": {"name": "listings"}, "data": items, "links": {"self": "/listings", "next": next}}))
}

fn json_reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, &[("Content-Type", "application/json"), ("X-Request-Id", "r-42")], body.to_string())
}

fn config(server: &Server) -> AutoDevConfig {
    let mut config = AutoDevConfig::new(KEY);
    config.base_url = Some(server.url(""));
    config.allow_private_networks = true;
    config
}

/// A client whose waits take no time.
fn client(config: AutoDevConfig) -> (AutoDev, Arc<TestTime>) {
    let time = TestTime::new();
    (AutoDev::with(config, Arc::clone(&time) as _).unwrap(), time)
}

fn search(client: &AutoDev) -> Result<Arc<Found>> {
    client.search(&camrys(), now(), &|| Ok(()))
}

/// Serves the answers in order, the last one again and again.
fn answering(replies: Vec<Reply>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let place = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[place].clone()
    })
}

#[track_caller]
fn holds_no_key(error: &Error) {
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(KEY) && !text.contains(KEY_IN_A_QUERY), "{text}");
        assert!(!text.contains("sk_live"), "{text}");
    }
}

/// Reads a body as the client would.
fn read(version: AutoDevVersion, body: &Value) -> super::listings::ListingPage {
    let reading = Reading { version, now: now(), place: None, hide: &str::to_owned };
    reading.page(body.to_string().as_bytes(), 1).unwrap_or_else(|wrong| panic!("{body}: {wrong:?}"))
}

fn read_one(row: Value) -> Option<Comparable> {
    read(AutoDevVersion::V2, &json!({"data": [row]})).comparables.pop()
}
