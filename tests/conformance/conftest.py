"""The documents, the validator, and the tours, each made once a session."""

from __future__ import annotations

import os

import pytest

from conformance import graph_tour, jira_tour
from conformance.documents import GRAPH_FILE, JIRA_FILE, Document, folder, load
from conformance.recording import Exchange
from conformance.validator import Validator, of_services
from conformance.walking import Stage, new_stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the documents."""
    here = os.path.dirname(__file__)  # noqa: PTH120 - compared as text
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker("specs")


@pytest.fixture(scope="session")
def documents() -> tuple[Document, Document]:
    """Jira's and Graph's. Where they are named but not there, that is a failure and no reason to skip."""
    found = folder()
    if found is None and "ROLLOUT_SYNC_SPECS" not in os.environ:
        pytest.skip("the vendors' OpenAPI documents are not at hand; ROLLOUT_SYNC_SPECS names their folder")
    assert found is not None, "ROLLOUT_SYNC_SPECS names a folder without the vendors' documents"
    return load(found / JIRA_FILE, "jira"), load(found / GRAPH_FILE, "graph")


@pytest.fixture(scope="session")
def validator(documents: tuple[Document, Document]) -> Validator:
    return Validator(*documents)


@pytest.fixture
def stage() -> Stage:
    return new_stage()


@pytest.fixture(scope="session")
def jira_walk() -> tuple[Exchange, ...]:
    """What is said on a walk through everything that the sandbox serves of Jira."""
    made = new_stage()
    jira_tour.walk(made)
    return of_services(made.recorder.take())


@pytest.fixture(scope="session")
def graph_walk() -> tuple[Exchange, ...]:
    """What is said on a walk through everything that the sandbox serves of Graph."""
    made = new_stage()
    graph_tour.walk(made)
    return of_services(made.recorder.take())
