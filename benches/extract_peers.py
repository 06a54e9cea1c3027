#!/usr/bin/env python3
"""Extraction beside extruct and cheerio on the same pages in one run, and whether each bar is met.

    make bench-extract [ARGS=FOLDER]    # FOLDER keeps the peers installed, default target/peers

The peers come from PyPI and npm. extruct is asked for what can hold vehicles, JSON-LD and microdata: its other syntaxes take
far longer. cheerio only loads the page. The times are the shortest of many rounds, in which all take turns, so that a busy
machine slows all alike.
"""

import json
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 12
# Page, and whether its listings stand in embedded data or need the tree.
PAGES = [
    ("../shared/pages/dealercom/used-inventory.html", "data"),
    ("../shared/pages/auction123/page-1.html", "tree"),
    ("../shared/pages/autowall/new-list.html", "tree"),
    ("tests/pages/dealer_com/data-layer.html", "data"),
    ("tests/pages/generic/json-ld.html", "data"),
    ("tests/pages/auction123/list.html", "tree"),
    ("tests/pages/autowall/list.html", "tree"),
]
BARS = {"data": ("extruct", 0.2), "tree": ("parse_document", 1.2)}

EXTRUCT = """
import extruct, json, sys, time
page = open(sys.argv[1], encoding="utf-8", errors="replace").read()
best = float("inf")
for _ in range(5):
    started = time.perf_counter()
    extruct.extract(page, base_url="https://lot.example/", syntaxes=["json-ld", "microdata"])
    best = min(best, time.perf_counter() - started)
print(json.dumps({"extruct": best * 1e3}))
"""

CHEERIO = """
const page = require("fs").readFileSync(process.argv[1], "utf8"), { load } = require("cheerio");
let best = Infinity;
for (let round = 0; round < 8; round++) {
  const started = performance.now();
  load(page);
  best = Math.min(best, performance.now() - started);
}
console.log(JSON.stringify({ cheerio: best }));
"""


def installed(folder):
    """The peers' interpreters, installed where they are missing."""
    python = folder / "venv/bin/python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "extruct"], check=True)
    if not (folder / "node_modules/cheerio").exists():
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, "cheerio"], check=True)
    return python


def measured(command, cwd):
    """The times that one program prints, by name in milliseconds."""
    answer = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
    return json.loads(answer.splitlines()[-1])


def main():
    ours, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    python = installed(folder)
    print(f"{'page':48} {'way':4} {'listings':>8} {'parse_document':>14} {'extruct':>8} {'cheerio':>8}   bar")
    missed = 0
    for name, way in PAGES:
        page = ROOT / name
        if not page.exists():
            print(f"{name:48} skipped: it is not present")
            continue
        best = {}
        for _ in range(ROUNDS):
            for command in ([ours, page], [python, "-c", EXTRUCT, page], ["node", "-e", CHEERIO, page]):
                for who, time in measured(command, folder).items():
                    best[who] = min(time, best.get(who, time))
        peer, most = BARS[way]
        ratio = best["listings"] / best[peer]
        missed += ratio > most
        verdict = f"{ratio:.2f} of {peer}, at most {most}: {'met' if ratio <= most else 'MISSED'}"
        times = f"{best['listings']:8.2f} {best['parse_document']:14.2f} {best['extruct']:8.2f} {best['cheerio']:8.2f}"
        print(f"{name.removeprefix('../'):48} {way:4} {times}   {verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
