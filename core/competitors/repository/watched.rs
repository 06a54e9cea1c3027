//! Which listings on sale count in the market: those of dealers that are not paused, seen within
//! `TrackingRules::on_the_market_days`.

/// The SQL condition that a listing was seen at a time or later, at a competitor that is not paused. `listing` is the name of the
/// row in the query.
pub(crate) fn is_watched(listing: &str, since: &str) -> String {
    format!("({})", is_watched_since(listing) + since)
}

/// The same condition without its end, the time.
pub(crate) fn is_watched_since(listing: &str) -> String {
    format!(
        "{listing}.competitor_id NOT IN (SELECT id FROM competitors WHERE active = false)
         AND coalesce({listing}.last_seen_at, {listing}.first_seen_at, {listing}.created_at) >= "
    )
}
