//! Which listings on sale count in the market: those of dealers that are not paused, seen within
//! `TrackingRules::on_the_market_days`. Which of them are unseen is a condition of its own.

use crate::db::DbConnection;

/// The SQL condition that a listing was seen at a time or later, at a competitor that is not paused. `listing` is the name of the
/// row in the query.
pub(crate) fn is_watched(conn: &DbConnection, listing: &str, since: &str) -> String {
    format!("({})", is_watched_since(conn, listing) + since)
}

/// The same condition without its end, the time.
pub(crate) fn is_watched_since(conn: &DbConnection, listing: &str) -> String {
    let is_active = match conn {
        // A join beside the listing, as a distributed database wants it.
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => format!(
            "NOT EXISTS (SELECT FROM competitors AS paused
                         WHERE paused.id = {listing}.competitor_id AND paused.active = false)"
        ),
        // SQLite makes the list of the few that are paused once, and would look each listing's dealer up for a join.
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            format!("{listing}.competitor_id NOT IN (SELECT id FROM competitors WHERE active = false)")
        }
    };
    format!(
        "{is_active}
         AND coalesce({listing}.last_seen_at, {listing}.first_seen_at, {listing}.created_at) >= "
    )
}

/// The SQL condition that a listing on sale is unseen, see `tracking::unseen`. `listing` is the name of the row in the query.
pub(super) fn is_unseen(listing: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM competitors AS looking WHERE looking.id = {listing}.competitor_id
                 AND coalesce({listing}.last_seen_at, {listing}.first_seen_at, {listing}.created_at) < looking.looked_for_at)"
    )
}
