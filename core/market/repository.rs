//! Rows of `market_research_results` and `market_price_history`, and the competitors' listings that are compared with.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{Bool, Nullable, Text},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Comparable, HistoryPoint, MarketPrice, OwnVins, ResearchResult, Source,
    alert::ended,
    backtest::PastListing,
    comparables::{folded, known_mileage, path_says_branded, record_says_branded, same_name, says_branded},
    research::{ResearchByVehicle, Standing},
};
use crate::{
    alerts::{self, AlertType},
    competitors::{
        is_transferred as is_transferred_sql, is_watched_since as is_watched_since_sql,
        seen_elsewhere as seen_elsewhere_sql,
    },
    db::{
        DbConnection, DbResult, Instant, Json, MultiBackend,
        functions::lower,
        on_each,
        schema::{
            call_budgets, competitor_inventory, competitor_price_history, competitors, inventory, market_price_history,
            market_research_results,
        },
        types::DbInstant,
    },
    error::{Error, ErrorCode, Result},
    ids::{AnalysisId, ListingId, MarketPriceId, VehicleId},
    inventory::{Vehicle, VehicleStatus},
    money::Money,
    page::{Page, PageRequest, keyset},
};

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = market_research_results, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: AnalysisId,
    inventory_id: Option<VehicleId>,
    median_price: Option<Money>,
    min_price: Option<Money>,
    max_price: Option<Money>,
    sample_size: Option<i32>,
    comparable_vehicles: Option<Json<Value>>,
    price_recommendation: Option<String>,
    last_analyzed_at: Option<Instant>,
    data_source: Option<String>,
    search_parameters: Option<Json<Value>>,
    created_at: Option<Instant>,
    updated_at: Option<Instant>,
    analysis: Option<Json<Value>>,
    adjusted_median: Option<Money>,
}

/// The analysis without what other columns hold: a document that has its own column is kept once.
const OWN_COLUMNS: [&str; 2] = ["comparables", "search_parameters"];

impl Row {
    fn of(research: &ResearchResult) -> Result<Self> {
        let analysis = research.analysis.as_ref();
        let mut rest = analysis.map(document).transpose()?;
        let mut take = |field: &str| rest.as_mut().and_then(|rest| rest.as_object_mut()?.remove(field)).map(Json);
        let [comparables, search] = OWN_COLUMNS.map(&mut take);
        Ok(Self {
            id: research.id,
            inventory_id: Some(research.inventory_id),
            median_price: research.median_price,
            min_price: research.min_price,
            max_price: research.max_price,
            sample_size: Some(research.sample_size),
            comparable_vehicles: comparables,
            price_recommendation: research.price_recommendation.map(|word| word.as_str().to_owned()),
            last_analyzed_at: research.last_analyzed_at.map(Instant),
            data_source: research.data_source.map(|word| word.as_str().to_owned()),
            search_parameters: search,
            created_at: research.created_at.map(Instant),
            updated_at: research.updated_at.map(Instant),
            analysis: rest.map(Json),
            adjusted_median: analysis.and_then(|analysis| analysis.adjusted).map(|prices| prices.median),
        })
    }

    /// The row with whatever of it this release can read. `None` where it belongs to no vehicle.
    fn read(self) -> Option<ResearchResult> {
        let mut analysis = self.analysis.map(|rest| rest.0);
        if let Some(fields) = analysis.as_mut().and_then(Value::as_object_mut) {
            let documents = [self.comparable_vehicles, self.search_parameters];
            for (field, Json(value)) in OWN_COLUMNS.into_iter().zip(documents).filter_map(|(f, d)| Some((f, d?))) {
                fields.insert(field.to_owned(), value);
            }
        }
        let last_analyzed_at = self.last_analyzed_at.map(DateTime::from);
        let analysis = analysis
            .and_then(readable::<super::Analysis>)
            // Another program that writes the row leaves our column as it was: it then tells of an earlier analysis.
            .filter(|analysis| Some(analysis.analyzed_at) == last_analyzed_at);
        Some(ResearchResult {
            id: self.id,
            inventory_id: self.inventory_id?,
            median_price: self.median_price,
            min_price: self.min_price,
            max_price: self.max_price,
            sample_size: self.sample_size.unwrap_or(0),
            price_recommendation: self.price_recommendation.and_then(|word| word.parse().ok()),
            data_source: self.data_source.and_then(|word| word.parse().ok()),
            last_analyzed_at,
            analysis,
            created_at: self.created_at.map(DateTime::from),
            updated_at: self.updated_at.map(DateTime::from),
        })
    }
}

