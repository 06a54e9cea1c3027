//! What the sentence around an amount says of it, where words alone do not.
//!
//! `$1,500 drives it home` names no kind of amount, and is a part that is paid at first. `Call now. MSRP` has its caption in the last
//! sentence. What is deliberately not here: what single words mean (`price_words`).

use super::{
    card::mentions,
    numbers,
    price_words::{Stated, begins_an_aside, by_label, by_words},
};

/// What stands behind the last end of a sentence in a text; `None` where it is one sentence.
fn last_sentence(text: &str) -> Option<&str> {
    let end = text.rmatch_indices(['!', '?', '.', ';']).find(|(at, sign)| {
        let behind = &text[at + 1..];
        *sign == "!" || *sign == "?" || behind.starts_with(' ')
    });
    let (at, _) = end?;
    Some(text[at + 1..].trim_start()).filter(|rest| !rest.is_empty())
}

/// What the words in front of an amount say of it: those of its own sentence first.
pub(super) fn by_words_in_front(text: &str) -> Option<Stated> {
    let text = text.trim();
    let last = last_sentence(text);
    // A full stop may end an abbreviation: `Reg. Price`.
    let is_sure = last.is_some_and(|last| !text[..text.len() - last.len()].trim_end().ends_with(['.', ';']));
    let own = last.filter(|_| is_sure).and_then(by_words);
    own.or_else(|| by_words(text)).or_else(|| last.and_then(by_words))
}

/// What stands between a former price and the one that is asked now.
const ARROWS: [char; 6] = ['\u{2192}', '\u{21d2}', '\u{279c}', '\u{279d}', '\u{27a1}', '\u{2794}'];

/// Whether a text ends in an amount and an arrow, which leads to the one that is asked now: `$17,995 \u{2192}`.
pub(super) fn leads_on(text: &str) -> bool {
    text.trim_end_matches([' ', '\u{fe0f}'])
        .strip_suffix(ARROWS)
        .is_some_and(|front| front.trim_end().ends_with(|sign: char| sign.is_ascii_digit()))
}

/// Whether words in front of an amount say that a price was lowered to it: `Reduced from $17,995 to`, `Marked down to`, `$17,995 \u{2192}`.
pub(super) fn is_lowered_to(front: &str) -> bool {
    const LOWERED: [&str; 10] =
        ["cut", "discounted", "down", "dropped", "drops", "lowered", "marked", "reduced", "slashed", "drop"];
    const OTHERS: [&str; 8] = ["payment", "payments", "pmt", "lease", "rate", "apr", "deposit", "fee"];
    if leads_on(front) {
        return true;
    }
    let Some(front) = front.trim_end().strip_suffix(" to") else { return false };
    let sentence = front.rsplit(['!', '?', ';']).next().unwrap_or(front);
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let words = || sentence.split(|sign: char| !sign.is_alphanumeric());
    words().any(|word| is(word, &LOWERED)) && !words().any(|word| is(word, &OTHERS))
}

/// The text without a remark in brackets about what is in the price, or comes on top: `Price (incl. $1,195 for work): $30,051`.
pub(super) fn without_an_aside(text: &str) -> Option<String> {
    let open = text.find('(')?;
    let (within, behind) = text[open + 1..].split_once(')')?;
    let is_aside =
        begins_an_aside(within) && within.contains('$') && (text[..open].contains('$') || behind.contains('$'));
    is_aside.then(|| [text[..open].trim_end(), behind].concat())
}

/// Whether words in front of an amount say by how much somebody lowered a price: `We dropped the price $2,000!`.
pub(super) fn is_lowered_by(front: &str) -> bool {
    const LOWERED: [&str; 7] = ["cut", "cutting", "dropped", "lowered", "reduced", "slashed", "knocked"];
    const WHOSE: [&str; 5] = ["its", "my", "our", "the", "this"];
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut words = front.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let ends_in_price = words.next_back().is_some_and(|last| is(last, &["price", "prices"]));
    ends_in_price
        && words.next_back().is_some_and(|whose| is(whose, &WHOSE))
        && words.next_back().is_some_and(|lowered| is(lowered, &LOWERED))
}

