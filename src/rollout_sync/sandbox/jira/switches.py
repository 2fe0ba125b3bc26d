"""Behaviours of Jira Cloud that nobody could verify, or that sites differ in: the switches and what they mean."""

from __future__ import annotations

from typing import Final

from rollout_sync.sandbox.switches import Switch

SWITCHES: Final = (
    Switch(
        name="jira_bulk_over_50",
        default="refuse",
        meaning="bulk create of more than 50 issues: 'refuse' answers 400 for the whole request, 'accept' creates all",
    ),
    Switch(
        name="jira_link_bumps_updated",
        default=True,
        meaning="linking issues, or an issue to something outside, counts as an update of the issue",
    ),
    Switch(
        name="jira_property_bumps_updated",
        default=False,
        meaning="writing an issue property counts as an update of the issue",
    ),
    Switch(
        name="jira_index_resolution_ms",
        default=60_000,
        meaning="instants in JQL are compared after rounding down to this many milliseconds; 1 compares exactly",
    ),
    Switch(
        name="jira_unknown_key_is_error",
        default=True,
        meaning="naming a key that does not exist in a search is a 400; false: it matches nothing",
    ),
    Switch(
        name="jira_adf_limit",
        default="text",
        meaning="the 32,767 limit of rich text counts the plain 'text', or the 'serialized' document",
    ),
    Switch(
        name="jira_gateway_self",
        default=False,
        meaning="self links of requests through the gateway name the gateway; false: the site",
    ),
    Switch(name="jira_language", default="en", meaning="language of the accounts: 'en' or 'de'; shows in all names"),
    Switch(
        name="jira_team_resolution",
        default=False,
        meaning="a team-managed project sets the resolution of issues that become done",
    ),
    Switch(
        name="jira_loop_transitions",
        default=False,
        meaning="a transition to the status that an issue has already is on offer",
    ),
    Switch(
        name="jira_hold_category",
        default="new",
        meaning="status category of 'On hold': 'new' or 'indeterminate'",
    ),
    Switch(
        name="jira_clone_copies_properties",
        default=False,
        meaning="cloning an issue copies its properties as well as its labels",
    ),
    Switch(
        name="jira_hide_emails",
        default=False,
        meaning="people's profiles keep their e-mail address private, as many do on Cloud",
    ),
    Switch(
        name="jira_anonymous",
        default="refuse",
        meaning="requests without credentials: 'refuse' answers 401, 'empty' shows an anonymous visitor's empty site",
    ),
    Switch(
        name="jira_cross_project_parent",
        default=True,
        meaning="company-managed: an epic may be the parent of issues in other company-managed projects",
    ),
    Switch(
        name="index_flaps",
        default=False,
        meaning="search is not monotonic: lag differs by issue, and young issues vanish again for a moment",
    ),
    Switch(
        name="jira_issue_write_limit",
        default=False,
        meaning="one issue takes 20 writes in 2 s and 100 in 30 s, then answers 429",
    ),
    Switch(
        name="jira_burst_limit",
        default=0,
        meaning="requests a second for each method and endpoint, then 429; 0: no limit",
    ),
    Switch(
        name="jira_scopes",
        default="read:jira-work write:jira-work read:jira-user",
        meaning="scopes of the scoped token, separated by blanks",
    ),
)
"""Declared when the Jira side is registered; `POST /_sandbox/switches` sets them."""
