//! The whole story, told in a database of its own.

use jpauto::{AlertType, SubmissionFilter, SubmissionStatus};

use super::*;

struct Nobody;

impl story::Audience for Nobody {
    fn day_played(&mut self, _day: u32) {}

    fn vehicle_analyzed(&mut self, _progress: Progress) {}
}

fn told() -> (tempfile::TempDir, Dealership, Story) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("demo.db").display());
    let ends = "2026-03-01T12:00:00Z".parse().unwrap();
    let (dealership, story) = replay(&url, &MovedClock::at(ends), ends, &mut Nobody).unwrap();
    (folder, dealership, story)
}

#[test]
fn the_story_happens_as_it_is_told() {
    let (_folder, dealership, story) = told();
    let desk = dealership.acting_as(Actor::system());

    assert_eq!((story.scrapes, story.complete), (180, 177));
    assert!(story.sold >= 150, "{} sold", story.sold);
    assert_eq!(story.troubles.iter().map(|trouble| trouble.sold).collect::<Vec<_>>(), [0, 0, 0]);

    let hidden = report::find(&desk, story.hidden.as_ref().unwrap()).unwrap().unwrap();
    assert!(!hidden.is_sold);
    assert_eq!(hidden.days_on_market, 59);

    let mistyped = story.mistyped.as_ref().unwrap();
    let listing = report::find(&desk, mistyped).unwrap().unwrap();
    assert_eq!(listing.price, Some(mistyped.price));
    let prices = desk.competitors().price_history(listing.id, &PageRequest::default()).unwrap().items;
    assert_eq!(prices.len(), 1, "the misprint is no point of the history");

    let (_, vehicle) = story.approved.as_ref().unwrap();
    assert_eq!(vehicle.price, jpauto::Money::from_dollars(20_995));
    assert_eq!(story.rejected.as_ref().unwrap().submission_status, SubmissionStatus::Rejected);
    let (_, refusal) = story.refused.as_ref().unwrap();
    let missing: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!((refusal.code(), missing.as_slice()), ("approval_incomplete", ["/vin", "/mileage"].as_slice()));
    let waiting = desk.submissions().list(&SubmissionFilter::pending(), &PageRequest::default()).unwrap().items;
    assert_eq!(waiting.len(), 2);
}

#[test]
fn a_demonstration_whose_rows_another_program_changed_stays() {
    use diesel::{Connection as _, connection::SimpleConnection as _};

    let (folder, dealership, _) = told();
    drop(dealership);
    let told = folder.path().join("demo.db");
    for (change, nouns) in [
        ("UPDATE inventory SET price = price + 100 WHERE rowid = (SELECT min(rowid) FROM inventory)", "vehicles"),
        ("DELETE FROM competitor_inventory WHERE rowid = (SELECT max(rowid) FROM competitor_inventory)", "listings"),
        (
            "UPDATE users SET name = 'Ann' WHERE email NOT LIKE '%demo@%'; DELETE FROM pending_submissions",
            "offers and users",
        ),
    ] {
        let path = folder.path().join("copy.db");
        std::fs::copy(&told, &path).unwrap();
        let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
        conn.batch_execute(change).unwrap();
        drop(conn);
        match database::make_room(&format!("sqlite:{}", path.display())) {
            Err(Failure::Own { code, message, .. }) => {
                assert_eq!(code.as_str(), "not_a_demo_file");
                assert!(message.contains(&format!("other {nouns} stand in it")), "{change}: {message}");
            }
            other => panic!("{change}: {other:?}"),
        }
        std::fs::remove_file(&path).unwrap();
    }
    database::make_room(&format!("sqlite:{}", told.display())).unwrap();
    assert!(!told.exists());
}

#[test]
fn the_market_is_read_in_every_way_that_it_can_be() {
    let (_folder, dealership, _) = told();
    let desk = dealership.acting_as(Actor::system());
    let overview = desk.market().overview().unwrap();
    assert_eq!(overview.vehicles, 15, "fifteen of the start, one sold, one approved");
    assert!(overview.high >= 2 && overview.low >= 2 && overview.competitive >= 4, "{overview:?}");
    assert_eq!(overview.insufficient_data, 1, "{overview:?}");
    let open = desk.alerts().list(&jpauto::AlertFilter::default(), &PageRequest::default()).unwrap().items;
    for alert_type in [AlertType::Overpriced, AlertType::Underpriced, AlertType::NoMarketData] {
        assert!(open.iter().any(|alert| alert.alert_type == alert_type.as_str()), "no alert {alert_type}");
    }
}

#[test]
fn two_runs_into_the_same_file_tell_the_same() {
    let (folder, first, one) = told();
    drop(first);
    let url = format!("sqlite:{}", folder.path().join("demo.db").display());
    let ends = "2026-03-01T12:00:00Z".parse().unwrap();
    let (_second, other) = replay(&url, &MovedClock::at(ends), ends, &mut Nobody).unwrap();
    assert_eq!(
        (one.sightings, one.new, one.sold, one.price_changes),
        (other.sightings, other.new, other.sold, other.price_changes)
    );
}
