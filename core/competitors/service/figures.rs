//! Counting the competitors' figures without a scrape: what was sold or new within 30 days moves with the time.

use std::ops::ControlFlow;

use serde_json::{Map, json};

use super::Competitors;
use crate::{
    activity::{self, Action, Audited as _},
    actor::Permission,
    competitors::{Competitor, CompetitorFilter, MetricsRules, repository},
    desk::Turns,
    error::{Error, Result},
    page::PageRequest,
};

/// What became of the figures of one competitor.
#[derive(Clone, Copy, Debug)]
pub enum CountedFigures<'e> {
    /// They were counted.
    Counted,
    /// Its website could not be read of late, so that nobody knows them; those of its last scrape stay the newest.
    NotRead,
    /// They could not be counted.
    Failed(&'e Error),
}

/// Called with each competitor and what became of its figures.
type Observer<'o> = dyn FnMut(&Competitor, CountedFigures<'_>) -> ControlFlow<()> + 'o;

impl Competitors<'_> {
    /// Counts the figures of each active competitor as of now, one transaction each. A scrape counts its competitor's by itself. One
    /// that was not read within [`MetricsRules::read_within_hours`] is passed over.
    ///
    /// The observer is called after each competitor; where one fails, the others go on. When it breaks, the count ends there.
    ///
    /// # Errors
    /// `forbidden`; as any read.
    pub fn count_metrics(&self, observer: &mut Observer<'_>) -> Result<()> {
        self.desk.must(Permission::ManageCompetitors)?;
        let filter = CompetitorFilter { active: Some(true), ..CompetitorFilter::default() };
        let turns = Turns::new(self.desk, Permission::ManageCompetitors, 1);
        let notes_models = !self.desk.read(Permission::ManageCompetitors, repository::has_triggers)?;
        let mut page = PageRequest::largest();
        loop {
            let competitors = self.list(&filter, &page)?;
            for competitor in &competitors.items {
                let counted = self.count_metrics_of(&turns, competitor, notes_models);
                let counted = match &counted {
                    Ok(true) => CountedFigures::Counted,
                    Ok(false) => CountedFigures::NotRead,
                    Err(error) => CountedFigures::Failed(error),
                };
                if observer(competitor, counted).is_break() {
                    return Ok(());
                }
            }
            let Some(next) = competitors.next else { return Ok(()) };
            page = page.after(next);
        }
    }

    /// Returns whether its figures are known.
    fn count_metrics_of(&self, turns: &Turns<'_>, competitor: &Competitor, notes_models: bool) -> Result<bool> {
        turns.write(|conn, acting| {
            // One that was deleted meanwhile has no figures.
            let Some(competitor) = repository::find_to_change(conn, competitor.id)? else { return Ok(false) };
            let (id, rules): (_, &MetricsRules) = (competitor.id, self.desk.rules());
            if notes_models {
                repository::note_models_of(conn, id)?;
            }
            if !rules.is_read(competitor.last_successful_scrape_at, acting.now) {
                return Ok(false);
            }
            let metrics = repository::count_metrics(conn, id, acting.now, rules)?;
            repository::add_metrics(conn, id, &metrics, acting.now)?;
            let changes = Map::from_iter([("metrics".to_owned(), json!({"from": null, "to": acting.now}))]);
            activity::record_changes(conn, acting, Action::Record, Competitor::RESOURCE, id.into(), changes)?;
            Ok(true)
        })
    }
}
