//! The cards of vehicles on a page, found by the VINs on them or by what links to them.
//!
//! A VIN in a text, an attribute or a link is an anchor. The largest element that holds exactly one VIN, within one that holds
//! several, is that vehicle's card; `card` reads it. A VIN makes no listing where the text around it names neither the car nor
//! a price, as in a compare form or a tracking pixel. Cards without any VIN are `linked_cards`. What is deliberately not here: any
//! knowledge of a vendor.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::Range,
};

use super::{
    beside_cards,
    card::{heading_within, is_headed, labelled, link, mentions, read},
    card_heading::heading_as_it_stands,
    card_proof, decoys,
    dom::{Dom, Element, Kind, attribute},
    fields::{Draft, Field},
    heading::Begins,
    linked_cards,
    listing::ScrapedListing,
    merge,
    own_page::{Subject, leads_through, offer_name},
    page::Page,
    sold_marks::is_marked_sold,
    vins::{self, Context},
};

/// Classes and ids of widgets that repeat other cars beside the list.
const SIDE_WIDGETS: [&str; 6] = ["similar", "recommend", "recently", "related", "compare", "featured"];
/// Of these, the ones that templates also write on the cards of the list itself.
const ALSO_ON_CARDS: [&str; 2] = ["compare", "featured"];

/// A card and the vehicle on it.
pub(super) struct Card {
    /// Its place in the page.
    pub(super) at: usize,
    pub(super) listing: ScrapedListing,
}

/// Fewer cards with a VIN may be a form or a counter beside a list of cards without one.
const FEW: usize = 4;

/// The cards of the page's vehicles, in document order. A page that may be one vehicle's own, by what it says of itself, suggests
/// others.
pub(super) fn find(page: &Page<'_>, dom: &Dom<'_>, subject: &Subject) -> Vec<Card> {
    let mut found = named(page, dom, subject);
    if !subject.may_be_a_vehicle() {
        let mut beside = beside_cards::read(page, dom, &found);
        found.append(&mut beside);
        found.sort_by_key(|card| card.at);
    }
    found
}

/// The cards that a VIN, a link or a heading points out.
fn named(page: &Page<'_>, dom: &Dom<'_>, subject: &Subject) -> Vec<Card> {
    let may_be_own = subject.may_be_a_vehicle();
    let anchors = Anchors::of_vins(dom);
    let mut found = if anchors.names.len() == 1 {
        only_vin(page, dom, subject, &anchors.names[0])
    } else {
        by_vin(page, dom, &anchors)
    };
    if found.len() >= FEW && !may_be_own {
        return found;
    }
    let mut linked = linked_cards::find(page, dom);
    if anchors.names.len() == 1 && linked.len() > 1 {
        // The VIN is of one of them, of a car beside them, or of the page: the whole page is no card.
        found = lone_vin(page, dom, &anchors, &linked).into_iter().collect();
    }
    // Cards do not overlap: the one before a place and the one behind it are all that may.
    linked.retain(|card| {
        let behind = found.partition_point(|known| known.at < card.at);
        let holds = |known: &Card| dom.within(known.at).contains(&card.at);
        let is_held = |known: &Card| dom.within(card.at).contains(&known.at);
        !found.get(behind).is_some_and(is_held) && !found[..behind].last().is_some_and(holds)
    });
    if may_be_own || linked.len() > found.len() {
        found.append(&mut linked);
        found.sort_by_key(|card| card.at);
    }
    found
}

/// The card of the only VIN of a page, beside cards without one: the largest element that holds it and none of them.
fn lone_vin(page: &Page<'_>, dom: &Dom<'_>, anchors: &Anchors, linked: &[Card]) -> Option<Card> {
    let mut starts: Vec<usize> = linked.iter().map(|card| card.at).collect();
    starts.sort_unstable();
    let holds_card = |at: usize| {
        let next = starts.partition_point(|start| *start < at);
        starts.get(next).is_some_and(|start| dom.within(at).contains(start))
    };
    let mut at = 0;
    while holds_card(at) {
        if starts.binary_search(&at).is_ok() {
            return None;
        }
        at = dom.children(at).find(|child| anchors.holds[*child] != Holds::Nothing)?;
    }
    let mut draft = Draft::default();
    draft.listing.vin = anchors.names.first().cloned();
    read(page, dom, at, &mut draft);
    let mut listing = draft.listing;
    listing.is_sold = is_marked_sold(dom, at).then_some(true);
    let is_described = listing.price.is_some() || listing.mileage.is_some() || listing.stock_number.is_some();
    (listing.year.is_some() && listing.make.is_some() && is_described).then_some(Card { at, listing })
}

