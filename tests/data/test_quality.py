"""The quality rules, each on a file made for it, and the accounting over them all."""

import datetime
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import DataError, InputError
from nowake.core.events import Flag, Kind
from nowake.core.times import local_midnight
from nowake.data.quality import BOOKS, Check, QualityReport, check
from nowake.data.quality_rules import Problem
from nowake.data.quarantine import Quarantine
from nowake.data.reader import Chunk, Level, ReaderMeta, ReaderOptions, Rule

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")
NAME = "IBM_2003-01-15_message.csv"


def _run(path: Path, rows: list[str], **options: object) -> tuple[np.ndarray, QualityReport]:
    path = path / NAME
    path.write_text("\n".join(rows))
    done = check(path, options=ReaderOptions(**options))  # type: ignore[arg-type]
    chunks = [c.events for c in done]
    report = done.report()
    assert report.rows_in == len(rows) == report.kept + report.repaired + report.quarantined
    events = np.concatenate(chunks) if chunks else np.zeros(0)
    assert len(events) == report.kept + report.repaired
    return events, report


def _counts(report: QualityReport) -> dict[str, int]:
    return {rule.id: rule.count for rule in report.rules if rule.count}


ADD = "34200.5,1,1,100,885800,1"


def test_clean_rows_are_kept_as_they_are(tmp_path: Path) -> None:
    events, report = _run(tmp_path, [ADD, "34201,4,1,40,885800,1", "34202,2,1,10,885800,1", "34203,3,1,50,885800,1"])
    assert _counts(report) == {}
    assert (report.kept, events["flags"].tolist()) == (4, [0, 0, 0, 0])
    assert {rule.id for rule in report.rules} == {p.name.lower() for p in Problem} | {"sequence_gap"}


def test_an_execution_of_an_unknown_order_becomes_a_print_and_other_references_go(tmp_path: Path) -> None:
    rows = [ADD, "34201,4,9,40,885800,1", "34202,2,8,10,885800,1", "34203,3,7,50,885800,1"]
    events, report = _run(tmp_path, rows)
    assert (report.kept, report.repaired, report.quarantined) == (1, 1, 2)
    assert events["kind"].tolist() == [Kind.ADD, Kind.TRADE]
    assert events[1]["flags"] == Flag.UNKNOWN | Flag.REPAIRED
    assert (events[1]["quantity"], events[1]["price"]) == (40, 885800)
    rule = report.rule("unknown_order")
    assert (rule.count, "1 repaired, 2 quarantined" in rule.action) == (3, True)
    assert [e.where for e in rule.examples] == [2, 3, 4]
    assert rule.examples[0].text == "EXECUTE order 9 buy 40 at 885800"


def test_repeats_that_cannot_be_applied_again_are_duplicates(tmp_path: Path) -> None:
    sell = "34201,4,1,100,885800,1"
    events, report = _run(tmp_path, [ADD, ADD, sell, sell, "34202,1,2,5,885800,1", "34203,1,2,9,885900,-1"])
    assert _counts(report) == {"duplicate": 3}
    assert report.quarantined == 3
    assert events["order_id"].tolist() == [1, 1, 2]
    assert [e.where for e in report.rule("duplicate").examples] == [2, 4, 6]


def test_repeats_that_can_stand_are_kept_and_counted(tmp_path: Path) -> None:
    part, hidden = "34201,4,1,50,885800,1", "34201.5,5,0,10,885850,1"
    _, report = _run(tmp_path, [ADD, part, part, hidden, hidden])
    assert _counts(report) == {"repeat": 2}
    assert report.kept == 5


def test_a_small_step_back_in_time_is_repaired_and_a_large_one_refused(tmp_path: Path) -> None:
    rows = [ADD, "34200.4,1,2,100,885800,1", "34200.6,1,3,100,885800,1"]
    events, report = _run(tmp_path, rows)
    assert _counts(report) == {"time_backwards": 1}
    assert (report.kept, report.repaired) == (2, 1)
    assert np.diff(events["time"]).tolist() == [0, 100_000_000]
    assert events[1]["flags"] == Flag.REPAIRED
    with pytest.raises(DataError, match=r"time going backwards by more than 0.05 s") as caught:
        _run(tmp_path, rows, clock_tolerance_ns=50_000_000)
    assert caught.value.line == 2
    assert "got 09:30:00.400" in str(caught.value)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [0, -5])
