"""How a plan looks: counts by service, dates, the longest chain, what differs, what should be known before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from rollout_sync.cli.render_odds import ShownOdds, day, shown_odds, write_odds
from rollout_sync.cli.screen import Screen
from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.operations import FieldChange, Finding, Severity, Verb
from rollout_sync.model.rollout import ItemKey, RolloutId, TrackerName

if TYPE_CHECKING:
    from rollout_sync.model.schedule import Slot
    from rollout_sync.reconcile.plan import Plan
    from rollout_sync.sync.forecasting import Prospect

_NAMES = {
    ObjectKind.EPIC: ("epic", "epics"),
    ObjectKind.ISSUE: ("issue", "issues"),
    ObjectKind.LINK: ("link", "links"),
    ObjectKind.REMOTE_LINK: ("link to Planner", "links to Planner"),
    ObjectKind.PLAN: ("plan", "plans"),
    ObjectKind.LABELS: ("set of labels", "sets of labels"),
    ObjectKind.BUCKET: ("bucket", "buckets"),
    ObjectKind.TASK: ("task", "tasks"),
    ObjectKind.DETAILS: ("task's notes", "tasks' notes"),
}
_SHOWN_CHANGES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOperation:
    """One change of something that exists, or something kept or dropped."""

    verb: Verb
    object: ObjectKey
    title: str
    reason: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """One item with its dates."""

    key: ItemKey
    title: str
    start: date
    finish: date
    slack: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan for people and programs: what `plan` answers; `odds` are those of a rollout that is not begun."""

    rollout: RolloutId
    name: str
    made_at: datetime
    create: Mapping[ObjectKind, int]
    operations: tuple[ShownOperation, ...]
    pending: int
    start: date | None
    go_live: date | None
    odds: ShownOdds | None
    wave_days: Mapping[str, date]
    critical_path: tuple[ShownItem, ...]
    schedule: tuple[ShownItem, ...]
    findings: tuple[Finding, ...]
    is_empty: bool


def view(plan: Plan, prospect: Prospect | None = None) -> PlanView:
    """What to show of a plan, and of its odds where it has some."""
    slots = plan.schedule.slots if plan.schedule else {}
    return PlanView(
        rollout=plan.rollout,
        name=plan.name,
        made_at=plan.made_at,
        create=plan.counts(Verb.CREATE),
        operations=tuple(
            ShownOperation(verb=one.verb, object=one.object, title=one.title, reason=one.reason, changes=one.changes)
            for one in plan.operations
            if one.verb is not Verb.CREATE
        ),
        pending=plan.pending,
        start=plan.schedule.start if plan.schedule else None,
        go_live=plan.schedule.go_live if plan.schedule else None,
        odds=shown_odds(prospect) if prospect else None,
        wave_days=plan.schedule.wave_days if plan.schedule else {},
        critical_path=tuple(
            _item(key, plan.titles, slots[key]) for key in (plan.schedule.critical_path if plan.schedule else ())
        ),
        schedule=tuple(
            _item(key, plan.titles, slot) for key, slot in sorted(slots.items(), key=lambda one: (one[1].start, one[0]))
        ),
        findings=plan.findings,
        is_empty=plan.is_empty,
    )


def _item(key: ItemKey, titles: Mapping[ItemKey, str], slot: Slot) -> ShownItem:
    return ShownItem(key=key, title=titles[key], start=slot.start, finish=slot.finish, slack=slot.slack)


def write_plan(plan: PlanView, screen: Screen) -> None:
    """The plan on one screen, the whole schedule last only when it is asked for in JSON."""
    screen.heading(f"Plan for {plan.name} ({plan.rollout})")
    if plan.is_empty and not plan.operations:
        is_all_there = not any(finding.severity is not Severity.NOTE for finding in plan.findings)
        screen.line("Nothing to do: everything is as the template wants it." if is_all_there else "Nothing to do.")
    for tracker in TrackerName:
        if words := counted(plan.create, tracker):
            screen.line(f"  + {tracker.value.capitalize()}: {words}")
    _write_differences(plan.operations, screen)
    _write_dates(plan, screen)
    write_findings(plan.findings, screen)


def counted(counts: Mapping[ObjectKind, int], tracker: TrackerName) -> str:
    """`4 epics, 38 issues` for one service; empty when there is nothing."""
    return ", ".join(
        f"{counts[kind]} {_NAMES[kind][counts[kind] != 1]}"
        for kind in ObjectKind
        if kind.tracker is tracker and counts.get(kind)
    )


def _write_differences(operations: Sequence[ShownOperation], screen: Screen) -> None:
    totals = Counter(one.verb for one in operations)
    for one in operations[:_SHOWN_CHANGES]:
        screen.line(f"  {one.verb.value} {one.object.kind.value} {one.title}: {one.reason}")
        for change in one.changes:
            if isinstance(change.observed, str | None) and isinstance(change.desired, str | None):
                screen.line(
                    f"      {change.name}: {_short(change.observed)} {screen.symbols.arrow} {_short(change.desired)}"
                )
    if len(operations) > _SHOWN_CHANGES:
        screen.line(f"  ... and {len(operations) - _SHOWN_CHANGES} more")
    if totals:
        words = {
            Verb.UPDATE: "to update",
            Verb.KEEP: "edited by people and kept",
            Verb.RETIRE: "no longer in the template",
        }
        screen.line("  " + ", ".join(f"{count} {words[verb]}" for verb, count in totals.items() if verb in words))


def _short(text: str | None) -> str:
    shown = "(empty)" if text is None else text.replace("\n", " ")
    return shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004 - one line of a terminal


def _write_dates(plan: PlanView, screen: Screen) -> None:
    if plan.start is None or plan.go_live is None:
        return
    screen.line(f"  from {day(plan.start)} to go-live {day(plan.go_live)}")
    if plan.odds is not None:
        write_odds(plan.odds, screen)
    if plan.wave_days:
        waves = f" {screen.symbols.dot} ".join(f"{name} {day(when)}" for name, when in plan.wave_days.items())
        screen.line(f"  waves: {waves}")
    if plan.critical_path and not plan.is_empty:
        screen.line("  longest chain:")
        for item in plan.critical_path:
            screen.line(f"    {day(item.start):>11}  {item.title}")


_SIGNS = {Severity.NOTE: "i", Severity.WARNING: "!", Severity.ERROR: "x"}


def write_findings(findings: Sequence[Finding], screen: Screen) -> None:
    """Errors first, each with its next step."""
    order = [Severity.ERROR, Severity.WARNING, Severity.NOTE]
    for finding in sorted(findings, key=lambda one: order.index(one.severity)):
        screen.line(f"  {_SIGNS[finding.severity]} {finding.message}")
        if finding.hint:
            screen.line(f"      {finding.hint}")
