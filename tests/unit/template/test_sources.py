"""Where templates come from, and the generated reference and schema."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rollout_sync.errors import TemplateError
from rollout_sync.template import reference, shipped
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.grammar import Part
from rollout_sync.template.nodes import plain, read_nodes
from rollout_sync.template.schema import json_schema, schema_text

ROOT = Path(__file__).resolve().parents[3]


def test_templates_of_the_program_are_listed_and_read():
    names = shipped.names()
    assert "hello" in names
    listed = {each.name: each for each in shipped.shipped()}
    assert tuple(listed) == names
    assert listed["hello"].items > 0
    assert all(shipped.load(name).document.template == name for name in names)


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(shipped.load("hello").text, encoding="utf-8")
    assert shipped.load(str(mine)).document.template == "hello"


@pytest.mark.parametrize(
    "name",
    [
        "helo",
        "../hello",
        "..",
        "/etc/passwd",
        "hello/../mfa",
        "hello\x00",
        "C:\\hello",
        "\\\\host\\x",
        "",
        "people.csv",
        "HELLO",
        "hello.yaml/..",
        "a" * 5000,
    ],
)
def test_names_never_lead_to_other_files(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TemplateError) as caught:
        shipped.load(name)
    assert caught.value.hint


def test_the_nearest_name_is_offered():
    with pytest.raises(TemplateError) as caught:
        shipped.load("helo")
    assert "did you mean 'hello'?" in caught.value.hint


def test_paths_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    for path in ("gone.yaml", "folder.yaml", "zero\x00.yaml", "x" * 5000 + ".yaml"):
        with pytest.raises(TemplateError, match=r"no file|cannot be read"):
            shipped.load(str(tmp_path / path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_template(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(TemplateError, match="no file"):
        shipped.load(str(tmp_path / "pipe.yaml"))


@pytest.mark.parametrize("path", reference.files(ROOT / "docs" / "reference"), ids=lambda path: path.name)
def test_generated_files_are_up_to_date(path):
    assert path.read_text("utf-8") == reference.files(ROOT / "docs" / "reference")[path]


def test_check_fails_where_a_file_is_stale(tmp_path):
    assert reference.main([str(tmp_path), "--check"]) == 1
    for path, text in reference.files(tmp_path).items():
        if path.parent == tmp_path:
            path.write_text(text, encoding="utf-8")
    assert reference.main([str(tmp_path), "--check"]) == 0


def _parts(model: type[Part]):
    yield model
    for below in model.__subclasses__():
        yield from _parts(below)


def test_every_key_is_described_and_in_the_reference():
    text = reference.reference_text()
    for part in list(_parts(Part))[1:]:
        for name, field in part.model_fields.items():
            assert field.description, f"{part.__name__}.{name}"
            assert f"| `{field.alias or name}` |" in text, f"{part.__name__}.{name}"


def test_the_schema_accepts_what_the_reader_accepts():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in shipped.names():
        root, _ = read_nodes(shipped.load(name).text.encode(), name)
        assert [error.message for error in validator.iter_errors(plain(root))] == []
    assert list(validator.iter_errors({"template": "x", "colour": "red"}))


def test_the_schema_is_the_same_each_time():
    assert schema_text() == schema_text()
    assert TemplateDocument.__name__ not in json_schema()["title"]
