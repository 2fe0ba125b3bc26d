"""Who made a Planner object: we, somebody else, or nobody can tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Author(StrEnum):
    """The verdict on an object's `createdBy`."""

    OURS = "ours"
    UNKNOWN = "unknown"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """What we go by in `createdBy`.

    Attributes:
        applications: application ids; always our client id, and the one seen on a plan that we made.
        users: ids of the person in whose name we work; empty when we work as the program itself.
    """

    applications: frozenset[str]
    users: frozenset[str] = frozenset()


def author_of(created_by: object, me: Self) -> Author:
    """The application decides where one is named: what a person makes in Planner's own pages is not ours.

    Only without an application does the person decide. Graph documents both members as present for API-made objects.
    """
    application, user = _id(created_by, "application"), _id(created_by, "user")
    if application:
        return Author.OURS if application in me.applications else Author.OTHER
    if user:
        return Author.OURS if user in me.users else Author.OTHER
    return Author.UNKNOWN


def application_of(created_by: object) -> str:
    """The application's id in a `createdBy`; empty where none is named."""
    return _id(created_by, "application")


def user_of(created_by: object) -> str | None:
    """The person's id in an identity set such as `createdBy`, `completedBy`, `lastModifiedBy`."""
    return _id(created_by, "user") or None


def _id(identities: object, role: str) -> str:
    one = identities.get(role) if isinstance(identities, Mapping) else None
    found = one.get("id") if isinstance(one, Mapping) else None
    return found.lower() if isinstance(found, str) else ""
