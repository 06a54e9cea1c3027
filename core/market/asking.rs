//! What auto.dev is asked about one subject, and when a run stops asking.
//!
//! Calls cost money: the nearest search is made first, and the widest only where the nearest, with our own competitors'
//! listings beside it, leaves too few. A run that is refused does not ask again for its next vehicle.
//!
//! What is deliberately not here: HTTP, and counting the calls, which takes a transaction.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, Utc};

use super::{
    Comparable, OwnVins, PricingRules, Subject, TierLimits,
    comparables::known_mileage,
    rules::{self, Asked},
    source::{AutoDev, ListingQuery, MissingSource},
};
use crate::error::{Error, ErrorCode, Result};

/// After so many searches in a row without an answer a run no longer waits for one.
const PATIENCE: u32 = 2;
/// What stands in the way of every search alike. Another refusal may be of one car's make or model.
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
/// Limits of mileage are rounded outwards to this, so that cars much alike are one search.
const MILEAGE_STEP: i32 = 5_000;

/// auto.dev as one run asks it; without a client it is never asked.
pub(super) struct AutoDevRun<'a> {
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
    /// At most so many calls; without a bound the month's is the only one.
    pub(super) fn new(client: Option<&'a AutoDev>, most_calls: Option<u32>) -> Self {
        Self { client, left: Cell::new(most_calls.unwrap_or(u32::MAX)), state: RefCell::default() }
    }

    /// Whether the run may still ask over the network.
    pub(super) fn may_ask(&self) -> bool {
        self.client.is_some() && self.state.borrow().given_up.is_none()
    }

    /// Why the run asks no more.
    pub(super) fn given_up(&self) -> Option<MissingSource> {
        self.state.borrow().given_up.clone()
    }

    /// Listings like the subject, added to the candidates; `spend` counts a call before it is made.
    pub(super) fn ask(
        &self,
        subject: &Subject,
        candidates: &mut Vec<Comparable>,
        own: &OwnVins,
        rules: &PricingRules,
        now: DateTime<Utc>,
        spend: &dyn Fn() -> Result<()>,
    ) -> Asked {
        let mut asked = Asked::default();
        let Some(client) = self.client else { return asked };
        asked.missing = self.state.borrow().given_up.clone();
        if asked.missing.is_some() {
            return asked;
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
                    if !asked.searches.contains(&found.search) {
                        // The widest search finds what the nearest found: what names no vehicle could not be told apart later.
                        let taken = candidates.len();
                        let is_new = |one: &&Comparable| !candidates[own_listings..taken].contains(one);
                        let new: Vec<_> = found.comparables.iter().filter(is_new).cloned().collect();
                        candidates.extend(new);
                        asked.searches.push(found.search.clone());
                    }
                    if found.missing.is_some() {
                        asked.missing.clone_from(&found.missing);
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, "auto.dev did not answer");
                    asked.missing = Some(self.note(&error));
                    break;
                }
            }
            if nearest == rules.widest() || rules::suffices(subject, candidates, own, rules, now) {
                break;
            }
        }
        asked
    }

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
