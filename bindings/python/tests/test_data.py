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
    assert jpauto.market.days_on_market(rows[0]) == 3
    assert jpauto.market.days_on_market({"first_seen_at": None}) is None
    with pytest.raises(jpauto.InvalidInput):
        jpauto.market.days_on_market({"first_seen_at": "soon"})
    times = pytest.importorskip("pyarrow").chunked_array([[row["first_seen_at"] for row in rows]])
    alone = rows_of(jpauto.market.days_on_market(times, START + timedelta(days=9)))
    assert [row["days_on_market"] for row in alone] == [9, 9]


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


def longest_stall(call: Callable[[], object]) -> float:
    """For which share of the call another thread stood still at a time, at most."""
    longest, running = 0.0, True

    def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while running:
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    thread = threading.Thread(target=tick)
    thread.start()
    started = time.perf_counter()
    call()
    took = time.perf_counter() - started
    running = False
    thread.join()
    return longest / took


def test_another_thread_has_its_turn_while_rows_are_read() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    days = 40
    seen = [
        {
            "observed_at": START + timedelta(days=day),
            "dealer": f"D{car % 2}",
            "vin": f"4T1B11HK5KU2{car:05}",
            "price": 9_000,
        }
        for day in range(days)
        for car in range(1_000)
    ]
    table = pyarrow.Table.from_pylist(seen)
    market = cars(20_000)
    vins = [str(row["vin"]) for row in seen] * 20
    calls: dict[str, Callable[[], object]] = {
        "a table of sightings": lambda: jpauto.tracking.replay(table),
        "a list of sightings": lambda: jpauto.tracking.replay(seen),
        "a list of listings": lambda: jpauto.pricing.price(subjects(), market, as_of=START),
        "a list of times": lambda: jpauto.market.days_on_market(market),
        "a list of VINs": lambda: jpauto.vin.parse_many(vins),
    }
    for name, call in calls.items():
        # Twice, because another program may have the processor for a while. With the lock held it is most of the call.
        assert min(longest_stall(call) for _ in range(2)) < 0.35, name


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


def test_tables_of_a_lot_go_back_into_the_rules(lot: jpauto.Lot) -> None:
    seen: Any = [{**car, "id": None} for car in cars(40)]
    seen = [{name: value for name, value in car.items() if not name.endswith(("_at", "id"))} for car in seen]
    for number, car in enumerate(seen):
        car["stock_number"] = f"S{number}"
    lot.competitors.record_listings("Rival", seen, observed_at=datetime.now(timezone.utc))
    listings = lot.competitors.listings()
    ours = {**subjects()[0], "year": 2020}
    expected = jpauto.pricing.price(ours, listings)
    assert expected.sample_size > 3
    for convert in (listings.to_arrow, listings.to_polars, listings.to_pandas, listings.to_duckdb):
        pytest.importorskip(convert.__name__.removeprefix("to_").replace("arrow", "pyarrow"))
        table = convert()
        assert jpauto.pricing.price(ours, table).sample_size == expected.sample_size, convert.__name__
        assert jpauto.market.supply(ours, table).active == 40 // 6 + 1
        assert jpauto.pricing.backtest(table).sold.events == 0
        assert len(jpauto.market.days_on_market(table)) == 40
    (batch,) = listings.batches(100)
    assert jpauto.pricing.price(ours, batch.to_polars()).sample_size == expected.sample_size
    # What stands for an id is the lot's own, and not bytes.
    found = [one.external_id for one in jpauto.pricing.price(ours, listings.to_polars()).comparables]
    assert found == [one.external_id for one in expected.comparables]


def test_a_row_that_is_missing_as_a_whole_has_nothing_in_any_column() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    vins = pyarrow.array([{"vin": "1HGCM82633A004352", "n": 1}, None, {"vin": None, "n": 2}])
    assert [row["valid"] for row in rows_of(jpauto.vin.parse_many(vins))] == [True, None, None]
    sliced = pyarrow.chunked_array([vins.slice(1), vins])
    assert [row["valid"] for row in rows_of(jpauto.vin.parse_many(sliced))] == [None, None, True, None, None]
    market = cars(30)
    holes = pyarrow.array([*market, None])
    expected = jpauto.pricing.price(subjects()[0], market, as_of=START).sample_size
    assert jpauto.pricing.price(subjects()[0], holes, as_of=START).sample_size == expected
    assert [row["days_on_market"] for row in rows_of(jpauto.market.days_on_market(holes, START))] == [20] * 30 + [None]
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.pricing.price(pyarrow.array([subjects()[0], None]), market)
    assert {field.pointer.split("/")[2] for field in failure.value.fields} == {"1"}
    with pytest.raises(jpauto.InvalidInput, match="sightings/1/observed_at"):
        jpauto.tracking.replay(pyarrow.array([sightings()[0], None]))


