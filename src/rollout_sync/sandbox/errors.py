"""What goes wrong when the sandbox itself is asked for something: a control request or an action of a person."""

from __future__ import annotations


class BadControl(Exception):
    """A control request that cannot be carried out; the message says what is wrong."""


class BadAct(BadControl):
    """An action of a person that cannot be carried out, or that the service refuses."""
