//! Rows of `competitor_inventory`: listings, filtered, sorted and paged.
//!
//! A list may hold a million rows, so each order has an index on its key and the id. Nulls come last in every order, and no
//! index gives that on both databases. A page is therefore read in two parts: rows with a value, then rows without.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{Bool, Integer},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Here, MOST_WORDS, SECONDS_A_DAY, Stays, listing_row::ListingRow, scrape_log::looked_for_at, watched};
use crate::{
    competitors::{Listing, ListingFilter, ListingSort, TrackingRules, transfer::Stay},
    db::{
        DbConnection, DbResult, Instant, MultiBackend, at_most,
        functions::{lower, lowered},
        held::{Held, MayBeNull as _, Place},
        is_one_of, kept_sql,
        schema::competitor_inventory::{self, dsl},
        types::{DbId, DbInstant, DbMoney, has_id},
    },
    error::{Error, ErrorCode},
    ids::ListingId,
    money::Money,
    page::{Page, PageRequest, contains_patterns},
    tracking::unseen::is_unseen,
};

pub(in crate::competitors) fn get_listing(
    conn: &mut DbConnection,
    id: ListingId,
    now: DateTime<Utc>,
    rules: &TrackingRules,
) -> DbResult<Listing> {
    let row: Option<ListingRow> =
        dsl::competitor_inventory.find(id).select(ListingRow::as_select()).first(conn).optional()?;
    let mut listings = [row.ok_or_else(listing_not_found)?.into_listing(now)];
    set_transfers(conn, &mut listings, rules)?;
    set_unseen(conn, &mut listings)?;
    let [listing] = listings;
    Ok(listing)
}

pub(super) fn listing_not_found() -> Error {
    Error::new(ErrorCode::ListingNotFound, "there is no such listing")
}

/// Sets where each listing came from and went to, for all of them at once.
fn set_transfers(conn: &mut DbConnection, listings: &mut [Listing], rules: &TrackingRules) -> DbResult<()> {
    let here: Vec<_> = listings
        .iter()
        .filter_map(|listing| {
            let vin = listing.vin.as_deref()?;
            Some(Here { vin, competitor: listing.competitor_id, stay: Stay::of(listing) })
        })
        .collect();
    if here.is_empty() {
        return Ok(());
    }
    let found = Stays::of(conn, here.iter().map(|here| here.vin))?.transfers(&here, rules);
    for (listing, (from, to)) in listings.iter_mut().filter(|listing| listing.vin.is_some()).zip(found) {
        (listing.transferred_from, listing.transferred_to) = (from, to);
    }
    Ok(())
}

/// Sets which listings are unseen, for all of them at once.
fn set_unseen(conn: &mut DbConnection, listings: &mut [Listing]) -> DbResult<()> {
    let mut dealers: Vec<_> = listings.iter().map(|listing| listing.competitor_id).collect();
    dealers.sort_unstable();
    dealers.dedup();
    let looked_for_at = looked_for_at(conn, &dealers)?;
    for listing in listings {
        let looked = looked_for_at.get(&listing.competitor_id).copied();
        listing.is_unseen = is_unseen(listing.is_sold, listing.last_seen_at, looked);
    }
    Ok(())
}

/// Reads rows that have a value, in the order of the index on it and the id, after a position. `$query` makes the query.
///
/// Rows with the position's value come first, in a statement of their own: neither database searches an index on an expression for
/// a pair of values.
macro_rules! known {
    ($conn:expr, $query:expr, $key:expr, $sql_type:ty, $is_descending:expr, $after:expr, $most:expr) => {{
        let most: i64 = $most;
        let (direction, beyond) = if $is_descending { ("DESC", "<") } else { ("ASC", ">") };
        let mut rows: Vec<ListingRow> = Vec::new();
        let mut query = $query().filter(has_id!($conn, dsl::id));
        if let Some((place, id)) = $after {
            let within = $query()
                .filter(has_id!($conn, dsl::id))
                .filter(kept_sql::<Bool>(format!("competitor_inventory.id {beyond} ")).bind::<DbId, _>(id))
                .order(kept_sql::<DbId>(format!("competitor_inventory.id {direction}")));
            let key = $key;
            match place {
                Place::Of(value) => {
                    let same = kept_sql::<Bool>(format!("{key} = ")).bind::<$sql_type, _>(value);
                    rows = at_most(within.filter(same), most).load($conn)?;
                    query = query.filter(kept_sql::<Bool>(format!("{key} {beyond} ")).bind::<$sql_type, _>(value));
                }
                Place::OfRow { .. } => {
                    let of_row = format!("(SELECT {key} FROM competitor_inventory WHERE id = ");
                    let same = kept_sql::<Bool>(format!("{key} = {of_row}")).bind::<DbId, _>(id).sql(")");
                    rows = at_most(within.filter(same), most).load($conn)?;
                    query =
                        query.filter(kept_sql::<Bool>(format!("{key} {beyond} {of_row}")).bind::<DbId, _>(id).sql(")"));
                }
            }
        } else {
            query = query.filter(kept_sql::<Bool>(format!("{} IS NOT NULL", $key)));
        }
        let missing = most - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if missing > 0 {
            let order = format!("{} {direction}, competitor_inventory.id {direction}", $key);
            rows.append(&mut at_most(query.order(kept_sql::<$sql_type>(order)), missing).load($conn)?);
        }
        rows
    }};
}

