//! Lists given as data, which stand for the pages.

use super::*;

on_both_databases! {
    fn an_endpoint_is_not_at_its_end_where_it_goes_on_behind_an_empty_answer(lot: &Lot) {
        let website = Website::open();
        let items = |numbers: std::ops::Range<u32>| {
            let items: Vec<_> = numbers.map(|number| serde_json::json!({"vin": vin(number), "price": 9_000})).collect();
            Reply::json(serde_json::json!({"items": items}).to_string())
        };
        for number in 1..=5 {
            website.reply(&format!("/list?p={number}"), items((number - 1) * 10..number * 10));
        }
        website.reply("/list?p=6", items(0..0));
        website.reply("/list?p=7", items(0..0));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"},
            "pagination": {"page": {"parameter": "p", "first": 1}}
        }});
        let counted = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &counted).unwrap();
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.counts.vehicles), (Completeness::Complete, 50));
        website.reply("/list?p=4", items(0..0));
        lot.pass(TimeDelta::days(1));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness.reason(), report.counts.vehicles), (Some(IncompleteReason::PageFailed), 40));
    }

    fn an_answer_that_names_the_next_one_is_no_end(lot: &Lot) {
        let website = Website::open();
        let answer = |numbers: std::ops::Range<u32>, next: serde_json::Value| {
            let items: Vec<_> = numbers.map(|number| serde_json::json!({"vin": vin(number), "price": 9_000})).collect();
            Reply::json(serde_json::json!({"items": items, "next": next}).to_string())
        };
        website.reply("/list", answer(0..10, "b".into()));
        website.reply("/list?after=b", answer(10..20, "c".into()));
        website.reply("/list?after=c", answer(20..25, serde_json::Value::Null));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"},
            "pagination": {"cursor": {"parameter": "after", "path": "next"}}
        }});
        let configured = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &configured).unwrap();
        let scrape = || {
            lot.pass(TimeDelta::days(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            (report.completeness.reason(), report.counts.vehicles)
        };
        assert_eq!(scrape(), (None, 25));
        // Nothing in it, and more to come behind it; then the first one over again.
        website.reply("/list?after=c", answer(0..0, "d".into()));
        website.reply("/list?after=d", answer(0..0, serde_json::Value::Null));
        assert_eq!(scrape(), (Some(IncompleteReason::LastPageFull), 20));
        website.reply("/list?after=c", answer(0..10, "b".into()));
        assert!(matches!(scrape(), (Some(_), 20)));
        // Empty, and the last by its own word: it was not before. Then it is not there at all.
        website.reply("/list?after=c", answer(0..0, serde_json::Value::Null));
        assert_eq!(scrape(), (Some(IncompleteReason::LastPageFull), 20));
        website.reply("/list?after=c", Reply::status(410));
        assert_eq!(scrape(), (Some(IncompleteReason::PageFailed), 20));
    }

    fn an_answer_in_an_older_encoding_is_read_as_a_page_is(lot: &Lot) {
        let website = Website::open();
        let item = |number| serde_json::json!({"vin": vin(number), "exterior_color": "Bleu foncé"});
        let items: Vec<_> = (0..3).map(item).collect();
        let body = serde_json::json!({"items": items}).to_string();
        let body: Vec<u8> = body.chars().map(|sign| u8::try_from(sign).unwrap()).collect();
        website.reply("/list", Reply::json(body));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "exterior_color": "exterior_color"}
        }});
        let configured = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &configured).unwrap();
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        let listings = desk.competitors().listings(&ListingFilter::default(), &PageRequest::first(9)).unwrap().items;
        let colors: Vec<_> = listings.iter().map(|listing| listing.exterior_color.as_deref()).collect();
        assert_eq!(colors, [Some("Bleu foncé"); 3]);
    }

    fn an_answer_does_not_choose_who_else_is_asked(lot: &Lot) {
        let (website, other) = (Website::open(), Website::open_at("127.0.0.2"));
        let elsewhere = format!("http://127.0.0.2:{}/list", other.port());
        let items: Vec<_> = (0..10).map(|number| serde_json::json!({"vin": vin(number), "price": 9_000})).collect();
        website.reply("/list", Reply::json(serde_json::json!({"items": items, "next": elsewhere}).to_string()));
        let (desk, id) = competitor(&website, lot);
        let config = serde_json::json!({"endpoint": {
            "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"},
            "pagination": {"next": "next"}
        }});
        let configured = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &configured).unwrap();
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert!(report.completeness.reason().is_some() && report.counts.vehicles == 10);
        assert_eq!(other.take_paths(), Vec::<String>::new());
    }

    fn a_list_given_as_data_stands_for_the_pages(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, cards| Reply::json(cards));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 30));
        assert!(report.new.iter().all(|car| car.price == Some(Money::from_dollars(15_000))), "{:?}", report.new[0]);
        assert_eq!(report.warnings, []);
        let asked = website.take_paths();
        assert_eq!(asked.len(), 3, "the page, and the data in two answers: {asked:?}");
        assert!(asked[1].starts_with("/api/") && asked[2].contains("pt=2"), "{asked:?}");
        assert_eq!(desk.competitors().get(id).unwrap().platform_type.as_deref(), Some("dealer_on"));
    }

    fn data_that_has_not_changed_is_not_sent_again(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, cards| Reply::json(cards));
        desk.competitors().scrape(id, &mut unwatched).unwrap();
        for _ in 0..2 {
            lot.pass(TimeDelta::days(1));
            website.take_paths();
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!((report.completeness, report.counts.seen_again), (Completeness::Complete, 30));
            assert_eq!((report.counts.updated, report.warnings.len()), (0, 0));
            let asked = website.asked();
            let known = |path: &str| {
                let mut asked = asked.iter().filter(|asked| asked.path.contains(path));
                asked.all(|asked| asked.header.contains("if-none-match"))
            };
            assert!(known("/api/") && !known("/used"), "the page says where the data is");
            assert_eq!(website.take_paths().len(), 3);
        }
    }

    fn pages_are_read_where_the_data_is_not_enough(lot: &Lot) {
        type Answer = fn(u32, String) -> Reply;
        let cases: [(&str, Answer); 4] = [
            ("the second answer fails", |part, cards| if part == 1 { Reply::json(cards) } else { Reply::status(500) }),
            ("no answer at all", |_, _| Reply::status(500)),
            ("a shell in place of the answer", |_, _| Reply::json("<html><div id=app></div></html>")),
            ("it ends before all that it claims", |part, cards| {
                Reply::json(if part == 1 { cards.replace(r#""TotalPages": 2"#, r#""TotalPages": 1"#) } else { cards })
            }),
        ];
        for (name, answer) in cases {
            let website = Website::open();
            let (desk, id) = dealer_on(&website, lot, answer);
            lot.pass(TimeDelta::minutes(1));
            let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
            assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 30), "{name}");
            let codes: Vec<_> = report.warnings.iter().map(|warning| warning.code()).collect();
            assert_eq!(codes, ["data_not_enough"], "{name}: {:?}", report.warnings);
            assert!(website.take_paths().iter().any(|path| path == "/used?pt=2"), "{name}");
            // What the data did say is not lost.
            let priced = report.new.iter().filter(|car| car.price.is_some()).count();
            assert_eq!(priced > 0, !name.starts_with("no answer") && !name.starts_with("a shell"), "{name}");
        }
    }

    fn data_that_robots_close_is_left_alone(lot: &Lot) {
        let website = Website::open();
        let (desk, id) = dealer_on(&website, lot, |_, cards| Reply::json(cards));
        website.show("/robots.txt", 200, "User-agent: *\nDisallow: /api/\n");
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 30));
        assert_eq!(website.take_paths(), ["/used", "/used?pt=2"]);
    }
}
