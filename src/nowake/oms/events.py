"""What the journal holds: one struct per kind of event, encoded as an array whose first element names the kind.

Times ns UTC, quantities whole shares, `price` whole ticks (0: none), `price2` half ticks, `fee` billionths of the
currency (negative: a rebate), side +1 buy / -1 sell, order ids integers of `identifiers`. Structs only ever gain fields
at their end, with a default: old journals decode with new programs, and new fields are skipped by old ones.
"""

from collections.abc import Callable

import msgspec

from nowake.core.errors import InputError
from nowake.oms.states import Act

__all__ = [
    "Allocated",
    "Arrived",
    "Asked",
    "BasketNew",
    "ChildAdopted",
    "ChildNew",
    "Control",
    "Event",
    "Expected",
    "Garbled",
    "IdsReserved",
    "KillPressed",
    "KillReleased",
    "ParentNew",
    "ParentSaid",
    "PolicyLoaded",
    "Projection",
    "RecoveryNote",
    "Retired",
    "Started",
    "Unclean",
    "UncleanReleased",
    "Unlike",
    "VenueSaid",
    "decode",
    "encode",
]


class Event(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Anything that the journal holds; `time` is when it was written down."""

    time: int


class Started(Event, frozen=True, array_like=True, tag=True, gc=False):
    """A program took the journal; `epoch` counts such starts."""

    instance: int
    epoch: int
    version: str = ""


class IdsReserved(Event, frozen=True, array_like=True, tag=True, gc=False):
    """Order ids `first` to `last` may have been sent from now on; `parent`: for whom alone, 0 for any."""

    first: int
    last: int
    parent: int = 0


class BasketNew(Event, frozen=True, array_like=True, tag=True, gc=False):
    """A list of parents that are looked at and released together."""

    id: int
    name: str


class Expected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a parent was expected to cost before it started, bp of the arrival price, and what that was made of.

    `sigma` daily volatility (0.02: 2 %), `adv` shares a day, `outstanding` shares, `days` T, counted in volume.
    """

    mean_bps: float
    q10_bps: float
    q50_bps: float
    q90_bps: float
    sigma: float
    adv: float
    outstanding: float
    days: float
    model: str = "almgren2005"


class ParentNew(Event, frozen=True, array_like=True, tag=True, gc=False):
    """A parent order came in; `staged`: it waits for its release. `limit` 0: none; `client`: the sender's own id.

    `desk`: whose it is in the execution policy; `expected`: what it should cost, None where nobody has estimated it.
    """

    id: int
    account: str
    symbol: str
    side: int
    quantity: int
    start: int
    end: int
    limit: int = 0
    algo: str = ""
    tick_size: str = "0.0001"
    client: str = ""
    basket: int = 0
    staged: bool = False
    who: str = ""
    desk: str = ""
    expected: Expected | None = None


class ParentSaid(Event, frozen=True, array_like=True, tag=True, gc=False):
    """Something happened to a parent that no fill tells: accepted, released, paused, replaced, cancelled, expired.

    `end`, of RELEASED: when its window ends, 0 as it came in; a window that has begun begins now.
    """

    order: int
    act: Act
    quantity: int = 0
    price: int = 0
    who: str = ""
    reason: str = ""
    end: int = 0


class Arrived(Event, frozen=True, array_like=True, tag=True, gc=False):
    """The desk looked at a parent's market for the first time: its arrival price, the mid in half ticks."""

    parent: int
    mid2: int


class ChildNew(Event, frozen=True, array_like=True, tag=True, gc=False):
    """A child is meant to be sent; `kind` is an OrderKind, `route` groups siblings, `decision` names the logged one."""

    id: int
    parent: int
    venue: str
    side: int
    quantity: int
    price: int = 0
    kind: int = 1
    route: int = 0
    decision: int = 0
    minimum: int = 0


class ChildAdopted(Event, frozen=True, array_like=True, tag=True, gc=False):
    """An order that a venue knows and the journal does not: sent inside a reserved block just before a crash."""

    id: int
    parent: int
    venue: str
    side: int
    quantity: int
    price: int = 0
    kind: int = 1


class Asked(Event, frozen=True, array_like=True, tag=True, gc=False):
    """We ask for the cancel of a child, or for its replacement by `quantity` (in all, filled ones too) at `price`."""

    order: int
    act: Act
    quantity: int = 0
    price: int = 0


class VenueSaid(Event, frozen=True, array_like=True, tag=True, gc=False):
    """What a venue said of a child.

    For fills any of FILL_PART, FILL_REST, OVERFILL may stand: the quantities decide. `fill` is the venue's id of the
    execution, of the one meant where `act` is BUSTED or CORRECTED (then with the new terms). For REPLACED `quantity` is
    the order's in all. `venue` empty: the child's own. `heard` is when the venue says that it happened.
    """

    order: int
    act: Act
    quantity: int = 0
    price2: int = 0
    fee: int = 0
    fill: str = ""
    venue: str = ""
    maker: bool = False
    heard: int = 0
    reason: str = ""


class Allocated(Event, frozen=True, array_like=True, tag=True, gc=False):
    """What a parent has bought or sold goes to these accounts, at its average price; the shares add up to its fills."""

    parent: int
    rows: tuple[tuple[str, int], ...]
    who: str = ""
    why: str = ""


class Control(Event, frozen=True, array_like=True, tag=True, gc=False):
    """Somebody changed something by hand; `target` is an order id or a name, `value` what it was changed to."""

    who: str
    why: str
    what: str
    target: str = ""
    value: str = ""


class KillPressed(Event, frozen=True, array_like=True, tag=True, gc=False):
    """The kill switch of `scope` (``firm``, ``desk:…``, ``symbol:…``, ``venue:…``, ``order:…``) is pressed."""

    scope: str
    level: str
    who: str
    why: str


class KillReleased(Event, frozen=True, array_like=True, tag=True, gc=False):
    """Two people release it."""

    scope: str
    who: str
    second: str
    why: str


class PolicyLoaded(Event, frozen=True, array_like=True, tag=True, gc=False):
    """An execution policy, model or configuration took effect; `digest` is the hash of its text."""

    kind: str
    name: str
    digest: str


class Projection(Event, frozen=True, array_like=True, tag=True, gc=False):
    """The guard changed an intended child; `rule` says why."""

    parent: int
    rule: int
    wanted: int
    passed: int


class RecoveryNote(Event, frozen=True, array_like=True, tag=True, gc=False):
    """What a recovery found and did."""

    what: str
    order: int = 0


class Unlike(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something in which journal and venue differ, as a recovery found it; `id` names it, `kind` as `unlike` has them.

    `ours`, `theirs`: shares that are filled in the journal and at the venue; `state`: the venue's word for the order.
    """

    id: str
    kind: str
    order: int
    venue: str
    side: int
    quantity: int
    ours: int
    theirs: int
    state: str


class Unclean(Event, frozen=True, array_like=True, tag=True, gc=False):
    """A recovery that could not make journal and venue agree, so that nothing is traded; none: they agree again."""

    found: tuple[Unlike, ...]


class UncleanReleased(Event, frozen=True, array_like=True, tag=True, gc=False):
    """Two people accept differences as they are; trading may go on. `differences`: their names."""

    differences: tuple[str, ...]
    who: str
    second: str
    why: str


class Garbled(Event, frozen=True, array_like=True, tag=True, gc=False):
    """Something came that no event can hold; its text, for people."""

    text: str
    why: str


class Retired(Event, frozen=True, array_like=True, tag=True, gc=False):
    """An event of a kind that is no longer written; it is read, counted, and changes nothing. `was`: its kind."""

    was: str


AnyEvent = (
    Started
    | IdsReserved
    | BasketNew
    | ParentNew
    | ParentSaid
    | ChildNew
    | ChildAdopted
    | Asked
    | VenueSaid
    | Allocated
    | Control
    | KillPressed
    | KillReleased
    | PolicyLoaded
    | Projection
    | RecoveryNote
    | Garbled
    | Arrived
    | Unclean
    | UncleanReleased
)
_RETIRED = ("Sent", "DecisionLogged")
_decode: Callable[[bytes], Event] = msgspec.msgpack.Decoder(AnyEvent).decode
_decode_any = msgspec.msgpack.Decoder().decode
encode = msgspec.msgpack.Encoder().encode


def decode(payload: bytes) -> Event:
    """Return the event of a payload; InputError if it is none of this program's."""
    try:
        return _decode(payload)
    except msgspec.MsgspecError as error:
        old = _retired(payload)
        if old is not None:
            return old
        raise InputError("journal event", expected="an event that this version knows", got=error) from error


def _retired(payload: bytes) -> Retired | None:
    """Return an event of a kind that older versions wrote; None if the payload is none."""
    try:
        row = _decode_any(payload)
    except msgspec.MsgspecError:
        return None
    known = isinstance(row, list) and len(row) > 1 and row[0] in _RETIRED and type(row[1]) is int
    return Retired(row[1], row[0]) if known else None
