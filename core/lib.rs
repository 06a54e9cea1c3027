//! Everything a car dealership must know in one place.

mod clock;
#[cfg_attr(not(test), expect(dead_code, reason = "the repository and the service that call the rules follow"))]
pub mod competitors;
mod error;
mod money;
pub mod vin;

pub use clock::Clock;
pub use error::{Error, ErrorKind, FieldError, Result};
pub use money::{InvalidMoney, Money};
pub use vin::Vin;

/// Stand-in so that this branch compiles alone; `ids.rs` takes its place.
mod ids {
    /// A competing dealer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
    pub struct CompetitorId(uuid::Uuid);
    /// A listing on a competitor's website.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
    pub struct ListingId(uuid::Uuid);
    /// One scrape of a competitor's website.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
    pub struct ScrapeId(uuid::Uuid);
}
