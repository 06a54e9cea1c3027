//! Options, environment variables and the file for the secrets that sign sessions.
//!
//! A secret is no option, as other users of the machine could read it from the list of processes.

use std::{ffi::OsString, path::Path};

use clap::Args;
use jpauto::{ErrorCode, SessionConfig};

use crate::{failure::Failure, source};

/// The environment variable for one secret.
const SECRET_VARIABLE: &str = "JPAUTO_SESSIONS_SECRET";
/// The most bytes of a file of secrets.
const SECRETS_BYTES_MAX: usize = 16 * 1024;

/// How people stay signed in. Nobody can sign in without a secret, in `JPAUTO_SESSIONS_SECRET` or in a file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sessions (people sign in where JPAUTO_SESSIONS_SECRET or the file holds a secret)")]
pub(crate) struct SessionOptions {
    /// The file of the secrets that sign cookies, one a line; the first signs, the others are still accepted
    #[arg(long, value_name = "FILE", env = "JPAUTO_SESSIONS_SECRET_FILE")]
    session_secret_file: Option<OsString>,
    /// The name of the cookie; a Node server beside has the same
    #[arg(long, value_name = "NAME", env = "JPAUTO_SESSIONS_COOKIE_NAME", default_value = "connect.sid")]
    session_cookie: String,
    /// Let browsers send the cookie without TLS, to try the server
    #[arg(long)]
    cookie_without_tls: bool,
}

impl SessionOptions {
    /// The configuration for the library; `None` without a secret.
    pub(crate) fn config(&self) -> Result<Option<SessionConfig>, Failure> {
        let secrets = self.secrets()?;
        if secrets.is_empty() {
            return Ok(None);
        }
        let mut config = SessionConfig::new(secrets);
        config.cookie_name.clone_from(&self.session_cookie);
        config.secure = !self.cookie_without_tls;
        Ok(Some(config))
    }

    fn secrets(&self) -> Result<Vec<String>, Failure> {
        // An empty `JPAUTO_SESSIONS_SECRET_FILE=` counts as unset.
        let Some(path) = self.session_secret_file.as_deref().filter(|path| !path.is_empty()) else {
            return Ok(std::env::var(SECRET_VARIABLE)
                .ok()
                .filter(|secret| !secret.trim().is_empty())
                .into_iter()
                .collect());
        };
        let path = Path::new(path);
        let text = String::from_utf8(source::read_whole(path, SECRETS_BYTES_MAX)?).map_err(|_binary| {
            Failure::new(ErrorCode::InvalidSessionConfig, format!("{} holds no text", path.display()))
        })?;
        let secrets: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if secrets.is_empty() {
            return Err(Failure::new(ErrorCode::InvalidSessionConfig, format!("{} holds no secret", path.display())));
        }
        Ok(secrets)
    }
}