fn document<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|reason| {
        Error::new(ErrorCode::DocumentNotWritten, "a result could not be written down").with_source(reason)
    })
}

/// The document, or nothing and a note in the log where it has another release's shape: the next analysis replaces it.
fn readable<T: DeserializeOwned>(document: Value) -> Option<T> {
    serde_json::from_value(document)
        .inspect_err(|reason| tracing::debug!(%reason, "a stored analysis can not be read"))
        .ok()
}

/// Writes the research, over the row that the vehicle has already.
///
/// The vehicle's row must be locked: then nobody else decides between insert and update at the same time.
pub(super) fn save(
    conn: &mut DbConnection,
    research: &ResearchResult,
    before: Option<&ResearchResult>,
) -> DbResult<()> {
    let row = Row::of(research)?;
    let table = market_research_results::table;
    match before {
        Some(_) => diesel::update(table.find(row.id)).set(&row).execute(conn)?,
        None => diesel::insert_into(table).values(&row).execute(conn)?,
    };
    Ok(())
}

pub(super) fn find(conn: &mut DbConnection, vehicle: VehicleId) -> DbResult<Option<ResearchResult>> {
    let row: Option<Row> = market_research_results::table
        .filter(market_research_results::inventory_id.eq(vehicle))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(row.and_then(Row::read))
}

/// The research of all these vehicles in one query.
pub(super) fn find_all(conn: &mut DbConnection, vehicles: &[VehicleId]) -> DbResult<ResearchByVehicle> {
    let rows: Vec<Row> = market_research_results::table
        .filter(market_research_results::inventory_id.eq_any(vehicles.iter().copied()))
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(Row::read).map(|research| (research.inventory_id, research)).collect())
}

/// The unsold vehicles last analysed at the given time or before, never analysed ones first, then the longest ago.
pub(super) fn unsold_by_age_of_analysis(
    conn: &mut DbConnection,
    analyzed_until: DateTime<Utc>,
) -> DbResult<Vec<VehicleId>> {
    let last = market_research_results::last_analyzed_at;
    Ok(inventory::table
        .left_join(
            market_research_results::table.on(market_research_results::inventory_id.eq(inventory::id.nullable())),
        )
        .filter(inventory::status.ne(VehicleStatus::Sold.as_str()).or(inventory::status.is_null()))
        .filter(last.is_null().or(last.le(Instant(analyzed_until))))
        .order((last.is_not_null(), last, inventory::id))
        .select(inventory::id)
        .load(conn)?)
}

/// What the overview needs of each unsold vehicle, in one query of five narrow columns.
pub(super) fn standings(conn: &mut DbConnection) -> DbResult<Vec<Standing>> {
    use super::Recommendation;
    type Found = (Money, Option<AnalysisId>, Option<Money>, Option<String>, Option<Instant>);
    let rows: Vec<Found> = inventory::table
        .left_join(
            market_research_results::table.on(market_research_results::inventory_id.eq(inventory::id.nullable())),
        )
        .filter(inventory::status.ne(VehicleStatus::Sold.as_str()).or(inventory::status.is_null()))
        .select((
            inventory::price,
            market_research_results::id.nullable(),
            market_research_results::adjusted_median.nullable(),
            market_research_results::price_recommendation.nullable(),
            market_research_results::last_analyzed_at.nullable(),
        ))
        .load(conn)?;
    let insufficient = Recommendation::InsufficientData.as_str();
    Ok(rows
        .into_iter()
        .map(|(price, id, adjusted_median, word, last_analyzed_at)| Standing {
            price,
            is_analyzed: id.is_some(),
            adjusted_median,
            is_insufficient: word.as_deref() == Some(insufficient),
            last_analyzed_at: last_analyzed_at.map(DateTime::from),
        })
        .collect())
}

