//! The report at the end: where the dealership stands, what to do first, and what happened today.
//!
//! What is deliberately not here: any figure that the library does not give.

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    Alert, AlertFilter, Desk, PageRequest, SubmissionFilter, VehicleFilter, VehicleSort,
    competitors::{CompetitorFilter, CompetitorOverview, Listing, ListingFilter},
    market::{Analysis, Recommendation, VehiclePosition},
};

use super::story::{DEALERSHIP, Followed, Story};
use crate::{
    analyze::tone_of_advice,
    failure::Failure,
    output::{Output, Tone, car, counted, dash, miles, money},
    sentences,
};

/// Prints all of it.
pub(super) fn print(desk: &Desk, story: &Story, now: DateTime<Utc>, output: &mut Output) -> Result<(), Failure> {
    let positions = positions(desk)?;
    let alerts = alerts(desk)?;
    headline(desk, story, &positions, &alerts, now, output)?;
    stock(&positions, output)?;
    advice(&positions, output)?;
    let watched = desk.competitors().overview(&CompetitorFilter::default(), &PageRequest::default())?;
    competitors(&watched.items, output)?;
    today(story, &alerts, now, output)?;
    not_fooled(desk, story, output)
}

/// The vehicles that are not sold, the longest in stock first.
fn positions(desk: &Desk) -> Result<Vec<VehiclePosition>, Failure> {
    let filter = VehicleFilter::unsold().sort(VehicleSort::ListedAt);
    Ok(desk.market().positions(&filter, &PageRequest::first(PageRequest::MAX_LIMIT))?.items)
}

fn alerts(desk: &Desk) -> Result<Vec<Alert>, Failure> {
    let mut filter = AlertFilter::default();
    filter.with_dismissed = true;
    Ok(desk.alerts().list(&filter, &PageRequest::first(PageRequest::MAX_LIMIT))?.items)
}

fn headline(
    desk: &Desk,
    story: &Story,
    positions: &[VehiclePosition],
    alerts: &[Alert],
    now: DateTime<Utc>,
    output: &mut Output,
) -> Result<(), Failure> {
    let statistics = desk.inventory().statistics()?;
    let waiting = desk.submissions().list(&SubmissionFilter::pending(), &PageRequest::default())?.items.len();
    let open = alerts.iter().filter(|alert| !alert.dismissed).count();
    output.heading(DEALERSHIP, &now.format("%A, %-d %B %Y").to_string())?;
    let age = statistics.average_days_in_stock.map_or_else(String::new, |days| format!(", {days:.0} days on average"));
    output.text(&format!(
        "{} worth {}{age} · {} · {} waiting",
        sentences::count(positions.len(), "vehicle", "vehicles"),
        money(statistics.total.value),
        sentences::count(open, "open alert", "open alerts"),
        sentences::count(waiting, "submission", "submissions"),
    ))?;
    output.text(&format!(
        "{} competitors, {} days, {} scrapes: {} sightings, {} cars, {} sold, {} price changes",
        story.today.len(),
        super::lots::DAYS,
        story.scrapes,
        miles(i32::try_from(story.sightings).unwrap_or(i32::MAX)),
        story.new,
        story.sold,
        story.price_changes,
    ))
}

fn stock(positions: &[VehiclePosition], output: &mut Output) -> Result<(), Failure> {
    output.heading("Our stock against the market", "longest in stock first; the confidence of so many comparables")?;
    output.table(positions)
}

/// How many vehicles are told with their reasons.
const ADVISED: usize = 3;

