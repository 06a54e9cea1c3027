//! Vehicles found by their VINs alone, on pages that no other technique can read.
//!
//! A VIN in a text, an attribute or a link is an anchor. The largest element that holds exactly one VIN, within one that holds
//! several, is that vehicle's card; `card` reads it. What is deliberately not here: any knowledge of a vendor. A VIN makes no
//! listing where the text around it names neither the car nor a price, as in a compare form or a tracking pixel.

use std::collections::HashMap;

use super::{
    card::{heading_within, is_marked_sold, link, mentions, read},
    dom::{Dom, Element, Kind, attribute},
    fields::{Draft, Field},
    listing::ScrapedListing,
    page::Page,
    vins::{self, Context},
};

/// Classes and ids of widgets that repeat other cars beside the list.
const SIDE_WIDGETS: [&str; 6] = ["similar", "recommend", "recently", "related", "compare", "featured"];
/// Of these, the ones that templates also write on the cards of the list itself.
const ALSO_ON_CARDS: [&str; 2] = ["compare", "featured"];

/// The vehicles of the page's cards, in document order.
pub(crate) fn listings(page: &Page<'_>, dom: &Dom<'_>) -> Vec<ScrapedListing> {
    let anchors = Anchors::find(dom);
    let mut cards: Vec<Card> = anchors.maximal(dom).into_iter().map(|card| anchors.narrowed(dom, card)).collect();
    cards.retain({
        let side = side_widgets(dom, &cards);
        move |card| !side.iter().any(|range| range.contains(&card.at))
    });
    let mut best: HashMap<usize, (usize, usize, ScrapedListing)> = HashMap::new();
    for card in cards {
        let mut draft = Draft::default();
        draft.listing.vin = Some(anchors.vins[card.vin].clone());
        if anchors.vins.len() == 1 {
            // A page with one vehicle is a list of one, which links to it, or that vehicle's own.
            let linked = link(page, dom, card.at, draft.listing.vin.as_deref()).filter(|(evidence, _)| *evidence > 0);
            draft.listing.url = Some(linked.map_or_else(|| page.url.to_string(), |(_, url)| url));
        }
        read(page, dom, card.at, &mut draft);
        let mut listing = draft.listing;
        if !says_enough(&listing) {
            continue;
        }
        listing.is_sold = is_marked_sold(dom, card.at).then_some(true);
        let score = known_fields(&listing);
        let known = best.get(&card.vin).map_or(0, |(known, ..)| *known);
        if score > known {
            best.insert(card.vin, (score, card.at, listing));
        }
    }
    let mut found: Vec<(usize, ScrapedListing)> = best.into_values().map(|(_, at, listing)| (at, listing)).collect();
    // A mark that most cards carry is a part of the template, shown by a style where it counts.
    if found.iter().filter(|(_, listing)| listing.is_sold.is_some()).count() * 2 >= found.len() {
        found.iter_mut().for_each(|(_, listing)| listing.is_sold = None);
    }
    let beside = without_vin(page, dom, &anchors, &found);
    found.extend(beside);
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, listing)| listing).collect()
}

fn says_enough(listing: &ScrapedListing) -> bool {
    let named = listing.year.is_some() && listing.make.is_some();
    // Whose make is unknown is a vehicle by its price and what else its card says of it.
    let described = listing.stock_number.is_some()
        || listing.mileage.is_some()
        || (listing.year.is_some() && listing.url.is_some());
    let offered = listing.price.is_some() && described;
    named || offered
}

fn known_fields(listing: &ScrapedListing) -> usize {
    [
        listing.year.is_some(),
        listing.make.is_some(),
        listing.model.is_some(),
        listing.trim.is_some(),
        listing.price.is_some(),
        listing.mileage.is_some(),
        listing.stock_number.is_some(),
        listing.exterior_color.is_some(),
        listing.url.is_some(),
        listing.image_url.is_some(),
    ]
    .into_iter()
    .filter(|known| *known)
    .count()
}

/// How many VINs stand within an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Nothing,
    One(usize),
    Several,
}

