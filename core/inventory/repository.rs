//! Rows of `inventory`. `reference` finds a vehicle by what a person typed, `sales` has the rows of `vehicle_sales`,
//! `import` many vehicles at once.

mod import;
mod reference;
mod sales;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
#[cfg(feature = "postgres")]
use diesel::pg::PgRowByRowLoadingMode;
use diesel::{
    dsl::{not, sql},
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use super::{StatusCount, StockCount, Vehicle, VehicleFilter, VehicleSort, VehicleStatus, rules};
use crate::{
    db::{
        DbConnection, DbResult, Instant, MultiBackend,
        functions::{by_no_index, compared_vin, lower, lowered},
        held::{Held, HeldText, MayBeNull as _, Place},
        in_index_order, is_among, is_one_of, kept_sql, lock_row, on_each,
        row::{record_row, stored_word, unknown_word},
        schema::{inventory, inventory::dsl},
        twice_between,
        types::{DbMoney, has_id, number_check},
        without_statement_timeout,
    },
    error::{Error, ErrorCode},
    ids::{SubmissionId, UserId, VehicleId},
    money::Money,
    page::{Page, PageRequest, contains_patterns},
    vehicle_fields, vin,
};

pub(super) use import::{Reading, insert_all, unsold_ids, update_all, with_ids, with_numbers};
pub(super) use reference::candidates;
pub(super) use sales::{
    add_sale, add_sales, correct_sale, delete_sale, ensure_sale, ensure_sales, sale_prices, sales_by_time,
};

vehicle_fields!(record_row Vehicle in inventory);

stored_word!(VehicleStatus);

pub(crate) fn insert(conn: &mut DbConnection, vehicle: &Vehicle) -> DbResult<()> {
    diesel::insert_into(dsl::inventory).values(&Row::from(vehicle)).execute(conn)?;
    Ok(())
}

/// Writes the whole row, or what differs.
///
/// # Errors
/// `unknown_word` for a status that cannot be written back.
pub(super) fn update(conn: &mut DbConnection, vehicle: &Vehicle) -> DbResult<()> {
    if vehicle.status == VehicleStatus::Unknown {
        return Err(unknown_word("the status of this vehicle is not known here: give it another one first").into());
    }
    let row = Row::from(vehicle);
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            diesel::update(dsl::inventory.find(row.id)).set(&row).execute(conn)?;
            Ok(())
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => Row::write_all_changes(conn, &[row]),
    }
}

pub(super) fn delete(conn: &mut DbConnection, id: VehicleId) -> DbResult<()> {
    diesel::delete(dsl::inventory.find(id)).execute(conn)?;
    Ok(())
}

pub(crate) fn get(conn: &mut DbConnection, id: VehicleId) -> DbResult<Vehicle> {
    Ok(find(conn, id)?.ok_or_else(not_found)?)
}

fn find(conn: &mut DbConnection, id: VehicleId) -> DbResult<Option<Vehicle>> {
    // Of either database's own connection Diesel knows the statement by its type, and does not write it out to find it prepared.
    let row: Option<Row> =
        on_each!(conn, conn => dsl::inventory.find(id).select(Row::as_select()).get_result(conn)).optional()?;
    Ok(row.map(Vehicle::from))
}

/// The vehicle, locked until the transaction ends.
pub(crate) fn get_to_change(conn: &mut DbConnection, id: VehicleId) -> DbResult<Vehicle> {
    lock_row!(conn, dsl::inventory.find(id).select(dsl::id));
    get(conn, id)
}

/// Those of the vehicles that there are.
pub(crate) fn get_all(conn: &mut DbConnection, ids: &[VehicleId]) -> DbResult<HashMap<VehicleId, Vehicle>> {
    let rows: Vec<Row> =
        dsl::inventory.filter(dsl::id.eq_any(ids.iter().copied())).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, Vehicle::from(row))).collect())
}

