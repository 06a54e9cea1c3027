#!/usr/bin/env python3
"""The HTTP server under 64 connections, beside its own SQL by pgbench and an Express server on the same database.

    make bench ARGS=http    # on a throw-away PostgreSQL; JPAUTO_BENCH_SECONDS_A_RUN (2) is the time of each run

Read are one vehicle, the first page of twenty, and such pages of lists that all differ, of tables with 1,000 and 100,000 vehicles of
which all columns are filled: as a visitor, and as staff by a token. The server reads what several clients ask for at the same time
together: vehicles in one statement, and a list that is the same once for all of them. Lists that differ gain nothing from that. What is compared takes turns in short runs, and the best run of each counts, so that a busy machine slows
all alike. One line a figure, with its bar. wrk and pgbench come from Debian, Express 4 and Sequelize 6 from npm.
"""

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

from http_server import ROOT, Server, build, jpauto, program, serving, verdict

SECONDS = float(os.environ.get("JPAUTO_BENCH_SECONDS_A_RUN", "2"))
ROUNDS = int(os.environ.get("JPAUTO_BENCH_ROUNDS", "4"))
SIZES = (1_000, 100_000)
CONNECTIONS = 64
# Of what pgbench makes of the same SQL; of the Express server's answers a second; of its memory.
BARS = {"one": 0.35, "list": 0.25, "lists": 0.25}
TIMES_EXPRESS, MEMORY_OF_EXPRESS = 12, 1 / 3
PACKAGES = ("express@4", "sequelize@6", "pg@8", "pg-hstore@2")

# Every column but the references to users and submissions; {id}, {vin} and {time} differ between the databases.
FILL = """
INSERT INTO inventory (id, status, featured, year, make, model, trim, vin, stock_number, price, cost, msrp, mileage, exterior_color,
    interior_color, transmission, engine, fuel_type, drivetrain, body_style, doors, mpg_city, mpg_highway, description, features,
    images, thumbnail, condition, title_status, owners, accidents, service_records, warranty, carfax_url, autocheck_url, listed_at,
    created_at, updated_at)
SELECT {id}, 'available', {yes}, 2015 + n % 10, 'Toyota', 'Camry', 'XLE', {vin}, 'S' || n, {money}, {money}, {money}, 20000 + n % 90000,
    'Midnight Black Metallic', 'Ash', 'Automatic', '2.5L I4', 'Gasoline', 'FWD', 'Sedan', 4, 28, 39,
    '{description}', '{features}', '{images}', 'https://pictures.example/thumb.jpg', 'Used', 'clean', 1, 0, {yes},
    '3 months / 3,000 miles', 'https://carfax.example/1', 'https://autocheck.example/1', {time}, {time}, {time}
FROM {numbers}
"""
TEXTS = {
    "description": "One owner, clean history, serviced here since new, with heated seats. " * 5,
    "features": json.dumps([f"Equipment {number}" for number in range(20)]),
    "images": json.dumps([f"https://pictures.example/large/{number:08}.jpg" for number in range(12)]),
}

WRK = """
local paths = {}
for path in io.lines(os.getenv("JPAUTO_BENCH_PATHS")) do paths[#paths + 1] = path end
local token, at = os.getenv("JPAUTO_BENCH_TOKEN"), 0
if token ~= "" then wrk.headers["Authorization"] = "Bearer " .. token end
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
done = function(summary, latency)
  io.write(string.format('{"requests": %d, "microseconds": %d, "refused": %d, "errors": %d, "p99": %d}\\n', summary.requests, summary.duration,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(99)))
end
"""


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.wrk, self.pgbench, self.psql = program("wrk", "wrk"), program("pgbench", "postgresql-contrib"), program("psql", "postgresql")
        (folder / "wrk.lua").write_text(WRK, encoding="utf-8")
        self.peer = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "peers/http"
        self.peer.mkdir(parents=True, exist_ok=True)
        if not (self.peer / "node_modules/sequelize").exists():
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", self.peer, *PACKAGES], check=True)

    def postgres(self, count):
        """A database of its own with that many vehicles."""
        server = os.environ["JPAUTO_TEST_POSTGRES"]
        name = f"http_{os.getpid()}_{count}"
        run = lambda url, sql: subprocess.run([self.psql, "-q", "-d", url, "-c", sql], check=True)
        run(server, f"CREATE DATABASE {name}")
        url = server.rsplit("/", 1)[0] + "/" + name
        jpauto(url, "migrate")
        fill = FILL.format(
            id="lpad(to_hex(n), 32, '0')::uuid", vin="'2T1BURHE0JC' || lpad(n::text, 6, '0')", yes="true", money="15000 + n % 3000 + 0.5",
            time="timestamptz '2026-01-01' + n * interval '1 minute'", numbers=f"generate_series(1, {count}) n", **TEXTS,
        )
        run(url, fill)
        run(url, "VACUUM ANALYZE inventory")
        return url

    def sqlite(self, count):
        path = self.folder / f"lot-{count}.db"
        jpauto(f"sqlite:{path}", "migrate")
        with sqlite3.connect(path) as conn:
            conn.create_function("id_of", 1, lambda n: n.to_bytes(16, "big"))
            conn.create_function("time_of", 1, lambda n: time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(1_767_225_600 + 60 * n)))
            numbers = f"(WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count}) SELECT n FROM counted)"
            conn.execute(FILL.format(
                id="id_of(n)", vin="printf('2T1BURHE0JC%06d', n)", yes="1", money="(15000 + n % 3000) * 100 + 50", time="time_of(n)",
                numbers=numbers, **TEXTS,
            ))
        # Without ANALYZE, as nothing counts the tables of a dealership's file.
        conn.close()
        return f"sqlite:{path}"

    def paths(self, what, count):
        """The file of the addresses that are asked for in turn."""
        file = self.folder / f"{what}-{count}"
        ids = (f"{1 + number * 7919 % count:032x}" for number in range(1_000))
        uuid = lambda text: "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
        one = lambda: "\n".join(f"/api/inventory/{uuid(text)}" for text in ids)
        lists = lambda: "\n".join(f"/api/inventory?limit=20&price_min={15_000 + number}" for number in range(1_000))
        text = {"one": one, "list": lambda: "/api/inventory?limit=20", "lists": lists}[what]()
        file.write_text(text + "\n", encoding="utf-8")
        return file

    def asked(self, port, paths, token=""):
        """Answers a second, how many were refused, and how many were lost or took more than two seconds."""
        environment = {**os.environ, "JPAUTO_BENCH_PATHS": str(paths), "JPAUTO_BENCH_TOKEN": token}
        command = [self.wrk, "-t2", f"-c{CONNECTIONS}", f"-d{max(1, round(SECONDS))}s", "-s", self.folder / "wrk.lua", f"http://127.0.0.1:{port}"]
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        told = json.loads(ran.stdout.strip().splitlines()[-1])
        return told["requests"] / (told["microseconds"] / 1e6), told["refused"], told["errors"]

    def by_pgbench(self, url, what, count):
        """The same SQL as the public route sends, a second."""
        listed = "status IN ('available', 'pending', 'hold')"
        sql = {
            "one": f"\\set n random(1, {count})\nSELECT * FROM inventory WHERE id = lpad(to_hex(cast(:n AS bigint)), 32, '0')::uuid;\n",
            "list": f"SELECT * FROM inventory WHERE ({listed} OR status IS NULL) AND listed_at IS NOT NULL"
            " ORDER BY listed_at DESC, id DESC LIMIT 21;\n",
            "lists": f"\\set n random(15000, 15999)\nSELECT * FROM inventory WHERE ({listed} OR status IS NULL) AND price >= :n"
            " AND listed_at IS NOT NULL ORDER BY listed_at DESC, id DESC LIMIT 21;\n",
        }[what]
        script = self.folder / f"{what}.sql"
        script.write_text(sql, encoding="utf-8")
        command = [self.pgbench, "-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", str(max(1, round(SECONDS))), "-f", script, url]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(re.search(r"tps = ([\d.]+)", ran.stdout)[1])


