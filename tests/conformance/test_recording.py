"""The way in and the notebook: cut connections fail like a network's, and nothing that was said is lost."""

from __future__ import annotations

import pytest
import requests
from urllib3.exceptions import IncompleteRead, ProtocolError

from conformance.recording import unfolded
from conformance.specimens import SOUND
from conformance.walking import HOST, Stage, jira_headers

MYSELF = f"{HOST}/jira/rest/api/3/myself"


@pytest.mark.parametrize(("kind", "words"), [("drop_before", "closed connection"), ("rst", "reset by peer")])
def test_a_cut_connection_is_a_connection_error(kind, words, stage: Stage):
    stage.fault({"kind": kind})

    with pytest.raises(requests.exceptions.ConnectionError, match=words) as caught:
        stage.session.get(MYSELF, headers=jira_headers())
    assert isinstance(caught.value.args[0], ProtocolError)
    (kept,) = stage.recorder.take()
    assert (kept.method, kept.path, kept.status, kept.answer) == ("GET", "/jira/rest/api/3/myself", None, b"")


def test_a_truncated_body_is_an_incomplete_read(stage: Stage):
    stage.fault({"kind": "truncate"})

    with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
        stage.session.get(MYSELF, headers=jira_headers())
    assert isinstance(caught.value.args[0].args[1], IncompleteRead)


def test_an_answer_comes_whole_and_its_exchange_is_kept_once(stage: Stage):
    answer = stage.session.get(MYSELF, params={"expand": "groups"}, headers=jira_headers())

    (kept,) = stage.recorder.take()
    assert answer.json()["accountId"] == answer.headers["X-AAccountId"]
    assert (kept.status, kept.query, kept.answer) == (200, "expand=groups", answer.content)
    assert stage.recorder.take() == ()


def test_a_batch_is_unfolded_into_what_was_asked_in_it():
    whole, inner = unfolded(SOUND["batch"])

    assert whole is SOUND["batch"]
    assert (inner.method, inner.path, inner.status, inner.inner) == ("PATCH", "/graph/v1.0/planner/tasks/T", 200, True)
    assert inner.headers["if-match"] == 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBARCc="'
    assert inner.body == b'{"priority": 1}'
