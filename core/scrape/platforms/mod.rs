//! The vendors whose pages are known: one file each, one line in [`ALL`].
//!
//! A platform is detected by its vendor's hosts and by marks of its templates, never by a word that a dealer might write:
//! pictures and tracking of one vendor appear on the pages of another, and `ford` is within `affordable`. What is deliberately
//! not here: techniques that work on any page; they are in `extract`.

mod auction123;
mod autowall;
mod dealer_com;

use super::extract::{Page, Parts};
use crate::Result;

/// A vendor's way of writing inventory pages.
pub(crate) struct Platform {
    /// The name by which the platform is reported and chosen.
    pub(crate) name: &'static str,
    /// How surely a page is this vendor's.
    pub(crate) detect: fn(&Page<'_>) -> Confidence,
    /// Reads a page; `None` where its listings are nowhere this file knows to look.
    pub(crate) parse: fn(&Page<'_>) -> Result<Option<Parts>>,
}

/// How surely a page belongs to a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Confidence {
    /// No mark at all.
    None,
    /// A mark that other vendors' pages may carry as well.
    Possible,
    /// Marks that only this vendor's templates write.
    Certain,
}

/// Every platform; of equally sure ones the first is taken, so those whose pages embed another's marks stand in front.
pub(crate) const ALL: [&Platform; 3] = [&auction123::PLATFORM, &autowall::PLATFORM, &dealer_com::PLATFORM];

/// The platform of a page, if any.
pub(crate) fn detect(page: &Page<'_>) -> Option<&'static Platform> {
    let mut best: Option<(Confidence, &'static Platform)> = None;
    for platform in ALL {
        let confidence = (platform.detect)(page);
        if confidence > best.map_or(Confidence::None, |(known, _)| known) {
            best = Some((confidence, platform));
        }
    }
    best.map(|(_, platform)| platform)
}

/// The platform of this name.
pub(crate) fn named(name: &str) -> Option<&'static Platform> {
    ALL.into_iter().find(|platform| platform.name == name)
}
