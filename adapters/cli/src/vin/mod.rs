//! `jpauto vin`: what VINs say by themselves, one line each. `decode` has the commands that use the database and the network.
//!
//! A text that is no VIN is an answer, not an error: the exit code stays 0.

mod decode;

use chrono::{Datelike as _, Utc};
use clap::Args;
use jpauto::vin::Report;

pub(crate) use decode::VinCommand;

use crate::{
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, dash},
    source::{Lines, stdin},
};

/// A longer line is no list of VINs.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// A table has at most this many rows, so that a stream is not held in memory.
const ROWS_OF_A_TABLE: usize = 1_000;

const EXAMPLES: &str = "\
Examples:
  jpauto vin 1HGCM82633A004352
  jpauto vin --format table 1M8GDM9AXKP042788 2FMPK4K91HBB11870
  jpauto vin decode 5FNYF5H59HB011946              all of it, with the public decoder
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000
  tail -n +2 auction.csv | cut -d, -f3 | jpauto vin --stdin | jq -r 'select(.valid | not) | .vin'
  jpauto vin clean-up                              removes expired answers of both

The answer is a JSON object a VIN, one on a line, also with --format json, so that a list without
end can be read as it comes; decode and evaluate print one document with it, as other commands do.
A text that is no VIN is answered with \"valid\": false and the reason; the exit code is 0 all the
same. A wrong check digit leaves a VIN valid. The model year of a VIN from outside North America
holds only if its maker writes it at position 10. Empty lines of standard input are passed over.";

/// The VINs to read.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct VinArgs {
    #[command(subcommand)]
    command: Option<VinCommand>,
    /// VINs of 17 characters, in either case; a lone `-` reads them from standard input
    #[arg(value_name = "VIN", required_unless_present = "stdin")]
    vins: Vec<String>,
    /// The same as `-`: VINs from standard input, one on a line
    #[arg(long, conflicts_with = "vins")]
    stdin: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &VinArgs, context: &mut Context) -> Result<(), Failure> {
    if let Some(command) = &arguments.command {
        return decode::run(command, context);
    }
    let output = &mut context.output;
    output.prefer(Format::Jsonl);
    let mut answers = Answers { output, rows: Vec::new(), year: Utc::now().year() };
    if !arguments.stdin && arguments.vins != ["-"] {
        arguments.vins.iter().try_for_each(|vin| answers.answer(vin.trim()))?;
        return answers.finish();
    }
    let mut lines = Lines::new(stdin(), LINE_BYTES_MAX);
    while let Some((_, line)) = lines.next_line()? {
        if !line.is_empty() {
            answers.answer(&String::from_utf8_lossy(line))?;
        }
        // A person or a program that writes one VIN at a time waits for each answer.
        if lines.would_wait() {
            answers.output.flush()?;
        }
    }
    answers.finish()
}

struct Answers<'a> {
    output: &'a mut Output,
    rows: Vec<Report>,
    year: i32,
}

impl Answers<'_> {
    fn answer(&mut self, text: &str) -> Result<(), Failure> {
        let report = jpauto::vin::report(text, self.year);
        if self.output.format() != Format::Table {
            return self.output.json_line(&report);
        }
        self.rows.push(report);
        if self.rows.len() == ROWS_OF_A_TABLE {
            self.output.table(&self.rows)?;
            self.rows.clear();
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        if self.rows.is_empty() { Ok(()) } else { self.output.table(&self.rows) }
    }
}

impl Row for Report {
    const COLUMNS: &'static [Column] = &[
        Column::text("VIN"),
        Column::text("Valid"),
        Column::text("Check digit"),
        Column::number("Year"),
        Column::text("Or").spare(2),
        Column::text("WMI").spare(1),
        Column::text("Reason"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let yes = |holds: bool, bad: Tone| {
            if holds { Cell::new("yes").tone(Tone::Good) } else { Cell::new("no").tone(bad) }
        };
        let certain = if self.conclusive == Some(false) { "?" } else { "" };
        let alternatives = self.model_year_alternatives.iter().flatten().map(ToString::to_string);
        vec![
            self.vin.as_str().into(),
            yes(self.valid, Tone::Bad),
            self.check_digit_ok.map_or_else(|| "–".into(), |is_right| yes(is_right, Tone::Warning)),
            dash(self.model_year, |year| format!("{year}{certain}")).into(),
            alternatives.collect::<Vec<_>>().join(" ").into(),
            dash(self.wmi.clone(), |wmi| wmi).into(),
            self.reason.clone().unwrap_or_default().into(),
        ]
    }
}
