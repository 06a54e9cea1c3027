"""The pricing rule's figures by numpy and scipy: the peer that `cargo bench --bench pricing` measures the rule against.

Reads `{"prices", "miles", "years", "our_miles", "our_year", "rounds"}` on stdin and prints `{"seconds", "median"}`: the median
time of a round, and the adjusted median. Slopes, adjustment, outliers and quartiles, as somebody who knows the rule would
write them; cleaning, tiers, positions and reasons are left out.
"""

import json
import sys
import time

import numpy
import scipy.stats


def price(prices, miles, years, our_miles, our_year):
    """The adjusted quartiles and median of one market."""
    logs = numpy.log(prices)
    # Within one model year, as the years would otherwise be counted twice.
    slopes = []
    of_year = [(miles[years == year], logs[years == year]) for year in numpy.unique(years)]
    for x, y in of_year:
        steps = x[:, None] - x
        slopes.append((y[:, None] - y)[steps > 0] / steps[steps > 0])
    alone = float(numpy.median(numpy.concatenate(slopes)))
    # Drawn towards the typical slope by how sure the listings' own is.
    rests = [y - alone * x for x, y in of_year]
    deviation = 1.4826 * numpy.median(numpy.abs(numpy.concatenate([rest - numpy.median(rest) for rest in rests])))
    freedom = len(miles) - len(of_year) - 1
    variance = (4 * 0.11**2 + len(miles) * deviation**2) / (4 + freedom)
    error = variance / sum(float(((x - x.mean()) ** 2).sum()) for x, _ in of_year)
    per_mile = min(alone + error / (error + 2.5e-6**2) * (-4e-6 - alone), 0.0)
    at_ours = logs + per_mile * (our_miles - miles)
    per_year = max(float(scipy.stats.theilslopes(at_ours, years)[0]), 0.0)
    shift = per_mile * (our_miles - miles) + per_year * (our_year - years)
    adjusted = logs + numpy.clip(shift, -numpy.log(2), numpy.log(2))
    middle = numpy.median(adjusted)
    deviation = numpy.median(numpy.abs(adjusted - middle))
    kept = numpy.exp(adjusted[numpy.abs(adjusted - middle) <= 3.5 * 1.4826 * deviation])
    return numpy.quantile(kept, [0.0, 0.25, 0.5, 0.75, 1.0])


def main():
    """Prices the market as often as asked for."""
    market = json.load(sys.stdin)
    arrays = [numpy.array(market[name], dtype=float) for name in ("prices", "miles", "years")]
    times = []
    for _ in range(market["rounds"]):
        started = time.perf_counter()
        quantiles = price(*arrays, market["our_miles"], market["our_year"])
        times.append(time.perf_counter() - started)
    json.dump({"seconds": sorted(times)[len(times) // 2], "median": float(quantiles[2])}, sys.stdout)


if __name__ == "__main__":
    main()
