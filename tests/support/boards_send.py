"""Writes to the sandbox's Microsoft Graph with the application's token, where a test needs what no page can make."""

from __future__ import annotations

import requests

from rollout_sync.cli.demo.sandbox import Json, Sandbox
from rollout_sync.sandbox.seed import CLIENT_ID, CLIENT_SECRET, TENANT_DOMAIN


def send_graph(sandbox: Sandbox, path: str, body: object) -> Json:
    """POST; the resource that comes back, None for an empty answer."""
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "https://graph.microsoft.com/.default",
    }
    with requests.Session() as session:
        session.trust_env = False
        token = session.post(f"{sandbox.url}/login/{TENANT_DOMAIN}/oauth2/v2.0/token", data=form, timeout=30).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = session.post(f"{sandbox.url}/graph/v1.0{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None
