"""What the tracker must know of its Jira project to write to it: a value, and its JSON form for the plan file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from rollout_sync.errors import StalePlan
from rollout_sync.model.objects import ObjectKind
from rollout_sync.trackers.base import Facts

_VERSION = 1
_VERSIONS: Mapping[object, int] = {_VERSION: _VERSION}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFacts:
    """One issue type and what its create screen takes.

    Attributes:
        id: of the issue type.
        start: field id of the start date; empty when the screen has none.
        epic_name: field id of Epic Name where it is on the screen, else empty.
        settable: ids of all fields on the create screen.
        extra: values for required custom fields, ready to send.
        hold: transition from a new issue to the hold status; empty when unknown.
    """

    id: str
    start: str = ""
    epic_name: str = ""
    settable: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    hold: str = ""

    def takes(self, field_id: str) -> bool:
        """Whether the create screen has the field."""
        return field_id in self.settable


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The Jira project.

    Attributes:
        cloud_id: of the site; empty where the gateway is not used.
        site: base of the links that people open.
        account: accountId we act as.
        link_type: id of the link type that means "blocks"; `link_name` is its name.
        hold_status: name of the status of held work; empty when labels alone tell.
    """

    project_id: str
    project_key: str
    site: str
    account: str
    epic: TypeFacts
    issue: TypeFacts
    link_type: str
    link_name: str
    cloud_id: str = ""
    team_managed: bool = False
    hold_status: str = ""

    def type_for(self, kind: ObjectKind) -> TypeFacts:
        """The facts for epics, or for every other issue."""
        return self.epic if kind is ObjectKind.EPIC else self.issue

    @property
    def folds_links(self) -> bool:
        """Whether links can be made together with the issue that waits."""
        return self.issue.takes("issuelinks")

    def facts(self) -> Facts:
        """JSON form."""
        return {"v": _VERSION, **asdict(self)}


def destination_of(facts: Facts) -> Destination:
    """The value back from its JSON form.

    Raises:
        StalePlan: it was written by another version, or by hand.
    """
    try:
        members = {name: value for name, value in facts.items() if name not in ("v", "epic", "issue")}
        _ = _VERSIONS[facts["v"]]
        return Destination(epic=_type_of(facts["epic"]), issue=_type_of(facts["issue"]), **members)  # type: ignore[arg-type] # checked by the except below for names, by `_type_of` for types
    except (KeyError, TypeError, ValueError):
        raise StalePlan(
            "the plan's facts about the Jira project do not fit this version",
            hint="Make the plan again with `rollout-sync plan`.",
        ) from None


def _type_of(value: object) -> TypeFacts:
    if not isinstance(value, Mapping):
        raise TypeError("no issue type")
    members = dict(value)
    members["settable"] = tuple(str(name) for name in members.get("settable", ()))
    return TypeFacts(**members)
