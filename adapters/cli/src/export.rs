//! `jpauto export`: feeds written, checked and listed. What is deliberately not here: what a platform wants.

use std::{fs, ops::ControlFlow, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jpauto::{
    ErrorCode,
    exports::{
        CheckedFeed, Export, ExportConfig, ExportEntry, ExportFilter, ExportProgress, ExportReport, ExportStatus,
        FeedFault, FeedFormat, Mapping, Omission, Omitted, Platform,
    },
};

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, counted, dash, moment, remark},
    paging::Paging,
};

const EXAMPLES: &str = "\
Examples:
  jpauto export csv --to inventory.csv
  jpauto export jekyll --to website/            website/_vehicles/, replaced whole
  jpauto export jekyll --form zip --to vehicles.zip
  jpauto export meta --to feeds/ --dealership dealership.json \\
      --vehicle-url 'https://motors.example/vehicles/{id}/'
  jpauto export meta --dry-run                  what would be left out, and why
  jpauto export custom --mapping partner.json --to feeds/
  jpauto export check feeds/meta.csv --platform meta
  jpauto export list --last-of-each

A feed is of one moment, and is in its place only when it is whole and has passed its check. A vehicle that the platform would not take \
is left out, with the reason. A feed that shrank by more than half is held back: look why, then say --confirm.

The platforms: jekyll, autotrader, cars_com, cargurus, meta, google_vehicle_listings, google_vehicle_ads, dealer_center, \
carsforsale, schema_org, csv, json_lines, custom. docs/exports.md says what each of them wants.";

/// What to do with feeds.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    command: Option<ExportCommand>,
    /// The feed
    #[arg(value_name = "PLATFORM", value_parser = one_of!(Platform), required = true)]
    platform: Option<Platform>,
    /// A folder, a file whose name ends as the feed's does, such as `.csv` or `.zip`, or an address: https://, sftp://, ftps://
    #[arg(long, value_name = "DESTINATION")]
    to: Option<String>,
    /// The form of the feed, where it has several
    #[arg(long = "form", value_name = "FORM", value_parser = one_of!(FeedFormat))]
    feed_format: Option<FeedFormat>,
    /// A JSON file with the columns: `{"columns": [{"name": "Stock #", "field": "stock_number"}]}`
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Publish it although it shrank by more than half, or replace a folder that no export has made
    #[arg(long)]
    confirm: bool,
    /// Make and check the feed, say what would be left out, and publish nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    about: AboutUs,
}

/// What feeds say of the dealership.
#[derive(Args, Debug)]
#[command(next_help_heading = "The dealership")]
struct AboutUs {
    /// The address of a vehicle's page, with `{id}` for the last 8 characters of its VIN, or `{vin}`
    #[arg(long, value_name = "PATTERN")]
    vehicle_url: Option<String>,
    /// A JSON file with name, street, city, state, zip, country, phone, email, website, latitude, longitude
    #[arg(long, value_name = "FILE", env = "JPAUTO_EXPORTS_DEALERSHIP")]
    dealership: Option<PathBuf>,
    /// Our number at the platform
    #[arg(long, value_name = "ID")]
    dealer_id: Option<String>,
    /// Our store code in the Google Business Profile
    #[arg(long, value_name = "CODE")]
    store_code: Option<String>,
}

/// What to do with feeds beside exporting them.
#[derive(Debug, Subcommand)]
enum ExportCommand {
    /// Check a feed's file against the platform's rules: each fault with its row, column and rule
    Check {
        /// The file, or a folder of pages
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Whose rules
        #[arg(long, value_name = "PLATFORM", value_parser = one_of!(Platform))]
        platform: Platform,
        /// A JSON file with the columns
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
    },
    /// List the exports, the latest first
    List {
        /// Of this feed
        #[arg(long, value_name = "PLATFORM", value_parser = one_of!(Platform))]
        platform: Option<Platform>,
        /// Those that succeeded, or those that failed
        #[arg(long, value_name = "STATUS", value_parser = one_of!(ExportStatus))]
        status: Option<ExportStatus>,
        /// Of each feed the last one that succeeded
        #[arg(long, conflicts_with = "status")]
        last_of_each: bool,
        #[command(flatten)]
        paging: Paging,
    },
}

/// Does it.
pub(crate) fn run(arguments: ExportArgs, context: &mut Context) -> Result<(), Failure> {
    match arguments.command {
        Some(ExportCommand::Check { file, platform, mapping }) => {
            let mapping = mapping.map(|path| read_json::<Mapping>(&path)).transpose()?;
            let checked = context.desk_or_passing()?.exports().check(&file, platform, mapping.as_ref())?;
            print_check(&checked, &mut context.output)
        }
        Some(ExportCommand::List { platform, status, last_of_each, paging }) => {
            let mut filter = ExportFilter::default();
            (filter.platform, filter.status, filter.last_of_each) = (platform, status, last_of_each);
            let desk = context.desk()?;
            paging.print(&mut context.output, |page| desk.exports().list(&filter, page))
        }
        None => export(&arguments, context),
    }
}