/// Reads a page in the order of one key: its SQL, its type there, how a cursor's value becomes that type, and the key of a row.
macro_rules! page_by {
    ($conn:expr, $scope:expr, $order:expr, $key:expr, $sql_type:ty, $descending:expr, $read:expr, $of_row:expr) => {{
        let (filter, request, now): (&ListingFilter, &PageRequest, DateTime<Utc>) = $scope;
        let (order, key, is_descending): (&str, &str, bool) = ($order, $key, $descending);
        let position: Option<(Option<Place<_>>, ListingId)> = request.position(order)?;
        let (after, after_unknown) = match position {
            Some((Some(place), id)) => (Some((place.map($read), id)), None),
            Some((None, id)) => (None, Some(id)),
            None => (None, None),
        };
        let mut rows = Vec::new();
        if after_unknown.is_none() {
            let query = || matching(filter, now);
            rows = known!($conn, query, key, $sql_type, is_descending, after, request.rows_to_read());
        }
        let unknown = matching(filter, now).filter(kept_sql::<Bool>(format!("{key} IS NULL")));
        fill_up($conn, &mut rows, unknown, is_descending, after_unknown, request)?;
        cut(rows, request, order, $of_row)?
    }};
}

/// A page of the listings that match the filter, in its order.
pub(in crate::competitors) fn listings(
    conn: &mut DbConnection,
    filter: &ListingFilter,
    request: &PageRequest,
    now: DateTime<Utc>,
    rules: &TrackingRules,
) -> DbResult<Page<Listing>> {
    let mut page = sorted(conn, filter, request, now)?.map(|row| row.into_listing(now));
    set_transfers(conn, &mut page.items, rules)?;
    set_unseen(conn, &mut page.items)?;
    Ok(page)
}

fn sorted(
    conn: &mut DbConnection,
    filter: &ListingFilter,
    request: &PageRequest,
    now: DateTime<Utc>,
) -> DbResult<Page<ListingRow>> {
    let (scope, word) = ((filter, request, now), filter.sort.as_str());
    let is_descending = word.starts_with('-');
    Ok(match filter.sort {
        ListingSort::FirstSeenAt | ListingSort::FirstSeenAtDescending => {
            page_by!(conn, scope, word, "first_seen_at", DbInstant, is_descending, time, first_seen_at)
        }
        ListingSort::DaysOnMarket | ListingSort::DaysOnMarketDescending => match filter.sold {
            // The days of listings on sale all grow alike, so their order is that of the first sightings.
            Some(false) => {
                let order = format!("{word} on sale");
                page_by!(conn, scope, &order, "first_seen_at", DbInstant, !is_descending, time, first_seen_at)
            }
            Some(true) => {
                let (order, of_row) = (format!("{word} sold"), |row: &ListingRow| row.days_on_market.place());
                page_by!(conn, scope, &order, "days_on_market", Integer, is_descending, number, of_row)
            }
            None => on_sale_and_sold_by_days(conn, filter, request, now)?,
        },
        ListingSort::Price | ListingSort::PriceDescending => {
            let of_row = |row: &ListingRow| Some(row.stored.price.place()?.map(Money::cents));
            page_by!(conn, scope, word, "price", DbMoney, is_descending, Money::from_cents, of_row)
        }
        ListingSort::PriceDrop | ListingSort::PriceDropDescending => {
            let of_row = |row: &ListingRow| Some(drop(row.stored.highest_price.place()?, row.stored.price.place()?));
            page_by!(conn, scope, word, PRICE_DROP, DbMoney, is_descending, Money::from_cents, of_row)
        }
        ListingSort::Mileage | ListingSort::MileageDescending => {
            let of_row = |row: &ListingRow| row.stored.mileage.place();
            page_by!(conn, scope, word, "mileage", Integer, is_descending, number, of_row)
        }
        ListingSort::Year | ListingSort::YearDescending => {
            page_by!(conn, scope, word, "year", Integer, is_descending, number, |row: &ListingRow| row
                .stored
                .year
                .place())
        }
    })
}

