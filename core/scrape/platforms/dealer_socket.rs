//! DealerSocket "gemini": built on the stack of Team Velocity, known by its marks alone.
//!
//! No description of a list was found: its cards are read as Team Velocity's where they are such, and as any page's else. The
//! older websites of the vendor are `dealer_fire`.

use super::{Mark, Platform, any_layout, team_velocity};
use crate::{
    Result,
    scrape::extract::{Page, Parts},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "dealer_socket",
    terms: None,
    marks: &[Mark::certain(&["secureoffersites.com", "_website_gemini"])],
    parse,
    pages_lack: &[],
    list_paths: &["/inventory/used"],
    endpoint: None,
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    match (team_velocity::PLATFORM.parse)(page)? {
        Some(parts) => Ok(Some(parts)),
        None => any_layout(page),
    }
}
