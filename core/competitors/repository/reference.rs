//! The competitors and listings that a text names which a person typed.

use diesel::prelude::*;

use super::Row;
use crate::{
    competitors::Competitor,
    db::{
        DbConnection, DbResult,
        functions::lower,
        held::HeldText,
        schema::{competitor_inventory::dsl as listings, competitors::dsl},
    },
    ids::{CompetitorId, ListingId},
    typed::{MOST_CANDIDATES, Reference},
};

/// A listing as an error names it.
#[derive(Queryable)]
pub(in crate::competitors) struct NamedListing {
    pub(in crate::competitors) id: ListingId,
    pub(in crate::competitors) year: Option<i32>,
    pub(in crate::competitors) make: Option<HeldText>,
    pub(in crate::competitors) model: Option<HeldText>,
    pub(in crate::competitors) vin: Option<HeldText>,
}

/// The competitors whose id begins so.
pub(in crate::competitors) fn candidates(
    conn: &mut DbConnection,
    reference: &Reference<'_>,
) -> DbResult<Vec<Competitor>> {
    let Some((first, last)) = reference.ids() else { return Ok(Vec::new()) };
    let (first, last) = (CompetitorId::from_uuid(first), CompetitorId::from_uuid(last));
    let rows: Vec<Row> = dsl::competitors
        .filter(dsl::id.ge(first).and(dsl::id.le(last)))
        .order(dsl::id)
        .limit(MOST_CANDIDATES)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Competitor::from).collect())
}

/// The listings whose id or VIN begins so; where there is none, those whose stock number does.
pub(in crate::competitors) fn listing_candidates(
    conn: &mut DbConnection,
    reference: &Reference<'_>,
) -> DbResult<Vec<NamedListing>> {
    let named = (listings::id, listings::year, listings::make, listings::model, listings::vin);
    if let Some((first, last)) = reference.ids() {
        let (first, last) = (ListingId::from_uuid(first), ListingId::from_uuid(last));
        let found: Vec<NamedListing> = listings::competitor_inventory
            .filter(listings::id.ge(first).and(listings::id.le(last)))
            .order(listings::id)
            .limit(MOST_CANDIDATES)
            .select(named)
            .load(conn)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    // The range is for the index; the pattern alone would read every row.
    let vin = reference.as_str().to_ascii_uppercase();
    let last = format!("{vin}ZZZZZZZZZZZZZZZZZ");
    let found: Vec<NamedListing> = listings::competitor_inventory
        .filter(listings::vin.ge(&vin).and(listings::vin.le(&last)))
        .filter(lower(listings::vin.assume_not_null()).like(reference.pattern()).escape('\\'))
        .order(listings::id)
        .limit(MOST_CANDIDATES)
        .select(named)
        .load(conn)?;
    if !found.is_empty() {
        return Ok(found);
    }
    Ok(listings::competitor_inventory
        .filter(lower(listings::stock_number.assume_not_null()).like(reference.pattern()).escape('\\'))
        .order(listings::id)
        .limit(MOST_CANDIDATES)
        .select(named)
        .load(conn)?)
}
