"""API tokens: created with a secret that is shown once, listed without it, and revoked."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import jpauto
import pytest


def test_a_token_is_created_listed_and_revoked(anywhere: jpauto.Lot) -> None:
    ends = datetime.now(timezone.utc) + timedelta(days=30)
    issued = anywhere.tokens.create(name="export", role="manager", expires_at=ends)
    assert issued.secret.startswith("jpa_")
    assert issued.secret not in repr(issued) and str(issued.token.id) in repr(issued)
    assert (issued.token.role, issued.token.expires_at) == ("manager", ends)
    assert list(anywhere.tokens.list()) == [issued.token]
    assert anywhere.tokens.get(issued.token.id) == issued.token
    assert anywhere.tokens.revoke(issued.token.id).revoked_at is not None
    (revoked, created) = anywhere.activity.list(resource_type="tokens")
    assert (revoked.action, created.action, created.token_id) == ("revoke", "create", None)


def test_a_token_is_not_above_its_creator(lot: jpauto.Lot) -> None:
    lot.users.add(email="vi@example.com", name="Vi")
    with pytest.raises(jpauto.Forbidden) as failure:
        lot.acting_as("vi@example.com").tokens.create(name="sync", role="admin")
    assert failure.value.code == "role_above_own"
    with pytest.raises(jpauto.InvalidInput) as wrong:
        lot.tokens.create(name="sync", expires_at=datetime(2020, 1, 1, tzinfo=timezone.utc))
    assert wrong.value.code == "invalid_token"
