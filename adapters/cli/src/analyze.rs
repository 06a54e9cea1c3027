//! `jpauto analyze` and `jpauto market analyze`: vehicles priced against the market.

use std::{ops::ControlFlow, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jpauto::{
    Desk, Error, StockedVehicle, VehicleId,
    market::{Analysis, AnalyzeLimits, AnalyzeReport, PricedComparable, Progress, Recommendation, Subject},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    auto_dev::AutoDevOptions,
    context::Context,
    failure::Failure,
    output::{
        Cell, Column, Format, Output, Row, Tone, car, counted, dash, day, distribution, dollars, miles, money, percent,
    },
    sentences, vehicle,
};

const EXAMPLES: &str = "\
Examples:
  jpauto analyze                those that are due: never analysed, or not lately
  jpauto analyze A1042          one, by id, VIN or stock number, with its reasons and comparables
  jpauto analyze --all --format json

Comparables are the listings of the watched competitors (jpauto competitor scrape, jpauto import), and those of auto.dev where
there is a key: AUTODEV_API_KEY=... jpauto analyze --auto-dev-zip 90012";

/// Which vehicles.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AnalyzeArgs {
    /// One vehicle: id, VIN or stock number, or the beginning of one
    #[arg(value_name = "VEHICLE")]
    vehicle: Option<String>,
    /// Every unsold vehicle, due or not
    #[arg(long, conflicts_with = "vehicle")]
    all: bool,
    /// At most this many of those that are due
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["vehicle", "all"])]
    max: Option<usize>,
    /// At most this many calls of auto.dev for those that are due
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["vehicle", "all"])]
    max_calls: Option<u32>,
    #[command(flatten)]
    auto_dev: AutoDevOptions,
}

/// Runs the command.
pub(crate) fn run(arguments: &AnalyzeArgs, context: &mut Context) -> Result<(), Failure> {
    context.ask_auto_dev(arguments.auto_dev.config(&context.settings)?);
    let desk = context.desk()?;
    if let Some(name) = &arguments.vehicle {
        let stocked = vehicle::find(&desk, name)?;
        let analysis = desk.market().analyze(stocked.vehicle.id)?;
        return print_one(&stocked, &analysis, &mut context.output);
    }
    print_run(run_over(arguments, &desk)?, &mut context.output)
}

fn run_over(arguments: &AnalyzeArgs, desk: &Desk) -> Result<AnalyzeReport, Failure> {
    // The bar draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} vehicles, {eta} to go") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut observer = |progress: Progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        ControlFlow::Continue(())
    };
    let report = if arguments.all {
        desk.market().analyze_all(&mut observer)
    } else {
        let mut limits = AnalyzeLimits::default();
        (limits.max_vehicles, limits.max_auto_dev_calls) = (arguments.max, arguments.max_calls);
        desk.market().analyze_due(limits, &mut observer)
    };
    bar.finish_and_clear();
    Ok(report?)
}

/// Prints what was done in any case, then fails with the first failure.
fn print_run(report: AnalyzeReport, output: &mut Output) -> Result<(), Failure> {
    let failed: Vec<_> = report.failed.iter().map(Failed::of).collect();
    let sentence = format!(
        "{} analysed, {} of them with too few comparables; {} failed, {} left for a later run",
        report.analyzed,
        report.insufficient,
        failed.len(),
        report.remaining
    );
    let summary = json!({
        "analyzed": report.analyzed,
        "insufficient": report.insufficient,
        "failed": failed,
        "remaining": report.remaining,
        "missing_source": report.missing_source,
        "without_source": report.without_source,
    });
    output.done(&sentence, &summary)?;
    if let Some(missing) = report.missing_source.as_ref().filter(|_| output.format() == Format::Table) {
        let vehicles = counted(report.without_source, "vehicle");
        let sentence = format!("{vehicles} compared without {}: {}", missing.source, missing.message);
        output.text(&output.toned(&sentence, Tone::Warning))?;
    }
    if output.format() == Format::Table && !failed.is_empty() {
        output.table(&failed)?;
    }
    match report.failed.into_iter().next() {
        Some((_, reason)) => {
            output.flush()?;
            Err(reason.into())
        }
        None => Ok(()),
    }
}

/// A vehicle whose analysis failed.
#[derive(Serialize)]
struct Failed {
    id: VehicleId,
    code: &'static str,
    message: String,
}

