"""The families of round trips: scripts as data. Every one is run buy first and sell first."""

from dataclasses import dataclass

from nowake.core.errors import InputError, nearest
from nowake.market.hunt.phases import Make, Phase, Rest, Show, Sip, Take
from nowake.market.hunt.scene import CLOSE, MIDDAY
from nowake.market.hunt.triggers import Move, Trigger, Wide
from nowake.market.hunt.venues import Deal, Peg, Pick, Ping

__all__ = ["FAMILIES", "Family", "chosen"]


@dataclass(frozen=True, slots=True)
class Family:
    """A script: `phases`, where it starts, and the kinds of venue without which it cannot be run.

    What is left when the last phase has ended is closed by market orders.
    """

    name: str
    phases: tuple[Phase, ...]
    trigger: Trigger | None = None
    when: str = MIDDAY
    needs: str | None = None  # "dark", "dealer", "venues" (two lit ones)

    @property
    def length(self) -> int:
        """Return the second at which the last phase ends."""
        return max(phase.end for phase in self.phases)


def _cycles(n: int, every: int) -> tuple[Phase, ...]:
    """Return `n` times: take the touch, then offer it again inside the new spread."""
    pairs = ((Sip(k, k + 1, 1), Rest(k + 1, k + every, 0, 2, 1)) for k in range(0, n * every, every))
    return tuple(phase for pair in pairs for phase in pair)


FAMILIES = (
    Family("fast-slow", (Take(0, 15, 1, 3), Take(20, 560, 0, 20))),
    Family("slow-fast", (Take(0, 500, 1, 20), Take(500, 515, 0, 3))),
    Family("pump-passive", (Take(0, 9, 1, 3), Rest(10, 570, 0))),
    Family("passive-dump", (Rest(0, 400, 1), Take(400, 410, 0, 3))),
    Family("squeeze", (Rest(0, 250, 0.5), Take(250, 260, 1, 3), Rest(260, 560, 0))),
    Family("layering", (
        Show(0, 120, -1, 3.0, 3, 1), Rest(5, 120, 1), Show(125, 245, 1, 3.0, 3, 1), Rest(130, 245, 0),
    )),
    Family("spoof", (
        Show(0, 8, -1, 1.0, every=2), Take(9, 17, 1, 4), Show(30, 38, 1, 1.0, every=2), Take(39, 47, 0, 4),
    )),
    Family("spoof-passive", (Show(0, 60, -1, 3.0), Rest(2, 60, 1, 2), Show(65, 125, 1, 3.0), Rest(67, 125, 0, 2))),
    Family("ignition", (Take(0, 5, 1, 5), Take(25, 55, 0, 5))),
    Family("close", (Take(0, 400, 1, 20), Take(520, 580, 0, 6)), when=CLOSE),
    Family("bang-the-close", (Rest(0, 480, 1), Take(480, 500, 1.5, 4), Rest(500, 580, 0)), when=CLOSE),
    Family("wait-dump", (Take(0, 200, 1, 10), Take(400, 410, 0, 2))),
    Family("momentum", (Take(0, 40, 1, 8), Take(90, 160, 0, 14)), Move(60, 1.0, 1, 420)),
    Family("reversal", (Take(0, 40, 1, 8), Take(90, 160, 0, 14)), Move(60, 1.0, -1, 420)),
    Family("thin-book", (Take(0, 3, 1, 3), Rest(5, 150, 0)), Wide(1.5, 400)),
    Family("market-making", (Make(0, 540),)),
    Family("queue-depletion", _cycles(8, 60)),
    Family("venue-latency", (Pick(0, 230, 1), Pick(230, 460, 0), Take(460, 580, 0, 24)), needs="venues"),
    Family("ping-lit", (Ping(0, 60, -1), Take(5, 60, 1, 5), Take(90, 120, 0, 3)), needs="dark"),
    Family("pump-peg", (Take(0, 9, 1, 3), Peg(10, 400, 0)), needs="dark"),
    Family("peg-dump", (Peg(0, 300, 1), Take(300, 310, 0, 3)), needs="dark"),
    Family("dealer-pick", (Deal(0, 250, 1, -0.5), Take(250, 290, 0, 4)), needs="dealer"),
    Family("pump-dealer", (Take(0, 9, -1, 3), Deal(10, 300, 0, -50.0)), needs="dealer"),
)  # fmt: skip
"""All families; those of dark pools and dealers are hunted where a market has such venues."""


def chosen(names: tuple[str, ...] | None) -> tuple[Family, ...]:
    """Return the families of these names, all by default; InputError for an unknown one."""
    known = {family.name: family for family in FAMILIES}
    if names is None:
        return FAMILIES
    for name in names:
        if name not in known:
            raise InputError("family", expected=f"one of {', '.join(known)}", got=repr(name), hint=nearest(name, known))
    if not names:
        raise InputError("families", expected="at least one", got="none")
    return tuple(known[name] for name in names)
