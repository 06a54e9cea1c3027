//! Every operation on what the office watches, called once: competitors, the market, VINs, alerts, jobs, notifications, files.

use std::{io::Read as _, net::TcpListener, time::Duration};

use chrono::{TimeDelta, Utc};
use jpauto::{
    Config, Money, NewVehicle,
    evaluation::VpicConfig,
    exports::{FeedConfig, Platform},
    market::AutoDevConfig,
    notifications::WebhookConfig,
};
use serde_json::{Value, json};

use crate::{
    competitors::watched,
    photos::Call,
    support::{Lot, corolla, local_fetch, wait_until},
    website::{Reply, Website, vin},
};

const STOCK: &str =
    "Stock #,VIN,Year,Make,Model,List Price,Odometer\nA1,2T1BURHE0FC000071,2019,Toyota,Corolla,13500,52000\n";

/// What these operations need of the configuration, and the server that stands for vPIC and for auto.dev, which lists nothing. Where the
/// webhook goes, nobody listens.
pub fn configure(config: &mut Config, folder: &std::path::Path) -> Website {
    config.fetch = Some(local_fetch());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut webhook = WebhookConfig::new(format!("http://{closed}/"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    webhook.allow_private_network = true;
    config.notifications = std::mem::take(&mut config.notifications).webhook("crm", webhook);
    let mut auto_dev = AutoDevConfig::new("a key");
    let asked = Website::open();
    (auto_dev.base_url, auto_dev.allow_private_networks) = (Some(asked.address.clone()), true);
    auto_dev.pause_before_retry = Duration::ZERO;
    config.auto_dev = Some(auto_dev);
    let feeds = folder.join("feeds").to_string_lossy().into_owned() + "/";
    let agreed = FeedConfig { destination: Some(feeds), ..FeedConfig::default() };
    config.exports.feeds.insert(Platform::Csv, agreed);
    asked.answer(|asked| {
        let decoded = json!({"Make": "HONDA", "Model": "Pilot", "ModelYear": "2017", "ErrorCode": "0"});
        let answer = match asked.path.starts_with("/vpic") {
            true => json!({"Count": 1, "Message": "", "Results": [decoded]}),
            false => json!({"data": [], "links": {}}),
        };
        Some(Reply::json(answer.to_string()))
    });
    let mut vpic = VpicConfig::default();
    (vpic.base_url, vpic.allow_private_networks) = (format!("{}/vpic", asked.address), true);
    config.vpic = Some(vpic);
    asked
}

/// Calls operations as an administrator with this cookie, and keeps what they answered.
struct Caller<'a> {
    lot: &'a Lot,
    cookie: &'a str,
    calls: Vec<Call>,
}

impl Caller<'_> {
    fn send(&mut self, operation: &'static str, method: &str, target: &str, media_type: &str, body: &str) -> Value {
        // As a browser sends it.
        let headers = [("cookie", self.cookie), ("content-type", media_type), ("sec-fetch-site", "same-origin")];
        let answer = self.lot.ask(method, target, &headers, body.as_bytes());
        let json = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.calls.push(Call { operation, answer });
        json
    }

    fn get(&mut self, operation: &'static str, target: &str) -> Value {
        self.send(operation, "GET", target, "application/json", "")
    }

    fn post(&mut self, operation: &'static str, target: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(operation, "POST", target, "application/json", &body)
    }

    fn wait_for_end(&self, begun: &Value) {
        let id = begun["run"]["id"].as_str().unwrap().parse().unwrap();
        wait_until("the end of the run", || !self.lot.staff().jobs().get(id).unwrap().is_running());
    }
}

