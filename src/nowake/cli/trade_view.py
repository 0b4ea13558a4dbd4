"""What a trade shows in a terminal: the order, its orders out, its last fills, costs, venues, alerts and keys."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nowake.cli.trade_lines import kept
from nowake.core.board import PlaceKind
from nowake.core.intent import KIND_WORDS, OrderKind
from nowake.core.times import show_time
from nowake.execution.desk_state import Hands
from nowake.oms.states import CLOSED, State
from nowake.service.supervise import Supervisor

if TYPE_CHECKING:
    from nowake.service.trade_watch import Watch
    from nowake.service.trader import Trader

__all__ = ["KEYS", "View"]

KEYS = "p pause  r resume  f finish now  c cancel  k kill  q quit the view  Ctrl-C stop"
RELEASE, NEXT = "g release  ", "n next order  "  # where something is staged, and of a basket
ROWS, NOTES = 8, 5  # most rows of orders and of fills, of alerts
WIDE = 110  # columns from which everything has its place
_REST = 24  # rows of the page without those of orders, fills and venues
BAR = 50
_STYLES = {"warning": "yellow", "error": "bold red"}
_HANDS = {
    Hands.ALGORITHM: ("works", "green"), Hands.PAUSED: ("paused", "yellow"), Hands.HUMAN: ("by hand", "magenta"),
    Hands.CANCEL: ("cancelling", "red"), Hands.FINISH: ("finishing", "cyan"),
}  # fmt: skip


@dataclass(slots=True)
class View:
    """The page of one trade; `title` its strategy and market, `notes` what was said to the person at the keys."""

    trader: "Trader"
    watch: "Watch"
    zone: str
    title: str
    notes: list[tuple[str, str]] = field(default_factory=list)  # (style, words)
    question: str = ""

    def note(self, words: str, style: str = "") -> None:
        """Show a line among the alerts."""
        self.notes = [*self.notes[-20:], (style, f"{self._clock(self.trader.now())} {words}")]

    def turn(self) -> None:
        """Show the next order of the trade."""
        together = self.watch.together
        self.watch = together[(self.watch.i + 1) % len(together)]

    def page(self, width: int, height: int) -> RenderableType:
        """Return the whole page as it is now, for a terminal of `width` columns and `height` rows."""
        fills, wide = self.watch.fills(), width >= WIDE
        rows = min(max(height - _REST - len(self.trader.path.places), 1), ROWS)
        parts = [
            self._head(wide=wide), self._keys(), self._progress(BAR if wide else BAR // 2), self._costs(wide=wide),
            _beside(self._orders(rows), self._fills(fills, rows, wide=wide)), self._venues(fills, wide=wide),
        ]  # fmt: skip
        if height >= _REST + len(self.trader.path.places):
            parts.append(self._alerts())
        return Group(*parts)

    def _clock(self, ns: int) -> str:
        return show_time(ns, self.zone)[:8]

    def _head(self, *, wide: bool) -> RenderableType:
        parent, trader = self.watch.parent, self.trader
        word, style = _HANDS[Hands(int(self.watch.row["hands"]))]
        if CLOSED[parent.state]:
            word, style = str(State(parent.state)), "bold"
            word += f", {kept(trader, self.zone)}" if trader.done else ""
        elif self.watch.staged:
            word, style = "staged", "bold yellow"
        ticks = int(self.watch.row["limit"])
        limit = f", limit {ticks * self.watch.tick:.2f}" if ticks else ""
        left = Text.assemble(
            (f"{'BUY' if parent.side > 0 else 'SELL'} {parent.quantity:,} {parent.symbol}{limit}", "bold"),
            self._which(), f"  {self.title}  " if wide else "  ", (word, style), f"  {self._rung()}" if wide else "",
        )  # fmt: skip
        held = ", ".join(f"{one.scope} {one.name}".strip() for one in trader.kill.held)
        right = Text.assemble(
            ("KILL SWITCH: " + held, "bold white on red") if held else ("kill switch: not pressed" * wide, "dim"),
            f"  {self._clock(trader.now())} of {self._clock(parent.start)}-{self._clock(self.watch.end_of_window)}",
        )
        return _spread(left, right)

    def _which(self) -> str:
        """Return which order of a basket this is."""
        count = len(self.watch.together)
        return f"  {self.watch.parent.client} ({self.watch.i + 1} of {count})" if count > 1 else ""

    def _rung(self) -> str:
        """Return the rung of the fallback ladder, where a supervisor keeps one."""
        for one in self.trader.attendants:
            if isinstance(one, Supervisor):
                return f"rung: {one.state.rung.name.lower()}"
        return ""

    def _progress(self, length: int) -> RenderableType:
        parent = self.watch.parent
        made = Table.grid(padding=(0, 1))
        done, plan = parent.filled / parent.quantity, self.watch.planned(self.trader.now())
        behind = round((plan - done) * parent.quantity)
        told = f"{abs(behind):,} {'behind' if behind > 0 else 'ahead of'} plan" if behind else "on plan"
        made.add_row(
            "done",
            _bar(done, "green", length),
            f"{done:6.1%}  {parent.filled:,}, {parent.working:,} out, {told}",
        )
        made.add_row("plan", _bar(plan, "blue", length), f"{plan:6.1%}  {round(plan * parent.quantity):,}")
        return made

    def _costs(self, *, wide: bool) -> RenderableType:
        costs, tick = self.watch.costs(), self.watch.tick
        parts = [
            ("average", costs["avg_price"], ".4f"), ("arrival", costs["arrival_price"], ".4f"),
            ("VWAP", costs["vwap"], ".4f"), ("mid", self.watch.mid * tick, ".4f"),
            ("cost bp against arrival", costs["paid_bps"], "+.2f"),
            ("against VWAP", costs["vwap_slippage_bps"], "+.2f"), ("fees", costs["fees"], "+.2f"),
        ]  # fmt: skip
        line = Text(no_wrap=True, overflow="crop")
        for name, value, form in parts if wide else [parts[k] for k in (0, 1, 4)]:
            line.append(f"{name} ", "dim")
            line.append("–" if math.isnan(value) else format(value, form))
            line.append("   ")
        return line

    def _orders(self, rows: int) -> RenderableType:
        trader, parent = self.trader, self.watch.parent
        mine = [child for child in trader.keeper.oms.open.values() if child.parent == parent.id]
        made = _table(f"orders out ({len(mine)})", "venue", "kind", "price", "left", "age s", left=2)
        for child in mine[-rows:]:
            price = f"{child.price * self.watch.tick:.2f}" if child.price else "–"
            kind = KIND_WORDS.get(OrderKind(child.kind), "quote").replace("_", " ")
            age = (trader.now() - child.time) / 1e9
            made.add_row(child.venue, kind, price, f"{child.quantity - child.filled:,}", f"{age:,.0f}")
        return _filled(made, rows)

    def _fills(self, fills: list[dict[str, Any]], rows: int, *, wide: bool) -> RenderableType:
        kinds = {place.name: place.kind for place in self.trader.path.places}
        made = _table(
            f"last fills ({len(fills):,})", "time", "venue", "shares", "price", *(["how"] if wide else []), left=2
        )
        for fill in sorted(fills, key=lambda one: one["time"])[-rows:][::-1]:
            lit = kinds[fill["venue"]] is PlaceKind.LIT
            how = ("rested" if fill["maker"] else "took") if lit else kinds[fill["venue"]].name.lower()
            price = f"{fill['price']:,.{3 if self.watch.tick < 0.1 else 2}f}"
            cells = [self._clock(fill["time"]), fill["venue"], f"{fill['quantity']:,}", price, how]
            made.add_row(*cells[: len(made.columns)])
        return _filled(made, rows)

    def _venues(self, fills: list[dict[str, Any]], *, wide: bool) -> RenderableType:
        heads = [
            "venue",
            "kind",
            "children",
            "filled",
            "share",
            "fill rate",
            "1 s bp",
            "10 s bp",
            "60 s bp",
            "toxicity",
        ]
        heads.append("fees")
        shown = [k for k, head in enumerate(heads) if wide or head not in ("share", "1 s bp", "10 s bp")]
        made = _table("venues", *(heads[k] for k in shown), left=2)
        total = max(self.watch.parent.filled, 1)
        for row in self.watch.venues(fills):
            marks = ["–"] * 3 if row["markouts"] is None else [f"{one:+.2f}" for one in row["markouts"]]
            rate = "–" if row["fill_rate"] is None else f"{row['fill_rate']:.0%}"
            toxic = "–" if row["toxicity"] is None else f"{row['toxicity']:+.2f}"
            cells = [
                row["name"], row["kind"], f"{row['children']:,}", f"{row['filled']:,}",
                f"{row['filled'] / total:.0%}", rate, *marks, toxic, f"{row['fees']:+.2f}",
            ]  # fmt: skip
            made.add_row(*(cells[k] for k in shown))
        return made

    def _alerts(self) -> RenderableType:
        said = [("yellow", f"order management: {one.rule} {one.text}") for one in self.trader.keeper.oms.alerts]
        said += [(_STYLES.get(one.level, ""), f"{self._clock(one.time)} {one.who}: {one.words}")
                 for one in self.watch.alerts.kept]  # fmt: skip
        rows = [*said[-NOTES:], *self.notes[-NOTES:]][-NOTES:]
        lines = [Text(words, style, no_wrap=True, overflow="ellipsis") for style, words in rows]
        lines += [Text("")] * (NOTES - len(lines))
        return Panel(Group(*lines), title="alerts", title_align="left", box=box.SQUARE, padding=(0, 1))

    def _keys(self) -> RenderableType:
        together = self.watch.together
        more = RELEASE * any(one.staged for one in together) + NEXT * (len(together) > 1)
        return Text(self.question, "bold black on yellow") if self.question else Text(more + KEYS, "dim")


def _spread(left: Text, right: Text) -> Table:
    made = Table.grid(expand=True)
    made.add_column(ratio=1)
    made.add_column(justify="right")
    made.add_row(left, right)
    return made


def _beside(*parts: RenderableType) -> Table:
    made = Table.grid(expand=True, padding=(0, 2))
    for _ in parts:
        made.add_column(ratio=1)
    made.add_row(*parts)
    return made


def _bar(part: float, style: str, length: int) -> Text:
    full = round(length * min(max(part, 0.0), 1.0))
    return Text.assemble(("█" * full, style), ("░" * (length - full), "dim"))


def _filled(made: Table, rows: int) -> Table:
    """Fill a table up to `rows`, so that what stands below it stays where it is."""
    for _ in range(rows - made.row_count):
        made.add_row("")
    return made


def _table(title: str, *heads: str, left: int) -> Table:
    made = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, expand=True, pad_edge=False
    )
    for k, head in enumerate(heads):
        made.add_column(head, justify="left" if k < left else "right", no_wrap=True)
    return made
