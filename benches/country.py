#!/usr/bin/env python3
"""The dealers of a whole country in one night, beside SQL written by hand for exactly that, on one PostgreSQL.

    tests/with-postgres --durable python benches/country.py --dealers 50000 --nights 1 --processes 1 4 --partitions 16 --recorded 2000

A dealer has 10 to 369 vehicles, 100 in the middle. The first night is put into the tables at once. In each further one 2.5 % of the
prices change, 2 % of the vehicles come and as many go. For each number of processes so many nights are recorded, of all dealers or
of `--recorded` ones spread evenly among them. Three databases take turns, a few lots at a time, so that a busy machine is as busy
for all: by hand, the library on whole tables, and the library on partitioned ones. By hand each lot is a COPY into a temporary table
and statements over it, sent by a psql that stays connected; it matches by VIN alone, leaves the judgement of the lot out and
reports nothing. Making the sightings is not measured. The package `jpauto` must be built in release mode, the program `jpauto` too (or
named by JPAUTO_BENCH_PROGRAM). One line a figure, with its bar where it has one; the databases are dropped at the end.
"""

import argparse
import datetime
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time
import uuid
from multiprocessing import get_context

import jpauto

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = (
    os.environ.get("JPAUTO_BENCH_PROGRAM")
    or pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/jpauto"
)
PSQL = [
    shutil.which("psql") or "psql",
    "--quiet",
    "--no-psqlrc",
    "--no-align",
    "--tuples-only",
    "--set",
    "ON_ERROR_STOP=1",
]
BY_HAND, WHOLE = "by hand", "whole tables"
TICKS = os.sysconf("SC_CLK_TCK")
LOTS_A_TURN = 20
ROUNDS = 3
# Of SQL by hand; of whole tables; of one process, with four cores or more; in MiB; of SQL by hand for what reads all listings.
RECORDING_BAR, PARTITIONS_BAR, PROCESSES_BAR, MEMORY_BAR, READING_BAR = 1.30, 0.95, 2.5, 200, 2.0
TODAY = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)

