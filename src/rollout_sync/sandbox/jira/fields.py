"""The site's fields, and which of them stand on which project's create screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.jira.scheme import ISSUE_TYPES, PROJECTS, IssueType, Project

EPIC_NAME: Final = "customfield_10011"
EPIC_LINK: Final = "customfield_10014"
START_DATE: Final = "customfield_10015"
RELEASE_TRAIN: Final = "customfield_10300"

_TYPES = "com.atlassian.jira.plugin.system.customfieldtypes"
_AGILE = "com.pyxis.greenhopper.jira"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """One field of the site.

    Attributes:
        schema: as `GET /field` shows it; None for `parent`, which Cloud lists without one.
        operations: verbs that an `update` may use.
        is_multi_value: returns many values, so bulk fetch above 100 issues refuses it.
        is_writable: a create or an edit may set it.
    """

    id: str
    name: str
    schema: Json | None
    operations: tuple[str, ...] = ("set",)
    clauses: tuple[str, ...] = ()
    is_writable: bool = True
    is_multi_value: bool = False

    @property
    def is_custom(self) -> bool:
        """Whether an administrator added it."""
        return self.id.startswith("customfield_")


def _system(name: str, kind: str, *, items: str | None = None) -> Json:
    return {"type": kind, "system": name} | ({"items": items} if items else {})


def _custom(number: int, kind: str, custom: str) -> Json:
    return {"type": kind, "custom": custom, "customId": number}


_ALL: Final = (
    FieldKind(id="summary", name="Summary", schema=_system("summary", "string"), clauses=("summary",)),
    FieldKind(id="description", name="Description", schema=_system("description", "string"), clauses=("description",)),
    FieldKind(id="environment", name="Environment", schema=_system("environment", "string"), clauses=("environment",)),
    FieldKind(
        id="issuetype", name="Issue Type", schema=_system("issuetype", "issuetype"), clauses=("issuetype", "type")
    ),
    FieldKind(id="project", name="Project", schema=_system("project", "project"), clauses=("project",)),
    FieldKind(id="parent", name="Parent", schema=None, clauses=("parent",)),
    FieldKind(id="priority", name="Priority", schema=_system("priority", "priority"), clauses=("priority",)),
    FieldKind(id="assignee", name="Assignee", schema=_system("assignee", "user"), clauses=("assignee",)),
    FieldKind(id="reporter", name="Reporter", schema=_system("reporter", "user"), clauses=("reporter",)),
    FieldKind(
        id="labels",
        name="Labels",
        schema=_system("labels", "array", items="string"),
        operations=("add", "set", "remove"),
        clauses=("labels",),
    ),
    FieldKind(id="duedate", name="Due date", schema=_system("duedate", "date"), clauses=("due", "duedate")),
    FieldKind(
        id="issuelinks",
        name="Linked Issues",
        schema=_system("issuelinks", "array", items="issuelinks"),
        operations=("add", "copy"),
        is_multi_value=True,
    ),
    FieldKind(
        id="comment",
        name="Comment",
        schema=_system("comment", "comments-page"),
        operations=("add",),
        clauses=("comment",),
        is_multi_value=True,
    ),
    FieldKind(id="resolution", name="Resolution", schema=_system("resolution", "resolution"), clauses=("resolution",)),
    FieldKind(
        id=EPIC_NAME,
        name="Epic Name",
        schema=_custom(10011, "string", f"{_AGILE}:gh-epic-label"),
        clauses=("cf[10011]", "Epic Name"),
    ),
    FieldKind(
        id=EPIC_LINK,
        name="Epic Link",
        schema=_custom(10014, "any", f"{_AGILE}:gh-epic-link"),
        clauses=("cf[10014]", "Epic Link"),
    ),
    FieldKind(
        id=START_DATE,
        name="Start date",
        schema=_custom(10015, "date", f"{_TYPES}:datepicker"),
        clauses=("cf[10015]", "Start date"),
    ),
    FieldKind(
        id="customfield_10022",
        name="Target start",
        schema=_custom(10022, "date", "com.atlassian.jpo:jpo-custom-field-baseline-start"),
        clauses=("cf[10022]", "Target start"),
    ),
    FieldKind(
        id=RELEASE_TRAIN,
        name="Release train",
        schema=_custom(10300, "option", f"{_TYPES}:select"),
        clauses=("cf[10300]", "Release train"),
    ),
)
_READ_ONLY: Final = (
    FieldKind(id="status", name="Status", schema=_system("status", "status"), clauses=("status",), is_writable=False),
    FieldKind(
        id="statusCategory",
        name="Status Category",
        schema=_system("statusCategory", "statusCategory"),
        clauses=("statusCategory",),
        is_writable=False,
    ),
    FieldKind(
        id="statuscategorychangedate",
        name="Status Category Changed",
        schema=_system("statuscategorychangedate", "datetime"),
        clauses=("statusCategoryChangedDate",),
        is_writable=False,
    ),
    FieldKind(
        id="created",
        name="Created",
        schema=_system("created", "datetime"),
        clauses=("created", "createdDate"),
        is_writable=False,
    ),
    FieldKind(
        id="updated",
        name="Updated",
        schema=_system("updated", "datetime"),
        clauses=("updated", "updatedDate"),
        is_writable=False,
    ),
    FieldKind(
        id="resolutiondate",
        name="Resolved",
        schema=_system("resolutiondate", "datetime"),
        clauses=("resolved",),
        is_writable=False,
    ),
    FieldKind(id="creator", name="Creator", schema=_system("creator", "user"), clauses=("creator",), is_writable=False),
    FieldKind(
        id="subtasks",
        name="Sub-tasks",
        schema=_system("subtasks", "array", items="issuelinks"),
        is_writable=False,
        is_multi_value=True,
    ),
    FieldKind(id="watches", name="Watchers", schema=_system("watches", "watches"), is_writable=False),
    FieldKind(id="votes", name="Votes", schema=_system("votes", "votes"), is_writable=False),
    FieldKind(
        id="attachment",
        name="Attachment",
        schema=_system("attachment", "array", items="attachment"),
        is_writable=False,
        is_multi_value=True,
    ),
    FieldKind(
        id="worklog",
        name="Log Work",
        schema=_system("worklog", "array", items="worklog"),
        is_writable=False,
        is_multi_value=True,
    ),
)

FIELDS: Final = {kind.id: kind for kind in (*_ALL, *_READ_ONLY)}
"""All fields of the site, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenField:
    """A field on a screen. One with a default is required, yet need not be sent."""

    kind: FieldKind
    is_required: bool = False
    has_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What may be set when an issue of one type is created in one project."""

    fields: dict[str, ScreenField] = field(default_factory=dict)


_COMMON: Final = ("description", "labels", "assignee", "duedate", START_DATE)


def create_screen(project: Project, kind: IssueType) -> Screen:
    """The create screen of an issue type in a project."""
    names = [*_COMMON, "priority"]
    if kind.level < 1:
        names.append("parent")
    if project.key != "REQ":
        names.append("issuelinks")
    if not project.is_team_managed:
        names += [EPIC_LINK] if kind.level == 0 else []
        names.append("customfield_10022")
    required = {"summary", "issuetype", "project"}
    if kind.level == 1 and not project.is_team_managed:
        required.add(EPIC_NAME)
    if project.key == "REQ":
        required.add(RELEASE_TRAIN)
    if kind.level < 0:
        required.add("parent")
    found = {
        name: ScreenField(kind=FIELDS[name], is_required=name in required)
        for name in dict.fromkeys(["summary", "issuetype", "project", *names, *sorted(required)])
    }
    found["reporter"] = ScreenField(kind=FIELDS["reporter"], is_required=True, has_default=True)
    return Screen(fields=found)


SCREENS: Final = {
    (project.id, type_id): create_screen(project, ISSUE_TYPES[type_id])
    for project in PROJECTS.values()
    for type_id in project.types
}
"""Create screens by project id and issue type id."""
