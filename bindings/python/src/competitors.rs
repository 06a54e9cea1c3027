//! Competing dealers and the cars on their lots: `lot.competitors`.

mod market_view;
mod probe;
mod records;
mod runs;

use jpauto::{
    CompetitorId, Desk, ListingId, PageRequest, RowOrder, VehicleId,
    competitors::{
        CompetitorFilter, CompetitorKey, CompetitorUpdate, ListingFilter, ListingSort, MarketViewFilter, NewCompetitor,
        ScrapeErrorType, ScrapeLimits, ScrapeReading, ScrapedPage, TestSite, UndercutFilter,
    },
};
use pyo3::{
    prelude::*,
    types::{PyDateTime, PyDict, PyString},
};

use probe::options;
use runs::ProgressView;
pub(crate) use {
    market_view::{MarketView, ModelFigures, UncountedListings, Undercut},
    probe::{AddedCompetitor, ReadingScore, ScorePart, TestFailure, TestReport, TestedPage},
    records::{
        ChangedVehicle, Competitor, CompetitorOverview, Listing, LotVerdict, Metrics, PriceChange, PricePoint,
        RecordReport, RecordedVehicle, RefusedListing, ScrapeCounts, ScrapeRecord, SoldVehicle, Trends,
    },
    runs::{ScrapeFailure, ScrapeProgress, ScrapeReport, ScrapeSummary},
};

use uuid::Uuid;

use crate::{
    arrow::{Row as _, columns::by_columns},
    ending::Inside,
    error::invalid_argument,
    extract::page,
    faults::{self, not},
    frame::in_rows,
    input,
    lot::Handle,
    progress::Observer,
    query::Query,
    record::Told as _,
    typed,
    unicode::{self, OfText as _},
    whole,
};

/// What `record_pages` takes.
const PAGES: &str = "pairs of a page and its address";

/// The competing dealers and their listings. A competitor is named by its id or by its name, whatever the case.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Competitors {
    handle: Handle,
}

impl Competitors {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }

    /// The competitor with this id or name. One that is not there is not found, and has no empty lists.
    fn id_of(&self, competitor: &Bound<'_, PyAny>) -> PyResult<CompetitorId> {
        let key = key_of(competitor)?;
        let find = |desk: &Desk| match &key {
            CompetitorKey::Id(id) => desk.competitors().get(*id),
            CompetitorKey::Name { name, .. } => desk.competitors().get_by_name(name),
        };
        self.handle.run(competitor.py(), find).map(|found| found.id)
    }
}

/// A UUID or its text is an id; any other text is a name.
fn key_of(competitor: &Bound<'_, PyAny>) -> PyResult<CompetitorKey> {
    if let Ok(id) = competitor.extract() {
        return Ok(CompetitorId::from_uuid(id).into());
    }
    let Ok(name) = competitor.cast::<PyString>() else {
        return Err(not("competitor", "a UUID or text", competitor));
    };
    let name = String::of("competitor", name.as_any())?;
    Ok(name.parse::<CompetitorId>().map_or_else(|_no_id| CompetitorKey::named(name), CompetitorKey::from))
}

#[pymethods]
impl Competitors {
    /// Watches a dealer from now on; `name` and `inventory_url` are needed. The others of `jpauto.types.NewCompetitor` may be left out:
    /// `website_url`, `platform_type`, `scraper_config` and `use_playwright`.
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
    fn list(
        &self,
        #[pyo3(from_py_with = typed::active)] active: Option<bool>,
        #[pyo3(from_py_with = unicode::q)] q: Option<String>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> Query {
        let filter = CompetitorFilter { active, q };
        Query::of::<Competitor, _>(&self.handle, limit, move |desk, page| desk.competitors().list(&filter, page))
    }

