//! How many vehicles no page of a list shows because one of its pages is sent as it was some days ago.
//!
//! A website may keep its later pages for days while the first one is fresh. A vehicle that new ones push off the first page then
//! stands on none: the second one is still as it was before. What tells this from a sale is where the missing vehicles stood, and
//! how many came in their place. What follows from the number is decided in `tracking::evidence`. No I/O.

use std::collections::HashSet;

/// A page by the keys of its vehicles in order: now, and when it was last read.
pub(super) struct PageTwice {
    pub(super) before: Option<Vec<String>>,
    pub(super) now: Vec<String>,
}

impl PageTwice {
    fn is_as_it_was(&self) -> bool {
        !self.now.is_empty() && self.before.as_ref() == Some(&self.now)
    }

    /// The vehicles that have come onto the page.
    fn arrived(&self) -> HashSet<&str> {
        let before: HashSet<&String> = self.before.iter().flatten().collect();
        self.now.iter().filter(|key| !before.contains(key)).map(String::as_str).collect()
    }
}

/// The number of vehicles that seem to have moved on to a page that is sent as it was. Linear.
pub(super) fn hidden(pages: &[PageTwice]) -> usize {
    let shown: HashSet<&str> = pages.iter().flat_map(|page| &page.now).map(String::as_str).collect();
    let is_missing = |key: &&String| !shown.contains(key.as_str());
    // Pushed off the end of a page onto the next one: as many came, and the page is as long as before.
    let pushed_off = pages.windows(2).map(|pair| {
        let [page, old] = pair else { return 0 };
        let Some(before) = page.before.as_ref().filter(|_| old.is_as_it_was()) else { return 0 };
        let lost = before.iter().rev().take_while(is_missing).count();
        let has_moved_on = lost < before.len() && page.now.len() >= before.len() && page.arrived().len() >= lost;
        if has_moved_on { lost } else { 0 }
    });
    // Pulled from the beginning of a page onto the one in front, of which vehicles stand on the page before it as well.
    let pulled_away = pages.windows(3).map(|three| {
        let [front, old, page] = three else { return 0 };
        let Some(before) = page.before.as_ref().filter(|_| old.is_as_it_was() && front.before.is_some()) else {
            return 0;
        };
        let arrived = front.arrived();
        let pulled = old.now.iter().filter(|key| arrived.contains(key.as_str())).count();
        before.iter().take_while(is_missing).count().min(pulled)
    });
    pushed_off.sum::<usize>() + pulled_away.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_changed("abcd efgh", "abcd efgh", 0)]
    #[case::one_pushed_off("abcd efgh", "xabc efgh", 1)]
    #[case::two_pushed_off("abcd efgh", "xyab efgh", 2)]
    #[case::pushed_on("abcd efgh", "xabc defg", 0)]
    #[case::one_sold("abcd efgh", "abd efgh", 0)]
    #[case::one_sold_and_one_new("abcd efgh", "xacd efgh", 0)]
    #[case::the_last_one_sold("abcd efgh", "abc efgh", 0)]
    #[case::all_are_others("abcd efgh", "wxyz efgh", 0)]
    #[case::one_pulled_away("abcd efgh ijkl", "bcde efgh jkl", 1)]
    #[case::one_sold_from_the_third("abcd efgh ijkl", "abcd efgh jkl", 0)]
    #[case::another_page_changed("abcd efgh ijkl", "abcd xefg ijkl", 1)]
    #[case::an_unknown_page("abcd", "xabc efgh", 0)]
    fn what_moved_on_to_an_old_page_is_hidden(#[case] before: &str, #[case] now: &str, #[case] expected: usize) {
        let keys = |page: &str| -> Vec<String> { page.chars().map(String::from).collect() };
        let mut earlier = before.split(' ').map(keys);
        let pages: Vec<PageTwice> =
            now.split(' ').map(|page| PageTwice { before: earlier.next(), now: keys(page) }).collect();
        assert_eq!(hidden(&pages), expected);
    }
}
