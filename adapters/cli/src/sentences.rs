//! The library's reasons and figures in words for a person.
//!
//! What is deliberately not here: any judgement. A reason arrives as data and leaves as a sentence.

use jpauto::{
    Money,
    market::{Confidence, MarketMood, Reason, Recommendation, SlopeOutcome},
};

/// A reason as a sentence without its full stop.
pub(crate) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::TooFewComparables { found, needed } => {
            format!("{} found where {needed} are needed, so nothing is recommended", comparables(*found))
        }
        Reason::AboveMarket { difference_percent, median } => {
            format!("the price is {difference_percent:.1} % above the market's {}", dollars(*median))
        }
        Reason::BelowMarket { difference_percent, median } => {
            format!("the price is {:.1} % below the market's {}", difference_percent.abs(), dollars(*median))
        }
        Reason::WithinMarket { difference_percent, median } => {
            format!("the price is within the market: {difference_percent:+.1} % from {}", dollars(*median))
        }
        Reason::NoPrice => "there is no price of ours to compare".to_owned(),
        Reason::BrandedTitle { branded, of } => {
            let known = if *branded == 0 { "none".to_owned() } else { branded.to_string() };
            format!("its title is branded, and that of {known} of {} is known to be", comparables(*of))
        }
        Reason::BeyondComparables { miles } => format!(
            "it has {} miles {} than any comparable, so the price is an extrapolation",
            thousands(i64::from(*miles).abs()),
            if *miles < 0 { "fewer" } else { "more" }
        ),
        Reason::PriceRank { rank, of } => format!("sorted by price it comes {} of {of}", ordinal(*rank)),
        Reason::SameTrim { trim } => format!("only the trim {trim} was compared"),
        Reason::AnyTrim { trim } => format!("too few were of the trim {trim}, so all trims were compared"),
        Reason::SearchWidened { mileage_window, year_window, .. } => widened(*mileage_window, *year_window),
        Reason::AdjustedForMileage { percent_per_10_000_miles } => {
            format!("prices were adjusted for mileage, {percent_per_10_000_miles:+.1} % for 10,000 miles more")
        }
        Reason::TypicalMileage { percent_per_10_000_miles, share_percent } => {
            let typical = format!("{percent_per_10_000_miles:+.1} %");
            match share_percent.round() {
                100.0.. => format!("the comparables cannot tell what mileage does, so the typical {typical} was taken"),
                share => format!(
                    "of that, {share:.0} % is what mileage typically does, {typical}: the comparables say too little alone"
                ),
            }
        }
        Reason::NotAdjustedForMileage { outcome } => {
            format!("prices were not adjusted for mileage: {}", slope(*outcome))
        }
        Reason::AdjustedForYear { percent_per_year } => {
            format!("prices were adjusted for the model year, {percent_per_year:+.1} % for a year newer")
        }
        Reason::NotAdjustedForYear { outcome } => {
            format!("prices were not adjusted for the model year: {}", slope(*outcome))
        }
        Reason::AdjustmentLimited { count } => {
            format!("{} too unlike it to be adjusted in full", comparables_were(*count))
        }
        Reason::MileageUnknown { count } => format!("{} without a mileage", comparables_were(*count)),
        Reason::OutliersLeftOut { count } => {
            format!("{} left out as too far from the others", comparables_were(*count))
        }
        Reason::CostAboveMarket { cost_to_market_percent } => {
            format!("it cost us {cost_to_market_percent:.0} % of what the market asks")
        }
        Reason::MarketMoving { mood, change_percent } => {
            format!("{}: {change_percent:+.1} % in two weeks", moving(*mood))
        }
        Reason::SourceMissing { source, .. } => format!("what {source} lists could not be compared with"),
        other => serde_json::to_string(other).unwrap_or_else(|_unwritable| "another reason".to_owned()),
    }
}

/// A model year and the others that it may be: `1996 or 2026`.
pub(crate) fn years(year: i32, alternatives: &[i32]) -> String {
    let years: Vec<_> = std::iter::once(&year).chain(alternatives).map(ToString::to_string).collect();
    years.join(" or ")
}

