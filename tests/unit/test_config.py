"""Configuration: what loads, what is refused with which line, and that a secret is never shown."""

from __future__ import annotations

import pickle
import re
import time
import tomllib
from contextlib import suppress
from datetime import time as clock_time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync import config
from rollout_sync.config import positions
from rollout_sync.config.answers import answer_complaint
from rollout_sync.config.document import SECTIONS, TABLES
from rollout_sync.config.secrets import Secret, SecretPlace, fetch_secret, find_secret
from rollout_sync.config.writing import compose, write
from rollout_sync.errors import ConfigError
from rollout_sync.transport.redaction import SECRETS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"
CANARY = "CANARY-9f3b2c7d1e"
JIRA = '[jira]\nsite = "https://example.atlassian.net"\nemail = "cora@example.com"\nproject = "SEC"\n'
MAIL = '[mail]\nsender = "rollouts@example.com"\n'
SMTP = MAIL + 'channel = "smtp"\nhost = "smtp.example.com"\n'
READERS = '[[digest.readers]]\nemail = "a@example.com"\nevery = "daily"\n[[digest.readers]]\n'


class Shelf:
    """A key store in memory."""

    def __init__(self, **kept):
        self.kept = kept

    def get(self, account):
        return self.kept.get(account)

    def put(self, account, text):
        self.kept[account] = text

    def describe(self):
        return "shelf"


def load(text, environ=None, source=None):
    return config.parse(text, source, environ or {})


def problems(text, environ=None):
    with pytest.raises(ConfigError) as caught:
        load(text, environ)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    return [str(problem) for problem in caught.value.problems]


def test_the_example_loads_and_says_what_its_comments_say():
    settings = config.load(config.locate(EXAMPLE, {}), {})
    assert settings.source == EXAMPLE
    assert settings.jira is not None
    assert settings.jira.custom_fields == {"customfield_10300": {"value": "2027-R1"}}
    assert settings.planner is not None
    assert settings.planner.auth is config.GraphAuth.DEVICE_CODE
    assert settings.safety == config.SafetySettings()
    assert settings.timing == config.TimingSettings()
    assert settings.sandbox == config.SandboxSettings()
    assert settings.mail.channel is config.MailChannel.NONE
    assert (settings.digest.zone, settings.digest.time, settings.digest.weekday) == ("Europe/Berlin", clock_time(8), 0)
    assert settings.digest.roles == load(JIRA).digest.roles
    (reader,) = settings.digest.readers
    assert (reader.name, reader.every) == ("Audrey Auditor", config.Cadence.MONTHLY)


def test_the_example_names_every_key_once_and_explains_it():
    text = EXAMPLE.read_text(encoding="utf-8")
    main, *repeated = re.split(r"^\[\[(digest\.readers)\]\]\n(.*?)(?=^\[)", text, flags=re.MULTILINE | re.DOTALL)
    text = main + repeated[-1]
    parts = re.split(r"^\[(\w+)[\w.]*\]$", text, flags=re.MULTILINE)
    bodies: dict[str, str] = {}
    for section, body in zip(parts[1::2], parts[2::2], strict=True):
        bodies[section] = bodies.get(section, "") + body
    assert set(bodies) == set(SECTIONS)
    for section, model in SECTIONS.items():
        for key in set(model.model_fields) - {"custom_fields", "accounts", "roles", "readers"}:
            found = re.findall(rf"^(?:# )?{key} = ", bodies[section], flags=re.MULTILINE)
            assert len(found) == 1, f"[{section}] {key}"
    assert {"[jira.custom_fields]", "[jira.accounts]", "[digest.roles]"} <= set(text.splitlines())
    named = re.findall(r"^(?:# )?(\w+) = ", repeated[1], flags=re.MULTILINE)
    assert sorted(named) == sorted(TABLES["digest", "readers"].model_fields)


def test_every_commented_key_of_the_example_loads_too():
    text = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    settings = load(text)
    assert settings.ledger.path == Path.cwd() / "ledger.sqlite"


def test_every_key_has_a_description_for_the_reference():
    for section, model in [*SECTIONS.items(), *TABLES.items()]:
        for key, field in model.model_fields.items():
            assert field.description or any(getattr(m, "description", "") for m in field.metadata), f"{section}.{key}"


