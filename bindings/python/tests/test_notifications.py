"""Notifications: listed, and what is not there."""

from __future__ import annotations

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
