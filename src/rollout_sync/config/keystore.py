"""The key store of the operating system, by way of `keyring`: Credential Manager, Keychain, Secret Service.

The library is loaded where it is used: it looks for stores of all kinds, and many commands need no secret.
"""

from __future__ import annotations

from rollout_sync.errors import ConfigError

SERVICE = "rollout-sync"


class SystemKeystore:
    """The store that `keyring` chose; without one, `get` knows nothing and `put` refuses."""

    def get(self, account: str) -> str | None:
        """The secret of the account; None when there is none or the store is closed."""
        import keyring  # noqa: PLC0415 - see above
        from keyring.errors import KeyringError  # noqa: PLC0415 - the same

        try:
            return keyring.get_password(SERVICE, account)
        except KeyringError:
            return None

    def put(self, account: str, text: str) -> None:
        """Keep a secret; ConfigError when the store does not take it."""
        import keyring  # noqa: PLC0415 - see above
        from keyring.errors import KeyringError  # noqa: PLC0415 - the same

        try:
            keyring.set_password(SERVICE, account, text)
        except KeyringError as error:
            raise ConfigError(
                "The key store of this system did not take the secret.",
                where=type(error).__name__,
                hint="Use the environment variable or a file with mode 0600 instead.",
            ) from error

    def describe(self) -> str:
        """Name of the store; empty when there is none."""
        import keyring  # noqa: PLC0415 - see above
        from keyring.backends import fail, null  # noqa: PLC0415 - the same

        found = keyring.get_keyring()
        return "" if isinstance(found, fail.Keyring | null.Keyring) else str(found.name)