/// The page with a single VIN: a list of one, which links to it, or that vehicle's own. Where nothing is said of the car but its
/// name, the page must be named so, or the VIN is an example.
fn only_vin(page: &Page<'_>, dom: &Dom<'_>, subject: &Subject, vin: &str) -> Vec<Card> {
    let main_heading = dom.elements(0..dom.len()).find(|(_, element)| element.name() == "h1").map(|(at, _)| at);
    let holds_heading = |range: &Range<usize>| main_heading.is_some_and(|at| range.contains(&at));
    let frames = dom.elements(0..dom.len()).filter(|(_, element)| leads_through(element));
    let frames = frames.map(|(at, _)| dom.within(at)).filter(|range| !holds_heading(range));
    let rest = dom.without(frames.collect());
    let at = rest.elements(0..rest.len()).find(|(_, element)| element.name() == "body").map_or(0, |(at, _)| at);
    if rest.element(at).is_none() {
        return Vec::new();
    }
    let mut draft = Draft::default();
    let linked = link(page, &rest, at, Some(vin)).filter(|(evidence, _)| *evidence > 0);
    draft.listing.url = Some(linked.map_or_else(|| page.url.to_string(), |(_, url)| url));
    draft.listing.vin = Some(vin.to_owned());
    read(page, &rest, at, &mut draft);
    main_heading.into_iter().for_each(|at| offer_name(&mut draft, dom, at));
    let listing = draft.listing;
    let is_described = listing.price.is_some() || listing.mileage.is_some() || listing.stock_number.is_some();
    let is_headed = || !subject.is_about_something_else() && is_headed(&rest, at) && is_labelled(&rest, vin);
    let is_dear = listing.price.is_some_and(|price| price >= decoys::MOST_FOR_GOODS);
    let is_about_others = (listing.price.is_none() && page.is_about_others()) || (!is_dear && page.lists_other_goods());
    let is_vehicle =
        says_enough(&listing) && !is_about_others && (is_described || subject.is_named(&listing, false) || is_headed());
    // The page as a whole: its head and what stands in front are no other card.
    is_vehicle.then_some(Card { at: 0, listing }).into_iter().collect()
}

/// Whether a label stands in front of a VIN, in its own text or in the one before.
fn is_labelled(dom: &Dom<'_>, vin: &str) -> bool {
    let mut is_behind_label = false;
    (0..dom.len()).any(|at| {
        let Kind::Text(text) = &dom.node(at).kind else { return false };
        let text = text.trim();
        let was_behind_label = is_behind_label;
        is_behind_label = if text.is_empty() { is_behind_label } else { is_vin_label(text) };
        mentions(text, &vin.to_ascii_lowercase())
            && (was_behind_label || labelled(text).is_some_and(|(field, _)| field == Field::Vin))
    })
}

/// Takes a VIN from the cards of other cars, whose links alone hold it.
pub(super) fn disown_foreign_vins(dom: &Dom<'_>, cards: &mut [Card]) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, card) in cards.iter().enumerate() {
        if let Some(vin) = &card.listing.vin {
            places.entry(vin.clone()).or_default().push(place);
        }
    }
    for (vin, places) in places {
        let own = places.iter().copied().find(|place| states(dom, cards[*place].at, &vin));
        let Some(own) = own.filter(|_| places.len() > 1) else { continue };
        for place in places {
            if merge::have_unlike_names(&cards[own].listing, &cards[place].listing) {
                cards[place].listing.vin = None;
            }
        }
    }
}

