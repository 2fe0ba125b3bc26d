"""Templates that want to hurt, people lists from every spreadsheet, names that want out of the folder."""

from __future__ import annotations

import time

import openpyxl
import pytest

from support import small
from support.marks import slowly

FIRST = "  - key: prepare\n    title: Prepare\n"


def told(desk, *words, code=2, template="small.yaml"):
    """Refused with a place and a next step, quickly, and nothing is asked or written."""
    began = time.perf_counter()
    done = desk.call(*small.start(template=template))
    took = time.perf_counter() - began
    assert done.code == code, done.out + done.err
    assert "Traceback" not in done.err
    assert all(word in done.err for word in words), done.err
    assert "hint: " in done.err or "(" in done.err
    assert desk.at.asked() == {}
    assert took < 10
    assert len(done.err) < 20_000
    return done.err


class TestTemplates:
    @pytest.mark.parametrize(
        "text",
        [
            "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
            "[" * 50_000,
            "{a: " * 5_000,
            "- " * 20_000,
            "a: " + "x" * 300_000,
            "x: 1\n" * 20_000,
            "\x00\x01\x02",
            "",
            "just text",
            "[]",
            "!!python/object/apply:os.system ['true']",
            "template: small\ntemplate: small\n",
            "%YAML 9.9\n---\na: 1\n",
        ],
    )
    def test_bombs_and_rubbish(self, desk, text):
        (desk.folder / "small.yaml").write_text(text, encoding="utf-8")
        assert "small.yaml" in told(desk)

    def test_not_utf_8(self, desk):
        (desk.folder / "small.yaml").write_bytes(
            small.TEMPLATE.replace("Prepare", "Vorbereitung äöü").encode("latin-1")
        )
        told(desk, "UTF-8")

    @pytest.mark.parametrize(
        "text",
        [
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "{{ company.__init__.__globals__ }}",
            "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
            "{{ 'x' * 1000000000 }}",
            "{{ nothing }}",
            "{% include '/etc/passwd' %}",
            "{{ 9 ** 999999999 }}",
            "{{ company",
        ],
    )
    def test_texts_that_compute(self, desk, text):
        quoted = text.replace('"', "'")
        desk.write(
            "small.yaml",
            small.TEMPLATE.replace("text: Write down what there is at {{ company }}.", f'text: "{quoted}"'),
        )
        told(desk, "small.yaml:")

    @pytest.mark.parametrize(("old", "new"), [
        ("after: [inventory]}", "after: [set-up]}"),
        ("after: [set-up]", "after: [nothing-like-it]"),
        ("key: set-up", "key: inventory"),
        ("key: set-up", "key: ../../etc"),
        ("owner: trainer", "owner: nobody"),
        ("kind: training", "kind: magic"),
        ("days: [1, 2, 3], after", "days: [3, 2, 1], after"),
        ("days: [1, 2, 3], after", "days: [-1, 99999999, 3], after"),
    ])  # fmt: skip
    def test_mistakes_are_told_with_their_place(self, desk, old, new):
        assert old in small.TEMPLATE
        desk.write("small.yaml", small.TEMPLATE.replace(old, new, 1))
        told(desk, "small.yaml:")

    def test_an_answer_is_data_and_no_template(self, desk):
        done = desk.call(*small.start("--set", "company={{ 7 * 7 }} <b>\u202e"))
        assert done.code in (0, 2)
        if done.code == 0:
            assert "49" not in str(desk.at.issue("Inventory")["description"])

    @pytest.mark.parametrize(
        "name", ["../secret.yaml", "/etc/passwd", "no such.yaml", ".", "small.yml/../x.yaml", "\u202eyaml"]
    )
    def test_paths(self, desk, name):
        told(desk, template=name)

    @pytest.mark.parametrize("answer", ["nothing=1", "council=maybe"])
    def test_answers(self, desk, answer):
        done = desk.call(*small.start("--set", answer))
        assert (done.code, desk.at.writes()) == (2, {}), done.out + done.err
        assert answer.partition("=")[0] in done.err


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ["../../etc/passwd", "…", " ", *slowly("a/b\\c", "x" * 300, "' OR 1=1 --", "con\u0000", "Ünïcode 2027 ✓")],
    )
    def test_rollout_names(self, desk, name):
        """Whatever the name is, files stay in their folder, and a name that is taken works from end to end."""
        done = desk.call(*small.start(name=name))
        assert "Traceback" not in done.err
        assert done.code in (0, 1, 2), done.err
        assert {path.name.split(".")[0] for path in desk.folder.iterdir()} <= {
            "ledger",
            "small",
            "people",
            "config",
            "sign-in",
        }
        if done.code == 0:
            desk.at.forget()
            assert desk.call(*small.start(name=name)).code == 0
            assert desk.at.writes() == {}
        else:
            assert desk.at.writes() == {}

    def test_the_short_name_stands_for_the_name(self, desk):
        assert desk.call(*small.start()).code == 0
        desk.at.forget()
        assert desk.call(*small.start(name=small.ROLLOUT)).code == 0
        assert desk.at.writes() == {}
        assert desk.at.issue(f"{small.NAME}: Prepare")


