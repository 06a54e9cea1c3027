"""A fresh dealership for each test, on SQLite and, where `make test` started a server, on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import jpauto
import pytest


def _postgres_schema() -> Iterator[str]:
    server = os.environ.get("JPAUTO_TEST_POSTGRES")
    if server is None:
        pytest.skip("PostgreSQL was skipped: JPAUTO_TEST_POSTGRES is not set; `make test` sets it")
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("PostgreSQL was skipped: psql, which makes the schema, is not installed")
    schema = f"python_{uuid.uuid4().hex}"

    def run(statement: str) -> None:
        subprocess.run([psql, server, "--quiet", "--command", statement], check=True, capture_output=True)

    run(f"CREATE SCHEMA {schema}")
    yield f"{server}?options=-csearch_path%3D{schema}"
    run(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own for the test."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'lot.db'}"
    else:
        yield from _postgres_schema()


@pytest.fixture
def anywhere(database_url: str) -> Iterator[jpauto.Lot]:
    """An open dealership, on each database in turn."""
    with jpauto.open(database_url) as lot:
        lot.migrate()
        yield lot


@pytest.fixture
def lot() -> Iterator[jpauto.Lot]:
    """An open dealership in memory, for what does not depend on the database."""
    with jpauto.open("sqlite::memory:") as lot:
        yield lot
