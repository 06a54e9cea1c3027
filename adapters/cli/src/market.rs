//! `jpauto market`: the lot against the market, its history, and the backtest of the rule.

use std::{ops::ControlFlow, time::Duration};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jpauto::{
    AlertFilter, Desk, Money, PageRequest, VehicleFilter, VehicleSort,
    market::{
        AutoDevUse, BacktestEvent, BacktestOptions, BacktestProgress, BacktestReport, BacktestScore, EstimateError,
        MarketPrice, Subject,
    },
};
use serde::Serialize;
use serde_json::json;

use crate::{
    alert,
    analyze::{self, AnalyzeArgs},
    arguments::{miles, one_of},
    auto_dev::AutoDevOptions,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Moment, Output, Row, Tone, counted, dash, day, moment, money, over_time},
    paging::Paging,
    report, vehicle,
};

/// What to ask of the market; a vehicle is named by its id, VIN or stock number, or by the beginning of one.
#[derive(Debug, Subcommand)]
pub(crate) enum MarketCommand {
    /// Price vehicles against the market, and store the result
    Analyze(AnalyzeArgs),
    /// Show the last analysis of a vehicle
    #[command(after_help = SHOW_HELP)]
    Show {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Price any car, such as one that is offered to us; nothing is stored
    #[command(after_help = PRICE_EXAMPLES)]
    Price(PriceArgs),
    /// Count the vehicles above, below and within the market, and list them
    #[command(after_help = OVERVIEW_HELP)]
    Overview {
        #[command(flatten)]
        auto_dev: AutoDevOptions,
    },
    /// Draw and list a vehicle's price beside the market's
    #[command(after_help = HISTORY_HELP)]
    History {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// List the open alerts about prices, the latest first
    #[command(after_help = ALERTS_HELP)]
    Alerts {
        /// About this vehicle only: id, VIN or stock number, or the beginning of one
        #[arg(long, value_name = "VEHICLE")]
        vehicle: Option<String>,
        /// Include closed alerts
        #[arg(long)]
        with_dismissed: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Measure the pricing rule against what competitors' cars came to ask
    #[command(after_help = BACKTEST_HELP)]
    Backtest(BacktestArgs),
}

pub(crate) const EXAMPLES: &str = "\
From day to day: read the competitors, price the lot against them, look at what stands out.

  jpauto scrape --due                    the competitors' lists as they are today
  jpauto market analyze                  the vehicles that are due; with --all every unsold one
  jpauto market overview                 where the lot stands: too high, too low, competitive
  jpauto market alerts                   what to look at first
  jpauto market show A1042               one vehicle: its market, why, and what it was compared with
  jpauto market history A1042            how its price and its market moved

A car that is offered to us is priced without being stored, or evaluated by its VIN:

  jpauto market price --year 2021 --make Toyota --model Camry --mileage 41000
  jpauto vin evaluate 5FNYF5H59HB011946 --mileage 61000

How good the prices are: jpauto market backtest";

const SHOW_HELP: &str = "\
The chart shows the comparables' prices, each adjusted to this car's mileage and year: from the
cheapest to the dearest, the middle half as a box with the median in it, and our price above.

Examples:
  jpauto market show A1042
  jpauto market show A1042 --format json | jq '.analysis.reasons'";

const PRICE_EXAMPLES: &str = "\
Examples:
  jpauto market price --year 2021 --make Toyota --model Camry --trim SE --mileage 41000
  jpauto market price --year 2021 --make Toyota --model Camry --asking 19500 --format json";

const OVERVIEW_HELP: &str = "\
Prices are today's; the market is that of the last analyses. Vehicles that need an analysis were
never analysed, or not within three days: jpauto market analyze takes them.

Examples:
  jpauto market overview
  jpauto market overview --format json | jq .market.high";

const HISTORY_HELP: &str = "\
Each analysis is a point, and so is each change of our price. In the chart ● is our price and ─
the market's median.

Examples:
  jpauto market history A1042
  jpauto market history A1042 --all --format jsonl > history.jsonl";

const ALERTS_HELP: &str = "\
overpriced and underpriced: more than 10 % from the market, critical from 15 % on. no_market_data:
too few comparables. An alert closes by itself when the next analysis no longer calls for it, and
then says why. jpauto alert dismiss ID puts it away until our price changes or it is critical; the id
is in the last column of a wide terminal, and in JSON.

Examples:
  jpauto market alerts
  jpauto market alerts --vehicle A1042 --with-dismissed
  jpauto market alerts --format json | jq -r '.items[] | [.id, .message] | @tsv'";

const BACKTEST_HELP: &str = "\
Each competitor's car that was sold or cut in price is priced from the others that were visible at
that moment, and compared with what it asked then. Beside the rule stands the plain median of the
same comparables. Errors are the mean in percent (MAPE) and of the logarithm (MAE). In range is
the share of prices within the recommended P25 to P75, and the share to expect of exact adjustments,
which is below half for few comparables.

Examples:
  jpauto market backtest
  jpauto market backtest --make Toyota --since 2026-01-01T00:00:00Z --event sold
  jpauto market backtest --format json | jq .total.rule.mape_percent";

/// A car to price.
#[derive(Args, Debug)]
pub(crate) struct PriceArgs {
    /// Model year
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1900..=2100))]
    year: i32,
    /// Make
    #[arg(long, value_name = "TEXT")]
    make: String,
    /// Model
    #[arg(long, value_name = "TEXT")]
    model: String,
    /// Trim level, where it is known
    #[arg(long, value_name = "TEXT")]
    trim: Option<String>,
    /// Miles on the odometer; without them prices are not adjusted
    #[arg(long, value_name = "MILES", value_parser = possible_miles)]
    mileage: Option<i32>,
    /// Its VIN or chassis number, so that its own listing is no comparable
    #[arg(long, value_name = "VIN")]
    vin: Option<String>,
    /// The price to compare
    #[arg(long, value_name = "DOLLARS", value_parser = jpauto::typed::money)]
    asking: Option<Money>,
    /// The title is branded: salvage, rebuilt, lemon
    #[arg(long)]
    branded: bool,
    /// It is a new car; without this, new ones are not compared with it
    #[arg(long)]
    new: bool,
    #[command(flatten)]
    auto_dev: AutoDevOptions,
}

