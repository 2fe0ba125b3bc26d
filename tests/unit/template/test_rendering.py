"""Texts with names: what is filled in, what is refused, and what can never run away."""

from __future__ import annotations

import pytest

from rollout_sync.template.rendering import (
    MAX_OUTPUT,
    Unrenderable,
    check_condition,
    check_text,
    holds,
    render,
)

NAMES = {
    "company": frozenset(),
    "works_council": frozenset(),
    "limit": frozenset(),
    "words": frozenset(),
    "departments": frozenset(),
    "department": frozenset({"key", "name", "size"}),
    "people": frozenset({"sponsor", "items"}),
}
CONTEXT = {
    "company": "Example Ltd",
    "works_council": True,
    "limit": 5,
    "words": ("one", "two"),
    "departments": ({"key": "hr", "name": "HR", "size": 3}, {"key": "it", "name": "IT", "size": 4}),
    "department": {"key": "hr", "name": "HR", "size": 3},
    "people": {"sponsor": "Sonja Sponsor", "items": "Ida Item"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain { text }", "plain { text }"),
        ("At {{ company }}", "At Example Ltd"),
        ("{{ works_council }}", "yes"),
        ("{{ words }}", "one, two"),
        ("{{ departments }}", "HR, IT"),
        ("{{ department.name }} ({{ department.size }})", "HR (3)"),
        ("{{ people.items }}", "Ida Item"),
        ("{% if works_council %}ask{% else %}go{% endif %}", "ask"),
        ("{% for each in departments %}{{ each.name }} {% endfor %}", "HR IT "),
        ("{{ limit * 2 + 1 }}", "11"),
        ("{{ company | upper }}", "EXAMPLE LTD"),
        ("{{ 'few' if limit < 9 else 'many' }}", "few"),
    ],
)
def test_names_are_filled_in(text, expected):
    assert check_text(text, NAMES) == ()
    assert render(text, CONTEXT) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ compny }}", "unknown name 'compny'"),
        ("{{ department.nam }}", "unknown name department.nam"),
        ("{{ ''.__class__ }}", "__class__"),
        ("{{ company.__class__.__mro__ }}", "__class__"),
        ("{{ company['__class__'] }}", "getitem is not allowed"),
        ("{{ company | attr('__class__') }}", "unknown filter 'attr'"),
        ("{{ company | replace('a', 'b') }}", "unknown filter 'replace'"),
        ("{{ company | upperr }}", "unknown filter 'upperr'"),
        ("{% for i in range(10**9) %}x{% endfor %}", "call is not allowed"),
        ("{{ lipsum() }}", "call is not allowed"),
        ("{{ self }}", "'self' is not allowed"),
        ("{{ 2 ** 99999999 }}", "pow is not allowed"),
        ("{{ '%99999999d' % 1 }}", "mod is not allowed"),
        ("{% set x = 1 %}", "assign is not allowed"),
        ("{% include '/etc/passwd' %}", "include is not allowed"),
        ("{% import 'x' as y %}", "import is not allowed"),
        ("{% macro x() %}{% endmacro %}", "macro is not allowed"),
        ("{{ company is defined }}", "test is not allowed"),
        ("{{ company", "cannot be filled in"),
        ("{% if company %}", "cannot be filled in"),
        ("{{ loop.index }}", "unknown name 'loop'"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nested too deeply"),
        ("{{ " + "1+" * 3900 + "1 }}", "nested too deeply"),
        ("{% for a in words %}" * 3 + "{% endfor %}" * 3, "nested deeper than 2"),
    ],
)
def test_what_is_beyond_the_language_is_refused_before_it_runs(text, complaint):
    messages = [problem.message for problem in check_text(text, NAMES)]
    assert any(complaint in message for message in messages), messages


def test_the_line_of_an_unknown_name_is_told():
    (complaint,) = check_text("one\ntwo {{ compny }}", NAMES)
    assert (complaint.line, complaint.hint) == (2, "did you mean 'company'?")


@pytest.mark.parametrize(
    "text",
    [
        "{{ company.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ department.__class__ }}",
        "{{ department.keys }}",
        "{{ 'a' * 1000000000 }}",
        "{{ words * 1000000000 }}",
        "{{ limit / 0 }}",
        "{{ company + 1 }}",
        "{{ unknown }}",
        "{% for i in range(9) %}x{% endfor %}",
        "{{ company.upper() }}",
    ],
)
def test_the_sandbox_holds_even_where_nobody_checked(text):
    with pytest.raises(Unrenderable):
        render(text, CONTEXT)


def test_output_is_bounded():
    text = "{% for a in words %}{% for b in words %}{{ company }}{% endfor %}{% endfor %}"
    with pytest.raises(Unrenderable, match=f"{MAX_OUTPUT:,}"):
        render(text, {"words": ("x",) * 200, "company": "y" * 1000})


def test_answers_are_not_templates_themselves():
    assert render("{{ company }}", {"company": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("works_council", True), ("not works_council", False), ("limit > 3 and company == 'Example Ltd'", True)],
)
def test_conditions_are_decided(condition, expected):
    assert check_condition(condition, NAMES) == ()
    assert holds(condition, CONTEXT) is expected


@pytest.mark.parametrize("condition", ["{{ works_council }}", "works-council", "works_council)", "1 }} x {{ 2", ""])
def test_conditions_that_cannot_be_decided_are_refused(condition):
    assert check_condition(condition, NAMES)


def test_a_condition_that_compares_unlike_things_says_so():
    with pytest.raises(Unrenderable, match="cannot be decided"):
        holds("company > 3", CONTEXT)
