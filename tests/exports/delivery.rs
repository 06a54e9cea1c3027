//! Feeds sent to a server by HTTP PUT.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

use jpauto::{
    PageRequest,
    exports::{Export, ExportFilter, FeedFormat, Login, Platform},
};

use super::*;
use crate::support::corolla;

/// A server that answers with these heads, one a connection, and keeps what it was sent.
fn server(answers: &'static [&'static str]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&requests);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
            let is_whole = |bytes: &[u8]| {
                let text = String::from_utf8_lossy(bytes);
                let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                length.is_none_or(|length| body.len() >= length.parse::<usize>().unwrap())
            };
            while !is_whole(&bytes) {
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "the request breaks off");
                bytes.extend_from_slice(&buffer[..count]);
            }
            kept.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
            stream.write_all(format!("{answer}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
        }
    });
    (address, requests)
}

/// A desk whose plain feed goes to this address.
fn desk(lot: &Lot, destination: &str) -> Desk {
    let mut config = Config::new(&lot.url).clock(lot.clock());
    let login = Login { token: Some("open-sesame".into()), allow_private_network: true, ..Login::default() };
    let agreed = FeedConfig { destination: Some(destination.to_owned()), login, ..FeedConfig::default() };
    config.exports.feeds.insert(Platform::Csv, agreed.clone());
    config.exports.feeds.insert(Platform::Jekyll, agreed);
    Dealership::with_config(config).unwrap().acting_as(jpauto::Actor::system())
}

on_both_databases! {
    fn a_feed_is_sent_and_the_answer_kept(lot: &Lot) {
        lot.desk().inventory().add(&corolla(1)).unwrap();
        let (address, requests) = server(&[
            "HTTP/1.1 503 Busy\r\ncontent-length: 0",
            "HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\ndone",
        ]);
        let desk = desk(lot, &format!("http://{address}/in/?key=secret"));
        let report = run_export(&desk, &Export::of(Platform::Csv)).unwrap();
        assert_eq!(report.destination, Some(format!("http://{address}/in/inventory.csv")));
        let requests = requests.lock().unwrap();
        assert_eq!(requests.len(), 2, "it is sent again after 503");
        assert!(requests[1].starts_with("PUT /in/inventory.csv?key=secret HTTP/1.1"), "{}", requests[1]);
        assert!(requests[1].contains("authorization: Bearer open-sesame"), "{}", requests[1]);
        assert!(requests[1].contains(&corolla(1).vin) && requests[1].contains("text/csv"), "{}", requests[1]);
        let entry = desk.exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items.remove(0);
        assert!(entry.answer.unwrap().starts_with("201 Created"));
        assert_eq!(entry.destination, Some(format!("http://{address}/in/inventory.csv")), "what is secret is not kept");
    }

    fn a_server_that_refuses_is_not_asked_again(lot: &Lot) {
        lot.desk().inventory().add(&corolla(1)).unwrap();
        let (address, requests) = server(&[
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nno key!",
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0",
        ]);
        let desk = desk(lot, &format!("http://{address}/in.csv"));
        let refused = run_export(&desk, &Export::of(Platform::Csv)).unwrap_err();
        assert_eq!(refused.code(), "delivery_refused");
        assert!(refused.to_string().contains("403 Forbidden"), "{refused}");
        assert_eq!(run_export(&desk, &Export::of(Platform::Csv)).unwrap_err().code(), "delivery_refused", "no redirect is followed");
        assert_eq!(requests.lock().unwrap().len(), 2);
        let entry = desk.exports().list(&ExportFilter::default(), &PageRequest::default()).unwrap().items.remove(0);
        assert_eq!(entry.error_code.as_deref(), Some("delivery_refused"));
    }
}

#[test]
fn only_the_configured_server_may_be_private_and_is_told_who_we_are() {
    let lot = Lot::on_sqlite();
    let (address, requests) = server(&[]);
    let desk = desk(&lot, "https://feeds.example/in/");
    for other in [
        format!("http://{address}/in.csv"),
        "http://169.254.169.254/in.csv".to_owned(),
        "http://localhost/in.csv".to_owned(),
        "http://2130706433/in.csv".to_owned(),
        "https://user:word@feeds.example/in.csv".to_owned(),
        "ftp://feeds.example/in.csv".to_owned(),
        "gopher://feeds.example/".to_owned(),
        String::new(),
    ] {
        let refused = run_export(&desk, &Export::of(Platform::Csv).to(other.as_str())).unwrap_err();
        assert_eq!(refused.code(), "invalid_destination", "{other}");
    }
    assert!(requests.lock().unwrap().is_empty());
    let pages = Export::of(Platform::Jekyll).format(FeedFormat::Pages);
    assert_eq!(run_export(&desk, &pages).unwrap_err().code(), "invalid_feed_format", "a server takes one file");
    assert!(!format!("{:?}", desk_config()).contains("open-sesame"));
}

fn desk_config() -> Login {
    Login { token: Some("open-sesame".into()), password: Some("open-sesame".into()), ..Login::default() }
}
