"""Notifications: who is told, what was told, and what is not there."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import jpauto
import pytest


def test_nobody_is_told_where_no_channel_is_configured(anywhere: jpauto.Lot) -> None:
    lot = anywhere
    assert list(lot.notifications.list(status="waiting", event="submission.created", channel="email")) == []
    assert lot.notifications.channels() == []
    assert lot.notifications.deliver_due() == 0
    with pytest.raises(jpauto.NotFound) as unknown:
        lot.notifications.test("email")
    assert unknown.value.code == "channel_not_found"
    for ask in (lot.notifications.get, lot.notifications.retry):
        with pytest.raises(jpauto.NotFound) as missing:
            ask(uuid4())
        assert missing.value.code == "notification_not_found"
    with pytest.raises(jpauto.InvalidInput) as wrong:
        lot.notifications.list(status="lost")  # type: ignore[arg-type]
    assert wrong.value.code == "invalid_notification_status"


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_webhook_is_configured_and_told(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.append((json.loads(body)["type"], self.headers["webhook-signature"][:3]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/hook"
    crm = {"url": url, "secrets": [SECRET], "events": ["submission.created"], "allow_private_network": True}
    email = {"host": "mail.dealer.example", "from": "Lot <lot@dealer.example>", "to": ["owner@dealer.example"]}
    words = tmp_path / "words"
    words.mkdir()
    told_to = {"webhooks": {"crm": crm}, "email": email | {"events": ["digest.daily"]}, "templates": str(words)}
    try:
        with jpauto.open(f"sqlite:{tmp_path / 'lot.db'}", notifications=told_to) as lot:
            channels = {channel.name: channel for channel in lot.notifications.channels()}
            assert channels["crm"].events == ["submission.created"]
            assert channels["email"].target == "owner@dealer.example"
            lot.submissions.submit(year=2019, make="Toyota", model="Camry", vin="4T1B11HK5KU211111", mileage=48_200)
            assert lot.notifications.deliver_due() == 1
            assert told == [("submission.created", "v1,")]
            assert [note.status for note in lot.notifications.list(channel="crm")] == ["delivered"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (
            {"webhooks": {"crm": {"url": "https://crm.example/hook", "secrets": ["hunter2"]}}},
            "invalid_notification_config",
        ),
        ({"email": {"from": "lot@dealer.example", "to": ["owner@dealer.example"]}}, "invalid_notification_config"),
        ({"email": {"host": "mail.example", "colour": "red"}}, "invalid_argument"),
        ({"pigeons": {}}, "invalid_argument"),
    ],
)
def test_a_channel_that_is_wrong_is_named(settings: dict[str, object], code: str) -> None:
    with pytest.raises(jpauto.Error) as wrong:
        jpauto.open("sqlite::memory:", notifications=settings)
    assert wrong.value.code == code
    assert "hunter2" not in str(wrong.value)
