//! Mails: over TLS and without, with a login and without, and with hostile words.

use jpauto::notifications::{EmailConfig, EmailTls};

use super::{
    mail_server::{MailServer, Manner, Tls, certificate},
    *,
};

const RECEIVERS: [&str; 2] = ["owner@dealer.example", "ann@dealer.example"];

fn statuses(tried: &[Notification]) -> Vec<NotificationStatus> {
    tried.iter().map(|it| it.status).collect()
}

fn mailing(lot: &Lot, server: &MailServer, change: impl FnOnce(&mut EmailConfig)) -> Desk {
    let mut email =
        EmailConfig::new("127.0.0.1", "Lot <lot@dealer.example>", ["owner@dealer.example", "Ann <ann@dealer.example>"]);
    (email.port, email.tls) = (Some(server.port), EmailTls::None);
    change(&mut email);
    telling(lot, |config| {
        config.rules.timeout = Duration::from_millis(500);
        config.email = Some(email);
    })
}

on_both_databases! {
    fn an_offer_is_mailed_as_text_and_html_whatever_it_says(lot: &Lot) {
        let server = MailServer::open(Manner::default());
        let desk = mailing(lot, &server, |email| email.include_contact = true);
        let hostile = NewSubmission {
            make: "Toyota <script>alert(1)</script>".into(),
            model: "Camry {{ 7 * 7 }} & \"Sons\" \u{202e}\u{1f697}".into(),
            asking_price: Some(Money::from_dollars(15_000)),
            ..camry()
        };
        lot.website().submissions().submit(&hostile).unwrap();
        // Nobody can send a name of two lines; another program may have written one.
        let name = "Ann <b>Example</b>\r\nBcc: all@victim.example";
        lot.execute(&format!("UPDATE pending_submissions SET customer_name = '{name}'"));
        let tried = deliver(&desk);
        assert_eq!(tried.iter().map(|it| it.receiver.as_deref().unwrap()).collect::<Vec<_>>(), RECEIVERS);
        assert_eq!((tried[0].status, tried[0].answer.as_deref()), (NotificationStatus::Delivered, Some("queued as 7")));
        let [mail, second] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
        assert_eq!(second.to, ["RCPT TO:<ann@dealer.example>"]);
        assert_eq!(mail.header("Message-ID"), second.header("Message-ID"), "one mailbox may have both addresses");
        assert!(mail.from.starts_with("MAIL FROM:<lot@dealer.example>"), "{}", mail.from);
        assert_eq!(mail.to, ["RCPT TO:<owner@dealer.example>"]);
        assert_eq!(mail.header("To"), "owner@dealer.example, Ann <ann@dealer.example>");
        assert_eq!(mail.header("From"), "Lot <lot@dealer.example>");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("Message-ID"), format!("<{}@dealer.example>", tried[0].event_id.as_uuid().simple()));
        let (head, _) = mail.text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        let parts = mail.parts();
        let [(plain, text), (html_type, html)] = &parts[..] else { panic!("{parts:?}") };
        assert!(plain.starts_with("text/plain") && html_type.starts_with("text/html"), "{parts:?}");
        assert!(text.contains("Asking price: $15,000") && text.contains("Mileage: 52,000"), "{text}");
        assert!(text.contains("Toyota <script>alert(1)</script>") && text.contains("ann@example.com"), "{text}");
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;") && html.contains("{{ 7 * 7 }}"), "{html}");
        assert!(!html.contains("<b>Example"), "{html}");
    }

    fn mail_goes_over_tls_with_a_login(lot: &Lot) {
        for (tls, ours) in [(Tls::Starttls, EmailTls::Starttls), (Tls::Implicit, EmailTls::Implicit)] {
            let server = MailServer::open(Manner { tls, login: Some(("lot", "secret")), ..Manner::default() });
            let email = |email: &mut EmailConfig| {
                (email.tls, email.user, email.password) = (ours, Some("lot".into()), Some("secret".into()));
                email.ca_certificate = Some(certificate("authority.pem"));
            };
            let sent = mailing(lot, &server, email).notifications().test("email").unwrap();
            assert_eq!(statuses(&sent), [NotificationStatus::Delivered; 2], "{tls:?} {sent:?}");
            let mail = server.mails().remove(0);
            assert!(mail.was_encrypted && mail.login.as_deref() == Some("lot"), "{tls:?} {mail:?}");
            let stranger = |it: &mut EmailConfig| {
                email(it);
                it.ca_certificate = None;
            };
            let refused = mailing(lot, &server, stranger).notifications().test("email").unwrap().remove(0);
            let error = refused.error.unwrap();
            assert!(refused.status == NotificationStatus::GivenUp && error.contains("certificate"), "{tls:?} {error}");
            assert_eq!(server.mails().len(), 2);
        }
        // A server that offers no TLS is not spoken to in the clear.
        let open = MailServer::open(Manner { login: Some(("lot", "secret")), ..Manner::default() });
        let email = |email: &mut EmailConfig| {
            (email.tls, email.user, email.password) = (EmailTls::Starttls, Some("lot".into()), Some("secret".into()));
        };
        let refused = mailing(lot, &open, email).notifications().test("email").unwrap();
        assert_eq!((statuses(&refused), open.mails().len()), (vec![NotificationStatus::GivenUp; 2], 0), "{refused:?}");
    }

    fn an_address_that_the_server_does_not_know_keeps_nobody_from_being_told(lot: &Lot) {
        for (unknown, told) in [(RECEIVERS[0], RECEIVERS[1]), (RECEIVERS[1], RECEIVERS[0])] {
            let server = MailServer::open(Manner { unknown: Some(unknown), ..Manner::default() });
            let desk = mailing(lot, &server, |_email| {});
            lot.website().submissions().submit(&offer(u32::from(unknown == RECEIVERS[0]))).unwrap();
            let tried = deliver(&desk);
            assert_eq!(tried.len(), 2, "{tried:?}");
            for one in tried {
                let (whom, error) = (one.receiver.as_deref().unwrap(), one.error.as_deref().unwrap_or_default());
                let expected = if whom == told { NotificationStatus::Delivered } else { NotificationStatus::GivenUp };
                assert!(one.status == expected && error.contains("nobody here") == (whom == unknown), "{one:?}");
            }
            let [mail] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
            assert_eq!(mail.to, [format!("RCPT TO:<{told}>")]);
            let [alert] = &open_alerts(&desk, "notifications_failing")[..] else { panic!("one is open") };
            assert!(alert.starts_with(&format!("{unknown} was not told of submission.created by e-mail: ")), "{alert}");
            // Whoever is not told any more is nobody's trouble. Another process may tell them still, for a while.
            let without = |lot: &Lot| mailing(lot, &server, |email| email.to = vec![told.to_owned()]);
            deliver(&without(lot));
            assert_eq!(open_alerts(&desk, "notifications_failing").len(), 1);
            lot.pass(TimeDelta::hours(2));
            deliver(&without(lot));
            assert_eq!(open_alerts(&desk, "notifications_failing").len(), 0);
            // Once the address is mended, its own row is sent, and nobody else is told twice.
            let mended = MailServer::open(Manner::default());
            let desk = mailing(lot, &mended, |_email| {});
            let given_up = all(&desk).into_iter().find(|it| it.status == NotificationStatus::GivenUp).unwrap();
            desk.notifications().retry(given_up.id).unwrap();
            assert_eq!(statuses(&deliver(&desk)), [NotificationStatus::Delivered]);
            assert_eq!(mended.mails().remove(0).to, [format!("RCPT TO:<{unknown}>")]);
            assert_eq!(open_alerts(&desk, "notifications_failing").len(), 0);
        }
    }

    fn a_mailbox_that_is_full_is_tried_again_for_itself_alone(lot: &Lot) {
        let server = MailServer::open(Manner { full: Some(RECEIVERS[0]), ..Manner::default() });
        let desk = mailing(lot, &server, |_email| {});
        lot.website().submissions().submit(&offer(1)).unwrap();
        let tried = deliver(&desk);
        assert_eq!(statuses(&tried), [NotificationStatus::Waiting, NotificationStatus::Delivered]);
        assert!(tried[0].error.as_deref().unwrap().contains("mailbox full"), "{tried:?}");
        for attempt in 2..=10 {
            lot.pass(TimeDelta::days(1));
            let again = deliver(&desk).remove(0);
            let is_last = attempt == 10;
            let expected = if is_last { NotificationStatus::GivenUp } else { NotificationStatus::Waiting };
            assert_eq!((again.status, again.attempts), (expected, attempt), "{again:?}");
            assert_eq!(open_alerts(&desk, "notifications_failing").len(), usize::from(is_last));
        }
        let mails = server.mails();
        assert!(mails.len() == 1 && mails[0].to == [format!("RCPT TO:<{}>", RECEIVERS[1])], "{mails:?}");
    }

    fn what_waits_for_all_or_for_nobody_any_more_is_seen_to(lot: &Lot) {
        let server = MailServer::open(Manner::default());
        let desk = mailing(lot, &server, |email| email.to.push("gone@dealer.example".into()));
        let busy = MailServer::open(Manner { to_receivers: Some("451 4.7.1 try later"), ..Manner::default() });
        let at_busy = mailing(lot, &busy, |email| email.to.push("gone@dealer.example".into()));
        lot.website().submissions().submit(&offer(1)).unwrap();
        assert_eq!(statuses(&deliver(&at_busy)), [NotificationStatus::Waiting; 3]);
        // As an earlier release wrote it, which had one row for all.
        lot.execute("DELETE FROM notifications WHERE receiver <> 'gone@dealer.example'");
        lot.execute("UPDATE notifications SET receiver = NULL");
        lot.pass(TimeDelta::days(1));
        let tried = deliver(&desk);
        assert_eq!((statuses(&tried), server.mails().len()), (vec![NotificationStatus::Delivered; 3], 3), "{tried:?}");
        let mut attempts: Vec<_> = tried.iter().map(|it| it.attempts).collect();
        attempts.sort_unstable();
        assert_eq!(attempts, [2; 3]);
        // Another process may know of a receiver whom this one does not know.
        lot.website().submissions().submit(&offer(2)).unwrap();
        assert_eq!(statuses(&deliver(&at_busy)), [NotificationStatus::Waiting; 3]);
        deliver(&mailing(lot, &busy, |_email| {}));
        assert_eq!(all(&desk).iter().filter(|it| it.status == NotificationStatus::Waiting).count(), 3);
        // Somebody who has left is told nothing more.
        lot.pass(TimeDelta::days(1));
        let tried = deliver(&mailing(lot, &server, |_email| {}));
        assert_eq!((statuses(&tried), server.mails().len()), (vec![NotificationStatus::Delivered; 2], 5), "{tried:?}");
        let gone = all(&desk).into_iter().find(|it| it.status == NotificationStatus::GivenUp).unwrap();
        assert_eq!(gone.error.as_deref(), Some("gone@dealer.example is not told any more"));
        let refusal = mailing(lot, &server, |_email| {}).notifications().retry(gone.id).unwrap_err();
        assert_eq!(refusal.code(), "channel_not_found");
    }

    fn addresses_that_differ_in_case_alone_are_one(lot: &Lot) {
        let server = MailServer::open(Manner::default());
        let spelled = |to: &[&str]| {
            let to = to.iter().map(|&address| address.to_owned()).collect();
            move |email: &mut EmailConfig| email.to = to
        };
        let desk = mailing(lot, &server, spelled(&["Owner@Dealer.example", "owner@dealer.example", "OWNER@dealer.example"]));
        lot.website().submissions().submit(&offer(1)).unwrap();
        assert_eq!(statuses(&deliver(&desk)), [NotificationStatus::Delivered]);
        let [mail] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
        assert_eq!(mail.header("To"), "Owner@Dealer.example");
        assert_eq!(desk.notifications().test("email").unwrap().len(), 1);
        // What waits for another spelling is its own.
        let busy = MailServer::open(Manner { to_receivers: Some("451 4.7.1 try later"), ..Manner::default() });
        lot.website().submissions().submit(&offer(2)).unwrap();
        assert_eq!(statuses(&deliver(&mailing(lot, &busy, spelled(&["owner@DEALER.example"])))), [NotificationStatus::Waiting]);
        lot.pass(TimeDelta::minutes(10));
        assert_eq!(statuses(&deliver(&desk)), [NotificationStatus::Delivered]);
    }

    fn a_way_back_to_one_row_for_all_multiplies_no_mail(lot: &Lot) {
        let busy = MailServer::open(Manner { to_receivers: Some("451 4.7.1 try later"), ..Manner::default() });
        let desk = mailing(lot, &busy, |_email| {});
        for number in 1..=2 {
            lot.website().submissions().submit(&offer(number)).unwrap();
        }
        deliver(&desk);
        assert_eq!(all(&desk).len(), 4);
        let (up, down) = if lot.url.starts_with("sqlite:") {
            (
                include_str!("../../migrations/sqlite/2026-11-30-000360_notifications_by_receiver/up.sql"),
                include_str!("../../migrations/sqlite/2026-11-30-000360_notifications_by_receiver/down.sql"),
            )
        } else {
            (
                include_str!("../../migrations/postgres/2026-11-30-000360_notifications_by_receiver/up.sql"),
                include_str!("../../migrations/postgres/2026-11-30-000360_notifications_by_receiver/down.sql"),
            )
        };
        lot.execute(down);
        assert_eq!(lot.count("SELECT count(*) FROM notifications WHERE status = 'waiting'"), 2);
        lot.execute(up);
        let server = MailServer::open(Manner::default());
        lot.pass(TimeDelta::days(1));
        let tried = deliver(&mailing(lot, &server, |_email| {}));
        assert_eq!((tried.len(), server.mails().len()), (4, 4), "each address of each event once");
    }

    fn a_test_of_a_server_that_does_not_answer_ends(lot: &Lot) {
        let hanging = MailServer::open(Manner { wait: Duration::from_millis(900), ..Manner::default() });
        let desk = mailing(lot, &hanging, |email| {
            email.to = ["a", "b", "c", "d", "e"].map(|name| format!("{name}@dealer.example")).to_vec();
        });
        let tests = desk.notifications().test("email").unwrap();
        assert_eq!(statuses(&tests), [NotificationStatus::GivenUp; 5]);
        assert_eq!(tests.iter().map(|test| test.attempts).collect::<Vec<_>>(), [1, 1, 0, 0, 0]);
        let error = tests[4].error.as_deref().unwrap();
        assert!(error.starts_with("not tried: "), "{error}");
        assert_eq!(deliver(&desk), []);
    }

    fn a_receiver_at_whom_the_server_hangs_up_keeps_the_others_waiting_for_one_look(lot: &Lot) {
        let server = MailServer::open(Manner { broken: Some(RECEIVERS[0]), ..Manner::default() });
        let desk = mailing(lot, &server, |_email| {});
        for number in 1..=6 {
            lot.website().submissions().submit(&offer(number)).unwrap();
        }
        deliver(&desk);
        deliver(&desk);
        let told: Vec<_> = server.mails().into_iter().flat_map(|mail| mail.to).collect();
        assert_eq!(told, vec![format!("RCPT TO:<{}>", RECEIVERS[1]); 6]);
    }

    fn a_mail_server_that_does_not_answer_is_asked_once_for_all_receivers(lot: &Lot) {
        let hanging = MailServer::open(Manner { wait: Duration::from_millis(900), ..Manner::default() });
        let desk = mailing(lot, &hanging, |_email| {});
        lot.website().submissions().submit(&offer(1)).unwrap();
        assert_eq!(deliver(&desk).len(), 1, "the second would wait for as long");
        assert_eq!(deliver(&desk).len(), 1, "it has its turn at the next look");
    }

    fn a_mail_server_that_refuses_or_hangs_is_judged_by_what_it_says(lot: &Lot) {
        let refusing = Manner { to_receivers: Some("550 5.1.1 nobody here"), ..Manner::default() };
        let busy = Manner { to_receivers: Some("451 4.7.1 try later"), ..Manner::default() };
        let closed = Manner { login: Some(("lot", "another secret")), ..Manner::default() };
        let hanging = Manner { wait: Duration::from_millis(900), ..Manner::default() };
        for (number, (manner, status, said)) in [
            (refusing, NotificationStatus::GivenUp, "nobody here"),
            (busy, NotificationStatus::Waiting, "try later"),
            (closed, NotificationStatus::Waiting, "wrong user or password"),
            (hanging, NotificationStatus::Waiting, ""),
        ].into_iter().enumerate() {
            let server = MailServer::open(manner);
            let desk = mailing(lot, &server, |email| {
                (email.user, email.password) = match manner.login {
                    Some(_) => (Some("lot".into()), Some("secret".into())),
                    None => (None, None),
                };
            });
            lot.website().submissions().submit(&offer(number as u32)).unwrap();
            let tried = deliver(&desk);
            let of_all = if ["nobody here", "try later"].contains(&said) { 2 } else { 1 };
            assert_eq!(tried.len(), of_all, "{tried:?}");
            let error = tried[0].error.as_deref().unwrap();
            assert!(tried[0].status == status && error.contains(said), "{manner:?}: {error}");
            assert!(!error.contains("secret"), "{error}");
            lot.execute("DELETE FROM notifications");
        }
    }
}
