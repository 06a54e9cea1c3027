"""The extension module: what it registers is in `src/`, one file a noun."""

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from os import PathLike
from types import GenericAlias, TracebackType
from typing import Any, Generic, Literal, TypeVar, final
from uuid import UUID

import duckdb  # type: ignore[import-not-found,import-untyped,unused-ignore]
import pandas  # type: ignore[import-not-found,import-untyped,unused-ignore]
import polars  # type: ignore[import-not-found,import-untyped,unused-ignore]
import pyarrow  # type: ignore[import-not-found,import-untyped,unused-ignore]
from typing_extensions import CapsuleType, Self, Unpack

from jpauto.types import (
    Action,
    AgeState,
    AlertType,
    ArrowColumns,
    AutoDevVersion,
    BacktestEvent,
    ColumnLeftOut,
    CompetitorAt,
    CompetitorChanges,
    Condition,
    Confidence,
    DataSource,
    ExportStatus,
    FeedFormat,
    FindingKind,
    IdentitySource,
    ImportOutcome,
    IncompleteReason,
    Job,
    ListingSort,
    MarketMood,
    Money,
    NewCompetitor,
    NewListing,
    NewSubmission,
    NewVehicle,
    NotificationEvent,
    NotificationStatus,
    OdometerStatus,
    Omitted,
    Platform,
    PlatformCertainty,
    Provider,
    Recommendation,
    RefusalReason,
    Region,
    Remedy,
    Role,
    RunKind,
    RunStatus,
    SaleStatus,
    ScrapeErrorType,
    ScrapeEvent,
    Severity,
    SheetEncoding,
    SheetFormat,
    SlopeOutcome,
    Source,
    StockStatus,
    Subject,
    SubmissionChanges,
    SubmissionSort,
    SubmissionStatus,
    Table,
    Texts,
    TitleBrand,
    VehicleChanges,
    VehicleSort,
    VehicleStatus,
)

__all__ = [
    "Activity",
    "ActivityEntry",
    "AddedCompetitor",
    "AdjustedPrices",
    "Adjustment",
    "AgeCount",
    "Alert",
    "Alerts",
    "Analysis",
    "AnalyzeReport",
    "AutoDevSearch",
    "AutoDevUse",
    "BacktestProgress",
    "BacktestReport",
    "BacktestScore",
    "Backup",
    "Batch",
    "Batches",
    "ChangedVehicle",
    "Channel",
    "CheckedFeed",
    "Clock",
    "Comparable",
    "Competitor",
    "CompetitorOverview",
    "Competitors",
    "Decoded",
    "EstimateError",
    "Evaluation",
    "EvaluationWarning",
    "Evaluations",
    "Expired",
    "Export",
    "ExportProgress",
    "ExportReport",
    "Exports",
    "Extraction",
    "ExtractionWarning",
    "FailedVehicle",
    "FaultCount",
    "FeedFault",
    "FeedFile",
    "Finding",
    "ImportCounts",
    "ImportReport",
    "ImportedChange",
    "ImportedColumn",
    "ImportedVehicle",
    "Inventory",
    "IssuedToken",
    "JobOverview",
    "Jobs",
    "LeftOut",
    "ListedVehicle",
    "Listing",
    "Lot",
    "LotVerdict",
    "Market",
    "MarketOverview",
    "MarketPrice",
    "MarketView",
    "Me",
    "Metrics",
    "MigrationReport",
    "MissingSource",
    "ModelFigures",
    "MonthOfSales",
    "Notification",
    "Notifications",
    "Omission",
    "Orphans",
    "PartitionProgress",
    "PartitionReport",
    "Photo",
    "Position",
    "PriceChange",
    "PricePoint",
    "PricedComparable",
    "Progress",
    "Query",
    "ReadingScore",
    "Reason",
    "RecordReport",
    "RecordedVehicle",
    "RefusedListing",
    "RefusedRow",
    "ResearchResult",
    "RowFault",
    "RowWarning",
    "Rows",
    "Run",
    "RunProgress",
    "SaleCount",
    "SalesStatistics",
    "ScorePart",
    "ScrapeCounts",
    "ScrapeFailure",
    "ScrapeProgress",
    "ScrapeRecord",
    "ScrapeReport",
    "ScrapeSummary",
    "ScrapedListing",
    "SearchParameters",
    "Sessions",
    "SheetShape",
    "SignIn",
    "SignInLink",
    "SignedUpload",
    "SoldHeldBack",
    "SoldVehicle",
    "Statistics",
    "StatusCount",
    "StockCount",
    "StockedVehicle",
    "Storage",
    "StorageUsage",
    "StoredObject",
    "Submission",
    "SubmissionWarning",
    "Submissions",
    "Supply",
    "TestFailure",
    "TestReport",
    "TestedPage",
    "Token",
    "Tokens",
    "Trends",
    "TypicalMileage",
    "UncountedListings",
    "Undercut",
    "User",
    "Users",
    "Vehicle",
    "VehicleIdentity",
    "VehiclePosition",
    "VehicleWarning",
    "Velocity",
    "Vin",
    "VinFacts",
    "VinReport",
    "VpicDecode",
    "WantedAlert",
    "__version__",
    "_closed_sets",
    "backtest_listings",
    "days_on_market_of",
    "listings",
    "mileage",
    "open",
    "parse",
    "parse_many",
    "platforms",
    "price",
    "price_subjects",
    "replay_sightings",
    "report",
    "supply_of_subjects",
    "text",
]

__version__: str

_T_co = TypeVar("_T_co", covariant=True)

