//! The parts of one text that stand apart: facts in a line, amounts between marks, fields with labels.
//!
//! What is deliberately not here: what the parts mean, and where the text stands (`chunks`).

use super::{
    amounts,
    card::{ends_in_an_odometer, labelled},
    card_heading::names_a_vehicle,
    fields::Field,
    numbers,
    phrases::Phrases,
    price_sentences, price_words, vins,
};

/// The pieces of a text in which amounts of dollars stand apart from facts of other kinds: `Black \u{b7} 45,678 miles \u{b7} $15,995`.
///
/// None of a text that stays whole: where the piece in front or behind says what the only amount is, where it may be a range, or where
/// one of several amounts has no word of its own.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let amounts = memchr::memchr_iter(b'$', text.as_bytes()).count();
    if let Some(facts) = line_of_facts(text) {
        return facts;
    }
    if amounts <= 1
        && let Some(facts) = labelled_facts(text)
    {
        return facts;
    }
    if amounts == 0 {
        return Vec::new();
    }
    let mut parts: Vec<&str> = vec![text];
    for mark in PIECE_MARKS.iter().chain(DASHES.iter().filter(|_| amounts == 1)) {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    let between = [' ', ',', '-', '\u{2013}', '\u{2014}'];
    let parts = parts.into_iter().map(|part| part.trim_start_matches(between).trim_end());
    let parts: Vec<&str> = parts.filter(|part| part.chars().any(char::is_alphanumeric)).collect();
    let is_in_pieces =
        parts.len() > 1 && if amounts == 1 { has_own_amount(&parts) } else { parts.iter().all(says_itself) };
    if is_in_pieces { parts } else { Vec::new() }
}

/// The name of a vehicle and facts of it in one line without a mark between them: `2015 Ford Edge SEL 84,120 mi $18,995 Stock A12`. The
/// name may stand elsewhere: `VIN 2FMPK4K91HBB11870 Stock A12`.
fn line_of_facts(text: &str) -> Option<Vec<&str>> {
    const LABELS: [&str; 4] = ["stock", "stock#", "stk", "stk#"];
    const VINS: [&str; 2] = ["vin", "vin#"];
    const ODOMETERS: [&str; 4] = ["odometer", "odometer:", "mileage", "mileage:"];
    const UNITS: [&str; 5] = ["mi", "mi.", "mile", "miles", "km"];
    const FEWEST: usize = 2;
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let first_word = text.split(' ').next().unwrap_or_default();
    let begins =
        first_word.starts_with(|sign: char| sign.is_ascii_digit()) || is(first_word, &LABELS) || is(first_word, &VINS);
    if text.len() > FACTS_BYTES || !begins {
        return None;
    }
    let words: Vec<&str> = text.split(' ').collect();
    let mut places = Vec::with_capacity(words.len());
    words.iter().fold(0, |place, word| {
        places.push(place);
        place + word.len() + 1
    });
    // How many words a fact has that begins with this one.
    let length = |at: usize| {
        let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or_default());
        let is_number = |word: &str| {
            let digits = word.bytes().filter(u8::is_ascii_digit).count();
            digits > 3 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        };
        let has_unit = |at: usize| words.get(at).is_some_and(|word| is(word, &UNITS));
        match () {
            () if word.strip_prefix('$').is_some_and(|amount| numbers::lone_number(amount).is_some()) => Some(1),
            () if is_number(word) && is(next, &UNITS) => Some(2),
            () if is(word, &ODOMETERS) && is_number(next) => Some(2 + usize::from(has_unit(at + 2))),
            () if is(word, &LABELS) && next.bytes().any(|byte| byte.is_ascii_digit()) => Some(2),
            () if is(word, &VINS) && vins::parse(next).is_some() => Some(2),
            () => None,
        }
    };
    let first = (0..words.len()).find(|at| length(*at).is_some())?;
    let mut parts = if first == 0 { Vec::new() } else { vec![text[..places[first]].trim_end()] };
    let mut at = first;
    while at < words.len() {
        let end = at + length(at)?;
        let stop = places.get(end).copied().unwrap_or(text.len());
        parts.push(text[places[at]..stop].trim_end());
        at = end;
    }
    // Without a name all of it is facts, of which one is an amount.
    let amounts = || parts.iter().filter(|part| part.starts_with('$')).count();
    let are_facts = if first == 0 {
        parts.len() >= FEWEST && amounts() < FEWEST
    } else {
        parts.len() > FEWEST && names_a_vehicle(parts[0])
    };
    are_facts.then_some(parts)
}

/// A longer text is prose.
const FACTS_BYTES: usize = 240;

