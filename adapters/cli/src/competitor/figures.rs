//! `jpauto competitor show` and `metrics`: a dealer's figures and how they moved.

use jpauto::{
    CompetitorId, Desk, PageRequest,
    competitors::{CompetitorOverview, Metrics, Trends},
};
use serde_json::json;

use super::{completeness, meaning};
use crate::{
    failure::Failure,
    output::{Cell, Column, Format, Output, Row, counted, dash, dollars, moment},
    report,
};

/// Rows of figures that a course is drawn from.
const COURSE_ROWS: u32 = 60;
/// Columns that it is drawn in.
const COURSE_WIDTH: usize = 40;

/// A dealer with its newest figures and how they moved.
pub(super) fn show(desk: &Desk, id: CompetitorId, output: &mut Output) -> Result<(), Failure> {
    let overview = desk.competitors().overview_of(id)?;
    if output.format() != Format::Table {
        return output.item(&whole(&overview));
    }
    output.item(&overview.competitor)?;
    if let Some(scrape) = overview.last_scrape.as_ref().filter(|scrape| scrape.error.is_none()) {
        let seen = completeness(scrape.completeness).painted(output);
        let meaning = meaning(scrape.completeness).map(|words| format!(". {words}")).unwrap_or_default();
        let vehicles = counted(scrape.counts.vehicles, "vehicle");
        output.text(&format!("\nLast scrape: {vehicles}, {seen}{meaning}"))?;
    }
    let Some(metrics) = &overview.metrics else { return Ok(()) };
    output.heading("Figures", &format!("after the scrape of {}", moment(metrics.calculated_at)))?;
    output.table([metrics])?;
    for (span, trends) in [("a week", &overview.trends), ("a month", &overview.monthly_trends)] {
        let told = trends.as_ref().map(report::trend).unwrap_or_default();
        if !told.is_empty() {
            output.text(&format!("Against {span} ago: {told}"))?;
        }
    }
    if let Some(turnover) = overview.trends.as_ref().and_then(|trends: &Trends| trends.turnover) {
        output.text(&format!("Turned over in 30 days: {:.0} %", turnover * 100.0))?;
    }
    course(desk, id, output)
}

/// The fields of the dealer itself, and beside them what is known of its lot.
pub(super) fn whole(overview: &CompetitorOverview) -> serde_json::Value {
    let mut fields = json!(overview.competitor);
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("metrics".into(), json!(overview.metrics));
        fields.insert("trends".into(), json!(overview.trends));
        fields.insert("monthly_trends".into(), json!(overview.monthly_trends));
        fields.insert("last_scrape".into(), json!(overview.last_scrape));
    }
    fields
}

/// The course of the last figures as small curves, for people alone.
pub(super) fn course(desk: &Desk, id: CompetitorId, output: &mut Output) -> Result<(), Failure> {
    if output.format() != Format::Table {
        return Ok(());
    }
    let mut rows = desk.competitors().metrics(id, &PageRequest::first(COURSE_ROWS))?.items;
    rows.reverse();
    if rows.len() < 2 {
        return Ok(());
    }
    let curves = [
        ("On sale", rows.iter().map(|row| Some(f64::from(row.on_sale()))).collect::<Vec<_>>()),
        ("Average price", rows.iter().map(|row| row.avg_price.map(jpauto::Money::dollars)).collect()),
        ("Sold 30d", rows.iter().map(|row| Some(f64::from(row.vehicles_sold_30d))).collect()),
    ];
    output.text("")?;
    curves.iter().try_for_each(|(name, values)| output.text(&format!("{name:<14}{}", curve(values))))
}

/// Values from the lowest bar to the highest, the newest at the right; a gap where there is none.
fn curve(values: &[Option<f64>]) -> String {
    const BARS: [char; 8] =
        ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];
    let values = &values[values.len().saturating_sub(COURSE_WIDTH)..];
    let known = || values.iter().flatten().copied();
    let (lowest, highest) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: f64| {
        if highest <= lowest {
            return BARS[BARS.len() / 2];
        }
        let height = (value - lowest) / (highest - lowest) * (BARS.len() - 1) as f64;
        BARS[(height.round() as usize).min(BARS.len() - 1)]
    };
    values.iter().map(|value| value.map_or(' ', bar)).collect()
}

impl Row for Metrics {
    const COLUMNS: &'static [Column] = &[
        Column::text("When"),
        Column::number("On sale"),
        Column::number("Unseen"),
        Column::number("Average price"),
        Column::number("Days to sell"),
        Column::number("Sold 30d"),
        Column::number("Repriced 30d"),
        Column::number("New 30d"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            moment(self.calculated_at).into(),
            self.on_sale().to_string().into(),
            dash(self.unseen, |unseen| unseen.to_string()).into(),
            dash(self.avg_price, dollars).into(),
            dash(self.avg_days_on_market, |days| format!("{days:.1}")).into(),
            self.vehicles_sold_30d.to_string().into(),
            self.price_changes_30d.to_string().into(),
            self.new_listings_30d.to_string().into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_the_lowest_to_the_highest() {
        assert_eq!(curve(&[Some(1.0), None, Some(8.0), Some(4.5)]), "\u{2581} \u{2588}\u{2585}");
        assert_eq!(curve(&[Some(3.0), Some(3.0)]), "\u{2585}\u{2585}");
        assert_eq!(curve(&vec![Some(1.0); 100]).chars().count(), COURSE_WIDTH);
        assert_eq!(curve(&[None, None]), "  ");
    }
}
