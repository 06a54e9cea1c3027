//! Room58: websites of powersports dealers, known by their marks alone.
//!
//! No description of a list was found. A vehicle's own page carries its data as `TRACKING_DATA_LAYER`.

use super::{Mark, Platform, any_layout};

pub(crate) const PLATFORM: Platform = Platform {
    name: "room58",
    terms: None,
    marks: &[Mark::certain(&["cdn.room58.com", "TRACKING_DATA_LAYER"]), Mark::possible(&["cdn.room58.com"])],
    parse: any_layout,
    pages_lack: &[],
    list_paths: &[],
    endpoint: None,
};
