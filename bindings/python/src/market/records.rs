//! The records of the market: what `lot.market` returns.

use chrono::{DateTime, Utc};
use jpauto::{
    VehicleId,
    market::{self, PriceRange},
};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    inventory::StockedVehicle,
    record::{Amount, Coded, Document, Told, record},
};

record! {
    /// One reason for a result.
    Reason of Coded {
        () {
            /// The stable word, such as `above_market`.
            code: String,
            /// The figures behind it; amounts are texts here.
            details: Document,
        }
    }
}

impl Told<market::Reason> for Reason {
    fn told(reason: market::Reason) -> Self {
        Self::told(Coded::of(&reason))
    }
}

impl Told<PriceRange> for (Amount, Amount) {
    fn told(range: PriceRange) -> Self {
        (Amount::told(range.low), Amount::told(range.high))
    }
}

record! {
    /// The prices of the kept comparables, adjusted to the mileage and year of our vehicle.
    AdjustedPrices of market::AdjustedPrices {
        () {
            /// Lowest.
            min: Amount,
            /// First quartile.
            p25: Amount,
            /// Middle; what our price is compared with.
            median: Amount,
            /// Third quartile.
            p75: Amount,
            /// Highest.
            max: Amount,
        }
    }
}

record! {
    /// Where our price stands among the adjusted prices.
    Position of market::Position {
        () {
            /// How far our price is from the median, in percent of the median.
            difference_percent: f64,
            /// Our price in percent of the median.
            price_to_market_percent: f64,
            /// The share of comparables that are strictly cheaper, in percent.
            percentile: f64,
            /// Our place from the cheapest, which is 1.
            rank: usize,
            /// Comparables strictly cheaper.
            cheaper: usize,
            /// Comparables strictly dearer.
            dearer: usize,
        }
    }
}

record! {
    /// Supply and demand among the competitors' comparables.
    Supply of market::Supply {
        () {
            /// On offer now.
            active: usize,
            /// Sold within the window.
            sold: usize,
            /// Market days supply: for how many days the offer lasts at that pace; `None` where none was sold.
            market_days_supply: Option<f64>,
            /// The median days on market of those sold, from first sight to sale; `None` where too few were sold.
            days_on_market: Option<f64>,
        }
    }
}

record! {
    /// The change of the raw median over one or two weeks.
    Velocity of market::Velocity {
        () {
            /// The change in percent of the earlier median.
            change_percent: f64,
            /// The word for it: `buyers_market`, `sellers_market` or `stable`.
            mood: &'static str,
            /// When the earlier median was recorded.
            since: DateTime<Utc> = [from],
            /// When the later one was.
            until: DateTime<Utc> = [to],
        }
    }
}

record! {
    /// What mileage does to the prices of a model, as far as is known before its listings are looked at.
    TypicalMileage of market::TypicalMileage {
        () {
            /// The slope of the logarithm of the price on miles.
            per_mile: f64,
            /// The standard deviation of the slopes of models.
            spread: f64,
            /// The standard deviation of the logarithm of the price about the line of one model and year.
            scatter: f64,
            /// As how many degrees of freedom the scatter counts beside that of the listings.
            scatter_freedom: f64,
        }
    }
}

record! {
    /// A source of listings that is configured and did not answer.
    MissingSource of market::MissingSource {
        () {
            /// Which one: `auto.dev`.
            source: &'static str,
            /// The stable word for why.
            code: String,
            /// The same for a person.
            message: String,
        }
    }
}

record! {
    /// The slopes of the logarithm of the price that the prices were adjusted with.
    Adjustment of market::Adjustment {
        () {
            /// The slope for one mile more, zero or below. It changes prices only if `mileage` is `applied` or `typical`.
            per_mile: f64,
            /// The slope of the comparables alone, of whatever sign; `None` where they are alike in mileage.
            per_mile_alone: Option<f64>,
            /// How much of the typical slope is in `per_mile`, from 0 to 1: the rest is of the comparables.
            typical_share: f64,
            /// The typical slope that was assumed; `None` in analyses stored before it was recorded.
            typical_mileage: Option<TypicalMileage>,
            /// What became of the mileage slope: `applied`, `not_needed`, `no_spread`, `wrong_sign` or `typical`.
            mileage: String,
            /// How many comparables the mileage slope was estimated from.
            mileage_sample: usize,
            /// The slope for one year newer, zero or above. It changes prices only if `year` is `applied`.
            per_year: f64,
            /// What became of the year slope: `applied`, `not_needed`, `no_spread`, `too_few` or `wrong_sign`.
            year: String,
            /// How many comparables the year slope was estimated from.
            year_sample: usize,
            /// Kept comparables whose mileage is unknown; they are not adjusted for it.
            mileage_unknown: usize,
            /// Kept comparables whose adjustment was cut at the largest allowed.
            limited: usize,
        }
    }
}

