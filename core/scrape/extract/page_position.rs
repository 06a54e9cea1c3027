//! What a page says of its own position in a list: the address that it gives itself, and whether pages come before it.
//!
//! What is deliberately not here: where the list goes on (`pagination`), and what follows for the lot.

use super::{
    Result, decoded,
    markup::{Tag, Token},
    page::Page,
    with_page,
};

/// A page's own word for where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PagePosition {
    /// The address that it calls its own.
    pub(crate) address: Option<String>,
    /// The address of the page before it.
    pub(crate) before: Option<String>,
}

impl PagePosition {
    /// Reads it off the page's tokens, once; linear.
    ///
    /// # Errors
    /// As [`listings_from_bytes`](super::listings_from_bytes).
    pub(crate) fn of(bytes: &[u8], content_type: Option<&str>, url: &str) -> Result<Self> {
        with_page(&decoded(bytes, content_type)?, url, |page| {
            let mut position = Self::default();
            for token in page.tokens() {
                if let Token::Open(tag) = token {
                    position.take(page, tag);
                }
            }
            Ok(position)
        })
    }

    fn take(&mut self, page: &Page<'_>, tag: &Tag<'_>) {
        let is = |name: &str, word: &str| tag.attribute(name).is_some_and(|value| has_word(&value, word));
        let absolute = |name: &str| tag.attribute(name).and_then(|address| page.absolute(&address));
        if tag.is("link") && is("rel", "canonical") {
            // It counts for more than what is meant for sharing.
            self.address = absolute("href").or(self.address.take());
        } else if tag.is("meta") && is("property", "og:url") {
            self.address = self.address.take().or_else(|| absolute("content"));
        } else if (tag.is("link") || tag.is("a")) && (is("rel", "prev") || is("rel", "previous")) {
            self.before = self.before.take().or_else(|| absolute("href"));
        }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(word))
}
