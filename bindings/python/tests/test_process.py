"""What a lot does to the process that opens it: its threads, its files, and Ctrl-C in the rules."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jpauto
import pytest

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
NO_THREAD_AT_THE_END = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="Python 3.12 and later start no thread at their end"
)


def test_the_sqlite_of_python_is_kept_off_an_open_lot(tmp_path: Path) -> None:
    file = tmp_path / "lot one.db"
    lot = jpauto.open(f"sqlite:{file}")
    beside = jpauto.open(f"sqlite:{file}")
    link = tmp_path / "link.db"
    link.symlink_to(file)
    uri = f"file:{file}?mode=ro".replace(" ", "%20")
    look: list[Callable[[], Any]] = [
        lambda: sqlite3.connect(file),
        lambda: sqlite3.connect(str(file)),
        lambda: sqlite3.connect(os.fsencode(file)),
        lambda: sqlite3.connect(link),
        lambda: sqlite3.connect(uri, uri=True),
        lambda: sqlite3.connect(uri.replace("file:", "file://"), uri=True),
    ]
    for connect in look:
        with pytest.raises(jpauto.Refused, match="is open as a lot in this process") as refused:
            connect()
        assert refused.value.code == "database_open_here"
    # Other files are nobody's concern, and a copy is another file.
    sqlite3.connect(":memory:").close()
    lot.backup(tmp_path / "copy.db")
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("SELECT count(*) FROM inventory").fetchall() == [(0,)]
    copy.close()
    # Another process sees the locks.
    count = (
        f"import sqlite3; print(sqlite3.connect({str(file)!r}).execute('SELECT count(*) FROM inventory').fetchone())"
    )
    assert subprocess.run([sys.executable, "-c", count], check=True, capture_output=True, text=True).stdout == "(0,)\n"
    lot.close()
    with pytest.raises(jpauto.Refused):
        sqlite3.connect(file)
    del beside
    sqlite3.connect(file).close()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted by Linux")
def test_the_threads_of_a_lot_end_with_it(tmp_path: Path) -> None:
    def threads() -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    before = threads()
    for _ in range(40):
        with jpauto.open(f"sqlite:{tmp_path / 'lot.db'}") as lot:
            lot.inventory.list().first(1)
    until = time.monotonic() + 10
    while threads() > before + 3 and time.monotonic() < until:
        time.sleep(0.01)
    assert threads() <= before + 3


def cars(count: int) -> list[dict[str, Any]]:
    return [
        {
            "external_id": str(n),
            "year": 2021,
            "make": "Kia",
            "model": "Soul",
            "price": 15_000 + 7 * n,
            "mileage": 20_000 + 9 * n,
            "first_seen_at": NOW - timedelta(days=30),
            "last_seen_at": NOW - timedelta(days=n % 20),
            "sold_at": NOW - timedelta(days=n % 20),
        }
        for n in range(count)
    ]


def long_calls() -> dict[str, Callable[[], object]]:
    """Calls that take many seconds, if nobody ends them."""
    market = cars(1_500)
    return {
        "price": lambda: jpauto.pricing.price(market * 2, market, as_of=NOW),
        "backtest": lambda: jpauto.pricing.backtest(market, as_of=NOW, max_events_a_model=50_000),
    }


@pytest.mark.parametrize("name", ["price", "backtest"])
def test_ctrl_c_ends_a_rule(name: str) -> None:
    call = long_calls()[name]
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        timer.cancel()
    assert time.monotonic() - pressed[0] < 10


def test_rules_that_no_price_can_come_of_are_refused() -> None:
    for rules, at in (
        ({"outlier_deviations": -1}, "/pricing/outlier_deviations"),
        ({"deviation_scale": 0}, "/pricing/deviation_scale"),
        ({"tiers": []}, "/pricing/tiers"),
        ({"listed_within_days": -1}, "/pricing/listed_within_days"),
        ({"lowest_price": 9, "highest_price": 8}, "/pricing/lowest_price"),
    ):
        for use in (
            lambda rules=rules: jpauto.pricing.price(cars(1)[0], cars(9), rules=rules),
            lambda rules=rules: jpauto.pricing.backtest(cars(9), rules=rules),
            lambda rules=rules: jpauto.open("sqlite::memory:", rules={"pricing": rules}),
        ):
            with pytest.raises(jpauto.Misconfigured) as refused:
                use()
            assert refused.value.code == "invalid_pricing_rules"
            assert [field.pointer for field in refused.value.fields] == [at]


READ_TO_THE_END = """
import datetime, sys, threading, jpauto
lot = jpauto.open(sys.argv[1])
ways = {
    "to_arrow": lambda: lot.competitors.listings().to_arrow(),
    "to_pandas": lambda: lot.competitors.listings().to_pandas(),
    "batches": lambda: list(lot.competitors.listings().batches(10)),
    "rows": lambda: jpauto.vin.parse_many(str(number) for number in range(10_000)),
    "record": lambda: lot.competitors.record_listings("Rival", (dict(car) for car in cars), observed_at=NOW),
    "pages": lambda: lot.competitors.record_pages("Rival", ((f"<p>{n}", SITE) for n in range(5_000)), observed_at=NOW),
    "refused": lambda: refused(),
}
NOW = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
SITE = "https://rival.example/"
cars = [{"external_id": str(n), "year": 2021, "make": "Kia", "model": "Soul", "price": -1} for n in range(2_000)]
def refused():
    try: jpauto.vin.parse("x")
    except jpauto.Error: pass