/// Every operation, called once by an administrator.
pub fn calls(lot: &Lot, cookie: &str) -> Vec<Call> {
    let id = watched(lot).to_string();
    let mut caller = Caller { lot, cookie, calls: Vec::new() };
    of_one_competitor(&mut caller, &id);
    of_websites(&mut caller);
    of_the_market(&mut caller);
    of_files(&mut caller);
    let sent = caller.post("notifications_test", "/api/notifications/channels/crm/test", &Value::Null);
    let sent = format!("/api/notifications/{}", sent["items"][0]["id"].as_str().unwrap());
    caller.get("notifications_list", "/api/notifications");
    caller.get("notifications_channels", "/api/notifications/channels");
    caller.get("notifications_get", &sent);
    caller.post("notifications_retry", &format!("{sent}/retry"), &Value::Null);
    caller.get("activity_list", "/api/activity?limit=5");
    caller.calls
}

fn of_one_competitor(caller: &mut Caller<'_>, id: &str) {
    let one = |rest: &str| format!("/api/competitors/{id}{rest}");
    let hours_ago = |hours| json!(Utc::now() - TimeDelta::hours(hours));
    caller.get("competitors_list", "/api/competitors?q=valley");
    caller.get("competitors_get", &one(""));
    caller.get("competitors_overview", "/api/competitors/overview");
    caller.get("competitors_overview_of", &one("/overview"));
    caller.get("competitors_listings_of", &one("/listings"));
    caller.get("competitors_metrics", &one("/metrics"));
    caller.get("competitors_scrapes", &one("/scrapes"));
    caller.get("competitors_market_view", "/api/competitors/market?group=model_year");
    caller.get("competitors_left_out", "/api/competitors/left_out");
    let listings = caller.get("competitors_listings", "/api/competitors/listings?price_dropped=true");
    let listing = format!("/api/competitors/listings/{}", listings["items"][0]["id"].as_str().unwrap());
    caller.get("competitors_listing", &listing);
    caller.get("competitors_price_history", &format!("{listing}/price_history"));
    caller.post("competitors_distrust", &one("/distrust"), &Value::Null);
    caller.post("competitors_believe", &one("/believe"), &Value::Null);
    caller.post("competitors_pause", &one("/pause"), &Value::Null);
    caller.post("competitors_resume", &one("/resume"), &Value::Null);
    let seen = json!({"competitor_id": id, "observed_at": hours_ago(5), "partial": true, "listings": [{"vin": vin(0), "price": "8900.00"}, {}]});
    caller.post("competitors_record", "/api/competitors/record", &seen);
    let page = json!({"url": "https://valley.example/used", "text": crate::website::list_page(0..3, None)});
    let pages = json!({"competitor_id": id, "observed_at": hours_ago(4), "pages": [page]});
    caller.post("competitors_record_pages", "/api/competitors/record_pages", &pages);
    for hours in (0..4).rev() {
        let failure = json!({"error_type": "blocked", "message": "a bot check", "observed_at": hours_ago(hours)});
        caller.post("competitors_record_failure", &one("/record_failure"), &failure);
    }
    let alerts = caller.get("alerts_list", "/api/alerts");
    let alert = format!("/api/alerts/{}/dismiss", alerts["items"][0]["id"].as_str().unwrap());
    caller.post("alerts_dismiss", &alert, &Value::Null);
    let hill = json!({"name": "Hill Motors", "inventory_url": "https://hill.example/used"});
    let added = caller.post("competitors_add", "/api/competitors", &hill);
    let hill = format!("/api/competitors/{}", added["id"].as_str().unwrap());
    caller.send("competitors_update", "PATCH", &hill, "application/json", r#"{"name": "Hill"}"#);
    caller.send("competitors_delete", "DELETE", &hill, "application/json", "");
    // Its website is not one of this machine.
    caller.lot.staff().competitors().pause(id.parse().unwrap()).unwrap();
}

fn of_websites(caller: &mut Caller<'_>) {
    let (website, slow) = (Website::open(), Website::open());
    website.list("/used", 20..23, None);
    slow.list("/used", 30..33, None);
    let url = format!("{}/used", website.address);
    caller.post("competitors_test", "/api/competitors/test", &json!({"url": url}));
    let added =
        caller.post("competitors_add_at", "/api/competitors/by_url", &json!({"inventory_url": url, "name": "Bay"}));
    let place = format!("/api/competitors/{}", added["competitor"]["id"].as_str().unwrap());
    caller.post("competitors_test_known", &format!("{place}/test"), &Value::Null);
    let due = caller.post("competitors_scrape_due", "/api/competitors/scrape_due", &Value::Null);
    caller.wait_for_end(&due);
    slow.reply("/used", Reply::html("<h1>slow</h1>").after(Duration::from_secs(1)));
    let new = json!({"inventory_url": format!("{}/used", slow.address), "name": "Slow"});
    let added = caller.post("competitors_add", "/api/competitors", &new);
    let scrape = format!("/api/competitors/{}/scrape", added["id"].as_str().unwrap());
    let begun = caller.post("competitors_scrape", &scrape, &Value::Null);
    let run = format!("/api/jobs/runs/{}", begun["run"]["id"].as_str().unwrap());
    caller.post("jobs_cancel", &format!("{run}/cancel"), &Value::Null);
    caller.wait_for_end(&begun);
    caller.get("jobs_get", &run);
    caller.get("jobs_events", &format!("{run}/events"));
    let check = caller.post("jobs_run", "/api/jobs/check/run", &json!({}));
    caller.wait_for_end(&check);
    caller.get("jobs_list", "/api/jobs");
    caller.get("jobs_history", "/api/jobs/runs");
}

fn of_the_market(caller: &mut Caller<'_>) {
    let ours = NewVehicle { year: 2018, price: Money::from_dollars(9_900), ..corolla(3) };
    let ours = caller.lot.staff().inventory().add(&ours).unwrap();
    let one = |rest: &str| format!("/api/market/{}{rest}", ours.id);
    caller.post("market_analyze", &one("/analyze"), &Value::Null);
    caller.get("market_get", &one(""));
    caller.get("market_history", &one("/history"));
    caller.get("market_overview", "/api/market");
    caller.get("market_positions", "/api/market/positions");
    caller.get("market_auto_dev_use", "/api/market/auto_dev");
    caller.get("market_supply", "/api/market/supply?make=toyota&model=corolla&year=2018");
    caller.get("competitors_undercuts", "/api/competitors/undercuts");
    let car = json!({"year": 2018, "make": "Toyota", "model": "Corolla", "mileage": 50_000, "price": "9500.00"});
    caller.post("market_price", "/api/market/price", &car);
    caller.post("market_candidates", "/api/market/candidates", &json!({"subjects": [car]}));
    caller.post("market_backtest", "/api/market/backtest", &json!({"make": "Toyota"}));
    let all = caller.post("market_analyze_due", "/api/market/analyze?all=true", &Value::Null);
    caller.wait_for_end(&all);
    let vin = "/api/vin/5FNYF5H59HB011946";
    caller.get("vin_parse", vin);
    caller.get("vin_decode", &format!("{vin}/decode"));
    caller.post("vin_evaluate", &format!("{vin}/evaluate"), &json!({"mileage": 60_000}));
    caller.get("vin_cached", &format!("{vin}/evaluation"));
}

fn of_files(caller: &mut Caller<'_>) {
    caller.send("imports_mapping", "POST", "/api/imports/vehicles/mapping", "text/csv", STOCK);
    caller.send("imports_vehicles", "POST", "/api/imports/vehicles", "text/csv", STOCK);
    caller.post("exports_run", "/api/exports", &json!({"platform": "csv"}));
    caller.get("exports_list", "/api/exports");
    caller.get("exports_file", "/api/exports/file?platform=csv");
    let feed = caller.calls.last().map(|call| call.answer.body.clone()).unwrap_or_default();
    let mut text = String::new();
    feed.as_slice().read_to_string(&mut text).unwrap();
    caller.send("exports_check", "POST", "/api/exports/check?platform=csv", "text/csv", &text);
}
