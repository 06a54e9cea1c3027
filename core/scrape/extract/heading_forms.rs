//! Headings in other forms than `2019 Ford F-150 XLT`: a year behind or in the middle, short, glued to the make, or behind words of a
//! seller.
//!
//! They are asked on cards alone, and each needs a make that is known. What is deliberately not here: what the words of a heading mean
//! (`heading`).

use super::{
    car_words::{COLOR, COUNTED, LEAD_IN, SENTENCE, means},
    clean, decoys,
    heading::{is_fact, may_hold_a_year},
    makes, numbers,
};

/// More words are a sentence.
const NAME_WORDS_MAX: usize = 8;
/// More bytes are, too.
const NAME_BYTES_MAX: usize = 120;
/// So many words of a seller may stand in front of the year.
const LEAD_INS_MAX: usize = 4;

/// The heading in its usual form: the year, the make, and what stands around them.
pub(super) fn in_usual_order(raw: &str) -> Option<String> {
    let may_be_short = || raw.trim_start().starts_with(['\'', '\u{2019}', '\u{2018}']) || begins_with_two_digits(raw);
    if raw.len() > NAME_BYTES_MAX || !(may_hold_a_year(raw) || may_be_short()) {
        return None;
    }
    let text = clean::text(raw)?;
    let words: Vec<&str> = text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    behind_words_of_a_seller(&words)
        .or_else(|| with_a_short_year(&words))
        .or_else(|| with_the_year_behind(&words))
        .or_else(|| with_the_make_last(&words))
}

/// `New Arrival! 2019 Ford`, `(2019) Ford`, `2019FORD`, `2019.5 Ford`, `2019/2020 Ford`.
fn behind_words_of_a_seller(words: &[&str]) -> Option<String> {
    let is_before_color = |at: usize| words.get(at + 1).is_some_and(|next| means(next, COLOR));
    let may_lead = |at: &usize| is_lead_in(words[*at]) || is_number(words[*at]) || is_before_color(*at);
    let lead_ins = (0..words.len().min(LEAD_INS_MAX)).take_while(may_lead).count();
    // `In 2019 Ford ...` is a sentence; `Just in: 2019 Ford` is none.
    let last = words[..lead_ins].last().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let is_sentence = matches!(&*last, "a" | "for" | "in" | "on" | "the") && !words[0].eq_ignore_ascii_case("just");
    let (first, rest) = words.get(lead_ins..)?.split_first().filter(|_| !is_sentence)?;
    if let Some(year) = year_of(first) {
        makes::at_start(rest)?;
        return Some(format!("{year} {}", rest.join(" ")));
    }
    let (year, make) = first.split_at_checked(4)?;
    let glued: Vec<&str> = [make].into_iter().chain(rest.iter().copied()).collect();
    makes::at_start(&glued)?;
    Some(format!("{} {}", numbers::year(year)?, glued.join(" ")))
}

/// [`in_usual_order`] of a heading whose year stands behind any words: `Summit White 2019 Ford F-150`, `Lot 14: 2019 Ford F-150`,
/// `Ford 2019 F-150`. A sentence and the name of a thing for a car are none.
pub(super) fn behind_any_words(raw: &str) -> Option<String> {
    if raw.len() > NAME_BYTES_MAX {
        return None;
    }
    let text = clean::text(raw)?;
    // `2019/Ford/F-150`
    let text = if text.starts_with(|sign: char| sign.is_ascii_digit()) && !text.contains(' ') {
        text.replace('/', " ")
    } else {
        text
    };
    let words: Vec<&str> = text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    if let Some(short) = words.first().and_then(|word| word.strip_prefix("MY")).filter(|short| short.len() == 2) {
        let short = format!("'{short}");
        return with_a_short_year(&[&[&*short], &words[1..]].concat());
    }
    let place = (0..words.len().min(LEAD_INS_MAX + 1)).find(|place| year_of(words[*place]).is_some())?;
    let (front, name) = (&words[..place], &words[place + 1..]);
    let is_name = !front.iter().any(|word| is_of_a_sentence(word)) && !decoys::is_no_vehicle(raw);
    if !is_name || name.is_empty() {
        return None;
    }
    let make_in_front = makes::at_start(front);
    let whole = match (make_in_front, makes::at_start(name)) {
        // `Ford 2019 F-150`
        (Some((_, used)), None) if used == front.len() && !counts_vehicles(name[0]) => [front, name].concat(),
        (None, Some((_, used))) if used < name.len() => name.to_vec(),
        _ => return None,
    };
    Some(format!("{} {}", year_of(words[place])?, whole.join(" ")))
}

