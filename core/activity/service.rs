//! Reading the audit trail. Each operation writes its own entry, in its own transaction.

use uuid::Uuid;

use super::{ActivityEntry, ActivityFilter, repository};
use crate::{
    actor::Permission,
    desk::Desk,
    error::{Error, ErrorCode, Result},
    page::{Page, PageRequest},
    typed::Reference,
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
        self.desk.list(Permission::ReadActivity, |conn| repository::list(conn, filter, page))
    }

    /// The id of the row that entries are about, by its beginning. A whole id is taken as it is.
    ///
    /// # Errors
    /// `activity_not_found` if no entry is about such a row; `ambiguous_reference`; `forbidden` below the role admin.
    pub fn find_resource(&self, text: &str) -> Result<Uuid> {
        self.desk.must(Permission::ReadActivity)?;
        let none = || Error::new(ErrorCode::ActivityNotFound, "no entry is about a row with such an id");
        let reference = Reference::read(text).ok_or_else(none)?;
        if let Some(id) = reference.id() {
            return Ok(id);
        }
        let found = self.desk.read(Permission::ReadActivity, |conn| repository::resources(conn, &reference))?;
        reference.only(found, none, |id| (*id, "a row of the audit trail".to_owned()))
    }
}
