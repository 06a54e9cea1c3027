//! `jpauto report`: the state of the dealership on one page.

use chrono::NaiveDate;
use jpauto::{
    Alert, AlertFilter, Desk, Money, Page, PageRequest, Statistics, Submission, SubmissionFilter, VehicleFilter,
    VehicleSort,
    competitors::{Competitor, CompetitorFilter, CompetitorOverview, Metrics, Trends},
    market::{Analysis, MarketOverview, VehiclePosition},
};
use serde::Serialize;

use crate::{
    analyze::tone_of_advice,
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, Tone, counted, dash, day, dollars, miles, money, percent},
    sentences, vehicle,
};

pub(crate) const EXAMPLES: &str = "\
Examples:
  jpauto report
  jpauto report --format json | jq '.inventory[] | select(.vehicle.age_state == \"aged\") | .vehicle.vin'

The market is as the last analyses found it: jpauto analyze brings it up to date.";

/// Everything that the report tells.
#[derive(Serialize)]
pub(crate) struct Report {
    #[serde(skip)]
    today: NaiveDate,
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
        let unsold = VehicleFilter::unsold().sort(VehicleSort::ListedAt);
        Ok(Self {
            today: desk.today(),
            statistics: desk.inventory().statistics()?,
            market: desk.market().overview()?,
            inventory: all(|page| desk.market().positions(&unsold, page))?,
            competitors: all(|page| desk.competitors().overview(&CompetitorFilter::default(), page))?,
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
        output.heading(&format!("The lot on {}", self.today), &remark)?;
        rows(output, &self.inventory, "no vehicle yet: jpauto vehicle add, or approve a submission")?;
        print_market(&self.market, output)?;
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
}

/// How many prices are too high, too low or right, in one line; nothing where there are none.
pub(crate) fn print_market(market: &MarketOverview, output: &mut Output) -> Result<(), Failure> {
    let parts = [
        (market.high, "too high", Tone::Bad),
        (market.competitive, "competitive", Tone::Good),
        (market.low, "too low", Tone::Warning),
        (market.insufficient_data, "unclear", Tone::Faint),
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
pub(crate) fn all<T>(fetch: impl Fn(&PageRequest) -> jpauto::Result<Page<T>>) -> Result<Vec<T>, Failure> {
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
        Column::text("Stock").spare(3),
        Column::text("Vehicle"),
        Column::number("Miles").spare(2),
        Column::number("Days"),
        Column::number("Price"),
        Column::number("Market"),
        Column::number("Ratio"),
        Column::text("Price is"),
        Column::text("Confidence").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        let stocked = &self.vehicle;
        let vehicle = &stocked.vehicle;
        let analysis = self.research.as_ref().and_then(|research| research.analysis.as_ref());
        let recommendation = analysis.and_then(|analysis| analysis.recommendation);
        let place = analysis.and_then(|analysis| analysis.position);
        let tone = tone_of_advice(recommendation);
        let market = place.and(analysis).and_then(|analysis| analysis.adjusted);
        let confidence =
            |analysis: &Analysis| format!("{} of {}", sentences::confidence(analysis.confidence), analysis.sample_size);
        vec![
            Cell::new(vehicle.stock_number.clone().unwrap_or_default()).tone(Tone::Faint),
            vehicle::name(vehicle).into(),
            miles(vehicle.mileage).into(),
            vehicle::age(stocked),
            money(vehicle.price).into(),
            dash(market, |prices| dollars(prices.median)).into(),
            Cell::new(dash(place, |place| format!("{:.0} %", place.price_to_market_percent))).tone(tone),
            Cell::new(analysis.map_or("not analysed", |_| sentences::recommendation(recommendation))).tone(tone),
            Cell::new(dash(analysis, confidence)).tone(Tone::Faint),
        ]
    }
}

impl Row for CompetitorOverview {
    const COLUMNS: &'static [Column] = &[
        Column::text("Competitor"),
        Column::number("On sale"),
        Column::number("Unseen"),
        Column::number("Average"),
        Column::number("Sold"),
        Column::number("Repriced"),
        Column::number("New"),
        Column::number("Days to sell").spare(1),
        Column::text("Against last week").spare(2),
        Column::text("Read"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let metrics = self.metrics.as_ref();
        let number = |of: fn(&Metrics) -> i32| Cell::new(dash(metrics, |metrics| of(metrics).to_string()));
        vec![
            self.competitor.name.as_str().into(),
            number(Metrics::on_sale),
            dash(metrics.and_then(|metrics| metrics.unseen), |unseen| unseen.to_string()).into(),
            dash(metrics.and_then(|metrics| metrics.avg_price), dollars).into(),
            number(|metrics| metrics.vehicles_sold_30d),
            number(|metrics| metrics.price_changes_30d),
            number(|metrics| metrics.new_listings_30d),
            dash(metrics.and_then(|metrics| metrics.avg_days_on_market), |days| format!("{days:.1}")).into(),
            Cell::new(self.trends.as_ref().map_or_else(String::new, trend)).tone(Tone::Faint),
            read(&self.competitor),
        ]
    }
}

/// The day on which a competitor was last read, which its figures are of. One that fails since stands out.
fn read(competitor: &Competitor) -> Cell {
    let tone = if competitor.scrape_error.is_some() { Tone::Warning } else { Tone::Faint };
    Cell::new(dash(competitor.last_successful_scrape_at, day)).tone(tone)
}

/// `+3 cars, -$120`.
pub(crate) fn trend(trends: &Trends) -> String {
    let cars = trends.total_inventory.map(|cars| format!("{cars:+} {}", if cars.abs() == 1 { "car" } else { "cars" }));
    let price = trends.avg_price.map(|price| {
        let sign = if price < Money::ZERO { "" } else { "+" };
        format!("{sign}{}", dollars(price))
    });
    [cars, price].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
