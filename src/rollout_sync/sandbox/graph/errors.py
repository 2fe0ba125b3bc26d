"""Graph's refusals with the texts that the service was seen to use."""

from __future__ import annotations

from typing import Final

NO_PERMISSION: Final = "You do not have the required permissions to access this item."
NO_PERMISSION_OR_ITEM: Final = (
    "You do not have the required permissions to access this item, or the item may not exist."
)
NOT_FOUND: Final = "The requested item is not found."
BAD_IDENTIFIER: Final = "The specified identifier is invalid."
CONFLICT: Final = (
    "The attempted changes conflicted with already accepted changes. Read the latest state and resolve differences."
)
IF_MATCH_MISSING: Final = "The If-Match header must be specified for this kind of request."
IF_MATCH_INVALID: Final = "The If-Match header contains an invalid value."
IF_MATCH_STAR: Final = "The given key was not present in the dictionary."
IF_MATCH_UNKNOWN: Final = "The specified version of the item does not match any version of the resource."


class GraphError(Exception):
    """An answer with an error body. Planner leaves `code` empty, except for the names of limits."""

    def __init__(self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}


def invalid(reason: str) -> GraphError:
    """400 for a body that does not fit the type."""
    return GraphError(400, f"The request is invalid:\r\n{reason}")


def schema(field: str, entity: str, reason: str) -> GraphError:
    """400 for a value that breaks a rule of the entity."""
    return GraphError(
        400, f"Schema validation has failed. Validation for field '{field}', on entity '{entity}' has failed: {reason}"
    )


def missing(field: str, entity: str) -> GraphError:
    """400 for a required value that is absent or null."""
    return schema(field, entity, "A non-null value must be specified for this field.")


def over_limit(code: str) -> GraphError:
    """403 with the name of the limit as its code."""
    return GraphError(403, "The request exceeded allowed limits.", code)


def directory_not_found(name: str) -> GraphError:
    """404 of the directory (users and groups)."""
    return GraphError(
        404,
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
        "Request_ResourceNotFound",
    )


def no_route(url: str) -> GraphError:
    """404 for a path that the service does not route."""
    return GraphError(404, f"No HTTP resource was found that matches the request URI '{url}'.")
