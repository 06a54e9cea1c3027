//! Evaluations of VINs: what is stored and for how long, who shares a call, and the warnings when something fails.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use chrono::{SecondsFormat, TimeDelta, Utc};
use jpauto::{
    Action, ActivityFilter, Actor, Clock, Config, Dealership, Desk, ErrorKind, Money, PageRequest, Role, Vin,
    competitors::{NewCompetitor, ScrapeReading},
    evaluation::{EvaluationRequest, EvaluationRules, IdentitySource, PurchaseRules, VpicConfig, Warning},
    extract::ScrapedListing,
};
use serde_json::{Value, json};

use crate::support::{Lot, vin};

/// A server in place of vPIC: every VIN is the same Corolla, after a pause.
struct Vpic {
    address: String,
    status: Arc<AtomicU64>,
    pause: Arc<AtomicU64>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Vpic {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server =
            Self { address, status: Arc::new(AtomicU64::new(200)), pause: Arc::default(), asked: Arc::default() };
        let (status, pause, asked) = (Arc::clone(&server.status), Arc::clone(&server.pause), Arc::clone(&server.asked));
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut line, mut length) = (String::new(), 0);
                reader.read_line(&mut line).unwrap();
                loop {
                    let mut header = String::new();
                    reader.read_line(&mut header).unwrap();
                    if let Some(value) = header.to_lowercase().strip_prefix("content-length: ") {
                        length = value.trim().parse().unwrap();
                    }
                    if header.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let body = String::from_utf8(body).unwrap();
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                asked.lock().unwrap().push(format!("{path} {body}"));
                thread::sleep(Duration::from_millis(pause.load(Ordering::SeqCst)));
                let vins: Vec<String> = match body.split_once("DATA=") {
                    Some((_, data)) => data.split("%3B").map(str::to_owned).collect(),
                    None => path.split(['/', '?']).filter(|part| part.len() == 17).map(str::to_owned).collect(),
                };
                let results: Vec<Value> = vins
                    .iter()
                    .map(|vin| {
                        json!({"VIN": vin, "Make": "TOYOTA", "Model": "Corolla", "ModelYear": "2018", "ErrorCode": "0"})
                    })
                    .collect();
                let body = json!({"Count": 1, "Results": results}).to_string();
                let status = status.load(Ordering::SeqCst);
                let head =
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                drop(stream.write_all((head + &body).as_bytes()));
            }
        });
        server
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn fail(&self) {
        self.status.store(500, Ordering::SeqCst);
    }

    fn recover(&self) {
        self.status.store(200, Ordering::SeqCst);
    }

    fn config(&self) -> VpicConfig {
        let mut config = VpicConfig::default();
        config.base_url = self.address.clone();
        config.allow_private_networks = true;
        config.pause_before_retry = Duration::ZERO;
        config.calls_a_second = 1_000;
        config
    }

    /// Another handle on the lot's database that asks this server, at the lot's time now.
    fn dealership(&self, lot: &Lot) -> Dealership {
        let mut config = Config::new(&lot.url).clock(Clock::fixed(lot.now()));
        config.vpic = Some(self.config());
        let mut rules = EvaluationRules::default();
        rules.purchase = Some(PurchaseRules { margin_basis_points: 1_000, costs: Money::from_dollars(500) });
        config.evaluation = rules;
        Dealership::with_config(config).unwrap()
    }

    fn desk(&self, lot: &Lot) -> Desk {
        self.dealership(lot).acting_as(Actor::system())
    }
}

fn subject() -> Vin {
    Vin::parse(&vin(1)).unwrap()
}

fn request() -> EvaluationRequest {
    EvaluationRequest::new(subject(), Some(60_000))
}

/// Lists Corollas at a competitor, all asking about 14,000.
fn watch(lot: &Lot, numbers: std::ops::Range<i32>) {
    let rival = NewCompetitor {
        name: format!("Rival Motors {}", numbers.start),
        inventory_url: format!("https://rival.example/cars/{}", numbers.start),
        ..NewCompetitor::default()
    };
    let rival = lot.desk().competitors().add(&rival).unwrap();
    let listing = |number: i32| ScrapedListing {
        vin: Some(vin(900_000 + number.unsigned_abs())),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(13_000 + 200 * number)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    };
    let listings = numbers.map(listing).collect();
    lot.desk().competitors().record(rival.id, listings, ScrapeReading::whole_lot(), lot.now()).unwrap();
}

