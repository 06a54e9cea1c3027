"""What `open` is told: the numbers of the rules, and how other services are asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jpauto
import pytest

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
SECRET = "sk_ad_a-key-that-nobody-may-see"
CAMRY: dict[str, Any] = {"year": 2021, "make": "Toyota", "model": "Camry", "mileage": 40_000}


class AutoDev(BaseHTTPRequestHandler):
    """A service that answers every search with nothing, and notes who asked."""

    asked: list[str | None]

    def do_GET(self) -> None:
        type(self).asked.append(self.headers.get("Authorization"))
        body = json.dumps({"data": [], "links": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


@pytest.fixture
def auto_dev() -> Iterator[ThreadingHTTPServer]:
    handler = type("Handler", (AutoDev,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_auto_dev_is_asked_with_the_key_that_was_given(auto_dev: ThreadingHTTPServer) -> None:
    settings = {
        "key": SECRET,
        "base_url": f"http://127.0.0.1:{auto_dev.server_port}",
        "allow_private_networks": True,
        "plan": "growth",
        "place": (34.0522, -118.2437),
        "calls_a_month": 5,
        "call_timeout": timedelta(seconds=10),
    }
    with jpauto.open("sqlite::memory:", auto_dev=settings) as lot:
        analysis = lot.market.price(**CAMRY)
        assert analysis.sample_size == 0 and analysis.missing_source is None
        use = lot.market.auto_dev_use()
        assert use is not None and use.calls_a_month == 5 and 1 <= use.calls <= 5
        assert SECRET not in repr(lot) + repr(use) + repr(analysis)
    asked = auto_dev.RequestHandlerClass.asked  # type: ignore[attr-defined]
    assert asked and set(asked) == {f"Bearer {SECRET}"}
    with jpauto.open("sqlite::memory:") as lot:
        assert lot.market.auto_dev_use() is None


def test_no_fault_of_a_setting_repeats_a_secret() -> None:
    wrong: list[dict[str, Any]] = [
        {"auto_dev": {"key": [SECRET]}},
        {"auto_dev": {"key": SECRET, "zip": 90_012}},
        {"auto_dev": {"key": SECRET, "plan": "large"}},
        {"auto_dev": {"key": f"{SECRET}\n"}, "fetch": {"pause": "long"}},
        {"storage": {"public_url": 5, "endpoint": "https://r2.example", "secret_key": SECRET}},
        {"storage": {"public_url": "https://photos.example", "secret_key": [SECRET]}},
    ]
    for given in wrong:
        with pytest.raises((jpauto.InvalidInput, jpauto.Misconfigured)) as failure:
            jpauto.open("sqlite::memory:", **given)
        assert SECRET not in str(failure.value) + repr(failure.value.fields), given


def test_the_rules_are_those_that_were_given(tmp_path: Path) -> None:
    url, clock = f"sqlite:{tmp_path / 'lot.db'}", jpauto.Clock(NOW)
    car: dict[str, Any] = {**CAMRY, "vin": "4T1B11HK5KU211111", "price": 20_000}
    other: dict[str, Any] = {**car, "vin": "4T1B11HK5KU222222"}
    old: dict[str, Any] = {**CAMRY, "year": 1999}
    with jpauto.open(url, clock=clock) as lot:
        lot.inventory.add(**car)
        clock.move_to(NOW + timedelta(days=35))
        assert [one.age_state for one in lot.inventory.list()] == ["good"]
    rules = {
        "inventory": {"turn_days": 20, "aged_factor": 2, "age_bounds": [10, 40], "limits": {"highest_mileage": 39_000}},
        "intake": {"limits": {"oldest_year": 2000}, "window": timedelta(minutes=5), "phone_digits": (10, 11)},
        "market_view": {"sold_days": 7, "lowest_price": "500.00"},
        "metrics": {"recent_days": 14},
        "scraping": {"first_retry": 60, "longest_retry": timedelta(days=1)},
    }
    with jpauto.open(url, clock=clock, rules=rules) as lot:
        assert [one.age_state for one in lot.inventory.list()] == ["warning"]
        buckets = lot.inventory.statistics().by_age
        assert [(one.from_days, one.to_days) for one in buckets] == [(0, 10), (11, 40), (41, None)]
        with pytest.raises(jpauto.InvalidInput) as failure:
            lot.inventory.add(**other)
        assert [field.pointer for field in failure.value.fields] == ["/mileage"]
        with pytest.raises(jpauto.InvalidInput) as failure:
            lot.submissions.submit(**old)
        assert [field.pointer for field in failure.value.fields] == ["/year"]


def test_jobs_run_when_they_are_told_to(tmp_path: Path) -> None:
    jobs = {
        "time_zone": "Europe/Berlin",
        "schedules": {"competitor_scrape": "0 23 * * *", "check": "off"},
        "retention": {"runs_days": 30},
        "backup_folder": tmp_path,
    }
    with jpauto.open("sqlite::memory:", jobs=jobs) as lot:
        found = {job.name: job for job in lot.jobs.list()}
        assert (found["competitor_scrape"].cron, found["competitor_scrape"].time_zone) == (
            "0 23 * * *",
            "Europe/Berlin",
        )
        assert not found["check"].enabled and found["clean_up"].enabled


WRONG: list[tuple[dict[str, Any], list[str], str]] = [
    ({"rules": {"pricing": {"minimum_sample": "a"}}}, ["/pricing/minimum_sample"], "a whole number from 0 on"),
    ({"rules": {"tracking": {"sold": {"floor_days": "x"}}}}, ["/tracking/sold/floor_days"], "a number"),
    ({"rules": {"pricing": {"minimum_sampel": 3}}}, ["/pricing/minimum_sampel"], "unknown field"),
    ({"rules": {"prices": {}}}, ["/prices"], "one of pricing, tracking"),
    ({"rules": {"inventory": {"turn_days": 2**70, "aged": 1}}}, ["/inventory/turn_days", "/inventory/aged"], ""),
    ({"rules": {"inventory": {"turn_days": True}}}, ["/inventory/turn_days"], "a whole number"),
    ({"rules": {"inventory": {"limits": {"most_images": -1}}}}, ["/inventory/limits/most_images"], "from 0 on"),
    ({"rules": {"intake": 5}}, ["/intake"], "a dictionary"),
    ({"rules": {"intake": {"phone_digits": (9, 3)}}}, ["/intake/phone_digits"], "two whole numbers"),
    ({"rules": {"scraping": {"lease": -1}}}, ["/scraping/lease"], "a timedelta"),
    ({"fetch": {"pause": "2 s", "allowed_servers": ["nowhere"]}}, ["/fetch/pause", "/fetch/allowed_servers"], ""),
    ({"fetch": {"browser": {"sandbox": "sometimes"}}}, ["/fetch/browser/sandbox"], "unless_root"),
    ({"auto_dev": {"zip": 9, "version": "v3"}}, ["/auto_dev/zip", "/auto_dev/version"], ""),
    ({"auto_dev": SECRET}, ["/auto_dev"], "a dictionary"),
    ({"vpic": {"calls_a_second": 1.5}}, ["/vpic/calls_a_second"], "a whole number"),
    ({"jobs": {"schedules": {"check": None, "sweep": "off"}}}, ["/jobs/schedules/check", "/jobs/schedules/sweep"], ""),
    ({"storage": {}}, ["/public_url"], "a value"),
    (
        {"storage": {"public_url": "https://x.example", "folder": "x", "jpeg_quality": 900}},
        ["/storage/jpeg_quality"],
        "",
    ),
    ({"pool_size": 0}, ["/pool_size"], "at least one"),
    ({"pool_size": -1}, ["/pool_size"], "from 0"),
    ({"timeout": True}, ["/timeout"], "seconds"),
]


@pytest.mark.parametrize(("given", "pointers", "expected"), WRONG)
def test_a_wrong_setting_is_named_with_its_place(given: dict[str, Any], pointers: list[str], expected: str) -> None:
    with pytest.raises(jpauto.InvalidInput) as failure:
        jpauto.open("sqlite::memory:", **given)
    assert sorted(field.pointer for field in failure.value.fields) == sorted(pointers)
    assert expected in str(failure.value)


def test_what_the_library_refuses_is_misconfigured() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"auto_dev": {}}, "invalid_auto_dev_key"),
        ({"fetch": {"pause": 1}}, "invalid_contact"),
        ({"contact": "me@example.com", "fetch": {"pause": timedelta(days=1)}}, "invalid_pause"),
        ({"jobs": {"schedules": {"check": "sometimes"}}}, "invalid_schedule"),
    ]
    for given, code in wrong:
        with pytest.raises(jpauto.Misconfigured) as failure:
            jpauto.open("sqlite::memory:", **given)
        assert failure.value.code == code, given
    with jpauto.open("sqlite::memory:", fetch={"contact": "me@example.com", "pause": 2}, vpic={"calls_a_second": 2}):
        pass


def test_a_number_out_of_range_is_named(lot: jpauto.Lot) -> None:
    listings = lot.competitors.listings
    calls: list[tuple[str, Callable[[], object]]] = [
        ("limit", lambda: lot.inventory.list(limit=-1)),
        ("limit", lambda: lot.users.list(limit=2**70)),
        ("year_min", lambda: lot.inventory.list(year_min=2**40)),
        ("price_drop_within_days", lambda: listings(price_drop_within_days=-3)),
        ("rows", lambda: listings().batches(-1)),
        ("count", lambda: listings().first(-1)),
        ("current_year", lambda: jpauto.vin.parse("1HGCM82633A004352", current_year=2**31)),
        ("threads", lambda: lot.competitors.scrape_due(threads=-1)),
        ("partitions", lambda: lot.partition_competitors(-2)),
        ("mileage", lambda: lot.evaluation.evaluate("1HGCM82633A004352", mileage=2**31)),
    ]
    for name, call in calls:
        with pytest.raises(jpauto.InvalidInput) as failure:
            call()
        assert failure.value.code == "invalid_argument"
        assert [field.pointer for field in failure.value.fields] == [f"/{name}"]
        assert "expected a whole number from" in str(failure.value)
    with pytest.raises(TypeError):
        lot.inventory.list(limit="3")  # type: ignore[arg-type]


def test_a_wait_without_an_end_is_refused() -> None:
    for timeout in (2**63, 1.8e19, timedelta.max):
        with pytest.raises(jpauto.InvalidInput, match="timeout: expected at most 36,500 days"):
            jpauto.open("sqlite::memory:", timeout=timeout)
    with jpauto.open("sqlite::memory:", timeout=timedelta(days=36_500)) as lot:
        assert lot.inventory.statistics().total.count == 0
