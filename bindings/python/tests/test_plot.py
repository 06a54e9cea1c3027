"""Pictures: each is drawn by both libraries and has labels, units and something to see."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jpauto
import jpauto.demo
import pytest

matplotlib = pytest.importorskip("matplotlib")
altair = pytest.importorskip("altair")
matplotlib.use("Agg")

from jpauto import plot  # noqa: E402

# Where to put the pictures, for somebody who wants to look at them.
FOLDER = os.environ.get("JPAUTO_TEST_PICTURES")


START = datetime(2025, 11, 1, tzinfo=timezone.utc)


class Dated:
    """A point of a history at another time."""

    def __init__(self, point: jpauto.MarketPrice, at: datetime) -> None:
        self.recorded_at, self.our_price = at, point.our_price
        self.median_market_price, self.min_market_price = point.median_market_price, point.min_market_price


@pytest.fixture(scope="module")
def lot() -> Iterator[jpauto.Lot]:
    with jpauto.demo.lot() as lot:
        yield lot


def pictures(lot: jpauto.Lot) -> dict[str, Callable[[Any], Any]]:
    cars = list(lot.inventory.list())
    analyses = {car.id: lot.market.get(car.id).analysis for car in cars}
    car = max(cars, key=lambda car: analyses[car.id].sample_size)  # type: ignore[union-attr]
    analysis = analyses[car.id]
    assert analysis is not None
    return {
        "price_in_market": lambda backend: plot.price_in_market(analysis, backend=backend),
        "price_history": lambda backend: plot.price_history(lot.market.history(car.id), backend=backend),
        "days_on_market": lambda backend: plot.days_on_market(lot.competitors.listings(sold=True), backend=backend),
        "stock_age": lambda backend: plot.stock_age(cars, backend=backend),
        "price_cuts": lambda backend: plot.price_cuts(lot, "Harbor Motors", backend=backend),
    }


def test_every_picture_is_drawn_by_both_libraries(lot: jpauto.Lot, tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    folder = Path(FOLDER) if FOLDER else tmp_path
    for name, draw in pictures(lot).items():
        axes = draw("matplotlib")
        assert axes.get_xlabel() and axes.get_title(), name
        assert axes.get_lines() or axes.patches, name
        axes.figure.savefig(folder / f"{name}.png", dpi=110)
        assert (folder / f"{name}.png").stat().st_size > 8_000, name
        plt.close(axes.figure)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chart = draw("altair")
            assert chart.to_dict()["$schema"], name
            if FOLDER:
                chart.save(folder / f"{name}_altair.png", scale_factor=1.3)


def test_altair_saves_pictures_as_png(lot: jpauto.Lot, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    plot.stock_age(lot.inventory.list(), backend="altair").save(tmp_path / "age.png")
    assert (tmp_path / "age.png").read_bytes().startswith(b"\x89PNG")


def test_titles_stand_as_they_are_written(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    with jpauto.open("sqlite::memory:") as lot:
        start = datetime.now(timezone.utc) - timedelta(days=3)
        name = "Ca$h $ale Motors of the Northern and the Southern and the Western Shores"
        for day in range(2):
            car: Any = {"external_id": "1", "year": 2020, "make": "Kia$", "model": "S$^$", "price": 9_000 - 100 * day}
            lot.competitors.record_listings(name, [car], observed_at=start + timedelta(days=day))
        axes = plot.price_cuts(lot, name, most=1)
        title = axes.get_title()
        assert "Ca$h $ale Motors" in title and "\n" in title
        assert " ".join(title.split()).endswith("1 price cut of the newest listing that became cheaper")
        axes.figure.savefig(tmp_path / "cuts.png")
        plt.close(axes.figure)
        with pytest.raises(ValueError, match="at least one listing"):
            plot.price_cuts(lot, name, most=0)
    subject = {"year": 2020, "make": "Kia", "model": "S$^$", "mileage": 9_000, "price": 9_000}
    analysis = jpauto.pricing.price(subject, [{**subject, "external_id": "1"}])
    axes = plot.price_in_market(analysis)
    assert axes.get_title() == "2019-2021 Kia S$^$, 1 comparable"
    # One comparable recommends nothing.
    assert not any("recommended" in text.get_text() for text in axes.get_legend().get_texts())
    axes.figure.savefig(tmp_path / "market.png")
    plt.close(axes.figure)
    chart = plot.price_in_market(analysis, backend="altair").to_dict()
    assert "too few for a recommendation" in chart["title"]["subtitle"][0]


def test_what_is_drawn_is_records(lot: jpauto.Lot) -> None:
    import matplotlib.pyplot as plt

    car = next(car for car in lot.inventory.list() if lot.market.get(car.id).analysis)
    kept = lot.market.get(car.id)
    assert kept.analysis is not None
    for drawn in (kept, kept.analysis):
        axes = plot.price_in_market(drawn)
        assert car.model in axes.get_title()
        plt.close(axes.figure)
    frame: Any = ["make", "model"]
    draws: list[Callable[[], Any]] = [
        lambda: plot.price_in_market(frame),
        lambda: plot.price_history(frame),
        lambda: plot.days_on_market(frame),
        lambda: plot.stock_age(frame),
    ]
    for draw in draws:
        with pytest.raises(TypeError, match="expected"):
            draw()
    axes = plot.days_on_market(lot.competitors.listings(sold=True), most=1)
    assert "(1 of " in axes.get_title()
    plt.close(axes.figure)


def test_nothing_to_draw_is_said(lot: jpauto.Lot) -> None:
    empty = jpauto.pricing.price({"year": 2021, "make": "Kia", "model": "Rio"}, [])
    draws: list[Callable[[], Any]] = [
        lambda: plot.price_in_market(empty),
        lambda: plot.price_history([]),
        lambda: plot.days_on_market([]),
        lambda: plot.stock_age([]),
        lambda: plot.stock_age(lot.inventory.list(), width=0),
        lambda: plot.stock_age(lot.inventory.list(), backend="plotly"),  # type: ignore[arg-type]
        lambda: plot.days_on_market(lot.competitors.listings(sold=True), most=0),
    ]
    for draw in draws:
        with pytest.raises(ValueError):
            draw()
    with pytest.raises(jpauto.NotFound):
        plot.price_cuts(lot, "nobody")


def test_dates_are_in_utc_and_marks_at_the_ends_are_whole(lot: jpauto.Lot) -> None:
    car = max(lot.inventory.list(), key=lambda car: car.days_in_stock)
    history = list(lot.market.history(car.id))
    assert len({point.our_price for point in history}) > 2, "the demonstration has a history"
    for points in (history, history[:1]):
        x = plot.price_history(points, backend="altair").to_dict()["encoding"]["x"]
        assert x["scale"]["type"] == "utc"
        first, last = (datetime.fromisoformat(at) for at in x["scale"]["domain"])
        times = [point.recorded_at for point in points if point.recorded_at]
        assert first < min(times) and max(times) < last and last - first >= timedelta(days=1)
    states = {car.age_state for car in lot.inventory.list()}
    assert states == {"good", "warning", "aged"}


def test_few_cars_are_no_wall_of_one_colour(lot: jpauto.Lot) -> None:
    car = min(lot.inventory.list(), key=lambda car: car.days_in_stock)
    chart = plot.stock_age([car], backend="altair").to_dict()
    assert chart["encoding"]["x"]["scale"]["domain"] == [0, 90]
    assert plot.stock_age([car]).get_xlim()[1] > 80


def test_axes_of_few_days_and_few_cars_have_whole_numbers(lot: jpauto.Lot) -> None:
    import matplotlib.pyplot as plt

    sale = lot.competitors.listings(sold=True).first(1)
    axes = plot.days_on_market(sale)
    axes.figure.canvas.draw()
    assert all(tick == int(tick) for tick in axes.get_xticks()) and axes.get_xlim()[1] >= 5
    plt.close(axes.figure)
    x = plot.days_on_market(sale, backend="altair").to_dict()["layer"][0]["encoding"]["x"]
    assert x["axis"]["tickMinStep"] == 1 and x["scale"]["domain"][1] >= 5
    cars = lot.inventory.list().first(1)
    assert plot.stock_age(cars, backend="altair").to_dict()["encoding"]["y"]["axis"]["values"] == [0, 1, 2]
    assert len(plot.stock_age(cars * 80, backend="altair").to_dict()["encoding"]["y"]["axis"]["values"]) < 8


def test_a_legend_below_a_picture_covers_no_label_of_its_axis(lot: jpauto.Lot) -> None:
    import matplotlib.pyplot as plt

    car = max(lot.inventory.list(), key=lambda car: car.days_in_stock)
    longer = [
        Dated(point, START + timedelta(days=30 * place)) for place, point in enumerate(lot.market.history(car.id))
    ]
    for axes in (
        plot.price_history(lot.market.history(car.id)),
        plot.price_history(longer),  # type: ignore[arg-type]
        plot.price_in_market(lot.market.get(car.id)),
        plot.days_on_market(lot.competitors.listings(sold=True), most=1),
    ):
        axes.figure.canvas.draw()
        legend = axes.get_legend().get_window_extent()
        assert not legend.overlaps(axes.xaxis.get_tightbbox())
        assert axes.figure.bbox.contains(*legend.p0) and axes.figure.bbox.contains(*legend.p1)
        plt.close(axes.figure)


def test_a_picture_of_one_day_names_that_day(lot: jpauto.Lot) -> None:
    car = next(iter(lot.inventory.list()))
    point = next(iter(lot.market.history(car.id)))
    assert point.recorded_at is not None
    first, last = plot.price_history([point], backend="altair").to_dict()["encoding"]["x"]["scale"]["domain"]
    midnight = point.recorded_at.replace(hour=0, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(first) < midnight < datetime.fromisoformat(last)


def test_pictures_of_a_grid_keep_their_legends_within_them(lot: jpauto.Lot) -> None:
    import matplotlib.pyplot as plt

    car = next(iter(lot.inventory.list()))
    analysis = lot.market.get(car.id).analysis
    assert analysis is not None
    figure, (upper, middle, lower, bars) = plt.subplots(4, figsize=(8, 12))
    plot.price_in_market(analysis, ax=upper)
    plot.price_history(lot.market.history(car.id), ax=middle)
    plot.stock_age(lot.inventory.list(), ax=lower)
    plot.days_on_market(lot.competitors.listings(sold=True), ax=bars)
    figure.canvas.draw()
    for ax in (upper, middle, lower, bars):
        legend = ax.get_legend()
        assert legend is not None
        frame, (left, bottom) = ax.get_window_extent(), legend.get_window_extent().p0
        assert frame.contains(left, bottom)
        # Nothing that is drawn stands behind it.
        drawn = [*(ax.patches if ax is not upper else []), *(ax.get_lines() if ax in (middle, bars) else [])]
        assert drawn or ax is upper
        assert not any(legend.get_window_extent().overlaps(one.get_window_extent()) for one in drawn)
    plt.close(figure)


def test_the_picture_of_a_market_names_its_years_and_its_whole_range(lot: jpauto.Lot) -> None:
    import matplotlib.pyplot as plt

    analysis = next(found.analysis for car in lot.inventory.list() if (found := lot.market.get(car.id)).analysis)
    axes = plot.price_in_market(analysis)
    assert str(analysis.search_parameters.year_min) in axes.get_title()
    assert "all comparables" in [text.get_text() for text in axes.get_legend().get_texts()]
    plt.close(axes.figure)


def test_a_wrong_argument_is_named_with_what_is_taken(lot: jpauto.Lot) -> None:
    listing = lot.competitors.listings(price_dropped=True).first(1)[0]
    wrong: list[tuple[str, str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
        ("analysis", "an analysis", plot.price_in_market, (5,), {}),
        ("history", "records", plot.price_history, (5,), {}),
        ("history", "records", plot.price_history, (lot.competitors.price_history(listing.id),), {}),
        ("title", "text", plot.price_history, ([],), {"title": 5}),
        ("listings", "records", plot.days_on_market, (5,), {}),
        ("listings", "records", plot.days_on_market, ("Kia",), {}),
        ("listings", "records", plot.days_on_market, ([{"is_sold": True}],), {}),
        ("most", "a whole number", plot.days_on_market, ([],), {"most": "many"}),
        ("cars", "records", plot.stock_age, (None,), {}),
        ("cars", "records", plot.stock_age, (lot.competitors.listings(),), {}),
        ("width", "a whole number", plot.stock_age, ([],), {"width": 1.5}),
        ("lot", "an open lot", plot.price_cuts, (5, "Harbor Motors"), {}),
        ("competitor", "a UUID or text", plot.price_cuts, (lot, 5), {}),
        ("most", "a whole number", plot.price_cuts, (lot, "Harbor Motors"), {"most": True}),
        ("ax", "Axes of matplotlib", plot.stock_age, ([],), {"ax": 5}),
    ]
    for name, expected, draw, arguments, options in wrong:
        with pytest.raises(TypeError, match=f"^{name}: expected {expected}") as refused:
            draw(*arguments, **options)
        assert "found" in str(refused.value)
    with pytest.raises(ValueError, match=r"^backend: "):
        plot.stock_age([], backend=5)  # type: ignore[arg-type]


def test_a_number_of_numpy_is_a_whole_number(lot: jpauto.Lot) -> None:
    numpy = pytest.importorskip("numpy")
    cars = list(lot.inventory.list())
    for wide in (numpy.int64(7), numpy.int32(7)):
        assert (
            plot.stock_age(cars, backend="altair", width=wide).to_dict()
            == plot.stock_age(cars, backend="altair", width=7).to_dict()
        )
