//! Options, environment variables and the key file for auto.dev.
//!
//! The key is no option, as other users of the machine could read it from the list of processes.

use std::{ffi::OsString, path::Path};

use clap::Args;
use jpauto::{
    ErrorCode,
    market::{AutoDevConfig, AutoDevPlan, AutoDevVersion},
};

use crate::{arguments::one_of, failure::Failure, source};

/// The environment variable for the key, named as in auto.dev's own programs.
const KEY_VARIABLE: &str = "AUTODEV_API_KEY";
/// The most bytes of a key file.
const KEY_BYTES_MAX: usize = 4 * 1024;

/// How auto.dev is asked for comparables. It is asked only with a key, in `AUTODEV_API_KEY` or in a file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "auto.dev (asked where AUTODEV_API_KEY or the file holds a key)")]
pub(crate) struct AutoDevOptions {
    /// The file that holds the key
    #[arg(long, value_name = "FILE", env = "AUTODEV_API_KEY_FILE")]
    auto_dev_key_file: Option<OsString>,
    /// Our ZIP code: listings around it are asked for, else those of the whole country
    #[arg(long, value_name = "ZIP", env = "JPAUTO_AUTO_DEV_ZIP")]
    auto_dev_zip: Option<String>,
    /// Where we are in degrees north and east, such as 34.0522,-118.2437, to compute distances from
    #[arg(long, value_name = "NORTH,EAST", env = "JPAUTO_AUTO_DEV_PLACE", allow_hyphen_values = true)]
    auto_dev_place: Option<String>,
    /// The booked plan, which limits the listings of a page
    #[arg(long, value_name = "PLAN", env = "JPAUTO_AUTO_DEV_PLAN", value_parser = one_of!(AutoDevPlan), hide_possible_values = true)]
    auto_dev_plan: Option<AutoDevPlan>,
    /// At most this many calls a month, counted in the database [default: 1000]
    #[arg(long, value_name = "NUMBER", env = "JPAUTO_AUTO_DEV_CALLS_A_MONTH")]
    auto_dev_calls: Option<u32>,
    /// The interface: v1 or v2 [default: v2]
    #[arg(long, value_name = "VERSION", env = "JPAUTO_AUTO_DEV_VERSION", value_parser = one_of!(AutoDevVersion), hide_possible_values = true)]
    auto_dev_version: Option<AutoDevVersion>,
    /// Another address than auto.dev's own: an https:// gateway on a public server
    #[arg(long, value_name = "URL", env = "JPAUTO_AUTO_DEV_BASE_URL")]
    auto_dev_url: Option<String>,
    /// Compare with the watched competitors alone
    #[arg(long)]
    without_auto_dev: bool,
}

impl AutoDevOptions {
    /// The configuration for the library; `None` without a key.
    pub(crate) fn config(&self) -> Result<Option<AutoDevConfig>, Failure> {
        if self.without_auto_dev {
            return Ok(None);
        }
        let Some(key) = self.key()? else { return Ok(None) };
        let mut config = AutoDevConfig::new(key);
        config.zip = self.auto_dev_zip.clone().filter(|zip| !zip.trim().is_empty());
        let place = self.auto_dev_place.as_deref().filter(|place| !place.trim().is_empty());
        config.place = place.map(str::parse).transpose()?;
        config.base_url = self.auto_dev_url.clone().filter(|url| !url.is_empty());
        config.plan = self.auto_dev_plan.unwrap_or_default();
        config.version = self.auto_dev_version.unwrap_or_default();
        if let Some(calls) = self.auto_dev_calls {
            config.calls_a_month = calls;
        }
        Ok(Some(config))
    }

    fn key(&self) -> Result<Option<String>, Failure> {
        // An empty `AUTODEV_API_KEY_FILE=` counts as unset.
        if let Some(path) = self.auto_dev_key_file.as_deref().filter(|path| !path.is_empty()) {
            return key_of(Path::new(path)).map(Some);
        }
        Ok(std::env::var(KEY_VARIABLE).ok().filter(|key| !key.trim().is_empty()))
    }
}

fn key_of(path: &Path) -> Result<String, Failure> {
    let bytes = source::read_whole(path, KEY_BYTES_MAX)?;
    String::from_utf8(bytes)
        .map_err(|_binary| Failure::new(ErrorCode::InvalidAutoDevKey, format!("{} holds no text", path.display())))
}
