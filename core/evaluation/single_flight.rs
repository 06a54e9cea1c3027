//! One evaluation of a VIN at a time in this process: later callers wait for the one in flight and share its result.
//!
//! Other processes are kept apart by a lease in the database.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Evaluation;
use crate::Vin;

/// The evaluations in flight.
#[derive(Default)]
pub(crate) struct SingleFlight(Mutex<HashMap<Vin, Arc<Call>>>);

#[derive(Default)]
struct Call {
    /// Whether it passes over what is stored.
    refreshes: bool,
    state: Mutex<State>,
    completed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    InFlight,
    /// `None` where it failed.
    Completed(Option<Arc<Evaluation>>),
}

/// The part of one caller.
pub(super) enum Role<'a> {
    /// Nobody else is evaluating the VIN: make the evaluation, then [`Leader::complete`] it.
    Leader(Leader<'a>),
    /// Another caller was; this is its result. `None` where it failed, took too long, or was no refresh as asked for.
    Follower(Option<Arc<Evaluation>>),
}

/// The caller that makes the evaluation. Dropping it releases the followers, whatever happened.
pub(super) struct Leader<'a> {
    flights: &'a SingleFlight,
    vin: Vin,
    call: Arc<Call>,
}

impl SingleFlight {
    /// Begins the evaluation of a VIN, or waits for the one in flight. A caller that wants a refresh shares only a refresh.
    pub(super) fn join(&self, vin: Vin, refresh: bool, patience: Duration) -> Role<'_> {
        let call = match self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(vin) {
            Entry::Occupied(in_flight) => Arc::clone(in_flight.get()),
            Entry::Vacant(place) => {
                let call = Call { refreshes: refresh, ..Call::default() };
                let call = Arc::clone(place.insert(Arc::new(call)));
                return Role::Leader(Leader { flights: self, vin, call });
            }
        };
        let deadline = Instant::now() + patience;
        let mut state = call.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let State::Completed(evaluation) = &*state {
                return Role::Follower(evaluation.clone().filter(|_| call.refreshes || !refresh));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Role::Follower(None);
            }
            state = call.completed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Leader<'_> {
    /// Hands the result to the followers.
    pub(super) fn complete(self, evaluation: Arc<Evaluation>) {
        *self.call.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Completed(Some(evaluation));
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.vin);
        let mut state = self.call.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::InFlight) {
            *state = State::Completed(None);
        }
        drop(state);
        self.call.completed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn vin() -> Vin {
        Vin::parse("1M8GDM9AXKP042788").unwrap()
    }

    fn evaluation() -> Evaluation {
        Evaluation {
            vin: vin(),
            mileage: None,
            facts: vin().facts(2026),
            vpic: None,
            vehicle: None,
            analysis: None,
            most_to_pay: None,
            warnings: Vec::new(),
            evaluated_at: chrono::DateTime::UNIX_EPOCH,
            expires_at: None,
            from_cache: false,
        }
    }

    #[test]
    fn followers_are_released_when_the_leader_fails_and_may_lead() {
        let flights = SingleFlight::default();
        let Role::Leader(leader) = flights.join(vin(), false, Duration::ZERO) else { panic!("nobody was at it") };
        thread::scope(|scope| {
            let waiting =
                scope.spawn(|| matches!(flights.join(vin(), false, Duration::from_secs(10)), Role::Follower(None)));
            thread::sleep(Duration::from_millis(20));
            drop(leader);
            assert!(waiting.join().unwrap());
        });
        assert!(matches!(flights.join(vin(), false, Duration::ZERO), Role::Leader(_)));
    }

    #[test]
    fn patience_ends_and_other_vins_are_not_waited_for() {
        let flights = SingleFlight::default();
        let Role::Leader(_leader) = flights.join(vin(), false, Duration::ZERO) else { panic!("nobody was at it") };
        assert!(matches!(flights.join(vin(), false, Duration::from_millis(5)), Role::Follower(None)));
        let other = Vin::parse("11111111111111111").unwrap();
        assert!(matches!(flights.join(other, false, Duration::ZERO), Role::Leader(_)));
    }

    #[test]
    fn a_refresh_shares_only_a_refresh() {
        let asked = |leads_with_refresh: bool, wants_refresh: bool| {
            let flights = SingleFlight::default();
            let Role::Leader(leader) = flights.join(vin(), leads_with_refresh, Duration::ZERO) else {
                panic!("nobody was at it")
            };
            thread::scope(|scope| {
                let waiting = scope.spawn(|| {
                    let role = flights.join(vin(), wants_refresh, Duration::from_secs(10));
                    matches!(role, Role::Follower(Some(_)))
                });
                thread::sleep(Duration::from_millis(50));
                leader.complete(Arc::new(evaluation()));
                waiting.join().unwrap()
            })
        };
        for (leads, wants, shares) in
            [(false, false, true), (true, false, true), (true, true, true), (false, true, false)]
        {
            assert_eq!(asked(leads, wants), shares, "{leads} {wants}");
        }
    }
}
