//! Pages that need JavaScript, rendered by the installed Chromium.
//!
//! A [`Rendering`] is the browser of one scrape. It starts with the first page, shows one page at a time, and ends with the
//! scrape; its profile is removed. `fetch` waits for the host's turn, applies robots.txt and the limits, and asks this module for
//! one page. `process` starts and ends Chromium, `proxy` is its only way out, `watch` looks at each request, and `readiness`
//! says when a page is finished. `docs/extraction.md` lists what a page may and may not do.
//!
//! What is deliberately not here: anything that makes the browser look like a person's, and requests to endpoints.

use std::{borrow::Cow, path::PathBuf, time::Duration};

use crate::{Error, ErrorCode};

#[cfg(all(feature = "browser", unix))]
mod process;
#[cfg(all(feature = "browser", unix))]
mod protocol;
#[cfg(all(feature = "browser", unix))]
mod proxy;
#[cfg(all(feature = "browser", unix))]
mod readiness;
#[cfg(all(feature = "browser", unix))]
mod rendering;
#[cfg(all(feature = "browser", unix))]
mod watch;

#[cfg(not(all(feature = "browser", unix)))]
pub(crate) use self::absent::Rendering;
#[cfg(all(feature = "browser", unix))]
pub(crate) use self::rendering::Rendering;

/// How pages that need a browser are rendered.
///
/// ```
/// use jpauto::{FetchConfig, Sandbox};
///
/// let mut fetch = FetchConfig::new("webmaster@dealer.example");
/// fetch.browser.executable = Some("/opt/chromium/chrome".into());
/// fetch.browser.sandbox = Sandbox::Always;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrowserConfig {
    /// The program. Without it, Chromium, Chrome or Edge is looked for in the usual places.
    pub executable: Option<PathBuf>,
    /// Whether Chromium shuts its pages off from the rest of the machine.
    pub sandbox: Sandbox,
    /// The time for one page, from its request to its HTML (60 s). The browser is ended after that.
    pub page_timeout: Duration,
    /// How long nothing may change before a page counts as finished (500 ms).
    pub settle: Duration,
    /// A page that does not come to rest is taken as it is this long after its answer (15 s).
    pub longest_settle: Duration,
    /// The most requests of one page (500).
    pub max_requests: usize,
    /// The most bytes that one page may move, as they are sent (64 MiB).
    pub max_bytes: u64,
}

impl Default for BrowserConfig {
    fn default() -> Self {
        Self {
            executable: None,
            sandbox: Sandbox::default(),
            page_timeout: Duration::from_secs(60),
            settle: Duration::from_millis(500),
            longest_settle: Duration::from_secs(15),
            max_requests: 500,
            max_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Whether Chromium's sandbox stands between the pages and the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// Always, except as root: Chromium does not run as root with a sandbox.
    #[default]
    UnlessRoot,
    /// Always; as root Chromium does not start.
    Always,
    /// Never: for containers that do not let ordinary users make namespaces. There the container is the wall.
    Never,
}

/// What became of loading a page.
#[cfg(all(feature = "browser", unix))]
pub(crate) enum Loaded {
    Page(Box<super::fetch::Fetched>),
    /// It is at another address, or navigates there.
    Elsewhere(url::Url),
}

fn not_available(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorCode::BrowserNotAvailable, message)
}

#[cfg(not(all(feature = "browser", unix)))]
mod absent {
    use std::sync::Arc;

    use super::{BrowserConfig, not_available};
    use crate::{Result, scrape::fetch::Exchanger};

    /// No browser: there is no value of it.
    pub(crate) enum Rendering {}

    impl Rendering {
        /// # Errors
        /// `browser_not_available`, always.
        pub(crate) fn new(_config: &BrowserConfig, _user_agent: String, _exchanger: Arc<Exchanger>) -> Result<Self> {
            Err(not_available(
                "this website needs a browser, and this program was built without the cargo feature `browser` (for Unix), \
                 which renders pages by an installed Chromium (on Debian and Ubuntu the package `chromium`)",
            ))
        }
    }
}

#[cfg(test)]
#[cfg(all(feature = "browser", unix))]
mod tests;
