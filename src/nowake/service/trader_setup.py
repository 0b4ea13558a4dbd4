"""What a trader is told before it starts, and who may look in while it runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.core.errors import InputError
from nowake.core.values import Instrument, Side
from nowake.execution.policy import Policy, ScriptedPolicy
from nowake.features.context import Context
from nowake.oms.events import Expected
from nowake.oms.journal.address import base_of
from nowake.oms.keeper import Mode

__all__ = ["SPARE", "Alarm", "Attendant", "Setup", "Work"]

SPARE = 80  # ids of a parent below which it gets a new block


@dataclass(frozen=True, slots=True)
class Work:
    """A parent order: `client` is its sender's id, known once; `start` and `end` in s from the trader's first start.

    `curve`: the part that is to be done at equal times of the window (CURVE + 1 of them; none: evenly); `part`: above
    0 it follows the volume of others instead, as this part of it. `algo`: what the journal calls the plan. `expected`:
    what the order is expected to cost. `account`: for whom. `staged`: it waits for its release.
    """

    client: str
    side: Side
    quantity: int
    start: float
    end: float
    limit: int | None = None
    curve: tuple[float, ...] = ()
    part: float = 0.0
    algo: str = "scripted"
    expected: Expected | None = None
    account: str = "fund"
    staged: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """What a trader needs to know; `books` and `own_from` as `execution.live.LiveDesk` takes them.

    `journal`: where it lies, a path or a URL, in the folder if None. `decisions`: whether a log of decisions is kept
    beside it. `after`: s for which the market is heard after the last fill, for whoever keeps it. `basket`: the name
    under which its parents belong together, empty if they do not.
    """

    folder: Path
    socket: Path
    work: tuple[Work, ...]
    mode: Mode = Mode.RESERVED
    instance: int = 1
    block: int = 256  # ids that are reserved at a time for each parent
    policy: str = "default"
    instrument: Instrument = field(default_factory=lambda: Instrument("MIDC", Decimal("0.01"), step=1))
    books: BookPreset = field(default_factory=lambda: BookPreset(levels=1024, orders=2048, trades=256))
    own_from: int = 2**40
    decider: Policy = field(default_factory=ScriptedPolicy)
    journal: str | Path | None = None
    decisions: bool = False
    preset: str = "unknown"  # of the market at the venue, for the log of decisions
    after: float = 0.0
    basket: str = ""
    context: Context = field(default_factory=lambda: Context(depth=True))  # of the features: what is known of the day

    def __post_init__(self) -> None:
        names = [one.client for one in self.work]
        if not names or len(set(names)) < len(names):
            raise InputError("parents of a trader", expected="one or more, each with its own client id", got=names)
        if self.block <= SPARE:
            raise InputError("block of ids", expected=f"above {SPARE}", got=self.block)
        wrong = [one.part for one in self.work if not 0 <= one.part < 1]
        if wrong:
            raise InputError("part of the volume", expected="0 (none), or below 1", got=wrong[0])

    @property
    def accounts(self) -> frozenset[str]:
        """For whom it trades."""
        return frozenset(one.account for one in self.work)

    @property
    def address(self) -> str | Path:
        """The journal."""
        return self.journal or self.folder / "journal.db"

    @property
    def base(self) -> Path:
        """What gives, with other endings, the files beside the journal."""
        return base_of(self.address)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must look at; `time` ns UTC."""

    time: int
    text: str


class Attendant(Protocol):
    """Whoever looks in at every step of a trader that is clean."""

    def files(self) -> Sequence[int]:
        """Return the descriptors that wake the trader."""

    def attend(self, news: np.ndarray, now: int) -> None:
        """Look in at `now` (ns UTC), after the desk has acted on `news` (EVENT)."""

    def end(self) -> None:
        """Let go: the trader ends."""
