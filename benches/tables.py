#!/usr/bin/env python3
r"""A million listings of competitors into data frames, beside every reader that people use, in one run.

    tests/with-postgres benches/tables.py MODULE [--rows N] [--rounds N]

MODULE is the folder of the built extension: `bindings/python/python` with a release build in it. It fills a database of each kind,
then reads thirteen columns with each reader in turns, each in a process of its own. A reader reads twice: the first reading, which also
imports what it needs, gives the peak of memory above what was there before, the second the time. The best times are printed, what became
of the price, and the bars: how many times as long the quickest other reader into the same library takes, and the peak of reading batch by
batch. Readers that are not installed are left out by name. PostgreSQL's address is in
JPAUTO_TEST_POSTGRES. The readers, in an environment of their own:

    pip install pyarrow polars pandas connectorx adbc-driver-postgresql adbc-driver-sqlite 'psycopg[binary]' sqlalchemy \
        duckdb==1.5.5 duckdb-extensions duckdb-extension-postgres-scanner duckdb-extension-sqlite-scanner
"""

import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid

COLUMNS = (
    "id competitor_id vin stock_number year make model trim price mileage first_seen_at last_seen_at is_sold".split()
)
SQL = f"SELECT {', '.join(COLUMNS)} FROM competitor_inventory"
MAKES = {"Toyota": "Camry Corolla RAV4 Tacoma", "Honda": "Civic Accord CR-V", "Ford": "F-150 Escape Edge", "Kia": "Soul Sorento"}

STREAMED = "jpauto batches"
# How many times as long as ours the quickest other reader into the same library takes; how much more than the table reading batch by
# batch may hold, in MiB.
BARS, BESIDE_THE_TABLE = {"PostgreSQL": 1.5, "SQLite": 1.2}, 64
SAME = {
    "jpauto to_arrow": ("connectorx arrow", "adbc", "duckdb", "sqlite3"),
    "jpauto to_polars": ("polars.read_database_uri connectorx", "polars.read_database_uri adbc"),
    "jpauto to_pandas": ("connectorx pandas", "pandas.read_sql"),
}


def fill_sqlite(url, rows):
    import jpauto

    with jpauto.open(url) as lot:
        rival = lot.competitors.add(name="Rival", inventory_url="https://rival.example/used").id
    import sqlite3

    with sqlite3.connect(url.removeprefix("sqlite:")) as database:
        database.executemany(
            "INSERT INTO competitor_inventory (id, competitor_id, external_id, vin, stock_number, year, make, model, trim, price, mileage,"
            " first_seen_at, last_seen_at, is_sold, lowest_price, highest_price, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            made(rows, rival.bytes, as_uuid=lambda id: id.bytes),
        )


def fill_postgres(url, rows):
    import jpauto
    import psycopg

    with jpauto.open(url) as lot:
        lot.migrate()
        rival = lot.competitors.add(name="Rival", inventory_url="https://rival.example/used").id
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        copy = (
            "COPY competitor_inventory (id, competitor_id, external_id, vin, stock_number, year, make, model, trim, price, mileage,"
            " first_seen_at, last_seen_at, is_sold, lowest_price, highest_price, created_at, updated_at) FROM STDIN"
        )
        with cursor.copy(copy) as stream:
            for row in made(rows, rival, as_uuid=str):
                row = list(row)
                row[13] = bool(row[13])
                for amount in (9, 14, 15):
                    row[amount] = None if row[amount] is None else f"{row[amount] / 100:.2f}"
                stream.write_row(row)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE competitor_inventory")


def made(rows, rival, as_uuid):
    """Rows in the order of the columns above, amounts in cents; every eighth has no price, every seventh no VIN."""
    chance = random.Random(7)
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    names = [(make, model) for make, models in MAKES.items() for model in models.split()]
    for number in range(rows):
        make, model = names[number % len(names)]
        seen = f"2026-{number % 9 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:{number * 7 % 60:02}.{number % 1_000_000:06}Z"
        cents = None if number % 8 == 0 else 500_000 + number % 4_000_000
        vin = None if number % 7 == 0 else "".join(chance.choices(letters, k=9)) + f"{number:08}"
        id = uuid.UUID(int=(0x0190 << 112) | (number << 80) | (7 << 76) | (2 << 62) | chance.getrandbits(62))
        yield (
            as_uuid(id), rival, f"car-{number}", vin, f"S{number}", 2010 + number % 16, make, model, "LE" if number % 3 else None,
            cents, number % 150_000, seen, seen, 0, cents, cents, seen, seen,
        )  # fmt: skip


