"""One symbol out of a file of several, and what is said when it is not there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.events import Kind, empty_events
from nowake.core.values import Instrument
from nowake.data.reader import Chunk, ReaderMeta, Rule
from nowake.data.symbols import OneSymbol, busiest, rows_by_symbol


class Several:
    """A reader whose instruments become known as their rows are met: AAA 2 rows, BBB 3, CCC 1."""

    def __init__(self) -> None:
        self.meta = ReaderMeta("iex", "l2", (), None, "byte")

    def chunks(self) -> Iterator[Chunk]:
        self.meta = replace(self.meta, instruments=())
        for i, instruments in enumerate(((0, 1, 0), (1, 2, 1))):
            names = ("AAA", "BBB", "CCC")[: max(instruments) + 1]
            self.meta = replace(self.meta, instruments=tuple(Instrument(n, venue="IEX") for n in names))
            events = empty_events(3)
            events["instrument"], events["kind"], events["quantity"] = instruments, Kind.LEVEL, np.arange(3) + 10 * i
            yield Chunk(events, np.arange(3, dtype=np.int64) + 3 * i)

    def findings(self) -> tuple[Rule, ...]:
        return (Rule("cut_packet", 1, "skipped"),)


@pytest.mark.parametrize(("symbol", "where", "quantities"), [("bbb", [1, 3, 5], [1, 10, 12]), ("CCC", [4], [11])])
def test_the_rows_of_one_symbol_come_as_instrument_0(symbol: str, where: list[int], quantities: list[int]) -> None:
    one = OneSymbol(Several(), Path("x.pcap"), symbol)
    assert one.meta.instruments == (Instrument(symbol),)
    chunks = list(one.chunks())
    assert np.concatenate([c.where for c in chunks]).tolist() == where
    events = np.concatenate([c.events for c in chunks])
    assert events["quantity"].tolist() == quantities
    assert (events["instrument"] == 0).all()
    assert one.meta.instruments == (Instrument(symbol.upper(), venue="IEX"),)
    assert [(r.id, r.count) for r in one.findings()] == [("cut_packet", 1), ("other_symbol", 6 - len(where))]


def test_a_symbol_that_never_appears_names_those_that_do() -> None:
    with pytest.raises(DataError, match=r"symbol not in file .expected BBB 3 rows, AAA 2, CCC 1, got BBX") as refused:
        list(OneSymbol(Several(), Path("x.pcap"), "BBX").chunks())
    assert refused.value.hint == "did you mean 'BBB'?"


def test_the_busiest_symbols_come_first_and_the_rest_is_counted() -> None:
    assert rows_by_symbol(Several()) == {"AAA": 2, "BBB": 3, "CCC": 1}
    many = {f"S{i:02}": i for i in range(1, 12)}
    assert busiest(many) == "S11 11 rows, S10 10, S09 9, S08 8, S07 7, S06 6, S05 5, S04 4 and 3 more"
    assert busiest({}) == "no symbol"
