//! The owner's word about a lot that is doubted: it is confirmed or discarded.
//!
//! Each is one transaction with one audit row. The rows are changed in `repository/judgement.rs`; which missing listings are sold is
//! decided by `tracking::absence`, as after any scrape.

use chrono::{DateTime, Utc};
use serde_json::{Map, json};

use super::{Competitors, audit, update_alerts};
use crate::{
    actor::Permission,
    alerts::AlertType,
    competitors::{
        Competitor, LotVerdict, MetricsRules, ScrapeRecord, TrackingRules,
        alert::Verdict,
        report::{RecordedVehicle, Vehicles},
        repository::{self, Lot, SeenRows},
    },
    db::{DbConnection, DbResult},
    desk::Acting,
    error::{Error, ErrorCode, Result},
    ids::CompetitorId,
    tracking::{ScrapeReading, absence::Scrape, plan::Plan, reading::ParseRate},
};

impl Competitors<'_> {
    /// Believes the newest scrape, and every scrape since the last one without a doubt: each counts as a whole look. Cars that
    /// have been missing for long enough are found sold now; the others follow by the rule. The alerts about the lot close. A newest scrape that was discarded counts again; discarded ones before
    /// it do not.
    ///
    /// # Errors
    /// `competitor_not_found`; `scrape_not_found` before the first scrape and where the newest one failed; `scrape_not_doubted`.
    pub fn believe(&self, id: CompetitorId) -> Result<LotVerdict> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let tracking: &TrackingRules = self.desk.rules();
            let (competitor, newest) = self.newest(conn, acting, id)?;
            if newest.completeness.is_complete() {
                let message = "there is no doubt about the newest scrape";
                return Err(Error::new(ErrorCode::ScrapeNotDoubted, message).into());
            }
            let at = (newest.observed_at, ScrapeReading::whole_lot());
            let mut lot = repository::load_lot(conn, id, at, &[], (tracking, acting.now))?;
            let from = lot.facts.believe();
            let mut plan = missed(&lot, tracking);
            let rows = SeenRows::of(&plan, acting.now);
            repository::write_plan(conn, id, (&lot, &mut plan, &rows), acting.now)?;
            let oldest = lot.stored.iter().map(|listing| listing.last_seen_at).min().unwrap_or(from);
            let scrapes = repository::believe_scrapes(conn, &newest, (from, oldest.min(from)))?;
            repository::add_sold(conn, (id, newest.id), (plan.returns, plan.sold()))?;
            let about_the_lot =
                [AlertType::InventoryDropped, AlertType::InventoryReplaced, AlertType::InventoryIncomplete];
            update_alerts(conn, id, &about_the_lot.map(Verdict::Close), acting.now)?;
            let vins: Vec<String> =
                plan.sold_by_absence.iter().filter_map(|sold| lot.stored.get(sold.stored)?.keys.vin.clone()).collect();
            repository::store_transfers(conn, &vins, tracking)?;
            let sold = Vehicles::of(&plan, &lot.stored, &lot.ids, &[]).sold;
            let verdict = LotVerdict {
                competitor_id: id,
                competitor: competitor.name,
                observed_at: newest.observed_at,
                scrapes,
                sold,
                on_sale_again: Vec::new(),
            };
            self.tell(conn, acting, (&verdict, &newest), "believed")?;
            Ok(verdict)
        })
    }

    /// Lets the newest scrape count for nothing: what it did not see may be there. What it alone has found sold by its absence is on
    /// sale again; what it has seen stays recorded. The alerts about what it saw close.
    ///
    /// # Errors
    /// `competitor_not_found`; `scrape_not_found` before the first scrape and where the newest one failed.
    pub fn distrust(&self, id: CompetitorId) -> Result<LotVerdict> {
        self.desk.write(Permission::ManageCompetitors, |conn, acting| {
            let (competitor, newest) = self.newest(conn, acting, id)?;
            let undone = repository::discard_scrape(conn, &newest, acting.now)?;
            let vins: Vec<String> = undone.iter().filter_map(|(_, listing)| listing.keys.vin.clone()).collect();
            repository::store_transfers(conn, &vins, self.desk.rules())?;
            // These alerts are about what this scrape saw. `inventory_incomplete` stays: the lot still has not been seen
            // whole for long.
            let about_the_scrape = [AlertType::InventoryDropped, AlertType::InventoryReplaced];
            update_alerts(conn, id, &about_the_scrape.map(Verdict::Close), acting.now)?;
            let on_sale_again = undone.iter().map(|(id, listing)| RecordedVehicle::of(*id, listing)).collect();
            let verdict = LotVerdict {
                competitor_id: id,
                competitor: competitor.name,
                observed_at: newest.observed_at,
                scrapes: 1,
                sold: Vec::new(),
                on_sale_again,
            };
            self.tell(conn, acting, (&verdict, &newest), "discarded")?;
            Ok(verdict)
        })
    }

    /// The competitor, locked, and its newest scrape.
    fn newest(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        id: CompetitorId,
    ) -> DbResult<(Competitor, ScrapeRecord)> {
        let tracking: &TrackingRules = self.desk.rules();
        let competitor = repository::get_to_change(conn, id)?;
        let newest = repository::newest_scrape(conn, id, tracking.latest(acting.now))?;
        // One that failed has no figures of its own to be believed.
        let newest = newest.filter(|scrape| scrape.is_a_lot());
        let message = "there is no scrape of it that could be believed or discarded";
        Ok((competitor, newest.ok_or_else(|| Error::new(ErrorCode::ScrapeNotFound, message))?))
    }

    /// Writes the figures anew, and one row of the audit trail.
    fn tell(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        (verdict, newest): (&LotVerdict, &ScrapeRecord),
        word: &str,
    ) -> DbResult<()> {
        let figures: &MetricsRules = self.desk.rules();
        let id = verdict.competitor_id;
        repository::note_look(conn, id, acting.now, self.desk.rules())?;
        let metrics = repository::count_metrics(conn, id, newest.observed_at, figures)?;
        repository::add_metrics(conn, id, &metrics, acting.now)?;
        let mut changes = Map::new();
        changes.insert("completeness".into(), json!({"from": newest.completeness, "to": word}));
        changes
            .insert("weight".into(), json!({"from": newest.weight, "to": if word == "believed" { 1.0 } else { 0.0 }}));
        changes.insert("scrapes".into(), json!({"from": null, "to": verdict.scrapes}));
        let ids = |vehicles: &mut dyn Iterator<Item = &RecordedVehicle>| {
            vehicles.map(|vehicle| vehicle.id).collect::<Vec<_>>()
        };
        let sold = ids(&mut verdict.sold.iter().map(|sold| &sold.vehicle));
        changes.insert("sold".into(), json!({"from": null, "to": sold}));
        changes.insert("on_sale_again".into(), json!({"from": null, "to": ids(&mut verdict.on_sale_again.iter())}));
        audit(conn, acting, id, changes)
    }
}

/// What the newest scrape missed, as a look of full weight.
fn missed(lot: &Lot, tracking: &TrackingRules) -> Plan {
    let at: DateTime<Utc> = lot.facts.observed_at;
    let was_seen: Vec<bool> = lot.stored.iter().map(|listing| listing.last_seen_at >= at).collect();
    let scrape = Scrape { facts: &lot.facts, weight: 1.0, is_cut: false, hides: false, returned: 0 };
    let mut plan = Plan::empty(0, ParseRate::default());
    plan.take(scrape.absences(&lot.stored, &was_seen, tracking));
    plan
}