class TestPeople:
    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf" + small.PEOPLE.encode(),
            small.PEOPLE.replace("\n", "\r\n").encode(),
            b"\xef\xbb\xbf" + small.PEOPLE.replace("\n", "\r\n").replace(",", ";").encode(),
            small.PEOPLE.replace(",", "\t").encode(),
            small.PEOPLE.replace("name,email,role", "Name, E-Mail ,Role").encode().replace(b"E-Mail", b"Email"),
            (small.PEOPLE + "\n,,,,\n\n").encode(),
            small.PEOPLE.rstrip("\n").encode(),
        ],
        ids=["bom", "crlf", "excel", "tabs", "headings", "empty-rows", "no-last-newline"],
    )
    def test_lists_of_all_spreadsheets(self, desk, content):
        (desk.folder / "people.csv").write_bytes(content)
        result = desk.ask(*small.plan())
        assert result.code == 0, result.errors
        assert result.result["create"]["task"] == 4
        assert result.result["findings"] == []

    def test_excel(self, desk):
        book = openpyxl.Workbook()
        for line in small.PEOPLE.splitlines():
            book.active.append(line.split(","))
        book.save(desk.folder / "people.xlsx")
        words = [word.replace("people.csv", "people.xlsx") for word in small.plan()]
        assert desk.ask(*words).result["create"]["task"] == 4

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", ("people.csv",)),
            (b"name;mail\nA;b\n", ("people.csv",)),
            (small.PEOPLE.replace("email", "contact").encode(), ("email",)),
            (
                small.PEOPLE.replace("tara.trainer@example.com", "tara.trainer").encode(),
                ("people.csv:3", "tara.trainer"),
            ),
            (small.PEOPLE.replace(",Finance,", ",Finance,nobody@example.com").encode(), ("nobody@example.com",)),
            (b"PK\x03\x04 not a workbook", ("people.csv",)),
            (b"name,email,role\n" + b"A,a@example.com,it\n" * 200_000, ("people.csv",)),
            ((small.PEOPLE + "=HYPERLINK(1),x@example.com,trainer,,\n").encode(), ()),
        ],
        ids=["empty", "columns", "heading", "address", "deputy", "zip", "huge", "formula"],
    )
    def test_what_is_wrong_with_a_list_is_told(self, desk, content, words):
        (desk.folder / "people.csv").write_bytes(content)
        done = desk.call(*small.start())
        assert "Traceback" not in done.err
        if words:
            assert (done.code, desk.at.writes()) == (2, {}), done.out + done.err
        assert all(word in done.err for word in words), done.err
        assert len(done.err) < 20_000

    @pytest.mark.parametrize(("old", "new", "words"), [
        (b"trainer,,", b"trainner,,", "nobody has the role 'trainer'"),
        (b"Frida", b"Fr\xefda", "not UTF-8"),
    ])  # fmt: skip
    def test_what_may_be_wrong_with_a_list_is_a_finding(self, desk, old, new, words):
        (desk.folder / "people.csv").write_bytes(small.PEOPLE.encode().replace(old, new))
        planned = desk.call(*small.plan())
        assert planned.code == 0
        assert words in planned.out

    def test_duplicates(self, desk):
        desk.write("people.csv", small.PEOPLE + "Tara Trainer,TARA.trainer@example.com,trainer,,\n")
        done = desk.call(*small.plan())
        assert "Traceback" not in done.err
        assert done.code in (0, 2)
        if done.code == 2:
            assert "people.csv:6" in done.err

    def test_no_file(self, desk):
        (desk.folder / "people.csv").unlink()
        done = desk.call(*small.start())
        assert (done.code, desk.at.writes()) == (2, {})
        assert "people.csv" in done.err
