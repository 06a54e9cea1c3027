"""What goes wrong is an exception of the right class, with a code and the fields at fault."""

from __future__ import annotations

import inspect
import pickle
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import jpauto
import pytest
from jpauto.types import Money
from test_fuzz import functions, services

CAMRY: dict[str, Any] = {"year": 2019, "make": "Toyota", "model": "Camry"}


def test_the_classes_are_one_tree() -> None:
    kinds = [
        jpauto.InvalidInput,
        jpauto.NotFound,
        jpauto.Conflict,
        jpauto.Refused,
        jpauto.Unauthenticated,
        jpauto.Forbidden,
        jpauto.RateLimited,
        jpauto.Misconfigured,
        jpauto.Unavailable,
        jpauto.Internal,
    ]
    assert all(issubclass(kind, jpauto.Error) for kind in kinds)
    assert issubclass(jpauto.InvalidInput, ValueError) and issubclass(jpauto.NotFound, LookupError)


def test_each_kind_has_its_documented_class() -> None:
    document = Path(__file__).parents[3] / "docs" / "errors.md"
    rows = [line.strip("| \n").split(" | ") for line in document.read_text().splitlines() if line.startswith("| `")]
    names = {cells[4].strip("`") for cells in rows if len(cells) == 5 and cells[2].isdigit()}
    classes = {kind.__name__ for kind in jpauto.Error.__subclasses__()}
    assert names == classes
    assert all(hasattr(jpauto, name) for name in names)


def test_every_field_at_fault_is_named(lot: jpauto.Lot) -> None:
    fields: Any = {**CAMRY, "colour": "red", "mileage": "many", "images": 3}
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.submissions.submit(**fields)
    assert failure.value.code == "invalid_argument"
    assert sorted(field.pointer for field in failure.value.fields) == ["/colour", "/images", "/mileage"]
    assert "colour: unknown field" in str(failure.value)
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.submissions.submit(year=1066, make="", model="Camry")
    assert [field.pointer for field in failure.value.fields] == ["/year", "/make"]


@pytest.mark.parametrize(
    "price",
    [12.345, "1,000", Decimal("NaN"), Decimal("1E+1000000000"), Decimal("0.001"), float("nan"), True, object(), 10**30],
)
def test_an_amount_that_is_not_exact_is_refused(lot: jpauto.Lot, price: object) -> None:
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.submissions.submit(**CAMRY, asking_price=cast(Any, price))
    assert [field.pointer for field in failure.value.fields] == ["/asking_price"]


@pytest.mark.parametrize("price", [12_995, "12995", "12995.00", 12995.0, Decimal("12995.000"), Decimal("1.2995E+4")])
def test_an_exact_amount_is_taken_in_any_form(lot: jpauto.Lot, price: Money) -> None:
    taken = lot.submissions.submit(**CAMRY, asking_price=price).asking_price
    assert str(taken) == "12995.00"


def test_a_listing_at_fault_is_named_by_its_place(lot: jpauto.Lot) -> None:
    lot.competitors.add(name="Rival", inventory_url="https://rival.example/")
    rows: Any = [{"vin": "4T1B11HK5KU211111"}, {"colour": "red"}, "no row", {"price": []}]
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.competitors.record_listings("rival", rows, observed_at=datetime.now(timezone.utc))
    assert [field.pointer for field in failure.value.fields] == [
        "/listings/1/colour",
        "/listings/2",
        "/listings/3/price",
    ]
    assert list(lot.competitors.listings()) == []


def test_a_time_without_a_zone_is_refused(lot: jpauto.Lot) -> None:
    lot.competitors.add(name="Rival", inventory_url="https://rival.example/")
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.competitors.record_listings("Rival", [], observed_at=datetime(2026, 1, 1))
    assert failure.value.fields == [
        ("/observed_at", "expected a datetime with a time zone, such as datetime.now(timezone.utc)")
    ]


