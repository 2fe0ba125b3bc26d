"""Packing into requests: order, fullness, folded links, refusals."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.operations import OperationState as State
from rollout_sync.model.rollout import TrackerName
from rollout_sync.sync.frontier import Frontier

CAPACITY = {
    ObjectKind.EPIC: 50,
    ObjectKind.ISSUE: 50,
    ObjectKind.LINK: 1,
    ObjectKind.REMOTE_LINK: 1,
    ObjectKind.PLAN: 1,
    ObjectKind.LABELS: 1,
    ObjectKind.BUCKET: 20,
    ObjectKind.TASK: 20,
    ObjectKind.DETAILS: 20,
}


@dataclass
class Thing:
    entry_id: int
    object: ObjectKey
    state: State = State.PLANNED
    needs: tuple = ()
    after: tuple = field(default=())
    dependants: tuple = ()
    height: int = 0
    blockers: int = 0

    @property
    def kind(self):
        return self.object.kind


def things(*rows):
    return {
        number: Thing(number, ObjectKey(kind, str(number)), needs=needs, after=after)
        for number, (kind, needs, after) in enumerate(rows, start=1)
    }


def run_all(frontier, tracker=TrackerName.JIRA):
    """Send and answer one chunk after another; returns the chunks' ids."""
    chunks = []
    while (chunk := frontier.next_chunk(tracker, CAPACITY)) is not None:
        chunks.append(chunk.entry_ids)
        frontier.answered(chunk)
        for entry_id in chunk.entry_ids:
            frontier.settle(entry_id, State.CREATED)
    return chunks


def test_epics_go_before_their_issues_in_as_few_requests_as_possible():
    rows = [(ObjectKind.EPIC, (), ())] + [(ObjectKind.ISSUE, (1,), ())] * 120
    chunks = run_all(Frontier(things(*rows)))
    assert [len(chunk) for chunk in chunks] == [1, 50, 50, 20]


def test_an_issue_waits_for_those_that_block_it_so_that_links_can_be_folded():
    nodes = things(
        (ObjectKind.EPIC, (), ()),
        (ObjectKind.ISSUE, (1,), ()),
        (ObjectKind.ISSUE, (1,), (2,)),
        (ObjectKind.LINK, (2, 3), ()),
    )
    frontier = Frontier(nodes)
    first = frontier.next_chunk(TrackerName.JIRA, CAPACITY)
    frontier.answered(first)
    frontier.settle(1, State.CREATED)
    assert run_all(frontier) == [(2,), (3,), (4,)]


def test_a_folded_link_is_not_sent_again():
    nodes = things((ObjectKind.ISSUE, (), ()), (ObjectKind.ISSUE, (), (1,)), (ObjectKind.LINK, (1, 2), ()))
    frontier = Frontier(nodes)
    for entry_id in (1, 2):
        chunk = frontier.next_chunk(TrackerName.JIRA, CAPACITY)
        assert chunk.entry_ids == (entry_id,)
        frontier.answered(chunk)
        if entry_id == 2:
            frontier.settle(3, State.CREATED)
        frontier.settle(entry_id, State.CREATED)
    assert frontier.next_chunk(TrackerName.JIRA, CAPACITY) is None


def test_a_chunk_that_is_not_full_waits_while_it_may_still_be_filled():
    nodes = things((ObjectKind.EPIC, (), ()), *[(ObjectKind.ISSUE, (1,), ())] * 60)
    frontier = Frontier(nodes)
    epics = frontier.next_chunk(TrackerName.JIRA, CAPACITY)
    frontier.answered(epics)
    frontier.settle(1, State.CREATED)
    full = frontier.next_chunk(TrackerName.JIRA, CAPACITY)
    assert len(full.entry_ids) == 50
    assert frontier.next_chunk(TrackerName.JIRA, CAPACITY) is None  # ten are ready, fifty are under way
    frontier.answered(full)
    assert len(frontier.next_chunk(TrackerName.JIRA, CAPACITY).entry_ids) == 10


def test_what_needs_a_refused_object_is_blocked_and_what_only_follows_it_goes_on():
    nodes = things(
        (ObjectKind.EPIC, (), ()),
        (ObjectKind.EPIC, (), ()),
        (ObjectKind.ISSUE, (1,), ()),
        (ObjectKind.ISSUE, (2,), (3,)),
        (ObjectKind.LINK, (3, 4), ()),
    )
    frontier = Frontier(nodes)
    chunk = frontier.next_chunk(TrackerName.JIRA, CAPACITY)
    frontier.answered(chunk)
    frontier.settle(1, State.FAILED)
    frontier.settle(2, State.CREATED)
    assert frontier.next_chunk(TrackerName.JIRA, CAPACITY) is None
    blocked = frontier.blocked()
    assert blocked == (3, 5)


def test_an_object_in_doubt_holds_back_what_refers_to_it():
    nodes = things((ObjectKind.ISSUE, (), ()), (ObjectKind.ISSUE, (), (1,)))
    frontier = Frontier(nodes)
    chunk = frontier.next_chunk(TrackerName.JIRA, CAPACITY)
    frontier.answered(chunk)
    frontier.settle(1, State.INFLIGHT)
    assert frontier.next_chunk(TrackerName.JIRA, CAPACITY) is None


def test_one_that_may_be_sent_again_is_ready_again():
    frontier = Frontier(things((ObjectKind.PLAN, (), ())))
    chunk = frontier.next_chunk(TrackerName.PLANNER, CAPACITY)
    frontier.answered(chunk)
    frontier.settle(1, State.PLANNED)
    assert frontier.next_chunk(TrackerName.PLANNER, CAPACITY).entry_ids == (1,)


@given(st.data())
def test_everything_is_sent_once_and_never_before_what_it_needs(data):
    count = data.draw(st.integers(1, 60))
    rows = []
    for number in range(1, count + 1):
        earlier = st.lists(st.integers(1, number - 1), max_size=3, unique=True) if number > 1 else st.just([])
        kind = data.draw(st.sampled_from([ObjectKind.EPIC, ObjectKind.ISSUE]))
        rows.append((kind, tuple(data.draw(earlier)), tuple(data.draw(earlier))))
    nodes = things(*rows)
    small = {**CAPACITY, ObjectKind.ISSUE: 7, ObjectKind.EPIC: 7}
    frontier = Frontier(nodes)
    sent = []
    while (chunk := frontier.next_chunk(TrackerName.JIRA, small)) is not None:
        assert len(chunk.entry_ids) <= 7
        for entry_id in chunk.entry_ids:
            assert set(nodes[entry_id].needs + nodes[entry_id].after) <= set(sent)
        frontier.answered(chunk)
        for entry_id in chunk.entry_ids:
            frontier.settle(entry_id, State.CREATED)
        sent += chunk.entry_ids
    assert sorted(sent) == sorted(nodes)