/// Miles that a car can have run.
fn possible_miles(text: &str) -> Result<i32, &'static str> {
    let miles = miles(text)?;
    if (0..=2_000_000).contains(&miles) { Ok(miles) } else { Err("expected miles from 0 to 2,000,000") }
}

/// Which events are judged.
#[derive(Args, Debug)]
pub(crate) struct BacktestArgs {
    /// Of this make only
    #[arg(long, value_name = "TEXT")]
    make: Option<String>,
    /// Of this model only
    #[arg(long, value_name = "TEXT")]
    model: Option<String>,
    /// Not earlier, RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    /// Not later, RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// Of this kind only
    #[arg(long, value_name = "EVENT", value_parser = one_of!(BacktestEvent))]
    event: Option<BacktestEvent>,
    /// At most this many events of one model, spread over time
    #[arg(long, value_name = "NUMBER", default_value_t = BacktestOptions::default().max_events_a_model)]
    max_events: usize,
}

/// Runs the command.
pub(crate) fn run(command: MarketCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        MarketCommand::Analyze(arguments) => analyze::run(&arguments, context),
        MarketCommand::Show { vehicle } => show(&vehicle, context),
        MarketCommand::Price(arguments) => price(arguments, context),
        MarketCommand::Overview { auto_dev } => {
            context.ask_auto_dev(auto_dev.config(&context.settings)?);
            overview(context)
        }
        MarketCommand::History { vehicle, paging } => history(&vehicle, &paging, context),
        MarketCommand::Alerts { vehicle, with_dismissed, paging } => {
            let desk = context.desk()?;
            let mut filter = AlertFilter::default();
            (filter.about_prices, filter.with_dismissed) = (true, with_dismissed);
            if let Some(name) = vehicle {
                filter.subject_id = Some(vehicle::find(&desk, &name)?.vehicle.id.into());
            }
            alert::print(&paging, &mut context.output, &filter, |page| desk.alerts().list(&filter, page))
        }
        MarketCommand::Backtest(arguments) => backtest(arguments, context),
    }
}

fn show(name: &str, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let stocked = vehicle::find(&desk, name)?;
    let research = desk.market().get(stocked.vehicle.id)?;
    match &research.analysis {
        Some(analysis) if context.output.format() == Format::Table => {
            analyze::print_one(&stocked, analysis, &mut context.output)?;
            context.output.text("")?;
            context.output.text(&format!("as of {}", moment(analysis.analyzed_at)))
        }
        _ => context.output.item(&research),
    }
}

fn price(arguments: PriceArgs, context: &mut Context) -> Result<(), Failure> {
    context.ask_auto_dev(arguments.auto_dev.config(&context.settings)?);
    let subject = Subject {
        vin: arguments.vin,
        year: arguments.year,
        make: arguments.make,
        model: arguments.model,
        trim: arguments.trim,
        mileage: arguments.mileage,
        price: arguments.asking,
        cost: None,
        branded: arguments.branded,
        is_new: arguments.new,
    };
    let analysis = context.desk()?.market().price(&subject)?;
    analyze::print_subject(&subject, &analysis, &mut context.output)
}

fn overview(context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let market = desk.market().overview()?;
    let auto_dev = desk.market().auto_dev_use()?;
    let unsold = VehicleFilter::unsold().sort(VehicleSort::ListedAt);
    let inventory = report::all(|page| desk.market().positions(&unsold, page))?;
    let output = &mut context.output;
    if output.format() != Format::Table {
        return output.item(&json!({"market": market, "auto_dev": auto_dev, "inventory": inventory}));
    }
    output.heading("The market of the lot", &counted(market.vehicles, "unsold vehicle"))?;
    if inventory.is_empty() {
        output.text("no vehicle yet: jpauto vehicle add, or approve a submission")?;
    } else {
        output.table(&inventory)?;
    }
    report::print_market(&market, output)?;
    if market.needs_analysis > 0 {
        output.text(&format!("{} an analysis: jpauto market analyze", needing(market.needs_analysis)))?;
    }
    match auto_dev {
        Some(used) => output.text(&spent(&used)),
        None => Ok(()),
    }
}

