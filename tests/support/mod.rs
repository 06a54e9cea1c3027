//! What every test starts from: an empty dealership over a database of its own, and a clock that the test moves.

#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "only some tests measure memory")]
pub mod alone;
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "only some tests start one")]
pub mod cluster;
pub mod made_up_market;
#[allow(dead_code, reason = "only some tests sign in at it")]
pub mod openid;
#[allow(dead_code, reason = "only one test walks the operations")]
pub mod operations;
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "only some tests put it in front of the server")]
pub mod pgbouncer;
#[allow(dead_code, reason = "only some tests run it")]
pub mod python;
#[allow(dead_code, reason = "only some tests look at statements")]
pub mod statements;
#[allow(dead_code, reason = "benchmarks and the command line's tests use other parts of it")]
pub mod website;

use std::sync::{Arc, Barrier, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{Actor, Clock, Config, Dealership, Desk, Money, NewSubmission, NewUser, NewVehicle, Role, User};
pub use website::vin;

/// Runs a test once on SQLite and once on PostgreSQL: `on_both_databases! { fn name(lot: &Lot) { ... } }`.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* fn $name:ident($lot:ident: &$kind:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs what its file imports")]
            use super::*;

            fn run($lot: &$kind) $body

            $(#[$meta])*
            #[cfg(feature = "sqlite")]
            #[test]
            fn sqlite() {
                run(&$kind::on_sqlite());
            }

            $(#[$meta])*
            #[cfg(feature = "postgres")]
            #[test]
            fn postgres() {
                run(&$kind::on_postgres());
            }
        }
    )+};
}

/// An open dealership and everything that it must outlive.
pub struct Lot {
    pub dealership: Dealership,
    pub url: String,
    now: Arc<Mutex<DateTime<Utc>>>,
    _database: Box<dyn std::any::Any>,
}

