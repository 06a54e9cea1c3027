//! The tables of competitors in partitions: what is copied while others work, what is refused, and that a statement about one
//! competitor goes to one partition.

use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    CompetitorId, ErrorKind, Money, PageRequest,
    competitors::{NewCompetitor, RecordReport, ScrapeReading, ScrapedListing},
};

use crate::support::{Lot, vin};

fn add(lot: &Lot, name: &str) -> CompetitorId {
    let inventory_url = format!("https://{name}.example/used");
    let new = NewCompetitor { name: name.into(), inventory_url, ..NewCompetitor::default() };
    lot.desk().competitors().add(&new).unwrap().id
}

fn car(number: u32, dollars: i32) -> ScrapedListing {
    ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(dollars)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    }
}

fn day(number: i64) -> DateTime<Utc> {
    "2026-01-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

fn record(lot: &Lot, id: CompetitorId, on_day: i64, cars: Vec<ScrapedListing>) -> RecordReport {
    lot.desk().competitors().record(id, cars, ScrapeReading::whole_lot(), day(on_day)).unwrap()
}

#[cfg(feature = "sqlite")]
#[test]
fn a_sqlite_file_has_no_partitions_and_says_so() {
    let lot = Lot::on_sqlite();
    for (partitions, kind, code) in [
        (16, ErrorKind::Refused, "partitions_unsupported"),
        (1, ErrorKind::InvalidInput, "invalid_partitions"),
        (257, ErrorKind::InvalidInput, "invalid_partitions"),
    ] {
        let refusal = lot.dealership.partition_competitors(partitions, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (kind, code));
    }
    record(&lot, add(&lot, "north"), 0, vec![car(0, 14_000)]);
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use jpauto::{
        PartitionReport,
        competitors::{CompetitorFilter, ListingFilter, ListingSort, MarketViewFilter},
    };

    use super::*;
    use crate::{
        scraping::{opened, unwatched},
        support::{
            statements::statements_about,
            website::{Website, list_page},
        },
    };

    /// More than one step of copying takes.
    const DEALERS: u32 = 25;

    const TABLES: [&str; 5] = [
        "competitor_inventory",
        "competitor_price_history",
        "competitor_metrics",
        "competitor_scrapes",
        "competitor_pages",
    ];

    fn partition(lot: &Lot, partitions: u32) -> PartitionReport {
        lot.dealership.partition_competitors(partitions, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    fn dealers(lot: &Lot) -> Vec<CompetitorId> {
        let ids: Vec<_> = (0..DEALERS).map(|number| add(lot, &format!("dealer-{number}"))).collect();
        for (number, id) in (0..).zip(&ids) {
            record(lot, *id, 0, (0..4).map(|car_number| car(number * 4 + car_number, 14_000)).collect());
        }
        ids
    }

    /// All that can be read of the competitors, and a line of each row.
    fn all(lot: &Lot) -> (String, Vec<i64>) {
        let desk = lot.desk();
        let competitors = desk.competitors();
        let listings = competitors.listings(&ListingFilter::default(), &PageRequest::largest()).unwrap();
        let view = competitors.market_view(&MarketViewFilter::default(), &PageRequest::largest()).unwrap();
        let overview = competitors.overview(&CompetitorFilter::default(), &PageRequest::largest()).unwrap();
        let rows = TABLES.map(|table| {
            let of_row = format!("SELECT (coalesce(sum(hashtext({table}::text)), 0) + count(*))::bigint FROM {table}");
            lot.count(&of_row)
        });
        (serde_json::to_string(&(listings, view, overview)).unwrap(), rows.to_vec())
    }

    #[test]
    fn the_rows_stay_what_they_are_from_whole_tables_to_partitions_and_back() {
        let lot = Lot::on_postgres();
        let ids = dealers(&lot);
        let indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'competitor_inventory'";
        let without_room =
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
             AND relname LIKE 'competitor\\_inventory%' AND NOT coalesce('fillfactor=50' = ANY (reloptions), false)";
        let (before, indexes_before) = (all(&lot), lot.count(indexes));
        assert!(!before.0.is_empty());
        let mut now = 0;
        for partitions in [4, 8, 8, 0] {
            let report = partition(&lot, partitions);
            assert_eq!((report.partitions, report.before, report.stopped), (partitions, now, false));
            assert_eq!(report.rows > 0, partitions != now, "{report:?}");
            now = partitions;
            let found = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'competitor_inventory'::regclass";
            assert_eq!(lot.count(found), i64::from(partitions));
            assert_eq!(all(&lot), before);
            assert_eq!(lot.count(indexes), indexes_before);
            assert_eq!(lot.count(without_room), 0, "an update finds no room on its page, and writes to every index");
            assert_eq!(lot.count("SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_\\_next%' AND relnamespace = current_schema()::regnamespace"), 0);
        }
        // Another program's price finds its dealer again.
        lot.execute(
            "INSERT INTO competitor_price_history (id, competitor_inventory_id, price)
             SELECT gen_random_uuid(), id, 1 FROM competitor_inventory",
        );
        assert_eq!(lot.count("SELECT count(*) FROM competitor_price_history WHERE competitor_id IS NULL"), 0);
        assert_eq!(record(&lot, ids[0], 1, vec![car(0, 13_000)]).counts.price_changes, 1);
    }

    #[test]
    fn what_another_program_writes_into_partitions_is_noted_as_in_whole_tables() {
        let lot = Lot::on_postgres();
        dealers(&lot);
        for (partitions, model) in [(4, "camry"), (0, "yaris")] {
            partition(&lot, partitions);
            let noted = |model: &str| lot.count(&format!("SELECT count(*) FROM listed_models WHERE model = '{model}'"));
            lot.execute(&format!("UPDATE competitor_inventory SET model = '{model}'"));
            assert_eq!(noted(model), 1, "{partitions}");
            lot.execute(
                "INSERT INTO competitor_inventory (id, competitor_id, year, make, model)
                 SELECT gen_random_uuid(), competitor_id, year, make, model || ' new' FROM competitor_inventory",
            );
            assert_eq!(noted(&format!("{model} new")), 1, "{partitions}");
        }
    }

    #[test]
    fn what_others_record_and_delete_while_it_is_copied_is_carried_over() {
        let lot = Lot::on_postgres();
        let ids = dealers(&lot);
        // Gone from the first lot; it comes up at the last one while both are copied.
        for on_day in [3, 4, 5, 8] {
            record(&lot, ids[0], on_day, (1..4).map(|number| car(number, 14_000)).collect());
        }
        let mut steps = 0;
        let report = lot.dealership.partition_competitors(4, &mut |progress| {
            steps += 1;
            if steps == 1 {
                assert_eq!((progress.copied, progress.competitors), (20, u64::from(DEALERS)));
                for (number, id) in (0..).zip(&ids) {
                    let mut seen: Vec<_> = (0..4).map(|car_number| car(number * 4 + car_number, 13_500)).collect();
                    seen.remove(0);
                    seen.push(car(if number == 24 { 0 } else { 1_000 + number }, 15_000));
                    record(&lot, *id, 9, seen);
                }
                lot.desk().competitors().delete(ids[1]).unwrap();
                lot.desk().competitors().delete(ids[23]).unwrap();
                record(&lot, add(&lot, "new"), 9, vec![car(2_000, 14_000)]);
            }
            ControlFlow::Continue(())
        });
        let report = report.unwrap();
        assert_eq!((report.partitions, steps), (4, 2), "{report:?}");
        assert_eq!(lot.count("SELECT count(*) FROM competitors"), i64::from(DEALERS) - 1);
        assert_eq!(lot.count("SELECT count(*) FROM competitor_inventory WHERE price = 13500"), 23 * 3);
        assert_eq!(lot.count("SELECT count(*) FROM competitor_inventory WHERE transferred_at IS NOT NULL"), 1);
        assert_eq!(lot.count("SELECT count(DISTINCT id) - count(*) FROM competitor_inventory"), 0);
        assert_eq!(
            lot.count("SELECT count(*) FROM competitor_price_history AS point LEFT JOIN competitor_inventory AS listing
                       ON listing.id = point.competitor_inventory_id AND listing.competitor_id = point.competitor_id WHERE listing.id IS NULL"),
            0
        );
        // And the rows are what the library would read of whole tables.
        let partitioned = all(&lot);
        partition(&lot, 0);
        assert_eq!(all(&lot), partitioned);
    }

    #[test]
    fn it_goes_on_where_it_was_ended_and_can_be_given_up() {
        let lot = Lot::on_postgres();
        let ids = dealers(&lot);
        let begin = || lot.dealership.partition_competitors(4, &mut |_| ControlFlow::Break(())).unwrap();
        let report = begin();
        assert!(report.stopped && report.partitions == 0 && report.rows > 0, "{report:?}");
        // Everybody works on meanwhile.
        assert_eq!(record(&lot, ids[0], 1, vec![car(0, 13_000)]).counts.price_changes, 1);
        assert_eq!(lot.dealership.partition_competitors(0, &mut |_| ControlFlow::Continue(())).unwrap().rows, 0);
        assert_eq!(
            lot.count(
                "SELECT count(*) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
                                      WHERE tgname = 'carry_over' AND relnamespace = current_schema()::regnamespace"
            ),
            0
        );
        let first = begin();
        let mut seen = Vec::new();
        let rest = lot.dealership.partition_competitors(4, &mut |progress| {
            seen.push(progress.copied);
            ControlFlow::Continue(())
        });
        let rest = rest.unwrap();
        assert_eq!((rest.partitions, seen), (4, vec![u64::from(DEALERS)]));
        assert!(rest.rows < first.rows, "{rest:?} after {first:?}");
        assert_eq!(lot.count("SELECT count(*) FROM competitor_inventory"), i64::from(DEALERS) * 4);
    }

    #[test]
    fn what_another_program_has_made_is_refused_by_name_and_nothing_is_changed() {
        let lot = Lot::on_postgres();
        dealers(&lot);
        for (made, named, dropped) in [
            ("CREATE VIEW cheap AS SELECT id FROM competitor_inventory", "cheap", "DROP VIEW cheap"),
            ("CREATE TABLE notes (listing uuid REFERENCES competitor_inventory (id))", "notes", "DROP TABLE notes"),
            ("CREATE UNIQUE INDEX one_url ON competitor_inventory (url)", "one_url", "DROP INDEX one_url"),
        ] {
            lot.execute(made);
            let refusal = lot.dealership.partition_competitors(4, &mut |_| ControlFlow::Continue(())).unwrap_err();
            assert_eq!(refusal.code(), "partitioning_refused");
            assert!(refusal.to_string().contains(named), "{refusal}");
            assert_eq!(lot.count("SELECT count(*) FROM pg_class WHERE relname = 'competitors__next' AND relnamespace = current_schema()::regnamespace"), 0);
            lot.execute(dropped);
        }
        assert_eq!(partition(&lot, 4).partitions, 4);
    }

    /// The statement with the types of the arrays that are unnested: the library sends them beside the text.
    fn with_types(conn: &mut diesel::PgConnection, sql: &str) -> String {
        use diesel::{RunQueryDsl as _, sql_query, sql_types::Text};
        #[derive(diesel::QueryableByName)]
        struct Column {
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Text)]
            kind: String,
        }
        let Some((before, (places, after))) =
            sql.split_once("unnest(").and_then(|(before, rest)| Some((before, rest.split_once(')')?)))
        else {
            return sql.to_owned();
        };
        let columns = "SELECT attname::text AS name, format_type(atttypid, NULL) AS kind FROM pg_attribute
                       WHERE attrelid = 'competitor_inventory'::regclass AND attnum > 0";
        let columns: Vec<Column> = sql_query(columns).load(conn).unwrap();
        let kind_of = |name: &str| match name {
            "at" => "timestamp with time zone".to_owned(),
            "competitor_inventory_id" => "uuid".to_owned(),
            "min_price" => "numeric".to_owned(),
            name => columns.iter().find(|column| column.name == name).unwrap_or_else(|| panic!("{name}")).kind.clone(),
        };
        let names = match after.strip_prefix(" AS point") {
            Some(_) => "id, competitor_inventory_id, price, min_price, mileage",
            None => after.split_once('(').and_then(|(_, names)| Some(names.split_once(')')?.0)).unwrap(),
        };
        let typed: Vec<_> = places
            .split(", ")
            .zip(names.split(','))
            .map(|(place, name)| format!("{place}::{}[]", kind_of(name.trim())))
            .collect();
        format!("{before}unnest({}){after}", typed.join(", "))
    }

    /// The partitions of each table in the plan of a statement, with a value for each of its places, and whether they are looked at.
    fn partitions_of(lot: &Lot, id: CompetitorId, statement: &str) -> (Vec<(String, bool)>, String) {
        use diesel::{
            Connection as _, RunQueryDsl as _, connection::SimpleConnection as _, sql_query, sql_types::Text,
        };
        #[derive(diesel::QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            line: String,
        }
        let sql = statement.split(" -- binds: ").next().unwrap();
        let mut conn = diesel::PgConnection::establish(&lot.url).unwrap();
        let sql = with_types(&mut conn, sql);
        conn.batch_execute(&format!("PREPARE sent AS {sql}")).unwrap_or_else(|reason| panic!("{reason}: {sql}"));
        let types = "SELECT unnest(parameter_types)::text AS line FROM pg_prepared_statements WHERE name = 'sent'";
        let types: Vec<Line> = sql_query(types).load(&mut conn).unwrap();
        let id = id.as_uuid();
        let values: Vec<_> = types
            .iter()
            .map(|Line { line }| match line.as_str() {
                "uuid" => format!("'{id}'"),
                "uuid[]" => format!("'{{{id}}}'"),
                "text[]" | "character varying[]" | "integer[]" | "numeric[]" => format!("'{{1}}'::{line}"),
                array if array.ends_with("[]") => format!("'{{}}'::{array}"),
                "timestamp with time zone" => "now()".to_owned(),
                "text" | "character varying" => "'x'".to_owned(),
                "boolean" => "true".to_owned(),
                "jsonb" => "'{}'".to_owned(),
                _ => "1".to_owned(),
            })
            .collect();
        let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        // A partition that is left out while the statement runs is in its plan all the same.
        let analyze = if sql.starts_with("SELECT") { "(ANALYZE, TIMING OFF)" } else { "" };
        conn.batch_execute(&format!(
            "CREATE FUNCTION pg_temp.plan() RETURNS TABLE (line text) LANGUAGE plpgsql AS $body$
             BEGIN RETURN QUERY EXECUTE $text$EXPLAIN {analyze} EXECUTE sent{values}$text$; END $body$"
        ))
        .unwrap();
        let plan: Vec<Line> = sql_query("SELECT line FROM pg_temp.plan()").load(&mut conn).unwrap();
        let is_partition = |word: &&str| {
            TABLES.iter().any(|table| {
                let number = word.strip_prefix(table).and_then(|rest| rest.strip_prefix("_4_"));
                number.is_some_and(|number| number.parse::<u32>().is_ok())
            })
        };
        let mut found: Vec<_> = plan
            .iter()
            .filter_map(|Line { line }| Some((line.split(" on ").nth(1)?.split(' ').next()?, line)))
            .filter(|(word, _)| is_partition(word))
            .map(|(word, line)| (word.to_owned(), !line.contains("never executed")))
            .collect();
        found.sort_unstable();
        found.dedup();
        (found, plan.iter().map(|line| line.line.as_str()).collect::<Vec<_>>().join("\n"))
    }

    /// Whether a statement looks over all dealers, on purpose: for a VIN, or for a listing by its id alone.
    fn looks_over_all(sql: &str) -> bool {
        let condition = sql.split_once(" WHERE ").map_or("", |(_, condition)| condition);
        let is_by_vin = ["\"vin\" = ANY", "\"vin\" IN ("].iter().any(|words| condition.contains(words));
        is_by_vin && !condition.contains("\"competitor_id\" =")
    }

    #[test]
    fn a_statement_about_one_competitor_goes_to_one_partition() {
        let lot = Lot::on_postgres();
        let website = Website::open();
        website.show("/used", 200, list_page(0..30, None));
        let desk = opened(&lot, |_| {});
        let competitors = desk.competitors();
        let new = NewCompetitor {
            name: "Valley Motors".into(),
            inventory_url: format!("{}/used", website.address),
            ..NewCompetitor::default()
        };
        let id = competitors.add(&new).unwrap().id;
        let other = add(&lot, "other");
        assert_eq!(partition(&lot, 4).partitions, 4);
        record(&lot, other, 0, (0..5).map(|number| car(number, 14_000)).collect());
        let ((), statements) = statements_about(&id.to_string(), || {
            competitors.scrape(id, &mut unwatched).unwrap();
            // Some come cheaper, some are gone, one is called sold, and one comes back.
            website.show("/used", 200, list_page(3..33, None));
            for days in [1, 1, 1, 2, 4] {
                lot.pass(TimeDelta::days(days));
                competitors.scrape(id, &mut unwatched).unwrap();
            }
            website.show("/used", 200, list_page(0..30, None));
            lot.pass(TimeDelta::days(1));
            competitors.scrape(id, &mut unwatched).unwrap();
            website.show("/used", 200, list_page(0..4, None));
            for _ in 0..3 {
                lot.pass(TimeDelta::days(2));
                competitors.scrape(id, &mut unwatched).unwrap();
            }
            let late = lot.now() - TimeDelta::hours(30);
            let seen = (10..20).map(|number| car(number, 13_000)).collect();
            competitors.record(id, seen, ScrapeReading::part_of_a_lot(), late).unwrap();
            competitors.believe(id).unwrap();
            competitors.distrust(id).unwrap();
            website.show("/used", 500, "");
            lot.pass(TimeDelta::days(2));
            competitors.scrape(id, &mut unwatched).unwrap_err();
            let page = PageRequest::default();
            competitors.metrics(id, &page).unwrap();
            competitors.scrapes(id, &page).unwrap();
            competitors.overview_of(id).unwrap();
            for sort in
                [ListingSort::default(), ListingSort::Price, ListingSort::PriceDropDescending, ListingSort::Mileage]
            {
                let filter = ListingFilter {
                    competitors: vec![id],
                    sort,
                    price_drop_within_days: Some(7),
                    ..ListingFilter::default()
                };
                competitors.listings(&filter, &page).unwrap();
            }
            competitors.left_out(&[id]).unwrap();
            competitors.delete(id).unwrap();
        });
        let mut kinds = std::collections::BTreeSet::new();
        for statement in &statements {
            let sql = statement.split(" -- binds: ").next().unwrap();
            if !TABLES.iter().any(|table| sql.contains(table)) || looks_over_all(sql) || !kinds.insert(sql.to_owned()) {
                continue;
            }
            let (found, plan) = partitions_of(&lot, id, statement);
            for table in TABLES {
                let of_table = found.iter().filter(|(partition, is_read)| *is_read && partition.starts_with(table));
                assert!(of_table.count() <= 1, "{found:?} by {sql}\n{plan}");
            }
            // An INSERT of one row chooses its partition when it is run, and some values rule out each row.
            let is_ruled_out = plan.contains("One-Time Filter: false");
            assert!(!found.is_empty() || is_ruled_out || sql.starts_with("INSERT"), "{sql}\n{plan}");
        }
        let of = |word: &str| kinds.iter().filter(|sql| sql.starts_with(word)).count();
        let counts = (of("SELECT"), of("INSERT"), of("UPDATE"), of("DELETE"));
        assert!(counts.0 >= 20 && counts.1 >= 4 && counts.2 >= 5 && counts.3 >= 4, "{counts:?} of {kinds:#?}");
    }
}
