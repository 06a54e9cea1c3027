//! What goes on when its request is answered: runs of jobs, and streams of their events.
//!
//! Runs have a bounded number of threads of their own and no place at the gate. A stream looks at its run through the gate, for the
//! moment that this takes, and waits outside.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures_util::{Stream, stream::unfold};
use jpauto::{
    ErrorCode, RunId,
    jobs::{Run, RunPool, RunProgress},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::spawn_blocking,
    time::sleep,
};
use warp::sse::Event;

use crate::{
    app::App,
    caller::Caller,
    client_connections::{ClientConnections, Counted},
    problem::Problem,
};

/// How many runs the server makes in the background, and how many clients follow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunLimits {
    /// Runs at a time (4). More are refused.
    pub at_once: usize,
    /// Streams of events at a time (64). More are refused.
    pub streams: usize,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self { at_once: 4, streams: 64 }
    }
}

/// Imports at a time. Each may hold the largest file.
const IMPORTS: usize = 4;

/// How often a stream looks at its run.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Streams of one client at a time. An office behind one address has a few people.
const STREAMS_OF_ONE_CLIENT: usize = 16;

/// How long a client waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// The threads of runs and the places of streams.
pub(crate) struct Background {
    pool: RunPool,
    imports: RunPool,
    streams: Arc<Semaphore>,
    /// Who has how many of them.
    followers: ClientConnections,
    ended: watch::Sender<bool>,
}

impl Background {
    pub(crate) fn new(limits: RunLimits) -> Self {
        let streams = limits.streams.min(Semaphore::MAX_PERMITS);
        Self {
            pool: RunPool::new(limits.at_once),
            imports: RunPool::new(IMPORTS),
            streams: Arc::new(Semaphore::new(streams)),
            followers: ClientConnections::default(),
            ended: watch::Sender::new(false),
        }
    }

    pub(crate) fn pool(&self) -> RunPool {
        self.pool.clone()
    }

    /// Where imports are made, beside the other runs: nobody waits for a scrape to import a file.
    pub(crate) fn imports(&self) -> RunPool {
        self.imports.clone()
    }

    /// Ends the streams at once, and the runs: those that do not finish in time are interrupted.
    pub(crate) async fn end(&self, patience: Duration) {
        self.ended.send_replace(true);
        let ends = [self.pool(), self.imports()].map(|pool| spawn_blocking(move || pool.shut_down(patience)));
        for end in ends {
            match end.await {
                Ok(shut) if shut.interrupted > 0 => tracing::warn!(runs = shut.interrupted, "runs were interrupted"),
                Ok(_) => {}
                Err(reason) => tracing::error!(%reason, "the runs could not be ended"),
            }
        }
    }

    /// The events of a run from now on.
    ///
    /// # Errors
    /// `streams_full`.
    pub(crate) fn events(
        &self,
        app: App,
        caller: Caller,
        run: Run,
    ) -> Result<impl Stream<Item = Result<Event, Infallible>> + Send + 'static, Problem> {
        let full = || Problem::new(ErrorCode::StreamsFull, "the events of as many runs are sent as may be at a time");
        let counted = self.followers.admit(caller.address, STREAMS_OF_ONE_CLIENT).ok_or_else(full)?;
        let place = Arc::clone(&self.streams).try_acquire_owned().map_err(|_full| full())?;
        let following = Following {
            app,
            caller,
            id: run.id,
            seen: Some(run),
            told: None,
            is_over: false,
            ended: self.ended.subscribe(),
            _place: (counted, place),
        };
        Ok(unfold(following, |mut following| async move {
            let event = following.next().await?;
            Some((Ok(event), following))
        }))
    }
}

/// A client that follows a run.
struct Following {
    app: App,
    caller: Caller,
    id: RunId,
    /// The run as it was seen when the client asked.
    seen: Option<Run>,
    /// The progress that the client was told last.
    told: Option<Option<RunProgress>>,
    is_over: bool,
    ended: watch::Receiver<bool>,
    _place: (Counted, OwnedSemaphorePermit),
}

impl Following {
    /// Waits for the next event. `None` after the end.
    async fn next(&mut self) -> Option<Event> {
        while !self.is_over {
            let run = match self.seen.take() {
                Some(run) => run,
                None => self.look().await?,
            };
            if !run.is_running() {
                self.is_over = true;
                return event(END, &run);
            }
            if self.told.as_ref() != Some(&run.progress) {
                self.told = Some(run.progress.clone());
                return event("progress", &run);
            }
        }
        None
    }

    /// The run a moment later. `None` when the server ends, or when the client may not see the run any more.
    async fn look(&mut self) -> Option<Run> {
        loop {
            if *self.ended.borrow() {
                return None;
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = self.ended.changed() => return None,
            }
            let id = self.id;
            match self.app.at_desk(&self.caller, move |desk| desk.jobs().get(id)).await {
                Ok(run) => return Some(run),
                // The server or the database is busy.
                Err(problem) if problem.code.kind().is_transient() => {}
                Err(problem) => {
                    tracing::debug!(code = %problem.code, "a stream of events has ended");
                    return None;
                }
            }
        }
    }
}

/// The name of the last event, and its id: a browser asks again after it, and names it then.
pub(crate) const END: &str = "end";

fn event(name: &str, run: &Run) -> Option<Event> {
    let event = Event::default().event(name).retry(RETRY);
    let event = if name == END { event.id(END) } else { event };
    event.json_data(run).ok()
}
