"""The table of states as a page shows it: a matrix in Markdown, and a drawing (SVG) of the moves.

    python -m nowake.oms.diagram docs/algorithms/oms-states.md      writes both anew

The drawing holds every move of the table. An act that leads from most open states to one place is one arrow from the
frame around them, with the codes of those that it does not start from; what stays where it is, and alerts, are left to
the matrix. The circle is "open again": the state that follows from what is true of the order.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

from nowake.oms.states import CHILD_TABLE, CLOSED, CODES, OPEN, SHUT, STAY, Act, Decision, State, Verdict

__all__ = ["graph", "matrix", "svg"]

Table = tuple[tuple[Decision, ...], ...]
_BEGIN, _END = "<!-- table of states -->", "<!-- end of the table -->"
_OPEN = tuple(state for state in State if not CLOSED[state] and state != State.STAGED)
_MOST = 4  # open states from which an act leads to one place before it is drawn once, from the frame around them


def _cell(decision: Decision) -> str:
    """Return a cell as the page shows it."""
    if decision.verdict in (Verdict.IGNORE, Verdict.QUARANTINE):
        return "·" if decision.verdict == Verdict.IGNORE else "✗"
    to = {STAY: "=", OPEN: "o", SHUT: "s"}.get(decision.to) or CODES[State(decision.to)]
    return f"**{to}**" + ("!" if decision.verdict == Verdict.ALERT else "")


def matrix(table: Table = CHILD_TABLE) -> str:
    """Return the table in Markdown, an act per row and a state per column."""
    head = "| act | " + " | ".join(f"{state} ({CODES[state]})".replace("_", " ") for state in State) + " |"
    rule = "|---|" + "---|" * len(State)
    rows = [
        f"| {str(act).replace('_', ' ')} | " + " | ".join(_cell(table[state][act]) for state in State) + " |"
        for act in Act
    ]
    return "\n".join([head, rule, *rows])


def graph(table: Table) -> list[tuple[int, int, Act]]:
    """Return every move as (from, to, act); `to` may be OPEN or SHUT."""
    return [
        (state, table[state][act].to, act)
        for state in State
        for act in Act
        if table[state][act].to not in (STAY, state)
    ]


_WIDTH, _HEIGHT, _BOX = 1530, 660, (150, 34)
_RADIUS = 17
_FRAME = (230, 62, 700, 540)
_PLACE = {
    int(State.STAGED): (110, 30), int(State.PENDING_NEW): (330, 130), int(State.NEW): (330, 300),
    int(State.PARTIALLY_FILLED): (330, 420), int(State.REPLACED): (330, 540), int(State.PENDING_CANCEL): (730, 160),
    int(State.PENDING_REPLACE): (730, 470), int(State.SUSPENDED): (730, 320), int(State.REJECTED): (1190, 30),
    int(State.EXPIRED): (1190, 120), int(State.CANCELED): (1190, 260), int(State.FILLED): (1190, 430),
    int(State.DONE_FOR_DAY): (1190, 590), int(State.CALCULATED): (1440, 360), OPEN: (530, 320),
}  # fmt: skip
_ENTRY = {  # where the arrow from the frame to one of its own states begins
    OPEN: (530, 62), int(State.PENDING_CANCEL): (730, 62), int(State.PENDING_REPLACE): (730, 602),
    int(State.SUSPENDED): (930, 320),
}  # fmt: skip
# How far an arrow bends where the usual would run through others.
_BENDS: dict[tuple[int, int], float] = {
    (State.DONE_FOR_DAY, State.EXPIRED): -360, (State.DONE_FOR_DAY, State.CANCELED): -250,
    (State.EXPIRED, State.FILLED): -230, (State.STAGED, State.REJECTED): 0, (State.STAGED, State.EXPIRED): -40,
    (State.STAGED, State.CANCELED): -130, (State.FILLED, OPEN): -130, (State.FILLED, State.CANCELED): 120,
    (State.CANCELED, State.FILLED): 120, (State.FILLED, State.DONE_FOR_DAY): 120,
    (State.DONE_FOR_DAY, State.FILLED): 120,
}  # fmt: skip


def _shared(moves: list[tuple[int, int, Act]]) -> dict[tuple[int, Act], str]:
    """Return the acts that lead from most open states to one place, with the codes of the others."""
    begins: defaultdict[tuple[int, Act], set[int]] = defaultdict(set)
    for begin, to, act in moves:
        if begin in _OPEN:
            begins[to, act].add(begin)
    found = {}
    for (to, act), states in begins.items():
        others = [CODES[state] for state in _OPEN if state not in states and state != to]
        if len(states) >= _MOST:
            found[to, act] = f" (not {' '.join(others)})" if others else ""
    return found


def _arrow(begin: tuple[float, float], end: tuple[float, float], label: str, bend: float) -> str:
    """Return a curved arrow with its label in the middle."""
    (x1, y1), (x2, y2) = begin, end
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1.0)
    mx, my = (x1 + x2) / 2 - bend * (y2 - y1) / length, (y1 + y2) / 2 + bend * (x2 - x1) / length
    tx, ty = (x1 + 2 * mx + x2) / 4, (y1 + 2 * my + y2) / 4
    path = f'<path d="M{x1:.0f},{y1:.0f} Q{mx:.0f},{my:.0f} {x2:.0f},{y2:.0f}" marker-end="url(#head)"/>'
    return f'{path}<text class="act" x="{tx:.0f}" y="{ty:.0f}">{label}</text>'


def _border(begin: tuple[float, float], end: tuple[float, float], which: int) -> tuple[float, float]:
    """Return where the line from the middle of `which`, at `begin`, to `end` leaves its box or circle."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    if which == OPEN:
        scale = _RADIUS / max((dx * dx + dy * dy) ** 0.5, 1.0)
    else:
        scale = min(_BOX[0] / 2 / abs(dx) if dx else 9e9, _BOX[1] / 2 / abs(dy) if dy else 9e9)
    return begin[0] + dx * scale, begin[1] + dy * scale


