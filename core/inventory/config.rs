//! The numbers of the inventory's rules.

use super::VehicleLimits;
use crate::error::{ErrorCode, Faults, Result};

/// The numbers of the inventory's rules.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InventoryRules {
    /// The limits of a vehicle's fields.
    pub limits: VehicleLimits,
    /// The last day of each age bucket except the open one: 30, 60, 90 makes 0-30, 31-60, 61-90 and 91+.
    pub age_bounds: Vec<i64>,
    /// The days within which a vehicle should be sold (45).
    pub turn_days: i64,
    /// A vehicle is aged after this many times `turn_days` (1.5).
    pub aged_factor: f64,
    /// The days for which a sale can be undone (7).
    pub undo_sale_days: i64,
}

impl Default for InventoryRules {
    fn default() -> Self {
        Self {
            limits: VehicleLimits::default(),
            age_bounds: vec![30, 60, 90],
            turn_days: 45,
            aged_factor: 1.5,
            undo_sale_days: 7,
        }
    }
}

impl InventoryRules {
    /// The rules, if each number is one that they can be applied with.
    ///
    /// ```
    /// let mut rules = jpauto::InventoryRules::default();
    /// rules.turn_days = -4;
    /// assert_eq!(rules.checked().unwrap_err().fields()[0].pointer, "/inventory/turn_days");
    /// ```
    ///
    /// # Errors
    /// `invalid_inventory_rules`, naming each number that is none.
    pub fn checked(self) -> Result<Self> {
        let mut faults = Faults::default();
        let ascend = self.age_bounds.first().is_none_or(|first| *first >= 0)
            && self.age_bounds.windows(2).all(|pair| pair[0] < pair[1]);
        faults.check(ascend, "/inventory/age_bounds", "expected days of zero or more that ascend");
        faults.check(self.turn_days > 0, "/inventory/turn_days", "expected one day or more");
        let is_factor = self.aged_factor.is_finite() && self.aged_factor >= 1.0;
        faults.check(is_factor, "/inventory/aged_factor", "expected 1 or more");
        faults.check(self.undo_sale_days >= 0, "/inventory/undo_sale_days", "expected zero days or more");
        faults.into_result(ErrorCode::InvalidInventoryRules)?;
        Ok(self)
    }
}
