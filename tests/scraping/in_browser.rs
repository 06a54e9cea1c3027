//! Pages that a script makes, in a real browser.

use super::*;

/// The website as a competitor that needs a browser; this server alone of the machine may be fetched from.
fn competitor(website: &Website, lot: &Lot, executable: Option<&str>) -> (Desk, CompetitorId) {
    let mut fetch = FetchConfig::new("webmaster@dealer.example");
    fetch.allowed_servers = vec![website.address.strip_prefix("http://").unwrap().parse().unwrap()];
    (fetch.pause, fetch.retries) = (Duration::ZERO, 0);
    fetch.browser.executable = executable.map(Into::into);
    let mut config = Config::new(&lot.url);
    config.fetch = Some(fetch);
    let desk = Dealership::with_config(config).unwrap().acting_as(Actor::system());
    let new = NewCompetitor {
        name: "Valley Motors".into(),
        inventory_url: format!("{}/used", website.address),
        use_playwright: true,
        ..NewCompetitor::default()
    };
    let id = desk.competitors().add(&new).unwrap().id;
    (desk, id)
}

on_both_databases! {
    fn a_browser_that_is_not_there_is_no_failure_of_the_website(lot: &Lot) {
        let website = Website::open();
        website.list("/used", 0..20, None);
        website.list("/used?plain", 0..20, None);
        let (desk, id) = competitor(&website, lot, Some("/nowhere/chromium"));
        let refusal = desk.competitors().scrape(id, &mut unwatched).unwrap_err();
        assert_eq!((refusal.kind(), refusal.code()), (ErrorKind::Refused, "browser_not_available"));
        assert!(refusal.to_string().contains("`chromium`"), "{refusal}");
        let known = desk.competitors().get(id).unwrap();
        let untried = desk.competitors().test(&known, &TestOptions::default()).unwrap_err();
        assert_eq!(untried.code(), "browser_not_available");
        let competitor = desk.competitors().get(id).unwrap();
        assert!(competitor.scrape_error_type.is_none());
        assert!(competitor.next_scrape_at.is_some(), "it is put off, so that the others have their turn");
        assert_eq!(failures_of_our_own(&desk, id), ["browser_not_available"]);
        assert_eq!(open_alerts(&desk, id), ["scrape_failing"]);
        let due = || {
            let one = ScrapeLimits { competitors: 1, ..ScrapeLimits::default() };
            desk.competitors().scrape_due(&one, &mut unwatched).unwrap()
        };
        let new = NewCompetitor {
            name: "Without scripts".into(),
            inventory_url: format!("{}/used?plain", website.address),
            ..NewCompetitor::default()
        };
        desk.competitors().add(&new).unwrap();
        assert_eq!(due().recorded.len(), 1, "the next in line");
    }
}

#[cfg(all(feature = "browser", unix))]
on_both_databases! {
    fn a_website_of_scripts_is_read_to_its_last_page(lot: &Lot) {
        let website = Website::open();
        for (page, numbers, next) in [("/used", 0..20, Some("/used?page=2")), ("/used?page=2", 20..35, None)] {
            let data = format!("{}&data", page.replace("?", "-"));
            website.list(&data, numbers, next);
            // The list itself comes by a request of the script's own.
            let shell = format!(
                "<html><head></head><body>Loading<script>fetch('{data}').then(answer => answer.text()).then(text => {{
                    const list = new DOMParser().parseFromString(text, 'text/html');
                    for (const part of list.head.children) document.head.append(document.importNode(part, true));
                    document.body.append('Cars');
                 }});</script></body></html>"
            );
            website.show(page, 200, shell);
        }
        let (desk, id) = competitor(&website, lot, None);
        let known = desk.competitors().get(id).unwrap();
        let tried = match desk.competitors().test(&known, &TestOptions::default()) {
            Err(missing) if missing.code() == "browser_not_available" => {
                println!("skipped: no Chromium is installed (Debian's package `chromium`)");
                return;
            }
            outcome => outcome.unwrap(),
        };
        assert_eq!((tried.listings_found, tried.pages.len(), tried.next), (35, 2, None));
        let report = desk.competitors().scrape(id, &mut unwatched).unwrap();
        assert_eq!((report.completeness, report.new.len()), (Completeness::Complete, 35));
        assert_eq!(count(&desk), 35);
        website.show("/used", 200, "<title>Just a moment...</title><script src=/challenges.cloudflare.com/x></script>");
        assert_eq!(desk.competitors().scrape(id, &mut unwatched).unwrap_err().code(), "scrape_blocked");
        let competitor = desk.competitors().get(id).unwrap();
        assert_eq!(competitor.scrape_error_type, Some(ScrapeErrorType::Blocked));
    }
}
