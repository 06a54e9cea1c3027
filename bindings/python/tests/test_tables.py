"""Lists as tables: what stands in a table is what stands in the records, on both databases and for each library."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import jpauto
import pytest
from jpauto.types import NewListing

pa: Any = pytest.importorskip("pyarrow")
pd: Any = pytest.importorskip("pandas")
pl: Any = pytest.importorskip("polars")
duckdb: Any = pytest.importorskip("duckdb")

AS_OF = datetime(2026, 11, 1, 12, 30, 15, 250_001, tzinfo=timezone.utc)
WORDS = pa.dictionary(pa.int32(), pa.string())


def cars(count: int) -> list[NewListing]:
    """Cars of three makes. Every third has no price, and every fifth no VIN, no trim and no mileage."""
    makes = [("Toyota", "Camry"), ("Honda", "Civic"), ("Škoda", "Octavia")]
    found: list[NewListing] = []
    for number in range(count):
        make, model = makes[number % 3]
        car: NewListing = {"external_id": f"car-{number}", "year": 2015 + number % 8, "make": make, "model": model}
        if number % 3:
            car["price"] = Decimal(10_000 + number) + Decimal("0.05")
        if number % 5:
            car |= {"trim": "", "mileage": 1_000 * number, "stock_status": "in_stock", "stock_number": f"é{number}"}
        found.append(car)
    return found


def plain(value: Any) -> Any:
    """A value of a record as it stands in a table."""
    if isinstance(value, (dict, list)):
        return json.loads(json.dumps(value, default=str))
    return value


def assert_same(table: Any, records: Iterable[Any], documents: Iterable[str] = ()) -> None:
    """The table holds the records, in any order, to the last value."""
    documents = set(documents)
    rows = {row["id"]: row for row in table.to_pylist()}
    expected = {record.id: record.as_dict() for record in records}
    assert rows.keys() == expected.keys()
    for key, record in expected.items():
        row = rows[key]
        assert list(row) == list(record)
        for name, value in record.items():
            if name in documents and row[name] is not None:
                assert json.loads(row[name]) == plain(value), (name, key)
            elif name == "warnings":
                found = [{**warning, "details": json.loads(warning["details"])} for warning in row[name]]
                assert found == plain(value), (name, key)
            elif name == "days_on_market":
                # Days go on while the test runs.
                assert abs(row[name] - value) <= 1
            else:
                assert row[name] == value, (name, key)


@pytest.fixture
def stocked(anywhere: jpauto.Lot) -> jpauto.Lot:
    """Some 1,300 listings of two competitors, which are more than two pages, and three vehicles."""
    anywhere.competitors.record_listings("Rival", cars(1_250), observed_at=AS_OF)
    anywhere.competitors.record_listings("Other", cars(50), observed_at=AS_OF)
    anywhere.competitors.record_listings("Other", cars(40), observed_at=AS_OF + timedelta(days=1))
    for number in range(3):
        anywhere.inventory.add(
            year=2019,
            make="Toyota",
            model="Camry",
            vin=f"4T1B11HK5KU21111{number}"[:11] + f"{211111 + number}",
            price="18500.50",
            mileage=48_200 + number,
            features=["Sunroof", "Häuser"] if number else [],
            cost="15000" if number else None,
        )
    return anywhere


def test_listings_are_a_table_with_exact_types(stocked: jpauto.Lot) -> None:
    listings = stocked.competitors.listings()
    table = listings.to_arrow()
    types = {field.name: field.type for field in table.schema}
    assert table.num_rows == 1_300
    assert types["id"] == pa.uuid() and types["competitor_id"] == pa.uuid()
    assert types["price"] == types["lowest_price"] == pa.decimal128(18, 2)
    assert types["first_seen_at"] == types["updated_at"] == pa.timestamp("us", "UTC")
    assert types["make"] == types["model"] == types["stock_status"] == WORDS
    assert (types["year"], types["mileage"], types["is_sold"]) == (pa.int32(), pa.int32(), pa.bool_())
    assert (types["vin"], types["raw_data"], types["p_return"]) == (pa.string(), pa.string(), pa.float64())
    assert not table.schema.field("id").nullable and table.schema.field("price").nullable
    assert list(types) == listings.columns == list(listings.first(1)[0].as_dict())
    assert pa.schema(listings) == table.schema
    assert_same(table, listings, documents=["raw_data"])
    priced = table.filter(pa.compute.is_valid(table["price"]))
    assert sum(priced["price"].to_pylist()) == sum(car.price for car in listings if car.price is not None)


def test_analysed_vehicles_are_a_table(stocked: jpauto.Lot) -> None:
    stocked.market.analyze_all()
    positions = stocked.market.positions()
    table = positions.to_arrow()
    assert table.num_rows == 3 and table.column_names == positions.columns
    for row, record in zip(table.to_pylist(), positions, strict=True):
        assert record.research is not None and row["research"]["id"] == record.research.id
    assert len(positions.to_polars()) == len(positions.to_pandas()) == len(positions.to_duckdb()) == 3
    assert [len(batch) for batch in positions.select("research").batches(2)] == [2, 1]


def test_plain_frames_of_pandas_are_sorted_joined_and_described(stocked: jpauto.Lot) -> None:
    listings = stocked.competitors.listings()
    plain, dealers = listings.to_pandas(plain=True), stocked.competitors.list().to_pandas(plain=True)
    joined = plain.merge(dealers, left_on="competitor_id", right_on="id")
    assert len(joined) == 1_300 and set(joined["name"]) == {"Rival", "Other"}
    assert set(plain["id"]) == {str(one.id) for one in listings}
    assert plain.sort_values("make")["make"].iloc[0] == "Honda" and plain["make"].str.lower()[0] in {"toyota", "honda"}
    assert plain["price"].describe()["max"] == float(max(one.price for one in listings if one.price is not None))
    assert plain.nlargest(3, "price")["price"].iloc[0] == plain["price"].max()
    assert len(plain.drop_duplicates("id")) == 1_300 and plain.to_json(date_format="iso")
    assert plain["price"].isna().sum() == sum(one.price is None for one in listings)
    positions = stocked.market.positions().to_pandas(plain=True)
    assert isinstance(positions["vehicle"][0]["id"], str) and isinstance(positions["vehicle"][0]["price"], float)
    subject = {"year": 2018, "make": "Toyota", "model": "Camry", "mileage": 30_000}
    assert jpauto.pricing.price(subject, plain).median == jpauto.pricing.price(subject, listings).median
    priced = jpauto.pricing.price([subject], listings)
    assert priced.to_pandas(plain=True)["median"].dtype.kind == "f" and len(priced.to_duckdb()) == 1


def test_filters_orders_and_limits_are_those_of_the_list(stocked: jpauto.Lot) -> None:
    listings = stocked.competitors.listings
    toyotas = listings("Rival", make="toyota", year_min=2018, price_max=Decimal("10600.05"))
    assert toyotas.to_arrow(columns=["id"])["id"].to_pylist() == [] == list(toyotas)
    hondas = listings("Rival", make="honda", year_min=2018, price_max=Decimal("10600.05"), q="civic é")
    assert_same(hondas.to_arrow(), hondas, documents=["raw_data"])
    assert 0 < hondas.to_arrow().num_rows < 200
    for sort in ("price", "-price", "year", "-mileage", "-first_seen_at", "price_drop", "days_on_market"):
        ordered = listings(sort=sort, limit=700)
        assert ordered.to_arrow(columns=["id"])["id"].to_pylist() == [car.id for car in ordered], sort
    # Read page by page, and ended by its limit before the list ends.
    assert listings(sort="days_on_market", limit=510).to_arrow().num_rows == 510
    assert [len(batch) for batch in stocked.activity.list(limit=4).batches(3)] == [3, 1]
    newest = listings(limit=3)
    assert newest.to_arrow(columns=["id"])["id"].to_pylist() == [car.id for car in newest]
    for stranger in ("it's", "$1", "'; --", "\\", "a\u001fb", '"', "é'ñ"):
        assert listings(q=stranger).to_arrow().num_rows == len(list(listings(q=stranger)))
        assert listings(vin=stranger, model=stranger).to_arrow().num_rows == 0


def test_columns_are_chosen_by_name(stocked: jpauto.Lot) -> None:
    listings = stocked.competitors.listings()
    table = listings.to_arrow(columns=["price", "days_on_market", "make"])
    assert table.column_names == ["price", "days_on_market", "make"]
    assert set(table["days_on_market"].to_pylist()) == {car.days_on_market for car in listings}
    chosen = listings.select("model", "id")
    assert chosen.columns == pl.DataFrame(chosen).columns == ["model", "id"]
    assert listings.select().to_arrow().num_columns == 0
    with pytest.raises(jpauto.InvalidInput, match="no column prise; did you mean price") as unknown:
        listings.to_polars(columns=["make", "prise"])
    assert (unknown.value.code, unknown.value.fields[0].pointer) == ("invalid_argument", "/columns/1")
    with pytest.raises(jpauto.InvalidInput, match="there are id, competitor_id"):
        listings.select("colour_of_the_seats")
    with pytest.raises(jpauto.InvalidInput, match="named twice"):
        listings.select("id", "id")


def test_each_library_has_the_same_table(stocked: jpauto.Lot) -> None:
    listings = stocked.competitors.listings()
    total = sum(car.price for car in listings if car.price is not None)
    frame = listings.to_polars()
    assert frame.schema["price"] == pl.Decimal(18, 2)
    assert frame.schema["first_seen_at"] == pl.Datetime("us", "UTC")
    assert frame["price"].sum() == total
    assert pl.DataFrame(listings).equals(frame.select(pl.DataFrame(listings).columns)) or frame.height == 1_300
    data = listings.to_pandas()
    assert {type(kind) for kind in data.dtypes} == {pd.ArrowDtype}
    assert data["price"].sum() == total and data["mileage"].dtype == pd.ArrowDtype(pa.int32())
    cars = listings.to_duckdb()
    assert cars.aggregate("sum(price), count(*), count(DISTINCT make)").fetchall() == [(total, 1_300, 3)]
    connection = duckdb.connect()
    assert listings.to_duckdb(connection, columns=["make"]).filter("make = 'Honda'").count("*").fetchall() == [(434,)]
    assert pa.table(listings).num_rows == 1_300


def test_every_list_is_a_table(stocked: jpauto.Lot) -> None:
    car = next(iter(stocked.inventory.list()))
    listing = next(iter(stocked.competitors.listings("Other")))
    user = stocked.users.add(email="kim@example.com", name="Kim", role="admin")
    stocked.submissions.submit(
        year=2019, make="Toyota", model="Camry", vin="4T1B11HK5KU311111", images=["https://e.example/1"]
    )
    stocked.tokens.create(name="feed", role="viewer")
    lists: dict[str, tuple[jpauto.Query[Any], list[str]]] = {
        "inventory": (stocked.inventory.list(), []),
        "inventory.price_history": (stocked.inventory.price_history(car.id), []),
        "market.history": (stocked.market.history(car.id), []),
        "submissions": (stocked.submissions.list(), []),
        "competitors": (stocked.competitors.list(), ["scraper_config"]),
        "scrapes": (stocked.competitors.scrapes("Other"), []),
        "activity": (stocked.activity.list(), ["changes"]),
        "alerts": (stocked.alerts.list(), ["metadata"]),
        "exports": (stocked.exports.list(), []),
        "runs": (stocked.jobs.history(), ["result", "options"]),
        "jobs": (stocked.jobs.list(), []),
        "overview": (stocked.competitors.overview(), []),
        "users": (stocked.users.list(), []),
        "tokens": (stocked.tokens.list(), []),
        "notifications": (stocked.notifications.list(), ["data"]),
    }
    for name, (query, documents) in lists.items():
        table = query.to_arrow()
        assert pa.schema(query) == table.schema, name
        if "id" in table.column_names:
            assert_same(table, query, documents)
        assert table.num_rows == len(list(query)), name
        assert pl.DataFrame(query).height == table.num_rows, name
    prices = stocked.competitors.price_history(listing.id)
    assert [row["recorded_at"] for row in prices.to_arrow().to_pylist()] == [point.recorded_at for point in prices]
    assert stocked.competitors.metrics("Other").to_arrow().num_rows == 2
    assert "market_research" in stocked.jobs.list().to_polars()["name"].to_list()
    overview = stocked.competitors.overview(q="other").to_arrow().to_pylist()
    assert [row["competitor"]["name"] for row in overview] == ["Other"]
    assert overview[0]["metrics"]["total_inventory"] > 0
    assert stocked.users.list().to_arrow()["id"].to_pylist() == [user.id]
    assert isinstance(stocked.inventory.list().to_arrow()["id"].to_pylist()[0], UUID)


def test_what_duckdb_can_not_take_is_said_by_us(lot: jpauto.Lot) -> None:
    listings = lot.competitors.listings()
    without: list[Callable[[], Any]] = [
        lambda: listings.to_duckdb(columns=[]),
        lambda: listings.select().to_duckdb(),
    ]
    for none in without:
        with pytest.raises(jpauto.InvalidInput, match="columns: expected one column or more"):
            none()
    connection: Any = 5
    with pytest.raises(TypeError, match="connection: expected a connection of DuckDB, found 5"):
        listings.to_duckdb(connection=connection)


def test_an_empty_list_is_a_table_without_rows(anywhere: jpauto.Lot) -> None:
    listings = anywhere.competitors.listings()
    assert listings.to_arrow().num_rows == 0 and listings.to_arrow().schema == pa.schema(listings)
    assert listings.to_polars().shape == (0, len(listings.columns))
    assert len(listings.to_pandas()) == 0 and list(listings.batches()) == []
    assert listings.to_duckdb().count("*").fetchall() == [(0,)]


def test_batches_have_the_rows_that_were_asked_for(stocked: jpauto.Lot) -> None:
    listings = stocked.competitors.listings(sort="price")
    batches = list(listings.batches(400, columns=["id", "make"]))
    assert [len(batch) for batch in batches] == [400, 400, 400, 100]
    ids = [row for batch in batches for row in batch.to_arrow()["id"].to_pylist()]
    assert ids == [car.id for car in listings]
    assert batches[0].columns == ["id", "make"] and pl.DataFrame(batches[0]).height == 400
    assert pa.record_batch(batches[3]).num_rows == 100 and len(batches[3].to_pandas()) == 100
    with pytest.raises(ValueError, match="one row or more"):
        listings.batches(0)


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_a_reading_that_is_given_up_ends(stocked: jpauto.Lot) -> None:
    before = threads()
    for _ in range(20):
        batches = stocked.competitors.listings().batches(10)
        assert len(next(batches)) == 10
        batches.close()
        assert list(batches) == []
        stocked.competitors.listings().__arrow_c_stream__()
        for _batch in stocked.competitors.listings().batches(10):
            break
    until = time.monotonic() + 10
    while threads() > before + 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert threads() <= before + 1
    # No connection stayed behind: there are eight.
    assert stocked.competitors.listings().to_arrow().num_rows == 1_300


def test_a_closed_lot_and_missing_rights_are_our_exceptions(stocked: jpauto.Lot) -> None:
    stocked.users.add(email="viewer@example.com", name="Vic", role="viewer")
    trail = stocked.acting_as("viewer@example.com").activity.list()
    reads: list[Callable[[], Any]] = [trail.to_arrow, trail.to_polars, trail.batches, trail.__arrow_c_stream__]
    for read in reads:
        with pytest.raises(jpauto.Forbidden) as forbidden:
            read()
        assert forbidden.value.code == "forbidden"
    listings = stocked.competitors.listings()
    stocked.close()
    for read in (listings.to_arrow, listings.to_pandas, listings.to_duckdb, lambda: pa.table(listings)):
        with pytest.raises(jpauto.Refused) as closed:
            read()
        assert closed.value.code == "lot_closed"


def test_a_lot_in_memory_is_read_while_it_is_used(lot: jpauto.Lot) -> None:
    lot.competitors.record_listings("Rival", cars(100), observed_at=AS_OF)
    for batch in lot.competitors.listings().batches(10):
        assert len(batch) == 10 and len(list(lot.competitors.list())) == 1


def test_others_run_while_a_table_is_read(stocked: jpauto.Lot) -> None:
    ticks, is_done = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not is_done.wait(0.0005):
            ticks += 1

    ticking = threading.Thread(target=tick)
    ticking.start()
    listings = stocked.competitors.listings()
    reads: list[Callable[[], Any]] = [listings.to_arrow, listings.to_polars]
    reads += [lambda: pa.table(listings), lambda: pl.DataFrame(listings)]
    for read in reads:
        ticks = 0
        for _ in range(20):
            read()
        assert ticks > 0, read
    is_done.set()
    ticking.join()


def test_ctrl_c_ends_a_reading(database_url: str) -> None:
    program = f"""
