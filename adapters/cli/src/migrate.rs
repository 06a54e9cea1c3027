//! `jpauto migrate`: the database's schema brought to this release's.

use crate::{
    check,
    context::Context,
    failure::Failure,
    output::{Format, remark},
};

/// Migrates, and says what was done.
pub(crate) fn run(context: &mut Context) -> Result<(), Failure> {
    let report = context.dealership()?.migrate()?;
    if context.output.format() != Format::Table {
        return context.output.done("", &report);
    }
    if report.applied.is_empty() {
        remark("nothing to do: the schema is current");
    }
    report.applied.iter().try_for_each(|name| context.output.text(&format!("applied {name}")))?;
    context.output.text(&format!("version {}", report.version))?;
    if report.findings.is_empty() {
        return Ok(());
    }
    context.output.heading("What the rows hold", "jpauto check tells it again")?;
    check::print(&report.findings, &mut context.output)
}
