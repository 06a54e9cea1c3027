//! Lists and reports at a streaming standby: never older than they may be, whatever becomes of the standby.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    thread,
    time::{Duration, Instant},
};

use diesel::{PgConnection, connection::SimpleConnection as _};
use jpauto::{
    ActivityFilter, Actor, AlertFilter, Config, Dealership, Desk, NewUser, PageRequest, Result, Role, StandbyUse,
    SubmissionFilter, VehicleFilter,
    competitors::{
        CompetitorFilter, ListingFilter, MarketViewFilter, NewCompetitor, ScrapeReading, ScrapedListing, UndercutFilter,
    },
    exports::{Export, ExportFilter, Platform},
    market::{BacktestOptions, Subject},
    notifications::NotificationFilter,
};

use crate::support::{cluster::Cluster, corolla, vin};

const LAG: Duration = Duration::from_millis(400);

/// A primary and its standby. The dealership's role is an ordinary one.
struct Pair {
    standby: Cluster,
    primary: Cluster,
}

impl Pair {
    fn start() -> Option<Self> {
        let primary = Cluster::primary()?;
        let mut conn = primary.connect("postgres");
        conn.batch_execute("CREATE ROLE lot LOGIN").unwrap();
        conn.batch_execute("CREATE DATABASE lot OWNER lot").unwrap();
        conn.batch_execute("CREATE DATABASE other OWNER lot").unwrap();
        Some(Self { standby: primary.standby(), primary })
    }

    fn config(&self, read_url: String) -> Config {
        let mut config = Config::new(self.primary.url("lot", "lot"));
        config.database.read_url = Some(read_url);
        config.database.read_lag_limit = LAG;
        config
    }

    fn open(&self) -> Dealership {
        let dealership = Dealership::with_config(self.config(self.standby.url("lot", "lot"))).unwrap();
        dealership.migrate().unwrap();
        dealership
    }

    /// A process of its own, which knows no standby.
    fn others(&self) -> Desk {
        Dealership::open(self.primary.url("lot", "lot")).unwrap().acting_as(Actor::system())
    }

    fn at_the_standby(&self) -> PgConnection {
        self.standby.connect("postgres")
    }
}

fn used(dealership: &Dealership) -> StandbyUse {
    dealership.standby_use().unwrap()
}

fn count(desk: &Desk) -> i64 {
    desk.inventory().statistics().unwrap().total.count
}

/// Reads until something is so. It takes moments, and longer on a machine under load.
#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "it never came to that");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reads until the standby serves what is read.
#[track_caller]
fn until_served(dealership: &Dealership, desk: &Desk) {
    let before = used(dealership).served;
    until(|| count(desk) >= 0 && used(dealership).served > before);
    assert!(used(dealership).is_used);
}

#[test]
fn a_list_is_read_at_a_standby_that_has_what_it_must_have() {
    let Some(pair) = Pair::start() else { return };
    let dealership = pair.open();
    let (desk, others) = (dealership.acting_as(Actor::system()), pair.others());
    for number in 0..20 {
        desk.inventory().add(&corolla(number)).unwrap();
        assert_eq!(count(&desk), i64::from(number) + 1, "who has written sees it");
    }
    until_served(&dealership, &desk);
    let page = desk.inventory().list(&VehicleFilter::default(), &PageRequest::first(50)).unwrap();
    assert_eq!(page.items.len(), 20);

    pair.at_the_standby().batch_execute("SELECT pg_wal_replay_pause()").unwrap();
    let before = used(&dealership).behind;
    desk.inventory().add(&corolla(20)).unwrap();
    assert_eq!(count(&desk), 21, "although the standby does not have it");
    assert!(used(&dealership).behind > before);

    let email = "viewer@example.com";
    let new = NewUser { email: email.into(), name: "V".into(), role: Role::Viewer, ..NewUser::default() };
    let viewer = others.users().add(&new).unwrap();
    let their_desk = dealership.acting_as(Actor::user(viewer.id));
    assert_eq!(count(&their_desk), 21);
    others.users().deactivate(viewer.id).unwrap();
    assert_eq!(their_desk.inventory().statistics().unwrap_err().code(), "user_inactive", "at once");

    let of_others = others.inventory().add(&corolla(21)).unwrap();
    let written = Instant::now();
    assert_eq!(desk.inventory().get(of_others.id).unwrap().vehicle, of_others, "one by its id is of the primary");
    until(|| written.elapsed() > LAG);
    assert_eq!(count(&desk), 22, "nothing is missing for longer than the limit");
    until(|| count(&desk) == 22 && !used(&dealership).is_used);

    pair.at_the_standby().batch_execute("SELECT pg_wal_replay_resume()").unwrap();
    until_served(&dealership, &desk);
    // With nobody writing, the standby does not come to lag.
    let idle = Instant::now();
    until(|| idle.elapsed() > 2 * LAG);
    assert_eq!(count(&desk), 22);
    assert!(used(&dealership).is_used);
    until_served(&dealership, &desk);
}