import jpauto
from datetime import datetime, timezone

cars = [{{"external_id": str(number), "year": 2019, "make": "A", "model": "B"}} for number in range(900)]
with jpauto.open({database_url!r}) as lot:
    lot.migrate()
    lot.competitors.record_listings("Rival", cars, observed_at=datetime(2026, 11, 1, tzinfo=timezone.utc))
    lot.competitors.listings().to_arrow()
    try:
        print("ready", flush=True)
        while True:
            lot.competitors.listings().to_arrow()
    except KeyboardInterrupt:
        print("interrupted", lot.competitors.listings().to_arrow().num_rows, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        # A child that hangs fails the test; it must not hang it.
        killer = threading.Timer(120, child.kill)
        killer.start()
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted 900\n"
        child.wait()
        killer.cancel()
    assert child.returncode == 0


def test_a_missing_library_is_named_with_its_extra(lot: jpauto.Lot, monkeypatch: pytest.MonkeyPatch) -> None:
    listings = lot.competitors.listings()
    for package, method, extra in [
        ("pyarrow", "to_arrow", "arrow"),
        ("polars", "to_polars", "polars"),
        ("pandas", "to_pandas", "pandas"),
        ("duckdb", "to_duckdb", "duckdb"),
    ]:
        with monkeypatch.context() as without:
            without.setitem(sys.modules, package, None)
            with pytest.raises(ModuleNotFoundError, match=rf"{method} needs {package}.*jpauto\[{extra}\]"):
                getattr(listings, method)()


def test_tables_of_other_libraries_are_read() -> None:
    from jpauto import _capsules

    frame = pl.DataFrame({"vin": ["a", None, "a text that is longer than twelve bytes"], "price": [1, 2, None]})
    schema, chunks = _capsules.read(frame, "table", {"vin", "price"})
    assert schema[0] == "+s" and [child[1] for child in schema[4]] == ["vin", "price"]
    assert sum(chunk[0] for chunk in chunks) == 3
    assert _capsules.read(pa.array([1, 2, 3]).slice(1), "table", ())[1][0][:3] == (2, 0, 1)
    assert (
        _capsules.read(pa.table({"id": pa.array([b"0" * 16], pa.uuid())}), "table", ["id"])[0][4][0][3] == "arrow.uuid"
    )
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        _capsules.read([1, 2], "table", ())


def test_a_table_makes_no_records_and_a_list_holds_one_page_of_them(anywhere: jpauto.Lot) -> None:
    def most_memory(read: Callable[[], object]) -> int:
        """Bytes that Python takes for it at once, records included."""
        tracemalloc.start()
        try:
            read()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    rows = "".join(f"2020,Kia,Soul,KNDJ23AU4M7{number:06},16000,9000,S{number}\n" for number in range(1_400))
    anywhere.inventory.import_file(f"year,make,model,vin,price,mileage,stock_number\n{rows}".encode())
    every = anywhere.inventory.list()
    assert sum(len(batch) for batch in every.batches(100)) == 1_400
    assert most_memory(lambda: [len(batch) for batch in every.batches(1_000)]) < 20_000
    assert most_memory(lambda: sum(1 for _ in every)) < most_memory(lambda: list(every)) / 2


def test_a_schema_that_is_asked_for_is_given_or_refused(lot: jpauto.Lot) -> None:
    lot.competitors.record_listings("Rival", cars(30), observed_at=AS_OF)
    listings = lot.competitors.listings()
    wanted = pa.schema([("price", pa.float64()), ("make", pa.string()), ("year", pa.int32())])
    (batch,) = listings.batches(100)
    for source in (listings, batch):
        table = pa.RecordBatchReader.from_stream(source, schema=wanted).read_all()
        assert table.schema.names == wanted.names and table.schema.types == wanted.types
        assert sorted(table["make"].to_pylist()) == sorted(listings.to_arrow()["make"].to_pylist())
        assert pa.RecordBatchReader.from_stream(source, schema=pa.schema([("make", WORDS)])).schema.types == [WORDS]
        refusals = {
            "convert the column once it is read": pa.schema([("price", pa.int64())]),
            "there is no": pa.schema([("prize", pa.float64())]),
        }
        for said, schema in refusals.items():
            with pytest.raises(jpauto.InvalidInput, match=said):
                source.__arrow_c_stream__(schema.__arrow_c_schema__())
        column = pa.array([1]).__arrow_c_array__()
        for rubbish in (5, column[1], pa.int64().__arrow_c_schema__()):
            with pytest.raises(jpauto.InvalidInput):
                source.__arrow_c_stream__(rubbish)
    with pytest.raises(jpauto.InvalidInput):
        batch.__arrow_c_array__(5)


def test_duckdb_makes_objects_of_times(lot: jpauto.Lot) -> None:
    pytest.importorskip("pytz")
    lot.competitors.record_listings("Rival", cars(2), observed_at=AS_OF)
    rows = lot.competitors.listings().to_duckdb().limit(1).fetchall()
    assert any(isinstance(value, datetime) and value.tzinfo for value in rows[0])


def test_a_word_of_a_closed_set_is_a_dictionary(lot: jpauto.Lot) -> None:
    assert lot.inventory.list().to_arrow().schema.field("age_state").type == WORDS


def test_a_list_of_names_is_no_text(lot: jpauto.Lot) -> None:
    wrong: list[Any] = ["price", b"", {}]
    for columns in wrong:
        with pytest.raises(TypeError, match="expected a list of texts"):
            lot.inventory.list().to_arrow(columns=columns)
