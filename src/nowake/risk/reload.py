"""A policy file that is read anew when it changes, without a restart.

A version that cannot be read or contradicts itself does not replace the one in force: what held goes on holding, and
the error is told once per version of the file.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nowake.core.errors import InputError
from nowake.risk.policy import Policy, from_table, load, policy_hash

__all__ = ["PolicyFile", "Reloaded"]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The journal event of a changed file: the `version` in force before and now, and why a new one was not taken."""

    before: str
    version: str
    error: InputError | None = None


class PolicyFile:
    """The policy in a TOML file; `policy` and `version` are what is in force."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = _digest(path)
        self.policy: Policy = load(path)
        self.version = policy_hash(self.policy)

    def poll(self) -> Reloaded | None:
        """Take the file's policy if it has changed; None if it has not. Call it as often as a change may wait."""
        try:
            text = self._path.read_bytes()
        except OSError as error:
            return self._refused(b"", InputError(f"policy file {self._path}", expected="a readable file", got=error))
        digest = hashlib.sha256(text).digest()
        if digest == self._digest:
            return None
        try:
            policy = from_table(tomllib.loads(text.decode("utf-8")))
        except InputError as error:
            return self._refused(digest, error)
        except ValueError as error:  # not UTF-8, not TOML
            return self._refused(digest, InputError(f"policy file {self._path}", expected="TOML", got=error))
        before, self._digest = self.version, digest
        self.policy, self.version = policy, policy_hash(policy)
        return Reloaded(before, self.version)

    def _refused(self, digest: bytes, error: InputError) -> Reloaded | None:
        if digest == self._digest:
            return None
        self._digest = digest
        return Reloaded(self.version, self.version, error)


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""
