"""A small made-up market to try things on: ``lot = jpauto.demo.lot()``.

The cars, dealers and prices are invented and the same each time, so examples can say what they show.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import jpauto
from jpauto.types import NewListing, NewVehicle

__all__ = ["fill", "lot"]

_MODELS = [("Toyota", "Camry", 24_000), ("Honda", "Civic", 21_500), ("Ford", "F-150", 34_000), ("Kia", "Soul", 17_500)]
_DEALERS = {"Harbor Motors": 0.97, "Hilltop Auto": 1.02, "Main Street Cars": 1.0}


def lot(*, days: int = 40, seed: int = 7) -> jpauto.Lot:
    """An open dealership in memory, filled by ``fill``. It is gone when it is closed."""
    clock = jpauto.Clock()
    filled = jpauto.open("sqlite::memory:", clock=clock)
    fill(filled, days=days, seed=seed, clock=clock)
    return filled


def fill(lot: jpauto.Lot, *, days: int = 40, seed: int = 7, clock: jpauto.Clock | None = None) -> None:
    """Adds eight vehicles of ours and the last ``days`` days of three competitors, who sell cars and cut prices.

    It takes some seconds. Each competitor is seen every second day. With the ``clock`` that the lot was opened with,
    our vehicles have stood here for up to twice as long, are analysed now and then, and become cheaper; without it they
    are new. The clock shows the machine's time afterwards.
    """
    chance = Random(seed)
    now = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=5)
    stands = {name: [_car(chance, name, number, level) for number in range(14)] for name, level in _DEALERS.items()}
    ours = _ours(Random(seed + 1))
    if clock is not None:
        # The first three were here before anybody looked at the competitors.
        for place, old in enumerate(ours[:3]):
            clock.move_to(now - timedelta(days=2 * days - 12 * place))
            lot.inventory.add(**old)
    number = 1_000
    for day in range(days, -1, -2):
        if clock is not None:
            clock.move_to(now - timedelta(days=day))
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
        if clock is not None:
            _our_day(lot, day, ours)
    if clock is not None:
        clock.move_to(None)
    else:
        for new in ours:
            lot.inventory.add(**new)
    lot.market.analyze_all()


def _ours(chance: Random) -> list[NewVehicle]:
    """The vehicles that we have, or will have."""
    cars: list[NewVehicle] = []
    for place in range(8):
        make, model, price = _MODELS[place % len(_MODELS)]
        cars.append(
            {
                "year": 2021,
                "make": make,
                "model": model,
                "vin": _vin(9_000 + place),
                "stock_number": f"S{place + 1:03}",
                "price": _cents(price * chance.uniform(0.94, 1.1)),
                "mileage": 30_000 + 4_000 * place,
                "cost": _cents(price * 0.84),
            }
        )
    return cars


def _our_day(lot: jpauto.Lot, day: int, ours: list[NewVehicle]) -> None:
    """What we do every sixth day: buy a car, look at the market, and make what has stood here for long cheaper."""
    if day % 6:
        return
    stock = list(lot.inventory.list())
    if len(stock) < len(ours):
        lot.inventory.add(**ours[len(stock)])
    for car in stock:
        if car.days_in_stock > 30 and day % 12 == 0:
            lot.inventory.update(car.id, price=_cents(float(car.price) * 0.975))
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
