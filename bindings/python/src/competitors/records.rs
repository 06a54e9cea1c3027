//! The records of competitors: what `lot.competitors` returns.

use chrono::{DateTime, Utc};
use jpauto::competitors;
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    extract::ExtractionWarning,
    record::{Amount, Document, record},
};

record! {
    /// A dealer whose website is watched.
    Competitor of competitors::Competitor {
        () {
            /// The competitor's id.
            id: Uuid,
            /// What the dealer is called here; unique whatever the case.
            name: String,
            /// The front page.
            website_url: Option<String>,
            /// The page that lists the vehicles.
            inventory_url: String,
            /// The platform of the website, where it is known.
            platform_type: Option<String>,
            /// How to read the website, where nothing general does.
            scraper_config: Option<Document>,
            /// Whether pages must be rendered in a browser.
            use_playwright: bool,
            /// Whether it is watched, or paused.
            active: bool,
            /// When it was scraped last.
            last_scraped_at: Option<DateTime<Utc>>,
            /// When that went well last.
            last_successful_scrape_at: Option<DateTime<Utc>>,
            /// What went wrong at the last scrape, for a person.
            scrape_error: Option<String>,
            /// What went wrong at the last scrape, such as `timeout`.
            scrape_error_type: Option<&'static str>,
            /// When it was entered.
            created_at: Option<DateTime<Utc>>,
            /// When it was changed last.
            updated_at: Option<DateTime<Utc>>,
        }
    }
}

record! {
    /// A vehicle on a competitor's website.
    Listing of competitors::Listing {
        () {
            /// The listing's id.
            id: Uuid,
            /// Who offers it.
            competitor_id: Uuid,
            /// The website's own id for the vehicle.
            external_id: Option<String>,
            /// The VIN.
            vin: Option<String>,
            /// The dealer's stock number.
            stock_number: Option<String>,
            /// Model year.
            year: Option<i32>,
            /// Make.
            make: Option<String>,
            /// Model.
            model: Option<String>,
            /// Trim level.
            trim: Option<String>,
            /// The asking price.
            price: Option<Amount>,
            /// Miles on the odometer.
            mileage: Option<i32>,
            /// Exterior colour.
            exterior_color: Option<String>,
            /// Transmission.
            transmission: Option<String>,
            /// Fuel.
            fuel_type: Option<String>,
            /// Body style.
            body_style: Option<String>,
            /// The vehicle's own page.
            url: Option<String>,
            /// The first photo.
            image_url: Option<String>,
            /// When it was first seen.
            first_seen_at: DateTime<Utc>,
            /// When it was last seen.
            last_seen_at: DateTime<Utc>,
            /// Whether it counts as sold.
            is_sold: bool,
            /// Whether its dealer's website shows it no more, and it is not sold yet: missing since `last_seen_at`.
            is_unseen: bool,
            /// When it was sold.
            sold_at: Option<DateTime<Utc>>,
            /// Whole days from the first sighting to the sale, or to now.
            days_on_market: i32,
            /// What else the website said.
            raw_data: Option<Document>,
            /// When it was entered.
            created_at: Option<DateTime<Utc>>,
            /// When it was changed last.
            updated_at: Option<DateTime<Utc>>,
            /// A price read once that is too unlikely to be believed before it is read again.
            unconfirmed_price: Option<Amount>,
            /// The lowest price ever believed.
            lowest_price: Option<Amount>,
            /// The chance that it comes back, from 0 to 1, if it was found sold by its absence.
            p_return: Option<f64>,
            /// Where it stands by its website's word: `in_stock`, `in_transit`, `in_production` or `sale_pending`.
            stock_status: Option<&'static str>,
            /// How far its sale has come, as the website says: `available` or `pending`.
            sale_status: Option<&'static str>,
            /// What its title says, as the website says: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`.
            title_brand: Option<&'static str>,
            /// Whether it is offered as `new`, `used` or `certified`.
            condition: Option<&'static str>,
            /// What the website says of the odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`.
            odometer_status: Option<&'static str>,
        }
    }
}

record! {
    /// A point of a listing's price history.
    PricePoint of competitors::PricePoint {
        () {
            /// The price from this time on.
            price: Amount,
            /// The lowest price up to this time.
            min_price: Option<Amount>,
            /// The mileage shown with it.
            mileage: Option<i32>,
            /// When it was observed.
            recorded_at: DateTime<Utc>,
        }
    }
}

