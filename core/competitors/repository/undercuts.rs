//! The cars of competitors that are like ours and cost less, compared and ranked by the database.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Nullable, Text},
};

use super::{
    Instant,
    market_view::{Bound, Bounds, Context, ON_SALE, is_there, left_out, load},
    rows,
};
use crate::{
    competitors::{LeftOut, MarketViewFilter, MarketViewRules, Undercut, UndercutFilter},
    db::{
        DbConnection, DbResult,
        held::{HeldText, MayBeNull as _},
        on_each,
        schema::inventory,
        types::{DbId, DbInstant, DbMoney},
    },
    extract::{OdometerStatus, TitleBrand},
    ids::{CompetitorId, ListingId, VehicleId},
    money::Money,
    page::{Page, PageRequest},
};

rows!(CountedRow { count: i64 as BigInt });

rows!(UndercutRow {
    vehicle_id: VehicleId as DbId,
    stock_number: Option<HeldText> as Nullable<Text>,
    year: i32 as Integer,
    make: HeldText as Text,
    model: HeldText as Text,
    trim: Option<HeldText> as Nullable<Text>,
    our_price: Money as DbMoney,
    our_mileage: i32 as Integer,
    listing_id: ListingId as DbId,
    competitor_id: CompetitorId as DbId,
    competitor: HeldText as Text,
    their_trim: Option<HeldText> as Nullable<Text>,
    their_price: Money as DbMoney,
    their_mileage: i32 as Integer,
    url: Option<HeldText> as Nullable<Text>,
    difference: Money as DbMoney,
});

impl From<UndercutRow> for Undercut {
    fn from(row: UndercutRow) -> Self {
        Self {
            vehicle_id: row.vehicle_id,
            stock_number: row.stock_number.text(),
            year: row.year,
            make: row.make.text(),
            model: row.model.text(),
            trim: row.trim.text(),
            our_price: row.our_price,
            our_mileage: row.our_mileage,
            listing_id: row.listing_id,
            competitor_id: row.competitor_id,
            competitor: row.competitor.text(),
            their_trim: row.their_trim.text(),
            their_price: row.their_price,
            their_mileage: row.their_mileage,
            url: row.url.text(),
            difference: row.difference,
        }
    }
}

/// The SQL condition that nothing is known against the title of a listing, or that ours is branded, too; as `AND ...`.
fn titles_agree(branded: &[VehicleId], bounds: &mut Bounds) -> String {
    let quoted = |words: Vec<&str>| words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let brands = TitleBrand::ALL.into_iter().filter(|brand| brand.is_brand()).map(TitleBrand::as_str).collect();
    let wrong =
        OdometerStatus::ALL.into_iter().filter(|status| status.is_wrong()).map(OdometerStatus::as_str).collect();
    let mut sql = format!(
        " AND ((coalesce(listing.title_brand, '') NOT IN ({}) AND coalesce(listing.odometer_status, '') NOT IN ({}))",
        quoted(brands),
        quoted(wrong)
    );
    if !branded.is_empty() {
        let places = bounds.places(branded.iter().copied().map(Bound::Vehicle));
        sql.push_str(&format!(" OR vehicle.id IN ({places})"));
    }
    sql + ")"
}

/// Our unsold vehicles whose title is branded; few are.
fn branded_vehicles(conn: &mut DbConnection) -> DbResult<Vec<VehicleId>> {
    use inventory::dsl;
    let titles: Vec<(VehicleId, Option<HeldText>)> = dsl::inventory
        .filter(dsl::title_status.is_not_null())
        .filter(dsl::status.is_null().or(dsl::status.ne("sold")))
        .select((dsl::id, dsl::title_status))
        .load(conn)?;
    let is_branded =
        |title: &Option<HeldText>| title.as_deref().and_then(TitleBrand::of_status).is_some_and(TitleBrand::is_brand);
    Ok(titles.into_iter().filter(|(_, title)| is_branded(title)).map(|(id, _)| id).collect())
}

/// The least share of our price that is no slip, in percent.
fn undercut_least(rules: &MarketViewRules) -> i32 {
    i32::try_from(rules.undercut_least_percent).unwrap_or(i32::MAX)
}

/// Joins our unsold vehicles to the competitors' cars like them that cost less: the tables and the conditions of a statement.
fn like_ours(conn: &mut DbConnection, (now, rules, tracking): Context<'_>, bounds: &mut Bounds) -> DbResult<String> {
    let seen_since = bounds.place(Bound::Time(Instant(tracking.on_the_market_since(now))));
    let is_there = is_there(conn, &seen_since);
    let lowest = bounds.place(Bound::Price(rules.lowest_price));
    let [fewer, more] = [(); 2].map(|()| bounds.place(Bound::Number(rules.undercut_mileage)));
    let titles_agree = titles_agree(&branded_vehicles(conn)?, bounds);
    Ok(format!(
        "FROM inventory AS vehicle
         JOIN competitor_inventory AS listing ON listing.year = vehicle.year
             AND lower(listing.make) = lower(vehicle.make) AND lower(listing.model) = lower(vehicle.model)
         JOIN competitors ON competitors.id = listing.competitor_id
         WHERE (vehicle.status <> 'sold' OR vehicle.status IS NULL)
           AND {ON_SALE} AND {is_there}
           AND listing.price >= {lowest} AND listing.price < vehicle.price
           AND listing.mileage BETWEEN vehicle.mileage - {fewer} AND vehicle.mileage + {more}
           AND (listing.trim IS NULL OR vehicle.trim IS NULL OR lower(listing.trim) = lower(vehicle.trim))
           AND (listing.vin IS NULL OR listing.vin <> vehicle.vin) {titles_agree}"
    ))
}

