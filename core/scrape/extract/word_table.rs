//! Tables of words with what they mean, looked up in any case.
//!
//! Two letters rule out nearly every word of a page. What is deliberately not here: what the meanings are (`price_words`, `car_words`).

use std::{collections::BTreeMap, ops::Range};

/// Known words, each with its meanings as bits.
pub(super) struct WordTable {
    /// Sorted for the search.
    known: Vec<(&'static str, u32)>,
    /// For each first letter, in lower case, which ones follow it, as bits, and where the words that begin with it stand.
    initials: [(u32, Range<usize>); 128],
}

/// Words by what they mean, of which a word may mean several things.
pub(super) struct Meanings<const N: usize>([(u32, &'static str); N]);

/// Meanings as bits, each with the next one.
macro_rules! bits {
    (@ $at:expr;) => {};
    (@ $at:expr; $(#[$doc:meta])* $seen:vis $name:ident, $($rest:tt)*) => {
        $(#[$doc])*
        $seen const $name: u32 = 1 << ($at);
        bits!(@ $at + 1; $($rest)*);
    };
    ($($names:tt)+) => { bits!(@ 0; $($names)+); };
}
pub(super) use bits;

/// No known word is longer.
const WORD_BYTES_MAX: usize = 16;
/// The bit of a word of one letter. No second letter has it.
const ALONE: u32 = 1;

impl<const N: usize> Meanings<N> {
    /// Words in lower case. One that no table would find is refused when this is compiled.
    pub(super) const fn of(words: [(u32, &'static str); N]) -> Self {
        let mut at = 0;
        while at < N {
            assert!(longest(words[at].1) <= WORD_BYTES_MAX, "a word is too long for its table");
            at += 1;
        }
        Self(words)
    }
}

/// How long the longest word of a text is.
const fn longest(words: &str) -> usize {
    let bytes = words.as_bytes();
    let (mut longest, mut length, mut at) = (0, 0, 0);
    while at < bytes.len() {
        length = if bytes[at].is_ascii_whitespace() { 0 } else { length + 1 };
        longest = if length > longest { length } else { longest };
        at += 1;
    }
    longest
}

impl WordTable {
    pub(super) fn of<const N: usize>(Meanings(meanings): &Meanings<N>) -> Self {
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        for (meaning, words) in meanings {
            words.split_ascii_whitespace().for_each(|word| *known.entry(word).or_default() |= meaning);
        }
        let known: Vec<(&str, u32)> = known.into_iter().collect();
        let mut initials = std::array::from_fn(|_| (0, 0..0));
        for (at, (word, _)) in known.iter().enumerate() {
            let letters = word.as_bytes();
            if let Some((seconds, places)) = initials.get_mut(usize::from(letters[0])) {
                *seconds |= second_bit(letters);
                *places = if places.start == places.end { at..at + 1 } else { places.start..at + 1 };
            }
        }
        Self { known, initials }
    }

    /// The meanings of a word, none of one that nobody here knows.
    pub(super) fn meanings(&self, word: &str) -> u32 {
        let bytes = word.as_bytes();
        let initial = bytes.first().map(u8::to_ascii_lowercase);
        let Some((seconds, places)) = initial.and_then(|initial| self.initials.get(usize::from(initial))) else {
            return 0;
        };
        // Most words mean nothing, and their first two letters say so.
        if seconds & second_bit(bytes) == 0 {
            return 0;
        }
        let mut buffer = [0_u8; WORD_BYTES_MAX];
        let Some(lower) = buffer.get_mut(..word.len()) else { return 0 };
        lower.copy_from_slice(bytes);
        lower.make_ascii_lowercase();
        let alike = &self.known[places.clone()];
        alike.binary_search_by(|(known, _)| known.as_bytes().cmp(lower)).map_or(0, |at| alike[at].1)
    }
}

/// The bit of the second letter, which is the same in capitals.
fn second_bit(word: &[u8]) -> u32 {
    word.get(1).map_or(ALONE, |second| 1 << (second & 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_with_all_that_they_mean() {
        let table = WordTable::of(&Meanings::of([(1, "a one-owner 4x4 price"), (2, "price prices caf\u{e9}")]));
        for (word, meanings) in [
            ("a", 1),
            ("A", 1),
            ("One-Owner", 1),
            ("4X4", 1),
            ("PRICE", 3),
            ("prices", 2),
            ("caf\u{e9}", 2),
            ("", 0),
            ("pric", 0),
            ("pricess", 0),
            ("p", 0),
            ("\u{e9}", 0),
            ("priceless beyond any word", 0),
        ] {
            assert_eq!(table.meanings(word), meanings, "{word}");
        }
    }

    #[test]
    fn meanings_are_a_bit_each_and_words_have_at_most_sixteen_letters() {
        bits! { pub(super) ONE, TWO, /// The last one.
        pub(super) THREE, }
        assert_eq!([ONE, TWO, THREE], [1, 2, 4]);
        assert_eq!([longest(""), longest("one three\n two"), longest("caf\u{e9}")], [0, 5, 5]);
        let too_long = std::panic::catch_unwind(|| Meanings::of([(1, "short seventeenletters17")]).0.len());
        assert!(too_long.is_err());
    }
}
