"""VINs as values: read, checked and taken apart without a network.

>>> import jpauto
>>> vin = jpauto.vin.parse("1m8gdm9axkp042788")
>>> str(vin), vin.wmi, vin.check_digit_ok
('1M8GDM9AXKP042788', '1M8', True)
>>> jpauto.vin.report("1HGCM82633A00435").reason
'a VIN has 17 characters, and this has 16'
>>> table = jpauto.vin.parse_many(["1HGCM82633A004352", "no VIN", None])
>>> len(table), table.columns[:4]
(3, ['vin', 'valid', 'reason', 'check_digit_ok'])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jpauto import _jpauto
from jpauto._jpauto import Vin, VinReport, parse, report

if TYPE_CHECKING:
    from jpauto._jpauto import Batch
    from jpauto.types import Texts

__all__ = ["Vin", "VinReport", "parse", "parse_many", "report"]


def parse_many(vins: Texts, *, current_year: int | None = None) -> Batch:
    """Reads many texts as VINs: a table with a row for each, in their order.

    ``vins`` is a column of any library that speaks Arrow, a table with one column or with one called ``vin``, or a list
    of texts and ``None``. A text that is no VIN has ``valid`` false and a ``reason``; the other columns are null there.
    The model year is read as of ``current_year``, by default this year.

    Raises ``InvalidInput`` (``invalid_argument``) for what is no text.
    """
    return _jpauto.parse_many(vins, current_year=current_year)
