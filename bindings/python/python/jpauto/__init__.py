"""Everything a car dealership must know in one place: intake, inventory, market pricing and competitor tracking.

>>> import jpauto
>>> from decimal import Decimal
>>> with jpauto.open("sqlite::memory:") as lot:
...     offer = lot.submissions.submit(
...         year=2019, make="Toyota", model="Camry", vin="4T1B11HK5KU211111", mileage=48_200
...     )
...     car = lot.submissions.approve(offer.id, price=Decimal("18500"))
...     [(car.make, car.price) for car in lot.inventory.list(status="available", make="toyota")]
[('Toyota', Decimal('18500.00'))]

The nouns are attributes of a `Lot`, the verbs their methods, and the options keywords. What comes back are frozen records;
amounts are `Decimal`, times are `datetime` in UTC, ids are `UUID`. A `list` answers a `Query`, which reads page by page
while it is iterated. What goes wrong is an `Error` with a stable `code`, and below it a class a kind.

`jpauto.vin` reads VINs and `jpauto.extract` reads pages; neither needs a database.
"""

from jpauto import extract, vin
from jpauto._jpauto import (
    Activity,
    ActivityEntry,
    AgeCount,
    Alert,
    Alerts,
    Inventory,
    Lot,
    MigrationReport,
    Query,
    Statistics,
    StatusCount,
    StockCount,
    StockedVehicle,
    Submission,
    Submissions,
    SubmissionWarning,
    User,
    Users,
    Vehicle,
    __version__,
    open,
)
from jpauto.errors import (
    Conflict,
    Error,
    FieldError,
    Forbidden,
    Internal,
    InvalidInput,
    NotFound,
    Refused,
    Unavailable,
)

__all__ = [
    "Activity",
    "ActivityEntry",
    "AgeCount",
    "Alert",
    "Alerts",
    "Conflict",
    "Error",
    "FieldError",
    "Forbidden",
    "Internal",
    "InvalidInput",
    "Inventory",
    "Lot",
    "MigrationReport",
    "NotFound",
    "Query",
    "Refused",
    "Statistics",
    "StatusCount",
    "StockCount",
    "StockedVehicle",
    "Submission",
    "SubmissionWarning",
    "Submissions",
    "Unavailable",
    "User",
    "Users",
    "Vehicle",
    "__version__",
    "extract",
    "open",
    "vin",
]
