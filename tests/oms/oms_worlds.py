"""Small things that the tests of the order management share: a tree with one parent, and what happens to it."""

from nowake.oms.apply import Oms
from nowake.oms.events import ChildNew, IdsReserved, ParentNew, ParentSaid, Started, VenueSaid
from nowake.oms.states import Act
from nowake.oms.tree import Alert

PARENT, VENUE = 1, "ALPHA"


def begun(quantity: int = 1000, side: int = 1, *, staged: bool = False) -> Oms:
    """A tree with one accepted (or staged) parent, and ids 1 to 999 reserved."""
    oms = Oms()
    said = [oms.apply(Started(1, 1, 1)), oms.apply(IdsReserved(2, 1, 999))]
    said.append(oms.apply(ParentNew(3, PARENT, "fund", "MIDC", side, quantity, 0, 10**12, client="c-1", staged=staged)))
    if not staged:
        said.append(oms.apply(ParentSaid(4, PARENT, Act.ACKED)))
    assert said == [None] * len(said)
    return oms


def child(oms: Oms, number: int, quantity: int, price: int = 500_000, *, venue: str = VENUE) -> Alert | None:
    """Enter a child on the parent's side."""
    return oms.apply(ChildNew(10, number, PARENT, venue, oms.parents[PARENT].side, quantity, price))


def said(
    oms: Oms, number: int, act: Act, quantity: int = 0, price2: int = 0, fill: str = "", fee: int = 0
) -> Alert | None:
    """Have the venue say something."""
    return oms.apply(VenueSaid(20, number, act, quantity, price2, fee, fill))


def fill(oms: Oms, number: int, quantity: int, name: str, price2: int = 1_000_000, fee: int = 0) -> Alert | None:
    """Have the venue tell of a fill."""
    return said(oms, number, Act.FILL_PART, quantity, price2, name, fee)
