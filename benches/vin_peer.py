"""vininfo as the peer of `cargo bench --bench vin`: reads VINs, one a line, prints seconds and what it said of each.

The answer is `{"seconds", "answers": [{"right", "years", "make"}]}`: the median time of a round over all VINs, in which each is
taken apart, named and checked.
"""

import json
import sys
import time

from vininfo import Vin

ROUNDS = 5


def decode(text):
    """All that vininfo says of a VIN by itself."""
    vin = Vin(text)
    return {"right": vin.verify_checksum(), "years": vin.years, "make": vin.manufacturer, "country": vin.country}


def main():
    """Decodes them all, as often as it takes to know how long that is."""
    vins = sys.stdin.read().split()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answers = [decode(vin) for vin in vins]
        times.append(time.perf_counter() - started)
    json.dump({"seconds": sorted(times)[len(times) // 2], "answers": answers}, sys.stdout)


main()
