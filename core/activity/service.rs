//! Reading the audit trail. Each operation writes its own entry, in its own transaction.

use super::{ActivityEntry, ActivityFilter, repository};
use crate::{
    actor::Permission,
    desk::Desk,
    error::Result,
    page::{Page, PageRequest},
};

/// The audit trail.
#[derive(Clone, Copy, Debug)]
pub struct Activity<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// The audit trail.
    #[must_use]
    pub fn activity(&self) -> Activity<'_> {
        Activity::at(self)
    }
}

impl<'a> Activity<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// The entries that match the filter, newest first.
    ///
    /// # Errors
    /// `forbidden` below the role admin; `invalid_cursor`.
    pub fn list(&self, filter: &ActivityFilter, page: &PageRequest) -> Result<Page<ActivityEntry>> {
        self.desk.read(Permission::ReadActivity, |conn| repository::list(conn, filter, page))
    }
}