/// The VINs of all our vehicles, sold ones too.
pub(super) fn own_vins(conn: &mut DbConnection) -> DbResult<OwnVins> {
    let vins: Vec<String> = inventory::table.select(inventory::vin).load(conn)?;
    Ok(vins.iter().map(String::as_str).collect())
}

/// A year, make and model as competitors' listings spell them, in the database's own lower case.
#[derive(Clone, Debug)]
struct ListedModel {
    year: i32,
    make: String,
    model: String,
}

#[derive(QueryableByName)]
struct ListedMake {
    #[diesel(sql_type = Text)]
    make: String,
}

/// The makes of these years as competitors' listings spell them, in order.
///
/// Either database would read every listing for a DISTINCT. This goes from each make to the next through the index: two
/// look-ups a make and year, however many listings share them.
fn listed_makes(conn: &mut DbConnection, first: i32, last: i32) -> DbResult<Vec<String>> {
    let next = |found: &str, order: &str| {
        format!("(SELECT id FROM competitor_inventory WHERE {found} ORDER BY {order} LIMIT 1)")
    };
    let make = next("year = listed.year AND lower(make) > listed.make", "lower(make)");
    let year = next(&format!("year > listed.year AND year <= {last} AND lower(make) > ''"), "year, lower(make)");
    let query = format!(
        "WITH RECURSIVE listed (year, make) AS (
             SELECT CAST({first} AS INTEGER), ''
             UNION ALL
             SELECT following.year, lower(following.make)
             FROM listed JOIN competitor_inventory AS following ON following.id = coalesce({make}, {year})
         )
         SELECT DISTINCT make FROM listed WHERE make <> '' ORDER BY make"
    );
    let makes: Vec<ListedMake> = on_each!(conn, c => sql_query(query).load(c))?;
    Ok(makes.into_iter().map(|listed| listed.make).collect())
}

/// Every year and spelling of a model among the competitors' listings, loaded once a run.
///
/// The rule compares names without punctuation, which SQL has no portable word for: `F-150` is `f150`. So the few different
/// spellings are compared by the rule itself, and the listings are then found by the exact ones, through the index.
#[derive(Clone, Debug)]
pub(super) struct ListedModels(Vec<ListedModel>);

impl ListedModels {
    /// Those of these model years, whatever the make: reads every listing of the years, so for many vehicles at once.
    pub(super) fn of_years(conn: &mut DbConnection, first: i32, last: i32) -> DbResult<Self> {
        Self::of(conn, first, last, None)
    }

    /// Those of these model years and one make: reads that make's listings, by the index.
    pub(super) fn of_make(conn: &mut DbConnection, first: i32, last: i32, make: &str) -> DbResult<Self> {
        let mut makes: Vec<String> = listed_makes(conn, first, last)?;
        makes.retain(|listed| same_name(listed, make));
        makes.dedup();
        if makes.is_empty() { Ok(Self(Vec::new())) } else { Self::of(conn, first, last, Some(makes)) }
    }

    fn of(conn: &mut DbConnection, first: i32, last: i32, makes: Option<Vec<String>>) -> DbResult<Self> {
        use competitor_inventory::dsl;
        let (make, model) = (lower(dsl::make.assume_not_null()), lower(dsl::model.assume_not_null()));
        // Told of the very expressions that are indexed, SQLite need not look at the rows.
        let are_named = sql::<Bool>("lower(make) IS NOT NULL AND lower(model) IS NOT NULL");
        let named =
            dsl::competitor_inventory.filter(are_named).select((dsl::year.assume_not_null(), make, model)).distinct();
        let rows: Vec<(i32, String, String)> = match makes {
            // One year after the other, so that the index leads to the make within each.
            Some(makes) if last.saturating_sub(first) < 100 => named
                .filter(dsl::year.eq_any((first..=last).collect::<Vec<_>>()))
                .filter(lower(dsl::make.assume_not_null()).eq_any(makes))
                .load(conn)?,
            _ => named.filter(dsl::year.ge(first).and(dsl::year.le(last))).load(conn)?,
        };
        Ok(Self(rows.into_iter().map(|(year, make, model)| ListedModel { year, make, model }).collect()))
    }

