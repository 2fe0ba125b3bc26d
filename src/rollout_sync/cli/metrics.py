"""Numbers for Prometheus' textfile collector: what the last run of each command did, and how all rollouts stand.

Rendering and merging are pure; `write` replaces the file as a whole. Nobody's name, title or address is in it.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rollout_sync.errors import ConfigError, LedgerError

if TYPE_CHECKING:
    from rollout_sync.config import Settings
    from rollout_sync.ledger.opening import Database
    from rollout_sync.transport.adapter import Attempted

RUN = "rollout_sync_run_"
"""How the families begin that tell of one run; their first label is the command."""

FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "rollout_sync_run_timestamp_seconds": ("When the last run of the command ended, in Unix time.", ("command",)),
    "rollout_sync_run_duration_seconds": ("How long that run took.", ("command",)),
    "rollout_sync_run_exit_code": ("Its exit code; 0 is done, 4 is not finished.", ("command",)),
    "rollout_sync_run_requests": (
        "Requests of that run by how they ended, repeated ones too; a batch counts once.",
        ("command", "service", "outcome"),
    ),
    "rollout_sync_run_retries": ("Requests of that run that were repeated.", ("command", "service")),
    "rollout_sync_run_throttled_seconds": (
        "Seconds for which services asked that run to wait.",
        ("command", "service"),
    ),
    "rollout_sync_rollouts": ("Rollouts that the ledger knows.", ()),
    "rollout_sync_rollout_health": (
        "1 for the colour of the last review, 0 for the others; all 0 before the first review.",
        ("rollout", "colour"),
    ),
    "rollout_sync_rollout_items_done": ("Items that are done, by the last review.", ("rollout",)),
    "rollout_sync_rollout_items_total": ("Items that count, by the last review.", ("rollout",)),
    "rollout_sync_rollout_p_target": (
        "Chance, 0 to 1, to be live by the agreed day; missing where there is no forecast.",
        ("rollout",),
    ),
    "rollout_sync_rollout_read_timestamp_seconds": (
        "When both services were last read well, in Unix time; missing where they never were.",
        ("rollout",),
    ),
    "rollout_sync_outbox_unconfirmed": ("Mails of which nobody knows whether they went out.", ()),
    "rollout_sync_outbox_failed": ("Mails that were refused for good.", ()),
}
"""Every family, all of them gauges: its meaning and its labels."""

OUTCOMES = ("ok", "refused", "limited", "unsent", "lost", "astray")
"""2xx and 3xx; 4xx; 429; surely not sent; sent without an answer; answered by something that is not the service."""

_LEAST_ERROR = 400
_KEPT = re.compile(rf'({RUN}\w+)\{{command="((?:[^"\\]|\\.)*)"[,}}].*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One line of the file."""

    family: str
    value: float
    labels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As it stands in the file."""
        names = FAMILIES[self.family][1]
        pairs = ",".join(f'{name}="{_escaped(text)}"' for name, text in zip(names, self.labels, strict=True))
        return f"{self.family}{{{pairs}}} {self.value:.15g}" if pairs else f"{self.family} {self.value:.15g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStand:
    """One rollout as it was last reviewed; None where that is not known."""

    rollout: str
    colour: str | None
    done: int | None
    total: int | None
    p_target: float | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How everything stands that the ledger knows."""

    rollouts: tuple[RolloutStand, ...]
    colours: tuple[str, ...]
    unconfirmed: int
    failed: int


@dataclass(slots=True)
class Meter:
    """Counts what one run does. `attempted` may be called from many threads.

    Attributes:
        path: the file to write at the end.
        services: base address to the service's name.
    """

    path: Path
    services: Mapping[str, str] = field(default_factory=dict)
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    throttled: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attempted(self, one: Attempted) -> None:
        """One request ended."""
        service = service_of(one.url, self.services)
        with self._lock:
            self.requests[service, outcome_of(one)] += 1
            self.retries[service] += one.number > 1
            self.throttled[service] = self.throttled.get(service, 0.0) + one.asked_to_wait

    def samples(self, command: str, *, ended: float, seconds: float, code: int) -> Iterator[Sample]:
        """The run; `ended` is Unix time."""
        yield Sample(family=f"{RUN}timestamp_seconds", labels=(command,), value=ended)
        yield Sample(family=f"{RUN}duration_seconds", labels=(command,), value=seconds)
        yield Sample(family=f"{RUN}exit_code", labels=(command,), value=code)
        for service in sorted(self.retries):
            for outcome in OUTCOMES:
                number = self.requests[service, outcome]
                yield Sample(family=f"{RUN}requests", labels=(command, service, outcome), value=number)
            yield Sample(family=f"{RUN}retries", labels=(command, service), value=self.retries[service])
            waited = self.throttled[service]
            yield Sample(family=f"{RUN}throttled_seconds", labels=(command, service), value=waited)


def outcome_of(one: Attempted) -> str:
    """How a request ended, as one of `OUTCOMES`."""
    match one.ending.name:
        case "ANSWERED":
            return "ok" if one.status < _LEAST_ERROR else "refused"
        case "NEVER_SENT":
            return "unsent"
        case name:
            return name.lower()


