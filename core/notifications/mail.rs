//! Tells people by e-mail over SMTP: a text and the same as HTML.
//!
//! Nothing of the data stands in a header but the subject, in one line. A mail server's refusal for good is not asked for again,
//! except where it is about the login, which the owner may be about to mend. A receiver whom the server refuses keeps nobody else from
//! being told.

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

use super::{EmailTls, config::EmailWay, rules::Attempt, templates::Words};
use crate::ids::NotificationId;

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// So often all receivers wait for one whom the server refuses for now: most servers that do so to strangers take the second mail.
const PATIENT_ATTEMPTS: i32 = 3;

/// So much of an answer is kept, in characters.
const LONGEST_ANSWER: usize = 500;

/// Sends a mail once.
///
/// A receiver who is refused for now holds up the others for [`PATIENT_ATTEMPTS`].
pub(super) fn send(
    way: &EmailWay,
    (id, attempts): (NotificationId, i32),
    words: Words,
    timeout: Duration,
    now: DateTime<Utc>,
) -> Attempt {
    let message = match message(way, id, words, now) {
        Ok(message) => message,
        Err(reason) => return Attempt::Never { error: format!("the mail could not be written: {reason}") },
    };
    let transport = match transport(way, timeout) {
        Ok(transport) => transport,
        Err(reason) => return later(&format!("the connection could not be set up: {reason}")),
    };
    match transport.send(&message) {
        Ok(response) => Attempt::Taken { answer: one_line(&answer_of(&response)) },
        // The first receiver whom the server does not know has ended the mail to all of them.
        Err(reason) if way.to.len() > 1 && (is_refusal(&reason) || is_refused_again(&reason, attempts)) => {
            send_to_each(way, &transport, &message)
        }
        Err(reason) => judged(&reason),
    }
}

/// Sends the mail to each receiver alone. It is taken if it is for any of them, and the answer names those who were refused.
fn send_to_each(way: &EmailWay, transport: &SmtpTransport, message: &Message) -> Attempt {
    let written = message.formatted();
    let (mut taken, mut refused, mut may_be_taken_later) = (Vec::new(), Vec::new(), false);
    for receiver in &way.to {
        let envelope = match Envelope::new(Some(way.from.email.clone()), vec![receiver.email.clone()]) {
            Ok(envelope) => envelope,
            Err(reason) => return Attempt::Never { error: format!("the mail could not be addressed: {reason}") },
        };
        match transport.send_raw(&envelope, &written) {
            Ok(response) => taken.push(answer_of(&response)),
            Err(reason) => {
                may_be_taken_later |= !is_refusal(&reason);
                refused.push(format!("not to {}: {reason}", receiver.email));
                // The others would be waited for as long.
                if reason.is_timeout() {
                    break;
                }
            }
        }
    }
    let refused = refused.join("; ");
    match taken.first() {
        Some(answer) if refused.is_empty() => Attempt::Taken { answer: one_line(answer) },
        Some(answer) => {
            tracing::warn!(%refused, "a mail did not reach all of its receivers");
            Attempt::Taken { answer: one_line(&format!("{answer}; {refused}")) }
        }
        None if may_be_taken_later => later(&refused),
        None => Attempt::Never { error: one_line(&refused) },
    }
}

fn answer_of(response: &smtp::response::Response) -> String {
    response.message().collect::<Vec<_>>().join(" ")
}

fn later(error: &str) -> Attempt {
    Attempt::Later { error: one_line(error), wait: None }
}

fn judged(reason: &smtp::Error) -> Attempt {
    let error = one_line(&reason.to_string());
    if is_refusal(reason) { Attempt::Never { error } } else { Attempt::Later { error, wait: None } }
}

/// Whether the server has put a mail off so often that it is probably about one of the receivers, such as one whose mailbox is full.
fn is_refused_again(reason: &smtp::Error, attempts: i32) -> bool {
    reason.is_transient() && attempts > PATIENT_ATTEMPTS
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
    id: NotificationId,
    words: Words,
    now: DateTime<Utc>,
) -> Result<Message, lettre::error::Error> {
    let mut message = Message::builder()
        .from(way.from.clone())
        .date(SystemTime::from(now))
        // A mail that comes twice is known by it.
        .message_id(Some(format!("<{}@{}>", id.as_uuid().simple(), way.from.email.domain())))
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
        let written = message(&way, NotificationId::new(now), words, now).unwrap().formatted();
        let text = String::from_utf8(written).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().all(|line| !line.starts_with("Bcc")), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("Subject: ")).count(), 1, "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    }
}
