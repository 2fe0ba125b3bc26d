"""A rollout as the ledger keeps it."""

from datetime import UTC, datetime

from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.rollout import RolloutId

ROLLOUT = RolloutId("mfa-2027")
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
EPIC = ObjectKey(ObjectKind.EPIC, "prepare")
ISSUE = ObjectKey(ObjectKind.ISSUE, "prepare/inventory")


def row(**over):
    values = {
        "id": ROLLOUT,
        "name": "MFA 2027",
        "template": "mfa",
        "fingerprint": "f",
        "revision": 1,
        "source": {"template": "mfa"},
        "facts": {"jira": {"project": "SEC"}},
        "baseline": {"prepare/inventory": ["2027-01-04", "2027-01-06"]},
        "accepted_at": NOW,
    }
    return RolloutRow(**{**values, **over})
