"""A generated day as a data source: ``generated:SEED`` where a file is expected."""

import datetime
from collections.abc import Iterator

import numpy as np

from nowake.core.errors import InputError
from nowake.data.reader import CHUNK, Chunk, ReaderMeta, Rule
from nowake.market.day import DEFAULT_DATE, check_seed, generate_day
from nowake.market.parameters import ZeroIntelligence

__all__ = ["PREFIX", "GeneratedReader", "open_generated"]

PREFIX = "generated:"


class GeneratedReader:
    """A day of zero-intelligence order flow, read like a file; `where` counts its events from 1."""

    def __init__(
        self, seed: int, date: datetime.date = DEFAULT_DATE, parameters: ZeroIntelligence | None = None
    ) -> None:
        self.seed, self.date = check_seed(seed), date
        self.parameters = parameters or ZeroIntelligence()

    @property
    def meta(self) -> ReaderMeta:
        """Return what is known about the day."""
        note = f"generated: zero-intelligence order flow, seed {self.seed}"
        return ReaderMeta("generated", "l3", (self.parameters.instrument(),), self.date, "line", (note,))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the day in chunks; every call starts from the open."""
        events = generate_day(self.seed, self.date, self.parameters)
        for lo in range(0, len(events), CHUNK):
            part = events[lo : lo + CHUNK]
            yield Chunk(part, np.arange(lo + 1, lo + len(part) + 1, dtype=np.int64))

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: a generated day has no faults."""
        return ()


def open_generated(text: str, date: datetime.date | None = None) -> GeneratedReader:
    """Return the day named ``generated:SEED``; InputError if the seed is not a whole number."""
    seed = text.removeprefix(PREFIX)
    if not text.startswith(PREFIX) or not seed.isdecimal():
        raise InputError("generated day", expected="generated:SEED, for example generated:7", got=repr(text))
    return GeneratedReader(int(seed), date or DEFAULT_DATE)
