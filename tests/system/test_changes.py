"""A running rollout meets a changed template, other answers, and people who work on their boards."""

from __future__ import annotations

import re

import pytest

from support import small
from support.standin import NOW


@pytest.fixture
def running(desk):
    """A desk whose rollout stands on both boards."""
    assert desk.call(*small.start()).code == 0
    desk.at.forget()
    return desk


def template(desk, *replacements):
    text = small.TEMPLATE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    desk.write("small.yaml", text)


def different(before, after, *, ignoring=("updated", "version", "history", "orderHint")):
    """Object and field of everything that is not as before."""
    found = set()
    for collection, rows in after.items():
        for key, row in rows.items():
            old = before.get(collection, {}).get(key)
            if old is None:
                found.add((collection, "new"))
                continue
            old, new = ({**one, **one.get("fields", {})} for one in (old, row))
            found |= {
                (collection, name)
                for name in new
                if name not in ignoring and name != "fields" and new[name] != old.get(name)
            }
    return {one for one in found if one[0] != "jira.history"}


def without_print(text):
    """A description without the fingerprint of what is approved, which changes with it."""
    return re.sub(r"approved: [0-9a-f]+", "approved:", text)


class TestTemplate:
    def test_a_new_title_changes_that_title_and_the_texts_that_name_it(self, running):
        template(running, ("title: Tell everybody", "title: Tell all of them"))
        planned = running.call(*small.plan())
        assert "~ task Tell all of them: template: title" in planned.out
        assert "Tell everybody → Tell all of them" in planned.out
        assert "3 to update" in planned.out  # both approvals list the work that waits for them
        before = running.at.content()
        done = running.call(*small.start())
        assert done.code == 0, done.err
        assert different(before, running.at.content()) == {
            ("graph.tasks", "title"),
            ("graph.task_details", "description"),
        }
        assert running.at.writes() == {"PATCH /planner/tasks/{task}": 1, "PATCH /planner/tasks/{task}/details": 2}
        for department in ("Finance", "Sales"):
            gate = running.at.task(f"Green light of {department}")["id"]
            old = before["graph.task_details"][gate]["fields"]["description"]
            new = running.at.details(gate)["description"]
            assert without_print(new) == without_print(old).replace("Tell everybody", "Tell all of them")

    @pytest.mark.slow
    def test_a_new_title_in_jira_changes_that_title_alone(self, running):
        template(running, ("title: Set up", "title: Build up"))
        before = running.at.content()
        assert running.call(*small.start()).code == 0
        changed = different(before, running.at.content())
        assert {name for collection, name in changed if collection == "jira.issue"} == {"summary"}
        running.at.issue("Build up")

    @pytest.mark.slow
    def test_another_answer_changes_the_texts_that_use_it(self, running):
        before = running.at.content()
        planned = running.call(*small.plan("--set", "company=Acme"))
        assert "~ issue Inventory: template: text" in planned.out
        assert running.call(*small.start("--set", "company=Acme")).code == 0
        assert different(before, running.at.content()) == {("jira.issue", "description")}
        assert "Acme" in str(running.at.issue("Inventory")["description"])

    def test_a_checklist_line_is_added_and_ticks_stay(self, running):
        task = running.at.task("Session")["id"]
        running.at.act("planner", "tick", task=task, item="Room booked")
        template(running, ("[Room booked, Invitation sent]", "[Room booked, Invitation sent, Slides ready]"))
        assert running.call(*small.start()).code == 0
        lines = {line["title"]: line["isChecked"] for line in running.at.details(task)["checklist"].values()}
        assert lines == {"Room booked": True, "Invitation sent": False, "Slides ready": False}

    @pytest.mark.slow
    def test_an_item_that_comes_later_is_created_alone(self, running):
        line = "      - {key: council,"
        template(running, (line, f"      - {{key: badge, title: New badges, owner: coordinator, days: 1}}\n{line}"))
        result = running.ask(*small.plan()).result
        assert {kind: count for kind, count in result["create"].items() if count} == {"issue": 1}
        assert not [one for one in result["operations"] if one["verb"] == "~"], result["operations"]
        before = running.at.content()
        done = running.ask(*small.start())
        assert (done.code, done.result["made"]) == (0, {"issue": 1})
        assert different(before, running.at.content()) == {("jira.issue", "new")}

    @pytest.mark.slow
    def test_an_answer_that_adds_an_item(self, running):
        done = running.ask(*small.start("--set", "council=yes"))
        assert done.code == 0
        assert done.result["made"]["issue"] == 1
        assert running.at.issue("Hear the council")

    def test_an_item_that_the_template_drops_is_reported_and_left(self, running):
        template(running, (small.TELL, ""))
        planned = running.call(*small.plan())
        assert "task Tell everybody: no longer in the template; left as it is" in planned.out
        before, task = running.at.content(), running.at.task("Tell everybody")
        assert running.call(*small.start()).code == 0
        assert different(before, running.at.content()) == {("graph.task_details", "description")}  # of the approvals
        assert running.at.task("Tell everybody") == task
        running.at.forget()
        assert running.call(*small.start()).code == 0
        assert running.at.writes() == {}

    @pytest.mark.slow
    def test_labels_keep_their_places_when_kinds_come_and_go(self, running):
        template(running, (small.TELL, ""), ("kind: training\n", "kind: communication\n        in: planner\n"),
                 ("title: Set up, owner", "title: Set up, in: planner, owner"))  # fmt: skip
        before = running.at.labels()
        assert running.call(*small.start("--force")).code == 0
        assert running.at.labels()["Green light of Finance"] == before["Green light of Finance"]
        assert running.at.labels()["Tell everybody"] == ["communication"]
        assert running.at.labels()["Session"] == ["communication"]
        assert running.at.labels()["Set up"] == ["task"]
        running.at.forget()
        assert running.call(*small.start()).code == 0
        assert running.at.writes() == {}

    @pytest.mark.slow
    def test_a_new_department_gets_its_own_tasks_and_label(self, running):
        running.write(
            "people.csv", small.PEOPLE + "Otto Operator,otto.operator@example.com,department_head,Operations,\n"
        )
        assert running.call(*small.start()).code == 0
        assert running.at.labels()["Green light of Operations"] == ["approval", "Operations"]

    @pytest.mark.slow
    def test_another_date_moves_dates_alone(self, running):
        before = running.at.content()
        done = running.call(*small.start("--force", go_live="2027-03-08"))
        assert done.code == 0
        changed = different(before, running.at.content())
        assert {name for _, name in changed} <= {
            "duedate",
            "custom",
            "startDateTime",
            "dueDateTime",
            "description",
            "hasDescription",
        }
        assert running.at.issue("Live")["duedate"] == "2027-03-08"
        running.at.forget()
        assert running.call(*small.start(go_live="2027-03-08")).code == 0
        assert running.at.writes() == {}

    def test_another_template_under_the_same_name_is_refused(self, running):
        running.write("other.yaml", small.TEMPLATE.replace("template: small", "template: other"))
        done = running.call(*small.start(template="other.yaml"))
        assert (done.code, running.at.writes()) == (1, {})
        assert "already running" in done.err


