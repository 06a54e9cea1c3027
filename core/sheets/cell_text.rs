//! How a text or a list of texts stands in a cell of a CSV file or a worksheet. Pure.
//!
//! People leave blanks behind words and part lists as they like, so a cell is read leniently. What is written here is read back to
//! the letter. A text stands as it is where it is read so. One that a spreadsheet would run has an apostrophe in front. Any other stands
//! in the exact form, between `'"` and `"`, and a list that is not told from its lines as a JSON list.

use std::borrow::Cow;

use crate::typed::list;

/// What a spreadsheet takes for the beginning of a formula, full-width forms included.
const FORMULA_SIGNS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

const EXACTLY: (&str, char) = ("'\"", '"');

/// Whether a spreadsheet could run the text. A number is none, nor is one of a telephone: without a letter nothing is called.
fn may_be_run(text: &str) -> bool {
    // Most cells begin so, and nothing stands in front of it.
    if text.starts_with(|sign: char| sign.is_ascii_alphanumeric()) {
        return false;
    }
    let is_of_numbers = |sign: char| sign.is_ascii_digit() || " +-.,()/".contains(sign);
    let seen = text.trim_start_matches(is_unseen);
    let is_number = seen.starts_with(['+', '-']) && seen.chars().all(is_of_numbers);
    text.starts_with(['\t', '\r']) || (seen.starts_with(FORMULA_SIGNS) && !is_number)
}

/// What a spreadsheet may pass over before it looks for a formula.
fn is_unseen(sign: char) -> bool {
    sign.is_whitespace() || sign.is_control() || matches!(sign, '\u{feff}' | '\u{200b}'..='\u{200f}')
}

/// A cell without the apostrophe that keeps a spreadsheet from running it.
pub(crate) fn without_guard(cell: &str) -> &str {
    let is_formula =
        |rest: &&str| rest.starts_with(FORMULA_SIGNS) || rest.trim_start_matches(is_unseen).starts_with(FORMULA_SIGNS);
    cell.strip_prefix('\'').filter(is_formula).unwrap_or(cell)
}

/// Puts an apostrophe in front of a cell that a spreadsheet could run.
pub(crate) fn guard(cell: &mut String) {
    if may_be_run(cell) {
        cell.insert(0, '\'');
    }
}

/// The text that a cell says.
pub(crate) fn read(cell: &str) -> &str {
    let cell = cell.trim();
    let (begin, end) = EXACTLY;
    match cell.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)) {
        Some(exact) => exact,
        None => without_guard(cell),
    }
}

/// Writes a text into an empty cell, so that [`read`] answers it.
pub(crate) fn write(text: &str, cell: &mut String) {
    cell.push_str(text);
    guard(cell);
    if read(cell) != text {
        let (begin, end) = EXACTLY;
        cell.clear();
        cell.push_str(begin);
        cell.push_str(text);
        cell.push(end);
    }
}

