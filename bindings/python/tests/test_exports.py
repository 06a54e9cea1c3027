"""Feeds: exported, checked, and listed in their history."""

from __future__ import annotations

from pathlib import Path

import jpauto
import pytest


def test_a_feed_is_exported_checked_and_listed(anywhere: jpauto.Lot, tmp_path: Path) -> None:
    anywhere.inventory.add(
        year=2019, make="Toyota", model="Camry", vin="4T1B11HK5KU211111", price="15900", mileage=31000
    )
    report = anywhere.exports.run("csv", to=tmp_path)
    assert (report.vehicle_count, report.left_out_count, report.omissions) == (1, 0, [])
    file = tmp_path / "inventory.csv"
    assert "4T1B11HK5KU211111" in file.read_text(encoding="utf-8")
    checked = anywhere.exports.check(file, platform="csv")
    assert (checked.vehicle_count, checked.fault_count, checked.faults) == (1, 0, [])
    assert anywhere.exports.check(file, platform="cargurus").faults[0].rule.startswith("expected")
    (entry,) = anywhere.exports.list(platform="csv")
    assert (entry.id, entry.status, entry.vehicle_count) == (report.id, "success", 1)
    mapping = {"columns": [{"name": "Stock #", "field": "stock_number"}]}
    assert anywhere.exports.run("custom", to=tmp_path / "own.csv", mapping=mapping).vehicle_count == 1
    assert (tmp_path / "own.csv").read_text(encoding="utf-8").splitlines() == ["Stock #", "KU211111"]


def test_a_feed_that_shrank_waits_for_a_confirmation(anywhere: jpauto.Lot, tmp_path: Path) -> None:
    vehicles = [
        anywhere.inventory.add(
            year=2018, make="Toyota", model="Corolla", vin=f"2T1BURHE0JC00000{number}", price="14000", mileage=60000
        )
        for number in range(1, 4)
    ]
    anywhere.exports.run("csv", to=tmp_path)
    before = (tmp_path / "inventory.csv").read_bytes()
    for vehicle in vehicles[1:]:
        anywhere.inventory.set_status(vehicle.id, "sold")
    with pytest.raises(jpauto.Conflict) as held:
        anywhere.exports.run("csv", to=tmp_path)
    assert held.value.code == "export_held_back"
    assert (tmp_path / "inventory.csv").read_bytes() == before
    assert anywhere.exports.run("csv", to=tmp_path, dry_run=True).vehicle_count == 1
    assert anywhere.exports.run("csv", to=tmp_path, confirm=True).last_vehicle_count == 3


def test_what_is_missing_is_named(lot: jpauto.Lot, tmp_path: Path) -> None:
    with pytest.raises(jpauto.Refused) as missing:
        lot.exports.run("meta", to=tmp_path)
    assert missing.value.code == "not_configured"
    with pytest.raises(jpauto.InvalidInput) as wrong:
        lot.exports.run("nowhere")  # type: ignore[arg-type]
    assert wrong.value.code == "invalid_platform"
    with pytest.raises(jpauto.NotFound) as none:
        lot.exports.check(tmp_path / "none.csv", platform="csv")
    assert none.value.code == "feed_unreadable"


def test_the_dealership_is_configured_when_it_is_opened(tmp_path: Path) -> None:
    exports = {"feeds": {"carsforsale": {"dealer_id": "77", "destination": str(tmp_path)}}}
    with jpauto.open("sqlite::memory:", exports=exports) as lot:
        assert lot.exports.run("carsforsale").vehicle_count == 0
    assert (tmp_path / "inventory.txt").exists()
    with pytest.raises(jpauto.InvalidInput):
        jpauto.open("sqlite::memory:", exports={"feedz": {}})


def test_a_server_needs_a_login_that_is_whole(tmp_path: Path) -> None:
    login = {"user": "us", "password": "open-sesame"}
    exports = {"feeds": {"csv": {"destination": "sftp://feeds.example/in/", "login": login}}}
    with jpauto.open("sqlite::memory:", exports=exports) as lot:
        with pytest.raises(jpauto.Refused) as missing:
            lot.exports.run("csv")
        assert missing.value.code == "not_configured"
        assert "exports.csv.host_key" in str(missing.value)
        assert "open-sesame" not in str(missing.value)
