//! A list of vehicles, read page after page until it ends.

mod crawl;
mod page_cache;
mod page_overlap;
mod pages;
pub(crate) mod site_scope;
pub(crate) mod stores;

pub(crate) use crawl::{CrawlLimits, Crawled, Ended, Failed, Reached, SharedHosts, SharedTurn, crawl};
pub(crate) use page_cache::{KeptPage, KeptPages, ListSource, PagesRead, Reading};
pub(crate) use pages::{Pages, key_of, read};
