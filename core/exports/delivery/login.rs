//! Who we are to the server that takes a feed, and by what we know that it is the server.

use std::{fmt, path::PathBuf};

use serde::Deserialize;

use super::{Way, not_spoken_to};
use crate::error::{Error, ErrorCode, Result};

/// Who we are to the server that takes a feed, and by what we know that it is the server.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// The name of the user.
    pub user: Option<String>,
    /// The password of the user.
    pub password: Option<String>,
    /// A bearer token of HTTP, instead of a user.
    pub token: Option<String>,
    /// The file of the private key of SFTP, as `ssh-keygen` writes it; instead of a password.
    pub key_file: Option<PathBuf>,
    /// The passphrase of the private key, if it has one.
    pub key_passphrase: Option<String>,
    /// The key of the SFTP server: its fingerprint such as `SHA256:mVz9...`, or the key such as `ssh-ed25519 AAAA...`. Several are
    /// parted by commas.
    pub host_key: Option<String>,
    /// A file of SFTP servers that are known, as OpenSSH's `known_hosts`.
    pub known_hosts_file: Option<PathBuf>,
    /// A file of certificates (PEM) that an FTPS server may show, or that may have issued its own, beside the public authorities.
    pub certificate_file: Option<PathBuf>,
    /// Whether a feed and its password may go over a line that anybody can read: `ftp://`.
    pub allow_unencrypted_ftp: bool,
    /// Whether the configured destination may stand in a private network, and on any port.
    pub allow_private_network: bool,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Login {
    /// Refuses a login that lacks what the way needs, naming the keys below `key`.
    ///
    /// # Errors
    /// `not_configured`; `invalid_destination` for FTP without TLS that nobody has allowed.
    pub(super) fn ensure_whole(&self, way: Way, key: &str) -> Result<()> {
        let has_password = self.password.is_some();
        let missing = match way {
            Way::Http | Way::Https => return Ok(()),
            Way::Ftp if !self.allow_unencrypted_ftp => {
                return Err(not_spoken_to(&format!(
                    "ftp:// is not encrypted: use ftps:// or sftp://, or set {key}.allow_unencrypted_ftp if the server has neither"
                )));
            }
            _ if self.user.is_none() => "user",
            Way::Ftps | Way::Ftp if !has_password => "password",
            Way::Sftp if !has_password && self.key_file.is_none() => "key_file or password",
            Way::Sftp if self.host_key.is_none() && self.known_hosts_file.is_none() => "host_key or known_hosts_file",
            _ => return Ok(()),
        };
        let message = format!("the destination needs {key}.{missing}, which only a configured destination can have");
        Err(Error::new(ErrorCode::NotConfigured, message))
    }

    pub(super) fn user(&self) -> &str {
        self.user.as_deref().unwrap_or_default()
    }
}
