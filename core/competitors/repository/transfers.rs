//! Listings of one VIN at several competitors: which of them is a transfer of which.
//!
//! The rule is `transfer`. What follows of it for a sold listing is stored with it, in `transferred_at`, when a scrape is recorded
//! that may change it, so that no count has to look through other dealers' listings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{count, count_star},
    prelude::*,
};

use super::{Instant, besides_ids, competitor_besides, seen_between};
use crate::{
    competitors::{
        TrackingRules, Transfer,
        transfer::{self, Stay},
    },
    db::{
        DbConnection, DbResult,
        held::{Held, HeldText, MayBeNull as _},
        is_one_of,
        schema::{
            competitor_inventory::{self, dsl},
            competitors,
        },
    },
    ids::{CompetitorId, ListingId},
    money::Money,
};

/// The most VINs in one statement.
const VINS_AT_ONCE: usize = 10_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_inventory)]
struct StayRow {
    id: ListingId,
    vin: Option<HeldText>,
    competitor_id: CompetitorId,
    price: Option<Held<Money>>,
    first_seen_at: Option<Instant>,
    last_seen_at: Option<Instant>,
    created_at: Option<Instant>,
    is_sold: Option<bool>,
    sold_at: Option<Instant>,
    transferred_at: Option<Instant>,
}

/// A listing whose transfers are asked for.
pub(in crate::competitors) struct Here<'a> {
    pub(in crate::competitors) vin: &'a str,
    pub(in crate::competitors) competitor: CompetitorId,
    pub(in crate::competitors) stay: Stay,
}

/// A vehicle on one lot, and what is stored of its transfer.
struct Stood {
    competitor: CompetitorId,
    stay: Stay,
    transferred_at: Option<DateTime<Utc>>,
    /// What is told of it; `None` where its listing is still to be written.
    transfer: Option<Transfer>,
}

/// The vehicles that stand, or stood, at several places, by VIN.
#[derive(Default)]
pub(in crate::competitors) struct Stays(HashMap<String, Vec<Stood>>);

