"""Rows of text out of a CSV or XLSX file that a person made, as Excel and its relatives write them.

Size, row and packing limits are checked before anything is unpacked or parsed. What the columns mean is not known here.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from xml.etree.ElementTree import ParseError

from rollout_sync.errors import PeopleError, Problem

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 60
MAX_CELL: Final = 1000
MAX_UNPACKED: Final = 24 * 1024 * 1024
MAX_RATIO: Final = 60
"""Unpacked over packed size; workbooks of people stay below 20."""

MAX_PARTS: Final = 200
_SMALL: Final = 512 * 1024
"""Below this unpacked size any ratio is harmless."""

_DELIMITERS: Final = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row that is not empty; `number` counts from 1 as the program that made the file shows it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All rows of a file, and a remark on how it had to be read; empty when there is none."""

    rows: tuple[Row, ...]
    remark: str = ""


def read_table(raw: bytes, file: str, columns: frozenset[str]) -> Table:
    """Rows of a CSV or XLSX file.

    Args:
        raw: the file's bytes.
        file: what to call it in problems.
        columns: folded names of the columns that are looked for; they tell the delimiter.

    Raises:
        PeopleError: too large, damaged, or neither CSV nor XLSX.
    """
    if len(raw) > MAX_BYTES:
        raise unusable(file, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    if raw.startswith(b"PK"):
        return Table(rows=tuple(_counted(_sheet_rows(raw, file), file)))
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise unusable(file, "this is an old or a protected Excel file", "save it as .xlsx without password, or as CSV")
    text, remark = _decoded(raw, file)
    return Table(rows=tuple(_counted(_csv_rows(text, file, columns), file)), remark=remark)


def unusable(file: str, message: str, hint: str = "", *, line: int = 0) -> PeopleError:
    """An error of one problem."""
    problem = Problem(file=file, line=line, column=0, message=message, hint=hint)
    return PeopleError(f"{file} cannot be read", (problem,), hint=hint)


def folded(header: str) -> str:
    """A column's name without case, spaces and signs."""
    return re.sub(r"[^a-z0-9]", "", header.casefold())


def _counted(rows: Iterable[Row], file: str) -> Iterator[Row]:
    """The rows that hold something, up to the limit."""
    count = 0
    for row in rows:
        if not any(row.cells):
            continue
        count += 1
        if count > MAX_ROWS + 1:
            raise unusable(file, f"more than {MAX_ROWS:,} rows", "split the list", line=row.number)
        yield row


def _decoded(raw: bytes, file: str) -> tuple[str, str]:
    """Text and remark: UTF-8, UTF-16 with its mark, else the Windows code page that older Excel writes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16"), ""
        except UnicodeDecodeError:
            raise unusable(file, "the file says that it is UTF-16, but is not", "save it as CSV UTF-8") from None
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        raise unusable(file, "the file is no text", "save it as CSV UTF-8 or .xlsx", line=line) from None
    return text, f"read as Windows-1252, because line {line} is not UTF-8; check names with accents"


def _csv_rows(text: str, file: str, columns: frozenset[str]) -> Iterator[Row]:
    """Rows by line number; a quoted cell may run over several lines."""
    first = 1
    if match := _SEPARATOR_LINE.match(text):
        text, delimiter, first = text[match.end() :], match[1], 2
    else:
        delimiter = _delimiter(text, columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    line = first
    try:
        for cells in reader:
            yield Row(number=line, cells=tuple(cell.strip() for cell in cells[:MAX_COLUMNS]))
            line = first + reader.line_num
    except csv.Error as error:
        hint = 'write " inside a quoted cell as ""'
        raise unusable(file, f"a quote or line cannot be read: {error}", hint, line=line) from None


def _delimiter(text: str, columns: frozenset[str]) -> str:
    """The delimiter that makes the most known columns out of the first line that is not empty."""
    header = next((line for line in text[: MAX_COLUMNS * MAX_CELL].splitlines() if line.strip()), "")

    def score(delimiter: str) -> tuple[int, int]:
        names = [folded(name) for name in header.split(delimiter)]
        return sum(name in columns for name in names), len(names)

    return max(_DELIMITERS, key=score)


def _sheet_rows(raw: bytes, file: str) -> Iterator[Row]:
    """Rows of the first sheet, as the values that Excel shows."""
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 - slow to load, and most lists are CSV
    from openpyxl.xml import DEFUSEDXML  # noqa: PLC0415 - the same

    _check_packing(raw, file)
    if not DEFUSEDXML:
        raise unusable(file, "XLSX needs the package defusedxml", "install it, or save the list as CSV UTF-8")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # remarks on styles, which nobody reads here
            yield from _first_sheet(raw, file)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        zlib.error,
        ParseError,
        KeyError,
        ValueError,  # also what defusedxml raises for entities
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        NotImplementedError,
    ) as error:
        message = f"the workbook is damaged or no workbook: {type(error.__cause__ or error).__name__}"
        raise unusable(file, message, "open it in Excel and save it again, or save it as CSV UTF-8") from None


def _first_sheet(raw: bytes, file: str) -> Iterator[Row]:
    import openpyxl  # noqa: PLC0415 - slow to load

    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    try:
        if not book.worksheets:
            raise unusable(file, "the workbook has no sheet")
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
            if number > MAX_ROWS * 2:
                raise unusable(file, f"more than {MAX_ROWS:,} rows", "delete empty rows", line=number)
            yield Row(number=number, cells=tuple(_cell(value) for value in cells))
    finally:
        book.close()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip()


def _check_packing(raw: bytes, file: str) -> None:
    """Refuse archives that would unpack to far more than a list of people needs."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts: Sequence[zipfile.ZipInfo] = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise unusable(file, "the workbook is damaged", "save it again, or save it as CSV UTF-8") from None
    unpacked = sum(part.file_size for part in parts)
    packed = max(sum(part.compress_size for part in parts), 1)
    is_bomb = unpacked > MAX_UNPACKED or (unpacked > _SMALL and unpacked > MAX_RATIO * packed)
    if len(parts) > MAX_PARTS or is_bomb:
        raise unusable(file, "the workbook unpacks to far more than a list of people needs", "save it as CSV UTF-8")
