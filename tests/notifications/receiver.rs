//! A receiver of webhooks on loopback. It verifies signatures with ring, not with the library's own code.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::hmac;
use serde_json::Value;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> &str {
        let of = |line: &str| line.split_once(": ").is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
        self.head.lines().find(|line| of(line)).and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value)
    }

    /// Whether the secret has signed it, as the specification says.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        self.header("webhook-signature").split(' ').any(|signature| {
            let (version, signature) = signature.split_once(',').unwrap();
            version == "v1" && hmac::verify(&key, signed.as_bytes(), &BASE64.decode(signature).unwrap()).is_ok()
        })
    }

    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Answer = dyn Fn(usize) -> (Duration, String) + Send + Sync;

/// It keeps what it is sent, and ends with the process.
pub(crate) struct Receiver {
    pub(crate) url: String,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) fn taking() -> Self {
        Self::answering(|_| (Duration::ZERO, head("200 OK", "")))
    }

    /// One that asks a function for each answer, by its number, and how long it waits before it.
    pub(crate) fn answering(answer: impl Fn(usize) -> (Duration, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let answer: Arc<Answer> = Arc::new(answer);
        let messages: Arc<Mutex<Vec<Message>>> = Arc::default();
        let kept = Arc::clone(&messages);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &kept, &*answer));
            }
        });
        Self { url, messages }
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }
}

/// The head of an answer with more lines, without a body.
pub(crate) fn head(status: &str, lines: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{lines}content-length: 0\r\nconnection: close\r\n\r\n")
}

fn serve(mut stream: TcpStream, kept: &Mutex<Vec<Message>>, answer: &Answer) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    let message = loop {
        let Ok(count) = stream.read(&mut buffer) else { return };
        if count == 0 {
            return;
        }
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = Message { head: head.to_owned(), body: body.to_owned() };
        if head.header("content-length").parse::<usize>().is_ok_and(|length| body.len() >= length) {
            break head;
        }
    };
    let number = {
        let mut kept = kept.lock().unwrap();
        kept.push(message);
        kept.len() - 1
    };
    let (wait, answer) = answer(number);
    thread::sleep(wait);
    // The sender may be gone.
    let _ = stream.write_all(answer.as_bytes());
}
