"""Ctrl-C while rows are read, files that are read after their lot was closed, and columns that hold nothing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import jpauto
import pytest


def test_ctrl_c_ends_the_reading_of_dictionaries() -> None:
    seen = {"observed_at": datetime(2026, 3, 1, tzinfo=timezone.utc), "vin": "1M8GDM9AXKP042788", "price": 20_000}
    sightings = [dict(seen) for _ in range(100_000)]
    timer = threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            for _ in range(50):
                jpauto.tracking.replay(sightings)
    finally:
        timer.cancel()
        timer.join()


def test_a_file_counts_as_open_until_its_last_reader_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "lot.db"
    with jpauto.open(f"sqlite:{file}") as empty:
        for number in range(20):
            empty.competitors.add(name=f"Rival {number}", inventory_url=f"https://rival-{number}.example/used")
    lot = jpauto.open(f"sqlite:{file}")
    batches = lot.competitors.list().batches(1)
    next(batches)
    lot.close()
    with pytest.raises(jpauto.Refused, match="is open as a lot in this process"):
        sqlite3.connect(file)


def test_a_column_that_holds_nothing_is_one_of_texts() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    assert len(jpauto.vin.parse_many(pyarrow.chunked_array([], pyarrow.string()))) == 0
    assert len(jpauto.vin.parse_many(pyarrow.chunked_array([], pyarrow.null()))) == 0
    assert len(jpauto.vin.parse_many(pyarrow.nulls(3))) == 3
    assert len(jpauto.vin.parse_many(pyarrow.array([float("nan"), None]))) == 2
    with pytest.raises(jpauto.InvalidInput, match="expected texts, found"):
        jpauto.vin.parse_many(pyarrow.array([1.5]))


READ_UNTIL_CTRL_C = """
import importlib, sys, time, jpauto
library = importlib.import_module(sys.argv[2])
read = library.table if sys.argv[2] == "pyarrow" else library.DataFrame
lot = jpauto.open(sys.argv[1])
read(lot.competitors.listings())
try:
    print("reads", flush=True)
    try:
        while True:
            read(lot.competitors.listings())
    except Exception:
        # The library raised an exception of its own, and Ctrl-C comes after it.
        for _ in range(1_000):
            time.sleep(0.01)
except KeyboardInterrupt:
    print("interrupted", len(read(lot.competitors.listings())))
"""


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_ctrl_c_ends_the_reading_by_another_library(tmp_path: Path, library: str) -> None:
    pytest.importorskip(library)
    url = f"sqlite:{tmp_path / 'lot.db'}"
    with jpauto.open(url) as lot:
        listings: Any = [
            {"external_id": str(n), "year": 2021, "make": "Kia", "model": "Soul", "price": 15_000} for n in range(2_000)
        ]
        lot.competitors.record_listings("Rival", listings, observed_at=datetime.now(timezone.utc))
    command = [sys.executable, "-c", READ_UNTIL_CTRL_C, url, library]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "reads\n"
            time.sleep(0.3)
            child.send_signal(signal.SIGINT)
            assert child.communicate(timeout=30)[0] == "interrupted 2000\n"
        finally:
            child.kill()
