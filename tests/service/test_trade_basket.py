"""Baskets: read line by line, every mistake told with its line and column; traded, staged, killed and gone on with."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.market.preset import load
from nowake.oms.conserve import differences
from nowake.oms.states import State
from nowake.service import trade_files as files
from nowake.service.control_wire import Asked
from nowake.service.trade import trade
from nowake.service.trade_basket import MOST, Line, read_basket
from nowake.service.trade_begin import WARM_UP, Wanted

from .trade_world import held, wanted

MIDCAP = load("midcap")


def write(folder: Path, text: str, name: str = "rebalance.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(folder: Path, text: str) -> tuple[Line, ...]:
    return read_basket(write(folder, text), MIDCAP, WARM_UP)


def test_every_column_says_its_part_and_what_is_empty_is_usual(tmp_path: Path) -> None:
    one, two, three = read(
        tmp_path,
        "\ufeffside,qty,start,end,horizon,limit,algo,client,account\r\n"
        "buy,2000,,,10m,50.25,pov 0.1,c-1,red\r\n"
        "SELL,500,5m,10:20,,,,,\r\n"
        '"buy",100,10:30,,1h,,ow 5,c-3,blue\r\n',
    )
    assert one == Line(Side.BUY, 2_000, 600.0, 0.0, 5_025, "pov", 0.0, 0.1, "c-1", "red", 2)
    assert two == Line(Side.SELL, 500, 900.0, 300.0, 0, "ac", 2.0, None, "", "fund", 3)
    assert three == Line(Side.BUY, 100, 3_600.0, 1_800.0, 0, "ow", 5.0, None, "c-3", "blue", 4)


GOOD = "buy,100,10m"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 (expected the columns side, qty, horizon or end too, got none)"),
        ("side,qty,horizon\n", f"1 to {MOST} orders below the line of columns, got 0"),
        ("side,qty,horizon\n" + f"{GOOD}\n" * (MOST + 1), f"got {MOST + 1}"),
        ("side,quantity,horizon\n" + GOOD, "line 1, column 'quantity'"),
        ("side,qty,qty,horizon\n", "each once, got 'qty'"),
        ("side,horizon\nbuy,10m", "the columns qty too"),
        ("side,qty\nbuy,10", "horizon or end too"),
        (f"side,qty,horizon\n{GOOD}\nbuy,100", "line 3 (expected 3 cells, as there are columns, got 2)"),
        (f"side,qty,horizon\n{GOOD}\n\n{GOOD}", "line 3 (expected 3 cells, as there are columns, got 0)"),
        (f"side,qty,horizon\n{GOOD}\nbye,100,10m", "line 3, column side (expected buy or sell, got 'bye')"),
        ("side,qty,horizon\nbuy,,10m", "line 2, column qty (expected a whole number of shares above 0, got nothing)"),
        ("side,qty,horizon\nbuy,-5,10m", "column qty (expected a whole number of shares above 0, got '-5')"),
        ("side,qty,horizon\nbuy,1.5,10m", "got '1.5'"),
        ("side,qty,horizon\nbuy,0,10m", "a whole number from 1 to 2147483647, got '0'"),
        ("side,qty,horizon\nbuy,9999999999,10m", "a whole number from 1 to 2147483647"),
        ("side,qty,horizon\nbuy,1,soon", "column horizon (expected a duration like 90s or 4h, got 'soon')"),
        ("side,qty,horizon\nbuy,1,30s", "column horizon (expected 60 s from the start of the order or later"),
        ("side,qty,end\nbuy,1,09:59", "column end (expected 60 s from the start of the order or later, got '09:59')"),
        ("side,qty,end\nbuy,1,noon", "column end (expected a local time like 10:30, got 'noon')"),
        ("side,qty,end,horizon\nbuy,1,,", "column horizon or end (expected one of them, got neither)"),
        ("side,qty,end,horizon\nbuy,1,11:00,1h", "got '11:00' and '1h'"),
        ("side,qty,horizon,start\nbuy,1,1h,09:45", "column start (expected a time from the start of the trade on"),
        ("side,qty,horizon,start\nbuy,1,1h,x", "column start (expected a duration like 90s or 4h, or 10:30, got 'x')"),
        ("side,qty,horizon,limit\nbuy,1,1h,50.005", "column limit (expected a price in currency, in whole ticks"),
        ("side,qty,horizon,limit\nbuy,1,1h,nan", "column limit"),
        ("side,qty,horizon,limit\nbuy,1,1h,1e400", "column limit (expected a price above 0, below 2^40 ticks, got"),
        ("side,qty,horizon\nbuy,1," + "9" * 400 + "h", "column horizon (expected a duration like 90s or 4h, got"),
        ("side,qty,horizon,limit\nbuy,1,1h,-1", "column limit (expected a price above 0, below 2^40 ticks, got '-1')"),
        ("side,qty,horizon,algo\nbuy,1,1h,twop", "column algo (expected one of twap, vwap, pov, ac, ow, got 'twop')"),
        ("side,qty,horizon,algo\nbuy,1,1h,adaptive", "column algo"),
        ("side,qty,horizon,algo\nbuy,1,1h,pov 1.5", "a number of its own"),
        ("side,qty,horizon,algo\nbuy,1,1h,twap 2", "a number of its own"),
        ("side,qty,horizon,algo\nbuy,1,1h,ac x", "a number of its own"),
        ("side,qty,horizon,client\nbuy,1,1h,a b", "column client (expected 1 to 64 letters"),
        ("side,qty,horizon,client\nbuy,1,1h,all", "column client"),
        ("side,qty,horizon,client\nbuy,1,1h,a\nbuy,1,1h,a", "line 3, column client (expected an id of its own"),
        ('side,qty,horizon,account\nbuy,1,1h,"a,b"', "column account"),
        ('side,qty,horizon\n"buy,1,1h', "a CSV file in UTF-8"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_its_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)


def test_a_file_that_is_no_text_and_a_name_that_is_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"side,qty\xff")
    with pytest.raises(InputError, match="a CSV file in UTF-8"):
        read_basket(tmp_path / "b.csv", MIDCAP, WARM_UP)
    with pytest.raises(InputError, match="a file whose name can name a basket"):
        read_basket(write(tmp_path, "", "all.csv"), MIDCAP, WARM_UP)


def of(journal: Path, *lines: Line, **more: Any) -> Wanted:
    """A basket of small orders that is worked as fast as market and trader can."""
    return replace(wanted(journal), basket="rebalance", lines=lines, **more)


def line(side: Side, quantity: int, number: int, **more: Any) -> Line:
    return replace(Line(side, quantity, 120.0, strategy="twap", urgency=0.0, number=number), **more)


LINES = (
    line(Side.BUY, 1_000, 2, account="red"), line(Side.SELL, 400, 3, start=30.0, client="mine"),
    line(Side.BUY, 300, 4, strategy="pov"),
)  # fmt: skip


class Says:
    """An attendant that says a control once, when the market has run `after` s since it came."""

    def __init__(self, trader: Any, watch: Any, after: float, *said: Asked) -> None:
        self.trader, self.watch, self.after, self.said = trader, watch, after, list(said)
        self.since, self.answers = trader.now(), list[Any]()

    def files(self) -> tuple[int, ...]:
        return ()

    def attend(self, _: object, now: int) -> None:
        if self.said and now - self.since >= self.after * 1e9:
            self.answers += [self.watch.controls.apply(one) for one in self.said]
            self.said.clear()

    def end(self) -> None:
        pass


def check(journal: Path) -> Any:
    oms = held(journal)
    assert differences(oms) == []
    assert not oms.open
    assert oms.quarantined == 0
    return oms


def test_a_basket_is_traded_with_a_result_for_every_order(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    found = trade(of(journal, *LINES))
    oms = check(journal)
    assert found["conserved"]
    assert found["basket"] == "rebalance"
    assert [one.name for one in oms.baskets.values()] == ["rebalance"]
    assert [(one["client"], one["side"], one["qty"], one["filled"]) for one in found["orders"]] == [
        ("trade-1-1", "buy", 1_000, 1_000), ("mine", "sell", 400, 400), ("trade-1-3", "buy", 300, 300)
    ]  # fmt: skip
    assert (oms.position("red", "MIDC"), oms.position("fund", "MIDC")) == (1_000, -100)
    parents = list(oms.parents.values())
    assert parents[1].start - parents[0].start == 30 * 10**9
    for name in ("children", "filled"):
        assert sum(row[name] for row in found["venues"]) == sum(one[name] for one in found["orders"])
    assert all(one["vwap"] > 0 and one["arrival_price"] > 0 for one in found["orders"])
    again = trade(of(journal, LINES[0]))
    assert again["basket"] == "rebalance-2"
    with pytest.raises(InputError, match=r"basket rebalance, line 3: client id 'mine' .*the journal does not have"):
        trade(of(journal, *LINES))
    with pytest.raises(InputError, match=r"basket rebalance, line 9: an order that can never fill: max_participation"):
        trade(of(journal, LINES[0], line(Side.BUY, 500_000, 9)))
    with pytest.raises(InputError, match="a name that is no client id"):
        trade(of(journal, line(Side.BUY, 100, 2, client="rebalance")))


def test_a_staged_basket_waits_sends_nothing_and_trades_once_it_is_released(tmp_path: Path) -> None:
    journal, said = tmp_path / "j.db", list[Says]()

    def staff(trader: Any, watch: Any) -> list[Any]:
        said.append(Says(trader, watch, 20.0, Asked("release-order", "rebalance", "", "ann", "agreed")))
        return said

    found = trade(of(journal, *LINES, staged=True, speed=1_000.0), staff)
    assert [answer.done for answer in said[0].answers] == [True]
    oms = check(journal)
    first = oms.parents[oms.clients["trade-1-1"]]
    assert first.end - first.start == pytest.approx(100 * 10**9, abs=2 * 10**9)
    assert all(child.time >= first.start for child in oms.children.values())
    assert [one["status"] for one in found["orders"]] == ["filled"] * 3


def test_a_staged_order_does_not_fly_and_what_nobody_releases_expires(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    with pytest.raises(InputError, match="a time in which it can be released, got --speed max") as refused:
        trade(wanted(journal, staged=True))
    assert "choose a speed" in (refused.value.hint or "")
    assert list(tmp_path.iterdir()) == []
    found = trade(wanted(journal, staged=True, horizon=60.0, speed=2_000.0))
    assert (found["parent"]["status"], found["parent"]["children"]) == ("expired", 0)
    assert found["conserved"]


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from dataclasses import replace
from pathlib import Path
from tests.service.test_trade_basket import LINES, Says, of
from nowake.service.control_wire import Asked
from nowake.service.trade import trade
class Dies(Says):
    def attend(self, news, now):
        super().attend(news, now)
        if not self.said and now - self.since >= {dies} * 1e9:
            os.kill(os.getpid(), signal.SIGKILL)
said = [Asked(*one) for one in {said!r}]
trade(of(Path({journal!r}), *LINES, staged=True, speed=60.0), lambda t, w: [Dies(t, w, 2.0, *said)])
"""


