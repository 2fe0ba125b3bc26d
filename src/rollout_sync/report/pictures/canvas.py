"""From a matplotlib figure to a picture: a lean SVG whose colours are the page's, or a PNG that a mail can carry.

matplotlib's global settings are left alone: every figure is made and saved inside settings of its own.
"""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from rollout_sync.report.words import plain

DOTS = 100
"""Dots per inch while drawing, so that sizes can be said in pixels."""
SHARP = 2.0
"""Pixels of a PNG per pixel of the page."""
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_USE = re.compile(r"url\(#([^)]+)\)")


class Ink(StrEnum):
    """Colours on white paper. In a page each is the variable of the same name, so that it follows light and dark."""

    TEXT = "#1a2233"
    SOFT = "#566074"
    GRID = "#e2e6ed"
    PAPER = "#fefefe"
    FORECAST = "#2057c4"
    WIDE = "#dbe6fa"
    MIDDLE = "#b4ccf4"
    CORE = "#86abec"
    DONE = "#20693e"
    DONE_AREA = "#d3ebdb"
    OPEN = "#c6cedb"
    OPEN_EDGE = "#7d889b"
    HELD = "#8a5a00"
    HELD_AREA = "#fbeccb"
    LATE = "#b3261e"

    @property
    def variable(self) -> str:
        """Its name in the style sheet."""
        return f"--{self.name.lower().replace('_', '-')}"


_VARIABLES = {ink.value: f"var({ink.variable})" for ink in Ink}


class Form(StrEnum):
    """Shapes of a picture: for wide windows and paper, and for telephones."""

    WIDE = "wide"
    NARROW = "narrow"

    @property
    def width(self) -> int:
        """In pixels of the page."""
        return 980 if self is Form.WIDE else 336


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart that can be shown.

    Attributes:
        name: tells it apart from the others on its page; letters and hyphens.
        title: what it is, in a few words.
        description: what it says, in sentences with the numbers, for those who do not see it.
        caption: a shorter description for those who do; empty where the description is short enough.
        draw: draws it on an empty figure.
    """

    name: str
    title: str
    description: str
    caption: str = ""
    width: int
    height: int
    draw: Callable[[Figure], None]

    def svg(self) -> Markup:
        """An `svg` element for a page; the same picture gives the same text."""
        with _own_settings(self.name):
            paper = io.BytesIO()
            figure = self._figure()
            FigureCanvasSVG(figure)
            figure.savefig(paper, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Type")))
        return Markup(_lean(paper.getvalue(), self))  # noqa: S704 - written by matplotlib and an XML writer, which escape

    def png(self) -> bytes:
        """The picture on white paper, twice as sharp as the page."""
        with _own_settings(self.name):
            paper = io.BytesIO()
            figure = self._figure()
            FigureCanvasAgg(figure)
            figure.savefig(paper, format="png", dpi=DOTS * SHARP, facecolor="white", metadata={"Software": None})
        return paper.getvalue()

    def _figure(self) -> Figure:
        figure = Figure(figsize=(self.width / DOTS, self.height / DOTS), dpi=DOTS)
        self.draw(figure)
        return figure


@contextmanager
def _own_settings(name: str) -> Iterator[None]:
    """The defaults of matplotlib with ours on top, whatever the user's settings are; they come back at the end."""
    with warnings.catch_warnings(), mpl.rc_context():
        # Readers have fonts for more scripts than the font that is measured with.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": name,
                "text.parse_math": False,
                "font.family": ["DejaVu Sans"],
                "font.size": 12 * 72 / DOTS,
                "text.color": Ink.TEXT.value,
                "hatch.linewidth": 1.0,
                "path.simplify": True,
            }
        )
        yield


def _lean(raw: bytes, picture: Picture) -> str:
    """Without what no reader needs, with a title and description, and with the page's colours and names of its own."""
    root = ET.fromstring(raw)  # noqa: S314 - written by matplotlib a moment ago
    for parent in root.iter():
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}title"} or _is_page_style(child):
                parent.remove(child)
    _rename(root, f"{picture.name}-")
    for node in root.iter():
        node.tag = node.tag.removeprefix(f"{{{_SVG}}}")
        _tidy(node)
    _describe(root, picture)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _is_page_style(node: ET.Element) -> bool:
    return node.tag == f"{{{_SVG}}}style" or (
        node.tag == f"{{{_SVG}}}defs" and len(node) == 1 and _is_page_style(node[0])
    )


def _rename(root: ET.Element, prefix: str) -> None:
    """Keep only the names that something refers to; the prefix tells pictures of one page apart."""
    used: set[str] = set()
    for node in root.iter():
        used.update(name for value in node.attrib.values() for name in _USE.findall(value))
        if link := node.attrib.pop(f"{{{_XLINK}}}href", ""):
            node.set("href", f"#{prefix}{link.removeprefix('#')}")
            used.add(link.removeprefix("#"))
    for node in root.iter():
        name = node.attrib.pop("id", None)
        if name in used:
            node.set("id", f"{prefix}{name}")
        for key, value in node.attrib.items():
            node.set(key, _USE.sub(rf"url(#{prefix}\1)", value))


def _tidy(node: ET.Element) -> None:
    for paint in ("fill", "stroke"):
        if paint in node.attrib:
            node.set("style", f"{paint}: {node.attrib.pop(paint)}; {node.get('style', '')}")
    if node.get("transform", "").startswith("rotate(-0 "):
        node.attrib.pop("transform")
    node.text = node.text.strip() if node.text and node.tag not in {"text", "tspan"} else node.text
    node.tail = None if node.tag != "tspan" else node.tail
    if "style" in node.attrib:
        style = re.sub(
            r"font-family: [^;]*;? ?|font: ([\d.]+px)[^;]*", lambda found: _size(found[1]), node.attrib["style"]
        )
        node.set("style", re.sub(r"\s*([:;])\s*", r"\1", _COLOUR.sub(_variable, style)).strip("; "))
    for key, value in node.attrib.items():
        if key in {"d", "x", "y", "transform", "points", "style"}:
            node.set(key, _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", " ".join(value.split())))


def _size(font: str | None) -> str:
    return f"font-size: {font}" if font else ""


def _variable(found: re.Match[str]) -> str:
    return _VARIABLES.get(found[0], found[0])


def _describe(root: ET.Element, picture: Picture) -> None:
    for key in ("version", "width", "height"):
        root.attrib.pop(key, None)
    title, description = ET.Element("title"), ET.Element("desc")
    title.set("id", f"{picture.name}-title")
    description.set("id", f"{picture.name}-description")
    title.text, description.text = plain(picture.title), plain(picture.description)
    root[:0] = [title, description]
    root.set("xmlns", _SVG)
    root.set("role", "img")
    root.set("aria-labelledby", f"{picture.name}-title {picture.name}-description")
    root.set("class", "picture")
    root.set("width", str(picture.width))
    root.set("height", str(picture.height))