def test_what_does_not_exist_is_not_found(lot: jpauto.Lot) -> None:
    with pytest.raises(jpauto.NotFound) as failure:
        lot.inventory.get(uuid4())
    assert failure.value.code == "vehicle_not_found"
    with pytest.raises(jpauto.NotFound, match="competitor"):
        lot.competitors.get("nobody")
    for unknown in (uuid4(), str(uuid4()), "nobody"):
        for read in (
            lot.competitors.listings,
            lot.competitors.metrics,
            lot.competitors.scrapes,
            lot.competitors.undercuts,
        ):
            with pytest.raises(jpauto.NotFound) as failure:
                list(read(unknown))
            assert failure.value.code == "competitor_not_found"
    with pytest.raises(jpauto.InvalidInput) as malformed:
        lot.inventory.get("7")
    assert malformed.value.fields[0].pointer == "/id"


def test_a_fault_is_told_in_the_words_of_python(lot: jpauto.Lot) -> None:
    fields: Any = {**CAMRY, "mileage": "many", "vin": 5, "images": "one"}
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.submissions.submit(**fields)
    told = {field.pointer: field.message for field in failure.value.fields}
    assert told["/mileage"] == 'expected a whole number, and none too large, found "many"'
    assert told["/vin"] == "expected text, found 5"
    assert not any(word in str(failure.value) for word in ("i32", "usize", "invalid type"))


def test_a_doubtful_price_is_refused_where_that_is_asked_for(lot: jpauto.Lot) -> None:
    car: Any = {**CAMRY, "vin": "4T1B11HK5KU211111", "mileage": 48_000, "price": 1}
    asking = lot.inventory.refusing_doubtful_prices()
    with pytest.raises(jpauto.Refused) as failure:
        asking.add(**car)
    assert failure.value.code == "price_doubtful" and not list(lot.inventory.list())
    added = lot.inventory.add(**car)
    assert [warning.code for warning in added.warnings] == ["price_out_of_range"]
    with pytest.raises(jpauto.Refused):
        asking.update(added.id, price=2)
    assert asking.update(added.id, price=18_500).price == 18_500
    offer = lot.submissions.submit(**CAMRY, vin="4T1B11HK5KU222222", mileage=40_000)
    with pytest.raises(jpauto.Refused):
        lot.submissions.refusing_doubtful_prices().approve(offer.id, price=1)
    assert lot.submissions.approve(offer.id, price=1).price == 1


def test_notes_are_kept_by_a_pickle() -> None:
    error = jpauto.InvalidInput("no", "invalid_argument", [("/vin", "expected a VIN")])
    # Python 3.10 has no notes yet.
    getattr(error, "add_note", str)("while reading row 5")
    again = pickle.loads(pickle.dumps(error))
    assert getattr(again, "__notes__", []) == getattr(error, "__notes__", [])
    assert again.fields == error.fields


def test_words_outside_their_set_are_refused(lot: jpauto.Lot) -> None:
    word: Any = "lost"
    for call in (
        lambda: lot.inventory.list(status=["available", word]),
        lambda: lot.submissions.list(submission_status=word),
        lambda: lot.users.add(email="a@example.com", name="A", role=word),
    ):
        with pytest.raises(jpauto.InvalidInput, match="expected one of"):
            call()


def test_a_closed_lot_says_so(lot: jpauto.Lot) -> None:
    vehicles = iter(lot.inventory.list())
    lot.close()
    lot.close()
    assert lot.closed
    for call in (lot.inventory.statistics, lot.migrate, lambda: next(vehicles)):
        with pytest.raises(jpauto.Refused) as failure:
            call()
        assert failure.value.code == "lot_closed"


def test_a_database_that_can_not_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.open("mysql://localhost/lot")
    assert failure.value.code == "invalid_database_url"
    with pytest.raises(jpauto.Unavailable, match="directory does not exist"):
        jpauto.open(f"sqlite:{tmp_path}/missing/lot.db")


def test_a_read_only_lot_refuses_writes(database_url: str) -> None:
    with jpauto.open(database_url) as lot:
        lot.migrate()
        lot.submissions.submit(**CAMRY)
    with jpauto.open(database_url, read_only=True) as lot:
        assert len(list(lot.submissions.list())) == 1
        with pytest.raises(jpauto.Refused) as failure:
            lot.submissions.submit(**CAMRY)
        assert failure.value.code == "database_read_only"


