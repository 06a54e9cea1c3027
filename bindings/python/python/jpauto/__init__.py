"""Everything a car dealership must know in one place: intake, inventory, market pricing and competitor tracking."""

from jpauto._jpauto import __version__

__all__ = ["__version__"]
