//! Cards of the same template as those of vehicles, which nothing else has read: their make is in no table, or they say too little.
//!
//! One that says a price, miles or a stock number and leads on is a vehicle, with the words of its heading as they stand. In a list that
//! names models without makes (`2014 NOTE`) they are the model, and it has no make. The others are counted, so that none goes unseen. What is deliberately not here: what makes a template one of vehicles (`cards`, `linked_cards`).

use std::collections::HashSet;

use super::{
    address, card,
    card_heading::states_its_make,
    card_proof,
    cards::{Card, alike},
    dom::Dom,
    heading::Begins,
    page::Page,
};

/// Fewer cards show no template.
const FEWEST: usize = 2;
/// At most this many cards are examples of templates.
const EXAMPLES_MAX: usize = 32;

/// The vehicles on such cards.
pub(super) fn read(page: &Page<'_>, dom: &Dom<'_>, found: &[Card]) -> Vec<Card> {
    if found.len() < FEWEST {
        return Vec::new();
    }
    let templates = Templates::of(dom, found);
    let mut known: HashSet<String> =
        found.iter().filter_map(|card| card.listing.url.as_deref().and_then(address::key)).collect();
    known.extend(address::key(page.url.as_str()));
    let mut beside = Vec::new();
    let mut cards = found.iter().map(|card| card.at).peekable();
    let mut at = 0;
    while at < dom.len() {
        while cards.next_if(|card| *card < at).is_some() {}
        if cards.peek() == Some(&at) {
            at = dom.node(at).end;
            continue;
        }
        let holds_card = cards.peek().is_some_and(|card| dom.within(at).contains(card));
        if holds_card || !templates.made(dom, at) {
            at += 1;
            continue;
        }
        beside.extend(vehicle_on(page, dom, at, &mut known, templates.begins));
        at = dom.node(at).end;
    }
    beside
}

/// The templates of cards: their elements, and where they stand if they have no class.
struct Templates {
    examples: Vec<usize>,
    parents: HashSet<usize>,
    /// What their headings begin with behind the year.
    begins: Begins,
}

impl Templates {
    fn of(dom: &Dom<'_>, found: &[Card]) -> Self {
        let mut examples: Vec<usize> = Vec::new();
        for card in found.iter().take(EXAMPLES_MAX) {
            if dom.element(card.at).is_some() && !examples.iter().any(|known| alike(dom, *known, card.at)) {
                examples.push(card.at);
            }
        }
        let said: Vec<bool> =
            found.iter().take(EXAMPLES_MAX).filter_map(|card| states_its_make(dom, card.at)).collect();
        let with_make = said.iter().filter(|states| **states).count();
        let begins = if with_make * 2 < said.len() { Begins::WithModel } else { Begins::WithMake };
        Self { examples, parents: found.iter().filter_map(|card| dom.parent(card.at)).collect(), begins }
    }

    fn made(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(element) = dom.element(at) else { return false };
        let has_class = || element.classes().next().is_some();
        let stands_beside = || dom.parent(at).is_some_and(|parent| self.parents.contains(&parent));
        self.examples.iter().any(|example| alike(dom, *example, at)) && (has_class() || stands_beside())
    }
}

fn vehicle_on(page: &Page<'_>, dom: &Dom<'_>, at: usize, known: &mut HashSet<String>, begins: Begins) -> Option<Card> {
    states_its_make(dom, at)?;
    let (_, url) = card::link(page, dom, at, None)?;
    if !known.insert(address::key(&url)?) {
        return None;
    }
    let (card, proof) = card_proof::read_as_it_stands(page, dom, at, Some(url), begins)?;
    if proof.is_no_car() {
        return None;
    }
    // One of a known make was left for a widget beside the list.
    let is_of_list = card::heading_within(dom, at).is_none();
    let is_named = card.listing.make.is_some() || card.listing.model.is_some();
    if is_named != proof.is_enough() {
        page.note_left_out(at);
    }
    // A VIN in a link is that of another card.
    (is_named && is_of_list && proof.is_enough() && card.listing.vin.is_none()).then_some(card)
}
