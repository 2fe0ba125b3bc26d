"""The house rules, checked from tables: floors, circles, confinement, sizes, words, and nothing of one machine.

Every rule is a function from modules to complaints, so that made-up bad modules can prove that it complains.
"""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import permutations
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).parents[1]
PACKAGE = "rollout_sync"

FLOORS = (
    {"cli"},
    {"app", "sync", "report"},
    {"template", "schedule", "reconcile", "health", "ledger", "trackers", "config"},
    {"transport"},
    {"model", "errors", ""},
)
"""From top to bottom; "" is the package itself. Rooms of one floor may use each other as long as there is no circle."""

TRACKERS = ("trackers.jira", "trackers.planner")

SANDBOX_GUESTS = ("cli", "app")
"""Who may start the sandbox; it stands beside the floors and imports nothing of them."""

ROOMS_OF = {
    "click": ("cli",),
    "rich": ("cli",),
    "jira": ("trackers.jira",),
    "msal": ("trackers.planner",),
    "requests": ("transport", "trackers"),
    "urllib3": ("transport",),
    "tenacity": ("transport",),
    "sqlalchemy": ("ledger",),
    "alembic": ("ledger",),
    "filelock": ("ledger", "trackers.planner"),
    "jinja2": ("template", "report"),
    "markupsafe": ("template", "report"),
    "matplotlib": ("report",),
    "icalendar": ("report",),
    "css_inline": ("report",),
    "flask": ("sandbox",),
    "werkzeug": ("sandbox",),
    "pydantic": ("template", "config", "reconcile.planfile"),
    "pydantic_core": ("template", "config", "reconcile.planfile"),
    "ruamel": ("template",),
    "openpyxl": ("template",),
    "defusedxml": ("template",),
    "keyring": ("config",),
    "platformdirs": ("config",),
    "numpy": ("schedule", "health"),
    "holidays": ("schedule",),
}
"""Third parties and the rooms that may know them; one that is missing here has no room yet."""

STANDARD = sys.stdlib_module_names | {"_typeshed"}  # the latter exists for type checkers only
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400
EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "handler", "processor", "data", "info"}
MAY_PRINT = ("cli", "sandbox.__main__")
FOREIGN = {
    "a path of one machine": r"(?<![\w.~$}])/(?:home|Users|tmp)/\w|(?<![\w.~$}])/work/\w|\b[A-Za-z]:\\+Users\\",
    "a registry host": r"\b(?:pypi|npmjs|crates|pythonhosted)[.](?:org|com|io)\b"
    r"|\bproxy[.]golang[.]org\b|\bartifactory\b",
}


