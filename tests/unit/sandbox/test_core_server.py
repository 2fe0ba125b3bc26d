"""The sandbox over real sockets: keep-alive, cut connections, stopping, and surviving a kill."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from rollout_sync.sandbox.seed import GROUP_ID
from rollout_sync.sandbox.server import SandboxServer
from rollout_sync.sandbox.world import World
from support.graph_desk import Desk, token

PLANS = "/graph/v1.0/planner/plans"


@pytest.fixture
def server(desk: Desk) -> Iterator[SandboxServer]:
    made = SandboxServer(desk.app, desk.world, 0)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


def make(session: requests.Session, server: SandboxServer, world: World) -> requests.Response:
    headers = {"Authorization": f"Bearer {token(world)}"}
    return session.post(server.url + PLANS, json={"owner": GROUP_ID, "title": "R"}, headers=headers, timeout=5)


def test_one_connection_carries_many_requests(server: SandboxServer, session: requests.Session, world: World) -> None:
    for _ in range(5):
        assert make(session, server, world).status_code == 201
    assert world.counters.connections == 1
    assert world.counters.requests == {"POST /graph/v1.0/planner/plans": 5}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop_before", requests.ConnectionError),
        ("drop_after", requests.ConnectionError),
        ("rst", requests.ConnectionError),
        ("truncate", requests.exceptions.ChunkedEncodingError),
    ],
)
def test_cut_connections_look_cut_to_a_client(
    server: SandboxServer, session: requests.Session, world: World, kind: str, error: type[Exception]
) -> None:
    session.post(f"{server.url}/_sandbox/faults", json=[{"kind": kind, "times": 1}], timeout=5)
    with pytest.raises(error):
        make(session, server, world)
    assert make(session, server, world).status_code == 201


def test_a_reset_is_a_tcp_reset(server: SandboxServer) -> None:
    requests.post(f"{server.url}/_sandbox/faults", json=[{"kind": "rst"}], timeout=5)
    with socket.create_connection(("127.0.0.1", server.server_port)) as raw:
        raw.sendall(b"GET /graph/v1.0/groups HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(100)


def test_a_chunked_body_is_read(server: SandboxServer, session: requests.Session, world: World) -> None:
    headers = {"Authorization": f"Bearer {token(world)}", "Content-Type": "application/json"}
    body = iter([b'{"owner":"', GROUP_ID.encode(), b'","title":"R"}'])
    assert session.post(server.url + PLANS, data=body, headers=headers, timeout=5).status_code == 201
    assert session.get(f"{server.url}/_sandbox/health", timeout=5).json() == {"ok": True}


def test_a_body_that_is_too_large_is_refused(server: SandboxServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)) as raw:
        raw.sendall(b"POST /graph/v1.0/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_killed_sandbox_comes_back_with_its_state(tmp_path: Path, session: requests.Session, world: World) -> None:
    state = tmp_path / "state.db"
    headers = {"Authorization": f"Bearer {token(world, lifetime=10**9)}"}
    process, url = launch(state)
    try:
        made = session.post(url + PLANS, json={"owner": GROUP_ID, "title": "R"}, headers=headers, timeout=5).json()
    finally:
        process.kill()
        process.communicate()
    process, url = launch(state)
    try:
        seen = session.get(f"{url}{PLANS}/{made['id']}", headers=headers, timeout=5)
        assert (seen.status_code, seen.json()["title"]) == (200, "R")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()


def launch(state: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-c", LAUNCH, str(state)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    first = process.stdout.readline()
    found = re.fullmatch(r"sandbox listening on (http://127\.0\.0\.1:\d+)\n", first)
    assert found, first
    return process, found[1]


LAUNCH = """
import sys
from pathlib import Path
from rollout_sync.sandbox.server import run
run(0, Path(sys.argv[1]), 1)
"""