/// Adds the rows without a value, which come last.
fn fill_up(
    conn: &mut DbConnection,
    rows: &mut Vec<ListingRow>,
    unknown: Listings<'_>,
    is_descending: bool,
    after: Option<ListingId>,
    request: &PageRequest,
) -> DbResult<()> {
    let missing = request.rows_missing(rows.len());
    if missing <= 0 {
        return Ok(());
    }
    let unknown = unknown.filter(has_id!(conn, dsl::id));
    let query = match after {
        Some(id) if is_descending => unknown.filter(dsl::id.lt(id)),
        Some(id) => unknown.filter(dsl::id.gt(id)),
        None => unknown,
    };
    let query = if is_descending { query.order(dsl::id.desc()) } else { query.order(dsl::id.asc()) };
    rows.extend(at_most(query, missing).load::<ListingRow>(conn)?);
    Ok(())
}

/// Where a page by days on the market ended: the last row on sale, the last one sold, and the last one without days.
#[derive(Clone, Serialize, Deserialize)]
struct DaysPosition {
    /// Days are counted until this time on all pages, so that no row changes its place between two of them.
    as_of: DateTime<Utc>,
    on_sale: Option<(Place<Instant>, ListingId)>,
    sold: Option<(Place<i32>, ListingId)>,
    unknown: Option<ListingId>,
}

/// A page by days on the market of listings on sale and sold ones. No index holds the days of both, because those on sale grow.
/// So each kind is read in the order of its own index, and the two are merged; of equal days the one on sale comes first.
fn on_sale_and_sold_by_days(
    conn: &mut DbConnection,
    filter: &ListingFilter,
    request: &PageRequest,
    now: DateTime<Utc>,
) -> DbResult<Page<ListingRow>> {
    let (order, is_descending) = (filter.sort.as_str(), filter.sort == ListingSort::DaysOnMarketDescending);
    let start = DaysPosition { as_of: now, on_sale: None, sold: None, unknown: None };
    let mut position: DaysPosition = request.position(order)?.unwrap_or(start);
    let most = request.rows_to_read();
    let (mut standing, mut gone) = (Vec::new(), Vec::new());
    if position.unknown.is_none() {
        // Those that have been on sale longest were seen first.
        // Whatever stands there that is not true.
        let query = || matching(filter, now).filter(kept_sql::<Bool>("competitor_inventory.is_sold IS NOT TRUE"));
        standing = known!(conn, query, "first_seen_at", DbInstant, !is_descending, position.on_sale, most);
        let query = || matching(filter, now).filter(kept_sql::<Bool>("is_sold"));
        gone = known!(conn, query, "days_on_market", Integer, is_descending, position.sold, most);
    }
    let (mut standing, mut gone) = (standing.into_iter().peekable(), gone.into_iter().peekable());
    let mut rows = Vec::new();
    while rows.len() < usize::try_from(most).unwrap_or(usize::MAX) {
        let days = |row: Option<&ListingRow>| row.and_then(|row| row.whole_days_on_market(position.as_of));
        let is_standing_next = match (days(standing.peek()), days(gone.peek())) {
            (Some(here), Some(there)) => {
                if is_descending {
                    here >= there
                } else {
                    here <= there
                }
            }
            (here, _) => here.is_some(),
        };
        let Some(row) = (if is_standing_next { standing.next() } else { gone.next() }) else { break };
        rows.push(row);
    }
    let unknown = matching(filter, now)
        .filter(kept_sql::<Bool>("CASE WHEN is_sold THEN days_on_market IS NULL ELSE first_seen_at IS NULL END"));
    fill_up(conn, &mut rows, unknown, is_descending, position.unknown, request)?;
    let at_each = rows.into_iter().map(|row| {
        let id = row.stored.id;
        match (row.stored.is_sold == Some(true), row.stored.first_seen_at.place(), row.days_on_market.place()) {
            (true, _, Some(days)) => position.sold = Some((days, id)),
            (false, Some(time), _) => position.on_sale = Some((time, id)),
            _ => position.unknown = Some(id),
        }
        (position.clone(), row)
    });
    let page = Page::cut(at_each.collect(), request, order, |(position, _)| position.clone())?;
    Ok(page.map(|(_, row)| row))
}

