//! What every handler needs: the dealership behind its gate. Here is also the filter that all requests go through.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Buf;
use futures_util::{Stream, StreamExt as _};
use jpauto::{Actor, Dealership, Desk, SessionConfig, SignInConfig, SignInProvider, VehicleId, storage::PhotoOwner};
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    time::timeout,
};
use warp::{Filter, Rejection, reply::Response};

use crate::{
    answer::Written,
    background::{Background, RunLimits},
    batches::Batches,
    body::BodyLimits,
    caller::Caller,
    client_connections::{ClientConnections, Counted},
    encoding::Unchanging,
    fair_queue::{Client, network_of},
    gate::{Gate, GateLimits, GateState, Lane},
    health::Readiness,
    inventory,
    known_sessions::KnownSessions,
    openapi,
    problem::Problem,
    read_limits::{ReadLimits, Reads},
    request::{BodyStream, Request},
    routes,
};

/// The open dealership and its gate. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    shared: Arc<Shared>,
    background: Arc<Background>,
    reads: Arc<Reads>,
}

struct Shared {
    dealership: Dealership,
    gate: Gate,
    readiness: Readiness,
    body: BodyLimits,
    document: Unchanging,
    vehicles: Batches<inventory::VehicleKey, VehicleId, Written>,
    vehicle_lists: Batches<inventory::ListKey, (), Written>,
    /// Whose reads are made together with those of others.
    in_crowd: ClientConnections,
    sessions: Arc<KnownSessions>,
    /// One for each call of a sign-in provider that may be under way.
    sign_ins: Semaphore,
    /// One for each photo of the staff that may be read into memory.
    uploads: Semaphore,
    /// One for each photo of somebody else.
    uploads_of_visitors: Semaphore,
    /// Who has such a place.
    uploading: ClientConnections,
    /// One for each call of a visitor that may take seconds, so that visitors leave places for the staff's.
    long_of_visitors: Semaphore,
    /// Who makes such a call.
    long_of_one: ClientConnections,
}

/// A place for one photo that is read.
pub(crate) struct UploadPlace<'a> {
    _counted: Option<Counted>,
    _place: SemaphorePermit<'a>,
}

/// How long a sign-in waits for others to be done with their providers. It waits here, where it occupies no worker.
const WAIT_FOR_SIGN_INS: Duration = Duration::from_secs(5);

/// Photos of the staff that are read at a time, each of 20 MB at most, and how long one waits for its turn. Visitors have as many
/// places of their own, so that they keep no staff out, and each of them few of these.
const UPLOADS: usize = 8;
const UPLOADS_OF_ONE_VISITOR: usize = 2;
const WAIT_FOR_UPLOADS: Duration = Duration::from_secs(30);

/// How long a visitor's call that may take seconds waits for those of others.
const WAIT_FOR_LONG: Duration = Duration::from_secs(10);

/// Reads of one visitor that are made together with those of others at a time, which is what one call answers. Whoever asks for more at a
/// time has the others made for itself, so that nobody stands behind all of them.
const IN_CROWD_OF_ONE: usize = 64;

impl App {
    pub(crate) fn new(dealership: Dealership, gate: GateLimits, body: BodyLimits) -> Self {
        let sign_ins = Semaphore::new(dealership.config().sign_in.as_ref().map_or(1, |config| config.calls_at_once));
        let long_of_visitors = Semaphore::new(gate.long.div_ceil(2));
        let (deadline, gate) = (gate.deadline, Gate::new(gate));
        let (of_one, of_many) = (dealership.clone(), dealership.clone());
        let shared = Shared {
            vehicles: Batches::new(
                gate.clone(),
                deadline,
                |key: &inventory::VehicleKey| key.client,
                move |key, ids| inventory::written(&of_one, key, ids),
            ),
            vehicle_lists: Batches::new(
                gate.clone(),
                deadline,
                |key: &inventory::ListKey| key.client,
                move |key, _one| Ok([((), inventory::written_list(&of_many, key))].into()),
            ),
            in_crowd: ClientConnections::default(),
            sessions: Arc::default(),
            document: openapi::unchanging(dealership.config()),
            dealership,
            gate,
            readiness: Readiness::default(),
            body,
            sign_ins,
            uploads: Semaphore::new(UPLOADS),
            uploads_of_visitors: Semaphore::new(UPLOADS),
            uploading: ClientConnections::default(),
            long_of_visitors,
            long_of_one: ClientConnections::default(),
        };
        let background = Arc::new(Background::new(RunLimits::default()));
        Self { shared: Arc::new(shared), background, reads: Arc::default() }
    }

    /// The OpenAPI document.
    pub(crate) fn document(&self) -> &Unchanging {
        &self.shared.document
    }

    /// Vehicles that are read together with those that others ask for.
    pub(crate) fn vehicles(&self) -> &Batches<inventory::VehicleKey, VehicleId, Written> {
        &self.shared.vehicles
    }