/// Whether a card states a VIN elsewhere than in an address.
fn states(dom: &Dom<'_>, card: usize, vin: &str) -> bool {
    let vin = vin.to_ascii_lowercase();
    dom.within(card).any(|at| match &dom.node(at).kind {
        Kind::Text(text) => mentions(text, &vin),
        Kind::Element(element) => {
            element.attrs().any(|(name, value)| !matches!(name, "href" | "src" | "action") && mentions(value, &vin))
        }
    })
}

/// The cards that VINs point out.
fn by_vin(page: &Page<'_>, dom: &Dom<'_>, anchors: &Anchors) -> Vec<Card> {
    let mut cards: Vec<Place> = anchors.maximal(dom).into_iter().map(|card| anchors.narrowed(dom, card)).collect();
    // Widgets do not overlap: the last one that begins in front of a card is the only one that may hold it.
    cards.retain({
        let side = side_widgets(dom, &cards);
        move |card| {
            let behind = side.partition_point(|range| range.start <= card.at);
            !side[..behind].last().is_some_and(|range| range.contains(&card.at))
        }
    });
    let mut best: HashMap<usize, Card> = HashMap::new();
    for card in cards {
        let vin = &anchors.names[card.name];
        let mut draft = Draft::default();
        draft.listing.vin = Some(vin.clone());
        read(page, dom, card.at, &mut draft);
        // The VIN is the example of an offer.
        let is_leased =
            || !draft.price_is_asked() && page.lists_leases() && card_proof::told(dom, card.at).is_of_a_lease();
        if !says_enough(&draft.listing) || is_leased() {
            continue;
        }
        let mut listing = draft.listing;
        listing.is_sold = is_marked_sold(dom, card.at).then_some(true);
        let read = Card { at: card.at, listing };
        match best.entry(card.name) {
            Entry::Vacant(place) => {
                place.insert(read);
            }
            Entry::Occupied(mut place) => {
                // The link on one car's card may hold another's VIN.
                let known = place.get();
                let are_two = merge::have_unlike_names(&known.listing, &read.listing);
                let is_own = |card: &Card| are_two && states(dom, card.at, vin);
                if (is_own(&read), known_fields(&read.listing)) > (is_own(known), known_fields(&known.listing)) {
                    place.insert(read);
                }
            }
        }
    }
    let mut found: Vec<Card> = best.into_values().collect();
    let are_priced = || found.iter().any(|card| card.listing.price.is_some_and(|price| price >= decoys::LEAST_PRICE));
    let is_dear = |card: &Card| card.listing.price.is_some_and(|price| price >= decoys::MOST_FOR_GOODS);
    let are_goods = page.lists_other_goods() && !found.iter().any(is_dear);
    if are_goods || look_up(page, dom, &found) || (!are_priced() && page.is_about_others()) {
        return Vec::new();
    }
    doubt_marks(&mut found);
    let beside = without_vin(page, dom, anchors, &found);
    found.extend(beside);
    found.sort_by_key(|card| card.at);
    found
}

/// Takes no mark for a sale that all cards carry: it is a part of the template, shown by a style where it counts.
pub(super) fn doubt_marks(cards: &mut [Card]) {
    if cards.iter().all(|card| card.listing.is_sold.is_some()) {
        cards.iter_mut().for_each(|card| card.listing.is_sold = None);
    }
}

/// Whether all cards speak of what was, or of something looked up by its VIN: an auction, a theft, a recall.
fn look_up(page: &Page<'_>, dom: &Dom<'_>, cards: &[Card]) -> bool {
    let is_one_car = |card: &Card| card.listing.mileage.is_some() || card.listing.stock_number.is_some();
    let is_offered = |card: &Card| card.listing.price.is_some() || (page.names_a_dealer() && is_one_car(card));
    let looks_up = |card: &Card| {
        let told = card_proof::told(dom, card.at);
        told.looks_up() || (told.may_look_up() && !is_offered(card) && !told.asks_to_call())
    };
    !cards.is_empty() && cards.iter().all(looks_up)
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

/// How many vehicles are named within an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Nothing,
    One(usize),
    Several,
}

