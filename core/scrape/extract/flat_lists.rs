//! Lists without an element around each car: a heading, what is said of its car, and then the next heading.
//!
//! Each text that names a vehicle gets an element around it and what follows it, up to the next one, so that the cards of such a
//! page are found like any others. It is asked of what stands outside of the cards that are known already. What is deliberately not
//! here: what makes a card a vehicle (`cards`, `linked_cards`).

use std::{collections::BTreeMap, ops::Range};

use super::{
    card_heading::{HEADING_NODES_MAX, names_a_vehicle},
    cards::Card,
    clean,
    dom::{Dom, Kind},
    own_page::leads_through,
};

/// How far an element may be above the heading that is all that it holds.
const LEVELS_MAX: usize = 5;

/// The page with an element around each car of a flat list; `None` where there is no such list beside the cards.
pub(super) fn framed<'a>(dom: &Dom<'a>, cards: &[Card]) -> Option<Dom<'a>> {
    let mut lists: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let is_named = |card: &&Card| card.listing.year.is_some() && card.listing.make.is_some();
    let mut known = cards.iter().filter(is_named).map(|card| dom.within(card.at)).peekable();
    let mut at = 0;
    while at < dom.len() {
        while known.next_if(|card| card.end <= at).is_some() {}
        if let Some(card) = known.peek().filter(|card| card.contains(&at)) {
            at = card.end;
            continue;
        }
        if dom.element(at).is_some_and(leads_through) {
            at = dom.node(at).end;
            continue;
        }
        if let Some((parent, start)) = is_heading(dom, at).then(|| start_of(dom, at)).flatten() {
            let starts = lists.entry(parent).or_default();
            if starts.last().is_none_or(|last| dom.node(*last).end <= start) {
                starts.push(start);
            }
        }
        at += 1;
    }
    let (several, lone): (Vec<_>, Vec<_>) = lists.iter().partition(|(_, starts)| starts.len() > 1);
    let mut frames: Vec<Range<usize>> =
        several.into_iter().flat_map(|(parent, starts)| groups(dom, *parent, starts)).collect();
    // The first car of a list whose elements are never closed: what stands in front of the card of the next.
    let front_of_card = |parent: usize, start: usize| {
        let next = cards.iter().find(|card| card.at > start && dom.node(card.at).parent == parent)?;
        Some(start..next.at)
    };
    frames.extend(lone.into_iter().filter_map(|(parent, starts)| front_of_card(*parent, *starts.first()?)));
    // A list within a card of another is left for that card.
    frames.sort_unstable_by_key(|range| range.start);
    let mut until = 0;
    frames.retain(|range| {
        let is_free = range.start >= until;
        until = if is_free { range.end } else { until };
        is_free
    });
    (!frames.is_empty()).then(|| dom.with_frames(frames))
}

/// Whether an element or a text is the name of a vehicle.
fn is_heading(dom: &Dom<'_>, at: usize) -> bool {
    match &dom.node(at).kind {
        Kind::Text(text) => names_a_vehicle(text),
        Kind::Element(element) => {
            matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "b" | "strong")
                && dom.node(at).end - at < HEADING_NODES_MAX
                && names_a_vehicle(&dom.text(at))
        }
    }
}

/// The element that holds a heading and nothing else, below the one that holds more.
fn start_of(dom: &Dom<'_>, heading: usize) -> Option<(usize, usize)> {
    let text = match &dom.node(heading).kind {
        Kind::Text(text) => clean::collapse(text),
        Kind::Element(_) => dom.text(heading),
    };
    let mut start = heading;
    for _ in 0..LEVELS_MAX {
        let parent = dom.parent(start)?;
        if dom.node(parent).end - parent >= HEADING_NODES_MAX || dom.text(parent) != text {
            return Some((parent, start));
        }
        start = parent;
    }
    None
}

/// From each start up to the next one; the last is as long as the longest of the others.
fn groups(dom: &Dom<'_>, parent: usize, starts: &[usize]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = starts.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let longest = groups.iter().map(ExactSizeIterator::len).max().unwrap_or_default();
    if let Some(last) = starts.last() {
        let (mut end, most) = (dom.node(*last).end, dom.node(parent).end);
        while end < most && end - last < longest {
            end = dom.node(end).end;
        }
        groups.push(*last..end);
    }
    groups
}
