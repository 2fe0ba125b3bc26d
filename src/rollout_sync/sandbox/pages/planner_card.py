"""One task as a card of the board: title, people, dates, labels, progress, checklist, and the form to edit it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from rollout_sync.sandbox.frame import initials, tone
from rollout_sync.sandbox.graph.ids import decode_reference
from rollout_sync.sandbox.markup import Html
from rollout_sync.sandbox.pages.planner_layout import options
from rollout_sync.sandbox.store import Document

PROGRESS: Final = (("0", "Not started"), ("50", "In progress"), ("100", "Completed"))
_PRIORITIES: Final = ((1, "Urgent"), (4, "Important"), (7, "Medium"), (10, "Low"))
_COMPLETE: Final = 100
_COLOURS: Final = 9
"""Colours of labels; the style sheet names them `label0` to `label8`."""
_FEW: Final = 4
"""A checklist of so many lines is shown open; decisions have three."""
HELD: Final = "Waiting for green light"
"""A bucket whose cards the board marks, because rollouts keep held work in it."""

_CARD: Final = Html("""<article class="card {state}" draggable="true" data-task="{id}" id="task-{id}"
 aria-labelledby="title-{id}">
{labels}<h3 id="title-{id}" dir="auto">{title}</h3>
{description}{checklist}{references}
<div class="facts"><span class="progress {state}">{progress}</span>{priority}{due}{people}</div>
<div class="acts">{quick}
<details class="more" id="more-{id}"><summary>Edit<span class="sr"> {title}</span></summary>{form}</details></div>
</article>""")
_QUICK: Final = Html("""<form method="post" action="{action}"><input type="hidden" name="task" value="{id}">
<button id="{place}-{id}" name="do" value="{do}">{text}<span class="sr">: {title}</span></button></form>""")
_TICK: Final = Html("""<li><form method="post" action="{action}"><input type="hidden" name="task" value="{id}">
<input type="hidden" name="item" value="{key}"><button id="tick-{id}-{key}" class="tick" name="do" value="{do}"
 role="checkbox" aria-checked="{checked}"><span class="box" aria-hidden="true"></span><span dir="auto">{title}</span>
</button></form></li>""")
_EDIT: Final = Html("""<form class="edit" method="post" action="{action}">
<input type="hidden" name="task" value="{id}"><input type="hidden" name="do" value="save">
<label>Title <input name="title" value="{title}" maxlength="255" dir="auto" required></label>
<label>Notes <textarea name="notes" rows="5" dir="auto">
{notes}</textarea></label>
<label>Start <input type="date" name="start" value="{start}"></label>
<label>Due <input type="date" name="due" value="{due}"></label>
<label>Bucket <select name="bucket">{buckets}</select></label>
<label>Progress <select name="percent">{progress}</select></label>
<label>Assign <select name="assign">{people}</select></label>
<label>Take off <select name="unassign">{assigned}</select></label>
<button type="submit" class="main">Save</button>
</form>
<form method="post" action="{action}"><input type="hidden" name="task" value="{id}">
<button class="danger" name="do" value="delete">Delete task</button></form>""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What a card needs to know of its board.

    Attributes:
        names: label text by category.
        people: name by user id.
        buckets: pairs of id and name, left to right.
        action: where the forms go.
        today: the sandbox's day.
    """

    names: dict[str, str]
    people: dict[str, str]
    buckets: list[tuple[str, str]]
    action: str
    today: date


def card(board: Board, task: Document, details: Document) -> Html:
    """The card of a task: `task` and `details` are the resources' members."""
    percent = task["percentComplete"]
    state = "done" if percent == _COMPLETE else "started" if percent else "new"
    is_held = percent != _COMPLETE and dict(board.buckets).get(task["bucketId"]) == HELD
    return _CARD.format(
        id=task["id"],
        state=f"{state} waiting" if is_held else state,
        title=task["title"],
        labels=_labels(board, task, is_held=is_held),
        description=_description(task, details),
        progress=_progress(percent),
        priority=_priority(task),
        due=_due(board, task),
        people=_people(board, task),
        checklist=_checklist(board, task, details),
        references=_references(task, details),
        quick=_quick(board, task),
        form=_form(board, task, details),
    )


def progress_step(percent: int) -> str:
    """Which value of `PROGRESS` a percentage belongs to."""
    return "100" if percent == _COMPLETE else "50" if percent else "0"


