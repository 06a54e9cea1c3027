"""Progress bars: by tqdm where it is installed, else none."""

from __future__ import annotations

import warnings
from typing import Any


class Bar:
    """Told how far a run has come: records with ``done``, and ``total`` where it is known."""

    def __init__(self, unit: str) -> None:
        """Begin when it is first told; nothing is shown without tqdm."""
        self._unit = unit
        self._bar: Any = None
        try:
            # Without ipywidgets a notebook has bars of text, which is no reason for a warning.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm
        except ImportError:
            tqdm = None
        self._tqdm: Any = tqdm

    def __call__(self, at: Any) -> None:
        """Move to where it is."""
        if self._tqdm is None:
            return
        total = getattr(at, "total", None)
        if self._bar is None:
            self._bar = self._tqdm(total=total, unit=f" {self._unit}")
        self._bar.total = total
        done = at.done + (at.failed if hasattr(at, "listings") else 0)
        if hasattr(at, "listings"):
            self._bar.set_postfix(listings=at.listings, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()


def bar(unit: str) -> Bar:
    """A bar that counts in this unit."""
    return Bar(unit)
