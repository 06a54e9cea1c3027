//! The table of variants: a database as another application leaves it with one thing changed, what `migrate` makes of it, and
//! a day's work on it afterwards.

use std::{collections::BTreeSet, ops::ControlFlow};

use jpauto::{
    Action, ActivityFilter, Actor, AlertFilter, AlertType, Approval, Dealership, Finding, Money, PageRequest,
    StatusChange, SubmissionFilter, SubmissionStatus, Vehicle, VehicleFilter, VehicleSort, VehicleStatus,
    VehicleUpdate,
    exports::{Export, Platform},
};

use super::SEQUELIZE;

/// How many vehicles and submissions there are besides those of [`SEQUELIZE`].
const VEHICLES: u32 = 250;
const SUBMISSIONS: u32 = 5;

/// What is changed.
enum Change {
    /// The same statements on both databases.
    Both(&'static str),
    /// Each database has its own.
    Each { postgres: &'static str, sqlite: &'static str },
    /// SQLite has no such type, or jpauto's own tables there rule it out.
    Postgres(&'static str),
    /// PostgreSQL's types refuse it.
    Sqlite(&'static str),
}

/// What `migrate` says.
enum Outcome {
    /// It is refused with these words, and nothing is changed.
    Refused(&'static [&'static str]),
    /// These kinds are found: kind, place, rows, remedy.
    Found(&'static [(&'static str, &'static str, u64, &'static str)]),
    /// The same, and the tables do not take all repairs: the refusals say these words.
    NotAllTaken(&'static [(&'static str, &'static str, u64, &'static str)], &'static [&'static str]),
}

use Change::{Both, Each, Postgres, Sqlite};
use Outcome::{Found, NotAllTaken, Refused};

const WORKS: Outcome = Found(&[]);

