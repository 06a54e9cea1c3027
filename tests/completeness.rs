//! Lists of which a part stays away while nothing says so: what is missing there is not sold.

use std::ops::Range;

use chrono::TimeDelta;
use jpauto::{
    Change, CompetitorId, Desk, PageRequest,
    competitors::{CompetitorKey, CompetitorUpdate, IncompleteReason, ListingFilter, RecordReport, ScrapedPage},
};
use serde_json::{Value, json};

use crate::{
    scraping::{competitor, open_alerts, unwatched},
    support::{
        Lot, vin,
        website::{Reply, Website, list_page},
    },
};

/// A competitor with this configuration.
fn configured(website: &Website, lot: &Lot, config: Value) -> (Desk, CompetitorId) {
    let (desk, id) = competitor(website, lot);
    let update = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
    desk.competitors().update(id, &update).unwrap();
    (desk, id)
}

fn endpoint(pagination: Value) -> Value {
    json!({"endpoint": {
        "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"}, "pagination": pagination
    }})
}

/// The cars of these numbers as an answer that names the next one.
fn answer(numbers: Range<u32>, next: Value) -> Reply {
    let items: Vec<_> = numbers.map(|number| json!({"vin": vin(number), "price": 9_000})).collect();
    Reply::json(json!({"items": items, "next": next}).to_string())
}

/// A day later: why it is not the whole lot, how many vehicles it has, and how many are found sold.
fn scrape((desk, id): &(Desk, CompetitorId), lot: &Lot) -> (Option<IncompleteReason>, usize, usize) {
    lot.pass(TimeDelta::days(1));
    let report = desk.competitors().scrape(*id, &mut unwatched).unwrap();
    let is_cut = ["last_page_full", "list_narrowed", "many_missing", "claims_more"];
    let says_why =
        report.warnings.iter().find(|warning| is_cut.contains(&warning.code())).map(|warning| warning.code());
    let reason = report.completeness.reason().map(IncompleteReason::as_str).filter(|reason| is_cut.contains(reason));
    assert_eq!(says_why, reason, "{:?}", report.warnings);
    (report.completeness.reason(), report.counts.vehicles, report.sold.len())
}

/// The report of a day later.
fn scrape_of((desk, id): &(Desk, CompetitorId), lot: &Lot) -> RecordReport {
    lot.pass(TimeDelta::days(1));
    desk.competitors().scrape(*id, &mut unwatched).unwrap()
}

/// A saved page of a list: its cars, and what stands in its head.
fn saved(numbers: Range<u32>, head: &str, next: Option<&str>) -> ScrapedPage {
    ScrapedPage {
        bytes: list_page(numbers, next).replace("<head>", &format!("<head>{head}")).into_bytes(),
        content_type: None,
        url: "https://motors.example/used".into(),
        platform: None,
    }
}