record! {
    /// The search that was made: everything needed to make it again.
    SearchParameters of market::SearchParameters {
        () {
            /// Which tier was taken, from 1.
            tier: usize,
            /// When the search was made; all ages count from here.
            searched_at: DateTime<Utc>,
            /// Make.
            make: String,
            /// Model.
            model: String,
            /// Trim, where the search was narrowed to it.
            trim: Option<String>,
            /// First model year.
            year_min: i32,
            /// Last model year.
            year_max: i32,
            /// Fewest miles, where those of our vehicle are known.
            mileage_min: Option<i32>,
            /// Most miles, where those of our vehicle are known.
            mileage_max: Option<i32>,
            /// Greatest distance.
            radius_miles: f64,
            /// Longest time on offer.
            listed_within_days: i64,
            /// Longest time since the sale.
            sold_within_days: i64,
            /// Lowest price believed.
            price_min: Amount,
            /// Highest price believed.
            price_max: Amount,
            /// Whether branded titles were let in.
            branded: bool,
            /// What was asked of auto.dev, and how much of the answers was read; empty where it was not asked.
            auto_dev: Vec<AutoDevSearch>,
        }
    }
}

record! {
    /// A search made at auto.dev: what to ask to make it again, and how much of the answer was read.
    AutoDevSearch of market::AutoDevSearch {
        () {
            /// The version of the interface that was asked: `v1` or `v2`.
            version: &'static str,
            /// The parameters in the order in which they were sent, without the key.
            parameters: Vec<(String, String)>,
            /// When the answer came.
            answered_at: DateTime<Utc>,
            /// Pages read.
            pages: usize,
            /// Listings read from them.
            listings: usize,
            /// Listings that could not be read, are no longer on offer, or are new cars.
            left_out: usize,
            /// Whether that was all there is.
            is_whole: bool,
            /// The code of the failure that ended it after the first page.
            stopped_by: Option<String>,
        }
    }
}

/// The records that have the fields of a comparable, of which this is the one list.
macro_rules! comparables {
    ($($field:tt)+) => {
        record! {
            /// A listing that a vehicle may be compared with.
            Comparable of market::Comparable {
                () { $($field)+ }
            }
        }

        record! {
            /// A comparable and what it would cost with the mileage and year of our vehicle.
            PricedComparable of market::PricedComparable {
                (.comparable) { $($field)+ }
                () {
                    /// Its price adjusted to our vehicle.
                    adjusted_price: Amount,
                }
            }
        }
    };
}

comparables! {
    /// Where it was found: `competitor` or `auto.dev`.
    source: &'static str,
    /// The VIN as listed.
    vin: Option<String>,
    /// The id of the listing within its source; for a competitor's listing, the id of our row.
    external_id: Option<String>,
    /// The page of the listing.
    url: Option<String>,
    /// Model year.
    year: i32,
    /// Make.
    make: String,
    /// Model.
    model: String,
    /// Trim.
    trim: Option<String>,
    /// The asking price, or the last one.
    price: Option<Amount>,
    /// Miles; below zero counts as unknown.
    mileage: Option<i32>,
    /// Miles from us.
    distance_miles: Option<f64>,
    /// The dealer that offers it.
    dealer: Option<String>,
    /// When the listing was first seen.
    first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    last_seen_at: DateTime<Utc>,
    /// When it was sold. A time in the future counts as not sold.
    sold_at: Option<DateTime<Utc>>,
    /// Whether its title is known to be branded. False says only that nothing is known against it.
    branded: bool,
    /// What its title is said to be: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`.
    title_brand: Option<&'static str>,
    /// Whether it is offered as `new`, `used` or `certified`.
    condition: Option<&'static str>,
    /// What is said of its odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`. Miles that it has not gone are
    /// left out.
    odometer_status: Option<&'static str>,
    /// How far its sale has come: `available` or `pending`.
    sale_status: Option<&'static str>,
}

