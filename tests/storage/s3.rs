//! The S3 servers of the tests: moto's, which is a real one, and one that makes up as many keys as it is told.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    thread,
};

use jpauto::storage::BucketConfig;

use crate::support::python;

/// Who we are to moto, which lets everybody in.
pub const KEY: &str = "an-access-key";
pub const SECRET: &str = "a secret of many letters";

/// The address of moto's server, which ends with the tests. `None` where nothing can be installed.
pub fn endpoint() -> Option<&'static str> {
    // Its standard input is open until this process ends, and then it ends, too.
    static SERVER: OnceLock<Option<(String, Child)>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref().map(|(endpoint, _)| endpoint.as_str())
}

fn start() -> Option<(String, Child)> {
    let python = python::with("moto.moto_server", "s3")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/storage/s3_server.py");
    let mut server = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port: u16 = line.trim().parse().expect("moto's server says its port");
    Some((format!("http://127.0.0.1:{port}"), server))
}

/// An empty bucket of moto's server.
pub fn bucket() -> Option<BucketConfig> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let endpoint = endpoint()?;
    let name = format!("photos-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let made = reqwest::blocking::Client::new().put(format!("{endpoint}/{name}")).send().unwrap();
    assert!(made.status().is_success(), "{made:?}");
    let mut bucket = BucketConfig::new(endpoint, name, KEY, SECRET);
    bucket.region = "us-east-1".into();
    Some(bucket)
}

/// A server that lists this many photos of this size, a thousand a page, and counts the pages.
pub fn made_up(keys: usize, bytes: u64) -> (BucketConfig, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let pages = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pages);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            thread::spawn(move || answer(&stream, keys, bytes, &counted));
        }
    });
    (BucketConfig::new(endpoint, "photos", KEY, SECRET), pages)
}

fn answer(stream: &TcpStream, keys: usize, bytes: u64, pages: &AtomicUsize) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        pages.fetch_add(1, Ordering::Relaxed);
        let first = head
            .split_once("continuation-token=")
            .map_or(0, |(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap());
        let last = keys.min(first + 1_000);
        let mut body =
            String::from("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        for number in first..last {
            let name = format!("{number:032x}");
            body += &format!(
                "<Contents><Key>photos/{}/{}.jpg</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>{}</Size></Contents>",
                &name[..2],
                &name[2..],
                bytes + number as u64 % 7
            );
        }
        let is_cut = last < keys;
        body += &format!("<IsTruncated>{is_cut}</IsTruncated>");
        if is_cut {
            body += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        body += "</ListBucketResult>";
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut writer = stream;
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

/// A server that answers every request so.
pub fn always(status: &'static str, body: &'static str) -> (BucketConfig, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
            // What was sent is read to its end, or the client would see the connection break.
            let sent = head
                .to_lowercase()
                .split_once("content-length:")
                .map_or(0, |(_, rest)| rest.lines().next().unwrap().trim().parse::<u64>().unwrap());
            std::io::copy(&mut reader.take(sent), &mut std::io::sink()).unwrap();
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    (BucketConfig::new(endpoint, "photos", KEY, SECRET), asked)
}