@dataclass(frozen=True)
class Module:
    """One module's text under its dotted name."""

    name: str
    source: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def place(self) -> str:
        """Dotted name inside the package: `trackers.jira.client`."""
        return self.name.partition(".")[2]

    @property
    def room(self) -> str:
        return self.place.partition(".")[0]

    def is_in(self, *places: str) -> bool:
        return any(self.place == place or self.place.startswith(f"{place}.") for place in places)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    def imports(self, known: Mapping[str, Module]) -> set[str]:
        """Dotted names of all imported modules, those inside functions too."""
        return {found for node in self.nodes for found in self._imported(node, known)}

    def _imported(self, node: ast.AST, known: Mapping[str, Module]) -> Iterator[str]:
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = ".".join(part for part in (self._ancestor(level), module) if part)
                yield from (full if (full := f"{base}.{alias.name}") in known else base for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name

    def _ancestor(self, level: int) -> str:
        if level == 0:
            return ""
        parts = self.name.split(".")
        return ".".join(parts[: len(parts) - level + self.is_package])


Modules = Mapping[str, Module]


def inner(modules: Modules) -> Iterator[tuple[Module, Module]]:
    """Importer and imported, both of the package."""
    for module in modules.values():
        for name in sorted(module.imports(modules)):
            if name.partition(".")[0] == PACKAGE and name != module.name:
                yield module, modules.get(name, Module(name, ""))


def outer(modules: Modules) -> Iterator[tuple[Module, str]]:
    """Importer and the top name of what it imports from outside the standard library and the package."""
    for module in modules.values():
        for name in sorted({name.partition(".")[0] for name in module.imports(modules)}):
            if name != PACKAGE and name not in STANDARD:
                yield module, name


def floors(modules: Modules) -> Iterator[str]:
    level = {room: number for number, rooms in enumerate(reversed(FLOORS)) for room in rooms}
    for one, other in inner(modules):
        if "sandbox" in {one.room, other.room}:
            continue
        if one.room not in level or other.room not in level:
            yield f"{one.name} imports {other.name}: give both rooms a floor"
        elif level[other.room] > level[one.room]:
            yield f"{one.name} imports {other.name}, which is a floor above"


def circles(modules: Modules) -> Iterator[str]:
    graphs: dict[str, dict[str, set[str]]] = {"modules": {}, "rooms": {}}
    for one, other in inner(modules):
        graphs["modules"].setdefault(one.name, set()).add(other.name)
        if one.room != other.room:
            graphs["rooms"].setdefault(one.room, set()).add(other.room)
    for what, graph in graphs.items():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            yield f"{what} import each other: {' -> '.join(error.args[1])}"


def neighbours(modules: Modules) -> Iterator[str]:
    for one, other in inner(modules):
        if any(one.is_in(here) and other.is_in(there) for here, there in permutations(TRACKERS)):
            yield f"{one.name} imports {other.name}: trackers do not know each other"
        if one.is_in("sandbox") and not other.is_in("sandbox"):
            yield f"{one.name} imports {other.name}: the sandbox stands alone"
        if other.is_in("sandbox") and not one.is_in("sandbox", *SANDBOX_GUESTS):
            yield f"{one.name} imports {other.name}: only {' and '.join(SANDBOX_GUESTS)} start the sandbox"


def confinement(modules: Modules) -> Iterator[str]:
    for module, party in outer(modules):
        if party not in ROOMS_OF:
            yield f"{module.name} imports {party}, which has no room yet"
        elif not module.is_in(*ROOMS_OF[party]):
            yield f"{module.name} imports {party}, which belongs to {', '.join(ROOMS_OF[party])}"


def plain_ground(modules: Modules) -> Iterator[str]:
    ground = {name: module for name, module in modules.items() if module.room in {"model", "errors"}}
    for module in ground.values():
        for name in sorted(module.imports(modules)):
            is_own_room = name.startswith(f"{PACKAGE}.{module.room}")
            if name.partition(".")[0] not in STANDARD and not is_own_room:
                yield f"{module.name} imports {name}: {module.room} knows the standard library only"


def sizes(modules: Modules) -> Iterator[str]:
    for module in modules.values():
        lines = len(module.source.splitlines())
        if lines > MAX_FILE_LINES:
            yield f"{module.name} has {lines} lines"
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    yield f"{module.name}.{node.name} has {length} lines"


def words(modules: Modules) -> Iterator[str]:
    for module in modules.values():
        classes = [node.name for node in module.nodes if isinstance(node, ast.ClassDef)]
        for name in [module.name, *classes]:
            found = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
            if found & EMPTY_WORDS:
                yield f"{module.name}: the name {name} says nothing ({', '.join(sorted(found & EMPTY_WORDS))})"


def printing(modules: Modules) -> Iterator[str]:
    for module in modules.values():
        if not module.is_in(*MAY_PRINT):
            for node in module.nodes:
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                    yield f"{module.name}:{node.lineno} prints; only {' and '.join(MAY_PRINT)} do"


RULES = (floors, circles, neighbours, confinement, plain_ground, sizes, words, printing)


def foreign_words(texts: Mapping[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            for what, pattern in FOREIGN.items():
                if found := re.search(pattern, line):
                    yield f"{name}:{number}: {what}: {found.group()}"


def made_up(sources: Mapping[str, str]) -> Modules:
    """Modules by their place in the package: `{"trackers.jira.client": "import jira"}`."""
    return {(name := f"{PACKAGE}.{place}"): Module(name, source) for place, source in sources.items()}


def read_package() -> Modules:
    found: dict[str, Module] = {}
    for path in sorted((ROOT / "src" / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found[name] = Module(name, path.read_text(encoding="utf-8"), is_package)
    return found


def read_texts() -> Mapping[str, str]:
    """All files that are or may become part of the repository, as text; those that are no UTF-8 hold no words."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    found: dict[str, str] = {}
    for name in listed.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            try:
                found[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return found


@pytest.fixture(scope="module")
def package() -> Modules:
    return read_package()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule, package):
    assert list(rule(package)) == []


def test_the_package_was_read(package):
    assert {"", "model", "schedule", "trackers", "sandbox"} <= {module.room for module in package.values()}
    imported = {other.name for one, other in inner(package) if one.name == f"{PACKAGE}.schedule.dates"}
    assert {f"{PACKAGE}.model.rollout", f"{PACKAGE}.errors", f"{PACKAGE}.schedule.network"} <= imported


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout: nobody knows which files are tracked")
def test_no_file_speaks_of_one_machine():
    texts = read_texts()
    assert "pyproject.toml" in texts
    assert list(foreign_words(texts)) == []


LONG = "def f():\n" + "    x = 1\n" * 60

BAD = [
    (floors, made_up({"model.item": "from rollout_sync.transport import clock"}), "which is a floor above"),
    (floors, made_up({"ledger.rows": "def f():\n    import rollout_sync.sync.run"}), "which is a floor above"),
    (floors, made_up({"trackers.base": "if TYPE_CHECKING:\n    from ..cli import door"}), "rollout_sync.cli, which is"),
    (floors, made_up({"cellar.wine": "from rollout_sync import errors"}), "give both rooms a floor"),
    (
        circles,
        made_up({"sync.a": "from rollout_sync.sync import b", "sync.b": "from . import a"}),
        "modules import each other",
    ),
    (
        circles,
        made_up(
            {
                "health.a": "import rollout_sync.schedule.a",
                "schedule.a": "",
                "schedule.b": "import rollout_sync.health.b",
                "health.b": "",
            }
        ),
        "rooms import each other",
    ),
    (neighbours, made_up({"trackers.jira.a": "from rollout_sync.trackers.planner import b"}), "do not know each other"),
    (neighbours, made_up({"trackers.planner.a": "from rollout_sync.trackers.jira.b import c"}), "do not know each"),
    (neighbours, made_up({"sandbox.a": "from rollout_sync.model import rollout"}), "stands alone"),
    (neighbours, made_up({"sandbox.a": "def f():\n    import_module('rollout_sync.errors')"}), "stands alone"),
    (neighbours, made_up({"transport.a": "from rollout_sync.sandbox import app"}), "start the sandbox"),
    (confinement, made_up({"sync.a": "import jira.client"}), "belongs to trackers.jira"),
    (confinement, made_up({"trackers.jira.a": "from msal.oauth2cli import Client"}), "belongs to trackers.planner"),
    (confinement, made_up({"cli.a": "def f():\n    from sqlalchemy.orm import Session"}), "belongs to ledger"),
    (confinement, made_up({"reconcile.plan": "import pydantic"}), "belongs to template, config, reconcile.planfile"),
    (confinement, made_up({"health.a": "import pandas"}), "which has no room yet"),
    (plain_ground, made_up({"model.a": "import numpy"}), "knows the standard library only"),
    (plain_ground, made_up({"model.a": "from rollout_sync.errors import PlanError"}), "knows the standard library"),
    (sizes, made_up({"sync.a": LONG}), "rollout_sync.sync.a.f has 61 lines"),
    (sizes, made_up({"sync.a": "class C:\n    async " + LONG.replace("\n", "\n    ").rstrip()}), "a.f has 61 lines"),
    (sizes, made_up({"sync.a": "x = 1\n" * 401}), "rollout_sync.sync.a has 401 lines"),
    (words, made_up({"sync.date_utils": ""}), "says nothing (utils)"),
    (words, made_up({"sync.a": "class LeaseManager: ..."}), "says nothing (manager)"),
    (words, made_up({"helper": ""}), "says nothing (helper)"),
    (printing, made_up({"sync.a": "def f():\n    print('done')"}), "rollout_sync.sync.a:2 prints"),
    (printing, made_up({"sandbox.app": "print(1)"}), "rollout_sync.sandbox.app:1 prints"),
]


@pytest.mark.parametrize(("rule", "modules", "complaint"), BAD)
def test_each_rule_complains_of_a_made_up_offender(rule, modules, complaint):
    found = list(rule(modules))
    assert len(found) == 1
    assert complaint in found[0]


def test_what_is_allowed_is_not_complained_of():
    good = made_up(
        {
            "cli.status": "import click\ndef f():\n    from rollout_sync.sandbox import app\n    print(1)",
            "sync.run": "from rollout_sync.schedule import dates\nfrom rollout_sync.trackers.base import Tracker",
            "health.forecast": "import numpy\nfrom rollout_sync.schedule.calendar import WorkCalendar",
            "schedule.calendar": "import holidays\nfrom rollout_sync.errors import ConfigError",
            "trackers.jira.client": "import jira\nfrom rollout_sync.transport.clock import Clock",
            "model.item": "from rollout_sync.model import rollout\nimport math",
            "sandbox.__main__": "print(1)",
            "sync.database": "class Metadata: ...",
            "sync.b": LONG.replace("    x = 1\n", "", 1),
        }
    )
    assert [complaint for rule in RULES for complaint in rule(good)] == []


@pytest.mark.parametrize(
    "parts",
    [
        ("see /", "home/", "anna/notes"),
        ("cd /", "work/", "main"),
        ("C:", "\\Users\\", "anna"),
        ("https://", "pypi", ".org/simple"),
        ("/tmp/", "notes/plan.json"),
    ],
)
def test_words_of_one_machine_are_found(parts):
    assert len(list(foreign_words({"README.md": "first line\n" + "".join(parts)}))) == 1


@pytest.mark.parametrize(
    "line", ["~/.config/rollout-sync", "https://example.com/home/x", "teamwork/items", "~/tmp/x", "pip install"]
)
def test_ordinary_words_are_left_alone(line):
    assert list(foreign_words({"README.md": line})) == []


def test_tests_reach_no_network_but_the_loopback():
    with socket.socket() as far, pytest.raises(SocketConnectBlockedError), pytest.warns(match="198.51.100.7"):
        far.connect(("198.51.100.7", 80))  # an address reserved for documentation
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
