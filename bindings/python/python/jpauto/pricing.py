"""The pricing rule as functions on data of one's own. No database is needed.

Subjects and comparables are tables of any library that speaks Arrow (pyarrow, polars, pandas, DuckDB), lists of this
package, or dictionaries and records. Columns are found by their names; others are not looked at. Ids of 16 bytes, as
polars and Parquet have them, are read as UUIDs. A missing value is a null, ``None``, NaN, NaT or ``pandas.NA``.

>>> import jpauto
>>> lot = [
...     {"year": 2021, "make": "Toyota", "model": "Camry", "price": 17_000 + 500 * n, "mileage": 30_000 + 1_000 * n}
...     for n in range(9)
... ]
>>> ours = {"year": 2021, "make": "toyota", "model": "Camry", "mileage": 34_000, "price": 21_500}
>>> analysis = jpauto.pricing.price(ours, lot)
>>> analysis.recommendation, analysis.sample_size, analysis.confidence
('high', 9, 'limited')
>>> analysis.median == jpauto.pricing.price({**ours, "model": "CAMRY"}, lot).median
True
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from jpauto._jpauto import Analysis, BacktestReport, backtest_listings, price_subjects

if TYPE_CHECKING:
    from jpauto._jpauto import Batch
    from jpauto.types import BacktestEvent, Record, Subject, Table, Texts

__all__ = ["backtest", "price"]


@overload
def price(
    subject: Subject | Mapping[str, Any] | Record,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Analysis: ...
@overload
def price(
    subject: Table,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Batch: ...
def price(
    subject: Any,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Any:
    """What a vehicle is worth among these listings, how sure that is, and why.

    One subject (a dictionary, a record, or a row of pandas) gives an ``Analysis``. A table or a list of subjects gives
    a table with a row for each in their order: ``median``, ``low`` and ``high`` in dollars, ``sample_size``,
    ``recommendation``, ``confidence``, ``difference_percent``, ``rank``, ``market_days_supply`` and others. Several
    threads share the work, and the interpreter's lock is released.

    Of a subject ``year``, ``make`` and ``model`` are needed; ``mileage``, ``trim``, ``price``, ``cost``, ``vin``,
    ``branded`` and ``is_new`` are used where they are there. Of a comparable ``year``, ``make``, ``model`` and
    ``price`` are needed; ``mileage``, ``trim``, ``vin``, ``first_seen_at``, ``last_seen_at``, ``sold_at``,
    ``distance_miles``, ``title_brand``, ``condition`` and ``odometer_status`` are used where they are there.

    ``own_vins`` are never compared with. Ages count until ``as_of``, by default now. ``rules`` has numbers of the rule
    that differ from their defaults, such as ``{"minimum_sample": 3}``; ``docs/pricing.md`` has them all.

    Raises ``InvalidInput`` (``invalid_subject`` for one subject; ``invalid_argument`` with the row and the column of
    each wrong value).

    >>> import jpauto
    >>> cars = [{"year": 2020, "make": "Kia", "model": "Soul", "price": 15_000 + 100 * n} for n in range(8)]
    >>> table = jpauto.pricing.price([{"year": 2020, "make": "Kia", "model": "Soul"}] * 3, cars)
    >>> len(table), table.columns[:4]
    (3, ['vin', 'year', 'make', 'model'])
    """
    return price_subjects(subject, comparables, own_vins=own_vins, as_of=as_of, rules=rules)


def backtest(
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
    """How good the rule would have been on these listings.

    Each one that was sold (``sold_at``) or cut in price is priced from the others that were visible at that moment, and
    compared with what it asked. Listings have the columns of comparables in ``price``. ``prices`` has what they asked
    over time: ``listing_id`` (the ``id`` of a listing, without one its ``external_id``), ``recorded_at`` and ``price``.

    Raises ``InvalidInput`` (``invalid_backtest``, ``invalid_argument``).

    >>> import jpauto
    >>> from datetime import datetime, timedelta, timezone
    >>> start = datetime(2026, 3, 1, tzinfo=timezone.utc)
    >>> cars = [
    ...     {"external_id": str(n), "year": 2020, "make": "Kia", "model": "Soul", "price": 15_000 + 100 * n,
    ...      "first_seen_at": start, "last_seen_at": start + timedelta(days=20),
    ...      "sold_at": start + timedelta(days=9) if n == 4 else None}
    ...     for n in range(8)
    ... ]
    >>> report = jpauto.pricing.backtest(cars, as_of=start + timedelta(days=20))
    >>> report.sold.events, report.sold.priced
    (1, 1)
    """
    return backtest_listings(
        listings,
        prices,
        own_vins=own_vins,
        as_of=as_of,
        make=make,
        model=model,
        since=since,
        until=until,
        event=event,
        max_events_a_model=max_events_a_model,
        rules=rules,
    )
