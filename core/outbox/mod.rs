//! The outbox: what has happened that somebody may want to be told of, written in the transaction in which it happens.
//!
//! Any room raises an event by [`raise`]; what is not written with its cause has not happened, and what is written is not lost.
//! Here is nothing about who is told: `notifications` takes the rows out and knows the channels. The data of an event are ids and
//! figures, never what a customer is called or how a customer is reached.

mod repository;

use chrono::{DateTime, Utc};
pub(crate) use repository::{oldest, raise, take};
use serde::Serialize;
use serde_json::Value;

use crate::ids::EventId;

/// Something that somebody may want to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Event {
    /// A customer offers a car.
    #[serde(rename = "submission.created")]
    SubmissionCreated,
    /// Alerts were opened that want a look now.
    #[serde(rename = "alert.critical")]
    AlertCritical,
    /// A job failed that had not failed before.
    #[serde(rename = "job.failed")]
    JobFailed,
    /// A feed was held back, because it would have lost many vehicles.
    #[serde(rename = "export.held_back")]
    ExportHeldBack,
    /// The photo storage is almost full.
    #[serde(rename = "storage.alert")]
    StorageAlert,
    /// How the dealership stands, once a day.
    #[serde(rename = "digest.daily")]
    DigestDaily,
    /// Somebody tries a channel.
    #[serde(rename = "notification.test")]
    NotificationTest,
    /// Another release has raised it.
    #[serde(skip_deserializing, rename = "unknown")]
    Unknown,
}

words!(Event, InvalidNotificationEvent at "/event" {
    SubmissionCreated => "submission.created",
    AlertCritical => "alert.critical",
    JobFailed => "job.failed",
    ExportHeldBack => "export.held_back",
    StorageAlert => "storage.alert",
    DigestDaily => "digest.daily",
    NotificationTest => "notification.test",
} or Unknown => "unknown");

/// An event that nobody was told of yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raised {
    pub(crate) id: EventId,
    pub(crate) event: Event,
    pub(crate) data: Value,
    pub(crate) raised_at: DateTime<Utc>,
}