const VARIANTS: &[(&str, Change, Outcome)] = &[
    ("plain", Both("SELECT 1"), WORKS),
    (
        "each word column an enum",
        Postgres(
            "CREATE TYPE status_word AS ENUM ('available', 'sold', 'pending', 'hold');
             ALTER TABLE inventory ALTER status DROP DEFAULT;
             ALTER TABLE inventory ALTER status TYPE status_word USING status::status_word;
             ALTER TABLE inventory ALTER status SET DEFAULT 'available'",
        ),
        WORKS,
    ),
    (
        "an enum of capitals",
        Postgres(
            "CREATE TYPE status_word AS ENUM ('AVAILABLE', 'SOLD', 'WHOLESALE');
             ALTER TABLE inventory ALTER status DROP DEFAULT;
             ALTER TABLE inventory ALTER status TYPE status_word USING upper(status)::status_word;
             UPDATE inventory SET status = 'WHOLESALE' WHERE stock_number = 'S0007'",
        ),
        Found(&[
            ("word_case", "inventory.status", 251, "repaired"),
            ("unknown_word", "inventory.status", 1, "by_hand"),
        ]),
    ),
    ("times without a zone", Postgres("ALTER TABLE inventory ALTER created_at TYPE timestamp"), WORKS),
    ("money as double precision", Postgres("ALTER TABLE inventory ALTER price TYPE double precision"), WORKS),
    ("json", Postgres("ALTER TABLE inventory ALTER images TYPE json"), WORKS),
    ("text everywhere", Postgres("ALTER TABLE inventory ALTER make TYPE text, ALTER vin TYPE text"), WORKS),
    (
        "a column of its own",
        Postgres("ALTER TABLE inventory ADD lot varchar(9) NOT NULL DEFAULT 'A'; ALTER TABLE inventory ALTER lot DROP DEFAULT"),
        WORKS,
    ),
    (
        "times that each row must have",
        Postgres(
            "UPDATE inventory SET created_at = now() WHERE created_at IS NULL; UPDATE pending_submissions SET created_at = now() WHERE created_at IS NULL;
             ALTER TABLE inventory ALTER created_at SET NOT NULL, ALTER updated_at SET DEFAULT now();
             ALTER TABLE pending_submissions ALTER created_at SET NOT NULL; ALTER TABLE activity_logs ALTER created_at SET NOT NULL",
        ),
        WORKS,
    ),
    ("later tables missing", Postgres("DROP TABLE competitor_metrics, competitor_price_history, job_history"), WORKS),
    (
        "no status",
        Both("UPDATE inventory SET status = NULL"),
        Found(&[("no_status", "inventory.status", 252, "by_hand")]),
    ),
    (
        "a view and a trigger",
        Postgres(
            "CREATE VIEW cars AS SELECT vin, price FROM inventory;
             CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
             CREATE TRIGGER touch BEFORE UPDATE ON inventory FOR EACH ROW EXECUTE FUNCTION touch()",
        ),
        WORKS,
    ),
    (
        "references to nothing",
        Each {
            postgres: "ALTER TABLE inventory DROP CONSTRAINT inventory_created_by_fkey;
                       ALTER TABLE inventory DROP CONSTRAINT inventory_source_submission_id_fkey;
                       UPDATE inventory SET created_by = '99999999-9999-4999-8999-999999999999' WHERE stock_number = 'S0003';
                       UPDATE inventory SET source_submission_id = '99999999-9999-4999-8999-999999999999' WHERE stock_number = 'S0001'",
            sqlite: "PRAGMA foreign_keys = OFF;
                     UPDATE inventory SET created_by = x'99999999999949998999999999999999' WHERE stock_number = 'S0003';
                     UPDATE inventory SET source_submission_id = x'99999999999949998999999999999999' WHERE stock_number = 'S0001'",
        },
        Found(&[
            ("missing_reference", "inventory.source_submission_id", 1, "by_hand"),
            ("missing_reference", "inventory.created_by", 1, "by_hand"),
        ]),
    ),
    (
        "a condition that wants capitals",
        Postgres(
            "UPDATE inventory SET status = upper(status), make = make || ' ';
             ALTER TABLE inventory ADD CONSTRAINT capitals CHECK (status = upper(status))",
        ),
        NotAllTaken(&[
            ("word_case", "inventory.status", 252, "by_hand"),
            ("blanks", "inventory.make", 252, "repaired"),
        ], &["\"available\" as status", "\"capitals\""]),
    ),
    (
        "a trigger that lets some rows alone",
        Each {
            postgres: "UPDATE inventory SET make = make || ' ' WHERE stock_number BETWEEN 'S0001' AND 'S0007';
                       UPDATE inventory SET images = '\"https://example.com/9.jpg\"' WHERE stock_number IN ('S0005', 'S0006');
                       CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this car is frozen'; END $$;
                       CREATE TRIGGER frozen BEFORE UPDATE OF make, images ON inventory FOR EACH ROW WHEN (OLD.stock_number = 'S0006')
                           EXECUTE FUNCTION frozen()",
            sqlite: "UPDATE inventory SET make = make || ' ' WHERE stock_number BETWEEN 'S0001' AND 'S0007';
                     UPDATE inventory SET images = '\"https://example.com/9.jpg\"' WHERE stock_number IN ('S0005', 'S0006');
                     CREATE TRIGGER frozen BEFORE UPDATE OF make, images ON inventory WHEN OLD.stock_number = 'S0006'
                     BEGIN SELECT RAISE(ABORT, 'this car is frozen'); END",
        },
        NotAllTaken(&[
            ("blanks", "inventory.make", 6, "repaired"),
            ("blanks", "inventory.make", 1, "by_hand"),
            ("list_shape", "inventory.images", 1, "repaired"),
            ("list_shape", "inventory.images", 1, "by_hand"),
        ], &["\"Toyota\" as make", "the repaired images", "this car is frozen"]),
    ),
    (
        "a VIN with a note behind it",
        Sqlite(
            "UPDATE inventory SET vin = lower(vin) || ' see notes' WHERE stock_number = 'S0010';
             UPDATE inventory SET vin = lower(vin) WHERE stock_number = 'S0011'",
        ),
        NotAllTaken(&[
            ("vin_case", "inventory.vin", 1, "repaired"),
            ("vin_case", "inventory.vin", 1, "by_hand"),
            ("implausible", "inventory.vin", 1, "by_hand"),
        ], &["SEE NOTES", "length(vin)"]),
    ),
    (
        "texts that are too long",
        Sqlite("UPDATE inventory SET engine = printf('%.200c', 'x'), thumbnail = printf('%.600c', 'x'), cost = 99999999999 WHERE stock_number = 'S0003'"),
        Found(&[("implausible", "inventory.cost", 1, "by_hand")]),
    ),
    (
        "a sale without its time behind capitals",
        Both("UPDATE inventory SET status = 'SOLD', sold_at = NULL WHERE stock_number = 'S0012'"),
        Found(&[("word_case", "inventory.status", 1, "repaired")]),
    ),
    // What is refused.
    (
        "one VIN twice",
        Postgres(
            "ALTER TABLE inventory DROP CONSTRAINT inventory_vin_key;
             UPDATE inventory SET vin = '4T1B11HK0KU000001' WHERE stock_number = 'S0002'",
        ),
        Refused(&["inventory", "the same VIN", "-000000000001 (4T1B11HK0KU000001)", "-000000000002 (4T1B", "all but one"]),
    ),
    (
        "one VIN twice but for case",
        Each {
            postgres: "UPDATE inventory SET vin = '4t1b11hk0ku000001 ' WHERE stock_number = 'S0002'",
            sqlite: "",
        },
        Refused(&["inventory", "the same VIN", "-000000000001 (4T1B11HK0KU000001)", "-000000000002 (4t1b"]),
    ),
    (
        "one stock number twice",
        Postgres(
            "ALTER TABLE inventory DROP CONSTRAINT inventory_stock_number_key;
             UPDATE inventory SET stock_number = 'S0001' WHERE stock_number = 'S0002'",
        ),
        Refused(&["inventory", "UNIQUE (stock_number)", "-000000000001", "-000000000002", "all but one"]),
    ),
    (
        "no price",
        Postgres(
            "ALTER TABLE inventory ALTER price DROP NOT NULL;
             UPDATE inventory SET price = NULL WHERE stock_number IN ('S0001', 'S0004', 'S0005', 'S0006')",
        ),
        Refused(&["inventory.price", "null", "-000000000001, ", "-000000000004, ", "-000000000005", "Give these rows a value"]),
    ),
    (
        "no mileage",
        Postgres(
            "ALTER TABLE inventory ALTER mileage DROP NOT NULL; UPDATE inventory SET mileage = NULL WHERE stock_number = 'S0001'",
        ),
        Refused(&["inventory.mileage", "null", "-000000000001"]),
    ),
    (
        "money with three decimals",
        Postgres(
            "ALTER TABLE inventory ALTER price TYPE numeric(12, 3);
             UPDATE inventory SET price = 1.005 WHERE stock_number IN ('S0008', 'S0009')",
        ),
        Refused(&["inventory.price", "do not fit", "-000000000008, ", "-000000000009", "Correct these values"]),
    ),
    (
        "prices as text, and two of them no numbers",
        Postgres(
            "ALTER TABLE inventory ALTER price TYPE text;
             UPDATE inventory SET price = '$15,000' WHERE stock_number IN ('S0008', 'S0009')",
        ),
        Refused(&[
            "inventory.price",
            "$15,000",
            "the first rows: 00000000-0000-4000-8000-000000000008, 00000000-0000-4000-8000-000000000009",
        ]),
    ),
    (
        "images as an array of text",
        Postgres("ALTER TABLE inventory ALTER images TYPE text[] USING ARRAY['https://example.com/1.jpg']"),
        Refused(&["inventory.images", "to_jsonb(images)", "-000000000001, "]),
    ),
    (
        "ids as text",
        Postgres(
            "ALTER TABLE market_research_results DROP CONSTRAINT market_research_results_inventory_id_fkey;
             ALTER TABLE market_price_history DROP CONSTRAINT market_price_history_inventory_id_fkey;
             ALTER TABLE inventory ALTER id TYPE varchar(36); UPDATE inventory SET id = 'car 1' WHERE stock_number = 'S0001'",
        ),
        Refused(&["inventory.id as uuid", "must be UUIDs"]),
    ),
    (
        "ids that count",
        Postgres(
            "ALTER TABLE market_research_results DROP CONSTRAINT market_research_results_inventory_id_fkey;
             ALTER TABLE market_price_history DROP CONSTRAINT market_price_history_inventory_id_fkey;
             ALTER TABLE inventory DROP COLUMN id; ALTER TABLE inventory ADD id serial PRIMARY KEY",
        ),
        Refused(&["inventory.id as uuid", "must be UUIDs"]),
    ),
    (
        "a view on a column to convert",
        Postgres(
            "ALTER TABLE inventory ALTER price TYPE double precision; CREATE VIEW cars AS SELECT price FROM inventory",
        ),
        Refused(&["inventory.price", "Drop the view"]),
    ),
    (
        "columns in camel case",
        Postgres(
            "ALTER TABLE users RENAME oauth_provider TO \"oauthProvider\"; ALTER TABLE users RENAME oauth_id TO \"oauthId\";
             ALTER TABLE inventory RENAME stock_number TO \"stockNumber\"; ALTER TABLE inventory RENAME created_at TO \"createdAt\"",
        ),
        Refused(&[
            "named otherwise",
            "users.\"oauthProvider\" (expected oauth_provider)",
            "inventory.\"stockNumber\" (expected stock_number)",
            "inventory.\"createdAt\"",
            "RENAME",
        ]),
    ),
    (
        "a table in capitals",
        Postgres("ALTER TABLE inventory RENAME TO \"Inventory\""),
        Refused(&["named otherwise", "\"Inventory\" with 252 rows (expected inventory)", "RENAME TO", "nothing was changed"]),
    ),
    (
        "tables in other numbers",
        Postgres(
            "ALTER TABLE inventory RENAME TO inventories; ALTER TABLE pending_submissions RENAME TO \"PendingSubmission\";
             CREATE TABLE competitor (id uuid, name text); INSERT INTO competitor (name) VALUES ('Of a game')",
        ),
        Refused(&["\"inventories\" with 252 rows (expected inventory)", "\"PendingSubmission\" with 8 rows"]),
    ),
    // PostgreSQL refuses them where it is adopted. jpauto makes the tables of SQLite itself, so that another program writes them later.
    (
        "one VIN and one stock number twice but for case and blanks",
        Sqlite(
            "UPDATE inventory SET vin = (SELECT lower(vin) FROM inventory WHERE stock_number = 'S0100') WHERE stock_number = 'S0101';
             UPDATE inventory SET stock_number = 'S0103 ' WHERE stock_number = 'S0102'",
        ),
        Found(&[
            ("duplicate", "inventory.vin", 2, "by_hand"),
            ("duplicate", "inventory.stock_number", 2, "by_hand"),
        ]),
    ),
    // What is repaired, and what is kept and named.
    (
        "a table of another name beside ours",
        Both("CREATE TABLE inventories AS SELECT * FROM inventory"),
        Found(&[("other_table", "inventory.id", 252, "by_hand")]),
    ),
    (
        "statuses in other letters",
        Both("UPDATE inventory SET status = 'AVAILABLE' WHERE stock_number BETWEEN 'S0001' AND 'S0200'; UPDATE inventory SET status = ' Sold' WHERE stock_number = 'S0201'"),
        Found(&[("word_case", "inventory.status", 201, "repaired")]),
    ),
    (
        "a status that nobody knows",
        Both("UPDATE inventory SET status = 'wholesale' WHERE stock_number BETWEEN 'S0001' AND 'S0004'; UPDATE inventory SET status = 'Auction' WHERE stock_number = 'S0005'"),
        Found(&[("unknown_word", "inventory.status", 5, "by_hand")]),
    ),
    (
        "submissions in other words",
        Both(
            "UPDATE pending_submissions SET submission_status = 'PENDING' WHERE customer_name LIKE 'Customer %';
             UPDATE pending_submissions SET submission_status = 'in_review' WHERE customer_name = 'Customer 2'",
        ),
        Found(&[
            ("word_case", "pending_submissions.submission_status", 4, "repaired"),
            ("unknown_word", "pending_submissions.submission_status", 1, "by_hand"),
        ]),
    ),
    (
        "a role that nobody knows",
        Both("UPDATE users SET role = 'owner' WHERE email = 'boss@example.com'"),
        Found(&[("unknown_word", "users.role", 1, "by_hand")]),
    ),
    (
        "addresses as they were typed",
        Both("UPDATE users SET email = ' Boss@Example.com' WHERE email = 'boss@example.com'"),
        Found(&[("email_case", "users.email", 1, "repaired")]),
    ),
    (
        "VINs in lower case",
        Both(
            "UPDATE inventory SET vin = lower(vin) WHERE stock_number IN ('S0001', 'S0002');
             UPDATE pending_submissions SET vin = lower(vin) WHERE customer_name = 'Customer 3'",
        ),
        Found(&[("vin_case", "pending_submissions.vin", 1, "repaired"), ("vin_case", "inventory.vin", 2, "repaired")]),
    ),
    (
        "blanks at the ends",
        Both("UPDATE inventory SET make = make || '  ' WHERE stock_number BETWEEN 'S0001' AND 'S0150'; UPDATE inventory SET stock_number = ' ' || stock_number WHERE stock_number = 'S0009'"),
        Found(&[("blanks", "inventory.stock_number", 1, "repaired"), ("blanks", "inventory.make", 150, "repaired")]),
    ),
    (
        "blanks beyond ASCII at the ends",
        Both(
            "UPDATE inventory SET make = '\u{a0}' || make || '\u{a0}\u{3000}' WHERE stock_number BETWEEN 'S0001' AND 'S0004';
             UPDATE inventory SET model = '\u{feff}' || model || '\u{200b}' WHERE stock_number BETWEEN 'S0001' AND 'S0005';
             UPDATE inventory SET trim = '\u{2000}\u{200a}\t\n' WHERE stock_number = 'S0006';
             UPDATE inventory SET engine = '2.5\u{3000}L' WHERE stock_number = 'S0007';
             UPDATE inventory SET stock_number = stock_number || '\u{a0}' WHERE stock_number = 'S0009';
             UPDATE inventory SET status = '\u{200b}AVAILABLE\n' WHERE stock_number = 'S0010'",
        ),
        Found(&[
            ("word_case", "inventory.status", 1, "repaired"),
            ("blanks", "inventory.stock_number", 1, "repaired"),
            ("blanks", "inventory.make", 4, "repaired"),
            ("blanks", "inventory.model", 5, "repaired"),
            ("blanks", "inventory.trim", 1, "repaired"),
        ]),
    ),
    (
        "texts that were read in another encoding",
        Both(
            "UPDATE inventory SET make = 'Citro\u{c3}\u{ab}n' WHERE stock_number BETWEEN 'S0001' AND 'S0150';
             UPDATE inventory SET model = '\u{c5}\u{a0}koda\u{c2}\u{a0}' WHERE stock_number = 'S0001';
             UPDATE inventory SET model = 'Voil\u{c3}\u{a0}' WHERE stock_number = 'S0002';
             UPDATE inventory SET description = 'The owner\u{e2}\u{20ac}\u{2122}s own' WHERE stock_number = 'S0003';
             UPDATE inventory SET description = 'S\u{c3}O \u{e9}t\u{e9} SKOD\u{c5}\u{ae}' WHERE stock_number = 'S0004';
             UPDATE pending_submissions SET customer_name = 'Ren\u{c3}\u{a9}' WHERE customer_name = 'Customer 4'",
        ),
        Found(&[
            ("encoding", "pending_submissions.customer_name", 1, "repaired"),
            ("encoding", "inventory.make", 150, "repaired"),
            ("encoding", "inventory.model", 2, "repaired"),
            ("encoding", "inventory.description", 1, "repaired"),
            ("blanks", "inventory.model", 1, "repaired"),
        ]),
    ),
    (
        "items that say nothing",
        Both(
            r#"UPDATE inventory SET images = '["", " "]' WHERE stock_number = 'S0001';
               UPDATE inventory SET features = '["Sunroof", ""]' WHERE stock_number IN ('S0002', 'S0003')"#,
        ),
        Found(&[
            ("list_shape", "inventory.features", 2, "repaired"),
            ("list_shape", "inventory.images", 1, "repaired"),
        ]),
    ),
    (
        "lists in other shapes",
        Both(
            r#"UPDATE inventory SET features = 'null' WHERE stock_number = 'S0001';
               UPDATE inventory SET features = '{}' WHERE stock_number = 'S0002';
               UPDATE inventory SET images = '[{"url": "https://example.com/7.jpg"}]' WHERE stock_number = 'S0003';
               UPDATE inventory SET images = '"[\"https://example.com/8.jpg\"]"' WHERE stock_number = 'S0004';
               UPDATE inventory SET images = '{"front": {"width": 7}}' WHERE stock_number = 'S0005';
               UPDATE pending_submissions SET images = '"https://example.com/9.jpg"' WHERE customer_name = 'Customer 4'"#,
        ),
        Found(&[
            ("list_shape", "pending_submissions.images", 1, "repaired"),
            ("list_shape", "inventory.features", 2, "repaired"),
            ("list_shape", "inventory.images", 2, "repaired"),
            ("unreadable_list", "inventory.images", 1, "by_hand"),
        ]),
    ),
    (
        "many lists in another shape",
        Both(r#"UPDATE inventory SET images = '[{"url": "https://example.com/7.jpg"}]'"#),
        Found(&[("list_shape", "inventory.images", 252, "repaired")]),
    ),
    (
        "all at once in one row",
        Both(
            r#"UPDATE inventory SET status = 'wholesale', vin = lower(vin), make = 'Toyota ', images = '{}'
               WHERE stock_number = 'S0001'"#,
        ),
        Found(&[
            ("unknown_word", "inventory.status", 1, "by_hand"),
            ("vin_case", "inventory.vin", 1, "repaired"),
            ("blanks", "inventory.make", 1, "repaired"),
            ("list_shape", "inventory.images", 1, "repaired"),
        ]),
    ),
    (
        "times under another name",
        Each {
            postgres: "ALTER TABLE inventory ADD \"createdAt\" timestamptz NOT NULL DEFAULT now(),
                           ADD \"updatedAt\" timestamp NOT NULL DEFAULT now();
                       UPDATE inventory SET \"createdAt\" = coalesce(created_at, now()), \"updatedAt\" = coalesce(updated_at, now());
                       UPDATE inventory SET \"createdAt\" = '2024-02-03 04:05:06+00', \"updatedAt\" = '2024-03-04 05:06:07',
                           created_at = now(), updated_at = now() WHERE stock_number LIKE 'S%';
                       UPDATE inventory SET created_at = NULL, updated_at = NULL WHERE stock_number = 'S0001'",
            sqlite: "ALTER TABLE inventory ADD \"createdAt\" TEXT;
                     ALTER TABLE inventory ADD \"updatedAt\" TEXT;
                     UPDATE inventory SET \"createdAt\" = '2024-02-03 04:05:06', \"updatedAt\" = '2024-03-04 05:06:07.000Z';
                     UPDATE inventory SET created_at = '2026-01-02T03:04:05.000000Z', updated_at = '2026-01-02T03:04:05.000000Z'
                         WHERE stock_number LIKE 'S%';
                     UPDATE inventory SET created_at = NULL, updated_at = NULL WHERE stock_number = 'S0001'",
        },
        Found(&[("other_column", "inventory.updated_at", 250, "repaired"), ("other_column", "inventory.created_at", 250, "repaired")]),
    ),
    (
        "times of other types under another name",
        Each {
            postgres: "ALTER TABLE inventory ADD \"createdAt\" text, ADD \"updatedAt\" bigint;
                       UPDATE inventory SET created_at = NULL, updated_at = NULL;
                       UPDATE inventory SET \"createdAt\" = '2024-02-29T04:05:06.123Z', \"updatedAt\" = 1700000000000;
                       -- A 29 February may be none, so it is for a person.
                       UPDATE inventory SET \"createdAt\" = '2024-02-28 04:05:06.123+02', \"updatedAt\" = 1700000000 WHERE stock_number LIKE 'S%';
                       UPDATE inventory SET \"createdAt\" = 'last May', \"updatedAt\" = 7 WHERE stock_number = 'S0007'",
            sqlite: "ALTER TABLE inventory ADD createdAt ANY;
                     ALTER TABLE inventory ADD updatedAt ANY;
                     UPDATE inventory SET created_at = NULL, updated_at = NULL, createdAt = 7, updatedAt = 1700000000000;
                     UPDATE inventory SET createdAt = 1700000000000, updatedAt = 1700000000 WHERE stock_number LIKE 'S%';
                     UPDATE inventory SET createdAt = 'last May', updatedAt = 7 WHERE stock_number = 'S0007'",
        },
        Found(&[
            ("other_column", "inventory.updated_at", 251, "repaired"),
            ("other_column", "inventory.updated_at", 1, "by_hand"),
            ("other_column", "inventory.created_at", 249, "repaired"),
            ("other_column", "inventory.created_at", 3, "by_hand"),
        ]),
    ),
    (
        "words of other tables",
        Each {
            postgres: "UPDATE job_history SET status = 'completed' WHERE status = 'success'; UPDATE job_history SET status = 'Failure' WHERE status = 'failure';
                       UPDATE competitors SET scrape_error_type = 'Timeout Error', platform_type = 'dealer inspire ' WHERE scrape_error IS NOT NULL;
                       UPDATE market_research_results SET price_recommendation = 'OVERPRICED'",
            sqlite: "INSERT INTO job_history (id, job_name, status, started_at) VALUES
                         (CAST('jobs000000000001' AS BLOB), 'storage_check', 'completed', '2025-11-01T00:00:00.000000Z'),
                         (CAST('jobs000000000002' AS BLOB), 'storage_check', 'Failure', '2025-11-01T00:00:00.000000Z');
                     INSERT INTO competitors (id, name, inventory_url, platform_type, scrape_error_type)
                         VALUES (CAST('competitor000001' AS BLOB), 'Hilltop Motors', 'https://hilltop.example/used', 'dealer inspire ', 'Timeout Error');
                     INSERT INTO market_research_results (id, inventory_id, price_recommendation)
                         SELECT CAST('research00000001' AS BLOB), id, 'OVERPRICED' FROM inventory WHERE stock_number = 'S0001'",
        },
        Found(&[
            ("blanks", "competitors.platform_type", 1, "repaired"),
            ("unknown_word", "competitors.scrape_error_type", 1, "by_hand"),
            ("unknown_word", "market_research_results.price_recommendation", 1, "by_hand"),
            ("word_case", "job_history.status", 1, "repaired"),
            ("unknown_word", "job_history.status", 1, "by_hand"),
        ]),
    ),
    (
        "a VIN that is nothing",
        Both("UPDATE pending_submissions SET vin = ' ' WHERE customer_name = 'Customer 3'"),
        Found(&[("vin_case", "pending_submissions.vin", 1, "repaired")]),
    ),
    (
        "marked as deleted",
        Each {
            postgres: "ALTER TABLE inventory ADD \"deletedAt\" timestamptz; UPDATE inventory SET \"deletedAt\" = now() WHERE stock_number = 'S0002'",
            sqlite: "ALTER TABLE inventory ADD \"deletedAt\" TEXT; UPDATE inventory SET \"deletedAt\" = '2024' WHERE stock_number = 'S0002'",
        },
        Found(&[("marked_deleted", "inventory.deleted_at", 1, "by_hand")]),
    ),
    (
        "no vehicle has such values",
        Both(
            "UPDATE inventory SET year = 0 WHERE stock_number = 'S0001'; UPDATE inventory SET price = -1 WHERE stock_number = 'S0002';
             UPDATE inventory SET vin = 'OLDCAR' WHERE stock_number = 'S0003'; UPDATE inventory SET make = '' WHERE stock_number = 'S0004';
             UPDATE inventory SET vin = 'VC57L123456', year = 1957 WHERE stock_number = 'S0005';
             UPDATE inventory SET year = 3000 WHERE stock_number = 'S0006'; UPDATE inventory SET mileage = -5 WHERE stock_number = 'S0009';
             UPDATE inventory SET doors = 2000001 WHERE stock_number = 'S0010'",
        ),
        Found(&[
            ("implausible", "inventory.vin", 1, "by_hand"),
            ("implausible", "inventory.make", 1, "by_hand"),
            ("implausible", "inventory.year", 2, "by_hand"),
            ("implausible", "inventory.price", 1, "by_hand"),
            ("implausible", "inventory.mileage", 1, "by_hand"),
            ("implausible", "inventory.doors", 1, "by_hand"),
        ]),
    ),
    (
        "a price that no column of PostgreSQL takes",
        Sqlite("UPDATE inventory SET price = 10000000000 WHERE stock_number = 'S0002'; UPDATE inventory SET price = 9000000000000000000 WHERE stock_number IN ('S0003', 'S0004')"),
        Found(&[("implausible", "inventory.price", 3, "by_hand")]),
    ),
    (
        "rows without an id",
        Sqlite(
            "PRAGMA foreign_keys = OFF;
             UPDATE inventory SET id = x'616263' WHERE stock_number = 'S0100'; UPDATE inventory SET id = x'' WHERE stock_number = 'S0101';
             UPDATE pending_submissions SET reviewed_by = x'07' WHERE customer_name = 'Customer 4'",
        ),
        Found(&[
            ("missing_reference", "pending_submissions.reviewed_by", 1, "by_hand"),
            ("unreadable_row", "inventory.id", 2, "by_hand"),
        ]),
    ),
    (
        "times in other forms",
        Sqlite(
            "UPDATE inventory SET listed_at = '2026-03-01 10:20:30' WHERE stock_number = 'S0001';
             UPDATE inventory SET listed_at = '2026-03-01T10:20:30+02:00' WHERE stock_number = 'S0002';
             UPDATE inventory SET listed_at = '2026-03-01' WHERE stock_number = 'S0003'",
        ),
        Found(&[("time_form", "inventory.listed_at", 3, "repaired")]),
    ),
    (
        "many times that are none",
        Sqlite(
            "UPDATE inventory SET listed_at = 'yesterday' WHERE stock_number BETWEEN 'S0001' AND 'S0020';
             UPDATE inventory SET listed_at = '03/01/2026' WHERE stock_number BETWEEN 'S0021' AND 'S0040'",
        ),
        Found(&[("unreadable_time", "inventory.listed_at", 40, "by_hand")]),
    ),
    (
        "no time and no number",
        Each {
            postgres: "UPDATE inventory SET listed_at = 'infinity', cost = 'NaN' WHERE stock_number = 'S0001';
                       UPDATE inventory SET listed_at = '-infinity' WHERE stock_number = 'S0002'",
            sqlite: "UPDATE inventory SET listed_at = '2026-02-31T00:00:00.999999Z' WHERE stock_number = 'S0001';
                     UPDATE inventory SET listed_at = 'yesterday' WHERE stock_number = 'S0002';
                     UPDATE inventory SET listed_at = '2026-02-27T23:59:59.999999Z' WHERE stock_number = 'S0003'",
        },
        Found(&[
            #[cfg(feature = "postgres")]
            ("unreadable_amount", "inventory.cost", 1, "by_hand"),
            ("unreadable_time", "inventory.listed_at", 2, "by_hand"),
        ]),
    ),
];

fn found(findings: &[Finding]) -> Vec<(&'static str, String, u64, &'static str)> {
    findings
        .iter()
        // Few of these rows have all that a sale or an approval leaves; `jobs.rs` tries those rules.
        .filter(|finding| !["undated", "no_vehicle", "unreviewed"].contains(&finding.kind.as_str()))
        .map(|finding| {
            assert_eq!(finding.ids.len() as u64, finding.count.min(Finding::SAMPLE as u64), "{finding:?}");
            (
                finding.kind.as_str(),
                format!("{}.{}", finding.table, finding.column),
                finding.count,
                finding.remedy.as_str(),
            )
        })
        .collect()
}

/// Migrates the database, and works on it for a day.
fn tried(name: &str, url: &str, outcome: &Outcome) {
    let dealership = Dealership::open(url).unwrap();
    let report = match (dealership.migrate(), outcome) {
        (Ok(report), Found(_) | NotAllTaken(..)) => report,
        (Err(error), Refused(words)) => {
            assert_eq!(error.code(), "migration_failed", "{name}");
            let missing: Vec<_> = words.iter().filter(|word| !error.to_string().contains(**word)).collect();
            assert!(missing.is_empty(), "{name}: {missing:?} not in {error}");
            return;
        }
        (other, _) => panic!("{name}: {other:?}"),
    };
    let (Found(expected) | NotAllTaken(expected, _)) = outcome else { unreachable!() };
    let expected: Vec<_> = expected
        .iter()
        // SQLite's amounts are integers.
        .filter(|(kind, ..)| *kind != "unreadable_amount" || url.starts_with("postgres"))
        .map(|(kind, place, count, remedy)| (*kind, (*place).to_owned(), *count, *remedy))
        .collect();
    assert_eq!(found(&report.findings), expected, "{name}");

    let left: Vec<_> = expected.iter().filter(|finding| finding.3 != "repaired").cloned().collect();
    let found_again = dealership.check().unwrap().findings;
    if let NotAllTaken(_, words) = outcome {
        let refusals: Vec<_> = report.findings.iter().filter_map(|finding| finding.refusal.as_deref()).collect();
        for word in *words {
            assert!(refusals.iter().any(|refusal| refusal.contains(word)), "{name}: {word} not in {refusals:?}");
        }
        // A check changes nothing, so it cannot know what a table takes.
        let without_remedy = |findings: Vec<(&'static str, String, u64, &'static str)>| -> Vec<_> {
            findings.into_iter().map(|(kind, place, count, _)| (kind, place, count)).collect()
        };
        assert_eq!(
            without_remedy(found(&found_again)),
            without_remedy(left.clone()),
            "{name}: check finds what is left"
        );
    } else {
        assert!(report.findings.iter().all(|finding| finding.refusal.is_none()), "{name}");
        assert_eq!(found(&found_again), left, "{name}: check finds what is left");
    }
    let rows_of = |findings: &[Finding]| -> Vec<_> {
        findings
            .iter()
            .filter(|finding| finding.remedy.as_str() != "repaired")
            .map(|it| (it.kind, it.table, it.column, it.count))
            .collect()
    };
    assert_eq!(rows_of(&report.findings), rows_of(&found_again), "{name}: what a repair uncovers is told at once");
    let again = dealership.migrate().unwrap();
    assert!(again.applied.is_empty(), "{name}");
    assert_eq!(found(&again.findings), left, "{name}: a second migration finds the same");
    audited(name, &dealership, &report.findings);
    let is_unreadable = |finding: &&Finding| {
        finding.kind.as_str() == "unknown_word"
            || finding.kind.as_str() == "other_table"
            || finding.kind.as_str().starts_with("unreadable")
    };
    let desk = dealership.acting_as(Actor::system());
    let mut filter = AlertFilter::default();
    filter.alert_type = Some(AlertType::UnreadableValues);
    let alerts = desk.alerts().list(&filter, &PageRequest::default()).unwrap().items;
    assert_eq!(alerts.len(), usize::from(report.findings.iter().any(|finding| is_unreadable(&finding))), "{name}");
    for finding in report.findings.iter().filter(is_unreadable) {
        assert!(alerts[0].message.contains(finding.column), "{name}: {}", alerts[0].message);
    }
    // Where a table takes no words of ours, a day begins with taking the condition off.
    if !name.contains("wants capitals") {
        a_day(name, &dealership);
    }
}

/// Each repair is in the audit trail: a row's own entry, or one for many.
fn audited(name: &str, dealership: &Dealership, findings: &[Finding]) {
    let desk = dealership.acting_as(Actor::system());
    let filter = ActivityFilter::default().action(Action::Repair);
    let entries = desk.activity().list(&filter, &PageRequest::first(500)).unwrap().items;
    let expected: u64 = findings
        .iter()
        .filter(|finding| finding.remedy.as_str() == "repaired")
        .map(|finding| if finding.count > 100 { 1 } else { finding.count })
        .sum();
    assert_eq!(entries.len() as u64, expected, "{name}");
    for entry in &entries {
        assert!(entry.changes.is_some(), "{name}");
        assert!(
            !serde_json::to_string(entry).unwrap().to_lowercase().contains("example.com\""),
            "{name}: personal data"
        );
    }
}

/// Every vehicle, page by page.
fn all(dealership: &Dealership, filter: &VehicleFilter) -> Vec<Vehicle> {
    let desk = dealership.acting_as(Actor::system());
    let mut vehicles = Vec::new();
    let mut page = PageRequest::first(7);
    loop {
        let found = desk.inventory().list(filter, &page).unwrap();
        vehicles.extend(found.items.into_iter().map(|stocked| stocked.vehicle));
        assert!(vehicles.len() <= 1_000, "a list without end");
        match found.next {
            Some(cursor) => page = page.after(cursor),
            None => return vehicles,
        }
    }
}

/// What a dealership does with it: lists, an approval, an analysis, a change, a sale, a report.
fn a_day(name: &str, dealership: &Dealership) {
    let desk = dealership.acting_as(Actor::system());
    let left_out: u64 = dealership.left_out().unwrap().iter().map(|finding| finding.count).sum();
    let there = VEHICLES as usize + 2 - usize::try_from(left_out).unwrap();
    // Where nothing disturbs an order, the one that lists have by themselves will do.
    let by = if left_out > 0 || name.contains("time") || name.contains("price") { &VehicleSort::ALL[..] } else { &[] };
    for &sort in by.iter().chain(&[VehicleSort::default()]) {
        let ids: Vec<_> =
            all(dealership, &VehicleFilter::default().sort(sort)).iter().map(|vehicle| vehicle.id).collect();
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), once.len()), (there, there), "{name} by {sort:?}");
    }
    let vehicles = all(dealership, &VehicleFilter::default());
    for status in VehicleStatus::ALL {
        let mut filter = VehicleFilter::default();
        filter.status = vec![status];
        let of_status = all(dealership, &filter);
        assert!(of_status.iter().all(|vehicle| vehicle.status == status), "{name}");
        assert_eq!(of_status.len(), vehicles.iter().filter(|vehicle| vehicle.status == status).count(), "{name}");
    }
    let website = dealership.acting_as(Actor::public());
    let public = website.inventory().list_public(&VehicleFilter::default(), &PageRequest::first(100)).unwrap().items;
    assert!(!public.is_empty() && public.iter().all(|vehicle| vehicle.status != VehicleStatus::Unknown), "{name}");
    let statistics = desk.inventory().statistics().unwrap();
    let unsold = vehicles.iter().filter(|vehicle| vehicle.status != VehicleStatus::Sold).count();
    assert_eq!(statistics.total.count, unsold as i64, "{name}");
    let possible =
        vehicles.iter().filter(|vehicle| vehicle.status != VehicleStatus::Sold && vehicle.price.fits_a_price());
    let worth: i64 = possible.map(|vehicle| vehicle.price.cents()).sum();
    assert_eq!(statistics.total.value.cents(), worth, "{name}: what no vehicle costs is not added");
    assert!(statistics.average_days_in_stock.is_none_or(|days| days < 2_000.0), "{name}: {statistics:?}");
    exported(name, dealership, &vehicles);

    let submissions = desk.submissions().list(&SubmissionFilter::default(), &PageRequest::first(100)).unwrap().items;
    assert_eq!(submissions.len(), SUBMISSIONS as usize + 3, "{name}");
    let open = |status| matches!(status, SubmissionStatus::Pending | SubmissionStatus::Unknown);
    for submission in submissions.iter().filter(|offer| open(offer.submission_status) && offer.vin.is_some()) {
        let vehicle =
            desk.submissions().approve(submission.id, &Approval::at_price(Money::from_dollars(9_000))).unwrap();
        assert_eq!(Some(&vehicle.vin), submission.vin.as_ref(), "{name}");
    }
    assert!(desk.users().get_by_email("BOSS@example.com").is_ok(), "{name}");

    for number in [1, 2, 3, 4, 5, 9, 201] {
        let Ok(found) = desk.inventory().get_by_stock_number(&format!("S{number:04}")) else {
            panic!("{name}: S{number:04} is not found");
        };
        let vehicle = found.vehicle;
        if let Ok(vin) = jpauto::Vin::parse(&vehicle.vin) {
            assert_eq!(desk.inventory().get_by_vin(vin).unwrap().vehicle.id, vehicle.id, "{name}");
        }
        if vehicle.status != VehicleStatus::Sold {
            match desk.market().analyze(vehicle.id) {
                Ok(_) => assert!(vehicle.price.fits_a_price(), "{name}"),
                Err(error) => {
                    assert_eq!(error.code(), "invalid_vehicle", "{name}: {error}");
                    assert!(!vehicle.price.fits_a_price(), "{name}: {error}");
                }
            }
        }
        let update = VehicleUpdate { description: jpauto::Change::Set("Seen".into()), ..VehicleUpdate::default() };
        match desk.inventory().update(vehicle.id, &update) {
            Ok(_) => {}
            Err(error) if vehicle.status == VehicleStatus::Unknown => {
                assert_eq!(error.code(), "unknown_word", "{name}");
            }
            Err(error) => assert_eq!(error.code(), "invalid_vehicle", "{name}: {error}"),
        }
        if vehicle.status != VehicleStatus::Sold {
            match desk.inventory().set_status(vehicle.id, StatusChange::from(VehicleStatus::Sold)) {
                Ok(sold) => assert_eq!(sold.status, VehicleStatus::Sold, "{name}"),
                Err(error) => {
                    assert_eq!(
                        (error.code(), error.fields()[0].pointer.as_str()),
                        ("invalid_status_change", "/price"),
                        "{name}: {error}"
                    );
                    assert!(!vehicle.price.fits_a_price(), "{name}: {error}");
                }
            }
        }
    }
    let left = dealership.migrate().unwrap().findings;
    // No status is nobody's but a person's to say.
    let is_left = |finding: &Finding| finding.column == "status" && finding.words.is_empty();
    assert!(!left.iter().any(|finding| is_left(finding) && finding.kind.as_str() != "no_status"), "{name}");
}

