//! `jpauto vin decode` and `jpauto vin evaluate`: what a VIN stands for, and what that vehicle is worth. `clean-up` removes their
//! expired answers.

use clap::{Args, Subcommand};
use jpauto::{
    ErrorCode, FieldError, Vin,
    evaluation::{Decoded, Evaluation, EvaluationRequest, Identity, VpicConfig, VpicDecode, Warning},
    market::Subject,
    vin::{Facts, YearBasis},
};
use serde::Serialize;

use super::LINE_BYTES_MAX;
use crate::{
    analyze,
    auto_dev::AutoDevOptions,
    configuration::Settings,
    context::Context,
    failure::Failure,
    output::{Format, Output, Tone, car, counted, day, miles, moment, money},
    sentences,
    source::{Lines, stdin},
};

/// The most VINs of one command; vPIC is asked about them in two hundred calls.
const VINS_MAX: usize = 10_000;

const DECODE_EXAMPLES: &str = "\
By itself a VIN names the registered manufacturer and, where a law requires them, the model year and
whether it was copied right. Model, trim and engine come from vPIC, the free decoder of the United
States' road safety authority, whose answers are stored in the database for a month.

Examples:
  jpauto vin decode 5FNYF5H59HB011946
  jpauto vin decode --offline 5FNYF5H59HB011946 WP0ZZZ99ZTS392124
  tail -n +2 auction.csv | cut -d, -f3 | jpauto vin decode - --format jsonl | jq .vehicle

A text that is no VIN ends the command before vPIC is asked, with its line; the exit code is 2. Where
vPIC does not answer there is a warning, and the exit code stays 0.";

const EVALUATE_EXAMPLES: &str = "\
The VIN is decoded, and comparables of the watched competitors and of auto.dev are priced by the
same rule as the lot. The answer is stored for 30 days and serves for mileages up to 5,000 away. A
source that does not answer is named; the rest is shown.

Examples:
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000 --refresh
  jpauto vin evaluate 5FNYF5H59HB011946 --format json | jq .analysis.recommended_range";

/// The commands about VINs that use the database and the network.
#[derive(Debug, Subcommand)]
pub(crate) enum VinCommand {
    /// Show all that VINs say, by themselves and by the public decoder
    Decode(DecodeArgs),
    /// Show what a vehicle is worth on the market here, how sure that is, and why
    Evaluate(EvaluateArgs),
    /// Remove expired evaluations and answers of the decoder
    CleanUp(CleanUpArgs),
}

/// How much is removed.
#[derive(Args, Debug)]
pub(crate) struct CleanUpArgs {
    /// At most this many rows
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// How the public decoder is asked.
#[derive(Args, Debug)]
struct VpicOptions {
    /// Use no network: only the VIN itself, the stored answers of the decoder, and for an evaluation the competitors' listings in
    /// the database
    #[arg(long)]
    offline: bool,
    /// Another address of vPIC: an https:// mirror on a public server
    #[arg(long, value_name = "URL")]
    vpic_url: Option<String>,
}

/// The VINs to decode.
#[derive(Args, Debug)]
#[command(after_help = DECODE_EXAMPLES)]
pub(crate) struct DecodeArgs {
    /// VINs of 17 characters, in either case; `-` reads them from standard input, one on a line
    #[arg(value_name = "VIN", required = true)]
    vins: Vec<String>,
    #[command(flatten)]
    vpic: VpicOptions,
}

/// The vehicle to evaluate.
#[derive(Args, Debug)]
#[command(after_help = EVALUATE_EXAMPLES)]
pub(crate) struct EvaluateArgs {
    /// The VIN
    #[arg(value_name = "VIN")]
    vin: String,
    /// Its miles; without them prices are not adjusted for mileage
    #[arg(long, value_name = "MILES", value_parser = crate::arguments::miles)]
    mileage: Option<i32>,
    /// Make it anew, and replace what is stored
    #[arg(long)]
    refresh: bool,
    #[command(flatten)]
    vpic: VpicOptions,
    #[command(flatten)]
    auto_dev: AutoDevOptions,
}

impl VpicOptions {
    fn config(&self, settings: &Settings) -> Option<VpicConfig> {
        let mut config = settings.vpic()?.clone();
        if let Some(url) = self.vpic_url.as_ref().filter(|url| !url.is_empty()) {
            config.base_url.clone_from(url);
        }
        (!self.offline).then_some(config)
    }
}

pub(super) fn run(command: &VinCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        VinCommand::Decode(arguments) => decode(arguments, context),
        VinCommand::Evaluate(arguments) => evaluate(arguments, context),
        VinCommand::CleanUp(arguments) => clean_up(arguments, context),
    }
}

