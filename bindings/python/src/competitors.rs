//! Competing dealers and the cars on their lots: `lot.competitors`.

use chrono::{DateTime, Utc};
use jpauto::{
    CompetitorId, Desk, ListingId, PageRequest,
    competitors::{
        self, CompetitorFilter, CompetitorKey, CompetitorUpdate, ListingFilter, NewCompetitor, ScrapeErrorType,
        ScrapeReading, ScrapedPage,
    },
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDateTime, PyDict, PyString},
};
use uuid::Uuid;

use crate::{
    error::invalid_argument,
    extract::{ExtractionWarning, page},
    input,
    lot::Handle,
    query::Query,
    record::{Amount, Document, Told as _, record},
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
            /// Listings on sale.
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

/// The competing dealers and their listings. A competitor is named by its id or by its name, whatever the case.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Competitors {
    handle: Handle,
}

impl Competitors {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }

    /// The competitor with this id or name.
    fn id_of(&self, competitor: &Bound<'_, PyAny>) -> PyResult<CompetitorId> {
        match key_of(competitor)? {
            CompetitorKey::Id(id) => Ok(id),
            CompetitorKey::Name { name, .. } => {
                self.handle.run(competitor.py(), |desk| desk.competitors().get_by_name(&name)).map(|found| found.id)
            }
        }
    }
}

/// A UUID or its text is an id; any other text is a name.
fn key_of(competitor: &Bound<'_, PyAny>) -> PyResult<CompetitorKey> {
    if let Ok(id) = competitor.extract() {
        return Ok(CompetitorId::from_uuid(id).into());
    }
    let Ok(name) = competitor.cast::<PyString>() else {
        return Err(PyTypeError::new_err("a competitor is named by a UUID or by text"));
    };
    let name: String = name.extract()?;
    Ok(name.parse::<CompetitorId>().map_or_else(|_no_id| CompetitorKey::named(name), CompetitorKey::from))
}

#[pymethods]
impl Competitors {
    /// Watches a dealer from now on; `name` and `inventory_url` are needed.
    ///
    /// Raises `InvalidInput` (`invalid_competitor`), `Conflict` (`duplicate_competitor`, `duplicate_inventory_url`).
    #[pyo3(signature = (**fields))]
    fn add(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Competitor> {
        let competitor: NewCompetitor = input::fields(py, fields)?;
        self.handle.run(py, |desk| desk.competitors().add(&competitor)).map(Competitor::told)
    }

    /// The competitors by name: those that are watched, the paused ones, or both. `q` are words that all stand in the name
    /// or in the address of the list of vehicles.
    #[pyo3(signature = (*, active = None, q = None, limit = None))]
    fn list(&self, active: Option<bool>, q: Option<String>, limit: Option<usize>) -> Query {
        let filter = CompetitorFilter { active, q };
        Query::of::<Competitor, _>(&self.handle, limit, move |desk, page| desk.competitors().list(&filter, page))
    }

    /// One competitor. Raises `NotFound` (`competitor_not_found`).
    fn get(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<Competitor> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().get(id)).map(Competitor::told)
    }

    /// Changes the named fields; `None` empties a field. Raises `NotFound` (`competitor_not_found`), `InvalidInput`
    /// (`invalid_competitor`), `Conflict` (`duplicate_competitor`, `duplicate_inventory_url`).
    #[pyo3(signature = (competitor, **fields))]
    fn update(
        &self,
        py: Python<'_>,
        competitor: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Competitor> {
        let update: CompetitorUpdate = input::fields(py, fields)?;
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().update(id, &update)).map(Competitor::told)
    }

