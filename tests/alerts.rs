//! Alerts of all kinds in one list, and who has dismissed them.

use chrono::TimeDelta;
use jpauto::{ActivityFilter, Alert, AlertFilter, NewToken, PageRequest, Role};

use crate::support::Lot;

fn all(lot: &Lot) -> Vec<Alert> {
    let mut filter = AlertFilter::default();
    filter.with_dismissed = true;
    lot.desk().alerts().list(&filter, &PageRequest::first(50)).unwrap().items
}

/// Alerts of different kinds, as the rules open them.
fn open(lot: &Lot, number: usize) {
    let types = ["overpriced", "scrape_failing", "storage_limit", "job_failing"];
    let (id, time) = if lot.url.starts_with("sqlite:") {
        (format!("x'{number:032x}'"), "'2026-03-01T00:00:00.000000Z'")
    } else {
        (format!("'{number:032x}'"), "'2026-03-01T00:00:00Z'")
    };
    lot.execute(&format!(
        "INSERT INTO storage_alerts (id, alert_type, severity, message, created_at)
         VALUES ({id}, '{}', 'warning', 'Alert {number}', {time})",
        types[number % types.len()]
    ));
}

on_both_databases! {
    fn an_alert_says_who_has_dismissed_it(lot: &Lot) {
        (0..4).for_each(|number| open(lot, number));
        let (manager, at_desk) = lot.staff(Role::Manager);
        let new = NewToken { name: "Night shift".into(), role: Role::Manager, expires_at: None };
        let token = lot.desk().tokens().create(&new).unwrap();
        let through_token = lot.dealership.acting_as(lot.website().tokens().authenticate(&token.secret).unwrap());
        let mut ids: Vec<_> = all(lot).into_iter().map(|alert| alert.id).collect();
        ids.sort_unstable();
        let dismissed = at_desk.alerts().dismiss(ids[0]).unwrap();
        assert_eq!(dismissed.dismissed_by.as_deref(), Some(manager.email.as_str()));
        through_token.alerts().dismiss(ids[1]).unwrap();
        lot.desk().alerts().dismiss(ids[2]).unwrap();
        // One whose cause is gone.
        lot.execute("UPDATE storage_alerts SET dismissed = true WHERE message = 'Alert 3'");
        let mut alerts = all(lot);
        alerts.sort_by_key(|alert| alert.id);
        let by: Vec<_> = alerts.iter().map(|alert| alert.dismissed_by.as_deref()).collect();
        assert_eq!(by, [Some(manager.email.as_str()), Some("Night shift"), Some("system"), None]);
        // Clean-up removes tokens that ended long ago, and the audit trail stays.
        lot.execute("DELETE FROM api_tokens");
        assert_eq!(lot.desk().alerts().find(&ids[1].to_string()).unwrap().dismissed_by, None, "it was not the program");
        assert_eq!(lot.desk().alerts().find(&ids[2].to_string()).unwrap().dismissed_by.as_deref(), Some("system"));
        // A second look changes nothing.
        lot.pass(TimeDelta::days(1));
        assert_eq!(lot.desk().alerts().dismiss(ids[0]).unwrap(), dismissed);
        assert_eq!(lot.desk().alerts().find(&ids[0].to_string()).unwrap(), dismissed);
        let entries = lot.desk().activity().list(&ActivityFilter::default().resource(ids[0]), &PageRequest::default());
        assert_eq!(entries.unwrap().items.len(), 1);
    }
}
