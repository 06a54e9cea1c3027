//! The public operations: decode VINs and evaluate them.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::{
    Decoded, Entry, Evaluation, EvaluationData, EvaluationRequest, EvaluationRules, Expired, Identity, Kept,
    VpicDecode, Warning, repository, rules,
    single_flight::{Role, SingleFlight},
    vpic::{BATCH, Vpic},
};
use crate::{
    Vin,
    activity::{self, Action},
    actor::Permission,
    desk::{Desk, Part, Turns, found_by_the_desk},
    error::{Error, ErrorCode, Result},
    ids::EvaluationId,
    leases::{self, Taken},
    market::{AutoDev, Subject},
};

/// How often the database is checked for the result of another process.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How many evaluations of other callers are waited for before ours is made beside them.
const MOST_WAITS: usize = 3;

/// At most this many rows are removed in one transaction.
const ROWS_A_REMOVAL: usize = 1_000;

/// What VINs stand for and what those vehicles are worth.
#[derive(Clone, Copy, Debug)]
pub struct Evaluations<'a> {
    desk: &'a Desk,
}

/// The outcome of a look at what is stored.
enum Looked {
    Found(Box<Evaluation>),
    /// With the row that does not serve, if there is one.
    Nothing(Option<EvaluationId>),
}

/// Why vPIC gave no answer about a VIN.
#[derive(Clone)]
struct Unanswered {
    reason: String,
    message: String,
}

impl Unanswered {
    fn new(reason: ErrorCode, message: impl Into<String>) -> Self {
        Self { reason: reason.as_str().to_owned(), message: message.into() }
    }

    fn missing(self) -> Warning {
        Warning::VpicMissing { reason: self.reason, message: self.message }
    }

    fn kept_instead(self, answered_at: DateTime<Utc>) -> Warning {
        Warning::VpicKept { reason: self.reason, message: self.message, answered_at }
    }
}

impl Desk {
    /// What VINs stand for, and what those vehicles are worth.
    #[must_use]
    pub fn evaluation(&self) -> Evaluations<'_> {
        Evaluations::at(self)
    }
}

found_by_the_desk!(EvaluationRules);

impl Part for Vpic {
    const MISSING: &'static str = "the decoder of VINs is not configured: configure vpic";
}

impl Part for SingleFlight {
    const MISSING: &'static str = "evaluations are not shared: the dealership was opened without them";
}

