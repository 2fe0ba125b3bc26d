"""Texts that would break a mail if they could, the usual rollout full of them, and a reader of HTML that notices."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from rollout_sync.model.snapshot import ItemState
from support.digests import Made, a_review, usual_case
from support.pictured import renamed

HOSTILE = (
    "<script>alert('script')</script>",
    "\"'><img src=x onerror=alert(1)> <svg onload=alert(2)>",
    "</style></title></td></table><h1>Out</h1><base href='https://example.org/'>",
    "{{ 7*7 }} {% raw %} &lt;b&gt; %s {0} cid:fan <!--[if mso]><b>",
    'Otto\r\nBcc: victim@example.org\r\n\r\n<x@example.org>, "A, B" (c)',
    "\u202eevil \x00 \ud800 end \u2028 \x85 line",
    "=?utf-8?q?=0D=0ABcc:=20victim@example.org?=",
    "Donaudampfschifffahrtsgesellschaftskapitaen" * 6,
    "\U0001f468\u200d\U0001f4bb \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u6f22\u5b57\u6f22\u5b57",
)
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Seen(HTMLParser):
    """Elements with their attributes, the words of a page, and whether all that was opened was closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Notice what closes in the wrong order."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        """Remember the words."""
        if "style" not in self.open and "title" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces between."""
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def hostile_made() -> Made:
    """The usual rollout; every text that somebody else may have written is hostile, every address a trap."""
    case = usual_case()
    keys = list(case.snapshot.items)
    texts = {key: HOSTILE[number % len(HOSTILE)] for number, key in enumerate(keys)}

    def odd(key: str, state: ItemState) -> ItemState:
        return replace(state, title=texts[key], conflict=texts[key], url="javascript:alert(3)")

    items = {key: odd(key, state) for key, state in case.snapshot.items.items()}
    gates = {key: replace(one, conditions=HOSTILE[0]) for key, one in case.snapshot.gates.items()}
    told = a_review()
    review = replace(
        told,
        sentence=HOSTILE[0],
        signals=tuple(replace(one, sentence=HOSTILE[1]) for one in told.signals),
        findings=tuple(replace(one, message=HOSTILE[2], hint=HOSTILE[3]) for one in told.findings),
        contradictions=HOSTILE,
        moved=HOSTILE,
    )
    snapshot = replace(case.snapshot, items=items, gates=gates)
    odd_case = replace(case, rollout=renamed(case.rollout, HOSTILE), snapshot=snapshot)
    return Made(name=HOSTILE[4], case=odd_case, review=review)
