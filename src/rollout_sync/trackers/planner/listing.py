"""Lists of many plans as one stream: what follows on a list's first page travels with the first pages of other lists.

So a look at all plans costs as few batches as their pages fill.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from rollout_sync.errors import UnexpectedResponse
from rollout_sync.trackers.planner.batch import BATCH_SIZE, Batch
from rollout_sync.trackers.planner.client import IN_FLIGHT, MOST_PAGES, Gathered, GraphClient, with_page


@dataclass(slots=True, eq=False)
class _List:
    """One list under way: where its next page is, and what the earlier ones held."""

    path: str
    url: str
    found: Gathered | None = None
    visited: set[str] = field(default_factory=set)


_Chunk: TypeAlias = list[_List]


def stream(client: GraphClient, paths: Iterable[str]) -> Iterator[tuple[str, Gathered]]:
    """Each path with all its pages, as soon as its last page is there; `paths` is asked for when there is room.

    A batch that is not full waits until nothing else is under way that could fill it.

    Raises:
        TrackerError: where a whole batch fails, or a list never ends.
    """
    todo = (_List(path=path, url=path) for path in paths)
    following: deque[_List] = deque()
    chunk: _Chunk = []
    flying: dict[Future[Batch], _Chunk] = {}
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        while True:
            while len(flying) < IN_FLIGHT:
                _fill(chunk, following, todo)
                if not chunk or (len(chunk) < BATCH_SIZE and flying):
                    break
                flying[pool.submit(client.read, [one.url for one in chunk])] = chunk
                chunk = []
            if not flying:
                return
            landed, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in [one for one in flying if one in landed]:
                yield from _landed(client, flying.pop(future), future.result(), following)


def _fill(chunk: _Chunk, following: deque[_List], todo: Iterator[_List]) -> None:
    while following and len(chunk) < BATCH_SIZE:
        chunk.append(following.popleft())
    chunk += islice(todo, BATCH_SIZE - len(chunk))


def _landed(
    client: GraphClient, chunk: _Chunk, batch: Batch, following: deque[_List]
) -> Iterator[tuple[str, Gathered]]:
    for number, one in enumerate(chunk):
        one.found, link = with_page(one.found, batch, number)
        if link is None:
            yield one.path, one.found
        else:
            _advance(one, client.relative(link))
            following.append(one)


def _advance(one: _List, url: str) -> None:
    one.visited.add(one.url)
    if url in one.visited or len(one.visited) > MOST_PAGES:
        raise UnexpectedResponse(
            "the pages of a list never end", where=f"GET {one.path}", hint="check base_url and proxies, then report it"
        )
    one.url = url
