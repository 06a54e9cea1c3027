//! Lists of competitors as columns, for data frames.

use std::ops::ControlFlow;

use super::{Competitors, repository};
use crate::{
    actor::Permission,
    columns::{ColumnBatch, ColumnRequest, RowOrder},
    competitors::ListingFilter,
    db::{Blocks, DbConnection, Stream, columns::Take},
    error::Result,
};

impl Competitors<'_> {
    /// Streams the listings that match the filter, column by column, as the database is at one moment. The columns are the fields of
    /// [`Listing`](super::super::Listing) but the transfers. `take` may end it by breaking.
    ///
    /// A connection is held until the end. Where most of a large table is wanted in any order, PostgreSQL's is read over two, if a second
    /// one is free. PostgreSQL's limit of a statement's time does not hold meanwhile.
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
        let rows = |conn: &mut DbConnection, blocks: Blocks, take: &mut Take<'_>| {
            repository::listing_columns(conn, filter, request, blocks, now, take)
        };
        let in_any_order = request.order == RowOrder::Any && request.limit.is_none();
        let whole_table = (in_any_order && takes_most(filter)).then_some("competitor_inventory");
        self.desk.stream(Permission::ReadCompetitors, &Stream { rows: &rows, whole_table }, take)
    }
}

/// Whether the filter keeps most listings. Reading the whole table is then quicker than any index.
fn takes_most(filter: &ListingFilter) -> bool {
    *filter == ListingFilter { sold: filter.sold, sort: filter.sort, ..ListingFilter::default() }
}
