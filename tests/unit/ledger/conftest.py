"""A ledger with one accepted rollout."""

import pytest

from rollout_sync.ledger import entries, rollouts
from rollout_sync.ledger.opening import Database
from rollout_sync.model.objects import Intent, Ref
from support.ledgers import EPIC, ISSUE, ROLLOUT, row


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "ledger.db")
    with opened.transaction() as connection:
        rollouts.save(connection, row())
        entries.accept(
            connection,
            ROLLOUT,
            [
                Intent(object=EPIC, fields={"title": "Prepare"}),
                Intent(object=ISSUE, fields={"title": "Inventory", "parent": Ref(EPIC)}, needs=(EPIC,)),
            ],
        )
    yield opened
    opened.close()
