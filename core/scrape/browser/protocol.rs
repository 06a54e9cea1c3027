//! Chromium's debugging protocol, as far as rendering a page needs it: commands, their answers, and events.
//!
//! The crates that know the whole protocol are async, or generated under the GPL. So the dozen commands used here are written
//! as JSON. Messages have a limit of size, because a page may have made what comes over the socket.
//!
//! What is deliberately not here: deadlines. Ending the browser ends every wait for it.

use std::{
    collections::HashMap,
    io,
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use tungstenite::{
    Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

/// How long the handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A message from the browser.
#[derive(Deserialize)]
struct Incoming {
    id: Option<u64>,
    result: Option<Value>,
    error: Option<Refused>,
    #[serde(rename = "sessionId")]
    session: Option<String>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

/// Something that happened on a page.
pub(super) struct Event {
    /// The session of the page.
    pub(super) session: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// The socket to a browser; clones share it.
#[derive(Clone)]
pub(super) struct Line(Arc<Shared>);

struct Shared {
    writer: Mutex<WebSocket<TcpStream>>,
    next: AtomicU64,
    /// The callers that wait for an answer; `None` once the socket is closed.
    waiting: Mutex<Option<HashMap<u64, mpsc::Sender<io::Result<Value>>>>>,
}

impl Line {
    /// Connects to a debugging socket. The receiver gets the events in order.
    pub(super) fn connect(socket: &str, max_message_bytes: usize) -> io::Result<(Self, mpsc::Receiver<Event>)> {
        let authority = socket.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
        let reader = stream.try_clone()?;
        tungstenite::client(socket, &stream).map_err(|failure| io::Error::other(failure.to_string()))?;
        stream.set_read_timeout(None)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(max_message_bytes))
            .max_frame_size(Some(max_message_bytes));
        let reader = WebSocket::from_raw_socket(reader, Role::Client, Some(config));
        let writer = Mutex::new(WebSocket::from_raw_socket(stream, Role::Client, Some(config)));
        let waiting = Mutex::new(Some(HashMap::new()));
        let line = Self(Arc::new(Shared { writer, next: AtomicU64::new(1), waiting }));
        let (events, happened) = mpsc::channel();
        let listening = line.clone();
        thread::Builder::new().name("jpauto-browser".to_owned()).spawn(move || listening.listen(reader, &events))?;
        Ok((line, happened))
    }

    /// Sends a command and waits for its answer. With a session, the command goes to that page.
    pub(super) fn call(&self, session: Option<&str>, method: &str, params: Value) -> io::Result<Value> {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = mpsc::channel();
        match self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(waiting) => waiting.insert(id, sender),
            None => return Err(io::ErrorKind::NotConnected.into()),
        };
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let mut writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.send(Message::text(command.to_string())).map_err(|failure| io::Error::other(failure.to_string()))?;
        drop(writer);
        answer.recv().unwrap_or_else(|_closed| Err(io::ErrorKind::ConnectionReset.into()))
    }

    fn listen(&self, mut reader: WebSocket<TcpStream>, events: &mpsc::Sender<Event>) {
        loop {
            let text = match reader.read() {
                Ok(Message::Text(text)) => text,
                Ok(Message::Close(_)) => break,
                Ok(_) => continue,
                Err(reason) => {
                    tracing::debug!(%reason, "the browser's socket ended");
                    break;
                }
            };
            match serde_json::from_str::<Incoming>(&text) {
                Ok(Incoming { id: Some(id), result, error, .. }) => {
                    let answer = match error {
                        Some(refused) => Err(io::Error::other(refused.message)),
                        None => Ok(result.unwrap_or_default()),
                    };
                    let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(sender) = waiting.as_mut().and_then(|waiting| waiting.remove(&id)) {
                        // Nobody listens any more if the page was given up.
                        let _ = sender.send(answer);
                    }
                }
                Ok(Incoming { session: Some(session), method: Some(method), params, .. }) => {
                    if events.send(Event { session, method, params }).is_err() {
                        break;
                    }
                }
                Ok(_) => {}
                Err(reason) => tracing::debug!(%reason, "the browser said something that was not understood"),
            }
        }
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Other holders of the socket find it closed.
        let _ = reader.get_ref().shutdown(std::net::Shutdown::Both);
    }
}
