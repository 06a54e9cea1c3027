//! V12 Software: known by its mark alone.
//!
//! No description of a list was found; it stands at `/vehicles` or `/inventory`.

use super::{Mark, Platform, any_layout};

pub(crate) const PLATFORM: Platform = Platform {
    name: "v12_software",
    terms: None,
    marks: &[Mark::possible(&["//www.v12software.com"])],
    parse: any_layout,
    pages_lack: &[],
    list_paths: &["/vehicles", "/inventory"],
    endpoint: None,
};
