//! The options for auto.dev, over its section of the configuration.
//!
//! The key is no option, as other users of the machine could read it from the list of processes.

use std::{ffi::OsString, path::Path};

use clap::Args;
use jpauto::{
    ErrorCode,
    market::{AutoDevConfig, AutoDevPlan, AutoDevVersion},
};

use crate::{arguments::one_of, configuration::Settings, failure::Failure, source};

/// The most bytes of a key file.
const KEY_BYTES_MAX: usize = 4 * 1024;

/// How auto.dev is asked for comparables. It is asked only with a key: `auto_dev.key`, `AUTODEV_API_KEY` or a file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "auto.dev (asked where AUTODEV_API_KEY or the file holds a key)")]
pub(crate) struct AutoDevOptions {
    /// The file that holds the key
    #[arg(long, value_name = "FILE")]
    auto_dev_key_file: Option<OsString>,
    /// Our ZIP code: listings around it are asked for, else those of the whole country
    #[arg(long, value_name = "ZIP")]
    auto_dev_zip: Option<String>,
    /// Where we are in degrees north and east, such as 34.0522,-118.2437, to compute distances from
    #[arg(long, value_name = "NORTH,EAST", allow_hyphen_values = true)]
    auto_dev_place: Option<String>,
    /// The booked plan, which limits the listings of a page
    #[arg(long, value_name = "PLAN", value_parser = one_of!(AutoDevPlan), hide_possible_values = true)]
    auto_dev_plan: Option<AutoDevPlan>,
    /// At most this many calls a month, counted in the database [default: 1000]
    #[arg(long, value_name = "NUMBER")]
    auto_dev_calls: Option<u32>,
    /// The interface: v1 or v2 [default: v2]
    #[arg(long, value_name = "VERSION", value_parser = one_of!(AutoDevVersion), hide_possible_values = true)]
    auto_dev_version: Option<AutoDevVersion>,
    /// Another address than auto.dev's own: an https:// gateway on a public server
    #[arg(long, value_name = "URL")]
    auto_dev_url: Option<String>,
    /// Compare with the watched competitors alone
    #[arg(long)]
    without_auto_dev: bool,
}

impl AutoDevOptions {
    /// The configuration for the library; `None` without a key.
    pub(crate) fn config(&self, settings: &Settings) -> Result<Option<AutoDevConfig>, Failure> {
        if self.without_auto_dev {
            return Ok(None);
        }
        let Some(mut config) = self.with_key(settings)? else { return Ok(None) };
        if let Some(zip) = &self.auto_dev_zip {
            config.zip = Some(zip.clone()).filter(|zip| !zip.trim().is_empty());
        }
        if let Some(place) = &self.auto_dev_place {
            config.place = if place.trim().is_empty() { None } else { Some(place.parse()?) };
        }
        if let Some(url) = &self.auto_dev_url {
            config.base_url = Some(url.clone()).filter(|url| !url.is_empty());
        }
        config.plan = self.auto_dev_plan.unwrap_or(config.plan);
        config.version = self.auto_dev_version.unwrap_or(config.version);
        config.calls_a_month = self.auto_dev_calls.unwrap_or(config.calls_a_month);
        Ok(Some(config))
    }

    fn with_key(&self, settings: &Settings) -> Result<Option<AutoDevConfig>, Failure> {
        match self.auto_dev_key_file.as_deref().filter(|path| !path.is_empty()) {
            Some(path) => Ok(Some(settings.auto_dev_with_key(key_of(Path::new(path))?))),
            None => Ok(settings.auto_dev()),
        }
    }
}

fn key_of(path: &Path) -> Result<String, Failure> {
    let bytes = source::read_whole(path, KEY_BYTES_MAX)?;
    String::from_utf8(bytes)
        .map_err(|_binary| Failure::new(ErrorCode::InvalidAutoDevKey, format!("{} holds no text", path.display())))
}
