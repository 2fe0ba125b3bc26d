"""Looking at a project before anything is written, and signing in, against the sandbox."""

from __future__ import annotations

import json
import logging

import jira
import pytest
import requests
from jira.exceptions import JIRAError

from rollout_sync.errors import AccessDenied, ConfigError, NotFound, UnexpectedResponse
from rollout_sync.model.operations import Done, Severity
from rollout_sync.trackers.jira.client import JiraAccess, JiraClient, TokenKind, mounted_library, translated
from rollout_sync.trackers.jira.destination import destination_of
from rollout_sync.trackers.jira.tracker import JiraTracker
from support.jira_places import ROLLOUT, create

OTTO = "otto.operator@example.com"
CORA = "cora.coordinator@example.com"


def inspect(site, emails=(), **changes):
    return JiraTracker(site.access(**changes), site.transport).inspect(ROLLOUT, list(emails))


def codes(inspection, severity=Severity.ERROR):
    return [finding.code for finding in inspection.findings if finding.severity is severity]


@pytest.mark.parametrize("project", ["SEC", "TEAM"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_good_project_has_no_findings_in_any_language(site, project, language):
    site.world.switches.set("jira_language", language)
    seen = inspect(site, [OTTO.upper()], project=project)
    assert seen.findings == ()
    assert list(seen.people) == [OTTO]
    place = destination_of(json.loads(json.dumps(seen.facts)))
    assert (place.project_key, place.team_managed) == (project, project == "TEAM")
    assert place.folds_links
    assert place.issue.start
    assert bool(place.epic.epic_name) == (project == "SEC")


@pytest.mark.parametrize("project", ["SEC", "TEAM"])
def test_what_was_inspected_can_be_written_to(site, project):
    tracker = site.tracker(project=project)
    (told,) = tracker.send(ROLLOUT, [create(1, start="2027-01-04", due="2027-01-05", held=True)])
    assert isinstance(told, Done)
    assert inspect(site, project=project).existing == 1


def test_demanded_fields_are_told_and_can_be_configured(site):
    seen = inspect(site, project="REQ")
    assert "jira-field-required" in codes(seen)
    fields = {
        finding.where.removeprefix("jira.custom_fields."): finding.message.rpartition("allowed: ")[2].split(",")[0]
        for finding in seen.findings
        if finding.code == "jira-field-required"
    }
    configured = {"project": "REQ", "custom_fields": fields}
    assert codes(inspect(site, **configured)) == []
    (told,) = site.tracker(**configured).send(ROLLOUT, [create(1)])
    assert isinstance(told, Done)


def test_people_with_hidden_addresses_can_be_configured_and_strangers_are_not_taken(site):
    account = inspect(site, [OTTO]).people[OTTO]
    site.world.switches.set("jira_hide_emails", True)
    seen = inspect(site, [OTTO, "nobody@example.com", "otto"], accounts={OTTO.title(): account})
    assert seen.people == {OTTO: account}
    assert codes(seen, Severity.WARNING) == ["jira-person-not-found"] * 2


def test_a_missing_project_is_told(site):
    seen = inspect(site, project="NOPE")
    assert (codes(seen), seen.facts) == (["jira-project-missing"], {})


@pytest.mark.parametrize(
    ("permission", "severity"), [("CREATE_ISSUES", Severity.ERROR), ("LINK_ISSUES", Severity.WARNING)]
)
def test_missing_permissions_are_told(site, permission, severity):
    site.act("revoke", permission=permission, account=CORA, project="SEC")
    assert "jira-permission-missing" in codes(inspect(site), severity)


def test_types_and_statuses_that_are_not_there_are_told_with_what_is(site):
    (finding,) = inspect(site, issue_type="Chore").findings
    assert (finding.code, finding.where) == ("jira-type-missing", "jira.issue_type")
    assert "Task" in finding.message
    (finding,) = inspect(site, hold_status="Parked").findings
    assert finding.code == "jira-hold-status-missing"
    assert "On hold" in finding.message
    assert codes(inspect(site, hold_status="on HOLD"), Severity.NOTE) == ["jira-hold-by-label"]
    site.act("create", project="SEC", summary="x")
    assert codes(inspect(site, hold_status="on HOLD"), Severity.NOTE) == []


@pytest.mark.parametrize(
    ("kind", "token"), [(TokenKind.SCOPED_TOKEN, "sandbox-scoped-token"), (TokenKind.PAT, "sandbox-pat")]
)
def test_other_tokens_work_too(site, kind, token):
    changes = {"kind": kind, "token": token, "gateway_url": f"{site.server.url}/jira-gateway"}
    seen = inspect(site, **changes)
    assert seen.findings == ()
    assert bool(seen.facts["cloud_id"]) == (kind is TokenKind.SCOPED_TOKEN)
    tracker = site.tracker(**changes)
    assert isinstance(tracker.send(ROLLOUT, [create(1)])[0], Done)


def test_a_scope_that_is_missing_is_told(site):
    site.world.switches.set("jira_scopes", "read:jira-work")
    with pytest.raises(AccessDenied, match="scope"):
        inspect(
            site,
            kind=TokenKind.SCOPED_TOKEN,
            token="sandbox-scoped-token",
            gateway_url=f"{site.server.url}/jira-gateway",
        )


def test_a_wrong_token_is_told_and_not_shown(site, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(AccessDenied) as caught:
        inspect(site, token="canary-token-4711")
    told = f"{caught.value} {caught.value.hint} {caught.value.where} {caplog.text}"
    assert "canary" not in told
    assert caught.value.status == 401
    assert caught.value.hint


def test_data_center_is_refused_clearly(site, monkeypatch):
    monkeypatch.setattr(jira.JIRA, "server_info", lambda self: {"deploymentType": "Server", "baseUrl": "x"})
    with pytest.raises(ConfigError, match="not Jira Cloud"):
        inspect(site)


def test_settings_do_not_show_the_token():
    access = JiraAccess(base_url="https://acme.atlassian.net", email="a@example.com", token="canary", project="SEC")
    assert "canary" not in repr(access)


@pytest.mark.parametrize("changes", [{"token": ""}, {"email": ""}, {"project": "sec"}])
def test_settings_that_cannot_work_are_refused(changes):
    usual = {"base_url": "https://acme.atlassian.net", "email": "a@example.com", "token": "t", "project": "SEC"}
    with pytest.raises(ConfigError):
        JiraAccess(**{**usual, **changes})


def test_the_private_session_of_the_package_is_where_we_expect_it(site):
    """The one private name: when an upgrade moves it, this fails, and no request goes around the transport."""
    library = mounted_library(site.access(), site.access().base_url, site.transport)
    session = library._session
    assert isinstance(session, requests.Session)
    ours = site.transport.session().get_adapter("https://x")
    assert session.get_adapter("https://acme.atlassian.net/rest") is ours
    assert session.get_adapter("http://127.0.0.1/rest") is ours
    assert session.max_retries == 0
    assert session.timeout is not None
    library.close()
    assert JiraClient(site.access(), site.transport).myself()["accountId"]


def test_errors_of_the_package_lose_their_headers():
    response = requests.Response()
    response.status_code = 404
    response.headers["Set-Cookie"] = "canary"
    response._content = b'{"errorMessages": ["gone"]}'
    with pytest.raises(NotFound, match="It failed: gone") as caught, translated("GET /x", "It failed"):
        raise JIRAError("canary", status_code=404, response=response)
    assert "canary" not in repr(caught.value)
    with pytest.raises(AccessDenied), translated("GET /x", "It failed"):
        raise JIRAError("canary", status_code=401)


def test_a_search_that_repeats_its_token_ends(site, monkeypatch):
    client = JiraClient(site.access(), site.transport)
    pages = iter([{"issues": [{"id": "1"}], "nextPageToken": "t"}, {"issues": [{"id": "1"}, {"id": "2"}],
                  "nextPageToken": "t"}])  # fmt: skip
    monkeypatch.setattr(client, "read_by_post", lambda *a, **k: (next(pages), None))
    assert [issue["id"] for issue, _ in client.search({"jql": "x"}, what="x")] == ["1", "2"]


@pytest.mark.parametrize("page", [{}, {"issues": 1}, {"issues": [{"key": "SEC-1"}]}])
def test_a_search_of_another_shape_is_told(site, monkeypatch, page):
    client = JiraClient(site.access(), site.transport)
    monkeypatch.setattr(client, "read_by_post", lambda *a, **k: (page, None))
    with pytest.raises(UnexpectedResponse):
        list(client.search({"jql": "x"}, what="x"))


def test_a_long_search_comes_in_pages(site):
    tracker = site.tracker()
    for first in (0, 50, 100):
        tracker.send(ROLLOUT, [create(n) for n in range(first, first + 50)])
    assert len(tracker.discover(ROLLOUT)) == 150


def test_using_before_inspecting_is_a_programming_error(site):
    with pytest.raises(RuntimeError, match="use"):
        JiraTracker(site.access(), site.transport).high_water()