    fn like<'a>(&'a self, wanted: &'a Wanted<'_>) -> impl Iterator<Item = &'a ListedModel> {
        let (first, last) = wanted.years();
        self.0.iter().filter(move |listed| {
            (first..=last).contains(&listed.year)
                && same_name(&listed.make, wanted.make)
                && same_name(&listed.model, wanted.model)
        })
    }
}

/// One model as competitors' listings spell it, whatever the year.
#[derive(Clone, Debug)]
pub(super) struct ModelNames {
    pub(super) makes: Vec<String>,
    pub(super) models: Vec<String>,
}

/// Every model among the competitors' listings, spellings of one together, in the order of their names.
pub(super) fn listed_models(conn: &mut DbConnection) -> DbResult<Vec<ModelNames>> {
    use competitor_inventory::dsl;
    let rows: Vec<(String, String)> = dsl::competitor_inventory
        .filter(dsl::make.is_not_null().and(dsl::model.is_not_null()))
        .select((lower(dsl::make.assume_not_null()), lower(dsl::model.assume_not_null())))
        .distinct()
        .load(conn)?;
    let mut models: BTreeMap<(String, String), ModelNames> = BTreeMap::new();
    for (make, model) in rows {
        let key = (folded(&make), folded(&model));
        let names = models.entry(key).or_insert_with(|| ModelNames { makes: Vec::new(), models: Vec::new() });
        names.makes.push(make);
        names.models.push(model);
    }
    Ok(models.into_values().collect())
}

/// All listings of one model, whenever they were seen, each with the prices that it asked. Two queries.
pub(super) fn past_listings(
    conn: &mut DbConnection,
    names: &ModelNames,
    transfer_days: u32,
) -> DbResult<Vec<PastListing>> {
    use competitor_inventory::dsl;
    let of_model = || {
        lower(dsl::make.assume_not_null())
            .eq_any(names.makes.clone())
            .and(lower(dsl::model.assume_not_null()).eq_any(names.models.clone()))
    };
    let seen_elsewhere = seen_elsewhere_sql(conn, "competitor_inventory", transfer_days);
    let moved_at =
        sql::<Nullable<DbInstant>>(&format!("CASE WHEN competitor_inventory.is_sold THEN {seen_elsewhere} END"));
    let record = sql::<Nullable<Text>>(title_record(conn));
    let rows: Vec<(ListingRow, String, Option<Instant>, Option<String>)> = dsl::competitor_inventory
        .inner_join(competitors::table.on(competitors::id.eq(dsl::competitor_id)))
        .filter(of_model())
        .filter(dsl::year.is_not_null())
        .select((ListingRow::as_select(), competitors::name, moved_at, record))
        .load(conn)?;
    let points: Vec<(Option<ListingId>, Money, Option<Instant>)> = competitor_price_history::table
        .inner_join(
            dsl::competitor_inventory.on(competitor_price_history::competitor_inventory_id.eq(dsl::id.nullable())),
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
    let past = |(row, dealer, moved_at, record): (ListingRow, String, Option<Instant>, Option<String>)| {
        let mut prices = prices.remove(&row.id).unwrap_or_default();
        prices.sort_unstable();
        let comparable = row.into_comparable(dealer, record.as_deref())?;
        Some(PastListing { comparable, prices, moved_at: moved_at.map(DateTime::from) })
    };
    let mut listings: Vec<_> = rows.into_iter().filter_map(past).collect();
    // The order in which a database gives rows must not show in which events are thinned out.
    listings.sort_by(|a, b| a.comparable.external_id.cmp(&b.comparable.external_id));
    Ok(listings)
}

/// Which listings could be compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) make: &'a str,
    pub(super) model: &'a str,
    pub(super) year: i32,
    pub(super) year_window: i32,
    /// Only listings of about this mileage, or of an unknown one.
    pub(super) mileage: Option<i32>,
    pub(super) mileage_window: i32,
}

