//! auto.dev beside the competitors' listings: one sample from both, and what happens when it does not answer.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use jpauto::{
    Actor, AlertFilter, Clock, Config, Dealership, Desk, ErrorKind, Money, NewVehicle, PageRequest, Role,
    VehicleUpdate,
    competitors::{NewCompetitor, ScrapeReading},
    extract::ScrapedListing,
    market::{AnalyzeLimits, AutoDevConfig, DataSource, Reason, Recommendation, Source, Subject},
};
use serde_json::{Value, json};

use crate::support::{Lot, corolla, vin};

/// A server in place of auto.dev: answers every search alike and records what was asked.
struct AutoDev {
    address: String,
    answer: Arc<Mutex<(u16, Value)>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl AutoDev {
    fn answering(status: u16, body: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { address, answer: Arc::new(Mutex::new((status, body))), asked: Arc::default() };
        let (answer, asked) = (Arc::clone(&server.answer), Arc::clone(&server.asked));
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let line = lines.next().unwrap_or_default();
                lines.find(String::is_empty);
                asked.lock().unwrap().push(line.split(' ').nth(1).unwrap_or_default().to_owned());
                let (status, body) = answer.lock().unwrap().clone();
                let body = body.to_string();
                let head =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                drop(stream.write_all((head + &body).as_bytes()));
            }
        });
        server
    }

    /// The listings of one page that is the last.
    fn listing(items: Vec<Value>) -> Self {
        Self::answering(200, json!({"data": items, "links": {}}))
    }

    fn now_answers(&self, status: u16, body: Value) {
        *self.answer.lock().unwrap() = (status, body);
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Another handle on the lot's database that asks this server.
    fn dealership(&self, lot: &Lot, change: impl FnOnce(&mut AutoDevConfig)) -> Dealership {
        let mut auto_dev = AutoDevConfig::new("the key");
        auto_dev.base_url = Some(self.address.clone());
        (auto_dev.allow_private_networks, auto_dev.kept_for) = (true, Duration::ZERO);
        (auto_dev.pause_before_retry, auto_dev.calls_a_second) = (Duration::ZERO, 1_000);
        change(&mut auto_dev);
        let mut config = Config::new(&lot.url).clock(Clock::fixed(lot.now()));
        config.auto_dev = Some(auto_dev);
        Dealership::with_config(config).unwrap()
    }

    fn desk(&self, lot: &Lot) -> Desk {
        self.dealership(lot, |_| {}).acting_as(Actor::system())
    }
}

/// A listing as like the vehicle of `corolla` as can be.
fn item(vin: &str, price: i32) -> Value {
    json!({
        "vin": vin, "createdAt": "2026-02-20 08:00:00",
        "vehicle": {"year": 2018, "make": "Toyota", "model": "Corolla"},
        "retailListing": {"price": price, "miles": 60_000, "dealer": "Far Motors"},
    })
}

fn items(numbers: std::ops::Range<u32>) -> Vec<Value> {
    numbers.map(|number| item(&vin(800_000 + number), 13_000 + 100 * i32::try_from(number).unwrap())).collect()
}

