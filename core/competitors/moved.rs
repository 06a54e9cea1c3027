//! How many vehicles a list shows on several of its pages.
//!
//! A list that is ordered anew for each request, or that moves between two, shows some vehicles twice and others on no page at
//! all; as many may be missing as stand there twice. What the pages show on purpose is not counted: a block that stands at the
//! head or at the foot of every page, whatever it shows there, a vehicle that stands on all of three pages or more, and pages of
//! which each begins with the end of the one before. What is deliberately not here: what follows from it (`completeness`).

use std::collections::{HashMap, HashSet};

/// Vehicles, by what tells them from others, that stand on several of these pages in their order; linear but for pages that begin
/// as the one before ends.
pub(super) fn on_several_pages(pages: &[Vec<String>]) -> usize {
    if pages.len() < 2 {
        return 0;
    }
    let mut shown: HashMap<&str, usize> = HashMap::new();
    pages.iter().flatten().for_each(|vehicle| *shown.entry(vehicle).or_default() += 1);
    let is_repeated = |vehicle: &&String| shown.get(vehicle.as_str()).is_some_and(|times| *times > 1);
    let heads = pages.iter().map(|page| page.iter().take_while(is_repeated).count());
    let feet = pages.iter().map(|page| page.iter().rev().take_while(is_repeated).count());
    // One alone may be chance.
    let block = |lengths: Option<usize>| lengths.filter(|length| *length > 1).unwrap_or(0);
    let (head, foot) = (block(heads.min()), block(feet.min()));
    let mut on_pages: HashMap<&str, usize> = HashMap::new();
    for (index, page) in pages.iter().enumerate() {
        let overlap = index.checked_sub(1).map_or(0, |before| overlap(&pages[before], page));
        let end = page.len().saturating_sub(foot);
        let own: HashSet<&str> =
            page.get(head.max(overlap)..end).unwrap_or_default().iter().map(String::as_str).collect();
        own.into_iter().for_each(|vehicle| *on_pages.entry(vehicle).or_default() += 1);
    }
    on_pages.values().filter(|&&count| count > 1 && (pages.len() == 2 || count < pages.len())).count()
}

/// How many vehicles at the end of a page are those that the next one begins with.
fn overlap(before: &[String], page: &[String]) -> usize {
    let most = before.len().min(page.len());
    (1..=most).rev().find(|length| before[before.len() - length..] == page[..*length]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one_page("abc", 0)]
    #[case::as_it_should_be("abc def ghi", 0)]
    #[case::ordered_anew("abcd cfah bidg", 4)]
    #[case::ordered_anew_on_two_pages("abcd ecbf", 2)]
    #[case::a_block_on_every_page("xyabc xydef xyghi", 0)]
    #[case::a_block_on_both_pages("abcxy defxy", 0)]
    #[case::a_block_that_changes("dabc ghdef ahghi", 0)]
    #[case::one_amid_every_page("axbc dexf xghi", 0)]
    #[case::a_car_that_came_between("abc cde fgh", 0)]
    #[case::pages_that_overlap("abcd cdef efgh", 0)]
    #[case::twice_on_one_page("aabc def", 0)]
    fn as_many_may_be_missing(#[case] pages: &str, #[case] repeated: usize) {
        let pages: Vec<Vec<String>> = pages.split(' ').map(|page| page.chars().map(String::from).collect()).collect();
        assert_eq!(on_several_pages(&pages), repeated);
    }
}