    /// Stops scraping the competitor until `resume`. Its listings stay.
    fn pause(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<Competitor> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().pause(id)).map(Competitor::told)
    }

    /// Watches a paused competitor again.
    fn resume(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<Competitor> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().resume(id)).map(Competitor::told)
    }

    /// Takes the newest lot as it is, though it is doubted: what has been missing for long enough is found sold now.
    ///
    /// Raises `NotFound` (`competitor_not_found`, `scrape_not_found`), `Conflict` (`scrape_not_doubted`).
    fn believe(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<LotVerdict> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().believe(id)).map(LotVerdict::told)
    }

    /// Discards the newest scrape. The cars that only this scrape found sold are on sale again.
    ///
    /// Raises `NotFound` (`competitor_not_found`, `scrape_not_found`).
    fn distrust(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<LotVerdict> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().distrust(id)).map(LotVerdict::told)
    }

    /// Removes a competitor with its listings, prices, figures, scrapes and the alerts about it.
    fn delete(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().delete(id))
    }

    /// Records one scrape: listings collected elsewhere, as dictionaries or as records of `jpauto.extract`.
    ///
    /// With `complete`, what is not among them was not on the lot; otherwise they are a part of it. All is written, or
    /// nothing. The same scrape recorded again changes nothing. If no competitor has this name, one is added.
    ///
    /// Raises `InvalidInput` where a listing has an unknown or ill-typed field (`/listings/3/price`) or `observed_at` is
    /// naive or still to come, `NotFound` (`competitor_not_found`) for an unknown id.
    #[pyo3(signature = (competitor, listings, *, observed_at, complete = true))]
    fn record_listings(
        &self,
        py: Python<'_>,
        competitor: &Bound<'_, PyAny>,
        listings: &Bound<'_, PyAny>,
        observed_at: &Bound<'_, PyDateTime>,
        complete: bool,
    ) -> PyResult<RecordReport> {
        let observed_at = input::instant("observed_at", observed_at)?;
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        for (index, listing) in listings.try_iter()?.enumerate() {
            read.extend(input::item(&listing?, &format!("/listings/{index}"), &mut faults)?);
        }
        if !faults.is_empty() {
            return Err(invalid_argument(py, faults));
        }
        let reading = if complete { ScrapeReading::whole_lot() } else { ScrapeReading::part_of_a_lot() };
        let key = key_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().record(key, read, reading, observed_at)).map(RecordReport::told)
    }

    /// Records saved pages that are one scrape: pairs of a page (text, or bytes in any encoding) and its address.
    ///
    /// With `complete`, the pages are the whole list, unless their own links say otherwise. Without it they are a part of
    /// the list, and hardly count as a look at the cars that they do not show.
    ///
    /// Raises `InvalidInput` as `jpauto.extract.listings` and `record_listings` do.
    #[pyo3(signature = (competitor, pages, *, observed_at, platform = None, complete = true))]
    fn record_pages(
        &self,
        py: Python<'_>,
        competitor: &Bound<'_, PyAny>,
        pages: &Bound<'_, PyAny>,
        observed_at: &Bound<'_, PyDateTime>,
        platform: Option<String>,
        complete: bool,
    ) -> PyResult<RecordReport> {
        let observed_at = input::instant("observed_at", observed_at)?;
        let mut read = Vec::new();
        for pair in pages.try_iter()? {
            let (html, url): (Bound<'_, PyAny>, String) = pair?.extract()?;
            let (bytes, content_type) = page(&html, None)?;
            let (bytes, content_type) = (bytes.to_vec(), content_type.map(ToOwned::to_owned));
            read.push(ScrapedPage { bytes, content_type, url, platform: platform.clone() });
        }
        let key = key_of(competitor)?;
        let record = |desk: &Desk| match complete {
            true => desk.competitors().record_pages(key, &read, observed_at),
            false => desk.competitors().record_some_pages(key, &read, observed_at),
        };
        self.handle.run(py, record).map(RecordReport::told)
    }

    /// Records that a scrape failed: `network`, `timeout`, `http_status`, `blocked`, `robots`, `parsing` or `empty`.
    #[pyo3(signature = (competitor, error_type, message, *, observed_at))]
    fn record_failure(
        &self,
        py: Python<'_>,
        competitor: &Bound<'_, PyAny>,
        error_type: &str,
        message: &str,
        observed_at: &Bound<'_, PyDateTime>,
    ) -> PyResult<Competitor> {
        let observed_at = input::instant("observed_at", observed_at)?;
        let error_type: ScrapeErrorType = input::word(py, error_type)?;
        let id = self.id_of(competitor)?;
        self.handle
            .run(py, |desk| desk.competitors().record_failure(id, error_type, message, observed_at))
            .map(Competitor::told)
    }

    /// The listings that the filters let through, of one competitor or of all, the newest first.
    ///
    /// `sold` takes those that are sold or those on sale, `price_dropped` those cheaper than once before, `price_drop_min` those
    /// cheaper by so much, within so many days. `q` are words that all stand in make, model, trim, VIN or stock number. VIN, make
    /// and model are compared whatever their case, and bounds are included. `stock_status`, `sale_status`, `title_brand`,
    /// `condition` and `odometer_status` are what the website says, each one word or several. `sort` is `first_seen_at`, `price`,
    /// `mileage`, `year`, `days_on_market` or `price_drop`, with a minus in front for the largest first.
    #[pyo3(signature = (
        competitor = None, *, sold = None, vin = None, make = None, model = None, year_min = None, year_max = None,
        price_min = None, price_max = None, mileage_min = None, mileage_max = None, days_on_market_min = None,
        days_on_market_max = None, stock_status = None, sale_status = None, title_brand = None, condition = None,
        odometer_status = None, price_dropped = false, price_drop_min = None, price_drop_within_days = None, q = None,
        sort = None, limit = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn listings(
        &self,
        py: Python<'_>,
        competitor: Option<&Bound<'_, PyAny>>,
        sold: Option<bool>,
        vin: Option<String>,
        make: Option<String>,
        model: Option<String>,
        year_min: Option<i32>,
        year_max: Option<i32>,
        price_min: Option<&Bound<'_, PyAny>>,
        price_max: Option<&Bound<'_, PyAny>>,
        mileage_min: Option<i32>,
        mileage_max: Option<i32>,
        days_on_market_min: Option<i32>,
        days_on_market_max: Option<i32>,
        stock_status: Option<&Bound<'_, PyAny>>,
        sale_status: Option<&Bound<'_, PyAny>>,
        title_brand: Option<&Bound<'_, PyAny>>,
        condition: Option<&Bound<'_, PyAny>>,
        odometer_status: Option<&Bound<'_, PyAny>>,
        price_dropped: bool,
        price_drop_min: Option<&Bound<'_, PyAny>>,
        price_drop_within_days: Option<u32>,
        q: Option<String>,
        sort: Option<&str>,
        limit: Option<usize>,
    ) -> PyResult<Query> {
        let filter = ListingFilter {
            competitors: competitor.map(|competitor| self.id_of(competitor)).transpose()?.into_iter().collect(),
            sold,
            vin,
            make,
            model,
            year_min,
            year_max,
            price_min: input::money("price_min", price_min)?,
            price_max: input::money("price_max", price_max)?,
            mileage_min,
            mileage_max,
            days_on_market_min,
            days_on_market_max,
            stock_status: input::words(stock_status)?,
            sale_status: input::words(sale_status)?,
            title_brand: input::words(title_brand)?,
            condition: input::words(condition)?,
            odometer_status: input::words(odometer_status)?,
            price_dropped,
            price_drop_min: input::money("price_drop_min", price_drop_min)?,
            price_drop_within_days,
            q,
            sort: input::optional_word(py, sort)?.unwrap_or_default(),
        };
        Ok(Query::of::<Listing, _>(&self.handle, limit, move |desk, page| desk.competitors().listings(&filter, page)))
    }

    /// One listing. Raises `NotFound` (`listing_not_found`).
    fn listing(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Listing> {
        let id = ListingId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.competitors().listing(id)).map(Listing::told)
    }

    /// A listing's prices, newest first.
    #[pyo3(signature = (listing_id, *, limit = None))]
    fn price_history(&self, listing_id: &Bound<'_, PyAny>, limit: Option<usize>) -> PyResult<Query> {
        let id = ListingId::from_uuid(input::uuid("listing_id", listing_id)?);
        Ok(Query::of::<PricePoint, _>(&self.handle, limit, move |desk, page| {
            desk.competitors().price_history(id, page)
        }))
    }

    /// A competitor's figures, one record a scrape, newest first.
    #[pyo3(signature = (competitor, *, limit = None))]
    fn metrics(&self, competitor: &Bound<'_, PyAny>, limit: Option<usize>) -> PyResult<Query> {
        let id = self.id_of(competitor)?;
        Ok(Query::of::<Metrics, _>(&self.handle, limit, move |desk, page| desk.competitors().metrics(id, page)))
    }

    /// A competitor's scrapes, newest first.
    #[pyo3(signature = (competitor, *, limit = None))]
    fn scrapes(&self, competitor: &Bound<'_, PyAny>, limit: Option<usize>) -> PyResult<Query> {
        let id = self.id_of(competitor)?;
        Ok(Query::of::<ScrapeRecord, _>(&self.handle, limit, move |desk, page| desk.competitors().scrapes(id, page)))
    }

    /// Every competitor with its newest figures, by name.
    fn overview(&self, py: Python<'_>) -> PyResult<Vec<CompetitorOverview>> {
        self.handle
            .run(py, |desk| {
                let (mut all, mut page) = (Vec::new(), PageRequest::first(PageRequest::MAX_LIMIT));
                loop {
                    let found = desk.competitors().overview(&CompetitorFilter::default(), &page)?;
                    all.extend(found.items);
                    let Some(next) = found.next else { return Ok(all) };
                    page = page.after(next);
                }
            })
            .map(|all| all.into_iter().map(CompetitorOverview::told).collect())
    }
}
