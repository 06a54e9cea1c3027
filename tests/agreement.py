"""Slopes by scipy and quantiles by numpy, for comparison with the library's: JSON on stdin, JSON on stdout."""

import json
import sys

import numpy
import scipy.stats


def slope_within(x, y, strata):
    """The median slope over the pairs of one stratum, `None` where there is none."""
    slopes = []
    for stratum in numpy.unique(strata):
        here = strata == stratum
        steps = x[here][:, None] - x[here]
        slopes.append((y[here][:, None] - y[here])[steps > 0] / steps[steps > 0])
    slopes = numpy.concatenate(slopes)
    return float(numpy.median(slopes)) if len(slopes) else None


def main():
    """Answers each set in order; floats are written so that they read back to the last bit."""
    answers = []
    for one in json.load(sys.stdin):
        slope = scipy.stats.theilslopes(one["y"], one["x"])[0]
        within = slope_within(*(numpy.array(one[name], dtype=float) for name in ("x", "y", "strata")))
        quantiles = numpy.quantile(one["y"], one["shares"])
        answers.append({"slope": float(slope), "within": within, "quantiles": [float(value) for value in quantiles]})
    json.dump(answers, sys.stdout)


main()
