//! What can go wrong, the one line it is told in, and the exit code.
//!
//! 2: the input can never be accepted as it is. 3: it is refused, forbidden, in conflict, or names what does not exist.
//! 4: something does not answer now. 1: a fault of this program. What is deliberately not here: deciding any of that; the
//! library's [`ErrorKind`] says it.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue};
use jpauto::{Error, ErrorKind, FieldError, extract::is_unseen};
use serde_json::json;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library says no.
    Library(Error),
    /// What was handed in can not be read as what it should be.
    Input { code: &'static str, message: String, fields: Vec<FieldError> },
    /// Something outside does not let us.
    Unavailable { code: &'static str, message: String },
    /// Whoever asked for it has ended it.
    Cancelled { code: &'static str, message: String },
    /// What should be printed could not be.
    Output(io::Error),
}

impl Failure {
    /// Input that can not be accepted.
    pub(crate) fn input(code: &'static str, message: impl Into<String>) -> Self {
        Self::Input { code, message: message.into(), fields: Vec::new() }
    }

    /// Something outside that does not let us, such as a port that is taken.
    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::Unavailable { code, message: message.into() }
    }

    /// Arguments that clap refuses, for a program: what is wrong, without the usage and the hints that it prints for people.
    pub(crate) fn usage(wrong: &clap::Error) -> Self {
        let text = wrong.render().to_string();
        let said = match wrong.kind() {
            // Its text is the whole help.
            clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                "a command is missing here; --help lists them"
            }
            _ => text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: "),
        };
        let message = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = match wrong.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(argument)) => vec![about(argument, &message)],
            Some(ContextValue::Strings(arguments)) => arguments.iter().map(|it| about(it, &message)).collect(),
            _ => Vec::new(),
        };
        Self::Input { code: "usage", message, fields }
    }

    /// Whoever asked for it has ended it before it was done.
    pub(crate) fn cancelled(code: &'static str, message: impl Into<String>) -> Self {
        Self::Cancelled { code, message: message.into() }
    }

    /// A file that can not be read.
    pub(crate) fn unreadable(path: &Path, reason: &io::Error) -> Self {
        Self::input("file_unreadable", format!("cannot read {}: {reason}", path.display()))
    }

    /// The same, saying where in the input it was found.
    pub(crate) fn at(self, place: &str) -> Self {
        match self {
            Self::Input { code, message, fields } => {
                Self::Input { code, message: format!("{place}: {message}"), fields }
            }
            other => other,
        }
    }

    /// Tells it on stderr, in one line, and answers the exit code.
    pub(crate) fn report(&self, in_json: bool) -> ExitCode {
        let (kind, code, message, fields) = match self {
            // Whoever reads our output has seen enough.
            Self::Output(reason) if reason.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Output(reason) => (ErrorKind::Unavailable, "output_failed", reason.to_string(), &[] as &[_]),
            Self::Input { code, message, fields } => (ErrorKind::InvalidInput, *code, message.clone(), &fields[..]),
            Self::Unavailable { code, message } => (ErrorKind::Unavailable, *code, message.clone(), &[] as &[_]),
            Self::Cancelled { code, message } => (ErrorKind::Conflict, *code, message.clone(), &[] as &[_]),
            Self::Library(error) => {
                tracing::debug!(?error, "the library refused");
                (error.kind(), error.code(), error.to_string(), error.fields())
            }
        };
        let line = if in_json {
            json!({"error": {"kind": kind, "code": code, "message": message, "fields": fields}}).to_string()
        } else {
            one_line(code, &message, fields)
        };
        // Without a stderr there is nobody to tell; the exit code still does.
        let _ = writeln!(io::stderr(), "{line}");
        ExitCode::from(exit_code(kind))
    }
}

/// What is wrong with an argument, which clap names as in the usage: `--price <PRICE>`.
fn about(argument: &str, message: &str) -> FieldError {
    let name = argument.split_whitespace().next().unwrap_or(argument);
    let name = name.trim_matches(['-', '<', '>', '[', ']', '.']).replace('-', "_").to_lowercase();
    FieldError { pointer: format!("/{name}"), message: message.to_owned() }
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidInput | ErrorKind::Misconfigured => 2,
        ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Refused
        | ErrorKind::Unauthenticated
        | ErrorKind::Forbidden => 3,
        ErrorKind::Unavailable | ErrorKind::RateLimited => 4,
        _ => 1,
    }
}

fn one_line(code: &str, message: &str, fields: &[FieldError]) -> String {
    let told: Vec<_> = fields
        .iter()
        .map(|field| format!("{}: {}", field.pointer.trim_start_matches('/'), field.message))
        // The message about a single field names it already.
        .filter(|field| !message.contains(field.as_str()))
        .collect();
    let mut line = format!("error[{code}]: {message}");
    if !told.is_empty() {
        line.push_str(&format!(" ({})", told.join("; ")));
    }
    // Messages may quote what a stranger wrote.
    line.chars().map(|sign| if is_unseen(sign) { ' ' } else { sign }).collect()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

impl From<io::Error> for Failure {
    fn from(reason: io::Error) -> Self {
        Self::Output(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_once_and_a_line_stays_one_line() {
        let field = |pointer: &str, message: &str| FieldError { pointer: pointer.into(), message: message.into() };
        let both = [field("/price", "too high"), field("/vin", "too short")];
        assert_eq!(one_line("c", "no", &both), "error[c]: no (price: too high; vin: too short)");
        assert_eq!(one_line("c", "price: too high", &both[..1]), "error[c]: price: too high");
        assert_eq!(one_line("c", "a\nb\u{1b}[2J\u{202e}c", &[]), "error[c]: a b [2J c");
    }

    #[test]
    fn each_kind_has_its_exit_code() {
        for (kind, code) in [
            (ErrorKind::InvalidInput, 2),
            (ErrorKind::NotFound, 3),
            (ErrorKind::Conflict, 3),
            (ErrorKind::Refused, 3),
            (ErrorKind::Forbidden, 3),
            (ErrorKind::Unavailable, 4),
            (ErrorKind::Internal, 1),
        ] {
            assert_eq!(exit_code(kind), code, "{kind:?}");
        }
    }
}
