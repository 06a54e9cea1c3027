//! How many vehicles a page claims there are, by its words, and whether it says that there are none.
//!
//! What is deliberately not here: which words of a page are asked (`pagination`).

use super::entities;

/// The claim of a total: `1 - 30 of 35 Total` before `58 Vehicles matching`.
pub(crate) fn total(words: &str) -> Option<u32> {
    let text = entities::decode_text(words);
    let mut counted = None;
    let mut after = 0;
    // Few words of a page hold a digit: only around those is the text cut into words.
    while let Some(step) = text.as_bytes()[after..].iter().position(u8::is_ascii_digit) {
        let digit = after + step;
        let start = text[..digit].rfind(char::is_whitespace).map_or(0, |at| next_character(&text, at));
        let end = text[digit..].find(char::is_whitespace).map_or(text.len(), |at| digit + at);
        after = end;
        let Some(number) = count(&text[start..end]) else { continue };
        let mut before = text[..start].split_whitespace().rev();
        let last = before.next().unwrap_or_default();
        if last.trim_start_matches('(').eq_ignore_ascii_case("of") && (ends_range(before.clone()) || ends_count(before))
        {
            return Some(number);
        }
        // `Results: 57`
        let is_labelled = ["results:", "matches:"].iter().any(|label| last.eq_ignore_ascii_case(label));
        if counted.is_none() && is_labelled {
            counted = Some(number);
        }
        if counted.is_none() && !last.eq_ignore_ascii_case("over") && counts_vehicles(text[end..].split_whitespace()) {
            counted = Some(number);
        }
    }
    counted
}

fn next_character(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(1, char::len_utf8)
}

/// Words between a number and what it counts.
const KINDS: [&str; 9] = ["new", "used", "pre-owned", "preowned", "certified", "total", "matching", "available", "&"];
/// What a list of vehicles counts.
const COUNTED: [&str; 9] =
    ["vehicles", "vehicle", "cars", "results", "matches", "listings", "trucks", "vehicle(s)", "vehicles."];

/// What one vehicle has, and no list: `31,544 Vehicle price`.
const OF_ONE: [&str; 8] = ["details", "description", "history", "info", "information", "overview", "price", "type"];

fn counts_vehicles<'a>(after: impl Iterator<Item = &'a str>) -> bool {
    let is_any = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut after = after.take(4).enumerate().skip_while(|(_, word)| is_any(word, &KINDS));
    let next = after.next().filter(|(place, _)| *place < 3);
    next.is_some_and(|(_, word)| {
        let word = word.trim_end_matches([',', '.', ':', ';', '!']);
        let is_of_one = |next: &str| is_any(next.trim_end_matches([':', ',']), &OF_ONE);
        is_any(word, &COUNTED)
            && !(word.eq_ignore_ascii_case("vehicle") && after.next().is_some_and(|(_, next)| is_of_one(next)))
    })
}

/// Whether a piece of text says that nothing was found: `No vehicles found`, `No results match your search`.
pub(super) fn says_none(text: &str) -> bool {
    let text = text.trim_ascii_start();
    // Nearly every text is ruled out by its beginning.
    if !matches!(text.as_bytes(), [b'n' | b'N', b'o' | b'O', b' ', ..]) {
        return false;
    }
    let mut words =
        text.split_whitespace().skip(1).take(6).map(|word| word.trim_end_matches(['.', ',', '!', ':', ';']));
    let is_one_of = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let counted = words.find(|word| !is_one_of(word, &KINDS));
    counted.is_some_and(|word| is_one_of(word, &COUNTED) || is_one_of(word, &["inventory"]))
        && words.any(|word| is_one_of(word, &["found", "match", "matched", "matching", "available"]))
}

/// Counts are whole; eight digits are no count of cars.
fn count(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(['.', ',', ')', ';']).trim_start_matches('(');
    if digits.len() > 9 {
        return None;
    }
    // A page has a thousand numbers and more: none of them is copied.
    digits.bytes().try_fold(None, |number: Option<u32>, byte| match byte {
        b'0'..=b'9' => Some(Some(number.unwrap_or_default() * 10 + u32::from(byte - b'0'))),
        b',' => Some(number),
        _ => None,
    })?
}

/// `1-25` in one word.
fn is_range(word: &str) -> bool {
    word.split_once(['-', '–', '—']).is_some_and(|(first, last)| count(first).is_some() && count(last).is_some())
}

/// Whether words, read backwards, begin with `8 vehicles out`.
fn ends_count<'a>(mut before: impl Iterator<Item = &'a str>) -> bool {
    let mut word = || before.next().unwrap_or_default();
    let (out, counted, shown) = (word(), word(), word());
    out.eq_ignore_ascii_case("out")
        && COUNTED.iter().any(|known| counted.eq_ignore_ascii_case(known))
        && count(shown).is_some()
}

/// Whether words, read backwards, begin with `1-30`, `1 - 30` or `1 to 30`.
fn ends_range<'a>(mut before: impl Iterator<Item = &'a str>) -> bool {
    let mut word = || before.next().unwrap_or_default();
    let last = word();
    is_range(last)
        || count(last).is_some() && matches!(word(), "-" | "–" | "—" | "to" | "through") && count(word()).is_some()
}
