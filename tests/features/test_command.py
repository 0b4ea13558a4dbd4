"""Rows of days into a store and back: one part a day, context from earlier days only."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError, InputError
from nowake.core.times import local_midnight
from nowake.data.ingest import IngestOptions, ingest
from nowake.data.store import open_store
from nowake.features.command import FeatureRequest, features, table_from
from nowake.features.history import History, Tally, measured
from nowake.features.microprice import fit_microprice
from nowake.features.ofi import fit_ofi
from nowake.features.parts import read_rows, stored, write_rows
from nowake.features.touches import open_days, touch_days
from nowake.features.vector import INDEX, NAMES, rows_for

DAYS = (date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4))


def day_file(folder: Path, day: date, seed: int, n: int = 1500) -> Path:
    """Write a LOBSTER day of resting orders that come, trade and go."""
    rng, lines, live, when = np.random.default_rng(seed), [], [], 34_200.0
    mid = 1_000_000
    for k in range(1, n + 1):
        when += float(rng.exponential(23_000 / n))
        if when >= 57_600:
            break
        if live and rng.random() < 0.45:
            oid, price, side = live.pop(int(rng.integers(0, len(live))))
            lines.append(f"{when:.9f},{4 if rng.random() < 0.5 else 3},{oid},100,{price},{side}\n")
            continue
        mid += 100 * int(rng.integers(-1, 2))
        side = 1 if rng.random() < 0.5 else -1
        price = mid - side * 100 * int(rng.integers(1, 8))
        gone = [o for o in live if o[2] != side and side * (price - o[1]) >= 0]
        lines += [f"{when:.9f},3,{oid},100,{at},{-side}\n" for oid, at, _ in gone]  # nobody stands in the way
        live = [o for o in live if o not in gone]
        lines.append(f"{when:.9f},1,{k},100,{price},{side}\n")
        live.append((k, price, side))
    path = folder / f"TST_{day}_message_5.csv"
    path.write_text("".join(lines))
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("days")
    files = [day_file(folder, day, seed) for seed, day in enumerate(DAYS)]
    ingest(files, open_store(folder / "store"), IngestOptions())
    return folder / "store"


def test_each_day_of_a_query_is_a_part_and_reads_back(store: Path) -> None:
    out = str(store.parent / "out")
    body = features(FeatureRequest(f"{store}?symbol=TST", "1s", out))
    assert (body["symbol"], body["days"], body["features"]) == ("TST", 3, len(NAMES))
    assert [p["date"] for p in body["parts"]] == [d.isoformat() for d in DAYS]
    assert stored(out, "TST", "1s") == [p["name"] for p in body["parts"]]
    assert body["rows"] == sum(p["rows"] for p in body["parts"])
    rows = read_rows(out, body["parts"][0]["name"])
    opened = local_midnight(DAYS[0], "America/New_York") + 34_200 * 10**9
    assert (np.diff(rows["time"]) == 10**9).all()
    assert opened <= rows["time"][0] < rows["time"][-1] < opened + 23_400 * 10**9
    assert np.isfinite(rows["value"]).all()
    assert body["ready"]["imbalance"] > 0


def test_the_first_day_has_no_curve_and_later_days_have_that_of_earlier_ones(store: Path) -> None:
    out = str(store.parent / "curves")
    body = features(FeatureRequest(f"{store}?symbol=TST", "1m", out))
    ready = [read_rows(out, p["name"])["ready"][:, INDEX["pace_day"]].mean() for p in body["parts"]]
    assert ready[0] == 0
    assert min(ready[1:]) > 0.9
    relative = [read_rows(out, p["name"])["ready"][:, INDEX["volatility_relative"]].any() for p in body["parts"]]
    assert relative == [False, True, True]


def test_a_day_does_not_depend_on_later_days(store: Path) -> None:
    out = [str(store.parent / name) for name in ("all", "two")]
    whole = features(FeatureRequest(f"{store}?symbol=TST", "5s", out[0]))
    part = features(FeatureRequest(f"{store}?symbol=TST&date=2024-01-02..2024-01-03", "5s", out[1]))
    assert whole["parts"][:2] == part["parts"]


def test_a_desk_s_day_is_measured_over_the_days_before_it(store: Path) -> None:
    hours = tuple(local_midnight(date(2024, 1, 5), "America/New_York") + s * 10**9 for s in (34_200, 57_600))
    context = measured(f"{store}?symbol=TST", (hours[0], hours[1]))
    days = open_days(f"{store}?symbol=TST")
    assert context.curve is not None
    assert context.daily_volatility is not None
    assert (context.depth, context.step, context.session_ns) == (True, 100, 23_400 * 10**9)
    assert context.curve.open == hours[0]
    history = History()
    for day, path in touch_days(days):
        tally = Tally(day.hours)
        for events in day.arrays():
            tally.events(events)
        tally.rows(path)
        history.note(day, tally)
    assert context.daily_volatility == pytest.approx(1e4 * np.sqrt(np.mean(history.variances)))
    assert context.curve.volume == np.mean([v.sum() for v in history.volumes]) > 0
    with pytest.raises(InputError, match="usual day"):
        measured(undated(store.parent), (hours[0], hours[1]), fmt="lobster")


def undated(folder: Path) -> Path:
    """Write a file of quotes that says nothing of its day."""
    path = folder / "undated.csv"
    path.write_text("34200.0,1,1,100,1000000,1\n34201.0,1,2,100,1000100,-1\n")
    return path


def test_days_may_come_opened(store: Path) -> None:
    source, out = f"{store}?symbol=TST&date=2024-01-02", str(store.parent / "opened")
    opened = features(FeatureRequest("a day of ours", "5s", out, days=tuple(open_days(source))))
    assert opened["parts"] == features(FeatureRequest(source, "5s", out))["parts"]


def test_writing_again_replaces_and_the_same_rows_have_the_same_name(store: Path) -> None:
    out, source = str(store.parent / "again"), f"{store}?symbol=TST&date=2024-01-02"
    first, second = (features(FeatureRequest(source, "event", out))["parts"] for _ in range(2))
    assert first == second
    rows = read_rows(out, first[0]["name"])
    name, count = write_rows(out, "TST", DAYS[0], "event", [rows[:10]])
    assert count == 10
    assert stored(out, "TST", "event") == [name]
    assert read_rows(out, name).tobytes() == rows[:10].tobytes()


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield rows_for(3)
        raise DataError("line", path="x.csv", line=4)

    with pytest.raises(DataError, match=r"x\.csv:4"):
        write_rows(tmp_path / "out", "A", None, "1s", broken())
    assert stored(tmp_path / "out", "A", "1s") == []


def test_rows_of_another_vector_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = write_rows(tmp_path, "A", None, "1s", [rows_for(2)])
    monkeypatch.setattr("nowake.features.parts.VECTOR", ())
    with pytest.raises(DataError, match="another feature vector"):
        read_rows(tmp_path, name)
    (tmp_path / "odd.parquet").write_text("no")
    with pytest.raises(DataError, match="not feature rows"):
        read_rows(tmp_path, "odd.parquet")


def test_a_fitted_table_and_news_go_into_the_rows(store: Path) -> None:
    source, out = f"{store}?symbol=TST&date=2024-01-03", str(store.parent / "fitted")
    fitted = fit_microprice(source)
    news = store.parent / "news.csv"
    news.write_text("time,symbol,negative,neutral,positive\n2024-01-03 15:00:00,TEST,0,0.5,0.5\n")
    request = FeatureRequest(source, "1m", out, micro=table_from(fitted), news=str(news), news_symbol="TEST")
    body = features(request)
    rows = read_rows(out, body["parts"][0]["name"])
    known = rows["time"] >= local_midnight(DAYS[1], "UTC") + 15 * 3600 * 10**9
    assert rows["value"][:, INDEX["news_score"]].tolist() == np.where(known, 0.5, 0.0).tolist()
    assert any("UTC" in note for note in body["notes"])
    plain = features(FeatureRequest(source, "1m", str(store.parent / "plain")))
    other = read_rows(str(store.parent / "plain"), plain["parts"][0]["name"])
    assert (rows["value"][:, INDEX["microprice"]] != other["value"][:, INDEX["microprice"]]).any()


def test_fits_of_a_query_say_what_they_counted(store: Path) -> None:
    body = fit_ofi(f"{store}?symbol=TST", bucket=60 * 10**9)
    assert (body["days"], body["symbol"]) == (3, "TST")
    assert 0 < body["n"] <= 3 * 390
    assert body["beta_ci"][0] < body["beta"] < body["beta_ci"][1]
    assert set(body["conventions"]) >= {"bucket", "beta", "r2", "depth"}


@pytest.mark.parametrize("body", [{}, {"edges": [0.5], "table": [[1]]}, {"edges": ["x"] * 9, "table": [[0] * 10]}])
def test_a_table_that_is_none_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(InputError, match="microprice table"):
        table_from(body)


def test_a_source_without_events_in_trading_hours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "TST_2024-01-02_message_5.csv"
    path.write_text("100.0,1,1,100,1000000,1\n200.0,1,2,100,1000100,-1\n")
    with pytest.raises(InputError, match="trading hours"):
        features(FeatureRequest(str(path), "1s", str(tmp_path / "out")))
