//! `jpauto competitor`: the dealers that are watched, and the cars on their lots.

mod add;
mod figures;
mod judgement;
mod listings;
mod market;
mod test;

use clap::Subcommand;
use jpauto::{
    CompetitorId, Desk,
    competitors::{Competitor, CompetitorFilter, CompetitorOverview, Completeness, ScrapeRecord},
};
use serde::{Serialize, Serializer};
use serde_json::json;

use add::AddArgs;
pub(crate) use judgement::likely_to_return;
use listings::ListingOptions;
use market::{MarketOptions, UndercutOptions};
use test::TestArgs;

use crate::{
    context::Context,
    failure::Failure,
    fields::FieldOptions,
    output::{Cell, Column, Format, NOTHING, Row, Tone, dash, moment},
    paging::Paging,
    scrape::{self, ScrapeArgs},
};

const UPDATE_HELP: &str = "\
Examples:
  jpauto competitor update 'Example Motors' --set platform_type=dealer_com
  jpauto competitor update 'Example Motors' --set 'scraper_config={\"check_missing\": 10}'";

/// What to do with competitors; one is named by its name, whatever the case, or by its id or the beginning of it.
#[derive(Debug, Subcommand)]
pub(crate) enum CompetitorCommand {
    /// Watch a dealer from now on, by the address of its website
    Add(Box<AddArgs>),
    /// Try out what a scrape would see on a website, without writing anything
    Test(TestArgs),
    /// List the watched dealers, by name
    List {
        /// Those that are watched, or the paused ones
        #[arg(long, value_name = "true|false")]
        active: Option<bool>,
        /// Every word stands somewhere in the name or the address
        #[arg(long, value_name = "WORDS")]
        q: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a dealer, its figures and how they moved
    Show {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// Change fields of a dealer
    #[command(after_help = UPDATE_HELP, after_long_help = format!("{UPDATE_HELP}\n\n{}", add::CONFIG_HELP))]
    Update {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
        #[command(flatten)]
        fields: FieldOptions,
    },
    /// Fetch a dealer's list now, politely, or those of all that are due, and record what they show
    Scrape(ScrapeArgs),
    /// Take the newest lot as it is, though it is doubted: what it lacks is found sold
    Believe {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// Let the newest scrape count for nothing: what it alone has found sold is on sale again
    Distrust {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// Stop watching for a while; nothing is lost
    Pause {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// Watch a paused dealer again
    Resume {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// Remove a dealer with its listings, prices, figures and scrapes
    Delete {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// List the vehicles of a dealer, or of all dealers
    #[command(after_help = listings::EXAMPLES)]
    Listings {
        /// Names or ids; all of them without any
        #[arg(value_name = "COMPETITOR")]
        competitors: Vec<String>,
        #[command(flatten)]
        filter: Box<ListingOptions>,
        #[command(flatten)]
        paging: Paging,
    },
    /// List the prices of a listing, the latest first
    Prices {
        /// The listing's id, VIN or stock number, or the beginning of one
        #[arg(value_name = "LISTING")]
        listing: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// List a dealer's figures after each scrape, the latest first
    Metrics {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// The market over all dealers: what is on sale by make and model, at what price, for how long
    ///
    /// Not counted are cars that their dealer's website shows no more (unseen), those of dealers that are paused, and those that no
    /// scrape has shown for 14 days: nobody knows if they are
    /// still there. With --format jsonl the last line is the total.
    #[command(after_help = market::EXAMPLES)]
    Market {
        #[command(flatten)]
        filter: MarketOptions,
        #[command(flatten)]
        paging: Paging,
    },
    /// List dealers' cars like ours that cost less, the largest difference first
    ///
    /// Left out are cars that their dealer's website shows no more (unseen), those of dealers that are paused, those that no scrape has
    /// shown for 14 days, and prices so low that they are likelier a slip of the dealer.
    #[command(after_help = market::UNDERCUT_EXAMPLES)]
    Undercuts {
        #[command(flatten)]
        filter: UndercutOptions,
        #[command(flatten)]
        paging: Paging,
    },
    /// List a dealer's scrapes, the latest first
    Scrapes {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
        #[command(flatten)]
        paging: Paging,
    },
}

/// Does it.
pub(crate) fn run(command: CompetitorCommand, context: &mut Context) -> Result<(), Failure> {
    if let CompetitorCommand::Scrape(arguments) = &command {
        return scrape::run(arguments, context);
    }
    match &command {
        CompetitorCommand::Add(arguments) => return add::run(arguments, context),
        CompetitorCommand::Test(arguments) => return test::run(arguments, context),
        _ => {}
    }
    let desk = context.desk()?;
    let competitors = desk.competitors();
    let output = &mut context.output;
    match command {
        CompetitorCommand::List { active, q, paging } => {
            let filter = CompetitorFilter { active, q };
            paging.print(output, |page| Ok(competitors.overview(&filter, page)?.map(Watched)))
        }
        CompetitorCommand::Show { competitor } => figures::show(&desk, find(&desk, &competitor)?.id, output),
        CompetitorCommand::Update { competitor, fields } => {
            let update = fields.read([])?.build_update()?;
            let before = find(&desk, &competitor)?;
            let after = competitors.update(before.id, &update)?;
            output.item(&after)?;
            if output.format() == Format::Table && after.reads_another_list_than(&before) {
                output.text(
                    "\nAnother list is read from now on. What it leaves out is found sold only when it has looked so for days.",
                )?;
            }
            Ok(())
        }
        // Done already.
        CompetitorCommand::Add(_) | CompetitorCommand::Test(_) | CompetitorCommand::Scrape(_) => Ok(()),
        CompetitorCommand::Pause { competitor } => output.item(&competitors.pause(find(&desk, &competitor)?.id)?),
        CompetitorCommand::Resume { competitor } => output.item(&competitors.resume(find(&desk, &competitor)?.id)?),
        CompetitorCommand::Believe { competitor } => {
            judgement::believed(&competitors.believe(find(&desk, &competitor)?.id)?, output)
        }
        CompetitorCommand::Distrust { competitor } => {
            judgement::discarded(&competitors.distrust(find(&desk, &competitor)?.id)?, output)
        }
        CompetitorCommand::Delete { competitor } => {
            let Competitor { id, name, .. } = find(&desk, &competitor)?;
            competitors.delete(id)?;
            output.done(&format!("removed {name}"), &json!({"deleted": id}))
        }
        CompetitorCommand::Listings { competitors: named, filter, paging } => {
            let filter = filter.into_filter(find_all(&desk, &named)?);
            paging.print(output, |page| competitors.listings(&filter, page))
        }
        CompetitorCommand::Prices { listing, paging } => {
            let listing = competitors.find_listing(&listing)?;
            paging.print(output, |page| competitors.price_history(listing, page))
        }
        CompetitorCommand::Metrics { competitor, paging } => {
            let id = find(&desk, &competitor)?.id;
            paging.print(output, |page| competitors.metrics(id, page))?;
            figures::course(&desk, id, output)
        }
        CompetitorCommand::Market { filter, paging } => market::print(&desk, filter, &paging, output),
        CompetitorCommand::Undercuts { filter, paging } => market::print_undercuts(&desk, filter, &paging, output),
        CompetitorCommand::Scrapes { competitor, paging } => {
            let id = find(&desk, &competitor)?.id;
            paging.print(output, |page| competitors.scrapes(id, page))
        }
    }
}

/// The competitor of this name or id, or the only one whose id begins so.
pub(crate) fn find(desk: &Desk, text: &str) -> Result<Competitor, Failure> {
    Ok(desk.competitors().find(text)?)
}

/// The ids of these competitors.
fn find_all(desk: &Desk, named: &[String]) -> Result<Vec<CompetitorId>, Failure> {
    named.iter().map(|name| Ok(find(desk, name)?.id)).collect()
}

/// `complete`, or why not.
pub(crate) fn completeness(completeness: Completeness) -> Cell {
    match completeness.reason() {
        None => Cell::new("complete").tone(Tone::Good),
        Some(reason) => Cell::new(reason.as_str().replace('_', " ")).tone(Tone::Warning),
    }
}

/// What it means where a part of a lot was seen.
pub(crate) fn meaning(completeness: Completeness) -> Option<&'static str> {
    completeness.reason().map(|_| "What is missing from it is found sold late, or not at all.")
}

/// A dealer, and how it goes with watching it.
struct Watched(CompetitorOverview);

impl Serialize for Watched {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        figures::whole(&self.0).serialize(serializer)
    }
}

impl Row for Watched {
    const COLUMNS: &'static [Column] = &[
        Column::text("Name"),
        Column::text("Watched"),
        Column::text("Last scrape"),
        Column::text("Seen"),
        Column::text("Platform").spare(2),
        Column::text("Address").spare(1),
        Column::text("Error"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let Self(CompetitorOverview { competitor, last_scrape, .. }) = self;
        let read = last_scrape.as_ref().filter(|scrape| scrape.error.is_none());
        vec![
            competitor.name.as_str().into(),
            if competitor.active { Cell::new("yes") } else { Cell::new("paused").tone(Tone::Warning) },
            dash(competitor.last_scraped_at, moment).into(),
            read.map_or_else(|| Cell::new(NOTHING), |scrape| completeness(scrape.completeness)),
            dash(competitor.platform_type.clone(), |platform| platform).into(),
            Cell::new(competitor.inventory_url.as_str()).tone(Tone::Faint),
            Cell::new(competitor.scrape_error.clone().unwrap_or_default()).tone(Tone::Bad),
        ]
    }
}

impl Row for ScrapeRecord {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::text("Seen"),
        Column::number("Vehicles"),
        Column::number("New"),
        Column::number("Updated").spare(1),
        Column::number("Repriced"),
        Column::number("Sold"),
        Column::number("Relisted").spare(2),
        Column::number("Refused").spare(3),
        Column::text("Error"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let counts = &self.counts;
        vec![
            moment(self.observed_at).into(),
            completeness(self.completeness),
            counts.vehicles.to_string().into(),
            counts.new.to_string().into(),
            counts.updated.to_string().into(),
            counts.price_changes.to_string().into(),
            counts.sold.to_string().into(),
            counts.relisted.to_string().into(),
            counts.refused.to_string().into(),
            Cell::new(self.error.clone().unwrap_or_default()).tone(Tone::Bad),
        ]
    }
}
