"""The Jira site: issues and what hangs on them; every change has its history and its index entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rollout_sync.sandbox.jira.adf import text_of
from rollout_sync.sandbox.jira.answers import epoch_ms
from rollout_sync.sandbox.jira.documents import (
    ALIASES,
    COMMENTS,
    HISTORY,
    ISSUES,
    LINKS,
    REMOTE_LINKS,
    Change,
    Comment,
    Issue,
    Json,
    Link,
    RemoteLink,
)
from rollout_sync.sandbox.jira.fields import START_DATE
from rollout_sync.sandbox.jira.index import SearchIndex
from rollout_sync.sandbox.jira.jql.entry import Entry
from rollout_sync.sandbox.jira.permissions import Rights
from rollout_sync.sandbox.jira.scheme import ON_HOLD, PROJECTS, STATUSES, Project, Status, translated
from rollout_sync.sandbox.jira.switches import SWITCHES
from rollout_sync.sandbox.world import World

FIRST_ID = 10_000


class Site:
    """One Jira site inside a world. Callers hold the world's lock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.rights = Rights(world.store)
        self.index = SearchIndex(world)
        world.switches.declare(*SWITCHES)
        self.reindex()

    @property
    def now(self) -> int:
        """Epoch milliseconds on the sandbox's clock."""
        return epoch_ms(self.world.clock.now())

    @property
    def language(self) -> str:
        """Language of the accounts."""
        return str(self.world.switches["jira_language"])

    def reindex(self) -> None:
        """Build the search index from the stored issues, after a start or a reset."""
        self.index.clear()
        for issue in self.issues():
            self._index(issue)

    def issues(self) -> list[Issue]:
        """All issues, oldest first."""
        return [cast("Issue", kept) for kept in self.store.scan(ISSUES)]

    def issue(self, name: str) -> Issue | None:
        """An issue by id, by key in any case, or by a key it had before it was moved."""
        if name.isdigit():
            kept = self.store.get(ISSUES, name)
        else:
            found = self.store.where(ISSUES, "key", name.upper())
            alias = None if found else self.store.get(ALIASES, name.upper())
            kept = found[0] if found else (self.store.get(ISSUES, alias["issue"]) if alias else None)
        return cast("Issue", kept) if kept else None

    def by_id(self, number: str) -> Issue:
        """An issue that is known to exist."""
        kept = self.store.get(ISSUES, number)
        if kept is None:
            raise LookupError(f"no issue {number}")
        return cast("Issue", kept)

    def children(self, issue: Issue) -> list[Issue]:
        """Issues whose parent this is."""
        return [cast("Issue", kept) for kept in self.store.where(ISSUES, "parent", issue["id"])]

    def project(self, issue: Issue) -> Project:
        """The project that an issue is in."""
        return PROJECTS[issue["project"]]

    def status(self, status_id: str) -> Status:
        """A status, with the category that the switches give it."""
        status = STATUSES[status_id]
        if status_id == ON_HOLD and self.world.switches["jira_hold_category"] == "indeterminate":
            return Status(id=status.id, name=status.name, category="indeterminate")
        return status

    def status_name(self, status_id: str) -> str:
        """A status's name in the language of the accounts."""
        return translated(STATUSES[status_id].name, self.language)

    def new_identity(self, project: Project) -> tuple[str, str, int]:
        """Id, key and number of the next issue of a project; never used twice."""
        number = self.store.next_number(f"jira.key.{project.key}")
        issue_id = self.store.next_number("jira.issue", FIRST_ID)
        return str(issue_id), f"{project.key}-{number}", number

    def save(self, issue: Issue) -> None:
        """Store an issue as it is now, and let search know in its own time."""
        self.store.put(ISSUES, issue["id"], cast("Json", issue))
        self._index(issue)

    def record(self, issue: Issue, author: str, items: Sequence[Json]) -> None:
        """Note a change by a person in the issue's history; a change without items leaves no trace."""
        if items:
            number = str(self.store.next_number("jira.history", FIRST_ID))
            change = Change(id=number, issue=issue["id"], author=author, created=self.now, items=list(items))
            self.store.put(HISTORY, number, cast("Json", change))
            self.touch(issue)

    def touch(self, issue: Issue) -> None:
        """The issue counts as updated now."""
        issue["updated"] = self.now
        self.save(issue)

    def remove(self, issue: Issue) -> None:
        """Delete an issue with all that hangs on it; children lose their parent."""
        for child in self.children(issue):
            child["parent"] = None
            self.touch(child)
        for collection in (HISTORY, COMMENTS, REMOTE_LINKS):
            for kept in self.store.where(collection, "issue", issue["id"]):
                self.store.delete(collection, str(kept["id"]))
        for link in self.links(issue):
            self.store.delete(LINKS, link["id"])
        for alias in self.store.where(ALIASES, "issue", issue["id"]):
            self.store.delete(ALIASES, alias["key"])
        self.store.delete(ISSUES, issue["id"])
        self.index.note(self.now, int(issue["id"]), None)

    def history(self, issue: Issue) -> list[Change]:
        """Changes, oldest first."""
        return [cast("Change", kept) for kept in self.store.where(HISTORY, "issue", issue["id"])]

    def comments(self, issue: Issue) -> list[Comment]:
        """Comments, oldest first."""
        return [cast("Comment", kept) for kept in self.store.where(COMMENTS, "issue", issue["id"])]

    def links(self, issue: Issue) -> list[Link]:
        """Links that the issue is an end of, oldest first."""
        ends = [kept for end in ("source", "target") for kept in self.store.where(LINKS, end, issue["id"])]
        return [cast("Link", kept) for kept in sorted(ends, key=lambda link: int(link["id"]))]

    def remote_links(self, issue: Issue) -> list[RemoteLink]:
        """Links to things outside, oldest first."""
        return [cast("RemoteLink", kept) for kept in self.store.where(REMOTE_LINKS, "issue", issue["id"])]

    def may(self, account: str, permission: str, project: str = "") -> bool:
        """Whether an account has a permission."""
        return self.rights.may(account, permission, project)

    def is_visible(self, issue: Issue, account: str) -> bool:
        """Whether an account may see an issue."""
        return self.may(account, "BROWSE_PROJECTS", issue["project"])

    def fresh_entry(self, issue: Issue) -> Entry:
        """What search would know if it were up to date."""
        parent, due, start = issue["parent"], issue["duedate"], issue["custom"].get(START_DATE)
        return Entry(
            id=int(issue["id"]),
            key=issue["key"],
            project=issue["project"],
            number=issue["number"],
            type=issue["type"],
            status=issue["status"],
            category=self.status(issue["status"]).category,
            priority=issue["priority"],
            resolution=issue["resolution"],
            parent=int(parent) if parent else None,
            assignee=issue["assignee"],
            reporter=issue["reporter"],
            labels=frozenset(label.lower() for label in issue["labels"]),
            label_names=tuple(issue["labels"]),
            summary=issue["summary"],
            text=text_of(issue["description"]),
            due=due,
            start=start,
            created=issue["created"],
            updated=issue["updated"],
        )

    def _index(self, issue: Issue) -> None:
        entry = None if issue["archived"] else self.fresh_entry(issue)
        self.index.note(issue["updated"], int(issue["id"]), entry)
