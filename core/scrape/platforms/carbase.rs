//! Carbase: cards with a table of facts, whose first row ends with the VIN.
//!
//! From a script of 2019, and no page since: what else a card says is read as on any card. The list takes up to a hundred
//! vehicles a page, `/used-inventory?PageNumber=1&SortBy=1&PageSize=100`.

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Dom, Draft, Field, Page, Parts, read_card},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "carbase",
    terms: None,
    marks: &[Mark::certain(&["cdn.carbase.com/dealer/"]), Mark::possible(&["https://www.carbase.com"])],
    parse,
    pages_lack: &[],
    list_paths: &["/used-inventory?PageNumber=1&SortBy=1&PageSize=100"],
    endpoint: None,
};

/// The place of the VIN in the first row.
const VIN_CELL: usize = 3;

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let dom = page.dom()?;
    let facts: Vec<usize> = dom
        .elements(0..dom.len())
        .filter(|(_, element)| element.name() == "table" && element.classes().any(|class| class == "table"))
        .map(|(at, _)| at)
        .collect();
    let mut listings = Vec::new();
    for (number, table) in facts.iter().enumerate() {
        let mut draft = Draft::default();
        read_facts(dom, *table, &mut draft);
        if draft.listing.vin.is_none() {
            continue;
        }
        let neighbours = [number.checked_sub(1), Some(number + 1)].map(|at| at.and_then(|at| facts.get(at)).copied());
        read_card(page, dom, card_around(dom, *table, &neighbours), &mut draft);
        listings.push(draft.listing);
    }
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

/// Labels and values in turn, cell by cell.
fn read_facts(dom: &Dom<'_>, table: usize, draft: &mut Draft) {
    let rows: Vec<Vec<String>> = dom
        .elements(dom.within(table))
        .filter(|(_, element)| element.name() == "tr")
        .map(|(row, _)| dom.children(row).map(|cell| dom.text(cell)).collect())
        .collect();
    if let Some(vin) = rows.first().and_then(|cells| cells.get(VIN_CELL)) {
        draft.offer(Field::Vin, vin);
    }
    for [label, value] in rows.iter().flat_map(|cells| cells.as_chunks::<2>().0) {
        if let Some(field) = Field::named(label) {
            draft.offer(field, value);
        }
    }
}

/// The largest element around a table that holds none of its neighbours.
fn card_around(dom: &Dom<'_>, table: usize, neighbours: &[Option<usize>]) -> usize {
    let mut card = table;
    while let Some(parent) = dom.parent(card) {
        let range = dom.within(parent);
        let holds_neighbour = neighbours.iter().flatten().any(|neighbour| range.contains(neighbour));
        let is_whole_page =
            dom.element(parent).is_some_and(|element| matches!(element.name(), "body" | "html" | "main"));
        if holds_neighbour || is_whole_page {
            break;
        }
        card = parent;
    }
    card
}
