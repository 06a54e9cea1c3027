//! The competitors' listings that a run compares with: those of a model are read once, for all of its vehicles.
//!
//! They are kept as long as nobody records a scrape and memory allows. What a vehicle may be compared with is chosen from them in
//! memory.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use crate::{
    db::{DbConnection, DbResult},
    ids::MetricsId,
    market::{
        Comparable,
        pricing::names::folded,
        repository::{self, ComparableQuery, DueVehicle, ListedModels, Recency},
    },
};

/// More listings than this are not kept; it takes some fifty megabytes.
const MOST_LISTINGS: usize = 100_000;

/// A make and a model as the rule compares them.
type Model = (String, String);

/// Where the vehicles of one model year look, as the lowest and the highest mileage; `None` for any.
type Miles = Option<(i32, i32)>;

fn model(query: &ComparableQuery<'_>) -> Model {
    (folded(query.make), folded(query.model))
}

/// The listings of a run. Without any vehicle that was announced it keeps nothing and reads for each query.
#[derive(Default)]
pub(super) struct Listings {
    /// Where the vehicles of the run look, by model and model year.
    reach: HashMap<Model, BTreeMap<i32, Miles>>,
    kept: Option<Kept>,
    has_overflowed: bool,
}

/// What was read.
struct Kept {
    /// The newest figures when it was: a scrape that is recorded later changes them.
    figures: Option<MetricsId>,
    listed: ListedModels,
    by_model: HashMap<Model, Rc<Vec<Comparable>>>,
    count: usize,
}

impl Listings {
    /// Those that these vehicles will be compared with, nothing of which is read yet. `query` is what is looked for for each.
    pub(super) fn of<'v>(vehicles: &'v [DueVehicle], query: impl Fn(&'v DueVehicle) -> ComparableQuery<'v>) -> Self {
        let mut reach: HashMap<Model, BTreeMap<i32, Miles>> = HashMap::new();
        for query in vehicles.iter().map(query) {
            let miles = query.mileage.map(|_| query.miles());
            let years = reach.entry(model(&query)).or_default();
            years
                .entry(query.year)
                .and_modify(|of_year| {
                    *of_year = of_year.zip(miles).map(|((a, b), (c, d))| (a.min(c), b.max(d)));
                })
                .or_insert(miles);
        }
        Self { reach, kept: None, has_overflowed: false }
    }

    /// Whether they were too many to be kept.
    pub(super) fn have_overflowed(&self) -> bool {
        self.has_overflowed
    }

    /// The newest figures when the listings that are kept were read.
    pub(super) fn figures(&self) -> Option<MetricsId> {
        self.kept.as_ref().and_then(|kept| kept.figures)
    }

    /// Drops what was read before a scrape that was recorded since.
    pub(super) fn refresh(&mut self, conn: &mut DbConnection) -> DbResult<()> {
        let figures = repository::newest_figures(conn)?;
        if self.kept.as_ref().is_some_and(|kept| kept.figures == figures) {
            return Ok(());
        }
        let listed = if self.reach.is_empty() {
            ListedModels::default()
        } else {
            ListedModels::of_years(conn, i32::MIN, i32::MAX)?
        };
        self.kept = Some(Kept { figures, listed, by_model: HashMap::new(), count: 0 });
        Ok(())
    }

    /// Listings among which are all that the query looks for. Call [`Self::refresh`] before.
    pub(super) fn find(
        &mut self,
        conn: &mut DbConnection,
        query: &ComparableQuery<'_>,
        recency: Recency,
    ) -> DbResult<Rc<Vec<Comparable>>> {
        let model = model(query);
        let (Some(years), Some(kept)) = (self.reach.get(&model), &mut self.kept) else {
            return read(conn, query, recency).map(Rc::new);
        };
        // A vehicle that was changed after the run began may look elsewhere.
        let is_within = years.get(&query.year).is_some_and(|miles| {
            miles.is_none_or(|(fewest, most)| {
                let (first, last) = query.miles();
                (fewest..=most).contains(&first) && (fewest..=most).contains(&last)
            })
        });
        if !is_within {
            return read(conn, query, recency).map(Rc::new);
        }
        if let Some(found) = kept.by_model.get(&model) {
            return Ok(Rc::clone(found));
        }
        let queries: Vec<_> = years.iter().map(|(&year, &miles)| of_year(query, year, miles)).collect();
        let found = Rc::new(repository::comparables_of_model(conn, &queries, &kept.listed, recency)?);
        if kept.count + found.len() > MOST_LISTINGS {
            self.has_overflowed |= kept.count > 0;
            kept.by_model.clear();
            kept.count = 0;
        }
        kept.count += found.len();
        kept.by_model.insert(model, Rc::clone(&found));
        Ok(found)
    }
}

/// What one vehicle is compared with, read for it alone.
pub(super) fn read(
    conn: &mut DbConnection,
    query: &ComparableQuery<'_>,
    recency: Recency,
) -> DbResult<Vec<Comparable>> {
    let (first, last) = query.years();
    let listed = ListedModels::of_make(conn, first, last, query.make)?;
    repository::comparables(conn, query, &listed, recency)
}

/// The same model in another year, between these mileages.
fn of_year<'q>(query: &ComparableQuery<'q>, year: i32, miles: Miles) -> ComparableQuery<'q> {
    // Halved before they are added, and a mile wider for what the halves lose.
    let middle = miles.map(|(fewest, most)| fewest / 2 + most / 2);
    let window = miles.map_or(0, |(fewest, most)| (most / 2).saturating_sub(fewest / 2).saturating_add(2));
    ComparableQuery { year, mileage: middle, mileage_window: window, ..*query }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(year: i32, mileage: Option<i32>) -> ComparableQuery<'static> {
        ComparableQuery { make: "Ford", model: "F-150", year, year_window: 1, mileage, mileage_window: 30_000 }
    }

    #[test]
    fn a_model_is_read_as_far_as_its_vehicles_look() {
        for (fewest, most) in [(-20_000, 40_000), (1, 60_001), (0, i32::MAX), (69_999, 200_000)] {
            let of_year = of_year(&query(2018, None), 2020, Some((fewest, most)));
            let (first, last) = of_year.miles();
            assert!(first <= fewest && last >= most, "{first} to {last} is not {fewest} to {most}");
            assert!(first >= fewest.saturating_sub(4) && last <= most.saturating_add(4), "{first} to {last}");
            assert_eq!(of_year.years(), (2019, 2021));
        }
        assert_eq!(of_year(&query(2018, None), 2020, None).miles(), (i32::MIN, i32::MAX));
    }
}