/// Whether words in front of an amount say that it was asked at another time: `Price in 2024`, `Price when new`.
pub(super) fn is_of_another_time(front: &str) -> bool {
    let front = front.trim_end_matches([' ', ':']);
    let Some((before, last)) = front.rsplit_once(' ') else { return false };
    let is_year = numbers::year(last).is_some() && last.len() == 4;
    let word = before.rsplit(' ').next().unwrap_or_default();
    let is = |known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    mentions(before, "price")
        && ((is_year && is(&["in", "since"])) || (last.eq_ignore_ascii_case("new") && is(&["when", "as"])))
}

/// Whether words behind an amount say that it is how far a price lies below another one: `$1,000 under market average`.
pub(super) fn is_below_another(behind: &str) -> bool {
    const VALUES: [&str; 8] = ["market", "kbb", "kelley", "book", "average", "avg", "nada", "msrp"];
    let mut words = behind.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    behind.starts_with(' ')
        && words.next().is_some_and(|first| is(first, &["below", "under"]))
        && words.take(3).any(|word| is(word, &VALUES))
}

/// What words behind an amount say of a price that holds under a condition: `$38,450 after rebates`.
pub(super) fn by_condition(behind: &str) -> Option<Stated> {
    let first = behind.trim_start().split(' ').next().unwrap_or_default();
    let is_of_time = ["after", "before"].iter().any(|word| first.eq_ignore_ascii_case(word));
    let said = if is_of_time { by_words(&["Price", behind].concat()) } else { None };
    said.filter(|said| said.rank().is_some())
}

