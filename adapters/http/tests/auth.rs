//! Signing in by a link, the cookie of the session, and signing out, over HTTP.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{Clock, Config, Dealership, NewUser, Role, SessionConfig, User};
use jpauto_http::ServerConfig;
use serde_json::json;

use crate::support::{Answer, Lot};

const SECRET: &str = "a secret of many letters";

/// A server where people sign in, a user, and the time that the test moves.
fn open(secure: bool) -> (Lot, User, Arc<Mutex<DateTime<Utc>>>) {
    open_with(secure, |_config| {})
}

fn open_with(secure: bool, configure: impl FnOnce(&mut ServerConfig)) -> (Lot, User, Arc<Mutex<DateTime<Utc>>>) {
    let folder = tempfile::tempdir().unwrap();
    let now = Arc::new(Mutex::new(Utc::now()));
    let clock = Clock::from_fn({
        let now = Arc::clone(&now);
        move || *now.lock().unwrap()
    });
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display())).clock(clock);
    let mut sessions = SessionConfig::new(vec![SECRET.into()]);
    sessions.secure = secure;
    config.sessions = Some(sessions);
    let lot = Lot::serve(Dealership::with_config(config).unwrap(), folder, configure);
    let user = NewUser { email: "a@example.com".into(), name: "A".into(), role: Role::Manager, ..NewUser::default() };
    let user = lot.staff().users().add(&user).unwrap();
    (lot, user, now)
}

fn link(lot: &Lot, user: &User) -> String {
    format!("/api/auth/link?token={}", lot.staff().sign_in().link(&user.email).unwrap().secret)
}

