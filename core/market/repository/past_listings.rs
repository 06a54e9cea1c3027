//! Competitors' listings with their price histories, for the backtest.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Nullable, Text},
};

use super::comparables::{ListingRow, title_record};
use crate::{
    db::{
        DbConnection, DbResult, Instant,
        functions::lower,
        held::HeldText,
        schema::{competitor_inventory, competitor_price_history, competitors, listed_models},
    },
    ids::ListingId,
    market::{backtest::PastListing, pricing::names::folded},
    money::Money,
};

/// One model as competitors' listings spell it, of any year.
#[derive(Clone, Debug)]
pub(in crate::market) struct ModelNames {
    pub(in crate::market) makes: Vec<String>,
    pub(in crate::market) models: Vec<String>,
}

/// Every model among the competitors' listings, its spellings together, sorted by name.
pub(in crate::market) fn listed_models(conn: &mut DbConnection) -> DbResult<Vec<ModelNames>> {
    use listed_models::dsl;
    let rows: Vec<(HeldText, HeldText)> = dsl::listed_models.select((dsl::make, dsl::model)).distinct().load(conn)?;
    let mut models: BTreeMap<(String, String), ModelNames> = BTreeMap::new();
    for (make, model) in rows {
        let key = (folded(&make), folded(&model));
        let names = models.entry(key).or_insert_with(|| ModelNames { makes: Vec::new(), models: Vec::new() });
        names.makes.push(make.into());
        names.models.push(model.into());
    }
    Ok(models.into_values().collect())
}

/// All listings of one model, of any time, each with its price history. Two queries.
pub(in crate::market) fn past_listings(conn: &mut DbConnection, names: &ModelNames) -> DbResult<Vec<PastListing>> {
    use competitor_inventory::dsl;
    let of_model = || {
        lower(dsl::make.assume_not_null())
            .eq_any(names.makes.clone())
            .and(lower(dsl::model.assume_not_null()).eq_any(names.models.clone()))
    };
    let record = sql::<Nullable<Text>>(title_record(conn));
    let rows: Vec<(ListingRow, HeldText, Option<Instant>, Option<HeldText>)> = dsl::competitor_inventory
        .inner_join(competitors::table.on(competitors::id.eq(dsl::competitor_id)))
        .filter(of_model())
        .filter(dsl::year.is_not_null())
        .select((ListingRow::as_select(), competitors::name, dsl::transferred_at, record))
        .load(conn)?;
    let points: Vec<(Option<ListingId>, Money, Option<Instant>)> = competitor_price_history::table
        .inner_join(
            dsl::competitor_inventory.on(competitor_price_history::competitor_inventory_id
                .eq(dsl::id.nullable())
                .and(competitor_price_history::competitor_id.eq(dsl::competitor_id.nullable()))),
        )
        .filter(of_model())
        .filter(dsl::year.is_not_null())
        .select((
            competitor_price_history::competitor_inventory_id,
            competitor_price_history::price,
            competitor_price_history::recorded_at,
        ))
        .load(conn)?;
    let mut prices: HashMap<ListingId, Vec<(DateTime<Utc>, Money)>> = HashMap::new();
    for (listing, price, recorded_at) in points {
        if let (Some(listing), Some(recorded_at)) = (listing, recorded_at) {
            prices.entry(listing).or_default().push((recorded_at.into(), price));
        }
    }
    let past = |(row, dealer, moved_at, record): (ListingRow, HeldText, Option<Instant>, Option<HeldText>)| {
        let mut prices = prices.remove(&row.id).unwrap_or_default();
        prices.sort_unstable();
        let comparable = row.into_comparable(dealer.into(), record.as_deref())?;
        let moved_at = moved_at.filter(|_| comparable.sold_at.is_some()).map(DateTime::from);
        Some(PastListing { comparable, prices, moved_at })
    };
    let mut listings: Vec<_> = rows.into_iter().filter_map(past).collect();
    // Which events are thinned out must not depend on the order in which a database returns rows.
    listings.sort_by(|a, b| a.comparable.external_id.cmp(&b.comparable.external_id));
    Ok(listings)
}
