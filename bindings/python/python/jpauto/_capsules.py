"""Reads the columns of other libraries through Arrow's C data interface: pyarrow, polars, pandas, DuckDB and others.

The Rust part of this package has no `unsafe` code, and following another library's pointers is that. So it is done
here, with `ctypes`: each buffer is copied once, and Rust checks what it gets. An array becomes `(length, null count,
offset, buffers, children, dictionary)`, a schema `(format, name, flags, extension name, children, dictionary)`. Columns
that nobody asks for are not followed, whatever they hold.

https://arrow.apache.org/docs/format/CDataInterface.html has the structures.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Collection
from numbers import Number
from typing import Any, TypeAlias

from jpauto.errors import Error, InvalidInput

Schema: TypeAlias = "tuple[str, str, int, str | None, list[Schema], Schema | None]"
Array: TypeAlias = "tuple[int, int, int, list[bytes | None], list[Array], Array | None]"

_POINTER = ctypes.c_void_p


class _CSchema(ctypes.Structure):
    pass


class _CArray(ctypes.Structure):
    pass


class _CStream(ctypes.Structure):
    pass


_CSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", _POINTER),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_CSchema))),
    ("dictionary", ctypes.POINTER(_CSchema)),
    ("release", _POINTER),
    ("private_data", _POINTER),
]
_CArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(_POINTER)),
    ("children", ctypes.POINTER(ctypes.POINTER(_CArray))),
    ("dictionary", ctypes.POINTER(_CArray)),
    ("release", _POINTER),
    ("private_data", _POINTER),
]
_CStream._fields_ = [
    ("get_schema", _POINTER),
    ("get_next", _POINTER),
    ("get_last_error", _POINTER),
    ("release", _POINTER),
    ("private_data", _POINTER),
]

_GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_CStream), ctypes.POINTER(_CSchema))
_GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_CStream), ctypes.POINTER(_CArray))
_GetLastError = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_CStream))
_Release = ctypes.CFUNCTYPE(None, _POINTER)

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = _POINTER
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]

# The size of a value in bytes by the first letters of its format.
_WIDTHS = {
    **dict.fromkeys(("c", "C"), 1),
    **dict.fromkeys(("s", "S", "e"), 2),
    **dict.fromkeys(("i", "I", "f", "tdD", "tts", "ttm", "tiM"), 4),
    **dict.fromkeys(
        ("l", "L", "g", "tdm", "ttu", "ttn", "tss", "tsm", "tsu", "tsn", "tDs", "tDm", "tDu", "tDn", "tiD"), 8
    ),
    "tin": 16,
}


# Formats whose layouts `_buffers` knows, beside those that have a width.
_LAYOUTS = frozenset(("n", "b", "u", "U", "z", "Z", "vu", "vz", "+l", "+m", "+L", "+s"))


def read(source: Any, name: str, wanted: Collection[str]) -> tuple[Schema, list[Array]]:
    """The schema and the chunks of an object that has `__arrow_c_stream__` or `__arrow_c_array__`.

    A table is a struct with a child for each column that is wanted, and its only column is wanted by any name; a single
    column is itself. `name` is what the argument is called in errors.
    """
    if hasattr(source, "__arrow_c_stream__"):
        return _stream(_capsules(source, name, wanted), name, wanted)
    if hasattr(source, "__arrow_c_array__"):
        schema_capsule, array_capsule = source.__arrow_c_array__()
        schema = _at(_CSchema, schema_capsule, b"arrow_schema")
        array = _at(_CArray, array_capsule, b"arrow_array")
        if not schema.release or not array.release:
            raise _refused(name, "expected an Arrow array that nobody has taken yet; ask for a new one")
        # The capsules release what they hold.
        places = _places(schema, wanted)
        return _schema(schema, name, places), [_array(schema, array, places)]
    raise TypeError(
        "expected a table or column with __arrow_c_stream__ or __arrow_c_array__ (pyarrow, polars, pandas 2.2 or "
        f"later, DuckDB), not {type(source).__name__}"
    )


def requested(capsule: object) -> Schema:
    """The schema that another library asks a table of ours for."""
    name = "requested_schema"
    try:
        schema = _at(_CSchema, capsule, b"arrow_schema")
    except ValueError as error:
        raise _refused(name, "expected a capsule of an Arrow schema, or None") from error
    if not schema.release:
        raise _refused(name, "expected a schema that nobody has taken yet; ask for a new one")
    return _schema(schema, name)


def read_apart(source: Any, name: str, wanted: Collection[str]) -> tuple[Schema, list[Array]]:
    """The same in a thread of its own, for callers in Rust.

    ``ctypes`` releases the interpreter's lock behind the back of the Rust code that calls here. A stream of ours that
    is asked for its batches within that call would take the lock for held. A new thread has no such call.
    """
    done: list[tuple[Schema, list[Array]]] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(read(source, name, wanted))
        except BaseException as error:  # It is raised in the thread that waits.
            failed.append(error)

    thread = threading.Thread(target=work, name="jpauto import", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def _capsules(source: Any, name: str, wanted: Collection[str]) -> object:
    """The stream of an object. What another library cannot convert is our error, and names the column."""
    if _is_data_frame(source):
        # pandas converts all that it holds, and a column of mixed values that nobody asks for would stop it.
        names = [column for column in source.columns if column in wanted]
        twice = sorted({column for column in names if names.count(column) > 1})
        if twice:
            places = [f"{name}/{column}" for column in twice]
            raise _refused(places[0], "expected one column of this name, found several", *places[1:])
        source = source[names] if len(source.columns) > 1 else source
    try:
        return source.__arrow_c_stream__()
    except (TypeError, ValueError) as error:
        if isinstance(error, Error):
            raise
        faults = []
        if _is_data_frame(source):
            wrong = [column for column in source.columns if not _is_convertible(source[[column]])]
            faults = [_mixed(source[column], name, column) for column in wrong]
        faults = faults or [(name, "expected values of one kind, such as numbers alone")]
        raise _refused_all(faults) from error


def _mixed(values: Any, name: str, column: str) -> tuple[str, str]:
    """Where a column has a value of another kind than those before it, and what is said of it."""
    first = None
    for row, value in enumerate(values):
        # What pandas writes for a missing value is equal to nothing, or to nothing that is known.
        if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
            continue
        kind = "a number" if isinstance(value, Number) and not isinstance(value, bool) else type(value).__name__
        if first is None:
            first = (kind, value)
        elif kind != first[0]:
            return f"{name}/{row}/{column}", f"expected values of one kind, found {value!r} below {first[1]!r}"
    return f"{name}/{column}", "expected values of one kind, such as numbers alone"


def _is_convertible(frame: Any) -> bool:
    try:
        frame.__arrow_c_stream__()
    except (TypeError, ValueError):
        return False
    return True


def _is_data_frame(source: Any) -> bool:
    """Whether it is pandas' frame; pandas itself need not be installed."""
    return any(
        base.__name__ == "DataFrame" and base.__module__.partition(".")[0] == "pandas" for base in type(source).__mro__
    )


