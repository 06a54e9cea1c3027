//! API tokens over HTTP: what they open, and how a wrong one is refused.

use jpauto::{IssuedToken, NewToken, NewUser, Role};
use serde_json::json;

use crate::support::{Answer, Lot};

fn token(lot: &Lot, role: Role) -> IssuedToken {
    lot.staff().tokens().create(&NewToken { name: "export".into(), role, expires_at: None }).unwrap()
}

fn ask(lot: &Lot, method: &str, path: &str, authorization: &str, body: &[u8]) -> Answer {
    lot.ask(method, path, &[("authorization", authorization), ("content-type", "application/json")], body)
}

#[test]
fn a_token_is_taken_wherever_a_caller_is() {
    let lot = Lot::open();
    let issued = token(&lot, Role::Viewer);
    for scheme in ["Bearer", "bearer"] {
        let answer = ask(&lot, "GET", "/api/inventory", &format!("{scheme} {}", issued.secret), b"");
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert!(lot.staff().tokens().get(issued.token.id).unwrap().last_used_at.is_some());
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    let answer = ask(&lot, "POST", "/api/submissions", &format!("Bearer {}", issued.secret), offer.as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[test]
fn a_wrong_token_is_refused_even_where_the_public_may() {
    let lot = Lot::open();
    let issued = token(&lot, Role::Admin);
    lot.staff().tokens().revoke(issued.token.id).unwrap();
    for authorization in [
        format!("Bearer {}", issued.secret),
        format!("Bearer {}", &issued.secret[..50]),
        "Bearer".to_owned(),
        "Bearer \u{e9}".to_owned(),
    ] {
        let answer = ask(&lot, "GET", "/api/inventory", &authorization, b"");
        assert_eq!((answer.status, answer.problem().as_str()), (401, "token_refused"), "{authorization}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"jpauto\", error=\"invalid_token\""));
        assert!(!String::from_utf8_lossy(&answer.body).contains("jpa_"));
    }
    let twice = [("authorization", "Bearer jpa_1"), ("authorization", "Bearer jpa_2")];
    assert_eq!(lot.ask("GET", "/api/inventory", &twice, b"").status, 401);
    assert_eq!(ask(&lot, "GET", "/api/inventory", "Basic dXNlcjpwdw==", b"").status, 200, "another's scheme");
}

#[test]
fn a_person_is_needed_to_manage_tokens() {
    let lot = Lot::open();
    let id = token(&lot, Role::Viewer).token.id;
    let own = format!("Bearer {}", token(&lot, Role::Admin).secret);
    for (method, path, body) in [
        ("GET", "/api/tokens".to_owned(), &b""[..]),
        ("POST", "/api/tokens".to_owned(), br#"{"name": "another"}"#),
        ("GET", format!("/api/tokens/{id}"), b""),
        ("DELETE", format!("/api/tokens/{id}"), b""),
    ] {
        let answer = ask(&lot, method, &path, &own, body);
        assert_eq!((answer.status, answer.problem().as_str()), (403, "person_required"), "{method} {path}");
        let answer = lot.ask(method, &path, &[("content-type", "application/json")], body);
        assert_eq!((answer.status, answer.problem().as_str()), (401, "not_signed_in"), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"jpauto\""));
    }
}

#[test]
fn a_token_of_a_user_who_is_shut_out_opens_nothing() {
    let lot = Lot::open();
    let user = NewUser { email: "a@example.com".into(), name: "A".into(), role: Role::Admin, ..NewUser::default() };
    let user = lot.staff().users().add(&user).unwrap();
    let desk = lot.dealership.acting_as(jpauto::Actor::user(user.id));
    let issued = desk.tokens().create(&NewToken { name: "export".into(), ..NewToken::default() }).unwrap();
    let authorization = format!("Bearer {}", issued.secret);
    assert_eq!(ask(&lot, "GET", "/api/inventory", &authorization, b"").status, 200);
    lot.staff().users().deactivate(user.id).unwrap();
    let answer = ask(&lot, "GET", "/api/inventory", &authorization, b"");
    assert_eq!((answer.status, answer.problem().as_str()), (403, "user_inactive"));
}

#[test]
fn a_condition_that_would_be_passed_over_is_refused_and_nothing_is_done() {
    let lot = Lot::open();
    let manager = lot.authorization(Role::Manager);
    let vehicle = lot.staff().inventory().add(&crate::support::corolla(0)).unwrap();
    let one = format!("/api/inventory/{}", vehicle.id);
    let offer = json!({"year": 2019, "make": "Toyota", "model": "Camry"}).to_string();
    for (method, path, header, body, status) in [
        ("PATCH", one.as_str(), ("if-unmodified-since", "Mon, 30 Nov 2026 09:00:00 GMT"), "{\"doors\": 4}", 422),
        ("PATCH", &one, ("if-none-match", "*"), "{\"doors\": 4}", 422),
        ("PATCH", &one, ("if-match", "*"), "{\"doors\": 4}", 200),
        ("PATCH", &one, ("idempotency-key", "one"), "{\"doors\": 4}", 422),
        ("POST", &format!("{one}/status"), ("idempotency-key", "one"), "{\"status\": \"hold\"}", 422),
        ("POST", "/api/exports", ("idempotency-key", "one"), "{}", 422),
        ("DELETE", "/api/inventory/01890a5d-ac96-774b-bcce-b302099a8057", ("idempotency-key", "one"), "", 403),
        ("POST", "/api/submissions", ("if-match", "\"none\""), &offer, 422),
        ("POST", "/api/submissions", ("if-none-match", "*"), &offer, 422),
        ("POST", "/api/submissions", ("if-match", "*"), &offer, 201),
    ] {
        let headers = [("authorization", manager.as_str()), ("content-type", "application/json"), header];
        let answer = lot.ask(method, path, &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path} {header:?} {answer:?}");
        if status == 422 {
            assert_eq!(answer.problem(), "unsupported_condition");
        }
    }
    let all = lot.staff().submissions().list(&Default::default(), &Default::default()).unwrap().items;
    assert_eq!(all.len(), 1, "what was refused was not done");
}
