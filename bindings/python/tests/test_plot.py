"""Pictures: each is drawn by both libraries and has labels, units and something to see."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
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


def test_nothing_to_draw_is_said(lot: jpauto.Lot) -> None:
    empty = jpauto.pricing.price({"year": 2021, "make": "Kia", "model": "Rio"}, [])
    draws: list[Callable[[], Any]] = [
        lambda: plot.price_in_market(empty),
        lambda: plot.price_history([]),
        lambda: plot.days_on_market([]),
        lambda: plot.stock_age([]),
        lambda: plot.stock_age(lot.inventory.list(), width=0),
    ]
    for draw in draws:
        with pytest.raises(ValueError):
            draw()
    with pytest.raises(jpauto.NotFound):
        plot.price_cuts(lot, "nobody")
