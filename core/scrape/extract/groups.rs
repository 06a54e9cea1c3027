//! Numbers whose thousands are set apart as Americans do not.
//!
//! What is deliberately not here: what such a number is of; without a sign or a unit it is read as none (`numbers`, `miles`).

/// A number at the beginning of a text whose thousands are set apart by dots, blanks or apostrophes, with how long it is:
/// `46.988`, `46.988,00`, `46 988`, `46'988`.
pub(super) fn grouped_otherwise(text: &str) -> Option<(usize, i64)> {
    const FIRST_MOST: usize = 3;
    const GROUPS_MOST: usize = 3;
    let count = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = count(text);
    let separator = text[first..].chars().next().filter(|sign| matches!(sign, '.' | ' ' | '\'' | '\u{2019}'))?;
    if !(1..=FIRST_MOST).contains(&first) || text.starts_with('0') {
        return None;
    }
    let (mut length, mut groups) = (first, 0);
    while let Some(rest) = text[length..].strip_prefix(separator).filter(|rest| count(rest) == 3) {
        // Three digits in front of a comma are a number of their own.
        if rest[3..].strip_prefix(',').is_some_and(|behind| count(behind) == 3) {
            break;
        }
        length += separator.len_utf8() + 3;
        groups += 1;
    }
    let cents = text[length..].strip_prefix([',', '.']).filter(|cents| count(cents) == 2);
    let digits = |text: &str| {
        text.bytes().filter(u8::is_ascii_digit).fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    if !(1..=GROUPS_MOST).contains(&groups) {
        return None;
    }
    let whole = digits(&text[..length]) * 100;
    Some(cents.map_or((length, whole), |cents| (length + 3, whole + digits(&cents[..2]))))
}

/// Whether a text is one number whose thousands blanks set apart: `46 988`.
pub(super) fn is_grouped_by_blanks(text: &str) -> bool {
    text.contains(' ')
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
        && grouped_otherwise(text).is_some_and(|(length, _)| length == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_from_cents_and_from_numbers_side_by_side() {
        for (text, read) in [
            ("17.450", Some((6, 1_745_000))),
            ("17.450,00 $", Some((9, 1_745_000))),
            ("17.450.50", Some((9, 1_745_050))),
            ("17 450 $", Some((6, 1_745_000))),
            ("17'450", Some((6, 1_745_000))),
            ("1 017 450", Some((9, 101_745_000))),
            ("17,450", None),
            ("17.45", None),
            ("17.4500", None),
            ("17 45", None),
            ("2019 450", None),
            ("0.450", None),
            ("17 450,500 miles", None),
        ] {
            assert_eq!(grouped_otherwise(text), read, "{text}");
        }
    }

    #[test]
    fn a_price_may_be_written_with_blanks_or_with_words_for_the_sign() {
        for (text, dollars) in [
            ("12,345 dollars", Some("12345.00")),
            ("Asking 12345 Dollars", Some("12345.00")),
            ("46 988", Some("46988.00")),
            ("46\u{a0}988", Some("46988.00")),
            ("Price: 46 988", Some("46988.00")),
            ("Prix : 46 988", Some("46988.00")),
            ("1 046 988", Some("1046988.00")),
            ("46 98", None),
            ("4698 988", None),
            ("46.988", None),
            ("$12,995 w/ 12 month warranty", Some("12995.00")),
            ("Pre-tax price $12,995", Some("12995.00")),
        ] {
            let read = super::super::price(text).map(|price| price.to_string());
            assert_eq!(read.as_deref(), dollars, "{text}");
        }
    }
}
