//! Sending what is due: events out of the outbox to their channels, and each notification to its receiver.
//!
//! A try is counted and leased in a transaction, made outside of any, and written down in a second one. A process that dies in
//! between leaves a notification whose lease ends: it is sent again. Channels take turns, so that one that does not answer keeps
//! the others waiting for one timeout at most. A receiver for whom a try has failed comes after the others of the channel.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Notifications;
use crate::{
    actor::Permission,
    alerts::{self, AlertType, NewAlert, Severity},
    db::{DbConnection, DbResult, Instant},
    desk::Desk,
    error::{Error, ErrorKind, Result},
    exports::ExportConfig,
    ids::{NotificationId, SubmissionId},
    leases,
    notifications::{
        Event, Notification, NotificationStatus,
        config::{Notifier, Target, Way},
        mail, repository,
        rules::{self, Attempt, Takeable, Verdict},
        templates::Content,
        webhook,
    },
    outbox::{self, Raised},
    scrape::fetch::Stop,
};

/// Events that are taken out of the outbox in one transaction.
const EVENTS_AT_ONCE: i64 = 200;

/// What happens while notifications are sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeliveryEvent<'a> {
    /// A notification was tried; it says what came of it.
    Tried(&'a Notification),
    /// What is due could not be found out or written down. It is tried again.
    Failed(&'a Error),
}

/// Until when a lease of this length lasts.
pub(super) fn until(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX / 2)
}

impl Notifications<'_> {
    /// Sends what is due now, each receiver of each channel in turn, and answers how many notifications were tried. A receiver who does
    /// not take one is left until the next call, and so is a whole channel that does not answer. Any number of processes may do this at once: none sends what another is sending.
    ///
    /// # Errors
    /// `forbidden`; as any write.
    pub fn deliver_due(&self, stop: &Stop, observer: &mut dyn FnMut(DeliveryEvent<'_>)) -> Result<usize> {
        let notifier = self.notifier()?;
        self.desk.must(Permission::SendNotifications)?;
        let sender = Sender::new(self.desk, notifier);
        sender.assign()?;
        // Those for whom a try has failed wait until the others have what is due to them.
        let (mut failing, others): (Vec<_>, Vec<_>) = sender.lines()?.into_iter().partition(|line| line.has_failed);
        // One of several may be why the others were not tried again.
        fastrand::shuffle(&mut failing);
        let (mut tried, mut unreached) = (0, HashSet::new());
        for mut lines in [others, failing] {
            while !lines.is_empty() && !stop.is_asked() {
                let mut answering = Vec::with_capacity(lines.len());
                for line in lines {
                    if stop.is_asked() {
                        break;
                    }
                    if unreached.contains(&line.target.name) {
                        continue;
                    }
                    let holder = leases::new_holder();
                    let Some(claimed) = sender.claim(&line, &holder)? else { continue };
                    let Tried { sent, is_reached } = sender.try_once(line.target, claimed, &holder)?;
                    tried += 1;
                    if !is_reached {
                        unreached.insert(&line.target.name);
                    }
                    if sent.status == NotificationStatus::Delivered {
                        answering.push(line);
                    }
                    observer(DeliveryEvent::Tried(&sent));
                }
                lines = answering;
            }
        }
        Ok(tried)
    }

    /// Sends what is due until the stop is asked for. Where the database does not answer, it goes on.
    ///
    /// # Errors
    /// `forbidden`, and other errors that do not pass by themselves.
    pub fn work(&self, stop: &Stop, observer: &mut dyn FnMut(DeliveryEvent<'_>)) -> Result<()> {
        self.desk.must(Permission::SendNotifications)?;
        let pause = self.notifier()?.rules.look_every;
        while !stop.is_asked() {
            match self.deliver_due(stop, observer) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Internal) => {
                    tracing::warn!(%error, "notifications could not be sent");
                    observer(DeliveryEvent::Failed(&error));
                }
                Err(error) => return Err(error),
            }
            stop.sleep(pause);
        }
        Ok(())
    }
}

/// One receiver of a channel.
struct Line<'n> {
    target: &'n Target,
    receiver: Option<String>,
    /// Whether something waits for the receiver that was tried in vain.
    has_failed: bool,
}

/// A notification after a try, and whether the channel answered at all.
pub(super) struct Tried {
    pub(super) sent: Notification,
    pub(super) is_reached: bool,
}

/// Sends for one process.
pub(super) struct Sender<'a> {
    pub(super) desk: Desk,
    notifier: &'a Notifier,
}

impl<'a> Sender<'a> {
    /// The program itself keeps account, whoever has asked it to send.
    pub(super) fn new(desk: &Desk, notifier: &'a Notifier) -> Self {
        Self { desk: desk.of_the_machine(), notifier }
    }

