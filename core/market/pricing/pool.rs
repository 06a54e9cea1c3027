//! Many vehicles priced from one pile of listings, each by the listings of its make, its model and the years around its own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    analysis::Analysis,
    analyze::{SourceReport, analyze_with_sources},
    comparables::{Comparable, OwnVins, by_identity},
    config::PricingRules,
    names::folded,
    subject::Subject,
    supply::{Supply, supply},
};
use crate::error::Result;

/// Listings in the order in which subjects look for them. Made once for any number of subjects.
///
/// ```
/// use jpauto::{Money, market::{ComparablePool, OwnVins, PricingRules, Recommendation, Subject}};
///
/// let now = "2026-03-01T12:00:00Z".parse()?;
/// let (own, rules) = (OwnVins::default(), PricingRules::default());
/// let pool = ComparablePool::new(Vec::new());
/// let subject = Subject { year: 2021, make: "Toyota".into(), model: "Camry".into(), ..Subject::default() };
/// let analysis = pool.price(&subject, &own, &rules, now)?;
/// assert_eq!(analysis.recommendation, Some(Recommendation::InsufficientData));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ComparablePool {
    /// By make and model as names are compared, in order of the model year and then of what they are known by.
    models: HashMap<(String, String), Vec<Comparable>>,
}

impl ComparablePool {
    /// Sorts the listings once.
    #[must_use]
    pub fn new(listings: Vec<Comparable>) -> Self {
        let mut models: HashMap<(String, String), Vec<Comparable>> = HashMap::new();
        // Most listings are spelled as one before them: each spelling is folded once.
        let mut spelled: HashMap<(String, String), (String, String)> = HashMap::new();
        for listing in listings {
            let names = (listing.make.clone(), listing.model.clone());
            let model = spelled.entry(names).or_insert_with(|| (folded(&listing.make), folded(&listing.model)));
            match models.get_mut(model) {
                Some(others) => others.push(listing),
                None => drop(models.insert(model.clone(), vec![listing])),
            }
        }
        for listings in models.values_mut() {
            listings.sort_by(|a, b| a.year.cmp(&b.year).then_with(|| by_identity(a, b)));
        }
        Self { models }
    }

    /// Prices the subject as [`analyze`](super::analyze::analyze) does, from the listings of its make and model within the years
    /// that the widest tier reaches. Others are not counted in what was left out.
    ///
    /// # Errors
    /// `invalid_subject`, with each field that no car can have.
    pub fn price(
        &self,
        subject: &Subject,
        own: &OwnVins,
        rules: &PricingRules,
        now: DateTime<Utc>,
    ) -> Result<Analysis> {
        subject.check()?;
        let candidates = self.candidates(subject, rules);
        Ok(analyze_with_sources(subject, candidates, &SourceReport::default(), own, &[], rules, now))
    }

    /// Supply and demand of the subject's model year among the listings, whatever their trim and mileage.
    ///
    /// # Errors
    /// `invalid_subject`, with each field that no car can have.
    pub fn supply(&self, subject: &Subject, own: &OwnVins, rules: &PricingRules, now: DateTime<Utc>) -> Result<Supply> {
        subject.check()?;
        Ok(supply(subject, self.candidates(subject, rules), own, rules, now))
    }

    fn candidates(&self, subject: &Subject, rules: &PricingRules) -> &[Comparable] {
        let model = (folded(&subject.make), folded(&subject.model));
        let Some(listings) = self.models.get(&model) else { return &[] };
        let window = rules.widest().year_window;
        let (first, last) = (subject.year.saturating_sub(window), subject.year.saturating_add(window));
        let start = listings.partition_point(|listing| listing.year < first);
        let end = listings.partition_point(|listing| listing.year <= last);
        listings.get(start..end).unwrap_or_default()
    }
}