def service_of(url: str, services: Mapping[str, str]) -> str:
    """The service behind an address: that of the longest base address it begins with, or `other`."""
    known = [base for base in services if url.startswith(base)]
    return services[max(known, key=len)] if known else "other"


def services_of(settings: Settings) -> Mapping[str, str]:
    """Base addresses of the configured services."""
    found: dict[str, str] = {}
    if settings.jira is not None:
        found[settings.jira.site] = "jira"
    if settings.planner is not None:
        found[settings.planner.base_url] = "graph"
        found[settings.planner.authority] = "sign-in"
    return found


def stand_samples(stand: Stand) -> Iterator[Sample]:
    """How everything stands."""
    yield Sample(family="rollout_sync_rollouts", value=len(stand.rollouts))
    for one in stand.rollouts:
        for colour in stand.colours:
            lit = float(one.colour == colour)
            yield Sample(family="rollout_sync_rollout_health", labels=(one.rollout, colour), value=lit)
        known = {
            "items_done": one.done,
            "items_total": one.total,
            "p_target": one.p_target,
            "read_timestamp_seconds": one.read_at.timestamp() if one.read_at is not None else None,
        }
        for name, value in known.items():
            if value is not None:
                yield Sample(family=f"rollout_sync_rollout_{name}", labels=(one.rollout,), value=value)
    yield Sample(family="rollout_sync_outbox_unconfirmed", value=stand.unconfirmed)
    yield Sample(family="rollout_sync_outbox_failed", value=stand.failed)


def rendered(samples: Iterable[Sample], earlier: str = "", command: str = "") -> str:
    """The file's text: these samples, and of an earlier file the last runs of other commands."""
    lines: dict[str, list[str]] = {}
    for line in earlier.splitlines():
        kept = _KEPT.fullmatch(line)
        if kept is not None and kept[1] in FAMILIES and kept[2] != _escaped(command):
            lines.setdefault(kept[1], []).append(line)
    for sample in samples:
        lines.setdefault(sample.family, []).append(sample.text)
    return "".join(_family(name, lines[name]) for name in FAMILIES if name in lines)


def _family(name: str, lines: Sequence[str]) -> str:
    meaning = FAMILIES[name][0].replace("\\", "\\\\")
    return "\n".join([f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *lines, ""])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def reference() -> str:
    """The table of all families, for the documentation."""
    rows = [
        f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {meaning} |"
        for name, (meaning, labels) in FAMILIES.items()
    ]
    return "\n".join(["| metric | labels | meaning |", "|---|---|---|", *rows, ""])


# Reading and writing -------------------------------------------------------------------------------------------------


def write(meter: Meter, command: str, ledger: Path | None, *, ended: float, seconds: float, code: int) -> None:
    """Write the file of this run; without a ledger it tells of the run alone.

    Raises:
        ConfigError: the file cannot be written. How the run itself ended does not change by that.
    """
    samples = [*meter.samples(command, ended=ended, seconds=seconds, code=code)]
    stand = standing(ledger) if ledger is not None and ledger.exists() else None
    samples += stand_samples(stand) if stand is not None else ()
    try:
        earlier = meter.path.read_text("utf-8", "replace") if meter.path.exists() else ""
        _replace(meter.path, rendered(samples, earlier, command))
    except OSError as error:
        raise ConfigError(
            f"The metrics cannot be written ({error.strerror or type(error).__name__}).",
            where=f"--metrics {meter.path}",
            hint="Name a file in a folder that exists and may be written.",
        ) from error


def standing(ledger: Path) -> Stand | None:
    """How everything stands by the ledger; None where it cannot be read, which the run itself has said."""
    from rollout_sync.ledger.opening import Database  # noqa: PLC0415 - SQLAlchemy is slow to load

    try:
        database = Database(ledger, read_only=True)
    except LedgerError:
        return None
    try:
        return _stand(database)
    except LedgerError:
        return None
    finally:
        database.close()


def _stand(database: Database) -> Stand:
    from rollout_sync.health.review import Colour  # noqa: PLC0415 - SQLAlchemy and numpy are slow to load
    from rollout_sync.ledger import outbox, sightings  # noqa: PLC0415 - the same
    from rollout_sync.sync import reviewing  # noqa: PLC0415 - the same

    rows = reviewing.portfolio(database)
    with database.reading() as connection:
        read = sightings.read_at(connection)
        doubtful = outbox.letters(connection, outbox.State.UNCONFIRMED)
        failed = outbox.letters(connection, outbox.State.FAILED)
    return Stand(
        rollouts=tuple(
            RolloutStand(
                rollout=row.id,
                colour=row.last.colour.value if row.last else None,
                done=row.last.done if row.last else None,
                total=row.last.total if row.last else None,
                p_target=row.last.p_target if row.last else None,
                read_at=read.get(row.id),
            )
            for row in rows
        ),
        colours=tuple(colour.value for colour in Colour),
        unconfirmed=len(doubtful),
        failed=len(failed),
    )


def _replace(path: Path, text: str) -> None:
    """A collector that reads meanwhile sees the old file or the new one, whole."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)  # the collector is another user
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
