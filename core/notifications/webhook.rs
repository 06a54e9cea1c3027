//! Tells a server over HTTP, as Standard Webhooks has it: the body signed together with its id and the time.
//!
//! The address is asked of the same guard as a competitor's, and redirects are not followed: nobody is to be led into a network
//! that the owner did not name. What the receiver answers is kept in one short line.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{
    StatusCode,
    blocking::{Client, Response},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::{Value, json};
use url::{Host, Url};

use super::rules::Attempt;
use crate::{
    ids::EventId,
    outbox::Event,
    scrape::fetch::{
        guard::Guard,
        names::{NameFailure, Names, system_lookup},
    },
    secret::hmac_sha256,
};

/// So much of an answer is kept.
const LONGEST_ANSWER: usize = 500;

/// One message, as it is signed.
pub(super) struct Message<'a> {
    pub(super) event_id: EventId,
    pub(super) event: Event,
    pub(super) raised_at: DateTime<Utc>,
    pub(super) data: &'a Value,
}

fn guard(allow_private_network: bool) -> Guard {
    Guard {
        allow_private_networks: allow_private_network,
        // Receivers stand on many ports.
        allow_any_port: true,
        ..Guard::default()
    }
}

/// Reads the address of a receiver, or says why it is not spoken to.
pub(super) fn address(text: &str, allow_private_network: bool) -> Result<Url, String> {
    let url = guard(allow_private_network).parse(text).map_err(|refusal| refusal.to_string())?;
    if url.scheme() != "https" && !allow_private_network {
        return Err("expected https, for what is told is nobody else's business".to_owned());
    }
    Ok(url)
}

/// Sends a message once.
pub(super) fn send(
    (url, keys, allow_private_network): (&Url, &[Vec<u8>], bool),
    message: &Message<'_>,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Attempt {
    let guard = guard(allow_private_network);
    let names = Names::new(system_lookup());
    if let Some(Host::Domain(name)) = url.host()
        && let Err(failure) = names.pin(name, &guard, timeout)
    {
        return match failure {
            NameFailure::Refused(refusal) => Attempt::Never { error: format!("{name} is not spoken to: {refusal}") },
            NameFailure::Unknown(reason) => later(format!("the name {name} is not known: {reason}")),
            NameFailure::TimedOut => later(format!("the name {name} was not looked up in time")),
        };
    }
    let client = Client::builder()
        .user_agent(concat!("jpauto/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(names))
        .redirect(Policy::none())
        .no_proxy()
        .timeout(timeout)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(reason) => return later(format!("the HTTP client could not be set up: {reason}")),
    };
    let (id, time, body) = (id_of(message.event_id), now.timestamp().to_string(), body(message));
    let request = client
        .post(url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &time)
        .header("webhook-signature", signature(keys, &id, &time, &body))
        .body(body);
    match request.send() {
        Ok(response) => judged(response),
        Err(reason) if reason.is_timeout() => later("it did not answer in time".to_owned()),
        Err(reason) if reason.is_connect() => later("the connection failed".to_owned()),
        Err(_) => later("the connection broke off".to_owned()),
    }
}

fn later(error: String) -> Attempt {
    Attempt::Later { error, wait: None }
}

/// The id of a message, the same however often it is sent.
fn id_of(event: EventId) -> String {
    format!("msg_{}", event.as_uuid().simple())
}

fn body(message: &Message<'_>) -> String {
    let raised_at = message.raised_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({"type": message.event, "timestamp": raised_at, "data": message.data}).to_string()
}

/// The signatures of all keys, with a blank between two.
fn signature(keys: &[Vec<u8>], id: &str, time: &str, body: &str) -> String {
    let signed = format!("{id}.{time}.{body}");
    let sign = |key: &Vec<u8>| format!("v1,{}", BASE64.encode(hmac_sha256(key, signed.as_bytes())));
    keys.iter().map(sign).collect::<Vec<_>>().join(" ")
}

fn judged(response: Response) -> Attempt {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let answer = answer_of(response);
    match status {
        status if status.is_success() => Attempt::Taken { answer },
        StatusCode::GONE => Attempt::Gone { error: answer },
        _ => Attempt::Later { error: answer, wait: wait.map(Duration::from_secs) },
    }
}

/// The status and the beginning of the body, in one line.
fn answer_of(response: Response) -> String {
    use std::io::Read as _;
    let status = response.status();
    let mut bytes = Vec::new();
    // The status is the answer; a body that breaks off adds nothing.
    let _ = response.take(LONGEST_ANSWER as u64).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let text: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    format!("{status} {}", text.trim()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // The example of the reference libraries of Standard Webhooks.
        let key = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, time, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature(std::slice::from_ref(&key), id, time, body), expected);
        let both = signature(&[key, vec![7; 32]], id, time, body);
        assert!(both.starts_with(&format!("{expected} v1,")), "{both}");
    }

    #[test]
    fn an_address_is_https_unless_the_network_is_private() {
        for (text, private, is_right) in [
            ("https://crm.example/hook?key=1", false, true),
            ("https://crm.example:8443/hook", false, true),
            ("http://crm.example/hook", false, false),
            ("http://127.0.0.1:9/hook", false, false),
            ("https://localhost/hook", false, false),
            ("http://127.0.0.1:9/hook", true, true),
            ("https://169.254.169.254/latest", true, false),
            ("ftp://crm.example/", true, false),
            ("crm.example", false, false),
        ] {
            assert_eq!(address(text, private).is_ok(), is_right, "{text}");
        }
    }
}
