"""The port: what the rest of the program may ask of a tracker.

Vocabulary of `fields`, in intents, creates, changes and observations alike:

| kind | field | value |
|---|---|---|
| epic, issue | title | str, one line |
| | text | str; blank line = new paragraph, "- " = bullet, "https://…" = link |
| | start, due | "YYYY-MM-DD" or None |
| | owner | remote user id (Jira accountId) or None |
| | labels | list of str; compared as a set; without those by which the tracker marks a rollout |
| | held | bool: waits for a gate (label `awaiting-approval`, and the hold status where configured) |
| issue | parent | Ref to its epic |
| | links | list of {"link": object key as text, "source": Ref to the issue that blocks it}; goes into the create |
| link | source, target | Refs to issues: source blocks target |
| remote-link | issue | Ref to the Jira object that shows the link |
| | target | Ref to the Planner plan or task |
| | title, relationship | str |
| plan | title | str; the group is the destination's |
| labels | plan | Ref; `names`: list of up to 25 str, category1 first |
| bucket | plan | Ref; `title`: str; `order`: int, smaller is further left |
| task | plan, bucket | Ref |
| | title, start, due | as above |
| | owners | list of remote user ids |
| | categories | list of label names out of the plan's LABELS |
| | priority | int 0..10 |
| details | task | Ref |
| | text | str; the tracker adds the marker line at its end and takes it off when reading |
| | checklist | list of {"key": uuid str, "title": str} |
| | references | list of {"target": Ref or absolute URL str, "alias": str}; None targets are left out |

Links that went into a create are named in `Done.also`. Planner keeps no key of ours for plans and buckets: `discover`
names the plan and its labels `plan`, and a bucket `titled <title>`.

Written only by `change`, to carry mirrored pairs over: `progress` of an issue ("new" | "indeterminate" | "done": the
tracker finds transitions that lead there), `percent` of a task (0, 50, 100).

Observed only: `status` (str), `category` ("new" | "indeterminate" | "done"), `percent` (int), `completed_by` (id),
`created_at` (ISO), `created_by` (id), `updated_at` (ISO), `ticked` (list of {"key", "by", "at"}), `project` (str).

What `pull` adds to a Jira issue, out of its change history where that was read: `started_at` and `finished_at` (ISO;
None when not begun or not done), `moved_by` and `moved_at` (who last changed the status, when), `labelled` (list of
{"label", "by", "at"} for labels that stand), `notes` (list of {"by", "at", "text"}: comments, read only where the label
`approved-with-conditions` asks for them). To a Planner task: `finished_at` out of `completedDateTime`. An observation
of a pull is whole: what was not read again is carried over from what was seen before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from rollout_sync.model.objects import Binding, Fields, Marked, ObjectKey, ObjectKind, Observation, Remote, Sighting
from rollout_sync.model.operations import Change, Create, Doubt, Finding, Findings, Outcome
from rollout_sync.model.rollout import RolloutId, TrackerName

Facts = Mapping[str, object]
"""What a tracker learned of its destination, as JSON: ids of fields and types, limits. Goes into the plan file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A remote object that this rollout made, as a quick look shows it.

    `object` and `marker` are set where it says itself what it is. `title` and `created_at` are set for a container
    that bears no mark yet, where nothing else tells whose it is; `within` for what lies in such a container: its id.
    """

    remote: Remote
    object: ObjectKey | None = None
    marker: str = ""
    title: str = ""
    created_at: datetime | None = None
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A look at the destination before anything is written.

    Attributes:
        facts: what `send` will need, so that applying reads nothing twice.
        people: e-mail address (lower case) to remote user id, for those that were found.
        findings: what is missing or will not work, each with its next step.
        existing: what the destination already holds under this rollout's identity: number of marked objects.
        traces: what of it we made ourselves; a ledger that does not know them is not the one that made them.
        titles: titles of containers that exist there, whosever they are; a second one of the same title would confuse.
    """

    facts: Facts
    people: Mapping[str, str]
    findings: tuple[Finding, ...]
    existing: int = 0
    traces: tuple[Trace, ...] = ()
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One of our objects, as a pull needs it: its binding, and what was last seen of it (None: nothing yet)."""

    rollout: RolloutId
    binding: Binding
    seen: Observation | None = None


class Shelf(Protocol):
    """What the ledger knows of a service, asked for while a pull goes on. Keys are remote ids.

    A Planner task and its details share one id, so an id may stand for several objects.
    """

    def by_id(self, ids: Sequence[str]) -> Mapping[str, tuple[Known, ...]]:
        """Our objects among these ids, whatever rollout they belong to."""
        ...

    def of_rollout(self, rollout: RolloutId) -> Mapping[str, tuple[Known, ...]]:
        """All objects of a rollout that exist."""
        ...

    def newcomers(self, rollout: RolloutId) -> frozenset[str]:
        """Ids of what people added to a rollout, as far as known."""
        ...


MOST_GONE = 0.30
FEWEST_KNOWN = 10
"""More than this share of a rollout, of at least so many objects, missing at once: permissions are suspected, in the
manner of octoDNS, and nothing is concluded from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to look at.

    Attributes:
        rollouts: those that are to be complete afterwards. Jira answers for a whole site, so that rows of other
            rollouts may come along; they are kept too.
        cursors: how far earlier pulls came, by scope, as the tracker itself said.
        is_full: look at everything, also at what seems unchanged: only this finds what was deleted in Jira.
        most_gone: share of a rollout that may be gone at once and is believed; 1 where a person said that it is so.
    """

    rollouts: tuple[RolloutId, ...]
    cursors: Mapping[str, str]
    shelf: Shelf
    is_full: bool = False
    most_gone: float = MOST_GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A bound object that is new to us or changed."""

    rollout: RolloutId
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Work that people added under an epic or in a plan of ours, new or changed; `fields` as for an issue or task."""

    rollout: RolloutId
    under: ObjectKey
    remote: Remote
    fields: Fields
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One portion of a pull. Its rows and cursors are stored in one commit.

    Attributes:
        left: ids of newcomers that are not there any more, by rollout.
        gone: our objects that surely do not exist any more.
        unseen: our objects about which nothing can be said, with the reason.
        cursors: how far the pull is after this portion; only set where everything before it was delivered.
        complete: rollouts about which everything asked for has now been read.
        failed: rollouts that could not be read, with the reason; the others are not affected.
    """

    asked_at: datetime
    seen: tuple[Seen, ...] = ()
    newcomers: tuple[Newcomer, ...] = ()
    left: Mapping[RolloutId, tuple[str, ...]] = field(default_factory=dict)
    gone: Mapping[RolloutId, tuple[ObjectKey, ...]] = field(default_factory=dict)
    unseen: Mapping[RolloutId, Mapping[ObjectKey, str]] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)
    complete: tuple[RolloutId, ...] = ()
    failed: Mapping[RolloutId, str] = field(default_factory=dict)


