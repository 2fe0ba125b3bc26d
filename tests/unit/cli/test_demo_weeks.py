"""The ten weeks of the demonstration: tables that fit the template, proofs that can fail, the real engine at work."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest

from rollout_sync.cli.demo import cast, story
from rollout_sync.cli.demo.boards import Boards
from rollout_sync.cli.demo.cast import Deed
from rollout_sync.cli.demo.diary import acts_of, diary, spans_of
from rollout_sync.cli.demo.engine import wish_of
from rollout_sync.cli.demo.proofs import (
    SUMMARY_WRITES,
    Evening,
    all_finished,
    known_to_people,
    opened_by_the_right_one,
    quiet_when_quiet,
    still_once,
    summed_up,
)
from rollout_sync.cli.demo.sandbox import running_sandbox
from rollout_sync.cli.demo.stage import Stage, clean_environment
from rollout_sync.cli.demo.telling import Teller
from rollout_sync.cli.demo.weeks import LIVE, play
from rollout_sync.cli.screen import Screen
from rollout_sync.health.review import Colour
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.model.rollout import ItemKind, LinkType, RolloutId
from rollout_sync.model.snapshot import ItemStatus
from rollout_sync.reconcile.desired import WAITING_TITLE
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.sync.syncing import Synced
from rollout_sync.template.shipped import example_people

QUIET = Evening(number=1, is_finished=True, sent={}, is_idle=True, is_untouched=True)
TOLD = Evening(number=3, is_finished=True, sent=dict.fromkeys(SUMMARY_WRITES, 1), is_idle=True, is_untouched=False)
BUSY = Evening(number=2, is_finished=True, sent={"PATCH /planner/tasks/{task}": 1})


@pytest.fixture(scope="module")
def rollout(tmp_path_factory):
    people = tmp_path_factory.mktemp("people") / story.PEOPLE
    people.write_bytes(example_people())
    made = wish_of(story.FIRST.template, people, name=story.FIRST.name, go_live=cast.GO_LIVE, company="Example")
    return made.rollout


@pytest.fixture(scope="module")
def schedule(rollout):
    return plan_dates(rollout, WorkCalendar.of(rollout.calendar), cast.FIRST_DAY)


@pytest.fixture(scope="module")
def pages(rollout, schedule):
    return diary(rollout, schedule)


class TestTables:
    def test_every_item_of_the_tables_is_in_the_template(self, rollout):
        known = {item.key for item in rollout.items}
        phases = {phase.key for phase in rollout.phases}
        assert {*cast.PACES, *cast.BY_HAND} <= known
        for scene in cast.SCENES:
            assert scene.item in {*known, *cast.ADDED}
            assert scene.deed is not Deed.ADD or scene.text in phases

    def test_a_name_that_the_template_does_not_know_is_not_passed_over(self, rollout, schedule):
        items = tuple(item for item in rollout.items if item.key != cast.WALK_UP)
        bare = replace(rollout, items=tuple(replace(item, after=()) for item in items))
        with pytest.raises(KeyError, match="walk-up"):
            acts_of(bare, schedule)

    def test_everybody_is_on_the_people_list(self, rollout, schedule):
        assert {act.who for act in acts_of(rollout, schedule)} <= {person.email for person in rollout.people}

    def test_owen_may_not_decide_for_otto(self, rollout):
        (item,) = [item for item in rollout.items if item.key == cast.OTTOS_YES]
        entitled = {person.email for person in (*item.approval.approvers, *item.approval.deputies)}
        who = {scene.deed: scene.who for scene in cast.SCENES if scene.item == cast.OTTOS_YES}
        assert who[Deed.APPROVE] in entitled
        assert who[Deed.TICK] not in entitled

    def test_the_early_work_is_held_by_that_gate(self, rollout):
        (item,) = [item for item in rollout.items if item.key == cast.EARLY]
        assert cast.OTTOS_YES in item.held_by

    def test_the_pilot_slips_by_eight_days(self, rollout, schedule):
        begin, end = spans_of(rollout, schedule)[cast.PILOT]
        slot, calendar = schedule.slots[cast.PILOT], WorkCalendar.of(rollout.calendar)
        assert end - begin - calendar.between(slot.start, slot.finish) == cast.PILOT_SLIP == 8


class TestDiary:
    def test_it_has_the_working_days_of_ten_weeks(self, pages, rollout):
        assert pages[0].day == cast.FIRST_DAY
        assert pages[-1].day == cast.FIRST_DAY + timedelta(weeks=10, days=-3)
        assert [page.number for page in pages] == list(range(1, len(pages) + 1))
        assert all(WorkCalendar.of(rollout.calendar).is_working(page.day) for page in pages)

    def test_every_scene_happens(self, pages):
        done = [act for page in pages for act in page.acts]
        assert all(done.count(scene) == 1 for scene in cast.SCENES)

    def test_nobody_does_a_thing_twice_and_nothing_ends_before_it_begins(self, pages):
        when = {}
        for page in pages:
            for act in page.acts:
                assert (act.item, act.deed) not in when
                when[act.item, act.deed] = page.number
        begun = {item: number for (item, deed), number in when.items() if deed is Deed.BEGIN}
        assert all(when.get((item, Deed.FINISH), 99) >= number for item, number in begun.items())

    def test_work_waits_for_what_the_plan_says_where_no_table_says_otherwise(self, rollout, schedule):
        spans = spans_of(rollout, schedule)
        free = {key for key, pace in cast.PACES.items() if pace.on}
        instants = {item.key for item in rollout.items if item.kind is ItemKind.MILESTONE}
        for item in (one for one in rollout.items if one.key not in free):
            for wait in (one for one in item.after if one.link is LinkType.FINISH_START):
                earliest = spans[wait.item][1] + (wait.item not in instants)
                assert spans[item.key][0] >= earliest

    def test_all_before_go_live_is_done_in_time(self, pages, rollout):
        done = {act.item for page in pages if page.day <= cast.GO_LIVE for act in page.acts}
        stages = ("strategy/", "green-light/", "prepare/", "pilot/")
        wanted = {item.key for item in rollout.items if item.key.startswith(stages)} | {LIVE}
        assert wanted <= done
        assert cast.WALK_UP in done

    def test_some_days_are_quiet(self, pages):
        assert any(not page.acts for page in pages)


class TestProofs:
    def test_all_evenings_have_to_finish(self):
        assert all_finished([QUIET, BUSY]).holds
        assert not all_finished([QUIET, replace(BUSY, is_finished=False)]).holds
        assert not all_finished([]).holds

    def test_idle_days_write_only_the_summary_and_some_not_even_that(self):
        assert quiet_when_quiet([QUIET, BUSY, TOLD]).holds
        assert not quiet_when_quiet([QUIET, replace(TOLD, sent={"POST /x": 1})]).holds
        assert not quiet_when_quiet([QUIET, replace(QUIET, is_untouched=False)]).holds
        assert not quiet_when_quiet([QUIET, replace(QUIET, is_untouched=None)]).holds
        assert not quiet_when_quiet([BUSY]).holds
        assert not quiet_when_quiet([TOLD]).holds

    @pytest.mark.parametrize(
        ("buckets", "holds"),
        [
            (["wait", "wait", "Pilot"], True),
            (["wait", "Pilot", "Pilot"], False),
            (["wait", "wait", "wait"], False),
            ([None, None, "Pilot"], False),
            (["wait", "wait", None], False),
        ],
    )
    def test_a_gate_opens_on_the_right_day_only(self, buckets, holds):
        evenings = [replace(QUIET, number=number, early_in=name) for number, name in enumerate(buckets, start=1)]
        assert opened_by_the_right_one(evenings, 3, "wait").holds is holds

    @pytest.mark.parametrize(
        ("marks", "seen"),
        [
            (("epic:a", "issue:b"), ""),
            (("epic:a", "issue:b", "issue:b"), "issue:b twice"),
            (("epic:a", "issue:c"), "issue:c again"),
            (("epic:a",), "1 different markers instead of 2"),
        ],
    )
    def test_what_was_made_is_there_once_and_what_was_deleted_stays_away(self, marks, seen):
        proof = still_once("c", {"epic": 1, "issue": 2}, Boards(marks=marks), ["issue:c"])
        assert proof.holds is not bool(seen)
        assert seen in proof.seen

    def test_a_promise_of_nothing_proves_nothing(self):
        assert not still_once("c", {}, Boards(), []).holds

    def test_a_summary_stands_once_on_each_board(self):
        assert summed_up(Boards(summaries=(1, 1))).holds
        assert not any(summed_up(Boards(summaries=pair)).holds for pair in ((0, 0), (2, 1), (1, 0)))

    def test_added_and_deleted_work_is_counted(self):
        assert known_to_people(2, 1, expected=(2, 1)).holds
        assert not known_to_people(1, 1, expected=(2, 1)).holds


class TestTelling:
    def test_only_what_is_new_is_told(self):
        lines = []
        teller = Teller(say=lines.append)
        early = Finding(severity=Severity.WARNING, code="started-early", message="It began.", where="a/b")
        one = Synced(
            rollout=RolloutId("r"),
            name="R",
            news=("Green light: approved by otto.operator@example.com", "1 now done"),
            colour=Colour.RED,
            sentence="Red because approvals.",
            findings=(early,),
        )
        teller.evening(cast.FIRST_DAY, ["Otto is back."], one)
        assert [line.strip() for line in lines] == [
            "Mon 19 Apr         Otto is back.",
            "opens  Green light: approved by otto.operator",
            "says   It began.",
            "RED    Red because approvals.",
        ]
        lines.clear()
        teller.evening(cast.FIRST_DAY, [], replace(one, news=()))
        teller.evening(cast.FIRST_DAY, [], None)
        assert lines == []
        assert teller.path == [Colour.RED]


@pytest.fixture(scope="module")
def lived(rollout, tmp_path_factory):
    """The ten weeks, once, with the lines that were told."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / story.PEOPLE).write_bytes(example_people())
    environ = clean_environment({**os.environ, "HOME": str(folder)}, folder)
    told = StringIO()
    with running_sandbox(folder, environ, keep=False) as sandbox:
        sandbox.control("POST", "/clock", {"freeze": f"{cast.FIRST_DAY.isoformat()}T07:00:00+00:00"})
        screen = Screen(stdout=told, stderr=StringIO(), use_color=False)
        stage = Stage(screen=screen, sandbox=sandbox, folder=folder, environ=environ)
        stage.ask("start", *story.FIRST.options, "--yes")
        weeks = play(stage, rollout)
        clock = sandbox.control("GET", "/clock")
    return weeks, told.getvalue(), clock


