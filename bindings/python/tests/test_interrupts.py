"""Ctrl-C while rows are read, files that are read after their lot was closed, and columns that hold nothing."""

from __future__ import annotations

import signal
import sqlite3
import threading
from datetime import datetime, timezone
from pathlib import Path

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
