"""The accounts that exist in this sandbox: the seeded ones and those added while it runs."""

from __future__ import annotations

from dataclasses import asdict

from rollout_sync.sandbox.seed import PEOPLE, Person, person
from rollout_sync.sandbox.store import Store

_COLLECTION = "people"


class People:
    """Accounts by e-mail address and by the id of either service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.plant()

    def plant(self) -> None:
        """Make the seeded accounts where the state has none yet."""
        if not self._store.count(_COLLECTION):
            for name, email, title in PEOPLE:
                self.add(person(name, email, title))

    def add(self, who: Person) -> Person:
        """Add an account, or replace the one with the same address."""
        self._store.put(_COLLECTION, who.email, asdict(who))
        return who

    def all(self) -> tuple[Person, ...]:
        """Everybody, in the order of joining."""
        return tuple(Person(**kept) for kept in self._store.scan(_COLLECTION))

    def by_email(self, email: str) -> Person | None:
        """The account with this address, in any case."""
        kept = self._store.get(_COLLECTION, email.lower())
        return Person(**kept) if kept else None

    def by_graph_id(self, graph_id: str) -> Person | None:
        """The account with this Entra object id."""
        return self._one("graph_id", graph_id.lower())

    def by_account_id(self, account_id: str) -> Person | None:
        """The account with this Jira accountId."""
        return self._one("account_id", account_id)

    def _one(self, field: str, value: str) -> Person | None:
        found = self._store.where(_COLLECTION, field, value)
        return Person(**found[0]) if found else None
