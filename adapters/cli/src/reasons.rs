//! The library's reasons in plain sentences. What is deliberately not here: finding reasons, and their order.

use jpauto::market::{MarketMood, Reason, SlopeOutcome};

use crate::output::{dollars, percent};

/// One reason, for a person.
pub(crate) fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::TooFewComparables { found, needed } => {
            format!("{found} comparables were found, and {needed} are needed to say anything")
        }
        Reason::AboveMarket { difference_percent, median } | Reason::BelowMarket { difference_percent, median } => {
            format!("our price differs by {} from the market's {}", percent(*difference_percent), dollars(*median))
        }
        Reason::WithinMarket { difference_percent, median } => {
            format!("our price is near the market's {} ({})", dollars(*median), percent(*difference_percent))
        }
        Reason::NoPrice => "we have no price to compare".to_owned(),
        Reason::PriceRank { rank, of } => format!("sorted by price, a buyer sees it at place {rank} of {of}"),
        Reason::SameTrim { trim } => format!("only cars of the trim {trim} are compared"),
        Reason::AnyTrim { trim } => format!("too few of the trim {trim} are offered: all trims are compared"),
        Reason::SearchWidened { tier, mileage_window, year_window } => format!(
            "the search was widened to step {tier}: {mileage_window} miles and {year_window} model years either way"
        ),
        Reason::AdjustedForMileage { percent_per_10_000_miles } => {
            format!("adjusted for mileage: {} for every 10,000 miles more", percent(*percent_per_10_000_miles))
        }
        Reason::AdjustedForYear { percent_per_year } => {
            format!("adjusted for the model year: {} for every year newer", percent(*percent_per_year))
        }
        Reason::NotAdjustedForMileage { outcome } => format!("not adjusted for mileage: {}", why_not(*outcome)),
        Reason::NotAdjustedForYear { outcome } => format!("not adjusted for the model year: {}", why_not(*outcome)),
        Reason::AdjustmentLimited { count } => format!("{count} adjustments were cut at the largest allowed"),
        Reason::MileageUnknown { count } => format!("{count} of the comparables name no mileage"),
        Reason::OutliersLeftOut { count } => format!("{count} prices too far from the others were left out"),
        Reason::CostAboveMarket { cost_to_market_percent } => {
            format!("it cost us {cost_to_market_percent:.0} % of what the market asks")
        }
        Reason::MarketMoving { mood: MarketMood::BuyersMarket, change_percent } => {
            format!("the market falls: {} over two weeks", percent(*change_percent))
        }
        Reason::MarketMoving { change_percent, .. } => {
            format!("the market moves: {} over two weeks", percent(*change_percent))
        }
        // A reason that this build has no words for.
        other => format!("{other:?}"),
    }
}

fn why_not(outcome: SlopeOutcome) -> &'static str {
    match outcome {
        SlopeOutcome::Applied | SlopeOutcome::NotNeeded => "there was no need",
        SlopeOutcome::NoSpread => "the comparables are too much alike in it",
        SlopeOutcome::TooFew => "too few comparables to tell its effect",
        SlopeOutcome::WrongSign => "the comparables contradict what markets do",
    }
}
