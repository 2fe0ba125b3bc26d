"""From bytes to a checked document: every problem at once, at its place, with the nearest spelling."""

from __future__ import annotations

import textwrap

import pytest

from rollout_sync.errors import TemplateError
from rollout_sync.model.rollout import Home, ItemKind, LinkType
from rollout_sync.template.items import WaveOf
from rollout_sync.template.reading import MAX_PROBLEMS, read_template

HEAD = """
template: sample
version: 1
title: "Sample at {{ company }}"
parameters:
  company: {type: text}
  works_council: {type: yes-no, default: no}
roles:
  it:
  head: {per: department}
"""


def read(text: str):
    return read_template(textwrap.dedent(text).lstrip().encode(), "t.yaml")


def problems_of(text: str) -> list[str]:
    with pytest.raises(TemplateError) as caught:
        read(text)
    return [str(problem).removeprefix("t.yaml:") for problem in caught.value.problems]


def with_items(items: str, *, phase: str = "") -> str:
    return (
        HEAD
        + f"phases:\n  - key: main\n{phase}    items:\n"
        + textwrap.indent(textwrap.dedent(items).strip("\n"), "      ")
    )


def at(text: str, part: str) -> str:
    """Line and column of a part of the text, as an editor counts them."""
    before = textwrap.dedent(text).lstrip().partition(part)[0]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def item_problems(items: str, *, phase: str = "") -> list[str]:
    """Problems without their places."""
    return [line.split(": ", 1)[1] for line in problems_of(with_items(items, phase=phase))]


def test_shorthands_mean_their_long_forms():
    document = read(
        with_items(
            """
            - {key: a, title: A, owner: it, days: 3}
            - key: b
              title: B
              owner: it
              in: both
              after: [a, {item: a, link: SS, lag: -2}]
              before_go_live: 5
            - {key: c, kind: approval, title: C, approver: it, asks: Is it so?}
            """
        )
    ).document
    first, second, third = document.phases[0].items
    assert first.days == (3, 3, 3)
    assert first.kind is ItemKind.TASK
    assert second.home is Home.BOTH
    assert [(wait.item, wait.link, wait.lag, wait.wave) for wait in second.after] == [
        ("a", LinkType.FINISH_START, 0, WaveOf.SAME),
        ("a", LinkType.START_START, -2, WaveOf.SAME),
    ]
    assert second.before_go_live == (5,)
    assert third.asks == ("Is it so?",)
    assert document.parameters["works_council"].default is False
    assert document.roles["it"].per is None


def test_all_slips_of_shape_are_told_at_once_with_their_places():
    text = """
    template: Bad One
    version: "3"
    title: 2027
    colour: red
    parameters:
      company: {type: text, defualt: x}
      council: {type: yesno}
      word: {type: choice}
    roles:
      it: {per: departmnt}
    routes: {tsk: jira, task: jra}
    calendar: {working_days: mon-fry}
    phases:
      - key: a
        items:
          - {key: k, titel: T, kind: aproval, days: [3, 2, 1], after: [{itm: x, link: FX}], in: plannr}
          - {key: l, title: [x], minutes: 1, days: [1, 2]}
    """
    assert problems_of(text) == [
        "1:11: template: 'Bad One' cannot be used (small letters, digits and -, beginning with a letter, at most 40)",
        "3:8: title: must be a text, not 2027 (put a number or a yes/no word in quotes)",
        "4:1: unknown key 'colour'",
        "6:25: unknown key 'defualt' (did you mean 'default'?)",
        "7:12: council: type 'yesno' is not known (did you mean 'yes-no'?)",
        "8:9: word needs 'options' (add `options: …`)",
        "10:13: per: 'departmnt' is not known (did you mean 'department'?)",
        "11:10: 'tsk' cannot be a name (did you mean 'task'?)",
        "11:27: task: 'jra' is not known (did you mean 'jira'?)",
        "12:26: working_days: 'mon-fry' is no working week: mon-fri, mon-sat, sun-thu, or a list: [mon, tue]",
        "16:9: 'k' needs 'title' (add `title: …`)",
        "16:18: unknown key 'titel' (did you mean 'title'?)",
        "16:34: kind: 'aproval' is not known (did you mean 'approval'?)",
        "16:49: days: must grow: low 3, likely 2, high 1",
        "16:68: after needs 'item' (add `item: …`)",
        "16:69: unknown key 'itm' (did you mean 'item'?)",
        "16:83: link: 'FX' is not known (known: FF, FS, SF, SS)",
        "16:93: in: 'plannr' is not known (did you mean 'planner'?)",
        "17:25: title: must be a text, not a list (put a number or a yes/no word in quotes)",
        "17:39: minutes: must be at least 5, not 1",
        "17:48: days: needs more numbers ([low, likely, high], or one number)",
    ]


