//! A vehicle's own page that says in no main heading whose it is: the only VIN beside what it suggests.
//!
//! The address of such a page names its vehicle, or all its cards are suggestions. What is deliberately not here: pages whose heading,
//! title or address says whose they are (`own_page`).

use std::ops::Range;

use super::{
    cards::{Card, alike},
    dom::Dom,
    listing::ScrapedListing,
    merge,
    own_page::{Subject, goes_on, only_vin, rest_of_page, suggestions},
    page::Page,
};

/// The page's own vehicle, `None` for a page that is no vehicle's own.
pub(super) fn read(
    subject: &Subject,
    page: &Page<'_>,
    dom: &Dom<'_>,
    cards: &[Card],
    main_heading: Option<usize>,
) -> Option<ScrapedListing> {
    let suggested = suggestions(dom, main_heading);
    let is_suggested = |at: usize| {
        let behind = suggested.partition_point(|range| range.start <= at);
        suggested[..behind].last().is_some_and(|range| range.contains(&at))
    };
    let vin = vin_beside(subject, dom, cards, &suggested).or_else(|| subject.vins.first().cloned())?;
    let (own, others): (Vec<&Card>, Vec<&Card>) =
        cards.iter().partition(|card| card.listing.vin.as_ref() == Some(&vin));
    // The page as a whole has what the suggestions say as well.
    let own_card = own.first().filter(|card| card.at > 0);
    let ranges: Vec<Range<usize>> = others.iter().map(|card| dom.within(card.at)).collect();
    let rest = rest_of_page(page, dom, &ranges, main_heading, Some(vin));
    let mut own = own_card.map_or_else(|| rest.clone(), |card| card.listing.clone());
    if !merge::are_unlike(&own, &rest) {
        own.fill_from(rest);
    }
    let is_described = own.price.is_some() || own.mileage.is_some() || own.stock_number.is_some();
    let stands_beside =
        |own: &Card, card: &Card| alike(dom, own.at, card.at) && dom.parent(own.at) == dom.parent(card.at);
    let stands_among_others = own_card.is_some_and(|own| others.iter().any(|card| stands_beside(own, card)));
    let leads_elsewhere = own_card.is_some_and(|card| card.listing.url.is_some() && !subject.is_here(&card.listing));
    let is_own = subject.is_addressed(&own) || (!others.is_empty() && others.iter().all(|card| is_suggested(card.at)));
    // A text about a car has no number of the stock and a price.
    let is_text = subject.is_about_something_else() && !(own.price.is_some() && own.stock_number.is_some());
    let is_list = stands_among_others || leads_elsewhere || is_text;
    let is_proven = own.year.is_some() && own.make.is_some() && is_described && is_own && !is_list;
    (is_proven && !goes_on(page, cards.len())).then(|| ScrapedListing { url: Some(page.url.to_string()), ..own })
}

/// The only VIN of a page beside its suggestions and the cards that have none or lead elsewhere.
fn vin_beside(subject: &Subject, dom: &Dom<'_>, cards: &[Card], suggested: &[Range<usize>]) -> Option<String> {
    let leads_elsewhere = |card: &&Card| card.listing.url.is_some() && !subject.is_here(&card.listing);
    let is_other = |card: &&Card| card.at > 0 && (card.listing.vin.is_none() || leads_elsewhere(card));
    let others = cards.iter().filter(is_other).map(|card| dom.within(card.at));
    only_vin(&dom.without(suggested.iter().cloned().chain(others).collect()))
}
