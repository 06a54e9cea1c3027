"""The rules as functions on data: on dictionaries, on records, and on tables of other libraries."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import jpauto
import pytest

START = datetime(2026, 3, 1, tzinfo=timezone.utc)
MODELS = ["Camry", "Corolla", "RAV4"]


def cars(count: int) -> list[dict[str, Any]]:
    """Listings of three models: a dollar more for each."""
    return [
        {
            "external_id": str(n),
            "year": 2020 + n % 2,
            "make": "Toyota",
            "model": MODELS[n % 3],
            "price": Decimal(15_000 + 10 * n),
            "mileage": 20_000 + 100 * (n % 50),
            "first_seen_at": START - timedelta(days=20),
            "last_seen_at": START,
        }
        for n in range(count)
    ]


def subjects() -> list[dict[str, Any]]:
    return [{"year": 2021, "make": "toyota", "model": model, "mileage": 22_000, "price": 16_000} for model in MODELS]


def by_pyarrow(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("pyarrow").Table.from_pylist(rows)


def by_polars(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(rows)


def by_pandas(rows: list[dict[str, Any]]) -> Any:
    pytest.importorskip("pyarrow")
    return pytest.importorskip("pandas").DataFrame(rows)


def by_duckdb(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("duckdb").from_arrow(by_pyarrow(rows))


LIBRARIES = [by_pyarrow, by_polars, by_pandas, by_duckdb]


def rows_of(batch: jpauto.Batch) -> list[dict[str, Any]]:
    pytest.importorskip("pyarrow")
    rows: list[dict[str, Any]] = batch.to_arrow().to_pylist()
    return rows


@pytest.mark.parametrize("table", LIBRARIES)
def test_a_table_of_any_library_is_priced_as_its_rows_are(table: Callable[[list[dict[str, Any]]], Any]) -> None:
    market, ours = cars(120), subjects()
    priced = rows_of(jpauto.pricing.price(table(ours), table(market), as_of=START))
    assert len(priced) == 3
    for row, subject in zip(priced, ours, strict=True):
        alone = jpauto.pricing.price(subject, market, as_of=START)
        assert (row["median"], row["sample_size"]) == (alone.median, alone.sample_size)
        assert (row["low"], row["high"]) == alone.range
        assert (row["recommendation"], row["confidence"]) == (alone.recommendation, alone.confidence)
        assert row["our_price"] == Decimal("16000.00") and row["model"] == subject["model"]


def test_a_list_of_ours_is_priced_against_listings_of_ours(lot: jpauto.Lot) -> None:
    pytest.importorskip("pyarrow")
    lot.competitors.record_listings(
        "Rival",
        [
            {
                "external_id": str(n),
                "year": 2021,
                "make": "Kia",
                "model": "Soul",
                "price": 15_000 + n,
                "mileage": 100 * n,
            }
            for n in range(9)
        ],
        observed_at=datetime.now(timezone.utc),
    )
    car = lot.inventory.add(
        year=2021, make="Kia", model="Soul", vin="4T1B11HK5KU211111", stock_number="S1", price=18_000, mileage=500
    )
    listings = lot.competitors.listings()
    (row,) = rows_of(jpauto.pricing.price(lot.inventory.list(), listings))
    alone = jpauto.pricing.price(car, listings)
    kept = lot.market.analyze(car.id)
    assert row["median"] == alone.median == kept.median and row["recommendation"] == "high"
    assert jpauto.market.supply(car, listings).active == 9
    own = jpauto.pricing.price(car, listings, own_vins=[car.vin, None])
    assert own.sample_size == alone.sample_size


def test_wrong_cells_are_named_by_row_and_column() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"year": [2020, 2021], "make": ["Kia"] * 2, "model": ["Soul"] * 2, "price": [1.5, 12.345]})
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.pricing.price(table, table)
    assert [field.pointer for field in failure.value.fields] == ["/subjects/1/price"]
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.pricing.price(table.select(["year"]), table)
    assert [field.pointer for field in failure.value.fields] == ["/subjects/make", "/subjects/model"]
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.pricing.price(
            [{"year": 2020, "make": "Kia", "model": "Soul"}, {"year": 7, "make": "", "model": "?"}], []
        )
    pointers = [field.pointer for field in failure.value.fields]
    assert pointers == ["/subjects/1/year", "/subjects/1/make", "/subjects/1/model"]
    naive = pyarrow.table({"first_seen_at": [datetime(2026, 1, 1)]})
    with pytest.raises(jpauto.InvalidInput, match="a time with a time zone"):
        jpauto.market.days_on_market(naive)
    with pytest.raises(jpauto.InvalidInput, match="minimum"):
        jpauto.pricing.price({"year": 2020, "make": "Kia", "model": "Soul"}, [], rules={"minimum": 3})


def test_rules_are_numbers_of_the_caller() -> None:
    few = cars(9)
    subject = subjects()[0]
    assert jpauto.pricing.price(subject, few, as_of=START).recommendation == "insufficient_data"
    looser = jpauto.pricing.price(subject, few, as_of=START, rules={"minimum_sample": 2})
    assert looser.recommendation in {"high", "low", "competitive"}


@pytest.mark.parametrize("kind", ["list", "string", "large_string", "string_view", "dictionary", "polars"])
def test_many_vins_are_read_as_one_by_one(kind: str) -> None:
    vins = ["1HGCM82633A004352", "5fnyf5h59hb011946", None, "no VIN", "", "11111111111111111", "1hgcm82633a00435o"] * 3
    column: Any = vins
    if kind == "polars":
        column = pytest.importorskip("polars").DataFrame({"vin": vins, "other": range(len(vins))})
    elif kind != "list":
        pyarrow = pytest.importorskip("pyarrow")
        if kind == "dictionary":
            column = pyarrow.chunked_array([pyarrow.array(vins[:7]), pyarrow.array(vins[7:])]).dictionary_encode()
        else:
            column = pyarrow.array(vins, getattr(pyarrow, kind)())
    rows = rows_of(jpauto.vin.parse_many(column, current_year=2026))
    assert len(rows) == len(vins)
    for row, vin in zip(rows, vins, strict=True):
        if vin is None:
            assert set(row.values()) == {None}
            continue
        alone = jpauto.vin.report(vin, current_year=2026)
        for name in ("vin", "valid", "reason", "check_digit_ok", "model_year", "conclusive", "wmi", "squish_vin"):
            assert row[name] == getattr(alone, name), (vin, name)
    assert rows[0]["manufacturer"] is not None and rows[5]["is_placeholder"]


def test_what_is_no_column_of_vins_is_refused() -> None:
    for wrong in ("1HGCM82633A004352", [1], [b"x"]):
        with pytest.raises(jpauto.InvalidInput):
            jpauto.vin.parse_many(wrong)  # type: ignore[arg-type]
    pyarrow = pytest.importorskip("pyarrow")
    for table in (pyarrow.table({"a": ["x"], "b": ["y"]}), pyarrow.table({"vin": [1]})):
        with pytest.raises(jpauto.InvalidInput):
            jpauto.vin.parse_many(table)


def sightings() -> list[dict[str, Any]]:
    """Two lots over thirty days: a car that is sold, and one that stays on both and is cut in price."""
    rows = []
    for day in range(30):
        for dealer, vin in (("A", "4T1B11HK000000001"), ("A", "4T1B11HK000000002"), ("B", "4T1B11HK000000002")):
            if (dealer, vin[-1]) == ("A", "1") and day >= 8:
                continue
            rows.append(
                {
                    "observed_at": START + timedelta(days=day),
                    "dealer": dealer,
                    "vin": vin,
                    "price": 20_000 if day < 15 else 19_000,
                }
            )
    return rows


@pytest.mark.parametrize("table", LIBRARIES)
def test_sightings_of_ones_own_are_replayed(table: Callable[[list[dict[str, Any]]], Any]) -> None:
    replayed = rows_of(jpauto.tracking.replay(table(sightings())))
    found = {(row["dealer"], row["vin"][-1]): row for row in replayed}
    assert set(found) == {("A", "1"), ("A", "2"), ("B", "2")}
    sold, stays = found["A", "1"], found["A", "2"]
    assert sold["is_sold"] and sold["sold_at"] == START + timedelta(days=8) and 7 <= sold["days_on_market"] <= 8
    assert sold["found_sold_at"] > sold["sold_at"] and 0 <= sold["p_return"] < 0.2
    assert not stays["is_sold"] and (stays["price"], stays["price_changes"]) == (Decimal(19_000), 1)
    assert stays["highest_price"] == Decimal(20_000)


def test_a_replay_decides_as_the_database_does(lot: jpauto.Lot) -> None:
    rows = [row for row in sightings() if row["dealer"] == "A"]
    for at in sorted({row["observed_at"] for row in rows}):
        seen: Any = [{"vin": row["vin"], "price": row["price"]} for row in rows if row["observed_at"] == at]
        lot.competitors.record_listings("A", seen, observed_at=at)
    stored = {one.vin: (one.is_sold, one.sold_at, one.p_return, one.price) for one in lot.competitors.listings()}
    replayed = rows_of(jpauto.tracking.replay(rows))
    assert {row["vin"]: (row["is_sold"], row["sold_at"], row["p_return"], row["price"]) for row in replayed} == stored


def test_a_scrape_that_saw_nothing_or_a_part_is_told_apart() -> None:
    rows = [row for row in sightings() if row["vin"].endswith("1")]
    assert [row["is_sold"] for row in rows_of(jpauto.tracking.replay(rows))] == [False]
    later = [{"observed_at": START + timedelta(days=day), "dealer": "A"} for day in range(8, 30)]
    part = [{**scrape, "complete": False} for scrape in later]
    assert [row["is_sold"] for row in rows_of(jpauto.tracking.replay(rows, part))] == [False]


def test_days_on_market_of_one_and_of_many() -> None:
    rows = [{"first_seen_at": START, "sold_at": START + timedelta(days=3, hours=23)}, {"first_seen_at": START}]
    days = rows_of(jpauto.market.days_on_market(rows, START + timedelta(days=9)))
    assert [row["days_on_market"] for row in days] == [3, 9]
    assert jpauto.market.days_on_market(START, START - timedelta(days=2)) == 0


def test_a_backtest_of_ones_own_listings_uses_their_prices_of_the_time() -> None:
    market = cars(60)
    market[30] = {**market[30], "sold_at": START - timedelta(days=2)}
    prices = [
        {"listing_id": "30", "recorded_at": START - timedelta(days=20), "price": 30_000},
        {"listing_id": "30", "recorded_at": START - timedelta(days=9), "price": market[30]["price"]},
    ]
    report = jpauto.pricing.backtest(market, prices, as_of=START)
    assert (report.sold.events, report.price_cut.events, report.price_cut.priced) == (1, 1, 1)
    assert jpauto.pricing.backtest(market, prices, as_of=START, event="sold").price_cut.events == 0


def while_ticking(call: Callable[[], object]) -> int:
    """How often another thread turned while the call ran, per millisecond."""
    turns, running = 0, True

    def tick() -> None:
        nonlocal turns
        while running:
            turns += 1

    thread = threading.Thread(target=tick)
    thread.start()
    started = time.perf_counter()
    before = turns
    call()
    turned, took = turns - before, time.perf_counter() - started
    running = False
    thread.join()
    return int(turned / max(took * 1_000, 1))


def test_another_thread_ticks_while_the_rules_work() -> None:
    market = cars(4_000)
    ours = subjects() * 40
    page = "<div>" + "<p>Nothing for sale here</p>" * 60_000 + "</div>"
    # A million turns a second are usual alone. With the lock held there would be none.
    assert while_ticking(lambda: jpauto.pricing.price(ours, market, as_of=START)) > 20
    assert while_ticking(lambda: jpauto.extract.listings(page, "https://rival.example/")) > 20


def test_coroutines_call_in_a_thread(lot: jpauto.Lot) -> None:
    async def both() -> tuple[int, jpauto.Submission]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        offer = await asyncio.to_thread(lot.submissions.submit, year=2019, make="Kia", model="Soul")
        await asyncio.to_thread(jpauto.pricing.price, subjects() * 40, cars(2_000))
        ticking.cancel()
        return ticks, offer

    ticks, offer = asyncio.run(both())
    assert offer.make == "Kia" and ticks > 10
