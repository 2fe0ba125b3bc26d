"""The mailboxes: what Graph delivered, readable like in a mail program. HTML bodies are shown in a sealed frame.

Pictures that a message brings along are shown; nothing is fetched from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import Response

from rollout_sync.sandbox.graph.mail import MESSAGES
from rollout_sync.sandbox.markup import Html
from rollout_sync.sandbox.pages.planner_layout import page
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

_PICTURE: Final = re.compile(r"image/(png|jpeg|gif)")
_LIST: Final = Html('<div class="head"><h1>{}</h1></div><ul class="rows">{}</ul>')
_ROW: Final = Html('<li><a href="{}">{}</a> <span class="quiet">{}</span></li>')
_MESSAGE: Final = Html("""<h1 dir="auto">{subject}</h1>
<dl class="mail"><dt>From</dt><dd>{sender}</dd><dt>To</dt><dd>{to}</dd><dt>Sent</dt><dd>{sent}</dd></dl>
{body}""")


def mailboxes(world: World) -> Response:
    """All people with the number of messages in their Inbox, those with the most first."""
    counted = [(who, len(_inbox(world, who.graph_id))) for who in world.people.all()]
    rows = [
        _ROW.format(f"/mailbox/{who.email}", who.name, _count(number))
        for who, number in sorted(counted, key=lambda one: -one[1])
    ]
    return page(world, "Mail", _LIST.format("Mail", Html("").join(rows)))


def mailbox(world: World, email: str) -> Response:
    """One Inbox, newest first."""
    who = world.people.by_email(email)
    if who is None:
        return _missing(world)
    rows = Html("").join(
        _ROW.format(f"/mailbox/{who.email}/{m['immutableId']}", m["fields"]["subject"] or "(no subject)", _when(m))
        for m in reversed(_inbox(world, who.graph_id))
    )
    return page(world, who.name, _LIST.format(f"Inbox of {who.name}", rows or Html("<li>Nothing yet.</li>")))


def message(world: World, email: str, message_id: str) -> Response:
    """One message."""
    who = world.people.by_email(email)
    found = world.store.get(MESSAGES, message_id)
    if who is None or found is None or found["mailbox"] != who.graph_id:
        return _missing(world)
    fields = found["fields"]
    main = _MESSAGE.format(
        subject=fields["subject"],
        sender=_address(fields["from"]),
        to=", ".join(_address(one) for one in fields["toRecipients"]),
        sent=_when(found),
        body=_body(fields["body"], fields.get("attachments", ())),
    )
    return page(world, fields["subject"] or "Message", main)


def _count(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"


def _body(body: Document, attachments: Sequence[Document]) -> Html:
    content = str(body.get("content", ""))
    if str(body.get("contentType", "text")).lower() == "html":
        for one in attachments:
            if one.get("isInline") and _PICTURE.fullmatch(str(one["contentType"])):
                brought = f"data:{one['contentType']};base64,{one['contentBytes']}"
                content = content.replace(f"cid:{one['contentId']}", brought)
        return Html('<iframe class="body" title="Message" sandbox="" srcdoc="{}"></iframe>').format(content)
    return Html('<pre class="body">{}</pre>').format(content)


def _inbox(world: World, user_id: str) -> list[Document]:
    return [m for m in world.store.where(MESSAGES, "mailbox", user_id) if m["folder"] == "inbox"]


def _address(recipient: Document) -> str:
    address = recipient["emailAddress"]
    name = address.get("name")
    return f"{name} <{address['address']}>" if name else str(address["address"])


def _when(found: Document) -> str:
    return str(found["fields"]["receivedDateTime"])[:16].replace("T", " ")


def _missing(world: World) -> Response:
    response = page(world, "Not found", Html("<h1>Not found</h1>"))
    response.status_code = HTTPStatus.NOT_FOUND
    return response
