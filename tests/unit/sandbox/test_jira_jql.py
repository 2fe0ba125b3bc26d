"""JQL by itself: what can be read, what is complained about and how, and what dates mean."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.sandbox.jira.jql.lexer import JqlError
from rollout_sync.sandbox.jira.jql.moments import called, moment
from rollout_sync.sandbox.jira.jql.parser import parse
from rollout_sync.sandbox.jira.jql.tree import AllOf, AnyOf, Call, Clause, Empty, Literal, Not, Order

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, 34, 56, tzinfo=UTC)


def literal(text: str) -> Literal:
    return Literal(text=text, quoted=True)


def ms(*parts: int, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime(*parts, tzinfo=zone).timestamp() * 1000)


def test_and_binds_closer_than_or_and_not_closest():
    query = parse("a = 1 or b = 2 and not c = 3")

    assert isinstance(query.where, AnyOf)
    right = query.where.parts[1]
    assert isinstance(right, AllOf)
    assert isinstance(right.parts[1], Not)


def test_lists_functions_and_empty_are_read():
    query = parse('labels in ("a b", c) AND assignee = currentUser() AND due is not EMPTY ORDER BY updated DESC, key')

    assert isinstance(query.where, AllOf)
    labels, assignee, due = query.where.parts
    assert labels == Clause(
        field="labels",
        operator="in",
        operands=(literal("a b"), Literal(text="c", quoted=False)),
        is_list=True,
    )
    assert assignee == Clause(field="assignee", operator="=", operands=(Call(name="currentUser", arguments=()),))
    assert due == Clause(field="due", operator="is not", operands=(Empty(),))
    assert query.order == (Order(field="updated", descending=True), Order(field="key", descending=False))


def test_bare_words_are_a_text_search():
    assert parse('legacy "sign ins"').where == Clause(
        field="text", operator="~", operands=(literal("legacy sign ins"),)
    )


@pytest.mark.parametrize("jql", ["", "   ", "order by key"])
def test_a_query_without_restriction_has_no_tree(jql):
    assert parse(jql).where is None


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ('project = "SEC', "The quoted string 'SEC' has not been completed. (line 1, character 11)"),
        ("project = SEC AND", "Expecting a field name before the end of the query"),
        ("project = SEC labels = a", "Expecting either 'OR' or 'AND' but got 'labels'. (line 1, character 15)"),
        ("project SEC = 1", "Expecting operator but got 'SEC'"),
        ("labels in (a, b", "Expecting either ')' or ','"),
        ("labels in a", "Expecting '('"),
        ("(project = SEC", "Expecting ')'"),
        ("project = #1", "The character '#' is a reserved JQL character"),
        ("project = SEC\nAND %", "(line 2, character 5)"),
        ("status was Done", "'was' is not offered by this sandbox"),
        ("project = SEC order key", "Expecting 'by'"),
        ("a = 1 order by a,b,c,d,e,f,g,h", "exceeded the limit of 7"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(jql, words):
    with pytest.raises(JqlError) as caught:
        parse(jql)
    assert words in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text):
    with contextlib.suppress(JqlError):
        parse(text)


@given(st.text(max_size=30))
def test_a_quoted_text_comes_back_as_it_was(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    where = parse(f'summary ~ "{quoted}"').where
    assert where == Clause(field="summary", operator="~", operands=(literal(text),))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-20 09:30", ms(2026, 11, 20, 9, 30)),
        ("2026/11/20 09:30", ms(2026, 11, 20, 9, 30)),
        ("2026-07-01", ms(2026, 7, 1)),
        ("-5d", ms(2026, 11, 16, 12, 34, 56, zone=UTC)),
        ("4w 2d", ms(2026, 12, 21, 12, 34, 56, zone=UTC)),
        ("-100m", ms(2026, 11, 21, 10, 54, 56, zone=UTC)),
    ],
)
def test_dates_are_read_in_the_accounts_zone(text, meant):
    assert moment(literal(text), field="updated", now=NOW, zone=BERLIN) == meant


def test_a_bare_number_is_epoch_milliseconds_and_a_quoted_one_is_not():
    assert moment(Literal(text="1795288800000", quoted=False), field="updated", now=NOW, zone=BERLIN) == 1795288800000
    with pytest.raises(JqlError, match="Date value '1795288800000' for field 'updated' is invalid"):
        moment(literal("1795288800000"), field="updated", now=NOW, zone=BERLIN)


@pytest.mark.parametrize("text", ["2026-11-20 09:30:15", "2026-11-20T09:30", "2026-02-30", "20.11.2026", "soon", ""])
def test_seconds_offsets_and_other_formats_are_refused(text):
    with pytest.raises(JqlError, match="Valid formats include: 'yyyy/MM/dd HH:mm'"):
        moment(literal(text), field="updated", now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("name", "arguments", "meant"),
    [
        ("startOfDay", (), ms(2026, 11, 21)),
        ("startOfDay", ("-1",), ms(2026, 11, 20)),
        ("startOfWeek", (), ms(2026, 11, 16)),
        ("startOfMonth", ("+1M",), ms(2026, 12, 1)),
        ("endOfDay", (), ms(2026, 11, 22) - 1),
        ("endOfYear", (), ms(2027, 1, 1) - 1),
    ],
)
def test_functions_of_time(name, arguments, meant):
    assert called(Call(name=name, arguments=arguments), now=NOW, zone=BERLIN) == meant


def test_an_unknown_function_is_refused():
    with pytest.raises(JqlError, match="Unable to find JQL function 'yesterday"):
        called(Call(name="yesterday", arguments=()), now=NOW, zone=BERLIN)
