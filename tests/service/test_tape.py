"""The tape of a market: every quote and print, whose shares they were, what dealers said; it survives any cut."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.state import Preset, new_books
from nowake.core.board import PLACE, PlaceState, new_boards
from nowake.core.errors import DataError, InputError
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.records import QUOTE_PATH
from nowake.core.values import Side
from nowake.core.venue import Command, New, OrderStatus, QuoteAccept, QuoteRequest, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.feed_handler import hear_feed
from nowake.features.state import new_features
from nowake.service.tape import Overheard, TapeKeeper, Touches, prints_of
from nowake.service.tape_file import TALK, TAPE_PRINT, BlockKind, Header, Said, TapeWriter
from nowake.service.tape_reader import read_tape

from .journal_world import setup_of, traded

SMALL = Preset(levels=64, orders=256, trades=16)
OURS = 2**40
HEAD = Header("MIDC", "0.01", "America/New_York", (("ALPHA", "lit"), ("OPAL", "dark"), ("NORTH", "dealer")), 5)


def event(time: int, kind: Kind, venue: int = 0, *, oid: int = 1, price: int = 100, quantity: int = 10, side: int = 1,
          flags: int = 0) -> np.ndarray:  # fmt: skip
    row = np.zeros(1, EVENT)
    row["time"], row["kind"], row["instrument"], row["order_id"] = time, int(kind), venue, oid
    row["price"], row["quantity"], row["side"], row["flags"] = price, quantity, side, flags
    return row


class Twin:
    """The consolidated quote in plain Python: orders in a dictionary per venue."""

    def __init__(self, venues: int) -> None:
        self.orders: list[dict[int, list[int]]] = [{} for _ in range(venues)]

    def apply(self, e: np.void) -> None:
        book, oid = self.orders[int(e["instrument"])], int(e["order_id"])
        if oid >= OURS:
            return
        if e["kind"] == Kind.ADD:
            book[oid] = [int(e["side"]), int(e["price"]), int(e["quantity"])]
        elif e["kind"] in (Kind.DELETE, Kind.CANCEL, Kind.EXECUTE) and oid in book:
            book[oid][2] -= book[oid][2] if e["kind"] == Kind.DELETE else int(e["quantity"])
            if book[oid][2] <= 0:
                del book[oid]

    def quote(self) -> tuple[int, int, int, int]:
        def best(side: int) -> tuple[int, int]:
            prices = [price for book in self.orders for s, price, _ in book.values() if s == side]
            if not prices:
                return 0, 0
            top = max(prices) if side > 0 else min(prices)
            return top, sum(q for book in self.orders for s, price, q in book.values() if (s, price) == (side, top))

        (bid, bid_size), (ask, ask_size) = best(1), best(-1)
        return bid, ask, bid_size, ask_size


def quotes_of(rows: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(int(row[name]) for name in QUOTE_PATH.names or ()) for row in rows]


def at_each_time(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the last row of each time, where it differs from the one before."""
    last = {row[0]: row for row in rows}
    kept: list[tuple[int, ...]] = []
    for row in last.values():
        if not kept or kept[-1][1:] != row[1:]:
            kept.append(row)
    return kept


@st.composite
def feeds(draw: st.DrawFn) -> np.ndarray:
    """Events of three venues in order of time, own orders among them; bids below 100, offers above."""
    rows, live, time = [], [], 1000
    for oid in range(1, draw(st.integers(1, 40))):
        time += draw(st.integers(0, 2))
        if live and draw(st.booleans()):
            number, venue, left = live[draw(st.integers(0, len(live) - 1))]
            kind = draw(st.sampled_from([Kind.DELETE, Kind.CANCEL, Kind.EXECUTE]))
            rows.append(event(time, kind, venue, oid=number, quantity=draw(st.integers(1, left))))
        else:
            side, venue = draw(st.sampled_from([1, -1])), draw(st.integers(0, 2))
            number = oid + (OURS if draw(st.integers(0, 4)) == 0 else 0)
            size = draw(st.integers(1, 30))
            price = 100 - side * draw(st.integers(1, 3))
            rows.append(event(time, Kind.ADD, venue, oid=number, price=price, quantity=size, side=side))
            live.append((number, venue, size))
    return np.concatenate(rows) if rows else np.zeros(0, EVENT)


@settings(max_examples=60, deadline=None)
@given(feeds(), st.lists(st.integers(0, 40), max_size=5))
def test_quotes_are_those_of_plain_python_however_the_news_is_cut(events: np.ndarray, cuts: Sequence[int]) -> None:
    twin, expected = Twin(3), [(0, 0, 0, 0, 0)]
    for e in events:
        twin.apply(e)
        expected.append((int(e["time"]), *twin.quote()))
    touches = Touches(new_books(3, SMALL), [0, 1, 2], OURS)
    found = [(0, 0, 0, 0, 0)]
    for piece in np.split(events, sorted(cut for cut in cuts if cut < len(events))):
        if len(piece):
            found += quotes_of(touches.change(piece))
    assert at_each_time(found) == at_each_time(expected)


