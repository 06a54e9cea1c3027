//! The rules replayed over 120 real days of 11 dealers, against the prototype of the rule.
//!
//! A dealer is a competitor and a day a scrape, from that dealer's first day on; a day without rows is an empty scrape. Sold is
//! false where the same dealer shows the same VIN again later. The delay is the time from the last sighting to the scrape that
//! decided.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::Command,
};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::{Lot, TrackingRules, Turn, whole_lot};
use crate::{
    extract::{ScrapedListing, StockStatus},
    money::Money,
};

#[derive(Deserialize)]
struct Row {
    dealer_name: String,
    vin: Option<String>,
    stock_number: Option<String>,
    year: Option<serde_json::Value>,
    trim: Option<String>,
    exterior_color: Option<String>,
    detail_url: Option<String>,
    msrp: Option<f64>,
    total_price: Option<f64>,
    status: Option<String>,
}

impl Row {
    fn into_listing(self) -> ScrapedListing {
        ScrapedListing {
            vin: self.vin,
            stock_number: self.stock_number,
            year: self.year.and_then(|year| year.to_string().trim_matches('"').parse().ok()),
            trim: self.trim,
            exterior_color: self.exterior_color,
            url: self.detail_url,
            price: self.total_price.or(self.msrp).and_then(Money::from_dollars_rounded),
            stock_status: self.status.as_deref().and_then(StockStatus::read),
            ..ScrapedListing::default()
        }
    }
}

type Days = BTreeMap<DateTime<Utc>, HashMap<String, Vec<ScrapedListing>>>;

fn shared(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path)
}

/// Straight to the terminal: what a passing test prints is kept back.
fn skipped(what: &str) {
    drop(writeln!(std::io::stderr(), "skipped: {what} is not there"));
}

fn real_days() -> Option<Days> {
    let files = std::fs::read_dir(shared("pages/timeseries")).ok()?;
    let mut days = Days::new();
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(date) = name.strip_prefix("inventory_").and_then(|rest| rest.strip_suffix(".json.gz")) else {
            continue;
        };
        let date = NaiveDate::parse_from_str(date, "%Y_%m_%d").unwrap();
        let mut json = String::new();
        flate2::read::GzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut json).unwrap();
        let rows: Vec<Row> = serde_json::from_str(&json).unwrap();
        let day = days.entry(date.and_hms_opt(2, 0, 0).unwrap().and_utc()).or_default();
        // The prototype knows vehicles by their VINs alone.
        for row in rows.into_iter().filter(|row| row.vin.as_ref().is_some_and(|vin| !vin.is_empty())) {
            day.entry(row.dealer_name.clone()).or_default().push(row.into_listing());
        }
    }
    Some(days)
}

/// A sale that was found out.
struct Sale {
    /// Dealer, VIN, the day that decided and the day of the last sighting, as the prototype prints them.
    line: String,
    delay_days: i64,
    is_false: bool,
    p_return: f64,
}

fn replay(days: &Days, rules: &TrackingRules) -> Vec<Sale> {
    let dealers: BTreeSet<&String> = days.values().flat_map(HashMap::keys).collect();
    dealers.into_iter().flat_map(|dealer| replay_dealer(days, dealer, rules)).collect()
}

fn replay_dealer(days: &Days, dealer: &str, rules: &TrackingRules) -> Vec<Sale> {
    let mut lot = Lot::new(rules.clone());
    let mut sales: Vec<Sale> = Vec::new();
    // A row that returned after it was sold makes its latest sale false.
    let mut latest: HashMap<usize, usize> = HashMap::new();
    for (&day, dealers) in days.iter().skip_while(|(_, dealers)| !dealers.contains_key(dealer)) {
        let listings = dealers.get(dealer).cloned().unwrap_or_default();
        let before = lot.stored.clone();
        let plan = lot.record(day, listings, whole_lot());
        for changed in plan.changed.iter().filter(|changed| changed.turn == Turn::Relisted) {
            sales[latest[&changed.stored]].is_false = true;
        }
        for sold in &plan.sold_by_absence {
            latest.insert(sold.stored, sales.len());
            let listing = &before[sold.stored];
            let vin = listing.keys.vin.as_deref().unwrap_or_default();
            let (decided, last) = (day.date_naive(), listing.last_seen_at.date_naive());
            sales.push(Sale {
                line: format!("{dealer}\t{vin}\t{decided}\t{last}"),
                delay_days: (day - listing.last_seen_at).num_days(),
                is_false: false,
                p_return: sold.p_return.unwrap(),
            });
        }
    }
    sales
}

