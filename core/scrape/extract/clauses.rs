//! The clauses of a text with several amounts, or with an amount behind something said in full: `$389/mo or $38,450`, `0% APR, $38,450`.
//!
//! Each clause is read as a text of its own. A text stays whole where a clause without an amount may say what the amount of another one
//! is. What is deliberately not here: what a clause says of its amount (`price_words`, `price_sentences`).

use std::ops::Range;

use super::{
    amounts::{Amount, PROSE_BYTES, WORDS_BESIDE, words_of},
    fields::PriceRank,
    phrases::Phrases,
    price_sentences::is_below_another,
    price_words::{self, Stated, by_words},
};
use crate::Money;

/// An amount of dollars in a text.
type Found = (Range<usize>, Option<Money>);

/// Captions and amounts in turns are longer.
const TURNS_BYTES_MAX: usize = 200;
/// More words are no caption.
const CAPTION_WORDS: usize = 5;

/// Words that join the amounts of a sentence.
const JOINING: [&str; 8] = ["and", "by", "from", "is", "or", "than", "to", "with"];

/// What ends a clause; all of it but the first sign belongs to none.
const MARKS: [&str; 13] =
    ["! ", "? ", "; ", ". ", ", ", " | ", " / ", " (", ") ", " or ", " \u{2022} ", " \u{2013} ", " \u{2014} "];

/// The clauses that each have one amount; none of a text that stays whole.
pub(super) fn of<'t>(text: &'t str, found: &[Found]) -> Vec<&'t str> {
    if found.is_empty() {
        return Vec::new();
    }
    let marked = if text.len() <= PROSE_BYTES { by_marks(text, found) } else { None };
    marked.or_else(|| in_turns(text, found)).unwrap_or_default()
}

/// Whether two amounts of a text are each asked in another way.
pub(super) fn are_alternatives(text: &str) -> bool {
    text.contains(" or $")
}

const ANY_MARK: Phrases<13> = Phrases::new(MARKS);

fn by_marks<'t>(text: &'t str, found: &[Found]) -> Option<Vec<&'t str>> {
    if !ANY_MARK.are_in(text) {
        return None;
    }
    let mut cuts = vec![0];
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some((place, mark)) =
            MARKS.iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min_by_key(|(place, _)| *place)
        else {
            break;
        };
        at += place + mark.len();
        cuts.push(at);
    }
    cuts.push(text.len());
    let is_in = |range: &Range<usize>, found: &Found| range.start <= found.0.start && found.0.end <= range.end;
    let clauses: Vec<Range<usize>> =
        cuts.windows(2).map(|ends| ends[0]..ends[1]).filter(|range| !range.is_empty()).collect();
    let mut read = Vec::with_capacity(found.len());
    for range in &clauses {
        let mut amounts = found.iter().filter(|found| is_in(range, found));
        match (amounts.next(), amounts.next()) {
            (Some(_), None) => read.push(trimmed(&text[range.clone()])),
            (None, _) if is_said_in_full(&text[range.clone()], found) => {}
            _ => return None,
        }
    }
    (read.len() == found.len() && clauses.len() > 1).then_some(read)
}

fn trimmed(clause: &str) -> &str {
    clause
        .trim_end_matches([' ', ',', ';', '|', '/', '(', ')', '!', '?', '\u{2022}', '\u{2013}', '\u{2014}'])
        .trim_end_matches(" or")
        .trim_start_matches([' ', '('])
}

/// Whether a clause without an amount of dollars says all by itself, so that none of the amounts is what it names: `0% APR`, `Great value!`.
fn is_said_in_full(clause: &str, found: &[Found]) -> bool {
    let is_exclaimed = clause.trim_end().ends_with('!');
    let has_number = clause.bytes().any(|byte| byte.is_ascii_digit());
    let words = clause.trim_end_matches([' ', '!', ',', ';', '.']);
    let may_be = |most: i32| found.iter().any(|(_, size)| size.is_none_or(|size| size <= Money::from_dollars(most)));
    let names_one = match by_words(words) {
        Some(Stated::Rate) => may_be(MOST_A_MONTH),
        Some(Stated::Fee | Stated::Tax) => may_be(MOST_FEE),
        Some(Stated::Down | Stated::Saving) => may_be(MOST_DOWN),
        Some(Stated::Value) => !is_exclaimed,
        Some(Stated::Price(_)) => true,
        Some(Stated::Unknown) | None => false,
    };
    (is_exclaimed || has_number) && !names_one
}

