//! How auto.dev is asked: the key, the plan, and every limit with its default.
//!
//! Deliberately not here: where the key comes from. The library reads neither files nor the environment.

use std::{fmt, str::FromStr, time::Duration};

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Result};

/// Which of auto.dev's interfaces is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoDevVersion {
    /// The earlier one, at `https://auto.dev/api`.
    V1,
    /// The current one, at `https://api.auto.dev`.
    #[default]
    V2,
}

words!(AutoDevVersion, InvalidAutoDevVersion at "/auto_dev/version" { V1 => "v1", V2 => "v2" });

impl AutoDevVersion {
    pub(super) const fn base_url(self) -> &'static str {
        match self {
            Self::V1 => "https://auto.dev/api",
            Self::V2 => "https://api.auto.dev",
        }
    }
}

/// The plan booked at auto.dev. It cuts larger pages to the plan's size silently, so no larger one is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoDevPlan {
    /// 20 listings a page, 5 calls a second, 1,000 calls a month.
    #[default]
    Starter,
    /// 100 listings a page, 10 calls a second.
    Growth,
    /// 500 listings a page, 50 calls a second.
    Scale,
}

words!(AutoDevPlan, InvalidAutoDevPlan at "/auto_dev/plan" {
    Starter => "starter",
    Growth => "growth",
    Scale => "scale",
});

impl AutoDevPlan {
    /// Listings of one page.
    #[must_use]
    pub const fn listings_a_page(self) -> u32 {
        match self {
            Self::Starter => 20,
            Self::Growth => 100,
            Self::Scale => 500,
        }
    }
}

/// A place on the map, in degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// North of the equator.
    pub latitude: f64,
    /// East of Greenwich.
    pub longitude: f64,
}

impl Coordinates {
    /// The distance over the ground in miles, by the haversine formula on a sphere of the Earth's mean radius.
    ///
    /// ```
    /// use jpauto::market::Coordinates;
    ///
    /// let (los_angeles, san_francisco) =
    ///     (Coordinates { latitude: 34.0522, longitude: -118.2437 }, Coordinates { latitude: 37.7749, longitude: -122.4194 });
    /// assert_eq!(los_angeles.miles_to(san_francisco).round(), 347.0);
    /// ```
    #[must_use]
    pub fn miles_to(self, other: Self) -> f64 {
        const EARTH_RADIUS_MILES: f64 = 3_958.761_3;
        let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
        let (latitude, longitude) = (self.latitude.to_radians(), other.latitude.to_radians());
        let chord = half(self.latitude, other.latitude)
            + latitude.cos() * longitude.cos() * half(self.longitude, other.longitude);
        2.0 * EARTH_RADIUS_MILES * chord.clamp(0.0, 1.0).sqrt().asin()
    }

    pub(super) fn invalid() -> Error {
        let message = "expected degrees north and east, such as 34.0522,-118.2437";
        Error::invalid_field(ErrorCode::InvalidAutoDevPlace, "/auto_dev/place", message)
    }

    /// The place, where both numbers are degrees. 0,0 off Africa is what services write for an unknown place, so it is none.
    pub(super) fn known(latitude: f64, longitude: f64) -> Option<Self> {
        let on_the_map = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        (on_the_map && (latitude, longitude) != (0.0, 0.0)).then_some(Self { latitude, longitude })
    }
}

impl FromStr for Coordinates {
    type Err = Error;

    /// Reads `34.0522,-118.2437`: degrees north, degrees east.
    fn from_str(text: &str) -> Result<Self> {
        let degrees = |text: &str| text.trim().parse::<f64>().ok();
        text.split_once(',')
            .and_then(|(latitude, longitude)| Self::known(degrees(latitude)?, degrees(longitude)?))
            .ok_or_else(Self::invalid)
    }
}

/// How auto.dev is asked for comparables. The key appears neither in `Debug` nor in an error nor in a log.
///
/// ```
/// use jpauto::{Config, market::AutoDevConfig};
///
/// let mut config = Config::new("sqlite::memory:");
/// let mut auto_dev = AutoDevConfig::new("a key from auto.dev");
/// auto_dev.zip = Some("90012".to_owned());
/// assert!(!format!("{auto_dev:?}").contains("a key"));
/// config.auto_dev = Some(auto_dev);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct AutoDevConfig {
    key: String,
    /// Which interface is asked.
    pub version: AutoDevVersion,
    /// Another address than the version's own: a gateway, or a test's server.
    pub base_url: Option<String>,
    /// The plan that is booked.
    pub plan: AutoDevPlan,
    /// Our ZIP code. Listings within the rule's radius of it are asked for; without one, those of the whole country.
    pub zip: Option<String>,
    /// Where we are on the map. Distances are computed from it; without it only version 1 of auto.dev names them.
    pub place: Option<Coordinates>,
    /// Calls a second, all threads together (5).
    pub calls_a_second: u32,
    /// Calls a calendar month (UTC), counted in the database over all processes (1,000). Each page and each retry is one.
    pub calls_a_month: u32,
    /// Pages of one search (3).
    pub max_pages: usize,
    /// One call, to the last byte (20 s).
    pub call_timeout: Duration,
    /// All calls of a search with their waits (60 s).
    pub search_timeout: Duration,
    /// The wait before the one retry after a transient error, such as 503 `SOURCE_ERROR` (5 s).
    pub pause_before_retry: Duration,
    /// The longest `Retry-After` that is waited for (15 s). A longer one ends the search.
    pub longest_retry_after: Duration,
    /// How long an answer is cached for the same search (1 h); zero caches nothing.
    pub kept_for: Duration,
    /// Bytes of one answer after decompression (8 MiB).
    pub max_body_bytes: usize,
    /// Whether private networks, plain HTTP and any port are allowed: only for tests and gateways of an intranet.
    pub allow_private_networks: bool,
}

impl AutoDevConfig {
    /// The defaults of the starter plan, with this key.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into().trim().to_owned(),
            version: AutoDevVersion::default(),
            base_url: None,
            plan: AutoDevPlan::default(),
            zip: None,
            place: None,
            calls_a_second: 5,
            calls_a_month: 1_000,
            max_pages: 3,
            call_timeout: Duration::from_secs(20),
            search_timeout: Duration::from_secs(60),
            pause_before_retry: Duration::from_secs(5),
            longest_retry_after: Duration::from_secs(15),
            kept_for: Duration::from_secs(3_600),
            max_body_bytes: 8 * 1024 * 1024,
            allow_private_networks: false,
        }
    }

    /// The same with another key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into().trim().to_owned();
        self
    }

    /// The header that carries the key, marked so that no log of the client shows it.
    pub(super) fn authorization(&self) -> Result<HeaderValue> {
        let invalid = || {
            // The message says nothing about the key itself, as it may end in a log.
            Error::invalid_field(ErrorCode::InvalidAutoDevKey, "/auto_dev/key", "expected the key as auto.dev gave it")
        };
        if self.key.is_empty() {
            return Err(invalid());
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.key)).map_err(|_unsayable| invalid())?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The text with the key replaced, plain or percent-encoded.
    pub(super) fn redacted(&self, text: &str) -> String {
        let encoded: String = url::form_urlencoded::byte_serialize(self.key.as_bytes()).collect();
        text.replace(&self.key, "[key]").replace(&encoded, "[key]")
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for AutoDevConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoDevConfig")
            .field("version", &self.version)
            .field("plan", &self.plan)
            .field("zip", &self.zip)
            .field("calls_a_month", &self.calls_a_month)
            .finish_non_exhaustive()
    }
}