    /// Makes of each event in the outbox a notification for every channel that wants it.
    fn assign(&self) -> Result<()> {
        loop {
            let takeable = self.desk.read(Permission::SendNotifications, |conn| {
                let (alerts, others) = outbox::oldest(conn, Event::AlertCritical)?;
                let now = leases::shared_now(conn, self.desk.clock())?;
                Ok(rules::takeable(&self.notifier.rules, alerts, others, now))
            })?;
            let but = match takeable {
                Takeable::Nothing => return Ok(()),
                Takeable::AllButAlerts => Some(Event::AlertCritical),
                Takeable::All => None,
            };
            let taken = self.desk.write(Permission::SendNotifications, |conn, _acting| {
                let raised = outbox::take(conn, but, EVENTS_AT_ONCE)?;
                let taken = raised.len();
                let now = leases::shared_now(conn, self.desk.clock())?;
                self.insert_all(conn, &rules::gathered(raised), now)?;
                Ok(taken)
            })?;
            // Less than there may be at once: the rest is another process's at this moment.
            if i64::try_from(taken).is_ok_and(|taken| taken < EVENTS_AT_ONCE) {
                return Ok(());
            }
        }
    }

    fn insert_all(&self, conn: &mut DbConnection, events: &[Raised], now: DateTime<Utc>) -> DbResult<()> {
        let off = repository::off(conn)?;
        for target in &self.notifier.channels {
            let off = off.get(&target.name).filter(|off| *off.target_hash == target.hash());
            let wanted = events.iter().filter(|raised| target.events.contains(&raised.event));
            let told = target.told();
            for (raised, receiver) in wanted.flat_map(|raised| told.iter().map(move |receiver| (raised, receiver))) {
                let waits = off.is_none();
                let notification = Notification {
                    id: NotificationId::new(now),
                    event_id: raised.id,
                    event: raised.event,
                    channel: target.name.clone(),
                    receiver: receiver.clone(),
                    status: if waits { NotificationStatus::Waiting } else { NotificationStatus::GivenUp },
                    attempts: 0,
                    raised_at: raised.raised_at,
                    next_attempt_at: waits.then_some(now),
                    ended_at: (!waits).then_some(now),
                    error: off.map(|off| format!("the channel is off: {}", &*off.reason)),
                    answer: None,
                    data: raised.data.clone(),
                };
                repository::insert(conn, &notification, None)?;
            }
        }
        Ok(())
    }