pub(super) const PRICE_DROP: &str = "(highest_price - price)";

fn number(number: i32) -> i32 {
    number
}

fn time(time: Instant) -> Instant {
    time
}

/// The place of a drop between two amounts.
fn drop(highest: Place<Money>, price: Place<Money>) -> Place<i64> {
    match (highest, price) {
        (Place::Of(highest), Place::Of(price)) => Place::Of(highest.cents() - price.cents()),
        _ => Place::OfRow { of_row: true },
    }
}

fn first_seen_at(row: &ListingRow) -> Option<Place<Instant>> {
    row.stored.first_seen_at.place()
}

fn cut<K: Serialize + DeserializeOwned>(
    rows: Vec<ListingRow>,
    request: &PageRequest,
    order: &str,
    key: impl Fn(&ListingRow) -> Option<K>,
) -> DbResult<Page<ListingRow>> {
    Ok(Page::cut(rows, request, order, |row| (key(row), row.stored.id))?)
}

impl ListingRow {
    /// Whole days between the seconds of both times, in agreement with the order of the first sightings.
    fn whole_days_on_market(&self, as_of: DateTime<Utc>) -> Option<i32> {
        if self.stored.is_sold == Some(true) {
            return self.days_on_market.clone().map(Held::nearest);
        }
        let since: DateTime<Utc> = self.stored.first_seen_at.clone()?.nearest().into();
        i32::try_from((as_of.timestamp() - since.timestamp()) / SECONDS_A_DAY).ok()
    }
}

pub(super) type Listings<'a> = diesel::helper_types::IntoBoxed<
    'a,
    diesel::helper_types::Select<competitor_inventory::table, diesel::helper_types::AsSelect<ListingRow, MultiBackend>>,
    MultiBackend,
>;

/// On sale, as far as is known.
#[diesel::dsl::auto_type]
fn on_sale() -> _ {
    dsl::is_sold.eq(false).or(dsl::is_sold.is_null())
}

pub(super) fn matching(filter: &ListingFilter, now: DateTime<Utc>) -> Listings<'static> {
    let mut query = dsl::competitor_inventory.select(ListingRow::as_select()).into_boxed::<MultiBackend>();
    if !filter.competitors.is_empty() {
        query = query.filter(is_one_of(dsl::competitor_id, filter.competitors.clone()));
    }
    match filter.sold {
        // Not compared with a bound value: SQLite would not use the index on sold rows.
        Some(true) => query = query.filter(kept_sql::<Bool>("is_sold")),
        Some(false) => query = query.filter(on_sale()),
        None => {}
    }
    let is_unseen = || watched::is_unseen("competitor_inventory");
    match filter.unseen {
        Some(true) => query = query.filter(on_sale()).filter(kept_sql::<Bool>(is_unseen())),
        Some(false) => query = query.filter(kept_sql::<Bool>(format!("(is_sold IS TRUE OR NOT {})", is_unseen()))),
        None => {}
    }
    if let Some(vin) = &filter.vin {
        query = query.filter(dsl::vin.eq(vin.trim().to_ascii_uppercase()));
    }
    if let Some(make) = &filter.make {
        query = query.filter(is_one_of(lower(dsl::make.assume_not_null()), lowered(make)));
    }
    if let Some(model) = &filter.model {
        query = query.filter(is_one_of(lower(dsl::model.assume_not_null()), lowered(model)));
    }
    macro_rules! between {
        ($column:expr, $least:expr, $most:expr) => {
            if let Some(least) = $least {
                query = query.filter($column.ge(least));
            }
            if let Some(most) = $most {
                query = query.filter($column.le(most));
            }
        };
    }
    macro_rules! among {
        ($($word:ident),+) => {
            $(if !filter.$word.is_empty() {
                query = query.filter(is_one_of(dsl::$word, filter.$word.iter().map(|word| word.as_str())));
            })+
        };
    }
    among!(stock_status, sale_status, title_brand, condition, odometer_status);
    between!(dsl::year, filter.year_min, filter.year_max);
    between!(dsl::price, filter.price_min, filter.price_max);
    between!(dsl::mileage, filter.mileage_min, filter.mileage_max);
    searched(cheaper(there_for_days(query, filter, now), filter, now), filter)
}

