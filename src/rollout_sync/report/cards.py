"""The summary as a card for a chat: an Adaptive Card for Teams, blocks for Slack. Pure.

Both have text elements that know no markup; only these are used, so that nobody's title becomes a link or a mention.
"""

from __future__ import annotations

import json
from enum import StrEnum

from rollout_sync.report.words import clipped
from rollout_sync.trackers.boards import Summary

_TITLE = 140
_LINE = 300
"""Letters; Slack takes 150 in a header and 3,000 in a text, Teams 28 KB in all."""


class Chat(StrEnum):
    """The form of a card; the values are those of `[digest] webhook`."""

    TEAMS = "teams"
    SLACK = "slack"


def card(name: str, summary: Summary, chat: Chat) -> bytes:
    """The body of the webhook's request: the same summary gives the same bytes."""
    made = _teams(name, summary) if chat is Chat.TEAMS else _slack(name, summary)
    return json.dumps(made, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _teams(name: str, summary: Summary) -> dict[str, object]:
    """A message with one card, in the form that the webhooks of workflows take."""
    body = [
        _run(clipped(name, _TITLE), size="Medium", weight="Bolder"),
        _run(summary.headline, weight="Bolder"),
        _run(summary.dates),
        *(_run(f"• {one}") for one in summary.bullets),
        _run(summary.as_of, size="Small", isSubtle=True),
    ]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [one for one in body if one],
        "fallbackText": clipped(f"{name}: {summary.headline}", _LINE),
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **look: object) -> dict[str, object]:
    """A line of text without markup; nothing where there is none."""
    line = clipped(text, _LINE)
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line, **look}]} if line else {}


def _slack(name: str, summary: Summary) -> dict[str, object]:
    lines = [summary.headline, summary.dates, *(f"• {one}" for one in summary.bullets)]
    blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(clipped(name, _TITLE) or "Rollout")}]
    blocks += [{"type": "section", "text": _plain(shown)} for line in lines if (shown := clipped(line, _LINE))]
    blocks.append({"type": "context", "elements": [_plain(clipped(summary.as_of, _LINE))]})
    spoken = clipped(f"{name}: {summary.headline}", _LINE)
    return {"text": _escaped(spoken), "mrkdwn": False, "blocks": blocks, "unfurl_links": False}


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    """What notifications show: Slack reads `<...>` in it as mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
