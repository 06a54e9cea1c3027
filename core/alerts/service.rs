//! The operations on alerts.

use super::{Alert, AlertFilter, repository};
use crate::{
    activity::{self, Action},
    actor::Permission,
    desk::Desk,
    error::Result,
    ids::AlertId,
    page::{Page, PageRequest},
    typed::Reference,
};

/// The alerts.
#[derive(Clone, Copy, Debug)]
pub struct Alerts<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// The alerts.
    #[must_use]
    pub fn alerts(&self) -> Alerts<'_> {
        Alerts::at(self)
    }
}

impl<'a> Alerts<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// A page of alerts, newest first.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn list(&self, filter: &AlertFilter, page: &PageRequest) -> Result<Page<Alert>> {
        self.desk.list(Permission::ReadAlerts, |conn| repository::list(conn, filter, page))
    }

    /// The alert of this id, or the only one whose id begins so.
    ///
    /// # Errors
    /// `alert_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<Alert> {
        self.desk.must(Permission::ReadAlerts)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ReadAlerts, |conn| repository::candidates(conn, &reference))?;
        reference.only(found, repository::not_found, |alert| (alert.id.into(), alert.message.clone()))
    }

    /// Closes an alert. One that is closed already stays as it is.
    ///
    /// # Errors
    /// `alert_not_found`.
    pub fn dismiss(&self, id: AlertId) -> Result<Alert> {
        self.desk.write(Permission::DismissAlerts, |conn, acting| {
            let before = repository::get(conn, id)?;
            if before.dismissed {
                return Ok(before);
            }
            repository::dismiss(conn, id, acting.now)?;
            let after = Alert { dismissed: true, dismissed_at: Some(acting.now), ..before.clone() };
            activity::record(conn, acting, Action::Update, Some(&before), Some(&after))?;
            repository::get(conn, id)
        })
    }
}
