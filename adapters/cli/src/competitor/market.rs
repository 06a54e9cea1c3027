//! `jpauto competitor market` and `undercuts`: the market over all dealers.

use clap::Args;
use jpauto::{
    Desk, Money,
    competitors::{LeftOut, MarketGroup, MarketViewFilter, ModelFigures, Undercut, UndercutFilter},
};
use serde::Serialize;

use super::find_all;
use crate::{
    failure::Failure,
    filters::ModelOptions,
    output::{Cell, Column, Format, Output, Row, Tone, car, counted, dash, dollars, miles, money},
    paging::Paging,
    vehicle,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  jpauto competitor market --limit 20
  jpauto competitor market --make Toyota --by-year
  jpauto competitor market --all --format json | jq .total";

pub(super) const UNDERCUT_EXAMPLES: &str = "\
Examples:
  jpauto competitor undercuts --difference-min 500
  jpauto competitor undercuts --competitor 'Example Motors' --all --format jsonl";

/// Which part of the market.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct MarketOptions {
    /// At this dealer, by name or id. Repeatable
    #[arg(long = "competitor", value_name = "COMPETITOR")]
    competitors: Vec<String>,
    #[command(flatten)]
    called: ModelOptions,
    /// A line for each model year
    #[arg(long)]
    by_year: bool,
}

/// Prints the figures over everything and by make and model.
pub(super) fn print(desk: &Desk, options: MarketOptions, paging: &Paging, output: &mut Output) -> Result<(), Failure> {
    let filter = MarketViewFilter {
        competitors: find_all(desk, &options.competitors)?,
        make: options.called.make,
        model: options.called.model,
        year_min: options.called.year_min,
        year_max: options.called.year_max,
        group: if options.by_year { MarketGroup::ModelYear } else { MarketGroup::Model },
    };
    paging.print_with_total(output, total_line, |page| {
        let view = desk.competitors().market_view(&filter, page)?;
        Ok((Whole { total: view.total, left_out: view.left_out }, view.models))
    })
}

/// The figures over the whole market.
#[derive(Serialize)]
struct Whole {
    total: ModelFigures,
    left_out: LeftOut,
}

fn total_line(Whole { total, left_out }: &Whole) -> String {
    let price = dash(total.median_price, dollars);
    let days = dash(total.median_days_on_market, |days| format!("{days:.0}"));
    format!(
        "{} on sale at {}: median {price}, {days} days there; {} this week, {} sold in 30 days{}",
        counted(total.on_sale, "vehicle"),
        counted(total.competitors, "dealer"),
        counted(total.price_cuts_7d, "price cut"),
        total.sold_30d,
        not_counted(left_out).map(|line| format!("\n{line}")).unwrap_or_default(),
    )
}

/// Which listings are left out, and why; nothing where there are none.
fn not_counted(left_out: &LeftOut) -> Option<String> {
    let &LeftOut { listings, competitors, paused, failing, unseen, doubtful_prices } = left_out;
    let dealers = |count: i64, what: &str| (count > 0).then(|| format!("{} {what}", counted(count, "dealer")));
    let missing = (unseen > 0).then(|| format!("{unseen} unseen on their dealers' websites"));
    let why: Vec<_> =
        [missing, dealers(paused, "paused"), dealers(failing, "not read for 14 days")].into_iter().flatten().collect();
    let why = if why.is_empty() { "not seen for 14 days".to_owned() } else { why.join(", ") };
    let (counted_listings, at) = (counted(listings, "listing"), counted(competitors, "dealer"));
    let gone = (listings > 0).then(|| format!("{counted_listings} at {at} ({why})"));
    let doubtful = (doubtful_prices > 0)
        .then(|| format!("{} like ours at a price so low that it is likelier a slip", counted(doubtful_prices, "car")));
    let parts: Vec<_> = gone.into_iter().chain(doubtful).collect();
    (!parts.is_empty()).then(|| format!("Not counted: {}", parts.join("; ")))
}

impl Row for ModelFigures {
    const COLUMNS: &'static [Column] = &[
        Column::text("Model"),
        Column::number("On sale"),
        Column::number("Median"),
        Column::number("Lowest").spare(3),
        Column::number("Highest").spare(4),
        Column::number("Days"),
        Column::number("Cuts 7d"),
        Column::number("Sold 30d"),
        Column::number("Dealers").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            car(self.year, self.make.as_deref(), self.model.as_deref(), None).into(),
            self.on_sale.to_string().into(),
            dash(self.median_price, dollars).into(),
            dash(self.lowest_price, dollars).into(),
            dash(self.highest_price, dollars).into(),
            dash(self.median_days_on_market, |days| format!("{days:.0}")).into(),
            self.price_cuts_7d.to_string().into(),
            self.sold_30d.to_string().into(),
            self.competitors.to_string().into(),
        ]
    }
}

/// Which undercuts.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct UndercutOptions {
    /// Of this vehicle of ours: id, VIN or stock number
    #[arg(long, value_name = "VEHICLE")]
    vehicle: Option<String>,
    /// By this dealer, by name or id. Repeatable
    #[arg(long = "competitor", value_name = "COMPETITOR")]
    competitors: Vec<String>,
    /// By this much or more
    #[arg(long, value_name = "DOLLARS", value_parser = jpauto::typed::money)]
    difference_min: Option<Money>,
}

/// Prints who asks less for cars like ours.
pub(super) fn print_undercuts(
    desk: &Desk,
    options: UndercutOptions,
    paging: &Paging,
    output: &mut Output,
) -> Result<(), Failure> {
    let vehicle = options.vehicle.map(|name| vehicle::find(desk, &name)).transpose()?;
    let filter = UndercutFilter {
        vehicle: vehicle.map(|stocked| stocked.vehicle.id),
        competitors: find_all(desk, &options.competitors)?,
        difference_min: options.difference_min,
    };
    let left_out = desk.competitors().left_out(&filter.competitors)?;
    match (output.format(), not_counted(&left_out)) {
        (Format::Table, None) => paging.print(output, |page| desk.competitors().undercuts(&filter, page)),
        (_, line) => paging.print_with_total(
            output,
            |_| line.clone().unwrap_or_default(),
            |page| Ok((Uncounted { left_out }, desk.competitors().undercuts(&filter, page)?)),
        ),
    }
}

/// What is not among the undercuts.
#[derive(Serialize)]
struct Uncounted {
    left_out: LeftOut,
}

impl Row for Undercut {
    const COLUMNS: &'static [Column] = &[
        Column::text("Our vehicle"),
        Column::number("Ours"),
        Column::number("Theirs"),
        Column::number("Difference"),
        Column::text("Dealer"),
        Column::number("Our miles").spare(2),
        Column::number("Their miles").spare(1),
        Column::text("Stock").spare(3),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            car(Some(self.year), Some(&self.make), Some(&self.model), self.trim.as_deref()).into(),
            money(self.our_price).into(),
            money(self.their_price).into(),
            Cell::new(money(self.difference)).tone(Tone::Bad),
            self.competitor.as_str().into(),
            miles(self.our_mileage).into(),
            miles(self.their_mileage).into(),
            dash(self.stock_number.clone(), |number| number).into(),
        ]
    }
}