    /// Pages of vehicles that are read once for all who ask for the same.
    pub(crate) fn vehicle_lists(&self) -> &Batches<inventory::ListKey, (), Written> {
        &self.shared.vehicle_lists
    }

    /// The same with other limits of runs.
    pub(crate) fn making_runs(mut self, limits: RunLimits) -> Self {
        self.background = Arc::new(Background::new(limits));
        self
    }

    /// The same with a limit of reads.
    pub(crate) fn limiting_reads(mut self, limits: ReadLimits) -> Self {
        self.reads = Arc::new(Reads::new(limits));
        self
    }

    /// Counts a read of the caller, where reads are limited.
    pub(crate) async fn count_read(&self, caller: &Caller) -> Result<(), Problem> {
        if !self.reads.are_limited() {
            return Ok(());
        }
        let client = self.client(caller);
        let counted = self.reads.count(client, Instant::now());
        if counted.is_ok() || !caller.has_signed_cookie(self.sessions()) {
            return counted;
        }
        // Whoever has signed in counts for himself once the session was found, and is not held up by others of the address.
        let found = self.at_desk(caller, |_desk| Ok(())).await;
        match self.client(caller) {
            own if found.is_ok() && own != client => self.reads.count(own, Instant::now()),
            _ => counted,
        }
    }

    /// What goes on when its request is answered.
    pub(crate) fn background(&self) -> &Arc<Background> {
        &self.background
    }

    pub(crate) fn dealership(&self) -> &Dealership {
        &self.shared.dealership
    }

    /// What the gate does now.
    pub(crate) fn gate_state(&self) -> GateState {
        self.shared.gate.now()
    }

    pub(crate) fn body_limits(&self) -> &BodyLimits {
        &self.shared.body
    }

    /// Calls the library as the caller, through the gate. The caller's credential is looked up first.
    pub(crate) async fn at_desk<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.in_lane(self.lane(caller), caller, work).await
    }

    /// The same for a call that may take seconds. Such calls have places of their own, so that they keep no others out.
    pub(crate) async fn at_length<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.in_lane(Lane::Long, caller, work).await
    }

    /// The queue that the caller's work stands in. A visitor who sends any credential must not stand in that of the staff.
    fn lane(&self, caller: &Caller) -> Lane {
        match caller.lane {
            Lane::Writes if !caller.may_be_staff(self.sessions()) => Lane::Offers,
            lane => lane,
        }
    }

    /// Who the caller is where the gate shares its workers out.
    pub(crate) fn client(&self, caller: &Caller) -> Client {
        caller.client(self.sessions(), &self.shared.sessions)
    }

    /// A place among those whose reads are made together, if the visitor has not taken all that one may have.
    pub(crate) fn place_in_crowd(&self, address: IpAddr) -> Option<Counted> {
        self.shared.in_crowd.admit(network_of(address), IN_CROWD_OF_ONE)
    }

    async fn in_lane<T: Send + 'static>(
        &self,
        lane: Lane,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (client, caller, dealership) = (self.client(caller), caller.clone(), self.shared.dealership.clone());
        let sessions = Arc::clone(&self.shared.sessions);
        let work = move || {
            let desk = caller.desk(&dealership, &sessions)?;
            match &caller.once {
                Some(call) => work(&desk.once(call)),
                None => work(&desk),
            }
        };
        Ok(self.shared.gate.run(lane, client, work).await??)
    }

    /// Calls the library as the public from the caller's address, whatever credential was sent.
    pub(crate) async fn as_visitor<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (client, visitor, dealership) = (self.client(caller), caller.visitor(), self.shared.dealership.clone());
        Ok(self.shared.gate.run(self.lane(caller), client, move || work(&dealership.acting_as(visitor))).await??)
    }

    /// The same for a call that may take seconds. Visitors have half of the places for such calls, and each of them one.
    pub(crate) async fn at_length_as_visitor<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = async {
            let counted = self.shared.long_of_one.place(caller.address, 1).await;
            Ok::<_, AcquireError>((counted, self.shared.long_of_visitors.acquire().await?))
        };
        let Ok(Ok(_place)) = timeout(WAIT_FOR_LONG, place).await else {
            return Err(Problem::overloaded(WAIT_FOR_LONG));
        };
        let (client, visitor, dealership) = (self.client(caller), caller.visitor(), self.shared.dealership.clone());
        Ok(self.shared.gate.run(Lane::Long, client, move || work(&dealership.acting_as(visitor))).await??)
    }

    /// A place for one photo that is read into memory. It is free again when the answer is dropped.
    ///
    /// # Errors
    /// `overloaded` where none is free for long.
    pub(crate) async fn upload_place(&self, owner: PhotoOwner, address: IpAddr) -> Result<UploadPlace<'_>, Problem> {
        let place = async {
            if matches!(owner, PhotoOwner::Vehicle(_)) {
                return Ok(UploadPlace { _counted: None, _place: self.shared.uploads.acquire().await? });
            }
            let counted = self.shared.uploading.place(address, UPLOADS_OF_ONE_VISITOR).await;
            Ok::<_, AcquireError>(UploadPlace {
                _counted: Some(counted),
                _place: self.shared.uploads_of_visitors.acquire().await?,
            })
        };
        match timeout(WAIT_FOR_UPLOADS, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Problem::overloaded(WAIT_FOR_UPLOADS)),
        }
    }

    /// The same for a call that asks a sign-in provider: few of them are under way at a time, because a provider may be slow.
    pub(crate) async fn at_provider<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(Ok(_place)) = timeout(WAIT_FOR_SIGN_INS, self.shared.sign_ins.acquire()).await else {
            return Err(Problem::overloaded(WAIT_FOR_SIGN_INS));
        };
        self.as_visitor(caller, work).await
    }

    /// Where people can sign in.
    pub(crate) fn providers(&self) -> Vec<SignInProvider> {
        self.shared.dealership.acting_as(Actor::public()).sign_in().providers()
    }

    /// How people sign in at providers, if they can.
    pub(crate) fn sign_in(&self) -> Option<&SignInConfig> {
        self.shared.dealership.config().sign_in.as_ref()
    }

    /// How sessions are signed, if people can sign in.
    pub(crate) fn sessions(&self) -> Option<&SessionConfig> {
        self.shared.dealership.config().sessions.as_ref()
    }

    /// Whether the database answers and has the right schema. It does not wait at the gate.
    pub(crate) async fn check_ready(&self) -> Result<(), Problem> {
        self.shared.readiness.check(&self.shared.dealership).await
    }
}