impl Failed {
    fn of((id, reason): &(VehicleId, Error)) -> Self {
        Self { id: *id, code: reason.code(), message: reason.to_string() }
    }
}

impl Row for Failed {
    const COLUMNS: &'static [Column] = &[Column::text("Vehicle"), Column::text("Error"), Column::text("Message")];

    fn cells(&self) -> Vec<Cell> {
        vec![self.id.to_string().into(), Cell::new(self.code).tone(Tone::Bad), self.message.as_str().into()]
    }
}

/// Prints the analysis of one of our vehicles.
pub(crate) fn print_one(stocked: &StockedVehicle, analysis: &Analysis, output: &mut Output) -> Result<(), Failure> {
    print_subject(&Subject::from(&stocked.vehicle), analysis, output)
}

/// Prints the analysis of any car.
pub(crate) fn print_subject(subject: &Subject, analysis: &Analysis, output: &mut Output) -> Result<(), Failure> {
    if output.format() != Format::Table {
        return output.item(analysis);
    }
    let price = subject.price.filter(|price| price.cents() > 0).map(money);
    let mileage = subject.mileage.map(|mileage| format!("{} miles", miles(mileage)));
    let remark: Vec<_> = [price, mileage].into_iter().flatten().collect();
    let name = car(Some(subject.year), Some(&subject.make), Some(&subject.model), subject.trim.as_deref());
    output.heading(&name, &remark.join(", "))?;
    let word = match analysis.recommendation {
        None => "the market is known".to_owned(),
        known => format!("the price is {}", sentences::recommendation(known)),
    };
    let word = output.toned(&word, tone_of_advice(analysis.recommendation));
    output.text(&format!(
        "{word}, confidence {} from {}",
        sentences::confidence(analysis.confidence),
        counted(analysis.sample_size, "comparable")
    ))?;
    if let Some(adjusted) = analysis.adjusted {
        output.text(&format!(
            "market {} adjusted to this car, from {} to {}",
            dollars(adjusted.median),
            dollars(adjusted.min),
            dollars(adjusted.max)
        ))?;
    }
    if let Some(range) = analysis.recommended_range {
        output.text(&format!("the middle half asks {} to {}", dollars(range.low), dollars(range.high)))?;
    }
    if let Some(adjusted) = analysis.adjusted.filter(|_| analysis.recommended_range.is_some()) {
        output.text("")?;
        let chart = distribution(&adjusted, analysis.our_price, output.columns());
        output.text(&chart)?;
    }
    let changes = [("a week", analysis.week), ("two weeks", analysis.velocity)];
    let told = changes
        .iter()
        .filter_map(|(span, change)| Some(format!("{} in {span}", percent(change.as_ref()?.change_percent))));
    let told: Vec<_> = told.collect();
    if !told.is_empty() {
        output.text("")?;
        output.text(&format!("the market moved {}", told.join(", ")))?;
    }
    output.heading("Why", "")?;
    analysis.reasons.iter().try_for_each(|reason| output.text(&format!("  {}", sentences::reason(reason))))?;
    if let Some(missing) = &analysis.missing_source {
        output.text(&format!("  {}", output.toned(&missing.message, Tone::Warning)))?;
    }
    if !analysis.comparables.is_empty() {
        output.heading("Nearest comparables", "")?;
        output.table(&analysis.comparables)?;
    }
    Ok(())
}

/// The colour of a recommendation.
pub(crate) fn tone_of_advice(recommendation: Option<Recommendation>) -> Tone {
    match recommendation {
        Some(Recommendation::High) => Tone::Bad,
        Some(Recommendation::Low) => Tone::Warning,
        Some(Recommendation::Competitive) => Tone::Good,
        _ => Tone::Faint,
    }
}

impl Row for PricedComparable {
    const COLUMNS: &'static [Column] = &[
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::number("Miles"),
        Column::number("Adjusted"),
        Column::text("Dealer").spare(1),
        Column::text("Last seen").spare(2),
        Column::text("VIN").spare(3),
    ];

    fn cells(&self) -> Vec<Cell> {
        let listing = &self.comparable;
        vec![
            car(Some(listing.year), Some(&listing.make), Some(&listing.model), listing.trim.as_deref()).into(),
            dash(listing.price, money).into(),
            dash(listing.mileage, miles).into(),
            dollars(self.adjusted_price).into(),
            dash(listing.dealer.clone(), |dealer| dealer).into(),
            day(listing.last_seen_at).into(),
            dash(listing.vin.clone(), |vin| vin).into(),
        ]
    }
}