fn needing(vehicles: usize) -> String {
    if vehicles == 1 { "1 vehicle needs".to_owned() } else { format!("{vehicles} vehicles need") }
}

fn spent(used: &AutoDevUse) -> String {
    format!("auto.dev: {} of {} calls used, new ones on {}", used.calls, used.calls_a_month, day(used.renews_at))
}

fn history(name: &str, paging: &Paging, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let stocked = vehicle::find(&desk, name)?;
    let id = stocked.vehicle.id;
    let chart = |output: &mut Output| {
        let moments = moments(&desk, id)?;
        output.heading(&vehicle::name(&stocked.vehicle), &format!("{} now", money(stocked.vehicle.price)))?;
        if let Some(chart) = over_time(&moments, output.columns()) {
            output.text(&chart)?;
            output.text("● our price  ─ the market's median")?;
            output.text("")?;
        }
        Ok(())
    };
    paging.print_below(&mut context.output, chart, |page| desk.market().history(id, page))
}

/// The latest points of a vehicle's history, as many as a page holds.
fn moments(desk: &Desk, id: jpauto::VehicleId) -> Result<Vec<Moment>, Failure> {
    let points = desk.market().history(id, &PageRequest::first(PageRequest::MAX_LIMIT))?.items;
    let moment = |point: MarketPrice| {
        Some(Moment { at: point.recorded_at?, ours: point.our_price, market: point.median_market_price })
    };
    Ok(points.into_iter().filter_map(moment).collect())
}

impl Row for MarketPrice {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::number("Our price"),
        Column::number("Market"),
        Column::number("Cheapest").spare(1),
        Column::number("Comparables"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            dash(self.recorded_at, moment).into(),
            money(self.our_price).into(),
            dash(self.median_market_price, money).into(),
            dash(self.min_market_price, money).into(),
            dash(self.sample_size, |size| size.to_string()).into(),
        ]
    }
}

fn backtest(arguments: BacktestArgs, context: &mut Context) -> Result<(), Failure> {
    let mut options = BacktestOptions::default();
    options.make = arguments.make;
    options.model = arguments.model;
    options.since = arguments.since;
    options.until = arguments.until;
    options.event = arguments.event;
    options.max_events_a_model = arguments.max_events;
    let desk = context.desk()?;
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} models, {eta} to go") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let report = desk.market().backtest(&options, &mut |progress: BacktestProgress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    print_backtest(&report?, &mut context.output)
}

fn print_backtest(report: &BacktestReport, output: &mut Output) -> Result<(), Failure> {
    if output.format() != Format::Table {
        return output.item(report);
    }
    let Some((first, last)) = report.between else {
        return output.text("nothing to judge by: no watched car was sold or cut in price");
    };
    let remark = format!("{}, {} to {}", counted(report.models, "model"), day(first), day(last));
    output.heading("The rule against what was asked", &remark)?;
    let parts = [("sold", report.sold), ("cut in price", report.price_cut), ("all", report.total)];
    let judged = parts.map(|(what, score)| Judged { what, score });
    output.table(judged.iter().filter(|judged| judged.score.events > 0))?;
    if report.thinned > 0 {
        let left = counted(report.thinned, "event");
        output.text(&format!("{left} left out, spread over time: --max-events takes more"))?;
    }
    Ok(())
}

/// The score of the rule on one kind of events.
#[derive(Serialize)]
struct Judged {
    what: &'static str,
    score: BacktestScore,
}

impl Row for Judged {
    const COLUMNS: &'static [Column] = &[
        Column::text("Events"),
        Column::number("Number"),
        Column::number("Priced"),
        Column::number("Rule MAPE"),
        Column::number("Median MAPE"),
        Column::number("Rule MAE").spare(2),
        Column::number("Median MAE").spare(2),
        Column::number("Rule nearer").spare(1),
        Column::number("In range"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let score = &self.score;
        let share = |error: Option<EstimateError>| dash(error, |error| format!("{:.2} %", error.mape_percent));
        let log = |error: Option<EstimateError>| dash(error, |error| format!("{:.4}", error.mae_log));
        let percent = |share: Option<f64>| dash(share, |share| format!("{share:.0} %"));
        let is_better = score.rule.zip(score.plain_median).is_some_and(|(rule, plain)| rule.mae_log <= plain.mae_log);
        vec![
            self.what.into(),
            score.events.to_string().into(),
            score.priced.to_string().into(),
            Cell::new(share(score.rule)).tone(if is_better { Tone::Good } else { Tone::Plain }),
            share(score.plain_median).into(),
            log(score.rule).into(),
            log(score.plain_median).into(),
            percent(score.nearer_percent).into(),
            dash(score.coverage_percent.zip(score.expected_coverage_percent), |(share, expected)| {
                format!("{share:.0} of {expected:.0} %")
            })
            .into(),
        ]
    }
}
