//! Mails: over TLS and without, with a login and without, and with hostile words.

use jpauto::notifications::{EmailConfig, EmailTls};

use super::{
    mail_server::{MailServer, Manner, Tls, certificate},
    *,
};

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
        assert_eq!((tried[0].status, tried[0].answer.as_deref()), (NotificationStatus::Delivered, Some("queued as 7")));
        let [mail] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
        assert!(mail.from.starts_with("MAIL FROM:<lot@dealer.example>"), "{}", mail.from);
        assert_eq!(mail.to, ["RCPT TO:<owner@dealer.example>", "RCPT TO:<ann@dealer.example>"]);
        assert_eq!(mail.header("From"), "Lot <lot@dealer.example>");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("Message-ID"), format!("<{}@dealer.example>", tried[0].id.as_uuid().simple()));
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
            assert_eq!(sent.status, NotificationStatus::Delivered, "{tls:?} {sent:?}");
            let mail = server.mails().remove(0);
            assert!(mail.was_encrypted && mail.login.as_deref() == Some("lot"), "{tls:?} {mail:?}");
            let stranger = |it: &mut EmailConfig| {
                email(it);
                it.ca_certificate = None;
            };
            let refused = mailing(lot, &server, stranger).notifications().test("email").unwrap();
            let error = refused.error.unwrap();
            assert!(refused.status == NotificationStatus::GivenUp && error.contains("certificate"), "{tls:?} {error}");
            assert_eq!(server.mails().len(), 1);
        }
        // A server that offers no TLS is not spoken to in the clear.
        let open = MailServer::open(Manner { login: Some(("lot", "secret")), ..Manner::default() });
        let email = |email: &mut EmailConfig| {
            (email.tls, email.user, email.password) = (EmailTls::Starttls, Some("lot".into()), Some("secret".into()));
        };
        let refused = mailing(lot, &open, email).notifications().test("email").unwrap();
        assert_eq!((refused.status, open.mails().len()), (NotificationStatus::GivenUp, 0), "{refused:?}");
    }

    fn an_address_that_the_server_does_not_know_keeps_nobody_from_being_told(lot: &Lot) {
        for (unknown, told) in [("owner@dealer.example", "ann@dealer.example"), ("ann@dealer.example", "owner@dealer.example")] {
            let server = MailServer::open(Manner { unknown: Some(unknown), ..Manner::default() });
            let sent = mailing(lot, &server, |_email| {}).notifications().test("email").unwrap();
            let answer = sent.answer.as_deref().unwrap();
            assert_eq!(sent.status, NotificationStatus::Delivered, "{sent:?}");
            assert!(answer.starts_with(&format!("queued as 7; not to {unknown}: ")) && answer.contains("nobody here"), "{answer}");
            let [mail] = &server.mails()[..] else { panic!("{:?}", server.mails()) };
            assert_eq!(mail.to, [format!("RCPT TO:<{told}>")]);
            assert_eq!(mail.header("To"), "owner@dealer.example, Ann <ann@dealer.example>");
        }
    }

    fn a_mailbox_that_is_full_holds_up_the_others_for_three_attempts(lot: &Lot) {
        let server = MailServer::open(Manner { full: Some("owner@dealer.example"), ..Manner::default() });
        let desk = mailing(lot, &server, |_email| {});
        lot.website().submissions().submit(&offer(1)).unwrap();
        for _ in 0..3 {
            let waits = deliver(&desk).remove(0);
            assert_eq!((waits.status, server.mails().len()), (NotificationStatus::Waiting, 0), "{waits:?}");
            lot.pass(TimeDelta::days(1));
        }
        let sent = deliver(&desk).remove(0);
        let answer = sent.answer.unwrap();
        assert_eq!((sent.status, server.mails().remove(0).to.len()), (NotificationStatus::Delivered, 1), "{answer}");
        assert!(answer.contains("not to owner@dealer.example: ") && answer.contains("mailbox full"), "{answer}");
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
            assert_eq!(tried.len(), 1, "{tried:?}");
            let error = tried[0].error.as_deref().unwrap();
            assert!(tried[0].status == status && error.contains(said), "{manner:?}: {error}");
            assert!(!error.contains("secret"), "{error}");
            lot.execute("DELETE FROM notifications");
        }
    }
}