/// Writes texts into an empty cell, one a line where they are told apart so, so that [`list`] reads them again.
pub(crate) fn write_list(texts: &[Cow<'_, str>], cell: &mut String) {
    for (place, text) in texts.iter().enumerate() {
        cell.push_str(if place > 0 { "\n" } else { "" });
        cell.push_str(text);
    }
    guard(cell);
    if !are_lines(texts) && !list(read(cell)).is_ok_and(|read| read == texts) {
        cell.clear();
        // A list of texts is always JSON.
        cell.push_str(&serde_json::to_string(texts).unwrap_or_default());
    }
}

/// Whether texts are read again from a line each, without reading them.
fn are_lines(texts: &[Cow<'_, str>]) -> bool {
    let is_line = |text: &str| !text.is_empty() && text.trim() == text && !text.contains('\n');
    let begins_plainly = |text: &str| !text.starts_with(['[', '\'']);
    texts.len() > 1 && texts.iter().all(|text| is_line(text)) && texts.first().is_some_and(|text| begins_plainly(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell_of(text: &str) -> String {
        let mut cell = String::new();
        write(text, &mut cell);
        cell
    }

    fn cell_of_list(texts: &[&str]) -> String {
        let (mut cell, texts) = (String::new(), texts.iter().map(|text| Cow::Borrowed(*text)).collect::<Vec<_>>());
        write_list(&texts, &mut cell);
        cell
    }

    #[test]
    fn formulas_are_known_and_numbers_are_none() {
        for text in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-A1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "＝1",
            "=1",
            " =1",
            "\u{a0}\t=1",
            "\u{feff}=1",
            "\u{1}@A1",
            "\n=1",
            "\t-5",
        ] {
            assert!(may_be_run(text), "{text:?}");
        }
        for text in ["+1 213 555 0100", "-5", "-5.00", "+1 (213) 555-0100", "", "a=b", "-", " -5", "'=1", " x"] {
            assert!(!may_be_run(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_stays_readable_where_it_can() {
        for (text, cell) in [
            ("Two\r\nlines\tand a tab", "Two\r\nlines\tand a tab"),
            ("=1+1", "'=1+1"),
            ("'90s", "'90s"),
            ("\"quoted\"", "\"quoted\""),
            ("'=1", "'\"'=1\""),
            (" LX ", "'\" LX \""),
            ("One.\nTwo.\n", "'\"One.\nTwo.\n\""),
            (" =1", "' =1"),
            ("'\"x\"", "'\"'\"x\"\""),
            ("'\"", "'\""),
            ("", ""),
        ] {
            assert_eq!(cell_of(text), cell, "{text:?}");
        }
    }

    #[test]
    fn a_list_stands_in_lines_where_they_tell_its_texts() {
        for (texts, cell) in [
            (&["Bluetooth", "Seats, heated | front"][..], "Bluetooth\nSeats, heated | front"),
            (&["Bluetooth"], "Bluetooth"),
            (&["=1", "=2"], "'=1\n=2"),
            (&["Seats, heated"], r#"["Seats, heated"]"#),
            (&["two\nlines"], r#"["two\nlines"]"#),
            (&["[x]"], r#"["[x]"]"#),
            (&["'=1", "=2"], r#"["'=1","=2"]"#),
            (&[" =1"], r#"[" =1"]"#),
            (&["a", ""], r#"["a",""]"#),
            (&[""], r#"[""]"#),
            (&["https://x.example/1 2.jpg"], r#"["https://x.example/1 2.jpg"]"#),
        ] {
            assert_eq!(cell_of_list(texts), cell);
        }
    }

    #[test]
    fn what_people_type_is_read_as_they_mean_it() {
        for (cell, text) in [(" LX ", "LX"), ("'=1+1", "=1+1"), ("'90s", "'90s"), ("''=1", "''=1"), ("' x", "' x")] {
            assert_eq!(read(cell), text, "{cell:?}");
        }
    }

    /// Texts of signs that mean something in a cell, and of any others.
    fn any_text() -> impl Strategy<Value = String> {
        let signs = "'\"=+-@\t\r\n|;, []x1\u{85}\u{a0}\u{feff}\u{1}\u{2028}é🚗";
        let sign = proptest::sample::select(signs.chars().collect::<Vec<_>>());
        prop_oneof![
            3 => prop::collection::vec(sign, 0..8).prop_map(String::from_iter),
            1 => any::<String>(),
            1 => "https?://x\\.example/[a, ;|'\"\n]{0,6}",
        ]
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_to_the_letter_and_none_is_run(text in any_text()) {
            let cell = cell_of(&text);
            prop_assert_eq!(read(&cell), &text);
            prop_assert!(!may_be_run(&cell), "{:?}", cell);
        }

        #[test]
        fn any_list_is_read_back_to_the_letter_and_none_is_run(texts in prop::collection::vec(any_text(), 1..4)) {
            let cell = cell_of_list(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(list(read(&cell)).unwrap(), texts);
            prop_assert!(!may_be_run(&cell), "{:?}", cell);
        }
    }
}
