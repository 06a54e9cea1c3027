//! A website on loopback: a real server that shows what a test tells it to, and remembers what it was asked.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    ops::Range,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// Lines in lower case.
    pub header: String,
    pub at: Instant,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Before the first byte.
    pub wait: Duration,
    /// Before each piece of the body, which is sent whole where this is zero.
    pub trickle: Duration,
    /// Whether the connection breaks in the middle of the body.
    pub cut: bool,
    /// Whether the length of the body is not said: it ends with the connection.
    pub unsized_body: bool,
}

impl Reply {
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/html", body)
    }

    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "application/json", body)
    }

    pub fn status(status: u16) -> Self {
        Self::new(status, "text/html", "")
    }

    fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            body: body.into(),
            wait: Duration::ZERO,
            trickle: Duration::ZERO,
            cut: false,
            unsized_body: false,
        }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

type Answers = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// What it shows can be changed at any time; a path that it does not know is 404. It ends with the process.
#[derive(Clone)]
pub struct Website {
    /// `http://127.0.0.1:PORT`.
    pub address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pages: RwLock<HashMap<String, Reply>>,
    answers: RwLock<Option<Box<Answers>>>,
    asked: Mutex<Vec<Asked>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Website {
    pub fn open() -> Self {
        Self::open_at("127.0.0.1")
    }

    /// The same at another address of this machine; `0.0.0.0` is all of them.
    pub fn open_at(ip: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let website = Self { address: format!("http://127.0.0.1:{port}"), shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A small stack: there may be many at once.
                thread::Builder::new().stack_size(256 * 1024).spawn(move || serve(stream, &shared)).unwrap();
            }
        });
        website
    }

    /// Asks a function for each answer; where it has none, the pages are looked at.
    pub fn answer(&self, answers: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) {
        *self.shared.answers.write().unwrap() = Some(Box::new(answers));
    }

    pub fn reply(&self, path: &str, reply: Reply) {
        self.shared.pages.write().unwrap().insert(path.to_owned(), reply);
    }

    pub fn show(&self, path: &str, status: u16, body: impl Into<String>) {
        self.reply(path, Reply { status, ..Reply::html(body.into()) });
    }

    /// A list of cars, with a link to the next page where there is one.
    pub fn list(&self, path: &str, numbers: Range<u32>, next: Option<&str>) {
        self.reply(path, Reply::html(list_page(numbers, next)));
    }

    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    /// Everything that was asked for, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The paths asked for since the last call, without robots.txt.
    pub fn take_paths(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.shared.asked.lock().unwrap());
        asked.into_iter().map(|asked| asked.path).filter(|path| path != "/robots.txt").collect()
    }

    /// How many requests were being answered at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

/// The page of a list of cars, each with a page of its own at `/car/NUMBER`.
pub fn list_page(numbers: impl IntoIterator<Item = u32>, next: Option<&str>) -> String {
    let next = next.map(|next| format!(r#"<link rel="next" href="{next}">"#)).unwrap_or_default();
    let cars: Vec<_> = numbers
        .into_iter()
        .map(|number| {
            format!(
                r#"{{"@type": "Car", "name": "2018 Toyota Corolla LE", "vehicleIdentificationNumber": "{}",
                    "mileageFromOdometer": {}, "url": "/car/{number}", "offers": {{"price": "14000"}}}}"#,
                vin(number),
                40_000 + number
            )
        })
        .collect();
    format!(
        r#"<html><head>{next}<script type="application/ld+json">[{}]</script></head><body></body></html>"#,
        cars.join(",")
    )
}

/// A VIN with a right check digit that differs with the number.
pub fn vin(number: u32) -> String {
    let mut text: Vec<u8> = format!("2T1BURHE0JC{number:06}").into_bytes();
    for digit in *b"0123456789X" {
        text[8] = digit;
        let candidate = String::from_utf8(text.clone()).unwrap();
        if jpauto::Vin::parse(&candidate).unwrap().check_digit_ok() {
            return candidate;
        }
    }
    unreachable!("one of the eleven check digits is right")
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let at = Instant::now();
    let Ok(read_half) = stream.try_clone() else { return };
    let mut reader = BufReader::new(read_half);
    let (mut first, mut header) = (String::new(), String::new());
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
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let asked = Asked { path: first.split(' ').nth(1).unwrap_or_default().to_owned(), header, at };
    let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_open.fetch_max(open, Ordering::SeqCst);
    shared.asked.lock().unwrap().push(asked.clone());
    let told = shared.answers.read().unwrap().as_ref().and_then(|answers| answers(&asked));
    let shown = || shared.pages.read().unwrap().get(&asked.path).cloned();
    let reply = told.or_else(shown).unwrap_or_else(|| Reply::status(404));
    thread::sleep(reply.wait);
    // No longer open before the client can know that it has its answer.
    shared.open.fetch_sub(1, Ordering::SeqCst);
    // A client that has had enough is no matter.
    drop(send(&mut stream, &reply));
}

fn send(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let length = reply.body.len();
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
    if !reply.unsized_body {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    let body = if reply.cut { &reply.body[..length / 2] } else { &reply.body };
    if reply.trickle.is_zero() {
        return stream.write_all(body);
    }
    for piece in body.chunks(64) {
        thread::sleep(reply.trickle);
        stream.write_all(piece)?;
        stream.flush()?;
    }
    Ok(())
}
