//! The alert that an analysis calls for, with its figures and a sentence for whoever reads the list of alerts.
//!
//! What is deliberately not here: when a price deserves one, which is a rule, and opening or closing it.

use serde_json::json;

use super::Analysis;
use crate::{
    alerts::{AlertType, NewAlert},
    inventory::Vehicle,
};

/// The alert about a vehicle, where the analysis calls for one.
pub(super) fn new_alert(vehicle: &Vehicle, analysis: &Analysis) -> Option<NewAlert> {
    let wanted = analysis.alert?;
    let car = format!("{} {} {}", vehicle.year, vehicle.make, vehicle.model);
    let percent = analysis.position.map(|position| position.difference_percent);
    let median = analysis.adjusted.map(|prices| prices.median);
    let price = vehicle.price.in_whole_dollars();
    let message = match (wanted.alert_type, percent, median) {
        (AlertType::Overpriced, Some(percent), Some(median)) => {
            format!("{car}: {price} is {percent:.1} % above the market's {}", median.in_whole_dollars())
        }
        (AlertType::Underpriced, Some(percent), Some(median)) => {
            format!("{car}: {price} is {:.1} % below the market's {}", -percent, median.in_whole_dollars())
        }
        _ => match analysis.sample_size {
            0 => format!("{car}: no comparable listing was found"),
            1 => format!("{car}: only one comparable listing was found"),
            several => format!("{car}: only {several} comparable listings were found"),
        },
    };
    Some(NewAlert {
        alert_type: wanted.alert_type,
        severity: wanted.severity,
        message,
        metadata: json!({
            "inventory_id": vehicle.id,
            "our_price": vehicle.price,
            "adjusted_median": median,
            "difference_percent": percent,
            "sample_size": analysis.sample_size,
        }),
        subject_id: Some(vehicle.id.into()),
    })
}
