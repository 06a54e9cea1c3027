//! Feeds: the inventory as advertising platforms, the website and other programs want it.
//!
//! `feeds/` has one file a feed over the one shape of `feed`. A feed is read from one snapshot (`snapshot`), written row by row
//! (`writing/`), read back and checked (`check`, `reading/`; a long one while it is being written, `following`), and only then put in its
//! place (`publishing`) or sent (`delivery`).
//! `rule` says what a cell may hold, `value` how texts are cleaned, `fields` what a column may say of a vehicle.

mod check;
mod config;
mod delivery;
mod destination;
mod enumerations;
mod feed;
mod feeds;
mod fields;
mod following;
mod mapping;
mod publishing;
mod reading;
mod repository;
mod rule;
mod service;
mod snapshot;
#[cfg(test)]
mod tests;
mod value;
mod writing;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use check::{CheckedFeed, FeedFault};
pub use config::{DealershipDetails, ExportConfig, FeedConfig, Formulas};
pub use delivery::Login;
pub use mapping::{MappedColumn, Mapping};
pub use service::Exports;

use crate::{
    error::{Error, ErrorCode, Result},
    ids::{ExportId, VehicleId},
};

/// A feed, by whoever takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Platform {
    /// Pages of a website that Jekyll builds.
    Jekyll,
    /// Autotrader.
    Autotrader,
    /// Cars.com.
    CarsCom,
    /// `CarGurus`.
    Cargurus,
    /// Meta's catalogue of vehicles, for Facebook and Instagram.
    Meta,
    /// Google's free vehicle listings.
    GoogleVehicleListings,
    /// Google's vehicle ads, by the Merchant Center.
    GoogleVehicleAds,
    /// DealerCenter.
    DealerCenter,
    /// Carsforsale.
    #[serde(rename = "carsforsale")]
    CarsForSale,
    /// A JSON-LD document in the words of schema.org.
    SchemaOrg,
    /// Every public field as CSV.
    Csv,
    /// Every public field as JSON Lines.
    JsonLines,
    /// What a mapping describes.
    Custom,
}

words!(Platform, InvalidPlatform at "/platform" {
    Jekyll => "jekyll",
    Autotrader => "autotrader",
    CarsCom => "cars_com",
    Cargurus => "cargurus",
    Meta => "meta",
    GoogleVehicleListings => "google_vehicle_listings",
    GoogleVehicleAds => "google_vehicle_ads",
    DealerCenter => "dealer_center",
    CarsForSale => "carsforsale",
    SchemaOrg => "schema_org",
    Csv => "csv",
    JsonLines => "json_lines",
    Custom => "custom",
});

/// The form in which a feed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeedFormat {
    /// Commas between the values (RFC 4180).
    Csv,
    /// Tabs between the values.
    Tsv,
    /// An element a vehicle.
    Xml,
    /// An object a line.
    JsonLines,
    /// A JSON-LD document.
    JsonLd,
    /// A folder with a page a vehicle.
    Pages,
    /// The same pages in a ZIP file.
    Zip,
}

words!(FeedFormat, InvalidFeedFormat at "/format" {
    Csv => "csv",
    Tsv => "tsv",
    Xml => "xml",
    JsonLines => "json_lines",
    JsonLd => "json_ld",
    Pages => "pages",
    Zip => "zip",
});

impl FeedFormat {
    /// How the name of such a file ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Xml => "xml",
            Self::JsonLines => "jsonl",
            Self::JsonLd => "jsonld",
            Self::Pages => "",
            Self::Zip => "zip",
        }
    }
}

/// Which feed to export, and where to.
///
/// ```
/// use jpauto::exports::{Export, Platform};
///
/// let export = Export::of(Platform::Csv).to("/srv/feeds").confirmed();
/// assert!(export.confirm && !export.dry_run);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Export {
    /// The feed.
    pub platform: Platform,
    /// A folder, a file or a URL; where the configuration says, if nothing is given.
    pub destination: Option<String>,
    /// The form, where the feed has several.
    pub format: Option<FeedFormat>,
    /// The columns instead of those that are configured.
    pub mapping: Option<Mapping>,
    /// Publish it although it shrank by more than half, or although the folder of pages was not made by an export.
    pub confirm: bool,
    /// Make and check the feed, and publish nothing.
    pub dry_run: bool,
}

impl Export {
    /// This feed, to where the configuration says.
    #[must_use]
    pub fn of(platform: Platform) -> Self {
        Self { platform, destination: None, format: None, mapping: None, confirm: false, dry_run: false }
    }

    /// The same to a folder, a file or a URL.
    #[must_use]
    pub fn to(mut self, destination: impl Into<String>) -> Self {
        self.destination = Some(destination.into());
        self
    }

    /// The same in this form.
    #[must_use]
    pub fn format(mut self, format: FeedFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// The same with these columns.
    #[must_use]
    pub fn mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// The same, published although it shrank.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        self.confirm = true;
        self
    }

