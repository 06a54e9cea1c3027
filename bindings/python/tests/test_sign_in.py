"""One-time sign-in links, and sessions ended from outside."""

from __future__ import annotations

from datetime import datetime, timezone

import jpauto
import pytest


def test_a_link_is_made_once_and_pruned_when_it_has_expired(anywhere: jpauto.Lot) -> None:
    user = anywhere.users.add(email="vi@example.com", name="Vi")
    link = anywhere.sign_in.link("VI@example.com")
    assert link.user_id == user.id and link.secret.startswith("jpl_")
    assert link.secret not in repr(link) and str(user.id) in repr(link)
    assert link.expires_at > datetime.now(timezone.utc)
    assert anywhere.sign_in.prune() == 0
    with pytest.raises(jpauto.NotFound) as unknown:
        anywhere.sign_in.link("nobody@example.com")
    assert unknown.value.code == "user_not_found"
    anywhere.users.deactivate(user.id)
    with pytest.raises(jpauto.Forbidden) as inactive:
        anywhere.sign_in.link("vi@example.com")
    assert inactive.value.code == "user_inactive"


def test_a_user_is_signed_out_everywhere(anywhere: jpauto.Lot) -> None:
    user = anywhere.users.add(email="vi@example.com", name="Vi")
    boss = anywhere.users.add(email="boss@example.com", name="Boss", role="admin")
    assert anywhere.sessions.destroy_all_of(user.id) == 0
    assert anywhere.sessions.destroy_all_of(str(user.id)) == 0
    vi = anywhere.acting_as("vi@example.com")
    assert vi.sessions.destroy_all_of(user.id) == 0
    with pytest.raises(jpauto.Forbidden):
        vi.sessions.destroy_all_of(boss.id)
    with pytest.raises(jpauto.Forbidden):
        vi.sessions.prune()
    assert anywhere.sessions.prune() == 0
    assert {entry.action for entry in anywhere.activity.list(resource_type="sessions")} == {"sign_out"}
