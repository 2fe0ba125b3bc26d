"""The documents, the validator, and the tours, each made once a session.

What judges is in the dependency group `judges`. Without it nothing here is collected, and the report's header says so;
where the documents are named, as in CI, its absence is an error.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.documents import Document
    from conformance.recording import Exchange
    from conformance.validator import Validator
    from conformance.walking import Stage

NAMED = "ROLLOUT_SYNC_SPECS"
_CAN_JUDGE = find_spec("openapi_schema_validator") is not None or NAMED in os.environ
collect_ignore_glob = [] if _CAN_JUDGE else ["test_*.py"]


def pytest_report_header() -> str | None:
    """Say why the conformance tests are not there."""
    return None if _CAN_JUDGE else "conformance: not collected, the dependency group `judges` is not installed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the documents."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("specs")


@pytest.fixture(scope="session")
def documents() -> tuple[Document, Document]:
    """Jira's and Graph's. Where they are named but not there, that is a failure and no reason to skip."""
    from conformance.documents import GRAPH_FILE, JIRA_FILE, folder, load  # noqa: PLC0415 - see the top

    found = folder()
    if found is None and NAMED not in os.environ:
        pytest.skip(f"the vendors' OpenAPI documents are not at hand; {NAMED} names their folder")
    assert found is not None, f"{NAMED} names a folder without the vendors' documents"
    return load(found / JIRA_FILE, "jira"), load(found / GRAPH_FILE, "graph")


@pytest.fixture(scope="session")
def validator(documents: tuple[Document, Document]) -> Validator:
    from conformance.validator import Validator  # noqa: PLC0415 - see the top

    return Validator(*documents)


@pytest.fixture
def stage() -> Stage:
    from conformance.walking import new_stage  # noqa: PLC0415 - see the top

    return new_stage()


@pytest.fixture(scope="session")
def jira_walk() -> tuple[Exchange, ...]:
    """What is said on a walk through everything that the sandbox serves of Jira."""
    from conformance import jira_tour  # noqa: PLC0415 - see the top

    return _said(jira_tour.walk)


@pytest.fixture(scope="session")
def graph_walk() -> tuple[Exchange, ...]:
    """What is said on a walk through everything that the sandbox serves of Graph."""
    from conformance import graph_tour  # noqa: PLC0415 - see the top

    return _said(graph_tour.walk)


def _said(walk) -> tuple[Exchange, ...]:
    from conformance.validator import of_services  # noqa: PLC0415 - see the top
    from conformance.walking import new_stage  # noqa: PLC0415 - see the top

    made = new_stage()
    walk(made)
    return of_services(made.recorder.take())
