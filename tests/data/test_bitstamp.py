import json
import os
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.data.reader import open_reader

HEADER = "id,timestamp,exchange.timestamp,price,volume,action,direction\n"
T = 1_430_438_404_518


def _csv(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "".join(r + "\n" for r in rows))
    return path


def _row(order: int, ms: int, price: str, volume: int, action: str, direction: str) -> str:
    return f"{order},{T + ms},{T},{price},{volume},{action},{direction}"


def _log(tmp_path: Path, *lines: tuple[int, str, dict[str, object]]) -> Path:
    path = tmp_path / "x.log"
    path.write_text("".join(f"{T + ms} {name} {json.dumps(data)}\n" for ms, name, data in lines))
    return path


def _order(order: int, side: int, price: str, amount: str) -> dict[str, object]:
    return {"price": price, "amount": amount, "datetime": "1", "id": order, "order_type": side}


def _read(reader) -> np.ndarray:
    return np.concatenate([c.events for c in reader.chunks()])


FIELDS = ["kind", "order_id", "side", "price", "quantity", "flags"]
LAST, QUIET, PRICED = int(Flag.LAST), int(Flag.LAST | Flag.UNPRINTED), int(Flag.LAST | Flag.UNPRINTED | Flag.PRICED)


def test_maker_prints_taker_does_not(tmp_path: Path) -> None:
    path = _csv(
        tmp_path,
        _row(1, 0, "236.47", 500, "created", "ask"),
        _row(2, 10, "236.50", 200, "created", "bid"),
        _row(2, 20, "236.50", 0, "deleted", "bid"),
        _row(1, 22, "236.47", 300, "changed", "ask"),
        _row(1, 90, "236.47", 300, "deleted", "ask"),
    )
    reader = open_reader(path)
    assert _read(reader)[FIELDS].tolist() == [
        (Kind.ADD, 1, -1, 23_647, 500, LAST),
        (Kind.ADD, 2, 1, 23_650, 200, LAST),
        (Kind.EXECUTE, 2, 1, 23_647, 200, PRICED),
        (Kind.EXECUTE, 1, -1, 23_647, 200, LAST),
        (Kind.DELETE, 1, -1, 23_647, 300, LAST),
    ]
    assert reader.findings() == ()


def test_unknown_maker_takes_its_partners_amount(tmp_path: Path) -> None:
    path = _csv(
        tmp_path,
        _row(9, 0, "100.00", 500, "created", "bid"),
        _row(9, 5, "100.00", 400, "changed", "bid"),
        _row(3, 6, "100.00", 0, "deleted", "ask"),
    )
    assert _read(open_reader(path))[FIELDS].tolist()[1:] == [
        (Kind.EXECUTE, 9, 1, 10_000, 100, QUIET),
        (Kind.EXECUTE, 3, -1, 10_000, 100, LAST),
    ]


def test_change_of_price_is_a_replace_and_lonely_fills_are_counted(tmp_path: Path) -> None:
    path = _csv(
        tmp_path,
        _row(1, 0, "100.00", 500, "created", "bid"),
        _row(1, 5, "101.00", 490, "changed", "bid"),
        _row(1, 6, "101.00", 490, "changed", "bid"),
        _row(1, 7, "101.00", 90, "changed", "bid"),
        _row(5, 8, "101.00", 0, "deleted", "bid"),
    )
    reader = open_reader(path)
    assert _read(reader)[["kind", "quantity", "ref"]].tolist() == [
        (Kind.ADD, 500, 0),
        (Kind.REPLACE, 490, 1),
        (Kind.TICK, 0, 0),
        (Kind.EXECUTE, 400, 0),
        (Kind.DELETE, 0, 0),
    ]
    assert {r.id for r in reader.findings()} == {
        "order_changed_terms", "change_of_nothing", "fill_without_partner", "fill_of_unknown_size",
    }  # fmt: skip


def test_log_trades_are_counted_once(tmp_path: Path) -> None:
    path = _log(
        tmp_path,
        (0, "order_created", _order(1, 1, "236.47", "2.00000000")),
        (1, "order_created", _order(2, 0, "236.47", "0.50000000")),
        (2, "order_deleted", _order(2, 0, "236.47", "0.00000000")),
        (3, "order_changed", _order(1, 1, "236.47", "1.50000000")),
        (9, "trade", {"price": 236.47, "amount": 0.5, "id": 77}),
        (10, "trade", {"price": 236.46, "amount": 0.25, "id": 78}),
        (11, "order_book", {"bids": [], "asks": []}),
    )
    e = _read(open_reader(path))
    assert e["kind"].tolist() == [Kind.ADD, Kind.ADD, Kind.EXECUTE, Kind.EXECUTE, Kind.TICK, Kind.TRADE, Kind.TICK]
    printed = np.isin(e["kind"], (Kind.EXECUTE, Kind.TRADE)) & ((e["flags"] & Flag.UNPRINTED) == 0)
    assert e["quantity"][printed].tolist() == [50_000_000, 25_000_000]
    assert e["time"][0] == T * 1_000_000


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,2,3,4,5,created", "wrong number of columns"),
        ("1,2,3,4,5,made,bid", "column 6"),
        ("1,2,3,4,5,created,left", "column 7"),
        ("1,2,3,4,5.5,created,bid", "column 5"),
        ("1,x,3,4,5,created,bid", "column 2"),
        ("1,2,3,4.001,5,created,bid", "price"),
    ],
)
def test_bad_csv_rows_name_the_line(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        _read(open_reader(_csv(tmp_path, _row(1, 0, "1.00", 5, "created", "bid"), row)))
    assert caught.value.line == 3


@pytest.mark.parametrize("line", ["hello", "123 order_made {}", "123 order_created {", '123 trade {"id": 1}'])
def test_bad_log_lines_name_the_line(tmp_path: Path, line: str) -> None:
    path = _log(tmp_path, (0, "order_created", _order(1, 1, "236.47", "2")))
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError) as caught:
        _read(open_reader(path))
    assert caught.value.line == 2


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "rows", "printed"), [("orders.csv.xz", 50_414, 577), ("2015-05-01.log.xz", 56_000, 576)]
)
def test_real_files(name: str, rows: int, printed: int) -> None:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "bitstamp_l3_2015" / name
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no bitstamp_l3_2015")
    e = _read(open_reader(path))
    assert len(e) == rows
    fills = e[(e["kind"] == Kind.EXECUTE) & ((e["flags"] & Flag.UNPRINTED) == 0)]
    assert len(fills) == printed  # the log has 575 trades
    assert fills["quantity"].sum() / 1e8 == pytest.approx(847.657, abs=4)  # and 847.657 coins