def test_quotes_of_a_real_run_are_those_of_the_desk() -> None:
    run = traded()
    tape = read_tape(run.journal.with_suffix(".tape"))
    lit = [k for k, (_, kind) in enumerate(tape.places) if kind == "lit"]
    touches, last, rows, start = (
        Touches(new_books(len(tape.places), setup_of(run.folder).books), lit, OURS),
        (0, 0),
        [],
        0,
    )
    for end, (_, bid, ask) in zip(run.ends, run.boards.tolist(), strict=True):
        if end > start:
            rows.append(touches.change(run.news[start:end]))
            last = (int(rows[-1]["bid"][-1]), int(rows[-1]["ask"][-1])) if len(rows[-1]) else last
        assert last == (bid, ask)
        start = end
    whole = at_each_time(quotes_of(np.concatenate(rows)))
    assert len(whole) > 1000
    kept = [row for row in at_each_time(quotes_of(tape.quotes)) if row[0] <= int(run.news["time"].max())]
    known = {row[0]: row for row in kept}
    same = sum(known.get(row[0]) == row for row in whole)
    assert same > 0.98 * len(whole)  # a late message of one venue counts in its place where more is taken in together


def test_quotes_of_a_real_run_are_those_of_the_desk_s_kernel_message_by_message() -> None:
    run = traded()
    tape = read_tape(run.journal.with_suffix(".tape"))
    n, lit = len(tape.places), [k for k, (_, kind) in enumerate(tape.places) if kind == "lit"]
    books, boards, features = new_books(n, setup_of(run.folder).books), kernel_view(new_boards(1)), new_features(1)
    boards[0]["places"] = n
    boards[0]["place"]["kind"][lit] = 1
    events = np.ascontiguousarray(run.news[np.argsort(run.news["time"], kind="stable")][:4000])
    expected, news = [], kernel_view(events)
    for k, e in enumerate(events):
        if hear_feed(books, boards, features, 0, 0, OURS, news, k, k + 1, int(e["time"])):
            expected.append(
                (int(e["time"]), *(int(boards[0][name]) for name in ("bid", "ask", "bid_size", "ask_size")))
            )
    touches = Touches(new_books(n, setup_of(run.folder).books), lit, OURS)
    assert at_each_time(quotes_of(touches.change(events))) == at_each_time(expected)


def test_a_venue_that_is_out_does_not_count() -> None:
    touches = Touches(new_books(2, SMALL), [0, 1])
    places = np.zeros(2, PLACE)
    assert quotes_of(touches.begin(places, 5)) == []
    news = np.concatenate([
        event(10, Kind.ADD, 0, oid=1, price=99), event(10, Kind.ADD, 1, oid=2, price=98),
        event(11, Kind.ADD, 1, oid=3, price=101, side=-1),
    ])  # fmt: skip
    assert quotes_of(touches.change(news))[-1] == (11, 99, 101, 10, 10)
    assert not touches.moved(places)
    assert len(touches.states(places, 12)) == 0
    places["state"][0] = int(PlaceState.HALTED)
    assert touches.moved(places)
    assert quotes_of(touches.states(places, 13)) == [(13, 98, 101, 10, 10)]
    assert len(touches.change(event(14, Kind.ADD, 0, oid=4, price=100))) == 0
    places["state"][0] = int(PlaceState.UP)
    assert quotes_of(touches.states(places, 15)) == [(15, 100, 101, 10, 10)]


def test_a_book_that_is_emptied_by_the_first_message_of_a_batch_is_empty() -> None:
    touches = Touches(new_books(1, SMALL), [0])
    assert quotes_of(touches.change(event(10, Kind.ADD))) == [(10, 100, 0, 10, 0)]
    assert quotes_of(touches.change(event(11, Kind.DELETE))) == [(11, 0, 0, 0, 0)]