COLUMNS = (
    "vin external_id stock_number year make model trim price mileage exterior_color transmission fuel_type body_style url image_url"
).split()
# The same figures as `lot` and `sighting` make, in SQL.
SIZE = "(10 + 360 * ((lot * 7919 % 1000) ^ 3)::bigint / 1000000000)"
CAR = "(lot * 17 + n)"
FILL = f"""
SET session_replication_role = replica;
INSERT INTO competitors (id, name, inventory_url, last_scraped_at, last_successful_scrape_at)
SELECT lpad(to_hex(lot + 1), 32, '0')::uuid, 'Motors ' || lot, 'https://motors-' || lot || '.example/used', {{at}}, {{at}}
FROM generate_series(0::bigint, {{dealers}} - 1) AS lot;
INSERT INTO competitor_inventory (id, competitor_id, {", ".join(COLUMNS)}, first_seen_at, last_seen_at, is_sold, created_at, updated_at,
    lowest_price, highest_price)
SELECT lpad(to_hex((lot + 1) * 1000000 + n), 32, '0')::uuid, lpad(to_hex(lot + 1), 32, '0')::uuid,
    '4T1B' || lpad(lot::text, 6, '0') || 'K' || lpad(n::text, 6, '0'), 'listing-' || lot || '-' || n, 'S' || n, 2012 + {CAR} % 12,
    'Make ' || {CAR} / 12 % 40, 'Model ' || {CAR} / 480 % 10, 'XLE', price, 10000 + {CAR} * 131 % 90000, 'Midnight Black Metallic',
    'Automatic', 'Gasoline', 'Sedan', 'https://motors-' || lot || '.example/used/' || n,
    'https://motors-' || lot || '.example/images/' || n || '.jpg', {{at}} - n % 60 * interval '1 day', {{at}}, false, {{at}}, {{at}}, price, price
FROM generate_series(0::bigint, {{dealers}} - 1) AS lot, generate_series(0::bigint, {SIZE} - 1) AS n,
    LATERAL (SELECT (15000 + {CAR} * 7919 % 20000)::numeric AS price) AS prices;
INSERT INTO competitor_price_history (id, competitor_id, competitor_inventory_id, price, min_price, mileage, recorded_at)
SELECT id, competitor_id, id, price, price, mileage, first_seen_at FROM competitor_inventory;
INSERT INTO competitor_scrapes (id, competitor_id, observed_at, complete, listings_found, vehicles, new_listings, recorded_at, weight)
SELECT competitor_id, competitor_id, {{at}}, true, count(*), count(*), count(*), {{at}}, 1 FROM competitor_inventory GROUP BY competitor_id;
INSERT INTO competitor_metrics (id, competitor_id, total_inventory, avg_price, new_listings_30d, vehicles_sold_30d, price_changes_30d, calculated_at)
SELECT competitor_id, competitor_id, count(*), avg(price), count(*), 0, 0, {{at}} FROM competitor_inventory GROUP BY competitor_id;
INSERT INTO listed_models (year, make, model) SELECT DISTINCT year, lower(make), lower(model) FROM competitor_inventory ON CONFLICT DO NOTHING;
INSERT INTO inventory (id, status, year, make, model, vin, stock_number, price, mileage, listed_at, created_at, updated_at)
SELECT gen_random_uuid(), 'available', 2012 + n % 12, 'Make ' || n * 7 % 40, 'Model ' || n * 3 % 10, '2T1BURHE0JC' || lpad(n::text, 6, '0'),
    'OURS' || n, 26000, 55000, {{at}}, {{at}}, {{at}} FROM generate_series(1, 200) AS n;
"""
BY_HAND_SQL = """\\.
WITH changed AS (
    UPDATE competitor_inventory AS listing
    SET ({columns}) = ({seen}), last_seen_at = {at}, updated_at = {at},
        lowest_price = least(listing.lowest_price, seen.price), highest_price = greatest(listing.highest_price, seen.price),
        previous_price = CASE WHEN listing.price <> seen.price THEN listing.price ELSE listing.previous_price END,
        price_changed_at = CASE WHEN listing.price <> seen.price THEN {at} ELSE listing.price_changed_at END
    FROM seen
    WHERE listing.competitor_id = '{id}' AND NOT listing.is_sold AND listing.vin = seen.vin AND ({listing}) IS DISTINCT FROM ({seen})
    RETURNING listing.id, listing.price, listing.lowest_price, listing.mileage, listing.price_changed_at
)
INSERT INTO competitor_price_history (id, competitor_id, competitor_inventory_id, price, min_price, mileage, recorded_at)
SELECT gen_random_uuid(), '{id}', id, price, lowest_price, mileage, {at} FROM changed WHERE price_changed_at = {at};
UPDATE competitor_inventory AS listing SET last_seen_at = {at} FROM seen
WHERE listing.competitor_id = '{id}' AND NOT listing.is_sold AND listing.vin = seen.vin AND listing.last_seen_at < {at};
WITH new AS (
    INSERT INTO competitor_inventory (id, competitor_id, {columns}, first_seen_at, last_seen_at, is_sold, created_at, updated_at,
        lowest_price, highest_price)
    SELECT gen_random_uuid(), '{id}', {columns}, {at}, {at}, false, {at}, {at}, price, price FROM seen
    WHERE NOT EXISTS (SELECT FROM competitor_inventory AS listing WHERE listing.competitor_id = '{id}' AND listing.vin = seen.vin)
    RETURNING id, price, mileage, year, make, model
), named AS (
    INSERT INTO listed_models (year, make, model) SELECT DISTINCT year, lower(make), lower(model) FROM new ON CONFLICT DO NOTHING
)
INSERT INTO competitor_price_history (id, competitor_id, competitor_inventory_id, price, min_price, mileage, recorded_at)
SELECT gen_random_uuid(), '{id}', id, price, price, mileage, {at} FROM new;
UPDATE competitor_inventory SET is_sold = true, sold_at = {at}, updated_at = {at}
WHERE competitor_id = '{id}' AND NOT is_sold AND last_seen_at < {at} - interval '7 days';
INSERT INTO competitor_scrapes (id, competitor_id, observed_at, complete, listings_found, vehicles, recorded_at)
VALUES (gen_random_uuid(), '{id}', {at}, true, {count}, {count}, {at});
INSERT INTO competitor_metrics (id, competitor_id, total_inventory, avg_price, avg_days_on_market, vehicles_sold_30d,
    price_changes_30d, new_listings_30d, calculated_at)
SELECT gen_random_uuid(), '{id}', count(*) FILTER (WHERE NOT is_sold), avg(price) FILTER (WHERE NOT is_sold),
    avg(days_on_market) FILTER (WHERE is_sold), count(*) FILTER (WHERE is_sold AND sold_at >= {at} - interval '30 days'),
    count(*) FILTER (WHERE price_changed_at >= {at} - interval '30 days'),
    count(*) FILTER (WHERE first_seen_at >= {at} - interval '30 days'), {at}
FROM competitor_inventory WHERE competitor_id = '{id}';
UPDATE competitors SET last_scraped_at = {at}, last_successful_scrape_at = {at} WHERE id = '{id}';
INSERT INTO activity_logs (id, action, resource_type, resource_id, changes, created_at)
VALUES (gen_random_uuid(), 'record', 'competitors', '{id}', '{{"seen": {count}}}', {at});
COMMIT;
"""
# The two sides did the same work only where these agree.
SUMS = """SELECT (SELECT count(*) FROM competitor_inventory WHERE last_seen_at = {at}), count(*), sum(price), sum(previous_price),
    (SELECT count(*) FROM competitor_price_history), (SELECT count(*) FROM competitor_scrapes), (SELECT count(*) FROM competitor_metrics),
    (SELECT count(*) FROM activity_logs WHERE action = 'record') FROM competitor_inventory"""

