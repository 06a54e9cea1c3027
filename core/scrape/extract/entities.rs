//! Character references such as `&amp;` and `&#233;`, decoded as a browser does.

use std::borrow::Cow;

use html5ever::data::NAMED_ENTITIES;

/// The character references of an attribute's value, decoded once: one without its semicolon stands only where neither a
/// letter, a digit nor `=` follows, so that addresses (`?a=1&copy=2`) keep their parameters.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    decode_where(text, |rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '='))
}

/// The character references of a page's text, decoded once, as a browser does.
pub(crate) fn decode_text(text: &str) -> Cow<'_, str> {
    decode_where(text, |_| true)
}

/// `may_end` says whether a name may end in front of a rest without a semicolon.
fn decode_where(text: &str, may_end: fn(&str) -> bool) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((characters, length)) = reference(rest, may_end) {
            decoded.extend(characters.into_iter().flatten());
            rest = &rest[length..];
        } else {
            decoded.push('&');
            rest = &rest[1..];
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// What a reference stands for: one character, seldom two.
type Referred = [Option<char>; 2];

/// What the reference at the start of `text` stands for, and the reference's length.
fn reference(text: &str, may_end: fn(&str) -> bool) -> Option<(Referred, usize)> {
    let (code, length) = match text.as_bytes().get(1)? {
        b'#' => numbered(text)?,
        _ => return named(text, may_end),
    };
    Some(([Some(from_code(code)), None], length))
}

/// `&#233;` or `&#xe9;`, with or without the semicolon.
fn numbered(text: &str) -> Option<(u32, usize)> {
    let (start, radix) = if matches!(text.as_bytes().get(2)?, b'x' | b'X') { (3, 16) } else { (2, 10) };
    let digits = text[start..].bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if digits == 0 {
        return None;
    }
    let end = start + digits;
    // What does not fit is no character.
    let code = u32::from_str_radix(&text[start..end], radix).unwrap_or(u32::MAX);
    Some((code, end + usize::from(text.as_bytes().get(end) == Some(&b';'))))
}

/// A numeric reference; 128 to 159 mean windows-1252, as in every browser.
fn from_code(code: u32) -> char {
    let character = match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9f) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
        _ => char::from_u32(code).filter(|c| *c != '\0'),
    };
    character.unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The longest name of a reference, `&CounterClockwiseContourIntegral;`, has 32 characters.
const NAME_BYTES_MAX: usize = 32;

fn named(text: &str, may_end: fn(&str) -> bool) -> Option<(Referred, usize)> {
    let known = |end: usize| {
        // The table also holds the beginnings of names, which stand for nothing.
        let (first, second) = *NAMED_ENTITIES.get(&text[1..end]).filter(|(first, _)| *first != 0)?;
        Some(([char::from_u32(first), char::from_u32(second).filter(|c| *c != '\0')], end))
    };
    let letters = text[1..].bytes().take(NAME_BYTES_MAX).take_while(u8::is_ascii_alphanumeric).count();
    let end = 1 + letters;
    if text.as_bytes().get(end) == Some(&b';')
        && let Some(found) = known(end + 1)
    {
        return Some(found);
    }
    // Names of the first days of HTML do without the semicolon; the longest has six letters, `&brvbar`.
    (3..=end.min(7)).rev().find_map(known).filter(|(_, end)| may_end(&text[*end..]))
}