@final
class Activity:
    """The audit trail, for administrators."""

    def list(
        self,
        *,
        user_id: UUID | str | None = None,
        action: Action | None = None,
        resource_type: str | None = None,
        resource_id: UUID | str | None = None,
        limit: int | None = None,
    ) -> Query[ActivityEntry]:
        """The entries, newest first. They can be of one member of staff, of one action, of one noun or of one row."""

    def find_resource(self, text: str) -> UUID:
        """The id of the row that entries are about, by its beginning. A whole id is taken as it is.

        Raises `NotFound` (`activity_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

@final
class Alerts:
    """Alerts."""

    def list(
        self,
        *,
        with_dismissed: bool = False,
        alert_type: AlertType | None = None,
        severity: Severity | None = None,
        subject_id: UUID | str | None = None,
        limit: int | None = None,
    ) -> Query[Alert]:
        """The open alerts, newest first; with `with_dismissed` also the closed ones."""

    def dismiss(self, id: UUID | str) -> Alert:
        """Dismisses an alert. Raises `NotFound` (`alert_not_found`)."""

    def find(self, text: str) -> Alert:
        """The alert of this id, or the only one whose id begins so.

        Raises `NotFound` (`alert_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

@final
class Clock:
    """A clock that stands where it is put, for tests and for days that are played through: `jpauto.open(..., clock=clock)`.

    It stands at `at` until it is moved. Without a time it shows that of the machine. Lots may share one.
    """

    def __new__(cls, at: datetime | None = None) -> Self: ...
    def move_to(self, at: datetime | None) -> None:
        """Moves it to a time with a time zone; `None` lets it show the machine's from now on.

        Raises `InvalidInput` (`invalid_argument`) for a time without a time zone.
        """

    def now(self) -> datetime:
        """The time that it shows."""

@final
class Competitors:
    """The competing dealers and their listings. A competitor is named by its id or by its name, whatever the case."""

    def add(self, **fields: Unpack[NewCompetitor]) -> Competitor:
        """Watches a dealer from now on; `name` and `inventory_url` are needed. The others of `jpauto.types.NewCompetitor` may be left out:
        `website_url`, `platform_type`, `scraper_config` and `use_playwright`.

        Raises `InvalidInput` (`invalid_competitor`), `Conflict` (`duplicate_competitor`, `duplicate_inventory_url`).
        """

    def list(self, *, active: bool | None = None, q: str | None = None, limit: int | None = None) -> Query[Competitor]:
        """The competitors by name: those that are watched, the paused ones, or both. `q` are words that all stand in the name
        or in the address of the list of vehicles.
        """

    def get(self, competitor: UUID | str) -> Competitor:
        """One competitor. Raises `NotFound` (`competitor_not_found`)."""

    def update(self, competitor: UUID | str, **fields: Unpack[CompetitorChanges]) -> Competitor:
        """Changes the named fields; `None` empties a field. Raises `NotFound` (`competitor_not_found`), `InvalidInput`
        (`invalid_competitor`), `Conflict` (`duplicate_competitor`, `duplicate_inventory_url`).
        """

    def pause(self, competitor: UUID | str) -> Competitor:
        """Stops scraping the competitor until `resume`. Its listings stay."""

    def resume(self, competitor: UUID | str) -> Competitor:
        """Watches a paused competitor again."""

    def believe(self, competitor: UUID | str) -> LotVerdict:
        """Takes the newest lot as it is, though it is doubted: what has been missing for long enough is found sold now.

        Raises `NotFound` (`competitor_not_found`, `scrape_not_found`), `Conflict` (`scrape_not_doubted`).
        """

    def distrust(self, competitor: UUID | str) -> LotVerdict:
        """Discards the newest scrape. The cars that only this scrape found sold are on sale again.

        Raises `NotFound` (`competitor_not_found`, `scrape_not_found`).
        """

    def delete(self, competitor: UUID | str) -> None:
        """Removes a competitor with its listings, prices, figures, scrapes and the alerts about it."""

    def record_listings(
        self,
        competitor: UUID | str,
        listings: Iterable[ScrapedListing | NewListing] | ArrowColumns,
        *,
        observed_at: datetime,
        complete: bool = True,
    ) -> RecordReport:
        """Records one scrape: listings collected elsewhere, as dictionaries, as records of `jpauto.extract`, or as a table of pyarrow, polars
        or pandas.

        With `complete`, what is not among them was not on the lot; otherwise they are a part of it. All is written, or
        nothing. The same scrape recorded again changes nothing. If no competitor has this name, one is added.

        Raises `InvalidInput` where a listing has an unknown or ill-typed field (`/listings/3/price`) or `observed_at` is
        naive or still to come, `NotFound` (`competitor_not_found`) for an unknown id.
        """

    def record_pages(
        self,
        competitor: UUID | str,
        pages: Iterable[tuple[str | bytes, str]],
        *,
        observed_at: datetime,
        platform: str | None = None,
        complete: bool = True,
    ) -> RecordReport:
        """Records saved pages that are one scrape: pairs of a page (text, or bytes in any encoding) and its address.

        With `complete`, the pages are the whole list, unless their own links say otherwise. Without it they are a part of
        the list, and hardly count as a look at the cars that they do not show.

        Raises `InvalidInput` as `jpauto.extract.listings` and `record_listings` do.
        """

    def record_failure(
        self, competitor: UUID | str, error_type: ScrapeErrorType, message: str, *, observed_at: datetime
    ) -> Competitor:
        """Records that a scrape failed: `network`, `timeout`, `http_status`, `blocked`, `robots`, `parsing` or `empty`."""

    def listings(
        self,
        competitor: UUID | str | None = None,
        *,
        sold: bool | None = None,
        unseen: bool | None = None,
        vin: str | None = None,
        make: str | None = None,
        model: str | None = None,
        year_min: int | None = None,
        year_max: int | None = None,
        price_min: Money | None = None,
        price_max: Money | None = None,
        mileage_min: int | None = None,
        mileage_max: int | None = None,
        days_on_market_min: int | None = None,
        days_on_market_max: int | None = None,
        stock_status: StockStatus | Iterable[StockStatus] | None = None,
        sale_status: SaleStatus | Iterable[SaleStatus] | None = None,
        title_brand: TitleBrand | Iterable[TitleBrand] | None = None,
        condition: Condition | Iterable[Condition] | None = None,
        odometer_status: OdometerStatus | Iterable[OdometerStatus] | None = None,
        price_dropped: bool = False,
        price_drop_min: Money | None = None,
        price_drop_within_days: int | None = None,
        q: str | None = None,
        sort: ListingSort | None = None,
        limit: int | None = None,
    ) -> Query[Listing]:
        """The listings that the filters let through, of one competitor or of all, the newest first.

        `sold` takes those that are sold or those that are not, `unseen` those that are not sold and that the website shows no more
        (`False` leaves them out), `price_dropped` those cheaper than once before, `price_drop_min` those
        cheaper by that amount or more, `price_drop_within_days` those cheaper than at some moment of that many last days. `q`
        are words that all stand in make, model, trim, VIN or stock number. VIN, make and model are compared whatever their
        case, and bounds are included. `stock_status`, `sale_status`, `title_brand`, `condition` and `odometer_status` are
        what the website says, each one word or several. A table of listings is read as the database is at one moment; without `sort` and
        `limit` its rows come in no order of their own, which is quickest. `sort` is `first_seen_at`, `price`, `mileage`, `year`,
        `days_on_market` or `price_drop`, with a minus in front for the largest first.
        """

    def listing(self, id: UUID | str) -> Listing:
        """One listing. Raises `NotFound` (`listing_not_found`)."""

    def price_history(self, listing_id: UUID | str, *, limit: int | None = None) -> Query[PricePoint]:
        """A listing's prices, newest first."""

    def metrics(self, competitor: UUID | str, *, limit: int | None = None) -> Query[Metrics]:
        """A competitor's figures, one record a scrape, newest first."""

    def scrapes(self, competitor: UUID | str, *, limit: int | None = None) -> Query[ScrapeRecord]:
        """A competitor's scrapes, newest first."""

    def overview(
        self, *, active: bool | None = None, q: str | None = None, limit: int | None = None
    ) -> Query[CompetitorOverview]:
        """The competitors with their newest figures, by name. The filters are those of `list`."""

    def scrape(
        self, competitor: UUID | str, *, progress: Callable[[ScrapeProgress], bool | None] | bool | None = None
    ) -> RecordReport:
        """Scrapes a competitor's website now, politely, and records what it shows. `contact` must have been given to `open`.

        `progress` is called with a `ScrapeProgress` for each page and ten times a second; `True` shows a bar, where tqdm is
        installed. If it returns `False`, the scrape ends with nothing recorded, and so does Ctrl-C.

        Raises `NotFound` (`competitor_not_found`), `Refused` (`not_configured`), `Conflict` (`scrape_running`), `Unavailable`
        (`scrape_timeout` and the like).
        """

    def scrape_due(
        self,
        *,
        threads: int | None = None,
        limit: int | None = None,
        timeout: timedelta | float | None = None,
        due_after: timedelta | float | None = None,
        progress: Callable[[ScrapeProgress], bool | None] | bool | None = None,
    ) -> ScrapeReport:
        """Scrapes every competitor that is due, several at once, and records what their websites show. One that fails does not stop
        the others.

        `threads` websites are scraped at once (8), at most `limit` competitors, and not for longer than `timeout` (a `timedelta` or
        seconds). `due_after` is how long after its last scrape a competitor is due (20 hours). `progress` is as in `scrape`.

        Raises `Refused` (`not_configured`), `InvalidInput` (`invalid_scrape_limits`).
        """

    def market_view(
        self,
        competitor: UUID | str | None = None,
        *,
        make: str | None = None,
        model: str | None = None,
        year_min: int | None = None,
        year_max: int | None = None,
        group: Literal["model", "model_year"] | None = None,
        limit: int = 100,
    ) -> MarketView:
        """The cars on the competitors' lots in total and by make and model, those with the most on sale first. `group` is `model` or
        `model_year`. At most `limit` lines are read (100).
        """

    def undercuts(
        self,
        competitor: UUID | str | None = None,
        *,
        vehicle: UUID | str | None = None,
        difference_min: Money | None = None,
        limit: int | None = None,
    ) -> Query[Undercut]:
        """The competitors' cars that are like one of ours and cost less, the largest difference first."""

    def find(self, text: str) -> Competitor:
        """The competitor of this name or id, or the only one whose id begins so.

        Raises `NotFound` (`competitor_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

    def test(
        self,
        url: str,
        *,
        platform_type: str | None = None,
        scraper_config: dict[str, Any] | None = None,
        use_playwright: bool = False,
        pages: int | None = None,
        links: int | None = None,
        listings: int | None = None,
    ) -> TestReport:
        """Tries out what a scrape would see on a website, politely: the platform, the first listings, and what stands against them.
        `url` may be of any page of it: where it lists no vehicles, the list is looked for. Nothing is kept. `contact` must have been
        given to `open`.

        `pages` pages of the list are read (2, at most 10), up to `links` links are followed to find it (3, at most 10), and
        `listings` listings are shown whole (5). A website that cannot be read is a report with a `failure`.

        Raises `Refused` (`not_configured`, `browser_not_available`), `InvalidInput` (`invalid_url`, `unknown_platform`,
        `invalid_competitor`, `invalid_test`).
        """

    def test_known(
        self,
        competitor: UUID | str,
        *,
        pages: int | None = None,
        listings: int | None = None,
    ) -> TestReport:
        """Tries out what a scrape of a competitor would see, as `test` does. Raises `NotFound` (`competitor_not_found`), else as `test`."""

    def add_at(self, **fields: Unpack[CompetitorAt]) -> AddedCompetitor:
        """Watches a dealer from now on by the address of its website alone: `inventory_url` may be any page of it. The website is read
        first, and gives the page that lists the vehicles, the platform where that is certain, the front page, and a `name` where none is
        given. `contact` must have been given to `open`.

        Raises what `add` and `test` raise; `Refused` (`inventory_not_found`) and `Unavailable` (`scrape_blocked` and the like) where
        no vehicle was found. Then nothing is kept.
        """

    def find_listing(self, text: str) -> UUID:
        """The id of the listing of this id, VIN or stock number, or of the only one of which one of them begins so.

        Raises `NotFound` (`listing_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

    def overview_of(self, competitor: UUID | str) -> CompetitorOverview:
        """One competitor with its newest figures. Raises `NotFound` (`competitor_not_found`)."""

    def left_out(self, competitor: UUID | str | None = None) -> UncountedListings:
        """The listings that neither `market_view` nor `undercuts` counts, of one competitor or of all."""

@final
class Exports:
    """Feeds for the website and for advertising platforms, and the history of their exports."""

    def run(
        self,
        platform: Platform,
        *,
        to: str | PathLike[str] | None = None,
        format: FeedFormat | None = None,
        mapping: dict[str, Any] | None = None,
        confirm: bool = False,
        dry_run: bool = False,
        progress: Callable[[ExportProgress], bool | None] | bool | None = None,
    ) -> ExportReport:
        """Exports a feed: reads the vehicles of one moment, writes and checks the feed, and puts it in its place.

        `to` is a folder, a file or a URL; without it the feed goes where the configuration says. `mapping` has the columns, as
        `docs/exports.md` says. `dry_run` makes and checks it and publishes nothing. `progress` is called with an `ExportProgress`; `True`
        shows a bar, where tqdm is installed.

        Raises `InvalidInput` (`invalid_platform`, `invalid_destination`, `invalid_mapping`, `invalid_feed_format`), `Conflict`
        (`export_held_back`, `export_destination_occupied`), `Refused` (`not_configured`, `delivery_refused`, `unknown_host_key`),
        `Unavailable` (`export_not_written`, `delivery_failed`), `Internal` (`export_invalid`).
        """

    def check(
        self, file: str | PathLike[str], *, platform: Platform, mapping: dict[str, Any] | None = None
    ) -> CheckedFeed:
        """Checks the file of a feed against the platform's rules, as far as they are known.

        Raises `NotFound` (`feed_unreadable`), `InvalidInput` (`invalid_platform`, `invalid_mapping`), `Refused` (`not_configured`).
        """

    def list(
        self,
        *,
        platform: Platform | None = None,
        status: ExportStatus | None = None,
        last_of_each: bool = False,
        limit: int | None = None,
    ) -> Query[Export]:
        """The exports, newest first; with `last_of_each` of each feed the last one that succeeded."""

    def check_bytes(self, content: bytes, *, platform: Platform, format: FeedFormat | None = None) -> CheckedFeed:
        """The same of a file in memory, in this form or in the feed's usual one; by the mapping that `open` was given.

        Raises `InvalidInput` (`invalid_platform`, `invalid_feed_format`), `Refused` (`not_configured`).
        """

    def file(
        self,
        platform: Platform,
        *,
        format: FeedFormat | None = None,
        mapping: dict[str, Any] | None = None,
    ) -> FeedFile:
        """Makes a feed and gives its content, which goes nowhere; several pages come as a ZIP. The history has a row of it.

        Raises what `run` raises, without what is about a destination.
        """

@final
class Inventory:
    """The dealership's own vehicles."""

    def list(
        self,
        *,
        status: VehicleStatus | Iterable[VehicleStatus] | None = None,
        make: str | None = None,
        model: str | None = None,
        year_min: int | None = None,
        year_max: int | None = None,
        price_min: Money | None = None,
        price_max: Money | None = None,
        mileage_min: int | None = None,
        mileage_max: int | None = None,
        featured: bool | None = None,
        q: str | None = None,
        sort: VehicleSort | None = None,
        limit: int | None = None,
    ) -> Query[StockedVehicle]:
        """The vehicles that match the filters, newest on sale first.

        `status` is one word or several. The case of make and model does not matter. Bounds are included. `q` has
        words that each occur in make, model, trim, VIN, stock number or description. `sort` is `listed_at`, `price`,
        `mileage` or `year`, with a minus in front for the largest first. `limit` bounds the number of records.
        """

    def get(self, id: UUID | str) -> StockedVehicle:
        """One vehicle. Raises `NotFound` (`vehicle_not_found`)."""

    def get_by_vin(self, vin: str) -> StockedVehicle:
        """The vehicle with this VIN. Raises `NotFound` (`vehicle_not_found`), `InvalidInput` (`invalid_vin`)."""

    def find(self, text: str) -> StockedVehicle:
        """The vehicle of this id, VIN, chassis number or stock number, or the only one of which one of them begins so.

        Raises `NotFound` (`vehicle_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

    def refusing_doubtful_prices(self) -> Self:
        """The same, refusing a price that looks like a typing error (`Refused`, `price_doubtful`). Else that is among the `warnings` of the answer.

        For programs that ask a person, and write the price when it is confirmed.
        """

    def add(self, **fields: Unpack[NewVehicle]) -> Vehicle:
        """Adds a vehicle and puts it on sale. A car that we sold before comes back: its row is on sale again.

        The fields are those of `jpauto.types.NewVehicle`: `year`, `make`, `model`, `vin`, `price` in dollars and `mileage` in miles are
        needed; `stock_number`, `trim`, `cost`, `exterior_color`, `features`, `description` and others may be left out.

        Raises `InvalidInput` (`invalid_vehicle`), `Conflict` (`duplicate_vin`, `duplicate_stock_number`).
        """

    def update(self, id: UUID | str, **fields: Unpack[VehicleChanges]) -> Vehicle:
        """Changes the named fields; `None` clears a field. A new price is also added to the price history. One that looks like a
        typing error is among the `warnings` of the answer. The fields are those of `jpauto.types.VehicleChanges`.

        Raises `InvalidInput` (`invalid_vehicle`), `Conflict` (`duplicate_vin`, `duplicate_stock_number`).
        """

    def set_status(
        self,
        id: UUID | str,
        status: VehicleStatus,
        *,
        sale_price: Money | None = None,
        sold_at: datetime | None = None,
        correct: bool = False,
    ) -> Vehicle:
        """Moves a vehicle to another status. A sale sets `sold_at`; `sale_price` is kept with the sale and in the audit trail.

        `sold_at` is when it was sold, now where it is not said. With `correct` the vehicle is sold already, and `sale_price` and `sold_at`
        correct its sale.

        Raises `Conflict` (`vehicle_sold`) if it is sold, because only `relist` offers it again; `vehicle_not_sold` if there is no sale to
        correct; `InvalidInput` (`invalid_status_change`), for a word that is no such status, too.
        """

    def undo_sale(self, id: UUID | str) -> Vehicle:
        """Takes back a sale that fell through, as if the vehicle had not been sold: it has the status from before and keeps its `listed_at`.

        Raises `Conflict` (`vehicle_not_sold`; `sale_too_old` after seven days).
        """

    def relist(self, id: UUID | str) -> Vehicle:
        """Offers a sold vehicle again, as listed now. Raises `Conflict` (`vehicle_not_sold`)."""

    def feature(self, id: UUID | str) -> Vehicle:
        """Shows the vehicle on the homepage."""

    def unfeature(self, id: UUID | str) -> Vehicle:
        """Takes the vehicle off the homepage."""

    def delete(self, id: UUID | str) -> None:
        """Deletes a vehicle with its market analysis, price history and sales. The submission that it came from stays."""

    def price_history(self, id: UUID | str, *, limit: int | None = None) -> Query[MarketPrice]:
        """A vehicle's price history, newest first; the same as `market.history`."""

    def import_file(
        self,
        file: str | PathLike[str] | bytes,
        *,
        mapping: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        keep_going: bool = False,
        sold_if_missing: bool = False,
        confirm: bool = False,
        refused: str | PathLike[str] | None = None,
    ) -> ImportReport:
        """Imports a file of vehicles, a path or bytes: CSV, TSV, JSON lines or an Excel workbook. A vehicle is known by its VIN, then
        by its stock number. Everything is written in one transaction, or nothing if one row is refused: look at `outcome`.

        `mapping` says what columns are whose names do not: `{"columns": {"Our Ref": "stock_number"}}`. With `dry_run` nothing is
        written, with `keep_going` refused rows are left out. With `sold_if_missing`, vehicles that are not in the file are sold,
        more than half of the stock only with `confirm`. `refused` is a path: all refused rows are written there as a CSV file, each
        with what is wrong with it.

        Raises `InvalidInput` (`sheet_unreadable`, `sheet_without_header`, `invalid_import_mapping`, `file_unreadable`, `file_too_large`);
        `Unavailable` (`refused_rows_not_written`).
        """

    def statistics(self) -> Statistics:
        """Counts, value and age of the inventory, and what was sold."""

    def get_by_stock_number(self, stock_number: str) -> StockedVehicle:
        """The vehicle with this stock number. Raises `NotFound` (`vehicle_not_found`)."""

    def get_public(self, id: UUID | str) -> ListedVehicle:
        """One vehicle as the website shows it. Raises `NotFound` (`vehicle_not_found`), also if it is on hold or sold."""

    def list_public(
        self,
        *,
        status: VehicleStatus | Iterable[VehicleStatus] | None = None,
        make: str | None = None,
        model: str | None = None,
        year_min: int | None = None,
        year_max: int | None = None,
        price_min: Money | None = None,
        price_max: Money | None = None,
        mileage_min: int | None = None,
        mileage_max: int | None = None,
        featured: bool | None = None,
        q: str | None = None,
        sort: VehicleSort | None = None,
        limit: int | None = None,
    ) -> Query[ListedVehicle]:
        """The vehicles on the website as it shows them, with the fields that are public; those on hold and sold ones are never among them.
        The filters are those of `list`.
        """

@final
class IssuedToken:
    """A new token with its secret, which is never shown again."""

    @property
    def token(self) -> Token:
        """The token."""

    @property
    def secret(self) -> str:
        """What the machine sends as `Authorization: Bearer`. It begins with `jpa_`."""

@final
class Lot:
    """An open dealership. Its attributes are the nouns. Threads may share it.

    A `with` statement closes it at the end.
    """

    @property
    def inventory(self) -> Inventory:
        """The dealership's own vehicles."""

    @property
    def submissions(self) -> Submissions:
        """Cars that customers offer, and their review."""

    @property
    def market(self) -> Market:
        """Prices of the market for the dealership's vehicles."""

    @property
    def evaluation(self) -> Evaluations:
        """What VINs stand for, and what those vehicles are worth."""

    @property
    def competitors(self) -> Competitors:
        """The competing dealers and their listings."""

    @property
    def users(self) -> Users:
        """Staff accounts and their roles."""

    @property
    def jobs(self) -> Jobs:
        """Jobs, their schedules and their runs."""

    @property
    def storage(self) -> Storage:
        """Photos and where they are kept."""

    @property
    def sessions(self) -> Sessions:
        """Sessions of people who are signed in."""

    @property
    def sign_in(self) -> SignIn:
        """Signing in at the server."""

    @property
    def tokens(self) -> Tokens:
        """API tokens for machines."""

    @property
    def exports(self) -> Exports:
        """Feeds for the website and for advertising platforms."""

    @property
    def activity(self) -> Activity:
        """The audit trail."""

    @property
    def alerts(self) -> Alerts:
        """Alerts."""

    @property
    def notifications(self) -> Notifications:
        """Who was told of what."""

    @property
    def closed(self) -> bool:
        """Whether it is closed."""

    def acting_as(self, email: str | None) -> Lot:
        """The same dealership with another actor: a member of staff by e-mail address, or the system (`None`).

        Both share their connections, and closing one closes the other.
        """

    def migrate(self) -> MigrationReport:
        """Brings the schema to this release's version. A PostgreSQL database that has the tables already is adopted.

        What another application has left in the rows is repaired where it is certain what it means, and named where it is not.

        Safe to call at each start, from any number of machines at once.
        """

    def check(self) -> list[Finding]:
        """What another application has left in the rows, by kind. It changes nothing. Raises `Refused` (`database_outdated`)."""

    def backup(self, path: str | PathLike[str]) -> Backup:
        """Copies the whole database, as it is at one moment, into a new file, while others read and write.

        For PostgreSQL nothing is made: `command` has the call of `pg_dump` that makes the backup.

        Raises `Refused` (`backup_exists`), `Unavailable` (`backup_failed`).
        """

    def close(self) -> None:
        """Closes the connections. Every later operation is `Refused` with the code `lot_closed`. Closing twice is allowed."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        _exc_type: type[BaseException] | None,
        _exc_value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None: ...
    def left_out(self) -> builtins.list[Finding]:
        """The rows that every list leaves out because they have no id or lack what each row has, by table and column; `check` names them,
        too. Only a SQLite file that another program has written has such rows. Raises `Refused` (`database_outdated`).
        """

    def partition_competitors(
        self,
        partitions: int,
        *,
        progress: bool | Callable[[PartitionProgress], object] | None = None,
    ) -> PartitionReport:
        """Keeps the tables of competitors in this many partitions, by competitor; 0 makes them whole again. PostgreSQL only.

        The rows are copied while everybody works on, and the copies take the place of the tables at the end. `progress` is called with a
        `PartitionProgress`; `True` shows a bar, where tqdm is installed. If it returns `False`, the copy stays, and the next call goes on
        with it.

        Raises `InvalidInput` (`invalid_partitions`), `Refused` (`partitions_unsupported`, `partitioning_refused`).
        """

@final
class Market:
    """What the dealership's vehicles are worth on the market."""

    def analyze(self, vehicle_id: UUID | str) -> Analysis:
        """Prices a vehicle against the market and keeps the result.

        Raises `NotFound` (`vehicle_not_found`), `Conflict` (`vehicle_sold`).
        """

    def analyze_due(
        self, *, limit: int | None = None, progress: Callable[[Progress], bool | None] | bool | None = None
    ) -> AnalyzeReport:
        """Analyses the unsold vehicles that are due, never analysed ones first, then the longest ago; at most `limit`.

        `progress` is called with a `Progress` after each vehicle; `True` shows a bar, where tqdm is installed. If it returns
        `False`, the run ends. What was analysed stays, the other vehicles of the same transaction included (16 at most).
        """

    def analyze_all(self, *, progress: Callable[[Progress], bool | None] | bool | None = None) -> AnalyzeReport:
        """Analyses every unsold vehicle, as `analyze_due` does those that are due."""

    def get(self, vehicle_id: UUID | str) -> ResearchResult:
        """The last analysis of a vehicle as it is kept. Raises `NotFound` (`vehicle_not_found`, `vehicle_not_analyzed`)."""

    def history(self, vehicle_id: UUID | str, *, limit: int | None = None) -> Query[MarketPrice]:
        """A vehicle's price history, newest first: analyses, and changes of our own price."""

    def overview(self) -> MarketOverview:
        """How the unsold vehicles stand in the market."""

    def days_supply(self, make: str, model: str, year: int) -> Supply:
        """Supply and demand of one model year among the competitors' listings, whatever trim and mileage."""

    def price(self, **subject: Unpack[Subject]) -> Analysis:
        """What any car is worth on the market, whether it is ours or not; nothing is kept. `subject` has the fields of
        `jpauto.types.Subject`: `year`, `make` and `model` are needed; `mileage`, `trim`, `price`, `cost`, `vin` and `branded` may be left out.

        Raises `InvalidInput` (`invalid_subject`, `invalid_argument`).
        """

    def positions(
        self,
        *,
        status: VehicleStatus | Iterable[VehicleStatus] | None = None,
        make: str | None = None,
        model: str | None = None,
        limit: int | None = None,
    ) -> Query[VehiclePosition]:
        """Vehicles that match the filters, each with its last analysis, newest on sale first."""

    def backtest(
        self,
        *,
        make: str | None = None,
        model: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        event: BacktestEvent | None = None,
        max_events_a_model: int | None = None,
        progress: Callable[[BacktestProgress], bool | None] | bool | None = None,
    ) -> BacktestReport:
        """How good the pricing rule would have been: each listing that was sold or cut in price is priced from the others that were
        visible then. `event` is `sold` or `price_cut`; without it both count.

        Raises `InvalidInput` (`invalid_backtest`).
        """

    def auto_dev_use(self) -> AutoDevUse | None:
        """How many of the month's calls of auto.dev were made; `None` where it is not configured."""

    def candidates(self, subjects: Table) -> list[list[Comparable]]:
        """The competitors' listings that the rule would choose from for each of the subjects, in their order. They still include listings
        that the rule drops. `jpauto.pricing.price` takes them as its comparables.

        `subjects` are dictionaries, records or a table, as in `jpauto.pricing.price`; at most 1,000.

        Raises `InvalidInput` (`invalid_subject`, `invalid_argument`).
        """

@final
class Notifications:
    """Who was told of what."""

    def list(
        self,
        *,
        status: NotificationStatus | None = None,
        channel: str | None = None,
        event: NotificationEvent | None = None,
        limit: int | None = None,
    ) -> Query[Notification]:
        """What was sent and what is to be, newest first."""

    def get(self, id: UUID | str) -> Notification:
        """One notification. Raises `NotFound` (`notification_not_found`)."""

    def channels(self) -> builtins.list[Channel]:
        """The channels that are configured, and how each stands."""

    def retry(self, id: UUID | str) -> Notification:
        """Has a worker send a notification anew, from the first try on.

        Raises `NotFound` (`notification_not_found`, `channel_not_found`), `Conflict` (`notification_being_sent`).
        """

    def test(self, channel: str) -> builtins.list[Notification]:
        """Tells each receiver of a channel now that it is being tried. That it was not taken raises nothing: see `status` and `error`.

        Raises `NotFound` (`channel_not_found`).
        """

    def deliver_due(self) -> int:
        """Sends what is due now, and returns how many notifications were tried."""

    def find(self, text: str) -> Notification:
        """The notification of this id, or the only one whose id begins so.

        Raises `NotFound` (`notification_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

@final
class Query(Generic[_T_co]):
    """The result of a `list`. Nothing is read before it is iterated, and each iteration reads again.

    Rows are read page by page: a list of any length takes the memory of one page, and Ctrl-C works between pages.
    Rows that are added meanwhile do not shift the pages. There is no length, because counting would read everything; as a condition it
    says whether there is a record.

    It is a table as well: `to_arrow`, `to_polars`, `to_pandas`, `to_duckdb` and `batches` read it in columns, and so does every library
    that takes an object with `__arrow_c_stream__`, such as `polars.DataFrame(lot.inventory.list())`; `pandas.DataFrame` takes none, and would have one column of records. The columns are the fields of the
    record. Amounts are exact decimals in dollars, times are UTC with microseconds, ids are UUIDs (`arrow.uuid`), documents are JSON
    text, and make, model and words of closed sets are dictionaries.
    """

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in their order."""

    def __iter__(self) -> Rows[_T_co]: ...
    def __bool__(self) -> bool: ...
    def first(self, count: int) -> list[_T_co]:
        """The first `count` records as a list. No others are read."""

    def select(self, *columns: str) -> Query[_T_co]:
        """The same list with these columns alone when it is read as a table. Others are not read from the database.

        Raises `InvalidInput` (`invalid_argument`) for a name that is no column.
        """

    def to_arrow(self, *, columns: Sequence[str] | None = None) -> pyarrow.Table:
        """A `pyarrow.Table`, one chunk for each batch that was read.

        `columns` are the names of the columns to read, in their order; `None` reads all. Ctrl-C works between batches.

        Raises what iterating raises; `InvalidInput` (`invalid_argument`) for a name that is no column; `ModuleNotFoundError` without
        pyarrow (`pip install 'jpauto[arrow]'`).
        """

    def to_polars(self, *, columns: Sequence[str] | None = None) -> polars.DataFrame:
        """A `polars.DataFrame`. Amounts are `Decimal(18, 2)`, times `Datetime("us", "UTC")`, ids `Binary` of 16 bytes.

        Raises as `to_arrow` does; without polars (`pip install 'jpauto[polars]'`).
        """

    def to_pandas(self, *, columns: Sequence[str] | None = None, plain: bool = False) -> pandas.DataFrame:
        """A `pandas.DataFrame` whose columns are all of `pandas.ArrowDtype`, so that amounts stay exact and whole numbers whole.

        pandas does not sort, join or search ids and dictionaries, nor describe decimals. `plain` has ids and words as text and amounts
        as floats, for which it does.

        Raises as `to_arrow` does; without pandas and pyarrow (`pip install 'jpauto[pandas]'`).
        """

    def to_duckdb(
        self, connection: duckdb.DuckDBPyConnection | None = None, *, columns: Sequence[str] | None = None
    ) -> duckdb.DuckDBPyRelation:
        """A relation of `DuckDB`, of its default connection or of the one given: `cars.filter("price < 20000").aggregate("make, count(*)")`.

        Raises as `to_arrow` does; without duckdb and pyarrow (`pip install 'jpauto[duckdb]'`); `InvalidInput` (`invalid_argument`) for no
        column at all.
        """

    def batches(self, rows: int = 65_536, *, columns: Sequence[str] | None = None) -> Batches:
        """Reads the table in batches of `rows` rows, the last one of fewer. A table of any length takes the memory of a few batches.

        A list that is read page by page gives batches of at most 8,192 rows. Whoever stops iterating ends the reading.

        Raises as `to_arrow` does, here or while it is iterated; `InvalidInput` (`invalid_argument`), which is a `ValueError`, for less than one row.
        """

    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...

@final
class Batches:
    """Iterates over the batches of a table once."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Batch: ...
    def close(self) -> None:
        """Ends the reading. What was handed out stays."""

@final
class Batch:
    """Some rows of a table, in columns. Every library that reads Arrow takes it, such as `polars.DataFrame(batch)`."""

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in their order."""

    def __len__(self) -> int: ...
    def to_arrow(self) -> pyarrow.Table:
        """A `pyarrow.Table`. Raises `ModuleNotFoundError` without pyarrow (`pip install 'jpauto[arrow]'`)."""

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`. Raises `ModuleNotFoundError` without polars (`pip install 'jpauto[polars]'`)."""

    def to_pandas(self, *, plain: bool = False) -> pandas.DataFrame:
        """A `pandas.DataFrame` of `pandas.ArrowDtype`; `plain` has ids and words as text and amounts as floats. Raises
        `ModuleNotFoundError` without pandas and pyarrow (`pip install 'jpauto[pandas]'`).
        """

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """A relation of `DuckDB`, of its default connection or of the one given. Raises `ModuleNotFoundError` without duckdb and pyarrow
        (`pip install 'jpauto[duckdb]'`).
        """

    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[CapsuleType, CapsuleType]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...

@final
class Rows(Generic[_T_co]):
    """Iterates over the rows of a `Query` once. Threads may share it: each row goes to one of them."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> _T_co: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...

@final
class Sessions:
    """Sessions of people who are signed in at the server."""

    def destroy_all_of(self, user: UUID | str) -> int:
        """Signs a user out everywhere, and returns how many sessions ended. Those of others take the role `admin`."""

    def prune(self) -> int:
        """Deletes the sessions that have ended, and returns how many."""

    def count_expired(self) -> int:
        """How many sessions have ended and are still kept."""

@final
class SignIn:
    """Signing in at the server."""

    def link(self, email: str) -> SignInLink:
        """Makes a link with which the user with this address signs in, once and within 15 minutes. A newer link replaces it.

        Raises `NotFound` (`user_not_found`), `Forbidden` (`user_inactive`).
        """

    def prune(self) -> int:
        """Deletes links and sign-ins that have expired, and returns how many."""

    def count_expired(self) -> int:
        """How many links and sign-ins have expired and are still kept."""

    def me(self) -> Me:
        """Who acts, and what that actor may do now. Raises `Forbidden` (`user_inactive`)."""

@final
class SignInLink:
    """A link to sign in with, once."""

    @property
    def user_id(self) -> UUID:
        """Whom it signs in."""

    @property
    def secret(self) -> str:
        """What the address holds: `https://lot.example/api/auth/link?token=` and this."""

    @property
    def expires_at(self) -> datetime:
        """Until when it is valid."""

@final
class Submissions:
    """Cars that customers offer, and their review."""

    def refusing_doubtful_prices(self) -> Self:
        """The same, refusing a price at an approval that looks like a typing error (`Refused`, `price_doubtful`). Else that is among the
        `warnings` of the answer.

        For programs that ask a person, and approve when it is confirmed.
        """

    def submit(self, **fields: Unpack[NewSubmission]) -> Submission:
        """Sends a submission. One of the same car that was rejected, or whose car was sold since, is pending anew.

        The fields are those of `jpauto.types.NewSubmission`: `year`, `make` and `model` are needed; `vin`, `mileage` in miles,
        `asking_price` in dollars, the seller's name, e-mail address and telephone number, and others may be left out.

        Raises `InvalidInput` (`invalid_submission`), `Conflict` (`duplicate_vin`).
        """

    def list(
        self,
        *,
        submission_status: SubmissionStatus | None = None,
        make: str | None = None,
        model: str | None = None,
        q: str | None = None,
        sort: SubmissionSort | None = None,
        limit: int | None = None,
    ) -> Query[Submission]:
        """The submissions that match the filters, newest first unless sorted by `submitted_at`.

        `q` has words that each occur in make, model, VIN, or the customer's name or e-mail.
        """

    def get(self, id: UUID | str) -> Submission:
        """One submission. Raises `NotFound` (`submission_not_found`)."""

    def find(self, text: str) -> Submission:
        """The submission of this id, VIN or chassis number, or the only one of which one of them begins so.

        Raises `NotFound` (`submission_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

    def update(self, id: UUID | str, **fields: Unpack[SubmissionChanges]) -> Submission:
        """Corrects the named fields of a pending submission; `None` clears a field. Raises `Conflict`
        (`submission_already_reviewed`, `duplicate_vin`), `InvalidInput` (`invalid_submission`).
        """

    def approve(self, id: UUID | str, **overrides: Unpack[VehicleChanges]) -> Vehicle:
        """Approves a submission and adds its car to the inventory, at the asking price unless `price` is given. A car that we sold
        before comes back: its row is on sale again. `price` and `cost` are in dollars.

        Raises `InvalidInput` (`approval_incomplete` with the missing fields, `invalid_vehicle`), `Conflict`
        (`submission_already_reviewed`, `duplicate_vin`, `duplicate_stock_number`).
        """

    def reject(self, id: UUID | str, reason: str) -> Submission:
        """Rejects a submission. Raises `Conflict` (`submission_already_reviewed`), `InvalidInput`
        (`rejection_reason_missing`).
        """

    def delete(self, id: UUID | str) -> None:
        """Deletes a submission. A vehicle that was made of it stays."""

@final
class Storage:
    """Photos of vehicles and submissions, and the storage that keeps them.

    Each method takes the id of a vehicle, or with `submission=True` that of a submission.
    """

    def list(self, id: UUID | str, *, submission: bool = False) -> Query[Photo]:
        """The pictures, the foremost first. Raises `NotFound` (`vehicle_not_found`, `submission_not_found`)."""

    def add(self, id: UUID | str, picture: bytes, *, submission: bool = False) -> Photo:
        """Adds a picture: the bytes of a JPEG, PNG or WebP file.

        Raises `InvalidInput` (`invalid_photo`), `Conflict` (`too_many_photos`, `submission_already_reviewed`), `NotFound`
        (`vehicle_not_found`, `submission_not_found`), `Refused` (`not_configured`), `Misconfigured` (`storage_refused`),
        `Unavailable` (`storage_unavailable`).
        """

    def sign_upload(
        self, id: UUID | str, *, content_type: str, content_length: int, submission: bool = False
    ) -> SignedUpload:
        """Allows one upload: the address takes a file of this type and size alone, for some minutes.

        Raises `InvalidInput` (`invalid_upload`), `Conflict` (`too_many_photos`, `submission_already_reviewed`), `NotFound`
        (`vehicle_not_found`, `submission_not_found`), `Refused` (`not_configured`).
        """

    def attach(self, id: UUID | str, key: str, *, submission: bool = False) -> Photo:
        """Verifies what was uploaded, and adds the photo that is made of it. A second call answers as the first.

        Raises `NotFound` (`upload_not_found`, `vehicle_not_found`, `submission_not_found`), `InvalidInput` (`invalid_photo`), `Conflict`
        (`too_many_photos`, `submission_already_reviewed`), `Refused` (`not_configured`), `Misconfigured` (`storage_refused`),
        `Unavailable` (`storage_unavailable`).
        """

    def reorder(self, id: UUID | str, photos: builtins.list[str], *, submission: bool = False) -> builtins.list[Photo]:
        """Puts the pictures into this order, which names each of them once.

        Raises `InvalidInput` (`invalid_photo_order`), `Conflict` (`submission_already_reviewed`), `NotFound` (`vehicle_not_found`,
        `submission_not_found`).
        """

    def remove(self, id: UUID | str, photo: str, *, submission: bool = False) -> builtins.list[Photo]:
        """Removes a picture; a photo that no other row names also from the storage.

        Raises `NotFound` (`photo_not_found`, `vehicle_not_found`, `submission_not_found`), `Conflict` (`submission_already_reviewed`).
        """

    def choose_thumbnail(self, id: UUID | str, photo: str) -> builtins.list[Photo]:
        """Makes a picture the vehicle's main one. Raises `NotFound` (`photo_not_found`, `vehicle_not_found`)."""

    def usage(self) -> StorageUsage:
        """Counts the room that photos take.

        Raises `Refused` (`not_configured`), `Misconfigured` (`storage_refused`), `Unavailable` (`storage_unavailable`).
        """

    def check(self) -> Severity | None:
        """Counts it, and opens, raises or closes the alert about it. Returns `warning`, `critical` or `None`.

        Raises `Refused` (`not_configured`), `Misconfigured` (`storage_refused`), `Unavailable` (`storage_unavailable`).
        """

    def orphans(self, *, remove: bool = False) -> Orphans:
        """Photos that nothing shows and that are older than a day; with `remove` they are removed.

        Raises `Refused` (`not_configured`), `Misconfigured` (`storage_refused`), `Unavailable` (`storage_unavailable`).
        """

@final
class Jobs:
    """Jobs, their schedules and their runs."""

    def list(self) -> Query[JobOverview]:
        """All jobs, each with its schedule, its last run and its next one."""

    def run(
        self,
        job: Job,
        *,
        competitor_id: UUID | str | None = None,
        all: bool = False,
        limit: int | None = None,
        dry_run: bool = False,
        progress: Callable[[RunProgress], bool | None] | bool | None = None,
    ) -> Run:
        """Runs a job now, due or not, and returns how the run ended. That it failed raises nothing: see `status` and `error`.

        `progress` is called with each step, and `True` shows a bar; `False` or an exception ends the run as interrupted, and so does Ctrl-C.

        Raises `NotFound` (`job_not_found`, `competitor_not_found`), `Conflict` (`job_running`), `InvalidInput`
        (`invalid_run_options`), `Refused` (`not_configured`).
        """

    def run_due(self, *, progress: Callable[[RunProgress], bool | None] | bool | None = None) -> builtins.list[Run]:
        """Runs every job that is due, one after the other, and returns the runs as they ended.

        A time of a schedule is answered to once, by one process; of those that were missed, the latest is made up.
        """

    def history(
        self, *, job: RunKind | None = None, status: RunStatus | None = None, limit: int | None = None
    ) -> Query[Run]:
        """The runs, newest first. `job` chooses those of one kind: of a job, or the imports of a server (`import_vehicles`)."""

    def get(self, id: UUID | str) -> Run:
        """One run. Raises `NotFound` (`run_not_found`)."""

    def cancel(self, id: UUID | str) -> Run:
        """Asks for the end of a run, whichever process makes it. It ends at its next step.

        Raises `NotFound` (`run_not_found`), `Conflict` (`run_over`).
        """

    def find(self, text: str) -> Run:
        """The run of this id, or the only one whose id begins so.

        Raises `NotFound` (`run_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

@final
class Tokens:
    """API tokens. Users manage their own, administrators everybody's."""

    def create(self, *, name: str, role: Role = "viewer", expires_at: datetime | None = None) -> IssuedToken:
        """Creates a token. Its role is not above that of the user who acts. Without `expires_at` it is valid until it is revoked.

        Raises `InvalidInput` (`invalid_token`), `Forbidden` (`role_above_own`).
        """

    def list(self, *, limit: int | None = None) -> Query[Token]:
        """The tokens, newest first; for an administrator those of everybody."""

    def get(self, id: UUID | str) -> Token:
        """One token. Raises `NotFound` (`token_not_found`)."""

    def find(self, text: str) -> Token:
        """The token of this id or name, or the only one whose id begins so.

        Raises `NotFound` (`token_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

    def revoke(self, id: UUID | str) -> Token:
        """Revokes a token, which is refused from now on. Raises `NotFound` (`token_not_found`)."""

@final
class Users:
    """Staff accounts and their roles, for administrators."""

    def add(self, *, email: str, name: str, role: Role = "viewer", provider: Provider = "google") -> User:
        """Invites a user, whose first sign-in takes the account over. Raises `Conflict` (`duplicate_email`)."""

    def list(self, *, limit: int | None = None) -> Query[User]:
        """All users, by address."""

    def get(self, id: UUID | str) -> User:
        """One user. Raises `NotFound` (`user_not_found`)."""

    def get_by_email(self, email: str) -> User:
        """The user with this address. Raises `NotFound` (`user_not_found`)."""

    def set_role(self, id: UUID | str, role: Role) -> User:
        """Changes the role of another user. Raises `Refused` (`not_oneself`)."""

    def activate(self, id: UUID | str) -> User:
        """Activates a user again."""

    def deactivate(self, id: UUID | str) -> User:
        """Deactivates a user. It takes effect at once."""

    def delete(self, id: UUID | str) -> None:
        """Deletes a user. A user whom other rows name is deactivated instead, and name, address and picture are cleared."""

    def find(self, text: str) -> User:
        """The user of this address or id, or the only one whose id begins so.

        Raises `NotFound` (`user_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
        """

@final
class Vin:
    """A vehicle identification number; `str()` gives its 17 characters."""

    @property
    def check_digit_ok(self) -> bool:
        """Whether the check digit at position 9 is right; outside North America it need not be."""

    @property
    def check_digit(self) -> str:
        """The check digit that the other characters demand."""

    @property
    def model_year(self) -> int | None:
        """The model year; `None` if position 10 holds none."""

    @property
    def model_year_alternatives(self) -> builtins.list[int]:
        """The other years that the code may mean, earliest first."""

    @property
    def conclusive(self) -> bool:
        """Whether the model year must be so, or is only the likelier one."""

    @property
    def wmi(self) -> str:
        """The world manufacturer identifier, positions 1 to 3."""

    @property
    def manufacturer_identifier(self) -> str:
        """The complete identifier of the manufacturer: three characters, or six for a maker of few vehicles."""

    @property
    def squish_vin(self) -> str:
        """Positions 1 to 8, 10 and 11: what two vehicles of the same kind, year and plant have in common."""

    @property
    def serial(self) -> str:
        """The serial number."""

    @property
    def region(self) -> str | None:
        """The part of the world by the first character, such as `north_america`."""

    @property
    def is_placeholder(self) -> bool:
        """Whether this is a filler such as `11111111111111111`."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Evaluations:
    """What VINs stand for, and what those vehicles are worth."""

    def evaluate(self, vin: str, *, mileage: int | None = None, refresh: bool = False) -> Evaluation:
        """Prices the vehicle of a VIN as one that is offered to us. A stored evaluation of the same mileage serves while it is valid;
        `refresh` makes it anew. A step that fails becomes one of `warnings`.

        Raises `InvalidInput` (`invalid_vin`, `invalid_evaluation`).
        """

    def cached(self, vin: str) -> Evaluation | None:
        """The stored evaluation of a VIN while it is valid, for any mileage; else `None`. Raises `InvalidInput` (`invalid_vin`)."""

    def decode(self, vin: str) -> Decoded:
        """What a VIN stands for, by itself and by NHTSA's decoder where `vpic` was set. Raises `InvalidInput` (`invalid_vin`)."""

    def decode_many(self, vins: Texts) -> list[Decoded | None]:
        """The same for many, in their order: a list, or a column of any library that speaks Arrow. What is missing, such as `None`, is `None`.

        Raises `InvalidInput`: `invalid_vin`, with the rows of the first 20 that are none in `fields`, and `invalid_argument` for what is no text.
        """

    def count_expired(self) -> Expired:
        """How many evaluations and answers of vPIC have expired and are still kept. They are never used."""

    def remove_expired(self, limit: int = 10_000) -> Expired:
        """Removes what has expired, up to `limit` rows."""

def listings(
    html: str | bytes, url: str, *, platform: str | None = None, content_type: str | None = None
) -> Extraction:
    """Reads the listings of a page: text, or bytes in any encoding, at best with the `content_type` they came with.

    `platform` names one platform instead of detecting it; `generic` leaves all platforms aside.

    Raises `InvalidInput` (`invalid_url`, `page_empty`, `page_too_large`, `page_too_deep`, `page_too_tangled`,
    `unknown_platform`).
    """

def mileage(text: str) -> int | None:
    """The miles in a text; `None` if there is no certain number."""

def open(
    database_url: str,
    *,
    read_only: bool = False,
    timeout: timedelta | float | None = None,
    act_as: str | None = None,
    pool_size: int | None = None,
    create: bool = True,
    contact: str | None = None,
    allowed_servers: list[str] | None = None,
    fetch: dict[str, Any] | None = None,
    auto_dev: dict[str, Any] | None = None,
    vpic: bool | dict[str, Any] | None = None,
    exports: dict[str, Any] | None = None,
    storage: dict[str, Any] | None = None,
    notifications: dict[str, Any] | None = None,
    jobs: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
    clock: Clock | None = None,
    read_url: str | None = None,
    transaction_pooler: bool = False,
) -> Lot:
    """Opens `sqlite:PATH`, `sqlite::memory:` or `postgresql://USER@HOST/DATABASE`.

    A missing SQLite file is made, with its tables, unless `create` is false. An existing database is never changed: if its
    schema is older, every operation but `migrate` is refused with the code `database_outdated`.

    A SQLite file that is open here must not be opened by another library of SQLite in the same process, such as Python's `sqlite3`
    (`pandas.read_sql`), that of `SQLAlchemy` or that of `DuckDB`: neither sees the other's locks, and what is written may be lost.
    `sqlite3` is refused while the lot is open (`database_open_here`). The lot's tables, another process, and a copy by `backup` are
    safe.

    `read_only` makes the database refuse every write. `act_as` is the e-mail address of the member of staff who acts,
    with the rights of that role and under that name in the audit trail. Without it the system acts and may do everything.
    `timeout` bounds how long an operation waits for a connection or for another writer (5 s each), and on PostgreSQL how long a
    statement takes (30 s): a `timedelta` or seconds. What takes longer is `Unavailable`. `pool_size` bounds the connections (8).

    `contact` is the e-mail address or web page at which webmasters reach you; with it, competitors' websites may be scraped.
    `allowed_servers` are servers, as `127.0.0.1:8000`, that may be scraped although their network or port is not public. `fetch` has
    more of how websites are fetched; a `pause` of zero is for servers of your own. `auto_dev` asks auto.dev for comparables, with the key that it gave you:
    `{"key": os.environ["AUTO_DEV_KEY"], "zip": "90012"}`. `vpic` asks NHTSA's decoder of VINs. `exports` has what feeds need, as
    `docs/exports.md` says: a dictionary with `dealership`, `vehicle_url` and `feeds`. `storage` says where photos are kept: a dictionary
    with `public_url` and a `folder`, or `endpoint`, `bucket`, `access_key` and `secret_key`. `notifications` says who is told, as
    `docs/operations.md` says: a dictionary with `webhooks`, `email` and `templates`. `jobs` says when jobs run and what clean-up keeps:
    `{"schedules": {"competitor_scrape": "0 23 * * *", "check": "off"}, "retention": {"runs_days": 90}}`. `clock` is a `Clock` that says
    what time it is, in place of the machine's.

    `rules` has numbers of the rules that differ from their defaults: a dictionary of `pricing`, `tracking`, `evaluation`, `inventory`,
    `intake`, `metrics`, `market_view` and `scraping`, such as
    `{"inventory": {"turn_days": 60}, "pricing": {"minimum_sample": 3}, "tracking": {"sold": {"floor_days": 5}}}`. The names in all these
    dictionaries are those of the server's configuration, `jpauto.toml`, which says what each is. Spans of time are `timedelta` or seconds,
    sizes are bytes. Whoever opens a server's database gives the server's numbers, and then sees what the server shows.

    `read_url` names a standby of PostgreSQL, which lists and reports may be read from. `transaction_pooler` says that a pooler such as
    PgBouncer stands before the database and gives each transaction another session. `docs/scaling.md` has both.

    Raises `InvalidInput` (`invalid_database_url`, `invalid_argument`), `Misconfigured` (`invalid_contact`, `invalid_pause`,
    `invalid_auto_dev_key`, `invalid_schedule`, `invalid_notification_config`, `invalid_tracking_rules`, `invalid_pricing_rules`,
    `database_pooled`),
    `Unavailable` (`database_unavailable`), `Refused` (`database_newer`,
    `database_incomplete`, `database_damaged`), `NotFound` (`user_not_found`).
    """

def parse(text: str, *, current_year: int | None = None) -> Vin:
    """Reads a VIN of 17 characters in either case. The model year is read as of `current_year`, by default this year.

    Raises `InvalidInput` (`invalid_vin`), which says why the text is no VIN.
    """

def platforms() -> list[str]:
    """The names that `listings` takes for a platform."""

def price(text: str) -> Decimal | None:
    """The price in dollars in a text; `None` if there is no certain one, such as in a monthly payment or a range."""

def report(text: str, *, current_year: int | None = None) -> VinReport:
    """Reads a text as a VIN and says all that it tells; a text that is no VIN is reported, not refused."""

def text(text: str) -> str | None:
    """A text as a person would read it: entities decoded, tags and odd spaces removed; `None` if nothing is left."""

def backtest_listings(
    listings: Table,
    prices: Table | None = None,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    make: str | None = None,
    model: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    event: BacktestEvent | None = None,
    max_events_a_model: int | None = None,
    rules: dict[str, Any] | None = None,
) -> BacktestReport:
    """Measures the rule on listings of one's own. `jpauto.pricing.backtest` says more."""

def days_on_market_of(first_seen_at: datetime | Table, until: datetime | None = None) -> Any:
    """Whole days on the market, of one listing or of a table. `jpauto.market.days_on_market` says more."""

def parse_many(vins: Texts, *, current_year: int | None = None) -> Batch:
    """Reads many texts as VINs, a row for each. `jpauto.vin.parse_many` says more."""

def price_subjects(
    subject: Any,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Any:
    """Prices one subject or many. `jpauto.pricing.price` says more."""

def replay_sightings(sightings: Table, scrapes: Table | None = None, rules: dict[str, Any] | None = None) -> Batch:
    """Replays sightings. `jpauto.tracking.replay` says more."""

def supply_of_subjects(
    subject: Any,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Any:
    """Supply and demand of one subject or of many. `jpauto.market.supply` says more."""

def _closed_sets() -> list[tuple[str, list[str]]]:
    """The closed sets that have a name in `types.py`, and their words, for the test of those types."""

# The records: tests/test_stubs.py writes what follows. A field is a line of the Rust source.

@final
class ActivityEntry:
    """An entry of the audit trail: who did what to which row."""

    @property
    def id(self) -> UUID:
        """The entry's id."""

    @property
    def user_id(self) -> UUID | None:
        """The member of staff; `None` for the public and for the system."""

    @property
    def action(self) -> Action | str:
        """What was done, such as `approve`; older applications may have written other words."""

    @property
    def resource_type(self) -> str:
        """The noun: `users`, `tokens`, `submissions`, `inventory`, `competitors`."""

    @property
    def resource_id(self) -> UUID | None:
        """The id of the row."""

    @property
    def changes(self) -> Any | None:
        """`{field: {"from": ..., "to": ...}}` of the fields that changed; amounts and times are texts here."""

    @property
    def ip_address(self) -> str | None:
        """The IP address of the actor."""

    @property
    def user_agent(self) -> str | None:
        """The actor's client."""

    @property
    def created_at(self) -> datetime:
        """When."""

    @property
    def token_id(self) -> UUID | None:
        """The API token that it was done through."""

    @property
    def by(self) -> str | None:
        """What they are called now: the address of the member of staff, else the name of the token."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AddedCompetitor:
    """A competitor that was added by its address, and what its website showed."""

    @property
    def competitor(self) -> Competitor:
        """The competitor as it is kept."""

    @property
    def test(self) -> TestReport:
        """What was found on the way."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AdjustedPrices:
    """The prices of the kept comparables, adjusted to the mileage and year of our vehicle."""

    @property
    def min(self) -> Decimal:
        """Lowest."""

    @property
    def p25(self) -> Decimal:
        """First quartile."""

    @property
    def median(self) -> Decimal:
        """Middle; what our price is compared with."""

    @property
    def p75(self) -> Decimal:
        """Third quartile."""

    @property
    def max(self) -> Decimal:
        """Highest."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Adjustment:
    """The slopes of the logarithm of the price that the prices were adjusted with."""

    @property
    def per_mile(self) -> float:
        """The slope for one mile more, zero or below. It changes prices only if `mileage` is `applied` or `typical`."""

    @property
    def per_mile_alone(self) -> float | None:
        """The slope of the comparables alone, of whatever sign; `None` where they are alike in mileage."""

    @property
    def typical_share(self) -> float:
        """How much of the typical slope is in `per_mile`, from 0 to 1: the rest is of the comparables."""

    @property
    def typical_mileage(self) -> TypicalMileage | None:
        """The typical slope that was assumed; `None` in analyses stored before it was recorded."""

    @property
    def mileage(self) -> SlopeOutcome:
        """What became of the mileage slope: `applied`, `not_needed`, `no_spread`, `wrong_sign` or `typical`."""

    @property
    def mileage_sample(self) -> int:
        """How many comparables the mileage slope was estimated from."""

    @property
    def per_year(self) -> float:
        """The slope for one year newer, zero or above. It changes prices only if `year` is `applied`."""

    @property
    def year(self) -> SlopeOutcome:
        """What became of the year slope: `applied`, `not_needed`, `no_spread`, `too_few` or `wrong_sign`."""

    @property
    def year_sample(self) -> int:
        """How many comparables the year slope was estimated from."""

    @property
    def mileage_unknown(self) -> int:
        """Kept comparables whose mileage is unknown; they are not adjusted for it."""

    @property
    def limited(self) -> int:
        """Kept comparables whose adjustment was cut at the largest allowed."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AgeCount:
    """The vehicles in one age bucket."""

    @property
    def from_days(self) -> int:
        """The first day."""

    @property
    def to_days(self) -> int | None:
        """The last day; `None` for the open bucket."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def value(self) -> Decimal:
        """The sum of their prices."""

    @property
    def cost(self) -> Decimal:
        """The sum of the known costs."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Alert:
    """An alert."""

    @property
    def id(self) -> UUID:
        """The alert's id."""

    @property
    def alert_type(self) -> AlertType | str:
        """What it is about, such as `overpriced`; older applications may have written other words."""

    @property
    def severity(self) -> Severity:
        """The severity: `warning` or `critical`."""

    @property
    def message(self) -> str:
        """The message for people."""

    @property
    def metadata(self) -> Any:
        """The figures behind it."""

    @property
    def subject_id(self) -> UUID | None:
        """The vehicle or competitor that it is about."""

    @property
    def dismissed(self) -> bool:
        """Whether it is closed: a person dismissed it, or its cause is gone."""

    @property
    def dismissed_at(self) -> datetime | None:
        """When it was closed."""

    @property
    def dismissed_by(self) -> str | None:
        """Who dismissed it: the address of the member of staff, else the name of the token, else `system`; `None` where it closed by
        itself.
        """

    @property
    def created_at(self) -> datetime | None:
        """When it was opened."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Analysis:
    """What a vehicle is worth on the market, how sure that is, and why.

    With too few comparables the figures of the ones found are still given, but nothing that judges a price: no range
    and no position.
    """

    @property
    def analyzed_at(self) -> datetime:
        """When."""

    @property
    def our_price(self) -> Decimal | None:
        """The price that was compared."""

    @property
    def median(self) -> Decimal | None:
        """The median of the adjusted prices: what our price is compared with."""

    @property
    def range(self) -> tuple[Decimal, Decimal] | None:
        """The quartiles of the adjusted prices: the range that is recommended."""

    @property
    def recommendation(self) -> Recommendation | None:
        """How our price compares with the median: `high`, `low`, `competitive` or `insufficient_data`. `None` if the
        market is known and we have no price.
        """

    @property
    def confidence(self) -> Confidence:
        """How far to trust it: `insufficient`, `limited`, `moderate` or `high`."""

    @property
    def reasons(self) -> list[Reason]:
        """Why, most telling first."""

    @property
    def price_to_market(self) -> float | None:
        """Our price in percent of the median."""

    @property
    def position(self) -> Position | None:
        """Where our price stands."""

    @property
    def sample_size(self) -> int:
        """Kept comparables."""

    @property
    def median_price(self) -> Decimal | None:
        """Median of the raw prices of the kept comparables."""

    @property
    def min_price(self) -> Decimal | None:
        """Lowest raw price."""

    @property
    def max_price(self) -> Decimal | None:
        """Highest raw price."""

    @property
    def adjusted(self) -> AdjustedPrices | None:
        """The same prices adjusted to our vehicle."""

    @property
    def cost_to_market_percent(self) -> float | None:
        """Our cost in percent of the median."""

    @property
    def supply(self) -> Supply:
        """Supply and demand."""

    @property
    def velocity(self) -> Velocity | None:
        """The trend of the market over two weeks, if the history is long enough."""

    @property
    def week(self) -> Velocity | None:
        """The same over one week."""

    @property
    def adjustment(self) -> Adjustment:
        """The slopes used."""

    @property
    def search_parameters(self) -> SearchParameters:
        """The search made."""

    @property
    def comparables(self) -> list[PricedComparable]:
        """The nearest comparables by mileage and year, nearest first."""

    @property
    def data_source(self) -> DataSource:
        """Where the kept comparables came from: `none`, `competitor`, `auto.dev` or `auto.dev+competitor`."""

    @property
    def missing_source(self) -> MissingSource | None:
        """The source of listings that is configured and did not answer."""

    @property
    def left_out(self) -> LeftOut:
        """What was left out."""

    @property
    def alert(self) -> WantedAlert | None:
        """The alert that this calls for."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AnalyzeReport:
    """What a run did."""

    @property
    def analyzed(self) -> int:
        """Vehicles analysed."""

    @property
    def insufficient(self) -> int:
        """Of those, too few comparables."""

    @property
    def failed(self) -> list[FailedVehicle]:
        """The vehicles that could not be analysed."""

    @property
    def remaining(self) -> int:
        """Vehicles that are left for a later run."""

    @property
    def missing_source(self) -> MissingSource | None:
        """The source that is configured and did not answer for some vehicles, with the first reason. These vehicles
        were compared with the listings of the other sources.
        """

    @property
    def without_source(self) -> int:
        """How many vehicles those are."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AutoDevSearch:
    """A search made at auto.dev: what to ask to make it again, and how much of the answer was read."""

    @property
    def version(self) -> AutoDevVersion:
        """The version of the interface that was asked: `v1` or `v2`."""

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters in the order in which they were sent, without the key."""

    @property
    def answered_at(self) -> datetime:
        """When the answer came."""

    @property
    def pages(self) -> int:
        """Pages read."""

    @property
    def listings(self) -> int:
        """Listings read from them."""

    @property
    def left_out(self) -> int:
        """Listings that could not be read, are no longer on offer, or are new cars."""

    @property
    def is_whole(self) -> bool:
        """Whether that was all there is."""

    @property
    def stopped_by(self) -> str | None:
        """The code of the failure that ended it after the first page."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class AutoDevUse:
    """How much of the month's budget of auto.dev calls is used."""

    @property
    def calls(self) -> int:
        """Calls made this month, by all processes that share the database."""

    @property
    def calls_a_month(self) -> int:
        """Calls that may be made a month."""

    @property
    def renews_at(self) -> datetime:
        """When a new month begins."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class BacktestProgress:
    """The progress of a backtest, after each model."""

    @property
    def total(self) -> int:
        """Models to look at."""

    @property
    def done(self) -> int:
        """Models finished."""

    @property
    def priced(self) -> int:
        """Events priced so far."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class BacktestReport:
    """What a backtest found."""

    @property
    def models(self) -> int:
        """Models with events."""

    @property
    def thinned(self) -> int:
        """Events left out because a model had too many."""

    @property
    def total(self) -> BacktestScore:
        """All events together."""

    @property
    def sold(self) -> BacktestScore:
        """Those that were sold."""

    @property
    def price_cut(self) -> BacktestScore:
        """Those whose price was cut."""

    @property
    def between(self) -> tuple[datetime, datetime] | None:
        """The first and the last event."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class BacktestScore:
    """How the rule did on a set of events."""

    @property
    def events(self) -> int:
        """Events looked at."""

    @property
    def priced(self) -> int:
        """Of those, events with enough comparables at the time. The figures below are about these."""

    @property
    def rule(self) -> EstimateError | None:
        """The error of the rule's median; `None` where nothing was priced, as with the figures below."""

    @property
    def plain_median(self) -> EstimateError | None:
        """The error of the plain median of the same search."""

    @property
    def coverage_percent(self) -> float | None:
        """The share of true prices within the recommended range, in percent."""

    @property
    def expected_coverage_percent(self) -> float | None:
        """That share with exact adjustments, in percent."""

    @property
    def nearer_percent(self) -> float | None:
        """The share of events in which the rule was nearer than the plain median, ties counted half, in percent."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Backup:
    """A backup that was made, or the command that makes it."""

    @property
    def path(self) -> str:
        """The file."""

    @property
    def bytes(self) -> int | None:
        """The size of the file; `None` if it is not made yet."""

    @property
    def command(self) -> list[str]:
        """The program that makes it and its arguments; empty if it is made."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ChangedVehicle:
    """A vehicle as it is now, and which of its columns changed."""

    @property
    def id(self) -> UUID:
        """The listing's id."""

    @property
    def vin(self) -> str | None:
        """The VIN."""

    @property
    def stock_number(self) -> str | None:
        """The dealer's stock number."""

    @property
    def year(self) -> int | None:
        """Model year."""

    @property
    def make(self) -> str | None:
        """Make."""

    @property
    def model(self) -> str | None:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def price(self) -> Decimal | None:
        """The asking price."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def url(self) -> str | None:
        """The vehicle's own page."""

    @property
    def columns(self) -> list[str]:
        """The columns."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Channel:
    """A channel, and how it stands."""

    @property
    def name(self) -> str:
        """Its name: `email`, or the name of a webhook."""

    @property
    def target(self) -> str:
        """Who is told: the webhook's server, or the addresses."""

    @property
    def events(self) -> list[NotificationEvent]:
        """What it is told of."""

    @property
    def off_since(self) -> datetime | None:
        """Since when it is off, because the receiver said that it is gone."""

    @property
    def off_reason(self) -> str | None:
        """What the receiver said then."""

    @property
    def waiting(self) -> int:
        """Notifications that wait."""

    @property
    def given_up(self) -> int:
        """Notifications that were given up."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class CheckedFeed:
    """The result of a check of a feed's file."""

    @property
    def platform(self) -> Platform:
        """The feed whose rules were applied."""

    @property
    def format(self) -> FeedFormat:
        """The form in which the file was read."""

    @property
    def vehicle_count(self) -> int:
        """The vehicles in it."""

    @property
    def faults(self) -> list[FeedFault]:
        """What is wrong, in the order of the file; the first of it where there is very much."""

    @property
    def fault_count(self) -> int:
        """All faults, those that are not listed included."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Comparable:
    """A listing that a vehicle may be compared with."""

    @property
    def source(self) -> Source:
        """Where it was found: `competitor` or `auto.dev`."""

    @property
    def vin(self) -> str | None:
        """The VIN as listed."""

    @property
    def external_id(self) -> str | None:
        """The id of the listing within its source; for a competitor's listing, the id of our row."""

    @property
    def url(self) -> str | None:
        """The page of the listing."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim."""

    @property
    def price(self) -> Decimal | None:
        """The asking price, or the last one."""

    @property
    def mileage(self) -> int | None:
        """Miles; below zero counts as unknown."""

    @property
    def distance_miles(self) -> float | None:
        """Miles from us."""

    @property
    def dealer(self) -> str | None:
        """The dealer that offers it."""

    @property
    def first_seen_at(self) -> datetime:
        """When the listing was first seen."""

    @property
    def last_seen_at(self) -> datetime:
        """When it was last seen."""

    @property
    def sold_at(self) -> datetime | None:
        """When it was sold. A time in the future counts as not sold."""

    @property
    def branded(self) -> bool:
        """Whether its title is known to be branded. False says only that nothing is known against it."""

    @property
    def title_brand(self) -> TitleBrand | None:
        """What its title is said to be: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`."""

    @property
    def condition(self) -> Condition | None:
        """Whether it is offered as `new`, `used` or `certified`."""

    @property
    def odometer_status(self) -> OdometerStatus | None:
        """What is said of its odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`. Miles that it has not gone are
        left out.
        """

    @property
    def sale_status(self) -> SaleStatus | None:
        """How far its sale has come: `available` or `pending`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Competitor:
    """A dealer whose website is watched."""

    @property
    def id(self) -> UUID:
        """The competitor's id."""

    @property
    def name(self) -> str:
        """What the dealer is called here; unique whatever the case."""

    @property
    def website_url(self) -> str | None:
        """The front page."""

    @property
    def inventory_url(self) -> str:
        """The page that lists the vehicles."""

    @property
    def platform_type(self) -> str | None:
        """The platform of the website, where it is known."""

    @property
    def scraper_config(self) -> Any | None:
        """How to read the website, where nothing general does."""

    @property
    def use_playwright(self) -> bool:
        """Whether pages must be rendered in a browser."""

    @property
    def active(self) -> bool:
        """Whether it is watched, or paused."""

    @property
    def last_scraped_at(self) -> datetime | None:
        """When it was scraped last."""

    @property
    def last_successful_scrape_at(self) -> datetime | None:
        """When that went well last."""

    @property
    def scrape_error(self) -> str | None:
        """What went wrong at the last scrape, for a person."""

    @property
    def scrape_error_type(self) -> ScrapeErrorType | None:
        """What went wrong at the last scrape, such as `timeout`."""

    @property
    def created_at(self) -> datetime | None:
        """When it was entered."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class CompetitorOverview:
    """A competitor with its newest figures."""

    @property
    def competitor(self) -> Competitor:
        """Who it is."""

    @property
    def metrics(self) -> Metrics | None:
        """The figures after the newest scrape; `None` before the first."""

    @property
    def trends(self) -> Trends | None:
        """How they moved within a week."""

    @property
    def last_scrape(self) -> ScrapeRecord | None:
        """The newest scrape."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Decoded:
    """What a VIN says: by itself, and by NHTSA's decoder."""

    @property
    def facts(self) -> VinFacts:
        """What the VIN says by itself."""

    @property
    def vpic(self) -> VpicDecode | None:
        """What vPIC says of it, where it answered."""

    @property
    def vehicle(self) -> VehicleIdentity | None:
        """The vehicle by both together; `None` where the model is unknown."""

    @property
    def warnings(self) -> list[EvaluationWarning]:
        """What is doubtful, and who did not answer."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class EstimateError:
    """The mean error of an estimate."""

    @property
    def mae_log(self) -> float:
        """The mean of `|ln(estimate / truth)|`."""

    @property
    def mape_percent(self) -> float:
        """The mean of `|estimate - truth| / truth`, in percent."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Evaluation:
    """What a vehicle is worth here, how sure that is, and why."""

    @property
    def vin(self) -> str:
        """The VIN."""

    @property
    def mileage(self) -> int | None:
        """The mileage that it was evaluated with."""

    @property
    def facts(self) -> VinFacts:
        """What the VIN says by itself."""

    @property
    def vpic(self) -> VpicDecode | None:
        """What vPIC says of it."""

    @property
    def vehicle(self) -> VehicleIdentity | None:
        """Which vehicle it is, where that is known."""

    @property
    def analysis(self) -> Analysis | None:
        """What the market says, with the reasons; `None` where there was nothing to compare."""

    @property
    def most_to_pay(self) -> Decimal | None:
        """The highest price to pay for it, where the rules of a purchase are set and the market is known."""

    @property
    def warnings(self) -> list[EvaluationWarning]:
        """What to know before relying on it."""

    @property
    def evaluated_at(self) -> datetime:
        """When it was made."""

    @property
    def expires_at(self) -> datetime | None:
        """Until when it is stored; `None` where something was missing."""

    @property
    def from_cache(self) -> bool:
        """Whether it came from the database."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class EvaluationWarning:
    """What to know before relying on a decoding or an evaluation."""

    @property
    def code(self) -> str:
        """The stable word, such as `model_unknown`."""

    @property
    def message(self) -> str:
        """The sentence for it."""

    @property
    def details(self) -> Any:
        """The figures behind it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Expired:
    """What has expired of evaluations and of answers of vPIC."""

    @property
    def evaluations(self) -> int:
        """Evaluations."""

    @property
    def decodes(self) -> int:
        """Answers of vPIC."""

    @property
    def is_all(self) -> bool:
        """Whether nothing expired is left; otherwise the limit was reached."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Export:
    """A row of the history of exports."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def platform(self) -> Platform | str:
        """The feed; older applications may have written other words."""

    @property
    def vehicle_count(self) -> int | None:
        """The vehicles in it."""

    @property
    def status(self) -> ExportStatus:
        """The outcome: `success`, `failure` or, of another application, `unknown`."""

    @property
    def error_message(self) -> str | None:
        """Why it failed."""

    @property
    def exported_at(self) -> datetime | None:
        """When it was."""

    @property
    def destination(self) -> str | None:
        """Where it went."""

    @property
    def left_out_count(self) -> int | None:
        """The vehicles that it does not carry."""

    @property
    def bytes(self) -> int | None:
        """The size of all its files."""

    @property
    def error_code(self) -> str | None:
        """The code of the error, such as `export_held_back`."""

    @property
    def answer(self) -> str | None:
        """The answer of the server that took it."""

    @property
    def report(self) -> Any | None:
        """What was left out, by field and reason, with counts."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ExportProgress:
    """How far an export has come."""

    @property
    def done(self) -> int:
        """The vehicles that were looked at."""

    @property
    def total(self) -> int:
        """All that there are to look at."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ExportReport:
    """The result of an export."""

    @property
    def id(self) -> UUID | None:
        """The row of the history; `None` for a dry run."""

    @property
    def platform(self) -> Platform:
        """The feed, such as `meta`."""

    @property
    def format(self) -> FeedFormat:
        """Its form, such as `csv`."""

    @property
    def destination(self) -> str | None:
        """Where it is now: a path or a URL."""

    @property
    def vehicle_count(self) -> int:
        """The vehicles in it."""

    @property
    def left_out_count(self) -> int:
        """The vehicles that it does not carry."""

    @property
    def bytes(self) -> int:
        """The size of all its files."""

    @property
    def last_vehicle_count(self) -> int | None:
        """The vehicles of the last export of this feed to this destination."""

    @property
    def omissions(self) -> list[Omission]:
        """The vehicles and values that were left out, and why; the first of them where there are very many."""

    @property
    def omissions_not_listed(self) -> int:
        """How many omissions are not listed."""

    @property
    def answer(self) -> str | None:
        """The answer of the server that took it."""

    @property
    def exported_at(self) -> datetime:
        """When it was exported."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing was published."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Extraction:
    """What one page gave."""

    @property
    def platform(self) -> str:
        """Who read the page: a platform such as `dealer_com`, or the technique, `structured_data` or `cards`;
        `generic` where nothing was found.
        """

    @property
    def total(self) -> int | None:
        """How many vehicles the page claims there are on all its pages."""

    @property
    def next(self) -> str | None:
        """The absolute address of the next page, `None` on the last."""

    @property
    def listings(self) -> list[ScrapedListing]:
        """The vehicles, in the order of the page."""

    @property
    def unsettled(self) -> int:
        """Cards of vehicles that are still empty: the page was read before it was filled."""

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """What a person should know before trusting the result."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ExtractionWarning:
    """What a person should know before trusting what was read."""

    @property
    def code(self) -> str:
        """The stable word, such as `no_listings`."""

    @property
    def message(self) -> str:
        """The sentence for it."""

    @property
    def pages(self) -> list[int]:
        """The numbers of the pages that it was met on, where it is about some pages of a list."""

    @property
    def details(self) -> Any:
        """The figures behind it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class FailedVehicle:
    """A vehicle that could not be analysed."""

    @property
    def vehicle(self) -> UUID:
        """The vehicle."""

    @property
    def code(self) -> str:
        """The stable word for what went wrong."""

    @property
    def message(self) -> str:
        """The same for a person."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class FaultCount:
    """How often something was wrong with refused rows."""

    @property
    def code(self) -> str:
        """What it was, one of the error codes."""

    @property
    def field(self) -> str | None:
        """The field of the vehicle; `None` if it is about whole rows."""

    @property
    def count(self) -> int:
        """How often it was."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class FeedFault:
    """A fault of a feed's file."""

    @property
    def row(self) -> int:
        """The line; in XML, JSON-LD and pages the number of the vehicle. 0 for the file as a whole."""

    @property
    def page(self) -> str | None:
        """The name of the page, where the feed consists of pages."""

    @property
    def column(self) -> str | None:
        """The column."""

    @property
    def rule(self) -> str:
        """What was expected."""

    @property
    def found(self) -> str | None:
        """What stands there, shortened."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class FeedFile:
    """The file of a feed."""

    @property
    def name(self) -> str:
        """The name that the feed's files have."""

    @property
    def content(self) -> bytes:
        """What is in it."""

    @property
    def report(self) -> ExportReport:
        """What the export did."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Finding:
    """Rows that are not as jpauto writes them, of one kind and in one column."""

    @property
    def kind(self) -> FindingKind:
        """What is the matter with them, such as `unknown_word`."""

    @property
    def table(self) -> str:
        """The table."""

    @property
    def column(self) -> str:
        """The column."""

    @property
    def count(self) -> int:
        """How many rows."""

    @property
    def ids(self) -> list[str]:
        """The ids of the first rows, at most three. What is no id stands as SQLite writes it."""

    @property
    def words(self) -> list[str]:
        """Of unknown words, the first ones in order, at most three."""

    @property
    def remedy(self) -> Remedy:
        """`repaired` by this migration, repaired by the next `migrate`, or to be corrected `by_hand`."""

    @property
    def refusal(self) -> str | None:
        """Where a repair was refused: what would be written into the first row, and what the database said."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ImportCounts:
    """How many rows did what."""

    @property
    def rows(self) -> int:
        """Rows with values."""

    @property
    def added(self) -> int:
        """New vehicles."""

    @property
    def changed(self) -> int:
        """Vehicles that are other than before."""

    @property
    def relisted(self) -> int:
        """Sold vehicles that are for sale again."""

    @property
    def sold(self) -> int:
        """Vehicles that are sold now."""

    @property
    def unchanged(self) -> int:
        """Vehicles that the file has as they are."""

    @property
    def refused(self) -> int:
        """Rows that were refused."""

    @property
    def warnings(self) -> int:
        """What there is to look at twice."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ImportReport:
    """What an import did, or would do, row by row."""

    @property
    def outcome(self) -> ImportOutcome:
        """`written`, `written_in_part`, `dry_run`, `refused` or `held_back`."""

    @property
    def file(self) -> str:
        """The name of the file."""

    @property
    def shape(self) -> SheetShape:
        """How the file is written."""

    @property
    def columns(self) -> list[ImportedColumn]:
        """What was done with each column."""

    @property
    def mapping(self) -> dict[str, Any]:
        """The mapping that says the same, to be corrected and given as `mapping`."""

    @property
    def counts(self) -> ImportCounts:
        """How many rows did what."""

    @property
    def fault_counts(self) -> list[FaultCount]:
        """What was wrong with the refused rows, the most frequent first."""

    @property
    def most_listed(self) -> int:
        """Each list below has at most this many entries, the first ones; `counts` has all."""

    @property
    def added(self) -> list[ImportedVehicle]:
        """The vehicles that are new."""

    @property
    def changed(self) -> list[ImportedChange]:
        """The vehicles that are other than before."""

    @property
    def relisted(self) -> list[ImportedVehicle]:
        """The sold vehicles that are for sale again."""

    @property
    def sold(self) -> list[ImportedVehicle]:
        """The vehicles that are sold now: the file says so, or does not have them."""

    @property
    def refused(self) -> list[RefusedRow]:
        """The rows that were refused, and why."""

    @property
    def warnings(self) -> list[RowWarning]:
        """What to look at twice in rows that were not refused."""

    @property
    def sold_held_back(self) -> SoldHeldBack | None:
        """Why the vehicles that are missing from the file were not marked sold."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ImportedChange:
    """A vehicle that is other than before an import."""

    @property
    def vehicle(self) -> ImportedVehicle:
        """The vehicle as it is now."""

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that differ: `{"price": {"from": "14000.00", "to": "13500.00"}}`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ImportedColumn:
    """What is done with a column of a file."""

    @property
    def name(self) -> str:
        """Its name in the file."""

    @property
    def field(self) -> str | None:
        """The field that it is read as; `None` if it is not read."""

    @property
    def left_out(self) -> ColumnLeftOut | None:
        """Why it is not read: `unknown`, `kept_by_library` or `by_mapping`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ImportedVehicle:
    """A vehicle of a row."""

    @property
    def row(self) -> int | None:
        """The line of a text file on which the row begins, or the row of a worksheet; `None` for a vehicle that is not in the file."""

    @property
    def id(self) -> UUID:
        """The vehicle. After a dry run there is none of this id if it is new."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def vin(self) -> str:
        """VIN or chassis number."""

    @property
    def stock_number(self) -> str | None:
        """Stock number."""

    @property
    def price(self) -> Decimal:
        """Price."""

    @property
    def mileage(self) -> int:
        """Mileage."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class JobOverview:
    """A job, its schedule and its last run."""

    @property
    def name(self) -> Job:
        """The job's name."""

    @property
    def enabled(self) -> bool:
        """Whether it runs by its schedule."""

    @property
    def missing(self) -> str | None:
        """What is not configured and keeps the job from running."""

    @property
    def unavailable(self) -> str | None:
        """Why it runs nowhere on this database, whatever is configured."""

    @property
    def cron(self) -> str:
        """Its schedule as a cron expression."""

    @property
    def time_zone(self) -> str:
        """The time zone of the schedule."""

    @property
    def next_run_at(self) -> datetime | None:
        """When it runs next; `None` where it does not run by its schedule."""

    @property
    def due_since(self) -> datetime | None:
        """The time of the schedule that no worker has answered to yet."""

    @property
    def last_run(self) -> Run | None:
        """Its last run."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class LeftOut:
    """How many listings were left out, and why; each is counted once, for the first reason that held."""

    @property
    def unlike(self) -> int:
        """Another make, model, year, trim or mileage than the tier asks for."""

    @property
    def own(self) -> int:
        """Our own vehicles."""

    @property
    def price(self) -> int:
        """No price, or one out of bounds."""

    @property
    def branded(self) -> int:
        """Branded titles."""

    @property
    def new(self) -> int:
        """New cars."""

    @property
    def stale(self) -> int:
        """Too long on offer, or sold too long ago."""

    @property
    def distant(self) -> int:
        """Too far away."""

    @property
    def duplicate(self) -> int:
        """The same vehicle listed again."""

    @property
    def outlier(self) -> int:
        """Prices too far from the others."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ListedVehicle:
    """A vehicle as the website shows it."""

    @property
    def id(self) -> UUID:
        """The vehicle's id."""

    @property
    def status(self) -> VehicleStatus:
        """Where it stands: `available`, `pending`, `hold` or `sold`."""

    @property
    def featured(self) -> bool:
        """Shown on the homepage."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make, 1 to 100 characters."""

    @property
    def model(self) -> str:
        """Model, 1 to 100 characters."""

    @property
    def vin(self) -> str:
        """The VIN, or a chassis number of 5 to 17 characters before model year 1981; kept in upper case, unique."""

    @property
    def price(self) -> Decimal:
        """Our price, for which it is on sale."""

    @property
    def mileage(self) -> int:
        """Miles on the odometer; 0 for a new vehicle."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def stock_number(self) -> str | None:
        """Unique; the last 8 characters of the VIN where none is given, with a count behind them where another vehicle has these."""

    @property
    def msrp(self) -> Decimal | None:
        """The manufacturer's suggested retail price."""

    @property
    def exterior_color(self) -> str | None:
        """Exterior colour."""

    @property
    def interior_color(self) -> str | None:
        """Interior colour."""

    @property
    def transmission(self) -> str | None:
        """Transmission."""

    @property
    def engine(self) -> str | None:
        """Engine."""

    @property
    def fuel_type(self) -> str | None:
        """Fuel."""

    @property
    def drivetrain(self) -> str | None:
        """FWD, RWD, AWD or 4WD."""

    @property
    def body_style(self) -> str | None:
        """Sedan, SUV, truck and the like."""

    @property
    def doors(self) -> int | None:
        """Number of doors."""

    @property
    def mpg_city(self) -> int | None:
        """City miles per gallon."""

    @property
    def mpg_highway(self) -> int | None:
        """Highway miles per gallon."""

    @property
    def description(self) -> str | None:
        """Text for the advertisement."""

    @property
    def thumbnail(self) -> str | None:
        """The main picture."""

    @property
    def condition(self) -> str | None:
        """Condition."""

    @property
    def title_status(self) -> str | None:
        """Clean, salvage, rebuilt and the like."""

    @property
    def owners(self) -> int | None:
        """Number of previous owners."""

    @property
    def accidents(self) -> int | None:
        """Number of reported accidents."""

    @property
    def service_records(self) -> bool | None:
        """Whether service records are at hand."""

    @property
    def warranty(self) -> str | None:
        """Warranty."""

    @property
    def carfax_url(self) -> str | None:
        """Carfax report."""

    @property
    def autocheck_url(self) -> str | None:
        """AutoCheck report."""

    @property
    def features(self) -> list[str]:
        """Equipment, line by line."""

    @property
    def images(self) -> list[str]:
        """Picture URLs, the first one foremost."""

    @property
    def listed_at(self) -> datetime | None:
        """When it went on sale."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Listing:
    """A vehicle on a competitor's website."""

    @property
    def id(self) -> UUID:
        """The listing's id."""

    @property
    def competitor_id(self) -> UUID:
        """Who offers it."""

    @property
    def external_id(self) -> str | None:
        """The website's own id for the vehicle."""

    @property
    def vin(self) -> str | None:
        """The VIN."""

    @property
    def stock_number(self) -> str | None:
        """The dealer's stock number."""

    @property
    def year(self) -> int | None:
        """Model year."""

    @property
    def make(self) -> str | None:
        """Make."""

    @property
    def model(self) -> str | None:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def price(self) -> Decimal | None:
        """The asking price."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def exterior_color(self) -> str | None:
        """Exterior colour."""

    @property
    def transmission(self) -> str | None:
        """Transmission."""

    @property
    def fuel_type(self) -> str | None:
        """Fuel."""

    @property
    def body_style(self) -> str | None:
        """Body style."""

    @property
    def url(self) -> str | None:
        """The vehicle's own page."""

    @property
    def image_url(self) -> str | None:
        """The first photo."""

    @property
    def first_seen_at(self) -> datetime:
        """When it was first seen."""

    @property
    def last_seen_at(self) -> datetime:
        """When it was last seen."""

    @property
    def is_sold(self) -> bool:
        """Whether it counts as sold."""

    @property
    def is_unseen(self) -> bool:
        """Whether its dealer's website shows it no more, and it is not sold yet: missing since `last_seen_at`."""

    @property
    def sold_at(self) -> datetime | None:
        """When it was sold."""

    @property
    def days_on_market(self) -> int:
        """Whole days from the first sighting to the sale, or to now."""

    @property
    def raw_data(self) -> Any | None:
        """What else the website said."""

    @property
    def created_at(self) -> datetime | None:
        """When it was entered."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last."""

    @property
    def unconfirmed_price(self) -> Decimal | None:
        """A price read once that is too unlikely to be believed before it is read again."""

    @property
    def lowest_price(self) -> Decimal | None:
        """The lowest price ever believed."""

    @property
    def p_return(self) -> float | None:
        """The chance that it comes back, from 0 to 1, if it was found sold by its absence."""

    @property
    def stock_status(self) -> StockStatus | None:
        """Where it stands by its website's word: `in_stock`, `in_transit`, `in_production` or `sale_pending`."""

    @property
    def sale_status(self) -> SaleStatus | None:
        """How far its sale has come, as the website says: `available` or `pending`."""

    @property
    def title_brand(self) -> TitleBrand | None:
        """What its title says, as the website says: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`."""

    @property
    def condition(self) -> Condition | None:
        """Whether it is offered as `new`, `used` or `certified`."""

    @property
    def odometer_status(self) -> OdometerStatus | None:
        """What the website says of the odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class LotVerdict:
    """What the owner's word about a doubted lot changed."""

    @property
    def competitor_id(self) -> UUID:
        """Whose lot it is."""

    @property
    def competitor(self) -> str:
        """The competitor's name."""

    @property
    def observed_at(self) -> datetime:
        """When the newest scrape looked."""

    @property
    def scrapes(self) -> int:
        """How many scrapes are believed now, or discarded."""

    @property
    def sold(self) -> list[SoldVehicle]:
        """What is found sold now, because the lot is believed."""

    @property
    def on_sale_again(self) -> list[RecordedVehicle]:
        """What the discarded scrape alone had found sold."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MarketOverview:
    """How the unsold vehicles stand in the market, at today's prices against the medians of their last analyses."""

    @property
    def vehicles(self) -> int:
        """Unsold vehicles."""

    @property
    def high(self) -> int:
        """Priced above the market."""

    @property
    def low(self) -> int:
        """Priced below the market."""

    @property
    def competitive(self) -> int:
        """Priced within the market."""

    @property
    def insufficient_data(self) -> int:
        """Analysed, with too few comparables."""

    @property
    def not_analyzed(self) -> int:
        """Never analysed."""

    @property
    def average_difference_percent(self) -> float | None:
        """The mean of how far the prices are from their medians, in percent; `None` where no vehicle has a median."""

    @property
    def needs_analysis(self) -> int:
        """Vehicles that the next run would take: never analysed, or not lately."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MarketPrice:
    """A point of a vehicle's price history: our price, and the market's where an analysis recorded it."""

    @property
    def id(self) -> UUID:
        """The point's id."""

    @property
    def our_price(self) -> Decimal:
        """Our price of the time."""

    @property
    def median_market_price(self) -> Decimal | None:
        """The raw median of the time."""

    @property
    def min_market_price(self) -> Decimal | None:
        """The lowest raw price of the time."""

    @property
    def sample_size(self) -> int | None:
        """How many comparables; `None` where only our price changed."""

    @property
    def recorded_at(self) -> datetime | None:
        """When it was recorded."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MarketView:
    """The competitors' cars, in total and by make and model."""

    @property
    def total(self) -> ModelFigures:
        """All that match the filter; its make, model and year are `None`."""

    @property
    def left_out(self) -> UncountedListings:
        """What matches the filter and is not counted."""

    @property
    def models(self) -> list[ModelFigures]:
        """The lines, those with the most listings on sale first."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Me:
    """Who acts, and what that actor may do."""

    @property
    def user(self) -> User | None:
        """The member of staff; `None` for the system."""

    @property
    def token_id(self) -> UUID | None:
        """The API token, if one is used."""

    @property
    def role(self) -> Role | None:
        """What the actor may do now; `None` for the system, which may do everything."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Metrics:
    """A competitor's figures after a scrape."""

    @property
    def total_inventory(self) -> int:
        """Listings that are not sold, unseen ones included."""

    @property
    def avg_price(self) -> Decimal | None:
        """Their average price."""

    @property
    def avg_days_on_market(self) -> float | None:
        """The average days on the market of the lately sold."""

    @property
    def vehicles_sold_30d(self) -> int:
        """Sales of 30 days."""

    @property
    def price_changes_30d(self) -> int:
        """Price changes of 30 days."""

    @property
    def new_listings_30d(self) -> int:
        """New listings of 30 days."""

    @property
    def calculated_at(self) -> datetime:
        """When this was calculated."""

    @property
    def unseen(self) -> int | None:
        """Of those that are not sold, the ones that the website shows no more; `None` where it was not counted."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MigrationReport:
    """The result of a migration."""

    @property
    def applied(self) -> list[str]:
        """The names of the applied migrations, in order; empty if the schema was current."""

    @property
    def version(self) -> str:
        """The version of the schema afterwards."""

    @property
    def findings(self) -> list[Finding]:
        """What was found in the rows, and what became of it; empty if they are as jpauto writes them."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MissingSource:
    """A source of listings that is configured and did not answer."""

    @property
    def source(self) -> Source:
        """Which one: `auto.dev`."""

    @property
    def code(self) -> str:
        """The stable word for why."""

    @property
    def message(self) -> str:
        """The same for a person."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ModelFigures:
    """The figures of one make and model, of one model year where the view is by year."""

    @property
    def make(self) -> str | None:
        """The make, spelled as one of the listings spells it."""

    @property
    def model(self) -> str | None:
        """The model, spelled likewise."""

    @property
    def year(self) -> int | None:
        """The model year, in a view by year."""

    @property
    def competitors(self) -> int:
        """Competitors that have one on sale."""

    @property
    def on_sale(self) -> int:
        """Vehicles on sale."""

    @property
    def priced(self) -> int:
        """Those of them that have a price which is no placeholder."""

    @property
    def median_price(self) -> Decimal | None:
        """The median of those prices."""

    @property
    def lowest_price(self) -> Decimal | None:
        """The lowest of them."""

    @property
    def highest_price(self) -> Decimal | None:
        """The highest of them."""

    @property
    def median_days_on_market(self) -> float | None:
        """The median of the days that the vehicles on sale have been there."""

    @property
    def price_cuts_7d(self) -> int:
        """Vehicles on sale that are cheaper than at some moment of the last seven days."""

    @property
    def sold_30d(self) -> int:
        """Vehicles sold within 30 days, without those that changed lots."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class MonthOfSales:
    """The sales of one month."""

    @property
    def month(self) -> str:
        """The month, such as `2026-11`."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def value(self) -> Decimal:
        """The sum of what the buyers paid, or of our prices where that is not known."""

    @property
    def average_days_to_sell(self) -> float | None:
        """The mean of the days from `listed_at` to the sale; `None` without a sale."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Notification:
    """What one receiver of a channel is told of one event."""

    @property
    def id(self) -> UUID:
        """The notification's id."""

    @property
    def event_id(self) -> UUID:
        """The event, the same for every channel; webhooks have it in `webhook-id`."""

    @property
    def event(self) -> NotificationEvent:
        """What has happened, such as `submission.created`."""

    @property
    def channel(self) -> str:
        """The channel that is told: `email`, or the name of a webhook."""

    @property
    def receiver(self) -> str | None:
        """The address that a mail goes to. A webhook has none."""

    @property
    def status(self) -> NotificationStatus:
        """How it stands: `waiting`, `delivered`, `given_up` or `unknown`."""

    @property
    def attempts(self) -> int:
        """How often it was tried."""

    @property
    def raised_at(self) -> datetime:
        """When the event happened."""

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried next."""

    @property
    def ended_at(self) -> datetime | None:
        """When it was delivered or given up."""

    @property
    def error(self) -> str | None:
        """Why the last try failed."""

    @property
    def answer(self) -> str | None:
        """What the receiver answered last."""

    @property
    def data(self) -> Any:
        """The ids and figures of the event."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Omission:
    """A vehicle that a feed does not carry, or a value that it leaves empty."""

    @property
    def vehicle_id(self) -> UUID:
        """The vehicle's id."""

    @property
    def vin(self) -> str:
        """Its VIN."""

    @property
    def stock_number(self) -> str | None:
        """Its stock number."""

    @property
    def what(self) -> Omitted:
        """Whether the whole `vehicle` was left out, or a `value` of it; `missing` where it has no such value, which the platform wants."""

    @property
    def field(self) -> str:
        """The column of the feed, or the field of the vehicle."""

    @property
    def reason(self) -> str:
        """What was wrong."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Orphans:
    """Objects that no row names."""

    @property
    def dry_run(self) -> bool:
        """Whether they were counted only."""

    @property
    def objects(self) -> int:
        """How many there are, or were."""

    @property
    def bytes(self) -> int:
        """Their size together."""

    @property
    def first(self) -> list[StoredObject]:
        """The first hundred of them."""

    @property
    def stopped(self) -> bool:
        """Whether it was told to end before all were looked at."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class PartitionProgress:
    """How far the tables of competitors are copied."""

    @property
    def done(self) -> int:
        """How many competitors are copied, with all that belongs to them."""

    @property
    def total(self) -> int:
        """How many there are."""

    @property
    def rows(self) -> int:
        """How many rows this call has copied."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class PartitionReport:
    """What became of the tables of competitors."""

    @property
    def partitions(self) -> int:
        """In how many partitions they are now; 0 where they are whole."""

    @property
    def before(self) -> int:
        """In how many they were before."""

    @property
    def rows(self) -> int:
        """How many rows this call has copied."""

    @property
    def stopped(self) -> bool:
        """Whether the call was ended early: the copy stays, and the next call goes on."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Photo:
    """A picture of a vehicle or of a submission."""

    @property
    def id(self) -> str:
        """By which it is reordered, chosen and removed."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def small_url(self) -> str | None:
        """The address of the small photo; `None` for a picture of another website."""

    @property
    def is_thumbnail(self) -> bool:
        """Whether it is the vehicle's main picture."""

    @property
    def is_stored(self) -> bool:
        """Whether the storage keeps it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Position:
    """Where our price stands among the adjusted prices."""

    @property
    def difference_percent(self) -> float:
        """How far our price is from the median, in percent of the median."""

    @property
    def price_to_market_percent(self) -> float:
        """Our price in percent of the median."""

    @property
    def percentile(self) -> float:
        """The share of comparables that are strictly cheaper, in percent."""

    @property
    def rank(self) -> int:
        """Our place from the cheapest, which is 1."""

    @property
    def cheaper(self) -> int:
        """Comparables strictly cheaper."""

    @property
    def dearer(self) -> int:
        """Comparables strictly dearer."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class PriceChange:
    """A vehicle with a new price."""

    @property
    def id(self) -> UUID:
        """The listing's id."""

    @property
    def vin(self) -> str | None:
        """The VIN."""

    @property
    def stock_number(self) -> str | None:
        """The dealer's stock number."""

    @property
    def year(self) -> int | None:
        """Model year."""

    @property
    def make(self) -> str | None:
        """Make."""

    @property
    def model(self) -> str | None:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def price(self) -> Decimal | None:
        """The asking price."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def url(self) -> str | None:
        """The vehicle's own page."""

    @property
    def before(self) -> Decimal:
        """The price before."""

    @property
    def after(self) -> Decimal:
        """The price from now on."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class PricePoint:
    """A point of a listing's price history."""

    @property
    def price(self) -> Decimal:
        """The price from this time on."""

    @property
    def min_price(self) -> Decimal | None:
        """The lowest price up to this time."""

    @property
    def mileage(self) -> int | None:
        """The mileage shown with it."""

    @property
    def recorded_at(self) -> datetime:
        """When it was observed."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class PricedComparable:
    """A comparable and what it would cost with the mileage and year of our vehicle."""

    @property
    def source(self) -> Source:
        """Where it was found: `competitor` or `auto.dev`."""

    @property
    def vin(self) -> str | None:
        """The VIN as listed."""

    @property
    def external_id(self) -> str | None:
        """The id of the listing within its source; for a competitor's listing, the id of our row."""

    @property
    def url(self) -> str | None:
        """The page of the listing."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim."""

    @property
    def price(self) -> Decimal | None:
        """The asking price, or the last one."""

    @property
    def mileage(self) -> int | None:
        """Miles; below zero counts as unknown."""

    @property
    def distance_miles(self) -> float | None:
        """Miles from us."""

    @property
    def dealer(self) -> str | None:
        """The dealer that offers it."""

    @property
    def first_seen_at(self) -> datetime:
        """When the listing was first seen."""

    @property
    def last_seen_at(self) -> datetime:
        """When it was last seen."""

    @property
    def sold_at(self) -> datetime | None:
        """When it was sold. A time in the future counts as not sold."""

    @property
    def branded(self) -> bool:
        """Whether its title is known to be branded. False says only that nothing is known against it."""

    @property
    def title_brand(self) -> TitleBrand | None:
        """What its title is said to be: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`."""

    @property
    def condition(self) -> Condition | None:
        """Whether it is offered as `new`, `used` or `certified`."""

    @property
    def odometer_status(self) -> OdometerStatus | None:
        """What is said of its odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`. Miles that it has not gone are
        left out.
        """

    @property
    def sale_status(self) -> SaleStatus | None:
        """How far its sale has come: `available` or `pending`."""

    @property
    def adjusted_price(self) -> Decimal:
        """Its price adjusted to our vehicle."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Progress:
    """The progress of a run, after each vehicle."""

    @property
    def total(self) -> int:
        """Vehicles that the run set out to analyse."""

    @property
    def done(self) -> int:
        """Vehicles dealt with so far, whether it went well or not."""

    @property
    def insufficient(self) -> int:
        """Of those, too few comparables."""

    @property
    def failed(self) -> int:
        """Of those, failed."""

    @property
    def vehicle(self) -> UUID:
        """The vehicle just dealt with."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ReadingScore:
    """How much of what matters the listings say."""

    @property
    def percent(self) -> int:
        """0 to 100; 0 where there is no listing."""

    @property
    def parts(self) -> list[ScorePart]:
        """Each part with its weight and share."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Reason:
    """One reason for a result."""

    @property
    def code(self) -> str:
        """The stable word, such as `above_market`."""

    @property
    def details(self) -> Any:
        """The figures behind it; amounts are texts here."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RecordReport:
    """What recording a scrape did."""

    @property
    def competitor_id(self) -> UUID:
        """Whose lot it is."""

    @property
    def competitor(self) -> str:
        """The competitor's name."""

    @property
    def added(self) -> bool:
        """Whether the competitor was not known before."""

    @property
    def scrape_id(self) -> UUID:
        """The scrape's id."""

    @property
    def observed_at(self) -> datetime:
        """When the pages were fetched."""

    @property
    def complete(self) -> bool:
        """Whether the whole lot was seen."""

    @property
    def incomplete_reason(self) -> IncompleteReason | None:
        """Why not, such as `many_missing`: the gravest doubt."""

    @property
    def doubts(self) -> list[IncompleteReason]:
        """All the doubts about it, the gravest first."""

    @property
    def weight(self) -> float:
        """How far its silence is believed, from 0 to 1: 1 means that a car it did not show was not there."""

    @property
    def counts(self) -> ScrapeCounts:
        """What changed, in numbers."""

    @property
    def new(self) -> list[RecordedVehicle]:
        """Vehicles not seen before."""

    @property
    def updated(self) -> list[ChangedVehicle]:
        """Known vehicles of which more than the time changed."""

    @property
    def price_changes(self) -> list[PriceChange]:
        """Believed changes of a price."""

    @property
    def sold(self) -> list[SoldVehicle]:
        """Vehicles that turned sold, by absence or by the website's own word."""

    @property
    def relisted(self) -> list[RecordedVehicle]:
        """Sold vehicles on sale again."""

    @property
    def refused(self) -> list[RefusedListing]:
        """What was not recorded."""

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """Doubts about the pages that the listings were read from."""

    @property
    def metrics(self) -> Metrics:
        """The competitor's figures after it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RecordedVehicle:
    """A competitor's vehicle, in the words by which a person knows it."""

    @property
    def id(self) -> UUID:
        """The listing's id."""

    @property
    def vin(self) -> str | None:
        """The VIN."""

    @property
    def stock_number(self) -> str | None:
        """The dealer's stock number."""

    @property
    def year(self) -> int | None:
        """Model year."""

    @property
    def make(self) -> str | None:
        """Make."""

    @property
    def model(self) -> str | None:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def price(self) -> Decimal | None:
        """The asking price."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def url(self) -> str | None:
        """The vehicle's own page."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RefusedListing:
    """A listing that was not recorded."""

    @property
    def index(self) -> int:
        """Its place among the listings handed in, from zero."""

    @property
    def reason(self) -> RefusalReason:
        """Why, such as `no_identity`."""

    @property
    def message(self) -> str:
        """The same for a person."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RefusedRow:
    """A row that was refused."""

    @property
    def row(self) -> int:
        """The line on which it begins, or its row in a worksheet."""

    @property
    def vin(self) -> str | None:
        """Its VIN as it is written."""

    @property
    def stock_number(self) -> str | None:
        """Its stock number as it is written."""

    @property
    def faults(self) -> list[RowFault]:
        """What is wrong with it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ResearchResult:
    """The last analysis of a vehicle as it is kept.

    The words and the analysis are `None` where another program, or another release, wrote what this one cannot read.
    """

    @property
    def id(self) -> UUID:
        """The row's id; it stays the same from analysis to analysis."""

    @property
    def inventory_id(self) -> UUID:
        """The vehicle."""

    @property
    def median_price(self) -> Decimal | None:
        """Median of the raw prices."""

    @property
    def min_price(self) -> Decimal | None:
        """Lowest raw price."""

    @property
    def max_price(self) -> Decimal | None:
        """Highest raw price."""

    @property
    def sample_size(self) -> int:
        """Kept comparables."""

    @property
    def price_recommendation(self) -> Recommendation | None:
        """How the price compared with the market: `high`, `low`, `competitive` or `insufficient_data`."""

    @property
    def data_source(self) -> DataSource | None:
        """Where the comparables came from."""

    @property
    def last_analyzed_at(self) -> datetime | None:
        """When it was analysed last."""

    @property
    def analysis(self) -> Analysis | None:
        """Everything that the analysis found."""

    @property
    def created_at(self) -> datetime | None:
        """When the vehicle was analysed first."""

    @property
    def updated_at(self) -> datetime | None:
        """When the row was written last."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RowFault:
    """What is wrong with a row."""

    @property
    def code(self) -> str:
        """What it is, one of the error codes. It stays the same across releases."""

    @property
    def column(self) -> str | None:
        """The name of the column in the file; `None` if it is about the whole row."""

    @property
    def field(self) -> str | None:
        """The field of the vehicle."""

    @property
    def value(self) -> str | None:
        """What stands in the cell of the file, cut where it is long."""

    @property
    def message(self) -> str:
        """What is wrong, and what is expected."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RowWarning:
    """Something to look at twice."""

    @property
    def row(self) -> int:
        """The line on which the row begins, or its row in a worksheet."""

    @property
    def message(self) -> str:
        """What is doubtful."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Run:
    """A run of a job."""

    @property
    def id(self) -> UUID:
        """The run's id."""

    @property
    def job_name(self) -> RunKind | str:
        """The job's name; older applications may have written other names."""

    @property
    def status(self) -> RunStatus:
        """How it stands: `running`, `success`, `partial`, `failure` or `unknown`."""

    @property
    def started_at(self) -> datetime | None:
        """When it began."""

    @property
    def completed_at(self) -> datetime | None:
        """When it ended."""

    @property
    def duration_ms(self) -> int | None:
        """How long it took, in milliseconds."""

    @property
    def result(self) -> Any | None:
        """What it did."""

    @property
    def error(self) -> str | None:
        """Why it failed: `interrupted`, `cancelled`, or the code and the message of an error."""

    @property
    def scheduled_for(self) -> datetime | None:
        """The time of its schedule that it answers to; `None` where somebody asked for it."""

    @property
    def requested_by(self) -> UUID | None:
        """The user who asked for it, also through a token; `None` for the program itself."""

    @property
    def token_id(self) -> UUID | None:
        """The API token that it was asked for through."""

    @property
    def user_agent(self) -> str | None:
        """The client that it was asked for with, such as the command line."""

    @property
    def options(self) -> dict[str, Any] | None:
        """What it was to do otherwise than by itself."""

    @property
    def progress(self) -> RunProgress | None:
        """How far it has come."""

    @property
    def cancel_requested_at(self) -> datetime | None:
        """When somebody asked for its end."""

    @property
    def holder(self) -> str | None:
        """The process that makes it, or made it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class RunProgress:
    """How far a run has come."""

    @property
    def done(self) -> int:
        """Items that are done, failed ones included."""

    @property
    def total(self) -> int | None:
        """Of how many, where that is known."""

    @property
    def failed(self) -> int:
        """Of those that are done, the ones that failed."""

    @property
    def message(self) -> str | None:
        """What is being done."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SaleCount:
    """A number of sales and what they brought."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def value(self) -> Decimal:
        """The sum of what the buyers paid, or of our prices where that is not known."""

    @property
    def average_days_to_sell(self) -> float | None:
        """The mean of the days from `listed_at` to the sale; `None` without a sale."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SalesStatistics:
    """Sales over all time, of cars that came back since, too. An undone sale is none."""

    @property
    def total(self) -> SaleCount:
        """All sales."""

    @property
    def came_back(self) -> int:
        """How many of them were of cars that are in stock again, or were sold once more."""

    @property
    def by_month(self) -> list[MonthOfSales]:
        """By month of the sale where the dealership is, latest first; months without a sale are left out."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScorePart:
    """One part of a score."""

    @property
    def name(self) -> str:
        """`identity`, `price`, `vehicle`, `mileage`, `url` or `image`."""

    @property
    def weight(self) -> int:
        """What it weighs."""

    @property
    def share(self) -> float:
        """The share of listings that have it, 0 to 1."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapeCounts:
    """How many listings a scrape found and what became of them."""

    @property
    def listings_found(self) -> int:
        """Listings handed in."""

    @property
    def vehicles(self) -> int:
        """Different vehicles among them."""

    @property
    def new(self) -> int:
        """Vehicles not seen before."""

    @property
    def seen_again(self) -> int:
        """Known listings seen again, whether anything changed or not."""

    @property
    def updated(self) -> int:
        """Of those, listings of which more than the time changed."""

    @property
    def price_changes(self) -> int:
        """Believed changes of a price."""

    @property
    def sold(self) -> int:
        """Listings that turned sold."""

    @property
    def relisted(self) -> int:
        """Sold listings on sale again."""

    @property
    def duplicates(self) -> int:
        """Listings that repeat another of the same scrape."""

    @property
    def refused(self) -> int:
        """Listings that could not be recorded."""

    @property
    def absences(self) -> int:
        """Listings that have now been missing for three days (`return_from_days`). If they are seen again, that is a
        return.
        """

    @property
    def returns(self) -> int:
        """Listings that were seen again after they had been missing for three days or more."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapeFailure:
    """A scrape that failed."""

    @property
    def competitor_id(self) -> UUID:
        """Whose lot it is."""

    @property
    def competitor(self) -> str:
        """The competitor's name."""

    @property
    def code(self) -> str:
        """The stable word for what went wrong."""

    @property
    def message(self) -> str:
        """The same for a person."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapeProgress:
    """What just happened in a run of scrapes, and how far the whole run has come."""

    @property
    def event(self) -> ScrapeEvent:
        """What happened: `page`, `recorded`, `failed`, `skipped`, or `waiting` where nothing did for a moment."""

    @property
    def competitor(self) -> str | None:
        """The competitor that it happened to."""

    @property
    def page(self) -> int | None:
        """Which page it is, from 1."""

    @property
    def done(self) -> int:
        """Competitors whose scrape is recorded."""

    @property
    def failed(self) -> int:
        """Competitors whose scrape failed."""

    @property
    def total(self) -> int:
        """Competitors that the run is to scrape, those done and failed included."""

    @property
    def running(self) -> int:
        """Competitors that are being scraped."""

    @property
    def listings(self) -> int:
        """Listings read so far, on pages of all competitors."""

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far; `None` before anything is known."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapeRecord:
    """One scrape of a competitor."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def competitor_id(self) -> UUID:
        """Whose lot it saw."""

    @property
    def observed_at(self) -> datetime:
        """When the pages were fetched."""

    @property
    def complete(self) -> bool:
        """Whether it saw the whole lot."""

    @property
    def incomplete_reason(self) -> IncompleteReason | None:
        """Why not, such as `many_missing`: the gravest doubt."""

    @property
    def doubts(self) -> list[IncompleteReason]:
        """All the doubts about it, the gravest first."""

    @property
    def weight(self) -> float:
        """How far its silence is believed, from 0 to 1: 1 means that a car it did not show was not there."""

    @property
    def pages_fetched(self) -> int | None:
        """Pages read; `None` if the listings were not read from pages."""

    @property
    def total_claimed(self) -> int | None:
        """The total that the website itself claims."""

    @property
    def counts(self) -> ScrapeCounts:
        """What it changed."""

    @property
    def error(self) -> str | None:
        """What went wrong, for a person."""

    @property
    def error_type(self) -> ScrapeErrorType | None:
        """What went wrong, for a program."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapeReport:
    """What a run of scrapes did."""

    @property
    def recorded(self) -> list[ScrapeSummary]:
        """The scrapes that were recorded, in the order in which they ended."""

    @property
    def failed(self) -> list[ScrapeFailure]:
        """Those that failed."""

    @property
    def skipped(self) -> int:
        """Competitors that other processes took on."""

    @property
    def remaining(self) -> int:
        """Competitors that were due and not begun."""

    @property
    def stopped(self) -> bool:
        """Whether it was told to end."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapeSummary:
    """A scrape that was recorded, in brief."""

    @property
    def competitor_id(self) -> UUID:
        """Whose lot it is."""

    @property
    def competitor(self) -> str:
        """The competitor's name."""

    @property
    def scrape_id(self) -> UUID:
        """The scrape's id."""

    @property
    def complete(self) -> bool:
        """Whether the whole lot was seen."""

    @property
    def incomplete_reason(self) -> IncompleteReason | None:
        """Why not, such as `many_missing`: the gravest doubt."""

    @property
    def counts(self) -> ScrapeCounts:
        """What changed, in numbers."""

    @property
    def warnings(self) -> int:
        """How many warnings there are about the pages."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ScrapedListing:
    """A vehicle as a website shows it; what the website does not say is `None`."""

    @property
    def external_id(self) -> str | None:
        """The website's own id for the vehicle."""

    @property
    def vin(self) -> str | None:
        """The VIN, seventeen characters in capitals."""

    @property
    def stock_number(self) -> str | None:
        """The dealer's stock number."""

    @property
    def year(self) -> int | None:
        """The model year."""

    @property
    def make(self) -> str | None:
        """The make, such as `Ford`."""

    @property
    def model(self) -> str | None:
        """The model, such as `Silverado 1500`."""

    @property
    def trim(self) -> str | None:
        """The trim level, such as `LT`."""

    @property
    def price(self) -> Decimal | None:
        """The asking price in dollars."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def exterior_color(self) -> str | None:
        """The colour of the body."""

    @property
    def transmission(self) -> str | None:
        """The transmission as the website words it."""

    @property
    def fuel_type(self) -> str | None:
        """The fuel as the website words it."""

    @property
    def body_style(self) -> str | None:
        """The body style as the website words it."""

    @property
    def url(self) -> str | None:
        """The absolute address of the vehicle's own page."""

    @property
    def image_url(self) -> str | None:
        """The absolute address of the first photo."""

    @property
    def stock_status(self) -> StockStatus | None:
        """Where it stands, as the website says: `in_stock`, `in_transit`, `in_production` or `sale_pending`."""

    @property
    def sale_status(self) -> SaleStatus | None:
        """How far its sale has come, as the website says: `available` or `pending`."""

    @property
    def title_brand(self) -> TitleBrand | None:
        """What its title says, as the website says: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`."""

    @property
    def condition(self) -> Condition | None:
        """Whether it is offered as `new`, `used` or `certified`."""

    @property
    def odometer_status(self) -> OdometerStatus | None:
        """What the website says of the odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`."""

    @property
    def is_sold(self) -> bool | None:
        """What the website itself says about a sale; `None` where it says nothing."""

    @property
    def sold_at(self) -> datetime | None:
        """When the website itself says that it was sold."""

    @property
    def related(self) -> bool | None:
        """`True` for a vehicle that is only suggested on the own page of another one; a scrape leaves it out."""

    @property
    def raw_data(self) -> Any | None:
        """What else the website said and a person may want to see, as it said it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SearchParameters:
    """The search that was made: everything needed to make it again."""

    @property
    def tier(self) -> int:
        """Which tier was taken, from 1."""

    @property
    def searched_at(self) -> datetime:
        """When the search was made; all ages count from here."""

    @property
    def make(self) -> str:
        """Make."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim, where the search was narrowed to it."""

    @property
    def year_min(self) -> int:
        """First model year."""

    @property
    def year_max(self) -> int:
        """Last model year."""

    @property
    def mileage_min(self) -> int | None:
        """Fewest miles, where those of our vehicle are known."""

    @property
    def mileage_max(self) -> int | None:
        """Most miles, where those of our vehicle are known."""

    @property
    def radius_miles(self) -> float:
        """Greatest distance."""

    @property
    def listed_within_days(self) -> int:
        """Longest time on offer."""

    @property
    def sold_within_days(self) -> int:
        """Longest time since the sale."""

    @property
    def price_min(self) -> Decimal:
        """Lowest price believed."""

    @property
    def price_max(self) -> Decimal:
        """Highest price believed."""

    @property
    def branded(self) -> bool:
        """Whether branded titles were let in."""

    @property
    def auto_dev(self) -> list[AutoDevSearch]:
        """What was asked of auto.dev, and how much of the answers was read; empty where it was not asked."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SheetShape:
    """How a file is written."""

    @property
    def format(self) -> SheetFormat:
        """The kind of file: `delimited`, `json_lines` or `xlsx`."""

    @property
    def encoding(self) -> SheetEncoding | None:
        """The encoding of its text; `None` for a workbook."""

    @property
    def delimiter(self) -> str | None:
        """What stands between the values."""

    @property
    def sheet(self) -> str | None:
        """The worksheet."""

    @property
    def header(self) -> int | None:
        """The line or row with the names of the columns; `None` where every row names its own."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SignedUpload:
    """Where and how the announced file is uploaded."""

    @property
    def key(self) -> str:
        """What `attach` is given after the upload."""

    @property
    def method(self) -> str:
        """`PUT`."""

    @property
    def url(self) -> str:
        """The address. Whoever has it can upload."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the request must have: a dictionary."""

    @property
    def expires_at(self) -> datetime:
        """When the address ends."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SoldHeldBack:
    """Why the vehicles that are missing from a file were not marked sold."""

    @property
    def reason(self) -> str:
        """`more_than_half`, which can be confirmed, or `rows_refused`: it is not known which vehicles those are."""

    @property
    def missing(self) -> int | None:
        """How many are missing."""

    @property
    def in_stock(self) -> int | None:
        """How many vehicles were in stock before."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SoldVehicle:
    """A vehicle that turned sold, as it was seen last."""

    @property
    def id(self) -> UUID:
        """The listing's id."""

    @property
    def vin(self) -> str | None:
        """The VIN."""

    @property
    def stock_number(self) -> str | None:
        """The dealer's stock number."""

    @property
    def year(self) -> int | None:
        """Model year."""

    @property
    def make(self) -> str | None:
        """Make."""

    @property
    def model(self) -> str | None:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def price(self) -> Decimal | None:
        """The asking price."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def url(self) -> str | None:
        """The vehicle's own page."""

    @property
    def sold_at(self) -> datetime:
        """The first scrape after its last sighting, whatever the doubts about that scrape, or the day on which the website
        says that it was sold.
        """

    @property
    def days_on_market(self) -> int:
        """Whole days from the first sighting."""

    @property
    def p_return(self) -> float | None:
        """The chance that it comes back, from 0 to 1, where it was found sold by its absence."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Statistics:
    """Counts and sums over the vehicles that are not sold."""

    @property
    def total(self) -> StockCount:
        """The vehicles that are not sold."""

    @property
    def by_status(self) -> list[StatusCount]:
        """By status; this includes the sold vehicles."""

    @property
    def by_age(self) -> list[AgeCount]:
        """By days in stock, without the sold vehicles."""

    @property
    def average_days_in_stock(self) -> float | None:
        """The mean of the days in stock; `None` if every vehicle is sold."""

    @property
    def sales(self) -> SalesStatistics:
        """What was sold, cars that came back since included."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StatusCount:
    """The vehicles in one status."""

    @property
    def status(self) -> VehicleStatus:
        """The status."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def value(self) -> Decimal:
        """The sum of their prices."""

    @property
    def cost(self) -> Decimal:
        """The sum of the known costs."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StockCount:
    """A number of vehicles and their value."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def value(self) -> Decimal:
        """The sum of their prices."""

    @property
    def cost(self) -> Decimal:
        """The sum of the known costs."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StockedVehicle:
    """A vehicle of the dealership and its age in stock."""

    @property
    def id(self) -> UUID:
        """The vehicle's id."""

    @property
    def status(self) -> VehicleStatus:
        """Where it stands: `available`, `pending`, `hold` or `sold`."""

    @property
    def featured(self) -> bool:
        """Shown on the homepage."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make, 1 to 100 characters."""

    @property
    def model(self) -> str:
        """Model, 1 to 100 characters."""

    @property
    def vin(self) -> str:
        """The VIN, or a chassis number of 5 to 17 characters before model year 1981; kept in upper case, unique."""

    @property
    def price(self) -> Decimal:
        """Our price, for which it is on sale."""

    @property
    def mileage(self) -> int:
        """Miles on the odometer; 0 for a new vehicle."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def stock_number(self) -> str | None:
        """Unique; the last 8 characters of the VIN where none is given, with a count behind them where another vehicle has these."""

    @property
    def cost(self) -> Decimal | None:
        """What the dealership paid; never public."""

    @property
    def msrp(self) -> Decimal | None:
        """The manufacturer's suggested retail price."""

    @property
    def exterior_color(self) -> str | None:
        """Exterior colour."""

    @property
    def interior_color(self) -> str | None:
        """Interior colour."""

    @property
    def transmission(self) -> str | None:
        """Transmission."""

    @property
    def engine(self) -> str | None:
        """Engine."""

    @property
    def fuel_type(self) -> str | None:
        """Fuel."""

    @property
    def drivetrain(self) -> str | None:
        """FWD, RWD, AWD or 4WD."""

    @property
    def body_style(self) -> str | None:
        """Sedan, SUV, truck and the like."""

    @property
    def doors(self) -> int | None:
        """Number of doors."""

    @property
    def mpg_city(self) -> int | None:
        """City miles per gallon."""

    @property
    def mpg_highway(self) -> int | None:
        """Highway miles per gallon."""

    @property
    def description(self) -> str | None:
        """Text for the advertisement."""

    @property
    def thumbnail(self) -> str | None:
        """The main picture."""

    @property
    def condition(self) -> str | None:
        """Condition."""

    @property
    def title_status(self) -> str | None:
        """Clean, salvage, rebuilt and the like."""

    @property
    def owners(self) -> int | None:
        """Number of previous owners."""

    @property
    def accidents(self) -> int | None:
        """Number of reported accidents."""

    @property
    def service_records(self) -> bool | None:
        """Whether service records are at hand."""

    @property
    def warranty(self) -> str | None:
        """Warranty."""

    @property
    def carfax_url(self) -> str | None:
        """Carfax report."""

    @property
    def autocheck_url(self) -> str | None:
        """AutoCheck report."""

    @property
    def features(self) -> list[str]:
        """Equipment, line by line."""

    @property
    def images(self) -> list[str]:
        """Picture URLs, the first one foremost."""

    @property
    def source_submission_id(self) -> UUID | None:
        """The submission that it came from."""

    @property
    def created_by(self) -> UUID | None:
        """Who entered it."""

    @property
    def updated_by(self) -> UUID | None:
        """Who changed it last."""

    @property
    def listed_at(self) -> datetime | None:
        """When it went on sale."""

    @property
    def sold_at(self) -> datetime | None:
        """When it was sold."""

    @property
    def created_at(self) -> datetime | None:
        """When it was entered."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last."""

    @property
    def warnings(self) -> list[VehicleWarning]:
        """What to look at twice: doubtful prices in the answer to the write that sets them, and that a chassis number is no VIN."""

    @property
    def days_in_stock(self) -> int:
        """Whole days from `listed_at` to `sold_at` or now."""

    @property
    def age_state(self) -> AgeState:
        """How the days compare with the turn policy: `good`, `warning` or `aged`."""

    @property
    def sale_price(self) -> Decimal | None:
        """What the buyer of a sold vehicle paid, where it is known."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StorageUsage:
    """How much room the storage takes."""

    @property
    def objects(self) -> int:
        """All objects."""

    @property
    def bytes(self) -> int:
        """Their size together."""

    @property
    def photos(self) -> int:
        """Of the objects, photos; each has two, one of them small."""

    @property
    def uploads(self) -> int:
        """Of the objects, uploads that nobody has attached yet."""

    @property
    def others(self) -> int:
        """Of the objects, those of somebody else."""

    @property
    def limit_bytes(self) -> int:
        """How much may be kept."""

    @property
    def percent(self) -> int:
        """The share of the limit in hundredths, rounded down."""

    @property
    def largest(self) -> list[StoredObject]:
        """The ten largest objects, the largest first."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StoredObject:
    """An object of the storage."""

    @property
    def key(self) -> str:
        """Its key."""

    @property
    def bytes(self) -> int:
        """Its size."""

    @property
    def modified_at(self) -> datetime | None:
        """When it was written."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Submission:
    """A car that a customer offers."""

    @property
    def id(self) -> UUID:
        """The submission's id."""

    @property
    def submission_status(self) -> SubmissionStatus:
        """Where it stands: `pending`, `approved` or `rejected`."""

    @property
    def submitted_at(self) -> datetime | None:
        """When it came in."""

    @property
    def reviewed_at(self) -> datetime | None:
        """When it was decided."""

    @property
    def reviewed_by(self) -> UUID | None:
        """Who decided."""

    @property
    def rejection_reason(self) -> str | None:
        """Why it was turned down."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make, 1 to 100 characters."""

    @property
    def model(self) -> str:
        """Model, 1 to 100 characters."""

    @property
    def customer_name(self) -> str | None:
        """The customer's name."""

    @property
    def customer_email(self) -> str | None:
        """The customer's e-mail address."""

    @property
    def customer_phone(self) -> str | None:
        """The customer's telephone number."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def vin(self) -> str | None:
        """The VIN, or a chassis number of 5 to 17 characters before model year 1981; kept in upper case, unique among submissions."""

    @property
    def mileage(self) -> int | None:
        """Miles on the odometer."""

    @property
    def asking_price(self) -> Decimal | None:
        """What the customer asks."""

    @property
    def exterior_color(self) -> str | None:
        """Exterior colour."""

    @property
    def interior_color(self) -> str | None:
        """Interior colour."""

    @property
    def transmission(self) -> str | None:
        """Transmission."""

    @property
    def fuel_type(self) -> str | None:
        """Fuel."""

    @property
    def condition(self) -> str | None:
        """Condition."""

    @property
    def additional_notes(self) -> str | None:
        """Whatever else the customer wrote."""

    @property
    def images(self) -> list[str]:
        """Picture URLs, at most 40."""

    @property
    def created_at(self) -> datetime | None:
        """When it was entered."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last."""

    @property
    def warnings(self) -> list[SubmissionWarning]:
        """What a reviewer should look at twice."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class SubmissionWarning:
    """A doubt about a submission that does not refuse it."""

    @property
    def code(self) -> str:
        """The stable word, such as `vin_check_digit`."""

    @property
    def details(self) -> Any:
        """The figures behind it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Supply:
    """Supply and demand among the competitors' comparables."""

    @property
    def active(self) -> int:
        """On offer now."""

    @property
    def sold(self) -> int:
        """Sold within the window."""

    @property
    def market_days_supply(self) -> float | None:
        """Market days supply: for how many days the offer lasts at that pace; `None` where none was sold."""

    @property
    def days_on_market(self) -> float | None:
        """The median days on market of those sold, from first sight to sale; `None` where too few were sold."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class TestFailure:
    """Why a website could not be read."""

    @property
    def error_type(self) -> ScrapeErrorType:
        """As a scrape records it, such as `timeout`."""

    @property
    def message(self) -> str:
        """The same for a person."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class TestReport:
    """What a website that was tried out showed."""

    @property
    def url(self) -> str:
        """The address that was tried."""

    @property
    def inventory_url(self) -> str:
        """The page that lists the vehicles: the address itself, or what was found behind it."""

    @property
    def website_url(self) -> str | None:
        """The front page."""

    @property
    def site_name(self) -> str | None:
        """What the website calls the dealer."""

    @property
    def platform(self) -> str | None:
        """The platform, of those in `jpauto.extract.platforms()`."""

    @property
    def platform_certainty(self) -> PlatformCertainty:
        """How sure that is: `certain`, `possible`, `said` or `unknown`."""

    @property
    def technique(self) -> str | None:
        """What read the listings: a platform, `generic` for a configuration, `structured_data` or `cards`."""

    @property
    def endpoint(self) -> str | None:
        """The endpoint that gave the list as data, where one did."""

    @property
    def total_claimed(self) -> int | None:
        """How many vehicles the website claims to have."""

    @property
    def next(self) -> str | None:
        """Where the list goes on behind the last page that was read."""

    @property
    def pages(self) -> list[TestedPage]:
        """The pages or answers that were read."""

    @property
    def listings_found(self) -> int:
        """Vehicles on them, each once."""

    @property
    def listings(self) -> list[ScrapedListing]:
        """The first of them, whole."""

    @property
    def score(self) -> ReadingScore:
        """How much of what matters they say."""

    @property
    def warnings(self) -> list[ExtractionWarning]:
        """What a person should know before trusting it."""

    @property
    def failure(self) -> TestFailure | None:
        """Why nothing could be read at all."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class TestedPage:
    """A page or an answer that was read."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def listings(self) -> int:
        """Vehicles on it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Token:
    """An API token, without its secret."""

    @property
    def id(self) -> UUID:
        """The token's id."""

    @property
    def name(self) -> str:
        """What it is for."""

    @property
    def role(self) -> Role:
        """The most that it may do: `viewer`, `manager` or `admin`."""

    @property
    def user_id(self) -> UUID | None:
        """The user who created it and for whom it acts; `None` if the system did."""

    @property
    def created_at(self) -> datetime:
        """When it was created."""

    @property
    def expires_at(self) -> datetime | None:
        """When it ends by itself."""

    @property
    def last_used_at(self) -> datetime | None:
        """When it was last used, to the minute."""

    @property
    def revoked_at(self) -> datetime | None:
        """When it was revoked."""

    @property
    def user_email(self) -> str | None:
        """The address of that user."""

    @property
    def works(self) -> bool:
        """Whether it may act: it is not revoked and not at its end, and its user may act, too."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Trends:
    """How a competitor's figures moved within a week, and how fast the lot turns."""

    @property
    def since(self) -> datetime | None:
        """When the compared figures were calculated."""

    @property
    def total_inventory(self) -> int | None:
        """Change of the listings on sale."""

    @property
    def avg_price(self) -> Decimal | None:
        """Change of the average price."""

    @property
    def avg_days_on_market(self) -> float | None:
        """Change of the average days on the market."""

    @property
    def vehicles_sold_30d(self) -> int | None:
        """Change of the sales of 30 days."""

    @property
    def turnover(self) -> float | None:
        """Sales of 30 days divided by the sum of these sales and the listings on sale, from 0 to 1. `None` for an
        empty lot.
        """

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class TypicalMileage:
    """What mileage does to the prices of a model, as far as is known before its listings are looked at."""

    @property
    def per_mile(self) -> float:
        """The slope of the logarithm of the price on miles."""

    @property
    def spread(self) -> float:
        """The standard deviation of the slopes of models."""

    @property
    def scatter(self) -> float:
        """The standard deviation of the logarithm of the price about the line of one model and year."""

    @property
    def scatter_freedom(self) -> float:
        """As how many degrees of freedom the scatter counts beside that of the listings."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class UncountedListings:
    """Listings that were never found sold and do not count in the market any more: those of paused dealers, unseen ones, and
    those that no scrape has shown for two weeks.
    """

    @property
    def listings(self) -> int:
        """The listings."""

    @property
    def competitors(self) -> int:
        """The dealers that have one."""

    @property
    def paused(self) -> int:
        """Of those, the paused ones."""

    @property
    def failing(self) -> int:
        """Of those, the ones that no scrape has reached for as long."""

    @property
    def unseen(self) -> int:
        """Of the listings, those that are unseen, at dealers that are watched and read."""

    @property
    def doubtful_prices(self) -> int:
        """Besides, cars like ours at a price that is likelier a slip: they undercut nothing."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Undercut:
    """A competitor's car like one of ours, for less."""

    @property
    def vehicle_id(self) -> UUID:
        """Our vehicle's id."""

    @property
    def stock_number(self) -> str | None:
        """Our stock number."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Our trim."""

    @property
    def our_price(self) -> Decimal:
        """What we ask."""

    @property
    def our_mileage(self) -> int:
        """Our miles."""

    @property
    def listing_id(self) -> UUID:
        """Their listing's id."""

    @property
    def competitor_id(self) -> UUID:
        """Who offers it."""

    @property
    def competitor(self) -> str:
        """The competitor's name."""

    @property
    def their_trim(self) -> str | None:
        """Their trim."""

    @property
    def their_price(self) -> Decimal:
        """What they ask."""

    @property
    def their_mileage(self) -> int:
        """Their miles."""

    @property
    def url(self) -> str | None:
        """The page of their listing."""

    @property
    def difference(self) -> Decimal:
        """How much more we ask."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class User:
    """A staff account."""

    @property
    def id(self) -> UUID:
        """The account's id."""

    @property
    def email(self) -> str:
        """The address, in lower case; unique."""

    @property
    def name(self) -> str:
        """The full name."""

    @property
    def oauth_provider(self) -> Provider | str:
        """The provider of the sign-in: `google` or `microsoft`."""

    @property
    def oauth_id(self) -> str:
        """The user's id at the provider. An invited user has none yet; then it is `invited:` and the address."""

    @property
    def role(self) -> Role:
        """What the user may do: `viewer`, `manager` or `admin`."""

    @property
    def avatar_url(self) -> str | None:
        """A picture."""

    @property
    def last_login(self) -> datetime | None:
        """When the user last signed in."""

    @property
    def is_active(self) -> bool:
        """Whether the account is active."""

    @property
    def created_at(self) -> datetime | None:
        """When the account was made."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Vehicle:
    """A vehicle of the dealership."""

    @property
    def id(self) -> UUID:
        """The vehicle's id."""

    @property
    def status(self) -> VehicleStatus:
        """Where it stands: `available`, `pending`, `hold` or `sold`."""

    @property
    def featured(self) -> bool:
        """Shown on the homepage."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make, 1 to 100 characters."""

    @property
    def model(self) -> str:
        """Model, 1 to 100 characters."""

    @property
    def vin(self) -> str:
        """The VIN, or a chassis number of 5 to 17 characters before model year 1981; kept in upper case, unique."""

    @property
    def price(self) -> Decimal:
        """Our price, for which it is on sale."""

    @property
    def mileage(self) -> int:
        """Miles on the odometer; 0 for a new vehicle."""

    @property
    def trim(self) -> str | None:
        """Trim level."""

    @property
    def stock_number(self) -> str | None:
        """Unique; the last 8 characters of the VIN where none is given, with a count behind them where another vehicle has these."""

    @property
    def cost(self) -> Decimal | None:
        """What the dealership paid; never public."""

    @property
    def msrp(self) -> Decimal | None:
        """The manufacturer's suggested retail price."""

    @property
    def exterior_color(self) -> str | None:
        """Exterior colour."""

    @property
    def interior_color(self) -> str | None:
        """Interior colour."""

    @property
    def transmission(self) -> str | None:
        """Transmission."""

    @property
    def engine(self) -> str | None:
        """Engine."""

    @property
    def fuel_type(self) -> str | None:
        """Fuel."""

    @property
    def drivetrain(self) -> str | None:
        """FWD, RWD, AWD or 4WD."""

    @property
    def body_style(self) -> str | None:
        """Sedan, SUV, truck and the like."""

    @property
    def doors(self) -> int | None:
        """Number of doors."""

    @property
    def mpg_city(self) -> int | None:
        """City miles per gallon."""

    @property
    def mpg_highway(self) -> int | None:
        """Highway miles per gallon."""

    @property
    def description(self) -> str | None:
        """Text for the advertisement."""

    @property
    def thumbnail(self) -> str | None:
        """The main picture."""

    @property
    def condition(self) -> str | None:
        """Condition."""

    @property
    def title_status(self) -> str | None:
        """Clean, salvage, rebuilt and the like."""

    @property
    def owners(self) -> int | None:
        """Number of previous owners."""

    @property
    def accidents(self) -> int | None:
        """Number of reported accidents."""

    @property
    def service_records(self) -> bool | None:
        """Whether service records are at hand."""

    @property
    def warranty(self) -> str | None:
        """Warranty."""

    @property
    def carfax_url(self) -> str | None:
        """Carfax report."""

    @property
    def autocheck_url(self) -> str | None:
        """AutoCheck report."""

    @property
    def features(self) -> list[str]:
        """Equipment, line by line."""

    @property
    def images(self) -> list[str]:
        """Picture URLs, the first one foremost."""

    @property
    def source_submission_id(self) -> UUID | None:
        """The submission that it came from."""

    @property
    def created_by(self) -> UUID | None:
        """Who entered it."""

    @property
    def updated_by(self) -> UUID | None:
        """Who changed it last."""

    @property
    def listed_at(self) -> datetime | None:
        """When it went on sale."""

    @property
    def sold_at(self) -> datetime | None:
        """When it was sold."""

    @property
    def created_at(self) -> datetime | None:
        """When it was entered."""

    @property
    def updated_at(self) -> datetime | None:
        """When it was changed last."""

    @property
    def warnings(self) -> list[VehicleWarning]:
        """What to look at twice: doubtful prices in the answer to the write that sets them, and that a chassis number is no VIN."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class VehicleIdentity:
    """Which vehicle a VIN stands for, precisely enough to look for comparables."""

    @property
    def year(self) -> int:
        """Model year."""

    @property
    def make(self) -> str:
        """Make."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim, where known."""

    @property
    def source(self) -> IdentitySource:
        """How it is known: `vpic`, `inventory`, `listing` or `same_kind`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class VehiclePosition:
    """A vehicle with its last analysis."""

    @property
    def vehicle(self) -> StockedVehicle:
        """The vehicle."""

    @property
    def research(self) -> ResearchResult | None:
        """Its last analysis, if it was ever analysed."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class VehicleWarning:
    """A warning about a vehicle that does not refuse it."""

    @property
    def code(self) -> str:
        """The stable word, such as `price_out_of_range`."""

    @property
    def details(self) -> Any:
        """The figures behind it."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Velocity:
    """The change of the raw median over one or two weeks."""

    @property
    def change_percent(self) -> float:
        """The change in percent of the earlier median."""

    @property
    def mood(self) -> MarketMood:
        """The word for it: `buyers_market`, `sellers_market` or `stable`."""

    @property
    def since(self) -> datetime:
        """When the earlier median was recorded."""

    @property
    def until(self) -> datetime:
        """When the later one was."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class VinFacts:
    """What a VIN says by itself."""

    @property
    def vin(self) -> str:
        """The VIN."""

    @property
    def check_digit_ok(self) -> bool:
        """Whether the check digit at position 9 is right."""

    @property
    def check_digit_is_law(self) -> bool:
        """Whether a known law requires a right one."""

    @property
    def model_year(self) -> int | None:
        """The model year by position 10; `None` if it holds none."""

    @property
    def model_year_alternatives(self) -> list[int]:
        """The other years that the code may mean, earliest first."""

    @property
    def model_year_is_conclusive(self) -> bool:
        """Whether the model year is proven."""

    @property
    def region(self) -> Region | None:
        """The part of the world, such as `north_america`."""

    @property
    def country(self) -> str | None:
        """The country whose authority assigned the manufacturer's identifier."""

    @property
    def manufacturer_identifier(self) -> str:
        """Three characters, or six for a maker of few vehicles."""

    @property
    def manufacturer(self) -> str | None:
        """The company that registered it in the United States."""

    @property
    def squish_vin(self) -> str:
        """What vehicles of the same kind, year and plant have in common."""

    @property
    def serial(self) -> str:
        """The serial number."""

    @property
    def is_placeholder(self) -> bool:
        """Whether it is a filler such as `11111111111111111`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class VinReport:
    """What is known of a text that should be a VIN. If it is not a VIN, `reason` says why, and the fields below it are
    `None`.
    """

    @property
    def vin(self) -> str:
        """The VIN in upper case, or the refused text as it was given."""

    @property
    def valid(self) -> bool:
        """Whether it is 17 characters that a VIN may hold."""

    @property
    def reason(self) -> str | None:
        """Why it is not, for a person to read."""

    @property
    def check_digit_ok(self) -> bool | None:
        """Whether the check digit at position 9 is right; a wrong one leaves a VIN valid."""

    @property
    def model_year(self) -> int | None:
        """The model year; `None` also if position 10 holds none."""

    @property
    def model_year_alternatives(self) -> list[int] | None:
        """The other years that the code may mean, earliest first."""

    @property
    def conclusive(self) -> bool | None:
        """Whether the model year is proven."""

    @property
    def wmi(self) -> str | None:
        """The world manufacturer identifier, three characters."""

    @property
    def squish_vin(self) -> str | None:
        """Positions 1 to 8, 10 and 11."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class VpicDecode:
    """What NHTSA's decoder says of a VIN; what it does not know is `None`."""

    @property
    def year(self) -> int | None:
        """Model year."""

    @property
    def make(self) -> str | None:
        """Make, in capitals as vPIC writes it."""

    @property
    def model(self) -> str | None:
        """Model."""

    @property
    def trim(self) -> str | None:
        """Trim."""

    @property
    def series(self) -> str | None:
        """Series."""

    @property
    def vehicle_type(self) -> str | None:
        """Kind of vehicle, such as `PASSENGER CAR`."""

    @property
    def body_class(self) -> str | None:
        """Shape of the body, such as `Sedan/Saloon`."""

    @property
    def drive_type(self) -> str | None:
        """Which wheels are driven."""

    @property
    def fuel_type(self) -> str | None:
        """Fuel."""

    @property
    def engine(self) -> str | None:
        """Engine, as its maker calls it."""

    @property
    def cylinders(self) -> int | None:
        """Cylinders."""

    @property
    def displacement_liters(self) -> float | None:
        """Displacement in litres."""

    @property
    def horsepower(self) -> float | None:
        """Horsepower."""

    @property
    def transmission(self) -> str | None:
        """Transmission."""

    @property
    def doors(self) -> int | None:
        """Doors."""

    @property
    def manufacturer(self) -> str | None:
        """The company that is registered for it."""

    @property
    def plant_city(self) -> str | None:
        """Where it was built: city."""

    @property
    def plant_country(self) -> str | None:
        """Where it was built: country."""

    @property
    def gross_weight(self) -> str | None:
        """Weight class."""

    @property
    def base_price(self) -> Decimal | None:
        """Price when new, where the maker submitted it."""

    @property
    def findings(self) -> list[int]:
        """vPIC's remarks about the VIN, by their numbers; none for a clean VIN."""

    @property
    def suggested_vin(self) -> str | None:
        """The VIN that vPIC suggests instead, with `!` where a character is wrong."""

    @property
    def answered_at(self) -> datetime:
        """When it answered."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class WantedAlert:
    """The alert that an analysis calls for."""

    @property
    def alert_type(self) -> AlertType:
        """What about: `overpriced`, `underpriced` or `no_market_data`."""

    @property
    def severity(self) -> Severity:
        """How urgent: `warning` or `critical`."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a dictionary; records within it are dictionaries, too."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
