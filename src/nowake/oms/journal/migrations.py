"""The schemas of a journal, each the step from the one before; a newer one than ours is refused.

A step changes tables, never payloads: the chain covers these. Payloads evolve by themselves (see `events`).
"""

from collections.abc import Sequence

from nowake.core.errors import InputError

__all__ = ["POSTGRES", "SQLITE", "VERSION", "pending"]

SQLITE: tuple[tuple[str, ...], ...] = (
    ("CREATE TABLE event (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL, hash BLOB NOT NULL)",),
    (  # from 2 on a writer is fenced by its epoch
        "CREATE TABLE holder (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL)",
        "INSERT INTO holder VALUES (1, 0)",
    ),
)
POSTGRES: tuple[tuple[str, ...], ...] = (
    ("CREATE TABLE event (sequence bigint PRIMARY KEY, payload bytea NOT NULL, hash bytea NOT NULL)",),
    (
        "CREATE TABLE holder (one integer PRIMARY KEY CHECK (one = 1), epoch bigint NOT NULL)",
        "INSERT INTO holder VALUES (1, 0)",
        "CREATE TABLE snapshot (sequence bigint PRIMARY KEY, hash bytea NOT NULL, body bytea NOT NULL,"
        " digest bytea NOT NULL)",
    ),
)
VERSION = len(SQLITE)


def pending(version: int, steps: Sequence[tuple[str, ...]], what: str) -> Sequence[tuple[str, ...]]:
    """Return the steps from schema `version` to ours; InputError if it is newer."""
    if not 0 <= version <= len(steps):
        raise InputError(
            f"the schema of {what}",
            expected=f"version {len(steps)} or older",
            got=f"version {version}",
            hint="it was written by a newer nowake: use that one",
        )
    return steps[version:]
