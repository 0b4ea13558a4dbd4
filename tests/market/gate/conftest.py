"""A market whose session is half an hour, so that days and orders are short."""

import pytest

from nowake.market.preset import Preset, load


@pytest.fixture(scope="session")
def brief() -> Preset:
    one = load("midcap")
    hours = one.session.model_copy(update={"close": "10:00"})
    return one.model_copy(update={"name": "brief", "session": hours})
