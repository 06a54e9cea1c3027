//! The cards of a page, found and read as configured.
//!
//! A configured field is read from its place and nowhere else. The other fields are read as on any card.
//!
//! Such a page is parsed twice. `scraper` matches selectors on a tree of its own, which keeps the attributes of an element in
//! another order than the page, so the other fields are read from our tree. The second tree costs some milliseconds a page.

use std::{ops::Range, ptr};

use scraper::{ElementRef, Selector};
use url::Url;

use super::{
    Counter, ListingField,
    check::{CompiledSelector, NextPage, Scraper},
};
use crate::{
    Result,
    extract::{ScrapedListing, Warning},
    scrape::extract::{
        Draft, Extraction, Field, Page, PriceRank, claimed_total, clean_price, clean_text, read_card, set_query,
    },
};

/// More cards are not read; no dealer shows that many on a page.
const CARDS_MAX: usize = 10_000;

impl Scraper {
    /// The vehicles of the page's cards; `None` where no cards are configured. Each card is looked at once a field.
    ///
    /// # Errors
    /// As [`Page::dom`].
    pub(crate) fn listings(&self, page: &Page<'_>, warnings: &mut Vec<Warning>) -> Result<Option<Vec<ScrapedListing>>> {
        let Some(configured) = &self.cards else { return Ok(None) };
        let (tree, dom) = (page.tree()?, page.dom()?);
        let places = dom.places(tree);
        let mut counts = vec![0_usize; configured.fields.len()];
        let mut listings = Vec::new();
        let (mut cards, mut read_to) = (0, 0);
        for card in tree.select(&configured.selector).take(CARDS_MAX) {
            let Some(at) = places.get(&ptr::from_ref(card.value())).copied() else { continue };
            // A card within a card is a part of it.
            if at < read_to {
                continue;
            }
            read_to = dom.within(at).end;
            cards += 1;
            let mut draft = Draft::default();
            for ((field, selectors), count) in configured.fields.iter().zip(&mut counts) {
                let said = selectors.iter().find_map(|selector| offer(&mut draft, page, *field, &selector.text(card)?));
                *count += usize::from(said.is_some());
            }
            let configured_alone = draft.listing.clone();
            read_card(page, dom, at, &mut draft);
            let mut listing = draft.listing;
            configured.fields.iter().for_each(|(field, _)| take_back(*field, &mut listing, &configured_alone));
            if listing != ScrapedListing::default() {
                listings.push(listing);
            }
        }
        if cards == 0 {
            warnings.push(matches_nothing("cards", None));
        }
        for ((field, _), count) in configured.fields.iter().zip(counts) {
            // Few cars are sold while they are shown, and often only those that are not there have a badge.
            let is_seldom = matches!(
                field,
                ListingField::IsSold
                    | ListingField::StockStatus
                    | ListingField::SaleStatus
                    | ListingField::TitleBrand
                    | ListingField::Condition
                    | ListingField::OdometerStatus
            );
            if count == 0 && cards > 0 && !is_seldom {
                warnings.push(matches_nothing(format!("fields/{}", field.as_str()), Some(cards)));
            }
        }
        Ok(Some(listings))
    }

    /// Puts the configured total and next page in the place of what was found without them; `shown` are the vehicles of the
    /// page with its repeats.
    ///
    /// # Errors
    /// As [`Page::dom`].
    pub(crate) fn amend(&self, page: &Page<'_>, shown: usize, extraction: &mut Extraction) -> Result<()> {
        if !self.total.is_empty() {
            let root = page.tree()?.root_element();
            extraction.total = self.total.iter().find_map(|selector| count(&selector.text(root)?));
            if extraction.total.is_none() {
                extraction.warnings.push(matches_nothing("total", None));
            }
        }
        let found = u32::try_from(shown).unwrap_or(u32::MAX);
        // A number among a page's words may count the page alone: only where it is configured does the list end by it.
        let total = extraction.total.filter(|_| !self.total.is_empty());
        if self.next_page.is_some() || extraction.total.is_some() {
            extraction.warnings.retain(|warning| !matches!(warning, Warning::MoreByScript { .. }));
        }
        extraction.next = match &self.next_page {
            None => return Ok(()),
            Some(NextPage::Link(selectors)) => {
                let root = page.tree()?.root_element();
                let linked = selectors.iter().find_map(|selector| page.absolute(&selector.text(root)?));
                linked.filter(|next| *next != page.url.as_str())
            }
            Some(NextPage::Page(counter)) => next_page(page, counter, found, total),
            Some(NextPage::Offset(counter)) => next_offset(page, counter, found, total),
        };
        Ok(())
    }
}