def compared(bench, count):
    url = bench.postgres(count)
    of_sqlite = bench.sqlite(count)
    serve = lambda of: serving(of, bench.folder)
    made = jpauto(url, "--format", "json", "token", "create", "bench", "--role", "manager")
    token = json.loads(made)["secret"]
    with serve(url) as ours, serve(of_sqlite) as light, Server(["node", ROOT / "benches/http_peer.js", url], bench.peer) as express:
        # The most that each held right after a run of its own: one that has rested for a while gives memory back.
        held = {"public": 0, "express": 0}
        for what in ("one", "list", "lists"):
            paths = bench.paths(what, count)
            address = f"http://127.0.0.1:{{}}{paths.read_text(encoding='utf-8').splitlines()[0]}"
            sizes = [len(urllib.request.urlopen(address.format(server.port)).read()) for server in (ours, light, express)]
            best, bad = {}, {}
            for _ in range(ROUNDS):
                runs = {
                    "pgbench": lambda: (bench.by_pgbench(url, what, count), 0, 0),
                    "public": lambda: bench.asked(ours.port, paths),
                    "staff": lambda: bench.asked(ours.port, paths, token),
                    "sqlite": lambda: bench.asked(light.port, paths),
                    "express": lambda: bench.asked(express.port, paths),
                }
                if what == "lists":
                    # The peer knows no filter.
                    del runs["express"]
                for name, run in runs.items():
                    figure, refused, lost = run()
                    best[name] = max(figure, best.get(name, 0))
                    if name in held:
                        held[name] = max(held[name], {"public": ours, "express": express}[name].memory())
                    if name != "express" and (refused or lost):
                        bad.setdefault(name, []).append(f"{refused}+{lost}")
            of = f"{what:5} of {count:7,}"
            print(f"{of}: a second: " + ", ".join(f"{name} {figure:,.0f}" for name, figure in best.items()) + f"; bytes {sizes}", flush=True)
            for name in ("public", "staff"):
                share = best[name] / best["pgbench"]
                print(f"{of}: {name} is {share:.2f} of pgbench {verdict(share, BARS[what])}", flush=True)
            if "express" in best:
                times = best["public"] / best["express"]
                print(f"{of}: {times:.1f} times Express {verdict(times, TIMES_EXPRESS)}", flush=True)
            print(f"{of}: SQLite is {best['sqlite'] / best['public']:.2f} of PostgreSQL {verdict(best['sqlite'] / best['public'], 1)}", flush=True)
            told = "; ".join(f"{name} {', '.join(runs)}" for name, runs in bad.items()) or "none"
            print(f"{of}: refused+lost by run: {told} {verdict(len(bad), 0, at_most=True)}", flush=True)
        share = held["public"] / held["express"]
        print(f"memory: {held['public']:.0f} MiB, Express {held['express']:.0f} MiB: {share:.2f} {verdict(share, MEMORY_OF_EXPRESS, True)}", flush=True)


def main():
    if "JPAUTO_TEST_POSTGRES" not in os.environ:
        sys.exit("http_reads.py: JPAUTO_TEST_POSTGRES names no server: run it by make bench ARGS=http")
    build()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        for count in SIZES:
            compared(bench, count)


if __name__ == "__main__":
    main()