/// Runs statements past the library.
fn sql(lot: &Lot, statements: &str) {
    use diesel::{Connection as _, connection::SimpleConnection as _};
    #[cfg(feature = "sqlite")]
    if let Some(path) = lot.url.strip_prefix("sqlite:") {
        return diesel::SqliteConnection::establish(path).unwrap().batch_execute(statements).unwrap();
    }
    #[cfg(feature = "postgres")]
    diesel::PgConnection::establish(&lot.url).unwrap().batch_execute(statements).unwrap();
}

fn codes(warnings: &[Warning]) -> Vec<String> {
    let code = |warning| serde_json::to_value(warning).unwrap()["code"].as_str().unwrap().to_owned();
    warnings.iter().map(code).collect()
}

fn entries(lot: &Lot) -> usize {
    let filter = ActivityFilter::default().action(Action::Evaluate);
    lot.desk().activity().list(&filter, &PageRequest::first(100)).unwrap().items.len()
}

on_both_databases! {
    fn a_vin_is_decoded_compared_priced_and_kept(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        let desk = vpic.desk(lot);
        assert_eq!(desk.evaluation().cached(&subject()).unwrap(), None);

        let made = desk.evaluation().evaluate(&request()).unwrap();
        let vehicle = made.vehicle.as_ref().unwrap();
        assert_eq!((vehicle.year, &*vehicle.make, &*vehicle.model, vehicle.source), (2018, "Toyota", "Corolla", IdentitySource::Vpic));
        let analysis = made.analysis.as_ref().unwrap();
        assert_eq!((analysis.sample_size, analysis.adjusted.unwrap().median), (11, Money::from_dollars(14_000)));
        assert_eq!((analysis.our_price, analysis.position, analysis.recommendation), (None, None, None));
        // 14,000 less a tenth, less 500.
        assert_eq!(made.most_to_pay, Some(Money::from_dollars(12_100)));
        assert_eq!((made.from_cache, made.expires_at), (false, Some(lot.now() + TimeDelta::days(30))));
        assert_eq!((made.warnings.as_slice(), entries(lot)), (&[][..], 1));

        // A stored answer needs no network: nothing listens at this address.
        vpic.fail();
        let calls = vpic.calls();
        let again = desk.evaluation().evaluate(&EvaluationRequest::new(subject(), Some(64_999))).unwrap();
        assert!(again.from_cache && again.mileage == Some(60_000) && again.evaluated_at == made.evaluated_at);
        assert_eq!((again.analysis, again.vpic, again.facts), (made.analysis, made.vpic, made.facts));
        assert_eq!((vpic.calls(), entries(lot)), (calls, 1));
        assert!(desk.evaluation().cached(&subject()).unwrap().is_some());
    }

    fn another_mileage_a_refresh_and_the_end_of_its_time_ask_anew(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        let desk = vpic.desk(lot);
        let first = desk.evaluation().evaluate(&request()).unwrap();
        let other = desk.evaluation().evaluate(&EvaluationRequest::new(subject(), Some(65_001))).unwrap();
        assert!(!other.from_cache && other.mileage == Some(65_001));
        // It took the place of the first.
        assert!(!desk.evaluation().evaluate(&request()).unwrap().from_cache);
        assert!(desk.evaluation().evaluate(&request()).unwrap().from_cache);
        // The decoding was still stored; a refresh asks for it again too.
        assert_eq!(vpic.calls(), 1);
        assert!(!desk.evaluation().evaluate(&request().refresh()).unwrap().from_cache);
        assert_eq!((vpic.calls(), entries(lot)), (2, 4));

        lot.pass(TimeDelta::days(30));
        let desk = vpic.desk(lot);
        assert_eq!(desk.evaluation().cached(&subject()).unwrap(), None, "what is over is never told");
        let late = desk.evaluation().evaluate(&request()).unwrap();
        assert!(!late.from_cache && late.evaluated_at == lot.now() && late.evaluated_at > first.evaluated_at);
    }

    fn concurrent_requests_share_one_call(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        vpic.pause.store(300, Ordering::SeqCst);
        // Four threads in each of two processes.
        let processes = [vpic.dealership(lot), vpic.dealership(lot)];
        let barrier = Barrier::new(8);
        let answers: Vec<_> = thread::scope(|scope| {
            let ask = |process: &Dealership| {
                let desk = process.acting_as(Actor::system());
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    desk.evaluation().evaluate(&request()).unwrap()
                })
            };
            let asking: Vec<_> = processes.iter().cycle().take(8).map(ask).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!((vpic.calls(), entries(lot)), (1, 1));
        assert!(answers.iter().all(|answer| answer.analysis == answers[0].analysis && answer.vehicle == answers[0].vehicle));
    }

    fn a_decoder_that_fails_leaves_what_the_listings_know(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        vpic.fail();
        let desk = vpic.desk(lot);
        let made = desk.evaluation().evaluate(&request()).unwrap();
        assert_eq!(made.vehicle.as_ref().map(|vehicle| vehicle.source), Some(IdentitySource::SameKind));
        assert_eq!(codes(&made.warnings), ["vpic_missing", "known_from_listings"], "{:?}", made.warnings);
        assert_eq!(made.analysis.as_ref().map(|analysis| analysis.sample_size), Some(11));
        // The answer is given, but not stored: the next request makes it again.
        assert_eq!((made.expires_at, desk.evaluation().cached(&subject()).unwrap(), entries(lot)), (None, None, 0));
        vpic.recover();
        let whole = desk.evaluation().evaluate(&request()).unwrap();
        assert!(whole.expires_at.is_some() && whole.warnings.is_empty());
    }

    fn a_refresh_that_the_decoder_does_not_answer_uses_what_it_said_before(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        let first = vpic.desk(lot).evaluation().evaluate(&request()).unwrap();
        vpic.fail();
        lot.pass(TimeDelta::days(2));
        let calls = vpic.calls();
        let asked = vpic.desk(lot).evaluation().evaluate(&request().refresh()).unwrap();
        assert_eq!(vpic.calls(), calls + 2, "it was asked, and once more");
        assert_eq!((asked.vpic.as_ref(), asked.vehicle.as_ref()), (first.vpic.as_ref(), first.vehicle.as_ref()));
        let answered_at = first.vpic.as_ref().unwrap().answered_at;
        let says_so = |warning: &Warning, why: &str| {
            matches!(warning, Warning::VpicKept { reason, answered_at: at, .. } if reason == why && *at == answered_at)
        };
        assert!(matches!(&asked.warnings[..], [one] if says_so(one, "vpic_unavailable")), "{:?}", asked.warnings);
        assert!(asked.expires_at.is_some(), "nothing is missing");

        // The same without a decoder to ask.
        let alone = lot.desk().evaluation().evaluate(&request().refresh()).unwrap();
        assert_eq!((&alone.vpic, &alone.vehicle), (&first.vpic, &first.vehicle));
        assert!(matches!(&alone.warnings[..], [one] if says_so(one, "not_configured")), "{:?}", alone.warnings);

        // An expired answer is never used, even where vPIC fails.
        lot.pass(TimeDelta::days(28));
        let late = vpic.desk(lot).evaluation().evaluate(&request().refresh()).unwrap();
        assert_eq!(late.vpic, None);
        assert_eq!(codes(&late.warnings), ["vpic_missing", "known_from_listings"]);
        vpic.recover();
        let whole = vpic.desk(lot).evaluation().evaluate(&request().refresh()).unwrap();
        assert!(whole.warnings.is_empty() && whole.vpic.unwrap().answered_at == lot.now());
    }

    fn what_was_made_without_the_decoder_does_not_serve_who_asks_it(lot: &Lot) {
        watch(lot, 0..11);
        // vPIC is not configured, so an answer from listings alone is complete and stored.
        let alone = lot.desk().evaluation().evaluate(&request()).unwrap();
        assert_eq!(codes(&alone.warnings), ["vpic_missing", "known_from_listings"]);
        assert!(lot.desk().evaluation().evaluate(&request()).unwrap().from_cache);
        let vpic = Vpic::start();
        let asked = vpic.desk(lot).evaluation().evaluate(&request()).unwrap();
        assert_eq!((asked.from_cache, vpic.calls(), asked.warnings.len()), (false, 1, 0));
        // An answer made with vPIC serves a request without it.
        assert!(lot.desk().evaluation().evaluate(&request()).unwrap().from_cache);
    }

    fn a_process_that_died_is_waited_for_no_longer_than_its_lease(lot: &Lot) {
        watch(lot, 0..11);
        let lease = |until: &str| {
            sql(lot, &format!(
                "DELETE FROM job_leases;
                 INSERT INTO job_leases (job_name, holder, acquired_at, expires_at) VALUES
                 ('vin_evaluation {}', 'nobody', '2026-03-01T11:00:00.000000Z', '{until}')",
                subject(),
            ));
        };
        let mut config = Config::new(&lot.url).clock(Clock::fixed(lot.now()));
        config.evaluation.wait_seconds = 1;
        let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
        let took = |desk: &Desk| {
            let began = std::time::Instant::now();
            assert!(!desk.evaluation().evaluate(&request().refresh()).unwrap().from_cache);
            began.elapsed()
        };
        lease("2026-03-01T13:00:00.000000Z");
        assert!(took(&desk) >= Duration::from_secs(1), "it is held");
        lease("2026-03-01T12:00:00.000000Z");
        assert!(took(&desk) < Duration::from_secs(1), "it is over");
    }

    fn one_that_takes_long_keeps_its_lease_and_one_that_died_does_not(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        vpic.pause.store(2_500, Ordering::SeqCst);
        let desk = || {
            let mut config = Config::new(&lot.url);
            config.vpic = Some(vpic.config());
            config.evaluation.lease_seconds = 1;
            Dealership::with_config(config).unwrap().acting_as(Actor::system())
        };
        let evaluations = thread::scope(|scope| {
            let desks = [desk(), desk()];
            let both = desks.map(|desk| scope.spawn(move || desk.evaluation().evaluate(&request()).unwrap()));
            both.map(|one| one.join().unwrap())
        });
        assert_eq!(vpic.calls(), 1, "the second waited beyond the length of a lease");
        assert_eq!(evaluations.iter().filter(|one| one.from_cache).count(), 1);
        let until = (Utc::now() + TimeDelta::seconds(1)).to_rfc3339_opts(SecondsFormat::Micros, true);
        sql(lot, &format!(
            "DELETE FROM job_leases; INSERT INTO job_leases (job_name, holder, acquired_at, expires_at)
             VALUES ('vin_evaluation {}', 'nobody', '2026-03-01T11:00:00.000000Z', '{until}')",
            subject(),
        ));
        vpic.pause.store(0, Ordering::SeqCst);
        let began = std::time::Instant::now();
        desk().evaluation().evaluate(&request().refresh()).unwrap();
        assert!(began.elapsed() < Duration::from_secs(30), "the dead one is waited for until its lease ends");
        assert_eq!(vpic.calls(), 2);
    }

    fn that_there_is_no_price_is_kept_for_a_day_alone(lot: &Lot) {
        watch(lot, 0..2);
        let vpic = Vpic::start();
        let desk = vpic.desk(lot);
        let made = desk.evaluation().evaluate(&request()).unwrap();
        assert_eq!(made.analysis.as_ref().map(|analysis| analysis.recommended_range), Some(None));
        assert_eq!(made.expires_at, Some(lot.now() + TimeDelta::days(1)));
        assert!(desk.evaluation().evaluate(&request()).unwrap().from_cache);
        watch(lot, 2..11);
        lot.pass(TimeDelta::days(1));
        let priced = vpic.desk(lot).evaluation().evaluate(&request()).unwrap();
        assert!(!priced.from_cache && priced.analysis.unwrap().recommended_range.is_some());
        assert_eq!(priced.expires_at, Some(lot.now() + TimeDelta::days(30)));
    }

    fn a_vin_that_nothing_knows_is_still_answered(lot: &Lot) {
        let vpic = Vpic::start();
        vpic.fail();
        let made = vpic.desk(lot).evaluation().evaluate(&request()).unwrap();
        assert_eq!((made.facts.model_year, made.analysis, made.vehicle), (Some(2018), None, None));
        assert_eq!(codes(&made.warnings), ["vpic_missing", "model_unknown"]);
    }

    fn a_row_of_another_shape_counts_as_missing(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        let desk = vpic.desk(lot);
        desk.evaluation().evaluate(&request()).unwrap();
        sql(lot, "UPDATE vin_evaluation_cache SET evaluation_data = '{\"value\": 7}'");
        assert_eq!(desk.evaluation().cached(&subject()).unwrap(), None);
        assert!(!desk.evaluation().evaluate(&request()).unwrap().from_cache);
    }

    fn a_cache_that_fails_never_fails_the_evaluation(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        let desk = vpic.desk(lot);
        for table in ["vin_evaluation_cache", "vin_decodes", "job_leases"] {
            sql(lot, &format!("DROP TABLE {table}"));
        }
        let made = desk.evaluation().evaluate(&request()).unwrap();
        assert_eq!(made.analysis.as_ref().map(|analysis| analysis.sample_size), Some(11));
        assert!(made.expires_at.is_none() && codes(&made.warnings).contains(&"cache_failed".to_owned()), "{:?}", made.warnings);
        assert_eq!(entries(lot), 0, "what is not kept is not in the trail");
    }

    fn expired_rows_are_removed_up_to_a_limit_and_nothing_else(lot: &Lot) {
        watch(lot, 0..11);
        let vpic = Vpic::start();
        let vins: Vec<Vin> = (0..1_100).map(|number| Vin::parse(&vin(number)).unwrap()).collect();
        vpic.desk(lot).evaluation().decode_many(&vins).unwrap();
        vpic.desk(lot).evaluation().evaluate(&EvaluationRequest::new(vins[0], None)).unwrap();
        lot.pass(TimeDelta::days(30));
        let desk = vpic.desk(lot);
        let kept = EvaluationRequest::new(Vin::parse(&vin(2_000)).unwrap(), None);
        desk.evaluation().evaluate(&kept).unwrap();
        let trail = entries(lot);
        let removed = |limit| {
            let removed = desk.evaluation().remove_expired(limit).unwrap();
            (removed.evaluations, removed.decodes, removed.is_all)
        };
        assert_eq!(removed(0), (0, 0, false));
        assert_eq!(removed(1), (1, 0, false));
        assert_eq!(removed(600), (0, 600, false));
        assert_eq!(removed(500), (0, 500, true), "as many as there were");
        assert_eq!(removed(600), (0, 0, true));
        vpic.fail();
        let calls = vpic.calls();
        assert!(desk.evaluation().evaluate(&kept).unwrap().from_cache);
        assert!(desk.evaluation().decode(&kept.vin).unwrap().vpic.is_some());
        assert_eq!((vpic.calls(), entries(lot)), (calls, trail), "what holds was left alone");
        for role in [Role::Viewer, Role::Manager] {
            let (_, staff) = lot.staff(role);
            assert_eq!(staff.evaluation().remove_expired(1).unwrap_err().code(), "forbidden", "{role}");
        }
    }

    fn many_are_decoded_in_batches_and_asked_once(lot: &Lot) {
        let vpic = Vpic::start();
        let desk = vpic.desk(lot);
        let vins: Vec<Vin> = (0..120).map(|number| Vin::parse(&vin(number)).unwrap()).chain([subject()]).collect();
        let decoded = desk.evaluation().decode_many(&vins).unwrap();
        assert!(decoded.iter().zip(&vins).all(|(told, vin)| told.facts.vin == *vin && told.vpic.is_some()));
        assert_eq!(vpic.calls(), 3);
        // A day later they are still stored; after thirty days they have expired.
        lot.pass(TimeDelta::days(1));
        vpic.desk(lot).evaluation().decode_many(&vins).unwrap();
        assert_eq!(vpic.calls(), 3);
        lot.pass(TimeDelta::days(29));
        vpic.fail();
        let late = vpic.desk(lot).evaluation().decode_many(&vins).unwrap();
        assert_eq!(vpic.calls(), 5, "one call and its retry: after a failure no other batch is asked");
        assert!(late.iter().all(|told| told.vpic.is_none() && codes(&told.warnings) == ["vpic_missing"]));
    }

    fn a_viewer_reads_and_a_manager_evaluates(lot: &Lot) {
        let (_, viewer) = lot.staff(Role::Viewer);
        let refusal = viewer.evaluation().evaluate(&request()).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Forbidden, "forbidden"));
        assert_eq!(viewer.evaluation().decode(&subject()).unwrap_err().code(), "forbidden");
        assert_eq!(viewer.evaluation().cached(&subject()).unwrap(), None);
        assert_eq!(lot.website().evaluation().cached(&subject()).unwrap_err().code(), "not_signed_in");
        let (_, manager) = lot.staff(Role::Manager);
        let made = manager.evaluation().evaluate(&request()).unwrap();
        assert_eq!(codes(&made.warnings), ["vpic_missing", "model_unknown"]);
        let impossible = EvaluationRequest::new(subject(), Some(-1));
        let refusal = manager.evaluation().evaluate(&impossible).unwrap_err();
        assert_eq!((refusal.code(), &*refusal.fields()[0].pointer), ("invalid_evaluation", "/mileage"));
    }
}