/// Whether a text says how far the sale of the car has come, though it names what was paid at first: `Deposit received`.
pub(super) fn is_status(text: &str) -> bool {
    const DONE: [&str; 9] = ["taken", "received", "placed", "accepted", "paid", "pending", "on", "has", "made"];
    const OTHERS: [&str; 2] = ["contract", "agreement"];
    let has = |known: &[&str]| {
        let mut words = text.split(|sign: char| !sign.is_alphanumeric());
        words.any(|word| known.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    (has(&["deposit"]) && has(&DONE)) || (has(&["under", "in"]) && has(&OTHERS))
}

/// The label at the end of a text: `MSRP` of `Call now. MSRP`.
pub(super) fn by_last_sentence(text: &str) -> Option<Stated> {
    last_sentence(text).and_then(by_label)
}

/// What a sentence says that an amount does, or that is done with it: it is paid at first, and buys nothing.
///
/// `$1,500 drives it home`, `Pay $1,500 now, drive today`, `All you need is $1,500`.
pub(super) fn is_paid_at_first(front: &str, behind: &str) -> bool {
    const FILL: [&str; 17] = [
        "now", "today", "total", "only", "just", "and", "is", "will", "can", "you", "all", "it", "that", "cash", "to",
        "then", "your",
    ];
    const DEEDS: [&str; 22] = [
        "approved", "begins", "brings", "delivers", "drive", "drives", "gets", "hold", "holds", "move", "moves",
        "need", "needed", "puts", "re", "reserves", "ride", "rides", "secures", "start", "starts", "takes",
    ];
    const BIDDEN: [&str; 7] = ["bring", "deposit", "drop", "need", "pay", "put", "start"];
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let (front, behind) = (front.trim(), behind.trim());
    let front = if front.ends_with(['!', '?', '.']) { "" } else { last_sentence(front).unwrap_or(front) };
    let behind = behind.split(['.', '!', '?', ';', '|']).next().unwrap_or_default();
    let before = || front.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let after = || behind.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = before().next().unwrap_or_default();
    let is_bidden = is(first, &BIDDEN);
    // `Pay $15,995` asks for all of it.
    if is_bidden && (!first.eq_ignore_ascii_case("pay") || (after().next().is_some() && !begins_an_aside(behind))) {
        return true;
    }
    if !is_bidden && matches!(by_words_in_front(front), Some(Stated::Price(_))) {
        return false;
    }
    let ends_in = |word: &str| before().next_back().is_some_and(|last| last.eq_ignore_ascii_case(word));
    let holds = || before().any(|word| is(word, &["hold", "holds", "reserve", "reserves", "need", "needed"]));
    let goes_with = || ends_in("with") && before().any(|word| is(word, &DEEDS));
    holds() || goes_with() || after().find(|word| !is(word, &FILL)).is_some_and(|word| is(word, &DEEDS))
}

/// Whether words in front of an amount bid to drive and name no price: `Drive today for`.
pub(super) fn bids_to_drive(front: &str) -> bool {
    let front = front.trim();
    let front = last_sentence(front).unwrap_or(front);
    let mut words = front.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let is_bidden =
        words.next().is_some_and(|first| ["drive", "ride"].iter().any(|bid| first.eq_ignore_ascii_case(bid)));
    is_bidden && !words.any(|word| ["price", "out"].iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// Whether words behind an amount say what it is the worth of: `$4,200 in options`, `$1,500 of upgrades`.
pub(super) fn is_of_something(behind: &str) -> bool {
    const THINGS: [&str; 10] = [
        "accessories",
        "added",
        "equipment",
        "extras",
        "maintenance",
        "options",
        "parts",
        "repairs",
        "service",
        "upgrades",
    ];
    let mut words = behind.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let is = |known: &[&str]| known.iter().any(|known| first.eq_ignore_ascii_case(known));
    let mut things = words.take(3);
    is(&["of", "worth", "toward", "towards"])
        || (is(&["in"]) && things.any(|word| THINGS.iter().any(|thing| word.eq_ignore_ascii_case(thing))))
}

/// Whether a text says that the price is told to those who ask: `Call for price`, `Price unavailable`.
pub(super) fn withholds_a_price(text: &str) -> bool {
    const LONGEST: usize = 60;
    const WAYS: [&str; 26] = [
        "appelez",
        "demande",
        "log",
        "login",
        "register",
        "sign",
        "signin",
        "venir",
        "ask",
        "call",
        "coming",
        "communiquez",
        "consulte",
        "contactez",
        "contact",
        "email",
        "inquire",
        "llame",
        "no",
        "not",
        "request",
        "reveal",
        "tbd",
        "text",
        "unavailable",
        "unlock",
    ];
    // `Get Today's Price` does where it ends so: `Get price alerts` does not.
    const BEGINNINGS: [&str; 4] = ["get", "see", "show", "view"];
    // `Ask about our price match` is about something else.
    const NO_PRICES: [&str; 8] = ["alert", "alerts", "drop", "drops", "guarantee", "haggle", "match", "reduced"];
    if text.len() > LONGEST || !mentions(text, "pr") || memchr::memchr(b'$', text.as_bytes()).is_some() {
        return false;
    }
    let words = || text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let is = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let Some(price) = words().position(|word| is(word, &["price", "pricing", "precio", "prix", "eprice"])) else {
        return false;
    };
    let Some(way) = words().position(|word| is(word, &WAYS)) else {
        let is_bidden =
            || words().next().is_some_and(|first| is(first, &BEGINNINGS)) && words().nth(price + 1).is_none();
        return mentions(text, "n/a") || is_bidden();
    };
    let word = words().nth(way).unwrap_or_default();
    match () {
        () if is(word, &["no"]) => way + 1 == price && words().any(|word| is(word, &["available", "listed", "shown"])),
        () if is(word, &["not"]) => words().any(|word| is(word, &["available", "listed", "shown"])),
        () => !words().any(|word| is(word, &NO_PRICES)),
    }
}