#[derive(Clone, Copy)]
struct Card {
    at: usize,
    vin: usize,
}

/// The VINs of a page and which elements hold them.
struct Anchors {
    vins: Vec<String>,
    holds: Vec<Holds>,
}

impl Anchors {
    fn find(dom: &Dom<'_>) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut anchors = Self { vins: Vec::new(), holds: vec![Holds::Nothing; dom.len()] };
        let mut context = Context::Anywhere;
        for at in 0..dom.len() {
            let mut note = |vin: String| {
                let next = numbers.len();
                let number = *numbers.entry(vin.clone()).or_insert(next);
                if number == next {
                    anchors.vins.push(vin);
                }
                anchors.holds[at] = joined(anchors.holds[at], Holds::One(number));
            };
            match &dom.node(at).kind {
                Kind::Text(text) => {
                    vins::find(text, context).for_each(&mut note);
                    // `VIN:` in an element of its own labels the next text.
                    let text = text.trim();
                    if !text.is_empty() {
                        context = if is_vin_label(text) { Context::Labelled } else { Context::Anywhere };
                    }
                }
                Kind::Element(element) => {
                    for (name, value) in element.attrs().filter(|(_, value)| value.len() >= 17) {
                        let context = if name.to_ascii_lowercase().contains("vin") {
                            Context::Labelled
                        } else {
                            Context::Anywhere
                        };
                        vins::find(value, context).for_each(&mut note);
                    }
                }
            }
        }
        // What is within an element stands behind it, so one pass from the end sums up every element.
        for at in (1..dom.len()).rev() {
            let parent = dom.node(at).parent;
            if parent != at {
                anchors.holds[parent] = joined(anchors.holds[parent], anchors.holds[at]);
            }
        }
        anchors
    }

    /// The largest elements that hold one VIN; of a page with a single VIN, its body.
    fn maximal(&self, dom: &Dom<'_>) -> Vec<Card> {
        if self.vins.len() == 1 {
            let body = dom.elements(0..dom.len()).find(|(_, element)| element.name() == "body").map_or(0, |(at, _)| at);
            return vec![Card { at: body, vin: 0 }];
        }
        dom.elements(0..dom.len())
            .filter_map(|(at, _)| {
                let Holds::One(vin) = self.holds[at] else { return None };
                let parent = dom.parent(at)?;
                (self.holds[parent] == Holds::Several).then_some(Card { at, vin })
            })
            .collect()
    }

    /// A row that happens to hold one VIN, among rows of several cards, is left for the card within it.
    fn narrowed(&self, dom: &Dom<'_>, card: Card) -> Card {
        let mut at = card.at;
        while self.is_row(dom, at) || self.holds_another_card(dom, at) {
            let Some(inner) = dom.children(at).find(|child| self.holds[*child] == Holds::One(card.vin)) else { break };
            at = inner;
        }
        Card { at, ..card }
    }

    fn is_row(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(parent) = dom.parent(at) else { return false };
        // The siblings right before and behind are enough, and keep long lists linear.
        let near = |sibling: &usize| self.holds[*sibling] == Holds::Several && alike(dom, at, *sibling);
        dom.node(parent).end - parent > 1
            && self.holds[parent] == Holds::Several
            && neighbours(dom, parent, at).iter().any(near)
    }

    /// Whether beside the child with the VIN stands one like it that names another vehicle without a VIN.
    fn holds_another_card(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(inner) = dom.children(at).find(|child| self.holds[*child] != Holds::Nothing) else { return false };
        neighbours(dom, at, inner).into_iter().any(|sibling| {
            self.holds[sibling] == Holds::Nothing
                && alike(dom, inner, sibling)
                && has_class(dom, inner)
                && names_a_vehicle(dom, sibling)
        })
    }
}

fn joined(one: Holds, other: Holds) -> Holds {
    match (one, other) {
        (Holds::Nothing, known) | (known, Holds::Nothing) => known,
        (Holds::One(one), Holds::One(other)) if one == other => Holds::One(one),
        _ => Holds::Several,
    }
}

