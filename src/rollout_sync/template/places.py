"""Where the values of a template stand in its file, for problems of every later stage."""

from __future__ import annotations

from dataclasses import dataclass, field

from rollout_sync.errors import Problem
from rollout_sync.template.nodes import Node, Path, Scalar, locate


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """A file and its tree."""

    file: str
    root: Node = field(repr=False)

    def node(self, path: Path) -> Node:
        """The deepest node along the path."""
        return locate(self.root, path)[0]

    def problem(self, path: Path, message: str, hint: str = "", *, key: bool = False, line: int = 1) -> Problem:
        """A problem at a path; with `key` at the key itself.

        `line` counts from 1 within the text at that path. It moves the place only in a literal block (`|`), where
        lines of the text are lines of the file; elsewhere the place is the beginning of the value.
        """
        node, _ = locate(self.root, path, key=key)
        if isinstance(node, Scalar) and node.style == "|":
            return Problem(file=self.file, line=node.line + line, column=0, message=message, hint=hint)
        return Problem(file=self.file, line=node.line, column=node.column, message=message, hint=hint)
