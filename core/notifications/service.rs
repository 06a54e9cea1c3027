//! The operations on notifications. `sending` has those that send what is due, `strays` sees to what is for nobody any more.

mod sending;
mod strays;

use chrono::{DateTime, Utc};
use serde_json::{Map, json};

pub use self::sending::DeliveryEvent;
use super::{
    Channel, Event, Notification, NotificationFilter, NotificationStatus,
    config::{Notifier, Target},
    repository::{self, figures::DigestReport},
};
use crate::{
    activity::{self, Action},
    actor::Permission,
    desk::Desk,
    error::{Error, ErrorCode, Result},
    ids::{EventId, NotificationId},
    leases, outbox,
    page::{Page, PageRequest},
    typed::Reference,
};

/// The audit trail names a notification by its id.
const RESOURCE: &str = "notifications";

/// For so many addresses in turn a silent mail server is waited for while somebody waits for the answer of a test.
const MOST_UNREACHED: usize = 2;

/// What is told to whom, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Notifications<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// What is told to whom, and what came of it.
    #[must_use]
    pub fn notifications(&self) -> Notifications<'_> {
        Notifications { desk: self }
    }
}

impl<'a> Notifications<'a> {
    /// A page of notifications, newest first.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, PageRequest, notifications::NotificationFilter};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let page = desk.notifications().list(&NotificationFilter::default(), &PageRequest::first(20))?;
    /// assert!(page.items.is_empty());
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn list(&self, filter: &NotificationFilter, page: &PageRequest) -> Result<Page<Notification>> {
        self.desk.list(Permission::ReadNotifications, |conn| repository::list(conn, filter, page))
    }

    /// One notification.
    ///
    /// # Errors
    /// `notification_not_found`.
    pub fn get(&self, id: NotificationId) -> Result<Notification> {
        self.desk.read(Permission::ReadNotifications, |conn| repository::get(conn, id))
    }

