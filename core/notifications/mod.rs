//! Notifications: who is told of what has happened, by webhook and by e-mail, at least once.
//!
//! An event stands in the outbox (`crate::outbox`) from the transaction in which it happened. A worker makes of it a notification
//! for each receiver of each channel that wants it, and sends each until the receiver has taken it, or has not for too long. A
//! notification belongs to one worker at a time by a lease; one whose worker died is sent again by another. So a receiver may be
//! told twice, with the same id, and is never not told. `webhook` and `mail` are the channels, `templates` has the words, `rules`
//! says when to try again. The rows are themselves the account of what was sent; the audit trail has who asked for more.

mod config;
mod mail;
mod repository;
mod rules;
mod service;
mod templates;
mod webhook;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::config::Notifier;
pub use self::{
    config::{EmailConfig, EmailTls, NotificationConfig, NotificationRules, WebhookConfig},
    repository::figures::DigestReport,
    service::{DeliveryEvent, Notifications},
    templates::{TemplateFault, check_templates},
};
use crate::ids::{EventId, NotificationId};
pub use crate::outbox::Event;

/// How a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotificationStatus {
    /// It is to be sent, or is being sent.
    Waiting,
    /// The receiver has taken it.
    Delivered,
    /// It is not sent any more.
    GivenUp,
    /// Another release wrote a word that is none of these.
    Unknown,
}

words!(NotificationStatus, InvalidNotificationStatus at "/status" {
    Waiting => "waiting",
    Delivered => "delivered",
    GivenUp => "given_up",
} or Unknown => "unknown");

/// What one receiver of a channel is told of one event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Notification {
    /// The notification's id.
    pub id: NotificationId,
    /// The event, the same for every channel. Webhooks have it in `webhook-id`.
    pub event_id: EventId,
    /// What has happened.
    pub event: Event,
    /// The channel that is told: `email`, or the name of a webhook.
    pub channel: String,
    /// The address that a mail goes to. A webhook has none.
    pub receiver: Option<String>,
    /// How it stands.
    pub status: NotificationStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// When the event happened.
    pub raised_at: DateTime<Utc>,
    /// When it is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it was delivered or given up.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// What the receiver answered last.
    pub answer: Option<String>,
    /// The ids and figures of the event. What a customer is called is never kept here.
    pub data: Value,
}

/// Which notifications to list. By default all, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationFilter {
    /// Only notifications of this status.
    pub status: Option<NotificationStatus>,
    /// Only notifications of this channel.
    pub channel: Option<String>,
    /// Only notifications of this event.
    pub event: Option<Event>,
}

/// A channel, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Channel {
    /// Its name: `email`, or the name of a webhook.
    pub name: String,
    /// Who is told: the webhook's server, or the addresses.
    pub target: String,
    /// What it is told of.
    pub events: Vec<Event>,
    /// Since when it is off, because the receiver said that it is gone.
    pub off_since: Option<DateTime<Utc>>,
    /// What the receiver said then.
    pub off_reason: Option<String>,
    /// Notifications that wait.
    pub waiting: u64,
    /// Notifications that were given up and are still in the history.
    pub given_up: u64,
}