def test_sizes_not_above_zero_are_quarantined(tmp_path: Path, kind: int, size: int) -> None:
    _, report = _run(tmp_path, [ADD, f"34201,{kind},{2 if kind == 1 else 1},{size},885800,1"])
    assert _counts(report) == {"size_not_positive": 1}
    assert (report.kept, report.quarantined) == (1, 1)


def test_prices_not_above_zero_are_quarantined(tmp_path: Path) -> None:
    _, report = _run(tmp_path, [ADD, "34201,1,2,5,0,1", "34201,5,0,5,-100,1"])
    assert _counts(report) == {"price_not_positive": 2}


def test_more_than_is_left_is_reduced_to_what_is_left(tmp_path: Path) -> None:
    rows = [ADD, "34201,4,1,150,885800,1", "34202,1,2,30,885800,-1", "34203,2,2,31,885800,-1"]
    events, report = _run(tmp_path, rows)
    assert _counts(report) == {"over_execution": 1, "over_cancel": 1}
    assert (report.repaired, events["quantity"].tolist()) == (2, [100, 100, 30, 30])


def test_orders_between_two_steps_are_kept_and_counted(tmp_path: Path) -> None:
    _, report = _run(tmp_path, [ADD, "34201,1,2,5,885850,1", "34202,5,0,5,885851,1"])
    assert (_counts(report), report.kept) == ({"price_off_tick": 1}, 3)


def test_a_print_far_from_the_running_median_is_flagged(tmp_path: Path) -> None:
    prints = [f"{34300 + i},5,0,10,{885800 + 100 * i},1" for i in range(8)]
    far = ["34400,5,0,10,1085800,1", "34401,5,0,10,785800,1", "34402,5,0,10,925800,1"]
    events, report = _run(tmp_path, prints + far)
    assert _counts(report) == {"outlier_trade": 2}
    assert (events["flags"] == Flag.OUTLIER).tolist() == [False] * 8 + [True, True, False]
    assert report.kept == 11


def test_the_median_follows_a_market_that_moves(tmp_path: Path) -> None:
    low = [f"{34300 + i},5,0,10,100000,1" for i in range(15)]
    high = [f"{34400 + i},5,0,10,150000,1" for i in range(20)]
    events, _ = _run(tmp_path, low + high)
    flagged = np.flatnonzero(events["flags"] & Flag.OUTLIER)
    assert flagged.tolist() == list(range(15, 23))


def test_crossed_and_locked_episodes_are_counted_with_their_duration(tmp_path: Path) -> None:
    rows = [
        "1000,1,1,100,1000000,1", "1001,1,2,100,1000000,-1", "1003,3,2,100,1000000,-1",
        "1004,1,3,100,999900,-1", "1004.5,1,4,100,999900,-1", "1008,3,1,100,1000000,1",
        "1009,1,5,100,1000000,1", "1010,1,6,7,100,1",
    ]  # fmt: skip
    _, report = _run(tmp_path, rows)
    assert _counts(report) == {"locked_book": 1, "crossed_book": 2}
    assert (report.locked_ns, report.crossed_ns) == (2_000_000_000, 5_000_000_000)
    assert "(5.000 s in all)" in report.rule("crossed_book").action
    assert [e.where for e in report.rule("crossed_book").examples] == [4, 7]


def test_halts_are_counted_and_a_book_crossed_in_a_halt_is_none(tmp_path: Path) -> None:
    rows = [
        "1000,7,0,0,-1,-1",
        "1001,1,1,5,1000000,1",
        "1002,1,2,5,999900,-1",
        "1003,3,2,5,999900,-1",
        "1004,7,0,0,1,-1",
    ]
    _, report = _run(tmp_path, rows)
    assert (_counts(report), report.kept) == ({"halt": 1}, 5)


def test_examples_stop_at_five_and_counts_go_on(tmp_path: Path) -> None:
    _, report = _run(tmp_path, [f"34201,3,{i},5,885800,1" for i in range(1, 9)], block_bytes=60)
    rule = report.rule("unknown_order")
    assert (rule.count, [e.where for e in rule.examples]) == (8, [1, 2, 3, 4, 5])