def test_prints_say_whose_shares_hidden_half_and_taker() -> None:
    news = np.concatenate([
        event(10, Kind.ADD), event(11, Kind.EXECUTE, oid=1, quantity=4, side=1),
        event(12, Kind.EXECUTE, oid=OURS + 7, quantity=5, side=-1),
        event(13, Kind.TRADE, 1, oid=0, quantity=6, side=0, flags=int(Flag.HALF | Flag.DARK)),
        event(13, Kind.HIDDEN, oid=0, quantity=7, side=-1), event(14, Kind.CROSS, oid=0, quantity=8, side=0),
        event(15, Kind.ADD, oid=9, flags=int(Flag.SNAPSHOT)), event(15, Kind.TRADE, oid=0, price=0),
    ])  # fmt: skip
    rows = prints_of(news, OURS)
    assert rows["quantity"].tolist() == [4, 5, 6, 7, 8]
    assert rows["own"].tolist() == [0, 5, 0, 0, 0]
    assert rows["price2"].tolist() == [200, 200, 201, 200, 200]
    assert rows["side"].tolist() == [-1, 1, 0, 1, 0]
    assert rows["hidden"].tolist() == [0, 0, 1, 1, 0]
    assert rows["venue"].tolist() == [0, 0, 1, 0, 0]
    assert rows["flags"][4] & Flag.AUCTION
    assert len(prints_of(news[:1], OURS)) == 0


def test_every_print_of_a_real_run_is_there() -> None:
    run = traded()
    tape = read_tape(run.journal.with_suffix(".tape"))
    kinds = (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)
    told = run.news[np.isin(run.news["kind"], [int(kind) for kind in kinds])]
    assert len(tape.prints) >= len(told) > 100  # those of the time in which it stopped too
    assert tape.prints["quantity"][: len(told)].sum() == told["quantity"].sum()
    assert (np.diff(tape.prints["time"]) >= 0).all()
    assert (np.diff(tape.quotes["time"]) >= 0).all()


# the file


def rows(n: int, first: int = 10) -> np.ndarray:
    made = np.zeros(n, TAPE_PRINT)
    made["time"], made["quantity"], made["price2"] = np.arange(first, first + n), 1 + np.arange(n), 200
    return made


def write(path: Path, n: int = 5, started: int = 5) -> TapeWriter:
    writer = TapeWriter(path, Header(HEAD.symbol, HEAD.tick, HEAD.timezone, HEAD.places, started))
    for row in rows(n, started + 1):
        writer.put(BlockKind.PRINTS, np.array([row]))
        writer.flush()
    return writer


def test_a_tape_that_is_cut_anywhere_keeps_its_whole_blocks_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t.tape"
    write(path).close()
    data = path.read_bytes()
    cut = tmp_path / "cut.tape"
    seen = set()
    for end in range(1, len(data)):
        cut.write_bytes(data[:end])
        try:
            found = read_tape(cut)
        except DataError:
            assert end < 24 + 400  # not even a header
            continue
        n = len(found.prints)
        seen.add(n)
        assert found.prints["quantity"].tolist() == list(range(1, n + 1))
        if end % 37 == 0:
            write(cut, 2, 100).close()
            again = read_tape(cut)
            assert (again.torn, len(again.prints)) == (0, n + 2)
            assert again.sessions[1].cut == found.torn
    assert seen == set(range(5))
    assert read_tape(path).torn == 0


def test_a_changed_byte_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "t.tape"
    write(path).close()
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="damaged block") as told:
        read_tape(path)
    assert told.value.offset is not None
    assert told.value.offset > len(data) // 2
    with pytest.raises(DataError, match="damaged block"):
        TapeWriter(path, HEAD)
    path.write_bytes(b"something else altogether, and longer than a block's head")
    with pytest.raises(DataError, match="not a block of a tape"):
        read_tape(path)


def test_sessions_follow_each_other_with_a_gap_and_their_own_places(tmp_path: Path) -> None:
    path = tmp_path / "t.tape"
    write(path, 3, 5).close()
    places = (("NORTH", "dealer"), ("ALPHA", "lit"), ("NEW", "lit"))
    with_other = TapeWriter(path, Header("MIDC", "0.01", "America/New_York", places, 50))
    more = rows(1, 60)
    more["venue"] = 2
    with_other.put(BlockKind.PRINTS, more)
    with_other.close()
    found = read_tape(path)
    assert [name for name, _ in found.places] == ["ALPHA", "OPAL", "NORTH", "NEW"]
    assert found.prints["venue"].tolist() == [0, 0, 0, 3]
    assert found.gaps == ((8, 50),)
    assert found.row_of("NORTH") == 2
    assert found.row_of("NOBODY") == -1
    TapeWriter(path, Header("LARG", "0.01", "America/New_York", places, 90)).close()
    with pytest.raises(DataError, match="session of a tape"):
        read_tape(path)


def test_a_print_that_is_taken_back_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "t.tape"
    writer = TapeWriter(path, HEAD)
    told = rows(4)
    told["quantity"] = 7
    told["venue"] = [0, 0, 1, 0]
    told["flags"][3] = int(Flag.BROKEN)
    writer.put(BlockKind.PRINTS, told)
    writer.close()
    assert (read_tape(path).prints["flags"] & int(Flag.BROKEN) != 0).tolist() == [False, True, False, True]