fn figures(name: &str, sales: &[Sale]) -> (usize, f64, f64) {
    let share = |sum: i64| sum as f64 / sales.len() as f64;
    let false_percent = 100.0 * share(sales.iter().map(|sale| i64::from(sale.is_false)).sum());
    let delay = share(sales.iter().map(|sale| sale.delay_days).sum());
    println!("{name:12} sold {}  false {false_percent:.2} %  mean delay {delay:.2} days", sales.len());
    (sales.len(), false_percent, delay)
}

/// The decisions of the prototype, where it and Python are there.
fn prototype() -> Option<Vec<String>> {
    let script = shared("reference/sold-rule/prototype.py");
    let output = Command::new("python3").arg(&script).arg(shared("pages/timeseries")).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success() && script.exists())?;
    let line =
        |line: &str| Some(line.split('\t').take(4).collect::<Vec<_>>().join("\t")).filter(|_| line.contains('\t'));
    Some(text.lines().filter_map(line).collect())
}

#[test]
fn the_decisions_on_real_days_are_those_of_the_prototype() {
    let Some(days) = real_days() else { return skipped("../shared/pages/timeseries") };
    let without_status = |listing: &ScrapedListing| ScrapedListing { stock_status: None, ..listing.clone() };
    let unsaid = |dealers: &HashMap<String, Vec<ScrapedListing>>| {
        dealers.iter().map(|(dealer, lot)| (dealer.clone(), lot.iter().map(without_status).collect())).collect()
    };
    let without: Days = days.iter().map(|(day, dealers)| (*day, unsaid(dealers))).collect();
    let sales = replay(&without, &TrackingRules::default());
    let (sold, false_percent, delay) = figures("no status", &sales);
    match prototype() {
        None => skipped("the prototype, or python3"),
        Some(mut expected) => {
            let mut ours: Vec<_> = sales.iter().map(|sale| sale.line.clone()).collect();
            ours.sort_unstable();
            expected.sort_unstable();
            let of = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
            let (ours_alone, theirs_alone): (Vec<_>, Vec<_>) = (
                of(&ours).difference(&of(&expected)).cloned().collect(),
                of(&expected).difference(&of(&ours)).cloned().collect(),
            );
            assert_eq!((ours_alone, theirs_alone), (Vec::new(), Vec::new()));
            assert_eq!(ours, expected);
        }
    }
    assert_eq!((sold, format!("{false_percent:.2}"), format!("{delay:.2}")), (1_977, "2.43".into(), "7.59".into()));
    for (from, below) in [(0.0, 0.01), (0.01, 0.02), (0.02, 0.03), (0.03, 0.05), (0.05, 1.0)] {
        let some: Vec<_> = sales.iter().filter(|sale| (from..below).contains(&sale.p_return)).collect();
        let said = 100.0 * some.iter().map(|sale| sale.p_return).sum::<f64>() / some.len() as f64;
        let was = 100.0 * some.iter().filter(|sale| sale.is_false).count() as f64 / some.len() as f64;
        println!("likely to come back {said:.1} %: came back {was:.1} % of {}", some.len());
        assert!((said - was).abs() < 4.0);
    }
}

#[test]
fn where_the_website_says_in_stock_a_sale_is_found_sooner() {
    let Some(days) = real_days() else { return skipped("../shared/pages/timeseries") };
    let (sold, false_percent, delay) = figures("with status", &replay(&days, &TrackingRules::default()));
    assert!(false_percent <= 2.5 && delay <= 6.8);
    assert_eq!((sold, format!("{false_percent:.2}"), format!("{delay:.2}")), (1_992, "2.46".into(), "6.76".into()));
}
