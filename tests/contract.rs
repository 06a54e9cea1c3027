//! The schema against its contract, and databases of another application taken over.

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};

use crate::schema::{Database, differences, unknown_columns};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A connection as the checks want it: SQL in, one text column out.
macro_rules! lines_of {
    ($conn:expr) => {
        &mut |query: &str| -> Vec<String> {
            let rows: Vec<Line> = sql_query(query).load($conn).unwrap();
            rows.into_iter().map(|row| row.line).collect()
        }
    };
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
    use jpauto::Dealership;

    use super::*;

    #[test]
    fn a_new_file_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lot.db").display().to_string();
        drop(Dealership::open(format!("sqlite:{path}")).unwrap());
        let mut conn = SqliteConnection::establish(&path).unwrap();
        assert_eq!(differences(Database::Sqlite, lines_of!(&mut conn)), Vec::<String>::new());
        assert_eq!(unknown_columns(Database::Sqlite, lines_of!(&mut conn)), Vec::<String>::new());
        conn.batch_execute("ALTER TABLE inventory DROP COLUMN warranty").unwrap();
        assert_eq!(differences(Database::Sqlite, lines_of!(&mut conn)).len(), 1, "the check can fail");
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::connection::SimpleConnection as _;
    use jpauto::{Actor, Dealership, ErrorKind, PageRequest, SubmissionFilter, VehicleFilter};

    use super::*;
    use crate::{
        adoption::{OLDER_RELEASE, SEQUELIZE, losses, rows, sequelize_with_plain_timestamps},
        support::postgres::Schema,
    };

    #[test]
    fn a_fresh_schema_keeps_the_contract() {
        let schema = Schema::create();
        Dealership::open(&schema.url).unwrap().migrate().unwrap();
        let mut conn = schema.connect();
        assert_eq!(differences(Database::Postgres, lines_of!(&mut conn)), Vec::<String>::new());
        assert_eq!(unknown_columns(Database::Postgres, lines_of!(&mut conn)), Vec::<String>::new());
        conn.batch_execute("ALTER TABLE inventory ALTER price TYPE numeric(12, 2)").unwrap();
        assert_eq!(differences(Database::Postgres, lines_of!(&mut conn)).len(), 1, "the check can fail");
    }

    /// Adopts the database that the SQL makes, loses nothing, and gives what still differs from the contract.
    fn adopted(sql: &str) -> (Schema, Vec<String>) {
        let schema = Schema::create();
        let mut conn = schema.connect();
        conn.batch_execute(sql).unwrap();
        let before = rows(lines_of!(&mut conn));
        assert!(!before.is_empty());
        let dealership = Dealership::open(&schema.url).unwrap();
        let desk = dealership.acting_as(Actor::system());
        assert_eq!(desk.inventory().statistics().unwrap_err().code(), "database_outdated");
        dealership.migrate().unwrap();
        let after = rows(lines_of!(&mut conn));
        assert_eq!(losses(&before, &after), Vec::<String>::new());
        assert!(desk.inventory().statistics().is_ok());
        assert!(dealership.migrate().unwrap().applied.is_empty());
        let left = differences(Database::Postgres, lines_of!(&mut conn));
        (schema, left)
    }

    #[test]
    fn a_database_of_the_old_application_is_adopted_whole() {
        for sql in [SEQUELIZE.to_owned(), sequelize_with_plain_timestamps()] {
            let (schema, left) = adopted(&sql);
            assert_eq!(left, Vec::<String>::new());
            let desk = Dealership::open(&schema.url).unwrap().acting_as(Actor::system());
            let page = PageRequest::first(100);
            assert!(!desk.inventory().list(&VehicleFilter::default(), &page).unwrap().items.is_empty());
            assert!(!desk.submissions().list(&SubmissionFilter::default(), &page).unwrap().items.is_empty());
            assert!(!desk.users().list(&page).unwrap().items.is_empty());
        }
    }

    #[test]
    fn an_older_release_keeps_what_is_its_own() {
        let (_schema, left) = adopted(OLDER_RELEASE);
        // Four defaults of its own, a wider text and the precision of a time: all of them hold what the contract holds. And a word of its
        // own, which no check of ours refuses.
        assert_eq!(left.len(), 7, "{left:#?}");
    }

    #[test]
    fn what_can_not_be_adopted_is_named_and_left_as_it_was() {
        let schema = Schema::create();
        let mut conn = schema.connect();
        conn.batch_execute(
            "CREATE TABLE inventory (id uuid PRIMARY KEY, vin varchar(17));
             INSERT INTO inventory VALUES
                 ('22222222-2222-4222-8222-222222222221', 'A'), ('22222222-2222-4222-8222-222222222222', 'A')",
        )
        .unwrap();
        let before = rows(lines_of!(&mut conn));
        let error = Dealership::open(&schema.url).unwrap().migrate().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "migration_failed"));
        assert!(error.to_string().contains("inventory"), "{error}");
        assert_eq!(rows(lines_of!(&mut conn)), before);
        let tables =
            lines_of!(&mut conn)("SELECT tablename::text AS line FROM pg_tables WHERE schemaname = current_schema()");
        assert_eq!(tables, ["inventory"]);
    }
}
