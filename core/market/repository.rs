//! Rows of `market_research_results`: the last analysis of each vehicle. The other tables are in the files of `repository/`.

mod call_budget;
mod comparables;
mod history;
mod past_listings;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub(super) use self::{
    call_budget::{calls_made, spend_call},
    comparables::{
        ComparableQuery, ListedModels, Recency, comparables, comparables_of_each, comparables_of_model, newest_figures,
    },
    history::{history, history_since, record_market_price, record_own_prices},
    past_listings::{listed_models, past_listings},
};
use super::{
    Analysis, OwnVins, Recommendation, ResearchResult,
    alert_message::ended,
    research::{ResearchByVehicle, Standing},
};
use crate::{
    alerts::{self, AlertType},
    db::{
        DbConnection, DbResult, Instant, Json,
        held::HeldText,
        is_one_of,
        schema::{inventory, market_price_history, market_research_results},
        types::has_id,
    },
    error::{Error, ErrorCode, Result},
    ids::{AnalysisId, VehicleId},
    inventory::{Vehicle, VehicleStatus},
    money::Money,
    vin,
};

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = market_research_results, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct ResearchRow {
    id: AnalysisId,
    inventory_id: Option<VehicleId>,
    median_price: Option<Money>,
    min_price: Option<Money>,
    max_price: Option<Money>,
    sample_size: Option<i32>,
    comparable_vehicles: Option<Json<Value>>,
    price_recommendation: Option<HeldText>,
    last_analyzed_at: Option<Instant>,
    data_source: Option<HeldText>,
    search_parameters: Option<Json<Value>>,
    created_at: Option<Instant>,
    updated_at: Option<Instant>,
    analysis: Option<Json<Value>>,
    adjusted_median: Option<Money>,
}

/// Fields of the analysis that have a column of their own, and so are not stored twice.
const OWN_COLUMNS: [&str; 2] = ["comparables", "search_parameters"];

impl ResearchRow {
    pub(super) fn of(research: &ResearchResult, analysis: Option<&Analysis>) -> Result<Self> {
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
            price_recommendation: research.price_recommendation.map(|word| word.as_str().into()),
            last_analyzed_at: research.last_analyzed_at.map(Instant),
            data_source: research.data_source.map(|word| word.as_str().into()),
            search_parameters: search,
            created_at: research.created_at.map(Instant),
            updated_at: research.updated_at.map(Instant),
            analysis: rest.map(Json),
            adjusted_median: analysis.and_then(|analysis| analysis.adjusted).map(|prices| prices.median),
        })
    }

    /// As much of the row as this release can read; `None` where it belongs to no vehicle.
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
            .and_then(readable::<Analysis>)
            // Another program that writes the row leaves our column alone, which is then of an earlier analysis.
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

/// The document, or `None` and a note in the log where it has another release's shape. The next analysis replaces it.
fn readable<T: DeserializeOwned>(document: Value) -> Option<T> {
    serde_json::from_value(document)
        .inspect_err(|reason| tracing::debug!(%reason, "a stored analysis can not be read"))
        .ok()
}

/// Writes a row of research, over the one that the vehicle may have already.
///
/// The vehicle's row must be locked, so that nobody else decides between insert and update at the same time.
pub(super) fn save(conn: &mut DbConnection, row: &ResearchRow, before: Option<&ResearchResult>) -> DbResult<()> {
    let table = market_research_results::table;
    match before {
        Some(_) => diesel::update(table.find(row.id)).set(row).execute(conn)?,
        None => diesel::insert_into(table).values(row).execute(conn)?,
    };
    Ok(())
}

pub(super) fn find(conn: &mut DbConnection, vehicle: VehicleId) -> DbResult<Option<ResearchResult>> {
    let row: Option<ResearchRow> = market_research_results::table
        .filter(market_research_results::inventory_id.eq(vehicle))
        .select(ResearchRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.and_then(ResearchRow::read))
}

/// The research of all these vehicles in one query.
pub(super) fn find_all(conn: &mut DbConnection, vehicles: &[VehicleId]) -> DbResult<ResearchByVehicle> {
    let rows: Vec<ResearchRow> = market_research_results::table
        .filter(is_one_of(market_research_results::inventory_id, vehicles.iter().copied()))
        .select(ResearchRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(ResearchRow::read).map(|research| (research.inventory_id, research)).collect())
}

/// The same without the analysis itself, which is large: what the next one is compared with.
pub(super) fn find_figures(conn: &mut DbConnection, vehicles: &[VehicleId]) -> DbResult<ResearchByVehicle> {
    use market_research_results::dsl;
    let rows: Vec<FiguresRow> = dsl::market_research_results
        .filter(is_one_of(dsl::inventory_id, vehicles.iter().copied()))
        .select(FiguresRow::as_select())
        .load(conn)?;
    let research = rows.into_iter().filter_map(|row| {
        Some(ResearchResult {
            id: row.id,
            inventory_id: row.inventory_id?,
            median_price: row.median_price,
            min_price: row.min_price,
            max_price: row.max_price,
            sample_size: row.sample_size.unwrap_or(0),
            price_recommendation: row.price_recommendation.and_then(|word| word.parse().ok()),
            data_source: row.data_source.and_then(|word| word.parse().ok()),
            last_analyzed_at: row.last_analyzed_at.map(DateTime::from),
            analysis: None,
            created_at: row.created_at.map(DateTime::from),
            updated_at: row.updated_at.map(DateTime::from),
        })
    });
    Ok(research.map(|research| (research.inventory_id, research)).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = market_research_results)]
