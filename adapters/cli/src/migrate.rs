//! `jpauto migrate`: the database's schema brought to this release's, and the tables of competitors to partitions.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use clap::Args;
use jpauto::{MigrationReport, PartitionReport, Remedy};
use serde::Serialize;

use crate::{
    check,
    context::Context,
    failure::Failure,
    output::{Format, remark},
};

/// What `migrate` does besides.
#[derive(Args, Clone, Debug)]
pub(crate) struct MigrateArgs {
    /// Keep the tables of competitors in N partitions, by competitor (PostgreSQL); 0 makes them whole again
    #[arg(long, value_name = "N")]
    pub(crate) partition_competitors: Option<u32>,
}

/// How often the progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// What was done.
#[derive(Serialize)]
struct Done {
    #[serde(flatten)]
    migration: MigrationReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitions: Option<PartitionReport>,
}

/// Migrates, and says what was done.
pub(crate) fn run(context: &mut Context, arguments: &MigrateArgs) -> Result<(), Failure> {
    let report = context.dealership()?.migrate()?;
    let partitions = arguments.partition_competitors.map(|number| partition(context, number)).transpose()?;
    if context.output.format() != Format::Table {
        return context.output.done("", &Done { migration: report, partitions });
    }
    let has_repaired = report.findings.iter().any(|finding| finding.remedy == Remedy::Repaired);
    if report.applied.is_empty() {
        remark(if has_repaired { "the schema is current" } else { "nothing to do: the schema is current" });
    }
    report.applied.iter().try_for_each(|name| context.output.text(&format!("applied {name}")))?;
    context.output.text(&format!("version {}", report.version))?;
    if let Some(PartitionReport { partitions, before, rows, .. }) = partitions {
        context.output.text(&match (partitions, before) {
            (now, before) if now == before => format!("competitors: {} as before", kept_in(now)),
            (now, _) => format!("competitors: {} now, {rows} rows copied", kept_in(now)),
        })?;
    }
    if report.findings.is_empty() {
        return Ok(());
    }
    context.output.heading("What the rows hold", "jpauto check tells it again")?;
    check::print(&report.findings, &mut context.output)
}

fn kept_in(partitions: u32) -> String {
    if partitions == 0 { "whole tables".to_owned() } else { format!("{partitions} partitions") }
}

fn partition(context: &mut Context, number: u32) -> Result<PartitionReport, Failure> {
    let mut told_at: Option<Instant> = None;
    let report = context.dealership()?.partition_competitors(number, &mut |progress| {
        if told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            told_at = Some(Instant::now());
            remark(&format!(
                "{} of {} competitors copied, {} rows",
                progress.copied, progress.competitors, progress.rows
            ));
        }
        ControlFlow::Continue(())
    })?;
    Ok(report)
}
