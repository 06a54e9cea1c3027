//! One evaluation of a VIN at a time in this process: whoever asks meanwhile waits for it and shares what it comes to.
//!
//! What is deliberately not here: other processes, which a lease in the database keeps apart.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Evaluation;
use crate::Vin;

/// The evaluations that are under way.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Vin, Arc<Flight>>>);

#[derive(Default)]
struct Flight {
    /// Whether it asks vPIC anew, whatever is kept.
    refreshes: bool,
    landed: Mutex<Landing>,
    changed: Condvar,
}

#[derive(Default)]
enum Landing {
    #[default]
    Underway,
    Landed(Option<Arc<Evaluation>>),
}

/// What became of asking.
pub(super) enum Turn<'a> {
    /// Nobody else is at it.
    Ours(Pilot<'a>),
    /// Somebody else was, and this is what came out; `None` where it failed or took too long.
    Shared(Option<Arc<Evaluation>>),
}

/// Whoever makes the evaluation; the others are let go when it is dropped, whatever happened.
pub(super) struct Pilot<'a> {
    flights: &'a Flights,
    vin: Vin,
    flight: Arc<Flight>,
}

impl Flights {
    /// Begins the evaluation of a VIN, or waits for the one under way. Whoever wants a refresh shares no more than one.
    pub(super) fn join(&self, vin: Vin, refresh: bool, patience: Duration) -> Turn<'_> {
        let flight = match self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(vin) {
            Entry::Occupied(underway) => Arc::clone(underway.get()),
            Entry::Vacant(place) => {
                let flight = Flight { refreshes: refresh, ..Flight::default() };
                let flight = Arc::clone(place.insert(Arc::new(flight)));
                return Turn::Ours(Pilot { flights: self, vin, flight });
            }
        };
        let deadline = Instant::now() + patience;
        let mut landed = flight.landed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Landing::Landed(evaluation) = &*landed {
                return Turn::Shared(evaluation.clone().filter(|_| flight.refreshes || !refresh));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Turn::Shared(None);
            }
            landed = flight.changed.wait_timeout(landed, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Pilot<'_> {
    /// Hands the result to those who wait for it.
    pub(super) fn land(self, evaluation: Arc<Evaluation>) {
        *self.flight.landed.lock().unwrap_or_else(PoisonError::into_inner) = Landing::Landed(Some(evaluation));
    }
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.vin);
        let mut landed = self.flight.landed.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*landed, Landing::Underway) {
            *landed = Landing::Landed(None);
        }
        drop(landed);
        self.flight.changed.notify_all();
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
    fn who_waits_is_let_go_when_the_evaluation_fails_and_may_try() {
        let flights = Flights::default();
        let Turn::Ours(pilot) = flights.join(vin(), false, Duration::ZERO) else { panic!("nobody was at it") };
        thread::scope(|scope| {
            let waiting =
                scope.spawn(|| matches!(flights.join(vin(), false, Duration::from_secs(10)), Turn::Shared(None)));
            thread::sleep(Duration::from_millis(20));
            drop(pilot);
            assert!(waiting.join().unwrap());
        });
        assert!(matches!(flights.join(vin(), false, Duration::ZERO), Turn::Ours(_)));
    }

    #[test]
    fn patience_ends_and_other_vins_are_not_waited_for() {
        let flights = Flights::default();
        let Turn::Ours(_pilot) = flights.join(vin(), false, Duration::ZERO) else { panic!("nobody was at it") };
        assert!(matches!(flights.join(vin(), false, Duration::from_millis(5)), Turn::Shared(None)));
        let other = Vin::parse("11111111111111111").unwrap();
        assert!(matches!(flights.join(other, false, Duration::ZERO), Turn::Ours(_)));
    }

    #[test]
    fn whoever_wants_a_refresh_shares_no_more_than_one() {
        let asked = |leads_with_refresh: bool, wants_refresh: bool| {
            let flights = Flights::default();
            let Turn::Ours(pilot) = flights.join(vin(), leads_with_refresh, Duration::ZERO) else {
                panic!("nobody was at it")
            };
            thread::scope(|scope| {
                let waiting = scope.spawn(|| {
                    let turn = flights.join(vin(), wants_refresh, Duration::from_secs(10));
                    matches!(turn, Turn::Shared(Some(_)))
                });
                thread::sleep(Duration::from_millis(50));
                pilot.land(Arc::new(evaluation()));
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
