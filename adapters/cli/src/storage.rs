//! `jpauto storage`: the photo storage as a whole. What is deliberately not here: the pictures of a vehicle, which are `photo`.

use std::ops::ControlFlow;

use clap::Subcommand;
use indicatif::ProgressBar;
use jpauto::storage::{Orphans, StorageProgress, StorageUsage, StoredObject};

use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, counted, dash, moment, remark},
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  jpauto storage usage                          how much is kept, and the ten largest objects
  jpauto storage check                          the same, and the alert about it is opened, raised or closed
  jpauto storage orphans                        photos that no vehicle and no submission shows
  jpauto storage orphans --remove

Above 80 % of storage.limit_bytes there is a warning, above 95 % it is critical: `jpauto alert list`. The job storage_check looks each \
night, and the job clean_up removes orphans that are older than a day.";

/// What to do with the storage.
#[derive(Debug, Subcommand)]
pub(crate) enum StorageCommand {
    /// Count the room that photos take
    Usage,
    /// Count it, and open, raise or close the alert about it
    Check,
    /// Find photos that nothing shows and that are older than a day
    Orphans {
        /// Remove them
        #[arg(long)]
        remove: bool,
    },
}

/// Does it.
pub(crate) fn run(command: StorageCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let storage = desk.storage();
    // It draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    let mut observer = |progress: StorageProgress| {
        bar.set_position(progress.objects);
        bar.set_message(format!("{} objects", progress.objects));
        ControlFlow::Continue(())
    };
    match command {
        StorageCommand::Usage => {
            let usage = storage.usage(&mut observer)?;
            bar.finish_and_clear();
            show_usage(&usage, &mut context.output)
        }
        StorageCommand::Check => {
            let check = storage.check(&mut observer)?;
            bar.finish_and_clear();
            if let Some(severity) = check.severity {
                remark(&format!("{severity}: {} % of the room is taken", check.usage.percent));
            }
            match context.output.format() {
                Format::Table => show_usage(&check.usage, &mut context.output),
                _ => context.output.item(&check),
            }
        }
        StorageCommand::Orphans { remove } => {
            let orphans =
                if remove { storage.remove_orphans(&mut observer)? } else { storage.orphans(&mut observer)? };
            bar.finish_and_clear();
            show_orphans(&orphans, &mut context.output)
        }
    }
}

fn show_usage(usage: &StorageUsage, output: &mut Output) -> Result<(), Failure> {
    if output.format() != Format::Table {
        return output.item(usage);
    }
    let StorageUsage { objects, bytes, photos, uploads, others, limit_bytes, percent, .. } = usage;
    output.text(&format!("{} of {}, {percent} %", size(*bytes), size(*limit_bytes)))?;
    output.text(&format!("{objects} objects: {photos} of photos, {uploads} uploads that wait, {others} of others"))?;
    output.heading("The largest", "")?;
    output.table(&usage.largest)
}

fn show_orphans(orphans: &Orphans, output: &mut Output) -> Result<(), Failure> {
    if output.format() != Format::Table {
        return output.item(orphans);
    }
    let what = counted(orphans.objects, "orphan");
    let done = if orphans.dry_run { "found; --remove removes them" } else { "removed" };
    output.text(&format!("{what}, {}: {done}", size(orphans.bytes)))?;
    output.table(&orphans.first)
}

/// `1.2 MB`.
fn size(bytes: u64) -> String {
    let mut shown = bytes as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if shown < 1_000.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{shown:.1} {unit}") };
        }
        shown /= 1_000.0;
    }
    format!("{shown:.1} TB")
}

impl Row for StoredObject {
    const COLUMNS: &'static [Column] = &[Column::number("Size"), Column::text("Written"), Column::text("Key")];

    fn cells(&self) -> Vec<Cell> {
        vec![
            size(self.bytes).into(),
            dash(self.modified_at, moment).into(),
            Cell::new(self.key.as_str()).tone(Tone::Plain),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        for (bytes, expected) in
            [(0, "0 B"), (999, "999 B"), (1_000, "1.0 KB"), (12_345_678, "12.3 MB"), (5_000_000_000_000, "5.0 TB")]
        {
            assert_eq!(size(bytes), expected);
        }
    }
}
