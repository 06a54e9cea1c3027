//! Texts as a person would read them, and instants as programs write them.
//!
//! What is deliberately not here: numbers (`numbers`) and character references (`entities`).

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::entities::decode;

/// A text as a person would read it: entities decoded, tags and odd spaces removed; `None` where it says nothing.
///
/// `null`, `N/A`, a dash, an unfilled template (`{{Vin}}`, `$interiorcolor`) and the like say nothing.
///
/// ```
/// use jpauto::extract;
///
/// assert_eq!(extract::text(" Blue&amp;nbsp; Jeans&nbsp;Metallic "), Some("Blue Jeans Metallic".to_owned()));
/// assert_eq!(extract::text("null"), None);
/// ```
#[must_use]
pub fn text(raw: &str) -> Option<String> {
    if is_plain(raw) {
        return (!is_word_for_nothing(raw)).then(|| raw.to_owned());
    }
    let mut decoded = decode(raw);
    // Some pages encode twice; a third time has not been met.
    if decoded.contains('&') {
        decoded = Cow::Owned(decode(&decoded).into_owned());
    }
    if decoded.contains('<') {
        decoded = Cow::Owned(without_tags(&decoded));
    }
    let collapsed = collapse(&decoded);
    (!says_nothing(&collapsed)).then_some(collapsed)
}

/// An instant as programs write it; one without an offset is taken as UTC, a day alone as its beginning.
pub(crate) fn instant(raw: &str) -> Option<DateTime<Utc>> {
    let raw = raw.trim();
    let local = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(raw, form).ok())
    };
    let day = || NaiveDate::parse_from_str(raw, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN));
    let exact = DateTime::parse_from_rfc3339(raw).ok().map(DateTime::<Utc>::from);
    exact.or_else(|| local().or_else(day).map(|local| local.and_utc()))
}

/// Whether a character shows nothing by itself and may change how its neighbours are shown.
///
/// Control characters, those of no width, and those that turn the direction of writing, by which a text reads otherwise than it
/// is (CVE-2021-42574).
///
/// ```
/// assert!(jpauto::extract::is_unseen('\u{202e}') && !jpauto::extract::is_unseen('ä'));
/// ```
#[must_use]
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Whether there is nothing to decode, to take out or to collapse, and no template left unfilled.
fn is_plain(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'<' | b'{');
    // A space stands alone, between two words.
    let mut in_word = false;
    text.bytes().all(|byte| {
        let was_in_word = std::mem::replace(&mut in_word, is_word(byte));
        in_word || (byte == b' ' && was_in_word)
    }) && (in_word || text.is_empty())
}

/// [`collapse`], without a copy of what needs none: most texts have their spaces at the ends alone.
pub(crate) fn collapsed(text: &str) -> Cow<'_, str> {
    let is_gap = |byte: u8| byte <= b' ' || byte == 0x7f;
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|byte| !is_gap(*byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_gap(*byte)).map_or(start, |last| last + 1);
    let mut in_gap = false;
    let is_plain = bytes[start..end].iter().all(|byte| {
        let was_in_gap = std::mem::replace(&mut in_gap, *byte == b' ');
        byte.is_ascii() && if in_gap { !was_in_gap } else { !is_gap(*byte) }
    });
    if is_plain { Cow::Borrowed(&text[start..end]) } else { Cow::Owned(collapse(text)) }
}

/// Every run of spaces, line ends and characters that show nothing as one space, none at the ends.
pub(crate) fn collapse(text: &str) -> String {
    if text.is_ascii() {
        return collapse_ascii(text);
    }
    let mut collapsed = String::with_capacity(text.len().min(256));
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || is_unseen(c) {
            gap = true;
            continue;
        }
        if gap && !collapsed.is_empty() {
            collapsed.push(' ');
        }
        gap = false;
        collapsed.push(c);
    }
    collapsed
}