def test_what_was_taken_already_is_refused() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    batch = pyarrow.RecordBatch.from_pylist(cars(20))

    class OfArray:
        def __init__(self) -> None:
            self.capsules = batch.__arrow_c_array__()

        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            return self.capsules

    class OfStream:
        def __init__(self) -> None:
            self.capsule = pyarrow.table(batch).__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
            return self.capsule

    class Ours(OfStream):
        def __init__(self) -> None:
            self.capsule = jpauto.vin.parse_many(["1HGCM82633A004352"]).__arrow_c_stream__()

    taken = OfArray()
    pyarrow.RecordBatch._import_from_c_capsule(*taken.capsules)
    read = OfStream()
    pyarrow.RecordBatchReader._import_from_c_capsule(read.capsule).read_all()
    once: Any
    for once in (taken, read):
        with pytest.raises(jpauto.InvalidInput, match=r"comparables: expected .* that nobody has"):
            jpauto.pricing.price(subjects()[0], once)
    # By ourselves, too: the second time is not a table without rows.
    twice = OfStream()
    assert jpauto.pricing.price(subjects()[0], twice, as_of=START).sample_size > 3
    with pytest.raises(jpauto.InvalidInput, match="nobody has read"):
        jpauto.pricing.price(subjects()[0], twice, as_of=START)
    ours = Ours()
    assert len(jpauto.vin.parse_many(ours)) == 1
    with pytest.raises(jpauto.InvalidInput, match="nobody has read"):
        jpauto.vin.parse_many(ours)


def test_days_are_not_known_where_the_first_sighting_is_not() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rows = [{"first_seen_at": START, "vin": "x"}, {"first_seen_at": None, "vin": "y"}]
    for given in (rows, pyarrow.Table.from_pylist(rows), pytest.importorskip("pandas").DataFrame(rows)):
        days = rows_of(jpauto.market.days_on_market(given, START + timedelta(days=9)))
        assert [row["days_on_market"] for row in days] == [9, None]
    with pytest.raises(jpauto.InvalidInput, match="first_seen_at/first_seen_at"):
        jpauto.market.days_on_market([{}, {"first_seen": START}])
    with pytest.raises(jpauto.InvalidInput, match="first_seen_at: expected a datetime"):
        jpauto.market.days_on_market(pytest.importorskip("pandas").NaT)


def test_columns_that_nobody_asks_for_are_not_looked_at() -> None:
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    market, ours = cars(30), subjects()[0]
    expected = jpauto.pricing.price(ours, market, as_of=START).sample_size
    mixed = pandas.DataFrame(market)
    mixed["note"] = [1, "a", None] * 10
    mixed[7] = [object()] * 30
    huge = polars.DataFrame(market).with_columns(zz=polars.Series([2**100] * 30, dtype=polars.Int128))
    table = pyarrow.Table.from_pylist(market)
    runs = pyarrow.RunEndEncodedArray.from_arrays([30], pyarrow.array(["x"]))
    views = pyarrow.array([[1]] * 30, pyarrow.list_view(pyarrow.int32()))
    odd = table.append_column("runs", pyarrow.chunked_array([runs])).append_column("views", views)
    for given in (mixed, huge, odd):
        assert jpauto.pricing.price(ours, given, as_of=START).sample_size == expected
    # One that is asked for is named.
    mixed["mileage"] = [1, "a", None] * 10
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.pricing.price(ours, mixed)
    assert [field.pointer for field in failure.value.fields] == ["/comparables/1/mileage"]
    wrong = polars.DataFrame(market).with_columns(mileage=polars.Series([2] * 30, dtype=polars.Int128))
    with pytest.raises(jpauto.InvalidInput, match="comparables/mileage: expected plain values"):
        jpauto.pricing.price(ours, wrong)


