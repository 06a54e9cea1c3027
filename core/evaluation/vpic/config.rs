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
    /// Calls a second, whatever the number of threads (5).
    pub calls_a_second: u32,
    /// One call, to the last byte (20 s); it computes for seconds where fifty VINs are asked for.
    pub call_timeout: Duration,
    /// A call with its retry and its wait (45 s).
    pub decode_timeout: Duration,
    /// The wait before the one retry of what may pass (2 s).
    pub pause_before_retry: Duration,
    /// A `Retry-After` beyond this ends the call instead of being waited for (15 s).
    pub longest_retry_after: Duration,
    /// How long an answer that names the model is kept in the database: 30 days.
    pub kept_for: Duration,
    /// How long an answer that names no model is kept: 1 day, for makers submit their tables late.
    pub kept_without_model_for: Duration,
    /// Bytes of one answer after decompression (4 MiB); fifty VINs take a tenth of it.
    pub max_body_bytes: usize,
    /// Whether private networks, plain HTTP and any port may be asked: tests and mirrors of an intranet alone.
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