    /// The same, made and checked alone.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

/// What may be asked from afar: a feed to where the configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExportRequest {
    /// The feed.
    pub platform: Platform,
    /// The form, where the feed has several.
    #[serde(default)]
    pub format: Option<FeedFormat>,
    /// Publish it although it shrank by more than half.
    #[serde(default)]
    pub confirm: bool,
    /// Make and check the feed, and publish nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl From<ExportRequest> for Export {
    fn from(asked: ExportRequest) -> Self {
        let ExportRequest { platform, format, confirm, dry_run } = asked;
        Self { format, confirm, dry_run, ..Self::of(platform) }
    }
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// The vehicles that were looked at.
    pub done: u64,
    /// All that there are to look at.
    pub total: u64,
}

/// What an export did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ExportReport {
    /// The row of the history. `None` for a dry run.
    pub id: Option<ExportId>,
    /// The feed.
    pub platform: Platform,
    /// Its form.
    pub format: FeedFormat,
    /// Where it is now: the path, or the URL without its password. `None` for a dry run without a destination.
    pub destination: Option<String>,
    /// The vehicles in it.
    pub vehicle_count: u64,
    /// The vehicles that it does not carry.
    pub left_out_count: u64,
    /// The size of all its files.
    pub bytes: u64,
    /// The vehicles of the last export of this feed to this destination.
    pub last_vehicle_count: Option<u64>,
    /// The vehicles and values that were left out, and why; the first of them where there are very many.
    pub omissions: Vec<Omission>,
    /// How many omissions are not listed.
    pub omissions_not_listed: u64,
    /// What the server said that took it.
    pub answer: Option<String>,
    /// When it was exported.
    pub exported_at: DateTime<Utc>,
    /// Whether nothing was published.
    pub dry_run: bool,
}

/// A feed as a file of this machine, which goes away with this value.
#[derive(Debug)]
#[non_exhaustive]
pub struct FeedFile {
    /// What the export did.
    pub report: ExportReport,
    /// The name that the feed's files have.
    pub name: String,
    folder: tempfile::TempDir,
}

impl FeedFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(&self.name)
    }

    /// All of it.
    ///
    /// # Errors
    /// `file_too_large` where it has more bytes than that; `export_not_written` where it cannot be read back.
    pub fn bytes(&self, most: u64) -> Result<Vec<u8>> {
        if self.report.bytes > most {
            let message =
                format!("the feed has {} bytes, of which at most {most} are taken at once", self.report.bytes);
            return Err(Error::new(ErrorCode::FileTooLarge, message));
        }
        std::fs::read(self.path()).map_err(snapshot::not_written)
    }
}

/// A vehicle that a feed does not carry, or a value that it leaves empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Omission {
    /// The vehicle.
    pub vehicle_id: VehicleId,
    /// Its VIN.
    pub vin: String,
    /// Its stock number.
    pub stock_number: Option<String>,
    /// Whether the whole vehicle was left out, or this value of it, or whether it has no such value.
    pub what: Omitted,
    /// The column, as the feed calls it, or the field of the vehicle.
    pub field: String,
    /// What was wrong.
    pub reason: String,
}

/// How much was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Omitted {
    /// The whole vehicle.
    Vehicle,
    /// One value of it.
    Value,
    /// Nothing: the vehicle has no such value, and the platform shows it worse without.
    Missing,
    /// Nothing: another vehicle of the feed has the same value, and it cannot be right for both.
    Repeated,
}

impl Omitted {
    /// The word for it: `vehicle`, `value`, `missing` or `repeated`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vehicle => "vehicle",
            Self::Value => "value",
            Self::Missing => "missing",
            Self::Repeated => "repeated",
        }
    }
}

/// Whether an export succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExportStatus {
    /// The feed is in its place.
    Success,
    /// It is not; the one before still is.
    Failure,
    /// Another application wrote a word that is none of these.
    Unknown,
}

words!(ExportStatus, InvalidExportStatus at "/status" {
    Success => "success",
    Failure => "failure",
} or Unknown => "unknown");

/// A row of the history of exports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ExportEntry {
    /// Its id.
    pub id: ExportId,
    /// The feed, as a word of [`Platform`]. Other applications may have written other words.
    pub platform: String,
    /// The vehicles in it.
    pub vehicle_count: Option<i32>,
    /// Whether it succeeded.
    pub status: ExportStatus,
    /// Why not.
    pub error_message: Option<String>,
    /// When it was.
    pub exported_at: Option<DateTime<Utc>>,
    /// Where it went.
    pub destination: Option<String>,
    /// The vehicles that it does not carry.
    pub left_out_count: Option<i32>,
    /// The size of all its files.
    pub bytes: Option<i64>,
    /// The code of the error, such as `export_held_back`.
    pub error_code: Option<String>,
    /// What the server said that took it.
    pub answer: Option<String>,
    /// What was left out, by field and reason, with counts: `{"omissions": [{"field", "reason", "what", "count"}]}`.
    pub report: Option<serde_json::Value>,
}

/// Which exports to list. By default all, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportFilter {
    /// Only of this feed.
    pub platform: Option<Platform>,
    /// Only those that succeeded, or only those that failed.
    pub status: Option<ExportStatus>,
    /// Of each feed the last one that came to a destination, alone. A file that was only downloaded is none.
    pub last_of_each: bool,
}

impl ExportFilter {
    /// Of this feed only.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Of each feed the last one that came to a destination, alone.
    #[must_use]
    pub fn last_of_each() -> Self {
        Self { last_of_each: true, ..Self::default() }
    }
}
