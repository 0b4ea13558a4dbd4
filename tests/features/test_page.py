"""The page of the features shows the vector as it is declared."""

import re
from pathlib import Path

from nowake.features.vector import CORE, NAMES, VECTOR, table

PAGE = (Path(__file__).parents[2] / "docs/algorithms/features.md").read_text(encoding="utf-8")


def test_the_page_shows_the_vector() -> None:
    shown = re.search(r"<!-- table of features -->\n(.*?)\n<!-- end of the table -->", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == table()


def test_names_are_unique_and_every_entry_says_what_it_is() -> None:
    assert len(set(NAMES)) == len(NAMES) <= 64  # a bit each in the store
    for feature in VECTOR:
        assert feature.low < feature.high
        assert feature.unit
        assert feature.warm_up
        assert "{" not in feature.description + feature.warm_up
        assert feature.type in ("float", "integer")


def test_the_core_set() -> None:
    scales = [f"volatility_{h}s" for h in (64, 512, 4096)] + [
        f"{stem}_{h}s" for stem in ("flow", "flow_share") for h in (8, 64, 512)
    ]
    assert list(CORE) == ["microprice", "imbalance", *scales]
