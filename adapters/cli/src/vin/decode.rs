//! `jpauto vin decode` and `jpauto vin evaluate`: what a VIN stands for, and what that vehicle is worth. What is deliberately
//! not here: how either is found out.

use chrono::{Datelike as _, Utc};
use clap::{Args, Subcommand};
use jpauto::{
    Vin,
    evaluation::{Decoded, Evaluation, EvaluationRequest, Identity, VpicConfig, VpicDecode, Warning},
    market::Subject,
    vin::Facts,
};
use serde::Serialize;

use crate::{
    analyze,
    auto_dev::AutoDevOptions,
    context::Context,
    failure::Failure,
    output::{Format, Output, Tone, car, counted, day, moment, money},
    sentences,
};

const DECODE_EXAMPLES: &str = "\
By itself a VIN says who made the vehicle, its model year, and whether it was copied right. Model,
trim and engine come from vPIC, the free decoder of the United States' road safety authority, whose
answers are kept in the database for a month.

Examples:
  jpauto vin decode 5FNYF5H59HB011946
  jpauto vin decode --offline 5FNYF5H59HB011946 WP0ZZZ99ZTS392124
  jpauto vin decode --format jsonl $(cut -d, -f3 auction.csv) | jq .vehicle";

const EVALUATE_EXAMPLES: &str = "\
The VIN is decoded, comparables are looked for among the watched competitors and at auto.dev, and
priced as the lot is. The answer is kept for 30 days and serves for mileages up to 5,000 away. What
could not be asked is said, and the rest is told.

Examples:
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000 --refresh
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000 --format json | jq .analysis.recommended_range";

/// What to ask about VINs beyond what they tell in a line.
#[derive(Debug, Subcommand)]
pub(crate) enum VinCommand {
    /// Say all that VINs tell, by themselves and by the public decoder
    Decode(DecodeArgs),
    /// Say what a vehicle is worth on the market here, how sure that is, and why
    Evaluate(EvaluateArgs),
}

/// How the public decoder is asked.
#[derive(Args, Debug)]
struct VpicOptions {
    /// Ask no decoder: what the VIN says by itself, and for an evaluation what is known of listings
    #[arg(long)]
    offline: bool,
    /// Another address of vPIC, such as a mirror's
    #[arg(long, value_name = "URL", env = "JPAUTO_VPIC_BASE_URL", hide_env_values = true)]
    vpic_url: Option<String>,
}

/// The VINs to decode.
#[derive(Args, Debug)]
#[command(after_help = DECODE_EXAMPLES)]
pub(crate) struct DecodeArgs {
    /// VINs of 17 characters, in either case
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
    #[arg(long, value_name = "MILES")]
    mileage: Option<i32>,
    /// Ask anew, and replace what is kept
    #[arg(long)]
    refresh: bool,
    #[command(flatten)]
    vpic: VpicOptions,
    #[command(flatten)]
    auto_dev: AutoDevOptions,
}

impl VpicOptions {
    fn config(&self) -> Option<VpicConfig> {
        let mut config = VpicConfig::default();
        if let Some(url) = &self.vpic_url {
            config.base_url.clone_from(url);
        }
        (!self.offline).then_some(config)
    }
}

pub(super) fn run(command: &VinCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        VinCommand::Decode(arguments) => decode(arguments, context),
        VinCommand::Evaluate(arguments) => evaluate(arguments, context),
    }
}

fn decode(arguments: &DecodeArgs, context: &mut Context) -> Result<(), Failure> {
    let vins = arguments.vins.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?;
    if arguments.vpic.offline {
        let year = Utc::now().year();
        let facts: Vec<_> = vins.iter().map(|vin| vin.facts(year)).collect();
        return print(&facts, &mut context.output, |facts, output| print_facts(facts, None, output));
    }
    context.ask_vpic(arguments.vpic.config());
    let decoded = context.desk_or_passing()?.evaluation().decode_many(&vins)?;
    print(&decoded, &mut context.output, print_decoded)
}

fn evaluate(arguments: &EvaluateArgs, context: &mut Context) -> Result<(), Failure> {
    let mut request = EvaluationRequest::new(read(&arguments.vin)?, arguments.mileage);
    request.refresh = arguments.refresh;
    context.ask_vpic(arguments.vpic.config());
    context.ask_auto_dev(arguments.auto_dev.config()?);
    let evaluation = context.desk()?.evaluation().evaluate(&request)?;
    let output = &mut context.output;
    if output.format() == Format::Table { print_evaluation(&evaluation, output) } else { output.item(&evaluation) }
}

fn read(text: &str) -> Result<Vin, Failure> {
    Vin::parse(text.trim()).map_err(|reason| Failure::from(jpauto::Error::from(reason)).at(&format!("{text:?}")))
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
    print_warnings(&evaluation.warnings, output)?;
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
        supply.days.map(|supplied| format!("what is on offer lasts {} at today's pace", days(supplied))),
        supply.days_to_sell.map(|to_sell| format!("one sells within about {}", days(to_sell))),
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
        let line = output.toned(&sentences::warning(warning), Tone::Warning);
        output.text(&format!("  {line}"))
    })
}

/// A VIN's own facts as lines for a person.
#[derive(Serialize)]
struct ByItself {
    #[serde(rename = "made by")]
    manufacturer: Option<String>,
    makes: Option<String>,
    kind: Option<&'static str>,
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
            None => country.name.to_owned(),
        }),
        model_year: year(facts),
        check_digit: if facts.check_digit_ok {
            format!("{}, right", digit.actual)
        } else if facts.check_digit_is_law {
            format!("{}, should be {}", digit.actual, digit.expected)
        } else {
            format!("{}, not the {} of North America, where alone it is law", digit.actual, digit.expected)
        },
        serial: facts.serial.clone(),
        squish: facts.squish_vin.to_string(),
    };
    output.item(&lines)
}

fn year(facts: &Facts) -> String {
    let Some(year) = facts.model_year else { return "not in this VIN".to_owned() };
    if facts.model_year_is_conclusive {
        return year.to_string();
    }
    let others: Vec<_> = facts.model_year_alternatives.iter().map(ToString::to_string).collect();
    match others.as_slice() {
        [] => format!("{year}, likely"),
        others => format!("{year}, likely, or {}", others.join(" or ")),
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
