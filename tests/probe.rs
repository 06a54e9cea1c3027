//! Websites read by a scrape and by a probe: both find the same vehicles, pages, end and warnings.

use std::ops::Range;

use jpauto::{
    Change, CompetitorId, Desk, PageRequest,
    competitors::{CompetitorUpdate, TestOptions},
    extract::ListWarning,
};
use serde_json::{Value, json};

use crate::{
    scraping::{competitor, dealer_on, unwatched},
    support::{
        Lot, vin,
        website::{Reply, Website, list_page},
    },
};

/// Warnings about what was read. What a scrape makes of it by what it knows of the dealer, and a probe by its few pages, is left out.
const OF_READING: [&str; 10] = [
    "data_not_enough",
    "group_list",
    "listings_unsettled",
    "more_by_script",
    "next_page_elsewhere",
    "no_listings",
    "page_failed",
    "page_repeats",
    "says_none",
    "store_missing",
];

/// What is found on a website: vehicles, pages, whether the list ends, and warnings about the reading.
type Found<'a> = (usize, usize, bool, &'a [&'a str]);

/// Scrapes a competitor and probes its website, which must both find this.
fn both_find(name: &str, (desk, id): &(Desk, CompetitorId), expected: Found<'_>) {
    let (vehicles, pages, ends, codes) = expected;
    let of_reading = |warnings: Vec<ListWarning>| -> Vec<ListWarning> {
        warnings.into_iter().filter(|warning| OF_READING.contains(&warning.code())).collect()
    };
    let scraped = desk.competitors().scrape(*id, &mut unwatched).unwrap();
    let record = desk.competitors().scrapes(*id, &PageRequest::first(1)).unwrap().items.remove(0);
    let known = desk.competitors().get(*id).unwrap();
    let options = TestOptions { pages: 10, ..TestOptions::default() };
    let probed = desk.competitors().test(&known, &options).unwrap();
    assert_eq!(
        (scraped.counts.vehicles, record.pages_fetched),
        (vehicles, u32::try_from(pages).ok()),
        "{name}, scraped"
    );
    assert_eq!((probed.listings_found, probed.pages.len()), (vehicles, pages), "{name}, probed: {probed:?}");
    assert_eq!(record.total_claimed, probed.total_claimed, "{name}");
    assert_eq!((probed.next.is_none(), probed.failure), (ends, None), "{name}");
    assert!(ends || !scraped.completeness.is_complete(), "{name}: {:?}", scraped.completeness);
    let by_scrape = of_reading(scraped.warnings);
    assert_eq!(by_scrape.iter().map(|warning| warning.code()).collect::<Vec<_>>(), codes, "{name}: {by_scrape:?}");
    assert_eq!(by_scrape, of_reading(probed.warnings), "{name}");
}

/// A website that shows this, as a competitor with this configuration.
fn shown(lot: &Lot, show: impl FnOnce(&Website), config: Option<Value>) -> (Desk, CompetitorId) {
    let website = Website::open();
    show(&website);
    let (desk, id) = competitor(&website, lot);
    if let Some(config) = config {
        let update = CompetitorUpdate { scraper_config: Change::Set(config), ..Default::default() };
        desk.competitors().update(id, &update).unwrap();
    }
    // The next one is called the same.
    let update = CompetitorUpdate { name: Some(website.address), ..Default::default() };
    desk.competitors().update(id, &update).unwrap();
    (desk, id)
}

/// A list of pages that are linked, each with its cars and the number of the next one.
fn linked(website: &Website, pages: &[(Range<u32>, Option<&str>)]) {
    for (number, (cars, next)) in pages.iter().enumerate() {
        let path = if number == 0 { "/used".to_owned() } else { format!("/used?page={}", number + 1) };
        website.list(&path, cars.clone(), *next);
    }
}

fn endpoint(pagination: Value) -> Option<Value> {
    Some(json!({"endpoint": {
        "url": "/list", "listings": "items", "fields": {"vin": "vin", "price": "price"}, "pagination": pagination
    }}))
}

fn answer(numbers: Range<u32>, next: Value) -> Reply {
    let items: Vec<_> = numbers.map(|number| json!({"vin": vin(number), "price": 9_000})).collect();
    Reply::json(json!({"items": items, "next": next}).to_string())
}

type Show = fn(&Website);

/// Lists whose pages are linked.
const LINKED: [(&str, Show, Found<'static>); 8] = [
    ("two pages", |site| linked(site, &[(0..20, Some("/used?page=2")), (20..35, None)]), (35, 2, true, &[])),
    (
        "back to the first",
        |site| linked(site, &[(0..20, Some("/used?page=2")), (20..35, Some("/used"))]),
        (35, 2, true, &[]),
    ),
    (
        "round to the first under another address",
        |site| {
            linked(
                site,
                &[(0..10, Some("/used?page=2")), (10..20, Some("/used?page=3")), (20..25, Some("/used?page=1"))],
            );
            site.list("/used?page=1", 0..10, Some("/used?page=2"));
        },
        (25, 3, true, &[]),
    ),
    (
        "a link to a page that says that there is none",
        |site| {
            linked(site, &[(0..10, Some("/used?page=2")), (10..15, Some("/used?page=3"))]);
            let next = r#"<link rel="next" href="/used?page=4">"#;
            site.show("/used?page=3", 200, format!("<html><head>{next}</head><p>No vehicles found</p></html>"));
        },
        (15, 2, true, &[]),
    ),
    (
        "ever new links in a circle",
        |site| {
            for number in 0..9 {
                let path = if number == 0 { "/used".to_owned() } else { format!("/used?sid={number}") };
                let start = number % 3 * 10;
                site.list(&path, start..start + 10, Some(&format!("/used?sid={}", number + 1)));
            }
        },
        (30, 5, false, &["page_repeats"]),
    ),
    (
        "cars on several pages",
        |site| linked(site, &[(0..10, Some("/used?page=2")), (4..14, Some("/used?page=3")), (10..18, None)]),
        (18, 3, true, &[]),
    ),
    (
        "moved",
        |site| {
            site.reply("/used", Reply::status(302).header("Location", "/cars/used/"));
            site.list("/cars/used/", 0..20, Some("page-2"));
            site.list("/cars/used/page-2", 20..35, None);
        },
        (35, 2, true, &[]),
    ),
    (
        "more by a script",
        |site| {
            let button = "<button id=more>Load more</button></body>";
            site.show("/used", 200, list_page(0..20, None).replace("</body>", button));
        },
        (20, 1, true, &["more_by_script"]),
    ),
];

/// Lists whose second page can not be had.
const BROKEN: [(&str, Show, Found<'static>); 6] = [
    ("out of order", |site| site.show("/used?page=2", 503, ""), (20, 1, false, &["page_failed"])),
    (
        "closed by robots.txt",
        |site| site.show("/robots.txt", 200, "User-agent: *\nDisallow: /*?page=\n"),
        (20, 1, false, &["page_failed"]),
    ),
    (
        "breaks off where the first page does not",
        |site| {
            let broken = list_page(20..24, None).replace("</body></html>", "<b>Fatal error</b>");
            site.show("/used?page=2", 200, broken);
        },
        (20, 1, false, &["page_failed"]),
    ),
    (
        "leads to the front page",
        |site| {
            site.list("/", 0..3, None);
            site.reply("/used?page=2", Reply::status(302).header("Location", "/"));
        },
        (20, 1, false, &["page_failed"]),
    ),
    ("shows only what is known", |site| site.list("/used?page=2", 0..3, None), (20, 2, true, &["page_repeats"])),
    (
        "on another website",
        |site| site.list("/used", 0..20, Some("http://127.0.0.2:9/used?page=2")),
        (20, 1, false, &["next_page_elsewhere"]),
    ),
];

on_both_databases! {
    fn linked_pages_are_the_same_list_to_both(lot: &Lot) {
        for (name, show, found) in LINKED {
            both_find(name, &shown(lot, show, None), found);
        }
    }

    fn a_page_that_can_not_be_had_is_lost_to_both(lot: &Lot) {
        for (name, show, found) in BROKEN {
            let show = |site: &Website| {
                site.list("/used", 0..20, Some("/used?page=2"));
                show(site);
            };
            both_find(name, &shown(lot, show, None), found);
        }
    }

    fn counted_pages_end_alike_for_both(lot: &Lot) {
        let pages = |site: &Website| {
            site.list("/used", 0..10, None);
            (2..=5).for_each(|number| site.list(&format!("/used?p={number}"), (number - 1) * 10..number * 10, None));
        };
        let counted = || Some(json!({"pagination": {"page": {"parameter": "p"}}}));
        both_find("gone behind the last", &shown(lot, pages, counted()), (50, 5, true, &[]));
        let broken = |site: &Website| {
            pages(site);
            site.show("/used?p=4", 200, "<html><body>Something went wrong</body></html>");
        };
        both_find("nothing in the middle", &shown(lot, broken, counted()), (40, 4, true, &["page_failed"]));
        let back = |site: &Website| {
            pages(site);
            site.reply("/used?p=6", Reply::status(302).header("Location", "/used"));
        };
        both_find("back to the first", &shown(lot, back, counted()), (50, 5, true, &[]));
        let no_more = Some(json!({"max_pages": 3, "pagination": {"page": {"parameter": "p"}}}));
        both_find("no more than are configured", &shown(lot, pages, no_more), (30, 3, false, &[]));
    }

    fn an_endpoint_is_the_same_list_to_both(lot: &Lot) {
        let by_page = || endpoint(json!({"page": {"parameter": "p", "first": 1}}));
        let answers = |site: &Website| {
            (1..=5).for_each(|number| site.reply(&format!("/list?p={number}"), answer((number - 1) * 10..number * 10, Value::Null)));
            (6..=7).for_each(|number| site.reply(&format!("/list?p={number}"), answer(0..0, Value::Null)));
        };
        both_find("counted", &shown(lot, answers, by_page()), (50, 5, true, &[]));
        let broken = |site: &Website| {
            answers(site);
            site.reply("/list?p=4", answer(0..0, Value::Null));
        };
        both_find("nothing in the middle", &shown(lot, broken, by_page()), (40, 4, true, &["page_failed"]));
        let into_nothing = |site: &Website| {
            site.reply("/list", answer(0..10, "b".into()));
            site.reply("/list?after=b", answer(10..15, "c".into()));
            site.reply("/list?after=c", answer(0..0, "d".into()));
            site.reply("/list?after=d", answer(0..0, "e".into()));
        };
        let by_cursor = endpoint(json!({"cursor": {"parameter": "after", "path": "next"}}));
        both_find("a cursor into nothing", &shown(lot, into_nothing, by_cursor), (15, 2, true, &[]));
    }

    fn an_answer_does_not_choose_who_else_is_asked_by_either(lot: &Lot) {
        let other = Website::open_at("127.0.0.2");
        let elsewhere = format!("http://127.0.0.2:{}/list", other.port());
        let show = |site: &Website| site.reply("/list", answer(0..10, elsewhere.into()));
        both_find("next elsewhere", &shown(lot, show, endpoint(json!({"next": "next"}))), (10, 1, false, &["page_failed"]));
        assert_eq!(other.take_paths(), Vec::<String>::new());
    }

    fn data_stands_for_the_pages_of_both_or_of_neither(lot: &Lot) {
        type Answer = fn(u32, String) -> Reply;
        let cases: [(&str, Answer, Found<'_>); 3] = [
            ("whole", |_, cards| Reply::json(cards), (30, 2, true, &[])),
            (
                "its second answer fails",
                |part, cards| if part == 1 { Reply::json(cards) } else { Reply::status(500) },
                (30, 2, true, &["data_not_enough"]),
            ),
            ("a shell", |_, _| Reply::json("<html><div id=app></div></html>"), (30, 2, true, &["data_not_enough"])),
        ];
        for (name, answer, found) in cases {
            both_find(name, &dealer_on(&Website::open(), lot, answer), found);
        }
    }

    fn what_can_not_be_read_fails_for_both(lot: &Lot) {
        for reply in [
            Reply::status(404),
            Reply::html("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>"),
            Reply { headers: vec![("Content-Type".into(), "image/png".into())], ..Reply::html(list_page(0..20, None)) },
        ] {
            let (desk, id) = shown(lot, |site| site.reply("/used", reply.clone()), None);
            let scraped = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
            let known = desk.competitors().get(id).unwrap();
            let probed = desk.competitors().test(&known, &TestOptions::default()).unwrap();
            assert_eq!(probed.refusal().map(|refusal| refusal.code()), Some(scraped.code()), "{reply:?}");
            assert_eq!(probed.warnings.len(), 1, "{:?}", probed.warnings);
        }
    }
}
