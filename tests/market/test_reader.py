"""A generated day reads like a file."""

from datetime import date

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.market.day import generate_day
from nowake.market.reader import GeneratedReader, open_generated


def test_the_reader_yields_the_day_in_chunks_with_row_numbers() -> None:
    reader = GeneratedReader(7)
    for _ in range(2):
        chunks = list(reader.chunks())
        assert np.array_equal(np.concatenate([c.events for c in chunks]), generate_day(7))
        where = np.concatenate([c.where for c in chunks])
        assert np.array_equal(where, np.arange(1, len(where) + 1))
    assert reader.findings() == ()


def test_the_reader_says_what_it_is() -> None:
    meta = open_generated("generated:12", date(2026, 3, 2)).meta
    assert (meta.format, meta.level, meta.date, meta.instruments[0].symbol) == (
        "generated",
        "l3",
        date(2026, 3, 2),
        "ZI",
    )
    assert "seed 12" in meta.notes[0]


@pytest.mark.parametrize(
    "text", ["generated:", "generated:-1", "generated:x", "generate:7", "generated:1.5", f"generated:{2**63}"]
)
def test_a_name_that_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"seed|generated day"):
        open_generated(text)
