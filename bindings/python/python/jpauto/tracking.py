"""The sold rule over sightings of one's own. No database is needed.

>>> import jpauto
>>> from datetime import datetime, timedelta, timezone
>>> start = datetime(2026, 3, 1, tzinfo=timezone.utc)
>>> sightings = [
...     {"observed_at": start + timedelta(days=day), "vin": vin, "price": 20_000}
...     for day in range(25)
...     for vin in ("4T1B11HK5KU211111", "1HGCM82633A004352")
...     if vin.startswith("1") or day < 5
... ]
>>> table = jpauto.tracking.replay(sightings)
>>> len(table)
2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jpauto._jpauto import replay_sightings

if TYPE_CHECKING:
    from jpauto._jpauto import Batch
    from jpauto.types import Table

__all__ = ["replay"]


def replay(sightings: Table, scrapes: Table | None = None, *, rules: dict[str, Any] | None = None) -> Batch:
    """What became of each vehicle that was ever seen: when it was first and last seen, and whether and when it was
    sold.

    Each row is a vehicle that was on a list at a time. It needs ``observed_at``, the same for all rows of one scrape,
    and something to know the vehicle by: ``vin``, ``external_id`` or ``stock_number``, or ``year``, ``make``, ``model``
    and ``mileage``. ``dealer`` tells lots apart, and ``price``, ``url``, ``stock_status`` and others are used where
    they are there. ``docs/tracking.md`` explains the rule.

    What no row says is that a list was looked at and was empty, or that only a part of it was read: ``scrapes`` says
    it, with ``observed_at``, ``dealer`` and ``complete``. A scrape that has rows need not stand there.

    The result has a row for each vehicle of each dealer: ``first_seen_at``, ``last_seen_at``, ``is_sold``, ``sold_at``,
    ``found_sold_at`` (the scrape that found it out), ``days_on_market``, ``p_return``, ``relisted``, and prices.

    ``rules`` has numbers of the rule that differ from their defaults, by the names of the configuration: ``{"sold":
    {"floor_days": 6}}`` is its ``tracking.sold.floor_days``. So two sets of numbers can be compared on the same days.

    Rows that have nothing to know a vehicle by are left out, and a ``UserWarning`` says how many.

    Raises ``InvalidInput`` (``invalid_argument``, also where no row has something to know a vehicle by),
    ``Misconfigured`` (``invalid_tracking_rules``).

    >>> import jpauto
    >>> from datetime import datetime, timedelta, timezone
    >>> start = datetime(2026, 3, 1, tzinfo=timezone.utc)
    >>> scrapes = [{"observed_at": start + timedelta(days=day)} for day in range(12)]
    >>> seen = [{"observed_at": start, "vin": "4T1B11HK5KU211111"}]
    >>> seen += [{**scrape, "vin": "1HGCM82633A004352"} for scrape in scrapes]
    >>> for floor_days in (4, 15):
    ...     table = jpauto.tracking.replay(seen, scrapes, rules={"sold": {"floor_days": floor_days}})
    ...     sum(table.to_arrow()["is_sold"].to_pylist())
    1
    0
    """
    return replay_sightings(sightings, scrapes, rules)
