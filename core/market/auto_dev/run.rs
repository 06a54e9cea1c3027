//! What one run asks of auto.dev for each subject, and when it stops asking.
//!
//! Calls cost money. The nearest search is made first, and the widest only where the nearest leaves too few comparables,
//! competitors' listings included. After a refusal that holds for every search, the run asks no more. The calls are counted by
//! the service, as that takes a transaction.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, Utc};

use super::{AutoDev, parameters::ListingQuery};
use crate::{
    error::{Error, ErrorCode, Result},
    market::{
        Comparable, MissingSource, OwnVins, PricingRules, Subject, TierLimits,
        pricing::{
            analyze::{SourceReport, suffices},
            subject::known_mileage,
        },
    },
};

/// After this many searches in a row without an answer, a run asks no more.
const PATIENCE: u32 = 2;
/// Refusals that hold for every search. Any other may be about one car's make or model.
const FOR_GOOD: [ErrorCode; 8] = [
    ErrorCode::AutoDevKeyRefused,
    ErrorCode::AutoDevPlanRequired,
    ErrorCode::AutoDevForbidden,
    ErrorCode::AutoDevInvalidLocation,
    ErrorCode::AutoDevAddressRefused,
    ErrorCode::AutoDevRateLimited,
    ErrorCode::AutoDevBudgetSpent,
    ErrorCode::AutoDevRunBudgetSpent,
];
/// Limits of mileage are rounded outwards to this, so that similar cars share one search.
const MILEAGE_STEP: i32 = 5_000;

/// auto.dev as one run asks it. Without a client it is never asked.
pub(in crate::market) struct AutoDevRun<'a> {
    client: Option<&'a AutoDev>,
    /// Calls that the run may still make.
    left: Cell<u32>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    unanswered: u32,
    given_up: Option<MissingSource>,
}

impl<'a> AutoDevRun<'a> {
    /// At most `most_calls` calls; without a bound only the month's budget holds.
    pub(in crate::market) fn new(client: Option<&'a AutoDev>, most_calls: Option<u32>) -> Self {
        Self { client, left: Cell::new(most_calls.unwrap_or(u32::MAX)), state: RefCell::default() }
    }

    /// Whether the run may still ask over the network.
    pub(in crate::market) fn may_ask(&self) -> bool {
        self.client.is_some() && self.state.borrow().given_up.is_none()
    }

    /// Why the run asks no more.
    pub(in crate::market) fn given_up(&self) -> Option<MissingSource> {
        self.state.borrow().given_up.clone()
    }

    /// Adds listings like the subject to the candidates. `spend` counts a call before it is made.
    pub(in crate::market) fn ask(
        &self,
        subject: &Subject,
        candidates: &mut Vec<Comparable>,
        own: &OwnVins,
        rules: &PricingRules,
        now: DateTime<Utc>,
        spend: &dyn Fn() -> Result<()>,
    ) -> SourceReport {
        let mut report = SourceReport::default();
        let Some(client) = self.client else { return report };
        report.missing = self.state.borrow().given_up.clone();
        if report.missing.is_some() {
            return report;
        }
        let spend = || {
            let Some(left) = self.left.get().checked_sub(1) else {
                let message = "this run has made as many calls of auto.dev as it was allowed";
                return Err(Error::new(ErrorCode::AutoDevRunBudgetSpent, message));
            };
            spend()?;
            self.left.set(left);
            Ok(())
        };
        let own_listings = candidates.len();
        let nearest = rules.tiers.first().copied().unwrap_or_else(|| rules.widest());
        for limits in [nearest, rules.widest()] {
            match client.search(&query(subject, limits, rules), now, &spend) {
                Ok(found) => {
                    self.state.borrow_mut().unanswered = 0;
                    if !report.searches.contains(&found.search) {
                        // The widest search finds again what the nearest found. Listings without an identity would count twice.
                        let taken = candidates.len();
                        let is_new = |one: &&Comparable| !candidates[own_listings..taken].contains(one);
                        let new: Vec<_> = found.comparables.iter().filter(is_new).cloned().collect();
                        candidates.extend(new);
                        report.searches.push(found.search.clone());
                    }
                    if found.missing.is_some() {
                        report.missing.clone_from(&found.missing);
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, "auto.dev did not answer");
                    report.missing = Some(self.note(&error));
                    break;
                }
            }
            if nearest == rules.widest() || suffices(subject, candidates, own, rules, now) {
                break;
            }
        }
        report
    }

    /// Notes a failed search, and gives up where the next would fail as well.
    fn note(&self, error: &Error) -> MissingSource {
        let missing = MissingSource::auto_dev(error);
        let mut state = self.state.borrow_mut();
        state.unanswered += 1;
        let for_good = FOR_GOOD.contains(&error.error_code());
        if for_good || state.unanswered >= PATIENCE {
            state.given_up = Some(missing.clone());
        }
        missing
    }
}

fn query<'s>(subject: &'s Subject, limits: TierLimits, rules: &PricingRules) -> ListingQuery<'s> {
    let rounded = |miles: i32| {
        let fewest = miles.saturating_sub(limits.mileage_window).max(0) / MILEAGE_STEP * MILEAGE_STEP;
        let most = miles.saturating_add(limits.mileage_window);
        (fewest, most.saturating_add(MILEAGE_STEP - 1) / MILEAGE_STEP * MILEAGE_STEP)
    };
    ListingQuery {
        make: &subject.make,
        model: &subject.model,
        years: (subject.year.saturating_sub(limits.year_window), subject.year.saturating_add(limits.year_window)),
        mileage: known_mileage(subject.mileage).map(rounded),
        prices: (rules.lowest_price, rules.highest_price),
        radius_miles: rules.radius_miles,
    }
}
