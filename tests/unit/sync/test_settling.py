"""Which remote ids count as taken when a doubt is settled."""

from __future__ import annotations

from rollout_sync.model.objects import Binding, Marker, ObjectKey, Remote
from rollout_sync.model.rollout import TrackerName
from rollout_sync.sync.settling import _bound_ids


def bound(key, remote_id):
    return Binding(object=ObjectKey.parse(key), marker=Marker("0" * 32), remote=Remote(id=remote_id), item=None)


def test_numbers_of_links_say_nothing_of_issues():
    bindings = [
        bound("issue:prepare/tenant", "10043"),
        bound("link:prepare/tenant>prepare/material", "10044"),
        bound("remote-link:prepare/tenant", "10045"),
        bound("task:prepare/desk", "T1"),
        bound("details:prepare/desk", "D1"),
    ]
    assert _bound_ids(bindings, TrackerName.JIRA) == {"10043"}
    assert _bound_ids(bindings, TrackerName.PLANNER) == {"T1"}
