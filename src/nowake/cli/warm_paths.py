"""Whole paths through several packages, on inputs of a few rows, that compile what packages do not name themselves."""

import struct
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nowake.core.values import Instrument
    from nowake.execution.path import DecisionPath
    from nowake.market.market import Market

__all__ = ["Step", "paths"]

Step = tuple[str, Callable[[], object]]

MESSAGES = """\
34200.1,1,1,100,1000000,1
34200.2,1,2,100,1000100,-1
34200.3,4,2,50,1000100,-1
34200.4,3,1,100,1000000,1
"""
BOOK = """\
-9999999999,0,1000000,100
1000100,100,1000000,100
1000100,50,1000000,100
1000100,50,-9999999999,0
"""


def paths() -> list[Step]:
    """Return the steps as (name, call) pairs."""
    return [
        ("book: order flow", _book),
        ("book: matching", _matching),
        ("LOBSTER file", _lobster),
        ("ITCH file", _itch),
        ("DBN file", _dbn),
        ("IEX capture", _iex),
        ("comma-separated tables", _table),
        ("quality check", _check),
        ("volume model", _volume),
        ("replay", _replay),
        ("features", _features),
        ("decision path", _path),
    ]


def _book() -> None:
    import numpy as np

    from nowake.book.feed import apply_all
    from nowake.book.queries import DEPTH, depth, digest, queue_of
    from nowake.book.state import REPLAY, new_books
    from nowake.core.events import EVENT

    books = new_books(1, REPLAY)
    apply_all(books, 0, np.zeros(1, EVENT), 0, 0)
    depth(books, 0, 1, np.zeros(1, DEPTH))
    queue_of(books, 0, 1)
    digest(books, 0)


def _matching() -> None:
    import numpy as np

    from nowake.book.actions import RESULT
    from nowake.book.matching import submit_all
    from nowake.book.state import REQUEST, SMALL, new_books

    submit_all(new_books(1, SMALL), 0, np.zeros(1, REQUEST), np.zeros(1, RESULT), 0, 0)


def _lobster() -> None:
    from nowake.data.verify import verify

    with tempfile.TemporaryDirectory() as folder:
        messages = Path(folder) / "WARM_2026-01-15_34200000_57600000_message_1.csv"
        orderbook = Path(folder) / "WARM_2026-01-15_34200000_57600000_orderbook_1.csv"
        messages.write_text(MESSAGES, encoding="ascii")
        orderbook.write_text(BOOK, encoding="ascii")
        verify(messages, orderbook)


def _itch() -> None:
    from nowake.data.reader import open_reader

    event = b"S" + struct.pack(">HH", 0, 0) + (34_200_000_000_000).to_bytes(6, "big") + b"O"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "20260115.NASDAQ_ITCH50"
        file.write_bytes(struct.pack(">H", len(event)) + event)
        for _ in open_reader(file, fmt="itch").chunks():
            pass


def _dbn() -> None:
    from nowake.data.formats.dbn_walk import Walker

    Walker(Path("warm.dbn"), 3, header=False).check(bytes((4, 0xFF, *bytes(14))))


def _iex() -> None:
    from nowake.data.reader import open_reader

    event = struct.pack("<cBq", b"S", ord("O"), 0)
    transport = struct.pack("<BBHIIHHqqq", 1, 0, 0x8004, 1, 1, len(event) + 2, 1, 0, 1, 0)
    packet = bytes(12) + b"\x08\0\x45" + bytes(8) + b"\x11" + bytes(18) + transport + struct.pack("<H", 10) + event
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "warm.pcap"
        file.write_bytes(head + struct.pack("<4I", 0, 0, len(packet), len(packet)) + packet)
        for _ in open_reader(file).chunks():
            pass


def _table() -> None:
    from nowake.data.formats.csv_kernel import CLOCK, INT, parse_block

    parse_block(b"09:30:00,1\n", 1, [(CLOCK, 0), (INT, 0)], Path("warm.csv"))


