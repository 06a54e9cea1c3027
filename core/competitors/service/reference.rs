//! Finding a competitor or a listing by what a person typed.

use super::Competitors;
use crate::{
    actor::Permission,
    competitors::{Competitor, repository},
    error::{Error, ErrorCode, Result},
    ids::ListingId,
    typed::Reference,
};

impl Competitors<'_> {
    /// The competitor of this name, whatever its case, or of this id, or the only one whose id begins so.
    ///
    /// # Errors
    /// `competitor_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<Competitor> {
        self.desk.must(Permission::ReadCompetitors)?;
        let none = || Error::new(ErrorCode::CompetitorNotFound, "there is no such competitor");
        let reference = Reference::read(text).ok_or_else(none)?;
        let found =
            self.desk.read(Permission::ReadCompetitors, |conn| match repository::find_by_name(conn, text.trim())? {
                Some(named) => Ok(vec![named]),
                None => repository::candidates(conn, &reference),
            })?;
        reference.only(found, none, |competitor| (competitor.id.into(), competitor.name.clone()))
    }

    /// The listing of this id, VIN or stock number, or the only one of which one of them begins so.
    ///
    /// # Errors
    /// `listing_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find_listing(&self, text: &str) -> Result<ListingId> {
        self.desk.must(Permission::ReadCompetitors)?;
        let none = || Error::new(ErrorCode::ListingNotFound, "there is no such listing");
        let reference = Reference::read(text).ok_or_else(none)?;
        let found =
            self.desk.read(Permission::ReadCompetitors, |conn| repository::listing_candidates(conn, &reference))?;
        let words = |listing: &repository::NamedListing| {
            let year = listing.year.map(|year| year.to_string());
            let parts = [year.as_deref(), listing.make.as_deref(), listing.model.as_deref(), listing.vin.as_deref()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        let listing = reference.only(found, none, |listing| (listing.id.into(), words(listing)))?;
        Ok(listing.id)
    }
}
