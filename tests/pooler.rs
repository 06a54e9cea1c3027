//! PostgreSQL behind PgBouncer: two sessions of the server for many clients, of which none can trust what it finds there.

use std::{
    ops::ControlFlow,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, connection::SimpleConnection as _, sql_query,
    sql_types::Text,
};
use jpauto::{
    Actor, Approval, ColumnRequest, Config, Dealership, Money, NewSubmission, NewUser, PageRequest, Pooler, Role,
    SessionConfig, VehicleFilter,
    competitors::{ListingFilter, NewCompetitor, ScrapeReading, ScrapedListing},
    jobs::{Job, RunFilter, RunOptions},
};

use crate::support::{camry, corolla, pgbouncer::PgBouncer, vin};

const CLIENTS: u32 = 8;

/// What a client may leave in a session. Transactions of the library are right in it all the same. The limit of a statement holds for
/// their `BEGIN`, which takes longer than a moment on a machine under load.
const LEFT_BEHIND: &str = "SET statement_timeout = '20 s'; SET lock_timeout = 1; SET search_path = pg_temp; \
    SET default_transaction_read_only = on; SET default_transaction_isolation = serializable; \
    SET TIME ZONE 'Asia/Kolkata'; SET jpauto.time_zone = 'Asia/Kolkata'; PREPARE __diesel_stmt_0 AS SELECT 7";

fn behind(pooler: &PgBouncer) -> Dealership {
    let mut config = Config::new(&pooler.url);
    config.database.pooler = Pooler::Transaction;
    config.sessions = Some(SessionConfig::new(vec!["a secret of many letters".into()]));
    let dealership = Dealership::with_config(config).unwrap();
    dealership.migrate().unwrap();
    dealership
}

fn day(number: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(10 - number)
}

fn cars(client: u32, dollars: i32) -> Vec<ScrapedListing> {
    let car = |number: u32| ScrapedListing {
        vin: Some(vin(client * 100 + number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(dollars)),
        mileage: Some(60_000),
        url: Some(format!("https://motors.example/{client}/{number}")),
        ..ScrapedListing::default()
    };
    (0..20).map(car).collect()
}

/// What somebody does in a day: an offer that becomes a vehicle, a competitor that is recorded, lists, columns and a job.
fn work(dealership: &Dealership, client: u32) {
    let desk = dealership.acting_as(Actor::system());
    let offer = NewSubmission { vin: Some(vin(5_000 + client)), ..camry() };
    let submission = dealership.acting_as(Actor::public()).submissions().submit(&offer).unwrap();
    let vehicle = desk.submissions().approve(submission.id, &Approval::default()).unwrap();
    assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);

    let (name, inventory_url) = (format!("Rival {client}"), format!("https://motors.example/{client}"));
    let rival = NewCompetitor { name, inventory_url, ..NewCompetitor::default() };
    let id = desk.competitors().add(&rival).unwrap().id;
    for (on_day, dollars) in [(1, 14_000), (2, 13_500)] {
        desk.competitors().record(id, cars(client, dollars), ScrapeReading::whole_lot(), day(on_day)).unwrap();
    }
    let filter = ListingFilter { competitors: vec![id], ..ListingFilter::default() };
    let page = desk.competitors().listings(&filter, &PageRequest::first(50)).unwrap();
    assert_eq!(page.items.len(), 20);
    assert!(page.items.iter().all(|listing| listing.price == Some(Money::from_dollars(13_500))));

    let mut rows = 0;
    let request = ColumnRequest::of(vec!["price".into()]);
    let taken = desk.competitors().listing_columns(&filter, &request, &mut |batch| {
        rows += batch.rows;
        ControlFlow::Continue(())
    });
    taken.unwrap();
    assert_eq!(rows, 20);
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

/// What SQL says to a client of this address.
fn said(url: &str, sql: &str) -> String {
    let mut conn = PgConnection::establish(url).unwrap();
    conn.transaction(|conn| {
        conn.batch_execute("SET LOCAL statement_timeout = 0")?;
        sql_query(format!("SELECT ({sql})::text AS said")).get_result::<Said>(conn)
    })
    .unwrap()
    .said
}

#[test]
fn eight_clients_share_two_sessions_that_others_have_left_in_a_mess() {
    let Some(pooler) = PgBouncer::start("transaction") else { return };
    let dealership = behind(&pooler);
    // Both sessions at once, so that each has it.
    let mut others = [pooler.connect(), pooler.connect()];
    for other in &mut others {
        other.batch_execute("BEGIN").unwrap();
    }
    for other in &mut others {
        other.batch_execute("COMMIT").unwrap();
        other.batch_execute(&format!("BEGIN; {LEFT_BEHIND}")).unwrap();
    }
    for other in &mut others {
        other.batch_execute("COMMIT").unwrap();
    }
    drop(others);

    let start = Barrier::new(CLIENTS as usize);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (dealership, start, pooler) = (&dealership, &start, &pooler);
            scope.spawn(move || {
                start.wait();
                // Half of them are processes of their own.
                if client % 2 == 0 { work(dealership, client) } else { work(&behind(pooler), client) }
            });
        }
    });
    let desk = dealership.acting_as(Actor::system());
    let page = desk.inventory().list(&VehicleFilter::default(), &PageRequest::first(50)).unwrap();
    assert_eq!(page.items.len(), CLIENTS as usize);
    let run = desk.jobs().run(Job::CompetitorMetrics, &RunOptions::default(), &mut |_| ControlFlow::Continue(()));
    let run = run.unwrap();
    assert_eq!(desk.jobs().history(&RunFilter::default(), &PageRequest::first(5)).unwrap().items, [run]);

    let left = said(&pooler.url, "SELECT current_setting('lock_timeout') || current_setting('jpauto.time_zone')");
    assert_eq!(left, "1msAsia/Kolkata", "what others have left there stays, and nothing of ours comes to it");
    let kept = "SELECT string_agg(name, ' ') FROM pg_prepared_statements WHERE NOT starts_with(name, 'PGBOUNCER_')";
    assert_eq!(said(&pooler.url, kept), "__diesel_stmt_0");
}