/// Whether a word in front of a year is one of a sentence, of a text about cars or of a thing for one.
fn is_of_a_sentence(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    means(word, SENTENCE) || decoys::is_part(word)
}

/// `'19 Ford F-150`, and `19 Ford F-150` where a word like that of a model follows.
fn with_a_short_year(words: &[&str]) -> Option<String> {
    // Of the next years there are no cars yet; the others are of the last century.
    const LAST: i32 = 30;
    const OLDEST_BARE: i32 = 50;
    let (first, name) = words.split_first()?;
    let digits = first.trim_start_matches(['\'', '\u{2019}', '\u{2018}']);
    let year: i32 = digits.parse().ok().filter(|_| digits.len() == 2)?;
    let (_, used) = makes::at_start(name)?;
    let is_bare = digits.len() == first.len();
    if is_bare {
        let model = name.get(used)?;
        let may_be_model = model.starts_with(|sign: char| sign.is_uppercase() || sign.is_ascii_digit());
        if !may_be_model || counts_vehicles(model) || (LAST < year && year < OLDEST_BARE) || name.len() > NAME_WORDS_MAX
        {
            return None;
        }
    }
    Some(format!("{} {}", if year <= LAST { 2000 + year } else { 1900 + year }, name.join(" ")))
}

/// `Ford F-150 XLT 2019`, `Ford F-150 2019 XLT`.
fn with_the_year_behind(words: &[&str]) -> Option<String> {
    let (_, used) = makes::at_start(words)?;
    let place = used + 1 + words.get(used + 1..)?.iter().position(|word| year_of(word).is_some())?;
    let year = year_of(words[place])?;
    let (front, behind) = (&words[..place], &words[place + 1..]);
    let is_name = words.len() <= NAME_WORDS_MAX + 1 && !words.iter().any(|word| is_fact(word));
    let is_of_a_place = front.get(used).is_some_and(|word| matches!(*word, "of" | "in" | "at" | "from" | "owners"));
    let name = || [front, behind].concat().join(" ");
    (is_name && !is_of_a_place).then(|| format!("{year} {}", name().trim_end_matches(',')))
}

/// `F-150 XLT 2019 Ford`.
fn with_the_make_last(words: &[&str]) -> Option<String> {
    let place = words.iter().position(|word| year_of(word).is_some()).filter(|place| *place > 0)?;
    let make = words.get(place + 1..)?;
    let (_, used) = makes::at_start(make)?;
    let model = &words[..place];
    let is_name = used == make.len() && model.len() < NAME_WORDS_MAX && !model.iter().any(|word| is_fact(word));
    let is_model = model[0].starts_with(|sign: char| sign.is_uppercase() || sign.is_ascii_digit())
        && !is_lead_in(model[0])
        && makes::at_start(model).is_none();
    (is_name && is_model)
        .then(|| format!("{} {} {}", year_of(words[place]).unwrap_or_default(), make.join(" "), model.join(" ")))
}

/// A model year, as a word of a heading states it.
fn year_of(word: &str) -> Option<i32> {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    let word = word.strip_prefix("MY").unwrap_or(word);
    let word = word.strip_suffix(".5").unwrap_or(word);
    // Of two, it is the first.
    let (word, other) = word.split_once('/').unwrap_or((word, word));
    numbers::year(word).filter(|_| word.len() == 4 && other.len() == 4 && numbers::year(other).is_some())
}

fn begins_with_two_digits(raw: &str) -> bool {
    let bytes = raw.trim_start().as_bytes();
    matches!(bytes, [one, two, b' ', ..] if one.is_ascii_digit() && two.is_ascii_digit())
}

/// Whether a word is one of a seller, and not of the name.
fn is_lead_in(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    means(word, LEAD_IN)
}