/// The cookie as a browser sends it back.
fn sent_back(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn sign_in(lot: &Lot, user: &User) -> String {
    let answer = lot.ask("POST", &link(lot, user), &[], b"");
    assert_eq!(answer.status, 303, "{answer:?}");
    sent_back(&answer)
}

fn with_cookie(lot: &Lot, method: &str, path: &str, cookie: &str) -> Answer {
    lot.ask(method, path, &[("cookie", cookie)], b"")
}

#[test]
fn a_limit_of_reads_keeps_nobody_from_signing_in_nor_out_who_has() {
    let (lot, user, _now) = open_with(false, |config| {
        (config.reads.most, config.reads.window) = (3, Duration::from_secs(600));
    });
    let read = || lot.ask("GET", "/api/inventory", &[], b"").status;
    assert_eq!([read(), read(), read(), read()], [200, 200, 200, 429]);
    assert_eq!(lot.ask("GET", &link(&lot, &user), &[], b"").status, 200);
    let cookie = sign_in(&lot, &user);
    assert_eq!(
        with_cookie(&lot, "GET", "/api/auth/me", &cookie).status,
        200,
        "it counts for itself, not for the address"
    );
    assert_eq!(with_cookie(&lot, "GET", "/api/auth/me", "connect.sid=s:nobody.signed").status, 429);
    assert_eq!(read(), 429);
}

#[test]
fn looking_at_a_link_uses_nothing_up_and_its_button_signs_in() {
    let (lot, user, _) = open(true);
    let link = link(&lot, &user);
    for _ in 0..3 {
        let page = lot.get(&link);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert!(page.header("set-cookie").is_none() && !String::from_utf8_lossy(&page.body).contains("jpl_"));
    }
    assert_eq!(
        lot.get(&link).header("referrer-policy"),
        Some("same-origin"),
        "with no-referrer a browser sends the form with `Origin: null`"
    );
    let forged = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(lot.ask("POST", &link, &forged, b"").problem(), "cross_site_request");
    // What a browser sends of the page's own form.
    let form =
        [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded"), ("origin", "null")];
    let answer = lot.ask("POST", &link, &form, b"");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/api/auth/me")));
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["connect.sid=s%3A", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Expires="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let again = lot.ask("POST", &link, &[], b"");
    assert_eq!((again.status, again.problem().as_str()), (401, "link_refused"));
    let to_a_person = lot.ask("POST", &link, &[("accept", "text/html"), ("sec-fetch-site", "same-origin")], b"");
    assert_eq!((to_a_person.status, to_a_person.header("content-type")), (401, Some("text/html; charset=utf-8")));
    let me = with_cookie(&lot, "GET", "/api/auth/me", &sent_back(&answer));
    assert_eq!(
        (me.status, &me.json()["user"]["email"], &me.json()["role"]),
        (200, &json!("a@example.com"), &json!("manager"))
    );
    for wrong in ["/api/auth/link", "/api/auth/link?token=", "/api/auth/link?token=%3Cscript%3E"] {
        for method in ["GET", "POST"] {
            assert_eq!(lot.ask(method, wrong, &[], b"").problem(), "link_refused", "{method} {wrong}");
        }
    }
    assert_eq!(lot.get(&format!("{link}&next=https://evil.example")).problem(), "invalid_query");
}

#[test]
fn a_cookie_that_is_not_valid_is_the_public_and_not_refused() {
    let (lot, user, _) = open(false);
    let cookie = sign_in(&lot, &user);
    assert_eq!(with_cookie(&lot, "GET", "/api/auth/me", &cookie).status, 200);
    let other_name = cookie.replace("connect.sid", "other.sid");
    for cookie in [
        format!("{cookie}x"),
        cookie.replace("s%3A", "s%3Ax"),
        other_name,
        "connect.sid=s%3Ax.y".into(),
        "connect.sid=%".into(),
    ] {
        assert_eq!(with_cookie(&lot, "GET", "/api/inventory", &cookie).status, 200, "{cookie}");
        assert_eq!(with_cookie(&lot, "GET", "/api/auth/me", &cookie).problem(), "not_signed_in", "{cookie}");
    }
    assert_eq!(with_cookie(&lot, "GET", "/api/auth/me", &format!("a=1; {cookie}; connect.sid=s%3Ax.y")).status, 200);
    let unsigned = Lot::open();
    assert_eq!(with_cookie(&unsigned, "GET", "/api/auth/me", &cookie).problem(), "not_signed_in");
}

#[test]
fn a_session_that_is_extended_is_so_in_the_browser() {
    let (lot, user, now) = open(false);
    let cookie = sign_in(&lot, &user);
    assert_eq!(with_cookie(&lot, "GET", "/api/inventory", &cookie).header("set-cookie"), None);
    *now.lock().unwrap() += TimeDelta::days(6);
    let answer = with_cookie(&lot, "GET", "/api/inventory", &cookie);
    assert_eq!(sent_back(&answer), cookie);
    assert_eq!(with_cookie(&lot, "GET", "/api/inventory", &cookie).header("set-cookie"), None, "not each time");
    *now.lock().unwrap() += TimeDelta::days(7);
    assert_eq!(with_cookie(&lot, "GET", "/api/auth/me", &cookie).status, 401);
}

#[test]
fn signing_out_ends_the_session_here_or_everywhere() {
    let (lot, user, now) = open(false);
    let [here, there] = [sign_in(&lot, &user), sign_in(&lot, &user)];
    let status = |cookie: &str| with_cookie(&lot, "GET", "/api/auth/me", cookie).status;
    let answer = with_cookie(&lot, "POST", "/api/auth/logout", &here);
    assert_eq!((answer.status, answer.json()), (200, json!({"ended": 1})));
    assert!(answer.header("set-cookie").unwrap().starts_with("connect.sid=; Path=/; Expires=Thu, 01 Jan 1970"));
    assert_eq!((status(&here), status(&there)), (401, 200));
    assert_eq!(with_cookie(&lot, "POST", "/api/auth/logout", &here).json(), json!({"ended": 0}));
    let third = sign_in(&lot, &user);
    *now.lock().unwrap() += TimeDelta::days(1);
    let answer = with_cookie(&lot, "POST", "/api/auth/logout?everywhere=true", &third);
    assert_eq!(answer.json(), json!({"ended": 2}));
    let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie").count();
    assert_eq!(cookies, 1, "an extension would bring the cookie back");
    assert_eq!((status(&there), status(&third)), (401, 401));
    assert_eq!(lot.ask("POST", "/api/auth/logout?everywhere=true", &[], b"").problem(), "not_signed_in");
    let tokens = lot.ask_as(Role::Viewer, "POST", "/api/auth/logout?everywhere=true", &[], &json!(null));
    assert_eq!((tokens.status, tokens.json()), (200, json!({"ended": 0})), "a token of no user ends nobody's");
    assert_eq!(lot.ask("POST", "/api/auth/logout", &[], b"").json(), json!({"ended": 0}));
}

#[test]
fn a_user_who_is_shut_out_is_so_with_an_open_session() {
    let (lot, user, _) = open(false);
    let cookie = sign_in(&lot, &user);
    lot.staff().users().deactivate(user.id).unwrap();
    let answer = with_cookie(&lot, "GET", "/api/auth/me", &cookie);
    assert_eq!((answer.status, answer.problem().as_str()), (403, "user_inactive"));
}

#[test]
fn without_secrets_nobody_signs_in() {
    let lot = Lot::open();
    let user = NewUser { email: "a@example.com".into(), name: "A".into(), ..NewUser::default() };
    let user = lot.staff().users().add(&user).unwrap();
    let answer = lot.ask("POST", &link(&lot, &user), &[], b"");
    assert_eq!((answer.status, answer.problem().as_str()), (409, "not_configured"));
    assert_eq!(lot.ask("POST", "/api/auth/logout", &[], b"").status, 200);
}

#[test]
fn the_button_signs_in_where_the_browser_says_no_more_than_its_origin() {
    // Away from TLS and loopback browsers send no `Sec-Fetch-Site`.
    let (lot, user, _) = open(false);
    let form = [("origin", "http://lot"), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(lot.ask("POST", &link(&lot, &user), &form, b"").status, 303);
    let null = [("origin", "null"), ("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
    let refused = lot.ask("POST", &link(&lot, &user), &null, b"");
    assert_eq!((refused.status, refused.header("content-type")), (403, Some("text/html; charset=utf-8")));
}

#[test]
fn only_a_window_of_the_browser_begins_to_sign_in() {
    let lot = Lot::open();
    let begun = |method: &str, headers: &[(&str, &str)]| lot.ask(method, "/api/auth/google", headers, b"");
    let picture = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    let frame = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert_eq!(begun("GET", &picture).problem(), "cross_site_request");
    assert_eq!(begun("GET", &frame).problem(), "cross_site_request");
    assert_eq!(begun("HEAD", &[]).status, 405);
    let window = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_eq!(begun("GET", &window).problem(), "not_configured", "no provider is");
    assert_eq!(begun("GET", &[]).problem(), "not_configured");
}

#[test]
fn a_token_that_is_shown_once_is_not_made_upon_a_key_of_a_call_that_may_be_repeated() {
    let (lot, user, _) = open(false);
    let cookie = sign_in(&lot, &user);
    let ask = |headers: &[(&str, &str)]| {
        let all = [&[("cookie", cookie.as_str()), ("content-type", "application/json")], headers].concat();
        lot.ask("POST", "/api/tokens", &all, br#"{"name": "export"}"#)
    };
    let refused = ask(&[("idempotency-key", "one")]);
    assert_eq!((refused.status, refused.problem().as_str()), (422, "unsupported_condition"));
    assert!(lot.staff().tokens().list(&jpauto::PageRequest::default()).unwrap().items.is_empty(), "none was made");
    assert_eq!(ask(&[]).status, 201);
}

#[test]
fn the_answer_of_a_call_is_for_whom_the_call_is_still_open_to() {
    let (lot, user, _) = open(false);
    let cookie = sign_in(&lot, &user);
    let car =
        json!({"year": 2019, "make": "Kia", "model": "Rio", "vin": "2T1BURHE0FC000042", "price": 9000, "mileage": 5});
    let add = || {
        let headers =
            [("cookie", cookie.as_str()), ("content-type", "application/json"), ("idempotency-key", "the first car")];
        lot.ask("POST", "/api/inventory", &headers, car.to_string().as_bytes())
    };
    assert_eq!(add().status, 201);
    assert_eq!(add().header("idempotency-replayed"), Some("true"));
    lot.staff().users().set_role(user.id, Role::Viewer).unwrap();
    assert_eq!((add().status, add().problem().as_str()), (403, "forbidden"));
}