# What stands beside the market view: its lines and its total, in full, without regard to cars on two lots.
MIDDLE = """SELECT {keys} min({value}) AS lower_{value}, max({value}) AS upper_{value} FROM (
        SELECT {named} {value}, row_number() OVER ({partition} ORDER BY {value}) AS place, count(*) OVER ({partition}) AS most
        FROM competitor_inventory WHERE is_sold = false AND last_seen_at >= now() - interval '30 days' AND {value} IS NOT NULL) AS placed
    WHERE 2 * place BETWEEN most AND most + 2 {group}"""
VIEW = """WITH price AS ({price}), age AS ({age}), line AS (
    SELECT {named} min(make) AS shown, count(DISTINCT competitor_id) AS dealers, count(*) FILTER (WHERE is_sold = false) AS on_sale,
        min(price) AS least, max(price) AS most, count(*) FILTER (WHERE is_sold = false AND price_changed_at >= now() - interval '7 days'
            AND price < previous_price) AS cuts, count(*) FILTER (WHERE is_sold) AS sold
    FROM competitor_inventory
    WHERE is_sold = false AND last_seen_at >= now() - interval '30 days' OR sold_at >= now() - interval '30 days' AND transferred_at IS NULL {group})
SELECT * FROM line JOIN price {using} JOIN age {using} ORDER BY on_sale DESC"""
UNDERCUTS = """SELECT ours.*, theirs.id, theirs.competitor_id, dealer.name, theirs.trim, theirs.price, theirs.mileage, theirs.url
FROM inventory AS ours
JOIN competitor_inventory AS theirs ON theirs.year = ours.year AND lower(theirs.make) = lower(ours.make) AND lower(theirs.model) = lower(ours.model)
JOIN competitors AS dealer ON dealer.id = theirs.competitor_id
WHERE ours.status <> 'sold' AND theirs.is_sold = false AND dealer.active AND theirs.last_seen_at >= now() - interval '30 days'
  AND theirs.price >= 1000 AND theirs.price < ours.price AND theirs.mileage BETWEEN ours.mileage - 10000 AND ours.mileage + 10000
  AND (ours.trim IS NULL OR theirs.trim IS NULL OR lower(ours.trim) = lower(theirs.trim)) AND theirs.vin <> ours.vin
ORDER BY ours.price - theirs.price DESC, theirs.id DESC, ours.id DESC LIMIT 50"""
COMPARABLES = """SELECT c.id, c.vin, c.url, c.year, c.make, c.model, c.trim, c.price, c.mileage, c.first_seen_at, c.last_seen_at, c.is_sold, c.sold_at,
    c.title_brand, c.condition, c.odometer_status, c.sale_status, d.name
FROM competitor_inventory AS c JOIN competitors AS d ON d.id = c.competitor_id
WHERE c.year IN ({year} - 1, {year}, {year} + 1) AND lower(c.make) = '{make}' AND lower(c.model) = '{model}'
  AND (c.is_sold = false AND d.active AND c.last_seen_at >= now() - interval '30 days' OR c.sold_at >= now() - interval '45 days')
  AND (c.mileage IS NULL OR c.mileage BETWEEN {mileage} - 50000 AND {mileage} + 50000)
  AND NOT (c.is_sold AND c.transferred_at IS NOT NULL);"""