def test_unknown_names_get_the_nearest_spelling_and_their_place():
    text = with_items(
        """
        - {key: scan, title: "At {{ compny }}", owner: itt, after: [skan]}
        - key: told
          title: T
          owner: it
          text: |
            Hello

            {{ departmnt.name }}
        """
    )
    title, block = at(text, '"At {{ compny'), at(text, "{{ departmnt").split(":")[0]
    assert problems_of(text) == [
        f"{title}: unknown name 'compny' (did you mean 'company'?)",
        f"{at(text, 'itt')}: unknown role 'itt' (did you mean 'it'?)",
        f"{at(text, 'skan')}: unknown item 'skan' (did you mean 'scan'?)",
        f"{block}: unknown name 'departmnt' (did you mean 'departments'?)",
    ]


def test_roles_that_a_session_invites_are_told_with_their_place():
    text = with_items(
        """
        - {key: a, title: A, kind: training, owner: it, invites: [it, haed]}
        - {key: b, title: B, kind: training, owner: it, invites: hed}
        """
    )
    assert problems_of(text) == [
        f"{at(text, 'haed')}: unknown role 'haed' (did you mean 'head'?)",
        f"{at(text, 'hed}')}: unknown role 'hed' (did you mean 'head'?)",
    ]


@pytest.mark.parametrize(
    ("invites", "part", "complaint"),
    [
        ("[]", "[]", "invites: needs at least 1 entries"),
        ("[it, Head]", "Head", "invites: 'Head' cannot be used"),
        ("[[it]]", "[it]", "invites: must be a text, not a list"),
        ("3", "3}", "invites: must be a list, not 3"),
    ],
)
def test_invites_that_are_no_roles_are_told_at_their_place(invites, part, complaint):
    text = with_items(f"- {{key: a, title: A, kind: training, owner: it, invites: {invites}}}")
    (message,) = problems_of(text)
    assert message.startswith(f"{at(text, part)}: {complaint}")


def test_cycles_are_shown_as_chains():
    messages = item_problems(
        """
        - {key: a, title: A, owner: it, after: [c]}
        - {key: b, title: B, owner: it, after: [a]}
        - {key: c, title: C, owner: it, after: [b]}
        - {key: d, title: D, owner: it, after: [d]}
        """
    )
    assert messages == [
        "these items wait for each other: a → b → c → a (an arrow means `before`; take one of them out)",
        "'d' waits for itself (an arrow means `before`; take one of them out)",
    ]


def test_a_cycle_through_phases_is_found():
    text = HEAD + textwrap.dedent(
        """
        phases:
          - {key: one, after: [two], items: [{key: a, title: A, owner: it}]}
          - {key: two, after: [one], items: [{key: b, title: B, owner: it}]}
        """
    )
    assert any("a → b → a" in line for line in problems_of(text))