record! {
    /// A competitor's figures after a scrape.
    Metrics of competitors::Metrics {
        () {
            /// Listings that are not sold, unseen ones included.
            total_inventory: i32,
            /// Their average price.
            avg_price: Option<Amount>,
            /// The average days on the market of the lately sold.
            avg_days_on_market: Option<f64>,
            /// Sales of 30 days.
            vehicles_sold_30d: i32,
            /// Price changes of 30 days.
            price_changes_30d: i32,
            /// New listings of 30 days.
            new_listings_30d: i32,
            /// When this was calculated.
            calculated_at: DateTime<Utc>,
            /// Of those that are not sold, the ones that the website shows no more; `None` where it was not counted.
            unseen: Option<i32>,
        }
    }
}

record! {
    /// How a competitor's figures moved within a week, and how fast the lot turns.
    Trends of competitors::Trends {
        () {
            /// When the compared figures were calculated.
            since: Option<DateTime<Utc>>,
            /// Change of the listings on sale.
            total_inventory: Option<i32>,
            /// Change of the average price.
            avg_price: Option<Amount>,
            /// Change of the average days on the market.
            avg_days_on_market: Option<f64>,
            /// Change of the sales of 30 days.
            vehicles_sold_30d: Option<i32>,
            /// Sales of 30 days divided by the sum of these sales and the listings on sale, from 0 to 1. `None` for an
            /// empty lot.
            turnover: Option<f64>,
        }
    }
}

record! {
    /// How many listings a scrape found and what became of them.
    ScrapeCounts of competitors::ScrapeCounts {
        () {
            /// Listings handed in.
            listings_found: usize,
            /// Different vehicles among them.
            vehicles: usize,
            /// Vehicles not seen before.
            new: usize,
            /// Known listings seen again, whether anything changed or not.
            seen_again: usize,
            /// Of those, listings of which more than the time changed.
            updated: usize,
            /// Believed changes of a price.
            price_changes: usize,
            /// Listings that turned sold.
            sold: usize,
            /// Sold listings on sale again.
            relisted: usize,
            /// Listings that repeat another of the same scrape.
            duplicates: usize,
            /// Listings that could not be recorded.
            refused: usize,
            /// Listings that have now been missing for three days (`return_from_days`). If they are seen again, that is a
            /// return.
            absences: u64,
            /// Listings that were seen again after they had been missing for three days or more.
            returns: u64,
        }
    }
}

record! {
    /// One scrape of a competitor.
    ScrapeRecord of competitors::ScrapeRecord {
        () {
            /// Its id.
            id: Uuid,
            /// Whose lot it saw.
            competitor_id: Uuid,
            /// When the pages were fetched.
            observed_at: DateTime<Utc>,
            /// Whether it saw the whole lot.
            complete: bool = [completeness.is_complete()],
            /// Why not, such as `many_missing`: the gravest doubt.
            incomplete_reason: Option<&'static str> = [completeness.reason()],
            /// All the doubts about it, the gravest first.
            doubts: Vec<&'static str>,
            /// How far its silence is believed, from 0 to 1: 1 means that a car it did not show was not there.
            weight: f64,
            /// Pages read; `None` if the listings were not read from pages.
            pages_fetched: Option<u32>,
            /// The total that the website itself claims.
            total_claimed: Option<u32>,
            /// What it changed.
            counts: ScrapeCounts,
            /// What went wrong, for a person.
            error: Option<String>,
            /// What went wrong, for a program.
            error_type: Option<&'static str>,
        }
    }
}