def _labels(board: Board, task: Document, *, is_held: bool) -> Html:
    chips = [Html('<li class="chip waiting">Held</li>')] if is_held else []
    for category in sorted(task["appliedCategories"], key=lambda name: int(name.removeprefix("category"))):
        colour = int(category.removeprefix("category")) % _COLOURS
        chip = Html('<li class="chip label{}" dir="auto">{}</li>')
        chips.append(chip.format(colour, board.names.get(category) or category))
    shown = Html('<ul class="labels bare" aria-label="Labels">{}</ul>')
    return shown.format(Html("").join(chips)) if chips else Html("")


def _description(task: Document, details: Document) -> Html:
    """The first lines; all of it opens with a click."""
    shown = Html("""<details class="notes" id="notes-{}"><summary><span class="sr">Notes of {}: </span>
<span class="description" dir="auto">{}</span></summary></details>""")
    text = details["description"]
    return shown.format(task["id"], task["title"], text) if text else Html("")


def _progress(percent: int) -> str:
    return "Completed" if percent == _COMPLETE else f"In progress, {percent} %" if percent else "Not started"


def _priority(task: Document) -> Html:
    name = next(name for most, name in _PRIORITIES if task["priority"] <= most)
    return Html(' <span class="priority">{}</span>').format(name) if name != "Medium" else Html("")


def _due(board: Board, task: Document) -> Html:
    if not task["dueDateTime"]:
        return Html("")
    day = date.fromisoformat(task["dueDateTime"][:10])
    is_late = day < board.today and task["percentComplete"] != _COMPLETE
    text = f"{'late:' if is_late else 'due'} {day.day} {day:%b %Y}"
    return Html(' <time class="{}" datetime="{}">{}</time>').format("due late" if is_late else "due", day, text)


def _people(board: Board, task: Document) -> Html:
    names = [board.people.get(user_id, "Unknown person") for user_id in task["assignments"]]
    chip = Html('<li><span class="avatar tone{}" aria-hidden="true">{}</span><span dir="auto">{}</span></li>')
    chips = Html("").join(chip.format(tone(name), initials(name), name) for name in names)
    return Html('<ul class="people bare" aria-label="Assigned to">{}</ul>').format(chips) if names else Html("")


def _checklist(board: Board, task: Document, details: Document) -> Html:
    items = sorted(details["checklist"].items(), key=lambda pair: (pair[1]["orderHint"], pair[0]))
    rows = Html("").join(
        _TICK.format(
            action=board.action,
            id=task["id"],
            key=key,
            do="untick" if item["isChecked"] else "tick",
            checked="true" if item["isChecked"] else "false",
            title=item["title"],
        )
        for key, item in items
    )
    listed = Html('<ul class="checklist bare" aria-label="Checklist">{}</ul>').format(rows)
    if len(items) <= _FEW:
        return listed if items else Html("")
    folded = Html('<details id="list-{}"><summary>Checklist <span class="quiet">{} of {}</span></summary>{}</details>')
    return folded.format(task["id"], sum(item["isChecked"] for _, item in items), len(items), listed)


def _references(task: Document, details: Document) -> Html:
    link = Html('<li><a href="{}" rel="noopener noreferrer">{}</a></li>')
    rows = []
    for key, entry in details["references"].items():
        url = decode_reference(key)
        if url.startswith(("http://", "https://")):
            rows.append(link.format(url, entry["alias"] or url))
    listed = Html('<ul class="references bare" aria-label="Links">{}</ul>').format(Html("").join(rows))
    if len(rows) <= 1:
        return listed if rows else Html("")
    folded = Html('<details id="links-{}"><summary>Links <span class="quiet">{}</span></summary>{}</details>')
    return folded.format(task["id"], len(rows), listed)


def _quick(board: Board, task: Document) -> Html:
    percent = task["percentComplete"]
    steps = [("end", "reopen", "Reopen")] if percent == _COMPLETE else [("end", "complete", "Complete")]
    if percent == 0:
        steps.insert(0, ("begin", "start", "Start"))
    forms = [
        _QUICK.format(action=board.action, id=task["id"], place=place, do=do, text=text, title=task["title"])
        for place, do, text in steps
    ]
    return Html("").join(forms)


def _form(board: Board, task: Document, details: Document) -> Html:
    people = sorted(board.people.items(), key=lambda pair: pair[1])
    return _EDIT.format(
        action=board.action,
        id=task["id"],
        title=task["title"],
        notes=details["description"] or "",
        start=(task["startDateTime"] or "")[:10],
        due=(task["dueDateTime"] or "")[:10],
        buckets=options([("", "No bucket"), *board.buckets], task["bucketId"] or ""),
        progress=options(list(PROGRESS), progress_step(task["percentComplete"])),
        people=options([("", "Nobody new"), *(p for p in people if p[0] not in task["assignments"])], ""),
        assigned=options([("", "Nobody"), *(p for p in people if p[0] in task["assignments"])], ""),
    )
