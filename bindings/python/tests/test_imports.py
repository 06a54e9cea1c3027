"""Stock that comes in a file."""

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
        assert (trial.outcome, trial.counts["added"]) == ("dry_run", 1)
        assert len(list(lot.inventory.list())) == 0
        done = lot.inventory.import_file(path.read_bytes(), mapping=MAPPING)
        assert (done.outcome, done.added[0]["stock_number"]) == ("written", "A1")
        again = lot.inventory.import_file(path, mapping=done.mapping)
        assert again.counts["unchanged"] == 1


def test_refused_rows_are_told_and_wrong_mappings_raise(tmp_path: Path) -> None:
    with jpauto.open(f"sqlite:{tmp_path / 'lot.db'}") as lot:
        file = (HEADER + ROW.replace("$15,900", "call")).encode()
        report = lot.inventory.import_file(file, mapping=MAPPING)
        assert report.outcome == "refused"
        assert (report.refused[0]["row"], report.refused[0]["faults"][0]["column"]) == (2, "Ask")
        with pytest.raises(jpauto.InvalidInput) as error:
            lot.inventory.import_file(file, mapping={"columns": {"Ask": "prize"}})
        assert error.value.code == "invalid_import_mapping"