fn export(arguments: &ExportArgs, context: &mut Context) -> Result<(), Failure> {
    let Some(platform) = arguments.platform else { return Ok(()) };
    configure(arguments, platform, &mut context.exports)?;
    let mut export = Export::of(platform);
    (export.destination, export.format) = (arguments.to.clone(), arguments.feed_format);
    (export.confirm, export.dry_run) = (arguments.confirm, arguments.dry_run);
    export.mapping = arguments.mapping.as_deref().map(read_json).transpose()?;
    let desk = context.desk()?;
    // The bar draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} vehicles, {eta} to go") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let outcome = desk.exports().run(&export, &mut |progress: ExportProgress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    print_report(&outcome?, &mut context.output)
}

/// Adds what the command line says to what is configured.
fn configure(arguments: &ExportArgs, platform: Platform, config: &mut ExportConfig) -> Result<(), Failure> {
    let AboutUs { vehicle_url, dealership, dealer_id, store_code } = &arguments.about;
    if let Some(path) = dealership {
        config.dealership = read_json(path)?;
    }
    if vehicle_url.is_some() {
        config.vehicle_url.clone_from(vehicle_url);
    }
    let feed = config.feeds.entry(platform).or_default();
    if dealer_id.is_some() {
        feed.dealer_id.clone_from(dealer_id);
    }
    if store_code.is_some() {
        feed.store_code.clone_from(store_code);
    }
    Ok(())
}

/// Reads a small JSON file that an operator wrote.
fn read_json<T: serde::de::DeserializeOwned>(path: &std::path::Path) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(|reason| Failure::unreadable(path, &reason))?;
    serde_json::from_str(&text)
        .map_err(|reason| Failure::new(ErrorCode::InvalidJson, format!("{}: {reason}", path.display())))
}

fn print_report(report: &ExportReport, output: &mut Output) -> Result<(), Failure> {
    let vehicles = counted(report.vehicle_count, "vehicle");
    let where_to = match (&report.destination, report.dry_run) {
        (Some(destination), false) => destination.clone(),
        (Some(destination), true) => format!("dry run, nothing was put at {destination}"),
        (None, _) => "dry run".to_owned(),
    };
    let sentence = format!("{where_to}: {vehicles}, {} left out, {} bytes", report.left_out_count, report.bytes);
    output.done(&sentence, report)?;
    if output.format() != Format::Table {
        return Ok(());
    }
    if let Some(answer) = &report.answer {
        output.text(&format!("the server said: {answer}"))?;
    }
    if !report.omissions.is_empty() {
        output.table(&report.omissions)?;
    }
    if report.omissions_not_listed > 0 {
        remark(&format!("{} more were left out", report.omissions_not_listed));
    }
    Ok(())
}

/// Prints what was found, then fails if it is anything.
fn print_check(checked: &CheckedFeed, output: &mut Output) -> Result<(), Failure> {
    let vehicles = counted(checked.vehicle_count, "vehicle");
    let sentence = match checked.fault_count {
        0 => format!("{vehicles}, no faults"),
        count => format!("{vehicles}, {}", counted(count, "fault")),
    };
    output.done(&sentence, checked)?;
    if output.format() == Format::Table && !checked.faults.is_empty() {
        output.table(&checked.faults)?;
    }
    if checked.is_good() {
        return Ok(());
    }
    output.flush()?;
    let message = format!("{} would not take this file: {} faults", checked.platform, checked.fault_count);
    Err(Failure::new(ErrorCode::FeedInvalid, message))
}

impl Row for Omission {
    const COLUMNS: &'static [Column] = &[
        Column::text("Left out"),
        Column::text("Field"),
        Column::text("Why"),
        Column::text("VIN"),
        Column::text("Stock").spare(1),
        Column::text("Vehicle").spare(2),
    ];

    fn cells(&self) -> Vec<Cell> {
        let tone = if self.what == Omitted::Vehicle { Tone::Bad } else { Tone::Warning };
        vec![
            Cell::new(self.what.as_str()).tone(tone),
            self.field.as_str().into(),
            self.reason.as_str().into(),
            self.vin.as_str().into(),
            dash(self.stock_number.clone(), |number| number).into(),
            Cell::new(self.vehicle_id.to_string()).tone(Tone::Faint),
        ]
    }
}

impl Row for FeedFault {
    const COLUMNS: &'static [Column] = &[
        Column::number("Row"),
        Column::text("Column"),
        Column::text("Rule"),
        Column::text("Found"),
        Column::text("Page").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            self.row.to_string().into(),
            dash(self.column.clone(), |column| column).into(),
            Cell::new(self.rule.as_str()).tone(Tone::Bad),
            dash(self.found.clone(), |found| found).into(),
            dash(self.page.clone(), |page| page).into(),
        ]
    }
}

impl Row for ExportEntry {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::text("Feed"),
        Column::text("Status"),
        Column::number("Vehicles"),
        Column::number("Left out"),
        Column::text("To"),
        Column::text("Error"),
        Column::text("Answer").spare(1),
        Column::text("Id").spare(2),
    ];

    fn cells(&self) -> Vec<Cell> {
        let tone = if self.status == ExportStatus::Success { Tone::Good } else { Tone::Bad };
        vec![
            dash(self.exported_at, moment).into(),
            self.platform.as_str().into(),
            Cell::new(self.status.as_str()).tone(tone),
            dash(self.vehicle_count, |count| count.to_string()).into(),
            dash(self.left_out_count, |count| count.to_string()).into(),
            dash(self.destination.clone(), |destination| destination).into(),
            dash(self.error_message.clone(), |message| message).into(),
            dash(self.answer.clone(), |answer| answer).into(),
            Cell::new(self.id.to_string()).tone(Tone::Faint),
        ]
    }
}
