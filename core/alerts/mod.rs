//! What asks for somebody's attention: prices out of the market, scrapes that fail, storage that fills.
//!
//! An alert is opened by the rule that sees the trouble and closed by the same rule when it is over, or dismissed by a
//! person. There is at most one open alert of a type about one thing: it is updated, not repeated. What is deliberately not
//! here: deciding that something is wrong, and telling people by mail.

mod repository;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use repository::{close, is_open, open};
pub use service::Alerts;

use crate::{activity::Audited, ids::AlertId};

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertType {
    /// A vehicle is priced above its market.
    Overpriced,
    /// A vehicle is priced below its market.
    Underpriced,
    /// Too few comparables to price a vehicle.
    NoMarketData,
    /// A competitor could not be scraped several times in a row.
    ScrapeFailing,
    /// Too many of a competitor's listings lack a price or an identity.
    ParseRateLow,
    /// A competitor's lot shrank at once.
    InventoryDropped,
    /// A competitor's lot is suddenly another one, or its vehicles are numbered anew.
    InventoryReplaced,
    /// No scrape has seen the whole of a competitor's lot for long, so that nothing is found sold there.
    InventoryIncomplete,
    /// The photo storage fills.
    StorageLimit,
}

words!(AlertType, InvalidAlertType at "/alert_type" {
    Overpriced => "overpriced",
    Underpriced => "underpriced",
    NoMarketData => "no_market_data",
    ScrapeFailing => "scrape_failing",
    ParseRateLow => "parse_rate_low",
    InventoryDropped => "inventory_dropped",
    InventoryReplaced => "inventory_replaced",
    InventoryIncomplete => "inventory_incomplete",
    StorageLimit => "storage_limit",
});

impl AlertType {
    /// Those about a vehicle's price, which an analysis opens and closes.
    pub(crate) const OF_PRICES: [Self; 3] = [Self::Overpriced, Self::Underpriced, Self::NoMarketData];
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Look at it.
    Warning,
    /// Look at it now.
    Critical,
}

words!(Severity, InvalidSeverity at "/severity" {
    Warning => "warning",
    Critical => "critical",
});

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Alert {
    /// The alert's id.
    pub id: AlertId,
    /// A word of [`AlertType`]; older applications may have written others.
    pub alert_type: String,
    /// How much it matters.
    pub severity: Severity,
    /// For a person to read.
    pub message: String,
    /// The figures behind it.
    pub metadata: Value,
    /// The vehicle or competitor that it is about.
    pub subject_id: Option<Uuid>,
    /// Whether it is over: dismissed by a person, or closed because the trouble is gone.
    pub dismissed: bool,
    /// Since when it is over.
    pub dismissed_at: Option<DateTime<Utc>>,
    /// When it was opened.
    pub created_at: Option<DateTime<Utc>>,
}

impl Audited for Alert {
    const RESOURCE: &'static str = "alerts";

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// What a rule found wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewAlert {
    pub(crate) alert_type: AlertType,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) metadata: Value,
    pub(crate) subject_id: Option<Uuid>,
}

/// Which alerts to list; the open ones by default, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertFilter {
    /// Those that are over too.
    pub with_dismissed: bool,
    /// Of this type only.
    pub alert_type: Option<AlertType>,
    /// About vehicles' prices only: overpriced, underpriced, or no market to tell by.
    pub about_prices: bool,
    /// About this vehicle or competitor only.
    pub subject_id: Option<Uuid>,
}
