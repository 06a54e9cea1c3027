"""A small made-up market to try things on: ``lot = jpauto.demo.lot()``.

The cars, dealers and prices are invented and the same each time, so examples can say what they show.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import jpauto
from jpauto.types import NewListing

__all__ = ["fill", "lot"]

_MODELS = [("Toyota", "Camry", 24_000), ("Honda", "Civic", 21_500), ("Ford", "F-150", 34_000), ("Kia", "Soul", 17_500)]
_DEALERS = {"Harbor Motors": 0.97, "Hilltop Auto": 1.02, "Main Street Cars": 1.0}


def lot(*, days: int = 40, seed: int = 7) -> jpauto.Lot:
    """An open dealership in memory, filled by ``fill``. It is gone when it is closed."""
    filled = jpauto.open("sqlite::memory:")
    fill(filled, days=days, seed=seed)
    return filled


def fill(lot: jpauto.Lot, *, days: int = 40, seed: int = 7) -> None:
    """Adds eight vehicles of ours and the last ``days`` days of three competitors, who sell cars and cut prices.

    It takes some seconds. Each competitor is seen every second day.
    """
    chance = Random(seed)
    now = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=5)
    stands = {name: [_car(chance, name, number, level) for number in range(14)] for name, level in _DEALERS.items()}
    number = 1_000
    for day in range(days, -1, -2):
        for name, level in _DEALERS.items():
            cars = stands[name]
            for car in cars:
                if chance.random() < 0.07:
                    car["price"] = _cents(float(str(car.get("price"))) * (1 - chance.uniform(0.01, 0.05)))
            gone = [car for car in cars if chance.random() < 0.05]
            stands[name] = [car for car in cars if car not in gone]
            for _ in gone:
                number += 1
                stands[name].append(_car(chance, name, number, level))
            if not any(True for _ in lot.competitors.list(q=name, limit=1)):
                address = name.lower().replace(" ", "-")
                lot.competitors.add(name=name, inventory_url=f"https://{address}.example/used")
            lot.competitors.record_listings(name, stands[name], observed_at=now - timedelta(days=day))
    for place in range(8):
        make, model, price = _MODELS[place % len(_MODELS)]
        lot.inventory.add(
            year=2021,
            make=make,
            model=model,
            vin=_vin(9_000 + place),
            stock_number=f"S{place + 1:03}",
            price=_cents(price * chance.uniform(0.92, 1.1)),
            mileage=30_000 + 4_000 * place,
            cost=_cents(price * 0.84),
        )
    lot.market.analyze_all()


def _car(chance: Random, dealer: str, number: int, level: float) -> NewListing:
    make, model, price = _MODELS[number % len(_MODELS)]
    miles = chance.randrange(15_000, 70_000)
    asked = price * level * (1 - 4e-6 * (miles - 40_000)) * chance.uniform(0.94, 1.06)
    return {
        "external_id": f"{dealer[:4].lower()}-{number}",
        "vin": _vin(number + 20_000 * (1 + list(_DEALERS).index(dealer))),
        "year": 2021,
        "make": make,
        "model": model,
        "price": _cents(asked),
        "mileage": miles,
    }


def _vin(number: int) -> str:
    return f"4T1B11HK1{number:08}"


def _cents(amount: float) -> Decimal:
    return Decimal(round(amount / 10) * 10)
