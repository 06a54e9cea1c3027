//! `jpauto competitor`: the dealers that are watched and what stands on their lots. What is deliberately not here: reading
//! pages (`extract`), recording them (`import`), and fetching them (`scrape`).

use clap::{Args, Subcommand};
use jpauto::{
    CompetitorId, Desk, ListingId, Money,
    competitors::{
        Competitor, CompetitorFilter, Completeness, Listing, ListingFilter, ListingSort, Metrics, NewCompetitor,
        PricePoint, ScrapeRecord,
    },
};
use serde_json::json;

use crate::{
    arguments::one_of,
    context::Context,
    failure::Failure,
    fields::FieldOptions,
    output::{Cell, Column, Row, Tone, car, dash, day, dollars, miles, moment, money},
    paging::Paging,
    scrape::{self, ScrapeArgs},
};

/// What to do with competitors; one is named by its name, whatever the case, or by its id.
#[derive(Debug, Subcommand)]
pub(crate) enum CompetitorCommand {
    /// Watch a dealer from now on
    #[command(after_help = "Example:\n  jpauto competitor add 'Example Motors' --url https://motors.example/used")]
    Add {
        /// What the dealer is called here
        #[arg(value_name = "NAME")]
        name: String,
        /// The page that lists the vehicles
        #[arg(long, value_name = "URL")]
        url: String,
        #[command(flatten)]
        more: FieldOptions,
    },
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
    /// Show a dealer
    Show {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
    },
    /// Change fields of a dealer
    #[command(after_help = "Example:\n  jpauto competitor update 'Example Motors' --set platform_type=dealer_com")]
    Update {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
        #[command(flatten)]
        fields: FieldOptions,
    },
    /// Fetch a dealer's list now, politely, or those of all that are due, and record what they show
    Scrape(ScrapeArgs),
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
    #[command(after_help = LISTINGS_EXAMPLES)]
    Listings {
        /// Name or id; all of them without it
        #[arg(value_name = "COMPETITOR")]
        competitor: Option<String>,
        #[command(flatten)]
        filter: ListingOptions,
        #[command(flatten)]
        paging: Paging,
    },
    /// List the prices of a listing, the latest first
    Prices {
        /// The listing's id
        #[arg(value_name = "LISTING")]
        listing: ListingId,
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
    /// List a dealer's scrapes, the latest first
    Scrapes {
        /// Name or id
        #[arg(value_name = "COMPETITOR")]
        competitor: String,
        #[command(flatten)]
        paging: Paging,
    },
}

const LISTINGS_EXAMPLES: &str = "\
Examples:
  jpauto competitor listings 'Example Motors' --active --make Toyota --sort price
  jpauto competitor listings --sold --all --format jsonl > sold.jsonl
  jpauto competitor listings --price-dropped --days-on-market-min 45";

/// Which listings.
#[derive(Args, Debug)]
#[command(next_help_heading = "Filters")]
pub(crate) struct ListingOptions {
    /// Those on sale
    #[arg(long, conflicts_with = "sold")]
    active: bool,
    /// Those that are sold
    #[arg(long)]
    sold: bool,
    /// Of this make
    #[arg(long, value_name = "TEXT")]
    make: Option<String>,
    /// Of this model
    #[arg(long, value_name = "TEXT")]
    model: Option<String>,
    /// Of this model year or later
    #[arg(long, value_name = "YEAR")]
    year_min: Option<i32>,
    /// Of this model year or earlier
    #[arg(long, value_name = "YEAR")]
    year_max: Option<i32>,
    /// At this price or dearer
    #[arg(long, value_name = "DOLLARS")]
    price_min: Option<Money>,
    /// At this price or cheaper
    #[arg(long, value_name = "DOLLARS")]
    price_max: Option<Money>,
    /// With this mileage or more
    #[arg(long, value_name = "MILES")]
    mileage_min: Option<i32>,
    /// With this mileage or less
    #[arg(long, value_name = "MILES")]
    mileage_max: Option<i32>,
    /// On the market for so many days or longer
    #[arg(long, value_name = "DAYS")]
    days_on_market_min: Option<i32>,
    /// On the market for so many days or shorter
    #[arg(long, value_name = "DAYS")]
    days_on_market_max: Option<i32>,
    /// Those whose price has come down
    #[arg(long)]
    price_dropped: bool,
    /// The order: a column, with a minus for the largest first
    #[arg(
        long,
        value_name = "ORDER",
        default_value = ListingSort::FirstSeenAtDescending.as_str(),
        value_parser = one_of!(ListingSort),
        allow_hyphen_values = true
    )]
    sort: ListingSort,
}