def test_a_row_of_pandas_is_a_subject_and_a_frame_is_its_rows() -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    market = cars(30)
    frame = pandas.DataFrame(subjects())
    alone = [jpauto.pricing.price(subject, market, as_of=START).median for subject in subjects()]
    assert [jpauto.pricing.price(row, market, as_of=START).median for _, row in frame.iterrows()] == alone
    assert [jpauto.pricing.price(row, market, as_of=START).median for row in frame.itertuples()] == alone
    many = jpauto.pricing.price([row for _, row in frame.iterrows()], market, as_of=START)
    assert [row["median"] for row in rows_of(many)] == alone
    # A missing number makes floats of a column, and is no number in the dictionaries of the frame.
    listed = pandas.DataFrame([{**car, "mileage": None if n == 3 else car["mileage"]} for n, car in enumerate(market)])
    listed["sold_at"] = pandas.NaT
    in_rows = jpauto.pricing.price(frame.iloc[0], listed.to_dict("records"), as_of=START)
    assert in_rows.sample_size == jpauto.pricing.price(frame.iloc[0], listed, as_of=START).sample_size > 3
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.pricing.price(subjects()[0], [{**car, "price": "?"} for car in cars(500)])
    assert len(failure.value.fields) == 20
    with pytest.raises(jpauto.InvalidInput, match="comparables/price"):
        jpauto.pricing.price(subjects()[0], [{"year": 2020, "make": "Kia", "model": "Soul", "cost": 3}])


def test_dictionaries_are_read_as_the_table_of_them_is() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    ours = subjects()[0]
    texts = [{**car, **{name: str(car[name]) for name in ("year", "price", "mileage")}} for car in cars(30)]
    days = [{**car, "first_seen_at": (START - timedelta(days=20)).date()} for car in cars(30)]
    for rows in (texts, days):
        by_rows = jpauto.pricing.price(ours, rows, as_of=START)
        by_table = jpauto.pricing.price(ours, pyarrow.Table.from_pylist(rows), as_of=START)
        assert by_rows.sample_size > 3
        assert (by_rows.median, by_rows.sample_size) == (by_table.median, by_table.sample_size)
    wrong = {**cars(1)[0], "mileage": 20_000.5, "first_seen_at": datetime(2026, 1, 1), "price": [1]}
    for rows in ([wrong], pyarrow.Table.from_pylist([{**wrong, "price": "free"}])):
        with pytest.raises(jpauto.InvalidInput) as failure:
            jpauto.pricing.price(ours, rows)
        told = {field.pointer: field.message for field in failure.value.fields}
        assert set(told) == {f"/comparables/0/{name}" for name in ("mileage", "first_seen_at", "price")}
        assert told["/comparables/0/mileage"] == "expected a whole number, found 20000.5"


def test_decimals_of_any_width_and_frames_that_are_not_read_yet_are_read() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    ours, market = subjects()[0], cars(30)
    right = jpauto.pricing.price(ours, market, as_of=START)
    table = pyarrow.Table.from_pylist([{**car, "price": Decimal(car["price"])} for car in market])
    place = table.column_names.index("price")
    for kind in (pyarrow.decimal256(40, 2), pyarrow.decimal128(20, 5), pyarrow.decimal256(76, 6)):
        found = jpauto.pricing.price(ours, table.set_column(place, "price", table["price"].cast(kind)), as_of=START)
        assert (found.median, found.sample_size) == (right.median, right.sample_size)
    thousands = pyarrow.array([Decimal("21E3")] * 9, pyarrow.decimal128(6, -3))
    round_prices = table.slice(0, 9).set_column(place, "price", thousands)
    assert jpauto.pricing.price(ours, round_prices, as_of=START).max_price == Decimal("21000.00")
    polars = pytest.importorskip("polars")
    lazy = polars.from_arrow(table).lazy()
    assert jpauto.pricing.price(ours, lazy, as_of=START).median == right.median
    many = jpauto.pricing.price(polars.DataFrame([ours, ours]).lazy(), lazy, as_of=START)
    assert [row["median"] for row in rows_of(many)] == [right.median] * 2


def test_sightings_that_no_vehicle_is_known_by_are_told() -> None:
    rows = sightings()
    with pytest.raises(jpauto.InvalidInput, match="something to know a vehicle by"):
        jpauto.tracking.replay([{"observed_at": row["observed_at"], "vinn": row["vin"]} for row in rows])
    with pytest.warns(UserWarning, match=r"1 of 69 sightings were left out.*\(sightings/68/vin: a VIN has 17"):
        replayed = jpauto.tracking.replay([*rows, {"observed_at": START, "vin": "x"}])
    assert len(replayed) == 3
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.tracking.replay([{"observed_at": START}, {"observed_at": START, "vin": "x"}])
    assert [field.pointer for field in failure.value.fields] == ["/sightings", "/sightings/1/vin"]
    assert "17 characters" in failure.value.fields[1].message


