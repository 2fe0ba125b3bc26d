"""Finding a template: by name among those that come with the program, or by the path of the user's own file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from rollout_sync.errors import TemplateError
from rollout_sync.template.grammar import KEY_PATTERN
from rollout_sync.template.nodes import MAX_BYTES
from rollout_sync.template.reading import Template, read_template
from rollout_sync.template.spelling import did_you_mean, shown

_NAME = re.compile(KEY_PATTERN[1:-1] + r"\Z")
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One template of the program, for a list."""

    name: str
    version: int
    title: str
    purpose: str
    items: int


def _folder() -> Traversable:
    """`rollout_sync/shipped` of an installed program; in a checkout the folder `templates` beside `src`."""
    installed = files("rollout_sync") / "shipped"
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parents[3] / "templates"


def names() -> tuple[str, ...]:
    """Names of the templates that come with the program."""
    folder = _folder()
    found = (entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(sorted(name for name in found if _NAME.match(name)))


def shipped() -> Iterator[Shipped]:
    """All templates that come with the program. Raises `TemplateError` for one that is wrong."""
    for name in names():
        document = load(name).document
        yield Shipped(
            name=name,
            version=document.version,
            title=document.title,
            purpose=document.purpose,
            items=sum(len(phase.items) for phase in document.phases),
        )


def example_people() -> bytes:
    """The made-up people list that comes with the program: three departments, everybody known to the sandbox."""
    return (_folder() / "people.csv").read_bytes()


def load(name_or_path: str) -> Template:
    """Read a template.

    Args:
        name_or_path: a name such as `mfa`, or the path of a file that ends in .yaml or .yml. A name is looked for
            among the templates of the program only, so that it can never lead to another file.

    Raises:
        TemplateError: there is no such template or file, or it has problems.
    """
    if name_or_path.lower().endswith(_ENDINGS):
        return read_template(_file(name_or_path), name_or_path)
    known = names()
    if not _NAME.match(name_or_path) or name_or_path not in known:
        hint = did_you_mean(name_or_path, known)
        raise TemplateError(f"there is no template {shown(name_or_path)}", (), hint=f"{hint}; a file ends in .yaml")
    return read_template((_folder() / f"{name_or_path}.yaml").read_bytes(), f"{name_or_path}.yaml")


def _file(path: str) -> bytes:
    """The bytes of a file, no more than a template may have and one."""
    try:
        if not Path(path).is_file():
            raise TemplateError(f"there is no file {shown(path)}", (), hint="check the path")
        with Path(path).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the path is not possible"
        raise TemplateError(
            f"{shown(path)} cannot be read: {reason}", (), hint="check the path and its rights"
        ) from None
