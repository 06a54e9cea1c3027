//! The configuration of sessions.

use std::{fmt, time::Duration};

use super::cookie;
use crate::{
    desk::Part,
    error::{ErrorCode, Faults, Result},
};

/// How sessions are signed and when they end.
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionConfig {
    /// The secrets that sign cookies. The first signs, and all are accepted, so that a secret can be replaced while people are
    /// signed in. A Node server beside has the same list.
    pub secrets: Vec<String>,
    /// The name of the cookie (`connect.sid`).
    pub cookie_name: String,
    /// Whether browsers send the cookie over TLS alone (yes). Turn it off to try the server without TLS.
    pub secure: bool,
    /// A session ends after this time without a request (7 days).
    pub idle: Duration,
    /// A session ends this long after the sign-in, whatever happens (30 days).
    pub longest: Duration,
}

impl SessionConfig {
    /// The shortest secret, in bytes.
    pub const SHORTEST_SECRET: usize = 16;

    /// The defaults with these secrets, the one that signs first.
    #[must_use]
    pub fn new(secrets: Vec<String>) -> Self {
        Self {
            secrets,
            cookie_name: "connect.sid".to_owned(),
            secure: true,
            idle: Duration::from_secs(7 * 24 * 3_600),
            longest: Duration::from_secs(30 * 24 * 3_600),
        }
    }

    /// Whether the value of a cookie is signed by one of the secrets. Its session may have ended.
    #[must_use]
    pub fn has_signed(&self, cookie: &str) -> bool {
        cookie::verify(cookie, &self.secrets).is_some()
    }

    /// # Errors
    /// `invalid_session_config`, which repeats no secret.
    pub(crate) fn checked(self) -> Result<Self> {
        let mut faults = Faults::default();
        if self.secrets.is_empty() || self.secrets.iter().any(|secret| secret.len() < Self::SHORTEST_SECRET) {
            faults.add("/sessions/secrets", "expected secrets of 16 bytes or more each");
        }
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if self.cookie_name.is_empty() || !self.cookie_name.bytes().all(is_token) {
            faults.add("/sessions/cookie_name", "expected letters, digits and - _ .");
        }
        // Browsers take such a cookie over TLS alone.
        if !self.secure && ["__Host-", "__Secure-"].iter().any(|prefix| self.cookie_name.starts_with(prefix)) {
            faults.add("/sessions/cookie_name", "a cookie with this name is kept over TLS alone: `secure` must be on");
        }
        if self.idle < Duration::from_secs(60) {
            faults.add("/sessions/idle", "expected a minute or more");
        }
        if self.longest < self.idle {
            faults.add("/sessions/idle", "a session can not last longer without a request than in all (`longest`)");
        }
        if self.longest > Duration::from_secs(366 * 24 * 3_600) {
            faults.add("/sessions/longest", "expected at most 366 days");
        }
        faults.into_result(ErrorCode::InvalidSessionConfig)?;
        Ok(self)
    }
}

impl Part for SessionConfig {
    const MISSING: &'static str = "nobody can sign in without a secret that signs sessions: `sessions.secrets`";
}

impl fmt::Debug for SessionConfig {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionConfig")
            .field("cookie_name", &self.cookie_name)
            .field("secure", &self.secure)
            .field("idle", &self.idle)
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_protects_nothing_is_refused_and_none_shows_its_secrets() {
        let good = SessionConfig::new(vec!["a secret of many letters".into(), "an older secret".repeat(2)]);
        assert!(!format!("{good:?}").contains("letters"));
        assert!(good.clone().checked().is_ok());
        let wrong: [fn(&mut SessionConfig); 7] = [
            |config| config.secrets.clear(),
            |config| config.secrets.push("short".into()),
            |config| config.cookie_name = "a;b".into(),
            |config| (config.cookie_name, config.secure) = ("__Host-sid".into(), false),
            |config| config.idle = Duration::ZERO,
            |config| config.longest = Duration::from_secs(3_600),
            |config| config.longest = Duration::MAX,
        ];
        for change in wrong {
            let mut config = good.clone();
            change(&mut config);
            assert_eq!(config.checked().unwrap_err().code(), "invalid_session_config");
        }
    }
}