/// A competitor's vehicle in the words by which a person knows it, and what is beside it.
macro_rules! recorded_vehicle {
    ($(#[$doc:meta])* $name:ident of $core:ty, $part:tt $({ $($beside:tt)* })?) => {
        record! {
            $(#[$doc])*
            $name of $core {
                $part {
                    /// The listing's id.
                    id: Uuid,
                    /// The VIN.
                    vin: Option<String>,
                    /// The dealer's stock number.
                    stock_number: Option<String>,
                    /// Model year.
                    year: Option<i32>,
                    /// Make.
                    make: Option<String>,
                    /// Model.
                    model: Option<String>,
                    /// Trim level.
                    trim: Option<String>,
                    /// The asking price.
                    price: Option<Amount>,
                    /// Miles on the odometer.
                    mileage: Option<i32>,
                    /// The vehicle's own page.
                    url: Option<String>,
                }
                $(() { $($beside)* })?
            }
        }
    };
}

recorded_vehicle! {
    /// A competitor's vehicle, in the words by which a person knows it.
    RecordedVehicle of competitors::RecordedVehicle, ()
}

recorded_vehicle! {
    /// A vehicle as it is now, and which of its columns changed.
    ChangedVehicle of competitors::ChangedVehicle, (.vehicle) {
        /// The columns.
        columns: Vec<&'static str>,
    }
}

recorded_vehicle! {
    /// A vehicle with a new price.
    PriceChange of competitors::PriceChange, (.vehicle) {
        /// The price before.
        before: Amount,
        /// The price from now on.
        after: Amount,
    }
}

recorded_vehicle! {
    /// A vehicle that turned sold, as it was seen last.
    SoldVehicle of competitors::SoldVehicle, (.vehicle) {
        /// The first scrape after its last sighting, whatever the doubts about that scrape, or the day on which the website
        /// says that it was sold.
        sold_at: DateTime<Utc>,
        /// Whole days from the first sighting.
        days_on_market: i32,
        /// The chance that it comes back, from 0 to 1, where it was found sold by its absence.
        p_return: Option<f64>,
    }
}

record! {
    /// A listing that was not recorded.
    RefusedListing of competitors::RefusedListing {
        () {
            /// Its place among the listings handed in, from zero.
            index: usize,
            /// Why, such as `no_identity`.
            reason: &'static str,
            /// The same for a person.
            message: &'static str = [reason.message()],
        }
    }
}

record! {
    /// What recording a scrape did.
    RecordReport of competitors::RecordReport {
        () {
            /// Whose lot it is.
            competitor_id: Uuid,
            /// The competitor's name.
            competitor: String,
            /// Whether the competitor was not known before.
            added: bool,
            /// The scrape's id.
            scrape_id: Uuid,
            /// When the pages were fetched.
            observed_at: DateTime<Utc>,
            /// Whether the whole lot was seen.
            complete: bool = [completeness.is_complete()],
            /// Why not, such as `many_missing`: the gravest doubt.
            incomplete_reason: Option<&'static str> = [completeness.reason()],
            /// All the doubts about it, the gravest first.
            doubts: Vec<&'static str>,
            /// How far its silence is believed, from 0 to 1: 1 means that a car it did not show was not there.
            weight: f64,
            /// What changed, in numbers.
            counts: ScrapeCounts,
            /// Vehicles not seen before.
            new: Vec<RecordedVehicle>,
            /// Known vehicles of which more than the time changed.
            updated: Vec<ChangedVehicle>,
            /// Believed changes of a price.
            price_changes: Vec<PriceChange>,
            /// Vehicles that turned sold, by absence or by the website's own word.
            sold: Vec<SoldVehicle>,
            /// Sold vehicles on sale again.
            relisted: Vec<RecordedVehicle>,
            /// What was not recorded.
            refused: Vec<RefusedListing>,
            /// Doubts about the pages that the listings were read from.
            warnings: Vec<ExtractionWarning>,
            /// The competitor's figures after it.
            metrics: Metrics,
        }
    }
}

record! {
    /// What the owner's word about a doubted lot changed.
    LotVerdict of competitors::LotVerdict {
        () {
            /// Whose lot it is.
            competitor_id: Uuid,
            /// The competitor's name.
            competitor: String,
            /// When the newest scrape looked.
            observed_at: DateTime<Utc>,
            /// How many scrapes are believed now, or discarded.
            scrapes: usize,
            /// What is found sold now, because the lot is believed.
            sold: Vec<SoldVehicle>,
            /// What the discarded scrape alone had found sold.
            on_sale_again: Vec<RecordedVehicle>,
        }
    }
}

record! {
    /// A competitor with its newest figures.
    CompetitorOverview of competitors::CompetitorOverview {
        () {
            /// Who it is.
            competitor: Competitor,
            /// The figures after the newest scrape; `None` before the first.
            metrics: Option<Metrics>,
            /// How they moved within a week.
            trends: Option<Trends>,
            /// The newest scrape.
            last_scrape: Option<ScrapeRecord>,
        }
    }
}