def _refused(place: str, expected: str, *others: str) -> InvalidInput:
    return _refused_all([(at, expected) for at in (place, *others)])


def _refused_all(faults: list[tuple[str, str]]) -> InvalidInput:
    message = "some arguments are not acceptable" if len(faults) > 1 else ": ".join(faults[0])
    return InvalidInput(message, "invalid_argument", [(f"/{at}", expected) for at, expected in faults])


def _at(kind: Any, capsule: object, name: bytes) -> Any:
    return kind.from_address(_pointer_of(capsule, name))


def _stream(capsule: object, name: str, wanted: Collection[str]) -> tuple[Schema, list[Array]]:
    # The capsule must live as long as what it points at.
    stream = _at(_CStream, capsule, b"arrow_array_stream")
    at = ctypes.byref(stream)
    if not stream.release:
        raise _refused(name, "expected a stream that nobody has read yet; ask for a new one")

    def checked(code: int) -> None:
        if code != 0:
            said = _GetLastError(stream.get_last_error)(at) if stream.get_last_error else None
            raise OSError(code, said.decode(errors="replace") if said else "the stream ended with an error")

    schema = _CSchema()
    try:
        checked(_GetSchema(stream.get_schema)(at, ctypes.byref(schema)))
        places = _places(schema, wanted)
        told = _schema(schema, name, places)
        chunks: list[Array] = []
        while True:
            array = _CArray()
            checked(_GetNext(stream.get_next)(at, ctypes.byref(array)))
            if not array.release:
                return told, chunks
            try:
                chunks.append(_array(schema, array, places))
            finally:
                _release(array)
    finally:
        _release(schema)
        # Whoever asks the same capsule again is told that it was read, and not that it has no rows.
        _release(stream)