def test_relative_paths_start_at_the_file(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(JIRA + '[ledger]\npath = "state/ledger.sqlite"\n[people]\ndefault = "people.csv"\n', "utf-8")
    settings = config.load(config.locate(file, {}), {})
    assert settings.ledger.path == tmp_path / "state" / "ledger.sqlite"
    assert settings.people.default == tmp_path / "people.csv"


def test_readers_take_over_what_the_section_says_and_roles_keep_their_defaults():
    text = (
        '[digest]\nzone = "Europe/Berlin"\ntime = "07:30"\nweekday = "wed"\nheartbeat = true\n'
        '[digest.roles]\nsponsor = "monthly"\nit = "daily"\n'
    )
    last = 'email = "b@example.com"\nzone = "America/New_York"\ntime = "16:05"\nweekday = "fri"\nheartbeat = false\n'
    digest = load(JIRA + text + READERS + last).digest
    one, two = digest.readers
    assert (one.every, one.zone, one.time, one.weekday) == (config.Cadence.DAILY, "Europe/Berlin", clock_time(7, 30), 2)
    assert one.heartbeat
    assert (two.every, two.zone, two.time, two.weekday) == (
        config.Cadence.WEEKLY,
        "America/New_York",
        clock_time(16, 5),
        4,
    )
    assert not two.heartbeat
    assert {role: str(every) for role, every in digest.roles.items()} == {
        "sponsor": "monthly",
        "department_head": "weekly",
        "supervisor": "weekly",
        "coordinator": "daily",
        "it": "daily",
    }


def test_mail_settings_are_complete_without_their_secret():
    environ = {"ROLLOUT_SYNC_SMTP_PASSWORD": CANARY, "ROLLOUT_SYNC_WEBHOOK_URL": CANARY}
    mail = load(JIRA + SMTP + 'user = "rollouts"\n', environ).mail
    assert (mail.reply_to, mail.unsubscribe) == ("rollouts@example.com", "rollouts@example.com")
    assert (mail.mode, mail.security) == (config.MailMode.AT_MOST_ONCE, config.MailSecurity.STARTTLS)
    assert not mail.invitations
    assert CANARY not in repr(mail)
    assert fetch_secret(mail.password, environ, Shelf()).reveal() == CANARY


def test_nothing_is_sent_unless_the_configuration_says_so():
    assert load(JIRA).mail.channel is config.MailChannel.NONE
    assert load(JIRA).digest.webhook is config.Webhook.NONE


@pytest.mark.parametrize("service", ["jira", "planner"])
def test_one_service_is_enough(service):
    planner = '[planner]\ntenant = "example.com"\nclient_id = "c"\ngroup = "IT"\n'
    settings = load({"jira": JIRA, "planner": planner}[service])
    assert (settings.jira is None) == (service == "planner")
    assert (settings.planner is None) == (service == "jira")


def test_no_service_is_refused():
    assert problems("[safety]\nmax_share = 0.2\n") == [
        "environment: configuration: there is neither [jira] nor [planner] (write at least one; rollout-sync init asks)"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (JIRA + 'emial = "x"\n', 'environment:5: [jira] emial: there is no such key (did you mean "email"?)'),
        (JIRA + "[timng]\n", 'environment:5: [timng]: there is no such section (did you mean "timing"?)'),
        (JIRA + '[safety]\nmax_share = "much"\n', "environment:6: [safety] max_share: should be of the type number"),
        (JIRA + "[safety]\nmax_share = 1.5\n", "environment:6: [safety] max_share: should be less than or equal to 1"),
        (JIRA + "[safety]\nmax_share = nan\n", "environment:6: [safety] max_share:"),
        (JIRA + "[safety]\nmin_count = true\n", "environment:6: [safety] min_count: should be of the type integer"),
        (JIRA + '[safety]\ninsecure_lab = "no"\n', "environment:6: [safety] insecure_lab: should be of the type boole"),
        (JIRA + "[sandbox]\nport = 70000\n", "environment:6: [sandbox] port: should be less than or equal to 65535"),
        (JIRA + 'auth = "magic"\n', "environment:5: [jira] auth: should be 'api-token', 'scoped-token' or 'pat'"),
        (JIRA.replace("SEC", "sec-1"), "environment:4: [jira] project: is no project key"),
        (JIRA.replace('project = "SEC"\n', ""), "environment:1: [jira] project: is missing"),
        (JIRA.replace("cora@example.com", "cora"), "environment:3: [jira] email: is no e-mail address"),
        (JIRA.replace('email = "cora@example.com"\n', ""), "environment:1: [jira] email: is missing; auth"),
        (JIRA.replace("https", "http"), "environment:2: [jira] site: 'http://example.atlassian.net' is not https"),
        (
            JIRA.replace("example.atl", "u:p@example.atl"),
            "environment:2: [jira] site: the address contains a user name",
        ),
        (
            JIRA.replace("example.atlassian.net", "example.com"),
            "environment:2: [jira] site: 'https://example.com' is not",
        ),
        (JIRA.replace("example.atlassian.net", "10.0.0.1"), "environment:2: [jira] site: 'https://10.0.0.1' points to"),
        (JIRA + '[jira.custom_fields]\n"bad id" = 1\n', "[jira] custom_fields.bad id"),
        (JIRA + "[jira.custom_fields]\ncustomfield_1 = 1979-05-27\n", "[jira] custom_fields.customfield_1"),
        ('jira = "x"\n', "environment:1: [jira]: should be a section (write [jira] on a line of its own)"),
        ("[[jira]]\n", "environment:1: [jira]: should be a section"),
        (
            JIRA + "[timing]\ndeadline = 200\n",
            "[timing] settle_horizon: is 300 s, less than twice the deadline of 200 s",
        ),
        (JIRA + '[mail]\nchannel = "fax"\n', "environment:6: [mail] channel: should be 'none', 'graph' or 'smtp'"),
        (JIRA + '[mail]\nsender = "cora"\n', "environment:6: [mail] sender: is no e-mail address"),
        (JIRA + MAIL + 'channel = "smtp"\n', "environment:5: [mail] host: is missing"),
        (JIRA + '[mail]\nchannel = "smtp"\nhost = "a.example.com"\n', "[mail] sender: is missing"),
        (JIRA + MAIL + 'channel = "graph"\n', "environment:7: [mail] channel: graph signs in with [planner]"),
        (JIRA + MAIL + "drafts = true\n", 'environment:7: [mail] drafts: needs channel = "graph"'),
        (JIRA + SMTP + 'user = "u"\nsecurity = "none"\n', "environment:10: [mail] security: none would send the pass"),
        (JIRA + SMTP.replace("smtp.ex", "https://smtp.ex"), "environment:8: [mail] host: should be a host name"),
        (JIRA + '[digest]\ntime = "8"\n', "environment:6: [digest] time: is no time of day; it looks like 08:00"),
        (JIRA + '[digest]\nzone = "Europe/Berlni"\n', "no time zone 'Europe/Berlni' (did you mean \"Europe/Berlin\"?)"),
        (JIRA + '[digest]\nzone = "/etc/passwd"\n', "environment:6: [digest] zone: is no name of a time zone"),
        (JIRA + '[digest]\nzone = "Nowhere"\n', "there is no time zone 'Nowhere' (such as Europe/Berlin)"),
        (JIRA + '[digest.roles]\nsponsor = "often"\n', "environment:6: [digest] roles.sponsor: should be 'daily'"),
        (
            JIRA + READERS + 'email = "b@example.com"\nevry = "daily"\n',
            'environment:10: [digest] readers.2.evry: there is no such key (did you mean "every"?)',
        ),
        (JIRA + READERS + 'email = "x"\n', "environment:9: [digest] readers.2.email: is no e-mail address"),
        (
            JIRA + READERS + 'email = "b@example.com"\nzone = "A/B"\n',
            "environment:10: [digest] readers.2.zone: there is",
        ),
        (JIRA + '[digest]\nreaders = [{email = "x"}]\n', "environment:6: [digest] readers.1.email: is no e-mail"),
        (JIRA + READERS, "environment:8: [digest] readers.2.email: is missing"),
        (JIRA + "[jira\n", "environment:5:6: Cannot declare"),
        (JIRA + '[ledger]\npath = "a\\u0000b"\n', "environment:6: [ledger] path: has characters that cannot be used"),
    ],
)
def test_a_slip_is_named_with_its_line_and_way_out(text, expected):
    (found,) = problems(text)
    assert expected in found


