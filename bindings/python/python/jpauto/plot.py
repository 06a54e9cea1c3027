"""Pictures of a lot and its market, by matplotlib or Altair: ``pip install 'jpauto[plot]'``.

Each function draws with matplotlib and returns its ``Axes``; with ``backend="altair"`` it returns an ``altair.Chart``.
Both show themselves in a notebook. ``axes.figure.savefig("picture.png")`` and ``chart.save("picture.png")`` write
files. Drawn into an ``ax`` of your own, a legend stands within the picture::

    lot = jpauto.open("sqlite:lot.db", read_only=True)
    jpauto.plot.price_in_market(lot.market.analyze(car.id))
    jpauto.plot.stock_age(lot.inventory.list(status="available"), backend="altair")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from importlib import import_module
from itertools import pairwise
from operator import index
from statistics import quantiles
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from uuid import UUID

    from jpauto._jpauto import Analysis, Listing, Lot, MarketPrice, ResearchResult, StockedVehicle

__all__ = ["Backend", "days_on_market", "price_cuts", "price_history", "price_in_market", "stock_age"]

Backend = Literal["matplotlib", "altair"]

_OURS = "#c0392b"
_MARKET = "#2c6fa6"
_PALE = "#c9dcec"
_POINT = ("recorded_at", "our_price", "median_market_price", "min_market_price")
_LISTING = ("is_sold", "make", "days_on_market")
_CAR = ("days_in_stock", "age_state")
_AGES = {"good": "#4c9f70", "warning": "#e2a63b", "aged": "#c0392b"}


def price_in_market(analysis: Analysis | ResearchResult, *, backend: Backend = "matplotlib", ax: Any = None) -> Any:
    """Our price among the prices of comparables, each adjusted to our mileage and year, in dollars.

    The band is the recommended range, the line in it the median, and each dot one of the nearest comparables. The thin
    line below goes from the lowest price of all comparables to the highest. Where there are too few comparables for a
    recommendation, there is no band. What ``lot.market.get(id)`` gives is taken as well.

    Raises ``TypeError`` for what is no analysis, ``ValueError`` for one without comparables, and for another backend.
    """
    _check(backend, ax)
    analysis = _analysis(analysis)
    prices = analysis.adjusted
    if prices is None:
        raise ValueError("the analysis found no comparables to draw")
    dots = [float(one.adjusted_price) for one in analysis.comparables]
    search = analysis.search_parameters
    years = sorted({search.year_min, search.year_max})
    found = _count(analysis.sample_size, "comparable")
    title = f"{'-'.join(map(str, years))} {search.make} {search.model}, {found}"
    median, band = float(prices.median), analysis.range
    low, high = (0.0, 0.0) if band is None else (float(band[0]), float(band[1]))
    ours = None if analysis.our_price is None else float(analysis.our_price)
    ends = [float(prices.min), float(prices.max), *([] if ours is None else [ours])]
    room = max((max(ends) - min(ends)) * 0.08, 100.0)
    if backend == "altair":
        alt = _altair()
        scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False, zero=False)
        x = alt.X("price:Q", title="adjusted price (dollars)", scale=scale, axis=alt.Axis(format="$,.0f", tickCount=6))
        layers = []
        if band is not None:
            area = alt.Chart(_data([{"price": low, "until": high}])).mark_rect(color=_PALE)
            layers.append(area.encode(x=x, x2="until:Q"))
        layers += [
            alt.Chart(_data([{"price": median, "what": f"median ${median:,.0f}"}]))
            .mark_rule(color=_MARKET, size=2)
            .encode(x=x, tooltip=["what:N"]),
            alt.Chart(_data([{"price": price, "row": row % 3} for row, price in enumerate(sorted(dots))]))
            .mark_circle(color=_MARKET, size=70, opacity=0.8)
            .encode(x=x, y=alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[-1.5, 4])), tooltip=["price:Q"]),
            alt.Chart(_data([{"price": float(prices.min), "until": float(prices.max), "row": -0.8}]))
            .mark_rule(color=_MARKET, size=1)
            .encode(x=x, x2="until:Q", y="row:Q"),
        ]
        said = "too few for a recommendation"
        if band is not None:
            said = f"band: recommended, ${low:,.0f} to ${high:,.0f}"
        subtitle = [
            f"{said}; blue line: median, ${median:,.0f}",
            "dots: nearest comparables; thin line: all comparables",
        ]
        if ours is not None:
            mark = alt.Chart(_data([{"price": ours, "what": f"ours ${ours:,.0f}"}]))
            layers.append(mark.mark_rule(color=_OURS, size=3).encode(x=x, tooltip=["what:N"]))
            subtitle[1] += f"; red line: ours, ${ours:,.0f}"
        return alt.layer(*layers).properties(width=520, height=140, title={"text": _lines(title), "subtitle": subtitle})
    is_own = ax is None
    ax = _axes(ax, (8, 2.8))
    if band is not None:
        ax.axvspan(low, high, color=_PALE, label=f"recommended: \\${low:,.0f} to \\${high:,.0f}")
    ax.axvline(median, color=_MARKET, label=f"median: \\${median:,.0f}")
    ax.plot([ends[0], ends[1]], [-0.8, -0.8], color=_MARKET, linewidth=1, label="all comparables")
    heights = [row % 3 for row in range(len(dots))]
    ax.plot(sorted(dots), heights, "o", color=_MARKET, alpha=0.8, label="nearest comparables")
    if ours is not None:
        ax.axvline(ours, color=_OURS, linewidth=2.5, label=f"ours: \\${ours:,.0f}")
    ax.set(xlim=(min(ends) - room, max(ends) + room), ylim=(-1.5, 3), yticks=[], xlabel="adjusted price (dollars)")
    _title(ax, title)
    ax.spines["left"].set_visible(False)
    _dollars(ax.xaxis)
    _legend(ax, is_own, ncols=2)
    return ax


def price_history(
    history: Iterable[MarketPrice],
    *,
    title: str = "Our price and the market",
    backend: Backend = "matplotlib",
    ax: Any = None,
) -> Any:
    """A vehicle's price over time, in dollars, against the median and the lowest price of its market.

    ``history`` is what ``lot.market.history(id)`` returns, in any order.

    Raises ``ValueError`` without a dated point, and for another backend.
    """
    _check(backend, ax)
    if not isinstance(title, str):
        raise _not("title", "text", title)
    points = sorted(
        (
            point
            for point in _each("history", history, _POINT, "lot.market.history(id)")
            if point.recorded_at is not None
        ),
        key=lambda point: _when(point.recorded_at),
    )
    if not points:
        raise ValueError("the history has no dated point to draw")
    ours = [(_when(point.recorded_at), float(point.our_price)) for point in points]
    median = [(_when(p.recorded_at), float(p.median_market_price)) for p in points if p.median_market_price is not None]
    lowest = [(_when(p.recorded_at), float(p.min_market_price)) for p in points if p.min_market_price is not None]
    lines = [
        ("our price", ours, _OURS),
        ("median of the market", median, _MARKET),
        ("lowest of the market", lowest, "#8fb4d3"),
    ]
    if backend == "altair":
        alt = _altair()
        names, colors = [name for name, _, _ in lines], [color for _, _, color in lines]
        rows = [{"at": at.isoformat(), "price": price, "line": name} for name, line, _ in lines for at, price in line]
        return (
            alt.Chart(_data(rows), title=_lines(title))
            .mark_line(point=True, interpolate="step-after")
            .encode(
                x=_dated(alt, [at for at, _ in ours]),
                y=alt.Y(
                    "price:Q",
                    title="price (dollars)",
                    scale=alt.Scale(zero=False, padding=12),
                    axis=alt.Axis(format="$,.0f"),
                ),
                color=alt.Color("line:N", title=None, scale=alt.Scale(domain=names, range=colors)),
            )
            .properties(width=520, height=280)
        )
    is_own = ax is None
    ax = _axes(ax, (8, 4))
    for name, line, color in lines:
        if line:
            times, prices = zip(*line, strict=True)
            ax.step(times, prices, where="post", color=color, label=name, marker="o", markersize=3)
    _title(ax, title)
    ax.set(xlabel="date (UTC)", ylabel="price (dollars)")
    _dollars(ax.yaxis)
    _dates(ax, [at for at, _ in ours])
    _legend(ax, is_own, ncols=3)
    return ax


def days_on_market(
    listings: Iterable[Listing], *, most: int = 12, backend: Backend = "matplotlib", ax: Any = None
) -> Any:
    """How long listings stood on the market before they were sold, in days, by make: quartiles and the median.

    ``listings`` is what ``lot.competitors.listings(sold=True)`` returns; those that are not sold are left out. The
    ``most`` frequent makes are drawn, the quickest first.

    Raises ``ValueError`` without a sold listing, for less than one make, and for another backend.
    """
    _check(backend, ax)
    most = _whole("most", most)
    if most < 1:
        raise ValueError("at least one make is drawn")
    by_make: dict[str, list[int]] = defaultdict(list)
    for listing in _each("listings", listings, _LISTING, "lot.competitors.listings(sold=True)"):
        if listing.is_sold and listing.make:
            by_make[listing.make].append(listing.days_on_market)
    if not by_make:
        raise ValueError("no listing is sold")
    frequent = sorted(by_make, key=lambda make: -len(by_make[make]))[:most]
    rows = sorted(
        ((make, _quartiles(by_make[make]), len(by_make[make])) for make in frequent), key=lambda row: row[1][1]
    )
    # A few days at least: within one, an axis has no whole days to name.
    longest = max(5.0, max(high for _, (_, _, high), _ in rows) * 1.05)
    title = "Days on the market until the sale, by make"
    if len(rows) < len(by_make):
        title += f" ({len(rows)} of {len(by_make)}, the most frequent)"
    if backend == "altair":
        alt = _altair()
        data = _data(
            [
                {"make": f"{make} ({count})", "low": low, "median": median, "high": high}
                for make, (low, median, high), count in rows
            ]
        )
        y = alt.Y("make:N", title="make (sold)", sort=[f"{make} ({count})" for make, _, count in rows])
        x = alt.X(
            "low:Q",
            title="days on the market",
            scale=alt.Scale(domain=[0, longest], nice=False),
            axis=alt.Axis(tickMinStep=1, format="d"),
        )
        bars = alt.Chart(data).mark_bar(color=_PALE).encode(x=x, x2="high:Q", y=y)
        ticks = (
            alt.Chart(data)
            .mark_tick(color=_MARKET, thickness=3)
            .encode(x="median:Q", y=y, tooltip=["make:N", "median:Q"])
        )
        return (bars + ticks).properties(
            width=460, title={"text": _lines(title), "subtitle": "quartiles, and the median as a line"}
        )
    is_own = ax is None
    ax = _axes(ax, (8, 2.0 + 0.4 * len(rows)))
    for place, (_, (low, median, high), _) in enumerate(rows):
        ax.barh(place, high - low, left=low, height=0.6, color=_PALE, label="half of them" if place == 0 else None)
        ax.plot(
            [median, median],
            [place - 0.3, place + 0.3],
            color=_MARKET,
            linewidth=3,
            label="median" if place == 0 else None,
        )
    ax.set_yticks(range(len(rows)), [f"{make} ({count})" for make, _, count in rows], parse_math=False)
    ax.invert_yaxis()
    _title(ax, title)
    ax.set(xlabel="days on the market", ylabel="make (sold)")
    ax.set_xlim(0, longest)
    ax.xaxis.get_major_locator().set_params(integer=True)
    _legend(ax, is_own, ncols=2)
    return ax


def stock_age(
    cars: Iterable[StockedVehicle], *, width: int = 15, backend: Backend = "matplotlib", ax: Any = None
) -> Any:
    """How long our vehicles have stood in stock, in days: a count for each ``width`` days, coloured by the turn policy.

    ``cars`` is what ``lot.inventory.list(status="available")`` returns.

    Raises ``ValueError`` without a vehicle, for a width below one day, and for another backend.
    """
    _check(backend, ax)
    width = _whole("width", width)
    if width < 1:
        raise ValueError("a column is one day wide or more")
    counts: dict[tuple[int, str], int] = defaultdict(int)
    for car in _each("cars", cars, _CAR, 'lot.inventory.list(status="available")'):
        counts[max(car.days_in_stock, 0) // width * width, car.age_state] += 1
    if not counts:
        raise ValueError("there is no vehicle to draw")
    # A few columns at least: one alone would fill the whole picture.
    starts = range(0, max(6 * width, max(start for start, _ in counts) + width), width)
    end = starts[-1] + width
    title = "Age of stock"
    if backend == "altair":
        alt = _altair()
        states = list(_AGES)
        rows = [
            {"days": start, "end": start + width, "state": state, "cars": n, "place": states.index(state)}
            for (start, state), n in counts.items()
        ]
        most = max(sum(counts.get((start, state), 0) for state in _AGES) for start in starts)
        return (
            alt.Chart(_data(rows), title=title)
            .mark_bar()
            .encode(
                x=alt.X(
                    "days:Q",
                    title="days in stock",
                    bin=alt.Bin(binned=True, step=width),
                    scale=alt.Scale(domain=[0, end]),
                ),
                x2="end:Q",
                y=alt.Y(
                    "cars:Q",
                    title="vehicles",
                    stack=True,
                    scale=alt.Scale(domainMax=most + 1),
                    # Whole vehicles, which `tickMinStep` alone does not bring about.
                    axis=alt.Axis(values=list(range(0, most + 2, -(-most // 6))), format="d"),
                ),
                color=alt.Color(
                    "state:N",
                    title="by the turn policy",
                    scale=alt.Scale(domain=states, range=list(_AGES.values())),
                ),
                # The good ones stand below.
                order=alt.Order("place:Q"),
            )
            .properties(width=460, height=260)
        )
    is_own = ax is None
    ax = _axes(ax, (8, 4))
    below = [0] * len(starts)
    for state, color in _AGES.items():
        heights = [counts.get((start, state), 0) for start in starts]
        if any(heights):
            ax.bar(list(starts), heights, width=width * 0.92, bottom=below, align="edge", color=color, label=state)
        below = [under + height for under, height in zip(below, heights, strict=True)]
    ax.set(title=title, xlabel="days in stock", ylabel="vehicles")
    ax.set_xticks([*starts, end][:: -(-len(starts) // 10)])
    ax.set_ylim(top=max(below) * 1.1)
    ax.yaxis.get_major_locator().set_params(integer=True)
    if is_own:
        ax.legend(title="by the turn policy", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        _legend(ax, is_own, ncols=3)
    return ax


def price_cuts(
    lot: Lot, competitor: UUID | str, *, most: int = 500, backend: Backend = "matplotlib", ax: Any = None
) -> Any:
    """A competitor's price cuts over time, in dollars: a dot for each cut, by day.

    It reads the price history of the ``most`` newest listings that became cheaper.

    Raises ``NotFound`` (``competitor_not_found``), and ``ValueError`` if no price was cut, for less than one listing,
    and for another backend.
    """
    _check(backend, ax)
    most = _whole("most", most)
    if most < 1:
        raise ValueError("at least one listing is read")
    if not hasattr(lot, "competitors"):
        raise _not("lot", "an open lot, as jpauto.open gives it", lot)
    name = lot.competitors.get(competitor).name
    cuts: list[tuple[datetime, float, str]] = []
    read = 0
    for listing in lot.competitors.listings(competitor, price_dropped=True, limit=most):
        read += 1
        points = sorted(lot.competitors.price_history(listing.id), key=lambda point: point.recorded_at)
        car = " ".join(str(part) for part in (listing.year, listing.make, listing.model) if part)
        for before, after in pairwise(points):
            if after.price < before.price:
                cuts.append((after.recorded_at, float(before.price - after.price), car))
    if not cuts:
        raise ValueError(f"{name} has cut no price")
    title = f"{name}: {_count(len(cuts), 'price cut')}"
    if read == most:
        title += f" of the {'newest listing' if most == 1 else f'{most} newest listings'} that became cheaper"
    if backend == "altair":
        alt = _altair()
        rows = [{"at": at.isoformat(), "cut": cut, "car": car} for at, cut, car in cuts]
        return (
            alt.Chart(_data(rows), title=_lines(title))
            .mark_circle(color=_OURS, size=60, opacity=0.7)
            .encode(
                x=_dated(alt, [at for at, _, _ in cuts]),
                y=alt.Y(
                    "cut:Q",
                    title="cut (dollars)",
                    scale=alt.Scale(domain=[0, max(cut for _, cut, _ in cuts) * 1.08]),
                    axis=alt.Axis(format="$,.0f"),
                ),
                tooltip=["car:N", "cut:Q", "at:T"],
            )
            .properties(width=520, height=260)
        )
    ax = _axes(ax, (8, 4))
    times, amounts = [at for at, _, _ in cuts], [cut for _, cut, _ in cuts]
    ax.vlines(times, 0, amounts, color=_PALE, linewidth=1)
    ax.plot(times, amounts, "o", color=_OURS, alpha=0.7, markersize=5)
    _title(ax, title)
    ax.set(xlabel="date (UTC)", ylabel="cut (dollars)")
    ax.set_ylim(bottom=0)
    _dollars(ax.yaxis)
    _dates(ax, times)
    return ax


def _check(backend: object, ax: object) -> None:
    if backend not in ("matplotlib", "altair"):
        raise ValueError(f"backend: pictures are drawn by matplotlib or altair, not by {backend!r}")
    if ax is not None and not hasattr(ax, "spines"):
        raise _not("ax", "Axes of matplotlib", ax)


def _analysis(given: Any) -> Analysis:
    if not hasattr(given, "search_parameters") and not hasattr(given, "analysis"):
        raise _not("analysis", "an analysis, as lot.market.analyze(id) gives it", given)
    analysis: Analysis | None = given if hasattr(given, "search_parameters") else given.analysis
    if analysis is None:
        raise ValueError("the vehicle has no analysis to draw")
    return analysis


def _each(name: str, items: Iterable[Any], fields: Sequence[str], source: str) -> Iterator[Any]:
    """The records, which have these fields. The rows of a frame have none."""
    expected = f"records, as {source} gives them"
    if not isinstance(items, Iterable) or isinstance(items, (str, bytes)):
        raise _not(name, expected, items)
    for item in items:
        if not all(hasattr(item, field) for field in fields):
            raise _not(name, expected, item)
        yield item


def _not(name: str, expected: str, found: object) -> TypeError:
    text = repr(found)
    return TypeError(f"{name}: expected {expected}, found {text if len(text) <= 80 else type(found).__name__}")


def _whole(name: str, given: Any) -> int:
    """A number without a fraction: of Python, of NumPy, or of whatever else is an index."""
    try:
        if not isinstance(given, bool):
            return index(given)
    except TypeError:
        pass
    raise _not(name, "a whole number", given)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _lines(title: str) -> list[str]:
    """A title of any length, in lines that fit."""
    return wrap(title, 64) or [""]


def _title(ax: Any, title: str) -> None:
    # As it stands: names of dealers and models have dollar signs, which would set what is between them as mathematics.
    ax.set_title("\n".join(_lines(title)), parse_math=False)


def _legend(ax: Any, is_own: bool, *, ncols: int) -> None:
    """A legend under a picture of its own. In one of several it would cover the next: it stands above what is drawn."""
    from matplotlib.transforms import ScaledTranslation

    # As much room as it takes, whatever the height of the picture.
    ax.figure.canvas.draw()
    if is_own:
        depth = (ax.get_window_extent().y0 - ax.xaxis.get_tightbbox().y0) / ax.figure.dpi
        beneath = ScaledTranslation(0, -depth - 0.05, ax.figure.dpi_scale_trans)
        place = {"bbox_to_anchor": (0.5, 0.0), "bbox_transform": ax.transAxes + beneath}
        ax.legend(loc="upper center", ncols=ncols, frameon=False, **place)
        return
    legend = ax.legend(
        loc="upper center", ncols=ncols, fontsize="small", framealpha=0.85, edgecolor="none", borderaxespad=0.2
    )
    ax.figure.canvas.draw()
    share = min(legend.get_window_extent().height / ax.get_window_extent().height + 0.03, 0.6)
    # An axis may run downwards.
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, bottom + (top - bottom) / (1 - share))


def _when(time: datetime | None) -> datetime:
    assert time is not None
    return time


def _quartiles(values: Sequence[int]) -> tuple[float, float, float]:
    if len(values) == 1:
        return float(values[0]), float(values[0]), float(values[0])
    low, median, high = quantiles(values, n=4, method="inclusive")
    return low, median, high


def _axes(ax: Any, size: tuple[float, float]) -> Any:
    if ax is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError as missing:
            raise ModuleNotFoundError("this picture needs matplotlib: pip install 'jpauto[plot]'") from missing
        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _dollars(axis: Any) -> None:
    from matplotlib.ticker import StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("\\${x:,.0f}"))


def _dates(ax: Any, times: Sequence[datetime]) -> None:
    # Its calls have no types.
    dates: Any = import_module("matplotlib.dates")

    first, last = min(times), max(times)
    if last - first < timedelta(days=4):
        ax.set_xlim(first - timedelta(days=1), last + timedelta(days=1))
        ax.xaxis.set_major_locator(dates.DayLocator())
        ax.xaxis.set_major_formatter(dates.DateFormatter("%Y-%m-%d"))
        return
    locator = dates.AutoDateLocator(maxticks=8)
    ax.xaxis.set_major_locator(locator)
    # Each tick has its month: an axis that names one month at its end seems to have that one throughout.
    ax.xaxis.set_major_formatter(dates.DateFormatter("%b %d" if first.year == last.year else "%b %d, %Y"))
    ax.tick_params(axis="x", labelrotation=0 if first.year == last.year else 20)


def _dated(alt: Any, times: Sequence[datetime]) -> Any:
    """The axis of time, in UTC wherever the reader is. Marks at its ends are whole, and one day has room around it."""
    first, last = min(times), max(times)
    room = max((last - first) / 40, timedelta(hours=12))
    begin, end = first - room, last + room
    if last - first < timedelta(days=8):
        # From the beginning of the first day, whose tick is then there.
        begin = _midnight(first) - timedelta(hours=6)
        end = _midnight(last) + timedelta(hours=30)
    domain = [begin.isoformat(), end.isoformat()]
    axis = alt.Axis(format="%b %-d" if first.year == last.year else "%b %-d, %Y", tickCount=_ticks(last - first))
    return alt.X("at:T", title="date (UTC)", scale=alt.Scale(type="utc", domain=domain), axis=axis)


def _midnight(time: datetime) -> datetime:
    return time.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


def _ticks(span: timedelta) -> Any:
    """Ticks are whole days at least, so that no label stands twice."""
    return "day" if span < timedelta(days=8) else 8


def _altair() -> Any:
    try:
        import altair
    except ImportError as missing:
        raise ModuleNotFoundError("this picture needs Altair: pip install 'jpauto[plot]'") from missing
    return altair


def _data(rows: list[dict[str, Any]]) -> Any:
    return _altair().Data(values=rows)
