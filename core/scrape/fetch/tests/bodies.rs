//! Bodies of pages: whole or cut, compressed, too large, of a readable type or not.

use super::*;

#[test]
fn a_cut_body_is_a_failure_and_not_a_short_page() {
    let cut_codings = CODINGS.map(|(coding, compress)| {
        let whole = compress(CARD.repeat(500).as_bytes());
        let half = &whole[..whole.len() / 2];
        Reply::new(200, &[("Content-Type", "text/html"), ("Content-Encoding", coding)], half)
    });
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
    let cut_length = Reply::raw(format!("{head}Content-Length: 5000\r\n\r\n{CARD}"));
    let cut_chunks = Reply::raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n"));
    for reply in cut_codings.into_iter().chain([cut_length, cut_chunks]) {
        let always = reply.clone();
        let server = Server::without_robots(in_turn(vec![reply.clone(), reply, Reply::html(CARD)]));
        let (session, _) = session();
        // Three tries: the third one brings it whole.
        assert_eq!(get(&session, server.url("/used")).unwrap().body, CARD.as_bytes());
        assert_eq!(server.pages().len(), 3);
        let lasting = Server::without_robots(move |_| always.clone());
        let (failure, address) = (get(&session, lasting.url("/used")).unwrap_err(), lasting.url("/used"));
        assert_eq!(failure.to_string(), format!("the answer of {address} broke off before its end"));
        assert_eq!(failure.category(), ScrapeErrorType::Network);
    }
}

#[test]
fn a_body_in_an_encoding_that_was_not_asked_for_is_named() {
    let headers = [("Content-Type", "text/html"), ("Content-Encoding", "compress")];
    let server = Server::without_robots(move |_| Reply::new(200, &headers, CARD));
    let (session, _) = session();
    let failure = get(&session, server.url("/used")).unwrap_err();
    assert!(
        failure.to_string().ends_with("is encoded as \"compress\", which was not asked for and is not read"),
        "{failure}"
    );
    assert_eq!((failure.category(), server.pages().len()), (ScrapeErrorType::Parsing, 1));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

/// The ways to compress, by their names in HTTP.
const CODINGS: [(&str, Compress); 3] = [("gzip", gzip), ("br", brotli), ("zstd", zstd)];

#[test]
fn compressed_pages_are_read() {
    let page = CARD.repeat(5000);
    for (coding, compress) in CODINGS {
        let body = compress(page.as_bytes());
        assert!(body.len() < page.len() / 10);
        let server = Server::without_robots(move |seen| {
            assert!(seen.header.contains(coding), "{}", seen.header);
            Reply::new(200, &[("Content-Type", "text/html"), ("Content-Encoding", coding)], &body)
        });
        let (session, _) = session();
        assert_eq!(get(&session, server.url("/used")).unwrap().body, page.as_bytes(), "{coding}");
    }
}

#[test]
fn bombs_are_stopped_at_the_limit() {
    let zeros = vec![b' '; 8 * 1024 * 1024];
    for (coding, compress) in CODINGS {
        let body = compress(&zeros);
        assert!(body.len() < 16 * 1024, "{coding}: {}", body.len());
        let server = Server::without_robots(move |_| {
            Reply::new(200, &[("Content-Type", "text/html"), ("Content-Encoding", coding)], &body)
        });
        let mut config = config();
        config.max_body_bytes = 64 * 1024;
        let (fetcher, _) = fetcher_with(config);
        let failure = get(&fetcher.session(), server.url("/used")).unwrap_err();
        assert!(matches!(failure, FetchError::TooLarge { limit: 65_536, .. }), "{coding}: {failure}");
        assert_eq!((failure.category(), server.pages().len()), (ScrapeErrorType::Parsing, 1));
    }
}

#[test]
fn a_page_of_just_the_limit_is_whole() {
    for (length, is_whole) in [(1000, true), (1001, false)] {
        let server = Server::without_robots(move |_| Reply::html(vec![b'<'; length]));
        let mut config = config();
        config.max_body_bytes = 1000;
        let (fetcher, _) = fetcher_with(config);
        assert_eq!(get(&fetcher.session(), server.url("/used")).is_ok(), is_whole);
    }
}

#[rstest]
#[case::html(Some("text/html; charset=utf-8"), "x", true)]
#[case::capitals(Some("Text/HTML"), "x", true)]
#[case::xhtml(Some("application/xhtml+xml"), "x", true)]
#[case::json(Some("application/json"), "{}", true)]
#[case::json_ld(Some("application/ld+json"), "{}", true)]
#[case::feed(Some("application/atom+xml"), "<a/>", true)]
#[case::xml(Some("text/xml"), "<a/>", true)]
#[case::unsaid_html(None, " <html>", true)]
#[case::unsaid_json(None, "[1]", true)]
#[case::unsaid_other(None, "%PDF-1.7", false)]
#[case::pdf(Some("application/pdf"), "<html>", false)]
#[case::image(Some("image/svg+xml"), "<svg>", false)]
#[case::script(Some("text/javascript"), "x", false)]
#[case::binary(Some("application/octet-stream"), "<html>", false)]
#[case::empty(Some(""), "<html>", false)]
fn only_markup_and_json_are_pages(#[case] kind: Option<&'static str>, #[case] body: &'static str, #[case] read: bool) {
    let server = Server::without_robots(move |_| {
        let header: Vec<_> = kind.map(|kind| ("Content-Type", kind)).into_iter().collect();
        Reply::new(200, &header, body)
    });
    let (session, _) = session();
    match get(&session, server.url("/used")) {
        Ok(page) => assert!(read && page.body == body.as_bytes()),
        Err(failure) => assert!(!read && failure.category() == ScrapeErrorType::Parsing, "{failure}"),
    }
}