def dealer(lot):
    return uuid.UUID(int=lot + 1)


def lot_size(lot):
    return 10 + 360 * (lot * 7919 % 1000) ** 3 // 1_000_000_000


def sightings(lot, night):
    """What stands on a lot in a night, the first of which is 0."""
    size = lot_size(lot)
    gone = night * size // 50
    return [sighting(lot, number, night) for number in range(gone, gone + size)]


def sighting(lot, number, night):
    car = lot * 17 + number
    changes = (night + number) // 40 - number // 40
    return dict(
        vin=f"4T1B{lot:06}K{number:06}",
        external_id=f"listing-{lot}-{number}",
        stock_number=f"S{number}",
        year=2012 + car % 12,
        make=f"Make {car // 12 % 40}",
        model=f"Model {car // 480 % 10}",
        trim="XLE",
        price=15_000 + car * 7919 % 20_000 - 250 * changes,
        mileage=10_000 + car * 131 % 90_000,
        exterior_color="Midnight Black Metallic",
        transmission="Automatic",
        fuel_type="Gasoline",
        body_style="Sedan",
        url=f"https://motors-{lot}.example/used/{number}",
        image_url=f"https://motors-{lot}.example/images/{number}.jpg",
    )


def script(lot, seen, at):
    """What somebody would write who knows SQL and has only this to do."""
    rows = "".join("\t".join(str(listing[column]) for column in COLUMNS) + "\n" for listing in seen)
    of = lambda table: ", ".join(f"{table}.{column}" for column in COLUMNS)
    begin = f"BEGIN;\nSELECT id FROM competitors WHERE id = '{dealer(lot)}' FOR UPDATE;\nCOPY seen FROM STDIN;\n"
    quoted = f"'{at.isoformat()}'::timestamptz"
    return (
        begin
        + rows
        + BY_HAND_SQL.format(
            id=dealer(lot),
            at=quoted,
            count=len(seen),
            columns=", ".join(COLUMNS),
            seen=of("seen"),
            listing=of("listing"),
        )
    )