/// The same in one statement that stays prepared, whatever the number of vehicles. Without a network between, SQLite is asked for
/// one after the other: a list of values would be another statement for each length.
pub(super) fn get_each(conn: &mut DbConnection, ids: &[VehicleId]) -> DbResult<HashMap<VehicleId, Vehicle>> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let of_ids = dsl::inventory.filter(dsl::id.eq_any(ids));
            let rows: Vec<Row> = of_ids.select(Row::as_select()).load(conn)?;
            Ok(rows.into_iter().map(|row| (row.id, Vehicle::from(row))).collect())
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let mut found = HashMap::with_capacity(ids.len());
            for id in ids {
                if let Some(vehicle) = find(conn, *id)? {
                    found.insert(*id, vehicle);
                }
            }
            Ok(found)
        }
    }
}

/// The same, locked until the transaction ends.
pub(crate) fn get_all_to_change(conn: &mut DbConnection, ids: &[VehicleId]) -> DbResult<HashMap<VehicleId, Vehicle>> {
    lock_row!(conn, dsl::inventory.filter(dsl::id.eq_any(ids.iter().copied())).select(dsl::id));
    get_all(conn, ids)
}

pub(super) fn get_listed(conn: &mut DbConnection, id: VehicleId) -> DbResult<Vehicle> {
    let vehicle = get(conn, id)?;
    if rules::is_listed(&vehicle) { Ok(vehicle) } else { Err(not_found().into()) }
}

pub(super) fn not_found() -> Error {
    Error::new(ErrorCode::VehicleNotFound, "there is no such vehicle")
}

/// Refuses the VIN or the stock number of another vehicle.
///
/// # Errors
/// `duplicate_vin`; `duplicate_stock_number`.
pub(crate) fn ensure_vin_and_stock_number_are_free(conn: &mut DbConnection, vehicle: &Vehicle) -> DbResult<()> {
    let others: Vec<(HeldText, Option<HeldText>)> = dsl::inventory
        .filter(dsl::id.ne(vehicle.id))
        .filter(compared_vin(conn).eq(vin::compared(&vehicle.vin)).or(dsl::stock_number.eq(&vehicle.stock_number)))
        .select((dsl::vin, dsl::stock_number))
        .limit(2)
        .load(conn)?;
    if others.iter().any(|(vin, _)| vin::compared(vin) == vin::compared(&vehicle.vin)) {
        let error = Error::new(ErrorCode::DuplicateVin, "a vehicle with this VIN is in inventory already");
        return Err(error.with_field("/vin", "is in inventory already").into());
    }
    if !others.is_empty() {
        let error = Error::new(ErrorCode::DuplicateStockNumber, "another vehicle has this stock number");
        return Err(error.with_field("/stock_number", "is another vehicle's").into());
    }
    Ok(())
}

/// The vehicle with the first of these stock numbers that no other vehicle has. Where none is free, it stays as it is.
pub(crate) fn with_free_stock_number(
    conn: &mut DbConnection,
    mut vehicle: Vehicle,
    numbers: Vec<String>,
) -> DbResult<Vehicle> {
    if numbers.is_empty() {
        return Ok(vehicle);
    }
    let taken: Vec<Option<HeldText>> = dsl::inventory
        .filter(dsl::id.ne(vehicle.id))
        .filter(dsl::stock_number.eq_any(&numbers))
        .select(dsl::stock_number)
        .load(conn)?;
    let is_taken = |number: &String| taken.iter().flatten().any(|taken| **taken == **number);
    if let Some(free) = numbers.into_iter().find(|number| !is_taken(number)) {
        vehicle.stock_number = Some(free);
    }
    Ok(vehicle)
}

pub(super) fn find_by_vin(conn: &mut DbConnection, vin: &str) -> DbResult<Option<Vehicle>> {
    let row: Option<Row> = dsl::inventory
        .filter(compared_vin(conn).eq(vin::compared(vin)))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Vehicle::from))
}

pub(super) fn find_by_stock_number(conn: &mut DbConnection, stock_number: &str) -> DbResult<Option<Vehicle>> {
    let row: Option<Row> =
        dsl::inventory.filter(dsl::stock_number.eq(stock_number)).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(Vehicle::from))
}

/// The vehicle with this VIN, locked until the transaction ends.
pub(crate) fn find_by_vin_to_change(conn: &mut DbConnection, vin: &str) -> DbResult<Option<Vehicle>> {
    let id: Option<VehicleId> =
        dsl::inventory.filter(compared_vin(conn).eq(vin::compared(vin))).select(dsl::id).first(conn).optional()?;
    id.map(|id| get_to_change(conn, id)).transpose()
}

