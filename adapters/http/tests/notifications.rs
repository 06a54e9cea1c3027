//! Notifications over HTTP.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use jpauto::{Config, Dealership, Role, notifications::WebhookConfig};
use serde_json::{Value, json};

use crate::support::Lot;

const NOBODY: &str = "01890000-0000-7000-8000-000000000001";

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_none_or(|length: usize| body.len() >= length)
}

/// A dealership that tells a server on this machine, which answers 503 first and 200 from then on.
fn open() -> Lot {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut webhook = WebhookConfig::new(
        format!("http://{}/", listener.local_addr().unwrap()),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    );
    webhook.allow_private_network = true;
    thread::spawn(move || {
        for (number, mut stream) in listener.incoming().flatten().enumerate() {
            let (mut text, mut buffer) = (String::new(), [0; 4096]);
            while !is_whole(&text) {
                let count = stream.read(&mut buffer).unwrap();
                text.push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
            let status = if number == 0 { "503 Service Unavailable" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(format!("sqlite:{}", folder.path().join("lot.db").display()));
    config.notifications = config.notifications.webhook("crm", webhook);
    Lot::serve(Dealership::with_config(config).unwrap(), folder, |_config| {})
}

#[test]
fn each_operation_is_open_to_its_role_and_those_above() {
    let lot = open();
    lot.opens_to(&[
        (Role::Viewer, "GET", "/api/notifications", Value::Null),
        (Role::Viewer, "GET", "/api/notifications/channels", Value::Null),
        (Role::Viewer, "GET", &format!("/api/notifications/{NOBODY}"), Value::Null),
        (Role::Manager, "POST", &format!("/api/notifications/{NOBODY}/retry"), Value::Null),
        (Role::Manager, "POST", "/api/notifications/channels/pager/test", Value::Null),
    ]);
}

#[test]
fn a_channel_is_tried_and_what_was_sent_is_listed_and_sent_again() {
    let lot = open();
    let manager = lot.authorization(Role::Manager);
    let call = |method: &str, path: &str| lot.call(&manager, method, path, &Value::Null);
    let tried = || {
        let answer = call("POST", "/api/notifications/channels/crm/test");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["items"][0].clone()
    };
    let refused = tried();
    assert_eq!((&refused["status"], &refused["error"]), (&json!("given_up"), &json!("503 Service Unavailable")));
    let id = refused["id"].as_str().unwrap().to_owned();
    let taken = tried();
    assert_eq!((&taken["status"], &taken["answer"]), (&json!("delivered"), &json!("200 OK")));
    let listed =
        |query: &str| call("GET", &format!("/api/notifications{query}")).json()["items"].as_array().unwrap().len();
    assert_eq!((listed(""), listed("?status=given_up"), listed("?channel=pager")), (2, 1, 0));
    assert_eq!((listed("?event=notification.test"), listed("?event=job.failed")), (2, 0));
    let channel = &call("GET", "/api/notifications/channels").json()["items"][0];
    assert_eq!((&channel["name"], &channel["given_up"]), (&json!("crm"), &json!(1)));
    let again = call("POST", &format!("/api/notifications/{id}/retry")).json();
    assert_eq!((&again["status"], &again["attempts"]), (&json!("waiting"), &json!(0)));
    assert_eq!(call("GET", &format!("/api/notifications/{id}")).json(), again);
    for (method, path, status, code) in [
        ("GET", format!("/api/notifications/{NOBODY}"), 404, "notification_not_found"),
        ("POST", format!("/api/notifications/{NOBODY}/retry"), 404, "notification_not_found"),
        ("POST", "/api/notifications/channels/pager/test".to_owned(), 404, "channel_not_found"),
        ("GET", "/api/notifications?status=lost".to_owned(), 400, "invalid_query"),
    ] {
        let answer = call(method, &path);
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{path}");
    }
}

#[test]
fn a_clean_up_that_only_counts_is_a_run_with_its_counts() {
    let lot = Lot::open();
    let admin = lot.authorization(Role::Admin);
    let begun = lot.call(&admin, "POST", "/api/jobs/clean_up/run", &json!({"dry_run": true}));
    assert_eq!(begun.status, 202, "{begun:?}");
    let run = || lot.call(&admin, "GET", begun.header("location").unwrap(), &Value::Null).json();
    crate::support::wait_until("the end of the run", || run()["status"] == "success");
    let result = &run()["result"];
    assert_eq!((&result["dry_run"], &result["removed"]["notifications"]), (&json!(true), &json!(0)));
}
