//! Alerts: prices out of the market, scrapes that fail, storage that fills.
//!
//! The rule that sees the trouble opens the alert. The same rule closes it when the trouble is over, or a person dismisses
//! it. There is at most one open alert of a type about one thing; it is updated, not repeated. People are told of what is
//! critical when it is opened or becomes so. The rules are with their nouns.

mod repository;
mod service;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use repository::{
    close, close_about_nothing, end, is_open, is_put_away, newest_about_nothing, open, open_of, subjects_of_open,
};
pub use service::Alerts;

use crate::{activity::Audited, ids::AlertId, outbox::Event};

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// Too many of a competitor's listings have no price or no identity.
    ParseRateLow,
    /// Much of a competitor's lot disappeared at once.
    InventoryDropped,
    /// A competitor's lot is suddenly another one, or its vehicles have new numbers.
    InventoryReplaced,
    /// No scrape without a doubt for days: what is missing at the competitor is found sold late.
    InventoryIncomplete,
    /// The photo storage is almost full.
    StorageLimit,
    /// A job failed, and has not succeeded since.
    JobFailing,
    /// A channel does not take what it is told.
    NotificationsFailing,
    /// Rows hold words, lists or values of another application that cannot be read.
    UnreadableValues,
    /// A check found rows that are not as jpauto writes them.
    CheckFailed,
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
    JobFailing => "job_failing",
    NotificationsFailing => "notifications_failing",
    UnreadableValues => "unreadable_values",
    CheckFailed => "check_failed",
});

impl NewAlert {
    /// What people are told when it is opened or becomes critical.
    fn event(&self) -> Option<Event> {
        match self.alert_type {
            AlertType::JobFailing => Some(Event::JobFailed),
            AlertType::StorageLimit => Some(Event::StorageAlert),
            _ if self.severity == Severity::Critical => Some(Event::AlertCritical),
            _ => None,
        }
    }

    /// What they are told of it.
    fn told(&self) -> Value {
        let mut told = json!({
            "alert_type": self.alert_type,
            "severity": self.severity,
            "message": self.message,
            "subject_id": self.subject_id,
            "metadata": self.metadata,
        });
        if self.alert_type == AlertType::JobFailing {
            (told["job"], told["error"]) = (self.metadata["job"].clone(), self.metadata["error"].clone());
        }
        told
    }
}

impl AlertType {
    /// The types about a vehicle's price. An analysis opens and closes them.
    pub(crate) const OF_PRICES: [Self; 3] = [Self::Overpriced, Self::Underpriced, Self::NoMarketData];
}

/// How urgent an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Look at it when there is time.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Alert {
    /// The alert's id.
    pub id: AlertId,
    /// A word of [`AlertType`]. Other applications may have written other words.
    pub alert_type: String,
    /// How urgent it is.
    pub severity: Severity,
    /// The text for people.
    pub message: String,
    /// The numbers behind it.
    pub metadata: Value,
    /// The vehicle or competitor that it is about.
    pub subject_id: Option<Uuid>,
    /// Whether it is closed: dismissed by a person, or the trouble is over.
    pub dismissed: bool,
    /// When it was closed.
    pub dismissed_at: Option<DateTime<Utc>>,
    /// Who dismissed it: the address of the member of staff, else the name of the token, else `system` for the program itself, as on the
    /// command line without `--as`. `None` where it closed by itself, where the audit trail does not tell any more, and where the token is
    /// gone.
    pub dismissed_by: Option<String>,
    /// When it was opened.
    pub created_at: Option<DateTime<Utc>>,
}

impl Audited for Alert {
    const RESOURCE: &'static str = "alerts";
    /// The entry itself says who it was.
    const SILENT: &'static [&'static str] = &["created_at", "updated_at", "dismissed_by"];

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

/// Which alerts to list. By default the open ones, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertFilter {
    /// Also closed alerts.
    pub with_dismissed: bool,
    /// Only alerts of this type.
    pub alert_type: Option<AlertType>,
    /// Only alerts that are as urgent as this.
    pub severity: Option<Severity>,
    /// Only alerts about vehicles' prices: overpriced, underpriced, or too few comparables.
    pub about_prices: bool,
    /// Only alerts about this vehicle or competitor.
    pub subject_id: Option<Uuid>,
}
