"""Photos in a folder, through the Python package."""

import zlib
from importlib.util import find_spec
from pathlib import Path
from struct import pack

import jpauto
import pytest


def png(width: int, height: int) -> bytes:
    """A grey picture, written without a library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80" * width) * height
    head = pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_photos_are_added_ordered_and_removed(tmp_path: Path) -> None:
    place = {"folder": str(tmp_path / "photos"), "public_url": "https://motors.example/api/storage"}
    with jpauto.open("sqlite::memory:", storage=place) as lot:
        car = lot.inventory.add(
            year=2019, make="Toyota", model="Camry", vin="4T1B11HK9KU211111", mileage=52_000, price=15_000
        )
        first = lot.storage.add(car.id, png(640, 480))
        second = lot.storage.add(car.id, png(3_000, 1_000))
        assert first.is_thumbnail and not second.is_thumbnail
        assert [photo.id for photo in lot.storage.reorder(car.id, [second.id, first.id])] == [second.id, first.id]
        assert lot.storage.choose_thumbnail(car.id, second.id)[0].is_thumbnail
        assert lot.inventory.get(car.id).thumbnail == second.small_url
        pictures = lot.storage.list(car.id)
        assert [photo.id for photo in pictures] == [second.id, first.id]
        if find_spec("pyarrow"):
            assert pictures.to_arrow(columns=["id", "is_thumbnail"]).to_pylist() == [
                {"id": second.id, "is_thumbnail": True},
                {"id": first.id, "is_thumbnail": False},
            ]
        usage = lot.storage.usage()
        assert (usage.objects, usage.photos, len(usage.largest)) == (4, 4, 4)
        assert lot.storage.check() is None
        assert lot.storage.orphans().objects == 0
        assert [photo.id for photo in lot.storage.remove(car.id, first.id)] == [second.id]
        upload = lot.storage.sign_upload(car.id, content_type="image/jpeg", content_length=77)
        assert (upload.method, upload.headers["content-length"]) == ("PUT", "77")
        with pytest.raises(jpauto.NotFound, match="no such upload"):
            lot.storage.attach(car.id, upload.key)
        with pytest.raises(jpauto.InvalidInput, match="HEIC") as refused:
            lot.storage.add(car.id, b"\0\0\0\x18ftypheic\0\0\0\0")
        assert refused.value.code == "invalid_photo"


def test_a_lot_without_a_place_for_photos_says_what_to_configure() -> None:
    with jpauto.open("sqlite::memory:") as lot, pytest.raises(jpauto.Refused, match=r"storage\.folder"):
        lot.storage.usage()
