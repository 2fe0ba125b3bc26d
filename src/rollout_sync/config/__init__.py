"""Settings: where they are found, how they are checked, and what the other rooms get of them.

`load` and `for_sandbox` return frozen dataclasses. Secrets are no part of them: a `SecretPlace` says where one is
kept, and `fetch_secret` gets it at the moment it is needed.
"""

from rollout_sync.config.location import Located, locate
from rollout_sync.config.reading import for_sandbox, load, parse
from rollout_sync.config.secrets import Keystore, Secret, SecretPlace, fetch_secret, find_secret, system_keystore
from rollout_sync.config.settings import (
    Cadence,
    DigestSettings,
    GraphAuth,
    JiraAuth,
    JiraSettings,
    LedgerSettings,
    MailChannel,
    MailMode,
    MailSecurity,
    MailSettings,
    PeopleSettings,
    PlannerSettings,
    ReaderSettings,
    SafetySettings,
    SandboxSettings,
    Settings,
    TimingSettings,
    Webhook,
)

__all__ = [
    "Cadence",
    "DigestSettings",
    "GraphAuth",
    "JiraAuth",
    "JiraSettings",
    "Keystore",
    "LedgerSettings",
    "Located",
    "MailChannel",
    "MailMode",
    "MailSecurity",
    "MailSettings",
    "PeopleSettings",
    "PlannerSettings",
    "ReaderSettings",
    "SafetySettings",
    "SandboxSettings",
    "Secret",
    "SecretPlace",
    "Settings",
    "TimingSettings",
    "Webhook",
    "fetch_secret",
    "find_secret",
    "for_sandbox",
    "load",
    "locate",
    "parse",
    "system_keystore",
]
