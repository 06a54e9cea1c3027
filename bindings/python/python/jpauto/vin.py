"""VINs as values: read, checked and taken apart without a network.

>>> import jpauto
>>> vin = jpauto.vin.parse("1m8gdm9axkp042788")
>>> str(vin), vin.wmi, vin.check_digit_ok
('1M8GDM9AXKP042788', '1M8', True)
>>> jpauto.vin.report("1HGCM82633A00435").reason
'a VIN has 17 characters, and this has 16'
"""

from jpauto._jpauto import Vin, VinReport, parse, report

__all__ = ["Vin", "VinReport", "parse", "report"]
