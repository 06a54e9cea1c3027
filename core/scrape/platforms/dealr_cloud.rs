//! dealr.cloud: known by its host alone.

use super::{Mark, Platform, any_layout};

pub(crate) const PLATFORM: Platform = Platform {
    name: "dealr_cloud",
    terms: None,
    marks: &[Mark::possible(&[".dealr.cloud/"])],
    parse: any_layout,
    pages_lack: &[],
    list_paths: &[],
    endpoint: None,
};
