"""A message that comes as MIME: base64 in a body of type text/plain, turned into the members of Graph's `message`.

Of the headers only the `x-` ones are kept, and Graph gives each message a Message-ID of its own: senders who counted on
others have reported that Exchange leaves them out or rewrites them.
"""

from __future__ import annotations

import base64
import binascii
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses

from rollout_sync.sandbox.graph.call import RawText
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.store import Document


def message_of(body: RawText) -> Document:
    """The message as its JSON would have it.

    Raises:
        GraphError: 400 for what is no base64, or no message with a recipient.
    """
    try:
        content = base64.b64decode(b"".join(body.content.split()), validate=True)
    except binascii.Error as error:
        raise _invalid() from error
    mime = message_from_bytes(content, policy=policy.default)
    if not mime.keys():
        raise _invalid()
    senders = _people(mime, "From")
    return {
        "subject": str(mime.get("Subject", "")),
        "body": _body(mime),
        **({"from": senders[0]} if senders else {}),
        "toRecipients": _people(mime, "To"),
        "ccRecipients": _people(mime, "Cc"),
        "bccRecipients": _people(mime, "Bcc"),
        "replyTo": _people(mime, "Reply-To"),
        "internetMessageHeaders": [
            {"name": name, "value": str(value)} for name, value in mime.items() if name.lower().startswith("x-")
        ],
        "attachments": [_attachment(part) for part in mime.walk() if _is_file(part)],
    }


def _people(mime: EmailMessage, name: str) -> list[Document]:
    found = getaddresses([str(value) for value in mime.get_all(name, [])])
    return [{"emailAddress": {"name": called or address, "address": address}} for called, address in found if address]


def _body(mime: EmailMessage) -> Document:
    best = mime.get_body(("html", "plain"))
    if best is None:
        return {"contentType": "text", "content": ""}
    kind = "html" if best.get_content_subtype() == "html" else "text"
    return {"contentType": kind, "content": best.get_content()}


def _is_file(part: Message) -> bool:
    is_text = part.get_content_type() in {"text/plain", "text/html"} and part.get_content_disposition() != "attachment"
    return not part.is_multipart() and not is_text


def _attachment(part: Message) -> Document:
    name = str(part.get("Content-ID", "")).strip("<> ")
    payload = part.get_payload(decode=True)
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": part.get_filename() or name or "part",
        "contentType": part.get_content_type(),
        "isInline": part.get_content_disposition() == "inline",
        "contentId": name,
        "contentBytes": base64.b64encode(payload if isinstance(payload, bytes) else b"").decode(),
    }


def _invalid() -> GraphError:
    return GraphError(400, "Invalid base64 string for MIME content.", "ErrorMimeContentInvalidBase64String")