def _check() -> None:
    from nowake.data.quality import Check
    from nowake.market.reader import GeneratedReader

    for _ in Check(GeneratedReader(1), "generated:1"):
        break


def _volume() -> None:
    from datetime import date

    import numpy as np

    from nowake.data.volume import VolumeTable
    from nowake.data.volume_model import fit

    days = tuple(date(2026, 1, d) for d in range(1, 13))
    volumes = 1000.0 + np.arange(36.0).reshape(12, 3) % 7 * 100
    fit(VolumeTable(("09:30", "11:40", "13:50"), days, volumes), steps=2)


def _replay() -> None:
    from nowake.core.times import HOUR, MINUTE
    from nowake.core.values import Side
    from nowake.execution.replay import replay_order
    from nowake.execution.request import ReplayRequest
    from nowake.market.reader import GeneratedReader

    start = 9 * HOUR + 30 * MINUTE
    reader = GeneratedReader(1)
    replay_order(ReplayRequest(reader, "generated:1", "twap", Side.BUY, 100, start=start, end=start + 2 * MINUTE))


def _features() -> None:
    from nowake.core.times import MINUTE
    from nowake.features.context import Context
    from nowake.features.history import Tally
    from nowake.features.rows import day_rows
    from nowake.features.touches import open_days, touch_days

    with tempfile.TemporaryDirectory() as folder:
        messages = Path(folder) / "WARM_2026-01-15_34200000_57600000_message_1.csv"
        messages.write_text(MESSAGES, encoding="ascii")
        days = open_days(messages)
        for _ in day_rows(days[0], Context(depth=True), MINUTE, tally=Tally(days[0].hours)):
            pass
        for _ in touch_days(days):
            pass


def _path() -> None:
    """A desk that works an order for some seconds in a simulated market: features, router, guard, own fills."""
    import numpy as np

    from nowake.core.times import SECOND
    from nowake.core.values import ParentOrder, Side
    from nowake.execution.desk_state import CURVE, Placing
    from nowake.execution.live import LiveDesk, NobodyKeeps
    from nowake.execution.opening import warm
    from nowake.market.market import Market
    from nowake.market.venue import SimulatedVenue
    from nowake.market.world.state import BOOKS, OWN_IDS
    from nowake.risk.guard import tick
    from nowake.service.supervise_venues import DriftWatch

    market = Market.load("midcap", 1)
    market.advance(1)
    path, instrument = _path_in(market)
    warm(path, market.messages(), BOOKS, OWN_IDS)
    start = market.now
    order = ParentOrder("warm", instrument, Side.BUY, 6_000, start, start + 60 * SECOND)
    path.take_on(0, order, np.linspace(0, 1, CURVE + 1), 10 * SECOND, Placing())
    path.ids(0, 1, 10**6)
    desk = LiveDesk(path, SimulatedVenue(market), NobodyKeeps(), BOOKS, own_from=OWN_IDS)
    desk.market(market.books(), market.now)
    for _ in range(20):
        desk.tick(market.now)
        market.advance(0.5)
        desk.market(market.messages(), market.now)
    DriftWatch(path)
    tick(path.limits, path.usages, 0, path.n, market.now)


def _path_in(market: "Market") -> "tuple[DecisionPath, Instrument]":
    """Return the path of one parent over the venues of `market`, and what is traded there."""
    from dataclasses import astuple

    from nowake.core.intent import Tactic
    from nowake.core.values import Instrument
    from nowake.execution.opening import limit_path, places_of
    from nowake.execution.path import DecisionPath
    from nowake.execution.policy import FixedPolicy, UniformForecaster
    from nowake.risk.policy import load
    from nowake.risk.scopes import Scope, resolve

    about = market.preset.instrument
    instrument = Instrument(about.symbol, Decimal(str(about.tick)), step=1)
    places = places_of(map(astuple, market.venues()), about.tick)
    path = DecisionPath(1, places, FixedPolicy(Tactic.CROSS), UniformForecaster())
    effective = resolve(load("default"), Scope(symbol=about.symbol))
    limit_path(path, effective, instrument)
    return path, instrument