record! {
    /// How many listings were left out, and why; each is counted once, for the first reason that held.
    LeftOut of market::LeftOut {
        () {
            /// Another make, model, year, trim or mileage than the tier asks for.
            unlike: usize,
            /// Our own vehicles.
            own: usize,
            /// No price, or one out of bounds.
            price: usize,
            /// Branded titles.
            branded: usize,
            /// New cars.
            new: usize,
            /// Too long on offer, or sold too long ago.
            stale: usize,
            /// Too far away.
            distant: usize,
            /// The same vehicle listed again.
            duplicate: usize,
            /// Prices too far from the others.
            outlier: usize,
        }
    }
}

record! {
    /// The alert that an analysis calls for.
    WantedAlert of market::WantedAlert {
        () {
            /// What about: `overpriced`, `underpriced` or `no_market_data`.
            alert_type: &'static str,
            /// How urgent: `warning` or `critical`.
            severity: &'static str,
        }
    }
}

record! {
    /// What a vehicle is worth on the market, how sure that is, and why.
    ///
    /// With too few comparables the figures of the ones found are still given, but nothing that judges a price: no range
    /// and no position.
    Analysis of market::Analysis {
        () {
            /// When.
            analyzed_at: DateTime<Utc>,
            /// The price that was compared.
            our_price: Option<Amount>,
            /// The median of the adjusted prices: what our price is compared with.
            median: Option<Amount> = [adjusted.map(|adjusted| adjusted.median)],
            /// The quartiles of the adjusted prices: the range that is recommended.
            range: Option<(Amount, Amount)> = [recommended_range],
            /// How our price compares with the median: `high`, `low`, `competitive` or `insufficient_data`. `None` if the
            /// market is known and we have no price.
            recommendation: Option<&'static str>,
            /// How far to trust it: `insufficient`, `limited`, `moderate` or `high`.
            confidence: &'static str,
            /// Why, most telling first.
            reasons: Vec<Reason>,
            /// Our price in percent of the median.
            price_to_market: Option<f64> = [position.map(|position| position.price_to_market_percent)],
            /// Where our price stands.
            position: Option<Position>,
            /// Kept comparables.
            sample_size: usize,
            /// Median of the raw prices of the kept comparables.
            median_price: Option<Amount>,
            /// Lowest raw price.
            min_price: Option<Amount>,
            /// Highest raw price.
            max_price: Option<Amount>,
            /// The same prices adjusted to our vehicle.
            adjusted: Option<AdjustedPrices>,
            /// Our cost in percent of the median.
            cost_to_market_percent: Option<f64>,
            /// Supply and demand.
            supply: Supply,
            /// The trend of the market over two weeks, if the history is long enough.
            velocity: Option<Velocity>,
            /// The same over one week.
            week: Option<Velocity>,
            /// The slopes used.
            adjustment: Adjustment,
            /// The search made.
            search_parameters: SearchParameters,
            /// The nearest comparables by mileage and year, nearest first.
            comparables: Vec<PricedComparable>,
            /// Where the kept comparables came from: `none`, `competitor`, `auto.dev` or `auto.dev+competitor`.
            data_source: &'static str,
            /// The source of listings that is configured and did not answer.
            missing_source: Option<MissingSource>,
            /// What was left out.
            left_out: LeftOut,
            /// The alert that this calls for.
            alert: Option<WantedAlert>,
        }
    }
}

record! {
    /// The last analysis of a vehicle as it is kept.
    ///
    /// The words and the analysis are `None` where another program, or another release, wrote what this one cannot read.
    ResearchResult of market::ResearchResult {
        () {
            /// The row's id; it stays the same from analysis to analysis.
            id: Uuid,
            /// The vehicle.
            inventory_id: Uuid,
            /// Median of the raw prices.
            median_price: Option<Amount>,
            /// Lowest raw price.
            min_price: Option<Amount>,
            /// Highest raw price.
            max_price: Option<Amount>,
            /// Kept comparables.
            sample_size: i32,
            /// How the price compared with the market: `high`, `low`, `competitive` or `insufficient_data`.
            price_recommendation: Option<&'static str>,
            /// Where the comparables came from.
            data_source: Option<&'static str>,
            /// When it was analysed last.
            last_analyzed_at: Option<DateTime<Utc>>,
            /// Everything that the analysis found.
            analysis: Option<Analysis>,
            /// When the vehicle was analysed first.
            created_at: Option<DateTime<Utc>>,
            /// When the row was written last.
            updated_at: Option<DateTime<Utc>>,
        }
    }
}