def test_a_row_with_several_problems_has_one_fate(tmp_path: Path) -> None:
    rows = [ADD, "34200.4,4,1,150,885800,1", "34200.3,3,9,0,885800,1", "34200.2,4,9,5,885800,1"]
    _, report = _run(tmp_path, rows)
    assert _counts(report) == {"over_execution": 1, "time_backwards": 2, "size_not_positive": 1, "unknown_order": 1}
    assert (report.kept, report.repaired, report.quarantined) == (1, 2, 1)


row = st.tuples(
    st.integers(34200, 34203), st.sampled_from([1, 1, 2, 3, 4, 5, 7]), st.integers(1, 4), st.integers(-1, 3),
    st.sampled_from([0, 885800, 885850, 990000, -1]), st.sampled_from([1, -1]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(row, min_size=1, max_size=40), st.sampled_from([30, 200, 1 << 20]))
def test_every_row_has_exactly_one_fate_whatever_comes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, ...]], block: int
) -> None:
    lines = [
        ",".join(map(str, (t, k, i, n, (p if p < 2 and k == 7 else -1) if k == 7 else p, s)))
        for t, k, i, n, p, s in rows
    ]
    folder = tmp_path_factory.mktemp("quality")
    events, report = _run(folder, lines, clock_tolerance_ns=10**10, block_bytes=block)
    whole, again = _run(folder, lines, clock_tolerance_ns=10**10)
    assert (events.tobytes(), report) == (whole.tobytes(), again)
    if len(events):
        assert np.all(np.diff(events["time"]) >= 0)
    counts = _counts(report)
    gone = sum(counts.get(name, 0) for name in ("duplicate", "size_not_positive", "price_not_positive"))
    assert gone <= report.quarantined <= gone + counts.get("unknown_order", 0)


class _Fake:
    """A reader of one chunk held in memory."""

    def __init__(self, rows: list[tuple[object, ...]], level: Level = "l3") -> None:
        self._rows, self._level = rows, level

    @property
    def meta(self) -> ReaderMeta:
        return ReaderMeta("fake", self._level, (), None, "byte")

    def chunks(self):  # type: ignore[no-untyped-def]
        from nowake.core.events import EVENT

        events = np.array(self._rows, EVENT)
        yield Chunk(events, np.arange(len(events), dtype=np.int64) * 10)

    def findings(self) -> tuple[Rule, ...]:
        return (Rule("sequence_gap", 3, "kept"),)


def test_feeds_without_orders_have_only_the_rules_that_apply() -> None:
    rows = [
        (1, 0, 100, 5, 0, 0, Kind.LEVEL, 1, 0),
        (2, 0, 99, 5, 0, 0, Kind.LEVEL, -1, 0),
        (3, 0, 99, 5, 0, 0, Kind.LEVEL, -1, Flag.LAST),
        (4, 77, 100, 5, 0, 0, Kind.EXECUTE, -1, 0),
        (5, 0, 100, -5, 0, 0, Kind.LEVEL, 1, 0),
    ]
    done = Check(_Fake(rows, "l2"), "x")
    assert sum(len(c.events) for c in done) == 4
    report = done.report()
    assert _counts(report) == {"size_not_positive": 1, "crossed_book": 1, "sequence_gap": 3}
    assert report.rule("crossed_book").examples[0].where == 20
    assert report.rule("size_not_positive").examples[0].where == 40


def test_executions_take_price_and_side_from_the_order_and_prints_with_a_known_match_number_are_duplicates() -> None:
    rows = [
        (1, 5, 100, 50, 0, 0, Kind.ADD, -1, 0),
        (2, 5, 0, 10, 900, 0, Kind.EXECUTE, 0, 0),
        (3, 5, 99, 10, 901, 0, Kind.EXECUTE, 0, 0),
        (4, 0, 99, 10, 902, 0, Kind.HIDDEN, 1, 0),
        (4, 0, 99, 10, 902, 0, Kind.HIDDEN, 1, 0),
        (5, 5, 98, 30, 6, 0, Kind.REPLACE, 0, 0),
        (6, 6, 0, 30, 903, 0, Kind.EXECUTE, 0, 0),
        (7, 6, 0, 30, 904, 0, Kind.EXECUTE, 0, 0),
    ]
    done = Check(_Fake(rows), "x")
    events = np.concatenate([c.events for c in done])
    assert events["price"].tolist() == [100, 100, 99, 99, 98, 98]
    assert events["side"].tolist() == [-1, -1, -1, 1, -1, -1]
    assert events["flags"].tolist() == [0, 0, Flag.PRICED, 0, 0, 0]
    assert _counts(done.report()) == {"duplicate": 1, "unknown_order": 1, "sequence_gap": 3}


