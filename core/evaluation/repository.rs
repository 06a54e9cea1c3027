//! Rows of `vin_evaluation_cache` and `vin_decodes`, and the listings that may know a VIN.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Nullable, Text},
};
use serde_json::Value;

use super::{
    EvaluationData, Kept, VpicDecode,
    rules::{Known, KnownVehicle},
};
use crate::{
    Vin,
    db::{
        DbConnection, DbResult, Instant, Json,
        functions::compared_vin,
        held::{HeldText, MayBeNull as _},
        load_unlocked, on_each,
        schema::{competitor_inventory, inventory, vin_decodes, vin_evaluation_cache},
    },
    error::{Error, ErrorCode, Result},
    ids::EvaluationId,
};

/// The decoder whose answers are kept.
const VPIC: &str = "vpic";
/// At most this many VINs are in one statement.
const VINS_A_STATEMENT: usize = 500;
/// This many listings of a kind are enough to know it.
const MOST_LISTINGS: i64 = 200;

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = vin_evaluation_cache, treat_none_as_default_value = false)]
struct Row {
    id: EvaluationId,
    vin: HeldText,
    evaluation_data: Option<Json<Value>>,
    source: Option<HeldText>,
    cached_at: Option<Instant>,
    expires_at: Option<Instant>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = vin_decodes)]
struct DecodeRow {
    vin: HeldText,
    source: HeldText,
    decoded: Json<Value>,
    decoded_at: Instant,
    expires_at: Instant,
}

fn document<T: serde::Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|reason| {
        Error::new(ErrorCode::DocumentNotWritten, "a result could not be written down").with_source(reason)
    })
}

/// The stored evaluation of a VIN, expired or not. A row in another program's or release's shape counts as missing.
pub(super) fn find(conn: &mut DbConnection, vin: &Vin) -> DbResult<Option<Kept>> {
    let row: Option<Row> = vin_evaluation_cache::table
        .filter(vin_evaluation_cache::vin.eq(vin.as_str()))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    let kept = row.and_then(|row| {
        let data: EvaluationData = serde_json::from_value(row.evaluation_data?.0)
            .inspect_err(|reason| tracing::debug!(%reason, %vin, "a stored evaluation cannot be read"))
            .ok()?;
        Some(Kept {
            id: row.id,
            vin: *vin,
            data,
            source: row.source.text().unwrap_or_default(),
            cached_at: row.cached_at?.into(),
            expires_at: row.expires_at?.into(),
        })
    });
    Ok(kept)
}

/// Stores an evaluation in place of any other of its VIN. Of two concurrent ones, one transaction runs again.
pub(super) fn replace(conn: &mut DbConnection, kept: &Kept) -> DbResult<()> {
    let table = vin_evaluation_cache::table;
    diesel::delete(table.filter(vin_evaluation_cache::vin.eq(kept.vin.as_str()))).execute(conn)?;
    let row = Row {
        id: kept.id,
        vin: kept.vin.to_string().into(),
        evaluation_data: Some(Json(document(&kept.data)?)),
        source: Some(kept.source.clone().into()),
        cached_at: Some(Instant(kept.cached_at)),
        expires_at: Some(Instant(kept.expires_at)),
    };
    diesel::insert_into(table).values(&row).execute(conn)?;
    Ok(())
}

/// vPIC's valid answers about these VINs.
pub(super) fn decodes(conn: &mut DbConnection, vins: &[Vin], now: DateTime<Utc>) -> DbResult<HashMap<Vin, VpicDecode>> {
    let mut found = HashMap::new();
    for vins in vins.chunks(VINS_A_STATEMENT) {
        let rows: Vec<DecodeRow> = vin_decodes::table
            .filter(vin_decodes::vin.eq_any(vins.iter().map(Vin::as_str)))
            .filter(vin_decodes::source.eq(VPIC))
            .filter(vin_decodes::expires_at.gt(Instant(now)))
            .select(DecodeRow::as_select())
            .load(conn)?;
        found.extend(rows.into_iter().filter_map(|row| {
            let decode = serde_json::from_value(row.decoded.0).ok()?;
            Some((Vin::parse(&row.vin).ok()?, decode))
        }));
    }
    Ok(found)
}