/// The whole API. It answers every request.
pub(crate) fn api(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let app = app.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any()
        .map(move || app.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(warp::ext::get::<Caller>())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream().map(boxed))
        .then(|app: App, method, path: warp::path::FullPath, caller, query, headers, body| async move {
            let request = Request::new(caller, path.as_str(), query, headers, body, *app.body_limits());
            routes::answer(app, method, path.as_str(), request).await
        })
        .boxed()
}

fn boxed(body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static) -> BodyStream {
    Box::pin(body.map(|chunk| chunk.map(|mut chunk| chunk.copy_to_bytes(chunk.remaining()))))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use tokio::time::sleep;
    use warp::http::HeaderMap;

    use super::*;

    #[test]
    fn one_visitor_is_a_small_part_of_the_crowd() {
        let app = App::new(Dealership::open("sqlite::memory:").unwrap(), GateLimits::default(), BodyLimits::default());
        let take = |count: usize, address: &dyn Fn(usize) -> String| -> Vec<Counted> {
            (0..count).filter_map(|number| app.place_in_crowd(address(number).parse().unwrap())).collect()
        };
        let of_one = take(500, &|_| "192.0.2.1".into());
        let of_a_site = take(500, &|subnet| format!("2001:db8:77:{subnet:x}::1"));
        let of_another = take(1, &|_| "192.0.2.2".into());
        assert_eq!([of_one.len(), of_a_site.len(), of_another.len()], [IN_CROWD_OF_ONE, 2 * IN_CROWD_OF_ONE, 1]);
        drop(of_one);
        assert_eq!(take(1, &|_| "192.0.2.1".into()).len(), 1, "a place is free again after its read");
    }

    #[tokio::test]
    async fn visitors_leave_half_of_the_places_for_long_work() {
        let limits = GateLimits { long: 2, ..GateLimits::default() };
        let app = App::new(Dealership::open("sqlite::memory:").unwrap(), limits, BodyLimits::default());
        let caller = |last: u8| Caller::of(&HeaderMap::new(), [192, 0, 2, last].into(), &[]);
        let (free, freed) = mpsc::channel::<()>();
        let (freed, begun) = (Arc::new(Mutex::new(freed)), Arc::new(AtomicUsize::new(0)));
        let visit = |last| {
            let (app, caller, freed, begun) = (app.clone(), caller(last), Arc::clone(&freed), Arc::clone(&begun));
            tokio::spawn(async move {
                let work = move |_desk: &Desk| {
                    begun.fetch_add(1, Ordering::SeqCst);
                    // It ends with the sender.
                    let _ = freed.lock().unwrap().recv();
                    Ok(())
                };
                app.at_length_as_visitor(&caller, work).await
            })
        };
        let visitors: Vec<_> = (1..4).map(visit).collect();
        while begun.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let staff = caller(9);
        let of_staff = timeout(Duration::from_secs(10), app.at_length(&staff, |_desk| Ok(7)));
        assert_eq!(of_staff.await.unwrap().unwrap(), 7);
        assert_eq!(begun.load(Ordering::SeqCst), 1, "one of two places");
        drop(free);
        for visitor in visitors {
            visitor.await.unwrap().unwrap();
        }
    }
}
