"""What we do ourselves: parents that come in, children that are to be sent, cancels and replacements that are asked."""

from nowake.core.values import MAX_QUANTITY
from nowake.oms.booking import expose
from nowake.oms.events import Arrived, Asked, BasketNew, ChildAdopted, ChildNew, ParentNew, ParentSaid
from nowake.oms.orders import Child, Flag, Parent, decide, judge, settle
from nowake.oms.states import CHILD_TABLE, PARENT_TABLE, WORKABLE, Act, State, Verdict
from nowake.oms.tree import Alert, Basket, Tree
from nowake.oms.unlike import standing_of

__all__ = [
    "adopt",
    "arrived",
    "ask",
    "basket_new",
    "child_new",
    "parent_new",
    "parent_said",
    "wrong_child",
    "wrong_parent",
]

_LONGEST = 2**40  # ticks
_PENDING_NEW, _NEW = int(State.PENDING_NEW), int(State.NEW)
_ACKED = int(Flag.ACKED)
_ENDS = (Act.CANCELED, Act.EXPIRED, Act.DONE_FOR_DAY, Act.CALCULATED)


def _taken(tree: Tree, number: int) -> bool:
    return number in tree.parents or number in tree.children


def wrong_parent(tree: Tree, event: ParentNew) -> str:
    """Return what is wrong with a new parent, or nothing."""
    if _taken(tree, event.id) or tree.block(event.id) is None:
        return "an order id that is in use" if _taken(tree, event.id) else "an order id that was never reserved"
    if event.client and event.client in tree.clients:
        return f"client id {event.client!r} of order {tree.clients[event.client]} once more"
    if event.side not in (1, -1):
        return f"side {event.side}, expected +1 or -1"
    if not 0 < event.quantity <= MAX_QUANTITY:
        return f"quantity {event.quantity}, expected 1 to {MAX_QUANTITY}"
    if event.start >= event.end or not 0 <= event.limit < _LONGEST:
        return f"window {event.start} to {event.end}, limit {event.limit}"
    held = tree.positions.get((event.account, event.symbol))
    if held is not None and held.tick_size != event.tick_size:
        return f"tick size {event.tick_size} of {event.symbol}, expected {held.tick_size}"
    return "a basket that is not there" if event.basket and event.basket not in tree.baskets else ""


def parent_new(tree: Tree, event: ParentNew) -> Alert | None:
    """Enter a parent: PENDING_NEW, or STAGED."""
    wrong = wrong_parent(tree, event)
    if wrong:
        return tree.alert("parent", event.id, wrong, applied=False)
    tree.parents[event.id] = Parent(
        event.id, event.side, event.quantity, event.limit, event.time,
        int(State.STAGED if event.staged else State.PENDING_NEW),
        account=event.account, symbol=event.symbol, start=event.start, end=event.end, algo=event.algo,
        tick_size=event.tick_size, client=event.client, basket=event.basket, who=event.who,
    )  # fmt: skip
    if event.client:
        tree.clients[event.client] = event.id
    if event.basket:
        tree.baskets[event.basket].parents.append(event.id)
    return None


def arrived(tree: Tree, event: Arrived) -> Alert | None:
    """Keep the arrival price of a parent, once."""
    parent = tree.parents.get(event.parent)
    if parent is None:
        return tree.alert("arrival", event.parent, "an arrival price of an order that is not there", applied=False)
    if event.mid2 <= 0 or parent.arrival2:
        wrong = f"an arrival price of {event.mid2} half ticks, where {parent.arrival2 or 'none'} is known"
        return tree.alert("arrival", event.parent, wrong, applied=False)
    parent.arrival2 = event.mid2
    return None


def basket_new(tree: Tree, event: BasketNew) -> Alert | None:
    """Make an empty basket."""
    if event.id in tree.baskets or event.id <= 0:
        return tree.alert("basket", event.id, "a basket id that is in use", applied=False)
    tree.baskets[event.id] = Basket(event.id, event.name, [])
    return None


def _wrong_word(tree: Tree, parent: Parent, event: ParentSaid) -> str:
    """Return why a parent cannot get this word although its state allows it."""
    act = event.act
    if act in (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL, Act.BUSTED, Act.CORRECTED, Act.CONTRADICTED):
        return "fills of a parent come from its children"
    if act in _ENDS and parent.working > standing_of(tree, parent.id):
        return f"{parent.working} shares still work"
    if act == Act.REJECTED and parent.children:
        return "it has had children"
    quantity = event.quantity or parent.asked_quantity
    if act in (Act.REPLACED, Act.REPLACE_ASKED):
        if not 0 < quantity <= MAX_QUANTITY or not 0 <= event.price < _LONGEST:
            return f"quantity {quantity}, price {event.price}"
        if quantity < parent.filled + parent.working:
            return f"quantity {quantity} below the {parent.filled + parent.working} that are filled or work"
    return ""


def parent_said(tree: Tree, event: ParentSaid) -> Alert | None:
    """Change a parent by a word that no fill tells; a staged one may be edited in place."""
    parent = tree.parents.get(event.order)
    if parent is None:
        return tree.alert("unknown", event.order, f"{event.act} of an unknown parent", applied=False)
    staged = event.act == Act.REPLACED and parent.state == State.STAGED
    act = event.act if staged else judge(parent, event.act)
    verdict, to = decide(parent, act, PARENT_TABLE, event.act)
    if verdict in (Verdict.IGNORE, Verdict.QUARANTINE):
        return tree.verdict(verdict, str(event.act), parent)
    wrong = _wrong_word(tree, parent, event)
    if wrong:
        return tree.alert("parent", parent.id, f"{event.act}: {wrong}", applied=False)
    change_terms(parent, event.act, event.quantity, event.price)
    if event.act == Act.RELEASED:
        parent.end = event.end or parent.end
        parent.start = max(parent.start, min(event.time, parent.end - 1))
    if staged:
        parent.flags = 0  # nobody has seen the terms before
    settle(parent, act, to)
    alerted = verdict == Verdict.ALERT
    return tree.alert("unusual", parent.id, f"{event.act} {event.reason}", applied=True) if alerted else None


