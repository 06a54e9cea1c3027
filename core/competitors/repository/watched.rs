//! Which listings on sale somebody still looks after: what the market asks is told by these alone.
//!
//! What is deliberately not here: how long that is (`TrackingRules::on_the_market_days`).

/// Whether a row of `competitor_inventory`, by the name it has in the query, was seen at a time or later, at a competitor that is
/// not paused: a condition in SQL.
pub(crate) fn is_watched(listing: &str, since: &str) -> String {
    format!("({})", is_watched_since(listing) + since)
}

/// The same condition up to its end, where the time stands.
pub(crate) fn is_watched_since(listing: &str) -> String {
    format!(
        "{listing}.competitor_id NOT IN (SELECT id FROM competitors WHERE active = false)
         AND coalesce({listing}.last_seen_at, {listing}.first_seen_at, {listing}.created_at) >= "
    )
}
