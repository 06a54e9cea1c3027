"""Types for annotations: the words and the data fields of jpauto.

At run time these are plain `str` and `dict`. The library checks every word and every field.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Action",
    "AgeState",
    "AlertType",
    "ArrowColumns",
    "AutoDevVersion",
    "BacktestEvent",
    "ColumnLeftOut",
    "CompetitorAt",
    "CompetitorChanges",
    "Condition",
    "Confidence",
    "DataSource",
    "ExportStatus",
    "FeedFormat",
    "FindingKind",
    "IdentitySource",
    "ImportOutcome",
    "IncompleteReason",
    "Job",
    "LazyColumns",
    "ListingSort",
    "MarketMood",
    "Money",
    "NewCompetitor",
    "NewListing",
    "NewSubmission",
    "NewVehicle",
    "NotificationEvent",
    "NotificationStatus",
    "OdometerStatus",
    "Omitted",
    "Platform",
    "PlatformCertainty",
    "Provider",
    "Recommendation",
    "Record",
    "RefusalReason",
    "Region",
    "Remedy",
    "Role",
    "RunKind",
    "RunStatus",
    "SaleStatus",
    "ScrapeErrorType",
    "ScrapeEvent",
    "Severity",
    "SheetEncoding",
    "SheetFormat",
    "SlopeOutcome",
    "Source",
    "StockStatus",
    "Subject",
    "SubmissionChanges",
    "SubmissionSort",
    "SubmissionStatus",
    "Table",
    "Texts",
    "TitleBrand",
    "VehicleChanges",
    "VehicleSort",
    "VehicleStatus",
]

Money: TypeAlias = Decimal | int | str | float
"""An amount in dollars with at most two decimal places; a `float` counts as the shortest text that gives it back."""

VehicleStatus = Literal["available", "pending", "hold", "sold", "unknown"]
AgeState = Literal["good", "warning", "aged"]
VehicleSort = Literal["listed_at", "-listed_at", "price", "-price", "mileage", "-mileage", "year", "-year"]
SubmissionStatus = Literal["pending", "approved", "rejected", "unknown"]
SubmissionSort = Literal["submitted_at", "-submitted_at"]
Role = Literal["viewer", "manager", "admin", "unknown"]
ExportStatus = Literal["success", "failure", "unknown"]
FeedFormat = Literal["csv", "tsv", "xml", "json_lines", "json_ld", "pages", "zip"]
Platform = Literal[
    "jekyll",
    "autotrader",
    "cars_com",
    "cargurus",
    "meta",
    "google_vehicle_listings",
    "google_vehicle_ads",
    "dealer_center",
    "carsforsale",
    "schema_org",
    "csv",
    "json_lines",
    "custom",
]
Provider = Literal["google", "microsoft"]
Action = Literal[
    "create",
    "update",
    "status",
    "relist",
    "undo_sale",
    "feature",
    "delete",
    "approve",
    "reject",
    "reoffer",
    "analyze",
    "evaluate",
    "record",
    "repair",
    "export",
    "revoke",
    "run",
    "cancel",
    "send",
    "sign_in",
    "sign_out",
]
AlertType = Literal[
    "overpriced",
    "underpriced",
    "no_market_data",
    "scrape_failing",
    "parse_rate_low",
    "inventory_dropped",
    "inventory_replaced",
    "inventory_incomplete",
    "storage_limit",
    "job_failing",
    "notifications_failing",
    "unreadable_values",
    "check_failed",
]
Severity = Literal["warning", "critical"]
Job = Literal[
    "market_research",
    "competitor_scrape",
    "competitor_metrics",
    "export_jekyll",
    "export_dealer_center",
    "daily_digest",
    "clean_up",
    "check",
    "backup",
    "storage_check",
]
RunKind = Job | Literal["import_vehicles"]
NotificationEvent = Literal[
    "submission.created",
    "alert.critical",
    "job.failed",
    "export.held_back",
    "storage.alert",
    "digest.daily",
    "notification.test",
]
NotificationStatus = Literal["waiting", "delivered", "given_up"]
RunStatus = Literal["running", "success", "partial", "failure", "unknown"]
ListingSort = Literal[
    "first_seen_at",
    "-first_seen_at",
    "price",
    "-price",
    "mileage",
    "-mileage",
    "year",
    "-year",
    "days_on_market",
    "-days_on_market",
    "price_drop",
    "-price_drop",
]
StockStatus = Literal["in_stock", "in_transit", "in_production", "sale_pending"]
SaleStatus = Literal["available", "pending"]
TitleBrand = Literal["clean", "branded", "salvage", "rebuilt", "flood", "lemon", "junk"]
Condition = Literal["new", "used", "certified"]
OdometerStatus = Literal["actual", "tmu", "exempt", "exceeds_limits"]
ScrapeErrorType = Literal["network", "timeout", "http_status", "blocked", "robots", "parsing", "empty"]
Recommendation = Literal["high", "low", "competitive", "insufficient_data"]
Confidence = Literal["insufficient", "limited", "moderate", "high"]
DataSource = Literal["none", "competitor", "auto.dev", "auto.dev+competitor"]
MarketMood = Literal["buyers_market", "sellers_market", "stable"]
Source = Literal["competitor", "auto.dev"]
BacktestEvent = Literal["sold", "price_cut"]
IdentitySource = Literal["vpic", "inventory", "listing", "same_kind"]
Omitted = Literal["vehicle", "value", "missing", "repeated"]
PlatformCertainty = Literal["certain", "possible", "said", "unknown"]
ScrapeEvent = Literal["page", "recorded", "failed", "skipped", "waiting"]
AutoDevVersion = Literal["v1", "v2"]
FindingKind = Literal[
    "word_case",
    "unnoted_model",
    "unknown_word",
    "vin_case",
    "email_case",
    "blanks",
    "encoding",
    "duplicate",
    "list_shape",
    "unreadable_list",
    "other_column",
    "unreadable_time",
    "unreadable_amount",
    "unreadable_number",
    "unreadable_document",
    "unreadable_text",
    "text_form",
    "missing_value",
    "unreadable_row",
    "time_form",
    "implausible",
    "missing_reference",
    "undated",
    "not_sold",
    "future_time",
    "no_vehicle",
    "unreviewed",
    "unrecorded",
    "other_table",
    "no_status",
    "repeated_vin",
    "marked_deleted",
]
ImportOutcome = Literal["written", "written_in_part", "dry_run", "refused", "held_back"]
IncompleteReason = Literal[
    "empty",
    "closed_by_robots",
    "page_failed",
    "last_page_not_reached",
    "fewer_than_claimed",
    "last_page_full",
    "list_moved",
    "lot_replaced",
    "claims_none",
    "list_changed",
    "called_sold",
    "many_missing",
    "list_narrowed",
    "claims_more",
    "page_outdated",
    "discarded",
]
ColumnLeftOut = Literal["unknown", "kept_by_library", "by_mapping"]
RefusalReason = Literal["no_identity"]
Region = Literal["africa", "asia", "europe", "north_america", "oceania", "south_america"]
Remedy = Literal["repaired", "migrate", "by_hand"]
SheetEncoding = Literal["utf-8", "utf-16le", "utf-16be", "windows-1252"]
SheetFormat = Literal["delimited", "json_lines", "xlsx"]
SlopeOutcome = Literal["applied", "not_needed", "no_spread", "too_few", "wrong_sign", "typical"]


class ArrowColumns(Protocol):
    """What a table or a column of any library has that speaks Arrow: pyarrow, polars, pandas, DuckDB, and jpauto's own
    lists.
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The columns, as a capsule."""


class LazyColumns(Protocol):
    """A table that is not read yet, such as `polars.LazyFrame`."""

    def collect(self) -> Any:  # noqa: ANN401 - polars has several answers
        """Reads it."""
        ...


class Record(Protocol):
    """A record of this package, such as a vehicle, a listing or a submission."""

    def as_dict(self) -> dict[str, Any]:
        """Its fields."""
        ...


Table: TypeAlias = "ArrowColumns | LazyColumns | Iterable[Any]"
"""A table of any library that speaks Arrow, a list of this package, or dictionaries and records, a row each."""

Texts: TypeAlias = "ArrowColumns | LazyColumns | Iterable[str | None]"
"""A column of texts of any library that speaks Arrow, or texts."""


class Subject(TypedDict, total=False):
    """A car that is to be priced. A vehicle of the inventory is one, too."""

    vin: str | None
    year: int
    make: str
    model: str
    trim: str | None
    mileage: int | None
    price: Money | None
    cost: Money | None
    branded: bool
    is_new: bool


class _OfferedCar(TypedDict, total=False):
    # Fields of pending_submissions that may be left out: begin.
    customer_name: str | None
    customer_email: str | None
    customer_phone: str | None
    trim: str | None
    vin: str | None
    mileage: int | None
    asking_price: Money | None
    exterior_color: str | None
    interior_color: str | None
    transmission: str | None
    fuel_type: str | None
    condition: str | None
    additional_notes: str | None
    images: list[str]
    # Fields of pending_submissions that may be left out: end.


class NewSubmission(_OfferedCar):
    """A submission as the customer sends it."""

    # Fields of pending_submissions that must be there: begin.
    year: int
    make: str
    model: str
    # Fields of pending_submissions that must be there: end.


class SubmissionChanges(_OfferedCar, total=False):
    """The fields of a submission to correct; what is not named stays."""

    # Fields of pending_submissions that must be there: begin.
    year: int
    make: str
    model: str
    # Fields of pending_submissions that must be there: end.


class _Vehicle(TypedDict, total=False):
    # Fields of inventory that may be left out: begin.
    trim: str | None
    stock_number: str | None
    cost: Money | None
    msrp: Money | None
    exterior_color: str | None
    interior_color: str | None
    transmission: str | None
    engine: str | None
    fuel_type: str | None
    drivetrain: str | None
    body_style: str | None
    doors: int | None
    mpg_city: int | None
    mpg_highway: int | None
    description: str | None
    thumbnail: str | None
    condition: str | None
    title_status: str | None
    owners: int | None
    accidents: int | None
    service_records: bool | None
    warranty: str | None
    carfax_url: str | None
    autocheck_url: str | None
    features: list[str]
    images: list[str]
    # Fields of inventory that may be left out: end.


class NewVehicle(_Vehicle):
    """A vehicle to be added."""

    # Fields of inventory that must be there: begin.
    year: int
    make: str
    model: str
    vin: str
    price: Money
    mileage: int
    # Fields of inventory that must be there: end.


class VehicleChanges(_Vehicle, total=False):
    """The fields of a vehicle to change, or to set at an approval; what is not named stays."""

    # Fields of inventory that must be there: begin.
    year: int
    make: str
    model: str
    vin: str
    price: Money
    mileage: int
    # Fields of inventory that must be there: end.


class _Website(TypedDict, total=False):
    website_url: str | None
    platform_type: str | None
    scraper_config: dict[str, Any] | None
    use_playwright: bool


class NewCompetitor(_Website):
    """A dealer to be watched from now on."""

    name: str
    inventory_url: str


class CompetitorAt(_Website, total=False):
    """A dealer to be watched from now on, whose website is read first; `inventory_url` must be there."""

    name: str
    inventory_url: str


class CompetitorChanges(_Website, total=False):
    """The fields of a competitor to change; what is not named stays."""

    name: str
    inventory_url: str
    active: bool


class NewListing(TypedDict, total=False):
    """A vehicle on a competitor's website, collected elsewhere; what is not known may be left out."""

    external_id: str | None
    vin: str | None
    stock_number: str | None
    year: int | str | None
    make: str | None
    model: str | None
    trim: str | None
    price: Money | None
    mileage: int | str | None
    exterior_color: str | None
    transmission: str | None
    fuel_type: str | None
    body_style: str | None
    url: str | None
    image_url: str | None
    stock_status: str | None
    sale_status: str | None
    title_brand: str | None
    condition: str | None
    odometer_status: str | None
    is_sold: bool | None
    sold_at: datetime | str | None
    related: bool | None
    raw_data: Any
