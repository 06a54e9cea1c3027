//! Tells people by e-mail over SMTP: a text and the same as HTML.
//!
//! Nothing of the data stands in a header but the subject, in one line. A mail server's refusal for good is not asked for again,
//! except where it is about the login, which the owner may be about to mend. Each receiver has a mail of its own, so that one whom the
//! server refuses, for good or for now, keeps nobody else from being told.

use std::{net::IpAddr, time::Duration, time::SystemTime};

use chrono::{DateTime, Utc};
use lettre::{
    Message, SmtpTransport, Transport as _,
    address::Envelope,
    message::{
        MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters, TlsVersion},
    },
};

use super::{
    EmailTls,
    config::{EmailWay, is_same_address},
    rules::Attempt,
    templates::Words,
};
use crate::ids::EventId;

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// So much of an answer is kept, in characters.
const LONGEST_ANSWER: usize = 500;

/// Sends a mail once, to one of the receivers. All of them stand in its head.
pub(super) fn send(
    way: &EmailWay,
    receiver: &str,
    event_id: EventId,
    words: Words,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Attempt {
    let message = match message(way, event_id, words, now) {
        Ok(message) => message,
        Err(reason) => return Attempt::Never { error: format!("the mail could not be written: {reason}") },
    };
    // A row may be older than the configuration.
    let Some(to) = way.to.iter().find(|to| is_same_address(to.email.as_ref(), receiver)) else {
        return Attempt::Never { error: format!("{receiver} is not told any more") };
    };
    let envelope = match Envelope::new(Some(way.from.email.clone()), vec![to.email.clone()]) {
        Ok(envelope) => envelope,
        Err(reason) => return Attempt::Never { error: format!("the mail could not be addressed: {reason}") },
    };
    let transport = match transport(way, timeout) {
        Ok(transport) => transport,
        Err(reason) => {
            return Attempt::Unreached { error: one_line(&format!("the connection could not be set up: {reason}")) };
        }
    };
    match transport.send_raw(&envelope, &message.formatted()) {
        Ok(response) => Attempt::Taken { answer: one_line(&response.message().collect::<Vec<_>>().join(" ")) },
        Err(reason) => judged(&reason),
    }
}

fn judged(reason: &smtp::Error) -> Attempt {
    let error = one_line(&reason.to_string());
    if is_refusal(reason) {
        Attempt::Never { error }
    } else if reason.is_transient() {
        Attempt::Later { error, wait: None }
    } else {
        Attempt::Unreached { error }
    }
}

/// Whether the server will not take it the next time either. The login may be mended.
fn is_refusal(reason: &smtp::Error) -> bool {
    let is_about_login = reason.status().is_some_and(|code| (530..540).contains(&u16::from(code)));
    reason.is_permanent() && !is_about_login
}

/// A text without line breaks and other control characters, of a length that is kept.
fn one_line(text: &str) -> String {
    plain(text, LONGEST_ANSWER)
}

fn plain(text: &str, longest: usize) -> String {
    let text: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().take(longest).collect()
}

fn message(
    way: &EmailWay,
    event_id: EventId,
    words: Words,
    now: DateTime<Utc>,
) -> Result<Message, lettre::error::Error> {
    let mut message = Message::builder()
        .from(way.from.clone())
        .date(SystemTime::from(now))
        // A mail that comes twice is known by it, also where two of the addresses lead to one mailbox.
        .message_id(Some(format!("<{}@{}>", event_id.as_uuid().simple(), way.from.email.domain())))
        .subject(plain(&words.subject, LONGEST_SUBJECT))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    for to in &way.to {
        message = message.to(to.clone());
    }
    message.multipart(MultiPart::alternative_plain_html(words.text, words.html))
}

fn transport(way: &EmailWay, timeout: Duration) -> Result<SmtpTransport, smtp::Error> {
    let config = &way.config;
    let tls = || {
        let mut parameters = TlsParameters::builder(config.host.clone())
            .certificate_store(CertificateStore::WebpkiRoots)
            .set_min_tls_version(TlsVersion::Tlsv12);
        if let Some(pem) = &way.ca_certificate {
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
        }
        parameters.build_rustls()
    };
    let (tls, usual_port) = match config.tls {
        EmailTls::Starttls => (Tls::Required(tls()?), 587),
        EmailTls::Implicit => (Tls::Wrapper(tls()?), 465),
        EmailTls::None => (Tls::None, 25),
    };
    // lettre takes the number of an IPv6 server without brackets.
    let host = config.host.parse::<IpAddr>().map_or_else(|_name| config.host.clone(), |address| address.to_string());
    let mut transport =
        SmtpTransport::builder_dangerous(host).port(config.port.unwrap_or(usual_port)).tls(tls).timeout(Some(timeout));
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(transport.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::EmailConfig;

    #[test]
    fn no_header_takes_a_line_of_the_data() {
        let from = "Lot <lot@dealer.example>";
        let way = EmailWay {
            config: EmailConfig::new("mail.example", from, ["owner@dealer.example"]),
            from: from.parse().unwrap(),
            to: vec!["owner@dealer.example".parse().unwrap()],
            ca_certificate: None,
        };
        let words = Words {
            subject: "New\r\nBcc: all@victim.example\r\n\r\nHello \u{202e}\u{1f697}".into(),
            text: "Text".into(),
            html: "<p>Text</p>".into(),
        };
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let written = message(&way, EventId::new(now), words, now).unwrap().formatted();
        let text = String::from_utf8(written).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().all(|line| !line.starts_with("Bcc")), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("Subject: ")).count(), 1, "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    }
}