def _release(structure: Any) -> None:
    if structure.release:
        _Release(structure.release)(ctypes.addressof(structure))


def _places(schema: Any, wanted: Collection[str]) -> list[int] | None:
    """The places of the columns that are wanted, where it is a table."""
    if schema.format != b"+s":
        return None
    names = [_name(schema.children[place].contents) for place in range(schema.n_children)]
    return [place for place, name in enumerate(names) if name in wanted or len(names) == 1]


def _name(schema: Any) -> str:
    return (schema.name or b"").decode(errors="replace")


def _schema(schema: Any, at: str, places: list[int] | None = None) -> Schema:
    form = schema.format.decode(errors="replace")
    if not _is_read(form):
        raise _refused(at, f"expected plain values, found Arrow's format {form!r}, which is not read here")
    if places is None:
        places = list(range(schema.n_children))
    children = [
        _schema(child, f"{at}/{_name(child)}") for child in (schema.children[place].contents for place in places)
    ]
    dictionary = _schema(schema.dictionary.contents, at) if schema.dictionary else None
    extension = _metadata(schema.metadata).get("ARROW:extension:name")
    return form, _name(schema), schema.flags, extension, children, dictionary


def _is_read(form: str) -> bool:
    if form in _LAYOUTS or form.startswith(("w:", "d:", "+w:")):
        return True
    return form in _WIDTHS or form[:3] in _WIDTHS


def _metadata(address: int | None) -> dict[str, str]:
    if not address:
        return {}
    place = address

    def number() -> int:
        nonlocal place
        value = ctypes.c_int32.from_address(place).value
        place += 4
        return value

    def text() -> str:
        nonlocal place
        length = number()
        value = ctypes.string_at(place, length)
        place += length
        return value.decode(errors="replace")

    count = number()
    return {text(): text() for _ in range(count)}


def _array(schema: Any, array: Any, places: list[int] | None = None) -> Array:
    if places is None:
        places = list(range(array.n_children))
    children = [_array(schema.children[place].contents, array.children[place].contents) for place in places]
    dictionary = _array(schema.dictionary.contents, array.dictionary.contents) if schema.dictionary else None
    buffers = _buffers(schema.format.decode(), array, array.length + array.offset)
    return array.length, array.null_count, array.offset, buffers, children, dictionary


def _buffers(form: str, array: Any, count: int) -> list[bytes | None]:
    """Copies of the buffers; their sizes follow from the format and from how many values they hold."""

    def copied(place: int, size: int) -> bytes | None:
        address = array.buffers[place]
        return ctypes.string_at(address, size) if address else None

    def offsets(width: int) -> tuple[bytes, int]:
        held = copied(1, (count + 1) * width) or bytes((count + 1) * width)
        return held, int.from_bytes(held[-width:], "little")

    if form == "n":
        return []
    validity = copied(0, (count + 7) // 8)
    if form in ("u", "z", "U", "Z"):
        ends, size = offsets(4 if form in ("u", "z") else 8)
        return [validity, ends, copied(2, size) or b""]
    if form in ("+l", "+m", "+L"):
        return [validity, offsets(8 if form == "+L" else 4)[0]]
    if form in ("vu", "vz"):
        parts = array.n_buffers - 3
        sizes = copied(array.n_buffers - 1, parts * 8) or b""
        lengths = [int.from_bytes(sizes[part * 8 : part * 8 + 8], "little") for part in range(parts)]
        return [
            validity,
            copied(1, count * 16) or b"",
            *(copied(2 + part, lengths[part]) or b"" for part in range(parts)),
        ]
    if form == "+s" or form.startswith("+w:"):
        return [validity]
    if form == "b":
        return [validity, copied(1, (count + 7) // 8) or b""]
    return [validity, copied(1, count * _width(form)) or b""]


def _width(form: str) -> int:
    if form.startswith("w:"):
        return int(form[2:])
    if form.startswith("d:"):
        parts = form[2:].split(",")
        return int(parts[2]) // 8 if len(parts) > 2 else 16
    # `_schema` lets no other through.
    return _WIDTHS.get(form) or _WIDTHS[form[:3]]
