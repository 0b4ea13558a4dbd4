"""`nowake fit microprice` and `fit ofi`: fitted to a touch that moves where the heavier side pushes it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def pushed(tmp_path: Path) -> Path:
    """A LOBSTER day whose touch, a step wide, moves up after a heavy bid in four of five cases, else down."""
    rng, lines, price, number = np.random.default_rng(5), [], 1_000_000, 0
    live: dict[int, tuple[int, int, int]] = {}

    def enter(when: float, side: int, at: int, size: int) -> None:
        nonlocal number
        if side in live:
            old, shares, where = live[side]
            lines.append(f"{when:.9f},3,{old},{shares},{where},{side}\n")
        number += 1
        lines.append(f"{when:.9f},1,{number},{size},{at},{side}\n")
        live[side] = number, size, at

    for k in range(900):
        when = 34_201.0 + 20 * k
        bid, ask = (int(n) * 100 for n in rng.integers(1, 10, 2))
        enter(when, 1, price, bid)
        enter(when + 1, -1, price + 100, ask)
        if bid == ask:
            continue
        way = 1 if (rng.random() < 0.8) == (bid > ask) else -1
        price += 100 * way
        for side in (-way, way):  # the side in the way first, so that nothing crosses
            enter(when + 10 + (side == way), side, price + (100 if side < 0 else 0), 500)
    path = tmp_path / "TST_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text("".join(lines), encoding="ascii")
    return path


def test_the_heavier_side_is_where_the_price_is_expected(nowake: Any, pushed: Path) -> None:
    body = nowake("fit", "microprice", pushed, "--json").json
    assert body["schema"] == "nowake.fit.microprice/1"
    assert {"n", "r2", "conventions", "edges", "table", "limit", "config_hash", "elapsed_s"} <= set(body)
    assert (body["symbol"], body["days"], body["step"]) == ("TST", 1, 100)
    first = [offset for offset in body["table"][0] if offset is not None]
    assert first[-1] > 0.3
    assert first[0] == pytest.approx(-first[-1])
    assert body["limit"] < 1e-6


def test_flow_moves_the_mid_in_its_direction(nowake: Any, pushed: Path) -> None:
    body = nowake("fit", "ofi", pushed, "--bucket", "1m", "--json").json
    assert body["schema"] == "nowake.fit.ofi/1"
    assert {"n", "r2", "conventions", "alpha", "depth", "windows", "config_hash"} <= set(body)
    low, high = body["beta_ci"]
    assert 0 < low < body["beta"] < high
    assert body["bucket_ns"] == 60 * 10**9
    assert nowake("fit", "ofi", pushed, "--json").json["bucket_ns"] == 10**10


def test_people_read_a_table(nowake: Any, pushed: Path) -> None:
    text = nowake("fit", "microprice", pushed, "--spreads", "2").out
    assert "microprice less mid" in text
    assert "r2 out of sample" in text
    assert "2 x beta x depth" in nowake("fit", "ofi", pushed).out


def test_a_stored_day_fits_as_its_file_does(nowake: Any, pushed: Path) -> None:
    assert nowake("data", "ingest", pushed, "--quarantine", "none").code == 0
    for model in ("microprice", "ofi"):
        of_file, of_store = (
            nowake("fit", model, source, "--json").json for source in (pushed, "symbol=TST&date=2012-06-21")
        )
        differing = {key for key in of_file if of_file[key] != of_store[key]}
        assert differing <= {"config_hash", "elapsed_s"}


def test_the_fitted_table_feeds_the_features(nowake: Any, pushed: Path, tmp_path: Path) -> None:
    from nowake.features.parts import read_rows
    from nowake.features.vector import INDEX

    fitted = tmp_path / "micro.json"
    fitted.write_text(nowake("fit", "microprice", pushed, "--json").out)
    table = json.loads(fitted.read_text())["table"][0]
    values = []
    for more in ((), ("--micro", fitted)):
        body = nowake("features", pushed, "--every", "7s", "--out", tmp_path / "rows", *more, "--json").json
        values.append(read_rows(tmp_path / "rows", body["parts"][0]["name"])["value"])
    weighted, micro = values
    one_step, imbalance = weighted[:, INDEX["spread_steps"]] == 1, weighted[:, INDEX["imbalance"]]
    assert weighted[one_step, INDEX["microprice"]] == pytest.approx(imbalance[one_step] / 2)
    for heavy, offset in ((imbalance > 0.34, table[-1]), (imbalance < -0.34, table[0])):
        found = micro[one_step & heavy, INDEX["microprice"]]
        assert len(found) > 20
        assert found == pytest.approx(offset)


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("microprice", "nowhere.csv"), "nothing there"),
        (("microprice", "generated:7"), "a file or a store query"),
        (("microprice", "{day}", "--spreads", "0"), "1 to 32 steps"),
        (("microprice", "{day}", "--spread", "1"), "did you mean '--spreads'?"),
        (("microprice", "symbol=TST", "--date", "2012-06-21"), "--date (expected none: the query symbol=TST says it"),
        (("microprice", "symbol=TST"), "store"),
        (("ofi", "generated:7"), "a file or a store query"),
        (("ofi", "{day}", "--bucket", "soon"), "duration"),
        (("ofi", "{day}", "--bucket", "31m"), "1 ns to 30 minutes"),
        (("ofi", "{day}", "--bucket", "0s"), "1 ns to 30 minutes"),
        (("ofi", "{day}", "--format", "lobstr"), "did you mean 'lobster'?"),
        (("ofi",), "missing FILE|QUERY"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_fitted_is_refused(nowake: Any, day: Path, argv: tuple[str, ...], what: str) -> None:
    assert what in nowake("fit", *(word.replace("{day}", str(day)) for word in argv)).refusal


def test_a_day_without_moves_of_the_mid_is_refused(nowake: Any, day: Path) -> None:
    day.write_text("".join(day.read_text().splitlines(keepends=True)[:2]))
    assert "inside trading hours, got none" in nowake("fit", "microprice", day).refusal
