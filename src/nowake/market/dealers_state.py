"""The whole state of a dealer is one aligned record: inventory, memory of our mark-outs, quotes, answers.

Prices and distances are half ticks, quantities shares, times nanoseconds; `side` is the client's. Quotes are
conserved: quoted = filled + rejected + expired + open (held ones count as open).
"""

from typing import TYPE_CHECKING

import numpy as np

from nowake.core.jit import jit_disabled
from nowake.core.streams import stream_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nowake.market.preset_model import Dealer

__all__ = [
    "ANSWER",
    "ANSWERS",
    "DEALER",
    "DECLINED",
    "EXPIRED",
    "FILLED",
    "FREE",
    "HEDGE",
    "HELD",
    "LATE",
    "LOOK",
    "LOST",
    "MARK",
    "MARKS",
    "NEVER",
    "NOISE",
    "OPEN",
    "QUOTE",
    "QUOTES",
    "REJECTED",
    "STREAMS",
    "TOO_LARGE",
    "UNKNOWN",
    "new_dealers",
]

NEVER = 2**62
QUOTES, MARKS, ANSWERS = 32, 64, 64  # capacities: quotes open at once, fills within `horizon`, undrained answers
FREE, OPEN, HELD = 0, 1, 2  # states of a QUOTE
FILLED, REJECTED, EXPIRED = 1, 2, 3  # kinds of ANSWER
DECLINED = -1  # `quote`: no size to offer
UNKNOWN, LATE, TOO_LARGE = -1, -2, -3  # `accept`: no such open quote, its time is over, more than its size
STREAMS = ("noise", "look", "lost", "hedge")
NOISE, LOOK, LOST, HEDGE = range(4)

QUOTE = np.dtype(
    [
        ("id", "i8"),
        ("price2", "i8"),
        ("mid2", "i8"),  # when it was made
        ("quantity", "i8"),
        ("accepted", "i8"),  # shares, once held
        ("expires", "i8"),
        ("due", "i8"),  # end of the last look, once held
        ("side", "i1"),  # of the client
        ("state", "u1"),
        ("spare", "u2"),
        ("spare2", "u4"),
    ],
    align=True,
)
MARK = np.dtype([("due", "i8"), ("mid2", "i8"), ("side", "i8")], align=True)
ANSWER = np.dtype(
    [
        ("time", "i8"),
        ("quote_id", "i8"),
        ("price2", "i8"),
        ("quantity", "i8"),
        ("mid2", "i8"),
        ("side", "i1"),
        ("kind", "u1"),
        ("spare", "u2"),
        ("spare2", "u4"),
    ],
    align=True,
)

_COUNTERS = (
    *("asked", "declined", "quoted", "filled", "rejected", "expired", "open"),
    *("inventory", "bought", "sold", "hedged", "wake", "answered", "marks", "lost"),
    *("most", "limit", "valid", "hold", "horizon", "latency"),
)
"""Requests, those without an offer, quotes and what became of them; own position, shares taken from and given to
clients, signed shares hedged (loser's trades included); earliest due time; rows of `answer` and `mark`; lost requests
traded upon; largest quote, largest position, and four durations in ns."""
_REALS = (
    *("half_spread", "least", "volatility", "skew", "toxicity", "noise"),
    *("memory", "patience", "softness", "unwind", "leak", "leak_fraction", "markout"),
)

DEALER = np.dtype(
    [
        *((name, "i8") for name in _COUNTERS),
        *((name, "f8") for name in _REALS),
        ("key", "u8", (len(STREAMS),)),
        ("stream", "u8", (len(STREAMS),)),
        ("quote", QUOTE, (QUOTES,)),
        ("mark", MARK, (MARKS,)),
        ("answer", ANSWER, (ANSWERS,)),
    ],
    align=True,
)


def new_dealers(seed: int, dealers: "Sequence[Dealer]") -> np.ndarray:
    """Return one flat dealer record per configuration, with keys of its own under `seed`."""
    records = np.zeros(len(dealers), DEALER)
    for record, dealer in zip(records, dealers, strict=True):
        for name in ("half_spread", "least", "noise", "patience", "softness"):
            record[name] = 2.0 * getattr(dealer, name)
        record["skew"] = 2.0 * dealer.skew / 1000.0
        for name in ("volatility", "toxicity", "memory", "unwind", "leak", "leak_fraction", "most"):
            record[name] = getattr(dealer, name)
        record["limit"] = dealer.inventory
        for name in ("valid", "hold", "horizon", "latency"):
            record[name] = round(getattr(dealer, name) * 1e9)
        record["wake"] = NEVER
        record["key"] = [stream_key(seed, f"market/dealer/{dealer.name}/{name}") for name in STREAMS]
    return records.view(np.recarray) if jit_disabled() else records
