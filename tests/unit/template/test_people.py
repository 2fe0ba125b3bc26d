"""People lists as Excel and its relatives write them, and files that only look like lists."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import PeopleError
from rollout_sync.model.rollout import Department, Person
from rollout_sync.template.people import read_people
from rollout_sync.template.slugs import MAX_SLUG, slug, unique_slugs, word
from rollout_sync.template.tables import MAX_BYTES

HEADER = "name,email,role,department,deputy\n"


def read(text: str, encoding: str = "utf-8"):
    return read_people(text.encode(encoding), "people.csv")


def problems_of(raw: str | bytes) -> list[str]:
    with pytest.raises(PeopleError) as caught:
        read_people(raw.encode() if isinstance(raw, str) else raw, "p.csv")
    return [str(problem) for problem in caught.value.problems]


def workbook(rows) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


ANNE = Person(name="Anne É", email="anne@example.com", roles=("it", "trainer"), department="Finance")


FORMS = {
    "plain": "name,email,role,department\nAnne É,anne@example.com,it|trainer,Finance\n".encode(),
    "semicolon": 'name;email;role;department\nAnne É;anne@example.com;"it;trainer";Finance'.encode(),
    "tab": "name\temail\trole\tdepartment\nAnne É\tanne@example.com\tit,trainer\tFinance".encode(),
    "bom": "\ufeffName,E-Mail,Role(s),Dept\r\nAnne É,ANNE@Example.com,IT|Trainer,Finance\r\n".encode(),
    "sep line, two rows": (
        "sep=;\r\nNAME;Mail;Roles;Site\r\nAnne É;anne@example.com;it;Finance\r\nAnne É;anne@example.com;trainer;\r\n"
    ).encode(),
    "utf-16": 'name,email,role,department\nAnne É,anne@example.com,"it,trainer",Finance\n'.encode("utf-16"),
    "loose": (
        "\n\nname, email , role,department,\n\n  Anne   É,anne@example.com, it | trainer ,Finance,,,\n,,,\n"
    ).encode(),
    "xlsx": workbook(
        [
            ["Name", "Email", "Role", "Department"],
            [None] * 4,
            ["Anne É", "mailto:anne@example.com", "it; Trainer", "Finance"],
        ]
    ),
}


@pytest.mark.parametrize("raw", FORMS.values(), ids=FORMS.keys())
def test_one_list_in_many_forms(raw):
    found = read_people(raw, "people.csv")
    assert found.people == (ANNE,)
    assert found.departments == (Department(key="finance", name="Finance", size=1),)
    assert found.findings == ()


def test_windows_1252_is_read_with_a_note():
    found = read("name,email,role\nAnne É,anne@example.com,it\n", "cp1252")
    assert found.people[0].name == "Anne É"
    assert [finding.code for finding in found.findings] == ["people-encoding"]
    assert "line 2" in found.findings[0].message


def test_departments_come_in_listed_order_with_head_counts_or_sizes():
    rows = [
        "B,b@example.com,it,Zoo,,12",
        "C,c@example.com,it,zoo,,",
        "A,a@example.com,it,Ärzte & Co,,",
        "D,d@example.com,it,,,",
    ]
    found = read("name,email,role,department,deputy,size\n" + "\n".join(rows))
    assert found.departments == (
        Department(key="zoo", name="Zoo", size=12),
        Department(key="aerzte-and-co", name="Ärzte & Co", size=1),
    )
    assert [person.department for person in found.people] == ["Zoo", "Zoo", "Ärzte & Co", None]


def test_a_deputy_may_be_named_or_addressed():
    found = read(HEADER + "A,a@example.com,head,F,B\nB,b@example.com,,F,A@example.com\n")
    assert [person.deputy for person in found.people] == ["b@example.com", "a@example.com"]


def test_unknown_columns_are_left_out_with_a_note():
    found = read("name,email,role,phone\nA,a@example.com,it,123\n")
    assert [finding.code for finding in found.findings] == ["people-column"]


def test_all_problems_at_once_by_row_and_column():
    rows = (
        "A,a@example.com,it,F,a@example.com",
        "B,b@example,it,F,",
        "C,c@example.com,9 lives,F,nobody@example.com",
        ",d@example.com,it,F,",
        "E,,it,F,",
        "A2,a@example.com,it,G,",
        "Bell\x07,f@example.com,it,F,",
        "H,h@example.com,it,!!!,",
    )
    text = HEADER + "\n".join(rows)
    assert problems_of(text) == [
        "p.csv:2:5: A is their own deputy (name somebody else)",
        "p.csv:3:2: 'b@example' is no e-mail address (one address: name@example.com)",
        "p.csv:4:3: '9 lives' is no role (letters, digits, spaces and - only, beginning with a letter)",
        "p.csv:4:5: deputy 'nobody@example.com' is not in the list (add a row for the deputy)",
        "p.csv:5:1: the name is missing",
        "p.csv:6:2: the e-mail address is missing",
        "p.csv:7:1: a@example.com is called 'A2' here and 'A' in row 2 (use one name, or correct the address)",
        "p.csv:7:4: A has the department 'G' here, and 'F' in an earlier row (a person has one; keep the right one)",
        "p.csv:8:1: name: control characters are not allowed (type it anew)",
        "p.csv:9:4: '!!!' has no letter or digit (give it a name)",
    ]


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ("nam,mail,phone\nx,y,z\n", "there is no column 'name' (is it 'nam'?)"),
        ("name,email,role,departmnt\nx,y,z,a\n", "unknown column 'departmnt' (did you mean 'department'?)"),
        ("name,email,role,Name\nx,y,z,a\n", "a second column for 'name'"),
        ("", "the list is empty"),
        (HEADER, "the list names nobody"),
        (HEADER + '"A,b,c\n', "a quote or line cannot be read"),
        (HEADER + "A,a@example.com,it,F,\nB,b@example.com,it,F,Z\n", "deputy 'Z' is not in the list"),
        (HEADER + "A,a@example.com,h,F,B\nB,b@example.com,,,\nB,c@example.com,,,\n", "'B' names 2 people"),
        ("name,email,role,department,size\nA,a@example.com,it,F,many\n", "'many' is no number of people"),
        ("name,email,role,department,size\nA,a@example.com,it,F,3\nB,b@example.com,it,F,4\n", "write the size once"),
        (HEADER + "A,a@example.com\nBcc: x@example.com,it,F,\n", "e-mail"),
        (HEADER + "A," + "a" * 2000 + ",it,F,\n", "longer than 1,000"),
        (b"\x81\x8d\x8f", "no text"),
        (b"\xff\xfea", "not"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old or a protected Excel file"),
        (b"x" * (MAX_BYTES + 1), "larger than 5 MiB"),
        (HEADER.encode() + b"a,a@example.com,it,,\n" * 20_001, "more than 20,000 rows"),
    ],
)
def test_lists_that_cannot_be_used(raw, complaint):
    assert any(complaint in line for line in problems_of(raw))


def _archive(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return stream.getvalue()


def _with_sheet(body: bytes) -> bytes:
    """A real workbook whose sheet is replaced."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["name", "email", "role"]]))) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            new.writestr(part, body if part.endswith("sheet1.xml") else old.read(part))
    return stream.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
    b'<c t="inlineStr">'
    b"<is><t>&j;</t></is></c></row></sheetData></worksheet>"
)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        pytest.param(_archive({"xl/worksheets/sheet1.xml": b"0" * 30_000_000}), "unpacks to far more", id="zip bomb"),
        pytest.param(_archive({"a": b"0" * 2_000_000}), "unpacks to far more", id="small zip bomb"),
        pytest.param(_archive({f"p{n}": b"" for n in range(500)}), "unpacks to far more", id="many parts"),
        pytest.param(_archive({"readme.txt": b"hello"}), "damaged or no workbook", id="another zip"),
        pytest.param(b"PK\x03\x04garbage", "damaged", id="garbage"),
        pytest.param(workbook([["name"]])[:-200], "damaged", id="cut off"),
        pytest.param(_with_sheet(LAUGHS), "damaged or no workbook: EntitiesForbidden", id="entities"),
        pytest.param(_with_sheet(b"<worksheet"), "damaged or no workbook", id="broken XML"),
    ],
)
def test_workbooks_that_are_traps(raw, complaint):
    (line,) = problems_of(raw)
    assert complaint in line


def test_a_formula_counts_as_the_value_that_was_saved():
    raw = workbook([["name", "email", "role"], ["=1+1", "a@example.com", "it"]])
    assert problems_of(raw) == ["p.csv:2:1: the name is missing"]


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_list_or_its_problems(raw):
    try:
        found = read_people(raw, "p.csv")
    except PeopleError as error:
        outcome = len(error.problems)
    else:
        outcome = len(found.people)
    assert outcome > 0


@given(st.lists(st.text(min_size=1, max_size=60), max_size=12))
def test_slugs_are_unique_and_well_formed(names):
    slugs = unique_slugs(names)
    assert len(set(slugs)) == len(names)
    assert all(0 < len(each) <= MAX_SLUG and each.strip("-") == each and each.isascii() for each in slugs)


def test_names_become_readable_keys():
    assert slug("Größe & Co. / 2") == "groesse-and-co-2"
    assert slug("Łódź") == "lodz"
    assert slug("財務") == ""
    assert word("Department Head") == "department_head"
    assert unique_slugs(("R&D", "R and D", "財務"))[:2] == ("r-and-d", "r-and-d-2")