/// Whether the car with this VIN, or the one that was made of this submission, is in the inventory and not sold.
pub(crate) fn is_in_stock(conn: &mut DbConnection, vin: &str, submission: SubmissionId) -> DbResult<bool> {
    let unsold: i64 = dsl::inventory
        .filter(compared_vin(conn).eq(vin::compared(vin)).or(dsl::source_submission_id.eq(submission)))
        .filter(dsl::status.ne(VehicleStatus::Sold.as_str()).or(dsl::status.is_null()))
        .count()
        .get_result(conn)?;
    Ok(unsold > 0)
}

/// Whether a row has what each vehicle has. A vehicle without a price, or of a mileage that is no number, is none that a list can
/// show; `jpauto check` names it. PostgreSQL's numbers are numbers.
macro_rules! has_all_values {
    ($numbers:expr) => {
        has_all_values!()
            .and(twice_between(dsl::year, $numbers))
            .and(twice_between(dsl::price, $numbers))
            .and(twice_between(dsl::mileage, $numbers))
    };
    () => {
        dsl::year
            .is_not_null()
            .and(dsl::make.is_not_null())
            .and(dsl::model.is_not_null())
            .and(dsl::vin.is_not_null())
            .and(dsl::price.is_not_null())
            .and(dsl::mileage.is_not_null())
    };
}

/// Selects the vehicles that match the filter.
fn matching<'f>(
    (numbers, by_no_index): ([&'static str; 3], &'static str),
    filter: &'f VehicleFilter,
) -> inventory::BoxedQuery<'f, MultiBackend> {
    let mut query = dsl::inventory.filter(has_all_values!(numbers)).into_boxed();
    if !filter.status.is_empty() {
        let is_one = matches!(filter.status[..], [VehicleStatus::Pending | VehicleStatus::Hold | VehicleStatus::Sold]);
        let by_which = if is_one { "" } else { by_no_index };
        let status = kept_sql::<Nullable<Text>>(format!("{by_which}inventory.status"));
        let among = is_among(status, filter.status.iter().map(|status| status.as_str()).collect());
        let unknown = not(is_one_of(dsl::status, VehicleStatus::ALL.map(VehicleStatus::as_str)));
        let holds = |status| filter.status.contains(&status);
        // A null reads as the default.
        query = match (holds(VehicleStatus::default()), holds(VehicleStatus::Unknown)) {
            (true, true) => query.filter(among.or(unknown).or(dsl::status.is_null())),
            (true, false) => query.filter(among.or(dsl::status.is_null())),
            (false, true) => query.filter(among.or(unknown)),
            (false, false) => query.filter(among),
        };
    }
    if let Some(make) = &filter.make {
        query = query.filter(is_one_of(lower(dsl::make), lowered(make.trim())));
    }
    if let Some(model) = &filter.model {
        query = query.filter(is_one_of(lower(dsl::model), lowered(model.trim())));
    }
    if let Some(year) = filter.year_min {
        query = query.filter(dsl::year.ge(year));
    }
    if let Some(year) = filter.year_max {
        query = query.filter(dsl::year.le(year));
    }
    if let Some(price) = filter.price_min {
        query = query.filter(dsl::price.ge(price));
    }
    if let Some(price) = filter.price_max {
        query = query.filter(dsl::price.le(price));
    }
    if let Some(mileage) = filter.mileage_min {
        query = query.filter(dsl::mileage.ge(mileage));
    }
    if let Some(mileage) = filter.mileage_max {
        query = query.filter(dsl::mileage.le(mileage));
    }
    match filter.featured {
        Some(true) => query = query.filter(dsl::featured.eq(true)),
        Some(false) => query = query.filter(dsl::featured.is_null().or(dsl::featured.eq(false))),
        None => {}
    }
    with_words(query, filter.q.as_deref().unwrap_or_default())
}

