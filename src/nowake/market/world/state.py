"""The records of a simulated market; prices in ticks, quantities in shares, times in ns UTC.

WORLD is everything of one market but its books, which lie in an array of their own: market i trades in
books[first .. first + venues - 1]. AGENT stands beside every slot of every book and says when the order in it acts
next. PARAMETERS is shared by all markets of a batch and never changes while they run.
"""

import numpy as np

from nowake.book.state import Preset
from nowake.market.dark_state import pool_dtype
from nowake.market.dealers_state import DEALER
from nowake.market.regimes_state import REGIME
from nowake.market.world.causes import CAUSES, CLOCKS

__all__ = [
    "AGENT",
    "BOOKS",
    "COMMAND",
    "DEALERS",
    "FIXED",
    "FOLLOWS",
    "INBOX",
    "MINE",
    "OCTAVES",
    "ORDERS",
    "OWNER",
    "OWN_EVENT",
    "OWN_IDS",
    "PARAMETERS",
    "PARENTS_MOST",
    "PLACES",
    "POOLS",
    "POOL_ORDERS",
    "POOL_OUTS",
    "QUANTILES",
    "REACH",
    "SCALES",
    "SEEN",
    "SLOT_BITS",
    "STAYS",
    "TOLD",
    "VENUES",
    "WHEEL",
    "WORLD",
]

ORDERS = 2048  # slots of a book
BOOKS = Preset(levels=1024, orders=ORDERS, trades=256)
VENUES = 4  # lit venues at most
POOLS, POOL_ORDERS, POOL_OUTS = 8, 128, 64  # dark pools, then the hidden orders of each lit venue; their capacities
DEALERS = 4  # at most
PLACES = POOLS + DEALERS  # lit venues, dark pools and dealers at most
SEEN = 64  # changes of the consolidated quote that are remembered
SCALES = 5  # of volume in which makers predict
REACH = 600  # ticks from their centre within which investors wait
WHEEL, SLOT_BITS = 8192, 25  # places of the timing wheel, each 2^25 ns = 34 ms wide
PARENTS_MOST = 64
OCTAVES = 64  # powers of two of the pace in tables
QUANTILES = 1024  # entries of a table of quantiles
INBOX = 256  # own commands under way
MINE = 256  # own orders alive
TOLD = 2048  # own events between two collections
OWN_IDS = 2**40  # own orders are numbered apart, so that nobody else's number depends on them
OWNER = 1  # of own orders in a book; everybody else is 0

STAYS, FOLLOWS, FIXED = 0, 1, 2  # AGENT.plan: leave at `due`; then go where the public value has gone; never re-priced