impl Wanted<'_> {
    pub(super) fn years(&self) -> (i32, i32) {
        (self.year.saturating_sub(self.year_window), self.year.saturating_add(self.year_window))
    }

    fn miles(&self) -> (i32, i32) {
        known_mileage(self.mileage).map_or((i32::MIN, i32::MAX), |mileage| {
            (mileage.saturating_sub(self.mileage_window), mileage.saturating_add(self.mileage_window))
        })
    }

    fn takes(&self, comparable: &Comparable) -> bool {
        let ((first, last), (fewest, most)) = (self.years(), self.miles());
        (first..=last).contains(&comparable.year)
            && known_mileage(comparable.mileage).is_none_or(|mileage| (fewest..=most).contains(&mileage))
    }
}

/// Which listings count.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfLate {
    /// What is on sale was seen then or later; see `TrackingRules::on_the_market_days`.
    pub(super) seen_since: DateTime<Utc>,
    /// What is sold was sold then or later.
    pub(super) sold_since: DateTime<Utc>,
    /// A listing that appears at another competitor within so many days was not sold: see `TrackingRules::transfer_days`.
    pub(super) transfer_days: u32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = competitor_inventory)]
struct ListingRow {
    id: ListingId,
    vin: Option<String>,
    url: Option<String>,
    year: Option<i32>,
    make: Option<String>,
    model: Option<String>,
    trim: Option<String>,
    price: Option<Money>,
    mileage: Option<i32>,
    first_seen_at: Option<Instant>,
    last_seen_at: Option<Instant>,
    is_sold: Option<bool>,
    sold_at: Option<Instant>,
    created_at: Option<Instant>,
}

impl ListingRow {
    /// `None` for a row without year, name or any date: it can be compared with nothing.
    ///
    /// `record` is what else the page gave, as [`title_record`] selects it.
    fn into_comparable(self, dealer: String, record: Option<&str>) -> Option<Comparable> {
        let branded = self.trim.as_deref().is_some_and(says_branded)
            || self.url.as_deref().is_some_and(path_says_branded)
            || record.is_some_and(record_says_branded);
        let first_seen_at = self.first_seen_at.or(self.created_at).or(self.last_seen_at)?;
        Some(Comparable {
            source: Source::Competitor,
            vin: self.vin,
            external_id: Some(self.id.to_string()),
            url: self.url,
            year: self.year?,
            make: self.make?,
            model: self.model?,
            trim: self.trim,
            price: self.price,
            mileage: self.mileage,
            distance_miles: None,
            dealer: Some(dealer),
            first_seen_at: first_seen_at.into(),
            last_seen_at: self.last_seen_at.unwrap_or(first_seen_at).into(),
            sold_at: self.sold_at.filter(|_| self.is_sold == Some(true)).map(DateTime::from),
            branded,
        })
    }
}

/// What else a competitor's page gave about a listing, as text in SQL, where it may tell of the title; null elsewhere.
///
/// Few records do, so few are sent. Whether it is JSON at all is not for the database to judge: a search that stops at one row
/// of an adopted table finds nothing.
fn title_record(conn: &DbConnection) -> &'static str {
    match conn {
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "CASE WHEN competitor_inventory.raw_data IS NOT NULL
                  AND competitor_inventory.raw_data::text ~* 'title|salvage|branded|condition'
             THEN competitor_inventory.raw_data::text END"
        }
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "CASE WHEN competitor_inventory.raw_data LIKE '%title%' OR competitor_inventory.raw_data LIKE '%salvage%'
                  OR competitor_inventory.raw_data LIKE '%branded%' OR competitor_inventory.raw_data LIKE '%condition%'
             THEN competitor_inventory.raw_data END"
        }
    }
}

