"""A process that imports the program once and forks a child for each command, because importing takes a second.

It reads one JSON line per job from stdin and answers each with one JSON line. The child runs the real composition
root against a real ledger file and a real sandbox, and may be killed by its own fuse; the parent says how it ended.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rollout_sync import config
from rollout_sync.app import App, Edges
from rollout_sync.errors import RolloutSyncError
from rollout_sync.ledger.opening import Database
from rollout_sync.model.rollout import RolloutId
from rollout_sync.reconcile import planfile
from rollout_sync.reconcile.plan import Plan
from rollout_sync.sync import applying, planning, verifying, wishing
from rollout_sync.sync.applying import Applied
from rollout_sync.template import shipped
from rollout_sync.template.people import read_people
from system.killpoints import mail_jobs, mutants
from system.killpoints.hooks import Fuse, Hooks, SandboxTime, Witness

ROLLOUT = RolloutId("crash-test")
_TEMPLATE = Path(__file__).with_name("rollout.yaml")
_GO_LIVE = date(2027, 6, 1)


class NoKeystore:
    """The sandbox's secrets come with its settings."""

    name = "none"

    def get(self, _account: str) -> str | None:
        return None

    def put(self, account: str, text: str) -> None:
        raise NotImplementedError(account)

    def describe(self) -> str:
        return "no key store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One command: what to run, where, at which crash point to send which signal, and with which protocol.

    `options` are for the commands about mails, see `mail_jobs`.
    """

    command: str
    sandbox: str
    ledger: Path
    plan: Path
    journal: Path
    burns_at: int = 0
    sends: int = signal.SIGKILL
    mutant: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, line: str) -> Job:
        raw = json.loads(line)
        return cls(**{**raw, **{name: Path(raw[name]) for name in ("ledger", "plan", "journal")}})


def run(job: Job) -> Mapping[str, Any]:
    """Carry one command out; what comes back is JSON."""
    os.environ["XDG_DATA_HOME"] = str(job.ledger.parent)  # where the sign-in is kept between runs
    mutants.PATCHES[job.mutant]()
    hooks = Hooks(Fuse(job.burns_at, signal.Signals(job.sends)), Witness(job.ledger, job.journal))
    environ = {"ROLLOUT_SYNC_LEDGER_PATH": str(job.ledger)}
    app = App(
        settings=config.for_sandbox(job.sandbox, environ),
        environ=environ,
        keystore=NoKeystore(),
        edges=Edges(clock=SandboxTime(job.sandbox), on_commit=hooks.on_commit, on_phase=hooks.on_phase),
    )
    try:
        answer = _COMMANDS[job.command](app, job)
    except RolloutSyncError as error:
        answer = {"error": type(error).__name__, "what": str(error)}
    except Exception:  # noqa: BLE001 -- the harness shows it as a finding
        answer = {"crash": traceback.format_exc(limit=-3)}
    return {**answer, "points": hooks.fuse.points}


def _plan(app: App, job: Job) -> Mapping[str, Any]:
    """`plan --out FILE`."""
    with app.ledger() as database:
        plan = _planned(app, database)
    planfile.write(plan, job.plan)
    return {
        "creates": len(plan.intents),
        "writes": len(plan.writes),
        "blockers": [one.message for one in plan.blockers],
    }


def _apply(app: App, job: Job) -> Mapping[str, Any]:
    """`apply FILE`."""
    plan = planfile.read(job.plan)
    with app.ledger() as database:
        trackers = mutants.trackers_of(job.mutant, app.trackers())
        return _told(applying.apply(plan, app.world(database, lambda _step: None, trackers=trackers)))


def _start(app: App, _job: Job) -> Mapping[str, Any]:
    """`start`: plans anew, so that what was refused is tried again."""
    with app.ledger() as database:
        return _told(applying.apply(_planned(app, database), app.world(database, lambda _step: None)))


def _verify(app: App, _job: Job) -> Mapping[str, Any]:
    """`verify`."""
    with app.ledger() as database:
        seen = verifying.verify(ROLLOUT, database=database, trackers=app.trackers())
    return {"sound": seen.is_sound, "duplicates": [str(key) for key in seen.duplicates]}


def _deliver(app: App, job: Job) -> Mapping[str, Any]:
    """`digest --due`, from the outbox on."""
    return mail_jobs.deliver(app, job.ledger, job.journal, job.options)


_COMMANDS = {"plan": _plan, "apply": _apply, "start": _start, "verify": _verify, "deliver": _deliver}


def _planned(app: App, database: Database) -> Plan:
    people = read_people(shipped.example_people(), "people.csv")
    template = shipped.load(str(_TEMPLATE))
    wish = wishing.wish(template, {}, people, name="Crash test", go_live=_GO_LIVE, start=None)
    trackers = dict(app.trackers())
    return planning.make(wish, database=database, trackers=trackers, clock=app.clock, thresholds=app.thresholds())


def _told(applied: Applied) -> Mapping[str, Any]:
    return {
        "finished": applied.is_finished,
        "made": sum(applied.made.values()),
        "failed": [f"{key}: {reason}" for key, reason in applied.failed],
        "skipped": [str(key) for key, _reason in applied.skipped],
        "doubts": [f"{doubt.object}: {doubt.reason}" for doubt in applied.doubts],
        "waiting": applied.waiting,
        "stopped": {name.value: reason for name, reason in applied.stopped.items()},
    }


def _in_child(job: Job, answers: int) -> None:
    code = 1
    try:
        os.write(answers, json.dumps(run(job)).encode())
        code = 0
    finally:
        os._exit(code)


def warm_up() -> None:
    """Load what the program loads late, so that no child has to: a ledger is opened, and clients are made."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"ROLLOUT_SYNC_LEDGER_PATH": f"{folder}/ledger.db"}
        app = App(settings=config.for_sandbox("http://127.0.0.1:9", environ), environ=environ, keystore=NoKeystore())
        with app.ledger() as database:
            applying.apply(_nothing(database), app.world(database, lambda _step: None, trackers={}))
        app.trackers()


def _nothing(database: Database) -> Plan:
    return Plan(
        id="0",
        rollout=ROLLOUT,
        name="",
        ledger=database.uuid,
        revision=0,
        fingerprint="",
        made_at=datetime.now(UTC),
        source={"template": ""},
        facts={},
        baseline={},
    )


def serve() -> None:
    """Answer jobs until stdin ends. Each job is answered twice: with the child's process id, then with its end."""
    warm_up()
    gc.freeze()
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _in_child(Job.of(line), writing)
        os.close(writing)
        _say({"pid": child})
        with os.fdopen(reading, "rb") as answers:
            content = answers.read()
        _pid, status = os.waitpid(child, 0)
        answer = json.loads(content) if content else {}
        _say({**answer, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0})


def _say(message: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
