"""Cars that come back, names as people type them, and what to look at twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import jpauto
import pytest

VIN = "4T1B11HK9KU211111"


def test_a_sold_car_comes_back_and_a_sale_is_undone(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    car = lot.inventory.add(
        year=2019, make="Toyota", model="Camry", vin=VIN, price=15_900, mileage=31_000, stock_number="A1042"
    )
    lot.inventory.set_status(car.id, "sold", sale_price=15_500)
    undone = lot.inventory.undo_sale(car.id)
    assert (undone.status, undone.listed_at, undone.sold_at) == ("available", car.listed_at, None)
    with pytest.raises(jpauto.Conflict) as unsold:
        lot.inventory.undo_sale(car.id)
    assert unsold.value.code == "vehicle_not_sold"

    lot.inventory.set_status(car.id, "sold", sale_price=15_500)
    offer = lot.submissions.submit(year=2019, make="Toyota", model="Camry", vin=VIN, mileage=60_000)
    back = lot.submissions.approve(offer.id, price=13_900)
    assert (back.id, back.source_submission_id, back.mileage) == (car.id, offer.id, 60_000)
    assert back.listed_at is not None and car.listed_at is not None
    assert back.listed_at - car.listed_at > timedelta(0)
    sales = lot.inventory.statistics().sales
    assert (sales.total.count, sales.total.value, sales.came_back) == (1, Decimal(15_500), 1)
    assert [of.count for of in sales.by_month] == [1]
    actions = [entry.action for entry in lot.activity.list(resource_id=car.id)]
    assert actions == ["relist", "status", "undo_sale", "status", "create"]


def test_rows_are_found_by_a_beginning(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    first, second = (
        lot.inventory.add(year=2019, make="Kia", model="Rio", vin=vin, price=9_000, mileage=1, stock_number=stock)
        for vin, stock in ((VIN, "A1042"), ("4T1B11HK5KU211111", "A2000"))
    )
    for text in ("A1", VIN.lower(), str(first.id)):
        assert lot.inventory.find(text).id == first.id
    with pytest.raises(jpauto.InvalidInput) as several:
        lot.inventory.find("4T1B")
    assert several.value.code == "ambiguous_reference"
    assert {str(car.id) in str(several.value) for car in (first, second)} == {True}
    offer = lot.submissions.submit(year=2019, make="Kia", model="Rio", vin=VIN)
    assert lot.submissions.find("4t1b") == offer
    with pytest.raises(jpauto.NotFound):
        lot.submissions.find("nothing")


def test_what_to_look_at_twice_is_a_warning(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    with pytest.raises(jpauto.InvalidInput) as unasked:
        lot.inventory.add(year=2019, make="Kia", model="Rio", vin=VIN, price=9_000)  # type: ignore[call-arg]
    assert [field.pointer for field in unasked.value.fields] == ["/mileage"]
    old = lot.inventory.add(
        year=1957, make="Chevrolet", model="Bel Air", vin="VC57L123456", price=45_000, mileage=71_000
    )
    assert [warning.code for warning in old.warnings] == ["chassis_number"]
    changed = lot.inventory.update(old.id, price="4500")
    assert [warning.code for warning in changed.warnings] == ["chassis_number", "price_far_from_other"]
    assert changed.warnings[1].details == {"field": "price", "price": "4500.00", "other": "45000.00"}
    offer = lot.submissions.submit(year=2019, make="Kia", model="Rio", asking_price="0.01")
    assert [warning.code for warning in offer.warnings] == ["price_out_of_range"]
