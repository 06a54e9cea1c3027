"""The notebooks of `examples/` run from an empty folder, by their own first cell, and give every picture."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import jpauto
import jpauto.demo
import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[3] / "examples"
PICTURES = {"my_lot_against_the_market": 3, "who_cuts_prices": 2}


def read(name: str) -> Any:
    return nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)


def test_each_notebook_is_known_and_stands_without_outputs() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.ipynb")} == set(PICTURES)
    for name in PICTURES:
        for cell in read(name).cells:
            assert not cell.get("outputs") and cell.get("execution_count") is None, f"{name}: strip the outputs"


@pytest.mark.filterwarnings("ignore")
def test_the_notebooks_run_from_an_empty_folder(tmp_path: Path) -> None:
    async def run(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        notebook = read(name)
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        await client.async_execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        pictures = [output for output in outputs if "image/png" in output.get("data", {})]
        assert len(pictures) == PICTURES[name]

    async def both() -> None:
        # Side by side: most of the time goes into starting them.
        await asyncio.gather(*(run(name) for name in PICTURES))

    if sys.platform == "win32":
        pytest.skip("the kernels' event loop is another one there")
    asyncio.run(both())


@pytest.mark.filterwarnings("ignore")
def test_the_notebooks_run_on_a_lot_that_has_little(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lot that was opened today has no sale, no cut and no analysis yet."""
    monkeypatch.setenv("MPLBACKEND", "Agg")

    def run(lot: jpauto.Lot) -> str:
        monkeypatch.setattr(jpauto.demo, "lot", lambda: lot)
        for name in PICTURES:
            names: dict[str, Any] = {}
            for cell in read(name).cells:
                if cell.cell_type == "code":
                    exec(cell.source.replace("%matplotlib inline", ""), names)
        return capsys.readouterr().out

    with jpauto.open("sqlite::memory:") as lot:
        said = run(lot)
        assert said.count("Nothing yet") == 4
        seen: list[Any] = [{"external_id": "1", "year": 2020, "make": "Kia", "model": "Soul"}]
        lot.competitors.record_listings("Rival", seen, observed_at=datetime.now(timezone.utc))
        lot.inventory.add(
            year=2020, make="Kia", model="Soul", vin="KNDJ23AU4M7000001", stock_number="S1", price=9_000, mileage=9_000
        )
        assert "none has a price" in run(lot)
        lot.market.analyze_all()
        assert "Nothing yet: no car was analysed" in run(lot)
