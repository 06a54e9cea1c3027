"""Records as values: hashed, copied, pickled, and shown in notebooks."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import jpauto
import pytest

START = datetime(2026, 3, 1, tzinfo=timezone.utc)
PICTURE = "https://pictures.example/a.jpg"


def analysis() -> jpauto.Analysis:
    cars = [
        {"year": 2021, "make": "Toyota", "model": "Camry", "price": 17_000 + 500 * n, "mileage": 30_000 + 1_000 * n}
        for n in range(9)
    ]
    subject = {"year": 2021, "make": "Toyota", "model": "Camry", "mileage": 34_000, "price": "21500.00"}
    return jpauto.pricing.price(subject, cars, as_of=START)


def shown(value: Any) -> str:
    """What a notebook shows."""
    html: str = value._repr_html_()
    return html


def test_records_are_hashed_copied_and_pickled(lot: jpauto.Lot) -> None:
    offer = lot.submissions.submit(year=2019, make="Toyota", model="Camry", asking_price="15000", images=[PICTURE])
    report = lot.competitors.record_listings("Rival", [{"vin": "4T1B11HK5KU211111", "price": 9_000}], observed_at=START)
    # Money, times, ids, words, documents, records in records and in lists.
    for record in (offer, report, analysis(), lot.inventory.statistics(), lot.competitors.get("Rival")):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(record, protocol))
            assert type(again) is type(record) and again == record and hash(again) == hash(record)
        assert copy.copy(record) == record and copy.deepcopy(record) == record
        assert len({record, copy.deepcopy(record)}) == 1
    vin = jpauto.vin.parse("1m8gdm9axkp042788", current_year=2001)
    assert pickle.loads(pickle.dumps(vin)) == vin
    assert pickle.loads(pickle.dumps(vin)).model_year_alternatives == vin.model_year_alternatives


def test_a_pickle_that_was_tampered_with_is_refused() -> None:
    record = jpauto.vin.report("1HGCM82633A004352")
    reduced: Any = record.__reduce__()
    restore, (fields,) = reduced
    assert restore(fields) == record
    assert restore({**fields, "model_year": None}).model_year is None
    for wrong in ({**fields, "valid": "yes"}, {name: value for name, value in fields.items() if name != "vin"}, {}):
        with pytest.raises(TypeError):
            restore(wrong)


def test_notebooks_show_tables_in_which_every_text_is_escaped(lot: jpauto.Lot) -> None:
    script = "<script>alert('x')</script>"
    for _ in range(12):
        lot.submissions.submit(year=2019, make=script, model="Camry")
    offers = lot.submissions.list()
    for html in (shown(offers), shown(next(iter(offers)))):
        assert "<script" not in html and "&lt;script&gt;" in html and html.count("<table>") == 1
    assert shown(offers).count("<tr>") == 11 and "the first 10 of Submission" in shown(offers)
    nothing = shown(lot.inventory.list())
    assert "no StockedVehicle" in nothing and "<th>stock_number</th>" in nothing
    chosen = shown(offers.select("make", "model"))
    assert chosen.count("<th>") == 2 and chosen.count("<tr>") == 11
    assert "9 PricedComparable" in shown(analysis())


def test_times_are_taken_where_a_listing_has_one(lot: jpauto.Lot) -> None:
    lot.competitors.add(name="Rival", inventory_url="https://rival.example/")
    car = {"vin": "4T1B11HK5KU211111", "is_sold": True, "sold_at": START - timedelta(days=2)}
    report = lot.competitors.record_listings("Rival", [car], observed_at=START)  # type: ignore[list-item]
    assert report.counts.listings_found == 1
    naive = {**car, "sold_at": datetime(2026, 1, 1)}
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.competitors.record_listings("Rival", [naive], observed_at=START + timedelta(days=1))  # type: ignore[list-item]
    assert [field.pointer for field in failure.value.fields] == ["/listings/0/sold_at"]
    assert "expected a datetime with a time zone" in failure.value.fields[0].message


@pytest.mark.parametrize("library", ["pyarrow", "polars", "pandas"])
def test_a_table_is_recorded_as_its_rows_are(lot: jpauto.Lot, library: str) -> None:
    package = pytest.importorskip(library)
    pytest.importorskip("pyarrow")
    rows = [
        {"vin": f"4T1B11HK5KU21111{n}", "make": "Toyota", "model": "Camry", "year": 2019, "price": 20_000.0 + n}
        for n in range(4)
    ]
    rows[3] = {**rows[3], "mileage": 52_000}
    table = package.Table.from_pylist(rows[::-1]) if library == "pyarrow" else package.DataFrame(rows[::-1])
    report = lot.competitors.record_listings("Rival", table, observed_at=START)
    assert report.counts.new == 4
    assert {one.mileage for one in lot.competitors.listings()} == {None, 52_000}
    assert {one.price for one in lot.competitors.listings()} == {20_000, 20_001, 20_002, 20_003}


def test_every_service_of_the_library_is_an_attribute(lot: jpauto.Lot) -> None:
    nouns = "submissions inventory market evaluation competitors exports jobs storage users alerts activity"
    for noun in f"{nouns} notifications tokens sessions sign_in".split():
        assert getattr(lot, noun) is not None
    assert lot.market.auto_dev_use() is None
    position = next(iter(lot.market.positions()), None)
    assert position is None
    assert lot.competitors.market_view().total.on_sale == 0
    assert list(lot.competitors.undercuts()) == []
    assert lot.market.price(year=2021, make="Toyota", model="Camry", price=Decimal(20_000)).sample_size == 0
    assert lot.market.backtest().models == 0


def test_a_vin_is_evaluated(lot: jpauto.Lot) -> None:
    decoded = lot.evaluation.decode("5FNYF5H59HB011946")
    assert (decoded.facts.model_year, decoded.vpic, decoded.facts.is_placeholder) == (2017, None, False)
    evaluation = lot.evaluation.evaluate("5fnyf5h59hb011946", mileage=60_000)
    assert evaluation.vin == "5FNYF5H59HB011946" and "model_unknown" in {one.code for one in evaluation.warnings}
    assert lot.evaluation.cached("5FNYF5H59HB011946") is None
    assert len(lot.evaluation.decode_many(["5FNYF5H59HB011946"] * 2)) == 2
    with pytest.raises(jpauto.InvalidInput, match="17 characters"):
        lot.evaluation.decode("short")


def test_a_timeout_is_a_timedelta_or_seconds(database_url: str) -> None:
    for timeout in (timedelta(seconds=2), 2, 0.5):
        jpauto.open(database_url, timeout=timeout).close()
    for wrong in (0, -1, float("nan"), "soon", timedelta(0)):
        with pytest.raises(jpauto.InvalidInput) as failure:
            jpauto.open(database_url, timeout=wrong)  # type: ignore[arg-type]
        assert failure.value.fields[0].pointer == "/timeout"


def test_fetching_needs_a_contact() -> None:
    with pytest.raises(jpauto.Error) as failure:
        jpauto.open("sqlite::memory:", contact="nobody")
    assert failure.value.code == "invalid_contact"
    with jpauto.open("sqlite::memory:") as lot:
        lot.competitors.add(name="Rival", inventory_url="https://rival.example/")
        with pytest.raises(jpauto.Refused) as refusal:
            lot.competitors.scrape("Rival", progress=True)
        assert refusal.value.code == "not_configured"


def test_progress_is_told_and_may_end_a_run(lot: jpauto.Lot) -> None:
    for number in range(3):
        lot.inventory.add(
            year=2019,
            make="Kia",
            model="Soul",
            vin=f"4T1B11HK{number:09}",
            stock_number=f"A{number}",
            price=9_000,
            mileage=5,
        )
    seen: list[int] = []
    assert lot.market.analyze_all(progress=lambda at: seen.append(at.done)).analyzed == 3
    assert seen == [1, 2, 3]
    assert lot.market.analyze_all(progress=lambda _at: False).remaining > 0
    assert lot.market.analyze_all(progress=True).analyzed == 3
    with pytest.raises(ZeroDivisionError):
        lot.market.analyze_all(progress=lambda _at: bool(1 // 0))
    with pytest.raises(TypeError, match="progress"):
        lot.market.analyze_all(progress=3)  # type: ignore[arg-type]


def test_notebooks_show_why_a_list_can_not_be_read(lot: jpauto.Lot) -> None:
    lot.users.add(email="viewer@example.com", name="Vic", role="viewer")
    trail = lot.acting_as("viewer@example.com").activity.list()
    assert "&lt;jpauto.Query of ActivityEntry&gt;: this takes the role admin" in shown(trail)
    lot.close()
    assert "the lot is closed" in shown(trail)


def test_a_list_is_true_where_it_has_a_record(anywhere: jpauto.Lot) -> None:
    assert anywhere.jobs.list() and not anywhere.submissions.list() and not anywhere.competitors.listings()
    for number in range(3):
        anywhere.submissions.submit(year=2019 + number, make="Kia", model="Soul")
    assert anywhere.submissions.list() and anywhere.submissions.list(limit=1)
    assert not anywhere.submissions.list(limit=0) and not anywhere.inventory.list(status="sold")
    offers = anywhere.submissions.list()
    assert offers and len(list(offers)) == 3
    anywhere.close()
    with pytest.raises(jpauto.Refused):
        bool(offers)


def test_a_repr_is_short_and_names_the_database_without_its_password(database_url: str, lot: jpauto.Lot) -> None:
    assert repr(lot) == "<jpauto.Lot of sqlite::memory:>"
    with jpauto.open(database_url) as opened:
        assert repr(opened) == f"<jpauto.Lot of {database_url}>" or "postgres" in database_url
        assert repr(opened).startswith(f"<jpauto.Lot of {database_url.partition(':')[0]}")
    assert repr(opened) == "<jpauto.Lot, closed>"
    priced = repr(analysis())
    assert "comparables=[9 of PricedComparable]" in priced and len(priced) < 4_000
    offer = lot.submissions.submit(year=2019, make="Kia", model="Soul", additional_notes="long " * 400)
    assert "…" in repr(offer) and len(repr(offer)) < 1_500


def test_many_vins_are_decoded_of_any_column_and_the_wrong_rows_are_named(lot: jpauto.Lot) -> None:
    vins = ["5FNYF5H59HB011946", None, "1hgcm82633a004352"]
    columns: list[Any] = [vins, iter(vins)]
    for library, column in (("pyarrow", "array"), ("polars", "Series"), ("pandas", "Series")):
        try:
            columns.append(getattr(__import__(library), column)(vins))
        except ModuleNotFoundError:
            continue
    for column in columns:
        decoded = lot.evaluation.decode_many(column)
        assert [one and one.facts.vin for one in decoded] == ["5FNYF5H59HB011946", None, "1HGCM82633A004352"]
    with pytest.raises(jpauto.InvalidInput) as refused:
        lot.evaluation.decode_many([*vins, "no VIN"])
    assert refused.value.code == "invalid_vin"
    assert [field.pointer for field in refused.value.fields] == ["/vins/3"]
    with pytest.raises(jpauto.InvalidInput) as refused:
        lot.evaluation.decode_many(["?", None, "!"])
    assert [field.pointer for field in refused.value.fields] == ["/vins/0", "/vins/2"]
    with pytest.raises(jpauto.InvalidInput, match="vins"):
        lot.evaluation.decode_many("5FNYF5H59HB011946")
