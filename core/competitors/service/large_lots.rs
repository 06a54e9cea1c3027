//! The recording of a large lot: planned before anything is locked, and what was seen is written in turns.
//!
//! A row that says what was seen is true by itself, whether or not the rest follows. What follows from the scrape as a whole is
//! written at the end by [`Recording::write`], in one transaction: what was sold, the scrape, the figures, the alerts. Each turn
//! looks whether the plan still holds. Where another scrape was recorded meanwhile, this one is planned anew, and what it has
//! written already counts as known then.

use serde_json::{Map, json};

use super::{
    audit,
    recording::{Draft, Recording, ReportedVehicles, turns_of},
};
use crate::{
    actor::Permission,
    competitors::{
        CompetitorKey, TrackingRules,
        repository::{self, Documents, SeenPart},
        scrape_log,
        worker_pool::Semaphore,
    },
    db::{DbConnection, DbResult},
    desk::{Acting, Turns},
    error::Result,
    ids::CompetitorId,
    leases,
};

/// A lot of more vehicles than this is large. A smaller one is written in one transaction.
const SMALL_LOT: usize = 1_000;

/// At most this many rows are written in one turn, each with its price.
const ROWS_A_TURN: usize = 2_000;

/// How often to plan anew after another scrape came between. Then everything is written in one transaction. While another large lot of
/// the same competitor is being written, each attempt ends at its first turn.
const ATTEMPTS: u32 = 20;

/// What one turn does. It returns whether the plan still held.
pub(super) type Work<'w> = dyn Fn(&mut DbConnection, Acting<'_>) -> DbResult<bool> + 'w;

/// Runs one turn; `None` where the recording is to end.
pub(super) type InTurn<'t> = dyn Fn(&Turns<'_>, &Work<'_>) -> Result<Option<bool>> + 't;

/// How the turns ended.
enum Outcome {
    Written,
    Overtaken,
    Stopped,
}

impl Recording<'_> {
    /// Whether the lot is large, as it was seen now or as it was recorded last.
    pub(super) fn is_large(&self, key: &CompetitorKey, permits: Option<&Semaphore>) -> Result<bool> {
        if self.vehicles_seen() > SMALL_LOT {
            return Ok(true);
        }
        let latest = self.desk().rules::<TrackingRules>().latest(self.desk().now());
        let _permit = permits.map(Semaphore::acquire);
        let recorded = self.desk().read(Permission::ManageCompetitors, |conn| {
            let id = match key {
                CompetitorKey::Id(id) => Some(*id),
                CompetitorKey::Name { name, .. } => repository::find_by_name(conn, name.trim())?.map(|known| known.id),
            };
            id.map_or(Ok(0), |id| repository::vehicles_on_sale(conn, id, latest))
        })?;
        Ok(recorded > SMALL_LOT)
    }

    /// The competitor, and whether it was added just now.
    pub(super) fn competitor_of_large_lot(&self, key: &CompetitorKey) -> Result<(CompetitorId, bool)> {
        if let CompetitorKey::Id(id) = key {
            return Ok((*id, false));
        }
        scrape_log::check_observed_at(self.observed_at(), self.desk().now(), self.desk().rules())?;
        self.desk().write(Permission::ManageCompetitors, |conn, acting| {
            super::to_record(conn, acting, key).map(|(competitor, added)| (competitor.id, added))
        })
    }

    /// Plans the scrape, and writes most of what was seen. [`Recording::write`] then has little left to do. Answers false where a
    /// turn was not to be run. Reads take a permit, where threads share the connections.
    pub(super) fn write_large_lot(
        &self,
        id: CompetitorId,
        permits: Option<&Semaphore>,
        in_turn: &InTurn<'_>,
    ) -> Result<bool> {
        let turns = Turns::new(self.desk(), Permission::ManageCompetitors, ROWS_A_TURN);
        for _attempt in 0..ATTEMPTS {
            let planned = {
                let _permit = permits.map(Semaphore::acquire);
                self.plan_ahead(id)?
            };
            let Some(mut draft) = planned else { break };
            match self.write_turns(&mut draft, &turns, in_turn)? {
                Outcome::Written => {
                    self.keep_draft(draft);
                    break;
                }
                Outcome::Overtaken => tracing::debug!(competitor = %id, "another scrape was recorded; planning anew"),
                Outcome::Stopped => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The plan of the scrape with all that is told of it. `None` where a scrape lies ahead of the clock: what that saw is taken
    /// back first, in one transaction with all the rest.
    fn plan_ahead(&self, id: CompetitorId) -> Result<Option<Draft>> {
        let tracking: &TrackingRules = self.desk().rules();
        if !self.has_draft() {
            self.draft(id)?;
        }
        let Some(mut draft) = self.take_draft() else { return Ok(None) };
        if draft.competitor.is_ahead(tracking.latest(self.desk().now())) {
            return Ok(None);
        }
        draft.plan.mark_gone(&draft.lot.stored, &draft.lot.rows_of(&self.gone), &draft.lot.facts, tracking);
        draft.told = Some(self.desk().read(Permission::ManageCompetitors, |conn| {
            ReportedVehicles::of(conn, id, (&draft.lot, &draft.plan, &draft.rows), tracking)
        })?);
        Ok(Some(draft))
    }

    fn write_turns(&self, draft: &mut Draft, turns: &Turns<'_>, in_turn: &InTurn<'_>) -> Result<Outcome> {
        while let Some(part) = draft.rows.next_part(turns.rows()) {
            let documents = Documents::take(&mut draft.plan, &part);
            // Each turn has a new name, so that a plan made between two turns notices the second.
            let turn = leases::new_holder();
            let written =
                in_turn(turns, &|conn, acting| self.write_turn(conn, acting, (draft, &turn), (&part, &documents)))?;
            match written {
                Some(true) => {
                    self.note_turn();
                    draft.rows.is_written(&part);
                    draft.last_turn = Some(turn);
                }
                Some(false) => return Ok(Outcome::Overtaken),
                None => return Ok(Outcome::Stopped),
            }
        }
        Ok(Outcome::Written)
    }

    /// Writes a part of what was seen with its audit row, where the plan still holds.
    fn write_turn(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        (draft, turn): (&Draft, &str),
        (part, documents): (&SeenPart, &Documents),
    ) -> DbResult<bool> {
        let id = draft.competitor.id;
        let competitor = repository::get_to_change(conn, id)?;
        let latest = self.desk().rules::<TrackingRules>().latest(acting.now);
        if !draft.holds(conn, &competitor, latest)? {
            return Ok(false);
        }
        leases::note_last(conn, &turns_of(id), turn, acting.now)?;
        let seen = (&draft.lot, &draft.plan, &draft.rows);
        repository::write_seen(conn, id, seen, (part, documents), acting.now)?;
        let mut changes = Map::new();
        let mut note = |what: &str, value| changes.insert(what.into(), json!({"from": null, "to": value}));
        note("observed_at", json!(draft.lot.facts.observed_at));
        for (what, rows) in [("new", &part.new), ("updated", &part.changed), ("seen_again", &part.reseen)] {
            note(what, json!(rows.len()));
        }
        audit(conn, acting, id, changes)?;
        Ok(true)
    }
}