on_both_databases! {
    fn saved_pages_are_a_whole_lot_only_where_one_of_them_is_the_first(lot: &Lot) {
        let desk = lot.desk();
        let mut day = 0;
        let mut import = |pages: &[ScrapedPage]| {
            day += 1;
            let key = CompetitorKey::named(format!("Motors {day}"));
            let report = desk.competitors().record_pages(key, pages, lot.now()).unwrap();
            let warns = report.warnings.iter().any(|warning| warning.code() == "begins_late");
            assert_eq!(warns, report.completeness.reason() == Some(IncompleteReason::LastPageNotReached));
            report.completeness.is_complete()
        };
        let first = saved(0..10, "", Some("/used?page=2"));
        let second = saved(10..20, "", Some("/used?page=3"));
        let last = saved(20..28, "", None);
        assert!(import(&[first.clone(), second.clone(), last.clone()]));
        assert!(import(&[last.clone(), second.clone(), first]), "in whatever order");
        assert!(!import(&[second, last.clone()]), "what leads to the third is the second");
        // By what the vehicles before it are.
        let second = saved(10..20, "", Some("/used?start=20"));
        assert!(import(&[saved(0..10, "", Some("/used?start=10")), second.clone(), last.clone()]));
        assert!(!import(&[second, last]));
        // By its own address, and by the way back.
        assert!(import(&[saved(0..8, r#"<link rel="canonical" href="/used">"#, None)]));
        assert!(!import(&[saved(20..28, r#"<link rel="canonical" href="/used?page=3">"#, None)]));
        assert!(!import(&[saved(20..28, r#"<meta property="og:url" content="/used/page/3">"#, None)]));
        assert!(!import(&[saved(20..28, r#"<link rel="prev" href="/used?page=2">"#, None)]));
    }

    fn a_page_in_the_middle_that_was_not_saved_is_missed_by_its_number(lot: &Lot) {
        let mut day = 0;
        let mut import = |pages: &[&ScrapedPage]| {
            day += 1;
            let pages: Vec<_> = pages.iter().map(|page| (*page).clone()).collect();
            let key = CompetitorKey::named(format!("Motors {day}"));
            lot.desk().competitors().record_pages(key, &pages, lot.now()).unwrap().completeness.reason()
        };
        let missed = Some(IncompleteReason::LastPageNotReached);
        let [first, second, third] = [2, 3, 4].map(|next| {
            let start = (next - 2) * 10;
            saved(start..start + 10, "", Some(&format!("/used?page={next}")))
        });
        for head in [r#"<link rel="canonical" href="/used?page=4">"#, r#"<link rel="prev" href="/used?page=3">"#] {
            let last = saved(30..36, head, None);
            assert_eq!(import(&[&first, &second, &third, &last]), None, "{head}");
            assert_eq!(import(&[&last, &third, &first, &second]), None, "{head}");
            for some in [vec![&first, &second, &last], vec![&first, &third, &last], vec![&first, &last]] {
                assert_eq!(import(&some), missed, "{head}");
            }
        }
        // One that says nothing of itself may be the second; of links with several numbers nobody knows which is the page's.
        assert_eq!(import(&[&first, &saved(10..16, "", None)]), None);
        let with_visitor = saved(0..10, "", Some("/used?page=2&visitor=4711"));
        assert_eq!(import(&[&with_visitor, &saved(10..16, r#"<link rel="prev" href="/used?visitor=4711">"#, None)]), None);
    }

    fn what_moved_on_to_a_page_that_is_sent_as_it_was_is_not_sold(lot: &Lot) {
        let website = Website::open();
        let first = |new: u32| Reply::html(list_page((0..new).map(|n| 100 + new - n).chain(0..10 - new), Some("/used?page=2")));
        website.reply("/used", first(0));
        website.list("/used?page=2", 10..18, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot).1, 18);
        // A new car comes every other day, and the second page is one of the first day.
        for day in 1..=12 {
            website.reply("/used", first(day / 2));
            let report = scrape_of(&known, lot);
            assert_eq!(report.sold.len(), 0, "day {day}");
            let doubted = report.completeness.reason() == Some(IncompleteReason::PageOutdated);
            assert_eq!(doubted, day % 2 == 0, "day {day}: {:?}", report.doubts);
        }
        // The second page is fresh again: all are there.
        website.reply("/used?page=2", Reply::html(list_page(4..18, None)));
        let report = scrape_of(&known, lot);
        assert_eq!((report.counts.vehicles, report.sold.len()), (24, 0));
        // One that is sold from amid the first page is found sold, after the patience of a dealer whose cars come back.
        website.reply("/used", Reply::html(list_page((0..6).map(|n| 106 - n).chain([0, 1, 3, 4]), Some("/used?page=2"))));
        let sold: usize = (0..20).map(|_day| scrape_of(&known, lot).sold.len()).sum();
        assert_eq!(sold, 1);
    }

    fn a_last_page_that_fails_sells_nothing_though_it_was_not_full(lot: &Lot) {
        let website = Website::open();
        let page = |number: u32| format!("/used?p={number}");
        website.list("/used", 0..10, None);
        website.list(&page(2), 10..20, None);
        website.list(&page(3), 20..30, None);
        website.list(&page(4), 30..35, None);
        let known = configured(&website, lot, json!({"pagination": {"page": {"parameter": "p"}}}));
        assert_eq!(scrape(&known, lot), (None, 35, 0));
        let gone = Reply::status(404);
        let empty = Reply::html("<html><body>Something went wrong</body></html>");
        let first = Reply::html(list_page(0..10, None));
        for broken in [gone, empty, first] {
            website.reply(&page(4), broken);
            for _day in 0..6 {
                assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 30, 0));
            }
        }
        assert_eq!(open_alerts(&known.0, known.1), ["inventory_incomplete"]);
        // A list that really ends there has a car less some day. The last five have been missing for nineteen looks then.
        website.list(&page(3), 20..29, None);
        assert_eq!(scrape(&known, lot), (None, 29, 5));
    }

    fn an_error_page_that_suggests_a_few_cars_is_no_last_page(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..10, Some("/used?page=2"));
        website.list("/used?page=2", 10..20, Some("/used?page=3"));
        website.list("/used?page=3", 20..30, Some("/used?page=4"));
        website.list("/used?page=4", 30..35, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 35, 0));
        website.list("/used?page=3", 31..34, None);
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 23, 0));
        for _day in 0..11 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ManyMissing), 23, 0));
        }
        assert_eq!(open_alerts(&known.0, known.1), ["inventory_incomplete"]);
        // A page less, and as many cars as go in some days, is a lot that became smaller.
        website.list("/used?page=3", 20..27, None);
        website.list("/used", 0..10, Some("/used?page=2"));
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ManyMissing), 27, 0), "those of the last page wait still");
    }

    fn a_list_that_goes_on_behind_a_button_sells_nothing(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..30, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 30, 0));
        let more = |button: &str| list_page(0..20, None).replace("</body>", &format!("{button}</body>"));
        website.show("/used", 200, more("<button id=more>Load more</button>"));
        for _day in 0..14 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageNotReached), 20, 0));
        }
        let report = known.0.competitors().scrape(known.1, &mut unwatched).unwrap();
        assert!(report.warnings.iter().any(|warning| warning.code() == "more_by_script"), "{:?}", report.warnings);
        // A person knows how the list goes on, or that this is all.
        let link = json!({"pagination": {"next": "a.next"}});
        let told = CompetitorUpdate { scraper_config: Change::Set(link), ..Default::default() };
        known.0.competitors().update(known.1, &told).unwrap();
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ListChanged), 20, 0));
        assert!(known.0.competitors().scrape(known.1, &mut unwatched).unwrap().warnings.iter().all(|warning| warning.code() != "more_by_script"));
    }

    fn a_pager_that_leads_on_for_ever_ends_behind_the_last_vehicle(lot: &Lot) {
        let website = Website::open();
        let page = |number: u32| format!("/used?page={number}");
        website.list("/used", 0..10, Some(&page(2)));
        website.list(&page(2), 10..15, Some(&page(3)));
        for number in 3..9 {
            website.list(&page(number), 0..0, Some(&page(number + 1)));
        }
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 15, 0));
        // What stands behind one such page was not its end.
        website.list("/used", 0..10, Some(&page(2)));
        website.list(&page(2), 0..0, Some(&page(3)));
        website.list(&page(3), 10..15, None);
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::PageFailed), 15, 0));
        // Where it says so in words, one page is enough.
        website.list(&page(2), 10..15, Some(&page(3)));
        website.show(&page(3), 200, format!(r#"<link rel="next" href="{}"><p>No vehicles found</p>"#, page(4)));
        website.take_paths();
        assert_eq!(scrape(&known, lot), (None, 15, 0));
        assert!(!website.take_paths().contains(&page(4)));
    }

    fn a_third_of_a_page_is_not_gone_at_once(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..30, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 30, 0));
        website.list("/used", 0..20, None);
        for _day in 0..5 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ManyMissing), 20, 0));
        }
        website.list("/used", 0..28, None);
        assert_eq!(scrape(&known, lot), (None, 28, 0));
        // What stays away is waited for longest at a dealer whose cars have just come back, and dated by the first that missed it.
        website.list("/used", 0..18, None);
        let mut sold = Vec::new();
        for _day in 0..16 {
            sold.push(scrape(&known, lot).2);
        }
        assert_eq!(sold.iter().sum::<usize>(), 12, "{sold:?}");
        let gone = ListingFilter { sold: Some(true), ..ListingFilter::default() };
        let gone = known.0.competitors().listings(&gone, &PageRequest::default()).unwrap().items;
        let late = gone.iter().filter(|car| lot.now() - car.sold_at.unwrap() < TimeDelta::days(8)).count();
        assert_eq!(late, 0, "{:?}", gone.iter().map(|car| car.sold_at).collect::<Vec<_>>());
    }

    fn what_the_website_counts_is_not_sold(lot: &Lot) {
        let website = Website::open();
        let counted = |shown: Range<u32>| list_page(shown, None).replace("</body>", "<p>45 vehicles found</p></body>");
        website.show("/used", 200, counted(0..45));
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 45, 0));
        website.show("/used", 200, counted(0..41));
        for _day in 0..18 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ClaimsMore), 41, 0));
        }
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ClaimsMore), 41, 4), "by the nineteenth look");
        assert_eq!(scrape(&known, lot), (None, 41, 0), "a number that stands there for ever counts nothing");
    }

    fn an_address_that_was_renamed_proves_nothing(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..12, None);
        let known = configured(&website, lot, json!({"check_missing": 9}));
        assert_eq!(scrape(&known, lot), (None, 12, 0));
        // From now on the cars' pages are called otherwise, below the same place, and the list is cut.
        let renamed = || list_page(0..8, None).replace("/car/", "/car/used-");
        (0..12).for_each(|number| website.show(&format!("/car/used-{number}"), 200, "<html>Corolla</html>"));
        website.show("/used", 200, renamed());
        for _day in 0..3 {
            assert_eq!(scrape(&known, lot).2, 0);
        }
    }

    fn a_first_page_alone_is_believed_late(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..10, Some("/used?page=2"));
        website.list("/used?page=2", 10..18, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 18, 0));
        // The second page is loaded by a script from now on.
        website.list("/used", 0..10, None);
        for _day in 0..18 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 10, 0));
        }
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 10, 8), "by the nineteenth look");
        assert_eq!(scrape(&known, lot), (None, 10, 0));
    }

    fn a_list_that_is_all_on_one_page_now_is_whole(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..10, Some("/used?page=2"));
        website.list("/used?page=2", 10..20, Some("/used?page=3"));
        website.list("/used?page=3", 20..25, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 25, 0));
        website.list("/used", 2..26, None);
        assert_eq!(scrape(&known, lot), (None, 24, 0));
        // And a lot of which the last page alone is gone ends with a page that is not full.
        website.list("/used", 2..10, None);
        assert_eq!(scrape(&known, lot).0, Some(IncompleteReason::LastPageFull));
    }

    fn what_is_missing_where_a_list_is_cut_is_sold_when_its_own_page_is_gone(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..10, Some("/used?page=2"));
        website.list("/used?page=2", 10..13, None);
        (0..12).for_each(|number| website.show(&format!("/car/{number}"), 200, "<html>Corolla</html>"));
        let known = configured(&website, lot, json!({"check_missing": 5}));
        assert_eq!(scrape(&known, lot), (None, 13, 0));
        website.list("/used", 0..10, None);
        // Number 12 is gone, 10 and 11 are still on sale somewhere.
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 10, 1));
        // What is said about how to read it says nothing about its end.
        let asks_more = CompetitorUpdate { scraper_config: Change::Set(json!({"check_missing": 9})), ..Default::default() };
        known.0.competitors().update(known.1, &asks_more).unwrap();
        for _day in 0..9 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 10, 0));
        }
        website.show("/car/10", 404, "");
        website.show("/car/11", 404, "");
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 10, 2));
        assert_eq!(scrape(&known, lot), (None, 10, 0));
    }

    fn an_address_that_leads_to_a_narrower_list_is_not_the_whole_lot(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::status(302).header("Location", "/all?lang=en"));
        website.list("/all?lang=en", 0..30, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 30, 0));
        website.reply("/used", Reply::status(302).header("Location", "/all?make=Toyota"));
        website.list("/all?make=Toyota", 0..20, None);
        for _day in 0..12 {
            assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ListNarrowed), 20, 0));
        }
        // In another language it is the same list.
        website.reply("/used", Reply::status(302).header("Location", "/es/all?lang=es&utm_source=used"));
        website.list("/es/all?lang=es&utm_source=used", 0..26, None);
        assert_eq!(scrape(&known, lot), (None, 26, 0));
        // Another path that asks for a part narrows it, too; one that says what the path said before does not.
        website.reply("/used", Reply::status(302).header("Location", "/cars?make=Toyota"));
        website.list("/cars?make=Toyota", 0..20, None);
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::ListNarrowed), 20, 0));
        // The owner says that the narrower list is meant.
        website.reply("/used", Reply::status(302).header("Location", "/all?make=Toyota"));
        let told = CompetitorUpdate {
            inventory_url: Some(format!("{}/all?make=Toyota", website.address)), ..Default::default()
        };
        known.0.competitors().update(known.1, &told).unwrap();
        let seen: Vec<_> = (0..20).map(|_day| scrape(&known, lot)).collect();
        // Four that the list before lacked have been missing for nineteen looks; the others wait.
        assert_eq!(seen[..6].iter().map(|(.., sold)| sold).sum::<usize>(), 4, "{seen:?}");
        assert_eq!(seen.last().map(|(reason, ..)| *reason), Some(None), "what it leaves out is sold: {seen:?}");
    }

    fn a_short_answer_is_no_end_where_the_list_went_on_before(lot: &Lot) {
        let website = Website::open();
        for number in 1..=4 {
            let end = (number * 10).min(35);
            website.reply(&format!("/list?p={number}"), answer((number - 1) * 10..end, Value::Null));
        }
        let by_page = json!({"page": {"parameter": "p", "first": 1, "size": 10}});
        let known = configured(&website, lot, endpoint(by_page));
        assert_eq!(scrape(&known, lot), (None, 35, 0));
        website.take_paths();
        assert_eq!(scrape(&known, lot), (None, 35, 0));
        assert_eq!(website.take_paths().len(), 4, "no more is asked than there is");
        website.reply("/list?p=3", answer(20..23, Value::Null));
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::PageFailed), 28, 0));
        // Where nothing stands behind it, it is the end.
        website.reply("/list?p=3", answer(20..28, Value::Null));
        website.reply("/list?p=4", answer(0..0, Value::Null));
        assert_eq!(scrape(&known, lot), (None, 28, 0));
        website.take_paths();
        assert_eq!(scrape(&known, lot), (None, 28, 0));
        assert_eq!(website.take_paths().len(), 3);
    }

    fn a_short_page_is_no_end_where_the_list_went_on_before(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..10, None);
        website.list("/used?from=10", 10..20, None);
        website.list("/used?from=20", 20..25, None);
        let by_offset = json!({"pagination": {"offset": {"parameter": "from", "size": 10}}});
        let known = configured(&website, lot, by_offset);
        assert_eq!(scrape(&known, lot), (None, 25, 0));
        website.list("/used?from=10", 10..14, None);
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::PageFailed), 19, 0));
    }

    fn pages_are_counted_by_what_is_asked_for(lot: &Lot) {
        let website = Website::open();
        for (number, cars) in [(2, 8..14), (3, 14..22), (4, 22..25)] {
            let page = format!("/used/page/{number}/");
            website.reply(&format!("/used?paged={number}"), Reply::status(301).header("Location", page.clone()));
            website.list(&page, cars, None);
        }
        website.list("/used", 0..8, None);
        // A number behind the last leads back to the first page.
        website.reply("/used?paged=5", Reply::status(302).header("Location", "/used"));
        let known = configured(&website, lot, json!({"pagination": {"page": {"parameter": "paged"}}}));
        assert_eq!(scrape(&known, lot), (None, 25, 0));
        website.reply("/used?paged=3", Reply::status(302).header("Location", "/used"));
        website.list("/used/page/2/", 8..16, None);
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::PageFailed), 19, 0));
    }

    fn a_cursor_that_leads_into_nothing_is_the_end(lot: &Lot) {
        let website = Website::open();
        website.reply("/list", answer(0..10, "b".into()));
        website.reply("/list?after=b", answer(10..15, "c".into()));
        website.answer(|asked| {
            let number: u32 = asked.path.strip_prefix("/list?after=c")?.parse().ok().or(Some(0))?;
            Some(answer(0..0, format!("c{}", number + 1).into()))
        });
        let known = configured(&website, lot, endpoint(json!({"cursor": {"parameter": "after", "path": "next"}})));
        assert_eq!(scrape(&known, lot), (None, 15, 0));
        assert_eq!(website.take_paths().len(), 4);
        // Nothing in the middle is no end.
        website.reply("/list?after=b", answer(0..0, "d".into()));
        website.reply("/list?after=d", answer(15..20, Value::Null));
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::PageFailed), 15, 0));
    }

    fn a_list_that_leads_back_to_its_first_page_is_at_its_end(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..10, Some("/used?page=2"));
        website.list("/used?page=2", 10..20, Some("/used?page=3"));
        website.list("/used?page=3", 20..25, Some("/used?page=1"));
        website.list("/used?page=1", 0..10, Some("/used?page=2"));
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 25, 0));
        // The first page in place of the third is none of it.
        website.list("/used?page=3", 0..10, Some("/used?page=4"));
        let (reason, ..) = scrape(&known, lot);
        assert_eq!(reason, Some(IncompleteReason::PageFailed));
        // A second page that leads back is the end too early.
        website.list("/used?page=2", 10..20, Some("/used"));
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 20, 0));
    }

    fn a_car_that_the_first_page_features_hides_no_page_that_is_missing(lot: &Lot) {
        let website = Website::open();
        website.show("/used", 200, list_page((0..10).chain([25]), Some("/used?page=2")));
        website.list("/used?page=2", 10..20, Some("/used?page=3"));
        website.list("/used?page=3", 20..30, Some("/used?page=4"));
        website.list("/used?page=4", 30..35, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 35, 0));
        website.list("/used?page=2", 10..20, None);
        assert_eq!(scrape(&known, lot), (Some(IncompleteReason::LastPageFull), 21, 0));
    }

    fn a_first_page_that_has_not_changed_says_where_the_list_stands(lot: &Lot) {
        let website = Website::open();
        website.reply("/used", Reply::status(302).header("Location", "/cars/"));
        website.reply("/cars/", Reply::html(list_page(0..10, Some("/used?page=2"))).header("ETag", "\"one\""));
        website.reply("/used?page=2", Reply::status(302).header("Location", "/cars/?page=2"));
        website.list("/cars/?page=2", 10..15, None);
        let known = competitor(&website, lot);
        assert_eq!(scrape(&known, lot), (None, 15, 0));
        website.answer(|asked| {
            let is_known = asked.path == "/cars/" && asked.header.contains("if-none-match: \"one\"");
            is_known.then(|| Reply::status(304))
        });
        assert_eq!(scrape(&known, lot), (None, 15, 0));
    }
}