impl Stays {
    /// Looks up which of these VINs stand at several competitors. Two queries, by the index on VINs.
    pub(in crate::competitors) fn of<'a>(
        conn: &mut DbConnection,
        vins: impl Iterator<Item = &'a str>,
    ) -> DbResult<Self> {
        // Most vehicles were on one lot only. One whose other lot is gone is no transfer any more.
        Self::where_found(conn, vins, |conn, some| {
            let several = count_star().gt(1).or(count(dsl::transferred_at).gt(0));
            let of_vins = dsl::competitor_inventory.filter(is_one_of(dsl::vin, some.iter().copied()));
            Ok(of_vins.group_by(dsl::vin).having(several).select(dsl::vin).load(conn)?)
        })
    }

    /// Looks up which of these listings of one competitor stand at others, whether or not they are written yet.
    pub(in crate::competitors) fn beside(
        conn: &mut DbConnection,
        competitor: CompetitorId,
        listings: &[Here<'_>],
        more_vins: &[&str],
    ) -> DbResult<Self> {
        let vins = listings.iter().map(|here| here.vin).chain(more_vins.iter().copied());
        let mut stays = Self::where_found(conn, vins, |conn, some| {
            let elsewhere = dsl::competitor_id.ne(competitor).or(dsl::transferred_at.is_not_null());
            let of_vins = dsl::competitor_inventory.filter(is_one_of(dsl::vin, some.iter().copied()));
            Ok(of_vins.filter(elsewhere).select(dsl::vin).distinct().load(conn)?)
        })?;
        // As they are about to be written.
        for here in listings {
            let Some(known) = stays.0.get_mut(here.vin) else { continue };
            match known.iter_mut().find(|stood| stood.stay.listing == here.stay.listing) {
                Some(stood) => stood.stay = here.stay,
                None => known.push(Stood { competitor, stay: here.stay, transferred_at: None, transfer: None }),
            }
        }
        Ok(stays)
    }

    fn where_found<'a>(
        conn: &mut DbConnection,
        vins: impl Iterator<Item = &'a str>,
        found: impl Fn(&mut DbConnection, &[&str]) -> DbResult<Vec<Option<HeldText>>>,
    ) -> DbResult<Self> {
        let mut stays = Self::default();
        let mut vins: Vec<&str> = vins.collect();
        vins.sort_unstable();
        vins.dedup();
        for some in vins.chunks(VINS_AT_ONCE) {
            let found = found(conn, some)?;
            if found.is_empty() {
                continue;
            }
            let rows: Vec<(StayRow, HeldText)> = dsl::competitor_inventory
                .inner_join(competitors::table.on(competitors::id.eq(dsl::competitor_id)))
                .filter(is_one_of(dsl::vin, found))
                .select((StayRow::as_select(), competitors::name))
                .load(conn)?;
            rows.into_iter().for_each(|(row, competitor)| stays.take_in(row, competitor.text()));
        }
        Ok(stays)
    }

    fn take_in(&mut self, row: StayRow, competitor: String) {
        let (first_seen_at, last_seen_at) = seen_between(row.first_seen_at, row.last_seen_at, row.created_at);
        let is_sold = row.is_sold.unwrap_or(false);
        let sold_at = row.sold_at.map(Into::into);
        let stood = Stood {
            competitor: row.competitor_id,
            stay: Stay::new(row.id, (first_seen_at, last_seen_at), is_sold, sold_at),
            transferred_at: row.transferred_at.map(DateTime::from),
            transfer: Some(Transfer {
                listing_id: row.id,
                competitor_id: row.competitor_id,
                competitor,
                price: row.price.and_then(Held::known),
                first_seen_at,
                last_seen_at,
            }),
        };
        self.0.entry(row.vin.text().unwrap_or_default()).or_default().push(stood);
    }

    /// Where each of the listings came from and went to, in their order.
    pub(in crate::competitors) fn transfers(
        &self,
        listings: &[Here<'_>],
        rules: &TrackingRules,
    ) -> Vec<(Option<Transfer>, Option<Transfer>)> {
        let found = |here: &Here<'_>| {
            let all = self.0.get(here.vin).into_iter().flatten();
            let elsewhere = all.filter(|there| there.competitor != here.competitor);
            let elsewhere: Vec<_> =
                elsewhere.filter_map(|there| Some((there.stay, there.transfer.as_ref()?))).collect();
            transfer::between(&here.stay, &elsewhere, rules)
        };
        listings.iter().map(found).collect()
    }

    /// What is stored otherwise than it is, in order: the dealer, when the vehicle left for another, and the listing.
    fn wrong(&self, rules: &TrackingRules) -> Vec<(CompetitorId, Option<DateTime<Utc>>, ListingId)> {
        let mut wrong = Vec::new();
        for stood in self.0.values() {
            let stays: Vec<_> = stood.iter().map(|stood| (stood.competitor, stood.stay)).collect();
            for (stood, moved_at) in stood.iter().zip(transfer::moved_at(&stays, rules)) {
                if stood.transferred_at != moved_at {
                    wrong.push((stood.competitor, moved_at, stood.stay.listing));
                }
            }
        }
        wrong.sort_unstable();
        wrong
    }

    /// Whether anything is stored otherwise than it is.
    pub(in crate::competitors) fn are_wrong(&self, rules: &TrackingRules) -> bool {
        !self.wrong(rules).is_empty()
    }

    /// Stores when each of the vehicles left a lot for another, where that is not what is stored. One statement a dealer and time, in
    /// the order of the dealers, so that two recordings do not wait for each other.
    pub(in crate::competitors) fn store(&self, conn: &mut DbConnection, rules: &TrackingRules) -> DbResult<()> {
        let (wrong, column) = (self.wrong(rules), competitor_besides(conn));
        for same in wrong.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let Some((competitor, moved_at, _)) = same.first() else { continue };
            let listings: Vec<ListingId> = same.iter().map(|(.., listing)| *listing).collect();
            for some in listings.chunks(VINS_AT_ONCE) {
                let named = dsl::competitor_inventory.filter(dsl::id.eq_any(some));
                let of_dealer = named.filter(besides_ids!(column, *competitor));
                diesel::update(of_dealer).set(dsl::transferred_at.eq(moved_at.map(Instant))).execute(conn)?;
            }
        }
        Ok(())
    }
}

/// Stores anew whether these vehicles were transferred.
pub(in crate::competitors) fn store_transfers(
    conn: &mut DbConnection,
    vins: &[String],
    rules: &TrackingRules,
) -> DbResult<()> {
    Stays::of(conn, vins.iter().map(String::as_str))?.store(conn, rules)
}
