//! Saved pages, read together as one list. No I/O.

use std::collections::HashSet;

use serde_json::Value;
use url::Url;

use super::{
    list::{List, Shown},
    site_scope,
};
use crate::{
    error::{Error, ErrorCode, Result},
    extract::{Extraction, Warning},
    scrape::extract::PagePosition,
};

/// A page of a competitor's website, as it was fetched or saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrapedPage {
    /// The page as it came, in any encoding.
    pub bytes: Vec<u8>,
    /// The content type that it came with.
    pub content_type: Option<String>,
    /// Where it came from: links on it are read relative to this.
    pub url: String,
    /// The platform to read it by; the competitor's, or the one that the page shows, where this is `None`.
    pub platform: Option<String>,
}

/// Reads all pages, or none where one cannot be read; `usual` is the platform of the competitor, `config` how to read it.
pub(crate) fn read(pages: &[ScrapedPage], usual: Option<&str>, config: Option<&Value>) -> Result<Shown> {
    if pages.is_empty() {
        return Err(Error::invalid_field(ErrorCode::InvalidPages, "/pages", "expected at least one page"));
    }
    let mut list = List::new(usual, config)?;
    for (index, page) in pages.iter().enumerate() {
        list.read(page)
            .map_err(|reason| reason.with_field(format!("/pages/{index}"), "this page could not be read"))?;
    }
    let said: Vec<&Extraction> = list.all().collect();
    let (lacks_a_page, begins) = (lacks_a_page(pages, &said), begins(pages, &said)?);
    let mut shown = list.finish();
    shown.reading.last_page_reached &= !lacks_a_page && begins;
    if !begins {
        shown.warnings.push(Warning::BeginsLate.into());
    }
    Ok(shown)
}

/// Whether one of the pages may be the first of the list. The first page links to none before it, has no number above 1,
/// and links to the second. Without this check, pages two and three saved under one address would look like a whole list.
fn begins(pages: &[ScrapedPage], read: &[&Extraction]) -> Result<bool> {
    // If a page was dropped as lying behind the last one, pages and readings cannot be paired.
    if pages.len() != read.len() {
        return Ok(true);
    }
    let leads_on = read.iter().any(|page| page.next.is_some());
    for (page, extraction) in pages.iter().zip(read) {
        let may_be_one_of = !leads_on || extraction.next.is_some() || pages.len() == 1;
        if may_be_one_of && is_first(page, extraction)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_first(page: &ScrapedPage, extraction: &Extraction) -> Result<bool> {
    let position = PagePosition::of(&page.bytes, page.content_type.as_deref(), &page.url)?;
    let Ok(url) = Url::parse(&page.url) else { return Ok(true) };
    let numbers = |address: Option<&String>| {
        let address = address.and_then(|address| Url::parse(address).ok());
        address.map_or_else(HashSet::new, |address| site_scope::numbers_beside(&address, &url))
    };
    let (own, next) = (numbers(position.address.as_ref()), numbers(extraction.next.as_ref()));
    let shown = extraction.listings.len();
    // The second page has the number 2, or 1 where counting begins at 0, or an offset equal to the number of vehicles on
    // the first page.
    let leads_to_second = next.is_empty() || next.contains(&2) || next.contains(&1) || next == HashSet::from([shown]);
    Ok(!position.leads_back && own.iter().all(|number| *number <= 1) && leads_to_second)
}

/// Whether one of the pages leads on to a page that is not among them. Pages that were all saved under one address do not tell.
fn lacks_a_page(pages: &[ScrapedPage], read: &[&Extraction]) -> bool {
    let address = |text: &str| Url::parse(text).ok().map(|url| (url.path().to_owned(), url.query().map(str::to_owned)));
    let given: HashSet<_> = pages.iter().filter_map(|page| address(&page.url)).collect();
    let is_missing = |next: &String| address(next).is_some_and(|next| !given.contains(&next));
    given.len() == pages.len() && pages.len() > 1 && read.iter().filter_map(|page| page.next.as_ref()).any(is_missing)
}