/// The competitors' listings that could be compared with: on offer at a dealer that is watched, or sold of late. One query, none
/// where no name fits.
pub(super) fn comparables(
    conn: &mut DbConnection,
    wanted: &Wanted<'_>,
    listed: &ListedModels,
    of_late: OfLate,
) -> DbResult<Vec<Comparable>> {
    comparables_of_model(conn, &[*wanted], listed, of_late)
}

/// The same for each of many, in their order: one query a model, whatever the number of those who want it.
pub(super) fn comparables_of_each(
    conn: &mut DbConnection,
    wanted: &[Wanted<'_>],
    listed: &ListedModels,
    of_late: OfLate,
) -> DbResult<Vec<Vec<Comparable>>> {
    let mut by_model: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (place, wanted) in wanted.iter().enumerate() {
        by_model.entry((folded(wanted.make), folded(wanted.model))).or_default().push(place);
    }
    let mut found: Vec<Vec<Comparable>> = Vec::new();
    found.resize_with(wanted.len(), Vec::new);
    for places in by_model.into_values() {
        let of_model: Vec<Wanted<'_>> = places.iter().filter_map(|&place| wanted.get(place).copied()).collect();
        let comparables = comparables_of_model(conn, &of_model, listed, of_late)?;
        for (place, wanted) in places.into_iter().zip(of_model) {
            if let Some(found) = found.get_mut(place) {
                found.extend(comparables.iter().filter(|comparable| wanted.takes(comparable)).cloned());
            }
        }
    }
    Ok(found)
}

/// What any of those who want one model could compare with.
fn comparables_of_model(
    conn: &mut DbConnection,
    wanted: &[Wanted<'_>],
    listed: &ListedModels,
    of_late: OfLate,
) -> DbResult<Vec<Comparable>> {
    use competitor_inventory::dsl;
    fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
        let mut values: Vec<T> = values.collect();
        values.sort_unstable();
        values.dedup();
        values
    }
    let like = || wanted.iter().flat_map(|wanted| listed.like(wanted));
    let years = distinct(like().map(|listed| listed.year));
    let makes = distinct(like().map(|listed| listed.make.as_str()));
    let models = distinct(like().map(|listed| listed.model.as_str()));
    if years.is_empty() {
        return Ok(Vec::new());
    }
    // A car that went on to another lot was not sold: it is compared with there.
    let is_transferred = is_transferred_sql(conn, "competitor_inventory", of_late.transfer_days);
    let fewest = wanted.iter().map(|wanted| wanted.miles().0).min().unwrap_or(i32::MIN);
    let most = wanted.iter().map(|wanted| wanted.miles().1).max().unwrap_or(i32::MAX);
    let within = dsl::mileage.ge(fewest).and(dsl::mileage.le(most));
    let is_watched =
        sql::<Bool>(&is_watched_since_sql("competitor_inventory")).bind::<DbInstant, _>(Instant(of_late.seen_since));
    let on_offer = dsl::is_sold.is_null().or(dsl::is_sold.eq(false)).and(is_watched);
    let counts = on_offer.or(dsl::sold_at.ge(Instant(of_late.sold_since)));
    // Reading rows is what this costs, so either database's own connection reads them, not the one that may be either.
    let record = title_record(conn);
    let rows: Vec<(ListingRow, String, Option<String>)> = on_each!(conn, c => dsl::competitor_inventory
        .inner_join(competitors::table.on(competitors::id.eq(dsl::competitor_id)))
        .filter(dsl::year.eq_any(years))
        .filter(lower(dsl::make.assume_not_null()).eq_any(makes))
        .filter(lower(dsl::model.assume_not_null()).eq_any(models))
        .filter(counts)
        // A mileage below zero counts as unknown.
        .filter(dsl::mileage.is_null().or(dsl::mileage.lt(0)).or(within))
        .filter(sql::<Bool>(&format!("NOT (competitor_inventory.is_sold IS TRUE AND {is_transferred})")))
        .select((ListingRow::as_select(), competitors::name, sql::<Nullable<Text>>(record)))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(row, dealer, record)| row.into_comparable(dealer, record.as_deref())).collect())
}