fn days_ago(now: DateTime<Utc>, days: i64) -> Instant {
    Instant(now - TimeDelta::days(days.clamp(0, now.timestamp() / SECONDS_A_DAY)))
}

/// Keeps the listings within the days on the market. For listings on sale the bounds are times of the first sighting.
fn there_for_days<'a>(mut query: Listings<'a>, filter: &ListingFilter, now: DateTime<Utc>) -> Listings<'a> {
    if let Some(days) = filter.days_on_market_min.filter(|days| *days > 0) {
        let long_sold = dsl::is_sold.eq(true).and(dsl::days_on_market.ge(days));
        query = query.filter(long_sold.or(on_sale().and(dsl::first_seen_at.le(days_ago(now, days.into())))));
    }
    if let Some(days) = filter.days_on_market_max {
        let soon_sold = dsl::is_sold.eq(true).and(dsl::days_on_market.le(days));
        query = query.filter(soon_sold.or(on_sale().and(dsl::first_seen_at.gt(days_ago(now, i64::from(days) + 1)))));
    }
    query
}

/// Keeps the listings whose price fell as the filter says.
fn cheaper<'a>(query: Listings<'a>, filter: &ListingFilter, now: DateTime<Utc>) -> Listings<'a> {
    let least = filter.price_drop_min.unwrap_or(LEAST_CUT).max(LEAST_CUT);
    let fell_at_all = || kept_sql::<Bool>(format!("{PRICE_DROP} >= ")).bind::<DbMoney, _>(least);
    let Some(days) = filter.price_drop_within_days else {
        let is_asked = filter.price_dropped || filter.price_drop_min.is_some();
        return if is_asked { query.filter(fell_at_all()) } else { query };
    };
    let since = days_ago(now, days.into());
    let [was, ago, end] = fell("competitor_inventory");
    match filter.sort {
        // Written so that the index on the drop gives the order. Otherwise a database takes the index on the time of the change,
        // or joins the prices, and sorts.
        ListingSort::PriceDrop | ListingSort::PriceDropDescending => {
            let fell = kept_sql::<Bool>("CASE WHEN price_changed_at >= ")
                .bind::<DbInstant, _>(since)
                .sql(format!(" THEN {was}"));
            let fell = fell.bind::<DbMoney, _>(least).sql(ago).bind::<DbInstant, _>(since).sql(format!("{end} END"));
            query.filter(fell_at_all()).filter(fell)
        }
        _ => {
            let fell = kept_sql::<Bool>(was).bind::<DbMoney, _>(least).sql(ago).bind::<DbInstant, _>(since).sql(end);
            query.filter(dsl::price_changed_at.ge(since)).filter(fell)
        }
    }
}

/// The least cut of a price.
pub(super) const LEAST_CUT: Money = Money::from_cents(1);

/// The SQL condition that a price fell by at least an amount since a time: the present price is lower than one that was in
/// force then or later. `listing` is the name of the row in the query. The amount and the time stand between the three
/// parts. The condition holds only where the price has changed since that time, which an index knows.
pub(super) fn fell(listing: &str) -> [String; 3] {
    // A price stands beside its listing, where both are kept by competitor.
    let of_listing = |row: &str| {
        format!("{row}.competitor_inventory_id = {listing}.id AND {row}.competitor_id = {listing}.competitor_id")
    };
    [
        format!(
            "EXISTS (SELECT 1 FROM competitor_price_history AS earlier
                     WHERE {} AND earlier.price - {listing}.price >= ",
            of_listing("earlier")
        ),
        format!(
            " AND earlier.recorded_at >= coalesce(
                  (SELECT max(in_force.recorded_at) FROM competitor_price_history AS in_force
                   WHERE {} AND in_force.recorded_at <= ",
            of_listing("in_force")
        ),
        "), earlier.recorded_at))".to_owned(),
    ]
}

/// Keeps the listings that have all words, each in any of the columns.
fn searched<'a>(mut query: Listings<'a>, filter: &ListingFilter) -> Listings<'a> {
    for word in filter.q.iter().flat_map(|words| words.split_whitespace()).take(MOST_WORDS) {
        let anywhere = |pattern: String| {
            lower(dsl::make.assume_not_null())
                .like(pattern.clone())
                .escape('\\')
                .or(lower(dsl::model.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::trim.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::vin.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::stock_number.assume_not_null()).like(pattern).escape('\\'))
        };
        let [lowered, ascii_lowered] = contains_patterns(word);
        query = query.filter(anywhere(lowered).or(anywhere(ascii_lowered)));
    }
    query
}
