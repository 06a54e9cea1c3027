//! What other dealers' websites say: pages read into listings.
//! [`extract`] has the techniques that work on any page, `platforms` the vendors whose pages are known, and `configured` reads a
//! website as its competitor's configuration says. All are pure: text in, listings out. `fetch` gets the pages, politely, and
//! `browser` renders those that need it. `api` asks services that are made for programs, through the same guard. What is
//! deliberately not here: the database, the tracking rules, and anything that knows a competitor.

pub(crate) mod api;
pub(crate) mod browser;
pub(crate) mod configured;
mod error_type;
pub mod extract;
pub(crate) mod fetch;
pub(crate) mod platforms;
pub(crate) mod walk;
mod warning;

pub use error_type::ScrapeErrorType;

/// Which answers the readers of pages give: raised by one whenever `extract`, `platforms` or `configured` reads anything
/// differently than before, so that what an older reader made of a page is not believed any more.
pub(crate) const READER_REVISION: u32 = 34;