@pytest.mark.parametrize("released", [False, True])
def test_a_killed_basket_goes_on_where_it_stood_staged_or_released(tmp_path: Path, released: bool) -> None:
    journal = tmp_path / "j.db"
    said = [("release-order", "mine", "", "ann", "agreed")] if released else []
    dies = 60 if released else 5
    code = KILLED.format(tests=str(Path(__file__).parents[2]), journal=str(journal), said=said, dies=dies)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    oms = held(journal)
    states = [State(one.state) for one in oms.parents.values()]
    assert [state == State.STAGED for state in states] == [True, not released, True]
    before = {one.client: one.filled for one in oms.parents.values()}
    with pytest.raises(InputError, match="and 2 more"):
        trade(of(journal, *LINES))  # not staged: another trade
    with pytest.raises(InputError, match="got --speed max"):
        trade(of(journal, *LINES, staged=True))
    told, later = list[str](), list[Says]()

    def staff(trader: Any, watch: Any) -> list[Any]:
        later.append(Says(trader, watch, 1.0, Asked("release-order", "rebalance", "", "bob", "go on")))
        return later

    found = trade(of(journal, *LINES, staged=True, speed=1_000.0), staff, told.append)
    assert told[0].startswith("goes on with order 1-1-")
    assert later[0].answers[0].done
    oms = check(journal)
    assert len(oms.baskets) == 1
    assert len(files.folders(journal)) == 1
    assert [one["filled"] for one in found["orders"]] == [1_000, 400, 300]
    assert all(one["filled"] >= before[one["client"]] for one in found["orders"])
    assert all(one["vwap"] > 0 for one in found["orders"])


def test_what_is_left_of_a_basket_is_cancelled_before_another_order(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"

    def fail(trader: Any, watch: Any) -> list[Any]:
        raise RuntimeError("no terminal")

    with pytest.raises(RuntimeError, match="no terminal"):
        trade(of(journal, *LINES, staged=True, speed=1_000.0), fail)
    assert len(files.unfinished(held(journal))) == 3
    found = trade(wanted(journal, quantity=200, horizon=60.0, unfinished="cancel"))
    assert found["parent"]["filled"] == 200
    states = [State(one.state) for one in check(journal).parents.values()]
    assert states == [State.CANCELED] * 3 + [State.FILLED]
