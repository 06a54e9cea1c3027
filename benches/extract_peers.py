#!/usr/bin/env python3
"""Extraction beside extruct and cheerio on the same pages in one run, and whether each bar is met.

    make bench-extract [ARGS=FOLDER]    # FOLDER keeps the peers installed, default target/peers

The peers come from PyPI and npm. extruct is asked for what can hold vehicles, JSON-LD and microdata: its other syntaxes take
far longer. cheerio only loads the page. The times are the shortest of many rounds, in which all take turns, so that a busy
machine slows all alike.
"""

import json
import pathlib
import re
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROUNDS = 12
# A real page, whether its listings stand in embedded data or need the tree, the project's own page that stands in for it
# where it is not present, and the parts of that page that hold its vehicles.
PAGES = [
    (
        "../shared/pages/dealercom/used-inventory.html",
        "data",
        "tests/pages/dealer_com/data-layer.html",
        [('<ul class="inventoryList">', "</ul>"), ("DDC.dataLayer['vehicles'] = [", "];")],
    ),
    (
        "../shared/pages/auction123/page-1.html",
        "tree",
        "tests/pages/auction123/list.html",
        [('class="a123PagerLink"> &gt;</a></div>', "<div>1 - 3")],
    ),
    (
        "../shared/pages/autowall/new-list.html",
        "tree",
        "tests/pages/autowall/list.html",
        [('<div id="vehicleListRow" class="row">', '</div>\n<form id="compare"')],
    ),
]
# Far smaller than any website's pages: what is set up once a page shows there, so they are shown and not judged.
SMALL = [
    ("tests/pages/dealer_com/data-layer.html", "data"),
    ("tests/pages/generic/json-ld.html", "data"),
    ("tests/pages/auction123/list.html", "tree"),
    ("tests/pages/autowall/list.html", "tree"),
]
# The real pages have 190 to 535 KB and 25 to 40 vehicles.
GROWN_BYTES = 300_000
GROWN_TIMES = 12
FURNITURE = """<li class="facet menu-item"><a href="/used-inventory/index.htm?facet={0}" class="facet-link"
 title="Show all of kind {0}"><span class="name">Kind {0}</span> <span class="count">({0})</span></a></li>
"""
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


def renumbered(part, number):
    """The same vehicles with VINs and ids of their own."""
    part = re.sub(r"(?i)\b([a-hj-npr-z0-9]{12})[0-9]{5}\b", rf"\g<1>{number:05}", part)
    part = re.sub(r"(a{20}0{4})0{6}", rf"\g<1>{number:06}", part)
    return re.sub(r"(vehicleId=|data-vehicle-id=\")84", rf"\g<1>{number:02}84", part)


def grown(page, parts):
    """An own page with as many vehicles and as much around them as real ones have."""
    for start, end in parts:
        before, rest = page.split(start, 1)
        vehicles, after = rest.split(end, 1)
        page = before + start + "".join(renumbered(vehicles, n) for n in range(GROWN_TIMES)) + end + after
    head, body = page.split("<body>", 1)
    count = max(0, GROWN_BYTES - len(page)) // len(FURNITURE)
    return head + "<body><ul>" + "".join(FURNITURE.format(n) for n in range(count)) + "</ul>" + body


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
    for name, way, own, parts in PAGES:
        page = ROOT / name
        if not page.exists():
            name, page = f"{own}, grown", folder / f"{own.replace('/', '-')}"
            page.write_text(grown((ROOT / own).read_text(encoding="utf-8"), parts), encoding="utf-8")
        missed += not compared(name, way, [ours, page], python, folder, is_judged=True)
    for name, way in SMALL:
        compared(name, way, [ours, ROOT / name], python, folder, is_judged=False)
    return 1 if missed else 0


def compared(name, way, ours, python, folder, is_judged):
    """Prints the times of one page; whether its bar is met."""
    best, page = {}, ours[-1]
    for _ in range(ROUNDS):
        for command in (ours, [python, "-c", EXTRUCT, page], ["node", "-e", CHEERIO, page]):
            for who, time in measured(command, folder).items():
                best[who] = min(time, best.get(who, time))
    peer, most = BARS[way]
    ratio = best["listings"] / best[peer]
    verdict = f"at most {most}: {'met' if ratio <= most else 'MISSED'}" if is_judged else "too small to be judged"
    times = f"{best['listings']:8.2f} {best['parse_document']:14.2f} {best['extruct']:8.2f} {best['cheerio']:8.2f}"
    print(f"{name.removeprefix('../'):48} {way:4} {times}   {ratio:.2f} of {peer}, {verdict}", flush=True)
    return ratio <= most


if __name__ == "__main__":
    sys.exit(main())