record! {
    /// A point of a vehicle's price history: our price, and the market's where an analysis recorded it.
    MarketPrice of market::MarketPrice {
        () {
            /// The point's id.
            id: Uuid,
            /// Our price of the time.
            our_price: Amount,
            /// The raw median of the time.
            median_market_price: Option<Amount>,
            /// The lowest raw price of the time.
            min_market_price: Option<Amount>,
            /// How many comparables; `None` where only our price changed.
            sample_size: Option<i32>,
            /// When it was recorded.
            recorded_at: Option<DateTime<Utc>>,
        }
    }
}

record! {
    /// How the unsold vehicles stand in the market, at today's prices against the medians of their last analyses.
    MarketOverview of market::MarketOverview {
        () {
            /// Unsold vehicles.
            vehicles: usize,
            /// Priced above the market.
            high: usize,
            /// Priced below the market.
            low: usize,
            /// Priced within the market.
            competitive: usize,
            /// Analysed, with too few comparables.
            insufficient_data: usize,
            /// Never analysed.
            not_analyzed: usize,
            /// The mean of how far the prices are from their medians, in percent; `None` where no vehicle has a median.
            average_difference_percent: Option<f64>,
            /// Vehicles that the next run would take: never analysed, or not lately.
            needs_analysis: usize,
        }
    }
}

record! {
    /// The progress of a run, after each vehicle.
    Progress of market::Progress {
        () {
            /// Vehicles that the run set out to analyse.
            total: usize,
            /// Vehicles dealt with so far, whether it went well or not.
            done: usize,
            /// Of those, too few comparables.
            insufficient: usize,
            /// Of those, failed.
            failed: usize,
            /// The vehicle just dealt with.
            vehicle: Uuid,
        }
    }
}

/// A vehicle that could not be analysed, and the words for why.
#[derive(Clone)]
pub(crate) struct Failed {
    vehicle: VehicleId,
    code: &'static str,
    message: String,
}

record! {
    /// A vehicle that could not be analysed.
    FailedVehicle of Failed {
        () {
            /// The vehicle.
            vehicle: Uuid,
            /// The stable word for what went wrong.
            code: &'static str,
            /// The same for a person.
            message: String,
        }
    }
}

record! {
    /// What a run did.
    AnalyzeReport of market::AnalyzeReport {
        () {
            /// Vehicles analysed.
            analyzed: usize,
            /// Of those, too few comparables.
            insufficient: usize,
            /// The vehicles that could not be analysed.
            failed: Vec<FailedVehicle> = [failed.iter().map(Failed::from).collect::<Vec<_>>()],
            /// Vehicles that are left for a later run.
            remaining: usize,
            /// The source that is configured and did not answer for some vehicles, with the first reason. These vehicles
            /// were compared with the listings of the other sources.
            missing_source: Option<MissingSource>,
            /// How many vehicles those are.
            without_source: usize,
        }
    }
}

impl From<&(VehicleId, jpauto::Error)> for Failed {
    fn from((vehicle, error): &(VehicleId, jpauto::Error)) -> Self {
        Self { vehicle: *vehicle, code: error.code(), message: error.to_string() }
    }
}

record! {
    /// A vehicle with its last analysis.
    VehiclePosition of market::VehiclePosition {
        () {
            /// The vehicle.
            vehicle: StockedVehicle,
            /// Its last analysis, if it was ever analysed.
            research: Option<ResearchResult>,
        }
    }
}

record! {
    /// How much of the month's budget of auto.dev calls is used.
    AutoDevUse of market::AutoDevUse {
        () {
            /// Calls made this month, by all processes that share the database.
            calls: u32,
            /// Calls that may be made a month.
            calls_a_month: u32,
            /// When a new month begins.
            renews_at: DateTime<Utc>,
        }
    }
}
