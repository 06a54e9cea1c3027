"""The rules through the Python package, beside numpy and scipy and beside extruct, in one run; says whether each bar is met.

    python benches/rules.py [vin] [pricing] [extract]

The package must be built in release mode (`maturin develop --release -m bindings/python/Cargo.toml`). What is compared with is
written next door: `pricing_peer.py` has the pricing rule as somebody would write it who knows it, without cleaning, tiers and reasons.
"""

import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import jpauto

sys.path.insert(0, str(Path(__file__).parent))
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


def best(call, rounds=5):
    """The shortest of several rounds, in seconds, and the last answer."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - began)
    return min(times), answer


def vins():
    """A million VINs, from a column and from a list."""
    import pyarrow

    characters = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
    listed = [f"4T1B11HK{characters[n % 10]}{characters[n % 33]}U{n:06d}" for n in range(1_000_000)]
    column = pyarrow.array(listed)
    for name, given in (("a column of pyarrow", column), ("a list", listed)):
        seconds, table = best(lambda given=given: jpauto.vin.parse_many(given))
        assert len(table) == 1_000_000
        said(f"vin.parse_many of 1,000,000 VINs in {name}: {seconds:.3f} s", seconds < 0.2, "under 0.2 s")


def pricing():
    """A thousand subjects of ten models, each with 300 listings."""
    import numpy
    import pyarrow
    from pricing_peer import price

    rng = numpy.random.default_rng(7)
    rows = 3_000
    model = numpy.arange(rows) % 10
    years, miles = rng.integers(2020, 2023, rows), rng.integers(10_000, 60_000, rows)
    logs = 10.0 + model * 0.05 - 5e-6 * miles + 0.08 * (years - 2021) + 0.2 * (rng.random(rows) - 0.5)
    prices = numpy.round(numpy.exp(logs))
    names = numpy.array([f"Model {number}" for number in range(10)])
    market = pyarrow.table(
        {"year": years, "make": ["Toyota"] * rows, "model": names[model], "price": prices, "mileage": miles,
         "external_id": [str(number) for number in range(rows)]}
    )
    of_subject = numpy.arange(1_000) % 10
    ours = rng.integers(25_000, 45_000, 1_000)
    subjects = pyarrow.table(
        {"year": [2021] * 1_000, "make": ["Toyota"] * 1_000, "model": names[of_subject], "mileage": ours, "price": [22_000] * 1_000}
    )
    # One tier that takes all of them, as the peer has none.
    rules = {"tiers": [{"mileage_window": 50_000, "year_window": 1}]}
    seconds, table = best(lambda: jpauto.pricing.price(subjects, market, as_of=NOW, rules=rules))
    arrays = [tuple(numpy.asarray(column[model == number], dtype=float) for column in (prices, miles, years)) for number in range(10)]

    def peer():
        return [price(*arrays[number], float(miles), 2021.0)[2] for number, miles in zip(of_subject, ours, strict=True)]

    theirs, medians = best(peer, rounds=2)
    found = [float(median) for median in table.to_arrow()["median"].to_pylist()]
    apart = max(abs(one - other) for one, other in zip(found, medians, strict=True))
    assert apart <= 0.011, f"the medians differ by {apart}"
    said(
        f"pricing.price over 1,000 subjects: {seconds * 1e3:.1f} ms, numpy and scipy {theirs * 1e3:.0f} ms: {theirs / seconds:.1f} times faster",
        theirs / seconds >= 20,
        "20 times faster",
    )


def extract():
    """Pages with embedded JSON, from a Python string: one that stands in for a dealer's, and one that has hardly anything but the JSON."""
    import extruct
    from extract_peers import PAGES, grown

    _, _, own, parts = next(page for page in PAGES if page[1] == "data")
    as_dealers = grown((Path(__file__).parent.parent / own).read_text(encoding="utf-8"), parts)
    card = (
        '<div class="vehicle-card"><h2>2019 Toyota Camry LE</h2><p class="price">$%d</p><p>%d miles</p></div>'
        '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Car", "name": "2019 Toyota Camry LE",'
        ' "url": "https://lot.example/used/%d", "vehicleIdentificationNumber": "4T1B11HK5KU%06d",'
        ' "mileageFromOdometer": {"@type": "QuantitativeValue", "value": %d},'
        ' "offers": {"@type": "Offer", "price": "%d", "priceCurrency": "USD"}}</script>'
    )
    cards = (card % (15_000 + n, 40_000 + n, n, n, 40_000 + n, 15_000 + n) for n in range(60))
    bare = "<html><body>" + "".join(cards) + "</body></html>"
    url = "https://lot.example/used"
    for name, page in (("as a dealer's", as_dealers), ("of 60 cars in JSON-LD and nothing else", bare)):
        seconds, found = best(lambda page=page: jpauto.extract.listings(page, url), rounds=40)
        assert len(found.listings) >= 12
        theirs, _ = best(lambda page=page: extruct.extract(page, base_url=url, syntaxes=["json-ld", "microdata"]), rounds=20)
        share = seconds / theirs
        said(
            f"extract.listings of a page {name}, {len(page) // 1000} KB: {seconds * 1e3:.2f} ms, extruct {theirs * 1e3:.2f} ms: {share:.3f} of it",
            share <= 0.2,
            "at most 0.2",
        )


def said(figure, is_met, bar):
    """Prints a figure and whether its bar is met."""
    print(f"{figure} ({bar}: {'met' if is_met else 'NOT met'})", flush=True)


def main():
    """Runs what is asked for, or all of it."""
    for name, run in (("vin", vins), ("pricing", pricing), ("extract", extract)):
        if not sys.argv[1:] or name in sys.argv[1:]:
            run()


main()
