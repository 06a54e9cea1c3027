"""Every public function with arguments of any kind: it answers or raises what it may raise, and never panics."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import jpauto
import pytest

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

# A number that is out of range is `InvalidInput`: no `OverflowError`, which names no argument.
MAY_BE_RAISED = (jpauto.Error, TypeError, ValueError, LookupError, ModuleNotFoundError, UserWarning)

# Closing ends the test, and these write files where the argument says.
LEFT_OUT = {"close", "backup", "import_file", "exports.run", "exports.check", "jobs.run", "jobs.run_due"}

WORDS = [
    "available",
    "sold",
    "Toyota",
    "4T1B11HK5KU211111",
    "price",
    "-price",
    "Rival",
    "2020",
    "sqlite::memory:",
    "\ud800",
]
FIELDS = ["year", "make", "model", "price", "mileage", "vin", "observed_at", "first_seen_at", "sold_at", "external_id"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-5, 2_100),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(WORDS),
    st.binary(max_size=30),
    st.decimals(),
    st.sampled_from([UUID(int=0), Decimal("1E+999999"), object(), timedelta(days=3), b"<html>"]),
    st.datetimes(timezones=st.sampled_from([None, timezone.utc, timezone(timedelta(hours=-23))])),
    st.sampled_from([datetime.min.replace(tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)]),
    st.sampled_from([datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))]),
)
values = st.recursive(
    scalars,
    lambda some: st.one_of(st.lists(some, max_size=4), st.dictionaries(st.sampled_from(FIELDS), some, max_size=6)),
    max_leaves=12,
)


def services(lot: jpauto.Lot) -> Iterator[tuple[str, Callable[..., object]]]:
    for noun in sorted(name for name in dir(lot) if not name.startswith("_")):
        part = getattr(lot, noun)
        if callable(part):
            yield noun, part
        if type(part).__module__ != "jpauto":
            continue
        for verb in sorted(name for name in dir(part) if not name.startswith("_")):
            if callable(getattr(part, verb)):
                yield f"{noun}.{verb}", getattr(part, verb)


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    for module in (jpauto.extract, jpauto.market, jpauto.pricing, jpauto.tracking, jpauto.vin):
        for name in module.__all__:
            if inspect.isroutine(getattr(module, name)):
                yield f"{module.__name__}.{name}", getattr(module, name)


def called(data: Any, name: str, function: Callable[..., object]) -> None:
    """Calls it once; iterates over what can be iterated."""
    positional, keywords = [], {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            keywords.update(data.draw(st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)))
        elif parameter.kind is parameter.KEYWORD_ONLY:
            if data.draw(st.integers(0, 3)) == 0:
                keywords[parameter.name] = data.draw(values)
        elif parameter.default is parameter.empty or data.draw(st.booleans()):
            positional.append(data.draw(values))
    try:
        answer = function(*positional, **keywords)
        if isinstance(answer, jpauto.Query):
            answer.first(3)
        elif isinstance(answer, Iterator):
            next(answer, None)
        repr(answer)
    except MAY_BE_RAISED as error:
        assert not isinstance(error, UnicodeError), f"{name}({positional!r}, {keywords!r}) raised {error!r}"
        if isinstance(error, jpauto.Error):
            assert error.code and type(error) is not jpauto.Error and isinstance(error.fields, list), name
    except BaseException as error:
        raise AssertionError(f"{name}({positional!r}, {keywords!r}) raised {type(error).__name__}: {error}") from error


def settings(examples: int) -> Any:
    checks = [hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow]
    return hypothesis.settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=checks
    )


def test_no_function_panics() -> None:
    names = [name for name, _ in functions()]
    assert {
        "jpauto.pricing.price",
        "jpauto.vin.parse_many",
        "jpauto.tracking.replay",
        "jpauto.extract.listings",
    } <= set(names)

    @settings(20)
    @hypothesis.given(st.data())
    def try_each(data: Any) -> None:
        for name, function in functions():
            called(data, name, function)

    try_each()


def test_a_text_that_is_no_unicode_is_refused_wherever_it_is_given(lot: jpauto.Lot) -> None:
    refused = 0
    for name, function in [*functions(), *services(lot)]:
        if name in LEFT_OUT:
            continue
        parameters = inspect.signature(function).parameters.values()
        needed = {one.name: "x" for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD}
        for parameter in parameters:
            for given in ("\udcff", ["\udcff"]):
                some: Any = {**needed, parameter.name: given}
                if parameter.kind is parameter.VAR_KEYWORD:
                    some = {**needed, "make": given}
                variable = [some.pop(one.name) for one in parameters if one.kind is one.VAR_POSITIONAL]
                try:
                    function(*variable, **some)
                except jpauto.InvalidInput as error:
                    refused += "valid Unicode" in str(error)
                except UnicodeError as error:
                    raise AssertionError(f"{name}({some!r}) raised {error!r}") from error
                except Exception:
                    continue
    assert refused > 80
    with pytest.raises(jpauto.InvalidInput, match="contact: expected text that is valid Unicode"):
        jpauto.open("sqlite::memory:", contact="\udcff")
    with pytest.raises(jpauto.InvalidInput, match="html: expected text that is valid Unicode"):
        jpauto.extract.listings("\udcff", "https://rival.example/")


SETTINGS = [
    *("pricing", "tracking", "inventory", "intake", "limits", "scraping", "schedules", "retention", "browser", "check"),
    *("turn_days", "age_bounds", "minimum_sample", "floor_days", "sold", "pause", "contact", "key", "place", "plan"),
    *("public_url", "folder", "jpeg_quality", "window", "phone_digits", "lease", "time_zone", "allowed_servers"),
]
documents = st.dictionaries(
    st.sampled_from(SETTINGS),
    st.one_of(scalars, st.dictionaries(st.sampled_from(SETTINGS), values, max_size=4), st.lists(scalars, max_size=3)),
    max_size=5,
)


def test_a_lot_is_opened_or_refused_whatever_it_is_told() -> None:
    told = st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("rules", "fetch", "auto_dev", "jobs", "storage", "vpic"), documents),
            **dict.fromkeys(("pool_size", "timeout", "contact"), scalars),
        },
    )

    @settings(120)
    @hypothesis.given(told)
    def try_each(given: dict[str, Any]) -> None:
        try:
            jpauto.open("sqlite::memory:", **given).close()
        except MAY_BE_RAISED as error:
            if isinstance(error, jpauto.Error):
                assert error.code and isinstance(error.fields, list), given

    try_each()


def test_no_operation_of_a_lot_panics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with jpauto.open("sqlite::memory:") as lot:
        lot.competitors.add(name="Rival", inventory_url="https://rival.example/")
        operations = [(name, call) for name, call in services(lot) if not {name, name.split(".")[-1]} & LEFT_OUT]
        assert len(operations) > 80

        @settings(3)
        @hypothesis.given(st.data())
        def try_each(data: Any) -> None:
            for name, operation in operations:
                called(data, name, operation)

        try_each()


def test_no_way_of_reading_a_list_panics() -> None:
    with jpauto.open("sqlite::memory:") as lot:
        for number in range(3):
            lot.inventory.add(
                vin=f"4T1B11HK5KU21111{number}", year=2019, make="Toyota", model="Camry", price=20_000, mileage=40_000
            )
        lists = [lot.inventory.list(), lot.jobs.list(), jpauto.vin.parse_many(["4T1B11HK5KU211111", None])]
        ways = [(name, getattr(one, name)) for one in lists for name in dir(one) if not name.startswith("_")]
        ways = [(name, way) for name, way in ways if callable(way)]
        assert {"batches", "first", "select", "to_arrow", "to_duckdb", "to_pandas"} <= {name for name, _ in ways}

        @settings(40)
        @hypothesis.given(st.data())
        def try_each(data: Any) -> None:
            for name, way in ways:
                called(data, name, way)
            place = data.draw(values)
            for one in lists:
                called_at(one, place)

        try_each()


def called_at(listed: Any, place: object) -> None:
    """What stands at a place of a list, where it has places."""
    try:
        repr(listed[place])
    except MAY_BE_RAISED:
        pass
    except BaseException as error:
        raise AssertionError(f"[{place!r}] raised {type(error).__name__}: {error}") from error


def test_no_picture_panics(lot: jpauto.Lot) -> None:
    plot = pytest.importorskip("jpauto.plot")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pictures = [(name, getattr(plot, name)) for name in plot.__all__ if inspect.isroutine(getattr(plot, name))]
    assert len(pictures) > 4
    rival = lot.competitors.add(name="Rival", inventory_url="https://rival.example/")
    tables = st.sampled_from(
        [lot.inventory.list(), lot.competitors.listings(), rival, jpauto.vin.parse_many(["4T1B11HK5KU211111"])]
    )

    @settings(40)
    @hypothesis.given(st.data())
    def try_each(data: Any) -> None:
        for name, picture in pictures:
            needed = [one for one in inspect.signature(picture).parameters.values() if one.default is one.empty]
            keywords = [one for one in inspect.signature(picture).parameters.values() if one.kind is one.KEYWORD_ONLY]
            given = [data.draw(st.one_of(tables, values)) for one in needed if one.kind is not one.KEYWORD_ONLY]
            some = {one.name: data.draw(values) for one in keywords if data.draw(st.integers(0, 3)) == 0}
            try:
                picture(*given, **some)
            except MAY_BE_RAISED:
                pass
            except BaseException as error:
                raise AssertionError(f"{name}({given!r}, {some!r}) raised {type(error).__name__}: {error}") from error
            finally:
                pyplot.close("all")

    try_each()


def test_no_column_of_a_table_panics() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    columns = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=2, max_size=2)
    kinds = [
        pyarrow.int64(),
        pyarrow.timestamp("us", "UTC"),
        pyarrow.timestamp("s", "UTC"),
        pyarrow.decimal128(38, 0),
        pyarrow.date64(),
    ]

    @settings(60)
    @hypothesis.given(st.dictionaries(st.sampled_from(FIELDS), st.tuples(columns, st.sampled_from(kinds)), max_size=8))
    def try_table(given: Any) -> None:
        try:
            table = pyarrow.table(
                {name: pyarrow.array(cells, pyarrow.int64()).cast(kind) for name, (cells, kind) in given.items()}
            )
        except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, ValueError):
            return
        # The same rows as one column of structs, one of which is missing.
        gaps = pyarrow.array([number % 3 == 0 for number in range(table.num_rows)], pyarrow.bool_())
        of_columns = [column.combine_chunks() for column in table.columns]
        holes = pyarrow.StructArray.from_arrays(of_columns, fields=list(table.schema), mask=gaps) if given else gaps
        for name, call in (
            ("price", lambda: jpauto.pricing.price(table, holes)),
            ("supply", lambda: jpauto.market.supply(holes, table)),
            ("backtest", lambda: jpauto.pricing.backtest(holes)),
            ("replay", lambda: jpauto.tracking.replay(table)),
            ("replay of holes", lambda: jpauto.tracking.replay(holes)),
            ("days", lambda: jpauto.market.days_on_market(table)),
            ("days of holes", lambda: jpauto.market.days_on_market(holes)),
            ("vins", lambda: jpauto.vin.parse_many(table)),
        ):
            try:
                call()
            except MAY_BE_RAISED:
                pass
            except BaseException as error:
                raise AssertionError(f"{name} of {table} raised {type(error).__name__}: {error}") from error

    try_table()


def names_of_rules(*path: str) -> list[str]:
    """The names that the rules of tracking have there, as the refusal of another one lists them."""
    rules: dict[str, Any] = {"no such rule": 1}
    for group in reversed(path):
        rules = {group: rules}
    with pytest.raises(jpauto.InvalidInput) as refused:
        jpauto.tracking.replay([], rules=rules)
    return re.findall(r"`(\w+)`", refused.value.fields[0].message.partition("expected")[2])


def test_no_number_of_a_rule_panics() -> None:
    start = datetime(2026, 3, 1, tzinfo=timezone.utc)
    sightings = [
        {"observed_at": start + timedelta(days=day), "vin": f"4T1B11HK5KU2{car:05}", "price": 20_000 - 300 * day}
        for day in range(0, 60, 2)
        for car in range(12)
        if (car + day // 10) % 5
    ]
    groups = ["sold", "evidence", "identity", "price", "alerts"]
    names = {group: [name for name in names_of_rules(group) if name != "weights"] for group in groups}
    assert names_of_rules() != [] and "floor_days" in names["sold"] and sum(map(len, names.values())) > 40
    numbers = st.sampled_from([0, 1, -1, 2, 36_500, 36_501, 2**32, 2**70, 1e-300, 0.5, 1e308, float("nan")])
    given = {group: st.dictionaries(st.sampled_from(names[group]), numbers, max_size=3) for group in groups}

    @settings(150)
    @hypothesis.given(st.fixed_dictionaries(given))
    def try_rules(rules: Any) -> None:
        try:
            jpauto.tracking.replay(sightings, rules=rules)
        except (jpauto.InvalidInput, jpauto.Misconfigured):
            pass
        except BaseException as error:
            raise AssertionError(f"{rules} raised {type(error).__name__}: {error}") from error

    @settings(200)
    @hypothesis.given(
        st.sampled_from([(group, name) for group in groups for name in names[group]]), st.sampled_from([0, 1, 36_500])
    )
    def try_one(rule: tuple[str, str], number: int) -> None:
        group, name = rule
        table = jpauto.tracking.replay(sightings, rules={group: {name: number}})
        assert len(table) > 0

    try_rules()
    try_one()
