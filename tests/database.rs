//! Opening and migrating: what is made, what is refused, and that nothing is half done.

use std::sync::Barrier;

use jpauto::{Config, CreateFile, Dealership, ErrorKind};

use crate::support::{Lot, corolla};

on_both_databases! {
    fn migrating_again_changes_nothing(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        let report = lot.dealership.migrate().unwrap();
        assert_eq!((report.applied.len(), report.version.is_empty()), (0, false));
        assert!(lot.another_process().acting_as(jpauto::Actor::system()).inventory().get(vehicle.id).is_ok());
    }

    fn a_reader_that_may_not_write_is_told_so(lot: &Lot) {
        let vehicle = lot.desk().inventory().add(&corolla(1)).unwrap();
        let reader = Dealership::with_config(Config::new(&lot.url).read_only()).unwrap();
        let desk = reader.acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);
        let refusals = [
            desk.inventory().add(&corolla(2)).map(drop).unwrap_err(),
            // A run over many is refused as one call is, and reports no vehicles that failed.
            desk.market().analyze_all(&mut |_| std::ops::ControlFlow::Continue(())).map(drop).unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "database_read_only"));
        }
        assert_eq!(lot.desk().inventory().statistics().unwrap().total.count, 1);
    }

    fn a_wait_that_no_clock_counts_is_refused(lot: &Lot) {
        let mut config = Config::new(&lot.url);
        config.database.pool_timeout = std::time::Duration::from_secs(1 << 63);
        let refusal = Dealership::with_config(config.clone()).unwrap_err();
        let fields: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!((refusal.code(), fields), ("invalid_database_config", vec!["/database/pool_timeout"]));
        config.database.pool_timeout = jpauto::DatabaseConfig::LONGEST_WAIT;
        let opened = Dealership::with_config(config).unwrap();
        opened.acting_as(jpauto::Actor::system()).inventory().statistics().unwrap();
    }

    fn writers_at_once_all_get_through(lot: &Lot) {
        const WRITERS: u32 = 4;
        const EACH: u32 = 25;
        let start = Barrier::new(WRITERS as usize);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let desk = lot.another_process().acting_as(jpauto::Actor::system());
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    for number in 0..EACH {
                        desk.inventory().add(&corolla(writer * EACH + number)).unwrap();
                    }
                });
            }
        });
        assert_eq!(lot.desk().inventory().statistics().unwrap().total.count, i64::from(WRITERS * EACH));
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};

    use super::*;

    fn refusal(url: &str) -> (ErrorKind, &'static str) {
        let error = Dealership::open(url).unwrap_err();
        (error.kind(), error.code())
    }

    #[test]
    fn what_can_not_be_opened_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        assert_eq!(
            refusal(&format!("sqlite:{}", path("missing/lot.db"))),
            (ErrorKind::Unavailable, "database_unavailable")
        );
        assert_eq!(
            refusal(&format!("sqlite:{}", folder.path().display())),
            (ErrorKind::Unavailable, "database_unavailable")
        );
        std::fs::write(path("text.db"), "this is no database, however long the text in it may become ".repeat(50))
            .unwrap();
        assert_eq!(refusal(&format!("sqlite:{}", path("text.db"))), (ErrorKind::Refused, "not_a_database"));
        assert_eq!(refusal("lot.db"), (ErrorKind::InvalidInput, "invalid_database_url"));
        assert!(!folder.path().join("missing").exists(), "nothing is made on the way");
        let missing =
            Dealership::with_config(Config::new(format!("sqlite:{}", path("none.db"))).read_only()).unwrap_err();
        assert_eq!(missing.code(), "database_unavailable");
        assert!(!folder.path().join("none.db").exists());
    }

    #[test]
    fn an_existing_database_is_changed_only_by_migrate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db").display().to_string();
        let mut conn = SqliteConnection::establish(&path).unwrap();
        conn.batch_execute("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')").unwrap();
        let dealership = Dealership::open(format!("sqlite:{path}")).unwrap();
        let desk = dealership.acting_as(jpauto::Actor::system());
        let refusal = desk.inventory().statistics().unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "database_outdated"));
        assert!(!dealership.migrate().unwrap().applied.is_empty());
        assert!(desk.inventory().statistics().is_ok());
        conn.batch_execute("DELETE FROM notes WHERE text = 'kept'").unwrap();
    }

    #[test]
    fn a_database_of_a_newer_release_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        drop(Dealership::open(&url).unwrap());
        let mut conn = SqliteConnection::establish(&url["sqlite:".len()..]).unwrap();
        conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')").unwrap();
        assert_eq!(refusal(&url), (ErrorKind::Refused, "database_newer"));
    }

    #[test]
    fn machines_that_start_at_once_migrate_once() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        let start = Barrier::new(6);
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    start.wait();
                    Dealership::open(&url).unwrap().migrate().unwrap();
                });
            }
        });
        let desk = Dealership::open(&url).unwrap().acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().statistics().unwrap().total.count, 0);
    }

    #[test]
    fn a_file_without_write_permission_can_be_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let url = format!("sqlite:{}", path.display());
        let vehicle = {
            let desk = Dealership::open(&url).unwrap().acting_as(jpauto::Actor::system());
            desk.inventory().add(&corolla(1)).unwrap()
        };
        let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE").unwrap();
        drop(conn);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        if std::fs::OpenOptions::new().write(true).open(&path).is_ok() {
            // Straight to the terminal: what a passing test prints is kept back. The command line's tests become another user.
            let told = b"skipped: this user may write any file, so a read-only one can not be made for it\n";
            drop(std::io::Write::write_all(&mut std::io::stderr(), told));
            return;
        }
        let desk = Dealership::open(&url).unwrap().acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);
        assert_eq!(desk.inventory().add(&corolla(2)).unwrap_err().code(), "database_read_only");
    }

    #[test]
    fn a_missing_file_is_made_only_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let mut config = Config::new(format!("sqlite:{}", path.display()));
        config.database.create = CreateFile::Never;
        for what in ["does not exist", "is empty"] {
            let error = Dealership::with_config(config.clone()).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "database_unavailable"));
            assert!(error.to_string().contains(what), "{error}");
            assert!(std::fs::read_dir(folder.path()).unwrap().all(|file| file.unwrap().metadata().unwrap().len() == 0));
            std::fs::write(&path, "").unwrap();
        }
        config.database.create = CreateFile::AtOnce;
        drop(Dealership::with_config(config.clone()).unwrap());
        config.database.create = CreateFile::Never;
        assert!(Dealership::with_config(config).unwrap().check_ready().is_ok());
    }

    #[test]
    fn a_file_is_made_by_the_first_write_that_is_not_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let mut config = Config::new(format!("sqlite:{}", path.display()));
        config.database.create = CreateFile::AtFirstWrite;
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        let dealership = Dealership::with_config(config.clone()).unwrap();
        let other = Dealership::with_config(config.clone()).unwrap().acting_as(jpauto::Actor::system());
        let desk = dealership.acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().statistics().unwrap().total.count, 0);
        let mut refused = corolla(1);
        refused.year = 1;
        assert_eq!(desk.inventory().add(&refused).unwrap_err().code(), "invalid_vehicle");
        assert_eq!(dealership.backup(folder.path().join("copy.db")).unwrap_err().code(), "database_unavailable");
        assert!(dealership.check_ready().is_ok() && dealership.check().unwrap().findings.is_empty());
        assert_eq!(files(), 0, "neither reading nor what is refused makes a file");
        let added = desk.inventory().add(&corolla(1)).unwrap();
        assert!(path.exists());
        assert_eq!(desk.inventory().get(added.id).unwrap().vehicle, added);
        // Who has opened it before sees what others have made.
        assert_eq!(other.inventory().get(added.id).unwrap().vehicle, added);
        assert_eq!(other.inventory().add(&corolla(1)).unwrap_err().code(), "duplicate_vin");
        assert_eq!(other.inventory().statistics().unwrap().total.count, 1);
        config.database.url = format!("sqlite:{}", folder.path().join("nowhere/lot.db").display());
        assert_eq!(Dealership::with_config(config).unwrap_err().code(), "database_unavailable");
    }

    #[test]
    fn a_file_of_another_application_is_named_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db");
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("CREATE TABLE users (id TEXT, email TEXT); CREATE TABLE Inventory (id TEXT)").unwrap();
        drop(conn);
        let dealership = Dealership::open(format!("sqlite:{}", path.display())).unwrap();
        let error = dealership.migrate().unwrap_err();
        assert_eq!(error.code(), "migration_failed");
        for part in ["users", "Inventory", "not adopted", "jpauto import"] {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn a_copy_without_its_wal_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
        let mut conn = SqliteConnection::establish(&live.display().to_string()).unwrap();
        conn.batch_execute("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)").unwrap();
        std::fs::copy(&live, &copy).unwrap();
        let before = std::fs::read(&copy).unwrap();
        for read_only in [false, true] {
            let mut config = Config::new(format!("sqlite:{}", copy.display()));
            config.database.read_only = read_only;
            let error = Dealership::with_config(config).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "database_incomplete"));
            assert_eq!(std::fs::read(&copy).unwrap(), before);
        }
        std::fs::copy(live.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
        assert_eq!(
            Dealership::open(format!("sqlite:{}", copy.display())).unwrap().check_ready().unwrap_err().code(),
            "database_outdated"
        );
    }

    #[test]
    fn a_file_that_is_gone_from_beside_its_wal_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (live, away) = (folder.path().join("lot.db"), folder.path().join("away.db"));
        let wal = folder.path().join("lot.db-wal");
        let url = format!("sqlite:{}", live.display());
        let dealership = Dealership::open(&url).unwrap();
        dealership.acting_as(jpauto::Actor::system()).inventory().add(&corolla(1)).unwrap();
        // As a process leaves it that is killed: the vehicle is in the file beside alone.
        let waits = std::fs::read(&wal).unwrap();
        assert!(!waits.is_empty());
        drop(dealership);
        std::fs::rename(&live, &away).unwrap();
        for is_empty in [false, true] {
            std::fs::write(&wal, &waits).unwrap();
            if is_empty {
                std::fs::write(&live, "").unwrap();
            }
            for create in [CreateFile::AtOnce, CreateFile::AtFirstWrite, CreateFile::Never] {
                let mut config = Config::new(&url);
                config.database.create = create;
                let error = Dealership::with_config(config).unwrap_err();
                assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "database_incomplete"), "{create:?}");
                assert_eq!(std::fs::read(&wal).unwrap(), waits, "nothing is lost");
            }
        }
        std::fs::remove_file(&wal).unwrap();
        assert!(Dealership::open(&url).is_ok());
    }

    #[test]
    fn a_copy_of_a_new_file_has_its_tables() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
        let dealership = Dealership::open(format!("sqlite:{}", live.display())).unwrap();
        std::fs::copy(&live, &copy).unwrap();
        let mut config = Config::new(format!("sqlite:{}", copy.display()));
        config.database.create = CreateFile::Never;
        assert!(Dealership::with_config(config).unwrap().check_ready().is_ok());
        drop(dealership);
    }

    #[test]
    fn a_backup_is_whole_while_others_write() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.db"), folder.path().join("a copy?.db"));
        let dealership = Dealership::open(format!("sqlite:{}", live.display())).unwrap();
        let desk = dealership.acting_as(jpauto::Actor::system());
        let first = desk.inventory().add(&corolla(1)).unwrap();
        let backup = std::thread::scope(|scope| {
            let writer =
                scope.spawn(|| (2..40).for_each(|number| drop(desk.inventory().add(&corolla(number)).unwrap())));
            let backup = dealership.backup(&copy).unwrap();
            writer.join().unwrap();
            backup
        });
        assert_eq!((backup.bytes, backup.command.len()), (Some(std::fs::metadata(&copy).unwrap().len()), 0));
        let other = dealership.backup(&copy).unwrap_err();
        assert_eq!((other.kind(), other.code()), (ErrorKind::Refused, "backup_exists"));
        let nowhere = dealership.backup(folder.path().join("nowhere/lot.db")).unwrap_err();
        assert_eq!((nowhere.kind(), nowhere.code()), (ErrorKind::Unavailable, "backup_failed"));

        // Restored: the file in the place of the old one, and what stood beside that away.
        drop((desk, dealership));
        for ending in ["db", "db-wal", "db-shm"] {
            let _ = std::fs::remove_file(live.with_extension(ending));
        }
        std::fs::rename(&copy, &live).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing unfinished is left");
        let restored = Dealership::open(format!("sqlite:{}", live.display())).unwrap();
        let desk = restored.acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().get(first.id).unwrap().vehicle, first);
        let vehicles = desk.inventory().statistics().unwrap().total.count;
        let entries =
            desk.activity().list(&jpauto::ActivityFilter::default(), &jpauto::PageRequest::first(100)).unwrap();
        assert_eq!(entries.items.len() as i64, vehicles, "each vehicle with its entry");
        desk.inventory().add(&corolla(50)).unwrap();
        assert!(restored.check().unwrap().findings.is_empty());
    }

    #[test]
    fn no_backup_is_made_of_a_file_whose_index_says_other_than_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
        let url = format!("sqlite:{}", live.display());
        let dealership = Dealership::open(&url).unwrap();
        let vehicle = dealership.acting_as(jpauto::Actor::system()).inventory().add(&corolla(1)).unwrap();
        drop(dealership);
        // One of the places where the VIN stands.
        let mut bytes = std::fs::read(&live).unwrap();
        let vin = vehicle.vin.as_bytes();
        let at = bytes.windows(vin.len()).position(|window| window == vin).unwrap();
        bytes[at + vin.len() - 1] ^= 1;
        std::fs::write(&live, bytes).unwrap();
        let refused = Dealership::open(&url).unwrap().backup(&copy).unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Refused, "database_damaged"), "{refused}");
        assert!(!copy.exists());
    }

    #[test]
    fn an_older_schema_is_backed_up_before_its_migration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db").display().to_string();
        let mut conn = SqliteConnection::establish(&path).unwrap();
        conn.batch_execute("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')").unwrap();
        let dealership = Dealership::open(format!("sqlite:{path}")).unwrap();
        assert_eq!(dealership.check().unwrap_err().code(), "database_outdated");
        assert!(dealership.backup(folder.path().join("copy.db")).unwrap().bytes.is_some());
    }

    #[test]
    fn in_memory_databases_are_whole_and_apart() {
        let one = Dealership::open("sqlite::memory:").unwrap().acting_as(jpauto::Actor::system());
        let two = Dealership::open("sqlite::memory:").unwrap().acting_as(jpauto::Actor::system());
        one.inventory().add(&corolla(1)).unwrap();
        assert_eq!(one.inventory().statistics().unwrap().total.count, 1);
        assert_eq!(two.inventory().statistics().unwrap().total.count, 0);
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::connection::SimpleConnection as _;

    use super::*;
    use crate::support::postgres::Schema;

    #[test]
    fn a_fresh_database_waits_for_migrate() {
        let schema = Schema::create();
        let dealership = Dealership::open(&schema.url).unwrap();
        let desk = dealership.acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().statistics().unwrap_err().code(), "database_outdated");
        dealership.migrate().unwrap();
        assert!(desk.inventory().statistics().is_ok());
    }

    #[test]
    fn machines_that_start_at_once_migrate_once() {
        let schema = Schema::create();
        let start = Barrier::new(6);
        let reports: Vec<_> = std::thread::scope(|scope| {
            let machines: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        Dealership::open(&schema.url).unwrap().migrate().unwrap()
                    })
                })
                .collect();
            machines.into_iter().map(|machine| machine.join().unwrap()).collect()
        });
        assert_eq!(reports.iter().filter(|report| !report.applied.is_empty()).count(), 1);
    }

    #[test]
    fn a_database_of_a_newer_release_is_left_alone() {
        let schema = Schema::create();
        Dealership::open(&schema.url).unwrap().migrate().unwrap();
        schema
            .connect()
            .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')")
            .unwrap();
        let error = Dealership::open(&schema.url).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "database_newer"));
    }

    #[test]
    fn a_column_that_gets_another_type_stops_nobody() {
        let lot = Lot::on_postgres();
        let desk = lot.desk();
        let vehicle = desk.inventory().add(&corolla(1)).unwrap();
        let mut kind = ["text", "varchar(100)"].into_iter().cycle();
        let mut change = || {
            let kind = kind.next().unwrap();
            lot.execute(&format!("ALTER TABLE inventory ALTER COLUMN make TYPE {kind}"));
        };
        change();
        assert_eq!(desk.inventory().get(vehicle.id).unwrap().vehicle, vehicle);
        change();
        let renamed = jpauto::VehicleUpdate { make: Some("Lexus".into()), ..jpauto::VehicleUpdate::default() };
        assert_eq!(desk.inventory().update(vehicle.id, &renamed).unwrap().make, "Lexus");
        change();
        desk.inventory().add(&corolla(2)).unwrap();
    }

    #[test]
    fn a_server_that_is_not_there_is_unavailable() {
        let error = Dealership::open("postgres://nobody:secret@127.0.0.1:1/nothing").unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "database_unavailable"));
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }

    #[test]
    fn a_missing_right_is_named() {
        let lot = Lot::on_postgres();
        let role = format!("reader_{}_{}", std::process::id(), fastrand::u32(..));
        let schema = lot.url.rsplit("%3D").next().unwrap().to_owned();
        let url = lot.url.replacen("postgres@", &format!("{role}@"), 1);
        let may = |sql: &str| lot.execute(&sql.replace("$role", &role).replace("$schema", &schema));
        may("CREATE ROLE $role LOGIN");
        let told = |outcome: jpauto::Result<()>| {
            let error = outcome.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Misconfigured, "missing_right"), "{error}");
            error.to_string()
        };
        let open = || Dealership::open(&url);
        assert!(told(open().map(drop)).contains("USAGE"));
        may("GRANT USAGE ON SCHEMA $schema TO $role");
        assert!(told(open().map(drop)).contains("lacks SELECT on the table __diesel_schema_migrations"));
        may("GRANT SELECT ON ALL TABLES IN SCHEMA $schema TO $role");
        let reader = open().unwrap();
        let desk = reader.acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().statistics().unwrap().total.count, 0);
        let message = told(desk.inventory().add(&corolla(1)).map(drop));
        assert!(message.contains("lacks INSERT, UPDATE, DELETE on the table inventory"), "{message}");
        may("GRANT INSERT ON inventory TO $role");
        let message = told(desk.inventory().add(&corolla(1)).map(drop));
        assert!(message.contains("INSERT, UPDATE, DELETE on the table activity_logs"), "{message}");
        assert!(reader.check().unwrap().findings.is_empty());
        may("DELETE FROM __diesel_schema_migrations WHERE version LIKE '20261129%'");
        let message = told(reader.migrate().map(drop));
        assert!(message.contains(&role), "{message}");
        may("DROP OWNED BY $role; DROP ROLE $role");
    }

    #[test]
    fn a_backup_is_the_call_of_pg_dump() {
        let lot = Lot::on_postgres();
        let folder = tempfile::tempdir().unwrap();
        let backup = lot.dealership.backup(folder.path().join("lot.dump")).unwrap();
        let schema = lot.url.rsplit("%3D").next().unwrap();
        assert_eq!((backup.bytes, backup.command[0].as_str()), (None, "pg_dump"));
        assert!(backup.command.contains(&format!("--schema={schema}")), "{backup:?}");
        assert_eq!(backup.command.last(), Some(&lot.url));
    }

    /// As `docs/operations.md` says it.
    #[test]
    fn what_pg_dump_has_saved_is_restored() {
        let Some(programs) = crate::support::cluster::programs() else { return };
        let lot = Lot::on_postgres();
        for number in 1..=7 {
            lot.desk().inventory().add(&corolla(number)).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let backup = lot.dealership.backup(folder.path().join("lot.dump")).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let ran = std::process::Command::new(programs.join(program)).args(arguments).output().unwrap();
            assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        };
        run(&backup.command[0], &backup.command[1..].iter().map(String::as_str).collect::<Vec<_>>());

        let (server, options) = lot.url.split_once('?').unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        let name = format!("jpauto_restored_{}", std::process::id());
        let restored = format!("{server}/{name}");
        lot.execute(&format!("CREATE DATABASE {name}"));
        run("pg_restore", &["--no-owner", "--clean", "--if-exists", "--dbname", &restored, &backup.path]);

        let dealership = Dealership::open(format!("{restored}?{options}")).unwrap();
        assert_eq!(dealership.migrate().unwrap().applied.len(), 0);
        assert_eq!(dealership.check().unwrap().findings, []);
        let desk = dealership.acting_as(jpauto::Actor::system());
        assert_eq!(desk.inventory().statistics().unwrap().total.count, 7);
        let entries = |desk: &jpauto::Desk| {
            desk.activity().list(&jpauto::ActivityFilter::default(), &jpauto::PageRequest::first(100)).unwrap().items
        };
        assert_eq!(entries(&desk), entries(&lot.desk()));
        desk.inventory().add(&corolla(8)).unwrap();
        drop((desk, dealership));
        lot.execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
    }

    #[test]
    fn a_search_for_what_no_text_can_hold_is_refused() {
        let lot = Lot::on_postgres();
        let filter = jpauto::VehicleFilter::default().make("Toy\0ota");
        let error = lot.desk().inventory().list(&filter, &jpauto::PageRequest::default()).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, "invalid_text"));
    }

    #[test]
    fn connections_that_the_server_ends_are_replaced() {
        let lot = Lot::on_postgres();
        let name = format!("doomed {}", std::process::id());
        let url = format!("{}&application_name={}", lot.url, name.replace(' ', "%20"));
        let desk = Dealership::open(&url).unwrap().acting_as(jpauto::Actor::system());
        let all_at_once = || {
            let start = Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        start.wait();
                        desk.inventory().statistics().unwrap();
                    });
                }
            });
        };
        let mut admin = Schema::create().connect();
        for number in 0..3 {
            all_at_once();
            let end =
                format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'");
            admin.batch_execute(&end).unwrap();
            // A reader, then a writer, each with nothing but dead connections to choose from.
            if number % 2 == 0 {
                assert_eq!(desk.inventory().statistics().unwrap().total.count, i64::from(number));
            }
            desk.inventory().add(&corolla(number)).unwrap();
        }
        assert_eq!(desk.inventory().statistics().unwrap().total.count, 3);
    }
}