def test_an_empty_choice_of_words_is_refused(lot: jpauto.Lot) -> None:
    lot.inventory.add(
        year=2021, make="Kia", model="Soul", vin="4T1B11HK5KU211111", stock_number="S", price=1, mileage=5
    )
    for choose in (
        lambda: lot.inventory.list(status=[]),
        lambda: lot.market.positions(status=[]),
        lambda: lot.competitors.listings(condition=[]),
    ):
        with pytest.raises(jpauto.InvalidInput, match="expected one word or more"):
            choose()
    assert len(list(lot.inventory.list(status=["available"]))) == 1


def test_our_vehicles_are_known_by_the_vins_of_any_list(lot: jpauto.Lot) -> None:
    vin = "4T1B11HK5KU211111"
    lot.inventory.add(year=2021, make="Toyota", model="Camry", vin=vin, stock_number="S1", price=20_000, mileage=9_000)
    market = [{**car, "vin": vin if car["external_id"] == "3" else None} for car in cars(40)]
    subject = subjects()[0]
    by_text = jpauto.pricing.price(subject, market, as_of=START, own_vins=[vin])
    assert jpauto.pricing.price(subject, market, as_of=START, own_vins=lot.inventory.list()) == by_text
    assert by_text.sample_size < jpauto.pricing.price(subject, market, as_of=START).sample_size


def test_what_is_no_list_is_refused(lot: jpauto.Lot) -> None:
    vins: Any = {"4T1B11HK5KU211111": 1}
    with pytest.raises(jpauto.InvalidInput, match="found a dictionary"):
        jpauto.vin.parse_many(vins)
    nothing: Any = {}
    with pytest.raises(
        TypeError, match=r"listings: expected a table, or a list of dictionaries or records, found \{\}"
    ):
        lot.competitors.record_listings("A", nothing, observed_at=START)
    none: Any = None
    with pytest.raises(TypeError, match="comparables: expected a table"):
        jpauto.pricing.price(subjects()[0], none)
    assert len(jpauto.vin.parse_many(["4T1B11HK5KU211111", None, float("nan")])) == 3  # type: ignore[list-item]
    for call in (lambda: lot.competitors.listings(year_min=True), lambda: lot.inventory.list(limit=True)):
        with pytest.raises(TypeError, match="expected a whole number, found True"):
            call()
    subject, five, word = subjects()[0], 5, {"available": 1}
    calls: list[tuple[Callable[[Any], object], Any, str]] = [
        (lambda given: jpauto.pricing.price(subject, given), five, "comparables: expected a table"),
        (lambda given: jpauto.pricing.price(subject, given), {}, "comparables: expected a table"),
        (lambda given: jpauto.pricing.price(given, []), five, "subject: expected a dictionary, a record"),
        (jpauto.market.days_on_market, five, "first_seen_at: expected a table"),
        (jpauto.tracking.replay, subject, "sightings: expected a table"),
        (jpauto.tracking.replay, "rows", "sightings: expected a table"),
        (jpauto.vin.parse_many, five, "vins: expected a list or a column of texts"),
        (
            lambda given: lot.competitors.record_listings("A", given, observed_at=START),
            five,
            "listings: expected a tab",
        ),
        (lambda given: lot.competitors.record_pages("A", given, observed_at=START), five, "pages: expected pairs"),
        (lambda given: lot.competitors.record_pages("A", given, observed_at=START), [five], "pages: expected pairs"),
        (lambda given: lot.inventory.list(status=given), five, "status: expected a word or several, found 5"),
        (lambda given: lot.inventory.list(status=given), [five], "status: expected text, found 5"),
        (lambda given: lot.inventory.list(status=given), word, "status: expected a word or several"),
        (lambda given: lot.competitors.listings(make=given), ["Kia", "Ford"], r"make: expected text, found \['Kia"),
        (
            lambda given: lot.competitors.listings(year_min=given),
            "new",
            "year_min: expected a whole number, found 'new'",
        ),
        (lambda given: lot.inventory.list().to_arrow(columns=given), "price", "columns: expected a list of texts"),
        (
            lambda given: lot.inventory.list().to_arrow(columns=given),
            [five],
            r"columns: expected a list of texts, found \[",
        ),
        (lambda given: lot.inventory.list().select(given), five, "columns: expected text, found 5"),
    ]
    for take, given, said in calls:
        with pytest.raises(TypeError, match=said):
            take(given)


