"""A Jira project as values, and creates for it."""

from __future__ import annotations

from rollout_sync.model.objects import Marker, ObjectKey
from rollout_sync.model.operations import Create
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.jira.destination import Destination, TypeFacts

ROLLOUT = RolloutId("mfa-2027")
SCREEN = ("assignee", "customfield_10015", "description", "duedate", "issuelinks", "labels", "parent", "summary")
PLACE = Destination(
    project_id="10000",
    project_key="SEC",
    site="https://acme.example.com",
    account="712020:us",
    epic=TypeFacts(id="10100", start="customfield_10015", epic_name="customfield_10011", settable=SCREEN),
    issue=TypeFacts(
        id="10101", start="customfield_10015", settable=SCREEN, extra={"customfield_1": {"value": "A"}}, hold="31"
    ),
    link_type="10200",
    link_name="Blocks",
    hold_status="On hold",
)


def create(number: int, **fields) -> Create:
    """The n-th issue."""
    return Create(
        object=ObjectKey.parse(f"issue:prepare/item-{number}"),
        marker=Marker(f"{number:032x}"),
        attempt=1,
        fields={"title": f"Item {number}", **fields},
    )
