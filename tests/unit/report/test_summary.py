"""What boards and chats show: the review in a few lines, the same lines for the same facts, and nobody's markup."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.health.review import Case, Review
from rollout_sync.health.verdict import review
from rollout_sync.model.rollout import Approval, ItemKey, ItemKind, Person
from rollout_sync.model.snapshot import Decision, ItemStatus, Vote
from rollout_sync.report.cards import Chat, card
from rollout_sync.report.summary import summary_of
from rollout_sync.trackers.boards import Summary
from support.builders import days, make_item, on_go_live
from unit.health.cases import before_go_live, case_of, chain, on_board, with_snapshot

GATE = ItemKey("green-light/head")
FRIDA = Person(name="Frida Figures", email="frida@example.com")
DORA = Person(name="Dora Deputy", email="dora@example.com")
HEDDA = Person(name="Hedda Head", email="hedda@example.com")


@dataclass(frozen=True)
class Told:
    """A case with its review."""

    case: Case
    review: Review
    name: str = "Teams"


def told(case):
    return Told(case, review(case, with_drivers=False))


def waiting(title="Green light of Finance", approvers=(FRIDA,)):
    """A decision that was asked for weeks ago, and work that waits for it."""
    gate = make_item(
        GATE,
        kind=ItemKind.APPROVAL,
        title=title,
        estimate=days(5),
        approval=Approval(approvers=approvers),
        anchor=on_go_live(-30),
    )
    work = make_item("change/prepare", estimate=days(2), after=(GATE,), held_by=(GATE,), anchor=on_go_live(-2))
    return case_of(
        (*chain(2, 2), gate, work),
        before_go_live(10),
        states={GATE: {"status": ItemStatus.STARTED, "finished_at": None, "title": title}},
        gates={GATE: {"decision": Decision.WAITING, "decided_at": None}},
    )


def test_it_tells_how_it_stands_why_and_who_is_waited_for():
    found = summary_of(told(waiting()))
    assert found.headline.startswith(("Red", "Amber"))
    assert found.dates.startswith("Go-live: agreed 1 Mar 2027")
    assert found.bullets[0].startswith("2 of 5 items done")
    assert any("“Green light of Finance” waits for a decision of Frida Figures" in one for one in found.bullets)
    assert found.as_of.startswith("As of 15 Feb 2027, 09:00 UTC")
    assert all(len(one) <= 301 for one in (found.headline, *found.bullets))


def test_nobody_is_waited_for_at_a_gate_that_was_deleted():
    case = waiting()
    gone = on_board(case, GATE, status=ItemStatus.GONE)
    assert not any("waits for a decision" in one for one in summary_of(told(gone)).bullets)
    assert GATE in summary_of(told(case)).facts
    assert GATE not in summary_of(told(gone)).facts


@pytest.mark.parametrize("by", [FRIDA.email.upper(), DORA.email.upper()], ids=["the approver", "the deputy"])
def test_only_those_are_named_who_have_not_been_heard(by):
    case = waiting(approvers=(replace(FRIDA, deputy=DORA.email), HEDDA))
    vote = Vote(by=by, decision=Decision.APPROVED, at=case.now)
    heard = with_snapshot(case, gates={GATE: replace(case.snapshot.gates[GATE], votes=(vote,))})
    assert any("a decision of Frida Figures, Hedda Head, for" in one for one in summary_of(told(case)).bullets)
    assert any("a decision of Hedda Head, for" in one for one in summary_of(told(heard)).bullets)


def test_an_hour_later_it_tells_nothing_new():
    case = waiting()
    later = replace(case, now=case.now + timedelta(hours=1))
    first, second = summary_of(told(case)), summary_of(told(later))
    assert first.as_of != second.as_of
    assert first.content == second.content


@pytest.mark.parametrize(
    "changed",
    [
        lambda case: on_board(case, "prepare/b", status=ItemStatus.STARTED, finished_at=None),
        lambda case: with_snapshot(
            case, gates={GATE: replace(case.snapshot.gates[GATE], decision=Decision.APPROVED, decided_at=case.now)}
        ),
    ],
    ids=["an item is open again", "a decision was made"],
)
def test_news_change_what_it_tells(changed):
    case = waiting()
    assert summary_of(told(case)).content != summary_of(told(changed(case))).content


def test_a_finished_rollout_says_since_when_it_is_live():
    case = case_of(chain(2), before_go_live(-3), states={})
    assert "live since" in summary_of(told(case)).dates


NASTY = "<!channel> [click](https://evil.example.com) <b>@here</b> **x**\n```\r\n- y\x00"


@pytest.mark.parametrize("chat", Chat)
def test_nobody_can_put_markup_into_a_card(chat):
    made = json.loads(card(NASTY, summary_of(told(waiting(NASTY))), chat))
    text = json.dumps(made)
    assert "\\n" not in text
    assert "\\u0000" not in text
    if chat is Chat.SLACK:
        assert "<" not in made["text"]
        kinds = {one["text"]["type"] for one in made["blocks"] if "text" in one}
        assert kinds == {"plain_text"}
        assert len(made["blocks"][0]["text"]["text"]) <= 150
    else:
        (attachment,) = made["attachments"]
        assert (made["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
        assert {one["type"] for one in attachment["content"]["body"]} == {"RichTextBlock"}
        assert {run["type"] for one in attachment["content"]["body"] for run in one["inlines"]} == {"TextRun"}


@given(st.text(), st.lists(st.text(), max_size=10))
def test_a_card_can_always_be_sent(name, lines):
    summary = Summary(headline=name, dates="", bullets=tuple(lines), as_of="now", facts=())
    for chat in Chat:
        content = card(name, summary, chat)
        assert content == card(name, summary, chat)
        assert json.loads(content)
        assert len(content) < 28_000
