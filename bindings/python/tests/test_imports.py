"""Stock that comes in a file."""

from decimal import Decimal
from pathlib import Path

import jpauto
import pytest

HEADER = "Ref,VIN,Yr,Make,Model,Odometer,Ask\n"
ROW = 'A1,4T1B11HK9KU211111,2019,Toyota,Camry,"52,000","$15,900"\n'
MAPPING = {"columns": {"Ref": "stock_number", "Ask": "price"}}


def test_a_file_is_tried_and_imported(tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text(HEADER + ROW)
    with jpauto.open(f"sqlite:{tmp_path / 'lot.db'}") as lot:
        trial = lot.inventory.import_file(path, mapping=MAPPING, dry_run=True)
        assert (trial.outcome, trial.counts.added) == ("dry_run", 1)
        assert (trial.shape.format, trial.shape.delimiter, trial.shape.header) == ("delimited", ",", 1)
        assert [(column.name, column.field) for column in trial.columns[:2]] == [
            ("Ref", "stock_number"),
            ("VIN", "vin"),
        ]
        assert len(list(lot.inventory.list())) == 0
        done = lot.inventory.import_file(path.read_bytes(), mapping=MAPPING)
        assert (done.outcome, done.added[0].stock_number, done.added[0].price) == ("written", "A1", Decimal("15900.00"))
        again = lot.inventory.import_file(path, mapping=done.mapping)
        assert again.counts.unchanged == 1
        path.write_text(HEADER + ROW.replace("15,900", "14,500"))
        changed = lot.inventory.import_file(path, mapping=MAPPING).changed[0]
        assert changed.vehicle.vin == "4T1B11HK9KU211111"
        assert changed.changes["price"] == {"from": "15900.00", "to": "14500.00"}
        assert changed.as_dict()["vehicle"]["mileage"] == 52_000


def test_refused_rows_are_told_and_wrong_mappings_raise(tmp_path: Path) -> None:
    with jpauto.open(f"sqlite:{tmp_path / 'lot.db'}") as lot:
        file = (HEADER + ROW.replace("$15,900", "call")).encode()
        report = lot.inventory.import_file(file, mapping=MAPPING)
        assert report.outcome == "refused"
        refused = report.refused[0]
        fault = refused.faults[0]
        assert (refused.row, fault.code, fault.column, fault.value) == (2, "cell_unreadable", "Ask", "call")
        assert (report.fault_counts[0].code, report.fault_counts[0].count) == ("cell_unreadable", 1)
        kept = tmp_path / "refused.csv"
        lot.inventory.import_file(file, mapping=MAPPING, refused=kept)
        assert kept.read_text().splitlines()[1].startswith("A1,")
        with pytest.raises(jpauto.InvalidInput) as error:
            lot.inventory.import_file(file, mapping={"columns": {"Ask": "prize"}})
        assert error.value.code == "invalid_import_mapping"


def test_what_is_missing_from_a_file_is_held_back_with_its_figures(tmp_path: Path) -> None:
    with jpauto.open(f"sqlite:{tmp_path / 'lot.db'}") as lot:
        vins = ["4T1B11HK9KU211111", "4T1B11HK0KU211112", "4T1B11HK2KU211113"]
        rows = [ROW.replace("A1", f"A{number}").replace("4T1B11HK9KU211111", vin) for number, vin in enumerate(vins)]
        assert lot.inventory.import_file((HEADER + "".join(rows)).encode(), mapping=MAPPING).counts.added == 3
        rest = lot.inventory.import_file((HEADER + rows[0]).encode(), mapping=MAPPING, sold_if_missing=True)
        assert rest.outcome == "held_back"
        assert rest.sold_held_back is not None
        held_back = rest.sold_held_back
        assert (held_back.reason, held_back.missing, held_back.in_stock) == ("more_than_half", 2, 3)