/// A list or a report.
type Read<'a> = Box<dyn Fn() -> Result<()> + 'a>;

#[test]
fn each_list_and_report_is_one_that_a_standby_can_serve() {
    let Some(pair) = Pair::start() else { return };
    let dealership = pair.open();
    let desk = dealership.acting_as(Actor::system());
    let vehicle = desk.inventory().add(&corolla(1)).unwrap().id;
    let (name, inventory_url) = ("Rival".to_owned(), "https://rival.example/used".to_owned());
    let rival = NewCompetitor { name, inventory_url, ..NewCompetitor::default() };
    let rival = desk.competitors().add(&rival).unwrap().id;
    let car = ScrapedListing {
        vin: Some(vin(7)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        ..ScrapedListing::default()
    };
    desk.competitors().record(rival, vec![car], ScrapeReading::whole_lot(), chrono::Utc::now()).unwrap();
    let page = PageRequest::first(10);
    let listing = desk.competitors().listings(&ListingFilter::default(), &page).unwrap().items[0].id;
    let subject = Subject { year: 2018, make: "Toyota".into(), model: "Corolla".into(), ..Subject::default() };
    let folder = tempfile::tempdir().unwrap();
    let mut export = Export::of(Platform::Csv).to(folder.path().join("stock.csv").display().to_string());
    export.dry_run = true;
    let (lot, rivals, market) = (desk.inventory(), desk.competitors(), desk.market());
    let reads: Vec<(&str, Read<'_>)> = vec![
        ("vehicles", Box::new(|| lot.list(&VehicleFilter::default(), &page).map(drop))),
        ("public vehicles", Box::new(|| lot.list_public(&VehicleFilter::default(), &page).map(drop))),
        ("shown vehicles", Box::new(|| lot.list_shown(&VehicleFilter::default(), &page).map(drop))),
        ("statistics", Box::new(|| lot.statistics().map(drop))),
        ("submissions", Box::new(|| desk.submissions().list(&SubmissionFilter::default(), &page).map(drop))),
        ("competitors", Box::new(|| rivals.list(&CompetitorFilter::default(), &page).map(drop))),
        ("listings", Box::new(|| rivals.listings(&ListingFilter::default(), &page).map(drop))),
        ("price history", Box::new(|| rivals.price_history(listing, &page).map(drop))),
        ("metrics", Box::new(|| rivals.metrics(rival, &page).map(drop))),
        ("scrapes", Box::new(|| rivals.scrapes(rival, &page).map(drop))),
        ("overview", Box::new(|| rivals.overview(&CompetitorFilter::default(), &page).map(drop))),
        ("market view", Box::new(|| rivals.market_view(&MarketViewFilter::default(), &page).map(drop))),
        ("undercuts", Box::new(|| rivals.undercuts(&UndercutFilter::default(), &page).map(drop))),
        ("left out", Box::new(|| rivals.left_out(&[]).map(drop))),
        ("price", Box::new(|| market.price(&subject).map(drop))),
        ("candidates", Box::new(|| market.candidates(std::slice::from_ref(&subject)).map(drop))),
        ("vehicle's history", Box::new(|| market.history(vehicle, &page).map(drop))),
        ("standings", Box::new(|| market.overview().map(drop))),
        ("positions", Box::new(|| market.positions(&VehicleFilter::default(), &page).map(drop))),
        ("supply", Box::new(|| market.days_supply("Toyota", "Corolla", 2018).map(drop))),
        (
            "backtest",
            Box::new(|| market.backtest(&BacktestOptions::default(), &mut |_| ControlFlow::Continue(())).map(drop)),
        ),
        ("exports", Box::new(|| desk.exports().list(&ExportFilter::default(), &page).map(drop))),
        ("a feed", Box::new(|| desk.exports().run(&export, &mut |_| ControlFlow::Continue(())).map(drop))),
        ("notifications", Box::new(|| desk.notifications().list(&NotificationFilter::default(), &page).map(drop))),
        ("alerts", Box::new(|| desk.alerts().list(&AlertFilter::default(), &page).map(drop))),
        ("audit trail", Box::new(|| desk.activity().list(&ActivityFilter::default(), &page).map(drop))),
    ];
    for (name, read) in reads {
        until(|| {
            let before = used(&dealership);
            read().unwrap();
            let after = used(&dealership);
            assert_eq!(after.failed, before.failed, "{name} is refused by a standby");
            after.served > before.served
        });
    }
}

#[test]
fn what_is_no_standby_of_the_primary_is_never_read() {
    let Some(pair) = Pair::start() else { return };
    pair.open().acting_as(Actor::system()).inventory().add(&corolla(1)).unwrap();
    let of_another_cluster = Cluster::primary().unwrap();
    for sql in ["CREATE ROLE lot LOGIN", "CREATE DATABASE lot OWNER lot"] {
        of_another_cluster.connect("postgres").batch_execute(sql).unwrap();
    }
    let standby_of_another = of_another_cluster.standby();
    let addresses = [
        pair.primary.url("lot", "lot"),
        pair.standby.url("lot", "other"),
        standby_of_another.url("lot", "lot"),
        "postgres://lot@127.0.0.1:1/lot".to_owned(),
    ];
    for read_url in addresses {
        let dealership = Dealership::with_config(pair.config(read_url.clone())).unwrap();
        assert_eq!(count(&dealership.acting_as(Actor::system())), 1, "{read_url}");
        let StandbyUse { is_used, served, failed, .. } = used(&dealership);
        assert_eq!((is_used, served, failed), (false, 0, 1), "{read_url}");
    }
    for (url, read_url) in
        [(pair.primary.url("lot", "lot"), "sqlite::memory:"), ("sqlite::memory:".into(), "postgres://h/d")]
    {
        let mut config = Config::new(url);
        config.database.read_url = Some(read_url.into());
        let refusal = Dealership::with_config(config).unwrap_err();
        assert_eq!((refusal.code(), &*refusal.fields()[0].pointer), ("invalid_database_url", "/read_url"));
    }
    // A standby that has become a primary of its own goes its own way from then on.
    let dealership = pair.open();
    let desk = dealership.acting_as(Actor::system());
    until_served(&dealership, &desk);
    pair.at_the_standby().batch_execute("SELECT pg_promote()").unwrap();
    desk.inventory().add(&corolla(2)).unwrap();
    assert_eq!(count(&desk), 2);
    assert!(!used(&dealership).is_used);
}

#[test]
fn a_standby_that_hangs_holds_up_few_readers() {
    const READERS: usize = 8;
    let Some(pair) = Pair::start() else { return };
    let dealership = pair.open();
    let desk = dealership.acting_as(Actor::system());
    desk.inventory().add(&corolla(1)).unwrap();
    until_served(&dealership, &desk);
    let answered = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        let hung = pair.standby.hang();
        for reader in 0..READERS {
            let (desk, answered) = (dealership.acting_as(Actor::system()), &answered);
            scope.spawn(move || {
                let began = Instant::now();
                assert_eq!(count(&desk), 1);
                answered.lock().unwrap().push((reader, began.elapsed()));
            });
        }
        // Half of the connections may be at the standby; it goes on in the end, so that these are answered, too.
        let began = Instant::now();
        while answered.lock().unwrap().len() < READERS / 2 && began.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(5));
        }
        let quick = answered.lock().unwrap().len();
        assert!(quick >= READERS / 2, "{quick} of {READERS} within {:?}", began.elapsed());
        for _ in 0..20 {
            assert_eq!(count(&desk), 1);
        }
        drop(hung);
    });
    assert_eq!(answered.into_inner().unwrap().len(), READERS);
    until_served(&dealership, &desk);
}

