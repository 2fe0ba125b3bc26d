"""What the program says to the services in its runs, and what it is answered, judged by the vendors' documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import agent_runs as runs
from conformance.recording import Exchange
from conformance.validator import Validator, Verdict, of_services, readable
from conformance.walking import Stage, new_stage
from rollout_sync.model.operations import Done
from rollout_sync.sandbox.graph import act as act_in_planner
from rollout_sync.sandbox.jira import act as act_in_jira
from rollout_sync.sandbox.world import World
from rollout_sync.template import shipped
from support.marks import slowly

USED = {
    "GET /groups",
    "GET /groups/{group-id}",
    "GET /groups/{group-id}/members",
    "GET /groups/{group-id}/planner/plans",
    "GET /me",
    "GET /planner/plans/{plannerPlan-id}",
    "GET /planner/plans/{plannerPlan-id}/buckets",
    "GET /planner/plans/{plannerPlan-id}/details",
    "GET /planner/plans/{plannerPlan-id}/tasks",
    "GET /planner/buckets/{plannerBucket-id}",
    "GET /planner/tasks/{plannerTask-id}",
    "GET /planner/tasks/{plannerTask-id}/details",
    "GET /users",
    "PATCH /planner/buckets/{plannerBucket-id}",
    "PATCH /planner/plans/{plannerPlan-id}",
    "PATCH /planner/plans/{plannerPlan-id}/details",
    "PATCH /planner/tasks/{plannerTask-id}",
    "PATCH /planner/tasks/{plannerTask-id}/details",
    "POST /$batch",
    "POST /planner/buckets",
    "POST /planner/plans",
    "POST /planner/tasks",
    "DELETE /users/{user-id}/events/{event-id}",
    "GET /users/{user-id}/events/{event-id}",
    "GET /users/{user-id}/mailFolders/{mailFolder-id}/messages",
    "PATCH /users/{user-id}/events/{event-id}",
    "PATCH /users/{user-id}/messages/{message-id}",
    "POST /users/{user-id}/events",
    "POST /users/{user-id}/messages",
    "POST /users/{user-id}/messages/{message-id}/send",
    "POST /users/{user-id}/sendMail",
    "GET /rest/api/3/field",
    "GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes",
    "GET /rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
    "GET /rest/api/3/issue/{issueIdOrKey}",
    "GET /rest/api/3/issue/{issueIdOrKey}/comment",
    "GET /rest/api/3/issue/{issueIdOrKey}/remotelink",
    "GET /rest/api/3/issue/{issueIdOrKey}/transitions",
    "GET /rest/api/3/issueLinkType",
    "GET /rest/api/3/mypermissions",
    "GET /rest/api/3/status",
    "POST /rest/api/3/changelog/bulkfetch",
    "GET /rest/api/3/myself",
    "GET /rest/api/3/project/{projectIdOrKey}",
    "GET /rest/api/3/project/{projectIdOrKey}/statuses",
    "GET /rest/api/3/serverInfo",
    "GET /rest/api/3/user/assignable/search",
    "POST /rest/api/3/issue/bulk",
    "POST /rest/api/3/issue/bulkfetch",
    "POST /rest/api/3/issue/{issueIdOrKey}/comment",
    "PUT /rest/api/3/issue/{issueIdOrKey}/comment/{id}",
    "POST /rest/api/3/issue/{issueIdOrKey}/remotelink",
    "POST /rest/api/3/issue/{issueIdOrKey}/transitions",
    "POST /rest/api/3/issueLink",
    "POST /rest/api/3/search/jql",
    "PUT /rest/api/3/issue/{issueIdOrKey}",
}
"""Every operation that the program uses; one more needs a run below, or is a mistake."""

DAY = 86_400.0
BULK = "/jira/rest/api/3/issue/bulk"
BATCH = "/graph/v1.0/$batch"


def life(stage: Stage, folder: Path) -> None:
    """Start, start again, verify, a changed template, a person's edits, adoption by another ledger."""
    agent = runs.new_agent(stage, folder)
    first = agent.start("hello", "Hello")
    assert first.is_finished
    assert not first.failed
    assert not agent.start("hello", "Hello").made
    assert agent.verify("hello").is_sound
    text = shipped.load("hello").text
    changed = folder / "hello.yaml"
    changed.write_text(text.replace("with all rooms", "with every room").replace("Green light of", "Go-ahead of"))
    assert agent.start(str(changed), "Hello", force=True).changed.written
    other = runs.new_agent(stage, folder, ledger="other")
    assert not other.adopt("hello").agrees
    other.clock.sleep(2000)
    assert other.adopt("hello").agrees


