//! When a listing that is no longer shown counts as sold: the formulas, one by one.
//!
//! Two things must be met. It must be unseen for some days, scaled by the risk that such a car at such a dealer comes back. And it
//! must have been missed by enough looks, each weighted by how far that scrape is believed. `absence` applies both to a lot;
//! docs/tracking.md has the arguments and what was measured. The website's own word that something is sold needs neither.

use chrono::{DateTime, TimeDelta, Utc};

use super::config::{EvidenceRules, SoldRules, TrackingRules};
use crate::extract::Warning;

const MICROSECONDS_A_DAY: f64 = 86_400e6;

/// A span in days; negative where it runs backwards.
pub(crate) fn days(span: TimeDelta) -> f64 {
    span.num_microseconds().unwrap_or(i64::MAX) as f64 / MICROSECONDS_A_DAY
}

/// A span of that many days.
pub(crate) fn span(days: f64) -> TimeDelta {
    TimeDelta::microseconds((days * MICROSECONDS_A_DAY) as i64)
}

/// How a dealer's vanished listings behaved, with what is long ago counting less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Returns {
    /// How many returns the average dealer would have had.
    pub(crate) expected: f64,
    /// How many there were; those of one moment count as fewer.
    pub(crate) seen: f64,
}

impl Returns {
    /// The same after some days.
    pub(crate) fn after(self, days: f64, rules: &SoldRules) -> Self {
        let kept = 0.5_f64.powf(days.max(0.0) / rules.half_life_days);
        Self { expected: self.expected * kept, seen: self.seen * kept }
    }

    /// How many times as often as at the average dealer, which is 1, listings come back here.
    pub(crate) fn theta(self, rules: &SoldRules) -> f64 {
        (self.seen + rules.returns_assumed) / (self.expected + rules.returns_assumed)
    }
}

/// What listings count for that come back at one moment: they have one cause.
pub(crate) fn returned_together(count: u64, rules: &SoldRules) -> f64 {
    if count == 0 { 0.0 } else { (count as f64).powf(rules.common_cause) }
}

/// The risk that a car comes back, against one that was listed for no time: it falls with the days that it was listed, and far where
/// the website says that it stands on the lot.
pub(crate) fn risk(listed_days: f64, is_in_stock: bool, rules: &SoldRules) -> f64 {
    let listed = (-listed_days.max(0.0) / rules.listed_days).exp().max(rules.least_risk);
    if is_in_stock { listed * rules.in_stock_risk } else { listed }
}

/// The share of an average dealer's missing listings that return after `return_from_days` and before `absent_days` days.
pub(crate) fn returned_by(absent_days: f64, rules: &SoldRules) -> f64 {
    if absent_days <= rules.return_from_days {
        return 0.0;
    }
    rules.return_rate * (rules.return_from_days.powf(-0.5) - absent_days.min(rules.watched_days).powf(-0.5))
}

/// Days that a listing must be unseen; fewer where its website says where its cars stand.
pub(crate) fn patience_days(theta: f64, risk: f64, is_told: bool, rules: &SoldRules) -> f64 {
    let floor = if is_told { rules.floor_days_told } else { rules.floor_days };
    (rules.base_days * theta * risk).min(rules.ceiling_days).max(floor)
}

/// The chance that a listing comes back that has been absent for this many days.
pub(crate) fn p_return(theta: f64, risk: f64, absent_days: f64, rules: &SoldRules) -> f64 {
    let to_come = absent_days.max(f64::MIN_POSITIVE).powf(-0.5) - rules.watched_days.powf(-0.5);
    /// Nobody can tell smaller chances apart.
    const PLACES: f64 = 1e6;
    ((rules.return_rate * theta * risk * to_come).clamp(0.0, 1.0) * PLACES).round() / PLACES
}

/// The patience from which the age limit of kept pages follows. A kept page is believed for at most half of it, so a page that is
/// wrongly called unchanged is read again a day before a listing could count as sold by it.
pub(crate) fn shortest_patience(rules: &TrackingRules) -> TimeDelta {
    span(rules.sold.floor_days.min(2.0 * (rules.sold.floor_days_told - 1.0)).max(0.0))
}

/// How far a group is believed to be gone that vanished together: `size` of the `shown` vehicles within some days.
///
/// The less likely it is that all of them were sold, the likelier is another cause, such as a page that was not shown.
pub(crate) fn together(size: usize, shown: usize, within_days: f64, rules: &EvidenceRules) -> f64 {
    /// A scrape right behind another has seen no sale between them.
    const LEAST_DAYS: f64 = 0.04;
    let usual = size.max(shown) as f64 * within_days.max(LEAST_DAYS) / f64::from(rules.turnover_days.max(1));
    let chance = at_least(size as f64, usual, rules.together_spread);
    (chance / (chance + rules.together_chance)).max(rules.together_least)
}