class TestPeople:
    def test_an_edit_is_kept_and_reported(self, running):
        issue = running.at.issue("Set up")
        running.at.act("jira", "edit", issue=issue["key"], fields={"title": "Set up, with care"})
        planned = running.call(*small.plan())
        assert "people's edit kept: title" in planned.out
        assert running.call(*small.start()).code == 0
        assert running.at.writes() == {}
        assert running.at.issue("Set up, with care")

    @pytest.mark.slow
    def test_an_edit_that_meets_a_template_change_is_kept_and_reported(self, running):
        issue = running.at.issue("Set up")
        running.at.act("jira", "edit", issue=issue["key"], fields={"title": "Set up, with care"})
        template(running, ("title: Set up", "title: Build up"))
        planned = running.call(*small.plan())
        assert "people's edit kept: title" in planned.out
        assert "Set up, with care → Build up" in planned.out
        assert running.call(*small.start()).code == 0
        assert running.at.issue("Set up, with care")

    def test_a_field_that_the_template_owns_is_written_back(self, running):
        issue = running.at.issue("Set up")
        running.at.act("jira", "edit", issue=issue["key"], fields={"due": "2027-12-24"})
        planned = running.call(*small.plan())
        assert f"2027-12-24 → {issue['duedate']}" in planned.out
        assert running.call(*small.start()).code == 0
        assert running.at.issue("Set up")["duedate"] == issue["duedate"]

    @pytest.mark.slow
    def test_people_own_lines_labels_and_owners_stay(self, running):
        task = running.at.task("Session")["id"]
        running.at.act("planner", "assign", task=task, to="ida.integrator@example.com")
        issue = running.at.issue("Inventory")
        running.at.act("jira", "label", issue=issue["key"], label="urgent")
        template(running, ("title: Session", "title: Clinic"), ("title: Inventory", "title: Stock-taking"))
        assert running.call(*small.start()).code == 0
        assert len(running.at.task("Clinic")["fields"]["assignments"]) == 2
        assert "urgent" in running.at.issue("Stock-taking")["labels"]

    @pytest.mark.slow
    def test_a_moved_card_stays_where_people_put_it(self, running):
        plan = running.at.task("Session")["plan"]
        bucket = running.at.act("planner", "create-bucket", plan=plan, title="Mine")["id"]
        task = running.at.task("Green light of Finance")["id"]
        running.at.act("planner", "move", task=task, bucket=bucket)
        running.at.forget()
        assert running.call(*small.start()).code == 0
        assert running.at.writes() == {}

    def test_what_people_delete_is_reported_and_not_made_again(self, running):
        running.at.act("planner", "vanish", task=running.at.task("Tell everybody")["id"])
        running.at.act("jira", "delete", issue=running.at.issue("Set up")["key"])
        planned = running.call(*small.plan())
        assert planned.out.count("was deleted; it is not made again") >= 2
        for _ in range(2):
            running.at.forget()
            done = running.call(*small.start())
            assert (done.code, running.at.writes()) == (0, {}), done.out + done.err

    def test_an_edit_between_plan_and_apply_is_not_written_over(self, running):
        template(running, ("title: Set up", "title: Build up"))
        assert running.call(*small.plan("--out", "small.plan")).code == 0
        running.at.act("jira", "edit", issue=running.at.issue("Set up")["key"], fields={"title": "Mine"})
        done = running.call("apply", "small.plan", "--settle", "0")
        assert done.code == 0
        assert "changed by somebody since the plan was made: title" in done.out
        assert running.at.issue("Mine")

    @pytest.mark.slow
    def test_work_that_people_did_is_not_undone(self, running):
        issue, task = running.at.issue("Inventory")["key"], running.at.task("Session")["id"]
        running.at.act("jira", "complete", issue=issue)
        running.at.act("jira", "comment", issue=issue, text="Done, see the list.")
        running.at.act("planner", "complete", task=task)
        before = running.at.content()
        running.at.forget()
        assert running.call(*small.start()).code == 0
        assert (running.at.writes(), running.at.content()) == ({}, before)


