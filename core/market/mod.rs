//! Stub.
use crate::{db::{DbConnection, DbResult}, ids::VehicleId, money::Money, dealership::Desk};
use chrono::{DateTime, Utc};
/// x
#[derive(Clone, Debug, Default)] pub struct PricingRules;
/// x
#[derive(Clone, Copy, Debug)]
pub struct Market<'a> { #[expect(dead_code)] desk: &'a Desk }
impl<'a> Market<'a> { pub(crate) fn at(desk: &'a Desk) -> Self { Self { desk } } }
pub(crate) fn record_own_price(_c: &mut DbConnection, _i: VehicleId, _p: Money, _n: DateTime<Utc>) -> DbResult<()> { Ok(()) }
pub(crate) fn delete_of_vehicle(_c: &mut DbConnection, _i: VehicleId) -> DbResult<()> { Ok(()) }
