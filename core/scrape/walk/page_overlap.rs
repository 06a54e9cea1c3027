//! How many vehicles a list shows on several of its pages.
//!
//! A list that is ordered anew for each request, or that moves between two, shows some vehicles twice and others on no page. For
//! each that stands there twice, one may be missing.
//!
//! What the pages show on purpose is not counted: a block at the head or at the foot of every page, a vehicle that stands on all
//! of three pages or more, and pages of which each begins with the end of the one before. What follows from the number is decided
//! in `tracking::evidence`.

use std::collections::{HashMap, HashSet};

/// A block is no larger than this part of the fullest page, and than this number of vehicles.
const BLOCK_PART: usize = 4;
const BLOCK_MOST: usize = 24;

/// Pages overlap by no more than this many vehicles.
const OVERLAP_MOST: usize = 100;

/// A block explains the repeats if without it at most one in this many remains.
const BLOCK_EXPLAINS: usize = 8;

/// The number of vehicles that stand on several of these pages. Each page is a list of keys in order. Linear: the pages are
/// gone through twice for each possible length of a block.
pub(crate) fn on_several_pages(pages: &[Vec<String>]) -> usize {
    let first = pages.first().map_or(&[][..], Vec::as_slice);
    let parts: Vec<&[String]> =
        std::iter::once(first).chain(pages.windows(2).map(|pair| &pair[1][overlap(&pair[0], &pair[1])..])).collect();
    let all = repeated(&parts, |part| part);
    if all == 0 {
        return 0;
    }
    let longest = parts.iter().map(|part| part.len()).max().unwrap_or(0) / BLOCK_PART;
    let longest = longest.min(BLOCK_MOST);
    let without_block = (1..=longest).flat_map(|length| {
        let without_head = repeated(&parts, |part| part.get(length..).unwrap_or_default());
        let without_foot = repeated(&parts, |part| &part[..part.len().saturating_sub(length)]);
        [without_head, without_foot]
    });
    let without_block = without_block.min().unwrap_or(all);
    // A block explains nearly all of it, or it is none.
    if without_block * BLOCK_EXPLAINS <= all { without_block } else { all }
}

fn repeated<'a>(pages: &[&'a [String]], part: impl Fn(&'a [String]) -> &'a [String]) -> usize {
    let mut on_pages: HashMap<&str, usize> = HashMap::new();
    for page in pages {
        let shown: HashSet<&str> = part(page).iter().map(String::as_str).collect();
        shown.into_iter().for_each(|vehicle| *on_pages.entry(vehicle).or_default() += 1);
    }
    on_pages.values().filter(|&&count| count > 1 && (pages.len() == 2 || count < pages.len())).count()
}

/// How many vehicles at the end of a page are those that the next one begins with.
fn overlap(before: &[String], page: &[String]) -> usize {
    let most = before.len().min(page.len()).min(OVERLAP_MOST);
    (1..=most).rev().find(|length| before[before.len() - length..] == page[..*length]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::clock::processor_time;

    #[rstest]
    #[case::nothing("", 0)]
    #[case::one_page("abc", 0)]
    #[case::as_it_should_be("abcd efgh ijk", 0)]
    #[case::ordered_anew("abcd cfah bidg", 4)]
    #[case::ordered_anew_on_two_pages("abcdefgh jbaclkdm", 4)]
    #[case::a_block_on_every_page("xyabc xydef xyghi", 0)]
    #[case::a_block_on_both_pages("abcdefghx ijklmnopx", 0)]
    #[case::a_block_that_changes("fabcd befgh aijkl", 0)]
    #[case::a_block_that_shows_a_car_of_its_page("fabcd efgh aijkl", 0)]
    #[case::one_amid_every_page("axbc dexf xghi", 0)]
    #[case::a_car_that_came_between("abc cde fgh", 0)]
    #[case::pages_that_overlap("abcd cdef efgh", 0)]
    #[case::twice_on_one_page("aabc def", 0)]
    fn as_many_may_be_missing(#[case] pages: &str, #[case] repeated: usize) {
        let pages: Vec<Vec<String>> =
            pages.split_whitespace().map(|page| page.chars().map(String::from).collect()).collect();
        assert_eq!(on_several_pages(&pages), repeated);
    }

    #[test]
    fn a_page_made_to_cost_time_costs_little() {
        let page = |end: &str| -> Vec<String> {
            (0..50_000).map(|number| (number % 7).to_string()).chain([end.to_owned()]).collect()
        };
        let started = processor_time();
        assert_eq!(on_several_pages(&[page("x"), page("y"), page("z")]), 0);
        let many =
            |from: u32| -> Vec<String> { (from..from + 10_000).rev().map(|number| number.to_string()).collect() };
        assert_eq!(on_several_pages(&[many(0), many(5_000)]), 5_000);
        let taken = processor_time() - started;
        assert!(taken.as_secs() < 20, "{taken:?}");
    }
}