def change_terms(order: Parent | Child, act: Act, quantity: int, price: int) -> None:
    """Change flags, and quantity and price where terms are asked for or accepted (0: those that were asked for)."""
    if act == Act.ACKED:
        order.flags |= _ACKED
    elif act == Act.REPLACE_ASKED:
        order.asked_quantity, order.asked_price = quantity, price
        order.flags |= Flag.REPLACE_PENDING
    elif act == Act.REPLACED:
        order.quantity = quantity or order.asked_quantity
        order.price = price or order.asked_price
        order.flags = (order.flags | Flag.REPLACED | Flag.ACKED) & ~Flag.REPLACE_PENDING
        order.asked_quantity = order.asked_price = 0
    elif act == Act.REPLACE_REFUSED:
        order.flags &= ~Flag.REPLACE_PENDING
        order.asked_quantity = order.asked_price = 0
    elif act == Act.CANCEL_ASKED:
        order.flags |= Flag.CANCEL_PENDING
    elif act == Act.CANCEL_REFUSED:
        order.flags &= ~Flag.CANCEL_PENDING
    elif act == Act.SUSPENDED:
        order.flags |= Flag.PAUSED
    elif act == Act.RESUMED:
        order.flags &= ~Flag.PAUSED


def wrong_child(tree: Tree, event: ChildNew) -> str:
    """Return why a child must not be sent, or nothing."""
    parent = tree.parents.get(event.parent)
    if parent is None or not WORKABLE[parent.state]:
        return "an unknown parent" if parent is None else f"its parent is {State(parent.state)}"
    quantity, number = event.quantity, event.id
    if number in tree.children or number in tree.parents:
        return "an order id that is in use"
    block = tree.block(number)
    if block is None or block.parent not in (0, parent.id):
        return "an order id that was never reserved" + ("" if block is None else " for this parent")
    if event.side != parent.side:
        return f"side {event.side}, its parent has {parent.side}"
    if not 0 < quantity <= parent.quantity - parent.filled - parent.working:
        return f"quantity {quantity}, unplaced are {parent.quantity - parent.filled - parent.working}"
    if not 0 <= event.price < _LONGEST or not 0 <= event.minimum <= quantity:
        return f"price {event.price}, least execution {event.minimum}"
    return ""


def child_new(tree: Tree, event: ChildNew) -> Alert | None:
    """Enter a child that is to be sent: PENDING_NEW until its venue says something."""
    wrong = wrong_child(tree, event)
    if wrong:
        return tree.alert("child", event.id, wrong, applied=False)
    _enter(tree, event, _PENDING_NEW, 0, event.route, event.decision)
    return None


def _enter(tree: Tree, event: ChildNew | ChildAdopted, state: int, flags: int, route: int, decision: int) -> None:
    quantity, number = event.quantity, event.id
    child = Child(
        number, event.side, quantity, event.price, event.time, state, flags=flags,
        parent=event.parent, venue=event.venue, kind=event.kind, route=route, decision=decision, exposure=quantity,
    )  # fmt: skip
    tree.children[number] = tree.open[number] = child
    parent = tree.parents[event.parent]
    parent.working += quantity
    parent.children.append(number)


def adopt(tree: Tree, event: ChildAdopted) -> Alert | None:
    """Enter an order that was found at its venue; it may exceed what is left of its parent, and always alerts."""
    parent, block = tree.parents.get(event.parent), tree.block(event.id)
    if event.id in tree.children:
        return tree.alert("adopted", event.id, "an order id that is in use", applied=False)
    if parent is None or parent.state in (State.STAGED, State.REJECTED) or event.side != parent.side:
        return tree.alert("adopted", event.id, "no parent that could own it", applied=False)
    if block is None or not 0 < event.quantity <= MAX_QUANTITY:
        return tree.alert("adopted", event.id, f"never reserved, or of {event.quantity} shares", applied=False)
    _enter(tree, event, _NEW, int(Flag.ACKED | Flag.ADOPTED), 0, 0)
    return tree.alert("adopted", event.id, f"{event.quantity} shares found at {event.venue}", applied=True)


def ask(tree: Tree, event: Asked) -> Alert | None:
    """Note that a cancel or a replacement of a child is asked for."""
    child = tree.children.get(event.order)
    if child is None or event.act not in (Act.CANCEL_ASKED, Act.REPLACE_ASKED):
        return tree.alert("unknown", event.order, f"{event.act} of an unknown child", applied=False)
    verdict, to = decide(child, event.act, CHILD_TABLE)
    if verdict in (Verdict.IGNORE, Verdict.QUARANTINE):
        return tree.verdict(verdict, str(event.act), child)
    if event.act == Act.REPLACE_ASKED:
        parent = tree.parents[child.parent]
        more = event.quantity - child.quantity
        if more > parent.quantity - parent.filled - parent.working or not WORKABLE[parent.state]:
            return tree.alert("child", child.id, f"{more} shares more than its parent has", applied=False)
        if not child.filled < event.quantity <= MAX_QUANTITY or not 0 < event.price < _LONGEST:
            return tree.alert("child", child.id, f"quantity {event.quantity}, price {event.price}", applied=False)
    change_terms(child, event.act, event.quantity, event.price)
    settle(child, event.act, to)
    expose(tree, child)
    return None
