"""What the seeded site is configured with: projects, issue types, workflow, priorities, links, translations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLOUD_ID: Final = "3f8b6c1e-9a5d-4d0f-8a55-51c7b2a0e6d4"
"""What `/_edge/tenant_info` answers, and the gateway's path names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A status category; `key` is the stable name."""

    id: int
    key: str
    color: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A workflow status; `project` is set for those of a team-managed project."""

    id: str
    name: str
    category: str
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueType:
    """An issue type; `level` is 1 for epics, 0 for ordinary issues, -1 for subtasks."""

    id: str
    name: str
    level: int
    description: str
    project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A priority or a resolution."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkType:
    """The source of a link says `outward` about the target, the target says `inward` about the source."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A way to a status, open from every other status."""

    id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project; `is_team_managed` is what the API calls simplified, or style next-gen."""

    id: str
    key: str
    name: str
    description: str
    is_team_managed: bool
    types: tuple[str, ...]
    transitions: tuple[Transition, ...]


CATEGORIES: Final = {
    c.key: c
    for c in (
        Category(id=1, key="undefined", color="medium-gray", name="No Category"),
        Category(id=2, key="new", color="blue-gray", name="To Do"),
        Category(id=4, key="indeterminate", color="yellow", name="In Progress"),
        Category(id=3, key="done", color="green", name="Done"),
    )
}

STATUSES: Final = {
    s.id: s
    for s in (
        Status(id="10000", name="To Do", category="new"),
        Status(id="3", name="In Progress", category="indeterminate"),
        Status(id="10001", name="Done", category="done"),
        Status(id="10002", name="On hold", category="new"),
        Status(id="10010", name="To Do", category="new", project="10001"),
        Status(id="10011", name="In Progress", category="indeterminate", project="10001"),
        Status(id="10012", name="Done", category="done", project="10001"),
    )
}
ON_HOLD: Final = "10002"

ISSUE_TYPES: Final = {
    t.id: t
    for t in (
        IssueType(id="10000", name="Epic", level=1, description="A big piece of work with several issues."),
        IssueType(id="10001", name="Story", level=0, description="Something a user wants."),
        IssueType(id="10002", name="Task", level=0, description="A piece of work."),
        IssueType(id="10003", name="Sub-task", level=-1, description="A small part of an issue."),
        IssueType(id="10010", name="Epic", level=1, description="Several tasks with one aim.", project="10001"),
        IssueType(id="10011", name="Task", level=0, description="A piece of work.", project="10001"),
        IssueType(id="10012", name="Subtask", level=-1, description="A part of a task.", project="10001"),
    )
}

PRIORITIES: Final = {
    p.id: p
    for p in (
        Named(id="1", name="Highest", description="Stops progress altogether."),
        Named(id="2", name="High", description="Could stop progress."),
        Named(id="3", name="Medium", description="Could affect progress."),
        Named(id="4", name="Low", description="Easily worked around."),
        Named(id="5", name="Lowest", description="Hardly any effect."),
    )
}
DEFAULT_PRIORITY: Final = "3"

RESOLUTIONS: Final = {
    r.id: r
    for r in (
        Named(id="10000", name="Done", description="The work is complete."),
        Named(id="10001", name="Won't Do", description="It will not be done."),
        Named(id="10002", name="Duplicate", description="Another issue covers it."),
    )
}
DEFAULT_RESOLUTION: Final = "10000"

LINK_TYPES: Final = {
    t.id: t
    for t in (
        LinkType(id="10000", name="Blocks", inward="is blocked by", outward="blocks"),
        LinkType(id="10001", name="Cloners", inward="is cloned by", outward="clones"),
        LinkType(id="10002", name="Duplicate", inward="is duplicated by", outward="duplicates"),
        LinkType(id="10003", name="Relates", inward="relates to", outward="relates to"),
    )
}
CLONERS: Final = "10001"

RELEASE_TRAINS: Final = {"10400": "2027.1", "10401": "2027.2", "10402": "None"}
"""Options of REQ's required select field, by option id."""

_COMPANY_TYPES = ("10000", "10001", "10002", "10003")
_COMPANY_MOVES = (
    Transition(id="11", status="10000"),
    Transition(id="21", status="3"),
    Transition(id="31", status="10001"),
)

PROJECTS: Final = {
    p.id: p
    for p in (
        Project(
            id="10000",
            key="SEC",
            name="Security rollouts",
            description="Company-managed; epics need an Epic Name, and issues can be put on hold.",
            is_team_managed=False,
            types=_COMPANY_TYPES,
            transitions=(*_COMPANY_MOVES, Transition(id="41", status=ON_HOLD)),
        ),
        Project(
            id="10001",
            key="TEAM",
            name="Team board",
            description="Team-managed.",
            is_team_managed=True,
            types=("10010", "10011", "10012"),
            transitions=(
                Transition(id="11", status="10010"),
                Transition(id="21", status="10011"),
                Transition(id="31", status="10012"),
            ),
        ),
        Project(
            id="10002",
            key="REQ",
            name="Release requests",
            description="Company-managed; every issue needs a release train, and links are not on the create screen.",
            is_team_managed=False,
            types=_COMPANY_TYPES,
            transitions=_COMPANY_MOVES,
        ),
    )
}
PROJECT_IDS: Final = {p.key: p.id for p in PROJECTS.values()}

_GERMAN: Final = {
    "To Do": "Zu erledigen",
    "In Progress": "In Arbeit",
    "Done": "Fertig",
    "On hold": "Zurückgestellt",
    "No Category": "Keine Kategorie",
    "Epic": "Epos",
    "Task": "Aufgabe",
    "Sub-task": "Unteraufgabe",
    "Subtask": "Untergeordnete Aufgabe",
    "Highest": "Höchste",
    "High": "Hoch",
    "Medium": "Mittel",
    "Low": "Niedrig",
    "Lowest": "Niedrigste",
    "Won't Do": "Wird nicht erledigt",
    "Duplicate": "Duplikat",
    "Start date": "Startdatum",
    "Summary": "Zusammenfassung",
    "Description": "Beschreibung",
    "Assignee": "Zugewiesene Person",
    "Due date": "Fälligkeitsdatum",
    "Labels": "Stichwörter",
    "Parent": "Übergeordnet",
    "Priority": "Priorität",
    "Linked Issues": "Verknüpfte Vorgänge",
}


def translated(name: str, language: str) -> str:
    """A name of the configuration in the account's language; English where there is no translation."""
    return _GERMAN.get(name, name) if language == "de" else name


def names_of(name: str) -> frozenset[str]:
    """All names, in lower case, under which something can be asked for."""
    return frozenset({name.lower(), translated(name, "de").lower()})


def project_named(text: str) -> Project | None:
    """A project by id, or by key in any case."""
    return PROJECTS.get(text) or PROJECTS.get(PROJECT_IDS.get(text.upper(), ""))


def first_status(project: Project) -> str:
    """Where new issues start."""
    return project.transitions[0].status


def statuses_of(project: Project) -> tuple[Status, ...]:
    """The statuses of a project's workflow, in board order."""
    return tuple(STATUSES[move.status] for move in project.transitions)