@pytest.mark.slow
@pytest.mark.timeout(300)
class TestTenWeeks:
    def test_health_goes_down_and_comes_back(self, lived):
        weeks, _told, _clock = lived
        assert [colour.value for colour in weeks.path] == [
            "amber",
            "green",
            "red",
            "green",
            "amber",
            "red",
            "amber",
            "green",
        ]

    def test_the_wrong_persons_tick_is_told_and_opens_nothing(self, lived):
        weeks, told, _clock = lived
        assert opened_by_the_right_one(weeks.evenings, cast.OTTOS_DAY, WAITING_TITLE).holds
        assert "the decision of Owen Outbound" in told
        assert "does not count" in told

    def test_work_that_ran_ahead_makes_it_red_until_the_decision(self, lived):
        _weeks, told, _clock = lived
        assert "Red because approvals: 'Find 5 volunteers in Operations' began without a green" in told
        assert "Green light of Operations: approved by otto.operator" in told

    def test_the_slip_is_seen_and_why(self, lived):
        _weeks, told, _clock = lived
        assert "'Volunteers work with the second factor' drives the date" in told
        assert "the critical chain slipped by 5 days at 'Volunteers work" in told

    def test_added_and_deleted_work_is_known(self, lived):
        weeks, told, _clock = lived
        assert (weeks.tally.added, weeks.tally.gone) == (2, 1)
        assert all(title in told.replace("\n" + " " * 21, " ") for title in cast.ADDED)

    def test_idle_days_write_only_the_summary_and_every_evening_finishes(self, lived):
        weeks, _told, _clock = lived
        assert quiet_when_quiet(weeks.evenings).holds
        assert all_finished(weeks.evenings).holds

    def test_everybody_is_live_on_the_agreed_day(self, lived):
        weeks, _told, _clock = lived
        assert weeks.live.status is ItemStatus.DONE
        assert weeks.live.finished_at.date() == cast.GO_LIVE

    def test_the_clock_runs_again_afterwards(self, lived):
        _weeks, _told, clock = lived
        assert not clock["frozen"]
        assert clock["now"] > (cast.FIRST_DAY + timedelta(weeks=9)).isoformat()
