"""The story in its steps: start a rollout, kill a second one and finish it, live through ten weeks, prove all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rollout_sync.cli.demo import cast
from rollout_sync.cli.demo.boards import PROJECT, Boards, Heap, read_boards
from rollout_sync.cli.demo.cast import Deed
from rollout_sync.cli.demo.proofs import (
    Proof,
    all_finished,
    all_there,
    content_print,
    known_to_people,
    opened_by_the_right_one,
    quiet_when_quiet,
    still_once,
    summed_up,
    was_cut,
    writes,
    wrote_nothing,
)
from rollout_sync.cli.demo.stage import Stage
from rollout_sync.cli.render_odds import day

PEOPLE: Final = "people.csv"
_COMPANY: Final = "Example"
_SERVICE_MS: Final = 80
_SLOW_MS: Final = 200
_LATE_SECONDS: Final = 240
"""How much later the second request for issues takes effect; well inside the time for which absence proves nothing."""
_HORIZON: Final = 400
"""More than deadline, settle horizon and a second at their defaults, in seconds."""
_FINISHED, _UNFINISHED = 0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How it ended: the proofs, where the boards are, how health went, and the report's file."""

    url: str
    proofs: tuple[Proof, ...]
    plans: tuple[str, ...]
    health: tuple[str, ...] = ()
    report: Path | None = None

    @property
    def holds(self) -> bool:
        """Whether every claim was proved."""
        return all(proof.holds for proof in self.proofs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rollout:
    """One rollout of the story."""

    template: str
    name: str
    rollout: str
    go_live: date

    @property
    def options(self) -> tuple[str, ...]:
        """What follows the command's name."""
        when = self.go_live.isoformat()
        return (
            self.template,
            "--name",
            self.name,
            "--go-live",
            when,
            "--people",
            PEOPLE,
            "--set",
            f"company={_COMPANY}",
        )


FIRST: Final = _Rollout(template="mfa", name="MFA 2027", rollout="mfa-2027", go_live=cast.GO_LIVE)
SECOND: Final = _Rollout(template="m365", name="M365 2027", rollout="m365-2027", go_live=date(2027, 12, 13))


def tell(stage: Stage, report: Path, *, fast: bool) -> Told:
    """Play the whole story on a fresh sandbox; the report goes into a file of this name.

    With `fast` it answers at once, except where the story needs time to kill something.
    """
    service_ms = 0 if fast else _SERVICE_MS
    stage.sandbox.control("POST", "/clock", {"freeze": f"{cast.FIRST_DAY.isoformat()}T07:00:00+00:00"})
    stage.sandbox.control("POST", "/clock", {"freeze": False})
    stage.title(f"1. A Jira and a Planner on this machine: {stage.sandbox.url}")
    stage.say("They speak the real services' HTTP. No account and no network is needed; the people are made up.")
    before = _content(stage)
    promised = {one.name: stage.ask("plan", *one.options)["create"] for one in (FIRST, SECOND)}
    proofs = [
        _untouched(stage, "`plan` writes nothing", before),
        *_started(stage, FIRST, promised[FIRST.name], service_ms),
        *_again(stage, FIRST),
        *_killed(stage, SECOND, promised[SECOND.name]),
        *_resumed(stage, SECOND, promised[SECOND.name], service_ms),
        *_verified(stage, FIRST, SECOND),
    ]
    lived, path = _lived(stage, promised[FIRST.name])
    proofs += [*lived, *_reported(stage, report), *_mailed(stage)]
    plans = tuple(read_boards(stage.sandbox, one.rollout, one.name).plan for one in (FIRST, SECOND))
    return Told(url=stage.sandbox.url, proofs=tuple(proofs), plans=plans, health=path, report=report)


def _started(stage: Stage, rollout: _Rollout, promised: Mapping[str, int], service_ms: int) -> Iterator[Proof]:
    stage.title(f"2. Start a rollout for three departments, live on {day(rollout.go_live)}")
    code = _at_speed(stage, service_ms, "start", *rollout.options, "--yes")
    stage.title("3. What stands on which board, read from the services themselves")
    boards = read_boards(stage.sandbox, rollout.rollout, rollout.name)
    _show_boards(stage, boards, rollout)
    yield Proof(claim="`start` finishes", holds=code == _FINISHED, seen=f"exit code {code}")
    yield all_there("all that was planned stands on the boards", promised, boards)


def _again(stage: Stage, rollout: _Rollout) -> Iterator[Proof]:
    stage.title("4. The same command again")
    before = _content(stage)
    stage.sandbox.control("POST", "/counters/reset")
    code = stage.show("start", *rollout.options, "--yes")
    proof = _untouched(stage, "the second `start` writes nothing", before)
    stage.say(f"The sandbox counted: {proof.seen}.")
    yield Proof(claim=proof.claim, holds=proof.holds and code == _FINISHED, seen=proof.seen)


def _killed(stage: Stage, rollout: _Rollout, promised: Mapping[str, int]) -> Iterator[Proof]:
    stage.title("5. A second rollout, and somebody pulls the plug")
    total = sum(promised[kind] for kind in ("epic", "issue", "bucket", "task"))
    standing = _standing(stage)
    stage.say("The services are slow today. And the connection breaks while Jira takes a request for several issues;")
    stage.say(f"Jira will carry it out all the same, {_LATE_SECONDS // 60} minutes later, when nobody expects it.")
    stage.say()
    late = {"kind": "late", "method": "POST", "route": "/jira/rest/api/3/issue/bulk"}
    stage.sandbox.control("POST", "/faults", [{**late, "nth": [2], "seconds": _LATE_SECONDS}])
    stage.sandbox.control("POST", "/latency", {"ms": _SLOW_MS})
    half = standing + total // 2
    code = stage.kill_when(lambda: _standing(stage) >= half, "start", *rollout.options, "--yes")
    stage.sandbox.control("POST", "/latency", {"ms": 0})
    made = _standing(stage) - standing
    stage.say()
    stage.say(f"Killed without warning, with {made} of {total} epics, issues, buckets and tasks on the boards:")
    _show_boards(stage, read_boards(stage.sandbox, rollout.rollout, rollout.name), rollout)
    yield was_cut(made, total, code)


def _resumed(stage: Stage, rollout: _Rollout, promised: Mapping[str, int], service_ms: int) -> Iterator[Proof]:
    stage.title("6. The same command again finishes it")
    stage.say("`start` would wait for what is in doubt; --settle 0 lets it end at once instead.")
    command = ("start", *rollout.options, "--yes", "--settle", "0")
    code = _at_speed(stage, service_ms, *command)
    if code == _UNFINISHED:
        stage.say()
        stage.say("What is in doubt is not sent again before its fate is known. Here the sandbox's clock is moved on,")
        stage.say("and Jira carries out what it had taken.")
        stage.sandbox.control("POST", "/clock", {"advance": _HORIZON})
        stage.say()
        code = _at_speed(stage, service_ms, *command)
    boards = read_boards(stage.sandbox, rollout.rollout, rollout.name)
    stage.say()
    _show_boards(stage, boards, rollout)
    yield Proof(claim="the same command finishes what was killed", holds=code == _FINISHED, seen=f"exit code {code}")
    yield all_there("nothing of it was lost, and nothing was made twice", promised, boards)


def _verified(stage: Stage, *rollouts: _Rollout) -> Iterator[Proof]:
    stage.title("7. Every object against the ledger")
    for rollout in rollouts:
        code = stage.show("verify", rollout.name)
        yield Proof(claim=f"`verify` finds {rollout.name} in order", holds=code == 0, seen=f"exit code {code}")


def _lived(stage: Stage, promised: Mapping[str, int]) -> tuple[list[Proof], tuple[str, ...]]:
    """Ten weeks, in this process."""
    from rollout_sync.cli.demo.engine import wish_of  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load
    from rollout_sync.cli.demo.weeks import play  # noqa: PLC0415 - the same
    from rollout_sync.reconcile.desired import WAITING_TITLE  # noqa: PLC0415 - the same

    stage.title(f"8. {FIRST.name}: ten weeks go by")
    stage.say("People work on their boards, and `sync` runs each evening. Days of which nothing is told were quiet.")
    stage.say()
    people = stage.folder / PEOPLE
    wish = wish_of(FIRST.template, people, name=FIRST.name, go_live=FIRST.go_live, company=_COMPANY)
    weeks = play(stage, wish.rollout)
    path = tuple(colour.value for colour in weeks.path)
    stage.say()
    stage.say(f"  Health went {f' {stage.screen.symbols.arrow} '.join(path)}.")
    deleted = [f"issue:{act.item}" for act in cast.SCENES if act.deed is Deed.DELETE]
    boards = read_boards(stage.sandbox, FIRST.rollout, FIRST.name)
    proofs = [
        all_finished(weeks.evenings),
        quiet_when_quiet(weeks.evenings),
        opened_by_the_right_one(weeks.evenings, cast.OTTOS_DAY, WAITING_TITLE),
        still_once("ten weeks made nothing twice", promised, boards, deleted),
        summed_up(boards),
        known_to_people(weeks.tally.added, weeks.tally.gone, expected=(len(cast.ADDED), len(deleted))),
    ]
    return proofs, path


def _reported(stage: Stage, report: Path) -> Iterator[Proof]:
    stage.title("9. How it stands, on one screen and on one page")
    code = stage.show("status", FIRST.name)
    yield Proof(claim="`status` shows it", holds=code == _FINISHED, seen=f"exit code {code}")
    stage.say()
    code = stage.show("report", FIRST.name, "--out", str(report))
    size = report.stat().st_size if report.exists() else 0
    seen = f"exit code {code}, {size / 1000:.0f} kB"
    yield Proof(claim="`report` writes it", holds=code == _FINISHED and size > 0, seen=seen)


def _mailed(stage: Stage) -> Iterator[Proof]:
    """Managers read mail: what is due goes out, and a second run finds it gone."""
    stage.title("10. The mails that managers read")
    stage.ask("sync", SECOND.name)  # nobody worked on it; its readers are told so
    stage.show("digest", "--due")
    first = _inboxes(stage)
    code = stage.show("digest", "--due")
    second = _inboxes(stage)
    seen = f"{first} mails lie in the inboxes, {second} after a second run"
    yield Proof(claim="each mail goes out once", holds=code == _FINISHED and 0 < first == second, seen=seen)


def _inboxes(stage: Stage) -> int:
    kept = stage.sandbox.control("GET", "/state")["collections"].get("graph.messages", {})
    return sum(one.get("folder") == "inbox" for one in kept.values())


def _at_speed(stage: Stage, service_ms: int, *arguments: str) -> int:
    """Show a command while every answer of the services takes so long."""
    stage.sandbox.control("POST", "/latency", {"ms": service_ms})
    try:
        return stage.show(*arguments)
    finally:
        stage.sandbox.control("POST", "/latency", {"ms": 0})


def _untouched(stage: Stage, claim: str, before: str) -> Proof:
    sent = writes(stage.sandbox.control("GET", "/counters"))
    return wrote_nothing(claim, sent, before, _content(stage))


def _content(stage: Stage) -> str:
    return content_print(stage.sandbox.control("GET", "/state")["collections"])


def _standing(stage: Stage) -> int:
    """How many epics, issues, buckets and tasks there are in both services."""
    held = stage.sandbox.control("GET", "/state")["collections"]
    return sum(len(held.get(name, ())) for name in ("jira.issue", "graph.buckets", "graph.tasks"))


def _show_boards(stage: Stage, boards: Boards, rollout: _Rollout) -> None:
    stage.say(f"  Jira project {PROJECT}: {stage.sandbox.url}/boards/jira/{PROJECT}")
    for epic in boards.epics:
        title = epic.title.removeprefix(f"{rollout.name}: ")
        held = f", {epic.held} held until an approval" if epic.held else ""
        stage.say(f"    {epic.name:<8} {title:<34} {_counted(epic, 'issue')}{held}")
    if boards.plan:
        stage.say(f"  Planner plan “{rollout.name}”: {stage.sandbox.url}/boards/planner/{boards.plan}")
    for bucket in boards.buckets:
        stage.say(f"    {bucket.title:<43} {_counted(bucket, 'task')}")


def _counted(heap: Heap, noun: str) -> str:
    return f"{heap.count:>2} {noun}{'' if heap.count == 1 else 's'}"