AGENT = np.dtype(
    [
        ("due", "i8"),  # when the order acts
        ("birth", "i8"),  # identity of its draws; of an own order its row in `mine`
        ("value", "i4"),  # `fair` when it was priced
        ("next", "i4"),  # chain of the wheel's place
        ("prev", "i4"),
        ("place", "i4"),
        ("moves", "i4"),  # how often it was priced anew
        ("plan", "u1"),
        ("trades", "u1"),  # it has seen at the touch before it planned to leave, modulo 256
        ("spare", "u1", (2,)),
    ],
    align=True,
)
COMMAND = np.dtype(
    [
        ("time", "i8"),  # arrival at the venue
        ("oid", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("minimum", "i8"),  # least execution; of an accepted quote nothing
        ("action", "u1"),
        ("kind", "u1"),
        ("side", "i1"),
        ("venue", "i1"),  # lit, then dark, then dealers; -1: wherever the price is best
    ],
    align=True,
)
OWN_EVENT = np.dtype(
    [
        ("time", "i8"),
        ("oid", "i8"),
        ("price2", "i8"),
        ("quantity", "i8"),
        ("leaves", "i8"),
        ("fee", "f8"),
        ("kind", "u1"),
        ("venue", "i1"),
        ("passive", "u1"),
        ("reason", "u1"),
    ],
    align=True,
)
_MINE = np.dtype(
    [
        ("oid", "i8"),
        ("price", "i8"),
        ("leaves", "i8"),
        ("slot", "i4"),
        ("side", "i1"),
        ("venue", "i1"),
        ("live", "u1"),
        ("unseen", "u1"),  # 1 waits in a pool, 2 for the closing auction
    ],
    align=True,
)
_SEEN = np.dtype([("time", "i8"), ("bid", "i8"), ("ask", "i8")], align=True)
_PARENT = np.dtype([("left", "i8"), ("sign", "i8"), ("born", "i8"), ("ahead", "i8")], align=True)
"""Children to come, side, number of the parent, and shares that it has traded unseen ahead of its children."""

_COUNTERS = (
    *("events", "adds", "posted", "cancels", "trades", "volume", "repriced", "informed", "investors", "shown"),
    *(
        "dark",
        "hidden",
        "dealt",
        "followed",
        "auctioned",
    ),  # shares in dark pools, of hidden orders, with dealers, of followers
)
_SCALARS = (
    *("now", "open", "close", "venues", "first", "value", "bid", "ask", "shift", "next_id", "match", "digest", "fed"),
    *(
        "wheel_at",
        "informed_sign",
        "mine_live",
        "inbox_head",
        "inbox_count",
        "own_events",
        "spread_time",
        "seen_count",
        "darks",
        "dealers",
        "held",
        "trend_time",
        "halt_until",
        "halt_for",
        "crossed",
        "gap",
        "days",
        "active",
        "fair",
        "sold_time",
        *_COUNTERS,
    ),
)
_FLOATS = (
    "slow",
    "fast",
    "pace",
    "brevity",
    "width",
    "up",
    "centre",
    "own_fees",
    "paid",
    "variance",
    "trend",
    "tilt",
    "calm_mid",
    "sold",
)
WORLD = np.dtype(
    [
        *((name, "i8") for name in _SCALARS),
        *((name, "f8") for name in _FLOATS),
        ("due", "i8", (CLOCKS,)),
        ("rate", "f8", (CLOCKS,)),  # events per second, where a clock is a Poisson clock
        ("regime", REGIME, (1,)),
        ("number", "i8", (CAUSES,)),
        ("key", "i8", (CAUSES,)),
        ("stream", "u8", (CAUSES,)),
        ("parent", _PARENT, (PARENTS_MOST,)),
        ("sellers", "f8", (2 * REACH,)),
        ("buyers", "f8", (2 * REACH,)),
        ("inbox", COMMAND, (INBOX,)),
        ("mine", _MINE, (MINE,)),
        ("own", OWN_EVENT, (TOLD,)),
        ("out_until", "i8", (PLACES,)),  # faults: no trading there,
        ("slow_until", "i8", (PLACES,)),  # own commands take `slow_by` longer,
        ("slow_by", "i8", (PLACES,)),
        ("storm_until", "i8", (PLACES,)),  # every own order is refused,
        ("stuck_until", "i8", (PLACES,)),  # own cancels get no answer
        ("last_sent", "i8", (PLACES,)),  # arrival of the latest own command
        ("sent_second", "i8", (PLACES,)),
        ("sent", "i8", (PLACES,)),  # own messages in that second
        ("last", OWN_EVENT, (PLACES,)),  # own fill at a venue
        ("scale", "f8", (SCALES,)),  # mean sign of volume, by scale
        ("seen", _SEEN, (SEEN,)),
        ("pool", pool_dtype(POOL_ORDERS, POOL_OUTS), (POOLS,)),
        ("dealer", DEALER, (DEALERS,)),
        ("wheel", "i4", (WHEEL,)),
        ("agent", AGENT, (VENUES * ORDERS,)),
    ],
    align=True,
)

PARAMETERS = np.dtype(
    [
        *((name, "i8") for name in ("lot", "parents", "informed_most", "investor_show", "epoch")),
        *((name, "i8") for name in ("reprice_delay", "chase_delay", "informed_delay", "investor_life", "life")),
        *((name, "f8") for name in ("limit_rate", "taker_rate", "spread", "value_rate", "jump_rate", "informed_share")),
        *((name, "f8") for name in ("slope", "renewal", "investor_rate", "recentre", "sigma")),
        *((name, "f8") for name in ("slow_keep", "slow_kick", "fast_keep", "fast_kick", "activity_mean", "overnight")),
        *(
            (name, "f8")
            for name in ("investor_used", "hidden_share", "fade", "skew", "skew_time", "parent_tail", "long_queue")
        ),
        ("burst", "f8"),
        *((name, "f8") for name in ("follow_rate", "momentum", "memory", "predation")),
        *((name, "f8") for name in ("open_auction", "close_auction", "auction_depth", "auction_noise")),
        ("follow_most", "i8"),
        ("share", "f8", (VENUES,)),  # cumulated shares of flow by venue
        ("dark_share", "f8", (POOLS,)),  # cumulated shares of slices by dark pool
        ("lean", "f8", (SCALES,)),
        ("lean_time", "f8", (SCALES,)),  # shares
        ("message_limit", "i8", (PLACES,)),  # own messages per second; 0: none
        ("latency", "i8", (PLACES,)),  # ns from us to lit venues, dark pools, dealers
        ("maker_fee", "f8", (VENUES,)),  # per share
        ("taker_fee", "f8", (VENUES,)),
        ("quantity", "i8", (QUANTILES,)),  # shares of a limit order
        ("beyond", "i8", (QUANTILES,)),  # ticks behind the price that a maker wants at best
        ("parent_length", "f8", (QUANTILES * 4,)),  # before it is cut to a whole number
        ("fraction", "f8", (QUANTILES,)),  # of the best queue that a taker takes
        ("jump", "i8", (QUANTILES,)),
        ("life_factor", "f8", (QUANTILES,)),  # by ticks from the own best
        ("octave", "f8", (OCTAVES,)),  # pace^-elasticity: by powers of two,
        ("within", "f8", (QUANTILES,)),  # and within one
    ],
    align=True,
)
