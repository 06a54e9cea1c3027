//! `jpauto backup`: a whole copy of the database. What is deliberately not here: how it is made.

use std::path::PathBuf;

use clap::Args;

use crate::{
    context::Context,
    failure::Failure,
    output::{Format, remark},
};

const HELP: &str = "\
The copy is of one moment, and whoever reads or writes meanwhile is not held up. It bears its name only when it is whole; a file \
that exists is never replaced. Copying the database with `cp` while it is in use loses what is in its `-wal`.

To restore a SQLite backup, end what uses the database, move the file, its -wal and its -shm away, and put the copy in its place.

Of a PostgreSQL database it prints the call of pg_dump that makes the backup; pg_restore restores it.

Examples:
  jpauto backup lot-2026-03-01.db
  jpauto report --read-only --db sqlite:lot-2026-03-01.db
  sh -c \"$(jpauto backup --db postgres://lot@localhost/lot lot.dump)\"

docs/operations.md has both restores step by step.";

/// Where the copy goes.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct BackupArgs {
    /// The file to make
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Makes the copy, or prints how it is made.
pub(crate) fn run(arguments: &BackupArgs, context: &mut Context) -> Result<(), Failure> {
    let backup = context.dealership()?.backup(&arguments.file)?;
    if context.output.format() != Format::Table {
        return context.output.done("", &backup);
    }
    match backup.bytes {
        Some(bytes) => context.output.text(&format!("{}: {bytes} bytes", backup.path)),
        None => {
            remark("nothing is made yet: PostgreSQL's own program makes the backup");
            let words: Vec<_> = backup.command.iter().map(|word| quoted(word)).collect();
            context.output.text(&words.join(" "))
        }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_=./:@,%+".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_is_one_to_a_shell() {
        assert_eq!(quoted("--file=lot.dump"), "--file=lot.dump");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("a&b"), "'a&b'");
        assert_eq!(quoted(""), "''");
    }
}
