//! How far the reading of a list came, and what the list looked like.

/// What a scrape knows about how far it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrapeReading {
    /// Whether the last page was reached; `false` too for a part of a lot handed in as such.
    pub last_page_reached: bool,
    /// Pages that could not be fetched or read.
    pub pages_failed: u32,
    /// Pages that robots.txt closes.
    pub pages_closed_by_robots: u32,
    /// Pages read, for the record; `None` where the listings came from elsewhere.
    pub pages_fetched: Option<u32>,
    /// How many vehicles the website claims to have.
    pub total_claimed: Option<u32>,
    /// How many vehicles the last page showed, if that is as many as the emptiest page before it and nothing else tells
    /// that it was the last.
    pub full_last_page: Option<u32>,
    /// What the list looked like, to compare the next scrape with.
    pub list: ListShape,
    /// Vehicles that several of its pages showed, without those that are shown so on purpose. The list moves then, and others
    /// may have been on no page.
    pub on_several_pages: u32,
    /// Vehicles that seem to have moved on to a page that the website sends as it was before, so that no page shows them.
    pub behind_old_pages: u32,
    /// Whether it says in words that nothing was found, and shows vehicles all the same.
    pub says_none: bool,
}

/// What a list looked like to a scrape, apart from its vehicles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListShape {
    /// The fewest vehicles on any page but the last; `None` for a list of one page.
    pub page_vehicles: Option<u32>,
    /// How many the last one showed, where no total tells that it was the last; of no use once the scrape is judged.
    pub last_page: Option<u32>,
    /// Where its first page stood after redirects.
    pub url: Option<String>,
    /// Whether that is another address than the one asked for; of no use once the scrape is judged.
    pub redirected: bool,
}

impl ScrapeReading {
    /// A reading that came to the last page and lost none.
    #[must_use]
    pub fn whole_lot() -> Self {
        Self { last_page_reached: true, ..Self::default() }
    }

    /// A reading that is known to be a part of a lot.
    #[must_use]
    pub fn part_of_a_lot() -> Self {
        Self::default()
    }
}
