//! Dealer Car Search: VINs, names and years stand in parallel arrays for a tag manager, prices and links on the tiles.
//!
//! How many there are is nowhere said in one number: each make in the list to choose from has its own, `Ford (12)`.
//!
//! The arrays are JavaScript, not JSON. A tile belongs to the vehicle whose id its link carries: `/vdp/{id}/Used-2022-...`.

use std::collections::HashMap;

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Draft, Field, Json, Page, Parts, PriceRank, Token, next_by_number, price, value_at_start},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "dealer_car_search",
    terms: None,
    marks: &[
        Mark::certain(&["\"site_platform\":\"dcs\""]),
        Mark::certain(&["\"site_platform\": \"dcs\""]),
        Mark::certain(&["TealiumProductListTags"]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/newandusedcars?clearall=1&pagesize=100"],
    endpoint: None,
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let Some(script) = page.scripts().iter().find(|script| script.body.contains("product_list_vins")) else {
        return Ok(None);
    };
    let list = |name: &str| array(script.body, name);
    let (vins, ids) = (list("product_list_vins"), list("product_list_ids"));
    let (names, years, makes) = (list("product_list_names"), list("product_list_years"), list("product_list_makes"));
    let mut tiles = tiles(page);
    let text = |values: &[Json<'_>], at: usize| values.get(at).and_then(Json::as_str).map(str::to_owned);
    let mut listings = Vec::new();
    for at in 0..ids.len().max(vins.len()) {
        let mut draft = text(&ids, at).and_then(|id| tiles.remove(&id)).unwrap_or_default();
        for (field, values) in
            [(Field::Vin, &vins), (Field::ExternalId, &ids), (Field::Year, &years), (Field::Make, &makes)]
        {
            if let Some(value) = text(values, at) {
                draft.offer(field, &value);
            }
        }
        if let Some(name) = text(&names, at) {
            draft.offer_heading(&name);
        }
        listings.push(draft.listing);
    }
    listings.retain(|listing| listing.has_identity());
    let total = total(page);
    let page_size = page.url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("pagesize"));
    let page_size = page_size.and_then(|(_, size)| size.parse().ok());
    let next = page_size.and_then(|size| next_by_number(page, "page", size, listings.len(), total));
    Ok((!listings.is_empty()).then(|| Parts { listings, total, next, ..Parts::default() }))
}

/// The sum of the numbers behind the makes; `None` where a make has none.
fn total(page: &Page<'_>) -> Option<u32> {
    let is_makes = |token: &Token<'_>| matches!(token, Token::Open(tag) if tag.is("select") && tag.attribute("name").as_deref() == Some("makename"));
    let choices = page.tokens().iter().skip_while(|token| !is_makes(token)).skip(1);
    let choices =
        choices.take_while(|token| !matches!(token, Token::Close(name) if name.eq_ignore_ascii_case("select")));
    let counts = choices.filter_map(|token| match token {
        Token::Text(text) => text.trim_end().strip_suffix(')')?.rsplit_once('('),
        _ => None,
    });
    counts
        .map(|(_, count)| count.replace(',', "").parse().ok())
        .try_fold(None, |sum: Option<u32>, count: Option<u32>| Some(Some(sum.unwrap_or(0).checked_add(count?)?)))
        .flatten()
}

/// The array behind `name:` or `name =`; empty where there is none.
fn array<'a>(script: &'a str, name: &str) -> Vec<Json<'a>> {
    let array = script.split_once(name).and_then(|(_, rest)| {
        let start = rest.trim_start_matches(['"', '\'', ' ', ':', '=']);
        start.starts_with('[').then(|| value_at_start(start)).flatten()
    });
    match array {
        Some((Json::Array(values), _)) => values,
        _ => Vec::new(),
    }
}

/// What the tiles say, by the id of their vehicle.
fn tiles(page: &Page<'_>) -> HashMap<String, Draft> {
    let mut tiles: HashMap<String, Draft> = HashMap::new();
    let mut current: Option<String> = None;
    let mut label: Option<Field> = None;
    let mut in_link = false;
    for token in page.tokens() {
        match token {
            Token::Open(tag) => {
                in_link &= !tag.is("a");
                if let Some(link) = tag.attribute("href")
                    && let Some(id) = id_of(&link)
                {
                    let tile = tiles.entry(id.to_owned()).or_default();
                    if tile.listing.url.is_none() {
                        tile.listing.url = page.absolute(&link);
                    }
                    current = Some(id.to_owned());
                    in_link = true;
                }
                if let Some((id, amount)) = tag.attribute("onclick").as_deref().and_then(compared) {
                    tiles.entry(id.to_owned()).or_default().offer_price(PriceRank::Asking, price(amount));
                }
            }
            Token::Close(name) if name.eq_ignore_ascii_case("a") => in_link = false,
            Token::Text(text) if !text.trim_ascii().is_empty() => {
                if let Some(tile) = current.as_ref().and_then(|id| tiles.get_mut(id)) {
                    // The names in the arrays go without the trim on some websites.
                    if in_link {
                        tile.offer_heading(text);
                    }
                    if let Some(field) = label.take() {
                        tile.offer(field, text);
                    }
                }
                label = text
                    .trim()
                    .strip_suffix(':')
                    .and_then(Field::named)
                    .filter(|field| !matches!(field, Field::Price(_)));
            }
            _ => {}
        }
    }
    tiles
}

fn id_of(link: &str) -> Option<&str> {
    let (_, rest) = link.split_once("/vdp/")?;
    rest.split('/').next().filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Id and price of `compareChecked(this,'7001','$27,999',...)`.
fn compared(script: &str) -> Option<(&str, &str)> {
    let (_, arguments) = script.split_once("compareChecked(")?;
    let mut quoted = arguments.split('\'').skip(1).step_by(2);
    Some((quoted.next()?, quoted.next()?))
}
