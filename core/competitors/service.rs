//! The operations on competitors.

use crate::dealership::Desk;

/// The competing dealers and what stands on their lots.
#[derive(Clone, Copy, Debug)]
pub struct Competitors<'a> {
    desk: &'a Desk,
}

impl<'a> Competitors<'a> {
    pub(crate) fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }
}
