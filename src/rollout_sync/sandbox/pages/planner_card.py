"""One task as a card of the board: title, people, dates, labels, progress, checklist, and the form to edit it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from rollout_sync.sandbox.graph.ids import decode_reference
from rollout_sync.sandbox.markup import Html
from rollout_sync.sandbox.pages.planner_layout import options
from rollout_sync.sandbox.store import Document

PROGRESS: Final = (("0", "Not started"), ("50", "In progress"), ("100", "Completed"))
_PRIORITIES: Final = ((1, "Urgent"), (4, "Important"), (7, "Medium"), (10, "Low"))
_COMPLETE: Final = 100
_COLOURS: Final = ("#f4c7d0", "#f7d5b5", "#f5e6a8", "#cfe8b9", "#bde3dd", "#c3dcf5", "#d3cdf3", "#ead0ec", "#dedede")

_CARD: Final = Html("""<article class="card {state}" draggable="true" data-task="{id}" id="task-{id}">
<ul class="labels" aria-label="Labels">{labels}</ul>
<h3>{title}</h3>
{description}
<p class="facts"><span class="progress">{progress}</span> <span class="priority">{priority}</span> {due}</p>
{people}{checklist}{references}
<div class="quick">{quick}</div>
<details><summary>Edit</summary>{form}</details>
</article>""")
_QUICK: Final = Html("""<form method="post" action="{action}"><input type="hidden" name="task" value="{id}">
<button name="do" value="{do}" aria-label="{text}: {title}">{text}</button></form>""")
_TICK: Final = Html("""<li><form method="post" action="{action}"><input type="hidden" name="task" value="{id}">
<input type="hidden" name="item" value="{key}"><button class="tick" name="do" value="{do}" role="checkbox"
 aria-checked="{checked}"><span class="box" aria-hidden="true"></span>{title}</button></form></li>""")
_EDIT: Final = Html("""<form class="edit" method="post" action="{action}">
<input type="hidden" name="task" value="{id}"><input type="hidden" name="do" value="save">
<label>Title <input name="title" value="{title}" maxlength="255" required></label>
<label>Start <input type="date" name="start" value="{start}"></label>
<label>Due <input type="date" name="due" value="{due}"></label>
<label>Bucket <select name="bucket">{buckets}</select></label>
<label>Progress <select name="percent">{progress}</select></label>
<label>Assign <select name="assign">{people}</select></label>
<button type="submit">Save</button>
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
    return _CARD.format(
        id=task["id"],
        state=state,
        title=task["title"],
        labels=_labels(board, task),
        description=_description(details),
        progress=_progress(percent),
        priority=next(name for most, name in _PRIORITIES if task["priority"] <= most),
        due=_due(board, task),
        people=_people(board, task),
        checklist=_checklist(board, task, details),
        references=_references(details),
        quick=_quick(board, task),
        form=_form(board, task),
    )


def _labels(board: Board, task: Document) -> Html:
    chips = []
    for category in sorted(task["appliedCategories"], key=lambda name: int(name.removeprefix("category"))):
        colour = _COLOURS[int(category.removeprefix("category")) % len(_COLOURS)]
        chip = Html('<li style="background:{colour}">{text}</li>')
        chips.append(chip.format(colour=colour, text=board.names.get(category) or category))
    return Html("").join(chips)


def _description(details: Document) -> Html:
    text = details["description"]
    return Html('<p class="description">{}</p>').format(text) if text else Html("")


def _progress(percent: int) -> str:
    return "Completed" if percent == _COMPLETE else f"In progress, {percent} %" if percent else "Not started"


def _due(board: Board, task: Document) -> Html:
    if not task["dueDateTime"]:
        return Html("")
    day = date.fromisoformat(task["dueDateTime"][:10])
    is_late = day < board.today and task["percentComplete"] != _COMPLETE
    text = f"late: {day:%d %b %Y}" if is_late else f"due {day:%d %b %Y}"
    return Html('<time class="{}" datetime="{}">{}</time>').format("due late" if is_late else "due", day, text)


def _people(board: Board, task: Document) -> Html:
    names = [board.people.get(user_id, "Unknown person") for user_id in task["assignments"]]
    chip = Html('<li><span class="initials" aria-hidden="true">{}</span>{}</li>')
    initials = ["".join(part[0] for part in name.split()[:2]) for name in names]
    chips = Html("").join(chip.format(short, name) for short, name in zip(initials, names, strict=True))
    return Html('<ul class="people" aria-label="Assigned to">{}</ul>').format(chips) if names else Html("")


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
    return Html('<ul class="checklist" aria-label="Checklist">{}</ul>').format(rows) if items else Html("")


def _references(details: Document) -> Html:
    link = Html('<li><a href="{}" rel="noopener noreferrer">{}</a></li>')
    rows = []
    for key, entry in details["references"].items():
        url = decode_reference(key)
        if url.startswith(("http://", "https://")):
            rows.append(link.format(url, entry["alias"] or url))
    shown = Html('<ul class="references" aria-label="Links">{}</ul>')
    return shown.format(Html("").join(rows)) if rows else Html("")


def _quick(board: Board, task: Document) -> Html:
    percent = task["percentComplete"]
    steps = {"reopen": "Reopen"} if percent == _COMPLETE else {"complete": "Complete"}
    if percent == 0:
        steps = {"start": "Start", **steps}
    forms = [
        _QUICK.format(action=board.action, id=task["id"], do=do, text=text, title=task["title"])
        for do, text in steps.items()
    ]
    return Html("").join(forms)


def _form(board: Board, task: Document) -> Html:
    percent = "100" if task["percentComplete"] == _COMPLETE else "50" if task["percentComplete"] else "0"
    free = [(user_id, name) for user_id, name in board.people.items() if user_id not in task["assignments"]]
    return _EDIT.format(
        action=board.action,
        id=task["id"],
        title=task["title"],
        start=(task["startDateTime"] or "")[:10],
        due=(task["dueDateTime"] or "")[:10],
        buckets=options([("", "No bucket"), *board.buckets], task["bucketId"] or ""),
        progress=options(list(PROGRESS), percent),
        people=options([("", "Nobody new"), *sorted(free, key=lambda pair: pair[1])], ""),
    )