#[test]
fn a_standby_that_stops_lags_and_comes_back_under_load_is_noticed_by_nobody() {
    let Some(pair) = Pair::start() else { return };
    let dealership = pair.open();
    let (written, is_over) = (AtomicI64::new(0), AtomicBool::new(false));
    let desk = || dealership.acting_as(Actor::system());
    let reads = thread::scope(|scope| {
        let (written, is_over) = (&written, &is_over);
        let writer = desk();
        scope.spawn(move || {
            for number in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                writer.inventory().add(&corolla(number)).unwrap();
                written.fetch_add(1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(3));
            }
        });
        // What a standby replays of this ends the reads that stand in its way.
        let primary = &pair.primary;
        scope.spawn(move || {
            let mut conn = primary.connect("lot");
            while !is_over.load(Ordering::SeqCst) {
                conn.batch_execute("UPDATE inventory SET description = md5(random()::text)").unwrap();
                conn.batch_execute("VACUUM inventory").unwrap();
                thread::sleep(Duration::from_millis(20));
            }
        });
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let desk = desk();
                scope.spawn(move || {
                    let mut reads = 0_u32;
                    while !is_over.load(Ordering::SeqCst) {
                        let before = written.load(Ordering::SeqCst);
                        let counted = count(&desk);
                        assert!(counted >= before, "{counted} of {before}");
                        let listed = desk.inventory().list(&VehicleFilter::default(), &PageRequest::first(5)).unwrap();
                        assert!(i64::try_from(listed.items.len()).unwrap() >= before.min(5));
                        reads += 1;
                    }
                    reads
                })
            })
            .collect();
        let checked = desk();
        let is_served = || until_served(&dealership, &checked);
        is_served();
        pair.at_the_standby().batch_execute("SELECT pg_wal_replay_pause()").unwrap();
        until(|| count(&checked) >= 0 && !used(&dealership).is_used);
        pair.at_the_standby().batch_execute("SELECT pg_wal_replay_resume()").unwrap();
        is_served();
        for _ in 0..2 {
            pair.standby.stop();
            until(|| count(&checked) >= 0 && !used(&dealership).is_used);
            pair.standby.start();
            is_served();
        }
        is_over.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u32>()
    });
    assert!(reads > 10, "{reads}");
    println!("{reads} rounds of reads, {:?}", used(&dealership));
}