/// Counts one call of a metered service in the month of the given time, where fewer than `most` were made; whether it was.
///
/// The condition stands in the statement that counts, so no number of processes at once makes one call too many.
pub(super) fn spend_call(conn: &mut DbConnection, service: &str, most: u32, now: DateTime<Utc>) -> DbResult<bool> {
    use call_budgets::dsl;
    let period = format!("{service} {}", now.format("%Y-%m"));
    let most = i32::try_from(most).unwrap_or(i32::MAX);
    on_each!(conn, c => {
        diesel::insert_into(dsl::call_budgets)
            .values((dsl::period.eq(&period), dsl::calls.eq(0), dsl::last_call_at.eq(Instant(now))))
            .on_conflict_do_nothing()
            .execute(c)?;
    });
    let within = dsl::call_budgets.filter(dsl::period.eq(&period)).filter(dsl::calls.lt(most));
    let counted = diesel::update(within)
        .set((dsl::calls.eq(dsl::calls + 1), dsl::last_call_at.eq(Instant(now))))
        .execute(conn)?;
    Ok(counted > 0)
}

/// The calls of a metered service in the month of the given time.
pub(super) fn calls_made(conn: &mut DbConnection, service: &str, now: DateTime<Utc>) -> DbResult<u32> {
    use call_budgets::dsl;
    let period = format!("{service} {}", now.format("%Y-%m"));
    let calls: Option<i32> =
        dsl::call_budgets.filter(dsl::period.eq(period)).select(dsl::calls).first(conn).optional()?;
    Ok(calls.and_then(|calls| u32::try_from(calls).ok()).unwrap_or(0))
}

