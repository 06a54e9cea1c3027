//! Listings column by column: the same values as [`Listing`](crate::competitors::Listing) has them, for a million rows at once.

use std::{borrow::Cow, ops::ControlFlow};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Integer, Text},
};

use super::{
    listings::{PRICE_DROP, matching},
    watched::is_unseen,
};
use crate::{
    columns::{Column, ColumnRequest, RowOrder, Values},
    competitors::{ListingFilter, ListingSort, days_on_market},
    db::{
        Blocks, DbConnection, DbResult,
        columns::{Cell, Output, Plan, Source, Take, Times, stream},
    },
    error::{Error, ErrorCode, Result},
    extract::{Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand},
    tracking::sold::days_to_sale,
};

/// Streams the listings that match the filter and stand in these blocks of the table.
pub(in crate::competitors) fn listing_columns(
    conn: &mut DbConnection,
    filter: &ListingFilter,
    request: &ColumnRequest,
    blocks: Blocks,
    now: DateTime<Utc>,
    take: &mut Take<'_>,
) -> DbResult<ControlFlow<()>> {
    let plan = Plan::of(conn, &request.columns, |name| output(name, now))?;
    let mut query = matching(filter, now).select(sql::<Text>(&plan.selection()));
    match blocks {
        Blocks::All => {}
        #[cfg(feature = "postgres")]
        Blocks::Before(block) => query = query.filter(sql::<diesel::sql_types::Bool>(&format!("ctid < '({block},0)'"))),
        #[cfg(feature = "postgres")]
        Blocks::From(block) => query = query.filter(sql::<diesel::sql_types::Bool>(&format!("ctid >= '({block},0)'"))),
    }
    if request.order == RowOrder::OfTheList || request.limit.is_some() {
        query = query.order(sql::<Integer>(&order(filter)?));
    }
    if let Some(limit) = request.limit {
        query = query.limit(i64::try_from(limit).unwrap_or(i64::MAX));
    }
    stream(conn, query, &plan, request, take)
}

/// The order of the list. Rows without a value come last.
fn order(filter: &ListingFilter) -> Result<String> {
    let is_descending = filter.sort.as_str().starts_with('-');
    let direction = |is_descending: bool| if is_descending { "DESC" } else { "ASC" };
    let key = match filter.sort {
        ListingSort::FirstSeenAt | ListingSort::FirstSeenAtDescending => "first_seen_at",
        ListingSort::Price | ListingSort::PriceDescending => "price",
        ListingSort::PriceDrop | ListingSort::PriceDropDescending => PRICE_DROP,
        ListingSort::Mileage | ListingSort::MileageDescending => "mileage",
        ListingSort::Year | ListingSort::YearDescending => "year",
        ListingSort::DaysOnMarket | ListingSort::DaysOnMarketDescending => match filter.sold {
            Some(true) => "days_on_market",
            // The days of listings on sale all grow alike, so their order is that of the first sightings.
            Some(false) => {
                let direction = direction(!is_descending);
                return Ok(format!("first_seen_at {direction} NULLS LAST, competitor_inventory.id {direction}"));
            }
            None => {
                let expected = "the days of sold listings and of those on sale are in one order only page by page";
                return Err(Error::invalid_field(ErrorCode::InvalidSort, "/sort", expected));
            }
        },
    };
    let direction = direction(is_descending);
    Ok(format!("{key} {direction} NULLS LAST, competitor_inventory.id {direction}"))
}

fn output(name: &str, now: DateTime<Utc>) -> Option<Output> {
    if name == "days_on_market" {
        let sources = vec![is_sold(), days(), first_seen_at(), last_seen_at(), sold_at()];
        return Some(Output::Made(sources, Box::new(move |of, rows| days_of(of, rows, now))));
    }
    source(name).map(Output::Read)
}

