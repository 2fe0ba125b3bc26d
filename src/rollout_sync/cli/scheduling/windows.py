"""The task for Windows Task Scheduler as XML. Pure."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from rollout_sync.cli.scheduling.job import MARK, MEANING, NAME, Job, Schedule, ScheduledFile, Scheduler, checked

FILE_NAME = f"{NAME}-task.xml"
QUERY = ("schtasks", "/Query", "/TN", NAME, "/XML")
DELETE = ("schtasks", "/Delete", "/TN", NAME, "/F")
_LINE = "\n"
_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"


def schedule(job: Job, folder: Path, user: str, now: datetime) -> Schedule:
    """The task; `folder` keeps its XML, `user` has a domain, `now` is local time."""
    path = folder / FILE_NAME
    return Schedule(
        scheduler=Scheduler.WINDOWS,
        files=(ScheduledFile(path=path, title=str(path), text=task(job, user, now), encoding="utf-16"),),
        commands=(("schtasks", "/Create", "/TN", NAME, "/XML", str(path), "/F"),),
        notes=(
            "it runs while you are logged on; a run that was missed is made up for at once",
            "the second command runs whatever became of the first",
        ),
    )


def task(job: Job, user: str, now: datetime) -> str:
    """The XML. The order of elements is that of the published schema, where a sequence is asked for."""
    start = now.replace(minute=0, second=0, microsecond=0, tzinfo=None).isoformat()
    return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="{_NAMESPACE}">
  <RegistrationInfo>
    <Author>{NAME}</Author>
    <Description>{escape(f"{MEANING}; {MARK}")}</Description>
  </RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <StartBoundary>{start}</StartBoundary>
      <Repetition>
        <Interval>PT{job.every}M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
{f"      <UserId>{escape(user)}</UserId>{_LINE}" if user else ""}      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
    <Enabled>true</Enabled>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
{_action(job.sync)}
{_action(job.digest)}
  </Actions>
</Task>
"""


def is_ours(xml: str) -> bool:
    """Whether a task that Windows knows by our name was made by us."""
    return escape(MARK) in xml


def _action(words: tuple[str, ...]) -> str:
    program, *rest = checked(words, forbidden='"')
    arguments = subprocess.list2cmdline(rest)
    return f"""    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(arguments)}</Arguments>
    </Exec>"""