impl Lot {
    #[cfg(feature = "sqlite")]
    pub fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        Self::open(url, Box::new(folder))
    }

    #[cfg(feature = "postgres")]
    pub fn on_postgres() -> Self {
        let schema = postgres::Schema::create();
        Self::open(schema.url.clone(), Box::new(schema))
    }

    fn open(url: String, database: Box<dyn std::any::Any>) -> Self {
        statements::watch();
        let now = Arc::new(Mutex::new("2026-03-01T12:00:00Z".parse().unwrap()));
        let config = Config::new(&url).clock(clock_showing(&now));
        let dealership = Dealership::with_config(config).unwrap();
        dealership.migrate().unwrap();
        Self { dealership, url, now, _database: database }
    }

    /// The machine itself, which may do all.
    pub fn desk(&self) -> Desk {
        self.dealership.acting_as(Actor::system())
    }

    pub fn website(&self) -> Desk {
        self.dealership.acting_as(Actor::public())
    }

    /// A new member of staff in this role, and their desk.
    pub fn staff(&self, role: Role) -> (User, Desk) {
        let email = format!("{role}@example.com");
        let user =
            self.desk().users().add(&NewUser { email, name: "Test".into(), role, ..NewUser::default() }).unwrap();
        let actor = Actor::user(user.id).from_ip("203.0.113.9".parse().unwrap()).with_user_agent("tests");
        let desk = self.dealership.acting_as(actor);
        (user, desk)
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    /// The clock that [`Lot::pass`] moves, for another handle.
    pub fn clock(&self) -> Clock {
        clock_showing(&self.now)
    }

    pub fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap() += time;
    }

    /// Runs SQL past the library, as another application that shares the database.
    pub fn execute(&self, sql: &str) {
        use diesel::{Connection as _, connection::SimpleConnection as _};
        statements::past_the_library(|| match self.url.strip_prefix("sqlite:") {
            #[cfg(feature = "sqlite")]
            Some(path) => diesel::SqliteConnection::establish(path).unwrap().batch_execute(sql).unwrap(),
            #[cfg(feature = "postgres")]
            None => diesel::PgConnection::establish(&self.url).unwrap().batch_execute(sql).unwrap(),
            #[allow(unreachable_patterns, reason = "where both databases are compiled in")]
            _ => unreachable!("{}", self.url),
        });
    }

    /// A number that SQL finds past the library.
    pub fn count(&self, sql: &str) -> i64 {
        use diesel::{Connection as _, RunQueryDsl as _};
        let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("({sql})")));
        match self.url.strip_prefix("sqlite:") {
            #[cfg(feature = "sqlite")]
            Some(path) => query.get_result(&mut diesel::SqliteConnection::establish(path).unwrap()).unwrap(),
            #[cfg(feature = "postgres")]
            None => query.get_result(&mut diesel::PgConnection::establish(&self.url).unwrap()).unwrap(),
            #[allow(unreachable_patterns, reason = "where both databases are compiled in")]
            _ => unreachable!("{}", self.url),
        }
    }

    /// Keeps others from writing to competitors until the answer is dropped.
    pub fn hold_competitors(&self) -> Box<dyn std::any::Any> {
        self.hold("SELECT FROM competitors FOR UPDATE")
    }

    /// Keeps others from writing to leases until the answer is dropped.
    pub fn hold_leases(&self) -> Box<dyn std::any::Any> {
        self.hold("LOCK TABLE job_leases IN EXCLUSIVE MODE")
    }

    /// Takes SQLite's one lock, or those that a statement takes on PostgreSQL.
    pub fn hold(&self, statement: &str) -> Box<dyn std::any::Any> {
        use diesel::{Connection as _, connection::SimpleConnection as _};
        match self.url.strip_prefix("sqlite:") {
            #[cfg(feature = "sqlite")]
            Some(path) => {
                let mut conn = diesel::SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE").unwrap();
                Box::new(conn)
            }
            #[cfg(feature = "postgres")]
            None => {
                let mut conn = diesel::PgConnection::establish(&self.url).unwrap();
                conn.batch_execute(&format!("BEGIN; {statement}")).unwrap();
                Box::new(conn)
            }
            #[allow(unreachable_patterns, reason = "where both databases are compiled in")]
            _ => unreachable!("{}", self.url),
        }
    }

    /// What processes of their own answer that all begin at the same moment; each is given its number.
    pub fn at_once<T: Send>(&self, processes: usize, work: impl Fn(&Dealership, usize) -> T + Sync) -> Vec<T> {
        let start = Barrier::new(processes);
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..processes)
                .map(|number| {
                    let (dealership, start, work) = (self.another_process(), &start, &work);
                    scope.spawn(move || {
                        start.wait();
                        work(&dealership, number)
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// Another handle on the same database, with its own pool: as a second process would have.
    pub fn another_process(&self) -> Dealership {
        Dealership::open(&self.url).unwrap()
    }
}

/// What recording keeps beside the listings, for those that SQL has written past the library.
pub fn as_recorded(url: &str) -> &'static str {
    if url.starts_with("sqlite:") {
        include_str!("../../migrations/sqlite/2026-11-29-000161_stored_transfers/up.sql")
    } else {
        include_str!("../../migrations/postgres/2026-11-29-000161_stored_transfers/up.sql")
    }
}

fn clock_showing(time: &Arc<Mutex<DateTime<Utc>>>) -> Clock {
    let time = Arc::clone(time);
    Clock::from_fn(move || *time.lock().unwrap())
}

pub fn camry() -> NewSubmission {
    NewSubmission {
        customer_name: Some("Ann Example".into()),
        customer_email: Some("ann@example.com".into()),
        customer_phone: Some("+1 555 010 2030".into()),
        year: 2019,
        make: "Toyota".into(),
        model: "Camry".into(),
        trim: Some("SE".into()),
        vin: Some("4T1B11HK5KU211111".into()),
        mileage: Some(52_000),
        asking_price: Some(Money::from_dollars(15_000)),
        images: vec!["https://example.com/1.jpg".into(), "https://example.com/2.jpg".into()],
        ..NewSubmission::default()
    }
}

pub fn corolla(number: u32) -> NewVehicle {
    NewVehicle {
        year: 2018,
        make: "Toyota".into(),
        model: "Corolla".into(),
        vin: vin(number),
        price: Money::from_dollars(14_000),
        mileage: 60_000,
        ..NewVehicle::default()
    }
}

#[cfg(feature = "postgres")]
pub mod postgres {
    //! A schema of its own in the throw-away server for each test.

    use std::sync::atomic::{AtomicU32, Ordering};

    use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

    pub struct Schema {
        pub url: String,
        pub name: String,
        server: String,
    }

    impl Schema {
        pub fn create() -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let server = std::env::var("JPAUTO_TEST_POSTGRES").expect(
                "the tests of PostgreSQL need a server: run them with `make test` or `tests/with-postgres cargo test`",
            );
            let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            let mut conn = PgConnection::establish(&server).unwrap();
            conn.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
            let url = format!("{server}?options=--search_path%3D{name}");
            Self { url, name, server }
        }

        pub fn connect(&self) -> PgConnection {
            PgConnection::establish(&self.url).unwrap()
        }
    }

    impl Drop for Schema {
        fn drop(&mut self) {
            // Only a throw-away server is littered if this fails.
            if let Ok(mut conn) = PgConnection::establish(&self.server) {
                drop(conn.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name)));
            }
        }
    }
}
