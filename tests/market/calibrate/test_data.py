"""Days from files and stores: by date, one instrument, each once."""

import os
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError, InputError
from nowake.market.calibrate.data import Recording, read_days
from nowake.market.calibrate.targets import target_of
from nowake.market.preset import Preset

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")


def test_stored_days_come_by_date_and_say_what_they_are(recordings: list[Recording], quiet: Preset) -> None:
    assert [day.date.isoformat() for day in recordings] == ["2026-01-15", "2026-01-16", "2026-01-19"]
    first = recordings[0]
    assert first.step == pytest.approx(quiet.instrument.tick)
    assert first.price == pytest.approx(quiet.instrument.price, abs=0.1)
    assert first.adds > 5000
    assert first.instrument.symbol == "MIDC"


def test_a_query_names_the_days_that_are_read(stored: str) -> None:
    days = read_days([f"{stored}&date=2026-01-19", f"{stored}&date=2026-01-15"])
    assert [day.date.day for day in days] == [15, 19]
    with pytest.raises(InputError, match="2026-01-15 twice"):
        read_days([f"{stored}&date=2026-01-15", stored])
    with pytest.raises(DataError, match="level-3 data"):
        read_days([f"{stored}&kind=trades"])
    with pytest.raises(InputError, match="at least one recorded day"):
        read_days([])


def test_an_order_book_file_needs_its_messages(tmp_path: Path) -> None:
    alone = tmp_path / "X_2012-06-21_orderbook_1.csv"
    alone.write_text("1,1,1,1\n")
    with pytest.raises(InputError, match="X_2012-06-21_message_1"):
        read_days([str(alone)])


@real
@pytest.mark.realdata
def test_ibm_2003_says_what_it_can_tell_and_what_not() -> None:
    files = sorted((Path(DATA or "") / "inet_l3_2003").glob("IBM_2003-01-1[3-7]_message.csv.zst"))
    target = target_of(read_days([str(path) for path in reversed(files)]))
    assert [day.day for day in target.dates] == [13, 14, 15, 16, 17]
    assert target.step == pytest.approx(0.01)
    assert target.price == pytest.approx(88.3, abs=0.1)
    assert target.parts["spread"].value == pytest.approx(0.116, abs=0.001)
    assert target.parts["volume"].value == pytest.approx(331_500, rel=0.001)
    assert target.parts["hidden_share"].value == pytest.approx(0.41, abs=0.005)
    assert target.parts["sign_acf_1"].low < 0.31 < target.parts["sign_acf_1"].high
    assert target.left_out == {5, 6, 7, 8, 9, 10, 20, 25, 26}
    assert {fact.why for fact in target.unmeasured if fact.id in (6, 20)} == {
        "one recorded venue: no own orders, no dark pools"
    }


@real
@pytest.mark.realdata
def test_a_level_1_day_is_read_with_its_order_book_file() -> None:
    folder = Path(DATA or "") / "lobster"
    (day,) = read_days([str(path) for path in sorted(folder.glob("AMZN_*.csv.zst"))])
    target = target_of([day])
    assert {16, 17, 18} <= target.left_out
    assert target.parts["spread"].value == pytest.approx(0.13, abs=0.01)
    assert np.isnan(target.parts["spread"].low)
    assert day.notes[-1].startswith("best levels only")
