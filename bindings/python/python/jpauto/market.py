"""Supply, demand and days on the market, as functions on data of one's own. No database is needed.

>>> import jpauto
>>> from datetime import datetime, timezone
>>> jpauto.market.days_on_market(datetime(2026, 3, 1, tzinfo=timezone.utc), datetime(2026, 3, 15, tzinfo=timezone.utc))
14
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from jpauto._jpauto import Supply, days_on_market_of, supply_of_subjects

if TYPE_CHECKING:
    from jpauto._jpauto import Batch
    from jpauto.types import Record, Subject, Table, Texts

__all__ = ["days_on_market", "supply"]


@overload
def days_on_market(first_seen_at: datetime, until: datetime | None = None) -> int: ...
@overload
def days_on_market(first_seen_at: Mapping[str, Any] | Record, until: datetime | None = None) -> int | None: ...
@overload
def days_on_market(first_seen_at: Table, until: datetime | None = None) -> Batch: ...
def days_on_market(first_seen_at: Any, until: datetime | None = None) -> Any:
    """Whole days from the first sighting to ``until``, by default now.

    One listing, a record or a dictionary, gives a number. A table or a list of listings gives a table with the column
    ``days_on_market``, a row for each. It needs the column ``first_seen_at``, or is that column alone, and there is
    nothing where that has nothing; the days end with ``sold_at``, else with ``until``, else with ``last_seen_at``, else
    now. A ``Listing`` that is not sold counts its own ``days_on_market`` until now, whenever it was last seen:
    ``until=datetime.now(timezone.utc)`` does the same here.

    Raises ``InvalidInput`` (``invalid_argument``) for a time without a time zone.
    """
    return days_on_market_of(first_seen_at, until)


@overload
def supply(
    subject: Subject | Mapping[str, Any] | Record,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Supply: ...
@overload
def supply(
    subject: Table,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Batch: ...
def supply(
    subject: Any,
    comparables: Table,
    *,
    own_vins: Texts | None = None,
    as_of: datetime | None = None,
    rules: dict[str, Any] | None = None,
) -> Any:
    """Supply and demand of a subject's model year among these listings, whatever trim and mileage.

    One subject gives a ``Supply``, a table or a list of them gives a table with a row for each. The arguments are those
    of ``jpauto.pricing.price``.

    Raises ``InvalidInput`` (``invalid_subject``, ``invalid_argument``).
    """
    return supply_of_subjects(subject, comparables, own_vins=own_vins, as_of=as_of, rules=rules)