/// The vehicles furthest from their market, with the reasons in sentences.
fn advice(positions: &[VehiclePosition], output: &mut Output) -> Result<(), Failure> {
    let mut astray: Vec<(&VehiclePosition, &Analysis, f64)> = positions
        .iter()
        .filter_map(|position| {
            let analysis = position.research.as_ref()?.analysis.as_ref()?;
            let is_astray = matches!(analysis.recommendation, Some(Recommendation::High | Recommendation::Low));
            is_astray.then_some((position, analysis, analysis.position?.difference_percent))
        })
        .collect();
    astray.sort_by(|(_, _, one), (_, _, other)| other.abs().total_cmp(&one.abs()));
    output.heading("What to look at first", "")?;
    for (position, analysis, _) in astray.into_iter().take(ADVISED) {
        let vehicle = &position.vehicle.vehicle;
        let name = car(Some(vehicle.year), Some(&vehicle.make), Some(&vehicle.model), vehicle.trim.as_deref());
        let range = dash(analysis.recommended_range, |range| {
            format!("{} to {}", sentences::dollars(range.low), sentences::dollars(range.high))
        });
        let verdict = sentences::recommendation(analysis.recommendation);
        let title = output
            .toned(&format!("{name} at {}: {verdict}", money(vehicle.price)), tone_of_advice(analysis.recommendation));
        output.text(&format!("{title}, the market asks {range}"))?;
        let told: Vec<_> = analysis.reasons.iter().map(|reason| sentences::whole(&sentences::reason(reason))).collect();
        paragraph(" ", 1, &told.join(" "), output)?;
    }
    Ok(())
}

/// A text in lines of a hundred columns, behind the given beginning and set in as far as it is wide.
fn paragraph(beginning: &str, width: usize, text: &str, output: &mut Output) -> Result<(), Failure> {
    const COLUMNS: usize = 100;
    let mut line = beginning.to_owned();
    let mut columns = width;
    // A sign of percent stays with its number.
    for word in text.replace(" %", "\u{a0}%").split(' ') {
        let length = word.chars().count();
        if columns + 1 + length > COLUMNS {
            output.text(&line)?;
            line = " ".repeat(width);
            columns = width;
        }
        line.push(' ');
        line.push_str(word);
        columns += 1 + length;
    }
    output.text(&line)
}

fn competitors(overview: &[CompetitorOverview], output: &mut Output) -> Result<(), Failure> {
    output.heading("The competition", "sold, repriced and new within 30 days")?;
    output.table(overview)
}

/// At most so many cars are named one by one.
const NAMED: usize = 3;

fn today(story: &Story, alerts: &[Alert], now: DateTime<Utc>, output: &mut Output) -> Result<(), Failure> {
    output.heading("Today", "")?;
    for (competitor, report) in &story.today {
        let counts = report.counts;
        point(
            output,
            Tone::Plain,
            &format!(
                "{competitor}: {} seen, {} new, {} found sold, {}",
                counts.vehicles,
                counts.new,
                counts.sold,
                sentences::count(counts.price_changes, "price change", "price changes"),
            ),
        )?;
        for sold in report.sold.iter().take(NAMED) {
            let vehicle = &sold.vehicle;
            let name = car(vehicle.year, vehicle.make.as_deref(), vehicle.model.as_deref(), vehicle.trim.as_deref());
            let asked = dash(vehicle.price, money);
            output.text(&format!(
                "    sold: {name}, last asked {asked}, {} on the lot",
                counted(sold.days_on_market, "day")
            ))?;
        }
        for change in report.price_changes.iter().take(NAMED) {
            let vehicle = &change.vehicle;
            let name = car(vehicle.year, vehicle.make.as_deref(), vehicle.model.as_deref(), vehicle.trim.as_deref());
            output.text(&format!("    price: {name}, {} → {}", money(change.before), money(change.after)))?;
        }
    }
    submissions(story, output)?;
    lot(story, output)?;
    let since = now - TimeDelta::days(1);
    for alert in alerts.iter().filter(|alert| alert.created_at.is_some_and(|at| at > since) && !alert.dismissed) {
        point(output, Tone::Warning, &format!("Alert opened ({}): {}", alert.severity, alert.message))?;
    }
    for alert in alerts.iter().filter(|alert| alert.dismissed_at.is_some_and(|at| at > since)) {
        point(output, Tone::Good, &format!("Alert closed: {}", alert.message))?;
    }
    Ok(())
}

