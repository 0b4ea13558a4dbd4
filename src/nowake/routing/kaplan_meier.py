"""How much a dark pool holds, learnt from fills that hide what was left: Kaplan & Meier 1958, Ganchev et al. 2010.

A fill below what was sent shows the contra size; a whole fill only that it was at least that. T(s) = P(S >= s) =
prod over u < s of (1 - D_u / N_u): N_u counts the orders above u that filled at least u, D_u those that filled
exactly u.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError

__all__ = ["Tail", "kaplan_meier"]


def _check(sent: int, filled: int) -> None:
    for value in (sent, filled):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InputError("sent and filled", expected="whole numbers", got=value)
    if not 0 <= filled <= sent or sent < 1:
        raise InputError("sent and filled", expected="sent from 1, filled from 0 to sent", got=(sent, filled))


class Tail:
    """The estimated tail of one pool up to `most` units; `discount` < 1 forgets old orders."""

    def __init__(self, most: int, discount: float = 1.0) -> None:
        if most < 1 or not 0 < discount <= 1:
            raise InputError("tail", expected="most from 1, a discount in (0, 1]", got=(most, discount))
        self.discount = discount
        self.at_risk = np.zeros(most)  # N_0..N_most-1
        self.ended = np.zeros(most)  # D_0..

    def heard(self, sent: int, filled: int) -> None:
        """Take one order into account."""
        _check(sent, filled)
        if sent > len(self.at_risk):
            raise InputError("sent", expected=f"at most the {len(self.at_risk)} units of the tail", got=sent)
        if self.discount < 1:
            self.at_risk *= self.discount
            self.ended *= self.discount
        self.at_risk[: min(filled + 1, sent)] += 1
        if filled < sent:
            self.ended[filled] += 1

    def tail(self) -> NDArray[np.float64]:
        """Return T(1..most); 0 from the first size that no order has reached."""
        with np.errstate(invalid="ignore"):
            stay = np.where(self.at_risk > 0, 1 - self.ended / self.at_risk, 0.0)
        return np.asarray(np.cumprod(np.maximum(stay, 0.0)), dtype=np.float64)

    def optimistic(self, reliable: float) -> NDArray[np.float64]:
        """Return T(1..most), with T(c + 1) = T(c) just beyond the c units that `reliable` orders have reached.

        The optimism makes an allocator try one unit more than it knows, which is all the exploration it needs.
        """
        tail = self.tail()
        known = int(np.argmin(self.at_risk >= reliable)) if np.any(self.at_risk < reliable) else len(tail)
        if known < len(tail):
            tail[known] = tail[known - 1] if known else 1.0
        return tail


def kaplan_meier(pairs: Iterable[tuple[int, int]]) -> NDArray[np.float64]:
    """Return T(1..largest order) from (sent, filled) pairs; InputError if there are none."""
    rows = list(pairs)
    for sent, filled in rows:
        _check(sent, filled)
    if not rows:
        raise InputError("pairs", expected="at least one (sent, filled)", got="none")
    estimate = Tail(max(sent for sent, _ in rows))
    for sent, filled in rows:
        estimate.heard(sent, filled)
    return estimate.tail()
