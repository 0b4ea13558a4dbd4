"""The outside data set: every field of orders and events comes back from the tables, and its costs by other means."""

import csv
import os
from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.tca.check import check_tables
from nowake.tca.study import Asked, analyse_tables
from nowake.tca.tables import Tables
from nowake.tca.tcapy import ORDER_FIELDS, TRADE_FIELDS, read_tcapy

DATA = Path(os.environ.get("NOWAKE_DATA", "")) / "tca_tcapy"
ORDERS, TRADES = DATA / "small_test_order_df.csv", DATA / "small_test_trade_df.csv"
real = pytest.mark.skipif(
    not os.environ.get("NOWAKE_DATA") or not ORDERS.exists(), reason="NOWAKE_DATA has no tca_tcapy"
)
HALF = 0.5e-12


def order(**cells: str) -> dict[str, str]:
    first, last = "2017-04-25 07:00:00+00:00", "2017-04-25 09:00:00.5+00:00"
    base = {
        "date": first, "account_id": "a1", "algo_id": "twap", "algo_settings": "default", "arrival_price": "1.1",
        "benchmark_date_end": last, "benchmark_date_start": first, "broker_id": "b1", "broker_sub_id": "s1",
        "id": "o1", "notional": "1000", "notional_currency": "EUR", "portfolio_id": "p1",
        "portfolio_manager_id": "m1", "price_limit": "1.1", "side": "1", "ticker": "EURUSD", "trader_id": "t1",
    }  # fmt: skip
    return base | cells


def event(kind: str, **cells: str) -> dict[str, str]:
    base = {name: order().get(name, "") for name in TRADE_FIELDS}
    base |= {
        "ancestor_pointer_id": "o1", "event_type": kind, "executed_notional": "0", "executed_price": "0.0",
        "market_bid": "1.0999", "market_ask": "1.1001", "market_mid": "1.1", "order_notional": "1000", "venue": "v1",
    }  # fmt: skip
    return base | cells


@pytest.fixture
def write(tmp_path):
    def make(orders: list[dict[str, str]], events: list[dict[str, str]]) -> tuple[Path, Path]:
        for name, fields, rows in (("orders.csv", ORDER_FIELDS, orders), ("trades.csv", TRADE_FIELDS, events)):
            with (tmp_path / name).open("w", newline="") as out:
                writer = csv.DictWriter(out, fields)
                writer.writeheader()
                writer.writerows(rows)
        return tmp_path / "orders.csv", tmp_path / "trades.csv"

    return make


TRADED = {"id": "e2", "date": "2017-04-25 07:00:05.25+00:00", "executed_notional": "600", "executed_price": "1.1002",
          "market_bid": "1.1000", "market_ask": "1.1002"}  # fmt: skip
LAST = {"id": "e3", "date": "2017-04-25 08:00:00+00:00", "market_bid": "1.1009", "market_ask": "1.1011"}


def test_a_small_file_by_hand(write) -> None:
    paths = write([order()], [event("placement", id="e1"), event("trade", **TRADED), event("cancel", **LAST)])
    found = analyse_tables(read_tcapy(*paths))
    row = found.rows[0]
    assert found.adds_up
    assert (row.parent.quantity, row.filled, len(found.tables.children)) == (1000, 600, 3)
    want = {"spread": 600 * 0.0001, "timing": 600 * 0.0001, "opportunity": 400 * 0.001, "delay": 0.0, "impact": 0.0}
    for name, money in want.items():
        assert row.exact.money()[name] == pytest.approx(money, abs=1e-12), name
    assert row.values["first_fill_s"] == 5.25
    assert row.values["effective_spread_bps"] == pytest.approx(2 * 0.0001 / 1.1001 * 1e4)
    assert row.values["estimated_share"] == 1.0
    assert row.notional == pytest.approx(1100.0)
    assert row.values["markout_10s_bps"] is None


def test_a_notional_in_the_second_currency_is_worth_itself(write) -> None:
    paths = write([order(notional_currency="USD")], [event("placement", id="e1"), event("trade", **TRADED)])
    row = analyse_tables(read_tcapy(*paths)).rows[0]
    assert row.notional == pytest.approx(1000.0)


@pytest.mark.parametrize(
    ("orders", "events", "words"),
    [
        ({"side": "2"}, {}, r"orders.csv:2: side \(expected 1 or -1, got '2'\)"),
        ({"notional": "-5"}, {}, "notional .expected a whole number from 0, got '-5'"),
        ({"arrival_price": "dear"}, {}, "arrival_price .expected a price"),
        ({"benchmark_date_start": "yesterday"}, {}, "benchmark_date_start .expected a date and time"),
        ({"benchmark_date_start": "2017-04-25 07:00:00"}, {}, "a time with its offset"),
        ({"notional_currency": "CHF"}, {}, "a currency that a pair of the file values"),
        ({"ticker": "EUR"}, {}, "a currency pair of six letters"),
        ({}, {"event_type": "fill"}, "trades.csv:2: event_type .expected one of placement"),
        ({}, {"executed_notional": "5"}, "0 for every other event"),
        ({}, {"market_bid": "-1"}, "a price above 0"),
    ],
)
def test_bad_cells_are_refused_with_their_place(write, orders, events, words) -> None:
    paths = write([order(**orders)], [event("placement", id="e1") | events])
    with pytest.raises(DataError, match=words):
        read_tcapy(*paths)


def test_files_that_are_none_are_refused(tmp_path, write) -> None:
    paths = write([order()], [event("placement", id="e1")])
    with pytest.raises(DataError, match="a readable CSV file"):
        read_tcapy(tmp_path / "none.csv", paths[1])
    with pytest.raises(DataError, match="header"):
        read_tcapy(paths[1], paths[0])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as text:
        return list(csv.DictReader(text))


