//! `jpauto check`: what another application has left in the rows. What is deliberately not here: what is looked for.

use jpauto::{ErrorCode, Finding, Remedy};

use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, counted, remark},
};

pub(crate) const HELP: &str = "\
Looks for words that jpauto does not know, lists in another shape, VINs in lower case, blanks at the ends, values that no \
vehicle has and the like; for sales without their time, approved submissions without their vehicle, and writes without their entry in \
the audit trail. It names each kind with its rows, and changes nothing. The exit code is 3 where something was found.

What `jpauto migrate` says it repairs, run `jpauto migrate` for. The rest is for a person: a vehicle of status `unknown` gets \
another one, a submission is approved or rejected, a user gets another role.

Examples:
  jpauto check
  jpauto vehicle list --status unknown
  jpauto check --format json | jq '.findings[] | select(.remedy == \"by_hand\")'";

/// Checks, and prints what was found.
pub(crate) fn run(context: &mut Context) -> Result<(), Failure> {
    let report = context.dealership()?.check()?;
    match context.output.format() {
        Format::Table => print(&report.findings, &mut context.output),
        Format::Json => context.output.json(&report),
        Format::Jsonl => report.findings.iter().try_for_each(|finding| context.output.json_line(finding)),
    }?;
    context.output.flush()?;
    match report.findings.len() {
        0 => Ok(()),
        found => {
            Err(Failure::new(ErrorCode::RowsFaulty, format!("the check found {} of fault", counted(found, "kind"))))
        }
    }
}

/// Prints findings for people.
pub(crate) fn print(findings: &[Finding], output: &mut Output) -> Result<(), Failure> {
    if findings.is_empty() {
        remark("the rows are as jpauto writes them");
        return Ok(());
    }
    output.table(findings)?;
    for finding in findings {
        if let Some(refusal) = &finding.refusal {
            output.text(&format!("{}.{} is not repaired: {refusal}", finding.table, finding.column))?;
        }
    }
    let named: Vec<_> = findings.iter().filter(|finding| !finding.ids.is_empty()).collect();
    if named.is_empty() {
        return Ok(());
    }
    output.heading("First rows", &format!("at most {} of each", Finding::SAMPLE))?;
    named.into_iter().try_for_each(|finding| {
        output.text(&format!("{}.{}: {}", finding.table, finding.column, finding.ids.join(" ")))
    })
}

impl Row for Finding {
    const COLUMNS: &'static [Column] =
        &[Column::text("Where"), Column::number("Rows"), Column::text("What"), Column::text("To do")];

    fn cells(&self) -> Vec<Cell> {
        let what = match self.words.is_empty() {
            true => self.kind.sentence().to_owned(),
            false => format!("{}: {}", self.kind.sentence(), self.named_words().join(", ")),
        };
        let (to_do, tone) = match self.remedy {
            Remedy::Repaired => ("repaired", Tone::Good),
            Remedy::Migrate => ("jpauto migrate", Tone::Warning),
            _ => ("by hand", Tone::Bad),
        };
        vec![
            format!("{}.{}", self.table, self.column).into(),
            self.count.to_string().into(),
            what.into(),
            Cell::new(to_do).tone(tone),
        ]
    }
}
