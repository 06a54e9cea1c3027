"""What a member of staff finds, tries out and tidies up, noun by noun."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import jpauto
import pytest

START = datetime(2026, 3, 1, tzinfo=timezone.utc)
VIN = "4T1B11HK5KU211111"
LIST = """<script type="application/ld+json">{"@type": "AutoDealer", "name": "Rival Motors"}</script>
<script type="application/ld+json">[{"@type": "Car", "name": "2017 Ford Edge", "vehicleIdentificationNumber":
"2FMPK4K91HBB11870", "offers": {"price": "22988"}}, {"@type": "Car", "name": "2019 Honda Accord",
"vehicleIdentificationNumber": "1HGCV1F30KA000001", "offers": {"price": "18500"}}]</script>"""


@pytest.fixture
def website() -> Iterator[str]:
    """A dealer's website: a list of two vehicles on every path but that of the robots."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_list = self.path != "/robots.txt"
            self.send_response(200 if is_list else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(LIST.encode() if is_list else b"")

        def log_message(self, format: str, *_: object) -> None:
            """Nothing is written."""

    server = HTTPServer(("127.0.0.1", 0), Site)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def camry(lot: jpauto.Lot) -> jpauto.Vehicle:
    return lot.inventory.add(
        year=2019, make="Toyota", model="Camry", vin=VIN, price=15_900, mileage=31_000, stock_number="A-17", cost=11_000
    )


def test_rows_are_found_by_what_a_person_types(anywhere: jpauto.Lot) -> None:
    car = camry(anywhere)
    competitor = anywhere.competitors.add(name="Rival", inventory_url="https://rival.example/")
    anywhere.competitors.record_listings("Rival", [{"vin": "2FMPK4K91HBB11870", "price": 9_000}], observed_at=START)
    (listing,) = anywhere.competitors.listings()
    user = anywhere.users.add(email="kim@example.com", name="Kim")
    run = anywhere.jobs.run("clean_up", dry_run=True)
    assert anywhere.inventory.get_by_stock_number("A-17").id == car.id
    assert anywhere.inventory.find("a-17").id == car.id
    assert anywhere.competitors.find("rival") == anywhere.competitors.get(competitor.id)
    assert anywhere.competitors.find_listing("2fmpk4k91hbb11870") == listing.id
    assert anywhere.users.find(str(user.id)) == user == anywhere.users.find("kim@example.com")
    assert anywhere.jobs.find(str(run.id)).id == run.id
    assert anywhere.activity.find_resource(str(car.id)) == car.id
    for find, code in [
        (anywhere.alerts.find, "alert_not_found"),
        (anywhere.notifications.find, "notification_not_found"),
        (anywhere.jobs.find, "run_not_found"),
        (anywhere.users.find, "user_not_found"),
        (anywhere.competitors.find, "competitor_not_found"),
        (anywhere.competitors.find_listing, "listing_not_found"),
        (anywhere.inventory.get_by_stock_number, "vehicle_not_found"),
    ]:
        with pytest.raises(jpauto.NotFound) as failure:
            find("01890a5d-ac96-774b-bcce-b302099a8057")
        assert failure.value.code == code


def test_the_website_shows_what_is_public(anywhere: jpauto.Lot) -> None:
    car = camry(anywhere)
    shown = anywhere.inventory.get_public(car.id)
    assert (shown.vin, shown.price) == (VIN, Decimal("15900.00")) and not hasattr(shown, "cost")
    assert list(anywhere.inventory.list_public(make="toyota")) == [shown]
    assert list(anywhere.inventory.list_public(price_min=20_000)) == []
    assert "cost" not in anywhere.inventory.list_public().columns
    assert pickle.loads(pickle.dumps(shown)) == shown
    anywhere.inventory.set_status(car.id, "hold")
    assert list(anywhere.inventory.list_public()) == []
    with pytest.raises(jpauto.NotFound):
        anywhere.inventory.get_public(car.id)


def test_candidates_are_the_comparables_of_a_subject(anywhere: jpauto.Lot) -> None:
    now = datetime.now(timezone.utc)
    vins = [f"4T1B11HK5KU3000{n:02}" for n in range(8)]
    cars: list[jpauto.types.NewListing] = [
        {"vin": vin, "year": 2019, "make": "Toyota", "model": "Camry", "price": 15_000 + 100 * n}
        for n, vin in enumerate(vins)
    ]
    anywhere.competitors.record_listings("Rival", cars, observed_at=now - timedelta(hours=1))
    subject = jpauto.types.Subject(year=2019, make="Toyota", model="Camry", price=17_000)
    other = {"year": 2019, "make": "Kia", "model": "Soul"}
    found, none = anywhere.market.candidates([subject, other])
    assert {car.vin for car in found} == set(vins) and none == []
    assert (found[0].source, found[0].dealer) == ("competitor", "Rival")
    assert jpauto.pricing.price(subject, found).median == anywhere.market.price(**subject).median
    with pytest.raises(jpauto.InvalidInput):
        anywhere.market.candidates([{"make": "Toyota"}])


def test_a_competitor_is_seen_alone_and_with_what_is_left_out(anywhere: jpauto.Lot) -> None:
    anywhere.competitors.record_listings("Rival", [{"vin": VIN, "price": 9_000}], observed_at=START)
    anywhere.competitors.record_listings("Other", [{"vin": VIN, "price": 9_500}], observed_at=START)
    one = anywhere.competitors.overview_of("rival")
    assert (one.competitor.name, one.last_scrape is not None) == ("Rival", True)
    assert list(anywhere.competitors.overview(q="riv")) == [one]
    anywhere.competitors.pause("Rival")
    assert [one.competitor.name for one in anywhere.competitors.overview(active=True)] == ["Other"]
    left_out = anywhere.competitors.left_out("Rival")
    assert (left_out.listings, left_out.paused) == (1, 1)
    assert anywhere.competitors.left_out().listings >= 1


def test_what_has_expired_is_counted_and_removed(anywhere: jpauto.Lot) -> None:
    assert anywhere.evaluation.count_expired() == anywhere.evaluation.remove_expired(10)
    assert anywhere.evaluation.remove_expired().is_all
    assert anywhere.sessions.count_expired() == anywhere.sign_in.count_expired() == 0
    assert anywhere.left_out() == []


def test_an_actor_learns_who_it_is(anywhere: jpauto.Lot) -> None:
    user = anywhere.users.add(email="kim@example.com", name="Kim", role="manager")
    assert anywhere.sign_in.me().user is None
    me = anywhere.acting_as("kim@example.com").sign_in.me()
    assert (me.user, me.role, me.token_id) == (user, "manager", None)


def test_a_feed_is_had_without_a_file(anywhere: jpauto.Lot) -> None:
    camry(anywhere)
    feed = anywhere.exports.file("csv")
    assert (feed.name, feed.report.vehicle_count) == ("inventory.csv", 1)
    assert VIN.encode() in feed.content
    assert pickle.loads(pickle.dumps(feed)) == feed and hash(feed) == hash(pickle.loads(pickle.dumps(feed)))
    assert feed.as_dict()["content"] == feed.content
    assert anywhere.exports.check_bytes(feed.content, platform="csv").fault_count == 0
    assert anywhere.exports.check_bytes(feed.content, platform="cargurus").fault_count > 0
    with pytest.raises(jpauto.InvalidInput) as failure:
        anywhere.exports.check_bytes(b"", platform="csv", format="pages")
    assert failure.value.code == "invalid_feed_format"


def test_tables_of_competitors_are_kept_in_partitions(anywhere: jpauto.Lot, database_url: str) -> None:
    anywhere.competitors.record_listings("Rival", [{"vin": VIN, "price": 9_000}], observed_at=START)
    if database_url.startswith("sqlite"):
        with pytest.raises(jpauto.Refused) as failure:
            anywhere.partition_competitors(2)
        assert failure.value.code == "partitions_unsupported"
        return
    told: list[jpauto.PartitionProgress] = []
    report = anywhere.partition_competitors(2, progress=told.append)
    assert (report.partitions, report.before, report.stopped) == (2, 0, False)
    assert (told[-1].done, told[-1].total) == (1, 1)
    assert len(list(anywhere.competitors.listings())) == 1


def test_a_website_is_tried_out_and_added_by_its_address(website: str) -> None:
    with jpauto.open("sqlite::memory:", contact="lot@example.com", allowed_servers=[website]) as lot:
        report = lot.competitors.test(f"http://{website}/used", pages=1, listings=1)
        assert (report.failure, report.listings_found, len(report.listings)) == (None, 2, 1)
        assert report.score.percent > 0 and report.score.parts[0].name == "identity"
        assert [page.listings for page in report.pages] == [2]
        assert pickle.loads(pickle.dumps(report)) == report
        assert list(lot.competitors.list()) == [], "nothing is kept"
        added = lot.competitors.add_at(inventory_url=f"http://{website}/used")
        assert added.competitor == lot.competitors.get(added.competitor.name)
        again = lot.competitors.test_known(added.competitor.id, listings=0)
        assert (again.listings_found, again.listings) == (2, [])
        with pytest.raises(jpauto.InvalidInput) as failure:
            lot.competitors.test("no address")
        assert failure.value.code == "invalid_url"
        with pytest.raises(jpauto.InvalidInput) as failure:
            lot.competitors.test(f"http://{website}/", pages=1_000)
        assert failure.value.code == "invalid_test"
    with jpauto.open("sqlite::memory:") as lot, pytest.raises(jpauto.Refused) as refusal:
        lot.competitors.test(f"http://{website}/")
    assert refusal.value.code == "not_configured"


def test_rules_are_the_callers(anywhere: jpauto.Lot, database_url: str) -> None:
    def recorded(lot: jpauto.Lot, name: str) -> int:
        """How many of two cars are sold, of which one is missing for six days."""
        pair: list[jpauto.types.NewListing] = [
            {"vin": VIN, "price": 9_000},
            {"vin": "2FMPK4K91HBB11870", "price": 9_000},
        ]
        report = None
        for day in range(7):
            listings = pair if day == 0 else pair[1:]
            observed_at = START + timedelta(days=day)
            report = lot.competitors.record_listings(name, listings, observed_at=observed_at)
        assert report is not None
        return sum(one.is_sold for one in lot.competitors.listings(name))

    rules = {
        "tracking": {"sold": {"base_days": 2, "floor_days": 1, "ceiling_days": 2}},
        "pricing": {"minimum_sample": 3},
    }
    with jpauto.open(database_url, rules=rules) as quick:
        assert recorded(quick, "Quick") == 1
    with jpauto.open(database_url, rules={"tracking": {"sold": {"floor_days": 12}}}) as slow:
        assert recorded(slow, "Slow") == 0
    with pytest.raises(jpauto.Misconfigured) as failure:
        jpauto.open(database_url, rules={"tracking": {"sold": {"floor_days": -1}}})
    assert failure.value.code == "invalid_tracking_rules"
    assert [field.pointer for field in failure.value.fields] == ["/tracking/sold/floor_days"]
    with pytest.raises(jpauto.InvalidInput) as unknown:
        jpauto.open(database_url, rules={"tracking": {"sold": {"flor_days": 1}}})
    assert "floor_days" in unknown.value.fields[0].message


def test_a_clock_is_the_callers(database_url: str) -> None:
    clock = jpauto.Clock(START)
    with jpauto.open(database_url, clock=clock) as lot:
        lot.migrate()
        car = camry(lot)
        assert car.listed_at == START == clock.now()
        clock.move_to(START + timedelta(days=50))
        assert [(one.days_in_stock, one.age_state) for one in lot.inventory.list()] == [(50, "warning")]
        assert repr(clock) == "<jpauto.Clock at 2026-04-20T00:00:00+00:00>"
        with pytest.raises(jpauto.InvalidInput):
            clock.move_to(datetime(2026, 5, 1))
        clock.move_to(None)
        assert abs(clock.now() - datetime.now(timezone.utc)) < timedelta(minutes=1)
        assert repr(clock) == repr(jpauto.Clock()) == "<jpauto.Clock of the machine>"