/// Where a card is, and which name it holds.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) name: usize,
}

/// What names the vehicles of a page, a VIN or an address, and which elements hold each.
pub(super) struct Anchors {
    pub(super) names: Vec<String>,
    holds: Vec<Holds>,
}

impl Anchors {
    fn of_vins(dom: &Dom<'_>) -> Self {
        Self::noted(dom, note_vins)
    }

    /// The names that `note` finds, each with the element or text that holds it.
    pub(super) fn noted(dom: &Dom<'_>, note: impl FnOnce(&Dom<'_>, &mut dyn FnMut(usize, String))) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut anchors = Self { names: Vec::new(), holds: vec![Holds::Nothing; dom.len()] };
        note(dom, &mut |at, name| {
            let next = numbers.len();
            let number = *numbers.entry(name.clone()).or_insert(next);
            if number == next {
                anchors.names.push(name);
            }
            anchors.holds[at] = joined(anchors.holds[at], Holds::One(number));
        });
        // What is within an element stands behind it, so one pass from the end sums up every element.
        for at in (1..dom.len()).rev() {
            let parent = dom.node(at).parent;
            if parent != at {
                anchors.holds[parent] = joined(anchors.holds[parent], anchors.holds[at]);
            }
        }
        anchors
    }

    /// The largest elements that hold one name of several.
    pub(super) fn maximal(&self, dom: &Dom<'_>) -> Vec<Place> {
        dom.elements(0..dom.len())
            .filter_map(|(at, _)| {
                let Holds::One(name) = self.holds[at] else { return None };
                let parent = dom.parent(at)?;
                (self.holds[parent] == Holds::Several).then_some(Place { at, name })
            })
            .collect()
    }

    /// A row that happens to hold one name, among rows of several cards, is left for the card within it.
    pub(super) fn narrowed(&self, dom: &Dom<'_>, card: Place) -> Place {
        let mut at = card.at;
        while self.is_row(dom, at) || self.holds_another_card(dom, at) {
            let Some(inner) = dom.children(at).find(|child| self.holds[*child] == Holds::One(card.name)) else { break };
            at = inner;
        }
        Place { at, ..card }
    }

    fn is_row(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(parent) = dom.parent(at) else { return false };
        // The siblings right before and behind are enough, and keep long lists linear.
        let near = |sibling: &usize| self.holds[*sibling] == Holds::Several && alike(dom, at, *sibling);
        dom.node(parent).end - parent > 1 && self.holds[parent] == Holds::Several && dom.neighbours(at).iter().any(near)
    }

    /// Whether beside the child with the name stands one like it that names another vehicle without a VIN.
    fn holds_another_card(&self, dom: &Dom<'_>, at: usize) -> bool {
        let Some(inner) = dom.children(at).find(|child| self.holds[*child] != Holds::Nothing) else { return false };
        dom.neighbours(inner).into_iter().any(|sibling| {
            self.holds[sibling] == Holds::Nothing
                && alike(dom, inner, sibling)
                && has_class(dom, inner)
                && names_a_vehicle(dom, sibling)
        })
    }
}

/// Notes the VINs of a page's texts and attributes.
fn note_vins(dom: &Dom<'_>, note: &mut dyn FnMut(usize, String)) {
    let mut context = Context::Anywhere;
    let mut divided = Divided::default();
    for at in 0..dom.len() {
        match &dom.node(at).kind {
            Kind::Text(text) => {
                vins::find(text, context).for_each(|vin| note(at, vin));
                if let Some(whole) = divided.take(text) {
                    vins::find(&whole, context).for_each(|vin| note(at, vin));
                }
                // `VIN:` in an element of its own labels the next text.
                let text = text.trim();
                if !text.is_empty() {
                    context = if is_vin_label(text) { Context::Labelled } else { Context::Anywhere };
                }
            }
            Kind::Element(element) => {
                divided.pass(element);
                for (name, value) in element.attrs().filter(|(_, value)| value.len() >= 17) {
                    let is_label = mentions(name, "vin");
                    let context = if is_label { Context::Labelled } else { Context::Anywhere };
                    vins::find(value, context).for_each(|vin| note(at, vin));
                }
            }
        }
    }
}

