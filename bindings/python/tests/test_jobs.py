"""Jobs: run by hand, looked at, and ended by their observer."""

from __future__ import annotations

from uuid import uuid4

import jpauto
import pytest


def stock(lot: jpauto.Lot, cars: int) -> None:
    for number in range(cars):
        lot.inventory.add(
            year=2019,
            make="Toyota",
            model="Camry",
            vin=f"4T1B11HK{number:09}",
            stock_number=f"A{number}",
            price=15_900,
            mileage=31_000,
        )


def test_a_run_is_made_and_stands_in_the_history(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    stock(lot, 2)
    seen: list[tuple[int, int | None]] = []
    run = lot.jobs.run("market_research", progress=lambda at: seen.append((at.done, at.total)))
    assert (run.status, run.error, run.scheduled_for, run.requested_by) == ("success", None, None, None)
    assert run.result is not None and run.result["analyzed"] == 2
    assert seen == [(1, 2), (2, 2)]
    assert lot.jobs.get(run.id) == run
    dry = lot.jobs.run("clean_up", dry_run=True)
    assert dry.options == {"dry_run": True}
    assert [made.id for made in lot.jobs.history()] == [dry.id, run.id]
    assert list(lot.jobs.history(job="clean_up", status="failure")) == []
    jobs = {job.name: job for job in lot.jobs.list()}
    assert jobs["market_research"].last_run == run
    assert (jobs["competitor_scrape"].enabled, jobs["competitor_scrape"].missing) == (False, "fetch.contact")
    assert lot.jobs.run_due() == []


def test_an_observer_ends_a_run(lot: jpauto.Lot) -> None:
    stock(lot, 20)
    ended = lot.jobs.run("market_research", all=True, progress=lambda _: False)
    assert (ended.status, ended.error) == ("failure", "interrupted")

    def fail(_: jpauto.RunProgress) -> None:
        raise RuntimeError("as meant")

    with pytest.raises(RuntimeError, match="as meant"):
        lot.jobs.run("market_research", all=True, progress=fail)


def test_what_cannot_be_run_says_why(lot: jpauto.Lot) -> None:
    with pytest.raises(jpauto.NotFound) as unknown:
        lot.jobs.run("nothing")  # type: ignore[arg-type]
    assert unknown.value.code == "job_not_found"
    with pytest.raises(jpauto.Refused) as missing:
        lot.jobs.run("competitor_scrape")
    assert missing.value.code == "not_configured"
    with pytest.raises(jpauto.InvalidInput) as options:
        lot.jobs.run("check", dry_run=True)
    assert (options.value.code, options.value.fields[0].pointer) == ("invalid_run_options", "/dry_run")
    with pytest.raises(jpauto.NotFound) as run:
        lot.jobs.get(uuid4())
    assert run.value.code == "run_not_found"
    over = lot.jobs.run("check")
    with pytest.raises(jpauto.Conflict) as ended:
        lot.jobs.cancel(over.id)
    assert ended.value.code == "run_over"