struct FiguresRow {
    id: AnalysisId,
    inventory_id: Option<VehicleId>,
    median_price: Option<Money>,
    min_price: Option<Money>,
    max_price: Option<Money>,
    sample_size: Option<i32>,
    price_recommendation: Option<HeldText>,
    data_source: Option<HeldText>,
    last_analyzed_at: Option<Instant>,
    created_at: Option<Instant>,
    updated_at: Option<Instant>,
}

/// A vehicle that is due for an analysis, as far as the search for its comparables needs it.
#[derive(Clone, Debug)]
pub(super) struct DueVehicle {
    pub(super) id: VehicleId,
    pub(super) make: String,
    pub(super) model: String,
    pub(super) year: i32,
    pub(super) mileage: Option<i32>,
}

/// The unsold vehicles last analysed at the given time or before, never analysed ones first, then the longest ago.
pub(super) fn unsold_by_age_of_analysis(
    conn: &mut DbConnection,
    analyzed_until: DateTime<Utc>,
) -> DbResult<Vec<DueVehicle>> {
    let last = market_research_results::last_analyzed_at;
    let rows: Vec<(VehicleId, HeldText, HeldText, i32, Option<i32>)> = inventory::table
        .left_join(
            market_research_results::table.on(market_research_results::inventory_id.eq(inventory::id.nullable())),
        )
        .filter(inventory::status.ne(VehicleStatus::Sold.as_str()).or(inventory::status.is_null()))
        .filter(has_id!(conn, inventory::id))
        .filter(inventory::make.is_not_null().and(inventory::model.is_not_null()).and(inventory::year.is_not_null()))
        .filter(last.is_null().or(last.le(Instant(analyzed_until))))
        .order((last.is_not_null(), last, inventory::id))
        .select((inventory::id, inventory::make, inventory::model, inventory::year, inventory::mileage.nullable()))
        .load(conn)?;
    let due = |(id, make, model, year, mileage): (VehicleId, HeldText, HeldText, i32, Option<i32>)| {
        // As for a subject: a zero stands for an unknown mileage.
        DueVehicle { id, make: make.into(), model: model.into(), year, mileage: mileage.filter(|miles| *miles > 0) }
    };
    Ok(rows.into_iter().map(due).collect())
}

/// What the overview needs of each unsold vehicle, in one query of five narrow columns.
pub(super) fn standings(conn: &mut DbConnection) -> DbResult<Vec<Standing>> {
    type Found = (Money, Option<AnalysisId>, Option<Money>, Option<HeldText>, Option<Instant>);
    let rows: Vec<Found> = inventory::table
        .left_join(
            market_research_results::table.on(market_research_results::inventory_id.eq(inventory::id.nullable())),
        )
        .filter(inventory::status.ne(VehicleStatus::Sold.as_str()).or(inventory::status.is_null()))
        // What is missing in a row that another program wrote would fail the whole overview.
        .filter(inventory::price.is_not_null())
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

/// The VINs of all our vehicles, sold ones too, however another program has written them.
pub(super) fn own_vins(conn: &mut DbConnection) -> DbResult<OwnVins> {
    let vins: Vec<HeldText> = inventory::table.select(inventory::vin).load(conn)?;
    let vins: Vec<_> = vins.iter().map(|vin| vin::compared(vin)).collect();
    Ok(vins.iter().map(String::as_str).collect())
}

/// Closes the open alerts about the prices of vehicles, as nobody will analyse them again. `why` is the end of their message.
pub(super) fn close_alerts(
    conn: &mut DbConnection,
    vehicles: &[&Vehicle],
    why: &str,
    now: DateTime<Utc>,
) -> DbResult<()> {
    if vehicles.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = vehicles.iter().map(|vehicle| vehicle.id.into()).collect();
    let open = alerts::subjects_of_open(conn, &AlertType::OF_PRICES, &ids)?;
    for vehicle in vehicles.iter().filter(|vehicle| open.contains(&vehicle.id.into())) {
        alerts::close(conn, &AlertType::OF_PRICES, vehicle.id.into(), &|alert| ended(alert, vehicle, why), now)?;
    }
    Ok(())
}

/// Removes the analyses of vehicles that were described wrongly, and closes their alerts: they count as never analysed.
///
/// Their history stays. `why` is the end of the alerts' message.
pub(super) fn forget(conn: &mut DbConnection, vehicles: &[&Vehicle], why: &str, now: DateTime<Utc>) -> DbResult<()> {
    if vehicles.is_empty() {
        return Ok(());
    }
    let ids = || vehicles.iter().map(|vehicle| vehicle.id);
    let of_vehicles = market_research_results::inventory_id.eq_any(ids());
    diesel::delete(market_research_results::table.filter(of_vehicles)).execute(conn)?;
    // Medians of the wrong description are not compared with later ones.
    let of_vehicles =
        market_price_history::inventory_id.eq_any(ids()).and(market_price_history::searched_for.is_not_null());
    let unsaid = market_price_history::searched_for.eq(None::<String>);
    diesel::update(market_price_history::table.filter(of_vehicles)).set(unsaid).execute(conn)?;
    close_alerts(conn, vehicles, why, now)
}

/// Removes all research about a vehicle that is about to be deleted, and closes its alerts.
pub(super) fn delete_of_vehicle(conn: &mut DbConnection, vehicle: &Vehicle, now: DateTime<Utc>) -> DbResult<()> {
    let of_vehicle = market_price_history::inventory_id.eq(vehicle.id);
    diesel::delete(market_price_history::table.filter(of_vehicle)).execute(conn)?;
    forget(conn, &[vehicle], "it is no longer in the inventory", now)
}
