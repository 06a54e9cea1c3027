//! `jpauto demo`: sixty days of a dealership and its competitors, replayed through the library as they would happen.
//!
//! The market, its pages and the customers are made up, the same in every run; all that is told of them went through the
//! operations that a real day goes through, under a clock that is moved. What is deliberately not here: any way past the
//! library.

mod cars;
mod clock;
mod database;
mod lots;
mod pages;
mod report;
mod story;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, time::Duration};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jpauto::{Actor, Config, Dealership, ErrorCode, PageRequest, VehicleFilter, market::Progress};
use jpauto_http::ServerConfig;

use self::{clock::MovedClock, story::Stage, story::Story};
use crate::{context::Context, failure::Failure, output::Output};

/// How the demonstration is run.
#[derive(Args, Debug)]
#[command(after_help = "\
The file is sqlite:jpauto-demo.db or the one that --db names; DATABASE_URL is not looked at.
What an earlier demonstration made is replaced. Any other file is refused and left as it is, and so is a demonstration that \
somebody has written to since.")]
pub(crate) struct DemoArgs {
    /// End after the report instead of serving the API
    #[arg(long)]
    no_serve: bool,
    /// Serve the API on this port of this machine
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
}

/// Where the demonstration is told where nothing else is said.
const DATABASE: &str = "sqlite:jpauto-demo.db";

/// Runs the demonstration in the database that was named on the command line, or in its own.
pub(crate) fn run(arguments: &DemoArgs, context: &mut Context) -> Result<(), Failure> {
    let database = &context.named_database().unwrap_or(DATABASE).to_owned();
    let output = &mut context.output;
    let now = Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap_or_else(|_out_of_range| Utc::now());
    let clock = MovedClock::at(now);
    let _turn = database::take_turn(database)?;
    let (dealership, story) = replay(database, &clock, now, &mut Bars::new())?;
    report::print(&dealership.acting_as(Actor::system()), &story, now, output)?;
    clock.go_live();
    goodbye(database, output)?;
    if arguments.no_serve { Ok(()) } else { serve(dealership, arguments.port, output) }
}

/// Makes the database and plays the story that ends at this time.
fn replay(
    database: &str,
    clock: &MovedClock,
    ends: DateTime<Utc>,
    audience: &mut dyn story::Audience,
) -> Result<(Dealership, Story), Failure> {
    database::make_room(database)?;
    let dealership = Dealership::with_config(Config::new(database).clock(clock.for_library()))?;
    database::mark(&dealership.acting_as(database::on_stage(Actor::system())))?;
    let story = Stage::open(&dealership, clock, ends)?.play(audience)?;
    database::seal(&dealership.acting_as(database::on_stage(Actor::system())))?;
    Ok((dealership, story))
}

fn goodbye(database: &str, output: &mut Output) -> Result<(), Failure> {
    output.heading("All of it is in", database)?;
    output.text(&format!("  jpauto report --db {database}"))?;
    output.text(&format!("  jpauto vehicle list --make Toyota --sort price --db {database}"))?;
    output.flush()
}

fn serve(dealership: Dealership, port: u16, output: &mut Output) -> Result<(), Failure> {
    let website = dealership.acting_as(Actor::public());
    let some_vehicle = website.inventory().list_public(&VehicleFilter::default(), &PageRequest::first(1))?.items;
    let mut told = Ok(());
    let announce = |address: SocketAddr| {
        told = announce(address, some_vehicle.first().map(|vehicle| vehicle.id.to_string()), output);
    };
    jpauto_http::serve_blocking(dealership, ServerConfig::new(([127, 0, 0, 1], port).into()), announce)
        .map_err(|reason| Failure::new(ErrorCode::ServerNotStarted, reason.to_string()))?;
    told
}

fn announce(address: SocketAddr, vehicle: Option<String>, output: &mut Output) -> Result<(), Failure> {
    output.heading(&format!("Serving http://{address}"), "Ctrl-C ends it")?;
    output.text(&format!("  curl 'http://{address}/api/inventory?make=Toyota&sort=price'"))?;
    if let Some(vehicle) = vehicle {
        output.text(&format!("  curl http://{address}/api/inventory/{vehicle}"))?;
    }
    output.flush()
}

/// Progress on stderr, for whoever watches; without a terminal there is none.
struct Bars {
    days: ProgressBar,
    vehicles: Option<ProgressBar>,
}

impl Bars {
    fn new() -> Self {
        Self { days: bar(lots::DAYS.into(), "days of scrapes"), vehicles: None }
    }
}

impl story::Audience for Bars {
    fn day_played(&mut self, day: u32) {
        self.days.set_position(u64::from(day) + 1);
        if day + 1 == lots::DAYS {
            self.days.finish_and_clear();
        }
    }

    fn vehicle_analyzed(&mut self, progress: Progress) {
        let bar = self.vehicles.get_or_insert_with(|| bar(progress.total as u64, "vehicles analysed"));
        bar.set_position(progress.done as u64);
        if progress.done == progress.total {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: u64, of: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(of);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