def svg(table: Table = CHILD_TABLE) -> str:
    """Return the drawing of a table's moves; OPEN is the circle, SHUT is CANCELED where less than all is filled."""
    moves = graph(table)
    shared = _shared(moves)
    labels: defaultdict[tuple[int | None, int], list[str]] = defaultdict(list)
    for (to, act), but in shared.items():
        labels[None, to].append(_words(act) + but)
    for begin, to, act in moves:
        if begin not in _OPEN or (to, act) not in shared:
            labels[begin, int(State.CANCELED) if to == SHUT else to].append(_words(act))
    x, y, w, h = _FRAME
    parts = [f'<rect class="frame" x="{x}" y="{y}" width="{w}" height="{h}" rx="12"/>']
    parts += [_move(begin, to, ", ".join(acts)) for (begin, to), acts in labels.items()]
    return _PAGE.format(width=_WIDTH, height=_HEIGHT, body="\n".join([*parts, _circle(), *map(_box, State)]))


def _words(act: Act) -> str:
    return str(act).replace("_", " ")


def _move(begin: int | None, to: int, label: str) -> str:
    """Return an arrow between two boxes, or from the frame (None) to one."""
    there = _PLACE[to]
    if begin is not None:
        here = _PLACE[begin]
        return _arrow(_border(here, there, begin), _border(there, here, to), label, _BENDS.get((begin, to), 30))
    left, _, width, _ = _FRAME
    here = _ENTRY.get(to, (left + width, there[1]))
    return _arrow(here, _border(there, here, to), label, 0)


def _circle() -> str:
    """Return the place of "open again"."""
    x, y = _PLACE[OPEN]
    return f'<circle class="open" cx="{x}" cy="{y}" r="{_RADIUS}"/><text class="state" x="{x}" y="{y + 4}">o</text>'


def _box(state: State) -> str:
    x, y = _PLACE[state]
    w, h = _BOX
    kind = "closed" if CLOSED[state] else "open"
    name = f"{state} ({CODES[state]})".replace("_", " ")
    return (
        f'<rect class="{kind}" x="{x - w / 2:.0f}" y="{y - h / 2:.0f}" width="{w}" height="{h}" rx="6"/>'
        f'<text class="state" x="{x}" y="{y + 5}">{name}</text>'
    )


_PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">
<style>
path {{ fill: none; stroke: #607d8b; stroke-width: 1 }}
.frame {{ fill: #eceff1; stroke: #90a4ae; stroke-dasharray: 6 4 }}
.open {{ fill: #e3f2fd; stroke: #1565c0 }} .closed {{ fill: #ffffff; stroke: #37474f; stroke-width: 2 }}
.state {{ font-size: 13px; text-anchor: middle; fill: #102027 }}
.act {{ font-size: 9px; text-anchor: middle; fill: #37474f; paint-order: stroke; stroke: #fff; stroke-width: 3px }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0,0 L8,4 L0,8 z" style="fill:#607d8b"/></marker></defs>
<rect width="{width}" height="{height}" fill="#ffffff"/>
{body}
</svg>
"""


def main(page: Path) -> None:
    """Write the matrix into the page and the drawing beside it."""
    text = page.read_text(encoding="utf-8")
    block = f"{_BEGIN}\n{matrix()}\n{_END}"
    page.write_text(re.sub(f"{_BEGIN}.*?{_END}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")
    page.with_suffix(".svg").write_text(svg(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
