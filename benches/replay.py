#!/usr/bin/env python3
"""Replays months of real daily scrapes through `jpauto import listings`, and says how often "sold" was wrong.

    benches/replay.py --jpauto target/release/jpauto --days FOLDER --db sqlite:/tmp/replay.db [--db postgres://...]

FOLDER holds one `inventory_YYYY_MM_DD.json.gz` a day: a JSON array of rows with the dealer's name. A dealer is a competitor and
a day a scrape, from that dealer's first day on; a day without rows for a dealer is imported as it is, as an empty file.

A sale is false where the dealer later shows the same vehicle again. The delay runs from the last sighting to the scrape that
decided. With several databases the final rows must be the same in all of them. The databases must be new.
"""

import argparse
import concurrent.futures
import datetime
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import time

# What may differ between two databases with the same history: ids, and when the rows were written.
OF_ITS_OWN = {"id", "competitor_id", "created_at", "updated_at"}


def read_days(folder):
    """Every day's listings by dealer, in the order of the days."""
    days = []
    for path in sorted(folder.glob("inventory_*.json.gz")):
        date = datetime.date(*map(int, path.name.removeprefix("inventory_").removesuffix(".json.gz").split("_")))
        lots = {}
        for row in json.loads(gzip.decompress(path.read_bytes())):
            lots.setdefault(row["dealer_name"], []).append(
                {
                    "vin": row["vin"],
                    "stock_number": row["stock_number"],
                    "year": row["year"],
                    "make": "Toyota",
                    "model": "RAV4",
                    "trim": row["trim"],
                    "price": row["total_price"] or row["msrp"],
                    "exterior_color": row["exterior_color"],
                    "url": row["detail_url"],
                }
            )
        days.append((date, lots))
    return days


def run(jpauto, database, *arguments):
    """Runs the command and returns what it printed."""
    command = [jpauto, "--db", database, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr}")
    return done.stdout


def replay_dealer(jpauto, database, dealer, days, folder):
    """Imports one dealer's days in order; returns the sales and how many of them were false."""
    sales, false_sales, delays = 0, 0, []
    last_seen = {}
    file = folder / f"{abs(hash(dealer))}.jsonl"
    begun = False
    for date, lots in days:
        rows = lots.get(dealer, [])
        begun = begun or bool(rows)
        if not begun:
            continue
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        for row in rows:
            last_seen[row["vin"]] = date
        report = json.loads(
            run(
                jpauto, database, "--format", "json", "import", "listings", "--competitor", dealer,
                "--observed-at", f"{date}T08:00:00Z", file,
            )
        )  # fmt: skip
        sales += len(report["sold"])
        false_sales += len(report["relisted"])
        delays += [(date - last_seen[sale["vin"]]).days for sale in report["sold"] if sale["vin"] in last_seen]
    return sales, false_sales, delays


def replay(jpauto, database, days):
    """Imports everything and prints the figures; returns the final rows."""
    started = time.monotonic()
    run(jpauto, database, "migrate")
    dealers = sorted({dealer for _, lots in days for dealer in lots})
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(4) as pool:
        work = [pool.submit(replay_dealer, jpauto, database, dealer, days, pathlib.Path(folder)) for dealer in dealers]
        results = [task.result() for task in work]
    sales, false_sales = sum(result[0] for result in results), sum(result[1] for result in results)
    delays = [delay for result in results for delay in result[2]]
    print(
        f"{database.split(':')[0]}: {len(days)} days, {len(dealers)} dealers, {sales} sold, {false_sales} of them false"
        f" ({100 * false_sales / sales:.2f} %), {sum(delays) / len(delays):.2f} days from last sighting to decision,"
        f" {time.monotonic() - started:.0f} s"
    )
    rows = []
    for line in run(jpauto, database, "--format", "jsonl", "competitor", "listings", "--all").splitlines():
        row = {key: value for key, value in json.loads(line).items() if key not in OF_ITS_OWN}
        for transfer in filter(None, (row["transferred_from"], row["transferred_to"])):
            del transfer["listing_id"], transfer["competitor_id"]
        rows.append(json.dumps(row, sort_keys=True))
    return sorted(rows), false_sales / sales


def main():
    """Reads the arguments, replays, compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jpauto", required=True, help="the command to run")
    parser.add_argument("--days", required=True, type=pathlib.Path, help="the folder of the days")
    parser.add_argument("--db", required=True, action="append", help="a new database; may be given several times")
    parser.add_argument("--most-false", type=float, default=4.0, help="fail above this share of false sales, in percent")
    arguments = parser.parse_args()
    days = read_days(arguments.days)
    if not days:
        sys.exit(f"{arguments.days} holds no days")
    outcomes = [replay(arguments.jpauto, database, days) for database in arguments.db]
    first, share = outcomes[0]
    for database, (rows, _) in zip(arguments.db[1:], outcomes[1:], strict=True):
        if rows != first:
            sys.exit(f"{database}: {len(set(rows) ^ set(first))} final rows differ")
    if len(outcomes) > 1:
        print(f"the {len(first)} final rows are the same in all databases")
    if 100 * share > arguments.most_false:
        sys.exit(f"more than {arguments.most_false} % of the sales were false")


if __name__ == "__main__":
    main()