#[test]
fn a_session_that_node_shares_ends_when_it_should() {
    let Some(pooler) = PgBouncer::start("transaction") else { return };
    let dealership = behind(&pooler);
    let new = NewUser { email: "m@example.com".into(), name: "M".into(), role: Role::Manager, ..NewUser::default() };
    dealership.acting_as(Actor::system()).users().add(&new).unwrap();
    pooler.connect().batch_execute(LEFT_BEHIND).unwrap();
    let link = dealership.acting_as(Actor::system()).sign_in().link("m@example.com").unwrap();
    let issued = dealership.acting_as(Actor::public()).sign_in().redeem(&link.secret, None).unwrap();
    assert!(dealership.acting_as(Actor::public()).sessions().resume(&issued.cookie).unwrap().is_some());
    // The column is in the server's zone, whatever a client has set in the session.
    let zone = "SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'";
    let hours =
        format!("SELECT round(extract(epoch FROM expire - timezone(({zone}), now())) / 3600) FROM public.session");
    let idle = dealership.config().sessions.as_ref().unwrap().idle;
    assert_eq!(said(pooler.database.url.as_str(), &hours), (idle.as_secs() / 3600).to_string());
}

#[test]
fn a_pooler_that_the_configuration_does_not_tell_of_is_noticed() {
    let Some(pooler) = PgBouncer::start("transaction") else { return };
    let refusal = Dealership::open(&pooler.url).unwrap_err();
    assert_eq!(refusal.code(), "database_pooled");
    assert!(refusal.to_string().contains("pooler = \"transaction\""), "{refusal}");
}

#[test]
fn a_pooler_in_session_mode_needs_no_word() {
    let Some(pooler) = PgBouncer::start("session") else { return };
    let mut config = Config::new(&pooler.url);
    config.database.pool_size = 2;
    for _ in 0..3 {
        let dealership = Dealership::with_config(config.clone()).unwrap();
        dealership.migrate().unwrap();
        work(&dealership, 0);
        pooler.connect().batch_execute("TRUNCATE competitors, inventory, pending_submissions CASCADE").unwrap();
    }
}

#[test]
fn no_acknowledged_write_is_lost_when_the_pooler_restarts() {
    let Some(mut pooler) = PgBouncer::start("transaction") else { return };
    let dealership = behind(&pooler);
    let (is_over, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let acknowledged = thread::scope(|scope| {
        let writers: Vec<_> = (0..4u32)
            .map(|writer| {
                let (desk, is_over, written) = (dealership.acting_as(Actor::system()), &is_over, &written);
                scope.spawn(move || {
                    let mut kept = Vec::new();
                    for number in 0.. {
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        match desk.inventory().add(&corolla(writer * 100_000 + number)) {
                            Ok(vehicle) => {
                                kept.push(vehicle.id);
                                written.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(error) => assert!(error.is_transient(), "{error:?}"),
                        }
                    }
                    kept
                })
            })
            .collect();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (desk, is_over) = (dealership.acting_as(Actor::system()), &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        desk.inventory().list(&VehicleFilter::default(), &PageRequest::first(5)).unwrap();
                    }
                })
            })
            .collect();
        let until_more_are_written = || {
            let enough = written.load(Ordering::Relaxed) + 10;
            let end = Instant::now() + Duration::from_secs(60);
            while written.load(Ordering::Relaxed) < enough && Instant::now() < end {
                thread::sleep(Duration::from_millis(5));
            }
        };
        for _ in 0..2 {
            until_more_are_written();
            pooler.restart(Duration::from_millis(100));
        }
        until_more_are_written();
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(acknowledged.len() >= 30, "{}", acknowledged.len());
    let desk = dealership.acting_as(Actor::system());
    for id in acknowledged {
        desk.inventory().get(id).unwrap();
    }
}

#[test]
fn a_column_of_another_type_is_read_behind_a_pooler_too() {
    let Some(pooler) = PgBouncer::start("transaction") else { return };
    let desk = behind(&pooler).acting_as(Actor::system());
    let vehicle = desk.inventory().add(&corolla(1)).unwrap();
    for kind in ["text", "varchar(100)"] {
        pooler.connect().batch_execute(&format!("ALTER TABLE inventory ALTER COLUMN make TYPE {kind}")).unwrap();
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);
    }
}
