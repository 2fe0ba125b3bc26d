"""A week of the schedule through the commands: Easter, the night on which clocks go forward, and a machine that slept.

Good Friday 2027 is the 26th of March, Easter Monday the 29th; in the night to Sunday the 28th, Berlin goes from UTC+1
to UTC+2. The list is one that a person wrote from the calendar.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from support import small
from support.desk import BOTH

CORA, FRIDA, SAM, SONJA = (
    f"{name}@example.com" for name in ("cora.coordinator", "frida.figures", "sam.seller", "sonja.sponsor")
)
BEGIN = datetime(2027, 3, 23, 15, tzinfo=UTC)
HOURS = (5, 6, 7, 8, 12, 18)
"""When the machine is awake, in UTC."""
ASLEEP = {datetime(2027, 3, 25, hour, tzinfo=UTC) for hour in (5, 6, 7, 8)}
SETTINGS = f"""
[mail]
channel = "graph"
sender = "{CORA}"

[digest]
zone = "Europe/Berlin"
time = "08:00"
weekday = "mon"
heartbeat = true

[digest.roles]
sponsor = "monthly"

[[digest.readers]]
email = "{SAM}"
every = "weekly"
weekday = "thu"
zone = "America/New_York"
"""
BY_HAND = [
    ("Wed 24 Mar 07:00", CORA),  # 8:00 in winter
    ("Thu 25 Mar 12:00", CORA),  # the machine slept until then
    ("Thu 25 Mar 12:00", SAM),  # 8:00 in New York, where clocks went forward two weeks ago
    # Good Friday, the weekend, Easter Monday
    ("Tue 30 Mar 06:00", CORA),  # 8:00 in summer
    ("Tue 30 Mar 06:00", FRIDA),  # Monday's, a working day later
    ("Wed 31 Mar 06:00", CORA),
    ("Thu 01 Apr 06:00", CORA),
    ("Thu 01 Apr 06:00", SONJA),  # the first working day of the month
    ("Thu 01 Apr 12:00", SAM),
]


@pytest.fixture
def office(desk):
    desk.configure(BOTH + SETTINGS)
    desk.write("small.yaml", small.TEMPLATE.replace("owns: [due]", "calendar: {holidays: DE}\nowns: [due]"))
    sponsor = f"Sonja Sponsor,{SONJA},sponsor,,\n"
    desk.write("people.csv", small.PEOPLE + sponsor)
    to(desk, BEGIN)
    assert desk.call(*small.start(go_live="2027-06-01")).code == 0
    return desk


def to(desk, moment):
    """The clocks here and there go on to this moment."""
    ahead = (moment - desk.clock.now()).total_seconds()
    assert ahead >= 0
    desk.at.advance(ahead)
    desk.clock.skipped += ahead


@pytest.mark.slow
def test_exactly_the_mails_that_a_person_would_list(office):
    sent = []
    for days in range(1, 10):
        for hour in HOURS:
            moment = BEGIN.replace(hour=hour) + timedelta(days=days)
            if moment in ASLEEP:
                continue
            to(office, moment)
            assert office.call("sync", "--all-due").code == 0
            done = office.ask("digest", "--due")
            assert done.code == 0, done.out
            sent += [(f"{moment:%a %d %b %H:%M}", one["to"]) for one in done.result["sent"]]
    assert sorted(sent, key=lambda one: (one[0][4:10], one)) == sorted(BY_HAND, key=lambda one: (one[0][4:10], one))