/// Does it.
pub(crate) fn run(command: CompetitorCommand, context: &mut Context) -> Result<(), Failure> {
    if let CompetitorCommand::Scrape(arguments) = &command {
        return scrape::run(arguments, context);
    }
    let desk = context.desk()?;
    let competitors = desk.competitors();
    let output = &mut context.output;
    match command {
        CompetitorCommand::Add { name, url, more } => {
            let fields = more.read([("name", name.as_str()), ("inventory_url", url.as_str())])?;
            output.item(&competitors.add(&fields.build::<NewCompetitor>()?)?)
        }
        CompetitorCommand::List { active, q, paging } => {
            let filter = CompetitorFilter { active, q };
            paging.print(output, |page| competitors.list(&filter, page))
        }
        CompetitorCommand::Show { competitor } => output.item(&find(&desk, &competitor)?),
        CompetitorCommand::Update { competitor, fields } => {
            let update = fields.read([])?.build_update()?;
            output.item(&competitors.update(find(&desk, &competitor)?.id, &update)?)
        }
        // Done already.
        CompetitorCommand::Scrape(_) => Ok(()),
        CompetitorCommand::Pause { competitor } => output.item(&competitors.pause(find(&desk, &competitor)?.id)?),
        CompetitorCommand::Resume { competitor } => output.item(&competitors.resume(find(&desk, &competitor)?.id)?),
        CompetitorCommand::Delete { competitor } => {
            let Competitor { id, name, .. } = find(&desk, &competitor)?;
            competitors.delete(id)?;
            output.done(&format!("removed {name}"), &json!({"deleted": id}))
        }
        CompetitorCommand::Listings { competitor, filter, paging } => {
            let competitor = competitor.map(|name| find(&desk, &name)).transpose()?;
            let filter = filter.into_filter(competitor.map(|competitor| competitor.id));
            paging.print(output, |page| competitors.listings(&filter, page))
        }
        CompetitorCommand::Prices { listing, paging } => {
            paging.print(output, |page| competitors.price_history(listing, page))
        }
        CompetitorCommand::Metrics { competitor, paging } => {
            let id = find(&desk, &competitor)?.id;
            paging.print(output, |page| competitors.metrics(id, page))
        }
        CompetitorCommand::Scrapes { competitor, paging } => {
            let id = find(&desk, &competitor)?.id;
            paging.print(output, |page| competitors.scrapes(id, page))
        }
    }
}

/// The competitor of this id or name.
pub(crate) fn find(desk: &Desk, text: &str) -> Result<Competitor, Failure> {
    Ok(match text.parse::<CompetitorId>() {
        Ok(id) => desk.competitors().get(id)?,
        Err(_no_id) => desk.competitors().get_by_name(text)?,
    })
}

impl ListingOptions {
    fn into_filter(self, competitor: Option<CompetitorId>) -> ListingFilter {
        ListingFilter {
            competitor,
            sold: (self.active || self.sold).then_some(self.sold),
            make: self.make,
            model: self.model,
            year_min: self.year_min,
            year_max: self.year_max,
            price_min: self.price_min,
            price_max: self.price_max,
            mileage_min: self.mileage_min,
            mileage_max: self.mileage_max,
            days_on_market_min: self.days_on_market_min,
            days_on_market_max: self.days_on_market_max,
            price_dropped: self.price_dropped,
            sort: self.sort,
        }
    }
}

/// `complete`, or why not.
pub(crate) fn completeness(completeness: Completeness) -> Cell {
    match completeness.reason() {
        None => Cell::new("complete").tone(Tone::Good),
        Some(reason) => Cell::new(reason.as_str().replace('_', " ")).tone(Tone::Warning),
    }
}

impl Row for Competitor {
    const COLUMNS: &'static [Column] = &[
        Column::text("Name"),
        Column::text("Watched"),
        Column::text("Last scrape"),
        Column::text("Platform").spare(2),
        Column::text("Address").spare(1),
        Column::text("Error"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            self.name.as_str().into(),
            if self.active { Cell::new("yes") } else { Cell::new("paused").tone(Tone::Warning) },
            dash(self.last_scraped_at, moment).into(),
            dash(self.platform_type.clone(), |platform| platform).into(),
            Cell::new(self.inventory_url.as_str()).tone(Tone::Faint),
            Cell::new(self.scrape_error.clone().unwrap_or_default()).tone(Tone::Bad),
        ]
    }
}

impl Row for Listing {
    const COLUMNS: &'static [Column] = &[
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::number("Lowest").spare(4),
        Column::number("Miles"),
        Column::number("Days"),
        Column::text("Sold"),
        Column::text("VIN").spare(1),
        Column::text("Stock").spare(2),
        Column::text("First seen").spare(3),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            car(self.year, self.make.as_deref(), self.model.as_deref(), self.trim.as_deref()).into(),
            dash(self.price, money).into(),
            dash(self.lowest_price, money).into(),
            dash(self.mileage, miles).into(),
            self.days_on_market.to_string().into(),
            dash(self.sold_at, day).into(),
            Cell::new(dash(self.vin.clone(), |vin| vin)).tone(Tone::Faint),
            dash(self.stock_number.clone(), |number| number).into(),
            day(self.first_seen_at).into(),
        ]
    }
}

impl Row for PricePoint {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::number("Price"),
        Column::number("Lowest so far"),
        Column::number("Miles").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            moment(self.recorded_at).into(),
            money(self.price).into(),
            dash(self.min_price, money).into(),
            dash(self.mileage, miles).into(),
        ]
    }
}

impl Row for Metrics {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::number("On sale"),
        Column::number("Average price"),
        Column::number("Days to sell"),
        Column::number("Sold 30d"),
        Column::number("Repriced 30d"),
        Column::number("New 30d"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            moment(self.calculated_at).into(),
            self.total_inventory.to_string().into(),
            dash(self.avg_price, dollars).into(),
            dash(self.avg_days_on_market, |days| format!("{days:.1}")).into(),
            self.vehicles_sold_30d.to_string().into(),
            self.price_changes_30d.to_string().into(),
            self.new_listings_30d.to_string().into(),
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
