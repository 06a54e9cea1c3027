//! Lists of competitors as columns, for data frames.

use std::ops::ControlFlow;

use super::{Competitors, repository};
use crate::{
    actor::Permission,
    columns::{ColumnBatch, ColumnRequest},
    competitors::ListingFilter,
    db::{DbConnection, columns::Take},
    error::Result,
};

impl Competitors<'_> {
    /// Streams the listings that match the filter, column by column, as the database is at one moment. The columns are the fields of
    /// [`Listing`](super::super::Listing) but the transfers. `take` may end it by breaking.
    ///
    /// A connection is held until the end. PostgreSQL's limit of a statement's time does not hold meanwhile.
    ///
    /// # Errors
    /// `forbidden`; `invalid_columns` for a name that is no column; `invalid_sort` by days on the market for sold listings and those on
    /// sale together.
    pub fn listing_columns(
        &self,
        filter: &ListingFilter,
        request: &ColumnRequest,
        take: &mut dyn FnMut(ColumnBatch) -> ControlFlow<()>,
    ) -> Result<()> {
        let now = self.desk.now();
        let rows = |conn: &mut DbConnection, take: &mut Take<'_>| {
            repository::listing_columns(conn, filter, request, now, take)
        };
        self.desk.stream(Permission::ReadCompetitors, &rows, take)
    }
}
