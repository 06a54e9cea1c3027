//! A secret in a file of its own, so that it stands neither in the configuration nor in the environment.

use std::path::Path;

use super::{Settings, given::Given, keys::Found};
use crate::{failure::Failure, source};

/// The most bytes of such a file.
const BYTES_MAX: usize = 16 * 1024;

/// Sets the key to what the file holds.
pub(super) fn set(key: &Found, path: &Path, settings: &mut Settings) -> Result<(), String> {
    let bytes = source::read_whole(path, BYTES_MAX).map_err(|failure| match failure {
        Failure::Own { message, .. } => message,
        _ => format!("cannot read {}", path.display()),
    })?;
    let text = String::from_utf8(bytes).map_err(|_binary| format!("{} holds no text", path.display()))?;
    if text.trim().is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    settings.secret_files.push(path.to_owned());
    key.set(settings, &Given::Text(text))
}
