"""Who may do what: everybody may do what a project member can, until a person takes a permission away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollout_sync.sandbox.jira.documents import GRANTED, REVOKED
from rollout_sync.sandbox.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One permission; `is_default` false for those that members do not have at first."""

    id: str
    key: str
    name: str
    description: str
    is_global: bool = False
    is_default: bool = True


PERMISSIONS: Final = {
    p.key: p
    for p in (
        Permission(id="10", key="BROWSE_PROJECTS", name="Browse Projects", description="See projects and issues."),
        Permission(id="11", key="CREATE_ISSUES", name="Create Issues", description="Create issues."),
        Permission(id="12", key="EDIT_ISSUES", name="Edit Issues", description="Edit issues."),
        Permission(id="13", key="ASSIGN_ISSUES", name="Assign Issues", description="Assign issues to people."),
        Permission(id="14", key="RESOLVE_ISSUES", name="Resolve Issues", description="Resolve and reopen issues."),
        Permission(id="15", key="ADD_COMMENTS", name="Add Comments", description="Comment on issues."),
        Permission(id="16", key="DELETE_ISSUES", name="Delete Issues", description="Delete issues."),
        Permission(id="17", key="ASSIGNABLE_USER", name="Assignable User", description="Be assigned to issues."),
        Permission(id="18", key="CLOSE_ISSUES", name="Close Issues", description="Close issues."),
        Permission(id="21", key="LINK_ISSUES", name="Link Issues", description="Link issues."),
        Permission(id="25", key="MOVE_ISSUES", name="Move Issues", description="Move issues between projects."),
        Permission(id="28", key="SCHEDULE_ISSUES", name="Schedule Issues", description="Set due dates."),
        Permission(id="30", key="MODIFY_REPORTER", name="Modify Reporter", description="Set the reporter."),
        Permission(id="32", key="MANAGE_WATCHERS", name="Manage Watchers", description="Add and remove watchers."),
        Permission(id="46", key="TRANSITION_ISSUES", name="Transition Issues", description="Move issues on."),
        Permission(
            id="23",
            key="ADMINISTER_PROJECTS",
            name="Administer Projects",
            description="Configure projects.",
            is_default=False,
        ),
        Permission(
            id="0",
            key="ADMINISTER",
            name="Administer Jira",
            description="Configure the site.",
            is_global=True,
            is_default=False,
        ),
    )
}


class Rights:
    """Answers who may do what; keeps what was taken away or given in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def may(self, account: str, permission: str, project: str = "") -> bool:
        """Whether an account has a permission, in a project by its id; an anonymous visitor has none."""
        if not account or self._kept(REVOKED, account, permission, project):
            return False
        return PERMISSIONS[permission].is_default or self._kept(GRANTED, account, permission, project)

    def revoke(self, permission: str, *, account: str, project: str) -> None:
        """Take a permission away; "*" for everybody, or in every project."""
        self._change(REVOKED, GRANTED, permission, account, project)

    def grant(self, permission: str, *, account: str, project: str) -> None:
        """Give a permission back, or give one that members do not have."""
        self._change(GRANTED, REVOKED, permission, account, project)

    def _kept(self, collection: str, account: str, permission: str, project: str) -> bool:
        if not self._store.count(collection):
            return False
        places = {f"{permission} {a} {p}" for a in (account, "*") for p in (project, "*")}
        return any(self._store.get(collection, place) is not None for place in places)

    def _change(self, into: str, out_of: str, permission: str, account: str, project: str) -> None:
        for kept in self._store.scan(out_of):
            covers = account in {"*", kept["account"]} and project in {"*", kept["project"]}
            if kept["permission"] == permission and covers:
                self._store.delete(out_of, f"{permission} {kept['account']} {kept['project']}")
        self._store.put(
            into,
            f"{permission} {account} {project}",
            {"permission": permission, "account": account, "project": project},
        )
