//! A web server on loopback that answers as it is told, byte by byte where that matters.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Lines of the header in lower case.
    pub(crate) header: String,
    pub(crate) body: String,
    pub(crate) begun: Instant,
    pub(crate) ended: Option<Instant>,
}

/// An answer: pieces of bytes with pauses before them, after which the connection is closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply(Vec<(Duration, Vec<u8>)>);

impl Reply {
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::raw([head.as_bytes(), body].concat())
    }

    pub(crate) fn html(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, &[("Content-Type", "text/html; charset=utf-8")], body)
    }

    pub(crate) fn text(body: &str) -> Self {
        Self::new(200, &[("Content-Type", "text/plain")], body)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(status, &[("Content-Type", "text/html")], "said")
    }

    pub(crate) fn redirect(target: &str) -> Self {
        Self::new(302, &[("Location", target)], "")
    }

    /// Bytes as they go over the wire.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![(Duration::ZERO, bytes.into())])
    }

    pub(crate) fn then(mut self, pause: Duration, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.push((pause, bytes.into()));
        self
    }
}

type Answers = dyn Fn(&Seen) -> Reply + Send + Sync;

/// Ends when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Serves what the closure says, asked with each request.
    pub(crate) fn start(answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { address: listener.local_addr().unwrap(), seen: Arc::default(), stop: Arc::default() };
        let (seen, stop, answers): (_, _, Arc<Answers>) =
            (Arc::clone(&server.seen), Arc::clone(&server.stop), Arc::new(answers));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, answers) = (Arc::clone(&seen), Arc::clone(&answers));
                thread::spawn(move || serve(stream.unwrap(), &seen, &*answers));
            }
        });
        server
    }

    /// The same with no robots.txt.
    pub(crate) fn without_robots(answers: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |seen| if seen.path == "/robots.txt" { Reply::status(404) } else { answers(seen) })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Paths asked for, in order, without robots.txt.
    pub(crate) fn pages(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).filter(|path| path != "/robots.txt").collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Seen>>, answers: &Answers) {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let begun = Instant::now();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut header) = (String::new(), String::new());
    // A client that speaks TLS sends no line of text.
    if reader.read_line(&mut first).is_err() || first.is_empty() {
        return;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        header.push_str(&line.to_ascii_lowercase());
    }
    let length = header.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap_or_default().to_owned());
    let body = String::from_utf8(body).unwrap();
    let seen = Seen { method, path, header, body, begun, ended: None };
    let index = {
        let mut log = log.lock().unwrap();
        log.push(seen.clone());
        log.len() - 1
    };
    for (pause, bytes) in answers(&seen).0 {
        thread::sleep(pause);
        // Noted before the client can know, so that what it does next is later for certain.
        log.lock().unwrap()[index].ended = Some(Instant::now());
        // The client may have had enough.
        if stream.write_all(&bytes).is_err() {
            break;
        }
    }
}