class Tracker(Protocol):
    """One service. Methods block, may be called from several threads, and raise `TrackerError` for the whole call."""

    @property
    def name(self) -> TrackerName:
        """Which service."""
        ...

    @property
    def capacity(self) -> Mapping[ObjectKind, int]:
        """How many objects of a kind one `send` takes."""
        ...

    def inspect(self, rollout: RolloutId, emails: Sequence[str]) -> Inspection:
        """Read the destination: permissions, types, fields, people, traces of this rollout. Writes nothing."""
        ...

    def use(self, facts: Facts) -> None:
        """Take the facts of an earlier `inspect`; must be called before any method below."""
        ...

    def high_water(self) -> int:
        """Largest key number known of the Jira project, 0 in Planner; at most one request, which shows the clock."""
        ...

    def remote_now(self) -> datetime:
        """Upper bound of the service's clock now, from its last `Date`; `Unavailable` before the first answer."""
        ...

    def send(self, rollout: RolloutId, chunk: Sequence[Create]) -> Sequence[Outcome]:
        """Make the objects of one kind with one request (details: one read, one write); no retry that could repeat.

        Answers in the order of `chunk`. Never raises for what a server did: that is an outcome.
        """
        ...

    def find(self, rollout: RolloutId, doubts: Sequence[Doubt], known: frozenset[str]) -> Findings:
        """Strong read: which of the doubtful creates exist? `known` holds ids and keys that are bound already."""
        ...

    def observe(self, bound: Sequence[Binding]) -> Sighting:
        """Read bound objects with strong consistency."""
        ...

    def change(self, rollout: RolloutId, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write fields of existing objects of one kind; conditional where the service can. Answers in order."""
        ...

    def pull(self, watch: Watch) -> Iterator[Pulled]:
        """Read what changed since the cursors, portion by portion; strong where a conclusion is drawn from absence.

        Raises `TrackerError` where the service as a whole cannot be read; portions delivered before stay good.
        """
        ...

    def discover(self, rollout: RolloutId) -> Sequence[Marked]:
        """Everything in the destination that carries this rollout's markers."""
        ...