impl CompiledSelector {
    /// What stands at this place within an element, if anything.
    fn text(&self, around: ElementRef<'_>) -> Option<String> {
        let element = match &self.selector {
            Some(selector) => first_within(around, selector)?,
            None => around,
        };
        let text = match &self.attribute {
            Some(attribute) => element.attr(attribute)?.to_owned(),
            None => element.text().collect::<Vec<_>>().join(" "),
        };
        meant(self.regex.as_ref(), text)
    }
}

/// What a regular expression takes of a text: its group, or all that it matches. Longer texts are cut, not searched.
pub(super) fn meant(regex: Option<&regex::Regex>, text: String) -> Option<String> {
    const SEARCHED_BYTES_MAX: usize = 64 * 1024;
    let Some(regex) = regex else { return Some(text) };
    let mut end = text.len().min(SEARCHED_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let found = regex.captures(&text[..end])?;
    found.get(1).or_else(|| found.get(0)).map(|part| part.as_str().to_owned())
}

fn first_within<'t>(around: ElementRef<'t>, selector: &Selector) -> Option<ElementRef<'t>> {
    around.select(selector).next()
}

fn matches_nothing(key: impl Into<String>, cards: Option<usize>) -> Warning {
    Warning::SelectorMatchesNothing { key: key.into(), cards }
}

/// Offers a text to a field; `None` if it holds no value for that field.
pub(super) fn offer_field(draft: &mut Draft, field: ListingField, text: &str) -> Option<()> {
    let place = match field {
        ListingField::Vin => Field::Vin,
        ListingField::ExternalId => Field::ExternalId,
        ListingField::StockNumber => Field::StockNumber,
        ListingField::Year => Field::Year,
        ListingField::Make => Field::Make,
        ListingField::Model => Field::Model,
        ListingField::Trim => Field::Trim,
        ListingField::Mileage => Field::Mileage,
        ListingField::ExteriorColor => Field::ExteriorColor,
        ListingField::Transmission => Field::Transmission,
        ListingField::FuelType => Field::FuelType,
        ListingField::BodyStyle => Field::BodyStyle,
        ListingField::StockStatus => Field::StockStatus,
        ListingField::SaleStatus => Field::SaleStatus,
        ListingField::TitleBrand => Field::TitleBrand,
        ListingField::Condition => Field::Condition,
        ListingField::OdometerStatus => Field::OdometerStatus,
        ListingField::Price => {
            let price = clean_price(text);
            draft.offer_price(PriceRank::Asking, price);
            return price.map(|_| ());
        }
        ListingField::Heading => {
            draft.offer_heading(text);
            return clean_text(text).map(|_| ());
        }
        ListingField::IsSold => {
            let says_no = ["false", "no", "0", "available", "null"];
            let sold = clean_text(text).is_none_or(|text| !says_no.contains(&text.to_ascii_lowercase().as_str()));
            draft.listing.is_sold = Some(sold);
            return Some(());
        }
        ListingField::Url | ListingField::ImageUrl => return None,
    };
    let before = draft.listing.clone();
    draft.offer(place, text);
    (draft.listing != before).then_some(())
}

fn offer(draft: &mut Draft, page: &Page<'_>, field: ListingField, text: &str) -> Option<()> {
    let link = match field {
        ListingField::Url => &mut draft.listing.url,
        ListingField::ImageUrl => &mut draft.listing.image_url,
        _ => return offer_field(draft, field, text),
    };
    *link = page.absolute(text);
    link.is_some().then_some(())
}

