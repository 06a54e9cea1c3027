"""The stub of the extension: the part about records is written from the extension itself, and nothing is missing.

`UPDATE_STUBS=1 make test-python` writes that part. So a column is a line in the Rust source, with its documentation and
its type, and stands nowhere else.
"""

from __future__ import annotations

import inspect
import os
import re
import typing
from pathlib import Path
from typing import Any

import jpauto
import jpauto._jpauto
import jpauto.types
import pytest

STUB = Path(jpauto.__file__).parent / "_jpauto.pyi"
BEGIN = "# The records: tests/test_stubs.py writes what follows. A field is a line of the Rust source.\n"
SOURCES = Path(__file__).parents[3]


def records() -> list[Any]:
    """The classes of records, by name."""
    found = [shown for _, shown in inspect.getmembers(jpauto._jpauto, inspect.isclass) if hasattr(shown, "_fields")]
    return sorted(found, key=lambda record: record.__name__)


def docstring(text: str, indent: str) -> str:
    lines = [f"{indent}{line}" if line else "" for line in inspect.cleandoc(text).split("\n")]
    end = f'\n{indent}"""' if len(lines) > 1 else '"""'
    return f'{indent}"""{chr(10).join(lines).strip()}{end}\n'


def class_of(record: Any) -> str:  # noqa: ANN401 - any class of a record
    """The stub of a class."""
    parts = [f"@final\nclass {record.__name__}:\n{docstring(record.__doc__, '    ')}"]
    for name, shown in record._fields():
        about = docstring(getattr(record, name).__doc__, " " * 8)
        parts.append(f"    @property\n    def {name}(self) -> {shown}:\n{about}")
    as_dict = f"    def as_dict(self) -> dict[str, Any]:\n{docstring(record.as_dict.__doc__, ' ' * 8)}"
    equality = "    def __eq__(self, other: object, /) -> bool: ...\n    def __hash__(self) -> int: ...\n"
    return "\n".join([*parts, as_dict, equality])


def test_the_stub_has_the_records_of_the_extension() -> None:
    written = STUB.read_text(encoding="utf-8")
    by_hand, mark, _ = written.partition(BEGIN)
    assert mark, f"{STUB.name} has no line that says where the records begin"
    right = by_hand + BEGIN + "\n" + "\n".join(class_of(record) for record in records())
    if os.environ.get("UPDATE_STUBS") == "1":
        STUB.write_text(right, encoding="utf-8")
    else:
        # The whole text would be told with it.
        is_right = written == right
        assert is_right, "a record has other fields now: UPDATE_STUBS=1 make test-python writes the stub anew"


def test_every_public_class_is_a_name_of_the_package() -> None:
    shown = {name for name, _ in inspect.getmembers(jpauto._jpauto, inspect.isclass) if not name.startswith("_")}
    assert shown - set(jpauto.__all__) == set()
    assert sorted(jpauto.__all__) == sorted(set(jpauto.__all__))


def test_the_words_of_closed_sets_are_those_of_the_library() -> None:
    sets = jpauto._jpauto._closed_sets()
    for name, words in sets:
        in_types = typing.get_args(getattr(jpauto.types, name))
        # A row of another application may hold a word that is none of them.
        assert [word for word in in_types if word != "unknown"] == [word for word in words if word != "unknown"], name
    assert len(sets) > 25


def words_in_rust(name: str) -> list[str]:
    """The words of an enum whose words are those of its JSON."""
    sources = (source.read_text("utf-8") for source in (SOURCES / "core").rglob("*.rs"))
    (body,) = [
        found[1] for text in sources if (found := re.search(rf"^pub enum {name} {{\n(.*?)^}}", text, re.M | re.S))
    ]
    told = re.findall(r'rename = "([^"]+)"', body)
    variants = re.findall(r"^    (\w+),$", body, re.M)
    return told or [re.sub(r"(?<!^)(?=[A-Z])", "_", variant).lower() for variant in variants]


def test_the_words_that_no_list_has_are_those_of_the_library() -> None:
    if not (SOURCES / "core").is_dir():
        pytest.skip("the sources of the library are not here")
    sets = {"ColumnLeftOut": "LeftOut"} | {
        name: name
        for name in ("ImportOutcome", "Omitted", "Region", "Remedy", "SheetEncoding", "SheetFormat", "SlopeOutcome")
    }
    for name, in_rust in sets.items():
        assert list(typing.get_args(getattr(jpauto.types, name))) == words_in_rust(in_rust), name


