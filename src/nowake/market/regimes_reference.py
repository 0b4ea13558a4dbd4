"""The regime chain in plain Python, to be read beside the kernels."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.draws import Draws
from nowake.core.streams import stream_key
from nowake.market.keyed import keyed
from nowake.market.regimes_state import CALM, SWITCHING, regime_named, transitions

if TYPE_CHECKING:
    from nowake.market.preset_model import Regimes

__all__ = ["spells"]


def spells(seed: int, regimes: "Regimes", regime: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (time, regime, sign of the drift) for every spell that begins between `start` and `end` (ns)."""
    key, number = stream_key(seed, "market/regime"), regime_named(regime)
    chain = np.cumsum(np.round(transitions(regimes.chain), 12), axis=1)
    state = CALM if number == SWITCHING else number
    for epoch, now in enumerate(range(start, end + 1, round(regimes.chain.epoch * 1e9))):
        draws = Draws(keyed(key, epoch))
        u, v = draws.uniform(), draws.uniform()
        after = int(np.sum(u >= chain[state, :4])) if number == SWITCHING else state
        if after != state or epoch == 0:
            state = after
            yield now, state, 1 if v < 0.5 else -1