def test_a_time_that_has_none_in_utc_is_refused(lot: jpauto.Lot) -> None:
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=12)))

    def calls(time_: datetime) -> list[Callable[[], object]]:
        return [
            lambda: jpauto.pricing.price(subjects()[0], cars(9), as_of=time_),
            lambda: jpauto.market.days_on_market(time_),
            lambda: jpauto.Clock(time_),
            lambda: lot.competitors.record_listings("A", [], observed_at=time_),
            lambda: lot.tokens.create(name="t", role="viewer", expires_at=time_),
            lambda: lot.competitors.record_listings("A", [{"external_id": "1", "sold_at": time_}], observed_at=START),
        ]

    for call in [*calls(late), *calls(early)]:
        with pytest.raises(jpauto.InvalidInput, match="expected a time in the years 1 to 9999 of UTC"):
            call()


def test_what_is_wrong_is_counted_where_not_all_of_it_is_named() -> None:
    wrong = [{"year": 2020, "make": "Kia", "model": "Soul", "price": "x"}] * 1_200
    for given in (wrong, by_pyarrow(wrong)):
        with pytest.raises(
            jpauto.InvalidInput, match="1200 values are not acceptable, of which these are the first 20: "
        ):
            jpauto.pricing.price(subjects()[0], given)
    with pytest.raises(jpauto.InvalidInput, match="30 values are not acceptable") as failure:
        jpauto.pricing.price([{"year": 7, "make": "Kia", "model": "Soul"}] * 30, [])
    assert len(failure.value.fields) == 20
    with pytest.raises(jpauto.InvalidInput, match="25 values are not acceptable"):
        jpauto.tracking.replay([{"vin": "4T1B11HK5KU211111", "observed_at": None}] * 25)


def test_a_column_of_mixed_values_is_named_with_its_row_and_one_that_is_there_twice_as_such() -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(cars(3)).assign(price=[20_000, "x", None])
    with pytest.raises(jpauto.InvalidInput, match=r"comparables/1/price: .*found 'x' below 20000"):
        jpauto.pricing.price(subjects()[0], frame)
    twice = frame[["year", "make", "model", "price", "price"]]
    table = pyarrow.Table.from_arrays([pyarrow.array([1])] * 2, names=["price", "price"])
    for given in (twice, table):
        with pytest.raises(jpauto.InvalidInput, match="expected one column of this name") as failure:
            jpauto.pricing.price(subjects()[0], given)
        assert [field.pointer for field in failure.value.fields] == ["/comparables/price"]


def test_days_and_numbers_are_read_as_tables_have_them() -> None:
    pytest.importorskip("pyarrow")
    # A day is its beginning in UTC, and the number of a spreadsheet's cell is the model "500".
    day = [{"first_seen_at": START.date(), "sold_at": START + timedelta(days=9)}]
    assert jpauto.market.days_on_market(day).to_arrow()["days_on_market"].to_pylist() == [9]
    fiats = [{"year": 2018, "make": "Fiat", "model": 500, "price": 9_000 + n} for n in range(9)]
    assert jpauto.pricing.price({"year": 2018, "make": "Fiat", "model": "500"}, fiats).sample_size == 9
    far = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    with pytest.raises(
        jpauto.InvalidInput, match="observed_at: expected a time with a time zone, in the years 1 to 9999"
    ):
        jpauto.tracking.replay([{"observed_at": far, "vin": "4T1B11HK5KU211111"}])


def test_a_table_that_is_not_read_yet_is_a_table_for_type_checkers() -> None:
    class Lazy:
        def collect(self, *, engine: str = "auto") -> object: ...

    table: jpauto.types.Table = Lazy()
    texts: jpauto.types.Texts = Lazy()
    assert table is not texts


def test_what_is_said_names_the_field_once_and_no_option_of_the_command_line(lot: jpauto.Lot) -> None:
    listed: Any = {"external_id": "1", "mileage": [1]}
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.competitors.record_listings("A", [listed], observed_at=START)
    assert str(failure.value).startswith("listings/0/mileage: expected a whole number of miles")
    for sheet in (b"vin,VIN\n1,2\n", b"year,make,model,price,mileage\n1,2,3,4,5\n"):
        with pytest.raises(jpauto.InvalidInput) as failure:
            lot.inventory.import_file(sheet)
        assert "mapping" in str(failure.value) and "--" not in str(failure.value)
    car = lot.inventory.add(year=2021, make="Kia", model="Soul", vin="4T1B11HK5KU211111", price=9_000, mileage=5)
    words: list[Any] = ["unknown", "gone"]
    for status in words:
        with pytest.raises(jpauto.InvalidInput, match=r"expected available, pending, hold or sold$"):
            lot.inventory.set_status(car.id, status)
