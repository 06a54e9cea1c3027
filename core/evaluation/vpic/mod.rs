//! The client of vPIC, NHTSA's public VIN decoder: free, without a key; each client names itself.
//!
//! [`ApiClient`] makes the calls: one VIN by GET, up to fifty together by POST. `reading.rs` reads the bodies without a network.
//! The service stores the answers.

mod config;
mod reading;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use url::Url;

pub use self::{
    config::VpicConfig,
    reading::{VpicDecode, VpicFinding},
};
use crate::{
    Error, ErrorCode, Result, Vin,
    scrape::{
        api::{ApiClient, ApiLimits, CallFailure, printable},
        fetch::pace::{RealTime, Timing},
    },
};

/// The most VINs that vPIC takes in one call.
pub(super) const BATCH: usize = 50;

/// The client. A process has one, as its pace is shared.
pub(crate) struct Vpic {
    config: VpicConfig,
    base: Url,
    client: ApiClient,
    timing: Arc<dyn Timing>,
}

impl Vpic {
    /// # Errors
    /// `invalid_vpic_address`.
    pub(crate) fn new(config: VpicConfig) -> Result<Self> {
        Self::with(config, Arc::new(RealTime))
    }

    /// The same with another source of time.
    fn with(config: VpicConfig, timing: Arc<dyn Timing>) -> Result<Self> {
        let limits = ApiLimits {
            calls_a_second: config.calls_a_second,
            call_timeout: config.call_timeout,
            pause_before_retry: config.pause_before_retry,
            longest_retry_after: config.longest_retry_after,
            max_body_bytes: config.max_body_bytes,
            allow_private_networks: config.allow_private_networks,
        };
        let base = format!("{}/vehicles/", config.base_url.trim_end_matches('/'));
        let (client, base) = ApiClient::new(&base, None, limits, Arc::clone(&timing)).ok_or_else(|| {
            let message = "expected an https:// address of a public server";
            Error::invalid_field(ErrorCode::InvalidVpicAddress, "/vpic/base_url", message)
        })?;
        Ok(Self { config, base, client, timing })
    }

    pub(super) fn config(&self) -> &VpicConfig {
        &self.config
    }

    /// Asks about up to [`BATCH`] VINs in one call. A VIN without an answer is missing from the result.
    ///
    /// # Errors
    /// A code `vpic_...` for each way in which the call can fail.
    pub(super) fn decode(&self, vins: &[Vin], now: DateTime<Utc>) -> Result<HashMap<Vin, VpicDecode>> {
        let (url, body) = match vins {
            [] => return Ok(HashMap::new()),
            [vin] => (self.address(&format!("DecodeVinValues/{vin}?format=json"))?, None),
            several => {
                let data = several.iter().map(Vin::as_str).collect::<Vec<_>>().join(";");
                let body = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs([("format", "json"), ("DATA", &data)])
                    .finish();
                (self.address("DecodeVINValuesBatch/")?, Some(body))
            }
        };
        let deadline = self.timing.now() + self.config.decode_timeout;
        let answer = self.client.ask(&url, body.as_deref(), deadline, &|| Ok(())).map_err(error_of)?;
        reading::read(&answer.bytes, vins, now).map_err(|reason| {
            Error::new(ErrorCode::VpicUnreadable, format!("vPIC: its answer can not be read: {reason}"))
        })
    }

    fn address(&self, path: &str) -> Result<Url> {
        self.base.join(path).map_err(|source| {
            Error::new(ErrorCode::VpicNotReady, "vPIC's address can not be written down").with_source(source)
        })
    }
}

impl std::fmt::Debug for Vpic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vpic").field("config", &self.config).finish_non_exhaustive()
    }
}

fn error_of(failure: CallFailure) -> Error {
    match failure {
        CallFailure::Uncounted(refusal) => refusal,
        CallFailure::Status(refused) => {
            let error = match refused.status {
                429 => Error::new(ErrorCode::VpicRateLimited, "vPIC: it wants to be asked less often"),
                status @ 500.. => {
                    Error::new(ErrorCode::VpicUnavailable, format!("vPIC: it answers with status {status}"))
                }
                403 => Error::new(ErrorCode::VpicForbidden, "vPIC: it lets nobody ask from here"),
                status => Error::new(ErrorCode::VpicRefused, format!("vPIC: it refuses with status {status}")),
            };
            match refused.retry_after {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            }
        }
        CallFailure::NotYet(wait) => {
            let message = "vPIC: it asked to be left alone for longer than a decoding may take";
            Error::new(ErrorCode::VpicRateLimited, message).with_retry_after(wait)
        }
        CallFailure::TimedOut => Error::new(ErrorCode::VpicTimeout, "vPIC did not answer in time"),
        CallFailure::Unreachable(reason) => {
            Error::new(ErrorCode::VpicUnreachable, format!("vPIC could not be reached: {}", printable(&reason)))
        }
        CallFailure::AddressRefused(reason) => {
            Error::new(ErrorCode::VpicAddressRefused, format!("vPIC is not asked at this address: {reason}"))
        }
        CallFailure::TooLarge(limit) => {
            Error::new(ErrorCode::VpicTooLarge, format!("vPIC: its answer is larger than {limit} bytes"))
        }
    }
}
