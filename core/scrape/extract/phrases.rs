//! The phrases of a list, looked for in a text all at once and in any case.
//!
//! Two signs rule out nearly every place of a text, so that a long list costs hardly more than a short one. What is deliberately not
//! here: what the phrases mean.

/// Phrases of at least two signs, in lower case.
pub(super) struct Phrases<const N: usize> {
    phrases: [&'static str; N],
    /// Which signs come second in them behind each first one, a bit a sign. Of a sign its last five bits count, which are the same
    /// in capitals.
    pairs: [u32; 32],
}

const LAST_BITS: u8 = 31;

impl<const N: usize> Phrases<N> {
    pub(super) const fn new(phrases: [&'static str; N]) -> Self {
        let mut pairs = [0; 32];
        let mut at = 0;
        while at < N {
            let signs = phrases[at].as_bytes();
            pairs[(signs[0] & LAST_BITS) as usize] |= 1 << (signs[1] & LAST_BITS);
            at += 1;
        }
        Self { phrases, pairs }
    }

    /// Whether a text holds one of them.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let begins = |at: usize| {
            let rest = &text[at..];
            self.phrases.iter().any(|phrase| {
                rest.get(..phrase.len()).is_some_and(|found| found.eq_ignore_ascii_case(phrase.as_bytes()))
            })
        };
        text.windows(2).enumerate().any(|(at, pair)| self.may_begin_with(pair) && begins(at))
    }

    fn may_begin_with(&self, pair: &[u8]) -> bool {
        self.pairs[usize::from(pair[0] & LAST_BITS)] >> (pair[1] & LAST_BITS) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_phrase_is_found_anywhere_and_in_any_case() {
        const WORDS: Phrases<4> = Phrases::new(["/day", "we buy", "caf\u{e9}", "mi"]);
        for text in ["$40/day", "WE BUY CARS", "We buy", "a caf\u{e9} nearby", "45 MI", "mi"] {
            assert!(WORDS.are_in(text), "{text}");
        }
        for text in ["", "m", "day", "we  buy", "caf\u{e8}", "\u{e9}", "we bu"] {
            assert!(!WORDS.are_in(text), "{text}");
        }
    }
}
