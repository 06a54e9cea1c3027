"""Slopes by scipy and quantiles by numpy, for comparison with the library's: JSON on stdin, JSON on stdout."""

import json
import sys

import numpy
import scipy.stats


def main():
    """Answers each set in order; floats are written so that they read back to the last bit."""
    answers = []
    for one in json.load(sys.stdin):
        slope = scipy.stats.theilslopes(one["y"], one["x"])[0]
        quantiles = numpy.quantile(one["y"], one["shares"])
        answers.append({"slope": float(slope), "quantiles": [float(value) for value in quantiles]})
    json.dump(answers, sys.stdout)


main()
