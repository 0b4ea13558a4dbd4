"""The readable twin: it keeps the whole history and computes every feature from its definition, in plain Python.

Nothing is streamed: a decayed sum is a sum over all past changes, a window looks at the trades that lie in it. Tests
drive it and the kernels with the same events and compare vectors.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from nowake.book.reference import ReferenceBook
from nowake.core.events import Flag, Kind
from nowake.features.state import BUCKETS, LEVELS, SAMPLES, SLOTS, WIDTH
from nowake.features.trades import SIGN_SPANS
from nowake.features.vector import NAMES
from nowake.features.volatility import SPARSE

__all__ = ["ReferenceFeatures"]

S = 1_000_000_000
_PRINTS = (Kind.EXECUTE, Kind.HIDDEN, Kind.TRADE, Kind.CROSS)
_NO_VOLUME = Flag.UNPRINTED | Flag.BROKEN | Flag.OUTLIER | Flag.SNAPSHOT
_EMPTY = -(2**62)
Levels = tuple[tuple[int, int], ...]  # (key, shares), best first
Value = tuple[float, bool]


def _decayed(changes: list[tuple[int, float]], t: int, tau: float) -> float:
    return sum(x * math.exp(-(t - when) / (tau * S)) for when, x in changes)


def _mean(path: list[tuple[int, float]], t: int, tau: float) -> float:
    """Return the mean of a step function over exp(-(t - s) / tau), s from its first time to t; 0 if that is now."""
    ends = [when for when, _ in path[1:]] + [t]
    total = sum(
        x * (math.exp(-(t - end) / (tau * S)) - math.exp(-(t - begin) / (tau * S)))
        for (begin, x), end in zip(path, ends, strict=True)
    )
    weight = 1 - math.exp(-(t - path[0][0]) / (tau * S))
    return total / weight if weight > 0 else 0.0


def _flow(side: int, now: tuple[int, int], before: tuple[int, int]) -> int:
    return side * ((now[1] if now[0] >= before[0] else 0) - (before[1] if now[0] <= before[0] else 0))


class ReferenceFeatures:
    """The features of one instrument over a reference book; `step` in ticks, `bucket` the shares of a VPIN bucket."""

    def __init__(self, step: int = 1, bucket: int = 0) -> None:
        self.book, self.unit, self.bucket = ReferenceBook(), step, bucket
        self.now, self.first, self.traded = 0, -1, False
        self.sides: list[Levels] = [(), ()]
        self.sound, self.touch = False, ((0, 0), (0, 0))  # the last sound one
        self.touches: list[tuple[int, float]] = []  # mean shares of a side, from the first sound touch on
        self.level_sizes: list[tuple[int, float]] = []
        self.ofi: list[tuple[int, float]] = []
        self.deep: list[tuple[int, float]] = []
        self.mids: list[tuple[int, int]] = []
        self.prints: list[tuple[int, int, int, int]] = []  # time, price2, quantity, sign; crosses left out

    def step(self, e: Any) -> None:
        """Take in one EVENT row and apply it to the book."""
        self.now = max(self.now, int(e["time"]))
        order = self.book.ids.get(int(e["order_id"]))
        known = order if e["kind"] in (Kind.DELETE, Kind.CANCEL, Kind.EXECUTE, Kind.REPLACE) else None
        self._trade(e, known.side if known else int(e["side"]), known.price if known else int(e["price"]))
        self.book.apply(e)
        self._compare()

    def _trade(self, e: Any, side: int, price: int) -> None:
        at = int(e["price"]) or price
        if e["kind"] not in _PRINTS or int(e["flags"]) & _NO_VOLUME or e["quantity"] <= 0:
            return
        self.traded |= e["kind"] == Kind.CROSS or at != 0
        if e["kind"] == Kind.CROSS or at == 0:
            return
        price2, sign = 2 * at + bool(int(e["flags"]) & Flag.HALF), -side
        if side == 0 and self.sound and price2 != self.mids[-1][1]:
            sign = 1 if price2 > self.mids[-1][1] else -1
        self.prints.append((self.now, price2, int(e["quantity"]), sign))

    def _compare(self) -> None:
        """Note what the event changed at the touch and at the five best levels."""
        before = self.sides
        self.sides = [tuple((s * p, q + k) for p, q, k, _ in self.book.depth(s)[:LEVELS]) for s in (1, -1)]
        if self.sides != before and self.first >= 0:
            for h, side in ((0, 1), (1, -1)):
                now, old = (x[h] + ((_EMPTY, 0),) * (LEVELS - len(x[h])) for x in (self.sides, before))
                flows = [_flow(side, a, b) for a, b in zip(now, old, strict=True)]
                self.ofi.append((self.now, flows[0]))
                self.deep.append((self.now, sum(flows)))
        bid, ask = ((x[0] if x else (_EMPTY, 0)) for x in self.sides)
        self.sound = bid[1] > 0 and ask[1] > 0 and 0 < bid[0] < -ask[0]
        if self.sound:
            self.touch = (bid, ask)
            if self.first < 0:
                self.first = self.now
            if not self.mids or bid[0] - ask[0] != self.mids[-1][1]:
                self.mids.append((self.now, bid[0] - ask[0]))
        if self.first >= 0:
            levels = [q for x in self.sides for _, q in x]
            self.touches.append((self.now, (bid[1] + ask[1]) / 2))
            self.level_sizes.append((self.now, sum(levels) / len(levels) if levels else 0.0))

    def vector(self, t: int) -> dict[str, Value]:
        """Return (value, ready) at time `t` of every feature that the market alone determines; 0, not ready else."""
        values: dict[str, Value] = dict.fromkeys(NAMES, (0.0, False))
        values["feed_age"] = ((t - self.now) / S, True)
        values["own_share"] = (0.0, self.traded)
        for group in (self._touch, self._depth, self._volatility, self._trades, self._averages, self._vpin):
            values.update(group(t))
        return values

    def _age(self, t: int) -> int:
        return t - self.first if self.first >= 0 else 0

    def _touch(self, t: int) -> Iterator[tuple[str, Value]]:
        if self.first < 0:
            return
        (bid_key, bid), (ask_key, ask) = self.touch
        yield "imbalance", ((bid - ask) / (bid + ask), self.sound)
        yield "microprice", (bid / (bid + ask) - 0.5, self.sound)
        yield "spread_steps", ((-ask_key - bid_key) / self.unit, self.sound)
        mean = _mean(self.touches, t, 512)
        shares = math.log((bid + ask) / 2 / mean) if mean > 0 else 0.0
        yield "depth_touch", (shares, self.sound and self._age(t) >= 512 * S)

    def _depth(self, t: int) -> Iterator[tuple[str, Value]]:
        bids, asks = ([q for _, q in x] for x in self.sides)
        if bids and asks:
            up, down = ([math.exp(-0.65 * n) * q for n, q in enumerate(x)] for x in (bids, asks))
            ready = self.sound and len(bids) > 1 and len(asks) > 1
            yield "imbalance_depth", ((sum(up) - sum(down)) / (sum(up) + sum(down)), ready)
            yield "depth_ratio", (math.log(sum(bids) / sum(asks)), ready)
            yield "depth_share", ((bids[0] + asks[0]) / (sum(bids) + sum(asks)), ready)
        touch, level = ((_mean(x, t, 512) if x else 0.0) for x in (self.touches, self.level_sizes))
        for h in (1, 8, 64):
            ready = self._age(t) >= h * S
            yield f"ofi_{h}s", (_decayed(self.ofi, t, h) / touch if touch > 0 else 0.0, ready)
            yield f"ofi_deep_{h}s", (_decayed(self.deep, t, h) / LEVELS / level if level > 0 else 0.0, ready)

    def _volatility(self, t: int) -> Iterator[tuple[str, Value]]:
        age = self._age(t)
        moves = [(t1, 2 * (b - a) / (a + b)) for (_, a), (t1, b) in zip(self.mids, self.mids[1:], strict=False)]
        for h in (64, 512, 4096):
            weight = 1 - math.exp(-max(age / (h * S), 1))
            variance = _decayed([(when, r * r) for when, r in moves], t, h) / weight
            yield f"volatility_{h}s", (1e4 * math.sqrt(variance), age >= h * S)
            if h == 64 and variance > 0:
                spread = -self.touch[1][0] - self.touch[0][0]
                ready = age >= h * S and self.sound
                yield "spread_volatility", (spread / (self.mids[-1][1] / 2 * math.sqrt(variance)), ready)
            yield from self._grid(t, h)

    def _grid(self, t: int, h: int) -> Iterator[tuple[str, Value]]:
        width = WIDTH[(64, 512, 4096).index(h)]
        if self.first < 0:
            return
        times = range(-(-self.first // width) * width, t, width)
        mids = [next(m for when, m in reversed(self.mids) if when <= s) for s in times[-SAMPLES:]]
        n, full = len(mids) - 1, len(times) >= SAMPLES
        if n < 1:
            return
        every = sum((2 * (b - a) / (a + b)) ** 2 for a, b in pairwise(mids))
        sparse = sum((2 * (b - a) / (a + b)) ** 2 for a, b in zip(mids, mids[SPARSE:], strict=False)) / SPARSE
        yield f"realised_{h}s", (1e4 * math.sqrt(every * (SAMPLES - 1) / n), full)
        share = (n - SPARSE + 1) / SPARSE / n
        scaled = (sparse - share * every) / (1 - share) * (SAMPLES - 1) / n if n >= 2 * SPARSE else 0.0
        yield f"two_scale_{h}s", (1e4 * math.sqrt(max(scaled, 0.0)), full)

    def _trades(self, t: int) -> Iterator[tuple[str, Value]]:
        for h, width in zip((8, 64, 512), WIDTH, strict=True):
            window = [(q, sign) for when, _, q, sign in self.prints if when // width > t // width - SLOTS]
            flow, total = sum(q * sign for q, sign in window), sum(q for q, _ in window)
            ready = bool(self.prints) and self._age(t) >= h * S
            yield f"flow_{h}s", (float(flow), ready)
            yield f"flow_share_{h}s", (flow / total if total else 0.0, ready and total > 0)

    def _orders(self) -> list[tuple[int, int]]:
        """Return time and sign of every aggressive order: neighbouring prints of one instant and sign are one."""
        marks = [(when, sign) for when, _, _, sign in self.prints]
        return [mark for k, mark in enumerate(marks) if k == 0 or mark != marks[k - 1]]

    def _averages(self, t: int) -> Iterator[tuple[str, Value]]:
        orders = self._orders()
        for h in (1, 8, 64):
            weight = 1 - math.exp(-max(self._age(t) / (h * S), 1))
            rate = _decayed([(when, 1.0) for when, _ in orders], t, h) / (h * weight)
            yield f"intensity_{h}s", (rate, bool(orders) and self._age(t) >= h * S)
        signs = [sign for _, sign in orders if sign]
        for n in SIGN_SPANS:
            value = sum(sign / n * (1 - 1 / n) ** k for k, sign in enumerate(reversed(signs)))
            yield f"sign_{n}", (value, len(signs) >= n)

    def _vpin(self, t: int) -> Iterator[tuple[str, Value]]:  # noqa: ARG002 - a feature of volume, not of time
        if not self.bucket or not self.prints:
            return
        shares = [price2 for _, price2, quantity, _ in self.prints for _ in range(quantity)]  # one entry a share
        closes = shares[self.bucket - 1 :: self.bucket]
        moves = [b - a for a, b in zip([shares[0], *closes], closes, strict=False)]
        imbalances = []
        for k, move in enumerate(moves):
            deviation = math.sqrt(sum(m * m for m in moves[: k + 1]) / (k + 1))
            imbalances.append(abs(math.erf(move / deviation / math.sqrt(2))) if move else 0.0)
        if imbalances:
            last = imbalances[-BUCKETS:]
            yield "vpin", (sum(last) / len(last), len(imbalances) >= BUCKETS)
