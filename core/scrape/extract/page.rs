//! A page and the views of it that techniques share, each made once and only when asked for.

use std::cell::OnceCell;

use url::Url;

use super::{
    clean,
    dom::Dom,
    limits::PageLimits,
    markup::{self, Script, Token, Tokens},
};
use crate::{Error, ErrorKind, Result};

/// A decoded page.
pub(crate) struct Page<'a> {
    pub(crate) html: &'a str,
    pub(crate) url: Url,
    tokens: OnceCell<Vec<Token<'a>>>,
    scripts: OnceCell<Vec<Script<'a>>>,
    dom: OnceCell<Dom<'a>>,
}

/// How many bytes of a page make a token, at a guess on the safe side.
const BYTES_PER_TOKEN: usize = 24;

impl<'a> Page<'a> {
    /// # Errors
    /// `page_empty` and `page_too_large`.
    pub(crate) fn new(html: &'a str, url: Url) -> Result<Self> {
        if html.trim_ascii().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "page_empty", "the page is empty"));
        }
        check_size(html.len())?;
        Ok(Self { html, url, tokens: OnceCell::new(), scripts: OnceCell::new(), dom: OnceCell::new() })
    }

    /// The page's markup in order, without a tree.
    pub(crate) fn tokens(&self) -> &[Token<'a>] {
        self.tokens.get_or_init(|| {
            // Most pages have a token every twenty to forty bytes.
            let mut tokens = Vec::with_capacity(self.html.len() / BYTES_PER_TOKEN);
            tokens.extend(Tokens::new(self.html));
            tokens
        })
    }

    pub(crate) fn scripts(&self) -> &[Script<'a>] {
        self.scripts.get_or_init(|| markup::scripts(self.html))
    }

    /// The absolute form of a link of this page, `None` for what leads to no page (`#`, `javascript:`, `mailto:`).
    pub(crate) fn absolute(&self, link: &str) -> Option<String> {
        absolute(&self.url, link)
    }

    /// The elements and texts of the page as a browser would nest them.
    ///
    /// # Errors
    /// `page_too_deep` and `page_too_tangled`, before they cost much.
    pub(crate) fn dom(&self) -> Result<&Dom<'a>> {
        if let Some(dom) = self.dom.get() {
            return Ok(dom);
        }
        let dom = Dom::read(self.html, &PageLimits::DEFAULT)?;
        Ok(self.dom.get_or_init(|| dom))
    }
}

/// The absolute form of a link that stands on the page `base`.
pub(crate) fn absolute(base: &Url, link: &str) -> Option<String> {
    let link = clean::collapse(&clean::decode(link));
    if link.is_empty() || link.starts_with('#') || link.contains("{{") {
        return None;
    }
    let url = base.join(&link).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Refuses a page of so many bytes where that is too large.
///
/// # Errors
/// `page_too_large`.
pub(crate) fn check_size(bytes: usize) -> Result<()> {
    let bytes_max = PageLimits::DEFAULT.bytes_max;
    if bytes > bytes_max {
        let message = format!("the page has {bytes} bytes, at most {bytes_max} are read");
        return Err(Error::new(ErrorKind::InvalidInput, "page_too_large", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(html: &str) -> &'static str {
        let page = Page::new(html, Url::parse("https://lot.example/").unwrap());
        match page.and_then(|page| page.dom().map(|_| ())) {
            Ok(()) => "ok",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn hostile_nesting_is_refused_soon() {
        let started = std::time::Instant::now();
        assert_eq!(code(&"<div>".repeat(100_000)), "page_too_deep");
        assert_eq!(code(&"<b><table><td>".repeat(100_000)), "page_too_deep");
        let fonts: String = (0..400).map(|size| format!("<font size={size}>")).collect();
        assert_eq!(code(&format!("<p>{fonts}{}", "<p>a".repeat(200_000))), "page_too_tangled");
        assert_eq!(code(&"<p>a</span><li>".repeat(20_000)), "ok");
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn empty_and_huge_pages_are_refused() {
        assert_eq!(code(" \n"), "page_empty");
        assert_eq!(code(&" x".repeat(9 * 1024 * 1024)), "page_too_large");
    }
}
