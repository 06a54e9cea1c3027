//! Who was told of what: `lot.notifications`.

use chrono::{DateTime, Utc};
use jpauto::{
    NotificationId,
    jobs::Stop,
    notifications::{self, Event, NotificationFilter},
};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    query::Query,
    record::{Document, Told as _, record},
    unicode, whole,
};

record! {
    /// What one receiver of a channel is told of one event.
    Notification of notifications::Notification {
        () {
            /// The notification's id.
            id: Uuid,
            /// The event, the same for every channel; webhooks have it in `webhook-id`.
            event_id: Uuid,
            /// What has happened, such as `submission.created`.
            event: &'static str,
            /// The channel that is told: `email`, or the name of a webhook.
            channel: String,
            /// The address that a mail goes to. A webhook has none.
            receiver: Option<String>,
            /// How it stands: `waiting`, `delivered`, `given_up` or `unknown`.
            status: &'static str,
            /// How often it was tried.
            attempts: i32,
            /// When the event happened.
            raised_at: DateTime<Utc>,
            /// When it is tried next.
            next_attempt_at: Option<DateTime<Utc>>,
            /// When it was delivered or given up.
            ended_at: Option<DateTime<Utc>>,
            /// Why the last try failed.
            error: Option<String>,
            /// What the receiver answered last.
            answer: Option<String>,
            /// The ids and figures of the event.
            data: Document,
        }
    }
}

record! {
    /// A channel, and how it stands.
    Channel of notifications::Channel {
        () {
            /// Its name: `email`, or the name of a webhook.
            name: String,
            /// Who is told: the webhook's server, or the addresses.
            target: String,
            /// What it is told of.
            events: Vec<&'static str>,
            /// Since when it is off, because the receiver said that it is gone.
            off_since: Option<DateTime<Utc>>,
            /// What the receiver said then.
            off_reason: Option<String>,
            /// Notifications that wait.
            waiting: u64,
            /// Notifications that were given up.
            given_up: u64,
        }
    }
}

/// Who was told of what.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Notifications {
    handle: Handle,
}

impl Notifications {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

#[pymethods]
impl Notifications {
    /// What was sent and what is to be, newest first.
    #[pyo3(signature = (*, status = None, channel = None, event = None, limit = None))]
    fn list(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::status)] status: Option<&str>,
        #[pyo3(from_py_with = unicode::channel)] channel: Option<String>,
        #[pyo3(from_py_with = unicode::event)] event: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = NotificationFilter::default();
        filter.status = input::optional_word(py, status)?;
        filter.channel = channel;
        filter.event = input::optional_word::<Event>(py, event)?;
        let list = move |desk: &jpauto::Desk, page: &jpauto::PageRequest| desk.notifications().list(&filter, page);
        Ok(Query::of::<Notification, _>(&self.handle, limit, list))
    }

    /// One notification. Raises `NotFound` (`notification_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Notification> {
        let id = NotificationId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.notifications().get(id)).map(Notification::told)
    }

    /// The notification of this id, or the only one whose id begins so.
    ///
    /// Raises `NotFound` (`notification_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Notification> {
        self.handle.run(py, |desk| desk.notifications().find(text)).map(Notification::told)
    }

    /// The channels that are configured, and how each stands.
    fn channels(&self, py: Python<'_>) -> PyResult<Vec<Channel>> {
        let channels = self.handle.run(py, |desk| desk.notifications().channels())?;
        Ok(channels.into_iter().map(Channel::told).collect())
    }

    /// Has a worker send a notification anew, from the first try on.
    ///
    /// Raises `NotFound` (`notification_not_found`, `channel_not_found`), `Conflict` (`notification_being_sent`).
    fn retry(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Notification> {
        let id = NotificationId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.notifications().retry(id)).map(Notification::told)
    }

    /// Tells each receiver of a channel now that it is being tried. That it was not taken raises nothing: see `status` and `error`.
    ///
    /// Raises `NotFound` (`channel_not_found`).
    fn test(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::channel)] channel: &str,
    ) -> PyResult<Vec<Notification>> {
        let sent = self.handle.run(py, |desk| desk.notifications().test(channel))?;
        Ok(sent.into_iter().map(Notification::told).collect())
    }

    /// Sends what is due now, and returns how many notifications were tried.
    fn deliver_due(&self, py: Python<'_>) -> PyResult<usize> {
        self.handle.run(py, |desk| desk.notifications().deliver_due(&Stop::default(), &mut |_| {}))
    }
}