def ns(text: str) -> int:
    return round(Decimal(datetime.fromisoformat(text).timestamp()).quantize(Decimal("0.000001")) * 10**9)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return check_tables(read_tcapy(ORDERS, TRADES))


@real
@pytest.mark.realdata
def test_the_fields_of_every_order_come_back(tables) -> None:
    orders = rows_of(ORDERS)
    assert len(orders) == len(tables.parents) == 322
    for want, got in zip(orders, tables.parents, strict=True):
        assert (got.order_id, got.symbol, int(got.side)) == (want["id"], want["ticker"], int(want["side"]))
        assert got.quantity == int(want["notional"])
        assert (got.account, got.algo, got.desk, got.model) == tuple(
            want[name] for name in ("account_id", "algo_id", "portfolio_id", "broker_id")
        )
        assert (got.decided, got.start) == (ns(want["date"]), ns(want["benchmark_date_start"]))
        assert got.end == ns(want["benchmark_date_end"])
        assert got.arrival2 / 2 * 1e-12 == pytest.approx(float(want["arrival_price"]), abs=HALF)


@real
@pytest.mark.realdata
def test_the_fields_of_every_event_come_back(tables) -> None:
    events = rows_of(TRADES)
    assert len(events) == len(tables.children) == 660
    fills = {int(row["child"]): row for row in tables.fills}
    quotes = {int(row["seq"]): row for tape in tables.tapes.values() for row in tape.quotes}
    assert Counter(child.order_kind for child in tables.children) == {
        "placement": 322, "trade": 326, "cancel/replace": 11, "cancel": 1,
    }  # fmt: skip
    for i, (want, got) in enumerate(zip(events, tables.children, strict=True)):
        assert (got.child_id, got.parent_id) == (want["id"], want["ancestor_pointer_id"])
        assert (got.venue, got.order_kind, got.sent) == (want["venue"], want["event_type"], ns(want["date"]))
        assert got.filled == int(want["executed_notional"])
        quote = quotes[i + 1]
        assert quote["bid"] * 1e-12 == pytest.approx(float(want["market_bid"]), abs=HALF)
        assert quote["ask"] * 1e-12 == pytest.approx(float(want["market_ask"]), abs=HALF)
        # The file keeps mids in single precision.
        assert (quote["bid"] + quote["ask"]) / 2e12 == pytest.approx(float(want["market_mid"]), rel=2e-7)
        if got.filled:
            assert fills[i]["price2"] / 2e12 == pytest.approx(float(want["executed_price"]), abs=HALF)


@real
@pytest.mark.realdata
def test_arrival_is_the_mid_of_the_placement(tables) -> None:
    """The file's arrival price is the mid that its own placement event saw: the linkage of parents and children."""
    first = {}
    for child in tables.children:
        first.setdefault(child.parent_id, child)
    quotes = {int(row["seq"]): row for tape in tables.tapes.values() for row in tape.quotes}
    for parent in tables.parents:
        placed = first[parent.order_id]
        assert (placed.order_kind, placed.sent) == ("placement", parent.start)
        quote = quotes[placed.seqs[0]]
        assert (int(quote["bid"]) + int(quote["ask"])) == pytest.approx(parent.arrival2, rel=2e-7)


@real
@pytest.mark.realdata
def test_costs_are_those_of_plain_arithmetic(tables) -> None:
    found = analyse_tables(tables, Asked("algo"))
    assert found.adds_up
    trades = defaultdict(list)
    for row in rows_of(TRADES):
        if row["event_type"] == "trade":
            trades[row["ancestor_pointer_id"]].append(row)
    complete = 0
    for want, row in zip(rows_of(ORDERS), found.rows, strict=True):
        own = trades[want["id"]]
        quantity = sum(int(one["executed_notional"]) for one in own)
        assert row.filled == quantity
        complete += quantity == int(want["notional"])
        if not own:
            assert row.values["arrival_slippage_bps"] is None
            continue
        paid = sum(int(one["executed_notional"]) * float(one["executed_price"]) for one in own) / quantity
        arrival, side = float(want["arrival_price"]), int(want["side"])
        assert row.values["arrival_slippage_bps"] == pytest.approx(side * (paid - arrival) / arrival * 1e4, abs=1e-6)
        crossed = [
            side * (float(o["executed_price"]) - (float(o["market_bid"]) + float(o["market_ask"])) / 2) for o in own
        ]
        wide = (
            sum(int(o["executed_notional"]) * (float(o["market_ask"]) - float(o["market_bid"])) for o in own) / quantity
        )
        assert row.values["quoted_spread_bps"] == pytest.approx(wide / arrival * 1e4, rel=0.01)
        money = sum(c * int(o["executed_notional"]) for c, o in zip(crossed, own, strict=True))
        assert row.exact.money()["spread"] == pytest.approx(money, rel=1e-6, abs=1e-4)
    assert complete == 318
    assert sum(len(group.orders) for group in found.grouping.groups) == 322


@real
@pytest.mark.realdata
def test_simulated_orders_are_not_told_apart(tables) -> None:
    """Six algorithms and four venues were drawn at random: a study that named a winner would be wrong."""
    for by, cluster in (("algo", "day"), ("algo", "order"), ("account", "day"), ("venue", "day")):
        found = analyse_tables(tables, Asked(by, cluster=cluster))
        rows = found.grouping.groups if found.grouping else found.venues
        assert {row.verdict for row in rows} == {"not told apart"}
        assert all(row.q > 0.05 for row in rows)
    assert np.isfinite([group.versus.low for group in analyse_tables(tables, Asked("algo")).grouping.groups]).all()