/// The vehicles in these statuses, and those that were sold since then, where a time is given.
macro_rules! stock {
    ($statuses:expr, $sold_since:expr) => {{
        let words: Vec<_> = $statuses.iter().map(|status| status.as_str()).collect();
        let mut query = dsl::inventory.into_boxed().filter(dsl::status.eq_any(words));
        // A null reads as the default.
        if $statuses.contains(&VehicleStatus::default()) {
            query = query.or_filter(dsl::status.is_null());
        }
        if $statuses.contains(&VehicleStatus::Unknown) {
            query = query.or_filter(dsl::status.ne_all(VehicleStatus::ALL.map(VehicleStatus::as_str)));
        }
        if let Some(since) = $sold_since {
            let sold = dsl::status.eq(VehicleStatus::Sold.as_str()).and(dsl::sold_at.ge(Instant(since)));
            query = query.or_filter(sold);
        }
        query
    }};
}

fn stock(
    conn: &DbConnection,
    statuses: &[VehicleStatus],
    sold_since: Option<DateTime<Utc>>,
) -> inventory::BoxedQuery<'static, MultiBackend> {
    stock!(statuses, sold_since).filter(has_all_values!(number_check(conn))).filter(has_id!(conn, dsl::id))
}

/// How many vehicles [`each_in_stock`] hands out.
pub(crate) fn count_stock(
    conn: &mut DbConnection,
    statuses: &[VehicleStatus],
    sold_since: Option<DateTime<Utc>>,
) -> DbResult<i64> {
    Ok(stock(conn, statuses, sold_since).count().get_result(conn)?)
}

/// So many vehicles of SQLite are in memory at once.
#[cfg(feature = "sqlite")]
const PAGE: usize = 500;

/// Hands out vehicles in the order of ids: those in these statuses, and those that were sold since a time. The first error ends it.
/// The connection must be in a transaction that reads from one snapshot.
pub(crate) fn each_in_stock(
    conn: &mut DbConnection,
    statuses: &[VehicleStatus],
    sold_since: Option<DateTime<Utc>>,
    each: &mut dyn FnMut(&Vehicle) -> DbResult<()>,
) -> DbResult<()> {
    // Whoever takes them may be slow.
    without_statement_timeout(conn)?;
    match conn {
        // One row after the other, while the server reads on: a page after the other would be waited for.
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let query = stock!(statuses, sold_since).filter(has_all_values!()).order(dsl::id).select(Row::as_select());
            for row in query.load_iter::<Row, PgRowByRowLoadingMode>(conn)? {
                each(&row?.into())?;
            }
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let mut last: Option<VehicleId> = None;
            loop {
                let mut query = stock(conn, statuses, sold_since);
                if let Some(last) = last {
                    query = query.filter(dsl::id.gt(last));
                }
                let page = query.order(dsl::id).limit(PAGE as i64).select(Row::as_select());
                let rows: Vec<Row> = page.load(conn)?;
                last = rows.last().map(|row| row.id).filter(|_| rows.len() == PAGE);
                rows.into_iter().try_for_each(|row| each(&row.into()))?;
                if last.is_none() {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// More words than this in a search are ignored.
const MOST_WORDS: usize = 8;

/// Keeps the vehicles in which each word of a search occurs.
fn with_words<'a>(
    mut query: inventory::BoxedQuery<'a, MultiBackend>,
    words: &str,
) -> inventory::BoxedQuery<'a, MultiBackend> {
    for word in words.split_whitespace().take(MOST_WORDS) {
        let anywhere = |pattern: String| {
            lower(dsl::make)
                .like(pattern.clone())
                .escape('\\')
                .or(lower(dsl::model).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::vin).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::trim.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::stock_number.assume_not_null()).like(pattern.clone()).escape('\\'))
                .or(lower(dsl::description.assume_not_null()).like(pattern).escape('\\'))
        };
        let [lowered, ascii_lowered] = contains_patterns(word);
        query = query.filter(anywhere(lowered).or(anywhere(ascii_lowered)));
    }
    query
}