@pytest.mark.parametrize(
    ("items", "complaint"),
    [
        ("- {key: a, title: A}", "nobody owns it"),
        ("- {key: a, title: A, kind: approval}", "an approval needs an approver"),
        ("- {key: a, title: A, owner: it, approver: it}", "'approver' belongs to items of kind approval"),
        ("- {key: a, title: A, owner: it, minutes: 30}", "'minutes' belongs to items of kind training"),
        ("- {key: a, title: A, owner: it, invites: [it]}", "'invites' belongs to items of kind training"),
        ("- {key: a, title: A, owner: it, kind: training, invites: [pilots]}", "known: employee, head, it, supervisor"),
        ("- {key: a, title: A, owner: it, kind: training, invites: [employe]}", "did you mean 'employee'?"),
        ("- {key: a, title: A, owner: it, kind: milestone, days: 2}", "a milestone takes no days"),
        ("- {key: a, title: A, owner: it, leads: jira}", "leads without `in: both`"),
        ("- {key: a, title: A, owner: head}", "the role 'head' is per department, the item is not"),
        ("- {key: a, title: A, owner: it, on: wave_day}", "there is no wave day here"),
        ("- {key: a, title: A, owner: it, before_go_live: [1, 5]}", "the earliest day comes first"),
        ("- {key: a, title: A, owner: it, after_go_live: [5, 1]}", "the earliest day comes first"),
        ("- {key: a, title: A, owner: it, on: go_live, after_go_live: 1}", "contradict each other"),
        ("- {key: a, title: '{{ department.name }}', owner: it}", "it is known in items with for_each"),
        ("- {key: a, title: A, owner: it, when: works_councl}", "did you mean 'works_council'?"),
        ("- {key: a, title: A, owner: it, when: '{{ works_council }}'}", "written without braces"),
        ("- {key: a, title: A, owner: it}\n- {key: a, title: B, owner: it}", "a second item is called 'a'"),
        ("- {key: a, title: A, owner: it, after: [main]}", "put a phase into the `after` of its phase"),
        (
            "- {key: a, title: A, owner: it, after: [{item: b, wave: previous}]}\n- {key: b, title: B, owner: it}",
            "wave",
        ),
    ],
)
def test_fields_in_the_wrong_place_are_told(items, complaint):
    messages = item_problems(items)
    assert len(messages) == 1, messages
    assert complaint in messages[0]


def test_for_each_inside_a_wave_is_told():
    phase = "    wave: {over: department, every_days: 2}\n"
    messages = item_problems("- {key: a, title: A, owner: head, for_each: department}", phase=phase)
    assert messages == ["a: for_each inside a wave (the phase's wave already makes one per department)"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("calendar: {holidays: Germany}", "'Germany' is no country code"),
        ("calendar: {blackouts: [{from: 2027-03-02, to: 2027-03-01}]}", "ends before it begins"),
        ("calendar: {blackouts: [{from: soon, to: 2027-03-01}]}", "'soon' is no date"),
        ("calendar: {working_days: []}", "no working day is left"),
        ("playbooks: [{when: {problem: p}, create: [{title: T, owner: itt}]}]", "unknown role 'itt'"),
        (
            "playbooks: [{when: {problem: p}, create: [{title: T, owner: it, kind: approval}]}]",
            "cannot create approvals",
        ),
        ("pulse: {questions: {why: I see why}, audience: [employe]}", "did you mean 'employee'?"),
        ("measures: [{key: m, title: M, target: '{{ nothing }}'}]", "unknown name 'nothing'"),
    ],
)
def test_the_other_parts_are_checked_too(line, complaint):
    messages = problems_of(with_items("- {key: a, title: A, owner: it}") + "\n" + line)
    assert len(messages) == 1, messages
    assert complaint in messages[0]


@pytest.mark.parametrize(
    ("parameter", "complaint"),
    [
        ("n: {type: number, min: 3, default: 1}", "1 is out of range"),
        ("n: {type: number, min: 3, max: 1}", "max is smaller than min"),
        ("n: {type: choice, options: [a, b], default: c}", "'c' is no answer"),
        ("n: {type: date, default: tomorrow}", "'tomorrow' is no date"),
        ("department: {type: text}", "has a meaning of its own"),
    ],
)
def test_parameters_that_contradict_themselves_are_told(parameter, complaint):
    text = with_items("- {key: a, title: A, owner: it}").replace("roles:", f"  {parameter}\nroles:")
    messages = problems_of(text)
    assert len(messages) == 1, messages
    assert complaint in messages[0]


@pytest.mark.parametrize("text", ["", "[]", "just words", "phases: 1", "{}"])
def test_something_that_is_no_template_is_told_calmly(text):
    assert problems_of(text)


@pytest.mark.timeout(20)
def test_thousands_of_wrong_names_do_not_take_long():
    items = "\n".join(f"- {{key: k{n}, title: T, owner: r{n}, after: [x{n}]}}" for n in range(400))
    assert len(item_problems(items)) == MAX_PROBLEMS


def test_escapes_in_texts_are_told_with_their_place():
    text = with_items("- {key: a, title: \"{{ ''.__class__.__mro__ }}\", owner: it, text: '{{ company.upper() }}'}")
    lines = problems_of(text)
    assert {line.split(": ")[0] for line in lines} == {at(text, "\"{{ ''"), at(text, "'{{ company.upper")}
    assert any("__class__" in line for line in lines)
    assert any("call is not allowed" in line for line in lines)