    /// The receivers of all channels. What waits for others was written before the configuration changed, and is seen to first.
    fn lines(&self) -> Result<Vec<Line<'a>>> {
        let mut lines = Vec::new();
        for target in &self.notifier.channels {
            let receivers = target.receivers();
            if !receivers.is_empty() {
                self.see_to_strays(target, &receivers)?;
                self.close_alerts_of_gone(target, &receivers)?;
            }
            let failed = self
                .desk
                .read(Permission::SendNotifications, |conn| repository::receivers_that_failed(conn, &target.name))?;
            let has_failed = |receiver: &Option<String>| receiver.as_ref().is_some_and(|it| failed.contains(it));
            let told = target.told().into_iter();
            lines.extend(told.map(|receiver| Line { target, has_failed: has_failed(&receiver), receiver }));
        }
        Ok(lines)
    }

    /// Takes what has been due for longest, if the database has something for this receiver.
    fn claim(&self, line: &Line<'_>, holder: &str) -> Result<Option<Notification>> {
        let to = repository::To { channel: &line.target.name, receiver: line.receiver.as_deref() };
        let is_due = self.desk.read(Permission::SendNotifications, |conn| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            repository::is_due(conn, to, now)
        })?;
        if !is_due {
            return Ok(None);
        }
        self.desk.write(Permission::SendNotifications, |conn, _acting| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let lease = repository::Lease { holder, until: until(now, self.notifier.rules.lease) };
            repository::claim(conn, to, &lease, now)
        })
    }

    /// Tries a notification that the holder has, and writes down what came of it.
    pub(super) fn try_once(&self, target: &Target, claimed: Notification, holder: &str) -> Result<Tried> {
        let attempt = self.attempt(target, &claimed)?;
        let is_reached = !matches!(attempt, Attempt::Unreached { .. });
        let spread = f64::from(fastrand::u16(..)) / f64::from(u16::MAX);
        self.desk.write(Permission::SendNotifications, |conn, _acting| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let sent = self.after(&claimed, &attempt, spread, now);
            // Another has it by now where the lease has ended; that one writes.
            if repository::note_attempt(conn, &sent, holder)? {
                self.judge_channel(conn, target, &sent, &attempt, now)?;
            }
            Ok(Tried { sent, is_reached })
        })
    }

    /// Sends once.
    fn attempt(&self, target: &Target, claimed: &Notification) -> Result<Attempt> {
        let contact = if target.include_contact { self.contact(claimed)? } else { None };
        let data = rules::told(claimed.event, &claimed.data, contact);
        let (timeout, now) = (self.notifier.rules.timeout, self.desk.now());
        Ok(match &target.way {
            Way::Webhook { url, keys, allow_private_network } => {
                let message = webhook::Message {
                    event_id: claimed.event_id,
                    event: claimed.event,
                    raised_at: claimed.raised_at,
                    data: &data,
                };
                webhook::send((url, keys, *allow_private_network), &message, timeout, now)
            }
            Way::Email(way) => {
                let dealership = self.desk.rules::<ExportConfig>().dealership.name.as_deref();
                let raised_at = claimed.raised_at.format("%Y-%m-%d %H:%M UTC").to_string();
                let content = Content { event: claimed.event, raised_at, dealership, data: &data };
                let (receiver, words) = (claimed.receiver.as_deref(), self.notifier.templates.words(&content));
                mail::send(way, receiver.unwrap_or_default(), claimed.event_id, words, timeout, now)
            }
        })
    }

    /// How the customer of an offer is reached, as the offer says now. It is kept nowhere else.
    fn contact(&self, claimed: &Notification) -> Result<Option<Value>> {
        if claimed.event != Event::SubmissionCreated {
            return Ok(None);
        }
        let id: Option<SubmissionId> = claimed.data["submission_id"].as_str().and_then(|id| id.parse().ok());
        let Some(id) = id else { return Ok(None) };
        match self.desk.submissions().get(id) {
            Ok(submission) => Ok(Some(rules::contact(Some(&submission)))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Some(rules::contact(None))),
            Err(error) => Err(error),
        }
    }

    fn after(&self, claimed: &Notification, attempt: &Attempt, spread: f64, now: DateTime<Utc>) -> Notification {
        // A test is tried once: somebody waits for the answer.
        let attempts = match claimed.event {
            Event::NotificationTest => u32::MAX,
            _ => u32::try_from(claimed.attempts).unwrap_or_default(),
        };
        let verdict = rules::judge(&self.notifier.rules, attempt, attempts, spread, now);
        let (error, answer) = match attempt {
            Attempt::Taken { answer } => (None, Some(answer.clone())),
            Attempt::Later { error, .. }
            | Attempt::Unreached { error }
            | Attempt::Never { error }
            | Attempt::Gone { error } => (Some(error.clone()), None),
        };
        let (status, next_attempt_at) = match verdict {
            Verdict::Delivered => (NotificationStatus::Delivered, None),
            Verdict::TryAgain(time) => (NotificationStatus::Waiting, Some(time)),
            Verdict::GivenUp => (NotificationStatus::GivenUp, None),
        };
        let ended_at = next_attempt_at.is_none().then_some(now);
        Notification { status, next_attempt_at, ended_at, error, answer, ..claimed.clone() }
    }

    /// Opens the alert of a receiver who does not take what is told, closes it when that is over, and turns a channel off whose receiver
    /// is gone.
    fn judge_channel(
        &self,
        conn: &mut DbConnection,
        target: &Target,
        sent: &Notification,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> DbResult<()> {
        let whom = sent.receiver.as_deref();
        if sent.status == NotificationStatus::Delivered {
            repository::turn_on(conn, &target.name)?;
            let over = |alert: &alerts::Alert| format!("{} That is over.", alert.message);
            // That of the whole channel is of an earlier release.
            for subject in [subject(&target.name, whom), subject(&target.name, None)] {
                alerts::close(conn, &[AlertType::NotificationsFailing], subject, &over, now)?;
            }
            return Ok(());
        }
        let error = sent.error.as_deref().unwrap_or_default();
        if let Attempt::Gone { .. } = attempt {
            let (name, reason) = (target.name.clone(), error.to_owned());
            let off = repository::Off {
                name: name.into(),
                target_hash: target.hash().into(),
                off_since: Instant(now),
                reason: reason.into(),
            };
            repository::turn_off(conn, &off)?;
            repository::give_up_all(conn, &target.name, &format!("the channel is off: {error}"), now)?;
        }
        // Somebody looks at the answer of a test already.
        if sent.status != NotificationStatus::GivenUp || sent.event == Event::NotificationTest {
            return Ok(());
        }
        let alert = NewAlert {
            alert_type: AlertType::NotificationsFailing,
            severity: Severity::Warning,
            message: match whom {
                Some(whom) => format!("{whom} was not told of {} by e-mail: {error}.", sent.event),
                None => format!("The channel {} was not told of {}: {error}.", target.name, sent.event),
            },
            metadata: json!({"channel": target.name, "receiver": whom, "event": sent.event, "error": error}),
            subject_id: Some(subject(&target.name, whom)),
        };
        alerts::open(conn, &alert, now)
    }
}

/// The subject of a receiver's alert: made of the names, in place of an id.
fn subject(channel: &str, receiver: Option<&str>) -> Uuid {
    // An address is one however it is spelled.
    let of_receiver = receiver.map(|receiver| format!(" to {}", receiver.to_lowercase())).unwrap_or_default();
    let hash = crate::secret::sha256(format!("notification channel {channel}{of_receiver}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