class Psql:
    """A psql that stays connected. What it finds is written nowhere."""

    def __init__(self, url):
        self.child = subprocess.Popen(
            [*PSQL, url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def run(self, sql):
        self.child.stdin.write(sql + b"\n\\warn done\n")
        self.child.stdin.flush()
        told = self.child.stderr.readline()
        while b"NOTICE" in told:
            told = self.child.stderr.readline()
        if told != b"done\n":
            raise RuntimeError(told.decode() + self.child.stderr.read().decode())

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def psql(url, sql):
    return subprocess.run([*PSQL, "--command", sql, url], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def cpu_of(pid):
    """The seconds of CPU that a process took so far; none once it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def record(asked, urls):
    """A recording process: it makes sightings, then records them where it is told to, and says what CPU that took."""
    lots = {side: jpauto.open(url) for side, url in urls.items() if side != BY_HAND}
    hand = Psql(urls[BY_HAND])
    seen_columns = ", ".join(
        f"{column} {'integer' if column in ('year', 'mileage') else 'numeric(10, 2)' if column == 'price' else 'text'}"
        for column in COLUMNS
    )
    hand.run(f"CREATE TEMPORARY TABLE seen ({seen_columns}) ON COMMIT DELETE ROWS;".encode())
    made, at, by_hand = [], None, b""
    while (order := asked.recv()) is not None:
        what, *values = order
        answer = None
        if what == "make":
            numbers, night, at = values
            made = [(dealer(lot), sightings(lot, night)) for lot in numbers]
            by_hand = "".join(script(lot, seen, at) for lot, (_, seen) in zip(numbers, made, strict=True)).encode()
            answer = sum(len(seen) for _, seen in made)
        elif what == "convert":
            began = time.process_time()
            for _, seen in made:
                try:
                    lots[WHOLE].competitors.record_listings(uuid.uuid4(), seen, observed_at=at)
                except jpauto.NotFound:
                    pass
            answer = time.process_time() - began
        elif values[0] == BY_HAND:
            began = cpu_of(hand.child.pid)
            hand.run(by_hand)
            answer = cpu_of(hand.child.pid) - began
        else:
            began = time.process_time()
            for number, seen in made:
                lots[values[0]].competitors.record_listings(number, seen, observed_at=at)
            answer = time.process_time() - began
        peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text(encoding="utf-8"))
        asked.send((answer, int(peak[1]) / 1024))
    hand.close()
    for lot in lots.values():
        lot.close()


class Country:
    def __init__(self, options):
        self.options, self.server = options, os.environ["JPAUTO_TEST_POSTGRES"]
        self.partitioned = [f"{number} partitions" for number in options.partitions]
        self.sides = [BY_HAND, WHOLE, *self.partitioned]
        self.names = {side: f"country_{os.getpid()}_{place}" for place, side in enumerate(self.sides)}
        self.urls = {side: self.server.rsplit("/", 1)[0] + "/" + name for side, name in self.names.items()}
        self.last_night = options.nights * len(options.processes)
        self.memory = 0.0

    def at(self, night):
        return TODAY - datetime.timedelta(days=self.last_night - night)

    def fill(self):
        for side in self.sides[1:]:
            psql(self.server, f"CREATE DATABASE {self.names[side]}")
            url, began = self.urls[side], time.perf_counter()
            jpauto_runs = lambda *words, url=url: subprocess.run(
                [PROGRAM, "--db", url, *words], check=True, stdout=subprocess.DEVNULL
            )
            jpauto_runs("migrate")
            if side != WHOLE:
                jpauto_runs("migrate", "--partition-competitors", side.split()[0])
            # A large table is filled without its indexes.
            indexes = psql(
                url,
                "SELECT indexname || '|' || indexdef FROM pg_indexes WHERE tablename IN ('competitor_inventory',"
                " 'competitor_price_history') AND indexdef NOT LIKE 'CREATE UNIQUE%'",
            ).splitlines()
            dropped = ", ".join(line.partition("|")[0] for line in indexes)
            fill = FILL.format(dealers=self.options.dealers, at=f"'{self.at(0).isoformat()}'::timestamptz")
            made = ";\n".join(line.partition("|")[2].replace(" ON ONLY ", " ON ") for line in indexes)
            psql(url, f"DROP INDEX {dropped}; {fill} {made};")
            psql(url, "VACUUM ANALYZE")
            count = int(psql(url, "SELECT count(*) FROM competitor_inventory"))
            print(
                f"{side}: {self.options.dealers:,} dealers with {count:,} listings filled in {time.perf_counter() - began:.0f} s",
                flush=True,
            )
        psql(self.server, f"CREATE DATABASE {self.names[BY_HAND]} TEMPLATE {self.names[WHOLE]}")
        psql(self.server, "CHECKPOINT")
        for side in self.sides:
            print(
                f"{side}: {self.size(side) / 2**20:,.0f} MiB after the first night, {self.size(side) / count:,.0f} bytes a listing",
                flush=True,
            )

    def size(self, side):
        return int(psql(self.server, f"SELECT pg_database_size('{self.names[side]}')"))

    def servers(self, side):
        """The seconds of CPU that the server's processes took that serve one side's connections."""
        pids = psql(self.server, f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.names[side]}'").split()
        return {pid: cpu_of(pid) for pid in pids}

    def recorded(self, processes, first_night):
        """Records the nights with so many processes, and tells. Returns the sightings a second of each side."""
        context, options = get_context("spawn"), self.options
        pipes, workers = [], []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            pipes.append(ours)
            workers.append(context.Process(target=record, args=(theirs, self.urls), daemon=True))
            workers[-1].start()
            theirs.close()
        recorded = min(options.recorded or options.dealers, options.dealers)
        numbers = [place * options.dealers // recorded for place in range(recorded)]
        wall, client, server, count = (
            dict.fromkeys(self.sides, 0.0),
            dict.fromkeys(self.sides, 0.0),
            dict.fromkeys(self.sides, 0.0),
            0,
        )
        sizes = {side: self.size(side) for side in self.sides}
        converted, ended_early = None, False
        for night in range(first_night, first_night + options.nights):
            began_night, turn = time.perf_counter(), 0
            for start in range(0, len(numbers), LOTS_A_TURN * processes):
                chosen = numbers[start : start + LOTS_A_TURN * processes]
                answers = self.asked(
                    pipes, [("make", chosen[place::processes], night, self.at(night)) for place in range(processes)]
                )
                count_now = sum(answers)
                order = self.sides if turn % 2 else self.sides[::-1]
                for side in order:
                    before = self.servers(side)
                    began = time.perf_counter()
                    taken = self.asked(pipes, [("record", side)] * processes)
                    took = time.perf_counter() - began
                    # The first turn opens connections and plans everything.
                    if turn:
                        wall[side] += took
                        client[side] += sum(taken)
                        server[side] += sum(after - before.get(pid, 0.0) for pid, after in self.servers(side).items())
                if turn:
                    count += count_now
                elif converted is None:
                    converted = sum(self.asked(pipes, [("convert",)] * processes)) / count_now
                turn += 1
                if time.perf_counter() - began_night > options.seconds:
                    ended_early = True
                    break
            self.same(night, ended_early)
        for pipe, worker in zip(pipes, workers, strict=True):
            pipe.send(None)
            worker.join()
        if not count:
            sys.exit(
                f"{processes} processes made one turn, which is not measured: more --dealers or --seconds are needed"
            )
        self.tell(processes, count, (wall, client, server), converted)
        if not ended_early:
            self.growth(processes, sizes, recorded)
        return {side: count / wall[side] for side in self.sides}

    def asked(self, pipes, orders):
        for pipe, order in zip(pipes, orders, strict=True):
            pipe.send(order)
        answers = [pipe.recv() for pipe in pipes]
        self.memory = max(self.memory, *(peak for _, peak in answers))
        return [answer for answer, _ in answers]

    def same(self, night, ended_early):
        sums = {
            side: psql(self.urls[side], SUMS.format(at=f"'{self.at(night).isoformat()}'::timestamptz"))
            for side in self.sides
        }
        if len(set(sums.values())) > 1:
            sys.exit(f"the sides did not do the same work: {sums}")
        if ended_early:
            print(f"night {night}: ended after {self.options.seconds} s, with part of the dealers", flush=True)

    def tell(self, processes, count, measured, converted):
        wall, client, server = measured
        named = f"{processes} process{'es' if processes > 1 else ''}"
        for side in self.sides:
            parts = [f"{count / wall[side]:9,.0f} sightings/s"]
            parts += [
                f"{1e6 * taken[side] / count:6.1f} us of {what}"
                for what, taken in (("the server's CPU", server), ("the client's", client))
            ]
            idle = max(0.0, 1 - (server[side] + client[side]) / wall[side] / min(processes + 1, os.cpu_count()))
            parts.append(f"{idle:.0%} waiting")
            if side != BY_HAND:
                ratio = wall[side] / wall[BY_HAND]
                cpu = (server[side] + client[side]) / (server[BY_HAND] + client[BY_HAND])
                parts.append(
                    f"{ratio:.2f} times by hand {verdict(ratio, RECORDING_BAR, at_most=True)}, {cpu:.2f} times its CPU"
                )
            if side in self.partitioned:
                speed = wall[WHOLE] / wall[side]
                parts.append(f"{speed:.2f} of whole tables {verdict(speed, PARTITIONS_BAR)}")
            print(f"recording, {named}, {side}: {count:,} sightings, {'; '.join(parts)}", flush=True)
        if converted:
            print(
                f"recording, {named}: at most {1e6 * converted:.1f} us of the client's CPU a sighting are Python's records becoming the library's"
            )

    def growth(self, processes, before, recorded):
        """What 30 nights of all dealers add, if each adds what the measured ones did."""
        scale = self.options.dealers / recorded
        for side in self.sides:
            grown = (self.size(side) - before[side]) / self.options.nights * scale
            whole = self.size(side) + 30 * grown
            print(
                f"size, {side}: {grown / 2**20:,.0f} MiB a night of all dealers; {whole / 2**30:.1f} GiB after 30 more nights",
                flush=True,
            )

    def reads(self, side):
        url = self.urls[side]
        psql(url, "VACUUM ANALYZE")
        beside = Psql(self.urls[BY_HAND])
        psql(self.urls[BY_HAND], "VACUUM ANALYZE")
        with jpauto.open(url) as lot:
            cars = [
                dict(year=2014 + n % 8, make=f"Make {n * 7 % 40}", model=f"Model {n % 10}", mileage=55_000)
                for n in range(10)
            ]
            fitting = " ".join(
                COMPARABLES.format(**{**car, "make": car["make"].lower(), "model": car["model"].lower()})
                for car in cars
            )
            pairs = {
                "comparables of ten cars": (lambda: lot.market.candidates(cars), fitting),
                "market view": (lambda: lot.competitors.market_view(limit=500), view_by_hand()),
                "undercuts": (lambda: lot.competitors.undercuts().first(50), UNDERCUTS + ";"),
            }
            for name, (ours, by_hand) in pairs.items():
                times = {True: [], False: []}
                for _ in range(ROUNDS):
                    for is_ours, run in ((False, lambda sql=by_hand: beside.run(sql.encode())), (True, ours)):
                        began = time.perf_counter()
                        run()
                        times[is_ours].append(time.perf_counter() - began)
                ours_took, theirs_took = (statistics.median(times[is_ours]) for is_ours in (True, False))
                ratio = ours_took / theirs_took
                print(
                    f"{name}, {side}: {1e3 * ours_took:,.0f} ms, by hand {1e3 * theirs_took:,.0f} ms:"
                    f" {ratio:.2f} times {verdict(ratio, READING_BAR, at_most=True)}",
                    flush=True,
                )
        beside.close()
        self.first_pages(side)

    def first_pages(self, side):
        scans = lambda: int(
            psql(
                self.urls[side],
                "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname LIKE 'competitor_inventory%'",
            )
        )
        time.sleep(1.5)
        before, slowest = scans(), (0.0, "")
        with jpauto.open(self.urls[side]) as lot:
            for sort in ("-first_seen_at", "price", "-price", "mileage", "-year", "-price_drop"):
                lot.competitors.listings(sort=sort, sold=False).first(50)
                began = time.perf_counter()
                lot.competitors.listings(sort=sort, sold=False).first(50)
                slowest = max(slowest, (time.perf_counter() - began, sort))
        # A connection tells the server's statistics what it did at the latest when it ends.
        time.sleep(1.5)
        read = scans() - before
        print(
            f"first pages, {side}: the slowest {1e3 * slowest[0]:.1f} ms (by {slowest[1]}); {read} scans of a whole table {verdict(read, 0, at_most=True)}"
        )

    def drop(self):
        for name in self.names.values():
            psql(self.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def view_by_hand():
    """The market's lines, and its total."""
    line = "lower(make), lower(model)"
    by_model = dict(
        keys="make, model,", named="lower(make) AS make, lower(model) AS model,", partition=f"PARTITION BY {line}"
    )
    total = dict(keys="", named="", partition="")
    statements = []
    for keys, grouped, of_line, using in (
        (by_model, "GROUP BY make, model", f"GROUP BY {line}", "USING (make, model)"),
        (total, "", "", "ON true"),
    ):
        middles = {
            name: MIDDLE.format(**keys, value=value, group=grouped)
            for name, value in (("price", "price"), ("age", "first_seen_at"))
        }
        statements.append(VIEW.format(**middles, named=keys["named"], group=of_line, using=using))
    return ";\n".join(statements) + ";"


def verdict(figure, bar, at_most=False):
    is_met = figure <= bar if at_most else figure >= bar
    return f"(bar {bar:.2f}: {'met' if is_met else 'missed'})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--dealers", type=int, default=5_000, help="how many there are; 50000 are the country (%(default)s)"
    )
    parser.add_argument("--nights", type=int, default=1, help="how many each number of processes records (%(default)s)")
    parser.add_argument(
        "--processes", type=int, nargs="+", default=[1, 2, 4], help="how many record at once, one run each (1 2 4)"
    )
    parser.add_argument(
        "--partitions",
        type=int,
        nargs="*",
        default=[16],
        help="of the partitioned databases; none leaves them out (16)",
    )
    parser.add_argument(
        "--recorded", type=int, help="so many dealers are recorded a night, spread evenly; all without it"
    )
    parser.add_argument(
        "--seconds", type=float, default=600, help="a night ends after so long, with part of the dealers (%(default)s)"
    )
    parser.add_argument("--no-reads", action="store_true", help="leave out what reads all listings")
    options = parser.parse_args()
    if "JPAUTO_TEST_POSTGRES" not in os.environ:
        sys.exit("JPAUTO_TEST_POSTGRES names no server: tests/with-postgres --durable python benches/country.py")
    country = Country(options)
    print(f"{os.cpu_count()} cores", flush=True)
    try:
        country.fill()
        speeds, night = {}, 1
        for processes in options.processes:
            speeds[processes] = country.recorded(processes, night)
            night += options.nights
        most, least = max(speeds), min(speeds)
        for side in country.sides if most > least else ():
            gain = speeds[most][side] / speeds[least][side]
            bar = (
                verdict(gain, PROCESSES_BAR) if most // least >= 4 and os.cpu_count() > most and side != BY_HAND else ""
            )
            print(f"{most} processes, {side}: {gain:.2f} times {least} on {os.cpu_count()} cores {bar}".rstrip())
        print(
            f"memory of a recording process: {country.memory:.0f} MiB {verdict(country.memory, MEMORY_BAR, at_most=True)}"
        )
        for side in () if options.no_reads else country.sides[1:]:
            country.reads(side)
    finally:
        country.drop()


if __name__ == "__main__":
    main()