fn decode(arguments: &DecodeArgs, context: &mut Context) -> Result<(), Failure> {
    let vins = vins_of(&arguments.vins)?;
    context.ask_vpic(arguments.vpic.config(&context.settings));
    let decoded = context.desk_or_passing()?.evaluation().decode_many(&vins)?;
    print(&decoded, &mut context.output, print_decoded)
}

fn clean_up(arguments: &CleanUpArgs, context: &mut Context) -> Result<(), Failure> {
    let removed = context.desk()?.evaluation().remove_expired(arguments.limit.try_into().unwrap_or(usize::MAX))?;
    let left = if removed.is_all { "" } else { "; more are over" };
    let evaluations = counted(removed.evaluations, "evaluation");
    let told = format!("removed {evaluations} and {}{left}", counted(removed.decodes, "decoding"));
    context.output.done(&told, &removed)
}

/// The VINs of the command line, with those of standard input in the place of `-`; empty lines are passed over.
fn vins_of(texts: &[String]) -> Result<Vec<Vin>, Failure> {
    let mut vins = Vec::with_capacity(texts.len());
    for text in texts {
        if text != "-" {
            vins.push(read(text)?);
            continue;
        }
        let mut lines = Lines::new(stdin(), LINE_BYTES_MAX);
        while let Some((number, line)) = lines.next_line()? {
            if line.is_empty() {
                continue;
            }
            if vins.len() == VINS_MAX {
                let message = format!("more than {VINS_MAX} VINs are too many at once");
                return Err(Failure::new(ErrorCode::TooManyVins, message));
            }
            let vin = read(&String::from_utf8_lossy(line));
            vins.push(vin.map_err(|failure| failure.at(&format!("line {number}")))?);
        }
    }
    Ok(vins)
}

fn evaluate(arguments: &EvaluateArgs, context: &mut Context) -> Result<(), Failure> {
    let mut request = EvaluationRequest::new(read(&arguments.vin)?, arguments.mileage);
    request.refresh = arguments.refresh;
    context.ask_vpic(arguments.vpic.config(&context.settings));
    // Read in any case, so that a wrong option is reported offline too.
    let auto_dev = arguments.auto_dev.config(&context.settings)?;
    context.ask_auto_dev(auto_dev.filter(|_| !arguments.vpic.offline));
    let evaluation = context.desk()?.evaluation().evaluate(&request)?;
    let output = &mut context.output;
    if output.format() != Format::Table {
        return output.item(&evaluation);
    }
    print_evaluation(&evaluation, output)?;
    if evaluation.mileage == arguments.mileage {
        return Ok(());
    }
    let told =
        |mileage: Option<i32>| mileage.map_or_else(|| "no mileage".to_owned(), |it| format!("{} miles", miles(it)));
    let (kept, asked) = (told(evaluation.mileage), told(arguments.mileage));
    let line = format!("it was made for {kept}, and {asked} were asked for: --refresh makes it anew");
    output.text(&output.toned(&line, Tone::Warning))
}

fn read(text: &str) -> Result<Vin, Failure> {
    Vin::parse(text.trim()).map_err(|reason| {
        let message = reason.to_string();
        let fields = vec![FieldError { pointer: "/vin".to_owned(), message: message.clone() }];
        // Only its beginning, as it may be a whole file.
        let shown: String = text.chars().take(40).collect();
        Failure::Own { code: ErrorCode::InvalidVin, message: format!("{shown:?}: {message}"), fields }
    })
}