    /// The notification of this id, or the only one whose id begins so.
    ///
    /// # Errors
    /// `notification_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<Notification> {
        self.desk.must(Permission::ReadNotifications)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ReadNotifications, |conn| repository::candidates(conn, &reference))?;
        reference.only(found, repository::not_found, |it| {
            (it.id.into(), format!("{} to {}", it.event, it.receiver.as_ref().unwrap_or(&it.channel)))
        })
    }

    /// The channels that are configured, and how each stands.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn channels(&self) -> Result<Vec<Channel>> {
        let notifier = self.notifier()?;
        self.desk.read(Permission::ReadNotifications, |conn| {
            let off = repository::off(conn)?;
            let waiting = repository::counts(conn, NotificationStatus::Waiting)?;
            let given_up = repository::counts(conn, NotificationStatus::GivenUp)?;
            let channels = notifier.channels.iter().map(|target| {
                let off = off.get(&target.name).filter(|off| *off.target_hash == target.hash());
                Channel {
                    name: target.name.clone(),
                    target: target.shown(),
                    events: target.events.clone(),
                    off_since: off.map(|off| off.off_since.into()),
                    off_reason: off.map(|off| off.reason.to_string()),
                    waiting: waiting.get(&target.name).copied().unwrap_or_default(),
                    given_up: given_up.get(&target.name).copied().unwrap_or_default(),
                }
            });
            Ok(channels.collect())
        })
    }

    /// Lets a worker send a notification anew, from the first try on: one that was given up, or one that the receiver has lost. A
    /// channel that was off because its receiver was gone is on again.
    ///
    /// # Errors
    /// `notification_not_found`; `notification_being_sent`; `channel_not_found` where the channel is not configured any more.
    pub fn retry(&self, id: NotificationId) -> Result<Notification> {
        let notifier = self.notifier()?;
        self.desk.write(Permission::SendNotifications, |conn, acting| {
            let before = repository::get_to_change(conn, id)?;
            // A program that sends nothing itself does not know the channels.
            if !notifier.channels.is_empty() {
                let target = target(notifier, &before.channel)?;
                if let Some(whom) = before.receiver.as_ref().filter(|whom| !target.tells(whom)) {
                    let message = format!("{whom} is not told any more: the configuration does not name it");
                    return Err(Error::new(ErrorCode::ChannelNotFound, message).into());
                }
            }
            let now = leases::shared_now(conn, self.desk.clock())?;
            if repository::is_being_sent(conn, id, now)? {
                return Err(Error::new(ErrorCode::NotificationBeingSent, "it is being sent at this moment").into());
            }
            repository::turn_on(conn, &before.channel)?;
            repository::send_again(conn, id, now)?;
            let status = json!({"from": before.status, "to": NotificationStatus::Waiting});
            let changes = Map::from_iter([("status".to_owned(), status)]);
            activity::record_changes(conn, acting, Action::Send, RESOURCE, id.into(), changes)?;
            repository::get(conn, id)
        })
    }

    /// Tells each receiver of a channel that it is being tried, now and once, and answers what came of it. That it was not taken is no
    /// error of this call. A channel that was off and takes it is on again. Where a mail server does not answer for two addresses in turn, the
    /// others are not tried.
    ///
    /// # Errors
    /// `channel_not_found`.
    pub fn test(&self, channel: &str) -> Result<Vec<Notification>> {
        let notifier = self.notifier()?;
        self.desk.must(Permission::SendNotifications)?;
        let target = target(notifier, channel)?;
        let (mut tests, mut unreached) = (Vec::new(), 0);
        for receiver in target.told() {
            let is_tried = unreached < MOST_UNREACHED;
            let holder = leases::new_holder();
            let mut test = self.begin_test(notifier, target, receiver, (&holder, is_tried))?;
            if is_tried {
                let tried = sending::Sender::new(self.desk, notifier).try_once(target, test, &holder)?;
                unreached = if tried.is_reached { 0 } else { unreached + 1 };
                test = tried.sent;
            }
            tests.push(test);
        }
        Ok(tests)
    }

    fn begin_test(
        &self,
        notifier: &Notifier,
        target: &Target,
        receiver: Option<String>,
        (holder, is_tried): (&str, bool),
    ) -> Result<Notification> {
        self.desk.write(Permission::SendNotifications, |conn, acting| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let until = sending::until(now, notifier.rules.lease);
            let notification = Notification {
                id: NotificationId::new(now),
                event_id: EventId::new(now),
                event: Event::NotificationTest,
                channel: target.name.clone(),
                receiver: receiver.clone(),
                status: if is_tried { NotificationStatus::Waiting } else { NotificationStatus::GivenUp },
                attempts: is_tried.into(),
                raised_at: now,
                next_attempt_at: is_tried.then_some(until),
                ended_at: (!is_tried).then_some(now),
                error: (!is_tried).then(|| "not tried: the server did not answer for the addresses before".to_owned()),
                answer: None,
                data: json!({}),
            };
            let lease = repository::Lease { holder, until };
            repository::insert(conn, &notification, is_tried.then_some(&lease))?;
            let changes = Map::from_iter([("channel".to_owned(), json!({"from": null, "to": target.name}))]);
            activity::record_changes(conn, acting, Action::Send, RESOURCE, notification.id.into(), changes)?;
            Ok(notification)
        })
    }

    /// Raises the event of the daily digest: how the dealership stands, and what came after the first time and up to the second, or
    /// since this time of the day before.
    pub(crate) fn raise_digest(&self, period: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Result<DigestReport> {
        let zone = self.desk.zone();
        self.desk.write(Permission::SendNotifications, |conn, acting| {
            let period = period.unwrap_or_else(|| (zone.day_before(acting.now), acting.now));
            let report = repository::figures::digest(conn, zone.day(acting.now).to_string(), period)?;
            outbox::raise(conn, Event::DigestDaily, json!(report), acting.now)?;
            Ok(report)
        })
    }

    fn notifier(&self) -> Result<&'a Notifier> {
        self.desk.part()
    }
}

fn target<'n>(notifier: &'n Notifier, name: &str) -> Result<&'n Target> {
    notifier.channels.iter().find(|target| target.name == name).ok_or_else(|| {
        let known: Vec<_> = notifier.channels.iter().map(|target| target.name.as_str()).collect();
        let known =
            if known.is_empty() { "none is configured".to_owned() } else { format!("there are {}", known.join(", ")) };
        Error::new(ErrorCode::ChannelNotFound, format!("there is no channel of this name: {known}"))
    })
}
