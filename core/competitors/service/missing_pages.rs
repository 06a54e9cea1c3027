//! Asks for the pages of missing cars. If a page is gone, its car is gone.
//!
//! Which pages prove something is a rule (`missing`). Here they are looked up and asked for.

use super::recording::Draft;
use crate::{
    competitors::{missing, repository},
    db::{DbConnection, DbResult},
    ids::ListingId,
    scrape::{fetch::Session, walk::site_scope::Home},
};

/// The pages to ask for.
pub(super) struct MissingPages {
    /// The page of a car that is on the list. If it is gone as well, the others prove nothing.
    control: String,
    missing: Vec<(ListingId, String)>,
}

impl MissingPages {
    /// The pages of the cars that a scrape misses. `None` if no car can be the control.
    pub(super) fn of(conn: &mut DbConnection, Draft { competitor, lot, plan, .. }: &Draft) -> DbResult<Option<Self>> {
        let suspects = missing::suspects(plan, &lot.stored);
        let controls: Vec<_> = suspects.controls.iter().map(|&row| lot.ids[row]).collect();
        let Some((place, unchanged_since)) = repository::longest_unchanged(conn, competitor.id, &controls)? else {
            return Ok(None);
        };
        let control = suspects.controls[place];
        let url = |row: usize| lot.stored[row].details.url.clone();
        let missing = suspects.told_by(control, unchanged_since, &lot.stored).into_iter();
        let missing: Vec<_> = missing.filter_map(|row| Some((lot.ids[row], url(row)?))).collect();
        let control = url(control).filter(|_| !missing.is_empty());
        Ok(control.map(|control| Self { control, missing }))
    }

    /// Asks for at most this many of the pages. Returns the listings whose pages are gone. Only the dealer's own websites are
    /// asked, and only their answers count.
    pub(super) fn gone(self, session: &Session, own: &[Home], at_most: usize) -> Vec<ListingId> {
        let Self { control, mut missing } = self;
        let is_own = |url: &str| own.iter().any(|home| home.has_text(url));
        missing.retain(|(_, url)| is_own(url));
        if missing.is_empty() {
            return Vec::new();
        }
        // Each is asked for sooner or later, whatever the others answer.
        fastrand::shuffle(&mut missing);
        missing.truncate(at_most);
        match session.is_gone(&control, is_own) {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(%control, "a car on the list has no page of its own: missing pages prove nothing");
                return Vec::new();
            }
            Err(reason) => {
                tracing::info!(%reason, "the pages of missing listings were not asked for");
                return Vec::new();
            }
        }
        let mut gone = Vec::new();
        for (id, url) in missing {
            match session.is_gone(&url, is_own) {
                Ok(true) => gone.push(id),
                Ok(false) => {}
                Err(reason) if !reason.concerns_one_page() => {
                    tracing::info!(%reason, "the pages of the other missing listings were not asked for");
                    break;
                }
                Err(reason) => tracing::debug!(%reason, "the page of a missing listing could not be asked for"),
            }
        }
        gone
    }
}
