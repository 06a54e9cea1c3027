"""Reads the columns of other libraries through Arrow's C data interface: pyarrow, polars, pandas, DuckDB and others.

The Rust part of this package has no `unsafe` code, and following another library's pointers is that. So it is done
here, with `ctypes`: each buffer is copied once, and Rust checks what it gets. An array becomes `(length, null count,
offset, buffers, children, dictionary)`, a schema `(format, name, flags, extension name, children, dictionary)`.

https://arrow.apache.org/docs/format/CDataInterface.html has the structures.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any, TypeAlias

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


def read(source: Any) -> tuple[Schema, list[Array]]:
    """The schema and the chunks of an object that has `__arrow_c_stream__` or `__arrow_c_array__`.

    A table is a struct with a child for each column; a single column is itself.
    """
    if hasattr(source, "__arrow_c_stream__"):
        return _stream(source.__arrow_c_stream__())
    if hasattr(source, "__arrow_c_array__"):
        schema_capsule, array_capsule = source.__arrow_c_array__()
        schema = _at(_CSchema, schema_capsule, b"arrow_schema")
        array = _at(_CArray, array_capsule, b"arrow_array")
        # The capsules release what they hold.
        return _schema(schema), [_array(schema, array)]
    raise TypeError(
        "expected a table or column with __arrow_c_stream__ or __arrow_c_array__ (pyarrow, polars, pandas 2.2 or "
        f"later, DuckDB), not {type(source).__name__}"
    )


def read_apart(source: Any) -> tuple[Schema, list[Array]]:
    """The same in a thread of its own, for callers in Rust.

    ``ctypes`` releases the interpreter's lock behind the back of the Rust code that calls here. A stream of ours that
    is asked for its batches within that call would take the lock for held. A new thread has no such call.
    """
    done: list[tuple[Schema, list[Array]]] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(read(source))
        except BaseException as error:  # It is raised in the thread that waits.
            failed.append(error)

    thread = threading.Thread(target=work, name="jpauto import", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def _at(kind: Any, capsule: object, name: bytes) -> Any:
    return kind.from_address(_pointer_of(capsule, name))


def _stream(capsule: object) -> tuple[Schema, list[Array]]:
    # The capsule must live as long as what it points at.
    stream = _at(_CStream, capsule, b"arrow_array_stream")
    at = ctypes.byref(stream)

    def checked(code: int) -> None:
        if code != 0:
            said = _GetLastError(stream.get_last_error)(at) if stream.get_last_error else None
            raise OSError(code, said.decode(errors="replace") if said else "the stream ended with an error")

    schema = _CSchema()
    checked(_GetSchema(stream.get_schema)(at, ctypes.byref(schema)))
    try:
        chunks: list[Array] = []
        while True:
            array = _CArray()
            checked(_GetNext(stream.get_next)(at, ctypes.byref(array)))
            if not array.release:
                return _schema(schema), chunks
            try:
                chunks.append(_array(schema, array))
            finally:
                _release(array)
    finally:
        _release(schema)


def _release(structure: Any) -> None:
    if structure.release:
        _Release(structure.release)(ctypes.addressof(structure))


def _schema(schema: Any) -> Schema:
    children = [_schema(schema.children[place].contents) for place in range(schema.n_children)]
    dictionary = _schema(schema.dictionary.contents) if schema.dictionary else None
    name = (schema.name or b"").decode()
    extension = _metadata(schema.metadata).get("ARROW:extension:name")
    return schema.format.decode(), name, schema.flags, extension, children, dictionary


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


def _array(schema: Any, array: Any) -> Array:
    children = [
        _array(schema.children[place].contents, array.children[place].contents) for place in range(array.n_children)
    ]
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
    width = _WIDTHS.get(form) or _WIDTHS.get(form[:3])
    if width is None:
        raise TypeError(f"columns of Arrow's format {form!r} are not read here")
    return width
