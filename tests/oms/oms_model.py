"""A readable model of the order management: facts instead of a table, lists instead of running sums.

An order is what it is because of what is true of it: what was asked, what is pending, which fills stand, how it ended.
Its state follows from these facts by precedence. The model knows nothing of the code it checks but the names of states
and acts.
"""

from dataclasses import dataclass, field

from nowake.oms.states import Act, State

ENDINGS = {Act.CANCELED: State.CANCELED, Act.EXPIRED: State.EXPIRED, Act.DONE_FOR_DAY: State.DONE_FOR_DAY}
APPLIED, IGNORED, REFUSED = "applied", "ignored", "refused"


@dataclass
class Trade:
    """A fill: as it was told first, and as it stands now (0 shares: busted)."""

    order: int
    told: tuple[int, int]
    shares: int
    price2: int
    fee: int
    busted: bool = False


@dataclass
class Order:
    quantity: int
    price: int
    acked: bool = False
    cancelling: bool = False
    replacing: tuple[int, int] | None = None
    replaced: bool = False
    paused: bool = False
    lost: int = 0
    ended: State | None = None
    trades: dict[str, Trade] = field(default_factory=dict)
    said: set[Act] = field(default_factory=set)

    @property
    def filled(self) -> int:
        return sum(trade.shares for trade in self.trades.values())

    @property
    def waits(self) -> bool:
        """Whether an answer or a resumption is awaited: then nothing but a fill of the rest ends the order."""
        return self.cancelling or self.replacing is not None or self.paused

    @property
    def state(self) -> State:
        if self.ended is not None:
            return self.ended
        if self.cancelling:
            return State.PENDING_CANCEL
        if self.replacing is not None:
            return State.PENDING_REPLACE
        if self.paused:
            return State.SUSPENDED
        if self.filled:
            return State.PARTIALLY_FILLED
        if self.replaced:
            return State.REPLACED
        return State.NEW if self.acked else State.PENDING_NEW

    @property
    def exposure(self) -> int:
        if self.ended is not None:
            return 0
        most = max(self.quantity, self.replacing[0] if self.replacing else 0)
        return max(0, most - self.filled - self.lost)

    def end_if_done(self) -> None:
        """An open order that can fill no more is over."""
        if self.ended is None and self.filled >= self.quantity:
            self.ended = State.FILLED
        elif self.ended is None and self.filled + self.lost >= self.quantity:
            self.ended = State.CANCELED


