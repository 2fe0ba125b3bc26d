"""What a strong read tells and costs: folded links of what it finds, and no look at keys that are known."""

from rollout_sync.model.objects import Marker, ObjectKey, ObjectKind, Ref
from rollout_sync.model.operations import Create, Done, Doubt
from support.jira_places import ROLLOUT, create

FETCH = "POST /jira/rest/api/3/issue/bulkfetch"


def doubt(site, item, high_water):
    return Doubt(
        object=item.object,
        marker=item.marker,
        attempt=1,
        sent_at=site.world.clock.now(),
        high_water=high_water,
        fields=item.fields,
    )


def made(tracker, *items):
    outcomes = tracker.send(ROLLOUT, items)
    assert all(isinstance(one, Done) for one in outcomes), outcomes
    return [one.remote for one in outcomes]


def test_a_found_issue_tells_which_links_went_along(site, tracker):
    first, other = made(tracker, create(1), create(2))
    high_water = tracker.high_water()
    along, not_yet = ObjectKey.parse("link:1->3"), ObjectKey.parse("link:2->3")
    sent = create(3, links=[{"link": Ref(along), "source": first}])
    made(tracker, sent)
    # Since then the second source came to be, so that the doubt shows a link that was never sent.
    now = create(3, links=[{"link": Ref(along), "source": first}, {"link": Ref(not_yet), "source": other}])
    findings = tracker.find(ROLLOUT, [doubt(site, now, high_water)], frozenset())
    assert findings.also == {sent.object: (along,)}


def test_keys_that_are_bound_are_not_read(site, tracker):
    high_water = tracker.high_water()
    ours = [
        remote
        for start in (0, 50, 100, 150)
        for remote in made(tracker, *[create(n) for n in range(start, start + 50)])
    ]
    lost = Create(object=ObjectKey(ObjectKind.ISSUE, "lost"), marker=Marker("f" * 32), attempt=1, fields={"title": "L"})
    known = frozenset({remote.id for remote in ours} | {remote.key for remote in ours})
    before = site.world.counters.requests[FETCH]
    findings = tracker.find(ROLLOUT, [doubt(site, lost, high_water)], known)
    assert (findings.found, findings.is_strong) == ({}, True)
    assert site.world.counters.requests[FETCH] - before == 1


def test_the_newest_key_is_asked_for_once(site, tracker):
    made(tracker, create(1))
    before = site.requests()
    assert tracker.high_water() == tracker.high_water() > 0
    assert site.requests() == before
