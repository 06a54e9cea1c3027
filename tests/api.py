"""Tries the HTTP API as its OpenAPI document says, and against it, with Schemathesis.

For each database a server is started on a dealership with a few cars, a folder for photos, and sessions; every operation gets
valid and invalid calls from each role. All checks are on. Administrators may call everything: on SQLite one who has signed in,
on PostgreSQL a token. `make test` makes few calls, and as administrators those at every limit of every parameter.
`make test-api ARGS="--seconds 600"` makes all of them for ten minutes a role and database.

The phase of calls that follow from each other's answers is left out: of 617 links that Schemathesis 4 finds in the
document its calls followed 3, because few of the things that it makes up may be created. Such calls are in
adapters/http/tests.

    api.py JPAUTO [--examples N] [--seconds N]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

# Who calls, by database. The owner has signed in by a link; the others but the public have tokens.
ROLES = {"sqlite": ("public", "viewer", "manager", "owner"), "postgresql": ("public", "viewer", "manager", "admin")}

# What a call that fits the schema may be answered with. Not with 400: the schema says how parameters are written.
ACCEPTED = ["2xx", "303", "304", "401", "403", "404", "409", "429"]

# Operations that Schemathesis does not call, by their ids.
LEFT_OUT = {
    "imports_vehicles": "it writes no files of vehicles; adapters/http/tests/imports.rs has them",
    "imports_mapping": "it writes no files of vehicles; adapters/http/tests/imports.rs has them",
    "jobs_events": "a stream that goes on as long as its run",
}
LEFT_OUT_OF_A_SESSION = {"auth_logout": "it would end the session that all other calls need"}


def exceptions(operation: dict[str, Any]) -> dict[str, str]:
    """The other statuses that a call of this operation may get although it fits the schema, with the reason of each."""
    statuses = {}
    parameters = {parameter["name"] for parameter in operation["parameters"]}
    if "requestBody" in operation:
        statuses["422"] = "rules that no schema says, such as the check digit of a VIN"
    if "{vin}" in operation["path"] or operation["operationId"] == "market_supply":
        statuses["422"] = "a parameter that the library reads as a VIN or as the name of a model"
    if "reference" in parameters:
        statuses["422"] = "a text that names several rows"
    if "after" in parameters:
        statuses["422"] = "a cursor is a text that the server made"
    if "Idempotency-Key" in parameters:
        statuses["422"] = "a key that was used for another request"
    if {"platform", "format"} <= parameters:
        statuses["422"] = "the forms of a feed are those of its platform"
    if "If-Match" in parameters:
        statuses["412"] = "the versions that there are"
    return statuses


# What a call that does not fit the schema may be answered with. Where the version is another, that is said first.
REJECTED = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429"]


def configuration(document: dict[str, Any]) -> str:
    """The configuration of Schemathesis for this document."""
    lines = ["[checks]", f"positive_data_acceptance.expected-statuses = {json.dumps(ACCEPTED)}"]
    lines.append(f"negative_data_rejection.expected-statuses = {json.dumps(REJECTED)}")
    for path, of_path in document["paths"].items():
        for operation in of_path.values():
            more = exceptions({**operation, "path": path})
            if more:
                lines += ["[[operations]]", f'include-operation-id = "{operation["operationId"]}"']
                statuses = json.dumps(ACCEPTED + sorted(more))
                lines.append(f"checks.positive_data_acceptance.expected-statuses = {statuses}")
    return "\n".join(lines) + "\n"


SETTINGS = """
[server]
address = "127.0.0.1:{port}"

[sessions]
secrets = ["the secret of this test alone"]
secure = false

[storage]
folder = "{folder}/photos"
public_url = "http://127.0.0.1:{port}/api/storage"
"""

CAR = '{"year": 2019, "make": "Toyota", "model": "Camry", "vin": "4T1B11HK9KU211111", "mileage": 5, "price": 9000}'


class Server:
    """A server over a new database."""

    def __init__(self, jpauto: Path, database: str, folder: Path) -> None:
        self.jpauto, self.database, self.folder = jpauto, database, folder
        (folder / "photos").mkdir()
        (folder / "jpauto.toml").write_text(SETTINGS.format(port=free_port(), folder=folder))
        self.log = (folder / "server.log").open("w+")
        self.run("migrate")
        self.run("vehicle", "add", "--json", "-", stdin=CAR)
        command = self.command("serve")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        self.address = self.wait_until_it_listens()

    def command(self, *arguments: str) -> list[Path | str]:
        return [self.jpauto, "--config", self.folder / "jpauto.toml", "--db", self.database, *arguments]

    def run(self, *arguments: str, stdin: str = "") -> str:
        command = self.command(*arguments)
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

    def cookie(self) -> str:
        """The cookie of an administrator who signs in by a link."""
        self.run("user", "add", "owner@lot.example", "--name", "Owner", "--role", "admin")
        link = re.search(r"token=([\w.-]+)", self.run("user", "link", "owner@lot.example", "--url", self.address))
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=30)
        connection.request("POST", f"/api/auth/link?token={link[1] if link else ''}")
        answer = connection.getresponse()
        cookie = answer.getheader("set-cookie", "").split(";")[0]
        if answer.status != 303 or not cookie:
            sys.exit(f"nobody can sign in: {answer.status} {answer.read().decode()}")
        return cookie

    def credential(self, role: str) -> list[str]:
        if role == "public":
            return []
        header = f"Cookie: {self.cookie()}" if role == "owner" else f"Authorization: Bearer {self.token(role)}"
        return ["--header", header]

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def schemathesis(server: Server, role: str, options: argparse.Namespace) -> bool:
    file = server.folder / "schemathesis.toml"
    with urllib.request.urlopen(f"{server.address}/openapi.json", timeout=30) as answer:
        file.write_text(configuration(json.load(answer)))
    program = Path(sys.executable).parent / "schemathesis"
    command: list[Any] = [program, "--config-file", file, "run", f"{server.address}/openapi.json"]
    # One thread: Hypothesis parses its own source to describe a strategy, and Python's parser fails now and then where two threads
    # do so at once ("AST constructor recursion depth mismatch"), which is then told as "Inconsistent results" of an operation.
    command += ["--checks", "all", "--max-examples", options.examples, "--workers", "1", "--continue-on-failure"]
    command += ["--generation-database", "none", "--seed", options.seed, "--warnings", "off"]
    for operation in [*LEFT_OUT, *(LEFT_OUT_OF_A_SESSION if role == "owner" else ())]:
        command += ["--exclude-operation-id", operation]
    if role == "owner":
        # The session goes with each call, also with one whose `Authorization` is made up.
        command += ["--exclude-checks", "ignored_auth"]
    is_at_limits = options.seconds or role in {"owner", "admin"}
    command += ["--phases", "examples,coverage,fuzzing" if is_at_limits else "examples,fuzzing"]
    if options.seconds:
        command += ["--max-time", options.seconds]
    command += server.credential(role)
    began = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=server.folder
    )
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
    parser.add_argument("--databases", nargs="+", default=list(ROLES))
    parser.add_argument("--seed", default=1, type=int)
    options = parser.parse_args()
    jpauto = options.jpauto.resolve()
    went_well = True
    for database in options.databases:
        with tempfile.TemporaryDirectory() as folder:
            server = Server(jpauto, address_of(database, folder), Path(folder))
            try:
                for role in ROLES[database]:
                    went_well &= schemathesis(server, role, options)
            finally:
                server.end()
    sys.exit(not went_well)


if __name__ == "__main__":
    main()
