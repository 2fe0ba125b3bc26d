"""What one disturbed request in a hundred costs: throttled, dropped before it was done, dropped after it was done.

Faults come at fixed ordinals, so that every run has the same number of them. Where a doubt can only be settled once
a lost request can no longer take effect, the sandbox's clock is moved on and the same command is run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench import agent
from bench.agent import Prepared
from bench.context import Bench, asked
from bench.rollouts import PER_PHASE
from bench.sandbox import Counters
from bench.table import Row
from rollout_sync.model.rollout import Home

_KINDS = ("429", "drop_after", "drop_before")
_EVERY = 100
_MOST = 1.05
_HORIZON = 400.0
_ROUNDS = 6
_SENDS = ("POST /jira/rest/api/3/issue/bulk", "POST /graph/v1.0/$batch")
_ROUTES: Mapping[Home, str] = {Home.JIRA: "/jira/**", Home.PLANNER: "/graph/**"}


def rows(bench: Bench) -> Iterator[Row]:
    """Attempts for each request that has to be sent, and what exists twice afterwards."""
    jira = bench.plan(Home.JIRA, 500 if bench.is_quick else 5_000)
    planner = bench.plan(Home.PLANNER, 500 if bench.is_quick else 2_000)
    sent = needed = everything = least = faults = duplicates = 0
    # A Jira run is about a hundred requests long, so there are three, each with another kind of fault in its middle.
    for prepared, turn in ((jira, 0), (jira, 1), (jira, 2), (planner, 0)):
        bench.create(prepared)
        clean = bench.box.counters()
        disturbed, fired = _disturbed(bench, prepared, turn)
        sent, needed = sent + _sends(disturbed), needed + _sends(clean)
        everything, least = everything + asked(disturbed), least + asked(clean)
        faults += fired
        duplicates += _more_than_planned(bench, prepared)
    note = f"{sent} / {needed} bulk and batch requests; {faults} faults: {', '.join(_KINDS)} in turn"
    yield Row(measure="amplification at 1 % faults, sends", value=sent / needed, bar=_MOST, note=note)
    note = f"{everything} / {least}; also the reads that settle doubts, and those that start every new run"
    yield Row(measure="amplification at 1 % faults, all requests", value=everything / least, bar=_MOST, note=note)
    yield Row(measure="duplicates after these faults", value=duplicates, bar=0, note="objects in the sandbox - planned")


def _disturbed(bench: Bench, prepared: Prepared, turn: int) -> tuple[Counters, int]:
    """The counters of all runs that it took, and how many faults there were."""
    ledger = prepared.fresh_ledger()
    bench.box.fresh()
    rules = [_rule(place, _KINDS[(place + turn) % len(_KINDS)], prepared) for place in range(len(_KINDS))]
    bench.box.control("POST", "/faults", rules)
    run = agent.carry_out(bench.box.url, prepared, ledger)
    rounds = 1
    while not run.applied.is_finished:
        if rounds == _ROUNDS:
            raise RuntimeError(f"still unfinished after {rounds} runs: {run.applied}")
        bench.box.control("POST", "/clock", {"advance": _HORIZON})
        run = agent.carry_out(bench.box.url, prepared, ledger)
        rounds += 1
    fired = sum(rule["fired"] for rule in bench.box.control("GET", "/faults"))
    return bench.box.counters(), fired


def _rule(place: int, kind: str, prepared: Prepared) -> dict[str, object]:
    """The kind at the first place strikes at request 50, 350, ..., at the second at 150, 450, ..., and so on."""
    first = _EVERY // 2 + _EVERY * place
    ordinals = list(range(first, 10_000, _EVERY * len(_KINDS)))
    return {"kind": kind, "route": _ROUTES[prepared.service], "nth": ordinals}


def _sends(seen: Counters) -> int:
    return sum(seen.requests.get(route, 0) for route in _SENDS)


def _more_than_planned(bench: Bench, prepared: Prepared) -> int:
    """Epics, issues and tasks beyond those planned. Fewer would be a loss, and so no number to go on with.

    Raises:
        RuntimeError: something is missing.
    """
    phases = -(-prepared.size // PER_PHASE)
    collection, planned = {
        Home.JIRA: ("jira.issue", prepared.size + phases),
        Home.PLANNER: ("graph.tasks", prepared.size),
    }[prepared.service]
    more = len(bench.box.kept(collection)) - planned
    if more < 0:
        raise RuntimeError(f"{-more} of {planned} in {collection} are missing although the run finished")
    return more