def test_instruments_beyond_the_books_are_counted_as_unchecked() -> None:
    done = Check(_Fake([(1, 5, 100, 50, 0, BOOKS, Kind.DELETE, 1, 0)]), "x")
    assert sum(len(c.events) for c in done) == 1
    assert _counts(done.report())["unchecked"] == 1


def _quarantined(folder: Path, elsewhere: Path | None = None) -> Quarantine:
    path = folder / NAME
    path.write_text(f"{ADD}\n34201,3,9,50,885800,1\n34202,1,2,0,885800,1\n")
    with Quarantine(path, place="line", elsewhere=elsewhere) as sink:
        list(check(path, sink=sink))
    return sink


def test_quarantined_rows_lie_beside_the_data_with_reason_line_and_text(tmp_path: Path) -> None:
    sink = _quarantined(tmp_path)
    assert sink.path == tmp_path / f"{NAME}.quarantine.csv"
    head, first, second = sink.path.read_text().splitlines()
    midnight = local_midnight(datetime.date(2003, 1, 15), "America/New_York")
    assert head == "reason,line,time,order_id,price,quantity,ref,instrument,kind,side,flags,raw"
    assert first == f'unknown_order,2,{midnight + 34201 * 10**9},9,885800,50,0,0,delete,1,0,"34201,3,9,50,885800,1"'
    assert second.startswith("size_not_positive,3,")
    assert sorted(p.name for p in tmp_path.iterdir()) == [NAME, f"{NAME}.quarantine.csv"]


def test_nothing_is_written_without_a_refused_row_or_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(ADD)
    with Quarantine(path, place="line") as sink:
        list(check(path, sink=sink))
    assert (sink.path, sink.rows) == (None, 0)
    path.write_text(f"{ADD}\n34201,3,9,50,885800,1\nbroken\n")
    with pytest.raises(DataError), Quarantine(path, place="line") as sink:
        list(check(path, sink=sink, options=ReaderOptions(block_bytes=30)))
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


def test_a_directory_that_cannot_be_written_falls_back_or_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f".{NAME}.{os.getpid()}.tmp").mkdir()  # in the way of the temporary file
    (tmp_path / "else").mkdir()
    assert _quarantined(tmp_path / "data", tmp_path / "else").path == tmp_path / "else" / f"{NAME}.quarantine.csv"
    with pytest.raises(InputError, match="a directory that can be written"):
        _quarantined(tmp_path / "data")


@real
@pytest.mark.realdata
def test_amazon_level_one_refers_to_7467_orders_never_seen() -> None:
    done = check(Path(DATA or "") / "lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst")
    events = sum(len(c.events) for c in done)
    report = done.report()
    assert report.rule("unknown_order").count == 7_467
    assert (report.rows_in, report.quarantined, events) == (57_515, 4_396, 53_119)


@real
@pytest.mark.realdata
def test_ibm_2003_is_nearly_clean_and_never_crossed() -> None:
    done = check(Path(DATA or "") / "inet_l3_2003/IBM_2003-01-15_message.csv.zst")
    volume = sum(int(c.events["quantity"][np.isin(c.events["kind"], (4, 5, 6, 13))].sum()) for c in done)
    report = done.report()
    assert (report.rows_in, report.repaired, report.quarantined, report.crossed_ns) == (44_074, 1, 9, 0)
    assert volume > 0


@real
@pytest.mark.realdata
def test_the_itch_sample_accounts_for_every_message() -> None:
    done = check(Path(DATA or "") / "itch50_ritch/ex20101224.TEST_ITCH_50.gz")
    kept = sum(len(c.events) for c in done)
    report = done.report()
    assert report.rows_in == 12_012 == kept + report.quarantined
    assert report.rule("halt").count == 0 or report.rule("halt").examples