/// A feed carries what a vehicle may have, and names the others with their reasons. An analysis of all does, too.
fn exported(name: &str, dealership: &Dealership, vehicles: &[Vehicle]) {
    let desk = dealership.acting_as(Actor::system());
    let report = desk.exports().run(&Export::of(Platform::Csv).dry_run(), &mut |_| ControlFlow::Continue(())).unwrap();
    let is_possible = |vehicle: &&Vehicle| {
        (1900..=2100).contains(&vehicle.year) && vehicle.price.fits_a_price() && vehicle.mileage >= 0
    };
    let taken = vehicles.iter().filter(|vehicle| vehicle.status != VehicleStatus::Sold);
    let impossible = taken.clone().filter(|vehicle| !is_possible(vehicle)).count();
    assert_eq!(report.left_out_count, impossible as u64, "{name}: {:?}", report.omissions);
    assert_eq!(report.vehicle_count, (taken.count() - impossible) as u64, "{name}");
    let fields = ["year", "price", "mileage"];
    assert!(
        report.omissions.iter().all(|omission| fields.contains(&omission.field.as_str())),
        "{:?}",
        report.omissions
    );
    let unpriced = vehicles.iter().filter(|it| it.status != VehicleStatus::Sold && !it.price.fits_a_price()).count();
    if unpriced > 0 {
        let analysed = desk.market().analyze_all(&mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(analysed.failed.len(), unpriced, "{name}: {:?}", analysed.failed);
        assert!(analysed.failed.iter().all(|(_, error)| error.code() == "invalid_vehicle"), "{:?}", analysed.failed);
    }
}

/// The statements that fill the tables, with `$id` for what makes an id of a number and `$text` for a number of four digits.
fn rows(id: &str, padded: &str, series: &str) -> String {
    format!(
        "INSERT INTO users (id, email, name, oauth_provider, oauth_id, role, is_active)
             SELECT {id}, 'boss@example.com', 'The Boss', 'google', 'boss', 'admin', {yes} FROM (SELECT 9999 AS n) AS one;
         INSERT INTO inventory (id, status, year, make, model, vin, stock_number, price, mileage, features, images, created_at)
             SELECT {id}, 'available', 2019, 'Toyota', 'Camry', '4T1B11HK0KU00' || {padded}, 'S' || {padded}, {price}, 48000,
                    '[\"Sunroof\"]', '[\"https://example.com/1.jpg\"]', {time} FROM {vehicles};
         INSERT INTO pending_submissions (id, submission_status, customer_name, year, make, model, vin, mileage, asking_price, submitted_at)
             SELECT {id}, 'pending', 'Customer ' || n, 2018, 'Toyota', 'Corolla', '2T1BURHE0JC00' || {padded}, 52000, {price}, {time}
             FROM {submissions}",
        yes = if series.contains("generate") { "true" } else { "1" },
        price = if series.contains("generate") { "15000" } else { "1500000" },
        time = "'2025-06-01T00:00:00.000000Z'",
        vehicles = series.replace('?', &VEHICLES.to_string()),
        submissions = series.replace('?', &SUBMISSIONS.to_string()),
    )
}

#[cfg(feature = "postgres")]
#[test]
fn each_variant_on_postgres() {
    use diesel::connection::SimpleConnection as _;

    use crate::support::postgres::Schema;

    let rows = rows(
        "('00000000-0000-4000-8000-' || lpad((n)::text, 12, '0'))::uuid",
        "lpad(n::text, 4, '0')",
        "generate_series(1, ?) AS n",
    );
    for (name, change, outcome) in VARIANTS {
        let (Both(change) | Each { postgres: change, .. } | Postgres(change)) = change else { continue };
        let schema = Schema::create();
        let mut conn = schema.connect();
        conn.batch_execute(SEQUELIZE).unwrap();
        conn.batch_execute(&rows).unwrap();
        conn.batch_execute(change).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        tried(name, &schema.url, outcome);
        // The other application goes on writing rows with words of its own.
        if !matches!(outcome, Refused(_)) {
            for (table, column) in [
                ("inventory", "mileage"),
                ("users", "name"),
                ("pending_submissions", "mileage"),
                ("storage_alerts", "message"),
                ("job_history", "status"),
            ] {
                let change = format!("UPDATE {table} SET {column} = {column}");
                conn.batch_execute(&change).unwrap_or_else(|reason| panic!("{name}: {table}: {reason}"));
            }
        }
    }
}

/// A database may have another encoding, in which few of the words of a statement can be said, or a language with other capitals.
#[cfg(feature = "postgres")]
#[test]
fn a_database_of_another_encoding_or_language_is_adopted() {
    use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

    use crate::support::postgres::Schema;

    let schema = Schema::create();
    let mut server = schema.connect();
    for (name, made) in [
        ("latin1", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"),
        ("euc_jp", "ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C'"),
        ("turkish", "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C.UTF-8'"),
    ] {
        let name = format!("jpauto_{name}_{}", std::process::id());
        // Not every server has the languages.
        if let Err(reason) = server.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0 {made}")) {
            println!("skipped: {name}: {reason}");
            continue;
        }
        let (server_url, _) = schema.url.split_once('?').unwrap_or((&schema.url, ""));
        let (server_url, _) = server_url.rsplit_once('/').unwrap();
        let url = format!("{server_url}/{name}");
        let mut conn = PgConnection::establish(&url).unwrap();
        conn.batch_execute(SEQUELIZE).unwrap();
        conn.batch_execute(
            "UPDATE inventory SET make = ' Toyota\t', status = 'AVAILABLE', vin = 'vi ' || substr(lower(vin), 4) WHERE status = 'available';
             UPDATE users SET email = 'INFO@example.com' WHERE id = (SELECT id FROM users ORDER BY id LIMIT 1)",
        )
        .unwrap();
        let dealership = Dealership::open(&url).unwrap();
        let report = dealership
            .migrate()
            .unwrap_or_else(|error| panic!("{name}: {error} {:?}", std::error::Error::source(&error)));
        let repaired = |kind: &str, column: &str| {
            report.findings.iter().any(|finding| {
                (finding.kind.as_str(), finding.column, finding.remedy.as_str()) == (kind, column, "repaired")
            })
        };
        for (kind, column) in
            [("word_case", "status"), ("blanks", "make"), ("vin_case", "vin"), ("email_case", "email")]
        {
            assert!(repaired(kind, column), "{name}: {kind} of {column}: {:?}", report.findings);
        }
        let desk = dealership.acting_as(Actor::system());
        assert!(desk.users().get_by_email("info@example.com").is_ok(), "{name}");
        assert!(desk.inventory().find("VI B11HK5").is_ok(), "{name}");
        assert!(
            dealership.check().unwrap().findings.iter().all(|finding| finding.remedy.as_str() == "by_hand"),
            "{name}"
        );
        drop((desk, dealership, conn));
        server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn each_variant_on_sqlite() {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};

    let rows = rows(
        "CAST(printf('%016d', n) AS BLOB)",
        "printf('%04d', n)",
        "(WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) SELECT n FROM numbers)",
    );
    // The rows of the Sequelize script that the counts are about.
    let others = "INSERT INTO inventory (id, status, year, make, model, vin, price, mileage, images, created_at, updated_at)
            VALUES (CAST('inventory0000001' AS BLOB), 'available', 2019, 'Toyota', 'Camry', '4T1B11HK5KU211111', 1899500, 48210, '[]', '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z'),
                   (CAST('inventory0000002' AS BLOB), 'sold', 2016, 'Honda', 'Civic', '2HGFC2F59GH500002', 900000, 90000, NULL, '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z');
         INSERT INTO pending_submissions (id, submission_status, year, make, model)
            VALUES (CAST('submission000001' AS BLOB), 'approved', 2019, 'Toyota', 'Camry'),
                   (CAST('submission000002' AS BLOB), 'rejected', 2011, 'Ford', 'Focus'),
                   (CAST('submission000003' AS BLOB), 'pending', 2021, 'Kia', 'Soul')";
    for (name, change, outcome) in VARIANTS {
        let (Both(change) | Each { sqlite: change, .. } | Sqlite(change)) = change else { continue };
        if matches!(outcome, Refused(_)) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lot.db").display());
        drop(Dealership::open(&url).unwrap());
        let mut conn = SqliteConnection::establish(&url["sqlite:".len()..]).unwrap();
        conn.batch_execute(&rows).unwrap();
        conn.batch_execute(others).unwrap();
        // Other programs need not heed the checks.
        conn.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
        conn.batch_execute(change).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        drop(conn);
        tried(name, &url, outcome);
    }
}
