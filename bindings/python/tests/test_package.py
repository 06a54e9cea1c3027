"""The package imports, and its version is the one that was installed."""

from importlib.metadata import version

import jpauto


def test_the_package_knows_its_own_version() -> None:
    assert jpauto.__version__ == version("jpauto")