/// No payment a month is more, and so on, in dollars.
const MOST_A_MONTH: i32 = 3_000;
const MOST_FEE: i32 = 6_000;
const MOST_DOWN: i32 = 7_500;

/// Captions and amounts that take turns without a mark: `Warranty $1,995 Your Price $38,450`.
fn in_turns<'t>(text: &'t str, found: &[Found]) -> Option<Vec<&'t str>> {
    let (first, last) = (&found.first()?.0, &found.last()?.0);
    if found.len() < 2 || text.len() > TURNS_BYTES_MAX {
        return None;
    }
    let has_words = |words: &str| words.bytes().any(|byte| byte.is_ascii_alphabetic());
    let (front, behind) = (text.get(..first.start)?, text.get(last.end..)?);
    let starts = || found.iter().map(|(place, _)| sign_of(text, place.start));
    let clauses: Vec<&str> = match (has_words(front), has_words(behind)) {
        (true, false) => {
            let starts = [0].into_iter().chain(found.iter().map(|(place, _)| place.end));
            starts.zip(found).filter_map(|(start, (place, _))| text.get(start..place.end)).collect()
        }
        (false, true) => {
            let ends = starts().skip(1).chain([text.len()]);
            starts().zip(ends).filter_map(|(start, end)| text.get(start..end)).collect()
        }
        _ => return None,
    };
    let is_captioned = |clause: &&str| {
        let mut words = clause.split_whitespace().filter(|word| has_words(word)).peekable();
        // `Reduced from $17,995 to $15,995` is a sentence.
        let is_sentence = words.clone().any(|word| JOINING.iter().any(|known| word.eq_ignore_ascii_case(known)));
        words.peek().is_some()
            && !is_sentence
            && words.count() <= CAPTION_WORDS
            && !clause.contains(['!', '?', ';', '('])
    };
    let is_asked = |clause: &&str| {
        by_words(clause.trim_end_matches(|sign: char| !sign.is_alphabetic())).and_then(Stated::rank).is_some()
    };
    (clauses.iter().all(is_captioned) && clauses.iter().any(is_asked)).then_some(clauses)
}

/// Where the sign of an amount stands.
fn sign_of(text: &str, start: usize) -> usize {
    text[..start].trim_end().strip_suffix('$').map_or(start, str::len)
}

/// The amounts of a text of which each has words in front, or each behind, with what they say of it.
pub(super) fn each_by_its_words(text: &str, found: &[Found]) -> Option<Vec<Amount>> {
    if found.len() > 1 {
        let starts = found.iter().map(|(place, _)| place.start).skip(1).chain([text.len()]);
        let ends = [0].into_iter().chain(found.iter().map(|(place, _)| place.end));
        let said = |front: &str| match front {
            _ if price_words::ends_in_an_aside(front) => Some(Stated::Fee),
            _ if price_words::ends_in_a_condition(front) => Some(Stated::Unknown),
            _ => by_words(front),
        };
        let mut in_front: Vec<_> =
            found.iter().zip(ends).map(|((place, _), end)| said(&text[end..place.start])).collect();
        take_off(text, found, &mut in_front);
        let behind: Vec<_> =
            found.iter().zip(starts).map(|((place, _), start)| by_words(&text[place.end..start])).collect();
        let sum = if text.len() > PROSE_BYTES { None } else { sum_of(&in_front, found) };
        let whole = [in_front, behind].into_iter().find(|side| side.iter().all(Option::is_some));
        if let Some(side) = sum.or(whole) {
            let is_short = words_of(text) <= WORDS_BESIDE * found.len();
            let amount = |(own, (_, size)): (Option<Stated>, &Found)| Amount {
                price: *size,
                size: *size,
                own,
                is_short,
                has_sign: true,
                ..Amount::default()
            };
            return Some(side.into_iter().zip(found).map(amount).collect());
        }
    }
    None
}

