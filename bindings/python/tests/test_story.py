"""A dealership's day from Python: an offer becomes a vehicle, competitors are recorded, and the market prices it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import jpauto
import pytest
from jpauto.types import NewListing


def lot_of(count: int, price: int = 20_000) -> list[NewListing]:
    """Camrys of one year that differ by mileage and price."""
    return [
        {
            "external_id": f"camry-{number}",
            "year": 2019,
            "make": "Toyota",
            "model": "Camry",
            "price": Decimal(price + 100 * number),
            "mileage": 40_000 + 1_000 * number,
        }
        for number in range(count)
    ]


def test_an_offer_becomes_a_vehicle_that_the_market_prices(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    offer = lot.submissions.submit(
        year=2019, make="Toyota", model="Camry", vin="4T1B11HK5KU211111", customer_name="Kim Example"
    )
    assert isinstance(offer.id, UUID)
    assert offer.submission_status == "pending"
    assert offer.submitted_at is not None and offer.submitted_at.utcoffset() == timedelta(0)

    with pytest.raises(jpauto.Conflict) as duplicate:
        lot.submissions.submit(year=2019, make="Toyota", model="Camry", vin="4T1B11HK5KU211111")
    assert duplicate.value.code == "duplicate_vin"

    with pytest.raises(jpauto.InvalidInput) as incomplete:
        lot.submissions.approve(offer.id)
    assert incomplete.value.code == "approval_incomplete"
    assert {field.pointer for field in incomplete.value.fields} == {"/price", "/mileage"}

    car = lot.submissions.approve(offer.id, price=Decimal("24500.00"), mileage=45_000)
    assert (car.price, car.mileage, car.status) == (Decimal("24500.00"), 45_000, "available")
    assert car.source_submission_id == offer.id
    assert lot.submissions.get(offer.id).submission_status == "approved"

    started = datetime.now(timezone.utc) - timedelta(days=20)
    rival = lot.competitors.add(name="Example Motors", inventory_url="https://motors.example/used")
    first = lot.competitors.record_listings(rival.id, lot_of(8), observed_at=started)
    assert (first.complete, first.counts.new, len(first.new)) == (True, 8, 8)

    cheaper = lot_of(8)
    cheaper[0]["price"] = "19500.00"
    second = lot.competitors.record_listings("example motors", cheaper, observed_at=started + timedelta(days=1))
    assert [(change.before, change.after) for change in second.price_changes] == [(Decimal(20_000), Decimal(19_500))]
    assert len(list(lot.competitors.price_history(second.price_changes[0].id))) == 2

    newcomer = lot.competitors.record_listings("New Motors", lot_of(2), observed_at=started)
    assert (newcomer.competitor, newcomer.added) == ("New Motors", True)
    lot.competitors.delete(newcomer.competitor_id)

    for day in range(2, 20):
        lot.competitors.record_listings(rival.id, cheaper[:-1], observed_at=started + timedelta(days=day))
    (gone,) = lot.competitors.listings(rival.id, sold=True)
    assert gone.external_id == "camry-7" and gone.is_sold and gone.sold_at is not None
    assert len(list(lot.competitors.listings(make="toyota", sold=False, price_max=20_200))) == 3

    analysis = lot.market.analyze(car.id)
    assert analysis.sample_size >= 5 and analysis.recommendation == "high"
    assert isinstance(analysis.median, Decimal) and analysis.range is not None
    assert analysis.range[0] <= analysis.median <= analysis.range[1]
    assert analysis.price_to_market is not None and analysis.price_to_market > 100
    assert analysis.reasons[0].code == "above_market"
    adjustment = analysis.adjustment
    assert adjustment.typical_mileage is not None and adjustment.typical_mileage.per_mile < 0
    assert 0 < adjustment.typical_share <= 1 and adjustment.per_mile <= 0
    assert (analysis.missing_source, analysis.week, analysis.search_parameters.auto_dev) == (None, None, [])
    assert lot.market.get(car.id).analysis == analysis
    assert lot.market.history(car.id).first(1)[0].our_price == car.price

    newest = lot.competitors.metrics(rival.id).first(1)[0]
    assert (newest.total_inventory, newest.vehicles_sold_30d, newest.price_changes_30d) == (7, 1, 1)
    assert lot.competitors.overview().first(1)[0].metrics == newest
    assert lot.market.overview().high == 1

    sold = lot.inventory.set_status(car.id, "sold", sale_price=24_000)
    assert sold.sold_at is not None
    with pytest.raises(jpauto.Conflict) as twice:
        lot.market.analyze(car.id)
    assert twice.value.code == "vehicle_sold"
    actions = [entry.action for entry in lot.activity.list(resource_id=car.id)]
    assert actions == ["status", "analyze", "create"]


def test_a_run_tells_its_progress_and_stops_when_told(anywhere: jpauto.Lot) -> None:
    for number in range(6):
        anywhere.inventory.add(
            year=2019, make="Toyota", model="Camry", vin=f"4T1B11HK5KU21111{number}", price=20_000, mileage=1
        )
    seen: list[jpauto.Progress] = []

    def two(progress: jpauto.Progress) -> bool:
        seen.append(progress)
        return progress.done < 2

    report = anywhere.market.analyze_due(progress=two)
    assert (report.analyzed, report.insufficient, report.remaining) == (3, 3, 3), "the third was kept with the second"
    assert (report.missing_source, report.without_source) == (None, 0), "no source is configured that could be missing"
    assert [(at.done, at.total) for at in seen] == [(1, 6), (2, 6)]

    def broken(progress: jpauto.Progress) -> bool:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        anywhere.market.analyze_all(progress=broken)
    assert anywhere.market.analyze_due(limit=1).analyzed == 1


def test_a_list_goes_on_over_its_pages(anywhere: jpauto.Lot) -> None:
    rival = anywhere.competitors.add(name="Example Motors", inventory_url="https://motors.example/used")
    anywhere.competitors.record_listings(rival.id, lot_of(1_200), observed_at=datetime.now(timezone.utc))
    listings = anywhere.competitors.listings(rival.id, sort="price")
    prices = [listing.price for listing in listings]
    assert prices == [Decimal(20_000 + 100 * number) for number in range(1_200)]
    assert [listing.price for listing in listings] == prices, "a query can be iterated again"
    assert [listing.price for listing in listings.first(60)] == prices[:60]
    assert len(list(anywhere.competitors.listings(rival.id, limit=700))) == 700
    assert list(anywhere.competitors.listings(rival.id, limit=0)) == []
    assert not hasattr(listings, "__len__")


def test_vehicles_are_filtered_and_sorted(anywhere: jpauto.Lot) -> None:
    inventory = anywhere.inventory
    stock = [(2017, "Ford", 9_000), (2019, "Toyota", 15_000), (2021, "Toyota", 21_000)]
    for number, (year, make, price) in enumerate(stock):
        inventory.add(year=year, make=make, model="X", vin=f"4T1B11HK5KU21111{number}", price=price, mileage=number)

    def years(cars: jpauto.Query[jpauto.StockedVehicle]) -> list[int]:
        return [car.year for car in cars]

    assert years(inventory.list(make="toyota", sort="year")) == [2019, 2021]
    assert years(inventory.list(price_max="15000", year_min=2018)) == [2019]
    assert years(inventory.list(status=["available", "hold"], sort="-price")) == [2021, 2019, 2017]
    assert years(inventory.list(status="sold")) == []
    assert years(inventory.list(q="ford x")) == [2017]
    assert inventory.statistics().total.value == Decimal("45000.00")


def test_the_owner_judges_a_doubted_lot(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    today = datetime.now(timezone.utc)
    cars: list[NewListing] = [
        {
            "external_id": f"car-{number}",
            "year": 2019,
            "make": "Toyota",
            "model": "Camry",
            "mileage": 40_000 + number,
            "stock_status": "In Transit" if number == 0 else "In Stock",
        }
        for number in range(40)
    ]

    def record(days_ago: int, count: int) -> jpauto.RecordReport:
        return lot.competitors.record_listings("Rival", cars[:count], observed_at=today - timedelta(days=days_ago))

    for days_ago in (66, 36, 6):
        assert record(days_ago, 40).complete
    for days_ago in range(5, 0, -1):
        assert not record(days_ago, 15).complete
    believed = lot.competitors.believe("Rival")
    assert (believed.competitor, believed.scrapes, len(believed.sold)) == ("Rival", 5, 25)
    assert all(car.p_return is not None and 0 < car.p_return < 1 for car in believed.sold)
    listings = {car.external_id: car for car in lot.competitors.listings(believed.competitor_id)}
    assert listings["car-0"].stock_status == "in_transit" and listings["car-0"].p_return is None
    assert listings["car-39"].stock_status == "in_stock" and listings["car-39"].p_return is not None
    with pytest.raises(jpauto.Error) as twice:
        lot.competitors.believe("rival")
    assert twice.value.code == "scrape_not_doubted"
    discarded = lot.competitors.distrust(believed.competitor_id)
    assert (len(discarded.on_sale_again), discarded.sold) == (25, [])
    assert list(lot.competitors.listings(sold=True)) == []
    for judge in (lot.competitors.believe, lot.competitors.distrust):
        with pytest.raises(jpauto.NotFound) as nobody:
            judge("nobody")
        assert nobody.value.code == "competitor_not_found"
