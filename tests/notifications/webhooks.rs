//! Webhooks: signed, tried again, given up, and sent by one worker at a time.

use std::collections::HashMap;

use serde_json::json;

use super::*;

on_both_databases! {
    fn an_offer_is_told_signed_and_without_the_customer(lot: &Lot) {
        let receiver = Receiver::taking();
        let desk = telling_one(lot, &receiver);
        let offered = lot.website().submissions().submit(&camry()).unwrap();
        let tried = deliver(&desk);
        assert_eq!((tried.len(), tried[0].status, tried[0].attempts), (1, NotificationStatus::Delivered, 1));
        assert_eq!((tried[0].answer.as_deref(), tried[0].ended_at), (Some("200 OK"), Some(lot.now())));
        assert_eq!(all(&desk), tried);
        let [message] = &receiver.messages()[..] else { panic!("{:?}", receiver.messages()) };
        assert!(message.is_signed_with(SECRET), "{message:?}");
        assert!(!message.is_signed_with("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert_eq!(message.header("webhook-timestamp"), lot.now().timestamp().to_string());
        assert_eq!(message.header("webhook-id"), format!("msg_{}", tried[0].event_id.as_uuid().simple()));
        assert_eq!(message.document(), json!({
            "type": "submission.created", "timestamp": "2026-03-01T12:00:00.000000Z",
            "data": {
                "submission_id": offered.id, "year": 2019, "make": "Toyota", "model": "Camry", "trim": "SE",
                "vin": "4T1B11HK5KU211111", "mileage": 52_000, "asking_price": "15000.00", "offered_again": false,
            },
        }));
        assert_eq!(deliver(&desk), [], "it is told once");
        let personal = "data LIKE '%example.com%' OR data LIKE '%Ann%'";
        let text = if lot.url.starts_with("sqlite:") { "data" } else { "data::text" };
        let personal = personal.replace("data", text);
        assert_eq!(lot.count(&format!("SELECT count(*) FROM notifications WHERE {personal}")), 0, "nor is it kept");
    }

    fn a_channel_that_is_to_know_the_customer_is_told_as_the_offer_says_now(lot: &Lot) {
        let (receiver, other) = (Receiver::taking(), "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let mut crm = webhook(&receiver);
        crm.include_contact = true;
        crm.secrets.push(other.to_owned());
        let desk = telling(lot, |config| drop(config.webhooks.insert("crm".into(), crm)));
        lot.website().submissions().submit(&camry()).unwrap();
        let gone = lot.website().submissions().submit(&offer(1)).unwrap();
        desk.submissions().delete(gone.id).unwrap();
        deliver(&desk);
        let messages = receiver.messages();
        assert!(messages.iter().all(|message| message.is_signed_with(SECRET) && message.is_signed_with(other)));
        let contacts: Vec<_> = messages.iter().map(|message| message.document()["data"]["contact"]["email"].clone()).collect();
        assert_eq!(contacts, [json!("ann@example.com"), json!(null)]);
    }

    fn a_receiver_that_fails_is_told_again_and_given_up_and_others_are_told(lot: &Lot) {
        let failing = Receiver::answering(|number| match number {
            0 => (Duration::ZERO, head("503 Busy", "retry-after: 100\r\n")),
            1 => (Duration::ZERO, head("302 Found", "location: http://169.254.169.254/\r\n")),
            2 => (Duration::ZERO, "no HTTP at all".to_owned()),
            _ => (Duration::ZERO, head("200 OK", "")),
        });
        let working = Receiver::taking();
        let (crm, pager) = (webhook(&failing), webhook(&working));
        let desk = telling(lot, |config| {
            config.rules.attempts = 3;
            config.webhooks.insert("crm".into(), crm);
            config.webhooks.insert("pager".into(), pager);
        });
        lot.website().submissions().submit(&camry()).unwrap();
        let of_crm = |tried: Vec<Notification>| tried.into_iter().find(|it| it.channel == "crm").unwrap();
        let first = of_crm(deliver(&desk));
        assert_eq!((first.status, first.error.as_deref()), (NotificationStatus::Waiting, Some("503 Service Unavailable")));
        assert_eq!(first.next_attempt_at, Some(lot.now() + TimeDelta::seconds(100)), "as the receiver asks");
        assert_eq!(working.messages().len(), 1);
        lot.pass(TimeDelta::seconds(99));
        assert_eq!(deliver(&desk), []);
        lot.pass(TimeDelta::seconds(1));
        let second = of_crm(deliver(&desk));
        assert_eq!((second.attempts, second.error.as_deref()), (2, Some("302 Found")));
        assert_eq!(open_alerts(&desk, "notifications_failing").len(), 0);
        lot.pass(TimeDelta::hours(1));
        let last = of_crm(deliver(&desk));
        assert_eq!((last.status, last.attempts, last.next_attempt_at), (NotificationStatus::GivenUp, 3, None));
        let alerts = open_alerts(&desk, "notifications_failing");
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        assert!(alerts[0].starts_with("The channel crm was not told of submission.created: "), "{alerts:?}");
        lot.pass(TimeDelta::days(1));
        assert_eq!(deliver(&desk), [], "given up is given up");
        let channel = desk.notifications().channels().unwrap().into_iter().find(|it| it.name == "crm").unwrap();
        assert_eq!((channel.waiting, channel.given_up, channel.off_since), (0, 1, None));

        let (manager, at_desk) = lot.staff(Role::Manager);
        let again = at_desk.notifications().retry(at_desk.notifications().find(&last.id.to_string()).unwrap().id).unwrap();
        assert_eq!((again.status, again.attempts), (NotificationStatus::Waiting, 0));
        assert_eq!(of_crm(deliver(&desk)).status, NotificationStatus::Delivered);
        assert_eq!(open_alerts(&desk, "notifications_failing").len(), 0, "it is told again");
        let ids: Vec<_> = failing.messages().iter().map(|message| message.header("webhook-id").to_owned()).collect();
        assert!(ids.len() == 4 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let trail = desk.activity().list(&ActivityFilter::default().resource(last.id), &PageRequest::first(9)).unwrap();
        let entries: Vec<_> = trail.items.into_iter().map(|entry| (entry.action, entry.user_id)).collect();
        assert_eq!(entries, [("send".to_owned(), Some(manager.id))]);
    }

    fn a_receiver_that_is_gone_is_told_nothing_more(lot: &Lot) {
        let gone = Receiver::answering(|number| {
            (Duration::ZERO, if number == 0 { head("410 Gone", "") } else { head("204 No Content", "") })
        });
        let desk = telling_one(lot, &gone);
        for number in 0..3 {
            lot.website().submissions().submit(&offer(number)).unwrap();
        }
        deliver(&desk);
        lot.website().submissions().submit(&offer(3)).unwrap();
        assert_eq!(deliver(&desk), []);
        assert_eq!(gone.messages().len(), 1);
        let statuses: Vec<_> = all(&desk).into_iter().map(|it| it.status).collect();
        assert_eq!(statuses, [NotificationStatus::GivenUp; 4]);
        let channel = desk.notifications().channels().unwrap().remove(0);
        assert_eq!((channel.off_since, channel.off_reason.as_deref()), (Some(lot.now()), Some("410 Gone")));
        assert_eq!(open_alerts(&desk, "notifications_failing").len(), 1);
        // Another receiver under the name is not gone.
        let mut moved = webhook(&gone);
        moved.url += "/2";
        let elsewhere = telling(lot, |config| drop(config.webhooks.insert("crm".into(), moved)));
        assert_eq!(elsewhere.notifications().channels().unwrap()[0].off_since, None);
        let again = desk.notifications().retry(all(&desk)[0].id).unwrap();
        assert_eq!(deliver(&desk)[0].id, again.id);
        assert_eq!(desk.notifications().channels().unwrap()[0].off_since, None, "it is on again");
        assert_eq!(open_alerts(&desk, "notifications_failing").len(), 0);
    }

    fn a_receiver_that_hangs_costs_one_timeout_and_a_long_answer_is_cut(lot: &Lot) {
        let hanging = Receiver::answering(|_| (Duration::from_millis(700), head("200 OK", "")));
        let endless = Receiver::answering(|_| {
            let answer = format!("HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\n{}", "x\u{1b}[31m\n".repeat(100_000));
            (Duration::ZERO, answer)
        });
        let (slow, long) = (webhook(&hanging), webhook(&endless));
        let desk = telling(lot, |config| {
            config.rules.timeout = Duration::from_millis(200);
            config.webhooks.insert("a-slow-one".into(), slow);
            config.webhooks.insert("b-long-one".into(), long);
        });
        for number in 0..4 {
            lot.website().submissions().submit(&offer(number)).unwrap();
        }
        let begun_at = std::time::Instant::now();
        let tried = deliver(&desk);
        assert!(begun_at.elapsed() < Duration::from_secs(2), "{:?}", begun_at.elapsed());
        assert_eq!(tried.len(), 2, "a channel that fails is left until the next time: {tried:?}");
        assert_eq!(tried[0].error.as_deref(), Some("it did not answer in time"));
        let error = tried[1].error.as_deref().unwrap();
        assert!(error.starts_with("500 Internal Server Error x") && error.len() < 600, "{error}");
        assert!(!error.chars().any(char::is_control));
        assert_eq!(all(&desk).iter().filter(|it| it.status == NotificationStatus::Waiting).count(), 8);
    }

    fn a_test_is_sent_at_once_and_once(lot: &Lot) {
        let receiver = Receiver::answering(|number| {
            (Duration::ZERO, if number == 0 { head("401 Unauthorized", "") } else { head("200 OK", "") })
        });
        let desk = telling_one(lot, &receiver);
        let refused = desk.notifications().test("crm").unwrap().remove(0);
        assert_eq!((refused.status, refused.error.as_deref()), (NotificationStatus::GivenUp, Some("401 Unauthorized")));
        assert_eq!(open_alerts(&desk, "notifications_failing").len(), 0, "somebody looks already");
        lot.pass(TimeDelta::days(1));
        assert_eq!(deliver(&desk), []);
        let taken = desk.notifications().test("crm").unwrap().remove(0);
        assert_eq!((taken.status, taken.event), (NotificationStatus::Delivered, Event::NotificationTest));
        let told = &receiver.messages()[1];
        assert!(told.is_signed_with(SECRET) && told.document()["type"] == "notification.test");
        let only = NotificationFilter::default();
        let page = |change: fn(&mut NotificationFilter)| {
            let mut filter = only.clone();
            change(&mut filter);
            desk.notifications().list(&filter, &PageRequest::first(10)).unwrap().items.len()
        };
        assert_eq!(page(|it| it.status = Some(NotificationStatus::GivenUp)), 1);
        assert_eq!(page(|it| it.channel = Some("pager".into())), 0);
        assert_eq!(page(|it| it.event = Some(Event::NotificationTest)), 2);
    }

    fn many_workers_send_each_notification_once(lot: &Lot) {
        let receiver = Receiver::answering(|_| (Duration::from_millis(10), head("200 OK", "")));
        for number in 0..40 {
            lot.desk().submissions().submit(&offer(number)).unwrap();
        }
        let (crm, url, clock) = (webhook(&receiver), lot.url.as_str(), lot.clock());
        let tried = lot.at_once(4, |_, _| {
            let crm = crm.clone();
            let desk = telling_at(url, clock.clone(), |config| drop(config.webhooks.insert("crm".into(), crm)));
            // Whoever finds nothing may have come while another takes the events out: it looks again until all are told.
            let (begun_at, mut count) = (std::time::Instant::now(), 0);
            while receiver.messages().len() < 40 && begun_at.elapsed() < Duration::from_secs(30) {
                count += deliver(&desk).len();
            }
            count
        });
        let mut told: HashMap<String, usize> = HashMap::new();
        receiver.messages().iter().for_each(|it| *told.entry(it.header("webhook-id").to_owned()).or_default() += 1);
        assert_eq!((told.len(), tried.iter().sum::<usize>()), (40, 40));
        assert!(told.values().all(|times| *times == 1), "{told:?}");
        assert!(tried.iter().filter(|count| **count > 0).count() > 1, "the work is shared: {tried:?}");
    }
}
