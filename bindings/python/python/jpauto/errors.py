"""What jpauto raises: one base class, and below it one class for each kind of failure.

Catch a class to choose what to do. Compare ``code`` to know the exact case; ``docs/errors.md`` lists all codes::

    try:
        lot.submissions.approve(submission.id)
    except jpauto.InvalidInput as error:
        for field in error.fields:
            print(field.pointer, field.message)
    except jpauto.Conflict as error:
        if error.code == "duplicate_vin":
            ...
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

__all__ = [
    "Conflict",
    "Error",
    "FieldError",
    "Forbidden",
    "Internal",
    "InvalidInput",
    "Misconfigured",
    "NotFound",
    "RateLimited",
    "Refused",
    "Unauthenticated",
    "Unavailable",
]


class FieldError(NamedTuple):
    """One field of the input and what was expected of it."""

    pointer: str
    """Where the value is: a JSON pointer such as ``/vin`` or ``/listings/3/price``."""
    message: str
    """What was expected, for a person to read."""


class Error(Exception):
    """Any failure of jpauto."""

    code: str
    """The stable word for this case, such as ``duplicate_vin``. It stays the same across releases."""
    fields: list[FieldError]
    """The fields at fault. Empty if the failure is not about a field."""
    retry_after: timedelta | None
    """How long to wait before trying again, if known."""

    def __init__(
        self,
        message: str,
        code: str,
        fields: Iterable[tuple[str, str]] = (),
        retry_after: timedelta | None = None,
    ) -> None:
        """Keep the parts. Only jpauto itself raises this."""
        super().__init__(message)
        self.code = code
        self.fields = [FieldError(*field) for field in fields]
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The message. If several fields are at fault, it lists them."""
        message = str(self.args[0])
        if len(self.fields) < 2:
            return message
        faults = "; ".join(f"{field.pointer.lstrip('/')}: {field.message}" for field in self.fields)
        return f"{message}: {faults}"

    def __reduce__(self) -> tuple[type[Error], tuple[Any, ...], dict[str, Any]]:
        """Make the failure picklable, with the notes that were added to it."""
        notes = getattr(self, "__notes__", None)
        state = {} if notes is None else {"__notes__": notes}
        return type(self), (self.args[0], self.code, self.fields, self.retry_after), state


class InvalidInput(Error, ValueError):
    """The input is not acceptable; ``fields`` says what is wrong with it. Also a ``ValueError``."""


class NotFound(Error, LookupError):
    """The thing that was named does not exist. Also a ``LookupError``."""


class Conflict(Error):
    """The state of the data is against it: a duplicate, a submission that was reviewed already."""


class Refused(Error):
    """A rule or the configuration does not allow it, whoever asks."""


class Unauthenticated(Error):
    """Nobody is signed in, and this needs somebody who is."""


class Forbidden(Error):
    """The actor is known and may not do it."""


class RateLimited(Error):
    """It was asked for too often; ``retry_after`` says how long to wait, if known."""


class Misconfigured(Error):
    """A value of the configuration is wrong; ``fields`` says which."""


class Unavailable(Error):
    """Something outside does not answer now. Trying again later may help."""


class Internal(Error):
    """A fault of jpauto or of its database. The caller can not correct it."""