/// Whether a word is a number of stock, of a lot or of miles: `P2291:`, `14:`, `71,204-Mile`. A year is none.
fn is_number(word: &str) -> bool {
    let is_code = |sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit() || !sign.is_alphanumeric();
    let is_miles = || word.to_ascii_lowercase().ends_with("-mile");
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    // `Q50` and `4RUNNER` are models.
    let is_long = || digits >= 4 || (digits > 0 && (word.starts_with(['#', '[']) || word.ends_with([':', '.', ']'])));
    (is_long() || is_miles())
        && year_of(word).is_none()
        && word.get(..4).is_none_or(|year| numbers::year(year).is_none())
        && (word.chars().all(is_code) || is_miles())
}

/// Whether a word says what is counted: `24 Toyota Vehicles`.
fn counts_vehicles(word: &str) -> bool {
    let word = word.trim_matches(|sign: char| !sign.is_alphanumeric());
    means(word, COUNTED)
}

#[cfg(test)]
mod tests {
    use super::super::heading;

    #[test]
    fn on_a_card_the_year_may_stand_behind_or_be_short() {
        for (text, whole) in [
            ("Ford F-150 XLT 2019", "2019 Ford F-150 XLT"),
            ("Ford F-150 XLT (2019)", "2019 Ford F-150 XLT"),
            ("Land Rover Range Rover Sport, 2019", "2019 Land Rover Range Rover Sport"),
            ("'19 Ford F-150", "2019 Ford F-150"),
            ("\u{2019}68 Plymouth Road Runner", "1968 Plymouth Road Runner"),
            ("Honda Accord 2017 Touring", "2017 Honda Accord Touring"),
            ("Accord Touring 2017 Honda", "2017 Honda Accord Touring"),
            ("(2017) Honda Accord", "2017 Honda Accord"),
            ("2017HONDA Accord", "2017 HONDA Accord"),
            ("MY2017 Honda Accord", "2017 Honda Accord"),
            ("Just Arrived! 2017 Honda Accord", "2017 Honda Accord"),
            ("PRICE DROP: 2017 Honda Accord", "2017 Honda Accord"),
            ("For Sale - 2017 Honda Accord", "2017 Honda Accord"),
            ("17 Honda Accord Touring", "2017 Honda Accord Touring"),
        ] {
            assert_eq!(heading::split_of_card(text), heading::split(whole), "{text}");
            assert_eq!(heading::split(text), None, "{text}");
        }
        for text in [
            "Ford 2019",
            "Serving Ford owners since 1985",
            "Ford F-150 from $28,500 in 2019",
            "'19 was a good year",
            "Toyota",
            "17 Honda dealers",
            "24 Toyota Vehicles",
            "3 Ford Edge",
            "Ford of Salem 2019 sales event, open to all",
            "For Sale by owner 2019",
            "Honda 2017 Honda",
            "In 2017 Honda built many",
        ] {
            assert_eq!(heading::split_of_card(text), None, "{text}");
        }
    }

    #[test]
    fn in_a_heading_the_year_stands_behind_any_words() {
        for (text, whole) in [
            ("Summit White 2017 Honda Accord LX", "2017 Honda Accord LX"),
            ("Super clean! 2017 Honda Accord", "2017 Honda Accord"),
            ("Lot 14: 2017 Honda Accord", "2017 Honda Accord"),
            ("[R100] 2017 Honda Accord", "2017 Honda Accord"),
            ("51,204-Mile 2017 Honda Accord", "2017 Honda Accord"),
            ("$14,995 | 2017 Honda Accord | 51,204 Miles", "2017 Honda Accord"),
            ("2017/Honda/Accord", "2017 Honda Accord"),
            ("MY17 Honda Accord", "2017 Honda Accord"),
            ("Honda 2017 Accord", "2017 Honda Accord"),
        ] {
            assert_eq!(heading::split_of_card_heading(text), heading::split(whole), "{text}");
        }
        for text in [
            "Why the 2017 Honda Accord sells",
            "Research 2017 Honda Accord",
            "Engine 2017 Honda Accord",
            "Metallic 2017 Honda Accord Review",
            "In 2017 Honda built many",
            "Ford 2019",
            "Honda 2017 Honda",
            "One of five cars that we had, a 2017 Honda Accord",
        ] {
            assert!(heading::split_of_card_heading(text).is_none_or(|heading| heading.make.is_none()), "{text}");
        }
    }
}