/// Reads a page of the vehicles that match the filter, in its order.
pub(super) fn list(conn: &mut DbConnection, filter: &VehicleFilter, request: &PageRequest) -> DbResult<Page<Vehicle>> {
    let of_database = (number_check(conn), by_no_index(conn));
    let query = || matching(of_database, filter).select(Row::as_select());
    /// Reads the page in the order of one column.
    macro_rules! in_order_of {
        ($column:expr, $direction:ident, $wrap:expr, $key:expr) => {{
            let position = request.position(filter.sort.as_str())?;
            let position =
                position.map(|(place, id): (Option<Place<_>>, VehicleId)| (place.map(|place| place.map($wrap)), id));
            let rows: Vec<Row> = in_index_order!(conn, query, $column, dsl::id, $direction, position, request);
            Page::cut(rows, request, filter.sort.as_str(), |row: &Row| ($key(row), row.id))?
        }};
    }
    let number = |number: i32| number;
    let time = |time: Instant| time;
    let listed_at = |row: &Row| row.listed_at.place();
    let price = |row: &Row| Some(row.price.place().map(Money::cents));
    let page = match filter.sort {
        VehicleSort::ListedAt => in_order_of!(dsl::listed_at, asc, time, listed_at),
        VehicleSort::ListedAtDescending => in_order_of!(dsl::listed_at, desc, time, listed_at),
        VehicleSort::Price => in_order_of!(dsl::price, asc, Money::from_cents, price),
        VehicleSort::PriceDescending => {
            in_order_of!(dsl::price, desc, Money::from_cents, price)
        }
        VehicleSort::Mileage => in_order_of!(dsl::mileage, asc, number, |row: &Row| Some(row.mileage.place())),
        VehicleSort::MileageDescending => {
            in_order_of!(dsl::mileage, desc, number, |row: &Row| Some(row.mileage.place()))
        }
        VehicleSort::Year => in_order_of!(dsl::year, asc, number, |row: &Row| Some(row.year.place())),
        VehicleSort::YearDescending => in_order_of!(dsl::year, desc, number, |row: &Row| Some(row.year.place())),
    };
    Ok(page.map(Vehicle::from))
}

/// Counts vehicles and adds up their prices and costs, by status. Amounts that no vehicle has are not added.
pub(super) fn count_by_status(conn: &mut DbConnection) -> DbResult<Vec<StatusCount>> {
    type Sums = (Option<HeldText>, i64, Option<Money>, Option<Money>);
    // In dollars or cents: what is beyond fits no column of ours. NaN is the largest of all.
    let rows: Vec<Sums> = dsl::inventory
        .filter(has_id!(conn, dsl::id))
        .group_by(dsl::status)
        .select((
            dsl::status,
            sql::<BigInt>("count(*)"),
            sql::<Nullable<DbMoney>>("sum(CASE WHEN price >= 0 AND price < 10000000000 THEN price END)"),
            sql::<Nullable<DbMoney>>("sum(CASE WHEN cost >= 0 AND cost < 10000000000 THEN cost END)"),
        ))
        .order(dsl::status)
        .load(conn)?;
    let mut counts: Vec<StatusCount> = Vec::new();
    for (status, count, value, cost) in rows {
        let status = status.map_or_else(VehicleStatus::default, |word| VehicleStatus::stored(&word));
        let stock = StockCount { count, value: value.unwrap_or_default(), cost: cost.unwrap_or_default() };
        // A null reads as the default, which has rows of its own.
        match counts.iter_mut().find(|known| known.status == status) {
            Some(known) => known.stock = known.stock.plus(stock),
            None => counts.push(StatusCount { status, stock }),
        }
    }
    Ok(counts)
}

/// Reads when each unsold vehicle went on sale, and its price and cost. The age statistics need no other column.
pub(super) fn unsold_ages(conn: &mut DbConnection) -> DbResult<Vec<(Option<DateTime<Utc>>, StockCount)>> {
    let rows: Vec<(Option<Held<Instant>>, Money, Option<Money>)> = dsl::inventory
        .filter(has_id!(conn, dsl::id))
        .filter(dsl::price.is_not_null())
        .filter(dsl::status.ne(VehicleStatus::Sold.as_str()).or(dsl::status.is_null()))
        .select((dsl::listed_at, dsl::price, dsl::cost))
        .load(conn)?;
    let possible = |amount: Money| if amount.fits_a_price() { amount } else { Money::ZERO };
    Ok(rows
        .into_iter()
        .map(|(listed_at, price, cost)| {
            let (value, cost) = (possible(price), possible(cost.unwrap_or_default()));
            (listed_at.time(), StockCount { count: 1, value, cost })
        })
        .collect())
}