fn is_vin_label(text: &str) -> bool {
    Field::named(text) == Some(Field::Vin)
}

/// The elements before and behind one, below the same parent.
fn neighbours(dom: &Dom<'_>, parent: usize, at: usize) -> Vec<usize> {
    let mut before = None;
    let mut behind = None;
    // Looked for from the element outwards would need links that the flat tree has not; a bounded look from the front will do.
    for child in dom.children(parent).take(NEIGHBOURS_LOOKED_AT) {
        if child < at {
            before = Some(child);
        } else if child > at {
            behind = Some(child);
            break;
        }
    }
    before.into_iter().chain(behind).collect()
}

/// How far into a parent neighbours are looked for; a list page shows at most a few hundred cards.
const NEIGHBOURS_LOOKED_AT: usize = 500;

fn has_class(dom: &Dom<'_>, at: usize) -> bool {
    dom.element(at).is_some_and(|element| element.classes().next().is_some())
}

/// Whether two elements were made by the same template: same tag, same first class.
fn alike(dom: &Dom<'_>, one: usize, other: usize) -> bool {
    let (Some(one), Some(other)) = (dom.element(one), dom.element(other)) else { return false };
    one.name() == other.name() && first_class(one) == first_class(other)
}

fn first_class<'e>(element: &'e Element<'_>) -> Option<&'e str> {
    attribute(element, "class").and_then(|classes| classes.split_ascii_whitespace().next())
}

fn names_a_vehicle(dom: &Dom<'_>, at: usize) -> bool {
    heading_within(dom, at).is_some()
}

/// The ranges of widgets beside the list; none where they would leave out half of the cards or more.
fn side_widgets(dom: &Dom<'_>, cards: &[Card]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    let mut left_out = 0;
    for (at, element) in dom.elements(0..dom.len()) {
        if found.last().is_some_and(|range| range.contains(&at)) {
            continue;
        }
        let named = |word: &str| {
            ["class", "id"].iter().filter_map(|name| attribute(element, name)).any(|name| mentions(name, word))
        };
        let Some(word) = SIDE_WIDGETS.iter().find(|word| named(word)) else { continue };
        let range = dom.within(at);
        // Cards stand in document order, so the ones within are found by two cuts. The whole widget may be one card.
        let first_inside = if ALSO_ON_CARDS.contains(word) { range.start + 1 } else { range.start };
        let inside =
            cards.partition_point(|card| card.at < range.end) - cards.partition_point(|card| card.at < first_inside);
        if inside > 0 && inside * 2 < cards.len() {
            left_out += inside;
            found.push(range);
        }
    }
    if left_out * 2 < cards.len() { found } else { Vec::new() }
}

/// The cards of vehicles without a VIN that stand in the same lists as those with one.
fn without_vin(
    page: &Page<'_>,
    dom: &Dom<'_>,
    anchors: &Anchors,
    found: &[(usize, ScrapedListing)],
) -> Vec<(usize, ScrapedListing)> {
    let mut lists: Vec<(usize, usize)> = found.iter().filter_map(|(at, _)| Some((dom.parent(*at)?, *at))).collect();
    lists.sort_unstable();
    lists.dedup_by_key(|(parent, _)| *parent);
    let mut beside = Vec::new();
    for (parent, example) in lists {
        for child in dom.children(parent) {
            if anchors.holds[child] != Holds::Nothing || !alike(dom, child, example) {
                continue;
            }
            let mut draft = Draft::default();
            read(page, dom, child, &mut draft);
            let listing = draft.listing;
            let offered = listing.price.is_some() || listing.mileage.is_some() || listing.stock_number.is_some();
            // A banner has a year, an amount and a link as well, but no number of its own.
            let numbered = listing.price.is_some() && listing.external_id.is_some() && listing.url.is_some();
            if listing.year.is_some() && if listing.make.is_some() { offered } else { numbered } {
                beside.push((child, listing));
            }
        }
    }
    beside
}