/// Stores answers of vPIC, each with its expiry, in place of earlier ones.
pub(super) fn keep_decodes(conn: &mut DbConnection, decodes: &[(Vin, &VpicDecode, DateTime<Utc>)]) -> DbResult<()> {
    for decodes in decodes.chunks(VINS_A_STATEMENT) {
        let vins = decodes.iter().map(|(vin, ..)| vin.as_str());
        diesel::delete(vin_decodes::table.filter(vin_decodes::vin.eq_any(vins))).execute(conn)?;
        let rows = decodes.iter().map(|(vin, decode, until)| {
            Ok(DecodeRow {
                vin: vin.to_string().into(),
                source: VPIC.into(),
                decoded: Json(document(decode)?),
                decoded_at: Instant(decode.answered_at),
                expires_at: Instant(*until),
            })
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        on_each!(conn, c => {
            diesel::insert_into(vin_decodes::table).values(&rows).execute(c)?;
        });
    }
    Ok(())
}

/// Removes up to `limit` expired evaluations, the oldest first, by an index over their expiry. Returns how many.
pub(super) fn remove_expired_evaluations(conn: &mut DbConnection, now: DateTime<Utc>, limit: i64) -> DbResult<usize> {
    use vin_evaluation_cache::{expires_at, id, table};
    let is_over = table.filter(expires_at.le(Instant(now)));
    let over: Vec<EvaluationId> =
        load_unlocked!(conn, is_over.order((expires_at.asc(), id.asc())).limit(limit).select(id));
    // One that was made again meanwhile has another id.
    Ok(diesel::delete(table.filter(id.eq_any(over))).execute(conn)?)
}

/// The same for vPIC's answers.
pub(super) fn remove_expired_decodes(conn: &mut DbConnection, now: DateTime<Utc>, limit: i64) -> DbResult<usize> {
    use vin_decodes::{expires_at, table, vin};
    let is_over = || expires_at.le(Instant(now));
    let over: Vec<HeldText> =
        load_unlocked!(conn, table.filter(is_over()).order((expires_at.asc(), vin.asc())).limit(limit).select(vin));
    // One that was answered again meanwhile is valid again.
    Ok(diesel::delete(table.filter(vin.eq_any(over)).filter(is_over())).execute(conn)?)
}

/// How many evaluations and how many answers of vPIC have expired.
pub(super) fn count_expired(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<(usize, usize)> {
    let evaluations: i64 = vin_evaluation_cache::table
        .filter(vin_evaluation_cache::expires_at.le(Instant(now)))
        .count()
        .get_result(conn)?;
    let decodes: i64 = vin_decodes::table.filter(vin_decodes::expires_at.le(Instant(now))).count().get_result(conn)?;
    Ok((usize::try_from(evaluations).unwrap_or_default(), usize::try_from(decodes).unwrap_or_default()))
}

/// Whether anything expired is left.
pub(super) fn is_any_expired(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<bool> {
    let evaluations = vin_evaluation_cache::table.filter(vin_evaluation_cache::expires_at.le(Instant(now)));
    let decodes = vin_decodes::table.filter(vin_decodes::expires_at.le(Instant(now)));
    let first = evaluations.select(vin_evaluation_cache::id).first::<EvaluationId>(conn).optional()?;
    Ok(first.is_some() || decodes.select(vin_decodes::vin).first::<HeldText>(conn).optional()?.is_some())
}

type OwnVehicle = (HeldText, Option<i32>, HeldText, HeldText, Option<HeldText>);
type Vehicle = (Option<HeldText>, Option<i32>, Option<HeldText>, Option<HeldText>, Option<HeldText>);

/// Our vehicles of this VIN, and the listings whose VINs begin with the same eight characters, the latest first.
///
/// An index over those eight characters keeps it from growing with other listings.
pub(super) fn known(conn: &mut DbConnection, vin: &Vin) -> DbResult<Known> {
    let own: Vec<OwnVehicle> = inventory::table
        .filter(compared_vin(conn).eq(vin.as_str()))
        .select((inventory::vin, inventory::year.nullable(), inventory::make, inventory::model, inventory::trim))
        .load(conn)?;
    let beginning = vin.as_str().get(..8).unwrap_or_default();
    let listed: Vec<Vehicle> = competitor_inventory::table
        .filter(sql::<Nullable<Text>>("substr(competitor_inventory.vin, 1, 8)").eq(beginning))
        .select((
            competitor_inventory::vin,
            competitor_inventory::year,
            competitor_inventory::make,
            competitor_inventory::model,
            competitor_inventory::trim,
        ))
        .order(competitor_inventory::last_seen_at.desc())
        .limit(MOST_LISTINGS)
        .load(conn)?;
    let vehicle = |(vin, year, make, model, trim): Vehicle| {
        let vin = Vin::parse(&vin?).ok()?;
        Some(KnownVehicle { vin, year: year?, make: make?.text(), model: model?.text(), trim: trim.text() })
    };
    let own = own.into_iter().map(|(vin, year, make, model, trim)| (Some(vin), year, Some(make), Some(model), trim));
    Ok(Known { own: own.filter_map(vehicle).collect(), listed: listed.into_iter().filter_map(vehicle).collect() })
}