def test_one_writer_at_a_time_and_no_tape_is_no_tape(tmp_path: Path) -> None:
    writer = write(tmp_path / "t.tape")
    with pytest.raises(InputError, match="one writer"):
        TapeWriter(tmp_path / "t.tape", HEAD)
    writer.close()
    with pytest.raises(InputError, match="nothing there"):
        read_tape(tmp_path / "none.tape")
    (tmp_path / "empty.tape").write_bytes(b"")
    with pytest.raises(DataError, match="a header"):
        read_tape(tmp_path / "empty.tape")


def test_a_full_disk_ends_the_tape_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = write(tmp_path / "t.tape", 2)
    with monkeypatch.context() as full:

        def refuse(*_: Any) -> int:
            raise OSError(28, "No space left on device")

        full.setattr("nowake.service.tape_file.os.write", refuse)
        writer.put(BlockKind.PRINTS, rows(3))
        writer.flush()
    assert "No space" in writer.failed
    writer.put(BlockKind.PRINTS, rows(3))
    writer.close()
    assert len(read_tape(tmp_path / "t.tape").prints) == 2


# dealers


class Dealers:
    """A venue that keeps what it is sent, and says what it is told to."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.said: list[VenueEvent] = []

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def events(self) -> Sequence[VenueEvent]:
        new, self.said = self.said, []
        return new

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:  # noqa: ARG002
        return []


def test_what_dealers_are_asked_and_say_passes_unchanged_and_is_kept(tmp_path: Path) -> None:
    writer, venue = TapeWriter(tmp_path / "t.tape", HEAD), Dealers()
    heard = Overheard(venue, ["ALPHA", "OPAL", "NORTH"], writer, lambda: 20)
    sent: list[Command] = [
        New(1, Side.BUY, 10, 100, "ALPHA"), QuoteRequest(2, Side.BUY, 50, ("NORTH",)), QuoteAccept(2, 9)
    ]  # fmt: skip
    said = [
        VenueEvent(21, "ack", 1, "ALPHA"), VenueEvent(22, "quote", 2, "NORTH", 100.5, 50, quote_id=9),
        VenueEvent(24, "fill", 2, "NORTH", 100.5, 50, quote_id=9), VenueEvent(25, "fill", 1, "ALPHA", 100.0, 10),
    ]  # fmt: skip
    for command in sent[:2]:
        heard.send(command)
    venue.said = said[:2]
    assert heard.events() == said[:2]
    heard.send(sent[2])
    venue.said = said[2:]
    assert heard.events() == said[2:]
    assert heard.status() == []
    assert venue.sent == sent
    writer.close()
    kept = read_tape(tmp_path / "t.tape").talk
    assert kept.dtype == TALK
    assert [(int(k["time"]), Said(int(k["said"])), int(k["price2"]), int(k["quantity"])) for k in kept] == [
        (20, Said.ASKED, 0, 50), (20, Said.ACCEPTED, 201, 0), (22, Said.QUOTED, 201, 50), (24, Said.FILLED, 201, 50)
    ]  # fmt: skip
    assert set(kept["venue"].tolist()) == {2}


def test_a_keeper_without_a_disk_warns_once_and_lets_the_trader_go_on(tmp_path: Path) -> None:
    from types import SimpleNamespace

    board = new_boards(1)[0]
    place = SimpleNamespace(name="ALPHA", kind=1)
    desk = SimpleNamespace(board=board, books=new_books(1, SMALL), venue=Dealers(), names=["ALPHA"], now=7)
    trader: Any = SimpleNamespace(
        desk=desk, path=SimpleNamespace(places=[place]), setup=setup_of(tmp_path), now=lambda: 7
    )
    keeper = TapeKeeper(trader, tmp_path / "t.tape")
    assert isinstance(desk.venue, Overheard)
    assert keeper.files() == ()
    keeper.attend(event(10, Kind.ADD), 11)
    board["place"]["state"][0] = int(PlaceState.OUTAGE)
    keeper.attend(event(11, Kind.ADD, oid=8, price=99), 12)
    keeper.writer.failed = "the disk is full"
    keeper.attend(event(12, Kind.ADD, oid=2, price=101), 13)
    keeper.attend(event(12, Kind.ADD, oid=3, price=101), 13)
    keeper.writer.failed = ""
    keeper.end()
    keeper.end()
    assert quotes_of(read_tape(tmp_path / "t.tape").quotes) == [(10, 100, 0, 10, 0), (12, 0, 0, 0, 0)]
