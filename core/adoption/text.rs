//! What a text means that another program has written in another form, where that is certain.

use encoding_rs::WINDOWS_1252;

/// What a column of texts holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A text as jpauto writes it.
    AsWritten,
    /// This text, in another form.
    Certain(String),
    /// Nobody knows what it means.
    Unclear,
}

/// Reads the bytes of a value of a storage class of SQLite.
///
/// | bytes | read as |
/// | --- | --- |
/// | UTF-8 | what they say |
/// | the same as a blob, or with zeros at the end | the text |
/// | a number | its digits |
/// | letters of Windows-1252, each alone: `Citro\xebn` | the text in UTF-8 |
/// | a letter of UTF-8 that is cut off, zeros within, anything else | unclear |
pub(super) fn read(class: &str, bytes: &[u8]) -> Reading {
    let is_text = class == "text";
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let content = bytes.get(..end).unwrap_or_default();
    let text = match std::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        Err(_) => match windows_1252(content) {
            Some(text) => text,
            None => return Reading::Unclear,
        },
    };
    // A text may hold what a keyboard makes; in a blob or between others a control character says that it is something else.
    let is_odd = |sign: char| sign == '\0' || !is_text && sign.is_control() && !sign.is_whitespace();
    if text.contains(is_odd) {
        return Reading::Unclear;
    }
    if is_text && text.as_bytes() == bytes { Reading::AsWritten } else { Reading::Certain(text) }
}

/// The text of bytes in Windows-1252: words in which each letter beyond ASCII stands alone. Two in a row may be what is left of UTF-8.
fn windows_1252(bytes: &[u8]) -> Option<String> {
    let is_in_a_row = bytes.windows(2).any(|pair| pair.iter().all(|byte| !byte.is_ascii()));
    if is_in_a_row {
        return None;
    }
    let (text, has_errors) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let is_written = |sign: char| !sign.is_control() || sign.is_ascii_whitespace();
    (!has_errors && text.chars().all(is_written)).then(|| text.into_owned())
}

/// The text of which somebody read the UTF-8 as Latin-1 or Windows-1252, where it can have been nothing else: `CitroÃ«n` is Citroën.
///
/// All of it must be such bytes, and what they say western letters and punctuation. `Å®` at the end of a word in capitals may be
/// meant so.
pub(super) fn unmangled(text: &str) -> Option<String> {
    let bytes: Vec<u8> = text.chars().map(byte_of).collect::<Option<_>>()?;
    let read = String::from_utf8(bytes).ok()?;
    let is_western = |sign: char| {
        sign.is_ascii()
            || matches!(sign, '\u{a0}'..='\u{17f}') && !matches!(sign, '×' | '÷')
            || matches!(sign, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '€' | '™')
    };
    let signs: Vec<char> = text.chars().collect();
    let may_be_meant = signs.windows(3).enumerate().any(|(at, three)| {
        let is_end = signs.get(at + 3).is_none_or(|next| !next.is_alphanumeric());
        three[0].is_ascii_uppercase() && matches!(three[1], 'Â'..='Å') && is_end && "®™”’»".contains(three[2])
    });
    (read != text && read.chars().all(is_western) && !may_be_meant).then_some(read)
}

/// The byte of which somebody made a sign. The five that Windows-1252 lacks are read as Latin-1 by most.
fn byte_of(sign: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(sign)) {
        return Some(byte);
    }
    let mut text = [0; 4];
    match *WINDOWS_1252.encode(sign.encode_utf8(&mut text)).0 {
        [byte] if byte >= 0x80 => Some(byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_the_encoding_in_which_it_was_written_where_that_is_certain() {
        for (text, expected) in [
            ("CitroÃ«n", Some("Citroën")),
            ("CITROÃ‹N", Some("CITROËN")),
            ("Citro\u{c3}\u{ab}n C4 dâ€™Ivoire", Some("Citroën C4 d’Ivoire")),
            ("VoilÃ\u{a0}", Some("Voilà")),
            ("Ã\u{89}lite", Some("Élite")),
            ("Å koda", None),
            ("Å\u{a0}koda", Some("Škoda")),
            ("GÃ¶rlitz â€“ sold", Some("Görlitz – sold")),
            ("LEÃ“N", Some("LEÓN")),
            ("Civic\u{c2}\u{a0}", Some("Civic\u{a0}")),
            // What is meant as it stands.
            ("Citroën", None),
            ("Citroën CitroÃ«n", None),
            ("SÃO PAULO", None),
            ("CAFÉ™", None),
            ("CAFÈ®", None),
            ("SKODÅ®", None),
            ("ŠKODA “Ä”", None),
            ("Straße ®", None),
            ("Camry", None),
            ("", None),
            ("日本", None),
            ("4Ã—4", None),
            ("æ—¥æœ¬", None),
            ("\u{c2}\u{85}", None),
        ] {
            assert_eq!(unmangled(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn each_form_is_read_where_it_is_certain() {
        let certain = |text: &str| Reading::Certain(text.to_owned());
        for (class, bytes, expected) in [
            ("text", b"Citro\xc3\xabn".as_slice(), Reading::AsWritten),
            ("text", b"", Reading::AsWritten),
            ("text", b"two\nlines", Reading::AsWritten),
            ("text", b"Citro\xebn", certain("Citro\u{eb}n")),
            ("text", b"caf\xe9", certain("caf\u{e9}")),
            ("text", b"dealer\x92s", certain("dealer\u{2019}s")),
            ("text", b"Camry\0\0", certain("Camry")),
            ("text", b"\0", certain("")),
            ("text", b"Cam\0ry", Reading::Unclear),
            ("text", b"\xff\xfe", Reading::Unclear),
            ("text", b"5 \xe2\x82", Reading::Unclear),
            ("text", b"\xf0\x9f\x98", Reading::Unclear),
            ("text", b"\x8d", Reading::Unclear),
            ("blob", b"Camry", certain("Camry")),
            ("blob", b"Citro\xebn", certain("Citro\u{eb}n")),
            ("blob", b"", certain("")),
            ("blob", b"\x01\x02\x03", Reading::Unclear),
            ("blob", b"\xff\xd8\xff", Reading::Unclear),
            ("integer", b"1234", certain("1234")),
            ("real", b"1.5", certain("1.5")),
        ] {
            assert_eq!(read(class, bytes), expected, "{class} {bytes:?}");
        }
    }
}