class Model:
    """One parent, its children, and the fills of one venue."""

    def __init__(self, side: int, quantity: int) -> None:
        self.side, self.quantity = side, quantity
        self.orders: dict[int, Order] = {}
        self.trades: dict[str, Trade] = {}
        self.early: dict[str, tuple[int, Act, int, int, int]] = {}  # fill -> order, act, terms

    # -- what follows from the facts

    @property
    def filled(self) -> int:
        return sum(order.filled for order in self.orders.values())

    @property
    def working(self) -> int:
        return sum(order.exposure for order in self.orders.values())

    @property
    def state(self) -> State:
        if self.filled >= self.quantity:
            return State.FILLED
        return State.PARTIALLY_FILLED if self.filled else State.NEW

    @property
    def cash2(self) -> int:
        return -self.side * sum(trade.shares * trade.price2 for trade in self.trades.values())

    @property
    def fees(self) -> int:
        return sum(trade.fee for trade in self.trades.values())

    # -- what we do

    def new(self, number: int, quantity: int, price: int) -> str:
        if self.filled >= self.quantity or number in self.orders:
            return REFUSED
        if not 0 < quantity <= self.quantity - self.filled - self.working:
            return REFUSED
        self.orders[number] = Order(quantity, price)
        return APPLIED

    def ask_cancel(self, number: int) -> str:
        order = self.orders[number]
        if order.ended is not None:
            return REFUSED
        if order.cancelling:
            return IGNORED
        order.cancelling = True
        return APPLIED

    def ask_replace(self, number: int, quantity: int, price: int) -> str:
        order = self.orders[number]
        if order.ended is not None or order.cancelling or order.replacing is not None:
            return REFUSED
        more = quantity - order.quantity
        if self.filled >= self.quantity or more > self.quantity - self.filled - self.working:
            return REFUSED
        if quantity <= order.filled or price <= 0:
            return REFUSED
        order.replacing = (quantity, price)
        return APPLIED

    # -- what the venue says

    def hear(self, number: int, act: Act, quantity: int = 0, price2: int = 0, fee: int = 0, fill: str = "") -> str:
        if number not in self.orders:
            return REFUSED
        order = self.orders[number]
        if act in (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL):
            return self._fill(number, order, quantity, price2, fee, fill)
        if act in (Act.BUSTED, Act.CORRECTED):
            return self._undo(number, order, act, quantity, price2, fee, fill)
        outcome = self._word(order, act, quantity, price2 // 2)
        if outcome == REFUSED and act in order.said:
            return IGNORED  # heard before, and true then
        if outcome == APPLIED:
            order.said.add(act)
        return outcome

    def _word(self, order: Order, act: Act, quantity: int, price: int) -> str:
        over = order.ended
        if act == Act.ACKED:
            if over is not None or order.state in (State.NEW, State.PARTIALLY_FILLED, State.REPLACED):
                return IGNORED
            order.acked = True
            return APPLIED
        if act == Act.PENDING:
            return IGNORED
        if act == Act.REJECTED:
            if over == State.REJECTED:
                return IGNORED
            if over is not None or order.filled:
                return REFUSED
            order.ended = State.REJECTED
            return APPLIED
        if act in ENDINGS:
            return self._end(order, act)
        if act == Act.CALCULATED:
            if over == State.CALCULATED:
                return IGNORED
            if over in (None, State.REJECTED):
                return REFUSED
            order.ended = State.CALCULATED
            return APPLIED
        if act == Act.CANCEL_REFUSED:
            if not order.cancelling:
                return REFUSED
            order.cancelling = False
            order.end_if_done()
            return APPLIED
        if act in (Act.SUSPENDED, Act.RESUMED):
            return self._pause(order, act)
        return self._replaced(order, act, quantity, price)

    def _end(self, order: Order, act: Act) -> str:
        over, to = order.ended, ENDINGS[act]
        if over is None:
            order.ended = to
            return APPLIED
        if over == State.DONE_FOR_DAY and act != Act.DONE_FOR_DAY:
            order.ended = to  # the venue ends overnight what it had only rested
            return APPLIED
        if over == State.FILLED:
            if act != Act.DONE_FOR_DAY:
                return REFUSED
            order.ended = to
            return APPLIED
        if over == State.REJECTED and act == Act.CANCELED:
            return REFUSED
        return IGNORED

    def _pause(self, order: Order, act: Act) -> str:
        if order.ended is not None:
            stopped = order.ended == State.DONE_FOR_DAY and act == Act.RESUMED
            return REFUSED if stopped else IGNORED
        pending = order.cancelling or order.replacing is not None
        if not pending and order.paused == (act == Act.SUSPENDED):
            return IGNORED
        order.paused = act == Act.SUSPENDED
        if not order.waits:
            order.end_if_done()
        return APPLIED

    def _replaced(self, order: Order, act: Act, quantity: int, price: int) -> str:
        if order.replacing is None or (act == Act.REPLACED and order.ended == State.REJECTED):
            return REFUSED
        asked = order.replacing
        if act == Act.REPLACED:
            terms = (quantity or asked[0], price or asked[1])
            if terms != asked and Act.REPLACED in order.said and (quantity, price) == (order.quantity, order.price):
                return IGNORED  # the earlier one once more
            order.quantity, order.price = terms
            order.replaced = order.acked = True
            if order.ended == State.FILLED and order.filled < order.quantity:
                order.ended = None  # there is more to fill after all
        order.replacing = None
        if order.ended is None and not order.cancelling:
            order.end_if_done()
        return APPLIED

    def _fill(self, number: int, order: Order, shares: int, price2: int, fee: int, fill: str) -> str:
        if fill in self.trades:
            same = self.trades[fill].told == (shares, price2) and self.trades[fill].order == number
            return IGNORED if same else REFUSED
        if fill in self.early and self.early[fill][0] != number:
            return REFUSED
        if not fill or shares <= 0 or price2 <= 0 or order.ended == State.REJECTED:
            return REFUSED
        trade = Trade(number, (shares, price2), shares, price2, fee)
        self.trades[fill] = order.trades[fill] = trade
        order.acked = True
        order.lost = min(order.lost, max(0, order.quantity - order.filled))
        if order.filled >= order.quantity and order.ended != State.CALCULATED:
            order.ended = State.FILLED
        elif order.ended is None and not order.waits:
            order.end_if_done()
        if fill in self.early:
            _, act, *terms = self.early.pop(fill)
            self._change(order, trade, act, *terms)
        return APPLIED

    def _undo(self, number: int, order: Order, act: Act, shares: int, price2: int, fee: int, fill: str) -> str:
        if not fill or (act == Act.CORRECTED and (shares <= 0 or price2 <= 0)) or order.ended == State.REJECTED:
            return REFUSED
        trade = self.trades.get(fill)
        if trade is None:
            if fill in self.early and self.early[fill][0] != number:
                return REFUSED
            if fill in self.early and self.early[fill][1] == Act.BUSTED:
                return IGNORED
            self.early[fill] = (number, act, shares, price2, fee)
            return APPLIED
        if trade.order != number or (trade.busted and act == Act.CORRECTED):
            return REFUSED
        if trade.busted or (act == Act.CORRECTED and (trade.shares, trade.price2, trade.fee) == (shares, price2, fee)):
            return IGNORED
        self._change(order, trade, act, shares, price2, fee)
        return APPLIED

    def _change(self, order: Order, trade: Trade, act: Act, shares: int, price2: int, fee: int) -> None:
        before = trade.shares
        if act == Act.BUSTED:
            trade.shares, trade.fee, trade.busted = 0, 0, True
        else:
            trade.shares, trade.price2, trade.fee = shares, price2, fee
        if order.ended is None:
            if trade.shares < before:
                order.lost += before - trade.shares  # it stands nowhere any more
            else:
                order.lost = min(order.lost, max(0, order.quantity - order.filled))
            if not order.waits:
                order.end_if_done()
        elif order.ended == State.FILLED and order.filled < order.quantity:
            order.ended = State.CANCELED
