//! All competitors together: `lot.competitors.market_view`, and who undercuts us.

use jpauto::competitors;
use pyo3::prelude::*;
use uuid::Uuid;

use crate::record::{Amount, record};

record! {
    /// Listings that were never found sold and do not count in the market any more: those of paused dealers, unseen ones, and
    /// those that no scrape has shown for two weeks.
    UncountedListings of competitors::LeftOut {
        () {
            /// The listings.
            listings: i64,
            /// The dealers that have one.
            competitors: i64,
            /// Of those, the paused ones.
            paused: i64,
            /// Of those, the ones that no scrape has reached for as long.
            failing: i64,
            /// Of the listings, those that are unseen, at dealers that are watched and read.
            unseen: i64,
            /// Besides, cars like ours at a price that is likelier a slip: they undercut nothing.
            doubtful_prices: i64,
        }
    }
}

record! {
    /// The figures of one make and model, of one model year where the view is by year.
    ModelFigures of competitors::ModelFigures {
        () {
            /// The make, spelled as one of the listings spells it.
            make: Option<String>,
            /// The model, spelled likewise.
            model: Option<String>,
            /// The model year, in a view by year.
            year: Option<i32>,
            /// Competitors that have one on sale.
            competitors: i64,
            /// Vehicles on sale.
            on_sale: i64,
            /// Those of them that have a price which is no placeholder.
            priced: i64,
            /// The median of those prices.
            median_price: Option<Amount>,
            /// The lowest of them.
            lowest_price: Option<Amount>,
            /// The highest of them.
            highest_price: Option<Amount>,
            /// The median of the days that the vehicles on sale have been there.
            median_days_on_market: Option<f64>,
            /// Vehicles on sale that are cheaper than at some moment of the last seven days.
            price_cuts_7d: i64,
            /// Vehicles sold within 30 days, without those that changed lots.
            sold_30d: i64,
        }
    }
}

record! {
    /// The competitors' cars, in total and by make and model.
    MarketView of competitors::MarketView {
        () {
            /// All that match the filter; its make, model and year are `None`.
            total: ModelFigures,
            /// What matches the filter and is not counted.
            left_out: UncountedListings,
            /// The lines, those with the most listings on sale first.
            models: Vec<ModelFigures> = [models.items],
        }
    }
}

record! {
    /// A competitor's car like one of ours, for less.
    Undercut of competitors::Undercut {
        () {
            /// Our vehicle's id.
            vehicle_id: Uuid,
            /// Our stock number.
            stock_number: Option<String>,
            /// Model year.
            year: i32,
            /// Make.
            make: String,
            /// Model.
            model: String,
            /// Our trim.
            trim: Option<String>,
            /// What we ask.
            our_price: Amount,
            /// Our miles.
            our_mileage: i32,
            /// Their listing's id.
            listing_id: Uuid,
            /// Who offers it.
            competitor_id: Uuid,
            /// The competitor's name.
            competitor: String,
            /// Their trim.
            their_trim: Option<String>,
            /// What they ask.
            their_price: Amount,
            /// Their miles.
            their_mileage: i32,
            /// The page of their listing.
            url: Option<String>,
            /// How much more we ask.
            difference: Amount,
        }
    }
}
