//! Bytes of a page or of JSON turned into text, believing the evidence over the label.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Browsers look for the label within the first kilobyte; pages with long comments in front need a little more.
const LABEL_WITHIN_BYTES: usize = 4096;

/// The text of a page or of JSON: by byte order mark, then by the content type, then by the page's own label, then by its bytes.
///
/// A label of UTF-8 or UTF-16 that the bytes plainly contradict is not believed; a page without any label is UTF-8 where it can be,
/// else windows-1252.
pub(crate) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark_length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark_length..]).0;
    }
    // The sign that begins a page or JSON, and a zero: two bytes a character, whatever the label says; UTF-8 never begins so.
    match bytes.trim_ascii_start() {
        [b'<' | b'{' | b'[', 0, ..] => return UTF_16LE.decode_without_bom_handling(bytes).0,
        [0, b'<' | b'{' | b'[', ..] => return UTF_16BE.decode_without_bom_handling(bytes).0,
        _ => {}
    }
    // JSON is UTF-8 by its standard, and what is UTF-8 beyond ASCII is that by no accident, whatever a server's setting labels it.
    if matches!(bytes.trim_ascii_start(), [b'{' | b'[', ..])
        && let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_ascii()
    {
        return Cow::Borrowed(text);
    }
    let told = content_type.and_then(charset).filter(|told| !is_utf_16(told) || may_be_utf_16(bytes));
    let labelled = told.or_else(|| label_within(bytes));
    match labelled {
        Some(encoding) if encoding != UTF_8 && std::str::from_utf8(bytes).is_ok_and(str::is_ascii) => {
            encoding.decode_without_bom_handling(bytes).0
        }
        // Real UTF-8 beyond ASCII is no accident, so a label of one byte a character is an old template's.
        Some(encoding) if encoding.is_single_byte() && std::str::from_utf8(bytes).is_ok() => {
            String::from_utf8_lossy(bytes)
        }
        Some(encoding) if encoding != UTF_8 => encoding.decode_without_bom_handling(bytes).0,
        _ => utf8_or_windows(bytes),
    }
}

fn utf8_or_windows(bytes: &[u8]) -> Cow<'_, str> {
    let (mut faults, mut foreign) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        foreign += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        faults += usize::from(!chunk.invalid().is_empty());
    }
    if faults > foreign { WINDOWS_1252.decode_without_bom_handling(bytes).0 } else { String::from_utf8_lossy(bytes) }
}

fn is_utf_16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Whether a zero stands where a tag must begin: in UTF-16 each of its letters has one beside it.
fn may_be_utf_16(bytes: &[u8]) -> bool {
    bytes.iter().take(LABEL_WITHIN_BYTES).any(|byte| *byte == 0)
}

/// The encoding named by a content type such as `text/html; charset=windows-1252`.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let value = lower[lower.find("charset")? + "charset".len()..].trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| matches!(c, '"' | '\'' | ';' | '>' | '/') || c.is_whitespace()).unwrap_or(value.len());
    Encoding::for_label(&value.as_bytes()[..end])
}

/// The label of a `meta` tag. A page that says UTF-16 in ASCII letters cannot be, and is read as UTF-8.
fn label_within(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(LABEL_WITHIN_BYTES)];
    let head: String = head.iter().map(|byte| char::from(*byte)).collect();
    let tags = head.split('<').filter(|tag| tag.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("meta")));
    let encoding = tags.filter_map(charset).next()?;
    Some(if is_utf_16(encoding) { UTF_8 } else { encoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_decides_the_encoding() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("<p>Škoda".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let after_space: Vec<u8> = "\u{a0}<p>Škoda".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (name, bytes, content_type, expected) in [
            ("utf-8 mark", b"\xef\xbb\xbf<p>\xc3\xa9".as_slice(), Some("text/html; charset=windows-1252"), "<p>é"),
            ("utf-16 mark", utf16.as_slice(), None, "<p>Škoda"),
            ("utf-16 without a mark", &utf16[2..], Some("text/html"), "<p>Škoda"),
            ("content type", b"<p>\xe9\x96", Some("text/html; Charset = \"Windows-1252\""), "<p>é–"),
            ("meta", b"<meta charset='iso-8859-2'><p>\xa9koda", None, "<meta charset='iso-8859-2'><p>Škoda"),
            ("no label", b"<p>caf\xe9 \x96", None, "<p>café –"),
            ("no label, utf-8", "<p>café".as_bytes(), None, "<p>café"),
            ("wrong label utf-8", b"<p>caf\xe9", Some("text/html; charset=utf-8"), "<p>café"),
            ("wrong label latin", "<p>café".as_bytes(), Some("text/html; charset=iso-8859-1"), "<p>café"),
            (
                "one bad byte in utf-8",
                b"<p>caf\xc3\xa9 \xc3\xa9 \xff",
                Some("text/html; charset=utf-8"),
                "<p>café é \u{fffd}",
            ),
            ("wrong label utf-16", "<p>café".as_bytes(), Some("text/html; charset=utf-16"), "<p>café"),
            ("wrong label utf-16, big end first", b"<p>plain", Some("text/html; charset=UTF-16BE"), "<p>plain"),
            ("wrong label utf-16, windows", b"<p>caf\xe9", Some("text/html; charset=utf-16le"), "<p>café"),
            (
                "wrong label utf-16, right one in the page",
                b"<meta charset=iso-8859-2>\xa9koda",
                Some("text/html; charset=utf-16"),
                "<meta charset=iso-8859-2>Škoda",
            ),
            ("meta utf-16", "<meta charset=utf-16><p>é".as_bytes(), None, "<meta charset=utf-16><p>é"),
            ("true label utf-16", &after_space, Some("text/html; charset=utf-16le"), "\u{a0}<p>Škoda"),
            ("json", b"{\"make\":\"\xa9koda\"}", Some("application/json; charset=iso-8859-2"), "{\"make\":\"Škoda\"}"),
            (
                "json in utf-8 under another label",
                "{\"make\":\"Škoda\"}".as_bytes(),
                Some("application/json; charset=shift_jis"),
                "{\"make\":\"Škoda\"}",
            ),
            (
                "json with a page in it",
                "[\"<meta charset=gbk>Škoda\"]".as_bytes(),
                Some("application/json"),
                "[\"<meta charset=gbk>Škoda\"]",
            ),
            ("json in utf-16", b"{\0}\0", Some("application/json"), "{}"),
            ("json in utf-16, big end first", b"\0[\0]", None, "[]"),
            ("unknown label", "<p>é".as_bytes(), Some("text/html; charset=klingon"), "<p>é"),
        ] {
            assert_eq!(decode(bytes, content_type), expected, "{name}");
        }
    }
}
