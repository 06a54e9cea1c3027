//! One value of a row, before a format writes it down, and how texts are cleaned.

use std::{borrow::Cow, fmt::Write as _};

use super::rule::is_web_address;
use crate::{money::Money, sheets::cell_text};

/// What a column says of one vehicle.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing.
    Missing,
    /// Words.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(i64),
    /// An exact amount, with two decimals.
    Amount(Money),
    /// An amount that the website wants as a text.
    AmountAsText(Money),
    /// Degrees.
    Degrees(f64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<Cow<'a, str>>),
}

impl<'a> Value<'a> {
    /// A text; one that is empty says nothing.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.trim().is_empty() { Self::Missing } else { Self::Text(text) }
    }

    /// A text as it is stored, also one that is empty; what is [`cleaned`](Self::cleaned) says nothing then.
    pub(super) fn text_of(text: Option<&'a str>) -> Self {
        text.map_or(Self::Missing, |text| Self::Text(text.into()))
    }

    pub(super) fn whole_of(number: Option<i32>) -> Self {
        number.map_or(Self::Missing, |number| Self::Whole(number.into()))
    }

    pub(super) fn amount_of(amount: Option<Money>) -> Self {
        amount.map_or(Self::Missing, Self::Amount)
    }

    pub(super) fn flag_of(flag: Option<bool>) -> Self {
        flag.map_or(Self::Missing, Self::Flag)
    }

    /// Several texts; none at all say nothing.
    pub(super) fn list(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let list: Vec<_> = texts.into_iter().map(|text| Cow::Borrowed(text.as_str())).collect();
        if list.is_empty() { Self::Missing } else { Self::List(list) }
    }

    /// The same with texts cleaned, and cut to `longest` characters.
    pub(super) fn cleaned(self, lines: Lines, longest: Option<usize>) -> Self {
        match self {
            exact if lines == Lines::Exact => exact,
            Self::Text(text) => Self::text(cut(clean(text, lines), longest)),
            Self::List(texts) => {
                let texts: Vec<_> = texts.into_iter().map(|text| clean(text, lines)).collect();
                let texts: Vec<_> = texts.into_iter().filter(|text| !text.trim().is_empty()).collect();
                if texts.is_empty() { Self::Missing } else { Self::List(texts) }
            }
            other => other,
        }
    }

    /// Appends the value as a cell holds it; several texts are parted by the separator.
    pub(super) fn write_to(&self, cell: &mut String, separator: &str) {
        // Writing to a text does not fail.
        let _ = match self {
            Self::Missing => Ok(()),
            Self::Text(text) => cell.write_str(text),
            Self::Whole(number) => cell.write_str(itoa::Buffer::new().format(*number)),
            Self::Amount(amount) | Self::AmountAsText(amount) => write!(cell, "{amount}"),
            Self::Degrees(degrees) => write!(cell, "{degrees}"),
            Self::Flag(flag) => cell.write_str(if *flag { "true" } else { "false" }),
            Self::List(texts) => {
                for (place, text) in texts.iter().enumerate() {
                    cell.push_str(if place > 0 { separator } else { "" });
                    cell.push_str(&without_separator(text, separator));
                }
                Ok(())
            }
        };
    }

    /// Appends the value to an empty cell so that an import reads it back to the letter.
    pub(super) fn write_exactly_to(&self, cell: &mut String) {
        match self {
            Self::Text(text) => cell_text::write(text, cell),
            Self::List(texts) => cell_text::write_list(texts, cell),
            other => other.write_to(cell, "|"),
        }
    }

    /// Whether a spreadsheet could take it for a formula: words can be one, numbers never are.
    pub(super) fn may_be_formula(&self) -> bool {
        matches!(self, Self::Text(_) | Self::List(_))
    }
}

/// A text of a list in which the separator does not occur: an address has it encoded, words have a blank instead.
pub(super) fn without_separator<'t>(text: &'t str, separator: &str) -> Cow<'t, str> {
    if separator.is_empty() || !text.contains(separator) {
        return Cow::Borrowed(text);
    }
    if !is_web_address(text) {
        return Cow::Owned(text.replace(separator, " "));
    }
    let encoded = separator.bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02X}"));
    Cow::Owned(text.replace(separator, &encoded))
}

/// What becomes of line breaks, and of other signs that no word has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lines {
    /// A text is one line, as platforms want it.
    #[default]
    One,
    /// Line breaks stay, each as one line feed.
    Kept,
    /// Everything stays as it is stored.
    Exact,
}

/// Takes out what no feed should carry: control characters, and line breaks where the text is to be one line.
fn clean(text: Cow<'_, str>, lines: Lines) -> Cow<'_, str> {
    let is_plain = |sign: char| match sign {
        '\n' => lines == Lines::Kept,
        // Line breaks of Unicode, a byte order mark, and what XML has no way to write.
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        sign => !sign.is_control(),
    };
    // Most texts are ASCII and plain: bytes are quicker to look at.
    let is_plain_ascii =
        text.bytes().all(|byte| (b' '..0x7f).contains(&byte) || (byte == b'\n' && lines == Lines::Kept));
    if is_plain_ascii || text.chars().all(is_plain) {
        return text;
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\r' if signs.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' if lines == Lines::Kept => cleaned.push('\n'),
            '\r' | '\n' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' if cleaned.ends_with(' ') => {}
            '\r' | '\n' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            sign if is_plain(sign) => cleaned.push(sign),
            _ => {}
        }
    }
    Cow::Owned(cleaned)
}

/// The first characters of a text.
fn cut(text: Cow<'_, str>, longest: Option<usize>) -> Cow<'_, str> {
    let Some(longest) = longest.filter(|longest| text.len() > *longest) else { return text };
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(text[..end].trim_end().to_owned()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_line_without_control_characters() {
        for (text, one, kept) in [
            ("plain", "plain", "plain"),
            ("a\r\nb", "a b", "a\nb"),
            ("a\rb\nc", "a b c", "a\nb\nc"),
            ("a\u{0}\u{7}b\u{7f}\u{feff}\u{fffe}c", "abc", "abc"),
            ("a\u{2028}b", "a b", "a\nb"),
            ("a \n\n b", "a  b", "a \n\n b"),
            ("🚗 שלום é", "🚗 שלום é", "🚗 שלום é"),
            ("tab\there", "tab here", "tab here"),
        ] {
            assert_eq!(clean(Cow::Borrowed(text), Lines::One), one, "{text:?}");
            assert_eq!(clean(Cow::Borrowed(text), Lines::Kept).replace('\t', " "), kept, "{text:?}");
        }
    }

    #[test]
    fn what_parts_a_list_does_not_occur_in_it() {
        let list = Value::List(vec!["a|b".into(), "https://example.com/1|2.jpg".into()]);
        let mut cell = String::new();
        list.write_to(&mut cell, "|");
        assert_eq!(cell, "a b|https://example.com/1%7C2.jpg");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("🚗🚗🚗".into(), Some(2)), "🚗🚗");
        assert_eq!(cut("ééé".into(), Some(3)), "ééé");
        assert_eq!(cut("one two".into(), Some(4)), "one");
    }
}