/// The facts of one text, where at least two of them have a label, or one beside an amount: `Stock: P2535, 41,200 Miles, $22,988`.
fn labelled_facts(text: &str) -> Option<Vec<&str>> {
    const MARKS: [&str; 10] = [", ", " / ", " | ", "; ", " - ", "...", ". ", "! ", " \u{2022} ", " \u{b7} "];
    const ANY_MARK: Phrases<10> = Phrases::new(MARKS);
    // These stand between facts alone.
    const CLEAR: Phrases<4> = Phrases::new([" | ", "...", " \u{2022} ", " \u{b7} "]);
    let has_digit = || text.bytes().any(|byte| byte.is_ascii_digit());
    if text.len() > FACTS_BYTES || !has_digit() || !ANY_MARK.are_in(text) {
        return None;
    }
    let mut parts: Vec<&str> = vec![text];
    for mark in MARKS {
        parts = parts.into_iter().flat_map(|part| part.split(mark)).collect();
    }
    // A text between two elements may begin and end with the mark.
    let between = [' ', '-', '/', ';', ',', '|', '!', '.', '\u{2022}', '\u{b7}'];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(|part| part.trim_matches(between))
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect();
    let is_number = |part: &&&str| {
        let field = labelled(part).filter(|(_, rest)| !rest.is_empty()).map(|(field, _)| field);
        matches!(field, Some(Field::Vin | Field::StockNumber | Field::Mileage | Field::Kilometers))
    };
    let has_amount = parts.iter().any(|part| part.contains('$'));
    let numbers = parts.iter().filter(is_number).count();
    let has_miles = parts.iter().any(|part| ends_in_an_odometer(part));
    let is_clear = || parts.len() > 1 && CLEAR.are_in(text);
    let is_short_amount = |part: &&str| part.contains('$') && amounts::words_of(part) < amounts::WORDS_BESIDE;
    // A sentence may count the miles of a journey or of a warranty: these are facts on a line that names the car, or is none.
    let is_line = || is_clear() || text.contains("!!") || parts.first().is_some_and(|first| names_a_vehicle(first));
    let are_facts = || has_miles && parts.iter().any(is_short_amount) && is_line();
    let is_apart = (numbers > 0 || are_facts())
        && (numbers + usize::from(has_amount) + usize::from(has_miles) > 1 || is_clear())
        && (!has_amount || has_own_amount(&parts));
    is_apart.then_some(parts)
}

/// Whether the only amount among pieces is said to be nothing by its neighbours.
fn has_own_amount(parts: &[&str]) -> bool {
    let Some(at) = parts.iter().position(|part| part.contains('$')) else { return false };
    let beside = |at: Option<usize>| at.and_then(|at| parts.get(at)).copied().unwrap_or_default();
    let (front, behind) = (beside(at.checked_sub(1)), beside(Some(at + 1)));
    let says = |part: &str| price_words::by_words(part).is_some() || numbers::lone_number(part).is_some();
    !says(front) && !says(behind) && !price_sentences::is_paid_at_first(front, behind)
}

/// Whether a piece holds no amount, or one and words beside it.
fn says_itself(part: &&str) -> bool {
    match memchr::memchr_iter(b'$', part.as_bytes()).count() {
        0 => numbers::lone_number(part).is_none(),
        1 => price_words::by_words(part.split(['$', ':']).next().unwrap_or_default()).is_some(),
        _ => false,
    }
}

/// What stands between the facts of one text.
const PIECE_MARKS: [&str; 3] = ["\u{b7}", "\u{2022}", "|"];
/// Marks that may stand within a range as well.
const DASHES: [&str; 3] = [" - ", " \u{2013} ", " \u{2014} "];

/// The fields that stand in one text, each from its label on; a text with fewer than two labels stays whole.
///
/// `Stock: P1 Mileage: 45,000` are two. A label is the longest run of words in front of a colon, or of the sign of a number, that names
/// a field.
pub(super) fn apart(text: &str) -> impl Iterator<Item = &str> {
    const LABEL_WORDS_MAX: usize = 3;
    let colons = memchr::memchr2_iter(b':', b'#', text.as_bytes());
    let mut labels: Vec<usize> = colons
        .filter_map(|colon| {
            let before = text[..colon].trim_end();
            let starts = before.rmatch_indices(' ').map(|(at, _)| at + 1).chain([0]).take(LABEL_WORDS_MAX);
            // The longest label counts: `Exterior Color`, not `Color`.
            starts.filter(|start| Field::named(&before[*start..]).is_some()).last()
        })
        .collect();
    if labels.len() < 2 {
        labels.clear();
    }
    labels.insert(0, 0);
    labels.push(text.len());
    labels.dedup();
    let cuts: Vec<(usize, usize)> = labels.windows(2).map(|cut| (cut[0], cut[1])).collect();
    let is_between =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/' | '-' | '\u{2013}' | '\u{2022}' | '\u{b7}');
    cuts.into_iter().map(move |(start, end)| {
        let piece = &text[start..end];
        if end < text.len() { piece.trim_end_matches(is_between) } else { piece }
    })
}
