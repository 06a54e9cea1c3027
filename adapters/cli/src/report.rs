//! `jpauto report`: the state of the dealership on one page. What is deliberately not here: finding any of it out.

use chrono::Utc;
use jpauto::{
    Alert, AlertFilter, Desk, Page, PageRequest, Statistics, Submission, SubmissionFilter, VehicleFilter, VehicleSort,
    VehicleStatus,
    competitors::CompetitorOverview,
    market::{MarketOverview, VehiclePosition},
};
use serde::Serialize;

use crate::{
    analyze::{advice, difference},
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, counted, dash, day, dollars, miles, moment, money, percent},
    vehicle,
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  jpauto report
  jpauto report --format json | jq '.inventory[] | select(.vehicle.age_state == \"aged\") | .vehicle.vin'

The market is as the last analyses found it: jpauto analyze brings it up to date.";

/// Everything that the report tells.
#[derive(Serialize)]
pub(crate) struct Report {
    statistics: Statistics,
    market: MarketOverview,
    inventory: Vec<VehiclePosition>,
    competitors: Vec<CompetitorOverview>,
    alerts: Vec<Alert>,
    submissions: Vec<Submission>,
}

impl Report {
    /// Gathers it.
    pub(crate) fn of(desk: &Desk) -> Result<Self, Failure> {
        let mut unsold = VehicleFilter::default().sort(VehicleSort::ListedAt);
        unsold.status = vec![VehicleStatus::Available, VehicleStatus::Pending, VehicleStatus::Hold];
        Ok(Self {
            statistics: desk.inventory().statistics()?,
            market: desk.market().overview()?,
            inventory: all(|page| desk.market().positions(&unsold, page))?,
            competitors: desk.competitors().overview()?,
            alerts: all(|page| desk.alerts().list(&AlertFilter::default(), page))?,
            submissions: all(|page| desk.submissions().list(&SubmissionFilter::pending(), page))?,
        })
    }

    /// Prints it for people.
    pub(crate) fn print(&self, output: &mut Output) -> Result<(), Failure> {
        let total = self.statistics.total;
        let average = dash(self.statistics.average_days_in_stock, |days| format!("{days:.0} days in stock"));
        let remark =
            format!("{}, worth {}, on average {average}", counted(total.count, "vehicle"), dollars(total.value));
        output.heading(&format!("The lot on {}", day(Utc::now())), &remark)?;
        rows(output, &self.inventory, "no vehicle yet: jpauto vehicle add, or approve a submission")?;
        self.print_market(output)?;
        section(
            output,
            "Competitors",
            "dealer",
            &self.competitors,
            "none is watched yet: jpauto competitor add, or jpauto import",
        )?;
        section(output, "Alerts", "open alert", &self.alerts, "nothing asks for attention")?;
        section(output, "Submissions", "waiting offer", &self.submissions, "nobody waits")
    }

    fn print_market(&self, output: &mut Output) -> Result<(), Failure> {
        let market = &self.market;
        let parts = [
            (market.high, "above the market", Tone::Bad),
            (market.competitive, "competitive", Tone::Good),
            (market.low, "below the market", Tone::Warning),
            (market.insufficient_data, "with too little data", Tone::Faint),
            (market.not_analyzed, "not analysed yet", Tone::Faint),
        ];
        let told: Vec<_> = parts
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, words, tone)| output.toned(&format!("{count} {words}"), tone))
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let average = market.average_difference_percent.map(|average| format!("; {} on average", percent(average)));
        output.text("")?;
        output.text(&format!("Prices: {}{}", told.join(", "), average.unwrap_or_default()))
    }
}

/// Prints it.
pub(crate) fn run(context: &mut Context) -> Result<(), Failure> {
    let report = Report::of(&context.desk()?)?;
    match context.output.format() {
        Format::Table => report.print(&mut context.output),
        Format::Json => context.output.json(&report),
        Format::Jsonl => context.output.json_line(&report),
    }
}