/// A VIN that elements within a line divide: `2FMPK4K91<wbr>HBB11870`, `2FMPK4K91HBB<b>11870</b>`.
#[derive(Default)]
struct Divided {
    /// The last text, from where a run of letters and digits at its end begins, with a label in front of it.
    tail: String,
}

impl Divided {
    /// How much in front of the run is kept, for a label.
    const LABEL_BYTES: usize = 12;
    const LENGTH: usize = 17;

    fn pass(&mut self, element: &Element<'_>) {
        const WITHIN_LINES: [&str; 10] = ["a", "b", "em", "font", "i", "mark", "span", "strong", "u", "wbr"];
        if !WITHIN_LINES.contains(&element.name()) {
            self.tail.clear();
        }
    }

    /// The VIN that ends in this text and began in those before, with its label.
    fn take(&mut self, text: &str) -> Option<String> {
        let is_run = |byte: &u8| byte.is_ascii_alphanumeric();
        let start = text.bytes().take_while(|byte| is_run(byte)).count();
        let before = self.tail.bytes().rev().take_while(is_run).count();
        let whole =
            (before > 0 && start > 0 && before + start <= Self::LENGTH).then(|| [&*self.tail, &text[..start]].concat());
        let is_whole = before + start == Self::LENGTH;
        if start < text.len() || whole.is_none() {
            let run = text.bytes().rev().take_while(|byte| is_run(byte)).count();
            self.tail.clear();
            if (1..Self::LENGTH).contains(&run) {
                let from = text.len() - run;
                let from = (from.saturating_sub(Self::LABEL_BYTES)..=from).find(|from| text.is_char_boundary(*from));
                self.tail.push_str(&text[from.unwrap_or(text.len() - run)..]);
            }
        } else if let Some(whole) = &whole {
            self.tail.clone_from(whole);
        }
        whole.filter(|_| is_whole)
    }
}

fn joined(one: Holds, other: Holds) -> Holds {
    match (one, other) {
        (Holds::Nothing, known) | (known, Holds::Nothing) => known,
        (Holds::One(one), Holds::One(other)) if one == other => Holds::One(one),
        _ => Holds::Several,
    }
}

pub(super) fn is_vin_label(text: &str) -> bool {
    Field::named(text) == Some(Field::Vin)
}

fn has_class(dom: &Dom<'_>, at: usize) -> bool {
    dom.element(at).is_some_and(|element| element.classes().next().is_some())
}

/// Whether two elements were made by the same template: same tag, same first class.
pub(super) fn alike(dom: &Dom<'_>, one: usize, other: usize) -> bool {
    let (Some(one), Some(other)) = (dom.element(one), dom.element(other)) else { return false };
    one.name() == other.name() && first_class(one) == first_class(other)
}

fn first_class<'e>(element: &'e Element<'_>) -> Option<&'e str> {
    attribute(element, "class").and_then(|classes| classes.split_ascii_whitespace().next())
}

fn names_a_vehicle(dom: &Dom<'_>, at: usize) -> bool {
    heading_within(dom, at).is_some() || heading_as_it_stands(dom, at, Begins::WithMake).is_some()
}

/// The ranges of widgets beside the list; none where they would leave out half of the cards or more.
fn side_widgets(dom: &Dom<'_>, cards: &[Place]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
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
fn without_vin(page: &Page<'_>, dom: &Dom<'_>, anchors: &Anchors, found: &[Card]) -> Vec<Card> {
    let mut lists: Vec<(usize, usize)> =
        found.iter().filter_map(|card| Some((dom.parent(card.at)?, card.at))).collect();
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
            // A text about a model may stand among the cars.
            let is_text = listing.url.as_deref().is_some_and(decoys::leads_elsewhere);
            if !is_text && listing.year.is_some() && if listing.make.is_some() { offered } else { numbered } {
                beside.push(Card { at: child, listing });
            }
        }
    }
    beside
}
