//! Stub.
use crate::dealership::Desk;
/// x
#[derive(Clone, Debug, Default)] pub struct TrackingRules;
/// x
#[derive(Clone, Copy, Debug)]
pub struct Competitors<'a> { #[expect(dead_code)] desk: &'a Desk }
impl<'a> Competitors<'a> { pub(crate) fn at(desk: &'a Desk) -> Self { Self { desk } } }
