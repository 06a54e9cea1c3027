//! What feeds need that no vehicle says: the dealership, its website, and what each platform was agreed with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Platform, delivery::Login, mapping::Mapping, rule::is_web_address};
use crate::desk::found_by_the_desk;

/// How feeds are made and where they go.
///
/// ```
/// use jpauto::exports::{ExportConfig, FeedConfig, Platform};
///
/// let mut config = ExportConfig::default();
/// config.dealership.name = Some("Example Motors".into());
/// config.vehicle_url = Some("https://motors.example/vehicles/{id}/".into());
/// config.feeds.insert(Platform::Cargurus, FeedConfig { dealer_id: Some("sp123".into()), ..FeedConfig::default() });
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExportConfig {
    /// Who sells the vehicles.
    pub dealership: DealershipDetails,
    /// The address of a vehicle's page on our website. `{id}` stands for the last 8 characters of the VIN, as the Jekyll feed names
    /// its pages, and `{vin}` for the VIN.
    pub vehicle_url: Option<String>,
    /// A feed is held back where it has less than this share of the vehicles of the last one; 0.5 by default.
    pub least_share_of_last: f64,
    /// At most this many vehicles and values that were left out are listed in a report; the rest is counted. 10,000 by default.
    pub most_omissions: usize,
    /// What differs from feed to feed.
    pub feeds: BTreeMap<Platform, FeedConfig>,
}

impl Default for ExportConfig {
    fn default() -> Self {
        Self {
            dealership: DealershipDetails::default(),
            vehicle_url: None,
            least_share_of_last: 0.5,
            most_omissions: 10_000,
            feeds: BTreeMap::new(),
        }
    }
}

found_by_the_desk!(ExportConfig);

/// Who sells the vehicles. What a feed requires and is missing here is refused with `not_configured`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DealershipDetails {
    /// The name that customers know.
    pub name: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The state, such as `CA`.
    pub state: Option<String>,
    /// The ZIP code.
    pub zip: Option<String>,
    /// The country, `US` where nothing is said.
    pub country: Option<String>,
    /// The telephone number for customers.
    pub phone: Option<String>,
    /// The e-mail address for customers.
    pub email: Option<String>,
    /// The address of the website.
    pub website: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east; negative in America.
    pub longitude: Option<f64>,
}

/// What was agreed with one platform.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// Where the feed goes where a run does not say: a folder, a file, or a URL.
    pub destination: Option<String>,
    /// The number of the dealership at the platform.
    pub dealer_id: Option<String>,
    /// The store code of the dealership in its Google Business Profile.
    pub store_code: Option<String>,
    /// The form of the feed, where the platform takes several.
    pub format: Option<super::FeedFormat>,
    /// The columns, for platforms whose columns are agreed one by one.
    pub mapping: Option<Mapping>,
    /// What is done with a cell that a spreadsheet would run as a formula.
    pub formulas: Formulas,
    /// Who we are to the server that takes the feed.
    pub login: Login,
}

/// What is done with a text in a CSV that begins with `=`, `+`, `-`, `@`, a tab or a return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Formulas {
    /// It gets an apostrophe in front, so that no spreadsheet runs it. Numbers stay as they are.
    #[default]
    Harmless,
    /// It stays as it is, for programs alone.
    AsTheyAre,
}

words!(@read Formulas { Harmless => "harmless", AsTheyAre => "as_they_are" });

impl ExportConfig {
    /// What was agreed with this platform, or nothing in particular.
    pub(crate) fn feed(&self, platform: Platform) -> FeedConfig {
        self.feeds.get(&platform).cloned().unwrap_or_default()
    }

    /// Whether the pattern of pages can be the address of one.
    pub(super) fn has_page_addresses(&self) -> bool {
        self.vehicle_url.as_deref().is_some_and(|pattern| {
            (pattern.contains("{id}") || pattern.contains("{vin}"))
                && is_web_address(&pattern.replace("{id}", "1").replace("{vin}", "1"))
        })
    }
}
