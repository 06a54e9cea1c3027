//! How vPIC is asked.

use std::time::Duration;

/// How NHTSA's decoder is asked; the defaults are those for its public server.
///
/// ```
/// use jpauto::{Config, evaluation::VpicConfig};
///
/// let mut config = Config::new("sqlite::memory:");
/// config.vpic = Some(VpicConfig::default());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VpicConfig {
    /// The address in front of `/vehicles/...`: `https://vpic.nhtsa.dot.gov/api`, or a mirror of it.
    pub base_url: String,
    /// Calls a second, all threads together (5).
    pub calls_a_second: u32,
    /// One call, to the last byte (20 s). vPIC computes for seconds when asked about fifty VINs.
    pub call_timeout: Duration,
    /// One call with its retry and the wait between (45 s).
    pub decode_timeout: Duration,
    /// The wait before the one retry after a transient error (2 s).
    pub pause_before_retry: Duration,
    /// The longest `Retry-After` that is waited for (15 s). A longer one ends the call.
    pub longest_retry_after: Duration,
    /// How long an answer that names the model is valid: 30 days.
    pub kept_for: Duration,
    /// How long an answer without a model is valid: 1 day, as makers submit their tables late.
    pub kept_without_model_for: Duration,
    /// Bytes of one answer after decompression (4 MiB). Fifty VINs take a tenth of it.
    pub max_body_bytes: usize,
    /// Whether private networks, plain HTTP and any port are allowed: only for tests and mirrors of an intranet.
    pub allow_private_networks: bool,
}

impl Default for VpicConfig {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            base_url: "https://vpic.nhtsa.dot.gov/api".to_owned(),
            calls_a_second: 5,
            call_timeout: Duration::from_secs(20),
            decode_timeout: Duration::from_secs(45),
            pause_before_retry: Duration::from_secs(2),
            longest_retry_after: Duration::from_secs(15),
            kept_for: day * 30,
            kept_without_model_for: day,
            max_body_bytes: 4 * 1024 * 1024,
            allow_private_networks: false,
        }
    }
}