def test_staff_may_do_what_their_role_may(lot: jpauto.Lot) -> None:
    lot.users.add(email="Kim@example.com", name="Kim", role="viewer")
    viewer = lot.acting_as("kim@example.com")
    assert list(viewer.inventory.list()) == []
    with pytest.raises(jpauto.Forbidden) as failure:
        list(viewer.activity.list())
    assert failure.value.code == "forbidden"
    with pytest.raises(jpauto.NotFound):
        lot.acting_as("nobody@example.com")


def test_an_error_crosses_to_another_process(lot: jpauto.Lot) -> None:
    with pytest.raises(jpauto.InvalidInput) as failure:
        lot.submissions.submit(year=1066, make="", model="Camry")
    copy = pickle.loads(pickle.dumps(failure.value))
    assert type(copy) is jpauto.InvalidInput
    assert (str(copy), copy.code, copy.fields) == (str(failure.value), failure.value.code, failure.value.fields)


def test_a_database_that_was_never_migrated_is_told_so(database_url: str) -> None:
    if database_url.startswith("sqlite:"):
        pytest.skip("a file of SQLite gets its tables when it is made")
    with (
        jpauto.open(database_url) as lot,
        pytest.raises(jpauto.Refused, match="never migrated: run migrate") as failure,
    ):
        list(lot.inventory.list())
    assert failure.value.code == "database_outdated"


class Odd:
    """Of no type that anything takes."""

    def __repr__(self) -> str:
        return "<odd>"


# What the other arguments are while one is wrong, where a text will not do.
TAKEN: dict[str, Any] = {
    "observed_at": datetime(2026, 3, 1, tzinfo=timezone.utc),
    "content": b"",
    "picture": b"",
    "content_length": 1,
    "partitions": 1,
    "photos": [],
    "pages": [],
    "listings": [],
    "sightings": [],
    "subject": {"year": 2020, "make": "Kia", "model": "Soul"},
    "comparables": [],
    "first_seen_at": datetime(2026, 3, 1, tzinfo=timezone.utc),
    "id": UUID(int=0),
    "url": "https://rival.example/",
    "database_url": "sqlite::memory:",
    "platform": "jekyll",
    "job": "check",
    "error_type": "network",
}
# `close` ends the lot.
NOT_CALLED = {"close"}


def test_every_wrong_type_names_its_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tried, unnamed = 0, []
    with jpauto.open("sqlite::memory:") as lot:
        competitor = lot.competitors.add(name="Rival", inventory_url="https://rival.example/").id
        query = lot.competitors.list()
        (batch,) = query.batches(10)
        of_tables = [
            (f"{type(part).__name__}.{name}", getattr(part, name))
            for part in (query, batch, jpauto.Clock())
            for name in ("first", "to_arrow", "to_polars", "to_pandas", "to_duckdb", "batches", "move_to")
            if hasattr(part, name)
        ]
        for name, function in [*functions(), *services(lot), *of_tables, ("open", jpauto.open)]:
            parameters = [
                one
                for one in inspect.signature(function).parameters.values()
                if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
            ]
            needed = {
                one.name: competitor if one.name == "competitor" else TAKEN.get(one.name, "x")
                for one in parameters
                if one.default is one.empty
            }
            for parameter in parameters:
                if name in NOT_CALLED:
                    continue
                tried += 1
                try:
                    function(**{**needed, parameter.name: Odd()})
                    unnamed.append(f"{name}({parameter.name}) was taken")
                except (TypeError, jpauto.InvalidInput) as error:
                    fields = error.fields if isinstance(error, jpauto.Error) else []
                    pointers = {part for field in fields for part in field.pointer.split("/")[1:2]}
                    if parameter.name not in {str(error).split(":")[0].split("/")[0], *pointers}:
                        unnamed.append(f"{name}({parameter.name}): {error}")
                except jpauto.Error as error:
                    unnamed.append(f"{name}({parameter.name}): {error!r}")
    assert tried > 330
    assert not unnamed, "\n".join(unnamed)
