"""The tracker port for Microsoft Planner: each question goes to the module that knows the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout_sync.errors import StalePlan
from rollout_sync.model.objects import Binding, Marked, ObjectKind, Sighting
from rollout_sync.model.operations import Change, Create, Doubt, Findings, Outcome
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.trackers.base import Facts, Inspection, Pulled, Watch
from rollout_sync.trackers.planner.access import GraphAccess
from rollout_sync.trackers.planner.auth import TokenSource
from rollout_sync.trackers.planner.changing import Changer
from rollout_sync.trackers.planner.client import GraphClient, segment
from rollout_sync.trackers.planner.destination import Destination, from_facts, to_facts
from rollout_sync.trackers.planner.discovering import Discoverer
from rollout_sync.trackers.planner.inspect import look_around
from rollout_sync.trackers.planner.labels import LabelBook
from rollout_sync.trackers.planner.limits import LIMITS
from rollout_sync.trackers.planner.pulling import Puller
from rollout_sync.trackers.planner.reading import Reader
from rollout_sync.trackers.planner.seeking import Seeker
from rollout_sync.trackers.planner.sending import CAPACITY, Sender
from rollout_sync.transport.clock import Clock
from rollout_sync.transport.exchange import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rooms:
    """Everything that knows the destination."""

    destination: Destination
    sender: Sender
    changer: Changer
    seeker: Seeker
    reader: Reader
    puller: Puller
    discoverer: Discoverer


class PlannerTracker:
    """Planner behind `trackers.base.Tracker`. Safe to use from several threads once `use` was called."""

    def __init__(self, *, access: GraphAccess, client: GraphClient) -> None:
        self._access = access
        self._client = client
        self._rooms: _Rooms | None = None

    @property
    def name(self) -> TrackerName:
        """Which service."""
        return TrackerName.PLANNER

    @property
    def capacity(self) -> Mapping[ObjectKind, int]:
        """How many objects of a kind one `send` takes."""
        return CAPACITY

    def inspect(self, rollout: RolloutId, emails: Sequence[str]) -> Inspection:
        """Group, members, people, limits, traces of this rollout; see `inspect.look_around`."""
        look = look_around(self._client, self._access, emails)
        if look.destination is None:
            return Inspection(facts={}, people=look.people, findings=look.findings)
        readable = all(finding.code != "planner-plans-unreadable" for finding in look.findings)
        discoverer = Discoverer(self._client, look.destination)
        existing, traces = discoverer.traces(rollout) if readable and look.titles else (0, ())
        facts = to_facts(look.destination, LIMITS)
        return Inspection(
            facts=facts,
            people=look.people,
            findings=look.findings,
            existing=existing,
            traces=traces,
            titles=look.titles,
        )

    def use(self, facts: Facts) -> None:
        """Take the facts of an earlier `inspect`; StalePlan where they do not name a group."""
        destination, labels = from_facts(facts), LabelBook(self._client)
        reader = Reader(self._client, destination, labels)
        self._rooms = _Rooms(
            destination=destination,
            sender=Sender(self._client, destination, labels),
            changer=Changer(self._client, destination, labels),
            seeker=Seeker(self._client, destination),
            reader=reader,
            puller=Puller(self._client, destination, labels, reader),
            discoverer=Discoverer(self._client, destination),
        )

    def high_water(self) -> int:
        """Always 0: Planner numbers nothing. The request makes Graph's clock known."""
        self._client.get(f"/groups/{segment(self._ready.destination.group)}?$select=id", route="/groups/{id}")
        return 0

    def remote_now(self) -> datetime:
        """Upper bound of Graph's clock now; Unavailable before Graph's first answer."""
        return self._client.remote_now()

    def send(self, rollout: RolloutId, chunk: Sequence[Create]) -> Sequence[Outcome]:
        """Make objects of one kind; see `sending.Sender`."""
        return self._ready.sender.send(rollout, chunk)

    def find(self, rollout: RolloutId, doubts: Sequence[Doubt], known: frozenset[str]) -> Findings:  # noqa: ARG002 (the port's signature; doubts name their plan)
        """Which doubtful creates exist; see `seeking.Seeker`. All doubts of a plan belong into one call."""
        return self._ready.seeker.find(doubts, known)

    def observe(self, bound: Sequence[Binding]) -> Sighting:
        """Read bound objects; see `reading.Reader`."""
        return self._ready.reader.observe(bound)

    def change(self, rollout: RolloutId, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write fields of existing objects of one kind; see `changing.Changer`."""
        return self._ready.changer.change(rollout, changes)

    def pull(self, watch: Watch) -> Iterator[Pulled]:
        """What changed, portion by portion; see `pulling.Puller`."""
        return self._ready.puller.pull(watch)

    def discover(self, rollout: RolloutId) -> Sequence[Marked]:
        """Everything that carries this rollout's marks; see `discovering.Discoverer`."""
        return self._ready.discoverer.discover(rollout)

    @property
    def _ready(self) -> _Rooms:
        if self._rooms is None:
            raise StalePlan(
                "Planner's destination is not known yet", where="facts of planner", hint="inspect or plan first"
            )
        return self._rooms


def connect(
    access: GraphAccess,
    *,
    transport: Transport,
    clock: Clock,
    show: Callable[[str], None] | None = None,
    on_secret: Callable[[str], None] = lambda _: None,
) -> PlannerTracker:
    """A tracker for these settings, over a client as of `graph_client`; nothing is sent yet."""
    client = graph_client(access, transport=transport, clock=clock, show=show, on_secret=on_secret)
    return PlannerTracker(access=access, client=client)


def graph_client(
    access: GraphAccess,
    *,
    transport: Transport,
    clock: Clock,
    show: Callable[[str], None] | None = None,
    on_secret: Callable[[str], None] = lambda _: None,
) -> GraphClient:
    """A signed-in way to Graph, for boards, mails and calendars alike; nothing is sent yet.

    Args:
        access: where and as whom.
        transport: the process's one transport.
        clock: the process's clock.
        show: prints the instruction of a device code sign-in; None where nobody is there to read it.
        on_secret: told of every token, to keep logs clean of it.
    """
    # Asking for a token again makes another token and no harm, so a lost answer may be asked for again.
    transport.declare_safe(access.authority.rstrip("/") + "/")
    tokens = TokenSource(access, session=transport.session(), clock=clock, show=show, on_secret=on_secret)
    return GraphClient(transport=transport, tokens=tokens, base_url=access.base_url, clock=clock)