def test_all_slips_are_named_at_once():
    found = problems(JIRA.replace("SEC", "1") + 'emial = "x"\n[safety]\nmax_share = 7\n[nonsense]\n')
    assert len(found) == 4


def test_more_slips_than_anybody_reads_are_cut():
    text = JIRA + "".join(f"x{number} = 1\n" for number in range(5000))
    started = time.monotonic()
    assert len(problems(text)) == 20
    assert time.monotonic() - started < 1


HOSTILE = {
    "dotted key of 40 kB": ".".join(["a"] * 20_000) + " = 1",
    "many dotted keys": "\n".join(".".join([f"k{n}", *["a"] * 2_000]) + " = 1" for n in range(100)),
    "dotted key in an inline table": "a = {" + ".".join(["a"] * 3_000) + " = 1}",
    "quoted dotted key": ".".join(['"a"'] * 2_000) + " = 1",
    "deep arrays": "a = " + "[" * 5_000,
    "deep arrays over lines": "a = " + "[\n" * 50_000,
    "deep inline tables": "a = " + "{a = " * 1_000,
    "big integer": "a = " + "9" * 6_000,
    "long line": "a = '" + "x" * 10_000 + "'",
    "larger than 1 MiB": "# x\n" * 300_000,
    "unterminated text": 'a = """' + '\\"""' * 200_000,
    "quotes": '"' * 8_000,
    "control characters": "a = '\x00\x01'",
    "only dots": "." * 8_000,
    "only brackets": "[" * 8_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_quickly(name, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(HOSTILE[name], encoding="utf-8")
    started = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        config.load(config.locate(file, {}), {})
    assert time.monotonic() - started < 1
    assert len(str(caught.value)) < 500


def test_bytes_that_are_no_text_are_refused(tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        config.load(config.locate(file, {}), {})


def test_windows_editors_may_have_written_the_file(tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf" + JIRA.replace("\n", "\r\n").encode())
    assert config.load(config.locate(file, {}), {}).jira


@given(st.text(alphabet="ab.=\"[]{}',#\n\\ 1", max_size=200))
def test_the_scanner_never_fails_and_tells_the_truth(text):
    with suppress(ConfigError):
        positions.check_limits(text, "x")
    lines = positions.key_lines(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    with suppress(tomllib.TOMLDecodeError):
        bare = {key for key in tomllib.loads(text) if key.isalnum()}
        assert bare <= {path[0] for path in lines}


@pytest.mark.parametrize(
    "text",
    [
        JIRA + f'token = "{CANARY}"\n',
        JIRA + f'api_token = "{CANARY}"\n',
        JIRA + f'[planner]\nclient_secret = "{CANARY}"\n',
        JIRA + f'[jira.extra]\npassword = "{CANARY}"\n',
        JIRA + f'hold_status = "ATATT3xFfGF0{CANARY}abcdefgh"\n',
        f'token = "{CANARY}"\n',
        JIRA + f'[mail]\npassword = "{CANARY}"\n',
        JIRA + f'[digest]\nwebhook = "https://hooks.slack.com/services/T0/B0/{CANARY}"\n',
        JIRA + f'[digest]\nwebhook_file = "https://x.logic.azure.com/workflows/1?sig={CANARY}{"y" * 20}"\n',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(text):
    with pytest.raises(ConfigError) as caught:
        load(text)
    error = caught.value
    shown = " ".join([error.what, error.where, error.hint, *map(str, error.problems)])
    assert CANARY not in shown
    assert "rollout-sync init --secrets-only" in shown
    assert re.search(r"environment:\d+: ", str(error.problems[0]))


@pytest.mark.parametrize("key", ["site", "email", "project", "auth", "token_file", "hold_status"])
def test_a_secret_pasted_in_the_wrong_place_is_not_repeated(key):
    text = re.sub(rf"^{key} = .*\n", "", JIRA, flags=re.MULTILINE) + f'{key} = "ATATT3{CANARY}x{"y" * 30}"\n'
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert CANARY not in " ".join([caught.value.what, caught.value.where, *map(str, caught.value.problems)])


def test_environment_variables_go_over_the_file():
    environ = {
        "ROLLOUT_SYNC_JIRA_PROJECT": "HR",
        "ROLLOUT_SYNC_SAFETY_MAX_SHARE": "0.5",
        "ROLLOUT_SYNC_SAFETY_MIN_COUNT": "3",
        "ROLLOUT_SYNC_SAFETY_ALLOW_HOSTS": "jira.example.com, graph.example.com",
        "ROLLOUT_SYNC_TIMING_DEADLINE": "",
        "ROLLOUT_SYNC_JIRA_TOKEN": CANARY,
        "ROLLOUT_SYNC_CONFIG": "ignored here",
        "UNRELATED": "1",
    }
    settings = load(JIRA, environ)
    assert settings.jira is not None
    assert settings.jira.project == "HR"
    assert settings.safety.max_share == 0.5
    assert settings.safety.min_count == 3
    assert settings.safety.allow_hosts == ("jira.example.com", "graph.example.com")
    assert settings.timing.deadline == 60
    assert CANARY not in repr(settings)


def test_the_environment_alone_is_enough(tmp_path):
    environ = {
        "ROLLOUT_SYNC_JIRA_SITE": "https://example.atlassian.net",
        "ROLLOUT_SYNC_JIRA_EMAIL": "cora@example.com",
        "ROLLOUT_SYNC_JIRA_PROJECT": "SEC",
    }
    settings = config.load(config.Located(path=None, looked_at=("nowhere",)), environ)
    assert settings.jira is not None
    assert settings.source is None


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ROLLOUT_SYNC_JIRA_PROJETC", "HR", 'did you mean "ROLLOUT_SYNC_JIRA_PROJECT"?'),
        ("ROLLOUT_SYNC_SAFETY_MIN_COUNT", "few", "$ROLLOUT_SYNC_SAFETY_MIN_COUNT: should be a whole number"),
        ("ROLLOUT_SYNC_SAFETY_INSECURE_LAB", "perhaps", "should be true or false"),
        ("ROLLOUT_SYNC_SAFETY_MAX_SHARE", "7", "$ROLLOUT_SYNC_SAFETY_MAX_SHARE: should be less than or equal to 1"),
        ("ROLLOUT_SYNC_JIRA_CUSTOM_FIELDS", "{}", "a table cannot be given in a variable"),
        ("ROLLOUT_SYNC_DIGEST_ROLES", "{}", "a table cannot be given in a variable"),
        ("ROLLOUT_SYNC_DIGEST_READERS", "x", "tables cannot be given in a variable"),
        ("ROLLOUT_SYNC_MAIL_DRAFTS", "maybe", "should be true or false"),
    ],
)
def test_a_wrong_variable_is_named(variable, value, expected):
    (found,) = problems(JIRA, {variable: value})
    assert expected in found


def test_without_configuration_the_next_step_is_named():
    with pytest.raises(ConfigError) as caught:
        config.load(config.Located(path=None, looked_at=("here", "there")), {})
    assert caught.value.where == "looked at here, there"
    assert "rollout-sync init" in caught.value.hint


def test_the_file_is_looked_for_in_order(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("rollout_sync.config.location.user_config", lambda: tmp_path / "home" / "config.toml")
    named, here, home = tmp_path / "named.toml", tmp_path / "config.toml", tmp_path / "home" / "config.toml"
    assert config.locate(None, {}, tmp_path).path is None
    home.parent.mkdir()
    for file in (home, here, named):
        file.touch()
        environ = {"ROLLOUT_SYNC_CONFIG": str(named)} if file == named else {}
        assert config.locate(None, environ, tmp_path).path == file
    assert config.locate(here, {"ROLLOUT_SYNC_CONFIG": str(named)}, tmp_path).path == here


@pytest.mark.parametrize("as_option", [True, False])
def test_a_named_file_has_to_be_there(tmp_path, as_option):
    missing = tmp_path / "missing.toml"
    environ = {} if as_option else {"ROLLOUT_SYNC_CONFIG": str(missing)}
    with pytest.raises(ConfigError, match="not there"):
        config.locate(missing if as_option else None, environ, tmp_path)


def test_the_sandbox_needs_no_file():
    settings = config.for_sandbox("http://127.0.0.1:8765/", {"ROLLOUT_SYNC_SAFETY_MAX_CREATE": "77"})
    assert settings.sandbox_url == "http://127.0.0.1:8765"
    assert settings.jira is not None
    assert settings.jira.site == "http://127.0.0.1:8765/jira"
    assert settings.planner is not None
    assert settings.planner.base_url == "http://127.0.0.1:8765/graph/v1.0"
    assert settings.rewrites == {"https://login.microsoftonline.com/": "http://127.0.0.1:8765/login/"}
    assert settings.safety.max_create == 77
    assert fetch_secret(settings.jira.token, {}, Shelf()).reveal() == "sandbox-token"


def test_the_sandbox_keeps_a_ledger_of_its_own_and_no_real_account():
    environ = {"ROLLOUT_SYNC_JIRA_SITE": "https://real.atlassian.net", "ROLLOUT_SYNC_JIRA_TOKEN": CANARY}
    one, two = (config.for_sandbox(f"http://127.0.0.1:{port}", environ) for port in (1, 2))
    assert one.jira is not None
    assert one.jira.site.startswith("http://127.0.0.1:1/")
    assert fetch_secret(one.jira.token, environ, Shelf()).reveal() != CANARY
    assert one.ledger.path != two.ledger.path


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:1",
        "http://example.com",
        "http://u:p@127.0.0.1",
        "http://127.0.0.1:x",
        "x",
        "http://127.0.0.1/a",
    ],
)
def test_the_sandbox_is_on_this_machine(url):
    with pytest.raises(ConfigError) as caught:
        config.for_sandbox(url, {})
    assert "u:p" not in caught.value.where


def place(file=None):
    return SecretPlace(
        name="Jira API token", variable="ROLLOUT_SYNC_JIRA_TOKEN", account="a", file_key="[jira] token_file", file=file
    )


def test_secrets_come_from_variable_then_file_then_key_store(tmp_path):
    file = tmp_path / "token"
    file.write_text("from-file\n", encoding="utf-8")
    file.chmod(0o600)
    shelf = Shelf(a="from-store")
    assert fetch_secret(place(file), {"ROLLOUT_SYNC_JIRA_TOKEN": " from-env "}, shelf).reveal() == "from-env"
    assert fetch_secret(place(file), {}, shelf).reveal() == "from-file"
    assert fetch_secret(place(), {}, shelf).reveal() == "from-store"
    assert find_secret(place(), {}, Shelf()) is None


def test_a_missing_secret_says_how_to_store_it():
    with pytest.raises(ConfigError) as caught:
        fetch_secret(place(), {}, Shelf())
    assert "rollout-sync init --secrets-only" in caught.value.hint
    assert "ROLLOUT_SYNC_JIRA_TOKEN" in caught.value.hint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o620])
def test_a_secret_file_is_for_its_owner_alone(tmp_path, mode):
    file = tmp_path / "token"
    file.write_text(CANARY, encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(ConfigError, match="other users") as caught:
        find_secret(place(file), {}, Shelf())
    assert CANARY not in f"{caught.value.what}{caught.value.where}{caught.value.hint}"
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xff", b"x" * 70_000])
def test_a_secret_file_holds_one_text(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ConfigError):
        find_secret(place(file), {}, Shelf())


def test_a_token_pasted_as_a_file_name_is_not_shown(tmp_path):
    with pytest.raises(ConfigError) as caught:
        find_secret(place(tmp_path / CANARY), {}, Shelf())
    assert CANARY not in f"{caught.value.what}{caught.value.where}{caught.value.hint}"


def test_a_secret_does_not_show_itself():
    secret = Secret(CANARY)
    assert CANARY not in f"{secret!r} {secret} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_fetched_secret_is_masked_in_logs_from_then_on():
    text = f"{CANARY}-registered"
    fetch_secret(place(), {"ROLLOUT_SYNC_JIRA_TOKEN": text}, Shelf())
    assert text not in SECRETS.scrub(f"token was {text}")


@given(st.dictionaries(st.sampled_from(["tenant", "group", "client_id"]), st.text(max_size=40)))
def test_what_is_composed_reads_back(keys):
    text = compose({"planner": keys})
    assert tomllib.loads(text)["planner"] == {key: value for key, value in keys.items() if value}


def test_a_written_file_is_for_its_owner_alone_and_not_replaced_unasked(tmp_path):
    file = tmp_path / "new" / "config.toml"
    write(file, "a = 1\n")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="already"):
        write(file, "a = 2\n")
    write(file, "a = 3\n", replace=True)
    assert file.read_text(encoding="utf-8") == "a = 3\n"
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "file" / "config.toml", "a = 1\n")


@pytest.mark.parametrize(
    ("section", "key", "value", "complaint"),
    [
        ("jira", "site", "https://example.atlassian.net", ""),
        ("jira", "site", "https://example.com", "not a known host"),
        ("jira", "project", "x", "no project key"),
        ("jira", "email", "cora", "no e-mail"),
        ("planner", "group", "", "is empty"),
        ("planner", "group", "IT change", ""),
    ],
)
def test_one_answer_is_checked_by_the_rule_of_its_key(section, key, value, complaint):
    found = answer_complaint(section, key, value)
    assert complaint in found
    assert bool(found) == bool(complaint)
