//! What concerns receivers whom the configuration of this process does not name: notifications that wait for them, and alerts about them.
//!
//! Another process may know of a receiver already, or still. So nothing of a receiver is given up before it has been nobody's for a while.

use chrono::TimeDelta;

use super::sending::Sender;
use crate::{
    actor::Permission,
    alerts::{self, Alert, AlertType},
    db::DbConnection,
    error::Result,
    ids::NotificationId,
    leases,
    notifications::{
        Notification,
        config::{Target, is_same_address},
        repository::{self, To},
    },
};

/// So long a notification waits for a receiver whom no configuration of this process names, and an alert is about one.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// The receiver as the configuration spells it.
fn spelled<'r>(receivers: &'r [String], whom: &str) -> Option<&'r String> {
    receivers.iter().find(|receiver| is_same_address(receiver, whom))
}

impl Sender<'_> {
    /// Divides what is for all receivers, as earlier releases wrote it, gives those who are spelled otherwise their own, and gives up what
    /// has been for nobody for a while.
    pub(super) fn see_to_strays(&self, target: &Target, receivers: &[String]) -> Result<()> {
        let strays = |conn: &mut DbConnection| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let mut found = Vec::new();
            for whom in repository::awaited(conn, &target.name)? {
                if whom.as_ref().is_some_and(|whom| receivers.contains(whom)) {
                    continue;
                }
                let waiting = repository::waiting(conn, To { channel: &target.name, receiver: whom.as_deref() }, now)?;
                let is_known = whom.is_none_or(|whom| spelled(receivers, &whom).is_some());
                found.extend(waiting.into_iter().filter(|it| is_known || it.raised_at <= now - PATIENCE));
            }
            Ok((found, now))
        };
        let (found, _) = self.desk.read(Permission::SendNotifications, strays)?;
        if found.is_empty() {
            return Ok(());
        }
        self.desk.write(Permission::SendNotifications, |conn, _acting| {
            let (found, now) = strays(conn)?;
            for stray in found {
                if let Some(whom) = &stray.receiver {
                    match spelled(receivers, whom) {
                        Some(receiver) => repository::readdress(conn, stray.id, receiver)?,
                        None => repository::give_up(conn, stray.id, &format!("{whom} is not told any more"), now)?,
                    }
                    continue;
                }
                let Some((first, others)) = receivers.split_first() else { continue };
                if !repository::assign(conn, stray.id, first)? {
                    continue;
                }
                for receiver in others {
                    let receiver = Some(receiver.clone());
                    let id = NotificationId::new(now);
                    repository::insert(conn, &Notification { id, receiver, ..stray.clone() }, None)?;
                }
            }
            Ok(())
        })
    }

    /// Closes the alerts about receivers whom nobody has told anything for a while: no delivery will.
    pub(super) fn close_alerts_of_gone(&self, target: &Target, receivers: &[String]) -> Result<()> {
        let gone = |conn: &mut DbConnection| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let mut gone = Vec::new();
            for alert in alerts::open_of(conn, AlertType::NotificationsFailing)? {
                let is_old = alert.created_at.is_none_or(|opened_at| opened_at <= now - PATIENCE);
                let Some(whom) = whom(&alert, target).filter(|whom| is_old && spelled(receivers, whom).is_none())
                else {
                    continue;
                };
                let receiver = (target.name.as_str(), whom);
                if !repository::is_told_since(conn, receiver, now - PATIENCE)? {
                    gone.push(alert);
                }
            }
            Ok((gone, now))
        };
        let (found, _) = self.desk.read(Permission::SendNotifications, gone)?;
        if found.is_empty() {
            return Ok(());
        }
        self.desk.write(Permission::SendNotifications, |conn, _acting| {
            let (found, now) = gone(conn)?;
            let over = |alert: &Alert| format!("{} That address is not told any more.", alert.message);
            for subject in found.iter().filter_map(|alert| alert.subject_id) {
                alerts::close(conn, &[AlertType::NotificationsFailing], subject, &over, now)?;
            }
            Ok(())
        })
    }
}

/// The receiver of the channel whom an alert is about.
fn whom<'a>(alert: &'a Alert, target: &Target) -> Option<&'a str> {
    let is_of_channel = alert.metadata["channel"].as_str() == Some(&target.name);
    alert.metadata["receiver"].as_str().filter(|_| is_of_channel)
}