def readers(url):
    """Each reader's name and what it does: every one gives a table of the same rows and columns."""
    is_postgres = url.startswith("postgres")
    path = url.removeprefix("sqlite:")
    plain = url if is_postgres else f"sqlite://{path}"

    def ours(into):
        import jpauto

        with jpauto.open(url, read_only=True) as lot:
            return getattr(lot.competitors.listings(), into)(columns=COLUMNS)

    def streamed():
        import jpauto

        with jpauto.open(url, read_only=True) as lot:
            return sum(len(batch) for batch in lot.competitors.listings().batches(8_192, columns=COLUMNS))

    def connectorx(into):
        import connectorx

        return connectorx.read_sql(plain, SQL, return_type=into)

    def adbc():
        if is_postgres:
            from adbc_driver_postgresql import dbapi
        else:
            from adbc_driver_sqlite import dbapi
        with dbapi.connect(url if is_postgres else f"file:{path}") as connection, connection.cursor() as cursor:
            cursor.execute(SQL)
            return cursor.fetch_arrow_table()

    def polars(engine):
        import polars

        return polars.read_database_uri(SQL, plain, engine=engine)

    def pandas():
        import pandas
        import sqlalchemy

        address = url.replace("postgresql://", "postgresql+psycopg://").replace("postgres://", "postgresql+psycopg://")
        engine = sqlalchemy.create_engine(address if is_postgres else f"sqlite:///{path}")
        with engine.connect() as connection:
            return pandas.read_sql(sqlalchemy.text(SQL), connection)

    def duckdb():
        import duckdb

        connection = duckdb.connect()
        kind = "postgres" if is_postgres else "sqlite"
        try:
            from duckdb_extensions import import_extension

            import_extension(f"{kind}_scanner")
            connection.execute(f"LOAD {kind}_scanner")
        except ImportError:
            connection.execute(f"INSTALL {kind}; LOAD {kind}")
        connection.execute(f"ATTACH '{url if is_postgres else path}' AS lot (TYPE {kind}, READ_ONLY)")
        schema = "public" if is_postgres else "main"
        return connection.execute(f"SELECT {', '.join(COLUMNS)} FROM lot.{schema}.competitor_inventory").to_arrow_table()

    def by_hand():
        import sqlite3

        with sqlite3.connect(path) as connection:
            return connection.execute(SQL).fetchall()

    found = {
        "jpauto to_arrow": lambda: ours("to_arrow"),
        "jpauto to_polars": lambda: ours("to_polars"),
        "jpauto to_pandas": lambda: ours("to_pandas"),
        STREAMED: streamed,
        "connectorx arrow": lambda: connectorx("arrow"),
        "connectorx pandas": lambda: connectorx("pandas"),
        "adbc": adbc,
        "polars.read_database_uri connectorx": lambda: polars("connectorx"),
        "polars.read_database_uri adbc": lambda: polars("adbc"),
        "pandas.read_sql": pandas,
        "duckdb": duckdb,
    }
    return found if is_postgres else found | {"sqlite3": by_hand}


def type_of_price(table):
    if hasattr(table, "schema"):
        schema = table.schema
        return str(schema["price"] if isinstance(schema, dict) else schema.field("price").type)
    return str(table["price"].dtype) if hasattr(table, "dtypes") else type(table[1][8]).__name__


def measure(url, name):
    """One reader in this process: the first reading warms up what is imported, the second is timed."""
    read = readers(url)[name]
    try:
        # The memory of imports is not what is measured.
        import pandas, polars, pyarrow  # noqa: E401, F401
    except ImportError:
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = read()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    del table
    begun = time.perf_counter()
    table = read()
    seconds = time.perf_counter() - begun
    if name == STREAMED:
        print(json.dumps({"seconds": seconds, "peak": peak / 1024, "size": 0, "rows": table, "price": "-"}))
        return
    size = getattr(table, "nbytes", 0) or (table.estimated_size() if hasattr(table, "estimated_size") else 0)
    print(json.dumps({"seconds": seconds, "peak": peak / 1024, "size": (size if isinstance(size, int) else 0) / 2**20,
                      "rows": len(table), "price": type_of_price(table)}))  # fmt: skip


def main():
    options = argparse.ArgumentParser()
    options.add_argument("module")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", choices=["sqlite", "postgres"])
    options.add_argument("--measure", nargs=2)
    given = options.parse_args()
    sys.path.insert(0, given.module)
    if given.measure:
        return measure(*given.measure)
    with tempfile.TemporaryDirectory() as folder:
        databases = {}
        if given.only != "postgres":
            databases["SQLite"] = f"sqlite:{pathlib.Path(folder, 'lot.db')}"
            fill_sqlite(databases["SQLite"], given.rows)
        if given.only != "sqlite" and (server := os.environ.get("JPAUTO_TEST_POSTGRES")):
            databases["PostgreSQL"] = server
            fill_postgres(server, given.rows)
        for database, url in databases.items():
            compare(given, database, url)


def compare(given, database, url):
    best = {}
    for _ in range(given.rounds):
        for name in readers(url):
            command = [sys.executable, __file__, given.module, "--measure", url, name]
            ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            if ran.returncode:
                best.setdefault(name, (ran.stderr.strip().splitlines() or ["?"])[-1])
                continue
            said = json.loads(ran.stdout.splitlines()[-1])
            if not isinstance(best.get(name), dict) or said["seconds"] < best[name]["seconds"]:
                best[name] = said
    ours = best["jpauto to_arrow"]
    print(f"\n{database}: {given.rows:,} listings, {len(COLUMNS)} columns, best of {given.rounds}")
    for name, said in best.items():
        if isinstance(said, str):
            print(f"  {name:38} left out: {said}")
            continue
        times = said["seconds"] / ours["seconds"] if isinstance(ours, dict) else 0
        print(
            f"  {name:38} {said['seconds'] * 1000:7.0f} ms  {times:5.2f}x  peak +{said['peak']:.0f} MiB  table {said['size']:.0f} MiB"
            f"  price {said['price']}"
        )
    known = {name: said for name, said in best.items() if isinstance(said, dict)}
    for name, others in SAME.items():
        there = [known[other]["seconds"] for other in others if other in known]
        if name in known and there:
            times, bar = min(there) / known[name]["seconds"], BARS[database]
            print(f"  {name}: the quickest other takes {times:.2f} times as long (bar {bar}: {'met' if times >= bar else 'missed'})")
    if STREAMED in known and "jpauto to_arrow" in known:
        peak, bar = known[STREAMED]["peak"], known["jpauto to_arrow"]["size"] + BESIDE_THE_TABLE
        print(f"  {STREAMED}: peak {peak:.0f} MiB (bar {bar:.0f}: {'met' if peak <= bar else 'missed'})")


if __name__ == "__main__":
    main()
