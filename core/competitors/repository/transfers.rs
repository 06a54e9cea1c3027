//! Listings of one VIN at several competitors: which of them is a transfer of which.
//!
//! The rule is `transfer`; here it stands a second time in SQL, for counts over many rows.

use std::collections::HashMap;

use diesel::{dsl::count_star, prelude::*};

use super::{Instant, seen_between};
use crate::{
    competitors::{
        TrackingRules, Transfer,
        transfer::{self, Stay},
    },
    db::{
        DbConnection, DbResult,
        schema::{competitor_inventory, competitors},
    },
    ids::{CompetitorId, ListingId},
    money::Money,
};

/// The most VINs in one statement.
const VINS_AT_ONCE: usize = 10_000;

/// The SQL condition that a sold listing is a transfer, as [`transfer::moved`] has it: one look-up by VIN a row. `listing` is the
/// name of the row in the query.
pub(crate) fn is_transferred(conn: &DbConnection, listing: &str, transfer_days: u32) -> String {
    format!("EXISTS (SELECT 1 {})", later_stays(conn, listing, transfer_days))
}

/// The SQL expression of the time when a sold listing was first seen on another lot; null where it is no transfer.
pub(crate) fn seen_elsewhere(conn: &DbConnection, listing: &str, transfer_days: u32) -> String {
    format!("(SELECT min(elsewhere.first_seen_at) {})", later_stays(conn, listing, transfer_days))
}

/// The later listings of the same vehicle at other competitors, named `elsewhere`.
fn later_stays(conn: &DbConnection, listing: &str, transfer_days: u32) -> String {
    let until = match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            format!("least({listing}.last_seen_at, {listing}.sold_at) + interval '{transfer_days} days'")
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            format!(
                "strftime('%Y-%m-%dT%H:%M:%f', min({listing}.last_seen_at, coalesce({listing}.sold_at, {listing}.last_seen_at)), '+{transfer_days} days') || '999Z'"
            )
        }
    };
    // A sold vehicle may be shown for weeks after its sale.
    let last_offered = |row: &str| {
        format!(
            "CASE WHEN {row}.is_sold IS TRUE AND {row}.sold_at < {row}.last_seen_at THEN {row}.sold_at ELSE {row}.last_seen_at END"
        )
    };
    let (here_until, there_until) = (last_offered(listing), last_offered("elsewhere"));
    format!(
        "FROM competitor_inventory AS elsewhere
         WHERE elsewhere.vin = {listing}.vin AND elsewhere.competitor_id <> {listing}.competitor_id
           AND ({there_until}, elsewhere.id) > ({here_until}, {listing}.id)
           AND elsewhere.first_seen_at <= {until}
           AND (elsewhere.is_sold IS NOT TRUE OR elsewhere.sold_at IS NOT NULL)"
    )
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_inventory)]
struct StayRow {
    id: ListingId,
    vin: Option<String>,
    competitor_id: CompetitorId,
    price: Option<Money>,
    first_seen_at: Option<Instant>,
    last_seen_at: Option<Instant>,
    created_at: Option<Instant>,
    is_sold: Option<bool>,
    sold_at: Option<Instant>,
}

/// A listing whose transfers are asked for.
pub(in crate::competitors) struct Here<'a> {
    pub(in crate::competitors) vin: &'a str,
    pub(in crate::competitors) competitor: CompetitorId,
    pub(in crate::competitors) stay: Stay,
}

/// Where each of the listings came from and went to, in their order. Two queries, by the index on VINs.
pub(in crate::competitors) fn of_listings(
    conn: &mut DbConnection,
    listings: &[Here<'_>],
    rules: &TrackingRules,
) -> DbResult<Vec<(Option<Transfer>, Option<Transfer>)>> {
    let mut by_vin: HashMap<String, Vec<(Stay, Transfer)>> = HashMap::new();
    let mut vins: Vec<&str> = listings.iter().map(|listing| listing.vin).collect();
    vins.sort_unstable();
    vins.dedup();
    for some in vins.chunks(VINS_AT_ONCE) {
        // Most vehicles were on one lot only, and the index alone tells which.
        let elsewhere_too: Vec<Option<String>> = competitor_inventory::table
            .filter(competitor_inventory::vin.eq_any(some.iter().copied()))
            .group_by(competitor_inventory::vin)
            .having(count_star().gt(1))
            .select(competitor_inventory::vin)
            .load(conn)?;
        if elsewhere_too.is_empty() {
            continue;
        }
        let rows: Vec<(StayRow, String)> = competitor_inventory::table
            .inner_join(competitors::table.on(competitors::id.eq(competitor_inventory::competitor_id)))
            .filter(competitor_inventory::vin.eq_any(elsewhere_too))
            .select((StayRow::as_select(), competitors::name))
            .load(conn)?;
        for (row, competitor) in rows {
            let (first_seen_at, last_seen_at) = seen_between(row.first_seen_at, row.last_seen_at, row.created_at);
            let is_sold = row.is_sold.unwrap_or(false);
            let sold_at = row.sold_at.map(Into::into);
            let stay = Stay::new(row.id, (first_seen_at, last_seen_at), is_sold, sold_at);
            let transfer = Transfer {
                listing_id: row.id,
                competitor_id: row.competitor_id,
                competitor,
                price: row.price,
                first_seen_at,
                last_seen_at,
            };
            by_vin.entry(row.vin.unwrap_or_default()).or_default().push((stay, transfer));
        }
    }
    Ok(listings
        .iter()
        .map(|here| {
            let elsewhere: Vec<_> = by_vin
                .get(here.vin)
                .into_iter()
                .flatten()
                .filter(|(_, there)| there.competitor_id != here.competitor)
                .cloned()
                .collect();
            transfer::between(&here.stay, &elsewhere, rules)
        })
        .collect())
}