def big(stage: Stage, folder: Path) -> None:
    """A rollout with waves, gates and many people."""
    assert not runs.new_agent(stage, folder).start("mfa", "MFA", company="Example").failed


def team_managed(stage: Stage, folder: Path) -> None:
    """In a team-managed project."""
    assert not runs.new_agent(stage, folder, project="TEAM").start("m365", "M365", company="Example").failed


def demanding(stage: Stage, folder: Path) -> None:
    """In a project that asks for a field of its own and lets no links be made with the issue."""
    train = {"customfield_10300": {"value": "2027.1"}}
    agent = runs.new_agent(stage, folder, project="REQ", custom_fields=train)
    assert not agent.start("mfa", "MFA", company="Example").failed


def gateway(stage: Stage, folder: Path) -> None:
    """With a scoped token, at the other base URL."""
    agent = runs.through_the_gateway(runs.new_agent(stage, folder))
    assert not agent.start("hello", "Hello").failed


def person(stage: Stage, folder: Path) -> None:
    """Signed in to Planner as a person."""
    assert not runs.as_a_person(runs.new_agent(stage, folder)).start("hello", "Hello").failed


def held(stage: Stage, folder: Path) -> None:
    """With a status for held work, and one object of each kind written over."""
    agent = runs.new_agent(stage, folder, hold_status="On hold")
    agent.start("hello", "Before")
    assert not agent.start("mfa", "MFA", company="Example").failed
    for title in ("Another title", "Yet another title"):
        outcomes = runs.change_everything(agent, "mfa", title)
        assert all(isinstance(one, Done) for one in outcomes), outcomes


def in_step(stage: Stage, folder: Path) -> None:
    """People work, decide, add and delete; ticks bring it back and release what was held."""
    agent = runs.new_agent(stage, folder)
    agent.start("hello", "Hello")
    agent.sync("hello")
    world = stage.world
    issues = {row["summary"]: row["key"] for row in world.store.scan("jira.issue")}
    tasks = {world.store.get("graph.tasks", key)["fields"]["title"]: key for key in world.store.keys("graph.tasks")}
    who = {"who": "cora.coordinator@example.com"}
    set_up, epic = (next(key for title, key in issues.items() if word in title) for word in ("Set up", ": Prepare"))
    act_in_jira(world, {**who, "do": "complete", "issue": set_up})
    act_in_jira(world, {**who, "do": "label", "issue": set_up, "label": "approved-with-conditions"})
    act_in_jira(world, {**who, "do": "comment", "issue": set_up, "text": "Not on Fridays"})
    act_in_jira(
        world, {**who, "do": "create", "project": "SEC", "fields": {"summary": "More", "parent": {"key": epic}}}
    )
    agent.clock.sleep(3600)
    assert agent.sync("hello").catch.added == 1
    for title, task in tasks.items():
        if title.startswith("Green light of"):
            _decide(world, task)
    agent.clock.sleep(3600)
    ticked = agent.sync("hello")
    assert any(one.released is not None for one in ticked.rollouts), ticked
    act_in_jira(world, {**who, "do": "delete", "issue": next(reversed(issues.values()))})
    act_in_planner(world, {**who, "do": "delete", "task": next(iter(tasks.values()))})
    agent.clock.sleep(3600)
    assert agent.sync("hello", is_full=True).catch.gone


def told(stage: Stage, folder: Path) -> None:
    """People are invited and answer, a session moves and is called off, summaries are shown, mails go out."""
    agent = runs.with_mail(runs.new_agent(stage, folder), drafts=False)
    agent.start("hello", "Hello")
    agent.clock.sleep(190 * DAY)
    assert agent.sync("hello").is_finished
    world = stage.world
    tasks = {world.store.get("graph.tasks", key)["fields"]["title"]: key for key in world.store.keys("graph.tasks")}
    for title, task in tasks.items():
        if title.startswith("Green light of"):
            _decide(world, task)
    agent.clock.sleep(3600)
    (ticked,) = agent.sync("hello").rollouts
    assert ticked.invited is not None
    assert ticked.invited.done, ticked
    (event,) = world.store.keys("graph.events")
    guest = world.store.get("graph.events", event)["fields"]["attendees"][0]["emailAddress"]["address"]
    act_in_planner(world, {"who": guest, "do": "respond", "event": event, "response": "accepted"})
    session = next(key for title, key in tasks.items() if title.startswith("Half an hour"))
    day = {"dueDateTime": "2027-05-28T00:00:00Z", "startDateTime": "2027-05-28T00:00:00Z"}
    who = {"who": "tara.trainer@example.com"}
    act_in_planner(world, {**who, "do": "edit", "task": session, "fields": day})
    agent.clock.sleep(DAY)
    assert agent.sync("hello").is_finished
    assert agent.digest().sent
    act_in_planner(world, {**who, "do": "delete", "task": session})
    agent.clock.sleep(DAY)
    assert agent.sync("hello", is_full=True).is_finished
    assert not world.store.keys("graph.events")
    assert runs.with_mail(agent, drafts=True).digest().sent


