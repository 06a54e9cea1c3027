//! A feed that a mapping file describes whole.

use crate::{
    error::{Error, ErrorCode, Result},
    exports::{FeedFormat, Platform, feed::Feed, mapping::Mapping},
};

/// The forms that a mapping may choose from.
const FORMATS: &[FeedFormat] = &[FeedFormat::Csv, FeedFormat::Tsv, FeedFormat::Xml, FeedFormat::JsonLines];

pub(super) fn feed(mapping: Option<&Mapping>) -> Result<Feed> {
    if mapping.is_none() {
        let message = "a custom feed needs its columns: give a mapping, or set exports.custom.mapping";
        return Err(Error::new(ErrorCode::NotConfigured, message));
    }
    Ok(Feed::new(Platform::Custom, FORMATS, Vec::new()))
}
