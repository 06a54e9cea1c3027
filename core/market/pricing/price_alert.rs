//! When a price calls for an alert, and how urgent it is. Its words are in `market/alert_message.rs`.

use serde::{Deserialize, Serialize};

use super::{
    config::PricingRules,
    reasons::Reason,
    recommendation::{Recommendation, difference, exceeds, recommend},
};
use crate::{
    Money,
    alerts::{AlertType, Severity},
};

/// The alert that should be open for the vehicle now. Any other alert about its price should be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WantedAlert {
    /// What about.
    pub alert_type: AlertType,
    /// How urgent.
    pub severity: Severity,
}

/// The alert that should be open: none while the price is competitive or absent, `no_market_data` without a median.
#[must_use]
pub fn wanted_alert(price: Option<Money>, median: Option<Money>, rules: &PricingRules) -> Option<WantedAlert> {
    let Some(median) = median else {
        return Some(WantedAlert { alert_type: AlertType::NoMarketData, severity: Severity::Warning });
    };
    let price = price?;
    let alert_type = match recommend(price, median, rules) {
        Recommendation::High => AlertType::Overpriced,
        Recommendation::Low => AlertType::Underpriced,
        Recommendation::Competitive | Recommendation::InsufficientData => return None,
    };
    let critical = exceeds(difference(price, median).abs(), median, rules.critical_basis_points);
    let severity = if critical { Severity::Critical } else { Severity::Warning };
    Some(WantedAlert { alert_type, severity })
}

/// The alert as far as the comparison supports it.
///
/// A branded title compared with clean ones alone supports none. Where no comparable's mileage comes near the subject's, the
/// alert is not critical.
pub(super) fn supported(alert: WantedAlert, reasons: &[Reason]) -> Option<WantedAlert> {
    if alert.alert_type == AlertType::NoMarketData {
        return Some(alert);
    }
    if reasons.iter().any(|reason| matches!(reason, Reason::BrandedTitle { branded: 0, .. })) {
        return None;
    }
    let is_beyond = reasons.iter().any(|reason| matches!(reason, Reason::BeyondComparables { .. }));
    Some(WantedAlert { severity: if is_beyond { Severity::Warning } else { alert.severity }, ..alert })
}
