"""One rollout that cannot be looked at keeps nobody from the others: neither ticks, nor mails, nor reports."""

from __future__ import annotations

import json
import sqlite3

import pytest
from tests.system.test_digest import MAIL
from tests.system.test_sync import later

from support import small
from support.desk import BOTH

OTHER = "Other 2027"


@pytest.fixture
def office(desk):
    """Two rollouts; of the first one the ledger holds a template that cannot be read."""
    desk.configure(BOTH + MAIL)
    assert desk.call(*small.start()).code == 0
    assert desk.call(*small.start(name=OTHER)).code == 0
    assert desk.ask("sync", "--all-due").code == 0
    with sqlite3.connect(desk.ledger) as ledger:
        (text,) = ledger.execute("SELECT source FROM rollout WHERE rollout_id = ?", (small.ROLLOUT,)).fetchone()
        broken = json.dumps({**json.loads(text), "template_text": "template: small\nversion: nonsense\n"})
        ledger.execute("UPDATE rollout SET source = ? WHERE rollout_id = ?", (broken, small.ROLLOUT))
    later(desk, 7)
    return desk


def test_the_others_are_read_mailed_and_reported(office):
    ticked = office.ask("sync", "--all-due")
    assert ticked.code == 4
    found = {one["name"]: one["problem"] for one in ticked.result["rollouts"]}
    assert found[OTHER] == ""
    assert "version" in found[small.NAME]
    sent = office.ask("digest", "--due")
    assert sent.code == 4
    assert sent.result["sent"]
    assert list(sent.result["untold"]) == [small.NAME]
    written = office.call("report", "--all", "--out", "pages")
    assert written.code == 0
    assert f"! {small.NAME}: " in written.out
    assert (office.folder / "pages" / "other-2027.html").exists()


@pytest.mark.slow
def test_a_day_before_one_of_them_began_leaves_it_out_of_the_pages(desk):
    assert desk.call(*small.start()).code == 0
    desk.call("sync", small.NAME)
    later(desk, 3)
    assert desk.call(*small.start(name=OTHER)).code == 0
    desk.call("sync", OTHER)
    day = (desk.clock.now().date()).replace(day=desk.clock.now().day - 2).isoformat()
    written = desk.call("report", "--all", "--as-of", day, "--out", "pages")
    assert written.code == 0, written.err
    assert f"! {OTHER}: " in written.out
    assert (desk.folder / "pages" / f"{small.ROLLOUT}.html").exists()


def test_a_day_that_has_not_come_has_no_history(desk):
    done = desk.call("status", small.NAME, "--as-of", "2030-01-01")
    assert done.code == 2
    assert "has not come yet" in done.err


def test_an_earlier_day_says_that_it_is_one(desk):
    assert desk.call(*small.start()).code == 0
    desk.call("sync", small.NAME)
    day = desk.clock.now().date()
    later(desk, 2)
    out = desk.call("status", small.NAME, "--as-of", day.isoformat()).out
    assert "as it stood at the end of" in out
    assert "just now" not in out


def test_a_colour_set_by_hand_shows_among_all_rollouts_at_once(desk):
    assert desk.call(*small.start()).code == 0
    desk.call("sync", small.NAME)
    assert desk.call("override", small.NAME, "red", "--reason", "The supplier is late").code == 0
    (row,) = desk.ask("status").result
    assert row["colour"] == "red"
    later(desk, 0.1)
    desk.call("sync", small.NAME)
    notes = [desk.at.details(one["id"])["description"] for one in desk.at.tasks() if one["fields"]["title"] == "Status"]
    assert notes[0].startswith("Red")


def test_an_adopted_rollout_gets_its_baseline_with_the_first_plan(desk):
    assert desk.call(*small.start()).code == 0
    desk.ledger.unlink()
    for _ in range(2):
        assert desk.ask("adopt", small.ROLLOUT).code in {0, 4}
        later(desk, 0.1)
    assert desk.call(*small.start()).code == 0
    with sqlite3.connect(desk.ledger) as ledger:
        (baseline,) = ledger.execute("SELECT baseline FROM rollout").fetchone()
    assert len(json.loads(baseline)) == 8