/// Lists Corollas at a competitor: number and price.
fn watch(lot: &Lot, listings: &[(u32, i32)]) {
    let rival = NewCompetitor {
        name: "Rival Motors".into(),
        inventory_url: "https://rival.example/cars".into(),
        ..NewCompetitor::default()
    };
    let rival = lot.desk().competitors().add(&rival).unwrap();
    let listing = |&(number, price): &(u32, i32)| ScrapedListing {
        vin: Some(vin(900_000 + number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(price)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    };
    let listings = listings.iter().map(listing).collect();
    lot.desk().competitors().record(rival.id, listings, ScrapeReading::whole_lot(), lot.now()).unwrap();
}

const FIVE: [(u32, i32); 5] = [(1, 12_000), (2, 13_000), (3, 13_500), (4, 14_000), (5, 15_000)];

fn open_alerts(lot: &Lot) -> Vec<String> {
    let alerts = lot.desk().alerts().list(&AlertFilter::default(), &PageRequest::default()).unwrap().items;
    alerts.into_iter().map(|alert| alert.alert_type).collect()
}

on_both_databases! {
    fn both_sources_are_one_sample(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        watch(lot, &[(1, 12_800), (2, 13_000), (3, 13_500)]);
        let mut listed = items(1..4);
        // The car of 13,500 is cheaper there. Our own car and one without a price are there too.
        listed.push(item(&vin(900_003).to_lowercase(), 13_200));
        listed.push(item(&vehicle.vin, 14_000));
        listed.push(item(&vin(700_000), 0));
        listed.push(json!({"vehicle": {"year": 2018, "make": "Toyota", "model": "Corolla"}, "retailListing": null}));
        let auto_dev = AutoDev::listing(listed);
        let analysis = auto_dev.desk(lot).market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.data_source), (6, DataSource::Both));
        let left = analysis.left_out;
        assert_eq!((left.duplicate, left.own, left.price), (1, 1, 2));
        // 12,800 13,000 13,100 13,200 13,200 13,300
        assert_eq!(analysis.median_price, Some(Money::from_dollars(13_150)));
        assert_eq!((analysis.supply.active, analysis.missing_source.is_none()), (3, true), "supply is what we watch");
        let [search] = analysis.search_parameters.auto_dev.as_slice() else { panic!("{analysis:?}") };
        assert_eq!((search.listings, search.pages, search.is_whole), (7, 1, true));
        let sent: Vec<_> = search.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(sent.join("&"), "vehicle.make=Toyota&vehicle.model=Corolla&vehicle.year=2018\
            &retailListing.miles=40000-80000&retailListing.price=1000-500000&retailListing.used=true&limit=20");
        assert_eq!(auto_dev.calls(), 1, "the nearest search was enough");
        let kept = lot.desk().market().get(vehicle.id).unwrap();
        assert_eq!((kept.data_source, kept.analysis), (Some(DataSource::Both), Some(analysis)));
    }

    fn the_widest_search_is_made_only_where_the_nearest_leaves_too_few(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        let auto_dev = AutoDev::listing(items(1..4));
        let desk = auto_dev.desk(lot);
        let analysis = desk.market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.left_out.duplicate, auto_dev.calls()), (3, 0, 2));
        let asked = auto_dev.asked.lock().unwrap()[1].clone();
        assert!(asked.contains("vehicle.year=2017-2019&retailListing.miles=10000-110000"), "{asked}");
        watch(lot, &[(1, 12_900), (2, 13_000)]);
        desk.market().analyze(vehicle.id).unwrap();
        assert_eq!(auto_dev.calls(), 3);
    }

    fn without_auto_dev_our_own_tracking_is_all_and_says_so(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        watch(lot, &FIVE);
        let update = VehicleUpdate { price: Some(Money::from_dollars(16_000)), ..VehicleUpdate::default() };
        lot.desk().inventory().update(vehicle.id, &update).unwrap();
        let auto_dev = AutoDev::answering(503, json!({"status": 503, "error": "no", "code": "SOURCE_ERROR"}));
        let analysis = auto_dev.desk(lot).market().analyze(vehicle.id).unwrap();
        assert_eq!((analysis.sample_size, analysis.data_source), (5, DataSource::Competitor));
        let missing = analysis.missing_source.clone().unwrap();
        assert_eq!((missing.source, missing.code.as_str()), (Source::AutoDev, "auto_dev_source_error"));
        let said = Reason::SourceMissing { source: Source::AutoDev, reason: missing.code };
        assert_eq!(analysis.reasons[1], said);
        assert_eq!(analysis.search_parameters.auto_dev, []);
        // Where our own listings are enough, they are judged alone.
        assert_eq!((analysis.recommendation, open_alerts(lot)), (Some(Recommendation::High), vec!["overpriced".into()]));
        assert_eq!(lot.desk().market().get(vehicle.id).unwrap().analysis, Some(analysis));
    }

    fn half_the_evidence_opens_no_alert_and_closes_none(lot: &Lot) {
        let (judged, new) = (corolla(1), corolla(2));
        let [judged, new] = [judged, new].map(|vehicle| lot.desk().inventory().add(&vehicle).unwrap().id);
        let update = VehicleUpdate { price: Some(Money::from_dollars(20_000)), ..VehicleUpdate::default() };
        lot.desk().inventory().update(judged, &update).unwrap();
        let auto_dev = AutoDev::listing(items(1..9));
        let desk = auto_dev.desk(lot);
        desk.market().analyze(judged).unwrap();
        assert_eq!(open_alerts(lot), ["overpriced"]);
        auto_dev.now_answers(401, json!({"error": {"message": "bad key"}}));
        for vehicle in [judged, new] {
            let analysis = desk.market().analyze(vehicle).unwrap();
            assert_eq!((analysis.recommendation, analysis.alert), (Some(Recommendation::InsufficientData), None));
            assert_eq!(analysis.missing_source.unwrap().code, "auto_dev_key_refused");
        }
        assert_eq!(open_alerts(lot), ["overpriced"], "nothing is known against it");
        auto_dev.now_answers(200, json!({"data": []}));
        desk.market().analyze(new).unwrap();
        assert_eq!(open_alerts(lot), ["no_market_data", "overpriced"], "now the market was really asked");
    }

    fn a_run_that_is_refused_does_not_ask_for_each_vehicle(lot: &Lot) {
        for number in 1..=6 {
            lot.desk().inventory().add(&corolla(number)).unwrap();
        }
        let go_on = &mut |_| ControlFlow::Continue(());
        // The next search may succeed, so a run gives up only after two failures in a row.
        for (status, calls) in [(401, 1), (402, 1), (403, 1), (400, 2), (500, 4)] {
            let auto_dev = AutoDev::answering(status, json!({"error": "no"}));
            let report = auto_dev.desk(lot).market().analyze_all(go_on).unwrap();
            assert_eq!((report.analyzed, report.failed.len(), auto_dev.calls()), (6, 0, calls), "{status}");
            let missing = report.missing_source.unwrap();
            assert_eq!((missing.source, report.without_source), (Source::AutoDev, 6), "{status}");
            assert!(missing.code.starts_with("auto_dev_"), "{missing:?}");
        }
    }

    fn a_run_keeps_to_its_own_number_of_calls(lot: &Lot) {
        for number in 1..=5 {
            lot.desk().inventory().add(&corolla(number)).unwrap();
        }
        let auto_dev = AutoDev::listing(items(1..9));
        let mut limits = AnalyzeLimits::default();
        limits.max_auto_dev_calls = Some(3);
        let desk = auto_dev.desk(lot);
        let report = desk.market().analyze_due(limits, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((report.analyzed, report.insufficient, auto_dev.calls()), (5, 2, 3));
        assert_eq!((report.without_source, report.missing_source.unwrap().code.as_str()), (2, "auto_dev_run_budget_spent"));
        assert_eq!(open_alerts(lot), Vec::<String>::new());
    }

    fn the_budget_of_the_month_is_kept_by_all_processes_together(lot: &Lot) {
        const BUDGET: u32 = 7;
        let auto_dev = AutoDev::listing(items(1..9));
        let car = Subject::from(&lot.desk().inventory().add(&corolla(1)).unwrap());
        let budget = |config: &mut AutoDevConfig| config.calls_a_month = BUDGET;
        let processes = [0; 4].map(|_| auto_dev.dealership(lot, budget).acting_as(Actor::system()));
        let answered: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = processes
                .iter()
                .map(|desk| {
                    let car = &car;
                    scope.spawn(move || {
                        (0..4).filter(|_| desk.market().price(car).unwrap().missing_source.is_none()).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!((answered, auto_dev.calls()), (7, 7), "16 were asked for");
        let market = processes[0].market();
        let missing = market.price(&car).unwrap().missing_source.unwrap();
        assert_eq!(missing.code, "auto_dev_budget_spent");
        assert!(missing.message.contains("they renew on 2026-04-01"), "{}", missing.message);
        let used = market.auto_dev_use().unwrap().unwrap();
        assert_eq!((used.calls, used.calls_a_month), (BUDGET, BUDGET));
        assert_eq!(used.renews_at.to_rfc3339(), "2026-04-01T00:00:00+00:00");

        lot.pass(TimeDelta::days(31));
        let april = auto_dev.dealership(lot, budget).acting_as(Actor::system());
        assert_eq!(april.market().price(&car).unwrap().missing_source, None);
        assert_eq!(april.market().auto_dev_use().unwrap().unwrap().calls, 1);
        assert_eq!(lot.desk().market().auto_dev_use().unwrap(), None);
    }

    fn any_car_is_priced_and_nothing_kept(lot: &Lot) {
        let auto_dev = AutoDev::listing(items(1..9));
        watch(lot, &[(1, 13_050), (2, 13_250), (3, 13_450), (4, 13_650), (5, 13_850)]);
        let car = Subject { mileage: Some(60_000), ..Subject::from(&lot.desk().inventory().add(&corolla(1)).unwrap()) };
        let car = Subject { price: None, cost: None, ..car };
        let analysis = auto_dev.desk(lot).market().price(&car).unwrap();
        assert_eq!((analysis.sample_size, analysis.recommendation, analysis.alert), (13, None, None));
        assert!(analysis.recommended_range.is_some());
        assert_eq!(lot.desk().market().overview().unwrap().not_analyzed, 1);
        let (_, viewer) = lot.staff(Role::Viewer);
        assert_eq!(viewer.market().price(&car).unwrap_err().kind(), ErrorKind::Forbidden);
        let unlike = NewVehicle { model: "Camry".into(), ..corolla(2) };
        let unlike = Subject::from(&lot.desk().inventory().add(&unlike).unwrap());
        assert_eq!(auto_dev.desk(lot).market().price(&unlike).unwrap().sample_size, 0, "the rule has the last word");
    }
}