/// The columns that are read as they are.
fn source(name: &str) -> Option<Source> {
    /// A word as it is shown; another application may have written words of its own.
    macro_rules! word {
        ($words:ty) => {
            Cell::Word(|stored| stored?.parse::<$words>().ok().map(<$words>::as_str))
        };
    }
    let (name, cell) = match name {
        "id" => ("id", Cell::Id),
        "competitor_id" => ("competitor_id", Cell::Id),
        "external_id" => ("external_id", Cell::Text),
        "vin" => ("vin", Cell::Text),
        "stock_number" => ("stock_number", Cell::Text),
        "year" => ("year", Cell::Number),
        "make" => ("make", Cell::FewTexts),
        "model" => ("model", Cell::FewTexts),
        "trim" => ("trim", Cell::Text),
        "price" => ("price", Cell::Amount),
        "mileage" => ("mileage", Cell::Number),
        "exterior_color" => ("exterior_color", Cell::Text),
        "transmission" => ("transmission", Cell::Text),
        "fuel_type" => ("fuel_type", Cell::Text),
        "body_style" => ("body_style", Cell::Text),
        "url" => ("url", Cell::Text),
        "image_url" => ("image_url", Cell::Text),
        "raw_data" => ("raw_data", Cell::Document),
        "created_at" => ("created_at", Cell::Time(Times::Nearest)),
        "updated_at" => ("updated_at", Cell::Time(Times::Nearest)),
        "price_changed_at" => ("price_changed_at", Cell::Time(Times::Nearest)),
        "unconfirmed_price" => ("unconfirmed_price", Cell::Amount),
        "lowest_price" => ("lowest_price", Cell::Amount),
        "highest_price" => ("highest_price", Cell::Amount),
        "previous_price" => ("previous_price", Cell::Amount),
        "stock_status" => ("stock_status", word!(StockStatus)),
        "sale_status" => ("sale_status", word!(SaleStatus)),
        "title_brand" => ("title_brand", word!(TitleBrand)),
        "condition" => ("condition", word!(Condition)),
        "odometer_status" => ("odometer_status", word!(OdometerStatus)),
        "first_seen_at" => return Some(first_seen_at()),
        "last_seen_at" => return Some(last_seen_at()),
        "is_sold" => return Some(is_sold()),
        "is_unseen" => {
            let is_unseen = is_unseen("competitor_inventory");
            let sql = Cow::Owned(format!("(is_sold IS NOT TRUE AND {is_unseen})"));
            return Some(Source { sql, ..Source::column("is_unseen", Cell::Truth) });
        }
        "sold_at" => return Some(sold_at()),
        "p_return" => {
            let sql = Cow::Borrowed("CASE WHEN is_sold THEN p_return END");
            return Some(Source { sql, ..Source::column("p_return", Cell::Real) });
        }
        _ => return None,
    };
    Some(Source::column(name, cell))
}

fn is_sold() -> Source {
    Source { has_default: true, ..Source::column("is_sold", Cell::Truth) }
}

fn days() -> Source {
    Source::column("days_on_market", Cell::Number)
}

fn sold_at() -> Source {
    Source::column("sold_at", Cell::Time(Times::OfPossibleYears))
}

fn first_seen_at() -> Source {
    seen_at("first_seen_at", ["first_seen_at", "created_at", "last_seen_at"])
}

fn last_seen_at() -> Source {
    seen_at("last_seen_at", ["last_seen_at", "first_seen_at", "created_at"])
}

/// The first of these times that may be one. Both databases compare their own form of a time with these texts.
fn seen_at(name: &'static str, columns: [&str; 3]) -> Source {
    let possible =
        columns.map(|column| format!("WHEN {column} >= '1900-01-01' AND {column} < '9999-01-01' THEN {column}"));
    let sql = format!("CASE {} ELSE '1970-01-01T00:00:00.000000Z' END", possible.join(" "));
    Source { sql: Cow::Owned(sql), ..Source::column(name, Cell::Time(Times::Nearest)) }
}

/// The days of each row: those of its sale where they are known, or from the first sighting to the sale or to now.
fn days_of(of: &[&Column], rows: usize, now: DateTime<Utc>) -> Column {
    let &[is_sold, days, first_seen_at, last_seen_at, sold_at] = of else {
        return Column { values: Values::Numbers(vec![0; rows]), known: None };
    };
    let days = (0..rows).map(|row| {
        let first = first_seen_at.time(row).unwrap_or_default();
        match (is_sold.truth(row), days.number(row)) {
            (true, Some(days)) => days,
            (true, None) => days_to_sale(first, sold_at.time(row).or_else(|| last_seen_at.time(row)).unwrap_or(first)),
            (false, _) => days_on_market(first, now),
        }
    });
    Column { values: Values::Numbers(days.collect()), known: None }
}
