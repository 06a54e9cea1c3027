//! Everything a car dealership must know in one place.

mod clock;
mod error;
mod money;
mod scrape;
pub mod vin;

pub use clock::Clock;
pub use error::{Error, ErrorKind, FieldError, Result};
pub use money::{InvalidMoney, Money};
pub use scrape::extract;
pub use vin::Vin;