def read():
    while True:
        try: ways[sys.argv[2]]()
        except jpauto.Error: pass
        started.set()
started = threading.Event()
for _ in range(3):
    threading.Thread(target=read, daemon=True).start()
started.wait(60)
"""


@pytest.mark.parametrize("way", ["to_arrow", "to_pandas", "batches", "rows", "record", "pages", "refused"])
def test_a_daemon_thread_that_reads_does_not_abort_the_end(tmp_path: Path, way: str) -> None:
    if way.startswith("to_"):
        pytest.importorskip("pyarrow")
        pytest.importorskip("pandas")
    url = f"sqlite:{tmp_path / 'lot.db'}"
    with jpauto.open(url) as lot:
        listings: Any = [
            {key: car[key] for key in ("external_id", "year", "make", "model", "price")} for car in cars(200)
        ]
        lot.competitors.record_listings("Rival", listings, observed_at=NOW)
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", READ_TO_THE_END, url, way], capture_output=True, timeout=120)
        assert (ended.returncode, ended.stderr) == (0, b"")


FLUSH = """
def flush():
    queue.put(["4T1B11HK5KU211111"]); queue.join(); print("flushed")
atexit.register(flush)
import jpauto
def work():
    while True:
        vins = queue.get(); jpauto.vin.parse_many(iter(vins)); queue.task_done()
threading.Thread(target=work, daemon=True).start()
queue.put(["4T1B11HK5KU211111"]); queue.join()
"""
LOCK = """
lock = threading.Lock()
def save():
    time.sleep(0.1)
    with lock: print("flushed")
atexit.register(save)
import jpauto
def work():
    while True:
        with lock: jpauto.vin.parse_many(str(n) for n in range(100))
threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
JOIN = """
def finish():
    thread = threading.Thread(target=lambda: jpauto.vin.parse_many(str(n) for n in range(10)))
    thread.start(); thread.join(); print("flushed")
atexit.register(finish)
import jpauto
"""


@pytest.mark.parametrize("script", [FLUSH, LOCK, pytest.param(JOIN, marks=NO_THREAD_AT_THE_END)])
def test_what_ends_after_the_package_can_still_use_it(script: str) -> None:
    script = f"import atexit, queue as queues, threading, time\nqueue = queues.Queue()\n{script}"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, b"", b"flushed\n")


def test_a_fork_reads_while_its_parent_ends() -> None:
    script = """
import atexit, os, threading, time
ended, seen = threading.Event(), threading.Event()
def fin():
    ended.set(); seen.wait(30)
atexit.register(fin)
import jpauto
def work():
    ended.wait()
    child = os.fork()
    if child == 0:
        jpauto.vin.parse_many(iter(["4T1B11HK5KU211111"])); os._exit(0)
    began = time.monotonic(); status = os.waitpid(child, 0)[1]
    print(status, time.monotonic() - began < 2, flush=True); seen.set()
threading.Thread(target=work, daemon=True).start()
"""
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, timeout=60)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, b"", b"0 True\n")
