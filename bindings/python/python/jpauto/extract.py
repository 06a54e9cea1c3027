"""Listings out of a competitor's page, and values out of what people write on it. Nothing is fetched.

>>> import jpauto
>>> jpauto.extract.price("Our Price: $12,995")
Decimal('12995.00')
>>> jpauto.extract.price("Call for price") is None
True
>>> jpauto.extract.mileage("12.5k miles")
12500
"""

from jpauto._jpauto import (
    Extraction,
    ExtractionWarning,
    ScrapedListing,
    listings,
    mileage,
    platforms,
    price,
    text,
)

__all__ = ["Extraction", "ExtractionWarning", "ScrapedListing", "listings", "mileage", "platforms", "price", "text"]