/// What to do about a price, in two or three words.
pub(crate) fn recommendation(recommendation: Option<Recommendation>) -> &'static str {
    match recommendation {
        Some(Recommendation::High) => "too high",
        Some(Recommendation::Low) => "too low",
        Some(Recommendation::Competitive) => "competitive",
        Some(Recommendation::InsufficientData) => "unclear",
        None => "no price",
    }
}

/// How sure it is.
pub(crate) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Insufficient => "none",
        Confidence::Limited => "limited",
        Confidence::Moderate => "moderate",
        Confidence::High => "high",
    }
}

/// Whole dollars as people write them: `$18,995`.
pub(crate) fn dollars(amount: Money) -> String {
    amount.in_whole_dollars()
}

/// A number with its thousands apart: `48,200`.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of a thing: `1 car`, `3 cars`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(i64::try_from(number).unwrap_or(i64::MAX)), if number == 1 { one } else { many })
}

/// A sentence as it stands on its own: the first letter large, a full stop behind.
pub(crate) fn whole(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn comparables(number: usize) -> String {
    count(number, "comparable", "comparables")
}

fn comparables_were(number: usize) -> String {
    count(number, "comparable was", "comparables were")
}

fn widened(mileage_window: i32, year_window: i32) -> String {
    let years = match year_window {
        0 => String::new(),
        1 => " and a year".to_owned(),
        more => format!(" and {more} years"),
    };
    format!("near ones were too few: the search went {} miles{years} either way", thousands(mileage_window.into()))
}

fn slope(outcome: SlopeOutcome) -> &'static str {
    match outcome {
        SlopeOutcome::Applied => "they were",
        SlopeOutcome::NotNeeded => "nothing differs",
        SlopeOutcome::NoSpread => "the comparables are alike in it",
        SlopeOutcome::TooFew => "too few comparables to tell its effect",
        SlopeOutcome::WrongSign => "the comparables say the opposite of any market",
        SlopeOutcome::Typical => "they were, as is typical",
    }
}

fn moving(mood: MarketMood) -> &'static str {
    match mood {
        MarketMood::BuyersMarket => "the market is falling",
        MarketMood::SellersMarket => "the market is rising",
        MarketMood::Stable => "the market stands still",
    }
}

fn ordinal(number: usize) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_become_sentences() {
        let median = Money::from_dollars(18_950);
        for (data, sentence) in [
            (
                Reason::AboveMarket { difference_percent: 12.34, median },
                "The price is 12.3 % above the market's $18,950.",
            ),
            (
                Reason::BelowMarket { difference_percent: -12.34, median },
                "The price is 12.3 % below the market's $18,950.",
            ),
            (Reason::PriceRank { rank: 12, of: 13 }, "Sorted by price it comes 12th of 13."),
            (
                Reason::TooFewComparables { found: 1, needed: 5 },
                "1 comparable found where 5 are needed, so nothing is recommended.",
            ),
            (
                Reason::TypicalMileage { percent_per_10_000_miles: -3.92, share_percent: 52.5 },
                "Of that, 53 % is what mileage typically does, -3.9 %: the comparables say too little alone.",
            ),
            (
                Reason::TypicalMileage { percent_per_10_000_miles: -3.92, share_percent: 100.0 },
                "The comparables cannot tell what mileage does, so the typical -3.9 % was taken.",
            ),
            (
                Reason::BeyondComparables { miles: -38_000 },
                "It has 38,000 miles fewer than any comparable, so the price is an extrapolation.",
            ),
            (
                Reason::BrandedTitle { branded: 0, of: 26 },
                "Its title is branded, and that of none of 26 comparables is known to be.",
            ),
            (Reason::OutliersLeftOut { count: 2 }, "2 comparables were left out as too far from the others."),
            (
                Reason::SearchWidened { tier: 3, mileage_window: 50_000, year_window: 1 },
                "Near ones were too few: the search went 50,000 miles and a year either way.",
            ),
        ] {
            assert_eq!(whole(&reason(&data)), sentence);
        }
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(dollars(Money::from_cents(123_456_750)), "$1,234,568");
        assert_eq!(dollars(Money::from_dollars(-950)), "-$950");
        assert_eq!([thousands(999), thousands(1_000), thousands(-12_345)], ["999", "1,000", "-12,345"]);
        assert_eq!([ordinal(1), ordinal(22), ordinal(13)], ["1st", "22nd", "13th"]);
    }
}