class TestThresholds:
    def test_too_many_updates_are_refused(self, running):
        titles = ("Inventory", "Set up", "Session", "Tell everybody", "Open the gates", "Live", "Prepare", "Change")
        template(running, *((f"title: {title}", f"title: New {title}") for title in titles))
        before = running.at.content()
        for words in (small.plan(), small.start()):
            done = running.call(*words)
            assert done.code == 5
            assert "--force" in done.err
            assert "30%" in done.err
        assert (running.at.writes(), running.at.content()) == ({}, before)
        assert running.ask(*small.plan()).answer["status"] == "refused"
        assert running.call(*small.start("--force")).code == 0
        assert running.at.issue("New Live")

    def test_too_many_deletions_by_people_are_refused(self, running):
        for issue in running.at.issues():
            running.at.act("jira", "delete", issue=issue["key"])
        for task in running.at.tasks():
            running.at.act("planner", "vanish", task=task["id"])
        done = running.call(*small.start())
        assert done.code == 5
        assert "be marked as gone" in done.err


def test_time_alone_changes_nothing(running):
    """Dates are counted from the day of the first start, not from today."""
    running.clock.sleep(40 * 86_400)
    running.at.control("POST", "/clock", {"freeze": NOW.replace(month=12, day=12).isoformat()})
    done = running.call(*small.start())
    assert (done.code, running.at.writes()) == (0, {}), done.out