/// How many of the competitors' cars like ours cost so little that it is likelier a slip.
fn doubtful_prices(conn: &mut DbConnection, competitors: &[CompetitorId], context: Context<'_>) -> DbResult<i64> {
    let mut bounds = Bounds::default();
    let joined = like_ours(conn, context, &mut bounds)?;
    let slip = bounds.place(Bound::Number(undercut_least(context.1)));
    let among = match competitors {
        [] => String::new(),
        _ => {
            let places = bounds.places(competitors.iter().copied().map(Bound::Competitor));
            format!(" AND listing.competitor_id IN ({places})")
        }
    };
    let sql = format!(
        "SELECT count(DISTINCT listing.id) AS count {joined} AND listing.price * 100 < vehicle.price * {slip} {among}"
    );
    let rows: Vec<CountedRow> = load!(conn, sql, bounds);
    Ok(rows.first().map_or(0, |row| row.count))
}

/// What is left out of the undercuts: see [`LeftOut`].
pub(in crate::competitors) fn left_out_of_undercuts(
    conn: &mut DbConnection,
    competitors: &[CompetitorId],
    context: Context<'_>,
) -> DbResult<LeftOut> {
    let filter = MarketViewFilter { competitors: competitors.to_vec(), ..MarketViewFilter::default() };
    let left_out = left_out(conn, &filter, context)?;
    Ok(LeftOut { doubtful_prices: doubtful_prices(conn, competitors, context)?, ..left_out })
}

/// A page of the competitors' cars like ours for less, the largest difference first. Each of our unsold vehicles is compared by
/// the index on year, make and model; each page compares them all.
pub(in crate::competitors) fn undercuts(
    conn: &mut DbConnection,
    filter: &UndercutFilter,
    request: &PageRequest,
    (now, rules, tracking): Context<'_>,
) -> DbResult<Page<Undercut>> {
    const ORDER: &str = "-difference";
    let request = &request.where_ranked();
    let position: Option<(i64, ListingId, VehicleId)> = request.position(ORDER)?;
    let mut bounds = Bounds::default();
    let joined = like_ours(conn, (now, rules, tracking), &mut bounds)?;
    let slip = bounds.place(Bound::Number(undercut_least(rules)));
    let mut more_conditions = format!(" AND listing.price * 100 >= vehicle.price * {slip}");
    if let Some(vehicle) = filter.vehicle {
        more_conditions.push_str(&format!(" AND vehicle.id = {}", bounds.place(Bound::Vehicle(vehicle))));
    }
    if !filter.competitors.is_empty() {
        let places = bounds.places(filter.competitors.iter().copied().map(Bound::Competitor));
        more_conditions.push_str(&format!(" AND listing.competitor_id IN ({places})"));
    }
    if let Some(least) = filter.difference_min {
        let least = bounds.place(Bound::Price(least));
        more_conditions.push_str(&format!(" AND vehicle.price - listing.price >= {least}"));
    }
    if let Some((cents, listing, vehicle)) = position {
        let values = [Bound::Price(Money::from_cents(cents)), Bound::Listing(listing), Bound::Vehicle(vehicle)];
        let places = bounds.places(values);
        more_conditions.push_str(&format!(" AND (vehicle.price - listing.price, listing.id, vehicle.id) < ({places})"));
    }
    let most = bounds.place(Bound::Count(request.rows_to_read()));
    let sql = format!(
        "SELECT vehicle.id AS vehicle_id, vehicle.stock_number, vehicle.year, vehicle.make, vehicle.model, vehicle.trim,
                vehicle.price AS our_price, vehicle.mileage AS our_mileage, listing.id AS listing_id, listing.competitor_id,
                competitors.name AS competitor, listing.trim AS their_trim, listing.price AS their_price,
                listing.mileage AS their_mileage, listing.url, vehicle.price - listing.price AS difference
         {joined} {more_conditions}
         ORDER BY vehicle.price - listing.price DESC, listing.id DESC, vehicle.id DESC
         LIMIT {most}"
    );
    let rows: Vec<UndercutRow> = load!(conn, sql, bounds);
    let key = |row: &UndercutRow| (row.difference.cents(), row.listing_id, row.vehicle_id);
    Ok(Page::cut(rows, request, ORDER, key)?.map(Undercut::from))
}
