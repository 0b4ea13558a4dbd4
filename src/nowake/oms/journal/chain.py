"""The chain of hashes: h(n) = BLAKE2b-256(h(n-1) | n | payload), h(0) = 32 zero bytes, n as 8 bytes, big-endian.

A changed, lost, added or reordered event breaks it at that event (BLAKE2: Aumasson et al. 2013, RFC 7693). It shows
accident and tampering by whoever cannot recompute the end; the head's hash, kept elsewhere, shows the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from nowake.oms.errors import DamagedError
from nowake.oms.journal.protocol import Record

__all__ = ["START", "checked", "link", "links"]

START = bytes(32)


def link(previous: bytes, sequence: int, payload: bytes) -> bytes:
    """Return the hash of event `sequence`."""
    return blake2b(previous + sequence.to_bytes(8, "big") + payload, digest_size=32).digest()


def links(previous: bytes, sequence: int, payloads: Sequence[bytes]) -> list[tuple[int, bytes, bytes]]:
    """Return (sequence, payload, hash) of payloads that follow event `sequence`, whose hash is `previous`."""
    rows = []
    for payload in payloads:
        sequence += 1
        previous = blake2b(previous + sequence.to_bytes(8, "big") + payload, digest_size=32).digest()
        rows.append((sequence, payload, previous))
    return rows


def checked(rows: Iterable[tuple[int, bytes, bytes]], after: int, previous: bytes) -> Iterator[Record]:
    """Yield rows as records while they continue the chain; DamagedError at the first that does not."""
    for sequence, payload, stored in rows:
        after += 1
        if sequence != after:
            raise DamagedError("the journal has a hole", sequence=after, expected=after, got=sequence)
        if type(payload) is not bytes or type(stored) is not bytes or type(previous) is not bytes:
            raise DamagedError("not a record", sequence=after, expected="bytes")
        previous = blake2b(previous + sequence.to_bytes(8, "big") + payload, digest_size=32).digest()
        if previous != stored:
            raise DamagedError("the chain of hashes breaks", sequence=after, expected=previous.hex(), got=stored.hex())
        yield Record(sequence, payload, stored)
