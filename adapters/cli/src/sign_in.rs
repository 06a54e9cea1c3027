//! The options for sessions, over their section of the configuration.
//!
//! A secret is no option, as other users of the machine could read it from the list of processes.

use std::{ffi::OsString, path::Path};

use clap::Args;
use jpauto::{ErrorCode, SessionConfig};

use crate::{configuration::Settings, failure::Failure, source};

/// The most bytes of a file of secrets.
const SECRETS_BYTES_MAX: usize = 16 * 1024;

/// How people stay signed in. Nobody can sign in without a secret: `sessions.secrets` or a file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sessions (people sign in where sessions.secrets or the file holds a secret)")]
pub(crate) struct SessionOptions {
    /// The file of the secrets that sign cookies, one a line; the first signs, the others are still accepted
    #[arg(long, value_name = "FILE")]
    session_secret_file: Option<OsString>,
    /// The name of the cookie; a Node server beside has the same [default: connect.sid]
    #[arg(long, value_name = "NAME")]
    session_cookie: Option<String>,
    /// Let browsers send the cookie without TLS, to try the server
    #[arg(long)]
    cookie_without_tls: bool,
}

impl SessionOptions {
    /// The configuration for the library; `None` without a secret.
    pub(crate) fn config(&self, settings: &Settings) -> Result<Option<SessionConfig>, Failure> {
        let mut config = settings.sessions().clone();
        if let Some(path) = self.file() {
            config.secrets = Self::secrets(path)?;
        }
        if let Some(name) = &self.session_cookie {
            config.cookie_name.clone_from(name);
        }
        config.secure &= !self.cookie_without_tls;
        Ok((!config.secrets.is_empty()).then_some(config))
    }

    /// The file of secrets that is named here.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.session_secret_file.as_deref().filter(|path| !path.is_empty()).map(Path::new)
    }

    fn secrets(path: &Path) -> Result<Vec<String>, Failure> {
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
