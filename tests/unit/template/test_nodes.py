"""YAML with places, and texts that are made to hurt a reader."""

from __future__ import annotations

import pytest

from rollout_sync.template.nodes import (
    MAX_ALIASES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_LINE,
    MAX_LINES,
    MAX_NODES,
    Unreadable,
    locate,
    plain,
    read_nodes,
    scalars,
)


def test_values_are_those_of_yaml_1_2():
    text = b"a: 1\nb: 2.5\nc: true\nd: ~\ne: no\nf: on\ng: '1'\nh: 012\ni: 1e3\nj: 0x10\nk: 2027-03-01\nl:\n"
    root, problems = read_nodes(text, "t.yaml")
    assert problems == ()
    assert plain(root) == {
        "a": 1, "b": 2.5, "c": True, "d": None, "e": "no", "f": "on", "g": "1", "h": 12, "i": 1000.0, "j": "0x10",
        "k": "2027-03-01", "l": None,
    }  # fmt: skip


def test_folded_texts_are_folded_and_hold_nothing_else():
    root, _ = read_nodes(b"a: >-\n  one\n  two\n\n  three\nb: |\n  x\n   y\n", "t.yaml")
    assert plain(root) == {"a": "one two\nthree", "b": "x\n y\n"}


def test_every_scalar_knows_its_place():
    root, _ = read_nodes(b"a:\n  - x: one\n    y: |\n      two\n", "t.yaml")
    places = {path: (scalar.line, scalar.column) for path, scalar in scalars(root)}
    assert places == {("a", 0, "x"): (2, 8), ("a", 0, "y"): (3, 8)}
    assert locate(root, ("a", 0, "y"), key=True)[0].column == 5


def test_locate_passes_over_steps_that_are_not_in_the_file():
    root, _ = read_nodes(b"a: {b: 1}", "t.yaml")
    node, found = locate(root, ("a", "union-member", "b", "deeper"))
    assert (node.column, found) == (8, ("a", "b"))


def test_duplicate_keys_name_both_places():
    _, problems = read_nodes(b"a: 1\nb: 2\na: 3\n", "t.yaml")
    assert [str(problem) for problem in problems] == [
        "t.yaml:3:1: key 'a' stands here a second time (it is first at 1:1; keep one of them)"
    ]


def test_anchors_and_aliases_work_within_reason():
    root, _ = read_nodes(b"a: &x [1, 2]\nb: *x\n", "t.yaml")
    assert plain(root) == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system ['x']", "!include /etc/passwd", "!!binary aGk="])
def test_tags_are_refused(tag):
    _, problems = read_nodes(f"a: {tag}\n".encode(), "t.yaml")
    assert len(problems) == 1
    assert "tags are not allowed" in problems[0].message
    assert (problems[0].line, problems[0].column) == (1, 4)


def _alias_bomb() -> bytes:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)]
    return b"\n".join(lines)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        pytest.param(_alias_bomb(), f"more than {MAX_NODES:,} values", id="alias bomb"),
        pytest.param(
            b"a: &a x\n" + b"".join(b"b%d: *a\n" % n for n in range(200)), f"{MAX_ALIASES} aliases", id="aliases"
        ),
        pytest.param(b"a: &a [*a]\n", "before its anchor is complete", id="alias of itself"),
        pytest.param(b"[" * 5000, f"deeper than {MAX_DEPTH}", id="deep flow"),
        pytest.param(b"{a: " * 2000, f"deeper than {MAX_DEPTH}", id="deep keys"),
        pytest.param(b"- " * 4000, f"deeper than {MAX_DEPTH}", id="deep dashes"),
        pytest.param(b"? " * 4000, f"deeper than {MAX_DEPTH}", id="deep questions"),
        pytest.param(b"- a\n" * 15_000, f"more than {MAX_NODES:,} values", id="many values"),
        pytest.param(b"a: 1\n" * 1_000_000, "larger than", id="5 MB"),
        pytest.param(b"a: " + b"x" * (MAX_LINE + 1), "line longer than", id="long line"),
        pytest.param(b"#x\n" * 80_000, f"more than {MAX_LINES:,} lines", id="many lines"),
        pytest.param(b"a: 1\n---\nb: 2\n", "second document", id="two documents"),
        pytest.param(b"a:\n\t- b\n", "no valid YAML", id="tab"),
        pytest.param(b"a: b: c\n", "no valid YAML", id="two colons"),
        pytest.param(b"a: '\x00'\n", "cannot be read as YAML", id="zero byte"),
        pytest.param(b"a: \xff\n", "not UTF-8", id="no UTF-8"),
        pytest.param(b"? [a]\n: 1\n", "key must be a plain word", id="key is a list"),
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"# nothing\n", "empty", id="only a remark"),
    ],
)
def test_hostile_texts_end_in_one_problem(raw, complaint):
    with pytest.raises(Unreadable) as caught:
        read_nodes(raw, "t.yaml")
    assert complaint in caught.value.problem.message


@pytest.mark.timeout(10)
@pytest.mark.parametrize("line", [b"# twelve big\n", b"  'a' b c d e\n", b"  " + b"x y " * 1900 + b"\n"])
def test_a_file_of_the_largest_size_is_read(line):
    body = b"a: 1\n" if line.startswith(b"#") else b"a: >\n"
    count = min(MAX_LINES - 10, (MAX_BYTES - 10) // len(line))
    root, _ = read_nodes(body + line * count, "t.yaml")
    assert "a" in plain(root)


def test_a_number_of_thousands_of_digits_is_a_problem():
    _, problems = read_nodes(b"a: " + b"9" * 5000, "t.yaml")
    assert [problem.message for problem in problems] == ["number with more than 18 digits"]


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    root, _ = read_nodes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "t.yaml")
    assert plain(root) == {"a": 1, "b": 2}
