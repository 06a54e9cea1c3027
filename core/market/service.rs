//! The operations on market research.

use crate::dealership::Desk;

/// What the market says of the dealership's vehicles.
#[derive(Clone, Copy, Debug)]
pub struct Market<'a> {
    desk: &'a Desk,
}

impl<'a> Market<'a> {
    pub(crate) fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }
}
