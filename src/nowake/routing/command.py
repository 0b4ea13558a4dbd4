"""What `nowake route-vector` computes: published vectors of the router's parts; parameters in, a dictionary out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.routing.cont_kukanov import OneVenue, Venues, market_and_limit, split, split_cost
from nowake.routing.greedy import greedy
from nowake.routing.kaplan_meier import kaplan_meier
from nowake.schedule.checks import positive

__all__ = [
    "cont_kukanov_split",
    "cont_kukanov_vector",
    "greedy_vector",
    "kaplan_meier_vector",
    "parse_pairs",
    "parse_tails",
]

OUTFLOWS, PASSES = 20_000, 2  # drawn for the descent over several venues, and how often it goes through them


def parse_tails(text: str) -> list[list[float]]:
    """Return the tails of ``0.8,0.5;0.6,0.55``: pools separated by semicolons; InputError else."""
    try:
        return [[float(part) for part in row.split(",")] for row in text.split(";")]
    except ValueError:
        raise InputError("tails", expected="probabilities like 0.8,0.5;0.6,0.55", got=repr(text)) from None


def parse_pairs(text: str) -> list[tuple[int, int]]:
    """Return the (sent, filled) pairs of ``3,3;3,1``; InputError else."""
    try:
        rows = [tuple(int(part) for part in row.split(",")) for row in text.split(";")]
    except ValueError:
        rows = []
    if not rows or any(len(row) != 2 for row in rows):
        raise InputError("pairs", expected="sent,filled like 3,3;3,1", got=repr(text))
    return [(row[0], row[1]) for row in rows]


def cont_kukanov_vector(venue: OneVenue) -> dict[str, Any]:
    """Return `market` and `limit` shares of the closed form of one venue, and `share_limit`."""
    split = market_and_limit(venue)
    return {"market": split.market, "limit": split.limit, "share_limit": split.limit / venue.size}


def cont_kukanov_split(venues: Venues, means: Sequence[float], seed: int) -> dict[str, Any]:
    """Return `market`, `limit` by venue, `share_limit`, and `cost` (price units) by descent on drawn outflows.

    Outflows are exponential with `means`, OUTFLOWS of each from `seed`, one in each of as many equal strata;
    `cost` is the mean over these.
    """
    random = generator(seed, "routing/cont-kukanov")
    columns = [(random.permutation(OUTFLOWS) + random.random(OUTFLOWS)) / OUTFLOWS for _ in means]
    draws = -np.array([positive(mean, "outflow mean") for mean in means]) * np.log1p(-np.stack(columns, axis=1))
    sent = split(venues, draws, passes=PASSES)
    limit = np.asarray(sent[1:])
    return {
        "market": float(sent[0]), "limit": limit.tolist(), "share_limit": float(limit.sum()) / venues.size,
        "cost": split_cost(venues, sent, draws),
    }  # fmt: skip


def greedy_vector(tails: str, volume: int) -> dict[str, Any]:
    """Return `allocation`, `expected` and `unsent` units for tails like ``0.8,0.5;0.6,0.55``."""
    found = greedy(parse_tails(tails), volume)
    return {"allocation": list(found.shares), "expected": found.expected, "unsent": volume - sum(found.shares)}


def kaplan_meier_vector(pairs: str) -> dict[str, Any]:
    """Return `tail`, P(S >= 1..largest order), for pairs like ``3,3;3,1``."""
    return {"tail": kaplan_meier(parse_pairs(pairs)).tolist()}