    /// One competitor. Raises `NotFound` (`competitor_not_found`).
    fn get(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<Competitor> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().get(id)).map(Competitor::told)
    }

    /// The competitor of this name or id, or the only one whose id begins so.
    ///
    /// Raises `NotFound` (`competitor_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Competitor> {
        self.handle.run(py, |desk| desk.competitors().find(text)).map(Competitor::told)
    }

    /// Tries out what a scrape would see on a website, politely: the platform, the first listings, and what stands against them.
    /// `url` may be of any page of it: where it lists no vehicles, the list is looked for. Nothing is kept. `contact` must have been
    /// given to `open`.
    ///
    /// `pages` pages of the list are read (2, at most 10), up to `links` links are followed to find it (3, at most 10), and
    /// `listings` listings are shown whole (5). A website that cannot be read is a report with a `failure`.
    ///
    /// Raises `Refused` (`not_configured`, `browser_not_available`), `InvalidInput` (`invalid_url`, `unknown_platform`,
    /// `invalid_competitor`, `invalid_test`).
    #[pyo3(signature = (
        url, *, platform_type = None, scraper_config = None, use_playwright = false, pages = None, links = None, listings = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn test(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::url)] url: &str,
        #[pyo3(from_py_with = unicode::platform_type)] platform_type: Option<String>,
        scraper_config: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = typed::use_playwright)] use_playwright: bool,
        #[pyo3(from_py_with = whole::pages)] pages: Option<u32>,
        #[pyo3(from_py_with = whole::links)] links: Option<u32>,
        #[pyo3(from_py_with = whole::listings)] listings: Option<usize>,
    ) -> PyResult<TestReport> {
        let scraper_config = scraper_config.map(|given| input::named_document("scraper_config", given)).transpose()?;
        let site = TestSite { platform_type, scraper_config, use_playwright, ..TestSite::from(url) };
        let options = options(pages, links, listings);
        self.handle.run(py, |desk| desk.competitors().test(site, &options)).map(TestReport::told)
    }

    /// Tries out what a scrape of a competitor would see, as `test` does. Raises `NotFound` (`competitor_not_found`), else as `test`.
    #[pyo3(signature = (competitor, *, pages = None, listings = None))]
    fn test_known(
        &self,
        py: Python<'_>,
        competitor: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = whole::pages)] pages: Option<u32>,
        #[pyo3(from_py_with = whole::listings)] listings: Option<usize>,
    ) -> PyResult<TestReport> {
        let (id, options) = (self.id_of(competitor)?, options(pages, None, listings));
        self.handle.run(py, |desk| desk.competitors().test_known(id, &options)).map(TestReport::told)
    }

    /// Watches a dealer from now on by the address of its website alone: `inventory_url` may be any page of it. The website is read
    /// first, and gives the page that lists the vehicles, the platform where that is certain, the front page, and a `name` where none is
    /// given. `contact` must have been given to `open`.
    ///
    /// Raises what `add` and `test` raise; `Refused` (`inventory_not_found`) and `Unavailable` (`scrape_blocked` and the like) where
    /// no vehicle was found. Then nothing is kept.
    #[pyo3(signature = (**fields))]
    fn add_at(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<AddedCompetitor> {
        let (new, options): (NewCompetitor, _) = (input::fields(py, fields)?, options(None, None, None));
        self.handle.run(py, |desk| desk.competitors().add_at(&new, &options)).map(AddedCompetitor::told)
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

    /// Records one scrape: listings collected elsewhere, as dictionaries, as records of `jpauto.extract`, or as a table of pyarrow, polars
    /// or pandas.
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
        #[pyo3(from_py_with = typed::observed_at)] observed_at: &Bound<'_, PyDateTime>,
        #[pyo3(from_py_with = typed::complete)] complete: bool,
    ) -> PyResult<RecordReport> {
        let observed_at = input::instant("observed_at", observed_at)?;
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        let inside = Inside::begin(py);
        for (index, listing) in in_rows("listings", listings)?.enumerate() {
            read.extend(input::item(&listing?, &format!("/listings/{index}"), &mut faults)?);
        }
        drop(inside);
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
        #[pyo3(from_py_with = typed::observed_at)] observed_at: &Bound<'_, PyDateTime>,
        #[pyo3(from_py_with = unicode::platform)] platform: Option<String>,
        #[pyo3(from_py_with = typed::complete)] complete: bool,
    ) -> PyResult<RecordReport> {
        let observed_at = input::instant("observed_at", observed_at)?;
        let mut read = Vec::new();
        let inside = Inside::begin(pages.py());
        for pair in faults::items("pages", PAGES, pages)? {
            let pair = pair?;
            let (html, url): (Bound<'_, PyAny>, String) =
                pair.extract().map_err(|_no_pair| not("pages", PAGES, &pair))?;
            let (bytes, content_type) = page(&html, None)?;
            let (bytes, content_type) = (bytes.to_vec(), content_type.map(ToOwned::to_owned));
            read.push(ScrapedPage { bytes, content_type, url, platform: platform.clone() });
        }
        drop(inside);
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
        #[pyo3(from_py_with = unicode::error_type)] error_type: &str,
        #[pyo3(from_py_with = unicode::message)] message: &str,
        #[pyo3(from_py_with = typed::observed_at)] observed_at: &Bound<'_, PyDateTime>,
    ) -> PyResult<Competitor> {
        let observed_at = input::instant("observed_at", observed_at)?;
        let error_type: ScrapeErrorType = input::word(py, error_type)?;
        let id = self.id_of(competitor)?;
        self.handle
            .run(py, |desk| desk.competitors().record_failure(id, error_type, message, observed_at))
            .map(Competitor::told)
    }

    /// Scrapes a competitor's website now, politely, and records what it shows. `contact` must have been given to `open`.
    ///
    /// `progress` is called with a `ScrapeProgress` for each page and ten times a second; `True` shows a bar, where tqdm is
    /// installed. If it returns `False`, the scrape ends with nothing recorded, and so does Ctrl-C.
    ///
    /// Raises `NotFound` (`competitor_not_found`), `Refused` (`not_configured`), `Conflict` (`scrape_running`), `Unavailable`
    /// (`scrape_timeout` and the like).
    #[pyo3(signature = (competitor, *, progress = None))]
    fn scrape(
        &self,
        py: Python<'_>,
        competitor: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<RecordReport> {
        let id = self.id_of(competitor)?;
        let mut observer = Observer::of(progress, "competitors")?;
        let report = self.handle.run(py, |desk| {
            desk.competitors().scrape(id, &mut |at| observer.tell::<ScrapeProgress, _>(ProgressView::told(at)))
        });
        observer.ended(py, report.map(RecordReport::told))
    }

    /// Scrapes every competitor that is due, several at once, and records what their websites show. One that fails does not stop
    /// the others.
    ///
    /// `threads` websites are scraped at once (8), at most `limit` competitors, and not for longer than `timeout` (a `timedelta` or
    /// seconds). `due_after` is how long after its last scrape a competitor is due (20 hours). `progress` is as in `scrape`.
    ///
    /// Raises `Refused` (`not_configured`), `InvalidInput` (`invalid_scrape_limits`).
    #[pyo3(signature = (*, threads = None, limit = None, timeout = None, due_after = None, progress = None))]
    fn scrape_due(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = whole::threads)] threads: Option<usize>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
        timeout: Option<&Bound<'_, PyAny>>,
        due_after: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<ScrapeReport> {
        let usual = ScrapeLimits::default();
        let limits = ScrapeLimits {
            threads: threads.unwrap_or(usual.threads),
            competitors: limit.unwrap_or(usual.competitors),
            deadline: input::span("timeout", timeout)?,
            due_after: input::span("due_after", due_after)?.unwrap_or(usual.due_after),
        };
        let mut observer = Observer::of(progress, "competitors")?;
        let report = self.handle.run(py, |desk| {
            desk.competitors().scrape_due(&limits, &mut |at| observer.tell::<ScrapeProgress, _>(ProgressView::told(at)))
        });
        observer.ended(py, report.map(ScrapeReport::told))
    }

    /// The cars on the competitors' lots in total and by make and model, those with the most on sale first. `group` is `model` or
    /// `model_year`. At most `limit` lines are read (100).
    #[pyo3(signature = (competitor = None, *, make = None, model = None, year_min = None, year_max = None, group = None, limit = 100))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn market_view(
        &self,
        py: Python<'_>,
        competitor: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = whole::year_min)] year_min: Option<i32>,
        #[pyo3(from_py_with = whole::year_max)] year_max: Option<i32>,
        #[pyo3(from_py_with = unicode::group)] group: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: u32,
    ) -> PyResult<MarketView> {
        let filter = MarketViewFilter {
            competitors: competitor.map(|competitor| self.id_of(competitor)).transpose()?.into_iter().collect(),
            make,
            model,
            year_min,
            year_max,
            group: input::optional_word(py, group)?.unwrap_or_default(),
        };
        let page = PageRequest::first(limit.clamp(1, PageRequest::MAX_LIMIT));
        self.handle.run(py, |desk| desk.competitors().market_view(&filter, &page)).map(MarketView::told)
    }

    /// The competitors' cars that are like one of ours and cost less, the largest difference first.
    #[pyo3(signature = (competitor = None, *, vehicle = None, difference_min = None, limit = None))]
    fn undercuts(
        &self,
        competitor: Option<&Bound<'_, PyAny>>,
        vehicle: Option<&Bound<'_, PyAny>>,
        difference_min: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let filter = UndercutFilter {
            vehicle: vehicle.map(|id| input::uuid("vehicle", id).map(VehicleId::from_uuid)).transpose()?,
            competitors: competitor.map(|competitor| self.id_of(competitor)).transpose()?.into_iter().collect(),
            difference_min: input::money("difference_min", difference_min)?,
        };
        Ok(Query::of::<Undercut, _>(&self.handle, limit, move |desk, page| desk.competitors().undercuts(&filter, page)))
    }

    /// The listings that the filters let through, of one competitor or of all, the newest first.
    ///
    /// `sold` takes those that are sold or those that are not, `unseen` those that are not sold and that the website shows no more
    /// (`False` leaves them out), `price_dropped` those cheaper than once before, `price_drop_min` those
    /// cheaper by that amount or more, `price_drop_within_days` those cheaper than at some moment of that many last days. `q`
    /// are words that all stand in make, model, trim, VIN or stock number. VIN, make and model are compared whatever their
    /// case, and bounds are included. `stock_status`, `sale_status`, `title_brand`, `condition` and `odometer_status` are
    /// what the website says, each one word or several. A table of listings is read as the database is at one moment; without `sort` and
    /// `limit` its rows come in no order of their own, which is quickest. `sort` is `first_seen_at`, `price`, `mileage`, `year`,
    /// `days_on_market` or `price_drop`, with a minus in front for the largest first.
    #[pyo3(signature = (
        competitor = None, *, sold = None, unseen = None, vin = None, make = None, model = None, year_min = None,
        year_max = None, price_min = None, price_max = None, mileage_min = None, mileage_max = None, days_on_market_min = None,
        days_on_market_max = None, stock_status = None, sale_status = None, title_brand = None, condition = None,
        odometer_status = None, price_dropped = false, price_drop_min = None, price_drop_within_days = None, q = None,
        sort = None, limit = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn listings(
        &self,
        py: Python<'_>,
        competitor: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = typed::sold)] sold: Option<bool>,
        #[pyo3(from_py_with = typed::unseen)] unseen: Option<bool>,
        #[pyo3(from_py_with = unicode::vin)] vin: Option<String>,
        #[pyo3(from_py_with = unicode::make)] make: Option<String>,
        #[pyo3(from_py_with = unicode::model)] model: Option<String>,
        #[pyo3(from_py_with = whole::year_min)] year_min: Option<i32>,
        #[pyo3(from_py_with = whole::year_max)] year_max: Option<i32>,
        price_min: Option<&Bound<'_, PyAny>>,
        price_max: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::mileage_min)] mileage_min: Option<i32>,
        #[pyo3(from_py_with = whole::mileage_max)] mileage_max: Option<i32>,
        #[pyo3(from_py_with = whole::days_on_market_min)] days_on_market_min: Option<i32>,
        #[pyo3(from_py_with = whole::days_on_market_max)] days_on_market_max: Option<i32>,
        stock_status: Option<&Bound<'_, PyAny>>,
        sale_status: Option<&Bound<'_, PyAny>>,
        title_brand: Option<&Bound<'_, PyAny>>,
        condition: Option<&Bound<'_, PyAny>>,
        odometer_status: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = typed::price_dropped)] price_dropped: bool,
        price_drop_min: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = whole::price_drop_within_days)] price_drop_within_days: Option<u32>,
        #[pyo3(from_py_with = unicode::q)] q: Option<String>,
        #[pyo3(from_py_with = unicode::sort)] sort: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let filter = ListingFilter {
            competitors: competitor.map(|competitor| self.id_of(competitor)).transpose()?.into_iter().collect(),
            sold,
            unseen,
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
            stock_status: input::words("stock_status", stock_status)?,
            sale_status: input::words("sale_status", sale_status)?,
            title_brand: input::words("title_brand", title_brand)?,
            condition: input::words("condition", condition)?,
            odometer_status: input::words("odometer_status", odometer_status)?,
            price_dropped,
            price_drop_min: input::money("price_drop_min", price_drop_min)?,
            price_drop_within_days,
            q,
            sort: input::optional_word(py, sort)?.unwrap_or_default(),
        };
        let in_columns = filter.clone();
        let is_by_days = matches!(filter.sort, ListingSort::DaysOnMarket | ListingSort::DaysOnMarketDescending);
        let is_paged = is_by_days && filter.sold.is_none();
        let query =
            Query::of::<Listing, _>(&self.handle, limit, move |desk, page| desk.competitors().listings(&filter, page));
        // Sold listings and those on sale are in one order by their days only page by page.
        if is_paged {
            return Ok(query);
        }
        let order = if sort.is_some() { RowOrder::OfTheList } else { RowOrder::Any };
        Ok(query.in_columns(by_columns(Listing::names(), order, move |desk, request, take| {
            desk.competitors().listing_columns(&in_columns, request, take)
        })))
    }

    /// One listing. Raises `NotFound` (`listing_not_found`).
    fn listing(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Listing> {
        let id = ListingId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.competitors().listing(id)).map(Listing::told)
    }

    /// The id of the listing of this id, VIN or stock number, or of the only one of which one of them begins so.
    ///
    /// Raises `NotFound` (`listing_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find_listing(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Uuid> {
        self.handle.run(py, |desk| desk.competitors().find_listing(text)).map(Uuid::told)
    }

    /// A listing's prices, newest first.
    #[pyo3(signature = (listing_id, *, limit = None))]
    fn price_history(
        &self,
        listing_id: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let id = ListingId::from_uuid(input::uuid("listing_id", listing_id)?);
        Ok(Query::of::<PricePoint, _>(&self.handle, limit, move |desk, page| {
            desk.competitors().price_history(id, page)
        }))
    }

    /// A competitor's figures, one record a scrape, newest first.
    #[pyo3(signature = (competitor, *, limit = None))]
    fn metrics(
        &self,
        competitor: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let id = self.id_of(competitor)?;
        Ok(Query::of::<Metrics, _>(&self.handle, limit, move |desk, page| desk.competitors().metrics(id, page)))
    }

    /// A competitor's scrapes, newest first.
    #[pyo3(signature = (competitor, *, limit = None))]
    fn scrapes(
        &self,
        competitor: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let id = self.id_of(competitor)?;
        Ok(Query::of::<ScrapeRecord, _>(&self.handle, limit, move |desk, page| desk.competitors().scrapes(id, page)))
    }

    /// The competitors with their newest figures, by name. The filters are those of `list`.
    #[pyo3(signature = (*, active = None, q = None, limit = None))]
    fn overview(
        &self,
        #[pyo3(from_py_with = typed::active)] active: Option<bool>,
        #[pyo3(from_py_with = unicode::q)] q: Option<String>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> Query {
        let filter = CompetitorFilter { active, q };
        Query::of::<CompetitorOverview, _>(&self.handle, limit, move |desk, page| {
            desk.competitors().overview(&filter, page)
        })
    }

    /// One competitor with its newest figures. Raises `NotFound` (`competitor_not_found`).
    fn overview_of(&self, py: Python<'_>, competitor: &Bound<'_, PyAny>) -> PyResult<CompetitorOverview> {
        let id = self.id_of(competitor)?;
        self.handle.run(py, |desk| desk.competitors().overview_of(id)).map(CompetitorOverview::told)
    }

    /// The listings that neither `market_view` nor `undercuts` counts, of one competitor or of all.
    #[pyo3(signature = (competitor = None))]
    fn left_out(&self, py: Python<'_>, competitor: Option<&Bound<'_, PyAny>>) -> PyResult<UncountedListings> {
        let of: Vec<_> = competitor.map(|competitor| self.id_of(competitor)).transpose()?.into_iter().collect();
        self.handle.run(py, |desk| desk.competitors().left_out(&of)).map(UncountedListings::told)
    }
}
