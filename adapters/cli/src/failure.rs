//! Why a command fails, its line on stderr, and its exit code.
//!
//! Every failure has a code of the library's catalogue ([`jpauto::ErrorCode`]), and the code has a kind. `exit_code` maps
//! each kind to an exit code, and nothing else does. `docs/errors.md` lists them.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue};
use jpauto::{Error, ErrorCode, ErrorKind, FieldError, extract::is_unseen};
use serde_json::json;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library returned an error.
    Library(Error),
    /// The command line itself found what is wrong.
    Own { code: ErrorCode, message: String, fields: Vec<FieldError> },
    /// The output could not be written.
    Output(io::Error),
}

impl Failure {
    /// A failure that the command line finds itself.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Own { code, message: message.into(), fields: Vec::new() }
    }

    /// Arguments that clap refuses, for a program to read. The usage and the hints that clap prints for people are left out.
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
        Self::Own { code: ErrorCode::Usage, message, fields }
    }

    /// A file that can not be read.
    pub(crate) fn unreadable(path: &Path, reason: &io::Error) -> Self {
        Self::new(ErrorCode::FileUnreadable, format!("cannot read {}: {reason}", path.display()))
    }

    /// The same, with the place in the input where it was found.
    pub(crate) fn at(self, place: &str) -> Self {
        match self {
            Self::Own { code, message, fields } => Self::Own { code, message: format!("{place}: {message}"), fields },
            other => other,
        }
    }

    /// What it says: its code, its message, and the fields at fault.
    pub(crate) fn told(&self) -> (ErrorCode, String, &[FieldError]) {
        match self {
            Self::Output(reason) => (ErrorCode::OutputFailed, reason.to_string(), &[]),
            Self::Own { code, message, fields } => (*code, message.clone(), fields),
            Self::Library(error) => (error.error_code(), error.to_string(), error.fields()),
        }
    }

    /// Writes it to stderr as one line, and returns the exit code.
    pub(crate) fn report(&self, in_json: bool) -> ExitCode {
        match self {
            // The reader of our output has closed the pipe and wants no more.
            Self::Output(reason) if reason.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Library(error) => tracing::debug!(?error, "the library refused"),
            _ => {}
        }
        let (code, message, fields) = self.told();
        let line = if in_json {
            json!({"error": {"kind": code.kind(), "code": code, "message": message, "fields": fields}}).to_string()
        } else {
            one_line(code, &message, fields)
        };
        // If stderr is closed, the exit code still says it.
        let _ = writeln!(io::stderr(), "{line}");
        ExitCode::from(exit_code(code.kind()))
    }
}

/// The fault of an argument. Clap names it as in the usage: `--price <PRICE>`.
fn about(argument: &str, message: &str) -> FieldError {
    let name = argument.split_whitespace().next().unwrap_or(argument);
    let name = name.trim_matches(['-', '<', '>', '[', ']', '.']).replace('-', "_").to_lowercase();
    FieldError { pointer: format!("/{name}"), message: message.to_owned() }
}

/// The one place where kinds become exit codes. 4 is for what may succeed later.
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

fn one_line(code: ErrorCode, message: &str, fields: &[FieldError]) -> String {
    let told: Vec<_> = fields
        .iter()
        // The message may name the fields itself.
        .filter(|field| !message.contains(&field.message))
        .map(|field| format!("{}: {}", field.pointer.trim_start_matches('/'), field.message))
        .collect();
    let mut line = format!("error[{code}]: {message}");
    if !told.is_empty() {
        line.push_str(&format!(" ({})", told.join("; ")));
    }
    // A message may quote bytes from outside, such as terminal controls.
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
        let line = |message, fields| one_line(ErrorCode::InvalidVin, message, fields);
        assert_eq!(line("no", &both), "error[invalid_vin]: no (price: too high; vin: too short)");
        assert_eq!(line("price: too high", &both[..1]), "error[invalid_vin]: price: too high");
        assert_eq!(line("a\nb\u{1b}[2J\u{202e}c", &[]), "error[invalid_vin]: a b [2J c");
    }

    #[test]
    fn each_kind_has_its_exit_code() {
        for (kind, code) in [
            (ErrorKind::InvalidInput, 2),
            (ErrorKind::Misconfigured, 2),
            (ErrorKind::NotFound, 3),
            (ErrorKind::Conflict, 3),
            (ErrorKind::Refused, 3),
            (ErrorKind::Unauthenticated, 3),
            (ErrorKind::Forbidden, 3),
            (ErrorKind::RateLimited, 4),
            (ErrorKind::Unavailable, 4),
            (ErrorKind::Internal, 1),
        ] {
            assert_eq!(exit_code(kind), code, "{kind:?}");
        }
    }

    #[test]
    fn the_exit_codes_are_the_documented_ones() {
        let document = include_str!("../../../docs/errors.md");
        for code in ErrorCode::ALL {
            let kind = code.kind();
            let row = document.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.as_str())));
            let exit_code = format!(" | {} |", exit_code(kind));
            assert!(row.is_some_and(|row| row.contains(&exit_code)), "{kind:?}: {row:?}");
        }
    }
}
