//! CDK (Cobalt, Sincro): microdata of vehicles, and a button that loads more.
//!
//! From pages of some years ago; many dealers have moved on since.

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Page, Parts, Token, microdata_listings},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "cdk",
    terms: None,
    marks: &[Mark::certain(&["assets.cobaltnitra.com"]), Mark::certain(&["nv_search_count_container"])],
    parse,
    pages_lack: &[],
    list_paths: &["/VehicleSearchResults?search=used"],
    endpoint: None,
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let listings = microdata_listings(page, page.dom()?);
    Ok((!listings.is_empty()).then(|| Parts { listings, next: load_more(page), ..Parts::default() }))
}

/// The address behind `button.loadMore[data-link]`, where there is one instead of a link.
fn load_more(page: &Page<'_>) -> Option<String> {
    page.tokens().iter().find_map(|token| {
        let Token::Open(tag) = token else { return None };
        let loads =
            tag.is("button") && tag.attribute("class")?.split_ascii_whitespace().any(|class| class == "loadMore");
        loads.then(|| tag.attribute("data-link")).flatten().and_then(|link| page.absolute(&link))
    })
}