/// Each under its own heading for people, one document or an object a line for programs.
fn print<T: Serialize>(
    items: &[T],
    output: &mut Output,
    mut for_people: impl FnMut(&T, &mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match output.format() {
        Format::Table => items.iter().try_for_each(|item| for_people(item, output)),
        Format::Json => output.json(items),
        Format::Jsonl => items.iter().try_for_each(|item| output.json_line(item)),
    }
}

fn print_decoded(decoded: &Decoded, output: &mut Output) -> Result<(), Failure> {
    print_facts(&decoded.facts, decoded.vehicle.as_ref(), output)?;
    if let Some(vpic) = &decoded.vpic {
        output.heading("By vPIC", &day(vpic.answered_at))?;
        output.item(&by_vpic(vpic))?;
    }
    print_warnings(&decoded.warnings, output)
}

fn print_evaluation(evaluation: &Evaluation, output: &mut Output) -> Result<(), Failure> {
    match (&evaluation.vehicle, &evaluation.analysis) {
        (Some(vehicle), Some(analysis)) => {
            let subject = Subject {
                year: vehicle.year,
                make: vehicle.make.clone(),
                model: vehicle.model.clone(),
                trim: vehicle.trim.clone(),
                mileage: evaluation.mileage,
                ..Subject::default()
            };
            analyze::print_subject(&subject, analysis, output)?;
            print_speed(evaluation, output)?;
        }
        _ => print_facts(&evaluation.facts, evaluation.vehicle.as_ref(), output)?,
    }
    // A missing source is among the reasons for the price already.
    let is_told =
        |warning: &&Warning| evaluation.analysis.is_none() || !matches!(warning, Warning::SourceMissing { .. });
    let warnings: Vec<_> = evaluation.warnings.iter().filter(is_told).cloned().collect();
    print_warnings(&warnings, output)?;
    let from = if evaluation.from_cache { "kept since" } else { "made" };
    let until = evaluation.expires_at.map_or_else(
        || "something was missing, so it is not kept".to_owned(),
        |time| format!("holds until {}", day(time)),
    );
    output.text("")?;
    let last = format!("{}: {from} {}, {until}", evaluation.vin, moment(evaluation.evaluated_at));
    let last = output.toned(&last, Tone::Faint);
    output.text(&last)
}

/// How fast such a vehicle sells, and what to pay for it.
fn print_speed(evaluation: &Evaluation, output: &mut Output) -> Result<(), Failure> {
    let Some(analysis) = &evaluation.analysis else { return Ok(()) };
    let supply = analysis.supply;
    let days = |days: f64| counted(format!("{days:.0}"), "day");
    let told = [
        supply.market_days_supply.map(|supplied| format!("what is on offer lasts {} at today's pace", days(supplied))),
        supply.days_on_market.map(|to_sell| format!("one sells within about {}", days(to_sell))),
        evaluation.most_to_pay.map(|most| format!("pay {} at most", money(most))),
    ];
    let told: Vec<_> = told.into_iter().flatten().collect();
    if told.is_empty() {
        return Ok(());
    }
    output.heading("Buying it", &format!("{} on offer, {} sold", supply.active, supply.sold))?;
    told.iter().try_for_each(|line| output.text(&format!("  {line}")))
}

fn print_warnings(warnings: &[Warning], output: &mut Output) -> Result<(), Failure> {
    if warnings.is_empty() {
        return Ok(());
    }
    output.heading("Note", "")?;
    warnings.iter().try_for_each(|warning| {
        let line = output.toned(&warning.to_string(), Tone::Warning);
        output.text(&format!("  {line}"))
    })
}

/// A VIN's own facts as lines for a person.
#[derive(Serialize)]
struct ByItself {
    #[serde(rename = "registered by")]
    manufacturer: Option<String>,
    #[serde(rename = "for makes")]
    makes: Option<String>,
    #[serde(rename = "for kind")]
    kind: Option<&'static str>,
    #[serde(rename = "given out in")]
    country: Option<String>,
    #[serde(rename = "model year")]
    model_year: String,
    #[serde(rename = "check digit")]
    check_digit: String,
    serial: String,
    #[serde(rename = "squish VIN")]
    squish: String,
}

fn print_facts(facts: &Facts, vehicle: Option<&Identity>, output: &mut Output) -> Result<(), Failure> {
    let name = vehicle.map(|is| car(Some(is.year), Some(&is.make), Some(&is.model), is.trim.as_deref()));
    output.heading(facts.vin.as_str(), &name.unwrap_or_default())?;
    let digit = facts.check_digit;
    let lines = ByItself {
        manufacturer: facts.manufacturer.map(|maker| format!("{} ({})", maker.name, maker.identifier)),
        makes: facts
            .manufacturer
            .map(|maker| maker.makes.iter().collect::<Vec<_>>().join(", "))
            .filter(|it| !it.is_empty()),
        kind: facts.manufacturer.and_then(|maker| maker.vehicle_type).map(|kind| kind.as_str()),
        country: facts.country.map(|country| match country.disputed_with {
            Some(other) => format!("{}, or {other} by older tables", country.name),
            None if !country.is_current => format!("{}, by older tables alone", country.name),
            None => country.name.to_owned(),
        }),
        model_year: year(facts),
        check_digit: if facts.check_digit_ok {
            format!("{}, right", digit.actual)
        } else if facts.check_digit_is_law {
            format!("{}, should be {}", digit.actual, digit.expected)
        } else {
            format!("{}, not the {} that North America's law would ask for", digit.actual, digit.expected)
        },
        serial: facts.serial.clone(),
        squish: facts.squish_vin.to_string(),
    };
    output.item(&lines)
}

fn year(facts: &Facts) -> String {
    let Some(year) = facts.model_year else { return "not in this VIN".to_owned() };
    let alternatives = &facts.model_year_alternatives;
    match facts.model_year_basis {
        YearBasis::Proven => year.to_string(),
        YearBasis::MakersChoice => {
            format!("{}, if its maker uses position 10 for it", sentences::years(year, alternatives))
        }
        _ if alternatives.is_empty() => format!("{year}, likely"),
        _ => {
            let [first, others @ ..] = alternatives.as_slice() else { return year.to_string() };
            format!("{year}, likely, or {}", sentences::years(*first, others))
        }
    }
}

/// What vPIC says as lines for a person.
#[derive(Serialize)]
struct ByVpic<'a> {
    vehicle: String,
    series: Option<&'a str>,
    body: Option<&'a str>,
    engine: Option<String>,
    drive: Option<&'a str>,
    transmission: Option<&'a str>,
    #[serde(rename = "built in")]
    plant: Option<String>,
    #[serde(rename = "price when new")]
    base_price: Option<String>,
}

fn by_vpic(vpic: &VpicDecode) -> ByVpic<'_> {
    let engine = [
        vpic.displacement_liters.map(|liters| format!("{liters:.1} l")),
        vpic.cylinders.map(|cylinders| counted(cylinders, "cylinder")),
        vpic.horsepower.map(|power| format!("{power:.0} hp")),
        vpic.fuel_type.clone(),
    ];
    let engine: Vec<_> = engine.into_iter().flatten().collect();
    let plant: Vec<_> = [vpic.plant_city.as_deref(), vpic.plant_country.as_deref()].into_iter().flatten().collect();
    ByVpic {
        vehicle: car(vpic.year, vpic.make.as_deref(), vpic.model.as_deref(), vpic.trim.as_deref()),
        series: vpic.series.as_deref(),
        body: vpic.body_class.as_deref().or(vpic.vehicle_type.as_deref()),
        engine: (!engine.is_empty()).then(|| engine.join(", ")),
        drive: vpic.drive_type.as_deref(),
        transmission: vpic.transmission.as_deref(),
        plant: (!plant.is_empty()).then(|| plant.join(", ")),
        base_price: vpic.base_price.map(money),
    }
}