fn submissions(story: &Story, output: &mut Output) -> Result<(), Failure> {
    let offered = |submission: &jpauto::Submission| {
        let name =
            car(Some(submission.year), Some(&submission.make), Some(&submission.model), submission.trim.as_deref());
        format!("{name} for {}", dash(submission.asking_price, money))
    };
    if let Some((submission, vehicle)) = &story.approved {
        let number = vehicle.stock_number.as_deref().unwrap_or_default();
        let text = format!("Approved: {}; on the lot as {number} at {}", offered(submission), money(vehicle.price));
        point(output, Tone::Good, &text)?;
    }
    if let Some(submission) = &story.rejected {
        let reason = submission.rejection_reason.as_deref().unwrap_or_default();
        point(output, Tone::Bad, &format!("Rejected: {}: {reason}", offered(submission)))?;
    }
    if let Some((submission, refusal)) = &story.refused {
        let missing: Vec<_> = refusal
            .fields()
            .iter()
            .map(|field| format!("{} {}", field.pointer.trim_start_matches('/'), field.message))
            .collect();
        let text = format!("Refused ({}): {}: {}", refusal.code(), offered(submission), missing.join("; "));
        point(output, Tone::Warning, &text)?;
    }
    if let Some(submission) = &story.waiting {
        point(output, Tone::Plain, &format!("Waiting for a reviewer: {}", offered(submission)))?;
    }
    Ok(())
}

fn lot(story: &Story, output: &mut Output) -> Result<(), Failure> {
    let name = |vehicle: &jpauto::Vehicle| {
        car(Some(vehicle.year), Some(&vehicle.make), Some(&vehicle.model), vehicle.trim.as_deref())
    };
    if let Some((vehicle, paid)) = &story.sold_vehicle {
        point(output, Tone::Good, &format!("Sold: our {} for {}", name(vehicle), money(*paid)))?;
    }
    if let Some((before, after)) = &story.repriced {
        let text = format!("Price lowered: our {}, {} → {}", name(after), money(before.price), money(after.price));
        point(output, Tone::Plain, &text)?;
    }
    Ok(())
}

/// What went wrong in sixty days, and that nothing was believed that was not so.
fn not_fooled(desk: &Desk, story: &Story, output: &mut Output) -> Result<(), Failure> {
    let share = format!("{} of {} scrapes saw the whole lot", story.complete, story.scrapes);
    output.heading("What did not fool it", &share)?;
    for trouble in &story.troubles {
        let outcome = if trouble.sold == 0 {
            "nothing was taken for sold by that".to_owned()
        } else {
            format!("{} sold", trouble.sold)
        };
        let text = format!("{}, {}: {}; {outcome}", trouble.day.format("%-d %B"), trouble.competitor, trouble.what);
        point(output, Tone::Plain, &text)?;
    }
    if let Some(followed) = &story.hidden {
        let state = match find(desk, followed)? {
            Some(listing) if !listing.is_sold => "it came back and was on sale all the time",
            Some(_) => "it is taken for sold",
            None => "it is lost",
        };
        let text = format!("{}, {}: gone from the page for two days; {state}", followed.title, followed.competitor);
        point(output, Tone::Plain, &text)?;
    }
    if let (Some(followed), Some(misprint)) =
        (&story.mistyped, story.mistyped.as_ref().and_then(|followed| followed.misprint))
    {
        let believed = find(desk, followed)?.and_then(|listing| listing.price);
        let outcome = if believed == Some(followed.price) { "stands" } else { "is believed" };
        let text = format!(
            "{}, {}: {} on the page for a day; {} {outcome}",
            followed.title,
            followed.competitor,
            money(misprint),
            dash(believed, money)
        );
        point(output, Tone::Plain, &text)?;
    }
    Ok(())
}

/// The listing of a car that the story follows.
pub(super) fn find(desk: &Desk, followed: &Followed) -> Result<Option<Listing>, Failure> {
    let filter = ListingFilter { competitors: vec![followed.competitor_id], ..ListingFilter::default() };
    let mut page = PageRequest::first(PageRequest::MAX_LIMIT);
    loop {
        let listings = desk.competitors().listings(&filter, &page)?;
        let found = listings.items.into_iter().find(|listing| listing.vin.as_deref() == Some(followed.vin.as_str()));
        if found.is_some() {
            return Ok(found);
        }
        let Some(next) = listings.next else { return Ok(None) };
        page = page.after(next);
    }
}

fn point(output: &mut Output, tone: Tone, text: &str) -> Result<(), Failure> {
    let mark = output.toned("•", tone);
    paragraph(&mark, 1, text, output)
}