/// [`collapse`] for the texts that most are: whole words are copied, not characters.
fn collapse_ascii(text: &str) -> String {
    // The control characters of ASCII are all at or below the space, but for DEL.
    let is_gap = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    let bytes = text.as_bytes();
    let mut collapsed = String::with_capacity(text.len().min(256));
    let mut at = 0;
    while let Some(step) = bytes[at..].iter().position(|byte| !is_gap(byte)) {
        let start = at + step;
        at = bytes[start..].iter().position(is_gap).map_or(bytes.len(), |length| start + length);
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(&text[start..at]);
    }
    collapsed
}

fn says_nothing(text: &str) -> bool {
    is_word_for_nothing(text) || text.contains("{{") || text.contains("<%")
}

/// [`says_nothing`] but for templates of several signs.
fn is_word_for_nothing(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "null",
        "n/a",
        "na",
        "none",
        "undefined",
        "unknown",
        "tbd",
        "not available",
        "not specified",
        "unspecified",
        "nan",
        "n.a.",
    ];
    // Of ASCII alone most texts are, and of a letter or digit soon.
    !(text.bytes().any(|byte| byte.is_ascii_alphanumeric()) || text.chars().any(char::is_alphanumeric))
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '{'))
}

fn without_tags(text: &str) -> String {
    use super::markup::{Token, Tokens};
    let mut plain = String::with_capacity(text.len());
    for token in Tokens::new(text) {
        match token {
            Token::Text(text) => plain.push_str(text),
            Token::Open(_) | Token::Close(_) => plain.push(' '),
            Token::Raw(..) => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_spaces_at_its_ends_alone_is_not_copied() {
        for (text, is_copied) in [
            ("", false),
            (" \n ", false),
            ("\n    2019 Ford F-150 \t", false),
            ("a  b", true),
            ("a\nb", true),
            ("a\u{7f}b", true),
            (" caf\u{e9} ", true),
            ("\u{a0}a", true),
        ] {
            let collapsed = collapsed(text);
            assert_eq!(collapsed, collapse(text), "{text:?}");
            assert_eq!(matches!(collapsed, Cow::Owned(_)), is_copied, "{text:?}");
        }
    }

    #[test]
    fn what_shows_nothing_never_reaches_a_text() {
        for unseen in
            ['\u{202e}', '\u{2066}', '\u{2069}', '\u{200f}', '\u{61c}', '\u{ad}', '\u{85}', '\u{feff}', '\u{e0041}']
        {
            assert!(is_unseen(unseen), "{unseen:?}");
            assert_eq!(text(&format!("Camry{unseen}{unseen} SE{unseen}")).as_deref(), Some("Camry SE"), "{unseen:?}");
        }
        for seen in [' ', 'a', 'ä', '–', 'خ', '車', '🚗'] {
            assert!(!is_unseen(seen), "{seen:?}");
        }
    }

    #[test]
    fn spaces_collapse_the_same_in_ascii_and_beyond() {
        for text in ["", " ", "a", "  a \t\n b\u{7f}\u{0}c ", "\u{1f}a  b"] {
            let beyond = collapse(&format!("é {text}"));
            assert_eq!(format!("é {}", collapse(text)).trim(), beyond, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cleaned_of_markup_and_of_words_that_say_nothing() {
        for (raw, cleaned) in [
            ("  Ruby\u{a0}Red\n Metallic ", Some("Ruby Red Metallic")),
            ("Town &amp;amp; Country", Some("Town & Country")),
            ("Caf&eacute; &#233; &#x96; &#150;", Some("Café é – –")),
            ("<span class='c'>Blue</span>", Some("Blue")),
            ("AT&T &bogus; & so", Some("AT&T &bogus; & so")),
            ("1 &frac12; &#0; &#x110000; &acE; &lt", Some("1 ½ \u{fffd} \u{fffd} \u{223e}\u{333} <")),
            ("null", None),
            ("N/A", None),
            ("--", None),
            ("{{Vin}}", None),
            ("$interiorcolor", None),
            ("", None),
        ] {
            assert_eq!(text(raw).as_deref(), cleaned, "{raw}");
        }
    }
}
