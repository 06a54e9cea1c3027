"""Tries the HTTP API as its OpenAPI document says, and against it, with Schemathesis.

For each database and each role a server is started on a dealership with a few cars, and every operation gets valid and
invalid calls. All checks are on. Run it by `make test-api`; more examples: `make test-api EXAMPLES=100 SECONDS=600`.

    api.py JPAUTO [--examples N] [--seconds N]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

ROLES = ("public", "viewer", "manager", "admin")

# Data that fits the schema may still be refused by a rule: a wrong VIN is 422. The rest are Schemathesis' own.
CONFIGURATION = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "303", "304", "400", "401", "403", "404", "409", "412", "422", "429"]
"""

CAR = '{"year": 2019, "make": "Toyota", "model": "Camry", "vin": "4T1B11HK9KU211111", "mileage": 5, "price": 9000}'


class Server:
    """A server over a new database."""

    def __init__(self, jpauto: Path, database: str, folder: Path) -> None:
        self.jpauto, self.database, self.folder = jpauto, database, folder
        self.log = (folder / "server.log").open("w+")
        self.run("migrate")
        self.run("vehicle", "add", "--json", "-", stdin=CAR)
        command = [jpauto, "--db", database, "serve", "--address", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        self.address = self.wait_until_it_listens()

    def run(self, *arguments: str, stdin: str = "") -> str:
        command = [self.jpauto, "--db", self.database, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}: {done.stderr}")
        return done.stdout

    def wait_until_it_listens(self) -> str:
        for _ in range(200):
            found = re.search(r"http://127\.0\.0\.1:\d+", (self.folder / "server.log").read_text())
            if found:
                return found.group()
            time.sleep(0.05)
        sys.exit(f"the server does not listen: {(self.folder / 'server.log').read_text()}")

    def token(self, role: str) -> str:
        said = json.loads(self.run("token", "create", role, "--role", role, "--format", "json"))
        return said["secret"]

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def schemathesis(server: Server, role: str, options: argparse.Namespace) -> bool:
    configuration = server.folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    program = Path(sys.executable).parent / "schemathesis"
    command: list[Any] = [program, "--config-file", configuration, "run", f"{server.address}/openapi.json"]
    command += ["--checks", "all", "--max-examples", options.examples, "--workers", "2", "--continue-on-failure"]
    command += ["--generation-database", "none", "--seed", options.seed, "--warnings", "off"]
    if options.seconds:
        command += ["--max-time", options.seconds]
    if role != "public":
        command += ["--header", f"Authorization: Bearer {server.token(role)}"]
    began = time.monotonic()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, cwd=server.folder)
    summary = [line for line in done.stdout.splitlines() if re.search(r"generated|passed|failed", line)][-1:]
    print(f"{server.database.split(':')[0]:10} {role:8} {time.monotonic() - began:5.1f} s  {' '.join(summary).strip()}")
    if done.returncode:
        print(done.stdout, done.stderr)
    return done.returncode == 0


def address_of(database: str, folder: str) -> str:
    """The address of a new database. On PostgreSQL it is a schema of the server that `with-postgres` starts."""
    if database == "sqlite":
        return f"sqlite:{folder}/lot.db"
    server, schema = os.environ["JPAUTO_TEST_POSTGRES"], f"api_{uuid.uuid4().hex}"
    subprocess.run(["psql", server, "--quiet", "--command", f"CREATE SCHEMA {schema}"], check=True)
    return f"{server}?options=-csearch_path%3D{schema}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jpauto", type=Path)
    parser.add_argument("--examples", default=3, type=int, help="calls of each operation in each phase")
    parser.add_argument("--seconds", default=0, type=int, help="the time for each role and database")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--seed", default=1, type=int)
    options = parser.parse_args()
    jpauto = options.jpauto.resolve()
    went_well = True
    for database in options.databases:
        with tempfile.TemporaryDirectory() as folder:
            server = Server(jpauto, address_of(database, folder), Path(folder))
            try:
                for role in ROLES:
                    went_well &= schemathesis(server, role, options)
            finally:
                server.end()
    sys.exit(not went_well)


if __name__ == "__main__":
    main()