/// Who asks while the server is away for longer than a restart takes learns it at once, and nobody has to do anything when it is back.
#[cfg(feature = "postgres")]
#[test]
fn while_the_server_is_away_nobody_waits_for_it() {
    use std::time::{Duration, Instant};

    let Some(cluster) = crate::support::cluster::Cluster::primary() else { return };
    let config = Config::new(cluster.url("postgres", "postgres"));
    assert!(config.database.pool_timeout >= Duration::from_secs(5), "it is waited for that long where it is not away");
    let dealership = Dealership::with_config(config).unwrap();
    dealership.migrate().unwrap();
    dealership.check_ready().unwrap();
    for _ in 0..2 {
        cluster.stop();
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    let refusal = dealership.check_ready().unwrap_err();
                    assert_eq!((refusal.code(), refusal.retry_after().is_some()), ("database_unavailable", true));
                });
            }
        });
        assert!(began.elapsed() < Duration::from_millis(3_500), "{:?}: longer than a restart takes", began.elapsed());
        let again = Instant::now();
        assert_eq!(dealership.check_ready().unwrap_err().code(), "database_unavailable");
        assert!(again.elapsed() < Duration::from_millis(500), "{:?}", again.elapsed());
        cluster.start();
        let back = Instant::now();
        while dealership.check_ready().is_err() {
            assert!(back.elapsed() < Duration::from_secs(20), "it is back, and not found");
        }
    }
}

/// Sessions and customers are in it.
#[cfg(all(unix, feature = "sqlite"))]
#[test]
fn a_new_file_and_its_copies_are_for_their_owner_alone() {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    let dealership = Dealership::open(format!("sqlite:{}", path("lot.db").display())).unwrap();
    dealership.acting_as(jpauto::Actor::system()).inventory().add(&corolla(1)).unwrap();
    dealership.backup(path("copy.db")).unwrap();
    let memory = Dealership::open("sqlite::memory:").unwrap();
    memory.backup(path("of_memory.db")).unwrap();
    for name in ["lot.db", "lot.db-wal", "copy.db", "of_memory.db"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    fs::set_permissions(path("lot.db"), fs::Permissions::from_mode(0o640)).unwrap();
    dealership.backup(path("shared.db")).unwrap();
    assert_eq!(mode("shared.db"), 0o640, "as the owner has set it");
}
