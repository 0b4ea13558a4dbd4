"""Discounted Thompson sampling over dark pools: the router's own allocation, alone, behind the allocators' seam.

Posteriors of tail and mark-out (`tails`, `toxicity`) are drawn once a round, the greedy divides the volume by them.
A round is a decision of one parent; units are lots of one share.
"""

import numpy as np
from numpy.typing import NDArray

from nowake.core.board import PLACES, PlaceKind, new_boards
from nowake.core.errors import InputError
from nowake.core.jit import kernel
from nowake.core.streams import stream_key
from nowake.data.reader import kernel_view
from nowake.routing.allocator import Units, whole_volume
from nowake.routing.dark import allocate, clear_desk, prepare_pools
from nowake.routing.learning import heard
from nowake.routing.parameters import Routing, new_params
from nowake.routing.venues import new_draws, new_reports, new_stats
from nowake.routing.want import new_wants

__all__ = ["Thompson"]


@kernel
def _divide(boards, stats, params, wants, draws, volume):  # type: ignore[no-untyped-def]
    b, w = boards[0], wants[0]
    clear_desk(b, w, volume, 0.0)
    usable = prepare_pools(b, stats[0], params[0], w, draws[0], volume, 0.0)
    return allocate(b, stats[0], params[0], w, volume, usable, 0.0)


class Thompson:
    """`seed` of the draws; `cap`: most of the volume in one pool; `discount`: weight of a pool's past per order."""

    def __init__(self, pools: int, *, seed: int = 1, cap: float = 1.0, discount: float = 1.0) -> None:
        if not 1 <= pools <= PLACES:
            raise InputError("pools", expected=f"1 to {PLACES}", got=pools)
        boards = new_boards(1)
        boards["places"], boards["bid"], boards["ask"] = pools, 1, 3
        boards["place"]["kind"][0, :pools] = int(PlaceKind.DARK)
        self._boards = kernel_view(boards)
        self._params = new_params(Routing(lot=1, pool_cap=cap, discount=discount))
        self._wants, self._reports = new_wants(1), new_reports(1)
        self.stats, self._key, self._round = new_stats(1), stream_key(seed, "routing/thompson"), 0
        self._reports["kind"] = int(PlaceKind.DARK)
        self.pools = pools

    def allocate(self, volume: int) -> NDArray[np.int64]:
        """Return whole units per pool; the draws belong to the round, so the same question has the same answer."""
        volume = whole_volume(volume)
        if volume == 0:
            return np.zeros(self.pools, np.int64)
        draws = new_draws([(self._key + self._round * 0xD1342543DE82EF95) % 2**64])
        _divide(self._boards, self.stats, self._params, self._wants, draws, volume)
        return np.array(self._wants["give"][0, : self.pools], np.int64)

    def heard(self, sent: Units, filled: Units) -> None:
        """Learn from one round: units sent to and filled by every pool."""
        self._round += 1
        for k, (asked, got) in enumerate(zip(sent, filled, strict=True)):
            if asked > 0:
                self._reports["venue"], self._reports["sent"], self._reports["filled"] = k, asked, got
                heard(self.stats, self._params, self._reports, 0)