/// A configured field is read from its place, and is empty if that place is empty.
pub(super) fn take_back(field: ListingField, listing: &mut ScrapedListing, configured: &ScrapedListing) {
    let said = configured;
    match field {
        ListingField::Vin => listing.vin.clone_from(&said.vin),
        ListingField::ExternalId => listing.external_id.clone_from(&said.external_id),
        ListingField::StockNumber => listing.stock_number.clone_from(&said.stock_number),
        ListingField::Year => listing.year = said.year,
        ListingField::Make => listing.make.clone_from(&said.make),
        ListingField::Model => listing.model.clone_from(&said.model),
        ListingField::Trim => listing.trim.clone_from(&said.trim),
        ListingField::Price => listing.price = said.price,
        ListingField::Mileage => listing.mileage = said.mileage,
        ListingField::ExteriorColor => listing.exterior_color.clone_from(&said.exterior_color),
        ListingField::Transmission => listing.transmission.clone_from(&said.transmission),
        ListingField::FuelType => listing.fuel_type.clone_from(&said.fuel_type),
        ListingField::BodyStyle => listing.body_style.clone_from(&said.body_style),
        ListingField::Url => listing.url.clone_from(&said.url),
        ListingField::ImageUrl => listing.image_url.clone_from(&said.image_url),
        ListingField::StockStatus => listing.stock_status = said.stock_status,
        ListingField::SaleStatus => listing.sale_status = said.sale_status,
        ListingField::TitleBrand => listing.title_brand = said.title_brand,
        ListingField::Condition => listing.condition = said.condition,
        ListingField::OdometerStatus => listing.odometer_status = said.odometer_status,
        ListingField::IsSold => listing.is_sold = said.is_sold,
        ListingField::Heading => {}
    }
}

/// `1 - 30 of 66`, `66 vehicles`, or the one number that there is.
fn count(text: &str) -> Option<u32> {
    claimed_total(text).or_else(|| {
        let start = text.find(|sign: char| sign.is_ascii_digit())?;
        let digits: Range<usize> = start
            ..text[start..]
                .find(|sign: char| !sign.is_ascii_digit() && sign != ',')
                .map_or(text.len(), |end| start + end);
        text[digits].replace(',', "").parse().ok()
    })
}

fn query_number(url: &Url, name: &str) -> Option<u32> {
    url.query_pairs().find(|(key, _)| key == name)?.1.parse().ok()
}

impl NextPage {
    /// The address behind one that showed nothing new, where addresses are counted; `shown` are the vehicles of a full page.
    pub(super) fn behind(&self, url: &Url, shown: u32) -> Option<Url> {
        let (counter, step, first) = match self {
            Self::Link(_) => return None,
            Self::Page(counter) => (counter, 1, counter.first.unwrap_or(1)),
            Self::Offset(counter) => (counter, counter.size.unwrap_or(shown), counter.first.unwrap_or(0)),
        };
        let number = query_number(url, &counter.parameter).unwrap_or(first);
        Some(with_number(url, &counter.parameter, number.saturating_add(step)))
    }
}

fn next_page(page: &Page<'_>, counter: &Counter, found: u32, total: Option<u32>) -> Option<String> {
    let first = counter.first.unwrap_or(1);
    let number = query_number(&page.url, &counter.parameter).unwrap_or(first);
    let before = number.saturating_sub(first).saturating_mul(counter.size.unwrap_or(found));
    goes_on(before, found, counter.size, total)
        .then(|| with_number(&page.url, &counter.parameter, number.saturating_add(1)).into())
}

fn next_offset(page: &Page<'_>, counter: &Counter, found: u32, total: Option<u32>) -> Option<String> {
    let first = counter.first.unwrap_or(0);
    let offset = query_number(&page.url, &counter.parameter).unwrap_or(first);
    let step = step(found, counter.size);
    goes_on(offset.saturating_sub(first), found, counter.size, total)
        .then(|| with_number(&page.url, &counter.parameter, offset.saturating_add(step)).into())
}

/// How far it is to the next page of a list that is counted by its vehicles: no farther than this one shows, whatever is configured.
pub(super) fn step(found: u32, size: Option<u32>) -> u32 {
    size.unwrap_or(found).min(found)
}

/// Whether more vehicles can be expected behind `before` and the `found` ones.
///
/// With a total, pages that show fewer than their size are believed to be full in the reckoning of `before`: repeats on a page
/// make it look short. So the list ends only with a page that brings what is still lacking then; one that shows vehicles behind
/// the last is proof that its size is another by now.
pub(super) fn goes_on(before: u32, found: u32, size: Option<u32>, total: Option<u32>) -> bool {
    found > 0
        && match total {
            Some(total) => before >= total || before.saturating_add(found) < total,
            None => size.is_none_or(|size| found >= size),
        }
}

fn with_number(url: &Url, parameter: &str, number: u32) -> Url {
    let mut url = url.clone();
    set_query(&mut url, parameter, &number.to_string());
    url
}