impl<'a> Evaluations<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// What a VIN says by itself and by vPIC. Where vPIC does not answer, or is not configured, that is a warning.
    ///
    /// vPIC's answers are stored. They are facts about VINs and no change by a user, so the audit trail has no entry.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, Vin};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let decoded = desk.evaluation().decode(&Vin::parse("5FNYF5H59HB011946")?)?;
    /// assert_eq!(decoded.facts.model_year, Some(2017));
    /// assert!(decoded.vpic.is_none(), "vPIC is asked only where it is configured");
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`.
    pub fn decode(&self, vin: &Vin) -> Result<Decoded> {
        let mut decoded = self.decode_many(std::slice::from_ref(vin))?;
        decoded.pop().ok_or_else(|| Error::new(ErrorCode::NotDecoded, "a VIN was left without an answer"))
    }

    /// The same for many, in their order. vPIC is asked about fifty in one call; after a failed call it is not asked again.
    ///
    /// # Errors
    /// As [`Evaluations::decode`].
    pub fn decode_many(&self, vins: &[Vin]) -> Result<Vec<Decoded>> {
        self.desk.must(Permission::Analyze)?;
        Ok(self.decoded(vins, false))
    }

    /// The stored evaluation of a VIN while it is valid, for any mileage. The network is not used.
    ///
    /// # Errors
    /// `forbidden`; as any read.
    pub fn cached(&self, vin: &Vin) -> Result<Option<Evaluation>> {
        let now = self.desk.now();
        let kept = self.desk.read(Permission::ReadMarket, |conn| repository::find(conn, vin))?;
        Ok(kept.filter(|kept| rules::is_current(kept, now)).map(|kept| from_stored(kept, now)))
    }

    /// What a vehicle is worth here, how sure that is, and why.
    ///
    /// A stored evaluation serves while it is valid; the network is not used then. Otherwise the VIN is decoded, comparables are
    /// found and priced, and the result is stored. Concurrent requests for the same VIN, in this process or in another, wait
    /// for the result and share it. A step that fails becomes one of [`Evaluation::warnings`].
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, Vin, evaluation::{EvaluationRequest, Warning}};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let request = EvaluationRequest::new(Vin::parse("5FNYF5H59HB011946")?, Some(60_000));
    /// let evaluation = desk.evaluation().evaluate(&request)?;
    /// assert!(evaluation.warnings.contains(&Warning::ModelUnknown), "neither vPIC nor a listing was there to name it");
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`; `invalid_evaluation` for an impossible mileage; as any read where the database cannot be reached.
    pub fn evaluate(&self, request: &EvaluationRequest) -> Result<Evaluation> {
        self.desk.must(Permission::Analyze)?;
        rules::check_mileage(request.mileage)?;
        let mut failures = Vec::new();
        let passed_over = match self.look_up(request, None, &mut failures)? {
            Looked::Found(evaluation) => return Ok(*evaluation),
            Looked::Nothing(row) => row,
        };
        let flights = self.desk.part::<SingleFlight>()?;
        for _wait in 0..MOST_WAITS {
            match flights.join(request.vin, request.refresh, self.patience()) {
                Role::Leader(leader) => {
                    let evaluation = self.evaluate_alone(request, passed_over, failures)?;
                    leader.complete(Arc::new(evaluation.clone()));
                    return Ok(evaluation);
                }
                Role::Follower(Some(shared)) if rules::is_near(shared.mileage, request.mileage, self.rules()) => {
                    return Ok((*shared).clone());
                }
                Role::Follower(_) => {}
            }
        }
        self.evaluate_alone(request, passed_over, failures)
    }

    /// Removes expired evaluations and answers of vPIC, up to `limit` rows of both together.
    ///
    /// Expired rows are never used; this only frees their space. It works in transactions of a few hundred rows, so that other
    /// writers wait briefly, and may be repeated until [`Expired::is_all`]. Time grows with the removed rows, not with those that
    /// stay. The audit trail has no entry for it.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let removed = desk.evaluation().remove_expired(10_000)?;
    /// assert!(removed.evaluations == 0 && removed.is_all);
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`; as any write. What was removed before stays removed.
    pub fn remove_expired(&self, limit: usize) -> Result<Expired> {
        let turns = Turns::new(self.desk, Permission::CleanUp, ROWS_A_REMOVAL);
        let evaluations = turns.remove(limit, repository::remove_expired_evaluations)?;
        let left = limit - evaluations;
        let decodes = turns.remove(left, repository::remove_expired_decodes)?;
        let is_left = || self.desk.read(Permission::CleanUp, |conn| repository::is_any_expired(conn, self.desk.now()));
        Ok(Expired { evaluations, decodes, is_all: decodes < left || !is_left()? })
    }

    /// How much has expired and is still stored.
    ///
    /// # Errors
    /// `forbidden`; as any read.
    pub fn count_expired(&self) -> Result<Expired> {
        let now = self.desk.now();
        let (evaluations, decodes) =
            self.desk.read(Permission::CleanUp, |conn| repository::count_expired(conn, now))?;
        Ok(Expired { evaluations, decodes, is_all: evaluations + decodes == 0 })
    }

    /// Looks for a stored evaluation that serves. For a refresh, a row that existed before it does not.
    fn look_up(
        &self,
        request: &EvaluationRequest,
        passed_over: Option<Option<EvaluationId>>,
        failures: &mut Vec<Warning>,
    ) -> Result<Looked> {
        let now = self.desk.now();
        // A caller without the permission is refused. A row that cannot be read counts as missing.
        let kept = self.desk.read(Permission::Analyze, |conn| match repository::find(conn, &request.vin) {
            Err(failure) if failure.is_lost_connection() => Err(failure),
            outcome => Ok(outcome.map_err(Error::from)),
        })?;
        let kept = kept.unwrap_or_else(|error| {
            note(failures, &error);
            None
        });
        let id = kept.as_ref().map(|kept| kept.id);
        let is_new_enough = match passed_over {
            Some(seen) => !request.refresh || id != seen,
            None => !request.refresh,
        };
        let serves = |kept: &Kept| {
            is_new_enough
                && rules::is_current(kept, now)
                && rules::knows_enough(
                    &kept.data,
                    self.desk.find_part::<Vpic>().is_some(),
                    self.desk.find_part::<AutoDev>().is_some(),
                )
                && rules::is_near(kept.data.mileage, request.mileage, self.rules())
        };
        Ok(match kept.filter(serves) {
            Some(kept) => Looked::Found(Box::new(from_stored(kept, now))),
            None => Looked::Nothing(id),
        })
    }

    /// Makes the evaluation, once no other process is making it.
    fn evaluate_alone(
        &self,
        request: &EvaluationRequest,
        passed_over: Option<EvaluationId>,
        mut failures: Vec<Warning>,
    ) -> Result<Evaluation> {
        let holder = leases::new_holder();
        let lease = format!("vin_evaluation {}", request.vin);
        let deadline = Instant::now() + self.patience();
        loop {
            match self.take(&lease, &holder) {
                Ok(true) => break,
                Ok(false) if Instant::now() < deadline => thread::sleep(LOOK_AGAIN),
                Ok(false) => break,
                Err(error) => {
                    note(&mut failures, &error);
                    break;
                }
            }
            if let Looked::Found(evaluation) = self.look_up(request, Some(passed_over), &mut failures)? {
                return Ok(*evaluation);
            }
        }
        // Another process may have finished between our look and the lease.
        let outcome = match self.look_up(request, Some(passed_over), &mut failures) {
            Ok(Looked::Found(evaluation)) => Ok(*evaluation),
            Ok(Looked::Nothing(_)) => Ok(self.make_under_lease(request, failures, (&lease, &holder))),
            Err(error) => Err(error),
        };
        let released =
            self.desk.write(Permission::Analyze, |conn, acting| leases::release(conn, &lease, &holder, acting.now));
        if let Err(error) = released {
            // It expires by itself.
            tracing::warn!(%error, %lease, "a lease could not be given back");
        }
        outcome
    }

    fn take(&self, lease: &str, holder: &str) -> Result<bool> {
        let span = self.lease_span();
        self.desk.write(Permission::Analyze, |conn, acting| {
            Ok(leases::take(conn, lease, holder, acting.now, acting.now + span)? != Taken::No)
        })
    }

    /// [`Self::make`], while another thread renews the lease. If this process dies, others wait only for the rest of one short
    /// lease.
    fn make_under_lease(
        &self,
        request: &EvaluationRequest,
        failures: Vec<Warning>,
        (lease, holder): (&str, &str),
    ) -> Evaluation {
        let span = self.lease_span();
        let often = span.to_std().unwrap_or_default() / 3;
        thread::scope(|scope| {
            // Never sent to. It is dropped at the end of this closure, even by a panic, and that ends the thread.
            let (_made, is_made) = mpsc::channel::<()>();
            scope.spawn(move || {
                while is_made.recv_timeout(often) == Err(RecvTimeoutError::Timeout) {
                    let renewed = self.desk.write(Permission::Analyze, |conn, acting| {
                        leases::renew(conn, &[lease], holder, acting.now, acting.now + span)
                    });
                    if let Err(error) = renewed {
                        tracing::warn!(%error, "the lease of an evaluation could not be renewed");
                    }
                }
            });
            self.make(request, failures)
        })
    }

    fn lease_span(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.rules().lease_seconds.max(1)))
    }

    /// Decodes, prices and stores. The network is used between transactions, never inside one.
    fn make(&self, request: &EvaluationRequest, mut failures: Vec<Warning>) -> Evaluation {
        let now = self.desk.now();
        let vin = request.vin;
        let mut decoded = self
            .decoded(std::slice::from_ref(&vin), request.refresh)
            .pop()
            .unwrap_or_else(|| rules::decoded(vin.facts(now.year()), None));
        if decoded.vehicle.is_none() {
            self.look_in_listings(&vin, &mut decoded);
        }
        let mut data = EvaluationData {
            mileage: request.mileage,
            vpic: decoded.vpic,
            vehicle: decoded.vehicle,
            analysis: None,
            most_to_pay: None,
            warnings: decoded.warnings,
        };
        match &data.vehicle {
            Some(vehicle) => match self.desk.market().price(&subject(&vin, vehicle, request.mileage)) {
                Ok(analysis) => {
                    data.warnings.extend(analysis.missing_source.clone().map(Warning::from));
                    let purchase = self.rules().purchase;
                    data.most_to_pay = purchase.and_then(|purchase| rules::most_to_pay(&analysis, purchase));
                    data.analysis = Some(analysis);
                }
                Err(error) => data
                    .warnings
                    .push(Warning::ComparablesMissing { reason: error.code().to_owned(), message: error.to_string() }),
            },
            None => data.warnings.push(Warning::ModelUnknown),
        }
        let mut expires_at = None;
        if rules::is_complete(&data, self.desk.find_part::<Vpic>().is_some()) {
            match self.keep(&vin, &data) {
                Ok(until) => expires_at = Some(until),
                Err(error) => note(&mut failures, &error),
            }
        }
        let EvaluationData { mileage, vpic, vehicle, analysis, most_to_pay, mut warnings } = data;
        failures.retain(|failure| !warnings.contains(failure));
        warnings.extend(failures);
        Evaluation {
            vin,
            mileage,
            facts: decoded.facts,
            vpic,
            vehicle,
            analysis,
            most_to_pay,
            warnings,
            evaluated_at: now,
            expires_at,
            from_cache: false,
        }
    }

    /// Looks for the model in listings, where vPIC did not name it.
    fn look_in_listings(&self, vin: &Vin, decoded: &mut Decoded) {
        let known = match self.desk.read(Permission::Analyze, |conn| repository::known(conn, vin)) {
            Ok(known) => known,
            Err(error) => return note(&mut decoded.warnings, &error),
        };
        if let Some((identity, listings)) = rules::by_listings(&decoded.facts, &known) {
            decoded.warnings.push(Warning::KnownFromListings { source: identity.source, listings });
            decoded.vehicle = Some(identity);
        }
    }

    fn keep(&self, vin: &Vin, data: &EvaluationData) -> Result<DateTime<Utc>> {
        self.desk.write(Permission::Analyze, |conn, acting| {
            let kept = Kept {
                id: EvaluationId::new(acting.now),
                vin: *vin,
                data: data.clone(),
                source: source(data),
                cached_at: acting.now,
                expires_at: rules::expiry(rules::is_priced(data), acting.now, self.rules()),
            };
            let before = repository::find(conn, vin)?;
            repository::replace(conn, &kept)?;
            let (before, after) = (before.as_ref().map(Entry::from), Entry::from(&kept));
            activity::record(conn, acting, Action::Evaluate, before.as_ref(), Some(&after))?;
            Ok(kept.expires_at)
        })
    }

    /// Decodes each VIN. vPIC is asked once about a VIN that occurs twice.
    ///
    /// A refresh asks vPIC about all of them. Where it does not answer, its stored answer is used, with a warning.
    fn decoded(&self, vins: &[Vin], refresh: bool) -> Vec<Decoded> {
        let now = self.desk.now();
        let mut wanted = vins.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut failures = Vec::new();
        let kept = self.desk.read(Permission::Analyze, |conn| repository::decodes(conn, &wanted, now));
        let kept = kept.unwrap_or_else(|error| {
            note(&mut failures, &error);
            HashMap::new()
        });
        wanted.retain(|vin| refresh || !kept.contains_key(vin));
        let mut answers = HashMap::new();
        let unanswered = self.ask_vpic(&wanted, now, &mut answers, &mut failures);
        vins.iter()
            .map(|vin| {
                let (answer, kept) = (answers.get(vin), kept.get(vin));
                let doubt = match (answer, kept) {
                    (None, Some(kept)) if refresh => Some(unanswered.clone().kept_instead(kept.answered_at)),
                    (None, None) => Some(unanswered.clone().missing()),
                    _ => None,
                };
                let mut decoded = rules::decoded(vin.facts(now.year()), answer.or(kept).cloned());
                decoded.warnings.extend(doubt);
                decoded.warnings.extend(failures.iter().cloned());
                decoded
            })
            .collect()
    }

    /// Asks vPIC about VINs and stores its answers. Returns the reason for the VINs that it did not answer.
    fn ask_vpic(
        &self,
        vins: &[Vin],
        now: DateTime<Utc>,
        answers: &mut HashMap<Vin, VpicDecode>,
        failures: &mut Vec<Warning>,
    ) -> Unanswered {
        let Some(vpic) = self.desk.find_part::<Vpic>() else {
            return Unanswered::new(ErrorCode::NotConfigured, "vPIC was not asked");
        };
        let mut unanswered = None;
        for batch in vins.chunks(BATCH) {
            let found = match vpic.decode(batch, now) {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(code = error.code(), %error, "vPIC did not answer");
                    unanswered = Some(Unanswered::new(error.error_code(), error.to_string()));
                    break;
                }
            };
            let until = |decode: &VpicDecode| {
                let config = vpic.config();
                let span = if decode.names_the_model() { config.kept_for } else { config.kept_without_model_for };
                TimeDelta::from_std(span).ok().and_then(|span| now.checked_add_signed(span)).unwrap_or(now)
            };
            let rows: Vec<_> = found.iter().map(|(vin, decode)| (*vin, decode, until(decode))).collect();
            if let Err(error) = self.desk.write(Permission::Analyze, |conn, _| repository::keep_decodes(conn, &rows)) {
                note(failures, &error);
            }
            answers.extend(found);
        }
        unanswered.unwrap_or_else(|| Unanswered::new(ErrorCode::VpicNoAnswer, "vPIC left this VIN out of its answer"))
    }

    fn rules(&self) -> &EvaluationRules {
        self.desk.rules()
    }

    /// How long another caller's evaluation is waited for.
    fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.rules().wait_seconds))
    }
}

/// Warns, once, that stored answers could not be read or written.
fn note(warnings: &mut Vec<Warning>, error: &Error) {
    tracing::warn!(code = error.code(), ?error, "evaluations cannot be stored or read");
    let warning = Warning::CacheFailed { reason: error.code().to_owned() };
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}

fn subject(vin: &Vin, vehicle: &Identity, mileage: Option<i32>) -> Subject {
    Subject {
        vin: Some(vin.to_string()),
        year: vehicle.year,
        make: vehicle.make.clone(),
        model: vehicle.model.clone(),
        trim: vehicle.trim.clone(),
        mileage,
        ..Subject::default()
    }
}

/// Where the identity and the comparables come from: `vpic, auto.dev+competitor`.
fn source(data: &EvaluationData) -> String {
    let identity = data.vehicle.as_ref().map_or("none", |vehicle| vehicle.source.as_str());
    let comparables = data.analysis.as_ref().map_or("none", |analysis| analysis.data_source.as_str());
    format!("{identity}, {comparables}")
}

fn from_stored(kept: Kept, now: DateTime<Utc>) -> Evaluation {
    let EvaluationData { mileage, vpic, vehicle, analysis, most_to_pay, warnings } = kept.data;
    Evaluation {
        vin: kept.vin,
        mileage,
        facts: kept.vin.facts(now.year()),
        vpic,
        vehicle,
        analysis,
        most_to_pay,
        warnings,
        evaluated_at: kept.cached_at,
        expires_at: Some(kept.expires_at),
        from_cache: true,
    }
}