/// So long before, the earliest time there is where it is too long.
pub(super) fn before(now: DateTime<Utc>, time: TimeDelta) -> DateTime<Utc> {
    now.checked_sub_signed(time).filter(|earlier| earlier.timestamp() >= 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The market's points of a vehicle's history since a time.
pub(super) fn history_since(
    conn: &mut DbConnection,
    vehicle: VehicleId,
    since: DateTime<Utc>,
) -> DbResult<Vec<HistoryPoint>> {
    use market_price_history::dsl;
    type Found = (Option<Instant>, Option<Money>, Option<i32>, Option<String>);
    let rows: Vec<Found> = dsl::market_price_history
        .filter(dsl::inventory_id.eq(vehicle))
        .filter(dsl::recorded_at.ge(Instant(since)))
        .filter(dsl::median_market_price.is_not_null())
        .select((dsl::recorded_at, dsl::median_market_price, dsl::sample_size, dsl::searched_for))
        .load(conn)?;
    let point = |(recorded_at, median_price, sample_size, searched_for): Found| {
        let sample_size = sample_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        Some(HistoryPoint { recorded_at: recorded_at?.into(), median_price, sample_size, searched_for })
    };
    Ok(rows.into_iter().filter_map(point).collect())
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = market_price_history, treat_none_as_default_value = false)]
struct HistoryRow {
    id: MarketPriceId,
    inventory_id: Option<VehicleId>,
    our_price: Money,
    median_market_price: Option<Money>,
    min_market_price: Option<Money>,
    sample_size: Option<i32>,
    recorded_at: Option<Instant>,
    searched_for: Option<String>,
}

impl From<HistoryRow> for MarketPrice {
    fn from(row: HistoryRow) -> Self {
        Self {
            id: row.id,
            our_price: row.our_price,
            median_market_price: row.median_market_price,
            min_market_price: row.min_market_price,
            sample_size: row.sample_size,
            recorded_at: row.recorded_at.map(DateTime::from),
        }
    }
}

/// A page of a vehicle's price history, newest first.
pub(super) fn history(
    conn: &mut DbConnection,
    vehicle: VehicleId,
    request: &PageRequest,
) -> DbResult<Page<MarketPrice>> {
    use market_price_history::dsl;
    const ORDER: &str = "-recorded_at";
    let query = dsl::market_price_history
        .filter(dsl::inventory_id.eq(vehicle))
        .select(HistoryRow::as_select())
        .into_boxed::<MultiBackend>();
    let position: Option<(Option<DateTime<Utc>>, MarketPriceId)> = request.position(ORDER)?;
    let position = position.map(|(time, id)| (time.map(Instant), id));
    let rows: Vec<HistoryRow> =
        keyset!(query, dsl::recorded_at, dsl::id, desc, position).limit(request.rows_to_read()).load(conn)?;
    let page = Page::cut(rows, request, ORDER, |row| (row.recorded_at.map(DateTime::<Utc>::from), row.id))?;
    Ok(page.map(MarketPrice::from))
}

/// Keeps what an analysis found as a point of the vehicle's history.
pub(super) fn record_market_price(
    conn: &mut DbConnection,
    our_price: Money,
    research: &ResearchResult,
    now: DateTime<Utc>,
) -> DbResult<()> {
    insert_point(
        conn,
        &HistoryRow {
            id: MarketPriceId::new(now),
            inventory_id: Some(research.inventory_id),
            our_price,
            median_market_price: research.median_price,
            min_market_price: research.min_price,
            sample_size: Some(research.sample_size),
            recorded_at: Some(now.into()),
            searched_for: research.analysis.as_ref().map(super::Analysis::searched_for),
        },
    )
}

/// Keeps a price that staff set, as a point of the vehicle's history with nothing known of the market.
pub(super) fn record_own_price(
    conn: &mut DbConnection,
    vehicle: VehicleId,
    price: Money,
    now: DateTime<Utc>,
) -> DbResult<()> {
    insert_point(
        conn,
        &HistoryRow {
            id: MarketPriceId::new(now),
            inventory_id: Some(vehicle),
            our_price: price,
            median_market_price: None,
            min_market_price: None,
            sample_size: None,
            recorded_at: Some(now.into()),
            searched_for: None,
        },
    )
}

fn insert_point(conn: &mut DbConnection, row: &HistoryRow) -> DbResult<()> {
    diesel::insert_into(market_price_history::table).values(row).execute(conn)?;
    Ok(())
}

/// Closes what is open about a vehicle's price, which nobody will analyse again; `why` is the rest of a sentence.
pub(super) fn close_alerts(conn: &mut DbConnection, vehicle: &Vehicle, why: &str, now: DateTime<Utc>) -> DbResult<()> {
    alerts::close(conn, &AlertType::OF_PRICES, vehicle.id.into(), &|alert| ended(alert, vehicle, why), now)
}

/// Removes what was found about a vehicle as it no longer is, and closes its alerts: it counts as never analysed again. Its
/// history stays. `why` is the rest of a sentence.
pub(super) fn forget(conn: &mut DbConnection, vehicle: &Vehicle, why: &str, now: DateTime<Utc>) -> DbResult<()> {
    let of_vehicle = market_research_results::inventory_id.eq(vehicle.id);
    diesel::delete(market_research_results::table.filter(of_vehicle)).execute(conn)?;
    // The medians of what it was are held against no later one.
    let of_vehicle =
        market_price_history::inventory_id.eq(vehicle.id).and(market_price_history::searched_for.is_not_null());
    let unsaid = market_price_history::searched_for.eq(None::<String>);
    diesel::update(market_price_history::table.filter(of_vehicle)).set(unsaid).execute(conn)?;
    close_alerts(conn, vehicle, why, now)
}

/// Removes all research about a vehicle that is itself about to go, and closes its alerts.
pub(super) fn delete_of_vehicle(conn: &mut DbConnection, vehicle: &Vehicle, now: DateTime<Utc>) -> DbResult<()> {
    let of_vehicle = market_price_history::inventory_id.eq(vehicle.id);
    diesel::delete(market_price_history::table.filter(of_vehicle)).execute(conn)?;
    forget(conn, vehicle, "it is no longer in the inventory", now)
}
