//! The words of price alerts: what an open alert says, and what it says once it is over.
//!
//! When a price calls for one is decided in `pricing/price_alert.rs`.

use serde_json::json;

use super::{Analysis, Reason, Recommendation};
use crate::{
    Money,
    alerts::{Alert, AlertType, NewAlert},
    inventory::Vehicle,
};

/// The alert about a vehicle, where the analysis calls for one.
pub(super) fn new_alert(vehicle: &Vehicle, analysis: &Analysis) -> Option<NewAlert> {
    let wanted = analysis.alert?;
    let car = name(vehicle);
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
    let is_of_price = wanted.alert_type != AlertType::NoMarketData;
    let message = match analysis.reasons.iter().find(|reason| matches!(reason, Reason::BeyondComparables { .. })) {
        Some(Reason::BeyondComparables { miles }) if is_of_price => {
            let word = if *miles < 0 { "more" } else { "fewer" };
            format!("{message}, though every comparable has far {word} miles")
        }
        _ => message,
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

/// The message of an alert that is over: what it said, in the past tense, and why it is over.
pub(super) fn ended(alert: &Alert, vehicle: &Vehicle, why: &str) -> String {
    let amount = |field: &str| serde_json::from_value::<Money>(alert.metadata.get(field)?.clone()).ok();
    let percent = alert.metadata.get("difference_percent").and_then(serde_json::Value::as_f64);
    let was = match (amount("our_price"), percent, amount("adjusted_median")) {
        (Some(price), Some(percent), Some(median)) => format!(
            "{}: {} was {:.1} % {} the market's {}",
            name(vehicle),
            price.in_whole_dollars(),
            percent.abs(),
            if percent > 0.0 { "above" } else { "below" },
            median.in_whole_dollars()
        ),
        _ => alert.message.clone(),
    };
    format!("{was}; {why}")
}

/// Why an analysis closes an alert, as the end of that sentence.
pub(super) fn what_holds_now(alert: &Alert, vehicle: &Vehicle, analysis: &Analysis) -> String {
    let of_data = alert.alert_type == AlertType::NoMarketData.as_str();
    let price = vehicle.price.in_whole_dollars();
    match (analysis.recommendation, analysis.position, analysis.adjusted) {
        (Some(Recommendation::InsufficientData), ..) => "now too few comparables tell what the market asks".to_owned(),
        _ if of_data => format!("now there are {}", analysis.sample_size),
        (Some(Recommendation::Competitive), Some(position), Some(prices)) => format!(
            "now {price} is within the market: {:+.1} % from {}",
            position.difference_percent,
            prices.median.in_whole_dollars()
        ),
        (Some(_), Some(position), Some(prices)) => format!(
            "now {price} is {:.1} % {} the market's {}",
            position.difference_percent.abs(),
            if position.difference_percent > 0.0 { "above" } else { "below" },
            prices.median.in_whole_dollars()
        ),
        _ => "now it has no price to compare".to_owned(),
    }
}

fn name(vehicle: &Vehicle) -> String {
    let number = vehicle.stock_number.as_ref().map(|number| format!(" ({number})")).unwrap_or_default();
    format!("{} {} {}{number}", vehicle.year, vehicle.make, vehicle.model)
}