fn section<T: Row>(output: &mut Output, title: &str, noun: &str, items: &[T], if_empty: &str) -> Result<(), Failure> {
    let remark = if items.is_empty() { String::new() } else { counted(items.len(), noun) };
    output.heading(title, &remark)?;
    rows(output, items, if_empty)
}

fn rows<T: Row>(output: &mut Output, items: &[T], if_empty: &str) -> Result<(), Failure> {
    if items.is_empty() { output.text(if_empty) } else { output.table(items) }
}

/// All pages of a list.
fn all<T>(fetch: impl Fn(&PageRequest) -> jpauto::Result<Page<T>>) -> Result<Vec<T>, Failure> {
    let mut gathered = Vec::new();
    let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let page = fetch(&request)?;
        gathered.extend(page.items);
        match page.next {
            Some(cursor) => request = request.after(cursor),
            None => return Ok(gathered),
        }
    }
}

impl Row for VehiclePosition {
    const COLUMNS: &'static [Column] = &[
        Column::text("Stock").spare(2),
        Column::text("Vehicle"),
        Column::number("Days"),
        Column::number("Miles").spare(3),
        Column::number("Price"),
        Column::number("Market"),
        Column::number("Differs"),
        Column::text("Price is"),
        Column::number("From").spare(1),
        Column::text("Confidence").spare(4),
        Column::text("Status").spare(5),
    ];

    fn cells(&self) -> Vec<Cell> {
        let stocked = &self.vehicle;
        let vehicle = &stocked.vehicle;
        let analysis = self.research.as_ref().and_then(|research| research.analysis.as_ref());
        let (word, tone) = match &self.research {
            None => ("not analysed", Tone::Faint),
            Some(research) => advice(research.price_recommendation),
        };
        vec![
            dash(vehicle.stock_number.clone(), |number| number).into(),
            vehicle::name(vehicle).into(),
            vehicle::age(stocked),
            miles(vehicle.mileage).into(),
            money(vehicle.price).into(),
            dash(analysis.and_then(|analysis| analysis.adjusted), |adjusted| dollars(adjusted.median)).into(),
            difference(analysis).into(),
            Cell::new(word).tone(tone),
            dash(analysis, |analysis| analysis.sample_size.to_string()).into(),
            dash(analysis, |analysis| analysis.confidence.as_str().to_owned()).into(),
            vehicle.status.as_str().into(),
        ]
    }
}

impl Row for CompetitorOverview {
    const COLUMNS: &'static [Column] = &[
        Column::text("Dealer"),
        Column::number("On sale"),
        Column::number("Week"),
        Column::number("Average price"),
        Column::number("Days to sell").spare(1),
        Column::number("Sold 30d"),
        Column::number("Repriced 30d").spare(3),
        Column::number("New 30d").spare(4),
        Column::text("Last scrape").spare(2),
    ];

    fn cells(&self) -> Vec<Cell> {
        let metrics = self.metrics.as_ref();
        let grown = self.trends.as_ref().and_then(|trends| trends.total_inventory);
        let watched = if self.competitor.active { Tone::Plain } else { Tone::Faint };
        vec![
            Cell::new(self.competitor.name.as_str()).tone(watched),
            dash(metrics, |metrics| metrics.total_inventory.to_string()).into(),
            dash(grown, |grown| format!("{grown:+}")).into(),
            dash(metrics.and_then(|metrics| metrics.avg_price), dollars).into(),
            dash(metrics.and_then(|metrics| metrics.avg_days_on_market), |days| format!("{days:.1}")).into(),
            dash(metrics, |metrics| metrics.vehicles_sold_30d.to_string()).into(),
            dash(metrics, |metrics| metrics.price_changes_30d.to_string()).into(),
            dash(metrics, |metrics| metrics.new_listings_30d.to_string()).into(),
            dash(self.last_scrape.as_ref(), |scrape| moment(scrape.observed_at)).into(),
        ]
    }
}
