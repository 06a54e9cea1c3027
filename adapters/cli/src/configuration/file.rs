//! The file: TOML, with the line of each fault.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use jpauto::ErrorCode;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Fault, Settings,
    given::{Given, Setting as _},
    keys::{self, Found},
    nearest, secret_file,
};
use crate::{failure::Failure, source};

/// No configuration is larger.
const BYTES_MAX: usize = 1024 * 1024;

/// Reads the file into the settings.
///
/// # Errors
/// That the file can not be read, or is no TOML. What is wrong in it otherwise is added to the faults.
pub(super) fn read(path: &Path, settings: &mut Settings, faults: &mut Vec<Fault>) -> Result<(), Failure> {
    let bytes = source::read_whole(path, BYTES_MAX)?;
    let text = String::from_utf8(bytes).map_err(|_binary| {
        Failure::new(ErrorCode::InvalidConfiguration, format!("{} holds no text", path.display()))
    })?;
    let table = DeTable::parse(&text).map_err(|wrong| {
        let line = line_of(&text, wrong.span().map_or(0, |span| span.start));
        Failure::new(ErrorCode::InvalidConfiguration, format!("{}:{line}: {}", path.display(), wrong.message()))
    })?;
    let mut reader = Reader { path, text: &text, settings, faults, files: Vec::new(), given: BTreeSet::new() };
    reader.section("", table.get_ref());
    reader.secret_files();
    Ok(())
}

/// The number of the line with this byte.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    settings: &'a mut Settings,
    faults: &'a mut Vec<Fault>,
    /// The secrets that are in files, by their keys. They are read last.
    files: Vec<SecretFile>,
    given: BTreeSet<String>,
}

/// A secret in a file of its own.
struct SecretFile {
    key: String,
    found: Found,
    path: PathBuf,
    place: String,
}

impl Reader<'_> {
    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            let place = format!("{}:{}", self.path.display(), line_of(self.text, name.span().start));
            if keys::find(&path).is_some() {
                self.settings.places.insert(path.clone(), place.clone());
            }
            if let Err(message) = self.entry(&path, value) {
                self.faults.push(Fault { place: Some(place), key: path, message });
            }
        }
    }

    fn entry(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> Result<(), String> {
        if let Some(key) = keys::find(path) {
            self.given.insert(path.to_owned());
            if key.is_secret()
                && holds_a_secret(value.get_ref())
                && !self.settings.secret_files.iter().any(|it| it == self.path)
            {
                self.settings.secret_files.push(self.path.to_owned());
            }
            return key.set(self.settings, &Given::of(value.get_ref()));
        }
        let of_secret = path.strip_suffix("_file").and_then(|key| Some((key, keys::find(key)?)));
        if let Some((key, found)) = of_secret.filter(|(_, found)| found.is_secret()) {
            let file = String::read(&Given::of(value.get_ref()))?;
            if !file.is_empty() {
                // Beside the file that names it, wherever the command is run.
                let file = self.path.parent().unwrap_or(Path::new("")).join(file);
                let place = format!("{}:{}", self.path.display(), line_of(self.text, value.span().start));
                self.files.push(SecretFile { key: key.to_owned(), found, path: file, place });
            }
            return Ok(());
        }
        match value.get_ref() {
            DeValue::Table(table) if keys::is_section(path) => {
                self.section(path, table);
                Ok(())
            }
            _ if keys::is_section(path) => Err(format!("expected a section, [{path}]")),
            DeValue::Table(_) => Err(nearest::unknown("section", nearest::nearest(path, sections()))),
            _ => Err(nearest::unknown("key", nearest::nearest(path, keys::paths_and_files()))),
        }
    }

    fn secret_files(&mut self) {
        for SecretFile { key, found, path, place } in std::mem::take(&mut self.files) {
            let set = match self.given.contains(&key) {
                true => Err(format!("give either {key} or {key}_file")),
                false => secret_file::set(&found, &path, self.settings),
            };
            match set {
                Ok(()) => _ = self.settings.places.insert(key, place),
                Err(message) => self.faults.push(Fault { place: Some(place), key: format!("{key}_file"), message }),
            }
        }
    }
}

/// Whether what is given for a secret is one: an address of a database may be without a password.
fn holds_a_secret(value: &DeValue<'_>) -> bool {
    let DeValue::String(text) = value else { return true };
    match text.split_once("://") {
        Some((_, address)) => {
            let server = address.split(['/', '?']).next().unwrap_or_default();
            server.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
        }
        None => !text.is_empty() && !text.starts_with("sqlite:"),
    }
}

fn sections() -> impl Iterator<Item = String> {
    let mut sections: Vec<_> =
        keys::paths().filter_map(|path| path.rsplit_once('.').map(|(section, _)| section.to_owned())).collect();
    sections.dedup();
    sections.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_password_is_no_secret() {
        for (text, is_secret) in [
            ("", false),
            ("sqlite:lot.db", false),
            ("postgres://jpauto@db.example/lot", false),
            ("postgres://db.example:5432/lot?application_name=a:b@c", false),
            ("postgres://jpauto:word@db.example/lot", true),
            ("a key of auto.dev", true),
        ] {
            assert_eq!(holds_a_secret(&DeValue::String(text.into())), is_secret, "{text}");
        }
    }
}