def test_every_word_of_a_record_names_its_closed_set() -> None:
    told = {f"{record.__name__}.{name}": shown for record in records() for name, shown in record._fields()}
    # A row may hold a word of another application.
    assert told["Alert.alert_type"] == "AlertType | str" and told["Run.job_name"] == "RunKind | str"
    assert told["Export.platform"] == "Platform | str" and told["User.oauth_provider"] == "Provider | str"
    assert told["ActivityEntry.action"] == "Action | str"
    assert told["Finding.kind"] == "FindingKind" and told["ImportReport.outcome"] == "ImportOutcome"
    assert (
        told["VinFacts.region"] == "Region | None"
        and told["RecordReport.incomplete_reason"] == "IncompleteReason | None"
    )


# What the library offers and a program in Python has no use for, with the reason.
BUILT_FOR_SERVERS = {
    "Jobs.run_in": "runs in the pool of a server",
    "Jobs.import_in": "runs in the pool of a server; it is `import_file`",
    "Jobs.start": "hands a run to another thread, which `asyncio.to_thread(lot.jobs.run, ...)` does",
    "Jobs.work": "the worker of `jpauto work`",
    "Notifications.work": "the worker of `jpauto work`; `deliver_due` sends what is due",
    "Inventory.list_shown": "`list` or `list_public`, by who asks a server",
    "Inventory.show": "`get` or `get_public`, by who asks a server",
    "Inventory.show_each": "the same of several, for a server that reads what is asked for at the same time together",
    "Sessions.destroy": "takes the cookie of a browser",
    "Sessions.resume": "takes the cookie of a browser",
    "SignIn.begin": "sends a browser to its provider",
    "SignIn.finish": "takes the browser's answer",
    "SignIn.providers": "the buttons of a page",
    "SignIn.redeem": "gives a browser its session",
    "Storage.expect_upload": "one step of an upload to a server",
    "Storage.photo_token": "lets a customer's browser add photos",
    "Storage.receive": "one step of an upload to a server",
    "Storage.serve": "sends a photo to a browser",
    "Tokens.authenticate": "reads the header of a request",
    "Tokens.desk_of": "reads the header of a request",
    "Competitors.count_metrics": "it is the job: `lot.jobs.run('competitor_metrics')`",
    "Competitors.get_by_name": "`get` takes a name or an id",
    # Said once for a lot or a call, where Rust says it for a service.
    "Competitors.if_version": "for answers to a browser's `If-Match`",
    "Inventory.if_version": "for answers to a browser's `If-Match`",
    "Submissions.if_version": "for answers to a browser's `If-Match`",
    "Users.if_version": "for answers to a browser's `If-Match`",
    "Inventory.import": "a word of Python: it is `import_file`",
    "Inventory.import_observed": "for a run that is followed; it is `import_file`",
    "Competitors.listing_columns": "how `listings` is read as a table",
    "Competitors.record": "it is `record_listings`",
    "Competitors.record_some_pages": "it is `record_pages(complete=False)`",
    "Storage.is_configured": "what `open` was given",
    "Storage.remove_orphans": "it is `orphans(remove=True)`",
    "Storage.with_token": "lets a customer's browser add photos",
}


def operations() -> set[str]:
    """Every operation of the library's services, such as `Inventory.add`."""
    found = set()
    for source in (SOURCES / "core").rglob("*.rs"):
        if "tests" in source.parts:
            continue
        for noun, body in re.findall(
            r"^impl(?:<'a>)? (\w+)<'(?:_|a)> \{\n(.*?)^\}", source.read_text("utf-8"), re.M | re.S
        ):
            if hasattr(jpauto, noun):
                names = re.findall(r"^    pub fn (\w+)(?:<[^>]*>)?\(\s*(?:mut )?&?(?:mut )?self\b", body, re.M)
                found |= {f"{noun}.{name}" for name in names}
    return found


def test_every_operation_of_the_library_is_there() -> None:
    if not (SOURCES / "core").is_dir():
        pytest.skip("the sources of the library are not here")
    in_rust = operations()
    missing = {name for name in in_rust if not hasattr(getattr(jpauto, name.split(".")[0]), name.split(".")[1])}
    assert missing - set(BUILT_FOR_SERVERS) == set()
    assert set(BUILT_FOR_SERVERS) - missing == set(), "they are there, or the library has them no longer"
    assert len(in_rust) > 120