def _decide(world: World, task: str) -> None:
    """The approver ticks the first line of the decision checklist."""
    checklist = world.store.get("graph.task_details", task)["fields"]["checklist"]
    line = next(key for key, one in checklist.items() if one["title"] == "Approved")
    assigned = next(iter(world.store.get("graph.tasks", task)["fields"]["assignments"]))
    person = world.people.by_graph_id(assigned)
    assert person is not None
    act_in_planner(world, {"who": person.email, "do": "tick", "task": task, "item": line})


def lost_answers(stage: Stage, folder: Path) -> None:
    """Answers of creates are lost; what is in doubt is looked for."""
    stage.fault(
        {"kind": "drop_after", "route": BULK, "nth": [1, 2]},
        {"kind": "drop_after", "route": BATCH, "nth": [4, 6]},
        {"kind": "drop_after", "route": "/graph/v1.0/planner/plans", "method": "POST", "nth": [1]},
    )
    _until_finished(runs.new_agent(stage, folder))


def bad_weather(stage: Stage, folder: Path) -> None:
    """Throttling of every kind, late commits, refused parts."""
    stage.fault(
        {"kind": "late", "route": BULK, "nth": [1], "seconds": 30},
        {"kind": "inner_429", "route": BATCH, "nth": [5, 9]},
        {"kind": "inner_503_after", "route": BATCH, "nth": [7]},
        {"kind": "429", "rate": 0.1},
    )
    _until_finished(runs.new_agent(stage, folder))


def _until_finished(agent: runs.Agent) -> None:
    for _ in range(4):
        applied = agent.start("hello", "Hello")
        if applied.is_finished and not applied.stopped:
            break
    assert applied.is_finished
    assert agent.verify("hello").is_sound


RUNS: tuple[Callable[[Stage, Path], None], ...] = (
    life,
    big,
    team_managed,
    demanding,
    gateway,
    person,
    held,
    in_step,
    told,
    lost_answers,
    bad_weather,
)


@pytest.fixture(scope="module")
def traffic(tmp_path_factory) -> Callable[[Callable[[Stage, Path], None]], tuple[Exchange, ...]]:
    """`traffic(life)`: what was said in that run; each run happens once."""
    kept: dict[str, tuple[Exchange, ...]] = {}

    def of(run: Callable[[Stage, Path], None]) -> tuple[Exchange, ...]:
        if run.__name__ not in kept:
            stage = new_stage()
            run(stage, tmp_path_factory.mktemp(run.__name__))
            kept[run.__name__] = of_services(stage.recorder.take())
        return kept[run.__name__]

    return of


def judged(validator: Validator, exchanges: tuple[Exchange, ...]) -> list[Verdict]:
    return [verdict for exchange in exchanges for verdict in validator.judge(exchange)]


QUICK = (life, in_step)
RARE = tuple(run for run in RUNS if run not in QUICK)


@pytest.mark.parametrize("run", [*QUICK, *slowly(*RARE)], ids=lambda run: run.__name__)
def test_every_request_and_every_answer_is_as_the_documents_say(run, traffic, validator, record_property):
    verdicts = judged(validator, traffic(run))

    wrong = [violation for verdict in verdicts for violation in verdict.violations]
    assert not wrong, readable(wrong)
    assert len(verdicts) > 50
    record_property("judged", len(verdicts))


@pytest.mark.slow
def test_every_operation_that_the_program_uses_was_judged(traffic, validator):
    seen = Counter(str(verdict.operation) for run in RUNS for verdict in judged(validator, traffic(run)))

    assert {"not seen": sorted(USED - seen.keys()), "not listed": sorted(seen.keys() - USED)} == {
        "not seen": [],
        "not listed": [],
    }
