"""The sandbox's answers on a walk through everything it serves, judged by the vendors' documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conformance import graph_tour, jira_tour, relaxations
from conformance.jira_parts_tour import V3, adf
from conformance.recording import Exchange
from conformance.validator import Validator, Verdict, of_services, readable
from conformance.walking import Stage, jira_headers
from rollout_sync.sandbox.graph import routes
from rollout_sync.sandbox.jira import links, routes_issues, routes_parts, routes_projects, routes_search, routes_site

JIRA = (routes_issues, routes_parts, routes_projects, routes_search, routes_site)
WALKS = ("jira_walk", "graph_walk")
GONE = {("GET", "/search"), ("POST", "/search")}
"""Operations whose only answer is that they were removed."""
SEEN_HERE = sorted({*relaxations.JIRA_MORE, *relaxations.JIRA_NULLS} - {"displayUrlCSMHelpSeeker"})
"""Members that the sandbox shows too."""


def judged(validator: Validator, exchanges: tuple[Exchange, ...]) -> Iterator[Verdict]:
    return (verdict for exchange in exchanges for verdict in validator.judge(exchange))


@pytest.mark.parametrize("walk", WALKS)
def test_every_answer_is_as_the_document_says(walk, validator, request):
    verdicts = list(judged(validator, request.getfixturevalue(walk)))

    wrong = [one for verdict in verdicts for one in verdict.violations if one.side == "answer"]
    assert not wrong, readable(wrong)
    assert len(verdicts) > 150


@pytest.mark.parametrize("walk", WALKS)
def test_what_the_sandbox_accepts_the_document_allows(walk, validator, request):
    """A sandbox that takes requests which the service refuses would teach the agent wrong habits."""
    verdicts = judged(validator, request.getfixturevalue(walk))

    accepted = [v for v in verdicts if v.exchange.status is not None and v.exchange.status < 400]
    wrong = [one for verdict in accepted for one in verdict.violations if one.side == "request"]
    assert not wrong, readable(wrong)


@pytest.mark.parametrize("walk", WALKS)
def test_refusals_of_every_kind_are_on_the_way(walk, request):
    seen = {exchange.status for exchange in request.getfixturevalue(walk)}

    wanted = {400, 401, 403, 404, 429, 412} | ({410, 415} if walk == "jira_walk" else {409, 500, 503})
    assert wanted <= seen


def test_every_operation_of_jira_was_walked(jira_walk):
    fine = {(e.method, e.path) for e in jira_walk if e.status is not None and e.status < 400}

    served = [one for module in JIRA for one in module.ROUTES if (one.method, one.path) not in GONE]
    missed = [f"{one.method} {one.path}" for one in served if not _fits(one.method, one.path, fine, "/jira/rest/api/3")]
    assert missed == []
    assert len(served) > 70


def test_every_operation_of_graph_was_walked(graph_walk):
    fine = {(e.method, e.path) for e in graph_walk if e.status is not None and e.status < 400}

    missed = [f"{m} {p}" for m, p, _ in routes._TABLE if not _fits(m, p, fine, "/graph/v1.0")]
    assert missed == []


@pytest.mark.parametrize(
    "departure", [*relaxations.JIRA_STATUSES, *relaxations.JIRA_MEMBERS], ids=lambda one: one.reason[:40]
)
def test_no_departure_is_named_in_vain(departure, validator, jira_walk, monkeypatch):
    for table in ("JIRA_STATUSES", "JIRA_MEMBERS"):
        kept = tuple(one for one in getattr(relaxations, table) if one is not departure)
        monkeypatch.setattr(relaxations, table, kept)

    assert any(verdict.violations for verdict in judged(validator, jira_walk) if _is_answer_wrong(verdict))


@pytest.mark.parametrize("missing", relaxations.GRAPH_MISSING, ids=lambda one: one.template)
def test_no_operation_is_lent_in_vain(missing, graph_walk, validator):
    lent = [v.operation for v in judged(validator, graph_walk) if v.operation is not None]
    assert (missing.method, missing.template) in {(one.method, one.template) for one in lent}


@pytest.mark.parametrize("alias", relaxations.ALIASES, ids=lambda one: one.pattern)
def test_no_other_name_is_kept_in_vain(alias, validator, graph_walk, monkeypatch):
    monkeypatch.setattr(relaxations, "ALIASES", tuple(one for one in relaxations.ALIASES if one is not alias))

    assert any(verdict.operation is None for verdict in judged(validator, graph_walk))


def test_the_envelope_of_a_bulk_create_is_no_vain_departure_either(validator, jira_walk, monkeypatch):
    monkeypatch.setattr(relaxations, "BULK_REFUSED_WHOLE", ())

    assert any(_is_answer_wrong(verdict) for verdict in judged(validator, jira_walk))


@pytest.mark.parametrize("name", SEEN_HERE)
def test_no_member_is_let_through_in_vain(name, validator, jira_walk, monkeypatch):
    for table in ("JIRA_MORE", "JIRA_NULLS"):
        monkeypatch.setattr(
            relaxations, table, {key: v for key, v in getattr(relaxations, table).items() if key != name}
        )

    assert any(_is_answer_wrong(verdict) for verdict in judged(validator, jira_walk))


@pytest.mark.parametrize(
    "switches",
    [
        {"jira_language": "de"},
        {"jira_gateway_self": True},
        {"jira_hide_emails": True},
        {"jira_loop_transitions": True, "jira_hold_category": "indeterminate"},
        {"jira_clone_copies_properties": True, "jira_team_resolution": True},
    ],
    ids=str,
)
def test_answers_of_jira_fit_however_it_is_switched(switches, validator, stage):
    stage.switch(**switches)
    jira_tour.walk(stage)

    assert_answers_fit(validator, stage)


@pytest.mark.parametrize(
    "switches",
    [
        {"app_only_user": "service-principal"},
        {"fresh_description_is_null": True, "description_edit_bumps_task": True},
        {"mail_page_size": 1},
        {"create_with_details": "works", "expand_details": False},
    ],
    ids=str,
)
def test_answers_of_graph_fit_however_it_is_switched(switches, validator, stage):
    stage.switch(**switches)
    graph_tour.walk(stage)

    assert_answers_fit(validator, stage)


def test_a_full_issue_is_413_in_the_documented_way(validator, stage, monkeypatch):
    monkeypatch.setattr(routes_parts, "MAX_COMMENTS", 1)
    monkeypatch.setattr(links, "MAX_LINKS", 1)
    stage.session.headers.update(jira_headers())
    _, task, other = jira_tour.issues(stage)
    comment = {"body": adf("Hello.")}
    for status in (201, 413):
        stage.ask("POST", f"{V3}/issue/{task}/comment", status, comment)
    for kind, status in (("Blocks", 201), ("Relates", 413)):
        ends = {"inwardIssue": {"key": task}, "outwardIssue": {"key": other}}
        stage.ask("POST", f"{V3}/issueLink", status, {"type": {"name": kind}, **ends})

    assert_answers_fit(validator, stage)


def assert_answers_fit(validator: Validator, stage: Stage) -> None:
    verdicts = judged(validator, of_services(stage.recorder.take()))
    wrong = [one for verdict in verdicts for one in verdict.violations if one.side == "answer"]
    assert not wrong, readable(wrong)


def _is_answer_wrong(verdict: Verdict) -> bool:
    return any(one.side == "answer" for one in verdict.violations)


def _fits(method, template, fine, base):
    pattern = re.compile(re.escape(base) + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))
    return any(m == method and pattern.fullmatch(path) for m, path in fine)
