//! Errors of auto.dev, and the key that none of them may show.

use super::*;

#[test]
fn each_documented_error_has_a_code_of_its_own() {
    let flat =
        |status: u16, word: &str| json!({"status": status, "error": "as said", "code": word, "requestId": "r-1"});
    let cases: Vec<(u16, Value, &str, ErrorKind)> = vec![
        (400, flat(400, "INVALID_VIN_FORMAT"), "auto_dev_invalid_vin", ErrorKind::Refused),
        (400, flat(400, "INVALID_PARAMETER"), "auto_dev_invalid_parameter", ErrorKind::Refused),
        (400, flat(400, "INVALID_LOCATION"), "auto_dev_invalid_location", ErrorKind::Misconfigured),
        (400, flat(400, "SOMETHING_ELSE"), "auto_dev_bad_request", ErrorKind::Refused),
        (401, json!({"error": {"message": "as said"}}), "auto_dev_key_refused", ErrorKind::Misconfigured),
        (
            402,
            json!({"error": "as said", "currentPlan": "starter", "requiredPlan": "growth", "plans": []}),
            "auto_dev_plan_required",
            ErrorKind::Refused,
        ),
        (403, json!({"error": {"message": "as said"}}), "auto_dev_forbidden", ErrorKind::Refused),
        (404, flat(404, "VIN_NOT_FOUND"), "auto_dev_vin_not_found", ErrorKind::NotFound),
        (404, json!({"error": flat(404, "RESOURCE_NOT_FOUND")}), "auto_dev_not_found", ErrorKind::NotFound),
        (429, json!({"error": "as said"}), "auto_dev_rate_limited", ErrorKind::RateLimited),
        (503, flat(503, "SOURCE_ERROR"), "auto_dev_source_error", ErrorKind::Unavailable),
        (500, json!({"error": "as said"}), "auto_dev_unavailable", ErrorKind::Unavailable),
        (418, json!({"error": "as said"}), "auto_dev_refused", ErrorKind::Refused),
        // Under a status that says that nothing is wrong.
        (200, flat(404, "RESOURCE_NOT_FOUND"), "auto_dev_not_found", ErrorKind::NotFound),
        (
            200,
            json!({"error": {"message": "as said", "status": 401}}),
            "auto_dev_key_refused",
            ErrorKind::Misconfigured,
        ),
        (200, json!({"links": {}}), "auto_dev_unreadable", ErrorKind::Unavailable),
        (200, json!({"data": "soon"}), "auto_dev_unreadable", ErrorKind::Unavailable),
        (200, json!([1, 2]), "auto_dev_unreadable", ErrorKind::Unavailable),
    ];
    for (status, body, code, kind) in cases {
        let server = answering(vec![json_reply(status, &body)]);
        let error = search(&client(config(&server)).0).unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, kind), "{status} {body}");
        let told = error.to_string();
        assert!(told.contains("(request r-1)") || told.contains("(request r-42)"), "{told}");
        assert!(told.contains("as said") || code == "auto_dev_unreadable", "{told}");
        assert!(!told.contains("plans") && (status != 402 || told.contains("growth")), "{told}");
        holds_no_key(&error);
    }
}

#[test]
fn what_is_no_json_is_named_for_what_it_is() {
    let html = "<html><title>502 Bad Gateway</title></html>";
    for (reply, code) in [
        (Reply::html(html), "auto_dev_unreadable"),
        (Reply::new(502, &[], html), "auto_dev_unavailable"),
        (Reply::new(404, &[], html), "auto_dev_not_found"),
        (Reply::new(200, &[], ""), "auto_dev_unreadable"),
        (Reply::new(200, &[], "[".repeat(100_000)), "auto_dev_unreadable"),
        (Reply::new(204, &[], ""), "auto_dev_refused"),
        (Reply::redirect("https://evil.example/listings"), "auto_dev_refused"),
        (Reply::raw("nonsense\r\n\r\n"), "auto_dev_unreachable"),
    ] {
        let server = answering(vec![reply]);
        let error = search(&client(config(&server)).0).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        holds_no_key(&error);
    }
}

#[test]
fn an_error_that_repeats_the_key_is_told_without_it() {
    let long = format!("{}{KEY}", "x".repeat(190));
    for said in [format!("the key {KEY} is bad"), format!("/listings?apikey={KEY_IN_A_QUERY}"), long] {
        for body in [json!({"error": &said, "code": &said, "requestId": &said}), json!({"error": {"message": &said}})] {
            for status in [200, 401, 503] {
                let server = answering(vec![json_reply(status, &body)]);
                holds_no_key(&search(&client(config(&server)).0).unwrap_err());
            }
        }
    }
    // With version 1 the key is a part of the address, which no error may name.
    let mut config = AutoDevConfig::new(KEY);
    (config.version, config.allow_private_networks) = (AutoDevVersion::V1, true);
    config.base_url = Some("http://127.0.0.1:9".into());
    let error = search(&client(config.clone()).0).unwrap_err();
    assert_eq!(error.code(), "auto_dev_unreachable");
    holds_no_key(&error);
    assert!(!format!("{config:?}").contains("sk_live"));
    let open = crate::Config { auto_dev: Some(config), ..crate::Config::new("sqlite::memory:") };
    assert!(!format!("{open:?}").contains("sk_live"));
}

#[test]
fn what_auto_dev_writes_is_shown_as_it_is() {
    let said = json!({"error": "bad\u{202e}key\u{1b}[2J", "requestId": "r\u{2067}-1"});
    let server = answering(vec![json_reply(400, &said)]);
    let told = search(&client(config(&server)).0).unwrap_err().to_string();
    assert!(told.ends_with(": bad key [2J (request r -1)"), "{told}");
    let mut row = item(1);
    row["vehicle"]["model"] = json!("Cam\u{202e}ry");
    assert_eq!(read_one(row).unwrap().model, "Cam ry");
}

/// Writes down all that is traced while it is the subscriber.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.write(&span);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.write(&values);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        self.write(&event);
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

impl Everything {
    fn write(&self, what: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{what:?}\n"));
    }
}

#[test]
fn no_log_shows_the_key_even_where_auto_dev_repeats_it() {
    let logged = Everything::default();
    // Of a single subscriber tracing asks only the thread that comes by first, which may be another test's.
    let _second = tracing::Dispatch::new(Everything::default());
    tracing::subscriber::with_default(logged.clone(), || {
        for version in [AutoDevVersion::V1, AutoDevVersion::V2] {
            for status in [200, 401, 429, 503] {
                let said =
                    json!({"error": format!("the key {KEY} of ?apikey={KEY_IN_A_QUERY} is bad"), "requestId": KEY});
                let server = answering(vec![json_reply(status, &said)]);
                let mut config = config(&server);
                config.version = version;
                search(&client(config).0).unwrap_err();
            }
        }
    });
    let logged = logged.0.lock().unwrap();
    assert!(logged.contains("asking once more"), "{logged}");
    assert!(!logged.contains("sk_live"), "{logged}");
}

#[test]
fn neither_the_client_nor_what_it_sends_shows_the_key() {
    let server = answering(vec![page(&[item(1)], None)]);
    let (client, _) = client(config(&server));
    let found = search(&client).unwrap();
    for text in [format!("{client:?}"), format!("{:?}", client.config()), format!("{found:?}")] {
        assert!(!text.contains("sk_live"), "{text}");
    }
}
