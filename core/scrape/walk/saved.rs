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
    let places = places(pages, &said)?;
    let (lacks_a_page, begins) = (lacks_a_page(pages, &said, &places), begins(&said, &places));
    let mut shown = list.finish();
    shown.reading.last_page_reached &= !lacks_a_page && begins;
    if !begins {
        shown.warnings.push(Warning::BeginsLate.into());
    }
    Ok(shown)
}

/// Where a page says that it stands in its list: the numbers in which these addresses differ from the one that it was saved under.
#[derive(Default)]
struct Place {
    /// Of the address that it calls its own.
    own: HashSet<usize>,
    /// Of the page that it leads back to.
    before: HashSet<usize>,
    leads_back: bool,
    /// Of the page that it leads on to.
    next: HashSet<usize>,
    /// How many vehicles it shows.
    shown: usize,
}

impl Place {
    /// Whether it may be the page of a number.
    fn may_be(&self, number: usize) -> bool {
        if !self.own.is_empty() {
            return self.own.contains(&number);
        }
        // Pages are counted, or the vehicles in front of them are.
        let leads_on = |next: &usize| *next == number + 1 || *next == number + self.shown;
        self.before.iter().all(|before| *before < number) && (self.next.is_empty() || self.next.iter().any(leads_on))
    }
}

/// The places of the pages; none if a page was dropped as lying behind the last one, as pages and readings cannot be paired then.
fn places(pages: &[ScrapedPage], read: &[&Extraction]) -> Result<Vec<Place>> {
    if pages.len() != read.len() {
        return Ok(Vec::new());
    }
    pages.iter().zip(read).map(|(page, extraction)| place(page, extraction)).collect()
}

fn place(page: &ScrapedPage, extraction: &Extraction) -> Result<Place> {
    let position = PagePosition::of(&page.bytes, page.content_type.as_deref(), &page.url)?;
    let Ok(url) = Url::parse(&page.url) else { return Ok(Place::default()) };
    let numbers = |address: Option<&String>| {
        let address = address.and_then(|address| Url::parse(address).ok());
        address.map_or_else(HashSet::new, |address| site_scope::numbers_beside(&address, &url))
    };
    Ok(Place {
        own: numbers(position.address.as_ref()),
        before: numbers(position.before.as_ref()),
        leads_back: position.before.is_some(),
        next: numbers(extraction.next.as_ref()),
        shown: extraction.listings.len(),
    })
}

/// Whether one of the pages may be the first of the list. The first page links to none before it, has no number above 1,
/// and links to the second. Without this check, pages two and three saved under one address would look like a whole list.
fn begins(read: &[&Extraction], places: &[Place]) -> bool {
    let leads_on = read.iter().any(|page| page.next.is_some());
    let is_first = |(place, extraction): (&Place, &&Extraction)| {
        let may_be_one_of = !leads_on || extraction.next.is_some() || read.len() == 1;
        may_be_one_of && is_first(place)
    };
    places.is_empty() || places.iter().zip(read).any(is_first)
}

fn is_first(place: &Place) -> bool {
    let Place { own, leads_back, next, shown, .. } = place;
    // The second page has the number 2, or 1 where counting begins at 0, or an offset equal to the number of vehicles on
    // the first page.
    let leads_to_second = next.is_empty() || next.contains(&2) || next.contains(&1) || *next == HashSet::from([*shown]);
    !leads_back && own.iter().all(|number| *number <= 1) && leads_to_second
}

/// Whether one of the pages leads to a page that is not among them: by its address, or by its number where several were saved under
/// one address.
fn lacks_a_page(pages: &[ScrapedPage], read: &[&Extraction], places: &[Place]) -> bool {
    let address = |text: &str| Url::parse(text).ok().map(|url| (url.path().to_owned(), url.query().map(str::to_owned)));
    let given: HashSet<_> = pages.iter().filter_map(|page| address(&page.url)).collect();
    if given.len() == pages.len() {
        let is_missing = |next: &String| address(next).is_some_and(|next| !given.contains(&next));
        return pages.len() > 1 && read.iter().filter_map(|page| page.next.as_ref()).any(is_missing);
    }
    // An address with several numbers does not tell which of them is the page's.
    let linked = || places.iter().flat_map(|place| [&place.next, &place.before]);
    let others: HashSet<usize> = linked().filter(|numbers| numbers.len() > 1).flatten().copied().collect();
    let pages = linked().flatten().copied().filter(|number| *number > 1 && !others.contains(number));
    let wanted: HashSet<usize> = pages.take(PAGES_LOOKED_FOR).collect();
    wanted.into_iter().any(|number| !places.is_empty() && !places.iter().any(|place| place.may_be(number)))
}

/// How many pages are looked for among those that are given.
const PAGES_LOOKED_FOR: usize = 500;
