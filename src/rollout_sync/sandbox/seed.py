"""Who works at the made-up company of the sandbox, and the ids under which both services know them.

Ids are derived from the e-mail address, so that they are the same in every sandbox and in every test.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

TENANT_ID: Final = "0c6d1f4e-52a9-4f0b-9a55-3a1d2c7e8b90"
TENANT_DOMAIN: Final = "example.com"
GROUP_ID: Final = "0f0d7a51-3c1e-4b58-9d1f-6a2b7c8d9e10"
"""The Microsoft 365 group "IT change", which may hold plans."""
SECURITY_GROUP_ID: Final = "5e0c0a97-1f6b-4f3a-8a43-c07f2f7a0d11"
"""A plain security group, which may not."""
CLIENT_ID: Final = "11111111-1111-4111-8111-111111111111"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105 - published on purpose: it opens nothing but this sandbox
SERVICE_PRINCIPAL_ID: Final = "22222222-2222-4222-8222-222222222222"
COORDINATOR: Final = "cora.coordinator@example.com"

_NAMESPACE: Final = uuid.UUID("a6f0f3b6-5c0e-4f1c-9a43-0f5f1f0f7c55")

PEOPLE: Final[tuple[tuple[str, str, str], ...]] = (
    ("Sonja Sponsor", "sonja.sponsor@example.com", "Chief Operating Officer"),
    ("Cora Coordinator", "cora.coordinator@example.com", "Implementation coordinator"),
    ("Cyrus Cipher", "cyrus.cipher@example.com", "Head of Security"),
    ("Ivan Itwork", "ivan.itwork@example.com", "IT engineer"),
    ("Ida Integrator", "ida.integrator@example.com", "IT engineer"),
    ("Lena Lawbook", "lena.lawbook@example.com", "Counsel"),
    ("Dario Deskman", "dario.deskman@example.com", "Service desk lead"),
    ("Tara Trainer", "tara.trainer@example.com", "Trainer"),
    ("Theo Tutor", "theo.tutor@example.com", "Trainer"),
    ("Carl Courier", "carl.courier@example.com", "Communications"),
    ("Hanna Humane", "hanna.humane@example.com", "Head of HR"),
    ("Frida Figures", "frida.figures@example.com", "Head of Finance"),
    ("Felix Farthing", "felix.farthing@example.com", "Supervisor, Finance"),
    ("Flora Folio", "flora.folio@example.com", "Accountant, Finance"),
    ("Sam Seller", "sam.seller@example.com", "Head of Sales"),
    ("Sara Sample", "sara.sample@example.com", "Supervisor, Sales"),
    ("Silas Signal", "silas.signal@example.com", "Account manager, Sales"),
    ("Otto Operator", "otto.operator@example.com", "Head of Operations"),
    ("Olga Orderly", "olga.orderly@example.com", "Supervisor, Operations"),
    ("Owen Outbound", "owen.outbound@example.com", "Dispatcher, Operations"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account, known to both services.

    Attributes:
        graph_id: GUID of the Microsoft Entra user.
        account_id: Jira's accountId.
        time_zone: IANA name; Jira reads dates in JQL in it.
        is_active: false for an account that was switched off.
        is_member: belongs to the group "IT change".
    """

    name: str
    email: str
    title: str = ""
    graph_id: str
    account_id: str
    time_zone: str = "Europe/Berlin"
    is_active: bool = True
    is_member: bool = True


def person(name: str, email: str, title: str = "", *, is_active: bool = True, is_member: bool = True) -> Person:
    """A person with the ids that follow from the e-mail address."""
    mail = email.lower()
    return Person(
        name=name,
        email=mail,
        title=title,
        graph_id=str(uuid.uuid5(_NAMESPACE, f"graph:{mail}")),
        account_id=f"712020:{uuid.uuid5(_NAMESPACE, f'jira:{mail}')}",
        is_active=is_active,
        is_member=is_member,
    )
