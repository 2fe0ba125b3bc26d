"""How mails look on the screen: what was sent, what nobody knows the end of, and who is told next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rollout_sync.cli.screen import Screen

if TYPE_CHECKING:
    from rollout_sync.ledger.outbox import Letter
    from rollout_sync.sync.digesting import Planned, Turn
    from rollout_sync.sync.sending import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPost:
    """One mail or card of the outbox."""

    event: str
    kind: str
    to: str
    subject: str
    state: str
    at: datetime
    reason: str

    @classmethod
    def of(cls, letters: Iterable[Letter]) -> tuple[ShownPost, ...]:
        """What is shown of the outbox's rows."""
        return tuple(
            cls(
                event=one.event,
                kind=one.kind.value,
                to=one.address,
                subject=one.subject,
                state=one.state.value,
                at=one.sent_at or one.planned_at,
                reason=one.last_error,
            )
            for one in letters
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a run sent, and what is left.

    Attributes:
        silent: readers who were due, and of whom nothing was to be told.
        untold: rollouts that nothing can be told of, by name, with the reason.
        stopped: why the run ended before all were tried; empty where it did not.
        note: why there was nothing to do for this run; usually empty.
    """

    sent: tuple[ShownPost, ...] = ()
    unconfirmed: tuple[ShownPost, ...] = ()
    failed: tuple[ShownPost, ...] = ()
    again: tuple[ShownPost, ...] = ()
    silent: tuple[str, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""
    hint: str = ""
    note: str = ""

    @classmethod
    def of(cls, deliveries: Iterable[Delivery], planned: Iterable[Planned], note: str = "") -> Sent:
        """What came of a run, all channels together."""
        made, plans = list(deliveries), list(planned)
        stopped = [one.stopped for one in made if one.stopped is not None]
        return cls(
            sent=ShownPost.of(letter for one in made for letter in one.sent),
            unconfirmed=ShownPost.of(letter for one in made for letter in one.unconfirmed),
            failed=ShownPost.of(letter for one in made for letter in one.failed),
            again=ShownPost.of(letter for one in made for letter in one.again),
            silent=tuple(one for plan in plans for one in plan.silent),
            untold={name: reason for plan in plans for name, reason in plan.untold.items()},
            stopped="; ".join(one.reason for one in stopped),
            hint="; ".join(dict.fromkeys(one.hint for one in stopped if one.hint)),
            note=note,
        )

    @property
    def is_finished(self) -> bool:
        """Nothing is left for another run, or for a person to decide."""
        return not (self.unconfirmed or self.again or self.stopped or self.untold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """Files that were written, two for each mail; readers, and rollouts with a reason, of which nothing is told."""

    files: tuple[Path, ...]
    silent: tuple[str, ...]
    untold: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who is told when, and what is open in the outbox."""

    turns: tuple[Turn, ...]
    open: tuple[ShownPost, ...]


def write_sent(sent: Sent, screen: Screen) -> None:
    """One line for each mail."""
    if sent.note:
        screen.line(sent.note)
    for one in sent.sent:
        screen.line(f"{screen.symbols.ok} {one.to}: {one.subject}")
    for one in sent.failed:
        screen.line(f"{screen.symbols.fail} {one.to}: {one.subject}")
        screen.line(f"    {one.reason}")
    for one in sent.again:
        screen.line(f"{screen.symbols.warn} {one.to}: {one.subject}: not sent yet, the next run tries again")
        screen.line(f"    {one.reason or 'it waits its turn'}")
    _write_unconfirmed(sent.unconfirmed, screen)
    _write_rest(sent, screen)


def _write_untold(untold: Mapping[str, str], screen: Screen) -> None:
    for name, reason in untold.items():
        screen.line(f"{screen.symbols.warn} nothing can be told of {name}: {reason}")


def _write_rest(sent: Sent, screen: Screen) -> None:
    _write_untold(sent.untold, screen)
    if sent.silent:
        words = "1 reader" if len(sent.silent) == 1 else f"{len(sent.silent)} readers"
        screen.line(f"nothing new for {words} who were due")
    if not (sent.note or sent.sent or sent.failed or sent.again or sent.unconfirmed or sent.silent):
        screen.line("no mail is due")
    if sent.stopped:
        screen.line(f"{screen.symbols.warn} {sent.stopped}")
        if sent.hint:
            screen.line(f"    {sent.hint}")


def _write_unconfirmed(open_ones: Sequence[ShownPost], screen: Screen) -> None:
    for one in open_ones:
        screen.line(f"{screen.symbols.warn} {one.to}: {one.subject}: UNCONFIRMED since {one.at:%d %b %H:%M} UTC")
        screen.line(f"    {one.reason}")
        screen.line(f"    ask them, then: rollout-sync digest --resend {one.event}, or --dismiss {one.event}")


def open_mails(letters: Sequence[Letter]) -> str:
    """One line for `status` while mails wait for a person's word; empty when none does. Pure."""
    if not letters:
        return ""
    words = "of 1 mail nobody knows" if len(letters) == 1 else f"of {len(letters)} mails nobody knows"
    return f"{words} whether it went out, or it was refused; look: rollout-sync digest"


def write_previews(previewed: Previewed, screen: Screen) -> None:
    """The files, and who would hear nothing."""
    for file in previewed.files:
        screen.line(str(file))
    _write_untold(previewed.untold, screen)
    for address in previewed.silent:
        screen.line(f"nothing to tell {address}")
    if not previewed.files:
        screen.line("nobody is told anything: no rollout runs, or no role of its people is told")


def write_standing(standing: Standing, screen: Screen) -> None:
    """Who is told next; below that what needs a person."""
    rows = [
        (
            one.name,
            one.email,
            one.every,
            "-" if one.next is None else f"{one.next:%a %d %b %H:%M} UTC",
            "-" if one.last is None else f"{one.last:%d %b %H:%M}",
        )
        for one in standing.turns
    ]
    if rows:
        screen.table(("reader", "address", "how often", "next", "last"), rows)
    else:
        screen.line("nobody is told anything yet: no rollout runs, or no role of its people is told")
    for one in standing.open:
        if one.state == "FAILED":
            screen.line(f"{screen.symbols.fail} {one.to}: {one.subject}: {one.reason}")
    _write_unconfirmed([one for one in standing.open if one.state in {"UNCONFIRMED", "SENDING"}], screen)