/// The chance of `count` or more where `usual` are usual, and where what happens comes in clusters of `spread`: the tail of Poisson's
/// distribution.
fn at_least(count: f64, usual: f64, spread: f64) -> f64 {
    /// Later terms add nothing.
    const TERMS: u32 = 80;
    let (count, usual) = (count / spread, (usual / spread).max(1e-9));
    if count <= usual {
        return 1.0;
    }
    let first = count.ceil();
    let ln_factorial: f64 = (2..=first as u32).map(|number| f64::from(number).ln()).sum();
    let mut term = (first * usual.ln() - usual - ln_factorial).exp();
    let mut sum = term;
    for number in (1..TERMS).map(|step| first + f64::from(step)) {
        term *= usual / number;
        sum += term;
        if term < 1e-14 {
            break;
        }
    }
    sum.min(1.0)
}

/// A scrape as far as it has looked for what is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) at: DateTime<Utc>,
    pub(crate) weight: f64,
}

/// Adds up the looks after a time, which are ascending. A look counts its weight, at most the group's, times the days since the look
/// before (1 to `look_days_most`), at most 1. Looks within `looks_apart_hours` are one. Stops at `rules.looks`.
pub(crate) fn looks(after: DateTime<Utc>, looks: &[Look], group: f64, rules: &SoldRules) -> f64 {
    let apart = rules.looks_apart_hours / 24.0;
    let (mut sum, mut counted, mut before) = (0.0, 0.0, after);
    let mut is_first = true;
    for look in &looks[looks.partition_point(|look| look.at <= after)..] {
        let gap = days(look.at - before);
        let worth = (look.weight.min(group) * gap.max(1.0).min(rules.look_days_most)).min(1.0);
        if is_first || gap >= apart {
            sum += worth;
            (counted, before, is_first) = (worth, look.at, false);
        } else if worth > counted {
            // The same look, and a better one.
            sum += worth - counted;
            counted = worth;
        }
        if sum >= rules.looks {
            break;
        }
    }
    sum
}

/// The first look after a time.
pub(crate) fn first_look(after: DateTime<Utc>, looks: &[Look]) -> Option<DateTime<Utc>> {
    looks.get(looks.partition_point(|look| look.at <= after)).map(|look| look.at)
}

/// The warning about a website that calls many of its vehicles sold at the first scrape, when there is no lot yet to compare with.
pub(crate) fn called_at_first_sight(sold: usize, of: usize, rules: &TrackingRules) -> Option<Warning> {
    let is_doubted = sold >= rules.evidence.called_sold_doubted
        && sold as u128 * 100 > of as u128 * u128::from(rules.evidence.called_sold_percent);
    is_doubted.then_some(Warning::CalledSoldAtFirst { sold, found: of })
}

/// Whether the sale date that the website gives is in the future: until then the listing is on sale. One day is allowed for time
/// zones.
pub(crate) fn is_to_come(said: Option<DateTime<Utc>>, observed_at: DateTime<Utc>) -> bool {
    said.is_some_and(|said| said - observed_at > TimeDelta::days(1))
}

/// When a listing was sold that its website now calls sold: on the day that it names, where that may be true.
///
/// A website dates sales to a day, so one on the day of the first sighting may seem to lie before it. Any other date before
/// the first sighting, or one that is still to come, is no date of this sale: it was sold when that was seen.
pub(crate) fn said_sold_at(
    said: Option<DateTime<Utc>>,
    first_seen_at: DateTime<Utc>,
    observed_at: DateTime<Utc>,
) -> DateTime<Utc> {
    let is_plausible = |said: &DateTime<Utc>| *said <= observed_at && first_seen_at - *said <= TimeDelta::days(1);
    said.filter(is_plausible).map_or(observed_at, |said| said.max(first_seen_at).min(observed_at))
}

/// Whole days between the first sighting and the sale. No two scrapes of one hour of the day begin at the same millisecond, and some
/// begin earlier than those of the day before: the last day counts where not more than an hour is missing.
pub(crate) fn days_to_sale(first_seen_at: DateTime<Utc>, sold_at: DateTime<Utc>) -> i32 {
    const UNEVEN: TimeDelta = TimeDelta::hours(1);
    days_on_market(first_seen_at, sold_at + UNEVEN)
}

/// Whole days between the first sighting and now, for a listing still on sale.
#[must_use]
pub fn days_on_market(first_seen_at: DateTime<Utc>, until: DateTime<Utc>) -> i32 {
    i32::try_from((until - first_seen_at).num_days().max(0)).unwrap_or(i32::MAX)
}
