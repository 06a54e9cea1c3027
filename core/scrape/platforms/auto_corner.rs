//! `AutoCorner`: lists made by a script of its own, known by the address of its script in the page.

use super::{Mark, Platform, any_layout};

pub(crate) const PLATFORM: Platform = Platform {
    name: "auto_corner",
    terms: None,
    marks: &[Mark::certain(&["/cgi-bin/srp_vehicles.cgi"])],
    parse: any_layout,
    pages_lack: &[],
    list_paths: &["/cgi-bin/srp_vehicles.cgi"],
    endpoint: None,
};
