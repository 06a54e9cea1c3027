//! `jpauto vehicle`: the dealership's own vehicles.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use jpauto::{
    AgeState, Desk, ErrorCode, Inventory, Money, NewVehicle, StatusChange, StockedVehicle, Vehicle, VehicleFilter,
    VehicleSort, VehicleStatus, VehicleUpdate, VehicleWarning, typed,
};
use serde_json::json;

use crate::{
    arguments::{Confirmation, one_of},
    context::Context,
    failure::Failure,
    fields::OptionsOf,
    filters::{ModelOptions, RangeOptions},
    output::{Cell, Column, Format, Output, Row, Tone, car, counted, dash, miles, money, remark},
    paging::Paging,
};

/// What to do with vehicles. Each is named by its id, VIN or stock number, or by the beginning of one.
#[derive(Debug, Subcommand)]
pub(crate) enum VehicleCommand {
    /// Add a vehicle and put it on sale; a car that we sold before is on sale again
    #[command(after_help = ADD_EXAMPLES)]
    Add {
        #[command(flatten)]
        fields: OptionsOf<NewVehicle>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// List vehicles, the newest on sale first
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        filter: FilterOptions,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a vehicle
    Show {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Change fields of a vehicle
    #[command(after_help = "Example:\n  jpauto vehicle update A1042 --price 13200 --set trim=XSE --set msrp=")]
    Update {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
        #[command(flatten)]
        fields: OptionsOf<VehicleUpdate>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Sell a vehicle, or correct its sale
    #[command(after_help = SELL_EXAMPLES)]
    Sell {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
        /// What the buyer paid; kept with the sale and in the audit trail
        #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true, value_parser = typed::money)]
        price: Option<Money>,
        /// When it was sold, where that was not now: a day or a time
        #[arg(long, value_name = "DATE", value_parser = past_moment)]
        date: Option<DateTime<Utc>>,
        /// The vehicle is sold already: correct what the buyer paid, or when
        #[arg(long)]
        correct: bool,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Move a vehicle to another status
    #[command(after_help = "Example:\n  jpauto vehicle status A1042 sold --sale-price 13000")]
    Status {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
        /// The new status
        #[arg(value_name = "STATUS", value_parser = one_of!(VehicleStatus))]
        status: VehicleStatus,
        /// What the buyer paid; kept with the sale and in the audit trail
        #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true, value_parser = typed::money)]
        sale_price: Option<Money>,
        /// When it was sold, where that was not now: a day or a time
        #[arg(long, value_name = "DATE", value_parser = past_moment)]
        sold_at: Option<DateTime<Utc>>,
        /// The vehicle is sold already: correct what the buyer paid, or when
        #[arg(long)]
        correct: bool,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Take back a sale of the last seven days that fell through: the vehicle has the status that it had before
    UndoSale {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Offer a sold vehicle again, as listed now
    Relist {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Show a vehicle on the homepage
    Feature {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Take a vehicle off the homepage
    Unfeature {
        /// Id, VIN or stock number, or the beginning of one
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Delete a vehicle with its market analysis, price history and sales
    Delete {
        /// The whole id, VIN or stock number, or eight signs or more of an id or VIN
        #[arg(value_name = "VEHICLE")]
        vehicle: String,
    },
    /// Show counts, value and age of the inventory, and what was sold
    Statistics,
}

const ADD_EXAMPLES: &str = "\
Examples:
  jpauto vehicle add --year 2019 --make Toyota --model Camry --trim LE --vin 4T1B11HK9KU211111 \\
      --mileage 31000 --price 15900 --cost 12500
  jpauto vehicle add --json car.json --set features='[\"Tow hitch\", \"Roof rack\"]'

Options override the JSON object, and --set overrides options. Fields are named as their columns.";

const SELL_EXAMPLES: &str = "\
Examples:
  jpauto vehicle sell A1042 --price 13000
  jpauto vehicle sell A1042 --price 13000 --date 2026-11-20
  jpauto vehicle sell A1042 --correct --date 2026-11-21";

const LIST_EXAMPLES: &str = "\
Examples:
  jpauto vehicle list --make Toyota --price-max 20000 --sort price
  jpauto vehicle list --status available --status hold --q 'awd heated'
  jpauto vehicle list --all --format jsonl > stock.jsonl";

/// Which vehicles.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterOptions {
    /// In this status; repeatable
    #[arg(long, value_name = "STATUS", value_parser = one_of!(VehicleStatus))]
    status: Vec<VehicleStatus>,
    #[command(flatten)]
    called: ModelOptions,
    #[command(flatten)]
    within: RangeOptions,
    /// Only those on the homepage, or only the others
    #[arg(long, value_name = "true|false")]
    featured: Option<bool>,
    /// Each word occurs in make, model, trim, VIN, stock number or description
    #[arg(long, value_name = "WORDS")]
    q: Option<String>,
    /// The order: a column, with a minus for the largest first
    #[arg(
        long,
        value_name = "ORDER",
        default_value = VehicleSort::ListedAtDescending.as_str(),
        value_parser = one_of!(VehicleSort),
        allow_hyphen_values = true
    )]
    sort: VehicleSort,
}

fn past_moment(text: &str) -> Result<DateTime<Utc>, &'static str> {
    typed::past_moment(text, Utc::now()).ok_or(typed::EXPECTED_MOMENT)
}

/// Runs the command.
pub(crate) fn run(command: VehicleCommand, context: &mut Context) -> Result<(), Failure> {
    let desk = context.desk()?;
    let inventory = desk.inventory();
    let output = &mut context.output;
    match command {
        VehicleCommand::Add { fields, confirmation } => {
            let vehicle: NewVehicle = fields.read()?.build()?;
            written(&writing(&desk, confirmation).add(&vehicle)?, output)
        }
        VehicleCommand::List { filter, paging } => {
            let filter = filter.into_filter();
            paging.print(output, |page| inventory.list(&filter, page))
        }
        VehicleCommand::Show { vehicle } => output.item(&find(&desk, &vehicle)?),
        VehicleCommand::Update { vehicle, fields, confirmation } => {
            let update: VehicleUpdate = fields.read()?.build_update()?;
            let id = find(&desk, &vehicle)?.vehicle.id;
            written(&writing(&desk, confirmation).update(id, &update)?, output)
        }
        VehicleCommand::Sell { vehicle, price, date, correct, confirmation } => {
            let mut change = StatusChange::from(VehicleStatus::Sold);
            (change.sale_price, change.sold_at, change.correct) = (price, date, correct);
            let id = find(&desk, &vehicle)?.vehicle.id;
            warn(&writing(&desk, confirmation).set_status(id, change)?.warnings);
            output.item(&inventory.get(id)?)
        }
        VehicleCommand::Status { vehicle, status, sale_price, sold_at, correct, confirmation } => {
            let mut change = StatusChange::from(status);
            (change.sale_price, change.sold_at, change.correct) = (sale_price, sold_at, correct);
            let id = find(&desk, &vehicle)?.vehicle.id;
            written(&writing(&desk, confirmation).set_status(id, change)?, output)
        }
        VehicleCommand::UndoSale { vehicle } => output.item(&inventory.undo_sale(find(&desk, &vehicle)?.vehicle.id)?),
        VehicleCommand::Relist { vehicle } => output.item(&inventory.relist(find(&desk, &vehicle)?.vehicle.id)?),
        VehicleCommand::Feature { vehicle } => output.item(&inventory.feature(find(&desk, &vehicle)?.vehicle.id)?),
        VehicleCommand::Unfeature { vehicle } => output.item(&inventory.unfeature(find(&desk, &vehicle)?.vehicle.id)?),
        VehicleCommand::Delete { vehicle } => {
            let Vehicle { id, vin, year, make, model, stock_number, .. } = find(&desk, &vehicle)?.vehicle;
            let stock = stock_number.as_deref().unwrap_or("none");
            if !typed::names_surely(&vehicle, &[stock], &[&vin, &id.to_string()]) {
                let named = format!("{year} {make} {model}, stock {stock}, VIN {vin}");
                return Err(begins_only(&vehicle, &named, "delete"));
            }
            inventory.delete(id)?;
            output.done(&format!("deleted {vin}"), &json!({"deleted": id}))
        }
        VehicleCommand::Statistics => statistics(&desk, output),
    }
}

/// The refusal to delete what a text only begins to name, or to do something else that cannot be undone.
pub(crate) fn begins_only(text: &str, named: &str, what: &str) -> Failure {
    let message = format!("{text:?} is only the beginning of {named}: to {what} it, name it whole");
    Failure::new(ErrorCode::AmbiguousReference, message)
}

/// Finds the vehicle of this id, VIN or stock number, or the only one of which one of them begins so.
pub(crate) fn find(desk: &Desk, text: &str) -> Result<StockedVehicle, Failure> {
    Ok(desk.inventory().find(text)?)
}

/// The inventory to write to: a doubtful price is refused until it is confirmed.
fn writing<'d>(desk: &'d Desk, Confirmation { yes }: Confirmation) -> Inventory<'d> {
    if yes { desk.inventory() } else { desk.inventory().refusing_doubtful_prices() }
}

/// Prints a vehicle as it was written, and its warnings.
pub(crate) fn written(vehicle: &Vehicle, output: &mut Output) -> Result<(), Failure> {
    warn(&vehicle.warnings);
    output.item(vehicle)
}

/// Remarks the warnings of a vehicle or a submission.
pub(crate) fn warn(warnings: &[VehicleWarning]) {
    warnings.iter().for_each(|warning| remark(&format!("warning[{}]: {warning}", warning.code())));
}

impl FilterOptions {
    fn into_filter(self) -> VehicleFilter {
        let mut filter = VehicleFilter::default().sort(self.sort);
        filter.status = self.status;
        filter.make = self.called.make;
        filter.model = self.called.model;
        filter.year_min = self.called.year_min;
        filter.year_max = self.called.year_max;
        filter.price_min = self.within.price_min;
        filter.price_max = self.within.price_max;
        filter.mileage_min = self.within.mileage_min;
        filter.mileage_max = self.within.mileage_max;
        filter.featured = self.featured;
        filter.q = self.q;
        filter
    }
}

fn statistics(desk: &Desk, output: &mut Output) -> Result<(), Failure> {
    let statistics = desk.inventory().statistics()?;
    if output.format() != Format::Table {
        return output.item(&statistics);
    }
    let average = dash(statistics.average_days_in_stock, |days| format!("{days:.1} days"));
    output.heading("By status", "")?;
    output.table(&statistics.by_status)?;
    output.heading("By age, unsold", &format!("on average {average}"))?;
    output.table(&statistics.by_age)?;
    let sales = &statistics.sales;
    if !sales.by_month.is_empty() {
        let came_back = match sales.came_back {
            0 => String::new(),
            count => format!(", {count} of cars that came back"),
        };
        output.heading("Sales by month", &format!("{} in all{came_back}", counted(sales.total.count, "sale")))?;
        output.table(&sales.by_month)?;
    }
    output.text("")?;
    let total = statistics.total;
    output.text(&format!("{} unsold, worth {}, known costs {}", total.count, money(total.value), money(total.cost)))
}

/// Days in stock, in the colour of the turn policy.
pub(crate) fn age(stocked: &StockedVehicle) -> Cell {
    Cell::new(stocked.days_in_stock.to_string()).tone(match stocked.age_state {
        AgeState::Good => Tone::Plain,
        AgeState::Warning => Tone::Warning,
        _ => Tone::Bad,
    })
}

/// `2019 Toyota Camry LE`.
pub(crate) fn name(vehicle: &Vehicle) -> String {
    car(Some(vehicle.year), Some(&vehicle.make), Some(&vehicle.model), vehicle.trim.as_deref())
}

impl Row for StockedVehicle {
    const COLUMNS: &'static [Column] = &[
        Column::text("Stock"),
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::number("Miles"),
        Column::number("Days"),
        Column::text("Status"),
        Column::text("VIN").spare(1),
        Column::text("Colour").spare(2),
        Column::number("Sold for").spare(3),
        Column::number("Cost").spare(4),
    ];

    fn cells(&self) -> Vec<Cell> {
        let vehicle = &self.vehicle;
        vec![
            dash(vehicle.stock_number.clone(), |number| number).into(),
            name(vehicle).into(),
            money(vehicle.price).into(),
            miles(vehicle.mileage).into(),
            age(self),
            vehicle.status.as_str().into(),
            Cell::new(vehicle.vin.as_str()).tone(Tone::Faint),
            dash(vehicle.exterior_color.clone(), |colour| colour).into(),
            dash(self.sale_price, money).into(),
            dash(vehicle.cost, money).into(),
        ]
    }
}

impl Row for jpauto::StatusCount {
    const COLUMNS: &'static [Column] =
        &[Column::text("Status"), Column::number("Vehicles"), Column::number("Worth"), Column::number("Cost")];

    fn cells(&self) -> Vec<Cell> {
        stock_cells(self.status.as_str().to_owned(), self.stock)
    }
}

impl Row for jpauto::AgeCount {
    const COLUMNS: &'static [Column] =
        &[Column::text("Days"), Column::number("Vehicles"), Column::number("Worth"), Column::number("Cost")];

    fn cells(&self) -> Vec<Cell> {
        let to = self.bucket.to_days.map_or_else(|| "and more".to_owned(), |to| format!("to {to}"));
        stock_cells(format!("{} {to}", self.bucket.from_days), self.stock)
    }
}

impl Row for jpauto::MonthOfSales {
    const COLUMNS: &'static [Column] =
        &[Column::text("Month"), Column::number("Sales"), Column::number("Sold for"), Column::number("Days to sell")];

    fn cells(&self) -> Vec<Cell> {
        vec![
            self.month.as_str().into(),
            self.sales.count.to_string().into(),
            money(self.sales.value).into(),
            dash(self.sales.average_days_to_sell, |days| format!("{days:.0}")).into(),
        ]
    }
}

fn stock_cells(title: String, stock: jpauto::StockCount) -> Vec<Cell> {
    vec![title.into(), stock.count.to_string().into(), money(stock.value).into(), money(stock.cost).into()]
}