/// What is said of amounts of which the last, behind no word, is what the others come to: `MSRP $17,995 - Save $2,000 - $15,995`.
fn sum_of(in_front: &[Option<Stated>], found: &[Found]) -> Option<Vec<Option<Stated>>> {
    let (None, said) = in_front.split_last()? else { return None };
    let ((_, Some(last)), rows) = found.split_last()? else { return None };
    let mut total: i64 = 0;
    for (at, (said, (_, size))) in said.iter().zip(rows).enumerate() {
        total += match (at, (*said)?) {
            (0, Stated::Price(_)) | (1.., Stated::Fee) => size.as_ref()?.cents(),
            (1.., Stated::Saving) => -size.as_ref()?.cents(),
            _ => return None,
        };
    }
    let asked = Some(Stated::Price(PriceRank::Asking));
    (rows.len() > 1 && total == last.cents()).then(|| said.iter().copied().chain([asked]).collect())
}

/// Says of amounts by which a price was lowered that they are savings: `Reduced $2,000! Now $38,450`, `$1,000 under market average of
/// $44,000`, `less $1,000`.
fn take_off(text: &str, found: &[Found], said: &mut [Option<Stated>]) {
    let mut start = 0;
    for (at, (place, _)) in found.iter().enumerate() {
        let front = text[start..place.start].trim_end_matches(['$', ' ']);
        let is_asked_behind = || said.get(at + 1) == Some(&Some(Stated::Price(PriceRank::Asking)));
        let is_less = at > 0
            && front
                .rsplit(' ')
                .next()
                .is_some_and(|last| ["less", "minus"].iter().any(|word| last.eq_ignore_ascii_case(word)));
        let is_lowered = price_words::ends_lowered(front) && is_asked_behind();
        if is_less || is_lowered || is_below_another(&text[place.end..]) {
            said[at] = Some(Stated::Saving);
        }
        start = place.end;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{listings, numbers};

    fn clauses(text: &str) -> Vec<&str> {
        super::of(text, &numbers::dollars(text))
    }

    #[test]
    fn each_clause_with_an_amount_is_read_by_itself() {
        for (text, parts) in [
            ("$389/mo or $15,995", &["$389/mo", "$15,995"][..]),
            ("0% APR, $15,995", &["$15,995"]),
            ("Great value! $15,995", &["$15,995"]),
            ("$15,995 (MSRP $17,995)", &["$15,995", "MSRP $17,995"]),
            ("Starting bid $500 / Buy now $15,995", &["Starting bid $500", "Buy now $15,995"]),
            ("Warranty $1,995 Your Price $15,995", &["Warranty $1,995", " Your Price $15,995"]),
            ("$15,995 Price $2,000 Down", &["$15,995 Price ", "$2,000 Down"]),
            // What may say of the amount what it is stands with it.
            ("Down payment 10%, $3,845", &[]),
            ("Low down! $1,500", &[]),
            ("KBB value, 2026, $15,995", &[]),
            ("$15,995 or best offer", &[]),
            ("Reduced from $17,995 to $15,995", &[]),
            ("$15,995", &[]),
        ] {
            assert_eq!(clauses(text), parts, "{text}");
        }
    }

    #[test]
    fn the_price_of_a_sentence_is_read_or_told_to_be_open() {
        let read = |text: &str| {
            let page = format!(
                "<body><h3>2019 Ford F-150 XLT</h3><p>{text}</p><p>VIN: 1FTEW1EP6KFA10001</p><p>45,000 miles</p></body>"
            );
            let read = listings(&page, "https://lot.example/v/1").unwrap();
            let is_told = read.warnings.iter().any(|warning| warning.code() == "prices_unclear");
            (read.listings[0].price.map(|price| price.cents() / 100), is_told)
        };
        for text in [
            "Marked down from $17,995 to $15,995",
            "Save $2,000! Only $15,995",
            "$15,995 cash or $2,000 down",
            "$15,995 plus tax and tags",
            "Take it home for $15,995",
            "$15,995 after rebates",
            "0 down, $15,995",
            "Cash discount price $15,995",
            "Bid $12,000 or buy now $15,995",
            "We spent $4,500 on it, asking $15,995",
            "List Price $16,995 less $1,000 Web Special = $15,995",
            "Buy For $15,995 Compare At $17,995 Savings $2,000",
        ] {
            assert_eq!(read(text), (Some(15_995), false), "{text}");
        }
        for text in ["As low as $15,995", "$500 down, $15,995 financed", "Total of payments $44,950"] {
            assert_eq!(read(text), (None, true), "{text}");
        }
        for text in ["Total savings $2,500", "KBB value $15,995", "$2,000 down, $389/mo"] {
            assert_eq!(read(text), (None, false), "{text}");
        }
    }
}
